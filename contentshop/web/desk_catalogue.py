"""The operators' desk: the tree and its properties, options, many products at once, files in and out."""

from __future__ import annotations

import tempfile
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote

from flask import Response as FlaskResponse
from flask import flash, redirect, request, stream_with_context, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from contentshop.core.db import db
from contentshop.core.errors import Conflict, Invalid
from contentshop.core.money import Money
from contentshop.core.names import name_fields
from contentshop.core.uow import unit_of_work
from contentshop.core.words import say
from contentshop.payments import queries as payments
from contentshop.products import actions, imports, queries
from contentshop.products.actions import BULK_KINDS, PRICE_ENDINGS, BulkInput, BulkRow
from contentshop.products.imports import RowError
from contentshop.products.inputs import (
    ATTRIBUTE_KINDS,
    STATUSES,
    AttributeInput,
    CategoryInput,
    parse_options,
    write_choices,
    write_options,
)
from contentshop.products.queries import AttributeRow, CategoryRow
from contentshop.web import audited, desk_pages
from contentshop.web.desk_forms import (
    NO_ERRORS,
    FormAction,
    FormField,
    FormPage,
    Place,
    Values,
    known,
    save_thing,
    thing_page,
    two_name_fields,
)
from contentshop.web.desk_pages import status_names
from contentshop.web.door import Door, manages_own_units, show
from contentshop.web.session import settings, viewer
from contentshop.web.words import refusal_text, translated_errors

bp = Door("desk_catalogue", __name__)

ERRORS_SHOWN = 100
BULK_FIELDS = ("kind", "value", "ending", "category", "location")


@dataclass(frozen=True, slots=True)
class TreePage:
    """The tree and what things in it are described by."""

    tree: Sequence[CategoryRow]
    attributes: Sequence[AttributeRow]
    kinds: Mapping[str, str]
    paths: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class BulkLine:
    """One change of a preview, in words."""

    label: str
    before: str
    after: str
    before_money: Money | None
    after_money: Money | None


@dataclass(frozen=True, slots=True)
class BulkPage:
    """Many products and what is to happen to them. ``seen`` names the preview that is shown."""

    keys: Sequence[str]
    kinds: Sequence[tuple[str, str]]
    categories: Sequence[tuple[str, str]]
    places: Sequence[tuple[str, str]]
    endings: Sequence[tuple[str, str]]
    values: Mapping[str, str]
    errors: Mapping[str, list[str]]
    lines: Sequence[BulkLine]
    seen: str
    done: str = ""


@dataclass(frozen=True, slots=True)
class ImportPage:
    """The form of an import, and what became of one."""

    errors: Mapping[str, list[str]]
    values: Mapping[str, str]
    currencies: Sequence[tuple[str, str]]
    merchants: Sequence[tuple[str, str]]
    places: Sequence[tuple[str, str]]
    outcome: str = ""
    refused: Sequence[RowError] = ()
    more: int = 0


# --- the tree ---


@bp.get("/desk/categories")
def categories() -> Response:
    """The tree of categories with their properties."""
    tree = queries.list_tree(db.session)
    paths = {one.slug: " › ".join(one.path_in(viewer().locale)) for one in tree}
    page = TreePage(tree, queries.all_attributes(db.session, tree), _kind_names(), paths)
    return show("desk/catalogue_tree.html", page)


def _kind_names() -> dict[str, str]:
    return {"text": _("Free text"), "number": _("Number"), "choice": _("Choice"), "flag": _("Yes or no")}


@bp.get("/desk/categories/new")
def new_category() -> Response:
    """The form of a new category."""
    return show("desk/form.html", _category_page(None, {"parent": request.args.get("parent", "")[:100]}))


@bp.post("/desk/categories/new")
def create_category() -> Response:
    """Add a category."""
    return _save_category(None)


@bp.get("/desk/categories/<slug>")
def category(slug: str) -> Response:
    """The form of a category."""
    found = _find_category(slug)
    return show("desk/form.html", _category_page(found, _stored_category(found)))


@bp.post("/desk/categories/<slug>")
def save_category(slug: str) -> Response:
    """Rename or move a category."""
    return _save_category(_find_category(slug))


