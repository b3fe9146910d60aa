"""What is paid at the door and comes back before anybody has noted its money: goods move, money waits."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update

from contentshop.aftersale import policy
from contentshop.core.db import db
from contentshop.core.errors import Conflict, Invalid
from contentshop.core.ids import new_key
from contentshop.core.money import Money
from contentshop.orders import actions
from contentshop.orders.actions import paying
from contentshop.orders.models import Order, OrderLine
from contentshop.orders.queries.money import audit_money
from tests.factories import Factory
from tests.rooms.aftersale.conftest import TERMS, Desk
from tests.rooms.aftersale.test_races import at_once, fate, pressed
from tests.rooms.orders.conftest import Shop

WHOLE = 2 * 1999 + 599


def placed(shop: Shop, make: Factory, quantity: int = 2) -> Order:
    return shop.order(make.product(own={"USD": 1999}, stock=9), quantity, payment_method="on_delivery")


@pytest.fixture
def brought(shop: Shop, make: Factory) -> Order:
    """Two kettles that the carrier has brought, or is about to; nobody has noted the money."""
    order = placed(shop, make)
    shop.do("mark_shipped", order, tracking="1Z999")
    return order


def problems(desk: Desk) -> list[str]:
    with desk.shop.app.app_context():
        return [*audit_money(db.session), *desk.problems()]


def books(desk: Desk) -> tuple[int, int, int, int]:
    """(what buyers owe, goods sold, promised back, cash)"""
    names = ("receivable", "revenue:goods", "refunds:due", "cash:manual")
    owed, sold, due, cash = (desk.balance(name) for name in names)
    return owed, sold, due, cash


def test_before_it_is_sent_it_is_cancelled(shop: Shop, desk: Desk, make: Factory) -> None:
    order = placed(shop, make)
    with pytest.raises(Invalid) as refused:
        desk.apply(order, {0: 1}, received=True)
    assert refused.value.fields == {"": ["This order has not been shipped. You can cancel it instead."]}
    shop.do("cancel", order, reason="changed my mind")
    with pytest.raises(Invalid) as refused:
        desk.apply(order, {0: 1}, received=True)
    assert refused.value.fields == {"": ["This order is cancelled."]}


def test_the_buyer_says_that_they_have_it(desk: Desk, brought: Order) -> None:
    with pytest.raises(Invalid) as refused:
        desk.apply(brought, {0: 1})
    assert refused.value.fields == {
        "received": ["Say that you have it and have paid for it. What has not come yet can be refused at the door."]
    }
    assert desk.apply(brought, {0: 1}, received=True).state == "asked"


def test_other_ways_to_pay_still_come_first(shop: Shop, desk: Desk, make: Factory) -> None:
    order = shop.order(make.product(own={"USD": 1999}, stock=9), 1)
    shop.run(lambda session: session.execute(update(Order).values(state="shipped")))
    shop.run(lambda session: session.execute(update(OrderLine).values(shipped_quantity=1)))
    with pytest.raises(Invalid) as refused:
        desk.apply(order, received=True)
    assert refused.value.fields == {"": ["This order is not paid yet."]}


@pytest.mark.parametrize(("units", "kind"), [(1, "return"), (2, "return"), (1, "refund")])
def test_the_money_waits_for_the_carriers(shop: Shop, desk: Desk, brought: Order, units: int, kind: str) -> None:
    money = units * 1999
    reason = "unwanted" if kind == "return" else "missing"
    case = desk.apply(brought, {0: units}, kind=kind, reason=reason, received=True)
    desk.do("approve", case)
    if kind == "return":
        desk.do("receive", case)
    before = desk.get(case).state
    for _again in range(2):
        with pytest.raises(Conflict) as refused:
            desk.do("settle", case)
        assert refused.value.message == policy.UNNOTED
    found = shop.get(brought)
    assert (desk.get(case).state, found.refunded_minor, found.lines[0].returned_quantity) == (before, 0, 0)
    assert (desk.refunds(brought), books(desk)) == ([], (0, 0, 0, 0))
    assert problems(desk) == []
    # A part of it is not enough: the sale is booked with the rest.
    now = shop.clock.now()
    shop.unit(
        lambda: paying.record_receipt(
            db.session, brought.key, received=Money(500, "USD"), key=new_key(), by=None, now=now
        )
    )
    with pytest.raises(Conflict):
        desk.do("settle", case)
    shop.do("mark_paid", brought)
    desk.do("settle", case)
    found = shop.get(brought)
    assert (found.paid_minor, found.refunded_minor) == (WHOLE, money)
    assert found.lines[0].returned_quantity == units
    assert found.state == ("completed" if units == 2 else "shipped")
    assert (desk.refunds(brought), books(desk)) == ([money], (0, money - 2 * 1999, -money, WHOLE))
    assert problems(desk) == []


def test_an_exchange_goes_its_way_and_its_money_waits(shop: Shop, desk: Desk, brought: Order) -> None:
    case = desk.apply(brought, {0: 1}, kind="exchange", received=True)
    desk.do("approve", case)
    desk.do("receive", case)
    new = Order(key=desk.do("settle", case).exchange_key)
    assert shop.get(new).state == "paid"
    shop.do("mark_shipped", new)
    # What came instead was paid with the first order.
    back = desk.apply(new)
    desk.do("approve", back)
    desk.do("receive", back)
    with pytest.raises(Conflict) as refused:
        desk.do("settle", back)
    assert refused.value.message == policy.UNNOTED
    assert problems(desk) == []
    shop.do("mark_paid", brought)
    desk.do("settle", back)
    assert desk.refunds(brought) == [1999]
    assert problems(desk) == []


def test_an_exchange_that_becomes_a_refund_waits(shop: Shop, desk: Desk, brought: Order) -> None:
    case = desk.apply(brought, {0: 1}, kind="exchange", received=True)
    desk.do("approve", case)
    desk.do("receive", case)
    desk.do("refund_instead", case)
    with pytest.raises(Conflict):
        desk.do("settle", case)
    shop.do("mark_paid", brought)
    desk.do("settle", case)
    assert desk.refunds(brought) == [1999]
    assert problems(desk) == []


def test_a_closed_case_lets_the_order_confirm_itself_once_it_is_paid(shop: Shop, desk: Desk, brought: Order) -> None:
    case = desk.apply(brought, {0: 1}, received=True)
    assert shop.get(brought).confirm_by is None
    desk.do("reject", case, answer="It was used.")
    assert shop.get(brought).confirm_by == shop.clock.now() + TERMS.confirm
    shop.clock.advance(TERMS.confirm)

    def overdue() -> Any:
        return shop.unit(lambda: actions.confirm_overdue(db.session, now=shop.clock.now()))

    assert overdue() == []
    shop.do("mark_paid", brought)
    shop.clock.advance(timedelta(seconds=1))
    assert overdue() == [brought.key]


def test_the_audit_finds_goods_back_of_what_was_never_paid(shop: Shop, desk: Desk, brought: Order) -> None:
    shop.run(lambda session: session.execute(update(OrderLine).values(returned_quantity=1)))
    sku = shop.get(brought).lines[0].sku
    assert f"Order {brought.key}: 1 of {sku} count as given back, but it was never paid." in desk.problems()


def test_settling_and_noting_the_money_at_once(shop: Shop, desk: Desk, brought: Order) -> None:
    """Whoever comes first: never more goes back than came, and in the end it is settled once."""
    case = desk.apply(brought, {0: 1}, received=True)
    desk.do("approve", case)
    desk.do("receive", case)
    works: list[Callable[[], Any]] = []
    for _press in range(5):
        works.append(pressed(shop, lambda: desk.do("settle", case)))
        works.append(pressed(shop, lambda: shop.do("mark_paid", brought)))
    answers = Counter(map(fate, at_once(works)))
    assert answers.keys() <= {"done", "Conflict", "Unavailable"}
    shop.do("mark_paid", brought)
    desk.do("settle", case)
    found = shop.get(brought)
    assert (found.paid_minor, found.refunded_minor, desk.refunds(brought)) == (WHOLE, 1999, [1999])
    assert problems(desk) == []
