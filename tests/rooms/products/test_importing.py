"""Whole imports: counted, resumable, and harmless when repeated."""

from __future__ import annotations

import gzip
import json
import random
import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from contentshop.core.clock import FixedClock
from contentshop.core.errors import Invalid, NotFound
from contentshop.core.uow import unit_of_work
from contentshop.products import actions, queries, stock
from contentshop.products.imports import ImportOptions, read_batches, scan_file
from contentshop.products.inputs import MerchantInput
from contentshop.products.models import ImportRun, Offer, Product, StockMovement, Variant
from tests.factories import Factory

Unit = Callable[[], AbstractContextManager[None]]
OPTIONS = ImportOptions("feed", currency="USD", price_unit="minor", default_quantity=2)
DEMO = Path(__file__).parents[3] / "contentshop" / "demo"


class Interrupted(Exception):
    """The power went."""


def run(
    session: Session,
    path: Path,
    clock: FixedClock,
    options: ImportOptions = OPTIONS,
    *,
    size: int = 250,
    stop: int = -1,
) -> tuple[int, int, int, list[int]]:
    """Import a file as the command does; (added, updated, unchanged, lines refused). Stops in batch ``stop``."""
    scan = scan_file(path)
    with unit_of_work(session):
        started = actions.start_import(session, scan, options, now=clock.now())
        digest, after = started.digest, started.last_line
    added = updated = unchanged = 0
    errors: list[int] = []
    for number, batch in enumerate(read_batches(scan, options, after=after, size=size)):
        with unit_of_work(session):
            report = actions.import_batch(session, digest, batch, now=clock.now())
            if number == stop:
                raise Interrupted
        added, updated, unchanged = added + report.added, updated + report.updated, unchanged + report.unchanged
        errors += [error.line for error in report.errors]
    with unit_of_work(session):
        report = actions.finish_import(session, digest, now=clock.now())
    return added, updated, unchanged, errors + [error.line for error in report.errors]


def write(folder: Path, rows: list[Any]) -> Path:
    path = folder / "file.jsonl"
    path.write_text("".join((row if isinstance(row, str) else json.dumps(row)) + "\n" for row in rows))
    return path


def flat(number: int, **values: Any) -> dict[str, Any]:
    return {"id": f"{number}", "title": f"Thing {number}", "price": 100 + number} | values


def test_rows_are_imported_and_wrong_ones_told(
    session: Session, make: Factory, clock: FixedClock, tmp_path: Path
) -> None:
    make.product("taken", own={"USD": 1})
    path = write(
        tmp_path,
        [flat(1), "{broken", flat(3, sku="TAKEN"), flat(1), flat(5, gtin="1"), flat(6), flat(7, alternative="nothing")],
    )
    assert run(session, path, clock) == (3, 0, 0, [2, 3, 4, 5, 7])
    sources = session.scalars(select(Product.source).where(Product.source.is_not(None)).order_by(Product.source))
    assert list(sources) == ["feed:1", "feed:6", "feed:7"]
    assert stock.audit(session) == []
    kept = session.scalars(select(ImportRun)).one()
    assert (kept.added, kept.failed, kept.last_line, kept.finished_at) == (3, 5, 7, clock.now())
    assert session.scalar(select(func.sum(StockMovement.delta)).where(StockMovement.reason == "opening stock")) == 6


def test_the_same_file_again_changes_nothing(session: Session, clock: FixedClock, tmp_path: Path) -> None:
    path = write(tmp_path, [flat(number) for number in range(30)])
    assert run(session, path, clock, size=7) == (30, 0, 0, [])
    before = session.execute(select(func.sum(Product.version), func.count())).one()
    assert run(session, path, clock, size=11) == (0, 0, 30, [])
    assert session.execute(select(func.sum(Product.version), func.count())).one() == before
    assert session.scalar(select(func.count()).select_from(ImportRun)) == 1


@pytest.mark.parametrize("stop", [0, 1, 3])
def test_an_interrupted_import_goes_on_where_it_stopped(
    session: Session, clock: FixedClock, tmp_path: Path, stop: int
) -> None:
    rows = [flat(number) for number in range(20)]
    path = write(tmp_path, [*rows, flat(3)])
    with pytest.raises(Interrupted):
        run(session, path, clock, size=5, stop=stop)
    assert session.scalar(select(func.count()).select_from(Product)) == 5 * stop
    assert run(session, path, clock, size=5) == (20 - 5 * stop, 0, 0, [21])
    kept = session.scalars(select(ImportRun)).one()
    assert (kept.added, kept.failed, kept.last_line) == (20, 1, 21)


def test_a_batch_that_was_written_is_not_written_again(
    session: Session, unit: Unit, clock: FixedClock, tmp_path: Path
) -> None:
    scan = scan_file(write(tmp_path, [flat(1), flat(2)]))
    with unit():
        digest = actions.start_import(session, scan, OPTIONS, now=clock.now()).digest
    (batch,) = read_batches(scan, OPTIONS)
    with unit():
        assert actions.import_batch(session, digest, batch, now=clock.now()).added == 2
    with unit():
        assert actions.import_batch(session, digest, batch, now=clock.now()) == actions.BatchReport()
    with unit(), pytest.raises(NotFound):
        actions.import_batch(session, "nothing", batch, now=clock.now())


