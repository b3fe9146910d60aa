"""Reads of orders, for their buyers and for what becomes of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import ColumnElement, Select, and_, bindparam, func, or_, select, true
from sqlalchemy.orm import selectinload

from contentshop.core.errors import NotFound
from contentshop.core.money import Money
from contentshop.core.paging import Page
from contentshop.core.uow import AnySession
from contentshop.core.words import say
from contentshop.media.models import Asset
from contentshop.media.queries import PICTURE_COLUMNS
from contentshop.orders.models import Order, OrderLine, Shipment
from contentshop.orders.queries.carts import PICTURE_ALT, PICTURE_ID
from contentshop.products.models import Product, ProductPicture, Variant, VariantPicture
from contentshop.products.offers import PictureFacts


@dataclass(frozen=True, slots=True)
class OrderRow:
    """An order in a list. ``sent`` says whether anything in it needs a parcel; files and gift cards do not.

    ``given_back`` says whether nothing of it is left with its buyer (``policy.is_given_back``).
    """

    key: str
    state: str
    payment_method: str
    paid: bool
    name: str
    email: str
    country: str
    currency: str
    total_minor: int
    placed_at: datetime
    pay_by: datetime | None
    first_title: str
    line_count: int
    unit_count: int
    sent: bool
    given_back: bool

    @property
    def total(self) -> Money:
        """What the buyer pays."""
        return Money(self.total_minor, self.currency)


_WHOLE = (
    selectinload(Order.lines),
    selectinload(Order.events),
    selectinload(Order.shipments).selectinload(Shipment.lines),
)


def get_by_key(session: AnySession, key: str) -> Order:
    """The order with its lines, events and parcels. Raises NotFound."""
    query = select(Order).where(Order.key == key).options(*_WHOLE)
    order = session.scalar(query)
    if order is None:
        raise NotFound(say("There is no such order."))
    return order


def find_by_key(session: AnySession, key: str) -> Order | None:
    """The order with this key, if there is one."""
    return session.scalar(select(Order).where(Order.key == key))


_OF_ATTEMPT = select(Order).where(Order.attempt_key == bindparam("attempt"))


def find_by_attempt(session: AnySession, attempt: str) -> Order | None:
    """The order that this try has made, if it has."""
    return session.scalar(_OF_ATTEMPT, {"attempt": attempt})


def line_faces(session: AnySession, order: Order) -> dict[int, tuple[str, PictureFacts | None]]:
    """(slug, picture) of the products in ``order``, by variant id, as they are today."""
    rows = session.execute(
        select(
            Variant.id,
            Product.slug,
            *PICTURE_COLUMNS,
            PICTURE_ALT.label("alt"),
        )
        .join(Product, Product.id == Variant.product_id)
        .outerjoin(ProductPicture, and_(ProductPicture.product_id == Product.id, ProductPicture.position == 0))
        .outerjoin(VariantPicture, and_(VariantPicture.variant_id == Variant.id, VariantPicture.position == 0))
        .outerjoin(Asset, Asset.id == PICTURE_ID)
        .where(Variant.id.in_([line.variant_id for line in order.lines]))
    )
    return {
        variant_id: (slug, PictureFacts(key, width, height, tuple(widths), alt, (x, y)) if key else None)
        for variant_id, slug, key, width, height, widths, x, y, _asset_alt, alt in rows
    }


def list_for_user(session: AnySession, user_id: int, *, limit: int = 50, offset: int = 0) -> list[OrderRow]:
    """This person's orders, newest first."""
    query = order_rows().where(Order.user_id == user_id).limit(limit).offset(offset)
    return [read_row(row) for row in session.execute(query)]


Shelf = Literal["all", "to_pay", "to_come", "received", "cancelled"]

# Of an order some of which is sent. Files and gift cards are there as soon as they are paid.
NEEDS_PARCEL = select(OrderLine.id).where(OrderLine.order_id == Order.id, ~OrderLine.digital).exists()

_SHELVES: dict[Shelf, ColumnElement[bool]] = {
    "all": true(),
    "to_pay": and_(Order.state == "placed", Order.payment_method != "on_delivery"),
    "to_come": or_(
        and_(Order.state.in_(("paid", "part_shipped", "shipped")), NEEDS_PARCEL),
        and_(Order.state == "placed", Order.payment_method == "on_delivery"),
    ),
    "received": or_(
        Order.state == "completed", and_(Order.state.in_(("paid", "part_shipped", "shipped")), ~NEEDS_PARCEL)
    ),
    "cancelled": Order.state == "cancelled",
}
MINE = 20


