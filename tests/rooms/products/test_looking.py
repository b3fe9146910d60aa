"""Later looks at shops' pages: alive, dead or inconclusive; unknown rather than wrong; politely."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from contentshop.core.clock import FixedClock
from contentshop.core.fetch import NotFetched, Why
from contentshop.products import actions, queries
from contentshop.products.actions.looking import PAUSE, REST
from contentshop.products.models import Merchant, Offer, OfferPage, Product
from contentshop.products.pages import PageFacts
from contentshop.reactions import site_context
from contentshop.worker import look_at_pages
from tests.factories import Factory
from tests.fakes import ShelfFetcher
from tests.rooms.products.shop_pages import ld, offer, page, product
from tests.rooms.products.test_pasting import URL, add, facts, form

DAY = timedelta(hours=24)


class Scene:
    """One product of a page, and what the worker hears of it."""

    def __init__(self, session: Session, make: Factory, clock: FixedClock) -> None:
        self.session, self.make, self.clock = session, make, clock
        self.creator = make.user("creator")

    def found(self, **typed: str) -> Scene:
        self.product = add(self.session, form(**typed), self.creator, self.clock, facts()).product
        self.version = self.product.version
        return self

    def look(self, look: PageFacts | Why | NotFetched) -> str:
        told = NotFetched(look) if isinstance(look, str) else look
        health = actions.note_look(self.session, self.offer.id, told, now=self.clock.now())
        self.session.commit()
        return health

    @property
    def offer(self) -> Offer:
        found = queries.get_page_offer(self.session, self.product.id)
        assert found is not None
        return found

    @property
    def page(self) -> OfferPage:
        return self.session.scalars(select(OfferPage)).one()

    @property
    def merchant(self) -> Merchant:
        return self.session.scalars(select(Merchant)).one()


@pytest.fixture
def scene(session: Session, make: Factory, clock: FixedClock) -> Scene:
    return Scene(session, make, clock)


def test_a_new_price_is_taken_over_and_dated(scene: Scene) -> None:
    scene.found()
    scene.clock.advance(DAY)
    assert scene.look(facts(price="49.00", availability="preorder")) == "alive"
    now = scene.clock.now()
    found = scene.offer
    assert (found.price_minor, found.availability, found.checked_at, found.price_changed_at) == (
        4900,
        "preorder",
        now,
        now,
    )
    assert scene.product.version == scene.version + 1
    assert scene.page.check_at == now + DAY
    assert scene.merchant.rest_until == now + PAUSE


def test_the_same_price_is_only_younger(scene: Scene) -> None:
    scene.found()
    scene.clock.advance(DAY)
    scene.look(facts())
    assert (scene.offer.price_minor, scene.offer.price_changed_at, scene.offer.checked_at) == (
        5900,
        None,
        scene.clock.now(),
    )


@pytest.mark.parametrize("problem", ["no_price", "several_prices", "odd_price", "no_currency"])
def test_a_price_the_page_does_not_say_any_more_is_unknown(scene: Scene, problem: str) -> None:
    scene.found()
    scene.clock.advance(DAY)
    untold = replace(facts(price="", currency="", availability=""), problems=(problem,))  # type: ignore[arg-type]
    assert scene.look(untold) == "alive"
    assert (scene.offer.price_minor, scene.offer.availability) == (None, "unknown")


def test_locked_fields_are_left_alone_and_do_not_become_younger(scene: Scene) -> None:
    scene.found(lock_price="1", lock_availability="1")
    before = scene.offer.checked_at
    scene.clock.advance(DAY)
    assert scene.look(facts(price="1.00", availability="out_of_stock")) == "alive"
    found = scene.offer
    assert (found.price_minor, found.currency, found.availability, found.checked_at) == (
        5900,
        "USD",
        "in_stock",
        before,
    )


@pytest.mark.parametrize(
    "why", ["blocked", "slow", "no_answer", "broken", "large", "type", "redirects", "unknown_host", "private"]
)
def test_silence_and_walls_prove_nothing_however_often(scene: Scene, why: Why) -> None:
    scene.found()
    before = scene.offer.checked_at
    for _ in range(12):
        scene.clock.advance(DAY * 14)
        assert scene.look(why) == "inconclusive"
    found = scene.offer
    assert (found.price_minor, found.availability, found.checked_at) == (5900, "in_stock", before)
    assert scene.look(facts()) == "alive"
    assert scene.page.failures == 0


@pytest.mark.parametrize(
    "look",
    [
        replace(facts(price=""), problems=("blocked",)),
        replace(facts(price=""), problems=("no_product",)),
        replace(facts(price=""), problems=("several_products",)),
        replace(facts(price="1.00"), url="https://parked.example/k"),
        facts(price="8.00", currency="EUR"),
        facts(price="8.00", gtin="00012345678905"),
    ],
    ids=["captcha", "another page", "several", "another shop", "another country", "another product"],
)
def test_a_page_that_is_not_the_product_s_tells_nothing(scene: Scene, look: PageFacts) -> None:
    scene.found(gtin="4006381333931")
    scene.clock.advance(DAY)
    assert scene.look(look) == "inconclusive"
    assert (scene.offer.price_minor, scene.offer.currency) == (5900, "USD")


@pytest.mark.parametrize("home", [False, True], ids=["404", "front page"])
def test_gone_has_to_be_said_twice(scene: Scene, home: bool) -> None:
    scene.found()
    gone = replace(facts(), url="https://kettles.example/") if home else NotFetched("gone")
    assert scene.look(gone) == "inconclusive"
    assert scene.look("blocked") == "inconclusive"
    assert scene.look(gone) == "dead"
    assert scene.look("blocked") == "dead"
    assert scene.look(facts()) == "alive"
    assert scene.look(gone) == "inconclusive"


def test_pauses_grow_and_end_at_two_weeks(scene: Scene) -> None:
    scene.found()
    waits = []
    for _ in range(6):
        scene.look("slow")
        waits.append(scene.page.check_at - scene.clock.now())
    assert waits == [DAY * 2, DAY * 4, DAY * 8, DAY * 14, DAY * 14, DAY * 14]


def test_a_wall_lets_the_whole_shop_rest(scene: Scene) -> None:
    scene.found()
    rests = []
    for _ in range(3):
        scene.clock.advance(DAY * 20)
        scene.look("blocked")
        assert scene.merchant.rest_until is not None
        rests.append(scene.merchant.rest_until - scene.clock.now())
    assert rests == [REST, REST * 2, REST * 4]
    scene.clock.advance(DAY * 20)
    scene.look(NotFetched("blocked", retry_after=40 * 3600))
    assert scene.merchant.rest_until == scene.clock.now() + timedelta(hours=40)


def test_one_page_of_each_shop_is_due_at_a_time(session: Session, make: Factory, clock: FixedClock) -> None:
    creator = make.user("creator")
    for url in ("https://a.example/1", "https://a.example/2", "https://b.example/1", "https://c.example/1"):
        add(session, form(url=url), creator, clock)

    def due() -> list[str]:
        return [one.url for one in queries.list_due_pages(session, now=clock.now(), limit=5)]

    assert due() == []
    clock.advance(DAY)
    assert due() == ["https://a.example/1", "https://b.example/1", "https://c.example/1"]
    session.execute(update(Merchant).where(Merchant.domain == "a.example").values(rest_until=clock.now() + REST))
    session.execute(update(Merchant).where(Merchant.domain == "b.example").values(active=False))
    assert due() == ["https://c.example/1"]
    session.execute(update(Product).values(status="archived"))
    assert due() == []


def test_a_vanished_offer_is_nobody_s_news(scene: Scene) -> None:
    assert actions.note_look(scene.session, 4711, facts(), now=scene.clock.now()) == ""


def test_the_worker_looks_at_pages_and_leaves_the_shop_alone(
    app: Flask, session: Session, make: Factory, clock: FixedClock, shelf: ShelfFetcher
) -> None:
    scene = Scene(session, make, clock).found()
    clock.advance(DAY)
    shelf.put(URL, page(ld(product(offers=offer("45.00", availability="InStock")))))
    with site_context(app):
        assert look_at_pages() == 1
        assert look_at_pages() == 0
    session.rollback()
    session.expire_all()
    assert (scene.offer.price_minor, scene.offer.health) == (4500, "alive")
    clock.advance(DAY)
    shelf.refuse(URL, NotFetched("blocked", retry_after=60))
    with site_context(app):
        assert look_at_pages() == 1
    session.rollback()
    session.expire_all()
    assert (scene.offer.price_minor, scene.offer.health) == (4500, "inconclusive")
    assert shelf.asked == [URL, URL]
