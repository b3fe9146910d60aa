"""What buyers are told of tax, delivery and discounts before and after the address, and where nothing can be sent."""

from __future__ import annotations

import re
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update

from contentshop.core.db import db
from contentshop.core.ids import new_key
from contentshop.core.money import Money
from contentshop.core.uow import unit_of_work
from contentshop.delivery import actions as delivery
from contentshop.delivery.inputs import MethodInput, TaxInput, ZoneInput
from contentshop.delivery.models import Address
from contentshop.orders.models import Cart, Order
from contentshop.payments import credit
from contentshop.products.models import Variant
from contentshop.reactions import site_context
from contentshop.web.order_mails import order_mail
from tests.factories import Factory
from tests.web.buyer import ADDRESS, add, checkout_form, hidden, orders, steps, text_of
from tests.web.test_shop_codes import promote, type_code


@pytest.fixture
def boss(make: Factory) -> Any:
    return make.user(role="operator")


@pytest.fixture
def kettle(make: Factory) -> Any:
    return make.product("kettle", own={"USD": 2000, "CNY": 14000}, stock=90)


def tax(app: Flask, boss: Any, **form: str) -> None:
    with app.app_context(), unit_of_work(db.session):
        delivery.save_tax(db.session, TaxInput.parse({"on_shipping": "", **form}), by=boss)


def zone(app: Flask, boss: Any, areas: str, **methods: str) -> None:
    """A zone with a way of sending for each currency, with its prices."""
    with app.app_context(), unit_of_work(db.session):
        key = delivery.save_zone(db.session, ZoneInput.parse({"name": areas, "areas": areas}), by=boss)
        for currency, tiers in methods.items():
            form = {"name": "Post", "currency": currency, "tiers": tiers, "min_days": "2", "max_days": "4"}
            delivery.save_method(db.session, key, MethodInput.parse(form), by=boss)


def main_text(client: FlaskClient, path: str) -> str:
    return text_of(client.get(path).text)


def countries(client: FlaskClient) -> list[str]:
    """Those the first step offers, in order."""
    chooser = client.get("/checkout").text.split('name="country"')[1].split("</select>")[0]
    return re.findall(r'<option value="([A-Z]{2})"', chooser)


def retype(client: FlaskClient, **typed: str) -> Any:
    """Send the first step with these fields changed."""
    page = client.get("/checkout").text
    fields = {name: hidden(page, name) for name in ("csrf_token", "currency")}
    return client.post("/checkout/address", data=fields | ADDRESS | typed)


# --- tax and delivery before and after the address -----------------------------------------------------------------


def test_a_tax_of_states_is_announced_and_told_with_the_address(
    app: Flask, client: FlaskClient, boss: Any, kettle: Any
) -> None:
    tax(app, boss, country="US", region="OR", name="Sales tax", rate_standard="5")
    add(client, product="kettle")
    for path in ("/cart", "/checkout"):
        words = main_text(client, path)
        assert "Total plus tax, shown after the address $25.99" in words
        assert "Sales tax" not in words
    assert steps(client).status_code == 303
    for path in ("/cart", "/checkout", "/checkout/delivery", "/checkout/review"):
        words = main_text(client, path)
        assert "Sales tax 5% $1.00 Total $26.99" in words
        assert "shown after the address" not in words


def test_a_state_without_tax_owes_none(app: Flask, client: FlaskClient, boss: Any, kettle: Any) -> None:
    tax(app, boss, country="US", region="CA", name="Sales tax", rate_standard="7.25")
    add(client, product="kettle")
    assert steps(client).status_code == 303
    assert "Delivery Standard delivery $5.99 Total $25.99" in main_text(client, "/checkout/review")
    assert "plus tax" not in main_text(client, "/cart")


