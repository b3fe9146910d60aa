"""Tables of affiliate programs and clicks."""

from __future__ import annotations

from sqlalchemy import BigInteger, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from contentshop.core.db import Base, BigInt, Moment, PrimaryKey
from contentshop.core.spool import Mark


class Program(Base):
    """How a merchant pays: its link template and the query parameter that carries our card's key.

    ``link_template`` knows ``{url}`` (the stored link, percent-encoded when it stands in a query) and
    ``{tag}``.
    """

    __tablename__ = "affiliate_program"

    id: Mapped[PrimaryKey]
    merchant_id: Mapped[int] = mapped_column(BigInt, ForeignKey("merchant.id", ondelete="CASCADE"), unique=True)
    link_template: Mapped[str] = mapped_column(String(500), default="{url}")
    tag: Mapped[str] = mapped_column(String(80), default="")
    tag_param: Mapped[str] = mapped_column(String(40), default="")
    sub_id_param: Mapped[str] = mapped_column(String(40), default="")


class Click(Base):
    """One reader sent to one merchant from one card. At most one a visitor, card, offer and hour.

    ``visitor`` is a keyed hash that changes every day; no address is kept. ``hour`` counts hours since 1970.
    """

    __tablename__ = "click"
    __table_args__ = (
        UniqueConstraint("visitor", "card_key", "offer_key", "hour"),
        Index("ix_click_card_time", "card_key", "clicked_at"),
        Index("ix_click_creator_time", "creator_key", "clicked_at"),
        Index("ix_click_time", "clicked_at"),
    )

    id: Mapped[PrimaryKey]
    clicked_at: Mapped[Moment]
    card_key: Mapped[str] = mapped_column(String(20))
    offer_key: Mapped[str] = mapped_column(String(20))
    post_key: Mapped[str] = mapped_column(String(20), default="")
    creator_key: Mapped[str] = mapped_column(String(20), default="")
    visitor: Mapped[str] = mapped_column(String(32))
    hour: Mapped[int] = mapped_column(BigInteger)


class SpoolMark(Mark, Base):
    """How far a click spool file has been read into the table."""

    __tablename__ = "click_spool_mark"
