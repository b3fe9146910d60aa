"""The desk of orders: queues with counts, one page for each order, and what each role may do to it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from flask import flash, redirect, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from contentshop.accounts import policy as duties
from contentshop.accounts import queries as people
from contentshop.aftersale import queries as cases
from contentshop.core.db import db
from contentshop.core.errors import Conflict, Invalid
from contentshop.core.ids import new_key
from contentshop.core.money import Money
from contentshop.core.paging import page_number
from contentshop.orders import actions, policy
from contentshop.orders import queries as orders
from contentshop.orders.actions import Parcel
from contentshop.orders.actions.refunding import give_back
from contentshop.orders.actions.states import order_to_change
from contentshop.orders.inputs import Reason, Tracking
from contentshop.orders.policy import Verb
from contentshop.orders.queries import QUEUES, Queue
from contentshop.products.stock import OutOfStock
from contentshop.web.aftersale_pages import kind_words, state_words
from contentshop.web.audited import told
from contentshop.web.carriers import CARRIERS
from contentshop.web.checkout_words import left_words
from contentshop.web.chrome import current_babel_locale
from contentshop.web.door import Door, show
from contentshop.web.order_links import order_url
from contentshop.web.order_pages import (
    CaseLink,
    Moment,
    ParcelView,
    address_lines,
    order_lines,
    parcel_view,
    timeline,
)
from contentshop.web.refund_pages import RefundView, office_refunds
from contentshop.web.session import settings, viewer
from contentshop.web.shop_pages import LineView, TotalsView, method_words
from contentshop.web.shop_sums import order_totals
from contentshop.web.words import refusal_text, translated_errors

if TYPE_CHECKING:
    from contentshop.orders.models import Order

bp = Door("desk_orders", __name__)

NO_ERRORS: Mapping[str, list[str]] = {}
# The queues in which somebody has to do something, most pressing first.
WAITING: tuple[Queue, ...] = ("to_ship", "to_pay", "to_collect")
FIELDS = ("tracking", "carrier", "reason", "amount", "why")


@dataclass(frozen=True, slots=True)
class Row:
    """One order in a queue."""

    number: str
    url: str
    buyer: str
    email: str
    items: str
    state: str
    state_tone: str
    method: str
    total: Money
    placed_at: datetime
    pay_by: datetime | None


@dataclass(frozen=True, slots=True)
class QueuePage:
    """A queue. ``tabs``: (label, url, whether it is this one, how many wait)."""

    tabs: Sequence[tuple[str, str, bool, int | None]]
    queue: str
    words: str
    rows: Sequence[Row]
    total: int
    can_pack: bool
    position: str
    previous_url: str
    next_url: str


@dataclass(frozen=True, slots=True)
class Left:
    """A line of which something has still to be sent."""

    line_id: int
    title: str
    variant: str
    units: int


@dataclass(frozen=True, slots=True)
class DeskOrderPage:
    """An order as staff see it. ``possible`` are the verbs that are legal now and this person's work; ``sent`` says
    whether anything in it needs a parcel."""

    key: str
    number: str
    state: str
    state_tone: str
    placed_at: datetime
    pay_by: datetime | None
    paid_at: datetime | None
    method: str
    email: str
    customer_url: str
    phone: str
    address: Sequence[str]
    sent: bool
    note: str
    lines: Sequence[LineView]
    totals: TotalsView
    timeline: Sequence[Moment]
    parcels: Sequence[ParcelView]
    left: Sequence[Left]
    carriers: Sequence[str]
    cases: Sequence[CaseLink]
    refunds: Sequence[RefundView]
    refundable: Money
    may_refund: bool
    refund_key: str
    due: Money
    possible: Sequence[str]
    cash: bool
    revives: bool
    can_track: bool
    buyer_url: str
    invoice_url: str
    log_url: str
    replaces_url: str
    replaces: str
    back_url: str
    errors: Mapping[str, list[str]]
    typed: Mapping[str, str]


@bp.get("/desk/orders")
def queue() -> Response:
    """One queue, or what a search finds in all of them."""
    words = request.args.get("q", "")[:100].strip()
    wanted = request.args.get("queue", "")
    counts = orders.queue_counts(db.session)
    chosen: Queue | None = next((name for name in QUEUES if name == wanted), None)
    if chosen is None and not words and wanted != "all":
        chosen = next((name for name in WAITING if counts[name]), WAITING[0])
    page = orders.page_queue(db.session, chosen, words=words, number=page_number(request.args.get("page")))
    here = {"queue": chosen or "all"} | ({"q": words} if words else {})
    return show(
        "desk/orders.html",
        QueuePage(
            tabs=[
                (label, f"/desk/orders?queue={name}", name == chosen, counts[name])
                for name, label in _queue_names().items()
            ]
            + [(_("All"), "/desk/orders?queue=all", chosen is None, sum(counts.values()))],
            queue=chosen or "all",
            words=words,
            rows=[_row(row) for row in page.items],
            total=page.total,
            can_pack=duties.may(viewer().user, duties.Duty.PACK),
            position=_("Page %(number)s of %(pages)s", number=page.number, pages=page.pages),
            previous_url=_page_url(here, page.number - 1) if page.has_previous else "",
            next_url=_page_url(here, page.number + 1) if page.has_next else "",
        ),
    )


def _queue_names() -> dict[Queue, str]:
    return {
        "to_pay": _("To pay"),
        "to_ship": _("To ship"),
        "to_collect": _("Cash to come"),
        "shipped": _("On the way"),
        "ready": _("Without parcel"),
        "completed": _("Done"),
        "cancelled": _("Cancelled"),
    }


def _page_url(here: Mapping[str, str], number: int) -> str:
    return "/desk/orders?" + urlencode({**here, "page": number})


def _row(row: orders.OrderRow) -> Row:
    state, tone = office_state(row.state, row.payment_method, paid=row.paid, sent=row.sent)
    more = row.line_count - 1
    return Row(
        number=row.key.upper(),
        url=url_for("desk_orders.order", key=row.key),
        buyer=row.name,
        email=row.email,
        items=f"{row.first_title} +{more}" if more else row.first_title,
        state=state,
        state_tone=tone,
        method=method_words(row.payment_method)[0],
        total=row.total,
        placed_at=row.placed_at,
        pay_by=row.pay_by,
    )


def office_state(state: str, method: str, *, paid: bool, sent: bool = True) -> tuple[str, str]:
    """(label, tone of its badge) of an order's state, as staff read it; ``sent``: whether it needs a parcel."""
    match state:
        case "paid" if not sent:
            return _("Paid, nothing to ship"), "info"
        case "part_shipped" | "shipped" | "completed" if not sent:
            return _("Ready for the buyer"), "good"
        case "placed":
            return (_("To ship, pays on delivery"), "info") if method == "on_delivery" else (_("Not paid yet"), "warn")
        case "paid":
            return _("Paid, to ship"), "info"
        case "part_shipped":
            return _("A part is shipped"), "warn"
        case "shipped":
            return (_("Shipped"), "good") if paid else (_("Shipped, cash to come"), "warn")
        case "completed":
            return _("Received"), "good"
    return _("Cancelled"), "neutral"


