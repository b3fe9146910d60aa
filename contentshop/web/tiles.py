"""Posts → tiles: what lists and feeds show of them, a deal with its price and how it stands."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from contentshop.core.money import Money
from contentshop.posts.bargains import OWN_SHOP, DealFacts
from contentshop.web.chrome import language_tag
from contentshop.web.pictures import PictureFacts, PictureView, picture
from contentshop.web.session import Viewer, settings, viewer
from contentshop.web.urls import creator_url, post_url


@dataclass(frozen=True, slots=True)
class DealTile:
    """What a list shows of a deal: its price, the shop if it names one, how it stands, and when that changes.

    ``turns_at`` is when it begins or ends, if that is known.
    """

    price: Money
    shop: str
    state: str
    turns_at: datetime | None


@dataclass(frozen=True, slots=True)
class TileView:
    """One post in a feed."""

    url: str
    title: str
    summary: str
    cover: PictureView | None
    author_name: str
    author_url: str
    published_at: datetime | None
    kind: str
    cards_count: int
    lang: str
    deal: DealTile | None = None

    @property
    def moments(self) -> tuple[datetime, ...]:
        """The times in it, which are told as "2 hours ago"."""
        turn = self.deal.turns_at if self.deal else None
        return tuple(at for at in (self.published_at, turn) if at is not None)


class PostFacts(Protocol):
    """What a tile needs to know of a post."""

    @property
    def slug(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def summary(self) -> str: ...
    @property
    def cover(self) -> PictureFacts | None: ...
    @property
    def author_name(self) -> str: ...
    @property
    def author_handle(self) -> str: ...
    @property
    def published_at(self) -> datetime | None: ...
    @property
    def kind(self) -> str: ...
    @property
    def cards_count(self) -> int: ...
    @property
    def lang(self) -> str: ...
    @property
    def deal(self) -> DealFacts | None: ...


def tile(post: PostFacts) -> TileView:
    """A post as a tile of a feed."""
    return TileView(
        url=post_url(post.slug),
        title=post.title,
        summary=post.summary,
        cover=picture(post.cover),
        author_name=post.author_name,
        author_url=creator_url(post.author_handle),
        published_at=post.published_at,
        kind=post.kind,
        cards_count=post.cards_count,
        lang=language_tag(post.lang),
        deal=deal_tile(post.deal) if post.deal is not None else None,
    )


def deal_tile(deal: DealFacts) -> DealTile:
    """A deal as lists show it to this asker, now."""
    who = viewer()
    state = deal.state(who.now)
    turn = deal.starts_at if state == "upcoming" else deal.ends_at if state == "running" else None
    return DealTile(deal.price, deal_shop(deal, who), state, turn)


def deal_shop(deal: DealFacts, who: Viewer) -> str:
    """The name of the shop that a deal names; empty when it names none."""
    return settings().site_name if deal.shop == OWN_SHOP else deal.shop_in(who.locale)


def next_turn(deals: Iterable[DealFacts | None], now: datetime) -> datetime | None:
    """When the clock changes how the first of these deals stands."""
    turns = (deal.turns_at(now) for deal in deals if deal is not None)
    return min((at for at in turns if at is not None), default=None)
