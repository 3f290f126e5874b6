"""merge(batch(cut), segments) == count(all), for random events, commits and cuts; no services."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from api.merging import merge
from batch.charts import charts, merged
from batch.manifest import with_years
from listens.aggregation.cells import COUNTED_SCHEMA, cells
from listens.aggregation.checksums import cells_checksums, joined, listens_checksums
from listens.aggregation.counted import RULED_COLUMNS, with_counted
from listens.aggregation.messages import once_each
from listens.aggregation.segments import segments
from listens.packing import Chart, folded, unpack_cells, unpack_chart
from listens.rules import MEASURES
from listens.views import OPTIONAL, PAIRS, VIEWS, has_longer
from listens.windows import A_DAY, ALL, Piece, Span, date_of, day_number, pieces
from tests.aggregation.listens import (
    DETAILS,
    EDGES,
    MS_PLAYED,
    NEW_YORK,
    REASONS,
    listen,
    plain_count,
)

SCHEMA = pa.schema(
    [
        ("event_id", pa.binary()),
        ("partition", pa.int32()),
        ("offset", pa.int64()),
        ("ended_at", pa.timestamp("us", tz="UTC")),
        ("ms_played", pa.int64()),
        ("skipped", pa.bool_()),
        ("completed", pa.bool_()),
        *((n, pa.binary()) for n in ("song_id", "artist_id", "album_id")),
        *(
            (n, pa.string())
            for n in ("kind", "reason_end", "listener_id", "country", "platform", "source")
        ),
        *((n, pa.string()) for n in ("genre", "mood", "personality", "interaction")),
        ("year", pa.int32()),
        ("rating", pa.int32()),
        ("listener_age", pa.int32()),
        ("duration_ms", pa.int64()),
    ]
)

moments = st.one_of(
    st.sampled_from(EDGES),
    st.integers(0, 2_000_000_000).map(lambda seconds: datetime.fromtimestamp(seconds, UTC)),
    # Close together, so that keys of one day add up and tie.
    st.integers(0, 72).map(lambda hours: EDGES[0] + timedelta(hours=hours)),
)
listens = st.builds(
    listen,
    st.sampled_from(["ann", "bob", "zoë"]),
    moments,
    st.sampled_from(MS_PLAYED),
    st.integers(0, 7),
    st.sampled_from([None, "android", "web"]),
    st.sampled_from([None, "DE", "US"]),
    st.sampled_from(REASONS),
    st.sampled_from([None, True, False]),
    st.sampled_from(["music", "music", "music", "podcast", "unknown"]),
    st.booleans(),
    st.fixed_dictionaries({name: st.sampled_from(values) for name, values in DETAILS.items()}),
)
logs = st.lists(listens, min_size=1, max_size=40).flatmap(
    # Some come twice or three times, anywhere in the log.
    lambda some: st.permutations(some + some[::3] + some[::5])
)


@settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(log=logs, cut_share=st.floats(0, 1), commits=st.integers(1, 3), data=st.data())
def test_a_chart_is_the_count_of_all_events(spark, log, cut_share, commits, data) -> None:
    cut = round(len(log) * cut_share)
    counted = plain_count(log, NEW_YORK)

    batch = _batch(spark, log[:cut])
    speed = _speed(spark, log, after=cut, commits=commits)

    span = data.draw(_spans(log))
    for view, by in PAIRS:
        for value in {cell[2] for cell in counted if cell[:2] == (view, by)}:
            expected = _in_span(counted, view, by, value, span)
            ranked = merge.Ranked(_batch_chart(batch, view, by, value, span))
            more = _speed_chart(speed, view, by, value, span)
            overlay = merge.extended(merge.no_overlay(0), ranked.chart, more, until=1)
            for measure in ("plays", "ms_played", "rating_sum"):
                page = merge.page(ranked, overlay, order=merge.Order(measure), offset=0, limit=1000)
                assert _ranking(page.chart) == _sorted(expected, measure)
                assert page.total == len(expected)


def test_checksums_of_parts_add_up_to_that_of_the_whole(spark) -> None:
    log = [
        listen("ann", EDGES[n % len(EDGES)], MS_PLAYED[n % 6], n % 5, "web", "DE", None, None,
               "music", has_album=True)
        for n in range(40)
    ]  # fmt: skip
    log = list({one["event_id"]: one for one in log}.values())
    whole = _counted(spark, log)

    parts: dict[str, tuple[int, int]] = {}
    for part in (log[:7], log[7:20], log[20:]):
        parts = joined(parts, listens_checksums(_counted(spark, part)))
    summed: dict[str, tuple[int, int]] = {}
    for of_pair in cells(whole):
        summed = joined(summed, cells_checksums(of_pair.pair, of_pair.decoded()))

    assert parts == summed == listens_checksums(whole)


@pytest.mark.parametrize(
    "field", ["ms_played", "country", "ended_at", "reason_end", "rating", "genre", "duration_ms"]
)
def test_a_checksum_changes_with_anything_that_is_counted(spark, field) -> None:
    one = listen("ann", EDGES[0], 40_000, 1, "web", "DE", "trackdone", None, "music", True)
    changed = {
        "ms_played": 40_001, "country": "FR", "ended_at": EDGES[0] + timedelta(days=1),
        "reason_end": None, "rating": 3, "genre": "pop", "duration_ms": 60_000,
    }  # fmt: skip

    other = listens_checksums(_counted(spark, [one | {field: changed[field]}]))

    assert other != listens_checksums(_counted(spark, [one]))


def _counted(spark, log: list[dict[str, Any]]) -> pa.Table:
    rows = [one | {"partition": 0, "offset": n} for n, one in enumerate(log)]
    columns = [pa.array([row.get(field.name) for row in rows], field.type) for field in SCHEMA]
    table = pa.Table.from_arrays(columns, schema=SCHEMA)
    once = once_each(spark.createDataFrame(table), *RULED_COLUMNS)
    counted = with_counted(once, time_zone=NEW_YORK, optional_views=OPTIONAL)
    return counted.select(COUNTED_SCHEMA.names).toArrow()


def _batch(spark, log: list[dict[str, Any]]) -> dict[tuple[str, ...], list[dict[str, Any]]]:
    """As two tasks make the charts, each of its part of the listens, and a third adds them up."""
    listens = _counted(spark, log)
    windows = with_years(listens_checksums(listens))
    half = listens.num_rows // 2
    parts = defaultdict(list)
    for part in (listens.slice(0, half), listens.slice(half)):
        for of_pair in cells(part):
            for chart in charts(of_pair, labels=windows):
                name = tuple(chart[each] for each in ("view", "by", "value", "grain", "window"))
                parts[name].append(chart)
    return {name: [*merged([charts])] for name, charts in parts.items()}


def _speed(spark, log, *, after: int, commits: int) -> list[dict[str, Any]]:
    """Segments of the rest, in commits that leave out what came before, as the layer does."""
    seen = {one["event_id"] for one in log[:after]}
    rest = log[after:]
    size = max(1, -(-len(rest) // commits))
    documents = []
    for seq, first in enumerate(range(0, len(rest), size), start=1):
        new = [one for one in rest[first : first + size] if one["event_id"] not in seen]
        new = list({one["event_id"]: one for one in new}.values())
        seen |= {one["event_id"] for one in new}
        if new:
            documents += segments(cells(_counted(spark, new)), seq=seq)
    return documents


def _spans(log) -> st.SearchStrategy[Span]:
    days = sorted({day_number(one["ended_at"].date()) for one in log})
    ends = st.sampled_from(days)
    return st.one_of(
        st.just(ALL),
        st.tuples(ends, ends, st.integers(0, 400)).map(
            lambda drawn: Span(min(drawn[:2]) - 1, max(drawn[:2]) + 1 + drawn[2])
        ),
        ends.map(lambda day: Span(day, day + 1)),
        ends.map(
            lambda day: Span(
                day_number(date_of(day).replace(month=1, day=1)),
                day_number(date_of(day).replace(month=12, day=31)) + 1,
            )
        ),
    )


def _batch_chart(batch, view: str, by: str, value: str, span: Span) -> Chart:
    found = []
    for piece in pieces(span) if has_longer(view, by) else _months(batch, span):
        for document in batch.get((view, by, value, piece.grain, piece.window), []):
            chart = unpack_chart(document)
            if piece.grain == "day":
                windows = np.frombuffer(document["windows"], "<i4") // A_DAY[VIEWS[view].finest]
                within = (windows >= piece.span.first) & (windows < piece.span.end)
                measures = {name: column[within] for name, column in chart.measures.items()}
                chart = Chart(chart.key[within], measures)
            found.append(chart)
    return folded(found)


def _months(batch, span: Span) -> list[Piece]:
    return [Piece("day", month, span) for month in sorted({window for *_, window in batch})]


def _speed_chart(speed, view: str, by: str, value: str, span: Span) -> Chart:
    found = []
    for document in speed:
        if (document["view"], document["by"]) == (view, by):
            held = unpack_cells(document)
            windows = held.window // A_DAY[VIEWS[view].finest]
            within = (windows >= span.first) & (windows < span.end)
            held = held.where(within & (held.value == value.encode()))
            found.append(Chart(held.key, held.measures))
    return folded(found)


def _in_span(counted, view, by, value, span) -> dict[bytes, dict[str, int]]:
    sums: dict[bytes, dict[str, int]] = defaultdict(lambda: dict.fromkeys(MEASURES, 0))
    for (of, narrowed, of_value, window, key), measures in counted.items():
        within = span.first <= window // A_DAY[VIEWS[view].finest] < span.end
        if within and (of, narrowed, of_value) == (view, by, value):
            for name, number in measures.items():
                sums[key][name] += number
    return sums


def _ranking(chart: Chart) -> list[tuple[bytes, ...]]:
    columns = [chart.measures[name].tolist() for name in MEASURES]
    return list(zip(chart.key.tolist(), *columns, strict=True))


def _sorted(expected: dict[bytes, dict[str, int]], measure: str) -> list[tuple[bytes, ...]]:
    ranked = sorted(expected.items(), key=lambda item: (-item[1][measure], item[0]))
    return [(key.rstrip(b"\0"), *(sums[name] for name in MEASURES)) for key, sums in ranked]
