"""Settings come from the environment, checked."""

from __future__ import annotations

import pytest

from listens.errors import UserMistakeError
from listens.settings import Settings, load_settings
from listens.views import OPTIONAL


def test_services_are_local_unless_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLAYCOUNT_KAFKA_PORT", "19092")
    assert load_settings().bootstrap_servers == "127.0.0.1:19092"

    monkeypatch.setenv("PLAYCOUNT_KAFKA_SERVERS", "broker:9092")
    assert load_settings().bootstrap_servers == "broker:9092"


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("PLAYCOUNT_TIME_ZONE", "Mars/Olympus"),
        ("PLAYCOUNT_TIME_ZONE", "../etc/passwd"),
        ("PLAYCOUNT_API_PORT", "0"),
        ("PLAYCOUNT_API_PORT", "http"),
        ("PLAYCOUNT_SPEED_TRIGGER_SECONDS", "-1"),
        ("PLAYCOUNT_LOG_LEVEL", "LOUD"),
        ("PLAYCOUNT_BATCH_SCHEDULE", "at two"),
        ("PLAYCOUNT_BATCH_SCHEDULE", "0 25 * * *"),
        ("PLAYCOUNT_BATCH_SCHEDULE", "0 0 2 * * *"),
        ("PLAYCOUNT_BATCH_SCHEDULE", "0 2 31 2 *"),
        ("PLAYCOUNT_SINKS", "postgres,oracle"),
        ("PLAYCOUNT_OPTIONAL_VIEWS", "tenths,halves"),
        ("PLAYCOUNT_CASSANDRA_KEYSPACE", "a; DROP"),
    ],
)
def test_a_value_that_cant_be_used_is_named(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str
) -> None:
    monkeypatch.setenv(variable, value)

    with pytest.raises(UserMistakeError, match=variable):
        load_settings()


def test_optional_views_are_in_the_order_of_the_catalogue() -> None:
    assert Settings().counted_views == ("tenths",)
    assert Settings(optional_views="").counted_views == ()
    assert Settings(optional_views="artist_tenths, tenths").counted_views == OPTIONAL
