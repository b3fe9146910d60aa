"""Totals and the choice of a price: pure, in minor units."""

from __future__ import annotations

import random
from decimal import ROUND_HALF_UP, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contentshop.config import ShippingRule
from contentshop.core.errors import Invalid
from contentshop.core.money import Money
from contentshop.delivery.queries import standard
from contentshop.delivery.rates import Parcel, ShippingOption
from contentshop.delivery.taxes import TaxRule
from contentshop.orders.pricing import Item, OwnPrice, Totals, choose_price, fingerprint, parcel_of, share, totals
from contentshop.products.offers import OfferFacts, Reader, buyable_variants, resolve
from tests.rooms.products.facts import MAX_AGE, NOW, own, product

RULE = ShippingRule(599, 4900)
VAT = TaxRule("VAT", included=True, on_shipping=True, rates={"standard": 200_000, "reduced": 50_000, "zero": 0})
SALES = TaxRule("Sales tax", included=False, on_shipping=False, rates={"standard": 88_750})


def item(unit: int, quantity: int = 1, variant: str = "v", card: str = "", tax_class: str = "standard") -> Item:
    return Item(variant, card, quantity, unit, tax_class=tax_class)


def sent(goods: int, rule: ShippingRule | None = RULE) -> ShippingOption:
    return standard(Parcel(0, goods, "USD"), rule)


def test_total_is_goods_and_postage() -> None:
    found = totals([item(1999, 2), item(1)], "USD", shipping=sent(3999))
    assert (found.items, found.shipping, found.total, found.due) == (
        Money(3999, "USD"),
        Money(599, "USD"),
        Money(4598, "USD"),
        Money(4598, "USD"),
    )
    assert found.free_shipping_gap == Money(901, "USD")


@pytest.mark.parametrize(("goods", "postage"), [(0, 599), (4899, 599), (4900, 0), (4901, 0), (10_000_000, 0)])
def test_postage_is_free_from_the_threshold_on(goods: int, postage: int) -> None:
    assert sent(goods).minor == postage


def test_postage_without_threshold_and_without_rule() -> None:
    assert sent(10**9, ShippingRule(1000, None)).minor == 1000
    assert sent(100, None).minor == 0
    assert sent(5000).free_gap is None


def test_an_absurd_total_is_refused() -> None:
    with pytest.raises(Invalid) as refused:
        totals([item(10**15, 99)], "USD")
    assert refused.value.fields == {"": ["This is too much for one order. Please order in smaller parts."]}


def test_a_line_cannot_cost_less_than_nothing() -> None:
    for off in ([101], [-1]):
        with pytest.raises(ValueError, match="less than nothing"):
            totals([item(100)], "USD", discount=off)


def test_tax_in_the_prices_does_not_change_the_total() -> None:
    found = totals(
        [item(1200), item(1050, tax_class="reduced")], "GBP", shipping=ShippingOption("s", "", 600, (1, 2)), tax=VAT
    )
    assert [(line.tax_rate, line.tax_minor) for line in found.lines] == [(200_000, 200), (50_000, 50)]
    assert (found.shipping_tax.minor, found.tax.minor, found.total.minor) == (100, 350, 2850)
    assert found.tax_parts == (("VAT", 200_000, 300), ("VAT", 50_000, 50))


def test_tax_on_top_is_added_and_shipping_is_free_of_it() -> None:
    found = totals([item(1999, 2)], "USD", discount=[998], shipping=sent(3000), tax=SALES)
    # 8.875 % of 30.00 is 2.6625.
    assert (found.tax.minor, found.shipping_tax.minor, found.total.minor) == (266, 0, 3000 + 599 + 266)
    assert found.lines[0].net_minor == 3000


def test_gift_cards_pay_no_more_than_the_total() -> None:
    found = totals([item(1000)], "USD", credit_minor=2500)
    assert (found.total.minor, found.credit.minor, found.due.minor) == (1000, 1000, 0)


def test_what_is_digital_is_not_in_the_parcel() -> None:
    items = [Item("a", "", 2, 1000, weight_g=300), Item("b", "", 1, 5000, weight_g=9, digital=True)]
    assert parcel_of(items, [100, 0], "USD") == Parcel(600, 1900, "USD")
    assert parcel_of(items[1:], [0], "USD") is None
    assert totals(items[1:], "USD").shipping_known
    assert not totals(items, "USD").shipping_known