def count_mine(session: AnySession, user_id: int) -> dict[Shelf, int]:
    """How many orders of this person stand where, in one statement."""
    counts = [func.count().filter(rule).label(name) for name, rule in _SHELVES.items()]
    row = session.execute(select(*counts).select_from(Order).where(Order.user_id == user_id)).one()
    return {name: getattr(row, name) for name in _SHELVES}


def page_mine(
    session: AnySession, user_id: int, shelf: Shelf = "all", *, words: str = "", number: int = 1
) -> Page[OrderRow]:
    """A page of this person's orders, newest first. ``words`` finds one by its number or by what is in it."""
    wanted = [Order.user_id == user_id, _SHELVES[shelf]]
    if words:
        number_typed = "".join(c for c in words.lower() if c.isascii() and c.isalnum())
        titled = select(OrderLine.id).where(
            OrderLine.order_id == Order.id,
            func.lower(OrderLine.title).contains(words.casefold(), autoescape=True),
        )
        wanted.append(or_(Order.key == number_typed, titled.exists()))
    total = session.scalar(select(func.count()).select_from(Order).where(*wanted)) or 0
    query = order_rows().where(*wanted).limit(MINE).offset((number - 1) * MINE)
    return Page([read_row(row) for row in session.execute(query)], number, MINE, total)


@dataclass(frozen=True, slots=True)
class Reviewable:
    """A line of a received order, whose product its buyer may speak about."""

    line_id: int
    order_key: str
    product_id: int
    slug: str
    title: str
    variant_name: str
    received_at: datetime | None


def may_review(session: AnySession, user_id: int) -> list[Reviewable]:
    """The lines that this person bought and received, newest first; not those that were all paid back."""
    rows = session.execute(
        select(
            OrderLine.id,
            Order.key,
            Product.id,
            Product.slug,
            OrderLine.title,
            OrderLine.variant_name,
            Order.completed_at,
        )
        .join(Order, Order.id == OrderLine.order_id)
        .join(Variant, Variant.id == OrderLine.variant_id)
        .join(Product, Product.id == Variant.product_id)
        .where(
            Order.user_id == user_id,
            Order.state == "completed",
            OrderLine.returned_quantity < OrderLine.quantity,
            Product.listed,
        )
        .order_by(Order.completed_at.desc(), OrderLine.id)
    )
    return [Reviewable(*row) for row in rows.tuples()]


def order_rows(*, oldest_first: bool = False) -> Select[*tuple[Any, ...]]:
    lines = (
        select(
            OrderLine.order_id,
            func.min(OrderLine.id).label("first_id"),
            func.count().label("line_count"),
            func.sum(OrderLine.quantity).label("unit_count"),
            func.count().filter(~OrderLine.digital).label("sent_count"),
            func.count().filter(OrderLine.returned_quantity < OrderLine.quantity).label("kept_count"),
        )
        .group_by(OrderLine.order_id)
        .subquery()
    )
    first = select(OrderLine.title).where(OrderLine.id == lines.c.first_id).scalar_subquery()
    order = (Order.placed_at, Order.id) if oldest_first else (Order.placed_at.desc(), Order.id.desc())
    return (
        select(
            Order.key,
            Order.state,
            Order.payment_method,
            Order.paid_at,
            Order.name,
            Order.email,
            Order.country,
            Order.currency,
            Order.total_minor,
            Order.placed_at,
            Order.pay_by,
            first.label("first_title"),
            lines.c.line_count,
            lines.c.unit_count,
            lines.c.sent_count,
            lines.c.kept_count,
        )
        .join(lines, lines.c.order_id == Order.id)
        .order_by(*order)
    )


def read_row(row: Any) -> OrderRow:
    return OrderRow(
        key=row.key,
        state=row.state,
        payment_method=row.payment_method,
        paid=row.paid_at is not None,
        name=row.name,
        email=row.email,
        country=row.country,
        currency=row.currency,
        total_minor=row.total_minor,
        placed_at=row.placed_at,
        pay_by=row.pay_by,
        first_title=row.first_title,
        line_count=row.line_count,
        unit_count=int(row.unit_count),
        sent=row.sent_count > 0,
        given_back=row.state in {"shipped", "completed"} and row.kept_count == 0,
    )


def list_to_confirm(session: AnySession, *, now: datetime) -> list[str]:
    """Keys of shipped, paid orders that confirm themselves at ``now``, the longest overdue first."""
    due = (Order.state == "shipped", Order.confirm_by <= now, Order.paid_at.is_not(None))
    return list(session.scalars(select(Order.key).where(*due).order_by(Order.confirm_by, Order.id)))


def list_overdue(session: AnySession, *, now: datetime) -> list[str]:
    """Keys of orders whose time to pay is over at ``now``, oldest first."""
    query = select(Order.key).where(Order.state == "placed", Order.pay_by <= now).order_by(Order.pay_by, Order.id)
    return list(session.scalars(query))
