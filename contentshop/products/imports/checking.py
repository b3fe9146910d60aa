"""Before and while a file is imported: what its options must say, which rows can be taken, which repeat others."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from contentshop.core.errors import Invalid
from contentshop.products.imports.describing import describe_row, parse_described
from contentshop.products.imports.reading import read_rows
from contentshop.products.imports.records import Batch, FileScan, ImportOptions, Origin, RowError
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
    names: dict[str, str] = {}
    origins: dict[int, Origin] = {}
    for number, row in read_rows(scan, names):
        found, origin = _checked_row(number, row, scan, options, seen, names)
        if number <= after:
            continue
        if len(rows) + len(errors) >= size:
            yield Batch(number - 1, tuple(rows), tuple(errors), origins)
            rows, errors, origins = [], [], {}
        if isinstance(found, RowError):
            errors.append(found)
        else:
            rows.append((number, found))
            origins[number] = origin
    if scan.lines > after:
        yield Batch(scan.lines, tuple(rows), tuple(errors), origins)


def row_error(number: int, refused: Invalid, origin: Origin | None = None) -> RowError:
    """All that is wrong with a row, in one line: ``price: …; gtin: …``, by the names and lines of the file."""
    origin = origin or Origin()
    texts = []
    first = 0
    for name, found in refused.fields.items():
        line, column = _place(number, name, origin)
        first = first or line
        before = f"line {line}: " if line != first else ""
        texts += [f"{before}{column}: {text}" if column else text for text in found]
    return RowError(first or number, "; ".join(texts) or refused.message)


def _place(number: int, name: str, origin: Origin) -> tuple[int, str]:
    """The line and the column of a field (``offers.2.price``) in the file."""
    part, _, rest = name.partition(".")
    place, _, column = rest.partition(".")
    line: int | None = number
    if part in {"offers", "variants"} and place.isdigit() and column and not origin.nested:
        known = origin.lines.get(part, ())
        line = known[int(place) - 1] if int(place) <= len(known) else number
        name = column
    called = origin.names.get(name) or (origin.names.get("price major") if name == "price" else None)
    return line or number, called or name


def _checked_row(
    number: int,
    row: dict[str, Any] | RowError,
    scan: FileScan,
    options: ImportOptions,
    seen: dict[str, int],
    called: Mapping[str, str],
) -> tuple[ProductInput | RowError, Origin]:
    if isinstance(row, RowError):
        return row, Origin()
    data = describe_row(row, options, seen_at=scan.modified_at)
    lines = {part: [_line(one) for one in data[part]] for part in ("offers", "variants") if _is_list(data.get(part))}
    origin = Origin(dict(called), lines, scan.shape == "jsonl" and ("offers" in row or "variants" in row))
    try:
        found = parse_described(data, options)
    except Invalid as refused:
        return row_error(number, refused, origin), origin
    names = {f"The SKU “{sku}”": None for sku in _skus(found)}
    if found.source:
        names[f"The id “{found.source.partition(':')[2]}”"] = None
    if found.slug:
        names[f"The slug “{found.slug}”"] = None
    for name in names:
        if name in seen:
            return RowError(number, f"{name} is in line {seen[name]} already."), origin
    seen.update(dict.fromkeys(names, number))
    return found, origin


def _line(one: object) -> int | None:
    line = one.get("line") if isinstance(one, Mapping) else None
    return line if isinstance(line, int) else None


def _is_list(value: object) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str)


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