@pytest.mark.parametrize(("region", "words"), [("", "includes $4.33 VAT (20%)"), ("CA", "includes tax")])
def test_prices_that_contain_the_tax_say_so(
    app: Flask, client: FlaskClient, boss: Any, kettle: Any, region: str, words: str
) -> None:
    form = {"name": "VAT", "rate_standard": "20", "included": "yes", "on_shipping": "yes"}
    tax(app, boss, country="US", region=region, **form)
    add(client, product="kettle")
    assert f"Total {words} $25.99" in main_text(client, "/cart")


def test_without_any_tax_nothing_is_said_of_it(client: FlaskClient, kettle: Any) -> None:
    add(client, product="kettle")
    assert "tax" not in main_text(client, "/cart")


def test_what_is_not_sent_has_no_address_to_wait_for(app: Flask, client: FlaskClient, boss: Any, make: Factory) -> None:
    tax(app, boss, country="US", region="OR", name="Sales tax", rate_standard="5")
    voucher = make.product("voucher", own={"USD": 5000}, stock=5)
    variant = make.variant_of(voucher).id
    with app.app_context(), unit_of_work(db.session):
        credit.sell(db.session, variant)
    add(client, product="voucher")
    assert "Goods $50.00 Total $50.00" in main_text(client, "/cart")


def test_delivery_that_is_not_known_yet_is_promised(app: Flask, client: FlaskClient, boss: Any, kettle: Any) -> None:
    zone(app, boss, "US OR", USD="* = 4")
    add(client, product="kettle")
    assert "Delivery shown after the address Total $20.00" in main_text(client, "/cart")
    assert steps(client).status_code == 303
    assert "Delivery Post $4.00 Total $24.00" in main_text(client, "/cart")


# --- the same sum everywhere ---------------------------------------------------------------------------------------


def test_checkout_order_invoice_and_mail_say_the_same_sum(
    app: Flask, client: FlaskClient, boss: Any, kettle: Any, make: Factory
) -> None:
    tax(app, boss, country="US", region="OR", name="Sales tax", rate_standard="5")
    promote(app, make, caps="1.50 USD")
    with app.app_context(), unit_of_work(db.session):
        card = credit.issue(db.session, amount=Money(1000, "USD"), source_key=new_key(), actor="", now=make.now)
        db.session.flush()
        code = credit.reveal(db.session, card.key)
    add(client, product="kettle")
    for one in ("TEN", code):
        assert type_code(client, one).status_code == 303
    form = checkout_form(client)
    rows = [
        ("Goods", "", "$20.00"),
        ("Ten off", "TEN · 10% off, at most $1.50", "−$1.50"),
        ("Delivery", "Standard delivery", "$5.99"),
        ("Sales tax 5%", "", "$0.93"),
        ("Total", "", "$25.42"),
        ("Gift card", f"…{code[-4:]}", "−$10.00"),
        ("To pay", "", "$15.42"),
    ]
    shown = " ".join(" ".join(filter(None, row)) for row in rows)
    assert shown in main_text(client, "/checkout/review")
    path = client.post("/checkout", data=form).headers["Location"]
    assert shown in main_text(client, path)
    assert shown in main_text(client, f"{path}/invoice")
    (order,) = orders(app)
    with site_context(app):
        found = order_mail({"order": order.key}, "placed")
        db.session.remove()
    assert found is not None
    mailed = "\n".join(
        f"  {label} ({note}): {amount}" if note else f"  {label}: {amount}" for label, note, amount in rows
    )
    assert mailed in found.text


def test_an_order_from_before_its_parts_were_kept_shows_their_sum(
    app: Flask, client: FlaskClient, kettle: Any, make: Factory
) -> None:
    promote(app, make)
    add(client, product="kettle")
    type_code(client, "TEN")
    path = client.post("/checkout", data=checkout_form(client)).headers["Location"]
    with app.app_context(), unit_of_work(db.session):
        db.session.execute(update(Order).values(discount_parts=[]))
    assert "Goods $20.00 Discount TEN −$2.00 Delivery Standard delivery $5.99" in main_text(client, path)


