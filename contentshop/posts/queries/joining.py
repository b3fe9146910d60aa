"""What statements on posts have in common: whom they join, what everybody may see, how a row is read."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Row, Select, and_
from sqlalchemy.orm import InstrumentedAttribute

from contentshop.accounts.models import User
from contentshop.core.money import Money
from contentshop.media.models import Asset
from contentshop.media.queries import PICTURE_COLUMNS
from contentshop.posts.bargains import DealFacts
from contentshop.posts.models import (
    Deal,
    Post,
    Revision,
)
from contentshop.products.models import Merchant
from contentshop.products.offers import PictureFacts

AnyRow = Row[*tuple[Any, ...]]

# What everybody may see, in a query that joins the author: a blocked person's posts are off the site as they are.
PUBLIC = and_(Post.state == "published", User.blocked.is_(False))

# How a deal stands, in a statement that joins posts with deals and their merchants; ``read_deal`` reads them.
DEAL_COLUMNS = (
    Deal.price_minor.label("deal_price"),
    Deal.currency.label("deal_currency"),
    Deal.shop.label("deal_shop"),
    Deal.region.label("deal_region"),
    Deal.starts_at.label("deal_starts_at"),
    Deal.ends_at.label("deal_ends_at"),
    Deal.until.label("deal_until"),
    Deal.closed_as.label("deal_closed_as"),
    Deal.closed_by.label("deal_closed_by"),
    Deal.closed_why.label("deal_closed_why"),
    Deal.closed_at.label("deal_closed_at"),
    Deal.confirmed.label("deal_confirmed"),
    Deal.reports.label("deal_reports"),
    Deal.works.label("deal_works"),
    Deal.fails.label("deal_fails"),
    Merchant.name.label("deal_shop_name"),
    Merchant.translations.label("deal_shop_names"),
)


def read_deal(row: AnyRow) -> DealFacts | None:
    """The deal in a row with ``DEAL_COLUMNS``; None for every other kind of post."""
    if row.deal_price is None:
        return None
    return DealFacts(
        price=Money(row.deal_price, row.deal_currency),
        shop=row.deal_shop,
        region=row.deal_region,
        starts_at=row.deal_starts_at,
        ends_at=row.deal_ends_at,
        until=row.deal_until,
        closed_as=row.deal_closed_as,
        closed_by=row.deal_closed_by,
        closed_why=row.deal_closed_why,
        closed_at=row.deal_closed_at,
        confirmed=row.deal_confirmed,
        reports=row.deal_reports,
        works=row.deal_works,
        fails=row.deal_fails,
        shop_name=row.deal_shop_name or "",
        shop_names=row.deal_shop_names or {},
    )


def joined(
    revision_id: InstrumentedAttribute[int | None],
    query: Select[*tuple[Any, ...]],
    picture: ColumnElement[int | None] | InstrumentedAttribute[int | None] = Revision.cover_id,
) -> Select[*tuple[Any, ...]]:
    """Posts with one of their revisions, its cover (or another ``picture``) and their author."""
    return (
        query.add_columns(
            *PICTURE_COLUMNS,
        )
        .select_from(Post)
        .join(Revision, Revision.id == revision_id)
        .join(User, User.id == Post.author_id)
        .outerjoin(Deal, Deal.post_id == Post.id)
        .outerjoin(Merchant, Merchant.key == Deal.shop)
        .outerjoin(Asset, Asset.id == picture)
    )


def cover_of(row: AnyRow) -> PictureFacts | None:
    """The picture in a row of ``joined``."""
    if row.asset_key is None:
        return None
    alt, focus = row.cover_alt or row.asset_alt, (row.focus_x, row.focus_y)
    return PictureFacts(row.asset_key, row.width, row.height, tuple(row.widths), alt, focus)


def picture_of(asset: Asset, alt: str) -> PictureFacts:
    """A picture as pages need it."""
    return PictureFacts(asset.key, asset.width, asset.height, tuple(asset.widths), alt, (asset.focus_x, asset.focus_y))
