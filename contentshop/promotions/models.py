"""Tables of promotions and their uses. Amounts are minor units by currency: ``{"USD": 1000}``."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    CheckConstraint,
    ForeignKey,
    Index,
    Integer,
    String,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from contentshop.core.db import Base, BigInt, Minor, Moment, PrimaryKey, PublicKey, UtcDateTime
from contentshop.promotions.inputs import KINDS, SCOPES


class Promotion(Base):
    """Something off the price: by a ``code`` that is typed (a coupon), or by itself (no code).

    ``percent_ppm`` is in parts per million; ``amounts`` are for a fixed sum, ``caps`` the most that is taken off,
    ``min_spend`` what the goods in scope must come to, all by currency. ``buy`` and ``free``: of so many, so many
    cost nothing. ``scope_keys`` are keys of products, slugs of categories (with all below them) or keys of
    creators. ``total_limit`` bounds ``used``, the uses that count; ``person_limit`` those of one person.
    ``valid_days`` runs, for each person, from when they first type the code. ``combinable`` ones may be used
    together.
    """

    __tablename__ = "promotion"
    __table_args__ = (
        CheckConstraint(f"kind IN {KINDS!r}", name="kind"),
        CheckConstraint(f"scope IN {SCOPES!r}", name="scope"),
        CheckConstraint("percent_ppm BETWEEN 0 AND 1000000", name="percent"),
        CheckConstraint("used >= 0 AND (total_limit IS NULL OR used <= total_limit)", name="used"),
        CheckConstraint("person_limit IS NULL OR person_limit > 0", name="person_limit"),
        CheckConstraint("valid_days IS NULL OR valid_days > 0", name="valid_days"),
        CheckConstraint("buy >= 0 AND free >= 0", name="bundle"),
    )

    id: Mapped[PrimaryKey]
    key: Mapped[PublicKey]
    code: Mapped[str | None] = mapped_column(String(40), unique=True)
    name: Mapped[str] = mapped_column(String(80))
    translations: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    kind: Mapped[str] = mapped_column(String(10))
    percent_ppm: Mapped[int] = mapped_column(Integer, default=0)
    amounts: Mapped[dict[str, int]] = mapped_column(JSON, default=dict)
    caps: Mapped[dict[str, int]] = mapped_column(JSON, default=dict)
    min_spend: Mapped[dict[str, int]] = mapped_column(JSON, default=dict)
    buy: Mapped[int] = mapped_column(Integer, default=0)
    free: Mapped[int] = mapped_column(Integer, default=0)
    scope: Mapped[str] = mapped_column(String(10), default="all")
    scope_keys: Mapped[list[str]] = mapped_column(JSON, default=list)
    combinable: Mapped[bool] = mapped_column(Boolean, default=False)
    total_limit: Mapped[int | None] = mapped_column(Integer)
    person_limit: Mapped[int | None] = mapped_column(Integer)
    used: Mapped[int] = mapped_column(Integer, default=0)
    starts_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ends_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    valid_days: Mapped[int | None] = mapped_column(Integer)
    active: Mapped[bool] = mapped_column(Boolean, default=True)
    created_at: Mapped[Moment]
    version: Mapped[int] = mapped_column(Integer, default=1)


class PromotionUse(Base):
    """One use by one holder (an order's key). ``persons`` are whose limits it counts towards."""

    __tablename__ = "promotion_use"
    __table_args__ = (
        UniqueConstraint("promotion_id", "holder"),
        CheckConstraint("minor >= 0", name="minor"),
        Index("ix_promotion_use_latest", "promotion_id", "used_at"),
    )

    id: Mapped[PrimaryKey]
    promotion_id: Mapped[int] = mapped_column(BigInt, ForeignKey("promotion.id"))
    holder: Mapped[str] = mapped_column(String(40), index=True)
    persons: Mapped[list[str]] = mapped_column(JSON, default=list)
    currency: Mapped[str] = mapped_column(String(3))
    minor: Mapped[Minor]
    counted: Mapped[bool] = mapped_column(Boolean)
    used_at: Mapped[Moment]
    released_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class PromotionPerson(Base):
    """How often one person has used a promotion, and until when it is valid for them (None: as for everybody)."""

    __tablename__ = "promotion_person"
    __table_args__ = (CheckConstraint("used >= 0", name="used"),)

    promotion_id: Mapped[int] = mapped_column(BigInt, ForeignKey("promotion.id"), primary_key=True, autoincrement=False)
    person: Mapped[str] = mapped_column(String(260), primary_key=True)
    used: Mapped[int] = mapped_column(Integer, default=0)
    ends_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class PurchaseCount(Base):
    """How many of a limited variant one person has bought."""

    __tablename__ = "purchase_count"
    __table_args__ = (CheckConstraint("quantity >= 0", name="quantity"),)

    variant_id: Mapped[int] = mapped_column(BigInt, ForeignKey("variant.id"), primary_key=True, autoincrement=False)
    person: Mapped[str] = mapped_column(String(260), primary_key=True)
    quantity: Mapped[int] = mapped_column(Integer, default=0)


class PurchaseUse(Base):
    """What one holder (an order's key) adds to these counts; ``persons`` are whose."""

    __tablename__ = "purchase_use"
    __table_args__ = (UniqueConstraint("holder", "variant_id"), CheckConstraint("quantity > 0", name="quantity"))

    id: Mapped[PrimaryKey]
    holder: Mapped[str] = mapped_column(String(40), index=True)
    variant_id: Mapped[int] = mapped_column(BigInt, ForeignKey("variant.id"))
    persons: Mapped[list[str]] = mapped_column(JSON, default=list)
    quantity: Mapped[int] = mapped_column(Integer)
    released_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
