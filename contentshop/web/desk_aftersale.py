"""The desk of after-sale cases: queues with counts, one page for each, and what each role may do."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from flask import flash, redirect, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from contentshop.accounts import policy as duties
from contentshop.accounts import queries as people
from contentshop.aftersale import actions, policy, queries
from contentshop.aftersale.inputs import parse_answer, parse_why
from contentshop.aftersale.queries import QUEUES, Queue
from contentshop.core.db import db
from contentshop.core.errors import Conflict, Invalid
from contentshop.core.money import Money
from contentshop.core.numbers import read_whole
from contentshop.core.paging import page_number
from contentshop.core.words import say
from contentshop.products.stock import OutOfStock
from contentshop.web.aftersale import photo_of
from contentshop.web.aftersale_pages import case_page, kind_words, state_words, terms
from contentshop.web.audited import told
from contentshop.web.checkout_words import left_words
from contentshop.web.door import Door, show
from contentshop.web.session import settings, viewer
from contentshop.web.words import refusal_text, translated_errors

if TYPE_CHECKING:
    from contentshop.aftersale.models import AfterSale

bp = Door("desk_aftersale", __name__)


@dataclass(frozen=True, slots=True)
class Row:
    """One case in a queue. ``amount`` is None for an exchange, in which no money goes back."""

    number: str
    url: str
    kind: str
    title: str
    buyer: str
    state: str
    tone: str
    amount: Money | None
    asked_at: datetime
    due_at: datetime | None
    overdue: bool


@dataclass(frozen=True, slots=True)
class QueuePage:
    """A queue of cases."""

    tabs: Sequence[tuple[str, str, bool, int | None]]
    rows: Sequence[Row]
    total: int
    position: str
    previous_url: str
    next_url: str


@bp.get("/desk/after-sale")
def queue() -> Response:
    """One queue of cases, what is due first."""
    counts = queries.queue_counts(db.session)
    names = queue_names()
    wanted = request.args.get("queue", "")
    pressing: Queue = next((name for name in QUEUES if counts[name] and name != "closed"), "to_answer")
    chosen: Queue = next((name for name in QUEUES if name == wanted), pressing)
    page = queries.page_queue(db.session, chosen, number=page_number(request.args.get("page")))

    def url(number: int) -> str:
        return "/desk/after-sale?" + urlencode({"queue": chosen, "page": number})

    return show(
        "desk/aftersale.html",
        QueuePage(
            tabs=[
                (label, f"/desk/after-sale?queue={name}", name == chosen, counts[name]) for name, label in names.items()
            ],
            rows=[_row(row) for row in page.items],
            total=page.total,
            position=_("Page %(number)s of %(pages)s", number=page.number, pages=page.pages),
            previous_url=url(page.number - 1) if page.has_previous else "",
            next_url=url(page.number + 1) if page.has_next else "",
        ),
    )


def queue_names() -> dict[Queue, str]:
    """The queues of cases."""
    return {
        "to_answer": _("To answer"),
        "to_receive": _("Coming back"),
        "to_settle": _("To pay back"),
        "with_buyer": _("With the buyer"),
        "closed": _("Closed"),
    }


def _row(row: queries.Row) -> Row:
    state, tone = state_words(row.state, row.kind, row.refund_state)
    waits = row.unnoted and policy.is_to_settle(row.state, row.kind)
    if waits:
        state, tone = _("Waits for the carrier’s money"), "info"
    return Row(
        number=row.key.upper(),
        url=url_for("desk_aftersale.case", key=row.key),
        kind=kind_words(row.kind),
        title=row.title,
        buyer=row.name,
        state=state,
        tone=tone,
        amount=Money(row.refund_minor, row.currency) if row.kind != "exchange" else None,
        asked_at=row.asked_at,
        due_at=None if waits else row.due_at,
        overdue=row.due_at is not None and row.due_at <= viewer().now and row.state not in policy.CLOSED and not waits,
    )


@bp.get("/desk/after-sale/<key>")
def case(key: str) -> Response:
    """One case with everything that this person can do to it."""
    return show("desk/aftersale_case.html", _page(queries.get_case(db.session, key)))


def _page(
    found: AfterSale, values: Mapping[str, str] | None = None, errors: Mapping[str, list[str]] | None = None
) -> object:
    who = viewer().user
    legal = policy.possible(found.state, found.kind)
    possible = [verb.value for verb in legal if verb in policy.DUTY and duties.may(who, policy.DUTY[verb])]
    names = people.names_by_key(db.session, {event.actor for event in found.events})
    names |= {"buyer": _("by the buyer"), "system": _("by the site")}
    typed = {
        # As the shop has set it; else as it was written for the last one.
        "return_to": settings().return_address or queries.last_return_address(db.session),
        "refund": str(Money(found.refund_minor, found.order.currency).amount),
        "answer": "",
    }
    return case_page(
        found, office=True, possible=possible, values=typed | dict(values or {}), errors=errors, names=names
    )


@bp.post("/desk/after-sale/<key>/approve")
def approve(key: str) -> Response:
    """Agree, perhaps to less money or fewer units, and then say why; say where the goods go."""
    who = viewer()

    def work() -> object:
        found = queries.get_case(db.session, key)
        amount = None
        if found.kind != "exchange" and "refund" in request.form:
            try:
                amount = Money.parse(request.form["refund"][:40], found.order.currency).minor
            except Invalid as refusal:
                raise Invalid({"refund": next(iter(refusal.fields.values()))}) from refusal
        return actions.approve(
            db.session,
            key,
            refund_minor=amount,
            returned=_units(found, "returned"),
            return_to=request.form.get("return_to", "")[:1000],
            why=parse_why(request.form.get("why", "")),
            terms=terms(),
            by=who.person(),
            now=who.now,
        )

    return _done(key, work, _("The buyer is told that we agree."))


def _units(found: AfterSale, name: str) -> dict[int, int]:
    """How many of each line of a case, by its id; those that were left empty are left out. Raises Invalid."""
    units: dict[int, int] = {}
    problems: dict[str, list[str]] = {}
    for part in found.lines:
        typed = request.form.get(f"{name}-{part.id}", "").strip()
        number = read_whole(typed, most=part.quantity)
        if typed and number is None:
            words = say("Write a whole number from 0 to %(most)s.", most=part.quantity)
            problems[f"{name}-{part.id}"] = [words]
        elif number is not None:
            units[part.id] = number
    if problems:
        raise Invalid(problems)
    return units


@bp.post("/desk/after-sale/<key>/reject")
def reject(key: str) -> Response:
    """Do not agree, for a reason that the buyer reads."""
    who = viewer()
    return _done(
        key,
        lambda: actions.reject(
            db.session,
            key,
            answer=parse_answer(request.form.get("answer", "")),
            terms=terms(),
            by=who.person(),
            now=who.now,
        ),
        _("The buyer is told why we do not agree."),
    )


@bp.post("/desk/after-sale/<key>/receive")
def receive(key: str) -> Response:
    """The goods have come back; so many of each can be sold again."""
    who = viewer()

    def work() -> object:
        found = queries.get_case(db.session, key)
        restocked = _units(found, "restocked")
        return actions.receive(db.session, key, restocked=restocked, terms=terms(), by=who.person(), now=who.now)

    return _done(key, work, _("Noted. What can be sold again goes on the shelf when the case is settled."))


@bp.post("/desk/after-sale/<key>/settle")
def settle(key: str) -> Response:
    """Pay back, or send other goods."""
    who = viewer()
    return _done(
        key,
        lambda: actions.settle(db.session, key, terms=terms(), by=who.person(), now=who.now),
        _("The case is settled. Its timeline shows when the money or the other goods leave."),
    )


@bp.post("/desk/after-sale/<key>/refund-instead")
def refund_instead(key: str) -> Response:
    """The goods of an exchange are not there: pay back instead."""
    who = viewer()
    return _done(
        key,
        lambda: actions.refund_instead(db.session, key, by=who.person(), now=who.now),
        _("The exchange is a refund now."),
    )


@bp.get("/desk/after-sale/<key>/photos/<photo>")
def photo(key: str, photo: str) -> Response:
    """A picture that the buyer added."""
    return photo_of(key, photo)


def _snapshot(found: AfterSale) -> dict[str, Any]:
    return {
        "state": found.state,
        "kind": found.kind,
        "currency": found.order.currency,
        "refund": found.refund_minor,
        "returned": [part.returned for part in found.lines],
        "restocked": [part.restocked for part in found.lines],
        "answer": found.answer,
    }


def _done(key: str, work: Callable[[], object], message: str) -> Response:
    """Do it and go on to the case; show the case with the reason when it is refused."""
    before = _snapshot(queries.get_case(db.session, key))
    try:
        work()
    except Invalid as refusal:
        return _refused(key, translated_errors(refusal.fields), 422)
    except OutOfStock as refusal:
        return _refused(key, {"": [left_words(min(refusal.available.values())), _("Pay back instead.")]}, 409)
    except Conflict as refusal:
        return _refused(key, {"": [refusal_text(refusal)]}, 409)
    db.session.flush()
    found = queries.get_case(db.session, key)
    more: dict[str, Any] = {"order": found.order.key.upper()}
    if found.kind != "exchange" and found.state not in policy.CLOSED - {"done"}:
        # Also when it is what was asked for, and so no change of anything.
        more["amount"] = found.refund_minor
    told(f"case:{key}", before, _snapshot(found) | more)
    flash(message, "success")
    return redirect(url_for("desk_aftersale.case", key=key), 303)


def _refused(key: str, errors: Mapping[str, list[str]], status: int) -> Response:
    db.session.rollback()
    typed = {name: value[:1000] for name, value in request.form.items() if name != "csrf_token"}
    return show("desk/aftersale_case.html", _page(queries.get_case(db.session, key), typed, errors), status)
