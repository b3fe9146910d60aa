"""The order of a board: decay, and guards against those who want to climb."""

from __future__ import annotations

import random
from datetime import datetime, timedelta

import pytest

from contentshop.discovery.trends import BOARDS, Done, Period, Place, Signal, rank
from tests.conftest import NOON

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def signal(thing: int, visitor: str, at: datetime = NOON, done: Done = "click", owners: tuple[str, ...] = ()) -> Signal:
    return Signal(at, visitor, done, thing, owners or (f"author of {thing}",))


def crowd(
    thing: int, people: int, at: datetime = NOON, done: Done = "click", **owners: tuple[str, ...]
) -> list[Signal]:
    return [signal(thing, f"{thing}-{number}", at, done, **owners) for number in range(people)]


def places(signals: list[Signal], period: Period = "week", now: datetime = NOON, limit: int = 24) -> list[int]:
    return [place.thing for place in rank(signals, BOARDS[period], now=now, limit=limit)]


def test_more_people_stand_higher() -> None:
    assert rank(crowd(1, 3) + crowd(2, 5) + crowd(3, 4), BOARDS["week"], now=NOON) == [
        Place(2, 5),
        Place(3, 4),
        Place(1, 3),
    ]


@pytest.mark.parametrize(
    ("period", "half_life"), [("day", timedelta(hours=12)), ("week", 3 * DAY), ("month", 10 * DAY)]
)
def test_a_signal_weighs_half_after_a_half_life(period: Period, half_life: timedelta) -> None:
    old = crowd(1, 8, NOON - half_life)
    assert places(old + crowd(2, 5), period) == [2, 1]
    assert places(old + crowd(2, 3), period) == [1, 2]
    assert places(old + crowd(2, 4), period) == [1, 2]  # equal scores: more people first


def test_waiting_alone_changes_no_order() -> None:
    signals = crowd(1, 9, NOON - 2 * DAY) + crowd(2, 6) + crowd(3, 7, NOON - DAY)
    assert places(signals) == places(signals, now=NOON + 4 * DAY)


def test_a_board_ends_with_its_span_and_sees_no_future() -> None:
    assert places(crowd(1, 9, NOON - DAY), "day") == []
    assert places(crowd(1, 9, NOON - DAY + HOUR), "day") == [1]
    assert places(crowd(1, 9, NOON + HOUR), "day") == []


def test_two_people_are_too_few() -> None:
    assert places(crowd(1, 2)) == []
    assert places(crowd(1, 3)) == [1]


def test_one_person_who_comes_back_on_many_days_is_too_few() -> None:
    """The hash of a visitor is another one each day."""
    assert places([signal(1, f"day {number}", NOON - number * DAY) for number in range(6)]) == []


def test_doing_it_again_adds_nothing() -> None:
    once = crowd(1, 3)
    again = [signal(1, "1-0", NOON - number * HOUR) for number in range(1, 9)]
    assert rank(once + again, BOARDS["week"], now=NOON) == rank(once, BOARDS["week"], now=NOON)
    assert places(once + again * 20 + crowd(2, 4)) == [2, 1]


def test_the_strongest_thing_done_counts() -> None:
    bought = crowd(1, 3) + [signal(1, f"1-{number}", done="order") for number in range(3)]
    assert places(bought + crowd(2, 8)) == [1, 2]
    assert places(bought + crowd(2, 10)) == [2, 1]


def test_a_visitor_has_few_points_a_day_in_all() -> None:
    """Three who follow up fifty things of a friend each have moved only the first five."""
    eager = [
        signal(thing, f"v{number}", NOON - HOUR + timedelta(minutes=thing))
        for thing in range(1, 51)
        for number in range(3)
    ]
    assert sorted(places(eager)) == [1, 2, 3, 4, 5]


def test_carts_support_nothing_and_add_at_most_as_much_as_the_rest() -> None:
    carts = crowd(1, 1000, done="cart")
    assert places(carts) == []
    assert places(carts + [signal(1, f"real {number}") for number in range(3)] + crowd(2, 7)) == [2, 1]
    assert places(carts + [signal(1, f"real {number}") for number in range(3)] + crowd(2, 5)) == [1, 2]


def test_one_author_does_not_fill_a_board() -> None:
    theirs = [one for thing in range(1, 9) for one in crowd(thing, 20 - thing, owners=("author a",))]
    assert places(theirs + crowd(9, 3, owners=("author b",))) == [1, 2, 9]


def test_one_product_does_not_fill_a_board() -> None:
    signals = [one for thing in range(1, 6) for one in crowd(thing, 9 - thing, owners=(f"author {thing}", "product 7"))]
    assert places(signals) == [1, 2]


def test_an_owner_of_less_than_half_is_none() -> None:
    signals = []
    for thing in range(1, 5):
        signals += [signal(thing, f"{thing} a", owners=("author a",)), signal(thing, f"{thing} b", owners=("b", "x"))]
        signals += [signal(thing, f"{thing} c", owners=(f"author {thing}",))]
    assert places(signals) == [4, 3, 2, 1]


def test_the_order_of_signals_is_irrelevant() -> None:
    signals = [
        signal(thing, f"v{visitor % (7 + thing)}", NOON - visitor * HOUR, done)
        for thing in range(1, 12)
        for visitor in range(30)
        for done in ("read", "click", "order")
    ]
    wanted = rank(signals, BOARDS["week"], now=NOON)
    assert wanted
    for seed in range(5):
        shuffled = random.Random(seed).sample(signals, len(signals))
        assert rank(shuffled, BOARDS["week"], now=NOON) == wanted


def test_the_limit_holds() -> None:
    assert places([one for thing in range(1, 9) for one in crowd(thing, 3)], limit=3) == [8, 7, 6]
