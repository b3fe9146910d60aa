"""The rule that turns a product into the offer to show."""

from __future__ import annotations

from datetime import timedelta
from itertools import product as combinations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contentshop.core.money import Money
from contentshop.products.inputs import AVAILABILITIES, HEALTHS
from contentshop.products.offers import (
    ON_SALE,
    OfferFacts,
    Reader,
    Resolution,
    buyable_variants,
    resolve,
    shown_price,
)
from tests.rooms.products.facts import MAX_AGE, NOW, READER, affiliate, own, product


def shown(*offers: OfferFacts, reader: Reader = READER, **values: Any) -> Resolution:
    return resolve(product(*offers, **values), reader, now=NOW, max_age=MAX_AGE)


def test_own_stock_comes_first_even_when_dearer() -> None:
    found = shown(affiliate(), own())
    assert (found.face, found.reason) == ("stock", "own_stock")
    assert found.offer == own()
    assert found.price == Money(10000, "USD")
    assert found.others == (affiliate(),)
    assert found.trace == (("own", "chosen"), ("shop", "own_stock_first"))


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"available": 0}, "out_of_stock"),
        ({"available": None}, "out_of_stock"),
        ({"active": False}, "inactive"),
        ({"region": "CN"}, "other_region"),
    ],
)
def test_own_offer_that_cannot_sell_gives_way(change: dict[str, Any], why: str) -> None:
    found = shown(own(**change), affiliate())
    assert (found.face, found.reason) == ("elsewhere", "affiliate")
    assert found.offer == affiliate()
    assert found.low_stock is None
    assert dict(found.trace) == {"own": why, "shop": "chosen"}


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"active": False}, "inactive"),
        ({"merchant_active": False}, "merchant_inactive"),
        ({"health": "dead"}, "link_dead"),
        ({"region": "CN"}, "other_region"),
        ({"availability": "out_of_stock"}, "out_of_stock"),
        ({"availability": "discontinued"}, "discontinued"),
    ],
)
def test_affiliate_offer_that_does_not_work_is_never_shown(change: dict[str, Any], why: str) -> None:
    found = shown(affiliate(**change))
    assert found.offer is None
    assert found.face == ("gone" if why == "inactive" else "sold_out")
    assert found.trace == (("shop", why),)


# Pairs of offers: the first wins, and the second loses for the reason given.
BETTER = [
    (affiliate("b", price=None), affiliate("a", availability="preorder"), "worse_availability"),
    (affiliate("b", availability="preorder"), affiliate("a", availability="backorder"), "worse_availability"),
    (
        affiliate("b", availability="backorder"),
        affiliate("a", availability="special_order"),
        "worse_availability",
    ),
    (
        affiliate("b", availability="special_order"),
        affiliate("a", availability="unknown"),
        "worse_availability",
    ),
    (affiliate("b"), affiliate("a", price=Money(1, "CNY")), "other_currency"),
    (
        affiliate("b"),
        affiliate("a", checked_at=NOW - timedelta(hours=73), price=Money(1, "USD")),
        "no_fresh_price",
    ),
    (affiliate("b", checked_at=None), affiliate("a", price=None), "no_fresh_price"),
    (affiliate("b"), affiliate("a", price=Money(9001, "USD")), "dearer"),
    (affiliate("b"), affiliate("a", health="inconclusive"), "link_unsure"),
    (affiliate("b", region="US"), affiliate("a"), "tie"),
    (affiliate("a"), affiliate("b"), "tie"),
    (own("b"), own("a", price=Money(10001, "USD")), "dearer"),
    (own("b"), own("a", price=Money(1, "CNY")), "other_currency"),
    (own("a"), own("b"), "tie"),
]


@pytest.mark.parametrize(("better", "worse", "why"), BETTER)
def test_the_better_offer_wins_and_the_other_says_why(better: OfferFacts, worse: OfferFacts, why: str) -> None:
    for offers in ((better, worse), (worse, better)):
        found = shown(*offers)
        assert found.offer == better
        assert dict(found.trace) == {better.key: "chosen", worse.key: why}


def test_currencies_that_are_not_the_readers_go_by_code_not_by_number() -> None:
    found = shown(affiliate("a", price=Money(1, "JPY")), affiliate("b", price=Money(9000, "CNY")))
    assert found.offer is not None
    assert found.offer.key == "b"


def test_every_combination_has_the_face_that_its_parts_say() -> None:
    """Own stock × affiliate availability × health × listed × discontinued: 2·7·3·2·2 cases."""
    for stocked, availability, health, listed, discontinued in combinations(
        (True, False), AVAILABILITIES, HEALTHS, (True, False), (True, False)
    ):
        found = shown(
            own(available=3 if stocked else 0),
            affiliate(availability=availability, health=health),
            listed=listed,
            discontinued=discontinued,
        )
        works = availability in ON_SALE and health != "dead"
        if not listed:
            expected = ("gone", "unlisted")
        elif stocked:
            expected = ("stock", "own_stock")
        elif works:
            expected = ("elsewhere", "affiliate")
        elif discontinued:
            expected = ("gone", "discontinued")
        else:
            expected = ("sold_out", "out_of_stock")
        assert (found.face, found.reason) == expected
        assert (found.offer is not None) == (found.face in {"stock", "elsewhere"})


