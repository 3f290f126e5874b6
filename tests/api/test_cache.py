"""The cache's bound, and that what is asked for twice at once is loaded once."""

from __future__ import annotations

import threading
from dataclasses import dataclass

import pytest

from api.merging.cache import ENTRY_BYTES, Cache


@dataclass(frozen=True)
class Weight:
    nbytes: int


def test_the_least_recently_used_goes_first():
    cache = Cache(2 * (100 + ENTRY_BYTES))
    for name in ("a", "b"):
        cache.put(name, Weight(100))
    cache.peek("a", Weight)
    cache.put("c", Weight(100))

    assert [name for name in "abc" if cache.peek(name, Weight)] == ["a", "c"]
    assert cache.nbytes == 2 * (100 + ENTRY_BYTES)


def test_what_is_larger_than_the_bound_is_answered_but_not_kept():
    cache = Cache(10_000)
    cache.put("small", Weight(10))

    value = cache.get("huge", Weight, lambda: Weight(20_000))

    assert value == Weight(20_000)
    assert cache.peek("huge", Weight) is None
    assert cache.peek("small", Weight) == Weight(10)


def test_a_value_that_is_replaced_is_counted_once():
    cache = Cache(10_000)
    cache.put("a", Weight(100))
    cache.put("a", Weight(300))

    assert cache.nbytes == 300 + ENTRY_BYTES


def test_many_threads_load_once():
    cache, started, loads = Cache(10_000), threading.Barrier(8), []

    def load():
        loads.append(1)
        return Weight(1)

    def ask():
        started.wait()
        cache.get("a", Weight, load)

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(loads) == 1


def test_a_load_that_fails_is_tried_again():
    cache = Cache(10_000)
    with pytest.raises(ZeroDivisionError):
        cache.get("a", Weight, lambda: Weight(1 // 0))

    assert cache.get("a", Weight, lambda: Weight(1)) == Weight(1)
