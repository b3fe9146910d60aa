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
from contentshop.core.db import Base, BigInt, Minor, Moment, PrimaryKey, PublicKey, UtcDateTime
from contentshop.media.models import Asset
from contentshop.posts.bargains import CLOSED_AS, CLOSED_BY, COUPON_KINDS, OVER_KINDS, PHASES
from contentshop.posts.inputs import POST_KINDS, RELATIONS

POST_STATES = ("draft", "published", "unpublished")
# How a revision came about: written by itself while somebody typed, by pressing "Save", by restoring another.
REVISION_KINDS = ("autosave", "saved", "restored")
PLAN_KINDS = ("publish", "unpublish")
PLAN_STATES = ("waiting", "done", "failed", "cancelled")
MEMBER_ROLES = ("coauthor", "reviewer")
MEMBER_STATES = ("invited", "accepted", "declined", "left", "removed")
REMARK_KINDS = ("comment", "suggestion")
REMARK_STATES = ("open", "resolved", "accepted", "rejected")
# What readers say of a deal: that it is over, or whether its coupon works.
REPORT_ABOUT = ("over", "coupon")


class Post(Base):
    """An article, a buying list or a deal.

    ``version`` grows with every change of what readers see, ``draft_version`` with every change of the draft;
    saving checks the latter. ``updates`` are [time, what changed] of the updates that readers are told of, oldest
    first. The post belongs to ``author``; who else works on it stands in ``members``.
    """

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
    draft_version: Mapped[int] = mapped_column(Integer, default=1)
    updates: Mapped[list[list[str]]] = mapped_column(JSON, default=list)

    author: Mapped[User] = relationship()
    members: Mapped[list[PostMember]] = relationship(order_by="PostMember.id", viewonly=True)
    draft: Mapped[Revision | None] = relationship(foreign_keys=[draft_id], post_update=True)
    live: Mapped[Revision | None] = relationship(foreign_keys=[live_id], post_update=True)


class Revision(Base):
    """One saved state of a post: the source as written, and what was made of it once, on saving.

    ``segments`` is the safe HTML cut at its card slots (see ``posts.rendering``), ``text`` its plain text for
    search, ``cards`` the card references with their words, each with the public key of its ``Card``.
    Only the draft is written to, and only while it is an autosave of the same person's session; what was saved by
    hand, and what readers have seen (``published_at``), stays as it is. ``restored_from`` is another's number.
    ``problems`` are [line, sentence, its values] of cards that could not be read or found; a draft may have them.
    ``tested`` says how the author came to the verdict; the three dates, when, and since when the thing is theirs.
    ``deal`` are the facts of a deal as words (``posts.bargains``), empty for every other kind.
    """

    __tablename__ = "revision"
    __table_args__ = (
        UniqueConstraint("post_id", "number"),
        CheckConstraint(f"relation IN {RELATIONS!r}", name="relation"),
        CheckConstraint(f"kind IN {REVISION_KINDS!r}", name="kind"),
    )

    id: Mapped[PrimaryKey]
    post_id: Mapped[int] = mapped_column(BigInt, ForeignKey("post.id", ondelete="CASCADE"), index=True)
    number: Mapped[int] = mapped_column(Integer)
    kind: Mapped[str] = mapped_column(String(10), default="saved")
    title: Mapped[str] = mapped_column(String(200))
    summary: Mapped[str] = mapped_column(String(500), default="")
    source: Mapped[str] = mapped_column(Text, default="")
    tested: Mapped[str] = mapped_column(String(500), default="")
    tested_from: Mapped[date | None] = mapped_column(Date)
    tested_to: Mapped[date | None] = mapped_column(Date)
    owned_since: Mapped[date | None] = mapped_column(Date)
    deal: Mapped[dict[str, str]] = mapped_column(JSON, default=dict)
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
    lang: Mapped[str] = mapped_column(String(10), default="en")
    saved_by: Mapped[int | None] = mapped_column(BigInt, ForeignKey("user_account.id"))
    saved_at: Mapped[Moment]
    published_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    restored_from: Mapped[int | None] = mapped_column(Integer)

    cover: Mapped[Asset | None] = relationship()


