"""The commands as a user types them."""

import subprocess
import sys

import pytest
from typer.testing import CliRunner

from ingestion.cli import app
from listens.errors import UserMistakeError


def mistake(*arguments):
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    assert isinstance(result.exception, UserMistakeError)
    return str(result.exception)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("simulate",), "either --out FILE or --to-kafka"),
        (("simulate", "--out", "x.csv", "--to-archive"), "--to-archive"),
        (
            ("simulate", "--out", "x", "--format", "spotify-csv", "--listeners", "2"),
            "--format csv for many",
        ),
        (("simulate", "--out", "x.txt"), "say --format"),
        (("simulate", "--to-kafka", "--total", "5"), "use --rows"),
        (("simulate", "--out", "x.csv", "--rate", "5"), "--rate goes with --to-kafka"),
        (("simulate", "--to-kafka", "--rate", "5", "--spike", "10"), "10x/30s"),
        (("simulate", "--to-kafka", "--rate", "0"), "a number above 0"),
        (("simulate", "--out", "x.csv", "--years", "soon"), "2019-2024"),
        (("simulate", "--out", "/nowhere/x.csv", "--rows", "1"), "can't be written"),
        (("replay", "x.csv"), "either --rate N"),
        (("replay", "/nowhere.csv", "--rate", "1"), "no such file"),
        (("import", "/nowhere.csv", "--listener", "anna"), "no such file"),
        (("import", "/nowhere.csv", "--listener", "anna", "--dry-run"), "no such file"),
    ],
)
def test_a_mistake_is_told_with_the_way_out(arguments, words):
    assert words in mistake(*arguments)


@pytest.mark.parametrize("command", ["import", "imports", "simulate", "replay", "tail"])
def test_every_command_explains_itself(command):
    result = CliRunner().invoke(app, [command, "--help"])

    assert result.exit_code == 0
    assert "Usage" in result.output


def test_a_file_that_does_not_say_who_listened_needs_a_listener(tmp_path):
    path = tmp_path / "history.csv"
    CliRunner().invoke(
        app, ["simulate", "--rows", "50", "--out", str(path), "--format", "spotify-csv"]
    )

    assert "history.csv doesn't say who listened" in mistake("import", path)


def test_a_dry_run_of_a_simulated_history_sends_all_of_it(tmp_path):
    path = tmp_path / "history.csv"
    CliRunner().invoke(app, ["simulate", "--rows", "50", "--out", str(path)])

    result = CliRunner().invoke(app, ["import", str(path), "-l", "anna", "--dry-run"])

    assert result.output.splitlines()[-1].split() == ["history.csv", "csv", "50", "50", "0"]


def test_help_loads_nothing_heavy():
    code = (
        "import sys, ingestion.cli; "
        "heavy = ('pandas', 'kafka', 'pymongo', 'numpy', 'faker', 'babel'); "
        "print([m for m in heavy if m in sys.modules])"
    )

    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )

    assert loaded.stdout.strip() == "[]"
