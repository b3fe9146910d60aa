"""The checkout: the whole sum before the last button, one order for any number of presses."""

from __future__ import annotations

import re
import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from contentshop.core.db import db
from contentshop.core.ids import new_key
from contentshop.core.uow import unit_of_work
from contentshop.orders import queries
from contentshop.products.models import Offer, Product, Variant
from contentshop.promotions.models import PurchaseCount
from tests.factories import Factory
from tests.web.buyer import (
    ADDRESS,
    add,
    buy,
    checkout_form,
    count_in_carts,
    hidden,
    news,
    orders,
    read,
    steps,
    stock_of,
    text_of,
)


def reprice(make: Factory, product: Product, minor: int) -> None:
    with make.unit()():
        db.session.query(Offer).filter_by(product_id=product.id).update({"price_minor": minor})


def test_the_total_stands_before_the_last_button(client: FlaskClient, make: Factory) -> None:
    make.product("kettle", own={"USD": 1999}, stock=5)
    add(client, product="kettle", quantity="2")
    for step in ("/checkout", "/cart"):
        words = text_of(client.get(step).text)
        postage = "Delivery Standard delivery, estimate for United States $5.99"
        assert f"Goods $39.98 {postage} Total $45.97 Add $9.02 more and delivery is free." in words
    assert steps(client).status_code == 303
    page = client.get("/checkout/review").text
    words = text_of(page)
    assert "Goods $39.98 Delivery Standard delivery $5.99 Total $45.97" in words
    assert "Place order · $45.97" in words
    assert page.index("Total</dt>") < page.index("Place order ·")
    add(client, product="kettle")
    assert "Goods $59.97 Delivery Standard delivery Free Total $59.97" in text_of(client.get("/checkout/review").text)


def test_no_step_can_be_skipped_and_going_back_keeps_what_was_typed(client: FlaskClient, make: Factory) -> None:
    make.product("kettle", own={"USD": 1999}, stock=5)
    add(client, product="kettle")
    for step in ("/checkout/delivery", "/checkout/review"):
        assert client.get(step).headers["Location"] == "/checkout"
    page = client.get("/checkout").text
    fields = {name: hidden(page, name) for name in ("csrf_token", "currency")}
    answer = client.post("/checkout/address", data=fields | ADDRESS | {"note": "Ring twice", "phone": "+1 555 0100"})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/checkout/delivery")
    assert client.get("/checkout/review").headers["Location"] == "/checkout/delivery"
    back = client.get("/checkout").text
    for typed in ("ada@example.org", "12 Engine Street", "Portland", "97201", "+1 555 0100"):
        assert f'value="{typed}"' in back
    assert "Ring twice" in back
    assert '<option value="OR" selected>Oregon</option>' in back
    assert "Ada Lovelace, 12 Engine Street, Portland, OR 97201, United States" in text_of(
        client.get("/checkout/delivery").text
    )


def test_another_country_asks_for_its_own_fields_and_keeps_the_rest(client: FlaskClient, make: Factory) -> None:
    make.product("kettle", own={"USD": 1999}, stock=5)
    add(client, product="kettle")
    page = client.get("/checkout").text
    fields = {name: hidden(page, name) for name in ("csrf_token", "currency")}
    china = {
        "country": "CN",
        "do": "country",
        "email": "ada@exam",
        "region": "广东省",
        "city": "深圳市",
        "name": "阿达",
    }
    answer = client.post("/checkout/address", data=fields | china)
    assert answer.status_code == 200
    assert 'value="ada@exam"' in answer.text
    order = [
        answer.text.index(f'name="{name}"') for name in ("name", "region", "city", "district", "address", "postcode")
    ]
    assert order == sorted(order)
    assert '<option value="南山区">' in answer.text
    assert "error" not in text_of(answer.text).lower()


def test_errors_stand_beside_their_fields_and_an_impossible_postcode_is_told(
    app: Flask, client: FlaskClient, make: Factory
) -> None:
    make.product("kettle", own={"USD": 1999}, stock=5)
    add(client, product="kettle")
    answer = steps(client, postcode="10001")
    assert answer.status_code == 422
    beside = answer.text.split('id="f-postcode-errors"')[1].split("</p>")[0]
    assert "There is no postcode “10001” in Oregon." in beside
    assert 'value="10001"' in answer.text
    assert client.get("/checkout/delivery").headers["Location"] == "/checkout"


