"""What people, files and forms say about products, parsed and checked; used by every door alike.

One shape serves all: a mapping of names to values as JSON has them. Forms hand in text, files whatever they
hold. ``given`` remembers which names were there, so that a file without a column leaves that field alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Literal
from urllib.parse import urlsplit

from babel.core import get_global

from contentshop.core.addresses import tidy
from contentshop.core.errors import Invalid
from contentshop.core.money import MAX_MINOR, Money, is_currency
from contentshop.core.plain import plain_text
from contentshop.core.text_urls import safe_url
from contentshop.core.words import say

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
ATTRIBUTE_KINDS = ("text", "number", "choice", "flag")
# Which of a country's tax rates a variant is under; the rates themselves are the delivery room's.
TAX_CLASSES = ("standard", "reduced", "zero")

PriceUnit = Literal["minor", "major"]
Problems = dict[str, list[str]]

MAX_QUANTITY = 1_000_000
MAX_TITLE = 500
MAX_CATEGORY = 120
MAX_SUMMARY = 1_000
MAX_BODY = 50_000
MAX_ATTRS = 200
MAX_ATTR_NAME = 80
MAX_ATTR_VALUE = 2_000
MAX_VARIANTS = 200
MAX_OFFERS = 500
MAX_OPTIONS = 5
MAX_CHECK_HOURS = 24 * 30
# What a description may say of a variant besides its names.
VARIANT_FACTS = (
    "gtin",
    "options",
    "weight_g",
    "tax_class",
    "purchase_limit",
    "releases_at",
    "digital",
    "returnable",
)
SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
KEY = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
# Labels of at most 63 characters (RFC 1035, section 2.3.4), none beginning or ending with a hyphen.
_DOMAIN = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])")
LANGUAGE = re.compile(r"([a-zA-Z]{2,3})(?:[-_][A-Za-z0-9]{2,8})*")

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
_TRUE = frozenset({"1", "true", "yes", "y", "on", "是"})
_FALSE = frozenset({"", "0", "false", "no", "n", "off", "否"})
_PAIR = re.compile(r"(.{1,80}?)(?:: |：) ?(.+)")
_PRICE = re.compile(r"(?:([A-Z]{3})\s*|[$€£¥￥]\s*)?(\d{1,15}(?:\.\d+)?|\d{1,3}(?:,\d{3})+(?:\.\d+)?)\s*([A-Z]{3})?")


@dataclass(frozen=True, slots=True)
class VariantInput:
    """One form of a product. ``names`` maps a language to the variant's name in it; see ``Variant`` for the rest.

    ``given`` are the fields that were told of, so that what is silent leaves them as they are.
    """

    sku: str
    name: str = ""
    names: dict[str, str] = field(default_factory=dict)
    gtin: str | None = None
    options: tuple[str, ...] = ()
    weight_g: int = 0
    tax_class: str = "standard"
    purchase_limit: int | None = None
    releases_at: datetime | None = None
    digital: bool = False
    returnable: bool = True
    given: frozenset[str] = frozenset()

    @classmethod
    def parse(cls, data: Mapping[str, Any]) -> VariantInput:
        """Raises Invalid, by field."""
        problems: Problems = {}
        found = _variant(data, problems, "")
        if problems:
            raise Invalid(problems)
        return found


@dataclass(frozen=True, slots=True)
class OfferInput:
    """One way to get a product. An own offer has ``sku``; an affiliate offer ``url`` and ``merchant`` (its key).

    ``quantity`` is the opening stock of a variant that is new. ``checked_at`` or ``checked_ago`` say when price
    and availability were seen.
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

    @classmethod
    def parse(cls, data: Mapping[str, Any], *, currency: str = "", price_unit: PriceUnit | None = None) -> OfferInput:
        """Raises Invalid. ``currency`` serves offers that name none; ``price_unit`` says what ``price`` counts."""
        problems: Problems = {}
        found = _offer(data, problems, "", currency, price_unit)
        if problems or found is None:
            raise Invalid(problems)
        return found


