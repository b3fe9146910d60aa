"""The desk of delivery: zones with their ways of shipping, and how places are taxed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Any

from babel.lists import format_list
from flask import flash, redirect, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from contentshop.core.db import db
from contentshop.core.errors import Conflict, Invalid, NotFound
from contentshop.core.money import Money
from contentshop.core.names import name_fields, name_in
from contentshop.delivery import actions, places, queries
from contentshop.delivery.inputs import MethodInput, TaxInput, ZoneInput, write_areas, write_tiers
from contentshop.delivery.rates import Area
from contentshop.products.inputs import TAX_CLASSES
from contentshop.web.audited import changing, made, turned_back
from contentshop.web.chrome import current_babel_locale
from contentshop.web.chrome import money as in_words
from contentshop.web.desk_forms import country_choices
from contentshop.web.desk_log_subjects import tax_key
from contentshop.web.door import Door, show
from contentshop.web.session import settings, viewer
from contentshop.web.shop_sums import percent
from contentshop.web.words import refusal_text, translated, translated_errors

if TYPE_CHECKING:
    from contentshop.delivery.models import ShippingMethod, ShippingZone, TaxRegion

bp = Door("desk_delivery", __name__)

MANY_REGIONS = 8  # of a country; more are folded away
MANY_POSTCODES = 4  # of an area; more are left out of the list of zones
NO_ERRORS: Mapping[str, list[str]] = {}
ZONE_FIELDS = ("name", "name_zh", "areas")
METHOD_FIELDS = ("name", "name_zh", "currency", "tiers", "free_from", "min_days", "max_days")
TAX_FIELDS = (
    "country",
    "region",
    "name",
    "name_zh",
    "included",
    "on_shipping",
    *(f"rate_{name}" for name in TAX_CLASSES),
)


@dataclass(frozen=True, slots=True)
class ZoneRow:
    """One zone in the list."""

    key: str
    name: str
    places: str
    methods: str
    active: bool


@dataclass(frozen=True, slots=True)
class TaxRow:
    """One place in the table of taxes; ``rates`` are in the order of the classes."""

    country: str
    region: str
    place: str
    name: str
    included: bool
    on_shipping: bool
    rates: Sequence[str]


@dataclass(frozen=True, slots=True)
class DeliveryPage:
    """Zones and taxes. While there are no zones, ``fallback`` says what shipping costs in ``countries``.

    ``taxes`` are tables; one with many regions of a country is folded below a name.
    """

    zones: Sequence[ZoneRow]
    taxes: Sequence[tuple[Sequence[TaxRow], str]]
    fallback: str
    countries: str


@dataclass(frozen=True, slots=True)
class MethodRow:
    """A way of shipping in a zone."""

    key: str
    name: str
    price: str
    free_from: str
    days: str
    active: bool


@dataclass(frozen=True, slots=True)
class ZonePage:
    """A zone's form, and its ways of shipping; ``key`` is empty for a new one."""

    key: str
    heading: str
    active: bool
    version: int
    values: Mapping[str, str]
    errors: Mapping[str, list[str]]
    methods: Sequence[MethodRow]
    rival: tuple[str, str, str] | None  # why this zone cannot be used: words, the other zone's name and address


@dataclass(frozen=True, slots=True)
class MethodPage:
    """The form of a way of shipping."""

    zone_key: str
    zone_name: str
    key: str
    heading: str
    active: bool
    currencies: Sequence[tuple[str, str]]
    values: Mapping[str, str]
    errors: Mapping[str, list[str]]


@dataclass(frozen=True, slots=True)
class TaxPage:
    """The form of a place's tax."""

    heading: str
    known: bool
    countries: Sequence[tuple[str, str]]
    values: Mapping[str, str]
    errors: Mapping[str, list[str]]


@bp.get("/desk/delivery")
def index() -> Response:
    """All zones and all taxes."""
    zones = [_zone_row(zone) for zone in queries.list_zones(db.session)]
    taxes = _tax_tables([_tax_row(one) for one in queries.list_taxes(db.session)])
    return show("desk/delivery.html", DeliveryPage(zones, taxes, _fallback(), _home()))


@bp.get("/desk/delivery/zones/new")
def new_zone() -> Response:
    """The form of a new zone."""
    return show("desk/delivery_zone.html", _zone_page(None, {}))


