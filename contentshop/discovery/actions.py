"""Changes of discovery: what the worker works out anew."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import delete, func, insert, select

from contentshop.core.uow import AnySession
from contentshop.discovery.inputs import day_of
from contentshop.discovery.models import KnownQuery, SearchCount

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
