"""Every row is accounted for: read = new + duplicate + overlap + rejected."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ingestion import ledger
from listens.rows.scrobbles import AT_LEAST, FROM_LENGTH

Entry = Mapping[str, Any]

ASSUMPTIONS = {AT_LEAST: "as 30 s each", FROM_LENGTH: "as heard in whole, by their length"}
"""How a time played that isn't told is counted."""


@dataclass(frozen=True)
class Balance:
    """The sums over some imports, in rows.

    Attributes:
        read: records in the files.
        new: counted for the first time.
        duplicate: of an event that was counted before.
        pending: sent, and not counted yet.
        overlap: not sent, since a format of another precision had brought the same playback.
        rejected: not sent, each with a reason.
        erased: sent, but their listener was erased before they were counted.
        rejected_by_reason: the same, apart.
        assumed: of how many the time played isn't told, by the rule that was taken instead.
        balanced: False when an import that is counted to its end lacks or exceeds rows.
    """

    read: int
    new: int
    duplicate: int
    pending: int
    overlap: int
    rejected: int
    erased: int
    rejected_by_reason: dict[str, int]
    assumed: dict[str, int]
    balanced: bool


def balance_of(entries: Iterable[Entry]) -> Balance:
    """Add up the accounts of some imports."""
    entries = list(entries)
    return Balance(
        read=_sum(entries, "read"),
        new=_sum(entries, "new"),
        duplicate=_sum(entries, "duplicate"),
        pending=sum(entry.get("sent", 0) for entry in entries if not is_settled(entry)),
        overlap=_sum(entries, "overlap"),
        rejected=_sum(entries, "rejected"),
        erased=_sum(entries, "erased"),
        rejected_by_reason=_sums(entries, "rejected_by_reason"),
        assumed=_sums(entries, "assumed"),
        balanced=all(is_balanced(entry) for entry in entries),
    )


def _sum(entries: list[Entry], name: str) -> int:
    return sum(entry.get(name, 0) for entry in entries)


def _sums(entries: list[Entry], name: str) -> dict[str, int]:
    sums: Counter[str] = Counter()
    for entry in entries:
        sums.update(entry.get(name, {}))
    return dict(sorted(sums.items()))


def is_settled(entry: Entry) -> bool:
    """Whether the speed layer has counted all that the import sent."""
    return bool(entry["state"] == ledger.SETTLED)


def is_balanced(entry: Entry) -> bool:
    """Whether every row is found again; an import still to be counted may yet be."""
    kept_back = entry.get("rejected", 0) + entry.get("overlap", 0)
    if is_settled(entry):
        found = entry["new"] + entry["duplicate"] + entry.get("erased", 0) + kept_back
        return bool(entry["read"] == found)
    all_sent = entry["state"] in {ledger.SENT, ledger.STAGED}
    return bool(not all_sent or entry["read"] == entry["sent"] + kept_back)


def sentence(balance: Balance) -> str:
    """The last line of an import: `read 6,978 = new 6,970 + duplicate 3 + rejected 5`."""
    parts = []
    if balance.new or balance.duplicate or not balance.pending:
        parts += [("new", balance.new), ("duplicate", balance.duplicate)]
    if balance.pending:
        parts.append(("pending", balance.pending))
    parts += [(name, count) for name in ("erased", "overlap") if (count := getattr(balance, name))]
    parts.append(("rejected", balance.rejected))
    sign = "=" if balance.balanced or balance.pending else "≠"
    added = " + ".join(f"{name} {count:,}" for name, count in parts)
    later = " (new and duplicate are told by: playcount imports)" if balance.pending else ""
    return f"read {balance.read:,} {sign} {added}{later}"


def remarks(balance: Balance) -> list[str]:
    """What the numbers rest on, a sentence each."""
    told = assumptions(balance.assumed)
    if balance.overlap:
        told.append(
            f"{balance.overlap:,} rows are left out: account data and another format both have "
            "them (--keep-overlap)"
        )
    return told


def assumptions(assumed: Mapping[str, int]) -> list[str]:
    """How times played that aren't told were counted, a sentence a rule."""
    return [
        f"played time unknown in {assumed[rule]:,} rows: counted {meaning}"
        for rule, meaning in ASSUMPTIONS.items()
        if assumed.get(rule)
    ]
