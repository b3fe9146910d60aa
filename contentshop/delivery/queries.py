"""Reads of zones, ways of shipping, taxes and addresses."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from sqlalchemy import bindparam, exists, or_, select
from sqlalchemy.orm import selectinload

from contentshop.core.errors import NotFound
from contentshop.core.names import name_in
from contentshop.core.uow import AnySession
from contentshop.core.words import say
from contentshop.delivery import places
from contentshop.delivery.inputs import write_areas
from contentshop.delivery.models import Address, ShippingMethod, ShippingZone, TaxRegion
from contentshop.delivery.rates import Area, Destination, Method, Parcel, ShippingOption, Tier, Zone, offers, overlap
from contentshop.delivery.taxes import TaxRule

STANDARD = "standard"


class PostageRule(Protocol):
    """Postage of one currency in minor units: ``flat``, nothing from ``free_from`` on (None: never free)."""

    @property
    def flat(self) -> int: ...

    @property
    def free_from(self) -> int | None: ...


@dataclass(frozen=True, slots=True)
class Claim:
    """Another ``zone`` in use names ``theirs``, which overlaps ``ours`` and is as exact."""

    ours: Area
    theirs: Area
    zone: ShippingZone

    def words(self, locale: str) -> str:
        """What is wrong and what to do; the zone is called as readers of ``locale`` know it."""
        return say(
            "“%(area)s” is in the zone “%(zone)s” already, as “%(other)s”. Take it out of one of the two.",
            area=write_areas([self.ours]),
            zone=name_in(self.zone.name, self.zone.translations, locale),
            other=write_areas([self.theirs]),
        )


def options(
    session: AnySession,
    to: Destination,
    parcel: Parcel,
    *,
    postage: Mapping[str, PostageRule],
    locale: str = "en",
) -> tuple[ShippingOption, ...]:
    """The ways to send ``parcel`` there, the cheapest first; empty when we do not deliver it.

    A shop that has set up no zones delivers everywhere by ``postage``, as its settings say. One statement.
    """
    zones = active_zones(session, locale)
    return offers(zones, to, parcel) if zones else (standard(parcel, postage.get(parcel.currency)),)


def standard(parcel: Parcel, rule: PostageRule | None) -> ShippingOption:
    """The only way to ship of a shop without zones. A currency without a rule has no postage."""
    if rule is None or (rule.free_from is not None and parcel.net_minor >= rule.free_from):
        return ShippingOption(STANDARD, "", 0, (0, 0))
    gap = rule.free_from - parcel.net_minor if rule.free_from is not None else None
    return ShippingOption(STANDARD, "", rule.flat, (0, 0), gap)


_ZONES = (
    select(
        ShippingZone.id,
        ShippingZone.key,
        ShippingZone.areas,
        ShippingMethod.key.label("method_key"),
        ShippingMethod.name,
        ShippingMethod.translations,
        ShippingMethod.currency,
        ShippingMethod.tiers,
        ShippingMethod.free_from,
        ShippingMethod.min_days,
        ShippingMethod.max_days,
        ShippingMethod.active,
    )
    .outerjoin(ShippingMethod, ShippingMethod.zone_id == ShippingZone.id)
    .where(ShippingZone.active)
    .order_by(ShippingZone.id, ShippingMethod.id)
)


def active_zones(session: AnySession, locale: str) -> tuple[Zone, ...]:
    """Zones in use with their ways of shipping in use, in the order they were made; one statement."""
    rows = session.execute(_ZONES).all()
    methods: dict[int, list[Method]] = defaultdict(list)
    heads: dict[int, Any] = {}
    for row in rows:
        heads[row.id] = row
        if row.method_key is not None and row.active:
            methods[row.id].append(_method(row, locale))
    return tuple(Zone(row.key, read_areas(row.areas), tuple(methods[row.id])) for row in heads.values())


def countries(session: AnySession) -> tuple[str, ...]:
    """Where parcels go by the zones that have a way of shipping; empty for a shop without zones. One statement."""
    zones = active_zones(session, "en")
    named = {area.country for zone in zones if zone.methods for area in zone.areas}
    return places.countries() if "*" in named else tuple(sorted(named))


def read_areas(stored: Any) -> tuple[Area, ...]:
    """Areas as they are stored."""
    return tuple(Area(country, region, tuple(codes)) for country, region, codes in stored)


def read_tiers(stored: Any) -> tuple[Tier, ...]:
    """Tiers as they are stored."""
    return tuple(Tier(minor, grams, goods) for minor, grams, goods in stored)


_TAXES = select(
    TaxRegion.region, TaxRegion.name, TaxRegion.translations, TaxRegion.included, TaxRegion.on_shipping, TaxRegion.rates
).where(TaxRegion.country == bindparam("country"), or_(TaxRegion.region == "", TaxRegion.region == bindparam("region")))
# The row of the whole country stands first, since its region is the empty text.
_FIRST_TAX = (
    select(*_TAXES.selected_columns)
    .where(TaxRegion.country == bindparam("country"))
    .order_by(TaxRegion.region)
    .limit(1)
)


def tax_rule(session: AnySession, country: str, region: str = "", *, locale: str = "en") -> TaxRule | None:
    """How the place taxes: by the row of its region, else of its country; None when there is neither.

    The tax is called as readers of ``locale`` know it. Without a ``region``, in a country where only regions tax, the
    rule is not ``known``: it says only whether prices contain the tax. One statement.
    """
    if region:
        rows = session.execute(_TAXES, {"country": country, "region": region}).all()
        found = max(rows, key=lambda row: bool(row.region), default=None)
    else:
        found = session.execute(_FIRST_TAX, {"country": country}).first()
    if found is None:
        return None
    name = name_in(found.name, found.translations, locale)
    known = bool(region) or not found.region
    return TaxRule(name, found.included, found.on_shipping, found.rates if known else {}, known)


_BY_REGION = select(exists().where(TaxRegion.country == bindparam("country"), TaxRegion.region != ""))


def taxes_by_region(session: AnySession, country: str) -> bool:
    """Whether the tax depends on where in ``country`` the buyer lives, so that it has to be asked."""
    return bool(session.scalar(_BY_REGION, {"country": country}))


def list_zones(session: AnySession) -> list[ShippingZone]:
    """All zones with their ways of shipping, for the desk."""
    return list(
        session.scalars(select(ShippingZone).options(selectinload(ShippingZone.methods)).order_by(ShippingZone.id))
    )


def get_zone(session: AnySession, key: str) -> ShippingZone:
    """A zone with its ways of shipping. Raises NotFound."""
    query = select(ShippingZone).where(ShippingZone.key == key).options(selectinload(ShippingZone.methods))
    found = session.scalar(query)
    if found is None:
        raise NotFound(say("There is no such zone."))
    return found


def get_method(session: AnySession, key: str) -> ShippingMethod:
    """A way of shipping with its zone. Raises NotFound."""
    query = select(ShippingMethod).where(ShippingMethod.key == key).options(selectinload(ShippingMethod.zone))
    found = session.scalar(query)
    if found is None:
        raise NotFound(say("There is no such way of shipping."))
    return found


def find_claim(session: AnySession, key: str, areas: Collection[Area]) -> Claim | None:
    """Which other zone in use names some of ``areas`` as exactly as the zone with ``key`` (empty: a new one) would.

    What is more exact or less is nobody's quarrel: the more exact zone is chosen.
    """
    for zone in list_zones(session):
        if zone.active and zone.key != key:
            for theirs in read_areas(zone.areas):
                for ours in areas:
                    if overlap(ours, theirs):
                        return Claim(ours, theirs, zone)
    return None


def list_taxes(session: AnySession) -> list[TaxRegion]:
    """All places with a tax, by country and region."""
    return list(session.scalars(select(TaxRegion).order_by(TaxRegion.country, TaxRegion.region)))


def get_tax(session: AnySession, country: str, region: str) -> TaxRegion:
    """How a place taxes. Raises NotFound."""
    found = session.scalar(select(TaxRegion).where(TaxRegion.country == country, TaxRegion.region == region))
    if found is None:
        raise NotFound(say("There is no tax for this place."))
    return found


def list_addresses(session: AnySession, user_id: int) -> list[Address]:
    """The addresses a person keeps, the one used last first."""
    query = select(Address).where(Address.user_id == user_id)
    return list(session.scalars(query.order_by(Address.used_at.desc(), Address.id.desc())))


def get_address(session: AnySession, user_id: int, key: str) -> Address:
    """One of this person's own addresses. Raises NotFound, also for somebody else's."""
    found = session.scalar(select(Address).where(Address.user_id == user_id, Address.key == key))
    if found is None:
        raise NotFound(say("There is no such address."))
    return found


def _method(row: Any, locale: str) -> Method:
    return Method(
        key=row.method_key,
        name=name_in(row.name, row.translations, locale),
        currency=row.currency,
        tiers=read_tiers(row.tiers),
        free_from=row.free_from,
        min_days=row.min_days,
        max_days=row.max_days,
    )
