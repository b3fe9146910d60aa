"""Pasting a shop's page in the studio: by script and without, read and not read, new and known."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from contentshop.core.db import db
from contentshop.core.fetch import NotFetched, Why
from contentshop.media.models import Asset
from contentshop.products.models import Merchant, Offer, Product
from tests.conftest import csrf_of
from tests.factories import Factory
from tests.fakes import ShelfFetcher
from tests.rooms.media.pictures import picture
from tests.rooms.products.shop_pages import ld, offer, og, page, product

URL = "https://kettles.example/k"
NEW = "/studio/products/new"
JSON = {"Accept": "application/json"}
HTML = page(
    og(og__site_name="Kettle House")
    + ld(
        product(brand="Pourwell", image="/k.jpg", gtin13="4006381333931", offers=offer("59.00", availability="InStock"))
    )
)


class Studio:
    """A creator at the studio's products."""

    def __init__(self, client: FlaskClient, shelf: ShelfFetcher) -> None:
        self.client, self.shelf = client, shelf
        shelf.put(URL, HTML)
        shelf.put("https://kettles.example/k.jpg", picture("JPEG", (500, 400)))

    def post(self, path: str, data: dict[str, Any], *, json: bool = True) -> Any:
        token = {"csrf_token": csrf_of(self.client, NEW)}
        return self.client.post(f"/studio/products{path}", data=token | data, headers=JSON if json else {})

    def read(self, url: str = URL) -> Any:
        answer = self.post("/read", {"url": url})
        assert answer.status_code == 200, answer.text
        return answer.json

    def make(self, **changes: str) -> Any:
        read = self.read()["read"]
        return self.post("", {name: text for name, text in read.items() if isinstance(text, str)} | changes)


@pytest.fixture
def studio(client: FlaskClient, make: Factory, sign_in: Any, shelf: ShelfFetcher) -> Studio:
    return Studio(sign_in(client, make.user("creator")), shelf)


def test_what_was_read_is_told_with_its_picture_and_how_sure_it_is(studio: Studio, session: Session) -> None:
    told = studio.read(f"{URL}?utm_source=mail")
    asset = session.scalars(select(Asset)).one()
    read = told["read"]
    assert {
        name: read[name] for name in ("url", "title", "brand", "price", "currency", "availability", "merchant", "gtin")
    } == {
        "url": URL,
        "title": "Steel kettle",
        "brand": "Pourwell",
        "price": "59.00",
        "currency": "USD",
        "availability": "in_stock",
        "merchant": "Kettle House",
        "gtin": "04006381333931",
    }
    assert read["picture"] == f"/media/{asset.key[:2]}/{asset.key}-500.webp"
    assert (read["confidence"], read["sure"]["price"]) == (
        "high",
        {"level": "high", "words": "Sure: from the shop’s product data"},
    )
    assert (told["known"], told["problem"], told["review_url"]) == (None, None, f"{NEW}?url={URL}")
    # The tracking mark never reached the shop, and nothing was added yet.
    assert studio.shelf.asked == [URL, "https://kettles.example/k.jpg"]
    assert session.scalar(select(func.count()).select_from(Product)) == 0


def test_a_card_names_the_new_product_at_once(studio: Studio, session: Session) -> None:
    made = studio.make()
    assert made.status_code == 201
    assert {name: made.json[name] for name in ("key", "title", "brand", "price", "markup", "url")} == {
        "key": "steel-kettle",
        "title": "Steel kettle",
        "brand": "Pourwell",
        "price": "$59.00",
        "markup": "::card[steel-kettle]",
        "url": "/studio/products/steel-kettle",
    }
    assert made.json["picture"].startswith("/media/")
    found = studio.client.get("/studio/products.json?q=kettle").json["products"]
    assert [row["key"] for row in found] == ["steel-kettle"]
    again = studio.read("http://www.kettles.example/k/?gclid=1")
    assert (again["known"]["key"], again["read"]) == ("steel-kettle", None)
    assert len(studio.shelf.asked) == 2


