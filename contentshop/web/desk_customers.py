"""Buyers as staff see them: their orders, their after-sale cases, and what colleagues wrote about them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from flask import flash, redirect, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from contentshop.accounts import queries as people
from contentshop.accounts.inputs import clean_text, normal_email
from contentshop.aftersale import queries as cases
from contentshop.core.db import db
from contentshop.core.errors import NotFound
from contentshop.core.money import Money
from contentshop.core.words import say
from contentshop.orders import actions
from contentshop.orders import queries as orders
from contentshop.orders.queries import CustomerRow
from contentshop.web.aftersale_pages import kind_words, state_words
from contentshop.web.audited import told
from contentshop.web.desk_orders import office_state
from contentshop.web.door import Door, show
from contentshop.web.order_pages import CaseLink
from contentshop.web.session import viewer

bp = Door("desk_customers", __name__)

NOTE_LENGTH = 1000


@dataclass(frozen=True, slots=True)
class CustomersPage:
    """Buyers whom a search finds; the newest without one."""

    words: str
    rows: Sequence[tuple[CustomerRow, str]]


@dataclass(frozen=True, slots=True)
class OrderLink:
    """An order of a buyer."""

    number: str
    url: str
    summary: str
    state: str
    tone: str
    total: Money
    at: datetime


@dataclass(frozen=True, slots=True)
class NoteView:
    """A note by a colleague."""

    text: str
    who: str
    at: datetime


@dataclass(frozen=True, slots=True)
class CustomerPage:
    """One buyer. ``handle`` is empty for one without an account."""

    email: str
    name: str
    handle: str
    person_url: str
    orders: Sequence[OrderLink]
    cases: Sequence[CaseLink]
    notes: Sequence[NoteView]
    spent: Sequence[Money]
    errors: dict[str, list[str]]


@bp.get("/desk/customers")
def customers() -> Response:
    """Find a buyer by address or name."""
    words = request.args.get("q", "")[:100].strip()
    rows = orders.find_customers(db.session, words)
    return show(
        "desk/order_customers.html",
        CustomersPage(words, [(row, url_for("desk_customers.customer", email=row.email)) for row in rows]),
    )


@bp.get("/desk/customers/<email>")
def customer(email: str) -> Response:
    """One buyer with everything that concerns them."""
    return show("desk/order_customer.html", _page(email))


def _page(email: str, errors: dict[str, list[str]] | None = None) -> CustomerPage:
    email = normal_email(email)
    found = orders.list_of_customer(db.session, email)
    if not found:
        raise NotFound(say("There is no such buyer."))
    notes = orders.list_notes(db.session, email)
    names = people.names_by_key(db.session, {note.actor for note in notes})
    account = people.find_by_email(db.session, email)
    spent: dict[str, int] = {}
    for _row_id, row in found:
        if row.paid:
            spent[row.currency] = spent.get(row.currency, 0) + row.total_minor
    return CustomerPage(
        email=email,
        name=found[0][1].name,
        handle=account.handle if account is not None else "",
        person_url=url_for("desk_people.person", key=account.key)
        if account is not None and viewer().can_operate
        else "",
        orders=[_order(row) for _row_id, row in found],
        cases=[_case(row) for row in cases.list_of_orders(db.session, [row_id for row_id, _row in found])],
        notes=[NoteView(note.text, names.get(note.actor, ""), note.written_at) for note in notes],
        spent=[Money(minor, currency) for currency, minor in sorted(spent.items())],
        errors=errors or {},
    )


def _order(row: orders.OrderRow) -> OrderLink:
    state, tone = office_state(row.state, row.payment_method, paid=row.paid, sent=row.sent)
    more = row.line_count - 1
    return OrderLink(
        number=row.key.upper(),
        url=url_for("desk_orders.order", key=row.key),
        summary=f"{row.first_title} +{more}" if more else row.first_title,
        state=state,
        tone=tone,
        total=row.total,
        at=row.placed_at,
    )


def _case(row: cases.Row) -> CaseLink:
    words, tone = state_words(row.state, row.kind, row.refund_state)
    url = url_for("desk_aftersale.case", key=row.key)
    return CaseLink(f"{kind_words(row.kind)}: {row.title}", words, tone, url, row.asked_at)


@bp.post("/desk/customers/<email>")
def write(email: str) -> Response:
    """Write down something that colleagues should know."""
    who = viewer()
    page = _page(email)
    text = clean_text(request.form.get("text", ""), NOTE_LENGTH + 1)
    if not text or len(text) > NOTE_LENGTH:
        sentence = _("Write something first.") if not text else _("Use at most 1000 characters.")
        return show("desk/order_customer.html", _page(email, {"text": [sentence]}), 422)
    actions.note_customer(db.session, page.email, text, by=who.person(), now=who.now)
    told(f"customer:{page.email}", {}, {"note": text[:300]})
    flash(_("The note is saved."), "success")
    return redirect(url_for("desk_customers.customer", email=page.email), 303)
