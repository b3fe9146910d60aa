"""The desk of orders: queues with counts, one page for each order, and what an operator does to it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from flask import flash, redirect, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from contentshop.accounts import queries as people
from contentshop.core.db import db
from contentshop.core.errors import Conflict, Invalid
from contentshop.core.money import Money
from contentshop.core.paging import page_number
from contentshop.orders import actions, policy
from contentshop.orders import queries as orders
from contentshop.orders.inputs import Reason, Tracking
from contentshop.orders.queries import QUEUES, Queue
from contentshop.products.stock import OutOfStock
from contentshop.web.chrome import current_babel_locale
from contentshop.web.door import Door, show
from contentshop.web.order_links import order_url
from contentshop.web.session import viewer
from contentshop.web.shop_pages import (
    NO_ERRORS,
    LineView,
    Moment,
    TotalsView,
    address_lines,
    left_words,
    method_words,
    order_lines,
    order_totals,
    timeline,
)
from contentshop.web.words import refusal_text, translated_errors

if TYPE_CHECKING:
    from contentshop.orders.models import Order

bp = Door("desk_orders", __name__)

# The queues in which somebody has to do something, most pressing first.
WAITING: tuple[Queue, ...] = ("to_ship", "to_pay", "to_collect")


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
    position: str
    previous_url: str
    next_url: str


@dataclass(frozen=True, slots=True)
class DeskOrderPage:
    """An order as an operator sees it. ``possible`` are the verbs that are legal now."""

    key: str
    number: str
    state: str
    state_tone: str
    placed_at: datetime
    pay_by: datetime | None
    paid_at: datetime | None
    method: str
    tracking: str
    email: str
    phone: str
    address: Sequence[str]
    note: str
    lines: Sequence[LineView]
    totals: TotalsView
    timeline: Sequence[Moment]
    possible: Sequence[str]
    cash: bool
    revives: bool
    buyer_url: str
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
        "shipped": _("Done"),
        "cancelled": _("Cancelled"),
    }


def _page_url(here: Mapping[str, str], number: int) -> str:
    return "/desk/orders?" + urlencode({**here, "page": number})


def _row(row: orders.OrderRow) -> Row:
    state, tone = _state(row.state, row.payment_method, paid=row.paid)
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


def _state(state: str, method: str, *, paid: bool) -> tuple[str, str]:
    """(label, tone of its badge)."""
    match state:
        case "placed":
            return (_("To ship, pays on delivery"), "info") if method == "on_delivery" else (_("Not paid yet"), "warn")
        case "paid":
            return _("Paid, to ship"), "info"
        case "shipped":
            return (_("Shipped"), "good") if paid else (_("Shipped, cash to come"), "warn")
    return _("Cancelled"), "neutral"


@bp.get("/desk/orders/<key>")
def order(key: str) -> Response:
    """One order with everything that can be done to it."""
    return show("desk/order.html", _page(orders.get_by_key(db.session, key)))


def _page(
    found: Order, errors: Mapping[str, list[str]] = NO_ERRORS, typed: Mapping[str, str] | None = None
) -> DeskOrderPage:
    state, tone = _state(found.state, found.payment_method, paid=found.paid_at is not None)
    queue_name = _queue_of(found)
    return DeskOrderPage(
        key=found.key,
        number=found.key.upper(),
        state=state,
        state_tone=tone,
        placed_at=found.placed_at,
        pay_by=found.pay_by,
        paid_at=found.paid_at,
        method=method_words(found.payment_method)[0],
        tracking=found.tracking,
        email=found.email,
        phone=found.phone,
        address=address_lines(found, current_babel_locale()),
        note=found.note,
        lines=order_lines(found),
        totals=order_totals(found),
        timeline=_timeline(found),
        possible=[verb.value for verb in policy.possible(found)],
        cash=found.payment_method == "on_delivery",
        revives=found.state == "cancelled",
        buyer_url=order_url(found.key),
        back_url=f"/desk/orders?queue={queue_name}",
        errors=errors,
        typed=typed or {"tracking": "", "reason": ""},
    )


def _queue_of(found: Order) -> Queue:
    if found.state == "cancelled":
        return "cancelled"
    if found.state == "shipped":
        return "shipped" if found.paid_at is not None else "to_collect"
    waits_for_money = found.state == "placed" and found.payment_method == "bank_transfer"
    return "to_pay" if waits_for_money else "to_ship"


def _timeline(found: Order) -> list[Moment]:
    """The buyer's timeline with who did it."""
    entries = timeline(found)
    names = people.names_by_key(db.session, {event.actor for event in found.events})
    told = []
    for entry, event in zip(entries, found.events, strict=False):
        who = names.get(event.actor) or {"buyer": _("by the buyer"), "system": _("by the site")}.get(event.actor, "")
        detail = " · ".join(part for part in (entry.detail, who) if part)
        told.append(Moment(entry.title, detail, entry.at, entry.state))
    return told + entries[len(told) :]


@bp.post("/desk/orders/<key>/paid")
def mark_paid(key: str) -> Response:
    """The money has arrived."""
    who = viewer()
    return _done(
        key,
        lambda: actions.mark_paid(db.session, key, by=who.person(), now=who.now),
        _("Order %(number)s is marked as paid.", number=key.upper()),
    )


@bp.post("/desk/orders/<key>/shipped")
def mark_shipped(key: str) -> Response:
    """The parcel has left."""
    who = viewer()
    return _done(
        key,
        lambda: actions.mark_shipped(
            db.session,
            key,
            tracking=Tracking.parse(request.form.get("tracking", "")).number,
            by=who.person(),
            now=who.now,
        ),
        _("Order %(number)s is marked as shipped.", number=key.upper()),
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


def _done(key: str, action: Callable[[], Order], message: str) -> Response:
    """Do it and go on to the order; show the order with the reason when it is refused."""
    try:
        action()
    except Invalid as refusal:
        return _refused(key, translated_errors(refusal.fields), 422)
    except OutOfStock as refusal:
        sentence = _("The goods cannot be promised again: %(why)s", why=left_words(min(refusal.available.values())))
        return _refused(key, {"": [sentence, _("Please send the money back.")]}, 409)
    except Conflict as refusal:
        return _refused(key, {"": [refusal_text(refusal)]}, 409)
    flash(message, "success")
    return redirect(url_for("desk_orders.order", key=key), 303)


def _refused(key: str, errors: Mapping[str, list[str]], status: int) -> Response:
    db.session.rollback()
    typed = {name: request.form.get(name, "")[:400] for name in ("tracking", "reason")}
    return show("desk/order.html", _page(orders.get_by_key(db.session, key), errors, typed), status)
