"""What was bought and is paid back is the buyer's no longer: gift cards and files."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from contentshop.core.db import db
from contentshop.core.errors import Conflict, NotFound
from contentshop.core.ids import new_key
from contentshop.core.money import Money
from contentshop.orders.actions import grant_downloads, returning
from contentshop.orders.actions.states import order_to_change
from contentshop.payments import credit
from contentshop.payments.models import GiftCard
from contentshop.products import queries as products
from contentshop.products.actions import use_download
from contentshop.products.models import DigitalFile, Download, Product, Variant
from tests.factories import Factory
from tests.rooms.payments.conftest import Sold, Till


@pytest.fixture
def voucher(till: Till, make: Factory) -> Product:
    """A gift card of 50 as a product."""
    product = make.product("voucher", own={"USD": 5000}, stock=30)
    variant_id = make.variant_of(product).id
    till.unit(lambda: credit.sell(db.session, variant_id))
    return product


@pytest.fixture
def book(till: Till, make: Factory) -> Product:
    """A book that is delivered as a file."""
    product = make.product("book", own={"USD": 900}, stock=30)
    variant = make.variant_of(product)

    def add() -> None:
        db.session.execute(update(Variant).where(Variant.id == variant.id).values(digital=True))
        db.session.add(
            DigitalFile(
                key=new_key(),
                variant_id=variant.id,
                name="book.pdf",
                content_type="application/pdf",
                size=9,
                stored="private/book",
                added_at=till.clock.now(),
            )
        )

    till.unit(add)
    return product


def pay_back(till: Till, order: str, units: dict[int, int], key: str = "r1", minor: int | None = None) -> str:
    """Give back so many units of lines, by their place in the order, at their worth or at ``minor`` for each line."""

    def work() -> str:
        found = order_to_change(db.session, order, None)
        lines = {found.lines[place].id: count for place, count in units.items()}
        amounts = {
            line.id: returning.amount_of(found, line, lines[line.id]) if minor is None else minor
            for line in found.lines
            if line.id in lines
        }
        return returning.pay_back(
            db.session, found, lines, amounts=amounts, reason="x", key=key, by=None, now=till.clock.now()
        )

    return str(till.unit(work))


def cards(till: Till, order: str) -> list[tuple[int, bool]]:
    """(balance, whether it was withdrawn) of the cards of an order's first line."""

    def read() -> list[tuple[int, bool]]:
        first = order_to_change(db.session, order, None).lines[0]
        found = credit.sold_by(db.session, order).get(first.id, [])
        return [(card.balance_minor, card.withdrawn_at is not None) for card in found]

    return list(till.unit(read))


def reveal(till: Till, order: str, place: int) -> str:
    """The code of one of an order's cards."""

    def work() -> str:
        found = [card for sold in credit.sold_by(db.session, order).values() for card in sold]
        return credit.reveal(db.session, found[place].key)

    return str(till.unit(work))


def spend(till: Till, make: Factory, order: str, place: int, minor: int) -> str:
    """Another order that pays ``minor`` with one of the cards; it waits for the rest."""

    def key() -> str:
        found = [card for sold in credit.sold_by(db.session, order).values() for card in sold]
        return found[place].key

    other = make.product(own={"USD": 1999}, stock=5)
    return till.order(Sold(other), credit_minor=minor, card=str(till.unit(key)))


def test_units_that_go_back_take_whole_cards_with_them(till: Till, voucher: Product) -> None:
    """Those first that nobody has seen the code of."""
    order = till.order(Sold(voucher, 3, unit=5000, discount=101), shipping=0)
    till.pay(order)
    seen = reveal(till, order, 0)
    pay_back(till, order, {0: 2})
    assert cards(till, order) == [(5000, False), (0, True), (0, True)]
    assert till.problems() == []
    pay_back(till, order, {0: 1}, "r2")
    assert cards(till, order) == [(0, True)] * 3
    with pytest.raises(Conflict, match="withdrawn"):
        reveal(till, order, 1)
    found = till.unit(lambda: credit.check(db.session, seen, now=till.clock.now()))
    assert (found.usable, found.withdrawn, found.balance.minor) == (False, True, 0)
    books = till.books(order)
    assert books == {"cash:stripe": 14899, "refunds:due": -14899}
    assert till.problems() == []


@pytest.mark.parametrize("paid", [False, True])
def test_a_card_that_is_used_or_held_is_not_paid_back(till: Till, make: Factory, voucher: Product, paid: bool) -> None:
    order = till.order(Sold(voucher, 2, unit=5000), shipping=0)
    till.pay(order)
    other = spend(till, make, order, 0, 1)
    if paid:
        till.pay(other)
    before = (till.books(order), till.money(order), cards(till, order))
    with pytest.raises(Conflict, match="has been used"):
        pay_back(till, order, {0: 2})
    with pytest.raises(Conflict, match="has been used"):
        till.give_back(order, minor=10000)
    assert (till.books(order), till.money(order), cards(till, order)) == before
    assert before[2] == [(4999, False), (5000, False)]
    pay_back(till, order, {0: 1}, "r2")
    assert cards(till, order) == [(4999, False), (0, True)]
    assert till.problems() == []


