"""Product files → checked descriptions: JSON lines, CSV and XML, plain or gzipped, in the shapes that shops export.

Reading is streamed and tolerant: a broken line, a wrong encoding or an odd value costs one row, which is told
with its line number, and the rest goes on. Understood are our own names, Shopify's product export (one product
over several lines) and Google's product feed.

``scanning`` looks over a file once; ``lines`` makes text of its bytes, ``reading`` rows of the text. On the way
``naming`` gives columns our names, and ``merging`` makes one row of the several that are one product. ``describing``
turns a row into a description, ``checking`` says which rows can be taken. ``records`` is what they hand on.
"""

from __future__ import annotations

from contentshop.products.imports.checking import check_options, read_batches, row_error
from contentshop.products.imports.describing import parse_row
from contentshop.products.imports.naming import FORMULA_SIGNS, OWN_COLUMNS
from contentshop.products.imports.reading import read_rows
from contentshop.products.imports.records import Batch, FileScan, ImportOptions, RowError
from contentshop.products.imports.scanning import run_digest, scan_file

__all__ = [
    "FORMULA_SIGNS",
    "OWN_COLUMNS",
    "Batch",
    "FileScan",
    "ImportOptions",
    "RowError",
    "check_options",
    "parse_row",
    "read_batches",
    "read_rows",
    "row_error",
    "run_digest",
    "scan_file",
]
