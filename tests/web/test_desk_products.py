"""The operators' desk: products, offers, pictures and stock."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from html import unescape
from io import BytesIO
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from contentshop.core.clock import FixedClock
from contentshop.core.uow import unit_of_work
from contentshop.products import actions, queries, stock
from contentshop.products.inputs import AttributeInput
from contentshop.products.models import Offer, Product, Stock, StockMovement, Variant
from tests.factories import Factory
from tests.rooms.media.pictures import picture
from tests.web.buyer import field_errors

Unit = Callable[[], AbstractContextManager[None]]
Post = Callable[..., Any]


@pytest.fixture
def operator(client: FlaskClient, make: Factory, sign_in: Callable[..., FlaskClient]) -> FlaskClient:
    """An operator's browser."""
    return sign_in(client, make.user("operator", name="Rui"))


def only(session: Session) -> Product:
    session.rollback()
    return session.scalars(select(Product).execution_options(populate_existing=True)).one()


def form(**values: str) -> dict[str, str]:
    """A product's form as the browser sends it."""
    words = ("title", "slug", "brand", "category", "gtin", "mpn", "lang", "summary", "body", "attrs", "alternative")
    names = (*words, "version", "other")
    empty = dict.fromkeys([*names, "other_title", "other_category", "other_summary", "other_body"], "")
    return empty | {"title": "Lamp", "lang": "en", "other": "zh"} | values


def test_the_desk_shows_what_waits(operator: FlaskClient, make: Factory) -> None:
    make.product("out", own={"USD": 1}, stock=0)
    make.product("few", own={"USD": 1}, stock=3)
    make.product("none")
    page = operator.get("/desk")
    assert page.status_code == 200
    counts = re.findall(r'queue-count">(\d+)</span><span class="queue-label">([^<]+)', page.text)
    assert {label: int(count) for count, label in counts} == {
        "To ship": 0,
        "To pay": 0,
        "Cash to come": 0,
        "To answer": 0,
        "Coming back": 0,
        "To pay back": 0,
        "Sold out": 1,
        "Running low": 2,
        "Old prices": 0,
        "No offers": 1,
    }


def test_few_are_left_by_the_threshold_of_each_variant(
    operator: FlaskClient, session: Session, make: Factory, post_form: Post
) -> None:
    for slug, stock_of in (("many", 40), ("some", 9), ("few", 3)):
        make.product(slug, own={"USD": 1}, stock=stock_of)
    thresholds = {"MANY": "50", "SOME": "8", "FEW": ""}
    for sku, low_at in thresholds.items():
        key = session.scalars(select(Variant.key).where(Variant.sku == sku)).one()
        assert post_form(operator, f"/desk/stock/{key}/threshold", {"low_at": low_at}).status_code == 303
    tile = (
        r'<a class="queue" href="([^"]+)">(?:(?!</a>).)*?queue-count">(\d+)</span><span class="queue-label">Running low'
    )
    assert re.findall(tile, operator.get("/desk").text) == [("/desk/stock?only=low", "1")]
    shown = operator.get("/desk/stock?only=low").text
    assert [sku for sku in thresholds if sku in shown] == ["MANY"]
    shelf = operator.get("/desk/products?shelf=low").text
    assert re.findall(r'<a href="/desk/products/[a-z0-9]{10}">([^<]+)', shelf) == ["Many"]


def test_editors_see_their_own_tiles_only(
    client: FlaskClient, make: Factory, sign_in: Callable[..., FlaskClient]
) -> None:
    sign_in(client, make.user("editor"))
    page = client.get("/desk")
    assert re.findall(r'queue-label">([^<]+)', page.text) == ["Featured lists"]
    assert client.get("/desk/products").status_code == 403


