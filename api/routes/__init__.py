"""One module and blueprint a resource: parse, ask the charts, shape."""

from __future__ import annotations

from api.routes import (
    drop_off,
    health,
    imports,
    metrics,
    page,
    pages,
    recent,
    rhythm,
    slices,
    status,
    stream,
    summary,
    timeline,
    top,
    tops,
    trending,
    windows,
)

BLUEPRINTS = tuple(
    module.blueprint
    for module in (
        top,
        tops,
        trending,
        windows,
        pages,
        drop_off,
        summary,
        timeline,
        rhythm,
        recent,
        stream,
        imports,
        status,
        slices,
        health,
        metrics,
        page,
    )
)
"""All blueprints of the application."""
