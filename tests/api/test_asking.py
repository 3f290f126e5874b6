"""`playcount ask`: what the API answers, as it's typed."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from typer.testing import CliRunner

from api.asking_cli import app
from api.description.openapi_routes import ROUTES
from listens.errors import ServiceDownError, UserMistakeError
from tests.api.documents import START, Heard, write_commit, write_version

JANUARY = datetime(2026, 1, 13, 9, tzinfo=UTC)


@pytest.fixture
def ask(fresh_database, store, monkeypatch):
    """Runs the command on two listens, one in each layer; its output, or its mistake."""
    write_commit(store, 1, [Heard(JANUARY, "Jóga", genre="rock")])
    write_version(store, 1, 1, [Heard(JANUARY, "Jóga", genre="rock")])
    write_commit(store, 2, [Heard(START, "Jóga"), Heard(START, "Hunter")])
    # With access on, whoever has the settings still sees everything.
    settings = fresh_database.model_copy(update={"access": "on"})
    monkeypatch.setattr("listens.settings.load_settings", lambda: settings)

    def command(*arguments):
        result = CliRunner().invoke(app, arguments)
        if isinstance(result.exception, UserMistakeError | ServiceDownError):
            raise result.exception
        assert result.exit_code == 0, result.output
        return result.stdout

    return command


@pytest.mark.parametrize(
    ("arguments", "path"),
    [
        (["top-songs", "window=2026", "by=ms_played"], "/api/top-songs?window=2026&by=ms_played"),
        (["tops", "entity=songs", "per=country"], "/api/tops?entity=songs&per=country"),
        (["listeners/anna"], "/api/listeners/anna"),
        (["/api/recent", "kind=music", "kind=podcast"], "/api/recent?kind=music&kind=podcast"),
        (["rhythm"], "/api/rhythm"),
    ],
)
def test_it_answers_what_the_api_answers(ask, client, arguments, path):
    assert json.loads(ask(*arguments, "--format", "json")) == client.get(path).json


@pytest.mark.parametrize("form", ["csv", "jsonl"])
def test_items_come_as_the_api_forms_them(ask, client, form):
    assert ask("top-songs", "--format", form) == client.get(f"/api/top-songs?format={form}").text


def test_a_chart_is_a_table(ask):
    head, first, second = ask("top-songs", "by=streams").splitlines()

    assert head.split()[:5] == ["rank", "title", "artist", "streams", "plays"]
    assert first.split()[:4] == ["1", "Jóga", "Björk", "2"]
    assert second.split()[:4] == ["2", "Hunter", "Björk", "1"]


def test_numbers_of_listeners_are_told_for_what_they_are(ask, fresh_database, store, monkeypatch):
    exact = ask("top-songs", "by=listeners").splitlines()
    write_commit(store, 3, [Heard(START, "Jóga", listener=f"listener {n}") for n in range(20)])
    settings = fresh_database.model_copy(update={"api_listener_pairs": 10})
    monkeypatch.setattr("listens.settings.load_settings", lambda: settings)
    estimated = CliRunner().invoke(app, ["top-songs", "by=listeners"])

    assert exact[0].split()[:5] == ["rank", "title", "artist", "listeners", "streams"]
    assert exact[1].split()[:4] == ["1", "Hunter", "Björk", "1"]
    assert estimated.stdout.split()[3:5] == ["listeners", "listeners_error"]
    assert "listeners are estimated" in estimated.stderr


def test_every_question_is_listed(ask):
    listed = {line.split()[0] for line in ask().splitlines() if line.strip()}

    asked = {path.removeprefix("/api/") for path in ROUTES if path.startswith("/api/")}
    assert asked - listed == {"stream", "listens"}


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["top-songs", "window"], "NAME=VALUE"),
        (["top-songs", "window=2026-13"], "no window '2026-13'"),
        (["top-songs", "colour=red"], "no parameter 'colour'"),
        (["top-hits"], "All questions: ./playcount ask"),
        (["stream"], "./playcount tail"),
        (["top-songs", "--format", "xml"], "there are text, json, csv, jsonl"),
        (["rhythm", "--format", "csv"], "no parameter 'format'"),
    ],
)
def test_mistakes_are_told(ask, arguments, told):
    with pytest.raises(UserMistakeError, match=told.replace(".", r"\.")):
        ask(*arguments)