def test_no_offers_at_all_is_gone() -> None:
    assert (shown().face, shown().reason) == ("gone", "no_offers")


def test_unlisted_product_sells_nothing() -> None:
    found = shown(own(), affiliate(), listed=False)
    assert found.trace == (("own", "unlisted"), ("shop", "unlisted"))
    assert buyable_variants(product(own(), listed=False), READER) == ()


def test_price_is_shown_up_to_its_age_and_hidden_after() -> None:
    at_limit = affiliate(checked_at=NOW - MAX_AGE)
    assert shown(at_limit).price == Money(9000, "USD")
    too_old = affiliate(checked_at=NOW - MAX_AGE - timedelta(seconds=1))
    found = shown(too_old)
    assert found.face == "elsewhere"
    assert found.offer == too_old
    assert found.price is None
    assert shown(affiliate(checked_at=None)).price is None
    assert shown_price(own(checked_at=NOW - timedelta(days=900)), now=NOW, max_age=MAX_AGE) == Money(10000, "USD")


@pytest.mark.parametrize(("left", "told"), [(1, 1), (5, 5), (6, None), (500, None)])
def test_low_stock_is_told_from_five_down(left: int, told: int | None) -> None:
    assert shown(own(available=left)).low_stock == told


def test_low_stock_counts_each_variant_once() -> None:
    same = {"variant_key": "v", "available": 3}
    assert shown(own("a", **same), own("b", price=Money(9, "CNY"), **same)).low_stock == 3
    assert shown(own("a", **same), own("b", available=3)).low_stock is None


def test_others_hold_each_further_variant_once_and_in_the_same_currency() -> None:
    black = own("black", variant_key="v1")
    black_cny = own("black-cny", variant_key="v1", price=Money(1, "CNY"))
    red = own("red", variant_key="v2", price=Money(10500, "USD"))
    red_us = own("red-us", variant_key="v2", price=Money(10500, "USD"), region="US")
    blue_cny = own("blue-cny", variant_key="v3", price=Money(1, "CNY"))
    found = shown(red, blue_cny, black_cny, red_us, affiliate(), black)
    assert found.offer == black
    assert [offer.key for offer in found.others] == ["red-us", "shop"]


@pytest.mark.parametrize("minor", [1, 10000, 12000])
def test_the_price_for_a_region_replaces_the_one_for_anywhere_cheaper_or_dearer(minor: int) -> None:
    anywhere = own("anywhere", variant_key="v")
    here = own("here", variant_key="v", region="US", price=Money(minor, "USD"))
    for offers in ((anywhere, here), (here, anywhere)):
        found = shown(*offers)
        assert (found.face, found.offer, found.price, found.others) == ("stock", here, Money(minor, "USD"), ())
        assert dict(found.trace) == {"here": "chosen", "anywhere": "region_price"}
        assert buyable_variants(product(*offers), READER) == (here,)
        abroad = shown(*offers, reader=Reader("DE", "USD"))
        assert (abroad.offer, dict(abroad.trace)) == (anywhere, {"anywhere": "chosen", "here": "other_region"})
        assert buyable_variants(product(*offers), Reader("DE", "USD")) == (anywhere,)


@pytest.mark.parametrize(
    "other",
    [
        {"variant_key": "w"},
        {"price": Money(1, "CNY")},
        {"active": False},
        {"price": None},
        {"region": "CN"},
        {"kind": "affiliate"},
    ],
)
def test_only_a_price_of_ours_for_the_same_variant_in_the_same_currency_replaces(other: dict[str, Any]) -> None:
    anywhere = own("anywhere", variant_key="v")
    here = own(
        "here", **{"variant_key": "v", "region": "US", "price": Money(12000, "USD"), "merchant_active": True} | other
    )
    found = shown(anywhere, here)
    assert found.offer == anywhere
    assert "region_price" not in dict(found.trace).values()
    assert anywhere in buyable_variants(product(anywhere, here), READER)


def test_a_reader_of_nowhere_pays_the_price_for_anywhere() -> None:
    nowhere = Reader("", "USD")
    anywhere, here = own("anywhere", variant_key="v"), own("here", variant_key="v", region="US")
    assert shown(anywhere, here, reader=nowhere).offer == anywhere
    assert shown(anywhere, reader=nowhere).offer == anywhere
    assert buyable_variants(product(anywhere, here), nowhere) == (anywhere,)


def test_a_dearer_region_may_make_another_variant_the_best() -> None:
    black = own("black", variant_key="v1", variant_position=0)
    black_here = own("black-here", variant_key="v1", variant_position=0, region="US", price=Money(15000, "USD"))
    red = own("red", variant_key="v2", variant_position=1, price=Money(11000, "USD"))
    found = shown(black, black_here, red)
    assert (found.offer, found.others) == (red, (black_here,))
    assert dict(found.trace) == {"red": "chosen", "black": "region_price", "black-here": "dearer"}
    assert buyable_variants(product(black, black_here, red), READER) == (black_here, red)


