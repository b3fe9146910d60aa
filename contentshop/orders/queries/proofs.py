"""What must be true of all orders, for ``contentshop audit``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from sqlalchemy import exists, func, select

from contentshop.core.uow import AnySession
from contentshop.orders.models import Order, OrderEvent, OrderLine
from contentshop.products.models import Reservation


def audit(session: AnySession) -> list[str]:
    """What is wrong with the orders, one sentence each; empty when all is well.

    Every order has lines and a beginning; its total is the sum of its lines and the postage; the goods of
    every order that waits are held for it, those of a shipped one taken; nothing is held without an order.
    """
    return [*_whole(session), *_sums(session), *_promises(session), *_orphans(session)]


def _whole(session: AnySession) -> Iterable[str]:
    for key in session.scalars(select(Order.key).where(~exists().where(OrderLine.order_id == Order.id))):
        yield f"Order {key} has no lines."
    begun = exists().where(OrderEvent.order_id == Order.id, OrderEvent.kind == "placed")
    for key in session.scalars(select(Order.key).where(~begun)):
        yield f"Order {key} has no event that says it was placed."


def _sums(session: AnySession) -> Iterable[str]:
    lines = (
        select(Order.key, Order.items_minor, Order.shipping_minor, Order.total_minor)
        .add_columns(func.sum(OrderLine.unit_minor * OrderLine.quantity).label("goods"))
        .join(OrderLine)
        .group_by(Order.id)
    )
    for row in session.execute(lines):
        goods = int(row.goods)
        if goods != row.items_minor or goods + row.shipping_minor != row.total_minor:
            yield (
                f"Order {row.key} says {row.items_minor} + {row.shipping_minor} = {row.total_minor}, "
                f"but its lines add up to {goods}."
            )


def _promises(session: AnySession) -> Iterable[str]:
    expected: dict[tuple[str, str], int] = Counter()
    states = {"placed": "held", "paid": "held", "shipped": "taken"}
    wanted = select(Order.key, Order.state, OrderLine.variant_id, OrderLine.quantity).join(OrderLine)
    for key, state, variant_id, quantity in session.execute(wanted):
        if state in states:
            expected[key, f"{variant_id} {states[state]}"] += quantity
    kept = select(Reservation.holder, Reservation.variant_id, Reservation.state, Reservation.quantity).join(
        Order, Order.key == Reservation.holder
    )
    found: dict[tuple[str, str], int] = Counter()
    for key, variant_id, state, quantity in session.execute(kept):
        if state != "released":
            found[key, f"{variant_id} {state}"] += quantity
    for key, what in sorted(expected.keys() | found.keys()):
        if expected[key, what] != found[key, what]:
            yield (f"Order {key}: variant {what} should be {expected[key, what]}, is {found[key, what]}.")


def _orphans(session: AnySession) -> Iterable[str]:
    nobody = ~exists().where(Order.key == Reservation.holder)
    for holder, variant_id in session.execute(
        select(Reservation.holder, Reservation.variant_id).where(Reservation.state != "released", nobody)
    ):
        yield f"Variant {variant_id} is held for {holder}, but there is no such order."
