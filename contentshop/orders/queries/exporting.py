"""Everything that a person ordered, for the file that they take away."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import selectinload

from contentshop.core.uow import AnySession
from contentshop.orders.models import Order


def list_bought(session: AnySession, user_id: int) -> list[Order]:
    """All orders of this person with their lines, oldest first."""
    query = select(Order).where(Order.user_id == user_id).options(selectinload(Order.lines)).order_by(Order.id)
    return list(session.scalars(query))