@bp.post("/desk/delivery/zones/new")
def create_zone() -> Response:
    """Make a zone."""
    typed = {name: request.form.get(name, "")[:20_000] for name in ZONE_FIELDS}
    try:
        key = actions.save_zone(db.session, ZoneInput.parse(typed), by=viewer().person())
    except actions.Claimed as refusal:
        return show("desk/delivery_zone.html", _zone_page(None, typed, claim=refusal.claim), 422)
    except Invalid as refusal:
        return show("desk/delivery_zone.html", _zone_page(None, typed, translated_errors(refusal.fields)), 422)
    made(f"zone:{key}", _logged_zone(key))
    flash(_("The zone is there. Add how parcels get there; it is used from then on."), "success")
    return redirect(url_for("desk_delivery.zone", key=key), 303)


@bp.get("/desk/delivery/zones/<key>")
def zone(key: str) -> Response:
    """A zone with its ways of shipping."""
    return show("desk/delivery_zone.html", _zone_page(queries.get_zone(db.session, key)))


@bp.post("/desk/delivery/zones/<key>")
def save_zone(key: str) -> Response:
    """Change a zone's name and places."""
    typed = {name: request.form.get(name, "")[:20_000] for name in ZONE_FIELDS}
    text = request.form.get("version", "")
    version = int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None
    found = queries.get_zone(db.session, key)
    try:
        form, by = ZoneInput.parse(typed), viewer().person()
        with changing(f"zone:{key}", lambda: _logged_zone(key)):
            actions.save_zone(db.session, form, key=key, version=version, by=by)
    except actions.Claimed as refusal:
        return show("desk/delivery_zone.html", _zone_page(found, typed, claim=refusal.claim), 422)
    except Invalid as refusal:
        return show("desk/delivery_zone.html", _zone_page(found, typed, translated_errors(refusal.fields)), 422)
    except Conflict as conflict:
        return show("desk/delivery_zone.html", _zone_page(found, typed, {"name": [refusal_text(conflict)]}), 409)
    flash(_("Saved."), "success")
    return redirect(url_for("desk_delivery.zone", key=key), 303)


@bp.post("/desk/delivery/zones/<key>/state")
def set_zone_state(key: str) -> Response:
    """Use a zone, or leave it alone."""
    wanted, by = _wanted(), viewer().person()
    try:
        with changing(f"zone:{key}", lambda: _state(queries.get_zone(db.session, key))):
            actions.set_zone_active(db.session, key, wanted, by=by)
    except actions.Claimed as refusal:
        # The page of a zone that cannot be used says why, with the way to the other one.
        return turned_back(translated(refusal.claim.words(viewer().locale)), url_for("desk_delivery.zone", key=key))
    flash(_("Saved."), "success")
    return redirect(url_for("desk_delivery.zone", key=key), 303)


@bp.get("/desk/delivery/zones/<key>/methods/new")
def new_method(key: str) -> Response:
    """The form of a new way of shipping."""
    values = {"currency": settings().currency, "min_days": "2", "max_days": "5"}
    return show("desk/delivery_method.html", _method_page(queries.get_zone(db.session, key), None, values))


@bp.post("/desk/delivery/zones/<key>/methods/new")
def create_method(key: str) -> Response:
    """Add a way of shipping."""
    return _save_method(queries.get_zone(db.session, key), None)


@bp.get("/desk/delivery/methods/<key>")
def method(key: str) -> Response:
    """A way of shipping."""
    found = queries.get_method(db.session, key)
    return show("desk/delivery_method.html", _method_page(found.zone, found, _stored_method(found)))


@bp.post("/desk/delivery/methods/<key>")
def save_method(key: str) -> Response:
    """Change a way of shipping."""
    found = queries.get_method(db.session, key)
    return _save_method(found.zone, found)


@bp.post("/desk/delivery/methods/<key>/state")
def set_method_state(key: str) -> Response:
    """Offer a way of shipping, or no longer."""
    wanted, by = _wanted(), viewer().person()
    with changing(f"method:{key}", lambda: _state(queries.get_method(db.session, key))):
        found = actions.set_method_active(db.session, key, wanted, by=by)
    flash(_("Saved."), "success")
    return redirect(url_for("desk_delivery.zone", key=found.zone.key), 303)


@bp.get("/desk/delivery/taxes/new")
def new_tax() -> Response:
    """The form of a place that is not taxed yet."""
    return show("desk/delivery_tax.html", _tax_page({"country": settings().region, "on_shipping": "yes"}, known=False))


@bp.post("/desk/delivery/taxes/save")
def save_tax() -> Response:
    """Set how a place is taxed, new or known: country and region name it."""
    typed = {name: request.form.get(name, "")[:100] for name in TAX_FIELDS}
    known = bool(request.form.get("known"))
    try:
        form, by = TaxInput.parse(typed), viewer().person()
        with changing(f"tax:{tax_key(form.country, form.region)}", lambda: _logged_tax(form.country, form.region)):
            actions.save_tax(db.session, form, by=by, new=not known)
    except Invalid as refusal:
        return show("desk/delivery_tax.html", _tax_page(typed, translated_errors(refusal.fields), known=known), 422)
    flash(_("Saved. New orders are taxed like this; orders that were placed stay as they are."), "success")
    return redirect(url_for("desk_delivery.index"), 303)


