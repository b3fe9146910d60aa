"""Paying an order online: the buyer's page, what the provider tells, and a provider that is away."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from contentshop.config import Settings
from contentshop.core.clock import FixedClock
from contentshop.core.db import db
from contentshop.payments import queries
from contentshop.reactions import site_context
from contentshop.web import paying_jobs
from contentshop.web.order_links import order_token
from tests.conftest import make_settings
from tests.factories import Factory
from tests.rooms.payments.conftest import Sold, Till
from tests.stripe_stand_in import SECRET, WEBHOOK_SECRET, StripeStandIn, stripe_stand_in

DUE = 1999 + 599
ATTEMPT = re.compile(r'name="attempt" value="([0-9a-z]+)"')


@pytest.fixture(scope="module")
def stripe() -> Iterator[StripeStandIn]:
    with stripe_stand_in() as found:
        yield found


@pytest.fixture
def settings(tmp_path: Path, database_url: str, stripe: StripeStandIn) -> Settings:
    stripe.mode = "well"
    return make_settings(
        tmp_path,
        database_url,
        stripe_secret_key=SECRET,
        stripe_webhook_secret=WEBHOOK_SECRET,
        stripe_address=stripe.url,
    )


@pytest.fixture
def till(app: Flask, make: Factory, clock: FixedClock) -> Till:
    return Till(app, make, clock)


@pytest.fixture
def order(till: Till, make: Factory) -> str:
    return till.order(Sold(make.product(own={"USD": 1999}, stock=5)))


@pytest.fixture
def place(app: Flask, order: str) -> str:
    """The address of the order's pay page."""
    with site_context(app):
        return f"/orders/{order_token(order)}/pay"


def work(app: Flask) -> None:
    """One turn of the worker."""
    with site_context(app):
        paying_jobs.work()
        paying_jobs.apply_kept()
        db.session.remove()


def press(client: FlaskClient, post_form: Callable[..., Any], place: str) -> Any:
    found = ATTEMPT.search(client.get(place).text)
    assert found
    return post_form(client, place, {"method": "card", "attempt": found.group(1)})


def newest(app: Flask, order: str) -> Any:
    with app.app_context():
        found = queries.list_payments(db.session, order)[-1]
        db.session.remove()
        return found


def tell(
    client: FlaskClient, payment: str, *, number: str = "evt_1", minor: int = DUE, secret: str = WEBHOOK_SECRET
) -> Any:
    intent = {
        "id": f"pi_{payment}",
        "object": "payment_intent",
        "amount": minor,
        "amount_received": minor,
        "currency": "usd",
        "metadata": {"payment": payment},
    }
    body = json.dumps(
        {"id": number, "object": "event", "type": "payment_intent.succeeded", "data": {"object": intent}}
    ).encode()
    at = int(time.time())
    signature = hmac.new(secret.encode(), b"%d." % at + body, hashlib.sha256).hexdigest()
    return client.post("/hooks/payments/stripe", data=body, headers={"Stripe-Signature": f"t={at},v1={signature}"})


def test_an_order_is_paid_on_stripes_page(
    app: Flask,
    client: FlaskClient,
    post_form: Callable[..., Any],
    stripe: StripeStandIn,
    till: Till,
    order: str,
    place: str,
) -> None:
    page = client.get(place)
    assert (page.status_code, page.headers["Cache-Control"]) == (200, "no-store")
    assert "Pay $25.98" in page.text
    answer = press(client, post_form, place)
    assert (answer.status_code, answer.headers["Location"]) == (303, f"{place}?go=1")
    assert "One moment" in client.get(f"{place}?go=1").text
    work(app)
    begun = newest(app, order)
    assert f'content="0;url={begun.redirect_url}"' in client.get(f"{place}?go=1").text
    assert client.get(place).text.count(begun.redirect_url) == 1
    assert stripe.pay(begun.reference)
    waiting = client.get(f"{place}/back")
    assert "We are waiting for the confirmation" in waiting.text
    before = client.get(f"{place}/state?back=1").get_json()["state"]
    work(app)
    assert client.get(f"{place}/state?back=1").get_json()["state"] != before
    assert "Your payment has arrived" in client.get(f"{place}/back").text
    assert till.money(order) == ("paid", DUE, 0)

    till.cancel(order)
    work(app)
    assert till.refunds(order) == [("done", DUE)]
    sent = stripe.ask("GET", f"/v1/refunds?payment_intent={newest(app, order).reference}")["data"]
    assert [refund["amount"] for refund in sent] == [DUE]
    assert till.books(order) == {}