@bp.post("/desk/categories/<slug>/remove")
def remove_category(slug: str) -> Response:
    """Take an empty category out of the tree."""
    gone = _stored_category(_find_category(slug))
    try:
        actions.remove_category(db.session, slug)
    except Conflict as conflict:
        return audited.turned_back(refusal_text(conflict), url_for("desk_catalogue.category", slug=slug))
    audited.told(f"category:{slug}", gone)
    flash(_("The category is gone."), "success")
    return redirect(url_for("desk_catalogue.categories"), 303)


def _find_category(slug: str) -> CategoryRow:
    found = next((one for one in queries.list_tree(db.session) if one.slug == slug), None)
    return known(found, say("There is no such category."))


def _stored_category(found: CategoryRow) -> dict[str, str]:
    return {**name_fields(found.name, found.names), "parent": found.parent, "position": str(found.position)}


def _save_category(found: CategoryRow | None) -> Response:
    def save(typed: Values) -> None:
        form = CategoryInput.parse(typed)
        if found is None:
            slug = actions.save_category(db.session, form, now=viewer().now).slug
            audited.made(f"category:{slug}", _stored_category(_find_category(slug)))
            return
        with audited.changing(f"category:{found.slug}", lambda: _stored_category(_find_category(found.slug))):
            actions.save_category(db.session, form, slug=found.slug, now=viewer().now)

    return save_thing(
        ("name", "name_zh", "slug", "parent", "position"),
        save,
        partial(_category_page, found),
        done=url_for("desk_catalogue.categories"),
        lasting={"slug": found.slug} if found else None,
    )


def _category_choices() -> list[tuple[str, str]]:
    locale = viewer().locale
    return [(one.slug, " › ".join(one.path_in(locale))) for one in queries.list_tree(db.session)]


def _category_page(
    found: CategoryRow | None, values: Mapping[str, str], errors: Mapping[str, list[str]] = NO_ERRORS
) -> FormPage:
    address = [FormField("slug", _("Short name in the address"), hint=_("Made from the name when empty."))]
    fields = [
        *two_name_fields(),
        *(address if found is None else []),
        FormField("parent", _("Below"), "choice", choices=_category_choices(), blank=_("At the top")),
        FormField("position", _("Place among its neighbours"), "number"),
    ]
    url = (
        url_for("desk_catalogue.save_category", slug=found.slug) if found else url_for("desk_catalogue.create_category")
    )
    further = []
    if found is not None:
        remove = url_for("desk_catalogue.remove_category", slug=found.slug)
        further = [FormAction(_("Remove this category"), remove, _("Only an empty one can be removed."))]
    back = url_for("desk_catalogue.categories")
    name = found.name_in(viewer().locale) if found else ""
    place = Place(name, _("New category"), _("Add category"), back, _("Categories"), url)
    return thing_page(place, fields, values, errors, further)


@bp.get("/desk/attributes/new")
def new_attribute() -> Response:
    """The form of a new property."""
    return show("desk/form.html", _attribute_page(None, {"category": request.args.get("category", "")[:100]}))


@bp.post("/desk/attributes/new")
def create_attribute() -> Response:
    """Add a property."""
    return _save_attribute(None)


@bp.get("/desk/attributes/<key>")
def attribute(key: str) -> Response:
    """The form of a property."""
    found = _find_attribute(key)
    return show("desk/form.html", _attribute_page(found, _stored_attribute(found)))


@bp.post("/desk/attributes/<key>")
def save_attribute(key: str) -> Response:
    """Change a property."""
    return _save_attribute(_find_attribute(key))


@bp.post("/desk/attributes/<key>/remove")
def remove_attribute(key: str) -> Response:
    """Stop asking for a property."""
    gone = _stored_attribute(_find_attribute(key))
    actions.remove_attribute(db.session, key)
    audited.told(f"attribute:{key}", gone)
    flash(_("The property is no longer asked for."), "success")
    return redirect(url_for("desk_catalogue.categories"), 303)


def _find_attribute(key: str) -> AttributeRow:
    every = queries.all_attributes(db.session, queries.list_tree(db.session))
    return known(next((one for one in every if one.key == key), None), say("There is no such property."))


def _stored_attribute(found: AttributeRow) -> dict[str, str]:
    return {
        **name_fields(found.name, found.names),
        "kind": found.kind,
        "unit": found.unit,
        "choices": write_choices(found.choices, found.choice_names),
        "category": found.category,
    }


