"""Posts that read alike, by the real engine."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from contentshop import worker
from contentshop.core.clock import FixedClock
from contentshop.core.uow import unit_of_work
from contentshop.discovery.queries import related_posts
from contentshop.posts import actions as posts
from contentshop.posts.models import Post
from contentshop.search.backends.whoosh import WhooshSearchBackend
from tests.factories import Factory


@pytest.fixture
def search(tmp_path: Path) -> Iterator[WhooshSearchBackend]:
    backend = WhooshSearchBackend(tmp_path / "index")
    backend.ensure()
    yield backend
    backend.close()


@pytest.fixture
def guides(app: Flask, make: Factory, session: Session) -> dict[str, Any]:
    author = make.user("creator")
    words = {
        "kettles": ("Gooseneck kettles for coffee", "Which gooseneck kettles pour coffee best.", "en"),
        "coffee": ("Coffee from gooseneck kettles", "For coffee you want gooseneck kettles.", "en"),
        "tents": ("Tents for two in the rain", "A tent keeps the rain out.", "en"),
        "shuihu": ("手冲咖啡壶怎么选", "细口壶适合手冲咖啡。gooseneck kettles", "zh"),
    }
    made = {
        slug: make.post(author, slug=slug, title=title, source=source, lang=lang)
        for slug, (title, source, lang) in words.items()
    }
    session.rollback()
    worker.settle(app)
    return made


def test_what_is_on_the_same_subject_is_related(guides: dict[str, Any], session: Session) -> None:
    found = related_posts(session, guides["kettles"].id)
    assert [(one.tile.slug, one.alike, one.topic) for one in found] == [("coffee", True, "")]


def test_it_goes_both_ways_though_one_was_there_first(guides: dict[str, Any], session: Session) -> None:
    assert [one.tile.slug for one in related_posts(session, guides["coffee"].id)] == ["kettles"]


def test_what_is_taken_down_is_not_shown(
    guides: dict[str, Any], session: Session, app: Flask, clock: FixedClock
) -> None:
    with unit_of_work(session):
        post = session.get_one(Post, guides["coffee"].id)
        posts.unpublish(session, post, by=post.author, now=clock.now())
    worker.settle(app)
    assert related_posts(session, guides["kettles"].id) == []


def test_a_shared_product_says_more(guides: dict[str, Any], make: Factory, session: Session, app: Flask) -> None:
    make.product("kettle", title="Kettle")
    author = make.user("creator")
    one = make.post(author, slug="one", title="Coffee, gooseneck kettles", source="Kettles.\n\n::card[kettle]\n")
    make.post(author, slug="two", title="Unlike", source="Else.\n\n::card[kettle]\n")
    session.rollback()
    worker.settle(app)
    found = related_posts(session, one.id)
    assert [(other.tile.slug, other.product, other.alike) for other in found] == [
        ("two", "Kettle", False),
        ("coffee", "", True),
        ("kettles", "", True),
    ]


def test_texts_that_share_a_topic_need_be_less_alike(make: Factory, session: Session, app: Flask) -> None:
    make.topic("coffee")
    author = make.user("creator")

    def guide(slug: str, title: str, *topics: str) -> Any:
        return make.post(author, slug=slug, title=title, summary="", source="Words.", topics=list(topics))

    here = guide("here", "Burr grinders under fifty dollars", "coffee")
    guide("far", "Drip machines", "coffee")
    guide("near", "Burr grinders under fifty euros", "coffee")
    guide("elsewhere", "Burr grinders under fifty pounds")
    session.rollback()
    worker.settle(app)
    found = related_posts(session, here.id)
    assert [(one.tile.slug, one.alike, one.topic) for one in found] == [("near", True, ""), ("far", False, "coffee")]
