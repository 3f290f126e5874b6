"""While nobody is asked who they are, only names of this machine are answered (DNS rebinding)."""

from __future__ import annotations

import http.client

import pytest
from flask.testing import FlaskClient
from pydantic import ValidationError

from api.application import create_app
from api.description.openapi import description
from listens.settings import Settings
from tests.api.access.asking import program
from tests.api.serving import served
from tests.conftest import free_ports

EVIL = "evil.example:5000"
INSIDE = {"view": "songs", "key": "0" * 32, "name": "main.js", "listener": "anna",
          "genre": "rock", "secret": "nothing", "upload_id": "nothing"}  # fmt: skip
ROUTES = [
    (method, path.format(**INSIDE))
    for path, methods in description()["paths"].items()
    for method in methods
]


def client_of(settings: Settings, store, **update) -> FlaskClient:
    """Asks from this machine, as every browser on it does."""
    return program(create_app(settings.model_copy(update=update), store), "127.0.0.1")


@pytest.fixture
def unasked(access_settings, filled) -> FlaskClient:
    """Of an application that asks nobody who they are."""
    return client_of(access_settings, filled, access="off")


def status(client: FlaskClient, host: str, path: str = "/api/recent", **more) -> int:
    response = client.get(path, headers={"Host": host, **more})
    response.close()
    return response.status_code


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "127.0.0.1:5000", "localhost", "localhost:80", "LocalHost:8443", "[::1]",
     "[::1]:5000", "127.8.9.1"],
)  # fmt: skip
def test_a_name_of_loopback_is_answered_whatever_the_port(unasked, host) -> None:
    assert status(unasked, host) == 200


@pytest.mark.parametrize(
    "host",
    ["evil.example", EVIL, "127.0.0.1.evil.example", "localhost.evil.example", "evil@127.0.0.1",
     "127.0.0.1@evil.example", "127.0.0.1:5000.evil.example", "[::1", "::1", "[::2]", "0.0.0.0",
     "192.168.1.2", "music.lan", "api", "", "127.0.0.1 evil.example", "127.0.0.1, evil.example"],
)  # fmt: skip
def test_any_other_name_is_refused(unasked, host) -> None:
    assert status(unasked, host) == 421


@pytest.mark.parametrize(("method", "path"), [*ROUTES, ("get", "/nowhere"), ("options", "/")])
@pytest.mark.parametrize("access", ["off", "container"])
def test_no_route_answers_to_another_name(access_settings, filled, method, path, access) -> None:
    client = client_of(access_settings, filled, access=access)

    response = client.open(path, method=method.upper(), headers={"Host": EVIL})

    assert response.status_code == 421
    if path.startswith("/1/"):
        assert response.json["code"] == 421
    else:
        assert response.content_type == "application/problem+json"
        assert "PLAYCOUNT_API_HOSTS" in response.json["detail"]
    assert "as_of" not in response.text


def test_names_of_the_settings_are_answered_and_no_others(access_settings, filled) -> None:
    hosts = "Music.lan, api,2001:db8::7"
    client = client_of(access_settings, filled, access="container", api_hosts=hosts)

    assert status(client, "music.lan:8080") == 200
    assert status(client, "API:5000") == 200
    assert status(client, "[2001:db8::7]:5000") == 200
    assert status(client, "127.0.0.1:5000") == 200
    assert status(client, "www.music.lan") == 421
    assert status(client, "api.example") == 421


def test_the_host_that_is_bound_to_is_answered(access_settings, filled) -> None:
    client = client_of(access_settings, filled, access="container", api_host="music.lan")

    assert status(client, "music.lan:5000") == 200


def test_a_proxy_that_is_believed_tells_the_name(access_settings, filled) -> None:
    client = client_of(access_settings, filled, access="container", api_proxies=1)

    assert status(client, "127.0.0.1", **{"X-Forwarded-Host": "evil.example"}) == 421
    # One that isn't counted is not believed: what reached the API is what counts.
    client = client_of(access_settings, filled, access="container")
    assert status(client, "evil.example", **{"X-Forwarded-Host": "127.0.0.1"}) == 421


def test_with_access_on_any_name_is_answered(guarded, shown) -> None:
    client = program(guarded)

    assert status(client, "music.example", **shown["admin"]) == 200
    assert status(client, "music.example", "/api/recent") == 401
    assert status(client, "music.example", "/login") == 200


def test_with_access_on_metrics_ask_a_page_that_came_by_another_name(guarded, shown) -> None:
    here = program(guarded, "127.0.0.1")

    assert status(here, "127.0.0.1:5000", "/metrics") == 200
    assert status(here, EVIL, "/metrics") == 401
    assert status(here, EVIL, "/metrics", **shown["metrics token"]) == 200


def test_pages_of_origins_in_the_settings_still_read(access_settings, filled) -> None:
    origin = "http://charts.example"
    client = client_of(access_settings, filled, access="off", cors_origins=origin)

    read = client.get("/api/recent", headers={"Host": "127.0.0.1:5000", "Origin": origin})
    rebound = client.get("/api/recent", headers={"Host": "charts.example", "Origin": origin})

    assert (read.status_code, read.headers["Access-Control-Allow-Origin"]) == (200, origin)
    assert rebound.status_code == 421


@pytest.mark.parametrize("hosts", ["http://music.lan", "music.lan:5000", "music.lan/", "*", "a b"])
def test_what_is_no_host_is_refused_at_the_start(hosts) -> None:
    with pytest.raises(ValidationError, match="is no host; give names or addresses"):
        Settings(api_hosts=hosts)


def test_the_server_refuses_streams_and_files_too(access_settings, filled) -> None:
    update = {"api_port": free_ports()["api_port"], "access": "off"}
    settings = access_settings.model_copy(update=update)

    def answer(path: str, host: str) -> int:
        connection = http.client.HTTPConnection("127.0.0.1", settings.api_port, timeout=60)
        connection.request("GET", path, headers={"Host": host})
        found = connection.getresponse().status
        connection.close()
        return found

    with served(settings):
        paths = ("/api/stream", "/dashboard/main.js", "/healthz")
        assert [answer(path, EVIL) for path in paths] == [421] * 3
        assert [answer(path, f"localhost:{settings.api_port}") for path in paths] == [200] * 3
