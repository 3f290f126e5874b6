"""Whose listens are asked for: the catalogue says by what each view can be narrowed."""

from __future__ import annotations

from api.merging.reading import Slice
from api.web.problems import BadParameterError
from listens.views import EVERYONE, SEPARATOR, SLICES, VIEWS

BY_TWO = tuple(tuple(name.split("+")) for name in SLICES if "+" in name)
"""Slices by two, as the names of both."""

SELECTED = ("listener", "country", "platform", "daypart", "personality", "genre", "mood")
"""Slices that a selection may name, each by a parameter of its name."""

TOGETHER = " or ".join(f"{first} and {second}" for first, second in BY_TWO)


def slice_of(given: dict[str, str]) -> Slice:
    """The slice of some parameters and their values.

    Raises:
        BadParameterError: these can't be combined.
    """
    if not given:
        return Slice()
    names = tuple(given)
    if len(names) == 1:
        return Slice(names[0], given[names[0]])
    for both in BY_TWO:
        if set(both) == set(names):
            return Slice("+".join(both), SEPARATOR.join(given[name] for name in both))
    raise BadParameterError(
        names[1],
        f"{' and '.join(names)} can't be combined; {TOGETHER} can, otherwise give one of "
        f"{', '.join(SELECTED)}",
    )


def checked(view: str, slice_: Slice) -> Slice:
    """The slice, if the view is counted by it.

    Raises:
        BadParameterError: it isn't.
    """
    known = VIEWS[view].slices
    if slice_.by in known:
        return slice_
    parameter = slice_.by.partition("+")[0]
    able = [name.replace("+", " and ") for name in known if name != EVERYONE]
    raise BadParameterError(
        parameter,
        f"{view} aren't counted by {slice_.by.replace('+', ' and ')}; they are by "
        f"{', '.join(able) or 'nothing'}",
        able,
    )


def checked_by_hour(slice_: Slice) -> None:
    """Check that the totals by the hour are counted by a slice, but for a part of the day.

    Raises:
        BadParameterError: they aren't.
    """
    checked("totals", without_daypart(slice_)[0])


def without_daypart(slice_: Slice) -> tuple[Slice, str | None]:
    """A slice by a part of the day and something else as the latter, and the part.

    Hours tell by themselves which part of the day they are in.
    """
    first, _, second = slice_.by.partition("+")
    if second != "daypart":
        return slice_, None
    value, _, daypart = slice_.value.rpartition(SEPARATOR)
    return Slice(first, value), daypart
