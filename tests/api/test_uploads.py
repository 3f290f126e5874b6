"""Files in over HTTP: what is taken, what is refused, and what is left behind."""

from __future__ import annotations

import io
import shutil
import socket
import subprocess
import time
import tracemalloc
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from flask import Flask
from werkzeug.test import create_environ

from api.application import create_app
from api.uploading.folders import Order, UploadFolder, new_folder, safe_name
from api.uploading.receiving import receive
from listens.codec import decode
from listens.settings import Settings
from tests.api.serving import SERVE, served
from tests.ingestion.topic import messages_of

CSV = (
    "ts,ms_played,track_name,artist_name\n"
    "2013-07-08 02:44:34,40000,Jóga,Björk\n"
    "2013-07-08 02:48:00,-5,Jóga,Björk\n"
    "2013-07-08 02:50:00,100,Hunter,Björk\n"
)
PATIENCE_SECONDS = 120
MEBIBYTE = 1 << 20


@pytest.fixture
def limited(fresh_topic: Settings) -> Settings:
    """Settings by which an upload may have one MiB; the home is this test's own."""
    home = fresh_topic.home / fresh_topic.topic
    return fresh_topic.model_copy(update={"upload_max_mb": 1, "home": home})


@pytest.fixture
def address(limited: Settings) -> Iterator[str]:
    """A server on a topic and a database of its own."""
    with served(limited) as found:
        yield found


def send(address: str, *files: tuple[str, bytes | str], **parameters: str) -> requests.Response:
    return requests.post(
        f"{address}/api/imports",
        params=parameters,
        files=[("file", file) for file in files],
        timeout=60,
    )


def until(holds: Callable[[], Any]) -> Any:
    """What holds at last."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        if found := holds():
            return found
        time.sleep(0.2)
    raise AssertionError("it doesn't come")


def ended(address: str, url: str) -> dict[str, Any]:
    """The upload, once it's imported or failed."""

    def look() -> dict[str, Any] | None:
        upload = requests.get(address + url, timeout=60).json()
        return upload if upload["state"] in ("imported", "failed") else None

    return until(look)


def left(settings: Settings) -> list[str]:
    """What is on disk of uploads."""
    return [path.name for path in settings.uploads.glob("*")]


def test_files_are_sent_as_the_command_sends_them(address, limited):
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as opened:
        opened.writestr("My Data/history.csv", CSV.replace("2013", "2014"))
        opened.writestr("My Data/Read me first.pdf", "%PDF-1.4")

    taken = send(address, ("../../einé.csv", CSV), ("b.zip", archive.getvalue()), listener="anna")
    upload = until(
        lambda: (
            (found := requests.get(address + taken.json()["url"], timeout=60).json())
            and [each["state"] for each in found["imports"]] == ["sent", "sent"]
            and found
        )
    )

    assert taken.status_code == 202
    assert taken.headers["Location"] == taken.json()["url"]
    assert taken.json()["files"] == ["einé.csv", "b.zip"]
    # Nothing counts here, so that the import waits for it.
    assert upload["state"] == "importing"
    told = ("file", "rows", "read", "sent", "rejected", "listener_id")
    assert [[each[name] for name in told] for each in upload["imports"]] == [
        ["einé.csv", 3, 3, 2, 1, "anna"],
        ["history.csv", 3, 3, 2, 1, "anna"],
    ]
    assert [(each["row"], each["reason"]) for each in upload["rejections"]] == [
        (2, "negative_ms_played"),
        (2, "negative_ms_played"),
    ]
    titles = sorted(decode(message.value)["title"] for message in messages_of(limited))
    assert titles == ["Hunter", "Hunter", "Jóga", "Jóga"]
    ledger = requests.get(f"{address}/api/imports", timeout=60).json()["items"]
    assert {each["upload_id"] for each in ledger} == {taken.json()["upload_id"]}


@pytest.mark.parametrize(
    ("name", "content", "listener", "told"),
    [
        ("a.csv", "colour,size\nred,5\n", "anna", "a.csv is no listening history"),
        ("a.zip", "PK\3\4" + "x" * 100, "anna", "a.zip is no whole zip archive"),
        ("a.pdf", "%PDF-1.4", "anna", "a.pdf is no listening history but a PDF document"),
        ("a.csv", CSV, "", "a.csv doesn't say who listened"),
        ("a.csv", "", "anna", "a.csv is empty"),
    ],
)
def test_what_is_no_history_fails_in_words(address, limited, name, content, listener, told):
    named = {"listener": listener} if listener else {}

    upload = ended(address, send(address, (name, content), **named).json()["url"])

    assert (upload["state"], upload["imports"]) == ("failed", [])
    assert upload["error"].startswith(told)
    assert left(limited) == []
    assert messages_of(limited) == []


