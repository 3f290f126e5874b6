"""The views that are ranked: what an item is called, and how a page of them is shown."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from api.merging.merge import Page
from api.merging.reading import names_of
from listens.identity import HASH_BYTES
from listens.packing import Keys
from listens.rules import RATES, SHOWN
from listens.store import Store
from listens.views import VIEWS

Item = dict[str, Any]


@dataclass(frozen=True)
class Ranking:
    """How a view is shown.

    Attributes:
        view: its name in the catalogue.
        key: what an item's key is called.
        names: what is shown beside an id; nothing where the key is a text.
    """

    view: str
    key: str
    names: tuple[str, ...] = ()


RANKINGS: dict[str, Ranking] = {
    ranking.view: ranking
    for ranking in (
        Ranking("songs", "song_id", ("title", "artist")),
        Ranking("artists", "artist_id", ("artist",)),
        Ranking("albums", "album_id", ("album", "artist")),
        Ranking("genres", "genre"),
        Ranking("platforms", "platform"),
        Ranking("countries", "country"),
        Ranking("moods", "mood"),
        Ranking("personalities", "personality"),
        Ranking("interactions", "interaction"),
        Ranking("years", "year"),
        Ranking("listeners", "listener"),
    )
}


def items_of(
    store: Store, ranking: Ranking, page: Page, *, offset: int, beside: Sequence[Item] = ()
) -> list[Item]:
    """The page's ranks with names, sums and rates; `beside` the names of each, what ranks it."""
    named = keys_shown(store, ranking, page.chart.key)
    columns = {name: column.tolist() for name, column in page.chart.measures.items()}
    return [
        {
            "rank": offset + place + 1,
            **key,
            **(beside[place] if beside else {}),
            **measures_shown({name: column[place] for name, column in columns.items()}),
        }
        for place, key in enumerate(named)
    ]


def keys_shown(store: Store, ranking: Ranking, keys: Keys) -> list[Item]:
    """Each key under its name; an id as hex, and with what it's called."""
    if VIEWS[ranking.view].key_type == "text":
        return [{ranking.key: key.decode()} for key in keys.tolist()]
    ids = ids_of(keys)
    names = names_of(store, ids)
    return [
        {ranking.key: each.hex(), **{name: names.get(each, {}).get(name) for name in ranking.names}}
        for each in ids
    ]


def ids_of(keys: Keys) -> list[bytes]:
    """Sixteen bytes each: an item of a numpy array would lose the NULs that an id may end with."""
    packed = keys.astype(f"S{HASH_BYTES}").tobytes()
    return [packed[place : place + HASH_BYTES] for place in range(0, len(packed), HASH_BYTES)]


def keys_of(ranking: Ranking, keys: Collection[bytes]) -> Keys:
    """Keys as a chart has them, distinct and ascending."""
    width = f"S{HASH_BYTES}" if VIEWS[ranking.view].key_type == "id" else np.bytes_
    return np.unique(np.array([*keys], width))


def measures_shown(sums: Mapping[str, int]) -> Item:
    """Sums that are shown as they are, and the rates; a rate over nothing is null."""
    return {
        **sums_shown(sums),
        **{name: rate_of(name, sums) for name in RATES},
        "ratings": sums["rating_count"],
    }


def sums_shown(sums: Mapping[str, int]) -> dict[str, int]:
    """The sums that are shown as they are."""
    return {name: sums[name] for name in SHOWN}


def rate_of(name: str, sums: Mapping[str, int]) -> float | None:
    """A rate; null where there's nothing that it could be a share of."""
    rate = RATES[name]
    over = sum(sums[each] for each in rate.over)
    return round(sums[rate.of] * rate.scale / over, 4) if over else None
