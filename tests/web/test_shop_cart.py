"""The cart's pages and the form on every card."""

from __future__ import annotations

import re
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from contentshop.core.db import db
from contentshop.orders.models import CartLine
from contentshop.posts.models import Card
from contentshop.products.models import Offer, Product
from tests.factories import Factory
from tests.web.buyer import ORIGIN, add, buy, count_in_carts, hidden, read, stock_of, text_of


def cards_of(app: Flask) -> dict[int, str]:
    """Product id → key of the card that stands for it."""
    return dict(read(app, lambda: [(card.product_id, card.key) for card in db.session.query(Card)]))


def lines(app: Flask) -> list[tuple[int, str, int]]:
    """(variant id, card key, quantity) of every cart line."""
    found: list[tuple[int, str, int]] = read(
        app,
        lambda: [
            (line.variant_id, line.card_key, line.quantity) for line in db.session.query(CartLine).order_by(CartLine.id)
        ],
    )
    return found


def test_adding_from_a_card_keeps_the_card_and_answers_the_script(
    app: Flask, client: FlaskClient, make: Factory
) -> None:
    kettle = make.product("kettle", own={"USD": 1999}, stock=5)
    make.post(source="Words.\n\n::card[kettle]\n")
    card = cards_of(app)[kettle.id]
    variant = make.variant_of(kettle)
    answer = add(client, card=card, variant=variant.key, quantity="2")
    assert (answer.status_code, answer.json) == (200, {"cart": 2, "message": "“Kettle” is in your cart."})
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("cs_cart=")
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    again = add(client, card=card)
    assert again.json == {"cart": 3, "message": "“Kettle” is in your cart."}
    assert "Set-Cookie" not in again.headers
    assert lines(app) == [(variant.id, card, 3)]


def test_the_cart_says_from_which_guide_a_line_came(app: Flask, client: FlaskClient, make: Factory) -> None:
    kettle = make.product("kettle", own={"USD": 1999}, stock=5)
    author = make.user("creator", name="Mei Lin")
    make.post(author, title="Ten good kettles", slug="ten-good-kettles", source="::card[kettle]\n")
    add(client, card=cards_of(app)[kettle.id])
    page = client.get("/cart").text
    assert "from Ten good kettles by Mei Lin" in text_of(page)
    assert '<a href="/p/ten-good-kettles">Ten good kettles</a>' in page


@pytest.mark.parametrize("card", ["nonsense", "0000000000", "../..", "x" * 500])
def test_a_made_up_card_earns_nothing(app: Flask, client: FlaskClient, make: Factory, card: str) -> None:
    kettle = make.product("kettle", own={"USD": 1999}, stock=5)
    variant = make.variant_of(kettle)
    assert add(client, card=card, variant=variant.key).status_code == 200
    assert lines(app) == [(variant.id, "", 1)]
    assert add(client, card=card).status_code == 404


def test_a_card_of_another_product_earns_nothing(app: Flask, client: FlaskClient, make: Factory) -> None:
    kettle = make.product("kettle", own={"USD": 1999}, stock=5)
    lamp = make.product("lamp", own={"USD": 500}, stock=5)
    make.post(source="::card[lamp]\n")
    add(client, card=cards_of(app)[lamp.id], variant=make.variant_of(kettle).key)
    assert lines(app) == [(make.variant_of(kettle).id, "", 1)]


def test_the_stand_in_of_a_sold_out_product_keeps_the_card(app: Flask, client: FlaskClient, make: Factory) -> None:
    lamp = make.product("lamp", own={"USD": 500}, stock=5)
    kettle = make.product("kettle", own={"USD": 1999}, stock=0, alternative_id=lamp.id)
    make.post(source="::card[kettle]\n")
    card = cards_of(app)[kettle.id]
    assert add(client, card=card, variant=make.variant_of(lamp).key).status_code == 200
    assert lines(app) == [(make.variant_of(lamp).id, card, 1)]
    assert add(client, card=card).status_code == 404


