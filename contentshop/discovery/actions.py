"""Changes of discovery: what the worker works out anew."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import delete, func, insert, select

from contentshop.core.uow import AnySession
from contentshop.discovery.inputs import day_of
from contentshop.discovery.models import KnownQuery, SearchCount, Trend
from contentshop.discovery.queries.trending import BoardKey
from contentshop.discovery.trends import Place

KNOWN_FOR = timedelta(days=30)
KNOWN_BY = 3  # visitors before words are offered to others
MOST_KNOWN = 5000


def refresh_known_queries(session: AnySession, *, now: datetime) -> int:
    """Work out which words may be offered to others while they type; returns how many. Writes only changes.

    At least ``KNOWN_BY`` visitors of the last 30 days, and one search that found things with all of the words: so
    nothing is offered that does not stand on the site.
    """
    visitors = func.sum(SearchCount.visitors)
    rows = session.execute(
        select(SearchCount.words, visitors)
        .where(SearchCount.day > day_of(now - KNOWN_FOR))
        .group_by(SearchCount.words)
        .having(
            visitors >= KNOWN_BY,
            func.sum(SearchCount.searches - SearchCount.fruitless - SearchCount.loosened) > 0,
        )
        .order_by(visitors.desc(), SearchCount.words)
        .limit(MOST_KNOWN)
    )
    wanted = {words: int(count) for words, count in rows}
    present = {row.words: row.visitors for row in session.execute(select(KnownQuery.words, KnownQuery.visitors))}
    if wanted != present:
        session.execute(delete(KnownQuery))
        if wanted:
            known = [{"words": words, "visitors": count} for words, count in wanted.items()]
            session.execute(insert(KnownQuery), known)
    return len(wanted)


def keep_boards(session: AnySession, boards: Mapping[BoardKey, Sequence[Place]]) -> int:
    """Put the boards that have changed into the table; returns how many. Readers' kept pages end with it."""
    present: dict[tuple[str, str], list[tuple[int | None, int]]] = {}
    for row in session.execute(select(Trend).order_by(Trend.place)).scalars():
        thing = row.post_id if row.kind == "post" else row.product_id
        present.setdefault((row.period, row.kind), []).append((thing, row.visitors))
    changed = 0
    for (period, kind), places in boards.items():
        if present.get((period, kind), []) == [(place.thing, place.visitors) for place in places]:
            continue
        session.execute(delete(Trend).where(Trend.period == period, Trend.kind == kind))
        rows = [
            {
                "period": period,
                "kind": kind,
                "place": number,
                "post_id": place.thing if kind == "post" else None,
                "product_id": place.thing if kind == "product" else None,
                "visitors": place.visitors,
            }
            for number, place in enumerate(places, start=1)
        ]
        if rows:
            session.execute(insert(Trend), rows)
        changed += 1
    return changed
