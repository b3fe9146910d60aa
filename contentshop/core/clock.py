"""The clock port: the only place that reads the wall clock, so that every timer can be moved in tests.

All times are aware UTC. Rooms take ``now`` as an argument; doors and the worker ask the clock once per request.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Tells the time."""

    def now(self) -> datetime:
        """The present moment, aware, in UTC."""


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)


class FixedClock:
    """A clock that stands still until it is moved; for tests and for previews of a future time."""

    def __init__(self, at: datetime) -> None:
        if at.tzinfo is None:
            raise ValueError("a clock needs an aware time")
        self._at = at.astimezone(UTC)

    def now(self) -> datetime:
        return self._at

    def advance(self, step: timedelta) -> None:
        """Move the clock by ``step`` (may be negative)."""
        self._at += step


class ShiftedClock:
    """The machine's clock moved by a fixed number of seconds; lets a running site be tested in the future."""

    def __init__(self, seconds: int) -> None:
        self._shift = timedelta(seconds=seconds)

    def now(self) -> datetime:
        return datetime.now(UTC) + self._shift