def test_the_order_says_how_it_is_sent(app: Flask, client: FlaskClient, boss: Any, kettle: Any) -> None:
    zone(app, boss, "US", USD="* = 4")
    add(client, product="kettle")
    path = client.post("/checkout", data=checkout_form(client)).headers["Location"]
    assert "E-mail ada@example.org Delivery Post Payment Bank transfer" in main_text(client, path)
    assert "Delivery Post Payment Bank transfer" in main_text(client, f"{path}/invoice")


def test_a_code_says_what_it_does_and_its_most(app: Flask, client: FlaskClient, kettle: Any, make: Factory) -> None:
    promote(app, make, caps="1.50 USD")
    add(client, product="kettle")
    client.get("/cart")
    page = client.post(
        "/checkout/code",
        data={"csrf_token": hidden(client.get("/cart").text, "csrf_token"), "code": "TEN", "step": "cart"},
        follow_redirects=True,
    ).text
    assert "“TEN” is taken off: 10% off, at most $1.50." in page
    assert "TEN 10% off, at most $1.50 Remove TEN" in text_of(page)


def test_a_bundle_says_what_it_does(app: Flask, client: FlaskClient, kettle: Any, make: Factory) -> None:
    promote(app, make, name="Three for two", code="", kind="bundle", buy="2", free="1")
    add(client, product="kettle", quantity="3")
    assert "Three for two 1 of 3 for nothing −$20.00" in main_text(client, "/cart")


# --- the fold on phones --------------------------------------------------------------------------------------------


def test_the_total_stands_above_the_form_and_beside_the_button(client: FlaskClient, kettle: Any) -> None:
    add(client, product="kettle")
    page = client.get("/checkout").text
    fold = re.search(r'<details class="fold".*?</details>', page, re.S)
    assert fold
    assert page.index(fold.group()) < page.index("<h1")
    assert re.search(r"<summary>.*Your order.*\$25\.99.*</summary>", fold.group(), re.S)
    assert "1 × $20.00" in fold.group()
    line = page.index('class="total-line"')
    assert page.index("</fieldset>" if "</fieldset>" in page else "f-note") < line
    assert line < page.index("Continue to delivery and payment")
    assert steps(client).status_code == 303
    how = client.get("/checkout/delivery").text
    assert (
        how.index('class="fold"') < how.index("<h1") < how.index('class="total-line"') < how.rindex("Review your order")
    )
    assert client.get("/checkout/review").text.count('class="fold"') == 1


# --- another country, another currency -----------------------------------------------------------------------------


def test_another_country_shows_its_sum_and_keeps_the_focus(
    app: Flask, client: FlaskClient, boss: Any, kettle: Any
) -> None:
    zone(app, boss, "US", USD="* = 4")
    zone(app, boss, "CN", USD="* = 9")
    add(client, product="kettle")
    answer = retype(client, do="country", country="CN")
    words = text_of(answer.text)
    assert "Delivery Post, estimate for China $9.00 Total $29.00" in words
    assert 'name="country" required autocomplete="country" autofocus>' in answer.text
    assert 'value="12 Engine Street"' in answer.text
    # Nothing is kept by asking.
    assert "estimate for United States $4.00" in main_text(client, "/cart")
    assert "autofocus" not in client.get("/checkout").text


def test_what_is_not_sent_in_a_currency_offers_another(app: Flask, client: FlaskClient, boss: Any, kettle: Any) -> None:
    zone(app, boss, "US", USD="* = 4")
    add(client, product="kettle")
    why = "We do not deliver to United States what is paid in CNY."
    page = client.get("/checkout?currency=CNY").text
    assert f"{why} You can have it delivered there when you pay in USD. Pay in USD" in text_of(page)
    fields = {"csrf_token": hidden(page, "csrf_token"), "currency": "CNY"}
    refused = client.post("/checkout/address", data=fields | ADDRESS)
    assert refused.status_code == 422
    assert f"{why} You can have it delivered there when you pay in USD." in text_of(refused.text)
    assert "heavy" not in refused.text
    changed = client.post("/checkout/address", data=fields | ADDRESS | {"pay_in": "USD"})
    assert changed.status_code == 200
    assert hidden(changed.text, "currency") == "USD"
    assert 'value="12 Engine Street"' in changed.text
    assert "Total $24.00" in text_of(changed.text)
    again = {"csrf_token": hidden(changed.text, "csrf_token"), "currency": "USD"}
    assert client.post("/checkout/address", data=again | ADDRESS).status_code == 303


