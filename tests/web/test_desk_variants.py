"""The picture of a variant: chosen or sent at the desk, shown on the product's page, in carts and in orders."""

from __future__ import annotations

import re
from collections.abc import Callable
from io import BytesIO
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from contentshop.media.models import Asset
from contentshop.orders.models import Order
from contentshop.orders.queries import line_faces
from contentshop.products import queries
from contentshop.products.models import Product, Variant
from contentshop.products.queries.media_use import count_pictured
from tests.factories import Factory
from tests.rooms.media.pictures import picture
from tests.web.buyer import add, checkout_form

Post = Callable[..., Any]


@pytest.fixture
def desk(client: FlaskClient, make: Factory, sign_in: Callable[..., FlaskClient]) -> FlaskClient:
    return sign_in(client, make.user(role="operator"))


@pytest.fixture
def tee(desk: FlaskClient, post_form: Post, make: Factory) -> str:
    """The key of a T-shirt in red and blue, with a picture of its own."""
    key = make.product("tee", own={"USD": 1999}, stock=9).key
    post_form(desk, f"/desk/products/{key}/options", {"options": "Colour: Red, Blue"})
    send(desk, post_form, f"/desk/products/{key}/picture", "Shirts", size=(900, 900))
    return key


def send(desk: FlaskClient, post_form: Post, url: str, alt: str, **options: Any) -> Any:
    sent = {"picture": (BytesIO(picture(**options)), "a.jpg"), "alt": alt}
    return post_form(desk, url, sent, content_type="multipart/form-data")


def variants(session: Session) -> list[Variant]:
    session.rollback()
    return list(session.scalars(select(Variant).order_by(Variant.position)))


def alts(session: Session, key: str) -> list[str]:
    session.rollback()
    return [one.alt for one in queries.list_variant_pictures(session, key)]


def test_a_picture_is_chosen_sent_and_let_go(desk: FlaskClient, post_form: Post, session: Session, tee: str) -> None:
    red, blue = [one.key for one in variants(session)]
    at = f"/desk/products/{tee}/variants/{red}"
    page = desk.get(at).text
    (shared,) = re.findall(r'name="asset" value="(\w+)"', page)
    assert 'name="asset" value="" checked' in page
    assert post_form(desk, f"{at}/picture", {"asset": shared}).location == at
    assert f'name="asset" value="{shared}" checked' in desk.get(at).text
    assert (alts(session, red), alts(session, blue)) == (["Shirts"], [])
    assert send(desk, post_form, f"{at}/picture/new", "Red shirt", size=(640, 480)).location == at
    assert alts(session, red) == ["Red shirt", "Shirts"]
    # What is sent for a variant is no picture of the product, nor one to choose for another variant.
    other = f"/desk/products/{tee}/variants/{blue}"
    assert re.findall(r'name="asset" value="(\w+)"', desk.get(other).text) == [shared]
    sent = session.scalars(select(Asset.key).where(Asset.alt == "Red shirt")).one()
    for wrong in (sent, "nothing"):
        assert post_form(desk, f"{other}/picture", {"asset": wrong}).status_code == 404
    assert post_form(desk, f"{at}/picture", {"asset": shared}).status_code == 303
    assert alts(session, red) == ["Shirts", "Red shirt"]
    assert post_form(desk, f"{at}/picture", {"asset": ""}).status_code == 303
    assert alts(session, red) == []
    assert post_form(desk, f"/desk/products/{tee}/variants/nothing/picture", {"asset": ""}).status_code == 404


def test_what_is_no_picture_is_refused(desk: FlaskClient, post_form: Post, session: Session, tee: str) -> None:
    at = f"/desk/products/{tee}/variants/{variants(session)[0].key}/picture/new"
    for data, name, words in (
        (b"<script>alert(1)</script>", "a.jpg", "not a picture"),
        (b"", "", "Choose a picture first"),
    ):
        sent = {"picture": (BytesIO(data), name)}
        answer = post_form(desk, at, sent, content_type="multipart/form-data")
        assert (answer.status_code, words in answer.text) == (422, True)
    assert alts(session, variants(session)[0].key) == []


def test_a_used_picture_cannot_be_thrown_away(desk: FlaskClient, post_form: Post, session: Session, tee: str) -> None:
    red = variants(session)[0].key
    send(desk, post_form, f"/desk/products/{tee}/variants/{red}/picture/new", "Red shirt", size=(640, 480))
    session.rollback()
    ids = dict(session.execute(select(Asset.alt, Asset.id)).all())
    assert (count_pictured(session, ids["Red shirt"]), count_pictured(session, ids["Shirts"])) == (1, 1)
    assert count_pictured(session, 0) == 0
    # Described anew, it is shown anew.
    version = select(Product.version)
    before = session.scalars(version).one()
    post_form(desk, f"/desk/products/{tee}/variants/{red}/picture", {"asset": ""})
    session.rollback()
    assert session.scalars(version).one() == before + 1
    assert count_pictured(session, ids["Red shirt"]) == 0


def figures(page: str) -> list[tuple[str, str, str]]:
    """(variants, alt, caption) of each figure of a product's page."""
    return [
        (names, re.search(r'alt="([^"]*)"', inside)[1], "".join(re.findall(r"<figcaption>([^<]*)", inside)))  # type: ignore[index]
        for names, inside in re.findall(r'<figure(?: data-variants="([^"]*)")?>(.*?)</figure>', page)
    ]


def test_readers_see_it_on_the_page_in_the_cart_and_in_the_order(
    desk: FlaskClient, post_form: Post, session: Session, tee: str
) -> None:
    red, blue = variants(session)
    for offset, (variant, alt) in enumerate(((red, "Red shirt"), (blue, "Blue shirt"))):
        at = f"/desk/products/{tee}/variants/{variant.key}/picture/new"
        send(desk, post_form, at, alt, size=(640, 480 + offset))
    page = desk.get("/products/tee").text
    assert figures(page) == [(red.key, "Red shirt", "Red"), (blue.key, "Blue shirt", "Blue")]
    assert re.search(r'class="product-picture"><img[^>]* alt="Shirts"', page)
    session.rollback()
    keys = dict(session.execute(select(Asset.alt, Asset.key)).all())
    red_id = red.id
    add(desk, product="tee", variant=red.key)
    assert desk.post("/checkout", data=checkout_form(desk)).status_code == 303
    session.rollback()
    order = session.scalars(select(Order)).one()
    assert {alt for _slug, shown in line_faces(session, order).values() if shown for alt in [shown.alt]} == {
        "Red shirt"
    }
    add(desk, product="tee", variant=red.key)
    lines = re.findall(r"/media/\w\w/(\w+)-\d+\.webp\"", desk.get("/cart").text)
    assert set(lines) == {keys["Red shirt"]}
    post_form(desk, f"/desk/products/{tee}/variants/{red.key}/picture", {"asset": ""})
    session.rollback()
    assert [shown.key for _slug, shown in line_faces(session, order).values() if shown] == [keys["Shirts"]]
    assert list(line_faces(session, order)) == [red_id]
