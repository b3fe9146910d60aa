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

from lxml import etree

from contentshop.core.errors import Invalid
from contentshop.core.ids import slugify
from contentshop.core.text import plain_text
from contentshop.products.inputs import VARIANT_FACTS, PriceUnit, ProductInput, parse_availability

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

# The columns of our own files (queries.exporting), and what makes a spreadsheet take a cell for a formula.
OWN_COLUMNS = (
    *("row", "slug", "title", "brand", "category", "gtin", "mpn", "lang", "summary", "body", "attrs", "options"),
    *("translations", "alternative", "discontinued", "status", "source", "sku", "name", "names", "weight_g"),
    *("tax_class", "purchase_limit", "releases_at", "digital", "returnable", "kind", "price_minor", "currency"),
    *("region", "quantity", "location", "merchant", "url", "availability", "checked_at"),
)
FORMULA_SIGNS = ("=", "+", "-", "@", "'")
_PRODUCT_WORDS = ("brand", "category", "mpn", "summary", "body", "gtin", "alternative")
_NESTED = ("attrs", "options", "translations", "names")
_OF_A_VARIANT = ("price", "currency", "quantity", "location", "gtin", "weight_g")
_GRAMS = {"g": 1, "kg": 1000, "oz": 28.349523125, "lb": 453.59237}

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
    "variant grams": "weight g",
    "shipping weight": "weight",
    "item group id": "group",
    "colour": "color",
    "inventory": "quantity",
    "stock": "quantity",
    "库存": "quantity",
    "inventory location": "location",
    "warehouse": "location",
    "仓库": "location",
    "状态": "status",
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

    ``currency``, ``merchant`` and ``location`` (the key of the place of opening stock) serve rows that name none;
    ``price_unit`` says what a bare ``price`` counts; ``checked_at`` when merchants' prices were seen (the file's own
    time unless given).
    """

    source: str
    currency: str = ""
    price_unit: PriceUnit | None = None
    lang: str = "en"
    default_quantity: int = 0
    merchant: str = ""
    checked_at: datetime | None = None
    location: str = ""


@dataclass(frozen=True, slots=True)
class FileScan:
    """What one look over the whole file told: digest of its content, encoding, shape and number of lines."""

    path: Path
    digest: str
    encoding: str
    shape: Literal["jsonl", "csv", "xml"]
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
    if shape == "xml":
        # Items are numbered by their lines, but two never have the same number, so that a run can go on after any.
        scan = replace(scan, lines=max((number for number, _ in _xml_rows(scan)), default=0))
    if not scan.lines:
        raise Invalid({"file": [f"{path} is empty."]})
    return scan


def run_digest(scan: FileScan, options: ImportOptions) -> str:
    """What an import of this content with these options is known by."""
    said: tuple[object, ...] = (options.source, options.currency, options.price_unit, options.lang)
    said += (options.default_quantity, options.merchant)
    if options.location:
        said += (options.location,)
    return hashlib.sha256(f"{scan.digest}{said!r}".encode()).hexdigest()


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
    elif scan.shape == "xml":
        yield from _grouped(_xml_rows(scan))
    else:
        yield from _csv_rows(scan)


def parse_row(row: Mapping[str, Any], options: ImportOptions, *, seen_at: datetime | None = None) -> ProductInput:
    """A row of ``read_rows`` as a description. Raises Invalid with everything that is wrong with it."""
    own = row.get("row") == "product"
    data = {name: value for name, value in row.items() if own or value not in (None, "", [], {})}
    data.pop("row", None)
    data.setdefault("lang", options.lang)
    identity = _first_text(data, "id", "handle", "sku")
    if identity:
        data["source"] = f"{options.source}:{identity}"
    elif "slug" not in data and isinstance(data.get("title"), str):
        # Without any number of its own, a row is known by its title.
        data["slug"] = slugify(data["title"])
    body = data.get("body")
    if isinstance(body, str) and not own and _HTML.search(body):
        data["body"] = plain_text(body)
    unit = options.price_unit
    if options.merchant and "items" in data:
        data = {name: value for name, value in data.items() if name not in {"variants", "options"}}
    if "offers" not in data:
        if "price major" in data:
            data["price"], unit = data["price major"], "major"
        data["offers"] = _flat_offers(data, identity, options)
        _describe_only_variant(data)
    seen_at = options.checked_at or seen_at
    if seen_at is not None and not own and isinstance(data["offers"], Sequence):
        data["offers"] = [_with_time(offer, seen_at) for offer in data["offers"]]
    if options.location and isinstance(data["offers"], Sequence):
        data["offers"] = [_with_place(offer, options.location) for offer in data["offers"]]
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
        pages = {row.get("url"): row for row in reversed(data.get("items") or [data])}
        return [
            {"kind": "affiliate", "merchant": merchant} | {name: row[name] for name in names if name in row}
            for url, row in reversed(pages.items())
            if url
        ]
    if not _priced(data):
        return []
    return [_own_offer({**data, "sku": _first_text(data, "sku") or identity}, options)]


def _describe_only_variant(data: dict[str, Any]) -> None:
    """What a row says of weight and the like is said of the variant it sells."""
    own = [offer["sku"] for offer in data["offers"] if offer["kind"] == "own"]
    facts = {name: data[name] for name in VARIANT_FACTS if name in data and name not in {"gtin", "options"}}
    if str(data.get("variant_requires_shipping", "")).lower() == "false":
        facts["digital"] = "yes"
    if "variants" not in data and own and facts:
        data["variants"] = [{"sku": own[0]} | facts]


def _own_offer(data: Mapping[str, Any], options: ImportOptions) -> dict[str, Any]:
    names = ("sku", "price", "price_minor", "currency", "region")
    offer = {"kind": "own"} | {name: data[name] for name in names if name in data}
    available = parse_availability(data.get("availability"), {}) not in {"out_of_stock", "discontinued"}
    offer["quantity"] = data.get("quantity", options.default_quantity if available else 0)
    if "location" in data:
        offer["location"] = data["location"]
    return offer


def _priced(data: Mapping[str, Any]) -> bool:
    return any(data.get(name) not in (None, "") for name in ("price", "price_minor"))


def _with_place(offer: object, location: str) -> object:
    """What a line says nothing of stands where the whole file's stock does."""
    return {**offer, "location": offer.get("location") or location} if isinstance(offer, Mapping) else offer


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


