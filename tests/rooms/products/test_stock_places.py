"""Stock at places: which one an order comes from, what comes back, whose it is; and many buyers at once."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from random import Random
from threading import Barrier

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session

from contentshop.core.clock import FixedClock
from contentshop.core.db import db
from contentshop.core.errors import Conflict, Invalid, NotFound
from contentshop.core.uow import run_in_unit
from contentshop.products import actions, stock
from contentshop.products.inputs import LocationInput, SupplierInput
from contentshop.products.models import Reservation, Stock, StockLevel, StockLocation, StockMovement, Variant
from contentshop.products.stock import Level, OutOfStock, Part, Supply, allocate
from tests.factories import Factory

Unit = Callable[[], AbstractContextManager[None]]
NOW = datetime.fromisoformat("2026-11-20T12:00:00+00:00")
LATER = NOW + timedelta(hours=1)
OP = {"now": NOW, "actor": "op"}


def place(session: Session, key: str, country: str = "", supplier: str = "") -> None:
    actions.save_location(session, LocationInput(key, key.title(), country, supplier), now=NOW)


@pytest.fixture
def lamp(make: Factory) -> Variant:
    return make.variant_of(make.product("lamp", own={"USD": 1999}, stock=3))


def levels(session: Session, variant: Variant) -> dict[str, tuple[int, int]]:
    rows = session.execute(
        select(StockLocation.key, StockLevel.on_hand, StockLevel.reserved)
        .join(StockLevel, StockLevel.location_id == StockLocation.id)
        .where(StockLevel.variant_id == variant.id)
        .order_by(StockLocation.id)
    )
    return {row.key: (row.on_hand, row.reserved) for row in rows}


@pytest.mark.parametrize(
    ("free", "wants", "country", "parts"),
    [
        # (place, country, variant, free): the fullest, when none is near.
        ([(1, "", 1, 5), (2, "", 1, 9)], {1: 2}, "", [(1, 2, 2)]),
        # Near before full.
        ([(1, "DE", 1, 5), (2, "US", 1, 9)], {1: 2}, "DE", [(1, 1, 2)]),
        # One far place with all of it before two parcels.
        ([(1, "DE", 1, 5), (2, "US", 1, 9), (2, "US", 2, 1)], {1: 2, 2: 1}, "DE", [(1, 2, 2), (2, 2, 1)]),
        # No place has all: each from where it is best.
        ([(1, "DE", 1, 5), (2, "US", 2, 9)], {1: 2, 2: 1}, "DE", [(1, 1, 2), (2, 2, 1)]),
        # Split only what no place has enough of: near first, then the fullest.
        ([(1, "DE", 1, 2), (2, "US", 1, 3), (3, "US", 1, 4)], {1: 5}, "DE", [(1, 1, 2), (1, 3, 3)]),
        # The older of equals.
        ([(1, "", 1, 5), (2, "", 1, 5)], {1: 5}, "", [(1, 1, 5)]),
    ],
)
def test_the_rule_of_places(
    free: list[tuple[int, str, int, int]], wants: dict[int, int], country: str, parts: list[tuple[int, int, int]]
) -> None:
    found = [Level(variant, location, land, units) for location, land, variant, units in free]
    assert allocate(found, wants, country=country) == [Part(*part) for part in parts]
    Random(4).shuffle(found)
    assert allocate(found, wants, country=country) == [Part(*part) for part in parts]


@given(
    free=st.dictionaries(st.tuples(st.integers(1, 3), st.integers(1, 4)), st.integers(0, 9), max_size=12),
    share=st.floats(0, 1),
    country=st.sampled_from(["", "DE", "US"]),
)
def test_parts_add_up_and_no_place_gives_more_than_it_has(
    free: dict[tuple[int, int], int], share: float, country: str
) -> None:
    found = [
        Level(variant, location, "DE" if location == 2 else "US", units) for (variant, location), units in free.items()
    ]
    sums: dict[int, int] = {}
    for level in found:
        sums[level.variant_id] = sums.get(level.variant_id, 0) + level.free
    wants = {variant: max(1, int(total * share)) for variant, total in sums.items() if total}
    parts = allocate(found, wants, country=country)
    for variant, quantity in wants.items():
        assert sum(part.quantity for part in parts if part.variant_id == variant) == quantity
    assert all(0 < part.quantity <= free[part.variant_id, part.location_id] for part in parts)
    assert len({(part.variant_id, part.location_id) for part in parts}) == len(parts)


def test_too_little_is_never_made_up() -> None:
    with pytest.raises(ValueError, match="less than their sum"):
        allocate([Level(1, 1, "", 2)], {1: 3})


def test_an_order_comes_from_its_country_and_is_split_only_when_needed(
    session: Session, unit: Unit, lamp: Variant
) -> None:
    with unit():
        place(session, "berlin", "DE")
        stock.receive(session, lamp.id, 2, location="berlin", **OP)
    with unit():
        stock.reserve(session, "a", {lamp.id: 2}, expires_at=LATER, now=NOW, country="DE")
    assert levels(session, lamp) == {"main": (3, 0), "berlin": (2, 2)}
    with unit(), pytest.raises(OutOfStock) as refused:
        stock.reserve(session, "b", {lamp.id: 4}, expires_at=LATER, now=NOW)
    assert refused.value.available == {lamp.id: 3}
    with unit():
        stock.release(session, "a", now=NOW)
        stock.reserve(session, "b", {lamp.id: 4}, expires_at=LATER, now=NOW)
    assert levels(session, lamp) == {"main": (3, 3), "berlin": (2, 1)}
    with unit():
        stock.reserve(session, "b", {lamp.id: 2}, expires_at=LATER, now=NOW)
    # What is too much goes back from the smaller part first.
    assert levels(session, lamp) == {"main": (3, 2), "berlin": (2, 0)}
    assert stock.audit(session) == []


def test_ones_own_hold_never_stands_in_the_way(session: Session, unit: Unit, lamp: Variant) -> None:
    with unit():
        stock.reserve(session, "a", {lamp.id: 3}, expires_at=LATER, now=NOW)
        stock.reserve(session, "a", {lamp.id: 3}, expires_at=LATER, now=NOW)
        assert stock.expire(session, now=LATER) == ["a"]
        # Paid too late, but nobody else has taken it.
        stock.reserve(session, "a", {lamp.id: 3}, expires_at=None, now=LATER)
        assert stock.take(session, "a", now=LATER, actor="op") == 1
    assert levels(session, lamp) == {"main": (0, 0)}


def test_parcels_leave_one_by_one_and_come_back_no_more_than_left(session: Session, unit: Unit, lamp: Variant) -> None:
    with unit():
        stock.reserve(session, "a", {lamp.id: 3}, expires_at=None, now=NOW)
        assert stock.take(session, "a", quantities={lamp.id: 2}, **OP) == 1
    assert levels(session, lamp) == {"main": (1, 1)}
    with unit(), pytest.raises(Conflict):
        stock.take(session, "a", quantities={lamp.id: 2}, **OP)
    with unit(), pytest.raises(Conflict):
        stock.give_back(session, lamp.id, 3, holder="a", **OP)
    with unit():
        stock.give_back(session, lamp.id, 1, holder="a", **OP)
        assert stock.release(session, "a", now=NOW) == 1
    assert levels(session, lamp) == {"main": (2, 0)}
    row = session.scalars(select(Reservation)).one()
    assert (row.state, row.quantity, row.taken, row.returned) == ("taken", 2, 2, 1)
    with unit(), pytest.raises(Conflict):
        stock.give_back(session, lamp.id, 2, holder="a", **OP)
    with unit():
        stock.give_back(session, lamp.id, 1, holder="a", **OP)
    told = select(StockMovement.delta, StockMovement.reason, StockMovement.holder).order_by(StockMovement.id)
    moves = session.execute(told).all()
    assert [tuple(one) for one in moves] == [
        (3, "received", ""), (-2, "shipped", "a"), (1, "returned", "a"), (1, "returned", "a")
    ]  # fmt: skip
    assert stock.audit(session) == []


@pytest.mark.parametrize("quantity", [0, -5, 10**12])
def test_impossible_quantities_move_nothing(session: Session, unit: Unit, lamp: Variant, quantity: int) -> None:
    with unit():
        place(session, "berlin")
    with unit(), pytest.raises(Invalid):
        stock.transfer(session, lamp.id, quantity, source="main", target="berlin", **OP)
    with unit(), pytest.raises(Invalid):
        stock.give_back(session, lamp.id, quantity, holder="a", **OP)
    with unit(), pytest.raises(NotFound):
        stock.receive(session, lamp.id, 1, location="nowhere", **OP)
    assert levels(session, lamp) == {"main": (3, 0)}


def test_a_suppliers_goods_are_told_of(session: Session, unit: Unit, make: Factory, lamp: Variant) -> None:
    rug = make.variant_of(make.product("rug", own={"USD": 5000}, stock=0))
    with unit():
        actions.save_supplier(session, SupplierInput("acme", "Acme", "", 700_000), now=NOW)
        place(session, "hall", supplier="acme")
        stock.receive(session, rug.id, 4, location="hall", **OP)
        stock.reserve(session, "a", {rug.id: 1, lamp.id: 1}, expires_at=None, now=NOW)
    assert stock.list_supplies(session, "a") == {rug.id: Supply("acme", 700_000)}
    with unit(), pytest.raises(Conflict, match="belongs to somebody else"):
        stock.receive(session, rug.id, 1, location="main", **OP)


def test_the_audit_finds_what_was_tampered_with(session: Session, unit: Unit, lamp: Variant) -> None:
    with unit():
        session.execute(StockLevel.__table__.update().values(on_hand=9))
    assert stock.audit(session) == [
        "LAMP at main: 0 reserved but 0 held for orders; 9 on hand but movements add up to 3.",
        "LAMP: 3 on hand and 0 reserved in all, but 9 and 0 at its places.",
    ]


def test_buyers_movers_and_counters_at_once_lose_nothing(app: Flask, make: Factory, clock: FixedClock) -> None:
    """12 threads reserve (two variants, either order), ship, give back, move between places and take stock in."""
    first = make.variant_of(make.product("first", own={"USD": 1}, stock=40)).id
    second = make.variant_of(make.product("second", own={"USD": 1}, stock=40)).id
    with make.unit()():
        actions.save_location(db.session, LocationInput("berlin", "Berlin", "DE", ""), now=clock.now())
    start = Barrier(12)

    def work(number: int) -> int:
        dice = Random(number)
        sold = 0
        start.wait()
        for step in range(12):
            holder = f"o-{number}-{step}"
            wants = {first: dice.randint(1, 3), second: dice.randint(1, 3)}
            kind = dice.choice(["buy", "buy", "buy", "move", "receive"])

            def act(kind: str = kind, holder: str = holder, wants: dict[int, int] = wants) -> None:
                now = clock.now()
                if kind == "move":
                    ends = dice.sample(["main", "berlin"], 2)
                    stock.transfer(db.session, first, 2, source=ends[0], target=ends[1], now=now, actor="")
                elif kind == "receive":
                    stock.receive(db.session, second, 1, location="berlin", now=now, actor="")
                else:
                    stock.reserve(db.session, holder, wants, expires_at=None, now=now, country=dice.choice(["", "DE"]))

            with app.app_context():
                try:
                    run_in_unit(db.session, act, keep=lambda _: True)
                    if kind == "buy":
                        end = dice.choice([stock.release, None, "take"])
                        if end == "take":
                            run_in_unit(
                                db.session,
                                lambda: stock.take(db.session, holder, now=clock.now(), actor=""),  # noqa: B023
                                keep=lambda _: True,
                            )
                            sold += wants[first]
                        elif end is not None:
                            run_in_unit(
                                db.session,
                                lambda: stock.release(db.session, holder, now=clock.now()),  # noqa: B023
                                keep=lambda _: True,
                            )
                except Conflict:
                    pass
                finally:
                    db.session.remove()
        return sold

    with ThreadPoolExecutor(12) as pool:
        sold = sum(pool.map(work, range(12)))
    with app.app_context():
        assert stock.audit(db.session) == []
        assert db.session.scalar(select(Stock.on_hand).where(Stock.variant_id == first)) == 40 - sold
        db.session.remove()


def test_fifty_returns_at_once_put_back_no_more_than_was_sold(app: Flask, make: Factory, clock: FixedClock) -> None:
    lamp = make.variant_of(make.product("lamp", own={"USD": 1}, stock=7)).id
    with make.unit()():
        stock.reserve(db.session, "a", {lamp: 3}, expires_at=None, now=clock.now())
        stock.take(db.session, "a", now=clock.now(), actor="")

    def give_back(_number: int) -> int:
        with app.app_context():
            try:
                run_in_unit(
                    db.session,
                    lambda: stock.give_back(db.session, lamp, 1, holder="a", now=clock.now(), actor=""),
                    keep=lambda _: True,
                )
                return 1
            except Conflict:
                return 0
            finally:
                db.session.remove()

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(give_back, range(50))) == 3
    with app.app_context():
        assert db.session.scalar(select(Stock.on_hand)) == 7
        assert stock.audit(db.session) == []
        db.session.remove()
