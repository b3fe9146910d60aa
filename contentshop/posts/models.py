"""Tables of posts.

A post keeps references to products, never prices. What readers see is the *live* revision; what the author is
writing is the *draft* revision. They are the same row right after publishing.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    CheckConstraint,
    Date,
    ForeignKey,
    Index,
    Integer,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from contentshop.accounts.models import User
from contentshop.core.db import Base, BigInt, Moment, PrimaryKey, PublicKey, UtcDateTime
from contentshop.media.models import Asset
from contentshop.posts.inputs import POST_KINDS, RELATIONS

POST_STATES = ("draft", "published", "unpublished")


class Post(Base):
    """An article or a buying list. ``version`` grows with every change; saving checks it."""

    __tablename__ = "post"
    __table_args__ = (
        CheckConstraint(f"kind IN {POST_KINDS!r}", name="kind"),
        CheckConstraint(f"state IN {POST_STATES!r}", name="state"),
        CheckConstraint("state <> 'published' OR live_id IS NOT NULL", name="live"),
        Index("ix_post_newest", "state", "published_at"),
    )

    id: Mapped[PrimaryKey]
    key: Mapped[PublicKey]
    slug: Mapped[str] = mapped_column(String(100), unique=True)
    kind: Mapped[str] = mapped_column(String(10))
    author_id: Mapped[int] = mapped_column(BigInt, ForeignKey("user_account.id"), index=True)
    state: Mapped[str] = mapped_column(String(12), default="draft")
    draft_id: Mapped[int | None] = mapped_column(BigInt, ForeignKey("revision.id", use_alter=True))
    live_id: Mapped[int | None] = mapped_column(BigInt, ForeignKey("revision.id", use_alter=True))
    lang: Mapped[str] = mapped_column(String(10), default="en")
    source: Mapped[str | None] = mapped_column(String(200), unique=True)
    published_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    revised_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    created_at: Mapped[Moment]
    updated_at: Mapped[Moment]
    version: Mapped[int] = mapped_column(Integer, default=1)

    author: Mapped[User] = relationship()
    draft: Mapped[Revision | None] = relationship(foreign_keys=[draft_id], post_update=True)
    live: Mapped[Revision | None] = relationship(foreign_keys=[live_id], post_update=True)


class Revision(Base):
    """One saved state of a post: the source as written, and what was made of it once, on saving.

    ``segments`` is the safe HTML cut at its card slots (see ``posts.rendering``), ``text`` its plain text for
    search, ``cards`` the card references with their words, each with the public key of its ``Card``.
    ``problems`` are [line, sentence, its values] of cards that could not be read or found; a draft may have them.
    ``tested`` says how the author came to the verdict; the three dates, when, and since when the thing is theirs.
    """

    __tablename__ = "revision"
    __table_args__ = (
        UniqueConstraint("post_id", "number"),
        CheckConstraint(f"relation IN {RELATIONS!r}", name="relation"),
    )

    id: Mapped[PrimaryKey]
    post_id: Mapped[int] = mapped_column(BigInt, ForeignKey("post.id", ondelete="CASCADE"), index=True)
    number: Mapped[int] = mapped_column(Integer)
    title: Mapped[str] = mapped_column(String(200))
    summary: Mapped[str] = mapped_column(String(500), default="")
    source: Mapped[str] = mapped_column(Text, default="")
    tested: Mapped[str] = mapped_column(String(500), default="")
    tested_from: Mapped[date | None] = mapped_column(Date)
    tested_to: Mapped[date | None] = mapped_column(Date)
    owned_since: Mapped[date | None] = mapped_column(Date)
    relation: Mapped[str] = mapped_column(String(12), default="affiliate")
    topics: Mapped[list[str]] = mapped_column(JSON, default=list)
    cover_id: Mapped[int | None] = mapped_column(BigInt, ForeignKey("asset.id"))
    cover_alt: Mapped[str] = mapped_column(String(300), default="")
    segments: Mapped[list[Any]] = mapped_column(JSON, default=list)
    headings: Mapped[list[Any]] = mapped_column(JSON, default=list)
    cards: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)
    problems: Mapped[list[Any]] = mapped_column(JSON, default=list)
    text: Mapped[str] = mapped_column(Text, default="")
    renderer_version: Mapped[int] = mapped_column(Integer, default=0)
    saved_by: Mapped[int | None] = mapped_column(BigInt, ForeignKey("user_account.id"))
    saved_at: Mapped[Moment]

    cover: Mapped[Asset | None] = relationship()


class Card(Base):
    """A product card's lasting identity: its key stays the same while the words around it change.

    ``live`` is set while the card stands in the revision that readers see; ``/go`` serves only live cards.
    """

    __tablename__ = "card"

    id: Mapped[PrimaryKey]
    key: Mapped[PublicKey]
    post_id: Mapped[int] = mapped_column(BigInt, ForeignKey("post.id", ondelete="CASCADE"), index=True)
    product_id: Mapped[int] = mapped_column(BigInt, ForeignKey("product.id"), index=True)
    alternative_id: Mapped[int | None] = mapped_column(BigInt, ForeignKey("product.id"))
    live: Mapped[bool] = mapped_column(Boolean, default=False)


class PostTopic(Base):
    """A topic of the live revision of a post."""

    __tablename__ = "post_topic"

    post_id: Mapped[int] = mapped_column(BigInt, ForeignKey("post.id", ondelete="CASCADE"), primary_key=True)
    topic: Mapped[str] = mapped_column(String(60), primary_key=True, index=True)
