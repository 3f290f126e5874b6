"""One module and blueprint a resource: parse, ask the charts, shape."""

from __future__ import annotations

from api.access import password_page
from api.access import routes as access
from api.routes import (
    docs,
    drop_off,
    health,
    imports,
    listenbrainz,
    listens,
    me,
    metrics,
    page,
    pages,
    recent,
    rhythm,
    search,
    slices,
    status,
    stream,
    summary,
    timeline,
    top,
    tops,
    trending,
    uploads,
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
        search,
        drop_off,
        summary,
        timeline,
        rhythm,
        recent,
        stream,
        imports,
        uploads,
        listens,
        listenbrainz,
        status,
        slices,
        health,
        metrics,
        docs,
        page,
        me,
        access,
        password_page,
    )
)
"""All blueprints of the application."""