@bp.get("/desk/delivery/taxes/<country>/<region>")
def tax(country: str, region: str) -> Response:
    """How a place is taxed; ``-`` for all of a country."""
    found = queries.get_tax(db.session, country, "" if region == "-" else region)
    return show("desk/delivery_tax.html", _tax_page(_stored_tax(found), known=True))


@bp.post("/desk/delivery/taxes/remove")
def remove_tax() -> Response:
    """Do not tax a place any more."""
    country, region = request.form.get("country", "")[:2], request.form.get("region", "")[:80]
    by = viewer().person()
    with changing(f"tax:{tax_key(country, region)}", lambda: _logged_tax(country, region)):
        actions.remove_tax(db.session, country, region, by=by)
    flash(_("This place is not taxed any more."), "success")
    return redirect(url_for("desk_delivery.index"), 303)


def _wanted() -> bool:
    wanted = request.form.get("do")
    if wanted not in {"on", "off"}:
        raise Invalid({"do": [_("Choose what to do.")]})
    return wanted == "on"


def _home() -> str:
    return format_list([_place(code) for code in settings().regions], locale=current_babel_locale())


def _fallback() -> str:
    rules = settings().shipping
    return ", ".join(in_words(Money(rule.flat, code)) for code, rule in sorted(rules.items()))


def _zone_row(one: ShippingZone) -> ZoneRow:
    areas = queries.read_areas(one.areas)
    names = [_area(area) for area in areas]
    shown = _listed(names[:6]) + (" …" if len(names) > 6 else "")
    methods = _listed([_name(method) for method in one.methods if method.active])
    return ZoneRow(one.key, _name(one), shown, methods, one.active)


def _area(area: Area) -> str:
    place = _place(area.country, area.region)
    if not area.postcodes:
        return place
    codes = _listed(area.postcodes[:MANY_POSTCODES]) + (" …" if len(area.postcodes) > MANY_POSTCODES else "")
    return str(_("%(place)s (%(postcodes)s)", place=place, postcodes=codes.replace("..", "–")))


def _listed(names: Sequence[str]) -> str:
    return str(_(", ")).join(dict.fromkeys(names))


def _name(one: ShippingZone | ShippingMethod | TaxRegion) -> str:
    return name_in(one.name, one.translations, viewer().locale)


def _typed_names(one: ShippingZone | ShippingMethod | TaxRegion) -> dict[str, str]:
    return name_fields(one.name, {language: words["name"] for language, words in one.translations.items()})


def _place(country: str, region: str = "") -> str:
    if country == "*":
        return str(_("Everywhere else"))
    locale = current_babel_locale()
    name = places.country_name(country, locale)
    if not region:
        return name
    return str(_("%(country)s: %(region)s", country=name, region=places.region_label(country, region, locale[:2])))


def _zone_page(
    found: ShippingZone | None,
    typed: Mapping[str, str] | None = None,
    errors: Mapping[str, list[str]] = NO_ERRORS,
    claim: queries.Claim | None = None,
) -> ZonePage:
    if claim:
        errors = {"areas": [translated(claim.words(viewer().locale))]}
    elif found and not found.active:
        claim = queries.find_claim(db.session, found.key, queries.read_areas(found.areas))
    stored = _typed_names(found) | {"areas": write_areas(queries.read_areas(found.areas))} if found else {}
    return ZonePage(
        key=found.key if found else "",
        heading=_name(found) if found else _("New zone"),
        active=found.active if found else True,
        version=found.version if found else 0,
        values=typed if typed is not None else stored,
        errors=errors,
        methods=[_method_row(one) for one in found.methods] if found else [],
        rival=_rival(claim) if claim else None,
    )


def _rival(claim: queries.Claim) -> tuple[str, str, str]:
    words = translated(claim.words(viewer().locale))
    return words, _name(claim.zone), url_for("desk_delivery.zone", key=claim.zone.key)


def _method_row(one: ShippingMethod) -> MethodRow:
    tiers = queries.read_tiers(one.tiers)
    prices = [in_words(Money(tier.minor, one.currency)) for tier in tiers]
    return MethodRow(
        key=one.key,
        name=_name(one),
        price=prices[0] if len(prices) == 1 else f"{prices[0]} – {prices[-1]}" if prices else "–",
        free_from=in_words(Money(one.free_from, one.currency)) if one.free_from is not None else "–",
        days=str(one.max_days) if one.min_days == one.max_days else f"{one.min_days}–{one.max_days}",
        active=one.active,
    )


