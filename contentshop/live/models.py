"""Tables of live sessions."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, Integer, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from contentshop.accounts.models import User
from contentshop.core.db import Base, BigInt, Moment, PrimaryKey, PublicKey, UtcDateTime
from contentshop.live.inputs import STATES
from contentshop.media.models import Asset


class LiveSession(Base):
    """A live session. ``version`` grows with everything that readers can see of it.

    It is *scheduled* for ``starts_at``, *live* from ``began_at`` to ``ended_at``, then *ended*, and a *replay* once
    its host has published a recording. ``stream`` is the address of the stream or recording at another site;
    without one, ``video`` is shown.
    """

    __tablename__ = "live_session"
    __table_args__ = (
        CheckConstraint(f"state IN {STATES!r}", name="state"),
        CheckConstraint("state = 'scheduled' OR began_at IS NOT NULL", name="began"),
        CheckConstraint("state NOT IN ('ended', 'replay') OR ended_at IS NOT NULL", name="ended"),
        Index("ix_live_session_next", "state", "starts_at"),
    )

    id: Mapped[PrimaryKey]
    key: Mapped[PublicKey]
    host_id: Mapped[int] = mapped_column(BigInt, ForeignKey("user_account.id"), index=True)
    state: Mapped[str] = mapped_column(String(10), default="scheduled")
    title: Mapped[str] = mapped_column(String(200))
    summary: Mapped[str] = mapped_column(String(500), default="")
    lang: Mapped[str] = mapped_column(String(10), default="en")
    relation: Mapped[str] = mapped_column(String(12), default="affiliate")
    stream: Mapped[str] = mapped_column(String(500), default="")
    video_id: Mapped[int | None] = mapped_column(BigInt, ForeignKey("asset.id"))
    starts_at: Mapped[Moment]
    began_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    created_at: Mapped[Moment]
    version: Mapped[int] = mapped_column(Integer, default=1)

    host: Mapped[User] = relationship()
    video: Mapped[Asset | None] = relationship()


class LiveCard(Base):
    """A product in a session's queue. ``pinned_at`` is set while it is the card that readers are shown."""

    __tablename__ = "live_card"
    __table_args__ = (UniqueConstraint("session_id", "product_id"),)

    id: Mapped[PrimaryKey]
    key: Mapped[PublicKey]
    session_id: Mapped[int] = mapped_column(BigInt, ForeignKey("live_session.id", ondelete="CASCADE"), index=True)
    product_id: Mapped[int] = mapped_column(BigInt, ForeignKey("product.id"))
    note: Mapped[str] = mapped_column(String(300), default="")
    position: Mapped[int] = mapped_column(Integer)
    pinned_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class LiveMoment(Base):
    """A time of the recording at which a card was shown: ``second`` counts from the session's beginning."""

    __tablename__ = "live_moment"
    __table_args__ = (
        UniqueConstraint("card_id", "second"),
        CheckConstraint("second >= 0", name="second"),
    )

    id: Mapped[PrimaryKey]
    session_id: Mapped[int] = mapped_column(BigInt, ForeignKey("live_session.id", ondelete="CASCADE"), index=True)
    card_id: Mapped[int] = mapped_column(BigInt, ForeignKey("live_card.id", ondelete="CASCADE"))
    second: Mapped[int] = mapped_column(Integer)
