"""`/docs`: the description of the API, for people.

Rendered here from the document itself: the viewers that are around weigh 0.9 to 3 MB and set
styles inline, which the Content-Security-Policy forbids. This page needs no script at all.
"""

from __future__ import annotations

from flask import Blueprint, Response, render_template
from markupsafe import Markup, escape

from api.answering import Body, answer_now
from api.description.openapi import description
from api.questions.queries import NoQuery, parse

blueprint = Blueprint("docs", __name__)


@blueprint.app_template_filter("marked")
def marked(text: str) -> Markup:
    """A text whose parts between backticks are code."""
    parts = (
        Markup("<code>{}</code>").format(part) if number % 2 else escape(part)
        for number, part in enumerate(text.split("`"))
    )
    return Markup("").join(parts)


@blueprint.get("/docs")
def docs() -> Response:
    """All routes with their parameters, and all that answers hold."""
    parse(NoQuery)
    return answer_now({"document": description()}, _page)


def _page(document: Body) -> Response:
    return Response(
        render_template("docs.html", **document), content_type="text/html; charset=utf-8"
    )