class Card(Base):
    """A product card's lasting identity: its key stays the same while the words around it change.

    ``live`` is set while the card stands in the revision that readers see, unless it says that the product was not
    chosen: such a card recommends nothing and has no way to buy. ``/go`` serves only live cards.
    """

    __tablename__ = "card"

    id: Mapped[PrimaryKey]
    key: Mapped[PublicKey]
    post_id: Mapped[int] = mapped_column(BigInt, ForeignKey("post.id", ondelete="CASCADE"), index=True)
    product_id: Mapped[int] = mapped_column(BigInt, ForeignKey("product.id"), index=True)
    alternative_id: Mapped[int | None] = mapped_column(BigInt, ForeignKey("product.id"))
    live: Mapped[bool] = mapped_column(Boolean, default=False)


class Deal(Base):
    """A published deal as readers see it and as they found it: what its live revision says, and how it stands.

    ``until`` is when the clock ends it; ``phase`` is what the index knows, kept up with the clock by the worker.
    ``closed_as`` says that it ended before, ``closed_by`` how that became known and ``closed_why`` what a look at the
    offer found; ``confirmed``: its author or an editor said so. ``base_minor`` is what the shop asked when the deal was
    published, if that was known. ``reports`` counts those who say now that it is over, ``works`` and ``fails`` those
    who tried the coupon. ``version`` grows with everything that readers see of it. ``merged_into_id`` is the post
    of the same deal that took its place: its address leads there.
    """

    __tablename__ = "deal"
    __table_args__ = (
        CheckConstraint(f"phase IN {PHASES!r}", name="phase"),
        CheckConstraint(f"closed_as IN {CLOSED_AS!r}", name="closed_as"),
        CheckConstraint(f"closed_by IN {CLOSED_BY!r}", name="closed_by"),
        CheckConstraint("price_minor >= 0", name="price"),
        CheckConstraint("reports >= 0 AND works >= 0 AND fails >= 0", name="counts"),
        Index("ix_deal_running", "phase", "until"),
    )

    post_id: Mapped[int] = mapped_column(
        BigInt, ForeignKey("post.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    product_id: Mapped[int] = mapped_column(BigInt, ForeignKey("product.id"), index=True)
    shop: Mapped[str] = mapped_column(String(40), default="")
    price_minor: Mapped[int] = mapped_column(BigInt)
    currency: Mapped[str] = mapped_column(String(3))
    base_minor: Mapped[Minor | None]
    region: Mapped[str] = mapped_column(String(2), default="")
    coupon: Mapped[str] = mapped_column(String(60), default="")
    starts_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ends_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    until: Mapped[datetime] = mapped_column(UtcDateTime)
    phase: Mapped[str] = mapped_column(String(10))
    closed_as: Mapped[str] = mapped_column(String(10), default="")
    closed_by: Mapped[str] = mapped_column(String(10), default="")
    closed_why: Mapped[str] = mapped_column(String(10), default="")
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    confirmed: Mapped[bool] = mapped_column(Boolean, default=False)
    reports: Mapped[int] = mapped_column(Integer, default=0)
    works: Mapped[int] = mapped_column(Integer, default=0)
    fails: Mapped[int] = mapped_column(Integer, default=0)
    version: Mapped[int] = mapped_column(Integer, default=1)
    merged_into_id: Mapped[int | None] = mapped_column(BigInt, ForeignKey("post.id"), index=True)


class DealReport(Base):
    """What one person says of a deal: that it is over, or whether its coupon works; one of each, to be taken back."""

    __tablename__ = "deal_report"
    __table_args__ = (
        CheckConstraint(f"about IN {REPORT_ABOUT!r}", name="about"),
        CheckConstraint(
            f"(about = 'over' AND kind IN {OVER_KINDS!r}) OR (about = 'coupon' AND kind IN {COUPON_KINDS!r})",
            name="kind",
        ),
    )

    post_id: Mapped[int] = mapped_column(
        BigInt, ForeignKey("deal.post_id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    user_id: Mapped[int] = mapped_column(
        BigInt, ForeignKey("user_account.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    about: Mapped[str] = mapped_column(String(10), primary_key=True)
    kind: Mapped[str] = mapped_column(String(10))
    reported_at: Mapped[Moment]


class PostTopic(Base):
    """A topic of the live revision of a post."""

    __tablename__ = "post_topic"

    post_id: Mapped[int] = mapped_column(BigInt, ForeignKey("post.id", ondelete="CASCADE"), primary_key=True)
    topic: Mapped[str] = mapped_column(String(60), primary_key=True, index=True)


class Series(Base):
    """Posts of one creator that belong together, in an order. ``version`` grows with each change of it or its order."""

    __tablename__ = "series"

    id: Mapped[PrimaryKey]
    key: Mapped[PublicKey]
    slug: Mapped[str] = mapped_column(String(100), unique=True)
    author_id: Mapped[int] = mapped_column(BigInt, ForeignKey("user_account.id"), index=True)
    title: Mapped[str] = mapped_column(String(120))
    intro: Mapped[str] = mapped_column(String(1000), default="")
    lang: Mapped[str] = mapped_column(String(10), default="en")
    created_at: Mapped[Moment]
    version: Mapped[int] = mapped_column(Integer, default=1)

    author: Mapped[User] = relationship()


class SeriesPart(Base):
    """A post in a series; it is in at most one. ``position`` counts from 0, drafts included."""

    __tablename__ = "series_part"

    post_id: Mapped[int] = mapped_column(
        BigInt, ForeignKey("post.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    series_id: Mapped[int] = mapped_column(BigInt, ForeignKey("series.id", ondelete="CASCADE"), index=True)
    position: Mapped[int] = mapped_column(Integer)


class RevisionAsset(Base):
    """A medium that a revision uses: its cover, or one named in its text (see ``posts.media_use``)."""

    __tablename__ = "revision_asset"

    revision_id: Mapped[int] = mapped_column(BigInt, ForeignKey("revision.id", ondelete="CASCADE"), primary_key=True)
    asset_id: Mapped[int] = mapped_column(BigInt, ForeignKey("asset.id"), primary_key=True, index=True)


class DraftStep(Base):
    """How to go back from a version of a draft to the one before (``version``): see ``posts.merging``.

    Two windows that began at one version have its text in common; these steps lead back to it.
    """

    __tablename__ = "draft_step"

    post_id: Mapped[int] = mapped_column(
        BigInt, ForeignKey("post.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    version: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    changes: Mapped[dict[str, Any]] = mapped_column(JSON)
    saved_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


class StrayCopy(Base):
    """Words that could not be saved because others had been in the meantime, kept until they are merged.

    ``version`` is the draft they were written on top of; ``settled_at`` tells when they were merged or given up.
    """

    __tablename__ = "stray_copy"

    id: Mapped[PrimaryKey]
    key: Mapped[PublicKey]
    post_id: Mapped[int] = mapped_column(BigInt, ForeignKey("post.id", ondelete="CASCADE"), index=True)
    user_id: Mapped[int] = mapped_column(BigInt, ForeignKey("user_account.id", ondelete="CASCADE"))
    version: Mapped[int] = mapped_column(Integer)
    words: Mapped[dict[str, Any]] = mapped_column(JSON)
    kept_at: Mapped[Moment]
    settled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class PostPlan(Base):
    """What is to happen to a post by itself at ``at``: a certain revision is shown, or the post is taken down.

    ``zone`` is the time zone in which its author chose the time. A failed plan keeps in ``problems`` why.
    """

    __tablename__ = "post_plan"

    id: Mapped[PrimaryKey]
    key: Mapped[PublicKey]
    post_id: Mapped[int] = mapped_column(BigInt, ForeignKey("post.id", ondelete="CASCADE"), index=True)
    kind: Mapped[str] = mapped_column(String(10))
    revision_id: Mapped[int | None] = mapped_column(BigInt, ForeignKey("revision.id"))
    at: Mapped[Moment]
    zone: Mapped[str] = mapped_column(String(64))
    note: Mapped[str] = mapped_column(String(300), default="")
    silent: Mapped[bool] = mapped_column(Boolean, default=False)
    planned_by: Mapped[int] = mapped_column(BigInt, ForeignKey("user_account.id"))
    planned_at: Mapped[Moment]
    state: Mapped[str] = mapped_column(String(10), default="waiting")
    problems: Mapped[list[Any]] = mapped_column(JSON, default=list)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    post: Mapped[Post] = relationship()
    revision: Mapped[Revision | None] = relationship()

    __table_args__ = (
        CheckConstraint(f"kind IN {PLAN_KINDS!r}", name="kind"),
        CheckConstraint(f"state IN {PLAN_STATES!r}", name="state"),
        # One of a kind at a time; also what the worker looks through.
        Index(
            "ix_post_plan_waiting",
            "post_id",
            "kind",
            unique=True,
            sqlite_where=state == "waiting",
            postgresql_where=state == "waiting",
        ),
    )


class PreviewLink(Base):
    """An address under which anybody may read the draft for a while. Only a hash of its token is kept."""

    __tablename__ = "preview_link"

    id: Mapped[PrimaryKey]
    key: Mapped[PublicKey]
    post_id: Mapped[int] = mapped_column(BigInt, ForeignKey("post.id", ondelete="CASCADE"), index=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    made_by: Mapped[int] = mapped_column(BigInt, ForeignKey("user_account.id"))
    made_at: Mapped[Moment]
    expires_at: Mapped[Moment]
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class PostMember(Base):
    """Somebody who works on another's post, or was asked to.

    Invited by handle, ``user_id`` is known from the start; invited by ``email``, from the answer on.
    """

    __tablename__ = "post_member"
    __table_args__ = (
        UniqueConstraint("post_id", "user_id"),
        CheckConstraint(f"role IN {MEMBER_ROLES!r}", name="role"),
        CheckConstraint(f"state IN {MEMBER_STATES!r}", name="state"),
        CheckConstraint("state <> 'accepted' OR user_id IS NOT NULL", name="person"),
    )

    id: Mapped[PrimaryKey]
    key: Mapped[PublicKey]
    post_id: Mapped[int] = mapped_column(BigInt, ForeignKey("post.id", ondelete="CASCADE"))
    user_id: Mapped[int | None] = mapped_column(BigInt, ForeignKey("user_account.id", ondelete="CASCADE"), index=True)
    email: Mapped[str] = mapped_column(String(254), default="")
    role: Mapped[str] = mapped_column(String(10))
    state: Mapped[str] = mapped_column(String(10), default="invited")
    invited_by: Mapped[int] = mapped_column(BigInt, ForeignKey("user_account.id"))
    invited_at: Mapped[Moment]
    answered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    user: Mapped[User | None] = relationship(foreign_keys=[user_id])
    post: Mapped[Post] = relationship(viewonly=True)


class Remark(Base):
    """What somebody says about a passage of a draft, or offers to write instead; an answer has a ``parent_id``.

    The passage is found again by its words (``quote``, with what stood around it), so it survives edits elsewhere.
    """

    __tablename__ = "remark"
    __table_args__ = (
        CheckConstraint(f"kind IN {REMARK_KINDS!r}", name="kind"),
        CheckConstraint(f"state IN {REMARK_STATES!r}", name="state"),
    )

    id: Mapped[PrimaryKey]
    key: Mapped[PublicKey]
    post_id: Mapped[int] = mapped_column(BigInt, ForeignKey("post.id", ondelete="CASCADE"), index=True)
    parent_id: Mapped[int | None] = mapped_column(BigInt, ForeignKey("remark.id", ondelete="CASCADE"), index=True)
    author_id: Mapped[int] = mapped_column(BigInt, ForeignKey("user_account.id"))
    kind: Mapped[str] = mapped_column(String(10), default="comment")
    body: Mapped[str] = mapped_column(Text, default="")
    quote: Mapped[str] = mapped_column(Text, default="")
    before: Mapped[str] = mapped_column(String(80), default="")
    after: Mapped[str] = mapped_column(String(80), default="")
    instead: Mapped[str] = mapped_column(Text, default="")
    state: Mapped[str] = mapped_column(String(10), default="open")
    decided_by: Mapped[int | None] = mapped_column(BigInt, ForeignKey("user_account.id"))
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    created_at: Mapped[Moment]

    author: Mapped[User] = relationship(foreign_keys=[author_id])


class EditLock(Base):
    """Who is writing on a draft now; without a sign of life it ends by itself (``posts.policy.LOCK_LIFE``)."""

    __tablename__ = "edit_lock"

    post_id: Mapped[int] = mapped_column(
        BigInt, ForeignKey("post.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    user_id: Mapped[int] = mapped_column(BigInt, ForeignKey("user_account.id", ondelete="CASCADE"))
    since: Mapped[Moment]
    beat_at: Mapped[Moment]

    user: Mapped[User] = relationship()


class StudioNotice(Base):
    """Word to somebody who works on a post of what happened to it: ``kind`` says what, ``who`` did it."""

    __tablename__ = "studio_notice"
    __table_args__ = (Index("ix_studio_notice_person", "user_id", "created_at"),)

    id: Mapped[PrimaryKey]
    key: Mapped[PublicKey]
    user_id: Mapped[int] = mapped_column(BigInt, ForeignKey("user_account.id", ondelete="CASCADE"))
    post_id: Mapped[int] = mapped_column(BigInt, ForeignKey("post.id", ondelete="CASCADE"), index=True)
    kind: Mapped[str] = mapped_column(String(20))
    who_id: Mapped[int | None] = mapped_column(BigInt, ForeignKey("user_account.id", ondelete="CASCADE"))
    created_at: Mapped[Moment]
    read_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    post: Mapped[Post] = relationship()
    who: Mapped[User | None] = relationship(foreign_keys=[who_id])
