"""Files out and in: our own format loses nothing, Shopify's and Google's are understood."""

from __future__ import annotations

import string
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from contentshop.core.clock import FixedClock
from contentshop.core.errors import Invalid
from contentshop.products import actions, imports, queries
from contentshop.products.imports import ImportOptions
from contentshop.products.inputs import STATUSES, ProductInput
from contentshop.products.models import Category, Offer, PriceChange, Product, StockMovement, Variant
from contentshop.products.queries import export_products
from tests.factories import Factory

Unit = Callable[[], AbstractContextManager[None]]
GOLDEN = Path(__file__).parent / "golden"


def take(session: Session, unit: Unit, clock: FixedClock, path: Path, **options: Any) -> tuple[Any, list[Any]]:
    """(run, errors) of an import of a file."""
    scan = imports.scan_file(path)
    chosen = ImportOptions(**({"source": "file", "price_unit": "major", "currency": "USD"} | options))
    errors = []
    with unit():
        run = actions.start_import(session, scan, chosen, now=clock.now())
    for batch in imports.read_batches(scan, chosen, after=run.last_line):
        with unit():
            errors += actions.import_batch(session, run.digest, batch, now=clock.now()).errors
    with unit():
        errors += actions.finish_import(session, run.digest, now=clock.now()).errors
    return run, errors


def skus(session: Session) -> dict[str, Variant]:
    session.expire_all()
    return {variant.sku: variant for variant in session.scalars(select(Variant))}


def test_shopify(session: Session, unit: Unit, clock: FixedClock) -> None:
    run, errors = take(session, unit, clock, GOLDEN / "shopify.csv")
    assert (run.added, [error.line for error in errors]) == (2, [6])
    assert "price" in errors[0].message
    tee = session.scalars(select(Product).where(Product.title == "Merino Tee")).one()
    assert (tee.body, tee.brand, tee.category) == ("Soft & warm.", "Woolly", "Shirts")
    assert tee.options == [
        {"name": "Color", "names": {}, "values": [{"value": "Navy", "names": {}}, {"value": "Red", "names": {}}]},
        {"name": "Size", "names": {}, "values": [{"value": "S", "names": {}}, {"value": "M", "names": {}}]},
    ]
    found = skus(session)
    assert [(one.sku, one.name, one.options, one.weight_g, one.gtin) for one in found.values()] == [
        ("MT-NS", "Navy / S", ["Navy", "S"], 180, "04006381333931"),
        ("MT-NM", "Navy / M", ["Navy", "M"], 190, None),
        ("MT-RM", "Red / M", ["Red", "M"], 190, None),
        ("PB-1", "", [], 0, None),
    ]
    assert found["PB-1"].digital
    assert not found["MT-NS"].digital
    prices = session.execute(select(Variant.sku, Offer.price_minor).join(Offer, Offer.variant_id == Variant.id))
    assert dict(prices.all()) == {"MT-NS": 4900, "MT-NM": 4900, "MT-RM": 4500, "PB-1": 950}
    again, _ = take(session, unit, clock, GOLDEN / "shopify.csv")
    assert (again.added, again.updated, again.unchanged) == (0, 0, 2)


def test_google_xml(session: Session, unit: Unit, clock: FixedClock) -> None:
    run, errors = take(session, unit, clock, GOLDEN / "google.xml")
    assert (run.added, [(error.line, "XYZ" in error.message) for error in errors]) == (1, [(32, True)])
    lamp = session.scalars(select(Product)).one()
    assert (lamp.title, lamp.category, lamp.source) == ("Desk lamp", "Lamps", "file:lamp")
    tree = queries.list_tree(session)
    assert queries.path_of(tree, lamp.category_id) == "Home > Lamps"
    assert [(one.sku, one.name, one.weight_g, one.gtin) for one in skus(session).values()] == [
        ("lamp-black", "Black", 1200, "04006381333931"),
        ("lamp-white", "White", 1200, None),
    ]


def test_google_xml_of_a_merchant(session: Session, unit: Unit, make: Factory, clock: FixedClock) -> None:
    make.merchant("shop")
    run, _errors = take(session, unit, clock, GOLDEN / "google.xml", merchant="shop")
    assert run.added == 1
    offers = session.execute(
        select(Offer.url, Offer.price_minor, Offer.currency, Offer.availability).order_by(Offer.id)
    ).all()
    assert [tuple(offer) for offer in offers] == [
        ("https://shop.example/lamp?c=black", 3990, "EUR", "in_stock"),
        ("https://shop.example/lamp?c=white", 4190, "EUR", "out_of_stock"),
    ]
    assert skus(session) == {}


def test_google_tsv(session: Session, unit: Unit, clock: FixedClock) -> None:
    run, errors = take(session, unit, clock, GOLDEN / "google.tsv")
    assert (run.added, [error.line for error in errors]) == (1, [4])
    assert "check digit" in errors[0].message
    assert [(one.sku, one.options) for one in skus(session).values()] == [("sock-s", ["S"]), ("sock-l", ["L"])]


@pytest.mark.parametrize(
    "text",
    [
        '<?xml version="1.0"?><!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]><rss><item><title>&x;</title></item></rss>'
    ],
)
def test_a_feed_reads_no_other_file(session: Session, tmp_path: Path, text: str) -> None:
    path = tmp_path / "feed.xml"
    path.write_text(text)
    rows = list(imports.read_rows(imports.scan_file(path)))
    assert "root:" not in str(rows)


def test_a_torn_feed_is_told_by_line(tmp_path: Path) -> None:
    path = tmp_path / "feed.xml"
    path.write_text("<rss>\n<item><title>A</title></item>\n<item><title>B</tit</rss>")
    rows = list(imports.read_rows(imports.scan_file(path)))
    assert rows[0] == (2, {"title": "A"})
    assert isinstance(rows[1][1], imports.RowError)
    assert rows[1][0] == 3


