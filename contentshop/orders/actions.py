"""Changes to carts and orders. None commits; the door does.

Locks are taken in one order everywhere: the cart or the order, then its stock by ascending variant.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, exists, select
from sqlalchemy.exc import IntegrityError

from contentshop.accounts import policy as people
from contentshop.accounts.models import User
from contentshop.core.errors import Conflict, Forbidden, Invalid, NotFound
from contentshop.core.ids import new_key
from contentshop.core.outbox import Event, record
from contentshop.core.uow import AnySession
from contentshop.core.words import say
from contentshop.orders import policy, queries
from contentshop.orders.events import OrderCancelled, OrderPaid, OrderPlaced, OrderShipped
from contentshop.orders.inputs import MAX_QUANTITY, Delivery
from contentshop.orders.models import Cart, CartLine, Order, OrderEvent, OrderLine
from contentshop.orders.policy import Verb
from contentshop.orders.pricing import PostageRule, digest
from contentshop.orders.queries import Quote
from contentshop.products import stock
from contentshop.products.models import Offer, Product, Stock, Variant

MAX_LINES = 100
SYSTEM = "system"
EXPIRY_BATCH = 100
CART_LIFE = timedelta(days=180)


@dataclass(frozen=True, slots=True)
class Added:
    """What adding to a cart came to: the cart's key (a new one for a new cart) and how much is in it."""

    cart_key: str
    count: int


class QuoteChanged(Conflict):
    """Prices or lines are not what the buyer has seen. ``quote`` is what they would pay now."""

    def __init__(self, quote: Quote) -> None:
        super().__init__(say("A price has changed. Please look at the new total before you order."))
        self.quote = quote


class CartEmpty(Conflict):
    """There is nothing in the cart that could be ordered."""

    def __init__(self) -> None:
        super().__init__(say("There is nothing in your cart to order."))


