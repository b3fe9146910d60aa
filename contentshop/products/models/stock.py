"""Tables of stock: what we have, what is promised, why counts changed."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Boolean, CheckConstraint, ForeignKey, Index, Integer, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from contentshop.core.db import Base, BigInt, Moment, PrimaryKey, UtcDateTime
from contentshop.products.models.things import Variant

RESERVATION_STATES = ("held", "taken", "released")


class Supplier(Base):
    """Somebody whose goods we sell for them. ``share_ppm`` is their part of what is paid for a line, in millionths."""

    __tablename__ = "supplier"
    __table_args__ = (CheckConstraint("share_ppm BETWEEN 0 AND 1000000", name="share"),)

    id: Mapped[PrimaryKey]
    key: Mapped[str] = mapped_column(String(40), unique=True)
    name: Mapped[str] = mapped_column(String(120))
    email: Mapped[str] = mapped_column(String(254), default="")
    share_ppm: Mapped[int] = mapped_column(Integer, default=0)
    active: Mapped[bool] = mapped_column(Boolean, default=True)
    created_at: Mapped[Moment]


class StockLocation(Base):
    """A place that goods are shipped from. Its goods are ours, or the supplier's who owns it.

    ``key`` lasts. Only active ones take part in selling; one with goods cannot be closed.
    """

    __tablename__ = "stock_location"

    id: Mapped[PrimaryKey]
    key: Mapped[str] = mapped_column(String(40), unique=True)
    name: Mapped[str] = mapped_column(String(120))
    country: Mapped[str] = mapped_column(String(2), default="")
    active: Mapped[bool] = mapped_column(Boolean, default=True)
    supplier_id: Mapped[int | None] = mapped_column(BigInt, ForeignKey("supplier.id"), index=True)
    created_at: Mapped[Moment]

    supplier: Mapped[Supplier | None] = relationship(lazy="joined")


class Stock(Base):
    """How many of a variant we have (``on_hand``) and how many of them are promised to orders (``reserved``).

    Only ``products.stock`` writes here, by conditional statements; the constraints are the net beneath them.
    """

    __tablename__ = "stock"
    __table_args__ = (
        CheckConstraint("on_hand >= 0", name="on_hand"),
        CheckConstraint("reserved >= 0 AND reserved <= on_hand", name="reserved"),
    )

    variant_id: Mapped[int] = mapped_column(
        BigInt, ForeignKey("variant.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    product_id: Mapped[int] = mapped_column(BigInt, ForeignKey("product.id", ondelete="CASCADE"), index=True)
    on_hand: Mapped[int] = mapped_column(Integer, default=0)
    reserved: Mapped[int] = mapped_column(Integer, default=0)
    version: Mapped[int] = mapped_column(Integer, default=1)

    variant: Mapped[Variant] = relationship(back_populates="stock")

    @property
    def available(self) -> int:
        """How many can still be promised."""
        return self.on_hand - self.reserved


class StockMovement(Base):
    """Why ``on_hand`` changed. The sum of a variant's movements is its ``on_hand``, always."""

    __tablename__ = "stock_movement"

    id: Mapped[PrimaryKey]
    variant_id: Mapped[int] = mapped_column(BigInt, ForeignKey("variant.id", ondelete="CASCADE"), index=True)
    delta: Mapped[int] = mapped_column(Integer)
    reason: Mapped[str] = mapped_column(String(40))
    holder: Mapped[str] = mapped_column(String(40), default="")
    actor: Mapped[str] = mapped_column(String(20), default="")
    moved_at: Mapped[Moment]


class Reservation(Base):
    """Units promised to one holder (an order's key). ``held`` → ``taken`` (shipped) or ``released``.

    A held reservation with an ``expires_at`` in the past no longer binds us and is released by the worker.
    """

    __tablename__ = "reservation"
    __table_args__ = (
        UniqueConstraint("holder", "variant_id"),
        CheckConstraint("quantity > 0", name="quantity"),
        CheckConstraint(f"state IN {RESERVATION_STATES!r}", name="state"),
        Index("ix_reservation_expiry", "state", "expires_at"),
    )

    id: Mapped[PrimaryKey]
    holder: Mapped[str] = mapped_column(String(40), index=True)
    variant_id: Mapped[int] = mapped_column(BigInt, ForeignKey("variant.id"), index=True)
    quantity: Mapped[int] = mapped_column(Integer)
    state: Mapped[str] = mapped_column(String(10), default="held")
    expires_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
