"""Tables of what is read of other shops' pages and of product files."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Integer, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from contentshop.core.db import Base, BigInt, Moment, PrimaryKey, UtcDateTime
from contentshop.products.models.things import Offer


class OfferPage(Base):
    """An offer that a creator brought in by its page, and when the worker looks at that page again.

    ``address`` is the offer's, unique, so that one page never becomes two products. ``failures`` counts looks in a
    row that told nothing; ``gone`` those in a row that the shop answered with "no such page".
    """

    __tablename__ = "offer_page"

    offer_id: Mapped[int] = mapped_column(
        BigInt, ForeignKey("offer.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    address: Mapped[str] = mapped_column(String(64), unique=True)
    check_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    failures: Mapped[int] = mapped_column(Integer, default=0)
    gone: Mapped[int] = mapped_column(Integer, default=0)

    offer: Mapped[Offer] = relationship()


class PageReading(Base):
    """What was read of a page that somebody pasted, until it is made a product or forgotten.

    Kept on our side, so that what a form says can be told from what the page said. ``facts`` is a ``PageFacts`` as
    JSON.
    """

    __tablename__ = "page_reading"

    id: Mapped[PrimaryKey]
    reader_id: Mapped[int] = mapped_column(BigInt, ForeignKey("user_account.id", ondelete="CASCADE"))
    address: Mapped[str] = mapped_column(String(64))
    url: Mapped[str] = mapped_column(String(2000))
    facts: Mapped[dict[str, Any]] = mapped_column(JSON)
    read_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)

    __table_args__ = (UniqueConstraint("reader_id", "address"),)


class ImportRun(Base):
    """How far one file has been imported, so that an interrupted import goes on where it stopped.

    ``digest`` names the file's content together with the options it is read by. ``last_line`` is written in the
    transaction of the rows up to it. ``pending`` holds [line, product id, slug] of alternatives that come later
    in the file.
    """

    __tablename__ = "import_run"

    id: Mapped[PrimaryKey]
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    last_line: Mapped[int] = mapped_column(Integer, default=0)
    added: Mapped[int] = mapped_column(Integer, default=0)
    updated: Mapped[int] = mapped_column(Integer, default=0)
    unchanged: Mapped[int] = mapped_column(Integer, default=0)
    failed: Mapped[int] = mapped_column(Integer, default=0)
    pending: Mapped[list[list[Any]]] = mapped_column(JSON, default=list)
    started_at: Mapped[Moment]
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
