"""Tables of pictures."""

from __future__ import annotations

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from contentshop.core.db import Base, BigInt, Moment, PrimaryKey, PublicKey


class Asset(Base):
    """A stored picture, decoded and encoded anew. ``widths`` lists the sizes kept, in pixels, ascending."""

    __tablename__ = "asset"
    __table_args__ = (CheckConstraint("width > 0 AND height > 0", name="size"),)

    id: Mapped[PrimaryKey]
    key: Mapped[PublicKey]
    owner_id: Mapped[int | None] = mapped_column(BigInt, ForeignKey("user_account.id", ondelete="SET NULL"))
    width: Mapped[int] = mapped_column(Integer)
    height: Mapped[int] = mapped_column(Integer)
    widths: Mapped[list[int]] = mapped_column(JSON)
    alt: Mapped[str] = mapped_column(String(300), default="")
    digest: Mapped[str] = mapped_column(String(64), index=True)
    created_at: Mapped[Moment]
