"""Money goes back: once, never more than was paid, and everybody who had a share gives it back."""

from __future__ import annotations

import random
import threading
from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from contentshop.core.db import db
from contentshop.core.money import Money
from contentshop.orders.actions import paying
from contentshop.payments import actions as payments
from contentshop.payments import queries
from contentshop.payments.actions import TooMuch
from contentshop.payments.port import GatewayEvent
from tests.factories import Factory
from tests.rooms.payments.conftest import Sold, Till

DUE = 1999 + 599


def paid_order(till: Till, make: Factory, *sold: Sold, **more: object) -> str:
    order = till.order(*(sold or (Sold(make.product(own={"USD": 1999}, stock=5)),)), **more)  # type: ignore[arg-type]
    till.pay(order)
    return order


def test_the_whole_order_goes_back_to_zero(till: Till, make: Factory) -> None:
    kettle = make.product(own={"USD": 1999}, stock=9)
    order = paid_order(
        till,
        make,
        Sold(kettle, 3, discount=100, tax=480, creator="ada", commission=333, supplier="acme", share=1000),
        shipping_tax=48,
    )
    assert till.books(order) == {
        "cash:stripe": 3 * 1999 - 100 + 480 + 599 + 48,
        "revenue:goods": -3 * 1999,
        "discounts": 100,
        "tax:US": -528,
        "revenue:shipping": -599,
        "commission:expense": 333,
        "creator:ada:held": -333,
        "cost:supplier": 1000,
        "supplier:acme": -1000,
    }
    total = till.get(order).total_minor
    refund = till.give_back(order, minor=total)
    assert till.books(order) == {"cash:stripe": total, "refunds:due": -total}
    till.sent(refund.key)
    assert till.books(order) == {}
    assert till.money(order) == ("paid", total, total)
    assert till.kinds(order) == ["placed", "paid", "refund_asked", "refunded"]
    assert till.problems() == []


@pytest.mark.parametrize("included", [False, True])
def test_any_parts_add_up_to_nothing(till: Till, make: Factory, included: bool) -> None:
    chance = random.Random(7 + included)
    kettle, cup = make.product(own={"USD": 1999}, stock=9), make.product(own={"USD": 701}, stock=9)
    order = paid_order(
        till,
        make,
        Sold(kettle, 2, discount=101, tax=313, creator="ada", commission=97, supplier="acme", share=1234),
        Sold(cup, 1, unit=701, tax=57, creator="bob", commission=31),
        shipping_tax=49,
        included=included,
    )
    total = left = till.get(order).total_minor
    turn = 0
    while left:
        part = min(left, chance.randint(1, 900))
        turn += 1
        till.sent(till.give_back(order, f"r{turn}", minor=part).key)
        left -= part
    assert till.books(order) == {}
    assert till.money(order) == ("paid", total, total)
    with pytest.raises(TooMuch):
        till.give_back(order, "more", minor=1)
    assert till.problems() == []


def test_one_line_goes_back_and_not_more_than_it_cost(till: Till, make: Factory) -> None:
    kettle, cup = make.product(own={"USD": 1999}, stock=9), make.product(own={"USD": 701}, stock=9)
    order = paid_order(till, make, Sold(kettle, creator="ada", commission=100), Sold(cup, unit=701))
    first, second = till.get(order).lines
    with pytest.raises(TooMuch):
        till.give_back(order, lines={second.id: 702})
    with pytest.raises(TooMuch):
        till.give_back(order, lines={999_999: 1})
    with pytest.raises(TooMuch):
        till.give_back(order, shipping_minor=600, lines={})
    assert till.refunds(order) == []
    till.give_back(order, "a", lines={second.id: 701}, shipping_minor=599)
    assert till.books(order)["creator:ada:held"] == -100
    till.give_back(order, "b", lines={first.id: 1000})
    assert till.books(order)["creator:ada:held"] == -50
    assert [line.refunded_minor for line in till.get(order).lines] == [1000, 701]
    assert till.money(order) == ("paid", 1999 + 701 + 599, 701 + 599 + 1000)
    assert till.problems() == []


def test_fifty_presses_refund_once(till: Till, make: Factory) -> None:
    order = paid_order(till, make)
    found: list[str] = []
    errors: list[BaseException] = []

    def press() -> None:
        try:
            found.append(till.give_back(order, "once", minor=DUE).key)
        except Exception as error:  # noqa: BLE001 - counted below
            errors.append(error)

    threads = [threading.Thread(target=press) for _ in range(50)]
    for start in range(0, 50, 10):
        for thread in threads[start : start + 10]:
            thread.start()
        for thread in threads[start : start + 10]:
            thread.join(120)
    assert errors == []
    assert len(found) == 50
    assert len(set(found)) == 1
    assert till.refunds(order) == [("asked", DUE)]
    assert till.problems() == []


