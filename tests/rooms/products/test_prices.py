"""Every path that sets a price keeps it, and nobody can change what was kept."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import delete, select, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from contentshop.core.clock import FixedClock
from contentshop.core.money import Money
from contentshop.products import actions, queries
from contentshop.products.actions.bulk import ended
from contentshop.products.inputs import OfferInput, ProductInput
from contentshop.products.models import Offer, PriceChange, Product
from tests.factories import Factory

Unit = Callable[[], AbstractContextManager[None]]
LAMP = {"title": "Lamp", "slug": "lamp", "offers": [{"sku": "L1", "price_minor": 2000, "currency": "USD"}]}


def kept(session: Session) -> list[tuple[int | None, str, str]]:
    rows = session.execute(select(PriceChange).order_by(PriceChange.id)).scalars()
    return [(row.price_minor, row.currency, row.actor) for row in rows]


def put(session: Session, unit: Unit, clock: FixedClock, price: int) -> None:
    row = {**LAMP, "offers": [{"sku": "L1", "price_minor": price, "currency": "USD"}]}
    with unit():
        actions.upsert_product(session, ProductInput.parse(row), now=clock.now())


def offer_of(session: Session) -> Offer:
    session.expire_all()
    return session.scalars(select(Offer)).one()


def test_imports_keep_prices_and_find_the_prior_one(session: Session, unit: Unit, clock: FixedClock) -> None:
    put(session, unit, clock, 2000)
    clock.advance(timedelta(days=40))
    put(session, unit, clock, 2600)
    assert (offer_of(session).prior_minor, offer_of(session).price_changed_at) == (None, clock.now())
    clock.advance(timedelta(days=5))
    put(session, unit, clock, 2600)
    put(session, unit, clock, 2300)
    # It was 2000 until five days ago, so 2300 is no reduction that may be told of by more than that.
    assert offer_of(session).prior_minor == 2000
    assert kept(session) == [(2000, "USD", "import"), (2600, "USD", "import"), (2300, "USD", "import")]
    clock.advance(timedelta(days=40))
    put(session, unit, clock, 1900)
    assert offer_of(session).prior_minor == 2300
    assert queries.audit_prices(session) == []


def test_operators_prices_are_kept_with_who_set_them(
    session: Session, unit: Unit, make: Factory, clock: FixedClock
) -> None:
    put(session, unit, clock, 2000)
    offer = offer_of(session)
    key = session.scalars(select(Product.key)).one()
    for price in ("18.00", "18.00", "17.00"):
        clock.advance(timedelta(minutes=1))
        form = OfferInput.parse({"kind": "own", "sku": "L1", "price": price, "currency": "USD"}, price_unit="major")
        with unit():
            actions.save_offer(session, key, form, offer_key=offer.key, now=clock.now(), actor="op")
    shop = make.merchant("shop")
    form = OfferInput.parse(
        {"kind": "affiliate", "merchant": shop.key, "url": "https://shop.example/l", "price": "19", "currency": "USD"},
        price_unit="major",
    )
    with unit():
        actions.save_offer(session, key, form, now=clock.now(), actor="op")
    assert kept(session)[1:] == [(1800, "USD", "op"), (1700, "USD", "op"), (1900, "USD", "op")]
    assert queries.audit_prices(session) == []


def test_a_price_in_another_currency_is_no_reduction(session: Session, unit: Unit, clock: FixedClock) -> None:
    put(session, unit, clock, 2000)
    key, offer = session.scalars(select(Product.key)).one(), offer_of(session)
    form = OfferInput.parse({"kind": "own", "sku": "L1", "price_minor": 1000, "currency": "EUR"})
    with unit():
        actions.save_offer(session, key, form, offer_key=offer.key, now=clock.now())
    assert offer_of(session).prior_minor is None
    assert kept(session)[-1] == (1000, "EUR", "")


@pytest.mark.parametrize("statement", [update(PriceChange).values(price_minor=1), delete(PriceChange)])
def test_the_database_refuses_to_change_the_past(
    session: Session, unit: Unit, clock: FixedClock, statement: object
) -> None:
    put(session, unit, clock, 2000)
    with pytest.raises(DBAPIError, match="prices of the past are not changed"), unit():
        session.execute(statement)  # type: ignore[call-overload]
    assert kept(session) == [(2000, "USD", "import")]


def test_the_audit_finds_a_price_that_was_not_kept(session: Session, unit: Unit, clock: FixedClock) -> None:
    put(session, unit, clock, 2000)
    with unit():
        session.execute(update(Offer).values(price_minor=5))
    (problem,) = queries.audit_prices(session)
    assert problem.startswith("lamp: offer ")
    assert problem.endswith("asks 5 USD, but the last price kept is 2000.")


def test_a_products_history_is_in_one_currency(session: Session, unit: Unit, clock: FixedClock) -> None:
    put(session, unit, clock, 2000)
    clock.advance(timedelta(days=3))
    put(session, unit, clock, 1500)
    product_id = session.scalars(select(Product.id)).one()
    found = queries.get_history(session, product_id, currency="USD", region="US", locale="en")
    assert [(one.price, one.before, one.own) for one in found.changes] == [
        (Money(1500, "USD"), Money(2000, "USD"), True),
        (Money(2000, "USD"), None, True),
    ]
    assert found.lowest == (Money(1500, "USD"), clock.now())
    assert queries.get_history(session, product_id, currency="EUR", region="DE", locale="en").changes == ()


@pytest.mark.parametrize(
    ("minor", "currency", "ending", "rounded"),
    [
        ("1949.5", "USD", "99", 1999),
        ("1949", "USD", "99", 1999),
        ("1948.99", "USD", "99", 1899),
        ("1950", "USD", "00", 2000),
        ("1949.99", "USD", "00", 1900),
        ("1999", "USD", "95", 1995),
        ("3", "USD", "00", 100),
        ("3", "USD", "99", 99),
        ("1980", "JPY", "99", 1999),
        ("1949", "JPY", "99", 1999),
        ("1948", "JPY", "99", 1899),
        ("20", "JPY", "00", 100),
        ("1949", "KWD", "99", 1990),
        ("12345", "KWD", "95", 11950),
        ("12450", "KWD", "95", 12950),
        ("12499", "KWD", "00", 12000),
    ],
)
def test_a_price_is_rounded_to_the_nearest_that_ends_so(minor: str, currency: str, ending: str, rounded: int) -> None:
    assert ended(Decimal(minor), currency, ending) == rounded
