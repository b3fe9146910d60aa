"""A buyer with a browser: what tests of the shop's pages have in common."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from contentshop.core.db import db
from contentshop.core.outbox import OutboxEvent
from contentshop.orders.models import CartLine, Order
from contentshop.products.models import Product, Stock

ORIGIN = {"Origin": "http://localhost"}
JSON = ORIGIN | {"Accept": "application/json"}
ADDRESS = {
    "email": "ada@example.org",
    "name": "Ada Lovelace",
    "country": "US",
    "city": "Portland",
    "region": "OR",
    "address": "12 Engine Street",
    "postcode": "97201",
    "payment_method": "bank_transfer",
}

# The same buyer in China.
CHINA = {
    "country": "CN",
    "region": "广东省",
    "city": "深圳市",
    "district": "南山区",
    "postcode": "518000",
    "phone": "13900000000",
}


def hidden(page: str, name: str) -> str:
    """The value of the first hidden field of this name."""
    found = re.search(rf'<input type="hidden" name="{name}" value="([^"]*)"', page)
    assert found, f"there is no hidden field {name}"
    return unescape(found.group(1))


def value_of(page: str, name: str) -> str:
    """What stands in the field of this name."""
    found = re.search(rf'<input [^>]*name="{name}"[^>]* value="([^"]*)"', page)
    assert found, f"there is no field {name}"
    return unescape(found.group(1))


def field_errors(page: str) -> list[str]:
    """The ids of the fields that a page marks as wrong."""
    return re.findall(r'id="f-([\w.-]+)-errors"', page)


def text_of(page: str) -> str:
    """What a person reads in the main part of a page, spaces folded."""
    main = re.search(r"<main.*?</main>", page, re.S)
    assert main
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", main.group())).split())


def add(client: FlaskClient, headers: dict[str, str] = JSON, **fields: Any) -> TestResponse:
    """Send the form of a card or product page."""
    return client.post("/cart/add", data={"quantity": "1"} | fields, headers=headers)


def steps(client: FlaskClient, currency: str = "", **changes: str) -> TestResponse:
    """Go through the first two steps; the last answer: where the second one leads, or the page with what is wrong."""
    values = ADDRESS | (CHINA if changes.get("country") == "CN" else {}) | changes
    page = client.get(f"/checkout?currency={currency}").text
    fields = {name: hidden(page, name) for name in ("csrf_token", "currency")}
    answer = client.post("/checkout/address", data=fields | values)
    if answer.status_code != 303:
        return answer
    page = client.get("/checkout/delivery").text
    chosen = re.search(r'name="shipping" value="([^"]*)" checked', page)
    how = {"shipping": chosen.group(1) if chosen else "", "payment_method": values["payment_method"]}
    if "shipping" in changes:
        how["shipping"] = changes["shipping"]
    return client.post("/checkout/delivery", data={"csrf_token": hidden(page, "csrf_token")} | how)


def checkout_form(client: FlaskClient, currency: str = "", **changes: str) -> dict[str, str]:
    """The last step's form as this browser shows it, after the two before it."""
    sent = {name: changes.pop(name) for name in ("attempt", "seen") if name in changes}
    answer = steps(client, currency, **changes)
    assert answer.status_code == 303, text_of(answer.text)
    page = client.get(answer.headers["Location"]).text
    return {name: hidden(page, name) for name in ("csrf_token", "attempt", "seen")} | sent


def buy(client: FlaskClient, product: Product, quantity: int = 1, **changes: str) -> TestResponse:
    """From the product to the placed order."""
    assert add(client, product=product.slug, quantity=str(quantity)).status_code == 200
    return client.post("/checkout", data=checkout_form(client, **changes))


def read(app: Flask, work: Callable[[], Any]) -> Any:
    """Ask the database."""
    with app.app_context():
        try:
            return work()
        finally:
            db.session.remove()


def orders(app: Flask) -> list[Order]:
    """Every order, oldest first."""
    found: list[Order] = read(app, lambda: list(db.session.scalars(select(Order).order_by(Order.id))))
    return found


def count_in_carts(app: Flask) -> int:
    """How many things are in all carts together."""
    return int(read(app, lambda: db.session.scalar(select(func.sum(CartLine.quantity))) or 0))


def stock_of(app: Flask, product: Product) -> tuple[int, int]:
    """(on hand, reserved)"""
    row = read(
        app,
        lambda: db.session.execute(select(Stock.on_hand, Stock.reserved).where(Stock.product_id == product.id)).one(),
    )
    return row.on_hand, row.reserved


def news(app: Flask) -> list[str]:
    """Names of events about orders, in order."""
    query = select(OutboxEvent.name).where(OutboxEvent.name.startswith("Order")).order_by(OutboxEvent.id)
    return list(read(app, lambda: db.session.scalars(query).all()))
