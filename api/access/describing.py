"""What the API's description says of access, from the table."""

from __future__ import annotations

import re
from typing import Any

from api.access.identifying import SESSION_COOKIE
from api.access.principals import ACCOUNT, SCOPES
from api.access.table import RULES, Rule

SCHEMES: dict[str, dict[str, Any]] = {
    "token": {
        "type": "http",
        "scheme": "bearer",
        "description": "A token of `playcount token create`; also as `Authorization: Token …`",
    },
    "session": {
        "type": "apiKey",
        "in": "cookie",
        "name": SESSION_COOKIE,
        "description": "What /login sets; over TLS its name has `__Host-` in front",
    },
}
"""How an asker can show who they are."""

_CONVERTED = re.compile(r"<(?:[^<>]*:)?(\w+)>")
"""A parameter in a route of the application."""

_RULES = {_CONVERTED.sub(r"{\1}", route): rule for route, rule in RULES.items()}


def security(method: str, path: str) -> list[dict[str, list[str]]]:
    """One of these is asked for, if access is on: a scope that opens it, by either scheme."""
    rule = _rule(method, path)
    if not rule.needs:
        return []
    scopes = [[scope] for scope in sorted(rule.needs) if scope in SCOPES] or [[]]
    schemes = SCHEMES if rule.needs != {ACCOUNT} else ("session",)  # which no token has
    return [{scheme: each} for scheme in schemes for each in scopes]


def denials(method: str, path: str) -> tuple[int, ...]:
    """What access may answer; 503 where MongoDB doesn't tell who asks."""
    rule = _rule(method, path)
    return (*((401, 403, 503) if rule.needs else ()), *((429,) if rule.is_limited else ()))


def _rule(method: str, path: str) -> Rule:
    return _RULES[f"{method.upper()} {path}"]
