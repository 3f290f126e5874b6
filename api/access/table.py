"""The one table that decides: a route → the scopes that open it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from api.access.principals import (
    ACCOUNT,
    ADMIN,
    CHARTS_READ,
    LISTENS_READ,
    LISTENS_WRITE,
    METRICS_READ,
    PAGE_READ,
    SIGNED_IN,
)
from api.analyses.rankings import RANKINGS


@dataclass(frozen=True)
class Rule:
    """What a route asks for.

    Attributes:
        needs: any of these scopes; none: anybody may.
        named: any of these, instead, where the request names a listener, who must then be one
            that the asker may read.
        of_everyone: a parameter and its value, with which an answer names every listener.
        is_limited: whether requests count for the rate.
        is_page: whether somebody who isn't signed in is sent to do so.
        is_local: whether this machine needs no scope.
    """

    needs: frozenset[str] = frozenset()
    named: frozenset[str] = frozenset()
    of_everyone: tuple[str, str] | None = None
    is_limited: bool = True
    is_page: bool = False
    is_local: bool = False


OPEN = Rule(is_limited=False)
ANYBODY = Rule()
PAGE = Rule(frozenset({SIGNED_IN}), is_page=True)
USER_PAGE = Rule(frozenset({ACCOUNT}), is_page=True)
ANY_PRINCIPAL = Rule(frozenset({SIGNED_IN}))
CHART = Rule(frozenset({CHARTS_READ}), named=frozenset({LISTENS_READ, PAGE_READ}))
LISTENER = replace(CHART, needs=frozenset({LISTENS_READ}))
LISTENS = Rule(frozenset({LISTENS_READ}), named=frozenset({LISTENS_READ}))
READERS = Rule(frozenset({CHARTS_READ, LISTENS_READ, PAGE_READ, METRICS_READ}))
SUBMISSION = Rule(frozenset({LISTENS_WRITE}))
METRICS = Rule(frozenset({METRICS_READ}), is_local=True)
ADMINS = Rule(frozenset({ADMIN}))

RULES: dict[str, Rule] = {
    "GET /": PAGE,
    "GET /dashboard/": PAGE,
    "GET /dashboard/<path:name>": OPEN,
    "GET /config.json": OPEN,
    "GET /openapi.json": OPEN,
    "GET /docs": OPEN,
    "GET /healthz": OPEN,
    "GET /readyz": OPEN,
    "GET /metrics": METRICS,
    "GET /login": ANYBODY,
    "POST /login": ANYBODY,
    "POST /logout": ANYBODY,
    "GET /password": USER_PAGE,
    "POST /password": USER_PAGE,
    "GET /shared/<secret>": ANYBODY,
    "GET /api/me": ANY_PRINCIPAL,
    **{f"GET /api/top-{view}": CHART for view in RANKINGS},
    "GET /api/tops": replace(CHART, of_everyone=("per", "listener")),
    "GET /api/trending": CHART,
    "GET /api/windows": CHART,
    "GET /api/drop-off": CHART,
    "GET /api/search": CHART,
    "GET /api/rhythm": CHART,
    "GET /api/summary": CHART,
    "GET /api/timeline": CHART,
    "GET /api/slices": READERS,
    "GET /api/<any(songs, artists, albums):view>/<key>": CHART,
    "GET /api/genres/<path:genre>": CHART,
    "GET /api/listeners/<path:listener>": LISTENER,
    "GET /api/recent": LISTENS,
    "GET /api/stream": LISTENS,
    "GET /api/imports": ADMINS,
    "POST /api/imports": ADMINS,
    "GET /api/uploads/<upload_id>": ADMINS,
    "POST /api/listens": SUBMISSION,
    # Limited as their protocol says, whether access is on or not.
    "POST /1/submit-listens": replace(SUBMISSION, is_limited=False),
    "GET /1/validate-token": OPEN,
    "GET /1/user/<path:listener>/listens": replace(LISTENS, is_limited=False),
    "GET /1/user/<path:listener>/listen-count": replace(LISTENER, is_limited=False),
    "GET /1/user/<path:listener>/playing-now": replace(LISTENS, is_limited=False),
    "GET /api/status": READERS,
}
"""Method and route → its rule. What isn't here is for nobody while access is on."""
