"""Counting everything at a place: opened, filled in, closed. Only closing changes the books."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import insert, select

from contentshop.core.errors import Conflict, Invalid, NotFound
from contentshop.core.ids import new_key
from contentshop.core.uow import AnySession
from contentshop.core.words import say
from contentshop.products import stock
from contentshop.products.models import StockLevel, StockLocation, Stocktake, StocktakeLine, Variant


def open_stocktake(session: AnySession, location: str, *, note: str = "", now: datetime, actor: str) -> Stocktake:
    """Begin to count a place; its sheet lists every variant that has a count there.

    Raises NotFound, and Conflict while another count of the place is open.
    """
    place = session.scalar(select(StockLocation).where(StockLocation.key == location).with_for_update(of=StockLocation))
    if place is None:
        raise NotFound(say("There is no such place."))
    running = select(Stocktake.key).where(Stocktake.location_id == place.id, Stocktake.state == "open")
    if session.scalar(running) is not None:
        raise Conflict(say("This place is being counted already."))
    found = Stocktake(key=new_key(), location_id=place.id, note=note[:200], opened_by=actor, opened_at=now)
    session.add(found)
    session.flush()
    levels = session.execute(
        select(StockLevel.variant_id, StockLevel.on_hand).where(StockLevel.location_id == place.id)
    )
    rows = [{"stocktake_id": found.id, "variant_id": row.variant_id, "booked": row.on_hand} for row in levels]
    if rows:
        session.execute(insert(StocktakeLine), rows)
    return found


def note_counts(session: AnySession, key: str, counts: Mapping[str, int | None]) -> None:
    """Write down what was counted (variant key → units; None: not counted). Raises NotFound, Conflict, Invalid."""
    found = _lock_open(session, key)
    if any(one is not None and not 0 <= one <= stock.MAX_QUANTITY for one in counts.values()):
        raise Invalid({"": [say("Write a count from 0 to %(most)s.", most=f"{stock.MAX_QUANTITY:,}")]})
    rows = session.execute(
        select(Variant.key, StocktakeLine)
        .join(StocktakeLine, StocktakeLine.variant_id == Variant.id)
        .where(StocktakeLine.stocktake_id == found.id, Variant.key.in_(counts))
    )
    for variant_key, line in rows:
        line.counted = counts[variant_key]
    session.flush()


def close_stocktake(session: AnySession, key: str, *, now: datetime, actor: str) -> int:
    """Take over what was counted; returns how many counts were corrected.

    What was sold or came in since the sheet was made counts on top: the difference found is applied, not the number.
    Raises NotFound, and Conflict when it is closed already or less was found than is promised to orders.
    """
    found = _lock_open(session, key)
    lines = list(
        session.scalars(
            select(StocktakeLine)
            .where(StocktakeLine.stocktake_id == found.id, StocktakeLine.counted.is_not(None))
            .order_by(StocktakeLine.variant_id)
        )
    )
    corrected = 0
    for line in lines:
        difference = (line.counted or 0) - line.booked
        if difference == 0:
            continue
        now_there = session.scalar(
            select(StockLevel.on_hand).where(
                StockLevel.variant_id == line.variant_id, StockLevel.location_id == found.location_id
            )
        )
        stock.set_on_hand(
            session,
            line.variant_id,
            (now_there or 0) + difference,
            reason="stocktake",
            location=found.location.key,
            reference=found.key,
            expected=now_there,
            now=now,
            actor=actor,
        )
        corrected += 1
    found.state, found.closed_by, found.closed_at = "closed", actor, now
    session.flush()
    return corrected


def drop_stocktake(session: AnySession, key: str, *, now: datetime, actor: str) -> None:
    """Give up a count; the books stay as they are. Raises NotFound, Conflict."""
    found = _lock_open(session, key)
    found.state, found.closed_by, found.closed_at = "dropped", actor, now
    session.flush()


def _lock_open(session: AnySession, key: str) -> Stocktake:
    found = session.scalar(
        select(Stocktake)
        .where(Stocktake.key == key)
        .with_for_update(of=Stocktake)
        .execution_options(populate_existing=True)
    )
    if found is None:
        raise NotFound(say("There is no such count."))
    if found.state != "open":
        raise Conflict(say("This count has ended."))
    return found
