"""After-sale cases from the application to the refund: amounts, times, turns, and what may not be."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update

from contentshop.aftersale import actions, policy, queries
from contentshop.aftersale.inputs import KINDS, STATES, Application, ReturnParcel
from contentshop.aftersale.models import AfterSale
from contentshop.aftersale.policy import Verb
from contentshop.core.db import db
from contentshop.core.errors import Conflict, Forbidden, Invalid, NotFound
from contentshop.orders.models import Order
from contentshop.payments.actions import TooMuch
from contentshop.products.models import Offer, Variant
from contentshop.products.stock import OutOfStock
from tests.factories import Factory
from tests.rooms.aftersale.conftest import TERMS, Desk
from tests.rooms.orders.conftest import Shop


def test_a_return_from_asking_to_money(shop: Shop, desk: Desk, delivered: Any) -> None:
    order = delivered(2)
    case = desk.apply(order, {0: 1})
    assert (case.state, case.wanted_minor, case.shipping_minor, case.refund_minor) == ("asked", 1999, 0, 1999)
    assert policy.whose_turn(case.state, case.kind) == "shop"
    assert case.due_at == shop.clock.now() + TERMS.answer
    case = desk.do("approve", case)
    assert (case.state, case.return_to) == ("approved", "Warehouse 1, Portland")
    assert policy.whose_turn(case.state, case.kind) == "buyer"
    assert case.due_at == shop.clock.now() + TERMS.send
    case = desk.do("send", case, parcel=ReturnParcel("UPS", "R-1"))
    assert (case.state, case.carrier, case.tracking) == ("sent", "UPS", "R-1")
    case = desk.do("receive", case)
    assert (case.state, desk.refunds(order)) == ("received", [])
    case = desk.do("settle", case)
    assert (case.state, case.due_at, desk.refunds(order)) == ("done", None, [1999])
    found = shop.get(order)
    assert (found.state, found.refunded_minor) == ("shipped", 1999)
    assert (found.lines[0].returned_quantity, found.lines[0].refunded_minor) == (1, 1999)
    kinds = [event.kind for event in desk.get(case).events]
    assert kinds == ["asked", "approved", "sent", "received", "done"]
    assert desk.problems() == []


def test_two_parts_make_a_whole(shop: Shop, desk: Desk, delivered: Any) -> None:
    order = delivered(3)
    shop.run(
        lambda session: session.execute(update(Order).values(discount_minor=100, total_minor=Order.total_minor - 100))
    )
    desk.return_all(desk.apply(order, {0: 1}))
    desk.return_all(desk.apply(order, {0: 2}))
    assert sum(desk.refunds(order)) == 3 * 1999
    assert shop.get(order).lines[0].returned_quantity == 3


def test_settling_again_pays_once(desk: Desk, delivered: Any) -> None:
    order = delivered(1)
    case = desk.return_all(desk.apply(order))
    for _ in range(3):
        desk.do("settle", case)
    assert desk.refunds(order) == [1999]
    assert desk.problems() == []


def test_goods_that_cannot_be_sold_again_stay_off_the_shelf(shop: Shop, desk: Desk, make: Factory) -> None:
    kettle = make.product(own={"USD": 1999}, stock=5)
    order = shop.order(kettle, 2)
    shop.do("mark_paid", order)
    shop.do("mark_shipped", order)
    assert shop.stock(kettle) == (3, 0)
    case = desk.apply(order, {0: 2}, reason="broken")
    desk.do("approve", case)
    line = desk.get(case).lines[0].id
    with pytest.raises(Invalid):
        desk.do("receive", case, restocked={line: 3})
    desk.do("receive", case, restocked={line: 1})
    desk.do("settle", case)
    assert shop.stock(kettle) == (4, 0)
    # The fault was ours and everything came back, so the postage goes back as well.
    assert desk.refunds(order) == [2 * 1999 + 599]
    assert desk.problems() == []


def test_a_refund_without_goods_needs_a_fault_of_ours(desk: Desk, delivered: Any) -> None:
    order = delivered(2)
    with pytest.raises(Invalid) as refused:
        desk.apply(order, kind="refund")
    assert refused.value.fields["kind"] == ["Without a fault of ours the goods have to come back. Choose a return."]
    case = desk.apply(order, {0: 1}, kind="refund", reason="missing")
    desk.do("approve", case, refund_minor=1500)
    desk.do("settle", case)
    assert desk.refunds(order) == [1500]
    assert desk.get(case).lines[0].minor == 1500
    assert desk.problems() == []


@pytest.mark.parametrize("amount", [0, -5, 2000, 10**12])
def test_no_more_is_agreed_than_was_asked(desk: Desk, delivered: Any, amount: int) -> None:
    case = desk.apply(delivered(2), {0: 1}, kind="refund", reason="missing")
    with pytest.raises(Invalid):
        desk.do("approve", case, refund_minor=amount)
    assert desk.get(case).state == "asked"


def test_nothing_is_claimed_twice(shop: Shop, desk: Desk, delivered: Any) -> None:
    order = delivered(2)
    first = desk.apply(order, {0: 1})
    with pytest.raises(Invalid) as refused:
        desk.apply(order, {0: 2})
    assert refused.value.fields == {
        f"units-{shop.get(order).lines[0].id}": [
            "Write a whole number from 0 to 1: that is how many of this you can ask about."
        ]
    }
    desk.do("withdraw", first)
    assert desk.apply(order, {0: 2}).wanted_minor == 2 * 1999


def test_what_was_not_sent_cannot_come_back(shop: Shop, desk: Desk, make: Factory) -> None:
    order = shop.order(make.product(own={"USD": 1999}, stock=5), 2)
    for verb in (None, "mark_paid"):
        if verb:
            shop.do(verb, order)
        with pytest.raises(Invalid):
            desk.apply(order)
    assert desk.count() == 0


def test_a_line_of_another_order_is_not_found_in_this_one(shop: Shop, desk: Desk, delivered: Any) -> None:
    mine, other = delivered(1), delivered(1)
    strange = shop.get(other).lines[0].id
    with pytest.raises(Invalid):
        shop.unit(
            lambda: actions.apply(
                db.session,
                mine.key,
                Application("return", "unwanted", "", {strange: 1}),
                terms=TERMS,
                now=shop.clock.now(),
            )
        )
    case = desk.apply(other)
    with shop.app.app_context(), pytest.raises(NotFound):
        queries.get_of_order(db.session, case.key, mine.key)


@pytest.mark.parametrize(
    ("reason", "days", "kind"),
    [("unwanted", 7, "return"), ("broken", 30, "refund"), ("other", 7, "exchange")],
)
def test_the_time_ends_to_the_second(shop: Shop, desk: Desk, delivered: Any, reason: str, days: int, kind: str) -> None:
    order = delivered(3)
    shop.do("confirm", order)
    shop.clock.advance(timedelta(days=days) - timedelta(seconds=1))
    desk.apply(order, {0: 1}, reason=reason, kind=kind)
    shop.clock.advance(timedelta(seconds=1))
    with pytest.raises(Invalid) as refused:
        desk.apply(order, {0: 1}, reason=reason, kind=kind)
    assert refused.value.fields[""] == [f"The time to ask for this ended {days} days after the goods were received."]


def test_some_things_come_back_only_when_something_is_wrong(shop: Shop, desk: Desk, delivered: Any) -> None:
    order = delivered(1)
    shop.run(lambda session: session.execute(update(Variant).values(returnable=False)))
    with pytest.raises(Invalid) as refused:
        desk.apply(order)
    assert refused.value.fields[f"units-{shop.get(order).lines[0].id}"] == [
        "This can only be sent back when something is wrong with it."
    ]
    assert desk.apply(order, reason="broken").state == "asked"


def test_a_fault_needs_a_picture(shop: Shop, delivered: Any) -> None:
    order = delivered(1)
    line = shop.get(order).lines[0].id
    with pytest.raises(Invalid) as refused:
        shop.unit(
            lambda: actions.apply(
                db.session,
                order.key,
                Application("return", "broken", "", {line: 1}),
                terms=TERMS,
                now=shop.clock.now(),
            )
        )
    assert refused.value.fields == {"photos": ["Add a picture that shows what is wrong."]}


def test_every_cell_of_the_table(desk: Desk, delivered: Any) -> None:
    legal = {(state, verb, kind) for (state, verb), (_to, kinds) in policy.STEPS.items() for kind in kinds}
    for state in STATES:
        for verb in Verb:
            for kind in KINDS:
                allowed = policy.find_step(state, verb, kind) is not None
                assert allowed == ((state, verb, kind) in legal)
                if not allowed:
                    assert policy.refusal(state, verb).endswith(".")


@pytest.mark.parametrize("verb", ["send", "receive", "settle"])
def test_a_step_before_its_turn_is_told(desk: Desk, delivered: Any, verb: str) -> None:
    case = desk.apply(delivered(1))
    options: dict[str, Any] = {"parcel": ReturnParcel("", "R")} if verb == "send" else {}
    with pytest.raises(Conflict) as refused:
        desk.do(verb, case, **options)
    assert refused.value.message in policy.REFUSALS.values()
    assert desk.get(case).state == "asked"


@pytest.mark.parametrize("verb", ["approve", "reject", "send", "receive", "settle", "withdraw"])
def test_a_closed_case_stays_closed(desk: Desk, delivered: Any, verb: str) -> None:
    case = desk.apply(delivered(1))
    desk.do("reject", case, answer="It was used.")
    options: dict[str, Any] = {"send": {"parcel": ReturnParcel("", "R")}, "reject": {"answer": "no"}}.get(verb, {})
    if verb == "settle":
        with pytest.raises(Conflict):
            desk.do(verb, case)
        return
    with pytest.raises(Conflict) as refused:
        desk.do(verb, case, **options)
    assert refused.value.message == "This case is closed."


@pytest.mark.parametrize(
    ("role", "allowed"),
    [
        ("support", {"approve", "reject"}),
        ("warehouse", {"receive"}),
        ("finance", {"settle"}),
        ("operator", {"approve", "reject", "receive", "settle"}),
        ("editor", set()),
        ("reader", set()),
    ],
)
def test_each_role_does_its_part(desk: Desk, delivered: Any, make: Factory, role: str, allowed: set[str]) -> None:
    case = desk.apply(delivered(1))
    person = make.user(role)
    for verb in ("approve", "reject", "receive", "settle"):
        options: dict[str, Any] = {"answer": "no"} if verb == "reject" else {}
        try:
            desk.do(verb, case, by=person, **options)
            refused = False
        except Forbidden:
            refused = True
        except Conflict:
            refused = False
        assert refused == (verb not in allowed), verb


def test_what_the_buyer_does_not_send_in_time_is_closed(shop: Shop, desk: Desk, delivered: Any) -> None:
    case = desk.apply(delivered(1))
    desk.do("approve", case)

    def end() -> list[str]:
        ended: list[str] = shop.unit(lambda: actions.end_unsent(db.session, terms=TERMS, now=shop.clock.now()))
        return ended

    shop.clock.advance(TERMS.send - timedelta(seconds=1))
    assert end() == []
    shop.clock.advance(timedelta(seconds=1))
    assert end() == [case.key]
    assert (desk.get(case).state, desk.get(case).events[-1].kind) == ("withdrawn", "expired")
    assert end() == []


def test_an_open_case_stops_the_clock_of_the_order(shop: Shop, desk: Desk, delivered: Any) -> None:
    order = delivered(1)
    assert shop.get(order).confirm_by is not None
    case = desk.apply(order)
    assert shop.get(order).confirm_by is None
    desk.do("withdraw", case)
    assert shop.get(order).confirm_by == shop.clock.now() + TERMS.confirm


def test_a_coupon_is_free_again_when_everything_came_back(shop: Shop, desk: Desk, delivered: Any) -> None:
    order = delivered(2)
    desk.return_all(desk.apply(order, {0: 1}))
    desk.return_all(desk.apply(order, {0: 1}))
    found = shop.get(order)
    assert (found.lines[0].returned_quantity, found.refunded_minor) == (2, 2 * 1999)
    assert desk.problems() == []


def test_an_exchange_makes_an_order_with_nothing_due(shop: Shop, desk: Desk, make: Factory) -> None:
    kettle = make.product(own={"USD": 1999}, stock=5)
    order = shop.order(kettle, 2)
    shop.do("mark_paid", order)
    shop.do("mark_shipped", order)
    case = desk.apply(order, {0: 1}, kind="exchange", reason="broken")
    assert (case.wanted_minor, case.refund_minor) == (0, 0)
    desk.do("approve", case)
    line = desk.get(case).lines[0].id
    desk.do("receive", case, restocked={line: 0})
    case = desk.do("settle", case)
    new = shop.get(Order(key=case.exchange_key))
    assert (new.state, new.total_minor, new.exchange_of, new.payment_method) == ("paid", 0, order.key, "credit")
    assert (new.lines[0].quantity, new.lines[0].unit_minor) == (1, 0)
    assert desk.refunds(order) == []
    assert shop.stock(kettle) == (3, 1)
    shop.do("mark_shipped", new)
    assert shop.stock(kettle) == (2, 0)
    assert desk.problems() == []
    # The goods that came instead go back for the money that was paid for the first ones.
    back = desk.apply(new, {0: 1}, reason="unlike")
    assert back.wanted_minor == 1999
    desk.return_all(back)
    assert desk.refunds(order) == [1999]
    assert shop.get(order).lines[0].returned_quantity == 1
    assert shop.get(new).lines[0].returned_quantity == 1
    with pytest.raises(Invalid):
        desk.apply(new, {0: 1}, reason="unlike")
    rest = desk.apply(order, {0: 1})
    desk.return_all(rest)
    assert sum(desk.refunds(order)) == 2 * 1999
    assert desk.problems() == []


def test_only_what_is_here_can_come_instead(shop: Shop, desk: Desk, make: Factory) -> None:
    """The same one unless something else is chosen; neither another product's nor a dearer one."""
    kettle = make.product(own={"USD": 1999}, stock=2)
    order = shop.order(kettle, 1)
    shop.do("mark_paid", order)
    shop.do("mark_shipped", order)
    line = shop.get(order).lines[0]
    other = make.variant_of(make.product(own={"USD": 999}, stock=2))
    with pytest.raises(Invalid) as refused:
        desk.apply(order, kind="exchange", variants={0: other.key})
    wrong = "Choose one of the articles that can be sent instead."
    assert refused.value.fields == {f"variant-{line.id}": [wrong]}
    red = make.variant(kettle, "red", own={"USD": 1999}, stock=1)
    dear = make.variant(kettle, "gold", own={"USD": 2000}, stock=1)
    # The last one like it goes to somebody else.
    shop.order(kettle, 1)
    for variants in ({}, {0: dear.key}):
        with pytest.raises(Invalid) as refused:
            desk.apply(order, kind="exchange", variants=variants)
        assert refused.value.fields == {f"variant-{line.id}": [wrong]}
    case = desk.apply(order, kind="exchange", variants={0: red.key})
    assert case.lines[0].new_variant_id == red.id
    desk.do("withdraw", case)
    shop.run(lambda session: session.execute(update(Offer).values(active=False)))
    with pytest.raises(Invalid) as refused:
        desk.apply(order, kind="exchange", variants={0: red.key})
    assert refused.value.fields == {f"units-{line.id}": ["Nothing is here to be sent instead. Ask for a return."]}


