"""Tables of the search room."""

from __future__ import annotations

from sqlalchemy import JSON, Boolean, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from contentshop.core.db import Base, BigInt, Moment, PrimaryKey, PublicKey


class SynonymRule(Base):
    """Words that mean the same to who searches; see ``synonyms.Rule``."""

    __tablename__ = "synonym_rule"

    id: Mapped[PrimaryKey]
    key: Mapped[PublicKey]
    line: Mapped[str] = mapped_column(String(1000), unique=True)
    texts: Mapped[list[str]] = mapped_column(JSON)
    one_way: Mapped[bool] = mapped_column(Boolean, default=False)
    changed_by: Mapped[int] = mapped_column(BigInt, ForeignKey("user_account.id"))
    changed_at: Mapped[Moment]


class SuggestionKey(Base):
    """One way in which typing leads to a public thing: its title from some word on, or that in pinyin.

    ``document`` is the id of its document; ``head`` are the first two characters of ``key``, one for Chinese, and
    ``stem`` the first four, two for Chinese: what is typed is looked up under the longer of those it fills, so that
    few other keys are read. Smaller ``rank`` is suggested first.
    """

    __tablename__ = "suggestion_key"
    __table_args__ = (
        Index("ix_suggestion_key_head_rank", "head", "rank", "key"),
        Index("ix_suggestion_key_stem_rank", "stem", "rank", "key"),
    )

    id: Mapped[PrimaryKey]
    document: Mapped[str] = mapped_column(String(40), index=True)
    head: Mapped[str] = mapped_column(String(2))
    stem: Mapped[str] = mapped_column(String(4))
    key: Mapped[str] = mapped_column(String(80))
    rank: Mapped[int] = mapped_column(BigInt)
