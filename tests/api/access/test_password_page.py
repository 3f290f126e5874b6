"""A user changes their own password, as a browser does."""

from __future__ import annotations

import logging
import re

import pytest

from api.access import sessions, users
from listens.errors import UserMistakeError
from tests.api.access.asking import ELSEWHERE, PASSWORD, browser, program

OURS = {"Origin": "http://localhost"}
NEW = "a new password, and long"


@pytest.fixture
def anna(filled):
    """A user whose password is the first one, whatever a test before has made of it."""
    filled.users.delete_many({})
    filled.sessions.delete_many({})
    return users.add(filled, "anna", role="listener", listener=None, password=PASSWORD)


def sign_in(app, *, password=PASSWORD, name="anna"):
    """A browser of somebody who is signed in, if the password is right."""
    client = browser(app)
    client.post("/login", data={"name": name, "password": password}, headers=OURS)
    return client


def token_of(client):
    return re.search(r'name="token" value="([^"]*)"', client.get("/password").text)[1]


def change(client, *, headers=OURS, **given):
    form = {"token": token_of(client), "current": PASSWORD, "new": NEW, "again": NEW} | given
    return client.post("/password", data=form, headers=headers)


def wrong(response):
    found = re.search(r'role="alert" id="wrong">([^<]*)<', response.text)
    return (response.status_code, found and found[1])


def knows(app, password):
    """Whether somebody gets in by the password."""
    return sign_in(app, password=password).get("/api/me").status_code == 200


def test_the_new_password_is_the_one_from_then_on(guarded, anna) -> None:
    client = sign_in(guarded)

    response = change(client)

    assert response.status_code == 200
    assert "Password changed" in response.text
    assert "no-store" in response.headers["Cache-Control"]
    assert (knows(guarded, NEW), knows(guarded, PASSWORD)) == (True, False)


def test_this_session_goes_on_and_all_others_of_the_user_end(guarded, filled, anna) -> None:
    users.add(filled, "ben", role="listener", listener=None, password=PASSWORD)
    mine, other, another = (sign_in(guarded) for _ in range(3))
    bens = sign_in(guarded, name="ben")

    change(mine)

    statuses = [each.get("/api/me").status_code for each in (mine, other, another, bens)]
    assert statuses == [200, 401, 401, 200]
    assert filled.sessions.count_documents({"user": "anna"}) == 1
    assert "Change password" in mine.get("/password").text


def test_it_is_linked_from_the_account_and_asks_who_isnt_signed_in_to_be(guarded, anna) -> None:
    assert 'href="/password"' in sign_in(guarded).get("/login").text
    asked = browser(guarded).get("/password")
    sent = browser(guarded).post("/password", data={"new": NEW}, headers=OURS)

    assert (asked.status_code, asked.headers["Location"]) == (303, "/login?next=/password")
    assert (sent.status_code, sent.headers["Location"]) == (303, "/login?next=/password")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"current": "not the password"}, "The current password isn’t right."),
        ({"current": ""}, "The current password isn’t right."),
        ({"again": NEW + "x"}, "The new password isn’t the same both times."),
        ({"again": ""}, "The new password isn’t the same both times."),
        ({"new": "123456789", "again": "123456789"}, "A password has 10 to 1,024 characters."),
        ({"new": "x" * 1025, "again": "x" * 1025}, "A password has 10 to 1,024 characters."),
        ({"new": "", "again": ""}, "A password has 10 to 1,024 characters."),
    ],
)
def test_a_mistake_is_told_on_the_page_and_changes_nothing(guarded, anna, given, said) -> None:
    client, other = sign_in(guarded), sign_in(guarded)

    response = change(client, **given)

    assert wrong(response) == (422, said)
    assert PASSWORD not in response.text
    assert NEW not in response.text
    assert other.get("/api/me").status_code == 200
    assert knows(guarded, PASSWORD)


def test_the_rules_are_those_of_the_command(guarded, filled, anna) -> None:
    with pytest.raises(UserMistakeError) as refused:
        users.set_password(filled, "anna", "123456789")

    told = wrong(change(sign_in(guarded), new="123456789", again="123456789"))[1]
    assert told.lower() == f"{refused.value}."
    assert change(sign_in(guarded), new="1234567890", again="1234567890").status_code == 200


