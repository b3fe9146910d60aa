"""What a product cost over time, as its page shows it: a table to read, a small chart to see."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from contentshop.core.db import db
from contentshop.core.money import Money
from contentshop.products import queries as products
from contentshop.products.pricing import Change, History, PricePoint
from contentshop.web.session import Viewer, settings

ROWS = 60
# The chart's size in its own units; it is drawn as wide as there is room.
WIDTH, HEIGHT, EDGE = 640, 160, 8


@dataclass(frozen=True, slots=True)
class PriceRow:
    """One change. ``turn`` is "up", "down", "first" or "lost" (the price was not known any more)."""

    at: datetime
    place: str
    variant: str
    price: Money | None
    before: Money | None
    turn: str


@dataclass(frozen=True, slots=True)
class PriceHistoryView:
    """The history in the reader's currency. ``path`` and ``area`` are the chart's SVG paths, empty without one.

    ``lowest`` and ``highest`` are (price, since when); ``begun`` and ``ended`` are the chart's first and last moment.
    """

    currency: str
    rows: Sequence[PriceRow]
    lowest: tuple[Money, datetime]
    highest: tuple[Money, datetime]
    changed_at: datetime | None
    path: str
    area: str
    begun: datetime
    ended: datetime
    width: int = WIDTH
    height: int = HEIGHT


def price_history(product_id: int, who: Viewer) -> PriceHistoryView | None:
    """The price history of a product for this asker; None before it has one in their currency."""
    found = products.get_history(db.session, product_id, currency=who.currency, region=who.region, locale=who.locale)
    return view(found, who.currency, shop=settings().site_name, now=who.now)


def view(found: History, currency: str, *, shop: str, now: datetime) -> PriceHistoryView | None:
    """The history as the page shows it. Pure."""
    if found.lowest is None or found.highest is None or found.changed_at is None:
        return None  # prices that never changed are no history
    line = found.line
    path, area = _paths(line, found.lowest[0].minor, found.highest[0].minor, now)
    return PriceHistoryView(
        currency=currency,
        rows=[_row(change, shop) for change in found.changes[:ROWS]],
        lowest=found.lowest,
        highest=found.highest,
        changed_at=found.changed_at,
        path=path,
        area=area,
        begun=line[0].since,
        ended=now,
    )


def _row(change: Change, shop: str) -> PriceRow:
    place = shop if change.own else change.place
    same = change.before if change.before and change.price and change.before.currency == change.price.currency else None
    if change.price is None:
        turn = "lost"
    elif same is None:
        turn = "first"
    else:
        turn = "down" if change.price.minor < same.minor else "up"
    return PriceRow(change.at, place, change.variant, change.price, same, turn)


def _paths(line: Sequence[PricePoint], low: int, high: int, now: datetime) -> tuple[str, str]:
    """The stepped line of the cheapest price and the area below it; a gap where no price was known."""
    begun = line[0].since
    if len(line) < 2 or now <= begun:
        return "", ""
    span = (now - begun).total_seconds()
    room = (high - low) or 1

    def across(moment: datetime) -> float:
        return round(EDGE + (WIDTH - 2 * EDGE) * (moment - begun).total_seconds() / span, 1)

    def down(minor: int) -> float:
        return round(EDGE + (HEIGHT - 2 * EDGE) * (high - minor) / room, 1)

    ends = [*(point.since for point in line[1:]), now]
    lines: list[str] = []
    areas: list[str] = []
    joined = False
    for point, end in zip(line, ends, strict=True):
        if point.minor is None:
            joined = False
            continue
        left, right, top = across(point.since), across(end), down(point.minor)
        lines.append(f"{'L' if joined else 'M'}{left:g} {top:g}H{right:g}")
        areas.append(f"M{left:g} {HEIGHT}V{top:g}H{right:g}V{HEIGHT}Z")
        joined = True
    return "".join(lines), "".join(areas)
