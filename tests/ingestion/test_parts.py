"""The parts of a bulk load: numbered through all files, and written where Spark sees them."""

from __future__ import annotations

from pathlib import Path

import pyarrow.parquet as pq
import pytest

from ingestion import part_files
from ingestion.part_files import PartSink
from ingestion.part_folders import part_folder
from listens.errors import UserMistakeError
from listens.settings import Settings


def test_rows_are_numbered_through_all_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(part_files, "ROWS_A_PART", 2)
    folder = tmp_path / "a load" / "7"
    sink = PartSink(part_folder(folder.as_uri(), Settings()))
    part_folder(folder.as_uri(), Settings()).make()

    for message in (b"1", b"2", b"3"):
        sink.send("zoë", message)
    sink.flush()
    of_first_file = sink.acknowledged
    sink.start_account()
    sink.send("zoë", b"4")
    sink.flush()

    parts = [pq.read_table(path).to_pylist() for path in sorted(folder.iterdir())]
    key = "zoë".encode()
    assert parts == [
        [{"offset": 0, "key": key, "value": b"1"}, {"offset": 1, "key": key, "value": b"2"}],
        [{"offset": 2, "key": key, "value": b"3"}],
        [{"offset": 3, "key": key, "value": b"4"}],
    ]
    assert (of_first_file, sink.acknowledged, sink.written) == (3, 1, 4)


def test_a_folder_that_is_made_again_is_empty(tmp_path: Path) -> None:
    folder = part_folder((tmp_path / "7").as_uri(), Settings())
    folder.make()
    folder.write("old.parquet", b"of a load that is no more")

    folder.make()

    assert [*(tmp_path / "7").iterdir()] == []
    folder.remove()
    assert not (tmp_path / "7").exists()


def test_other_stores_are_told_apart() -> None:
    settings = Settings(staging_uri="s3://bucket/staging")

    with pytest.raises(UserMistakeError, match="PLAYCOUNT_STAGING_URI=s3://bucket/staging"):
        part_folder(settings.staging, settings)
