"""What pages of after-sale cases show: records built from the room's facts, in the reader's language."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from babel import Locale
from flask import url_for
from flask_babel import gettext as _

from contentshop.aftersale import actions, policy, queries
from contentshop.aftersale.inputs import ASKABLE, OUR_FAULT
from contentshop.aftersale.policy import Terms
from contentshop.core.db import db
from contentshop.core.money import Money
from contentshop.payments import payouts
from contentshop.web.chrome import current_babel_locale, day
from contentshop.web.order_links import order_token, order_url
from contentshop.web.order_pages import CaseLink, Extras, Fall, Moment, losses, order_lines
from contentshop.web.refund_pages import (
    AccountPanel,
    RefundView,
    account_panel,
    buyer_refund,
    buyer_refunds,
    office_refund,
)
from contentshop.web.session import settings, viewer
from contentshop.web.shop_pages import LineView
from contentshop.web.words import translated

if TYPE_CHECKING:
    from contentshop.aftersale.models import AfterSale, AfterSaleEvent
    from contentshop.orders.models import Order
    from contentshop.payments.payouts import RefundFacts

Choice = tuple[str, str, str, str]


def terms() -> Terms:
    """The shop's times, from the settings."""
    known = settings()
    return Terms(
        no_reason=timedelta(days=known.return_days),
        fault=timedelta(days=known.fault_days),
        protection=timedelta(days=known.protection_days),
        confirm=timedelta(days=known.confirm_days),
    )


@dataclass(frozen=True, slots=True)
class Part:
    """A line of the order that a case can be about: how many are left, and what may come instead; ``same`` is the
    one that the buyer has, empty when it cannot be sent. A ``digital`` one can only be paid back."""

    line_id: int
    line: LineView
    most: int
    variants: Sequence[tuple[str, str]]
    same: str
    digital: bool


@dataclass(frozen=True, slots=True)
class ApplyPage:
    """The form that asks for a refund, a return or an exchange. ``by_hand`` says that money would be sent by people, so
    that they need an account; ``ending`` is the end of the one they have. Of what is ``digital`` alone no picture is
    needed. ``refusal`` says why nothing may be asked at all; ``at_door`` that its payment there has not been noted yet.
    """

    number: str
    token: str
    order_url: str
    parts: Sequence[Part]
    kinds: Sequence[Choice]
    reasons: Sequence[tuple[str, str]]
    rules: Sequence[str]
    by_hand: bool
    ending: str
    digital: bool
    refusal: str
    at_door: bool
    values: Mapping[str, str]
    errors: Mapping[str, list[str]]


@dataclass(frozen=True, slots=True)
class Less:
    """What was asked for, the less that was agreed, and why."""

    asked: str
    agreed: str
    why: str


@dataclass(frozen=True, slots=True)
class CasePart:
    """A line of a case: ``quantity`` was asked about, ``agreed`` of it may come back."""

    id: int
    title: str
    variant: str
    quantity: int
    agreed: int
    amount: Money
    restocked: int


@dataclass(frozen=True, slots=True)
class CasePage:
    """A case as its buyer and as staff see it. ``possible`` are the verbs that are legal now for the reader;
    ``damaged`` goods are not sold again unless somebody says so; ``turn`` says who must act next, and ``due`` until
    when; ``refunded`` is the refund of a settled case, ``account`` asks its buyer for where to send one.
    """

    key: str
    number: str
    kind: str
    kind_words: str
    state: str
    state_words: str
    tone: str
    reason: str
    damaged: bool
    text: str
    answer: str
    turn: str
    due: datetime | None
    overdue: bool
    parts: Sequence[CasePart]
    less: Less | None
    refund: Money
    refunded: RefundView | None
    account: AccountPanel | None
    shipping: Money
    unnoted: bool
    return_to: Sequence[str]
    carrier: str
    tracking: str
    photos: Sequence[str]
    timeline: Sequence[Moment]
    possible: Sequence[str]
    exchange_url: str
    exchange_number: str
    order_number: str
    order_url: str
    base_url: str
    money_url: str = ""
    losses: Sequence[str] = ()
    values: Mapping[str, str] = field(default_factory=dict)
    errors: Mapping[str, list[str]] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)