def _shape(path: Path, first: bytes, encoding: str) -> Literal["jsonl", "csv", "xml"]:
    text = first.decode(encoding, "replace").lstrip("\ufeff \t\r\n")
    if text.startswith("["):
        raise Invalid({"file": [f"{path} is one JSON list; write one object a line instead (JSON lines)."]})
    if text.startswith("<"):
        return "xml"
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
    if tuple(header) == OWN_COLUMNS:
        names = list(OWN_COLUMNS)
    if "title" not in names:
        raise Invalid({"file": ["The first line must name the columns, and one of them must be “title”."]})
    named = (
        (number, cells if isinstance(cells, RowError) else _named_cells(number, names, cells)) for number, cells in rows
    )
    if "row" in names and "slug" in names:
        yield from _own_rows(named)
    elif "handle" in names:
        yield from _merged(named)
    else:
        yield from _grouped(named) if "group" in names else named


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
            **{name: row[name] for name in _OF_A_VARIANT if name in row},
            **({"price": row["price major"]} if "price major" in row else {}),
            **({"digital": "yes"} if str(row.get("variant_requires_shipping", "")).lower() == "false" else {}),
            "sku": row.get("sku") or f"{handle}-{number}",
            "name": _option_name(row),
            "options": _option_values(row),
        }
        for number, row in enumerate(sold, start=1)
    ]
    product["options"] = _option_columns(product, product["variants"])
    for name in ("weight_g", "quantity", "sku", "price"):
        product.pop(name, None)
    return product


def _option_values(row: Mapping[str, Any]) -> list[str]:
    values = [row.get(f"option{number}_value", "") for number in (1, 2, 3)]
    return [str(value) for value in values if value and value != "Default Title"]


