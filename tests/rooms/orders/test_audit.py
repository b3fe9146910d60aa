"""The audit finds what is wrong, and nothing where nothing is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import delete, text, update
from sqlalchemy.orm import Session

from contentshop.core.db import db
from contentshop.orders import queries
from contentshop.orders.models import Order, OrderEvent, OrderLine
from contentshop.products.models import Reservation
from tests.factories import Factory
from tests.rooms.orders.conftest import Shop


def test_nothing_wrong_with_an_empty_shop(shop: Shop) -> None:
    assert shop.problems() == []


def _lines(session: Session, order: Order) -> Any:
    return session.execute(delete(OrderLine).where(OrderLine.order_id == order.id))


def _events(session: Session, order: Order) -> Any:
    return session.execute(delete(OrderEvent).where(OrderEvent.order_id == order.id))


def _total(session: Session, order: Order) -> Any:
    return session.execute(update(Order).where(Order.id == order.id).values(items_minor=1, total_minor=600))


def _quantity(session: Session, order: Order) -> Any:
    return session.execute(update(OrderLine).where(OrderLine.order_id == order.id).values(quantity=1, total_minor=1999))


def _reservation(session: Session, order: Order) -> Any:
    return session.execute(delete(Reservation).where(Reservation.holder == order.key))


def _cancelled(session: Session, order: Order) -> Any:
    return session.execute(update(Order).where(Order.id == order.id).values(state="cancelled"))


def _shipped(session: Session, order: Order) -> Any:
    return session.execute(update(Order).where(Order.id == order.id).values(state="shipped"))


def _orphan(session: Session, order: Order) -> Any:
    return session.execute(text("UPDATE reservation SET holder = 'nobody' WHERE holder = :key"), {"key": order.key})


@pytest.mark.parametrize(
    ("damage", "sentences"),
    [
        (_lines, ["Order {key} has no lines.", "Order {key}: variant {variant} held should be 0, is 2."]),
        (_events, ["Order {key} has no event that says it was placed."]),
        (_total, ["Order {key} says 1 less 0 with 0 tax, but its lines add up to 3998 less 0 with 0 tax."]),
        (
            _quantity,
            [
                "Order {key} says 3998 less 0 with 0 tax, but its lines add up to 1999 less 0 with 0 tax.",
                "Order {key}: variant {variant} held should be 1, is 2.",
            ],
        ),
        (_reservation, ["Order {key}: variant {variant} held should be 2, is 0."]),
        (_cancelled, ["Order {key}: variant {variant} held should be 0, is 2."]),
        (
            _shipped,
            [
                "Order {key} is shipped, but 2 of {sku} were not sent.",
                "Order {key}: variant {variant} held should be 0, is 2.",
            ],
        ),
        (
            _orphan,
            [
                "Order {key}: variant {variant} held should be 2, is 0.",
                "Variant {variant} is held for nobody, but there is no such order.",
            ],
        ),
    ],
)
def test_each_fault_is_named(
    shop: Shop, make: Factory, damage: Callable[[Session, Order], Any], sentences: list[str]
) -> None:
    kettle = make.product(own={"USD": 1999}, stock=5)
    order = shop.order(kettle, 2)
    shop.order(kettle, 1)
    shop.run(lambda session: damage(session, order))
    values = {"key": order.key, "variant": shop.variant(kettle), "sku": make.variant_of(kettle).sku}
    with shop.app.app_context():
        assert queries.audit(db.session) == [sentence.format(**values) for sentence in sentences]