def _save_attribute(found: AttributeRow | None) -> Response:
    def save(typed: Values) -> None:
        form = AttributeInput.parse(typed)
        if found is None:
            key = actions.save_attribute(db.session, form, now=viewer().now).key
            audited.made(f"attribute:{key}", _stored_attribute(_find_attribute(key)))
            return
        with audited.changing(f"attribute:{found.key}", lambda: _stored_attribute(_find_attribute(found.key))):
            actions.save_attribute(db.session, form, key=found.key, now=viewer().now)

    names = ("name", "name_zh", "kind", "unit", "choices", "category")
    return save_thing(names, save, partial(_attribute_page, found), done=url_for("desk_catalogue.categories"))


def _attribute_page(
    found: AttributeRow | None, values: Mapping[str, str], errors: Mapping[str, list[str]] = NO_ERRORS
) -> FormPage:
    kinds = _kind_names()
    how = _("One a line; only for a choice. With Chinese words: “Red=红”.")
    fields = [
        *two_name_fields(),
        FormField("kind", _("Kind"), "choice", choices=[(kind, kinds[kind]) for kind in ATTRIBUTE_KINDS]),
        FormField("unit", _("Unit"), hint=_("Like g, cm or W.")),
        FormField("choices", _("What can be chosen"), "area", how),
        FormField(
            "category",
            _("For"),
            "choice",
            _("Categories below have it too."),
            _category_choices(),
            blank=_("All products"),
        ),
    ]
    url = (
        url_for("desk_catalogue.save_attribute", key=found.key) if found else url_for("desk_catalogue.create_attribute")
    )
    further = []
    if found is not None:
        remove = url_for("desk_catalogue.remove_attribute", key=found.key)
        further = [FormAction(_("Stop asking for it"), remove, _("What products say of it stays."))]
    back = url_for("desk_catalogue.categories")
    name = found.name_in(viewer().locale) if found else ""
    place = Place(name, _("New property"), _("Add property"), back, _("Categories"), url)
    return thing_page(place, fields, values, errors, further)


# --- options ---


@bp.get("/desk/products/<key>/options")
def options(key: str) -> Response:
    """What variants of a product differ in."""
    found = queries.get_for_desk(db.session, key)
    return show("desk/form.html", _options_page(key, found.title, {"options": write_options(found.options)}))


@bp.post("/desk/products/<key>/options")
def save_options(key: str) -> Response:
    """Choose options and make the variants that are missing."""
    who = viewer()
    typed = {"options": request.form.get("options", "")[:4000]}
    try:
        wanted = parse_options(typed["options"])
        actor = who.person().key
        with audited.changing(f"product:{key}", lambda: _logged_options(key)):
            made = actions.set_options(db.session, key, wanted, now=who.now, actor=actor)
    except Invalid as refusal:
        title = queries.get_for_desk(db.session, key).title
        return show("desk/form.html", _options_page(key, title, typed, translated_errors(refusal.fields)), 422)
    flash(_("%(num)s variants were added.", num=len(made.added)), "success")
    if made.left_over:
        flash(_("These fit no option any more and stay as they are: %(skus)s", skus=", ".join(made.left_over)), "error")
    return redirect(url_for("desk.product", key=key), 303)


def _logged_options(key: str) -> dict[str, Any]:
    """What the audit log compares: the options and the variants that they make."""
    found = queries.get_for_desk(db.session, key)
    return {"options": write_options(found.options).splitlines(), "variants": [one.sku for one in found.variants]}


def _options_page(
    key: str, title: str, values: Mapping[str, str], errors: Mapping[str, list[str]] = NO_ERRORS
) -> FormPage:
    hint = _("One option a line, like “Colour: Red, Blue”. With Chinese words: “Colour=颜色: Red=红, Blue=蓝”.")
    return FormPage(
        heading=_("Options"),
        back_url=url_for("desk.product", key=key),
        back_label=title,
        action_url=url_for("desk_catalogue.save_options", key=key),
        button=_("Save and make variants"),
        fields=[FormField("options", _("What variants differ in"), "area", hint)],
        values=values,
        errors=errors,
        lede=_("Every combination becomes a variant with its own SKU, at the price of the first. None is taken away."),
    )


# --- many at once ---


@bp.get("/desk/products/bulk")
def bulk() -> Response:
    """What is to happen to the chosen products."""
    return show("desk/catalogue_bulk.html", _bulk_page(request.args.getlist("p")[:500], {}))


