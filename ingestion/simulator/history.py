"""A simulated history in the place of a file that was recognised, for the bulk import."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Iterator
from hashlib import sha256
from typing import Any

from ingestion.histories import History
from ingestion.simulator.lines import column_rows
from ingestion.simulator.messages import SOURCE
from ingestion.simulator.playbacks import Playbacks
from ingestion.simulator.world import World
from ingestion.sources import Source


def simulated_history(
    world: World, blocks: Callable[[], Iterable[Playbacks]], *, rows: int, arguments: str
) -> History:
    """The history; its digest is of the arguments, so that the same ones are the same file."""

    def numbered() -> Iterator[tuple[int, dict[str, Any]]]:
        return enumerate(column_rows(world, blocks()), start=1)

    return History(
        source=Source(f"simulated, {arguments}", named=True, opener=io.BytesIO),
        format=SOURCE,
        size=0,
        sha256=sha256(arguments.encode()).hexdigest(),
        row_count=rows,
        date_order=None,
        rows=numbered,
        has_listeners=True,
    )
