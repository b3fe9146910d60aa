"""A cart becomes an order: prices read again, stock promised, lines taken out of the cart."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.exc import IntegrityError

from contentshop.accounts.models import User
from contentshop.core.errors import Conflict, Invalid
from contentshop.core.ids import new_key
from contentshop.core.outbox import record
from contentshop.core.uow import AnySession
from contentshop.core.words import say
from contentshop.orders import queries
from contentshop.orders.actions import journal
from contentshop.orders.actions.carts import lock_cart
from contentshop.orders.events import OrderPlaced
from contentshop.orders.inputs import Delivery
from contentshop.orders.models import Order, OrderLine
from contentshop.orders.pricing import PostageRule, digest
from contentshop.orders.queries import Quote
from contentshop.products import stock


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
    cart = lock_cart(session, wish.cart_key)
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
    journal.write(session, order, "placed", actor=user.key if user else "buyer", now=now)
    ordered = {(line.variant_id, line.card_key) for line in quote.lines}
    cart.lines = [line for line in cart.lines if (line.variant_id, line.card_key) not in ordered]
    cart.updated_at = now
    record(session, OrderPlaced(order=order.key), now=now)
    session.flush()
    return order


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
