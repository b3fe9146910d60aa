"""Money comes in: compared with what is due, once, in any order, never for nothing."""

from __future__ import annotations

import random
import threading
from datetime import timedelta

import pytest

from contentshop.core.db import db
from contentshop.core.errors import Conflict
from contentshop.core.money import Money
from contentshop.orders.actions import mark_paid, paying
from contentshop.payments import actions as payments
from contentshop.payments.port import Begun, GatewayEvent, Sighting
from tests.factories import Factory
from tests.rooms.payments.conftest import Sold, Till

DUE = 1999 + 599


def test_the_sum_that_is_due_pays_the_order(till: Till, make: Factory) -> None:
    kettle = make.product(own={"USD": 1999}, stock=5)
    order = till.order(Sold(kettle))
    payment = till.begin(order)
    told = till.paid(payment, DUE)
    assert told == paying.Told(new=True, applied=True)
    assert till.money(order) == ("paid", DUE, 0)
    found = till.payment(payment)
    assert (found.state, found.received_minor, found.reference) == ("paid", DUE, f"pi_{payment}")
    assert till.books(order) == {"cash:stripe": DUE, "revenue:goods": -1999, "revenue:shipping": -599}
    assert till.kinds(order) == ["placed", "paid"]
    assert till.stock(kettle) == (5, 1)
    assert till.problems() == []


def test_less_leaves_the_order_to_pay_with_the_rest_told(till: Till, make: Factory) -> None:
    order = till.order(Sold(make.product(own={"USD": 1999}, stock=5)))
    till.paid(till.begin(order), 1000)
    assert till.money(order) == ("placed", 1000, 0)
    assert till.books(order) == {"cash:stripe": 1000, "receivable": -1000}
    event = till.get(order).events[-1]
    assert (event.kind, event.note) == ("part_paid", "10.00 15.98 USD")
    second = till.begin(order)
    assert till.payment(second).minor == DUE - 1000
    till.paid(second, DUE - 1000)
    assert till.money(order) == ("paid", DUE, 0)
    assert till.problems() == []


def test_more_goes_back(till: Till, make: Factory) -> None:
    order = till.order(Sold(make.product(own={"USD": 1999}, stock=5)))
    till.paid(till.begin(order), DUE + 401)
    assert till.money(order) == ("paid", DUE + 401, 401)
    assert till.refunds(order) == [("asked", 401)]
    assert till.books(order)["refunds:due"] == -401
    assert till.problems() == []


def test_one_payment_in_two_tabs_is_one(till: Till, make: Factory) -> None:
    order = till.order(Sold(make.product(own={"USD": 1999}, stock=5)))
    assert till.begin(order, "a" * 24) == till.begin(order, "a" * 24) == till.begin(order, "b" * 24)


def test_the_key_of_another_order_is_refused(till: Till, make: Factory) -> None:
    kettle = make.product(own={"USD": 1999}, stock=5)
    till.begin(till.order(Sold(kettle)), "a" * 24)
    with pytest.raises(Conflict):
        till.begin(till.order(Sold(kettle)), "a" * 24)


def test_two_payments_of_one_order_keep_one(till: Till, make: Factory) -> None:
    order = till.order(Sold(make.product(own={"USD": 1999}, stock=5)))
    first = till.begin(order)
    till.paid(first, 1000)
    second = till.begin(order)
    till.paid(second, DUE - 1000)
    with pytest.raises(Conflict):
        till.begin(order)
    third = till.unit(
        lambda: payments.take_by_hand(
            db.session,
            order_key=order,
            method="card",
            received=Money(5, "USD"),
            key="late",
            by=None,
            now=till.clock.now(),
        )
    )[0]
    fate = till.unit(
        lambda: paying.receive(db.session, order, payment=third, minor=5, currency="USD", now=till.clock.now())
    )
    assert fate == "returned"
    assert till.money(order) == ("paid", DUE + 5, 5)
    assert till.problems() == []


def test_money_for_an_expired_order_brings_it_back_while_there_is_stock(till: Till, make: Factory) -> None:
    kettle = make.product(own={"USD": 1999}, stock=1)
    order = till.order(Sold(kettle))
    payment = till.begin(order)
    till.clock.advance(timedelta(hours=72))
    assert till.expire() == [order]
    assert till.stock(kettle) == (1, 0)
    till.paid(payment, DUE)
    assert till.money(order) == ("paid", DUE, 0)
    assert till.kinds(order) == ["placed", "expired", "revived"]
    assert till.stock(kettle) == (1, 1)
    assert till.problems() == []


