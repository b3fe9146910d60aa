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
from contentshop.web.desk_log_fields import field_words, word_of
from contentshop.web.desk_log_subjects import Subjects, load
from contentshop.web.desk_log_words import action_words, value_words
from contentshop.web.door import Door, show

bp = Door("desk_audit", __name__)

SHOWN = 200  # characters of one value
# Fields of forms that tell nothing of what was done: their own numbers and what a button is called.
UNTOLD = frozenset({"attempt", "do", "other", "seen", "version", "currency"})


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
    here = {name: value for name, value in (("who", who), ("about", about)) if value}
    return show(
        "desk/log.html",
        AuditPage(
            entries=[_entry(row, names, subjects) for row in page.items],
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


def _entry(row: audit.AuditEntry, names: dict[str, str], subjects: Subjects) -> Entry:
    subject = subjects.of(row.action, row.subject)
    return Entry(
        who=names.get(row.actor, row.actor),
        who_url="/desk/log?" + urlencode({"who": row.actor}),
        action=action_words(row.action),
        subject=subject.words,
        subject_url=subject.url,
        about_url="/desk/log?" + urlencode({"about": row.subject}) if row.subject else "",
        changes=[
            Change(field_words(name), _shown(name, row.before), _shown(name, row.after))
            for name in dict.fromkeys([*row.before, *row.after])
            if name not in UNTOLD and row.before.get(name, "") != row.after.get(name, "")
        ],
        at=row.happened_at,
    )


def _shown(name: str, values: Mapping[str, Any]) -> str:
    value = value_words(name, values)
    if isinstance(value, bool):
        text = str(_("yes") if value else _("no"))
    elif isinstance(value, list):
        text = ", ".join(map(str, value))
    else:
        text = word_of(name, str(value))
    return text if len(text) <= SHOWN else text[: SHOWN - 1] + "…"