@bp.get("/desk/orders/<key>")
def order(key: str) -> Response:
    """One order with everything that this person can do to it."""
    return show("desk/order.html", _page(orders.get_by_key(db.session, key)))


def _page(
    found: Order, errors: Mapping[str, list[str]] = NO_ERRORS, typed: Mapping[str, str] | None = None
) -> DeskOrderPage:
    sent = policy.needs_parcel(found)
    state, tone = office_state(found.state, found.payment_method, paid=found.paid_at is not None, sent=sent)
    left = [line for line in found.lines if line.to_ship and not line.digital]
    who = viewer().user
    paid = found.paid_minor + found.credit_minor - found.refunded_minor
    return DeskOrderPage(
        key=found.key,
        number=found.key.upper(),
        state=state,
        state_tone=tone,
        placed_at=found.placed_at,
        pay_by=found.pay_by,
        paid_at=found.paid_at,
        method=method_words(found.payment_method)[0],
        email=found.email,
        customer_url=url_for("desk_customers.customer", email=found.email)
        if duties.may(who, duties.Duty.SERVE, duties.Duty.MONEY)
        else "",
        phone=found.phone,
        address=address_lines(found, current_babel_locale()) if sent else [found.name],
        sent=sent,
        note=found.note,
        lines=order_lines(found),
        totals=order_totals(found),
        timeline=_timeline(found),
        parcels=[parcel_view(found, shipment) for shipment in policy.parcels(found)],
        left=[Left(line.id, line.title, line.variant_name, line.to_ship) for line in left],
        carriers=CARRIERS,
        cases=[_case_link(row) for row in cases.list_of_order(db.session, found.id)],
        refunds=office_refunds(found.key),
        refundable=Money(paid if found.paid_at is not None else 0, found.currency),
        may_refund=duties.may(who, duties.Duty.MONEY) and found.paid_at is not None and paid > 0,
        refund_key=new_key(16),
        due=Money(max(found.total_minor - found.credit_minor - found.paid_minor, 0), found.currency),
        possible=[
            verb.value
            for verb in policy.possible(found)
            if duties.may(who, policy.DUTY[verb]) and (left or verb is not Verb.SHIP)
        ],
        cash=found.payment_method == "on_delivery",
        revives=found.state == "cancelled",
        can_track=duties.may(who, duties.Duty.PACK),
        buyer_url=order_url(found.key),
        invoice_url=f"{order_url(found.key)}/invoice",
        log_url="/desk/log?" + urlencode({"about": f"order:{found.key}"}) if viewer().can_operate else "",
        replaces_url=url_for("desk_orders.order", key=found.exchange_of) if found.exchange_of else "",
        replaces=found.exchange_of.upper(),
        back_url=f"/desk/orders?queue={_queue_of(found)}",
        errors=errors,
        typed=dict.fromkeys(FIELDS, "") | dict(typed or {}),
    )


