"""The mail that tells people of their gift cards. It carries a link, never a code: codes are shown once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from flask import render_template, url_for
from flask_babel import force_locale, ngettext
from flask_babel import gettext as _

from contentshop.accounts import queries as accounts
from contentshop.core.db import db
from contentshop.core.errors import NotFound
from contentshop.core.mail import Message
from contentshop.core.money import Money
from contentshop.orders import queries as orders
from contentshop.payments import credit
from contentshop.payments import queries as payments
from contentshop.web.chrome import BABEL_LOCALES, LANGUAGE_TAGS, day
from contentshop.web.order_links import card_token, order_token
from contentshop.web.order_mails import Frame
from contentshop.web.session import settings

if TYPE_CHECKING:
    from contentshop.orders.models import Order
    from contentshop.payments.models import GiftCard


@dataclass(frozen=True, slots=True)
class GiftCardMail:
    """What the mail says: ``cards`` are (label, amount in words), ``why`` why it was sent."""

    name: str
    lead: str
    cards: Sequence[tuple[str, str]]
    link: str
    link_words: str
    foot: str
    why: str


def issued(payload: Mapping[str, Any]) -> Message | None:
    """Tell the owner of a new gift card where its code is. None for a card without an address, one that is blocked by
    now, and the further cards of an order, since the first one's mail tells of all."""
    try:
        card = credit.get_card(db.session, str(payload["gift_card"]))
    except NotFound:
        return None
    if not card.email or card.state != "active":
        return None
    order = orders.find_by_key(db.session, card.order_key) if card.order_key else None
    return _given(card) if order is None else _bought(order, card)


def _bought(order: Order, first: GiftCard) -> Message | None:
    """The mail of the first of the cards that an order has become."""
    cards = [card for card in payments.list_cards_of_order(db.session, order.key) if card.issued_at == first.issued_at]
    if cards[0].key != first.key:
        return None
    with force_locale(BABEL_LOCALES.get(order.locale, "en")):
        number = order.key.upper()
        page = GiftCardMail(
            name=order.name,
            lead=_("your payment for order %(number)s has arrived, and what you bought is ready.", number=number),
            cards=_amounts(cards, BABEL_LOCALES.get(order.locale, "en")),
            link=settings().site_url + url_for("gift_cards.bought", token=order_token(order.key)),
            link_words=_("Show the code") if len(cards) == 1 else _("Show the codes"),
            foot=_foot(first),
            why=_("You get this mail because order %(number)s was placed with this address.", number=number),
        )
        subject = ngettext(
            "Your gift card of order %(number)s", "Your gift cards of order %(number)s", len(cards), number=number
        )
        return _message(order.email, order.locale, subject, page)


def _given(card: GiftCard) -> Message:
    """The mail of a card that the shop gives. Its language is that of the account with this address."""
    owner = accounts.find_by_email(db.session, card.email)
    locale = owner.locale if owner is not None else "en"
    with force_locale(BABEL_LOCALES.get(locale, "en")):
        site = settings().site_name
        page = GiftCardMail(
            name=owner.name if owner is not None else "",
            lead=_("%(site)s gives you a gift card. You can pay with it at the checkout.", site=site),
            cards=_amounts([card], BABEL_LOCALES.get(locale, "en")),
            link=settings().site_url + url_for("gift_cards.given", token=card_token(card.key)),
            link_words=_("Show the code"),
            foot=_foot(card),
            why=_("You get this mail because the shop has issued a gift card to this address."),
        )
        return _message(card.email, locale, _("A gift card of %(site)s for you", site=site), page)


def _amounts(cards: Sequence[GiftCard], locale: str) -> list[tuple[str, str]]:
    return [(_("Gift card"), Money(card.issued_minor, card.currency).format(locale)) for card in cards]


def _foot(card: GiftCard) -> str:
    once = str(_("A code is shown once, to whoever asks first, so keep this mail to yourself."))
    if card.expires_at is None:
        return once
    return f"{once} " + str(_("It can be used until %(day)s.", day=day(card.expires_at)))


def _message(to: str, locale: str, subject: str, page: GiftCardMail) -> Message:
    frame = Frame(settings().site_name, settings().site_url, LANGUAGE_TAGS.get(locale, "en"), subject)
    return Message(
        to=to,
        subject=subject,
        text=render_template("email/gift_card.txt", page=page, mail=frame),
        html=render_template("email/gift_card.html", page=page, mail=frame),
    )
