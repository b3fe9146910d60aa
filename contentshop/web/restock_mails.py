"""Mails about stock: to readers who wait for something, and to operators when little is left."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import render_template, url_for
from flask_babel import force_locale
from flask_babel import gettext as _

from contentshop.core.db import db
from contentshop.core.mail import Message
from contentshop.orders import queries as orders
from contentshop.products import queries
from contentshop.products.queries import Waiting
from contentshop.web.chrome import BABEL_LOCALES, LANGUAGE_TAGS
from contentshop.web.order_links import order_token
from contentshop.web.order_mails import Frame
from contentshop.web.restock import confirm_url, stop_url
from contentshop.web.session import settings
from contentshop.web.urls import product_url


@dataclass(frozen=True, slots=True)
class StockMail:
    """What a mail about stock says. ``stop`` is the way out of it, empty when there is none."""

    lead: str
    action: str
    link: str
    foot: str
    stop: str = ""


def question(payload: Mapping[str, Any]) -> Message | None:
    """Ask whether the address is theirs; None when that is answered already."""
    found = queries.find_waiting(db.session, str(payload["watch"]))
    if found is None or found.state != "asked":
        return None
    with force_locale(BABEL_LOCALES.get(found.locale, "en")):
        mail = StockMail(
            _(
                "You want to hear when %(thing)s is back in stock. Please say that this address is yours.",
                thing=_name(found),
            ),
            _("Yes, tell me"),
            confirm_url(found.key),
            _("If it was not you, you need not do anything; you get no further mail."),
        )
        return _message(
            found.email, found.locale, _("Shall we tell you when %(thing)s is back?", thing=found.title), mail
        )


def arrived(key: str) -> Message | None:
    """Tell one who waits that it is back; None when it is gone again by now or they do not wait any more."""
    found = queries.find_waiting(db.session, key)
    if found is None or found.state != "waiting" or found.free <= 0:
        return None
    with force_locale(BABEL_LOCALES.get(found.locale, "en")):
        mail = StockMail(
            _("%(thing)s can be had again. We hold it for nobody, so be quick if you want it.", thing=_name(found)),
            _("Look at it"),
            settings().site_url + product_url(found.slug),
            _("You asked for this one mail; no other follows."),
            stop_url(found.key),
        )
        return _message(found.email, found.locale, _("%(thing)s is back", thing=found.title), mail)


def running_low(variant_key: str) -> Sequence[Message]:
    """Tell operators that little of a variant is left."""
    messages = []
    for email, locale in queries.list_operators(db.session):
        found = queries.find_low(db.session, variant_key, locale)
        if found is None:
            continue
        with force_locale(BABEL_LOCALES.get(locale, "en")):
            name = f"{found.title} · {found.variant}" if found.variant else found.title
            mail = StockMail(
                _("%(num)s of %(thing)s (%(sku)s) are left.", num=found.available, thing=name, sku=found.sku),
                _("The stock"),
                settings().site_url + url_for("desk.stock_of", variant=found.key),
                _("You work in this shop, so you are told once a day for each thing that runs low."),
            )
            messages.append(_message(email, locale, _("%(sku)s is running low", sku=found.sku), mail))
    return messages


def downloads(order_key: str) -> Message | None:
    """Where the files of a paid order are; None when there is no such order."""
    order = orders.find_by_key(db.session, order_key)
    if order is None:
        return None
    with force_locale(BABEL_LOCALES.get(order.locale, "en")):
        mail = StockMail(
            _("Thank you. The files of order %(number)s are ready.", number=order.key.upper()),
            _("Fetch the files"),
            settings().site_url + url_for("downloads.listing", token=order_token(order.key)),
            _("Whoever has this link can fetch them, so keep it to yourself."),
        )
        subject = _("Your files of order %(number)s", number=order.key.upper())
        return _message(order.email, order.locale, subject, mail)


def _name(found: Waiting) -> str:
    return f"{found.title} ({found.variant})" if found.variant else found.title


def _message(to: str, locale: str, subject: str, mail: StockMail) -> Message:
    frame = Frame(settings().site_name, settings().site_url, LANGUAGE_TAGS.get(locale, "en"), subject)
    return Message(
        to=to,
        subject=subject,
        text=render_template("email/stock.txt", page=mail),
        html=render_template("email/stock.html", page=mail, mail=frame),
        unsubscribe=mail.stop,
    )
