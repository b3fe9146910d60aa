"""The trending page and its shelf at home: kept like other pages, made anew when a board changes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import update
from sqlalchemy.orm import Session

from contentshop import worker
from contentshop.affiliate.models import Click
from contentshop.core.db import db
from contentshop.core.uow import unit_of_work
from contentshop.discovery.models import Trend
from contentshop.posts.models import Post
from contentshop.products.models import Product
from tests.factories import Factory

Counting = Callable[[], AbstractContextManager[list[str]]]
PATHS = ["/trending", "/trending/day", "/trending/month"]


@pytest.fixture
def session(app: Flask) -> Iterator[Session]:
    """A session apart from the requests'."""
    with app.app_context():
        engine = db.engine
    with Session(engine, expire_on_commit=False) as found:
        yield found


class Town:
    """Five guides by five people, each about a lamp of its own."""

    def __init__(self, app: Flask, make: Factory, session: Session) -> None:
        self.app = app
        self.make = make
        self.session = session
        self.posts = []
        for number in range(5):
            make.product(f"lamp-{number}", title=f"Lamp no. {number}", own={"USD": 1999}, stock=3)
            source = f"::card[lamp-{number}]\n"
            self.posts.append(make.post(slug=f"guide-{number}", title=f"Guide no. {number}", source=source))

    def followed_up(self, post: Any, people: int) -> None:
        clicks = [
            Click(
                clicked_at=self.make.now, card_key="", offer_key="", post_key=post.key, creator_key="",
                visitor=f"{post.key} {number}", hour=int(self.make.now.timestamp()) // 3600,
            )
            for number in range(people)
        ]  # fmt: skip
        with unit_of_work(self.session):
            self.session.add_all(clicks)
        worker.settle(self.app)

    def place_products(self, *numbers: int) -> None:
        with unit_of_work(self.session):
            for place, number in enumerate(numbers, start=1):
                product = self.session.query(Product).filter_by(slug=f"lamp-{number}").one()
                self.session.add(Trend(period="week", kind="product", place=place, product_id=product.id, visitors=4))


@pytest.fixture
def town(app: Flask, make: Factory, session: Session) -> Town:
    return Town(app, make, session)


@pytest.mark.parametrize("path", PATHS)
def test_an_empty_board_says_so(client: FlaskClient, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 200
    assert "Too few people have been here to tell" in answer.text


def test_unknown_boards_are_not_there(client: FlaskClient) -> None:
    for path in ("/trending/week", "/trending/year", "/trending/day/x", "/trending/%00"):
        assert client.get(path).status_code == 404, path


@pytest.mark.parametrize("path", PATHS)
def test_the_board_stands_in_its_order_with_reasons(client: FlaskClient, town: Town, path: str) -> None:
    town.followed_up(town.posts[1], 3)
    town.followed_up(town.posts[2], 5)
    page = client.get(path).text
    assert page.index("Guide no. 2") < page.index("Guide no. 1")
    assert "Of interest to 5 people" in page
    assert "Guide no. 3" not in page


def test_it_is_kept_until_the_board_changes(client: FlaskClient, town: Town, statements: Counting) -> None:
    town.followed_up(town.posts[1], 3)
    assert "Guide no. 1" in client.get("/trending").text
    with statements() as seen:
        answer = client.get("/trending")
    assert not seen
    assert answer.headers["Cache-Control"] == "public, max-age=0, must-revalidate"
    town.followed_up(town.posts[2], 3)
    assert "Guide no. 2" in client.get("/trending").text
    with unit_of_work(town.session):
        town.session.execute(
            update(Post).where(Post.slug == "guide-1").values(state="unpublished", version=Post.version + 1)
        )
    assert "Guide no. 1" not in client.get("/trending").text


def test_products_stand_with_todays_price(client: FlaskClient, town: Town) -> None:
    town.place_products(3, 1)
    page = client.get("/trending").text
    assert page.index("Lamp no. 3") < page.index("Lamp no. 1")
    assert page.count("$19.99") == 2


def test_the_home_page_has_a_shelf_of_at_least_four(client: FlaskClient, town: Town, statements: Counting) -> None:
    for number in (4, 0, 1, 2):
        town.followed_up(town.posts[number], 6 - number)
    assert 'id="trending"' not in client.get("/").text  # the newest of them leads the page
    town.followed_up(town.posts[3], 3)
    shelf = client.get("/").text.partition('id="trending"')[2]
    assert "Of interest to 6 people" in shelf
    assert 'id="trending"' not in client.get("/?page=2").text


def test_a_page_takes_few_statements(client: FlaskClient, town: Town, statements: Counting) -> None:
    for post in town.posts:
        town.followed_up(post, 3)
    town.place_products(1, 2, 3)
    for path, limit in (("/trending", 5), ("/", 7)):
        with statements() as seen:
            assert client.get(path).status_code == 200
        assert len(seen) <= limit, seen
        assert all(text.lstrip().upper().startswith("SELECT") for text in seen)
