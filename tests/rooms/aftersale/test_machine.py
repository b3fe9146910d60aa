"""Orders, payments, parcels and refunds in any sequence, beside a plain model. What is not legal is told."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from contentshop.aftersale.models import AfterSale
from contentshop.core.db import db
from contentshop.core.errors import Conflict, ContentshopError, Invalid
from contentshop.orders import actions
from contentshop.orders.actions import Parcel
from contentshop.orders.models import Order
from tests.conftest import NOON, empty_database
from tests.factories import Factory
from tests.rooms.aftersale.conftest import Desk
from tests.rooms.orders.conftest import Shop

STOCK = 8
PRICE = 1999
CONFIRM = timedelta(days=10)


@dataclass
class Claim:
    """A case on paper."""

    order: str
    units: int
    state: str = "asked"
    restocked: int = 0


@dataclass
class Plain:
    """An order as a person with paper would keep it."""

    quantity: int
    state: str = "placed"
    sent: int = 0
    dropped: int = 0
    refunded_units: int = 0
    refunded: int = 0
    claims: list[Claim] = field(default_factory=list)

    @property
    def left(self) -> int:
        return self.quantity - self.sent - self.dropped

    @property
    def claimed(self) -> int:
        return sum(claim.units for claim in self.claims if claim.state not in {"withdrawn", "rejected"})


class SaleMachine(RuleBasedStateMachine):
    """The shop on the left, paper on the right."""

    shop: Shop
    desk: Desk
    make: Factory
    orders = Bundle("orders")
    cases = Bundle("cases")

    def __init__(self) -> None:
        super().__init__()
        with self.shop.app.app_context():
            empty_database()
        self.shop.clock.advance(NOON - self.shop.clock.now())
        self.desk.operator = self.make.user("operator")
        self.kettle = self.make.product(own={"USD": PRICE}, stock=STOCK)
        self.on_hand = STOCK
        self.paper: dict[str, Plain] = {}

    @property
    def promised(self) -> int:
        return sum(p.left for p in self.paper.values() if p.state in {"placed", "paid", "part_shipped"})

    def _try(self, legal: bool, work: Any) -> bool:
        """Do it; a refusal is told in a sentence and only comes when paper says so."""
        try:
            work()
        except (Conflict, Invalid) as refusal:
            done, told = False, str(refusal)
        else:
            done, told = True, "."
        assert (done, told.endswith(".")) == (legal, True), told
        return done

    @rule(target=orders, quantity=st.integers(1, 3))
    def place(self, quantity: int) -> str:
        if quantity > self.on_hand - self.promised:
            with pytest.raises(ContentshopError):
                self.shop.order(self.kettle, quantity)
            return ""
        order = self.shop.order(self.kettle, quantity)
        self.paper[order.key] = Plain(quantity)
        return order.key

    @rule(key=orders)
    def pay(self, key: str) -> None:
        if not key or self.paper[key].state == "cancelled":
            return
        self.shop.do("mark_paid", Order(key=key))
        if self.paper[key].state == "placed":
            self.paper[key].state = "paid"

    @rule(key=orders)
    def cancel(self, key: str) -> None:
        if not key:
            return
        plain = self.paper[key]
        legal = plain.state in {"placed", "paid", "cancelled"}
        if self._try(legal, lambda: self.shop.do("cancel", Order(key=key), reason="x")):
            if plain.state == "paid":
                plain.refunded = self.shop.get(Order(key=key)).total_minor
            plain.state = "cancelled"

    @rule(key=orders, units=st.integers(1, 3))
    def ship(self, key: str, units: int) -> None:
        if not key:
            return
        plain = self.paper[key]
        line = self.shop.get(Order(key=key)).lines[0].id
        if plain.state == "shipped":
            return
        legal = plain.state in {"paid", "part_shipped"} and units <= plain.left

        def work() -> None:
            self.shop.unit(
                lambda: actions.ship(
                    db.session,
                    key,
                    parcel=Parcel(),
                    quantities={line: units},
                    confirm_within=CONFIRM,
                    by=None,
                    now=self.shop.clock.now(),
                )
            )

        if self._try(legal, work):
            plain.sent += units
            self.on_hand -= units
            plain.state = "part_shipped" if plain.left else "shipped"

    @rule(key=orders)
    def drop(self, key: str) -> None:
        if not key:
            return
        plain = self.paper[key]

        def work() -> None:
            self.shop.do("drop_rest", Order(key=key), reason="x", confirm_within=CONFIRM, by=self.desk.operator)

        if self._try(plain.state == "part_shipped", work):
            left = plain.left
            plain.dropped += left
            plain.refunded_units += left
            plain.refunded += PRICE * left
            plain.state = "shipped"

    @rule(key=orders)
    def confirm(self, key: str) -> None:
        if not key:
            return
        plain = self.paper[key]
        if self._try(plain.state in {"shipped", "completed"}, lambda: self.shop.do("confirm", Order(key=key))):
            plain.state = "completed"

    @rule(target=cases, key=orders, units=st.integers(1, 3))
    def ask(self, key: str, units: int) -> Any:
        if not key:
            return None
        plain = self.paper[key]
        legal = plain.state in {"part_shipped", "shipped", "completed"} and units <= plain.sent - plain.claimed
        found: list[AfterSale] = []
        if not self._try(legal, lambda: found.append(self.desk.apply(Order(key=key), {0: units}))):
            return None
        claim = Claim(key, units)
        plain.claims.append(claim)
        return found[0], claim

    @rule(case=cases, verb=st.sampled_from(["approve", "reject", "withdraw", "receive", "settle"]), kept=st.booleans())
    def act(self, case: Any, verb: str, kept: bool) -> None:
        if case is None:
            return
        found, claim = case
        legal = {
            "approve": {"asked"},
            "reject": {"asked", "received"},
            "withdraw": {"asked", "approved"},
            "receive": {"approved"},
            "settle": {"received", "done"},
        }[verb]
        options: dict[str, Any] = {}
        if verb == "reject":
            options = {"answer": "No."}
        if verb == "receive":
            lines = self.desk.get(found).lines
            options = {"restocked": {line.id: line.quantity if kept else 0 for line in lines}}
        if not self._try(claim.state in legal, lambda: self.desk.do(verb, found, **options)):
            return
        plain = self.paper[claim.order]
        if verb == "settle" and claim.state == "received":
            self.on_hand += claim.restocked
            plain.refunded_units += claim.units
            plain.refunded += PRICE * claim.units
        if verb == "receive":
            claim.restocked = claim.units if kept else 0
        after = {"approve": "approved", "reject": "rejected", "withdraw": "withdrawn", "receive": "received"}
        claim.state = after.get(verb, "done")

    @invariant()
    def both_sides_agree(self) -> None:
        assert self.shop.stock(self.kettle) == (self.on_hand, self.promised)
        for key, plain in self.paper.items():
            found = self.shop.get(Order(key=key))
            assert (found.state, found.refunded_minor) == (plain.state, plain.refunded)
            line = found.lines[0]
            units = plain.refunded_units
            assert (line.shipped_quantity, line.cancelled_quantity) == (plain.sent, plain.dropped)
            assert line.returned_quantity == units
            assert found.refunded_minor <= found.paid_minor + found.credit_minor

    def teardown(self) -> None:
        """At the end of every run the books are whole."""
        assert self.desk.problems() == []


def test_what_is_sold_follows_the_plain_model(shop: Shop, desk: Desk, make: Factory) -> None:
    SaleMachine.shop, SaleMachine.desk, SaleMachine.make = shop, desk, make
    run_state_machine_as_test(
        SaleMachine,
        settings=settings(
            max_examples=10, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
