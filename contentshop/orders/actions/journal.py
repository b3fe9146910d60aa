"""What has happened to an order: its timeline, and news for the other rooms."""

from __future__ import annotations

from datetime import datetime

from contentshop.accounts.models import User
from contentshop.accounts.policy import is_shop_staff
from contentshop.core.errors import Forbidden
from contentshop.core.outbox import Event, record
from contentshop.core.uow import AnySession
from contentshop.core.words import say
from contentshop.orders.models import CustomerNote, Order, OrderEvent

SYSTEM = "system"
# Whoever holds the order's link; the timeline shows no name.
BUYER = "buyer"


def tell(
    session: AnySession,
    order: Order,
    kind: str,
    event: Event,
    *,
    by: User | None,
    now: datetime,
    note: str = "",
    actor: str = "",
) -> None:
    """Write a line of the timeline and record ``event``; without ``by`` and ``actor`` the shop did it by itself."""
    write(session, order, kind, actor=actor or (by.key if by else SYSTEM), now=now, note=note)
    record(session, event, now=now)
    session.flush()


def note_customer(session: AnySession, email: str, text: str, *, by: User, now: datetime) -> None:
    """Keep what staff know about a buyer. Raises Forbidden for who does not work here."""
    if not is_shop_staff(by):
        raise Forbidden(say("Only staff may write notes on customers."))
    session.add(CustomerNote(email=email, text=text, actor=by.key, written_at=now))
    session.flush()


def write(session: AnySession, order: Order, kind: str, *, actor: str, now: datetime, note: str = "") -> None:
    """Write a line of the timeline."""
    session.add(OrderEvent(order_id=order.id, kind=kind, actor=actor, note=note, happened_at=now))
