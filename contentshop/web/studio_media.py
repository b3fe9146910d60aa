"""The media library of creators: pictures, videos, sounds and captions, sent once and used in many posts.

A file is read and made safe, and its files are stored, before anything is written to the database; so the views
that take files run their units of work themselves.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, BinaryIO, TypeVar, cast

from flask import flash, jsonify, make_response, redirect, request, url_for
from flask_babel import gettext as _
from werkzeug.datastructures import FileStorage
from werkzeug.wrappers import Response

from contentshop.core.db import db
from contentshop.core.errors import Conflict, Invalid
from contentshop.core.paging import Page, page_number
from contentshop.core.uow import run_in_unit
from contentshop.core.words import Said, say
from contentshop.live import queries as live
from contentshop.media import actions, queries
from contentshop.media.images import MAX_BYTES
from contentshop.media.inputs import KINDS, TYPES, Description
from contentshop.media.queries import MediumFacts
from contentshop.posts import actions as posts
from contentshop.posts import media_use
from contentshop.posts.media_use import Use
from contentshop.products.actions import picturing
from contentshop.products.queries.media_use import count_pictured
from contentshop.web.door import Door, manages_own_units, show
from contentshop.web.limits import UPLOADS, limiter
from contentshop.web.pictures import picture, recording_url
from contentshop.web.reader_pages import Paging
from contentshop.web.session import engines, settings, viewer
from contentshop.web.studio_media_pages import LibraryPage, MediumPage, MediumView, UploadForm
from contentshop.web.words import translated, translated_errors

if TYPE_CHECKING:
    from contentshop.media.models import Asset

bp = Door("studio_media", __name__, url_prefix="/studio")

SHELF = 24  # things of one page
FOUND = 24  # things the chooser shows
FORM_ROOM = 1024 * 1024  # bytes of an upload besides its file
CROP_WIDTH = 240  # pixels of the picture on which the point of focus is pressed; fits the narrowest phone

Result = TypeVar("Result")


@bp.url_value_preprocessor
def _let_large_files_in(endpoint: str | None, _values: dict[str, Any] | None) -> None:
    """Creators may send more here than anybody elsewhere; known before the form is read."""
    if endpoint == "studio_media.upload" and request.method == "POST" and viewer().can_write:
        request.max_content_length = max(_most(), MAX_BYTES) + FORM_ROOM


def _most() -> int:
    return settings().media_max_mb * 1024 * 1024


@bp.get("/media")
def library() -> Response:
    """What I have sent, newest first."""
    return show("studio/media.html", _library_page({}))


@bp.get("/media.json")
def choose() -> Response:
    """The same for scripts that let people choose something again."""
    kind = request.args.get("kind", "")
    found = _page(kind if kind in KINDS else "", FOUND)
    uses: dict[int, list[Use]] = {}
    return jsonify(media=[_as_json(_view(facts, uses)) for facts in found.items], more=found.has_next)


@bp.post("/media")
@manages_own_units
@limiter.limit(UPLOADS)
def upload() -> Response:
    """Take files. A script sends one at a time and gets JSON; a form may send several and gets a page."""
    sent = [file for file in request.files.getlist("file") if file.filename]
    try:
        words = Description.parse(alt=request.form.get("alt", ""), lang=request.form.get("lang", ""))
        if not sent:
            raise Invalid({"file": [say("Choose a file first.")]})
        taken = _take(sent, words)
    except Invalid as refusal:
        errors = translated_errors(refusal.fields)
        if _wants_json():
            return make_response(jsonify(errors=errors), 422)
        return show("studio/media.html", _library_page(errors), 422)
    if _wants_json():
        asset, notes = taken[0]
        view = _view(queries.facts_of(asset), {})
        return make_response(jsonify(_as_json(view) | {"notes": [translated(note) for note in notes]}), 201)
    for _asset, notes in taken:
        for note in notes:
            flash(translated(note), "info")
    flash(_("Stored. Say what it shows, so that everybody can follow."), "success")
    one = taken[0][0] if len(taken) == 1 else None
    return redirect(url_for("studio_media.one", key=one.key) if one else url_for("studio_media.library"), 303)


@bp.get("/media/<key>")
def one(key: str) -> Response:
    """One thing: see it, describe it, find where it is used."""
    return show("studio/media_one.html", _medium_page(_own(key)))


@bp.post("/media/<key>")
def describe(key: str) -> Response:
    """Change its words and its point of focus, set by numbers or by pressing the picture."""
    asset = _own(key)
    pressed = _pressed(asset)
    values = {name: request.form.get(name, "") for name in ("alt", "lang")}
    values |= pressed or {name: request.form.get(name, "50") for name in ("focus_x", "focus_y")}
    try:
        words = Description.parse(**values)
    except Invalid as refusal:
        return show("studio/media_one.html", _medium_page(asset, values, translated_errors(refusal.fields)), 422)
    actions.describe(db.session, asset, words)
    picturing.picture_changed(db.session, asset.id)
    posts.picture_changed(db.session, asset.id)
    flash(_("Saved."), "success")
    return redirect(url_for("studio_media.one", key=key), 303)


@bp.post("/media/<key>/delete")
@manages_own_units
def delete(key: str) -> Response:
    """Delete what nothing uses: its row first, then its files."""

    def forget() -> list[str]:
        asset = _own(key)
        if _other_uses(asset):
            raise Conflict(say("Something uses this. Take it out there first."))
        media_use.forget(db.session, asset.id)
        return actions.delete(db.session, asset)

    for name in _in_unit(forget):
        engines().storage.delete(name)
    flash(_("Deleted."), "success")
    return redirect(url_for("studio_media.library"), 303)


def _take(sent: Sequence[FileStorage], words: Description) -> list[tuple[Asset, Sequence[Said]]]:
    """Store every file. Raises Invalid with the name of each that cannot be taken; the others are kept."""
    taken, problems = [], []
    for file in sent:
        try:
            taken.append(_store(file, words))
        except Invalid as refusal:
            texts = [translated(text) for text in refusal.fields.get("file", [])]
            problems += texts if len(sent) == 1 else [f"{file.filename}: {' '.join(texts)}"]
    if problems:
        raise Invalid({"file": problems})
    return taken


def _store(file: FileStorage, words: Description) -> tuple[Asset, Sequence[Said]]:
    person, now = viewer().person(), viewer().now
    prepared = actions.prepare(cast(BinaryIO, file.stream), file.filename or "", most=_most())
    known = queries.find_by_digest(db.session, prepared.digest, owner_id=person.id)
    key = known.key if known else None
    # Copying a large file takes a while; nothing of the database is held meanwhile.
    db.session.rollback()
    kept = actions.keep_files(engines().storage, prepared, known=key)
    asset = _in_unit(
        lambda: actions.store(db.session, prepared, kept, owner=person, alt=words.alt, lang=words.lang, now=now)
    )
    return asset, prepared.notes


def _in_unit(work: Callable[[], Result]) -> Result:
    return run_in_unit(db.session, work, keep=lambda _result: True)


def _own(key: str) -> Asset:
    """My medium with this key. Raises NotFound for everybody else's."""
    return queries.get_own(db.session, key[:20], viewer().person().id)


