"""The queues of the desk."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import ColumnElement, and_, case, exists, func, or_, select

from contentshop.core.names import named
from contentshop.core.paging import Page
from contentshop.core.uow import AnySession
from contentshop.orders.models import CustomerNote, Order, OrderLine
from contentshop.orders.queries.orders import NEEDS_PARCEL, OrderRow, order_rows, read_row
from contentshop.products.models import Product, Reservation, StockLocation, Variant
from contentshop.products.queries import translated

Queue = Literal["to_pay", "to_ship", "to_collect", "shipped", "ready", "completed", "cancelled"]
QUEUES: tuple[Queue, ...] = ("to_pay", "to_ship", "to_collect", "shipped", "ready", "completed", "cancelled")
PAGE_SIZE = 25
# What the warehouse has to do something about: never files and gift cards alone, which are there once they are paid.
TO_SHIP = and_(
    NEEDS_PARCEL,
    or_(
        Order.state.in_(("paid", "part_shipped")), and_(Order.state == "placed", Order.payment_method == "on_delivery")
    ),
)


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
    "to_pay": and_(Order.state == "placed", Order.payment_method != "on_delivery"),
    "to_ship": TO_SHIP,
    "to_collect": and_(Order.state == "shipped", Order.paid_at.is_(None)),
    "shipped": and_(Order.state == "shipped", Order.paid_at.is_not(None), NEEDS_PARCEL),
    "ready": and_(Order.state.in_(("paid", "part_shipped", "shipped")), ~NEEDS_PARCEL),
    "completed": Order.state == "completed",
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


@dataclass(frozen=True, slots=True)
class Pick:
    """So many of a variant to take off the shelf at one place, for these orders: (order key, units).

    ``location`` is the key of the place, since two may have one name.
    """

    location: str
    place: str
    sku: str
    title: str
    variant_name: str
    units: int
    orders: tuple[tuple[str, int], ...]


def pick_list(session: AnySession, locale: str, *, now: datetime, limit: int = 5000) -> list[Pick]:
    """What has to be packed now, place by place, in the order of the shelf (SKU); the oldest orders first. What was
    sold before it is out stays on the shelf until then.

    Names of places and things are in ``locale`` where they have one there.
    """
    waits = exists().where(
        OrderLine.order_id == Order.id, OrderLine.variant_id == Variant.id, OrderLine.releases_at > now
    )
    rows = session.execute(
        select(
            StockLocation.key.label("location"),
            named(StockLocation, locale).label("place"),
            Variant.sku,
            translated("title", locale).label("title"),
            named(Variant, locale).label("variant_name"),
            Order.key,
            (Reservation.quantity - Reservation.taken).label("units"),
        )
        .join(Reservation, Reservation.holder == Order.key)
        .join(StockLocation, StockLocation.id == Reservation.location_id)
        .join(Variant, Variant.id == Reservation.variant_id)
        .join(Product, Product.id == Variant.product_id)
        .where(TO_SHIP, Reservation.state == "held", Reservation.quantity > Reservation.taken, ~Variant.digital, ~waits)
        .order_by(StockLocation.name, StockLocation.id, Variant.sku, Order.placed_at, Order.id)
        .limit(limit)
    )
    found: dict[tuple[str, str], list[Any]] = {}
    for row in rows:
        found.setdefault((row.location, row.sku), []).append(row)
    return [
        Pick(
            location=location,
            place=group[0].place,
            sku=sku,
            title=group[0].title,
            variant_name=group[0].variant_name,
            units=sum(row.units for row in group),
            orders=tuple((row.key, row.units) for row in group),
        )
        for (location, sku), group in found.items()
    ]


@dataclass(frozen=True, slots=True)
class CustomerRow:
    """A buyer in a list, by e-mail address."""

    email: str
    name: str
    orders: int
    last_at: datetime


def find_customers(session: AnySession, words: str, *, limit: int = 50) -> list[CustomerRow]:
    """Buyers whose address begins with ``words`` or whose name holds them; the newest without words."""
    folded = words.strip().casefold()[:100]
    query = (
        select(
            Order.email,
            func.max(Order.name).label("name"),
            func.count().label("orders"),
            func.max(Order.placed_at).label("last_at"),
        )
        .group_by(Order.email)
        .order_by(func.max(Order.id).desc())
        .limit(limit)
    )
    if folded:
        query = query.where(
            or_(
                Order.email.startswith(folded, autoescape=True),
                func.lower(Order.name).contains(folded, autoescape=True),
            )
        )
    return [CustomerRow(row.email, row.name, row.orders, row.last_at) for row in session.execute(query)]


def list_of_customer(session: AnySession, email: str, *, limit: int = 100) -> list[tuple[int, OrderRow]]:
    """(row number, order) of one buyer, newest first."""
    rows = session.execute(order_rows().add_columns(Order.id.label("row_id")).where(Order.email == email).limit(limit))
    return [(row.row_id, read_row(row)) for row in rows]


def list_notes(session: AnySession, email: str) -> list[CustomerNote]:
    """What staff wrote about a buyer, newest first."""
    query = select(CustomerNote).where(CustomerNote.email == email).order_by(CustomerNote.id.desc())
    return list(session.scalars(query))
