"""The storage port: named blobs that never change."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import BinaryIO, Protocol


class Storage(Protocol):
    """Keeps files by name (``ab/abc123-640.webp``). A name is written once and its content never changes."""

    def put(self, name: str, data: bytes) -> None:
        """Keep ``data`` durably under ``name``. Raises Unavailable when there is no room or no permission."""

    def put_file(self, name: str, source: BinaryIO) -> None:
        """Keep what is left to read of ``source``, piece by piece: it may be larger than the memory. As ``put``."""

    def open(self, name: str) -> BinaryIO:
        """A reader of the file that can seek. Raises NotFound."""

    def size(self, name: str) -> int:
        """The length of the file in bytes. Raises NotFound."""

    def delete(self, name: str) -> None:
        """Forget the file; harmless when it is not there."""

    def exists(self, name: str) -> bool:
        """Whether the file is there."""

    def names(self, *, before: datetime) -> Iterator[str]:
        """The names of all files that were put before then, in no order."""

    def clean(self, *, before: datetime) -> int:
        """Drop what was left by writes that were cut off before then; how much."""
