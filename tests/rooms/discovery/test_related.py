"""What to read next: shared products first, rare ones before common ones, nothing that is not public."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session

from contentshop.accounts.models import User
from contentshop.core.clock import FixedClock
from contentshop.core.uow import unit_of_work
from contentshop.discovery.queries import related_posts
from contentshop.posts import actions as posts
from contentshop.posts.models import Post
from contentshop.products.models import Product
from tests.factories import Factory


class Shelf:
    """Posts about products, made one minute after the other."""

    def __init__(self, make: Factory, clock: FixedClock, session: Session) -> None:
        self.make = make
        self.clock = clock
        self.session = session
        self.author = make.user("creator")
        for slug in ("lamp", "desk", "chair"):
            make.product(slug, title=slug.title())
        for topic in ("office", "sound"):
            make.topic(topic)

    def post(self, slug: str, *products: str, topics: tuple[str, ...] = (), **values: Any) -> Any:
        self.clock.advance(timedelta(minutes=1))
        source = "Words.\n\n" + "".join(f"::card[{product}]\n\n" for product in products)
        author = values.pop("author", self.author)
        return self.make.post(author, slug=slug, title=slug.title(), source=source, topics=list(topics), **values)

    def related(self, post: Any, limit: int = 4) -> list[tuple[str, str, str]]:
        self.session.rollback()
        found = related_posts(self.session, post.id, limit)
        return [(one.tile.slug, one.product, one.topic) for one in found]

    def change(self, *statements: Any) -> None:
        with unit_of_work(self.session):
            for statement in statements:
                self.session.execute(statement)


@pytest.fixture
def shelf(make: Factory, clock: FixedClock, session: Session) -> Shelf:
    return Shelf(make, clock, session)


def test_a_rare_product_says_more_than_a_common_one(shelf: Shelf) -> None:
    here = shelf.post("here", "lamp", "desk")
    shelf.post("rare", "desk")
    for number in range(3):
        shelf.post(f"common-{number}", "lamp")
    assert shelf.related(here) == [
        ("rare", "Desk", ""),
        ("common-2", "Lamp", ""),
        ("common-1", "Lamp", ""),
        ("common-0", "Lamp", ""),
    ]


def test_more_shared_products_say_more(shelf: Shelf) -> None:
    here = shelf.post("here", "lamp", "desk", "chair")
    shelf.post("two", "lamp", "desk")
    shelf.post("one", "chair")
    shelf.post("one-more", "lamp")
    assert [slug for slug, _product, _topic in shelf.related(here)] == ["two", "one", "one-more"]


def test_a_product_says_more_than_topics(shelf: Shelf) -> None:
    here = shelf.post("here", "lamp", topics=("office", "sound"))
    shelf.post("product", "lamp")
    shelf.post("topics", topics=("office", "sound"))
    shelf.post("topic", topics=("sound",))
    shelf.post("neither", "chair")
    assert shelf.related(here) == [("product", "Lamp", ""), ("topics", "", "office"), ("topic", "", "sound")]


def test_the_same_language_comes_first(shelf: Shelf) -> None:
    here = shelf.post("here", "lamp", topics=("office",))
    shelf.post("chinese", "lamp", topics=("office",), lang="zh")
    shelf.post("english", topics=("office",))
    assert [slug for slug, *_why in shelf.related(here)] == ["english", "chinese"]


def test_equals_stand_by_date_and_the_limit_holds(shelf: Shelf) -> None:
    here = shelf.post("here", topics=("office",))
    for number in range(6):
        shelf.post(f"post-{number}", topics=("office",))
    assert [slug for slug, *_why in shelf.related(here)] == ["post-5", "post-4", "post-3", "post-2"]
    assert len(shelf.related(here, 2)) == 2


def test_nothing_that_is_not_public(shelf: Shelf, make: Factory) -> None:
    blocked = make.user("creator")
    here = shelf.post("here", "lamp", "desk", topics=("office",))
    shelf.post("draft", "lamp", topics=("office",), published=False)
    gone = shelf.post("gone", "lamp", topics=("office",))
    shelf.post("blocked", "lamp", topics=("office",), author=blocked)
    shelf.post("unlisted", "desk")
    with unit_of_work(shelf.session):
        author = shelf.session.merge(shelf.author)
        posts.unpublish(shelf.session, shelf.session.get_one(Post, gone.id), by=author, now=make.now)
    shelf.change(
        update(User).where(User.id == blocked.id).values(blocked=True),
        update(Product).where(Product.slug == "desk").values(status="archived"),
    )
    assert shelf.related(here) == []


def test_a_post_alone_has_nothing(shelf: Shelf) -> None:
    assert shelf.related(shelf.post("here", "lamp", topics=("office",))) == []
    assert related_posts(shelf.session, 10**9) == []


def test_the_product_is_named_in_the_readers_language(shelf: Shelf) -> None:
    here = shelf.post("here", "lamp")
    shelf.post("other", "lamp")
    shelf.change(update(Product).values(translations={"zh": {"title": "台灯"}}))
    assert [one.product for one in related_posts(shelf.session, here.id, locale="zh")] == ["台灯"]


def test_it_is_one_statement(
    shelf: Shelf, statements: Callable[[], AbstractContextManager[list[str]]], session: Session
) -> None:
    here = shelf.post("here", "lamp", "desk", topics=("office",))
    for number in range(12):
        shelf.post(f"post-{number}", "lamp", "desk", topics=("office", "sound"))
    with statements() as seen:
        assert len(shelf.related(here)) == 4
    assert len(seen) == 1
