"""Boards from what is in the tables: clicks, opened results, carts, orders."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import delete, event, select, update
from sqlalchemy.orm import Session

from contentshop.accounts.models import User
from contentshop.affiliate.models import Click, Program
from contentshop.core.uow import unit_of_work
from contentshop.discovery import actions, queries
from contentshop.discovery.inputs import day_of
from contentshop.discovery.models import SearchPick, Trend
from contentshop.orders.models import Cart, CartLine, Order, OrderLine
from contentshop.posts.models import Card, Post
from contentshop.products.models import Offer, Product
from tests.conftest import NOON
from tests.factories import Factory


class Street:
    """Two guides, each about a product of its own that a shop sells and we do too."""

    def __init__(self, make: Factory, session: Session) -> None:
        self.make = make
        self.session = session
        self.shop = make.merchant("acme")
        self.author = make.user("creator")
        self.posts: dict[str, Any] = {}
        for name in ("lamp", "desk"):
            make.product(name, own={"USD": 1999}, stock=9, affiliate=[{"merchant": self.shop}])
            self.posts[name] = make.post(self.author, slug=f"about-{name}", source=f"::card[{name}]\n")
        self.number = 0

    def add(self, *things: Any) -> None:
        with unit_of_work(self.session):
            self.session.add_all(things)

    def card(self, name: str) -> Card:
        return self.session.scalars(
            select(Card).join(Product, Product.id == Card.product_id).where(Product.slug == name)
        ).one()

    def click(self, name: str, people: int, at: datetime = NOON, card: bool = True) -> None:
        with unit_of_work(self.session):
            offer = self.session.scalars(
                select(Offer).join(Product).where(Product.slug == name, Offer.kind == "affiliate")
            ).one()
            for _person in range(people):
                self.number += 1
                self.session.add(
                    Click(
                        clicked_at=at,
                        card_key=self.card(name).key if card else "",
                        offer_key=offer.key,
                        post_key=self.posts[name].key if card else "",
                        creator_key=self.author.key if card else "",
                        visitor=f"v{self.number}",
                        hour=int(at.timestamp()) // 3600,
                    )
                )

    def read(self, target: str, kind: str, people: int) -> None:
        for _person in range(people):
            self.number += 1
            self.add(
                SearchPick(
                    picked_at=NOON, day=day_of(NOON), lang="en", words="x", visitor=f"v{self.number}",
                    kind=kind, target=target, rank=1,
                )
            )  # fmt: skip

    def order(self, name: str, buyer: str, user: User | None = None, state: str = "placed") -> None:
        self.number += 1
        variant = self.make.variant_of(self.session.scalars(select(Product).where(Product.slug == name)).one())
        offer = self.session.scalars(select(Offer).where(Offer.variant_id == variant.id)).one()
        line = OrderLine(
            variant_id=variant.id, offer_id=offer.id, sku="x", title=name, unit_minor=1999, quantity=1,
            total_minor=1999, card_key=self.card(name).key,
        )  # fmt: skip
        self.add(
            Order(
                key=f"order{self.number}", user_id=user.id if user else None, state=state,
                payment_method="bank_transfer",
                currency="USD", items_minor=1999, shipping_minor=0, total_minor=1999, email=buyer, name="R",
                country="US", city="O", address="1", attempt_key=f"a{self.number}", attempt_digest="d",
                placed_at=NOON, lines=[line],
            )
        )  # fmt: skip

    def board(self, kind: str = "post", period: str = "week", now: datetime = NOON) -> list[tuple[str, int]]:
        with unit_of_work(self.session):
            actions.keep_boards(self.session, queries.work_out_boards(self.session, now=now))
        found = queries.list_trending(self.session, period)  # type: ignore[arg-type]
        table: Any = Post if kind == "post" else Product
        names: dict[int, str] = {row.id: row.slug for row in self.session.execute(select(table.id, table.slug))}
        chosen = found.posts if kind == "post" else found.products
        return [(names[key], visitors) for key, visitors in chosen.items()]


@pytest.fixture
def street(make: Factory, session: Session) -> Street:
    return Street(make, session)


def test_clicks_make_boards_of_posts_and_products(street: Street) -> None:
    street.click("lamp", 3)
    street.click("desk", 4, NOON - timedelta(hours=1))
    assert street.board() == [("about-desk", 4), ("about-lamp", 3)]
    assert street.board("product") == [("desk", 4), ("lamp", 3)]
    assert street.board(period="day", now=NOON + timedelta(hours=23, minutes=30)) == [("about-lamp", 3)]
    assert street.board(now=NOON + timedelta(days=8)) == []


def test_a_click_on_a_products_own_page_counts_for_the_product(street: Street) -> None:
    street.click("lamp", 3, card=False)
    assert street.board() == []
    assert street.board("product") == [("lamp", 3)]


def test_opened_results_count(street: Street) -> None:
    lamp = street.session.scalars(select(Product).where(Product.slug == "lamp")).one()
    street.read(street.posts["desk"].key, "post", 3)
    street.read(lamp.key, "product", 3)
    street.read(street.author.key, "creator", 3)
    assert street.board() == [("about-desk", 3)]
    assert street.board("product") == [("lamp", 3)]


def test_carts_and_orders_from_a_card_count(street: Street) -> None:
    street.click("lamp", 4)
    street.click("desk", 3)
    street.order("desk", "a@example.org")
    assert street.board() == [("about-desk", 4), ("about-lamp", 4)]
    lamp = street.session.scalars(select(Product).where(Product.slug == "lamp")).one()
    variant = street.make.variant_of(lamp)
    for number in range(2):
        line = CartLine(variant_id=variant.id, card_key=street.card("lamp").key, quantity=1)
        street.add(Cart(key=f"cart{number}", created_at=NOON, updated_at=NOON, lines=[line]))
    assert street.board() == [("about-lamp", 4), ("about-desk", 4)]


def test_cancelled_orders_and_authors_own_ones_do_not_count(street: Street) -> None:
    street.click("lamp", 2)
    street.order("lamp", "ada@example.org", street.author)
    street.order("lamp", "b@example.org", state="cancelled")
    assert street.board() == []
    street.order("lamp", "B@example.org")
    street.order("lamp", "b@example.org")
    assert street.board() == [("about-lamp", 3)]


def test_what_is_not_public_is_not_shown(street: Street, make: Factory) -> None:
    street.click("lamp", 5)
    street.click("desk", 3)
    assert len(street.board()) == 2
    with unit_of_work(street.session):
        street.session.execute(update(Post).where(Post.slug == "about-lamp").values(state="unpublished"))
        street.session.execute(update(Product).where(Product.slug == "desk").values(status="archived"))
    found = queries.list_trending(street.session, "week")  # before the worker has come by
    assert len(found.posts) == 1
    assert len(found.products) == 1
    assert street.board() == [("about-desk", 3)]
    assert street.board("product") == [("lamp", 5)]
    with unit_of_work(street.session):
        street.session.execute(update(User).where(User.id == street.author.id).values(blocked=True))
    assert queries.list_trending(street.session, "week").posts == {}
    assert street.board() == []


def test_what_a_shop_pays_is_never_asked(street: Street) -> None:
    """The same boards with and without affiliate programs, and not one statement that reads them."""
    street.click("lamp", 3)
    street.click("desk", 4)
    seen: list[str] = []
    event.listen(street.session.get_bind(), "before_cursor_execute", lambda *args: seen.append(args[2]))
    with_programs = street.board(), street.board("product")
    assert not [statement for statement in seen if "affiliate_program" in statement]
    with unit_of_work(street.session):
        street.session.execute(delete(Program))
    assert (street.board(), street.board("product")) == with_programs


def test_boards_that_have_not_changed_are_not_written(street: Street) -> None:
    street.click("lamp", 3)
    boards = queries.work_out_boards(street.session, now=NOON)
    with unit_of_work(street.session):
        assert actions.keep_boards(street.session, boards) == 6
    later = queries.work_out_boards(street.session, now=NOON + timedelta(hours=1))
    with unit_of_work(street.session):
        assert actions.keep_boards(street.session, later) == 0
    assert len(street.session.scalars(select(Trend)).all()) == 6


def test_a_board_of_many_signals_takes_few_statements(street: Street, statements: Any) -> None:
    street.click("lamp", 200)
    with statements() as seen:
        queries.work_out_boards(street.session, now=NOON)
    assert len(seen) == 4
    with statements() as seen:
        queries.list_trending(street.session, "month")
    assert len(seen) == 1
