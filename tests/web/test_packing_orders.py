"""The warehouse's desk and the parts of the staff: pick list, parcels, files of tracking numbers, who may do what."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from contentshop.config import Settings
from contentshop.core.audit import AuditEntry
from contentshop.core.clock import FixedClock
from contentshop.core.db import db
from contentshop.core.mail import Message
from contentshop.core.uow import unit_of_work
from contentshop.orders import actions
from contentshop.orders.models import OrderLine, Shipment
from contentshop.orders.queries import get_by_key
from contentshop.payments.models import Refund
from contentshop.products.models import Reservation, StockLevel, StockLocation
from contentshop.worker import settle
from tests.conftest import make_settings
from tests.factories import Factory
from tests.web.buyer import buy, hidden, orders, read, stock_of, text_of

Unit = Callable[[], AbstractContextManager[None]]


@pytest.fixture
def staff(app: Flask, make: Factory, sign_in: Any) -> dict[str, FlaskClient]:
    """A browser for each part of the staff."""
    roles = ("operator", "support", "warehouse", "finance", "editor")
    return {role: sign_in(app.test_client(), make.user(role)) for role in roles}


def place(app: Flask, make: Factory, clock: FixedClock, *, quantity: int = 1, paid: bool = True) -> str:
    kettle = make.product(f"kettle-{len(orders(app))}", own={"USD": 1999}, stock=5)
    assert buy(app.test_client(), kettle, quantity).status_code == 303
    key = orders(app)[-1].key
    if paid:
        with app.app_context(), unit_of_work(db.session):
            actions.mark_paid(db.session, key, by=None, now=clock.now())
    return key


def post(browser: FlaskClient, path: str, **fields: Any) -> Any:
    token = hidden(browser.get("/account").text, "csrf_token")
    return browser.post(path, data={"csrf_token": token} | fields)


WORK = {
    "paid": ("finance", {}),
    "refund": ("finance", {"amount": "1.00", "why": "late", "attempt": "a"}),
    "shipped": ("warehouse", {"tracking": "1Z"}),
    "cancel": ("support", {"reason": "asked"}),
    "drop": ("support", {"reason": "gone"}),
    "received": ("support", {}),
}


@pytest.mark.parametrize("verb", list(WORK))
def test_each_does_only_their_part(
    app: Flask, make: Factory, clock: FixedClock, staff: dict[str, FlaskClient], verb: str
) -> None:
    key = place(app, make, clock)
    part, fields = WORK[verb]
    for role, browser in staff.items():
        answer = post(browser, f"/desk/orders/{key}/{verb}", **fields)
        assert (answer.status_code == 403) == (role not in {part, "operator"}), role
    page = text_of(staff[part].get(f"/desk/orders/{key}").text)
    assert f"Order {key.upper()}" in page


def test_the_desk_shows_each_their_queues(
    app: Flask, make: Factory, clock: FixedClock, staff: dict[str, FlaskClient]
) -> None:
    place(app, make, clock)
    tiles = {role: text_of(browser.get("/desk").text) for role, browser in staff.items()}
    assert "To ship" in tiles["warehouse"]
    assert "To pay back" not in tiles["warehouse"]
    assert "To pay back" in tiles["finance"]
    assert "To answer" in tiles["support"]
    assert "To ship" not in tiles["editor"]
    assert "Log" not in tiles["support"]
    for path in ("/desk/products", "/desk/log", "/desk/merchants"):
        assert staff["warehouse"].get(path).status_code == 403


def test_parcels_by_parts(
    app: Flask, make: Factory, clock: FixedClock, staff: dict[str, FlaskClient], mailbox: list[Message]
) -> None:
    key = place(app, make, clock, quantity=2)
    line = read(app, lambda: db.session.scalars(select(OrderLine.id)).one())
    path = f"/desk/orders/{key}/shipped"
    packer = staff["warehouse"]
    for bad in ("3", "-1", "1.5", "0", "x"):
        answer = post(packer, path, part="1", carrier="UPS", tracking="A1", **{f"units-{line}": bad})
        assert answer.status_code == 422, bad
    assert post(packer, path, part="1", carrier="UPS", tracking="A1", **{f"units-{line}": "1"}).status_code == 303
    assert orders(app)[0].state == "part_shipped"
    assert "A part is shipped" in text_of(packer.get(f"/desk/orders/{key}").text)
    assert post(packer, path, carrier="DHL", tracking="A2").status_code == 303
    assert orders(app)[0].state == "shipped"
    assert post(packer, f"/desk/orders/{key}/parcels/1", carrier="UPS", tracking="A9").status_code == 303
    found = read(app, lambda: get_by_key(db.session, key))
    assert [(one.number, one.carrier, one.tracking) for one in found.shipments] == [(1, "UPS", "A9"), (2, "DHL", "A2")]
    assert found.confirm_by == clock.now() + timedelta(days=10)
    settle(app)
    told = [mail.subject for mail in mailbox if "Parcel" in mail.subject]
    assert told == [f"Parcel 1 of order {key.upper()} is on its way", f"Parcel 2 of order {key.upper()} is on its way"]


def test_the_rest_that_cannot_be_sent_is_paid_back(
    app: Flask, make: Factory, clock: FixedClock, staff: dict[str, FlaskClient]
) -> None:
    key = place(app, make, clock, quantity=2)
    line = read(app, lambda: db.session.scalars(select(OrderLine.id)).one())
    assert post(staff["support"], f"/desk/orders/{key}/drop", reason="x").status_code == 409
    post(staff["warehouse"], f"/desk/orders/{key}/shipped", part="1", **{f"units-{line}": "1"})
    assert post(staff["support"], f"/desk/orders/{key}/drop", reason="The last one is broken").status_code == 303
    found = read(app, lambda: get_by_key(db.session, key))
    assert (found.state, found.lines[0].cancelled_quantity, found.refunded_minor) == ("shipped", 1, 1999)
    assert read(app, lambda: [row.minor for row in db.session.scalars(select(Refund))]) == [1999]


def test_a_refund_pressed_again_pays_once(
    app: Flask, make: Factory, clock: FixedClock, staff: dict[str, FlaskClient]
) -> None:
    key = place(app, make, clock)
    form = {"amount": "5.00", "why": "A scratch", "attempt": "one-press"}
    for _ in range(3):
        assert post(staff["finance"], f"/desk/orders/{key}/refund", **form).status_code == 303
    assert read(app, lambda: [row.minor for row in db.session.scalars(select(Refund))]) == [500]
    for amount in ("", "-1", "1.005", "1e3", "99999"):
        answer = post(staff["finance"], f"/desk/orders/{key}/refund", amount=amount, why="x", attempt=f"b{amount}")
        assert answer.status_code in {409, 422}, amount
    assert orders(app)[0].refunded_minor == 500


def test_the_pick_list_of_one_thing_counts_it(
    app: Flask, make: Factory, clock: FixedClock, staff: dict[str, FlaskClient]
) -> None:
    place(app, make, clock)
    assert "1 thing for 1 order," in text_of(staff["warehouse"].get("/desk/orders/picking").text)


def test_the_pick_list_names_shelf_and_order(
    app: Flask, make: Factory, clock: FixedClock, staff: dict[str, FlaskClient]
) -> None:
    first, second = place(app, make, clock, quantity=2), place(app, make, clock)
    place(app, make, clock, paid=False)
    words = text_of(staff["warehouse"].get("/desk/orders/picking").text)
    assert "3 things for 2 orders" in words
    assert first.upper() in words
    assert second.upper() in words
    assert staff["support"].get("/desk/orders/picking").status_code == 403


def test_a_presale_is_told_everywhere_and_stays_on_the_shelf_until_it_is_out(
    app: Flask, make: Factory, staff: dict[str, FlaskClient], clock: FixedClock, mailbox: list[Message]
) -> None:
    lamp = make.product("lamp", own={"USD": 1999}, stock=5)
    with app.app_context(), unit_of_work(db.session):
        db.session.merge(make.variant_of(lamp)).releases_at = clock.now() + timedelta(days=9)
    buyer = app.test_client()
    bought = buy(buyer, lamp)
    key = orders(app)[-1].key
    with app.app_context(), unit_of_work(db.session):
        actions.mark_paid(db.session, key, by=None, now=clock.now())
    told = "Presale: sent from Nov 29, 2026 on"
    pages = (buyer, bought.headers["Location"]), (staff["operator"], f"/desk/orders/{key}")
    assert [told in text_of(browser.get(path).text) for browser, path in pages] == [True, True]
    settle(app)
    assert told in next(mail.text for mail in mailbox if mail.subject.startswith("Your order"))
    assert "Lamp" not in text_of(staff["warehouse"].get("/desk/orders/picking").text)
    clock.advance(timedelta(days=9))
    assert "1 thing" in text_of(staff["warehouse"].get("/desk/orders/picking").text)
    assert [told in text_of(browser.get(path).text) for browser, path in pages] == [False, False]


def test_the_pick_list_is_by_place_also_when_two_have_one_name(
    app: Flask, make: Factory, clock: FixedClock, staff: dict[str, FlaskClient], session: Session, unit: Unit
) -> None:
    for _number in range(2):
        place(app, make, clock, quantity=2)
    picking = staff["warehouse"].get("/desk/orders/picking").text
    assert re.findall(r'<h2 id="place-\d+">([^<]+)</h2>', picking) == ["Main warehouse"]
    with unit():
        there = StockLocation(key="annex", name="Main warehouse", created_at=clock.now())
        session.add(there)
        session.flush()
        held = session.scalars(select(Reservation).order_by(Reservation.id).limit(1)).one()
        level = StockLevel(variant_id=held.variant_id, location_id=there.id, on_hand=2, reserved=2)
        session.add(level)
        held.location_id = there.id
    picking = staff["warehouse"].get("/desk/orders/picking").text
    assert re.findall(r'<h2 id="place-\d+">([^<]+)</h2>', picking) == [
        "Main warehouse (main)",
        "Main warehouse (annex)",
    ]
    assert "4 things for 2 orders" in text_of(picking)


def test_a_file_is_shown_before_it_ships(
    app: Flask, make: Factory, clock: FixedClock, staff: dict[str, FlaskClient]
) -> None:
    first, second = place(app, make, clock), place(app, make, clock)
    unpaid = place(app, make, clock, paid=False)
    packer = staff["warehouse"]
    rows = [
        "order,carrier,tracking",
        f"{first.upper()},UPS,1Z1",
        "nothere,UPS,1Z2",
        f"{unpaid},UPS,1Z3",
        f"{second},SF,SF9",
        f"{second},SF,SF10",
        ",UPS,1Z4",
    ]
    file = (BytesIO("\n".join(rows).encode()), "out.csv")
    page = post(packer, "/desk/orders/shipping", file=file)
    assert page.status_code == 200
    words = text_of(page.text)
    for sentence in (
        "There is no such order.",
        "This order is not paid yet, so it cannot be shipped.",
        f"Line 6: order {second.upper()} stands in line 5 too.",
        "Line 7: there is no order number.",
        "Ship 2 orders",
    ):
        assert sentence in words
    assert read(app, lambda: db.session.scalars(select(Shipment)).all()) == []
    kept = hidden(page.text, "text")
    assert post(packer, "/desk/orders/shipping", text=kept, do="ship").status_code == 303
    assert [order.state for order in orders(app)] == ["shipped", "shipped", "placed"]
    again = post(packer, "/desk/orders/shipping", text=kept, do="ship")
    assert again.status_code == 422
    assert text_of(again.text).count("Everything in this order has been shipped already.") == 2
    entries = read(app, lambda: db.session.scalars(select(AuditEntry.subject).order_by(AuditEntry.id)).all())
    assert sorted(entries) == sorted([f"order:{first}", f"order:{second}"])


@pytest.mark.parametrize("content", [b"", b"\n\n", b"\xff\xfe\x00\x80", b"order,tracking\n"])
def test_files_that_are_none(staff: dict[str, FlaskClient], content: bytes) -> None:
    answer = post(staff["warehouse"], "/desk/orders/shipping", file=(BytesIO(content), "x.csv"))
    assert answer.status_code == 422


def test_one_that_fails_now_ships_none(
    app: Flask, make: Factory, clock: FixedClock, staff: dict[str, FlaskClient]
) -> None:
    from contentshop.core.errors import Invalid
    from contentshop.orders.actions import Parcel, Sent, ship_many

    good, bad = place(app, make, clock), place(app, make, clock, paid=False)
    person = make.user("warehouse")
    rows = [Sent(1, good, Parcel()), Sent(2, bad, Parcel()), Sent(3, "nothere", Parcel())]
    with app.app_context(), pytest.raises(Invalid) as refused, unit_of_work(db.session):
        ship_many(db.session, rows, confirm_within=timedelta(days=1), by=person, now=clock.now())
    assert len(refused.value.fields["file"]) == 2
    assert [order.state for order in orders(app)] == ["paid", "placed"]


def test_customers_with_their_notes(
    app: Flask, make: Factory, clock: FixedClock, staff: dict[str, FlaskClient]
) -> None:
    key = place(app, make, clock)
    browser = staff["support"]
    assert "ada@example.org" in text_of(browser.get("/desk/customers?q=ada").text)
    assert browser.get("/desk/customers/nobody@example.org").status_code == 404
    assert post(browser, "/desk/customers/ada@example.org", text=" ").status_code == 422
    assert post(browser, "/desk/customers/ada@example.org", text="Calls on Mondays").status_code == 303
    words = text_of(browser.get("/desk/customers/ada@example.org").text)
    assert "Calls on Mondays" in words
    assert key.upper() in words
    assert staff["warehouse"].get("/desk/customers").status_code == 403


def test_the_log_cannot_be_changed(app: Flask, make: Factory, clock: FixedClock, staff: dict[str, FlaskClient]) -> None:
    key = place(app, make, clock)
    post(staff["support"], f"/desk/orders/{key}/cancel", reason="asked by phone")
    (entry,) = read(app, lambda: db.session.scalars(select(AuditEntry)).all())
    assert (entry.before["state"], entry.after["state"]) == ("paid", "cancelled")
    assert entry.after["reason"] == "asked by phone"
    log = re.sub(r"<[^>]+>", "", staff["operator"].get("/desk/log").text)
    assert "Cancelled an order" in log
    assert "Paid back $0.00 → $" in log
    for statement in ("UPDATE audit_entry SET actor = 'x'", "DELETE FROM audit_entry"):
        with app.app_context(), pytest.raises(DBAPIError, match="append-only"):
            db.session.execute(text(statement))
    assert post(staff["support"], f"/desk/orders/{key}/cancel", reason=" ").status_code in {303, 422}


def test_buyers_cancel_until_the_parcel_leaves(
    app: Flask, client: FlaskClient, make: Factory, clock: FixedClock
) -> None:
    kettle = make.product("kettle", own={"USD": 1999}, stock=2)
    path = buy(client, kettle, 2).headers["Location"]
    (order,) = orders(app)
    with app.app_context(), unit_of_work(db.session):
        actions.mark_paid(db.session, order.key, by=None, now=clock.now())
    token = hidden(client.get(path).text, "csrf_token")
    assert client.post(f"{path}/cancel", data={}).status_code == 400
    assert client.post(f"{path}/cancel", data={"csrf_token": token}).status_code == 303
    assert (orders(app)[0].state, stock_of(app, kettle)) == ("cancelled", (2, 0))
    assert read(app, lambda: [row.minor for row in db.session.scalars(select(Refund))]) == [orders(app)[0].total_minor]


def test_buyers_confirm_and_order_again(
    app: Flask, client: FlaskClient, make: Factory, clock: FixedClock, sign_in: Any
) -> None:
    ada = make.user()
    sign_in(client, ada)
    kettle = make.product("kettle", own={"USD": 1999}, stock=3)
    path = buy(client, kettle, 2).headers["Location"]
    (order,) = orders(app)
    token = hidden(client.get(path).text, "csrf_token")
    early = client.post(f"{path}/received", data={"csrf_token": token})
    assert early.status_code == 409
    assert "This order has not been shipped yet, so its receipt cannot be confirmed." in text_of(early.text)
    with app.app_context(), unit_of_work(db.session):
        actions.mark_paid(db.session, order.key, by=None, now=clock.now())
        actions.mark_shipped(db.session, order.key, by=None, now=clock.now())
    late = client.post(f"{path}/cancel", data={"csrf_token": token})
    assert "This order has been shipped already, so it cannot be cancelled." in text_of(late.text)
    for _ in range(2):
        assert client.post(f"{path}/received", data={"csrf_token": token}).status_code == 303
    found = read(app, lambda: get_by_key(db.session, order.key))
    assert (found.state, found.events[-1].kind, found.events[-1].actor) == ("completed", "received", ada.key)
    mine = text_of(client.get("/account/orders?show=received").text)
    assert order.key.upper() in mine
    assert "Not available any more: Kettle" in client.post(
        f"{path}/again", data={"csrf_token": token}, follow_redirects=True
    ).text.replace("&#39;", "'")


def test_a_shipped_order_is_received_by_the_clock(
    app: Flask, client: FlaskClient, make: Factory, clock: FixedClock
) -> None:
    key = place(app, make, clock)
    with app.app_context(), unit_of_work(db.session):
        actions.mark_shipped(db.session, key, by=None, now=clock.now())

    def confirmed() -> list[str]:
        with app.app_context(), unit_of_work(db.session):
            return actions.confirm_overdue(db.session, now=clock.now())

    clock.advance(timedelta(days=10) - timedelta(seconds=1))
    assert confirmed() == []
    clock.advance(timedelta(seconds=1))
    assert confirmed() == [key]
    assert confirmed() == []
    assert orders(app)[0].completed_at == clock.now()


def test_the_invoice_says_what_was_sold(app: Flask, client: FlaskClient, make: Factory, clock: FixedClock) -> None:
    kettle = make.product("kettle", own={"USD": 1999}, stock=3, title="Gooseneck Kettle")
    path = buy(client, kettle, 2).headers["Location"]
    answer = client.get(f"{path}/invoice")
    words = text_of(answer.text)
    assert f"Invoice {orders(app)[0].key.upper()}" in words
    assert "Gooseneck Kettle" in words
    assert "$39.98" in words
    assert answer.headers["Cache-Control"] == "no-store"
    assert client.get("/orders/wrong/invoice").status_code == 404


class TestSeller:
    @pytest.fixture
    def settings(self, tmp_path: Path, database_url: str) -> Settings:
        return make_settings(
            tmp_path, database_url, seller="Shop Ltd\n1 Mill Road\n\nVAT GB123456789\n", return_address="Dock 4"
        )

    def test_the_invoice_says_who_sells(self, client: FlaskClient, make: Factory) -> None:
        path = buy(client, make.product("kettle", own={"USD": 1999}, stock=3)).headers["Location"]
        assert "Seller contentshop Shop Ltd 1 Mill Road VAT GB123456789 Buyer" in text_of(
            client.get(f"{path}/invoice").text
        )


def test_the_account_shows_every_state(
    app: Flask, client: FlaskClient, make: Factory, clock: FixedClock, sign_in: Any
) -> None:
    sign_in(client, make.user())
    kettle = make.product("kettle", own={"USD": 1999}, stock=5)
    path = buy(client, kettle, 2).headers["Location"]
    key = orders(app)[0].key
    line = read(app, lambda: db.session.scalars(select(OrderLine.id)).one())

    def do(verb: str, **options: Any) -> None:
        with app.app_context(), unit_of_work(db.session):
            getattr(actions, verb)(db.session, key, by=None, now=clock.now(), **options)

    def shown() -> str:
        assert client.get(path).status_code == 200
        return text_of(client.get("/account").text)

    assert "Not paid yet" in shown()
    do("mark_paid")
    assert "Being packed" in shown()
    do("ship", parcel=actions.Parcel(), quantities={line: 1})
    assert "A part is on its way" in shown()
    do("ship", parcel=actions.Parcel())
    assert "On its way" in shown()
    do("confirm")
    assert "Received" in shown()
