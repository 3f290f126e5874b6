"""The simulated history is a good one, the same one for a seed, and shaped by who listens."""

import collections
import csv
import itertools
import json
import statistics
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from ingestion.simulate_command import parsed_years
from ingestion.simulator.blocks import BLOCK_ROWS, simulated
from ingestion.simulator.files import write_blocks, write_history
from ingestion.simulator.live import live_rows
from ingestion.simulator.messages import simulate_listens
from ingestion.simulator.places import places
from ingestion.simulator.sessions import beginnings
from ingestion.simulator.world import make_world
from listens.codec import decode, encode, field_names
from listens.errors import UserMistakeError
from listens.personalities import PERSONALITIES


def write(path, *, rows=5_000, seed=7):
    write_history(path, rows=rows, seed=seed, first_year=2020, last_year=2021, songs=300)
    return path


def world_of(*, seed=3, listeners=200, songs=8_000, first_year=2023, last_year=2024):
    return make_world(
        seed=seed, listeners=listeners, songs=songs, first_year=first_year, last_year=last_year
    )


def listens_of(*, rows, **arguments):
    return [decode(message) for _, message in simulate_listens(rows=rows, **arguments)]


@pytest.fixture(scope="module")
def listens():
    """Some three hundred listens of each of two hundred people."""
    return listens_of(
        rows=60_000, seed=3, listeners=200, songs=8_000, first_year=2023, last_year=2024
    )


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


def test_a_few_songs_have_most_of_the_listens(listens):
    songs = collections.Counter(listen["uri"] for listen in listens)

    top = sum(count for _, count in songs.most_common(80))
    assert top > 60_000 * 0.15
    assert len(songs) > 4_000


def test_an_import_takes_every_row_of_it(tmp_path, read):
    outcomes = read(write(tmp_path / "a.csv").read_bytes())

    assert len(outcomes) == 5_000
    assert {listen["kind"] for listen in outcomes} == {"music"}
    assert len({listen["event_id"] for listen in outcomes}) == 5_000


def test_messages_are_of_all_listeners_and_the_same_for_a_seed():
    messages = list(simulate_listens(rows=3_000, seed=1, listeners=5, songs=100))

    assert messages == list(simulate_listens(rows=3_000, seed=1, listeners=5, songs=100))
    listens = [decode(message) for _, message in messages]
    assert len({listen["listener_id"] for listen in listens}) == 5
    assert all(
        who == listen["listener_id"] for (who, _), listen in zip(messages, listens, strict=True)
    )
    assert len({listen["event_id"] for listen in listens}) == 3_000
    assert len({(listen["listener_id"], listen["city"]) for listen in listens}) == 5


def test_a_message_made_of_parts_is_what_the_encoder_makes():
    for _, message in simulate_listens(rows=300, seed=2, listeners=20, songs=100):
        assert encode(decode(message)) == message


def test_every_field_that_a_player_could_know_is_filled(listens):
    filled = {name for listen in listens for name, value in listen.items() if value is not None}

    assert set(field_names()) - filled == {"import_id"}
    assert {listen["rating"] for listen in listens} == {None, 1, 2, 3, 4, 5}
    interactions = collections.Counter(listen["interaction"] for listen in listens)
    assert interactions.keys() == {"play", "skip", "repeat", "pause", "add_to_playlist", "like"}
    assert all((each["interaction"] == "skip") == each["skipped"] for each in listens)
    assert all(0 <= each["popularity"] <= 100 for each in listens)
    assert all(0 <= each["danceability"] <= 1 and 0 <= each["energy"] <= 1 for each in listens)
    assert all(each["year"] <= each["ended_at"].year for each in listens)
    assert all(each["completed"] == (each["ms_played"] == each["duration_ms"]) for each in listens)


def test_blocks_join_without_a_gap_and_memory_is_that_of_one():
    rows = 2 * BLOCK_ROWS + 17

    blocks = list(simulated(world_of(), rows=rows))

    assert sum(len(block) for block in blocks) == rows
    assert max(len(block) for block in blocks) < 1.01 * BLOCK_ROWS
    ended_at = np.concatenate([block.ended_at_ms for block in blocks])
    assert (np.diff(ended_at) >= 0).all()


