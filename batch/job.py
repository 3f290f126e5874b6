"""Entry point of the batch layer for spark-submit: a command's arguments, or an order's id."""

from __future__ import annotations

import logging
import sys

import typer

import batch.archive.cli
import batch.cli
import batch.erasure.cli
import batch.rebuild.cli
from batch import orders
from batch.orders import REPORTER, OrderReporter, Reporter
from listens.errors import PlaycountError
from listens.settings import load_settings
from listens.store import connect

ORDER = "--order"

log = logging.getLogger(__name__)


def main(arguments: list[str]) -> int:
    """Do what the arguments say; the exit status."""
    if arguments[:1] == [ORDER]:
        return _ordered(arguments[1])
    REPORTER.set(Reporter())
    return _run(arguments)


def _ordered(order: str) -> int:
    """Do what an order says, and leave in it how that ended."""
    reporter = OrderReporter(connect(load_settings()), order)
    REPORTER.set(reporter)
    error = ""
    try:
        exit_status = _run(orders.take(reporter.store, order))
    except PlaycountError as problem:
        exit_status, error = problem.exit_code, str(problem)
        log.error("%s", error)  # noqa: TRY400  # a message for users, not a failure of ours
    except BaseException as problem:
        first, *_ = [*str(problem).splitlines(), ""]
        reporter.end(1, f"{type(problem).__name__}: {first}")
        raise
    reporter.end(exit_status, error)
    return exit_status


def _run(arguments: list[str]) -> int:
    root = typer.Typer()
    for part in (batch.erasure.cli, batch.rebuild.cli):
        root.add_typer(part.app)
    root.add_typer(batch.cli.app, name="batch")
    root.add_typer(batch.archive.cli.app, name="archive")
    return int(root(arguments, standalone_mode=False) or 0)


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except PlaycountError as error:
        print(f"playcount: {error}", file=sys.stderr)
        sys.exit(error.exit_code)
