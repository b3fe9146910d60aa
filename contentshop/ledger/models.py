"""Tables of the ledger. Rows are only ever added: triggers in the database refuse to change or delete them."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from contentshop.core.db import Base, BigInt, Minor, Moment, PrimaryKey
from contentshop.ledger.inputs import ACCOUNT_LENGTH


class LedgerTransaction(Base):
    """One booking. ``key`` is unique, so that the same thing is booked once; ``reference`` is mostly an order's key."""

    __tablename__ = "ledger_transaction"
    __table_args__ = (Index("ix_ledger_transaction_booked_at", "booked_at", "id"),)

    id: Mapped[PrimaryKey]
    key: Mapped[str] = mapped_column(String(120), unique=True)
    kind: Mapped[str] = mapped_column(String(30))
    reference: Mapped[str] = mapped_column(String(40), index=True)
    currency: Mapped[str] = mapped_column(String(3))
    actor: Mapped[str] = mapped_column(String(20))
    booked_at: Mapped[Moment]

    entries: Mapped[list[LedgerEntry]] = relationship(order_by="LedgerEntry.id", lazy="raise")


class LedgerEntry(Base):
    """One side of a booking: debit when positive, credit when negative. Those of a transaction add up to zero."""

    __tablename__ = "ledger_entry"
    __table_args__ = (
        CheckConstraint("minor <> 0", name="minor"),
        Index("ix_ledger_entry_account", "account", "transaction_id"),
    )

    id: Mapped[PrimaryKey]
    transaction_id: Mapped[int] = mapped_column(BigInt, ForeignKey("ledger_transaction.id"), index=True)
    account: Mapped[str] = mapped_column(String(ACCOUNT_LENGTH))
    minor: Mapped[Minor]
