"""Times as exports and spreadsheets write them."""

import pytest

from listens.rows.times import NotATimeError, parse_ms

JULY_8 = 1_373_251_474_000  # 2013-07-08T02:44:34Z


@pytest.mark.parametrize(
    ("text", "order", "expected"),
    [
        ("2013-07-08 02:44:34", None, JULY_8),
        ("2013-07-08T02:44:34Z", None, JULY_8),
        ("2013-07-08 02:44:34+00:00", None, JULY_8),
        ("2013-07-08T04:44:34+02:00", None, JULY_8),
        ("2013-07-08T02:44:34.250Z", None, JULY_8 + 250),
        ("2013-07-08 02:44", None, JULY_8 - 34_000),
        ("2013/07/08 2:44:34", None, JULY_8),
        ("7/8/2013 2:44", "mdy", JULY_8 - 34_000),
        ("08-07-2013 2.44", "dmy", JULY_8 - 34_000),
        ("08.07.2013 2:44:34", "dmy", JULY_8),
        ("7/8/2013 2:44:34 AM", "mdy", JULY_8),
        ("7/8/2013 2:44 PM", "mdy", JULY_8 - 34_000 + 12 * 3_600_000),
        ("7/8/2013 12:44 am", "mdy", JULY_8 - 34_000 - 2 * 3_600_000),
    ],
)
def test_a_time_is_read_as_utc(text, order, expected):
    assert parse_ms(text, order) == expected


@pytest.mark.parametrize(
    "text",
    ["", "yesterday", "2013-07-08", "2013-13-08 02:44", "7/8/2013 2:44", "2013-07-08 25:00:00",
     "1373251474", "2013-07-08 02:44:34 and more"],
)  # fmt: skip
def test_what_is_no_time_is_refused(text):
    with pytest.raises(NotATimeError):
        parse_ms(text)


@pytest.mark.parametrize("text", ["31/12/2013 2:44", "7/8/2013 13:00 PM", "0/0/2013 1:00"])
def test_a_date_that_the_order_makes_impossible_is_refused(text):
    with pytest.raises(NotATimeError):
        parse_ms(text, "mdy")
