"""Tables of discussions."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Boolean, CheckConstraint, ForeignKey, Index, Integer, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from contentshop.accounts.models import User
from contentshop.core.db import Base, BigInt, Moment, PrimaryKey, PublicKey, UtcDateTime
from contentshop.social.inputs import REPORT_REASONS, STATES, WORTH_REASONS


class Discussion(Base):
    """What is said below one post or one product. ``version`` grows with everything that readers see of it.

    ``worth`` and ``unworth`` count the votes on a post. Readers are told them once they are ``opened``, some time
    after ``first_vote_at``, so that the first votes sway nobody.
    """

    __tablename__ = "discussion"
    __table_args__ = (
        CheckConstraint("(post_id IS NULL) <> (product_id IS NULL)", name="subject"),
        CheckConstraint("worth >= 0 AND unworth >= 0", name="counts"),
    )

    id: Mapped[PrimaryKey]
    post_id: Mapped[int | None] = mapped_column(BigInt, ForeignKey("post.id", ondelete="CASCADE"), unique=True)
    product_id: Mapped[int | None] = mapped_column(BigInt, ForeignKey("product.id", ondelete="CASCADE"), unique=True)
    version: Mapped[int] = mapped_column(Integer, default=1)
    worth: Mapped[int] = mapped_column(Integer, default=0)
    unworth: Mapped[int] = mapped_column(Integer, default=0)
    first_vote_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    opened: Mapped[bool] = mapped_column(Boolean, default=False)


class Comment(Base):
    """A comment on a post or a question about a product; with a ``parent``, a reply or an answer to it.

    The text of a deleted one is gone; that of a hidden one is kept for editors, with the reason in ``note``.
    """

    __tablename__ = "comment"
    __table_args__ = (
        CheckConstraint(f"state IN {STATES!r}", name="state"),
        Index("ix_comment_thread", "discussion_id", "parent_id", "id"),
    )

    id: Mapped[PrimaryKey]
    key: Mapped[PublicKey]
    discussion_id: Mapped[int] = mapped_column(BigInt, ForeignKey("discussion.id", ondelete="CASCADE"))
    parent_id: Mapped[int | None] = mapped_column(BigInt, ForeignKey("comment.id", ondelete="CASCADE"), index=True)
    author_id: Mapped[int] = mapped_column(BigInt, ForeignKey("user_account.id"), index=True)
    state: Mapped[str] = mapped_column(String(10), default="shown")
    text: Mapped[str] = mapped_column(Text)
    note: Mapped[str] = mapped_column(String(200), default="")
    hidden_by: Mapped[int | None] = mapped_column(BigInt, ForeignKey("user_account.id"))
    created_at: Mapped[Moment]
    edited_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    author: Mapped[User] = relationship(foreign_keys=[author_id])
    discussion: Mapped[Discussion] = relationship()


class CommentReport(Base):
    """Somebody thinks that editors should look at a text. ``settled_at`` tells when they had."""

    __tablename__ = "comment_report"
    __table_args__ = (
        UniqueConstraint("comment_id", "user_id"),
        CheckConstraint(f"reason IN {REPORT_REASONS!r}", name="reason"),
        Index("ix_comment_report_open", "settled_at", "id"),
    )

    id: Mapped[PrimaryKey]
    comment_id: Mapped[int] = mapped_column(BigInt, ForeignKey("comment.id", ondelete="CASCADE"))
    user_id: Mapped[int] = mapped_column(BigInt, ForeignKey("user_account.id"))
    reason: Mapped[str] = mapped_column(String(10))
    reported_at: Mapped[Moment]
    settled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class WorthVote(Base):
    """One person's answer to whether a post was worth it; ``reason`` says why it was not."""

    __tablename__ = "worth_vote"
    __table_args__ = (
        CheckConstraint(f"(worth AND reason = '') OR (NOT worth AND reason IN {WORTH_REASONS!r})", name="reason"),
    )

    discussion_id: Mapped[int] = mapped_column(
        BigInt, ForeignKey("discussion.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    user_id: Mapped[int] = mapped_column(
        BigInt, ForeignKey("user_account.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    worth: Mapped[bool] = mapped_column(Boolean)
    reason: Mapped[str] = mapped_column(String(10), default="")
    voted_at: Mapped[Moment]
