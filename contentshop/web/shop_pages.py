"""What the shop's pages show: records built from the orders room's facts, in the buyer's language."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from babel import Locale
from flask_babel import gettext as _
from flask_babel import ngettext
from itsdangerous import BadSignature, URLSafeSerializer

from contentshop.core.db import db
from contentshop.core.ids import new_key
from contentshop.core.money import Money
from contentshop.orders import queries as orders
from contentshop.orders.inputs import MAX_QUANTITY
from contentshop.orders.pricing import Totals
from contentshop.orders.queries import CartFacts, Line, Quote
from contentshop.payments.port import Instructions
from contentshop.posts.queries import CardOrigin
from contentshop.web.cards import live_url, post_url, product_url
from contentshop.web.chrome import current_babel_locale, day
from contentshop.web.chrome import money as in_words
from contentshop.web.origins import card_origins
from contentshop.web.pictures import PictureView, picture
from contentshop.web.session import Viewer, engines, settings
from contentshop.web.words import translated_errors

if TYPE_CHECKING:
    from contentshop.orders.models import Order, OrderEvent

NO_ERRORS: Mapping[str, list[str]] = {}
TotalRow = tuple[str, Money | str, str]


@dataclass(frozen=True, slots=True)
class Origin:
    """The guide a line was bought from."""

    title: str
    url: str
    author: str


@dataclass(frozen=True, slots=True)
class LineView:
    """A line of a cart or of an order, as the ``cart_line`` component reads it."""

    title: str
    url: str
    picture: PictureView | None
    variant: str
    quantity: int
    unit_price: Money | None
    total: Money | None
    problem: str
    variant_key: str = ""
    card_key: str = ""
    origin: Origin | None = None


@dataclass(frozen=True, slots=True)
class TotalsView:
    """The sum of a cart or an order, as the ``totals`` component reads it; ``hint`` may be empty."""

    rows: Sequence[TotalRow]
    total: Money
    hint: str = ""


@dataclass(frozen=True, slots=True)
class QuoteView:
    """The lines that are paid in one currency."""

    currency: str
    lines: Sequence[LineView]
    totals: TotalsView
    ready: bool
    checkout_url: str


@dataclass(frozen=True, slots=True)
class CartPage:
    """The cart. ``problem`` says what was refused just now; ``max_quantity`` bounds the number fields."""

    quotes: Sequence[QuoteView]
    gone: Sequence[LineView]
    count: int
    problem: str = ""
    max_quantity: int = MAX_QUANTITY


@dataclass(frozen=True, slots=True)
class RefusedPage:
    """Why something was not put into the cart, and the way back."""

    title: str
    message: str
    back_url: str


@dataclass(frozen=True, slots=True)
class Seen:
    """What the buyer was shown when the checkout page was made."""

    currency: str
    total_minor: int
    fingerprint: str


@dataclass(frozen=True, slots=True)
class CheckoutPage:
    """The checkout: what was typed, what is wrong with it, and the present quote.

    ``seen`` is the quote, signed; ``attempt`` names this try, so that a second press finds the first order.
    ``changed`` holds the total that was shown before, when it is another now.
    """

    quote: QuoteView
    values: Mapping[str, str]
    errors: Mapping[str, list[str]]
    methods: Sequence[tuple[str, str, str, str]]
    attempt: str
    seen: str
    changed: Money | None = None
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Moment:
    """One entry of the ``timeline`` component."""

    title: str
    detail: str
    at: datetime | None
    state: str


@dataclass(frozen=True, slots=True)
class OrderPage:
    """An order as its buyer sees it."""

    number: str
    state: str
    title: str
    lede: str
    placed_at: datetime
    email: str
    address: Sequence[str]
    note: str
    method: str
    tracking: str
    lines: Sequence[LineView]
    totals: TotalsView
    timeline: Sequence[Moment]
    instructions: Instructions | None
    due: Money
    pay_by: datetime | None


def load_cart(cart_key: str, who: Viewer, currency: str = "") -> CartFacts:
    """The cart as this asker sees it, quotes of ``currency`` (else of the asker's own) first."""
    return orders.get_cart(
        db.session,
        cart_key,
        locale=who.locale,
        region=who.region,
        currency=currency or who.currency,
        postage=settings().shipping,
    )


def cart_page(facts: CartFacts, problem: str = "") -> CartPage:
    """The cart's page."""
    origins = _origins(line.card_key for line in facts.lines)
    return CartPage(
        quotes=[_quote_view(quote, origins) for quote in facts.quotes],
        gone=[_line_view(line, origins) for line in facts.gone],
        count=facts.count,
        problem=problem,
    )


def checkout_page(
    quote: Quote,
    *,
    values: Mapping[str, str],
    errors: Mapping[str, list[str]] = NO_ERRORS,
    attempt: str = "",
    before: Seen | None = None,
    problem: str = "",
) -> CheckoutPage:
    """The checkout of one quote. ``before`` is what was shown last, when it may have changed since."""
    total = quote.totals.total
    changed = None
    if before is not None and before.currency == quote.currency and before.total_minor != total.minor:
        changed = Money(before.total_minor, before.currency)
    return CheckoutPage(
        quote=_quote_view(quote, _origins(line.card_key for line in quote.lines)),
        values=values,
        errors=translated_errors(errors),
        methods=[(code, *method_words(code), "") for code in engines().payment.methods],
        attempt=attempt or new_key(24),
        seen=sign_seen(Seen(quote.currency, total.minor, quote.fingerprint)),
        changed=changed,
        problem=problem,
    )


def sign_seen(seen: Seen) -> str:
    """What the page showed, in a form field that cannot be made up."""
    return str(_seal().dumps([seen.currency, seen.total_minor, seen.fingerprint]))


def read_seen(text: str) -> Seen | None:
    """What an earlier page of ours showed, or None when the field is not ours."""
    try:
        currency, total_minor, fingerprint = _seal().loads(text)
    except (BadSignature, ValueError, TypeError):
        return None
    return Seen(str(currency), int(total_minor), str(fingerprint))


def _seal() -> URLSafeSerializer:
    return URLSafeSerializer(settings().secret_key, salt="contentshop.seen")


def method_words(code: str) -> tuple[str, str]:
    """(name, explanation) of a payment method."""
    return {
        "bank_transfer": (
            _("Bank transfer"),
            _("We show you our account next. The parcel leaves when the money is here."),
        ),
        "on_delivery": (_("Pay on delivery"), _("You pay the carrier at your door.")),
        "card": (_("Card"), _("You pay on the page of Stripe and come back. We never see your card.")),
        "alipay": (_("Alipay"), _("You pay with Alipay and come back.")),
        "wechat_pay": (_("WeChat Pay"), _("You scan a code with WeChat.")),
        "credit": (_("Gift card"), _("Your gift cards cover all of it.")),
    }[code]


def problem_words(line: Line) -> str:
    """Why a cart line cannot be ordered as it is, and what to do; empty when it can."""
    return left_words(line.available, line.problem)


def left_words(available: int, problem: str = "short") -> str:
    """What to tell somebody who wants more than there is."""
    if problem == "":
        return ""
    if problem == "gone":
        return str(_("We do not sell this any more."))
    if available <= 0 or problem == "sold_out":
        return str(_("This is sold out."))
    return str(ngettext("Only %(num)s is left.", "Only %(num)s are left.", available))


def short_words(facts: CartFacts) -> str:
    """Which articles fall short, by name, and what is left of each; empty when none does."""
    told = dict.fromkeys(
        f"{line.title}: {problem_words(line)}" for line in facts.lines if line.problem in {"short", "sold_out"}
    )
    return " ".join(told)


def _quote_view(quote: Quote, origins: Mapping[str, CardOrigin]) -> QuoteView:
    return QuoteView(
        currency=quote.currency,
        lines=[_line_view(line, origins) for line in quote.lines],
        totals=quote_totals(quote.totals),
        ready=quote.ready,
        checkout_url=f"/checkout?currency={quote.currency}",
    )


def quote_totals(sums: Totals) -> TotalsView:
    """The sum of a cart, with a hint when a little more makes the postage free."""
    hint = ""
    if sums.free_shipping_gap is not None:
        hint = _("Add %(amount)s more and shipping is free.", amount=in_words(sums.free_shipping_gap))
    return TotalsView(_total_rows(sums.items, sums.shipping), sums.total, hint)


def _total_rows(items: Money, shipping: Money) -> list[TotalRow]:
    return [
        (_("Goods"), items, ""),
        (_("Shipping"), shipping if shipping.minor else _("Free"), ""),
    ]


def _line_view(line: Line, origins: Mapping[str, CardOrigin]) -> LineView:
    return LineView(
        title=line.title,
        url=product_url(line.slug),
        picture=picture(line.picture),
        variant=line.variant_name,
        quantity=line.quantity,
        unit_price=line.unit,
        total=line.total,
        problem=problem_words(line),
        variant_key=line.variant_key,
        card_key=line.card_key,
        origin=_origin(origins.get(line.card_key)),
    )


def _origins(card_keys: Iterable[str]) -> Mapping[str, CardOrigin]:
    keys = {key for key in card_keys if key}
    return card_origins(db.session, keys) if keys else {}


def _origin(found: CardOrigin | None) -> Origin | None:
    if found is None:
        return None
    url = live_url(found.session_key) if found.session_key else post_url(found.slug)
    return Origin(found.title, url if found.published else "", found.author_name)


def order_page(order: Order) -> OrderPage:
    """The order's page for its buyer."""
    title, lede = _headline(order)
    waiting = order.state == "placed" and order.payment_method == "bank_transfer"
    due = Money(order.total_minor, order.currency)
    return OrderPage(
        number=order.key.upper(),
        state=order.state,
        title=title,
        lede=lede,
        placed_at=order.placed_at,
        email=order.email,
        address=address_lines(order, current_babel_locale()),
        note=order.note,
        method=method_words(order.payment_method)[0],
        tracking=order.tracking,
        lines=order_lines(order),
        totals=order_totals(order),
        timeline=timeline(order),
        instructions=instructions(order) if waiting else None,
        due=due,
        pay_by=order.pay_by,
    )


def instructions(order: Order) -> Instructions:
    """How this order is paid."""
    due = Money(order.total_minor, order.currency)
    return engines().payment.instructions(order.payment_method, order.key, due)


def order_totals(order: Order) -> TotalsView:
    """The sum of an order, as it was placed."""
    items, shipping = Money(order.items_minor, order.currency), Money(order.shipping_minor, order.currency)
    return TotalsView(_total_rows(items, shipping), Money(order.total_minor, order.currency))


def order_lines(order: Order) -> list[LineView]:
    """The lines of an order in the words of that day, with today's pictures."""
    faces = orders.line_faces(db.session, order)
    origins = _origins(line.card_key for line in order.lines)
    views = []
    for line in order.lines:
        slug, facts = faces[line.variant_id]
        views.append(
            LineView(
                title=line.title,
                url=product_url(slug),
                picture=picture(facts),
                variant=line.variant_name,
                quantity=line.quantity,
                unit_price=Money(line.unit_minor, order.currency),
                total=Money(line.total_minor, order.currency),
                problem="",
                card_key=line.card_key,
                origin=_origin(origins.get(line.card_key)),
            )
        )
    return views


def address_lines(order: Order, locale: str) -> list[str]:
    """The address as it stands on a parcel, one line each; ``locale`` is a CLDR locale, for the country."""
    territories = Locale.parse(locale).territories
    city = " ".join(part for part in (order.city, order.region, order.postcode) if part)
    country = str(territories.get(order.country, order.country))
    return [part for part in (order.name, order.address, city, country, order.phone) if part]


def _headline(order: Order) -> tuple[str, str]:
    match order.state:
        case "placed" if order.payment_method == "bank_transfer":
            return (
                _("Thank you, your order is placed"),
                _("Please pay by %(day)s. We keep everything for you until then.", day=day(order.pay_by))
                if order.pay_by
                else "",
            )
        case "placed":
            return _("Thank you, your order is placed"), _("You pay when the parcel is at your door.")
        case "paid":
            return _("Your payment has arrived"), _("We are packing your parcel.")
        case "shipped":
            return _("Your parcel is on its way"), _("It has left our house.")
    return _("This order is cancelled"), _("Nothing will be sent and nothing is due.")


def timeline(order: Order) -> list[Moment]:
    """What has happened to the order, and what is still to come."""
    past = [_past(event) for event in order.events]
    if past and past[-1].state == "done":
        last = past[-1]
        past[-1] = Moment(last.title, last.detail, last.at, "current")
    return past + [Moment(title, detail, None, "todo") for title, detail in _to_come(order)]


def _past(event: OrderEvent) -> Moment:
    title = {
        "placed": _("Order placed"),
        "paid": _("Payment received"),
        "revived": _("Payment received late, the order goes on"),
        "shipped": _("Sent"),
        "cancelled": _("Cancelled"),
        "expired": _("Cancelled, since no payment arrived in time"),
    }[event.kind]
    detail = (
        _("Tracking number %(number)s", number=event.note) if event.kind == "shipped" and event.note else event.note
    )
    return Moment(title, detail, event.happened_at, "bad" if event.kind in {"cancelled", "expired"} else "done")


def _to_come(order: Order) -> list[tuple[str, str]]:
    paying = (_("Payment"), _("Due by %(day)s", day=day(order.pay_by)) if order.pay_by else "")
    sending = (_("Parcel leaves our house"), "")
    match order.state:
        case "placed":
            cash = order.payment_method == "on_delivery"
            return [sending, (_("Payment at your door"), "")] if cash else [paying, sending]
        case "paid":
            return [sending]
        case "shipped" if order.paid_at is None:
            return [(_("Payment at your door"), "")]
    return []
