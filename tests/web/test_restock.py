"""Told when something is back: the address proved, one mail, one click to end it; operators hear of the last few."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from contentshop.core.clock import FixedClock
from contentshop.core.db import db
from contentshop.core.mail import Message
from contentshop.core.outbox import OutboxEvent
from contentshop.core.uow import unit_of_work
from contentshop.products import stock
from contentshop.products.models import RestockWatch, Variant
from contentshop.reactions import ON_EVENT, REACTIONS, site_context
from tests.factories import Factory

Post = Callable[..., Any]


@pytest.fixture
def lamp(make: Factory) -> Variant:
    return make.variant_of(make.product("lamp", own={"USD": 1999}, stock=0))


@pytest.fixture
def work(app: Flask) -> Callable[[], None]:
    """Does what follows from the stock events that nobody has handled yet."""
    done: set[int] = set()

    def run() -> None:
        with site_context(app):
            names = ("RestockAsked", "StockArrived", "StockLow")
            query = select(OutboxEvent).where(OutboxEvent.name.in_(names)).order_by(OutboxEvent.id)
            events = [event for event in db.session.scalars(query) if event.id not in done]
            for event in events:
                done.add(event.id)
                for reaction in ON_EVENT[event.name]:
                    REACTIONS[reaction].run([event.payload])
            db.session.remove()

    return run


def receive(app: Flask, variant: Variant, quantity: int, clock: FixedClock) -> None:
    with app.app_context(), unit_of_work(db.session):
        stock.receive(db.session, variant.id, quantity, now=clock.now(), actor="op")


def state(session: Session) -> list[tuple[str, str]]:
    session.rollback()
    session.expire_all()
    return [(one.email, one.state) for one in session.scalars(select(RestockWatch).order_by(RestockWatch.id))]


def path_in(message: Message, word: str) -> str:
    found = re.search(rf"http://localhost(/restock/{word}/\S+)", message.text)
    assert found, message.text
    return found.group(1)


def test_a_visitor_proves_the_address_and_is_told_once(
    app: Flask, client: FlaskClient, post_form: Post, lamp: Variant, mailbox: list[Message], session: Session,
    work: Callable[[], None], clock: FixedClock,
) -> None:  # fmt: skip
    page = client.get("/products/lamp").text
    assert f"/restock/{lamp.key}" in page
    answer = post_form(client, f"/restock/{lamp.key}", {"email": " Ann@Example.org "})
    assert "ann@example.org" in answer.text
    post_form(client, f"/restock/{lamp.key}", {"email": "ann@example.org"})
    work()
    assert [message.to for message in mailbox] == ["ann@example.org"]
    receive(app, lamp, 1, clock)
    work()
    # Nobody has said yet that the address is theirs.
    assert len(mailbox) == 1
    with app.app_context(), unit_of_work(db.session):
        stock.set_on_hand(db.session, lamp.id, 0, reason="gone", now=clock.now(), actor="op")
    confirm = path_in(mailbox[0], "confirm")
    assert client.get(confirm).status_code == 200
    assert state(session) == [("ann@example.org", "asked")]
    post_form(client, confirm)
    assert state(session) == [("ann@example.org", "waiting")]
    receive(app, lamp, 2, clock)
    work()
    assert [message.subject for message in mailbox[1:]] == ["Lamp is back"]
    assert "/products/lamp" in mailbox[1].text
    assert state(session) == [("ann@example.org", "told")]
    with app.app_context(), unit_of_work(db.session):
        stock.set_on_hand(db.session, lamp.id, 0, reason="gone", now=clock.now(), actor="op")
    receive(app, lamp, 2, clock)
    work()
    assert len(mailbox) == 2


def test_one_click_ends_the_wait(
    app: Flask, client: FlaskClient, post_form: Post, make: Factory, sign_in: Callable[..., FlaskClient], lamp: Variant,
    mailbox: list[Message], session: Session, work: Callable[[], None], clock: FixedClock,
) -> None:  # fmt: skip
    person = make.user()
    sign_in(client, person)
    answer = post_form(client, f"/restock/{lamp.key}", {"email": person.email})
    assert "You are on the list" in answer.text
    assert state(session) == [(person.email, "waiting")]
    receive(app, lamp, 1, clock)
    work()
    (mail,) = mailbox
    stop = path_in(mail, "stop")
    assert mail.unsubscribe.endswith(stop)
    # As a mail program does it: no cookie, no token.
    assert app.test_client().post(stop, data={"List-Unsubscribe": "One-Click"}).status_code == 200
    assert state(session) == [(person.email, "stopped")]


def test_a_mail_that_comes_too_late_is_not_sent(
    app: Flask, client: FlaskClient, post_form: Post, make: Factory, sign_in: Callable[..., FlaskClient], lamp: Variant,
    mailbox: list[Message], session: Session, work: Callable[[], None], clock: FixedClock,
) -> None:  # fmt: skip
    person = make.user()
    sign_in(client, person)
    post_form(client, f"/restock/{lamp.key}", {"email": person.email})
    receive(app, lamp, 1, clock)
    with app.app_context(), unit_of_work(db.session):
        stock.reserve(db.session, "o", {lamp.id: 1}, expires_at=None, now=clock.now())
    work()
    assert mailbox == []
    assert state(session) == [(person.email, "waiting")]


@pytest.mark.parametrize(
    "wrong", ["", "ann", "ann@", "@example.org", "a@b", "a@b.c, d@e.f", "x" * 400 + "@example.org"]
)
def test_what_is_no_address_is_refused(
    client: FlaskClient, post_form: Post, lamp: Variant, session: Session, wrong: str
) -> None:
    assert post_form(client, f"/restock/{lamp.key}", {"email": wrong}).status_code == 422
    assert state(session) == []


def test_nobody_waits_for_what_is_there(client: FlaskClient, post_form: Post, make: Factory, session: Session) -> None:
    desk = make.variant_of(make.product("desk", own={"USD": 1}, stock=1))
    assert post_form(client, f"/restock/{desk.key}", {"email": "ann@example.org"}).status_code == 303
    assert state(session) == []
    assert client.get("/restock/nothing").status_code == 404
    assert client.get("/restock/confirm/forged").status_code == 404
    assert client.post("/restock/stop/forged").status_code == 404


def test_a_confirming_link_does_not_stop_and_a_stopping_one_does_not_confirm(
    client: FlaskClient, post_form: Post, lamp: Variant, mailbox: list[Message], work: Callable[[], None]
) -> None:
    post_form(client, f"/restock/{lamp.key}", {"email": "ann@example.org"})
    work()
    token = path_in(mailbox[0], "confirm").rpartition("/")[2]
    assert client.get(f"/restock/stop/{token}").status_code == 404


def test_operators_hear_of_the_last_few_once_a_day(
    app: Flask, make: Factory, mailbox: list[Message], work: Callable[[], None], clock: FixedClock
) -> None:
    operator, packer = make.user(role="operator"), make.user(role="warehouse", locale="zh")
    make.user(role="support")
    desk = make.variant_of(make.product("desk", own={"USD": 1}, stock=7))

    def buy(holder: str, quantity: int) -> None:
        with app.app_context(), unit_of_work(db.session):
            stock.reserve(db.session, holder, {desk.id: quantity}, expires_at=None, now=clock.now())
        work()

    buy("a", 1)
    assert mailbox == []
    buy("b", 1)
    assert [message.to for message in mailbox] == [operator.email, packer.email]
    assert "5 of Desk (DESK) are left." in mailbox[0].text
    for holder in ("b",):
        with app.app_context(), unit_of_work(db.session):
            stock.release(db.session, holder, now=clock.now())
    buy("c", 2)
    assert len(mailbox) == 2
    with app.app_context(), unit_of_work(db.session):
        stock.release(db.session, "c", now=clock.now())
    clock.advance(timedelta(days=1))
    buy("d", 3)
    assert len(mailbox) == 4
