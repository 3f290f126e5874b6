"""A user's own password, changed on a page that needs no script."""

from __future__ import annotations

from hmac import compare_digest

import pymongo
from flask import Blueprint, Response, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from api.access import audit, sessions, tries, users
from api.access.identifying import access, principal, session_cookie
from api.access.passwords import LONGEST, SHORTEST, check_password
from api.access.routes import FORM_BYTES, HOME, page, too_often
from listens.errors import UserMistakeError

blueprint = Blueprint("password", __name__, template_folder="templates")

ANOTHER_SESSION = "This form was of another session. Fill it in again."
NOT_THE_SAME = "The new password isn’t the same both times."
NO_FIT = "The current password isn’t right."


@blueprint.get("/password")
def form() -> AnyResponse:
    """The form."""
    return _page(200) if access().is_on else redirect(HOME, 303)


@blueprint.post("/password")
def change() -> AnyResponse:
    """Take the new password for the current one; all other sessions of the user end."""
    request.max_content_length = FORM_BYTES
    current, new, again = (request.form.get(name, "") for name in ("current", "new", "again"))
    if not access().is_on:
        return redirect(HOME, 303)
    if not compare_digest(request.form.get("token", "").encode(), _token().encode()):
        return _page(400, wrong=ANOTHER_SESSION)
    if wrong := _why_unfit(new, again):
        return _page(422, wrong=wrong)
    return _changed(current, new)


def _changed(current: str, new: str) -> Response:
    who = principal()
    if seconds := tries.wait(who.name):
        audit.record("password changed", by=who.id, result="too many")
        return too_often(_page(429, wrong=tries.TOO_OFTEN), seconds)
    with pymongo.timeout(tries.SECONDS):
        is_right = users.change_password(
            access().store, who.name, current=current, new=new, session=_session()
        )
    if not is_right:
        audit.record("password changed", by=who.id, result="refused")
        return _page(422, wrong=NO_FIT)
    tries.forgive(who.name)
    return _page(200, is_changed=True)


def _why_unfit(new: str, again: str) -> str:
    try:
        check_password(new)
    except UserMistakeError as error:
        return f"{str(error).capitalize()}."
    return "" if new == again else NOT_THE_SAME


def _session() -> str:
    return request.cookies.get(session_cookie(), "")


def _token() -> str:
    return sessions.form_token(_session())


def _page(status: int, *, wrong: str = "", is_changed: bool = False) -> Response:
    return page(
        status,
        "password.html",
        user=principal().name,
        token=_token(),
        wrong=wrong,
        is_changed=is_changed,
        shortest=SHORTEST,
        longest=LONGEST,
    )