@pytest.mark.parametrize("token", ["", "x", "é", "0" * 64])
def test_a_form_without_this_sessions_token_changes_nothing(guarded, anna, token) -> None:
    assert wrong(change(sign_in(guarded), token=token)) == (
        400,
        "This form was of another session. Fill it in again.",
    )
    assert knows(guarded, PASSWORD)


def test_the_token_of_another_session_is_none(guarded, anna) -> None:
    client, other = sign_in(guarded), sign_in(guarded)

    assert token_of(client) == token_of(client) != token_of(other)
    assert wrong(change(client, token=token_of(other)))[0] == 400


@pytest.mark.parametrize(
    "headers", [{}, {"Origin": "http://evil.example"}, {"Sec-Fetch-Site": "cross-site"}]
)
def test_another_sites_page_changes_no_password(guarded, anna, headers) -> None:
    assert change(sign_in(guarded), headers=headers).status_code == 403
    assert knows(guarded, PASSWORD)


def test_the_current_one_is_guessed_as_often_as_at_sign_in(guarded, anna) -> None:
    client = sign_in(guarded)
    guesses = [change(client, current=f"guess {n}") for n in range(11)]

    assert [each.status_code for each in guesses] == [422] * 10 + [429]
    assert wrong(guesses[-1])[1] == "That was tried too often. Try again in a minute."
    assert 0 < int(guesses[-1].headers["Retry-After"]) <= 60
    assert change(client).status_code == 429  # the right one, too
    signing_in = {"name": "anna", "password": PASSWORD}
    elsewhere = browser(guarded, "203.0.113.99")
    assert elsewhere.post("/login", data=signing_in, headers=OURS).status_code == 429


def test_mistakes_about_the_new_one_and_right_ones_cost_no_tries(guarded, anna) -> None:
    client = sign_in(guarded)

    assert {change(client, again="other").status_code for _ in range(12)} == {422}
    assert {change(client, new=PASSWORD, again=PASSWORD).status_code for _ in range(12)} == {200}


def test_a_password_that_was_changed_meanwhile_stays(guarded, filled, anna, monkeypatch) -> None:
    client, is_password = sign_in(guarded), users.is_password

    def changed_meanwhile(*arguments):
        monkeypatch.setattr(users, "is_password", is_password)
        users.set_password(filled, "anna", "by the command")
        return is_password(*arguments)

    token = token_of(client)
    monkeypatch.setattr(users, "is_password", changed_meanwhile)

    assert change(client, token=token).status_code == 422
    assert (knows(guarded, "by the command"), knows(guarded, NEW)) == (True, False)


def test_password_and_sessions_change_together_or_not_at_all(
    guarded, filled, anna, monkeypatch
) -> None:
    client, other = sign_in(guarded), sign_in(guarded)
    monkeypatch.setattr(sessions, "end_all", lambda *_, **__: 1 / 0)

    assert change(client).status_code == 500
    assert other.get("/api/me").status_code == 200
    assert knows(guarded, PASSWORD)


def test_the_audit_log_has_who_by_id_and_no_secret(guarded, anna, caplog) -> None:
    caplog.set_level(logging.DEBUG)
    caplog.set_level(logging.INFO, "pymongo")  # as `serve` sets it
    client = sign_in(guarded)
    token = token_of(client)

    change(client, current="not the password")
    change(client)

    said = [each.getMessage() for each in caplog.records if each.name == "playcount.audit"]
    assert said[-2:] == [
        f'event="password changed" by="{anna.id}" result="refused"',
        f'event="password changed" by="{anna.id}" result="ok" of="{anna.id}"',
    ]
    for text in (NEW, PASSWORD, "not the password", token, "anna", ELSEWHERE):
        assert text not in caplog.text


def test_a_large_body_is_refused(guarded, anna) -> None:
    assert change(sign_in(guarded), new="x" * 20_000).status_code == 413


def test_without_access_there_is_no_password(access_settings, filled) -> None:
    from api.application import create_app

    client = program(create_app(access_settings.model_copy(update={"access": "off"}), filled))

    assert client.get("/password").headers["Location"] == "/"
    assert client.post("/password", headers=OURS).headers["Location"] == "/"
