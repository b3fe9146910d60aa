"""The ledger: nothing is made or lost, nothing is changed, everything is booked once."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from typing import Any

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from contentshop.core.db import db
from contentshop.core.money import split
from contentshop.core.uow import unit_of_work
from contentshop.ledger import queries
from contentshop.ledger.actions import book
from contentshop.ledger.inputs import Entry
from contentshop.ledger.models import LedgerEntry, LedgerTransaction

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
Unit = Callable[[], AbstractContextManager[None]]


def write(session: Any, *entries: tuple[str, int], key: str = "k1", reference: str = "order1", **other: Any) -> bool:
    values = {"kind": "payment", "currency": "USD", "actor": "system", "now": NOON} | other
    return book(session, reference=reference, key=key, entries=[Entry(*entry) for entry in entries], **values)


def test_a_booking_moves_money_from_one_account_to_another(session: Session, unit: Unit) -> None:
    with unit():
        assert write(session, ("cash:stripe", 1999), ("receivable", -1999))
        assert write(session, ("cash:stripe", -500), ("receivable", 500), key="k2", reference="order2")
        assert write(session, ("cash:stripe", 7), ("receivable", -7), key="k3", currency="CNY")
    assert queries.balance(session, "cash:stripe", "USD") == 1499
    assert queries.balance(session, "cash:stripe", "USD", reference="order1") == 1999
    assert queries.balance(session, "cash:stripe", "CNY") == 7
    assert queries.balance(session, "nobody", "USD") == 0
    assert queries.balances_of(session, "order2") == {("cash:stripe", "USD"): -500, ("receivable", "USD"): 500}
    rows = {(row.account, row.currency): (row.debit, row.credit) for row in queries.list_accounts(session)}
    assert rows == {
        ("cash:stripe", "USD"): (1999, 500),
        ("receivable", "USD"): (500, 1999),
        ("cash:stripe", "CNY"): (7, 0),
        ("receivable", "CNY"): (0, 7),
    }
    assert queries.audit(session) == []


def test_the_same_key_books_once(session: Session, unit: Unit) -> None:
    with unit():
        assert write(session, ("a", 5), ("b", -5))
        assert not write(session, ("a", 5), ("b", -5))
    with unit():
        assert not write(session, ("a", 9), ("b", -9))
    assert queries.balance(session, "a", "USD") == 5


def test_fifty_at_once_book_once(app: Flask) -> None:
    done: list[bool] = []
    start = threading.Barrier(10)

    def try_it() -> None:
        with app.app_context():
            start.wait()
            with unit_of_work(db.session):
                done.append(write(db.session, ("a", 5), ("b", -5)))
            db.session.remove()

    threads = [threading.Thread(target=try_it) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(done) == [False] * 9 + [True]
    with app.app_context():
        assert queries.balance(db.session, "a", "USD") == 5


@pytest.mark.parametrize(
    "entries",
    [
        [("a", 5), ("b", -4)],
        [("a", 5)],
        [("Upper", 5), ("b", -5)],
        [("a b", 5), ("b", -5)],
        [("", 5), ("b", -5)],
        [("a" * 81, 5), ("b", -5)],
        [("a", 10**15 + 1), ("b", -(10**15) - 1)],
    ],
)
def test_what_cannot_be_booked(session: Session, unit: Unit, entries: list[tuple[str, int]]) -> None:
    with pytest.raises(ValueError), unit():
        write(session, *entries)
    assert session.scalar(select(func.count()).select_from(LedgerTransaction)) == 0


def test_sides_of_one_account_are_put_together_and_nothing_is_not_booked(session: Session, unit: Unit) -> None:
    with unit():
        assert write(session, ("a", 5), ("b", -3), ("b", -2), ("c", 0))
        assert not write(session, ("a", 5), ("a", -5), key="k2")
        assert not write(session, key="k3")
    sides = session.execute(select(LedgerEntry.account, LedgerEntry.minor).order_by(LedgerEntry.id)).all()
    assert [tuple(side) for side in sides] == [("a", 5), ("b", -5)]


@pytest.mark.parametrize("table", ["ledger_transaction", "ledger_entry"])
@pytest.mark.parametrize("change", ["UPDATE {} SET id = id", "DELETE FROM {}"])
def test_the_database_itself_refuses_changes(session: Session, unit: Unit, table: str, change: str) -> None:
    with unit():
        write(session, ("a", 5), ("b", -5))
    with pytest.raises(DBAPIError, match="append-only"):
        session.execute(text(change.format(table)))
    session.rollback()
    assert queries.balance(session, "a", "USD") == 5


def test_a_row_of_zero_is_refused_by_the_database(session: Session, unit: Unit) -> None:
    with unit():
        write(session, ("a", 5), ("b", -5))
    with pytest.raises(DBAPIError):
        session.execute(
            text("INSERT INTO ledger_entry (transaction_id, account, minor) SELECT id, 'a', 0 FROM ledger_transaction")
        )
    session.rollback()


def test_the_audit_sees_what_was_written_past_the_room(session: Session, unit: Unit) -> None:
    with unit():
        write(session, ("a", 5), ("b", -5))
        session.execute(
            text("INSERT INTO ledger_entry (transaction_id, account, minor) SELECT id, 'c', 1 FROM ledger_transaction")
        )
        session.add(LedgerTransaction(key="bare", kind="x", reference="", currency="USD", actor="me", booked_at=NOON))
    assert queries.audit(session) == [
        "Transaction k1 adds up to 1 instead of 0.",
        "Transaction bare has fewer than two sides.",
    ]


def test_entries_are_listed_newest_first_and_by_time(session: Session, unit: Unit) -> None:
    with unit():
        write(session, ("a", 5), ("b", -5))
        write(session, ("a", 6), ("c", -6), key="k2", reference="order2", now=NOON.replace(day=21))
    listed = queries.list_entries(session, limit=3)
    assert [(row.account, row.minor) for row in listed] == [("a", 6), ("c", -6), ("a", 5)]
    later = queries.list_entries(session, account="a", since=NOON.replace(day=21), limit=9)
    assert [row.reference for row in later] == ["order2"]
    earlier = queries.list_entries(session, until=NOON.replace(day=21), reference="order1", limit=9)
    assert [row.account for row in earlier] == ["a", "b"]
    assert queries.count_entries(session) == 4
    assert queries.count_entries(session, account="a", reference="order2") == 1


@given(st.integers(0, 10**12), st.lists(st.integers(0, 10**6), min_size=1, max_size=8))
def test_shares_of_an_amount_always_balance(total: int, weights: list[int]) -> None:
    assert sum(split(total, weights)) == total
