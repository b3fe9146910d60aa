"""Buyers of the demo shop: their orders arrive, then they say what they think; all by the rooms' own actions."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml
from sqlalchemy import select, update

from contentshop.accounts import actions as accounts
from contentshop.accounts import queries as people
from contentshop.accounts.inputs import SignUp
from contentshop.core.db import db
from contentshop.core.ids import new_key
from contentshop.core.outbox import OutboxEvent
from contentshop.demo.accounts import PASSWORD
from contentshop.orders import actions as orders
from contentshop.orders import queries as carts
from contentshop.orders.actions.placing import destination
from contentshop.orders.inputs import Delivery
from contentshop.orders.queries import Terms
from contentshop.products.models import Product, Stock, Variant
from contentshop.promotions.policy import persons
from contentshop.reviews import actions, queries
from contentshop.reviews.inputs import ReviewInput
from contentshop.reviews.models import Review

if TYPE_CHECKING:
    from contentshop.accounts.models import User

FOLDER = Path(__file__).parent
PAY_WITHIN = timedelta(days=3)
ON_THE_WAY = timedelta(days=3)
TRIED = timedelta(days=2)  # from the arrival to the review
ANSWERED = timedelta(days=4)
ADDED = timedelta(days=20)
ADDRESS = {
    "country": "US",
    "region": "OR",
    "city": "Portland",
    "address": "12 Alder Street",
    "postcode": "97205",
    "payment_method": "bank_transfer",
}


def load_reviews(password_hash: str, *, operator: str, now: datetime) -> None:
    """Have the buyers of ``reviews.yaml`` buy, receive and review; ``operator`` is the handle of whoever sends."""
    entries: list[dict[str, Any]] = yaml.safe_load((FOLDER / "reviews.yaml").read_text(encoding="utf-8"))
    boss = people.get_by_handle(db.session, operator)
    written: list[Review] = []
    buyers = []
    for entry in entries:
        buyer = _sign_up(entry, password_hash, now)
        buyers.append(buyer)
        arrived = now - timedelta(days=entry["days_ago"])
        order = _buy(buyer, entry["lines"], boss, arrived)
        for position, words in enumerate(entry["lines"], start=1):
            written.append(_review(buyer, order, position, words, boss, arrived))
    # Nobody waits for mails about these orders: the people are invented, and all of it is past.
    told = update(OutboxEvent).where(OutboxEvent.name.startswith("Order"), OutboxEvent.dispatched_at.is_(None))
    db.session.execute(told.values(dispatched_at=now))
    for number, review in enumerate(written):
        for voter in buyers[: (2, 3, 1, 0)[number % 4]]:
            if voter.id != review.author_id:
                actions.vote(db.session, review, True, by=voter, now=now)


def _sign_up(entry: Mapping[str, Any], password_hash: str, now: datetime) -> User:
    form = SignUp.parse(
        name=entry["name"],
        handle=entry["handle"],
        email=f"{entry['handle']}@demo.example",
        password=PASSWORD,
        creator=False,
        locale=entry["locale"],
    )
    return accounts.sign_up(db.session, form, password_hash=password_hash, now=now)


def _buy(buyer: User, lines: list[dict[str, Any]], boss: User, arrived: datetime) -> str:
    """One of each product of ``lines``; the order's key, once it has arrived."""
    placed = arrived - ON_THE_WAY
    cart = None
    for line in lines:
        variant = db.session.scalars(
            select(Variant.id)
            .join(Product, Product.id == Variant.product_id)
            .join(Stock, Stock.variant_id == Variant.id)
            .where(Product.slug == line["product"], Stock.on_hand - Stock.reserved > 1)
            .order_by(Variant.position, Variant.id)
            .limit(1)
        ).one()
        cart = orders.add(db.session, cart, variant_id=variant, quantity=1, region="US", now=placed).cart_key
    if cart is None:
        raise ValueError("a demo buyer who buys nothing")
    delivery = Delivery.parse(
        ADDRESS | {"email": buyer.email, "name": buyer.name}, countries=("US",), methods=("bank_transfer",)
    )
    terms = Terms(
        now=placed,
        to=destination(delivery),
        postage={},
        shipping=delivery.shipping,
        persons=persons(buyer.email, buyer.key),
    )
    seen = carts.get_cart(db.session, cart, locale=buyer.locale, region="US", currency="USD", terms=terms)
    quote = seen.quote("USD")
    wish = orders.Wish(
        attempt=new_key(24),
        cart_key=cart,
        currency="USD",
        seen=quote.fingerprint if quote else "",
        delivery=delivery,
        locale=buyer.locale,
    )
    order = orders.place(db.session, wish, user=buyer, postage={}, pay_within=PAY_WITHIN, now=placed)
    orders.mark_paid(db.session, order.key, by=boss, now=placed)
    orders.mark_shipped(db.session, order.key, by=boss, now=placed + timedelta(days=1))
    orders.confirm(db.session, order.key, by=None, actor=buyer.key, now=arrived)
    return order.key


def _review(buyer: User, order: str, position: int, words: Mapping[str, Any], boss: User, arrived: datetime) -> Review:
    line = queries.get_to_review(db.session, buyer.id, order, position)
    said = ReviewInput.parse({**words, "stars": str(words["stars"])})
    review = actions.write(db.session, line, said, by=buyer, now=arrived + TRIED)
    if words.get("reply"):
        actions.reply(db.session, review, words["reply"], by=boss, now=arrived + ANSWERED)
    if words.get("more"):
        actions.add_more(db.session, review, words["more"], by=buyer, now=arrived + ADDED)
    return review
