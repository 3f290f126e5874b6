"""The account of an import, from its start to its balance, in a real MongoDB."""

from datetime import UTC, datetime, timedelta

import pytest

from ingestion import ledger
from ingestion.balance import balance_of, is_balanced, remarks, sentence
from listens.store import IMPORTS, SPEED_COMMITS, connect

FACTS = {"listener_id": "anna", "file": "a.csv", "format": "csv", "bytes": 5, "sha256": "00"}


@pytest.fixture
def store(fresh_database):
    return connect(fresh_database)


def commit(store, seq, until, **imports):
    store[SPEED_COMMITS].insert_one({"_id": seq, "until": until, "imports": imports})


def sent_import(store, import_id, *, read, rejected, end_offsets):
    ledger.started(store, import_id=import_id, facts=FACTS)
    facts = {"read": read, "sent": read - rejected, "rejected": rejected}
    reasons = {"no_time": rejected} if rejected else {}
    ledger.finished(
        store,
        import_id,
        state=ledger.SENT,
        facts={**facts, "rejected_by_reason": reasons, "end_offsets": end_offsets},
    )


def only(store):
    (entry,) = ledger.latest(store, 10)
    return entry


def test_an_import_is_settled_by_the_commit_that_reaches_its_last_message(store):
    commit(store, 0, {"0": 5})
    sent_import(store, "i1", read=10, rejected=1, end_offsets={"0": 12, "1": 3})
    commit(store, 1, {"0": 12, "1": 2}, i1={"new": 6, "duplicate": 1})

    assert ledger.settle(store) == 0
    assert only(store)["state"] == "sent"
    commit(store, 2, {"0": 20, "1": 3}, i1={"new": 2, "duplicate": 0}, other={"new": 8})
    assert ledger.settle(store) == 1

    entry = only(store)
    assert (entry["state"], entry["new"], entry["duplicate"]) == ("settled", 8, 1)
    assert is_balanced(entry)
    assert sentence(balance_of([entry])) == "read 10 = new 8 + duplicate 1 + rejected 1"


def test_an_import_without_any_message_is_settled_at_once(store):
    sent_import(store, "i1", read=2, rejected=2, end_offsets={})

    assert ledger.settle(store) == 1
    assert sentence(balance_of([only(store)])) == "read 2 = new 0 + duplicate 0 + rejected 2"


def test_a_settled_import_that_lacks_a_row_does_not_balance(store):
    sent_import(store, "i1", read=10, rejected=0, end_offsets={"0": 10})
    commit(store, 0, {"0": 10}, i1={"new": 9, "duplicate": 0})
    ledger.settle(store)

    balance = balance_of([only(store)])
    assert not balance.balanced
    assert sentence(balance) == "read 10 ≠ new 9 + duplicate 0 + rejected 0"


def test_a_sent_import_is_pending(store):
    sent_import(store, "i1", read=10_000, rejected=1, end_offsets={"0": 10})

    balance = balance_of([only(store)])
    assert balance.balanced
    assert sentence(balance).startswith("read 10,000 = pending 9,999 + rejected 1 (new and")


def test_an_import_that_went_silent_is_shown_as_interrupted(store):
    ledger.started(store, import_id="i1", facts=FACTS)
    assert only(store)["state"] == "reading"

    long_ago = datetime.now(UTC) - timedelta(seconds=61)
    store[IMPORTS].update_one({"_id": "i1"}, {"$set": {"touched_at": long_ago}})

    assert only(store)["state"] == "interrupted"


def test_import_ids_sort_by_time_and_can_be_keys():
    first = ledger.new_import_id(datetime(2026, 1, 2, 3, 4, 5, 6, tzinfo=UTC))
    second = ledger.new_import_id(datetime(2026, 1, 2, 3, 4, 5, 7, tzinfo=UTC))

    assert first.startswith("20260102T030405000006-")
    assert first < second
    assert "." not in first
    assert "$" not in first


def test_rows_of_an_erased_listener_are_accounted_for(store):
    sent_import(store, "x", read=10, rejected=1, end_offsets={"0": 9})
    commit(store, 0, {"0": 9}, x={"new": 5, "duplicate": 0, "erased": 4})

    ledger.settle(store)

    entry = only(store)
    assert is_balanced(entry)
    assert sentence(balance_of([entry])) == (
        "read 10 = new 5 + duplicate 0 + erased 4 + rejected 1"
    )


def test_what_is_left_out_and_what_is_assumed_stand_in_the_account(store):
    sent_import(store, "i1", read=1_240, rejected=1, end_offsets={})
    facts = {"sent": 1_232, "overlap": 7, "assumed": {"minimum": 1_234, "length": 2}}
    store[IMPORTS].update_one({"_id": "i1"}, {"$set": {**facts, "end_offsets": {"0": 9}}})

    waiting = balance_of([only(store)])
    assert waiting.balanced
    assert sentence(waiting).startswith("read 1,240 = pending 1,232 + overlap 7 + rejected 1 (new")

    commit(store, 0, {"0": 9}, i1={"new": 1_230, "duplicate": 2})
    ledger.settle(store)

    balance = balance_of([only(store)])
    assert balance.balanced
    assert sentence(balance) == "read 1,240 = new 1,230 + duplicate 2 + overlap 7 + rejected 1"
    assert remarks(balance) == [
        "played time unknown in 1,234 rows: counted as 30 s each",
        "played time unknown in 2 rows: counted as heard in whole, by their length",
        "7 rows are left out: account data and another format both have them (--keep-overlap)",
    ]
