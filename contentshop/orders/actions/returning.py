"""Goods that are paid back unit by unit: what a unit is worth now, and the one step that pays it back."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import CursorResult, update

from contentshop.accounts.models import User
from contentshop.core.uow import AnySession
from contentshop.orders import books, policy
from contentshop.orders.actions import refunding
from contentshop.orders.actions.states import complete
from contentshop.orders.models import Order, OrderLine
from contentshop.payments.actions import TooMuch
from contentshop.promotions import actions as promotions


def amount_of(order: Order, line: OrderLine, units: int) -> int:
    """What ``units`` of a line are worth to its buyer now, in minor units: what is left of what was paid for it, by
    the units that have not been paid back. The last ones take the rest, so that a whole line comes out exactly; what
    was withheld for units that came back stays withheld.

    Raises TooMuch when fewer units are left.
    """
    left = line.quantity - line.returned_quantity
    if not 0 <= units <= left:
        raise TooMuch
    paid = max(books.line_share(order, line).paid - line.refunded_minor - line.withheld_minor, 0)
    return paid if units == left else paid * units // left


def postage_left(session: AnySession, order: Order) -> int:
    """What has been paid for the delivery and has not gone back, in minor units."""
    back = refunding.sold_back(session, order) - sum(line.refunded_minor for line in order.lines)
    return max(books.postage_share(order).paid - back, 0)


def pay_back(
    session: AnySession,
    order: Order,
    units: Mapping[int, int],
    *,
    amounts: Mapping[int, int],
    shipping_minor: int = 0,
    reason: str,
    key: str,
    by: User | None,
    now: datetime,
) -> str:
    """Refund ``amounts`` (order line id → minor units) and ``shipping_minor`` of a paid order that the caller holds,
    and count ``units`` (order line id → units) as given back; its coupons are free again once everything is.

    Everybody who got a share of the money gives it back in the same transaction (``refunding.give_back``), and what the
    units had become is withdrawn. Returns the refund's key, empty when nothing goes back. Raises TooMuch when so much
    is not left, Conflict when a gift card that was bought has been used.
    """
    worth = {line.id: amount_of(order, line, units.get(line.id, 0)) for line in order.lines}
    for line_id, count in units.items():
        withheld = max(worth.get(line_id, 0) - amounts.get(line_id, 0), 0)
        done = session.execute(
            update(OrderLine)
            .where(OrderLine.id == line_id, OrderLine.returned_quantity + count <= OrderLine.quantity)
            .values(
                returned_quantity=OrderLine.returned_quantity + count,
                withheld_minor=OrderLine.withheld_minor + withheld,
            )
        )
        if not isinstance(done, CursorResult) or done.rowcount != 1:
            raise TooMuch
    for line in order.lines:
        session.refresh(line, ["returned_quantity", "withheld_minor"])
    refund_key = ""
    if sum(amounts.values()) + shipping_minor > 0:
        refund_key = refunding.give_back(
            session,
            order,
            lines=amounts,
            shipping_minor=shipping_minor,
            reason=reason,
            key=key,
            by=by,
            now=now,
        ).key
    else:
        refunding.withdraw_unpaid(session, order, now=now)
    if all(line.returned_quantity == line.quantity for line in order.lines):
        promotions.release(session, order.key, now=now)
    end_given_back(session, order, now=now)
    return refund_key


def end_given_back(session: AnySession, order: Order, *, now: datetime) -> None:
    """An order on its way of which nothing is left with its buyer needs no receipt any more: it is over."""
    if order.state == "shipped" and order.paid_at is not None and policy.is_given_back(order):
        complete(session, order, "given_back", now=now)
