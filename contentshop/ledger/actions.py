"""Booking: the only writer of the ledger."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError

from contentshop.core.money import MAX_MINOR
from contentshop.core.uow import AnySession
from contentshop.ledger.inputs import ACCOUNT, ACCOUNT_LENGTH, Entry
from contentshop.ledger.models import LedgerEntry, LedgerTransaction


def book(
    session: AnySession,
    *,
    kind: str,
    reference: str,
    entries: Sequence[Entry],
    currency: str,
    actor: str,
    now: datetime,
    key: str,
) -> bool:
    """Write one transaction; False when ``key`` has been booked before, and then nothing is written.

    Entries of one account are put together, and those that come to nothing left out; a booking of nothing but such
    is not written and False too. Raises ValueError when the entries do not add up to zero, or an account's name or
    an amount cannot be: these are defects of the caller, never of what a person typed.
    """
    sides: Counter[str] = Counter()
    for entry in entries:
        if not ACCOUNT.fullmatch(entry.account) or len(entry.account) > ACCOUNT_LENGTH:
            raise ValueError(f"“{entry.account}” is no account")
        if abs(entry.minor) > MAX_MINOR:
            raise ValueError(f"{entry.minor} is too large to book")
        sides[entry.account] += entry.minor
    if sum(sides.values()):
        raise ValueError(f"{kind} {reference} does not add up to zero: {dict(sides)}")
    rows = [{"account": account, "minor": minor} for account, minor in sides.items() if minor]
    if not rows or is_booked(session, key):
        return False
    transaction = {
        "key": key,
        "kind": kind,
        "reference": reference,
        "currency": currency,
        "actor": actor,
        "booked_at": now,
    }
    try:
        with session.begin_nested():
            made = session.execute(insert(LedgerTransaction).values(transaction).returning(LedgerTransaction.id))
            transaction_id = made.scalar_one()
            session.execute(insert(LedgerEntry), [row | {"transaction_id": transaction_id} for row in rows])
    except IntegrityError:
        # Somebody else booked the same at the same moment; any other broken rule is a defect.
        if not is_booked(session, key):
            raise
        return False
    return True


def is_booked(session: AnySession, key: str) -> bool:
    """Whether there is a transaction of this key."""
    return session.scalar(select(LedgerTransaction.id).where(LedgerTransaction.key == key)) is not None
