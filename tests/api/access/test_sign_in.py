"""Signing in and out as a browser does, and what a browser must not be made to do."""

from __future__ import annotations

import logging
import re

import pytest

from api.access import links, sessions, tokens, users
from api.application import create_app
from tests.api.access.asking import ELSEWHERE, PASSWORD, browser, program

OURS = {"Origin": "http://localhost"}
TLS = {
    "X-Forwarded-Proto": "https",
    "X-Forwarded-For": ELSEWHERE,
    "X-Forwarded-Host": "music.example",
}


@pytest.fixture(scope="module")
def anna(filled):
    return users.add(filled, "anna", role="listener", listener=None, password=PASSWORD)


def sign_in(client, *, name="anna", password=PASSWORD, headers=OURS, **more):
    form = {"name": name, "password": password} | more
    return client.post("/login", data=form, headers=headers)


def test_signing_in_opens_what_it_was_asked_for(guarded, anna) -> None:
    client = browser(guarded)
    asked = client.get("/?window=2026")
    form = client.get(asked.headers["Location"])
    target = re.search(r'name="next" value="([^"]*)"', form.text)[1]
    signed_in = sign_in(client, next=target)

    assert (asked.status_code, form.status_code, target) == (303, 200, "/?window=2026")
    assert (signed_in.status_code, signed_in.headers["Location"]) == (303, "/?window=2026")
    assert client.get("/dashboard/").status_code == 200
    assert client.get("/api/listeners/anna").status_code == 200
    assert client.get("/api/listeners/ben").status_code == 403
    assert "You are <strong>anna</strong>" in client.get("/login").text


def test_the_cookie_is_kept_from_scripts_and_other_sites(guarded, anna) -> None:
    cookie = sign_in(browser(guarded)).headers["Set-Cookie"]

    assert cookie.startswith("playcount=ps_")
    assert "; HttpOnly" in cookie
    assert "; SameSite=Lax" in cookie
    assert "; Path=/" in cookie
    assert "; Max-Age=604800" in cookie
    assert "Secure" not in cookie


def test_behind_tls_the_cookie_is_of_this_host_alone(access_settings, filled, anna) -> None:
    app = create_app(access_settings.model_copy(update={"api_proxies": 1}), filled)
    client = browser(app, "127.0.0.1")
    signed_in = sign_in(client, headers=TLS | {"Origin": "https://music.example"})
    cookie = signed_in.headers["Set-Cookie"]
    held = {"Cookie": cookie.split(";")[0]}

    assert cookie.startswith("__Host-playcount=ps_")
    assert "; Secure" in cookie
    assert "Domain" not in cookie
    assert program(app).get("/api/me", headers=TLS | held).status_code == 200
    assert program(app).get("/api/me", headers=held).status_code == 401
    # The address is the asker's now, and not the proxy's.
    assert program(app, "127.0.0.1").get("/metrics", headers=TLS).status_code == 401


def test_proxies_are_not_believed_unless_there_are_some(guarded, anna) -> None:
    told = {"X-Forwarded-For": "127.0.0.1", "X-Forwarded-Proto": "https"}

    assert program(guarded).get("/metrics", headers=told).status_code == 401
    assert "Secure" not in sign_in(program(guarded), headers=OURS | told).headers["Set-Cookie"]


@pytest.mark.parametrize(
    ("name", "password"),
    [("anna", "wrong"), ("nobody", PASSWORD), ("anna", ""), ("", ""), ("anna", "x" * 2000)],
)
def test_a_wrong_pair_says_not_what_was_wrong(guarded, anna, name, password) -> None:
    response = sign_in(browser(guarded), name=name, password=password)

    assert response.status_code == 401
    assert "Name and password don’t fit together." in response.text
    assert "Set-Cookie" not in response.headers


def test_who_is_signed_in_and_mistypes_another_name_is_told_so(guarded, anna) -> None:
    client = browser(guarded)
    sign_in(client)

    assert "don’t fit together" in sign_in(client, name="nobody").text
    assert client.get("/api/me").json["name"] == "anna"


def test_signing_out_ends_the_session_also_for_who_kept_the_cookie(guarded, anna) -> None:
    client = browser(guarded)
    kept = {"Cookie": sign_in(client).headers["Set-Cookie"].split(";")[0]}
    out = client.post("/logout", headers=OURS)

    assert (out.status_code, out.headers["Location"]) == (303, "/login")
    assert client.get("/api/me").status_code == 401
    assert program(guarded).get("/api/me", headers=kept).status_code == 401


def test_another_password_or_none_ends_all_sessions(guarded, filled) -> None:
    users.add(filled, "carl", role="viewer", listener=None, password=PASSWORD)
    client = browser(guarded)
    assert sign_in(client, name="carl").status_code == 303

    users.set_password(filled, "carl", PASSWORD + "!")
    assert client.get("/api/me").status_code == 401
    assert sign_in(client, name="carl").status_code == 401
    assert sign_in(client, name="carl", password=PASSWORD + "!").status_code == 303

    users.remove(filled, "carl")
    assert client.get("/api/me").status_code == 401


