"""The desk of orders: who may see it, what it says, what its buttons do."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import update

from contentshop.core.clock import FixedClock
from contentshop.core.db import db
from contentshop.core.uow import unit_of_work
from contentshop.orders.actions import ship_digital
from contentshop.orders.models import OrderEvent
from contentshop.orders.queries import get_by_key
from contentshop.products.models import Variant
from tests.factories import Factory
from tests.web.buyer import add, buy, hidden, news, orders, read, stock_of, text_of

ACTIONS = {"paid": {}, "shipped": {"tracking": "1Z999"}, "cancel": {"reason": "asked by phone"}}


@pytest.fixture
def operator(app: Flask, make: Factory, sign_in: Any) -> FlaskClient:
    """An operator's browser."""
    browser: FlaskClient = sign_in(app.test_client(), make.user("operator", name="Olga Operator"))
    return browser


def send(browser: FlaskClient, key: str, verb: str, **fields: str) -> Any:
    token = hidden(browser.get("/account").text, "csrf_token")
    return browser.post(f"/desk/orders/{key}/{verb}", data={"csrf_token": token} | fields)


def place(app: Flask, make: Factory, **changes: str) -> str:
    """A stranger's new order of 2; its key."""
    slug = f"kettle-{len(orders(app))}"
    kettle = make.product(slug, own={"USD": 1999}, stock=5)
    assert buy(app.test_client(), kettle, 2, **changes).status_code == 303
    return orders(app)[-1].key


@pytest.mark.parametrize("role", ["", "reader", "creator", "editor"])
def test_nobody_but_operators_sees_or_changes_orders(app: Flask, make: Factory, sign_in: Any, role: str) -> None:
    key = place(app, make)
    browser = app.test_client()
    if role:
        sign_in(browser, make.user(role))
    refused = 303 if not role else 403
    for path in ("/desk/orders", "/desk/orders?q=ada", f"/desk/orders/{key}"):
        answer = browser.get(path)
        assert answer.status_code in {302, 303} if not role else answer.status_code == refused
        assert "ada@example.org" not in answer.text
    token = hidden(browser.get("/account" if role else "/sign-in").text, "csrf_token")
    for verb, fields in ACTIONS.items():
        answer = browser.post(f"/desk/orders/{key}/{verb}", data={"csrf_token": token} | fields)
        assert answer.status_code == 403
    (order,) = orders(app)
    assert (order.state, order.version, news(app)) == ("placed", 1, ["OrderPlaced"])


def test_an_operator_needs_the_token_too(app: Flask, make: Factory, operator: FlaskClient) -> None:
    key = place(app, make)
    for verb, fields in ACTIONS.items():
        assert operator.post(f"/desk/orders/{key}/{verb}", data=fields).status_code == 400
    assert orders(app)[0].state == "placed"


def test_an_order_from_placed_to_shipped(app: Flask, make: Factory, operator: FlaskClient) -> None:
    key = place(app, make, note="Ring twice")
    page = text_of(operator.get(f"/desk/orders/{key}").text)
    for sentence in (
        f"Order {key.upper()}",
        "Not paid yet",
        "Mark as paid: $45.97",
        "Note: Ring twice",
        "by the buyer",
    ):
        assert sentence in page
    assert "Note: Ring twice" in page
    assert "Mark as shipped" not in page
    paid = send(operator, key, "paid")
    assert (paid.status_code, paid.headers["Location"]) == (303, f"/desk/orders/{key}")
    page = text_of(operator.get(f"/desk/orders/{key}").text)
    assert ("Paid, to ship" in page, "Mark as shipped" in page, "Payment received Olga Operator" in page) == (True,) * 3
    assert send(operator, key, "shipped", tracking=" 1Z 999 ").status_code == 303
    page = text_of(operator.get(f"/desk/orders/{key}").text)
    assert "Tracking number 1Z 999 · Olga Operator" in page
    assert "Mark as received" in page
    assert "Mark as shipped" not in page
    assert news(app) == ["OrderPlaced", "OrderPaid", "OrderShipped"]


