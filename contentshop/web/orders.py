"""Buyers and their orders: the page of an order, what they may do to it, its invoice, and the list of all of them.

An order's address holds a signed token, so that guests need no account; whoever is signed in sees their own list.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from flask import flash, redirect, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from werkzeug.wrappers import Response

from contentshop.core.db import db
from contentshop.core.errors import Conflict, Invalid, NotFound
from contentshop.core.money import Money
from contentshop.core.paging import page_number
from contentshop.core.words import say
from contentshop.orders import actions
from contentshop.orders import queries as orders
from contentshop.orders.actions import Reordered
from contentshop.orders.inputs import Reason
from contentshop.orders.queries import Shelf
from contentshop.web.aftersale_pages import extras_of
from contentshop.web.door import Door, show
from contentshop.web.order_links import order_of, order_url
from contentshop.web.order_pages import invoice_page, order_page
from contentshop.web.session import CART_COOKIE, set_cookie, viewer
from contentshop.web.words import refusal_text, translated_errors

if TYPE_CHECKING:
    from contentshop.orders.models import Order

bp = Door("orders", __name__)

# How long the link in a mail opens the order: as long as a buyer may have to ask about it.
LINK_LIFE = timedelta(days=400)
PAGE_SIZE = 20
BUYER = "buyer"


def open_order(token: str) -> Order:
    """The order of a signed link. Raises NotFound for links that we did not make and, but for its owner, old ones."""
    key = order_of(token)
    if key is None:
        raise NotFound(say("There is no such order. Please use the link in your mail."))
    found = orders.get_by_key(db.session, key)
    who = viewer()
    owner = who.user is not None and found.user_id == who.user.id
    if not owner and found.placed_at + LINK_LIFE <= who.now:
        raise NotFound(say("This link has expired. Please write to us if you have a question about the order."))
    return found


def private(response: Response) -> Response:
    """The address itself is the key to this page: nobody keeps it, finds it, or is told it."""
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Robots-Tag"] = "noindex"
    response.headers["Referrer-Policy"] = "same-origin"
    return response


def order_view(token: str) -> Response:
    """An order, for whoever holds its signed link."""
    found = open_order(token)
    return private(show("shop/order.html", order_page(found, extras=extras_of(found))))


def actor() -> str:
    """Who the timeline names: the person who is signed in, else the buyer without a name."""
    who = viewer()
    return who.user.key if who.user is not None else BUYER


@bp.get("/orders/<token>/invoice")
def invoice(token: str) -> Response:
    """The invoice, as it prints on A4."""
    return private(show("shop/order_invoice.html", invoice_page(open_order(token))))


@bp.post("/orders/<token>/cancel")
def cancel(token: str) -> Response:
    """The buyer does not want it any more; possible until the first parcel leaves."""
    found = open_order(token)

    def work() -> None:
        reason = Reason.parse(request.form.get("reason", "") or str(_("Cancelled by the buyer"))).text
        actions.cancel(db.session, found.key, reason=reason, by=None, actor=actor(), now=viewer().now)

    return _done(token, found.key, work, _("Your order is cancelled."))


@bp.post("/orders/<token>/received")
def confirm(token: str) -> Response:
    """The buyer says that everything has arrived."""
    found = open_order(token)
    return _done(
        token,
        found.key,
        lambda: actions.confirm(db.session, found.key, by=None, actor=actor(), now=viewer().now),
        _("Thank you. We hope you like it."),
    )


def _done(token: str, key: str, work: Callable[[], object], message: str) -> Response:
    """Do it and go back to the order; show the order with the reason when it is refused."""
    try:
        work()
    except (Invalid, Conflict) as refusal:
        db.session.rollback()
        again = orders.get_by_key(db.session, key)
        errors = translated_errors(refusal.fields) if isinstance(refusal, Invalid) else {"": [refusal_text(refusal)]}
        page = order_page(again, extras=extras_of(again), errors=errors)
        return private(show("shop/order.html", page, 422 if isinstance(refusal, Invalid) else 409))
    flash(message, "success")
    return private(redirect(url_for("shop.order", token=token), 303))


@bp.post("/orders/<token>/again")
def reorder(token: str) -> Response:
    """Put what is still sold of an order into the cart once more."""
    who, found = viewer(), open_order(token)
    cart_key = request.cookies.get(CART_COOKIE, "")[:64]
    put: Reordered = actions.reorder(db.session, found, cart_key, region=who.region, now=who.now)
    if put.missing:
        flash(_("Not available any more: %(titles)s", titles=", ".join(put.missing)), "error")
    if not put.count:
        return private(redirect(url_for("shop.order", token=token), 303))
    flash(ngettext("%(num)s article is in your cart.", "%(num)s articles are in your cart.", put.count), "success")
    response = redirect(url_for("shop.cart"), 303)
    if put.cart_key != cart_key:
        set_cookie(response, CART_COOKIE, put.cart_key)
    return response


# --- the list ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class OrderRow:
    """One order in a person's list; ``token`` opens it."""

    token: str
    url: str
    number: str
    placed_at: datetime
    state: str
    tone: str
    total: Money
    summary: str
    can_reorder: bool


