"""Places goods are at, and the suppliers who own some of them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from contentshop.core.errors import Conflict, Invalid, NotFound
from contentshop.core.uow import AnySession
from contentshop.core.words import say
from contentshop.products.actions.changes import assign, names_as_translations
from contentshop.products.inputs import LocationInput, SupplierInput
from contentshop.products.models import StockLevel, StockLocation, Supplier


def save_location(session: AnySession, form: LocationInput, *, key: str | None = None, now: datetime) -> StockLocation:
    """Add a place, or rename one (``key``). Raises Invalid (``key``, ``supplier``), NotFound.

    Raises Conflict when a place that has goods would get another owner.
    """
    supplier = _owner(session, form.supplier)
    if key is None:
        if session.scalar(select(StockLocation.id).where(StockLocation.key == form.key)) is not None:
            raise Invalid({"key": [say("“%(slug)s” is taken; choose another.", slug=form.key)]})
        found = StockLocation(key=form.key, created_at=now)
        session.add(found)
    else:
        found = _lock_location(session, key)
    owner = supplier.id if supplier else None
    if found.supplier_id != owner and key is not None and _has_goods(session, found):
        raise Conflict(say("Goods are here; they cannot just change hands. Move them elsewhere first."))
    translations = names_as_translations(form.names)
    assign(found, {"name": form.name, "translations": translations, "country": form.country, "supplier_id": owner})
    session.flush()
    return found


def set_location_active(session: AnySession, key: str, active: bool) -> None:
    """Open or close a place. Raises NotFound, and Conflict when one with goods would be closed."""
    found = _lock_location(session, key)
    if not active and _has_goods(session, found):
        raise Conflict(say("Goods are here. Move them elsewhere before you close this place."))
    assign(found, {"active": active})
    session.flush()


def save_supplier(session: AnySession, form: SupplierInput, *, key: str | None = None, now: datetime) -> Supplier:
    """Add a supplier or change one (``key``); orders keep the share of their day. Raises Invalid, NotFound."""
    if key is None:
        if session.scalar(select(Supplier.id).where(Supplier.key == form.key)) is not None:
            raise Invalid({"key": [say("“%(slug)s” is taken; choose another.", slug=form.key)]})
        found = Supplier(key=form.key, created_at=now)
        session.add(found)
    else:
        present = session.scalar(select(Supplier).where(Supplier.key == key).with_for_update())
        if present is None:
            raise NotFound(say("There is no such supplier."))
        found = present
    assign(found, {"name": form.name, "email": form.email, "share_ppm": form.share_ppm})
    session.flush()
    return found


def _owner(session: AnySession, key: str) -> Supplier | None:
    if not key:
        return None
    found = session.scalar(select(Supplier).where(Supplier.key == key))
    if found is None:
        raise Invalid({"supplier": [say("There is no such supplier.")]})
    return found


def _lock_location(session: AnySession, key: str) -> StockLocation:
    # Whoever brings goods here holds the row shared, so none come in while we look.
    found = session.scalar(
        select(StockLocation)
        .where(StockLocation.key == key)
        .with_for_update(of=StockLocation)
        .execution_options(populate_existing=True)
    )
    if found is None:
        raise NotFound(say("There is no such place."))
    return found


def _has_goods(session: AnySession, location: StockLocation) -> bool:
    goods = select(StockLevel.variant_id).where(StockLevel.location_id == location.id, StockLevel.on_hand > 0)
    return session.scalar(goods.limit(1)) is not None
