"""What entries of the audit log are about: a thing by its number or title, with the desk's page of it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, unquote

from flask import url_for
from flask_babel import gettext as _

from contentshop.accounts import queries as people
from contentshop.core.db import db
from contentshop.core.names import name_in
from contentshop.curation import queries as curation
from contentshop.delivery import places
from contentshop.delivery import queries as delivery
from contentshop.products import queries as products
from contentshop.products.queries import naming
from contentshop.promotions import queries as promotions
from contentshop.web.chrome import current_babel_locale
from contentshop.web.session import viewer

# What the "key" in the address of an endpoint is the key of: by endpoint, else by its door.
KINDS = {
    "desk": "product",
    "desk_variants": "product",
    "downloads": "product",
    "desk_catalogue": "category",
    "desk_catalogue.save_options": "product",
    "desk_catalogue.undo": "bulk",
    "desk_catalogue.save_attribute": "attribute",
    "desk_catalogue.remove_attribute": "attribute",
    "desk_stock": "place",
    "desk_stock.save_supplier": "supplier",
    "desk_stock.note_count": "count",
    "desk_orders": "order",
    "desk_packing": "order",
    "desk_aftersale": "case",
    "desk_payments": "refund",
    "desk_payments.receipt": "order",
    "desk_gift_cards": "gift_card",
    "desk_people": "person",
    "desk_promotions": "promotion",
    "desk_delivery": "method",
    "desk_delivery.save_zone": "zone",
    "desk_delivery.set_zone_state": "zone",
    "desk_delivery.create_method": "zone",
    "desk_merchants": "merchant",
    "desk_search": "synonym",
    "editor": "featured_list",
    "reviews": "review",
    "talk": "report",
    "studio_deals": "deal",
}


@dataclass(frozen=True, slots=True)
class Subject:
    """What an entry is about, in words; ``url`` leads to it where it has a page."""

    words: str
    url: str


@dataclass(slots=True)
class Subjects:
    """The subjects of a page of the log, with the names of all of them asked for at once."""

    products: dict[str, str] = field(default_factory=dict)
    variants: dict[str, naming.NamedVariant] = field(default_factory=dict)
    offers: dict[str, str] = field(default_factory=dict)
    persons: dict[str, str] = field(default_factory=dict)
    others: dict[tuple[str, str], str] = field(default_factory=dict)

    def of(self, action: str, subject: str) -> Subject:
        """What ``subject`` of an entry of this action is, in the reader's language."""
        kind, key, more = read(action, subject)
        if not kind:
            return Subject("", "")
        if kind == "product":
            title = self.products.get(key)
            words = title if title is not None else _named(kind, key)
            variant = self.variants.get(more.get("variant", ""))
            part = variant.sku if variant is not None else self.offers.get(more.get("offer", ""), "")
            if part:
                words = f"{words} · {part}"
            return Subject(words, url_for("desk.product", key=key) if title is not None else "")
        if kind == "variant":
            known = self.variants.get(key)
            if known is None:
                return Subject(_named(kind, key), "")
            return Subject(f"{known.title} · {known.sku}", url_for("desk.stock_of", variant=key))
        if kind == "person":
            name = self.persons.get(key)
            return Subject(name or _named(kind, key), url_for("desk_people.person", key=key) if name else "")
        if kind == "tax":
            return _tax(key, known=(kind, key) in self.others)
        name = self.others.get((kind, key))
        # What is gone has no page, where all that there are have been looked up.
        return Subject(_named(kind, key, name), _url(kind, key) if name is not None or kind not in NAMES else "")


