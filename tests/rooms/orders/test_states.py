"""What becomes of an order: the table of legal steps, the clock, the timeline, the news."""

from __future__ import annotations

from datetime import timedelta

import pytest

from contentshop.core.db import db
from contentshop.core.errors import Conflict, Forbidden, NotFound
from contentshop.orders import policy, queries
from contentshop.orders.models import ORDER_STATES, Order
from contentshop.orders.policy import Verb
from contentshop.products.stock import OutOfStock
from tests.factories import Factory
from tests.rooms.orders.conftest import PAY_WITHIN, Shop

LEGAL = {
    ("placed", Verb.PAY, "bank_transfer"): "paid",
    ("placed", Verb.PAY, "on_delivery"): "paid",
    ("placed", Verb.SHIP, "on_delivery"): "shipped",
    ("placed", Verb.CANCEL, "bank_transfer"): "cancelled",
    ("placed", Verb.CANCEL, "on_delivery"): "cancelled",
    ("paid", Verb.SHIP, "bank_transfer"): "shipped",
    ("paid", Verb.SHIP, "on_delivery"): "shipped",
    ("paid", Verb.CANCEL, "bank_transfer"): "cancelled",
    ("paid", Verb.CANCEL, "on_delivery"): "cancelled",
    ("part_shipped", Verb.PAY, "on_delivery"): "part_shipped",
    ("part_shipped", Verb.SHIP, "bank_transfer"): "shipped",
    ("part_shipped", Verb.SHIP, "on_delivery"): "shipped",
    ("part_shipped", Verb.DROP, "bank_transfer"): "shipped",
    ("part_shipped", Verb.DROP, "on_delivery"): "shipped",
    ("shipped", Verb.PAY, "on_delivery"): "shipped",
    ("shipped", Verb.COMPLETE, "bank_transfer"): "completed",
    ("shipped", Verb.COMPLETE, "on_delivery"): "completed",
    ("completed", Verb.PAY, "on_delivery"): "completed",
    ("cancelled", Verb.PAY, "bank_transfer"): "paid",
}


@pytest.mark.parametrize("method", ["bank_transfer", "on_delivery"])
@pytest.mark.parametrize("verb", list(Verb))
@pytest.mark.parametrize("state", ORDER_STATES)
def test_every_cell_of_the_table(state: str, verb: Verb, method: str) -> None:
    step = policy.find_step(state, verb, method)
    assert (step.to if step else None) == LEGAL.get((state, verb, method))


def verbs(order: Order) -> list[str]:
    return [verb.value for verb in policy.possible(order)]


def test_the_way_of_a_bank_transfer(shop: Shop, make: Factory) -> None:
    kettle = make.product(own={"USD": 1999}, stock=5)
    operator = make.user("operator")
    order = shop.order(kettle, 2)
    assert verbs(order) == ["paid", "cancelled"]
    with pytest.raises(Conflict) as refused:
        shop.do("mark_shipped", order, by=operator)
    assert refused.value.message == "This order is not paid yet, so it cannot be shipped."
    shop.clock.advance(timedelta(hours=1))
    paid = shop.do("mark_paid", order, by=operator)
    assert (paid.state, paid.paid_at, paid.pay_by) == ("paid", shop.clock.now(), None)
    assert verbs(paid) == ["shipped", "cancelled"]
    assert shop.stock(kettle) == (5, 2)
    shop.clock.advance(timedelta(hours=1))
    shipped = shop.do("mark_shipped", order, by=operator, tracking="1Z999")
    assert (shipped.state, shipped.tracking, shipped.shipped_at) == ("shipped", "1Z999", shop.clock.now())
    assert verbs(shipped) == ["completed"]
    assert shop.stock(kettle) == (3, 0)
    with pytest.raises(Conflict) as refused:
        shop.do("cancel", order, reason="too late")
    assert refused.value.message == "This order has been shipped already, so it cannot be cancelled."
    found = shop.get(order)
    assert [(e.kind, e.actor, e.note) for e in found.events] == [
        ("placed", "buyer", ""),
        ("paid", operator.key, ""),
        ("shipped", operator.key, "1Z999"),
    ]
    assert [name for name, _ in shop.events()] == ["OrderPlaced", "OrderPaid", "OrderShipped"]
    assert found.version == 3
    assert shop.problems() == []


def test_the_way_of_paying_on_delivery(shop: Shop, make: Factory) -> None:
    kettle = make.product(own={"USD": 1999}, stock=5)
    order = shop.order(kettle, payment_method="on_delivery")
    assert verbs(order) == ["paid", "shipped", "cancelled"]
    shipped = shop.do("mark_shipped", order)
    assert (shipped.state, shipped.paid_at, verbs(shipped)) == ("shipped", None, ["paid"])
    paid = shop.do("mark_paid", order)
    assert (paid.state, paid.paid_at, verbs(paid)) == ("shipped", shop.clock.now(), ["completed"])
    assert shop.stock(kettle) == (4, 0)
    assert [e.kind for e in shop.get(order).events] == ["placed", "shipped", "paid"]
    assert shop.problems() == []


