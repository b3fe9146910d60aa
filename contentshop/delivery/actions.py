"""Changes to zones, ways of shipping, taxes and addresses. None commits; the door does."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime

from sqlalchemy import select

from contentshop.accounts import policy as people
from contentshop.accounts.models import User
from contentshop.core.errors import Conflict, Forbidden, Invalid
from contentshop.core.ids import new_key
from contentshop.core.uow import AnySession
from contentshop.core.words import say
from contentshop.delivery import queries
from contentshop.delivery.inputs import AddressInput, MethodInput, TaxInput, ZoneInput
from contentshop.delivery.models import Address, ShippingMethod, ShippingZone, TaxRegion
from contentshop.delivery.rates import Area, Tier

MAX_ADDRESSES = 30


class Claimed(Invalid):
    """A zone names an area that another one in use names as exactly."""

    def __init__(self, claim: queries.Claim) -> None:
        super().__init__({"areas": [claim.words("en")]})
        self.claim = claim


def save_zone(session: AnySession, form: ZoneInput, *, key: str = "", version: int | None = None, by: User) -> str:
    """Make a zone, or change the one with ``key``; returns its key. A new one rests until it has a way of shipping,
    else nothing could be sent there meanwhile.

    Raises Forbidden, NotFound, Conflict when it was changed since ``version`` was read, and Claimed.
    """
    _check_operator(by)
    if not key:
        _check_claims(session, "", form.areas)
        zone = ShippingZone(key=new_key(), areas=_areas(form.areas), active=False)
        session.add(zone)
    else:
        zone = queries.get_zone(session, key)
        if version is not None and zone.version != version:
            raise Conflict(say("Somebody else has changed this zone. Please look at it again."))
        # One without a way of shipping is used as soon as it has one.
        if zone.active or not zone.methods:
            _check_claims(session, key, form.areas)
        zone.areas, zone.version = _areas(form.areas), zone.version + 1
    zone.name, zone.translations = form.name, _translations(form.names)
    session.flush()
    return zone.key


def set_zone_active(session: AnySession, key: str, active: bool, *, by: User) -> None:
    """Use a zone, or leave it alone. Raises Forbidden, NotFound, Claimed."""
    _check_operator(by)
    zone = queries.get_zone(session, key)
    if active:
        _check_claims(session, key, queries.read_areas(zone.areas))
    zone.active = active
    zone.version += 1


def save_method(session: AnySession, zone_key: str, form: MethodInput, *, key: str = "", by: User) -> str:
    """Add a way of shipping to a zone, or change the one with ``key``. With its first one a zone is used.

    Raises Forbidden, NotFound, and Claimed by the first one.
    """
    _check_operator(by)
    zone = queries.get_zone(session, zone_key)
    method = next((one for one in zone.methods if one.key == key), None)
    if method is None:
        if key:
            queries.get_method(session, key)
        if not zone.active and not zone.methods:
            _check_claims(session, zone_key, queries.read_areas(zone.areas))
            zone.active = True
        method = ShippingMethod(key=new_key(), active=True)
        zone.methods.append(method)
    method.name = form.name
    method.translations = _translations(form.names)
    method.currency, method.tiers = form.currency, _tiers(form.tiers)
    method.free_from, method.min_days, method.max_days = form.free_from, form.min_days, form.max_days
    session.flush()
    return method.key


def set_method_active(session: AnySession, key: str, active: bool, *, by: User) -> ShippingMethod:
    """Offer a way of shipping, or no longer. Raises Forbidden, NotFound."""
    _check_operator(by)
    method = queries.get_method(session, key)
    method.active = active
    return method


def save_tax(session: AnySession, form: TaxInput, *, by: User, new: bool = False) -> None:
    """Set how a place taxes. Raises Forbidden, and Invalid when another place of that country has prices the other
    way, with or without tax: what a page shows must mean the same in all of a country. A ``new`` one is refused where
    the place is taxed already."""
    _check_operator(by)
    others = session.scalars(
        select(TaxRegion).where(TaxRegion.country == form.country, TaxRegion.region != form.region)
    ).all()
    if any(other.included != form.included for other in others):
        raise Invalid({"included": [say("Prices contain tax either in all of a country or nowhere in it.")]})
    found = session.scalar(select(TaxRegion).where(TaxRegion.country == form.country, TaxRegion.region == form.region))
    if found is not None and new:
        raise Invalid({"region": [say("This place is taxed already. Change it in the list of taxes.")]})
    if found is None:
        found = TaxRegion(country=form.country, region=form.region, version=0)
        session.add(found)
    found.translations = _translations(form.names)
    found.name, found.included, found.on_shipping = form.name, form.included, form.on_shipping
    found.rates, found.version = dict(form.rates), (found.version or 0) + 1
    session.flush()


def remove_tax(session: AnySession, country: str, region: str, *, by: User) -> None:
    """The place is not taxed any more. Raises Forbidden, NotFound."""
    _check_operator(by)
    session.delete(queries.get_tax(session, country, region))


def keep_address(session: AnySession, form: AddressInput, *, by: User, key: str = "", now: datetime) -> Address:
    """Keep an address for the next order, or change the one with ``key``. One that is kept already is not kept twice.

    Raises NotFound (also for somebody else's), Conflict for the 31st.
    """
    if key:
        kept = queries.get_address(session, by.id, key)
    else:
        known = queries.list_addresses(session, by.id)
        same = next((one for one in known if all(getattr(one, f) == v for f, v in form.values().items())), None)
        if same is None and len(known) >= MAX_ADDRESSES:
            raise Conflict(say("You keep 30 addresses already. Please delete one first."))
        kept = same or Address(key=new_key(), user_id=by.id)
    for name, value in form.values().items():
        setattr(kept, name, value)
    kept.used_at = now
    session.add(kept)
    session.flush()
    return kept


def forget_address(session: AnySession, key: str, *, by: User) -> None:
    """Delete one of this person's addresses; orders keep theirs. Raises NotFound."""
    session.delete(queries.get_address(session, by.id, key))
    session.flush()


def _translations(names: Mapping[str, str]) -> dict[str, dict[str, str]]:
    return {language: {"name": name} for language, name in sorted(names.items())}


def _check_claims(session: AnySession, key: str, areas: Collection[Area]) -> None:
    """Refuse ``areas`` for the zone with ``key`` where it would depend on chance which zone a parcel goes by."""
    claim = queries.find_claim(session, key, areas)
    if claim:
        raise Claimed(claim)


def _areas(areas: Collection[Area]) -> list[list[object]]:
    return [[area.country, area.region, list(area.postcodes)] for area in areas]


def _tiers(tiers: Collection[Tier]) -> list[list[int | None]]:
    return [[tier.minor, tier.up_to_g, tier.up_to_minor] for tier in tiers]


def _check_operator(by: User) -> None:
    if not people.can_operate(by):
        raise Forbidden(say("Only operators may change what shipping costs and how things are taxed."))