def test_adding_from_a_product_page(app: Flask, client: FlaskClient, make: Factory) -> None:
    lamp = make.product("lamp", own={"USD": 500}, stock=5)
    kettle = make.product("kettle", own={"USD": 1999}, stock=5, alternative_id=lamp.id)
    assert add(client, product="kettle").json == {"cart": 1, "message": "“Kettle” is in your cart."}
    assert lines(app) == [(make.variant_of(kettle).id, "", 1)]


def test_without_script_the_reader_comes_back_to_the_page(client: FlaskClient, make: Factory) -> None:
    make.product("kettle", own={"USD": 1999}, stock=50)

    def to(**options: Any) -> str:
        headers = ORIGIN | options.pop("headers", {})
        answer = add(client, headers, product="kettle", **options)
        assert answer.status_code == 303
        return answer.headers["Location"]

    assert to(headers={"Referer": "http://localhost/p/ten-kettles?page=2"}) == "/p/ten-kettles?page=2#added"
    assert to(next="/products/kettle") == "/products/kettle#added"
    assert to(next="/products/kettle#reviews") == "/products/kettle#added"
    assert to() == "/cart"
    for hostile in ("https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)"):
        assert to(next=hostile) == "/cart"
        assert to(headers={"Referer": hostile}) == "/cart"
    assert to(headers={"Referer": "http://localhost/cart"}) == "/cart"