def test_prices_without_unit_start_nothing(session: Session, clock: FixedClock, tmp_path: Path) -> None:
    path = write(tmp_path, [flat(1)])
    with pytest.raises(Invalid) as refused:
        run(session, path, clock, ImportOptions("x", currency="USD"))
    assert list(refused.value.fields) == ["price_unit"]
    assert session.scalar(select(func.count()).select_from(ImportRun)) == 0


def test_alternatives_far_behind_are_linked_at_the_end(session: Session, clock: FixedClock, tmp_path: Path) -> None:
    rows = [
        {"slug": "first", "title": "First", "alternative": "last"},
        *({"slug": f"thing-{number}", "title": "Thing"} for number in range(10)),
        {"slug": "last", "title": "Last"},
    ]
    path = write(tmp_path, rows)
    assert run(session, path, clock, size=3) == (12, 0, 0, [])
    ids = queries.find_ids_by_slug(session, ["last"])
    assert session.scalar(select(Product.alternative_id).where(Product.slug == "first")) == ids["last"]
    assert run(session, path, clock, size=3) == (0, 0, 12, [])


def test_changed_rows_are_updated(session: Session, clock: FixedClock, tmp_path: Path) -> None:
    rows = [flat(number) for number in range(10)]
    run(session, write(tmp_path, rows), clock)
    rows[4] = flat(4, price=999, brand="Acme")
    assert run(session, write(tmp_path, rows), clock) == (0, 1, 9, [])
    product = session.scalars(select(Product).where(Product.source == "feed:4")).one()
    assert (product.version, product.brand, product.offers[0].price_minor) == (2, "Acme", 999)


def test_the_demo_products_are_importable(session: Session, unit: Unit, clock: FixedClock) -> None:
    with unit():
        for text in (DEMO / "merchants.jsonl").read_text("utf-8").splitlines():
            actions.save_merchant(session, MerchantInput.parse(json.loads(text)), now=clock.now())
    rows = len((DEMO / "products.jsonl").read_text("utf-8").splitlines())
    assert run(session, DEMO / "products.jsonl", clock, ImportOptions("demo"), size=20) == (rows, 0, 0, [])
    # All of these are sent in a parcel, whose price depends on what it weighs.
    weights = session.scalars(select(Variant.weight_g)).all()
    assert len(weights) == 69
    assert all(50 <= grams <= 20_000 for grams in weights)
    assert run(session, DEMO / "products.jsonl", clock, ImportOptions("demo"), size=20) == (0, 0, rows, [])
    assert stock.audit(session) == []
    # On Chinese pages every category is in Chinese, one word for each English one.
    words = {
        (product.category, product.translations["zh"]["category"])
        for product in session.scalars(select(Product).where(Product.category != ""))
    }
    assert len({english for english, _ in words}) == len({chinese for _, chinese in words}) == len(words) == 30
    assert all(re.fullmatch(r"[\u4e00-\u9fff]+", chinese) for _, chinese in words)


def test_real_chinese_products(session: Session, clock: FixedClock, shared_data: Path) -> None:
    path = shared_data / "catalogue" / "shop-zh.jsonl.gz"
    options = ImportOptions("shop-zh", currency="CNY", price_unit="major", lang="zh")
    assert run(session, path, clock, options) == (239, 0, 0, [])
    first = session.scalars(select(Product).where(Product.source == "shop-zh:l1006002")).one()
    assert (first.title, first.category, first.lang) == ("轻奢纯棉刺绣水洗四件套", "床品件套", "zh")
    assert first.offers[0].price_minor == 91900
    assert run(session, path, clock, options) == (0, 0, 239, [])


def test_real_electronics_with_interruptions(
    session: Session, clock: FixedClock, shared_data: Path, tmp_path: Path
) -> None:
    """Every fourth of 19,406 real products, so that all brands and kinds of odd text are among them."""
    with gzip.open(shared_data / "catalogue" / "electronics-en.jsonl.gz", "rt", encoding="utf-8") as whole:
        rows = list(islice(whole, 0, None, 4))
    path = tmp_path / "electronics.jsonl"
    path.write_text("".join(rows), encoding="utf-8")
    stops = random.Random(2)
    with pytest.raises(Interrupted):
        run(session, path, clock, stop=stops.randrange(5, 15))
    done = session.scalar(select(func.count()).select_from(Product)) or 0
    assert 0 < done < len(rows) == 4_852
    assert run(session, path, clock) == (len(rows) - done, 0, 0, [])
    assert session.scalar(select(func.count()).select_from(Offer)) == len(rows)
    assert run(session, path, clock) == (0, 0, len(rows), [])