@dataclass(frozen=True, slots=True)
class ProductInput:
    """A product as somebody describes it. ``alternative`` is a slug, ``picture`` a file name."""

    title: str
    given: frozenset[str]
    slug: str = ""
    brand: str = ""
    category: str = ""
    gtin: str | None = None
    mpn: str = ""
    summary: str = ""
    body: str = ""
    lang: str = "en"
    attrs: tuple[tuple[str, str], ...] = ()
    options: tuple[dict[str, Any], ...] = ()
    translations: dict[str, dict[str, str]] = field(default_factory=dict)
    alternative: str = ""
    discontinued: bool = False
    listed: bool = True
    source: str | None = None
    picture: str = ""
    picture_alt: str = ""
    variants: tuple[VariantInput, ...] = ()
    offers: tuple[OfferInput, ...] = ()

    @classmethod
    def parse(cls, data: Mapping[str, Any], *, currency: str = "", price_unit: PriceUnit | None = None) -> ProductInput:
        """Raises Invalid that names every field in need of another look (``offers.2.price`` for the second)."""
        problems: Problems = {}
        title = line(data, "title", MAX_TITLE, problems)
        if not title and "title" not in problems:
            problems["title"] = [say("Write a title.")]
        found = cls(
            title=title,
            given=frozenset(name for name, value in data.items() if value is not None),
            slug=parse_slug(data, "slug", problems),
            brand=line(data, "brand", 120, problems),
            category=line(data, "category", MAX_CATEGORY, problems),
            gtin=parse_gtin(data, problems),
            mpn=line(data, "mpn", 80, problems),
            summary=line(data, "summary", MAX_SUMMARY, problems),
            body=_paragraphs(data, "body", MAX_BODY, problems),
            lang=_language(data, problems),
            attrs=parse_attrs(data.get("attrs"), problems),
            options=_options(data, problems),
            translations=_translations(data, problems),
            alternative=parse_slug(data, "alternative", problems),
            discontinued=_flag(data, "discontinued", problems),
            listed=_flag(data, "listed", problems, default=True),
            source=line(data, "source", 200, problems) or None,
            picture=line(data, "picture", 300, problems),
            picture_alt=line(data, "picture_alt", 300, problems),
            variants=tuple(
                _variant(entry, problems, where) for entry, where in _entries(data, "variants", MAX_VARIANTS, problems)
            ),
            offers=tuple(
                offer
                for entry, where in _entries(data, "offers", MAX_OFFERS, problems)
                if (offer := _offer(entry, problems, where, currency, price_unit)) is not None
            ),
        )
        _check_repeats(found, problems)
        if problems:
            raise Invalid(problems)
        return found


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


def line(data: Mapping[str, Any], name: str, limit: int, problems: Problems, where: str = "") -> str:
    """One line of plain text from ``data[name]``: NFC, no control characters, spaces folded."""
    text = " ".join(_plain(data.get(name), name, problems, where).split())
    if len(text) > limit:
        note_problem(
            problems,
            where + name,
            say("Use at most %(limit)s characters (now %(count)s).", limit=limit, count=len(text)),
        )
        return ""
    return text


def parse_gtin(data: Mapping[str, Any], problems: Problems, where: str = "") -> str | None:
    """The GTIN with 14 digits, however it was written (8, 12, 13 or 14), or None.

    Kept in one length so that a UPC and the EAN of the same thing are equal. The check digit is that of the
    GS1 General Specifications, section 7.9.
    """
    digits = re.sub(r"[\s-]", "", _plain(data.get("gtin"), "gtin", problems, where))
    if not digits or where + "gtin" in problems:
        return None
    if not (digits.isascii() and digits.isdigit()) or len(digits) not in {8, 12, 13, 14}:
        note_problem(problems, where + "gtin", say("A GTIN has 8, 12, 13 or 14 digits."))
        return None
    full = digits.zfill(14)
    total = sum(int(digit) * (3 if place % 2 == 0 else 1) for place, digit in enumerate(full))
    if total % 10 or not int(full):
        note_problem(
            problems,
            where + "gtin",
            say("The check digit of “%(digits)s” is wrong; please compare it with the packaging.", digits=digits),
        )
        return None
    return full


