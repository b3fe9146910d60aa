"""What a person takes away: all of theirs, nothing of anybody else's, no code of a gift card."""

from __future__ import annotations

import json
from collections.abc import Callable
from io import BytesIO
from typing import Any
from zipfile import ZipFile

import pytest
from flask import Flask
from flask.testing import FlaskClient

from contentshop.accounts.models import User
from contentshop.aftersale import actions as aftersale
from contentshop.aftersale.inputs import Application
from contentshop.aftersale.policy import Terms
from contentshop.core.clock import FixedClock
from contentshop.core.db import db
from contentshop.core.money import Money
from contentshop.delivery.models import Address
from contentshop.media.actions import PrivatePicture
from contentshop.media.queries import private_name
from contentshop.orders.models import Order
from contentshop.payments import credit
from contentshop.products.models import Product
from tests.conftest import csrf_of
from tests.factories import Factory
from tests.received import photo, received

GOOD = {"stars": "4", "title": "Quiet", "text": "Hums a little.", "lang": "en"}


class Person:
    """Somebody with one of everything; their words begin with their name."""

    def __init__(self, app: Flask, make: Factory, clock: FixedClock, lamp: Product, name: str) -> None:
        self.user = make.user(handle=name.lower(), name=name)
        self.order = received(make, self.user, lamp)
        self.photo = f"{name.lower()}ph0t0"[-8:].rjust(16, "0")
        app.extensions["contentshop"].engines.storage.put(private_name(self.photo), f"evidence of {name}".encode())
        with make.unit()():
            order = db.session.scalars(db.select(Order).where(Order.key == self.order)).one()
            for line in order.lines:
                line.shipped_quantity = line.quantity
            db.session.add(
                Address(
                    key=f"address-{name}",
                    user_id=self.user.id,
                    country="US",
                    name=f"{name} Byron",
                    city="Portland",
                    address="Engine Street",
                    used_at=clock.now(),
                )
            )
            card = credit.issue(
                db.session, amount=Money(2500, "USD"), source_key=name, order_key=self.order, actor="x", now=clock.now()
            )
            db.session.flush()
            self.code = credit.reveal(db.session, card.key)
        with make.unit()():
            order = db.session.scalars(db.select(Order).where(Order.key == self.order)).one()
            aftersale.apply(
                db.session,
                self.order,
                Application("return", "broken", f"{name} says it is cracked.", {order.lines[0].id: 1}),
                photos=[PrivatePicture(self.photo, 8, 8)],
                terms=Terms(),
                now=clock.now(),
            )


@pytest.fixture
def people(
    app: Flask, make: Factory, clock: FixedClock, sign_in: Callable[..., FlaskClient], post_form: Callable[..., Any]
) -> dict[str, tuple[Person, FlaskClient]]:
    lamp = make.product("lamp", own={"USD": 1000}, stock=9)
    found = {}
    for name in ("Ada", "Bea"):
        person = Person(app, make, clock, lamp, name)
        client = sign_in(app.test_client(), person.user)
        words = GOOD | {"text": f"{name} hears it hum."}
        sent = post_form(client, f"/account/reviews/{person.order}/1", words | {"photos": (photo(), "a.jpg")})
        assert sent.status_code == 303
        found[name] = (person, client)
    return found


def test_everything_of_ones_own_and_nothing_else(people: dict[str, tuple[Person, FlaskClient]]) -> None:
    ada, client = people["Ada"]
    bea, _other = people["Bea"]
    answer = client.post("/account/export", data={"csrf_token": csrf_of(client, "/account")})
    assert (answer.status_code, answer.mimetype) == (200, "application/zip")
    assert answer.headers["Content-Disposition"] == "attachment; filename=ada-2026-11-20.zip"
    assert answer.headers["Cache-Control"] == "no-store"
    with ZipFile(BytesIO(answer.data)) as file:
        text = file.read("account.json").decode()
        told = json.loads(text)
        names = set(file.namelist())
        (evidence,) = told["after_sale"][0]["photos"]
        assert file.read(evidence) == b"evidence of Ada"
        (shown,) = told["reviews"][0]["photos"]
        assert file.read(shown)[:4] == b"RIFF"
    assert names == {"account.json", evidence, shown}
    assert told["profile"]["email"] == ada.user.email
    assert [one["name"] for one in told["addresses"]] == ["Ada Byron"]
    assert [(one["number"], one["total"], one["currency"]) for one in told["orders"]] == [
        (ada.order.upper(), "10.00", "USD")
    ]
    assert [(one["kind"], one["state"], one["words"]) for one in told["after_sale"]] == [
        ("return", "asked", "Ada says it is cracked.")
    ]
    assert [(one["left"], one["code_ends_with"]) for one in told["gift_cards"]] == [("25.00", ada.code[-4:])]
    assert [(one["stars"], one["words"], one["shown"]) for one in told["reviews"]] == [(4, "Ada hears it hum.", True)]
    assert "Bea" not in text
    assert bea.order.upper() not in text
    for code in (ada.code, ada.code.replace("-", "")):
        assert code.lower() not in text.lower()


def test_it_is_fetched_by_a_button_of_ones_own_page(
    client: FlaskClient, people: dict[str, tuple[Person, FlaskClient]]
) -> None:
    _ada, browser = people["Ada"]
    assert 'action="/account/export"' in browser.get("/account").text
    assert browser.post("/account/export").status_code == 400
    assert browser.get("/account/export").headers["Location"] == "/account"
    token = csrf_of(client, "/forgot")
    assert client.post("/account/export", data={"csrf_token": token}).status_code == 403


def test_a_lost_picture_keeps_nobody_from_the_rest(app: Flask, people: dict[str, tuple[Person, FlaskClient]]) -> None:
    ada, browser = people["Ada"]
    app.extensions["contentshop"].engines.storage.delete(private_name(ada.photo))
    answer = browser.post("/account/export", data={"csrf_token": csrf_of(browser, "/account")})
    with ZipFile(BytesIO(answer.data)) as file:
        assert len(file.namelist()) == 2


def test_somebody_new_gets_a_short_file(
    app: Flask, make: Factory, sign_in: Callable[..., FlaskClient], session: Any
) -> None:
    user: User = make.user()
    browser = sign_in(app.test_client(), user)
    answer = browser.post("/account/export", data={"csrf_token": csrf_of(browser, "/account")})
    with ZipFile(BytesIO(answer.data)) as file:
        told = json.loads(file.read("account.json"))
    assert [told[name] for name in ("addresses", "orders", "after_sale", "gift_cards", "reviews")] == [
        [],
        [],
        [],
        [],
        [],
    ]
