"""The desk of money: payments of an order, refunds that wait, and messages that belong to nothing."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from flask import flash, redirect, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from contentshop.accounts import policy as duties
from contentshop.aftersale import queries as cases
from contentshop.core.db import db
from contentshop.core.errors import Conflict, Invalid
from contentshop.core.ids import new_key
from contentshop.core.money import Money
from contentshop.core.words import say
from contentshop.orders import queries as orders
from contentshop.orders.actions import paying
from contentshop.orders.inputs import read_attempt
from contentshop.payments import actions as payments
from contentshop.payments import payouts, queries
from contentshop.payments.payouts import RefundFacts
from contentshop.web.audited import nothing, told, turned_back
from contentshop.web.chrome import money as in_words
from contentshop.web.desk_forms import NO_ERRORS
from contentshop.web.door import Door, show
from contentshop.web.refund_pages import PartView, RefundView, office_part, office_refund, office_refunds
from contentshop.web.session import viewer
from contentshop.web.words import refusal_text, translated_errors

if TYPE_CHECKING:
    from contentshop.orders.models import Order
    from contentshop.payments.models import Payment, PayoutAccount, Refund

bp = Door("desk_payments", __name__)

AMOUNT = re.compile(r"[0-9][0-9,]{0,15}(\.[0-9]{1,4})?")
SHOWN = 100


@dataclass(frozen=True, slots=True)
class ByHand:
    """What a person has to send of a refund, and where to; ``account_key`` is empty while the buyer has named none."""

    amount: Money
    parts: Sequence[str]
    account_key: str
    holder: str
    number: str
    bank: str
    reference: str


@dataclass(frozen=True, slots=True)
class WaitingRefund:
    """A refund of which something has not gone back. ``by_hand`` is what a person has to send of it."""

    refund: RefundView
    order: str
    order_url: str
    by_hand: ByHand | None
    again: Sequence[PartView]


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
    """What waits for somebody who looks after the money; ``to_settle`` counts cases to pay back."""

    refunds: Sequence[WaitingRefund]
    messages: Sequence[MessageLine]
    tabs: Sequence[tuple[str, str, bool, int | None]]
    to_settle: int


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
    refunds: Sequence[RefundView]
    may_note: bool
    waits: bool
    attempt: str
    amount: str
    currency: str
    errors: Mapping[str, list[str]]


def tabs(here: str) -> list[tuple[str, str, bool, int | None]]:
    waiting = queries.count_open(db.session)
    return [
        (_("Waiting"), url_for("desk_payments.index"), here == "waiting", waiting["refunds"] + waiting["unmatched"]),
        (_("Gift cards"), url_for("desk_gift_cards.cards"), here == "cards", queries.count_gift_cards(db.session)),
    ]


@bp.get("/desk/payments")
def index() -> Response:
    """Refunds that have not gone back, with the accounts to send them to, and messages that belong to nothing."""
    return _index()


def _index(status: int = 200) -> Response:
    waiting = payouts.open_refunds(db.session, limit=SHOWN)
    accounts = payouts.find_all(db.session, {one.order_key for one in waiting})
    answer = show(
        "desk/payments.html",
        MoneyPage(
            refunds=[_waiting(one, accounts.get(one.order_key)) for one in waiting],
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
            tabs=tabs("waiting"),
            to_settle=cases.queue_counts(db.session)["to_settle"],
        ),
        status,
    )
    # Accounts of buyers stand on it.
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _waiting(facts: RefundFacts, account: PayoutAccount | None) -> WaitingRefund:
    by_hand = None
    if facts.by_hand:
        by_hand = ByHand(
            amount=Money(sum(part.amount.minor for part in facts.by_hand), facts.amount.currency),
            parts=[part.key for part in facts.by_hand],
            account_key=account.key if account is not None else "",
            holder=account.holder if account is not None else "",
            number=_in_fours(account.number) if account is not None else "",
            bank=account.bank if account is not None else "",
            reference=facts.order_key.upper(),
        )
    return WaitingRefund(
        refund=office_refund(facts, account),
        order=facts.order_key.upper(),
        order_url=url_for("desk_payments.order", key=facts.order_key),
        by_hand=by_hand,
        again=[
            office_part(part, account) for part in facts.parts if part.state == "failed" and part.gateway != "manual"
        ],
    )


def _in_fours(number: str) -> str:
    """The number of an account as banks print it."""
    return " ".join(number[start : start + 4] for start in range(0, len(number), 4))


def gateway_words(gateway: str) -> str:
    """What the desk calls a provider of payments; its own name where we have no word for it."""
    words: dict[str, str] = {
        "manual": _("Bank transfer or cash"),
        "stripe": "Stripe",
        "alipay": _("Alipay"),
        "wechat_pay": _("WeChat Pay"),
    }
    return words.get(gateway, gateway)


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
        refunds=office_refunds(key),
        waits=payouts.waits(db.session, key),
        may_note=duties.may(viewer().user, duties.Duty.MONEY),
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


@bp.post("/desk/payments/orders/<key>/receipt")
def receipt(key: str) -> Response:
    """Money of any amount has arrived for an order, by hand."""
    who = viewer()
    try:
        found = orders.get_by_key(db.session, key)
        amount = read_amount(request.form.get("amount", ""), found.currency)
        _check_surplus(amount, paying.due_of(found))
        before = _money_of(found)
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
    if fate == "known":
        nothing()
    else:
        db.session.flush()
        after = _money_of(orders.get_by_key(db.session, key)) | {"amount": amount.minor}
        told(f"order:{key}", before, after)
    words = {
        "paid": _("Noted: the order is paid."),
        "part": _("Noted: a part is still due, and the buyer is told."),
        "returned": _("Noted: nothing was due, so the money goes back. See what waits."),
        "known": _("This was noted before."),
    }
    flash(words[fate], "success")
    return redirect(url_for("desk_payments.order", key=key), 303)


def _money_of(found: Order) -> dict[str, Any]:
    """What of an order's money the audit log compares."""
    return {
        "currency": found.currency,
        "paid": found.paid_minor,
        "refunded": found.refunded_minor,
        "state": found.state,
    }


