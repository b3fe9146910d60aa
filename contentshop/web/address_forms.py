"""The fields of an address: which of them, in which order and in which words, as its country wants it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from flask_babel import gettext as _

from contentshop.delivery import places
from contentshop.web import destinations
from contentshop.web.chrome import current_babel_locale
from contentshop.web.words import translated

NO_ERRORS: Mapping[str, list[str]] = {}


@dataclass(frozen=True, slots=True)
class Cell:
    """One field of an address: its name, label, what the browser may fill in, and what can be chosen."""

    name: str
    label: str
    autocomplete: str
    required: bool
    choices: Sequence[tuple[str, str]] = ()
    known: Sequence[str] = ()
    blank: str = ""
    hint: str = ""
    limit: int = 80


@dataclass(frozen=True, slots=True)
class AddressForm:
    """The fields of an address in the order of its country, those beside each other in one row; ``phone`` says
    whether a number is needed."""

    country: str
    countries: Sequence[tuple[str, str]]
    rows: Sequence[Sequence[Cell]]
    phone: bool


def address_form(values: Mapping[str, str], *, shipped: bool, by_region: bool = False) -> AddressForm:
    """The fields of an address in the country that is chosen; only the name when nothing is shipped, and the region
    where taxes are ``by_region``."""
    locale = current_babel_locale()
    country = values.get("country", "")
    known = places.form(country, region=values.get("region", ""), city=values.get("city", ""), locale=locale[:2])
    if shipped:
        cells = [[_cell(name, known) for name in row] for row in known.rows]
    else:
        cells = [[_cell("name", known)]]
        if by_region and "region" in known.fields:
            cells.append([replace(_cell("region", known), required=True, hint=_("The tax depends on it."))])
    return AddressForm(country, destinations.choices(), cells, known.phone)


def _cell(name: str, known: places.Form) -> Cell:
    labels = {
        "name": _("Full name"),
        "address": _("Street and number") if known.country != "CN" else _("Street, building, room"),
        "city": translated(known.city_word),
        "district": _("District"),
        "region": translated(known.region_word),
        "postcode": _("Postcode"),
    }
    fills = {
        "name": "name",
        "address": "street-address",
        "city": "address-level2",
        "district": "address-level3",
        "region": "address-level1",
        "postcode": "postal-code",
    }
    hint = _("Like %(example)s", example=known.example) if name == "postcode" and known.example else ""
    suggestions = {"city": known.cities, "district": known.districts}
    return Cell(
        name=name,
        label=labels[name],
        autocomplete=fills[name],
        required=name in known.required,
        choices=known.regions if name == "region" else (),
        known=suggestions.get(name, ()),
        blank=translated(known.choose) if name == "region" else "",
        hint=hint,
        limit={"name": 120, "address": 300, "postcode": 20}.get(name, 80),
    )