@pytest.mark.parametrize("mode", ["down", "nonsense"])
def test_a_provider_that_is_away_loses_nothing(
    app: Flask,
    client: FlaskClient,
    post_form: Callable[..., Any],
    stripe: StripeStandIn,
    till: Till,
    order: str,
    place: str,
    mode: str,
) -> None:
    stripe.mode = mode
    press(client, post_form, place)
    work(app)
    page = client.get(place).text
    assert "The payment provider does not answer at the moment" in page
    assert "Try again" in page
    assert till.get(order).state == "placed"
    first = newest(app, order)
    press(client, post_form, place)
    stripe.mode = "well"
    work(app)
    again = newest(app, order)
    assert (again.key, again.state) == (first.key, "begun")
    assert "Go to the payment" in client.get(place).text


def test_what_the_provider_tells_is_checked_and_counts_once(
    app: Flask, client: FlaskClient, post_form: Callable[..., Any], till: Till, order: str, place: str
) -> None:
    press(client, post_form, place)
    payment = newest(app, order).key
    assert tell(client, payment, secret="whsec_somebody").status_code == 400
    assert client.post("/hooks/payments/stripe", data=b"{}").status_code == 400
    assert client.post("/hooks/payments/stripe", data=b"x" * 300_000).status_code == 413
    assert client.post("/hooks/payments/manual", data=b"{}").status_code == 404
    assert client.post("/hooks/payments/nobody", data=b"{}").status_code == 404
    assert till.money(order) == ("placed", 0, 0)
    for _copy in range(3):
        assert tell(client, payment).status_code == 200
    assert till.money(order) == ("paid", DUE, 0)
    assert till.kinds(order) == ["placed", "paid"]


def test_a_message_that_comes_before_its_payment_is_kept(
    app: Flask,
    client: FlaskClient,
    post_form: Callable[..., Any],
    till: Till,
    order: str,
    place: str,
    stripe: StripeStandIn,
) -> None:
    press(client, post_form, place)
    payment = newest(app, order).key
    assert tell(client, "notyethere", number="evt_other").status_code == 200
    assert tell(client, payment, minor=1000).status_code == 200
    assert "Paid so far" in client.get(place).text
    assert "$15.98" in client.get(place).text
    with app.app_context():
        assert queries.count_open(db.session)["unmatched"] == 1
        db.session.remove()


def test_strangers_and_wrong_forms(client: FlaskClient, post_form: Callable[..., Any], place: str) -> None:
    assert client.get("/orders/madeup/pay").status_code == 404
    assert client.get("/orders/madeup/pay/back").status_code == 404
    for form in ({"method": "card", "attempt": "x"}, {"method": "card"}):
        assert post_form(client, place, form).status_code == 422
    for method in ("bank_transfer", "alipay", "nonsense", ""):
        assert post_form(client, place, {"method": method, "attempt": "a" * 24}).status_code == 409


def test_nothing_is_due_twice(
    client: FlaskClient, post_form: Callable[..., Any], till: Till, order: str, place: str
) -> None:
    till.pay(order)
    assert "Your payment has arrived" in client.get(place).text
    assert post_form(client, place, {"method": "card", "attempt": "a" * 24}).status_code == 409
