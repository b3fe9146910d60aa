"""What pages of orders show: records built from the orders room's facts, in the reader's language."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from flask import url_for
from flask_babel import gettext as _

from contentshop.core.db import db
from contentshop.core.money import Money
from contentshop.delivery import places
from contentshop.orders import policy
from contentshop.orders import queries as orders
from contentshop.payments import credit
from contentshop.payments import queries as payments
from contentshop.payments.port import Instructions
from contentshop.products import queries as products
from contentshop.web.carriers import tracking_url
from contentshop.web.chrome import current_babel_locale, day
from contentshop.web.order_links import order_token, order_url
from contentshop.web.pictures import picture
from contentshop.web.session import engines, settings
from contentshop.web.shop_pages import LineView, TotalsView, method_words, origin_view, origins_of
from contentshop.web.shop_sums import delivery_name, order_totals, percent
from contentshop.web.urls import product_url
from contentshop.web.zones import readers_zone, until_words

if TYPE_CHECKING:
    from contentshop.orders.models import Order, OrderEvent, OrderLine, Shipment
    from contentshop.web.refund_pages import AccountPanel, RefundView

# Lines of the timeline that are for staff only.
OFFICE_ONLY = frozenset({"disputed", "tracking"})
BAD = frozenset({"cancelled", "expired", "sold_out", "dropped", "disputed"})


@dataclass(frozen=True, slots=True)
class Moment:
    """One entry of the ``timeline`` component."""

    title: str
    detail: str
    at: datetime | None
    state: str


@dataclass(frozen=True, slots=True)
class ParcelView:
    """One parcel: what is in it and where to look for it."""

    number: int
    carrier: str
    tracking: str
    url: str
    items: Sequence[str]
    at: datetime


@dataclass(frozen=True, slots=True)
class CaseLink:
    """An after-sale case in a list."""

    title: str
    state: str
    tone: str
    url: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Fall:
    """A price that fell in time: what would be paid back for a line."""

    line_id: int
    title: str
    amount: Money


@dataclass(frozen=True, slots=True)
class OrderPage:
    """An order as its buyer sees it. The flags say what they may do now; ``address`` is empty when nothing is sent."""

    number: str
    token: str
    state: str
    title: str
    lede: str
    placed_at: datetime
    email: str
    name: str
    address: Sequence[str]
    note: str
    method: str
    delivery: str
    parcels: Sequence[ParcelView]
    lines: Sequence[LineView]
    totals: TotalsView
    timeline: Sequence[Moment]
    instructions: Instructions | None
    due: Money
    pay_by: datetime | None
    pay_until: str  # the same in words
    pay_url: str
    can_cancel: bool
    can_confirm: bool
    confirm_by: datetime | None
    can_ask: bool
    cases: Sequence[CaseLink]
    falls: Sequence[Fall]
    review_url: str
    replaces: str
    errors: Mapping[str, list[str]]
    files_url: str = ""
    cards_url: str = ""
    losses: Sequence[str] = ()
    refunds: Sequence[RefundView] = ()
    account: AccountPanel | None = None


@dataclass(frozen=True, slots=True)
class Extras:
    """What other rooms add to the page of an order."""

    cases: Sequence[CaseLink] = ()
    falls: Sequence[Fall] = ()
    can_ask: bool = False
    review_url: str = ""
    refunds: Sequence[RefundView] = ()
    account: AccountPanel | None = None


NOTHING_MORE = Extras()


def order_page(
    order: Order, *, extras: Extras = NOTHING_MORE, errors: Mapping[str, list[str]] | None = None
) -> OrderPage:
    """The order's page for its buyer."""
    files_url, cards_url = _files_url(order), _cards_url(order)
    title, lede = _headline(order, ready=bool(files_url or cards_url), refunds=extras.refunds)
    due = due_of(order)
    sent = policy.needs_parcel(order)
    can_confirm = sent and policy.buyer_may_confirm(order)
    online = engines().payment.is_online(order.payment_method)
    return OrderPage(
        number=order.key.upper(),
        token=order_token(order.key),
        state=order.state,
        title=title,
        lede=lede,
        placed_at=order.placed_at,
        email=order.email,
        name=order.name,
        address=address_lines(order, current_babel_locale()) if sent else (),
        note=order.note,
        method=method_words(order.payment_method)[0],
        delivery=delivery_name(order.shipping_name) if sent else "",
        parcels=[parcel_view(order, shipment) for shipment in policy.parcels(order)],
        lines=order_lines(order),
        totals=order_totals(order),
        timeline=timeline(order),
        instructions=instructions(order) if due.minor and order.payment_method == "bank_transfer" else None,
        due=due,
        pay_by=order.pay_by,
        pay_until=_until(order.pay_by) if order.pay_by else "",
        pay_url=f"{order_url(order.key)}/pay" if due.minor and online else "",
        can_cancel=policy.buyer_may_cancel(order),
        can_confirm=can_confirm,
        confirm_by=order.confirm_by if can_confirm else None,
        can_ask=extras.can_ask,
        cases=extras.cases,
        falls=extras.falls,
        review_url=extras.review_url,
        replaces=order.exchange_of.upper(),
        errors=errors or {},
        files_url=files_url,
        cards_url=cards_url,
        losses=losses(order) if policy.buyer_may_cancel(order) else (),
        refunds=extras.refunds,
        account=extras.account,
    )


