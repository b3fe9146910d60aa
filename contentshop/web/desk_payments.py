"""The desk of money: payments of an order, refunds that wait, messages that belong to nothing, gift cards."""

from __future__ import annotations

import re
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
from contentshop.orders import queries as orders
from contentshop.orders.actions import paying
from contentshop.orders.inputs import read_attempt
from contentshop.payments import actions as payments
from contentshop.payments import credit, queries
from contentshop.payments.inputs import CARD_STATES
from contentshop.payments.port import RefundResult
from contentshop.web.desk_forms import NO_ERRORS, FormField, FormPage
from contentshop.web.door import Door, show
from contentshop.web.session import settings, viewer
from contentshop.web.words import refusal_text, translated_errors

if TYPE_CHECKING:
    from contentshop.payments.models import CreditUse, GiftCard, Payment, Refund

bp = Door("desk_payments", __name__)

AMOUNT = re.compile(r"[0-9][0-9,]{0,15}(\.[0-9]{1,4})?")
CASE = re.compile(r"after-sale ([0-9a-z]+)")  # as aftersale.actions writes it
SHOWN = 100
CARDS_A_PAGE = 50


@dataclass(frozen=True, slots=True)
class PartLine:
    """A part of a refund that has not gone back. ``by_hand``: a person has to send it; ``reason_url`` leads to the
    after-sale case it is paid for, if it is for one."""

    key: str
    order: str
    order_url: str
    amount: Money
    way: str
    reason: str
    reason_url: str
    state: str
    tone: str
    note: str
    asked_at: datetime
    by_hand: bool
    failed: bool


@dataclass(frozen=True, slots=True)
class MessageLine:
    """A message of a provider that belongs to nothing we know."""

    name: str
    gateway: str
    reference: str
    amount: Money | None
    received_at: datetime


@dataclass(frozen=True, slots=True)
class MoneyPage:
    """What waits for somebody who looks after the money."""

    parts: Sequence[PartLine]
    messages: Sequence[MessageLine]
    tabs: Sequence[tuple[str, str, bool, int | None]]


@dataclass(frozen=True, slots=True)
class PaymentLine:
    """One try to pay an order."""

    key: str
    way: str
    state: str
    tone: str
    due: Money
    received: Money
    returned: Money
    reference: str
    note: str
    at: datetime


@dataclass(frozen=True, slots=True)
class OrderMoneyPage:
    """The money of one order."""

    number: str
    key: str
    order_url: str
    ledger_url: str
    total: Money
    credit: Money
    paid: Money
    refunded: Money
    due: Money
    payments: Sequence[PaymentLine]
    refunds: Sequence[PartLine]
    attempt: str
    amount: str
    currency: str
    errors: Mapping[str, list[str]]


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


def _tabs(here: str) -> list[tuple[str, str, bool, int | None]]:
    waiting = queries.count_open(db.session)
    return [
        (_("Waiting"), url_for("desk_payments.index"), here == "waiting", waiting["refunds"] + waiting["unmatched"]),
        (_("Gift cards"), url_for("desk_payments.cards"), here == "cards", queries.count_gift_cards(db.session)),
    ]


@bp.get("/desk/payments")
def index() -> Response:
    """Refunds that have not gone back, and messages that belong to nothing."""
    return show(
        "desk/payments.html",
        MoneyPage(
            parts=[_part_line(row) for row in queries.list_open_parts(db.session, limit=SHOWN)],
            messages=[
                MessageLine(
                    event.name,
                    gateway_words(event.gateway),
                    event.reference or event.payment_key,
                    Money(event.minor, event.currency) if event.minor is not None and event.currency else None,
                    event.received_at,
                )
                for event in queries.list_unmatched(db.session, limit=SHOWN)
            ],
            tabs=_tabs("waiting"),
        ),
    )


def gateway_words(gateway: str) -> str:
    """What the desk calls a provider of payments; its own name where we have no word for it."""
    words: dict[str, str] = {
        "manual": _("Bank transfer or cash"),
        "stripe": "Stripe",
        "alipay": _("Alipay"),
        "wechat_pay": _("WeChat Pay"),
    }
    return words.get(gateway, gateway)


