"""`playcount user`, `token` and `link`, as they're typed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from hashlib import sha256

import pytest
from typer.testing import CliRunner

from api import access_cli
from api.access import links, sessions, tokens, users
from listens.errors import UserMistakeError
from listens.settings import CHECKOUT
from stack.processes import settings_environment
from tests.api.access.asking import PASSWORD


@pytest.fixture
def run(filled, access_settings, monkeypatch):
    """Runs a command on the database; its output, or its mistake."""
    monkeypatch.setattr("listens.settings.load_settings", lambda: access_settings)

    def command(app, *arguments, typed=f"{PASSWORD}\n"):
        result = CliRunner().invoke(app, arguments, input=typed)
        if isinstance(result.exception, UserMistakeError):
            raise result.exception
        assert result.exit_code == 0, result.output
        return result.stdout

    return command


def test_a_user_is_added_listed_and_removed(run, filled) -> None:
    added = run(access_cli.user, "add", "hans", "--role", "admin", "--password-file", "-")
    listed = json.loads(run(access_cli.user, "list", "--json"))

    assert added == "user hans is added: admin\n"
    assert [(each["name"], each["role"], each["listener"]) for each in listed] == [
        ("hans", "admin", None)
    ]
    assert users.authenticate(filled, "hans", PASSWORD).role == "admin"

    sessions.begin(filled, "hans", hours=1)
    run(access_cli.user, "remove", "hans")
    assert run(access_cli.user, "list") == "there is none yet\n"
    assert filled.sessions.count_documents({"user": "hans"}) == 0


def test_a_user_is_the_listener_of_their_name_unless_told_otherwise(run, filled) -> None:
    run(access_cli.user, "add", "ida", "--password-file", "-")
    run(access_cli.user, "add", "ivo", "--listener", "ivo's history", "--password-file", "-")

    assert users.find(filled, "ida").listener == "ida"
    assert users.find(filled, "ivo").listener == "ivo's history"


def test_another_password_replaces_the_first(run, filled, tmp_path) -> None:
    run(access_cli.user, "add", "jan", "--password-file", "-")
    file = tmp_path / "password"
    file.write_text("another password\r\nand a note\n")
    run(access_cli.user, "password", "jan", "--password-file", str(file))

    assert users.authenticate(filled, "jan", PASSWORD) is None
    assert users.authenticate(filled, "jan", "another password").name == "jan"


@pytest.mark.parametrize(
    ("arguments", "typed", "mistake"),
    [
        (["add", "kim", "--password-file", "-"], "short\n", "a password has 10 to 1,024"),
        (["add", "kim", "--role", "king", "--password-file", "-"], None, "no role 'king'; there"),
        (["add", " kim", "--password-file", "-"], None, "a user's name has 1 to 64"),
        (["add", "k" * 65, "--password-file", "-"], None, "a user's name has 1 to 64"),
        (["add", "kim"], None, "there's no keyboard to ask"),
        (["add", "kim", "--password-file", "/nowhere"], None, "--password-file /nowhere: "),
        (["add", "v", "--role", "viewer", "--listener", "a", "--password-file", "-"], None,
         "a viewer sees no listener's"),
        (["remove", "kim"], None, "there's no user 'kim'"),
        (["password", "kim", "--password-file", "-"], None, "there's no user 'kim'"),
    ],
)  # fmt: skip
def test_what_cant_be_done_with_a_user_is_the_users_mistake(run, arguments, typed, mistake) -> None:
    with pytest.raises(UserMistakeError, match=mistake):
        run(access_cli.user, *arguments, typed=typed or f"{PASSWORD}\n")


def test_a_name_is_given_once(run) -> None:
    run(access_cli.user, "add", "lea", "--password-file", "-")

    with pytest.raises(UserMistakeError, match="there's a user 'lea' already"):
        run(access_cli.user, "add", "lea", "--password-file", "-")


def test_a_token_is_shown_once_and_only_its_digest_is_kept(run, filled) -> None:
    text = run(
        access_cli.token, "create", "grafana", "--scope", "charts:read", "--scope", "metrics:read"
    ).strip()
    [document] = filled.tokens.find({"name": "grafana"})
    [listed] = [
        each
        for each in json.loads(run(access_cli.token, "list", "--json"))
        if each["name"] == "grafana"
    ]

    assert len(text) == len("pc_") + 16 + 1 + 43  # 256 bits in base64
    assert document["digest"] == sha256(text.encode()).hexdigest()
    assert text.startswith(listed["begins"])
    assert (listed["scopes"], listed["until"]) == ("charts:read metrics:read", None)
    assert {"charts:read", "metrics:read"} <= tokens.find(filled, text).scopes

    run(access_cli.token, "revoke", listed["id"])
    assert tokens.find(filled, text) is None


def test_what_was_changed_in_a_token_makes_it_void(run, filled) -> None:
    text = run(access_cli.token, "create", "m", "--scope", "admin").strip()

    assert tokens.find(filled, text).sees_everyone
    for other in (text[:-1], text + "A", text[:-1] + ("A" if text[-1] != "A" else "B"), "pc_", ""):
        assert tokens.find(filled, other) is None


def test_a_token_is_void_when_its_days_are_over(filled) -> None:
    kept = tokens.create(filled, "kept", scopes={"admin"}, days=1)
    over = tokens.create(filled, "over", scopes={"admin"}, days=-0.001)

    assert tokens.find(filled, kept).name == "kept"
    assert tokens.find(filled, over) is None


def test_a_token_submits_only_for_its_listener(filled) -> None:
    def who(scopes, listener):
        return tokens.find(filled, tokens.create(filled, "n", scopes=scopes, listener=listener))

    asked = ("anna", "ben")
    assert [who({"listens:write"}, "anna").may_submit_for(each) for each in asked] == [True, False]
    assert [who({"listens:write"}, None).may_submit_for(each) for each in asked] == [True, True]
    assert [who({"listens:read"}, "anna").may_submit_for(each) for each in asked] == [False, False]


def test_mistakes_with_tokens_and_links_say_what_there_is(run) -> None:
    with pytest.raises(UserMistakeError, match="no scope 'all'; there are charts:read, "):
        run(access_cli.token, "create", "n", "--scope", "all")
    with pytest.raises(UserMistakeError, match="there's no token 'x'"):
        run(access_cli.token, "revoke", "x")
    with pytest.raises(UserMistakeError, match="there's no link 'x'"):
        run(access_cli.link, "revoke", "x")


def test_a_link_is_made_listed_and_revoked(run, filled) -> None:
    path = run(access_cli.link, "create", "nora").strip()
    [listed] = json.loads(run(access_cli.link, "list", "--json"))

    secret = path.removeprefix("/shared/")
    assert path.startswith(listed["begins"])
    assert links.find(filled, secret).listener == "nora"

    run(access_cli.link, "revoke", listed["id"])
    assert links.find(filled, secret) is None


def test_the_commands_are_commands_of_playcount(filled, access_settings) -> None:
    def playcount(*arguments, typed=""):
        return subprocess.run(
            [sys.executable, CHECKOUT / "playcount", *arguments],
            env=os.environ | settings_environment(access_settings),
            input=typed,
            capture_output=True,
            text=True,
            check=False,
        )

    added = playcount("user", "add", "olga", "--password-file", "-", typed=PASSWORD)
    again = playcount("user", "add", "olga", "--password-file", "-", typed=PASSWORD)
    listed = playcount("user", "list")

    assert (added.returncode, added.stdout) == (
        0,
        "user olga is added: listener, listens of olga\n",
    )
    assert (again.returncode, "Traceback" in again.stderr) == (2, False)
    assert "olga" in listed.stdout
    assert "argon2" not in listed.stdout
    assert playcount("token", "list").returncode == 0
    assert playcount("link", "list").returncode == 0
