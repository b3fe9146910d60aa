"""What must be true of all stock, for ``contentshop audit``."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import and_, func, or_, select

from contentshop.core.uow import AnySession
from contentshop.products.models import Reservation, Stock, StockLevel, StockLocation, StockMovement, Variant


def audit(session: AnySession) -> list[str]:
    """What is wrong with the stock, one sentence each; empty when all is well.

    Promises add up to reservations and counts to movements, at every place; a variant's sums are those of its places;
    nothing is promised twice; closed places are empty; the goods of a variant have one owner.
    """
    return [*_levels(session), *_sums(session), *_strays(session), *_closed(session), *_owners(session)]


def _levels(session: AnySession) -> Iterable[str]:
    here = and_(Reservation.variant_id == StockLevel.variant_id, Reservation.location_id == StockLevel.location_id)
    held = (
        select(func.coalesce(func.sum(Reservation.quantity - Reservation.taken), 0))
        .where(here, Reservation.state == "held")
        .scalar_subquery()
    )
    moved = (
        select(func.coalesce(func.sum(StockMovement.delta), 0))
        .where(StockMovement.variant_id == StockLevel.variant_id, StockMovement.location_id == StockLevel.location_id)
        .scalar_subquery()
    )
    wrong = or_(
        StockLevel.reserved != held,
        StockLevel.on_hand != moved,
        StockLevel.reserved > StockLevel.on_hand,
        StockLevel.on_hand < 0,
    )
    rows = session.execute(
        select(
            Variant.sku,
            StockLocation.key,
            StockLevel.on_hand,
            StockLevel.reserved,
            held.label("held"),
            moved.label("moved"),
        )
        .join(Variant, Variant.id == StockLevel.variant_id)
        .join(StockLocation, StockLocation.id == StockLevel.location_id)
        .where(wrong)
        .order_by(Variant.sku, StockLocation.key)
    )
    for row in rows:
        yield (
            f"{row.sku} at {row.key}: {row.reserved} reserved but {row.held} held for orders; "
            f"{row.on_hand} on hand but movements add up to {row.moved}."
        )


def _sums(session: AnySession) -> Iterable[str]:
    here = StockLevel.variant_id == Stock.variant_id
    on_hand = select(func.coalesce(func.sum(StockLevel.on_hand), 0)).where(here).scalar_subquery()
    reserved = select(func.coalesce(func.sum(StockLevel.reserved), 0)).where(here).scalar_subquery()
    rows = session.execute(
        select(Variant.sku, Stock.on_hand, Stock.reserved, on_hand.label("there"), reserved.label("promised"))
        .join(Variant, Variant.id == Stock.variant_id)
        .where(or_(Stock.on_hand != on_hand, Stock.reserved != reserved, Stock.reserved > Stock.on_hand))
        .order_by(Variant.sku)
    )
    for row in rows:
        yield (
            f"{row.sku}: {row.on_hand} on hand and {row.reserved} reserved in all, "
            f"but {row.there} and {row.promised} at its places."
        )


def _strays(session: AnySession) -> Iterable[str]:
    """Reservations and movements at places whose level does not exist."""
    for table, what in ((Reservation, "held"), (StockMovement, "moved")):
        level = select(StockLevel.variant_id).where(
            StockLevel.variant_id == table.variant_id, StockLevel.location_id == table.location_id
        )
        rows = session.execute(
            select(Variant.sku)
            .join(table, table.variant_id == Variant.id)
            .where(~level.correlate(table).exists())
            .distinct()
            .order_by(Variant.sku)
        )
        for row in rows:
            yield f"{row.sku}: units are {what} at a place that has no count of it."


def _closed(session: AnySession) -> Iterable[str]:
    rows = session.execute(
        select(Variant.sku, StockLocation.key)
        .join(StockLevel, StockLevel.variant_id == Variant.id)
        .join(StockLocation, StockLocation.id == StockLevel.location_id)
        .where(StockLocation.active.is_(False), StockLevel.on_hand > 0)
        .order_by(Variant.sku, StockLocation.key)
    )
    for row in rows:
        yield f"{row.sku}: {row.key} is closed but has units of it."


def _owners(session: AnySession) -> Iterable[str]:
    owner = func.coalesce(StockLocation.supplier_id, 0)
    rows = session.execute(
        select(Variant.sku)
        .join(StockLevel, StockLevel.variant_id == Variant.id)
        .join(StockLocation, StockLocation.id == StockLevel.location_id)
        .where(StockLevel.on_hand > 0)
        .group_by(Variant.sku)
        .having(func.count(owner.distinct()) > 1)
        .order_by(Variant.sku)
    )
    for row in rows:
        yield f"{row.sku}: its goods belong to more than one owner."
