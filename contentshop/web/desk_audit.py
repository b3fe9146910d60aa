"""The audit log, to read: who did what, to what, and when."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from flask import request
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from contentshop.accounts import queries as people
from contentshop.core import audit
from contentshop.core.db import db
from contentshop.core.paging import page_number
from contentshop.web.desk_log_fields import UNTOLD, field_words, word_of
from contentshop.web.desk_log_subjects import Names, Subjects, load, whole
from contentshop.web.desk_log_words import action_words, value_words
from contentshop.web.door import Door, show
from contentshop.web.zones import in_words, own_zone

bp = Door("desk_audit", __name__)

SHOWN = 200  # characters of one value
# Fields whose values are keys of things with names.
KEYS = {
    "category": "category",
    "categories": "category",
    "parent": "category",
    "location": "place",
    "source": "place",
    "target": "place",
    "supplier": "supplier",
    "merchant": "merchant",
}
MOMENTS = frozenset({"starts_at", "ends_at", "releases_at", "checked_at"})


@dataclass(frozen=True, slots=True)
class Change:
    """One value before and after; ``before`` is empty where only the new one is known."""

    name: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the log. ``subject_url`` leads to what it is about, ``about_url`` to all entries about it."""

    who: str
    who_url: str
    action: str
    subject: str
    subject_url: str
    about_url: str
    changes: Sequence[Change]
    at: datetime


@dataclass(frozen=True, slots=True)
class AuditPage:
    """A page of the log. ``filters``: what it is narrowed to, in words; ``all_url`` undoes that."""

    entries: Sequence[Entry]
    total: int
    filters: Sequence[str]
    all_url: str
    position: str
    previous_url: str
    next_url: str


@bp.get("/desk/log")
def index() -> Response:
    """The newest entries; of one person (``who``) or about one thing (``about``) where asked."""
    who, about = (request.args.get(name, "")[:120] for name in ("who", "about"))
    page = audit.page_entries(db.session, actor=who, subject=about, number=page_number(request.args.get("page")))
    names = people.names_by_key(db.session, {entry.actor for entry in page.items} | ({who} if who else set()))
    subjects = load((row.action, row.subject) for row in page.items)
    things = Names()
    here = {name: value for name, value in (("who", who), ("about", about)) if value}
    return show(
        "desk/log.html",
        AuditPage(
            entries=[_entry(row, names, subjects, things) for row in page.items],
            total=page.total,
            filters=[*([names.get(who, who)] if who else []), *([_about_words(about, page.items)] if about else [])],
            all_url="/desk/log",
            position=_("Page %(number)s of %(pages)s", number=page.number, pages=page.pages),
            previous_url=_url(here, page.number - 1) if page.has_previous else "",
            next_url=_url(here, page.number + 1) if page.has_next else "",
        ),
    )


def _url(here: dict[str, str], number: int) -> str:
    return "/desk/log?" + urlencode({**here, "page": number})


def _about_words(about: str, entries: Sequence[audit.AuditEntry]) -> str:
    """What the page is narrowed to; its entries tell the sort of thing."""
    action = entries[0].action if entries else ""
    return load([(action, about)]).of(action, about).words or about


def _entry(row: audit.AuditEntry, names: dict[str, str], subjects: Subjects, things: Names) -> Entry:
    subject = subjects.of(row.action, row.subject)
    changes = [
        Change(field_words(name), _shown(name, row.before, things), _shown(name, row.after, things))
        for name in dict.fromkeys([*row.before, *row.after])
        if name not in UNTOLD
    ]
    return Entry(
        who=names.get(row.actor, row.actor),
        who_url="/desk/log?" + urlencode({"who": row.actor}),
        action=action_words(row.action),
        subject=subject.words,
        subject_url=subject.url,
        about_url="/desk/log?" + urlencode({"about": whole(row.subject)}) if row.subject else "",
        changes=[change for change in changes if change.before != change.after],
        at=row.happened_at,
    )


def _shown(name: str, values: Mapping[str, Any], things: Names) -> str:
    value = value_words(name, values)
    if name not in values or value is None:
        text = ""
    elif isinstance(value, bool):
        text = str(_("yes") if value else _("no"))
    elif isinstance(value, list):
        text = str(_(", ")).join(_one(name, str(one), things) for one in value)
    else:
        text = _one(name, str(value), things)
    return text if len(text) <= SHOWN else text[: SHOWN - 1] + "…"


def _one(name: str, value: str, things: Names) -> str:
    """One value in words: of a thing its name, of a moment the time by the clocks of whoever reads."""
    kind = KEYS.get(name.partition("-")[0], "")
    if kind and value:
        return things.of(kind, value) or value
    if name in MOMENTS:
        return _moment(value)
    return word_of(name, value)


def _moment(text: str) -> str:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return text
    return in_words(at, own_zone()) if at.tzinfo is not None else text
