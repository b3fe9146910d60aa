"""A buyer by hand: fills carts and sends the last button through the room's own functions."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

import contentshop.curation.models
import contentshop.posts.models  # noqa: F401 - every table has to be known before rows are deleted
from contentshop.accounts.models import User
from contentshop.config import ShippingRule
from contentshop.core.clock import FixedClock
from contentshop.core.db import db
from contentshop.core.ids import new_key
from contentshop.core.outbox import OutboxEvent
from contentshop.core.uow import run_in_unit, unit_of_work
from contentshop.delivery.rates import Destination
from contentshop.orders import actions, queries
from contentshop.orders.actions import Wish
from contentshop.orders.actions.placing import destination
from contentshop.orders.inputs import Delivery
from contentshop.orders.models import Order
from contentshop.orders.queries import Terms
from contentshop.products.models import Product, Reservation, Stock, StockMovement
from contentshop.promotions.policy import persons
from tests.factories import Factory

POSTAGE = {"USD": ShippingRule(599, 4900), "CNY": ShippingRule(1000, None)}
PAY_WITHIN = timedelta(hours=72)


CHINA = {
    "country": "CN",
    "region": "广东",
    "city": "深圳市",
    "district": "南山区",
    "address": "科技路 1 号",
    "postcode": "518000",
    "phone": "139 0000 0000",
}


def delivery(**changes: str) -> Delivery:
    values = {
        "email": "ada@example.org",
        "name": "Ada Lovelace",
        "country": "US",
        "city": "Portland",
        "region": "OR",
        "address": "12 Engine Street",
        "postcode": "97201",
        "payment_method": "bank_transfer",
    }
    return Delivery.parse(values | changes, countries=("US", "CN"), methods=("bank_transfer", "on_delivery"))


class Shop:
    """One shop with its clock; every method is one committed unit of work, like a request."""

    def __init__(self, app: Flask, make: Factory, clock: FixedClock) -> None:
        self.app, self.make, self.clock = app, make, clock
        self.creators: queries.Creators = queries.nobody

    def unit(self, work: Callable[[], Any]) -> Any:
        with self.app.app_context():
            return run_in_unit(db.session, work, keep=lambda _: True)

    def variant(self, product: Product) -> int:
        return self.make.variant_of(product).id

    def add(self, cart: str | None, product: Product, quantity: int = 1, **options: Any) -> str:
        variant_id = self.variant(product)
        values = {"region": "US", "now": self.clock.now()} | options
        added = self.unit(lambda: actions.add(db.session, cart, variant_id=variant_id, quantity=quantity, **values))
        return str(added.cart_key)

    def cart(self, key: str, *, region: str = "US", currency: str = "USD", locale: str = "en", **terms: Any) -> Any:
        """The cart as its page sees it: only the country is known."""
        with self.app.app_context():
            values = {"now": self.clock.now(), "to": Destination(region), "postage": POSTAGE} | terms
            return queries.get_cart(
                db.session, key, locale=locale, region=region, currency=currency, terms=Terms(**values)
            )

    def checkout(self, cart: str, delivery: Delivery, *, currency: str = "USD", user: User | None = None) -> Any:
        """The cart as the last step of the checkout sees it."""
        with self.app.app_context():
            state = queries.get_state(db.session, cart)
        return self.cart(
            cart,
            region=delivery.buyer.address.country,
            currency=currency,
            to=destination(delivery),
            shipping=delivery.shipping,
            codes=state.codes,
            gift_cards=state.gift_cards,
            persons=persons(delivery.buyer.email, user.key if user else ""),
            creators=self.creators,
        )

    def wish(self, cart: str, *, currency: str = "USD", user: User | None = None, **changes: Any) -> Wish:
        wanted = changes.get("delivery") or delivery()
        quote = self.checkout(cart, wanted, currency=currency, user=user).quote(currency)
        values: dict[str, Any] = {
            "attempt": new_key(24),
            "cart_key": cart,
            "currency": currency,
            "seen": quote.fingerprint if quote else "",
            "delivery": wanted,
            "locale": "en",
        }
        return Wish(**(values | changes))

    def send(self, wish: Wish, user: User | None = None) -> Order:
        """Press the last button; an answer without effect when it is refused."""
        order: Order = self.unit(
            lambda: actions.place(
                db.session,
                wish,
                user=user,
                postage=POSTAGE,
                pay_within=PAY_WITHIN,
                now=self.clock.now(),
                creators=self.creators,
            )
        )
        return order

    def order(self, product: Product, quantity: int = 1, **changes: str) -> Order:
        """A placed order of ``product``."""
        cart = self.add(None, product, quantity)
        return self.send(self.wish(cart, delivery=delivery(**changes)))

    def do(self, verb: str, order: Order, **options: Any) -> Order:
        """``mark_paid``, ``mark_shipped`` or ``cancel`` by the site itself, unless ``by`` says otherwise."""
        action = getattr(actions, verb)
        values = {"by": None, "now": self.clock.now()} | options
        done: Order = self.unit(lambda: action(db.session, order.key, **values))
        return done

    def expire(self) -> list[str]:
        ended: list[str] = self.unit(lambda: actions.expire_unpaid(db.session, now=self.clock.now()))
        return ended

    def get(self, order: Order) -> Order:
        with self.app.app_context():
            return queries.get_by_key(db.session, order.key)

    def stock(self, product: Product) -> tuple[int, int]:
        """(on hand, reserved)"""
        with self.app.app_context():
            row = db.session.execute(select(Stock.on_hand, Stock.reserved).where(Stock.product_id == product.id)).one()
            return row.on_hand, row.reserved

    def events(self) -> list[tuple[str, dict[str, Any]]]:
        """News about orders, in order."""
        with self.app.app_context():
            rows = db.session.execute(
                select(OutboxEvent.name, OutboxEvent.payload)
                .where(OutboxEvent.name.startswith("Order"))
                .order_by(OutboxEvent.id)
            )
            return [(name, payload) for name, payload in rows]

    def count_orders(self) -> int:
        with self.app.app_context():
            return db.session.scalar(select(func.count()).select_from(Order)) or 0

    def problems(self) -> list[str]:
        """What the audit says, and whether the shelf agrees with what is promised of it."""
        with self.app.app_context():
            found = queries.audit(db.session)
            moved = func.coalesce(
                select(func.sum(StockMovement.delta))
                .where(StockMovement.variant_id == Stock.variant_id)
                .scalar_subquery(),
                0,
            )
            held = func.coalesce(
                select(func.sum(Reservation.quantity - Reservation.taken))
                .where(Reservation.variant_id == Stock.variant_id, Reservation.state == "held")
                .scalar_subquery(),
                0,
            )
            rows = db.session.execute(
                select(Stock.variant_id).where((moved != Stock.on_hand) | (held != Stock.reserved))
            )
            return found + [f"stock of {variant_id}" for (variant_id,) in rows]

    def run(self, work: Callable[[Session], Any]) -> Any:
        """One committed unit of work on the session."""
        with self.app.app_context(), unit_of_work(db.session):
            return work(db.session())


@pytest.fixture
def shop(app: Flask, make: Factory, clock: FixedClock) -> Shop:
    """A shop and its buyers."""
    return Shop(app, make, clock)
