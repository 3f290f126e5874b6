"""docs/views.md has the catalogue, row by row."""

from __future__ import annotations

import re

import pytest

from api.analyses.rankings import RANKINGS
from listens.settings import CHECKOUT
from listens.views import EVERYONE, VIEWS

TEXT = (CHECKOUT / "docs" / "views.md").read_text(encoding="utf-8")
TABLE = TEXT.split("<!-- views -->")[1].split("<!-- /views -->")[0]
ROWS = {
    cells[0].strip("`"): cells
    for line in TABLE.strip().splitlines()[2:]
    if (cells := [cell.strip() for cell in line.strip("|").split("|")])
}


def test_every_view_has_a_row() -> None:
    assert [*ROWS] == [*VIEWS]


@pytest.mark.parametrize("name", list(VIEWS))
def test_a_row_says_what_the_catalogue_says(name: str) -> None:
    _, _, finest, slices, counted, query = ROWS[name]
    view = VIEWS[name]
    named = [by.replace("+", " and ") for by in view.slices if by != EVERYONE]

    assert (finest, counted) == (view.finest, view.counted)
    assert slices == ", ".join(named)
    assert re.match(r"`/api/[a-zA-Z-]+", query)
    assert name not in RANKINGS or f"/api/top-{name}" in query


def test_every_view_says_what_it_costs() -> None:
    costs = TEXT.split("## What each costs")[1]

    assert re.findall(r"^\| (\S+) \| \d", costs, re.MULTILINE) == [
        *(f"`{name}`" for name in VIEWS), "all",
    ]  # fmt: skip


def test_every_ranking_is_compared_with_duckdb() -> None:
    counted = (CHECKOUT / "tests" / "pipeline" / "counting.py").read_text(encoding="utf-8")

    assert all(f'"{view}": ' in counted for view in RANKINGS)
