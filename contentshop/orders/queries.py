"""Reads of carts and orders."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any, Literal

from sqlalchemy import ColumnElement, Select, and_, case, exists, func, or_, select
from sqlalchemy.orm import selectinload

from contentshop.core.errors import NotFound
from contentshop.core.money import Money
from contentshop.core.paging import Page
from contentshop.core.uow import AnySession
from contentshop.core.words import say
from contentshop.media.models import Asset
from contentshop.orders.models import Cart, CartLine, Order, OrderEvent, OrderLine
from contentshop.orders.pricing import (
    Item,
    OwnPrice,
    PostageRule,
    Totals,
    choose_price,
    fingerprint,
    totals,
)
from contentshop.products.models import Offer, Product, ProductPicture, Reservation, Stock, Variant
from contentshop.products.offers import PictureFacts

Problem = Literal["", "gone", "sold_out", "short"]
Queue = Literal["to_pay", "to_ship", "to_collect", "shipped", "cancelled"]
QUEUES: tuple[Queue, ...] = ("to_pay", "to_ship", "to_collect", "shipped", "cancelled")
PAGE_SIZE = 25


@dataclass(frozen=True)
class Line:
    """A cart line as it stands now. ``wanted`` counts the variant in all lines of the cart, ``available`` is
    what can still be promised; ``price`` is None when we no longer sell it to this reader."""

    variant_id: int
    variant_key: str
    variant_name: str
    sku: str
    product_key: str
    slug: str
    title: str
    picture: PictureFacts | None
    card_key: str
    quantity: int
    wanted: int
    available: int
    price: OwnPrice | None

    @property
    def problem(self) -> Problem:
        """Why the line cannot be ordered as it is: ``gone`` (not sold any more), ``sold_out``, ``short``."""
        if self.price is None:
            return "gone"
        if self.available <= 0:
            return "sold_out"
        return "short" if self.available < self.wanted else ""

    @property
    def unit(self) -> Money | None:
        """Our price for one."""
        return Money(self.price.unit_minor, self.price.currency) if self.price else None

    @property
    def total(self) -> Money | None:
        """Our price for the line."""
        return self.unit * self.quantity if self.unit else None


@dataclass(frozen=True)
class Quote:
    """The lines of a cart that are priced in one currency, and what they cost together."""

    currency: str
    lines: tuple[Line, ...]
    totals: Totals

    @property
    def items(self) -> tuple[Item, ...]:
        """The lines as pure pricing sees them."""
        return tuple(_item(line, line.price) for line in self.lines if line.price)

    @property
    def fingerprint(self) -> str:
        """Equal for two quotes of the same lines at the same prices."""
        return fingerprint(self.items, self.currency, self.totals)

    @property
    def ready(self) -> bool:
        """Whether every line can be ordered as it stands."""
        return not any(line.problem for line in self.lines)


@dataclass(frozen=True)
class CartFacts:
    """Everything in a cart: ``quotes`` by currency, the reader's first; ``gone``: lines without a price."""

    lines: tuple[Line, ...]
    quotes: tuple[Quote, ...]

    @cached_property
    def gone(self) -> tuple[Line, ...]:
        return tuple(line for line in self.lines if line.price is None)

    @cached_property
    def count(self) -> int:
        """How many things are in the cart."""
        return sum(line.quantity for line in self.lines)

    def quote(self, currency: str) -> Quote | None:
        """The part that is paid in ``currency``."""
        return next((quote for quote in self.quotes if quote.currency == currency), None)


@dataclass(frozen=True, slots=True)
class OrderRow:
    """An order in a list."""

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

    @property
    def total(self) -> Money:
        """What the buyer pays."""
        return Money(self.total_minor, self.currency)


@dataclass(frozen=True, slots=True)
class VariantFacts:
    """A variant by its ids."""

    id: int
    key: str
    product_id: int


def find_variant(session: AnySession, key: str) -> VariantFacts | None:
    """The variant with this public key, if there is one."""
    row = session.execute(select(Variant.id, Variant.key, Variant.product_id).where(Variant.key == key)).first()
    return VariantFacts(row.id, row.key, row.product_id) if row else None


def count_units(session: AnySession, cart_key: str) -> int:
    """How many things are in this cart; 0 when there is no such cart."""
    query = select(func.sum(CartLine.quantity)).join(Cart).where(Cart.key == cart_key)
    return int(session.scalar(query) or 0)


def get_cart(
    session: AnySession,
    cart_key: str,
    *,
    locale: str,
    region: str,
    currency: str,
    postage: Mapping[str, PostageRule],
) -> CartFacts:
    """The cart with present prices and stock, in one statement; empty when there is none."""
    rows = session.execute(_cart_query(cart_key)).all()
    wanted: Counter[int] = Counter()
    prices: dict[int, dict[int, OwnPrice]] = defaultdict(dict)
    lines: dict[int, Any] = {}
    for row in rows:
        if row.line_id not in lines:
            wanted[row.variant_id] += row.quantity
        lines[row.line_id] = row
        if row.offer_id is not None and row.listed:
            prices[row.variant_id][row.offer_id] = OwnPrice(
                row.offer_id, row.offer_key, row.price_minor, row.currency, row.region
            )
    facts = tuple(
        _line(
            row,
            locale,
            wanted[row.variant_id],
            choose_price(prices[row.variant_id].values(), region=region, currency=currency),
        )
        for row in lines.values()
    )
    return CartFacts(lines=facts, quotes=_quotes(facts, currency, postage))


_PICTURE_ALT = func.coalesce(func.nullif(ProductPicture.alt, ""), Asset.alt)