def test_totals_equal_a_second_implementation_on_10000_random_carts() -> None:
    dice = random.Random(2026)
    for _ in range(10_000):
        rows = [(dice.randint(0, 10**7), dice.randint(1, 99)) for _ in range(dice.randint(1, 12))]
        off = [dice.choice([0, dice.randint(0, unit * quantity)]) for unit, quantity in rows]
        flat, rate = dice.randint(0, 3000), dice.choice([0, 50_000, 88_750, 190_000, 200_000])
        included = dice.random() < 0.5
        # In decimal major units, line by line, as a person with paper would.
        nets = [Decimal(unit * quantity - less) / 100 for (unit, quantity), less in zip(rows, off, strict=True)]
        part = Decimal(rate) / 1_000_000
        taxes = [
            (net - net / (1 + part) if included else net * part).quantize(Decimal("0.01"), ROUND_HALF_UP)
            for net in nets
        ]
        expected = sum(nets) + Decimal(flat) / 100 + (0 if included else sum(taxes))
        found = totals(
            [item(unit, quantity) for unit, quantity in rows],
            "USD",
            discount=off,
            shipping=ShippingOption("s", "", flat, (0, 0)),
            tax=TaxRule("T", included=included, on_shipping=False, rates={"standard": rate}),
        )
        assert found.total.amount == expected
        assert found.tax.amount == sum(taxes)


AMOUNTS = st.integers(0, 10**9)


@given(
    lines=st.lists(st.tuples(AMOUNTS, st.integers(1, 99), st.integers(0, 100)), min_size=1, max_size=8),
    postage=st.integers(0, 10**6),
    rate=st.integers(0, 1_000_000),
    included=st.booleans(),
    credit=st.integers(0, 10**12),
)
def test_every_part_adds_up_exactly(
    lines: list[tuple[int, int, int]], postage: int, rate: int, included: bool, credit: int
) -> None:
    items = [item(unit, quantity) for unit, quantity, _percent in lines]
    off = [one.total_minor * percent // 100 for one, (_u, _q, percent) in zip(items, lines, strict=True)]
    rule = TaxRule("T", included=included, on_shipping=True, rates={"standard": rate})
    found = totals(
        items, "USD", discount=off, shipping=ShippingOption("s", "", postage, (0, 0)), tax=rule, credit_minor=credit
    )
    assert found.items.minor == sum(line.total_minor for line in found.lines)
    assert found.discount.minor == sum(line.discount_minor for line in found.lines)
    assert found.tax.minor == sum(line.tax_minor for line in found.lines) + found.shipping_tax.minor
    assert found.tax.minor == sum(minor for _name, _rate, minor in found.tax_parts)
    on_top = 0 if included else found.tax.minor
    assert found.total.minor == found.items.minor - found.discount.minor + postage + on_top
    assert found.due.minor == found.total.minor - found.credit.minor >= 0
    # A rate that is contained never takes more than there is.
    if included:
        assert all(line.tax_minor <= line.net_minor for line in found.lines)


@given(AMOUNTS, st.integers(0, 1_000_000))
def test_a_share_is_rounded_half_up_and_at_most_all(minor: int, ppm: int) -> None:
    exact = (Decimal(minor) * ppm / 1_000_000).quantize(Decimal(1), ROUND_HALF_UP)
    assert share(minor, ppm) == exact
    assert 0 <= share(minor, ppm) <= minor


@pytest.mark.parametrize(("minor", "ppm"), [(-1, 5), (1, -1), (1, 1_000_001)])
def test_odd_shares_are_refused(minor: int, ppm: int) -> None:
    with pytest.raises(ValueError, match="share"):
        share(minor, ppm)


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


def plain(items: list[Item], currency: str = "USD", **terms: object) -> Totals:
    return totals(items, currency, **terms)  # type: ignore[arg-type]


@given(ITEMS, ITEMS)
def test_fingerprints_are_equal_for_the_same_lines_only(one: list[Item], other: list[Item]) -> None:
    def mark(items: list[Item]) -> str:
        return fingerprint(items, "USD", plain(items))

    def rows(items: list[Item]) -> list[tuple[str, str, int, int]]:
        return sorted((i.variant_key, i.card_key, i.quantity, i.unit_minor) for i in items)

    assert (mark(one) == mark(other)) == (rows(one) == rows(other))
    assert mark(one) == mark(list(reversed(one)))


def test_fingerprint_sees_everything_that_is_paid() -> None:
    items = [item(1000), item(500, variant="w")]
    whole = [
        plain(items),
        plain(items, "CNY"),
        plain(items, shipping=sent(1500)),
        plain(items, discount=[100, 0]),
        plain(items, discount=[0, 100]),
        plain(items, tax=VAT),
        plain(items, tax=SALES),
        plain(items, credit_minor=5),
    ]
    marks = {fingerprint(items, found.total.currency, found) for found in whole}
    assert len(marks) == len(whole)
    assert fingerprint(items, "USD", whole[0], ["US", "OR"]) != fingerprint(items, "USD", whole[0], ["US", "CA"])