def test_one_broken_file_keeps_the_others_from_being_sent(address, limited):
    taken = send(address, ("a.csv", CSV), ("b.csv", "colour\nred\n"), listener="anna")

    upload = ended(address, taken.json()["url"])

    assert upload["state"] == "failed"
    assert upload["error"].startswith("b.csv is no listening history")
    assert messages_of(limited) == []


@pytest.mark.parametrize("is_told", [True, False])
def test_too_much_is_refused_whether_its_length_is_told_or_not(address, limited, is_told):
    large = ("a.csv", b"x" * 2 * MEBIBYTE)
    prepared = requests.Request(
        "POST", f"{address}/api/imports?listener=anna", files=[("file", large)]
    ).prepare()
    body: Any = prepared.body
    if not is_told:
        body = iter([body[start : start + 65_536] for start in range(0, len(body), 65_536)])

    response = requests.post(
        prepared.url, data=body, headers={"Content-Type": prepared.headers["Content-Type"]},
        timeout=60,
    )  # fmt: skip

    assert (response.status_code, response.headers["Content-Type"]) == (
        413,
        "application/problem+json",
    )
    assert "1 MiB (PLAYCOUNT_UPLOAD_MAX_MB)" in response.json()["detail"]
    assert left(limited) == []


def test_a_file_larger_than_a_request_of_listens_is_taken(address, fresh_topic):
    rows = "".join(f"2013-07-08 02:44:{n % 60:02d},{n},Jóga,Björk\n" for n in range(15_000))
    assert len(rows) > MEBIBYTE / 2

    upload_url = send(
        address, ("a.csv", "ts,ms_played,track_name,artist_name\n" + rows), listener="anna"
    ).json()["url"]

    def sent() -> bool:
        imports = requests.get(address + upload_url, timeout=60).json()["imports"]
        return [each.get("sent") for each in imports] == [15_000]

    until(sent)


def test_other_requests_are_refused_in_words(address, limited):
    parameters = {"listener": "anna"}
    url = f"{address}/api/imports"

    no_form = requests.post(url, params=parameters, json=[{}], timeout=60)
    no_file = requests.post(url, params=parameters, files={"file": (None, "text")}, timeout=60)
    nothing = requests.post(url, params=parameters, files={"file": ("", b"")}, timeout=60)
    many = send(address, *[(f"{n}.csv", CSV) for n in range(201)], listener="anna")
    order = send(address, ("a.csv", CSV), date_order="ymd")
    nobody = send(address, ("a.csv", CSV), listener="a\nb")
    unknown = requests.get(f"{address}/api/uploads/nothing", timeout=60)

    answers = (no_form, no_file, nothing, many, order, nobody, unknown)
    assert [each.status_code for each in answers] == [415, 400, 400, 413, 422, 422, 404]
    assert {each.headers["Content-Type"] for each in answers} == {"application/problem+json"}
    assert "200 files" in many.json()["detail"]
    assert left(limited) == []


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_a_page_of_another_site_starts_nothing(limited, store, headers):
    client = create_app(limited, store).test_client()

    response = client.post(
        "/api/imports?listener=anna",
        data={"file": (io.BytesIO(CSV.encode()), "a.csv")},
        headers=headers,
    )

    assert response.status_code == 403
    assert left(limited) == []
    assert store.uploads.count_documents({}) == 0


def test_without_kafka_nothing_is_taken(limited, store):
    nowhere = limited.model_copy(update={"kafka_servers": "127.0.0.1:1"})
    client = create_app(nowhere, store).test_client()

    response = client.post(
        "/api/imports?listener=anna", data={"file": (io.BytesIO(CSV.encode()), "a.csv")}
    )

    assert (response.status_code, response.headers["Retry-After"]) == (503, "5")
    assert "Kafka doesn't answer" in response.json["detail"]
    assert left(limited) == []
    assert store.uploads.count_documents({}) == 0


def test_without_mongodb_nothing_is_taken(limited, store):
    nowhere = limited.model_copy(update={"mongo_uri": "mongodb://127.0.0.1:1/?replicaSet=rs0"})
    client = create_app(nowhere).test_client()

    response = client.post(
        "/api/imports?listener=anna", data={"file": (io.BytesIO(CSV.encode()), "a.csv")}
    )

    assert (response.status_code, response.headers["Retry-After"]) == (503, "5")
    assert left(limited) == []


def test_an_upload_that_breaks_off_leaves_nothing_and_frees_the_way(address, limited):
    with half_sent(limited) as connection:
        until(lambda: left(limited))
        second = send(address, ("a.csv", CSV), listener="anna")
        connection.close()
    until(lambda: not left(limited))
    third = send(address, ("a.csv", CSV), listener="anna")

    assert (second.status_code, second.headers["Retry-After"]) == (503, "30")
    assert third.status_code == 202