@bp.post("/desk/products/bulk")
def preview() -> Response:
    """What would change, before it does; then do it when that was pressed."""
    keys = request.form.getlist("p")
    typed = {name: request.form.get(name, "") for name in (*BULK_FIELDS, "seen", "do")}
    who = viewer()
    value = typed["category"] if typed["kind"] == "category" else typed["value"]
    try:
        form = BulkInput.parse(keys, typed | {"value": value})
        if typed["do"] == "apply":
            edit = actions.apply_bulk(
                db.session, form, seen=typed["seen"], fixed=_gift_cards, now=who.now, actor=who.person().key
            )
            categories = {one.id: one.slug for one in queries.list_tree(db.session)}
            before, after = (
                {_changed(row, form.kind): _logged(row, side, form.kind, categories) for row in edit.rows}
                for side in ("before", "after")
            )
            audited.told(f"bulk:{edit.key}", before, after)
            flash(_("%(num)s things were changed.", num=len(edit.rows)), "success")
            return redirect(url_for("desk_catalogue.changed", key=edit.key), 303)
        rows = actions.preview_bulk(db.session, form, fixed=_gift_cards)
    except Invalid as refusal:
        return show("desk/catalogue_bulk.html", _bulk_page(keys, typed, translated_errors(refusal.fields)), 422)
    except Conflict as conflict:
        return show("desk/catalogue_bulk.html", _bulk_page(keys, typed, {"": [refusal_text(conflict)]}), 409)
    audited.nothing()
    page = _bulk_page(keys, typed, rows=rows)
    return show("desk/catalogue_bulk.html", page)


def _gift_cards() -> Collection[int]:
    """Variants whose price no change of many touches: it is what buyers get."""
    return payments.list_card_variants(db.session)


def _bulk_page(
    keys: Sequence[str],
    values: Mapping[str, str],
    errors: Mapping[str, list[str]] = NO_ERRORS,
    rows: Sequence[BulkRow] = (),
) -> BulkPage:
    words = {
        "price_percent": _("Change our prices by per cent"),
        "price_amount": _("Change our prices by an amount"),
        "price_set": _("Set our prices"),
        "stock_add": _("Add to the stock"),
        "category": _("Put into a category"),
        "listed": _("Put into the shop"),
        "unlisted": _("Archive: take off the shop"),
        "draft": _("Make drafts that only the desk sees"),
    }
    tree, locale = queries.list_tree(db.session), viewer().locale
    names = {one.id: " › ".join(one.path_in(locale)) for one in tree}
    return BulkPage(
        keys=keys,
        kinds=[(kind, words[kind]) for kind in BULK_KINDS],
        categories=[(one.slug, names[one.id]) for one in tree],
        places=desk_pages.place_choices(),
        endings=[(ending, f".{ending}") for ending in PRICE_ENDINGS],
        values=values,
        errors=errors,
        lines=[_bulk_line(row, values.get("kind", ""), names) for row in rows],
        seen=actions.digest_of(rows) if rows else "",
    )


def _bulk_line(row: BulkRow, kind: str, names: Mapping[int, str]) -> BulkLine:
    if row.currency:
        return BulkLine(row.label, "", "", _money(row.before, row.currency), _money(row.after, row.currency))

    def word(value: int | None) -> str:
        if kind == "category":
            return names.get(value or 0, "–")
        if kind == "stock_add":
            return str(value)
        return status_names()[STATUSES[value or 0]]

    return BulkLine(row.label, word(row.before), word(row.after), None, None)


def _changed(row: Mapping[str, Any], kind: str) -> str:
    """What the audit log calls a row: the field and the thing; a variant may have prices in several currencies."""
    if row["currency"]:
        return f"{row['label']} {row['currency']}"
    field = {"category": "category", "stock_add": "on_hand"}.get(kind, "status")
    return f"{field}-{row['label']}"


def _logged(row: Mapping[str, Any], side: str, kind: str, categories: Mapping[int, str]) -> Any:
    """What the audit log keeps of one side of a change: prices with their currency, all else as its field has it."""
    value, currency = row[side], row["currency"]
    if currency:
        return f"{Money(value, currency).amount} {currency}" if value is not None else value
    if kind == "category":
        return categories.get(value, "")
    return value if kind == "stock_add" else STATUSES[value or 0]


def _money(minor: int | None, currency: str) -> Money | None:
    return None if minor is None else Money(minor, currency)


