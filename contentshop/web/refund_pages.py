"""Refunds as buyers and staff read them: one sum for each, with its parts below when it goes to several places."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from flask import url_for
from flask_babel import gettext as _

from contentshop.aftersale import queries as cases
from contentshop.core.db import db
from contentshop.core.money import Money
from contentshop.payments import payouts
from contentshop.payments.payouts import PartFacts, RefundFacts
from contentshop.web.chrome import day
from contentshop.web.order_links import order_token
from contentshop.web.shop_pages import method_words

if TYPE_CHECKING:
    from contentshop.orders.models import Order
    from contentshop.payments.models import PayoutAccount

CASE = re.compile(r"after-sale ([0-9a-z]+)")  # as aftersale.actions writes it


@dataclass(frozen=True, slots=True)
class PartView:
    """Where a part of a refund goes, and how far it is."""

    key: str
    amount: Money
    to: str
    state: str
    tone: str
    note: str
    failed: bool


@dataclass(frozen=True, slots=True)
class RefundView:
    """A refund and how far it is. ``told`` says what happens with it now; ``parts`` is empty when it is all of one."""

    key: str
    amount: Money
    state: str
    tone: str
    told: str
    reason: str
    reason_url: str
    at: datetime
    parts: Sequence[PartView]


@dataclass(frozen=True, slots=True)
class AccountPanel:
    """Asks a buyer for the account that money is to be sent to. ``ending`` is the end of the one they have named;
    ``waits`` says that money waits for it; ``case`` is the case on whose page it stands."""

    url: str
    ending: str
    waits: bool
    case: str = ""
    values: Mapping[str, str] = field(default_factory=dict)
    errors: Mapping[str, list[str]] = field(default_factory=dict)


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


def reason_url(reason: str) -> str:
    """The page of the case that money is paid for, at the desk; empty when it is for none."""
    case = CASE.fullmatch(reason)
    return url_for("desk_aftersale.case", key=case[1]) if case else ""


def buyer_refunds(paid_key: str) -> list[RefundView]:
    """The refunds of an order for its buyer, oldest first."""
    account = payouts.find(db.session, paid_key)
    return [buyer_refund(one, account) for one in payouts.refunds_of(db.session, paid_key)]


def buyer_refund(facts: RefundFacts, account: PayoutAccount | None) -> RefundView:
    """A refund for its buyer: on its way until all of it has gone back."""
    done = facts.state == "done"
    needs = bool(facts.by_hand) and account is None
    state = _("Paid back") if done else _("Refund needs your account") if needs else _("Refund on its way")
    return RefundView(
        key=facts.key,
        amount=facts.amount,
        state=state,
        tone="good" if done else "warn" if needs else "info",
        told=told(facts, account),
        reason=reason_words(facts.reason),
        reason_url="",
        at=facts.done_at or facts.asked_at,
        parts=[_buyer_part(part, account) for part in facts.parts] if len(facts.parts) > 1 else (),
    )


def told(facts: RefundFacts, account: PayoutAccount | None) -> str:
    """What becomes of a refund now, in one sentence for its buyer."""
    if facts.state == "done":
        ending = next((part.ending for part in facts.parts if part.ending), "")
        on = day(facts.done_at or facts.asked_at)
        if ending:
            return str(_("Sent on %(day)s to your account ending in %(ending)s.", day=on, ending=ending))
        return str(_("Paid back on %(day)s.", day=on))
    if facts.by_hand and account is None:
        return str(_("Please tell us the account that we are to send it to."))
    if facts.by_hand and account is not None:
        return str(_("We are sending it to your account ending in %(ending)s.", ending=account.ending))
    return str(_("It goes the way you paid. Banks can take a few days to show it."))


def _buyer_part(part: PartFacts, account: PayoutAccount | None) -> PartView:
    state, tone = (_("Paid back"), "good") if part.state == "done" else (_("On its way"), "info")
    return PartView(part.key, part.amount, target_words(part, account), state, tone, "", part.state == "failed")


def target_words(part: PartFacts, account: PayoutAccount | None) -> str:
    """Where a part of a refund goes: an account, a gift card, or the way it was paid."""
    ending = part.ending or (account.ending if part.by_hand and account is not None else "")
    if ending:
        return str(_("Account ending in %(ending)s", ending=ending))
    if not part.gateway:
        return str(_("Gift card …%(end)s", end=part.card) if part.card else _("Gift card"))
    return method_words(part.method)[0]


def office_refunds(order_key: str) -> list[RefundView]:
    """The refunds of an order for staff, oldest first."""
    account = payouts.find(db.session, order_key)
    return [office_refund(one, account) for one in payouts.refunds_of(db.session, order_key)]


def office_refund(facts: RefundFacts, account: PayoutAccount | None) -> RefundView:
    """A refund for staff: whose turn it is, with the end of an account only."""
    state, tone = _office_state(facts, account)
    return RefundView(
        key=facts.key,
        amount=facts.amount,
        state=state,
        tone=tone,
        told=target_words(facts.parts[0], account) if len(facts.parts) == 1 else "",
        reason=reason_words(facts.reason),
        reason_url=reason_url(facts.reason),
        at=facts.asked_at,
        parts=[office_part(part, account) for part in facts.parts] if len(facts.parts) > 1 else (),
    )


def _office_state(facts: RefundFacts, account: PayoutAccount | None) -> tuple[str, str]:
    if facts.state == "done":
        return _("Paid back"), "good"
    if any(part.state == "failed" for part in facts.parts):
        return _("Refused by the provider"), "bad"
    if facts.by_hand:
        return (_("Waits for the buyer's account"), "warn") if account is None else (_("To be sent by us"), "warn")
    return _("On its way"), "info"


def office_part(part: PartFacts, account: PayoutAccount | None) -> PartView:
    """A part of a refund for staff."""
    if part.state == "done":
        state, tone = _("Paid back"), "good"
    elif part.state == "failed":
        state, tone = _("Refused by the provider"), "bad"
    elif part.by_hand:
        state, tone = _("To be sent by us"), "warn"
    else:
        state, tone = _("On its way"), "info"
    return PartView(part.key, part.amount, target_words(part, account), state, tone, part.note, part.state == "failed")


def account_panel(
    order: Order,
    *,
    case: str = "",
    values: Mapping[str, str] | None = None,
    errors: Mapping[str, list[str]] | None = None,
) -> AccountPanel | None:
    """What asks the buyer for an account; None while none is wanted."""
    paid_key = cases.paid_as(db.session, order)
    if not cases.wants_account(db.session, paid_key):
        return None
    account = payouts.find(db.session, paid_key)
    return AccountPanel(
        url=url_for("payouts.name", token=order_token(order.key)),
        ending=account.ending if account is not None else "",
        waits=payouts.waits(db.session, paid_key),
        case=case,
        values=values or {},
        errors=errors or {},
    )
