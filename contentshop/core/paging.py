"""Paging by number, for lists that people turn the pages of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

Item = TypeVar("Item")

LAST_PAGE = 10_000


@dataclass(frozen=True, slots=True)
class Page(Generic[Item]):
    """One page of a longer list: ``number`` starts at 1, ``total`` counts all items."""

    items: Sequence[Item]
    number: int
    size: int
    total: int

    @property
    def pages(self) -> int:
        """How many pages there are, at least one."""
        return max(1, -(-self.total // self.size))

    @property
    def has_next(self) -> bool:
        return self.number < self.pages

    @property
    def has_previous(self) -> bool:
        return self.number > 1


def page_number(text: str | None) -> int:
    """The page number in an address; anything odd is page 1, anything huge the last page we serve."""
    if text is None or not text.isascii() or not text.isdigit():
        return 1
    return min(max(1, int(text[:9])), LAST_PAGE)
