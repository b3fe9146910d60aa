"""Ways to get a product, as somebody describes them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from contentshop.core.errors import Invalid
from contentshop.core.text_urls import safe_url
from contentshop.core.words import say
from contentshop.products.inputs.fields import (
    Problems,
    is_present,
    line,
    note_problem,
    number_text,
    parse_quantity,
    parse_region,
)
from contentshop.products.inputs.prices import PriceUnit, parse_price

OFFER_KINDS = ("own", "affiliate")
AVAILABILITIES = (
    "in_stock",
    "preorder",
    "backorder",
    "special_order",
    "out_of_stock",
    "discontinued",
    "unknown",
)
HEALTHS = ("alive", "dead", "inconclusive")
# What feeds say (schema.org, Google's product feed, Shopify, Chinese shops) → our word. Keys are bare letters.
_AVAILABILITY_WORDS = {
    "instock": "in_stock",
    "instoreonly": "in_stock",
    "onlineonly": "in_stock",
    "limitedavailability": "in_stock",
    "available": "in_stock",
    "preorder": "preorder",
    "presale": "preorder",
    "backorder": "backorder",
    "backordered": "backorder",
    "specialorder": "special_order",
    "madetoorder": "special_order",
    "availablefororder": "special_order",
    "outofstock": "out_of_stock",
    "soldout": "out_of_stock",
    "unavailable": "out_of_stock",
    "discontinued": "discontinued",
    "unknown": "unknown",
    "": "unknown",
    "有货": "in_stock",
    "现货": "in_stock",
    "预售": "preorder",
    "缺货": "out_of_stock",
    "无货": "out_of_stock",
    "下架": "discontinued",
}


@dataclass(frozen=True, slots=True)
class OfferInput:
    """One way to get a product. An own offer has ``sku``; an affiliate offer ``url`` and ``merchant`` (its key).

    ``quantity`` is the opening stock of a variant that is new, ``location`` the key of the place where that is (empty:
    home). ``checked_at`` or ``checked_ago`` say when price and availability were seen.
    """

    kind: str
    currency: str
    price_minor: int | None = None
    region: str = ""
    sku: str = ""
    quantity: int | None = None
    merchant: str = ""
    url: str = ""
    availability: str = "unknown"
    checked_at: datetime | None = None
    checked_ago: timedelta | None = None
    location: str = ""

    @classmethod
    def parse(cls, data: Mapping[str, Any], *, currency: str = "", price_unit: PriceUnit | None = None) -> OfferInput:
        """Raises Invalid. ``currency`` serves offers that name none; ``price_unit`` says what ``price`` counts."""
        problems: Problems = {}
        found = read_offer(data, problems, "", currency, price_unit)
        if problems or found is None:
            raise Invalid(problems)
        return found


def parse_availability(value: object, problems: Problems, where: str = "") -> str:
    """Our word for an availability as feeds write it."""
    text = str(value or "").strip()
    word = re.sub(r"[\W_]", "", text.rpartition("/")[2]).lower()
    found = _AVAILABILITY_WORDS.get(word)
    if found is None:
        note_problem(
            problems,
            where + "availability",
            say("“%(text)s” is not one of %(choices)s.", text=text[:40], choices=", ".join(AVAILABILITIES)),
        )
    return found or "unknown"


def check_offer_url(url: str, domain: str) -> str:
    """The link in the form that is kept. Raises Invalid unless it is https on ``domain`` or below it."""
    safe = safe_url(url)
    parts = urlsplit(safe) if safe and safe.startswith("https://") else None
    if safe is None or parts is None or not parts.netloc.isascii():
        raise Invalid({"url": [say("Write the full link, starting with https://.")]})
    host = parts.netloc.removesuffix(":443").removesuffix(".")
    if host != domain and not host.endswith("." + domain):
        raise Invalid({"url": [say("This link leads to %(host)s, not to %(domain)s.", host=host, domain=domain)]})
    return safe


def link_host(url: str) -> str:
    """The host of a link, or an empty string."""
    safe = safe_url(url) or ""
    return urlsplit(safe).netloc.removesuffix(":443").removesuffix(".") if safe.startswith("https://") else ""


def read_offer(
    data: Mapping[str, Any], problems: Problems, where: str, currency: str, unit: PriceUnit | None
) -> OfferInput | None:
    """One way to get a product, None when it is wrong; ``where`` begins the names of its fields in ``problems``."""
    kind = str(data.get("kind") or ("affiliate" if data.get("url") else "own"))
    if kind not in OFFER_KINDS:
        note_problem(
            problems,
            where + "kind",
            say("“%(kind)s” is not one of %(choices)s.", kind=kind[:40], choices=", ".join(OFFER_KINDS)),
        )
        return None
    minor, code = parse_price(data, currency, unit, problems, where)
    region = parse_region(data, "region", problems, where)
    if kind == "own":
        return _own_offer(data, problems, where, minor, code, region)
    checked_at, checked_ago = _checked(data, problems, where)
    merchant = line(data, "merchant", 40, problems, where).lower()
    url = line(data, "url", 2000, problems, where)
    if not link_host(url):
        note_problem(problems, where + "url", say("Write the full link, starting with https://."))
    return OfferInput(
        kind=kind,
        currency=code,
        price_minor=minor,
        region=region,
        merchant=merchant,
        url=url,
        availability=parse_availability(data.get("availability"), problems, where),
        checked_at=checked_at,
        checked_ago=checked_ago,
    )


def _own_offer(
    data: Mapping[str, Any], problems: Problems, where: str, minor: int | None, currency: str, region: str
) -> OfferInput:
    sku = line(data, "sku", 80, problems, where)
    if not sku:
        note_problem(problems, where + "sku", say("Write a SKU."))
    if not minor and not problems.keys() & {where + "price", where + "price_minor", where + "currency"}:
        # A free product is far more often a missing price than a gift.
        note_problem(problems, where + "price", say("What we sell needs a price above zero."))
    return OfferInput(
        kind="own",
        currency=currency,
        price_minor=minor,
        region=region,
        sku=sku,
        quantity=parse_quantity(data, "quantity", problems, where),
        availability="in_stock",
        location=line(data, "location", 40, problems, where).lower(),
    )


def _checked(data: Mapping[str, Any], problems: Problems, where: str) -> tuple[datetime | None, timedelta | None]:
    moment = data.get("checked_at")
    if isinstance(moment, datetime):
        return moment, None
    if is_present(moment):
        try:
            found = datetime.fromisoformat(str(moment))
        except ValueError:
            found = None
        if found is None or found.tzinfo is None:
            note_problem(
                problems, where + "checked_at", say("Write the time with its zone, like 2026-05-01T12:00:00Z.")
            )
            return None, None
        return found, None
    hours = data.get("checked_hours_ago")
    if not is_present(hours):
        return None, None
    text = number_text(hours)
    if not re.fullmatch(r"\d{1,6}(?:\.\d{1,6})?", text, re.ASCII):
        note_problem(problems, where + "checked_hours_ago", say("Write a number of hours."))
        return None, None
    return None, timedelta(hours=float(text))
