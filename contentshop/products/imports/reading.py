"""A scanned file → its rows with our names: JSON lines, CSV and the items of XML feeds."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

from lxml import etree

from contentshop.core.errors import Invalid
from contentshop.core.words import say
from contentshop.products.imports.lines import open_content, text_lines
from contentshop.products.imports.merging import merge_by_group, merge_by_handle, merge_own
from contentshop.products.imports.naming import OWN_COLUMNS, our_name
from contentshop.products.imports.records import FileScan, NumberedRow, RowError


def read_rows(scan: FileScan, names: dict[str, str] | None = None) -> Iterator[NumberedRow]:
    """Every row with the number of its (first) line, with our names; or why it cannot be read.

    ``names`` gets what the file calls each of them.
    """
    names = {} if names is None else names
    if scan.shape == "jsonl":
        yield from _json_rows(scan, names)
    elif scan.shape == "xml":
        yield from merge_by_group(xml_rows(scan, names))
    else:
        yield from _csv_rows(scan, names)


def _json_rows(scan: FileScan, names: dict[str, str]) -> Iterator[NumberedRow]:
    for number, text, problem in text_lines(scan):
        if problem:
            yield number, RowError(number, problem)
        elif text.strip():
            yield number, _json_row(number, text, names)


def _json_row(number: int, text: str, names: dict[str, str]) -> dict[str, Any] | RowError:
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
        ours = our_name(name)
        # Our own name for a thing goes before another name for it.
        if ours == name or ours not in row:
            row[ours], names[ours] = value, name
    return row


def _refuse_constant(name: str) -> Any:
    raise ValueError(name)


def _csv_rows(scan: FileScan, called: dict[str, str]) -> Iterator[NumberedRow]:
    bad: dict[int, str] = {}
    rows = _cells(scan, bad)
    try:
        _, header = next(rows)
    except StopIteration:
        raise Invalid({"file": [say("%(file)s has no line of column names.", file=scan.path.name)]}) from None
    if isinstance(header, RowError):
        raise Invalid({"file": [f"The line of column names cannot be read: {header.message}"]})
    names = [our_name(name) for name in header]
    if tuple(header) == OWN_COLUMNS:
        names = list(OWN_COLUMNS)
    called.update((ours, name.strip()) for ours, name in reversed(list(zip(names, header, strict=True))))
    if "title" not in names:
        raise Invalid({"file": [say("The first line must name the columns, and one of them must be “title”.")]})
    named = (
        (number, cells if isinstance(cells, RowError) else _named_cells(number, names, cells)) for number, cells in rows
    )
    if "row" in names and "slug" in names:
        yield from merge_own(named)
    elif "handle" in names:
        yield from merge_by_handle(named)
    else:
        yield from merge_by_group(named) if "group" in names else named


def _cells(scan: FileScan, bad: dict[int, str]) -> Iterator[tuple[int, list[str] | RowError]]:
    """Rows of cells with their first line; a row may span lines, so what is wrong with a line is kept aside."""

    def lines() -> Iterator[str]:
        for number, text, problem in text_lines(scan):
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
    _, header, _ = next(text_lines(scan))
    return max(",;\t|", key=header.count)


def _named_cells(number: int, names: Sequence[str], cells: Sequence[str]) -> dict[str, Any] | RowError:
    if any(cell.strip() for cell in cells[len(names) :]):
        return RowError(number, f"The row has {len(cells)} cells, the first line names {len(names)}.")
    row: dict[str, Any] = {}
    for name, cell in zip(names, cells, strict=False):
        if name and cell.strip() and name not in row:
            row[name] = cell.strip()
    return row


def xml_rows(scan: FileScan, names: dict[str, str] | None = None) -> Iterator[NumberedRow]:
    """The items of a feed (RSS 2.0 or Atom), with the line each begins in. Nothing outside the file is read."""
    number = 0
    try:
        with open_content(scan.path) as stream:
            events = etree.iterparse(
                stream, events=("end",), resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False
            )
            for _event, element in events:
                if _local(element.tag) in {"item", "entry"}:
                    number = max(number + 1, element.sourceline or 0)
                    yield number, _xml_row(element, {} if names is None else names)
                    element.clear()
    except etree.XMLSyntaxError as error:
        number = max(number + 1, error.lineno or 0)
        yield number, RowError(number, f"This is not XML that we can read: {error.msg}.")


def _xml_row(item: Any, names: dict[str, str]) -> dict[str, Any]:
    row: dict[str, Any] = {}
    for child in item:
        name = our_name(tag := _local(child.tag))
        text = "".join(child.itertext()).strip() or child.get("href", "")
        if text and name not in row:
            row[name], names[name] = text, tag
    return row


def _local(tag: object) -> str:
    return str(tag).rpartition("}")[2]