@pytest.mark.parametrize("shipping", ["nonsense", "0", "-1"])
def test_a_way_of_shipping_that_is_not_offered_is_refused(client: FlaskClient, make: Factory, shipping: str) -> None:
    make.product("kettle", own={"USD": 1999}, stock=5)
    add(client, product="kettle")
    answer = steps(client, shipping=shipping)
    assert answer.status_code == 422
    assert "Choose how it is sent." in text_of(answer.text)


def test_an_empty_cart_has_no_checkout(client: FlaskClient) -> None:
    answer = client.get("/checkout")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/cart")


def test_a_guest_buys(app: Flask, client: FlaskClient, make: Factory) -> None:
    kettle = make.product("kettle", own={"USD": 1999}, stock=5)
    answer = buy(client, kettle, 2, note="Ring twice", phone="+1 555 0100")
    assert answer.status_code == 303
    (order,) = orders(app)
    assert (order.user_id, order.state, order.total_minor, order.email, order.note, order.phone) == (
        None,
        "placed",
        4597,
        "ada@example.org",
        "Ring twice",
        "+1 555 0100",
    )
    assert stock_of(app, kettle) == (5, 2)
    assert news(app) == ["OrderPlaced"]
    page = client.get(answer.headers["Location"])
    assert page.status_code == 200
    assert "Thank you, your order is placed" in text_of(page.text)
    assert "Your cart is empty" in text_of(client.get("/cart").text)


def test_a_signed_in_buyer_finds_the_order_in_the_account(
    app: Flask, client: FlaskClient, make: Factory, sign_in: Any
) -> None:
    ada = make.user(name="Ada L.")
    sign_in(client, ada)
    add(client, product=make.product("kettle", own={"USD": 1999}, stock=5).slug)
    page = client.get("/checkout").text
    assert f'value="{ada.email}"' in page
    assert 'value="Ada L."' in page
    client.post("/checkout", data=checkout_form(client, keep="1"))
    (order,) = orders(app)
    assert order.user_id == ada.id
    add(client, product="kettle")
    again = text_of(client.get("/checkout").text)
    assert "Send it to Ada Lovelace 12 Engine Street, Portland, OR 97201, United States Another address" in again
    assert order.key.upper() in client.get("/account").text


@pytest.mark.parametrize(
    "tampered",
    [
        {"total": "1", "total_minor": "1", "price": "0.01", "unit_minor": "1", "items_minor": "0"},
        {"shipping": "0", "shipping_minor": "0", "quantity": "-3", "currency": "JPY", "discount": "100"},
        {"state": "paid", "paid_at": "2026-01-01", "user_id": "1", "key": "mine", "attempt_digest": "x"},
        {"lines": "[]", "variant_id": "99", "card_key": "x", "sku": "FREE", "pay_by": ""},
    ],
)
def test_prices_totals_and_states_in_the_form_are_not_read(
    app: Flask, client: FlaskClient, make: Factory, tampered: dict[str, str]
) -> None:
    make.product("kettle", own={"USD": 1999}, stock=5)
    add(client, product="kettle", quantity="2")
    assert client.post("/checkout", data=checkout_form(client) | tampered).status_code == 303
    (order,) = orders(app)
    found = read(app, lambda: queries.get_by_key(db.session, order.key))
    assert (found.state, found.currency, found.items_minor, found.shipping_minor, found.total_minor) == (
        "placed",
        "USD",
        3998,
        599,
        4597,
    )
    assert [(line.sku, line.unit_minor, line.quantity) for line in found.lines] == [("KETTLE", 1999, 2)]
    assert (found.user_id, found.paid_at) == (None, None)


@pytest.mark.parametrize("seen", ["", "made-up", "WyJVU0QiLDEsImFiYyJd.forged"])
def test_a_made_up_seen_total_orders_nothing(app: Flask, client: FlaskClient, make: Factory, seen: str) -> None:
    answer = buy(client, make.product("kettle", own={"USD": 1999}, stock=5), seen=seen)
    assert answer.status_code == 409
    assert "Something in your cart has changed" in text_of(answer.text)
    assert orders(app) == []
    again = {n: hidden(answer.text, n) for n in ("csrf_token", "attempt", "seen")}
    assert client.post("/checkout", data=again).status_code == 303


