"""What people search for: for editors, and for those who type."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, func, select

from contentshop.core.uow import AnySession
from contentshop.discovery.inputs import day_of, normal_words
from contentshop.discovery.models import KnownQuery, SearchCount


@dataclass(frozen=True, slots=True)
class QueryRow:
    """A query over some days (see ``SearchCount``). ``rank`` is the mean place of what was opened, or None."""

    words: str
    lang: str
    searches: int
    visitors: int
    fruitless: int
    loosened: int
    abandoned: int
    picks: int
    rank: float | None


@dataclass(frozen=True, slots=True)
class SearchTotals:
    """All searches over some days."""

    searches: int
    fruitless: int
    loosened: int
    picks: int


def known_queries(session: AnySession, prefix: str, limit: int) -> list[str]:
    """What others searched for that begins with ``prefix``, by how many people they were; one statement."""
    start = normal_words(prefix)
    if not start:
        return []
    return list(
        session.scalars(
            select(KnownQuery.words)
            .where(KnownQuery.words.startswith(start, autoescape=True))
            .order_by(KnownQuery.visitors.desc(), KnownQuery.words)
            .limit(limit)
        )
    )


def total_searches(session: AnySession, *, days: int, now: datetime) -> SearchTotals:
    """All searches of the last ``days`` days, today included."""
    names = ("searches", "fruitless", "loosened", "picks")
    sums = [func.coalesce(func.sum(getattr(SearchCount, name)), 0) for name in names]
    row = session.execute(select(*sums).where(_since(days, now))).one()
    return SearchTotals(*map(int, row))


def list_top(session: AnySession, *, days: int, now: datetime, limit: int) -> list[QueryRow]:
    """What most people searched for."""
    return _rows(session, _counted(days, now).order_by(_sum("visitors").desc()), limit)


def list_fruitless(session: AnySession, *, days: int, now: datetime, limit: int) -> list[QueryRow]:
    """What most often found nothing."""
    fruitless = _sum("fruitless")
    return _rows(session, _counted(days, now).having(fruitless > 0).order_by(fruitless.desc()), limit)


def list_abandoned(session: AnySession, *, days: int, now: datetime, limit: int) -> list[QueryRow]:
    """What most people were shown results for and opened none."""
    abandoned = _sum("abandoned")
    return _rows(session, _counted(days, now).having(abandoned > 0).order_by(abandoned.desc()), limit)


def _since(days: int, now: datetime) -> ColumnElement[bool]:
    return SearchCount.day > day_of(now - timedelta(days=days))


def _sum(name: str) -> ColumnElement[int]:
    return func.sum(getattr(SearchCount, name))


def _counted(days: int, now: datetime) -> Select[*tuple[Any, ...]]:
    names = ("searches", "visitors", "fruitless", "loosened", "abandoned", "picks", "rank_sum")
    return (
        select(SearchCount.words, SearchCount.lang, *(_sum(name).label(name) for name in names))
        .where(_since(days, now))
        .group_by(SearchCount.words, SearchCount.lang)
    )


def _rows(session: AnySession, query: Select[*tuple[Any, ...]], limit: int) -> list[QueryRow]:
    """At equal numbers what was searched more often comes first, then by its words."""
    ordered = query.order_by(_sum("searches").desc(), SearchCount.words, SearchCount.lang).limit(limit)
    return [
        QueryRow(
            words=row.words,
            lang=row.lang,
            searches=int(row.searches),
            visitors=int(row.visitors),
            fruitless=int(row.fruitless),
            loosened=int(row.loosened),
            abandoned=int(row.abandoned),
            picks=int(row.picks),
            rank=int(row.rank_sum) / int(row.picks) if row.picks else None,
        )
        for row in session.execute(ordered)
    ]
