"""Many requests at once, each in a thread with a connection of its own: no money and no goods come twice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

from contentshop.core.db import db
from contentshop.core.ids import new_key
from contentshop.orders.actions import refunding
from contentshop.orders.actions.states import order_to_change
from tests.factories import Factory
from tests.rooms.aftersale.conftest import Desk
from tests.rooms.orders.conftest import Shop
from tests.rooms.orders.test_races import at_once

PRESSES = 50


def pressed(shop: Shop, work: Callable[[], Any]) -> Callable[[], Any]:
    """A press whose connection goes back afterwards."""

    def press() -> Any:
        try:
            return work()
        finally:
            with shop.app.app_context():
                db.session.remove()

    return press


def fate(answer: Any) -> str:
    return answer if isinstance(answer, str) else "done"


def test_fifty_requests_claim_what_was_sent(shop: Shop, desk: Desk, delivered: Any) -> None:
    order = delivered(3)
    answers = at_once([pressed(shop, lambda: desk.apply(order, {0: 1})) for _press in range(PRESSES)])
    assert Counter(map(fate, answers)) == {"done": 3, "Invalid": PRESSES - 3}
    assert desk.count() == 3
    assert desk.problems() == []


def test_two_of_staff_answer_fifty_times(shop: Shop, desk: Desk, delivered: Any, make: Factory) -> None:
    """One agrees to less and one to all: one of them was first, and nothing is mixed."""
    order = delivered(2)
    case = desk.apply(order, {0: 2}, kind="refund", reason="missing")
    other = make.user("operator")
    works = [
        pressed(shop, lambda: desk.do("approve", case, refund_minor=1000))
        if number % 2
        else pressed(shop, lambda: desk.do("approve", case, by=other))
        for number in range(PRESSES)
    ]
    answers = at_once(works)
    assert Counter(map(fate, answers)) == {"done": 1, "Conflict": PRESSES - 1}
    found = desk.get(case)
    units = found.lines[0].returned
    assert (found.state, found.refund_minor, units) in {("approved", 1000, 0), ("approved", 2 * 1999 + 599, 2)}


def test_money_and_goods_come_back_once(shop: Shop, desk: Desk, delivered: Any, make: Factory) -> None:
    """Two of staff settle two cases of one order while goodwill is pressed as well."""
    order = delivered(2, stock=2)
    product = shop.get(order).lines[0].variant_id
    cases = [desk.apply(order, {0: 1}) for _unit in range(2)]
    for case in cases:
        desk.do("approve", case)
        desk.do("receive", case)
    other = make.user("operator")

    def goodwill() -> Any:
        return shop.unit(
            lambda: refunding.give_back(
                db.session,
                order_to_change(db.session, order.key, None),
                minor=700,
                reason="sorry",
                key=new_key(),
                by=None,
                now=shop.clock.now(),
            )
        )

    works: list[Callable[[], Any]] = []
    for number in range(PRESSES):
        case = cases[number % 2]
        works.append(pressed(shop, lambda case=case: desk.do("settle", case)))
        if number % 10 == 0:
            works.append(pressed(shop, lambda case=case: desk.do("settle", case, by=other)))
            works.append(pressed(shop, goodwill))
    answers = Counter(map(fate, at_once(works)))
    assert answers.keys() <= {"done", "TooMuch", "Unavailable"}
    found = shop.get(order)
    assert found.refunded_minor <= found.paid_minor
    assert found.lines[0].refunded_minor <= 2 * 1999
    assert sum(desk.refunds(order)) == found.refunded_minor
    settled = [case for case in cases if desk.get(case).state == "done"]
    assert found.lines[0].returned_quantity == len(settled)
    with shop.app.app_context():
        on_hand = db.session.execute(
            db.text("SELECT sum(on_hand) FROM stock WHERE variant_id = :variant"), {"variant": product}
        ).scalar_one()
    assert on_hand == len(settled) <= 2
    assert desk.problems() == []