@pytest.mark.parametrize("step", [-1, 0, 1])
def test_money_around_the_last_second_gets_goods_or_goes_back(till: Till, make: Factory, step: int) -> None:
    kettle = make.product(own={"USD": 1999}, stock=1)
    order = till.order(Sold(kettle))
    payment = till.begin(order)
    till.clock.advance(timedelta(hours=72, seconds=step))
    ended = till.expire()
    assert ended == ([order] if step >= 0 else [])
    if ended:  # somebody else takes the last one
        till.order(Sold(kettle))
    till.paid(payment, DUE)
    if ended:
        assert till.money(order) == ("cancelled", DUE, DUE)
        assert till.refunds(order) == [("asked", DUE)]
    else:
        assert till.money(order) == ("paid", DUE, 0)
    assert till.problems() == []


@pytest.mark.parametrize("why", ["cancelled", "coupon"])
def test_money_for_an_order_that_was_given_up_goes_back(till: Till, make: Factory, why: str) -> None:
    kettle = make.product(own={"USD": 1999}, stock=5)
    order = till.order(Sold(kettle), codes=["SPRING"] if why == "coupon" else [])
    payment = till.begin(order)
    if why == "cancelled":
        till.cancel(order)
    else:
        till.clock.advance(timedelta(hours=72))
        till.expire()
    till.paid(payment, DUE)
    assert till.money(order) == ("cancelled", DUE, DUE)
    assert till.stock(kettle) == (5, 0)
    assert till.problems() == []


def test_money_in_another_currency_goes_back_whole(till: Till, make: Factory) -> None:
    order = till.order(Sold(make.product(own={"USD": 1999}, stock=5)))
    till.paid(till.begin(order), DUE, "CNY")
    assert till.money(order) == ("placed", 0, 0)
    assert till.refunds(order) == [("asked", DUE)]
    assert till.problems() == []


def test_a_part_that_was_paid_goes_back_when_the_time_is_over(till: Till, make: Factory) -> None:
    order = till.order(Sold(make.product(own={"USD": 1999}, stock=5)))
    till.paid(till.begin(order), 1000)
    till.clock.advance(timedelta(hours=72))
    till.expire()
    assert till.money(order) == ("cancelled", 1000, 1000)
    assert till.books(order) == {"cash:stripe": 1000, "refunds:due": -1000}
    assert till.problems() == []


def test_the_same_event_has_one_effect(till: Till, make: Factory) -> None:
    order = till.order(Sold(make.product(own={"USD": 1999}, stock=5)))
    payment = till.begin(order)
    assert till.paid(payment, DUE, event="evt_1") == paying.Told(new=True, applied=True)
    assert till.paid(payment, DUE, event="evt_1") == paying.Told(new=False, applied=False)
    assert till.paid(payment, DUE, event="evt_2") == paying.Told(new=True, applied=True)
    assert till.money(order) == ("paid", DUE, 0)


def test_an_event_from_before_the_payment_is_known_is_kept(till: Till, make: Factory) -> None:
    order = till.order(Sold(make.product(own={"USD": 1999}, stock=5)))
    early = GatewayEvent("evt_1", "paid", "x", reference="pi_early", amount=Money(DUE, "USD"))
    assert till.tell(early) == paying.Told(new=True, applied=False)
    payment = till.begin(order)

    def begun() -> int:
        known = payments.note_begun(db.session, payment, Begun("pi_early", "https://pay.test"), now=till.clock.now())
        return paying.apply_waiting(db.session, known, now=till.clock.now())

    assert till.unit(begun) == 1
    assert till.unit(begun) == 0
    assert till.money(order) == ("paid", DUE, 0)


def test_a_refusal_of_the_bank_is_told_until_it_is_paid(till: Till, make: Factory) -> None:
    order = till.order(Sold(make.product(own={"USD": 1999}, stock=5)))
    payment = till.begin(order)
    declined = GatewayEvent("evt_1", "declined", "x", payment_key=payment, note="Your card was declined.")
    till.tell(declined)
    assert till.payment(payment).note == "Your card was declined."
    till.paid(payment, DUE)
    till.tell(GatewayEvent("evt_3", "declined", "x", payment_key=payment, note="Your card was declined."))
    till.tell(GatewayEvent("evt_4", "failed", "x", payment_key=payment, note="expired"))
    found = till.payment(payment)
    assert (found.state, found.note) == ("paid", "")