def gtin_forms(gtin: str | None) -> tuple[str, ...]:
    """Every way to write a stored GTIN: with 14 digits, 13 (EAN), 12 (UPC) and 8, as far as zeros allow."""
    if not gtin:
        return ()
    return tuple(gtin[-length:] for length in (14, 13, 12, 8) if not int(gtin[:-length] or "0"))


def parse_attrs(value: object, problems: Problems) -> tuple[tuple[str, str], ...]:
    """Name and value pairs from ``"name: value; …"``, one a line, a mapping, or a list of pairs."""
    pairs = list(_attr_pairs(value, problems))
    if len(pairs) > MAX_ATTRS:
        note_problem(
            problems, "attrs", say("Use at most %(most)s properties (now %(count)s).", most=MAX_ATTRS, count=len(pairs))
        )
    kept = []
    for name, content in pairs:
        if len(name) > MAX_ATTR_NAME or len(content) > MAX_ATTR_VALUE:
            note_problem(problems, "attrs", say("The property “%(name)s” is too long.", name=name[:40]))
        elif name and content:
            kept.append((name, content))
    return tuple(kept)


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


def parse_price(
    data: Mapping[str, Any], currency: str, unit: PriceUnit | None, problems: Problems, where: str = ""
) -> tuple[int | None, str]:
    """(minor units or None, currency) from ``price_minor``, or from ``price`` in ``unit``.

    A price that carries its currency (``"199.00 CNY"``) is always in major units, as in product feeds.
    """
    code = str(data.get("currency") or currency or "").strip().upper()
    if _present(data.get("price_minor")):
        return _minor(data["price_minor"], "price_minor", problems, where), _currency(code, problems, where)
    if not _present(data.get("price")):
        return None, _currency(code, problems, where)
    text = _number_text(data["price"])
    match = _PRICE.fullmatch(text.upper())
    if match is None:
        note_problem(problems, where + "price", say("“%(text)s” is not a price; write it like 199.00.", text=text[:40]))
        return None, code
    before, amount, after = match.groups()
    named = before or after
    if named and data.get("currency") and named != code:
        note_problem(
            problems,
            where + "currency",
            say("The price is in %(named)s, the currency says %(code)s.", named=named, code=code),
        )
    code = _currency(named or code, problems, where)
    if not code:
        return None, code
    if unit == "minor" and not named:
        return _minor(amount.replace(",", ""), "price", problems, where), code
    if unit is None and not named:
        note_problem(problems, where + "price", say("Say whether prices are in minor units (cents) or major units."))
        return None, code
    try:
        return Money.parse(amount, code).minor, code
    except Invalid as refused:
        note_problem(problems, where + "price", *(text for texts in refused.fields.values() for text in texts))
        return None, code


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


def _variant(data: Mapping[str, Any], problems: Problems, where: str) -> VariantInput:
    sku = line(data, "sku", 80, problems, where)
    if not sku and where + "sku" not in problems:
        note_problem(problems, where + "sku", say("Write a SKU."))
    options = data.get("options") or ()
    if not isinstance(options, Sequence) or isinstance(options, str):
        note_problem(problems, where + "options", say("This should be a list of entries."))
        options = ()
    limit = parse_quantity(data, "purchase_limit", problems, where)
    if limit == 0:
        note_problem(problems, where + "purchase_limit", say("Write a number from 1, or nothing."))
    return VariantInput(
        sku,
        line(data, "name", 120, problems, where),
        parse_names(data, problems, where, 120),
        gtin=parse_gtin(data, problems, where),
        options=tuple(" ".join(str(value).split())[:40] for value in options),
        weight_g=parse_quantity(data, "weight_g", problems, where) or 0,
        tax_class=_tax_class(data, problems, where),
        purchase_limit=limit or None,
        releases_at=_moment(data, "releases_at", problems, where),
        digital=_flag(data, "digital", problems, where=where),
        returnable=_flag(data, "returnable", problems, default=True, where=where),
        given=frozenset(name for name in VARIANT_FACTS if data.get(name) is not None),
    )