def test_shelves_search_and_pages(operator: FlaskClient, make: Factory, clock: FixedClock) -> None:
    shop = make.merchant("shop")
    make.product("full", own={"USD": 100}, stock=50, title="Full lamp")
    make.product("few", own={"USD": 100}, stock=5)
    make.product("out", own={"USD": 100}, stock=0)
    make.product("stale", affiliate=[{"merchant": shop, "checked_at": None}])
    make.product("bare")
    make.product("hidden", status="archived")
    make.product("idea", status="draft")
    make.product("old", discontinued=True, translations={"zh": {"title": "旧灯"}})

    def shown(query: str) -> list[str]:
        page = operator.get(f"/desk/products?{query}")
        assert page.status_code == 200
        return sorted(re.findall(r'<a href="/desk/products/[a-z0-9]{10}">([^<]+)', page.text))

    assert len(shown("")) == 8
    assert shown("shelf=low") == ["Few"]
    assert shown("shelf=sold_out") == ["Out"]
    assert shown("shelf=stale") == ["Stale"]
    assert shown("shelf=no_offers") == ["Bare"]
    assert shown("shelf=archived") == ["Hidden"]
    assert shown("shelf=draft") == ["Idea"]
    assert shown("shelf=discontinued") == ["Old"]
    assert shown("q=LAMP+full") == ["Full lamp"]
    assert shown("q=旧灯") == ["Old"]
    assert shown("q=FEW") == ["Few"]
    assert shown("q=100%25") == shown("q=_") == []
    assert "No product found" in operator.get("/desk/products?q=zzz").text
    for number in range(30):
        make.product(f"many-{number:02}")
    assert len(shown("q=many")) == 25
    assert len(shown("q=many&page=2")) == 5
    assert 'rel="prev"' in operator.get("/desk/products?q=many&page=2").text


def test_an_empty_shop_says_what_to_do_first(operator: FlaskClient) -> None:
    assert "No products yet" in operator.get("/desk/products").text
    assert "Nothing on this shelf" in operator.get("/desk/products?shelf=low").text
    assert "Nothing here" in operator.get("/desk/stock").text


def test_a_property_said_in_the_other_language_alone_is_told(
    operator: FlaskClient, session: Session, clock: FixedClock, post_form: Post
) -> None:
    actions.save_attribute(session, AttributeInput("Weight", names={"zh": "重量"}), now=clock.now())
    session.commit()
    # The one that has a name in both languages is the same property.
    typed = {"attrs": "weight: 2 kg", "other_title": "灯", "other_attrs": "重量: 两公斤"}
    at = post_form(operator, "/desk/products/new", form(**typed)).location
    assert "Only readers of" not in operator.get(at).text
    version = {"version": str(only(session).version)}
    answer = post_form(operator, at, form(**typed | {"other_attrs": "重量: 两公斤\n产地: 中国"}, **version))
    assert answer.status_code == 303
    page = unescape(operator.get(at).text)
    assert "Only readers of 中文 see these properties, since the others do not have them: 产地. Fill them in" in page
    session.expire_all()
    assert only(session).translations["zh"]["attrs"] == [["重量", "两公斤"], ["产地", "中国"]]


def test_from_nothing_to_a_product_on_sale(
    operator: FlaskClient, session: Session, make: Factory, post_form: Post
) -> None:
    make.merchant("shop")
    answer = post_form(
        operator,
        "/desk/products/new",
        form(
            brand="Acme",
            gtin="4006381333931",
            status="active",
            attrs="Weight: 2 kg\nSize: a: b",
            other_title="灯",
            other_category="灯具",
            other_attrs="重量：两公斤\n产地: 中国",
        ),
    )
    assert answer.status_code == 303
    lamp = only(session)
    assert (lamp.slug, lamp.gtin, lamp.attrs) == ("lamp", "04006381333931", [["Weight", "2 kg"], ["Size", "a: b"]])
    assert lamp.translations == {
        "zh": {"title": "灯", "category": "灯具", "attrs": [["重量", "两公斤"], ["产地", "中国"]]}
    }
    at = f"/desk/products/{lamp.key}"
    assert answer.location == at
    told = "Only readers of 中文 see these properties, since the others do not have them: 重量, 产地."
    assert told in unescape(operator.get(at).text)

    refused = operator.get(f"{at}/offers/new?kind=own")
    assert refused.location == f"{at}/variants/new"
    answer = post_form(operator, f"{at}/variants/new", {"sku": "L-1", "name": "Red", "name_zh": "红", "quantity": "7"})
    assert answer.location == f"{at}/offers/new?kind=own&sku=L-1"
    assert 'value="L-1" selected' in operator.get(answer.location).text
    own = {"kind": "own", "sku": "L-1", "price": "19.99", "currency": "USD", "region": ""}
    assert post_form(operator, f"{at}/offers/new", own).location == at
    link = {
        "kind": "affiliate",
        "merchant": "shop",
        "url": "https://www.shop.example/lamp",
        "price": "",
        "currency": "USD",
        "region": "US",
        "availability": "unknown",
    }
    assert post_form(operator, f"{at}/offers/new", link).location == at

    session.rollback()
    (facts,) = queries.load_facts(session, [lamp.id], "zh").values()
    assert [(o.kind, o.sku, o.available, o.variant_name) for o in facts.offers] == [
        ("own", "L-1", 7, "红"),
        ("affiliate", "", None, ""),
    ]
    page = operator.get(at).text
    assert "$19.99" in page
    assert "L-1" in page
    assert "重量: 两公斤\n产地: 中国</textarea>" in page


