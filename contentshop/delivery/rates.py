"""Ways of shipping and their prices: pure functions of a parcel, a destination and the shop's zones."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from contentshop.delivery.places import plain_postcode

LAST = "\uffff"  # sorts behind every sign of a postcode


@dataclass(frozen=True, slots=True)
class Destination:
    """Where a parcel goes; ``region`` and ``postcode`` may be empty when they are not known yet."""

    country: str
    region: str = ""
    postcode: str = ""


@dataclass(frozen=True, slots=True)
class Parcel:
    """What is shipped: its weight in grams, and what is paid for it, in minor units of ``currency``."""

    weight_g: int
    net_minor: int
    currency: str


@dataclass(frozen=True, slots=True)
class Area:
    """A part of a zone: a country (``*``: any), a region of it, postcodes (see ``covers``); empty means all."""

    country: str
    region: str = ""
    postcodes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Tier:
    """A price up to a weight, or up to an amount of goods; without either it is for everything."""

    minor: int
    up_to_g: int | None = None
    up_to_minor: int | None = None

    def fits(self, parcel: Parcel) -> bool:
        """Whether ``parcel`` is within this tier."""
        return (self.up_to_g is None or parcel.weight_g <= self.up_to_g) and (
            self.up_to_minor is None or parcel.net_minor <= self.up_to_minor
        )


@dataclass(frozen=True, slots=True)
class Method:
    """A way of shipping with its prices in one currency: the first tier that fits counts, none: it cannot be sent so.

    From ``free_from`` on (what is paid for the goods) it costs nothing, whatever the weight, within the tiers.
    """

    key: str
    name: str
    currency: str
    tiers: tuple[Tier, ...]
    free_from: int | None
    min_days: int
    max_days: int


@dataclass(frozen=True, slots=True)
class Zone:
    """Places with the same ways of shipping."""

    key: str
    areas: tuple[Area, ...]
    methods: tuple[Method, ...]


@dataclass(frozen=True, slots=True)
class ShippingOption:
    """A way to ship a parcel and its price; ``free_gap`` is what is missing for free shipping, None: nothing is."""

    key: str
    name: str
    minor: int
    days: tuple[int, int]
    free_gap: int | None = None


@dataclass(frozen=True, slots=True)
class Obstacle:
    """Why a parcel cannot be sent: we do not deliver to the ``place``; not what is paid in this ``currency``, but in
    ``currencies``; not in this ``size``, by weight or by what it is worth."""

    why: Literal["place", "currency", "size"]
    currencies: tuple[str, ...] = ()


def price(method: Method, parcel: Parcel) -> int | None:
    """What ``method`` costs for ``parcel``; None when it does not carry it."""
    tier = next((tier for tier in method.tiers if tier.fits(parcel)), None)
    if tier is None or method.currency != parcel.currency:
        return None
    return 0 if method.free_from is not None and parcel.net_minor >= method.free_from else tier.minor


def offers(zones: Iterable[Zone], to: Destination, parcel: Parcel) -> tuple[ShippingOption, ...]:
    """The ways to send ``parcel``, the cheapest first, of the zone that names the destination most exactly."""
    zone = choose_zone(zones, to)
    found = []
    for method in zone.methods if zone else ():
        minor = price(method, parcel)
        if minor is not None:
            gap = method.free_from - parcel.net_minor if method.free_from is not None and minor else None
            found.append(ShippingOption(method.key, method.name, minor, (method.min_days, method.max_days), gap))
    return tuple(sorted(found, key=lambda one: (one.minor, one.days, one.key)))


def obstacle(zones: Iterable[Zone], to: Destination, parcel: Parcel) -> Obstacle:
    """Why there is no way to send ``parcel`` there (see ``offers``)."""
    zone = choose_zone(zones, to)
    if zone is None or not zone.methods:
        return Obstacle("place")
    currencies = tuple(sorted({method.currency for method in zone.methods}))
    return Obstacle("size") if parcel.currency in currencies else Obstacle("currency", currencies)


def choose_zone(zones: Iterable[Zone], to: Destination) -> Zone | None:
    """The zone that names the destination most exactly (postcode, region, country, anywhere); the first of equals."""
    best: Zone | None = None
    rank = 0
    for zone in zones:
        found = max((_rank(area, to) for area in zone.areas), default=0)
        if found > rank:
            best, rank = zone, found
    return best


def _rank(area: Area, to: Destination) -> int:
    if area.country != "*":
        if area.country != to.country or (area.region and area.region != to.region):
            return 0
        if area.postcodes and not covers(area.postcodes, to.postcode):
            return 0
    return _exactness(area)


def _exactness(area: Area) -> int:
    return 1 if area.country == "*" else 2 + bool(area.region) + 2 * bool(area.postcodes)


def covers(patterns: Sequence[str], postcode: str) -> bool:
    """Whether a postcode is among ``patterns``: ``SW1A1AA`` itself, a beginning ``90*``, or a range ``10000..19999``.

    A range compares as many characters as its ends have, so ``100..199`` covers ``10115``.
    """
    found = plain_postcode(postcode)
    return bool(found) and any(_covers(plain_postcode(pattern), found) for pattern in patterns)


def _covers(pattern: str, postcode: str) -> bool:
    if pattern.endswith("*"):
        return postcode.startswith(pattern[:-1])
    low, dots, high = pattern.partition("..")
    if dots:
        return low <= postcode[: len(low)] and postcode[: len(high)] <= high
    return postcode == pattern


def overlap(one: Area, other: Area) -> bool:
    """Whether some destination is named by both, and equally exactly: then nothing says whose it is."""
    if _exactness(one) != _exactness(other) or (one.country, one.region) != (other.country, other.region):
        return False
    spans = [_span(plain_postcode(pattern)) for pattern in one.postcodes]
    others = [_span(plain_postcode(pattern)) for pattern in other.postcodes]
    return not spans or any(max(a[0], b[0]) <= min(a[1], b[1]) for a in spans for b in others)


def _span(pattern: str) -> tuple[str, str]:
    """The first and the last text that ``_covers`` finds covered."""
    low, dots, high = pattern.partition("..")
    if dots:
        return low, high + LAST
    return (pattern[:-1], pattern[:-1] + LAST) if pattern.endswith("*") else (pattern, pattern)
