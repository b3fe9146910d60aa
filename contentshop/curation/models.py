"""Tables of editors' work."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, Integer, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from contentshop.core.db import Base, BigInt, Moment, PrimaryKey, PublicKey, UtcDateTime

PLACES = ("home",)


class Topic(Base):
    """A subject that posts are filed under. ``translations`` maps a language to ``{"title", "intro"}``."""

    __tablename__ = "topic"

    id: Mapped[PrimaryKey]
    slug: Mapped[str] = mapped_column(String(60), unique=True)
    title: Mapped[str] = mapped_column(String(80))
    intro: Mapped[str] = mapped_column(Text, default="")
    translations: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    position: Mapped[int] = mapped_column(Integer, default=0)


class FeaturedList(Base):
    """An editor's selection of posts and products, each with a line of reason."""

    __tablename__ = "featured_list"

    id: Mapped[PrimaryKey]
    key: Mapped[PublicKey]
    slug: Mapped[str] = mapped_column(String(100), unique=True)
    title: Mapped[str] = mapped_column(String(200))
    intro: Mapped[str] = mapped_column(String(500), default="")
    lang: Mapped[str] = mapped_column(String(10), default="en")
    editor_id: Mapped[int] = mapped_column(BigInt, ForeignKey("user_account.id"))
    created_at: Mapped[Moment]
    updated_at: Mapped[Moment]
    version: Mapped[int] = mapped_column(Integer, default=1)

    items: Mapped[list[FeaturedItem]] = relationship(order_by="FeaturedItem.position", cascade="all, delete-orphan")
    slots: Mapped[list[Slot]] = relationship(order_by="Slot.id", cascade="all, delete-orphan")


class FeaturedItem(Base):
    """One post or one product of a featured list."""

    __tablename__ = "featured_item"
    __table_args__ = (
        UniqueConstraint("list_id", "position"),
        CheckConstraint("(post_id IS NULL) <> (product_id IS NULL)", name="one_target"),
    )

    id: Mapped[PrimaryKey]
    list_id: Mapped[int] = mapped_column(BigInt, ForeignKey("featured_list.id", ondelete="CASCADE"))
    position: Mapped[int] = mapped_column(Integer)
    post_id: Mapped[int | None] = mapped_column(BigInt, ForeignKey("post.id", ondelete="CASCADE"), index=True)
    product_id: Mapped[int | None] = mapped_column(BigInt, ForeignKey("product.id", ondelete="CASCADE"), index=True)
    reason: Mapped[str] = mapped_column(String(200), default="")


class Slot(Base):
    """A featured list in a place of the site from ``starts_at`` (inclusive) to ``ends_at`` (exclusive, or open).

    Smaller ``position`` stands higher.
    """

    __tablename__ = "slot"
    __table_args__ = (
        CheckConstraint(f"place IN ('{PLACES[0]}')", name="place"),
        CheckConstraint("ends_at IS NULL OR ends_at > starts_at", name="period"),
        Index("ix_slot_place_start", "place", "starts_at"),
    )

    id: Mapped[PrimaryKey]
    place: Mapped[str] = mapped_column(String(20))
    list_id: Mapped[int] = mapped_column(BigInt, ForeignKey("featured_list.id", ondelete="CASCADE"))
    position: Mapped[int] = mapped_column(Integer, default=0)
    starts_at: Mapped[Moment]
    ends_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
