"""Search by name: names lead to keys, and everyone's chart says which of them were heard.

An answer is exact at its snapshot: names are written with the first listen that has them and stay
as they are, so that all keys of the chart have theirs; keys that only later commits, or listens
that are forgotten, have brought aren't in the chart. Only whether more than MOST names fit may be
told of them as well; what is then answered is as true of the snapshot.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from api.analyses.pages import Body, Source
from api.analyses.rankings import RANKINGS, Ranking, ids_of, items_of
from api.merging.merge import Page, more_of
from api.merging.reading import Slice, names_with
from listens.folding import is_found, sought, words_of
from listens.packing import Chart
from listens.store import Document
from listens.views import VIEWS

MOST = 10_000
"""Names that are looked at for an entity: all that fit, or where there are more, those of so many
first ranks. Some 0.1 s of work."""

Names = dict[bytes, Document]


def search(source: Source, text: str, *, entities: Iterable[str], limit: int) -> Body:
    """Entity → what fits of it, by plays and then by name.

    Args:
        source: everyone's charts of all time.
        text: what is searched for.
        entities: views of RANKINGS.
        limit: items of an entity.
    """
    words = sought(text)
    fitting = names_with(source.store, words, most=MOST + 1)
    return {
        entity: _found(source, RANKINGS[entity], words, fitting, limit=limit) for entity in entities
    }


def _found(
    source: Source, ranking: Ranking, words: Sequence[str], fitting: Names, *, limit: int
) -> Body:
    names, is_complete = _names(source, ranking, words, fitting)
    chart = source.chosen(ranking.view, names)
    first = Page(_by_plays(chart, ranking, names, limit=limit), len(chart))
    return {
        "items": items_of(source.store, ranking, first, offset=0),
        "total": first.total,
        "is_complete": is_complete,
    }


def _names(
    source: Source, ranking: Ranking, words: Sequence[str], fitting: Names
) -> tuple[Names, bool]:
    """The names that fit, some of which may be of another entity; and whether these are all."""
    is_text = VIEWS[ranking.view].key_type == "text"
    if len(fitting) <= MOST and not is_text:
        return fitting, True
    ranks = source.first(ranking.view, Slice(), limit=MOST)
    is_complete = ranks.total <= MOST
    if not is_text:
        ids = ids_of(ranks.chart.key)
        return names_with(source.store, words, ids=ids), is_complete
    keys = {key: key.decode() for key in ranks.chart.key.tolist()}
    return {
        key: {ranking.key: name} for key, name in keys.items() if is_found(words_of(name), words)
    }, is_complete


def _by_plays(chart: Chart, ranking: Ranking, names: Names, *, limit: int) -> Chart:
    """The first keys by plays, then by the names that are shown, then by id."""
    shown = ranking.names or (ranking.key,)
    keys = ids_of(chart.key) if ranking.names else chart.key.tolist()
    plays = chart.measures["plays"].tolist()

    def place(row: int) -> tuple[int, list[str]]:
        return -plays[row], [str(names[keys[row]].get(name)).casefold() for name in shown]

    first = sorted(range(len(keys)), key=place)[:limit]
    return more_of(chart, np.array(first, np.intp))