def test_wrong_entries_come_back_with_their_words(
    operator: FlaskClient, session: Session, make: Factory, post_form: Post
) -> None:
    make.product("lamp", gtin="04006381333931")
    answer = post_form(
        operator,
        "/desk/products/new",
        form(title="  ", slug="Lamp!", gtin="4006381333931", summary="<b>kept</b>", other_title="灯"),
    )
    assert answer.status_code == 422
    assert sorted(field_errors(answer.text)) == ["slug", "title"]
    assert "&lt;b&gt;kept&lt;/b&gt;" in answer.text
    assert "灯" in answer.text
    for wrong, field in (
        ({"gtin": "4006381333931"}, "gtin"),
        ({"slug": "lamp"}, "slug"),
        ({"attrs": "no colon"}, "attrs"),
        ({"other_attrs": "no colon"}, "translations.zh.attrs"),
        ({"alternative": "nothing"}, "alternative"),
        ({"lang": "zh", "other": "zh", "other_title": "x"}, "lang"),
    ):
        answer = post_form(operator, "/desk/products/new", form(**wrong))
        assert (answer.status_code, field_errors(answer.text)) == (422, [field])
    assert only(session).slug == "lamp"


def test_saving_keeps_what_others_changed_meanwhile(
    operator: FlaskClient, session: Session, make: Factory, post_form: Post
) -> None:
    lamp = make.product("lamp", translations={"fr": {"title": "Lampe"}, "zh": {"title": "灯"}})
    at = f"/desk/products/{lamp.key}"
    page = operator.get(at).text
    assert 'name="version" value="1"' in page
    assert 'value="灯"' in page
    assert post_form(operator, at, form(title="Mine", version="1", other_title="台灯")).status_code == 303
    saved = only(session)
    assert (saved.title, saved.version) == ("Mine", 2)
    assert saved.translations == {"fr": {"title": "Lampe"}, "zh": {"title": "台灯"}}
    answer = post_form(operator, at, form(title="Yours", version="1"))
    assert answer.status_code == 409
    assert 'value="Yours"' in answer.text
    assert 'name="version" value="2"' in answer.text
    assert only(session).title == "Mine"
    assert post_form(operator, at, form(title="Yours", version="2")).status_code == 303
    assert post_form(operator, at, form(title="", version="x")).status_code == 422
    assert only(session).title == "Yours"


def test_offers_are_checked_changed_and_taken_off(
    operator: FlaskClient, session: Session, make: Factory, post_form: Post
) -> None:
    shop = make.merchant("shop")
    lamp = make.product("lamp", own={"USD": 1999}, stock=1, affiliate=[{"merchant": shop}])
    at = f"/desk/products/{lamp.key}/offers"
    own, link = session.scalars(select(Offer).order_by(Offer.id))
    assert 'value="19.99"' in operator.get(f"{at}/{own.key}").text
    assert operator.get(f"{at}/nothing").status_code == 404
    base = {
        "kind": "affiliate",
        "merchant": "shop",
        "url": link.url,
        "currency": "USD",
        "region": "",
        "availability": "",
    }
    for wrong, field in (
        ({"url": "https://evil.example/"}, "url"),
        ({"url": "javascript:alert(1)"}, "url"),
        ({"merchant": ""}, "merchant"),
        ({"price": "-5"}, "price"),
        ({"price": "1e9"}, "price"),
        ({"currency": "ZZZ"}, "currency"),
    ):
        for address in (f"{at}/{link.key}", f"{at}/new"):
            answer = post_form(operator, address, {**base, "price": "5", **wrong})
            assert answer.status_code == 422, wrong
            assert field in field_errors(answer.text)
    answer = post_form(operator, f"{at}/new", {"kind": "own", "sku": "LAMP", "price": "0", "currency": "EUR"})
    assert (answer.status_code, field_errors(answer.text)) == (422, ["price"])
    assert post_form(operator, f"{at}/{link.key}", {**base, "price": "5"}).status_code == 303
    session.rollback()
    assert session.scalar(select(Offer.price_minor).where(Offer.key == link.key)) == 500
    for verb, active in (("retire", False), ("restore", True)):
        assert post_form(operator, f"{at}/{link.key}/{verb}").status_code == 303
        session.rollback()
        assert session.scalar(select(Offer.active).where(Offer.key == link.key)) is active
    assert post_form(operator, f"{at}/nothing/retire").status_code == 404


