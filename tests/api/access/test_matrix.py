"""Who may ask what: every route, every role, every scope."""

from __future__ import annotations

import pytest
from werkzeug.routing import Map

from api.access.table import RULES
from api.analyses.rankings import RANKINGS
from listens.identity import song_id
from tests.api.access.asking import USERS, WHO, program

ALL = frozenset(WHO)
SIGNED_IN = ALL - {"anonymous"}
ADMINS = frozenset({"admin", "admin token"})
WRITERS = ADMINS | {"anna", "anna's token", "write token"}
CHARTS = ADMINS | {"viewer", "anna", "charts token"}
EVERYONES = ADMINS | {"listens token"}
ANNAS_LISTENS = EVERYONES | {"anna", "anna's token"}
ANNAS_PAGE = ANNAS_LISTENS | {"anna's link"}
METRICS = ADMINS | {"metrics token"}
USERS_ALONE = frozenset(USERS)
READERS = CHARTS | ANNAS_PAGE | METRICS

SONG = song_id("Björk", "Jóga").hex()
SELECTIONS = ("summary", "timeline", "rhythm")

CASES = [
    *((f"/api/top-{view}", CHARTS) for view in RANKINGS),
    *((f"/api/{name}", CHARTS) for name in SELECTIONS),
    *((f"/api/{name}?listener=anna", ANNAS_PAGE) for name in ("top-songs", *SELECTIONS)),
    *((f"/api/{name}?listener=ben", EVERYONES) for name in ("top-songs", *SELECTIONS)),
    ("/api/top-songs?listener=anna&daypart=night", ANNAS_PAGE),
    ("/api/top-songs?listener=ben&daypart=night", EVERYONES),
    ("/api/tops?entity=songs&per=country", CHARTS),
    ("/api/tops?entity=songs&per=listener", ADMINS),
    ("/api/trending?window=2026", CHARTS),
    ("/api/trending?window=2026&listener=ben", EVERYONES),
    ("/api/windows", CHARTS),
    ("/api/drop-off", CHARTS),
    ("/api/search?q=joga", CHARTS),
    (f"/api/songs/{SONG}", CHARTS),
    ("/api/genres/rock", CHARTS),
    ("/api/listeners/anna", ANNAS_PAGE),
    ("/api/listeners/ben", EVERYONES),
    ("/api/recent", ANNAS_LISTENS),
    ("/api/recent?listener=anna", ANNAS_LISTENS),
    ("/api/recent?listener=ben", EVERYONES),
    ("/api/recent?listener=anna&listener=ben", EVERYONES),
    ("/api/stream", ANNAS_LISTENS),
    ("/api/stream?listener=ben", EVERYONES),
    ("/api/slices", READERS),
    ("/api/status", READERS),
    ("/api/imports", ADMINS),
    ("POST /api/imports", ADMINS),
    ("/api/uploads/nothing", ADMINS),
    ("POST /api/listens", WRITERS),
    ("POST /1/submit-listens", WRITERS),
    ("/1/validate-token?token=nothing", ALL),
    *((f"/1/user/anna/{what}", ANNAS_LISTENS) for what in ("listens", "playing-now")),
    *((f"/1/user/ben/{what}", EVERYONES) for what in ("listens", "listen-count", "playing-now")),
    ("/1/user/anna/listen-count", ANNAS_PAGE),
    ("/api/me", SIGNED_IN),
    ("/metrics", METRICS),
    ("/", SIGNED_IN),
    ("/dashboard/", SIGNED_IN),
    ("/dashboard/style.css", ALL),
    ("/config.json", ALL),
    ("/openapi.json", ALL),
    ("/docs", ALL),
    ("/healthz", ALL),
    ("/readyz", ALL),
    ("/login", ALL),
    ("/shared/nothing", ALL),
    ("POST /login", ALL),
    ("POST /logout", ALL),
    ("/password", USERS_ALONE),
    ("POST /password", USERS_ALONE),
]
OK = {
    "/": 302,
    "/readyz": 503,
    "/shared/nothing": 404,
    "POST /login": 401,
    "POST /logout": 303,
    "POST /password": 400,  # without the token of a form
    "POST /api/listens": 415,  # a form
    "POST /api/imports": 415,  # a form without files
    "/api/uploads/nothing": 404,
}
"""What those are answered who are let in, where it isn't 200."""