def test_a_changed_price_is_shown_and_asked_again(app: Flask, client: FlaskClient, make: Factory) -> None:
    kettle = make.product("kettle", own={"USD": 1999}, stock=5)
    add(client, product="kettle", quantity="2")
    form = checkout_form(client, note="Ring twice")
    reprice(make, kettle, 2499)
    answer = client.post("/checkout", data=form)
    assert answer.status_code == 409
    words = text_of(answer.text)
    assert "The total has changed It was $45.97 and is $49.98 now." in words
    assert "Place order · $49.98" in words
    assert "Ring twice" in words
    assert (orders(app), count_in_carts(app), stock_of(app, kettle)) == ([], 2, (5, 0))
    form |= {"attempt": hidden(answer.text, "attempt"), "seen": hidden(answer.text, "seen")}
    assert client.post("/checkout", data=form).status_code == 303
    assert [order.total_minor for order in orders(app)] == [4998]


def test_stock_gone_keeps_the_cart_and_what_was_typed(app: Flask, client: FlaskClient, make: Factory) -> None:
    kettle = make.product("kettle", own={"USD": 1999}, stock=5, title="Gooseneck Kettle")
    lamp = make.product("lamp", own={"USD": 500}, stock=5, title="Desk Lamp")
    for slug in ("kettle", "lamp"):
        add(client, product=slug, quantity="3")
    form = checkout_form(client, note="Ring twice")
    buy(app.test_client(), kettle, 4)
    buy(app.test_client(), lamp, 5)
    answer = client.post("/checkout", data=form)
    assert answer.status_code == 409
    words = text_of(answer.text)
    assert "Gooseneck Kettle: Only 1 is left. Desk Lamp: This is sold out." in words
    assert "Nothing has been ordered." in words
    assert "12 Engine Street" in words
    assert (len(orders(app)), count_in_carts(app), stock_of(app, kettle)) == (2, 6, (5, 4))
    fitted = client.post("/checkout", data=form | {"do": "fit"})
    assert fitted.status_code == 200
    assert "1 × $19.99" in text_of(fitted.text)
    assert "Desk Lamp" not in text_of(fitted.text)
    assert "12 Engine Street" in text_of(fitted.text)
    assert count_in_carts(app) == 1
    form |= {"seen": hidden(fitted.text, "seen")}
    assert client.post("/checkout", data=form).status_code == 303
    assert stock_of(app, kettle) == (5, 5)


def test_what_is_left_is_what_one_may_still_buy(
    app: Flask,
    client: FlaskClient,
    make: Factory,
    session: Session,
    unit: Callable[[], AbstractContextManager[None]],
) -> None:
    kettle = make.product("kettle", own={"USD": 1999}, stock=50, title="Gooseneck Kettle")
    lamp = make.product("lamp", own={"USD": 500}, stock=50, title="Desk Lamp")
    add(client, product="kettle", quantity="4")
    add(client, product="lamp", quantity="4")
    form = checkout_form(client)
    # A limit that comes while the cart is open; two kettles and all lamps that are allowed were bought before.
    buy(app.test_client(), kettle, 2)
    buy(app.test_client(), lamp, 3)
    with unit():
        session.execute(update(Variant).values(purchase_limit=3))
        for product, had in ((kettle, 2), (lamp, 3)):
            variant_id = session.scalars(select(Variant.id).where(Variant.product_id == product.id)).one()
            session.add(PurchaseCount(variant_id=variant_id, person="mail:ada@example.org", quantity=had))
    answer = client.post("/checkout", data=form)
    assert answer.status_code == 409
    assert "Take what is left" in answer.text
    words = text_of(answer.text)
    assert "One person may buy 3 of this; you have bought 2 and can buy 1 more." in words
    assert "One person may buy 3 of this; you have bought 3 and can buy 0 more." in words
    fitted = client.post("/checkout", data=form | {"do": "fit"})
    assert fitted.status_code == 200
    assert "1 × $19.99" in text_of(fitted.text)
    assert "Desk Lamp" not in text_of(fitted.text)
    assert count_in_carts(app) == 1
    assert client.post("/checkout", data=form | {"seen": hidden(fitted.text, "seen")}).status_code == 303


