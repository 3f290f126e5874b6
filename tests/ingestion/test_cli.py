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
        (("simulate", "--out", "x.csv", "--listeners", "2"), "--listeners with --to-kafka"),
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


def test_a_dry_run_of_a_simulated_history_sends_all_of_it(tmp_path):
    path = tmp_path / "history.csv"
    CliRunner().invoke(app, ["simulate", "--rows", "50", "--out", str(path)])

    result = CliRunner().invoke(app, ["import", str(path), "-l", "anna", "--dry-run"])

    assert result.output.splitlines()[-1].split() == ["history.csv", "csv", "50", "50", "0"]


def test_help_loads_nothing_heavy():
    code = (
        "import sys, ingestion.cli; "
        "print([m for m in ('pandas', 'kafka', 'pymongo', 'numpy') if m in sys.modules])"
    )

    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )

    assert loaded.stdout.strip() == "[]"
