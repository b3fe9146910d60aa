"""What staff do is kept: every form of theirs that has an effect writes an entry of the audit log, in the same
transaction. Which doors are staff's, the permission table says.

A view that changes a thing does so within ``changing``, which compares the thing before and after: what a browser
sent is not trusted, and what it left alone is not told. What is new is ``made``, all else ``told``; a view that says
nothing has the entry hold what its form said.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from flask import flash, g, redirect, request
from werkzeug.wrappers import Response

from contentshop.core import audit
from contentshop.core.db import db
from contentshop.web.desk_log_subjects import canonical
from contentshop.web.door import WITNESSES
from contentshop.web.permissions import OFFICE, PERMISSIONS
from contentshop.web.session import viewer

LONGEST = 300  # characters kept of one field
MOST_FIELDS = 40
AROUND = 40  # characters before the first difference of long texts
# Never kept, wherever they stand.
SECRET = frozenset(
    {"csrf_token", "password", "current", "code", "secret", "payout_holder", "payout_number", "payout_bank"}
)


def told(subject: str, before: Mapping[str, Any] | None = None, after: Mapping[str, Any] | None = None) -> None:
    """What this request changes: ``subject`` is a kind and a public key, like ``order:3f9k2m``.

    Telling of the same subject again replaces what was told, since a unit of work may be tried again.
    """
    g.setdefault("audited", {})[subject] = (dict(before or {}), dict(after or {}))


@contextmanager
def changing(subject: str, read: Callable[[], Mapping[str, Any]], **also: Any) -> Iterator[None]:
    """Tell what the block changes of ``subject``: ``read`` says from the database how it stands, by the names of its
    fields. ``also`` are fields that go with the change, like its reason. What stays as it was is no action."""
    before = dict(read())
    yield
    db.session.flush()
    db.session.expire_all()  # what is read again must not be what the view holds
    old, new = _differences(before, dict(read()))
    if old or new:
        told(subject, old, new | {name: value for name, value in also.items() if value})
    else:
        nothing()


def made(subject: str, values: Mapping[str, Any]) -> None:
    """This request makes ``subject``, with these fields as far as they say anything."""
    said = {name: value for name, value in values.items() if value not in ("", None, [])}
    told(subject, after={name: _clipped("", value)[1] for name, value in said.items()})


def _differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The fields that differ, on both sides; amounts and their currency stay together."""
    old: dict[str, Any] = {}
    new: dict[str, Any] = {}
    moved = before.get("currency") != after.get("currency")
    for name in dict.fromkeys([*before, *after]):
        one, other = before.get(name, ""), after.get(name, "")
        if one != other or (moved and isinstance(one, int)):
            left, right = _clipped(one, other)
            # What was not there at all differs from what was empty: a new thing has nothing before.
            old |= {name: left} if name in before else {}
            new |= {name: right} if name in after else {}
    if "currency" in before and any(isinstance(value, int) for value in [*old.values(), *new.values()]):
        old["currency"], new["currency"] = before["currency"], after.get("currency", "")
    return old, new


def _clipped(one: Any, other: Any) -> tuple[Any, Any]:
    """Two values as the log keeps them: of long texts the part from shortly before their first difference on."""
    if not (isinstance(one, str) and isinstance(other, str)) or max(len(one), len(other)) <= LONGEST:
        return one, other
    same = next((at for at, (left, right) in enumerate(zip(one, other, strict=False)) if left != right), None)
    start = max((min(len(one), len(other)) if same is None else same) - AROUND, 0)
    lead = "…" if start else ""
    return lead + one[start : start + LONGEST], lead + other[start : start + LONGEST]


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
    """What the address names: ``product:3f9k2m variant:7q2m``."""
    values = " ".join(f"{name}:{value}" for name, value in sorted((request.view_args or {}).items()))
    return canonical(request.endpoint or "", values)


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