def test_the_link_of_a_new_shop_is_plain_until_it_is_approved(
    studio: Studio, session: Session, make: Factory, app: Any, sign_in: Any
) -> None:
    studio.make()
    card = studio.client.get("/products/steel-kettle").text
    assert f'href="{URL}" rel="ugc nofollow noopener"' in card
    assert "We may earn a commission if you buy" not in card
    key = session.scalars(select(Offer.key)).one()
    assert studio.client.get(f"/go/offer/{key}").status_code == 410
    desk = sign_in(app.test_client(), make.user("operator"))
    assert "To be approved" in desk.get("/desk/merchants").text
    assert "Approve this shop" in desk.get("/desk/merchants/kettles-example").text
    token = {"csrf_token": csrf_of(desk, "/desk/merchants/kettles-example")}
    assert desk.post("/desk/merchants/kettles-example/approve", data=token).status_code == 303
    card = studio.client.get("/products/steel-kettle").text
    assert f'href="/go/offer/{key}" rel="sponsored nofollow noopener"' in card
    gone = studio.client.get(f"/go/offer/{key}")
    assert (gone.status_code, gone.headers["Location"]) == (302, URL)


def test_without_script(studio: Studio, session: Session) -> None:
    answer = studio.post("/read", {"url": URL}, json=False)
    assert (answer.status_code, answer.headers["Location"]) == (303, f"{NEW}?url={URL}")
    review = studio.client.get(answer.headers["Location"]).text
    assert 'value="Steel kettle"' in review
    assert 'value="59.00"' in review
    assert "Sure: from the shop’s product data" in review
    assert "This shop is new here." in review
    assert '<option value="in_stock" selected>' in review
    form = {"url": URL, "title": "Steel kettle", "price": "59.00", "currency": "USD", "availability": "in_stock"}
    made = studio.post("", form | {"no_picture": "1", "lock_title": "1"}, json=False)
    assert (made.status_code, made.headers["Location"]) == (303, "/studio/products/steel-kettle")
    shown = studio.client.get("/studio/products/steel-kettle").text
    assert "::card[steel-kettle]" in shown
    found = session.scalars(select(Product)).one()
    assert (found.locks, found.pictures) == (["title"], [])
    known = studio.post("/read", {"url": URL}, json=False)
    assert known.headers["Location"] == "/studio/products/steel-kettle"
    assert studio.client.get(f"{NEW}?url={URL}").headers["Location"] == "/studio/products/steel-kettle"


@pytest.mark.parametrize(
    ("why", "sentence"),
    [
        ("blocked", "The shop does not let us read this page."),
        ("private", "This address is not on the public web, so it was not opened."),
        ("slow", "The site took too long to answer."),
        ("large", "The page is too large to be read."),
        ("gone", "The shop says that there is no such page."),
    ],
)
def test_a_page_that_cannot_be_read_leaves_the_fields_to_the_person(
    studio: Studio, session: Session, why: Why, sentence: str
) -> None:
    studio.shelf.refuse(URL, NotFetched(why))
    told = studio.read()
    assert (told["known"], told["read"], told["problem"]) == (None, None, sentence)
    review = studio.client.get(told["review_url"]).text
    assert 'name="price" type="text" value=""' in review
    answer = studio.post("/read", {"url": URL}, json=False)
    assert f"{sentence} You can fill in the fields yourself." in studio.client.get(answer.headers["Location"]).text
    made = studio.post("", {"url": URL, "title": "By hand", "price": "12", "currency": "EUR"})
    assert (made.status_code, made.json["key"]) == (201, "by-hand")
    kept = session.scalars(select(Offer)).one()
    assert (kept.price_minor, kept.currency, kept.availability, kept.locks) == (1200, "EUR", "unknown", ["price"])


def test_a_captcha_gives_no_price_no_title_and_says_why(studio: Studio) -> None:
    studio.shelf.put(URL, page("", "<p>Type the captcha</p>", title="Robot Check"))
    told = studio.read()
    assert (told["read"]["title"], told["read"]["price"], told["read"]["availability"]) == ("", "", "unknown")
    assert told["problem"] == "The shop asks for proof that a person is looking, so nothing could be read there."
    assert told["read"]["confidence"] == "low"
    assert "The shop asks for proof" in studio.client.get(told["review_url"]).text


@pytest.mark.parametrize("picture_file", [b"<svg onload=alert(1)>", b"", b"\x89PNG\r\n\x1a\n" + bytes(60)])
def test_a_picture_that_is_none_is_left_out(studio: Studio, session: Session, picture_file: bytes) -> None:
    studio.shelf.put("https://kettles.example/k.jpg", picture_file)
    assert studio.read()["read"]["picture"] == ""
    assert studio.make().status_code == 201
    assert session.scalar(select(func.count()).select_from(Asset)) == 0


