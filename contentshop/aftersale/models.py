"""Tables of after-sale cases. All amounts are integer minor units of the order's currency."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Boolean, CheckConstraint, ForeignKey, Index, Integer, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from contentshop.aftersale.inputs import KINDS, REASONS, STATES
from contentshop.core.db import Base, BigInt, Minor, Moment, PrimaryKey, PublicKey, UtcDateTime
from contentshop.orders.models import Order, OrderLine


class AfterSale(Base):
    """What a buyer asks for after the sale, and what became of it (``policy.STEPS``).

    ``wanted_minor`` is what the chosen goods cost; ``asked_minor`` that with the postage as it was asked for, which no
    answer changes; ``refund_minor`` what was agreed, with ``shipping_minor`` of the postage in it. ``answer`` is what
    the shop says to it, as its buyer reads it. ``due_at`` is when whoever is next must have acted. ``refund_key`` names
    the refund, ``exchange_key`` the order of the goods that replace these. ``return_to`` is where the buyer sends them.
    """

    __tablename__ = "after_sale"
    __table_args__ = (
        CheckConstraint(f"kind IN {KINDS!r}", name="kind"),
        CheckConstraint(f"state IN {STATES!r}", name="state"),
        CheckConstraint(f"reason IN {REASONS!r}", name="reason"),
        CheckConstraint("wanted_minor >= 0 AND shipping_minor >= 0 AND refund_minor >= 0", name="amounts"),
        Index("ix_after_sale_queue", "state", "due_at"),
    )

    id: Mapped[PrimaryKey]
    key: Mapped[PublicKey]
    order_id: Mapped[int] = mapped_column(BigInt, ForeignKey("shop_order.id"), index=True)
    kind: Mapped[str] = mapped_column(String(12))
    state: Mapped[str] = mapped_column(String(12), default="asked")
    reason: Mapped[str] = mapped_column(String(12))
    text: Mapped[str] = mapped_column(Text, default="")
    answer: Mapped[str] = mapped_column(String(300), default="")
    return_to: Mapped[str] = mapped_column(Text, default="")
    wanted_minor: Mapped[Minor]
    asked_minor: Mapped[Minor] = mapped_column(default=0, server_default="0")
    shipping_minor: Mapped[Minor] = mapped_column(default=0)
    refund_minor: Mapped[Minor] = mapped_column(default=0)
    carrier: Mapped[str] = mapped_column(String(60), default="")
    tracking: Mapped[str] = mapped_column(String(80), default="")
    refund_key: Mapped[str] = mapped_column(String(20), default="")
    exchange_key: Mapped[str] = mapped_column(String(20), default="")
    asked_at: Mapped[Moment]
    due_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    version: Mapped[int] = mapped_column(Integer, default=1)

    order: Mapped[Order] = relationship()
    lines: Mapped[list[AfterSaleLine]] = relationship(order_by="AfterSaleLine.id", cascade="all, delete-orphan")
    photos: Mapped[list[AfterSalePhoto]] = relationship(order_by="AfterSalePhoto.id")
    events: Mapped[list[AfterSaleEvent]] = relationship(order_by="AfterSaleEvent.id")


class AfterSaleLine(Base):
    """So many of a line of the order, as they were asked about. ``minor`` is what goes back for them, ``returned`` how
    many of them were agreed to come back and then count as given back (none when only money is given and the goods
    stay), ``restocked`` how many went back on the shelf.
    ``protection`` is a refund of a price that fell, once for each line. ``new_variant_id`` is wanted instead,
    ``new_line_id`` is the line of the order that brings it."""

    __tablename__ = "after_sale_line"
    __table_args__ = (
        UniqueConstraint("after_sale_id", "order_line_id"),
        CheckConstraint("quantity > 0 AND minor >= 0", name="quantity"),
        CheckConstraint("returned >= 0 AND returned <= quantity", name="returned"),
        CheckConstraint("restocked >= 0 AND restocked <= quantity", name="restocked"),
        Index(
            "uq_after_sale_line_protection",
            "order_line_id",
            unique=True,
            sqlite_where=text("protection"),
            postgresql_where=text("protection"),
        ),
    )

    id: Mapped[PrimaryKey]
    after_sale_id: Mapped[int] = mapped_column(BigInt, ForeignKey("after_sale.id", ondelete="CASCADE"))
    order_line_id: Mapped[int] = mapped_column(BigInt, ForeignKey("order_line.id"), index=True)
    quantity: Mapped[int] = mapped_column(Integer)
    minor: Mapped[Minor]
    returned: Mapped[int] = mapped_column(Integer, default=0, server_default=text("0"))
    restocked: Mapped[int] = mapped_column(Integer, default=0)
    protection: Mapped[bool] = mapped_column(Boolean, default=False)
    new_variant_id: Mapped[int | None] = mapped_column(BigInt, ForeignKey("variant.id"))
    new_line_id: Mapped[int | None] = mapped_column(BigInt, ForeignKey("order_line.id"), index=True)

    order_line: Mapped[OrderLine] = relationship(foreign_keys=[order_line_id])


class AfterSalePhoto(Base):
    """A picture that the buyer added, for the buyer and staff only: its file is not where public ones are."""

    __tablename__ = "after_sale_photo"

    id: Mapped[PrimaryKey]
    key: Mapped[PublicKey]
    after_sale_id: Mapped[int] = mapped_column(BigInt, ForeignKey("after_sale.id", ondelete="CASCADE"), index=True)
    width: Mapped[int] = mapped_column(Integer)
    height: Mapped[int] = mapped_column(Integer)


class AfterSaleEvent(Base):
    """One line of the case's timeline: what happened, when, by whom (a user's key, ``buyer`` or ``system``)."""

    __tablename__ = "after_sale_event"

    id: Mapped[PrimaryKey]
    after_sale_id: Mapped[int] = mapped_column(BigInt, ForeignKey("after_sale.id", ondelete="CASCADE"), index=True)
    kind: Mapped[str] = mapped_column(String(20))
    actor: Mapped[str] = mapped_column(String(20))
    note: Mapped[str] = mapped_column(String(300), default="")
    happened_at: Mapped[Moment]
