"""Shops, and what creators find in them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from contentshop.core.addresses import tidy
from contentshop.core.errors import Invalid
from contentshop.core.words import say
from contentshop.products.inputs.codes import parse_gtin
from contentshop.products.inputs.fields import (
    KEY,
    MAX_TITLE,
    Problems,
    line,
    note_problem,
    parse_names,
    parse_quantity,
    parse_region,
)
from contentshop.products.inputs.offers import (
    parse_availability,
)
from contentshop.products.inputs.prices import parse_price

MAX_CHECK_HOURS = 24 * 30
# Labels of at most 63 characters (RFC 1035, section 2.3.4), none beginning or ending with a hyphen.
_DOMAIN = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])")
PRODUCT_LOCKS = ("title", "brand", "gtin", "mpn")
OFFER_LOCKS = ("price", "availability")
LOCKS = PRODUCT_LOCKS + OFFER_LOCKS


@dataclass(frozen=True, slots=True)
class FoundInput:
    """A product of another shop as a creator describes it, with or without what its page said.

    ``url`` is tidy. ``price_minor`` is None when the price is not known. ``locks`` are fields to be kept as they are
    against files and pages.
    """

    url: str
    title: str
    currency: str
    brand: str = ""
    shop: str = ""
    price_minor: int | None = None
    availability: str = "unknown"
    gtin: str | None = None
    mpn: str = ""
    with_picture: bool = True
    locks: frozenset[str] = frozenset()

    @classmethod
    def parse(cls, data: Mapping[str, Any], *, currency: str) -> FoundInput:
        """``currency`` serves where none is named. Raises Invalid with every field in need of another look."""
        problems: Problems = {}
        url = tidy(str(data.get("url") or ""))
        if not url:
            note_problem(
                problems, "url", say("Write the full address of the product in the shop, starting with https://.")
            )
        title = line(data, "title", MAX_TITLE, problems)
        if not title and "title" not in problems:
            problems["title"] = [say("Write a title.")]
        price, code = parse_price({**data, "price_minor": None}, currency, "major", problems)
        if price == 0:
            note_problem(problems, "price", say("Leave the price empty when you do not know it."))
        found = cls(
            url=url,
            title=title,
            currency=code,
            brand=line(data, "brand", 120, problems),
            shop=line(data, "merchant", 80, problems),
            price_minor=price,
            availability=parse_availability(data.get("availability"), problems),
            gtin=parse_gtin(data, problems),
            mpn=line(data, "mpn", 80, problems),
            with_picture=not data.get("no_picture"),
            locks=frozenset(name for name in LOCKS if data.get(f"lock_{name}")),
        )
        if problems:
            raise Invalid(problems)
        return found


@dataclass(frozen=True, slots=True)
class MerchantInput:
    """A shop that readers may be sent to; ``names`` maps a language to its name in it. ``check_hours`` is how long to
    wait between two looks at a page of it, None to leave that as it is."""

    key: str
    name: str
    domain: str
    country: str = ""
    names: dict[str, str] = field(default_factory=dict)
    check_hours: int | None = None

    @classmethod
    def parse(cls, data: Mapping[str, Any]) -> MerchantInput:
        """A key is made from the domain when there is none. Raises Invalid (``key``, ``name``, ``domain``,
        ``country``)."""
        problems: Problems = {}
        key = line(data, "key", 40, problems).lower()
        if key and not KEY.fullmatch(key):
            note_problem(problems, "key", say("Use letters a–z, digits and hyphens."))
        if key == "new":  # the address of the form for a new one
            note_problem(problems, "key", say("“%(slug)s” is taken; choose another.", slug=key))
        name = line(data, "name", 80, problems)
        if not name:
            note_problem(problems, "name", say("Write the shop's name."))
        domain = line(data, "domain", 120, problems).lower().removeprefix("www.").strip(".")
        if not _DOMAIN.fullmatch(domain):
            note_problem(problems, "domain", say("Write the shop's domain, like shop.example."))
        country = parse_region(data, "country", problems)
        names = parse_names(data, problems, "", 80)
        hours = parse_quantity(data, "check_hours", problems)
        if hours is not None and not 1 <= hours <= MAX_CHECK_HOURS:
            note_problem(
                problems, "check_hours", say("Write a number of hours from 1 to %(most)s.", most=MAX_CHECK_HOURS)
            )
        if problems:
            raise Invalid(problems)
        return cls(key or _key_of(domain), name, domain, country, names, hours)


def _key_of(domain: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", domain)[:40].strip("-")
