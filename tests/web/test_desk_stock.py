"""Places, suppliers, transfers, thresholds and counts at the desk."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from contentshop.products import queries, stock
from contentshop.products.models import StockMovement, Stocktake, Variant
from tests.factories import Factory

Post = Callable[..., Any]


@pytest.fixture
def desk(client: FlaskClient, make: Factory, sign_in: Callable[..., FlaskClient]) -> FlaskClient:
    return sign_in(client, make.user(role="operator"))


@pytest.fixture
def lamp(make: Factory) -> Variant:
    return make.variant_of(make.product("lamp", own={"USD": 1999}, stock=7))


def levels(session: Session, variant: Variant) -> dict[str, tuple[int, int]]:
    session.rollback()
    return {one.location_key: (one.on_hand, one.reserved) for one in queries.list_levels(session, variant.id, "en")}


def add_place(desk: FlaskClient, post_form: Post, key: str, **values: str) -> None:
    data = {"key": key, "name": key.title(), "country": "", "supplier": ""} | values
    assert post_form(desk, "/desk/places/new", data).status_code == 303


def test_a_place_takes_goods_from_another(desk: FlaskClient, post_form: Post, session: Session, lamp: Variant) -> None:
    add_place(desk, post_form, "berlin", country="DE")
    move = {"source": "main", "target": "berlin", "quantity": "3", "transfer_note": "van 4"}
    assert post_form(desk, f"/desk/stock/{lamp.key}/transfer", move).status_code == 303
    assert levels(session, lamp) == {"main": (4, 0), "berlin": (3, 0)}
    told = select(StockMovement.delta, StockMovement.reason, StockMovement.reference).order_by(StockMovement.id)
    moves = session.execute(told).all()[1:]
    assert [(one.delta, one.reason) for one in moves] == [(-3, "van 4"), (3, "van 4")]
    assert moves[0].reference == moves[1].reference != ""
    page = desk.get(f"/desk/stock/{lamp.key}").text
    assert "Berlin" in page
    assert "Main warehouse" in page
    refused = post_form(desk, f"/desk/stock/{lamp.key}/transfer", move | {"quantity": "5"})
    assert refused.status_code == 409
    assert "So many are not free there" in refused.text
    same = post_form(desk, f"/desk/stock/{lamp.key}/transfer", move | {"target": "main"})
    assert same.status_code == 422
    for wrong in ("-5", "1.5", "1000000000000", "", "zwei"):
        assert post_form(desk, f"/desk/stock/{lamp.key}/transfer", move | {"quantity": wrong}).status_code == 422
    assert levels(session, lamp) == {"main": (4, 0), "berlin": (3, 0)}
    assert stock.audit(session) == []


def test_goods_do_not_change_hands(desk: FlaskClient, post_form: Post, session: Session, lamp: Variant) -> None:
    made = post_form(
        desk, "/desk/suppliers/new", {"key": "acme", "name": "Acme", "email": "a@acme.example", "share": "72.5"}
    )
    assert made.status_code == 303
    assert [one.share_ppm for one in queries.list_suppliers(session)] == [725_000]
    add_place(desk, post_form, "acme-hall", supplier="acme")
    move = {"source": "main", "target": "acme-hall", "quantity": "1"}
    assert post_form(desk, f"/desk/stock/{lamp.key}/transfer", move).status_code == 409
    receive = {"location": "acme-hall", "quantity": "2"}
    assert post_form(desk, f"/desk/stock/{lamp.key}/receive", receive).status_code == 409
    assert levels(session, lamp) == {"main": (7, 0), "acme-hall": (0, 0)}
    changed = post_form(desk, "/desk/places/main", {"name": "Main", "country": "", "supplier": "acme"})
    assert changed.status_code == 409


@pytest.mark.parametrize("share", ["-1", "101", "abc", "1e2", "100.0001"])
def test_an_impossible_share_is_refused(desk: FlaskClient, post_form: Post, share: str) -> None:
    data = {"key": "acme", "name": "Acme", "share": share}
    assert post_form(desk, "/desk/suppliers/new", data).status_code == 422


def test_only_an_empty_place_is_closed(desk: FlaskClient, post_form: Post, session: Session, lamp: Variant) -> None:
    add_place(desk, post_form, "spare")
    assert post_form(desk, "/desk/places/spare/state", {"do": "close"}).status_code == 303
    post_form(desk, "/desk/places/main/state", {"do": "close"})
    assert {one.key: one.active for one in queries.list_locations(session, "en")} == {"main": True, "spare": False}
    receive = {"location": "spare", "quantity": "2"}
    assert post_form(desk, f"/desk/stock/{lamp.key}/receive", receive).status_code == 409
    assert post_form(desk, "/desk/places/new", {"key": "spare", "name": "Again"}).status_code == 422


def test_a_threshold_is_set_and_taken_away(desk: FlaskClient, post_form: Post, session: Session, lamp: Variant) -> None:
    url = f"/desk/stock/{lamp.key}/threshold"
    assert post_form(desk, url, {"low_at": "7"}).status_code == 303
    assert queries.count_low(session) == 1
    assert lamp.sku in desk.get("/desk/stock?only=low").text
    assert post_form(desk, url, {"low_at": ""}).status_code == 303
    session.rollback()
    assert queries.count_low(session) == 0
    assert post_form(desk, url, {"low_at": "-1"}).status_code == 422


def test_a_count_books_differences(desk: FlaskClient, post_form: Post, session: Session, lamp: Variant) -> None:
    post_form(desk, "/desk/counts/new", {"location": "main", "note": "spring"})
    key = session.scalars(select(Stocktake.key)).one()
    assert post_form(desk, "/desk/counts/new", {"location": "main"}).status_code == 409
    assert post_form(desk, f"/desk/counts/{key}", {f"n-{lamp.key}": "x"}).status_code == 422
    # Two are sold after the sheet was made: what was found too little counts, not the bare number.
    now = queries.get_stocktake(session, key, "en")[0].opened_at
    stock.receive(session, lamp.id, 2, now=now, actor="op")
    session.commit()
    assert post_form(desk, f"/desk/counts/{key}", {f"n-{lamp.key}": "5", "do": "close"}).status_code == 303
    assert levels(session, lamp) == {"main": (7, 0)}
    last = session.execute(select(StockMovement).order_by(StockMovement.id.desc())).scalars().first()
    assert last is not None
    assert (last.delta, last.reason, last.reference) == (-2, "stocktake", key)
    assert post_form(desk, f"/desk/counts/{key}", {"do": "close"}).status_code == 409
    assert stock.audit(session) == []


def test_warehouse_people_move_goods_but_not_places(
    client: FlaskClient, make: Factory, sign_in: Callable[..., FlaskClient], post_form: Post, lamp: Variant
) -> None:
    sign_in(client, make.user(role="warehouse"))
    assert client.get("/desk/stock").status_code == 200
    assert client.get("/desk/counts").status_code == 200
    assert post_form(client, "/desk/places/new", {"key": "mine", "name": "Mine"}).status_code == 403
    assert client.get("/desk/categories").status_code == 403


def test_pages_are_there(desk: FlaskClient, lamp: Variant) -> None:
    for path in ("/desk/places", "/desk/places/new", "/desk/places/main", "/desk/suppliers/new", "/desk/counts"):
        answer = desk.get(path)
        assert answer.status_code == 200, path
        assert re.search(r"<h1[^>]*>", answer.text), path
    assert desk.get("/desk/places/nowhere").status_code == 404
    assert desk.get("/desk/suppliers/nobody").status_code == 404
    assert desk.get("/desk/counts/none").status_code == 404
