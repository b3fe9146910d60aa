"""Reads of editors' work."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from json import loads
from typing import Any

from sqlalchemy import Select, String, cast, exists, func, literal, or_, select, union_all
from sqlalchemy.orm import selectinload

from contentshop.accounts.models import User
from contentshop.core.errors import NotFound
from contentshop.core.uow import AnySession
from contentshop.core.words import say
from contentshop.curation.models import FeaturedItem, FeaturedList, Slot, Topic
from contentshop.posts.models import Post, Revision
from contentshop.products.models import Product

NAV_TOPICS = 8


def list_nav_topics(session: AnySession, locale: str) -> list[tuple[str, str]]:
    """(slug, title in ``locale``) of the topics in the site's navigation."""
    rows = session.execute(
        select(Topic.slug, Topic.title, Topic.translations).order_by(Topic.position, Topic.id).limit(NAV_TOPICS)
    )
    return [(slug, (translations.get(locale) or {}).get("title") or title) for slug, title, translations in rows]


def nav_topics_and(
    session: AnySession, locale: str, also: Select[tuple[str]]
) -> tuple[list[tuple[str, str]], list[str]]:
    """``list_nav_topics`` and the texts of another room's select, in one statement."""
    topics = (
        select(
            Topic.slug, Topic.title, cast(Topic.translations, String).label("translations"), Topic.position, Topic.id
        )
        .order_by(Topic.position, Topic.id)
        .limit(NAV_TOPICS)
        .subquery()
    )
    texts = also.subquery()
    rows = session.execute(
        union_all(
            select(literal("topic"), topics),
            select(literal("also"), *texts.columns, literal(""), literal(""), literal(0), literal(0)),
        )
    ).all()
    found = sorted((row for row in rows if row[0] == "topic"), key=lambda row: (row[4], row[5]))
    return (
        [(slug, (loads(words).get(locale) or {}).get("title") or title) for _, slug, title, words, *_order in found],
        [row[1] for row in rows if row[0] == "also"],
    )


@dataclass(frozen=True, slots=True)
class FeaturedEntry:
    """One item of a list as readers see it: a published post or a listed product, by its id."""

    post_id: int | None
    product_id: int | None
    reason: str


@dataclass(frozen=True, slots=True)
class Featured:
    """A featured list as readers see it; what is not public any more is left out of its entries."""

    id: int
    key: str
    slug: str
    title: str
    intro: str
    lang: str
    editor_name: str
    version: int
    entries: tuple[FeaturedEntry, ...]


def list_placed(session: AnySession, place: str, *, now: datetime, locale: str, limit: int = 4) -> list[Featured]:
    """Lists shown in ``place`` now, those in the reader's language first; one statement."""
    running = (
        select(Slot.list_id, Slot.position)
        .where(Slot.place == place, Slot.starts_at <= now, or_(Slot.ends_at.is_(None), Slot.ends_at > now))
        .subquery()
    )
    query = _entries().join(running, running.c.list_id == FeaturedList.id)
    found = _gather(session.execute(query.order_by(running.c.position, FeaturedList.id, FeaturedItem.position)))
    found.sort(key=lambda featured: featured.lang != locale)  # stable: the editors' order within a language
    return found[:limit]


def get_by_slug(session: AnySession, slug: str) -> Featured:
    """One list with what is public of it. Raises NotFound, also for a list that was never placed.

    A list whose time is over can still be read by its address.
    """
    placed = exists().where(Slot.list_id == FeaturedList.id)
    rows = session.execute(_entries().where(FeaturedList.slug == slug, placed).order_by(FeaturedItem.position))
    found = _gather(rows)
    if not found:
        raise NotFound(say("There is no such list."))
    return found[0]


