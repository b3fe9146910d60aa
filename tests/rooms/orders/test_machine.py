"""Any sequence of what buyers, operators and the clock do, beside a plain model of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from contentshop.core.errors import Conflict
from contentshop.orders.models import Order
from contentshop.products.stock import OutOfStock
from tests.conftest import NOON, empty_database
from tests.factories import Factory
from tests.rooms.orders.conftest import PAY_WITHIN, Shop

STOCK = 6


@dataclass
class Plain:
    """An order as a person with paper would keep it."""

    quantity: int
    method: str
    due: datetime | None
    state: str = "placed"
    paid: bool = False
    steps: int = 1


class OrderMachine(RuleBasedStateMachine):
    """The shop on the left, paper on the right."""

    shop: Shop
    make: Factory
    orders = Bundle("orders")

    def __init__(self) -> None:
        super().__init__()
        with self.shop.app.app_context():
            empty_database()
        self.shop.clock.advance(NOON - self.shop.clock.now())
        self.kettle = self.make.product(own={"USD": 1999}, stock=STOCK)
        self.on_hand = STOCK
        self.paper: dict[str, Plain] = {}

    @property
    def promised(self) -> int:
        return sum(p.quantity for p in self.paper.values() if p.state in {"placed", "paid"})

    @rule(
        target=orders,
        quantity=st.integers(1, 4),
        method=st.sampled_from(["bank_transfer", "on_delivery"]),
    )
    def place(self, quantity: int, method: str) -> Any:
        free = self.on_hand - self.promised
        if quantity > free:
            with pytest.raises(OutOfStock) as refused:
                self.shop.order(self.kettle, quantity, payment_method=method)
            assert refused.value.available == {self.shop.variant(self.kettle): free}
            return None
        order = self.shop.order(self.kettle, quantity, payment_method=method)
        due = self.shop.clock.now() + PAY_WITHIN if method == "bank_transfer" else None
        self.paper[order.key] = Plain(quantity, method, due)
        return order

    @rule(order=orders)
    def pay(self, order: Order | None) -> None:
        if order is None:
            return
        plain = self.paper[order.key]
        late = plain.state == "cancelled"
        # What had been paid before it was cancelled goes back, so such an order stays cancelled.
        legal = not late or (plain.method == "bank_transfer" and not plain.paid)
        enough = not late or plain.quantity <= self.on_hand - self.promised
        news = late or not plain.paid
        # A bank transfer is paid before it is shipped, so only cash is still open afterwards.
        if self._try("mark_paid", order, legal and enough) and news:
            plain.state = "shipped" if plain.state == "shipped" else "paid"
            plain.paid, plain.due, plain.steps = True, None, plain.steps + 1

    @rule(order=orders)
    def ship(self, order: Order | None) -> None:
        if order is None:
            return
        plain = self.paper[order.key]
        legal = plain.state in {"paid", "shipped"} or (plain.state == "placed" and plain.method == "on_delivery")
        if self._try("mark_shipped", order, legal) and plain.state != "shipped":
            plain.state, plain.steps = "shipped", plain.steps + 1
            self.on_hand -= plain.quantity

    @rule(order=orders)
    def cancel(self, order: Order | None) -> None:
        if order is None:
            return
        plain = self.paper[order.key]
        if self._try("cancel", order, plain.state != "shipped", reason="x") and plain.state != "cancelled":
            plain.state, plain.due, plain.steps = "cancelled", None, plain.steps + (2 if plain.paid else 1)

    def _try(self, verb: str, order: Order, legal: bool, **options: str) -> bool:
        try:
            self.shop.do(verb, order, **options)
        except Conflict:
            assert not legal
            return False
        assert legal
        return True

    @rule(hours=st.sampled_from([1, 24, 71, 72, -1]))
    def time_passes(self, hours: int) -> None:
        self.shop.clock.advance(timedelta(hours=hours))

    @rule()
    def worker_looks(self) -> None:
        now = self.shop.clock.now()
        due = {key for key, p in self.paper.items() if p.state == "placed" and p.due and p.due <= now}
        assert set(self.shop.expire()) == due
        for key in due:
            plain = self.paper[key]
            plain.state, plain.due, plain.steps = "cancelled", None, plain.steps + 1

    @invariant()
    def both_sides_agree(self) -> None:
        assert self.shop.stock(self.kettle) == (self.on_hand, self.promised)
        for key, plain in self.paper.items():
            found = self.shop.get(Order(key=key))
            assert (found.state, found.pay_by, len(found.events)) == (plain.state, plain.due, plain.steps)
        assert self.shop.problems() == []


@pytest.fixture
def machine(shop: Shop, make: Factory) -> type[OrderMachine]:
    """The machine on this test's database, which each run starts empty."""
    OrderMachine.shop, OrderMachine.make = shop, make
    return OrderMachine


def test_orders_follow_the_plain_model(machine: type[OrderMachine]) -> None:
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=12,
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
