"""Series in the studio: begin one, put posts into it, bring them into order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from flask import flash, jsonify, redirect, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from contentshop.core.db import db
from contentshop.core.errors import Conflict, Invalid, NotFound
from contentshop.core.words import say
from contentshop.posts import series as room
from contentshop.posts.series import PartLine, SeriesInput, SeriesLine
from contentshop.web.chrome import language_tag
from contentshop.web.door import Door, show
from contentshop.web.session import viewer
from contentshop.web.studio_saving import wants_json
from contentshop.web.urls import series_url
from contentshop.web.words import refusal_text, translated_errors

if TYPE_CHECKING:
    from contentshop.posts.models import Series

bp = Door("studio_series", __name__, url_prefix="/studio/series")

FIELDS = ("title", "intro", "lang")
BUTTONS = frozenset({"parts", "delete"})
LANGUAGES = [("en", "English"), ("zh", "中文")]
STEPS = {"up": -1, "down": 1}


@dataclass(frozen=True, slots=True)
class SeriesListPage:
    """A creator's series, and the form of a new one."""

    series: Sequence[SeriesLine]
    values: Mapping[str, str]
    languages: Sequence[tuple[str, str]]
    errors: Mapping[str, list[str]]


@dataclass(frozen=True, slots=True)
class SeriesEditPage:
    """One series: its words, its parts in order, and the posts that could be put into it.

    ``live_url`` is its public address, empty while readers see none of its parts.
    """

    key: str
    title: str
    lang: str
    live_url: str
    parts: Sequence[PartLine]
    loose: Sequence[tuple[str, str]]
    values: Mapping[str, str]
    languages: Sequence[tuple[str, str]]
    errors: Mapping[str, list[str]]


@bp.get("")
def index() -> Response:
    """My series."""
    return show("studio/series.html", _list_page({"title": "", "intro": "", "lang": viewer().locale}, {}))


@bp.post("")
def create() -> Response:
    """Begin a series."""
    who, values = viewer(), _typed()
    try:
        made = room.make_series(db.session, SeriesInput.parse(**values), by=who.person(), now=who.now)
    except Invalid as refusal:
        return show("studio/series.html", _list_page(values, refusal.fields), 422)
    flash(_("The series is begun. Put its posts into it."), "success")
    return redirect(url_for("studio_series.edit", key=made.key), 303)


@bp.get("/<key>")
def edit(key: str) -> Response:
    """One series."""
    return show("studio/series_edit.html", _edit_page(_own(key)))


@bp.post("/<key>")
def save(key: str) -> Response:
    """Change its words."""
    series, values = _own(key), _typed()
    try:
        room.change_series(db.session, series, SeriesInput.parse(**values), by=viewer().person())
    except Invalid as refusal:
        return show("studio/series_edit.html", _edit_page(series, values=values, errors=refusal.fields), 422)
    flash(_("Saved."), "success")
    return redirect(url_for("studio_series.edit", key=key), 303)


@bp.post("/<key>/parts")
def arrange(key: str) -> Response:
    """Put a post in, take one out, move one, or (``order``, sent by the script) bring all into order."""
    series, person, sent = _own(key), viewer().person(), request.form
    try:
        if sent.get("put"):
            room.put_in(db.session, series, sent["put"][:20], by=person)
        elif sent.get("out"):
            room.take_out(db.session, series, sent["out"][:20], by=person)
        elif verb := next((verb for verb in STEPS if sent.get(verb)), ""):
            room.move(db.session, series, sent[verb][:20], STEPS[verb], by=person)
        elif sent.getlist("order"):
            room.put_in_order(db.session, series, sent.getlist("order")[: room.MOST_PARTS], by=person)
    except Conflict as refusal:
        return show("studio/series_edit.html", _edit_page(series, errors={"put": [refusal_text(refusal)]}), 409)
    if wants_json():
        return jsonify(order=[part.key for part in room.list_parts(db.session, series)])
    return redirect(url_for("studio_series.edit", key=key) + "#parts", 303)


@bp.post("/<key>/delete")
def delete(key: str) -> Response:
    """Take a series apart; its posts stay."""
    room.delete_series(db.session, _own(key), by=viewer().person())
    flash(_("The series is gone. Its posts are as they were."), "success")
    return redirect(url_for("studio_series.index"), 303)


@bp.get("/<key>/<verb>")
def back(key: str, verb: str) -> Response:
    """Where somebody lands who reloads the address of a button: the series."""
    if verb not in BUTTONS:
        raise NotFound(say("There is no such page."))
    return redirect(url_for("studio_series.edit", key=_own(key).key))


def _own(key: str) -> Series:
    return room.get_own(db.session, key, viewer().person())


def _typed() -> dict[str, str]:
    return {name: request.form.get(name, "") for name in FIELDS}


def _list_page(values: Mapping[str, str], errors: Mapping[str, list[str]]) -> SeriesListPage:
    lines = room.list_own(db.session, viewer().person())
    return SeriesListPage(lines, values, _languages(values["lang"]), translated_errors(errors))


def _edit_page(
    series: Series, *, values: Mapping[str, str] | None = None, errors: Mapping[str, list[str]] | None = None
) -> SeriesEditPage:
    parts = room.list_parts(db.session, series)
    loose = room.list_loose(db.session, viewer().person())
    return SeriesEditPage(
        key=series.key,
        title=series.title,
        lang=language_tag(series.lang),
        live_url=series_url(series.slug) if any(part.state == "published" for part in parts) else "",
        parts=parts,
        loose=[(post.key, post.title or _("Untitled")) for post in loose],
        values=values or {"title": series.title, "intro": series.intro, "lang": series.lang},
        languages=_languages(series.lang),
        errors=translated_errors(errors or {}),
    )


def _languages(present: str) -> list[tuple[str, str]]:
    return LANGUAGES if present in dict(LANGUAGES) else [*LANGUAGES, (present, present)]
