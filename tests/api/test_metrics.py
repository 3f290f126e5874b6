"""`/metrics`: what is measured, and that Prometheus can read it."""

from __future__ import annotations

import subprocess
from datetime import UTC, datetime, timedelta

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.api.documents import Heard, write_commit, write_version
from tests.debian_packages import program

TUESDAY = datetime(2026, 1, 13, 9, tzinfo=UTC)


def samples(client) -> dict[tuple, float]:
    """(name, value of each label …) → value, without what Python tells of itself."""
    families = text_string_to_metric_families(client.get("/metrics").text)
    return {
        (sample.name.removeprefix("playcount_"), *sample.labels.values()): sample.value
        for family in families
        if family.name.startswith("playcount_")
        for sample in family.samples
    }


@pytest.fixture
def filled(store):
    """Four events in a version, two more counted, one of them archived; an import sent three."""
    now = datetime.now(UTC)
    listens = [Heard(TUESDAY, title) for title in ("Jóga", "Hunter", "Army of Me", "Isobel")]
    write_commit(store, 1, listens)
    write_version(store, 1, 1, listens)
    write_commit(store, 2, listens[:2])
    aged = {"$set": {"at": now - timedelta(seconds=100)}}
    for collection in ("speed_commits", "batch_versions"):
        store[collection].update_many({}, aged)
    store.archive_coverage.insert_one(
        {"_id": "archive", "until": {"0": 5}, "at": now - timedelta(seconds=30)}
    )
    rows = {"read": 9, "new": 4, "duplicate": 2, "overlap": 1, "rejected": 1}
    store.imports.insert_many(
        [
            {
                "_id": "i1", "listener_id": "anna", "file": "anna.csv", "state": "settled",
                "started_at": TUESDAY, "settled_at": TUESDAY, "end_offsets": {"0": 4}, **rows,
            },
            {"_id": "i2", "state": "sent", "started_at": now, "end_offsets": {"0": 7}},
        ]
    )  # fmt: skip
    store.heartbeats.insert_one({"_id": "streaming", "at": now - timedelta(seconds=3)})
    store.scheduled_runs.insert_many(
        [
            {"_id": "batch", "number": 2, "ended_at": TUESDAY, "outcome": "failed"},
            {"_id": "stopped", "number": 1, "ended_at": TUESDAY, "outcome": "stopped"},
            {"_id": "under way", "number": 1, "ended_at": None, "outcome": "running"},
            {"_id": "never", "number": 0, "ended_at": TUESDAY, "outcome": "none"},
        ]
    )
    return store


def test_the_layers_lag_by_what_mongodb_knows(client, filled):
    found = samples(client)

    covered = {layer: found["layer_covered_offsets", layer] for layer in ("speed", "archive")}
    assert covered == {"speed": 6, "archive": 5}
    behind = {layer: found["layer_lag_events", layer] for layer in ("speed", "archive", "batch")}
    assert behind == {"speed": 1, "archive": 2, "batch": 3}
    assert found["layer_lag_seconds", "speed"] == pytest.approx(100, abs=10)
    assert found["layer_lag_seconds", "archive"] == pytest.approx(30, abs=10)
    assert found["layer_lag_seconds", "batch"] == pytest.approx(100, abs=10)
    assert found["speed_head_seq",] == 2


def test_a_layer_that_has_covered_all_is_not_late_however_old_its_last_commit_is(client, filled):
    filled.imports.delete_many({})

    found = samples(client)

    assert (found["layer_lag_events", "speed"], found["layer_lag_seconds", "speed"]) == (0, 0)


def test_batch_import_jobs_and_heartbeats_are_told(client, filled):
    found = samples(client)

    assert found["store_up",] == 1
    assert found["batch_version",] == 1
    assert found["batch_events",] == 4
    assert found["batch_age_seconds",] == pytest.approx(100, abs=10)
    outcomes = ("read", "new", "duplicate", "overlap", "rejected", "unaccounted")
    assert [found["last_import_rows", each] for each in outcomes] == [9, 4, 2, 1, 1, 1]
    assert found["last_import_timestamp_seconds",] == TUESDAY.timestamp()
    assert found["heartbeat_age_seconds", "streaming"] == pytest.approx(3, abs=10)
    jobs = {key[1]: value for key, value in found.items() if key[0] == "scheduled_run_success"}
    assert jobs == {"batch": 0, "stopped": 1}
    assert found["scheduled_run_timestamp_seconds", "batch"] == TUESDAY.timestamp()


def test_requests_are_counted_by_route_and_status(client, filled):
    client.get("/api/top-songs")
    etag = client.get("/api/top-songs").headers["ETag"]
    client.get("/api/top-songs", headers={"If-None-Match": etag})
    client.get("/api/top-songs?listener=anna&by=age")
    client.get("/anna/secret")

    found = samples(client)

    counts = {
        key[1:]: value
        for key, value in found.items()
        if key[0] == "http_request_duration_seconds_count"
    }
    assert counts == {
        ("/api/top-songs", "200"): 2,
        ("/api/top-songs", "304"): 1,
        ("/api/top-songs", "422"): 1,
        ("none", "404"): 1,
    }
    assert found["merge_duration_seconds_count", "/api/top-songs"] == 2


def test_no_personal_data_is_in_it(client, filled):
    client.get("/api/top-songs?listener=anna")

    text = client.get("/metrics").text

    assert "anna" not in text
    assert "Jóga" not in text


def test_an_empty_store_has_metrics_too(client):
    found = samples(client)

    assert (found["store_up",], found["batch_version",], found["speed_head_seq",]) == (1, 0, -1)
    assert found["layer_lag_events", "batch"] == 0


def test_while_mongodb_is_away_the_api_s_own_metrics_are_told(unconnected_client):
    unconnected_client.get("/api/summary")

    response = unconnected_client.get("/metrics")

    assert response.status_code == 200
    assert "playcount_store_up 0.0" in response.text
    assert 'playcount_http_request_duration_seconds_count{route="/api/summary",status="503"}' in (
        response.text
    )
    assert "playcount_batch_version" not in response.text


def test_promtool_finds_nothing_to_complain_of(client, filled):
    promtool = program("prometheus", "usr/bin/promtool")
    client.get("/api/top-songs")

    done = subprocess.run(
        [promtool, "check", "metrics"],
        input=client.get("/metrics").data,
        capture_output=True,
        check=False,
    )

    assert (done.stdout + done.stderr).decode() == ""
    assert done.returncode == 0


def test_openmetrics_is_spoken_to_those_who_prefer_it(client):
    response = client.get("/metrics", headers={"Accept": "application/openmetrics-text"})

    assert response.content_type.startswith("application/openmetrics-text")
    assert response.text.endswith("# EOF\n")