PAGES = ("/", "/dashboard/", "/password", "POST /password")
"""From where those who aren't signed in are sent to do so."""


def asked(app, shown, who, case):
    method, path = case.split(" ") if " " in case else ("GET", case)
    headers = shown[who] | {"Origin": "http://localhost"}
    form = {"name": who, "password": "wrong"} if method == "POST" else None
    response = program(app).open(path, method=method, headers=headers, data=form)
    response.close()
    return response


@pytest.mark.parametrize(("case", "let_in"), CASES, ids=[case for case, _ in CASES])
def test_only_those_are_let_in_who_may(guarded, shown, case, let_in) -> None:
    statuses = {who: asked(guarded, shown, who, case).status_code for who in WHO}

    denied = {who: 403 if who != "anonymous" else 303 if case in PAGES else 401 for who in WHO}
    ok = OK.get(case, 200)
    if case == "POST /1/submit-listens":  # whose listens they are is told by a token alone
        let_in = {"anna's token"}
        denied |= dict.fromkeys(WRITERS, 401)
        ok = 400  # a form
    assert statuses == {who: ok if who in let_in else denied[who] for who in WHO}


def test_every_route_is_in_the_table_and_in_the_cases(guarded) -> None:
    routes = {
        f"{method} {rule}"
        for rule in guarded.url_map.iter_rules()
        for method in rule.methods - {"HEAD", "OPTIONS"}
    }

    assert routes == set(RULES)
    assert {routed(guarded.url_map, case) for case, _ in CASES} == routes


def routed(url_map: Map, case: str) -> str:
    method, path = case.split(" ") if " " in case else ("GET", case)
    rule, _ = url_map.bind("localhost").match(path.split("?")[0], method, return_rule=True)
    return f"{method} {rule}"


def test_a_route_that_isnt_in_the_table_is_for_nobody(guarded, shown) -> None:
    guarded.add_url_rule("/api/new", view_func=lambda: "secret")

    assert {asked(guarded, shown, who, "/api/new").status_code for who in WHO} == {403}


def test_this_machine_reads_metrics_without_a_scope(guarded) -> None:
    assert program(guarded, "127.0.0.1").get("/metrics").status_code == 200
    assert program(guarded, "::1").get("/metrics").status_code == 200
    assert program(guarded, "unix:").get("/metrics").status_code == 401


def test_a_denial_is_a_problem_that_says_how_to_be_let_in(guarded, shown) -> None:
    unknown = asked(guarded, shown, "anonymous", "/api/top-songs")
    known = asked(guarded, shown, "viewer", "/api/listeners/ben")

    assert (unknown.content_type, known.content_type) == ("application/problem+json",) * 2
    assert unknown.headers["WWW-Authenticate"] == 'Bearer realm="playcount"'
    assert "/login" in unknown.json["detail"]
    assert known.json["detail"] == "This isn't for viewer to see or to do."


@pytest.mark.parametrize("header", ["Bearer nothing", "Token ", "Bearer"])
def test_what_is_no_token_isnt_helped_by_a_session(guarded, shown, header) -> None:
    headers = shown["admin"] | {"Authorization": header}

    assert program(guarded).get("/api/top-songs", headers=headers).status_code == 401


def test_the_password_of_a_proxy_in_front_is_no_token(guarded, shown) -> None:
    headers = shown["admin"] | {"Authorization": "Basic YTpi"}

    assert program(guarded).get("/api/top-songs", headers=headers).status_code == 200


def test_with_access_off_everyone_may_everything(access_settings, filled) -> None:
    from api.application import create_app

    app = create_app(access_settings.model_copy(update={"access": "off"}), filled)

    assert program(app).get("/api/imports").status_code == 200
    assert program(app).get("/api/me").json["kind"] == "local"
    assert program(app).get("/login").headers["Location"] == "/"