@pytest.mark.parametrize(
    ("before", "verb", "options"),
    [
        ((), "mark_paid", {}),
        (("mark_paid",), "mark_shipped", {"tracking": "T"}),
        ((), "cancel", {"reason": "asked"}),
    ],
)
def test_doing_it_again_changes_nothing(
    shop: Shop, make: Factory, before: tuple[str, ...], verb: str, options: dict[str, str]
) -> None:
    kettle = make.product(own={"USD": 1999}, stock=5)
    order = shop.order(kettle)
    for earlier in before:
        shop.do(earlier, order)
    shop.do(verb, order, **options)
    once = (shop.get(order).version, len(shop.get(order).events), shop.events(), shop.stock(kettle))
    shop.clock.advance(timedelta(hours=1))
    for _ in range(3):
        shop.do(verb, order, **(dict.fromkeys(options, "again")))
    found = shop.get(order)
    assert (found.version, len(found.events), shop.events(), shop.stock(kettle)) == once
    assert shop.problems() == []


def test_cancelling_frees_the_stock(shop: Shop, make: Factory) -> None:
    kettle = make.product(own={"USD": 1999}, stock=5)
    placed, paid = shop.order(kettle, 2), shop.order(kettle, 3)
    shop.do("mark_paid", paid)
    assert shop.stock(kettle) == (5, 5)
    shop.do("cancel", placed, reason="asked by phone")
    assert shop.stock(kettle) == (5, 3)
    shop.do("cancel", paid, reason="broken")
    assert shop.stock(kettle) == (5, 0)
    found = shop.get(placed)
    assert (found.state, found.cancelled_at, found.pay_by) == ("cancelled", shop.clock.now(), None)
    assert [(e.kind, e.note) for e in found.events] == [("placed", ""), ("cancelled", "asked by phone")]
    with pytest.raises(Conflict):
        shop.do("mark_shipped", placed)
    assert shop.problems() == []


@pytest.mark.parametrize(("step", "expired"), [(-1, False), (0, True), (1, True)])
def test_an_unpaid_order_ends_at_the_exact_second(shop: Shop, make: Factory, step: int, expired: bool) -> None:
    kettle = make.product(own={"USD": 1999}, stock=5)
    order = shop.order(kettle, 2)
    shop.clock.advance(PAY_WITHIN + timedelta(seconds=step))
    assert shop.expire() == ([order.key] if expired else [])
    assert shop.expire() == []
    found = shop.get(order)
    assert found.state == ("cancelled" if expired else "placed")
    assert shop.stock(kettle) == (5, 0 if expired else 2)
    assert [e.kind for e in found.events] == (["placed", "expired"] if expired else ["placed"])
    assert [name for name, _ in shop.events()] == ["OrderPlaced", "OrderCancelled"][: 1 + expired]
    assert shop.problems() == []


def test_a_clock_set_back_ends_nothing_and_one_set_forward_ends_once(shop: Shop, make: Factory) -> None:
    kettle = make.product(own={"USD": 1999}, stock=5)
    order = shop.order(kettle, 2)
    shop.clock.advance(timedelta(hours=-1))
    assert shop.expire() == []
    shop.clock.advance(PAY_WITHIN + timedelta(days=1))
    assert shop.expire() == [order.key]
    shop.clock.advance(timedelta(days=1))
    assert shop.expire() == []
    assert shop.stock(kettle) == (5, 0)


@pytest.mark.parametrize("step", [-1, 0, 1])
def test_money_that_comes_around_the_last_second_gets_the_goods_while_they_are_held(
    shop: Shop, make: Factory, step: int
) -> None:
    kettle = make.product(own={"USD": 1999}, stock=2)
    order = shop.order(kettle, 2)
    shop.clock.advance(PAY_WITHIN + timedelta(seconds=step))
    assert shop.do("mark_paid", order).state == "paid"
    shop.clock.advance(timedelta(days=30))
    assert shop.expire() == []
    assert shop.stock(kettle) == (2, 2)
    assert shop.problems() == []


def test_late_money_brings_the_order_back_when_there_is_stock(shop: Shop, make: Factory) -> None:
    kettle = make.product(own={"USD": 1999}, stock=5)
    order = shop.order(kettle, 2)
    shop.clock.advance(PAY_WITHIN)
    shop.expire()
    assert verbs(shop.get(order)) == ["paid"]
    paid = shop.do("mark_paid", order)
    assert (paid.state, paid.cancelled_at, shop.stock(kettle)) == ("paid", None, (5, 2))
    assert [e.kind for e in shop.get(order).events] == ["placed", "expired", "revived"]
    assert [name for name, _ in shop.events()][-1] == "OrderPaid"
    shop.do("mark_shipped", order)
    assert shop.stock(kettle) == (3, 0)
    assert shop.problems() == []


