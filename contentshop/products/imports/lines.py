"""The bytes of a file → numbered lines of text, plain or gzipped, streamed, in the encoding that the scan found."""

from __future__ import annotations

import gzip
import io
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, cast

from contentshop.products.imports.records import FileScan

MAX_LINE = 2_000_000  # characters
_GZIP = b"\x1f\x8b"


def open_content(path: Path) -> BinaryIO:
    """The content of a file, unpacked when it is gzipped, whatever its name says."""
    with path.open("rb") as stream:
        packed = stream.read(2) == _GZIP
    return cast(BinaryIO, gzip.open(path, "rb")) if packed else path.open("rb")


def raw_lines(stream: BinaryIO) -> Iterator[bytes]:
    """Lines with their ends, the pieces of an overlong line cut at MAX_LINE each."""
    while raw := stream.readline(MAX_LINE):
        yield raw


def text_lines(scan: FileScan) -> Iterator[tuple[int, str, str]]:
    """(line number, text, what is wrong with it or an empty string) of every line."""
    with open_content(scan.path) as stream:
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
    for raw in raw_lines(stream):
        complete = raw.endswith(b"\n") or len(raw) < MAX_LINE
        try:
            yield raw.decode(plain), True, complete
        except UnicodeDecodeError:
            yield raw.decode(plain, "replace"), False, complete


def _encoding_name(encoding: str) -> str:
    return encoding.removesuffix("-sig").upper()
