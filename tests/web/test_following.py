"""Following by buttons, with and without an account, and the page of the feed."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import pytest
from flask import Flask
from flask.testing import FlaskClient

from contentshop import worker
from contentshop.core.clock import FixedClock
from tests.factories import Factory

Send = Callable[..., Any]
BROWSER = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36"


@pytest.fixture
def reader(app: Flask, make: Factory, sign_in: Callable[..., Any]) -> FlaskClient:
    browser = app.test_client()
    sign_in(browser, make.user("reader"))
    return browser


@pytest.fixture
def guide(make: Factory) -> Any:
    make.topic("travel", title="Travel")
    return make.post(make.user("creator", handle="nora", name="Nora"), slug="guide", title="A guide", topics=["travel"])


@pytest.mark.parametrize("path", ["/@nora", "/topics/travel"])
def test_a_visitor_is_led_to_sign_in_from_a_page_that_is_kept(
    client: FlaskClient, guide: Any, path: str, statements: Callable[[], AbstractContextManager[list[str]]]
) -> None:
    page = client.get(path)
    assert f'href="/sign-in?next={quote(path)}"' in page.text
    assert "csrf_token" not in page.text
    with statements() as seen:
        assert client.get(path).data == page.data
    assert not seen


@pytest.mark.parametrize(
    ("path", "field", "name"), [("/@nora", "creator", "nora"), ("/topics/travel", "topic", "travel")]
)
def test_following_and_stopping(
    reader: FlaskClient, client: FlaskClient, guide: Any, post_form: Send, path: str, field: str, name: str
) -> None:
    assert 'value="follow"' in reader.get(path).text
    answer = post_form(reader, "/follow", {field: name, "do": "follow", "next": path})
    assert (answer.status_code, answer.location) == (303, path)
    assert 'value="stop"' in reader.get(path).text
    assert 'value="stop"' not in client.get(path).text
    page = reader.get("/feed").text
    assert "A guide" in page
    assert ("You follow Nora" if field == "creator" else "You follow the topic Travel") in page
    post_form(reader, "/follow", {field: name, "do": "stop", "next": path})
    assert 'value="follow"' in reader.get(path).text
    assert "You follow nobody yet" in reader.get("/feed").text


def test_nobody_follows_oneself_or_what_is_not_there(
    client: FlaskClient, guide: Any, make: Factory, sign_in: Callable[..., Any], post_form: Send
) -> None:
    sign_in(client, make.user("creator", handle="me"))
    assert "/follow" not in client.get("/@me").text
    assert post_form(client, "/follow", {"creator": "me"}).status_code == 422
    assert "You follow nobody yet" in client.get("/feed").text
    for data in ({"creator": "nobody"}, {"topic": "nothing"}, {}, {"creator": "x" * 5000}):
        assert post_form(client, "/follow", data).status_code == 404, data
    assert post_form(client, "/follow", {"topic": "\x00"}).status_code in {404, 422}  # PostgreSQL knows no NUL


def test_the_way_back_stays_here(reader: FlaskClient, guide: Any, post_form: Send) -> None:
    answer = post_form(reader, "/follow", {"creator": "nora", "next": "https://evil.example/"})
    assert answer.location == "/@nora"


def test_less_reset_and_order(reader: FlaskClient, guide: Any, post_form: Send) -> None:
    post_form(reader, "/follow", {"topic": "travel"})
    assert post_form(reader, "/feed/less", {"post": "guide"}).status_code == 303
    page = reader.get("/feed").text
    assert "You wanted less of 1 post." in page
    assert 'href="/p/guide"' not in page
    assert post_form(reader, "/feed/less", {"post": "nothing"}).status_code == 404
    post_form(reader, "/feed/reset")
    assert 'href="/p/guide"' in reader.get("/feed").text
    post_form(reader, "/feed/order", {"by": "date"})
    assert "Strictly by date." in reader.get("/feed").text
    post_form(reader, "/feed/order", {"by": "reason"})
    assert "Strictly by date." not in reader.get("/feed").text


def test_what_was_searched_for_makes_the_feed(app: Flask, reader: FlaskClient, guide: Any) -> None:
    worker.settle(app)
    assert "A guide" in reader.get("/search?q=guide", headers={"User-Agent": BROWSER}).text
    worker.settle(app)
    page = reader.get("/feed").text
    assert "You searched for “guide”" in page
    assert 'href="/search?q=guide"' in page


def test_a_feed_is_nobody_elses(client: FlaskClient, reader: FlaskClient, guide: Any, post_form: Send) -> None:
    assert client.get("/feed").location == "/sign-in?next=/feed"
    assert client.post("/follow", data={"creator": "nora"}).status_code in {400, 403}
    assert reader.get("/feed").headers["Cache-Control"] == "private, no-store"


def test_older_posts_stand_on_further_pages_each_once(
    app: Flask, reader: FlaskClient, make: Factory, clock: FixedClock, post_form: Send
) -> None:
    author = make.user("creator", handle="many")
    for number in range(30):
        clock.advance(timedelta(minutes=1))
        make.post(author, slug=f"many-{number}", title=f"Many {number}")
    post_form(reader, "/follow", {"creator": "many"}, page="/@many")

    def shown(address: str) -> list[str]:
        page = reader.get(address).text
        return [f"many-{number}" for number in re.findall(r'<h2 class="tile-title"><a href="/p/many-(\d+)"', page)]

    assert shown("/feed") == [f"many-{number}" for number in range(29, 5, -1)]
    assert shown("/feed?page=2") == [f"many-{number}" for number in range(5, -1, -1)]
    assert 'href="/feed?page=2"' in reader.get("/feed").text
    assert 'rel="prev" href="/feed"' in reader.get("/feed?page=2").text
    assert "/feed?page=3" not in reader.get("/feed?page=2").text
    assert shown("/feed?page=999999999999") == shown("/feed?page=20") == []
