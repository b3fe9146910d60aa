"""The desk of money and gift cards' own pages."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from contentshop.core.clock import FixedClock
from contentshop.core.db import db
from contentshop.core.money import Money
from contentshop.orders.actions.refunding import give_back
from contentshop.orders.actions.states import order_to_change
from contentshop.payments import credit
from contentshop.payments.port import GatewayEvent
from contentshop.reactions import site_context
from contentshop.web.desk_ledger import account_words
from contentshop.web.order_links import order_token
from tests.factories import Factory
from tests.rooms.payments.conftest import Sold, Till
from tests.web.buyer import text_of

DUE = 1999 + 599
CODE = re.compile(r"<strong>([0-9A-Z]{4}(?:-[0-9A-Z]{4}){3})</strong>")
ATTEMPT = re.compile(r"attempt=([0-9a-z]+)|name=\"attempt\" value=\"([0-9a-z]+)\"")


@pytest.fixture
def till(app: Flask, make: Factory, clock: FixedClock) -> Till:
    return Till(app, make, clock)


@pytest.fixture
def finance(app: Flask, make: Factory, sign_in: Callable[..., FlaskClient]) -> FlaskClient:
    return sign_in(app.test_client(), make.user("finance", name="Fina Finance"))


def attempt_of(page: str) -> str:
    found = ATTEMPT.search(page)
    assert found
    return found.group(1) or found.group(2)


def test_money_that_arrives_by_hand(
    finance: FlaskClient, post_form: Callable[..., Any], till: Till, make: Factory
) -> None:
    order = till.order(Sold(make.product(own={"USD": 1999}, stock=5)), method="bank_transfer")
    place = f"/desk/payments/orders/{order}"
    attempt = attempt_of(finance.get(place).text)
    for amount in ("", "-5", "1.234", "0", "abc", "1e12"):
        assert post_form(finance, f"{place}/receipt", {"amount": amount, "attempt": attempt}).status_code == 422
    for _press in range(3):
        assert post_form(finance, f"{place}/receipt", {"amount": "10.00", "attempt": attempt}).status_code == 303
    assert till.money(order) == ("placed", 1000, 0)
    told = text_of(finance.get(f"/desk/orders/{order}").text)
    assert "A part of the payment received $10.00 received, $15.98 still due · Fina Finance" in told
    second = attempt_of(finance.get(place).text)
    more = {"amount": "20.00", "attempt": second}
    asked = post_form(finance, f"{place}/receipt", more)
    assert asked.status_code == 422
    assert "Only $15.98 is due. If more has arrived, say so below; the rest goes back." in text_of(asked.text)
    assert till.money(order) == ("placed", 1000, 0)
    post_form(finance, f"{place}/receipt", more | {"more": "yes"})
    assert till.money(order) == ("paid", 3000, 3000 - DUE)
    waiting = finance.get("/desk/payments").text
    assert order.upper() in waiting
    assert "$4.02" in waiting
    assert "Paid too much or too late" in waiting
    assert "Bank transfer or cash" in finance.get(place).text
    sent = re.search(r"/desk/payments/refunds/([0-9a-z]+)/sent", waiting)
    assert sent
    for _press in range(2):
        post_form(finance, sent.group(0), {})
    assert "Nothing waits here" in finance.get("/desk/payments").text
    assert "Paid back" in finance.get(place).text
    assert till.balance("cash:manual") == DUE
    assert till.problems() == []


def test_a_refund_of_an_after_sale_case_leads_to_it(finance: FlaskClient, till: Till, make: Factory) -> None:
    order = till.order(Sold(make.product(own={"USD": 1999}, stock=5)), method="bank_transfer")
    till.pay(order)
    till.unit(
        lambda: give_back(
            db.session,
            order_to_change(db.session, order, None),
            minor=100,
            reason="after-sale q9m4wyf9yp",
            key="r1",
            by=None,
            now=till.clock.now(),
        )
    )
    link = '<a href="/desk/after-sale/q9m4wyf9yp">After-sale case Q9M4WYF9YP</a>'
    for path in ("/desk/payments", f"/desk/payments/orders/{order}"):
        assert link in finance.get(path).text


def test_messages_that_belong_to_nothing_are_shown(finance: FlaskClient, till: Till) -> None:
    till.tell(GatewayEvent("evt_1", "paid", "payment_intent.succeeded", "pi_lost", amount=Money(500, "USD")))
    page = finance.get("/desk/payments").text
    assert "pi_lost" in page
    assert "$5.00" in page


def test_the_books_can_be_read_and_taken_away(finance: FlaskClient, till: Till, make: Factory) -> None:
    order = till.order(Sold(make.product(own={"USD": 1999}, stock=5)))
    till.pay(order)
    page = finance.get("/desk/ledger").text
    assert ">Money at Stripe</a>" in page
    assert "<code>cash:stripe</code>" in page
    entries = finance.get(f"/desk/ledger/bookings?about={order}").text
    assert ">Sales of goods</a>" in entries
    assert "<code>revenue:goods</code>" in entries
    assert f"Only Order {order.upper()}" in entries
    assert finance.get("/desk/ledger/bookings?account=cash:stripe&page=99").status_code == 200
    answer = finance.get("/desk/ledger/bookings.csv")
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert answer.mimetype == "text/csv"
    assert sum(round(float(row["amount"]) * 100) for row in rows) == 0
    assert {row["account"] for row in rows} == {"cash:stripe", "receivable", "revenue:goods", "revenue:shipping"}
    days = finance.get("/desk/ledger/days").text
    assert days.count("$25.98") == 2


@pytest.mark.parametrize("role", ["reader", "support", "warehouse", "editor"])
def test_others_do_not_see_the_money(app: Flask, make: Factory, sign_in: Callable[..., FlaskClient], role: str) -> None:
    somebody = sign_in(app.test_client(), make.user(role))
    for page in ("/desk/payments", "/desk/ledger", "/desk/ledger/bookings.csv", "/desk/payments/gift-cards"):
        assert somebody.get(page).status_code == 403


def test_a_gift_card_from_the_desk_to_its_balance(
    app: Flask, client: FlaskClient, finance: FlaskClient, post_form: Callable[..., Any], till: Till
) -> None:
    form = finance.get("/desk/payments/gift-cards/new").text
    place = f"/desk/payments/gift-cards/new?attempt={attempt_of(form)}"
    bad = {"amount": "0", "currency": "USD", "note": "late parcel"}
    for change in (
        {},
        {"amount": "5", "currency": "XTS"},
        {"amount": "5", "note": ""},
        {"amount": "5", "email": "ada"},
    ):
        assert post_form(finance, place, bad | change).status_code == 422
    good = {"amount": "25.00", "currency": "USD", "note": "late parcel", "email": "ada@example.org"}
    answers = [post_form(finance, place, good).headers["Location"] for _press in range(3)]
    assert len(set(answers)) == 1
    shown = post_form(finance, f"{answers[0]}/code", {})
    found = CODE.search(shown.text)
    assert found
    code = found.group(1)
    assert post_form(finance, f"{answers[0]}/code", {}).status_code == 303
    assert code not in finance.get(answers[0]).text
    assert "ada@example.org" in finance.get("/desk/payments/gift-cards?q=ada").text

    for typed in (code, code.lower(), code.replace("-", " "), code.replace("0", "O")):
        page = post_form(client, "/gift-cards", {"code": typed}, page="/gift-cards")
        assert (page.status_code, "$25.00" in page.text) == (200, True)
    for typed in ("", "x", "ABCD-EFGH-JKMN-PQRS", "'; DROP TABLE gift_card; --"):
        assert post_form(client, "/gift-cards", {"code": typed}, page="/gift-cards").status_code == 422

    for state in ("", "withdrawn", "x"):
        refused = post_form(finance, f"{answers[0]}/state", {"state": state})
        assert (refused.status_code, "Say whether the card is to be blocked" in refused.text) == (422, True)
    post_form(finance, f"{answers[0]}/state", {"state": "blocked"})
    assert "cannot be used" in post_form(client, "/gift-cards", {"code": code}, page="/gift-cards").text
    post_form(finance, f"{answers[0]}/code", {"do": "renew"})
    assert post_form(client, "/gift-cards", {"code": code}, page="/gift-cards").status_code == 422
    assert (till.balance("goodwill"), till.problems()) == (2500, [])


def test_a_gift_card_that_is_bought(
    app: Flask, client: FlaskClient, post_form: Callable[..., Any], till: Till, make: Factory
) -> None:
    product = make.product(own={"USD": 5000}, stock=9)
    variant = make.variant_of(product).id
    till.unit(lambda: credit.sell(db.session, variant))
    order = till.order(Sold(product, 2, unit=5000), shipping=0)
    with site_context(app):
        place = f"/orders/{order_token(order)}/gift-cards"
    assert "There are no gift cards" in client.get(place).text
    assert place not in client.get(place.rpartition("/")[0]).text
    till.pay(order)
    assert f'href="{place}"' in client.get(place.rpartition("/")[0]).text
    books = till.books(order)
    assert books["cash:stripe"] == 10000
    assert sorted(minor for account, minor in books.items() if account.startswith("credit:")) == [-5000, -5000]
    buttons = re.findall(rf"{place}/[0-9a-z]+", client.get(place).text)
    assert len(buttons) == 2
    first = post_form(client, buttons[0], {})
    assert CODE.search(first.text)
    assert post_form(client, buttons[0], {}).status_code == 409
    with site_context(app):
        other = order_token(till.order(Sold(product)))
    assert post_form(client, f"/orders/{other}/gift-cards/{buttons[1].rsplit('/', 1)[1]}", {}).status_code == 404

    line = till.get(order).lines[0]
    till.sent(till.give_back(order, lines={line.id: 10000}).key)
    assert till.books(order) == {}
    assert till.problems() == []


def test_accounts_are_told_in_words(app: Flask, make: Factory) -> None:
    ada = make.user("creator", name="Ada Lovelace")
    names = {ada.key: ada.name}
    with app.test_request_context():
        told = {account: account_words(account, names) for account in some_accounts(ada.key)}
    assert list(told.values()) == [
        "Bank transfers and cash by hand",
        "Money at Alipay",
        "Owed to Ada Lovelace, while goods may be returned",
        "Owed to Ada Lovelace",
        "Tax owed: Germany",
        "Owed on gift card 7Q2M",
    ]


def some_accounts(creator: str) -> list[str]:
    return ["cash:manual", "cash:alipay", f"creator:{creator}:held", f"creator:{creator}", "tax:DE", "credit:7q2m"]
