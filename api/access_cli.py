"""`playcount user`, `token` and `link`: who may do what, where access is on."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from listens.settings import Settings
    from listens.store import Document, Store

user = typer.Typer(no_args_is_help=True, help="Who signs in on the dashboard.")
token = typer.Typer(no_args_is_help=True, help="What programs ask the API with.")
link = typer.Typer(no_args_is_help=True, help="Links that show one listener's page.")

PasswordFile = Annotated[
    Path | None,
    typer.Option(
        "--password-file",
        help="Read the password from the first line of a file, - for standard input, rather than "
        "from the keyboard",
        allow_dash=True,
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="JSON, for programs")]
UserName = Annotated[str, typer.Argument(metavar="NAME", help="The user's name")]


@user.command("add")
def add_user(
    name: UserName,
    role: Annotated[
        str,
        typer.Option(help="admin, listener (own listens and the shared charts) or viewer (charts)"),
    ] = "listener",
    listener: Annotated[
        str | None, typer.Option(help="Whose listens are theirs; of a listener: their own name")
    ] = None,
    password_file: PasswordFile = None,
) -> None:
    """Add a user; the password is asked for."""
    from api.access import users

    store = _store()
    password = _password(password_file)
    added = users.add(store, name, role=role, listener=listener, password=password)
    whose = f", listens of {added.listener}" if added.listener else ""
    typer.echo(f"user {name} is added: {role}{whose}")


@user.command("list")
def list_users(as_json: AsJson = False) -> None:
    """All users."""
    from api.access import users

    _print(
        [
            {
                "name": each["_id"],
                "role": each["role"],
                "listener": each["listener"],
                "since": f"{each['created_at']:%Y-%m-%d}",
                "id": each["id"],
            }
            for each in users.listed(_store())
        ],
        as_json=as_json,
    )


@user.command("remove")
def remove_user(name: UserName) -> None:
    """Remove a user; what they opened ends at once."""
    from api.access import users

    users.remove(_store(), name)
    typer.echo(f"user {name} is removed")


@user.command("password")
def change_password(name: UserName, password_file: PasswordFile = None) -> None:
    """Give a user another password; they must sign in again everywhere."""
    from api.access import users

    store = _store()
    users.set_password(store, name, _password(password_file))
    typer.echo(f"user {name} has another password")


@token.command("create")
def create_token(
    name: Annotated[str, typer.Argument(help="What it's for, as the list shows it")],
    scope: Annotated[
        list[str],
        typer.Option(
            help="charts:read, listens:read, listens:write, metrics:read or admin; repeat for more"
        ),
    ],
    listener: Annotated[
        str | None, typer.Option(help="Only this listener's listens; without it, everyone's")
    ] = None,
    days: Annotated[
        float | None, typer.Option(min=0, help="Void after so many days; without it, never")
    ] = None,
) -> None:
    """Make a token and print it: this once, as only a digest is kept.

    playcount token create grafana --scope charts:read --scope metrics:read

    playcount token create "Ann's player" --scope listens:write --listener ann
    """
    from api.access import tokens

    typer.echo(tokens.create(_store(), name, scopes=set(scope), listener=listener, days=days))


@token.command("list")
def list_tokens(as_json: AsJson = False) -> None:
    """All tokens, each by what it begins with."""
    from api.access import tokens

    _print(
        [
            {
                "id": each["_id"],
                "begins": f"{tokens.PREFIX}_{each['_id']}_",
                "name": each["name"],
                "scopes": " ".join(each["scopes"]),
                "listener": each["listener"],
                "since": f"{each['created_at']:%Y-%m-%d}",
                "until": f"{each['expires_at']:%Y-%m-%d}" if each["expires_at"] else None,
            }
            for each in tokens.listed(_store())
        ],
        as_json=as_json,
    )


@token.command("revoke")
def revoke_token(token_id: Annotated[str, typer.Argument(help="Its id in the list")]) -> None:
    """Make a token void at once."""
    from api.access import tokens

    tokens.revoke(_store(), token_id)
    typer.echo(f"token {token_id} is void")


@link.command("create")
def create_link(
    listener: Annotated[str, typer.Argument(help="Whose page, by the exact name")],
) -> None:
    """Make a link to one listener's page and print its path: this once.

    Whoever has it sees that page and the listener's charts, and nothing of anyone else.
    """
    from api.access import links

    typer.echo(f"/shared/{links.create(_store(), listener)}")


@link.command("list")
def list_links(as_json: AsJson = False) -> None:
    """All links, by what they begin with."""
    from api.access import links

    _print(
        [
            {
                "id": each["_id"],
                "begins": f"/shared/{links.PREFIX}_{each['_id']}_",
                "listener": each["listener"],
                "since": f"{each['created_at']:%Y-%m-%d}",
            }
            for each in links.listed(_store())
        ],
        as_json=as_json,
    )


@link.command("revoke")
def revoke_link(link_id: Annotated[str, typer.Argument(help="Its id in the list")]) -> None:
    """Make a link void at once."""
    from api.access import links

    links.revoke(_store(), link_id)
    typer.echo(f"link {link_id} is void")


def _store() -> Store:
    from listens.settings import load_settings
    from listens.store import connect, ensure_indexes

    settings: Settings = load_settings()
    store = connect(settings)
    ensure_indexes(store)
    return store


def _password(file: Path | None) -> str:
    from listens.errors import UserMistakeError

    if file is None:
        if not sys.stdin.isatty():
            raise UserMistakeError(
                "there's no keyboard to ask for the password; give --password-file FILE, or - for "
                "standard input"
            )
        return str(typer.prompt("Password", hide_input=True, confirmation_prompt=True))
    try:
        text = sys.stdin.readline() if str(file) == "-" else file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UserMistakeError(f"--password-file {file}: {error}") from error
    return text.partition("\n")[0].removesuffix("\r")


def _print(rows: list[Document], *, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(rows))
        return
    from rich.console import Console
    from rich.table import Table

    if not rows:
        typer.echo("there is none yet")
        return
    table = Table(*rows[0], box=None, pad_edge=False)
    for row in rows:
        table.add_row(*("" if value is None else str(value) for value in row.values()))
    Console(soft_wrap=True).print(table, markup=False)