def test_alternative_stands_in_only_when_it_can_be_had() -> None:
    empty = product(own(available=0))
    by_card = product(affiliate(), id=2, key="p2")
    by_product = product(own(), id=3, key="p3")
    nothing = product(id=4, key="p4")
    fixed: dict[str, Any] = {"now": NOW, "max_age": MAX_AGE}

    both = resolve(empty, READER, alternative=by_card, fallback=by_product, **fixed)
    assert (both.face, both.reason, both.offer, both.price) == ("sold_out", "out_of_stock", None, None)
    assert both.alternative is not None
    assert both.alternative.product is by_card
    assert both.alternative.face == "elsewhere"

    second = resolve(empty, READER, alternative=nothing, fallback=by_product, **fixed)
    assert second.alternative is not None
    assert second.alternative.product is by_product

    assert resolve(empty, READER, alternative=nothing, fallback=nothing, **fixed).alternative is None
    assert resolve(empty, READER, alternative=empty, **fixed).alternative is None
    assert resolve(by_product, READER, alternative=by_card, **fixed).alternative is None


def test_gone_product_shows_its_alternative_too() -> None:
    gone = product(discontinued=True)
    found = resolve(gone, READER, now=NOW, max_age=MAX_AGE, fallback=product(own(), id=2))
    assert found.face == "gone"
    assert found.alternative is not None


def test_variants_to_choose_keep_their_order_and_show_sold_out_ones() -> None:
    black = own("black", variant_key="v1", variant_position=0, available=0)
    red = own("red", variant_key="v2", variant_position=1)
    red_here = own("red-here", variant_key="v2", variant_position=1, region="US", price=Money(12000, "USD"))
    red_cny = own("red-cny", variant_key="v2", variant_position=1, price=Money(5, "CNY"))
    thing = product(red_cny, red, red_here, black, own("old", active=False), affiliate())
    assert buyable_variants(thing, READER) == (black, red_here)
    assert buyable_variants(thing, Reader("CN", "CNY")) == (red_cny,)
    assert buyable_variants(product(affiliate()), READER) == ()


def test_variants_are_in_the_currency_of_the_best_offer_when_not_in_the_readers() -> None:
    thing = product(own("a", price=Money(5, "CNY")), own("b", price=Money(7, "CNY")), own("c", price=Money(1, "JPY")))
    assert [offer.key for offer in buyable_variants(thing, READER)] == ["a", "b"]


prices = st.one_of(st.none(), st.builds(Money, st.integers(1, 3), st.sampled_from(["USD", "CNY"])))
affiliates = st.builds(
    affiliate,
    key=st.text("abcdefgh", min_size=3, max_size=6),
    price=prices,
    region=st.sampled_from(["", "US", "CN"]),
    availability=st.sampled_from(AVAILABILITIES),
    health=st.sampled_from(HEALTHS),
    active=st.booleans(),
    merchant_active=st.booleans(),
    checked_at=st.sampled_from([None, NOW, NOW - MAX_AGE, NOW - 2 * MAX_AGE]),
)
owns = st.builds(
    own,
    key=st.text("abcdefgh", min_size=3, max_size=6),
    price=prices.filter(bool),
    region=st.sampled_from(["", "US", "CN"]),
    active=st.booleans(),
    available=st.integers(0, 7),
    variant_key=st.sampled_from(["v1", "v2"]),
)
many = st.lists(st.one_of(owns, affiliates), max_size=7, unique_by=lambda offer: offer.key)


@given(offers=many, data=st.data(), listed=st.booleans(), discontinued=st.booleans())
def test_the_order_of_offers_never_matters(
    offers: list[OfferFacts], data: st.DataObject, listed: bool, discontinued: bool
) -> None:
    shuffled = data.draw(st.permutations(offers))
    fixed = {"listed": listed, "discontinued": discontinued}
    first, second = shown(*offers, **fixed), shown(*shuffled, **fixed)
    assert (first.face, first.offer, first.others, first.trace, first.price, first.low_stock) == (
        second.face,
        second.offer,
        second.others,
        second.trace,
        second.price,
        second.low_stock,
    )
    assert {key for key, _ in first.trace} == {offer.key for offer in offers}


@given(
    offers=many,
    reader=st.builds(Reader, st.sampled_from(["US", "CN", "DE"]), st.sampled_from(["USD", "CNY", "EUR"])),
)
def test_what_is_shown_can_be_had_by_this_reader(offers: list[OfferFacts], reader: Reader) -> None:
    found = shown(*offers, reader=reader)
    for offer in (found.offer, *found.others):
        if offer is None:
            continue
        assert offer.active
        assert offer.region in {"", reader.region}
        if offer.own:
            assert offer.available
        else:
            assert offer.merchant_active
            assert offer.health != "dead"
            assert offer.availability in ON_SALE
    if found.price is not None and found.offer is not None and not found.offer.own:
        assert found.offer.checked_at is not None
        assert NOW - found.offer.checked_at <= MAX_AGE
    if found.offer is not None and found.offer.own:
        assert found.face == "stock"
