"""The desk of people: anybody with an account, what they are here, and blocking them or letting them in again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from flask import flash, redirect, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from contentshop.accounts import actions, queries
from contentshop.accounts.inputs import clean_line
from contentshop.core.db import db
from contentshop.core.errors import NotFound
from contentshop.core.words import say
from contentshop.orders import queries as orders
from contentshop.web.audited import told
from contentshop.web.desk_forms import NO_ERRORS
from contentshop.web.door import Door, show
from contentshop.web.session import viewer

if TYPE_CHECKING:
    from contentshop.accounts.models import User

bp = Door("desk_people", __name__)

REASON_LENGTH = 300
SHOWN = 50


@dataclass(frozen=True, slots=True)
class PersonLine:
    """Somebody in a list."""

    name: str
    handle: str
    email: str
    role: str
    blocked: bool
    since: datetime
    url: str


@dataclass(frozen=True, slots=True)
class PeoplePage:
    """Whom a search finds; the newest without one."""

    words: str
    rows: Sequence[PersonLine]


@dataclass(frozen=True, slots=True)
class PersonPage:
    """One person. ``may_block`` is False on one's own page; addresses are empty where there is nothing behind them."""

    key: str
    person: PersonLine
    public_url: str
    customer_url: str
    log_url: str
    may_block: bool
    reason: str
    errors: Mapping[str, list[str]]


@bp.get("/desk/people")
def index() -> Response:
    """Find somebody by name, handle or address."""
    words = request.args.get("q", "")[:100].strip()
    rows = [_line(one) for one in queries.find_people(db.session, words, limit=SHOWN)]
    return show("desk/people.html", PeoplePage(words, rows))


def _line(one: User) -> PersonLine:
    url = url_for("desk_people.person", key=one.key)
    return PersonLine(one.name, one.handle, one.email, role_words(one.role), one.blocked, one.created_at, url)


def role_words(role: str) -> str:
    """What somebody is here."""
    words: dict[str, str] = {
        "reader": _("Reader"),
        "creator": _("Creator"),
        "editor": _("Editor"),
        "operator": _("Operator"),
        "support": _("Support"),
        "warehouse": _("Warehouse"),
        "finance": _("Finance"),
    }
    return words.get(role, role)


@bp.get("/desk/people/<key>")
def person(key: str) -> Response:
    """One person."""
    return show("desk/person.html", _page(_get(key)))


def _get(key: str) -> User:
    found = queries.find_by_key(db.session, key)
    if found is None:
        raise NotFound(say("There is nobody with this name."))
    return found


def _page(found: User, reason: str = "", errors: Mapping[str, list[str]] = NO_ERRORS) -> PersonPage:
    writes = found.role in {"creator", "editor"} and not found.blocked
    bought = bool(orders.list_of_customer(db.session, found.email, limit=1))
    return PersonPage(
        key=found.key,
        person=_line(found),
        public_url=url_for("reader.creator", handle=found.handle) if writes else "",
        customer_url=url_for("desk_customers.customer", email=found.email) if bought else "",
        log_url=url_for("desk_audit.index", about=f"person:{found.key}"),
        may_block=found.key != viewer().person().key,
        reason=reason,
        errors=errors,
    )


@bp.post("/desk/people/<key>/blocked")
def set_blocked(key: str) -> Response:
    """Block somebody, or let them in again, for a reason that the log keeps. They are signed out at once, and pages,
    index and ratings follow. Nobody blocks themselves."""
    who = viewer()
    found = _get(key)
    blocked = request.form.get("state", "") == "blocked"
    reason = clean_line(request.form.get("reason", ""), REASON_LENGTH + 1)
    wrong = ""
    if blocked and found.key == who.person().key:
        wrong = _("You cannot block yourself.")
    elif not reason:
        wrong = _("Write the reason; the log keeps it.")
    elif len(reason) > REASON_LENGTH:
        wrong = _("Use at most 300 characters.")
    if wrong:
        return show("desk/person.html", _page(found, reason, {"reason": [wrong]}), 422)
    before = {"blocked": found.blocked}
    actions.set_blocked(db.session, found, blocked, now=who.now)
    told(f"person:{found.key}", before, {"blocked": blocked, "reason": reason})
    words = _("%(name)s is blocked and signed out.") if blocked else _("%(name)s is let in again.")
    flash(words % {"name": found.name}, "success")
    return redirect(url_for("desk_people.person", key=found.key), 303)
