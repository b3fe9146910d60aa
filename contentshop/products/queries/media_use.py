"""Which media products show."""

from __future__ import annotations

from sqlalchemy import func, select, union

from contentshop.core.uow import AnySession
from contentshop.products.models import ProductPicture, Variant, VariantPicture


def count_pictured(session: AnySession, asset_id: int) -> int:
    """How many products show this picture, for themselves or for a variant."""
    shown = union(
        select(ProductPicture.product_id).where(ProductPicture.asset_id == asset_id),
        select(Variant.product_id)
        .join(VariantPicture, VariantPicture.variant_id == Variant.id)
        .where(VariantPicture.asset_id == asset_id),
    ).subquery()
    return session.scalar(select(func.count()).select_from(shown)) or 0
