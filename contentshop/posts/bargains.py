"""The facts of a deal as its author writes them, and what follows from them and the clock. Pure.

A deal's facts stand in its revision as plain words (``DealInput.words``), so that they are kept, compared and merged
like everything else an author writes. What readers see of a published one is ``DealFacts``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime, timedelta
from typing import Any, Literal, cast

from contentshop.accounts.inputs import clean_line
from contentshop.core.errors import Invalid
from contentshop.core.money import Money
from contentshop.core.text_urls import is_external, safe_url
from contentshop.core.words import say
from contentshop.core.zones import find_zone, read_local
from contentshop.products.offers import ON_SALE, OfferFacts, ProductFacts

State = Literal["upcoming", "running", "ended", "sold_out"]
PHASES = ("upcoming", "running", "ended")
"""What an index knows of a deal: sold out is ended, too."""

CLOSED_AS = ("", "ended", "sold_out")
CLOSED_BY = ("", "author", "editor", "readers", "offer")
OVER_KINDS = ("ended", "sold_out", "price")
"""What readers report of a deal: it is over, sold out, or costs more now."""

COUPON_KINDS = ("works", "fails")

OWN_SHOP = "own"
"""The shop of a deal that this site sells itself; otherwise a merchant's key, or empty for whoever is best."""

PREFIX = "deal_"
"""Before the names of these facts where they stand beside other fields of a post."""

OPEN_FOR = timedelta(days=30)
"""A deal whose end nobody knows is taken for over after this time, unless somebody says that it goes on."""

ENOUGH_REPORTS = 3
"""Different people who say that a deal is over before it is shown as over."""

LEAST_TRIES = 3
"""Reports on a coupon before a success rate is told."""

WINDOW = 10
"""Per cent by which the prices of two deals may differ and still be the same deal."""

MAX_NOTE = 60
MAX_COUPON = 60
MAX_URL = 500
MAX_TERMS = 200
MAX_STEPS = 10
MAX_STEP = 200
MAX_PRICE = 15

_SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_SHOP = re.compile(r"[a-z0-9][a-z0-9_.-]{0,39}")
_REGION = re.compile(r"[A-Z]{2}")

Problems = dict[str, list[str]]


@dataclass(frozen=True, slots=True)
class DealInput:
    """A deal as written: ``product`` is a slug, ``price_minor`` counts minor units of ``currency``.

    ``shop`` is ``OWN_SHOP``, a merchant's key or empty. ``starts`` and ``ends`` are by the clocks in ``zone``, as a
    browser's field sends them (``2026-11-27T08:00``). ``region`` is an ISO 3166 country, empty for everywhere. A draft
    may lack anything; ``posts.gate`` says what publishing needs.
    """

    product: str = ""
    price_minor: int | None = None
    currency: str = ""
    note: str = ""
    shop: str = ""
    coupon: str = ""
    coupon_url: str = ""
    terms: str = ""
    steps: tuple[str, ...] = ()
    starts: str = ""
    ends: str = ""
    zone: str = "UTC"
    region: str = ""

    @classmethod
    def parse(cls, typed: Mapping[str, Any], problems: Problems) -> DealInput:
        """Read what stands in a form (names without ``PREFIX``); what is wrong goes to ``problems`` with it."""
        reader = _Reader(typed, problems)
        found = cls(
            product=reader.product(),
            price_minor=reader.price(),
            currency=reader.text("currency", 3).upper(),
            note=reader.line("note", MAX_NOTE),
            shop=reader.matching("shop", _SHOP, 40),
            coupon=reader.line("coupon", MAX_COUPON),
            coupon_url=reader.url(),
            terms=reader.line("terms", MAX_TERMS),
            steps=reader.steps(),
            starts=reader.moment("starts"),
            ends=reader.moment("ends"),
            zone=reader.zone(),
            region=reader.matching("region", _REGION, 2),
        )
        starts, ends = found.starts_at, found.ends_at
        if starts is not None and ends is not None and ends <= starts:
            problems[PREFIX + "ends"] = [say("The deal ends before it starts; look at both times.")]
        return found

    @property
    def price(self) -> Money | None:
        """The price, if one is given."""
        return Money(self.price_minor, self.currency) if self.price_minor is not None else None

    @property
    def starts_at(self) -> datetime | None:
        """When it starts; None when it runs already."""
        return _moment(self.starts, self.zone)

    @property
    def ends_at(self) -> datetime | None:
        """When it ends; None when nobody knows."""
        return _moment(self.ends, self.zone)

    def words(self) -> dict[str, str]:
        """The facts as they stand in a form and in a revision; ``parse`` reads them again."""
        price = f"{self.price.amount:f}" if self.price is not None else ""
        plain = {name: getattr(self, name) for name in DEAL_WORDS if name not in ("price", "steps")}
        return plain | {"price": price, "steps": "\n".join(self.steps)}


