"""Product files → checked descriptions: JSON lines and CSV, plain or gzipped, in the shapes that shops export.

Reading is streamed and tolerant: a broken line, a wrong encoding or an odd value costs one row, which is told
with its line number, and the rest goes on. Understood are our own names, Shopify's product export (one product
over several lines) and Google's product feed; see ``_ALIASES``.
"""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import json
import re
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, BinaryIO, Literal, cast

from contentshop.core.errors import Invalid
from contentshop.core.ids import slugify
from contentshop.core.text import plain_text
from contentshop.products.inputs import PriceUnit, ProductInput, parse_availability

BATCH = 250
MAX_LINE = 2_000_000  # characters
SAMPLE_ROWS = 200
# Lines looked at to tell GB18030 from damage; more would say nothing new.
SAMPLE_LINES = 2_000

_GZIP = b"\x1f\x8b"
_BOMS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
_UNIT_MISSING = (
    "The file has prices, but does not say in which unit. Say --price-unit minor (4995 means 49.95) or "
    "--price-unit major (49.95 means 49.95)."
)
_HTML = re.compile(r"</?(?:p|br|div|span|ul|ol|li|b|i|em|strong|h[1-6]|table|tr|td|a|img)\b[^>]*>", re.IGNORECASE)

# Column names as files have them (lower case, spaces for _ and -) → ours.
_ALIASES = {
    "product id": "id",
    "item id": "id",
    "商品id": "id",
    "name": "title",
    "product name": "title",
    "标题": "title",
    "名称": "title",
    "商品名称": "title",
    "vendor": "brand",
    "manufacturer": "brand",
    "品牌": "brand",
    "category label": "category",
    "type": "category",
    "product type": "category",
    "product category": "category",
    "google product category": "category",
    "分类": "category",
    "类目": "category",
    "body (html)": "body",
    "body html": "body",
    "description": "body",
    "描述": "body",
    "详情": "body",
    "variant sku": "sku",
    "货号": "sku",
    "variant price": "price major",
    "价格": "price",
    "币种": "currency",
    "image src": "picture",
    "image link": "picture",
    "image": "picture",
    "图片": "picture",
    "image alt text": "picture alt",
    "link": "url",
    "product url": "url",
    "商品链接": "url",
    "barcode": "gtin",
    "ean": "gtin",
    "upc": "gtin",
    "variant barcode": "gtin",
    "model": "mpn",
    "variant inventory qty": "quantity",
    "inventory": "quantity",
    "stock": "quantity",
    "库存": "quantity",
    "published": "listed",
    "language": "lang",
    "properties": "attrs",
    "attributes": "attrs",
}


@dataclass(frozen=True, slots=True)
class RowError:
    """Why the row that starts in this line was not imported."""

    line: int
    message: str


@dataclass(frozen=True, slots=True)
class ImportOptions:
    """How to read a file. ``source`` names where it comes from; with a row's id it makes the row's identity.

    ``currency`` and ``merchant`` serve rows that name none; ``price_unit`` says what a bare ``price`` counts;
    ``checked_at`` when merchants' prices were seen (the file's own time unless given).
    """

    source: str
    currency: str = ""
    price_unit: PriceUnit | None = None
    lang: str = "en"
    default_quantity: int = 0
    merchant: str = ""
    checked_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class FileScan:
    """What one look over the whole file told: digest of its content, encoding, shape and number of lines."""

    path: Path
    digest: str
    encoding: str
    shape: Literal["jsonl", "csv"]
    lines: int
    modified_at: datetime


@dataclass(frozen=True, slots=True)
class Batch:
    """Some rows in the order of the file, by line number; ``last_line`` is how far the file has been read."""

    last_line: int
    rows: tuple[tuple[int, ProductInput], ...]
    errors: tuple[RowError, ...]


@dataclass(slots=True)
class _Look:
    """What the bytes of a file look like, gathered line by line."""

    lines: int = 0
    inside: bool = False
    good: int = 0
    bad: int = 0
    chinese: int = 0
    other: int = 0
    first: bytes = b""
    digest: Any = field(default_factory=hashlib.sha256)