def _tax_class(data: Mapping[str, Any], problems: Problems, where: str) -> str:
    text = line(data, "tax_class", 20, problems, where).lower() or "standard"
    if text not in TAX_CLASSES:
        choices = ", ".join(TAX_CLASSES)
        note_problem(
            problems, where + "tax_class", say("“%(kind)s” is not one of %(choices)s.", kind=text, choices=choices)
        )
        return "standard"
    return text


def _moment(data: Mapping[str, Any], name: str, problems: Problems, where: str) -> datetime | None:
    """A moment with its zone, or nothing."""
    value = data.get(name)
    if isinstance(value, datetime) or not _present(value):
        return value if isinstance(value, datetime) else None
    try:
        found = datetime.fromisoformat(str(value))
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        note_problem(problems, where + name, say("Write the time with its zone, like 2026-05-01T12:00:00Z."))
        return None
    return found


def _offer(
    data: Mapping[str, Any], problems: Problems, where: str, currency: str, unit: PriceUnit | None
) -> OfferInput | None:
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
    )


def parse_quantity(data: Mapping[str, Any], name: str, problems: Problems, where: str = "") -> int | None:
    """A whole number from 0 to 1,000,000, or None when there is none."""
    if not _present(data.get(name)):
        return None
    text = _number_text(data[name])
    if not re.fullmatch(r"\d{1,7}(?:\.0+)?", text, re.ASCII) or int(text.partition(".")[0]) > MAX_QUANTITY:
        note_problem(problems, where + name, say("Write a whole number from 0 to %(most)s.", most=f"{MAX_QUANTITY:,}"))
        return None
    return int(text.partition(".")[0])


def _minor(value: object, name: str, problems: Problems, where: str) -> int | None:
    text = _number_text(value)
    if not re.fullmatch(r"\d{1,16}(?:\.0+)?", text, re.ASCII) or int(text.partition(".")[0]) > MAX_MINOR:
        note_problem(
            problems, where + name, say("“%(text)s” is not a whole number of minor units (cents).", text=text[:40])
        )
        return None
    return int(text.partition(".")[0])


def _number_text(value: object) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int | float | Decimal):
        return "?"
    if isinstance(value, float | Decimal):
        # Never in exponent form, which people and the patterns here do not write.
        return f"{Decimal(str(value)):f}" if Decimal(str(value)).is_finite() else "?"
    return str(value).strip() if isinstance(value, str) or abs(value) < 10**20 else "?"


def _present(value: object) -> bool:
    return value is not None and value != ""


def _currency(code: str, problems: Problems, where: str) -> str:
    if is_currency(code):
        return code
    note_problem(
        problems,
        where + "currency",
        say("“%(code)s” is not a currency in use.", code=code[:10]) if code else say("Say the currency, like USD."),
    )
    return ""


def parse_region(data: Mapping[str, Any], name: str, problems: Problems, where: str = "") -> str:
    """An ISO 3166 country, or nothing."""
    code = line(data, name, 40, problems, where).upper()
    if code and (len(code) != 2 or code not in get_global("territory_languages")):
        note_problem(problems, where + name, say("“%(code)s” is not an ISO 3166 country, like US.", code=code))
        return ""
    return code


