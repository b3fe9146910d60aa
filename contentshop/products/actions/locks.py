"""Letting go of what a person has locked against what files and pages say."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from contentshop.core.errors import NotFound
from contentshop.core.uow import AnySession
from contentshop.core.words import say
from contentshop.products.actions.changes import lock_product, touch
from contentshop.products.models import Offer


def unlock(session: AnySession, key: str, field: str, *, offer_key: str = "", now: datetime) -> bool:
    """Let a field of a product, or of one of its offers, follow files and pages again; whether it was locked.

    It keeps what it says until the next look finds something else. Raises NotFound.
    """
    product = lock_product(session, key)
    thing = product if not offer_key else _offer(session, product.id, offer_key)
    if field not in thing.locks:
        return False
    thing.locks = [name for name in thing.locks if name != field]
    touch(session, product, now=now)
    session.flush()
    return True


def _offer(session: AnySession, product_id: int, key: str) -> Offer:
    found = session.scalar(select(Offer).where(Offer.key == key, Offer.product_id == product_id))
    if found is None:
        raise NotFound(say("There is no such offer."))
    return found
