"""Categories, properties, options, many products at once, and files at the desk."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from contentshop.core.clock import FixedClock
from contentshop.payments import actions as paying
from contentshop.payments import credit
from contentshop.payments.inputs import GiftProductInput
from contentshop.products import actions, queries
from contentshop.products.inputs import LocationInput, ProductInput
from contentshop.products.models import (
    AttributeDefinition,
    BulkEdit,
    Category,
    Offer,
    PriceChange,
    Product,
    Stock,
    StockLevel,
    StockLocation,
    Variant,
)
from tests.conftest import csrf_of
from tests.factories import Factory
from tests.web.buyer import field_errors, text_of

Post = Callable[..., Any]


@pytest.fixture
def desk(client: FlaskClient, make: Factory, sign_in: Callable[..., FlaskClient]) -> FlaskClient:
    return sign_in(client, make.user(role="operator"))


def fresh(session: Session) -> Session:
    session.rollback()
    session.expire_all()
    return session


def test_the_tree_grows_and_products_follow(
    desk: FlaskClient, post_form: Post, session: Session, make: Factory
) -> None:
    assert post_form(desk, "/desk/categories/new", {"name": "Home", "name_zh": "家居"}).status_code == 303
    assert post_form(desk, "/desk/categories/new", {"name": "Lamps", "parent": "home"}).status_code == 303
    assert [(one.path, one.level) for one in queries.list_tree(session)] == [(("Home",), 0), (("Home", "Lamps"), 1)]
    lamp = make.product("lamp", translations={"zh": {"title": "灯"}})
    key = lamp.key
    typed = {
        "title": "Lamp",
        "category": "Home > Lamps",
        "lang": "en",
        "version": "1",
        "other": "zh",
        "other_title": "灯",
    }
    assert post_form(desk, f"/desk/products/{key}", typed).status_code == 303
    product = fresh(session).scalars(select(Product)).one()
    assert (product.category, queries.path_of(queries.list_tree(session), product.category_id)) == (
        "Lamps",
        "Home > Lamps",
    )
    renamed = {"name": "Lights", "name_zh": "灯具", "parent": "home", "position": "1"}
    assert post_form(desk, "/desk/categories/lamps", renamed).status_code == 303
    product = fresh(session).scalars(select(Product)).one()
    assert (product.category, product.translations["zh"]) == ("Lights", {"title": "灯", "category": "灯具"})
    below = post_form(desk, "/desk/categories/home", {"name": "Home", "parent": "lamps"})
    assert below.status_code == 422
    assert "below itself" in below.text
    post_form(desk, "/desk/categories/lamps/remove")
    assert fresh(session).scalar(select(Category.id).where(Category.slug == "lamps")) is not None


def test_properties_are_inherited(desk: FlaskClient, post_form: Post, session: Session) -> None:
    post_form(desk, "/desk/categories/new", {"name": "Home"})
    post_form(desk, "/desk/categories/new", {"name": "Lamps", "parent": "home"})
    for data in (
        {"name": "Warranty", "kind": "text"},
        {"name": "Room", "kind": "choice", "choices": "Kitchen\nBath\nKitchen", "category": "home"},
        {"name": "Power", "kind": "number", "unit": "W", "category": "lamps"},
    ):
        assert post_form(desk, "/desk/attributes/new", data).status_code == 303
    tree = queries.list_tree(session)
    lamps = next(one.id for one in tree if one.slug == "lamps")
    found = queries.list_attributes(session, tree, lamps)
    assert [(one.name, one.inherited) for one in found] == [("Warranty", True), ("Room", True), ("Power", False)]
    assert found[1].choices == ("Kitchen", "Bath")
    assert post_form(desk, "/desk/attributes/new", {"name": "Power", "category": "lamps"}).status_code == 422
    assert post_form(desk, "/desk/attributes/new", {"name": "X", "kind": "choice"}).status_code == 422
    assert "Kitchen" in desk.get("/desk/categories").text


def test_options_make_variants(desk: FlaskClient, post_form: Post, session: Session, make: Factory) -> None:
    key = make.product("tee", own={"USD": 1999, "EUR": 1899}, stock=3).key
    url = f"/desk/products/{key}/options"
    assert post_form(desk, url, {"options": "Colour=颜色: Red=红, Blue=蓝\nSize: S, M"}).status_code == 303
    variants = fresh(session).scalars(select(Variant).order_by(Variant.position)).all()
    assert [(one.sku, one.name, one.translations["zh"]["name"]) for one in variants] == [
        ("TEE", "Red / S", "红 / S"),
        ("TEE-RED-M", "Red / M", "红 / M"),
        ("TEE-BLUE-S", "Blue / S", "蓝 / S"),
        ("TEE-BLUE-M", "Blue / M", "蓝 / M"),
    ]
    assert len(session.scalars(select(Offer)).all()) == 8
    assert [row.on_hand for row in session.scalars(select(Stock).order_by(Stock.variant_id))] == [3, 0, 0, 0]
    again = post_form(desk, url, {"options": "Colour: Red\nSize: S, M"}, follow_redirects=True)
    assert "TEE-BLUE-S, TEE-BLUE-M" in again.text
    assert len(fresh(session).scalars(select(Variant)).all()) == 4
    for wrong in (
        "Colour",
        "Colour: Red, Red",
        "A: " + ", ".join(map(str, range(15))) + "\nB: " + ", ".join(map(str, range(15))),
    ):
        assert post_form(desk, url, {"options": wrong}).status_code == 422
    assert queries.audit_prices(session) == []


def seen_of(text: str) -> str:
    found = re.search(r'name="seen" value="([0-9a-f]{32})"', text)
    assert found, text
    return found.group(1)


def test_many_prices_are_rounded_to_an_ending(
    desk: FlaskClient, post_form: Post, session: Session, make: Factory
) -> None:
    keys = [make.product(name, own={"USD": price}, stock=1).key for name, price in (("a", 1899), ("b", 5))]
    form = {"p": keys, "kind": "price_percent", "value": "5", "ending": "99"}
    assert '<option value="99">.99</option>' in desk.get(f"/desk/products/bulk?p={keys[0]}").text
    shown = post_form(desk, "/desk/products/bulk", form | {"do": "preview"})
    text = text_of(shown.text)
    assert "Prices are rounded to the nearest that ends in .99." in text
    assert "Before $18.99 After $19.99" in text
    assert "Before $0.05 After $0.99" in text
    sent = form | {"do": "apply", "seen": seen_of(shown.text)}
    # What was not shown is not done.
    assert post_form(desk, "/desk/products/bulk", sent | {"ending": "00"}).status_code == 409
    assert post_form(desk, "/desk/products/bulk", sent | {"ending": "77"}).status_code == 422
    prices = select(Offer.price_minor).order_by(Offer.id)
    assert fresh(session).scalars(prices).all() == [1899, 5]
    assert post_form(desk, "/desk/products/bulk", sent).status_code == 303
    assert fresh(session).scalars(prices).all() == [1999, 99]
    assert session.scalars(select(BulkEdit.what)).one()["ending"] == "99"


def test_many_prices_change_after_a_look_and_back(
    desk: FlaskClient, post_form: Post, session: Session, make: Factory
) -> None:
    keys = [make.product(name, own={"USD": price}, stock=1).key for name, price in (("a", 1000), ("b", 999), ("c", 5))]
    form = {"p": keys[:2], "kind": "price_percent", "value": "-10%", "do": "preview"}
    shown = post_form(desk, "/desk/products/bulk", form)
    assert shown.status_code == 200
    assert ("$9.00" in shown.text, "$8.99" in shown.text) == (True, True)
    prices = select(Offer.price_minor).order_by(Offer.id)
    assert fresh(session).scalars(prices).all() == [1000, 999, 5]
    assert "Nothing is logged yet" in desk.get("/desk/log").text, "a preview is no action"
    done = post_form(desk, "/desk/products/bulk", form | {"do": "apply", "seen": seen_of(shown.text)})
    assert done.status_code == 303
    assert fresh(session).scalars(prices).all() == [900, 899, 5]
    assert (
        post_form(desk, "/desk/products/bulk", form | {"do": "apply", "seen": seen_of(shown.text)}).status_code == 409
    )
    key = session.scalars(select(BulkEdit.key)).one()
    assert "$10.00" in desk.get(f"/desk/products/bulk/{key}").text
    log = desk.get("/desk/log").text
    assert log.count("Changed many products") == 1
    assert "<del>10.00 USD</del> → 9.00 USD" in log
    session.execute(Offer.__table__.update().where(Offer.price_minor == 899).values(price_minor=700))
    session.commit()
    back = post_form(desk, f"/desk/products/bulk/{key}/undo", follow_redirects=True)
    assert "1 have changed again since" in back.text
    assert fresh(session).scalars(prices).all() == [1000, 700, 5]
    post_form(desk, f"/desk/products/bulk/{key}/undo")
    assert fresh(session).scalars(prices).all() == [1000, 700, 5]
    assert len(session.scalars(select(PriceChange)).all()) == 6


def test_many_are_put_into_a_category_stocked_and_taken_off(
    desk: FlaskClient, post_form: Post, session: Session, make: Factory
) -> None:
    keys = [make.product(name, own={"USD": 500}, stock=1).key for name in ("a", "b")]
    post_form(desk, "/desk/categories/new", {"name": "Home"})
    for kind, extra in (("category", {"category": "home"}), ("stock_add", {"value": "4"}), ("unlisted", {})):
        form = {"p": keys, "kind": kind, **extra}
        shown = post_form(desk, "/desk/products/bulk", form | {"do": "preview"})
        done = post_form(desk, "/desk/products/bulk", form | {"do": "apply", "seen": seen_of(shown.text)})
        assert done.status_code == 303, kind
    products = fresh(session).scalars(select(Product).order_by(Product.id)).all()
    assert [(one.category, one.listed) for one in products] == [("Home", False), ("Home", False)]
    assert session.scalars(select(Stock.on_hand)).all() == [5, 5]
    for key in session.scalars(select(BulkEdit.key).order_by(BulkEdit.id)).all():
        assert post_form(desk, f"/desk/products/bulk/{key}/undo").status_code == 303
    products = fresh(session).scalars(select(Product).order_by(Product.id)).all()
    assert [(one.category, one.category_id, one.listed) for one in products] == [("", None, True)] * 2
    assert session.scalars(select(Stock.on_hand)).all() == [1, 1]


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "price_percent", "value": "-91"},
        {"kind": "price_percent", "value": "NaN"},
        {"kind": "stock_add", "value": "-5"},
        {"kind": "stock_add", "value": "1.5"},
        {"kind": "stock_add", "value": "1000000000000"},
        {"kind": "category", "category": "nowhere"},
        {"kind": "explode"},
    ],
)
def test_nonsense_changes_nothing(
    desk: FlaskClient, post_form: Post, make: Factory, session: Session, wrong: dict[str, str]
) -> None:
    key = make.product("a", own={"USD": 500}, stock=1).key
    form = {"p": [key], "do": "apply", "seen": "x", **wrong}
    assert post_form(desk, "/desk/products/bulk", form).status_code == 422
    assert post_form(desk, "/desk/products/bulk", form | {"p": []}).status_code == 422
    assert fresh(session).scalars(select(Offer.price_minor)).all() == [500]


def test_an_export_comes_back_unchanged(desk: FlaskClient, make: Factory, session: Session) -> None:
    make.merchant("shop")
    make.product("lamp", own={"USD": 1999}, stock=7, category="Lamps", summary="=1+1")
    out = desk.get("/desk/products/export")
    assert (out.status_code, out.mimetype) == (200, "text/csv")
    assert "'=1+1" in out.text
    data = {"csrf_token": csrf_of(desk, "/forgot"), "currency": "USD", "unit": "major", "merchant": ""}
    answer = desk.post("/desk/products/import", data=data | {"file": (io.BytesIO(out.data), "products.csv")})
    assert answer.status_code == 200
    assert "0 added, 1 updated, 0 unchanged" in answer.text or "0 added, 0 updated, 1 unchanged" in answer.text
    answer = desk.post("/desk/products/import", data=data | {"file": (io.BytesIO(out.data), "products.csv")})
    assert "0 added, 0 updated, 1 unchanged" in answer.text
    wrong = io.BytesIO(b"title,price,sku\nA,9.99,A1\nB,nine,B1\n")
    answer = desk.post("/desk/products/import", data=data | {"file": (wrong, "more.csv")})
    assert "1 added" in answer.text
    assert "Line 3 price: “nine” is not a price; write it like 199.00." in text_of(answer.text)
    for content, name, told in (
        (b"", "empty.csv", "empty.csv is empty."),
        (b"\x1f\x8b rubbish", "bad.gz", "bad.gz cannot be read:"),
    ):
        answer = desk.post("/desk/products/import", data=data | {"file": (io.BytesIO(content), name)})
        assert answer.status_code == 422
        assert f"Please check these entries {told}" in text_of(answer.text)


def test_a_variant_is_described(desk: FlaskClient, post_form: Post, session: Session, make: Factory) -> None:
    product = make.product("lamp", own={"USD": 1999}, stock=7)
    variant = make.variant_of(product)
    url = f"/desk/products/{product.key}/variants/{variant.key}"
    typed = {
        "sku": "LAMP", "name": "", "gtin": "4006381333931", "weight_g": "250", "tax_class": "reduced",
        "purchase_limit": "2", "releases_at": "2026-12-01T09:00", "zone": "Asia/Shanghai", "digital": "",
        "returnable": "",
    }  # fmt: skip
    assert post_form(desk, url, typed).status_code == 303
    found = fresh(session).scalars(select(Variant)).one()
    assert (found.gtin, found.weight_g, found.tax_class, found.purchase_limit) == ("04006381333931", 250, "reduced", 2)
    assert (found.digital, found.returnable, found.releases_at.isoformat()) == (
        False,
        False,
        "2026-12-01T01:00:00+00:00",
    )
    page = desk.get(url).text
    assert 'value="250"' in page
    assert 'value="2026-12-01T01:00"' in page
    assert "By the clocks in UTC." in page
    for name, wrong in (
        ("gtin", "4006381333932"), ("weight_g", "-1"), ("tax_class", "luxury"), ("purchase_limit", "0"),
        ("releases_at", "tomorrow"),
    ):  # fmt: skip
        assert post_form(desk, url, typed | {name: wrong}).status_code == 422, name
    both = post_form(desk, url, typed | {"releases_at": "tomorrow", "gtin": "1"})
    assert sorted(field_errors(both.text)) == ["gtin", "releases_at"]
    other = make.product("desk", own={"USD": 1}, stock=1)
    taken = post_form(desk, f"/desk/products/{other.key}/variants/{make.variant_of(other).key}", typed | {"sku": "D"})
    assert taken.status_code == 422


def shown_prices(text: str) -> list[str]:
    return re.findall(r"<strong>([^<]+)</strong>", text)


@pytest.mark.parametrize(
    ("kind", "value", "after"),
    [
        ("price_percent", "-33.33", {"USD": 667, "CNY": 4640, "JPY": 667}),
        ("price_amount", "-2.50 USD, +15 CNY", {"USD": 750, "CNY": 8460, "JPY": 1000}),
        ("price_set", "19.99 usd，139 CNY", {"USD": 1999, "CNY": 13900, "JPY": 1000}),
        ("price_set", "2000 JPY", {"USD": 1000, "CNY": 6960, "JPY": 2000}),
    ],
)
def test_prices_change_by_per_cent_by_an_amount_or_to_a_price(
    desk: FlaskClient, post_form: Post, session: Session, make: Factory, kind: str, value: str, after: dict[str, int]
) -> None:
    before = {"USD": 1000, "CNY": 6960, "JPY": 1000}
    key = make.product("a", own=before, stock=1).key
    form = {"p": key, "kind": kind, "value": value, "do": "preview"}
    shown = post_form(desk, "/desk/products/bulk", form)
    assert shown.status_code == 200
    assert len(shown_prices(shown.text)) == sum(after[code] != before[code] for code in before)
    prices = select(Offer.currency, Offer.price_minor)
    assert dict(fresh(session).execute(prices).all()) == before
    assert (
        post_form(desk, "/desk/products/bulk", form | {"do": "apply", "seen": seen_of(shown.text)}).status_code == 303
    )
    assert dict(fresh(session).execute(prices).all()) == after
    edit = session.scalars(select(BulkEdit.key)).one()
    post_form(desk, f"/desk/products/bulk/{edit}/undo")
    assert dict(fresh(session).execute(prices).all()) == before


@pytest.mark.parametrize(
    ("kind", "value", "words"),
    [
        ("price_amount", "-2.50", "Write amounts with their currency, like -2.50 USD, 15 CNY."),
        ("price_amount", "5 USD, 6 USD", "Write amounts with their currency"),
        ("price_amount", "0 USD", "Write amounts with their currency"),
        ("price_amount", "1.001 USD", "Write amounts with their currency"),
        ("price_amount", "--1 USD", "Write amounts with their currency"),
        ("price_set", "-5 USD", "Write amounts with their currency, like 19.99 USD, 139 CNY."),
        ("price_set", "1.5 JPY", "Write amounts with their currency"),
        ("price_set", "", "Write amounts with their currency"),
        ("price_amount", "-10 USD", "A would cost less than the smallest price, or more than the largest."),
    ],
)
def test_prices_that_cannot_be_are_refused(
    desk: FlaskClient, post_form: Post, session: Session, make: Factory, kind: str, value: str, words: str
) -> None:
    key = make.product("a", own={"USD": 1000}, stock=1).key
    for do in ("preview", "apply"):
        page = post_form(desk, "/desk/products/bulk", {"p": key, "kind": kind, "value": value, "do": do})
        assert (page.status_code, words in page.text) == (422, True)
    assert fresh(session).scalars(select(Offer.price_minor)).all() == [1000]


def test_stock_comes_in_at_any_place(desk: FlaskClient, post_form: Post, session: Session, make: Factory) -> None:
    product = make.product("a", own={"USD": 1000}, stock=4)
    assert 'name="location"' not in desk.get(f"/desk/products/bulk?p={product.key}").text
    for key in ("harbour", "closed"):
        post_form(desk, "/desk/places/new", {"key": key, "name": key.title(), "country": "US", "supplier": ""})
    post_form(desk, "/desk/places/closed/state", {"do": "close"})

    def levels(sku: str) -> dict[str, int]:
        variant = fresh(session).scalars(select(Variant.id).where(Variant.sku == sku)).one()
        return {one.location_key: one.on_hand for one in queries.list_levels(session, variant, "en")}

    form = {"p": product.key, "kind": "stock_add", "value": "7", "location": "harbour", "do": "preview"}
    shown = post_form(desk, "/desk/products/bulk", form)
    assert 'value="harbour" selected' in shown.text
    assert (
        post_form(desk, "/desk/products/bulk", form | {"do": "apply", "seen": seen_of(shown.text)}).status_code == 303
    )
    assert levels("A") == {"main": 4, "harbour": 7}
    edit = session.scalars(select(BulkEdit.key)).one()
    post_form(desk, f"/desk/products/bulk/{edit}/undo")
    assert levels("A") == {"main": 4, "harbour": 0}
    for wrong in ("closed", "nowhere"):
        page = post_form(desk, "/desk/products/bulk", form | {"location": wrong})
        assert (page.status_code, "There is no such place." in page.text) == (422, True)

    at = f"/desk/products/{product.key}/variants/new"
    assert '<option value="harbour">' in desk.get(at).text
    variant = {"sku": "A-2", "quantity": "3", "location": "harbour", "weight_g": "0"}
    assert post_form(desk, at, variant).status_code == 303
    assert levels("A-2") == {"main": 0, "harbour": 3}
    page = post_form(desk, at, variant | {"sku": "A-3", "location": "closed"})
    assert (page.status_code, "This place is closed" in page.text) == (409, True)
    assert fresh(session).scalar(select(Variant.id).where(Variant.sku == "A-3")) is None


def test_prices_of_gift_cards_are_refused(
    desk: FlaskClient, session: Session, make: Factory, post_form: Post, clock: FixedClock
) -> None:
    lamp = make.product("lamp", own={"USD": 2000}, stock=3)
    form = GiftProductInput.parse({"title": "Card", "values": "25 USD", "quantity": "9"})
    card = paying.make_gift_product(session, form, now=clock.now(), actor="")
    keys, sku = [lamp.key, card.key], card.variants[0].sku
    session.commit()
    said = {"kind": "price_percent", "value": "-10"}
    refused = post_form(desk, "/desk/products/bulk", {**said, "do": "preview", "p": keys})
    assert refused.status_code == 422
    assert f"The price of a gift card is what is on it, so it is not changed here: {sku}. Leave it out." in refused.text
    # Also when it became one after the changes were looked at.
    change = actions.BulkInput.parse(keys, said)
    seen = actions.digest_of(actions.preview_bulk(session, change, fixed=lambda: ()))
    sent = {**said, "do": "apply", "seen": seen, "p": keys}
    assert post_form(desk, "/desk/products/bulk", sent).status_code == 422
    assert sorted(fresh(session).scalars(select(Offer.price_minor))) == [2000, 2500]
    # What is no price is done to them as to anything.
    assert post_form(desk, "/desk/products/bulk", {"kind": "draft", "do": "preview", "p": keys}).status_code == 200


def test_a_price_that_became_a_gift_card_is_not_taken_back(
    desk: FlaskClient, session: Session, make: Factory, post_form: Post, clock: FixedClock
) -> None:
    lamp = make.product("lamp", own={"USD": 2000}, stock=3)
    change = actions.BulkInput.parse([lamp.key], {"kind": "price_percent", "value": "-10"})
    seen = actions.digest_of(actions.preview_bulk(session, change, fixed=lambda: ()))
    edit = actions.apply_bulk(session, change, seen=seen, fixed=lambda: (), now=clock.now(), actor="")
    credit.sell(session, session.scalars(select(Variant.id)).one())
    key = edit.key
    session.commit()
    assert post_form(desk, f"/desk/products/bulk/{key}/undo").status_code == 303
    assert fresh(session).scalars(select(Offer.price_minor)).all() == [1800]


def test_names_are_in_the_language_of_the_desk(
    desk: FlaskClient, session: Session, make: Factory, post_form: Post
) -> None:
    described = ProductInput.parse(
        {"title": "Lamp", "category": "Home > Lamps", "translations": {"zh": {"title": "灯", "category": "灯具"}}}
    )
    actions.upsert_product(session, described, now=make.now)
    session.commit()
    post_form(desk, "/desk/categories/new", {"name": "", "name_zh": "只有中文"})
    glow = {"name": "Glow", "name_zh": "亮度", "kind": "choice", "choices": "Warm=暖\nCold"}
    assert post_form(desk, "/desk/attributes/new", glow).status_code == 303
    desk.set_cookie("cs_lang", "zh")
    names = re.findall(r'<option value="[^"]+">([^<]+)</option>', desk.get("/desk/products/bulk?p=x").text)
    assert {"Home › 灯具", "只有中文"} <= set(names)
    page = desk.get("/desk/products/new").text
    assert ">亮度" in page
    assert '<option value="Warm">暖</option>' in page
    key = fresh(session).scalars(select(AttributeDefinition.key)).one()
    assert "Warm=暖\nCold" in desk.get(f"/desk/attributes/{key}").text
    slug = session.scalars(select(Category.slug).where(Category.name == "只有中文")).one()
    form = desk.get(f"/desk/categories/{slug}").text
    assert form.count('value="只有中文"') == 1


def test_stock_of_a_file_goes_to_its_place(desk: FlaskClient, session: Session, clock: FixedClock) -> None:
    actions.save_location(session, LocationInput("annex", "Annex"), now=clock.now())
    actions.save_location(session, LocationInput("shed", "Shed"), now=clock.now())
    session.commit()
    text = (
        "slug,title,sku,price,currency,quantity,location\n"
        "a,A,A-1,5,USD,4,SHED\nb,B,B-1,5,USD,3,\nc,C,C-1,5,USD,2,nowhere\n"
    )
    sent = {
        "csrf_token": csrf_of(desk, "/desk/products/import"),
        "file": (io.BytesIO(text.encode()), "some.csv"),
        "currency": "USD",
        "unit": "major",
        "location": "annex",
    }
    answer = desk.post("/desk/products/import", data=sent)
    assert "There is no open place “nowhere” to put the stock; use the key of one." in answer.text
    rows = fresh(session).execute(
        select(Variant.sku, StockLocation.key, StockLevel.on_hand)
        .join(StockLevel, StockLevel.variant_id == Variant.id)
        .join(StockLocation, StockLocation.id == StockLevel.location_id)
        .order_by(Variant.sku)
    )
    assert [tuple(row) for row in rows] == [("A-1", "shed", 4), ("B-1", "annex", 3)]


def test_the_log_keeps_a_change_in_every_currency(desk: FlaskClient, post_form: Post, make: Factory) -> None:
    form = {
        "p": [make.product("a", own={"USD": 1000, "CNY": 7000}, stock=1).key],
        "kind": "price_percent",
        "value": "-10",
    }
    shown = post_form(desk, "/desk/products/bulk", form | {"do": "preview"})
    done = post_form(desk, "/desk/products/bulk", form | {"do": "apply", "seen": seen_of(shown.text)})
    assert done.status_code == 303
    log = desk.get("/desk/log").text
    assert "<del>10.00 USD</del> → 9.00 USD" in log
    assert "<del>70.00 CNY</del> → 63.00 CNY" in log