def test_pressing_twice_does_it_once(app: Flask, make: Factory, operator: FlaskClient) -> None:
    key = place(app, make)
    for _ in range(3):
        assert send(operator, key, "paid").status_code == 303
    assert news(app) == ["OrderPlaced", "OrderPaid"]
    assert read(app, lambda: db.session.query(OrderEvent).count()) == 2


def test_what_is_not_legal_is_told_and_changes_nothing(app: Flask, make: Factory, operator: FlaskClient) -> None:
    key = place(app, make)
    answer = send(operator, key, "shipped")
    assert answer.status_code == 409
    assert "This order is not paid yet, so it cannot be shipped." in text_of(answer.text)
    send(operator, key, "paid")
    send(operator, key, "shipped")
    answer = send(operator, key, "cancel", reason="late")
    assert answer.status_code == 409
    assert "This order has been shipped already, so it cannot be cancelled." in text_of(answer.text)
    assert orders(app)[0].state == "shipped"


def test_cancelling_needs_a_reason(app: Flask, make: Factory, operator: FlaskClient) -> None:
    key = place(app, make)
    for reason in ("", "   ", "x" * 301):
        answer = send(operator, key, "cancel", reason=reason)
        assert answer.status_code == 422
    assert "<details open>" in answer.text
    assert orders(app)[0].state == "placed"
    assert send(operator, key, "shipped", tracking="x" * 81).status_code == 422
    assert send(operator, key, "cancel", reason="asked by phone").status_code == 303
    found = read(app, lambda: get_by_key(db.session, key))
    assert (found.state, found.events[-1].note) == ("cancelled", "asked by phone")


def test_late_money_is_taken_or_sent_back(app: Flask, make: Factory, operator: FlaskClient) -> None:
    kettle = make.product("kettle", own={"USD": 1999}, stock=2)
    buy(app.test_client(), kettle, 2)
    key = orders(app)[0].key
    send(operator, key, "cancel", reason="no money came")
    other = app.test_client()
    buy(other, kettle, 1)
    answer = send(operator, key, "paid")
    assert answer.status_code == 409
    words = text_of(answer.text)
    assert "The goods cannot be promised again: Only 1 is left." in words
    assert "Please send the money back." in words
    assert (orders(app)[0].state, stock_of(app, kettle)) == ("cancelled", (2, 1))
    send(operator, orders(app)[1].key, "cancel", reason="changed their mind")
    assert send(operator, key, "paid").status_code == 303
    assert (orders(app)[0].state, stock_of(app, kettle)) == ("paid", (2, 2))


def test_queues_and_search(app: Flask, make: Factory, operator: FlaskClient) -> None:
    to_pay = place(app, make, email="first@example.org", name="First Buyer")
    to_ship = place(app, make, email="second@example.org", name="林小满", payment_method="on_delivery")
    gone = place(app, make, email="third@example.org")
    send(operator, gone, "cancel", reason="x")

    def numbers(query: str) -> list[str]:
        words = text_of(operator.get(f"/desk/orders{query}").text)
        return [key for key in (to_pay, to_ship, gone) if key.upper() in words]

    assert numbers("") == [to_ship]
    assert numbers("?queue=to_pay") == [to_pay]
    assert numbers("?queue=cancelled") == [gone]
    assert numbers("?queue=all") == [to_pay, to_ship, gone]
    assert numbers("?queue=shipped") == []
    assert numbers("?queue=nonsense") == [to_ship]
    assert numbers(f"?q={to_pay.upper()}") == [to_pay]
    assert numbers("?q=third@") == [gone]
    assert numbers("?q=林小满") == [to_ship]
    assert numbers("?q=%25") == []
    assert "No order found" in text_of(operator.get("/desk/orders?q=nobody").text)
    words = text_of(operator.get("/desk/orders?queue=to_pay").text)
    assert "To pay 1 To ship 1 Cash to come 0 On the way 0 Without parcel 0 Done 0 Cancelled 1 All 3" in words
    for odd in ("?page=0", "?page=-1", "?page=x", "?page=99999999999", "?q=" + "x" * 10_000):
        assert operator.get(f"/desk/orders{odd}").status_code == 200


