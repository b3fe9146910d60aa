"""Which media products show."""

from __future__ import annotations

from sqlalchemy import func, select

from contentshop.core.uow import AnySession
from contentshop.products.models import ProductPicture


def count_pictured(session: AnySession, asset_id: int) -> int:
    """How many products show this picture."""
    query = select(func.count()).select_from(ProductPicture).where(ProductPicture.asset_id == asset_id)
    return session.scalar(query) or 0
