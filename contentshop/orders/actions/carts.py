"""Changes to carts. Nothing is reserved here: the order does that."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import bindparam, delete, exists, select

from contentshop.core.errors import Conflict, Invalid, NotFound
from contentshop.core.ids import new_key
from contentshop.core.uow import AnySession
from contentshop.core.words import say
from contentshop.orders.inputs import MAX_QUANTITY
from contentshop.orders.models import Cart, CartLine
from contentshop.payments import credit
from contentshop.products import stock
from contentshop.products.models import Offer, Product, Stock, Variant
from contentshop.promotions import actions as promotions
from contentshop.promotions.actions import LimitReached
from contentshop.promotions.inputs import read_code
from contentshop.promotions.queries import bought

MAX_LINES = 100
MAX_CODES = 5
MAX_GIFT_CARDS = 5
CART_LIFE = timedelta(days=180)
# What was typed or chosen for one country and says nothing in another.
PLACE_BOUND = frozenset({"region", "city", "district", "address", "postcode", "address_key", "currency", "shipping"})


@dataclass(frozen=True, slots=True)
class Added:
    """What adding to a cart came to: the cart's key (a new one for a new cart) and how much is in it."""

    cart_key: str
    count: int


def add(
    session: AnySession,
    cart_key: str | None,
    *,
    variant_id: int,
    card_key: str = "",
    quantity: int,
    region: str,
    now: datetime,
) -> Added:
    """Put ``quantity`` of a variant into the cart, coming from one card; makes the cart when there is none.

    Raises Invalid for a quantity that is not 1 to 99 (of the line), NotFound when we do not sell the variant
    in ``region``, OutOfStock when the cart would want more than there is, LimitReached when it would hold more than one
    person may buy. Reserves nothing: the order does.
    """
    if not 1 <= quantity <= MAX_QUANTITY:
        raise Invalid({"quantity": [say("Choose a quantity from 1 to 99.")]})
    _check_sold(session, variant_id, region)
    cart = lock_cart(session, cart_key) or _new_cart(session, now)
    line = next((li for li in cart.lines if (li.variant_id, li.card_key) == (variant_id, card_key)), None)
    _check_available(session, cart, variant_id, quantity)
    if line is not None:
        if line.quantity + quantity > MAX_QUANTITY:
            raise Invalid({"quantity": [say("Choose a quantity from 1 to 99.")]})
        line.quantity += quantity
    elif len(cart.lines) >= MAX_LINES:
        raise Invalid({"": [say("Your cart is full. Please order what is in it first.")]})
    else:
        cart.lines.append(CartLine(variant_id=variant_id, card_key=card_key, quantity=quantity))
    cart.updated_at = now
    session.flush()
    return Added(cart.key, sum(li.quantity for li in cart.lines))


def change_quantity(
    session: AnySession, cart_key: str, *, variant_key: str, card_key: str, quantity: int, now: datetime
) -> None:
    """Set the quantity of a line (0 takes it out).

    Raises NotFound when there is no such line, Invalid for a quantity that is not 0 to 99, OutOfStock when
    the cart would want more than there is. Less of something is always possible.
    """
    if not 0 <= quantity <= MAX_QUANTITY:
        raise Invalid({"quantity": [say("Choose a quantity from 1 to 99.")]})
    cart, line = _get_line(session, cart_key, variant_key, card_key)
    if quantity > line.quantity:
        _check_available(session, cart, line.variant_id, quantity - line.quantity)
    if quantity:
        line.quantity = quantity
    else:
        cart.lines.remove(line)
    cart.updated_at = now
    session.flush()


def remove(session: AnySession, cart_key: str, *, variant_key: str, card_key: str, now: datetime) -> None:
    """Take a line out of the cart; harmless when it is not there."""
    try:
        change_quantity(session, cart_key, variant_key=variant_key, card_key=card_key, quantity=0, now=now)
    except NotFound:
        return


