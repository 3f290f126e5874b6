"""What holds for every route, as the description names them: errors, ETags, moments, pages."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from api.description.openapi import description
from api.description.openapi_routes import ROUTES
from api.shapes import answers
from listens.identity import song_id
from tests.api.documents import START, Heard, write_commit, write_version
from tests.api.test_top import ask, counted, random_listens

JANUARY = datetime(2026, 1, 13, 9, tzinfo=UTC)
INSIDE = {"view": "songs", "key": song_id("Björk", "Jóga").hex(), "genre": "rock",
          "listener": "anna", "name": "main.js", "upload_id": "u1"}  # fmt: skip
NEEDED = {
    "/api/tops": {"entity": "songs", "per": "country"},
    "/api/trending": {"window": "2026"},
    "/api/search": {"q": "joga"},
}
READ = {
    path: route
    for path, route in ROUTES.items()
    if route.methods == ("get",) and not path.startswith(("/1/", "/shared/"))
}
"""What is read, in the API's own manner; tests/api/test_listenbrainz.py has the protocol's."""

PARAMETERS = [
    (path, parameter)
    for path in READ
    for parameter in description()["paths"][path]["get"]["parameters"]
    if parameter["in"] == "query"
]
TEXTS = {"listener", "country", "platform", "personality", "genre", "mood", "artist",
         "interaction"}  # fmt: skip
"""Parameters that are any text."""

WITH_ETAG = [
    path for path in READ
    if path not in ("/", "/metrics", "/api/stream", "/readyz", "/api/status", "/api/me")
]  # fmt: skip


@pytest.fixture
def filled(store):
    """A song in both layers."""
    old = [Heard(JANUARY, "Jóga", genre="rock", album="Homogenic")]
    write_commit(store, 1, old)
    write_version(store, 1, 1, old)
    write_commit(store, 2, [Heard(START, "Jóga")])
    store.uploads.insert_one(
        {"_id": "u1", "state": "waiting", "at": START, "files": ["a.csv"], "bytes": 5}
    )


def bad_values(schema):
    """Texts that a schema doesn't allow."""
    if schema.get("type") == "array" and "enum" not in schema["items"]:
        return bad_values(schema["items"])
    if schema.get("type") == "integer":
        edges = [schema[edge] + step for edge, step in (("minimum", -1), ("maximum", 1))
                 if edge in schema]  # fmt: skip
        return [*map(str, edges), "x", "1.5", "", "1e3"]
    if schema.get("type") == "boolean":
        return ["maybe", ""]
    return ["", *(["x" * 257] if "maxLength" in schema else ["nothing of this kind", "\0"])]


CASES = [
    (path, parameter["name"], value)
    for path, parameter in PARAMETERS
    for value in bad_values(parameter["schema"])
]


def test_there_are_cases_for_every_parameter():
    assert {(path, name) for path, name, _ in CASES} == {
        (path, parameter["name"]) for path, parameter in PARAMETERS
    }
    assert len(CASES) > 500


@pytest.mark.parametrize("path", dict.fromkeys(path for path, _, _ in CASES))
def test_every_bad_value_is_refused_in_one_shape(unconnected_client, path):
    for name, value in ((name, value) for of, name, value in CASES if of == path):
        response = unconnected_client.get(
            path.format(**INSIDE), query_string=NEEDED.get(path, {}) | {name: value}
        )

        told = (response.status_code, response.content_type, response.json.get("parameter"))
        assert told == (422, "application/problem+json", name), (name, value)
        assert answers.Problem.model_validate(response.json).status == 422


@pytest.mark.parametrize("path", [path for path, route in READ.items() if route.query])
def test_a_parameter_that_isnt_known_or_is_given_twice_is_refused(unconnected_client, path):
    address, needed = path.format(**INSIDE), NEEDED.get(path, {})
    unknown = unconnected_client.get(address, query_string={**needed, "colour": "red"})

    assert (unknown.status_code, unknown.json["parameter"]) == (422, "colour")
    for name in (parameter["name"] for of, parameter in PARAMETERS if of == path):
        if name not in ROUTES[path].query.repeatable:
            twice = unconnected_client.get(address, query_string={**needed, name: ["1", "2"]})
            assert (twice.status_code, twice.json["parameter"]) == (422, name)