DEAL_WORDS = tuple("price" if one.name == "price_minor" else one.name for one in fields(DealInput))
"""Names of the facts as words, in the order of the form."""


def read_words(words: Mapping[str, Any]) -> DealInput:
    """The facts in words that were checked before."""
    return DealInput.parse(words, {})


class _Reader:
    """Reads fields one by one."""

    def __init__(self, typed: Mapping[str, Any], problems: Problems) -> None:
        self._typed = typed
        self._problems = problems

    def text(self, name: str, most: int) -> str:
        return clean_line(str(self._typed.get(name) or ""), most * 4)

    def _fault(self, name: str, told: str) -> None:
        self._problems.setdefault(PREFIX + name, []).append(told)

    def line(self, name: str, most: int) -> str:
        line = self.text(name, most)
        if len(line) > most:
            self._fault(name, say("Use at most %(limit)s characters (now %(count)s).", limit=most, count=len(line)))
        return line

    def matching(self, name: str, pattern: re.Pattern[str], most: int) -> str:
        value = self.text(name, most)
        if value and pattern.fullmatch(value) is None:
            self._fault(name, say("Choose one of the list."))
            return ""
        return value

    def product(self) -> str:
        """A product's short name, also out of the address of its page."""
        typed = self.text("product", MAX_URL)
        slug = typed.partition("?")[0].rstrip("/").rpartition("/")[2].strip().lower()
        if slug and (len(slug) > 100 or _SLUG.fullmatch(slug) is None):
            self._fault("product", say("Write the short name of the product, as in its address, or paste the address."))
            return ""
        return slug

    def price(self) -> int | None:
        typed, currency = self.text("price", MAX_PRICE), self.text("currency", 3).upper()
        if not typed:
            return None
        if not currency:
            self._fault("currency", say("Choose the currency of the price."))
            return None
        if len(typed) > MAX_PRICE:
            self._fault("price", say("Use at most %(most)s characters.", most=MAX_PRICE))
            return None
        try:
            return Money.parse(typed, currency).minor
        except Invalid as refusal:
            for name, told in refusal.fields.items():
                self._problems.setdefault(PREFIX + name, []).extend(told)
            return None

    def url(self) -> str:
        typed = self.text("coupon_url", MAX_URL)
        if not typed:
            return ""
        url = safe_url(typed)
        if url is None or not is_external(url) or len(url) > MAX_URL:
            self._fault("coupon_url", say("This is no web address; copy it whole, from https:// on."))
            return ""
        return url

    def steps(self) -> tuple[str, ...]:
        given = self._typed.get("steps") or ""
        lines = given.split("\n") if isinstance(given, str) else list(given)
        steps = tuple(line for text in lines if (line := clean_line(str(text), MAX_STEP * 4).lstrip("-•· ")))
        if len(steps) > MAX_STEPS:
            self._fault("steps", say("Use at most %(most)s steps.", most=MAX_STEPS))
        if any(len(step) > MAX_STEP for step in steps):
            self._fault("steps", say("A step may have at most %(most)s characters.", most=MAX_STEP))
        return steps[:MAX_STEPS]

    def zone(self) -> str:
        name = self.text("zone", 64) or "UTC"
        if find_zone(name) is None:
            self._fault("zone", say("Choose your time zone."))
            return "UTC"
        return name

    def moment(self, name: str) -> str:
        typed = self.text(name, 30)
        if not typed:
            return ""
        zone = self.text("zone", 64) or "UTC"
        try:
            read_local(typed, zone if find_zone(zone) else "UTC")
        except Invalid as refusal:
            self._fault(name, refusal.fields["at"][0])
            return ""
        return typed.replace(" ", "T")[:16]


