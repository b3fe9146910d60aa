"""What is read and bought now: signals of many people into an order. Pure.

The score of a thing at the moment ``now`` is the sum over its signals of ``weight * 2 ** (-age / half_life)``:
exponential decay, under which the order of two things does not change by waiting alone (Cormode, Shkapenyuk,
Srivastava and Xu, "Forward decay: a practical time decay model for streaming systems", 2009). What a shop pays is
no part of a signal.

Guards, since whoever gains from a high place will try to climb:

* a visitor counts once a day for a thing, by the strongest thing done, and has ``DAILY_POINTS`` a day in all;
* a thing needs ``LEAST_VISITORS`` visitors, of whom two on one day, since a visitor of another day may be the same
  person; carts do not count for that, as anybody can make many;
* carts add at most as much as everything else;
* of one author's work, and of what one product carries, at most ``MOST_OF_ONE`` stand on a board.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

Period = Literal["day", "week", "month"]
Done = Literal["read", "click", "cart", "order"]


@dataclass(frozen=True, slots=True)
class Board:
    """How far back a board looks, and after what time a signal weighs half as much."""

    span: timedelta
    half_life: timedelta


BOARDS: dict[Period, Board] = {
    "day": Board(timedelta(days=1), timedelta(hours=12)),
    "week": Board(timedelta(days=7), timedelta(days=3)),
    "month": Board(timedelta(days=30), timedelta(days=10)),
}
LONGEST = max(board.span for board in BOARDS.values())
PLACES = 24

WEIGHTS: dict[Done, int] = {"read": 1, "click": 1, "cart": 2, "order": 3}
DAILY_POINTS = 5
LEAST_VISITORS = 3
TOGETHER = 2  # of them on one day
MOST_OF_ONE = 2


@dataclass(frozen=True, slots=True)
class Signal:
    """One thing that one visitor did about one post or product.

    ``owners`` are those a place would be a gain for: the author, and the product or author it came by.
    """

    at: datetime
    visitor: str
    done: Done
    thing: int
    owners: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Place:
    """A thing on a board and how many visitors put it there."""

    thing: int
    visitors: int


def rank(signals: Iterable[Signal], board: Board, *, now: datetime, limit: int = PLACES) -> list[Place]:
    """The things of ``signals`` in their order on a board, without those that the guards keep away.

    The order of ``signals`` is irrelevant. At equal scores more visitors, then the newer thing come first.
    """
    tallies: dict[int, _Tally] = defaultdict(_Tally)
    for signal, points in _counted(signals, board, now):
        tallies[signal.thing].add(signal, points * 0.5 ** ((now - signal.at) / board.half_life))
    ranked = sorted(
        ((thing, tally) for thing, tally in tallies.items() if tally.is_supported),
        key=lambda pair: (-pair[1].score, -pair[1].visitors, -pair[0]),
    )
    return _shared_out(ranked, limit)


def _counted(signals: Iterable[Signal], board: Board, now: datetime) -> list[tuple[Signal, int]]:
    """The signals that count, with their points."""
    strongest: dict[tuple[str, int, int], Signal] = {}
    for signal in sorted(signals, key=lambda one: (one.at, one.visitor, one.thing, one.done)):
        if not now - board.span < signal.at <= now:
            continue
        key = (signal.visitor, signal.at.toordinal(), signal.thing)
        if key not in strongest or WEIGHTS[signal.done] > WEIGHTS[strongest[key].done]:
            strongest[key] = signal
    left: Counter[tuple[str, int]] = Counter()
    counted = []
    for (visitor, day, _thing), signal in strongest.items():
        points = min(WEIGHTS[signal.done], DAILY_POINTS - left[visitor, day])
        left[visitor, day] += points
        if points:
            counted.append((signal, points))
    return counted


class _Tally:
    """What one thing's signals add up to."""

    def __init__(self) -> None:
        self._carts = 0.0
        self._rest = 0.0
        self._days: dict[int, set[str]] = defaultdict(set)
        self._owners: dict[str, float] = defaultdict(float)
        self._weight = 0.0

    def add(self, signal: Signal, weight: float) -> None:
        if signal.done == "cart":
            self._carts += weight
        else:
            self._rest += weight
            self._days[signal.at.toordinal()].add(signal.visitor)
        self._weight += weight
        for owner in signal.owners:
            self._owners[owner] += weight

    @property
    def score(self) -> float:
        """Rounded, so that the order of adding decides nothing."""
        return round(self._rest + min(self._carts, self._rest), 9)

    @property
    def visitors(self) -> int:
        return sum(map(len, self._days.values()))

    @property
    def is_supported(self) -> bool:
        together = max(map(len, self._days.values()), default=0)
        return self.visitors >= LEAST_VISITORS and together >= TOGETHER

    @property
    def owners(self) -> list[str]:
        """Those who brought more than half of it."""
        return [owner for owner, weight in self._owners.items() if weight > self._weight / 2]


def _shared_out(ranked: Sequence[tuple[int, _Tally]], limit: int) -> list[Place]:
    held: Counter[str] = Counter()
    places: list[Place] = []
    for thing, tally in ranked:
        owners = tally.owners
        if len(places) == limit:
            break
        if all(held[owner] < MOST_OF_ONE for owner in owners):
            held.update(owners)
            places.append(Place(thing, tally.visitors))
    return places