def _wants_json() -> bool:
    return request.accept_mimetypes.best_match(["text/html", "application/json"]) == "application/json"


def _pressed(asset: Asset) -> dict[str, str] | None:
    """Where the picture was pressed, in per cent; browsers send pixels from its upper left corner."""
    x, y = request.form.get("focus.x", ""), request.form.get("focus.y", "")
    if not (x.isascii() and x.isdigit() and y.isascii() and y.isdigit() and len(x) < 6 and len(y) < 6):
        return None
    width, height = _crop_size(asset.width, asset.height)
    return {
        "focus_x": str(min(100, round(int(x) * 100 / width))),
        "focus_y": str(min(100, round(int(y) * 100 / height))),
    }


def _crop_size(width: int, height: int) -> tuple[int, int]:
    shown = min(width, CROP_WIDTH)
    return shown, max(1, round(height * shown / width))


# ---- page records


def _page(kind: str, size: int) -> Page[MediumFacts]:
    text, number = request.args.get("q", "")[:100], page_number(request.args.get("page"))
    return queries.page_own(db.session, viewer().person().id, text=text, kind=kind, number=number, size=size)


def _library_page(errors: Mapping[str, Sequence[str]]) -> LibraryPage:
    kind = request.args.get("kind", "")
    kind = kind if kind in KINDS else ""
    counts = queries.count_kinds(db.session, viewer().person().id)
    found = _page(kind, SHELF)
    uses = media_use.list_use(db.session, [facts.id for facts in found.items])
    return LibraryPage(
        tabs=_tabs(counts, kind),
        query=request.args.get("q", "")[:100],
        kind=kind,
        media=[_view(facts, uses) for facts in found.items],
        empty=not counts,
        paging=_paging(found, kind),
        upload=UploadForm(
            alt=request.form.get("alt", ""),
            most=_most(),
            most_text=_("%(number)s MB", number=settings().media_max_mb),
            errors=errors,
        ),
    )


