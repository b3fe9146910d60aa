"""The desk of gift cards: all of them, one with what was taken from it, and those that the shop gives."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from flask import flash, redirect, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from contentshop.accounts.inputs import check_email
from contentshop.core.db import db
from contentshop.core.errors import Conflict, Invalid
from contentshop.core.ids import new_key
from contentshop.core.money import Money
from contentshop.core.paging import page_number
from contentshop.core.words import say
from contentshop.orders.inputs import read_attempt
from contentshop.payments import credit, queries
from contentshop.payments.inputs import CARD_STATES
from contentshop.web.audited import changing, told, turned_back
from contentshop.web.desk_forms import NO_ERRORS, FormField, FormPage
from contentshop.web.desk_payments import read_amount, tabs
from contentshop.web.door import Door, show
from contentshop.web.session import settings, viewer
from contentshop.web.words import refusal_text, translated_errors

if TYPE_CHECKING:
    from contentshop.payments.models import CreditUse, GiftCard

bp = Door("desk_gift_cards", __name__)

CARDS_A_PAGE = 50


@dataclass(frozen=True, slots=True)
class CardLine:
    """A gift card in a list."""

    key: str
    url: str
    hint: str
    issued: Money
    balance: Money
    state: str
    tone: str
    about: str
    at: datetime


@dataclass(frozen=True, slots=True)
class CardsPage:
    """Gift cards, newest first."""

    rows: Sequence[CardLine]
    words: str
    total: int
    tabs: Sequence[tuple[str, str, bool, int | None]]
    position: str
    previous_url: str
    next_url: str


@dataclass(frozen=True, slots=True)
class CardPage:
    """One gift card. ``code`` is there once, right after it was asked for."""

    key: str
    code: str
    shown: bool
    hint: str
    issued: Money
    balance: Money
    blocked: bool
    about: str
    expires_at: datetime | None
    withdrawn_at: datetime | None
    issued_at: datetime
    order_url: str
    uses: Sequence[tuple[str, str, Money, Money, str]]


@bp.get("/desk/payments/gift-cards")
def cards() -> Response:
    """All gift cards, or those that a search finds."""
    words = request.args.get("q", "")[:100].strip()
    number = page_number(request.args.get("page"))
    total = queries.count_gift_cards(db.session)
    rows = queries.list_gift_cards(db.session, words=words, limit=CARDS_A_PAGE + 1, offset=(number - 1) * CARDS_A_PAGE)

    def page_url(wanted: int) -> str:
        return url_for("desk_gift_cards.cards", q=words or None, page=wanted)

    return show(
        "desk/gift_cards.html",
        CardsPage(
            rows=[_card_line(card) for card in rows[:CARDS_A_PAGE]],
            words=words,
            total=total,
            tabs=tabs("cards"),
            position=_("Page %(number)s", number=number),
            previous_url=page_url(number - 1) if number > 1 else "",
            next_url=page_url(number + 1) if len(rows) > CARDS_A_PAGE else "",
        ),
    )


def _card_line(card: GiftCard) -> CardLine:
    state, tone = (_("Card blocked"), "bad") if card.state == "blocked" else (_("In use"), "good")
    if card.withdrawn_at is not None:
        state, tone = _("Withdrawn"), "neutral"
    elif not card.balance_minor and card.state != "blocked":
        state, tone = _("Used up"), "neutral"
    return CardLine(
        key=card.key,
        url=url_for("desk_gift_cards.card", key=card.key),
        hint=f"…{card.hint}" if card.hint else _("not shown yet"),
        issued=Money(card.issued_minor, card.currency),
        balance=Money(card.balance_minor, card.currency),
        state=state,
        tone=tone,
        about=card.email or card.note or card.order_key.upper(),
        at=card.issued_at,
    )


@bp.get("/desk/payments/gift-cards/new")
def new_card() -> Response:
    """The form of a card that the shop gives."""
    return show("desk/form.html", _card_form({"currency": settings().currency, "attempt": new_key(24)}))


def _card_form(values: Mapping[str, str], errors: Mapping[str, list[str]] = NO_ERRORS) -> FormPage:
    return FormPage(
        heading=_("Issue a gift card"),
        back_url=url_for("desk_gift_cards.cards"),
        back_label=_("Gift cards"),
        action_url=url_for("desk_gift_cards.issue", attempt=values.get("attempt", "")),
        button=_("Issue the card"),
        lede=_("Store credit that the shop gives, for instance to make up for a delay. It is booked as goodwill."),
        fields=[
            FormField("amount", _("Amount"), required=True),
            FormField("currency", _("Currency"), "choice", choices=[(code, code) for code in settings().currencies]),
            FormField(
                "email",
                _("E-mail of the owner"),
                hint=_("They get a mail with a link to the code. Leave it empty to hand the code over yourself."),
            ),
            FormField("note", _("Why"), required=True, hint=_("Only staff see this.")),
        ],
        values=values,
        errors=errors,
    )


@bp.post("/desk/payments/gift-cards/new")
def issue() -> Response:
    """Give a card."""
    who = viewer()
    values = {name: request.form.get(name, "")[:300].strip() for name in ("amount", "currency", "email", "note")}
    values["attempt"] = request.args.get("attempt", "")
    problems: dict[str, list[str]] = {}
    try:
        attempt = read_attempt(values["attempt"])
        if values["currency"] not in settings().currencies:
            problems["currency"] = [say("Choose one of the shop's currencies.")]
        if values["email"]:
            values["email"] = check_email(values["email"], problems)
        if not values["note"]:
            problems["note"] = [say("Say why the card is given.")]
        if problems:
            raise Invalid(problems)
        amount = read_amount(values["amount"], values["currency"])
    except Invalid as refusal:
        db.session.rollback()
        return show("desk/form.html", _card_form(values, translated_errors(refusal.fields)), 422)
    person = who.person()
    card = credit.issue(
        db.session,
        amount=amount,
        source_key=f"desk:{attempt}",
        actor=person.key,
        now=who.now,
        email=values["email"],
        note=values["note"],
        expires_at=credit.expiry(who.now, settings().gift_card_months),
    )
    after = {"amount": amount.minor, "currency": amount.currency, "email": values["email"], "note": values["note"]}
    told(f"gift_card:{card.key}", {"currency": amount.currency}, after)
    flash(_("The gift card is issued. Show its code now and write it down."), "success")
    return redirect(url_for("desk_gift_cards.card", key=card.key), 303)


@bp.get("/desk/payments/gift-cards/<key>")
def card(key: str) -> Response:
    """One card with what was taken from it."""
    return show("desk/gift_card.html", _card_page(credit.get_card(db.session, key)))


def _card_page(found: GiftCard, code: str = "") -> CardPage:
    def line(use: CreditUse) -> tuple[str, str, Money, Money, str]:
        words = {"held": _("Held by an unpaid order"), "captured": _("Spent"), "released": _("Put back")}
        return (
            use.holder.upper(),
            url_for("desk_orders.order", key=use.holder),
            Money(use.minor, found.currency),
            Money(use.given_back_minor, found.currency),
            words[use.state],
        )

    return CardPage(
        key=found.key,
        code=code,
        shown=found.code_hash is not None,
        hint=found.hint,
        issued=Money(found.issued_minor, found.currency),
        balance=Money(found.balance_minor, found.currency),
        blocked=found.state == "blocked",
        about=" · ".join(part for part in (found.email, found.note) if part),
        expires_at=found.expires_at,
        withdrawn_at=found.withdrawn_at,
        issued_at=found.issued_at,
        order_url=url_for("desk_orders.order", key=found.order_key) if found.order_key else "",
        uses=[line(use) for use in queries.list_history(db.session, found.id)],
    )


@bp.post("/desk/payments/gift-cards/<key>/code")
def reveal(key: str) -> Response:
    """Show the code, which is done once; or forget it and show a new one."""
    try:
        if request.form.get("do") == "renew":
            credit.renew_code(db.session, key)
        code = credit.reveal(db.session, key)
    except Conflict as refusal:
        return turned_back(refusal_text(refusal), url_for("desk_gift_cards.card", key=key))
    db.session.flush()
    answer = show("desk/gift_card.html", _card_page(credit.get_card(db.session, key), code))
    answer.headers["Cache-Control"] = "no-store"
    return answer


@bp.post("/desk/payments/gift-cards/<key>/state")
def set_state(key: str) -> Response:
    """Block a card, or let it be used again."""
    state = request.form.get("state", "")
    credit.get_card(db.session, key)
    if state not in CARD_STATES:
        raise Invalid({"state": [say("Say whether the card is to be blocked or used again.")]})
    try:
        with changing(f"gift_card:{key}", lambda: {"state": credit.get_card(db.session, key).state}):
            credit.set_state(db.session, key, state)
    except Conflict as refusal:
        return turned_back(refusal_text(refusal), url_for("desk_gift_cards.card", key=key))
    flash(_("The gift card is blocked.") if state == "blocked" else _("The gift card can be used again."), "success")
    return redirect(url_for("desk_gift_cards.card", key=key), 303)