def fit_to_stock(session: AnySession, cart_key: str, *, persons: Sequence[str] = (), now: datetime) -> None:
    """Lower every line to what is there and to what this buyer still may buy, the oldest lines first.

    ``persons`` are the names under which their purchases are counted. What is sold out, or may not be bought any more,
    is taken out.
    """
    cart = lock_cart(session, cart_key)
    if cart is None:
        return
    variant_ids = [line.variant_id for line in cart.lines]
    rows = session.execute(
        select(Stock.variant_id, (Stock.on_hand - Stock.reserved).label("free"), Variant.purchase_limit)
        .join(Variant, Variant.id == Stock.variant_id)
        .where(Stock.variant_id.in_(variant_ids))
    ).all()
    limits = {row.variant_id: row.purchase_limit for row in rows if row.purchase_limit is not None}
    had = bought(session, limits, persons)
    free = {row.variant_id: row.free for row in rows}
    free |= {one: min(free[one], limit - had.get(one, 0)) for one, limit in limits.items()}
    kept = []
    for line in cart.lines:
        quantity = min(line.quantity, free.get(line.variant_id, 0))
        if quantity > 0:
            line.quantity = quantity
            free[line.variant_id] -= quantity
            kept.append(line)
    cart.lines = kept
    cart.updated_at = now
    session.flush()


def add_code(session: AnySession, cart_key: str, text: str, *, person: str = "", now: datetime) -> str:
    """Keep a coupon code with the cart; returns it as it is kept. Whether it is any good, the quote says.

    ``person`` is who typed it, for codes that are valid for some days from then. Raises Invalid for what cannot be a
    code, or for one too many; NotFound without a cart.
    """
    code = read_code(text)
    if not code:
        raise Invalid({"code": [say("This is not a code of ours. Please check how it is written.")]})
    cart = _existing(session, cart_key)
    if code not in cart.codes:
        if len(cart.codes) >= MAX_CODES:
            raise Invalid({"code": [say("You can use at most %(most)s codes.", most=MAX_CODES)]})
        cart.codes = [*cart.codes, code]
    if person:
        promotions.begin(session, [code], person, now=now)
    cart.updated_at = now
    session.flush()
    return code


def remove_code(session: AnySession, cart_key: str, text: str, *, now: datetime) -> None:
    """Take a coupon code out of the cart; harmless when it is not there."""
    cart = lock_cart(session, cart_key)
    if cart is not None:
        cart.codes = [code for code in cart.codes if code != read_code(text)]
        cart.updated_at = now
        session.flush()


def keep_draft(session: AnySession, cart_key: str, values: Mapping[str, object], *, now: datetime) -> None:
    """Keep what was typed in a step of the checkout, right or wrong, so that going back finds it. NotFound."""
    cart = _existing(session, cart_key)
    cart.draft = {**cart.draft, **values}
    cart.updated_at = now
    session.flush()


def leave_country(session: AnySession, cart_key: str, country: str, *, now: datetime) -> None:
    """The reader wants another country's prices: an address elsewhere, and what came of it, is not kept with the cart.

    Does nothing without a cart, or when nothing was typed yet.
    """
    cart = session.scalar(select(Cart).where(Cart.key == cart_key))
    if cart is None or cart.draft.get("country") in {None, "", country}:
        return
    kept = {name: value for name, value in cart.draft.items() if name not in PLACE_BOUND}
    cart.draft = kept | {"country": country}
    cart.updated_at = now
    session.flush()


def use_gift_card(session: AnySession, cart_key: str, code: str, *, now: datetime) -> None:
    """Pay with a gift card, as far as it goes. Nothing is taken off it before the order is placed.

    Raises NotFound for a code that is not one of a card, Conflict for a card that is empty, over or blocked.
    """
    cart = _existing(session, cart_key)
    card = credit.check(session, code, now=now)
    if not card.usable:
        raise Conflict(say("There is nothing left on this gift card, or its time is over."))
    keys = [*(cart.draft.get("gift_cards") or ())]
    if card.key not in keys:
        if len(keys) >= MAX_GIFT_CARDS:
            raise Conflict(say("You can use at most %(most)s gift cards for one order.", most=MAX_GIFT_CARDS))
        keys.append(card.key)
    keep_draft(session, cart_key, {"gift_cards": keys}, now=now)