class AttemptUsed(Conflict):
    """The form has placed an order already, and this is not the same order again."""

    def __init__(self) -> None:
        super().__init__(say("This form has already placed an order. Start again from your cart to place another."))


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
    in ``region``, OutOfStock when the cart would want more than there is. Reserves nothing: the order does.
    """
    if not 1 <= quantity <= MAX_QUANTITY:
        raise Invalid({"quantity": [say("Choose a quantity from 1 to 99.")]})
    _check_sold(session, variant_id, region)
    cart = _lock_cart(session, cart_key) or _new_cart(session, now)
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


def fit_to_stock(session: AnySession, cart_key: str, *, now: datetime) -> None:
    """Lower every line to what is there, the oldest lines first; what is sold out is taken out."""
    cart = _lock_cart(session, cart_key)
    if cart is None:
        return
    variant_ids = [line.variant_id for line in cart.lines]
    rows = session.execute(
        select(Stock.variant_id, (Stock.on_hand - Stock.reserved).label("free")).where(
            Stock.variant_id.in_(variant_ids)
        )
    )
    free = {row.variant_id: row.free for row in rows}
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


def forget_carts(session: AnySession, *, now: datetime) -> int:
    """Delete carts that nobody has touched for half a year; returns how many."""
    old = delete(Cart).where(Cart.updated_at < now - CART_LIFE)
    return int(getattr(session.execute(old), "rowcount", 0))


@dataclass(frozen=True, slots=True)
class Wish:
    """What a buyer sends with the last button. ``seen`` is the fingerprint of the quote they were shown."""

    attempt: str
    cart_key: str
    currency: str
    seen: str
    delivery: Delivery
    region: str
    locale: str

    def digest(self) -> str:
        """Equal for two sendings of the same form from the same cart."""
        return digest([self.cart_key, self.currency, self.seen, self.delivery.words()])


def place(
    session: AnySession,
    wish: Wish,
    *,
    user: User | None,
    postage: Mapping[str, PostageRule],
    pay_within: timedelta,
    now: datetime,
) -> Order:
    """Make an order of the cart's lines in ``wish.currency``: stock promised, lines taken out of the cart.

    Sending the same form again gives the first order, also when both arrive at once. Prices and totals are
    read here, whatever the form said. Raises AttemptUsed, CartEmpty, QuoteChanged (with the new quote),
    OutOfStock, Invalid (something is not sold to that country); the caller rolls back on any of them.
    """
    cart = _lock_cart(session, wish.cart_key)
    first = queries.find_by_attempt(session, wish.attempt)
    if first is not None:
        return _same_order(first, wish)
    quote = _quote(session, wish, postage)
    if cart is None or quote is None:
        raise CartEmpty
    if quote.fingerprint != wish.seen:
        raise QuoteChanged(quote)
    _check_destination(quote, wish.delivery)
    pay_by = now + pay_within if wish.delivery.payment_method == "bank_transfer" else None
    order = _order(wish, quote, user=user, pay_by=pay_by, now=now)
    try:
        with session.begin_nested():
            session.add(order)
            session.flush()
    except IntegrityError:
        # The same attempt from elsewhere was faster; its order is the one.
        first = queries.find_by_attempt(session, wish.attempt)
        if first is None:
            raise
        return _same_order(first, wish)
    wants: Counter[int] = Counter()
    for line in quote.lines:
        wants[line.variant_id] += line.quantity
    stock.reserve(session, order.key, wants, expires_at=pay_by, now=now)
    _note(session, order, "placed", actor=user.key if user else "buyer", now=now)
    ordered = {(line.variant_id, line.card_key) for line in quote.lines}
    cart.lines = [line for line in cart.lines if (line.variant_id, line.card_key) not in ordered]
    cart.updated_at = now
    record(session, OrderPlaced(order=order.key), now=now)
    session.flush()
    return order


def mark_paid(session: AnySession, key: str, *, by: User | None, now: datetime) -> Order:
    """The money has arrived. Doing it again changes nothing.

    Money for a cancelled order brings it back when its goods can still be promised. Raises OutOfStock when
    they cannot (the money has to go back), Conflict when nothing is due, NotFound, Forbidden.
    """
    order = _order_to_change(session, key, by)
    if policy.is_done(order, Verb.PAY):
        return order
    revived = order.state == "cancelled"
    _step(order, Verb.PAY)
    if revived:
        wants: Counter[int] = Counter()
        for line in order.lines:
            wants[line.variant_id] += line.quantity
        stock.reserve(session, order.key, wants, expires_at=None, now=now)
        order.cancelled_at = None
    else:
        stock.confirm(session, order.key)
    order.paid_at = now
    order.pay_by = None
    _tell(session, order, "revived" if revived else "paid", OrderPaid(order=key), by=by, now=now)
    return order


def mark_shipped(session: AnySession, key: str, *, tracking: str = "", by: User | None, now: datetime) -> Order:
    """The goods have left the house. Doing it again changes nothing. Raises Conflict, NotFound, Forbidden."""
    order = _order_to_change(session, key, by)
    if policy.is_done(order, Verb.SHIP):
        return order
    _step(order, Verb.SHIP)
    stock.take(session, order.key, now=now, actor=by.key if by else SYSTEM)
    order.shipped_at = now
    order.tracking = tracking
    _tell(session, order, "shipped", OrderShipped(order=key), by=by, now=now, note=tracking)
    return order


def cancel(session: AnySession, key: str, *, reason: str, by: User | None, now: datetime) -> Order:
    """The order will not be delivered: its stock is free again. Doing it again changes nothing.

    Raises Conflict when it has been shipped, NotFound, Forbidden.
    """
    order = _order_to_change(session, key, by)
    if policy.is_done(order, Verb.CANCEL):
        return order
    _step(order, Verb.CANCEL)
    _cancelled(session, order, "cancelled", reason=reason, by=by, now=now)
    return order


def expire_unpaid(session: AnySession, *, now: datetime) -> list[str]:
    """Cancel orders whose time to pay is over at ``now`` and free their stock; returns their keys.

    At most 100 at a time, so that the transaction stays short; the worker comes back for the rest.
    """
    ended = []
    for key in queries.list_overdue(session, now=now)[:EXPIRY_BATCH]:
        order = _order_to_change(session, key, None)
        # Asked again under the lock: it may have been paid a moment ago.
        if order.state != "placed" or order.pay_by is None or order.pay_by > now:
            continue
        _step(order, Verb.CANCEL)
        _cancelled(session, order, "expired", reason="", by=None, now=now)
        ended.append(key)
    return ended


def _lock_cart(session: AnySession, cart_key: str | None) -> Cart | None:
    """The cart, held until the end of the transaction, so that two tabs take turns."""
    if not cart_key:
        return None
    query = select(Cart).where(Cart.key == cart_key).with_for_update()
    cart = session.scalar(query.execution_options(populate_existing=True))
    if cart is not None:
        session.refresh(cart, ["lines"])
    return cart


def _new_cart(session: AnySession, now: datetime) -> Cart:
    cart = Cart(key=new_key(32), created_at=now, updated_at=now, lines=[])
    session.add(cart)
    return cart


def _get_line(session: AnySession, cart_key: str, variant_key: str, card_key: str) -> tuple[Cart, CartLine]:
    cart = _lock_cart(session, cart_key)
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
    in_cart = sum(line.quantity for line in cart.lines if line.variant_id == variant_id)
    free = session.scalar(select(Stock.on_hand - Stock.reserved).where(Stock.variant_id == variant_id)) or 0
    if in_cart + more > free:
        raise stock.OutOfStock({variant_id: free})


def _quote(session: AnySession, wish: Wish, postage: Mapping[str, PostageRule]) -> Quote | None:
    facts = queries.get_cart(
        session,
        wish.cart_key,
        locale=wish.locale,
        region=wish.region,
        currency=wish.currency,
        postage=postage,
    )
    return facts.quote(wish.currency)


def _same_order(first: Order, wish: Wish) -> Order:
    if first.attempt_digest != wish.digest():
        raise AttemptUsed
    return first


def _check_destination(quote: Quote, delivery: Delivery) -> None:
    for line in quote.lines:
        if line.price is not None and line.price.region not in {"", delivery.country}:
            raise Invalid({"country": [say("Something in your cart is not sold to this country.")]})


def _order(wish: Wish, quote: Quote, *, user: User | None, pay_by: datetime | None, now: datetime) -> Order:
    delivery = wish.delivery
    return Order(
        key=new_key(),
        user_id=user.id if user else None,
        state="placed",
        payment_method=delivery.payment_method,
        currency=quote.currency,
        items_minor=quote.totals.items.minor,
        shipping_minor=quote.totals.shipping.minor,
        total_minor=quote.totals.total.minor,
        email=delivery.email,
        locale=wish.locale,
        name=delivery.name,
        phone=delivery.phone,
        country=delivery.country,
        region=delivery.region,
        city=delivery.city,
        address=delivery.address,
        postcode=delivery.postcode,
        note=delivery.note,
        attempt_key=wish.attempt,
        attempt_digest=wish.digest(),
        placed_at=now,
        pay_by=pay_by,
        lines=[
            OrderLine(
                variant_id=line.variant_id,
                offer_id=line.price.offer_id,
                sku=line.sku,
                title=line.title,
                variant_name=line.variant_name,
                unit_minor=line.price.unit_minor,
                quantity=line.quantity,
                total_minor=line.price.unit_minor * line.quantity,
                card_key=line.card_key,
            )
            for line in quote.lines
            if line.price is not None
        ],
    )


def _order_to_change(session: AnySession, key: str, by: User | None) -> Order:
    """The order, held until the end of the transaction. ``by`` None is the site itself."""
    if by is not None and not people.can_operate(by):
        raise Forbidden(say("Only operators may change orders."))
    query = select(Order).where(Order.key == key).with_for_update()
    order = session.scalar(query.execution_options(populate_existing=True))
    if order is None:
        raise NotFound(say("There is no such order."))
    return order


def _step(order: Order, verb: Verb) -> None:
    """Move the order along the table of legal steps. Raises Conflict with the reason when there is none."""
    step = policy.find_step(order.state, verb, order.payment_method)
    if step is None:
        raise Conflict(policy.refusal(order.state, verb))
    order.state = step.to
    order.version += 1


def _cancelled(session: AnySession, order: Order, kind: str, *, reason: str, by: User | None, now: datetime) -> None:
    stock.release(session, order.key, now=now)
    order.cancelled_at = now
    order.pay_by = None
    _tell(session, order, kind, OrderCancelled(order=order.key), by=by, now=now, note=reason)


def _tell(
    session: AnySession,
    order: Order,
    kind: str,
    event: Event,
    *,
    by: User | None,
    now: datetime,
    note: str = "",
) -> None:
    _note(session, order, kind, actor=by.key if by else SYSTEM, now=now, note=note)
    record(session, event, now=now)
    session.flush()


def _note(session: AnySession, order: Order, kind: str, *, actor: str, now: datetime, note: str = "") -> None:
    session.add(OrderEvent(order_id=order.id, kind=kind, actor=actor, note=note, happened_at=now))
