"""Signing in and out, and opening a shared link: pages that need no script."""

from __future__ import annotations

import math
import re
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import pymongo
from flask import Blueprint, Response, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from api.access import audit, links, sessions, tries, users
from api.access.identifying import (
    READ_SECONDS,
    access,
    link_cookie,
    principal,
    session_cookie,
)
from api.access.principals import Principal

blueprint = Blueprint("access", __name__, template_folder="templates")

FORM_BYTES = 16 * 1024

HOME = "/"

NO_FIT = "Name and password don’t fit together."

_OURS = re.compile(r"/(?![/\\])[^\\\x00-\x1f]*")
"""A path of this site: a browser reads // and /\\ as another one, and leaves out tabs."""


@blueprint.get("/login")
def sign_in_page() -> AnyResponse:
    """The form, or who is signed in."""
    if not access().is_on:
        return redirect(HOME, 303)
    return _page(200, target=_ours(request.args.get("next")))


@blueprint.post("/login")
def sign_in() -> AnyResponse:
    """Begin a session for a name and its password."""
    request.max_content_length = FORM_BYTES
    name, password = request.form.get("name", ""), request.form.get("password", "")
    target = _ours(request.form.get("next"))
    if not access().is_on:
        return redirect(HOME, 303)
    if seconds := tries.wait(name):
        audit.record("sign-in", by="anonymous", result="too many")
        return too_often(_page(429, target=target, name=name, wrong=tries.TOO_OFTEN), seconds)
    with pymongo.timeout(tries.SECONDS):
        user = users.authenticate(access().store, name, password)
    if user is None:
        audit.record("sign-in", by="anonymous", result="refused")
        return _page(401, target=target, name=name, wrong=NO_FIT)
    tries.forgive(name)
    audit.record("sign-in", by=user.id)
    return _with_session(redirect(target, 303), user)


@blueprint.post("/logout")
def sign_out() -> AnyResponse:
    """End the session."""
    if text := request.cookies.get(session_cookie()):
        audit.record("sign-out", by=principal().id)
        with pymongo.timeout(READ_SECONDS):
            sessions.end(access().store, text)
    response = redirect(url_for("access.sign_in_page"), 303)
    for name in (session_cookie(), link_cookie()):
        response.delete_cookie(name, secure=request.is_secure, httponly=True, samesite="Lax")
    return response


@blueprint.get("/shared/<secret>")
def shared(secret: str) -> AnyResponse:
    """The page of the listener whose link it is; the cookie holds the link, and no session."""
    with pymongo.timeout(READ_SECONDS):
        link = links.find(access().store, secret)
    if link is None:
        return make_response(render_template("void_link.html"), 404)
    audit.record("link opened", by=link.id)
    response = redirect(f"{HOME}#/listeners/{quote(link.listener or '', safe='')}", 303)
    _set_cookie(response, link_cookie(), secret, None)
    return response


def _with_session(response: AnyResponse, user: Principal) -> AnyResponse:
    store, hours = access().store, access().settings.api_session_hours
    with pymongo.timeout(READ_SECONDS):
        if earlier := request.cookies.get(session_cookie()):
            sessions.end(store, earlier)
        text = sessions.begin(store, user.name, hours=hours)
    _set_cookie(response, session_cookie(), text, timedelta(hours=hours))
    return response


def _set_cookie(response: AnyResponse, name: str, text: str, max_age: timedelta | None) -> None:
    response.set_cookie(
        name, text, max_age=max_age, secure=request.is_secure, httponly=True, samesite="Lax"
    )


def _page(status: int, *, target: str, name: str = "", wrong: str = "") -> Response:
    who = principal()
    user = who.name if who.kind == "user" and not wrong else None
    return page(status, "login.html", user=user, target=target, name=name, wrong=wrong)


def page(status: int, template: str, **shown: Any) -> Response:
    """A page that says something of the one who asks: nobody keeps it."""
    response = make_response(render_template(template, **shown), status)
    response.cache_control.no_store = True
    return response


def too_often(response: Response, seconds: float) -> Response:
    """The answer to one try too many, with when the next may come."""
    response.headers["Retry-After"] = str(math.ceil(seconds))
    return response


def _ours(target: str | None) -> str:
    return target if target and _OURS.fullmatch(target) else HOME
