"""The audit log, to read: who did what, to what, and when."""

from __future__ import annotations

from collections.abc import Sequence
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
from contentshop.web.desk_log_words import action_words, value_words
from contentshop.web.door import Door, show

bp = Door("desk_audit", __name__)

SHOWN = 200  # characters of one value


@dataclass(frozen=True, slots=True)
class Change:
    """One value before and after; ``before`` is empty where only the new one is known."""

    name: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the log."""

    who: str
    who_url: str
    action: str
    subject: str
    subject_url: str
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
    here = {name: value for name, value in (("who", who), ("about", about)) if value}
    return show(
        "desk/log.html",
        AuditPage(
            entries=[_entry(row, names) for row in page.items],
            total=page.total,
            filters=[*([names.get(who, who)] if who else []), *([about] if about else [])],
            all_url="/desk/log",
            position=_("Page %(number)s of %(pages)s", number=page.number, pages=page.pages),
            previous_url=_url(here, page.number - 1) if page.has_previous else "",
            next_url=_url(here, page.number + 1) if page.has_next else "",
        ),
    )


def _url(here: dict[str, str], number: int) -> str:
    return "/desk/log?" + urlencode({**here, "page": number})


def _entry(row: audit.AuditEntry, names: dict[str, str]) -> Entry:
    return Entry(
        who=names.get(row.actor, row.actor),
        who_url="/desk/log?" + urlencode({"who": row.actor}),
        action=action_words(row.action),
        subject=row.subject,
        subject_url="/desk/log?" + urlencode({"about": row.subject}) if row.subject else "",
        changes=[
            Change(name, _shown(value_words(name, row.before)), _shown(value_words(name, row.after)))
            for name in dict.fromkeys([*row.before, *row.after])
            if row.before.get(name, "") != row.after.get(name, "")
        ],
        at=row.happened_at,
    )


def _shown(value: Any) -> str:
    text = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    return text if len(text) <= SHOWN else text[: SHOWN - 1] + "…"
