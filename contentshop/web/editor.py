"""The editors' desk: featured lists, their items with reasons, and when the home page shows them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from flask import flash, redirect, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from contentshop.core.db import db
from contentshop.core.errors import Conflict, Invalid
from contentshop.curation import actions, queries
from contentshop.curation.inputs import FeaturedListInput, SlotInput
from contentshop.posts import queries as posts
from contentshop.products import queries as products
from contentshop.web.audited import changing, made, told
from contentshop.web.door import Door, show
from contentshop.web.session import viewer
from contentshop.web.words import refusal_text, translated, translated_errors
from contentshop.web.zones import moment_text, own_zone

if TYPE_CHECKING:
    from contentshop.curation.models import FeaturedList

bp = Door("editor", __name__, url_prefix="/desk/featured")

EMPTY_LINES = 3
SUGGESTED = 12
PLACE = ("position", "starts_at", "ends_at", "zone")


@dataclass(frozen=True, slots=True)
class ListRow:
    """One featured list at the desk. ``state`` is shown, planned, over or off."""

    key: str
    title: str
    lang: str
    count: int
    state: str
    starts_at: datetime | None
    ends_at: datetime | None
    position: int | None
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class IndexPage:
    """All featured lists."""

    lists: Sequence[ListRow]


@dataclass(frozen=True, slots=True)
class ItemRow:
    """One line of the form: what stands here, why, and what is wrong with it."""

    kind: str
    ref: str
    title: str
    reason: str
    errors: Sequence[str]


@dataclass(frozen=True, slots=True)
class EditPage:
    """The form of a featured list; ``key`` is empty for a new one."""

    key: str
    slug: str
    version: int
    values: Mapping[str, str]
    items: Sequence[ItemRow]
    errors: Mapping[str, list[str]]
    row: ListRow | None
    posts: Sequence[tuple[str, str]]
    products: Sequence[tuple[str, str]]


def _row(featured: FeaturedList, now: datetime) -> ListRow:
    slot = featured.slots[0] if featured.slots else None
    if slot is None:
        state = "off"
    elif slot.starts_at > now:
        state = "planned"
    elif slot.ends_at is not None and slot.ends_at <= now:
        state = "over"
    else:
        state = "shown"
    return ListRow(
        key=featured.key,
        title=featured.title,
        lang=featured.lang,
        count=len(featured.items),
        state=state,
        starts_at=slot.starts_at if slot else None,
        ends_at=slot.ends_at if slot else None,
        position=slot.position if slot else None,
        updated_at=featured.updated_at,
    )


@bp.get("")
def index() -> Response:
    """All featured lists, with where they stand."""
    now = viewer().now
    return show(
        "desk/featured.html", IndexPage([_row(featured, now) for featured in queries.list_for_desk(db.session)])
    )


@bp.get("/new")
def new() -> Response:
    """The form of a new list; ``?post=`` or ``?product=`` starts it with that."""
    first = [
        ItemRow(kind, request.args[kind][:100], "", "", ()) for kind in ("post", "product") if request.args.get(kind)
    ]
    return show("desk/featured_edit.html", _page(None, {"lang": viewer().locale, "zone": own_zone()}, first, {}))


@bp.post("/new")
def create() -> Response:
    """Make the list."""
    values, lines = _typed()
    try:
        form = FeaturedListInput.parse(title=values["title"], intro=values["intro"], lang=values["lang"], items=lines)
        featured = actions.create_list(db.session, form, by=viewer().person(), now=viewer().now)
        made(f"featured_list:{featured.key}", _logged(featured.key))
    except Invalid as refusal:
        return _refused(None, values, lines, refusal)
    flash(_("The list is saved. Place it on the home page when it is ready."), "success")
    return redirect(url_for("editor.edit", key=featured.key), 303)


@bp.get("/<key>")
def edit(key: str) -> Response:
    """The form of a list."""
    featured = queries.get_for_desk(db.session, key)
    return show("desk/featured_edit.html", _stored_page(featured))


def _stored_page(featured: FeaturedList) -> EditPage:
    names = queries.item_names(db.session, featured)
    rows = [ItemRow(*names[item.id], item.reason, ()) for item in featured.items]
    values = {"title": featured.title, "intro": featured.intro, "lang": featured.lang, **_slot_values(featured)}
    return _page(featured, values, rows, {})


def _slot_values(featured: FeaturedList) -> dict[str, str]:
    slot = featured.slots[0] if featured.slots else None
    zone = own_zone()
    return {
        "position": str(slot.position) if slot else "0",
        "starts_at": moment_text(slot.starts_at, zone) if slot else "",
        "ends_at": moment_text(slot.ends_at, zone) if slot else "",
        "zone": zone,
    }


@bp.post("/<key>")
def save(key: str) -> Response:
    """Save the list; with ``move`` or ``remove`` the lines change first."""
    featured = queries.get_for_desk(db.session, key)
    values, lines = _typed()
    lines = _rearranged(lines, request.form.get("arrange", ""))
    version = request.form.get("version", "0")
    try:
        form = FeaturedListInput.parse(title=values["title"], intro=values["intro"], lang=values["lang"], items=lines)
        by, number = viewer().person(), int(version) if version.isdigit() else 0
        with changing(f"featured_list:{key}", lambda: _logged(key)):
            actions.change_list(db.session, featured, form, version=number, by=by, now=viewer().now)
    except Invalid as refusal:
        return _refused(featured, values, lines, refusal)
    except Conflict as conflict:
        page = _page(featured, values, _rows(lines, {}), {"title": [refusal_text(conflict)]})
        return show("desk/featured_edit.html", page, 409)
    flash(_("Saved."), "success")
    return redirect(url_for("editor.edit", key=key), 303)


def _logged(key: str) -> dict[str, Any]:
    """What the audit log compares of a list."""
    found = queries.get_for_desk(db.session, key)
    names = queries.item_names(db.session, found)
    items = [" – ".join(filter(None, (names[item.id][2], item.reason))) for item in found.items]
    return {"title": found.title, "intro": found.intro, "lang": found.lang, "items": items}


def _logged_slot(key: str) -> dict[str, Any]:
    """What the audit log compares of a list's place on the home page."""
    slot = next(iter(queries.get_for_desk(db.session, key).slots), None)
    if slot is None:
        return {"position": "", "starts_at": "", "ends_at": ""}
    return {
        "position": slot.position,
        "starts_at": slot.starts_at.isoformat(),
        "ends_at": slot.ends_at.isoformat() if slot.ends_at else "",
    }


