"""Money and goods are separate facts: a part of the money does not give a unit back."""

from __future__ import annotations

from typing import Any

import pytest

from contentshop.core.errors import Invalid
from contentshop.orders.models import Order
from tests.factories import Factory
from tests.rooms.aftersale.conftest import Desk
from tests.rooms.orders.conftest import Shop


def facts(shop: Shop, order: Any) -> tuple[int, int]:
    """(units given back, money given back) of the first line."""
    line = shop.get(order).lines[0]
    return line.returned_quantity, line.refunded_minor


def test_less_money_for_goods_that_stay_gives_no_unit_back(shop: Shop, desk: Desk, delivered: Any) -> None:
    """So it can be asked about again, and is worth what is left of it."""
    order = delivered(2)
    case = desk.apply(order, {0: 1}, kind="refund", reason="broken")
    desk.do("approve", case, refund_minor=500)
    desk.do("settle", case)
    assert facts(shop, order) == (0, 500)
    assert desk.problems() == []
    again = desk.apply(order, {0: 2})
    assert again.wanted_minor == 2 * 1999 - 500
    desk.return_all(again)
    assert facts(shop, order) == (2, 2 * 1999)
    assert desk.refunds(order) == [500, 2 * 1999 - 500]
    with pytest.raises(Invalid, match="part of another case"):
        desk.apply(order, {0: 1})
    assert desk.problems() == []


def test_all_of_the_money_gives_the_unit_back(shop: Shop, desk: Desk, delivered: Any) -> None:
    order = delivered(2)
    case = desk.apply(order, {0: 1}, kind="refund", reason="missing")
    desk.do("approve", case, refund_minor=1999)
    desk.do("settle", case)
    assert facts(shop, order) == (1, 1999)
    with pytest.raises(Invalid, match="from 0 to 1"):
        desk.apply(order, {0: 2})


@pytest.mark.parametrize("returned", [0, 1, 2])
def test_staff_may_say_how_many_units_it_settles(shop: Shop, desk: Desk, delivered: Any, returned: int) -> None:
    order = delivered(3)
    case = desk.apply(order, {0: 2}, kind="refund", reason="missing")
    line = desk.get(case).lines[0].id
    desk.do("approve", case, refund_minor=1999, returned={line: returned})
    desk.do("settle", case)
    assert facts(shop, order) == (returned, 1999)
    assert desk.problems() == []


@pytest.mark.parametrize("kind", ["return", "exchange"])
def test_staff_may_agree_to_fewer_units(shop: Shop, desk: Desk, delivered: Any, kind: str) -> None:
    """What was asked stays known; what is not to come back can be asked for again."""
    order = delivered(3)
    case = desk.apply(order, {0: 3}, kind=kind)
    line = desk.get(case).lines[0].id
    with pytest.raises(Invalid) as refused:
        desk.do("approve", case, returned={line: 2}, why="")
    assert refused.value.fields == {"why": ["It is less than was asked for. Write the reason; the buyer reads it."]}
    case = desk.do("approve", case, returned={line: 2}, why="One was used.")
    part = desk.get(case).lines[0]
    assert (part.quantity, part.returned, part.minor, case.answer) == (3, 2, 2 * 1999, "One was used.")
    money = (0, 0) if kind == "exchange" else (3 * 1999, 2 * 1999)
    assert (case.asked_minor, case.refund_minor) == money
    with pytest.raises(Invalid, match="No more can go back on the shelf"):
        desk.do("receive", case, restocked={line: 3})
    desk.do("receive", case)
    case = desk.do("settle", case)
    if kind == "exchange":
        assert [one.quantity for one in shop.get(Order(key=case.exchange_key)).lines] == [2]
    else:
        assert facts(shop, order) == (2, 2 * 1999)
    assert desk.apply(order, {0: 1}).wanted_minor == 1999
    assert desk.problems() == []


def test_a_line_that_is_not_to_come_back_is_left_out(shop: Shop, desk: Desk, make: Factory) -> None:
    cart = shop.add(None, make.product(own={"USD": 1999}, stock=5), 1)
    shop.add(cart, make.product(own={"USD": 999}, stock=5), 1)
    order = shop.send(shop.wish(cart))
    shop.do("mark_paid", order)
    shop.do("mark_shipped", order)
    case = desk.apply(order, {0: 1, 1: 1}, kind="exchange")
    first, second = desk.get(case).lines
    desk.do("approve", case, returned={first.id: 0}, why="It was used.")
    desk.do("receive", case)
    case = desk.do("settle", case)
    new = shop.get(Order(key=case.exchange_key))
    assert [(line.variant_id, line.quantity) for line in new.lines] == [(second.new_variant_id, 1)]
    assert [line.new_line_id for line in desk.get(case).lines] == [None, new.lines[0].id]
    assert desk.problems() == []


def test_an_exchange_of_fewer_becomes_a_refund_of_those(desk: Desk, delivered: Any) -> None:
    order = delivered(2)
    case = desk.apply(order, {0: 2}, kind="exchange")
    desk.do("approve", case, returned={desk.get(case).lines[0].id: 1})
    desk.do("receive", case)
    case = desk.do("refund_instead", case)
    assert (case.asked_minor, case.refund_minor) == (1999, 1999)
    desk.do("settle", case)
    assert desk.refunds(order) == [1999]
    assert desk.problems() == []


def test_none_or_too_many_cannot_come_back(desk: Desk, delivered: Any) -> None:
    case = desk.apply(delivered(2), {0: 1})
    line = desk.get(case).lines[0].id
    for units in (-1, 0, 2):
        with pytest.raises(Invalid) as refused:
            desk.do("approve", case, returned={line: units})
        assert list(refused.value.fields) == [f"returned-{line}"]
    assert desk.get(case).state == "asked"


@pytest.mark.parametrize("returned", [-1, 3])
def test_no_more_units_count_than_were_asked_about(desk: Desk, delivered: Any, returned: int) -> None:
    case = desk.apply(delivered(2), {0: 2}, kind="refund", reason="missing")
    with pytest.raises(Invalid, match="No more can count"):
        desk.do("approve", case, returned={desk.get(case).lines[0].id: returned})
    assert desk.get(case).state == "asked"


def test_goods_that_came_back_count_whatever_is_paid_for_them(shop: Shop, desk: Desk, delivered: Any) -> None:
    order = delivered(2)
    case = desk.apply(order, {0: 1})
    desk.do("approve", case, refund_minor=100)
    for verb in ("receive", "settle"):
        desk.do(verb, case)
    assert facts(shop, order) == (1, 100)
    assert desk.problems() == []
