"""Which files are listening histories, and what is said of those that aren't."""

import gzip
import io
import json
import zipfile

import pytest

from ingestion import sources
from ingestion.detect import recognise_all
from ingestion.sources import expand
from listens.errors import UserMistakeError

EXTENDED = [
    {
        "ts": "2024-08-02T11:56:55Z",
        "ms_played": 1,
        "master_metadata_track_name": "Moments",
        "master_metadata_album_artist_name": "MitiS",
    }
]
ACCOUNT = [
    {"endTime": "2023-04-29 20:47", "artistName": "Nirvana", "trackName": "Breed", "msPlayed": 7}
]
PODCASTS = [
    {"endTime": "2023-04-29 20:47", "podcastName": "Show", "episodeName": "One", "msPlayed": 7}
]
CSV = "ts,ms_played,track_name\n2013-07-08 02:44:34,5,A\n"


def recognise(*paths, format_="auto"):
    return recognise_all(expand(paths), format_=format_, date_order=None)


def zipped(members):
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in members.items():
            file.writestr(name, content)
    return archive.getvalue()


@pytest.mark.parametrize(
    ("content", "expected"),
    [(json.dumps(EXTENDED), "extended"), (json.dumps(ACCOUNT), "account"),
     (json.dumps(PODCASTS), "account"), (CSV, "csv")],
)  # fmt: skip
def test_the_format_is_told_by_the_content_whatever_the_name(history_file, content, expected):
    ((history,), left_out) = recognise(history_file(content, "holiday.jpg"))

    assert (history.format, history.row_count, left_out) == (expected, 1, [])


def test_account_data_knows_tracks_and_podcasts(read):
    track, episode = read(json.dumps(ACCOUNT + PODCASTS))

    assert (track["kind"], track["title"], track["artist"]) == ("music", "Breed", "Nirvana")
    assert track["ended_at"] == 1_682_801_220_000
    assert (episode["kind"], episode["title"], episode["artist"]) == ("podcast", "One", "Show")


def test_an_old_endsong_file_lacks_keys_and_has_others(read):
    row = {**EXTENDED[0], "username": "secret", "ip_addr_decrypted": "secret", "region": None}

    (listen,) = read(json.dumps([row]))

    assert listen["title"] == "Moments"
    assert "secret" not in listen.values()


def test_broken_rows_of_a_json_list_are_rejected_one_by_one(read):
    good, number, nothing = read(json.dumps([*EXTENDED, 5, {}]))

    assert good["title"] == "Moments"
    assert (number.row, number.reason) == (2, "not_a_record")
    assert (nothing.row, nothing.reason) == (3, "no_time")


def test_half_a_character_in_json_spoils_its_row_only(read):
    content = json.dumps(EXTENDED * 2).replace("Moments", "\\ud83d", 1)

    bad, good = read(content)

    assert bad.reason == "undecodable_text"
    assert good["title"] == "Moments"


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp1252"])
def test_json_in_another_encoding_is_read(read, encoding):
    row = {**EXTENDED[0], "master_metadata_track_name": "Déjà vu"}

    (listen,) = read(json.dumps([row], ensure_ascii=False).encode(encoding))

    assert listen["title"] == "Déjà vu"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "is empty"),
        (" \n ", "is empty"),
        ("[]", "a list without any row"),
        ("%PDF-1.7 …", "a PDF document"),
        (b"\0\1\2\3" * 10, "binary data"),
        ('{"displayName": "x"}', "the keys displayName"),
        ('[{"a": 1}]', "the keys a"),
        ("[1, 2]", "int values"),
        ('{"a": 1}\n{"a": 2}\n', "JSON that can't be read"),
        ("Dear Anna,\nhow are you?\n", "'Dear Anna,', without a column for ts"),
        ("utc_time,artist,track\n2,3,4\n", "without a column for ts, ms_played"),
        ("ts,ms_played,track_name\n", "no row"),
    ],
)
def test_a_named_file_that_is_no_history_is_refused_with_what_was_found(
    history_file, content, words
):
    with pytest.raises(UserMistakeError) as refusal:
        recognise(history_file(content))

    assert words in str(refusal.value)
    assert refusal.value.exit_code == 2