def test_what_the_provider_says_when_asked_counts_like_an_event(till: Till, make: Factory) -> None:
    order = till.order(Sold(make.product(own={"USD": 1999}, stock=5)))
    payment = till.begin(order)
    settled = Sighting("paid", "pi_1", Money(DUE, "USD"))
    for seen in (Sighting("open", "pi_1"), settled, settled):
        till.unit(lambda seen=seen: paying.take_sighting(db.session, payment, seen, now=till.clock.now()))
    assert till.money(order) == ("paid", DUE, 0)
    assert till.problems() == []


def test_the_desk_notes_what_has_arrived_by_hand(till: Till, make: Factory) -> None:
    order = till.order(Sold(make.product(own={"USD": 1999}, stock=5)), method="bank_transfer")

    def note(minor: int, key: str) -> str:
        return str(
            till.unit(
                lambda: paying.record_receipt(
                    db.session, order, received=Money(minor, "USD"), key=key, by=None, now=till.clock.now()
                )
            )
        )

    assert note(1000, "a") == "part"
    assert note(1000, "a") == "known"
    assert note(2000, "b") == "paid"
    assert till.money(order) == ("paid", 3000, 3000 - DUE)
    assert till.problems() == []


def test_paid_by_the_button_after_a_part_books_the_rest(till: Till, make: Factory) -> None:
    order = till.order(Sold(make.product(own={"USD": 1999}, stock=5)), method="bank_transfer")
    till.unit(
        lambda: paying.record_receipt(
            db.session, order, received=Money(1000, "USD"), key="a", by=None, now=till.clock.now()
        )
    )
    till.unit(lambda: mark_paid(db.session, order, by=None, now=till.clock.now()))
    assert till.money(order) == ("paid", DUE, 0)
    assert till.books(order) == {"cash:manual": DUE, "revenue:goods": -1999, "revenue:shipping": -599}


def test_two_hundred_shuffled_deliveries_end_the_same(till: Till, make: Factory) -> None:
    """1 to 5 copies of each event, in any order, some before the payment is known, some two days late."""
    chance = random.Random(20261123)
    ends = set()
    for _turn in range(20):
        kettle = make.product(own={"USD": 1999}, stock=3)
        order = till.order(Sold(kettle))
        payment = till.begin(order)
        events = [
            GatewayEvent(f"{payment}-1", "other", "payment_intent.created", payment_key=payment),
            GatewayEvent(f"{payment}-2", "declined", "x", payment_key=payment, note="no"),
            GatewayEvent(f"{payment}-3", "paid", "x", f"pi_{payment}", payment, amount=Money(DUE, "USD")),
            GatewayEvent(f"{payment}-4", "paid", "y", f"pi_{payment}", payment, amount=Money(DUE, "USD")),
            GatewayEvent(f"{payment}-5", "failed", "session.expired", payment_key=payment, note="over"),
        ]
        heap = [event for event in events for _copy in range(chance.randint(1, 5))]
        chance.shuffle(heap)
        for event in heap:
            if chance.random() < 0.1:
                till.clock.advance(timedelta(hours=1))
            till.tell(event)
        found = till.payment(payment)
        ends.add(
            (till.money(order), found.state, found.note, tuple(sorted(till.books(order).items())), till.stock(kettle))
        )
    assert ends == {
        (
            ("paid", DUE, 0),
            "paid",
            "",
            (("cash:stripe", DUE), ("revenue:goods", -1999), ("revenue:shipping", -599)),
            (3, 1),
        )
    }
    assert till.problems() == []


def test_fifty_deliveries_at_once_pay_once(till: Till, make: Factory) -> None:
    order = till.order(Sold(make.product(own={"USD": 1999}, stock=5)))
    payment = till.begin(order)
    errors: list[BaseException] = []

    def deliver(number: int) -> None:
        try:
            till.paid(payment, DUE, event=f"evt_{number % 3}")
        except Exception as error:  # noqa: BLE001 - counted below
            errors.append(error)

    threads = [threading.Thread(target=deliver, args=(number,)) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert errors == []
    assert till.money(order) == ("paid", DUE, 0)
    assert till.books(order) == {"cash:stripe": DUE, "revenue:goods": -1999, "revenue:shipping": -599}
    assert till.problems() == []
