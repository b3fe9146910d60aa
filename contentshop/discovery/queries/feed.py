"""A person's own feed: what they follow first, then what they may like, each with its reason."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import exists, select

from contentshop.accounts.models import User
from contentshop.core.errors import Unavailable
from contentshop.core.uow import AnySession
from contentshop.curation.models import Topic
from contentshop.discovery.models import FeedChoice, FeedLess, FeedSearch, Follow
from contentshop.posts.models import Post, PostTopic
from contentshop.posts.queries import PostTile, read_tile, select_tiles
from contentshop.search.port import SearchBackend, SearchQuery

NEW = timedelta(days=30)  # how long a post of a followed creator stands before suggestions
LENGTH = 24
PAGES = 20
WORDS = 3  # of the person's last searches that are asked for
FOUND = 8  # results of each

Why = Literal["creator", "topic", "search"]


@dataclass(frozen=True, slots=True)
class FeedEntry:
    """A post and why it stands here: a followed creator's name, a followed topic's title or searched words."""

    tile: PostTile
    why: Why
    what: str


@dataclass(frozen=True, slots=True)
class Followed:
    """Something that is followed. ``name`` is a creator's handle or a topic's slug."""

    why: Why
    name: str
    title: str


@dataclass(frozen=True, slots=True)
class Feed:
    """A page of a feed with everything that it was made of; ``more``: there is another page."""

    entries: Sequence[FeedEntry]
    follows: Sequence[Followed]
    searched: Sequence[str]
    by_date: bool
    hidden: int
    more: bool = False


def follows_creator(session: AnySession, user_id: int, creator_id: int) -> bool:
    """Whether the person follows this creator."""
    return bool(session.scalar(select(exists().where(Follow.user_id == user_id, Follow.creator_id == creator_id))))


def follows_topic(session: AnySession, user_id: int, slug: str) -> bool:
    """Whether the person follows this topic."""
    followed = exists().where(Follow.user_id == user_id, Follow.topic_id == Topic.id, Topic.slug == slug)
    return bool(session.scalar(select(followed)))


def read_feed(
    session: AnySession, backend: SearchBackend, *, user_id: int, locale: str, now: datetime, page: int = 1
) -> Feed:
    """A page of a person's feed (``PAGES`` at most, of ``LENGTH`` posts), in at most seven statements and ``WORDS``
    questions to the search engine.

    New posts of followed creators come first; then posts on followed topics, what the person's last searches find,
    and older posts of followed creators. Within each the newest come first; by date, all of them do. A post stands
    once, with its first reason. What the person wants less of is left out, and the person's own posts are.
    """
    people, topics = _followed(session, user_id, locale)
    hidden, disliked = _unwanted(session, user_id)
    words = list(
        session.scalars(
            select(FeedSearch.words)
            .where(FeedSearch.user_id == user_id)
            .order_by(FeedSearch.searched_at.desc(), FeedSearch.words)
            .limit(WORDS)
        )
    )
    by_date = bool(session.scalar(select(FeedChoice.by_date).where(FeedChoice.user_id == user_id)))
    own = session.scalar(select(User.key).where(User.id == user_id))
    page = max(1, min(page, PAGES))
    end = page * LENGTH
    # What the person wants less of falls out afterwards.
    entries = [*_of_follows(session, people, topics, end + len(hidden) + 1), *_of_searches(session, backend, words)]
    wanted = [
        entry
        for entry in entries
        if entry.tile.id not in hidden
        and entry.tile.author_key != own
        and (entry.why == "creator" or entry.tile.author_key not in disliked)
    ]
    ordered = _ordered(wanted, by_date, now)
    return Feed(
        entries=ordered[end - LENGTH : end],
        follows=[*people.values(), *topics.values()],
        searched=words,
        by_date=by_date,
        hidden=len(hidden),
        more=len(ordered) > end and page < PAGES,
    )


def _followed(session: AnySession, user_id: int, locale: str) -> tuple[dict[str, Followed], dict[str, Followed]]:
    """Followed creators by key, and topics by slug; blocked people are left out."""
    rows = session.execute(
        select(User.key, User.handle, User.name, Topic.slug, Topic.title, Topic.translations)
        .select_from(Follow)
        .outerjoin(User, (User.id == Follow.creator_id) & User.blocked.is_(False))
        .outerjoin(Topic, Topic.id == Follow.topic_id)
        .where(Follow.user_id == user_id)
        .order_by(Follow.id)
    )
    people: dict[str, Followed] = {}
    topics: dict[str, Followed] = {}
    for row in rows:
        if row.key is not None:
            people[row.key] = Followed("creator", row.handle, row.name)
        elif row.slug is not None:
            words = row.translations.get(locale) or {}
            topics[row.slug] = Followed("topic", row.slug, words.get("title") or row.title)
    return people, topics


def _unwanted(session: AnySession, user_id: int) -> tuple[set[int], set[str]]:
    """Posts that the person wants less of, and the keys of their authors."""
    rows = session.execute(
        select(Post.id, User.key)
        .join(FeedLess, FeedLess.post_id == Post.id)
        .join(User, User.id == Post.author_id)
        .where(FeedLess.user_id == user_id)
    ).all()
    return {post_id for post_id, _author in rows}, {author for _post_id, author in rows}


def _of_follows(
    session: AnySession, people: dict[str, Followed], topics: dict[str, Followed], limit: int
) -> list[FeedEntry]:
    """Posts by followed creators, and on followed topics, the newest of each."""
    found: list[FeedEntry] = []
    base = select_tiles().where(User.blocked.is_(False)).order_by(Post.published_at.desc(), Post.id.desc())
    if people:
        rows = session.execute(base.where(User.key.in_(people)).limit(limit))
        found += [FeedEntry(read_tile(row), "creator", people[row.author_key].title) for row in rows]
    if topics:
        first = (
            select(PostTopic.topic)
            .where(PostTopic.post_id == Post.id, PostTopic.topic.in_(topics))
            .order_by(PostTopic.topic)
            .limit(1)
            .correlate(Post)
            .scalar_subquery()
        )
        filed = Post.id.in_(select(PostTopic.post_id).where(PostTopic.topic.in_(topics)))
        rows = session.execute(base.add_columns(first.label("topic")).where(filed).limit(limit))
        found += [FeedEntry(read_tile(row), "topic", topics[row.topic].title) for row in rows]
    return found


def _of_searches(session: AnySession, backend: SearchBackend, words: Sequence[str]) -> list[FeedEntry]:
    """What the last searches find now; nothing while the engine is away."""
    keys: dict[str, str] = {}
    try:
        for text in words:
            page = backend.search(SearchQuery(text=text, kinds=("post", "list", "deal"), limit=FOUND))
            for hit in () if page.loosened else page.hits:
                keys.setdefault(hit.id.split(":", 1)[1], text)
    except Unavailable:
        return []
    if not keys:
        return []
    rows = session.execute(select_tiles().where(Post.key.in_(keys), User.blocked.is_(False)))
    return [FeedEntry(read_tile(row), "search", keys[row.key]) for row in rows]


def _ordered(entries: Sequence[FeedEntry], by_date: bool, now: datetime) -> list[FeedEntry]:
    once: dict[int, FeedEntry] = {}
    for entry in entries:
        once.setdefault(entry.tile.id, entry)

    def is_first(entry: FeedEntry) -> bool:
        return entry.why == "creator" and entry.tile.published_at > now - NEW

    newest = sorted(once.values(), key=lambda entry: (entry.tile.published_at, entry.tile.id), reverse=True)
    return newest if by_date else sorted(newest, key=lambda entry: not is_first(entry))