def test_other_presses_never_go_beyond_what_was_paid(till: Till, make: Factory) -> None:
    order = paid_order(till, make)
    refused: list[str] = []

    def press(number: int) -> None:
        try:
            till.give_back(order, f"r{number}", minor=1000)
        except TooMuch:
            refused.append(str(number))

    threads = [threading.Thread(target=press, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert len(refused) == 6
    assert till.money(order) == ("paid", DUE, 2000)
    assert till.problems() == []


def test_the_database_itself_refuses_more_than_was_paid(till: Till, make: Factory) -> None:
    paid_order(till, make)
    for change in (
        "UPDATE payment SET refunded_minor = received_minor + 1",
        "UPDATE shop_order SET refunded_minor = paid_minor + 1",
    ):
        with pytest.raises(IntegrityError):
            till.unit(lambda change=change: db.session.execute(text(change)))


def test_cancelling_a_paid_order_sends_its_money_back(till: Till, make: Factory) -> None:
    kettle = make.product(own={"USD": 1999}, stock=5)
    order = paid_order(till, make, Sold(kettle))
    till.cancel(order)
    till.cancel(order)
    assert till.money(order) == ("cancelled", DUE, DUE)
    assert till.refunds(order) == [("asked", DUE)]
    assert till.stock(kettle) == (5, 0)
    assert till.problems() == []


def test_a_refused_refund_waits_for_a_person_and_can_be_sent_again(till: Till, make: Factory) -> None:
    order = paid_order(till, make)
    refund = till.give_back(order, minor=500)
    till.sent(refund.key, "failed")
    assert till.refunds(order) == [("failed", 500)]
    with till.app.app_context():
        (row,) = queries.list_open_parts(db.session, limit=9)
        db.session.remove()
    assert (row.state, row.amount, row.order_key) == ("failed", Money(500, "USD"), order)
    till.unit(lambda: payments.send_again(db.session, row.key, now=till.clock.now()))
    till.sent(refund.key)
    assert till.refunds(order) == [("done", 500)]
    assert till.balance("refunds:due") == 0
    assert till.problems() == []


def test_a_refund_that_is_done_stays_done(till: Till, make: Factory) -> None:
    order = paid_order(till, make)
    refund = till.give_back(order, minor=500)
    part = refund.parts[0].key
    for kind, number in (("refund_done", 1), ("refund_failed", 2), ("refund_done", 3)):
        till.tell(GatewayEvent(f"evt_{number}", kind, "refund.updated", refund_key=part))  # type: ignore[arg-type]
    assert till.refunds(order) == [("done", 500)]
    assert till.kinds(order).count("refunded") == 1
    assert till.balance("cash:stripe") == DUE - 500


def test_an_event_about_an_unknown_refund_waits(till: Till) -> None:
    told = till.tell(GatewayEvent("evt_1", "refund_done", "refund.updated", refund_key="nothere"))
    assert told == paying.Told(new=True, applied=False)


def test_money_goes_back_before_gift_cards_do(till: Till, make: Factory) -> None:
    card = till.card(1500)
    kettle = make.product(own={"USD": 1999}, stock=5)
    order = till.order(Sold(kettle), credit_minor=1500, card=card)
    assert till.card_balance(card) == 0
    till.pay(order)
    assert till.money(order) == ("paid", DUE - 1500, 0)
    assert till.balance(f"credit:{card}") == 0
    till.sent(till.give_back(order, "a", minor=1000).key)
    assert (till.balance("cash:stripe"), till.card_balance(card)) == (98, 0)
    refund = till.give_back(order, "b", minor=598)
    assert sorted(part.minor for part in refund.parts) == [98, 500]
    till.sent(refund.key)
    assert (till.balance("cash:stripe"), till.card_balance(card)) == (0, 500)
    till.give_back(order, "c", minor=1000)
    assert till.card_balance(card) == 1500
    assert till.books(order) == {}
    assert till.problems() == []


def test_commissions_are_held_until_nothing_can_be_returned(till: Till, make: Factory) -> None:
    kettle = make.product(own={"USD": 1999}, stock=5)
    order = paid_order(till, make, Sold(kettle, creator="ada", commission=200))
    line = till.get(order).lines[0]
    till.give_back(order, "a", lines={line.id: 999})
    till.unit(
        lambda: (
            db.session.execute(
                text("UPDATE shop_order SET completed_at = :at"), {"at": till.clock.now().replace(tzinfo=None)}
            )
            if db.engine.dialect.name == "sqlite"
            else db.session.execute(text("UPDATE shop_order SET completed_at = :at"), {"at": till.clock.now()})
        )
    )
    release = lambda before: till.unit(  # noqa: E731
        lambda: paying.release_commissions(db.session, before=before, now=till.clock.now())
    )
    assert release(till.clock.now() - timedelta(seconds=1)) == 0
    assert release(till.clock.now()) == 1
    assert release(till.clock.now()) == 0
    assert (till.balance("creator:ada"), till.balance("creator:ada:held")) == (-101, 0)
    till.give_back(order, "b", lines={line.id: 1000})
    assert (till.balance("creator:ada"), till.balance("creator:ada:held")) == (0, 0)
    assert till.balance("commission:expense") == 0
    assert till.problems() == []
