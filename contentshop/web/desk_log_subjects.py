"""What entries of the audit log are about: a thing by its number or title, with the desk's page of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from flask import url_for
from flask_babel import gettext as _

from contentshop.accounts import queries as people
from contentshop.core.db import db
from contentshop.products.queries import naming
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
    persons: dict[str, str] = field(default_factory=dict)

    def of(self, action: str, subject: str) -> Subject:
        """What ``subject`` of an entry of this action is, in the reader's language."""
        kind, key, more = read(action, subject)
        if not kind:
            return Subject("", "")
        if kind == "product":
            title = self.products.get(key)
            words = title if title is not None else _named(kind, key)
            variant = self.variants.get(more.get("variant", ""))
            if variant is not None:
                words = f"{words} · {variant.sku}"
            return Subject(words, url_for("desk.product", key=key) if title is not None else "")
        if kind == "variant":
            known = self.variants.get(key)
            if known is None:
                return Subject(_named(kind, key), "")
            return Subject(f"{known.title} · {known.sku}", url_for("desk.stock_of", variant=key))
        if kind == "person":
            name = self.persons.get(key)
            return Subject(name or _named(kind, key), url_for("desk_people.person", key=key) if name else "")
        return Subject(_named(kind, key), _url(kind, key))


def load(entries: Iterable[tuple[str, str]]) -> Subjects:
    """Look up what these (action, subject) are called, in one statement for each sort of thing."""
    wanted: dict[str, set[str]] = {"product": set(), "variant": set(), "person": set()}
    for action, subject in entries:
        kind, key, more = read(action, subject)
        wanted.get(kind, set()).add(key)
        if "variant" in more:
            wanted["variant"].add(more["variant"])
    locale = viewer().locale
    return Subjects(
        products=naming.titles_by_key(db.session, wanted["product"], locale),
        variants=naming.variants_by_key(db.session, wanted["variant"], locale),
        persons=people.names_by_key(db.session, wanted["person"]),
    )


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


def _named(kind: str, key: str) -> str:
    """A thing by its sort and number."""
    number = key.upper()
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