def kind_words(kind: str) -> str:
    """What is asked for."""
    words: dict[str, str] = {
        "refund": _("Refund"),
        "return": _("Return and refund"),
        "exchange": _("Exchange"),
        "protection": _("Price protection"),
    }
    return words[kind]


def reason_words(reason: str) -> str:
    """Why, as the buyer chose it."""
    words: dict[str, str] = {
        "broken": _("It is broken or does not work"),
        "wrong": _("Something else was sent"),
        "missing": _("Something is missing or has not arrived"),
        "unlike": _("It is not as it was described"),
        "unwanted": _("I do not want it after all"),
        "price": _("The price fell"),
        "other": _("Something else"),
    }
    return words[reason]


def state_words(state: str, kind: str, refund_state: str = "") -> tuple[str, str]:
    """(label, tone of its badge); ``refund_state`` is that of its refund, empty without one."""
    if state == "approved" and kind in policy.MONEY:
        return _("Agreed, refund follows"), "info"
    if state == "done":
        if kind == "exchange" or not refund_state:
            return (_("Exchanged") if kind == "exchange" else _("Settled")), "good"
        return (_("Paid back"), "good") if refund_state == "done" else (_("Refund on its way"), "info")
    return {
        "asked": (_("Waiting for an answer"), "warn"),
        "approved": (_("Agreed, to be sent back"), "info"),
        "sent": (_("On its way back"), "info"),
        "received": (_("Came back"), "info"),
        "rejected": (_("Not agreed"), "bad"),
        "withdrawn": (_("Withdrawn"), "neutral"),
    }[state]


def extras_of(
    order: Order, values: Mapping[str, str] | None = None, errors: Mapping[str, list[str]] | None = None
) -> Extras:
    """What this room adds to the page of an order; ``values`` and ``errors`` are those of the account for a refund."""
    now = viewer().now
    falls = actions.protection_of(db.session, order, terms(), now)
    titles = {line.id: line.title for line in order.lines}
    return Extras(
        cases=[case_link(row, order_token(order.key)) for row in queries.list_of_order(db.session, order.id)],
        falls=[Fall(line_id, titles[line_id], Money(minor, order.currency)) for line_id, minor in falls.items()],
        can_ask=bool(queries.claimable(db.session, order)) and not _refusal(order, now),
        review_url=f"/account/reviews?order={order.key}" if order.state == "completed" and order.user_id else "",
        refunds=buyer_refunds(order.key),
        account=account_panel(order, values=values, errors=errors),
    )


def _refusal(order: Order, now: datetime) -> str:
    """Why nothing may be asked at all; a fault of ours has the longest time."""
    return policy.refusal_to_apply(order, "broken", terms=terms(), now=now)


def case_link(row: queries.Row, token: str) -> CaseLink:
    """A case in the list of its order."""
    words, tone = state_words(row.state, row.kind, row.refund_state)
    url = url_for("aftersale.case", token=token, key=row.key)
    return CaseLink(f"{kind_words(row.kind)}: {row.title}", words, tone, url, row.asked_at)


def apply_page(
    order: Order, values: Mapping[str, str] | None = None, errors: Mapping[str, list[str]] | None = None
) -> ApplyPage:
    """The form, with what can be asked for."""
    left = queries.claimable(db.session, order)
    views = dict(zip([line.id for line in order.lines], order_lines(order), strict=True))
    parts = []
    for line in order.lines:
        if line.id in left:
            choices = [] if line.digital else queries.exchange_choices(db.session, line, viewer().locale)
            same = next((one.key for one in choices if one.id == line.variant_id), "")
            variants = [(one.key, one.name or line.title) for one in choices]
            parts.append(Part(line.id, views[line.id], left[line.id], variants, same, line.digital))
    digital = all(part.digital for part in parts)
    kinds = [kind for kind in ASKABLE if any(kind in policy.kinds_for(digital=part.digital) for part in parts)]
    paid_key = queries.paid_as(db.session, order)
    account = payouts.find(db.session, paid_key)
    hints = {
        "refund": _("You get your money; there is nothing to send back.")
        if digital
        else _("For what is missing or broken; you keep what you have."),
        "return": _("You send it back and get your money."),
        "exchange": _("You send it back and get another one."),
    }
    return ApplyPage(
        number=order.key.upper(),
        token=order_token(order.key),
        order_url=order_url(order.key),
        parts=parts,
        kinds=[(kind, kind_words(kind), hints[kind], "") for kind in kinds],
        reasons=[
            (reason, reason_words(reason)) for reason in ("unwanted", "broken", "wrong", "missing", "unlike", "other")
        ],
        rules=_rules(order, digital=digital),
        by_hand=queries.by_hand(db.session, paid_key),
        ending=account.ending if account is not None else "",
        digital=digital,
        refusal=translated(_refusal(order, viewer().now)),
        at_door=policy.is_money_on_its_way(order),
        values=values or {"kind": "refund" if digital else "return"},
        errors=errors or {},
    )