@bp.get("/desk/products/bulk/<key>")
def changed(key: str) -> Response:
    """A change of many that was made, and the way back."""
    found = queries.get_bulk_edit(db.session, key)
    rows = [BulkRow(**row) for row in found.rows]
    base = _bulk_page([], {"kind": str(found.what["kind"])}, rows=rows)
    page = replace(base, seen="", done=key)
    return show("desk/catalogue_changed.html", page)


@bp.post("/desk/products/bulk/<key>/undo")
def undo(key: str) -> Response:
    """Take a change of many back."""
    who = viewer()
    try:
        back, skipped = actions.undo_bulk(db.session, key, fixed=_gift_cards, now=who.now, actor=who.person().key)
    except Conflict as conflict:
        return audited.turned_back(refusal_text(conflict), url_for("desk_catalogue.changed", key=key))
    flash(_("%(num)s things are as they were.", num=back), "success")
    if skipped:
        flash(_("%(num)s have changed again since and were left alone.", num=skipped), "error")
    return redirect(url_for("desk.products"), 303)


# --- files ---


@bp.get("/desk/products/export")
def export() -> Response:
    """All products as a file of our own format."""
    lines: Iterator[str] = queries.export_products(db.session)
    answer = FlaskResponse(stream_with_context(lines), mimetype="text/csv")
    answer.headers["Content-Disposition"] = 'attachment; filename="products.csv"'
    answer.headers["Cache-Control"] = "no-store"
    return answer


@bp.get("/desk/products/import")
def import_form() -> Response:
    """The form of an import."""
    return show("desk/catalogue_import.html", _import_page({"currency": settings().currency}))


@bp.post("/desk/products/import")
@manages_own_units
def import_file() -> Response:
    """Take a file of products, batch by batch; wrong lines are told, the rest is taken."""
    typed = {name: request.form.get(name, "") for name in ("currency", "unit", "merchant", "location")}
    sent = request.files.get("file")
    if sent is None or not sent.filename:
        return show("desk/catalogue_import.html", _import_page(typed, {"file": [_("Choose a file first.")]}), 422)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / (Path(sent.filename).name[-80:] or "file")
        sent.save(path)
        try:
            counts, refused = _import(path, typed)
        except Invalid as refusal:
            errors = {"file": [text for texts in refusal.fields.values() for text in texts]}
            return show("desk/catalogue_import.html", _import_page(typed, translated_errors(errors)), 422)
    outcome = _(
        "%(added)s added, %(updated)s updated, %(unchanged)s unchanged, %(failed)s not taken.",
        **counts,
        failed=len(refused),
    )
    page = _import_page(typed, outcome=outcome, refused=refused)
    return show("desk/catalogue_import.html", page)


def _import(path: Path, typed: Mapping[str, str]) -> tuple[dict[str, int], list[RowError]]:
    """Raises Invalid when the file as a whole cannot be taken."""
    scan = imports.scan_file(path)
    chosen = imports.ImportOptions(
        source=path.name.split(".")[0],
        currency=typed["currency"],
        price_unit="minor" if typed["unit"] == "minor" else "major",
        merchant=typed["merchant"],
        location=typed["location"],
    )
    counts = {"added": 0, "updated": 0, "unchanged": 0}
    refused: list[RowError] = []
    with unit_of_work(db.session):
        run = actions.start_import(db.session, scan, chosen, now=viewer().now)
        digest, last_line = run.digest, run.last_line
    for batch in imports.read_batches(scan, chosen, after=last_line):
        with unit_of_work(db.session):
            report = actions.import_batch(db.session, digest, batch, now=viewer().now)
        for name in counts:
            counts[name] += getattr(report, name)
        refused += report.errors
    with unit_of_work(db.session):
        refused += actions.finish_import(db.session, digest, now=viewer().now).errors
        audited.told(f"file:{quote(path.name)}", after={**counts, "failed": len(refused)})
        audited.keep()
    return counts, sorted(refused, key=lambda one: one.line)


def _import_page(
    values: Mapping[str, str],
    errors: Mapping[str, list[str]] = NO_ERRORS,
    *,
    outcome: str = "",
    refused: Sequence[RowError] = (),
) -> ImportPage:
    return ImportPage(
        errors=errors,
        values=values,
        currencies=[(code, code) for code in settings().currencies],
        merchants=[(one.key, one.name) for one in queries.list_merchants(db.session, viewer().locale)],
        places=desk_pages.place_choices(),
        outcome=outcome,
        refused=refused[:ERRORS_SHOWN],
        more=max(len(refused) - ERRORS_SHOWN, 0),
    )
