"""The address book, and orders of guests that become somebody's."""

from __future__ import annotations

import re
from typing import Any

from flask import Flask
from flask.testing import FlaskClient

from contentshop.core.db import db
from contentshop.reactions import REACTIONS
from contentshop.web.addresses import claim_token
from contentshop.web.order_links import order_url
from tests.factories import Factory
from tests.web.buyer import ADDRESS, add, buy, hidden, orders, text_of

OWN = {name: value for name, value in ADDRESS.items() if name not in {"email", "payment_method"}}


def send(client: FlaskClient, path: str, page: str = "", **fields: str) -> Any:
    token = hidden(client.get(page or path).text, "csrf_token")
    return client.post(path, data=fields | {"csrf_token": token})


def test_addresses_are_kept_changed_and_deleted(client: FlaskClient, make: Factory, sign_in: Any) -> None:
    sign_in(client, make.user())
    assert "No addresses yet" in text_of(client.get("/account/addresses").text)
    assert send(client, "/account/addresses/new", **OWN).status_code == 303
    page = client.get("/account/addresses").text
    assert "Ada Lovelace 12 Engine Street Portland, OR 97201 United States" in text_of(page)
    place = re.search(r'href="(/account/addresses/\w{10,})"', page)
    assert place
    wrong = send(client, place.group(1), **OWN | {"postcode": "1"})
    assert wrong.status_code == 422
    assert "“1” is not a postcode there." in text_of(wrong.text)
    assert send(client, place.group(1), **OWN | {"city": "Salem", "postcode": "97301"}).status_code == 303
    assert "Salem, OR 97301" in text_of(client.get("/account/addresses").text)
    assert send(client, f"{place.group(1)}/delete", "/account/addresses").status_code == 303
    assert "No addresses yet" in text_of(client.get("/account/addresses").text)


def test_nobody_reads_changes_or_uses_the_address_of_another(
    app: Flask, client: FlaskClient, make: Factory, sign_in: Any
) -> None:
    sign_in(client, make.user())
    send(client, "/account/addresses/new", **OWN)
    place = re.search(r'href="(/account/addresses/(\w{10,}))"', client.get("/account/addresses").text)
    assert place
    bob = app.test_client()
    sign_in(bob, make.user())
    assert bob.get(place.group(1)).status_code == 404
    for path in (place.group(1), f"{place.group(1)}/delete"):
        assert send(bob, path, "/account/addresses/new", **OWN).status_code == 404
    make.product("kettle", own={"USD": 2000}, stock=9)
    add(bob, product="kettle")
    page = bob.get("/checkout").text
    fields = {name: hidden(page, name) for name in ("csrf_token", "currency")}
    stolen = bob.post("/checkout/address", data=fields | {"email": "bob@example.org", "address_key": place.group(2)})
    assert stolen.status_code == 404
    assert "12 Engine Street" not in stolen.text
    assert "Ada Lovelace" in text_of(client.get("/account/addresses").text)


def test_a_guests_orders_are_claimed_by_the_link_in_the_mail(
    app: Flask, client: FlaskClient, make: Factory, sign_in: Any
) -> None:
    ada = make.user(email="ada@example.org")
    kettle = make.product("kettle", own={"USD": 2000}, stock=9)
    for email in ("ada@example.org", "Ada@Example.org", "bob@example.org"):
        assert buy(app.test_client(), kettle, email=email).status_code == 303
    sign_in(client, ada)
    assert send(client, "/account/guest-orders", "/account").status_code == 303
    assert [order.user_id for order in orders(app)] == [None, None, None]
    with app.app_context(), app.test_request_context():
        message = REACTIONS["mail_guest_orders"]
        assert message.batch == 1
        token = claim_token(ada.key, "ada@example.org")
        db.session.remove()
    assert "ada@example.org" in text_of(client.get(f"/guest-orders/{token}").text)
    assert send(client, f"/guest-orders/{token}").status_code == 303
    assert [order.user_id for order in orders(app)] == [ada.id, ada.id, None]
    thief = app.test_client()
    sign_in(thief, make.user())
    assert thief.get(f"/guest-orders/{token}").status_code == 404
    assert client.get(f"/guest-orders/{token}x").status_code == 404


def test_the_link_of_an_order_claims_it_once(app: Flask, client: FlaskClient, make: Factory, sign_in: Any) -> None:
    ada, bob = make.user(), make.user()
    buy(app.test_client(), make.product("kettle", own={"USD": 2000}, stock=9))
    (order,) = orders(app)
    with app.test_request_context():
        path = order_url(order.key)
    sign_in(client, ada)
    assert send(client, f"{path}/claim", "/account").status_code == 303
    assert [one.user_id for one in orders(app)] == [ada.id]
    other = app.test_client()
    sign_in(other, bob)
    assert send(other, f"{path}/claim", "/account").status_code == 409
    assert send(client, "/orders/forged.token/claim", "/account").status_code == 404


def test_a_state_of_the_us_is_no_status_in_chinese(client: FlaskClient, make: Factory) -> None:
    make.product("kettle", own={"USD": 2000, "CNY": 14000}, stock=9)
    add(client, product="kettle")
    chinese = {"Accept-Language": "zh-CN"}
    token = hidden(client.get("/checkout", headers=chinese).text, "csrf_token")
    form = {"csrf_token": token, "country": "US", "do": "country"}
    page = client.post("/checkout/address", data=form, headers=chinese).text
    assert re.findall(r'for="f-region">([^< ]+)', page) == ["州"]
