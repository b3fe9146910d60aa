"""Before and while a file is imported: what its options must say, which rows can be taken, which repeat others."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from contentshop.core.errors import Invalid
from contentshop.products.imports.describing import parse_row
from contentshop.products.imports.reading import read_rows
from contentshop.products.imports.records import Batch, FileScan, ImportOptions, RowError
from contentshop.products.inputs import ProductInput

BATCH = 250
SAMPLE_ROWS = 200
_UNIT_MISSING = (
    "The file has prices, but does not say in which unit. Say --price-unit minor (4995 means 49.95) or "
    "--price-unit major (49.95 means 49.95)."
)


def check_options(scan: FileScan, options: ImportOptions) -> None:
    """Refuse to start when the first rows have prices whose unit or currency nobody told. Raises Invalid."""
    problems: dict[str, list[str]] = {}
    for number, (_, row) in enumerate(read_rows(scan)):
        if number >= SAMPLE_ROWS:
            break
        if isinstance(row, RowError):
            continue
        for offer in row.get("offers") or [row]:
            if isinstance(offer, Mapping):
                _check_price(offer, options, problems)
    if problems:
        raise Invalid(problems)


def read_batches(scan: FileScan, options: ImportOptions, *, after: int = 0, size: int = BATCH) -> Iterator[Batch]:
    """Checked rows beyond line ``after``, ``size`` at a time.

    A row whose identity or SKU an earlier line has already is refused; lines up to ``after`` count for that.
    """
    seen: dict[str, int] = {}
    rows: list[tuple[int, ProductInput]] = []
    errors: list[RowError] = []
    for number, row in read_rows(scan):
        found = _checked_row(number, row, scan, options, seen)
        if number <= after:
            continue
        if len(rows) + len(errors) >= size:
            yield Batch(number - 1, tuple(rows), tuple(errors))
            rows, errors = [], []
        if isinstance(found, RowError):
            errors.append(found)
        else:
            rows.append((number, found))
    if scan.lines > after:
        yield Batch(scan.lines, tuple(rows), tuple(errors))


def row_error(number: int, refused: Invalid) -> RowError:
    """All that is wrong with a row, in one line: ``price: …; gtin: …``."""
    texts = [f"{name}: {text}" if name else text for name, found in refused.fields.items() for text in found]
    return RowError(number, "; ".join(texts) or refused.message)


def _checked_row(
    number: int,
    row: dict[str, Any] | RowError,
    scan: FileScan,
    options: ImportOptions,
    seen: dict[str, int],
) -> ProductInput | RowError:
    if isinstance(row, RowError):
        return row
    try:
        found = parse_row(row, options, seen_at=scan.modified_at)
    except Invalid as refused:
        return row_error(number, refused)
    names = {f"The SKU “{sku}”": None for sku in _skus(found)}
    if found.source:
        names[f"The id “{found.source.partition(':')[2]}”"] = None
    if found.slug:
        names[f"The slug “{found.slug}”"] = None
    for name in names:
        if name in seen:
            return RowError(number, f"{name} is in line {seen[name]} already.")
    seen.update(dict.fromkeys(names, number))
    return found


def _skus(row: ProductInput) -> list[str]:
    own = [offer.sku for offer in row.offers if offer.kind == "own"]
    return list(dict.fromkeys([variant.sku for variant in row.variants] + own))


def _check_price(offer: Mapping[str, Any], options: ImportOptions, problems: dict[str, list[str]]) -> None:
    priced = offer.get("price") not in (None, "")
    named = isinstance(offer.get("price"), str) and re.search(r"[A-Za-z]{3}", str(offer["price"]))
    if priced and not named and options.price_unit is None:
        problems["price_unit"] = [_UNIT_MISSING]
    any_price = priced or any(offer.get(name) not in (None, "") for name in ("price_minor", "price major"))
    if any_price and not named and not offer.get("currency") and not options.currency:
        problems["currency"] = ["The file has prices, but no currency. Say it, like --currency USD."]
