"""Suggestions of what a draft could link to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from contentshop.accounts.models import User
from contentshop.core.errors import Unavailable
from contentshop.search.port import Document, SearchPage, SearchQuery
from tests.factories import Factory
from tests.fakes import MemorySearchBackend

JSON = {"Accept": "application/json"}


class Broken(MemorySearchBackend):
    """A search engine that is away."""

    def search(self, query: SearchQuery) -> SearchPage:
        raise Unavailable("The index is being built.")


@pytest.fixture
def writer(make: Factory, client: FlaskClient, sign_in: Callable[..., Any]) -> User:
    person = make.user("creator", name="Ada")
    sign_in(client, person)
    return person


@pytest.fixture
def town(make: Factory, search: MemorySearchBackend, writer: User) -> dict[str, Any]:
    lamp = make.product("lamp", title="Desk lamp [old]", own={"USD": 100}, stock=1)
    guide = make.post(writer, slug="guide", title="Desk lamp for reading")
    hidden = make.post(writer, slug="hidden", title="Desk lamp unseen", published=False)
    mine = make.post(writer, title="Desk lamp for work", published=False)
    search.rebuild(
        [
            Document(id=f"product:{lamp.key}", kind="product", version=1, title="desk lamp"),
            Document(id=f"post:{guide.key}", kind="post", version=1, title="desk lamp reading"),
            Document(id=f"post:{hidden.key}", kind="post", version=1, title="desk lamp unseen"),
        ]
    )
    return {"mine": mine, "guide": guide}


def test_it_finds_published_guides_and_products_by_the_title(client: FlaskClient, town: dict[str, Any]) -> None:
    answer = client.get(f"/studio/{town['mine'].key}/links?title=desk+lamp&summary=", headers=JSON)
    assert answer.json is not None
    assert {(one["kind"], one["url"], one["by"]) for one in answer.json["links"]} == {
        ("Article", "/p/guide", "Ada"),
        ("Product", "/products/lamp", ""),
    }
    assert answer.json["problem"] == ""
    assert answer.headers["Cache-Control"] == "private, no-store"


def test_without_script_there_are_lines_to_copy(client: FlaskClient, town: dict[str, Any]) -> None:
    page = client.get(f"/studio/{town['mine'].key}/links?title=desk+lamp&summary=").text
    assert 'value="[Desk lamp (old)](/products/lamp)"' in page
    assert 'value="[Desk lamp for reading](/p/guide)"' in page
    assert f'href="/studio/{town["mine"].key}/links" data-links' in client.get(f"/studio/{town['mine'].key}").text


def test_neither_itself_nor_what_it_links_to_already(
    client: FlaskClient, make: Factory, writer: User, town: dict[str, Any]
) -> None:
    links = client.get(f"/studio/{town['guide'].key}/links?title=desk+lamp&summary=", headers=JSON).json
    assert links is not None
    assert [one["url"] for one in links["links"]] == ["/products/lamp"]
    linked = make.post(writer, title="Desk lamp", source="See [it](/products/lamp).", published=False)
    links = client.get(f"/studio/{linked.key}/links?title=desk+lamp&summary=", headers=JSON).json
    assert links is not None
    assert [one["url"] for one in links["links"]] == ["/p/guide"]


def test_it_says_why_there_is_nothing(app: Flask, client: FlaskClient, make: Factory, writer: User) -> None:
    untitled = make.post(writer, title="", published=False)
    address = f"/studio/{untitled.key}/links"
    found = [client.get(f"{address}?title={words}&summary=", headers=JSON).json for words in ("", "zebra")]
    known = app.extensions["contentshop"]
    app.extensions["contentshop"] = replace(known, engines=replace(known.engines, search=Broken()))
    found.append(client.get(f"{address}?title=desk+lamp", headers=JSON).json)
    assert found == [
        {"links": [], "problem": "Give the post a title first; its words say what to look for."},
        {"links": [], "problem": "Nothing published reads like this yet."},
        {"links": [], "problem": "Search does not answer now. Please try again in a minute."},
    ]
    page = client.get(address + "?title=desk+lamp")
    assert page.status_code == 200
    assert "Search does not answer now." in page.text


def test_strangers_are_not_told_that_there_is_a_draft(
    app: Flask, make: Factory, town: dict[str, Any], sign_in: Callable[..., Any]
) -> None:
    stranger = sign_in(app.test_client(), make.user("creator"))
    assert stranger.get(f"/studio/{town['mine'].key}/links").status_code == 404
