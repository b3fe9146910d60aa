"""Stock: the only writer of ``stock``, ``stock_movement`` and ``reservation``.

Every change is one conditional statement, never check-then-act: two buyers of the last unit cannot both have
it. Several variants are always touched in ascending order of their ids, so that two orders cannot wait for
each other. Kept at all times: ``on_hand`` is the sum of the movements, ``reserved`` that of the held
reservations.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import CursorResult, Row, Update, func, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from contentshop.core.errors import Conflict, Invalid, NotFound
from contentshop.core.outbox import record
from contentshop.core.uow import AnySession
from contentshop.core.words import say
from contentshop.products.events import StockChanged
from contentshop.products.models import Product, Reservation, Stock, StockMovement, Variant

AnyRow = Row[*tuple[Any, ...]]

MAX_QUANTITY = 1_000_000
MAX_ON_HAND = 1_000_000_000
EXPIRY_BATCH = 200


class OutOfStock(Conflict):
    """Not enough of some variants. ``available`` maps each of them (variant id) to how many there are."""

    def __init__(self, available: Mapping[int, int]) -> None:
        super().__init__(say("Some of this is no longer in stock in the quantity you want."))
        self.available = dict(available)


def reserve(
    session: AnySession,
    holder: str,
    wants: Mapping[int, int],
    *,
    expires_at: datetime | None,
    now: datetime,
) -> None:
    """Promise ``holder`` (an order's key) exactly these quantities (variant id → units).

    The promise lapses at ``expires_at`` (None: never). All or nothing. What the holder already holds counts
    towards it, so asking again takes nothing twice. Raises OutOfStock with every variant that falls short,
    Invalid for a quantity that is not 1 to 1,000,000, Conflict when the holder's goods have been shipped.
    """
    if not wants or any(not 1 <= quantity <= MAX_QUANTITY for quantity in wants.values()):
        raise Invalid({"quantity": [say("Choose a quantity from 1 to %(most)s.", most=f"{MAX_QUANTITY:,}")]})
    with session.begin_nested():
        held = _reservations(session, holder)
        if any(row.state == "taken" for row in held.values()):
            raise Conflict(say("These goods have already been shipped."))
        short: dict[int, int] = {}
        for variant_id in sorted(wants.keys() | held.keys()):
            row = held.get(variant_id)
            has = row.quantity if row is not None and row.state == "held" else 0
            needs = wants.get(variant_id, 0)
            if not _shift_reserved(session, variant_id, needs - has, now=now):
                short[variant_id] = _available(session, variant_id)
            elif not short:
                _write_reservation(session, holder, variant_id, row, needs, expires_at)
        if short:
            raise OutOfStock(short)
        session.flush()


def confirm(session: AnySession, holder: str) -> None:
    """Keep what ``holder`` holds until it is taken or released: the order is paid."""
    session.execute(
        update(Reservation).where(Reservation.holder == holder, Reservation.state == "held").values(expires_at=None)
    )


def release(session: AnySession, holder: str, *, now: datetime) -> int:
    """Give back what ``holder`` holds; returns the number of lines. Doing it again does nothing."""
    released = 0
    for row in _held(session, holder):
        if _close(session, row, "released"):
            _shift_reserved(session, row.variant_id, -row.quantity, now=now)
            released += 1
    return released


def take(session: AnySession, holder: str, *, now: datetime, actor: str) -> int:
    """Ship what ``holder`` holds: it leaves the house. Returns the number of lines; again does nothing.

    Raises Conflict when a line has been released before, since its units may be promised to somebody else.
    """
    if any(row.state == "released" for row in _reservations(session, holder).values()):
        raise Conflict(say("The reservation of these goods has ended; they may be sold to somebody else."))
    taken = 0
    for row in _held(session, holder):
        if not _close(session, row, "taken"):
            continue
        _change(
            session,
            update(Stock)
            .where(Stock.variant_id == row.variant_id)
            .values(
                on_hand=Stock.on_hand - row.quantity,
                reserved=Stock.reserved - row.quantity,
                version=Stock.version + 1,
            ),
        )
        _move(session, row.variant_id, -row.quantity, reason="shipped", holder=holder, actor=actor, now=now)
        taken += 1
    return taken


def split(session: AnySession, holder: str, quantities: Mapping[int, int], *, into: str) -> None:
    """Let a part of what ``holder`` holds (variant id → units) be held by ``into`` instead, a parcel of the order.

    What is promised in all stays the same. Raises Conflict when the holder does not hold that much.
    """
    held = {row.variant_id: row for row in _held(session, holder)}
    for variant_id, quantity in sorted(quantities.items()):
        row = held.get(variant_id)
        if row is None or row.quantity < quantity:
            raise Conflict(say("The reservation of these goods has ended; they may be sold to somebody else."))
        mine = (Reservation.id == row.id, Reservation.state == "held", Reservation.quantity == row.quantity)
        if row.quantity == quantity:
            moved = session.execute(update(Reservation).where(*mine).values(holder=into))
        else:
            moved = session.execute(update(Reservation).where(*mine).values(quantity=row.quantity - quantity))
            session.execute(
                insert(Reservation).values(
                    holder=into, variant_id=variant_id, quantity=quantity, state="held", expires_at=row.expires_at
                )
            )
        if getattr(moved, "rowcount", 0) != 1:
            raise Conflict(say("The reservation of these goods has ended; they may be sold to somebody else."))


def expire(session: AnySession, *, now: datetime, limit: int = EXPIRY_BATCH) -> list[str]:
    """Release reservations whose time is over, of up to ``limit`` holders; returns these holders, sorted."""
    over = (Reservation.state == "held") & (Reservation.expires_at <= now)
    holders = list(
        session.scalars(select(Reservation.holder).where(over).distinct().order_by(Reservation.holder).limit(limit))
    )
    ended = set()
    for row in session.execute(_RESERVED.where(over, Reservation.holder.in_(holders))):
        # Asked again in the statement: the order may have been paid since.
        if _close(session, row, "released", over):
            _shift_reserved(session, row.variant_id, -row.quantity, now=now)
            ended.add(row.holder)
    return sorted(ended)


def receive(
    session: AnySession,
    variant_id: int,
    quantity: int,
    *,
    reason: str = "received",
    now: datetime,
    actor: str,
) -> None:
    """Add units that came in. Raises Invalid for a quantity that is not 1 to 1,000,000, NotFound."""
    if not 1 <= quantity <= MAX_QUANTITY:
        raise Invalid({"quantity": [say("Receive a quantity from 1 to %(most)s.", most=f"{MAX_QUANTITY:,}")]})
    _ensure_row(session, variant_id)
    after = _change(
        session,
        update(Stock)
        .where(Stock.variant_id == variant_id, Stock.on_hand <= MAX_ON_HAND - quantity)
        .values(on_hand=Stock.on_hand + quantity, version=Stock.version + 1),
    )
    if after is None:
        raise Invalid({"quantity": [say("That is more than the stock can hold.")]})
    _move(session, variant_id, quantity, reason=reason, actor=actor, now=now)
    _tell(session, after.product_id, after.available - quantity, after.available, now=now)


def set_on_hand(
    session: AnySession,
    variant_id: int,
    on_hand: int,
    *,
    reason: str,
    now: datetime,
    actor: str,
    expected: int | None = None,
) -> None:
    """Correct the count to ``on_hand``, for ``reason``.

    ``expected`` is the count that the person saw; Conflict when it has changed since, or when fewer would be
    left than are promised to orders. Raises Invalid for a count that is not 0 to 1,000,000 or a missing
    reason.
    """
    problems: dict[str, list[str]] = {}
    if not 0 <= on_hand <= MAX_QUANTITY:
        problems["on_hand"] = [say("Write a count from 0 to %(most)s.", most=f"{MAX_QUANTITY:,}")]
    if not reason.strip():
        problems["reason"] = [say("Say why the count changes.")]
    if problems:
        raise Invalid(problems)
    _ensure_row(session, variant_id)
    before = session.execute(
        select(Stock.on_hand, Stock.reserved).where(Stock.variant_id == variant_id).with_for_update()
    ).one()
    if expected is not None and before.on_hand != expected:
        raise Conflict(
            say("The count has changed to %(on_hand)s in the meantime. Please count again.", on_hand=before.on_hand)
        )
    if on_hand < before.reserved:
        raise Conflict(say("%(reserved)s are promised to orders; the count cannot be less.", reserved=before.reserved))
    if on_hand == before.on_hand:
        return
    after = _change(
        session,
        update(Stock)
        .where(Stock.variant_id == variant_id, Stock.on_hand == before.on_hand, Stock.reserved <= on_hand)
        .values(on_hand=on_hand, version=Stock.version + 1),
    )
    if after is None:
        raise Conflict(say("The stock has changed in the meantime. Please try again."))
    delta = on_hand - before.on_hand
    _move(session, variant_id, delta, reason=reason.strip(), actor=actor, now=now)
    _tell(session, after.product_id, after.available - delta, after.available, now=now)


def open_stock(
    session: AnySession,
    quantities: Mapping[int, int],
    *,
    reason: str = "opening stock",
    now: datetime,
    actor: str,
) -> None:
    """Begin the books of new variants (variant id → units, 0 to 1,000,000 each). Raises Invalid."""
    if any(not 0 <= quantity <= MAX_QUANTITY for quantity in quantities.values()):
        raise Invalid({"quantity": [say("Write a whole number from 0 to %(most)s.", most=f"{MAX_QUANTITY:,}")]})
    if not quantities:
        return
    owners = session.execute(select(Variant.id, Variant.product_id).where(Variant.id.in_(quantities)))
    rows = [
        {"variant_id": row.id, "product_id": row.product_id, "on_hand": quantities[row.id], "reserved": 0, "version": 1}
        for row in owners
    ]
    session.execute(insert(Stock), rows)
    moves = [
        {"variant_id": one, "delta": quantity, "reason": reason[:40], "holder": "", "actor": actor, "moved_at": now}
        for one, quantity in quantities.items()
        if quantity
    ]
    if moves:
        session.execute(insert(StockMovement), moves)


_RESERVED = select(
    Reservation.id,
    Reservation.holder,
    Reservation.variant_id,
    Reservation.quantity,
    Reservation.state,
    Reservation.expires_at,
).order_by(Reservation.variant_id)


def _reservations(session: AnySession, holder: str) -> dict[int, AnyRow]:
    rows = session.execute(_RESERVED.where(Reservation.holder == holder))
    return {row.variant_id: row for row in rows}


def _held(session: AnySession, holder: str) -> list[AnyRow]:
    return list(session.execute(_RESERVED.where(Reservation.holder == holder, Reservation.state == "held")))


def _write_reservation(
    session: AnySession,
    holder: str,
    variant_id: int,
    row: AnyRow | None,
    quantity: int,
    expires_at: datetime | None,
) -> None:
    if row is None:
        session.execute(
            insert(Reservation).values(
                holder=holder, variant_id=variant_id, quantity=quantity, state="held", expires_at=expires_at
            )
        )
    else:
        changes = {"quantity": quantity, "state": "held", "expires_at": expires_at}
        session.execute(
            update(Reservation).where(Reservation.id == row.id).values(changes if quantity else {"state": "released"})
        )


def _close(session: AnySession, row: AnyRow, state: str, *conditions: Any) -> bool:
    """Move one held reservation to ``state``; False when somebody else was first."""
    result = session.execute(
        update(Reservation)
        .where(Reservation.id == row.id, Reservation.state == "held", *conditions)
        .values(state=state)
    )
    return isinstance(result, CursorResult) and result.rowcount == 1


def _shift_reserved(session: AnySession, variant_id: int, delta: int, *, now: datetime) -> bool:
    """Promise ``delta`` more units (fewer when negative); False when there are not enough."""
    if delta == 0:
        return True
    after = _change(
        session,
        update(Stock)
        .where(Stock.variant_id == variant_id, Stock.on_hand - Stock.reserved >= delta)
        .values(reserved=Stock.reserved + delta, version=Stock.version + 1),
    )
    if after is None:
        return False
    _tell(session, after.product_id, after.available + delta, after.available, now=now)
    return True


def _change(session: AnySession, statement: Update) -> AnyRow | None:
    """Run a change of one stock row; (product_id, available) after it, or None when its condition failed."""
    return session.execute(
        statement.returning(Stock.product_id, (Stock.on_hand - Stock.reserved).label("available"))
    ).one_or_none()


def _available(session: AnySession, variant_id: int) -> int:
    found = session.scalar(select(Stock.on_hand - Stock.reserved).where(Stock.variant_id == variant_id))
    return found or 0


def _ensure_row(session: AnySession, variant_id: int) -> None:
    if session.scalar(select(Stock.variant_id).where(Stock.variant_id == variant_id)) is not None:
        return
    product_id = session.scalar(select(Variant.product_id).where(Variant.id == variant_id))
    if product_id is None:
        raise NotFound(say("There is no such variant."))
    try:
        with session.begin_nested():
            session.execute(insert(Stock).values(variant_id=variant_id, product_id=product_id))
    except IntegrityError:
        # Somebody else made the row at the same moment; it is there, which is all we want.
        return


def _move(
    session: AnySession,
    variant_id: int,
    delta: int,
    *,
    reason: str,
    holder: str = "",
    actor: str,
    now: datetime,
) -> None:
    session.execute(
        insert(StockMovement).values(
            variant_id=variant_id, delta=delta, reason=reason[:40], holder=holder, actor=actor, moved_at=now
        )
    )


def _tell(session: AnySession, product_id: int, before: int, after: int, *, now: datetime) -> None:
    """Pass on that availability crossed zero."""
    if (before > 0) != (after > 0):
        key = session.execute(select(Product.key).where(Product.id == product_id)).scalar_one()
        record(session, StockChanged(product=key), now=now)


def audit(session: AnySession) -> list[str]:
    """What is wrong with the stock, one sentence each: promises must add up to reservations, counts to movements."""
    held = (
        select(func.coalesce(func.sum(Reservation.quantity), 0))
        .where(Reservation.variant_id == Stock.variant_id, Reservation.state == "held")
        .scalar_subquery()
    )
    moved = (
        select(func.coalesce(func.sum(StockMovement.delta), 0))
        .where(StockMovement.variant_id == Stock.variant_id)
        .scalar_subquery()
    )
    rows = session.execute(
        select(Variant.sku, Stock.on_hand, Stock.reserved, held.label("held"), moved.label("moved"))
        .join(Variant, Variant.id == Stock.variant_id)
        .where(or_(Stock.reserved != held, Stock.on_hand != moved, Stock.reserved > Stock.on_hand, Stock.on_hand < 0))
        .order_by(Variant.sku)
    )
    return [
        f"{row.sku}: {row.reserved} reserved but {row.held} held for orders; "
        f"{row.on_hand} on hand but movements add up to {row.moved}."
        for row in rows
    ]
