"""Every row is accounted for: read = new + duplicate + rejected."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ingestion import ledger

Entry = Mapping[str, Any]


@dataclass(frozen=True)
class Balance:
    """The sums over some imports, in rows.

    Attributes:
        read: records in the files.
        new: counted for the first time.
        duplicate: of an event that was counted before.
        pending: sent, and not counted yet.
        rejected: not sent, each with a reason.
        erased: sent, but their listener was erased before they were counted.
        rejected_by_reason: the same, apart.
        balanced: False when an import that is counted to its end lacks or exceeds rows.
    """

    read: int
    new: int
    duplicate: int
    pending: int
    rejected: int
    erased: int
    rejected_by_reason: dict[str, int]
    balanced: bool


def balance_of(entries: Iterable[Entry]) -> Balance:
    """Add up the accounts of some imports."""
    entries = list(entries)
    by_reason: Counter[str] = Counter()
    for entry in entries:
        by_reason.update(entry.get("rejected_by_reason", {}))
    return Balance(
        read=_sum(entries, "read"),
        new=_sum(entries, "new"),
        duplicate=_sum(entries, "duplicate"),
        pending=sum(entry.get("sent", 0) for entry in entries if not is_settled(entry)),
        rejected=_sum(entries, "rejected"),
        erased=_sum(entries, "erased"),
        rejected_by_reason=dict(sorted(by_reason.items())),
        balanced=all(is_balanced(entry) for entry in entries),
    )


def _sum(entries: list[Entry], name: str) -> int:
    return sum(entry.get(name, 0) for entry in entries)


def is_settled(entry: Entry) -> bool:
    """Whether the speed layer has counted all that the import sent."""
    return bool(entry["state"] == ledger.SETTLED)


def is_balanced(entry: Entry) -> bool:
    """Whether every row is found again; an import still to be counted may yet be."""
    if is_settled(entry):
        found = entry["new"] + entry["duplicate"] + entry["rejected"] + entry.get("erased", 0)
        return bool(entry["read"] == found)
    all_sent = entry["state"] in {ledger.SENT, ledger.STAGED}
    return bool(not all_sent or entry["read"] == entry["sent"] + entry["rejected"])


def sentence(balance: Balance) -> str:
    """The last line of an import: `read 6,978 = new 6,970 + duplicate 3 + rejected 5`."""
    if not balance.pending:
        erased = f" + erased {balance.erased:,}" if balance.erased else ""
        parts = f"new {balance.new:,} + duplicate {balance.duplicate:,}{erased}"
        sign = "=" if balance.balanced else "≠"
        return f"read {balance.read:,} {sign} {parts} + rejected {balance.rejected:,}"
    counted = balance.new + balance.duplicate
    settled = f"new {balance.new:,} + duplicate {balance.duplicate:,} + " if counted else ""
    return (
        f"read {balance.read:,} = {settled}pending {balance.pending:,} + rejected "
        f"{balance.rejected:,} (new and duplicate are told by: playcount imports)"
    )