def test_a_currency_that_would_not_help_is_not_offered(
    app: Flask, client: FlaskClient, boss: Any, make: Factory
) -> None:
    zone(app, boss, "US", USD="* = 4")
    make.product("fan", own={"CNY": 9000}, stock=9)
    add(client, product="fan")
    words = main_text(client, "/checkout?currency=CNY")
    assert "We do not deliver to United States what is paid in CNY." in words
    assert "Pay in USD" not in words


def test_every_country_that_a_zone_reaches_can_be_chosen(
    app: Flask, client: FlaskClient, boss: Any, kettle: Any
) -> None:
    add(client, product="kettle")
    assert countries(client) == ["US", "CN"]
    zone(app, boss, "US", USD="* = 5")
    zone(app, boss, "DE\nGB: ZE*", USD="* = 15")
    zone(app, boss, "JP")  # no way of sending yet
    assert countries(client) == ["US", "CN", "DE", "GB"]  # Germany, United Kingdom
    berlin = {"country": "DE", "region": "", "city": "Berlin", "postcode": "10115", "address": "Torstraße 1"}
    refused = retype(client, **berlin | {"country": "JP"})
    assert (refused.status_code, "Choose a country that we deliver to." in text_of(refused.text)) == (422, True)
    assert steps(client, **berlin).status_code == 303
    words = main_text(client, "/checkout/review")
    assert "10115 Berlin" in words
    assert "Delivery Post $15.00" in words
    zone(app, boss, "*", USD="* = 30")
    assert {"NZ", "JP"} < set(countries(client))


def test_a_place_and_a_size_have_reasons_of_their_own(
    app: Flask, client: FlaskClient, boss: Any, make: Factory
) -> None:
    zone(app, boss, "US OR", USD="1 kg = 4")
    make.product("anvil", own={"USD": 2000}, stock=9)
    with app.app_context(), unit_of_work(db.session):
        db.session.execute(update(Variant).values(weight_g=5000))
    add(client, product="anvil")
    answer = retype(client)
    assert "This is more than one parcel to there can hold. Please order in smaller parts." in text_of(answer.text)
    answer = retype(client, region="NY", postcode="10001", city="New York")
    assert "We do not deliver to this place." in text_of(answer.text)


def test_a_saved_address_without_what_is_needed_is_opened(
    app: Flask, client: FlaskClient, make: Factory, sign_in: Any, kettle: Any
) -> None:
    user = make.user()
    sign_in(client, user)
    add(client, product="kettle")
    assert retype(client, keep="yes").status_code == 303
    key = re.search(r'name="address_key" value="(\w+)"', client.get("/checkout").text)
    assert key
    with app.app_context(), unit_of_work(db.session):
        db.session.execute(update(Address).values(postcode="1"))
    answer = retype(client, address_key=key.group(1))
    assert answer.status_code == 422
    assert 'name="address_key" value="" checked' in answer.text
    assert 'name="postcode" type="text" value="1"' in answer.text


def first_step_of_a_download(app: Flask, client: FlaskClient, make: Factory, boss: Any) -> str:
    """The first step of the checkout of a file, where California taxes it."""
    book = make.product("book", own={"USD": 1000}, stock=9)
    with app.app_context(), unit_of_work(db.session):
        db.session.execute(update(Variant).values(digital=True))
    tax(app, boss, country="US", region="CA", name="Sales tax", rate_standard="7.25", name_zh="销售税")
    add(client, product=book.slug)
    return client.get("/checkout").text


