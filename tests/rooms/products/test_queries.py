"""Reads of products: one statement for any number of cards."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta

from sqlalchemy.orm import Session

from contentshop.core.clock import FixedClock
from contentshop.core.money import Money
from contentshop.media.models import Asset
from contentshop.products import queries, stock
from contentshop.products.models import Offer, Product, ProductPicture, Variant
from contentshop.products.offers import PictureFacts
from tests.factories import Factory

Unit = Callable[[], AbstractContextManager[None]]
Counter = Callable[[], AbstractContextManager[list[str]]]


def test_facts_of_many_products_take_one_statement(
    session: Session, unit: Unit, make: Factory, clock: FixedClock, statements: Counter
) -> None:
    shop = make.merchant("shop", translations={"zh": {"name": "商店"}})
    lamp = make.product(
        "lamp",
        own={"USD": 1999, "CNY": 12900},
        stock=3,
        affiliate=[{"merchant": shop, "region": "US", "health": "inconclusive"}],
        title="Lamp",
        summary="Bright.",
        brand="Acme",
        category="Light",
        translations={"zh": {"title": "灯", "category": "灯具", "summary": "", "body": "很亮"}},
    )
    spare = make.product("spare", own={"USD": 100}, stock=1)
    variant = make.variant_of(lamp)
    bare = make.product("bare", status="archived", discontinued=True, alternative_id=spare.id)
    with unit():
        asset = Asset(
            key="pic",
            width=900,
            height=600,
            widths=[320, 640],
            alt="A lamp",
            digest="d",
            created_at=clock.now(),
        )
        session.add(asset)
        session.flush()
        session.add_all(
            [
                ProductPicture(product_id=lamp.id, position=0, asset_id=asset.id),
                ProductPicture(product_id=lamp.id, position=1, asset_id=asset.id, alt="Its back"),
            ]
        )
        stock.reserve(session, "o", {variant.id: 1}, expires_at=None, now=clock.now())
    with statements() as seen:
        facts = queries.load_facts(session, [lamp.id, bare.id, 10**6], "zh")
    assert len(seen) == 1
    assert set(facts) == {lamp.id, bare.id, spare.id}

    found = facts[lamp.id]
    assert (found.slug, found.title, found.summary, found.lang) == ("lamp", "灯", "Bright.", "zh")
    assert (found.brand, found.category, found.listed, found.discontinued) == ("Acme", "灯具", True, False)
    assert found.picture == PictureFacts("pic", 900, 600, (320, 640), "A lamp")
    assert (found.version, found.stock_version) == (1, 2)
    usd, cny, affiliate = found.offers
    assert (usd.kind, usd.price, usd.available, usd.sku) == ("own", Money(1999, "USD"), 2, "LAMP")
    assert (cny.price, cny.available, cny.variant_key) == (Money(12900, "CNY"), 2, usd.variant_key)
    assert (affiliate.kind, affiliate.price, affiliate.available) == ("affiliate", Money(9900, "USD"), None)
    assert (affiliate.merchant_key, affiliate.merchant_name, affiliate.merchant_active) == (
        "shop",
        "商店",
        True,
    )
    assert (affiliate.region, affiliate.health) == ("US", "inconclusive")
    assert affiliate.checked_at == clock.now() - timedelta(hours=1)

    gone = facts[bare.id]
    assert (gone.listed, gone.discontinued, gone.offers, gone.picture) == (False, True, (), None)
    assert (gone.alternative_id, gone.lang, gone.stock_version) == (spare.id, "en", 0)
    english = queries.load_facts(session, {lamp.id}, "en")[lamp.id]
    assert (english.title, english.lang, english.offers[2].merchant_name) == ("Lamp", "en", "Shop")


def test_no_products_need_no_statement(session: Session, statements: Counter) -> None:
    with statements() as seen:
        assert queries.load_facts(session, [], "en") == {}
        assert queries.find_ids_by_slug(session, []) == {}
        assert queries.stamp(session, []) == ""
    assert seen == []


def test_offer_without_price_and_variant_with_translation(session: Session, unit: Unit, make: Factory) -> None:
    shop = make.merchant("shop")
    product = make.product("lamp", own={"USD": 1}, affiliate=[{"merchant": shop, "price_minor": None}])
    with unit():
        variant = session.get_one(Variant, make.variant_of(product).id)
        variant.name, variant.translations = "Red", {"zh": {"name": "红"}}
    names = {
        locale: queries.load_facts(session, [product.id], locale)[product.id].offers[0].variant_name
        for locale in ("en", "zh")
    }
    assert names == {"en": "Red", "zh": "红"}
    assert queries.load_facts(session, [product.id], "en")[product.id].offers[1].price is None


def test_ids_by_slug(session: Session, make: Factory) -> None:
    lamp = make.product("lamp")
    assert queries.find_ids_by_slug(session, ["lamp", "no-such"]) == {"lamp": lamp.id}


def test_the_stamp_changes_with_product_stock_and_alternative(
    session: Session, unit: Unit, make: Factory, clock: FixedClock, statements: Counter
) -> None:
    spare = make.product("spare", own={"USD": 1}, stock=1)
    lamp = make.product("lamp", own={"USD": 1}, stock=5, alternative_id=spare.id)
    seen = [queries.stamp(session, [lamp.id])]
    with unit():
        stock.receive(session, make.variant_of(lamp).id, 1, now=clock.now(), actor="op")
    seen.append(queries.stamp(session, [lamp.id]))
    with unit():
        stock.receive(session, make.variant_of(spare).id, 1, now=clock.now(), actor="op")
    seen.append(queries.stamp(session, [lamp.id]))
    with unit():
        session.get_one(Product, lamp.id).version += 1
    with statements() as asked:
        seen.append(queries.stamp(session, [lamp.id]))
    assert len(asked) == 1
    assert len(set(seen)) == 4
    assert queries.stamp(session, [lamp.id]) == seen[-1]


def test_retired_own_offer_is_in_the_facts_as_inactive(session: Session, unit: Unit, make: Factory) -> None:
    product = make.product("lamp", own={"USD": 1}, stock=1)
    with unit():
        for offer in session.query(Offer):
            offer.active = False
    (offer_facts,) = queries.load_facts(session, [product.id], "en")[product.id].offers
    assert offer_facts.active is False
