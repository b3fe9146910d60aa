"""Tables of discovery. ``visitor`` is everywhere the keyed hash of one day that clicks have; no address is kept.

Days and hours count from 1970, UTC.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, CheckConstraint, Float, ForeignKey, Index, Integer, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from contentshop.core.db import Base, BigInt, Moment, PrimaryKey
from contentshop.core.spool import Mark
from contentshop.discovery.inputs import LONGEST_WORDS


class SearchSeen(Base):
    """One search by one person, once an hour for the same words. Forgotten after days: ``SearchCount`` stays."""

    __tablename__ = "search_seen"
    __table_args__ = (
        UniqueConstraint("visitor", "words", "lang", "hour"),
        Index("ix_search_seen_day", "day", "words"),
    )

    id: Mapped[PrimaryKey]
    day: Mapped[int] = mapped_column(Integer)
    hour: Mapped[int] = mapped_column(BigInteger)
    lang: Mapped[str] = mapped_column(String(10))
    words: Mapped[str] = mapped_column(String(LONGEST_WORDS))
    visitor: Mapped[str] = mapped_column(String(32))
    found: Mapped[int] = mapped_column(Integer)
    loosened: Mapped[bool] = mapped_column(Boolean)


class SearchPick(Base):
    """A result that was opened from a search, once a visitor, search and day. ``rank`` is 1 for the first one.

    ``kind`` is post, product or creator; ``target`` its public key.
    """

    __tablename__ = "search_pick"
    __table_args__ = (
        UniqueConstraint("visitor", "words", "lang", "day", "target"),
        Index("ix_search_pick_day", "day", "words"),
        Index("ix_search_pick_time", "picked_at"),
    )

    id: Mapped[PrimaryKey]
    picked_at: Mapped[Moment]
    day: Mapped[int] = mapped_column(Integer)
    lang: Mapped[str] = mapped_column(String(10))
    words: Mapped[str] = mapped_column(String(LONGEST_WORDS))
    visitor: Mapped[str] = mapped_column(String(32))
    kind: Mapped[str] = mapped_column(String(10))
    target: Mapped[str] = mapped_column(String(20))
    rank: Mapped[int] = mapped_column(Integer)


class SearchCount(Base):
    """What a day's searches for the same words came to, in one language of the interface.

    ``fruitless``: searches that found nothing. ``loosened``: that found only things with some of the words, or for
    words that were corrected. ``abandoned``: visitors who were shown results and opened none. ``rank_sum`` over
    ``picks`` is the mean place of what was opened.
    """

    __tablename__ = "search_count"

    day: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    lang: Mapped[str] = mapped_column(String(10), primary_key=True)
    words: Mapped[str] = mapped_column(String(LONGEST_WORDS), primary_key=True)
    searches: Mapped[int] = mapped_column(Integer)
    visitors: Mapped[int] = mapped_column(Integer)
    fruitless: Mapped[int] = mapped_column(Integer)
    loosened: Mapped[int] = mapped_column(Integer)
    abandoned: Mapped[int] = mapped_column(Integer)
    picks: Mapped[int] = mapped_column(Integer)
    rank_sum: Mapped[int] = mapped_column(Integer)


class KnownQuery(Base):
    """Words that enough people have searched for, and found something by, to be offered to others."""

    __tablename__ = "known_query"

    words: Mapped[str] = mapped_column(String(LONGEST_WORDS), primary_key=True)
    visitors: Mapped[int] = mapped_column(Integer)


class SearchMark(Mark, Base):
    """How far a search spool file has been read into the tables."""

    __tablename__ = "search_spool_mark"


class Trend(Base):
    """One place of a trending board, worked out by the worker: a post or a product. 1 is the first."""

    __tablename__ = "trend"
    __table_args__ = (CheckConstraint("(post_id IS NULL) <> (product_id IS NULL)", name="one_target"),)

    period: Mapped[str] = mapped_column(String(5), primary_key=True)
    kind: Mapped[str] = mapped_column(String(10), primary_key=True)
    place: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    post_id: Mapped[int | None] = mapped_column(BigInt, ForeignKey("post.id", ondelete="CASCADE"), index=True)
    product_id: Mapped[int | None] = mapped_column(BigInt, ForeignKey("product.id", ondelete="CASCADE"), index=True)
    visitors: Mapped[int] = mapped_column(Integer)


class Follow(Base):
    """A person follows a creator or a topic."""

    __tablename__ = "follow"
    __table_args__ = (
        UniqueConstraint("user_id", "creator_id"),
        UniqueConstraint("user_id", "topic_id"),
        CheckConstraint("(creator_id IS NULL) <> (topic_id IS NULL)", name="one_target"),
    )

    id: Mapped[PrimaryKey]
    user_id: Mapped[int] = mapped_column(BigInt, ForeignKey("user_account.id", ondelete="CASCADE"))
    creator_id: Mapped[int | None] = mapped_column(
        BigInt, ForeignKey("user_account.id", ondelete="CASCADE"), index=True
    )
    topic_id: Mapped[int | None] = mapped_column(BigInt, ForeignKey("topic.id", ondelete="CASCADE"), index=True)
    followed_at: Mapped[Moment]


class FeedChoice(Base):
    """How a person wants the feed: ``by_date``: strictly newest first, without suggestions before older posts."""

    __tablename__ = "feed_choice"

    user_id: Mapped[int] = mapped_column(BigInt, ForeignKey("user_account.id", ondelete="CASCADE"), primary_key=True)
    by_date: Mapped[bool] = mapped_column(Boolean)


class FeedSearch(Base):
    """What a signed-in person searched for lately, for suggestions in that person's own feed."""

    __tablename__ = "feed_search"

    user_id: Mapped[int] = mapped_column(BigInt, ForeignKey("user_account.id", ondelete="CASCADE"), primary_key=True)
    words: Mapped[str] = mapped_column(String(LONGEST_WORDS), primary_key=True)
    searched_at: Mapped[Moment]


class FeedLess(Base):
    """A post that a person wants less of: it, and others by its author that the person does not follow."""

    __tablename__ = "feed_less"

    user_id: Mapped[int] = mapped_column(BigInt, ForeignKey("user_account.id", ondelete="CASCADE"), primary_key=True)
    post_id: Mapped[int] = mapped_column(
        BigInt, ForeignKey("post.id", ondelete="CASCADE"), primary_key=True, index=True
    )


class Likeness(Base):
    """Another post whose text has much of what this one is about. ``closeness`` is above 0 and at most 1."""

    __tablename__ = "likeness"
    __table_args__ = (CheckConstraint("closeness > 0 AND closeness <= 1", name="closeness"),)

    post_id: Mapped[int] = mapped_column(BigInt, ForeignKey("post.id", ondelete="CASCADE"), primary_key=True)
    other_id: Mapped[int] = mapped_column(
        BigInt, ForeignKey("post.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    closeness: Mapped[float] = mapped_column(Float)
