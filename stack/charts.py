"""Two charts from the API, side by side in the terminal."""

from __future__ import annotations

import json
import urllib.request
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from listens.errors import ServiceDownError
from listens.settings import Settings
from stack.probes import api_url

LIMIT = 10
ANSWER_SECONDS = 30


def print_charts(settings: Settings, console: Console) -> None:
    """Print the top songs and the top artists.

    Raises:
        ServiceDownError: the API doesn't answer.
    """
    songs, artists = _get(settings, "songs"), _get(settings, "artists")
    width = _text_width(console)
    side_by_side = Table.grid(padding=(0, 3))
    side_by_side.add_row(
        _chart("Top songs", ("rank", "title", "artist", "plays"), songs, text_width=width),
        _chart("Top artists", ("rank", "artist", "plays"), artists, text_width=width),
    )
    console.print(side_by_side)


def _get(settings: Settings, chart: str) -> list[dict[str, Any]]:
    url = f"{api_url(settings)}/api/top-{chart}?limit={LIMIT}"
    try:
        with urllib.request.urlopen(url, timeout=ANSWER_SECONDS) as answer:
            items: list[dict[str, Any]] = json.load(answer)["items"]
    except OSError as error:
        raise ServiceDownError(f"GET {url}: {error}; look into `playcount logs api`") from error
    return items


def _text_width(console: Console) -> int:
    """The width of a title or an artist: three of them and the numbers fill the line."""
    return min(40, max(10, (console.width - 26) // 3))


def _chart(
    title: str, columns: tuple[str, ...], items: list[dict[str, Any]], *, text_width: int
) -> Table:
    table = Table(title=title, title_justify="left", box=None, padding=(0, 1, 0, 0), pad_edge=False)
    for column in columns:
        table.add_column(column, justify="right" if column in ("rank", "plays") else "left")
    for item in items:
        table.add_row(*(_cell(item[column], text_width) for column in columns))
    return table


def _cell(value: object, text_width: int) -> Text:
    if isinstance(value, int):
        return Text(f"{value:,}")
    text = Text(str(value))  # not as markup: a title may hold brackets
    text.truncate(text_width, overflow="ellipsis")
    return text
