"""What follows when a picture is described anew."""

from __future__ import annotations

from sqlalchemy import or_, select, update

from contentshop.core.uow import AnySession
from contentshop.products.models import Product, ProductPicture, Variant, VariantPicture


def picture_changed(session: AnySession, asset_id: int) -> None:
    """Let the pages of products that show this picture be made anew."""
    shown = select(ProductPicture.product_id).where(ProductPicture.asset_id == asset_id)
    chosen = (
        select(Variant.product_id)
        .join(VariantPicture, VariantPicture.variant_id == Variant.id)
        .where(VariantPicture.asset_id == asset_id)
    )
    pictured = or_(Product.id.in_(shown), Product.id.in_(chosen))
    session.execute(update(Product).where(pictured).values(version=Product.version + 1))
