"""What operators change by hand."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from contentshop.core.clock import FixedClock
from contentshop.core.errors import Conflict, Invalid, NotFound
from contentshop.core.outbox import OutboxEvent
from contentshop.media.models import Asset
from contentshop.products import actions, queries
from contentshop.products.inputs import MerchantInput, OfferInput, ProductInput, VariantInput
from contentshop.products.models import Merchant, Offer, Product, ProductPicture
from tests.factories import Factory

Unit = Callable[[], AbstractContextManager[None]]


def told(session: Session) -> int:
    return len(list(session.scalars(select(OutboxEvent.id).where(OutboxEvent.name == "ProductChanged"))))


def stored(session: Session, key: str) -> Product:
    return queries.get_for_desk(session, key)


def test_a_product_is_added_and_changed(session: Session, unit: Unit, clock: FixedClock) -> None:
    with unit():
        lamp = actions.save_product(session, ProductInput.parse({"title": "A Lamp"}), now=clock.now())
        twin = actions.save_product(session, ProductInput.parse({"title": "A lamp"}), now=clock.now())
        third = actions.save_product(session, ProductInput.parse({"title": "A lamp!"}), now=clock.now())
    assert [one.slug for one in (lamp, twin, third)] == ["a-lamp", "a-lamp-2", "a-lamp-3"]
    assert (lamp.version, told(session)) == (1, 3)
    clock.advance(timedelta(minutes=1))
    form = ProductInput.parse({"title": "Lamp", "brand": "Acme", "alternative": "a-lamp-2", "slug": "other"})
    with unit():
        actions.save_product(session, form, key=lamp.key, version=1, now=clock.now())
    found = stored(session, lamp.key)
    assert (found.title, found.brand, found.slug, found.alternative_id) == ("Lamp", "Acme", "a-lamp", twin.id)
    assert (found.version, found.updated_at) == (2, clock.now())
    with unit():
        actions.save_product(session, form, key=lamp.key, version=2, now=clock.now())
    assert (stored(session, lamp.key).version, told(session)) == (2, 4)


def test_two_windows_do_not_overwrite_each_other(
    session: Session, unit: Unit, make: Factory, clock: FixedClock
) -> None:
    lamp = make.product("lamp")
    with unit():
        actions.save_product(session, ProductInput.parse({"title": "Mine"}), key=lamp.key, version=1, now=clock.now())
    with unit(), pytest.raises(Conflict):
        actions.save_product(session, ProductInput.parse({"title": "Yours"}), key=lamp.key, version=1, now=clock.now())
    assert stored(session, lamp.key).title == "Mine"


def test_clashes_are_all_named(session: Session, unit: Unit, make: Factory, clock: FixedClock) -> None:
    lamp = make.product("lamp", gtin="04006381333931")
    form = ProductInput.parse({"title": "X", "slug": "lamp", "gtin": "4006381333931", "alternative": "nothing"})
    with unit(), pytest.raises(Invalid) as refused:
        actions.save_product(session, form, now=clock.now())
    assert sorted(refused.value.fields) == ["alternative", "gtin", "slug"]
    itself = ProductInput.parse({"title": "X", "gtin": "4006381333931", "alternative": "lamp"})
    with unit(), pytest.raises(Invalid) as second:
        actions.save_product(session, itself, key=lamp.key, now=clock.now())
    assert list(second.value.fields) == ["alternative"]
    with unit(), pytest.raises(NotFound):
        actions.save_product(session, itself, key="nothing", now=clock.now())


def test_variants(session: Session, unit: Unit, make: Factory, clock: FixedClock) -> None:
    lamp = make.product("lamp")
    other = make.product("other", own={"USD": 1}, stock=1)
    fixed: dict[str, Any] = {"now": clock.now(), "actor": "op"}
    with unit():
        red = actions.save_variant(session, lamp.key, VariantInput("L-R", "Red"), quantity=4, **fixed)
        blue = actions.save_variant(session, lamp.key, VariantInput("L-B", "Blue", {"zh": "蓝"}), **fixed)
    assert [(v.sku, v.position, v.stock.on_hand) for v in stored(session, lamp.key).variants if v.stock] == [
        ("L-R", 0, 4),
        ("L-B", 1, 0),
    ]
    (movement,) = queries.list_movements(session, red.id, "en")
    assert (movement.delta, movement.balance, movement.actor) == (4, 4, "op")
    assert stored(session, lamp.key).version == 3
    with unit():
        actions.save_variant(session, lamp.key, VariantInput("L-R2", "Crimson"), variant_key=red.key, **fixed)
        actions.save_variant(session, lamp.key, VariantInput("L-R2", "Crimson"), variant_key=red.key, **fixed)
    assert stored(session, lamp.key).version == 4
    assert stored(session, lamp.key).variants[0].name == "Crimson"
    for key, sku in ((None, "L-B"), (red.key, "L-B"), (None, "OTHER")):
        with unit(), pytest.raises(Invalid) as refused:
            actions.save_variant(session, lamp.key, VariantInput(sku), variant_key=key, **fixed)
        assert list(refused.value.fields) == ["sku"]
    with unit(), pytest.raises(NotFound):
        actions.save_variant(session, other.key, VariantInput("L-B"), variant_key=blue.key, **fixed)
    with unit(), pytest.raises(Invalid):
        actions.save_variant(session, lamp.key, VariantInput("L-X"), quantity=-1, **fixed)


def test_our_prices(session: Session, unit: Unit, make: Factory, clock: FixedClock) -> None:
    lamp = make.product("lamp", own={"USD": 1999})

    def save(offer_key: str | None = None, **values: Any) -> Offer:
        data = {"kind": "own", "sku": "LAMP", "price": "12.50", "currency": "EUR"} | values
        form = OfferInput.parse(data, price_unit="major")
        with unit():
            return actions.save_offer(session, lamp.key, form, offer_key=offer_key, now=clock.now())

    added = save()
    assert (added.kind, added.price_minor, added.currency, added.active) == ("own", 1250, "EUR", True)
    changed = save(added.key, price="13", region="CN")
    assert (changed.key, changed.price_minor, changed.region) == (added.key, 1300, "CN")
    assert stored(session, lamp.key).version == 3
    for values, field in (
        ({"currency": "USD"}, "currency"),
        ({"sku": "NONE"}, "sku"),
    ):
        with pytest.raises(Invalid) as refused:
            save(**values)
        assert list(refused.value.fields) == [field]
    with pytest.raises(NotFound):
        save("nothing", region="US")


def test_merchants_offers(session: Session, unit: Unit, make: Factory, clock: FixedClock) -> None:
    make.merchant("shop")
    lamp = make.product("lamp", own={"USD": 1})

    def save(offer_key: str | None = None, **values: Any) -> Offer:
        data = {"kind": "affiliate", "merchant": "shop", "url": "https://shop.example/l", "currency": "USD"} | values
        form = OfferInput.parse(data, price_unit="major")
        with unit():
            return actions.save_offer(session, lamp.key, form, offer_key=offer_key, now=clock.now())

    added = save(price="9.99", availability="preorder")
    assert (added.price_minor, added.availability, added.checked_at) == (999, "preorder", clock.now())
    with unit():
        session.get_one(Offer, added.id).health = "dead"
    clock.advance(timedelta(hours=1))
    assert save(added.key, price="8").health == "dead"
    moved = save(added.key, price="8", url="https://shop.example/new")
    assert (moved.health, moved.checked_at, moved.price_minor) == ("alive", clock.now(), 800)
    for values, field in (({"merchant": "none"}, "merchant"), ({"url": "https://evil.example/"}, "url")):
        with pytest.raises(Invalid) as refused:
            save(**values)
        assert list(refused.value.fields) == [field]
    own = session.scalars(select(Offer).where(Offer.kind == "own")).one()
    with pytest.raises(Invalid) as kind:
        save(own.key)
    assert list(kind.value.fields) == ["kind"]
    form = OfferInput.parse({"kind": "own", "sku": "LAMP", "price_minor": 1, "currency": "EUR"})
    with unit(), pytest.raises(Invalid) as other:
        actions.save_offer(session, lamp.key, form, offer_key=added.key, now=clock.now())
    assert list(other.value.fields) == ["kind"]


def test_offers_are_retired_and_come_back(session: Session, unit: Unit, make: Factory, clock: FixedClock) -> None:
    lamp = make.product("lamp", own={"USD": 1})
    other = make.product("other")
    offer = session.scalars(select(Offer)).one()
    for _ in range(2):
        with unit():
            actions.retire_offer(session, lamp.key, offer.key, now=clock.now())
    assert (stored(session, lamp.key).offers[0].active, stored(session, lamp.key).version) == (False, 2)
    with unit():
        actions.restore_offer(session, lamp.key, offer.key, now=clock.now())
    assert (stored(session, lamp.key).offers[0].active, stored(session, lamp.key).version) == (True, 3)
    with unit(), pytest.raises(NotFound):
        actions.retire_offer(session, other.key, offer.key, now=clock.now())


def test_listing_and_discontinuing(session: Session, unit: Unit, make: Factory, clock: FixedClock) -> None:
    lamp = make.product("lamp")
    for _ in range(2):
        with unit():
            actions.set_status(session, lamp.key, "archived", now=clock.now())
            actions.set_discontinued(session, lamp.key, True, now=clock.now())
    found = stored(session, lamp.key)
    assert (found.status, found.listed, found.discontinued) == ("archived", False, True)
    assert (found.version, told(session)) == (3, 2)


def asset(session: Session, key: str, clock: FixedClock) -> Asset:
    found = Asset(key=key, width=9, height=9, widths=[9], alt="", digest=key, created_at=clock.now())
    session.add(found)
    session.flush()
    return found


def test_the_newest_picture_leads(session: Session, unit: Unit, make: Factory, clock: FixedClock) -> None:
    lamp = make.product("lamp")

    def lead(key: str, alt: str = "") -> None:
        with unit():
            found = session.scalar(select(Asset).where(Asset.key == key)) or asset(session, key, clock)
            actions.set_picture(session, stored(session, lamp.key), found, alt=alt, now=clock.now())

    def shown() -> list[tuple[str, str]]:
        return [(one.key, one.alt) for one in queries.list_pictures(session, lamp.id)]

    lead("one", "First")
    lead("two")
    assert shown() == [("two", ""), ("one", "First")]
    version = stored(session, lamp.key).version
    lead("two")
    assert stored(session, lamp.key).version == version
    lead("two", "Second")
    lead("one", "Again")
    assert shown() == [("one", "Again"), ("two", "Second")]
    for number in range(15):
        lead(f"more{number}")
    assert len(shown()) == 12
    with unit():
        actions.remove_picture(session, lamp.key, "more14", now=clock.now())
    assert [key for key, _ in shown()][:2] == ["more13", "more12"]
    assert sorted(session.scalars(select(ProductPicture.position))) == list(range(11))
    with unit(), pytest.raises(NotFound):
        actions.remove_picture(session, lamp.key, "more14", now=clock.now())


def test_the_reach_of_a_merchant(session: Session, unit: Unit, make: Factory, clock: FixedClock) -> None:
    acme, mall, off = make.merchant("acme"), make.merchant("mall"), make.merchant("off", active=False)
    there = {"merchant": acme}
    make.product("only-there", affiliate=[there, {"merchant": acme, "region": "US", "url": "https://acme.example/us"}])
    make.product("also-ours", own={"USD": 1}, affiliate=[there])
    make.product("also-elsewhere", affiliate=[there, {"merchant": mall}])
    make.product("else-switched-off", affiliate=[there, {"merchant": off}])
    make.product("else-retired", affiliate=[there, {"merchant": mall, "active": False}])
    make.product("unlisted", status="archived", affiliate=[there])
    make.product("retired", affiliate=[there | {"active": False}, {"merchant": mall}])
    assert queries.get_reach(session, acme.id) == queries.Reach(offers=6, products=5, alone=3)
    assert queries.get_reach(session, mall.id) == queries.Reach(offers=2, products=2, alone=1)
    assert [(row.key, row.offers) for row in queries.list_merchants(session, "en")] == [
        ("acme", 7),
        ("mall", 2),
        ("off", 1),
    ]


def test_merchants_and_what_their_changes_touch(session: Session, unit: Unit, make: Factory, clock: FixedClock) -> None:
    def save(**values: Any) -> Merchant:
        data = {"key": "shop", "name": "Shop", "domain": "shop.example"} | values
        with unit():
            return actions.save_merchant(session, MerchantInput.parse(data), now=clock.now())

    shop = save()
    lamp = make.product("lamp", affiliate=[{"merchant": shop}])
    desk = make.product("desk")
    save()
    assert stored(session, lamp.key).version == 1
    save(name="The Shop", name_zh="商店")
    assert (stored(session, lamp.key).version, stored(session, desk.key).version) == (2, 1)
    row = queries.MerchantRow(shop.id, "shop", "商店", "shop.example", "", active=True, offers=1)
    assert queries.list_merchants(session, "zh") == [row]
    with pytest.raises(Invalid) as refused:
        actions.save_merchant(
            session,
            MerchantInput.parse({"key": "shop", "name": "Other", "domain": "two.example"}),
            new=True,
            now=clock.now(),
        )
    assert dict(refused.value.fields) == {"key": ["“shop” is taken; choose another."]}
    with pytest.raises(Invalid) as refused:
        save(key="twin")
    assert list(refused.value.fields) == ["domain"]
    with pytest.raises(Conflict):
        save(domain="other.example")
    for active in (False, False, True):
        with unit():
            actions.set_merchant_active(session, "shop", active, now=clock.now())
    assert stored(session, lamp.key).version == 4
    with unit(), pytest.raises(NotFound):
        actions.set_merchant_active(session, "none", True, now=clock.now())
