"""What the documents say is what there is."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from listens.settings import CHECKOUT, SETTINGS_FILE_VARIABLE, Settings
from tests.docs.settings_table import settings_table

README = (CHECKOUT / "README.md").read_text(encoding="utf-8")
PAGES = [
    CHECKOUT / "README.md",
    CHECKOUT / "CHANGELOG.md",
    *sorted((CHECKOUT / "docs").rglob("*.md")),
]


def test_the_settings_table_is_that_of_the_settings() -> None:
    told = README.split("<!-- settings -->")[1].split("<!-- /settings -->")[0].strip()

    assert told == settings_table(), "run: python -m tests.docs.settings_table"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(CHECKOUT)))
def test_links_lead_to_files_of_the_checkout(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    targets = re.findall(r"\]\(([^)#\s]+)[^)]*\)", text)

    missing = [
        target for target in targets if "://" not in target and not (page.parent / target).exists()
    ]

    assert not missing


def test_paths_in_the_diagram_exist() -> None:
    diagram = README.split("```mermaid")[1].split("```")[0]
    paths = re.findall(r"\b[a-z]+/(?:[\w./]*\w/?)?", diagram)

    assert len(paths) >= 7
    assert [path for path in paths if not (CHECKOUT / path).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(CHECKOUT)))
def test_variables_in_the_documents_are_settings(page: Path) -> None:
    known = {f"PLAYCOUNT_{name.upper()}" for name in Settings.model_fields}
    named = set(re.findall(r"PLAYCOUNT_[A-Z_]+[A-Z]", page.read_text(encoding="utf-8")))

    assert named - known - {"PLAYCOUNT_TEST_DATA", SETTINGS_FILE_VARIABLE} == set()


@pytest.mark.parametrize("page", sorted((CHECKOUT / "docs" / "decisions").glob("0*.md")))
def test_a_decision_fits_on_a_page(page: Path) -> None:
    assert len(page.read_text(encoding="utf-8").splitlines()) <= 30
    assert page.name in (page.parent / "README.md").read_text(encoding="utf-8")
