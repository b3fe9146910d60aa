"""Tables of the catalogue: its tree, what things are described by, files that are sold, changes of many at once."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Boolean, CheckConstraint, ForeignKey, Index, Integer, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from contentshop.core.db import Base, BigInt, Moment, PrimaryKey, PublicKey, UtcDateTime
from contentshop.products.inputs import ATTRIBUTE_KINDS
from contentshop.products.models.things import Variant


class AttributeDefinition(Base):
    """A property that products of a category and of those below it have; of all products without a category.

    ``choices`` is a list of ``{"value", "names"}``. What a product says is in its ``attrs``, under ``name``.
    """

    __tablename__ = "attribute_definition"
    __table_args__ = (
        UniqueConstraint("category_id", "name"),
        CheckConstraint(f"kind IN {ATTRIBUTE_KINDS!r}", name="kind"),
    )

    id: Mapped[PrimaryKey]
    key: Mapped[PublicKey]
    category_id: Mapped[int | None] = mapped_column(BigInt, ForeignKey("category.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(80))
    translations: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    kind: Mapped[str] = mapped_column(String(10), default="text")
    unit: Mapped[str] = mapped_column(String(20), default="")
    choices: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)
    position: Mapped[int] = mapped_column(Integer, default=0)


class VariantPicture(Base):
    """A picture of one variant; position 0 stands for it."""

    __tablename__ = "variant_picture"

    variant_id: Mapped[int] = mapped_column(BigInt, ForeignKey("variant.id", ondelete="CASCADE"), primary_key=True)
    position: Mapped[int] = mapped_column(Integer, primary_key=True)
    asset_id: Mapped[int] = mapped_column(BigInt, ForeignKey("asset.id"), index=True)
    alt: Mapped[str] = mapped_column(String(300), default="")


class DigitalFile(Base):
    """A file that buyers of a digital variant get. ``stored`` is its name in the private folder, never in a page."""

    __tablename__ = "digital_file"
    __table_args__ = (CheckConstraint("size >= 0", name="size"),)

    id: Mapped[PrimaryKey]
    key: Mapped[PublicKey]
    variant_id: Mapped[int] = mapped_column(BigInt, ForeignKey("variant.id", ondelete="CASCADE"), index=True)
    name: Mapped[str] = mapped_column(String(200))
    content_type: Mapped[str] = mapped_column(String(100))
    size: Mapped[int] = mapped_column(BigInt)
    stored: Mapped[str] = mapped_column(String(80), unique=True)
    active: Mapped[bool] = mapped_column(Boolean, default=True)
    added_at: Mapped[Moment]

    variant: Mapped[Variant] = relationship()


class Download(Base):
    """The right of one order to fetch one file, ``allowed`` times until ``expires_at``, or until what was bought is
    given back (``withdrawn_at``)."""

    __tablename__ = "download"
    __table_args__ = (
        UniqueConstraint("order_key", "file_id"),
        CheckConstraint("used BETWEEN 0 AND allowed", name="used"),
    )

    id: Mapped[PrimaryKey]
    key: Mapped[PublicKey]
    order_key: Mapped[str] = mapped_column(String(40))
    file_id: Mapped[int] = mapped_column(BigInt, ForeignKey("digital_file.id", ondelete="CASCADE"), index=True)
    allowed: Mapped[int] = mapped_column(Integer)
    used: Mapped[int] = mapped_column(Integer, default=0)
    granted_at: Mapped[Moment]
    expires_at: Mapped[Moment]
    withdrawn_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    file: Mapped[DigitalFile] = relationship()


class BulkEdit(Base):
    """One change of many products. ``rows`` says of each thing what was and what is, so that it can be undone."""

    __tablename__ = "bulk_edit"

    id: Mapped[PrimaryKey]
    key: Mapped[PublicKey]
    what: Mapped[dict[str, Any]] = mapped_column(JSON)
    rows: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    made_by: Mapped[str] = mapped_column(String(20))
    made_at: Mapped[Moment]
    undone_by: Mapped[str] = mapped_column(String(20), default="")
    undone_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


RESTOCK_STATES = ("asked", "waiting", "told", "stopped")


class RestockWatch(Base):
    """Somebody's wish to hear when a variant can be had again.

    ``asked`` → ``waiting`` (the address is proved) → ``told``; ``stopped`` by the person. One row for an address and a
    variant; asking again after it was told begins anew.
    """

    __tablename__ = "restock_watch"
    __table_args__ = (
        UniqueConstraint("variant_id", "email"),
        CheckConstraint(f"state IN {RESTOCK_STATES!r}", name="state"),
        Index("ix_restock_watch_waiting", "variant_id", "state"),
    )

    id: Mapped[PrimaryKey]
    key: Mapped[PublicKey]
    variant_id: Mapped[int] = mapped_column(BigInt, ForeignKey("variant.id", ondelete="CASCADE"))
    user_id: Mapped[int | None] = mapped_column(BigInt, ForeignKey("user_account.id", ondelete="CASCADE"), index=True)
    email: Mapped[str] = mapped_column(String(254))
    locale: Mapped[str] = mapped_column(String(10), default="en")
    state: Mapped[str] = mapped_column(String(10), default="asked")
    asked_at: Mapped[Moment]
    told_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
