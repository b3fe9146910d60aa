"""Changes of discovery: what the worker works out anew, and what people choose for their feeds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import delete, func, insert, select
from sqlalchemy.dialects import postgresql, sqlite

from contentshop.accounts.models import User
from contentshop.core.errors import Invalid, NotFound
from contentshop.core.uow import AnySession
from contentshop.core.words import say
from contentshop.curation.models import Topic
from contentshop.discovery.inputs import day_of
from contentshop.discovery.models import FeedChoice, FeedLess, FeedSearch, Follow, KnownQuery, SearchCount, Trend
from contentshop.discovery.queries.trending import BoardKey
from contentshop.discovery.trends import Place
from contentshop.posts.models import Post

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


def follow_creator(session: AnySession, creator: User, *, by: User, now: datetime) -> None:
    """Follow a creator; again changes nothing. Raises Invalid for oneself."""
    if creator.id == by.id:
        raise Invalid({"creator": [say("You cannot follow yourself.")]})
    _follow(session, by, now, creator_id=creator.id)


def follow_topic(session: AnySession, slug: str, *, by: User, now: datetime) -> None:
    """Follow a topic; again changes nothing. Raises NotFound."""
    topic_id = session.scalar(select(Topic.id).where(Topic.slug == slug))
    if topic_id is None:
        raise NotFound(say("There is no such topic."))
    _follow(session, by, now, topic_id=topic_id)


def _follow(session: AnySession, by: User, now: datetime, **target: int) -> None:
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    row = dialect.insert(Follow).values(user_id=by.id, followed_at=now, **target)
    session.execute(row.on_conflict_do_nothing())


def unfollow_creator(session: AnySession, creator: User, *, by: User) -> None:
    """Stop following a creator. Harmless when not followed."""
    session.execute(delete(Follow).where(Follow.user_id == by.id, Follow.creator_id == creator.id))


def unfollow_topic(session: AnySession, slug: str, *, by: User) -> None:
    """Stop following a topic. Harmless when not followed."""
    topic = select(Topic.id).where(Topic.slug == slug)
    session.execute(delete(Follow).where(Follow.user_id == by.id, Follow.topic_id.in_(topic)))


def show_less(session: AnySession, slug: str, *, by: User) -> None:
    """Keep this post, and others by its author unless followed, out of the person's feed. Raises NotFound."""
    post_id = session.scalar(select(Post.id).where(Post.slug == slug, Post.state == "published"))
    if post_id is None:
        raise NotFound(say("There is no such post. It may have been taken down."))
    session.merge(FeedLess(user_id=by.id, post_id=post_id))


def choose_order(session: AnySession, *, by_date: bool, by: User) -> None:
    """Remember whether the feed stands strictly by date."""
    session.merge(FeedChoice(user_id=by.id, by_date=by_date))


def reset_feed(session: AnySession, *, by: User) -> None:
    """Forget what the person searched for and wanted less of. Who and what is followed stays."""
    for table in (FeedSearch, FeedLess):
        session.execute(delete(table).where(table.user_id == by.id))