def _case_link(row: cases.Row) -> CaseLink:
    words, tone = state_words(row.state, row.kind, row.refund_state)
    url = url_for("desk_aftersale.case", key=row.key)
    return CaseLink(f"{kind_words(row.kind)}: {row.title}", words, tone, url, row.asked_at)


def _queue_of(found: Order) -> Queue:
    match found.state:
        case "paid" | "part_shipped" | "shipped" if not policy.needs_parcel(found):
            return "ready"
        case "cancelled":
            return "cancelled"
        case "completed":
            return "completed"
        case "shipped":
            return "shipped" if found.paid_at is not None else "to_collect"
    waits_for_money = found.state == "placed" and found.payment_method != "on_delivery"
    return "to_pay" if waits_for_money else "to_ship"


def _timeline(found: Order) -> list[Moment]:
    """The buyer's timeline with who did it."""
    entries = timeline(found, office=True)
    names = people.names_by_key(db.session, {event.actor for event in found.events})
    told_by = {"buyer": _("by the buyer"), "system": _("by the site")}
    shown = []
    for entry, event in zip(entries, found.events, strict=False):
        who = names.get(event.actor) or told_by.get(event.actor, "")
        detail = " · ".join(part for part in (entry.detail, who) if part)
        shown.append(Moment(entry.title, detail, entry.at, entry.state))
    return shown + entries[len(shown) :]


@bp.post("/desk/orders/<key>/paid")
def mark_paid(key: str) -> Response:
    """The money has arrived."""
    who = viewer()
    return _done(
        key,
        lambda: actions.mark_paid(db.session, key, by=who.person(), now=who.now),
        _("Order %(number)s is marked as paid.", number=key.upper()),
    )


def confirm_within() -> timedelta:
    """How long after its last parcel an order confirms itself."""
    return timedelta(days=settings().confirm_days)


@bp.post("/desk/orders/<key>/shipped")
def mark_shipped(key: str) -> Response:
    """A parcel has left: all that is left of the order, or as many of each line as the form says."""
    who = viewer()

    def work() -> object:
        tracking = Tracking.parse(request.form.get("tracking", ""), request.form.get("carrier", ""))
        return actions.ship(
            db.session,
            key,
            parcel=Parcel(tracking.carrier, tracking.number),
            quantities=_quantities() if request.form.get("part") else None,
            confirm_within=confirm_within(),
            by=who.person(),
            now=who.now,
        )

    return _done(key, work, _("Order %(number)s is marked as shipped.", number=key.upper()))


def _quantities() -> dict[int, int]:
    """Fields ``units-<line>``. Raises Invalid for what is no whole number."""
    found: dict[int, int] = {}
    for name, value in request.form.items():
        line = name.removeprefix("units-")
        if line == name or not (line.isascii() and line.isdecimal() and len(line) <= 18):
            continue
        number = value.strip() or "0"
        if not (number.isascii() and number.isdecimal() and len(number) <= 6):
            raise Invalid({"quantity": [_("Write how many as a whole number.")]})
        found[int(line)] = int(number)
    return found


