"""What must be true of all orders, for ``contentshop audit``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from sqlalchemy import exists, func, select
from sqlalchemy.orm import selectinload

from contentshop.core.uow import AnySession
from contentshop.orders import books
from contentshop.orders.models import Order, OrderEvent, OrderLine, ShipmentLine
from contentshop.payments import credit
from contentshop.products.models import DigitalFile, Download, Reservation


def audit(session: AnySession) -> list[str]:
    """What is wrong with the orders, one sentence each; empty when all is well.

    Every order has lines and a beginning; its total is the sum of its lines and the postage; the goods of
    every order that waits are held for it, those of a shipped one taken; nothing is held without an order. Files and
    gift cards of what went back are withdrawn, and no others.
    """
    return [
        *_whole(session),
        *_sums(session),
        *_parcels(session),
        *_promises(session),
        *_orphans(session),
        *_files(session),
        *_cards(session),
    ]


def _whole(session: AnySession) -> Iterable[str]:
    for key in session.scalars(select(Order.key).where(~exists().where(OrderLine.order_id == Order.id))):
        yield f"Order {key} has no lines."
    begun = exists().where(OrderEvent.order_id == Order.id, OrderEvent.kind == "placed")
    for key in session.scalars(select(Order.key).where(~begun)):
        yield f"Order {key} has no event that says it was placed."


def _sums(session: AnySession) -> Iterable[str]:
    lines = (
        select(Order.key, Order.items_minor, Order.discount_minor, Order.tax_minor, Order.shipping_tax_minor)
        .add_columns(Order.refunded_minor)
        .add_columns(func.sum(OrderLine.unit_minor * OrderLine.quantity).label("goods"))
        .add_columns(func.sum(OrderLine.discount_minor).label("less"), func.sum(OrderLine.tax_minor).label("tax"))
        .add_columns(func.sum(OrderLine.refunded_minor).label("back"))
        .join(OrderLine)
        .group_by(Order.id)
    )
    for row in session.execute(lines):
        goods, less, tax = int(row.goods), int(row.less), int(row.tax) + row.shipping_tax_minor
        if (goods, less, tax) != (row.items_minor, row.discount_minor, row.tax_minor):
            yield (
                f"Order {row.key} says {row.items_minor} less {row.discount_minor} with {row.tax_minor} tax, "
                f"but its lines add up to {goods} less {less} with {tax} tax."
            )
        if row.back > row.refunded_minor:
            yield f"Order {row.key}: {row.back} were refunded on its lines, but only {row.refunded_minor} in all."


def _parcels(session: AnySession) -> Iterable[str]:
    """What the lines say was sent is what the parcels hold, and a shipped order has nothing left."""
    packed = (
        select(func.coalesce(func.sum(ShipmentLine.quantity), 0))
        .where(ShipmentLine.order_line_id == OrderLine.id)
        .scalar_subquery()
    )
    rows = session.execute(select(Order.key, Order.state, OrderLine, packed.label("packed")).join(OrderLine))
    for key, state, line, sent in rows:
        if sent != line.shipped_quantity:
            yield f"Order {key}: {line.shipped_quantity} of {line.sku} were sent, but its parcels hold {sent}."
        if state in {"shipped", "completed"} and line.to_ship:
            yield f"Order {key} is {state}, but {line.to_ship} of {line.sku} were not sent."


def _promises(session: AnySession) -> Iterable[str]:
    expected: dict[tuple[str, str], int] = Counter()
    wanted = select(Order.key, Order.state, OrderLine).join(OrderLine)
    for key, state, line in session.execute(wanted):
        expected[key, f"{line.variant_id} taken"] += line.shipped_quantity
        if state in {"placed", "paid", "part_shipped"}:
            expected[key, f"{line.variant_id} held"] += line.to_ship
    found: dict[tuple[str, str], int] = Counter()
    kept = select(Order.key, Reservation.variant_id, Reservation.state, Reservation.quantity, Reservation.taken).join(
        Reservation, Reservation.holder == Order.key
    )
    for key, variant_id, state, quantity, taken in session.execute(kept):
        found[key, f"{variant_id} taken"] += taken
        if state == "held":
            found[key, f"{variant_id} held"] += quantity - taken
    for key, what in sorted(expected.keys() | found.keys()):
        if expected[key, what] != found[key, what]:
            yield (f"Order {key}: variant {what} should be {expected[key, what]}, is {found[key, what]}.")


def _orphans(session: AnySession) -> Iterable[str]:
    nobody = ~exists().where(Order.key == Reservation.holder)
    for holder, variant_id in session.execute(
        select(Reservation.holder, Reservation.variant_id).where(Reservation.state != "released", nobody)
    ):
        yield f"Variant {variant_id} is held for {holder}, but there is no such order."


def _files(session: AnySession) -> Iterable[str]:
    rows = session.execute(
        select(Order, DigitalFile.variant_id, DigitalFile.name, Download.withdrawn_at)
        .join(Download, Download.order_key == Order.key)
        .join(DigitalFile, DigitalFile.id == Download.file_id)
        .options(selectinload(Order.lines))
        .order_by(Download.id)
    )
    for order, variant_id, name, withdrawn_at in rows:
        back = variant_id in books.variants_back(order)
        if back and withdrawn_at is None:
            yield f"Order {order.key}: {name} was paid back, but can be fetched."
        elif withdrawn_at is not None and not back:
            yield f"Order {order.key}: {name} cannot be fetched, but was not paid back."


def _cards(session: AnySession) -> Iterable[str]:
    found = credit.count_withdrawn(session)
    lines = session.execute(
        select(Order, OrderLine).join(OrderLine).where(OrderLine.id.in_([line_id for _order, line_id in found]))
    )
    for order, line in lines:
        sold, gone = found[order.key, line.id]
        if (sold, gone) != (line.quantity, books.units_back(order, line)):
            yield (
                f"Order {order.key}: {line.quantity} of {line.sku} were sold and {books.units_back(order, line)} went "
                f"back, but there are {sold} gift cards and {gone} were withdrawn."
            )
