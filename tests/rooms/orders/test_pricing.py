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


def test_price_prefers_the_readers_currency_then_the_lowest_then_the_own_region() -> None:
    prices = [
        price("a", 100, "CNY"),
        price("b", 1999),
        price("c", 1899),
        price("d", 1899, region="US"),
        price("e", 1, region="CN"),
    ]
    found = choose_price(prices, region="US", currency="USD")
    assert found is not None
    assert found.offer_key == "d"
    assert choose_price(reversed(prices), region="US", currency="USD") == found


def test_price_falls_back_to_another_currency_and_to_nothing() -> None:
    found = choose_price([price("a", 100, "CNY")], region="US", currency="USD")
    assert found == price("a", 100, "CNY")
    assert choose_price([price("a", 100, region="CN")], region="US", currency="USD") is None
    assert choose_price([], region="US", currency="USD") is None


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