def reason_words(reason: str) -> str:
    """Why money goes back: the shop's own reasons in the reader's language, those of people as they wrote them."""
    case = CASE.fullmatch(reason)
    if case:
        return str(_("After-sale case %(number)s", number=case[1].upper()))
    words: dict[str, str] = {
        "order cancelled": _("The order was cancelled"),
        "paid too much or too late": _("Paid too much or too late"),
        "paid in another currency": _("Paid in another currency"),
        "price protection": _("The price has fallen since"),
    }
    return words.get(reason, reason)


def _case_url(reason: str) -> str:
    case = CASE.fullmatch(reason)
    return url_for("desk_aftersale.case", key=case[1]) if case else ""


def _part_line(row: queries.PartRow) -> PartLine:
    by_hand = row.gateway == "manual"
    state, tone = {
        "asked": (_("To be sent"), "warn"),
        "sent": (_("On its way"), "info"),
        "failed": (_("Refused by the provider"), "bad"),
    }[row.state]
    return PartLine(
        key=row.key,
        order=row.order_key.upper(),
        order_url=url_for("desk_payments.order", key=row.order_key),
        amount=row.amount,
        way=gateway_words(row.gateway),
        reason=reason_words(row.reason),
        reason_url=_case_url(row.reason),
        state=state,
        tone=tone,
        note=row.note,
        asked_at=row.asked_at,
        by_hand=by_hand,
        failed=row.state == "failed",
    )


@bp.get("/desk/payments/orders/<key>")
def order(key: str) -> Response:
    """All tries to pay an order, and all that went back."""
    return show("desk/order_money.html", _order_page(key))


def _order_page(key: str, errors: Mapping[str, list[str]] = NO_ERRORS) -> OrderMoneyPage:
    found = orders.get_by_key(db.session, key)

    def money(minor: int) -> Money:
        return Money(minor, found.currency)

    due = paying.due_of(found)
    return OrderMoneyPage(
        number=found.key.upper(),
        key=found.key,
        order_url=url_for("desk_orders.order", key=found.key),
        ledger_url=url_for("desk_ledger.entries", about=found.key),
        total=money(found.total_minor),
        credit=money(found.credit_minor),
        paid=money(found.paid_minor),
        refunded=money(found.refunded_minor),
        due=due,
        payments=[_payment_line(one) for one in queries.list_payments(db.session, key)],
        refunds=[line for one in queries.list_refunds(db.session, key) for line in _refund_lines(one)],
        attempt=new_key(24),
        amount=request.form.get("amount", "")[:40] if errors else (str(due.amount) if due.minor else ""),
        currency=found.currency,
        errors=errors,
    )


def _payment_line(one: Payment) -> PaymentLine:
    state, tone = {
        "new": (_("Not yet with the provider"), "warn"),
        "begun": (_("With the buyer"), "info"),
        "paid": (_("Arrived"), "good"),
        "failed": (_("Not completed"), "neutral"),
    }[one.state]
    return PaymentLine(
        key=one.key,
        way=gateway_words(one.gateway),
        state=state,
        tone=tone,
        due=Money(one.minor, one.currency),
        received=Money(one.received_minor, one.currency),
        returned=Money(one.refunded_minor, one.currency),
        reference=one.reference,
        note=one.note,
        at=one.paid_at or one.created_at,
    )


def _refund_lines(refund: Refund) -> list[PartLine]:
    words = {
        "asked": (_("To be sent"), "warn"),
        "sent": (_("On its way"), "info"),
        "done": (_("Paid back"), "good"),
        "failed": (_("Refused by the provider"), "bad"),
    }
    return [
        PartLine(
            key=part.key,
            order="",
            order_url="",
            amount=Money(part.minor, refund.currency),
            way=_("Gift card") if part.credit_use_id is not None else _("Money"),
            reason=reason_words(refund.reason),
            reason_url=_case_url(refund.reason),
            state=words[part.state][0],
            tone=words[part.state][1],
            note=part.note,
            asked_at=refund.asked_at,
            by_hand=False,
            failed=False,
        )
        for part in refund.parts
    ]


