"""Totals, postage and the choice of a price: pure, in minor units."""

from __future__ import annotations

import random
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contentshop.config import ShippingRule
from contentshop.core.errors import Invalid
from contentshop.core.money import Money
from contentshop.orders.pricing import Item, OwnPrice, choose_price, fingerprint, postage_minor, totals
from contentshop.products.offers import OfferFacts, Reader, buyable_variants, resolve
from tests.rooms.products.facts import MAX_AGE, NOW, own, product

RULE = ShippingRule(599, 4900)


def item(unit: int, quantity: int = 1, variant: str = "v", card: str = "") -> Item:
    return Item(variant, card, quantity, unit)


def test_total_is_goods_and_postage() -> None:
    found = totals([item(1999, 2), item(1)], "USD", RULE)
    assert (found.items, found.shipping, found.total) == (
        Money(3999, "USD"),
        Money(599, "USD"),
        Money(4598, "USD"),
    )
    assert found.free_shipping_gap == Money(901, "USD")


@pytest.mark.parametrize(("goods", "postage"), [(0, 599), (4899, 599), (4900, 0), (4901, 0), (10_000_000, 0)])
def test_postage_is_free_from_the_threshold_on(goods: int, postage: int) -> None:
    assert postage_minor(goods, RULE) == postage


def test_postage_without_threshold_and_without_rule() -> None:
    assert postage_minor(10**9, ShippingRule(1000, None)) == 1000
    assert postage_minor(100, None) == 0
    assert totals([item(100)], "EUR", None).free_shipping_gap is None
    assert totals([item(5000)], "USD", RULE).free_shipping_gap is None


def test_an_absurd_total_is_refused() -> None:
    with pytest.raises(Invalid) as refused:
        totals([item(10**15, 99)], "USD", RULE)
    assert refused.value.fields == {"": ["This is too much for one order. Please order in smaller parts."]}


def test_totals_equal_a_second_implementation_on_10000_random_carts() -> None:
    dice = random.Random(2026)
    for _ in range(10_000):
        rows = [(dice.randint(0, 10**7), dice.randint(1, 99)) for _ in range(dice.randint(1, 12))]
        flat, free = dice.randint(0, 3000), dice.choice([None, dice.randint(0, 10**8)])
        # In decimal major units, line by line, as a person with paper would.
        goods = sum((Decimal(unit) / 100 * quantity for unit, quantity in rows), Decimal(0))
        postage = Decimal(0) if free is not None and goods >= Decimal(free) / 100 else Decimal(flat) / 100
        found = totals([item(unit, quantity) for unit, quantity in rows], "USD", ShippingRule(flat, free))
        assert (found.items.amount, found.shipping.amount, found.total.amount) == (
            goods,
            postage,
            goods + postage,
        )


def price(key: str, minor: int, currency: str = "USD", region: str = "") -> OwnPrice:
    return OwnPrice(1, key, minor, currency, region)


@pytest.mark.parametrize("regional", [1, 1999, 2500])
def test_price_prefers_the_readers_currency_then_the_price_of_the_region(regional: int) -> None:
    prices = [
        price("a", 100, "CNY"),
        price("b", 1999),
        price("c", regional, region="US"),
        price("d", 1, region="CN"),
    ]
    found = choose_price(prices, region="US", currency="USD")
    assert found == price("c", regional, region="US")
    assert choose_price(reversed(prices), region="US", currency="USD") == found
    assert choose_price(prices, region="DE", currency="USD") == price("b", 1999)
    assert choose_price(prices, region="US", currency="CNY") == price("a", 100, "CNY")


def test_price_falls_back_to_another_currency_and_to_nothing() -> None:
    found = choose_price([price("a", 100, "CNY")], region="US", currency="USD")
    assert found == price("a", 100, "CNY")
    assert choose_price([price("a", 100, region="CN")], region="US", currency="USD") is None
    assert choose_price([], region="US", currency="USD") is None


STOCK = {"v1": 4, "v2": 0, "v3": 9}
SOLD = st.lists(
    st.builds(
        lambda variant, currency, region, minor, active: own(
            f"{variant}-{currency}-{region}",
            variant_key=variant,
            price=Money(minor, currency),
            region=region,
            active=active,
            available=STOCK[variant],
        ),
        st.sampled_from(sorted(STOCK)),
        st.sampled_from(["USD", "CNY"]),
        st.sampled_from(["", "US", "CN"]),
        st.integers(1, 4),
        st.booleans(),
    ),
    max_size=9,
    unique_by=lambda offer: offer.key,
)


@given(
    offers=SOLD,
    reader=st.builds(Reader, st.sampled_from(["US", "CN", "DE"]), st.sampled_from(["USD", "CNY", "EUR"])),
)
def test_the_cart_charges_what_the_card_shows(offers: list[OfferFacts], reader: Reader) -> None:
    def charged(variant: str, currency: str) -> str | None:
        prices = [
            OwnPrice(1, offer.key, offer.price.minor, offer.price.currency, offer.region)
            for offer in offers
            if offer.variant_key == variant and offer.active and offer.price
        ]
        found = choose_price(prices, region=reader.region, currency=currency)
        return found.offer_key if found else None

    shown = resolve(product(*offers), reader, now=NOW, max_age=MAX_AGE).offer
    if shown is not None:
        assert charged(shown.variant_key, reader.currency) == shown.key
    for offer in buyable_variants(product(*offers), reader):
        assert offer.price is not None
        assert charged(offer.variant_key, offer.price.currency) == offer.key


ITEMS = st.lists(
    st.builds(
        Item,
        st.sampled_from(["v1", "v2"]),
        st.sampled_from(["", "c1"]),
        st.integers(1, 99),
        st.integers(0, 10**6),
    ),
    min_size=1,
    max_size=4,
)


@given(ITEMS, ITEMS)
def test_fingerprints_are_equal_for_the_same_lines_only(one: list[Item], other: list[Item]) -> None:
    def mark(items: list[Item]) -> str:
        return fingerprint(items, "USD", totals(items, "USD", RULE))

    def rows(items: list[Item]) -> list[tuple[str, str, int, int]]:
        return sorted((i.variant_key, i.card_key, i.quantity, i.unit_minor) for i in items)

    assert (mark(one) == mark(other)) == (rows(one) == rows(other))
    assert mark(one) == mark(list(reversed(one)))


def test_fingerprint_sees_currency_and_postage() -> None:
    items = [item(1000)]
    marks = {
        fingerprint(items, currency, totals(items, currency, rule))
        for currency, rule in (("USD", RULE), ("CNY", RULE), ("USD", None))
    }
    assert len(marks) == 3
