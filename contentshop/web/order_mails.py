"""Mails about an order, in the buyer's language. Built by reactions from the present order, so a mail that was
held up says what is true when it goes out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from babel.dates import format_date
from flask import render_template
from flask_babel import force_locale
from flask_babel import gettext as _

from contentshop.core.db import db
from contentshop.core.errors import NotFound
from contentshop.core.mail import Message
from contentshop.core.money import Money
from contentshop.orders import queries as orders
from contentshop.web.chrome import BABEL_LOCALES, LANGUAGE_TAGS
from contentshop.web.order_links import order_url
from contentshop.web.session import settings
from contentshop.web.shop_pages import address_lines, instructions

if TYPE_CHECKING:
    from contentshop.orders.models import Order

KINDS = ("placed", "paid", "shipped", "cancelled")


@dataclass(frozen=True, slots=True)
class Frame:
    """What the mail layout needs."""

    site_name: str
    site_url: str
    lang_tag: str
    subject: str


@dataclass(frozen=True, slots=True)
class OrderMail:
    """What a mail about an order says. Amounts and days are words already. ``pay`` is empty when nothing is due."""

    name: str
    number: str
    lead: Sequence[str]
    pay: Sequence[str]
    lines: Sequence[tuple[str, str]]
    sums: Sequence[tuple[str, str]]
    address: Sequence[str]
    link: str


def order_mail(order_key: str, kind: str) -> Message | None:
    """The mail that tells of ``kind`` (placed, paid, shipped, cancelled); None when there is no such order."""
    try:
        order = orders.get_by_key(db.session, order_key)
    except NotFound:
        return None
    locale = BABEL_LOCALES.get(order.locale, "en")
    with force_locale(locale):
        subject = _subject(order, kind)
        frame = Frame(settings().site_name, settings().site_url, LANGUAGE_TAGS.get(order.locale, "en"), subject)
        page = _page(order, kind, locale)
        return Message(
            to=order.email,
            subject=subject,
            text=render_template("email/order.txt", page=page, mail=frame),
            html=render_template("email/order.html", page=page, mail=frame),
        )


def _subject(order: Order, kind: str) -> str:
    words = {"number": order.key.upper(), "site": settings().site_name}
    subjects: dict[str, str] = {
        "placed": _("Your order %(number)s at %(site)s", **words),
        "paid": _("Your payment for order %(number)s has arrived", **words),
        "shipped": _("Your order %(number)s is on its way", **words),
        "cancelled": _("Your order %(number)s is cancelled", **words),
    }
    return subjects[kind]


def _page(order: Order, kind: str, locale: str) -> OrderMail:
    def money(minor: int) -> str:
        return Money(minor, order.currency).format(locale)

    return OrderMail(
        name=order.name,
        number=order.key.upper(),
        lead=_lead(order, kind),
        pay=_pay(order, money(order.total_minor), locale) if kind == "placed" and order.state == "placed" else (),
        lines=[
            (
                f"{line.quantity} × {line.title}" + (f" ({line.variant_name})" if line.variant_name else ""),
                money(line.total_minor),
            )
            for line in order.lines
        ],
        sums=[
            (_("Shipping"), money(order.shipping_minor) if order.shipping_minor else _("Free")),
            (_("Total"), money(order.total_minor)),
        ],
        address=address_lines(order, locale),
        link=settings().site_url + order_url(order.key),
    )


def _lead(order: Order, kind: str) -> list[str]:
    match kind:
        case "placed":
            return [_("thank you for your order. This is what you bought.")]
        case "paid":
            return [_("your payment has arrived. We are packing your parcel.")]
        case "shipped":
            sent = [_("your parcel has left our house.")]
            return [*sent, _("Tracking number: %(number)s", number=order.tracking)] if order.tracking else sent
    return [_("your order is cancelled. Nothing will be sent."), *_why(order)]


def _why(order: Order) -> list[str]:
    """Why it was cancelled, and what becomes of money that has been paid."""
    last = next((event for event in reversed(order.events) if event.kind in {"cancelled", "expired"}), None)
    words = []
    if last is not None and last.kind == "expired":
        words.append(_("No payment arrived in time. If you have paid meanwhile, please write to us."))
    elif last is not None and last.note:
        words.append(_("Reason: %(reason)s", reason=last.note))
    if order.paid_at is not None:
        words.append(_("You get back what you have paid."))
    return words


def _pay(order: Order, due: str, locale: str) -> list[str]:
    if order.payment_method == "on_delivery":
        return [_("You pay %(amount)s when the parcel is at your door.", amount=due)]
    told = instructions(order)
    words = [_("Please transfer %(amount)s to this account:", amount=due), *told.lines]
    words.append(_("Reference: %(reference)s", reference=told.reference))
    if order.pay_by is not None:
        until = format_date(order.pay_by, "long", locale=locale)
        words.append(_("We keep everything for you until %(day)s.", day=until))
    return words
