"""Tables of stock: where goods are, whose they are, what is promised and why counts changed.

Only ``products.stock`` writes counts, by conditional statements; the constraints are the net beneath them. ``stock``
keeps the sums over all places, so that pages for readers ask one row for each variant; its row is also what
writers of a variant queue at.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Boolean, CheckConstraint, ForeignKey, Index, Integer, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from contentshop.core.db import Base, BigInt, Moment, PrimaryKey, PublicKey, UtcDateTime
from contentshop.products.models.things import Variant

RESERVATION_STATES = ("held", "taken", "released")
STOCKTAKE_STATES = ("open", "closed", "dropped")
# Operators are told when so few of a variant are left, unless they choose another number.
LOW_AT = 5


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
    translations: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict, server_default="{}")
    country: Mapped[str] = mapped_column(String(2), default="")
    active: Mapped[bool] = mapped_column(Boolean, default=True)
    supplier_id: Mapped[int | None] = mapped_column(BigInt, ForeignKey("supplier.id"), index=True)
    created_at: Mapped[Moment]

    supplier: Mapped[Supplier | None] = relationship(lazy="joined")


class Stock(Base):
    """How many of a variant we have (``on_hand``) and how many of them are promised to orders (``reserved``), in all.

    Always the sums of its levels. Operators are told once no more than ``low_at`` can be sold, never when it is empty;
    ``alerted_at`` is when they last were.
    """

    __tablename__ = "stock"
    __table_args__ = (
        CheckConstraint("on_hand >= 0", name="on_hand"),
        CheckConstraint("reserved >= 0 AND reserved <= on_hand", name="reserved"),
        CheckConstraint("low_at IS NULL OR low_at >= 0", name="low_at"),
    )

    variant_id: Mapped[int] = mapped_column(
        BigInt, ForeignKey("variant.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    product_id: Mapped[int] = mapped_column(BigInt, ForeignKey("product.id", ondelete="CASCADE"), index=True)
    on_hand: Mapped[int] = mapped_column(Integer, default=0)
    reserved: Mapped[int] = mapped_column(Integer, default=0)
    version: Mapped[int] = mapped_column(Integer, default=1)
    low_at: Mapped[int | None] = mapped_column(Integer, default=LOW_AT, server_default=str(LOW_AT))
    alerted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    variant: Mapped[Variant] = relationship(back_populates="stock")

    @property
    def available(self) -> int:
        """How many can still be promised."""
        return self.on_hand - self.reserved


class StockLevel(Base):
    """How many of a variant are at one place, and how many of those are promised."""

    __tablename__ = "stock_level"
    __table_args__ = (
        CheckConstraint("on_hand >= 0", name="on_hand"),
        CheckConstraint("reserved >= 0 AND reserved <= on_hand", name="reserved"),
    )

    variant_id: Mapped[int] = mapped_column(
        BigInt, ForeignKey("variant.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    location_id: Mapped[int] = mapped_column(
        BigInt, ForeignKey("stock_location.id"), primary_key=True, autoincrement=False, index=True
    )
    on_hand: Mapped[int] = mapped_column(Integer, default=0)
    reserved: Mapped[int] = mapped_column(Integer, default=0)


class StockMovement(Base):
    """Why ``on_hand`` changed at one place. The movements of a level add up to its ``on_hand``, always.

    ``holder`` is the order it was for, ``actor`` the user's key or "system", ``reference`` what joins several
    movements: a transfer, a stocktake, a delivery.
    """

    __tablename__ = "stock_movement"

    id: Mapped[PrimaryKey]
    variant_id: Mapped[int] = mapped_column(BigInt, ForeignKey("variant.id", ondelete="CASCADE"), index=True)
    location_id: Mapped[int] = mapped_column(BigInt, ForeignKey("stock_location.id"), index=True)
    delta: Mapped[int] = mapped_column(Integer)
    reason: Mapped[str] = mapped_column(String(40))
    holder: Mapped[str] = mapped_column(String(40), default="", index=True)
    actor: Mapped[str] = mapped_column(String(20), default="")
    reference: Mapped[str] = mapped_column(String(40), default="", server_default="")
    moved_at: Mapped[Moment]


class Reservation(Base):
    """Units of a variant at one place promised to one holder (an order's key).

    ``held`` → ``taken`` (all of it shipped) or ``released``. Of ``quantity``, ``taken`` have been shipped so far and
    ``returned`` of those came back. A held one with an ``expires_at`` in the past no longer binds us and is released by
    the worker.
    """

    __tablename__ = "reservation"
    __table_args__ = (
        UniqueConstraint("holder", "variant_id", "location_id"),
        CheckConstraint("quantity > 0", name="quantity"),
        CheckConstraint(f"state IN {RESERVATION_STATES!r}", name="state"),
        CheckConstraint("taken BETWEEN 0 AND quantity", name="taken"),
        CheckConstraint("returned BETWEEN 0 AND taken", name="returned"),
        Index("ix_reservation_expiry", "state", "expires_at"),
    )

    id: Mapped[PrimaryKey]
    holder: Mapped[str] = mapped_column(String(40), index=True)
    variant_id: Mapped[int] = mapped_column(BigInt, ForeignKey("variant.id"), index=True)
    location_id: Mapped[int] = mapped_column(BigInt, ForeignKey("stock_location.id"), index=True)
    quantity: Mapped[int] = mapped_column(Integer)
    taken: Mapped[int] = mapped_column(Integer, default=0, server_default="0")
    returned: Mapped[int] = mapped_column(Integer, default=0, server_default="0")
    state: Mapped[str] = mapped_column(String(10), default="held")
    expires_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Stocktake(Base):
    """A count of everything at one place. While it is open, sheets can be filled in; closing it corrects the counts."""

    __tablename__ = "stocktake"
    __table_args__ = (CheckConstraint(f"state IN {STOCKTAKE_STATES!r}", name="state"),)

    id: Mapped[PrimaryKey]
    key: Mapped[PublicKey]
    location_id: Mapped[int] = mapped_column(BigInt, ForeignKey("stock_location.id"), index=True)
    state: Mapped[str] = mapped_column(String(10), default="open")
    note: Mapped[str] = mapped_column(String(200), default="")
    opened_by: Mapped[str] = mapped_column(String(20))
    opened_at: Mapped[Moment]
    closed_by: Mapped[str] = mapped_column(String(20), default="")
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    location: Mapped[StockLocation] = relationship(lazy="joined")


class StocktakeLine(Base):
    """One variant on a stocktake: what the books said then, and what was counted (None: not yet)."""

    __tablename__ = "stocktake_line"
    __table_args__ = (CheckConstraint("counted IS NULL OR counted >= 0", name="counted"),)

    stocktake_id: Mapped[int] = mapped_column(
        BigInt, ForeignKey("stocktake.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    variant_id: Mapped[int] = mapped_column(
        BigInt, ForeignKey("variant.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    booked: Mapped[int] = mapped_column(Integer)
    counted: Mapped[int | None] = mapped_column(Integer)
