"""Gift cards for their owners: what is left on a card, and the codes of cards that were bought, each shown once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flask import request, url_for
from werkzeug.wrappers import Response

from contentshop.core.db import db
from contentshop.core.errors import Conflict, NotFound
from contentshop.core.words import say
from contentshop.payments import credit, queries
from contentshop.payments.credit import CardFacts
from contentshop.products import queries as products
from contentshop.web.cards import CardView, product_card
from contentshop.web.door import Door, show
from contentshop.web.limits import CODES, limiter
from contentshop.web.order_links import card_of, card_token, order_of, order_url
from contentshop.web.session import viewer
from contentshop.web.words import refusal_text

bp = Door("gift_cards", __name__)


@dataclass(frozen=True, slots=True)
class BalancePage:
    """The form for a code, the card that was found, and the products that are gift cards to buy."""

    card: CardFacts | None
    typed: str
    errors: Sequence[str]
    on_sale: Sequence[CardView] = ()


@dataclass(frozen=True, slots=True)
class BoughtCard:
    """A card that was bought: ``code`` is there once, right after it was asked for; ``shown`` from then on."""

    card: CardFacts
    shown: bool
    code: str
    reveal_url: str


@dataclass(frozen=True, slots=True)
class BoughtPage:
    """The cards of an order, or one that the shop has given: then ``number`` and ``order_url`` are empty."""

    number: str
    cards: Sequence[BoughtCard]
    order_url: str
    error: str


@bp.get("/gift-cards")
def balance() -> Response:
    """Where gift cards are bought, and where a code is typed."""
    return _private(show("shop/gift_card.html", BalancePage(None, "", (), _on_sale())))


def _on_sale() -> list[CardView]:
    who = viewer()
    facts = products.load_facts(db.session, queries.list_card_products(db.session), who.locale)
    cards = [product_card(one, who) for one in facts.values() if one.listed]
    return [card for card in cards if card.face == "stock"]


@bp.post("/gift-cards")
@limiter.limit(CODES)
def look_up() -> Response:
    """What is left on a card. Few tries, and the same answer whatever is wrong."""
    typed = request.form.get("code", "")[:60]
    try:
        card = credit.check(db.session, typed, now=viewer().now)
    except NotFound as refusal:
        db.session.rollback()
        return _private(show("shop/gift_card.html", BalancePage(None, typed, (refusal_text(refusal),)), 422))
    return _private(show("shop/gift_card.html", BalancePage(card, "", ())))


@bp.get("/orders/<token>/gift-cards")
def bought(token: str) -> Response:
    """The cards that were bought with an order, for whoever holds its signed link."""
    return _private(show("shop/gift_cards.html", _page(token)))


@bp.post("/orders/<token>/gift-cards/<key>")
def reveal(token: str, key: str) -> Response:
    """Show the code of one of them, which is done once."""
    order_key = _key(token)
    if credit.get_card(db.session, key).order_key != order_key:
        raise NotFound(say("There is no such gift card."))
    try:
        code = credit.reveal(db.session, key)
    except Conflict as refusal:
        db.session.rollback()
        return _private(show("shop/gift_cards.html", _page(token, error=refusal_text(refusal)), 409))
    return _private(show("shop/gift_cards.html", _page(token, shown=key, code=code)))


@bp.get("/gift-cards/<token>")
def given(token: str) -> Response:
    """A card that the shop has given, for whoever holds its signed link."""
    return _private(show("shop/gift_cards.html", _given_page(token)))


@bp.post("/gift-cards/<token>")
def reveal_given(token: str) -> Response:
    """Show its code, which is done once."""
    key = _card_key(token)
    try:
        code = credit.reveal(db.session, key)
    except Conflict as refusal:
        db.session.rollback()
        return _private(show("shop/gift_cards.html", _given_page(token, error=refusal_text(refusal)), 409))
    return _private(show("shop/gift_cards.html", _given_page(token, code=code)))


def _card_key(token: str) -> str:
    key = card_of(token)
    if key is None:
        raise NotFound(say("There is no such gift card. Please use the link in your mail."))
    return key


def _given_page(token: str, *, code: str = "", error: str = "") -> BoughtPage:
    card = credit.get_card(db.session, _card_key(token))
    return BoughtPage(
        number="",
        cards=[
            BoughtCard(
                card=credit.facts(card, now=viewer().now),
                shown=card.code_hash is not None,
                code=code,
                reveal_url=url_for("gift_cards.reveal_given", token=card_token(card.key)),
            )
        ],
        order_url="",
        error=error,
    )


def _key(token: str) -> str:
    key = order_of(token)
    if key is None:
        raise NotFound(say("There is no such order. Please use the link in your mail."))
    return key


def _page(token: str, *, shown: str = "", code: str = "", error: str = "") -> BoughtPage:
    key = _key(token)
    now = viewer().now
    return BoughtPage(
        number=key.upper(),
        cards=[
            BoughtCard(
                card=credit.facts(card, now=now),
                shown=card.code_hash is not None,
                code=code if card.key == shown else "",
                reveal_url=url_for("gift_cards.reveal", token=token, key=card.key),
            )
            for card in queries.list_cards_of_order(db.session, key)
        ],
        order_url=order_url(key),
        error=error,
    )


def _private(response: Response) -> Response:
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Robots-Tag"] = "noindex"
    response.headers["Referrer-Policy"] = "same-origin"
    return response
