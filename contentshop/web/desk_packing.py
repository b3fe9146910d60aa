"""The warehouse's desk: what to take off which shelf, and many tracking numbers at once from a file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from flask import flash, redirect, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from werkzeug.wrappers import Response

from contentshop.core.db import db
from contentshop.core.errors import Invalid
from contentshop.core.words import say
from contentshop.orders import actions, policy
from contentshop.orders import queries as orders
from contentshop.orders.actions import Parcel, Sent
from contentshop.orders.inputs import TrackingRow, read_tracking_file
from contentshop.orders.policy import Verb
from contentshop.orders.queries import Pick
from contentshop.web.audited import nothing, told
from contentshop.web.desk_orders import confirm_within
from contentshop.web.door import Door, show
from contentshop.web.session import viewer
from contentshop.web.words import translated, translated_errors

bp = Door("desk_packing", __name__)

MAX_FILE = 512 * 1024  # bytes
EXAMPLE = "order,carrier,tracking"


@dataclass(frozen=True, slots=True)
class PickPage:
    """What to pack, place by place."""

    places: Sequence[tuple[str, Sequence[Pick]]]
    units: int
    orders: int
    made_at: datetime


@dataclass(frozen=True, slots=True)
class Line:
    """A row of the file: what would be done, or why not."""

    line: int
    number: str
    url: str
    buyer: str
    carrier: str
    tracking: str
    problem: str


@dataclass(frozen=True, slots=True)
class BulkPage:
    """The form, and the preview of what was sent. ``text`` is the file, to be sent again with the last button."""

    text: str
    lines: Sequence[Line]
    problems: Sequence[str]
    ready: int
    errors: dict[str, list[str]]
    example: str = EXAMPLE


def _place_name(pick: Pick, *, alone: bool) -> str:
    return pick.place if alone else f"{pick.place} ({pick.location})"


@bp.get("/desk/orders/picking")
def picking() -> Response:
    """The pick list, as it prints."""
    picks = orders.pick_list(db.session, viewer().locale, now=viewer().now)
    groups = [list(group) for _location, group in groupby(picks, key=lambda pick: pick.location)]
    names = Counter(group[0].place for group in groups)
    places = [(_place_name(group[0], alone=names[group[0].place] == 1), group) for group in groups]
    return show(
        "desk/order_picking.html",
        PickPage(
            places=places,
            units=sum(pick.units for pick in picks),
            orders=len({key for pick in picks for key, _units in pick.orders}),
            made_at=viewer().now,
        ),
    )


@bp.get("/desk/orders/shipping")
def bulk() -> Response:
    """The form that takes a file of tracking numbers."""
    return show("desk/order_bulk.html", BulkPage("", (), (), 0, {}))


@bp.post("/desk/orders/shipping")
def ship_file() -> Response:
    """Preview a file, or ship what it says: all of its good rows or, when one of them fails now, none.

    Rows that name no order, or one that cannot be shipped, are told by their line and left out.
    """
    text = ""
    try:
        text = _text()
        rows, problems = read_tracking_file(text)
    except Invalid as refusal:
        page = BulkPage(text, (), (), 0, translated_errors(refusal.fields))
        return show("desk/order_bulk.html", page, 422)
    lines = [_preview(row) for row in rows]
    told_lines = [translated(problem) for problem in problems]
    good = [row for row, line in zip(rows, lines, strict=True) if not line.problem]
    if request.form.get("do") != "ship" or not good:
        nothing()
        status = 200 if good else 422
        return show("desk/order_bulk.html", BulkPage(text, lines, told_lines, len(good), {}), status)
    who = viewer()
    try:
        sent = [Sent(row.line, row.order, Parcel(row.parcel.carrier, row.parcel.number)) for row in good]
        done = actions.ship_many(db.session, sent, confirm_within=confirm_within(), by=who.person(), now=who.now)
    except Invalid as refusal:
        db.session.rollback()
        errors = translated_errors(refusal.fields)
        return show("desk/order_bulk.html", BulkPage(text, lines, told_lines, len(good), errors), 409)
    for shipment, row in zip(done, sorted(sent, key=lambda row: row.order), strict=True):
        told(f"order:{row.order}", {}, {"parcel": shipment.key, "tracking": row.parcel.words()})
    left_out = len(rows) - len(good) + len(problems)
    flash(ngettext("%(num)s order is shipped.", "%(num)s orders are shipped.", len(done)), "success")
    if left_out:
        flash(ngettext("%(num)s row was left out.", "%(num)s rows were left out.", left_out), "error")
    return redirect(url_for("desk_orders.queue", queue="shipped"), 303)


def _text() -> str:
    """The file that was sent, or the text that a preview kept. Raises Invalid."""
    sent = request.files.get("file")
    if sent is None or not sent.filename:
        return str(request.form.get("text", ""))[:MAX_FILE]
    data = sent.read(MAX_FILE + 1)
    if len(data) > MAX_FILE:
        raise Invalid({"file": [say("This file is too large. Send at most 512 kB.")]})
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return str(data.decode(encoding))
        except UnicodeDecodeError:
            continue
    raise Invalid({"file": [say("This is not a text file. Save it as CSV.")]})


def _preview(row: TrackingRow) -> Line:
    found = orders.find_by_key(db.session, row.order)
    problem: str = ""
    if found is None:
        problem = _("There is no such order.")
    elif found.state in {"shipped", "completed"}:
        problem = _("Everything in this order has been shipped already.")
    elif policy.find_step(found.state, Verb.SHIP, found.payment_method) is None:
        problem = translated(policy.refusal(found.state, Verb.SHIP))
    return Line(
        line=row.line,
        number=row.order.upper(),
        url=url_for("desk_orders.order", key=row.order) if found is not None else "",
        buyer=found.name if found is not None else "",
        carrier=row.parcel.carrier,
        tracking=row.parcel.number,
        problem=problem,
    )
