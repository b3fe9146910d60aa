"""Where cards stand."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import select

from contentshop.accounts.models import User
from contentshop.core.uow import AnySession
from contentshop.posts.models import (
    Card,
    Post,
    Revision,
)
from contentshop.posts.queries.facts import CardOrigin, LiveCard
from contentshop.posts.queries.joining import PUBLIC


def card_origins(session: AnySession, keys: Collection[str]) -> dict[str, CardOrigin]:
    """Where these cards stand, by key; cards of posts that were never published are left out."""
    if not keys:
        return {}
    rows = session.execute(
        select(
            Card.key,
            Revision.title,
            Post.slug,
            User.name.label("author_name"),
            User.key.label("author_key"),
            Post.key.label("post_key"),
            Post.state,
        )
        .join(Post, Post.id == Card.post_id)
        .join(Revision, Revision.id == Post.live_id)
        .join(User, User.id == Post.author_id)
        .where(Card.key.in_(keys))
    )
    return {
        row.key: CardOrigin(
            row.title, row.slug, row.author_name, row.author_key, row.post_key, row.state == "published"
        )
        for row in rows
    }


def find_card(session: AnySession, key: str) -> LiveCard | None:
    """The card with this key, if readers see it now."""
    row = session.execute(
        select(
            Card.key,
            Post.id.label("post_id"),
            Post.key.label("post_key"),
            Post.slug.label("post_slug"),
            User.id.label("author_id"),
            User.key.label("author_key"),
            Card.product_id,
            Card.alternative_id,
        )
        .join(Post, Post.id == Card.post_id)
        .join(User, User.id == Post.author_id)
        .where(Card.key == key, Card.live, PUBLIC)
    ).one_or_none()
    return LiveCard(**row._mapping) if row is not None else None  # noqa: SLF001 - the documented way
