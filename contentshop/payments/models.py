"""Tables of payments, refunds and gift cards. All amounts are integer minor units.

Orders are named by their keys: this room knows none of their tables.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from sqlalchemy import CheckConstraint, ForeignKey, Index, Integer, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from contentshop.core.db import Base, BigInt, Minor, Moment, PrimaryKey, PublicKey, UtcDateTime
from contentshop.payments.inputs import (
    BANK_LENGTH,
    CARD_STATES,
    EVENT_STATES,
    HOLDER_LENGTH,
    NUMBER_LENGTH,
    PAYMENT_STATES,
    REASON_LENGTH,
    REFUND_STATES,
    USE_STATES,
)

Sum = Annotated[int, mapped_column(BigInt, default=0)]


class Payment(Base):
    """One try to pay an order. ``minor`` was due when it began; ``received_minor`` is what came.

    ``refunded_minor`` is what has been promised back of it, sent or not. ``attempt_key`` lets a second press of the
    button find the first; ``key`` is what the provider is told, so that beginning again is the same payment.
    """

    __tablename__ = "payment"
    __table_args__ = (
        CheckConstraint(f"state IN {PAYMENT_STATES!r}", name="state"),
        CheckConstraint("minor > 0 AND received_minor >= 0", name="amounts"),
        CheckConstraint("refunded_minor >= 0 AND refunded_minor <= received_minor", name="refunded"),
        Index("ix_payment_look", "state", "look_at"),
        Index("ix_payment_reference", "gateway", "reference"),
    )

    id: Mapped[PrimaryKey]
    key: Mapped[PublicKey]
    order_key: Mapped[str] = mapped_column(String(20), index=True)
    gateway: Mapped[str] = mapped_column(String(20))
    method: Mapped[str] = mapped_column(String(20))
    currency: Mapped[str] = mapped_column(String(3))
    minor: Mapped[Minor]
    state: Mapped[str] = mapped_column(String(10), default="new")
    received_minor: Mapped[Sum]
    refunded_minor: Mapped[Sum]
    attempt_key: Mapped[str] = mapped_column(String(60), unique=True)
    reference: Mapped[str] = mapped_column(String(120), default="")
    redirect_url: Mapped[str] = mapped_column(Text, default="")
    code: Mapped[str] = mapped_column(Text, default="")
    note: Mapped[str] = mapped_column(String(300), default="")
    tries: Mapped[int] = mapped_column(Integer, default=0)
    created_at: Mapped[Moment]
    look_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    paid_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class PaymentEvent(Base):
    """A message of a provider, kept once however often it is delivered. ``waiting`` ones belong to nothing we know."""

    __tablename__ = "payment_event"
    __table_args__ = (
        UniqueConstraint("gateway", "event_id"),
        CheckConstraint(f"state IN {EVENT_STATES!r}", name="state"),
        Index("ix_payment_event_reference", "gateway", "reference"),
        Index("ix_payment_event_state", "state", "id"),
    )

    id: Mapped[PrimaryKey]
    gateway: Mapped[str] = mapped_column(String(20))
    event_id: Mapped[str] = mapped_column(String(160))
    kind: Mapped[str] = mapped_column(String(20))
    name: Mapped[str] = mapped_column(String(60))
    reference: Mapped[str] = mapped_column(String(120), default="")
    payment_key: Mapped[str] = mapped_column(String(40), default="")
    refund_key: Mapped[str] = mapped_column(String(80), default="")
    currency: Mapped[str] = mapped_column(String(3), default="")
    minor: Mapped[int | None] = mapped_column(BigInt)
    note: Mapped[str] = mapped_column(String(300), default="")
    state: Mapped[str] = mapped_column(String(10), default="waiting")
    received_at: Mapped[Moment]
    applied_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Refund(Base):
    """Money that goes back for an order. ``request_key`` lets a second press of the button find the first."""

    __tablename__ = "refund"
    __table_args__ = (
        CheckConstraint(f"state IN {REFUND_STATES!r}", name="state"),
        CheckConstraint("minor > 0", name="minor"),
        Index("ix_refund_state", "state", "id"),
    )

    id: Mapped[PrimaryKey]
    key: Mapped[PublicKey]
    order_key: Mapped[str] = mapped_column(String(20), index=True)
    currency: Mapped[str] = mapped_column(String(3))
    minor: Mapped[Minor]
    reason: Mapped[str] = mapped_column(String(REASON_LENGTH))
    request_key: Mapped[str] = mapped_column(String(120), unique=True)
    state: Mapped[str] = mapped_column(String(10), default="asked")
    actor: Mapped[str] = mapped_column(String(20))
    asked_at: Mapped[Moment]
    done_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    parts: Mapped[list[RefundPart]] = relationship(order_by="RefundPart.id")


class RefundPart(Base):
    """The part of a refund that goes back to one payment, or to one gift card. ``key`` is what the provider is told.

    ``look_at`` is when the provider is asked (again); None when nobody need be, or a person has to do it. ``sent_to``
    is what stays of the account that a person sent it to: the end of its number.
    """

    __tablename__ = "refund_part"
    __table_args__ = (
        CheckConstraint(f"state IN {REFUND_STATES!r}", name="state"),
        CheckConstraint("minor > 0", name="minor"),
        CheckConstraint("(payment_id IS NULL) <> (credit_use_id IS NULL)", name="target"),
        Index("ix_refund_part_state", "state", "id"),
        Index("ix_refund_part_look", "look_at"),
    )

    id: Mapped[PrimaryKey]
    key: Mapped[PublicKey]
    refund_id: Mapped[int] = mapped_column(BigInt, ForeignKey("refund.id"), index=True)
    payment_id: Mapped[int | None] = mapped_column(BigInt, ForeignKey("payment.id"), index=True)
    credit_use_id: Mapped[int | None] = mapped_column(BigInt, ForeignKey("credit_use.id"), index=True)
    minor: Mapped[Minor]
    state: Mapped[str] = mapped_column(String(10), default="asked")
    reference: Mapped[str] = mapped_column(String(120), default="")
    note: Mapped[str] = mapped_column(String(300), default="")
    sent_to: Mapped[str] = mapped_column(String(4), default="", server_default="")
    tries: Mapped[int] = mapped_column(Integer, default=0, server_default="0")
    look_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    done_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class PayoutAccount(Base):
    """Where a buyer wants money that people send back for an order, kept only while something has to be sent there
    (``payouts.forget``). It never changes: another account is another row in its place, with a ``key`` of its own."""

    __tablename__ = "payout_account"

    id: Mapped[PrimaryKey]
    key: Mapped[PublicKey]
    order_key: Mapped[str] = mapped_column(String(20), unique=True)
    holder: Mapped[str] = mapped_column(String(HOLDER_LENGTH))
    number: Mapped[str] = mapped_column(String(NUMBER_LENGTH))
    bank: Mapped[str] = mapped_column(String(BANK_LENGTH), default="")
    named_at: Mapped[Moment]

    @property
    def ending(self) -> str:
        """What may be shown of the number."""
        return self.number[-4:]


class GiftCard(Base):
    """Money that somebody may spend with us. ``code_hash`` is empty until the code has been shown, which is once.

    ``balance_minor`` is what can be spent now; what an unpaid order holds has been taken off it. A card that was sold
    and paid back holds nothing from ``withdrawn_at`` on.
    """

    __tablename__ = "gift_card"
    __table_args__ = (
        CheckConstraint(f"state IN {CARD_STATES!r}", name="state"),
        CheckConstraint("issued_minor > 0 AND balance_minor >= 0 AND balance_minor <= issued_minor", name="amounts"),
    )

    id: Mapped[PrimaryKey]
    key: Mapped[PublicKey]
    code_hash: Mapped[str | None] = mapped_column(String(64), unique=True)
    hint: Mapped[str] = mapped_column(String(4), default="")
    currency: Mapped[str] = mapped_column(String(3))
    issued_minor: Mapped[Minor]
    balance_minor: Mapped[Minor]
    state: Mapped[str] = mapped_column(String(10), default="active")
    source_key: Mapped[str] = mapped_column(String(80), unique=True)
    order_key: Mapped[str] = mapped_column(String(20), default="", index=True)
    email: Mapped[str] = mapped_column(String(254), default="")
    note: Mapped[str] = mapped_column(String(300), default="")
    actor: Mapped[str] = mapped_column(String(20))
    issued_at: Mapped[Moment]
    expires_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    withdrawn_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class GiftCardVariant(Base):
    """A variant that is a gift card: each unit of it that is paid becomes a card of its price."""

    __tablename__ = "gift_card_variant"

    variant_id: Mapped[int] = mapped_column(
        BigInt, ForeignKey("variant.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )


class CreditUse(Base):
    """What an order (``holder``) takes from a gift card: held while it is unpaid, captured when paid."""

    __tablename__ = "credit_use"
    __table_args__ = (
        UniqueConstraint("gift_card_id", "holder"),
        CheckConstraint(f"state IN {USE_STATES!r}", name="state"),
        CheckConstraint("minor > 0 AND given_back_minor >= 0 AND given_back_minor <= minor", name="amounts"),
    )

    id: Mapped[PrimaryKey]
    gift_card_id: Mapped[int] = mapped_column(BigInt, ForeignKey("gift_card.id"), index=True)
    holder: Mapped[str] = mapped_column(String(20), index=True)
    minor: Mapped[Minor]
    state: Mapped[str] = mapped_column(String(10), default="held")
    given_back_minor: Mapped[Sum]
    held_at: Mapped[Moment]