def _moment(local: str, zone: str) -> datetime | None:
    return read_local(local, zone).at if local else None


@dataclass(frozen=True, slots=True)
class DealFacts:
    """What readers are told of a deal besides its author's words.

    ``until`` is when the clock ends it (``ends_at`` where that is known). ``closed_by`` is one of CLOSED_BY,
    ``closed_why`` "price" or "stock" where a look at the offer ended it. ``reports`` counts the people who say now that
    it is over, ``works`` and ``fails`` those who tried the coupon. ``shop_names``
    are what a merchant is called in other languages.
    """

    price: Money
    shop: str
    region: str
    starts_at: datetime | None
    ends_at: datetime | None
    until: datetime
    closed_as: str = ""
    closed_by: str = ""
    closed_why: str = ""
    closed_at: datetime | None = None
    confirmed: bool = False
    reports: int = 0
    works: int = 0
    fails: int = 0
    shop_name: str = ""
    shop_names: Mapping[str, Any] = field(default_factory=dict)

    def shop_in(self, locale: str) -> str:
        """What a merchant is called in a language; empty for our own shop and for whoever is best."""
        return str((self.shop_names.get(locale) or {}).get("name") or self.shop_name)

    def state(self, now: datetime) -> State:
        """How it stands at ``now``."""
        return state_of(self.closed_as, self.starts_at, self.until, now)

    def turns_at(self, now: datetime) -> datetime | None:
        """When the clock changes how it stands; None when it does not any more."""
        if self.closed_as:
            return None
        return min((at for at in (self.starts_at, self.until) if at is not None and at > now), default=None)

    @property
    def coupon_rate(self) -> int | None:
        """For how many of a hundred the coupon worked; None while too few have told."""
        tries = self.works + self.fails
        return (200 * self.works + tries) // (2 * tries) if tries >= LEAST_TRIES else None


def offers_of(product: ProductFacts, shop: str) -> tuple[OfferFacts, ...]:
    """The offers of a product by which a deal's shop sells it; all of them for a deal that names no shop."""
    if shop == OWN_SHOP:
        return tuple(offer for offer in product.offers if offer.own)
    if shop:
        return tuple(offer for offer in product.offers if not offer.own and offer.merchant_key == shop)
    return product.offers


def asked(product: ProductFacts, shop: str, region: str, currency: str) -> Money | None:
    """The lowest price at which a deal's shop is known to offer the product in ``region`` (empty for any)."""
    prices = [
        offer.price
        for offer in offers_of(product, shop)
        if offer.active
        and offer.price is not None
        and offer.price.currency == currency
        and (not region or offer.region in {"", region})
        and (offer.own or (offer.merchant_active and offer.health != "dead" and offer.availability in ON_SALE))
    ]
    return min(prices, key=lambda price: price.minor, default=None)


def state_of(closed_as: str, starts_at: datetime | None, until: datetime, now: datetime) -> State:
    """How a deal stands at ``now``."""
    if closed_as:
        return cast(State, closed_as)
    if until <= now:
        return "ended"
    return "upcoming" if starts_at is not None and starts_at > now else "running"


def phase_of(state: State) -> str:
    """One of PHASES."""
    return "ended" if state == "sold_out" else state


def end_of(deal: DealInput, *, now: datetime) -> datetime:
    """When the clock ends a deal that is shown from ``now`` on."""
    return deal.ends_at or max(now, deal.starts_at or now) + OPEN_FOR


def is_near(one: int, other: int) -> bool:
    """Whether two prices in minor units are so close that two deals are likely the same."""
    return abs(one - other) * 100 <= WINDOW * max(one, other)