def test_late_money_without_stock_is_refused_clearly(shop: Shop, make: Factory) -> None:
    kettle = make.product(own={"USD": 1999}, stock=2)
    order = shop.order(kettle, 2)
    shop.clock.advance(PAY_WITHIN)
    shop.expire()
    shop.order(kettle, 1)
    with pytest.raises(OutOfStock) as refused:
        shop.do("mark_paid", order)
    assert refused.value.available == {shop.variant(kettle): 1}
    found = shop.get(order)
    assert (found.state, found.paid_at, found.version) == ("cancelled", None, 2)
    assert shop.stock(kettle) == (2, 1)
    assert shop.problems() == []


def test_nothing_is_due_for_a_cancelled_order_on_delivery(shop: Shop, make: Factory) -> None:
    order = shop.order(make.product(own={"USD": 1999}, stock=2), payment_method="on_delivery")
    shop.do("cancel", order, reason="x")
    with pytest.raises(Conflict) as refused:
        shop.do("mark_paid", order)
    assert refused.value.message.startswith("This order is cancelled and was to be paid on delivery")


def test_only_operators_change_orders(shop: Shop, make: Factory) -> None:
    kettle = make.product(own={"USD": 1999}, stock=2)
    order = shop.order(kettle)
    for role in ("reader", "creator", "editor"):
        somebody = make.user(role)
        for verb, options in (("mark_paid", {}), ("mark_shipped", {}), ("cancel", {"reason": "x"})):
            with pytest.raises(Forbidden):
                shop.do(verb, order, by=somebody, **options)
    assert (shop.get(order).state, len(shop.get(order).events)) == ("placed", 1)


def test_an_unknown_order_is_not_found(shop: Shop) -> None:
    for verb, options in (("mark_paid", {}), ("mark_shipped", {}), ("cancel", {"reason": "x"})):
        with pytest.raises(NotFound):
            shop.do(verb, Order(key="nothere"), **options)
    with pytest.raises(NotFound):
        shop.get(Order(key="nothere"))


def test_queues_and_search_of_the_desk(shop: Shop, make: Factory) -> None:
    kettle = make.product("kettle", own={"USD": 1999}, stock=50)
    orders = {}
    for name, method, steps in (
        ("to_pay", "bank_transfer", []),
        ("to_ship", "bank_transfer", ["mark_paid"]),
        ("cash", "on_delivery", []),
        ("to_collect", "on_delivery", ["mark_shipped"]),
        ("shipped", "bank_transfer", ["mark_paid", "mark_shipped"]),
        ("collected", "on_delivery", ["mark_shipped", "mark_paid"]),
        ("cancelled", "bank_transfer", ["cancel"]),
    ):
        order = shop.order(kettle, payment_method=method, email=f"{name}@example.org", name=f"Ms {name}")
        orders[name] = order.key
        for step in steps:
            shop.do(step, order, **({"reason": "x"} if step == "cancel" else {}))
        shop.clock.advance(timedelta(minutes=1))
    with shop.app.app_context():
        assert queries.queue_counts(db.session) == {
            "to_pay": 1,
            "to_ship": 2,
            "to_collect": 1,
            "shipped": 2,
            "ready": 0,
            "completed": 0,
            "cancelled": 1,
        }

        def keys(queue: queries.Queue | None, words: str = "") -> list[str]:
            return [row.key for row in queries.page_queue(db.session, queue, words=words).items]

        assert keys("to_pay") == [orders["to_pay"]]
        assert keys("to_ship") == [orders["to_ship"], orders["cash"]]
        assert keys("shipped") == [orders["collected"], orders["shipped"]]
        assert len(keys(None)) == 7
        number = orders["to_ship"].upper()
        for words in (number, f"#{number}", f" {number[:4]}-{number[4:]} ", "TO_SHIP@", "to_ship@example.org"):
            assert keys(None, words) == [orders["to_ship"]], words
        assert keys(None, "ms CASH") == [orders["cash"]]
        for nothing in ("%", "Ms%cash", "Ms_cash", "*", "nobody@", "' OR 1=1 --", "x" * 10_000):
            assert keys(None, nothing) == []
        page = queries.page_queue(db.session, None, number=2)
        assert (page.total, list(page.items), page.number) == (7, [], 2)
    assert shop.problems() == []


def test_due_orders_end_oldest_first(shop: Shop, make: Factory) -> None:
    kettle = make.product(own={"USD": 1999}, stock=50)
    keys = []
    for _ in range(3):
        keys.append(shop.order(kettle).key)
        shop.clock.advance(timedelta(seconds=1))
    shop.clock.advance(PAY_WITHIN)
    with shop.app.app_context():
        assert queries.list_overdue(db.session, now=shop.clock.now()) == keys
    assert shop.expire() == keys
    assert shop.stock(kettle) == (50, 0)
