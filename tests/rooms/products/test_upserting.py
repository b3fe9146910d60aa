"""Adding and updating products from descriptions."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from contentshop.core.clock import FixedClock
from contentshop.core.errors import Invalid
from contentshop.core.outbox import OutboxEvent
from contentshop.products import actions, queries, stock
from contentshop.products.actions import Upserted
from contentshop.products.inputs import ProductInput
from contentshop.products.models import Offer, Product, StockMovement, Variant
from tests.factories import Factory

Unit = Callable[[], AbstractContextManager[None]]

LAMP: dict[str, Any] = {
    "slug": "lamp",
    "title": "Lamp",
    "brand": "Acme",
    "gtin": "4006381333931",
    "attrs": "weight: 2 kg",
    "translations": {"zh": {"title": "灯"}},
    "variants": [{"sku": "L-R", "name": "Red", "name_zh": "红"}, {"sku": "L-B", "name": "Blue"}],
    "offers": [
        {"kind": "own", "sku": "L-R", "price_minor": 1999, "currency": "USD", "quantity": 5},
        {"kind": "own", "sku": "L-R", "price_minor": 12900, "currency": "CNY"},
        {"kind": "own", "sku": "L-B", "price_minor": 2099, "currency": "USD"},
        {
            "kind": "affiliate",
            "merchant": "shop",
            "url": "https://www.shop.example/lamp",
            "price_minor": 1899,
            "currency": "USD",
            "region": "US",
            "availability": "in_stock",
            "checked_hours_ago": 3,
        },
    ],
}


@pytest.fixture
def put(session: Session, unit: Unit, clock: FixedClock) -> Callable[..., Any]:
    """``put(row, row, …)``: upsert them in one unit and return what became of each."""

    def do(*rows: dict[str, Any]) -> list[Upserted | Invalid]:
        with unit():
            return actions.upsert_products(session, [ProductInput.parse(row) for row in rows], now=clock.now())

    return do


def outcome(found: Any) -> str:
    return str(found.outcome) if isinstance(found, Upserted) else "; ".join(found.fields)


def events(session: Session) -> list[str]:
    return [event.payload["product"] for event in session.scalars(select(OutboxEvent).order_by(OutboxEvent.id))]


def lamp(session: Session) -> Product:
    return session.scalars(
        select(Product).where(Product.slug == "lamp").execution_options(populate_existing=True)
    ).one()


def test_a_new_product_comes_whole(session: Session, make: Factory, put: Callable[..., Any], clock: FixedClock) -> None:
    make.merchant("shop")
    (found,) = put(LAMP)
    assert (found.outcome, found.missing) == ("added", "")
    product = lamp(session)
    assert (product.id, product.key, product.version) == (found.id, found.key, 1)
    assert (product.title, product.brand, product.gtin) == ("Lamp", "Acme", "04006381333931")
    assert (product.attrs, product.translations) == ([["weight", "2 kg"]], {"zh": {"title": "灯"}})
    assert [(v.sku, v.name, v.translations, v.position) for v in product.variants] == [
        ("L-R", "Red", {"zh": {"name": "红"}}, 0),
        ("L-B", "Blue", {}, 1),
    ]
    assert [v.stock.on_hand for v in product.variants if v.stock] == [5, 0]
    assert [(o.kind, o.price_minor, o.currency, o.region) for o in product.offers] == [
        ("own", 1999, "USD", ""),
        ("own", 12900, "CNY", ""),
        ("own", 2099, "USD", ""),
        ("affiliate", 1899, "USD", "US"),
    ]
    assert product.offers[3].checked_at == clock.now() - timedelta(hours=3)
    movement = session.scalars(select(StockMovement)).one()
    assert (movement.delta, movement.reason, movement.actor) == (5, "opening stock", "import")
    assert events(session) == [product.key]
    assert stock.audit(session) == []


def test_the_same_again_changes_nothing(
    session: Session, make: Factory, put: Callable[..., Any], clock: FixedClock
) -> None:
    make.merchant("shop")
    put(LAMP)
    before = queries.stamp(session, [lamp(session).id])
    seen_at = lamp(session).offers[3].checked_at
    clock.advance(timedelta(hours=5))
    (found,) = put(LAMP)
    assert found.outcome == "unchanged"
    assert queries.stamp(session, [lamp(session).id]) == before
    assert lamp(session).offers[3].checked_at == seen_at
    assert len(events(session)) == 1


@pytest.mark.parametrize(
    "change",
    [
        {"title": "Lamp 2"},
        {"attrs": "weight: 3 kg"},
        {"gtin": "96385074"},
        {"discontinued": True},
        {"status": "draft"},
        {"translations": {"zh": {"title": "台灯"}}},
        {"variants": [{"sku": "L-R", "name": "Crimson"}]},
        {"variants": [{"sku": "L-G", "name": "Green"}]},
        {"offers": [{"kind": "own", "sku": "L-R", "price_minor": 1, "currency": "USD"}]},
        {"offers": [{"kind": "own", "sku": "L-R", "price_minor": 1999, "currency": "EUR"}]},
        {"offers": [{"kind": "own", "sku": "L-R", "price_minor": 1999, "currency": "USD", "region": "CN"}]},
        {"offers": [LAMP["offers"][3] | {"price_minor": 1}]},
        {"offers": [LAMP["offers"][3] | {"availability": "out_of_stock"}]},
        {"offers": [LAMP["offers"][3] | {"url": "https://shop.example/other"}]},
        {"offers": [LAMP["offers"][3] | {"region": "CN"}]},
    ],
)
def test_each_change_counts_once_and_is_told(
    session: Session, make: Factory, put: Callable[..., Any], change: dict[str, Any]
) -> None:
    make.merchant("shop")
    put(LAMP)
    row = {"slug": "lamp", "title": "Lamp"} | change
    (first,), (second,) = put(row), put(row)
    assert (first.outcome, second.outcome) == ("updated", "unchanged")
    assert lamp(session).version == 2
    assert len(events(session)) == 2
    assert len(lamp(session).offers) >= 4


def test_what_a_description_leaves_out_stays(session: Session, make: Factory, put: Callable[..., Any]) -> None:
    make.merchant("shop")
    put(LAMP)
    (found,) = put({"slug": "lamp", "title": "Lamp"})
    assert found.outcome == "unchanged"
    assert (lamp(session).brand, len(lamp(session).offers), len(lamp(session).variants)) == ("Acme", 4, 2)


def test_stock_and_retired_offers_belong_to_the_operators(
    session: Session, unit: Unit, make: Factory, put: Callable[..., Any], clock: FixedClock
) -> None:
    make.merchant("shop")
    put(LAMP)
    variant, offer = lamp(session).variants[0], lamp(session).offers[0]
    with unit():
        stock.receive(session, variant.id, 10, now=clock.now(), actor="op")
        actions.retire_offer(session, lamp(session).key, offer.key, now=clock.now())
    put(LAMP)
    assert lamp(session).offers[0].active is False
    _, row = queries.get_stock(session, variant.key, "en")
    assert row.on_hand == 15


def test_a_price_seen_earlier_does_not_replace_a_later_one(
    session: Session, make: Factory, put: Callable[..., Any], clock: FixedClock
) -> None:
    make.merchant("shop")
    base = {k: v for k, v in LAMP["offers"][3].items() if k != "checked_hours_ago"}

    def seen(at: datetime, price: int) -> str:
        (found,) = put({**LAMP, "offers": [{**base, "checked_at": at, "price_minor": price}]})
        return str(found.outcome)

    noon = clock.now()
    assert seen(noon - timedelta(hours=2), 100) == "added"
    assert seen(noon - timedelta(hours=3), 90) == "unchanged"
    assert seen(noon - timedelta(hours=1), 100) == "updated"
    assert seen(noon + timedelta(days=9), 80) == "updated"
    offer = session.scalars(select(Offer).where(Offer.kind == "affiliate")).one()
    assert (offer.price_minor, offer.checked_at) == (80, noon)


def test_identity_is_the_source_then_the_slug(session: Session, put: Callable[..., Any]) -> None:
    by_source = {"title": "Lamp", "source": "feed:7"}
    first, twin = put(by_source, {"title": "Lamp", "source": "feed:8"})
    assert (first.slug, twin.slug) == ("lamp", "lamp-8")
    (again,) = put(by_source | {"title": "Lamp, renamed"})
    assert (again.outcome, again.id, again.slug) == ("updated", first.id, "lamp")
    (foreign,) = put({"title": "Lamp", "slug": "lamp", "source": "other:7"})
    assert outcome(foreign) == "slug"
    (by_slug,) = put({"title": "Desk", "slug": "desk"})
    (adopted,) = put({"title": "Desk", "slug": "desk", "source": "feed:9"})
    assert (adopted.outcome, adopted.id) == ("updated", by_slug.id)
    (third,) = put({"title": "Lamp", "source": "feed:x/8"})
    assert third.slug not in {"lamp", "lamp-8"}


def test_wrong_rows_are_refused_alone_and_leave_no_trace(
    session: Session, make: Factory, put: Callable[..., Any]
) -> None:
    make.merchant("shop")
    put(LAMP)
    own = {"kind": "own", "price_minor": 1, "currency": "USD"}
    link = {"kind": "affiliate", "currency": "USD"}
    rows = [
        {"title": "A", "slug": "a", "offers": [own | {"sku": "L-R"}]},
        {"title": "B", "slug": "b", "gtin": "4006381333931"},
        {"title": "C", "slug": "c", "offers": [link | {"merchant": "none", "url": "https://none.example/"}]},
        {"title": "D", "slug": "d", "offers": [link | {"merchant": "shop", "url": "https://evil.example/"}]},
        {"title": "E", "slug": "e", "offers": [link | {"url": "https://nobody.example/"}]},
        {"title": "F", "slug": "f", "alternative": "f"},
        {"title": "G", "slug": "g", "variants": [{"sku": "G"}]},
        {"title": "H", "slug": "h", "variants": [{"sku": "G"}]},
        {"title": "G again", "slug": "g"},
        {"title": "I", "slug": "i", "offers": [link | {"url": "https://m.shop.example/i"}]},
    ]
    assert [outcome(found) for found in put(*rows)] == [
        "sku",
        "gtin",
        "offers.1.merchant",
        "offers.1.url",
        "offers.1.merchant",
        "alternative",
        "added",
        "sku",
        "slug",
        "added",
    ]
    assert sorted(session.scalars(select(Product.slug))) == ["g", "i", "lamp"]
    assert len(list(session.scalars(select(Variant)))) == 3
    assert lamp(session).version == 1


def test_a_refused_update_leaves_the_product_as_it_was(
    session: Session, make: Factory, put: Callable[..., Any]
) -> None:
    make.merchant("shop")
    put(LAMP, {"title": "Other", "slug": "other", "variants": [{"sku": "O"}]})
    (found,) = put({"title": "Changed", "slug": "lamp", "variants": [{"sku": "O"}]})
    assert outcome(found) == "sku"
    assert lamp(session).title == "Lamp"


def test_alternatives_are_found_before_and_behind(session: Session, put: Callable[..., Any]) -> None:
    put({"title": "Old", "slug": "old"})
    rows = [
        {"title": "A", "slug": "a", "alternative": "b"},
        {"title": "B", "slug": "b", "alternative": "old"},
        {"title": "C", "slug": "c", "alternative": "later"},
    ]
    assert [found.missing for found in put(*rows)] == ["", "", "later"]
    ids = queries.find_ids_by_slug(session, ["a", "b", "old", "c"])
    names = {row.slug: row.alternative_id for row in session.execute(select(Product.slug, Product.alternative_id))}
    assert names == {"old": None, "a": ids["b"], "b": ids["old"], "c": None}
    assert [outcome(found) for found in put(*rows)] == ["unchanged"] * 3
    (linked, _) = put(rows[2], {"title": "Later", "slug": "later"})
    assert (linked.outcome, linked.missing) == ("updated", "")
    (one,) = put({"title": "B", "slug": "b", "alternative": ""})
    assert one.outcome == "updated"


def test_the_merchant_with_the_longest_fitting_domain_is_meant(
    session: Session, make: Factory, put: Callable[..., Any]
) -> None:
    make.merchant("shop")
    make.merchant("music", domain="music.shop.example")
    put({"title": "A", "slug": "a", "offers": [{"url": "https://www.music.shop.example/a", "currency": "USD"}]})
    assert session.scalars(select(Offer)).one().merchant.key == "music"  # type: ignore[union-attr]


def test_what_another_process_added_meanwhile_costs_one_row(
    session: Session, unit: Unit, put: Callable[..., Any], clock: FixedClock
) -> None:
    """The constraints decide; here by a title that only the database misses."""
    rows = [{"title": name, "slug": name, "variants": [{"sku": f"S-{name}"}]} for name in ("a", "b", "c")]
    parsed = [ProductInput.parse(row) for row in rows]
    clash = ProductInput(title=None, given=frozenset({"title"}), slug="e")  # type: ignore[arg-type]
    with unit():
        found = actions.upsert_products(session, [*parsed[:2], clash, parsed[2]], now=clock.now())
    assert [outcome(one) for one in found] == ["added", "added", "", "added"]
    assert sorted(session.scalars(select(Product.slug))) == ["a", "b", "c"]


def test_upsert_product_returns_the_product_or_raises(
    session: Session, unit: Unit, make: Factory, clock: FixedClock
) -> None:
    make.merchant("shop")
    row = ProductInput.parse({"title": "X", "slug": "x", "gtin": LAMP["gtin"]})
    with unit():
        product = actions.upsert_product(session, ProductInput.parse(LAMP), now=clock.now())
        assert (product.slug, len(product.offers)) == ("lamp", 4)
        with pytest.raises(Invalid):
            actions.upsert_product(session, row, now=clock.now())
        assert actions.upsert_products(session, [], now=clock.now()) == []


def test_a_batch_takes_a_fixed_number_of_statements(
    session: Session, put: Callable[..., Any], statements: Callable[[], AbstractContextManager[list[str]]]
) -> None:
    def rows(count: int, name: str) -> list[dict[str, Any]]:
        return [
            {
                "title": f"{name} {n}",
                "source": f"{name}:{n}",
                "offers": [{"sku": f"{name}-{n}", "price_minor": 5, "currency": "USD", "quantity": 1}],
            }
            for n in range(count)
        ]

    put(*rows(1, "first"))  # which also makes the place that goods are at
    with statements() as few:
        put(*rows(3, "few"))
    with statements() as many:
        put(*rows(60, "many"))
    assert len(many) == len(few)