@bp.post("/desk/payments/orders/<key>/receipt")
def receipt(key: str) -> Response:
    """Money of any amount has arrived for an order, by hand."""
    who = viewer()
    try:
        found = orders.get_by_key(db.session, key)
        amount = _amount(request.form.get("amount", ""), found.currency)
        fate = paying.record_receipt(
            db.session,
            key,
            received=amount,
            key=f"desk-{read_attempt(request.form.get('attempt', ''))}",
            by=who.person(),
            now=who.now,
        )
    except Invalid as refusal:
        db.session.rollback()
        return show("desk/order_money.html", _order_page(key, translated_errors(refusal.fields)), 422)
    told = {
        "paid": _("Noted: the order is paid."),
        "part": _("Noted: a part is still due, and the buyer is told."),
        "returned": _("Noted: nothing was due, so the money goes back. See what waits."),
        "known": _("This was noted before."),
    }
    flash(told[fate], "success")
    return redirect(url_for("desk_payments.order", key=key), 303)


def _amount(text: str, currency: str) -> Money:
    if not AMOUNT.fullmatch(text.strip()):  # Money itself reads 1e12, which nobody means
        raise Invalid({"amount": [say("Write an amount like 199.00.")]})
    try:
        amount = Money.parse(text, currency)
    except Invalid as error:
        raise Invalid({"amount": error.fields.get("price", [])}) from None
    if amount.minor <= 0:
        raise Invalid({"amount": [say("Write an amount above zero.")]})
    return amount


@bp.post("/desk/payments/refunds/<key>/sent")
def refund_sent(key: str) -> Response:
    """A person has sent a part of a refund back."""
    result = RefundResult("done", request.form.get("reference", "")[:120].strip())
    paying.note_refund(db.session, key, result, now=viewer().now)
    flash(_("Noted: the money has gone back."), "success")
    return redirect(url_for("desk_payments.index"), 303)


@bp.post("/desk/payments/refunds/<key>/again")
def refund_again(key: str) -> Response:
    """Ask the provider once more."""
    try:
        payments.send_again(db.session, key, now=viewer().now)
    except Conflict as refusal:
        db.session.rollback()
        flash(refusal_text(refusal), "error")
        return redirect(url_for("desk_payments.index"), 303)
    flash(_("The provider is asked again."), "success")
    return redirect(url_for("desk_payments.index"), 303)


# --- gift cards ----------------------------------------------------------------------------------------------------


@bp.get("/desk/payments/gift-cards")
def cards() -> Response:
    """All gift cards, or those that a search finds."""
    words = request.args.get("q", "")[:100].strip()
    number = page_number(request.args.get("page"))
    total = queries.count_gift_cards(db.session)
    rows = queries.list_gift_cards(db.session, words=words, limit=CARDS_A_PAGE + 1, offset=(number - 1) * CARDS_A_PAGE)

    def page_url(wanted: int) -> str:
        return url_for("desk_payments.cards", q=words or None, page=wanted)

    return show(
        "desk/gift_cards.html",
        CardsPage(
            rows=[_card_line(card) for card in rows[:CARDS_A_PAGE]],
            words=words,
            total=total,
            tabs=_tabs("cards"),
            position=_("Page %(number)s", number=number),
            previous_url=page_url(number - 1) if number > 1 else "",
            next_url=page_url(number + 1) if len(rows) > CARDS_A_PAGE else "",
        ),
    )


def _card_line(card: GiftCard) -> CardLine:
    state, tone = (_("Blocked"), "bad") if card.state == "blocked" else (_("In use"), "good")
    if card.withdrawn_at is not None:
        state, tone = _("Withdrawn"), "neutral"
    elif not card.balance_minor and card.state != "blocked":
        state, tone = _("Used up"), "neutral"
    return CardLine(
        key=card.key,
        url=url_for("desk_payments.card", key=card.key),
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
        back_url=url_for("desk_payments.cards"),
        back_label=_("Gift cards"),
        action_url=url_for("desk_payments.issue", attempt=values.get("attempt", "")),
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
        amount = _amount(values["amount"], values["currency"])
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
    flash(_("The gift card is issued. Show its code now and write it down."), "success")
    return redirect(url_for("desk_payments.card", key=card.key), 303)


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
        db.session.rollback()
        flash(refusal_text(refusal), "error")
        return redirect(url_for("desk_payments.card", key=key), 303)
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
        credit.set_state(db.session, key, state)
    except Conflict as refusal:
        db.session.rollback()
        flash(refusal_text(refusal), "error")
        return redirect(url_for("desk_payments.card", key=key), 303)
    flash(_("The gift card is blocked.") if state == "blocked" else _("The gift card can be used again."), "success")
    return redirect(url_for("desk_payments.card", key=key), 303)
