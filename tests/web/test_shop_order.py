"""The buyer's page of an order: for whoever holds the link, and nobody else."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from contentshop.core.clock import FixedClock
from contentshop.core.db import db
from contentshop.core.money import Money
from contentshop.core.uow import unit_of_work
from contentshop.orders import actions
from contentshop.orders.actions.paying import record_receipt
from contentshop.orders.actions.refunding import give_back
from contentshop.orders.models import OrderEvent
from contentshop.orders.queries import get_by_key
from contentshop.payments import credit
from contentshop.reactions import site_context
from contentshop.web.order_mails import order_mail
from tests.factories import Factory
from tests.web.buyer import ADDRESS, add, buy, checkout_form, orders, text_of


def place(client: FlaskClient, make: Factory, **changes: str) -> str:
    """The path of a new order's page."""
    kettle = make.product(own={"USD": 1999}, stock=5, title="Gooseneck Kettle")
    return buy(client, kettle, 2, **changes).headers["Location"]


def do(app: Flask, clock: FixedClock, verb: str, **options: Any) -> None:
    (order,) = orders(app)
    with app.app_context(), unit_of_work(db.session):
        getattr(actions, verb)(db.session, order.key, by=None, now=clock.now(), **options)


def test_the_page_of_a_bank_transfer_says_how_to_pay(
    app: Flask, client: FlaskClient, make: Factory, clock: FixedClock
) -> None:
    path = place(client, make, note="Ring twice", phone="+1 555 0100")
    clock.advance(timedelta(minutes=5))
    answer = app.test_client().get(path)
    (order,) = orders(app)
    assert answer.status_code == 200
    words = text_of(answer.text)
    assert f"Order {order.key.upper()} Thank you, your order is placed" in words
    assert "Please pay by Mon 23 Nov 2026, 12:00 (UTC). We keep everything for you until then." in words
    assert (
        f"Amount $45.97 Reference {order.key.upper()} Pay by Mon 23 Nov 2026, 12:00 (UTC) Our account Account holder:"
        in words
    )
    assert "Order placed 5 minutes ago Payment (still to come) Due by Mon 23 Nov 2026, 12:00 (UTC)" in words
    assert "Ada Lovelace 12 Engine Street Portland, OR 97201 United States +1 555 0100" in words
    assert "ada@example.org" in words
    assert "Gooseneck Kettle 2 × $19.99 $39.98 Goods $39.98 Delivery Standard delivery $5.99 Total $45.97" in words


def test_the_time_to_pay_is_that_of_the_readers_clock(
    app: Flask, client: FlaskClient, make: Factory, sign_in: Any
) -> None:
    ada = make.user(timezone="Asia/Shanghai")
    sign_in(client, ada)
    words = text_of(client.get(place(client, make)).text)
    assert "Please pay by Mon 23 Nov 2026, 20:00 (Asia / Shanghai). We keep everything for you until then." in words
    with site_context(app):
        found = order_mail({"order": orders(app)[0].key}, "placed")
    assert found is not None
    assert "We keep everything for you until Mon 23 Nov 2026, 20:00 (Asia / Shanghai)." in found.text


def test_the_page_is_kept_by_nobody(client: FlaskClient, make: Factory) -> None:
    answer = client.get(place(client, make))
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Robots-Tag"] == "noindex"
    assert answer.headers["Referrer-Policy"] == "same-origin"
    assert '<meta name="robots" content="noindex">' in answer.text


def test_a_changed_link_opens_nothing(app: Flask, client: FlaskClient, make: Factory) -> None:
    path = place(client, make)
    (order,) = orders(app)
    token = path.removeprefix("/orders/")
    body, _, seal = token.rpartition(".")
    wrong = [
        order.key,
        order.key.upper(),
        str(order.id),
        "1",
        f"{body}.",
        f"{body}.{seal[:-2]}xx",
        f"x{token}",
        token + "x",
    ]
    for other in wrong:
        answer = client.get(f"/orders/{other}")
        assert answer.status_code == 404, other
        assert "ada@example.org" not in answer.text
    assert client.get(path).status_code == 200


