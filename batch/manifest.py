"""A version's manifest: which windows there are, their generation, cells and checksum."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from listens.aggregation.checksums import NO_CELLS, Checksum, added
from listens.rules import RULES_VERSION
from listens.settings import Settings
from listens.store import Document


def same_rules(base: Document, settings: Settings) -> bool:
    """Whether a version counts the present views by the present rules, in the present zone.

    The one before the first does.
    """
    rules = (base.get("rules_version"), base.get("time_zone"), base.get("views", []))
    present = (RULES_VERSION, settings.time_zone, [*settings.counted_views])
    return base["_id"] == 0 or rules == present


def months_of(version: Document) -> dict[str, Checksum]:
    """Month → checksum as a version's manifest has it."""
    return {
        month: parse(about["checksum"])
        for month, about in version["windows"].items()
        if is_month(month)
    }


def with_years(months: dict[str, Checksum]) -> dict[str, Checksum]:
    """Add each year's checksum, and that of `all`: the sums of their months."""
    checksums = dict(months)
    for month, checksum in months.items():
        for window in (month[:4], "all"):
            checksums[window] = added(checksums.get(window, NO_CELLS), checksum)
    return checksums


def changed_windows(found: dict[str, Checksum], *, base: Document, settings: Settings) -> list[str]:
    """The windows whose checksum isn't that of the version before."""
    kept = base["windows"] if same_rules(base, settings) else {}
    return sorted(
        window
        for window, checksum in with_years(found).items()
        if kept.get(window, {}).get("checksum") != text(checksum)
    )


def kept_windows(
    found: dict[str, Checksum], changed: Collection[str], *, base: Document
) -> dict[str, int]:
    """The windows that are taken over from the version before → their generation."""
    return {
        window: base["windows"][window]["generation"]
        for window in with_years(found)
        if window not in changed
    }


def windows_of(
    found: dict[str, Checksum], written: dict[str, int], *, number: int, base: Document
) -> dict[str, dict[str, Any]]:
    """The manifest of all windows: those that were written, and those that are kept."""
    return {
        window: {
            "generation": number,
            "cells": written[window],
            "checksum": text(checksum),
        }
        if window in written
        else base["windows"][window]
        for window, checksum in with_years(found).items()
    }


def manifest(
    *, cut_seq: int, cut: dict[str, int], loads: Iterable[int], events: int, audit: str,
    windows: dict[str, dict[str, Any]], settings: Settings, seconds: float,
) -> Document:  # fmt: skip
    """What a version's document says once it's made, by the present rules and zone."""
    return {
        "cut_seq": cut_seq,
        "cut": cut,
        "loads": sorted(loads),
        "events": events,
        "rules_version": RULES_VERSION,
        "time_zone": settings.time_zone,
        "views": [*settings.counted_views],
        "audit": audit,
        "windows": windows,
        "cells": sum(window["cells"] for window in windows.values()),
        "seconds": round(seconds, 1),
    }


def grain_of(window: str) -> str:
    """The grain of a window's own charts; a month also has charts of its days."""
    return "month" if is_month(window) else "all" if window == "all" else "year"


def is_month(window: str) -> bool:
    """Whether a manifest's window is a month (others are years, and `all`)."""
    return len(window) == len("2026-01")


def parse(checksum: str) -> Checksum:
    """A checksum as a manifest writes it."""
    first, second = checksum.split("-")
    return int(first, 16), int(second, 16)


def text(checksum: Checksum) -> str:
    """The inverse of `parse`."""
    return f"{checksum[0]:08x}-{checksum[1]:08x}"
