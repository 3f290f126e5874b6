"""Headers that every response carries, and who else may read it."""

from __future__ import annotations

from flask import Flask, Response
from flask_cors import CORS

from api.shapes.forms import AS_OF_HEADER, TOTAL_HEADER
from api.web.request_ids import HEADER
from listens.settings import Settings

SECURITY = {
    "Content-Security-Policy": (
        "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; "
        "object-src 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    # Without a referrer, a form's Origin would be null, too; no other site is told ours.
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


EXPOSED = ["ETag", "Link", "Retry-After", AS_OF_HEADER, TOTAL_HEADER, HEADER]
"""What a page of another origin may read of the headers."""


def init_app(app: Flask, settings: Settings) -> None:
    """Send the security headers; let the origins of the settings read, and no other."""
    app.after_request(_secured)
    origins = [origin.strip() for origin in settings.cors_origins.split(",") if origin.strip()]
    if origins:
        CORS(app, origins=origins, methods=["GET"], expose_headers=EXPOSED)


def _secured(response: Response) -> Response:
    response.headers.extend(SECURITY)
    return response