def _files_url(order: Order) -> str:
    """Where the files that were bought are fetched; empty without any, or before they are paid."""
    if order.paid_at is None or not any(line.digital for line in order.lines):
        return ""
    if not products.list_downloads(db.session, order.key):
        return ""
    return url_for("downloads.listing", token=order_token(order.key))


def _cards_url(order: Order) -> str:
    """Where the gift cards that were bought show their codes; empty without any, or before they are paid."""
    if order.paid_at is None or not payments.has_cards(db.session, order.key):
        return ""
    return url_for("gift_cards.bought", token=order_token(order.key))


def losses(order: Order, line_ids: Collection[int] | None = None) -> list[str]:
    """What the buyer loses of these lines, or of the whole order, when they are paid back."""
    lines = [line for line in order.lines if line_ids is None or line.id in line_ids]
    if order.paid_at is None:
        return []
    words = []
    cards = credit.sold_by(db.session, order.key).keys()
    if any(line.digital and line.id not in cards for line in lines):
        words.append(_("Once they are paid back, files can no longer be fetched."))
    if cards & {line.id for line in lines}:
        words.append(_("A gift card is paid back whole and only unused; it is withdrawn then."))
    return words


def due_of(order: Order) -> Money:
    """What is still to be paid before the goods leave; nothing for an order that is paid at the door."""
    if order.state != "placed" or order.payment_method == "on_delivery":
        return Money(0, order.currency)
    return Money(max(order.total_minor - order.credit_minor - order.paid_minor, 0), order.currency)


def instructions(order: Order) -> Instructions:
    """How this order is paid."""
    due = Money(order.total_minor - order.credit_minor - order.paid_minor, order.currency)
    return labelled(engines().payment.instructions(order.payment_method, order.key, due))


def labelled(found: Instructions) -> Instructions:
    """How something is paid, with the labels of the shop's account in the reader's language."""
    return replace(found, lines=tuple(_account_line(line) for line in found.lines))


def _account_line(line: str) -> str:
    """A line of the shop's account with its label in the reader's language, where it is one that we know."""
    labels: dict[str, str] = {
        "account holder": _("Account holder"),
        "account number": _("Account number"),
        "bank": _("Bank"),
    }
    label, colon, value = line.partition(":")
    if not colon or label.strip().lower() not in labels:
        return line
    return str(_("%(label)s: %(value)s", label=labels[label.strip().lower()], value=value.strip()))


def _words(amount: Money) -> str:
    return amount.format(current_babel_locale())


def order_lines(order: Order) -> list[LineView]:
    """The lines of an order in the words of that day, with today's pictures."""
    faces = orders.line_faces(db.session, order)
    origins = origins_of(line.card_key for line in order.lines)
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
                origin=origin_view(origins.get(line.card_key)),
                note=presale_note(line),
            )
        )
    return views


def presale_note(line: OrderLine) -> str:
    """From when a line of a presale is sent, while that lies ahead and something is still to be sent; else nothing."""
    if line.releases_at is None or line.releases_at <= engines().clock.now():
        return ""
    if line.shipped_quantity + line.cancelled_quantity >= line.quantity:
        return ""
    return str(_("Presale: sent from %(day)s on", day=day(line.releases_at)))


