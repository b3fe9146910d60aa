"""Products made of shops' pages: by whom, once only, with what a person said kept."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event, func, select
from sqlalchemy.orm import Session

from contentshop.accounts.models import User
from contentshop.core.clock import FixedClock
from contentshop.core.db import db
from contentshop.core.errors import Conflict, Forbidden, Invalid
from contentshop.posts import actions as posts
from contentshop.products import actions, policy, queries
from contentshop.products.actions import pasting
from contentshop.products.inputs import FoundInput, MerchantInput, ProductInput
from contentshop.products.models import Merchant, Offer, OfferPage, PageReading, Product
from contentshop.products.pages import Field, PageFacts
from contentshop.search.documents import product_documents
from tests.factories import Factory

URL = "https://kettles.example/k"


def facts(**values: str) -> PageFacts:
    said = {"title": "Steel kettle", "price": "59.00", "currency": "USD", "availability": "in_stock"} | values
    return PageFacts(URL, "", {name: Field(value, "json-ld", "high") for name, value in said.items() if value})


def form(**values: Any) -> FoundInput:
    said = {"url": URL, "title": "Steel kettle", "price": "59.00", "currency": "USD", "availability": "in_stock"}
    return FoundInput.parse({**said, **values}, currency="USD")


@pytest.fixture
def creator(make: Factory) -> User:
    return make.user("creator")


def add(
    session: Session, typed: FoundInput, by: User, clock: FixedClock, read: PageFacts | None = None
) -> pasting.Found:
    found = actions.add_found(
        session,
        typed,
        read=read,
        read_at=clock.now() - timedelta(minutes=5) if read else None,
        asset=None,
        lang="en",
        by=by,
        now=clock.now(),
    )
    session.commit()
    return found


def offer_of(session: Session, product: Product) -> Offer:
    offer = queries.get_page_offer(session, product.id)
    assert offer is not None
    return offer


def test_a_page_becomes_a_product_with_an_offer_of_a_proposed_shop(
    session: Session, creator: User, clock: FixedClock
) -> None:
    found = add(session, form(merchant="Kettle House", brand="Pourwell", gtin="4006381333931"), creator, clock, facts())
    assert found.added
    product, offer = found.product, offer_of(session, found.product)
    assert (product.title, product.brand, product.gtin, product.added_by) == (
        "Steel kettle",
        "Pourwell",
        "04006381333931",
        creator.key,
    )
    assert (offer.url, offer.price_minor, offer.currency, offer.availability) == (URL, 5900, "USD", "in_stock")
    assert offer.checked_at == clock.now() - timedelta(minutes=5)
    merchant = session.scalars(select(Merchant)).one()
    assert (merchant.key, merchant.name, merchant.domain, merchant.approved, merchant.active) == (
        "kettles-example",
        "Kettle House",
        "kettles.example",
        False,
        True,
    )
    assert session.scalars(select(OfferPage.check_at)).one() == clock.now() + timedelta(hours=24)


def test_what_a_person_says_against_the_page_is_locked(session: Session, creator: User, clock: FixedClock) -> None:
    same = add(session, form(), creator, clock, facts()).product
    assert (same.locks, offer_of(session, same).locks) == ([], [])
    other = add(
        session,
        form(url=f"{URL}/2", title="Better name", price="49.00", availability="preorder", brand="Pourwell"),
        creator,
        clock,
        replace(facts(), url=f"{URL}/2"),
    ).product
    assert (other.locks, offer_of(session, other).locks) == (["title", "brand"], ["price", "availability"])
    assert offer_of(session, other).checked_at == clock.now()
    ticked = add(
        session, form(url=f"{URL}/3", lock_title="1", lock_price="1"), creator, clock, replace(facts(), url=f"{URL}/3")
    ).product
    assert (ticked.locks, offer_of(session, ticked).locks) == (["title"], ["price"])


def test_everything_by_hand_without_a_price(session: Session, creator: User, clock: FixedClock) -> None:
    product = add(session, form(price="", availability="unknown"), creator, clock).product
    offer = offer_of(session, product)
    assert (offer.price_minor, offer.availability, offer.locks) == (None, "unknown", [])
    assert product.locks == ["title"]


@pytest.mark.parametrize(
    "again",
    [f"{URL}?utm_source=mail", "http://www.kettles.example/k/", "https://m.kettles.example/k?fbclid=x#reviews"],
)
def test_the_same_page_is_the_same_product_for_everybody(
    session: Session, make: Factory, creator: User, clock: FixedClock, again: str
) -> None:
    first = add(session, form(), creator, clock, facts())
    second = add(session, form(url=again, title="Mine!", price="1.00"), make.user("creator"), clock)
    assert (second.added, second.product.id) == (False, first.product.id)
    assert second.product.title == "Steel kettle"
    assert offer_of(session, second.product).price_minor == 5900
    assert session.scalar(select(func.count()).select_from(Offer)) == 1


def test_the_same_gtin_is_the_same_product(session: Session, make: Factory, creator: User, clock: FixedClock) -> None:
    known = make.product("kettle", gtin="04006381333931")
    found = add(session, form(gtin="4006381333931"), creator, clock, facts())
    assert (found.added, found.product.id) == (False, known.id)
    assert session.scalar(select(func.count()).select_from(Offer)) == 0


def test_offers_of_imports_are_found_by_their_address_too(
    session: Session, make: Factory, creator: User, clock: FixedClock
) -> None:
    shop = make.merchant("acme")
    known = make.product("kettle", affiliate=[{"merchant": shop, "url": "https://www.acme.example/k?spm=1"}])
    assert queries.find_by_pages(session, ["https://acme.example/k?utm_source=x"]) == known.id
    row = ProductInput.parse(
        {"title": "Pot", "offers": [{"url": "https://acme.example/pot?a=1", "currency": "USD"}]}, currency="USD"
    )
    pot = actions.upsert_product(session, row, now=clock.now())
    session.commit()
    assert queries.find_by_pages(session, ["", "https://acme.example/pot/?a=1&gclid=2"]) == pot.id
    assert queries.find_by_pages(session, ["https://acme.example/other", ""]) is None


def test_a_shop_below_a_known_domain_is_that_shop(
    session: Session, make: Factory, creator: User, clock: FixedClock
) -> None:
    shop = make.merchant("acme")
    product = add(session, form(url="https://music.acme.example/k"), creator, clock).product
    assert offer_of(session, product).merchant_id == shop.id
    assert session.scalar(select(func.count()).select_from(Merchant)) == 1


def test_a_shop_that_was_switched_off_is_refused(
    session: Session, make: Factory, creator: User, clock: FixedClock
) -> None:
    make.merchant("acme", active=False)
    with pytest.raises(Invalid) as refused:
        add(session, form(url="https://acme.example/k"), creator, clock)
    assert refused.value.fields == {"url": ["This site does not link to Acme."]}


def test_readers_may_not_add_and_nobody_adds_without_end(
    session: Session, make: Factory, creator: User, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(Forbidden):
        add(session, form(), make.user("reader"), clock)
    with pytest.raises(Forbidden):
        add(session, form(), make.user("creator", blocked=True), clock)
    for number in range(pasting.MAX_FOUND_A_DAY):
        session.add(
            Product(
                key=f"k{number}",
                slug=f"s{number}",
                title="t",
                added_by=creator.key,
                created_at=clock.now(),
                updated_at=clock.now(),
            )
        )
    session.commit()
    with pytest.raises(Conflict):
        add(session, form(), creator, clock)
    clock.advance(timedelta(days=1, seconds=1))
    assert add(session, form(), creator, clock).added


def test_imports_leave_locked_fields_alone(session: Session, make: Factory, creator: User, clock: FixedClock) -> None:
    make.merchant("acme")
    product = add(session, form(url="https://acme.example/k", lock_title="1", lock_price="1"), creator, clock).product
    row = ProductInput.parse(
        {
            "slug": product.slug,
            "title": "From the file",
            "brand": "Filebrand",
            "offers": [
                {"url": "https://acme.example/k", "price": "1.00", "currency": "USD", "availability": "out_of_stock"}
            ],
        },
        currency="USD",
        price_unit="major",
    )
    actions.upsert_product(session, row, now=clock.now())
    session.commit()
    session.refresh(product)
    offer = offer_of(session, product)
    session.refresh(offer)
    assert (product.title, product.brand) == ("Steel kettle", "Filebrand")
    assert (offer.price_minor, offer.availability) == (5900, "in_stock")


def test_who_may_correct_what(make: Factory) -> None:
    mine, other, operator = make.user("creator"), make.user("creator"), make.user("operator")
    found, imported = make.product(added_by=mine.key), make.product()
    assert policy.can_correct(mine, found)
    assert policy.can_correct(operator, found)
    assert policy.can_correct(operator, imported)
    assert not policy.can_correct(other, found)
    assert not policy.can_correct(mine, imported)
    assert not policy.can_correct(None, found)
    assert not policy.can_correct(make.user("reader", key=""), imported)


def test_corrections_are_locked_and_dated(session: Session, make: Factory, creator: User, clock: FixedClock) -> None:
    product = add(session, form(), creator, clock, facts()).product
    clock.advance(timedelta(hours=2))
    actions.correct_found(session, product.key, form(title="Kettle", price="55.00"), by=creator, now=clock.now())
    session.commit()
    offer = offer_of(session, product)
    assert (product.title, product.locks, product.version) == ("Kettle", ["title"], 2)
    assert (offer.price_minor, offer.locks) == (5500, ["price"])
    assert (offer.checked_at, offer.price_changed_at) == (clock.now(), clock.now())
    # Unticked again, the page may speak again.
    actions.correct_found(session, product.key, form(title="Kettle", price="55.00"), by=creator, now=clock.now())
    assert (product.locks, offer.locks) == ([], [])
    session.commit()
    stranger = make.user("creator")
    make.product(gtin="04006381333931", title="Other")
    with pytest.raises(Forbidden):
        actions.correct_found(session, product.key, form(), by=stranger, now=clock.now())
    with pytest.raises(Invalid) as refused:
        actions.correct_found(session, product.key, form(gtin="4006381333931"), by=creator, now=clock.now())
    assert refused.value.fields == {"gtin": ["This GTIN belongs to “Other”."]}


def test_an_approved_shop_changes_its_products(session: Session, creator: User, clock: FixedClock) -> None:
    product = add(session, form(), creator, clock, facts()).product
    assert queries.load_facts(session, [product.id], "en")[product.id].offers[0].plain_url == URL
    actions.approve_merchant(session, "kettles-example", now=clock.now())
    session.commit()
    loaded = queries.load_facts(session, [product.id], "en")[product.id]
    assert (loaded.offers[0].plain_url, loaded.version) == ("", 2)


def test_readings_belong_to_a_person_and_are_forgotten(
    session: Session, make: Factory, creator: User, clock: FixedClock
) -> None:
    other = make.user("creator")
    for title in ("First", "Second"):
        actions.keep_reading(session, facts(title=title), asset_key="a1", by=creator, now=clock.now())
    session.commit()
    kept = queries.find_reading(session, f"{URL}?utm_source=x", reader_id=creator.id)
    assert kept is not None
    assert (kept.facts.get("title"), kept.asset_key, kept.read_at) == ("Second", "a1", clock.now())
    assert queries.find_reading(session, URL, reader_id=other.id) is None
    clock.advance(timedelta(days=7, seconds=1))
    assert actions.forget_readings(session, now=clock.now()) == 1
    assert session.scalar(select(func.count()).select_from(PageReading)) == 0


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"url": ""}, "url"),
        ({"url": "https://10.0.0.1/k"}, "url"),
        ({"url": "javascript:alert(1)"}, "url"),
        ({"url": "https://localhost/k"}, "url"),
        ({"title": ""}, "title"),
        ({"title": "x" * 501}, "title"),
        ({"price": "cheap"}, "price"),
        ({"price": "0"}, "price"),
        ({"price": "-3"}, "price"),
        ({"price": "1.999"}, "price"),
        ({"currency": "XTS"}, "currency"),
        ({"gtin": "4006381333932"}, "gtin"),
        ({"availability": "perhaps"}, "availability"),
        ({"brand": "b" * 121}, "brand"),
    ],
)
def test_bad_forms(typed: dict[str, str], field: str) -> None:
    with pytest.raises(Invalid) as refused:
        form(**typed)
    assert set(refused.value.fields) == {field}


def test_hours_between_looks_are_set_with_the_merchant(session: Session, clock: FixedClock) -> None:
    words = {"key": "acme", "name": "Acme", "domain": "acme.example"}
    shop = actions.save_merchant(session, MerchantInput.parse({**words, "check_hours": "6"}), now=clock.now())
    assert shop.check_hours == 6
    actions.save_merchant(session, MerchantInput.parse(words), now=clock.now())
    assert shop.check_hours == 6
    for wrong in ("0", "721", "often"):
        with pytest.raises(Invalid):
            MerchantInput.parse({**words, "check_hours": wrong})


def test_a_pasted_product_is_picked_at_once_and_found_once_it_is_recommended(
    session: Session, make: Factory, creator: User, clock: FixedClock
) -> None:
    product = add(session, form(title="不锈钢鹅颈壶", mpn="PW-1200"), creator, clock).product
    for words in ("不锈钢", "鹅颈壶 不锈钢", "buxiugang", "bu-xiu", "pw-1200"):
        assert [hit.slug for hit in queries.search_catalogue(session, words, 5)] == [product.slug], words
    assert queries.search_catalogue(session, "buxiushang", 5) == []
    assert product_documents(session, [product.key]) == {}
    assert queries.list_addresses(session, limit=9) == []
    session.rollback()
    post = make.post(creator, source=f"Pour.\n\n::card[{product.slug}]\n", published=False)
    assert product_documents(session, [product.key]) == {}
    session.rollback()
    with make.unit()():
        posts.publish(db.session, db.session.merge(post), by=db.session.merge(creator), now=clock.now())
    assert list(product_documents(session, [product.key])) == [product.key]


@pytest.mark.parametrize(
    "typed", [{}, {"url": "https://other.example/k", "gtin": "4006381333931"}], ids=["page", "gtin"]
)
def test_what_was_taken_out_of_the_catalogue_is_not_brought_back(
    session: Session, creator: User, clock: FixedClock, typed: dict[str, str]
) -> None:
    product = add(session, form(gtin="4006381333931"), creator, clock).product
    actions.set_status(session, product.key, "archived", now=clock.now())
    session.commit()
    with pytest.raises(Invalid) as refused:
        add(session, form(**typed), creator, clock)
    assert refused.value.fields == {"url": ["This product was taken out of the catalogue. Ask an operator about it."]}


def test_two_people_pasting_one_page_at_the_same_moment_get_one_product(
    session: Session, make: Factory, creator: User, clock: FixedClock
) -> None:
    engine = session.get_bind()
    if engine.dialect.name == "sqlite":
        pytest.skip("writers queue on SQLite, so nobody can come between")
    rival = make.user("creator")

    @event.listens_for(session, "before_flush", once=True)
    def come_between(*_: object) -> None:
        with Session(engine, expire_on_commit=False) as other:
            add(other, form(title="First"), rival, clock)

    found = add(session, form(title="Second"), creator, clock)
    assert (found.added, found.product.title) == (False, "First")
    assert session.scalar(select(func.count()).select_from(Product)) == 1
