"""How often may be asked, and how often a password may be guessed."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from argon2 import PasswordHasher

from api.access import passwords, users
from api.access.rates import MOST_KEYS, Buckets
from api.application import create_app
from tests.api.access.asking import PASSWORD, browser, program

OURS = {"Origin": "http://localhost"}


class Clock:
    """Seconds that pass when they're told to."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_a_bucket_empties_and_fills_again() -> None:
    clock = Clock()
    buckets = Buckets(capacity=2, per_second=0.5, clock=clock)

    assert [buckets.take("a") for _ in range(3)] == [0, 0, 2]
    assert buckets.take("b") == 0
    clock.now += 1
    assert buckets.take("a") == 1
    clock.now += 1
    assert buckets.take("a") == 0
    clock.now += 1000
    assert [buckets.take("a") for _ in range(3)] == [0, 0, 2]


def test_what_was_given_back_can_be_taken() -> None:
    buckets = Buckets(capacity=1, per_second=0.1, clock=Clock())

    assert buckets.take("a") == 0
    buckets.give_back("a")
    buckets.give_back("a")
    assert [buckets.take("a") for _ in range(2)] == [0, 10]


def test_memory_is_bounded() -> None:
    buckets = Buckets(capacity=1, per_second=0.1, clock=Clock())
    for key in range(MOST_KEYS + 10):
        buckets.take(str(key))

    assert len(buckets._buckets) == MOST_KEYS
    assert buckets.take(str(MOST_KEYS + 9)) == 10


@pytest.fixture
def slow(access_settings, filled):
    """An application that lets two requests a minute in."""
    return create_app(access_settings.model_copy(update={"api_requests_per_minute": 2}), filled)


def test_each_principal_and_each_address_has_requests_of_its_own(slow, shown) -> None:
    def statuses(who, address, path="/api/me"):
        client = program(slow, address)
        return [client.get(path, headers=shown[who]).status_code for _ in range(3)]

    assert statuses("anna", "203.0.113.1") == [200, 200, 429]
    assert statuses("anna", "203.0.113.2") == [429, 429, 429]
    assert statuses("viewer", "203.0.113.1") == [200, 200, 429]
    assert statuses("anonymous", "203.0.113.1") == [401, 401, 429]
    assert statuses("anonymous", "203.0.113.2") == [401, 401, 429]
    assert statuses("anonymous", "203.0.113.1", "/healthz") == [200, 200, 200]


def test_who_asks_too_often_is_told_when_to_go_on(slow, shown) -> None:
    for _ in range(3):
        response = program(slow).get("/api/me", headers=shown["anna"])

    assert response.status_code == 429
    assert 0 < int(response.headers["Retry-After"]) <= 30
    assert response.content_type == "application/problem+json"


@pytest.fixture
def quick_hashes(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What is counted are guesses, however long each takes."""
    quick = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    monkeypatch.setattr(passwords, "_hasher", quick)
    passwords._nobodys.cache_clear()
    yield
    passwords._nobodys.cache_clear()


def attempt(client, name, password="wrong"):
    form = {"name": name, "password": password}
    return client.post("/login", data=form, headers=OURS).status_code


@pytest.mark.usefixtures("quick_hashes")
def test_a_password_is_guessed_ten_times_from_wherever(guarded, filled) -> None:
    users.add(filled, "fred", role="viewer", listener=None, password=PASSWORD)
    guesses = [attempt(browser(guarded, f"203.0.113.{n}"), "fred") for n in range(11)]

    assert guesses == [401] * 10 + [429]
    assert attempt(browser(guarded, "203.0.113.99"), "fred", PASSWORD) == 429
    assert attempt(browser(guarded, "203.0.113.99"), "nobody") == 401


@pytest.mark.usefixtures("quick_hashes")
def test_one_address_guesses_twenty_times_at_whomever(guarded, filled) -> None:
    guesses = [attempt(browser(guarded), f"user {n}") for n in range(21)]

    assert guesses == [401] * 20 + [429]


@pytest.mark.usefixtures("quick_hashes")
def test_who_guesses_too_often_is_told_so_on_the_form(guarded) -> None:
    for _ in range(11):
        form = {"name": "hugo", "password": "wrong"}
        response = browser(guarded).post("/login", data=form, headers=OURS)

    assert response.status_code == 429
    assert 0 < int(response.headers["Retry-After"]) <= 60
    assert "tried too often" in response.text
    assert 'value="hugo"' in response.text


@pytest.mark.usefixtures("quick_hashes")
def test_right_passwords_cost_no_guesses(guarded, filled) -> None:
    users.add(filled, "gina", role="viewer", listener=None, password=PASSWORD)

    assert {attempt(browser(guarded), "gina", PASSWORD) for _ in range(12)} == {303}
