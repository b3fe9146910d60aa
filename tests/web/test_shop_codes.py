"""Codes and gift cards at the door: one field, clear refusals, a hundred tries."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

from flask import Flask
from flask.testing import FlaskClient

from contentshop.app import create_app
from contentshop.core.db import db
from contentshop.core.ids import new_key
from contentshop.core.money import Money
from contentshop.core.uow import unit_of_work
from contentshop.payments import credit
from contentshop.promotions import actions as promoting
from contentshop.promotions.inputs import PromotionInput
from tests.conftest import make_settings
from tests.factories import Factory
from tests.web.buyer import add, checkout_form, hidden, orders, steps, text_of


def promote(app: Flask, make: Factory, **form: str) -> None:
    boss = make.user(role="operator")
    values = {"name": "Ten off", "code": "TEN", "kind": "percent", "percent": "10"} | form
    with app.app_context(), unit_of_work(db.session):
        promoting.save(db.session, PromotionInput.parse(values), by=boss, now=make.now)


def type_code(client: FlaskClient, code: str, step: str = "cart") -> Any:
    page = "/checkout/delivery" if step == "how" else "/cart"
    token = hidden(client.get(page).text, "csrf_token")
    return client.post("/checkout/code", data={"csrf_token": token, "code": code, "step": step})


def test_a_code_is_taken_off_in_the_cart_and_taken_out_again(app: Flask, client: FlaskClient, make: Factory) -> None:
    promote(app, make)
    make.product("kettle", own={"USD": 2000}, stock=9)
    add(client, product="kettle")
    assert type_code(client, " ten ").headers["Location"] == "/cart"
    page = client.get("/cart").text
    words = text_of(page)
    assert "Goods $20.00 Ten off TEN · 10% off −$2.00 Delivery Standard delivery, estimate for United States" in words
    assert "$5.99 Total $23.99" in words
    token = hidden(page, "csrf_token")
    client.post("/checkout/code/remove", data={"csrf_token": token, "code": "TEN"})
    assert "Total $25.99" in text_of(client.get("/cart").text)


def test_a_code_that_is_wrong_is_told_beside_the_field_and_kept_in_it(client: FlaskClient, make: Factory) -> None:
    make.product("kettle", own={"USD": 2000}, stock=9)
    add(client, product="kettle")
    for code, sentence in (
        ("SUMMER99", "We do not know this code. Please check how it is written."),
        ('"><b>x', "This is not a code of ours."),
        ("", "This is not a code of ours."),
    ):
        answer = type_code(client, code)
        assert answer.status_code == 422
        beside = answer.text.split('id="f-code-errors"')[1].split("</p>")[0]
        assert sentence in beside
        assert "<b>x" not in answer.text
    assert 'value="SUMMER99"' in type_code(client, "SUMMER99").text
    steps(client)
    assert "We do not know this code." in text_of(type_code(client, "SUMMER99", "how").text)


def test_a_code_that_has_not_begun_says_from_when_it_holds(
    app: Flask, client: FlaskClient, make: Factory, sign_in: Any
) -> None:
    promote(app, make, starts_at="2026-11-27T09:00", zone="UTC")
    make.product("kettle", own={"USD": 2000}, stock=9)
    add(client, product="kettle")
    type_code(client, "TEN")
    words = text_of(client.get("/cart").text)
    assert "This code is valid from Fri 27 Nov 2026, 09:00 (UTC) on." in words
    assert "−$2.00" not in words
    sign_in(client, make.user(timezone="Asia/Shanghai"))
    words = text_of(client.get("/cart").text)
    assert "This code is valid from Fri 27 Nov 2026, 17:00 (Asia / Shanghai) on." in words


def test_a_code_typed_a_hundred_times_is_stopped_with_a_clear_word(
    tmp_path: Path, database_url: str, app: Flask, make: Factory
) -> None:
    limited = create_app(make_settings(tmp_path / "limited", database_url, rate_limits=True), None)
    make.product("kettle", own={"USD": 2000}, stock=9)
    client = limited.test_client()
    add(client, product="kettle")
    token = hidden(client.get("/cart").text, "csrf_token")
    answers = [
        client.post("/checkout/code", data={"csrf_token": token, "code": f"GUESS{number}"}) for number in range(100)
    ]
    assert Counter(answer.status_code for answer in answers) == {422: 10, 429: 90}
    words = text_of(answers[-1].text)
    assert "You have tried many codes. Please wait a minute and try again." in words
    assert "Kettle" in words
    with limited.app_context():
        db.engine.dispose()


def test_a_gift_card_in_the_same_field_pays(app: Flask, client: FlaskClient, make: Factory) -> None:
    with app.app_context(), unit_of_work(db.session):
        card = credit.issue(db.session, amount=Money(1500, "USD"), source_key=new_key(), actor="", now=make.now)
        db.session.flush()
        code = credit.reveal(db.session, card.key)
    make.product("kettle", own={"USD": 2000}, stock=9)
    add(client, product="kettle")
    assert type_code(client, code).status_code == 303
    end = code[-4:]
    assert f"Total $25.99 Gift card …{end} −$15.00 To pay $10.99" in text_of(client.get("/cart").text)
    assert client.post("/checkout", data=checkout_form(client)).status_code == 303
    (order,) = orders(app)
    assert (order.total_minor, order.credit_minor) == (2599, 1500)
    add(client, product="kettle")
    assert "There is nothing left on this gift card" in text_of(type_code(client, code).text)
