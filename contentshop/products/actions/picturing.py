"""What follows when a picture is described anew."""

from __future__ import annotations

from sqlalchemy import select, update

from contentshop.core.uow import AnySession
from contentshop.products.models import Product, ProductPicture


def picture_changed(session: AnySession, asset_id: int) -> None:
    """Let the pages of products that show this picture be made anew."""
    shown = select(ProductPicture.product_id).where(ProductPicture.asset_id == asset_id)
    session.execute(update(Product).where(Product.id.in_(shown)).values(version=Product.version + 1))