def test_json_that_is_cut_off_is_refused_with_the_place(history_file):
    content = json.dumps(EXTENDED * 3)[:-20]
    second_end = content.index("}", content.index("}") + 1)

    with pytest.raises(UserMistakeError) as refusal:
        recognise(history_file(content))

    assert f"at byte {second_end + 3}, after 2 complete rows" in str(refusal.value)


def test_a_wrong_forced_format_is_refused(history_file):
    with pytest.raises(UserMistakeError, match="--format csv"):
        recognise(history_file(CSV), format_="extended")


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(UserMistakeError, match="no such file"):
        recognise(tmp_path / "nowhere.json")


def test_an_archive_gives_one_history_a_member_and_names_the_rest(history_file):
    archive = zipped(
        {
            "My Data/Streaming_History_Audio_2024.json": json.dumps(EXTENDED),
            "My Data/deep/er/StreamingHistory_music_0.json": json.dumps(ACCOUNT),
            "My Data/ReadMeFirst.pdf": "%PDF-1.4",
            "My Data/Userdata.json": '{"username": "x"}',
        }
    )

    histories, left_out = recognise(history_file(archive, "data.zip"))

    assert [(history.source.name, history.format) for history in histories] == [
        ("data.zip/My Data/Streaming_History_Audio_2024.json", "extended"),
        ("data.zip/My Data/deep/er/StreamingHistory_music_0.json", "account"),
    ]
    assert "ReadMeFirst.pdf is no listening history but a PDF document" in left_out[0]
    assert "Userdata.json" in left_out[1]
    assert [len(list(history.rows())) for history in histories] == [1, 1]


def test_an_archive_with_a_cut_off_history_is_refused_as_a_whole(history_file):
    archive = zipped({"a.json": json.dumps(EXTENDED), "b.json": json.dumps(EXTENDED * 2)[:-9]})

    with pytest.raises(UserMistakeError, match=r"b\.json is cut off"):
        recognise(history_file(archive, "data.zip"))


def test_an_archive_without_any_history_is_refused(history_file):
    with pytest.raises(UserMistakeError, match=r"(?s)no listening history among.*letter\.txt"):
        recognise(history_file(zipped({"letter.txt": "Dear Anna"}), "data.zip"))


def test_a_gzip_file_is_read_and_a_cut_off_one_refused(history_file):
    packed = gzip.compress(json.dumps(EXTENDED * 500).encode())

    ((history,), _) = recognise(history_file(packed, "a.json.gz"))

    assert history.row_count == 500
    with pytest.raises(UserMistakeError, match="cut off or damaged"):
        recognise(history_file(packed[:-20], "b.json.gz"))


def test_a_damaged_zip_is_refused(history_file):
    archive = zipped({"a.json": json.dumps(EXTENDED * 500)})

    with pytest.raises(UserMistakeError, match="no whole zip archive"):
        recognise(history_file(archive[:-30], "data.zip"))


def test_what_unpacks_to_too_much_is_refused(history_file, monkeypatch):
    monkeypatch.setattr(sources, "MAX_UNPACKED_BYTES", 1000)
    content = json.dumps(EXTENDED * 100)

    for path in (
        history_file(gzip.compress(content.encode()), "a.gz"),
        history_file(zipped({"a.json": content}), "a.zip"),
    ):
        with pytest.raises(UserMistakeError, match="unpacks to more than"):
            recognise(path)


def test_a_folder_gives_every_history_below_it(history_file, tmp_path):
    history_file(CSV, "exports/2013/history.csv")
    history_file(json.dumps(ACCOUNT), "exports/account.json")
    history_file("notes", "exports/notes.txt")
    history_file(CSV, "exports/.hidden/history.csv")

    histories, left_out = recognise(tmp_path / "exports")

    assert [history.source.name for history in histories] == ["2013/history.csv", "account.json"]
    assert len(left_out) == 1