def scan_file(path: Path) -> FileScan:
    """Look over a file once. Raises Invalid (field ``file``) when there is no such file, or it is damaged."""
    look = _Look()
    try:
        with _open(path) as stream:
            for raw in _raw_lines(stream):
                _look_at(raw, look)
        modified_at = datetime.fromtimestamp(path.stat().st_mtime, UTC)
    except (OSError, EOFError, zlib.error) as error:
        raise Invalid({"file": [f"{path} cannot be read: {error}."]}) from error
    if not look.first.strip():
        raise Invalid({"file": [f"{path} is empty."]})
    encoding = _encoding(look)
    shape = _shape(path, look.first, encoding)
    scan = FileScan(path, look.digest.hexdigest(), encoding, shape, look.lines, modified_at)
    if encoding.startswith("utf-16"):
        # Its line ends are two bytes wide, so that the bytes alone do not tell the lines.
        scan = replace(scan, lines=sum(1 for _ in _text_lines(scan)))
    if not scan.lines:
        raise Invalid({"file": [f"{path} is empty."]})
    return scan


def run_digest(scan: FileScan, options: ImportOptions) -> str:
    """What an import of this content with these options is known by."""
    said = repr(
        (options.source, options.currency, options.price_unit, options.lang, options.default_quantity, options.merchant)
    )
    return hashlib.sha256(f"{scan.digest}{said}".encode()).hexdigest()


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


def read_rows(scan: FileScan) -> Iterator[tuple[int, dict[str, Any] | RowError]]:
    """Every row with the number of its (first) line, with our names; or why it cannot be read."""
    if scan.shape == "jsonl":
        yield from _json_rows(scan)
    else:
        yield from _csv_rows(scan)


def parse_row(row: Mapping[str, Any], options: ImportOptions, *, seen_at: datetime | None = None) -> ProductInput:
    """A row of ``read_rows`` as a description. Raises Invalid with everything that is wrong with it."""
    data = {name: value for name, value in row.items() if value not in (None, "", [], {})}
    data.setdefault("lang", options.lang)
    identity = _first_text(data, "id", "handle", "sku")
    if identity:
        data["source"] = f"{options.source}:{identity}"
    elif "slug" not in data and isinstance(data.get("title"), str):
        # Without any number of its own, a row is known by its title.
        data["slug"] = slugify(data["title"])
    body = data.get("body")
    if isinstance(body, str) and _HTML.search(body):
        data["body"] = plain_text(body)
    unit = options.price_unit
    if "offers" not in data:
        if "price major" in data:
            data["price"], unit = data["price major"], "major"
        data["offers"] = _flat_offers(data, identity, options)
    seen_at = options.checked_at or seen_at
    if seen_at is not None and isinstance(data["offers"], Sequence):
        data["offers"] = [_with_time(offer, seen_at) for offer in data["offers"]]
    return ProductInput.parse(data, currency=options.currency, price_unit=unit)


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


def _flat_offers(data: Mapping[str, Any], identity: str, options: ImportOptions) -> list[dict[str, Any]]:
    """The offers of a row that has its price, link or variants beside its words."""
    if "variants" in data:
        return [
            _own_offer(variant, options)
            for variant in data["variants"]
            if isinstance(variant, Mapping) and _priced(variant)
        ]
    merchant = data.get("merchant") or options.merchant
    if merchant and "url" in data:
        names = ("price", "price_minor", "currency", "region", "availability", "checked_at", "checked_hours_ago", "url")
        return [{"kind": "affiliate", "merchant": merchant} | {name: data[name] for name in names if name in data}]
    if not _priced(data):
        return []
    return [_own_offer({**data, "sku": _first_text(data, "sku") or identity}, options)]


def _own_offer(data: Mapping[str, Any], options: ImportOptions) -> dict[str, Any]:
    names = ("sku", "price", "price_minor", "currency", "region")
    offer = {"kind": "own"} | {name: data[name] for name in names if name in data}
    available = parse_availability(data.get("availability"), {}) not in {"out_of_stock", "discontinued"}
    offer["quantity"] = data.get("quantity", options.default_quantity if available else 0)
    return offer


def _priced(data: Mapping[str, Any]) -> bool:
    return any(data.get(name) not in (None, "") for name in ("price", "price_minor"))


def _with_time(offer: object, seen_at: datetime) -> object:
    """An affiliate offer that does not say when its price was seen was seen when the file was written."""
    if not isinstance(offer, Mapping) or offer.get("kind", "affiliate" if offer.get("url") else "own") == "own":
        return offer
    says_when = any(offer.get(name) not in (None, "") for name in ("checked_at", "checked_hours_ago"))
    return offer if says_when else {**offer, "checked_at": seen_at}


def _first_text(data: Mapping[str, Any], *names: str) -> str:
    for name in names:
        value = data.get(name)
        if isinstance(value, str | int | Decimal) and not isinstance(value, bool) and str(value).strip():
            return " ".join(str(value).split())[:150]
    return ""


