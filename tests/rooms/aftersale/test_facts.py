"""Money and goods are separate facts: a part of the money does not give a unit back."""

from __future__ import annotations

from typing import Any

import pytest

from contentshop.core.errors import Invalid
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