def test_a_form_from_another_site_is_refused(app: Flask, client: FlaskClient, make: Factory) -> None:
    make.product("kettle", own={"USD": 1999}, stock=5)
    for headers in ({"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}, {}):
        assert add(client, headers, product="kettle").status_code == 403
    assert count_in_carts(app) == 0
    add(client, product="kettle")
    for path in ("/cart/update", "/cart/remove"):
        data = {"variant": "x", "quantity": "1"}
        assert client.post(path, data=data, headers=ORIGIN).status_code == 400
    assert count_in_carts(app) == 1


@pytest.mark.parametrize("quantity", ["0", "-5", "1000000000", "1.5", "", "abc", "٣"])
def test_odd_quantities_are_told_and_change_nothing(
    app: Flask, client: FlaskClient, make: Factory, quantity: str
) -> None:
    make.product("kettle", own={"USD": 1999}, stock=5)
    add(client, product="kettle")
    answer = add(client, product="kettle", quantity=quantity)
    assert (answer.status_code, answer.json) == (422, {"error": "Choose a quantity from 1 to 99."})
    plain = add(client, ORIGIN | {"Referer": "http://localhost/products/kettle"}, product="kettle", quantity=quantity)
    assert plain.status_code == 422
    assert "Choose a quantity from 1 to 99." in text_of(plain.text)
    assert '<a class="button button-primary" href="/products/kettle">' in plain.text
    assert count_in_carts(app) == 1


def test_what_is_not_there_is_told(app: Flask, client: FlaskClient, make: Factory) -> None:
    kettle = make.product("kettle", own={"USD": 1999}, stock=2)
    make.product("lamp", own={"USD": 500}, stock=0)
    make.product("radio", affiliate=[{"merchant": make.merchant()}])
    few = add(client, product="kettle", quantity="3")
    assert (few.status_code, few.json) == (409, {"error": "Only 2 are left."})
    gone = add(client, variant=make.variant_of(make.product("pan", own={"USD": 1}, stock=0)).key)
    assert (gone.status_code, gone.json) == (409, {"error": "This is sold out."})
    for fields in ({"product": "lamp"}, {"product": "radio"}, {"product": "nothing"}, {"variant": "nothing"}, {}):
        answer = add(client, **fields)
        assert (answer.status_code, answer.json) == (404, {"error": "We do not sell this at the moment."})
    assert (count_in_carts(app), stock_of(app, kettle)) == (0, (2, 0))


def test_looking_changes_nothing_and_sets_no_cart(client: FlaskClient, statements: Any) -> None:
    with statements() as seen:
        answer = client.get("/cart")
    assert answer.status_code == 200
    assert "Your cart is empty" in text_of(answer.text)
    assert not [sql for sql in seen if not sql.lstrip().upper().startswith("SELECT")]
    assert "cs_cart" not in answer.headers.get("Set-Cookie", "")
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert '<meta name="robots" content="noindex">' in answer.text


def send(client: FlaskClient, path: str, **fields: str) -> Any:
    """One of the cart's own forms, with its token."""
    token = hidden(client.get("/cart").text, "csrf_token")
    return client.post(path, data={"csrf_token": token} | fields)


def test_quantities_change_and_lines_go(app: Flask, client: FlaskClient, make: Factory) -> None:
    kettle = make.product("kettle", own={"USD": 1999}, stock=5)
    make.product("lamp", own={"USD": 500}, stock=5)
    add(client, product="kettle")
    add(client, product="lamp")
    variant = make.variant_of(kettle).key
    answer = send(client, "/cart/update", variant=variant, card="", quantity="4")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/cart")
    assert "5 items" in text_of(client.get("/cart").text)
    assert "$84.96" in text_of(client.get("/cart").text)
    assert send(client, "/cart/update", variant=variant, card="", quantity="0").status_code == 303
    assert send(client, "/cart/remove", variant=variant, card="").status_code == 303
    assert count_in_carts(app) == 1


@pytest.mark.parametrize(
    ("quantity", "status", "sentence"),
    [
        ("6", 409, "Only 5 are left."),
        ("-5", 422, "Choose a quantity from 1 to 99."),
        ("1000000000", 422, "Choose a quantity from 1 to 99."),
        ("1.5", 422, "Choose a quantity from 1 to 99."),
        ("", 422, "Choose a quantity from 1 to 99."),
    ],
)
def test_a_refused_change_shows_the_cart_as_it_was(
    app: Flask, client: FlaskClient, make: Factory, quantity: str, status: int, sentence: str
) -> None:
    kettle = make.product("kettle", own={"USD": 1999}, stock=5)
    add(client, product="kettle", quantity="2")
    answer = send(client, "/cart/update", variant=make.variant_of(kettle).key, card="", quantity=quantity)
    assert answer.status_code == status
    assert sentence in text_of(answer.text)
    assert "2 × $19.99" in text_of(answer.text)
    assert count_in_carts(app) == 2


def test_a_refused_quantity_is_told_at_its_line_and_kept(app: Flask, client: FlaskClient, make: Factory) -> None:
    kettle = make.product("kettle", own={"USD": 1999}, stock=5)
    make.product("lamp", own={"USD": 500}, stock=5)
    for slug in ("kettle", "lamp"):
        add(client, product=slug)
    variant = make.variant_of(kettle).key
    page = send(client, "/cart/update", variant=variant, card="", quantity="１.５").text
    field = re.search(rf'<input class="input" id="q-{variant}-"[^>]*>', page)
    assert field
    assert 'value="１.５"' in field.group()
    assert f'aria-invalid="true" aria-describedby="q-{variant}--error" autofocus' in field.group()
    error = re.search(rf'<p class="error" id="q-{variant}--error" role="alert">.*?</p>', page, re.S)
    assert error
    assert "Choose a quantity from 1 to 99." in error.group()
    # At its line alone, not above all.
    assert page.count("Choose a quantity from 1 to 99.") == 1
    assert page.count('aria-invalid="true"') == 1
    assert "notice-warn" not in page
    # A line that is not there has no place of its own.
    assert "notice-warn" in send(client, "/cart/update", variant="x", card="", quantity="1").text


def test_full_width_digits_are_a_quantity(app: Flask, client: FlaskClient, make: Factory) -> None:
    kettle = make.product("kettle", own={"USD": 1999}, stock=50)
    assert add(client, product="kettle", quantity="１２").json == {"cart": 12, "message": "“Kettle” is in your cart."}
    changed = send(client, "/cart/update", variant=make.variant_of(kettle).key, card="", quantity="２０")
    assert changed.status_code == 303
    assert count_in_carts(app) == 20


def test_a_line_of_somebody_elses_cart_cannot_be_touched(app: Flask, client: FlaskClient, make: Factory) -> None:
    kettle = make.product("kettle", own={"USD": 1999}, stock=9)
    lamp = make.product("lamp", own={"USD": 500}, stock=9)
    stranger = app.test_client()
    add(stranger, product="kettle", quantity="3")
    add(client, product="lamp")
    variant = make.variant_of(kettle).key
    assert send(client, "/cart/update", variant=variant, card="", quantity="1").status_code == 409
    assert send(client, "/cart/remove", variant=variant, card="").status_code == 303
    assert lines(app) == [(make.variant_of(kettle).id, "", 3), (make.variant_of(lamp).id, "", 1)]


def test_the_cart_tells_what_has_become_of_its_lines(app: Flask, client: FlaskClient, make: Factory) -> None:
    for slug in ("kettle", "lamp", "pan"):
        make.product(slug, own={"USD": 1000}, stock=3)
        add(client, product=slug, quantity="3")
    other = app.test_client()
    buy(other, make.product("fan", own={"USD": 100}, stock=1))
    with make.unit()():
        kettle = db.session.query(Product).filter_by(slug="kettle").one()
        kettle.status = "archived"
    for slug, quantity in (("lamp", 2), ("pan", 3)):
        with app.app_context():
            product = db.session.query(Product).filter_by(slug=slug).one()
        buy(other, product, quantity)
    words = text_of(client.get("/cart").text)
    assert "Only 1 is left." in words
    assert "This is sold out." in words
    assert "No longer sold by us Kettle Remove" in words


def test_two_currencies_become_two_parts(app: Flask, client: FlaskClient, make: Factory) -> None:
    make.product("dollar", own={"USD": 1000}, stock=3)
    make.product("yuan", own={"CNY": 2000}, stock=3)
    for slug in ("dollar", "yuan"):
        add(client, product=slug)
    page = client.get("/cart").text
    words = text_of(page)
    assert "These are paid in different currencies" in words
    assert ("Paid in USD" in words, "Paid in CNY" in words) == (True, True)
    assert ('href="/checkout?currency=USD"' in page, 'href="/checkout?currency=CNY"' in page) == (True, True)
    assert "CN¥30.00" in text_of(client.get("/checkout?currency=CNY").text)
    assert "$15.99" in text_of(client.get("/checkout?currency=XXX").text)


def test_hostile_words_stay_words(client: FlaskClient, make: Factory) -> None:
    make.product("bad", own={"USD": 1000}, stock=3, title="<script>alert(1)</script>{{ 7*7 }}")
    assert add(client, product="bad").json == {
        "cart": 1,
        "message": "“<script>alert(1)</script>{{ 7*7 }}” is in your cart.",
    }
    page = client.get("/cart").text
    assert "<script>alert(1)" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;{{ 7*7 }}" in page


def test_a_regional_offer_is_only_for_its_region(app: Flask, client: FlaskClient, make: Factory) -> None:
    kettle = make.product("kettle", own={"USD": 1999}, stock=5)
    with make.unit()():
        db.session.query(Offer).filter_by(product_id=kettle.id).update({"region": "CN"})
    assert add(client, product="kettle").status_code == 404
    assert add(client, variant=make.variant_of(kettle).key).status_code == 404
    client.set_cookie("cs_region", "CN")
    assert add(client, product="kettle").status_code == 200


@pytest.mark.parametrize("regional", [999, 2599])
def test_the_price_for_a_region_is_what_card_cart_and_checkout_ask(
    client: FlaskClient, make: Factory, regional: int
) -> None:
    kettle = make.product("kettle", own={"USD": 1999}, stock=5)
    variant = make.variant_of(kettle)
    with make.unit()():
        db.session.add(
            Offer(
                key="regional",
                product_id=kettle.id,
                variant_id=variant.id,
                kind="own",
                price_minor=regional,
                currency="USD",
                region="US",
                availability="in_stock",
            )
        )
    here, anywhere = f"${regional / 100:.2f}", "$19.99"
    add(client, product="kettle")
    for page in ("/products/kettle", "/cart", "/checkout"):
        text = client.get(page).text
        assert (here in text, anywhere in text) == (True, False), page
    client.set_cookie("cs_region", "CN")
    client.set_cookie("cs_currency", "USD")
    for page in ("/products/kettle", "/cart", "/checkout"):
        text = client.get(page).text
        assert (here in text, anywhere in text) == (False, True), page