def test_how_many_one_person_may_buy_is_told(client: FlaskClient, make: Factory, session: Session) -> None:
    make.product("kettle", own={"USD": 1999}, stock=50)
    session.execute(update(Variant).values(purchase_limit=2))
    session.commit()
    answer = add(client, product="kettle", quantity="3")
    assert answer.status_code == 409
    assert answer.json == {"error": "One person may buy 2 of this."}


def test_nothing_left_at_all_leads_to_the_cart(app: Flask, client: FlaskClient, make: Factory) -> None:
    kettle = make.product("kettle", own={"USD": 1999}, stock=2)
    add(client, product="kettle", quantity="2")
    form = checkout_form(client)
    buy(app.test_client(), kettle, 2)
    answer = client.post("/checkout", data=form | {"do": "fit"})
    assert answer.status_code == 200
    assert "There is nothing left in your cart to order." in text_of(answer.text)


def test_every_bad_field_is_told_and_what_was_typed_is_kept(app: Flask, client: FlaskClient, make: Factory) -> None:
    make.product("kettle", own={"USD": 1999}, stock=5)
    add(client, product="kettle")
    answer = steps(client, email="ada", country="US", city="", address='"><b>x', name="")
    assert answer.status_code == 422
    words = text_of(answer.text)
    for sentence in (
        "Write your e-mail address, like name@example.org.",
        "Write the name for the parcel.",
        "Write the city.",
    ):
        assert sentence in words
    assert 'value="ada"' in answer.text
    assert 'value="&#34;&gt;&lt;b&gt;x"' in answer.text
    assert "Choose a country that we deliver to." in text_of(steps(client, country="ZZ").text)
    assert "Choose how you want to pay." in text_of(steps(client, payment_method="gold").text)
    assert (orders(app), count_in_carts(app)) == ([], 1)


def test_a_made_up_attempt_is_refused(app: Flask, client: FlaskClient, make: Factory) -> None:
    answer = buy(client, make.product("kettle", own={"USD": 1999}, stock=5), attempt="../../x")
    assert answer.status_code == 422
    assert orders(app) == []
    assert len(hidden(answer.text, "attempt")) == 24


def test_the_same_form_gives_the_same_answer_fifty_times(app: Flask, client: FlaskClient, make: Factory) -> None:
    kettle = make.product("kettle", own={"USD": 1999}, stock=5)
    add(client, product="kettle", quantity="2")
    form = checkout_form(client)
    answers = [client.post("/checkout", data=form) for _ in range(50)]
    assert {(a.status_code, a.headers["Location"], a.data) for a in answers} == {
        (303, answers[0].headers["Location"], answers[0].data)
    }
    assert (len(orders(app)), stock_of(app, kettle), news(app)) == (1, (5, 2), ["OrderPlaced"])
    add(client, product="kettle")
    other = client.post("/checkout", data=checkout_form(client, attempt=form["attempt"]))
    assert other.status_code == 409
    assert "This form has already placed an order." in text_of(other.text)
    assert (len(orders(app)), count_in_carts(app)) == (1, 1)


def test_twenty_presses_at_once_place_one_order(app: Flask, client: FlaskClient, make: Factory) -> None:
    kettle = make.product("kettle", own={"USD": 1999}, stock=50)
    add(client, product="kettle", quantity="2")
    form = checkout_form(client)
    cookies = {name: client.get_cookie(name) for name in ("cs_cart", "cs_session")}
    start = threading.Barrier(20)

    def press(_: int) -> tuple[int, str]:
        browser = app.test_client()
        for name, cookie in cookies.items():
            assert cookie is not None
            browser.set_cookie(name, cookie.value)
        start.wait()
        answer = browser.post("/checkout", data=form)
        return answer.status_code, answer.headers.get("Location", "")

    with ThreadPoolExecutor(20) as pool:
        answers = set(pool.map(press, range(20)))
    assert len(answers) == 1
    assert answers.pop()[0] == 303
    assert (len(orders(app)), stock_of(app, kettle), news(app)) == (1, (50, 2), ["OrderPlaced"])


