"""A cart becomes an order: prices read again, coupons and limits counted, stock promised, lines taken out of the cart.

Rows are locked in one order everywhere: the cart, promotions by id, limited goods, gift cards, stock. Stock is last,
since it is where most buyers meet.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import bindparam, delete, update
from sqlalchemy.exc import IntegrityError

from contentshop.accounts.models import User
from contentshop.core.errors import Conflict, Invalid
from contentshop.core.ids import new_key
from contentshop.core.money import Money
from contentshop.core.outbox import record
from contentshop.core.uow import AnySession
from contentshop.core.words import say
from contentshop.delivery import queries as regions
from contentshop.delivery.queries import PostageRule
from contentshop.delivery.rates import Destination
from contentshop.orders import policy, queries
from contentshop.orders.actions import journal, paying
from contentshop.orders.actions.carts import Held, hold_cart
from contentshop.orders.events import OrderPlaced
from contentshop.orders.inputs import Delivery
from contentshop.orders.models import Cart, CartLine, Order, OrderLine
from contentshop.orders.pricing import Sums, digest, reduction_of, share
from contentshop.orders.queries import Creators, Line, Quote, Terms, nobody
from contentshop.payments import credit
from contentshop.products import stock
from contentshop.promotions import actions as promotions
from contentshop.promotions.actions import Limited
from contentshop.promotions.policy import persons

NOTHING_DUE = "credit"
PAID_LATER = "on_delivery"


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
    creators: Creators = nobody,
) -> Order:
    """Make an order of the cart's lines in ``wish.currency``: stock promised, lines taken out of the cart.

    Sending the same form again gives the first order, also when both arrive at once. Prices and totals are
    read here, whatever the form said. ``creators`` says whose cards the lines came from; ``postage`` is for a shop
    without zones. Raises AttemptUsed, CartEmpty, QuoteChanged (with the new quote), OutOfStock, PromotionOver,
    LimitReached, Conflict (a gift card is empty), Invalid (not delivered there, or not paid so); the
    caller rolls back on any of them.
    """
    cart = hold_cart(session, wish.cart_key)
    first = queries.find_by_attempt(session, wish.attempt)
    if first is not None:
        return _same_order(first, wish)
    buyer = persons(wish.delivery.buyer.email, user.key if user else "")
    facts = _read(session, cart, wish, Terms(
        now=now,
        to=destination(wish.delivery),
        postage=postage,
        shipping=wish.delivery.shipping,
        codes=cart.codes if cart else (),
        persons=buyer,
        gift_cards=cart.gift_cards if cart else (),
        creators=creators,
    ))  # fmt: skip
    if any(line.elsewhere for line in facts.lines):
        raise Invalid({"country": [say("Something in your cart is not sold to this country.")]})
    quote = facts.quote(wish.currency)
    if cart is None or quote is None:
        raise CartEmpty
    if quote.fingerprint != wish.seen:
        raise QuoteChanged(quote)
    if quote.taxed_afar and not quote.to.region and regions.taxes_by_region(session, quote.to.country):
        raise Invalid({"region": [say("Choose where you live; the tax depends on it.")]})
    if quote.shipped and quote.shipping is None:
        raise Invalid({"shipping": [say("We do not deliver this to your address.")]})
    if quote.totals.due.minor and not policy.may_pay_by(
        wish.delivery.payment_method, shipped=quote.shipped, presale=quote.presale
    ):
        raise Invalid({"payment_method": [say("Choose how you want to pay.")]})
    order = _order(wish, quote, user=user, pay_within=pay_within, now=now)
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
    journal.write(session, order, "placed", actor=user.key if user else "buyer", now=now)
    record(session, OrderPlaced(order=order.key), now=now)
    _empty(session, cart, quote, now)
    _claim(session, order, quote, buyer, now)
    _promise(session, order, quote, now)
    session.flush()
    if order.payment_method == NOTHING_DUE:
        paying.settle_nothing_due(session, order, now=now)
    return order


def destination(delivery: Delivery) -> Destination:
    """Where a parcel goes."""
    to = delivery.buyer.address
    return Destination(to.country, to.region, to.postcode)


def _read(session: AnySession, cart: Held | None, wish: Wish, terms: Terms) -> queries.CartFacts:
    return queries.get_cart(
        session,
        wish.cart_key if cart is not None else "",
        locale=wish.locale,
        region=terms.to.country,
        currency=wish.currency,
        terms=terms,
    )


def _same_order(first: Order, wish: Wish) -> Order:
    if first.attempt_digest != wish.digest():
        raise AttemptUsed
    return first


# Built once, since every order runs them; a cart is never read as objects while it is ordered.
_TAKE_OUT = (
    delete(CartLine)
    .where(CartLine.id.in_(bindparam("lines", expanding=True)))
    .execution_options(synchronize_session=False)
)
_LEAVE = (
    update(Cart)
    .where(Cart.id == bindparam("cart"))
    .values(codes=bindparam("left_codes"), draft=bindparam("left_draft"), updated_at=bindparam("now"))
    .execution_options(synchronize_session=False)
)


def _empty(session: AnySession, cart: Held, quote: Quote, now: datetime) -> None:
    """Take what is ordered, and the codes that were used, out of the cart. Its draft stays for the next order."""
    session.execute(_TAKE_OUT, {"lines": [line.id for line in quote.lines]})
    used = {use.rule.code for use in quote.discount.uses}
    rest = {
        "cart": cart.id,
        "left_codes": [code for code in cart.codes if code not in used],
        "left_draft": {name: value for name, value in cart.draft.items() if name not in {"gift_cards", "note"}},
        "now": now,
    }
    session.execute(_LEAVE, rest)


def _claim(session: AnySession, order: Order, quote: Quote, buyer: tuple[str, ...], now: datetime) -> None:
    """Count coupons, limited goods and gift cards."""
    if quote.discount.uses:
        promotions.claim(
            session, quote.discount.uses, holder=order.key, persons=buyer, currency=order.currency, now=now
        )
    limits = {line.variant_id: line.limit for line in quote.lines if line.limit is not None}
    if limits:
        wanted = _units(quote)
        limited = [Limited(variant_id, wanted[variant_id], limit) for variant_id, limit in limits.items()]
        promotions.claim_purchases(session, limited, holder=order.key, persons=buyer)
    for card, minor in sorted(quote.credits, key=lambda pair: pair[0].key):
        credit.hold(session, card.key, holder=order.key, amount=Money(minor, order.currency), now=now)


def _promise(session: AnySession, order: Order, quote: Quote, now: datetime) -> None:
    """Promise the stock; goods that are a supplier's get their part."""
    stock.reserve(session, order.key, _units(quote), expires_at=order.pay_by, now=now, country=order.country, new=True)
    supplies = stock.list_supplies(session, order.key)
    for line in order.lines if supplies else ():
        supply = supplies.get(line.variant_id)
        if supply is not None:
            line.supplier_key = supply.key
            line.supplier_minor = share(_taxless(line, included=order.tax_included), supply.share_ppm)