def test_a_session_is_over_when_its_time_is(guarded, filled, anna) -> None:
    void = {"Cookie": f"playcount={sessions.begin(filled, 'anna', hours=-0.001)}"}

    assert program(guarded).get("/api/me", headers=void).status_code == 401


def test_mongodb_drops_sessions_whose_time_is_over(filled) -> None:
    indexes = filled.sessions.index_information().values()

    assert [each["key"] for each in indexes if each.get("expireAfterSeconds") == 0] == [
        [("expires_at", 1)]
    ]


@pytest.mark.parametrize(
    "target", ["//evil.example", "/\\evil.example", "https://evil.example", "/\t/evil", "x"]
)
def test_signing_in_leads_to_no_other_site(guarded, anna, target) -> None:
    client = browser(guarded)

    assert 'name="next" value="/"' in client.get("/login", query_string={"next": target}).text
    assert sign_in(client, next=target).headers["Location"] == "/"


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Sec-Fetch-Site": "same-origin"}, 303),
        ({"Sec-Fetch-Site": "none"}, 303),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Origin": "http://localhost"}, 303),
        ({"Origin": "https://localhost"}, 403),
        ({"Origin": "http://localhost:8080"}, 403),
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({}, 403),
    ],
)
def test_another_sites_page_changes_nothing(guarded, anna, headers, status) -> None:
    client = browser(guarded)
    sign_in(client)

    assert client.post("/logout", headers=headers).status_code == status
    assert client.get("/api/me").status_code == (200 if status == 403 else 401)


def test_another_sites_page_signs_nobody_in(guarded, anna) -> None:
    response = sign_in(browser(guarded), headers={"Origin": "http://evil.example"})

    assert response.status_code == 403
    assert "Set-Cookie" not in response.headers


def test_with_access_off_another_sites_page_still_changes_nothing(access_settings, filled) -> None:
    app = create_app(access_settings.model_copy(update={"access": "off"}), filled)

    assert (
        program(app).post("/logout", headers={"Origin": "http://evil.example"}).status_code == 403
    )
    assert program(app).post("/logout").status_code == 303


def test_a_large_body_is_refused(guarded) -> None:
    response = sign_in(browser(guarded), name="x" * 20_000)

    assert (response.status_code, response.content_type) == (413, "application/problem+json")


def test_a_shared_link_opens_one_page_until_it_is_revoked(guarded, filled) -> None:
    secret = links.create(filled, "ben")
    client = browser(guarded)
    opened = client.get(f"/shared/{secret}")

    assert (opened.status_code, opened.headers["Location"]) == (303, "/#/listeners/ben")
    assert client.get("/api/listeners/ben").json["plays"] == 3
    assert client.get("/api/top-songs?listener=ben").status_code == 200
    assert client.get("/dashboard/").status_code == 200
    for path in (
        "/api/listeners/anna",
        "/api/top-songs",
        "/api/recent?listener=ben",
        "/api/recent",
    ):
        assert client.get(path).status_code == 403

    links.revoke(filled, links.listed(filled)[-1]["_id"])
    assert client.get("/api/listeners/ben").status_code == 401
    void = browser(guarded).get(f"/shared/{secret}")
    assert (void.status_code, "withdrawn" in void.text) == (404, True)


def test_no_secret_is_in_the_log_or_in_the_store(guarded, filled, caplog) -> None:
    caplog.set_level(logging.DEBUG)
    caplog.set_level(logging.INFO, "pymongo")  # as `serve` sets it
    client = browser(guarded)
    users.add(filled, "dora", role="viewer", listener=None, password="dora's password")
    cookie = sign_in(client, name="dora", password="dora's password").headers["Set-Cookie"]
    secret = {
        "session": cookie.split(";")[0].partition("=")[2],
        "token": tokens.create(filled, "dora's", scopes={"charts:read"}),
        "link": links.create(filled, "dora"),
    }
    client.get(f"/shared/{secret['link']}")
    client.get("/api/imports", headers={"Authorization": f"Bearer {secret['token']}"})
    sign_in(browser(guarded), name="dora", password="a wrong password")
    stored = repr([list(filled[name].find()) for name in filled.list_collection_names()])

    # The id in front finds the document; it isn't secret.
    hidden = {each.split("_", 2)[2] for each in secret.values()}
    hidden |= {"dora's password", "a wrong password"}
    for text in hidden:
        assert text not in stored
        assert text not in caplog.text
    assert caplog.text.count("playcount.audit") >= 6
    for personal in ("dora", ELSEWHERE):
        assert personal not in caplog.text


def test_an_outdated_hash_is_made_anew_at_sign_in(guarded, filled) -> None:
    from argon2 import PasswordHasher

    users.add(filled, "emil", role="viewer", listener=None, password=PASSWORD)
    weak = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
    filled.users.update_one({"_id": "emil"}, {"$set": {"password": weak}})

    assert sign_in(browser(guarded), name="emil").status_code == 303
    assert filled.users.find_one({"_id": "emil"})["password"].startswith("$argon2id$v=19$m=65536")
    assert sign_in(browser(guarded), name="emil").status_code == 303
