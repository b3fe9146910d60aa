"""Stock: conditional statements that never sell what is not there."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime, timedelta

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from contentshop.core.errors import Conflict, Invalid, NotFound
from contentshop.core.ids import new_key
from contentshop.core.outbox import OutboxEvent
from contentshop.core.uow import unit_of_work
from contentshop.products import stock
from contentshop.products.models import Product, Reservation, Stock, StockMovement, Variant
from contentshop.products.stock import OutOfStock
from tests.factories import Factory

Unit = Callable[[], AbstractContextManager[None]]
NOW = datetime.fromisoformat("2026-11-20T12:00:00+00:00")
LATER = NOW + timedelta(hours=1)


@pytest.fixture
def lamp(make: Factory) -> Variant:
    """A variant with 7 on hand."""
    return make.variant_of(make.product("lamp", own={"USD": 1999}, stock=7))


@pytest.fixture
def desk(make: Factory) -> Variant:
    """A variant with 2 on hand."""
    return make.variant_of(make.product("desk", own={"USD": 9900}, stock=2))


def counts(session: Session, variant: Variant) -> tuple[int, int]:
    """(on hand, reserved) as stored."""
    row = session.execute(select(Stock.on_hand, Stock.reserved).where(Stock.variant_id == variant.id)).one()
    return row.on_hand, row.reserved


def version(session: Session, variant: Variant) -> int:
    return session.execute(select(Stock.version).where(Stock.variant_id == variant.id)).scalar_one()


def states(session: Session, holder: str) -> dict[int, tuple[str, int]]:
    rows = session.execute(
        select(Reservation.variant_id, Reservation.state, Reservation.quantity).where(Reservation.holder == holder)
    )
    return {row.variant_id: (row.state, row.quantity) for row in rows}


def stock_events(session: Session) -> list[str]:
    rows = session.scalars(select(OutboxEvent).where(OutboxEvent.name == "StockChanged").order_by(OutboxEvent.id))
    return [event.payload["product"] for event in rows]


def key_of(session: Session, variant: Variant) -> str:
    return session.execute(select(Product.key).where(Product.id == variant.product_id)).scalar_one()


def test_reserve_promises_and_release_gives_back(session: Session, unit: Unit, lamp: Variant) -> None:
    with unit():
        stock.reserve(session, "order-1", {lamp.id: 3}, expires_at=LATER, now=NOW)
    assert counts(session, lamp) == (7, 3)
    assert version(session, lamp) == 2
    assert states(session, "order-1") == {lamp.id: ("held", 3)}
    with unit():
        assert stock.release(session, "order-1", now=NOW) == 1
        assert stock.release(session, "order-1", now=NOW) == 0
    assert counts(session, lamp) == (7, 0)
    assert states(session, "order-1") == {lamp.id: ("released", 3)}
    assert stock_events(session) == []


def test_the_last_unit_tells_the_world_and_so_does_its_return(session: Session, unit: Unit, lamp: Variant) -> None:
    with unit():
        stock.reserve(session, "order-1", {lamp.id: 7}, expires_at=LATER, now=NOW)
    assert stock_events(session) == [key_of(session, lamp)]
    with unit():
        stock.release(session, "order-1", now=NOW)
    assert stock_events(session) == [key_of(session, lamp)] * 2


def test_too_much_takes_nothing_and_names_every_shortage(
    session: Session, unit: Unit, lamp: Variant, desk: Variant
) -> None:
    with unit():
        stock.reserve(session, "other", {desk.id: 1}, expires_at=LATER, now=NOW)
    with unit():
        with pytest.raises(OutOfStock) as refused:
            stock.reserve(session, "order-1", {lamp.id: 8, desk.id: 2}, expires_at=LATER, now=NOW)
        assert refused.value.available == {lamp.id: 7, desk.id: 1}
        with pytest.raises(OutOfStock) as second:
            stock.reserve(session, "order-1", {lamp.id: 1, desk.id: 2}, expires_at=LATER, now=NOW)
        assert second.value.available == {desk.id: 1}
    assert counts(session, lamp) == (7, 0)
    assert counts(session, desk) == (2, 1)
    assert states(session, "order-1") == {}


def test_a_variant_without_stock_row_has_none(session: Session, unit: Unit, make: Factory) -> None:
    product = make.product("bare")
    with unit():
        variant = Variant(key=new_key(), product_id=product.id, sku="BARE")
        session.add(variant)
    with unit(), pytest.raises(OutOfStock) as refused:
        stock.reserve(session, "o", {variant.id: 1}, expires_at=None, now=NOW)
    assert refused.value.available == {variant.id: 0}
    with unit():
        stock.receive(session, variant.id, 4, now=NOW, actor="op")
    assert counts(session, variant) == (4, 0)


@pytest.mark.parametrize("quantity", [0, -5, 1_000_001, 10**9])
def test_impossible_quantities_are_refused(session: Session, unit: Unit, lamp: Variant, quantity: int) -> None:
    with unit(), pytest.raises(Invalid) as refused:
        stock.reserve(session, "o", {lamp.id: quantity}, expires_at=None, now=NOW)
    assert list(refused.value.fields) == ["quantity"]
    with unit(), pytest.raises(Invalid):
        stock.receive(session, lamp.id, quantity, now=NOW, actor="op")
    with unit(), pytest.raises(Invalid):
        stock.reserve(session, "o", {}, expires_at=None, now=NOW)
    assert counts(session, lamp) == (7, 0)


def test_asking_again_holds_exactly_the_new_wish(session: Session, unit: Unit, lamp: Variant, desk: Variant) -> None:
    with unit():
        stock.reserve(session, "o", {lamp.id: 7, desk.id: 1}, expires_at=LATER, now=NOW)
        stock.reserve(session, "o", {lamp.id: 7}, expires_at=LATER, now=NOW)
    assert (counts(session, lamp), counts(session, desk)) == ((7, 7), (2, 0))
    assert states(session, "o") == {lamp.id: ("held", 7)}
    with unit():
        stock.reserve(session, "o", {lamp.id: 2, desk.id: 2}, expires_at=LATER, now=NOW)
    assert (counts(session, lamp), counts(session, desk)) == ((7, 2), (2, 2))
    assert states(session, "o") == {lamp.id: ("held", 2), desk.id: ("held", 2)}


def test_taking_ships_what_is_held_once(session: Session, unit: Unit, lamp: Variant) -> None:
    with unit():
        stock.reserve(session, "o", {lamp.id: 3}, expires_at=LATER, now=NOW)
        assert stock.take(session, "o", now=NOW, actor="op") == 1
        assert stock.take(session, "o", now=NOW, actor="op") == 0
        assert stock.release(session, "o", now=NOW) == 0
    assert counts(session, lamp) == (4, 0)
    assert states(session, "o") == {lamp.id: ("taken", 3)}
    movement = session.scalars(select(StockMovement).order_by(StockMovement.id.desc())).first()
    assert movement is not None
    assert (movement.delta, movement.reason, movement.holder, movement.actor) == (-3, "shipped", "o", "op")
    with unit(), pytest.raises(Conflict):
        stock.reserve(session, "o", {lamp.id: 1}, expires_at=LATER, now=NOW)


def test_what_was_released_cannot_be_shipped(session: Session, unit: Unit, lamp: Variant) -> None:
    with unit():
        stock.reserve(session, "o", {lamp.id: 3}, expires_at=LATER, now=NOW)
        stock.release(session, "o", now=NOW)
    with unit(), pytest.raises(Conflict):
        stock.take(session, "o", now=NOW, actor="op")
    assert counts(session, lamp) == (7, 0)


def test_expiry_follows_the_clock_and_spares_the_confirmed(
    session: Session, unit: Unit, lamp: Variant, desk: Variant
) -> None:
    with unit():
        stock.reserve(session, "a", {lamp.id: 3, desk.id: 1}, expires_at=LATER, now=NOW)
        stock.reserve(session, "b", {lamp.id: 2}, expires_at=LATER, now=NOW)
        stock.reserve(session, "c", {lamp.id: 1}, expires_at=LATER + timedelta(seconds=1), now=NOW)
        stock.reserve(session, "d", {lamp.id: 1}, expires_at=None, now=NOW)
        stock.confirm(session, "b")
        assert stock.expire(session, now=LATER - timedelta(seconds=1)) == []
        assert stock.expire(session, now=LATER) == ["a"]
        assert stock.expire(session, now=LATER) == []
    assert (counts(session, lamp), counts(session, desk)) == ((7, 4), (2, 0))
    # The lamp was sold out by "d" (7 of 7), so its return is news; the desk never was.
    assert stock_events(session) == [key_of(session, lamp)] * 2


def test_expiry_goes_in_batches_of_holders(session: Session, unit: Unit, lamp: Variant) -> None:
    with unit():
        for holder in ("c", "a", "b"):
            stock.reserve(session, holder, {lamp.id: 1}, expires_at=NOW, now=NOW)
        assert stock.expire(session, now=LATER, limit=2) == ["a", "b"]
        assert stock.expire(session, now=LATER, limit=2) == ["c"]


def test_receiving_adds_and_is_written_down(session: Session, unit: Unit, make: Factory) -> None:
    variant = make.variant_of(make.product("new", own={"USD": 100}, stock=0))
    with unit():
        stock.receive(session, variant.id, 12, now=NOW, actor="op", reason="delivery 7")
    assert counts(session, variant) == (12, 0)
    assert stock_events(session) == [key_of(session, variant)]
    movement = session.scalars(select(StockMovement).where(StockMovement.variant_id == variant.id)).one()
    assert (movement.delta, movement.reason, movement.moved_at) == (12, "delivery 7", NOW)
    with unit(), pytest.raises(NotFound):
        stock.receive(session, 10**6, 1, now=NOW, actor="op")


def test_stock_has_an_upper_end(session: Session, unit: Unit, lamp: Variant) -> None:
    with unit():
        session.execute(Stock.__table__.update().values(on_hand=stock.MAX_ON_HAND - 5))
    with unit(), pytest.raises(Invalid):
        stock.receive(session, lamp.id, 6, now=NOW, actor="op")


def test_correcting_the_count(session: Session, unit: Unit, lamp: Variant) -> None:
    fixed = {"now": NOW, "actor": "op"}
    with unit():
        stock.reserve(session, "o", {lamp.id: 3}, expires_at=LATER, now=NOW)
        stock.set_on_hand(session, lamp.id, 3, reason="counted", expected=7, **fixed)
    assert counts(session, lamp) == (3, 3)
    assert stock_events(session) == [key_of(session, lamp)]
    with unit():
        stock.set_on_hand(session, lamp.id, 3, reason="counted again", **fixed)
    deltas = session.scalars(select(StockMovement.delta).order_by(StockMovement.id))
    assert list(deltas) == [7, -4]
    with unit(), pytest.raises(Conflict, match="3 are promised"):
        stock.set_on_hand(session, lamp.id, 2, reason="lost", **fixed)
    with unit(), pytest.raises(Conflict, match="changed to 3"):
        stock.set_on_hand(session, lamp.id, 9, reason="found", expected=7, **fixed)
    with unit(), pytest.raises(Invalid) as refused:
        stock.set_on_hand(session, lamp.id, -1, reason=" ", **fixed)
    assert sorted(refused.value.fields) == ["on_hand", "reason"]


Step = tuple[str, str, int, int]
steps = st.lists(
    st.tuples(
        st.sampled_from(["reserve", "release", "take", "confirm", "expire", "receive", "set"]),
        st.sampled_from(["a", "b", "c"]),
        st.integers(0, 1),
        st.integers(-1, 9),
    ),
    max_size=25,
)


def _do(session: Session, step: Step, variants: list[Variant]) -> None:
    verb, holder, which, number = step
    variant = variants[which].id
    match verb:
        case "reserve":
            stock.reserve(session, holder, {variant: number}, expires_at=LATER, now=NOW)
        case "release":
            stock.release(session, holder, now=NOW)
        case "take":
            stock.take(session, holder, now=NOW, actor="op")
        case "confirm":
            stock.confirm(session, holder)
        case "expire":
            stock.expire(session, now=LATER)
        case "receive":
            stock.receive(session, variant, number, now=NOW, actor="op")
        case _:
            stock.set_on_hand(session, variant, number, reason="counted", now=NOW, actor="op")


@given(plan=steps)
@hypothesis_settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_books_balance_whatever_happens(plan: list[Step], session: Session, make: Factory) -> None:
    variants = [make.variant_of(make.product(own={"USD": 100}, stock=quantity)) for quantity in (4, 1)]
    for step in plan:
        try:
            with unit_of_work(session):
                _do(session, step, variants)
        except (Conflict, Invalid):
            pass
        for variant in variants:
            on_hand, reserved = counts(session, variant)
            held = session.scalar(
                select(func.coalesce(func.sum(Reservation.quantity), 0)).where(
                    Reservation.variant_id == variant.id, Reservation.state == "held"
                )
            )
            moved = session.scalar(select(func.sum(StockMovement.delta)).where(StockMovement.variant_id == variant.id))
            assert 0 <= reserved <= on_hand
            assert (moved, held) == (on_hand, reserved)
