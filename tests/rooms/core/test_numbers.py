"""Numbers as people type them."""

from __future__ import annotations

import pytest

from contentshop.core.errors import Invalid
from contentshop.core.money import Money
from contentshop.core.numbers import narrow, read_whole
from contentshop.delivery.inputs import read_percent
from contentshop.orders.inputs import parse_quantity
from contentshop.products import inputs as products


def test_full_width_signs_are_read_as_their_plain_ones() -> None:
    assert narrow("\u3000１２．５％ ") == "12.5%"
    assert narrow("－３") == "-3"


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("12", 12),
        (" １２ ", 12),
        ("0", 0),
        ("99", 99),
        *[(text, None) for text in ("100", "", "-5", "1.5", "１．５", "1e3", "٣", "²", "9" * 400)],
    ],
)
def test_a_whole_number(text: str, number: int | None) -> None:
    assert read_whole(text, most=99) == number


def test_every_field_for_numbers_reads_them() -> None:
    assert parse_quantity("１２") == 12
    assert Money.parse("１９９．５", "USD") == Money(19950, "USD")
    assert products.parse_quantity({"n": "３０"}, "n", {}) == 30
    assert read_percent("８．８７５％", "rate", {}) == 88750
    with pytest.raises(Invalid):
        parse_quantity("１．５")