def _rules(order: Order, *, digital: bool) -> list[str]:
    known = terms()
    received = order.completed_at
    rules = []
    if received is None:
        rules.append(_("Without a reason: %(days)s days from receipt.", days=known.no_reason.days))
        rules.append(_("When something is wrong: %(days)s days from receipt.", days=known.fault.days))
    else:
        rules.append(_("Without a reason: until %(day)s.", day=day(received + known.no_reason)))
        rules.append(_("When something is wrong: until %(day)s.", day=day(received + known.fault)))
    if not digital:
        rules.append(_("When the fault is ours and everything comes back, we pay the postage back as well."))
    if policy.is_money_on_its_way(order):
        rules.append(_("You paid at the door: you are refunded once the carrier’s money has been noted."))
    rules += losses(order)
    rules.append(_("Only you and our staff see your pictures."))
    return rules


def case_page(
    case: AfterSale,
    *,
    office: bool = False,
    possible: Sequence[str] = (),
    values: Mapping[str, str] | None = None,
    errors: Mapping[str, list[str]] | None = None,
    names: Mapping[str, str] | None = None,
) -> CasePage:
    """A case; ``office`` for staff, with the desk's addresses."""
    order = case.order
    refund = next(iter(payouts.refunds_by_key(db.session, [case.refund_key] if case.refund_key else [])), None)
    words, tone = state_words(case.state, case.kind, refund.state if refund is not None else "")
    token = order_token(order.key)
    base = f"/desk/after-sale/{case.key}" if office else url_for("aftersale.case", token=token, key=case.key)
    exchange = order_url(case.exchange_key) if case.exchange_key else ""
    turn = policy.whose_turn(case.state, case.kind)
    less = less_of(case, current_babel_locale())
    unnoted = case.state in policy.OPEN and case.kind != "exchange" and queries.is_unnoted(db.session, case)
    # Nobody can act before the money has come, so nobody is late.
    waits = unnoted and policy.is_to_settle(case.state, case.kind)
    return CasePage(
        key=case.key,
        number=case.key.upper(),
        kind=case.kind,
        kind_words=kind_words(case.kind),
        state=case.state,
        state_words=words,
        tone=tone,
        reason=reason_words(case.reason),
        damaged=case.reason == "broken",
        text=case.text,
        answer=case.answer if less is None or less.why != case.answer else "",
        turn=_waits(office=office) if waits else _turn(turn, case.state, office=office),
        due=None if waits else case.due_at,
        overdue=case.due_at is not None and case.due_at <= viewer().now and not waits,
        parts=[
            CasePart(
                id=part.id,
                title=part.order_line.title,
                variant=part.order_line.variant_name,
                quantity=part.quantity,
                agreed=policy.agreed_units(case, part),
                amount=Money(part.minor, order.currency),
                restocked=part.restocked,
            )
            for part in case.lines
        ],
        less=less,
        refund=Money(case.refund_minor, order.currency),
        refunded=_refunded(refund, office=office),
        account=None if office else account_panel(order, case=case.key, values=values, errors=errors),
        shipping=Money(case.shipping_minor, order.currency),
        unnoted=unnoted,
        return_to=[line for line in case.return_to.splitlines() if line.strip()],
        carrier=case.carrier,
        tracking=case.tracking,
        photos=[f"{base}/photos/{photo.key}" for photo in case.photos],
        timeline=[*(_moment(event, names or {}, less) for event in case.events), *_money_back(refund, unnoted=unnoted)],
        possible=[verb for verb in possible if not waits or verb != "settle"],
        exchange_url=(url_for("desk_orders.order", key=case.exchange_key) if office else exchange)
        if case.exchange_key
        else "",
        exchange_number=case.exchange_key.upper(),
        order_number=order.key.upper(),
        order_url=url_for("desk_orders.order", key=order.key) if office else order_url(order.key),
        base_url=base,
        money_url=url_for("desk_payments.order", key=queries.paid_as(db.session, order)) if office else "",
        losses=losses_of(case),
        values=values or {},
        errors=errors or {},
        names=names or {},
    )


