"""Promises to orders: made, kept, let go, shipped."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import CursorResult, bindparam, delete, insert, select, update

from contentshop.core.errors import Conflict
from contentshop.core.uow import AnySession
from contentshop.core.words import say
from contentshop.products.models import Reservation
from contentshop.products.stock.places import allocate
from contentshop.products.stock.rows import (
    AnyRow,
    OutOfStock,
    available,
    check_quantity,
    move,
    open_levels,
    shift,
    shift_level,
    tell,
)

EXPIRY_BATCH = 200


def reserve(
    session: AnySession,
    holder: str,
    wants: Mapping[int, int],
    *,
    expires_at: datetime | None,
    now: datetime,
    country: str = "",
    new: bool = False,
) -> None:
    """Promise ``holder`` (an order's key) exactly these quantities (variant id → units).

    The promise lapses at ``expires_at`` (None: never). All or nothing. What the holder already holds counts
    towards it, so asking again takes nothing twice, and one's own hold never stands in one's way; after it lapsed it
    is made anew if the goods are still there. A ``new`` holder is known to hold nothing. ``country`` (ISO 3166) is
    where they go: places there come first (``places.allocate``). Raises OutOfStock with every variant that falls short,
    Invalid for a quantity that is not 1 to 1,000,000, Conflict when some of the goods have been shipped.
    """
    for quantity in wants.values() or [0]:
        check_quantity(quantity)
    with session.begin_nested():
        rows = [] if new else _lock(session, holder)
        if any(row.taken for row in rows):
            raise Conflict(say("These goods have already been shipped."))
        has: Counter[int] = Counter()
        for row in rows:
            if row.state == "held":
                has[row.variant_id] += row.quantity
        more = _shift_sums(session, wants, has, now=now)
        gone = [row for row in rows if row.state == "released"]
        kept = _shrink(session, [row for row in rows if row.state == "held"], wants)
        _forget(session, gone)
        _promise(session, holder, more, kept, country, expires_at)
        _set_expiry(session, kept, expires_at)
        session.flush()


def confirm(session: AnySession, holder: str) -> None:
    """Keep what ``holder`` holds until it is taken or released: the order is paid."""
    session.execute(
        update(Reservation).where(Reservation.holder == holder, Reservation.state == "held").values(expires_at=None)
    )


def release(session: AnySession, holder: str, *, now: datetime) -> int:
    """Give back what ``holder`` holds and has not been shipped; returns the number of variants. Again does nothing."""
    held = [row for row in _lock(session, holder) if row.state == "held"]
    _let_go(session, held, now=now)
    return len({row.variant_id for row in held})


def take(
    session: AnySession,
    holder: str,
    *,
    now: datetime,
    actor: str,
    quantities: Mapping[int, int] | None = None,
) -> int:
    """Ship what ``holder`` holds: it leaves the house. Returns the number of variants; again does nothing.

    ``quantities`` (variant id → units) ships only that much of it. Raises Conflict when it is more than is held, or
    when a line has been released before, since its units may be promised to somebody else.
    """
    rows = _lock(session, holder)
    if any(row.state == "released" for row in rows):
        raise Conflict(say("The reservation of these goods has ended; they may be sold to somebody else."))
    held = [row for row in rows if row.state == "held"]
    parts = [(row, _open(row)) for row in held] if quantities is None else _some(held, quantities)
    leaving: Counter[int] = Counter()
    for row, quantity in parts:
        leaving[row.variant_id] += quantity
    for variant_id, quantity in sorted(leaving.items()):
        shift(session, variant_id, on_hand=-quantity, reserved=-quantity)
    for row, quantity in parts:
        shift_level(session, row.variant_id, row.location_id, on_hand=-quantity, reserved=-quantity)
        state = "taken" if quantity == _open(row) else "held"
        session.execute(
            update(Reservation).where(Reservation.id == row.id).values(taken=Reservation.taken + quantity, state=state)
        )
        move(
            session,
            row.variant_id,
            row.location_id,
            -quantity,
            reason="shipped",
            holder=holder,
            actor=actor,
            now=now,
        )
    return len(leaving)


def expire(session: AnySession, *, now: datetime, limit: int = EXPIRY_BATCH) -> list[str]:
    """Release reservations whose time is over, of up to ``limit`` holders; returns these holders, sorted.

    One that somebody else is working on at this moment (it is being paid) is left for the next time.
    """
    over = (Reservation.state == "held") & (Reservation.expires_at <= now)
    holders = list(
        session.scalars(select(Reservation.holder).where(over).distinct().order_by(Reservation.holder).limit(limit))
    )
    # Asked again in the statement: the order may have been paid since.
    rows = list(
        session.execute(_RESERVED.where(over, Reservation.holder.in_(holders)).with_for_update(skip_locked=True))
    )
    _let_go(session, rows, now=now)
    return sorted({row.holder for row in rows})


_RESERVED = select(
    Reservation.id,
    Reservation.holder,
    Reservation.variant_id,
    Reservation.location_id,
    Reservation.quantity,
    Reservation.taken,
    Reservation.state,
).order_by(Reservation.variant_id, Reservation.location_id)


_HELD_BY = _RESERVED.where(Reservation.holder == bindparam("holder")).with_for_update()


def _lock(session: AnySession, holder: str) -> list[AnyRow]:
    """The holder's reservations, ours to change, by variant and place."""
    return list(session.execute(_HELD_BY, {"holder": holder}))


def _open(row: AnyRow) -> int:
    """What is still to be shipped of a held reservation."""
    return int(row.quantity - row.taken)


def _shift_sums(
    session: AnySession, wants: Mapping[int, int], has: Mapping[int, int], *, now: datetime
) -> dict[int, int]:
    """Promise the differences; what is more than before, by variant. Raises OutOfStock with all that is missing."""
    short: dict[int, int] = {}
    more: dict[int, int] = {}
    for variant_id in sorted(wants.keys() | has.keys()):
        delta = wants.get(variant_id, 0) - has.get(variant_id, 0)
        if delta == 0:
            continue
        after = shift(session, variant_id, reserved=delta)
        if after is None:
            short[variant_id] = available(session, variant_id)
            continue
        tell(session, after, -delta, now=now)
        if delta > 0:
            more[variant_id] = delta
    if short:
        raise OutOfStock(short)
    return more


def _shrink(session: AnySession, held: Sequence[AnyRow], wants: Mapping[int, int]) -> dict[tuple[int, int], AnyRow]:
    """Give back at the places what is held beyond the wish, smallest part first; what stays, by (variant, place)."""
    beyond: Counter[int] = Counter()
    for row in held:
        beyond[row.variant_id] += row.quantity
    beyond.subtract(wants)
    kept: dict[tuple[int, int], AnyRow] = {}
    for row in sorted(held, key=lambda row: (row.variant_id, row.quantity, -row.location_id)):
        back = min(max(beyond[row.variant_id], 0), row.quantity)
        beyond[row.variant_id] -= back
        if back:
            shift_level(session, row.variant_id, row.location_id, reserved=-back)
        if back == row.quantity:
            _forget(session, [row])
            continue
        if back:
            _set_quantity(session, row.id, Reservation.quantity - back)
        kept[row.variant_id, row.location_id] = row
    return kept


def _forget(session: AnySession, rows: Sequence[AnyRow]) -> None:
    """Nothing of these was ever shipped, so they tell nothing."""
    if rows:
        session.execute(delete(Reservation).where(Reservation.id.in_([row.id for row in rows])))


def _set_quantity(session: AnySession, reservation_id: int, quantity: Any) -> None:
    session.execute(update(Reservation).where(Reservation.id == reservation_id).values(quantity=quantity))


def _promise(
    session: AnySession,
    holder: str,
    more: Mapping[int, int],
    kept: Mapping[tuple[int, int], AnyRow],
    country: str,
    expires_at: datetime | None,
) -> None:
    """Promise ``more`` at the places that are best for it."""
    if not more:
        return
    used = {location_id for _variant, location_id in kept}
    rows: list[dict[str, Any]] = []
    for part in allocate(open_levels(session, more), more, country=country, used=used):
        if not shift_level(session, part.variant_id, part.location_id, reserved=part.quantity):
            raise RuntimeError("a place changed although its variant is locked")
        row = kept.get((part.variant_id, part.location_id))
        if row is not None:
            _set_quantity(session, row.id, Reservation.quantity + part.quantity)
            continue
        rows.append(
            {
                "holder": holder,
                "variant_id": part.variant_id,
                "location_id": part.location_id,
                "quantity": part.quantity,
                "state": "held",
                "expires_at": expires_at,
            }
        )
    if rows:
        session.execute(insert(Reservation), rows)


def _set_expiry(session: AnySession, kept: Mapping[tuple[int, int], AnyRow], expires_at: datetime | None) -> None:
    if kept:
        ids = [row.id for row in kept.values()]
        session.execute(update(Reservation).where(Reservation.id.in_(ids)).values(expires_at=expires_at))


def _let_go(session: AnySession, rows: Sequence[AnyRow], *, now: datetime) -> None:
    """Release what these held reservations still hold. Their rows must be ours."""
    back: Counter[int] = Counter()
    for row in rows:
        back[row.variant_id] += _open(row)
    for variant_id, quantity in sorted(back.items()):
        after = shift(session, variant_id, reserved=-quantity)
        if after is not None:
            tell(session, after, quantity, now=now)
    for row in sorted(rows, key=lambda row: (row.variant_id, row.location_id)):
        shift_level(session, row.variant_id, row.location_id, reserved=-_open(row))
        ended = {"state": "taken", "quantity": row.taken} if row.taken else {"state": "released"}
        _end(session, row.id, ended)


def _end(session: AnySession, reservation_id: int, values: Mapping[str, Any]) -> None:
    result = session.execute(
        update(Reservation).where(Reservation.id == reservation_id, Reservation.state == "held").values(**values)
    )
    if not isinstance(result, CursorResult) or result.rowcount != 1:
        raise RuntimeError("a reservation changed although it is locked")


def _some(held: Sequence[AnyRow], quantities: Mapping[int, int]) -> list[tuple[AnyRow, int]]:
    """Which parts make up ``quantities``. Raises Conflict when less is held."""
    left = dict(quantities)
    parts: list[tuple[AnyRow, int]] = []
    for row in held:
        quantity = min(left.get(row.variant_id, 0), _open(row))
        if quantity > 0:
            parts.append((row, quantity))
            left[row.variant_id] -= quantity
    if any(quantities[variant_id] < 0 or missing > 0 for variant_id, missing in left.items()):
        raise Conflict(say("That is more than is held for this order."))
    return parts