def test_a_short_span_holds_those_who_are_awake():
    """A billion rows a year are blocks of two hours, in which part of the world sleeps."""
    world = world_of(listeners=5_000, first_year=2024)
    begin = world.begin_ms + (180 * 24 + 20) * 3_600_000

    who, when = beginnings(
        world, world.generator(1), count=20_000, begin_ms=begin, end_ms=begin + 3_600_000
    )

    assert len(who) == len(when) == 20_000
    assert begin <= when.min()
    assert when.max() < begin + 3_600_000
    # At eight in the evening in London it is deep night in Asia.
    awake = np.array([places()[place].country for place in world.listeners.place[who]])
    everybody = np.array([places()[place].country for place in world.listeners.place])
    asia, europe = ["JP", "IN", "PH", "KR", "TW", "VN"], ["GB", "DE", "FR", "ES", "IT", "PL"]
    assert np.isin(awake, asia).mean() < 0.7 * np.isin(everybody, asia).mean()
    assert np.isin(awake, europe).mean() > 1.1 * np.isin(everybody, europe).mean()


def test_everybody_sleeps_by_their_own_clock(listens):
    """Also where clocks differ by half an hour: Mumbai, Kathmandu, Adelaide."""
    zones = {listen["timezone"] for listen in listens}
    hours = collections.Counter(
        listen["ended_at"].astimezone(ZoneInfo(listen["timezone"])).hour for listen in listens
    )

    assert len(zones) > 30
    assert "Asia/Kolkata" in zones
    night = sum(hours[hour] for hour in (2, 3, 4)) / 3
    evening = sum(hours[hour] for hour in (17, 18, 19)) / 3
    assert evening > 2.5 * night


def test_offsets_are_those_of_the_zone_database():
    world = world_of(listeners=300)
    rng = np.random.default_rng(1)
    who = rng.integers(0, 300, 2_000)
    when = rng.integers(world.begin_ms, world.end_ms, 2_000)

    local = world.local_ms(who, when)

    for listener, utc, shown in zip(who.tolist(), when.tolist(), local.tolist(), strict=True):
        zone = ZoneInfo(places()[world.listeners.place[listener]].timezone)
        moment = datetime.fromtimestamp(utc / 1000, UTC).astimezone(zone)
        assert shown - utc == moment.utcoffset().total_seconds() * 1000


def test_the_table_of_cities_is_sound():
    zones = {place.timezone for place in places()}

    assert 55 <= len(places()) <= 80
    assert {"Asia/Kolkata", "Asia/Kathmandu", "Australia/Adelaide"} <= zones
    for place in places():
        assert len(place.country) == 2
        ZoneInfo(place.timezone)
        # Solar time and clock agree to some hours: a swapped sign would be seen.
        offset = datetime(2024, 1, 1, tzinfo=ZoneInfo(place.timezone)).utcoffset()
        assert abs(offset.total_seconds() / 3600 - place.longitude / 15) < 3


def of_each_listener(listens, letter):
    """Those whose personality has the letter: their listens, in order of time."""
    by_listener = collections.defaultdict(list)
    for listen in listens:
        if letter in listen["personality"]:
            by_listener[listen["listener_id"]].append(listen)
    return [theirs for theirs in by_listener.values() if len(theirs) >= 100]


def mean_of(listens, letter, measure):
    return statistics.mean(measure(theirs[:200]) for theirs in of_each_listener(listens, letter))


def repeated(theirs):
    return 1 - len({listen["song_id"] for listen in theirs}) / len(theirs)


def of_five_artists(theirs):
    artists = collections.Counter(listen["artist_id"] for listen in theirs)
    return sum(count for _, count in artists.most_common(5)) / len(theirs)


def age_of_songs(theirs):
    return statistics.mean(listen["ended_at"].year - listen["year"] for listen in theirs)


def popularity(theirs):
    return statistics.mean(listen["popularity"] for listen in theirs)


@pytest.mark.parametrize(
    ("more", "less", "measure", "times"),
    [
        ("F", "E", repeated, 1.4),
        ("L", "V", of_five_artists, 1.6),
        ("T", "N", age_of_songs, 3),
        ("C", "U", popularity, 1.7),
    ],
)
def test_a_personality_shapes_what_is_played(listens, more, less, measure, times):
    assert mean_of(listens, more, measure) > times * mean_of(listens, less, measure)