def _refunded(facts: RefundFacts | None, *, office: bool) -> RefundView | None:
    if facts is None:
        return None
    account = payouts.find(db.session, facts.order_key)
    return office_refund(facts, account) if office else buyer_refund(facts, account)


def losses_of(case: AfterSale) -> list[str]:
    """What the buyer loses when the case is settled; nothing for one that is closed."""
    if case.state in policy.CLOSED:
        return []
    return losses(case.order, {line.order_line_id for line in case.lines})


def _turn(turn: policy.Next, state: str, *, office: bool) -> str:
    if turn == "nobody":
        return ""
    if turn == "buyer":
        return str(_("The buyer sends the goods.") if office else _("Please send the goods."))
    if state == "sent":
        return str(_("Wait for the parcel and check it.") if office else _("We wait for the parcel."))
    if state == "received":
        return str(_("It is our turn.") if office else _("Your goods are here. We settle it next."))
    return str(_("It is our turn.") if office else _("We answer next."))


def less_of(case: AfterSale, locale: str | Locale) -> Less | None:
    """What was asked and what was agreed, in the reader's language, when it is less; ``locale`` is for money."""
    if not policy.is_less(case):
        return None
    asked = {line.id: line.quantity for line in case.lines}
    agreed = {line.id: policy.agreed_units(case, line) for line in case.lines}
    # The answer of a case that was rejected afterwards is another one.
    why = next((event.note for event in reversed(case.events) if event.kind == "approved"), "")
    return Less(
        _in_words(case, asked, Money(case.asked_minor, case.order.currency).format(locale)),
        _in_words(case, agreed, Money(case.refund_minor, case.order.currency).format(locale)),
        why,
    )


def _in_words(case: AfterSale, units: Mapping[int, int], amount: str) -> str:
    goods = ", ".join(
        f"{units[line.id]} × {line.order_line.title}"
        + (f" ({line.order_line.variant_name})" if line.order_line.variant_name else "")
        for line in case.lines
        if units[line.id]
    )
    if case.kind == "exchange":
        return goods
    return str(_("%(goods)s for %(amount)s", goods=goods, amount=amount))


def _waits(*, office: bool) -> str:
    if office:
        return str(_("The refund waits until the carrier’s money has been noted."))
    return str(_("You are refunded once the carrier’s money has been noted."))


def _moment(event: AfterSaleEvent, names: Mapping[str, str], less: Less | None) -> Moment:
    titles = {
        "asked": _("Asked"),
        "approved": _("Agreed"),
        "rejected": _("Not agreed"),
        "sent": _("Sent back"),
        "received": _("Came back"),
        "done": _("Case settled"),
        "withdrawn": _("Withdrawn"),
        "expired": _("Closed, since nothing was sent back in time"),
        "refund_instead": _("Refund instead of exchange"),
    }
    who = names.get(event.actor, "")
    told = [event.note, who]
    if event.kind == "approved" and less is not None:
        told = [_("Asked: %(what)s", what=less.asked), _("Agreed: %(what)s", what=less.agreed), *told]
    detail = " · ".join(part for part in told if part)
    bad = event.kind in {"rejected", "expired", "withdrawn"}
    return Moment(titles.get(event.kind, event.kind), detail, event.happened_at, "bad" if bad else "done")


def _money_back(facts: RefundFacts | None, *, unnoted: bool) -> list[Moment]:
    """The last step of what is paid back: the money itself, which may need days after the case is settled, and waits
    for the carrier's."""
    if unnoted:
        return [Moment(_("Money sent back"), _("Once the carrier’s money has been noted."), None, "todo")]
    if facts is None:
        return []
    if facts.state == "done":
        return [Moment(_("Money sent back"), "", facts.done_at, "done")]
    return [Moment(_("Money sent back"), "", None, "todo")]


def needs_photo(reason: str) -> bool:
    """Whether a picture has to come with this reason."""
    return reason in OUR_FAULT - {"missing"}
