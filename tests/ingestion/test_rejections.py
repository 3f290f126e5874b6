"""Every reason that the code gives is in the documentation, and the log keeps its rows."""

import json
from pathlib import Path

from ingestion.rejection_log import rejection_log
from listens.rows.platforms import PLATFORMS
from listens.rows.rejections import REASONS, Rejection

FORMATS_PAGE = Path(__file__).resolve().parents[2] / "docs" / "formats.md"


def test_the_page_for_users_lists_every_reason_and_platform():
    page = FORMATS_PAGE.read_text(encoding="utf-8")

    assert [reason for reason in REASONS if f"| `{reason}` |" not in page] == []
    assert [platform for platform in PLATFORMS if f"`{platform}`" not in page] == []


def test_the_log_writes_every_row_and_shows_the_first_three(tmp_path):
    path = tmp_path / "rejected" / "i1.jsonl"

    with rejection_log(path) as log:
        for row in range(1, 6):
            log.add(Rejection(row, "no_time", {"ts": None, "platform": "\udce9"}))

    assert log.total == 5
    assert [rejection.row for rejection in log.examples["no_time"]] == [1, 2, 3]
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert [line["row"] for line in lines] == [1, 2, 3, 4, 5]
    assert lines[0]["why"] == "the row doesn't say when the playback ended"


def test_nothing_is_written_without_a_rejection(tmp_path):
    with rejection_log(tmp_path / "i1.jsonl"):
        pass

    assert list(tmp_path.iterdir()) == []
