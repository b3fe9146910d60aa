"""Tables of zones, ways of shipping, taxes, and of people's addresses."""

from __future__ import annotations

from typing import Any

from sqlalchemy import JSON, Boolean, CheckConstraint, ForeignKey, Integer, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from contentshop.core.db import Base, BigInt, Minor, Moment, PrimaryKey, PublicKey


class ShippingZone(Base):
    """Places with the same ways of shipping. ``areas``: [country or ``*``, region, [postcodes]] of each."""

    __tablename__ = "shipping_zone"

    id: Mapped[PrimaryKey]
    key: Mapped[PublicKey]
    name: Mapped[str] = mapped_column(String(80))
    translations: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict, server_default="{}")
    areas: Mapped[list[list[Any]]] = mapped_column(JSON, default=list)
    active: Mapped[bool] = mapped_column(Boolean, default=True)
    version: Mapped[int] = mapped_column(Integer, default=1)

    methods: Mapped[list[ShippingMethod]] = relationship(
        order_by="ShippingMethod.id", cascade="all, delete-orphan", back_populates="zone"
    )


class ShippingMethod(Base):
    """A way of shipping in a zone, priced in one currency. ``tiers``: [price, grams or null, goods or null] of each."""

    __tablename__ = "shipping_method"
    __table_args__ = (
        CheckConstraint("free_from IS NULL OR free_from >= 0", name="free_from"),
        CheckConstraint("min_days >= 0 AND max_days >= min_days", name="days"),
    )

    id: Mapped[PrimaryKey]
    key: Mapped[PublicKey]
    zone_id: Mapped[int] = mapped_column(BigInt, ForeignKey("shipping_zone.id", ondelete="CASCADE"), index=True)
    name: Mapped[str] = mapped_column(String(80))
    translations: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    currency: Mapped[str] = mapped_column(String(3))
    tiers: Mapped[list[list[int | None]]] = mapped_column(JSON, default=list)
    free_from: Mapped[Minor | None]
    min_days: Mapped[int] = mapped_column(Integer, default=0)
    max_days: Mapped[int] = mapped_column(Integer, default=0)
    active: Mapped[bool] = mapped_column(Boolean, default=True)

    zone: Mapped[ShippingZone] = relationship(back_populates="methods")


class TaxRegion(Base):
    """How a country (``region`` empty) or a region of it taxes; ``rates`` by tax class, in parts per million."""

    __tablename__ = "tax_region"
    __table_args__ = (UniqueConstraint("country", "region"),)

    id: Mapped[PrimaryKey]
    country: Mapped[str] = mapped_column(String(2))
    region: Mapped[str] = mapped_column(String(80), default="")
    name: Mapped[str] = mapped_column(String(40))
    translations: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict, server_default="{}")
    included: Mapped[bool] = mapped_column(Boolean)
    on_shipping: Mapped[bool] = mapped_column(Boolean)
    rates: Mapped[dict[str, int]] = mapped_column(JSON, default=dict)
    version: Mapped[int] = mapped_column(Integer, default=1)


class Address(Base):
    """An address that a person keeps for their orders. ``used_at`` is when they last ordered or saved it."""

    __tablename__ = "address"

    id: Mapped[PrimaryKey]
    key: Mapped[PublicKey]
    user_id: Mapped[int] = mapped_column(BigInt, ForeignKey("user_account.id", ondelete="CASCADE"), index=True)
    country: Mapped[str] = mapped_column(String(2))
    name: Mapped[str] = mapped_column(String(120))
    phone: Mapped[str] = mapped_column(String(40), default="")
    region: Mapped[str] = mapped_column(String(80), default="")
    city: Mapped[str] = mapped_column(String(80), default="")
    district: Mapped[str] = mapped_column(String(80), default="")
    address: Mapped[str] = mapped_column(String(300))
    postcode: Mapped[str] = mapped_column(String(20), default="")
    used_at: Mapped[Moment]