def load(entries: Iterable[tuple[str, str]]) -> Subjects:
    """Look up what these (action, subject) are called, in one statement for each sort of thing."""
    wanted: dict[str, set[str]] = {kind: set() for kind in ("product", "variant", "offer", "person", *NAMES)}
    for action, subject in entries:
        kind, key, more = read(action, subject)
        for sort, one in ((kind, key), *more.items()):
            wanted.get(sort, set()).add(one)
    locale = viewer().locale
    others = {
        (kind, key): name
        for kind, look_up in NAMES.items()
        if wanted[kind]
        for key, name in look_up(wanted[kind], locale).items()
    }
    return Subjects(
        products=naming.titles_by_key(db.session, wanted["product"], locale),
        variants=naming.variants_by_key(db.session, wanted["variant"], locale),
        offers=naming.offers_by_key(db.session, wanted["offer"], locale),
        persons=people.names_by_key(db.session, wanted["person"]),
        others=others,
    )


def _zones(_keys: Collection[str], locale: str) -> dict[str, str]:
    return {one.key: name_in(one.name, one.translations, locale) for one in delivery.list_zones(db.session)}


def _methods(_keys: Collection[str], locale: str) -> dict[str, str]:
    methods = (one for zone in delivery.list_zones(db.session) for one in zone.methods)
    return {one.key: name_in(one.name, one.translations, locale) for one in methods}


def _taxes(_keys: Collection[str], locale: str) -> dict[str, str]:
    taxes = delivery.list_taxes(db.session)
    return {tax_key(one.country, one.region): name_in(one.name, one.translations, locale) for one in taxes}


def _categories(_keys: Collection[str], locale: str) -> dict[str, str]:
    return {one.slug: " › ".join(one.path_in(locale)) for one in products.list_tree(db.session)}


def _attributes(_keys: Collection[str], locale: str) -> dict[str, str]:
    every = products.all_attributes(db.session, products.list_tree(db.session))
    return {one.key: one.name_in(locale) for one in every}


def _places(_keys: Collection[str], locale: str) -> dict[str, str]:
    return {one.key: one.name for one in products.list_locations(db.session, locale)}


def _suppliers(_keys: Collection[str], _locale: str) -> dict[str, str]:
    return {one.key: one.name for one in products.list_suppliers(db.session)}


def _merchants(_keys: Collection[str], locale: str) -> dict[str, str]:
    return {one.key: one.name for one in products.list_merchants(db.session, locale)}


# Sorts of things with names: (keys, locale) → names by key, perhaps of more than were asked for where there are few.
NAMES: dict[str, Callable[[Collection[str], str], dict[str, str]]] = {
    "promotion": lambda keys, locale: promotions.names_by_key(db.session, keys, locale),
    "zone": _zones,
    "method": _methods,
    "tax": _taxes,
    "category": _categories,
    "attribute": _attributes,
    "place": _places,
    "supplier": _suppliers,
    "merchant": _merchants,
    "featured_list": lambda keys, _locale: curation.titles_by_key(db.session, keys),
}


@dataclass(slots=True)
class Names:
    """What things that values of fields name are called, each sort looked up when it is first asked for."""

    found: dict[str, dict[str, str]] = field(default_factory=dict)

    def of(self, kind: str, key: str) -> str:
        """The name of a thing, empty for one that is gone."""
        if kind not in self.found:
            self.found[kind] = NAMES[kind]((), viewer().locale)
        return self.found[kind].get(key, "")


def tax_key(country: str, region: str) -> str:
    """The key of a place's tax in a subject, which holds no spaces."""
    return quote(f"{country}/{region}", safe="/") if region else country


def _tax(key: str, *, known: bool) -> Subject:
    country, _slash, region = unquote(key).partition("/")
    locale = current_babel_locale()
    place = places.country_name(country, locale)
    if region:
        region_name = places.region_label(country, region, locale[:2])
        place = _("%(country)s: %(region)s", country=place, region=region_name)
    url = url_for("desk_delivery.tax", country=country, region=region or "-") if known else ""
    return Subject(_("Tax of %(place)s", place=place), url)


def canonical(action: str, subject: str) -> str:
    """A subject with the sort of thing instead of ``key``, so that all that is done to a thing is found by one name."""
    kind, key, more = read(action, subject)
    return " ".join([f"{kind}:{key}", *(f"{name}:{value}" for name, value in more.items())]) if kind else subject