def _check_surplus(amount: Money, due: Money) -> None:
    """More than is due goes back to the buyer at once, who is told: that must be meant. Raises Invalid."""
    if amount.minor > due.minor and request.form.get("more") != "yes":
        said = _("Only %(due)s is due. If more has arrived, say so below; the rest goes back.", due=in_words(due))
        raise Invalid({"amount": [said], "more": []})


def read_amount(text: str, currency: str) -> Money:
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
    """A person has sent a refund back, or those parts of it that the form names."""
    reference = request.form.get("reference", "")[:120].strip()
    found = queries.get_refund(db.session, key)
    waited = {part.key for part in found.parts if part.state != "done"}
    try:
        sent = paying.send_by_hand(
            db.session,
            key,
            parts=[part[:20] for part in request.form.getlist("part")[:SHOWN]],
            account_key=request.form.get("account", "")[:20],
            reference=reference,
            now=viewer().now,
        )
    except (Conflict, Invalid) as refusal:
        return turned_back(refusal_text(refusal), url_for("desk_payments.index"))
    if sent:
        amount = sum(part.minor for part in found.parts if part.state == "done" and part.key in waited)
        told(f"refund:{key}", {"currency": found.currency}, _refund_words(found, amount) | {"reference": reference})
    else:
        nothing()
    flash(_("Noted: the money has gone back.") if sent else _("This was noted before."), "success")
    return redirect(url_for("desk_payments.index"), 303)


def _refund_words(found: Refund, minor: int) -> dict[str, Any]:
    """How much of a refund was sent, and for which order."""
    return {"amount": minor, "currency": found.currency, "order": found.order_key.upper()}


@bp.post("/desk/payments/refunds/<key>/again")
def refund_again(key: str) -> Response:
    """Ask the provider once more."""
    try:
        payments.send_again(db.session, key, now=viewer().now)
        found = queries.get_refund_of_part(db.session, key)
        amount = sum(part.minor for part in found.parts if part.key == key)
        told(f"refund:{found.key}", {"currency": found.currency}, _refund_words(found, amount))
    except Conflict as refusal:
        return turned_back(refusal_text(refusal), url_for("desk_payments.index"))
    flash(_("The provider is asked again."), "success")
    return redirect(url_for("desk_payments.index"), 303)
