"""The queues of the desk."""

from __future__ import annotations

from typing import Literal

from sqlalchemy import ColumnElement, and_, case, func, or_, select

from contentshop.core.paging import Page
from contentshop.core.uow import AnySession
from contentshop.orders.models import Order
from contentshop.orders.queries.orders import OrderRow, order_rows, read_row

Queue = Literal["to_pay", "to_ship", "to_collect", "shipped", "cancelled"]
QUEUES: tuple[Queue, ...] = ("to_pay", "to_ship", "to_collect", "shipped", "cancelled")
PAGE_SIZE = 25


def queue_counts(session: AnySession) -> dict[Queue, int]:
    """How many orders wait in each queue of the desk, in one statement."""
    queue = case(*((condition, name) for name, condition in _QUEUE_RULES.items()))
    rows = session.execute(select(queue.label("queue"), func.count().label("waiting")).group_by("queue"))
    counted = {row.queue: row.waiting for row in rows}
    return {name: counted.get(name, 0) for name in QUEUES}


def page_queue(session: AnySession, queue: Queue | None, *, words: str = "", number: int = 1) -> Page[OrderRow]:
    """A page of one queue (None: all orders), oldest work first, what is finished newest first.

    ``words`` finds an order by its number, by the beginning of an e-mail address, or by a part of the name.
    """
    conditions = [_QUEUE_RULES[queue]] if queue else []
    if words.strip():
        conditions.append(_matches(words))
    total = session.scalar(select(func.count()).select_from(Order).where(*conditions)) or 0
    waiting = queue in {"to_pay", "to_ship", "to_collect"}
    query = order_rows(oldest_first=waiting).where(*conditions).limit(PAGE_SIZE).offset((number - 1) * PAGE_SIZE)
    return Page([read_row(row) for row in session.execute(query)], number, PAGE_SIZE, total)


_QUEUE_RULES: dict[Queue, ColumnElement[bool]] = {
    "to_pay": and_(Order.state == "placed", Order.payment_method == "bank_transfer"),
    "to_ship": or_(Order.state == "paid", and_(Order.state == "placed", Order.payment_method == "on_delivery")),
    "to_collect": and_(Order.state == "shipped", Order.paid_at.is_(None)),
    "shipped": and_(Order.state == "shipped", Order.paid_at.is_not(None)),
    "cancelled": Order.state == "cancelled",
}


def _matches(words: str) -> ColumnElement[bool]:
    words = words.strip()[:100]
    number = "".join(c for c in words.lower() if c.isascii() and c.isalnum())
    folded = words.casefold()
    return or_(
        Order.key == number,
        Order.email.startswith(folded, autoescape=True),
        func.lower(Order.name).contains(folded, autoescape=True),
    )
