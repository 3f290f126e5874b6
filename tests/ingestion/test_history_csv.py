"""spotify_history.csv, and what spreadsheets make of it."""

import pytest

from listens.errors import UserMistakeError
from listens.rows.rejections import Rejection

HEADER = (
    "spotify_track_uri,ts,platform,ms_played,track_name,artist_name,album_name,"
    "reason_start,reason_end,shuffle,skipped\n"
)
ROW = (
    "2J3n32GeLmMjwuAzyhcSNe,2013-07-08 02:44:34,web player,3185,"
    '"Say It, Just Say It",The Mowgli\'s,Waiting For The Dawn,autoplay,clickrow,FALSE,TRUE\n'
)
JULY_8 = 1_373_251_474_000


def test_every_column_of_the_public_data_set_becomes_a_field(read):
    (listen,) = read(HEADER + ROW)

    assert {name: listen[name] for name in listen if not name.endswith("_id")} == {
        "source": "csv",
        "ended_at": JULY_8,
        "ms_played": 3185,
        "kind": "music",
        "title": "Say It, Just Say It",
        "artist": "The Mowgli's",
        "album": "Waiting For The Dawn",
        "uri": "spotify:track:2J3n32GeLmMjwuAzyhcSNe",
        "platform": "web",
        "platform_raw": "web player",
        "country": None,
        "reason_start": "autoplay",
        "reason_end": "clickrow",
        "shuffle": False,
        "skipped": True,
        "offline": None,
        "incognito": None,
    }


@pytest.mark.parametrize("delimiter", ["\t", ";", "|"])
def test_the_delimiter_is_found(read, delimiter):
    columns = ["ts", "ms_played", "track_name", "artist_name"]
    values = ["2013-07-08 02:44:34", "3185", "A, B", "C"]

    (listen,) = read(f"{delimiter.join(columns)}\n{delimiter.join(values)}\n")

    assert (listen["ended_at"], listen["title"], listen["artist"]) == (JULY_8, "A, B", "C")


def test_a_line_that_names_the_delimiter_for_excel_is_no_header(read):
    (listen,) = read("sep=;\r\nts;ms_played;track_name\r\n2013-07-08 02:44:34;1;A\r\n")

    assert listen["title"] == "A"


def test_headers_match_in_any_case_and_unknown_columns_are_ignored(read):
    content = "My Mood,TS,Ms Played,Track Name,ARTIST_NAME\nok,2013-07-08T02:44:34Z,5,A,B\n"

    (listen,) = read(content)

    assert (listen["ended_at"], listen["ms_played"], listen["artist"]) == (JULY_8, 5, "B")
    assert "ok" not in listen.values()


def test_the_columns_of_the_extended_history_are_known_in_a_table_too(read):
    content = (
        "ts,ms_played,conn_country,ip_addr,master_metadata_track_name,"
        "master_metadata_album_artist_name,episode_name,episode_show_name,offline\n"
        "2013-07-08 02:44:34+00:00,5,de,10.1.2.3,,,Episode 1,The Show,True\n"
    )

    (listen,) = read(content)

    assert listen["kind"] == "podcast"
    assert (listen["title"], listen["artist"]) == ("Episode 1", "The Show")
    assert (listen["country"], listen["offline"]) == ("DE", True)
    assert "10.1.2.3" not in listen.values()


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252", "latin-1"]
)
def test_accents_survive_in_every_encoding(read, encoding):
    content = "ts,ms_played,track_name,artist_name\n2013-07-08 02:44:34,5,Déjà vu,Motörhead\n"

    (listen,) = read(content.encode(encoding))

    assert (listen["title"], listen["artist"]) == ("Déjà vu", "Motörhead")


def test_damaged_bytes_among_utf8_spoil_their_row_only(read):
    good = "2013-07-08 02:44:34,5,Déjà vu,A\n".encode()
    bad = b"2013-07-08 02:44:35,5,D\xe9j\xe0 vu,A\n"

    first, second = read(b"ts,ms_played,track_name,artist_name\n" + good + bad)

    assert first["title"] == "Déjà vu"
    assert second.reason == "undecodable_text"


def test_rows_of_the_wrong_width_are_rejected_and_the_rest_goes_on(read):
    content = "ts,ms_played,track_name\n2013-07-08 02:44:34,5\n2013-07-08 02:44:34,5,A,B,C\n\n"
    content += "2013-07-08 02:44:34,5,A\n"

    short, long, good = read(content)

    assert short == Rejection(1, "not_a_record", "2013-07-08 02:44:34,5")
    assert long == Rejection(2, "not_a_record", "2013-07-08 02:44:34,5,A,B,C")
    assert good["title"] == "A"


def test_a_misfit_of_a_table_with_addresses_is_kept_without_its_cells(read):
    content = "ts,ms_played,track_name,ip_addr\n2013-07-08 02:44:34,5,10.1.2.3\n"
    content += "2013-07-08 02:44:34,5,A,10.1.2.3\n"

    short, good = read(content)

    assert short == Rejection(1, "not_a_record", "3 cells instead of 4")
    assert good["title"] == "A"


def test_a_quote_that_is_never_closed_loses_no_other_record_silently(read):
    content = 'ts,ms_played,track_name\n2013-07-08 02:44:34,5,A\n2013-07-08 02:44:35,5,"B\n'

    first, second = read(content)

    assert (first["title"], second["title"]) == ("A", "B")


@pytest.mark.parametrize(
    ("dates", "expected"),
    [
        (["7/8/2013 2:44", "7/13/2013 2:44"], JULY_8 - 34_000),
        (["8/7/2013 2:44", "13/7/2013 2:44"], JULY_8 - 34_000),
        (["08-07-2013 2.44", "31-12-2013 2.44"], JULY_8 - 34_000),
    ],
)
def test_one_date_proves_the_order_for_all(read, dates, expected):
    rows = "".join(f"{date},5,A\n" for date in dates)

    first, _ = read("ts,ms_played,track_name\n" + rows)

    assert first["ended_at"] == expected


def test_an_ambiguous_order_of_dates_is_refused_unless_it_is_named(read):
    content = "ts,ms_played,track_name\n7/8/2013 8:44,5,A\n"

    with pytest.raises(UserMistakeError, match=r"--date-order dmy or --date-order mdy"):
        read(content)
    (listen,) = read(content, date_order="mdy")
    assert listen["ended_at"] == JULY_8 - 34_000 + 6 * 3_600_000


def test_a_named_order_that_a_date_disproves_is_refused(read):
    with pytest.raises(UserMistakeError, match=r"can't be right.*13/7/2013"):
        read("ts,ms_played,track_name\n13/7/2013 8:44,5,A\n", date_order="mdy")


def test_dates_of_both_orders_are_refused_or_rejected_one_by_one(read):
    content = "ts,ms_played,track_name\n13/7/2013 8:44,5,A\n7/13/2013 8:44,5,A\n"

    with pytest.raises(UserMistakeError, match="both orders"):
        read(content)
    good, bad = read(content, date_order="dmy")
    assert good["title"] == "A"
    assert bad.reason == "bad_time"