# --- lines ---


def _open(path: Path) -> BinaryIO:
    """The content of a file, unpacked when it is gzipped, whatever its name says."""
    with path.open("rb") as stream:
        packed = stream.read(2) == _GZIP
    return cast(BinaryIO, gzip.open(path, "rb")) if packed else path.open("rb")


def _raw_lines(stream: BinaryIO) -> Iterator[bytes]:
    """Lines with their ends, the pieces of an overlong line cut at MAX_LINE each."""
    while raw := stream.readline(MAX_LINE):
        yield raw


def _look_at(raw: bytes, look: _Look) -> None:
    look.digest.update(raw)
    if not look.first.strip():
        look.first = raw
    look.lines += not look.inside
    look.inside = not raw.endswith(b"\n")
    if raw.isascii():
        return
    try:
        raw.decode("utf-8")
        look.good += 1
    except UnicodeDecodeError:
        look.bad += 1
        if look.bad <= SAMPLE_LINES:
            _weigh_chinese(raw, look)


def _weigh_chinese(raw: bytes, look: _Look) -> None:
    """Common Chinese characters stand in rows B0 to D7 of GB 2312; other bytes read as GB18030 rarely do."""
    try:
        text = raw.decode("gb18030")
    except UnicodeDecodeError:
        look.other += len(raw)
        return
    for sign in text:
        if not sign.isascii():
            code = sign.encode("gb18030")
            if len(code) == 2 and 0xB0 <= code[0] <= 0xD7 and code[1] >= 0xA1:
                look.chinese += 1
            elif not (len(code) == 2 and 0xA1 <= code[0] <= 0xA3):
                look.other += 1


def _encoding(look: _Look) -> str:
    for mark, encoding in _BOMS:
        if look.first.startswith(mark):
            return encoding
    start = look.first[:2]
    if len(start) == 2 and start.count(0) == 1:
        return "utf-16-be" if start[0] == 0 else "utf-16-le"
    if look.bad > look.good and look.chinese > 2 * look.other:
        return "gb18030"
    return "utf-8"


def _shape(path: Path, first: bytes, encoding: str) -> Literal["jsonl", "csv"]:
    text = first.decode(encoding, "replace").lstrip("\ufeff \t\r\n")
    if text.startswith("["):
        raise Invalid({"file": [f"{path} is one JSON list; write one object a line instead (JSON lines)."]})
    return "jsonl" if text.startswith("{") or path.name.removesuffix(".gz").endswith((".jsonl", ".ndjson")) else "csv"


def _text_lines(scan: FileScan) -> Iterator[tuple[int, str, str]]:
    """(line number, text, what is wrong with it or an empty string) of every line."""
    with _open(scan.path) as stream:
        number, inside = 1, False
        for text, clean, complete in _pieces(stream, scan.encoding):
            if not inside:
                problem = "" if clean else f"The line is not valid {_encoding_name(scan.encoding)}."
                yield number, text.lstrip("\ufeff"), problem if complete else "The line is too long."
            inside = not complete
            number += complete


def _pieces(stream: BinaryIO, encoding: str) -> Iterator[tuple[str, bool, bool]]:
    """Lines cut at MAX_LINE: (text, whether it is what the encoding allows, whether its line ends with it)."""
    if encoding.startswith("utf-16"):
        with io.TextIOWrapper(stream, encoding, errors="replace", newline="\n") as reader:
            while text := reader.readline(MAX_LINE):
                yield text, "\ufffd" not in text, text.endswith("\n") or len(text) < MAX_LINE
        return
    plain = encoding.removesuffix("-sig")
    for raw in _raw_lines(stream):
        complete = raw.endswith(b"\n") or len(raw) < MAX_LINE
        try:
            yield raw.decode(plain), True, complete
        except UnicodeDecodeError:
            yield raw.decode(plain, "replace"), False, complete


def _encoding_name(encoding: str) -> str:
    return encoding.removesuffix("-sig").upper()


# --- rows ---


def _json_rows(scan: FileScan) -> Iterator[tuple[int, dict[str, Any] | RowError]]:
    for number, text, problem in _text_lines(scan):
        if problem:
            yield number, RowError(number, problem)
        elif text.strip():
            yield number, _json_row(number, text)


