"""What a creator's own page shows, in one statement: who they are, their series, what is popular, what they found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ScalarSelect, String, cast, func, select

from contentshop.accounts.models import User
from contentshop.core.errors import NotFound
from contentshop.core.uow import AnySession
from contentshop.core.words import say
from contentshop.discovery.models import Trend
from contentshop.media.models import Asset, Portrait
from contentshop.media.queries import PICTURE_COLUMNS
from contentshop.posts.models import Card, Post, Series, SeriesPart
from contentshop.products.models import Product
from contentshop.products.offers import PictureFacts

FINDS = 8
POPULAR = 4


@dataclass(frozen=True, slots=True)
class SeriesFacts:
    """A series with how many of its parts readers see."""

    slug: str
    title: str
    parts: int


@dataclass(frozen=True, slots=True)
class CreatorFacts:
    """A creator: ``popular`` are posts with their visitors of the month, the most read first; ``finds`` the products
    recommended last, the newest first; both by row number."""

    id: int
    key: str
    handle: str
    name: str
    bio: str
    portrait: PictureFacts | None
    posts: int
    lists: int
    deals: int
    series: tuple[SeriesFacts, ...]
    popular: Mapping[int, int]
    finds: tuple[int, ...]


def get_creator(session: AnySession, handle: str) -> CreatorFacts:
    """The creator with this handle. Raises NotFound, also for blocked people."""
    handle = handle.casefold()
    row = session.execute(
        select(
            User.id,
            User.key,
            User.handle,
            User.name,
            User.bio,
            *PICTURE_COLUMNS,
            _published().label("posts"),
            _published("list").label("lists"),
            _published("deal").label("deals"),
            _series(handle).label("series"),
            _popular().label("popular"),
            _finds(handle).label("finds"),
        )
        .outerjoin(Portrait, Portrait.user_id == User.id)
        .outerjoin(Asset, Asset.id == Portrait.asset_id)
        .where(User.handle == handle, User.blocked.is_(False))
    ).one_or_none()
    if row is None:
        raise NotFound(say("There is nobody with this name."))
    portrait = None
    if row.asset_key is not None:
        focus = (row.focus_x, row.focus_y)
        portrait = PictureFacts(row.asset_key, row.width, row.height, tuple(row.widths), "", focus)
    series = sorted(_lines(row.series), key=lambda line: -int(line[0]))
    popular = sorted(_lines(row.popular), key=lambda line: int(line[0]))
    finds = sorted(_lines(row.finds), key=lambda line: -int(line[0]))
    return CreatorFacts(
        id=row.id,
        key=row.key,
        handle=row.handle,
        name=row.name,
        bio=row.bio,
        portrait=portrait,
        posts=row.posts,
        lists=row.lists,
        deals=row.deals,
        series=tuple(SeriesFacts(slug, title, int(parts)) for _id, parts, slug, title in series),
        popular={int(post_id): int(visitors) for _place, post_id, visitors in popular[:POPULAR]},
        finds=tuple(int(product_id) for _card, product_id in finds),
    )


def _lines(text: str | None) -> list[list[str]]:
    return [line.split("\t") for line in (text or "").split("\n") if line]


def _published(kind: str = "") -> ScalarSelect[Any]:
    """How many posts of the person readers see."""
    query = select(func.count()).select_from(Post).where(Post.author_id == User.id, Post.state == "published")
    return (query.where(Post.kind == kind) if kind else query).correlate(User).scalar_subquery()


def _popular() -> ScalarSelect[Any]:
    """Lines of place, post and visitors: the person's posts on the board of the month."""
    line = cast(Trend.place, String) + "\t" + cast(Post.id, String) + "\t" + cast(Trend.visitors, String)
    return (
        select(func.aggregate_strings(line, "\n"))
        .select_from(Trend)
        .join(Post, Post.id == Trend.post_id)
        .where(Trend.period == "month", Trend.kind == "post", Post.author_id == User.id, Post.state == "published")
        .correlate(User)
        .scalar_subquery()
    )


# What follows counts in a subquery of its own, which cannot look at the row outside; so it asks for the handle again.


def _series(handle: str) -> ScalarSelect[Any]:
    """Lines of row number, published parts, slug and title: the newest series last begun by the person."""
    known = (
        select(Series.id, Series.slug, Series.title, func.count().label("parts"))
        .join(SeriesPart, SeriesPart.series_id == Series.id)
        .join(Post, Post.id == SeriesPart.post_id)
        .where(Series.author_id == _person(handle), Post.state == "published")
        .group_by(Series.id, Series.slug, Series.title)
        .subquery()
    )
    line = cast(known.c.id, String) + "\t" + cast(known.c.parts, String) + "\t" + known.c.slug + "\t" + known.c.title
    return select(func.aggregate_strings(line, "\n")).select_from(known).scalar_subquery()


def _finds(handle: str) -> ScalarSelect[Any]:
    """Lines of card and product: what the person's published posts recommend, the last ones."""
    newest = (
        select(Card.product_id, func.max(Card.id).label("card_id"))
        .join(Post, Post.id == Card.post_id)
        .join(Product, Product.id == Card.product_id)
        .where(
            Post.author_id == _person(handle),
            Post.state == "published",
            Card.live,
            Product.listed,
            Product.discontinued.is_(False),
        )
        .group_by(Card.product_id)
        .order_by(func.max(Card.id).desc())
        .limit(FINDS)
        .subquery()
    )
    line = cast(newest.c.card_id, String) + "\t" + cast(newest.c.product_id, String)
    return select(func.aggregate_strings(line, "\n")).select_from(newest).scalar_subquery()


def _person(handle: str) -> ScalarSelect[Any]:
    return select(User.id).where(User.handle == handle).correlate(None).scalar_subquery()
