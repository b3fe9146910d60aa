"""What was bought once goes into the cart again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from contentshop.core.errors import ContentshopError
from contentshop.core.uow import AnySession
from contentshop.orders.actions.carts import add
from contentshop.orders.models import Order


@dataclass(frozen=True, slots=True)
class Reordered:
    """What came of it: the cart's key, how many articles are in it now, and which are not sold any more."""

    cart_key: str
    count: int
    missing: tuple[str, ...]


def reorder(session: AnySession, order: Order, cart_key: str, *, region: str, now: datetime) -> Reordered:
    """Put the lines of ``order`` into the cart at today's prices; as many of each as there are, none of what is not
    sold any more. The card that a line came from keeps its share."""
    missing: list[str] = []
    count = 0
    for line in order.lines:
        put = 0
        for quantity in range(line.quantity, 0, -1):
            try:
                with session.begin_nested():
                    added = add(
                        session,
                        cart_key or None,
                        variant_id=line.variant_id,
                        card_key=line.card_key,
                        quantity=quantity,
                        region=region,
                        now=now,
                    )
            except ContentshopError:
                continue
            cart_key, put = added.cart_key, quantity
            break
        count += put
        if put < line.quantity:
            missing.append(line.title)
    return Reordered(cart_key, count, tuple(missing))