def _json_row(number: int, text: str) -> dict[str, Any] | RowError:
    try:
        found = json.loads(text, parse_float=Decimal, parse_constant=_refuse_constant)
    except json.JSONDecodeError as error:
        return RowError(number, f"This is not JSON: {error.msg} at character {error.pos + 1}.")
    except (ValueError, ArithmeticError, RecursionError):
        return RowError(number, "This is not JSON that we can read: a number or its nesting is too large.")
    if not isinstance(found, dict):
        return RowError(number, 'This is not a JSON object, like {"title": …}.')
    row: dict[str, Any] = {}
    for name, value in found.items():
        ours = _our_name(name)
        # Our own name for a thing goes before another name for it.
        if ours == name or ours not in row:
            row[ours] = value
    return row


def _refuse_constant(name: str) -> Any:
    raise ValueError(name)


def _our_name(name: str) -> str:
    words = " ".join(re.sub(r"[_\-\s]+", " ", name.strip().lower()).split())
    known = _ALIASES.get(words, words)
    return known if known == "price major" else known.replace(" ", "_")


def _csv_rows(scan: FileScan) -> Iterator[tuple[int, dict[str, Any] | RowError]]:
    bad: dict[int, str] = {}
    rows = _cells(scan, bad)
    try:
        _, header = next(rows)
    except StopIteration:
        raise Invalid({"file": [f"{scan.path} has no line of column names."]}) from None
    if isinstance(header, RowError):
        raise Invalid({"file": [f"The line of column names cannot be read: {header.message}"]})
    names = [_our_name(name) for name in header]
    if "title" not in names:
        raise Invalid({"file": ["The first line must name the columns, and one of them must be “title”."]})
    named = (
        (number, cells if isinstance(cells, RowError) else _named_cells(number, names, cells)) for number, cells in rows
    )
    yield from _merged(named) if "handle" in names else named


def _cells(scan: FileScan, bad: dict[int, str]) -> Iterator[tuple[int, list[str] | RowError]]:
    """Rows of cells with their first line; a row may span lines, so what is wrong with a line is kept aside."""

    def lines() -> Iterator[str]:
        for number, text, problem in _text_lines(scan):
            if problem:
                bad[number] = problem
            yield text

    reader = csv.reader(lines(), delimiter=_delimiter(scan), strict=True)
    while True:
        start = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield start, RowError(start, f"The row cannot be read: {error}.")
            continue
        problem = next((bad[number] for number in range(start, reader.line_num + 1) if number in bad), "")
        if problem:
            yield start, RowError(start, problem)
        elif any(cell.strip() for cell in cells):
            yield start, cells


def _delimiter(scan: FileScan) -> str:
    _, header, _ = next(_text_lines(scan))
    return max(",;\t|", key=header.count)


def _named_cells(number: int, names: Sequence[str], cells: Sequence[str]) -> dict[str, Any] | RowError:
    if any(cell.strip() for cell in cells[len(names) :]):
        return RowError(number, f"The row has {len(cells)} cells, the first line names {len(names)}.")
    row: dict[str, Any] = {}
    for name, cell in zip(names, cells, strict=False):
        if name and cell.strip() and name not in row:
            row[name] = cell.strip()
    return row


def _merged(
    rows: Iterable[tuple[int, dict[str, Any] | RowError]],
) -> Iterator[tuple[int, dict[str, Any] | RowError]]:
    """Shopify's lines of one product (the same handle, one after the other) as one row with variants."""
    group: list[dict[str, Any]] = []
    first = 0
    for number, row in rows:
        if not isinstance(row, RowError) and group and row.get("handle") == group[0].get("handle"):
            group.append(row)
            continue
        if group:
            yield first, _one_product(group)
            group = []
        if isinstance(row, RowError):
            yield number, row
        else:
            group, first = [row], number
    if group:
        yield first, _one_product(group)


def _one_product(group: Sequence[dict[str, Any]]) -> dict[str, Any]:
    sold = [row for row in group if "price major" in row or "price" in row or "sku" in row]
    product = dict(group[0])
    if len(sold) <= 1:
        return product
    handle = str(product.get("handle", ""))
    product.pop("gtin", None)
    if priced := next((row["price major"] for row in sold if "price major" in row), ""):
        product["price major"] = priced
    product["variants"] = [
        {
            **{name: row[name] for name in ("price", "currency", "quantity") if name in row},
            **({"price": row["price major"]} if "price major" in row else {}),
            "sku": row.get("sku") or f"{handle}-{number}",
            "name": _option_name(row),
        }
        for number, row in enumerate(sold, start=1)
    ]
    return product


def _option_name(row: Mapping[str, Any]) -> str:
    values = [row.get(f"option{number}_value", "") for number in (1, 2, 3)]
    return " / ".join(value for value in values if value and value != "Default Title")
