"""RSS, the sitemap and robots.txt."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree

import pytest
from flask.testing import FlaskClient

from tests.factories import Factory

SITEMAP = "{http://www.sitemaps.org/schemas/sitemap/0.9}"


@pytest.fixture
def stage(make: Factory) -> dict[str, Any]:
    make.topic("travel", title="Travel", translations={"zh": {"title": "旅行"}})
    ada, bob = make.user("creator", handle="ada"), make.user("creator", handle="bob")
    return {
        "one": make.post(ada, title="Quiet <trains> & \x0bplanes", slug="quiet", topics=["travel"], summary="A & B"),
        "two": make.post(bob, title="Warm socks", slug="socks"),
        "draft": make.post(ada, title="Secret", slug="secret", published=False, topics=["travel"]),
        "lamp": make.product("lamp", own={"USD": 1000}, stock=1),
        "hidden": make.product("hidden", status="archived"),
    }


def titles(client: FlaskClient, path: str) -> list[str | None]:
    answer = client.get(path)
    assert answer.status_code == 200
    assert answer.mimetype == "application/rss+xml"
    return [item.findtext("title") for item in ElementTree.fromstring(answer.data).iter("item")]


def test_feeds_hold_what_is_public_newest_first(client: FlaskClient, stage: dict[str, Any]) -> None:
    assert titles(client, "/feed.xml") == ["Warm socks", "Quiet <trains> & planes"]
    assert titles(client, "/topics/travel/feed.xml") == ["Quiet <trains> & planes"]
    assert titles(client, "/@bob/feed.xml") == ["Warm socks"]
    assert client.get("/topics/nothing/feed.xml").status_code == 404
    assert client.get("/@nobody/feed.xml").status_code == 404


def test_an_entry_is_whole(client: FlaskClient, stage: dict[str, Any]) -> None:
    feed = ElementTree.fromstring(client.get("/@ada/feed.xml").data)
    item = next(feed.iter("item"))
    assert item.findtext("link") == "http://localhost/p/quiet"
    assert item.findtext("guid") == f"http://localhost/#{stage['one'].key}"
    assert item.findtext("description") == "A & B"
    assert item.findtext("pubDate") == "Fri, 20 Nov 2026 12:00:00 GMT"
    assert feed.find("channel/{http://www.w3.org/2005/Atom}link").get("href") == "http://localhost/@ada/feed.xml"  # type: ignore[union-attr]


def test_a_reader_that_has_it_gets_304(client: FlaskClient, stage: dict[str, Any]) -> None:
    first = client.get("/feed.xml")
    again = client.get("/feed.xml", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")


def test_the_sitemap_names_everything_public_and_nothing_else(client: FlaskClient, stage: dict[str, Any]) -> None:
    root = ElementTree.fromstring(client.get("/sitemap.xml").data)
    found = {url.findtext(f"{SITEMAP}loc"): url.findtext(f"{SITEMAP}lastmod") for url in root}
    assert found == {
        "http://localhost/": None,
        "http://localhost/p/quiet": "2026-11-20T12:00:00Z",
        "http://localhost/p/socks": "2026-11-20T12:00:00Z",
        "http://localhost/products/lamp": "2026-11-20T12:00:00Z",
        "http://localhost/topics/travel": None,
        "http://localhost/deals": None,
    }


def test_every_address_of_the_sitemap_answers(client: FlaskClient, stage: dict[str, Any]) -> None:
    for url in ElementTree.fromstring(client.get("/sitemap.xml").data):
        path = (url.findtext(f"{SITEMAP}loc") or "").removeprefix("http://localhost")
        assert client.get(path).status_code == 200, path


def test_robots_are_kept_out_of_what_counts(client: FlaskClient) -> None:
    lines = client.get("/robots.txt").text.splitlines()
    assert {"Disallow: /go/", "Disallow: /cart", "Disallow: /orders/"} <= set(lines)
    assert "Sitemap: http://localhost/sitemap.xml" in lines
