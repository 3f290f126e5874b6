"""Runs what Node tests of the dashboard, and checks the files that are served."""

from __future__ import annotations

import base64
import hashlib
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from listens.settings import CHECKOUT

DASHBOARD = CHECKOUT / "dashboard"
OWN = [path for path in DASHBOARD.rglob("*.*s") if "vendor" not in path.parts]
OLDEST_NODE = 20


def node() -> str:
    """Node's path, or a skip that says why."""
    found = shutil.which("node")
    if found is None:
        pytest.skip("Node isn't installed: the layout functions of the dashboard go untested")
    version = subprocess.run([found, "--version"], capture_output=True, text=True, check=True)
    if int(version.stdout.lstrip("v").split(".")[0]) < OLDEST_NODE:
        pytest.skip(f"Node {version.stdout.strip()} is older than {OLDEST_NODE}")
    return found


def test_the_layout_functions_pass_their_tests_in_node():
    command = [node(), "--test", str(Path(__file__).with_name("layout.test.js"))]

    result = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)

    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize("folder", [DASHBOARD / "vendor", Path(__file__).with_name("vendor")])
def test_the_vendored_files_are_as_published(folder):
    table = (folder / "README.md").read_text()
    rows = re.findall(r"\| `([^`]+)` \|.*`([^`]+)` \|$", table, re.MULTILINE)
    hashes = {
        name: base64.b64encode(hashlib.sha384((folder / name).read_bytes()).digest()).decode()
        for name, _ in rows
    }

    assert hashes == dict(rows)
    vendored = {path.name for path in folder.iterdir() if path.suffix in (".js", ".json")}
    assert vendored == set(hashes)


def test_nothing_is_inline_and_nothing_is_fetched_from_elsewhere():
    """The Content-Security-Policy forbids both; this says so before a browser does."""
    page = (DASHBOARD / "index.html").read_text()

    assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=", page)
    assert not [path.name for path in OWN if re.search(r"https?://", path.read_text())]


def test_only_one_module_fetches():
    fetching = [path.name for path in OWN if re.search(r"\bfetch\(", path.read_text())]

    assert fetching == ["api.js"]


def test_what_the_first_view_needs_is_fetched_at_once():
    """Imports are found one after the other; the page names all of them in advance."""
    page = (DASHBOARD / "index.html").read_text()
    named = set(re.findall(r'rel="modulepreload" href="([^"]+)"', page))
    needed, found = set(), {DASHBOARD / "main.js", DASHBOARD / "views/overview.js"}
    while found:
        module = found.pop()
        needed.add(module)
        imports = re.findall(r'^import (?:.*? from )?"([^"]+)";', module.read_text(), re.MULTILINE)
        found |= {(module.parent / name).resolve() for name in imports} - needed

    paths = {str(module.relative_to(DASHBOARD)) for module in needed}
    assert named == paths - {"main.js"}
