"""Parcels: what leaves the house, in how many parts, and when it has arrived."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from contentshop.accounts.models import User
from contentshop.core.errors import ContentshopError, Invalid
from contentshop.core.uow import AnySession
from contentshop.core.words import say
from contentshop.orders import books, policy, queries
from contentshop.orders.actions.journal import SYSTEM, tell, write
from contentshop.orders.actions.returning import amount_of, pay_back
from contentshop.orders.actions.states import complete, order_to_change, step
from contentshop.orders.events import OrderShipped
from contentshop.orders.models import Order, OrderLine, Shipment, ShipmentLine
from contentshop.orders.policy import Verb
from contentshop.products import stock
from contentshop.products.actions import files

CONFIRM_BATCH = 100


@dataclass(frozen=True, slots=True)
class Parcel:
    """What the carrier calls a parcel."""

    carrier: str = ""
    tracking: str = ""

    def words(self) -> str:
        """Carrier and number in one line."""
        return " ".join(part for part in (self.carrier, self.tracking) if part)


def ship(
    session: AnySession,
    key: str,
    *,
    parcel: Parcel,
    quantities: Mapping[int, int] | None = None,
    confirm_within: timedelta = timedelta(days=10),
    by: User | None,
    now: datetime,
) -> Shipment | None:
    """A parcel leaves the house with ``quantities`` (order line id → units); without them everything that is left.

    None when everything has left already. The last parcel makes the order shipped; it is confirmed by itself after
    ``confirm_within``. Raises Invalid for lines or quantities that are not left to send, Conflict when the order may
    not be shipped, NotFound, Forbidden.
    """
    order = order_to_change(session, key, by, Verb.SHIP)
    if policy.is_done(order, Verb.SHIP):
        return None
    step(order, Verb.SHIP)
    chosen = _chosen(order.lines, quantities)
    shipment = _pack(session, order, chosen, parcel, by=by, now=now)
    if any(line.to_ship for line in order.lines):
        order.state = "part_shipped"
    else:
        _all_sent(order, confirm_within, now)
    event = OrderShipped(order=key, shipment=shipment.key)
    tell(session, order, "shipped", event, by=by, now=now, note=parcel.words())
    return shipment


def mark_shipped(
    session: AnySession,
    key: str,
    *,
    tracking: str = "",
    carrier: str = "",
    by: User | None,
    now: datetime,
) -> Order:
    """Everything that is left has gone out in one parcel. Doing it again changes nothing. Raises as ``ship``."""
    ship(session, key, parcel=Parcel(carrier, tracking), by=by, now=now)
    return order_to_change(session, key, by, Verb.SHIP)


def ship_digital(session: AnySession, key: str, *, confirm_within: timedelta, now: datetime) -> bool:
    """What needs no parcel is delivered as soon as the order is paid. Harmless when there is nothing or it is done."""
    order = order_to_change(session, key, None)
    wanted = {line.id: line.to_ship for line in order.lines if line.digital and line.to_ship}
    if not wanted or order.paid_at is None or order.state not in {"paid", "part_shipped"}:
        return False
    ship(
        session,
        key,
        parcel=Parcel(),
        quantities=wanted,
        confirm_within=confirm_within,
        by=None,
        now=now,
    )
    return True


def grant_downloads(session: AnySession, key: str, *, now: datetime) -> int:
    """Let a paid order fetch its files, but those of what has been paid back meanwhile; how many are new. Raises
    NotFound."""
    order = order_to_change(session, key, None)
    return files.grant_downloads(session, order.key, without=books.variants_back(order), now=now)


def add_tracking(session: AnySession, key: str, number: int, *, parcel: Parcel, by: User, now: datetime) -> Order:
    """Write down what the carrier calls a parcel that has left already. Raises NotFound, Forbidden, Invalid."""
    order = order_to_change(session, key, by, Verb.SHIP)
    shipment = next((one for one in order.shipments if one.number == number), None)
    if shipment is None:
        raise Invalid({"tracking": [say("There is no such parcel.")]})
    if (shipment.carrier, shipment.tracking) != (parcel.carrier, parcel.tracking):
        shipment.carrier, shipment.tracking = parcel.carrier, parcel.tracking
        order.tracking = parcel.tracking
        write(session, order, "tracking", actor=by.key, now=now, note=parcel.words())
        session.flush()
    return order


def drop_rest(
    session: AnySession, key: str, *, reason: str, confirm_within: timedelta, by: User, now: datetime
) -> Order:
    """What has not been sent of a part-shipped order will not be sent: its stock is free again and its money goes back.

    Raises Conflict, NotFound, Forbidden.
    """
    order = order_to_change(session, key, by, Verb.DROP)
    step(order, Verb.DROP)
    dropped = {line.id: line.to_ship for line in order.lines if line.to_ship}
    stock.release(session, order.key, now=now)
    for line in order.lines:
        line.cancelled_quantity += line.to_ship
    _all_sent(order, confirm_within, now)
    write(session, order, "dropped", actor=by.key, now=now, note=reason)
    session.flush()
    lines = {line.id: line for line in order.lines}
    if order.paid_at is not None:
        amounts = {line_id: amount_of(order, lines[line_id], units) for line_id, units in dropped.items()}
        key = f"dropped:{order.key}"
        pay_back(session, order, dropped, amounts=amounts, reason=reason, key=key, by=by, now=now)
    return order


def confirm(session: AnySession, key: str, *, by: User | None, actor: str = "", now: datetime) -> Order:
    """The goods have arrived; doing it again changes nothing. ``by`` is staff; a buyer whom the door has let in is
    an ``actor``. Raises Conflict when the goods have not been sent or are not paid, NotFound, Forbidden.
    """
    order = order_to_change(session, key, by, Verb.COMPLETE)
    if not policy.is_done(order, Verb.COMPLETE):
        complete(session, order, "received", by=by, actor=actor, now=now)
    return order


def confirm_overdue(session: AnySession, *, now: datetime) -> list[str]:
    """Confirm shipped and paid orders whose time for that is over at ``now``; returns their keys.

    At most 100 at a time; an open after-sale case holds the clock (``aftersale`` moves ``confirm_by``).
    """
    done = []
    for key in queries.list_to_confirm(session, now=now)[:CONFIRM_BATCH]:
        order = order_to_change(session, key, None)
        # Asked again under the lock.
        if order.state != "shipped" or order.confirm_by is None or order.confirm_by > now or order.paid_at is None:
            continue
        complete(session, order, "confirmed", now=now)
        done.append(key)
    return done


@dataclass(frozen=True, slots=True)
class Sent:
    """A row of a file of tracking numbers."""

    line: int
    order: str
    parcel: Parcel


def ship_many(
    session: AnySession, rows: Sequence[Sent], *, confirm_within: timedelta, by: User, now: datetime
) -> list[Shipment]:
    """Ship what is left of every order in ``rows``: all of them or, when one is refused, none.

    Raises Invalid with one sentence for each row that cannot be shipped, which names its line.
    """
    problems: list[str] = []
    done: list[Shipment] = []
    # Orders are locked in one order everywhere, so that two files cannot wait for each other.
    for row in sorted(rows, key=lambda row: row.order):
        try:
            shipment = ship(session, row.order, parcel=row.parcel, confirm_within=confirm_within, by=by, now=now)
        except ContentshopError as refusal:
            problems.append(_of_line(row, refusal.message))
            continue
        if shipment is None:
            problems.append(_of_line(row, say("Everything in this order has been shipped already.")))
        else:
            done.append(shipment)
    if problems:
        raise Invalid({"file": problems})
    return done


def _of_line(row: Sent, why: str) -> str:
    return say("Line %(line)s, order %(order)s: %(why)s", line=row.line, order=row.order.upper(), why=why)


def _chosen(lines: Sequence[OrderLine], quantities: Mapping[int, int] | None) -> dict[int, int]:
    left = {line.id: line.to_ship for line in lines if line.to_ship}
    if quantities is None:
        return left
    chosen = {line_id: quantity for line_id, quantity in quantities.items() if quantity}
    if not chosen:
        raise Invalid({"quantity": [say("Choose what is in the parcel.")]})
    if any(quantity < 0 or quantity > left.get(line_id, 0) for line_id, quantity in chosen.items()):
        raise Invalid({"quantity": [say("So much of this is not left to send.")]})
    return chosen


def _pack(
    session: AnySession, order: Order, chosen: Mapping[int, int], parcel: Parcel, *, by: User | None, now: datetime
) -> Shipment:
    number = len(order.shipments) + 1
    actor = by.key if by else SYSTEM
    shipment = Shipment(
        key=f"{order.key}.{number}",
        number=number,
        carrier=parcel.carrier,
        tracking=parcel.tracking,
        actor=actor,
        shipped_at=now,
        lines=[ShipmentLine(order_line_id=line_id, quantity=chosen[line_id]) for line_id in sorted(chosen)],
    )
    order.shipments.append(shipment)
    wants: Counter[int] = Counter()
    for line in order.lines:
        line.shipped_quantity += chosen.get(line.id, 0)
        wants[line.variant_id] += chosen.get(line.id, 0)
    session.flush()
    leaving = {variant_id: units for variant_id, units in wants.items() if units}
    stock.take(session, order.key, now=now, actor=actor, quantities=leaving)
    order.tracking = parcel.tracking or order.tracking
    order.shipped_at = now
    return shipment


def _all_sent(order: Order, confirm_within: timedelta, now: datetime) -> None:
    order.state = "shipped"
    order.confirm_by = now + confirm_within
