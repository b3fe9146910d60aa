"""One look over a whole file before it is read: its digest, encoding, shape and number of lines."""

from __future__ import annotations

import hashlib
import zlib
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from contentshop.core.errors import Invalid
from contentshop.core.words import say
from contentshop.products.imports.lines import open_content, raw_lines, text_lines
from contentshop.products.imports.reading import xml_rows
from contentshop.products.imports.records import FileScan, ImportOptions

# Lines looked at to tell GB18030 from damage; more would say nothing new.
SAMPLE_LINES = 2_000
_BOMS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))


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
        with open_content(path) as stream:
            for raw in raw_lines(stream):
                _look_at(raw, look)
        modified_at = datetime.fromtimestamp(path.stat().st_mtime, UTC)
    except (OSError, EOFError, zlib.error) as error:
        # What the system says of itself names the place where the file is kept for the moment.
        why = (error.strerror if isinstance(error, OSError) else "") or str(error)
        raise Invalid({"file": [say("%(file)s cannot be read: %(why)s.", file=path.name, why=why)]}) from error
    if not look.first.strip():
        raise Invalid({"file": [say("%(file)s is empty.", file=path.name)]})
    encoding = _encoding(look)
    shape = _shape(path, look.first, encoding)
    scan = FileScan(path, look.digest.hexdigest(), encoding, shape, look.lines, modified_at)
    if encoding.startswith("utf-16"):
        # Its line ends are two bytes wide, so that the bytes alone do not tell the lines.
        scan = replace(scan, lines=sum(1 for _ in text_lines(scan)))
    if shape == "xml":
        # Items are numbered by their lines, but two never have the same number, so that a run can go on after any.
        scan = replace(scan, lines=max((number for number, _ in xml_rows(scan)), default=0))
    if not scan.lines:
        raise Invalid({"file": [say("%(file)s is empty.", file=path.name)]})
    return scan


def run_digest(scan: FileScan, options: ImportOptions) -> str:
    """What an import of this content with these options is known by."""
    said: tuple[object, ...] = (options.source, options.currency, options.price_unit, options.lang)
    said += (options.default_quantity, options.merchant)
    if options.location:
        said += (options.location,)
    return hashlib.sha256(f"{scan.digest}{said!r}".encode()).hexdigest()


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
        wrong = say("%(file)s is one JSON list; write one object a line instead (JSON lines).", file=path.name)
        raise Invalid({"file": [wrong]})
    if text.startswith("<"):
        return "xml"
    return "jsonl" if text.startswith("{") or path.name.removesuffix(".gz").endswith((".jsonl", ".ndjson")) else "csv"
