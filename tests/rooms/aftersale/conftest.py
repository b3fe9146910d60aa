"""A shop whose orders were sent, and its staff."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import func, select

from contentshop.aftersale import actions, queries
from contentshop.aftersale.inputs import Application
from contentshop.aftersale.models import AfterSale
from contentshop.aftersale.policy import Terms
from contentshop.core.db import db
from contentshop.core.ids import new_key
from contentshop.ledger import queries as ledger
from contentshop.media.actions import PrivatePicture
from contentshop.orders.models import Order
from contentshop.payments.models import Refund
from tests.factories import Factory
from tests.rooms.orders.conftest import Shop, shop

__all__ = ["shop"]

TERMS = Terms()


@dataclass
class Desk:
    """What buyers and staff do to cases; every method is one committed unit of work."""

    shop: Shop
    operator: Any

    def apply(
        self,
        order: Order,
        units: Mapping[int, int] | None = None,
        *,
        kind: str = "return",
        reason: str = "unwanted",
        variants: Mapping[int, str] | None = None,
        received: bool = False,
    ) -> AfterSale:
        """``units`` by the position of the line; all of the first line without them."""
        lines = self.shop.get(order).lines
        chosen = {lines[place].id: count for place, count in (units or {0: lines[0].quantity}).items()}
        wanted = {lines[place].id: key for place, key in (variants or {}).items()}
        photos = (PrivatePicture(new_key(16), 800, 600),) if reason in {"broken", "wrong", "unlike"} else ()
        case: AfterSale = self.shop.unit(
            lambda: actions.apply(
                db.session,
                order.key,
                Application(kind, reason, "", chosen, wanted, received),
                photos=photos,
                terms=TERMS,
                now=self.shop.clock.now(),
            )
        )
        return case

    def do(self, verb: str, case: AfterSale, **options: Any) -> AfterSale:
        """``approve``, ``reject``, ``receive``, ``settle``, ``refund_instead`` by staff; ``send``, ``withdraw``."""
        values: dict[str, Any] = {"terms": TERMS, "now": self.shop.clock.now(), "by": self.operator} | options
        if verb in {"send", "withdraw"}:
            values.pop("by")
        if verb == "refund_instead":
            values.pop("terms")
        if verb == "approve" and case.kind in {"return", "exchange"}:
            values.setdefault("return_to", "Warehouse 1, Portland")
        if verb == "approve" and options.keys() & {"refund_minor", "returned"}:
            values.setdefault("why", "It was used.")
        if verb == "receive":
            values.setdefault("restocked", {line.id: line.returned for line in self.get(case).lines})
        action = getattr(actions, verb)
        done: AfterSale = self.shop.unit(lambda: action(db.session, case.key, **values))
        return done

    def return_all(self, case: AfterSale) -> AfterSale:
        """From the application to the refund."""
        for verb in ("approve", "receive", "settle"):
            self.do(verb, case)
        return self.get(case)

    def get(self, case: AfterSale) -> AfterSale:
        with self.shop.app.app_context():
            return queries.get_case(db.session, case.key)

    def refunds(self, order: Order) -> list[int]:
        with self.shop.app.app_context():
            query = select(Refund.minor).where(Refund.order_key == order.key).order_by(Refund.id)
            return list(db.session.scalars(query))

    def count(self) -> int:
        with self.shop.app.app_context():
            return db.session.scalar(select(func.count()).select_from(AfterSale)) or 0

    def balance(self, account: str) -> int:
        with self.shop.app.app_context():
            return ledger.balance(db.session, account, "USD")

    def problems(self) -> list[str]:
        with self.shop.app.app_context():
            found = [*queries.audit(db.session), *ledger.audit(db.session)]
        return [*found, *self.shop.problems()]


@pytest.fixture
def desk(shop: Shop, make: Factory) -> Desk:
    """The desk, with an operator at it."""
    return Desk(shop, make.user("operator"))


@pytest.fixture
def delivered(shop: Shop, make: Factory) -> Any:
    """``delivered(quantity)``: a paid and shipped order of a kettle at 19.99, postage 5.99."""

    def do(quantity: int = 2, *, stock: int = 9, **changes: Any) -> Order:
        kettle = make.product(own={"USD": 1999}, stock=stock, title="Gooseneck Kettle", **changes)
        order = shop.order(kettle, quantity)
        shop.do("mark_paid", order)
        shop.do("mark_shipped", order, tracking="1Z999")
        return order

    return do
