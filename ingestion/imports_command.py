"""What `playcount imports` does."""

from __future__ import annotations

from ingestion import ledger, reports
from ingestion.balance import balance_of
from listens.settings import Settings
from listens.store import connect


def show(settings: Settings, *, limit: int, as_json: bool) -> None:
    """Settle what can be settled, then print the newest imports.

    Raises:
        ServiceDownError: MongoDB doesn't answer.
    """
    store = connect(settings)
    ledger.settle(store)
    entries = ledger.latest(store, limit)
    balance = balance_of(entries)
    if as_json:
        print(reports.as_json(entries, balance))
        return
    console = reports.wide_console()
    if not entries:
        console.print("nothing was imported yet; try: ./playcount import FILE --listener NAME")
        return
    console.print(reports.import_table(entries, with_ids=True))
    reports.print_balance(console, balance)
