"""The editors' desk of search: words that mean the same."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from flask import current_app, flash, redirect, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from contentshop.core.db import db
from contentshop.core.errors import Conflict, Invalid
from contentshop.search import actions, queries
from contentshop.search.port import Synonym
from contentshop.search.queries import SynonymLine
from contentshop.search.synonyms import Book, Rule
from contentshop.watching import actions as watching
from contentshop.web.audited import made, told
from contentshop.web.door import Door, show
from contentshop.web.session import engines, viewer
from contentshop.web.words import refusal_text, translated_errors

bp = Door("desk_search", __name__)

# A web process learns of another's change of the synonyms within this time.
BOOK_LASTS = timedelta(seconds=10)


@dataclass(frozen=True, slots=True)
class SynonymsPage:
    """The lines of synonyms and the form of a new one."""

    lines: Sequence[SynonymLine]
    typed: str
    errors: Mapping[str, list[str]]


def synonyms_for(text: str) -> tuple[Synonym, ...]:
    """What the words of a visitor's text also mean. The rules are read from the database every few seconds."""
    kept: dict[str, tuple[datetime, Book]] = current_app.extensions.setdefault("contentshop.synonyms", {})
    now = engines().clock.now()
    found = kept.get("book")
    if found is None or not found[0] <= now < found[0] + BOOK_LASTS:
        found = kept["book"] = (now, queries.synonym_book(db.session))
    return found[1].for_text(text)


def _forget_book() -> None:
    current_app.extensions.get("contentshop.synonyms", {}).clear()


@bp.get("/desk/synonyms")
def synonyms() -> Response:
    """All lines; a new one may be begun with the words in the address."""
    return _page(request.args.get("words", "")[:200].strip())


def _page(typed: str, errors: Mapping[str, list[str]] | None = None, status: int = 200) -> Response:
    page = SynonymsPage(lines=queries.list_synonyms(db.session), typed=typed, errors=errors or {})
    return show("desk/synonyms.html", page, status)


@bp.post("/desk/synonyms")
def add_synonyms() -> Response:
    """Add a line."""
    typed = request.form.get("rule", "")
    try:
        rule = Rule.parse(typed)
        added = actions.add_synonyms(db.session, rule, by=viewer().person(), now=viewer().now)
        made(f"synonym:{added.key}", {"rule": typed.strip()})
    except Invalid as refusal:
        return _page(typed, translated_errors(refusal.fields), 422)
    except Conflict as refusal:
        return _page(typed, {"rule": [refusal_text(refusal)]}, 409)
    _forget_book()
    watching.loosen(db.session)
    flash(_("Saved. Searches use it within seconds."), "success")
    return redirect(url_for("desk_search.synonyms"), 303)


@bp.post("/desk/synonyms/<key>/remove")
def remove_synonyms(key: str) -> Response:
    """Take a line away."""
    gone = [line.line for line in queries.list_synonyms(db.session) if line.key == key]
    actions.remove_synonyms(db.session, key)
    told(f"synonym:{key}", {"rule": gone})
    _forget_book()
    watching.loosen(db.session)
    flash(_("Taken away."), "success")
    return redirect(url_for("desk_search.synonyms"), 303)