def _tabs(counts: Mapping[str, int], kind: str) -> list[tuple[str, str, bool, int]]:
    here = "studio_media.library"
    tabs = [(_("All"), url_for(here), not kind, sum(counts.values()))]
    return tabs + [
        (label, url_for(here, kind=name), kind == name, counts[name])
        for name, label in kind_names().items()
        if name in counts
    ]


def kind_names() -> dict[str, str]:
    """What the kinds of media are called, in the reader's language."""
    return {"picture": _("Pictures"), "video": _("Videos"), "audio": _("Sounds"), "captions": _("Captions")}


def _paging(found: Page[MediumFacts], kind: str) -> Paging:
    def address(number: int) -> str:
        query = request.args.get("q", "")[:100]
        return url_for("studio_media.library", kind=kind or None, q=query or None, page=number)

    return Paging(
        previous_url=address(found.number - 1) if found.has_previous else "",
        next_url=address(found.number + 1) if found.has_next else "",
        position=_("Page %(number)s of %(pages)s", number=found.number, pages=found.pages) if found.pages > 1 else "",
    )


def _view(facts: MediumFacts, uses: Mapping[int, Sequence[Use]]) -> MediumView:
    shown = picture(facts) if facts.kind == "picture" else None
    return MediumView(
        key=facts.key,
        kind=facts.kind,
        name=facts.name or facts.key,
        url=url_for("studio_media.one", key=facts.key),
        src=shown.src if shown else recording_url(facts.key, facts.form),
        type=TYPES.get(facts.form, ""),
        picture=shown,
        alt=facts.alt,
        lang=facts.lang,
        facts=tuple(_told(facts)),
        markup=markup(facts.kind, facts.key, facts.alt),
        uses=tuple(
            (use.title or _("Untitled"), url_for("studio.edit", key=use.post_key))
            for use in uses.get(facts.id, ())
            if use.present
        ),
    )


def _told(facts: MediumFacts) -> list[str]:
    told = []
    if facts.duration is not None:
        told.append(clock_text(facts.duration // 1000))
    if facts.width > 1:
        told.append(f"{facts.width} × {facts.height}")
    if facts.bytes:
        told.append(size_text(facts.bytes))
    return told


def clock_text(seconds: int) -> str:
    """A length of time as players show it: 0:07, 12:34, 1:02:03."""
    hours, rest = divmod(seconds, 3600)
    return f"{hours}:{rest // 60:02}:{rest % 60:02}" if hours else f"{rest // 60}:{rest % 60:02}"


def size_text(count: int) -> str:
    """A size in kilobytes or megabytes."""
    if count < 1024 * 1024:
        return str(_("%(number)s KB", number=max(1, round(count / 1024))))
    return str(_("%(number)s MB", number=f"{count / 1024 / 1024:.1f}"))


def markup(kind: str, key: str, alt: str) -> str:
    """What shows a medium in a text; of captions the attribute that goes into the video's line."""
    words = " ".join(alt.split()).replace('"', "”")
    if kind == "captions":
        return f'captions="{key}"'
    if kind == "picture":
        return f'::picture[{key}]{{alt="{words}"}}'
    return f'::{kind}[{key}]{{caption="{words}"}}'


def _as_json(view: MediumView) -> dict[str, object]:
    shown = view.picture
    return {
        "key": view.key,
        "kind": view.kind,
        "name": view.name,
        "url": view.src,
        "thumb": shown.src if shown else "",
        "width": shown.width if shown else None,
        "height": shown.height if shown else None,
        "alt": view.alt,
        "facts": list(view.facts),
        "markup": view.markup,
        "page": view.url,
    }


def _medium_page(
    asset: Asset, values: Mapping[str, str] | None = None, errors: Mapping[str, Sequence[str]] | None = None
) -> MediumPage:
    facts = queries.facts_of(asset)
    uses = media_use.list_use(db.session, [asset.id])
    width, height = _crop_size(asset.width, asset.height)
    stored = {
        "alt": asset.alt,
        "lang": asset.lang,
        "focus_x": str(asset.focus_x),
        "focus_y": str(asset.focus_y),
    }
    return MediumPage(
        medium=_view(facts, uses),
        values=stored | dict(values or {}),
        focus=facts.focus,
        crop_width=width,
        crop_height=height,
        other_uses=_other_uses(asset),
        kept_in_history=any(not use.present for use in uses.get(asset.id, ())),
        errors=errors or {},
    )


def _other_uses(asset: Asset) -> list[str]:
    """Uses outside of posts, in words."""
    told = []
    if count_pictured(db.session, asset.id):
        told.append(_("A product shows it."))
    told += [_("Live session: %(title)s", title=title) for title in live.list_showing(db.session, asset.id)]
    return told