def test_a_client_that_falls_silent_is_given_up(limited):
    waiting = "from api.uploading import receiving; receiving.SILENT_SECONDS = 2; "
    with served(limited, ("-c", waiting + SERVE[1])) as address, half_sent(limited) as connection:
        until(lambda: left(limited))
        second = send(address, ("a.csv", CSV), listener="anna")
        connection.settimeout(PATIENCE_SECONDS)
        told = connection.recv(4096)
        until(lambda: not left(limited))
        third = send(address, ("a.csv", CSV), listener="anna")

    assert (second.status_code, third.status_code) == (503, 202)
    assert told.startswith(b"HTTP/1.1 400")


@pytest.fixture
def little_disk(limited: Settings) -> Iterator[None]:
    """The files of uploads are on a disk of 256 KiB."""
    limited.uploads.mkdir(parents=True)
    mount = ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(limited.uploads)]
    if shutil.which("mount") is None or subprocess.run(mount, check=False).returncode:
        pytest.skip("a small disk is a tmpfs, and only root may mount one")
    yield
    subprocess.run(["umount", "--lazy", str(limited.uploads)], check=True)


@pytest.mark.usefixtures("little_disk")
def test_a_full_disk_is_told_and_left_as_it_was(address, limited):
    large = send(address, ("a.csv", b"x" * (MEBIBYTE - 4096)), listener="anna")
    small = send(address, ("a.csv", CSV), listener="anna")

    assert (large.status_code, large.headers["Content-Type"]) == (507, "application/problem+json")
    assert "has no room" in large.json()["detail"]
    assert small.status_code == 202
    until(lambda: messages_of(limited))


def half_sent(settings: Settings) -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", settings.api_port))
    connection.sendall(
        b"POST /api/imports?listener=anna HTTP/1.1\r\nHost: 127.0.0.1\r\n"
        b"Content-Type: multipart/form-data; boundary=x\r\nContent-Length: 900000\r\n\r\n"
        b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\n'
        b"ts,ms_played,track_name,artist_name\n"
    )
    return connection


def test_a_new_server_imports_what_an_old_one_has_taken_and_forgets_halves(limited, store):
    whole, half = new_folder(limited.uploads), new_folder(limited.uploads)
    for folder in (whole, half):
        folder.new_file(1, "a.csv").write_text("colour\nred\n", encoding="utf-8")
    whole.seal(Order("anna"))
    store.uploads.insert_one({"_id": whole.upload_id, "state": "waiting", "files": ["a.csv"],
                              "bytes": 11})  # fmt: skip

    with served(limited) as address:
        upload = ended(address, f"/api/uploads/{whole.upload_id}")

    assert upload["error"].startswith("a.csv is no listening history")
    assert left(limited) == []


def test_a_folder_has_one_process_at_a_time(tmp_path):
    folder = new_folder(tmp_path)
    same = UploadFolder(folder.path)

    with folder.locked() as first, same.locked() as second:
        assert (first is None, second is None) == (False, True)
    with same.locked() as third:
        assert third is not None


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("a.csv", "a.csv"),
        ("/etc/passwd", "passwd"),
        ("..\\..\\a.csv", "a.csv"),
        ("..", "file"),
        ("", "file"),
        ("a/", "file"),
        ("\0a\n\u202e.csv", "a.csv"),
        (".hidden", "hidden"),
        ("戦場.json", "戦場.json"),
        ("x" * 300 + ".csv", "x" * 196 + ".csv"),
        ("-rf", "-rf"),
    ],
)
def test_a_file_is_called_as_it_was_but_for_what_could_harm(tmp_path: Path, name, expected):
    assert safe_name(name) == expected


class Endless(io.RawIOBase):
    """A form with one file, made as it's read."""

    def __init__(self, size: int) -> None:
        head = b'--boundary\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n'
        self._parts = [head, size, b"\r\n--boundary--\r\n"]
        self.length = len(head) + size + len(self._parts[-1])

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if not self._parts:
            return 0
        part = self._parts[0]
        piece = bytes(min(len(buffer), part)) if isinstance(part, int) else part[: len(buffer)]
        buffer[: len(piece)] = piece
        rest = part - len(piece) if isinstance(part, int) else part[len(piece) :]
        self._parts[:1] = [rest] if rest else []
        return len(piece)


def test_a_file_of_any_size_takes_little_memory(tmp_path):
    body = Endless(64 * MEBIBYTE)
    environ = create_environ(method="POST") | {
        "CONTENT_TYPE": "multipart/form-data; boundary=boundary",
        "CONTENT_LENGTH": str(body.length),
        "wsgi.input": io.BufferedReader(body),
    }
    folder = new_folder(tmp_path)
    tracemalloc.start()
    with Flask("api").request_context(environ):
        (path,) = receive(folder, most_mb=65)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert path.stat().st_size == 64 * MEBIBYTE
    assert peak < MEBIBYTE
