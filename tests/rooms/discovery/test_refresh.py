"""What to look at again: the formula, and what it is told of posts."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session

from contentshop.accounts.models import User
from contentshop.affiliate.models import Click
from contentshop.core.clock import FixedClock
from contentshop.discovery.models import SearchPick
from contentshop.discovery.queries.refreshing import list_to_refresh
from contentshop.discovery.refresh import BROKEN, BrokenCard, QueuedPost, queue, worth
from contentshop.posts.gate import Named
from contentshop.posts.models import Post, PostMember
from contentshop.products.models import Product
from tests.factories import Factory

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
LAMP = Named("lamp", "Lamp")
GONE = BrokenCard("gone", 1, LAMP)
STALE = BrokenCard("stale", 1, LAMP)


def post(key: str, *, readers: int = 0, days: int = 0, cards: tuple[BrokenCard, ...] = ()) -> QueuedPost:
    return QueuedPost(key, key, key.title(), "en", readers, NOW - timedelta(days=days), False, cards)


def keys(*posts: QueuedPost) -> list[str]:
    return [one.key for one in queue(posts, now=NOW)]


class TestFormula:
    def test_it_is_the_one_that_is_written_down(self) -> None:
        assert worth(0, 0, []) == 1
        assert worth(9, 0, []) == 10
        assert worth(9, 180, []) == 30
        assert worth(9, 180, ["gone", "stale"]) == 30 * 4.5

    @pytest.mark.parametrize("trouble", sorted(BROKEN))
    def test_every_trouble_weighs(self, trouble: Any) -> None:
        assert worth(0, 0, [trouble]) == 1 + BROKEN[trouble]

    def test_what_needs_nothing_is_left_out(self) -> None:
        assert keys(post("fresh", readers=1000, days=179)) == []
        assert keys(post("old", days=180), post("broken", cards=(STALE,))) == ["old", "broken"]

    def test_readers_age_and_trouble_come_first(self) -> None:
        few, many = post("few", readers=1, cards=(GONE,)), post("many", readers=2, cards=(GONE,))
        new, old = post("new", days=1, cards=(GONE,)), post("old", days=9, cards=(GONE,))
        mild, bad = post("mild", cards=(STALE,)), post("bad", cards=(GONE,))
        assert keys(few, many) == ["many", "few"]
        assert keys(new, old) == ["old", "new"]
        assert keys(mild, bad) == ["bad", "mild"]

    def test_equals_keep_one_order_whatever_they_came_in(self) -> None:
        one, two = post("one", cards=(GONE,)), post("two", cards=(GONE,))
        assert keys(one, two) == keys(two, one) == ["one", "two"]

    def test_a_date_to_come_is_no_negative_age(self) -> None:
        assert replace(post("x"), looked_at=NOW + timedelta(days=3)).days(NOW) == 0


@pytest.fixture
def author(make: Factory) -> User:
    return make.user("creator")


@pytest.fixture
def listed(session: Session, author: User, clock: FixedClock) -> Callable[..., list[QueuedPost]]:
    def ask(user: User = author) -> list[QueuedPost]:
        session.rollback()
        return list_to_refresh(session, user, locale="en", now=clock.now(), max_age=timedelta(hours=24))

    return ask


def click(session: Session, where: Post, visitor: str, at: datetime) -> None:
    session.add(Click(clicked_at=at, card_key="c", offer_key="o", post_key=where.key, visitor=visitor, hour=0))
    session.commit()


class TestPosts:
    def test_each_trouble_is_told_with_its_line(
        self, make: Factory, author: User, session: Session, listed: Callable[..., list[QueuedPost]]
    ) -> None:
        shop = make.merchant("shop")
        offer: dict[str, Any] = {"merchant": shop}
        make.product("fine", affiliate=[offer])
        for name in ("old", "broken", "later", "stale"):
            make.product(name, affiliate=[offer])
        make.product("torch", own={"USD": 1}, stock=1)
        make.product("replaced", affiliate=[offer])
        make.product("new")
        names = ["fine", "old", "broken", "later", "stale", "replaced", "new", "old"]
        source = "".join(f"::card[{name}]\n" for name in names).replace("[replaced]", '[replaced]{alt="torch"}')
        make.post(author, title="Lamps", source=f"{source}:::rejected[old]\nNo.\n:::")
        self.change(session, "old", discontinued=True, offer={"active": False})
        self.change(session, "replaced", offer={"availability": "out_of_stock"})
        self.change(session, "broken", offer={"health": "dead"})
        self.change(session, "later", offer={"availability": "out_of_stock"})
        self.change(session, "stale", offer={"checked_at": make.now - timedelta(hours=25)})

        [found] = listed()
        assert [(card.trouble, card.line, card.product.slug) for card in found.cards] == [
            ("gone", 2, "old"),
            ("dead", 3, "broken"),
            ("sold_out", 4, "later"),
            ("stale", 5, "stale"),
            ("stood_in", 6, "replaced"),
            ("unsold", 7, "new"),
        ]
        assert found.cards[4].stand_in == Named("torch", "Torch")

    def change(self, session: Session, slug: str, *, offer: dict[str, Any], **values: Any) -> None:
        product = session.query(Product).filter_by(slug=slug).one()
        for name, value in values.items():
            setattr(product, name, value)
        for name, value in offer.items():
            setattr(product.offers[0], name, value)
        session.commit()

    def test_readers_of_the_last_month_count_once_a_day(
        self, make: Factory, author: User, session: Session, clock: FixedClock, listed: Callable[..., list[QueuedPost]]
    ) -> None:
        make.product("new")
        one = make.post(author, source="::card[new]")
        now = clock.now()
        for visitor, days in (("a", 1), ("b", 2), ("c", 31)):
            click(session, one, visitor, now - timedelta(days=days))
        for visitor in ("a", "d"):
            session.add(SearchPick(picked_at=now, day=1, lang="en", words="x", visitor=visitor, kind="post", target=one.key, rank=1))  # fmt: skip  # noqa: E501
        session.add(SearchPick(picked_at=now, day=1, lang="en", words="x", visitor="e", kind="product", target=one.key, rank=1))  # fmt: skip  # noqa: E501
        session.commit()
        assert [found.readers for found in listed()] == [3]

    def test_a_look_is_a_publication_a_revision_or_a_test(
        self, make: Factory, author: User, session: Session, clock: FixedClock, listed: Callable[..., list[QueuedPost]]
    ) -> None:
        one = make.post(author, tested_to="2026-11-10")
        clock.advance(timedelta(days=200))
        assert [found.days(clock.now()) for found in listed()] == [200]
        session.execute(update(Post).values(revised_at=clock.now() - timedelta(days=190)))
        session.commit()
        assert [found.key for found in listed()] == [one.key]
        assert [found.days(clock.now()) for found in listed()] == [190]
        session.execute(update(Post).values(revised_at=clock.now() - timedelta(days=100)))
        session.commit()
        assert listed() == []

    def test_whose_posts_they_are(
        self, make: Factory, author: User, session: Session, clock: FixedClock, listed: Callable[..., list[QueuedPost]]
    ) -> None:
        make.product("new")
        shown = make.post(author, source="::card[new]")
        make.post(author, source="::card[new]", published=False)
        make.post(source="::card[new]")
        helper, reviewer = make.user("creator"), make.user("creator")
        for person, role in ((helper, "coauthor"), (reviewer, "reviewer")):
            session.add(
                PostMember(
                    key=role,
                    post_id=shown.id,
                    user_id=person.id,
                    role=role,
                    state="accepted",
                    invited_by=author.id,
                    invited_at=clock.now(),
                )
            )
        session.commit()
        assert [found.key for found in listed()] == [shown.key]
        assert [found.key for found in listed(helper)] == [shown.key]
        assert listed(reviewer) == []

    def test_two_statements_however_many_posts_and_cards(
        self,
        make: Factory,
        author: User,
        session: Session,
        listed: Callable[..., list[QueuedPost]],
        statements: Callable[[], AbstractContextManager[list[str]]],
    ) -> None:
        for number in range(12):
            make.product(f"thing-{number}")
        for number in range(12):
            make.post(author, source="".join(f"::card[thing-{card}]\n" for card in range(number + 1)))
        # The person is the test's own and not loaded anew.
        session.rollback()
        with statements() as seen:
            found = listed()
        assert [len(one.cards) for one in found] == list(range(12, 0, -1))
        assert len(seen) == 2, seen