def test_downloads_are_taxed_by_the_state_of_their_buyer(
    app: Flask, client: FlaskClient, make: Factory, boss: Any
) -> None:
    page = first_step_of_a_download(app, client, make, boss)
    assert "Total plus tax, shown in the next step $10.00" in text_of(page)
    who = {"csrf_token": hidden(page, "csrf_token"), "email": "ada@example.com", "name": "Ada", "country": "US"}
    for region in ("", "QQ"):
        refused = client.post("/checkout/address", data=who | {"region": region})
        assert refused.status_code == 422
        told = refused.text.split('id="f-region-errors"')[1].split("</p>")[0]
        assert ("Choose a state." if not region else "Choose one from the list.") in told
        assert 'value="Ada"' in refused.text
        assert "Continue to payment" in text_of(refused.text)
    # Neither the steps nor the last button can be reached without it.
    assert client.get("/checkout/delivery").headers["Location"] == "/checkout"
    assert client.post("/checkout/address", data=who | {"region": "CA"}).status_code == 303
    told = main_text(client, "/checkout/delivery")
    assert "Ada, CA, United States" in told
    assert "Sales tax 7.25% $0.73" in told
    again = client.get("/checkout").text
    assert 'value="CA" selected' in again
    assert steps(client, region="CA", payment_method="bank_transfer").status_code == 303
    assert client.post("/checkout", data=checkout_form(client, region="CA")).status_code == 303
    [order] = orders(app)
    assert (order.region, order.tax_minor, order.total_minor) == ("CA", 73, 1073)


def test_the_first_step_that_is_turned_back_shows_the_sum_of_the_country_in_it(
    app: Flask, client: FlaskClient, make: Factory, boss: Any
) -> None:
    make.product("kettle", own={"USD": 2000}, stock=9)
    tax(app, boss, country="CN", region="", name="VAT", rate_standard="13", included="yes", name_zh="增值税")
    add(client, product="kettle")
    page = client.get("/checkout").text
    who = {"csrf_token": hidden(page, "csrf_token"), "country": "CN"}
    assert "VAT" not in text_of(page)
    refused = client.post("/checkout/address", data=who)
    assert refused.status_code == 422
    assert "VAT" in text_of(refused.text)


def test_a_state_without_tax_and_a_country_without_states_are_not_taxed(
    app: Flask, client: FlaskClient, make: Factory, boss: Any
) -> None:
    page = first_step_of_a_download(app, client, make, boss)
    assert 'id="f-region"' in page
    who = {"csrf_token": hidden(page, "csrf_token"), "email": "ada@example.com", "name": "Ada"}
    elsewhere = client.post("/checkout/address", data=who | {"country": "DE", "do": "country"}).text
    assert 'id="f-region"' not in elsewhere
    assert client.post("/checkout/address", data=who | {"country": "US", "region": "OR"}).status_code == 303
    assert "tax" not in main_text(client, "/checkout/delivery")
    # The last button, when the state has gone from what was typed, leads back to it.
    form = checkout_form(client, region="OR")
    with app.app_context(), unit_of_work(db.session):
        cart = db.session.scalars(select(Cart)).one()
        cart.draft = cart.draft | {"region": ""}
    late = client.post("/checkout", data=form)
    assert (late.status_code, orders(app)) == (409, [])
    assert 'id="f-region"' in late.text


def test_gift_cards_are_money_and_ask_for_no_state(app: Flask, client: FlaskClient, make: Factory, boss: Any) -> None:
    tax(app, boss, country="US", region="CA", name="Sales tax", rate_standard="7.25", name_zh="销售税")
    present = make.product("present", own={"USD": 5000}, stock=9)
    with app.app_context(), unit_of_work(db.session):
        credit.sell(db.session, db.session.scalars(select(Variant.id)).one())
    add(client, product=present.slug)
    assert 'id="f-region"' not in client.get("/checkout").text
