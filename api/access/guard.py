"""Lets each request in or not, before its route sees it."""

from __future__ import annotations

import math

from flask import Flask, Response, redirect, request, url_for
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.wrappers import Response as AnyResponse

from api.access import audit
from api.access.hosts import is_ours, known_hosts
from api.access.identifying import EXTENSION, Access, access, principal
from api.access.principals import Principal
from api.access.rates import Buckets
from api.access.table import OPEN, RULES, Rule
from api.web.problems import problem
from listens.reach import is_loopback
from listens.settings import Settings
from listens.store import Store

BODY_BYTES = 4 * 1024 * 1024
"""A larger body is answered 413, unless the app has a limit of its own."""

SAFE_METHODS = ("GET", "HEAD", "OPTIONS")

_MINUTE = 60.0


def init_app(app: Flask, settings: Settings, store: Store) -> None:
    """Ask everyone who they are, if access is on; believe proxies, if there are some."""
    app.config["MAX_CONTENT_LENGTH"] = app.config["MAX_CONTENT_LENGTH"] or BODY_BYTES
    a_minute = settings.api_requests_per_minute
    app.extensions[EXTENSION] = Access(
        settings,
        store,
        hosts=known_hosts(settings),
        requests=Buckets(capacity=a_minute, per_second=a_minute / _MINUTE),
        sign_ins_by_name=Buckets(capacity=10, per_second=1 / _MINUTE),
        sign_ins_by_address=Buckets(capacity=20, per_second=4 / _MINUTE),
    )
    if hops := settings.api_proxies:
        fixed = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)
        app.wsgi_app = fixed  # type: ignore[method-assign]  # as Flask's documentation has it
    app.before_request(_rebound)
    app.before_request(_checked)
    app.after_request(_personal)


def _rebound() -> Response | None:
    """Refuse what is asked by another site's name, whatever the route, and where there is none."""
    if access().is_on or _is_by_our_name():
        return None
    audit.record("request", by=principal().id, result="misdirected")
    return problem(
        421,
        "Nobody is asked who they are here, so this is answered by names of this machine alone, "
        "such as 127.0.0.1 and localhost. If the name in the address leads here rightly, add it "
        "to PLAYCOUNT_API_HOSTS, or set PLAYCOUNT_ACCESS=on.",
    )


def _is_by_our_name() -> bool:
    return is_ours(request.headers.get("Host"), access().hosts)


def _checked() -> AnyResponse | None:
    if request.url_rule is None or request.method == "OPTIONS":
        return None  # 404 and 405 tell nothing, and a preflight carries nothing
    if not access().is_on:
        return _foreign() if _is_foreign(principal()) else None
    rule = RULES.get(_route())
    return None if rule is OPEN else _decided(rule)


def _decided(rule: Rule | None) -> AnyResponse | None:
    who = principal()
    if _is_foreign(who):
        return _foreign()
    if rule is None:
        return _denied(who)
    if rule.is_limited and (seconds := _wait(who)):
        audit.record("request", by=who.id, result="too many", route=_route())
        return _too_many(seconds)
    return None if _may(who, rule) else _refused(who, rule)


def _may(who: Principal, rule: Rule) -> bool:
    if rule.is_local and is_loopback(request.remote_addr or "") and _is_by_our_name():
        return True
    if rule.of_everyone:
        name, value = rule.of_everyone
        if value in request.args.getlist(name) and not who.sees_everyone:
            return False
    named = _listeners() if rule.named else []
    if not named:
        return not rule.needs or bool(rule.needs & who.scopes)
    return bool(rule.named & who.scopes) and all(who.may_read(name) for name in named)


def _listeners() -> list[str]:
    """Whom the request names, in its path or its parameters."""
    inside = (request.view_args or {}).get("listener")
    return ([inside] if inside else []) + request.args.getlist("listener")


def _refused(who: Principal, rule: Rule) -> AnyResponse:
    if who.kind != "anonymous":
        return _denied(who)
    if rule.is_page:
        return redirect(url_for("access.sign_in_page", next=request.full_path.rstrip("?")), 303)
    response = problem(401, "Sign in at /login, or send a token: Authorization: Bearer …")
    response.headers["WWW-Authenticate"] = 'Bearer realm="playcount"'
    return response


def _denied(who: Principal) -> Response:
    audit.record("request", by=who.id, result="denied", route=_route())
    return problem(403, f"This isn't for {who.role or f'this {who.kind}'} to see or to do.")


def _too_many(seconds: float) -> Response:
    """That the asker is to wait."""
    response = problem(429, "That was too often; Retry-After says when to go on.")
    response.headers["Retry-After"] = str(math.ceil(seconds))
    return response


def _foreign() -> Response:
    audit.record("request", by=principal().id, result="foreign", route=_route())
    return problem(403, "Another site's page made this request.")


def _is_foreign(who: Principal) -> bool:
    """Whether a page of another site may have made a browser send this, cookies and all."""
    if request.method in SAFE_METHODS or who.kind == "token":
        return False
    if site := request.headers.get("Sec-Fetch-Site"):
        return site not in ("same-origin", "none")
    if origin := request.headers.get("Origin"):
        return f"{origin}/" != request.host_url
    return who.kind == "user"  # every browser says one of the two


def _wait(who: Principal) -> float:
    key = request.remote_addr or "" if who.kind in ("anonymous", "link") else who.id
    return access().requests.take(key)


def _route() -> str:
    method = "GET" if request.method == "HEAD" else request.method
    return f"{method} {request.url_rule}"


def _personal(response: Response) -> Response:
    """No cache on the way may give one's answer to another."""
    if access().is_on and RULES.get(_route()) is not OPEN:
        response.cache_control.private = True
        response.vary.update(("Authorization", "Cookie"))
    return response