@bp.post("/desk/orders/<key>/parcels/<int:number>")
def add_tracking(key: str, number: int) -> Response:
    """Write down or correct what the carrier calls a parcel."""
    who = viewer()

    def work() -> object:
        tracking = Tracking.parse(request.form.get("tracking", ""), request.form.get("carrier", ""))
        parcel = Parcel(tracking.carrier, tracking.number)
        return actions.add_tracking(db.session, key, number, parcel=parcel, by=who.person(), now=who.now)

    return _done(key, work, _("The tracking number is saved."))


@bp.post("/desk/orders/<key>/drop")
def drop_rest(key: str) -> Response:
    """What is left will not be sent; its money goes back."""
    who = viewer()

    def work() -> object:
        return actions.drop_rest(
            db.session,
            key,
            reason=Reason.parse(request.form.get("reason", "")).text,
            confirm_within=confirm_within(),
            by=who.person(),
            now=who.now,
        )

    return _done(key, work, _("The rest of order %(number)s will not be sent.", number=key.upper()))


@bp.post("/desk/orders/<key>/received")
def confirm(key: str) -> Response:
    """The buyer has told us that everything arrived."""
    who = viewer()
    return _done(
        key,
        lambda: actions.confirm(db.session, key, by=who.person(), now=who.now),
        _("Order %(number)s is marked as received.", number=key.upper()),
    )


@bp.post("/desk/orders/<key>/cancel")
def cancel(key: str) -> Response:
    """The order will not be delivered."""
    who = viewer()
    return _done(
        key,
        lambda: actions.cancel(
            db.session,
            key,
            reason=Reason.parse(request.form.get("reason", "")).text,
            by=who.person(),
            now=who.now,
        ),
        _("Order %(number)s is cancelled. Its stock is free again.", number=key.upper()),
    )


@bp.post("/desk/orders/<key>/refund")
def refund(key: str) -> Response:
    """Pay back a part of the order, as goodwill: everybody who got a share of it gives it back."""
    who = viewer()

    def work() -> object:
        found = order_to_change(db.session, key, who.person(), Verb.PAY)
        try:
            reason = Reason.parse(request.form.get("why", "")).text
        except Invalid as refusal:
            raise Invalid({"why": refusal.fields["reason"]}) from refusal
        try:
            amount = Money.parse(request.form.get("amount", "")[:40], found.currency)
        except Invalid as refusal:
            raise Invalid({"amount": next(iter(refusal.fields.values()))}) from refusal
        if not amount.minor:
            raise Invalid({"amount": [_("Write how much goes back.")]})
        press = request.form.get("attempt", "")[:20]
        return give_back(
            db.session,
            found,
            minor=amount.minor,
            reason=reason,
            key=f"desk:{key}:{press}",
            by=who.person(),
            now=who.now,
        )

    return _done(key, work, _("The refund is under way."))


def _snapshot(found: Order) -> dict[str, Any]:
    """What of an order the audit log compares."""
    return {
        "state": found.state,
        "currency": found.currency,
        "paid": found.paid_minor,
        "refunded": found.refunded_minor,
        "parcels": len(found.shipments),
        "tracking": found.tracking,
    }


def _done(key: str, action: Callable[[], object], message: str) -> Response:
    """Do it and go on to the order; show the order with the reason when it is refused."""
    before = _snapshot(orders.get_by_key(db.session, key))
    try:
        action()
    except Invalid as refusal:
        return _refused(key, translated_errors(refusal.fields), 422)
    except OutOfStock as refusal:
        sentence = _("The goods cannot be promised again: %(why)s", why=left_words(min(refusal.available.values())))
        return _refused(key, {"": [sentence, _("Please send the money back.")]}, 409)
    except Conflict as refusal:
        return _refused(key, {"": [refusal_text(refusal)]}, 409)
    db.session.flush()
    after = _snapshot(orders.get_by_key(db.session, key)) | {
        name: request.form[name][:300] for name in ("reason", "why") if request.form.get(name)
    }
    told(f"order:{key}", before, after)
    flash(message, "success")
    return redirect(url_for("desk_orders.order", key=key), 303)


def _refused(key: str, errors: Mapping[str, list[str]], status: int) -> Response:
    db.session.rollback()
    typed = {name: request.form.get(name, "")[:400] for name in FIELDS}
    return show("desk/order.html", _page(orders.get_by_key(db.session, key), errors, typed), status)
