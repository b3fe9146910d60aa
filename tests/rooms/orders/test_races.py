"""Many buyers at once, each in a thread with a connection of its own, as with several processes."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from contentshop.core.db import db
from contentshop.core.errors import ContentshopError
from contentshop.core.ids import new_key
from contentshop.orders.actions import Wish
from tests.factories import Factory
from tests.rooms.orders.conftest import PAY_WITHIN, Shop


def at_once(works: Sequence[Callable[[], Any]]) -> list[Any]:
    """Run all works at the same moment; what each returned, or the refusal it met."""
    start = threading.Barrier(len(works))

    def run(work: Callable[[], Any]) -> Any:
        start.wait()
        try:
            return work()
        except ContentshopError as refusal:
            return type(refusal).__name__

    with ThreadPoolExecutor(len(works)) as pool:
        return list(pool.map(run, works))


def sending(shop: Shop, wish: Wish) -> Callable[[], str]:
    def work() -> str:
        try:
            return shop.send(wish).key
        finally:
            with shop.app.app_context():
                db.session.remove()

    return work


@pytest.mark.parametrize("there_are", [1, 7])
def test_fifty_buyers_and_too_little_stock(shop: Shop, make: Factory, there_are: int) -> None:
    kettle = make.product(own={"USD": 1999}, stock=there_are)
    carts = [shop.add(None, kettle) for _ in range(50)]
    answers = at_once([sending(shop, shop.wish(cart)) for cart in carts])
    refused = [answer for answer in answers if answer == "OutOfStock"]
    assert (len(refused), len(set(answers))) == (50 - there_are, there_are + 1)
    assert (shop.count_orders(), shop.stock(kettle)) == (there_are, (there_are, there_are))
    assert sum(shop.cart(cart).count for cart in carts) == 50 - there_are
    assert shop.problems() == []


def test_two_articles_in_opposite_orders(shop: Shop, make: Factory) -> None:
    one = make.product("one", own={"USD": 100}, stock=20)
    two = make.product("two", own={"USD": 200}, stock=20)
    carts = [shop.add(shop.add(None, first), second) for first, second in [(one, two), (two, one)] * 15]
    answers = at_once([sending(shop, shop.wish(cart)) for cart in carts])
    assert Counter(answer == "OutOfStock" for answer in answers) == {False: 20, True: 10}
    assert (shop.stock(one), shop.stock(two)) == ((20, 20), (20, 20))
    assert shop.problems() == []


def test_twenty_presses_of_one_button(shop: Shop, make: Factory) -> None:
    kettle = make.product(own={"USD": 1999}, stock=50)
    wish = shop.wish(shop.add(None, kettle, 2))
    answers = at_once([sending(shop, wish)] * 20)
    assert len(set(answers)) == 1
    assert (shop.count_orders(), shop.stock(kettle)) == (1, (50, 2))
    assert [name for name, _ in shop.events()] == ["OrderPlaced"]
    assert shop.problems() == []


def test_one_form_key_from_two_carts(shop: Shop, make: Factory) -> None:
    kettle = make.product(own={"USD": 1999}, stock=50)
    key = new_key(24)
    wishes = [shop.wish(shop.add(None, kettle), attempt=key) for _ in range(10)]
    answers = at_once([sending(shop, wish) for wish in wishes])
    assert Counter(answers)["AttemptUsed"] == 9
    assert (shop.count_orders(), shop.stock(kettle)) == (1, (50, 1))
    assert shop.problems() == []


def test_two_tabs_of_one_cart(shop: Shop, make: Factory) -> None:
    kettle = make.product(own={"USD": 1999}, stock=50)
    wish = shop.wish(shop.add(None, kettle, 3))
    answers = at_once([sending(shop, replace(wish, attempt=new_key(24))) for _ in range(10)])
    assert Counter(answers)["CartEmpty"] == 9
    assert (shop.count_orders(), shop.stock(kettle)) == (1, (50, 3))
    assert shop.problems() == []


def test_one_cart_filled_from_many_tabs(shop: Shop, make: Factory) -> None:
    kettle = make.product(own={"USD": 1999}, stock=500)
    cart = shop.add(None, kettle, card_key="c")
    answers = at_once([lambda: shop.add(cart, kettle, card_key="c")] * 10)
    assert answers == [cart] * 10
    assert [line.quantity for line in shop.cart(cart).lines] == [11]


def test_paying_shipping_cancelling_and_expiring_at_once(shop: Shop, make: Factory) -> None:
    kettle = make.product(own={"USD": 1999}, stock=60)
    orders = [shop.order(kettle) for _ in range(8)]
    shop.clock.advance(PAY_WITHIN + timedelta(seconds=1))
    works: list[Callable[[], Any]] = [shop.expire, shop.expire]
    for order in orders:
        works += [
            lambda order=order: shop.do("mark_paid", order).state,
            lambda order=order: shop.do("mark_shipped", order).state,
            lambda order=order: shop.do("cancel", order, reason="x").state,
        ]
    at_once(works)
    states = Counter(shop.get(order).state for order in orders)
    assert set(states) <= {"paid", "shipped", "cancelled"}
    assert sum(states.values()) == 8
    assert shop.stock(kettle) == (60 - states["shipped"], states["paid"])
    assert shop.problems() == []