def _rearranged(lines: list[tuple[str, str, str]], command: str) -> list[tuple[str, str, str]]:
    """``up-2``, ``down-2`` or ``remove-2`` applied to the lines; anything else changes nothing."""
    verb, _dash, number = command.partition("-")
    if not number.isdigit() or int(number) >= len(lines):
        return lines
    place, moved = int(number), list(lines)
    line = moved.pop(place)
    if verb == "up":
        moved.insert(max(0, place - 1), line)
    elif verb == "down":
        moved.insert(place + 1, line)
    elif verb != "remove":
        return lines
    return moved


@bp.post("/<key>/place")
def place(key: str) -> Response:
    """Show the list on the home page for a period."""
    featured = queries.get_for_desk(db.session, key)
    values = {name: request.form.get(name, "") for name in PLACE}
    values["zone"] = values["zone"] or own_zone()
    try:
        form = SlotInput.parse(
            position=values["position"] or "0",
            starts=values["starts_at"],
            ends=values["ends_at"],
            zone=values["zone"],
            now=viewer().now,
        )
    except Invalid as refusal:
        page = _stored_page(featured)
        return show("desk/featured_edit.html", _with(page, values, refusal.fields), 422)
    by = viewer().person()
    with changing(f"featured_list:{key}", lambda: _logged_slot(key)):
        actions.place(db.session, featured, form, by=by, now=viewer().now)
    flash(_("The list is placed on the home page."), "success")
    return redirect(url_for("editor.edit", key=key), 303)


@bp.post("/<key>/unplace")
def unplace(key: str) -> Response:
    """Take the list off the home page."""
    by = viewer().person()
    with changing(f"featured_list:{key}", lambda: _logged_slot(key)):
        actions.unplace(db.session, queries.get_for_desk(db.session, key), by=by, now=viewer().now)
    flash(_("The list is off the home page."), "success")
    return redirect(url_for("editor.edit", key=key), 303)


@bp.post("/<key>/delete")
def delete(key: str) -> Response:
    """Remove the list."""
    gone = _logged(key)
    actions.delete_list(db.session, queries.get_for_desk(db.session, key), by=viewer().person(), now=viewer().now)
    told(f"featured_list:{key}", gone)
    flash(_("The list is deleted."), "success")
    return redirect(url_for("editor.index"), 303)


def _typed() -> tuple[dict[str, str], list[tuple[str, str, str]]]:
    values = {name: request.form.get(name, "") for name in ("title", "intro", "lang", *PLACE)}
    values["zone"] = values["zone"] or own_zone()
    lines = list(
        zip(
            request.form.getlist("item_kind"),
            request.form.getlist("item_ref"),
            request.form.getlist("item_reason"),
            strict=False,
        )
    )
    return values, [line for line in lines if line[1].strip() or line[2].strip()]


def _refused(
    featured: FeaturedList | None, values: Mapping[str, str], lines: Sequence[tuple[str, str, str]], refusal: Invalid
) -> Response:
    return show("desk/featured_edit.html", _page(featured, values, _rows(lines, refusal.fields), refusal.fields), 422)


def _rows(lines: Sequence[tuple[str, str, str]], errors: Mapping[str, list[str]]) -> list[ItemRow]:
    return [
        ItemRow(kind, ref, "", reason, [translated(text) for text in errors.get(f"items-{number}", ())])
        for number, (kind, ref, reason) in enumerate(lines)
    ]


def _page(
    featured: FeaturedList | None,
    values: Mapping[str, str],
    rows: Sequence[ItemRow],
    errors: Mapping[str, list[str]],
) -> EditPage:
    empty = [ItemRow("post", "", "", "", ()) for _number in range(EMPTY_LINES)]
    newest = posts.list_newest(db.session, limit=SUGGESTED)
    return EditPage(
        key=featured.key if featured else "",
        slug=featured.slug if featured else "",
        version=featured.version if featured else 0,
        values=values,
        items=[*rows, *empty],
        errors=translated_errors(errors),
        row=_row(featured, viewer().now) if featured else None,
        posts=[(tile.slug, tile.title) for tile in newest],
        products=[(found.slug, found.title) for found in products.search_catalogue(db.session, "", SUGGESTED)],
    )


def _with(page: EditPage, values: Mapping[str, str], errors: Mapping[str, list[str]]) -> EditPage:
    return EditPage(
        key=page.key,
        slug=page.slug,
        version=page.version,
        values={**page.values, **values},
        items=page.items,
        errors=translated_errors(errors),
        row=page.row,
        posts=page.posts,
        products=page.products,
    )