def test_a_token_of_another_secret_opens_nothing(app: Flask, client: FlaskClient, make: Factory) -> None:
    from itsdangerous import URLSafeSerializer

    place(client, make)
    (order,) = orders(app)
    for secret, salt in (("other", "contentshop.order"), (app.config["SECRET_KEY"], "contentshop.seen")):
        token = URLSafeSerializer(secret, salt=salt).dumps(order.key)
        assert client.get(f"/orders/{token}").status_code == 404


def test_a_link_ends_but_the_owner_still_gets_in(
    app: Flask, client: FlaskClient, make: Factory, clock: FixedClock, sign_in: Any
) -> None:
    ada = make.user()
    sign_in(client, ada)
    path = place(client, make)
    clock.advance(timedelta(days=400) - timedelta(seconds=1))
    assert app.test_client().get(path).status_code == 200
    clock.advance(timedelta(seconds=1))
    assert app.test_client().get(path).status_code == 404
    sign_in(client, ada)
    assert client.get(path).status_code == 200


@pytest.mark.parametrize(
    ("method", "steps", "sentences"),
    [
        ("on_delivery", [], ["You pay when the parcel is at your door.", "Payment at your door (still to come)"]),
        (
            "bank_transfer",
            [("mark_paid", {})],
            ["Your payment has arrived", "Payment received", "Parcel leaves our house (still to come)"],
        ),
        (
            "bank_transfer",
            [("mark_paid", {}), ("mark_shipped", {"tracking": "1Z999"})],
            ["Your parcel is on its way", "Sent Tracking number 1Z999"],
        ),
        ("on_delivery", [("mark_shipped", {})], ["Your parcel is on its way", "Payment at your door (still to come)"]),
        (
            "bank_transfer",
            [("cancel", {"reason": "Broken in our house"})],
            ["This order is cancelled", "Cancelled Broken in our house"],
        ),
    ],
)
def test_the_timeline_follows_the_order(
    app: Flask,
    client: FlaskClient,
    make: Factory,
    clock: FixedClock,
    method: str,
    steps: list[tuple[str, dict[str, str]]],
    sentences: list[str],
) -> None:
    path = place(client, make, payment_method=method)
    for verb, options in steps:
        clock.advance(timedelta(hours=1))
        do(app, clock, verb, **options)
    words = text_of(client.get(path).text)
    for sentence in sentences:
        assert sentence in words
    assert ("How to pay" in words) == (method == "bank_transfer" and not steps)


def test_an_expired_order_and_late_money(app: Flask, client: FlaskClient, make: Factory, clock: FixedClock) -> None:
    path = place(client, make)
    clock.advance(timedelta(hours=72))
    with app.app_context(), unit_of_work(db.session):
        actions.expire_unpaid(db.session, now=clock.now())
    assert "Cancelled, since no payment arrived in time" in text_of(client.get(path).text)
    do(app, clock, "mark_paid")
    words = text_of(client.get(path).text)
    assert "Your payment has arrived" in words
    assert "Payment received late, the order goes on" in words


def test_words_of_the_buyer_stay_words(client: FlaskClient, make: Factory) -> None:
    hostile = "<script>alert(1)</script>{{ 'no'*9 }}"
    page = client.get(place(client, make, name=hostile, address=hostile, city=hostile, note=hostile)).text
    assert "<script>alert(1)" not in page
    assert "no" * 9 not in page
    assert page.count("&lt;script&gt;alert(1)&lt;/script&gt;{{ &#39;no&#39;*9 }}") == 4


