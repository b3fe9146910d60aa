"""Splitting amounts: the parts add up exactly, and nobody is more than one unit from their exact share."""

from __future__ import annotations

import random
from fractions import Fraction

import pytest
from babel.numbers import get_currency_precision

from contentshop.core.money import Money, split

CURRENCIES = {"JPY": 0, "USD": 2, "KWD": 3}
SPLITS = 100_000


def test_a_hundred_thousand_splits_add_up_exactly() -> None:
    chance = random.Random(20261123)
    for turn in range(SPLITS):
        currency, decimals = list(CURRENCIES.items())[turn % 3]
        amount = Money(chance.choice([0, 1, 99, 1999, chance.randrange(10 ** (4 + decimals)), 10**15]), currency)
        weights = [chance.choice([0, 1, 3, chance.randrange(10**6)]) for _ in range(chance.randint(1, 12))]
        parts = split(amount.minor, weights)
        assert sum((Money(part, currency).amount for part in parts), start=Money(0, currency).amount) == amount.amount
        whole = sum(weights)
        for part, weight in zip(parts, weights, strict=True):
            share = Fraction(amount.minor * weight, whole) if whole else Fraction(amount.minor, len(weights))
            assert abs(part - share) < 1


def test_the_currencies_have_the_decimals_that_the_test_is_about() -> None:
    assert {code: get_currency_precision(code) for code in CURRENCIES} == CURRENCIES


@pytest.mark.parametrize(
    ("total", "weights", "parts"),
    [
        (100, [1, 1, 1], [34, 33, 33]),
        (101, [1, 1, 1], [34, 34, 33]),
        (10, [0, 0], [5, 5]),
        (1, [0, 0, 0], [1, 0, 0]),
        (5, [0, 7], [0, 5]),
        (0, [], []),
        (7, [3], [7]),
        (3, [1, 2, 4], [0, 1, 2]),
    ],
)
def test_who_gets_the_odd_unit(total: int, weights: list[int], parts: list[int]) -> None:
    assert split(total, weights) == parts


@pytest.mark.parametrize(("total", "weights"), [(-1, [1]), (1, [-1, 2]), (1, [])])
def test_what_cannot_be_split(total: int, weights: list[int]) -> None:
    with pytest.raises(ValueError):
        split(total, weights)
