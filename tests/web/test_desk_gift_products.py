"""Gift cards as products: put on sale at the desk, bought like anything, never shipped, never discounted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from contentshop.orders.models import Order
from contentshop.payments.models import GiftCard
from contentshop.payments.queries import list_sold_cards
from contentshop.products.models import Product, Stock, Variant
from tests.factories import Factory
from tests.web.buyer import add, checkout_form, text_of

Post = Callable[..., Any]
FORM = {"title": "Gift card", "title_zh": "礼品卡", "values": "25 USD, 180 CNY\n49.50 USD", "quantity": "300"}


@pytest.fixture
def desk(client: FlaskClient, make: Factory, sign_in: Callable[..., FlaskClient]) -> FlaskClient:
    return sign_in(client, make.user(role="operator"))


def test_a_gift_card_is_put_on_sale(desk: FlaskClient, post_form: Post, session: Session) -> None:
    assert "No gift card is on sale yet" in desk.get("/desk/products/gift-cards").text
    made = post_form(desk, "/desk/products/gift-cards", FORM)
    session.rollback()
    product = session.scalars(select(Product)).one()
    assert (made.status_code, made.location) == (303, f"/desk/products/{product.key}")
    assert (product.title, product.translations) == ("Gift card", {"zh": {"title": "礼品卡"}})
    rows = list_sold_cards(session)
    assert [(one.name, [(p.minor, p.currency) for p in one.prices], one.available) for one in rows] == [
        ("25 USD / 180 CNY", [(2500, "USD"), (18000, "CNY")], 300),
        ("49.50 USD", [(4950, "USD")], 300),
    ]
    facts = select(Variant.digital, Variant.tax_class)
    assert session.execute(facts).all() == [(True, "zero"), (True, "zero")]
    assert "25 USD / 180 CNY" in desk.get("/desk/products/gift-cards").text
    # The same again is another product.
    assert post_form(desk, "/desk/products/gift-cards", FORM).status_code == 303


def test_wrong_values_are_told(desk: FlaskClient, post_form: Post, session: Session) -> None:
    wrong = {"title": " ", "values": "25 dollars\n5 USD", "quantity": "0"}
    page = post_form(desk, "/desk/products/gift-cards", wrong)
    assert page.status_code == 422
    for words in (
        "Write a title.",
        "“25 dollars” is not a value. Write it like 25 USD, 180 CNY.",
        "Write a whole number from 1 to 1,000,000.",
    ):
        assert words in page.text
    for values, words in (
        ("", "Write 1 to 20 values, one a line."),
        ("5 USD\n5 USD", "Two values are the same."),
        ("5 USD, 6 USD", "is not a value"),
        ("-5 USD", "is not a value"),
        ("0 USD", "is not a value"),
        ("1.234 USD", "is not a value"),
    ):
        page = post_form(desk, "/desk/products/gift-cards", FORM | {"values": values})
        assert (page.status_code, words in page.text) == (422, True), values
    session.rollback()
    assert session.scalars(select(Product)).all() == []


def test_a_variant_becomes_one_and_an_ordinary_thing_again(
    desk: FlaskClient, post_form: Post, session: Session, make: Factory
) -> None:
    product = make.product("voucher", own={"USD": 1000}, stock=5)
    variant = make.variant_of(product).key
    at = f"/desk/products/{product.key}/variants/{variant}"
    assert post_form(desk, f"{at}/gift-card", {"do": "sell"}).location == at
    page = desk.get(at).text
    assert ("Make it an ordinary thing" in page, 'name="digital"' in page) == (True, False)
    # The form has no box for it, and saving does not make it a parcel.
    assert post_form(desk, at, {"sku": "V-1", "returnable": "1", "weight_g": "0"}).status_code == 303
    session.rollback()
    assert session.execute(select(Variant.sku, Variant.digital, Variant.tax_class)).one() == ("V-1", True, "zero")
    assert post_form(desk, f"{at}/gift-card", {"do": "stop"}).location == at
    session.rollback()
    assert list_sold_cards(session) == []
    assert 'name="digital"' in desk.get(at).text
    assert post_form(desk, f"/desk/products/{product.key}/variants/nothing/gift-card", {}).status_code == 404


def test_it_is_bought_like_anything_without_parcel_or_discount(
    desk: FlaskClient, post_form: Post, session: Session, make: Factory
) -> None:
    lamp = make.product("lamp", own={"USD": 2000}, stock=5)
    post_form(desk, "/desk/products/gift-cards", FORM)
    sale = {"name": "Half", "kind": "percent", "percent": "50", "scope": "all", "scope_keys": ""}
    assert post_form(desk, "/desk/promotions/new", sale).status_code == 303
    session.rollback()
    cards = session.scalars(select(Variant).order_by(Variant.id.desc()).limit(2)).all()
    assert add(desk, variant=cards[1].key).status_code == 200
    alone = text_of(desk.get("/cart").text)
    assert ("$25.00" in alone, "Half" in alone) == (True, False)
    assert add(desk, product=lamp.slug).status_code == 200
    both = text_of(desk.get("/cart").text)
    assert "Half 50% off −$10.00" in both
    answer = desk.post("/checkout", data=checkout_form(desk))
    assert answer.status_code == 303
    session.rollback()
    order = session.scalars(select(Order)).one()
    assert [(line.unit_minor, line.discount_minor) for line in order.lines] == [(2500, 0), (2000, 1000)]
    assert session.scalars(select(GiftCard)).all() == []
    paid = {"amount": f"{order.total_minor / 100:.2f}", "attempt": "abcdefghjkmnpqrstvwxyz23"}
    assert post_form(desk, f"/desk/payments/orders/{order.key}/receipt", paid).status_code == 303
    session.rollback()
    (card,) = session.scalars(select(GiftCard))
    assert (card.issued_minor, card.currency, card.email) == (2500, "USD", "ada@example.org")
    assert session.scalars(select(Stock.reserved).where(Stock.variant_id == cards[1].id)).one() == 1