def test_an_exchange_that_is_sold_out_becomes_a_refund(shop: Shop, desk: Desk, make: Factory) -> None:
    kettle = make.product(own={"USD": 1999}, stock=2)
    order = shop.order(kettle, 1)
    shop.do("mark_paid", order)
    shop.do("mark_shipped", order)
    case = desk.apply(order, kind="exchange", reason="broken")
    shop.order(kettle, 1)
    desk.do("approve", case)
    line = desk.get(case).lines[0].id
    desk.do("receive", case, restocked={line: 0})
    with pytest.raises(OutOfStock):
        desk.do("settle", case)
    assert desk.get(case).state == "received"
    desk.do("refund_instead", case)
    desk.do("settle", case)
    assert desk.refunds(order) == [1999]
    assert desk.problems() == []


def test_a_fallen_price_is_paid_back_once(shop: Shop, desk: Desk, delivered: Any) -> None:
    order = delivered(2)
    line = shop.get(order).lines[0].id

    def protect() -> AfterSale:
        case: AfterSale = shop.unit(
            lambda: actions.protect(db.session, order.key, line, terms=TERMS, now=shop.clock.now())
        )
        return case

    with pytest.raises(Conflict):
        protect()
    shop.run(lambda session: session.execute(update(Offer).values(price_minor=1499)))
    case = protect()
    assert (case.state, case.refund_minor, desk.refunds(order)) == ("done", 1000, [1000])
    shop.run(lambda session: session.execute(update(Offer).values(price_minor=999)))
    with pytest.raises(Conflict):
        protect()
    assert desk.refunds(order) == [1000]
    # What is left of the line goes back with the goods, to the last cent.
    desk.return_all(desk.apply(order, {0: 1}))
    desk.return_all(desk.apply(order, {0: 1}))
    assert sum(desk.refunds(order)) == 2 * 1999
    assert desk.problems() == []


