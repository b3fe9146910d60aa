"""Mails about an order, in the buyer's language. Built by reactions from the present order, so a mail that was
held up says what is true when it goes out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from babel.dates import format_date
from flask import render_template
from flask_babel import force_locale
from flask_babel import gettext as _

from contentshop.accounts import queries as people
from contentshop.aftersale import queries as cases
from contentshop.aftersale.policy import BACK, agreed_units
from contentshop.core.db import db
from contentshop.core.errors import NotFound
from contentshop.core.mail import Message
from contentshop.core.money import Money
from contentshop.orders import policy
from contentshop.orders import queries as orders
from contentshop.payments import payouts
from contentshop.payments.payouts import RefundFacts
from contentshop.web.aftersale_pages import kind_words, less_of, losses_of
from contentshop.web.carriers import tracking_url
from contentshop.web.chrome import BABEL_LOCALES, LANGUAGE_TAGS
from contentshop.web.order_links import order_url
from contentshop.web.order_pages import address_lines, due_of, instructions, presale_note
from contentshop.web.refund_pages import target_words, told
from contentshop.web.session import engines, settings
from contentshop.web.shop_sums import in_words, order_totals
from contentshop.web.zones import until_words

if TYPE_CHECKING:
    from contentshop.aftersale.models import AfterSale
    from contentshop.orders.models import Order, Shipment

Payload = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Frame:
    """What the mail layout needs."""

    site_name: str
    site_url: str
    lang_tag: str
    subject: str


@dataclass(frozen=True, slots=True)
class OrderMail:
    """What a mail about an order says. Amounts and days are words already. ``pay`` is empty when nothing is due;
    ``lines`` and ``sums`` are (label, amount); ``address`` is empty when nothing is sent."""

    name: str
    number: str
    lead: Sequence[str]
    pay: Sequence[str]
    lines: Sequence[tuple[str, str]]
    sums: Sequence[tuple[str, str]]
    address: Sequence[str]
    link: str
    link_words: str


@dataclass(frozen=True, slots=True)
class _Words:
    """What differs from mail to mail: subject, first sentences, what they are about, and the page it leads to."""

    subject: str
    lead: Sequence[str]
    pay: Sequence[str] = ()
    lines: Sequence[tuple[str, str]] | None = None
    sums: Sequence[tuple[str, str]] | None = None
    path: str = ""
    link_words: str = ""


def order_mail(payload: Payload, kind: str) -> Message | None:
    """The mail that tells of ``kind`` (placed, part_paid, paid, shipped, cancelled, refunded); None when there is no
    such order, or nothing to tell."""
    order = _find(str(payload["order"]))
    if order is None:
        return None
    return _mail(order, lambda locale: _WORDS[kind](order, payload, locale))


def case_mail(payload: Payload) -> Message | None:
    """The mail that tells its buyer how far an after-sale case is; None when there is no such case."""
    try:
        case = cases.get_case(db.session, str(payload["case"]))
    except NotFound:
        return None
    order = _find(case.order.key)
    if order is None:
        return None
    return _mail(order, lambda locale: _case_words(order, case, str(payload["state"]), locale))


def refund_mail(payload: Payload) -> Message | None:
    """The mail that asks for an account, when a refund has to be sent by people and none is known; None otherwise."""
    found = payouts.refunds_by_key(db.session, [str(payload["refund"])])
    if not found or not found[0].by_hand or payouts.find(db.session, found[0].order_key) is not None:
        return None
    order = _find(found[0].order_key)
    return _mail(order, lambda locale: _account_wanted(order, found[0], locale)) if order is not None else None


def account_mail(payload: Payload) -> Message | None:
    """The mail that tells a buyer of the account that was named for their order, by the end of its number; None for one
    that another has taken the place of, or that is not needed any more."""
    account = payouts.find(db.session, str(payload["order"]))
    order = _find(str(payload["order"]))
    if order is None or account is None or account.key != payload["account"]:
        return None
    ending = account.ending
    return _mail(order, lambda _locale: _account_named(order, ending))


def _account_wanted(order: Order, refund: RefundFacts, locale: str) -> _Words:
    amount = Money(sum(part.amount.minor for part in refund.by_hand), refund.amount.currency).format(locale)
    return _Words(
        subject=_("Where shall we send your refund? Order %(number)s", **_named(order)),
        lead=[
            _("we want to pay %(amount)s back to you by bank transfer.", amount=amount),
            _("Please tell us your account on the page of your order. Do not send it by mail."),
        ],
        lines=(),
        sums=[*_parts(refund, locale), (_("Refund"), refund.amount.format(locale))],
        link_words=_("Name the account"),
    )


def _account_named(order: Order, ending: str) -> _Words:
    return _Words(
        subject=_("The account for your refund: order %(number)s", **_named(order)),
        lead=[
            _("the account ending in %(ending)s was named for refunds of this order.", ending=ending),
            _("If that was not you, please name your own on the page of your order and write to us."),
        ],
        lines=(),
        sums=(),
    )


def _parts(refund: RefundFacts, locale: str) -> list[tuple[str, str]]:
    """Where each part of a refund goes; nothing for one that is all of one."""
    if len(refund.parts) == 1:
        return []
    return [(target_words(part, None), part.amount.format(locale)) for part in refund.parts]


def _find(order_key: str) -> Order | None:
    try:
        return orders.get_by_key(db.session, order_key)
    except NotFound:
        return None


def _mail(order: Order, words_in: Callable[[str], _Words | None]) -> Message | None:
    locale = BABEL_LOCALES.get(order.locale, "en")
    with force_locale(locale):
        words = words_in(locale)
        if words is None:
            return None
        frame = Frame(settings().site_name, settings().site_url, LANGUAGE_TAGS.get(order.locale, "en"), words.subject)
        page = OrderMail(
            name=order.name,
            number=order.key.upper(),
            lead=words.lead,
            pay=words.pay,
            lines=_lines(order, locale) if words.lines is None else words.lines,
            sums=_sums(order) if words.sums is None else words.sums,
            address=address_lines(order, locale) if policy.needs_parcel(order) else (),
            link=settings().site_url + (words.path or order_url(order.key)),
            link_words=words.link_words or _("See your order"),
        )
        return Message(
            to=order.email,
            subject=words.subject,
            text=render_template("email/order.txt", page=page, mail=frame),
            html=render_template("email/order.html", page=page, mail=frame),
        )


def _named(order: Order) -> dict[str, str]:
    return {"number": order.key.upper(), "site": settings().site_name}


def _placed(order: Order, _payload: Payload, locale: str) -> _Words:
    return _Words(
        subject=_("Your order %(number)s at %(site)s", **_named(order)),
        lead=[_("thank you for your order. This is what you bought.")],
        pay=_pay(order, locale) if order.state == "placed" else (),
    )


def _part_paid(order: Order, _payload: Payload, locale: str) -> _Words | None:
    due = due_of(order)
    if not due.minor:
        return None
    return _Words(
        subject=_("A part of order %(number)s is still to be paid", **_named(order)),
        lead=[_("a part of your payment has arrived, and %(amount)s is still due.", amount=due.format(locale))],
        pay=_pay(order, locale),
    )


def _paid(order: Order, _payload: Payload, _locale: str) -> _Words:
    lead = (
        _("your payment has arrived. We are packing your parcel.")
        if policy.needs_parcel(order)
        else _("your payment has arrived. What you bought is ready on the page of your order.")
    )
    return _Words(
        subject=_("Your payment for order %(number)s has arrived", **_named(order)),
        lead=[lead],
    )


def _shipped(order: Order, payload: Payload, _locale: str) -> _Words | None:
    parcels = policy.parcels(order)
    shipment = next((one for one in order.shipments if one.key == payload.get("shipment")), None)
    if shipment is None:
        shipment = parcels[-1] if parcels else None
    # Files and gift cards are told by mails of their own.
    if shipment is None or shipment not in parcels:
        return None
    last = order.state in {"shipped", "completed"} and shipment is parcels[-1]
    whole = last and len(parcels) == 1
    lead = [_("your parcel has left our house.") if whole else _("a parcel of your order has left our house.")]
    if shipment.tracking:
        lead.append(_("Tracking number: %(number)s", number=f"{shipment.carrier} {shipment.tracking}".strip()))
        page = tracking_url(shipment.carrier, shipment.tracking)
        if page:
            lead.append(page)
    if not last:
        lead.append(_("The rest follows in another parcel."))
    subject = (
        _("Your order %(number)s is on its way", **_named(order))
        if whole
        else _("Parcel %(parcel)s of order %(number)s is on its way", parcel=shipment.number, **_named(order))
    )
    return _Words(subject=subject, lead=lead, lines=_packed(order, shipment), sums=())


def _packed(order: Order, shipment: Shipment) -> list[tuple[str, str]]:
    """What is in the parcel, without amounts."""
    lines = {line.id: line for line in order.lines}
    return [
        (_title(lines[part.order_line_id].title, lines[part.order_line_id].variant_name), f"{part.quantity} ×")
        for part in shipment.lines
    ]


def _cancelled(order: Order, _payload: Payload, _locale: str) -> _Words:
    return _Words(
        subject=_("Your order %(number)s is cancelled", **_named(order)),
        lead=[_("your order is cancelled. Nothing will be sent."), *_why(order)],
    )


def _why(order: Order) -> list[str]:
    """Why it was cancelled, and what becomes of money that has been paid."""
    last = next((event for event in reversed(order.events) if event.kind in {"cancelled", "expired", "sold_out"}), None)
    words = []
    if last is not None and last.kind == "expired":
        words.append(_("No payment arrived in time. If you have paid meanwhile, please write to us."))
    elif last is not None and last.kind == "sold_out":
        words.append(_("Your payment came when the goods were sold to somebody else. We are sorry."))
    elif last is not None and last.note:
        words.append(_("Reason: %(reason)s", reason=last.note))
    if order.paid_minor or order.paid_at is not None:
        words.append(_("You get back what you have paid."))
    return words


def _refunded(order: Order, payload: Payload, locale: str) -> _Words | None:
    found = payouts.refunds_by_key(db.session, [str(payload["refund"])])
    if not found:
        return None
    amount = found[0].amount.format(locale)
    ending = next((part.ending for part in found[0].parts if part.ending), "")
    way = (
        _("It was sent to your account ending in %(ending)s. Banks can take a few days to show it.", ending=ending)
        if ending
        else _("It goes the way you paid. Banks can take a few days to show it.")
    )
    return _Words(
        subject=_("%(amount)s of order %(number)s has been paid back", amount=amount, **_named(order)),
        lead=[_("we have paid %(amount)s back to you.", amount=amount), way],
        lines=(),
        sums=[*_parts(found[0], locale), (_("Paid back"), amount)],
    )


_WORDS: dict[str, Callable[[Order, Payload, str], _Words | None]] = {
    "placed": _placed,
    "part_paid": _part_paid,
    "paid": _paid,
    "shipped": _shipped,
    "cancelled": _cancelled,
    "refunded": _refunded,
}


def _case_words(order: Order, case: AfterSale, state: str, locale: str) -> _Words | None:
    named = _named(order) | {"what": kind_words(case.kind)}
    refund = Money(case.refund_minor, order.currency).format(locale)
    until = format_date(case.due_at, "long", locale=locale) if case.due_at is not None else ""
    unnoted = case.kind != "exchange" and cases.is_unnoted(db.session, case)
    later = [_("You are refunded once the carrier’s money has been noted.")] if unnoted else []
    lead: list[str]
    match state:
        case "asked":
            subject = _("We have your request for order %(number)s", **named)
            lead = [_("we have your request and answer soon."), *losses_of(case)]
        case "approved" if case.kind in BACK:
            subject = _("Please send it back: order %(number)s", **named)
            agreed = _less(case, locale) or [_("we agree.")]
            lead = [*agreed, _("Please send the goods to this address:"), *case.return_to.splitlines()]
            if until:
                lead.append(_("Please send them by %(day)s and tell us the tracking number.", day=until))
            lead += later
        case "approved":
            subject = _("We agree: order %(number)s", **named)
            lead = [*(_less(case, locale) or [_("we agree, and pay %(amount)s back to you.", amount=refund)]), *later]
        case "rejected":
            subject = _("About your request for order %(number)s", **named)
            lead = [_("we cannot agree to your request."), _("Reason: %(reason)s", reason=case.answer)]
        case "received":
            subject = _("It came back: order %(number)s", **named)
            lead = [_("your parcel has come back to us. We check it and settle your request."), *later]
        case "done" if case.kind == "exchange":
            subject = _("Your exchange for order %(number)s is being packed", **named)
            lead = [_("the goods that replace yours are being packed as order %(key)s.", key=case.exchange_key.upper())]
        case "done":
            subject = _("%(amount)s for order %(number)s is on its way to you", amount=refund, **named)
            lead = [
                _("your request is settled: %(amount)s goes back to you.", amount=refund),
                *(
                    told(one, payouts.find(db.session, one.order_key))
                    for one in payouts.refunds_by_key(db.session, [case.refund_key])
                ),
            ]
        case "withdrawn" if case.events and case.events[-1].kind == "expired":
            subject = _("Your request for order %(number)s is closed", **named)
            lead = [_("nothing was sent back in time, so your request is closed.")]
        case _:
            return None
    return _Words(
        subject=subject,
        lead=lead,
        lines=[
            (_title(part.order_line.title, part.order_line.variant_name), f"{agreed_units(case, part)} ×")
            for part in case.lines
            if agreed_units(case, part)
        ],
        sums=[] if case.kind == "exchange" else [(kind_words(case.kind), refund)],
        path=f"{order_url(order.key)}/after-sale/{case.key}",
        link_words=_("See your request"),
    )


def _less(case: AfterSale, locale: str) -> list[str]:
    """What was asked for, what was agreed and why, when it is less."""
    less = less_of(case, locale)
    if less is None:
        return []
    return [
        _("we agree to a part of your request."),
        _("You asked for: %(what)s.", what=less.asked),
        _("We agree to: %(what)s.", what=less.agreed),
        *([_("Reason: %(reason)s", reason=less.why)] if less.why else []),
    ]


def _title(title: str, variant: str) -> str:
    return f"{title} ({variant})" if variant else title


def _lines(order: Order, locale: str) -> list[tuple[str, str]]:
    return [
        (
            " · ".join(
                filter(None, [f"{line.quantity} × {_title(line.title, line.variant_name)}", presale_note(line)])
            ),
            Money(line.total_minor, order.currency).format(locale),
        )
        for line in order.lines
    ]


def _sums(order: Order) -> list[tuple[str, str]]:
    """The sum, as its page shows it."""
    sums = order_totals(order)
    rows = [*sums.rows, (sums.label, sums.total, sums.note), *sums.after]
    return [
        (f"{label} ({note})" if note else label, amount if isinstance(amount, str) else in_words(amount))
        for label, amount, note in rows
    ]


def _pay(order: Order, locale: str) -> list[str]:
    due = due_of(order).format(locale)
    if order.payment_method == "on_delivery":
        amount = Money(order.total_minor - order.credit_minor, order.currency).format(locale)
        return [_("You pay %(amount)s when the parcel is at your door.", amount=amount)]
    if not due_of(order).minor:
        return []
    if engines().payment.is_online(order.payment_method):
        words = [_("Please pay %(amount)s on the page of your order.", amount=due)]
    else:
        bank = instructions(order)
        words = [_("Please transfer %(amount)s to this account:", amount=due), *bank.lines]
        words.append(_("Reference: %(reference)s", reference=bank.reference))
    if order.pay_by is not None:
        until = until_words(order.pay_by, people.get_timezone(db.session, order.user_id), locale)
        words.append(_("We keep everything for you until %(until)s.", until=until))
    return words
