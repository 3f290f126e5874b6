"""One module and blueprint a resource: parse, ask the charts, shape."""

from __future__ import annotations

from api.routes import (
    health,
    imports,
    metrics,
    page,
    recent,
    slices,
    status,
    summary,
    timeline,
    top,
)

BLUEPRINTS = tuple(
    module.blueprint
    for module in (top, summary, timeline, recent, imports, status, slices, health, metrics, page)
)
"""All blueprints of the application."""
