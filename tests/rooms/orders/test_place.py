"""Placing an order: once, at today's prices, with its stock, or not at all."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from contentshop.core.db import db
from contentshop.core.errors import Invalid
from contentshop.core.ids import new_key
from contentshop.orders import queries
from contentshop.orders.actions import AttemptUsed, CartEmpty, QuoteChanged
from contentshop.orders.models import CartLine
from contentshop.products.models import Offer, Product, Reservation, Variant
from contentshop.products.stock import OutOfStock
from tests.factories import Factory
from tests.rooms.orders.conftest import CHINA, PAY_WITHIN, Shop, delivery


def test_an_order_holds_what_was_bought_in_words_and_prices_of_that_moment(shop: Shop, make: Factory) -> None:
    kettle = make.product("kettle", own={"USD": 1999}, stock=5)
    lamp = make.product("lamp", own={"USD": 500}, stock=5)
    cart = shop.add(shop.add(None, kettle, 2, card_key="card1"), lamp)
    buyer = make.user()
    order = shop.get(shop.send(shop.wish(cart), buyer))
    shop.run(lambda s: s.query(Product).update({"title": "Another name"}))
    shop.run(lambda s: s.query(Offer).update({"price_minor": 1}))
    assert (order.state, order.currency, order.items_minor, order.shipping_minor, order.total_minor) == (
        "placed",
        "USD",
        4498,
        599,
        5097,
    )
    assert [
        (line.sku, line.title, line.unit_minor, line.quantity, line.total_minor, line.card_key)
        for line in shop.get(order).lines
    ] == [("KETTLE", "Kettle", 1999, 2, 3998, "card1"), ("LAMP", "Lamp", 500, 1, 500, "")]
    assert (order.email, order.name, order.country, order.user_id) == (
        "ada@example.org",
        "Ada Lovelace",
        "US",
        buyer.id,
    )
    assert order.pay_by == shop.clock.now() + PAY_WITHIN
    assert [(e.kind, e.actor) for e in order.events] == [("placed", buyer.key)]
    assert shop.events() == [("OrderPlaced", {"order": order.key})]
    assert (shop.stock(kettle), shop.stock(lamp)) == ((5, 2), (5, 1))
    assert shop.cart(cart).lines == ()
    assert shop.problems() == []


def test_what_is_not_out_yet_is_not_paid_at_the_door(shop: Shop, make: Factory) -> None:
    kettle = make.product(own={"USD": 1999}, stock=5)
    shop.run(lambda session: session.execute(update(Variant).values(releases_at=shop.clock.now() + timedelta(days=9))))
    with pytest.raises(Invalid) as refused:
        shop.order(kettle, payment_method="on_delivery")
    assert refused.value.fields == {"payment_method": ["Choose how you want to pay."]}
    assert shop.order(kettle).state == "placed"


def test_paying_on_delivery_keeps_the_goods_without_a_time_limit(shop: Shop, make: Factory) -> None:
    kettle = make.product(own={"USD": 1999}, stock=5)
    order = shop.order(kettle, payment_method="on_delivery")
    assert order.pay_by is None
    with shop.app.app_context():
        assert db.session.scalars(select(Reservation.expires_at)).all() == [None]
    shop.clock.advance(timedelta(days=400))
    assert shop.expire() == []


def test_two_lines_of_one_variant_are_one_promise(shop: Shop, make: Factory) -> None:
    kettle = make.product(own={"USD": 1999}, stock=5)
    cart = shop.add(shop.add(None, kettle, 2, card_key="a"), kettle, 3, card_key="b")
    order = shop.get(shop.send(shop.wish(cart)))
    assert [(line.card_key, line.quantity) for line in order.lines] == [("a", 2), ("b", 3)]
    assert shop.stock(kettle) == (5, 5)
    assert shop.problems() == []


def test_only_the_lines_of_the_currency_are_ordered(shop: Shop, make: Factory) -> None:
    dollar = make.product("dollar", own={"USD": 1000}, stock=5)
    yuan = make.product("yuan", own={"CNY": 2000}, stock=5)
    cart = shop.add(shop.add(None, dollar), yuan)
    first = shop.send(shop.wish(cart, currency="CNY"))
    assert (first.currency, first.total_minor) == ("CNY", 3000)
    assert [line.slug for line in shop.cart(cart).lines] == ["dollar"]
    assert shop.send(shop.wish(cart)).total_minor == 1599


def test_the_same_form_again_gives_the_first_order(shop: Shop, make: Factory) -> None:
    kettle = make.product(own={"USD": 1999}, stock=5)
    wish = shop.wish(shop.add(None, kettle, 2))
    first = shop.send(wish)
    assert {shop.send(wish).key for _ in range(50)} == {first.key}
    assert (shop.count_orders(), shop.stock(kettle)) == (1, (5, 2))
    assert shop.events() == [("OrderPlaced", {"order": first.key})]


def test_a_used_form_places_nothing_else(shop: Shop, make: Factory) -> None:
    kettle = make.product(own={"USD": 1999}, stock=50)
    wish = shop.wish(shop.add(None, kettle, 2))
    shop.send(wish)
    other = shop.wish(shop.add(None, kettle, 5), attempt=wish.attempt)
    for changed in (
        other,
        replace(wish, delivery=delivery(address="Elsewhere 1")),
        replace(wish, seen="0" * 64),
        replace(wish, cart_key=other.cart_key),
    ):
        with pytest.raises(AttemptUsed):
            shop.send(changed)
    assert (shop.count_orders(), shop.stock(kettle)) == (1, (50, 2))
    assert shop.cart(other.cart_key).count == 5


def test_an_empty_cart_or_none_is_refused(shop: Shop, make: Factory) -> None:
    kettle = make.product(own={"USD": 1999}, stock=5)
    cart = shop.add(None, kettle)
    wish = shop.wish(cart)
    shop.send(wish)
    for wrong in (replace(wish, attempt=new_key(24)), shop.wish("no-such-cart"), shop.wish(cart, currency="CNY")):
        with pytest.raises(CartEmpty):
            shop.send(wrong)
    assert shop.count_orders() == 1


def change_price(shop: Shop, product: Product) -> None:
    shop.run(lambda s: s.query(Offer).filter_by(product_id=product.id).update({"price_minor": 2499}))


def change_quantity(shop: Shop, product: Product) -> None:
    variant_id = shop.variant(product)
    shop.run(lambda s: s.query(CartLine).filter_by(variant_id=variant_id).update({"quantity": 2}))


def stop_selling(shop: Shop, product: Product) -> None:
    shop.run(lambda s: s.query(Product).filter_by(id=product.id).update({"status": "archived"}))


@pytest.mark.parametrize("change", [change_price, change_quantity, stop_selling])
def test_what_the_buyer_has_not_seen_is_not_ordered(
    shop: Shop, make: Factory, change: Callable[[Shop, Product], None]
) -> None:
    kettle = make.product("kettle", own={"USD": 1999}, stock=5)
    lamp = make.product("lamp", own={"USD": 500}, stock=5)
    cart = shop.add(shop.add(None, kettle), lamp)
    wish = shop.wish(cart)
    change(shop, kettle)
    before = shop.cart(cart)
    with pytest.raises(QuoteChanged) as refused:
        shop.send(wish)
    assert refused.value.quote == shop.checkout(cart, delivery()).quote("USD")
    assert shop.cart(cart) == before
    assert (shop.count_orders(), shop.stock(kettle), shop.events()) == (0, (5, 0), [])


def test_gone_stock_refuses_the_whole_order_and_keeps_the_cart(shop: Shop, make: Factory) -> None:
    kettle = make.product("kettle", own={"USD": 1999}, stock=5)
    lamp = make.product("lamp", own={"USD": 500}, stock=3)
    cart = shop.add(shop.add(None, kettle, 2), lamp, 3)
    wish = shop.wish(cart)
    shop.order(lamp, 2)
    with pytest.raises(OutOfStock) as refused:
        shop.send(wish)
    assert refused.value.available == {shop.variant(lamp): 1}
    assert (shop.cart(cart).count, shop.stock(kettle), shop.stock(lamp)) == (5, (5, 0), (3, 2))
    assert shop.count_orders() == 1
    assert shop.problems() == []


def test_an_article_sold_in_one_country_is_not_sent_to_another(shop: Shop, make: Factory) -> None:
    kettle = make.product(own={"USD": 1999}, stock=5)
    shop.run(lambda s: s.query(Offer).update({"region": "US"}))
    wish = shop.wish(shop.add(None, kettle), delivery=delivery(**CHINA))
    with pytest.raises(Invalid) as refused:
        shop.send(wish)
    assert refused.value.fields == {"country": ["Something in your cart is not sold to this country."]}
    assert shop.count_orders() == 0
    assert shop.send(shop.wish(wish.cart_key)).country == "US"


def test_a_person_finds_their_orders_and_only_theirs(shop: Shop, make: Factory) -> None:
    kettle = make.product("kettle", own={"USD": 1999}, stock=9)
    lamp = make.product("lamp", own={"USD": 500}, stock=9)
    ada, bob = make.user(), make.user()
    first = shop.send(shop.wish(shop.add(None, kettle)), ada)
    shop.clock.advance(timedelta(minutes=1))
    second = shop.send(shop.wish(shop.add(shop.add(None, lamp, 2), kettle)), ada)
    shop.send(shop.wish(shop.add(None, lamp)), bob)
    with shop.app.app_context():
        rows = queries.list_for_user(db.session, ada.id)
        assert [(r.key, r.first_title, r.line_count, r.unit_count, r.total.minor) for r in rows] == [
            (second.key, "Lamp", 2, 3, 3598),
            (first.key, "Kettle", 1, 1, 2598),
        ]
        assert [r.key for r in queries.list_for_user(db.session, ada.id, limit=1, offset=1)] == [first.key]