def _checked(data: Mapping[str, Any], problems: Problems, where: str) -> tuple[datetime | None, timedelta | None]:
    moment = data.get("checked_at")
    if isinstance(moment, datetime):
        return moment, None
    if _present(moment):
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
    if not _present(hours):
        return None, None
    text = _number_text(hours)
    if not re.fullmatch(r"\d{1,6}(?:\.\d{1,6})?", text, re.ASCII):
        note_problem(problems, where + "checked_hours_ago", say("Write a number of hours."))
        return None, None
    return None, timedelta(hours=float(text))


def _language(data: Mapping[str, Any], problems: Problems) -> str:
    text = line(data, "lang", 40, problems)
    match = LANGUAGE.fullmatch(text)
    if text and match is None:
        note_problem(problems, "lang", say("“%(text)s” is not a language, like en or zh.", text=text))
    return match[1].lower() if match else "en"


def _translations(data: Mapping[str, Any], problems: Problems) -> dict[str, dict[str, str]]:
    value = data.get("translations") or {}
    if not isinstance(value, Mapping) or not all(isinstance(words, Mapping) for words in value.values()):
        note_problem(
            problems,
            "translations",
            say("Write translations as a language with its title, category, summary and body."),
        )
        return {}
    found: dict[str, dict[str, str]] = {}
    for language, words in value.items():
        where = f"translations.{language}."
        if not LANGUAGE.fullmatch(str(language)):
            note_problem(
                problems, "translations", say("“%(text)s” is not a language, like en or zh.", text=str(language)[:20])
            )
            continue
        texts = {
            "title": line(words, "title", MAX_TITLE, problems, where),
            "category": line(words, "category", MAX_CATEGORY, problems, where),
            "summary": line(words, "summary", MAX_SUMMARY, problems, where),
            "body": _paragraphs(words, "body", MAX_BODY, problems, where),
        }
        if any(texts.values()):
            found[str(language)] = {name: text for name, text in texts.items() if text}
    return found


def parse_names(data: Mapping[str, Any], problems: Problems, where: str, limit: int) -> dict[str, str]:
    """``name_zh`` and the like, by language."""
    names = {
        key.removeprefix("name_"): line(data, key, limit, problems, where)
        for key in data
        if isinstance(key, str) and re.fullmatch(r"name_[a-z]{2}", key)
    }
    return {language: name for language, name in names.items() if name}


def parse_slug(data: Mapping[str, Any], name: str, problems: Problems) -> str:
    """A part of an address: letters, digits and single hyphens."""
    text = line(data, name, 100, problems)
    if text and not SLUG.fullmatch(text):
        note_problem(problems, name, say("Use letters a–z, digits and single hyphens."))
        return ""
    return text


def _flag(data: Mapping[str, Any], name: str, problems: Problems, *, default: bool = False, where: str = "") -> bool:
    value = data.get(name)
    if value is None:
        return default
    text = str(value).strip().lower()
    if text in _TRUE:
        return True
    if text not in _FALSE:
        note_problem(problems, where + name, say("Write yes or no."))
    return False


def _paragraphs(data: Mapping[str, Any], name: str, limit: int, problems: Problems, where: str = "") -> str:
    text = _plain(data.get(name), name, problems, where)
    text = re.sub(r" *\n *", "\n", text)
    text = re.sub(r"\n{3,}", "\n\n", text).strip()
    if len(text) > limit:
        note_problem(
            problems,
            where + name,
            say("Use at most %(limit)s characters (now %(count)s).", limit=limit, count=len(text)),
        )
        return ""
    return text


def _plain(value: object, name: str, problems: Problems, where: str) -> str:
    """Text without what no database and no page wants (``core.plain``)."""
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal | float):
        note_problem(problems, where + name, say("This should be text."))
        return ""
    return plain_text(_number_text(value) if not isinstance(value, str) else value)


def _options(data: Mapping[str, Any], problems: Problems) -> tuple[dict[str, Any], ...]:
    """What variants differ in, as ``Product.options`` keeps it; values may be plain words."""
    found = []
    for entry, where in _entries(data, "options", MAX_OPTIONS, problems):
        values = [_option_value(value) for value in entry.get("values") or ()]
        name = line(entry, "name", 40, problems, where)
        if not name or not values or not all(value["value"] for value in values):
            note_problem(problems, "options", say("An option needs a name and values."))
            continue
        found.append({"name": name, "names": _words(entry.get("names")), "values": values})
    return tuple(found)