word = st.text(alphabet=string.ascii_letters + "éß灯台=+-@'\"; :,>", min_size=1, max_size=12).map(
    lambda text: " ".join(text.split())
)
plain = word.filter(lambda text: text != "" and ">" not in text)
variants = st.fixed_dictionaries(
    {
        "name": word,
        "name_zh": word,
        "weight_g": st.integers(0, 5000),
        "tax_class": st.sampled_from(["standard", "reduced", "zero"]),
        "purchase_limit": st.one_of(st.none(), st.integers(1, 9)),
        "releases_at": st.sampled_from([None, "2027-01-01T00:00:00+00:00"]),
        "digital": st.booleans(),
        "returnable": st.booleans(),
        "options": st.lists(plain, max_size=2),
        "price": st.integers(1, 10**9),
        "quantity": st.integers(0, 20),
    }
)
things = st.fixed_dictionaries(
    {
        "title": plain,
        "brand": word,
        "summary": word,
        "body": st.lists(word, max_size=3).map("\n".join),
        "category": st.lists(plain, max_size=3).map(" > ".join),
        "attrs": st.lists(st.tuples(plain, plain), max_size=3),
        "translations": st.sampled_from(
            [{}, {"zh": {"title": "灯", "body": "一\n二", "attrs": [["功率", "5 瓦；可调"]]}}]
        ),
        "status": st.sampled_from(STATUSES),
        "variants": st.lists(variants, max_size=3),
    }
)


def stored(data: dict[str, Any], number: int) -> ProductInput:
    kept = dict(data)
    found = [{**one, "sku": f"S{number}-{place}"} for place, one in enumerate(kept.pop("variants"))]
    offers = [
        {"kind": "own", "sku": one["sku"], "currency": "USD", "price_minor": one["price"], "quantity": one["quantity"]}
        for one in found
    ]
    shop = {"merchant": "shop", "url": f"https://shop.example/{number}", "price_minor": 7, "currency": "EUR"}
    options = [{"name": "Size", "values": [{"value": "S", "names": {"zh": "小"}}, "M"]}] if found else []
    row = {**kept, "slug": f"p{number}", "variants": found, "offers": [*offers, shop], "options": options}
    return ProductInput.parse(row)


@given(rows=st.lists(things, min_size=1, max_size=3))
@hypothesis_settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_an_export_is_imported_without_a_change(
    rows: list[dict[str, Any]], session: Session, make: Factory, clock: FixedClock, unit: Unit, tmp_path: Path
) -> None:
    if session.scalar(select(func.count()).select_from(Product)) == 0:
        make.merchant("shop")
    base = (session.scalar(select(func.max(Product.id))) or 0) + 1
    try:
        inputs = [stored(data, base + place) for place, data in enumerate(rows)]
    except Invalid:
        return
    with unit():
        done = actions.upsert_products(session, inputs, now=clock.now())
        assert not [one for one in done if isinstance(one, Invalid)]
    path = tmp_path / "export.csv"
    before = "".join(export_products(session))
    counts = _counts(session)
    path.write_text(before, "utf-8")
    run, errors = take(session, unit, clock, path)
    assert errors == []
    assert (run.added, run.updated) == (0, 0)
    assert "".join(export_products(session)) == before
    assert _counts(session) == counts


def _counts(session: Session) -> list[int | None]:
    tables = (Product, Variant, Offer, PriceChange, StockMovement, Category)
    return [session.scalar(select(func.count()).select_from(table)) for table in tables]


def test_our_own_file_makes_the_same_shop_anew(
    session: Session, unit: Unit, make: Factory, clock: FixedClock, tmp_path: Path
) -> None:
    make.merchant("shop")
    data = {
        "title": "=Lamp", "brand": "", "summary": "Warm", "body": "<b>not a tag</b>\nline", "category": "Home > Lamps",
        "attrs": [("Power", "5 W; dimmable: yes")], "translations": {"zh": {"title": "灯"}}, "status": "draft",
        "variants": [{"name": "Red", "name_zh": "红", "weight_g": 5, "options": ["S"], "price": 900, "quantity": 4}],
    }  # fmt: skip
    with unit():
        actions.upsert_product(session, stored(data, 1), now=clock.now())
    path = tmp_path / "export.csv"
    text = "".join(export_products(session))
    other = text.replace("p1", "p2").replace("S1-0", "S2-0").replace("shop.example/1", "shop.example/2")
    path.write_text(other, "utf-8")
    _run, errors = take(session, unit, clock, path)
    assert errors == []
    lines = "".join(export_products(session)).splitlines()
    here, copy = ([line for line in lines if f",{slug}," in line] for slug in ("p1", "p2"))
    assert [one.replace("p2", "p1").replace("S2-0", "S1-0").replace("example/2", "example/1") for one in copy] == here
    assert len(here) == 4


@pytest.mark.parametrize(
    ("lines", "line", "words"),
    [
        (["variant,p1"], 2, "belongs to no product"),
        (["product,p1,Lamp", "variant,p2"], 3, "is of “p2”"),
        (["product,p1,Lamp,,,,,,,,not json"], 2, "attrs: This is not JSON"),
    ],
)
def test_wrong_lines_of_our_own_file(tmp_path: Path, lines: list[str], line: int, words: str) -> None:
    path = tmp_path / "own.csv"
    path.write_text("\n".join([",".join(imports.OWN_COLUMNS), *lines]))
    found = [row for _number, row in imports.read_rows(imports.scan_file(path)) if isinstance(row, imports.RowError)]
    assert (found[0].line, words in found[0].message) == (line, True)