def test_fifty_buyers_through_the_door(app: Flask, make: Factory) -> None:
    kettle = make.product("kettle", own={"USD": 1999}, stock=7)
    browsers = [app.test_client() for _ in range(50)]
    for browser in browsers:
        add(browser, product="kettle")
    forms = [checkout_form(browser) for browser in browsers]
    start = threading.Barrier(50)

    def press(number: int) -> int:
        start.wait()
        return browsers[number].post("/checkout", data=forms[number]).status_code

    with ThreadPoolExecutor(50) as pool:
        answers = Counter(pool.map(press, range(50)))
    assert answers == {303: 7, 409: 43}
    assert (len(orders(app)), stock_of(app, kettle), count_in_carts(app)) == (7, (7, 7), 43)
    assert read(app, lambda: queries.audit(db.session)) == []


def test_an_emptied_cart_orders_nothing(app: Flask, client: FlaskClient, make: Factory) -> None:
    make.product("kettle", own={"USD": 1999}, stock=5)
    add(client, product="kettle")
    form = checkout_form(client)
    client.post("/checkout", data=form)
    answer = client.post("/checkout", data=form | {"attempt": new_key(24)})
    assert answer.status_code == 409
    assert "There is nothing in your cart to order." in text_of(answer.text)
    stranger = app.test_client()
    token = hidden(stranger.get("/sign-in").text, "csrf_token")
    # Somebody else has neither the cart nor what was typed.
    refused = stranger.post("/checkout", data=form | {"csrf_token": token})
    assert refused.status_code == 422
    assert "12 Engine Street" not in refused.text
    assert len(orders(app)) == 1


def test_a_foreign_or_tokenless_form_is_refused(app: Flask, client: FlaskClient, make: Factory) -> None:
    make.product("kettle", own={"USD": 1999}, stock=5)
    add(client, product="kettle")
    form = checkout_form(client)
    assert client.post("/checkout", data=form, headers={"Origin": "https://evil.example"}).status_code == 403
    assert client.post("/checkout", data=form | {"csrf_token": "x"}).status_code == 400
    assert (orders(app), count_in_carts(app)) == ([], 1)


def test_only_the_chosen_currency_is_ordered_and_the_rest_stays(app: Flask, client: FlaskClient, make: Factory) -> None:
    make.product("dollar", own={"USD": 1000}, stock=3)
    make.product("yuan", own={"CNY": 2000}, stock=3)
    for slug in ("dollar", "yuan"):
        add(client, product=slug)
    assert client.post("/checkout", data=checkout_form(client, "CNY")).status_code == 303
    assert [(o.currency, o.total_minor) for o in orders(app)] == [("CNY", 3000)]
    assert "$15.99" in text_of(client.get("/cart").text)


def test_what_is_not_shipped_cannot_be_paid_at_the_door(app: Flask, client: FlaskClient, make: Factory) -> None:
    def ship(shipped: bool) -> None:
        with app.app_context(), unit_of_work(db.session):
            db.session.execute(update(Variant).values(digital=not shipped))

    book = make.product("book", own={"USD": 900}, stock=9)
    ship(False)
    add(client, product=book.slug)
    page = client.get("/checkout").text
    assert 'id="delivery-heading">Buyer</h2>' in page
    client.post("/checkout/address", data={"csrf_token": hidden(page, "csrf_token")} | ADDRESS)
    page = client.get("/checkout/delivery").text
    assert 'id="to-heading">Buyer</h2>' in page
    assert re.findall(r'name="payment_method" value="([^"]*)"', page) == ["bank_transfer"]
    refused = steps(client, payment_method="on_delivery")
    assert refused.status_code == 422
    assert "Choose how you want to pay." in text_of(refused.text)
    # Chosen elsewhere while there was a parcel: the last button leads back to the choice.
    form = checkout_form(client)
    ship(True)
    assert steps(client, payment_method="on_delivery").status_code == 303
    ship(False)
    late = client.post("/checkout", data=form)
    assert late.status_code == 422
    assert "Choose how you want to pay." in text_of(late.text)
    assert orders(app) == []
    assert client.post("/checkout", data=checkout_form(client)).status_code == 303
    assert [order.payment_method for order in orders(app)] == ["bank_transfer"]
