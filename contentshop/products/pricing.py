"""What past prices say. Pure: rows in, figures out.

A reduction is announced by the price before it, struck through. Which price that is follows Directive 98/6/EC, Article
6a (as amended by Directive (EU) 2019/2161): the lowest of the 30 days before the reduction.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from contentshop.core.money import Money

WINDOW = timedelta(days=30)
# A price that has been asked for so long is no reduction any more.
ANNOUNCED = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class PricePoint:
    """What was asked from ``since`` on; ``minor`` is None when it was not known."""

    since: datetime
    minor: int | None


@dataclass(frozen=True, slots=True)
class Change:
    """A change of one offer's price. ``before`` and ``price`` are None where it was not known."""

    offer_key: str
    own: bool
    place: str
    variant: str
    at: datetime
    before: Money | None
    price: Money | None


@dataclass(frozen=True, slots=True)
class History:
    """Prices of a product in one currency: changes newest first, the cheapest of all shops over time, its extremes.

    ``line`` are points at which the cheapest known price changed, oldest first. ``lowest`` and ``highest`` are its
    extremes and since when they were asked the last time; ``changed_at`` is its last change.
    """

    changes: tuple[Change, ...]
    line: tuple[PricePoint, ...]
    lowest: tuple[Money, datetime] | None
    highest: tuple[Money, datetime] | None
    changed_at: datetime | None


def prior_minor(points: Sequence[PricePoint], before: int, *, now: datetime) -> int:
    """The lowest price in force in the 30 days before ``now``; ``before`` is what was asked until now.

    ``points`` are one offer's in one currency, oldest first.
    """
    start = now - WINDOW
    at_start = [point for point in points if point.since <= start]
    inside = [point for point in points if start < point.since < now]
    asked = [point.minor for point in (*at_start[-1:], *inside) if point.minor is not None]
    return min([before, *asked])


def struck_price(price: Money | None, prior: int | None, changed_at: datetime | None, *, now: datetime) -> Money | None:
    """The price to be shown struck through beside ``price``, or None when no reduction may be announced."""
    if price is None or prior is None or changed_at is None:
        return None
    if prior <= price.minor or now - changed_at > ANNOUNCED:
        return None
    return Money(prior, price.currency)


def write_history(changes: Iterable[Change], currency: str) -> History:
    """Figures of changes given oldest first; only those in ``currency`` count."""
    kept = [one for one in changes if (one.price or one.before or Money(0, currency)).currency == currency]
    asked: dict[str, int] = {}
    line: list[PricePoint] = []
    for change in kept:
        if change.price is None:
            asked.pop(change.offer_key, None)
        else:
            asked[change.offer_key] = change.price.minor
        _step(line, PricePoint(change.at, min(asked.values(), default=None)))
    known = [(point.minor, point.since) for point in line if point.minor is not None]
    low = min(known, key=lambda pair: (pair[0], -pair[1].timestamp()), default=None)
    high = max(known, key=lambda pair: (pair[0], pair[1].timestamp()), default=None)
    return History(
        changes=tuple(reversed(kept)),
        line=tuple(line),
        lowest=(Money(low[0], currency), low[1]) if low else None,
        highest=(Money(high[0], currency), high[1]) if high else None,
        changed_at=line[-1].since if len(line) > 1 else None,
    )


def _step(line: list[PricePoint], point: PricePoint) -> None:
    """Add a point unless it says nothing new; several at one moment are one."""
    if line and line[-1].since == point.since:
        line.pop()
    if not line or line[-1].minor != point.minor:
        line.append(point)
