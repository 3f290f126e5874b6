"""Whether a table's dates are day first or month first: proved, told by the user, or refused."""

from __future__ import annotations

from listens.errors import UserMistakeError
from listens.rows.times import DateOrder, DateOrderEvidence


def decided(name: str, evidence: DateOrderEvidence, *, asked: DateOrder | None) -> DateOrder | None:
    """The order of day and month in one file; None when every date is clear by itself.

    Raises:
        UserMistakeError: nothing proves an order and the user names none, or the user's order
            can't be right.
    """
    if evidence.example is None:
        return None
    proved = _proved(name, evidence, asked)
    if asked and proved and asked != proved:
        proof = evidence.day_first if proved == "dmy" else evidence.month_first
        raise UserMistakeError(
            f"{name}: --date-order {asked} can't be right, since one row says {proof!r}"
        )
    if order := asked or proved:
        return order
    raise UserMistakeError(
        f"{name}: dates such as {evidence.example!r} may be day first or month first, and no "
        "row proves it; say --date-order dmy or --date-order mdy"
    )


def _proved(name: str, evidence: DateOrderEvidence, asked: DateOrder | None) -> DateOrder | None:
    if evidence.day_first and evidence.month_first:
        if asked is None:
            raise UserMistakeError(
                f"{name} holds dates of both orders ({evidence.day_first!r} and "
                f"{evidence.month_first!r}); say --date-order dmy or mdy, and the rows that "
                "don't fit are rejected"
            )
        return None
    if evidence.day_first:
        return "dmy"
    return "mdy" if evidence.month_first else None