def test_what_is_withheld_for_goods_that_came_back_stays_withheld(shop: Shop, desk: Desk, delivered: Any) -> None:
    order = delivered(2)
    case = desk.apply(order, {0: 1})
    desk.do("approve", case, refund_minor=1000)
    desk.do("receive", case)
    desk.do("settle", case)
    line = shop.get(order).lines[0]
    assert (line.returned_quantity, line.refunded_minor, line.withheld_minor) == (1, 1000, 999)
    # The price is what it was: nothing to protect, although more of the money than of the goods is left.
    with pytest.raises(Conflict):
        shop.unit(lambda: actions.protect(db.session, order.key, line.id, terms=TERMS, now=shop.clock.now()))
    second = desk.apply(order, {0: 1})
    assert second.wanted_minor == 1999
    desk.return_all(second)
    assert desk.refunds(order) == [1000, 1999]
    assert desk.problems() == []


def test_money_without_goods_is_shared_by_the_units_that_stay(shop: Shop, desk: Desk, delivered: Any) -> None:
    order = delivered(2)
    case = desk.apply(order, {0: 1}, kind="refund", reason="unlike")
    desk.do("approve", case, refund_minor=500)
    desk.do("settle", case)
    assert shop.get(order).lines[0].withheld_minor == 0
    assert desk.apply(order, {0: 2}).wanted_minor == 2 * 1999 - 500
    assert desk.problems() == []