@pytest.mark.parametrize(
    ("path", "method"),
    [
        (path, method)
        for path, route in READ.items()
        for method in ("post", "put", "patch", "delete")
        if method not in route.operations
    ],
)
def test_another_method_is_refused_and_told_which_go(unconnected_client, path, method):
    response = getattr(unconnected_client, method)(path.format(**INSIDE))

    assert (response.status_code, response.content_type) == (405, "application/problem+json")
    assert "GET" in response.headers["Allow"]


def test_without_the_store_every_data_route_is_unavailable(unconnected_client):
    # /api/me needs no store; tests/api/test_stream.py asks the stream.
    paths = [path for path in READ if path.startswith("/api/")]
    paths = [path for path in paths if path not in ("/api/me", "/api/stream")]
    app = unconnected_client.application

    def told(path):
        response = app.test_client().get(path.format(**INSIDE), query_string=NEEDED.get(path, {}))
        return response.status_code, response.content_type, response.headers.get("Retry-After")

    # All at once: each waits for the store for seconds.
    with ThreadPoolExecutor(len(paths)) as askers:
        answers_by_path = dict(zip(paths, askers.map(told, paths), strict=True))

    assert len(paths) > 20
    assert answers_by_path == dict.fromkeys(paths, (503, "application/problem+json", "5"))


@pytest.mark.usefixtures("filled")
@pytest.mark.parametrize("path", WITH_ETAG)
def test_an_answer_that_is_known_costs_a_304(client, path):
    address, needed = path.format(**INSIDE), NEEDED.get(path, {})
    first = client.get(address, query_string=needed)
    etag = first.headers["ETag"]

    again = client.get(address, query_string=needed, headers={"If-None-Match": etag})

    assert (first.status_code, again.status_code, again.data) == (200, 304, b"")
    assert again.headers["ETag"] == etag
    assert "no-cache" in first.headers["Cache-Control"]
    assert again.headers["Cache-Control"] == first.headers["Cache-Control"]
    assert again.headers.get("Vary") == first.headers.get("Vary")


@pytest.mark.usefixtures("filled")
@pytest.mark.parametrize(
    "path",
    [
        path
        for path, route in READ.items()
        if path.startswith("/api/") and route.answer and path != "/api/me"
    ],
)
def test_every_answer_with_data_says_of_which_moment_it_is(client, path):
    response = client.get(path.format(**INSIDE), query_string=NEEDED.get(path, {}))

    moment = response.json["as_of"]
    assert (moment["batch_version"], moment["cut_seq"], moment["head_seq"]) == (1, 1, 2)
    assert moment["offsets"] == {"0": 2}


def test_pages_of_a_moment_have_each_song_once_while_commits_come_in(client, store):
    listens = random_listens(300, seed=7)
    write_commit(store, 1, listens[:100])
    write_version(store, 1, 1, listens[:100])
    write_commit(store, 2, listens[100:200])
    moment = ask(client, "/api/summary")["as_of"]["head_seq"]

    paged, seq = [], 2
    while len(paged) % 7 == 0:
        part = ask(client, "/api/top-songs", limit=7, offset=len(paged), head_seq=moment)
        paged += [(item["song_id"], item["plays"]) for item in part["items"]]
        seq += 1
        write_commit(store, seq, listens[200 + 10 * seq : 210 + 10 * seq])

    assert seq > 8
    assert paged == counted(listens[:200], "plays")
    assert part["total"] == len(paged)


def test_the_newest_listens_have_each_once_while_commits_come_in(client, store):
    write_commit(store, 1, [Heard(START + timedelta(minutes=n), f"old {n}") for n in range(20)])

    paged, cursor, seq = [], {}, 1
    while cursor is not None:
        part = ask(client, "/api/recent", limit=6, **cursor)
        paged += [item["title"] for item in part["items"]]
        cursor = part["next"] and {"next": part["next"]}
        seq += 1
        write_commit(store, seq, [Heard(START + timedelta(hours=seq), f"new {seq}")])

    assert paged == [f"old {n}" for n in reversed(range(20))]