def test_long_queues_have_pages(app: Flask, make: Factory, operator: FlaskClient) -> None:
    kettle = make.product("kettle", own={"USD": 1999}, stock=500)
    for _ in range(26):
        buy(app.test_client(), kettle)
    first = operator.get("/desk/orders?queue=to_pay").text
    assert "Page 1 of 2" in first
    assert 'href="/desk/orders?queue=to_pay&amp;page=2"' in first
    second = operator.get("/desk/orders?queue=to_pay&page=2")
    assert second.text.count('href="/desk/orders/') - first.count('href="/desk/orders/') == -24


def test_an_unknown_order_is_not_found(operator: FlaskClient) -> None:
    assert operator.get("/desk/orders/nothere").status_code == 404
    for verb, fields in ACTIONS.items():
        assert send(operator, "nothere", verb, **fields).status_code == 404


def test_the_guide_of_a_line_is_shown(app: Flask, make: Factory, operator: FlaskClient) -> None:
    from contentshop.posts.models import Card

    make.product("lamp", own={"USD": 500}, stock=5)
    make.post(make.user("creator", name="Mei Lin"), title="Good lamps", source="::card[lamp]\n")
    card = read(app, lambda: db.session.query(Card).one().key)
    buyer = app.test_client()
    add(buyer, card=card)
    from tests.web.buyer import checkout_form

    buyer.post("/checkout", data=checkout_form(buyer))
    page = operator.get(f"/desk/orders/{orders(app)[0].key}").text
    assert "from Good lamps by Mei Lin" in text_of(page)


def test_nothing_is_shipped_of_what_needs_no_parcel(
    app: Flask, make: Factory, operator: FlaskClient, clock: FixedClock
) -> None:
    book = make.product("book", own={"USD": 900}, stock=5, title="The Book")
    with app.app_context(), unit_of_work(db.session):
        db.session.execute(update(Variant).values(digital=True))
    assert buy(app.test_client(), book).status_code == 303
    key = orders(app)[0].key
    assert send(operator, key, "paid").status_code == 303
    for state in ("Paid, nothing to ship", "Ready for the buyer"):
        words = text_of(operator.get(f"/desk/orders/{key}").text)
        assert f"Order {key.upper()} {state}" in words
        words = words[words.index(f"Order {key.upper()}") :]
        assert "Buyer Ada Lovelace ada@example.org" in words
        untrue = ("Mark as shipped", "Deliver to", "to ship,", "Parcel", "Delivery")
        assert [one for one in untrue if one in words] == []
        with app.app_context(), unit_of_work(db.session):
            ship_digital(db.session, key, confirm_within=timedelta(days=10), now=clock.now())


def test_lists_tell_what_needs_no_parcel_and_never_queue_it_to_ship(
    app: Flask, make: Factory, operator: FlaskClient, sign_in: Callable[..., FlaskClient], clock: FixedClock
) -> None:
    book = make.product("book", own={"USD": 900}, stock=5, title="The Book")
    with app.app_context(), unit_of_work(db.session):
        db.session.execute(update(Variant).values(digital=True))
    buyer = sign_in(app.test_client(), make.user("reader", email="ada@example.org"))
    assert buy(buyer, book).status_code == 303
    key = orders(app)[0].key
    assert send(operator, key, "paid").status_code == 303
    for state in ("Paid, nothing to ship", "Ready for the buyer"):
        queues = text_of(operator.get("/desk/orders?queue=ready").text)
        assert "To ship 0 Cash to come 0 On the way 0 Without parcel 1 Done 0" in queues
        assert f"{key.upper()} Buyer Ada Lovelace Items The Book Status {state}" in queues
        assert state in text_of(operator.get("/desk/orders?queue=all").text)
        assert state in text_of(operator.get("/desk/customers/ada@example.org").text)
        for queue in ("to_ship", "shipped", "to_collect"):
            assert key.upper() not in operator.get(f"/desk/orders?queue={queue}").text
        assert "Paid, to be packed 0" in text_of(operator.get("/desk").text)
        assert 'href="/desk/orders?queue=ready"' in operator.get(f"/desk/orders/{key}").text
        mine = text_of(buyer.get("/account/orders").text)
        assert "On the way 0 Received 1" in mine
        assert "Status Ready to use" in mine
        assert "Being packed" not in mine
        with app.app_context(), unit_of_work(db.session):
            ship_digital(db.session, key, confirm_within=timedelta(days=10), now=clock.now())
