"""The desk of promotions, zones and taxes."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from contentshop.promotions.models import Promotion
from tests.factories import Factory
from tests.web.buyer import add, buy, hidden, steps, text_of, value_of

COUPON = {"name": "Spring", "name_zh": "春天", "code": "spring 26", "kind": "percent", "percent": "15", "scope": "all"}


@pytest.fixture
def boss(client: FlaskClient, make: Factory, sign_in: Any) -> FlaskClient:
    """A signed-in operator."""
    sign_in(client, make.user(role="operator"))
    return client


def send(client: FlaskClient, path: str, fields: dict[str, str], form: str = "") -> Any:
    token = hidden(client.get(form or path).text, "csrf_token")
    return client.post(path, data=fields | {"csrf_token": token})


def test_a_coupon_is_made_used_paused_and_seen(app: Any, boss: FlaskClient, make: Factory) -> None:
    assert "No promotions yet" in text_of(boss.get("/desk/promotions").text)
    made = send(boss, "/desk/promotions/new", COUPON | {"total_limit": "3", "caps": "100 USD"})
    assert made.status_code == 303
    place = made.headers["Location"]
    assert "Spring Code SPRING26 Takes off 15% off Uses 0 / 3 Given – Status In use" in text_of(
        boss.get("/desk/promotions").text
    )
    buyer = app.test_client()
    kettle = make.product("kettle", own={"USD": 2000}, stock=9)
    add(buyer, product="kettle")
    assert send(buyer, "/checkout/code", {"code": "spring26"}, "/cart").status_code == 303
    assert "Spring SPRING26 · 15% off, at most $100.00 −$3.00" in text_of(buyer.get("/cart").text)
    assert buy(buyer, kettle).status_code == 303
    words = text_of(boss.get(place).text)
    assert "Used 1 time: $6.00" in words
    page = boss.get(place).text
    assert send(boss, place, COUPON | {"total_limit": "0"}).status_code == 422
    assert send(boss, place, COUPON | {"total_limit": "9", "version": hidden(page, "version")}).status_code == 303
    assert send(boss, place, COUPON | {"total_limit": "9", "version": hidden(page, "version")}).status_code == 409
    assert send(boss, f"{place}/state", {"do": "off"}, place).status_code == 303
    assert "Uses 1 / 9 Given $6.00 Status Paused" in text_of(boss.get("/desk/promotions").text)
    add(buyer, product="kettle")
    send(buyer, "/checkout/code", {"code": "spring26"}, "/cart")
    assert "This code is not valid any more." in text_of(buyer.get("/cart").text)


def test_a_promotion_is_for_what_addresses_name(app: Any, boss: FlaskClient, session: Session, make: Factory) -> None:
    kettle, lamp = make.product("kettle", own={"USD": 2000}, stock=9), make.product("lamp", own={"USD": 2000}, stock=9)
    nora = make.user("creator", handle="nora")
    named = {"scope": "product", "scope_keys": f"https://shop.example/products/kettle/\n{kettle.key}"}
    place = send(boss, "/desk/promotions/new", COUPON | named).headers["Location"]
    assert session.scalars(select(Promotion.scope_keys)).one() == [kettle.key]
    assert "kettle</textarea>" in boss.get(place).text
    hers = {"code": "HERS", "scope": "creator", "scope_keys": "/@nora"}
    assert send(boss, "/desk/promotions/new", COUPON | hers).status_code == 303
    session.rollback()
    assert session.scalars(select(Promotion.scope_keys).where(Promotion.code == "HERS")).one() == [nora.key]
    buyer = app.test_client()
    for slug in (lamp.slug, kettle.slug):
        add(buyer, product=slug)
    send(buyer, "/checkout/code", {"code": "spring26"}, "/cart")
    assert "−$3.00" in text_of(buyer.get("/cart").text)


def test_a_promotion_begins_and_ends_by_the_operators_clock(boss: FlaskClient, session: Session) -> None:
    send(boss, "/account/timezone", {"zone": "Asia/Shanghai"}, "/account")
    page = boss.get("/desk/promotions/new").text
    assert "Empty: without an end. By the clocks in Asia / Shanghai." in text_of(page)
    times = {"starts_at": "2026-11-11T00:00", "ends_at": "2026-11-12T00:00", "zone": hidden(page, "zone")}
    place = send(boss, "/desk/promotions/new", COUPON | times).headers["Location"]
    kept = session.scalars(select(Promotion)).one()
    assert (kept.starts_at, kept.ends_at) == (
        datetime(2026, 11, 10, 16, tzinfo=UTC),
        datetime(2026, 11, 11, 16, tzinfo=UTC),
    )
    page = boss.get(place).text
    assert [value_of(page, name) for name in ("starts_at", "ends_at")] == ["2026-11-11T00:00", "2026-11-12T00:00"]


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"percent": "0"}, "Write a per cent from 1 to 100, like 15."),
        ({"percent": "1e3"}, "Write a per cent from 1 to 100, like 15."),
        ({"kind": "fixed"}, "Write what is taken off, like 10 USD, 70 CNY."),
        ({"kind": "fixed", "amounts": "ten dollars"}, "“ten dollars” is not an amount."),
        ({"code": "a!"}, "Use 3 to 40 letters, digits, hyphens or underscores."),
        ({"total_limit": "-5"}, "Write a whole number from 1 to 10,000,000, or nothing."),
        ({"total_limit": "1.5"}, "Write a whole number from 1 to 10,000,000, or nothing."),
        ({"kind": "fixed", "amounts": "5 USD, 6 usd"}, "There are two amounts in USD. Leave one."),
        ({"scope": "product", "scope_keys": "no-such"}, "There is no “no-such”. Copy its address, or the end of it."),
        ({"scope": "creator", "scope_keys": "@nobody"}, "There is no “nobody”."),
        ({"scope": "product"}, "Name at least one and at most 200, one a line."),
        ({"starts_at": "2026-12-24", "ends_at": "2026-12-24"}, "The end must be after the beginning."),
        ({"ends_at": "tomorrow"}, "Write the time like 2026-11-27 09:00."),
        ({"name": ""}, "Write a name of at most 80 characters; buyers read it."),
    ],
)
def test_odd_promotions_are_refused_beside_the_field(boss: FlaskClient, wrong: dict[str, str], sentence: str) -> None:
    answer = send(boss, "/desk/promotions/new", COUPON | wrong)
    assert answer.status_code == 422
    assert sentence in text_of(answer.text)


def test_zones_and_ways_of_shipping(app: Any, boss: FlaskClient, make: Factory) -> None:
    assert "so everything is sent within United States and China for CN¥10.00, $5.99" in text_of(
        boss.get("/desk/delivery").text
    )
    made = send(boss, "/desk/delivery/zones/new", {"name": "West", "areas": "US OR\nus ca: 9*"})
    place = made.headers["Location"]
    # Nothing can be sent by it yet, so it does not stand in the way of others.
    assert "Ways of shipping – Status Switched off" in text_of(boss.get("/desk/delivery").text)
    method = {"name": "Post", "currency": "USD", "tiers": "1 kg = 4", "min_days": "2", "max_days": "4"}
    assert send(boss, f"{place}/methods/new", method).status_code == 303
    assert (
        "West Areas United States: Oregon, United States: California (9*) Ways of shipping Post Status In use"
        in text_of(boss.get("/desk/delivery").text)
    )
    buyer = app.test_client()
    make.product("kettle", own={"USD": 2000}, stock=9)
    add(buyer, product="kettle")
    answer = steps(buyer, region="NY", postcode="10001", city="New York")
    assert answer.status_code == 422
    assert "We do not deliver to this place." in text_of(answer.text)
    assert steps(buyer).status_code == 303
    assert "Delivery Post $4.00 Total $24.00" in text_of(buyer.get("/checkout/review").text)
    assert "2–4 working days" in text_of(buyer.get("/checkout/delivery").text)
    way = boss.get(place).text.split("/desk/delivery/methods/")[1].split('"')[0]
    assert "1 kg = 4.00" in boss.get(f"/desk/delivery/methods/{way}").text
    assert send(boss, f"/desk/delivery/methods/{way}/state", {"do": "off"}, place).status_code == 303
    assert buyer.get("/checkout/review").headers["Location"] == "/checkout/delivery"


@pytest.mark.parametrize(
    ("path", "fields", "sentence"),
    [
        ("zones/new", {"name": "", "areas": "Mars"}, "“Mars” is not a place."),
        ("zones/new", {"name": "x", "areas": ""}, "Write at least one place."),
        (
            "zones/new",
            {"name": "x", "areas": "US QQ"},
            "“US QQ”: there is no “QQ” in US. Write it as addresses",
        ),
        ("zones/new", {"name": "x", "areas": "DE: 99..10"}, "runs backwards. Write the lower end first: 10..99."),
        (
            "zones/new",
            {"name": "x", "areas": "DE: 1011"},
            "1011 is not a whole postcode there, like 26133. For all that",
        ),
        ("taxes/new", {"country": "US", "name": "T", "rate_standard": "101"}, "Write a per cent from 0 to 100"),
        ("taxes/new", {"country": "US", "region": "ZZ", "name": "T", "rate_standard": "1"}, "Write the region"),
    ],
)
def test_odd_zones_and_taxes_are_refused(boss: FlaskClient, path: str, fields: dict[str, str], sentence: str) -> None:
    target = "/desk/delivery/taxes/save" if path.startswith("taxes") else f"/desk/delivery/{path}"
    answer = send(boss, target, fields, f"/desk/delivery/{path}")
    assert answer.status_code == 422
    assert sentence in text_of(answer.text)


def test_two_zones_in_use_do_not_name_the_same_area(boss: FlaskClient) -> None:
    method = {"name": "Post", "currency": "USD", "tiers": "* = 4", "min_days": "2", "max_days": "4"}
    zones = {"West": "US CA\nUS: 972*, 98101, 99101, 99201, 99501", "State": "US WA", "Land": "US"}
    places = {}
    for name, areas in zones.items():
        # Broader and more exact ones stand beside each other.
        made = send(boss, "/desk/delivery/zones/new", {"name": name, "areas": areas})
        assert made.status_code == 303
        places[name] = made.headers["Location"]
        assert send(boss, f"{places[name]}/methods/new", method).status_code == 303
    listed = text_of(boss.get("/desk/delivery").text)
    assert "United States: California, United States (972*, 98101, 99101, 99201 …)" in listed
    for areas, words in (
        ("US California", "“US CA” is in the zone “West” already, as “US CA”. Take it out of one of the two."),
        ("US: 97000..97299", "“US: 97000..97299” is in the zone “West” already, as “US: 972*, 98101,"),
    ):
        answer = send(boss, "/desk/delivery/zones/new", {"name": "New", "areas": areas})
        assert answer.status_code == 422
        assert words in text_of(answer.text)
        assert f'<a href="{places["West"]}">Open the zone “West”</a>' in answer.text
        version = hidden(boss.get(places["Land"]).text, "version")
        again = {"name": "Land", "areas": areas, "version": version}
        assert send(boss, places["Land"], again).status_code == 422
    # A zone that is switched off may name anything, but is not used again before that is mended.
    assert send(boss, f"{places['State']}/state", {"do": "off"}, places["State"]).status_code == 303
    assert send(boss, places["State"], {"name": "State", "areas": "US CA"}).status_code == 303
    back = send(boss, f"{places['State']}/state", {"do": "on"}, places["State"])
    assert (back.status_code, back.headers["Location"]) == (303, places["State"])
    page = boss.get(places["State"]).text
    assert "“US CA” is in the zone “West” already" in text_of(page)
    assert "Switched off" in text_of(page)
    assert f'<a href="{places["West"]}">Open the zone “West”</a>' in page
    assert send(boss, places["West"], {"name": "West", "areas": "US OR"}).status_code == 303
    assert send(boss, f"{places['State']}/state", {"do": "on"}, places["State"]).status_code == 303
    assert "Switch on" not in text_of(boss.get(places["State"]).text)
    assert "Open the zone" not in boss.get(places["State"]).text


def test_many_regions_of_a_country_are_folded(boss: FlaskClient) -> None:
    states = ["AL", "AZ", "AR", "CA", "CO", "CT", "FL", "GA", "ID"]
    for code in (*states, "-"):
        tax = {"country": "US" if code != "-" else "DE", "region": code.strip("-"), "name": "Tax", "rate_standard": "5"}
        assert send(boss, "/desk/delivery/taxes/save", tax, "/desk/delivery/taxes/new").status_code == 303
        folds = boss.get("/desk/delivery").text.count("<details>")
        assert folds == (1 if code in {"ID", "-"} else 0)
    page = boss.get("/desk/delivery").text
    inside = page.split("<details>")[1].split("</details>")[0]
    assert "United States (9)" in inside
    assert "United States: Idaho" in inside
    assert "Germany" not in inside
    assert "Germany" in page


def test_taxes_are_set_shown_changed_and_taken_out(app: Any, boss: FlaskClient, make: Factory) -> None:
    tax = {"country": "US", "region": "oregon", "name": "Sales tax", "rate_standard": "8.875", "included": "no"}
    assert send(boss, "/desk/delivery/taxes/save", tax, "/desk/delivery/taxes/new").status_code == 303
    again = send(boss, "/desk/delivery/taxes/save", tax | {"rate_standard": "1"}, "/desk/delivery/taxes/new")
    assert again.status_code == 422
    assert "This place is taxed already. Change it in the list of taxes." in text_of(again.text)
    assert "United States: Oregon Called Sales tax Standard 8.875% Reduced – Zero – Prices are without it" in text_of(
        boss.get("/desk/delivery").text
    )
    buyer = app.test_client()
    make.product("kettle", own={"USD": 2000}, stock=9)
    add(buyer, product="kettle")
    steps(buyer)
    assert "Sales tax 8.875% $1.78 Total $27.77" in text_of(buyer.get("/checkout/review").text)
    assert 'value="8.875"' in boss.get("/desk/delivery/taxes/US/OR").text
    out = send(boss, "/desk/delivery/taxes/remove", {"country": "US", "region": "OR"}, "/desk/delivery/taxes/US/OR")
    assert out.status_code == 303
    assert "No place is taxed." in text_of(boss.get("/desk/delivery").text)
    assert boss.get("/desk/delivery/taxes/US/OR").status_code == 404


def test_others_may_not_look(client: FlaskClient, make: Factory, sign_in: Any) -> None:
    sign_in(client, make.user(role="creator"))
    for path in ("/desk/promotions", "/desk/promotions/new", "/desk/delivery", "/desk/delivery/taxes/new"):
        assert client.get(path).status_code in {403, 404}
