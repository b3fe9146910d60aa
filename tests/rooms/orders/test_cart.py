"""The cart: what may go in, what it says of prices and stock, and that it reserves nothing."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from contentshop.core.db import db
from contentshop.core.errors import Invalid, NotFound
from contentshop.core.money import Money
from contentshop.media.models import Asset
from contentshop.orders import actions, queries
from contentshop.orders.models import Cart, CartLine
from contentshop.products.models import Offer, Product, ProductPicture, Variant
from contentshop.products.offers import PictureFacts
from contentshop.products.stock import OutOfStock
from tests.factories import Factory
from tests.rooms.orders.conftest import Shop


def test_adding_makes_a_cart_and_adding_again_adds_up(shop: Shop, make: Factory) -> None:
    kettle = make.product("kettle", own={"USD": 1999}, stock=5)
    cart = shop.add(None, kettle, 1, card_key="card1")
    assert len(cart) == 32
    assert shop.add(cart, kettle, 2, card_key="card1") == cart
    assert shop.add(cart, kettle, 1, card_key="card2") == cart
    found = shop.cart(cart)
    assert [(line.card_key, line.quantity, line.total) for line in found.lines] == [
        ("card1", 3, Money(5997, "USD")),
        ("card2", 1, Money(1999, "USD")),
    ]
    assert found.count == 4
    assert shop.stock(kettle) == (5, 0)
    with shop.app.app_context():
        assert queries.count_units(db.session, cart) == 4
        assert queries.count_units(db.session, "nobody") == 0


def test_a_key_that_is_not_ours_is_not_taken_over(shop: Shop, make: Factory) -> None:
    kettle = make.product(own={"USD": 1999}, stock=5)
    assert shop.add("chosen-by-an-attacker", kettle) != "chosen-by-an-attacker"


@pytest.mark.parametrize("quantity", [0, -5, 100, 10**9])
def test_odd_quantities_change_nothing(shop: Shop, make: Factory, quantity: int) -> None:
    kettle = make.product(own={"USD": 1999}, stock=500)
    cart = shop.add(None, kettle, 2)
    with pytest.raises(Invalid):
        shop.add(cart, kettle, quantity)
    assert shop.cart(cart).count == 2


def test_a_line_holds_at_most_99(shop: Shop, make: Factory) -> None:
    kettle = make.product(own={"USD": 1999}, stock=500)
    cart = shop.add(None, kettle, 98)
    with pytest.raises(Invalid):
        shop.add(cart, kettle, 2)
    assert shop.cart(cart).count == 98


def test_more_than_there_is_is_refused_and_says_how_many_there_are(shop: Shop, make: Factory) -> None:
    kettle = make.product(own={"USD": 1999}, stock=3)
    cart = shop.add(None, kettle, 2, card_key="one")
    with pytest.raises(OutOfStock) as refused:
        shop.add(cart, kettle, 2, card_key="other")
    assert refused.value.available == {shop.variant(kettle): 3}
    assert shop.cart(cart).count == 2
    gone = make.product(own={"USD": 1999}, stock=0)
    with pytest.raises(OutOfStock) as refused:
        shop.add(None, gone)
    assert refused.value.available == {shop.variant(gone): 0}


def test_only_what_we_sell_to_this_region_can_be_added(shop: Shop, make: Factory) -> None:
    elsewhere = make.product(own={"USD": 1999}, stock=3)
    hidden = make.product(own={"USD": 1999}, stock=3, status="archived")
    idle = make.product(own={"USD": 1999}, stock=3)
    shop.run(lambda s: s.query(Offer).filter_by(product_id=elsewhere.id).update({"region": "CN"}))
    shop.run(lambda s: s.query(Offer).filter_by(product_id=idle.id).update({"active": False}))
    for product in (elsewhere, hidden, idle):
        with pytest.raises(NotFound):
            shop.add(None, product)
    assert shop.cart(shop.add(None, elsewhere, region="CN"), region="CN").count == 1


def test_a_cart_has_a_limit_of_lines(shop: Shop, make: Factory) -> None:
    kettle = make.product(own={"USD": 1999}, stock=500)
    cart = shop.add(None, kettle, card_key="c0")
    variant_id = shop.variant(kettle)
    shop.run(
        lambda s: s.add_all(
            CartLine(cart_id=s.query(Cart).one().id, variant_id=variant_id, card_key=f"c{n}", quantity=1)
            for n in range(1, actions.MAX_LINES)
        )
    )
    with pytest.raises(Invalid):
        shop.add(cart, kettle, card_key="one more")
    assert shop.cart(cart).count == actions.MAX_LINES


def change(shop: Shop, cart: str, product: Product, quantity: int, card: str = "") -> None:
    key = shop.make.variant_of(product).key
    shop.unit(
        lambda: actions.change_quantity(
            db.session, cart, variant_key=key, card_key=card, quantity=quantity, now=shop.clock.now()
        )
    )


def test_quantities_change_within_stock(shop: Shop, make: Factory) -> None:
    kettle = make.product(own={"USD": 1999}, stock=5)
    cart = shop.add(None, kettle, 2, card_key="c")
    change(shop, cart, kettle, 5, "c")
    assert shop.cart(cart).count == 5
    with pytest.raises(OutOfStock):
        change(shop, cart, kettle, 6, "c")
    for wrong in (-1, 100):
        with pytest.raises(Invalid):
            change(shop, cart, kettle, wrong, "c")
    with pytest.raises(NotFound):
        change(shop, cart, kettle, 1, "another card")
    with pytest.raises(NotFound):
        change(shop, "no cart", kettle, 1, "c")
    change(shop, cart, kettle, 0, "c")
    assert shop.cart(cart).lines == ()


def test_less_is_possible_when_stock_has_shrunk(shop: Shop, make: Factory) -> None:
    kettle = make.product(own={"USD": 1999}, stock=9)
    cart = shop.add(None, kettle, 6)
    shop.order(kettle, 7)
    assert [(line.problem, line.available, line.wanted) for line in shop.cart(cart).lines] == [("short", 2, 6)]
    change(shop, cart, kettle, 4)
    change(shop, cart, kettle, 2)
    assert shop.cart(cart).lines[0].problem == ""


def test_removing_is_harmless_twice(shop: Shop, make: Factory) -> None:
    kettle = make.product(own={"USD": 1999}, stock=9)
    cart = shop.add(None, kettle)
    key = make.variant_of(kettle).key
    for _ in range(2):
        shop.unit(lambda: actions.remove(db.session, cart, variant_key=key, card_key="", now=shop.clock.now()))
    assert shop.cart(cart).lines == ()


def test_two_lines_of_one_variant_share_its_stock(shop: Shop, make: Factory) -> None:
    kettle = make.product(own={"USD": 1999}, stock=4)
    cart = shop.add(None, kettle, 2, card_key="a")
    shop.add(cart, kettle, 2, card_key="b")
    assert [line.problem for line in shop.cart(cart).lines] == ["", ""]
    shop.order(kettle, 1)
    assert [line.problem for line in shop.cart(cart).lines] == ["short", "short"]
    shop.order(kettle, 3)
    assert [line.problem for line in shop.cart(cart).lines] == ["sold_out", "sold_out"]
    assert shop.cart(cart).quotes[0].ready is False


def test_what_is_no_longer_sold_has_no_price_and_blocks_nothing(shop: Shop, make: Factory) -> None:
    kettle = make.product("kettle", own={"USD": 1999}, stock=4)
    lamp = make.product("lamp", own={"USD": 5000}, stock=4)
    cart = shop.add(shop.add(None, kettle), lamp)
    shop.run(lambda s: s.query(Product).filter_by(slug="kettle").update({"status": "archived"}))
    found = shop.cart(cart)
    assert [(line.slug, line.problem, line.total) for line in found.gone] == [("kettle", "gone", None)]
    assert [(quote.currency, quote.ready, quote.totals.total) for quote in found.quotes] == [
        ("USD", True, Money(5000, "USD"))
    ]


def test_lines_in_two_currencies_become_two_quotes(shop: Shop, make: Factory) -> None:
    both = make.product("both", own={"USD": 1000, "CNY": 7000}, stock=9)
    yuan = make.product("yuan", own={"CNY": 2000}, stock=9)
    cart = shop.add(shop.add(None, both), yuan, 2)
    found = shop.cart(cart)
    assert [(q.currency, [line.slug for line in q.lines], q.totals.total.minor) for q in found.quotes] == [
        ("USD", ["both"], 1599),
        ("CNY", ["yuan"], 5000),
    ]
    assert found.quote("EUR") is None
    in_yuan = shop.cart(cart, currency="CNY")
    assert [(q.currency, len(q.lines), q.totals.total.minor) for q in in_yuan.quotes] == [("CNY", 2, 12000)]


def test_words_are_in_the_readers_language(shop: Shop, make: Factory) -> None:
    kettle = make.product("kettle", own={"USD": 1999}, stock=4, translations={"zh": {"title": "电热水壶"}})
    shop.run(
        lambda s: (
            s.query(Variant)
            .filter_by(product_id=kettle.id)
            .update({"name": "Black", "translations": {"zh": {"name": "黑色"}}})
        )
    )
    cart = shop.add(None, kettle)
    assert [(li.title, li.variant_name) for li in shop.cart(cart, locale="zh").lines] == [("电热水壶", "黑色")]
    assert [(li.title, li.variant_name) for li in shop.cart(cart).lines] == [("Kettle", "Black")]


def test_a_cart_is_read_in_four_statements_however_long_it_is(shop: Shop, make: Factory, statements) -> None:  # type: ignore[no-untyped-def]
    cart = None
    for _ in range(5):
        cart = shop.add(cart, make.product(own={"USD": 1000, "CNY": 7000}, stock=9))
    assert cart is not None
    with statements() as seen:
        assert shop.cart(cart).count == 5
    # Its lines, promotions, zones, taxes.
    assert len(seen) == 4


def test_old_carts_are_forgotten(shop: Shop, make: Factory) -> None:
    kettle = make.product(own={"USD": 1999}, stock=4)
    old = shop.add(None, kettle)
    shop.clock.advance(timedelta(days=180))
    young = shop.add(None, kettle)
    assert shop.unit(lambda: actions.forget_carts(db.session, now=shop.clock.now())) == 0
    shop.clock.advance(timedelta(seconds=1))
    assert shop.unit(lambda: actions.forget_carts(db.session, now=shop.clock.now())) == 1
    assert (shop.cart(old).count, shop.cart(young).count) == (0, 1)


def test_a_line_shows_the_first_picture(shop: Shop, make: Factory) -> None:
    kettle = make.product(own={"USD": 1999}, stock=5)

    def add_picture(session: Session) -> None:
        asset = Asset(
            key="pic1",
            width=1200,
            height=800,
            widths=[320, 640],
            alt="A kettle",
            digest="d",
            created_at=shop.clock.now(),
        )
        session.add(asset)
        session.flush()
        session.add(ProductPicture(product_id=kettle.id, position=0, asset_id=asset.id))

    shop.run(add_picture)
    cart = shop.add(None, kettle)
    picture = PictureFacts("pic1", 1200, 800, (320, 640), "A kettle")
    assert shop.cart(cart).lines[0].picture == picture
    order = shop.send(shop.wish(cart))
    with shop.app.app_context():
        found = queries.get_by_key(db.session, order.key)
        assert queries.line_faces(db.session, found) == {shop.variant(kettle): (kettle.slug, picture)}


def test_fitting_a_cart_to_the_stock(shop: Shop, make: Factory) -> None:
    kettle = make.product("kettle", own={"USD": 1999}, stock=9)
    lamp = make.product("lamp", own={"USD": 500}, stock=1)
    cart = shop.add(shop.add(shop.add(None, kettle, 3, card_key="a"), kettle, 3, card_key="b"), lamp)
    shop.order(kettle, 5)
    shop.order(lamp, 1)
    for _ in range(2):
        shop.unit(lambda: actions.fit_to_stock(db.session, cart, now=shop.clock.now()))
        assert [(line.slug, line.card_key, line.quantity) for line in shop.cart(cart).lines] == [
            ("kettle", "a", 3),
            ("kettle", "b", 1),
        ]
    shop.unit(lambda: actions.fit_to_stock(db.session, "no-such-cart", now=shop.clock.now()))
