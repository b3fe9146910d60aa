"""Whose goods an order was promised."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import bindparam, select

from contentshop.core.uow import AnySession
from contentshop.products.models import Reservation, StockLocation, Supplier


@dataclass(frozen=True, slots=True)
class Supply:
    """The supplier of a line and their share of what is paid for it, in parts per million."""

    key: str
    share_ppm: int


_SUPPLIES = (
    select(Reservation.variant_id, Supplier.key, Supplier.share_ppm)
    .join(StockLocation, StockLocation.id == Reservation.location_id)
    .join(Supplier, Supplier.id == StockLocation.supplier_id)
    .where(Reservation.holder == bindparam("holder"), Reservation.state != "released")
    .distinct()
)


def list_supplies(session: AnySession, holder: str) -> dict[int, Supply]:
    """Variant id → supplier of what ``holder`` was promised; our own goods are not in it.

    The goods of a variant are all one owner's, so each has at most one.
    """
    rows = session.execute(_SUPPLIES, {"holder": holder})
    return {row.variant_id: Supply(row.key, row.share_ppm) for row in rows}