def _option_value(value: Any) -> dict[str, Any]:
    if isinstance(value, Mapping):
        return {"value": " ".join(str(value.get("value") or "").split())[:40], "names": _words(value.get("names"))}
    return {"value": " ".join(str(value).split())[:40], "names": {}}


def _words(names: Any) -> dict[str, str]:
    found = names.items() if isinstance(names, Mapping) else ()
    return {str(language)[:10]: " ".join(str(word).split())[:40] for language, word in sorted(found) if word}


def _entries(data: Mapping[str, Any], name: str, limit: int, problems: Problems) -> list[tuple[Mapping[str, Any], str]]:
    value = data.get(name) or ()
    if not isinstance(value, Sequence) or isinstance(value, str) or not all(isinstance(v, Mapping) for v in value):
        note_problem(problems, name, say("This should be a list of entries."))
        return []
    if len(value) > limit:
        note_problem(
            problems, name, say("Use at most %(limit)s entries (now %(count)s).", limit=limit, count=len(value))
        )
        return []
    return [(entry, f"{name}.{number}.") for number, entry in enumerate(value, start=1)]


def _attr_pairs(value: object, problems: Problems) -> Iterable[tuple[str, str]]:
    if value is None:
        return []
    if isinstance(value, str):
        return _split_attrs(value, problems)
    if isinstance(value, Mapping):
        value = list(value.items())
    if not isinstance(value, Sequence):
        note_problem(problems, "attrs", say("Write properties as “name: value; name: value”."))
        return []
    pairs = []
    for entry in value:
        pair = (entry.get("name"), entry.get("value")) if isinstance(entry, Mapping) else entry
        if not isinstance(pair, Sequence) or isinstance(pair, str) or len(pair) != 2:
            note_problem(problems, "attrs", say("Write properties as “name: value; name: value”."))
            return []
        name, content = (" ".join(_plain(part, "attrs", problems, "").split()) for part in pair)
        pairs.append((name, content))
    return pairs


def _split_attrs(text: str, problems: Problems) -> list[tuple[str, str]]:
    """Cut at ``; `` and line ends. A piece without a name continues the value before it."""
    pairs: list[tuple[str, str]] = []
    for piece in re.split(r";\s+|；|\n", _plain(text, "attrs", problems, "")):
        words = " ".join(piece.split()).rstrip(";")
        if match := _PAIR.fullmatch(words):
            pairs.append((match[1].rstrip(), match[2]))
        elif words and pairs:
            name, before = pairs[-1]
            pairs[-1] = (name, f"{before}; {words}")
        elif words:
            note_problem(problems, "attrs", say("Write properties as “name: value; name: value”."))
            return []
    return pairs


def _check_repeats(found: ProductInput, problems: Problems) -> None:
    skus = [variant.sku for variant in found.variants]
    if len(set(skus)) < len(skus):
        note_problem(problems, "variants", say("Two variants have the same SKU."))
    gtins = [variant.gtin for variant in found.variants if variant.gtin]
    if len(set(gtins)) < len(gtins):
        note_problem(problems, "variants", say("Two variants have the same GTIN."))
    own = [(offer.sku, offer.currency, offer.region) for offer in found.offers if offer.kind == "own"]
    links = [(offer.merchant, offer.url, offer.region) for offer in found.offers if offer.kind == "affiliate"]
    if len(set(own)) < len(own) or len(set(links)) < len(links):
        note_problem(problems, "offers", say("Two offers are the same."))


def note_problem(problems: Problems, field_name: str, *messages: str) -> None:
    """Add to what is wrong with a field."""
    problems.setdefault(field_name, []).extend(messages)
