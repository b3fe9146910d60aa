"""What things are described by reads in the language of the page."""

from __future__ import annotations

from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from contentshop.core.clock import FixedClock
from contentshop.products import actions, queries
from contentshop.products.inputs import AttributeInput
from contentshop.products.models import Product
from contentshop.search.documents import product_documents
from tests.factories import Factory

ASKED = (
    AttributeInput("Weight", names={"zh": "重量"}),
    AttributeInput("Colour", "choice", names={"zh": "颜色"}, choices=("Red",), choice_names={"Red": {"zh": "红"}}),
    AttributeInput("Folds", "flag", names={"zh": "折叠"}),
    AttributeInput("产地", names={}),
)


def ask(session: Session, clock: FixedClock) -> None:
    for one in ASKED:
        actions.save_attribute(session, one, now=clock.now())
    session.commit()


def test_a_products_page_speaks_the_readers_language(
    client: FlaskClient, session: Session, make: Factory, clock: FixedClock
) -> None:
    said = [["weight", "2 kg"], ["Colour", "Red"], ["Folds", "Yes"], ["Maker’s word", "fine"]]
    make.product("lamp", attrs=said)
    make.product("deng", attrs=[["重量", "3 kg"], ["折叠", "No"]])
    ask(session, clock)

    def facts(slug: str, locale: str) -> tuple[tuple[str, str], ...]:
        return queries.get_product_page(session, slug, locale).attrs

    assert facts("lamp", "zh") == (("重量", "2 kg"), ("颜色", "红"), ("折叠", "是"), ("Maker’s word", "fine"))
    assert facts("lamp", "en") == (("Weight", "2 kg"), ("Colour", "Red"), ("Folds", "Yes"), ("Maker’s word", "fine"))
    assert facts("deng", "en") == (("Weight", "3 kg"), ("Folds", "No"))
    client.set_cookie("cs_lang", "zh")
    assert "<dt>重量</dt><dd>2 kg</dd>" in client.get("/products/lamp").text


def test_pages_follow_when_a_property_gets_another_name(session: Session, make: Factory, clock: FixedClock) -> None:
    make.product("lamp", attrs=[["Weight", "2 kg"]])
    make.product("chair", attrs=[["Seat", "oak"]])
    ask(session, clock)
    versions = select(Product.slug, Product.version)
    before = dict(session.execute(versions).all())
    key = queries.all_attributes(session, [])[0].key
    actions.save_attribute(session, AttributeInput("Weight", names={"zh": "净重"}), key=key, now=clock.now())
    session.commit()
    after = dict(session.execute(versions).all())
    assert (after["lamp"], after["chair"]) == (before["lamp"] + 1, before["chair"])
    assert queries.get_product_page(session, "lamp", "zh").attrs == (("净重", "2 kg"),)


def test_values_of_a_product_may_read_otherwise_in_another_language(
    client: FlaskClient, session: Session, make: Factory, clock: FixedClock
) -> None:
    said = [["Weight", "2 kg with its stand"], ["Colour", "Red"], ["Ports", "one"], ["Ports", "two"]]
    own = [["重量", "连底座 2 kg"], ["Ports", "一个"], ["产地", "中国"]]
    lamp = make.product("lamp", attrs=said, translations={"zh": {"attrs": own}})
    ask(session, clock)
    chinese = (("重量", "连底座 2 kg"), ("颜色", "红"), ("Ports", "一个"), ("Ports", "two"), ("产地", "中国"))
    assert queries.get_product_page(session, "lamp", "zh").attrs == chinese
    assert queries.get_product_page(session, "lamp", "en").attrs == tuple((name, value) for name, value in said)
    (facts,) = queries.load_facts(session, [lamp.id], "zh", attributes=True).values()
    assert facts.attributes == chinese
    client.set_cookie("cs_lang", "zh")
    assert "<dt>重量</dt><dd>连底座 2 kg</dd>" in client.get("/products/lamp").text
    document = product_documents(session, [lamp.key])[lamp.key]
    assert "Weight 2 kg with its stand" in document.body
    assert "重量 连底座 2 kg" in document.body
