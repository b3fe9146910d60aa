"""What past prices say: the price struck through, extremes, the cheapest over time."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from contentshop.core.money import Money
from contentshop.products.pricing import Change, PricePoint, prior_minor, struck_price, write_history

NOW = datetime.fromisoformat("2026-11-20T12:00:00+00:00")


def ago(days: float) -> datetime:
    return NOW - timedelta(days=days)


@pytest.mark.parametrize(
    ("points", "before", "prior"),
    [
        ([], 2000, 2000),
        ([(90, 2000)], 2000, 2000),
        # Raised for a week so that the reduction looks large: the price before the rise counts.
        ([(90, 2000), (7, 3000)], 3000, 2000),
        # A low price that ended before the window began is forgotten.
        ([(90, 1000), (31, 2000)], 2000, 2000),
        ([(90, 1000), (29, 2000)], 2000, 1000),
        # The one in force when the window begins counts even though it was set long before.
        ([(400, 1500), (30, 2000)], 2000, 2000),
        ([(400, 1500), (29.99, 2000)], 2000, 1500),
        ([(90, 2000), (10, 1200), (9, 2000)], 2000, 1200),
        ([(90, 2000), (10, None), (9, 2500)], 2500, 2000),
    ],
)
def test_the_prior_price_is_the_lowest_of_thirty_days(
    points: list[tuple[float, int | None]], before: int, prior: int
) -> None:
    assert prior_minor([PricePoint(ago(days), minor) for days, minor in points], before, now=NOW) == prior


def test_a_reduction_is_told_for_thirty_days_and_only_if_it_is_one() -> None:
    price = Money(1500, "EUR")
    assert struck_price(price, 2000, ago(30), now=NOW) == Money(2000, "EUR")
    assert struck_price(price, 2000, ago(30) - timedelta(seconds=1), now=NOW) is None
    assert struck_price(price, 1500, ago(1), now=NOW) is None
    assert struck_price(price, 1400, ago(1), now=NOW) is None
    assert struck_price(price, None, ago(1), now=NOW) is None
    assert struck_price(None, 2000, ago(1), now=NOW) is None
    assert struck_price(price, 2000, None, now=NOW) is None


def change(offer: str, days: float, before: int | None, price: int | None, currency: str = "USD") -> Change:
    def money(minor: int | None) -> Money | None:
        return None if minor is None else Money(minor, currency)

    return Change(offer, offer == "own", offer, "", ago(days), money(before), money(price))


def test_the_line_is_the_cheapest_of_all_shops() -> None:
    found = write_history(
        [
            change("own", 50, None, 2000),
            change("shop", 40, None, 1800),
            change("other", 35, None, 1700, "EUR"),
            change("own", 30, 2000, 1900),
            change("own", 20, 1900, 1500),
            change("own", 10, 1500, None),
            change("shop", 5, 1800, None),
            change("shop", 4, None, 2500),
        ],
        "USD",
    )
    assert found.line == (
        PricePoint(ago(50), 2000),
        PricePoint(ago(40), 1800),
        PricePoint(ago(20), 1500),
        PricePoint(ago(10), 1800),
        PricePoint(ago(5), None),
        PricePoint(ago(4), 2500),
    )
    assert found.lowest == (Money(1500, "USD"), ago(20))
    assert found.highest == (Money(2500, "USD"), ago(4))
    assert found.changed_at == ago(4)
    assert [one.at for one in found.changes][:2] == [ago(4), ago(5)]
    assert len(found.changes) == 7


def test_nothing_known_is_nothing_shown() -> None:
    empty = write_history([], "USD")
    assert (empty.lowest, empty.highest, empty.changed_at, empty.line) == (None, None, None, ())
    alone = write_history([change("own", 3, None, 700)], "USD")
    assert (alone.lowest, alone.changed_at) == ((Money(700, "USD"), ago(3)), None)
