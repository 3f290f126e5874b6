"""Every view of the catalogue, through the merge, against DuckDB over the raw listens."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from api.analyses.listeners import ABLE
from api.analyses.rankings import RANKINGS
from api.application import create_app
from api.questions.narrowing import SELECTED
from ingestion.simulator.messages import simulate_listens
from listens.codec import decode, encode
from listens.views import EVERYONE, OPTIONAL, VIEWS
from tests.aggregation.listens import DETAILS, EDGES, MS_PLAYED, REASONS, listen
from tests.pipeline.conftest import Pipeline
from tests.pipeline.counting import KEYS, SLICES, Listens

KOLKATA = "Asia/Kolkata"
"""Half an hour beside the others."""

PAGES = {"songs": "song_id", "artists": "artist_id", "albums": "album_id"}
DAY = "2024-03-01"


def simulated(size: int) -> list[dict[str, Any]]:
    """Listens of people with tastes, ages and moods, in half-hour zones as well."""
    messages = simulate_listens(rows=size, seed=8, listeners=3, songs=16, first_year=2023,
                                last_year=2024)  # fmt: skip
    return [decode(message) for _, message in messages]


def made_up(rng: random.Random, size: int) -> list[dict[str, Any]]:
    """Listens with every field, around the edges of calendars, and many within one day."""
    return [
        listen(
            rng.choice(["ann", "bob", "zoë"]),
            rng.choice([*EDGES, *[datetime(2024, 3, 1, 3, tzinfo=UTC)] * 10])
            + timedelta(seconds=rng.randrange(0, 86_400)),
            rng.choice(MS_PLAYED[:-1]),
            rng.randrange(12),
            rng.choice([None, "android", "web"]),
            rng.choice([None, "DE", "IN"]),
            rng.choice(REASONS),
            rng.choice([None, True, False]),
            rng.choice(["music"] * 5 + ["podcast"]),
            has_album=rng.random() < 0.8,
            details={name: rng.choice(values) for name, values in DETAILS.items()},
        )
        for _ in range(size)
    ]


@pytest.fixture
def in_kolkata(pipeline: Pipeline) -> Pipeline:
    update = {"time_zone": KOLKATA, "optional_views": ",".join(OPTIONAL)}
    settings = pipeline.settings.model_copy(update=update)
    client = create_app(settings, pipeline.store).test_client()
    return Pipeline(pipeline.spark, settings, pipeline.store, client)


def test_every_view_is_exact_with_half_of_the_listens_on_each_side_of_a_cut(
    in_kolkata: Pipeline,
) -> None:
    pipeline, rng = in_kolkata, random.Random(5)
    people = simulated(700)
    halves = [*made_up(rng, 350), *people[::2]], [*made_up(rng, 350), *people[1::2]]

    send(pipeline, halves[0])
    assert_all(pipeline, halves[0])
    pipeline.batch()
    assert_all(pipeline, halves[0])
    send(pipeline, halves[1])
    assert_all(pipeline, [*halves[0], *halves[1]])
    pipeline.batch()
    assert_all(pipeline, [*halves[0], *halves[1]])


def test_the_count_has_what_the_catalogue_has() -> None:
    ranked = {name for name in VIEWS if name in RANKINGS}

    assert ranked == set(KEYS)
    assert {EVERYONE, *SELECTED} | {by for by in VIEWS["songs"].slices if "+" in by} == set(SLICES)


def send(pipeline: Pipeline, listens: list[dict[str, Any]]) -> None:
    pipeline.send([(each["listener_id"].encode(), encode(each)) for each in listens])
    pipeline.drain()


def assert_all(pipeline: Pipeline, listens: list[dict[str, Any]]) -> None:
    count = Listens(listens, time_zone=KOLKATA)
    for view in RANKINGS:
        for by in VIEWS[view].slices:
            assert_charts(pipeline, count, view, by)
    assert_listeners(pipeline, count)
    assert_tops(pipeline, count)
    assert_drop_off(pipeline, count)
    assert_pages(pipeline, count)
    assert_windows(pipeline, count)
    assert_rhythm(pipeline, count)
    assert_sessions(pipeline, count)


def assert_charts(pipeline: Pipeline, count: Listens, view: str, by: str) -> None:
    for value, expected in count.charts(view, by).items():
        query = {} if by == EVERYONE else dict(zip(by.split("+"), value.split("/"), strict=True))
        items = pipeline.get(f"/api/top-{view}", **query, limit=1000)["items"]
        found = {item[RANKINGS[view].key]: shown(item, view) for item in items}

        assert found.keys() == expected.keys(), (view, query)
        for key, sums in expected.items():
            # Rates are rounded to four places, of two ways to divide.
            assert all(is_near(found[key][name], value) for name, value in sums.items()), (
                view, query, key, found[key], sums,
            )  # fmt: skip


def is_near(one: float | None, other: float | None) -> bool:
    return one == other or (one is not None and other is not None and abs(one - other) < 1.1e-4)


def shown(item: dict[str, Any], view: str) -> dict[str, Any]:
    names = {"rank", RANKINGS[view].key, *RANKINGS[view].names}
    return {name: value for name, value in item.items() if name not in names}


def assert_listeners(pipeline: Pipeline, count: Listens) -> None:
    for view in ABLE:
        answer = pipeline.get(f"/api/top-{view}", by="listeners", limit=1000)
        found = {item[RANKINGS[view].key]: item["listeners"] for item in answer["items"]}
        assert found == count.listeners(view), view


def assert_drop_off(pipeline: Pipeline, count: Listens) -> None:
    (everyone,) = count.drop_off("''").values()
    assert pipeline.get("/api/drop-off")["drop_off"] == everyone


def assert_tops(pipeline: Pipeline, count: Listens) -> None:
    for entity, per in (("artists", "country"), ("countries", "personality"),
                        ("songs", "personality"), ("interactions", "personality")):  # fmt: skip
        answer = pipeline.get("/api/tops", entity=entity, per=per, limit=50)
        found = {
            each["value"]: {item[RANKINGS[entity].key]: item["plays"] for item in each["items"]}
            for each in answer["items"]
        }

        expected = count.charts(entity, per)
        assert found == {
            value: {key: sums["plays"] for key, sums in chart.items()}
            for value, chart in expected.items()
        }


def assert_pages(pipeline: Pipeline, count: Listens) -> None:
    for view, column in PAGES.items():
        rows = count.rows(
            f"""SELECT lower(hex({column})), count(DISTINCT listener_id) FILTER (counts),
                       min(local)::DATE::VARCHAR, max(local)::DATE::VARCHAR,
                       count(*) FILTER (ms_played >= 30000 AND daypart = 'night')
                FROM music WHERE {column} IS NOT NULL
                  AND (counts OR rating BETWEEN 1 AND 5) GROUP BY 1"""
        )
        drop_off = count.drop_off(f"lower(hex({column}))")
        for key, listeners, first, last, at_night in rows:
            page = pipeline.get(f"/api/{view}/{key}")
            heard = [each for each in page["listeners"]["items"] if each["streams"] or each["skips"]
                     or each["completed"]]  # fmt: skip

            assert (page["first_day"], page["last_day"]) == (first, last)
            assert len(heard) == listeners
            assert page["drop_off"] == drop_off.get(key, [0] * 10)
            assert page["dayparts"]["night"]["plays"] == at_night


def assert_windows(pipeline: Pipeline, count: Listens) -> None:
    """An hour every half hour, of a whole day."""
    for entity, column in (("genres", "genre"), ("songs", "hex(song_id)"),
                           ("artists", "hex(artist_id)")):  # fmt: skip
        answer = pipeline.get("/api/windows", entity=entity, size="1h", step="30m", limit=100,
                              **{"from": f"{DAY}T00:00", "to": f"{DAY}T23:59"})  # fmt: skip
        key = RANKINGS[entity].key
        found = {
            (each["from"].replace("T", " ") + ":00", item[key].lower()): item["plays"]
            for each in answer["items"]
            for item in each["items"]
        }

        rows = count.rows(
            f"""SELECT strftime(start, '%Y-%m-%d %H:%M:%S'), lower({column}),
                       count(*) FILTER (ms_played >= 30000)
                FROM music, generate_series(TIMESTAMP '{DAY} 00:00:00',
                     TIMESTAMP '{DAY} 23:30:00', INTERVAL 30 MINUTE) AS windows(start)
                WHERE local >= start AND local < start + INTERVAL 1 HOUR
                  AND {column} IS NOT NULL AND (counts OR rating BETWEEN 1 AND 5)
                GROUP BY ALL"""
        )
        assert found == {(start, key): plays for start, key, plays in rows}
        assert len(answer["items"]) == 48


def assert_rhythm(pipeline: Pipeline, count: Listens) -> None:
    rhythm = pipeline.get("/api/rhythm", country="IN")
    found = {(each["weekday"], each["hour"]): each["ms_played"] for each in rhythm["hours"]}

    rows = count.rows(
        """SELECT isodow(local), hour(local), sum(ms_played)::BIGINT FROM music
           WHERE country = 'IN' GROUP BY ALL"""
    )
    assert {cell: ms for cell, ms in found.items() if ms} == {(d, h): ms for d, h, ms in rows if ms}
    (night,) = count.rows(
        "SELECT count(*) FILTER (ms_played >= 30000) FROM music WHERE country = 'IN' "
        "AND daypart = 'night'"
    )
    assert rhythm["night"]["plays"] == night[0]


def assert_sessions(pipeline: Pipeline, count: Listens) -> None:
    rows = count.rows(
        """WITH minutes AS (
               SELECT listener_id, date_trunc('minute', local) AS ended, sum(ms_played) AS ms
               FROM music WHERE ms_played > 0 GROUP BY ALL),
           timed AS (
               SELECT *, ended - to_minutes((ms // 60000)::BIGINT) AS began,
                      lag(ended) OVER (PARTITION BY listener_id ORDER BY ended) AS before
               FROM minutes)
           SELECT listener_id, count(*) FILTER (
                      before IS NULL OR began - before > INTERVAL 30 MINUTE)
           FROM timed GROUP BY 1"""
    )
    for listener, sessions in rows:
        page = pipeline.get(f"/api/listeners/{listener}")
        assert page["sessions"]["count"] == sessions, listener
