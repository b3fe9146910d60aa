"""What staff do is kept: every form of theirs that has an effect writes an entry of the audit log, in the same
transaction. Which doors are staff's, the permission table says.

A view tells what it changed with ``told``; without that the entry holds what the form said.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import flash, g, redirect, request
from werkzeug.wrappers import Response

from contentshop.core import audit
from contentshop.core.db import db
from contentshop.web.door import WITNESSES
from contentshop.web.permissions import OFFICE, PERMISSIONS
from contentshop.web.session import viewer

LONGEST = 300  # characters kept of one field
MOST_FIELDS = 40
# Never kept, wherever they stand.
SECRET = frozenset(
    {"csrf_token", "password", "current", "code", "secret", "payout_holder", "payout_number", "payout_bank"}
)


def told(subject: str, before: Mapping[str, Any] | None = None, after: Mapping[str, Any] | None = None) -> None:
    """What this request changes: ``subject`` is a kind and a public key, like ``order:3f9k2m``.

    Telling of the same subject again replaces what was told, since a unit of work may be tried again.
    """
    g.setdefault("audited", {})[subject] = (dict(before or {}), dict(after or {}))


def nothing() -> None:
    """This request changes nothing, although its answer is no refusal: a preview, or a press that came twice."""
    g.setdefault("audited", {})


def turned_back(words: str, place: str) -> Response:
    """The answer to a form of staff that had no effect: the way back to ``place``, with the reason. Nothing is kept."""
    db.session.rollback()
    g.audited = {}
    flash(words, "error")
    return redirect(place, 303)


def keep() -> None:
    """Write the entries of this request into the running transaction; the person is whoever is signed in.

    Every unit of work of a staff door does so by itself; a view that manages its own units calls it in its last one.
    """
    entries = g.pop("audited", None)
    if entries is None:
        entries = {_subject(): ({}, _form())}
    who = viewer()
    for subject, (before, after) in entries.items():
        audit.note(
            db.session,
            actor=who.person().key,
            action=request.endpoint or "",
            subject=subject,
            before=before,
            after=after,
            now=who.now,
        )


def _look() -> None:
    if PERMISSIONS.get(request.endpoint or "") in OFFICE:
        keep()


def _subject() -> str:
    """The address's own values: ``key:3f9k2m``."""
    return " ".join(f"{name}:{value}" for name, value in sorted((request.view_args or {}).items()))


def _form() -> dict[str, Any]:
    typed = [(name, values) for name, values in request.form.lists() if name not in SECRET]
    kept: dict[str, Any] = {
        name: values[0][:LONGEST] if len(values) == 1 else [value[:LONGEST] for value in values[:MOST_FIELDS]]
        for name, values in typed[:MOST_FIELDS]
    }
    return kept | {name: file.filename for name, file in request.files.items() if file.filename}


def attach() -> None:
    """Have every staff door's units of work looked at."""
    if _look not in WITNESSES:
        WITNESSES.append(_look)