def parcel_view(order: Order, shipment: Shipment) -> ParcelView:
    """A parcel with its goods in the order's words."""
    lines = {line.id: line for line in order.lines}
    return ParcelView(
        number=shipment.number,
        carrier=shipment.carrier,
        tracking=shipment.tracking,
        url=tracking_url(shipment.carrier, shipment.tracking),
        items=[f"{part.quantity} × {lines[part.order_line_id].title}" for part in shipment.lines],
        at=shipment.shipped_at,
    )


def address_lines(order: Order, locale: str) -> list[str]:
    """The address as it stands on a parcel, one line each; ``locale`` is a CLDR locale, for the country."""
    values = {name: getattr(order, name) for name in places.FIELDS}
    lines = places.lines(order.country, values, locale=locale)
    return [*lines, order.phone] if order.phone else lines


def _until(at: datetime) -> str:
    return until_words(at, readers_zone())


def _headline(order: Order, *, ready: bool, refunds: Sequence[RefundView]) -> tuple[str, str]:
    """(title, what it means); ``ready`` says whether files or codes can be fetched from the page."""
    if policy.is_given_back(order):
        under_way = next((one for one in refunds if one.tone != "good"), None)
        if under_way is not None:
            return under_way.state, under_way.told
        return _("Everything in this order was given back"), refunds[-1].told if refunds else ""
    if not policy.needs_parcel(order) and order.state in {"paid", "part_shipped", "shipped", "completed"}:
        return _("Your payment has arrived"), _("What you bought is ready below.") if ready else ""
    match order.state:
        case "placed" if order.payment_method == "on_delivery":
            return _("Thank you, your order is placed"), _("You pay when the parcel is at your door.")
        case "placed":
            return (
                _("Thank you, your order is placed"),
                _("Please pay by %(until)s. We keep everything for you until then.", until=_until(order.pay_by))
                if order.pay_by
                else "",
            )
        case "paid" if order.exchange_of:
            return _("Your exchange is on its way to you soon"), _("Nothing is due. We are packing your parcel.")
        case "paid":
            return _("Your payment has arrived"), _("We are packing your parcel.")
        case "part_shipped" if not policy.parcels(order):
            return _("Your payment has arrived"), _("We are packing your parcel.")
        case "part_shipped":
            return _("A part of your order is on its way"), _("The rest follows in another parcel.")
        case "shipped":
            return _("Your parcel is on its way"), _("It has left our house.")
        case "completed":
            return _("Your order has arrived"), _("We hope you like it.")
    return _("This order is cancelled"), _("Nothing will be sent and nothing is due.")


def timeline(order: Order, *, office: bool = False) -> list[Moment]:
    """What has happened to the order, and what is still to come; ``office`` shows what only staff see."""
    shown = [event for event in order.events if office or event.kind not in OFFICE_ONLY]
    sent = {one.key for one in policy.parcels(order)}
    # Each shipment has its line, in the same order.
    leaving = [event.id for event in order.events if event.kind == "shipped"]
    unsent = {event_id for event_id, one in zip(leaving, order.shipments, strict=False) if one.key not in sent}
    past = [moment_of(event, unsent=event.id in unsent) for event in shown]
    if past and past[-1].state == "done":
        last = past[-1]
        past[-1] = Moment(last.title, last.detail, last.at, "current")
    return past + [Moment(title, detail, None, "todo") for title, detail in _to_come(order)]


