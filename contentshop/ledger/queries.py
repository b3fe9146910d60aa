"""Reads of the ledger: balances, transactions, and what must be true of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, select

from contentshop.core.money import Money
from contentshop.core.uow import AnySession
from contentshop.ledger.models import LedgerEntry, LedgerTransaction


def balance(session: AnySession, account: str, currency: str, *, reference: str = "") -> int:
    """Minor units on ``account``: positive is debit, negative is credit. With ``reference``: of that alone."""
    query = (
        select(func.coalesce(func.sum(LedgerEntry.minor), 0))
        .join(LedgerTransaction, LedgerTransaction.id == LedgerEntry.transaction_id)
        .where(LedgerEntry.account == account, LedgerTransaction.currency == currency)
    )
    if reference:
        query = query.where(LedgerTransaction.reference == reference)
    return int(session.scalar(query) or 0)


def balances_of(session: AnySession, reference: str) -> dict[tuple[str, str], int]:
    """(account, currency) → minor units of everything that is booked to ``reference``."""
    rows = session.execute(
        select(LedgerEntry.account, LedgerTransaction.currency, func.sum(LedgerEntry.minor))
        .join(LedgerTransaction, LedgerTransaction.id == LedgerEntry.transaction_id)
        .where(LedgerTransaction.reference == reference)
        .group_by(LedgerEntry.account, LedgerTransaction.currency)
    )
    return {(account, currency): int(minor) for account, currency, minor in rows}


@dataclass(frozen=True, slots=True)
class AccountRow:
    """An account in one currency: what was debited and credited (both not negative), and what that comes to."""

    account: str
    currency: str
    debit: int
    credit: int

    @property
    def balance(self) -> Money:
        """Debit less credit."""
        return Money(self.debit - self.credit, self.currency)


def list_accounts(session: AnySession, *, starts: str = "") -> list[AccountRow]:
    """All accounts by name and currency, or those whose name begins with ``starts``."""
    debit = func.coalesce(func.sum(LedgerEntry.minor).filter(LedgerEntry.minor > 0), 0)
    credit = func.coalesce(func.sum(LedgerEntry.minor).filter(LedgerEntry.minor < 0), 0)
    query = (
        select(LedgerEntry.account, LedgerTransaction.currency, debit, credit)
        .join(LedgerTransaction, LedgerTransaction.id == LedgerEntry.transaction_id)
        .group_by(LedgerEntry.account, LedgerTransaction.currency)
        .order_by(LedgerEntry.account, LedgerTransaction.currency)
    )
    if starts:
        query = query.where(LedgerEntry.account.startswith(starts, autoescape=True))
    rows = session.execute(query)
    return [AccountRow(account, currency, int(up), -int(down)) for account, currency, up, down in rows]


@dataclass(frozen=True, slots=True)
class EntryRow:
    """One side of a booking with what it belongs to."""

    transaction_id: int
    kind: str
    reference: str
    account: str
    minor: int
    currency: str
    actor: str
    booked_at: datetime

    @property
    def amount(self) -> Money:
        """Debit when positive."""
        return Money(self.minor, self.currency)


def list_entries(
    session: AnySession,
    *,
    account: str = "",
    reference: str = "",
    since: datetime | None = None,
    until: datetime | None = None,
    limit: int,
    offset: int = 0,
) -> list[EntryRow]:
    """Entries, newest transactions first; of one account, one reference, or a span of time (``until`` not in it)."""
    query = (
        select(
            LedgerTransaction.id,
            LedgerTransaction.kind,
            LedgerTransaction.reference,
            LedgerEntry.account,
            LedgerEntry.minor,
            LedgerTransaction.currency,
            LedgerTransaction.actor,
            LedgerTransaction.booked_at,
        )
        .join(LedgerTransaction, LedgerTransaction.id == LedgerEntry.transaction_id)
        .order_by(LedgerTransaction.id.desc(), LedgerEntry.id)
        .limit(limit)
        .offset(offset)
    )
    if account:
        query = query.where(LedgerEntry.account == account)
    if reference:
        query = query.where(LedgerTransaction.reference == reference)
    if since is not None:
        query = query.where(LedgerTransaction.booked_at >= since)
    if until is not None:
        query = query.where(LedgerTransaction.booked_at < until)
    return [EntryRow(*row) for row in session.execute(query)]


def count_entries(session: AnySession, *, account: str = "", reference: str = "") -> int:
    """How many entries ``list_entries`` would find."""
    query = select(func.count()).select_from(LedgerEntry)
    if reference:
        query = query.join(LedgerTransaction, LedgerTransaction.id == LedgerEntry.transaction_id)
        query = query.where(LedgerTransaction.reference == reference)
    if account:
        query = query.where(LedgerEntry.account == account)
    return session.scalar(query) or 0


@dataclass(frozen=True, slots=True)
class DayRow:
    """What one UTC day took in one currency, in minor units: money that came, that went back, and what was sold."""

    day: date
    currency: str
    received: int
    returned: int
    sales: int


def list_days(session: AnySession, *, since: datetime) -> list[DayRow]:
    """The days from ``since`` on in which anything was booked, newest first, then by currency."""
    cash = LedgerEntry.account.startswith("cash:")
    rows = session.execute(
        select(
            LedgerTransaction.booked_at,
            LedgerTransaction.currency,
            func.coalesce(func.sum(LedgerEntry.minor).filter(cash, LedgerEntry.minor > 0), 0),
            func.coalesce(func.sum(-LedgerEntry.minor).filter(cash, LedgerEntry.minor < 0), 0),
            func.coalesce(
                func.sum(LedgerEntry.minor).filter(
                    LedgerTransaction.kind == "sale", LedgerEntry.account == "receivable"
                ),
                0,
            ),
        )
        .join(LedgerEntry, LedgerEntry.transaction_id == LedgerTransaction.id)
        .where(LedgerTransaction.booked_at >= since)
        .group_by(LedgerTransaction.booked_at, LedgerTransaction.currency)
    )
    sums: dict[tuple[date, str], list[int]] = {}
    for at, currency, *amounts in rows:
        known = sums.setdefault((at.date(), currency), [0, 0, 0])
        for index, amount in enumerate(amounts):
            known[index] += int(amount)
    ordered = sorted(sums.items(), key=lambda item: (-item[0][0].toordinal(), item[0][1]))
    return [DayRow(day, currency, *amounts) for (day, currency), amounts in ordered]


def audit(session: AnySession) -> list[str]:
    """What is wrong with the ledger, one sentence each; empty when all is well."""
    return [*_unbalanced(session), *_bare(session)]


def _unbalanced(session: AnySession) -> Iterable[str]:
    rows = session.execute(
        select(LedgerTransaction.key, func.sum(LedgerEntry.minor).label("sum"))
        .join(LedgerEntry, LedgerEntry.transaction_id == LedgerTransaction.id)
        .group_by(LedgerTransaction.id)
        .having(func.sum(LedgerEntry.minor) != 0)
    )
    for row in rows:
        yield f"Transaction {row.key} adds up to {int(row.sum)} instead of 0."


def _bare(session: AnySession) -> Iterable[str]:
    rows = session.execute(
        select(LedgerTransaction.key)
        .outerjoin(LedgerEntry, LedgerEntry.transaction_id == LedgerTransaction.id)
        .group_by(LedgerTransaction.id)
        .having(func.count(LedgerEntry.id) < 2)
    )
    for row in rows:
        yield f"Transaction {row.key} has fewer than two sides."
