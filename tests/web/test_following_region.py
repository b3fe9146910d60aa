"""Choosing another country in the footer: the cart follows, whatever country was typed before."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask.testing import FlaskClient

from tests.factories import Factory
from tests.web.buyer import add, text_of

Post = Callable[..., Any]
AT_HOME = {
    "email": "ada@example.org",
    "name": "Ada",
    "address": "12 Engine Street",
    "city": "Portland",
    "region": "OR",
    "postcode": "97201",
    "country": "US",
}


def choose(client: FlaskClient, **chosen: str) -> None:
    answer = client.post("/preferences", data=chosen, headers={"Sec-Fetch-Site": "same-origin"})
    assert answer.status_code == 303


def test_the_cart_follows_the_chosen_country(client: FlaskClient, make: Factory, post_form: Post) -> None:
    lamp = make.product("lamp", own={"USD": 2000, "CNY": 14900}, stock=5)
    assert add(client, product=lamp.slug).status_code == 200
    assert post_form(client, "/checkout/address", AT_HOME).status_code == 303
    assert "$20.00" in text_of(client.get("/cart").text)
    # The language alone changes nothing that was typed.
    choose(client, locale="en", region="US")
    assert 'value="Portland"' in client.get("/checkout").text
    choose(client, region="CN")
    words = text_of(client.get("/cart").text)
    assert ("149.00" in words, "$20.00" in words) == (True, False)
    assert "Portland" not in client.get("/checkout").text
    assert "ada@example.org" in client.get("/checkout").text


def test_without_a_cart_nothing_is_kept(client: FlaskClient) -> None:
    choose(client, region="CN")
    assert client.get("/cart").status_code == 200