@dataclass(frozen=True, slots=True)
class OrdersPage:
    """A person's orders. ``tabs``: (label, url, whether it is this one, how many)."""

    tabs: Sequence[tuple[str, str, bool, int | None]]
    rows: Sequence[OrderRow]
    words: str
    shelf: str
    position: str
    previous_url: str
    next_url: str


@bp.get("/account/orders")
def index() -> Response:
    """A person's orders: all, or those that wait for something."""
    who = viewer()
    person = who.person()
    words = request.args.get("q", "")[:100].strip()
    names = shelf_names()
    shelf: Shelf = next((name for name in names if name == request.args.get("show")), "all")
    counts = orders.count_mine(db.session, person.id)
    page = orders.page_mine(db.session, person.id, shelf, words=words, number=page_number(request.args.get("page")))

    def url(number: int) -> str:
        return url_for("orders.index", show=shelf, q=words or None, page=number)

    return show(
        "shop/orders.html",
        OrdersPage(
            tabs=[
                (label, url_for("orders.index", show=name), name == shelf, counts[name])
                for name, label in names.items()
            ],
            rows=[row_view(row) for row in page.items],
            words=words,
            shelf=shelf,
            position=_("Page %(number)s of %(pages)s", number=page.number, pages=page.pages),
            previous_url=url(page.number - 1) if page.has_previous else "",
            next_url=url(page.number + 1) if page.has_next else "",
        ),
    )


def shelf_names() -> dict[Shelf, str]:
    """The parts of a person's list."""
    return {
        "all": _("All"),
        "to_pay": _("To pay"),
        "to_come": _("On the way"),
        "received": _("Received"),
        "cancelled": _("Cancelled"),
    }


def row_view(row: orders.OrderRow) -> OrderRow:
    """An order in a list of its buyer."""
    state, tone = buyer_state(row.state, row.payment_method, sent=row.sent, given_back=row.given_back)
    url = order_url(row.key)
    more = row.line_count - 1
    return OrderRow(
        token=url.rpartition("/")[2],
        url=url,
        number=row.key.upper(),
        placed_at=row.placed_at,
        state=state,
        tone=tone,
        total=row.total,
        summary=f"{row.first_title} +{more}" if more else row.first_title,
        can_reorder=row.total_minor > 0,
    )


def buyer_state(state: str, method: str, *, sent: bool = True, given_back: bool = False) -> tuple[str, str]:
    """(label, tone of its badge) of an order's state, as buyers read it; ``sent``: whether it needs a parcel."""
    if given_back:
        return _("Given back"), "neutral"
    if state == "placed" and method != "on_delivery":
        return _("Not paid yet"), "warn"
    if not sent and state in {"paid", "part_shipped", "shipped", "completed"}:
        return _("Ready to use"), "good"
    return {
        "placed": (_("Being packed"), "info"),
        "paid": (_("Being packed"), "info"),
        "part_shipped": (_("A part is on its way"), "info"),
        "shipped": (_("On its way"), "info"),
        "completed": (_("Received"), "good"),
        "cancelled": (_("Cancelled"), "neutral"),
    }[state]
