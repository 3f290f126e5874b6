"""Items with some names only, as CSV and as JSON Lines."""

from __future__ import annotations

import csv
import io
import json
import re
from datetime import UTC, datetime, timedelta

import pytest

from api.description.openapi_routes import ROUTES
from api.questions.selections import ItemsQuery
from tests.api.documents import START, Heard, write_commit, write_version
from tests.api.test_top import ask

JANUARY = datetime(2026, 1, 13, 9, tzinfo=UTC)
NEEDED = {"/api/tops": "entity=songs&per=country", "/api/trending": "window=2026-01"}
TABLES = [
    path for path, route in ROUTES.items() if route.query and issubclass(route.query, ItemsQuery)
]


@pytest.fixture
def filled(store):
    """Titles that spreadsheets and parsers stumble over, in both layers."""
    old = [
        Heard(JANUARY, '=1+1,"x"', rating=4, album="Post", mood="calm", personality="ENVU",
              interaction="play", year=1995, duration_ms=300_000),
        Heard(JANUARY - timedelta(days=1), "two\nlines"),
    ]  # fmt: skip
    write_commit(store, 1, old)
    write_version(store, 1, 1, old)
    write_commit(store, 2, [Heard(JANUARY, "Jóga", genre="rock")])
    store.imports.insert_one(
        {"_id": "i1", "file": "a.json", "started_at": START, "rejected_by_reason": {"future": 2}}
    )


def table(client, path, form, **parameters):
    needed = dict(pair.split("=") for pair in NEEDED.get(path, "").split("&") if pair)
    response = client.get(path, query_string={**needed, "format": form, **parameters})
    assert response.status_code == 200, response.text
    return response


def test_there_are_tables():
    assert len(TABLES) >= 16


@pytest.mark.usefixtures("filled")
@pytest.mark.parametrize("path", TABLES)
def test_every_form_has_the_same_rows(client, path):
    whole = table(client, path, "json").json
    lines = [json.loads(line) for line in table(client, path, "jsonl").text.splitlines()]
    rows = list(csv.DictReader(io.StringIO(table(client, path, "csv").text, newline="")))

    outer = [name for name in ("value", "from", "to") if name in whole["items"][0]]
    expected = (
        [{**{name: group[name] for name in outer}, **item}
         for group in whole["items"] for item in group["items"]]
        if "items" in whole["items"][0] else whole["items"]
    )  # fmt: skip
    assert lines == [{name: item.get(name) for name in lines[0]} for item in expected]
    assert [list(row) for row in rows] == [list(line) for line in lines]
    for row, line in zip(rows, lines, strict=True):
        assert {name: number(text) for name, text in row.items()} == {
            name: plain(value) for name, value in line.items()
        }


def number(text):
    """What a text of CSV stands for, so far as it tells."""
    if re.fullmatch(r"[-\d]+T[:.\d]+Z", text):
        return datetime.fromisoformat(text)
    try:
        return float(text)
    except ValueError:
        return text


def plain(value):
    """A value of JSON as it is in CSV."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict):
        return json.dumps(value, separators=(",", ":"))
    return number(str(value)) if isinstance(value, (int, float)) else number(value)


@pytest.mark.usefixtures("filled")
def test_texts_are_written_as_they_are(client):
    rows = csv.reader(io.StringIO(table(client, "/api/top-songs", "csv", fields="title").text))

    assert {row[0] for row in rows} == {"title", '=1+1,"x"', "two\nlines", "Jóga"}


@pytest.mark.usefixtures("filled")
@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        ("text/csv", "text/csv; charset=utf-8"),
        ("application/x-ndjson", "application/x-ndjson"),
        ("text/csv;q=0.2, application/json;q=0.9", "application/json"),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "application/json"),
        ("image/png", "application/json"),
        ("", "application/json"),
    ],
)
def test_the_header_accept_chooses_the_form(client, accept, expected):
    response = client.get("/api/top-songs", headers={"Accept": accept})

    assert (response.status_code, response.content_type) == (200, expected)
    assert "Accept" in response.headers["Vary"]


@pytest.mark.usefixtures("filled")
def test_a_parameter_goes_before_the_header(client):
    response = client.get("/api/top-songs?format=json", headers={"Accept": "text/csv"})

    assert response.content_type == "application/json"


@pytest.mark.usefixtures("filled")
def test_a_table_is_a_file_and_tells_its_moment_in_headers(client):
    response = table(client, "/api/top-songs", "csv", limit=1)
    whole = ask(client, "/api/top-songs")

    assert response.headers["Content-Disposition"] == 'attachment; filename="top-songs.csv"'
    assert response.headers["Playcount-Total"] == "3"
    assert json.loads(response.headers["Playcount-As-Of"]) == whole["as_of"]


@pytest.mark.usefixtures("filled")
def test_a_table_of_listens_links_to_the_next_part(client):
    titles, address = [], "/api/recent?limit=2&format=jsonl&listener=anna"
    while address:
        response = client.get(address)
        titles += [json.loads(line)["title"] for line in response.text.splitlines()]
        link = response.headers.get("Link")
        address = link and link.removeprefix("<").removesuffix('>; rel="next"')

    assert titles == [item["title"] for item in ask(client, "/api/recent")["items"]]
    assert len(titles) == 3


@pytest.mark.usefixtures("filled")
def test_only_some_names_in_their_order(client):
    item = ask(client, "/api/top-songs", fields="plays,title,rank")["items"][0]
    group = ask(client, "/api/tops", entity="songs", per="country", fields="title")["items"][0]
    compared = table(
        client,
        "/api/top-songs",
        "csv",
        fields="rank,rank_before",
        compare="previous",
        window="2026",
    )

    assert list(item) == ["plays", "title", "rank"]
    assert list(group) == ["value", "items", "total"]
    assert list(group["items"][0]) == ["title"]
    assert compared.text.splitlines() == ['"rank","rank_before"', "1,", "2,", "3,"]


@pytest.mark.parametrize("path", TABLES)
@pytest.mark.parametrize("fields", ["colour", "", ",", "rank,", "rank,rank"])
def test_a_name_that_an_item_doesnt_have_is_named(unconnected_client, path, fields):
    needed = NEEDED.get(path, "")
    response = unconnected_client.get(f"{path}?fields={fields}&{needed}")

    assert (response.status_code, response.json["parameter"]) == (422, "fields")


def test_known_names_are_listed(unconnected_client):
    problem = unconnected_client.get("/api/timeline?fields=colour").json

    assert problem["known"] == ["streams", "plays", "skips", "completed", "ms_played", "period"]


@pytest.mark.usefixtures("filled")
def test_each_form_has_its_etag(client):
    etags = {
        client.get(f"/api/top-songs?{query}", headers=headers).headers["ETag"]
        for query, headers in (
            ("", {}), ("", {"Accept": "text/csv"}), ("fields=rank", {}), ("format=jsonl", {}),
        )
    }  # fmt: skip
    assert len(etags) == 4