def test_a_redirect_to_a_known_page_is_that_product(studio: Studio) -> None:
    studio.make()
    studio.shelf.put("https://short.example/abc", HTML, at=f"{URL}?utm_campaign=x")
    assert studio.read("https://short.example/abc")["known"]["key"] == "steel-kettle"


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("", "This is not the address of a web page. Copy it from your browser, starting with https://."),
        ("kettle", "This is not the address of a web page. Copy it from your browser, starting with https://."),
        (
            "javascript:alert(1)",
            "This is not the address of a web page. Copy it from your browser, starting with https://.",
        ),
        ("http://127.0.0.1:8000/", "This address is not on the public web, so it was not opened."),
        ("http://169.254.169.254/latest/", "This address is not on the public web, so it was not opened."),
        ("https://router.local/", "This address is not on the public web, so it was not opened."),
    ],
)
def test_addresses_that_are_never_opened(studio: Studio, url: str, sentence: str) -> None:
    answer = studio.post("/read", {"url": url})
    assert (answer.status_code, answer.json) == (422, {"errors": {"url": [sentence]}})
    plain = studio.post("/read", {"url": url}, json=False)
    assert plain.status_code == 422
    assert sentence in plain.text
    assert studio.shelf.asked == []


def test_an_address_without_its_scheme_is_understood(studio: Studio) -> None:
    assert studio.read("kettles.example/k")["read"]["title"] == "Steel kettle"


def test_a_refused_form_keeps_what_was_typed(studio: Studio, session: Session) -> None:
    studio.read()
    answer = studio.post(
        "", {"url": URL, "title": "", "brand": "Mine", "price": "cheap", "currency": "USD"}, json=False
    )
    assert answer.status_code == 422
    assert 'value="Mine"' in answer.text
    assert 'value="cheap"' in answer.text
    assert "Write a title." in answer.text
    told = studio.post("", {"url": URL, "title": "", "currency": "USD"})
    assert (told.status_code, told.json) == (422, {"errors": {"title": ["Write a title."]}})
    assert session.scalar(select(func.count()).select_from(Product)) == 0


def test_corrections_by_who_brought_it_in_and_nobody_else(
    studio: Studio, session: Session, app: Any, make: Factory, sign_in: Any
) -> None:
    studio.make()
    change = {"title": "Steel kettle, 1 l", "price": "49.00", "currency": "USD", "availability": "in_stock"}
    stranger = Studio(sign_in(app.test_client(), make.user("creator")), studio.shelf)
    assert "Correct it" not in stranger.client.get("/studio/products/steel-kettle").text
    assert stranger.post("/steel-kettle", change, json=False).status_code == 403
    assert "Correct it" in studio.client.get("/studio/products/steel-kettle").text
    assert studio.post("/steel-kettle", change, json=False).status_code == 303
    found, kept = session.scalars(select(Product)).one(), session.scalars(select(Offer)).one()
    assert (found.title, kept.price_minor, kept.locks, kept.url) == ("Steel kettle, 1 l", 4900, ["price"], URL)
    assert studio.post("/steel-kettle", change | {"title": ""}, json=False).status_code == 422
    assert studio.client.get("/studio/products/no-such").status_code == 404


def test_readers_and_visitors_stay_outside(app: Any, make: Factory, sign_in: Any) -> None:
    visitor = app.test_client()
    assert visitor.get(NEW).status_code == 302
    reader = sign_in(app.test_client(), make.user("reader"))
    assert reader.get(NEW).status_code == 403


def test_two_shops_of_one_name_get_keys_of_their_own(studio: Studio, session: Session, make: Factory) -> None:
    make.merchant("kettles-example", domain="another.example")
    studio.make()
    keys = set(session.scalars(select(Merchant.key)))
    assert len(keys) == 2
    assert {key[:15] for key in keys} == {"kettles-example"}


def test_in_chinese(studio: Studio) -> None:
    studio.client.set_cookie("cs_lang", "zh")
    assert studio.post("/read", {"url": "x"}).json == {
        "errors": {"url": ["这不是网页地址。请从浏览器里复制，以 https:// 开头。"]}
    }


def test_nothing_is_open_while_a_site_answers(studio: Studio) -> None:
    open_then: list[bool] = []
    studio.shelf.before = lambda: open_then.append(db.session().in_transaction())
    studio.read()
    assert open_then == [False, False]