def test_variants_are_renamed_and_skus_stay_single(
    operator: FlaskClient, session: Session, make: Factory, post_form: Post
) -> None:
    lamp = make.product("lamp", own={"USD": 1}, stock=1)
    make.product("desk", own={"USD": 1}, stock=1)
    variant = make.variant_of(lamp)
    at = f"/desk/products/{lamp.key}/variants"
    assert 'value="LAMP"' in operator.get(f"{at}/{variant.key}").text
    assert operator.get(f"{at}/nothing").status_code == 404
    assert post_form(operator, f"{at}/{variant.key}", {"sku": "L2", "name": "Red", "name_zh": ""}).status_code == 303
    for values, field in (
        ({"sku": "DESK", "quantity": "1"}, "sku"),
        ({"sku": "", "quantity": "1"}, "sku"),
        ({"sku": "N", "quantity": "-5"}, "quantity"),
        ({"sku": "N", "quantity": ""}, "quantity"),
        ({"sku": "N", "quantity": "1000000000"}, "quantity"),
    ):
        answer = post_form(operator, f"{at}/new", values)
        assert (answer.status_code, field_errors(answer.text)) == (422, [field])
    answer = post_form(operator, f"{at}/{variant.key}", {"sku": "DESK"})
    assert (answer.status_code, field_errors(answer.text)) == (422, ["sku"])
    session.rollback()
    assert [one.sku for one in queries.get_for_desk(session, lamp.key).variants] == ["L2"]


def test_pictures_come_and_go(operator: FlaskClient, session: Session, make: Factory, post_form: Post) -> None:
    lamp = make.product("lamp")
    at = f"/desk/products/{lamp.key}/picture"

    def send(data: bytes, name: str) -> Any:
        sent = {"picture": (BytesIO(data), name), "alt": "A lamp"}
        return post_form(operator, at, sent, content_type="multipart/form-data")

    assert send(picture(), "lamp.jpg").status_code == 303
    (shown,) = queries.list_pictures(session, lamp.id)
    assert (shown.width, shown.alt) == (1000, "A lamp")
    assert f"/media/{shown.key[:2]}/{shown.key}-640.webp" in operator.get(f"/desk/products/{lamp.key}").text
    for data, name, words in (
        (b"<script>alert(1)</script>", "x.jpg", "not a picture"),
        (b"", "", "Choose a picture first"),
        (picture()[:500], "cut.jpg", "damaged"),
    ):
        answer = send(data, name)
        assert answer.status_code == 422
        assert words in answer.text
    assert post_form(operator, f"{at}/{shown.key}/remove").status_code == 303
    session.rollback()
    assert queries.list_pictures(session, lamp.id) == ()
    assert post_form(operator, f"{at}/{shown.key}/remove").status_code == 404


def test_the_state_of_a_product(operator: FlaskClient, session: Session, make: Factory, post_form: Post) -> None:
    lamp = make.product("lamp")
    for verb, state in (
        ("archived", ("archived", False)),
        ("discontinue", ("archived", True)),
        ("active", ("active", True)),
        ("continue", ("active", False)),
        ("draft", ("draft", False)),
    ):
        assert post_form(operator, f"/desk/products/{lamp.key}/state", {"do": verb}).status_code == 303
        assert (only(session).status, only(session).discontinued) == state
        assert operator.get(f"/desk/products/{lamp.key}").status_code == 200
    assert post_form(operator, f"/desk/products/{lamp.key}/state", {"do": "explode"}).status_code == 422


