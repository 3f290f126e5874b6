"""What a search and an artist's page must have, from DuckDB's count of the files."""

from __future__ import annotations

import re
import unicodedata

from tests.pipeline.conftest import Pipeline
from tests.pipeline.independent import MEASURES, Count, fold

PLAYS = MEASURES.index("plays")
MOST_ITEMS = 100

Names = tuple[str, ...]


def assert_found(pipeline: Pipeline, count: Count) -> None:
    """Of the most played artist, and of the beginnings of the next ones."""
    artists = count.chart("artists")
    most_played = sorted(artists, key=lambda names: -artists[names][PLAYS])[:4]
    for place, (artist,) in enumerate(most_played):
        asked = artist if place == 0 else artist[: 2 * place]
        for view in ("songs", "artists", "albums"):
            assert_fits(pipeline, count, view, asked)
    assert_page(pipeline, count, most_played[0][0])


def assert_fits(pipeline: Pipeline, count: Count, view: str, asked: str) -> None:
    chart = count.chart(view)
    expected = {names: sums[PLAYS] for names, sums in chart.items() if fits(asked, names)}

    answer = pipeline.get("/api/search", q=asked, entity=view, limit=MOST_ITEMS)[view]

    assert (answer["total"], answer["is_complete"]) == (len(expected), True), (asked, expected)
    found = {names_of(item): item["plays"] for item in answer["items"]}
    assert found.items() <= expected.items()
    assert [*found.values()] == sorted(expected.values(), reverse=True)[:MOST_ITEMS]


def assert_page(pipeline: Pipeline, count: Count, artist: str) -> None:
    found = pipeline.get("/api/search", q=artist, entity="artists", limit=MOST_ITEMS)
    (key,) = (
        item["artist_id"]
        for item in found["artists"]["items"]
        if fold(item["artist"]) == artist
    )  # fmt: skip
    (day,) = count.db.execute("SELECT min(local)::DATE::VARCHAR FROM music").fetchone()
    for query, end in (({}, None), ({"window": day[:4]}, f"{int(day[:4]) + 1}-01-01")):
        page = pipeline.get(f"/api/artists/{key}", **query)
        for view in ("songs", "albums"):
            chart = count.chart(view, end=end)
            expected = {names: sums[PLAYS] for names, sums in chart.items() if names[-1] == artist}
            shown = {names_of(item): item["plays"] for item in page[view]["items"]}
            assert page[view]["total"] == len(expected)
            assert shown.items() <= expected.items()
            assert [*shown.values()] == sorted(expected.values(), reverse=True)[:10]


def names_of(item: dict[str, str]) -> Names:
    shown = (item[name] for name in ("title", "album", "artist") if name in item)
    return tuple(fold(name) or "" for name in shown)


def fits(asked: str, names: Names) -> bool:
    """Whether every word that is asked for begins a word of the names."""
    words = [word for name in names for word in plain_words(name)]
    return all(any(word.startswith(each) for word in words) for each in plain_words(asked))


def plain_words(text: str) -> list[str]:
    decomposed = unicodedata.normalize("NFD", text.casefold())
    letters = "".join(each for each in decomposed if unicodedata.category(each) != "Mn")
    return [word for word in re.split(r"\W+", letters) if word]