def _entries() -> Select[*tuple[Any, ...]]:
    return (
        select(
            FeaturedList.id,
            FeaturedList.key,
            FeaturedList.slug,
            FeaturedList.title,
            FeaturedList.intro,
            FeaturedList.lang,
            FeaturedList.version,
            User.name,
            FeaturedItem.reason,
            Post.id.label("post_id"),
            Product.id.label("product_id"),
        )
        .join(User, User.id == FeaturedList.editor_id)
        .outerjoin(FeaturedItem, FeaturedItem.list_id == FeaturedList.id)
        .outerjoin(Post, (Post.id == FeaturedItem.post_id) & (Post.state == "published"))
        .outerjoin(Product, (Product.id == FeaturedItem.product_id) & Product.listed)
    )


def _gather(rows: Iterable[Any]) -> list[Featured]:
    heads: dict[int, Any] = {}
    entries: dict[int, list[FeaturedEntry]] = {}
    for row in rows:
        heads.setdefault(row.id, row)
        shown = entries.setdefault(row.id, [])
        if row.post_id is not None or row.product_id is not None:
            shown.append(FeaturedEntry(row.post_id, row.product_id, row.reason))
    return [
        Featured(
            id=row.id,
            key=row.key,
            slug=row.slug,
            title=row.title,
            intro=row.intro,
            lang=row.lang,
            editor_name=row.name,
            version=row.version,
            entries=tuple(entries[row.id]),
        )
        for row in heads.values()
    ]


def get_for_desk(session: AnySession, key: str) -> FeaturedList:
    """A list for editors to change, with its items and places. Raises NotFound."""
    found = session.scalar(
        select(FeaturedList)
        .where(FeaturedList.key == key)
        .options(selectinload(FeaturedList.items), selectinload(FeaturedList.slots))
    )
    if found is None:
        raise NotFound(say("There is no such list."))
    return found


def list_for_desk(session: AnySession) -> list[FeaturedList]:
    """All lists with their places, newest change first."""
    query = (
        select(FeaturedList)
        .options(selectinload(FeaturedList.items), selectinload(FeaturedList.slots))
        .order_by(FeaturedList.updated_at.desc(), FeaturedList.id.desc())
        .limit(200)
    )
    return list(session.scalars(query))


def titles_by_key(session: AnySession, keys: Collection[str]) -> dict[str, str]:
    """Titles of the lists with these keys; unknown keys are left out."""
    query = select(FeaturedList.key, FeaturedList.title).where(FeaturedList.key.in_(keys))
    return {row.key: row.title for row in session.execute(query)}


def item_names(session: AnySession, featured: FeaturedList) -> dict[int, tuple[str, str, str]]:
    """item id → (kind, slug, title) of a list's items, also of those no longer public."""
    rows = session.execute(
        select(FeaturedItem.id, Post.slug, Revision.title, Product.slug, Product.title)
        .outerjoin(Post, Post.id == FeaturedItem.post_id)
        .outerjoin(Revision, Revision.id == func.coalesce(Post.live_id, Post.draft_id))
        .outerjoin(Product, Product.id == FeaturedItem.product_id)
        .where(FeaturedItem.list_id == featured.id)
    )
    return {row[0]: ("post", row[1], row[2]) if row[1] is not None else ("product", row[3], row[4]) for row in rows}


@dataclass(frozen=True, slots=True)
class TopicFacts:
    """A topic in the reader's language."""

    slug: str
    title: str
    intro: str


def get_topic(session: AnySession, slug: str, locale: str) -> TopicFacts:
    """One topic. Raises NotFound."""
    topic = session.scalar(select(Topic).where(Topic.slug == slug))
    if topic is None:
        raise NotFound(say("There is no such topic."))
    return _topic(topic, locale)


def list_topics(session: AnySession, locale: str) -> list[TopicFacts]:
    """All topics in the order of the navigation."""
    return [_topic(topic, locale) for topic in session.scalars(select(Topic).order_by(Topic.position, Topic.id))]


def _topic(topic: Topic, locale: str) -> TopicFacts:
    words = topic.translations.get(locale) or {}
    return TopicFacts(topic.slug, words.get("title") or topic.title, words.get("intro") or topic.intro)
