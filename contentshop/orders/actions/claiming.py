"""Orders of guests become those of an account: by a link that went to their address, or by the order's own link."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import func, update

from contentshop.accounts.models import User
from contentshop.core.errors import Conflict
from contentshop.core.outbox import record
from contentshop.core.uow import AnySession
from contentshop.core.words import say
from contentshop.orders.events import ClaimAsked
from contentshop.orders.models import Order


def ask_claim(session: AnySession, *, by: User, now: datetime) -> None:
    """Have a link sent to the person's address; whoever opens it has shown that the address is theirs."""
    record(session, ClaimAsked(user=by.key), now=now)


def claim_by_email(session: AnySession, email: str, *, by: User) -> int:
    """Give ``by`` every order that a guest placed with ``email``, which must be proven; returns how many."""
    found = update(Order).where(func.lower(Order.email) == email.strip().casefold(), Order.user_id.is_(None))
    return _count(session.execute(found.values(user_id=by.id)))


def claim_order(session: AnySession, key: str, *, by: User) -> None:
    """Give ``by`` one order of a guest, whose link they hold. Again changes nothing.

    Raises Conflict when it is somebody else's.
    """
    one = update(Order).where(Order.key == key, (Order.user_id.is_(None)) | (Order.user_id == by.id))
    if not _count(session.execute(one.values(user_id=by.id))):
        raise Conflict(say("This order belongs to another account."))


def _count(result: Any) -> int:
    return int(getattr(result, "rowcount", 0))
