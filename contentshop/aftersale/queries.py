"""Reads of after-sale cases, for buyers, for the desk and for what becomes of them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import ColumnElement, Select, case, func, or_, select
from sqlalchemy.orm import aliased, selectinload

from contentshop.aftersale.models import AfterSale, AfterSaleLine, AfterSalePhoto
from contentshop.aftersale.policy import CLOSED, OPEN, is_money_on_its_way
from contentshop.core.errors import NotFound
from contentshop.core.names import name_in
from contentshop.core.paging import Page
from contentshop.core.uow import AnySession
from contentshop.core.words import say
from contentshop.orders.models import Order, OrderLine
from contentshop.payments import payouts
from contentshop.payments.models import Refund
from contentshop.products.models import Offer, Stock, Variant

Queue = Literal["to_answer", "to_receive", "to_settle", "with_buyer", "closed"]
QUEUES: tuple[Queue, ...] = ("to_answer", "to_receive", "to_settle", "with_buyer", "closed")
PAGE_SIZE = 25

_MONEY_NOW = AfterSale.kind.in_(("refund", "protection"))
_QUEUE_RULES: dict[Queue, ColumnElement[bool]] = {
    "to_answer": AfterSale.state == "asked",
    "to_receive": AfterSale.state == "sent",
    "to_settle": or_(AfterSale.state == "received", (AfterSale.state == "approved") & _MONEY_NOW),
    "with_buyer": (AfterSale.state == "approved") & ~_MONEY_NOW,
    "closed": AfterSale.state.in_(tuple(CLOSED)),
}


@dataclass(frozen=True, slots=True)
class Row:
    """A case in a list. ``refund_state`` is that of its refund, empty without one; ``unnoted`` says that the carrier's
    money for its order has not been noted yet."""

    key: str
    kind: str
    state: str
    reason: str
    order_key: str
    name: str
    currency: str
    refund_minor: int
    wanted_minor: int
    title: str
    asked_at: datetime
    due_at: datetime | None
    refund_state: str
    unnoted: bool


@dataclass(frozen=True, slots=True)
class Choice:
    """A variant that may come instead: it is here, and the same one or of the same product for no more."""

    id: int
    key: str
    name: str


def get_case(session: AnySession, key: str) -> AfterSale:
    """The case with its order, lines, photos and events. Raises NotFound."""
    query = select(AfterSale).where(AfterSale.key == key).options(*_WHOLE)
    found = session.scalar(query)
    if found is None:
        raise NotFound(say("There is no such case."))
    return found


def get_of_order(session: AnySession, key: str, order_key: str) -> AfterSale:
    """The case ``key`` of this order. Raises NotFound for a case of any other order."""
    found = get_case(session, key)
    if found.order.key != order_key:
        raise NotFound(say("There is no such case."))
    return found


_WHOLE = (
    selectinload(AfterSale.order).selectinload(Order.lines),
    selectinload(AfterSale.lines).selectinload(AfterSaleLine.order_line),
    selectinload(AfterSale.photos),
    selectinload(AfterSale.events),
)


def find_photo(session: AnySession, case_key: str, photo_key: str) -> AfterSalePhoto:
    """A photo of this case. Raises NotFound."""
    query = (
        select(AfterSalePhoto)
        .join(AfterSale, AfterSale.id == AfterSalePhoto.after_sale_id)
        .where(AfterSale.key == case_key, AfterSalePhoto.key == photo_key)
    )
    found = session.scalar(query)
    if found is None:
        raise NotFound(say("There is no such picture."))
    return found


def list_of_order(session: AnySession, order_id: int) -> list[Row]:
    """The cases of one order, newest first."""
    return [_row(row) for row in session.execute(_rows().where(AfterSale.order_id == order_id))]


def list_of_orders(session: AnySession, order_ids: Collection[int]) -> list[Row]:
    """The cases of these orders, newest first."""
    if not order_ids:
        return []
    return [_row(row) for row in session.execute(_rows().where(AfterSale.order_id.in_(order_ids)))]


_CLAIMED = case((AfterSale.state == "done", AfterSaleLine.returned), else_=AfterSaleLine.quantity)


def list_of_user(session: AnySession, user_id: int) -> list[AfterSale]:
    """All cases about the orders of this person, oldest first, with everything in them."""
    query = select(AfterSale).join(Order, Order.id == AfterSale.order_id).where(Order.user_id == user_id)
    return list(session.scalars(query.options(*_WHOLE).order_by(AfterSale.id)))


def claimed(session: AnySession, line_ids: Collection[int]) -> dict[int, int]:
    """Units of these order lines that cases stand for: all that an open one is about, of a done one those that it
    counts as given back; price protection claims none."""
    rows = session.execute(
        select(AfterSaleLine.order_line_id, func.sum(_CLAIMED))
        .join(AfterSale, AfterSale.id == AfterSaleLine.after_sale_id)
        .where(
            AfterSaleLine.order_line_id.in_(line_ids),
            AfterSaleLine.protection.is_(False),
            AfterSale.state.not_in(("rejected", "withdrawn")),
        )
        .group_by(AfterSaleLine.order_line_id)
    )
    return {line_id: int(units or 0) for line_id, units in rows}


def claimable(session: AnySession, order: Order) -> dict[int, int]:
    """How many of each line of ``order`` a buyer may still ask something for: sent, and not claimed."""
    taken = claimed(session, [line.id for line in order.lines])
    left = {line.id: line.shipped_quantity - taken.get(line.id, 0) for line in order.lines}
    return {line_id: units for line_id, units in left.items() if units > 0}


def protected(session: AnySession, line_ids: Collection[int]) -> set[int]:
    """Those of these order lines whose price has been protected, which is once."""
    query = select(AfterSaleLine.order_line_id).where(
        AfterSaleLine.order_line_id.in_(line_ids), AfterSaleLine.protection
    )
    return set(session.scalars(query))


def returnable(session: AnySession, variant_ids: Collection[int]) -> set[int]:
    """Those of these variants that may be sent back without a reason."""
    return set(session.scalars(select(Variant.id).where(Variant.id.in_(variant_ids), Variant.returnable)))


def prices_now(session: AnySession, order: Order) -> dict[int, int]:
    """What one of each line costs today, by order line id: the lowest of our prices that this buyer can have."""
    variant_ids = [line.variant_id for line in order.lines]
    rows = session.execute(
        select(Offer.variant_id, func.min(Offer.price_minor))
        .where(
            Offer.variant_id.in_(variant_ids),
            Offer.kind == "own",
            Offer.active,
            Offer.currency == order.currency,
            Offer.region.in_(("", order.country)),
        )
        .group_by(Offer.variant_id)
    )
    prices = {variant_id: int(minor) for variant_id, minor in rows if minor is not None}
    return {line.id: prices[line.variant_id] for line in order.lines if line.variant_id in prices}


def exchange_choices(session: AnySession, line: OrderLine, locale: str = "en") -> list[Choice]:
    """Variants that are here to come instead of ``line``: the same one, and others of the product that cost no more
    than was paid, which for a line that was exchanged before is told by the first one. Named for ``locale``."""
    first = line
    while (earlier := origin_of(session, first.id)) is not None:
        first = session.get_one(OrderLine, earlier)
    order = session.get_one(Order, first.order_id)
    product_id = session.scalar(select(Variant.product_id).where(Variant.id == line.variant_id))
    cheap = (
        select(Offer.id)
        .where(
            Offer.variant_id == Variant.id,
            Offer.kind == "own",
            Offer.active,
            Offer.currency == order.currency,
            Offer.region.in_(("", order.country)),
            Offer.price_minor <= first.unit_minor,
        )
        .exists()
    )
    rows = session.execute(
        select(Variant.id, Variant.key, Variant.name, Variant.translations)
        .join(Stock, Stock.variant_id == Variant.id)
        .where(
            Variant.product_id == product_id,
            or_(Variant.id == line.variant_id, cheap),
            Stock.on_hand > Stock.reserved,
        )
        .order_by(Variant.position, Variant.id)
    )
    return [Choice(row.id, row.key, name_in(row.name, row.translations, locale)) for row in rows]


def variant_words(session: AnySession, variant_id: int, locale: str) -> tuple[str, str]:
    """(SKU, name) of a variant, as readers of ``locale`` know it."""
    row = session.execute(select(Variant.sku, Variant.name, Variant.translations).where(Variant.id == variant_id)).one()
    return row.sku, name_in(row.name, row.translations, locale)


def origin_of(session: AnySession, line_id: int) -> int | None:
    """The order line that this one replaces after an exchange; None when it was bought."""
    return session.scalar(select(AfterSaleLine.order_line_id).where(AfterSaleLine.new_line_id == line_id))


def queue_counts(session: AnySession) -> dict[Queue, int]:
    """How many cases wait in each queue of the desk, in one statement."""
    counts = [func.count().filter(rule).label(name) for name, rule in _QUEUE_RULES.items()]
    row = session.execute(select(*counts).select_from(AfterSale)).one()
    return {name: getattr(row, name) for name in QUEUES}


def page_queue(session: AnySession, queue: Queue, *, number: int = 1) -> Page[Row]:
    """A page of one queue: what is due first, what is closed newest first."""
    rule = _QUEUE_RULES[queue]
    total = session.scalar(select(func.count()).select_from(AfterSale).where(rule)) or 0
    query = _rows(oldest_first=queue != "closed").where(rule).limit(PAGE_SIZE).offset((number - 1) * PAGE_SIZE)
    return Page([_row(row) for row in session.execute(query)], number, PAGE_SIZE, total)


def list_unsent(session: AnySession, *, now: datetime) -> list[str]:
    """Keys of cases whose goods the buyer has not sent in time, the longest overdue first."""
    query = select(AfterSale.key).where(_QUEUE_RULES["with_buyer"], AfterSale.due_at <= now)
    return list(session.scalars(query.order_by(AfterSale.due_at, AfterSale.id)))


def wants_money(session: AnySession, order_keys: Collection[str]) -> bool:
    """Whether an open case of one of these orders may end in a refund."""
    query = (
        select(AfterSale.id)
        .join(Order, Order.id == AfterSale.order_id)
        .where(Order.key.in_(order_keys), AfterSale.state.in_(OPEN))
    )
    return session.scalar(query.limit(1)) is not None


def paid_as(session: AnySession, order: Order) -> str:
    """The key of the order with which the goods of ``order`` were paid: its own, or that of the first one behind
    exchanges, to which the money goes back."""
    key, before = order.key, order.exchange_of
    while before:
        key = before
        before = session.scalar(select(Order.exchange_of).where(Order.key == key)) or ""
    return key


def with_exchanges(session: AnySession, order_key: str) -> list[str]:
    """The keys of this order and of those that brought other goods for it, one after the other."""
    found = [order_key]
    for key in found:
        found += session.scalars(select(Order.key).where(Order.exchange_of == key))
    return found


def wants_account(session: AnySession, paid_key: str) -> bool:
    """Whether the buyer is to name an account: something of a refund waits to be sent by a person, or may once an open
    case is settled."""
    if payouts.waits(session, paid_key):
        return True
    return wants_money(session, with_exchanges(session, paid_key)) and by_hand(session, paid_key)


def by_hand(session: AnySession, paid_key: str) -> bool:
    """Whether people would send a refund of this order, at least in part; so it is with what is paid at the door."""
    unnoted = session.scalar(select(Order.id).where(Order.key == paid_key, _unnoted(Order))) is not None
    return unnoted or payouts.would_be_by_hand(session, paid_key)


def is_unnoted(session: AnySession, case: AfterSale) -> bool:
    """Whether the carrier's money for the goods of a case has not been noted yet, so that none of it can go back."""
    paid = session.scalars(select(Order).where(Order.key == paid_as(session, case.order))).one()
    return is_money_on_its_way(paid)