def moment_of(event: OrderEvent, *, unsent: bool = False) -> Moment:
    """A line of the timeline in words. Kinds that this release does not know are told by their name.

    ``unsent`` says of what was "shipped" that it needed no parcel.
    """
    titles = {
        "placed": _("Order placed"),
        "part_paid": _("A part of the payment received"),
        "paid": _("Payment received"),
        "revived": _("Payment received late, the order goes on"),
        "shipped": _("Ready to use") if unsent else _("Sent"),
        "tracking": _("Tracking number changed"),
        "dropped": _("The rest will not be sent"),
        "received": _("Received"),
        "confirmed": _("Received, as nothing else was said"),
        "given_back": _("Everything was given back"),
        "after_sale": _("After-sale case begun"),
        "exchange": _("Sent instead of order %(number)s", number=event.note),
        "exchanged": _("Goods exchanged by order %(number)s", number=event.note),
        "refund_asked": _("Refund under way"),
        "refunded": _("Money sent back"),
        "refund_failed": _("Refund failed"),
        "disputed": _("Payment disputed"),
        "sold_out": _("Cancelled, since the goods were sold meanwhile"),
        "cancelled": _("Cancelled"),
        "expired": _("Cancelled, since no payment arrived in time"),
    }
    detail = event.note
    if event.kind == "shipped" and event.note:
        detail = _("Tracking number %(number)s", number=event.note)
    elif event.kind == "part_paid":
        detail = _part_words(event.note)
    elif event.kind in {"refund_asked", "refunded"}:
        detail = _amount_words(event.note)
    elif event.kind in {"exchange", "exchanged", "after_sale"}:
        detail = event.note.upper() if event.kind == "after_sale" else ""
    state = "bad" if event.kind in BAD else "done"
    return Moment(titles.get(event.kind, event.kind), detail, event.happened_at, state)


def _part_words(note: str) -> str:
    """What has come of a payment and what is still due."""
    found = policy.read_part_note(note)
    if found is None:
        return note
    received, rest = found
    if received is None:
        return str(_("%(rest)s still due", rest=_words(rest)))
    return str(_("%(amount)s received, %(rest)s still due", amount=_words(received), rest=_words(rest)))


def _amount_words(note: str) -> str:
    """The amount at the beginning of a refund's note: ``12.00 USD`` or ``12.00 USD: why``."""
    found = policy.read_part_note(note.partition(":")[0])
    return _words(found[1]) if found is not None else ""


def _to_come(order: Order) -> list[tuple[str, str]]:
    paying = (_("Payment"), _("Due by %(until)s", until=_until(order.pay_by)) if order.pay_by else "")
    if not policy.needs_parcel(order):
        return [paying] if order.state == "placed" else []
    sending = (_("Parcel leaves our house"), "")
    match order.state:
        case "placed":
            cash = order.payment_method == "on_delivery"
            return [sending, (_("Payment at your door"), "")] if cash else [paying, sending]
        case "paid":
            return [sending]
        case "part_shipped" if not policy.parcels(order):
            return [sending]
        case "part_shipped":
            return [(_("The rest leaves our house"), "")]
        case "shipped" if order.paid_at is None:
            return [(_("Payment at your door"), "")]
        case "shipped":
            by = _("By itself on %(day)s", day=day(order.confirm_by)) if order.confirm_by else ""
            return [(_("Receipt confirmed"), by)]
    return []


@dataclass(frozen=True, slots=True)
class InvoiceLine:
    """A line of the invoice; ``rate`` is the tax rate in words, empty without tax."""

    sku: str
    title: str
    quantity: int
    unit: Money
    discount: Money
    net: Money
    rate: str
    tax: Money


@dataclass(frozen=True, slots=True)
class InvoicePage:
    """The invoice of an order: what was sold by whom to whom, with its tax."""

    number: str
    site_name: str
    seller: Sequence[str]
    placed_at: datetime
    paid_at: datetime | None
    method: str
    delivery: str
    address: Sequence[str]
    email: str
    lines: Sequence[InvoiceLine]
    totals: TotalsView
    order_url: str


def invoice_page(order: Order) -> InvoicePage:
    """The invoice, as it prints on A4."""

    def money(minor: int) -> Money:
        return Money(minor, order.currency)

    return InvoicePage(
        number=order.key.upper(),
        site_name=settings().site_name,
        seller=[line.strip() for line in (settings().seller or settings().return_address).splitlines() if line.strip()],
        placed_at=order.placed_at,
        paid_at=order.paid_at,
        method=method_words(order.payment_method)[0],
        delivery=delivery_name(order.shipping_name) if policy.needs_parcel(order) else "",
        address=address_lines(order, current_babel_locale()),
        email=order.email,
        lines=[
            InvoiceLine(
                sku=line.sku,
                title=f"{line.title} ({line.variant_name})" if line.variant_name else line.title,
                quantity=line.quantity,
                unit=money(line.unit_minor),
                discount=money(-line.discount_minor),
                net=money(line.net_minor),
                rate=percent(line.tax_rate) if line.tax_rate else "",
                tax=money(line.tax_minor),
            )
            for line in order.lines
        ],
        totals=order_totals(order),
        order_url=order_url(order.key),
    )