def test_a_card_does_not_go_back_in_part(till: Till, make: Factory, voucher: Product) -> None:
    """Money for goodwill comes from the other lines and the postage; with everything the card goes as well."""
    order = till.order(Sold(voucher, 1, unit=5000), Sold(make.product(own={"USD": 1999}, stock=5)))
    till.pay(order)
    with pytest.raises(Conflict, match="whole or not at all"):
        pay_back(till, order, {0: 0}, minor=100)
    with pytest.raises(Conflict, match="whole or not at all"):
        till.give_back(order, minor=1999 + 599 + 1)
    till.give_back(order, minor=1000)
    assert cards(till, order) == [(5000, False)]
    assert till.get(order).lines[0].refunded_minor == 0
    assert till.problems() == []
    till.give_back(order, "r2", minor=5000 + 1999 + 599 - 1000)
    assert cards(till, order) == [(0, True)]
    assert till.problems() == []


def test_a_card_that_cost_nothing_is_withdrawn_without_money(till: Till, voucher: Product) -> None:
    order = till.order(Sold(voucher, 2, unit=5000, discount=10000))
    till.pay(order)
    assert pay_back(till, order, {0: 1}) == ""
    assert cards(till, order) == [(0, True), (5000, False)]
    assert till.balance("discounts") == 5000
    assert till.problems() == []


def test_a_card_is_spent_or_withdrawn_but_not_both(till: Till, voucher: Product) -> None:
    order = till.order(Sold(voucher, 1, unit=5000), shipping=0)
    till.pay(order)
    card = till.unit(lambda: next(iter(credit.sold_by(db.session, order).values()))[0].key)
    start = threading.Barrier(8)
    done: list[str] = []

    def press(number: int) -> None:
        start.wait()
        try:
            if number % 2:
                pay_back(till, order, {0: 1}, f"r{number}")
            else:
                till.unit(
                    lambda: credit.hold(
                        db.session, card, holder=f"o{number}", amount=Money(5000, "USD"), now=till.clock.now()
                    )
                )
        except Conflict:
            return
        done.append("back" if number % 2 else "spent")

    threads = [threading.Thread(target=press, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(done) == 1
    assert cards(till, order) == [(0, done == ["back"])]
    assert till.problems() == []


def grant(till: Till, order: str) -> int:
    return int(till.unit(lambda: grant_downloads(db.session, order, now=till.clock.now())))


def fetch(till: Till, order: str) -> None:
    (row,) = rows(till, order)
    till.unit(lambda: use_download(db.session, order, row.key, now=till.clock.now()))


def rows(till: Till, order: str) -> list[Any]:
    return list(till.unit(lambda: products.list_downloads(db.session, order)))


def digital(till: Till, order: str) -> None:
    """The lines say so, as they do for orders that the checkout has placed."""
    till.unit(lambda: [setattr(order_to_change(db.session, order, None).lines[0], "digital", True)])


def test_files_can_be_fetched_while_a_unit_is_left(till: Till, make: Factory, book: Product) -> None:
    order = till.order(Sold(book, 2, unit=900), Sold(make.product(own={"USD": 1999}, stock=5)))
    digital(till, order)
    till.pay(order)
    assert grant(till, order) == 1
    pay_back(till, order, {0: 1, 1: 1})
    fetch(till, order)
    assert till.problems() == []
    till.clock.advance(timedelta(minutes=5))
    pay_back(till, order, {0: 1}, "r2")
    assert [row.withdrawn_at for row in rows(till, order)] == [till.clock.now()]
    with pytest.raises(Conflict, match="paid back"):
        fetch(till, order)
    with pytest.raises(NotFound):
        till.unit(lambda: use_download(db.session, order, "guess", now=till.clock.now()))
    assert till.problems() == []


def test_money_alone_takes_no_files_until_all_of_it_is_back(till: Till, book: Product) -> None:
    order = till.order(Sold(book, 1, unit=900), shipping=0)
    digital(till, order)
    till.pay(order)
    grant(till, order)
    till.give_back(order, minor=899)
    fetch(till, order)
    till.give_back(order, "r2", minor=1)
    with pytest.raises(Conflict, match="paid back"):
        fetch(till, order)
    assert till.problems() == []


def test_what_is_paid_back_before_its_files_are_granted_gets_none(till: Till, book: Product) -> None:
    order = till.order(Sold(book, 1, unit=900), shipping=0)
    digital(till, order)
    till.pay(order)
    pay_back(till, order, {0: 1})
    assert grant(till, order) == 0
    assert rows(till, order) == []


def test_the_audit_sees_what_was_not_withdrawn(till: Till, voucher: Product, book: Product) -> None:
    order = till.order(Sold(book, 1, unit=900), Sold(voucher, 1, unit=5000), shipping=0)
    digital(till, order)
    till.pay(order)
    grant(till, order)
    till.give_back(order, minor=5900)
    assert till.problems() == []

    def forget() -> None:
        db.session.execute(update(Download).values(withdrawn_at=None))
        card = db.session.scalars(select(GiftCard)).one()
        card.withdrawn_at = None

    till.unit(forget)
    found = till.problems()
    assert f"Order {order}: book.pdf was paid back, but can be fetched." in found
    assert [text for text in found if "gift cards and 0 were withdrawn" in text]
