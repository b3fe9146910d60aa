"""Typed records of searches and of what was opened from them."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

LONGEST_WORDS = 100  # characters; what is longer was pasted, not asked
LAST_RANK = 1000

DAY = timedelta(days=1).total_seconds()
HOUR = timedelta(hours=1).total_seconds()

PickKind = Literal["post", "product", "creator"]

_PLACES: dict[str, PickKind] = {"/p/": "post", "/products/": "product", "/@": "creator"}
_NAME = re.compile(r"[\w.-]{1,100}")
# A mail address, or digits enough for a telephone with its country that are spaced or signed like one. Codes of
# products (GTIN, ISBN) are digits without either.
_PERSONAL = re.compile(r"\S@\S+\.\S|\+\s?\d[\d\s().-]{7,}|\d{3,4}[\s-]\d{3,4}[\s-]\d{4}")


def normal_words(text: str) -> str:
    """A query as it is counted: full width, case and spaces made equal.

    Empty for what is not kept: what is too long to be a question, and what looks like somebody's address.
    """
    plain = " ".join(unicodedata.normalize("NFKC", text).casefold().split())
    plain = "".join(sign for sign in plain if sign.isprintable())
    return "" if len(plain) > LONGEST_WORDS or _PERSONAL.search(plain) else plain


def day_of(at: datetime) -> int:
    """Days since 1970, UTC."""
    return int(at.timestamp() // DAY)


@dataclass(frozen=True, slots=True)
class SearchInput:
    """One search. ``words`` are normalised; ``found`` counts the results; ``visitor`` is the day's hash.

    ``by`` is the key of the signed-in person, for that person's own feed; no count keeps it.
    """

    at: datetime
    words: str
    lang: str
    visitor: str
    found: int
    loosened: bool
    by: str = ""

    @property
    def hour(self) -> int:
        return int(self.at.timestamp() // HOUR)


@dataclass(frozen=True, slots=True)
class PickInput:
    """One result that was opened: its kind, the name in its address (slug or handle) and its place, from 1.

    ``by`` is the key of the signed-in person, to leave out authors' visits to their own work; it is not kept.
    """

    at: datetime
    words: str
    lang: str
    visitor: str
    kind: PickKind
    name: str
    rank: int
    by: str = ""


def read_place(path: str) -> tuple[PickKind, str] | None:
    """(kind, name) of an address on this site that results lead to; None for any other."""
    for start, kind in _PLACES.items():
        name = path.removeprefix(start)
        if name != path and _NAME.fullmatch(name):
            return kind, name
    return None


def read_rank(text: str) -> int | None:
    """A place among results; None for what is none."""
    if not text.isascii() or not text.isdigit() or len(text) > len(str(LAST_RANK)):
        return None
    return int(text) if 1 <= int(text) <= LAST_RANK else None
