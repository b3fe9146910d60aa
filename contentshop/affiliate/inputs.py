"""Typed records of clicks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class ClickInput:
    """One counted click. ``card`` and ``post`` are empty for a link on a product's own page.

    ``visitor`` is the day's hash; ``hour`` counts hours since 1970, UTC.
    """

    at: datetime
    card: str
    offer: str
    post: str
    creator: str
    visitor: str

    @property
    def hour(self) -> int:
        return int(self.at.timestamp()) // 3600
