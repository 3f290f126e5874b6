"""Answers gzipped, with ETags of their own."""

from __future__ import annotations

import gzip
from datetime import UTC, datetime

import pytest

from tests.api.documents import Heard, write_commit

GZIP = {"Accept-Encoding": "gzip"}
JANUARY = datetime(2026, 1, 13, 9, tzinfo=UTC)


@pytest.fixture
def filled(store):
    """Ten songs, whose chart is longer than a kilobyte."""
    write_commit(store, 1, [Heard(JANUARY, f"song {number}") for number in range(10)])


@pytest.mark.usefixtures("filled")
def test_an_answer_is_packed_for_those_who_take_it_so(client):
    plain = client.get("/api/top-songs")
    packed = client.get("/api/top-songs", headers=GZIP)

    assert gzip.decompress(packed.data) == plain.data
    assert len(packed.data) < len(plain.data) / 3
    assert packed.headers["Content-Encoding"] == "gzip"
    assert packed.headers["Content-Length"] == str(len(packed.data))
    assert "Content-Encoding" not in plain.headers
    for response in (plain, packed):
        assert "Accept-Encoding" in response.headers["Vary"]


@pytest.mark.usefixtures("filled")
def test_packed_bytes_have_another_strong_etag_and_either_is_known_again(client):
    plain = client.get("/api/top-songs").headers["ETag"]
    packed = client.get("/api/top-songs", headers=GZIP).headers["ETag"]

    assert packed == f'{plain[:-1]}-gzip"'
    for etag in (plain, packed):
        again = client.get("/api/top-songs", headers={**GZIP, "If-None-Match": etag})
        assert (again.status_code, again.data, again.headers["ETag"]) == (304, b"", etag)
        assert "Accept-Encoding" in again.headers["Vary"]
    several = f'"nothing-gzip", W/"other", {packed}'
    assert client.get("/api/top-songs", headers={"If-None-Match": several}).status_code == 304
    other = {"If-None-Match": '"nothing-gzip"'}
    assert client.get("/api/top-songs", headers=other).status_code == 200


@pytest.mark.parametrize("encodings", ["", "identity", "gzip;q=0", "br"])
def test_nobody_is_sent_what_they_dont_take(unconnected_client, encodings):
    response = unconnected_client.get("/openapi.json", headers={"Accept-Encoding": encodings})

    assert response.json["openapi"].startswith("3.1")
    assert "Content-Encoding" not in response.headers


def test_a_short_answer_stays_as_it_is(unconnected_client):
    assert "Content-Encoding" not in unconnected_client.get("/healthz", headers=GZIP).headers


def test_the_dashboards_files_are_packed_too(unconnected_client):
    plain = unconnected_client.get("/dashboard/main.js")
    packed = unconnected_client.get("/dashboard/main.js", headers=GZIP)
    etag = packed.headers["ETag"]

    assert gzip.decompress(packed.data) == plain.data
    again = unconnected_client.get("/dashboard/main.js", headers={**GZIP, "If-None-Match": etag})
    assert (again.status_code, again.headers["ETag"]) == (304, etag)


def test_the_stream_of_listens_is_never_packed(client, store):
    write_commit(store, 1, [Heard(JANUARY, "Jóga")])

    response = client.get("/api/stream", headers=GZIP)

    assert next(response.response).startswith(b"retry: ")
    assert "Content-Encoding" not in response.headers
    response.close()
