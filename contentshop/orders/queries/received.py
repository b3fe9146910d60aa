"""Reads of what buyers have received."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, func, select
from sqlalchemy.orm import aliased

from contentshop.core.uow import AnySession
from contentshop.media.models import Asset
from contentshop.media.queries import PICTURE_COLUMNS
from contentshop.orders.models import Order, OrderLine
from contentshop.orders.queries.carts import PICTURE_ALT, PICTURE_ID
from contentshop.products.models import Product, ProductPicture, Variant, VariantPicture
from contentshop.products.offers import PictureFacts

MOST = 200


@dataclass(frozen=True, slots=True)
class ReceivedLine:
    """A line of an order whose goods have arrived, in the words of that order.

    ``position`` counts the order's lines from 1, so that an address can name a line.
    """

    id: int
    order_key: str
    position: int
    product_id: int
    product_key: str
    slug: str
    title: str
    variant_name: str
    picture: PictureFacts | None
    received_at: datetime


def list_received(session: AnySession, user_id: int, *, order_key: str = "") -> list[ReceivedLine]:
    """What this person has received, the latest order first; of one order only if given.

    An order has arrived once its buyer or the timer has confirmed it; what was cancelled of it never came.
    """
    before = aliased(OrderLine)
    position = (
        select(func.count())
        .where(before.order_id == OrderLine.order_id, before.id <= OrderLine.id)
        .correlate(OrderLine)
        .scalar_subquery()
    )
    query = (
        select(
            OrderLine.id,
            Order.key.label("order_key"),
            position.label("position"),
            Product.id.label("product_id"),
            Product.key.label("product_key"),
            Product.slug,
            OrderLine.title,
            OrderLine.variant_name,
            Order.completed_at,
            *PICTURE_COLUMNS,
            PICTURE_ALT.label("alt"),
        )
        .join(Order, Order.id == OrderLine.order_id)
        .join(Variant, Variant.id == OrderLine.variant_id)
        .join(Product, Product.id == Variant.product_id)
        .outerjoin(ProductPicture, and_(ProductPicture.product_id == Product.id, ProductPicture.position == 0))
        .outerjoin(VariantPicture, and_(VariantPicture.variant_id == Variant.id, VariantPicture.position == 0))
        .outerjoin(Asset, Asset.id == PICTURE_ID)
        .where(
            Order.user_id == user_id,
            Order.state == "completed",
            Order.completed_at.is_not(None),
            OrderLine.cancelled_quantity < OrderLine.quantity,
        )
        .order_by(Order.completed_at.desc(), Order.id.desc(), OrderLine.id)
        .limit(MOST)
    )
    if order_key:
        query = query.where(Order.key == order_key)
    return [
        ReceivedLine(
            id=row.id,
            order_key=row.order_key,
            position=row.position,
            product_id=row.product_id,
            product_key=row.product_key,
            slug=row.slug,
            title=row.title,
            variant_name=row.variant_name,
            picture=PictureFacts(
                row.asset_key, row.width, row.height, tuple(row.widths), row.alt, (row.focus_x, row.focus_y)
            )
            if row.asset_key
            else None,
            received_at=row.completed_at,
        )
        for row in session.execute(query)
    ]
