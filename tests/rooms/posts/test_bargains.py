"""What a deal is: its facts as they are typed, kept and read again, and what the clock makes of them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from contentshop.core.errors import Invalid
from contentshop.core.money import Money
from contentshop.posts.bargains import DealFacts, DealInput, end_of, is_near, read_words
from contentshop.posts.inputs import PostInput
from contentshop.posts.merging import form_of, go_back, merge_field, step_back, words_of

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
NO_ADDRESS = "This is no web address; copy it whole, from https:// on."
TYPED = {
    "product": "https://shop.example/products/pour-kettle?ref=1",
    "price": "1,049.90",
    "currency": "usd",
    "note": "  with the code ",
    "shop": "kettles",
    "coupon": "SAVE 10",
    "coupon_url": "https://kettles.example/coupons/1",
    "terms": "Once for each account",
    "steps": "- Open the page\n\n• Enter the code\r\n",
    "starts": "2026-11-20T08:00",
    "ends": "2026-11-27 23:59",
    "zone": "Asia/Shanghai",
    "region": "US",
}


def parse(**changes: Any) -> tuple[DealInput, dict[str, list[str]]]:
    problems: dict[str, list[str]] = {}
    return DealInput.parse(TYPED | changes, problems), problems


def test_what_is_typed_is_read() -> None:
    found, problems = parse()
    assert problems == {}
    assert found == DealInput(
        product="pour-kettle",
        price_minor=104990,
        currency="USD",
        note="with the code",
        shop="kettles",
        coupon="SAVE 10",
        coupon_url="https://kettles.example/coupons/1",
        terms="Once for each account",
        steps=("Open the page", "Enter the code"),
        starts="2026-11-20T08:00",
        ends="2026-11-27T23:59",
        zone="Asia/Shanghai",
        region="US",
    )
    assert found.price == Money(104990, "USD")
    assert (found.starts_at, found.ends_at) == (
        datetime(2026, 11, 20, 0, tzinfo=UTC),
        datetime(2026, 11, 27, 15, 59, tzinfo=UTC),
    )


def test_words_say_the_same_again() -> None:
    found, _problems = parse()
    assert read_words(found.words()) == found
    yen, _problems = parse(price="1980", currency="JPY")
    assert (yen.price_minor, yen.words()["price"], read_words(yen.words())) == (1980, "1980", yen)
    assert read_words({}) == DealInput()


def test_a_draft_may_lack_everything() -> None:
    problems: dict[str, list[str]] = {}
    assert (DealInput.parse({}, problems), problems) == (DealInput(), {})


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"price": "ten"}, {"deal_price": ["“ten” is not an amount; write it like 199.00."]}),
        ({"price": "1.999"}, {"deal_price": ["USD has 2 decimals; “1.999” has more."]}),
        ({"price": "-1"}, {"deal_price": ["“-1” is not an amount; write it like 199.00."]}),
        ({"currency": ""}, {"deal_currency": ["Choose the currency of the price."]}),
        ({"currency": "XXX"}, {"deal_currency": ["“XXX” is not a currency in use."]}),
        ({"note": "n" * 61}, {"deal_note": ["Use at most 60 characters (now 61)."]}),
        ({"shop": "No Shop!"}, {"deal_shop": ["Choose one of the list."]}),
        ({"coupon_url": "javascript:alert(1)"}, {"deal_coupon_url": [NO_ADDRESS]}),
        ({"coupon_url": "/cart"}, {"deal_coupon_url": [NO_ADDRESS]}),
        ({"steps": "one\n" * 11}, {"deal_steps": ["Use at most 10 steps."]}),
        ({"steps": "s" * 201}, {"deal_steps": ["A step may have at most 200 characters."]}),
        ({"ends": "2026-11-20T08:00"}, {"deal_ends": ["The deal ends before it starts; look at both times."]}),
        ({"ends": "Friday"}, {"deal_ends": ["Choose a day and a time."]}),
        ({"zone": "Mars/Base"}, {"deal_zone": ["Choose your time zone."]}),
        ({"region": "USA"}, {"deal_region": ["Choose one of the list."]}),
        (
            {"product": "Pour Kettle!"},
            {"deal_product": ["Write the short name of the product, as in its address, or paste the address."]},
        ),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told(changes: dict[str, str], told: dict[str, list[str]]) -> None:
    assert parse(**changes)[1] == told


def test_an_hour_that_clocks_skip_is_told() -> None:
    problems = parse(starts="", ends="2026-03-29T02:30", zone="Europe/Berlin")[1]
    assert problems["deal_ends"][0].startswith("There is no 02:30 on that day in Europe/Berlin")


def test_other_kinds_of_posts_have_no_deal() -> None:
    assert PostInput.parse(kind="article", title="A", deal=TYPED).deal is None
    with pytest.raises(Invalid) as caught:
        PostInput.parse(kind="deal", title="A", deal=TYPED | {"price": "ten"})
    assert set(caught.value.fields) == {"deal_price"}


def test_facts_are_merged_one_by_one() -> None:
    base = words_of(PostInput.parse(kind="deal", title="Kettle", deal=TYPED))
    assert (base["deal_price"], base["deal_steps"]) == ("1049.90", "Open the page\nEnter the code")
    mine = base | {"deal_price": "999.00"}
    theirs = base | {"deal_coupon": "SAVE20"}
    merged = {
        name: merge_field(base[name], mine[name], theirs[name], known=True)[1] for name in base if name != "source"
    }
    form = form_of(merged | {"source": ""}, "deal")
    assert form.deal is not None
    assert (form.deal.price_minor, form.deal.coupon) == (99900, "SAVE20")
    assert go_back(mine, step_back(mine, base)) == base


def facts(**changes: Any) -> DealFacts:
    values: dict[str, Any] = {
        "price": Money(100, "USD"),
        "shop": "",
        "region": "",
        "starts_at": NOON,
        "ends_at": NOON + timedelta(days=1),
        "until": NOON + timedelta(days=1),
    }
    return DealFacts(**(values | changes))


def test_the_clock_decides() -> None:
    deal = facts()
    second = timedelta(seconds=1)
    assert (deal.state(NOON - second), deal.turns_at(NOON - second)) == ("upcoming", NOON)
    assert (deal.state(NOON), deal.turns_at(NOON)) == ("running", deal.until)
    assert (deal.state(deal.until - second), deal.state(deal.until)) == ("running", "ended")
    assert deal.turns_at(deal.until) is None
    closed = facts(closed_as="sold_out")
    assert (closed.state(NOON), closed.turns_at(NOON)) == ("sold_out", None)


def test_without_an_end_it_lasts_thirty_days() -> None:
    later = DealInput(starts="2026-12-01T00:00", zone="UTC")
    assert end_of(DealInput(), now=NOON) == NOON + timedelta(days=30)
    assert end_of(later, now=NOON) == datetime(2026, 12, 31, tzinfo=UTC)
    assert end_of(DealInput(ends="2026-11-21T00:00"), now=NOON) == datetime(2026, 11, 21, tzinfo=UTC)


@pytest.mark.parametrize(("works", "fails", "rate"), [(2, 0, None), (3, 0, 100), (2, 1, 67), (1, 2, 33), (0, 3, 0)])
def test_the_success_rate_of_a_coupon(works: int, fails: int, rate: int | None) -> None:
    assert facts(works=works, fails=fails).coupon_rate == rate


@pytest.mark.parametrize(
    ("one", "other", "near"), [(100, 100, True), (100, 90, True), (90, 100, True), (100, 89, False), (0, 0, True)]
)
def test_prices_that_are_near(one: int, other: int, near: bool) -> None:
    assert is_near(one, other) is near
