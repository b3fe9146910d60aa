"""The operators' desk: places goods are at, their owners, transfers, thresholds and counts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from flask import flash, redirect, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from contentshop.core.db import db
from contentshop.core.errors import Conflict, Invalid, NotFound
from contentshop.core.names import name_fields
from contentshop.core.words import say
from contentshop.products import actions, queries, stock
from contentshop.products.inputs import LocationInput, SupplierInput, parse_quantity
from contentshop.products.queries import LocationRow, SheetLine, StocktakeRow, SupplierRow
from contentshop.web import desk_pages
from contentshop.web.audited import changing, made, turned_back
from contentshop.web.desk_forms import (
    NO_ERRORS,
    FormAction,
    FormField,
    FormPage,
    Place,
    Values,
    country_choices,
    key_field,
    known,
    save_thing,
    thing_page,
    two_name_fields,
)
from contentshop.web.door import Door, show
from contentshop.web.session import viewer
from contentshop.web.words import refusal_text, translated_errors

bp = Door("desk_stock", __name__)

PER_CENT = 10_000  # parts per million


@dataclass(frozen=True, slots=True)
class PlacesPage:
    """Where goods are and whose they are."""

    places: Sequence[LocationRow]
    suppliers: Sequence[SupplierRow]


@dataclass(frozen=True, slots=True)
class CountsPage:
    """Counts, open ones first; ``places`` can be counted now."""

    counts: Sequence[StocktakeRow]
    places: Sequence[tuple[str, str]]
    errors: Mapping[str, list[str]]


@dataclass(frozen=True, slots=True)
class SheetPage:
    """One count with its sheet; ``values`` are what was typed, by variant."""

    count: StocktakeRow
    lines: Sequence[SheetLine]
    values: Mapping[str, str]
    errors: Mapping[str, list[str]]


@bp.get("/desk/places")
def places() -> Response:
    """Every place and every supplier."""
    found = PlacesPage(queries.list_locations(db.session, viewer().locale), queries.list_suppliers(db.session))
    return show("desk/stock_places.html", found)


@bp.get("/desk/places/new")
def new_place() -> Response:
    """The form of a new place."""
    return show("desk/form.html", _place_page(None, {}))


@bp.post("/desk/places/new")
def create_place() -> Response:
    """Add a place."""
    return _save_place(None)


@bp.get("/desk/places/<key>")
def place(key: str) -> Response:
    """The form of a place."""
    found = _find_place(key)
    return show("desk/form.html", _place_page(found, _stored_place(found)))


@bp.post("/desk/places/<key>")
def save_place(key: str) -> Response:
    """Rename a place, or give an empty one to another owner."""
    return _save_place(_find_place(key))


@bp.post("/desk/places/<key>/state")
def set_place_state(key: str) -> Response:
    """Open or close a place."""
    try:
        with changing(f"place:{key}", lambda: _place_state(key)):
            actions.set_location_active(db.session, key, request.form.get("do") == "open")
    except Conflict as conflict:
        return turned_back(refusal_text(conflict), url_for("desk_stock.place", key=key))
    flash(_("Saved."), "success")
    return redirect(url_for("desk_stock.places"), 303)


def _find_place(key: str) -> LocationRow:
    found = next((one for one in queries.list_locations(db.session, viewer().locale) if one.key == key), None)
    return known(found, say("There is no such place."))


def _stored_place(found: LocationRow) -> dict[str, str]:
    names = name_fields(found.base_name, found.names)
    return {**names, "country": found.country, "supplier": found.supplier_key}


def _place_state(key: str) -> dict[str, str]:
    return {"state": "open" if _find_place(key).active else "closed"}


def _save_place(found: LocationRow | None) -> Response:
    def save(typed: Values) -> None:
        form = LocationInput.parse(typed)
        if found is None:
            key = actions.save_location(db.session, form, now=viewer().now).key
            made(f"place:{key}", _stored_place(_find_place(key)))
            return
        with changing(f"place:{found.key}", lambda: _stored_place(_find_place(found.key))):
            actions.save_location(db.session, form, key=found.key, now=viewer().now)

    return save_thing(
        ("key", "name", "name_zh", "country", "supplier"),
        save,
        partial(_place_page, found),
        done=url_for("desk_stock.places"),
        lasting={"key": found.key} if found else None,
        clash="supplier",
    )


def _place_page(
    found: LocationRow | None, values: Mapping[str, str], errors: Mapping[str, list[str]] = NO_ERRORS
) -> FormPage:
    owners = [(one.key, one.name) for one in queries.list_suppliers(db.session)]
    fields = [
        *key_field(new=found is None),
        *two_name_fields(),
        FormField(
            "country",
            _("Country"),
            "choice",
            _("Orders from there are sent from here first."),
            country_choices(values.get("country", "")),
            blank=_("Not told"),
        ),
        FormField("supplier", _("Whose goods are here"), "choice", choices=owners, blank=_("Ours")),
    ]
    further: list[FormAction] = []
    if found is not None:
        word, do = (_("Close this place"), "close") if found.active else (_("Open this place"), "open")
        hint = _("Only a place without goods can be closed.") if found.active else ""
        further = [FormAction(word, url_for("desk_stock.set_place_state", key=found.key), hint, "do", do)]
    url = url_for("desk_stock.save_place", key=found.key) if found else url_for("desk_stock.create_place")
    back = url_for("desk_stock.places")
    place = Place(found.name if found else "", _("New place"), _("Add place"), back, _("Places and suppliers"), url)
    return thing_page(place, fields, values, errors, further)


@bp.get("/desk/suppliers/new")
def new_supplier() -> Response:
    """The form of a new supplier."""
    return show("desk/form.html", _supplier_page(None, {}))


@bp.post("/desk/suppliers/new")
def create_supplier() -> Response:
    """Add a supplier."""
    return _save_supplier(None)


@bp.get("/desk/suppliers/<key>")
def supplier(key: str) -> Response:
    """The form of a supplier."""
    found = _find_supplier(key)
    return show("desk/form.html", _supplier_page(found, _stored_supplier(found)))


@bp.post("/desk/suppliers/<key>")
def save_supplier(key: str) -> Response:
    """Change a supplier."""
    return _save_supplier(_find_supplier(key))


def _find_supplier(key: str) -> SupplierRow:
    found = next((one for one in queries.list_suppliers(db.session) if one.key == key), None)
    return known(found, say("There is no such supplier."))


def _stored_supplier(found: SupplierRow) -> dict[str, str]:
    return {"name": found.name, "email": found.email, "share": f"{found.share_ppm / PER_CENT:g}"}


def _save_supplier(found: SupplierRow | None) -> Response:
    def save(typed: Values) -> None:
        form = SupplierInput.parse(typed)
        if found is None:
            key = actions.save_supplier(db.session, form, now=viewer().now).key
            made(f"supplier:{key}", _stored_supplier(_find_supplier(key)))
            return
        with changing(f"supplier:{found.key}", lambda: _stored_supplier(_find_supplier(found.key))):
            actions.save_supplier(db.session, form, key=found.key, now=viewer().now)

    return save_thing(
        ("key", "name", "email", "share"),
        save,
        partial(_supplier_page, found),
        done=url_for("desk_stock.places"),
        lasting={"key": found.key} if found else None,
    )


def _supplier_page(
    found: SupplierRow | None, values: Mapping[str, str], errors: Mapping[str, list[str]] = NO_ERRORS
) -> FormPage:
    fields = [
        *key_field(new=found is None),
        FormField("name", _("Name"), required=True),
        FormField("email", _("E-mail")),
        FormField(
            "share",
            _("Their share in per cent"),
            "number",
            _("Of what is paid for their goods after discounts. Orders keep the share of their day."),
        ),
    ]
    url = url_for("desk_stock.save_supplier", key=found.key) if found else url_for("desk_stock.create_supplier")
    back, heading = url_for("desk_stock.places"), _("New supplier")
    place = Place(found.name if found else "", heading, _("Add supplier"), back, _("Places and suppliers"), url)
    return thing_page(place, fields, values, errors)


# --- one variant ---


@bp.post("/desk/stock/<variant>/transfer")
def transfer(variant: str) -> Response:
    """Bring units from one place to another."""
    typed = {name: request.form.get(name, "") for name in ("quantity", "source", "target", "transfer_note")}
    who = viewer()
    variant_id, _row = queries.get_stock(db.session, variant, who.locale)
    problems: dict[str, list[str]] = {}
    quantity = parse_quantity({"quantity": typed["quantity"]}, "quantity", problems)
    try:
        stock.transfer(
            db.session,
            variant_id,
            quantity or 0,
            source=typed["source"],
            target=typed["target"],
            note=typed["transfer_note"],
            now=who.now,
            actor=who.person().key,
        )
    except Invalid as refusal:
        errors = {f"transfer_{name}": texts for name, texts in translated_errors(refusal.fields).items()}
        return show("desk/stock_variant.html", desk_pages.stock_page(variant, typed, errors), 422)
    except (Conflict, NotFound) as refusal:
        page = desk_pages.stock_page(variant, typed, {"transfer_quantity": [refusal_text(refusal)]})
        return show("desk/stock_variant.html", page, 409)
    flash(_("The goods are at their new place."), "success")
    return redirect(url_for("desk.stock_of", variant=variant), 303)


@bp.post("/desk/stock/<variant>/threshold")
def set_threshold(variant: str) -> Response:
    """Choose from how few on operators are told."""
    typed = {"low_at": request.form.get("low_at", "")}
    variant_id, _row = queries.get_stock(db.session, variant, viewer().locale)
    problems: dict[str, list[str]] = {}
    low_at = parse_quantity(typed, "low_at", problems)
    if problems:
        page = desk_pages.stock_page(variant, typed, translated_errors(problems))
        return show("desk/stock_variant.html", page, 422)
    with changing(f"variant:{variant}", lambda: {"low_at": queries.get_threshold(db.session, variant_id)}):
        stock.set_low_at(db.session, variant_id, low_at)
    flash(_("Saved."), "success")
    return redirect(url_for("desk.stock_of", variant=variant), 303)


# --- counts ---


@bp.get("/desk/counts")
def counts() -> Response:
    """Counts of whole places."""
    return show("desk/stock_counts.html", _counts_page())


def _counts_page(errors: Mapping[str, list[str]] = NO_ERRORS) -> CountsPage:
    places = [(one.key, one.name) for one in queries.list_locations(db.session, viewer().locale) if one.active]
    return CountsPage(queries.list_stocktakes(db.session, viewer().locale), places, errors)


@bp.post("/desk/counts/new")
def open_count() -> Response:
    """Begin to count a place."""
    who = viewer()
    try:
        found = actions.open_stocktake(
            db.session,
            request.form.get("location", ""),
            note=request.form.get("note", "").strip(),
            now=who.now,
            actor=who.person().key,
        )
    except (Conflict, NotFound) as refusal:
        return show("desk/stock_counts.html", _counts_page({"location": [refusal_text(refusal)]}), 409)
    made(f"count:{found.key}", {"location": found.location.key, "note": found.note})
    return redirect(url_for("desk_stock.count", key=found.key), 303)


@bp.get("/desk/counts/<key>")
def count(key: str) -> Response:
    """The sheet of a count."""
    return show("desk/stock_count.html", _sheet_page(key))


def _sheet_page(
    key: str, typed: Mapping[str, str] | None = None, errors: Mapping[str, list[str]] = NO_ERRORS
) -> SheetPage:
    head, lines = queries.get_stocktake(db.session, key, viewer().locale)
    stored = {line.variant_key: "" if line.counted is None else str(line.counted) for line in lines}
    return SheetPage(head, lines, stored | dict(typed or {}), errors)


@bp.post("/desk/counts/<key>")
def note_count(key: str) -> Response:
    """Write down what was counted, and close the count or give it up when that was pressed."""
    who = viewer()
    head, lines = queries.get_stocktake(db.session, key, who.locale)
    typed = {line.variant_key: request.form.get(f"n-{line.variant_key}", "") for line in lines}
    do, actor = request.form.get("do", "save"), who.person().key
    try:
        if do == "drop":
            with changing(f"count:{key}", lambda: _logged_count(key)):
                actions.drop_stocktake(db.session, key, now=who.now, actor=actor)
            flash(_("The count was given up; nothing was changed."), "success")
            return redirect(url_for("desk_stock.counts"), 303)
        counted, corrected = _counted(typed), 0
        with changing(f"count:{key}", lambda: _logged_count(key)):
            actions.note_counts(db.session, key, counted)
            if do == "close":
                corrected = actions.close_stocktake(db.session, key, now=who.now, actor=actor)
        if do == "close":
            flash(
                _("The count of %(place)s is closed; %(num)s corrected.", place=head.location, num=corrected), "success"
            )
            return redirect(url_for("desk_stock.counts"), 303)
    except Invalid as refusal:
        return show("desk/stock_count.html", _sheet_page(key, typed, translated_errors(refusal.fields)), 422)
    except Conflict as conflict:
        return show("desk/stock_count.html", _sheet_page(key, typed, {"": [refusal_text(conflict)]}), 409)
    flash(_("Saved."), "success")
    return redirect(url_for("desk_stock.count", key=key), 303)


def _logged_count(key: str) -> dict[str, Any]:
    """What the audit log compares of a count: what was counted, by SKU."""
    head, lines = queries.get_stocktake(db.session, key, viewer().locale)
    return {"state": head.state} | {f"counted-{line.sku}": line.counted for line in lines if line.counted is not None}


def _counted(typed: Mapping[str, str]) -> dict[str, int | None]:
    """Raises Invalid, by field."""
    problems: dict[str, list[str]] = {}
    found = {key: parse_quantity({f"n-{key}": text}, f"n-{key}", problems) for key, text in typed.items()}
    if problems:
        raise Invalid(problems)
    return found
