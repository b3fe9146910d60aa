"""A till by hand: orders with any amounts, and money that comes and goes through the rooms' own functions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from contentshop.core.clock import FixedClock
from contentshop.core.db import db
from contentshop.core.ids import new_key
from contentshop.core.money import Money
from contentshop.core.uow import run_in_unit
from contentshop.ledger import queries as ledger
from contentshop.orders import queries as orders
from contentshop.orders.actions import cancel, expire_unpaid, paying, refunding
from contentshop.orders.actions.states import order_to_change
from contentshop.orders.models import Order, OrderEvent, OrderLine
from contentshop.orders.queries import proofs
from contentshop.payments import actions as payments
from contentshop.payments import credit, queries
from contentshop.payments.models import Payment, Refund
from contentshop.payments.port import GatewayEvent, RefundResult
from contentshop.products import stock
from contentshop.products.models import Offer, Product, Stock
from tests.factories import Factory


class Online:
    """The part of a gateway that the rooms ask for."""

    name = "stripe"
    online = True
    methods = ("card",)
    currencies = None


@dataclass
class Sold:
    """One line: what it costs and who gets a share."""

    product: Product
    quantity: int = 1
    unit: int = 1999
    discount: int = 0
    tax: int = 0
    creator: str = ""
    commission: int = 0
    supplier: str = ""
    share: int = 0


class Till:
    """Every method is one committed unit of work, like a request."""

    def __init__(self, app: Flask, make: Factory, clock: FixedClock) -> None:
        self.app, self.make, self.clock = app, make, clock

    def unit(self, work: Callable[[], Any]) -> Any:
        with self.app.app_context():
            try:
                return run_in_unit(db.session, work, keep=lambda _: True)
            finally:
                db.session.remove()

    def order(
        self,
        *sold: Sold,
        shipping: int = 599,
        shipping_tax: int = 0,
        included: bool = False,
        credit_minor: int = 0,
        card: str = "",
        method: str = "card",
        country: str = "US",
        codes: Sequence[str] = (),
    ) -> str:
        """The key of a placed order of ``sold``."""
        now = self.clock.now()
        # Looked up in a unit of their own, before the order's begins.
        variants = [self.make.variant_of(one.product) for one in sold]

        def place() -> str:
            key = new_key()
            lines = []
            for one, variant in zip(sold, variants, strict=True):
                offer_id = db.session.scalars(
                    select(Offer.id).where(Offer.variant_id == variant.id, Offer.kind == "own")
                ).first()
                lines.append(
                    OrderLine(
                        variant_id=variant.id,
                        offer_id=offer_id,
                        sku=variant.sku,
                        title=one.product.title,
                        unit_minor=one.unit,
                        quantity=one.quantity,
                        total_minor=one.unit * one.quantity,
                        discount_minor=one.discount,
                        tax_minor=one.tax,
                        creator_key=one.creator,
                        commission_minor=one.commission,
                        supplier_key=one.supplier,
                        supplier_minor=one.share,
                    )
                )
            items = sum(line.total_minor for line in lines)
            discount = sum(line.discount_minor for line in lines)
            tax = sum(line.tax_minor for line in lines) + shipping_tax
            order = Order(
                key=key,
                state="placed",
                payment_method=method,
                currency="USD",
                items_minor=items,
                discount_minor=discount,
                shipping_minor=shipping,
                tax_minor=tax,
                shipping_tax_minor=shipping_tax,
                tax_included=included,
                total_minor=items - discount + shipping + (0 if included else tax),
                credit_minor=credit_minor,
                codes=list(codes),
                email="ada@example.org",
                name="Ada Lovelace",
                country=country,
                city="Portland",
                address="12 Engine Street",
                attempt_key=new_key(24),
                attempt_digest="",
                placed_at=now,
                pay_by=None if method == "on_delivery" else now + timedelta(hours=72),
                lines=lines,
                events=[OrderEvent(kind="placed", actor="buyer", happened_at=now)],
            )
            db.session.add(order)
            db.session.flush()
            wants: dict[int, int] = {}
            for line in lines:
                wants[line.variant_id] = wants.get(line.variant_id, 0) + line.quantity
            stock.reserve(db.session, key, wants, expires_at=order.pay_by, now=now)
            if credit_minor:
                credit.hold(db.session, card, holder=key, amount=Money(credit_minor, "USD"), now=now)
            return key

        return str(self.unit(place))

    def begin(self, order: str, attempt: str = "") -> str:
        """The key of a try to pay by card."""
        payment: Payment = self.unit(
            lambda: paying.begin(
                db.session,
                order,
                method="card",
                gateway=Online(),  # type: ignore[arg-type]
                attempt_key=attempt or new_key(24),
                now=self.clock.now(),
            )
        )
        return payment.key

    def tell(self, event: GatewayEvent, gateway: str = "stripe") -> paying.Told:
        """A provider tells us something."""
        told: paying.Told = self.unit(lambda: paying.take_event(db.session, gateway, event, now=self.clock.now()))
        return told

    def paid(self, payment: str, minor: int, currency: str = "USD", event: str = "") -> paying.Told:
        """The provider says that ``minor`` units have come."""
        return self.tell(
            GatewayEvent(
                event or new_key(),
                "paid",
                "payment_intent.succeeded",
                reference=f"pi_{payment}",
                payment_key=payment,
                amount=Money(minor, currency),
            )
        )

    def pay(self, order: str) -> str:
        """Pay all that is due by card; the payment's key."""
        payment = self.begin(order)
        self.paid(payment, self.payment(payment).minor)
        return payment

    def give_back(self, order: str, key: str = "r1", **what: Any) -> Refund:
        refund: Refund = self.unit(
            lambda: refunding.give_back(
                db.session,
                order_to_change(db.session, order, None),
                reason="returned",
                key=key,
                by=None,
                now=self.clock.now(),
                **what,
            )
        )
        return refund

    def sent(self, refund: str, state: str = "done") -> None:
        """The provider has answered for every part of a refund."""
        with self.app.app_context():
            keys = [part.key for part in queries.get_refund(db.session, refund).parts]
            db.session.remove()
        for key in keys:
            result = RefundResult(state, f"re_{key}")  # type: ignore[arg-type]
            self.unit(lambda key=key, result=result: paying.note_refund(db.session, key, result, now=self.clock.now()))

    def cancel(self, order: str) -> None:
        self.unit(lambda: cancel(db.session, order, reason="x", by=None, now=self.clock.now()))

    def expire(self) -> list[str]:
        ended: list[str] = self.unit(lambda: expire_unpaid(db.session, now=self.clock.now()))
        return ended

    def get(self, order: str) -> Order:
        with self.app.app_context():
            found = orders.get_by_key(db.session, order)
            db.session.remove()
            return found

    def payment(self, key: str) -> Payment:
        with self.app.app_context():
            found = queries.get_payment(db.session, key)
            db.session.remove()
            return found

    def refunds(self, order: str) -> list[tuple[str, int]]:
        with self.app.app_context():
            found = [(refund.state, refund.minor) for refund in queries.list_refunds(db.session, order)]
            db.session.remove()
            return found

    def kinds(self, order: str) -> list[str]:
        """The order's timeline."""
        return [event.kind for event in self.get(order).events]

    def money(self, order: str) -> tuple[str, int, int]:
        """(state, paid, refunded) of an order."""
        found = self.get(order)
        return found.state, found.paid_minor, found.refunded_minor

    def books(self, reference: str) -> dict[str, int]:
        """account → balance of what is booked to an order, without those at zero."""
        with self.app.app_context():
            found = {key[0]: minor for key, minor in ledger.balances_of(db.session, reference).items() if minor}
            db.session.remove()
            return found

    def balance(self, account: str) -> int:
        with self.app.app_context():
            found = ledger.balance(db.session, account, "USD")
            db.session.remove()
            return found

    def stock(self, product: Product) -> tuple[int, int]:
        """(on hand, reserved)"""
        with self.app.app_context():
            row = db.session.execute(select(Stock.on_hand, Stock.reserved).where(Stock.product_id == product.id)).one()
            db.session.remove()
            return row.on_hand, row.reserved

    def card(self, minor: int, **more: Any) -> str:
        """The key of a gift card that the desk has issued."""
        values: dict[str, Any] = {"source_key": new_key(), "actor": "desk", "now": self.clock.now()} | more
        issued = self.unit(lambda: credit.issue(db.session, amount=Money(minor, "USD"), **values))
        return str(issued.key)

    def card_balance(self, key: str) -> int:
        with self.app.app_context():
            found = credit.get_card(db.session, key).balance_minor
            db.session.remove()
            return found

    def problems(self) -> list[str]:
        """What the audits of the rooms say."""
        with self.app.app_context():
            found = [
                *ledger.audit(db.session),
                *credit.audit(db.session),
                *proofs.audit(db.session),
                *stock.audit(db.session),
            ]
            db.session.remove()
            return found


@pytest.fixture
def till(app: Flask, make: Factory, clock: FixedClock) -> Till:
    """A till."""
    return Till(app, make, clock)


__all__ = ["Online", "Sold", "Till", "payments"]