def test_all_sixteen_personalities_listen(listens):
    assert {listen["personality"] for listen in listens} == set(PERSONALITIES)


def test_moods_go_with_the_song_and_the_part_of_the_day(listens):
    by_mood = collections.defaultdict(list)
    for listen in listens:
        by_mood[listen["mood"]].append(listen)

    def mean(mood, name):
        return statistics.mean(listen[name] for listen in by_mood[mood])

    assert by_mood.keys() == {"happy", "energetic", "calm", "sad", "focused", "romantic"}
    assert mean("energetic", "energy") > mean("calm", "energy") + 0.15
    assert mean("happy", "danceability") > mean("sad", "danceability") + 0.15
    hours = {
        mood: [each["ended_at"].astimezone(ZoneInfo(each["timezone"])).hour for each in theirs]
        for mood, theirs in by_mood.items()
    }

    def by_day(mood):
        return statistics.mean(9 <= hour < 18 for hour in hours[mood])

    assert by_day("focused") > by_day("romantic") + 0.2


def test_liked_songs_are_rated_higher_than_skipped_ones(listens):
    def mean(skipped):
        return statistics.mean(
            listen["rating"]
            for listen in listens
            if listen["rating"] and listen["skipped"] is skipped
        )

    assert mean(False) > mean(True) + 1


def test_pauses_make_a_playback_longer_than_what_was_heard(listens):
    theirs = max(of_each_listener(listens, "F"), key=len)
    gaps = collections.defaultdict(list)
    for before, after in itertools.pairwise(theirs):
        if after["reason_start"] == before["reason_end"]:  # the same session
            gap = (after["ended_at"] - before["ended_at"]).total_seconds() - after[
                "ms_played"
            ] / 1000
            gaps[after["interaction"]].append(gap)

    assert max(gaps["play"]) < 3
    assert statistics.mean(gaps["pause"]) > 20


@pytest.mark.parametrize("format_", ["csv", "jsonl", "avro"])
def test_a_file_is_the_same_for_a_seed(tmp_path, format_):
    written = []
    for name in "ab":
        world = world_of(listeners=10, songs=100)
        write_blocks(tmp_path / name, format_, world, simulated(world, rows=500))
        written.append((tmp_path / name).read_bytes())

    # An Avro file has a random marker between its blocks.
    assert format_ == "avro" or written[0] == written[1]
    assert len(written[0]) == len(written[1])


def test_a_file_that_is_not_finished_leaves_nothing(tmp_path):
    world = world_of(listeners=10, songs=100)

    def broken():
        yield from simulated(world, rows=500)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_blocks(tmp_path / "a.jsonl", "jsonl", world, broken())

    assert list(tmp_path.iterdir()) == []


def test_json_lines_have_the_columns_of_the_table(tmp_path):
    world = world_of(listeners=10, songs=100)
    for format_ in ("csv", "jsonl"):
        write_blocks(tmp_path / format_, format_, world, simulated(world, rows=300))

    with (tmp_path / "csv").open(encoding="utf-8", newline="") as file:
        table = list(csv.DictReader(file))
    lines = [json.loads(line) for line in (tmp_path / "jsonl").open(encoding="utf-8")]
    assert {name for line in lines for name in line} == set(table[0])
    assert [line["track_name"] for line in lines] == [row["track_name"] for row in table]
    assert [line["listener"] for line in lines] == [row["listener"] for row in table]


def test_live_listeners_take_turns():
    world = world_of(listeners=50)
    rows = live_rows(world, rate=2, now_ms=lambda: 1_717_200_000_000)

    first = [next(rows)[1] for _ in range(900)]  # more than one block

    listeners = [row[0] for row in first[:100]]
    assert len(set(listeners)) > 5
    assert sum(a != b for a, b in itertools.pairwise(listeners)) > 50
    assert first[0:300] != first[600:900]


@pytest.mark.parametrize(
    ("text", "expected"), [("2019-2024", (2019, 2024)), ("2024", (2024, 2024))]
)
def test_years_are_a_span(text, expected):
    assert parsed_years(text) == expected


@pytest.mark.parametrize("text", ["2024-2019", "now", "", "1950-1960"])
def test_what_is_no_span_of_years_is_refused(text):
    with pytest.raises(UserMistakeError, match="2019-2024"):
        parsed_years(text)