def read(action: str, subject: str) -> tuple[str, str, dict[str, str]]:
    """(kind, key, what else the address held) of a subject: ``order:3f9k``, or the values of an address like
    ``key:3f9k variant:7q2m``, whose kind is told by the action."""
    parts = dict(part.partition(":")[::2] for part in subject.split(" ") if ":" in part)
    if not parts:
        return "", "", {}
    door = action.partition(".")[0]
    for name in ("key", "slug"):
        if name in parts:
            return KINDS.get(action, KINDS.get(door, "thing")), parts.pop(name), parts
    kind = next(iter(parts))
    if kind == "email":
        return "customer", parts[kind], {}
    return kind, parts.pop(kind), parts


def whole(subject: str) -> str:
    """The thing that a subject is a part of: ``product:3f9k`` of ``product:3f9k variant:7q2m``."""
    first = subject.partition(" ")[0]
    return first if first.partition(":")[0] not in {"key", "slug"} else subject


def _named(kind: str, key: str, name: str | None = None) -> str:
    """A thing by its sort and its name, or its number where it has none or is gone."""
    number = key.upper()
    if name:
        called: dict[str, str] = {
            "promotion": _("Promotion “%(name)s”", name=name),
            "zone": _("Delivery zone “%(name)s”", name=name),
            "method": _("Way of shipping “%(name)s”", name=name),
            "featured_list": _("Featured list “%(name)s”", name=name),
        }
        if kind in called:
            return called[kind]
        key = name
    words: dict[str, str] = {
        "order": _("Order %(number)s", number=number),
        "case": _("Case %(number)s", number=number),
        "refund": _("Refund %(number)s", number=number),
        "gift_card": _("Gift card %(number)s", number=number),
        "customer": key,
        "product": _("Product %(number)s", number=number),
        "variant": _("Variant %(number)s", number=number),
        "person": _("Person %(number)s", number=number),
        "bulk": _("Change of many products %(number)s", number=number),
        "category": _("Category “%(name)s”", name=key),
        "attribute": _("Property “%(name)s”", name=key),
        "place": _("Place “%(name)s”", name=key),
        "supplier": _("Supplier “%(name)s”", name=key),
        "count": _("Stock count %(number)s", number=number),
        "promotion": _("Promotion %(number)s", number=number),
        "zone": _("Delivery zone %(number)s", number=number),
        "method": _("Way of shipping %(number)s", number=number),
        "merchant": _("Merchant “%(name)s”", name=key),
        "synonym": _("Synonyms %(number)s", number=number),
        "featured_list": _("Featured list %(number)s", number=number),
        "review": _("Review %(number)s", number=number),
        "report": _("Report %(number)s", number=number),
        "deal": _("Deal %(number)s", number=number),
        "file": unquote(key),
    }
    return words.get(kind, number)


def _url(kind: str, key: str) -> str:
    """The desk's page of a thing that keeps its address for good; empty without one."""
    pages: dict[str, tuple[str, str]] = {
        "order": ("desk_orders.order", "key"),
        "case": ("desk_aftersale.case", "key"),
        "gift_card": ("desk_gift_cards.card", "key"),
        "customer": ("desk_customers.customer", "email"),
        "bulk": ("desk_catalogue.changed", "key"),
        "category": ("desk_catalogue.category", "slug"),
        "attribute": ("desk_catalogue.attribute", "key"),
        "place": ("desk_stock.place", "key"),
        "supplier": ("desk_stock.supplier", "key"),
        "count": ("desk_stock.count", "key"),
        "promotion": ("desk_promotions.promotion", "key"),
        "zone": ("desk_delivery.zone", "key"),
        "method": ("desk_delivery.method", "key"),
        "merchant": ("desk_merchants.merchant", "key"),
    }
    if kind not in pages:
        return ""
    endpoint, name = pages[kind]
    values: dict[str, Any] = {name: key}
    return url_for(endpoint, **values)
