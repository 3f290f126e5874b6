"""The simulated history is a good one, and the same one for a seed."""

import collections
import csv
from datetime import datetime

import pytest

from ingestion.simulate_command import parsed_years
from ingestion.simulator.csv_file import write_history
from ingestion.simulator.messages import simulate_listens
from listens.codec import decode
from listens.errors import UserMistakeError


def write(path, *, rows=5_000, seed=7):
    write_history(path, rows=rows, seed=seed, first_year=2020, last_year=2021, songs=300)
    return path


def test_a_seed_gives_the_same_bytes_and_another_seed_others(tmp_path):
    first, second = write(tmp_path / "a.csv"), write(tmp_path / "b.csv")

    assert first.read_bytes() == second.read_bytes()
    assert first.read_bytes() != write(tmp_path / "c.csv", seed=8).read_bytes()


def test_every_row_is_a_plausible_playback(tmp_path):
    with write(tmp_path / "a.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))

    assert len(rows) == 5_000
    assert {len(row["spotify_track_uri"]) for row in rows} == {22}
    assert {datetime.fromisoformat(row["ts"]).year for row in rows} == {2020, 2021}
    assert all(
        (row["skipped"] == "TRUE") == (row["reason_end"] in ("fwdbtn", "backbtn")) for row in rows
    )
    assert min(int(row["ms_played"]) for row in rows if row["reason_end"] == "trackdone") > 60_000
    assert any("," in row["artist_name"] for row in rows)
    repeats = len(rows) - len({tuple(row.values()) for row in rows})
    assert 20 <= repeats <= 150


def test_a_few_songs_have_most_of_the_listens(tmp_path):
    with write(tmp_path / "a.csv").open(encoding="utf-8", newline="") as file:
        songs = collections.Counter(row["spotify_track_uri"] for row in csv.DictReader(file))

    top = sum(count for _, count in songs.most_common(30))
    assert top > 5_000 * 0.3


def test_an_import_takes_every_row_of_it(tmp_path, read):
    outcomes = read(write(tmp_path / "a.csv").read_bytes())

    assert len(outcomes) == 5_000
    assert {listen["kind"] for listen in outcomes} == {"music"}
    assert len({listen["event_id"] for listen in outcomes}) == 5_000


def test_messages_are_of_all_listeners_and_the_same_for_a_seed():
    messages = list(simulate_listens(rows=3_000, seed=1, listeners=5, songs=100))

    assert messages == list(simulate_listens(rows=3_000, seed=1, listeners=5, songs=100))
    listens = [decode(message) for _, message in messages]
    assert {listen["listener_id"] for listen in listens} == {f"listener-{n}" for n in range(5)}
    assert all(
        who == listen["listener_id"] for (who, _), listen in zip(messages, listens, strict=True)
    )
    assert len({listen["event_id"] for listen in listens}) == 3_000
    assert len({(listen["listener_id"], listen["country"]) for listen in listens}) == 5


@pytest.mark.parametrize(
    ("text", "expected"), [("2019-2024", (2019, 2024)), ("2024", (2024, 2024))]
)
def test_years_are_a_span(text, expected):
    assert parsed_years(text) == expected


@pytest.mark.parametrize("text", ["2024-2019", "now", "", "1950-1960"])
def test_what_is_no_span_of_years_is_refused(text):
    with pytest.raises(UserMistakeError, match="2019-2024"):
        parsed_years(text)
