"""What the steps of reading a file hand on to each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from contentshop.products.inputs import PriceUnit, ProductInput


@dataclass(frozen=True, slots=True)
class RowError:
    """Why the row that starts in this line was not imported."""

    line: int
    message: str


# The number of a row's first line, and the row with our names or why it cannot be read.
NumberedRow = tuple[int, dict[str, Any] | RowError]


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
class Origin:
    """Where a row's values stand in its file: what it calls our ``names``, and the ``lines`` of the offers and variants
    of a row that was several lines. ``nested`` rows have them in lists of their own, as JSON can."""

    names: Mapping[str, str] = field(default_factory=dict)
    lines: Mapping[str, Sequence[int | None]] = field(default_factory=dict)
    nested: bool = False


@dataclass(frozen=True, slots=True)
class Batch:
    """Some rows in the order of the file, by line number; ``last_line`` is how far the file has been read.

    ``origins`` are those of the rows, by line number.
    """

    last_line: int
    rows: tuple[tuple[int, ProductInput], ...]
    errors: tuple[RowError, ...]
    origins: Mapping[int, Origin] = field(default_factory=dict)