def last_return_address(session: AnySession) -> str:
    """Where goods were last told to be sent; empty when none ever were."""
    query = select(AfterSale.return_to).where(AfterSale.return_to != "").order_by(AfterSale.id.desc()).limit(1)
    return session.scalar(query) or ""


def has_open(session: AnySession, order_id: int) -> bool:
    """Whether a case of this order is open."""
    query = select(AfterSale.id).where(AfterSale.order_id == order_id, AfterSale.state.in_(OPEN)).limit(1)
    return session.scalar(query) is not None


# The order whose goods were exchanged.
_first = aliased(Order)


def _unnoted(order: type[Order]) -> ColumnElement[bool]:
    """``policy.is_money_on_its_way`` in SQL."""
    return (order.payment_method == "on_delivery") & order.paid_at.is_(None) & (order.state != "cancelled")


def _rows(*, oldest_first: bool = False) -> Select[*tuple[Any, ...]]:
    first = (
        select(OrderLine.title)
        .join(AfterSaleLine, AfterSaleLine.order_line_id == OrderLine.id)
        .where(AfterSaleLine.after_sale_id == AfterSale.id)
        .order_by(AfterSaleLine.id)
        .limit(1)
        .correlate(AfterSale)
        .scalar_subquery()
    )
    order = (AfterSale.due_at, AfterSale.id) if oldest_first else (AfterSale.id.desc(),)
    return (
        select(
            AfterSale.key,
            AfterSale.kind,
            AfterSale.state,
            AfterSale.reason,
            Order.key.label("order_key"),
            Order.name,
            Order.currency,
            AfterSale.refund_minor,
            AfterSale.wanted_minor,
            first.label("title"),
            AfterSale.asked_at,
            AfterSale.due_at,
            func.coalesce(Refund.state, "").label("refund_state"),
            or_(_unnoted(Order), _first.id.is_not(None)).label("unnoted"),
        )
        .join(Order, Order.id == AfterSale.order_id)
        .outerjoin(Refund, Refund.key == AfterSale.refund_key)
        .outerjoin(_first, (_first.key == Order.exchange_of) & _unnoted(_first))
        .order_by(*order)
    )