def test_the_page_speaks_chinese_dates_and_money(client: FlaskClient, make: Factory) -> None:
    make.product("yuan", own={"CNY": 2000}, stock=3, translations={"zh": {"title": "电热水壶"}})
    client.set_cookie("cs_lang", "zh")
    add(client, product="yuan")
    path = client.post("/checkout", data=checkout_form(client, country="CN")).headers["Location"]
    words = text_of(client.get(path).text)
    assert "¥30.00" in words
    assert "2026年11月23日" in words
    assert "电热水壶" in words
    assert ADDRESS["name"] in words


def test_what_needs_no_parcel_is_not_told_as_one(
    app: Flask, client: FlaskClient, make: Factory, clock: FixedClock
) -> None:
    voucher = make.product(own={"USD": 5000}, stock=5, title="Voucher")
    variant = make.variant_of(voucher).id
    with app.app_context(), unit_of_work(db.session):
        credit.sell(db.session, variant)
    path = buy(client, voucher).headers["Location"]

    def look() -> str:
        words = text_of(client.get(path).text)
        assert "Your payment has arrived What you bought is ready below. Your gift cards Show the codes" in words
        assert "Buyer Full name Ada Lovelace E-mail ada@example.org Payment Bank transfer" in words
        assert "Voucher 1 × $50.00 $50.00 Goods $50.00 Total $50.00" in words
        untrue = ("parcel", "Parcel", "Your files", "files can", "I have received it", "Delivery", "Address", "its way")
        assert [one for one in untrue if one in words] == []
        assert "(still to come)" not in words
        return words

    do(app, clock, "mark_paid")
    assert "Ready to use" not in look()
    (order,) = orders(app)
    with app.app_context(), unit_of_work(db.session):
        actions.ship_digital(db.session, order.key, confirm_within=timedelta(days=10), now=clock.now())
    assert "Payment received just now Ready to use just now" in look()


def test_what_was_paid_back_stands_below_the_total(
    app: Flask, client: FlaskClient, make: Factory, clock: FixedClock
) -> None:
    path = place(client, make)
    (order,) = orders(app)
    do(app, clock, "mark_paid")
    assert "Paid after refunds" not in text_of(client.get(path).text)
    with app.app_context(), unit_of_work(db.session):
        found = get_by_key(db.session, order.key)
        give_back(db.session, found, minor=1000, reason="late", key="a", by=None, now=clock.now())
    sums = "Delivery Standard delivery $5.99 Total $45.97 Refund on its way −$10.00 Paid after refunds $35.97"
    assert sums in text_of(client.get(path).text)
    assert sums in text_of(client.get(f"{path}/invoice").text)


def test_money_that_was_too_much_is_told_before_it_goes_back(
    app: Flask, client: FlaskClient, make: Factory, clock: FixedClock
) -> None:
    path = place(client, make)
    (order,) = orders(app)
    with app.app_context(), unit_of_work(db.session):
        record_receipt(db.session, order.key, received=Money(5000, "USD"), key="a", by=None, now=clock.now())
    sums = "Total $45.97 Paid in all $50.00 Refund on its way −$4.03 Paid after refunds $45.97"
    assert sums in text_of(client.get(path).text)


def test_a_part_payment_says_what_came_and_what_is_due(
    app: Flask, client: FlaskClient, make: Factory, clock: FixedClock
) -> None:
    path = place(client, make)
    (order,) = orders(app)
    with app.app_context(), unit_of_work(db.session):
        db.session.add(
            OrderEvent(order_id=order.id, kind="part_paid", actor="x", note="1234.50 USD", happened_at=clock.now())
        )
        record_receipt(db.session, order.key, received=Money(1000, "USD"), key="a", by=None, now=clock.now())
    words = text_of(client.get(path).text)
    assert "A part of the payment received $10.00 received, $35.97 still due" in words
    # As older releases wrote it: the rest alone.
    assert "A part of the payment received $1,234.50 still due" in words
    client.set_cookie("cs_lang", "zh")
    assert "收到 US$10.00，还需支付 US$35.97" in text_of(client.get(path).text)
