"""Deals in an order: the newest, those that readers find worth most, or those that end soonest."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import ColumnElement, case, or_
from sqlalchemy.orm import InstrumentedAttribute

from contentshop.core.uow import AnySession
from contentshop.posts.models import Deal, Post
from contentshop.posts.queries import PostTile, read_tile, select_tiles
from contentshop.social.models import Discussion

Order = Literal["newest", "hot", "ending"]
ORDERS: tuple[Order, ...] = ("newest", "hot", "ending")


def list_deals(
    session: AnySession,
    *,
    order: Order,
    now: datetime,
    limit: int,
    offset: int = 0,
    region: str = "",
    running: bool = False,
) -> list[PostTile]:
    """Deals that readers see: those that run first, then those to come, then those that are over.

    ``region`` leaves out what is for another country only; ``running`` leaves out what is over. The hottest are those
    with the most votes for them beyond those against, as far as readers are told. Of equals the newest comes first.
    """
    over = or_(Deal.closed_as != "", Deal.until <= now)
    stage = case((over, 2), (Deal.starts_at > now, 1), else_=0)
    query = select_tiles().where(Post.kind == "deal")
    if region:
        query = query.where(Deal.region.in_(("", region)))
    if running:
        query = query.where(Deal.closed_as == "", Deal.until > now)
    if order == "hot":
        query = query.outerjoin(Discussion, Discussion.post_id == Post.id)
    query = query.order_by(stage, *_by(order), Post.published_at.desc(), Post.id.desc())
    return [read_tile(row) for row in session.execute(query.limit(limit).offset(offset))]


def _by(order: Order) -> Sequence[ColumnElement[Any] | InstrumentedAttribute[Any]]:
    if order == "hot":
        told = case((Discussion.opened, Discussion.worth - Discussion.unworth), else_=0)
        return (told.desc(),)
    if order == "ending":
        # What ends at a known time before what ends nobody knows when.
        return (case((Deal.ends_at.is_(None), 1), else_=0), Deal.ends_at)
    return ()