def _row(row: Any) -> Row:
    return Row(**{**row._mapping, "title": row.title or ""})  # noqa: SLF001 - the documented way


def audit(session: AnySession) -> list[str]:
    """What is wrong with the cases, one sentence each; empty when all is well.

    No more is claimed of a line than was sent, and no more of it went back on the shelf, all cases together; no more
    money is agreed than was asked for; a done case has its refund or its exchange; nothing counts as given back of an
    order whose money never came.
    """
    found: list[str] = []
    rows = session.execute(
        select(Order.key, OrderLine.sku, OrderLine.shipped_quantity, func.sum(_CLAIMED).label("units"))
        .join(OrderLine, OrderLine.order_id == Order.id)
        .join(AfterSaleLine, AfterSaleLine.order_line_id == OrderLine.id)
        .join(AfterSale, AfterSale.id == AfterSaleLine.after_sale_id)
        .where(AfterSaleLine.protection.is_(False), AfterSale.state.not_in(("rejected", "withdrawn")))
        .group_by(Order.key, OrderLine.id)
        .having(func.sum(_CLAIMED) > OrderLine.shipped_quantity)
    )
    found += [
        f"Order {row.key}: {row.units} of {row.sku} are claimed, {row.shipped_quantity} were sent." for row in rows
    ]
    shelf = session.execute(
        select(Order.key, OrderLine.sku, OrderLine.shipped_quantity, func.sum(AfterSaleLine.restocked).label("units"))
        .join(OrderLine, OrderLine.order_id == Order.id)
        .join(AfterSaleLine, AfterSaleLine.order_line_id == OrderLine.id)
        .join(AfterSale, AfterSale.id == AfterSaleLine.after_sale_id)
        .where(AfterSale.state == "done")
        .group_by(Order.key, OrderLine.id)
        .having(func.sum(AfterSaleLine.restocked) > OrderLine.shipped_quantity)
    )
    found += [
        f"Order {row.key}: {row.units} of {row.sku} went back on the shelf, {row.shipped_quantity} were sent."
        for row in shelf
    ]
    over = select(AfterSale.key).where(AfterSale.refund_minor > AfterSale.asked_minor)
    found += [f"Case {key}: more was agreed than was asked for." for key in session.scalars(over)]
    bare = select(AfterSale.key).where(
        AfterSale.state == "done",
        AfterSale.refund_minor > 0,
        AfterSale.refund_key == "",
        AfterSale.kind != "exchange",
    )
    found += [f"Case {key} is done, but nothing was refunded." for key in session.scalars(bare)]
    unpaid = (
        select(Order.key, OrderLine.sku, OrderLine.returned_quantity)
        .join(OrderLine)
        .where(Order.paid_at.is_(None), OrderLine.returned_quantity > 0)
    )
    found += [
        f"Order {row.key}: {row.returned_quantity} of {row.sku} count as given back, but it was never paid."
        for row in session.execute(unpaid)
    ]
    swapped = select(AfterSale.key).where(
        AfterSale.state == "done", AfterSale.kind == "exchange", AfterSale.exchange_key == ""
    )
    found += [f"Case {key} is done, but nothing was sent instead." for key in session.scalars(swapped)]
    return found
