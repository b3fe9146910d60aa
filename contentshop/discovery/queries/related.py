"""Posts that belong together: about the same products, reading alike, or filed under the same topics."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    CTE,
    Float,
    Select,
    String,
    bindparam,
    case,
    cast,
    distinct,
    func,
    literal,
    null,
    or_,
    select,
    union_all,
)
from sqlalchemy.orm import aliased

from contentshop.accounts.models import User
from contentshop.core.uow import AnySession
from contentshop.discovery.models import Likeness
from contentshop.posts.models import Card, Post, PostTopic
from contentshop.posts.queries import PUBLIC, PostTile, read_tile, select_tiles
from contentshop.products.models import Product

LOOKED_AT = 300  # posts that share a product, and as many that share a topic, the newest
# Any shared product says more than how alike the texts are, and that more than any number of topics: a post has at
# most five of those, and a product is shown by fewer than a hundred thousand posts.
TEXT_WEIGHT = 0.000004
TOPIC_WEIGHT = 0.0000001
# From how alike on texts speak for themselves. Below it they only order what shares a topic: of short texts, unlike
# ones have ordinary words in common (on the demo's guides up to 0.76).
ALONE = 0.8


@dataclass(frozen=True, slots=True)
class RelatedPost:
    """A post to go on with, and why: the title of the rarest product both show, else that they read ``alike``, else a
    topic both stand under.
    """

    tile: PostTile
    product: str
    topic: str
    alike: bool = False


def related_posts(session: AnySession, post_id: int, limit: int = 4, *, locale: str = "") -> list[RelatedPost]:
    """What to read after this post; one statement. ``locale`` is the language of the product's title.

    Posts in the same language come first. Then each shared product adds 1/n, where n counts the published posts
    that show it, so that a rare one says more (the resource allocation index of Zhou, Lü and Zhang, "Predicting
    missing links via local information", 2009); between equals, how alike the texts are decides, then topics. Then the
    newer one comes first.
    """
    rows = session.execute(_related(), {"post": post_id, "limit": limit})
    found: dict[int, RelatedPost] = {}
    for row in rows:  # ordered by rank, the best reason of each first
        if row.id not in found:
            words = (row.translations or {}).get(locale) or {}
            product = words.get("title") or row.product_title or ""
            topic = "" if product else row.shared_topic or ""
            found[row.id] = RelatedPost(read_tile(row), product, topic, alike=not product and not topic)
    return list(found.values())


@lru_cache(maxsize=1)
def _related() -> Select[*tuple[Any, ...]]:
    """The statement; built once, since building it costs more than asking."""
    shared = _shared()
    ranked = (
        select(
            shared.c.post_id,
            func.sum(shared.c.weight).label("score"),
            case((Post.lang == _language(), 0), else_=1).label("foreign"),
        )
        .join(Post, Post.id == shared.c.post_id)
        .join(User, User.id == Post.author_id)
        .where(PUBLIC)
        .group_by(shared.c.post_id, Post.lang, Post.published_at, Post.id)
        .order_by("foreign", func.sum(shared.c.weight).desc(), Post.published_at.desc(), Post.id.desc())
        .limit(bindparam("limit"))
        .cte("ranked")
    )
    return (
        select_tiles()
        .join(ranked, ranked.c.post_id == Post.id)
        .join(shared, shared.c.post_id == Post.id)
        .outerjoin(Product, Product.id == shared.c.product_id)
        .add_columns(
            Product.title.label("product_title"),
            Product.translations.label("translations"),
            shared.c.topic.label("shared_topic"),
        )
        .order_by(
            ranked.c.foreign,
            ranked.c.score.desc(),
            Post.published_at.desc(),
            Post.id.desc(),
            shared.c.weight.desc(),
            shared.c.product_id,
            shared.c.topic,
        )
    )


def _language() -> Any:
    mine = aliased(Post)
    return select(mine.lang).where(mine.id == bindparam("post")).scalar_subquery()


def _shared() -> CTE:
    """One row for each thing another post shares with this one: the post, a product or a topic, what it weighs."""
    own, other = aliased(Card), aliased(Card)
    used = (
        select(Card.product_id, func.count(distinct(Card.post_id)).label("posts"))
        .join(Product, Product.id == Card.product_id)
        .where(
            Card.live,
            Product.listed,
            Card.product_id.in_(select(own.product_id).where(own.post_id == bindparam("post"), own.live)),
        )
        .group_by(Card.product_id)
        .cte("used")
    )
    products = (
        select(
            other.post_id,
            other.product_id,
            cast(null(), String).label("topic"),
            (1.0 / cast(used.c.posts, Float)).label("weight"),
        )
        .distinct()
        .join(used, used.c.product_id == other.product_id)
        .where(other.live, other.post_id != bindparam("post"))
        .order_by(other.post_id.desc(), other.product_id)
        .limit(LOOKED_AT)
        .subquery()
    )
    filed = aliased(PostTopic)
    topics = (
        select(
            PostTopic.post_id,
            cast(null(), Product.id.type).label("product_id"),
            PostTopic.topic,
            literal(TOPIC_WEIGHT).label("weight"),
        )
        .where(
            PostTopic.post_id != bindparam("post"),
            PostTopic.topic.in_(select(filed.topic).where(filed.post_id == bindparam("post"))),
        )
        .order_by(PostTopic.post_id.desc(), PostTopic.topic)
        .limit(LOOKED_AT)
        .subquery()
    )
    kept, turned = aliased(Likeness), aliased(Likeness)
    alike = [
        select(
            other_id.label("post_id"),
            cast(null(), Product.id.type).label("product_id"),
            cast(null(), String).label("topic"),
            (TEXT_WEIGHT * closeness).label("weight"),
        ).where(
            post_id == bindparam("post"),
            or_(closeness >= ALONE, other_id.in_(select(topics.c.post_id))),
        )
        # The other way round too: what was published first knew nothing of what came later.
        for post_id, other_id, closeness in (
            (kept.post_id, kept.other_id, kept.closeness),
            (turned.other_id, turned.post_id, turned.closeness),
        )
    ]
    return union_all(select(products), select(topics), *alike).cte("shared")