def _cart_query(cart_key: str) -> Select[*tuple[Any, ...]]:
    return (
        select(
            CartLine.id.label("line_id"),
            CartLine.quantity,
            CartLine.card_key,
            Variant.id.label("variant_id"),
            Variant.key.label("variant_key"),
            Variant.name.label("variant_name"),
            Variant.translations.label("variant_translations"),
            Variant.sku,
            Product.key.label("product_key"),
            Product.slug,
            Product.title,
            Product.translations,
            Product.listed,
            Stock.on_hand,
            Stock.reserved,
            Offer.id.label("offer_id"),
            Offer.key.label("offer_key"),
            Offer.price_minor,
            Offer.currency,
            Offer.region,
            Asset.key.label("asset_key"),
            Asset.width,
            Asset.height,
            Asset.widths,
            _PICTURE_ALT.label("picture_alt"),
        )
        .join(Cart, Cart.id == CartLine.cart_id)
        .join(Variant, Variant.id == CartLine.variant_id)
        .join(Product, Product.id == Variant.product_id)
        .outerjoin(Stock, Stock.variant_id == Variant.id)
        .outerjoin(Offer, and_(Offer.variant_id == Variant.id, Offer.kind == "own", Offer.active))
        .outerjoin(ProductPicture, and_(ProductPicture.product_id == Product.id, ProductPicture.position == 0))
        .outerjoin(Asset, Asset.id == ProductPicture.asset_id)
        .where(Cart.key == cart_key)
        .order_by(CartLine.id, Offer.id)
    )


def _line(row: Any, locale: str, wanted: int, price: OwnPrice | None) -> Line:
    picture = None
    if row.asset_key is not None:
        picture = PictureFacts(row.asset_key, row.width, row.height, tuple(row.widths), row.picture_alt)
    return Line(
        variant_id=row.variant_id,
        variant_key=row.variant_key,
        variant_name=_translated(row.variant_translations, locale, "name") or row.variant_name,
        sku=row.sku,
        product_key=row.product_key,
        slug=row.slug,
        title=_translated(row.translations, locale, "title") or row.title,
        picture=picture,
        card_key=row.card_key,
        quantity=row.quantity,
        wanted=wanted,
        available=max(0, (row.on_hand or 0) - (row.reserved or 0)),
        price=price,
    )


def _translated(translations: Mapping[str, Any], locale: str, name: str) -> str:
    return str((translations.get(locale) or {}).get(name) or "")


def _quotes(lines: Sequence[Line], currency: str, postage: Mapping[str, PostageRule]) -> tuple[Quote, ...]:
    groups: dict[str, list[Line]] = defaultdict(list)
    for line in lines:
        if line.price is not None:
            groups[line.price.currency].append(line)
    return tuple(
        Quote(
            code,
            tuple(groups[code]),
            totals((_item(line, line.price) for line in groups[code] if line.price), code, postage.get(code)),
        )
        for code in sorted(groups, key=lambda code: (code != currency, code))
    )


def _item(line: Line, price: OwnPrice) -> Item:
    return Item(line.variant_key, line.card_key, line.quantity, price.unit_minor)


def get_by_key(session: AnySession, key: str) -> Order:
    """The order with its lines and events. Raises NotFound."""
    query = select(Order).where(Order.key == key).options(selectinload(Order.lines), selectinload(Order.events))
    order = session.scalar(query)
    if order is None:
        raise NotFound(say("There is no such order."))
    return order


def find_by_attempt(session: AnySession, attempt: str) -> Order | None:
    """The order that this try has made, if it has."""
    return session.scalar(select(Order).where(Order.attempt_key == attempt))


def line_faces(session: AnySession, order: Order) -> dict[int, tuple[str, PictureFacts | None]]:
    """(slug, picture) of the products in ``order``, by variant id, as they are today."""
    rows = session.execute(
        select(
            Variant.id,
            Product.slug,
            Asset.key,
            Asset.width,
            Asset.height,
            Asset.widths,
            _PICTURE_ALT,
        )
        .join(Product, Product.id == Variant.product_id)
        .outerjoin(ProductPicture, and_(ProductPicture.product_id == Product.id, ProductPicture.position == 0))
        .outerjoin(Asset, Asset.id == ProductPicture.asset_id)
        .where(Variant.id.in_([line.variant_id for line in order.lines]))
    )
    return {
        variant_id: (slug, PictureFacts(key, width, height, tuple(widths), alt) if key else None)
        for variant_id, slug, key, width, height, widths, alt in rows
    }


def list_for_user(session: AnySession, user_id: int, *, limit: int = 50, offset: int = 0) -> list[OrderRow]:
    """This person's orders, newest first."""
    query = _rows().where(Order.user_id == user_id).limit(limit).offset(offset)
    return [_row(row) for row in session.execute(query)]


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
    query = _rows(oldest_first=waiting).where(*conditions).limit(PAGE_SIZE).offset((number - 1) * PAGE_SIZE)
    return Page([_row(row) for row in session.execute(query)], number, PAGE_SIZE, total)


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


def _rows(*, oldest_first: bool = False) -> Select[*tuple[Any, ...]]:
    lines = (
        select(
            OrderLine.order_id,
            func.min(OrderLine.id).label("first_id"),
            func.count().label("line_count"),
            func.sum(OrderLine.quantity).label("unit_count"),
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
        )
        .join(lines, lines.c.order_id == Order.id)
        .order_by(*order)
    )


def _row(row: Any) -> OrderRow:
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
    )


def list_overdue(session: AnySession, *, now: datetime) -> list[str]:
    """Keys of orders whose time to pay is over at ``now``, oldest first."""
    query = select(Order.key).where(Order.state == "placed", Order.pay_by <= now).order_by(Order.pay_by, Order.id)
    return list(session.scalars(query))


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
