"""The supervisor's configuration file, written from the process table."""

from __future__ import annotations

import hashlib
import resource
import shlex
import string
from pathlib import Path

from listens.errors import UserMistakeError
from listens.settings import Settings
from stack.environment import CHECKOUT
from stack.kafka import server_properties
from stack.layout import Layout, layout
from stack.processes import COMPONENT_VARIABLE, HOME_VARIABLE, Process, process_table

TEMPLATES = Path(__file__).parent / "templates"
# mongod asks for 64,000 files; supervisord refuses to start above the hard limit.
MOST_FILES = 65_536


def supervisor_config(settings: Settings) -> str:
    """The configuration of all processes, as text."""
    places = layout(settings)
    hard_limit = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    head = _template("supervisord.conf").substitute(
        log=_literal(places.log("supervisord")),
        pid=_literal(places.supervisor_pid),
        socket=_literal(places.supervisor_socket),
        min_files=MOST_FILES if hard_limit < 0 else min(MOST_FILES, hard_limit),
    )
    programs = [_program(process, places, settings) for process in process_table(settings)]
    return "\n".join([head, *programs])


def _program(process: Process, places: Layout, settings: Settings) -> str:
    return _template("program.conf").substitute(
        name=process.name,
        command=_literal(shlex.join(process.command)),
        checkout=_literal(CHECKOUT),
        environment=_literal(_environment(process, places, settings)),
        # Supervisor expands the log of a program twice.
        log=_literal(_literal(places.log(process.name))),
        stop_seconds=process.stop_seconds,
    )


def _environment(process: Process, places: Layout, settings: Settings) -> str:
    values = {
        **process.environment,
        HOME_VARIABLE: str(places.home),
        COMPONENT_VARIABLE: process.name,
    }
    if process.name == "kafka":
        # The broker's settings are in a file: with its hash, a change of them is a change here.
        properties = server_properties(settings).encode()
        values["PLAYCOUNT_CONFIG_HASH"] = hashlib.sha256(properties).hexdigest()
    return ",".join(f"{name}={_quoted(value)}" for name, value in sorted(values.items()))


def _quoted(value: str) -> str:
    """The value in quotes that supervisor's reader takes off again; it knows no escapes.

    Raises:
        UserMistakeError: the reader would cut the value.
    """
    quote = "'" if '"' in value else '"'
    if quote in value or value.strip("'\"") != value or " ;" in value or "\n" in value:
        raise UserMistakeError(
            f"a setting can't be handed to the components: {value!r}; it may not hold both kinds "
            "of quotes, one at its start or end, a line break, or a semicolon after a blank"
        )
    return f"{quote}{value}{quote}"


def _literal(value: str | Path) -> str:
    """A value in which supervisor expands nothing."""
    return str(value).replace("%", "%%")


def _template(name: str) -> string.Template:
    return string.Template((TEMPLATES / name).read_text())
