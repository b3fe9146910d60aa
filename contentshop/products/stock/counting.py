"""What comes in, goes to another place, comes back, or is counted."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import CursorResult, insert, select, update

from contentshop.core.errors import Conflict, Invalid
from contentshop.core.ids import new_key
from contentshop.core.uow import AnySession
from contentshop.core.words import say
from contentshop.products.models import Reservation, Stock, StockLevel, StockLocation, StockMovement, Variant
from contentshop.products.stock.rows import (
    MAX_QUANTITY,
    add_to_level,
    check_quantity,
    ensure_sum,
    home,
    lock_sum,
    move,
    open_place,
    shift,
    shift_level,
    tell,
)


def receive(
    session: AnySession,
    variant_id: int,
    quantity: int,
    *,
    reason: str = "received",
    location: str = "",
    reference: str = "",
    now: datetime,
    actor: str,
) -> None:
    """Add units that came in at a place (its key; home when empty).

    Raises Invalid for a quantity that is not 1 to 1,000,000, NotFound, Conflict when the place is closed or the goods
    at hand are another owner's.
    """
    if not 1 <= quantity <= MAX_QUANTITY:
        raise Invalid({"quantity": [say("Receive a quantity from 1 to %(most)s.", most=f"{MAX_QUANTITY:,}")]})
    _add(session, variant_id, quantity, location, reason=reason, reference=reference, now=now, actor=actor)


def give_back(
    session: AnySession,
    variant_id: int,
    quantity: int,
    *,
    holder: str,
    location: str = "",
    reason: str = "returned",
    now: datetime,
    actor: str,
) -> None:
    """Put back what an order returned, where it came from unless another place is named.

    Raises Conflict when the order would return more than was shipped to it, Invalid, NotFound.
    """
    check_quantity(quantity)
    rows = session.execute(
        select(
            Reservation.id,
            (Reservation.taken - Reservation.returned).label("out"),
            StockLocation.key,
        )
        .join(StockLocation, StockLocation.id == Reservation.location_id)
        .where(
            Reservation.holder == holder,
            Reservation.variant_id == variant_id,
            Reservation.taken > Reservation.returned,
        )
        .order_by(Reservation.location_id)
        .with_for_update(of=Reservation)
    ).all()
    if sum(row.out for row in rows) < quantity:
        raise Conflict(say("That is more than was shipped for this order."))
    left = quantity
    for row in rows:
        part = min(left, row.out)
        if part == 0:
            break
        left -= part
        result = session.execute(
            update(Reservation)
            .where(Reservation.id == row.id, Reservation.returned + part <= Reservation.taken)
            .values(returned=Reservation.returned + part)
        )
        if not isinstance(result, CursorResult) or result.rowcount != 1:
            raise Conflict(say("That is more than was shipped for this order."))
        place = location or row.key
        _add(session, variant_id, part, place, reason=reason, holder=holder, now=now, actor=actor)


def set_on_hand(
    session: AnySession,
    variant_id: int,
    on_hand: int,
    *,
    reason: str,
    location: str = "",
    reference: str = "",
    now: datetime,
    actor: str,
    expected: int | None = None,
) -> None:
    """Correct the count at a place (home when empty) to ``on_hand``, for ``reason``.

    ``expected`` is the count that the person saw; Conflict when it has changed since, or when fewer would be
    left than are promised to orders. Raises Invalid for a count that is not 0 to 1,000,000 or a missing
    reason, NotFound.
    """
    problems: dict[str, list[str]] = {}
    if not 0 <= on_hand <= MAX_QUANTITY:
        problems["on_hand"] = [say("Write a count from 0 to %(most)s.", most=f"{MAX_QUANTITY:,}")]
    if not reason.strip():
        problems["reason"] = [say("Say why the count changes.")]
    if problems:
        raise Invalid(problems)
    place = open_place(session, location, now=now)
    lock_sum(session, variant_id)
    before = session.execute(
        select(StockLevel.on_hand, StockLevel.reserved).where(
            StockLevel.variant_id == variant_id, StockLevel.location_id == place.id
        )
    ).one_or_none()
    had, promised = (before.on_hand, before.reserved) if before is not None else (0, 0)
    if expected is not None and had != expected:
        raise Conflict(say("The count has changed to %(on_hand)s in the meantime. Please count again.", on_hand=had))
    if on_hand < promised:
        raise Conflict(say("%(reserved)s are promised to orders; the count cannot be less.", reserved=promised))
    delta = on_hand - had
    if delta == 0:
        return
    after = shift(session, variant_id, on_hand=delta)
    if after is None:
        raise Invalid({"on_hand": [say("That is more than the stock can hold.")]})
    if delta > 0:
        add_to_level(session, variant_id, place, delta)
    else:
        shift_level(session, variant_id, place.id, on_hand=delta)
    move(
        session,
        variant_id,
        place.id,
        delta,
        reason=reason.strip(),
        reference=reference,
        actor=actor,
        now=now,
    )
    tell(session, after, delta, now=now)


def add_or_take(
    session: AnySession,
    variant_id: int,
    delta: int,
    *,
    reason: str,
    reference: str,
    location: str = "",
    now: datetime,
    actor: str,
) -> None:
    """Add units at a place (its key; home when empty), or take free ones out again.

    Raises Invalid, NotFound, Conflict when fewer are free there.
    """
    if delta > 0:
        receive(session, variant_id, delta, reason=reason, location=location, reference=reference, now=now, actor=actor)
        return
    place = location or home(session, now=now).key
    lock_sum(session, variant_id)
    had = session.scalar(
        select(StockLevel.on_hand)
        .join(StockLocation, StockLocation.id == StockLevel.location_id)
        .where(StockLevel.variant_id == variant_id, StockLocation.key == place)
    )
    left = (had or 0) + delta
    if left < 0:
        raise Conflict(say("So many are not free there; some may be promised to orders."))
    set_on_hand(
        session,
        variant_id,
        left,
        reason=reason,
        reference=reference,
        location=place,
        expected=had,
        now=now,
        actor=actor,
    )


def transfer(
    session: AnySession,
    variant_id: int,
    quantity: int,
    *,
    source: str,
    target: str,
    note: str = "",
    now: datetime,
    actor: str,
) -> str:
    """Bring free units from one place to another; returns the key that joins the two movements.

    Raises Invalid (``quantity``, ``target``), NotFound, Conflict when fewer are free at the source, when a place is
    closed, or when the target's goods belong to somebody else.
    """
    check_quantity(quantity)
    if source == target:
        raise Invalid({"target": [say("Choose another place than the one the goods are at.")]})
    # By key, whichever way the goods go, so that two transfers cannot wait for each other.
    places = {key: open_place(session, key, now=now) for key in sorted((source, target))}
    here, there = places[source], places[target]
    lock_sum(session, variant_id)
    if here.supplier_id != there.supplier_id:
        raise Conflict(say("These places belong to different owners; goods cannot just change hands."))
    if not shift_level(session, variant_id, here.id, on_hand=-quantity):
        raise Conflict(say("So many are not free there; some may be promised to orders."))
    add_to_level(session, variant_id, there, quantity)
    key = new_key()
    reason = note.strip() or "transfer"
    for place, delta in ((here, -quantity), (there, quantity)):
        move(session, variant_id, place.id, delta, reason=reason, reference=key, actor=actor, now=now)
    shift(session, variant_id)
    return key


def set_low_at(session: AnySession, variant_id: int, low_at: int | None) -> None:
    """From how few on operators are told of a variant (0 to 1,000,000; None: never). Raises Invalid, NotFound."""
    if low_at is not None and not 0 <= low_at <= MAX_QUANTITY:
        raise Invalid({"low_at": [say("Write a whole number from 0 to %(most)s.", most=f"{MAX_QUANTITY:,}")]})
    ensure_sum(session, variant_id)
    session.execute(update(Stock).where(Stock.variant_id == variant_id).values(low_at=low_at))


def open_stock(
    session: AnySession,
    quantities: Mapping[int, int],
    *,
    reason: str = "opening stock",
    location: str = "",
    now: datetime,
    actor: str,
) -> None:
    """Begin the books of new variants (variant id → units, 0 to 1,000,000 each) at a place (its key; home when empty).

    Raises Invalid, NotFound, Conflict when the place is closed.
    """
    if any(not 0 <= quantity <= MAX_QUANTITY for quantity in quantities.values()):
        raise Invalid({"quantity": [say("Write a whole number from 0 to %(most)s.", most=f"{MAX_QUANTITY:,}")]})
    if not quantities:
        return
    place = open_place(session, location, now=now) if location else home(session, now=now)
    owners = session.execute(select(Variant.id, Variant.product_id).where(Variant.id.in_(quantities)))
    rows = [
        {"variant_id": row.id, "product_id": row.product_id, "on_hand": quantities[row.id], "reserved": 0, "version": 1}
        for row in owners
    ]
    session.execute(insert(Stock), rows)
    levels = [
        {"variant_id": one, "location_id": place.id, "on_hand": quantity, "reserved": 0}
        for one, quantity in quantities.items()
    ]
    session.execute(insert(StockLevel), levels)
    moves = [
        {
            "variant_id": one,
            "location_id": place.id,
            "delta": quantity,
            "reason": reason[:40],
            "holder": "",
            "actor": actor,
            "reference": "",
            "moved_at": now,
        }
        for one, quantity in quantities.items()
        if quantity
    ]
    if moves:
        session.execute(insert(StockMovement), moves)


def _add(
    session: AnySession,
    variant_id: int,
    quantity: int,
    location: str,
    *,
    reason: str,
    holder: str = "",
    reference: str = "",
    now: datetime,
    actor: str,
) -> None:
    place = open_place(session, location, now=now)
    ensure_sum(session, variant_id)
    after = shift(session, variant_id, on_hand=quantity)
    if after is None:
        raise Invalid({"quantity": [say("That is more than the stock can hold.")]})
    add_to_level(session, variant_id, place, quantity)
    move(
        session,
        variant_id,
        place.id,
        quantity,
        reason=reason,
        holder=holder,
        reference=reference,
        actor=actor,
        now=now,
    )
    tell(session, after, quantity, now=now)
