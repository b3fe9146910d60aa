"""Tables of reviews."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, Integer, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from contentshop.accounts.models import User
from contentshop.core.db import Base, BigInt, Moment, PrimaryKey, PublicKey, UtcDateTime
from contentshop.media.models import Asset
from contentshop.products.models import Product
from contentshop.reviews.inputs import MAX_STARS, REPORT_REASONS, STATES


class Review(Base):
    """What a buyer says of a thing they received: one for each line of an order, and one thing to add later.

    ``more`` is what was added, ``reply`` the shop's answer. ``helpful`` counts votes. The words of a deleted one are
    gone; those of a hidden one are kept for editors, with the reason in ``note``. Neither is shown to anybody else nor
    counts in a rating. ``lang`` is the language it is written in.
    """

    __tablename__ = "review"
    __table_args__ = (
        CheckConstraint(f"stars BETWEEN 1 AND {MAX_STARS}", name="stars"),
        CheckConstraint(f"state IN {STATES!r}", name="state"),
        CheckConstraint("helpful >= 0", name="helpful"),
        Index("ix_review_newest", "product_id", "state", "id"),
        Index("ix_review_helpful", "product_id", "state", "helpful"),
    )

    id: Mapped[PrimaryKey]
    key: Mapped[PublicKey]
    product_id: Mapped[int] = mapped_column(BigInt, ForeignKey("product.id", ondelete="CASCADE"))
    order_line_id: Mapped[int] = mapped_column(BigInt, ForeignKey("order_line.id", ondelete="CASCADE"), unique=True)
    author_id: Mapped[int] = mapped_column(BigInt, ForeignKey("user_account.id"), index=True)
    variant_name: Mapped[str] = mapped_column(String(120), default="")
    lang: Mapped[str] = mapped_column(String(10))
    stars: Mapped[int] = mapped_column(Integer)
    title: Mapped[str] = mapped_column(String(120), default="")
    text: Mapped[str] = mapped_column(Text, default="")
    edited_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    more: Mapped[str] = mapped_column(Text, default="")
    more_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    reply: Mapped[str] = mapped_column(Text, default="")
    replied_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    replied_by: Mapped[int | None] = mapped_column(BigInt, ForeignKey("user_account.id"))
    state: Mapped[str] = mapped_column(String(10), default="shown")
    note: Mapped[str] = mapped_column(String(200), default="")
    hidden_by: Mapped[int | None] = mapped_column(BigInt, ForeignKey("user_account.id"))
    helpful: Mapped[int] = mapped_column(Integer, default=0)
    created_at: Mapped[Moment]

    author: Mapped[User] = relationship(foreign_keys=[author_id])
    product: Mapped[Product] = relationship()
    photos: Mapped[list[ReviewPhoto]] = relationship(order_by="ReviewPhoto.position", cascade="all, delete-orphan")


class ReviewPhoto(Base):
    """A picture of the thing by its buyer; gone with the medium."""

    __tablename__ = "review_photo"

    review_id: Mapped[int] = mapped_column(
        BigInt, ForeignKey("review.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    position: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    asset_id: Mapped[int] = mapped_column(BigInt, ForeignKey("asset.id", ondelete="CASCADE"), index=True)

    asset: Mapped[Asset] = relationship(lazy="joined")


class ReviewVote(Base):
    """One person found a review helpful."""

    __tablename__ = "review_vote"

    review_id: Mapped[int] = mapped_column(
        BigInt, ForeignKey("review.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    user_id: Mapped[int] = mapped_column(
        BigInt, ForeignKey("user_account.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    voted_at: Mapped[Moment]


class ReviewReport(Base):
    """Somebody thinks that editors should look at a review. ``settled_at`` tells when they had."""

    __tablename__ = "review_report"
    __table_args__ = (
        UniqueConstraint("review_id", "user_id"),
        CheckConstraint(f"reason IN {REPORT_REASONS!r}", name="reason"),
        Index("ix_review_report_open", "settled_at", "id"),
    )

    id: Mapped[PrimaryKey]
    review_id: Mapped[int] = mapped_column(BigInt, ForeignKey("review.id", ondelete="CASCADE"))
    user_id: Mapped[int] = mapped_column(BigInt, ForeignKey("user_account.id"))
    reason: Mapped[str] = mapped_column(String(10))
    reported_at: Mapped[Moment]
    settled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class ReviewInvitation(Base):
    """A buyer has been asked once to review what came with an order."""

    __tablename__ = "review_invitation"

    order_id: Mapped[int] = mapped_column(
        BigInt, ForeignKey("shop_order.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    invited_at: Mapped[Moment]


class InvitationRefusal(Base):
    """A person who does not want to be asked for reviews by mail."""

    __tablename__ = "invitation_refusal"

    user_id: Mapped[int] = mapped_column(
        BigInt, ForeignKey("user_account.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    refused_at: Mapped[Moment]