def test_stock_comes_in_and_is_counted(
    operator: FlaskClient, session: Session, unit: Unit, make: Factory, post_form: Post, clock: FixedClock
) -> None:
    lamp = make.product("lamp", own={"USD": 1}, stock=5)
    make.product("desk", own={"USD": 1}, stock=90)
    variant = make.variant_of(lamp)
    with unit():
        stock.reserve(session, "order123", {variant.id: 2}, expires_at=clock.now(), now=clock.now())
    listed = operator.get("/desk/stock").text
    assert listed.index("LAMP") < listed.index("DESK")
    assert "DESK" not in operator.get("/desk/stock?only=low").text
    assert "LAMP" not in operator.get("/desk/stock?q=desk").text
    at = f"/desk/stock/{variant.key}"
    page = operator.get(at).text
    assert "/desk/orders/order123" in page
    assert operator.get("/desk/stock/nothing").status_code == 404

    assert post_form(operator, f"{at}/receive", {"quantity": "4", "note": "delivery 9"}).location == at
    assert post_form(operator, f"{at}/count", {"on_hand": "8", "reason": "one broken", "expected": "9"}).location == at
    page = operator.get(at).text
    for words in ("delivery 9", "+4", "one broken", "-1", "Rui"):
        assert words in page

    def now_there() -> int:
        session.rollback()
        return session.execute(select(Stock.on_hand).where(Stock.variant_id == variant.id)).scalar_one()

    assert now_there() == 8
    for verb, values, status, field in (
        ("receive", {"quantity": "0"}, 422, "quantity"),
        ("receive", {"quantity": "-5"}, 422, "quantity"),
        ("receive", {"quantity": "many"}, 422, "quantity"),
        ("receive", {"quantity": str(10**9)}, 422, "quantity"),
        ("receive", {}, 422, "quantity"),
        ("count", {"on_hand": "3", "reason": "", "expected": "8"}, 422, "reason"),
        ("count", {"on_hand": "", "reason": "x", "expected": "8"}, 422, "on_hand"),
        ("count", {"on_hand": "3", "reason": "x", "expected": "9"}, 409, "on_hand"),
        ("count", {"on_hand": "1", "reason": "x", "expected": "8"}, 409, "on_hand"),
    ):
        answer = post_form(operator, f"{at}/{verb}", values)
        assert (answer.status_code, field_errors(answer.text)) == (status, [field]), values
    assert now_there() == 8
    assert len(list(session.scalars(select(StockMovement).where(StockMovement.variant_id == variant.id)))) == 3


def test_unknown_products_are_not_found(operator: FlaskClient, post_form: Post) -> None:
    for path in ("", "/variants/new", "/variants/x", "/offers/new", "/offers/x"):
        assert operator.get(f"/desk/products/nothing{path}").status_code == 404
    for path in ("", "/state", "/offers/x/retire", "/picture/x/remove"):
        assert post_form(operator, f"/desk/products/nothing{path}", form(do="draft")).status_code == 404


def test_hostile_words_stay_words(operator: FlaskClient, make: Factory) -> None:
    evil = '"><script>alert(1)</script>'
    lamp = make.product("lamp", own={"USD": 1}, stock=1, title=evil, brand=evil, body=evil, attrs=[[evil, evil]])
    for address in ("/desk/products", f"/desk/products/{lamp.key}", "/desk/stock"):
        page = operator.get(address).text
        assert "<script>alert" not in page
        assert "&lt;script&gt;" in page


class TestLocks:
    """What people have locked is seen, and let go with one press."""

    def test_fields_of_a_product_and_its_offers(
        self, operator: FlaskClient, session: Session, make: Factory, post_form: Post
    ) -> None:
        shop = make.merchant("bigshop", name="Big Shop")
        lamp = make.product("lamp", affiliate=[{"merchant": shop}])
        at = f"/desk/products/{lamp.key}"
        assert "Kept as a person wrote it" not in operator.get(at).text
        with unit_of_work(session):
            session.execute(update(Product).values(locks=["title", "brand"]))
            session.execute(update(Offer).values(locks=["price"]))
        offer = session.scalars(select(Offer.key)).one()
        session.rollback()

        page = operator.get(at).text
        assert re.findall(r"<li><p>([^<]+)</p><form", page) == ["Title", "Brand", "Price · Big Shop"]
        alone = operator.get(f"{at}/offers/{offer}").text
        assert re.findall(r"<li><p>([^<]+)</p><form", alone) == ["Price · Big Shop"]

        answer = post_form(operator, f"{at}/unlock", {"field": "title", "offer": ""})
        assert (answer.status_code, answer.headers["Location"]) == (303, at)
        answer = post_form(operator, f"{at}/unlock", {"field": "price", "offer": offer})
        assert answer.headers["Location"] == f"{at}/offers/{offer}"
        assert post_form(operator, f"{at}/unlock", {"field": "price", "offer": offer}).status_code == 303
        assert only(session).locks == ["brand"]
        assert session.scalars(select(Offer.locks)).one() == []
        session.rollback()
        assert re.findall(r"<li><p>([^<]+)</p><form", operator.get(at).text) == ["Brand"]

    def test_what_is_not_there_is_not_found(self, operator: FlaskClient, make: Factory, post_form: Post) -> None:
        lamp = make.product("lamp")
        assert post_form(operator, "/desk/products/nothing/unlock", {"field": "title"}).status_code == 404
        wrong = post_form(operator, f"/desk/products/{lamp.key}/unlock", {"field": "price", "offer": "nothing"})
        assert wrong.status_code == 404
