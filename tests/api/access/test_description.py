"""The description says of each route what it asks for."""

from __future__ import annotations

import pytest

from api.description.openapi import description


@pytest.mark.parametrize(
    ("method", "path", "scopes"),
    [
        ("get", "/api/imports", ["admin"]),
        ("get", "/api/top-songs", ["charts:read"]),
        ("get", "/api/listeners/{listener}", ["listens:read"]),
        ("get", "/metrics", ["metrics:read"]),
    ],
)
def test_a_route_names_its_scopes_and_its_denials(method, path, scopes) -> None:
    operation = description()["paths"][path][method]

    assert operation["security"] == [{"token": scopes}, {"session": scopes}]
    assert {"401", "403", "429"} <= set(operation["responses"])


def test_any_principal_has_no_scope_and_an_open_route_asks_for_nothing() -> None:
    paths = description()["paths"]

    assert paths["/api/me"]["get"]["security"] == [{"token": []}, {"session": []}]
    assert paths["/healthz"]["get"]["security"] == []
    assert not {"401", "429"} & set(paths["/healthz"]["get"]["responses"])
    assert [*paths["/login"]] == ["get", "post"]
    assert paths["/login"]["post"]["operationId"] == "login_post"


def test_a_users_own_page_is_opened_by_a_session_alone() -> None:
    for operation in description()["paths"]["/password"].values():
        assert operation["security"] == [{"session": []}]


def test_the_schemes_are_described() -> None:
    assert set(description()["components"]["securitySchemes"]) == {"token", "session"}
