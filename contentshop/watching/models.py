"""Tables of saved searches and of what was told about them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Boolean, CheckConstraint, ForeignKey, Index, Integer, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from contentshop.accounts.models import User
from contentshop.core.db import Base, BigInt, Moment, PrimaryKey, PublicKey, UtcDateTime
from contentshop.watching.inputs import KINDS, MAILS

# Why somebody was told: the thing is new, its price fell, it came back into stock, its words fit now.
REASONS = ("new", "price", "stock", "words")
# Why a thing that had fitted does so no longer; "gone" is what is not public any more.
LAPSES = ("", "price", "stock", "words", "gone")
# Whether it is known what fitted already when a search was saved: not yet, all of it, too much to list.
BASELINES = ("owed", "known", "broad")


class SavedSearch(Base):
    """What a person waits for. ``armed_at`` is when it was saved, last changed or resumed: what was there before
    is no news. ``round`` grows each time, and with it what was known is void.

    ``kind``, ``lang`` and ``topic`` are empty for any. ``price_to`` counts minor units of ``currency`` (None: any
    price); ``worth_from`` is a worth rate in per cent, ``votes_from`` a number of votes. ``mail_hour`` is an hour of
    the day in the person's time zone. The feed is signed over ``feed_serial``, so a new serial is a new address.
    ``synonyms`` are the editors' for its words, as [text, [meanings]], when it was anchored; ``anchorings`` counts how
    often that was.
    """

    __tablename__ = "saved_search"
    __table_args__ = (
        CheckConstraint(f"kind = '' OR kind IN {KINDS!r}", name="kind"),
        CheckConstraint("price_to >= 0", name="price"),
        CheckConstraint(f"mail IN {MAILS!r}", name="mail"),
        CheckConstraint("mail_hour BETWEEN 0 AND 23", name="mail_hour"),
        CheckConstraint(f"baseline IN {BASELINES!r}", name="baseline"),
    )

    id: Mapped[PrimaryKey]
    key: Mapped[PublicKey]
    user_id: Mapped[int] = mapped_column(BigInt, ForeignKey("user_account.id", ondelete="CASCADE"), index=True)
    name: Mapped[str] = mapped_column(String(80))
    text: Mapped[str] = mapped_column(String(200), default="")
    kind: Mapped[str] = mapped_column(String(10), default="")
    lang: Mapped[str] = mapped_column(String(10), default="")
    topic: Mapped[str] = mapped_column(String(60), default="")
    currency: Mapped[str] = mapped_column(String(3))
    price_to: Mapped[int | None] = mapped_column(BigInt)
    in_stock: Mapped[bool] = mapped_column(Boolean, default=False)
    worth_from: Mapped[int | None] = mapped_column(Integer)
    votes_from: Mapped[int | None] = mapped_column(Integer)
    in_app: Mapped[bool] = mapped_column(Boolean, default=True)
    mail: Mapped[str] = mapped_column(String(10), default="off")
    mail_hour: Mapped[int] = mapped_column(Integer, default=7)
    feed: Mapped[bool] = mapped_column(Boolean, default=False)
    feed_serial: Mapped[int] = mapped_column(Integer, default=1)
    paused: Mapped[bool] = mapped_column(Boolean, default=False)
    baseline: Mapped[str] = mapped_column(String(10), default="owed")
    round: Mapped[int] = mapped_column(Integer, default=1)
    synonyms: Mapped[list[Any]] = mapped_column(JSON, default=list, server_default="[]")
    anchorings: Mapped[int] = mapped_column(Integer, default=0, server_default="0")
    analysis: Mapped[int] = mapped_column(Integer, index=True)  # version its anchors were made by
    armed_at: Mapped[Moment]
    created_at: Mapped[Moment]

    user: Mapped[User] = relationship()


class Anchor(Base):
    """Under what a saved search is looked up: a document without any of its anchors cannot match it."""

    __tablename__ = "saved_search_anchor"

    search_id: Mapped[int] = mapped_column(
        BigInt, ForeignKey("saved_search.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    term: Mapped[str] = mapped_column(String(80), primary_key=True, index=True)


class Sighting(Base):
    """A thing that fits a saved search or once did. ``lapse`` is empty while it fits; ``crossings`` counts how
    often it came to fit, so that each time is told once."""

    __tablename__ = "sighting"
    __table_args__ = (
        UniqueConstraint("search_id", "kind", "key"),
        CheckConstraint(f"lapse IN {LAPSES!r}", name="lapse"),
        Index("ix_sighting_thing", "key", "kind"),
    )

    id: Mapped[PrimaryKey]
    search_id: Mapped[int] = mapped_column(BigInt, ForeignKey("saved_search.id", ondelete="CASCADE"))
    kind: Mapped[str] = mapped_column(String(10))
    key: Mapped[str] = mapped_column(String(20))
    lapse: Mapped[str] = mapped_column(String(10), default="")
    crossings: Mapped[int] = mapped_column(Integer, default=0)


class Notification(Base):
    """Word of one thing that came to fit one saved search, for the ``crossing``-th time in a ``round`` of it.

    ``price_minor`` is the lowest price then, in ``currency``. ``shown`` puts it among the person's notifications
    (what is not shown counts as read). ``mail_at`` is when it is to be mailed (None: never), ``queued_at`` when that
    was put to work, ``mailed_at`` when it was done.
    """

    __tablename__ = "notification"

    id: Mapped[PrimaryKey]
    public_key: Mapped[PublicKey]
    user_id: Mapped[int] = mapped_column(BigInt, ForeignKey("user_account.id", ondelete="CASCADE"))
    search_id: Mapped[int] = mapped_column(BigInt, ForeignKey("saved_search.id", ondelete="CASCADE"))
    reason: Mapped[str] = mapped_column(String(10))
    kind: Mapped[str] = mapped_column(String(10))
    key: Mapped[str] = mapped_column(String(20))
    round: Mapped[int] = mapped_column(Integer)
    crossing: Mapped[int] = mapped_column(Integer)
    price_minor: Mapped[int | None] = mapped_column(BigInt)
    currency: Mapped[str] = mapped_column(String(3))
    shown: Mapped[bool] = mapped_column(Boolean)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    read_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    mail_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    queued_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    mailed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    search: Mapped[SavedSearch] = relationship()

    # The constraint decides that a thing is told once for each time it came to fit.
    __table_args__ = (
        UniqueConstraint("search_id", "round", "kind", "key", "crossing"),
        CheckConstraint(f"reason IN {REASONS!r}", name="reason"),
        Index("ix_notification_person", "user_id", "created_at"),
        Index(
            "ix_notification_unread",
            "user_id",
            sqlite_where=read_at.is_(None),
            postgresql_where=read_at.is_(None),
        ),
        Index(
            "ix_notification_to_mail",
            "mail_at",
            sqlite_where=mail_at.is_not(None) & queued_at.is_(None),
            postgresql_where=mail_at.is_not(None) & queued_at.is_(None),
        ),
    )
