"""One row → the description of its product: what it is known by, its offers, and what the file's options add."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from contentshop.core.ids import slugify
from contentshop.core.text import plain_text
from contentshop.products.imports.records import ImportOptions
from contentshop.products.inputs import VARIANT_FACTS, ProductInput, parse_availability

_HTML = re.compile(r"</?(?:p|br|div|span|ul|ol|li|b|i|em|strong|h[1-6]|table|tr|td|a|img)\b[^>]*>", re.IGNORECASE)


def parse_row(row: Mapping[str, Any], options: ImportOptions, *, seen_at: datetime | None = None) -> ProductInput:
    """A row of ``read_rows`` as a description. Raises Invalid with everything that is wrong with it."""
    return parse_described(describe_row(row, options, seen_at=seen_at), options)


def parse_described(data: Mapping[str, Any], options: ImportOptions) -> ProductInput:
    """What ``describe_row`` made as a description. Raises Invalid."""
    unit = data.get("price unit", options.price_unit)
    return ProductInput.parse(data, currency=options.currency, price_unit=unit)


def describe_row(row: Mapping[str, Any], options: ImportOptions, *, seen_at: datetime | None = None) -> dict[str, Any]:
    """A row of ``read_rows`` with its identity, offers and variants, and with what the options add."""
    own = row.get("row") == "product"
    data = {name: value for name, value in row.items() if own or value not in (None, "", [], {})}
    data.pop("row", None)
    data.setdefault("lang", options.lang)
    identity = _first_text(data, "id", "handle", "sku")
    if identity:
        data["source"] = f"{options.source}:{identity}"
    elif "slug" not in data and isinstance(data.get("title"), str):
        # Without any number of its own, a row is known by its title.
        data["slug"] = slugify(data["title"])
    body = data.get("body")
    if isinstance(body, str) and not own and _HTML.search(body):
        data["body"] = plain_text(body)
    data.pop("price unit", None)
    if options.merchant and "items" in data:
        data = {name: value for name, value in data.items() if name not in {"variants", "options"}}
    if "offers" not in data:
        if "price major" in data:
            data["price"], data["price unit"] = data["price major"], "major"
        data["offers"] = _flat_offers(data, identity, options)
        _describe_only_variant(data)
    seen_at = options.checked_at or seen_at
    if seen_at is not None and not own and isinstance(data["offers"], Sequence):
        data["offers"] = [_with_time(offer, seen_at) for offer in data["offers"]]
    if options.location and isinstance(data["offers"], Sequence):
        data["offers"] = [_with_place(offer, options.location) for offer in data["offers"]]
    return data


def _flat_offers(data: Mapping[str, Any], identity: str, options: ImportOptions) -> list[dict[str, Any]]:
    """The offers of a row that has its price, link or variants beside its words."""
    if "variants" in data:
        return [
            _own_offer(variant, options)
            for variant in data["variants"]
            if isinstance(variant, Mapping) and _priced(variant)
        ]
    merchant = data.get("merchant") or options.merchant
    if merchant and "url" in data:
        names = (
            "price",
            "price_minor",
            "currency",
            "region",
            "availability",
            "checked_at",
            "checked_hours_ago",
            "url",
            "line",
        )
        pages = {row.get("url"): row for row in reversed(data.get("items") or [data])}
        return [
            {"kind": "affiliate", "merchant": merchant} | {name: row[name] for name in names if name in row}
            for url, row in reversed(pages.items())
            if url
        ]
    if not _priced(data):
        return []
    return [_own_offer({**data, "sku": _first_text(data, "sku") or identity}, options)]


def _describe_only_variant(data: dict[str, Any]) -> None:
    """What a row says of weight and the like is said of the variant it sells."""
    own = [offer["sku"] for offer in data["offers"] if offer["kind"] == "own"]
    facts = {name: data[name] for name in VARIANT_FACTS if name in data and name not in {"gtin", "options"}}
    if str(data.get("variant_requires_shipping", "")).lower() == "false":
        facts["digital"] = "yes"
    if "variants" not in data and own and facts:
        data["variants"] = [{"sku": own[0]} | facts]


def _own_offer(data: Mapping[str, Any], options: ImportOptions) -> dict[str, Any]:
    names = ("sku", "price", "price_minor", "currency", "region", "line")
    offer = {"kind": "own"} | {name: data[name] for name in names if name in data}
    available = parse_availability(data.get("availability"), {}) not in {"out_of_stock", "discontinued"}
    offer["quantity"] = data.get("quantity", options.default_quantity if available else 0)
    if "location" in data:
        offer["location"] = data["location"]
    return offer


def _priced(data: Mapping[str, Any]) -> bool:
    return any(data.get(name) not in (None, "") for name in ("price", "price_minor"))


def _with_place(offer: object, location: str) -> object:
    """What a line says nothing of stands where the whole file's stock does."""
    return {**offer, "location": offer.get("location") or location} if isinstance(offer, Mapping) else offer


def _with_time(offer: object, seen_at: datetime) -> object:
    """An affiliate offer that does not say when its price was seen was seen when the file was written."""
    if not isinstance(offer, Mapping) or offer.get("kind", "affiliate" if offer.get("url") else "own") == "own":
        return offer
    says_when = any(offer.get(name) not in (None, "") for name in ("checked_at", "checked_hours_ago"))
    return offer if says_when else {**offer, "checked_at": seen_at}


def _first_text(data: Mapping[str, Any], *names: str) -> str:
    for name in names:
        value = data.get(name)
        if isinstance(value, str | int | Decimal) and not isinstance(value, bool) and str(value).strip():
            return " ".join(str(value).split())[:150]
    return ""