def _option_columns(first: Mapping[str, Any], variants: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Options of a product in the order of its first line, with every value its variants have."""
    names = [first.get(f"option{number}_name", "") for number in (1, 2, 3)]
    found = []
    for index, name in enumerate(name for name in names if name and name != "Title"):
        values = [one["options"][index] for one in variants if len(one["options"]) > index]
        if values:
            found.append({"name": name, "values": list(dict.fromkeys(values))})
    return found


# --- our own files ---


def _own_rows(
    rows: Iterable[tuple[int, dict[str, Any] | RowError]],
) -> Iterator[tuple[int, dict[str, Any] | RowError]]:
    """Our lines of one product as one row. What is wrong with one of them is wrong with the product."""
    product: dict[str, Any] | RowError | None = None
    first = 0
    for number, row in rows:
        found = row if isinstance(row, RowError) else _own_row(number, row)
        if isinstance(found, RowError):
            product = product if isinstance(product, RowError) else found
            if not first:
                yield number, found
                product = None
            continue
        if found.get("row") == "product":
            if first and product is not None:
                yield first, product
            product, first = found | {"variants": [], "offers": []}, number
        elif product is None or found.get("row") not in {"variant", "offer"}:
            yield number, RowError(number, "The line belongs to no product: “row” is product, variant or offer.")
        elif not isinstance(product, RowError):
            if found.get("slug") not in {None, product.get("slug")}:
                product = RowError(number, f"The line is of “{found.get('slug')}”, not of “{product.get('slug')}”.")
            else:
                product["variants" if found["row"] == "variant" else "offers"].append(found)
    if first and product is not None:
        yield first, product


def _own_row(number: int, row: dict[str, Any]) -> dict[str, Any] | RowError:
    found: dict[str, Any] = {}
    for name, cell in row.items():
        text = cell[1:] if isinstance(cell, str) and cell.startswith("'") else cell
        if name not in _NESTED:
            found[name] = text
            continue
        try:
            found[name] = json.loads(text)
        except ValueError:
            return RowError(number, f"{name}: This is not JSON.")
    names = found.pop("names", {})
    if not isinstance(names, Mapping):
        return RowError(number, "names: This should be an object of languages.")
    if found.get("row") == "product":
        # An empty cell of our own file says that there is nothing; a missing column says nothing.
        empty: dict[str, Any] = dict.fromkeys(_PRODUCT_WORDS, "")
        return empty | {"attrs": [], "options": [], "translations": {}} | found
    if found.get("row") == "variant":
        empty = {"gtin": "", "options": [], "purchase_limit": "", "releases_at": ""}
        return empty | found | {f"name_{language}": word for language, word in names.items()}
    return found


# --- feeds ---


def _grouped(
    rows: Iterable[tuple[int, dict[str, Any] | RowError]],
) -> Iterator[tuple[int, dict[str, Any] | RowError]]:
    """Items of one group (Google's item_group_id), one after the other, as one product with variants."""
    group: list[dict[str, Any]] = []
    first = 0
    for number, row in rows:
        if not isinstance(row, RowError) and group and row.get("group") and row["group"] == group[0].get("group"):
            group.append(row)
            continue
        if group:
            yield first, _one_group(group)
            group = []
        if isinstance(row, RowError):
            yield number, row
        else:
            group, first = [row], number
    if group:
        yield first, _one_group(group)


def _one_group(group: Sequence[dict[str, Any]]) -> dict[str, Any]:
    product = dict(group[0])
    if len(group) == 1:
        grams = _grams(product.pop("weight", ""))
        return product | ({"weight_g": grams} if grams else {})
    axes = [name for name in ("color", "size", "pattern", "material") if len({row.get(name) for row in group}) > 1]
    product["id"] = product["group"]
    product["items"] = list(group)
    for name in ("gtin", "mpn", "price", "quantity", "availability", "weight", "sku"):
        product.pop(name, None)
    variants = []
    for row in group:
        values = [str(row.get(name, "")) for name in axes]
        kept = {name: row[name] for name in ("price", "currency", "quantity", "gtin", "availability") if name in row}
        grams = _grams(row.get("weight", ""))
        named = {"sku": row.get("sku") or row.get("id") or "", "name": " / ".join(filter(None, values))}
        variants.append(kept | named | {"options": values} | ({"weight_g": grams} if grams else {}))
    product["variants"] = variants
    product["options"] = [
        {"name": name.title(), "values": list(dict.fromkeys(str(row.get(name, "")) for row in group))}
        for name in axes
        if all(row.get(name) for row in group)
    ]
    if len(product["options"]) < len(axes):
        product["options"] = []
    return product


def _grams(text: object) -> int:
    """Grams of a weight as feeds write it (``1.2 kg``); 0 when it says none."""
    found = re.fullmatch(r"(\d{1,6}(?:\.\d{1,4})?)\s*(g|kg|oz|lb)", str(text).strip().lower())
    return round(float(found[1]) * _GRAMS[found[2]]) if found else 0


def _xml_rows(scan: FileScan) -> Iterator[tuple[int, dict[str, Any] | RowError]]:
    """The items of a feed (RSS 2.0 or Atom), with the line each begins in. Nothing outside the file is read."""
    number = 0
    try:
        with _open(scan.path) as stream:
            events = etree.iterparse(
                stream, events=("end",), resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False
            )
            for _event, element in events:
                if _local(element.tag) in {"item", "entry"}:
                    number = max(number + 1, element.sourceline or 0)
                    yield number, _xml_row(element)
                    element.clear()
    except etree.XMLSyntaxError as error:
        number = max(number + 1, error.lineno or 0)
        yield number, RowError(number, f"This is not XML that we can read: {error.msg}.")


def _xml_row(item: Any) -> dict[str, Any]:
    row: dict[str, Any] = {}
    for child in item:
        name = _our_name(_local(child.tag))
        text = "".join(child.itertext()).strip() or child.get("href", "")
        if text and name not in row:
            row[name] = text
    return row


def _local(tag: object) -> str:
    return str(tag).rpartition("}")[2]


def _option_name(row: Mapping[str, Any]) -> str:
    values = [row.get(f"option{number}_value", "") for number in (1, 2, 3)]
    return " / ".join(value for value in values if value and value != "Default Title")
