"""Every route: its answers, as described; its errors, in one shape."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest

from api.application import create_app
from api.description.openapi_routes import ROUTES
from api.shapes import answers
from listens.identity import song_id
from listens.rules import RATES, SHOWN
from tests.api.documents import START, Heard, write_commit, write_version

JANUARY = datetime(2026, 1, 13, 9, tzinfo=UTC)
PARAMETERLESS = (
    "/healthz", "/readyz", "/config.json", "/openapi.json", "/docs", "/metrics", "/api/status",
)  # fmt: skip
CHARTS = ("/api/top-songs", "/api/top-artists", "/api/top-albums")
SELECTIONS = (*CHARTS, "/api/summary", "/api/timeline")
READS = (*SELECTIONS, "/api/recent", "/api/imports", "/api/status", "/api/slices")

BAD = [
    *((path, {"colour": "red"}, "colour") for path in (*READS, *PARAMETERLESS)),
    *((path, {"window": "2026-13"}, "window") for path in SELECTIONS),
    *((path, {"window": "2026-W54"}, "window") for path in SELECTIONS),
    *((path, {"window": ""}, "window") for path in SELECTIONS),
    *((path, {"from": "2026-02-30"}, "from") for path in SELECTIONS),
    *((path, {"to": "20260230"}, "to") for path in SELECTIONS),
    *((path, {"from": "1767225600"}, "from") for path in SELECTIONS),
    *((path, {"from": "2026-01-02", "to": "2026-01-02"}, "to") for path in SELECTIONS),
    *((path, {"window": "all", "from": "2026-01-01"}, "window") for path in SELECTIONS),
    *((path, {"listener": "anna", "country": "DE"}, "country") for path in SELECTIONS),
    *((path, {"listener": ""}, "listener") for path in SELECTIONS),
    *((path, {"daypart": "noon"}, "daypart") for path in SELECTIONS),
    *((path, {"window": ["2026", "2025"]}, "window") for path in SELECTIONS),
    *((path, {"by": "age"}, "by") for path in CHARTS),
    *((path, {"offset": -1}, "offset") for path in CHARTS),
    *((path, {"offset": 10**7 + 1}, "offset") for path in CHARTS),
    *(
        (path, {"limit": limit}, "limit")
        for path in (*CHARTS, "/api/recent", "/api/imports")
        for limit in ("0", "1001", "-1", "ten", "1.5", "")
    ),
    ("/api/timeline", {"grain": "minute"}, "grain"),
    ("/api/top-songs", {"order": "up"}, "order"),
    ("/api/top-songs", {"min_count": "-1"}, "min_count"),
    ("/api/top-songs", {"genre": "rock", "mood": "calm"}, "mood"),
    ("/api/tops", {"per": "country"}, "entity"),
    ("/api/tops", {"entity": "songs", "per": "song"}, "per"),
    ("/api/trending", {}, "window"),
    ("/api/windows", {"size": "0m"}, "size"),
    ("/api/windows", {"to": "2026-01-01T00:00"}, "to"),
    ("/api/windows", {"from": "2026-01-01"}, "from"),
    ("/api/windows", {"from": "2026-01-01T25:00"}, "from"),
    ("/api/windows", {"from": "2026-01-01T00:00", "count": "3"}, "count"),
]


@pytest.fixture
def filled(store):
    """Two listens of two days in a batch, a third one live."""
    old = [
        Heard(JANUARY, "Jóga", album="Homogenic"),
        Heard(JANUARY - timedelta(days=1), "Bachelorette"),
    ]
    write_commit(store, 1, old)
    write_version(store, 1, 1, old)
    write_commit(
        store,
        2,
        [Heard(START, "Jóga", listener="ben", country=None), Heard(START, "News", kind="podcast")],
    )
    store.imports.insert_one(
        {
            "_id": "i1",
            "listener_id": "anna",
            "file": "a.json",
            "started_at": START,
            "read": 2,
            "new": 2,
        }
    )
    store.uploads.insert_one(
        {"_id": "u1", "state": "waiting", "at": START, "files": ["a.csv"], "bytes": 5}
    )
    now = datetime.now(UTC)
    store.heartbeats.insert_one({"_id": "streaming", "at": now, "pid": 7})
    store.archive_coverage.insert_one({"_id": "archive", "until": {"0": 2}, "at": START})
    return store


@pytest.mark.parametrize(("path", "parameters", "name"), BAD)
def test_a_bad_parameter_is_named(unconnected_client, path, parameters, name):
    response = unconnected_client.get(path, query_string=parameters)

    assert (response.status_code, response.content_type) == (422, "application/problem+json")
    assert response.json["parameter"] == name
    assert answers.Problem.model_validate(response.json).status == 422


def test_known_values_are_listed(unconnected_client):
    problem = unconnected_client.get("/api/top-songs?by=age").json

    assert problem["known"] == [*SHOWN, *RATES, "listeners"]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("get", "/api/top-nothing", 404),
        ("get", "/dashboard/nothing.js", 404),
        ("get", "/dashboard/../playcount", 404),
        ("get", "/dashboard/..%2fplaycount", 404),
        ("post", "/api/top-songs", 405),
        ("delete", "/", 405),
    ],
)
def test_what_isnt_there_is_a_problem_too(unconnected_client, method, path, status):
    response = getattr(unconnected_client, method)(path)

    assert (response.status_code, response.content_type) == (status, "application/problem+json")
    assert ("Allow" in response.headers) == (status == 405)


def test_an_error_of_ours_tells_nothing_of_the_inside(filled, app, client):
    filled.batch_versions.update_one({"_id": 1}, {"$unset": {"cut_seq": 1}})

    response = client.get("/api/summary")

    assert response.status_code == 500
    assert response.json["detail"].endswith("the server's log says why.")
    assert "cut_seq" not in response.text


@pytest.mark.parametrize(
    ("path", "model"),
    [(path, route.answer) for path, route in ROUTES.items() if route.answer and not route.body],
)
def test_an_answer_is_as_described(client, filled, path, model):
    needed = {
        "/api/tops": "?entity=songs&per=country",
        "/api/trending": "?window=2026",
        "/api/search": "?q=joga",
        "/1/validate-token": "?token=anna",
    }
    inside = {"view": "songs", "key": song_id("Björk", "Jóga").hex(), "genre": "rock",
              "listener": "anna", "upload_id": "u1"}  # fmt: skip

    response = client.get(path.format(**inside) + needed.get(path, ""))

    assert response.status_code == 200
    assert model.model_validate(response.json)


def test_the_description_has_every_route(app):
    rules = {re.sub(r"<(?:.*?:)?(\w+)>", r"{\1}", str(rule)) for rule in app.url_map.iter_rules()}

    assert rules == set(ROUTES)


def test_the_description_has_every_parameter(client):
    paths = client.get("/openapi.json").json["paths"]

    assert [each["name"] for each in paths["/api/timeline"]["get"]["parameters"]] == [
        "window",
        "from",
        "to",
        "head_seq",
        "listener",
        "country",
        "platform",
        "daypart",
        "personality",
        "genre",
        "mood",
        "fields",
        "format",
        "grain",
    ]


def test_every_reference_in_the_description_leads_somewhere(client):
    document = client.get("/openapi.json").json
    named = {part.split('"')[0] for part in client.get("/openapi.json").text.split("schemas/")[1:]}

    assert named <= set(document["components"]["schemas"])


@pytest.mark.parametrize("path", READS)
def test_an_unchanged_answer_costs_a_304(client, filled, path):
    filled.heartbeats.delete_many({})  # its age is new each time
    etag = client.get(path).headers["ETag"]

    again = client.get(path, headers={"If-None-Match": etag})

    assert (again.status_code, again.data, again.headers["ETag"]) == (304, b"", etag)
    assert not etag.startswith("W/")


def test_a_commit_changes_the_etag(client, filled):
    etag = client.get("/api/top-songs").headers["ETag"]
    write_commit(filled, 3, [Heard(START, "Jóga")])

    response = client.get("/api/top-songs", headers={"If-None-Match": etag})

    assert response.status_code == 200
    assert response.headers["ETag"] != etag


def test_another_question_has_another_etag(client, filled):
    etags = {
        client.get(f"/api/top-songs?{query}").headers["ETag"]
        for query in ("", "limit=2", "by=skips")
    }

    assert len(etags) == 3


def test_the_summary_counts_music_and_shows_every_kind(client, filled):
    summary = client.get("/api/summary").json

    assert summary["plays"] == 3
    assert summary["ms_played"] == 600_000
    assert (summary["songs"], summary["artists"], summary["albums"]) == (2, 1, 1)
    assert {kind: sums["plays"] for kind, sums in summary["kinds"].items()} == {
        "music": 3,
        "podcast": 1,
    }
    assert (summary["first_day"], summary["last_day"]) == ("2026-01-12", "2026-11-20")


def test_the_summary_of_a_slice_counts_the_slice(client, filled):
    assert client.get("/api/summary?country=DE").json["plays"] == 2
    assert client.get("/api/summary?listener=ben").json["songs"] == 1
    assert client.get("/api/summary?listener=nobody").json["first_day"] is None


def test_the_timeline_is_continuous(client, filled):
    items = client.get("/api/timeline?grain=month").json["items"]

    assert [(item["period"], item["plays"]) for item in items] == [
        ("2026-01", 2),
        *((f"2026-{month:02d}", 0) for month in range(2, 11)),
        ("2026-11", 1),
    ]


def test_a_timeline_of_too_many_periods_says_so(client, store):
    write_commit(store, 1, [Heard(JANUARY, "Jóga"), Heard(JANUARY - timedelta(days=900), "Jóga")])

    response = client.get("/api/timeline?grain=hour")

    assert response.status_code == 422
    assert response.json["detail"] == (
        "grain=hour makes 21601 periods, and an answer holds 10000; "
        "ask for a longer grain, or a shorter window"
    )


def test_recent_listens_are_the_newest_of_all_commits(client, store):
    write_commit(store, 1, [Heard(START + timedelta(minutes=n), f"a{n}") for n in (1, 5, 9)])
    write_commit(store, 2, [Heard(START + timedelta(minutes=n), f"b{n}") for n in (2, 6)])
    write_commit(store, 3, [Heard(START - timedelta(days=99), "old")])

    items = client.get("/api/recent?limit=4").json["items"]

    assert [item["title"] for item in items] == ["a9", "b6", "a5", "b2"]
    assert items[0]["ended_at"] == "2026-11-20T10:09:00Z"


def test_recent_listens_of_one_moment_are_ordered_by_event_id(client, store):
    write_commit(store, 1, [Heard(START, "a"), Heard(START, "b")])
    write_commit(store, 2, [Heard(START, "c"), Heard(START, "d")])

    whole = [item["event_id"] for item in client.get("/api/recent").json["items"]]

    assert whole == sorted(whole, reverse=True)
    for limit in (1, 2, 3):
        part = client.get(f"/api/recent?limit={limit}").json["items"]
        assert [item["event_id"] for item in part] == whole[:limit]


def test_the_slices_are_those_of_both_layers(client, filled):
    slices = client.get("/api/slices").json
    write_commit(filled, 3, [Heard(START, "Jóga", listener="chiara")])

    assert slices["listener"] == {"items": ["anna", "ben"], "total": 2}
    assert slices["country"] == {"items": ["DE"], "total": 1}
    assert client.get("/api/slices?limit=2").json["listener"] == {
        "items": ["anna", "ben"],
        "total": 3,
    }


def test_imports_come_newest_first_in_pages(client, filled):
    filled.imports.insert_one({"_id": "i2", "file": "b.json", "started_at": START + timedelta(1)})

    answer = client.get("/api/imports?limit=1&offset=1").json

    assert answer["total"] == 2
    assert answer["items"] == [
        {
            "import_id": "i1",
            "listener_id": "anna",
            "file": "a.json",
            "started_at": "2026-11-20T10:00:00Z",
            "read": 2,
            "new": 2,
        }
    ]


def test_the_status_tells_facts(client, filled):
    status = client.get("/api/status").json

    assert status["pointer"] == {"version": 1, "previous": None}
    assert [version["version"] for version in status["versions"]] == [1]
    assert [commit["seq"] for commit in status["commits"]] == [2, 1]
    assert status["archive"] == {"until": {"0": 2}, "at": "2026-11-20T10:00:00Z"}
    assert status["streaming"]["pid"] == 7


def test_no_origin_may_read_unless_it_is_listed(fresh_database, store):
    closed = create_app(fresh_database, store).test_client()
    listed = fresh_database.model_copy(
        update={"cors_origins": "https://a.example, https://b.example"}
    )
    opened = create_app(listed, store).test_client()

    def allowed(client, origin):
        headers = client.get("/api/recent", headers={"Origin": origin}).headers
        return headers.get("Access-Control-Allow-Origin")

    assert allowed(closed, "https://a.example") is None
    assert allowed(opened, "https://b.example") == "https://b.example"
    assert allowed(opened, "https://c.example") is None


def test_every_response_carries_the_security_headers(unconnected_client):
    for path in ("/", "/healthz", "/nothing", "/api/top-songs?limit=0"):
        headers = unconnected_client.get(path).headers

        assert headers["Content-Security-Policy"].startswith("default-src 'self';")
        assert headers["X-Content-Type-Options"] == "nosniff"
