"""Files that are sold: granted when paid, fetched so many times until a day, never by a guess."""

from __future__ import annotations

import io
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from contentshop.core.clock import FixedClock
from contentshop.core.db import db
from contentshop.core.errors import Conflict
from contentshop.core.uow import run_in_unit, unit_of_work
from contentshop.products import actions, queries, stock
from contentshop.products.actions.files import withdraw_downloads
from contentshop.products.models import DigitalFile, Download, Product, Variant
from contentshop.web.order_links import order_token
from tests.conftest import csrf_of
from tests.factories import Factory

Post = Callable[..., Any]
BOOK = b"%PDF-1.7 the whole book"


@pytest.fixture
def book(
    app: Flask, client: FlaskClient, make: Factory, sign_in: Callable[..., FlaskClient], session: Session
) -> Variant:
    """A digital variant with one file, added at the desk."""
    variant = make.variant_of(make.product("book", own={"USD": 900}, stock=100))
    with app.app_context(), unit_of_work(db.session):
        db.session.execute(update(Variant).values(digital=True))
    key = session.scalars(select(Product.key)).one()
    sign_in(client, make.user(role="operator"))
    url = f"/desk/products/{key}/variants/{variant.key}/files"
    data = {"csrf_token": csrf_of(client, "/forgot"), "file": (io.BytesIO(BOOK), "../my book.pdf")}
    added = client.post(url, data=data, follow_redirects=True)
    assert "Buyers get the file from now on." in added.text
    session.rollback()
    return variant


def grant(app: Flask, variant: Variant, order: str, clock: FixedClock) -> int:
    with app.app_context(), unit_of_work(db.session):
        stock.reserve(db.session, order, {variant.id: 1}, expires_at=None, now=clock.now())
        return actions.grant_downloads(db.session, order, now=clock.now())


def address(app: Flask, order: str) -> str:
    with app.test_request_context():
        return f"/orders/{order_token(order)}/downloads"


def test_a_buyer_fetches_five_times(
    app: Flask, book: Variant, post_form: Post, session: Session, clock: FixedClock
) -> None:
    assert [grant(app, book, "order1", clock) for _time in range(2)] == [1, 0]
    url = address(app, "order1")
    reader = app.test_client()
    assert "my book.pdf" in reader.get(url).text
    (row,) = queries.list_downloads(session, "order1")
    assert (row.left, row.expires_at) == (5, clock.now() + timedelta(days=30))
    for _time in range(5):
        answer = post_form(reader, f"{url}/{row.key}")
        assert (answer.status_code, answer.data) == (200, BOOK)
        assert answer.headers["Content-Disposition"] == 'attachment; filename="my book.pdf"'
        assert (answer.content_type, answer.headers["Cache-Control"]) == ("application/octet-stream", "no-store")
    assert post_form(reader, f"{url}/{row.key}").status_code == 303
    session.rollback()
    assert session.scalars(select(Download.used)).one() == 5


def test_a_right_ends(app: Flask, book: Variant, post_form: Post, session: Session, clock: FixedClock) -> None:
    grant(app, book, "order1", clock)
    (row,) = queries.list_downloads(session, "order1")
    url = f"{address(app, 'order1')}/{row.key}"
    clock.advance(timedelta(days=30, seconds=-1))
    assert post_form(app.test_client(), url).status_code == 200
    clock.advance(timedelta(seconds=1))
    assert post_form(app.test_client(), url).status_code == 303


def test_what_was_paid_back_is_told_and_not_fetched(
    app: Flask, book: Variant, post_form: Post, session: Session, clock: FixedClock
) -> None:
    grant(app, book, "order1", clock)
    (row,) = queries.list_downloads(session, "order1")
    session.rollback()
    with app.app_context(), unit_of_work(db.session):
        withdraw_downloads(db.session, "order1", [book.id], now=clock.now())
    url = address(app, "order1")
    page = app.test_client().get(url).text
    assert "This was paid back on Nov 20, 2026, so it cannot be fetched any more." in page
    assert f"{url}/{row.key}" not in page
    answer = post_form(app.test_client(), f"{url}/{row.key}", follow_redirects=True)
    assert "This was paid back, so its files cannot be fetched any more." in answer.text
    assert BOOK not in answer.data


def test_nobody_fetches_by_a_guess(
    app: Flask, client: FlaskClient, book: Variant, post_form: Post, session: Session, clock: FixedClock
) -> None:
    grant(app, book, "order1", clock)
    (row,) = queries.list_downloads(session, "order1")
    stored = session.scalars(select(DigitalFile.stored)).one()
    assert client.get(f"/media/{stored}").status_code == 404
    assert client.get("/orders/forged/downloads").status_code == 404
    assert post_form(client, f"{address(app, 'order2')}/{row.key}").status_code == 404
    assert client.get(f"{address(app, 'order1')}/{row.key}").status_code == 405
    assert session.scalars(select(Download.used)).one() == 0


def test_a_retired_file_stays_with_its_buyers(
    app: Flask, client: FlaskClient, book: Variant, post_form: Post, session: Session, clock: FixedClock
) -> None:
    grant(app, book, "order1", clock)
    key, product = session.scalars(select(DigitalFile.key)).one(), session.scalars(select(Product.key)).one()
    session.rollback()
    assert post_form(client, f"/desk/products/{product}/variants/{book.key}/files/{key}/retire").status_code == 303
    assert grant(app, book, "order2", clock) == 0
    (row,) = queries.list_downloads(session, "order1")
    assert post_form(app.test_client(), f"{address(app, 'order1')}/{row.key}").status_code == 200


def test_fetches_at_once_are_counted_exactly(app: Flask, book: Variant, session: Session, clock: FixedClock) -> None:
    grant(app, book, "order1", clock)
    (row,) = queries.list_downloads(session, "order1")
    session.rollback()

    def fetch(_number: int) -> bool:
        with app.app_context():
            try:
                run_in_unit(
                    db.session,
                    lambda: actions.use_download(db.session, "order1", row.key, now=clock.now()),
                    keep=lambda _: True,
                )
                return True
            except Conflict:
                return False
            finally:
                db.session.remove()

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(fetch, range(16))) == 5
