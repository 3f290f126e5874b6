"""The page of the API for people: whole, and fit for the Content-Security-Policy."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest

from api.description.openapi import description
from api.description.openapi_routes import ROUTES


class Elements(HTMLParser):
    """All elements of a page: `(name, attributes)`, and its text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.text += data


@pytest.fixture(scope="module")
def page(unconnected_client):
    return Elements(unconnected_client.get("/docs").text)


def test_the_page_has_every_route_parameter_status_and_model(page):
    document = description()
    operations = [each for methods in document["paths"].values() for each in methods.values()]
    ids = [attributes["id"] for _, attributes in page.found if "id" in attributes]

    assert len(ids) == len(set(ids))
    assert {each["operationId"] for each in operations} | set(
        document["components"]["schemas"]
    ) <= {*ids}
    wanted = {*ROUTES}
    for each in operations:
        wanted |= {parameter["name"] for parameter in each["parameters"]} | {*each["responses"]}
    assert [text for text in wanted if text not in page.text] == []


def test_every_link_within_the_page_leads_somewhere(page):
    ids = {attributes.get("id") for _, attributes in page.found}
    links = {attributes["href"] for tag, attributes in page.found if tag == "a"}

    assert [link for link in links if link.startswith("#") and link[1:] not in ids] == []


def test_nothing_is_inline_and_nothing_comes_from_elsewhere(page):
    addresses = [
        value for _, attributes in page.found for name, value in attributes.items()
        if name in ("href", "src")
    ]  # fmt: skip

    assert not any("style" in attributes for _, attributes in page.found)
    assert not {"script", "style"} & {tag for tag, _ in page.found}
    assert all(address[0] in "/#" and not address.startswith("//") for address in addresses)


def test_its_style_sheet_is_there(unconnected_client):
    assert unconnected_client.get("/dashboard/docs.css").content_type.startswith("text/css")


def test_what_can_be_tried_isnt_refused(client, page):
    links = {attributes["href"] for tag, attributes in page.found if tag == "a"}
    tries = {link for link in links if link.startswith(("/api/", "/healthz"))} - {"/api/stream"}

    assert len(tries) >= 20
    assert {link: client.get(link).status_code for link in tries} == dict.fromkeys(tries, 200)
