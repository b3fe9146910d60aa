"""Posts in lists."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import aliased

from contentshop.accounts.models import User
from contentshop.core.db import place_of
from contentshop.core.uow import AnySession
from contentshop.media.models import Asset
from contentshop.posts.models import (
    Card,
    Post,
    PostTopic,
    Revision,
    RevisionAsset,
)
from contentshop.posts.queries.facts import PostTile
from contentshop.posts.queries.joining import DEAL_COLUMNS, PUBLIC, AnyRow, cover_of, joined, read_deal
from contentshop.products.models import ProductPicture


def list_newest(
    session: AnySession,
    *,
    limit: int,
    offset: int = 0,
    topic: str | None = None,
    author_key: str | None = None,
    kind: str | None = None,
    lang: str | None = None,
) -> list[PostTile]:
    """Published posts, newest first, of one topic, author, kind or language if given."""
    query = _matching(select_tiles(), topic=topic, author_key=author_key, kind=kind, lang=lang)
    query = query.order_by(Post.published_at.desc(), Post.id.desc()).limit(limit).offset(offset)
    return [read_tile(row) for row in session.execute(query)]


def list_mentions(session: AnySession, product_id: int, *, limit: int = 24) -> list[PostTile]:
    """Published posts that recommend or compare this product, newest first; not those that only tell why not."""
    query = (
        select_tiles()
        .where(Post.id.in_(select(Card.post_id).where(Card.product_id == product_id, Card.live)))
        .order_by(Post.published_at.desc(), Post.id.desc())
        .limit(limit)
    )
    return [read_tile(row) for row in session.execute(query)]


def tiles_by_id(session: AnySession, ids: Collection[int]) -> dict[int, PostTile]:
    """Tiles of those of these posts that are published, by row number."""
    if not ids:
        return {}
    return {row.id: read_tile(row) for row in session.execute(select_tiles().where(Post.id.in_(ids)))}


def newest_and(
    session: AnySession, ids: Collection[int], *, limit: int, author_key: str | None = None
) -> tuple[list[PostTile], dict[int, PostTile]]:
    """The first ``limit`` of ``list_newest``, and the tiles of these posts by row number: one statement for both."""
    known = select(Post.id).join(User, User.id == Post.author_id).where(PUBLIC)
    known = _matching(known, topic=None, author_key=author_key, kind=None, lang=None)
    newest = known.order_by(Post.published_at.desc(), Post.id.desc()).limit(limit).subquery()
    wanted = or_(Post.id.in_(select(newest.c.id)), Post.id.in_(ids))
    rows = session.execute(select_tiles().where(wanted).order_by(Post.published_at.desc(), Post.id.desc())).all()
    tiles = {row.id: read_tile(row) for row in rows}
    # Whatever else was asked for is older, or among the newest itself.
    return list(tiles.values())[:limit], {post_id: tiles[post_id] for post_id in ids if post_id in tiles}


@lru_cache(maxsize=1)
def select_tiles() -> Select[*tuple[Any, ...]]:
    """What tiles show of published posts, for rooms above to narrow and add to; ``read_tile`` reads its rows.

    Built once. Without a cover, the first picture of its own that stands in the text; without one, that of the first
    product.
    """
    used, words = aliased(Asset), aliased(Revision)
    own_picture = (
        select(used.id)
        .join(RevisionAsset, RevisionAsset.asset_id == used.id)
        .join(words, words.id == RevisionAsset.revision_id)
        .where(words.id == Post.live_id, used.kind == "picture")
        .order_by(place_of(words.source, used.key), used.id)
        .limit(1)
        .correlate(Post)
        .scalar_subquery()
    )
    first_product = (
        select(ProductPicture.asset_id)
        .join(Card, Card.product_id == ProductPicture.product_id)
        .where(Card.post_id == Post.id, Card.live, ProductPicture.position == 0)
        .order_by(Card.id)
        .limit(1)
        .correlate(Post)
        .scalar_subquery()
    )
    # A product may stand in a list, on a picture and in a table: it is one pick all the same.
    live_cards = (
        select(func.count(Card.product_id.distinct()))
        .select_from(Card)
        .where(Card.post_id == Post.id, Card.live)
        .correlate(Post)
        .scalar_subquery()
    )
    return joined(
        Post.live_id,
        select(
            Post.id,
            Post.key,
            Post.slug,
            Post.kind,
            Post.lang,
            Revision.title,
            Revision.summary,
            Revision.cover_alt,
            User.key.label("author_key"),
            User.handle.label("author_handle"),
            User.name.label("author_name"),
            Post.published_at,
            Post.revised_at,
            Post.version,
            live_cards.label("cards_count"),
            *DEAL_COLUMNS,
        ),
        func.coalesce(Revision.cover_id, own_picture, first_product),
    ).where(PUBLIC)


def _matching(
    query: Select[*tuple[Any, ...]],
    *,
    topic: str | None,
    author_key: str | None,
    kind: str | None,
    lang: str | None,
) -> Select[*tuple[Any, ...]]:
    if topic is not None:
        query = query.where(Post.id.in_(select(PostTopic.post_id).where(PostTopic.topic == topic)))
    if author_key is not None:
        query = query.where(User.key == author_key)
    if kind is not None:
        query = query.where(Post.kind == kind)
    if lang is not None:
        query = query.where(Post.lang == lang)
    return query


def read_tile(row: AnyRow) -> PostTile:
    """The tile in a row of ``select_tiles``."""
    values = {name: getattr(row, name) for name in PostTile.__slots__ if name not in ("cover", "deal")}
    return PostTile(**values, cover=cover_of(row), deal=read_deal(row))


def list_addresses(session: AnySession, *, limit: int) -> list[tuple[str, datetime]]:
    """(slug, last change) of published posts for the sitemap, newest first."""
    rows = session.execute(
        select(Post.slug, func.coalesce(Post.revised_at, Post.published_at).label("changed"))
        .join(User, User.id == Post.author_id)
        .where(PUBLIC)
        .order_by(Post.published_at.desc(), Post.id.desc())
        .limit(limit)
    )
    return [(row.slug, row.changed) for row in rows]