def test_the_price_is_protected_for_seven_days(shop: Shop, delivered: Any) -> None:
    order = delivered(1)
    line = shop.get(order).lines[0].id
    shop.run(lambda session: session.execute(update(Offer).values(price_minor=1499)))
    shop.clock.advance(TERMS.protection)
    with pytest.raises(Conflict):
        shop.unit(lambda: actions.protect(db.session, order.key, line, terms=TERMS, now=shop.clock.now()))
    shop.clock.advance(-timedelta(seconds=1))
    shop.unit(lambda: actions.protect(db.session, order.key, line, terms=TERMS, now=shop.clock.now()))


def test_more_than_a_line_holds_is_refused_by_the_database(shop: Shop, delivered: Any) -> None:
    from contentshop.orders.actions import returning
    from contentshop.orders.actions.states import order_to_change

    order = delivered(1)

    def too_much() -> None:
        held = order_to_change(db.session, order.key, None)
        line = held.lines[0]
        returning.pay_back(
            db.session,
            held,
            {line.id: 2},
            amounts={line.id: 1},
            reason="x",
            key="x",
            by=None,
            now=shop.clock.now(),
        )

    with pytest.raises(TooMuch):
        shop.unit(too_much)
    assert shop.get(order).refunded_minor == 0


def test_what_is_sent_instead_is_named_in_the_language_of_the_order(shop: Shop, desk: Desk, make: Factory) -> None:
    lamp = make.product("lamp", own={"USD": 1999}, stock=5)
    red = make.variant(lamp, "red", own={"USD": 1999}, stock=5)
    order = shop.order(lamp, 1)
    shop.unit(lambda: db.session.execute(update(Variant).values(translations={"zh": {"name": "红色"}})))
    shop.unit(lambda: db.session.execute(update(Order).values(locale="zh")))
    shop.do("mark_paid", order)
    shop.do("mark_shipped", order)
    case = desk.apply(order, {0: 1}, kind="exchange", reason="broken", variants={0: red.key})
    desk.do("approve", case)
    desk.do("receive", case, restocked={desk.get(case).lines[0].id: 0})
    new = shop.get(Order(key=desk.do("settle", case).exchange_key))
    assert (new.lines[0].variant_id, new.lines[0].variant_name) == (red.id, "红色")