def _method_page(
    found_zone: ShippingZone,
    found: ShippingMethod | None,
    values: Mapping[str, str],
    errors: Mapping[str, list[str]] = NO_ERRORS,
) -> MethodPage:
    return MethodPage(
        zone_key=found_zone.key,
        zone_name=_name(found_zone),
        key=found.key if found else "",
        heading=_name(found) if found else _("New way of shipping"),
        active=found.active if found else True,
        currencies=[(code, code) for code in settings().currencies],
        values=values,
        errors=errors,
    )


def _save_method(found_zone: ShippingZone, found: ShippingMethod | None) -> Response:
    typed = {name: request.form.get(name, "")[:5000] for name in METHOD_FIELDS}
    try:
        form = MethodInput.parse(typed)
    except Invalid as refusal:
        page = _method_page(found_zone, found, typed, translated_errors(refusal.fields))
        return show("desk/delivery_method.html", page, 422)
    by = viewer().person()
    try:
        if found is None:
            key = actions.save_method(db.session, found_zone.key, form, by=by)
            made(f"method:{key}", _logged_method(key))
        else:
            key = found.key
            with changing(f"method:{key}", lambda: _logged_method(key)):
                actions.save_method(db.session, found_zone.key, form, key=key, by=by)
    except actions.Claimed as refusal:
        place = url_for("desk_delivery.zone", key=found_zone.key)
        return turned_back(translated(refusal.claim.words(viewer().locale)), place)
    flash(_("Saved."), "success")
    return redirect(url_for("desk_delivery.zone", key=found_zone.key), 303)


def _state(one: ShippingZone | ShippingMethod) -> dict[str, str]:
    return {"state": "on" if one.active else "off"}


def _logged_zone(key: str) -> dict[str, Any]:
    """What the audit log compares of a zone."""
    found = queries.get_zone(db.session, key)
    return _typed_names(found) | {"areas": write_areas(queries.read_areas(found.areas)).splitlines()}


def _logged_method(key: str) -> dict[str, Any]:
    """What the audit log compares of a way of shipping."""
    found = queries.get_method(db.session, key)
    tiers = write_tiers(queries.read_tiers(found.tiers), found.currency).splitlines()
    return _stored_method(found) | {"tiers": tiers, "free_from": found.free_from, "delivery_zone": _name(found.zone)}


def _logged_tax(country: str, region: str) -> dict[str, str]:
    """What the audit log compares of how a place is taxed; nothing for one that is not."""
    try:
        return _stored_tax(queries.get_tax(db.session, country, region))
    except NotFound:
        return {}


def _stored_method(one: ShippingMethod) -> dict[str, str]:
    return {
        **_typed_names(one),
        "currency": one.currency,
        "tiers": write_tiers(queries.read_tiers(one.tiers), one.currency),
        "free_from": str(Money(one.free_from, one.currency).amount) if one.free_from is not None else "",
        "min_days": str(one.min_days),
        "max_days": str(one.max_days),
    }


def _tax_row(one: TaxRegion) -> TaxRow:
    rates = [percent(one.rates[name]) if name in one.rates else "–" for name in TAX_CLASSES]
    place = _place(one.country, one.region)
    return TaxRow(one.country, one.region or "-", place, _name(one), one.included, one.on_shipping, rates)


def _tax_tables(rows: Sequence[TaxRow]) -> list[tuple[Sequence[TaxRow], str]]:
    regions = {code: list(found) for code, found in groupby(rows, key=lambda row: row.country)}
    long = {code: found for code, found in regions.items() if len(found) > MANY_REGIONS}
    folded = [
        (found, str(_("%(country)s (%(count)s)", country=_place(code), count=len(found))))
        for code, found in long.items()
    ]
    short = [row for row in rows if row.country not in long]
    return [*folded, *([(short, "")] if short else [])]


def _tax_page(values: Mapping[str, str], errors: Mapping[str, list[str]] = NO_ERRORS, *, known: bool) -> TaxPage:
    countries = country_choices(values["country"])
    heading = _place(values["country"], values.get("region", "")) if known else _("New tax")
    return TaxPage(heading, known, countries, values, errors)


def _stored_tax(one: TaxRegion) -> dict[str, str]:
    return {
        "country": one.country,
        "region": one.region,
        **_typed_names(one),
        "included": "yes" if one.included else "no",
        "on_shipping": "yes" if one.on_shipping else "",
        **{f"rate_{name}": f"{ppm / 10_000:g}" for name, ppm in one.rates.items()},
    }
