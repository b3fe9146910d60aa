"""Cards as pages show them, and why they show it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from flask import Flask

from contentshop.core.db import db
from contentshop.core.money import Money
from contentshop.products import actions
from contentshop.products.inputs import OfferInput, VariantInput
from contentshop.products.models import Product
from contentshop.products.offers import PictureFacts
from contentshop.web import cards as faces
from contentshop.web import structured
from contentshop.web.chrome import money
from contentshop.web.pictures import largest, picture
from contentshop.web.session import Viewer, viewer
from tests.factories import Factory


@pytest.fixture
def who(app: Flask) -> Iterator[Viewer]:
    """A visitor from the United States."""
    with app.test_request_context("/"):
        yield viewer()


def words(product: Product, key: str = "card1", **given: object) -> dict[str, object]:
    return {"key": key, "product_id": product.id, "alternative_id": None, "note": "", **given}


def test_a_picture_offers_its_widths() -> None:
    view = picture(PictureFacts("abc123", 1600, 1200, (320, 640, 1280), "A lamp"))
    assert view is not None
    assert view.src == "/media/ab/abc123-640.webp"
    assert view.srcset == (
        "/media/ab/abc123-320.webp 320w, /media/ab/abc123-640.webp 640w, /media/ab/abc123-1280.webp 1280w"
    )
    assert (view.width, view.height, view.alt) == (1600, 1200, "A lamp")


def test_a_small_picture_has_one_size_and_a_missing_one_none() -> None:
    small = PictureFacts("abc123", 200, 100, (200,), "A lamp")
    view = picture(small, "Other words")
    assert view is not None
    assert (view.src, view.srcset, view.alt) == ("/media/ab/abc123-200.webp", "", "Other words")
    assert largest(small) == "/media/ab/abc123-200.webp"
    assert picture(None) is None
    assert picture(PictureFacts("abc123", 200, 100, (), "")) is None


def add_variant(make: Factory, product: Product, sku: str, name: str, minor: int, *, quantity: int) -> None:
    with make.unit()():
        described = VariantInput(sku, name)
        actions.save_variant(db.session, product.key, described, quantity=quantity, now=make.now, actor="")
        offer = OfferInput("own", "USD", minor, sku=sku)
        actions.save_offer(db.session, product.key, offer, now=make.now, actor="")


def test_the_author_is_told_why_each_offer_won_or_lost(make: Factory, who: Viewer) -> None:
    acme, bolt, cove, dune = (make.merchant(key) for key in ("acme", "bolt", "cove", "dune"))
    lamp = make.product(
        "lamp",
        own={"USD": 900},
        stock=0,
        affiliate=[
            {"merchant": acme, "price_minor": 1000, "key": "a"},
            {"merchant": bolt, "price_minor": 2000, "key": "b"},
            {"merchant": cove, "region": "CN", "key": "c"},
            {"merchant": dune, "health": "dead", "key": "d"},
        ],
    )
    card = faces.card_views([words(lamp)], who, for_author=True)["card1"]
    verdict, *lines = card.reason.split("\n")
    assert verdict == "We have none; this is the best offer for this region."
    assert set(lines) == {
        "Our stock (LAMP, USD): sold out",
        "Acme: shown",
        "Bolt: dearer",
        "Cove: another region",
        "Dune: link dead",
    }
    assert faces.card_views([words(lamp)], who)["card1"].reason == ""


def test_a_card_of_a_vanished_product_is_left_out(make: Factory, who: Viewer) -> None:
    lamp = make.product("lamp")
    cards = faces.card_views([words(lamp), words(lamp, "card2", product_id=999_999)], who)
    assert list(cards) == ["card1"]
    assert faces.card_views([], who) == {}


def test_a_card_carries_its_own_words(make: Factory, who: Viewer) -> None:
    lamp = make.product("lamp", own={"USD": 900}, stock=9)
    card = faces.card_views([words(lamp, note="N", award="A", pros=["p"], cons=["c"])], who)["card1"]
    assert (card.note, card.award, list(card.pros), list(card.cons)) == ("N", "A", ["p"], ["c"])
    assert (card.face, card.price, card.low_stock) == ("stock", Money(900, "USD"), None)
    assert card.disclosure == "", "nothing on it is paid for"


def test_versions_at_other_prices_are_told_before_they_are_chosen(make: Factory, who: Viewer) -> None:
    lamp = make.product("lamp", own={"USD": 900}, stock=9, title="Lamp")
    add_variant(make, lamp, "LAMP-XL", "Large", 1250, quantity=3)
    card = faces.card_views([words(lamp)], who)["card1"]
    assert (card.price, card.starts) == (Money(900, "USD"), True)
    assert money(card.price, card.starts) == "from $9.00"
    assert [label for _key, label, _there in card.variants] == ["Lamp · $9.00", "Large · $12.50"]
    add_variant(make, lamp, "LAMP-XXL", "Huge", 300, quantity=0)
    card = faces.card_views([words(lamp)], who)["card1"]
    assert (card.price, card.starts) == (Money(900, "USD"), True), "what is sold out sets no price"


def test_versions_at_one_price_need_no_words(make: Factory, who: Viewer) -> None:
    lamp = make.product("lamp", own={"USD": 900}, stock=9, title="Lamp")
    add_variant(make, lamp, "LAMP-B", "Blue", 900, quantity=3)
    add_variant(make, lamp, "LAMP-XL", "Large", 1250, quantity=0)
    card = faces.card_views([words(lamp)], who)["card1"]
    assert (card.price, card.starts) == (Money(900, "USD"), False)


def test_outside_a_post_links_name_the_offer(make: Factory, who: Viewer) -> None:
    lamp = make.product("lamp", affiliate=[{"merchant": make.merchant("acme"), "key": "offer1"}])
    known = faces.facts_of([words(lamp)], "en")
    card = faces.product_card(known[lamp.id], who, known=known)
    assert (card.key, card.action_url) == ("", "/go/offer/offer1")


def test_prices_turn_stale_at_the_first_moment_to_come(make: Factory, who: Viewer) -> None:
    acme = make.merchant("acme")
    ages = [timedelta(hours=71), timedelta(hours=1), timedelta(hours=100)]
    lamp = make.product("lamp", affiliate=[{"merchant": acme, "checked_at": who.now - age} for age in ages])
    known = faces.facts_of([words(lamp)], "en")
    assert faces.next_stale(known.values(), who.now) == who.now + timedelta(hours=1)
    assert faces.next_stale([], who.now) is None


def test_prices_of_other_shops_are_summed_up_in_one_currency() -> None:
    found = structured.other_offers([Money(100, "USD"), Money(300, "USD"), Money(5, "CNY")], "unknown")
    assert found == {
        "@type": "AggregateOffer",
        "lowPrice": "1.00",
        "highPrice": "3.00",
        "offerCount": 2,
        "priceCurrency": "USD",
    }
    assert structured.other_offers([], "in_stock") is None


def test_a_data_block_cannot_end_its_script() -> None:
    block = structured.script({"@type": "Thing", "name": "</script><!--&\u2028\u2029"})
    assert block == (
        '<script type="application/ld+json">{"@context":"https://schema.org","@type":"Thing",'
        '"name":"\\u003c/script\\u003e\\u003c!--\\u0026\\u2028\\u2029"}</script>'
    )