def leave_gift_card(session: AnySession, cart_key: str, card_key: str, *, now: datetime) -> None:
    """Do not pay with this card after all; harmless when it is not there."""
    cart = lock_cart(session, cart_key)
    if cart is not None:
        keys = [key for key in cart.draft.get("gift_cards") or () if key != card_key]
        keep_draft(session, cart_key, {"gift_cards": keys}, now=now)


def _existing(session: AnySession, cart_key: str) -> Cart:
    cart = lock_cart(session, cart_key)
    if cart is None:
        raise NotFound(say("There is nothing in your cart to order."))
    return cart


def forget_carts(session: AnySession, *, now: datetime) -> int:
    """Delete carts that nobody has touched for half a year; returns how many."""
    old = delete(Cart).where(Cart.updated_at < now - CART_LIFE)
    return int(getattr(session.execute(old), "rowcount", 0))


def lock_cart(session: AnySession, cart_key: str | None) -> Cart | None:
    """The cart, held until the end of the transaction, so that two tabs take turns."""
    if not cart_key:
        return None
    query = select(Cart).where(Cart.key == cart_key).with_for_update()
    cart = session.scalar(query.execution_options(populate_existing=True))
    if cart is not None:
        session.refresh(cart, ["lines"])
    return cart


@dataclass(frozen=True, slots=True)
class Held:
    """A cart that is ours until the end of the transaction, without its lines."""

    id: int
    codes: tuple[str, ...]
    draft: Mapping[str, object]

    @property
    def gift_cards(self) -> tuple[str, ...]:
        """Keys of the gift cards whose code was typed."""
        keys = self.draft.get("gift_cards")
        return tuple(str(key) for key in keys) if isinstance(keys, list) else ()


_HOLD = select(Cart.id, Cart.codes, Cart.draft).where(Cart.key == bindparam("cart")).with_for_update()


def hold_cart(session: AnySession, cart_key: str) -> Held | None:
    """The cart, held until the end of the transaction; one statement, for placing an order."""
    row = session.execute(_HOLD, {"cart": cart_key}).one_or_none()
    return Held(row.id, tuple(row.codes), row.draft) if row else None


def _new_cart(session: AnySession, now: datetime) -> Cart:
    cart = Cart(key=new_key(32), created_at=now, updated_at=now, lines=[])
    session.add(cart)
    return cart


def _get_line(session: AnySession, cart_key: str, variant_key: str, card_key: str) -> tuple[Cart, CartLine]:
    cart = lock_cart(session, cart_key)
    variant_id = session.scalar(select(Variant.id).where(Variant.key == variant_key))
    for line in cart.lines if cart is not None else ():
        if cart is not None and (line.variant_id, line.card_key) == (variant_id, card_key):
            return cart, line
    raise NotFound(say("This is not in your cart any more."))


def _check_sold(session: AnySession, variant_id: int, region: str) -> None:
    offered = exists().where(
        Offer.variant_id == Variant.id, Offer.kind == "own", Offer.active, Offer.region.in_({"", region})
    )
    query = select(Variant.id).join(Product).where(Variant.id == variant_id, Product.listed, offered)
    if session.scalar(query) is None:
        raise NotFound(say("We do not sell this at the moment."))


def _check_available(session: AnySession, cart: Cart, variant_id: int, more: int) -> None:
    """What was bought before is not counted here: who buys is known when the order is placed."""
    in_cart = sum(line.quantity for line in cart.lines if line.variant_id == variant_id)
    query = (
        select((Stock.on_hand - Stock.reserved).label("free"), Variant.purchase_limit)
        .select_from(Variant)
        .outerjoin(Stock, Stock.variant_id == Variant.id)
        .where(Variant.id == variant_id)
    )
    row = session.execute(query).one()
    if in_cart + more > (row.free or 0):
        raise stock.OutOfStock({variant_id: row.free or 0})
    if row.purchase_limit is not None and in_cart + more > row.purchase_limit:
        raise LimitReached({variant_id: row.purchase_limit})
