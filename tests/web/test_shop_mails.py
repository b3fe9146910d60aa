"""Mails about orders: in the buyer's language, saying what is true when they go out."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import update

from contentshop.core.clock import FixedClock
from contentshop.core.db import db
from contentshop.core.mail import Message
from contentshop.core.uow import unit_of_work
from contentshop.orders import actions
from contentshop.products.models import Variant
from contentshop.reactions import site_context
from contentshop.web.order_mails import order_mail
from tests.factories import Factory
from tests.web.buyer import add, buy, checkout_form, orders

KINDS = ("placed", "part_paid", "paid", "shipped", "cancelled", "refunded")


def mail(app: Flask, kind: str) -> Message:
    with site_context(app):
        found = order_mail({"order": orders(app)[0].key}, kind)
    assert found is not None
    return found


def do(app: Flask, clock: FixedClock, verb: str, **options: Any) -> None:
    with app.app_context(), unit_of_work(db.session):
        getattr(actions, verb)(db.session, orders(app)[0].key, by=None, now=clock.now(), **options)


@pytest.fixture
def kettle(make: Factory) -> Any:
    return make.product("kettle", own={"USD": 1999}, stock=5, title="Gooseneck <Kettle> & Co")


def test_the_mail_of_a_new_order(app: Flask, client: FlaskClient, kettle: Any) -> None:
    path = buy(client, kettle, 2).headers["Location"]
    number = orders(app)[0].key.upper()
    found = mail(app, "placed")
    assert (found.to, found.subject) == ("ada@example.org", f"Your order {number} at contentshop")
    assert found.text == (
        "Hello Ada Lovelace,\n"
        "\n"
        "thank you for your order. This is what you bought.\n"
        "\n"
        f"Order {number}\n"
        "  2 × Gooseneck <Kettle> & Co: $39.98\n"
        "  Goods: $39.98\n"
        "  Delivery (Standard delivery): $5.99\n"
        "  Total: $45.97\n"
        "\n"
        "Please transfer $45.97 to this account:\n"
        "Account holder: contentshop demo\n"
        "IBAN: DE00 0000 0000 0000 0000 00\n"
        f"Reference: {number}\n"
        "We keep everything for you until Mon 23 Nov 2026, 12:00 (UTC).\n"
        "\n"
        "Deliver to\n"
        "  Ada Lovelace\n"
        "  12 Engine Street\n"
        "  Portland, OR 97201\n"
        "  United States\n"
        "\n"
        "See your order:\n"
        f"http://localhost{path}\n"
        "\n"
        "contentshop\n"
        "http://localhost"
    )
    assert "Gooseneck &lt;Kettle&gt; &amp; Co" in found.html
    assert f'href="http://localhost{path}"' in found.html
    assert '<html lang="en">' in found.html


def test_what_each_later_mail_says(app: Flask, client: FlaskClient, kettle: Any, clock: FixedClock) -> None:
    buy(client, kettle)
    do(app, clock, "mark_paid")
    assert "your payment has arrived. We are packing your parcel." in mail(app, "paid").text
    assert "Please transfer" not in mail(app, "placed").text
    do(app, clock, "mark_shipped", tracking="1Z999")
    shipped = mail(app, "shipped")
    assert shipped.subject == f"Your order {orders(app)[0].key.upper()} is on its way"
    assert "your parcel has left our house.\nTracking number: 1Z999\n" in shipped.text


def test_the_mail_of_a_cancelled_order_says_why(
    app: Flask, client: FlaskClient, kettle: Any, clock: FixedClock
) -> None:
    buy(client, kettle)
    do(app, clock, "mark_paid")
    do(app, clock, "cancel", reason="broken in our house")
    text = mail(app, "cancelled").text
    assert "your order is cancelled. Nothing will be sent.\nReason: broken in our house\n" in text
    assert "\nYou get back what you have paid.\n" in text


def test_the_mail_of_an_expired_order(app: Flask, client: FlaskClient, kettle: Any, clock: FixedClock) -> None:
    buy(client, kettle)
    clock.advance(timedelta(days=3))
    with app.app_context(), unit_of_work(db.session):
        actions.expire_unpaid(db.session, now=clock.now())
    text = mail(app, "cancelled").text
    assert "No payment arrived in time. If you have paid meanwhile, please write to us." in text
    assert "You get back" not in text


def test_paying_on_delivery(app: Flask, client: FlaskClient, kettle: Any) -> None:
    buy(client, kettle, payment_method="on_delivery")
    assert "You pay $25.98 when the parcel is at your door." in mail(app, "placed").text


def test_the_buyers_language_wins_over_the_workers(app: Flask, client: FlaskClient, make: Factory) -> None:
    make.product("yuan", own={"CNY": 2000}, stock=3, translations={"zh": {"title": "电热水壶"}})
    client.set_cookie("cs_lang", "zh")
    add(client, product="yuan")
    client.post("/checkout", data=checkout_form(client, country="CN"))
    found = mail(app, "placed")
    assert "1 × 电热水壶: ¥20.00" in found.text
    assert "2026年11月23日" in found.text
    assert "中国" in found.text
    assert '<html lang="zh-Hans">' in found.html


def test_there_is_no_mail_about_no_order(app: Flask) -> None:
    with site_context(app):
        assert [order_mail({"order": "nothere"}, kind) for kind in KINDS] == [None] * 6


def test_what_needs_no_parcel_is_ready_on_the_page(
    app: Flask, client: FlaskClient, kettle: Any, clock: FixedClock
) -> None:
    with app.app_context(), unit_of_work(db.session):
        db.session.execute(update(Variant).values(digital=True))
    path = buy(client, kettle).headers["Location"]
    do(app, clock, "mark_paid")
    found = mail(app, "paid")
    assert found.text.split("\n")[2:] == [
        "your payment has arrived. What you bought is ready on the page of your order.",
        "",
        f"Order {orders(app)[0].key.upper()}",
        "  1 × Gooseneck <Kettle> & Co: $19.99",
        "  Goods: $19.99",
        "  Total: $19.99",
        "",
        "See your order:",
        f"http://localhost{path}",
        "",
        "contentshop",
        "http://localhost",
    ]
    assert "Deliver to" not in found.html
    with app.app_context(), unit_of_work(db.session):
        actions.ship_digital(db.session, orders(app)[0].key, confirm_within=timedelta(days=10), now=clock.now())
    with site_context(app):
        assert order_mail({"order": orders(app)[0].key}, "shipped") is None