def _units(quote: Quote) -> Counter[int]:
    wants: Counter[int] = Counter()
    for line in quote.lines:
        wants[line.variant_id] += line.quantity
    return wants


def _taxless(line: OrderLine, *, included: bool) -> int:
    """What is earned with a line: what is paid for it, without the tax in it."""
    return line.total_minor - line.discount_minor - (line.tax_minor if included else 0)


def _order(wish: Wish, quote: Quote, *, user: User | None, pay_within: timedelta, now: datetime) -> Order:
    buyer, sums = wish.delivery.buyer, quote.totals
    method = wish.delivery.payment_method if sums.due.minor else NOTHING_DUE
    return Order(
        key=new_key(),
        user_id=user.id if user else None,
        state="placed",
        payment_method=method,
        currency=quote.currency,
        items_minor=sums.items.minor,
        discount_minor=sums.discount.minor,
        shipping_minor=sums.shipping.minor,
        tax_minor=sums.tax.minor,
        shipping_tax_minor=sums.shipping_tax.minor,
        tax_included=sums.tax_included,
        tax_parts=[list(part) for part in sums.tax_parts],
        total_minor=sums.total.minor,
        credit_minor=sums.credit.minor,
        codes=[use.rule.code for use in quote.discount.uses if use.rule.code],
        discount_parts=[reduction_of(use, quote.currency).row() for use in quote.discount.uses],
        credit_parts=[[card.hint, minor] for card, minor in quote.credits],
        shipping_key=quote.shipping.key if quote.shipping else "",
        shipping_name=quote.shipping.name if quote.shipping else "",
        email=buyer.email,
        locale=wish.locale,
        note=buyer.note,
        attempt_key=wish.attempt,
        attempt_digest=wish.digest(),
        placed_at=now,
        pay_by=None if method == PAID_LATER else now + pay_within,
        lines=[
            _order_line(line, paid, included=sums.tax_included)
            for line, paid in zip(quote.lines, sums.lines, strict=True)
        ],
        **buyer.address.values(),
    )


def _order_line(line: Line, paid: Sums, *, included: bool) -> OrderLine:
    if line.price is None:
        raise ValueError("a quote holds only lines that have a price")
    found = OrderLine(
        variant_id=line.variant_id,
        offer_id=line.price.offer_id,
        sku=line.sku,
        title=line.title,
        variant_name=line.variant_name,
        unit_minor=line.price.unit_minor,
        quantity=line.quantity,
        total_minor=paid.total_minor,
        discount_minor=paid.discount_minor,
        tax_minor=paid.tax_minor,
        tax_rate=paid.tax_rate,
        digital=line.digital,
        releases_at=line.releases_at if line.presale else None,
        card_key=line.card_key,
        creator_key=line.creator_key,
    )
    found.commission_minor = share(_taxless(found, included=included), line.commission_ppm)
    return found
