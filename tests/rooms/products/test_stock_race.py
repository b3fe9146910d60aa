"""Many buyers at once: real threads, each with its own connection, on the database of this run."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from flask import Flask
from sqlalchemy import select

from contentshop.core.clock import FixedClock
from contentshop.core.db import db
from contentshop.core.uow import run_in_unit
from contentshop.products import stock
from contentshop.products.models import Stock
from contentshop.products.stock import OutOfStock
from tests.factories import Factory

BUYERS = 8


def test_no_more_is_promised_than_there_is(app: Flask, make: Factory, clock: FixedClock) -> None:
    """8 threads ask 3 times each for one of 7; then every other one gives back, in two variants' opposite order."""
    lamp = make.variant_of(make.product("lamp", own={"USD": 1}, stock=7)).id
    desk = make.variant_of(make.product("desk", own={"USD": 1}, stock=100)).id
    start = Barrier(BUYERS)

    def buy(number: int) -> list[str]:
        held = []
        start.wait()
        for attempt in range(3):
            holder = f"order-{number}-{attempt}"
            wants = {lamp: 1, desk: 1} if number % 2 else {desk: 1, lamp: 1}
            with app.app_context():
                try:
                    run_in_unit(
                        db.session,
                        lambda holder=holder, wants=wants: stock.reserve(  # type: ignore[misc]
                            db.session, holder, wants, expires_at=None, now=clock.now()
                        ),
                        keep=lambda _: True,
                    )
                    held.append(holder)
                except OutOfStock:
                    pass
                finally:
                    db.session.remove()
        return held

    with ThreadPoolExecutor(BUYERS) as pool:
        holders = [holder for found in pool.map(buy, range(BUYERS)) for holder in found]
    assert len(holders) == 7
    with app.app_context():
        assert db.session.execute(select(Stock.reserved).order_by(Stock.variant_id)).scalars().all() == [7, 7]
        assert stock.audit(db.session) == []
        db.session.remove()


@pytest.mark.parametrize("verb", ["release", "take"])
def test_ending_a_reservation_twice_at_once_counts_once(
    app: Flask, make: Factory, clock: FixedClock, verb: str
) -> None:
    lamp = make.variant_of(make.product("lamp", own={"USD": 1}, stock=7)).id
    with make.unit()():
        stock.reserve(db.session, "order", {lamp: 3}, expires_at=None, now=clock.now())
    start = Barrier(4)

    def end(_number: int) -> int:
        start.wait()
        with app.app_context():
            try:
                return run_in_unit(
                    db.session,
                    lambda: (
                        stock.release(db.session, "order", now=clock.now())
                        if verb == "release"
                        else stock.take(db.session, "order", now=clock.now(), actor="op")
                    ),
                    keep=lambda _: True,
                )
            finally:
                db.session.remove()

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(end, range(4))) == [0, 0, 0, 1]
    with app.app_context():
        row = db.session.execute(select(Stock.on_hand, Stock.reserved)).one()
        assert tuple(row) == ((7, 0) if verb == "release" else (4, 0))
        assert stock.audit(db.session) == []
        db.session.remove()
