"""Tax of lines and of shipping: rounded line by line, half up."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contentshop.delivery.taxes import LineTax, TaxRule, tax_lines, tax_of

VAT = TaxRule("VAT", included=True, on_shipping=True, rates={"standard": 190_000, "reduced": 70_000, "zero": 0})


@pytest.mark.parametrize(
    ("minor", "rate", "included", "tax"),
    [
        (1000, 88_750, False, 89),  # 8.875 % of 10.00 is 0.8875
        (100, 5_000, False, 1),  # exactly half a cent goes up
        (99, 5_000, False, 0),
        (11_900, 190_000, True, 1_900),
        (1, 190_000, True, 0),
        (0, 190_000, True, 0),
        (10**15, 1_000_000, False, 10**15),
        (10**15, 1_000_000, True, 5 * 10**14),
    ],
)
def test_tax_of_one_amount(minor: int, rate: int, included: bool, tax: int) -> None:
    assert tax_of(minor, rate, included=included) == tax


@given(st.integers(0, 10**12), st.integers(0, 1_000_000), st.booleans())
def test_tax_equals_the_same_in_decimals(minor: int, rate: int, included: bool) -> None:
    part = Decimal(rate) / 1_000_000
    exact = Decimal(minor) * part / (1 + part) if included else Decimal(minor) * part
    assert abs(tax_of(minor, rate, included=included) - exact) <= Decimal("0.5")
    if not included:
        assert tax_of(minor, rate, included=False) == exact.quantize(Decimal(1), ROUND_HALF_UP)


@pytest.mark.parametrize(("minor", "rate"), [(-1, 1), (1, -1)])
def test_negative_amounts_are_a_mistake(minor: int, rate: int) -> None:
    with pytest.raises(ValueError, match="not negative"):
        tax_of(minor, rate, included=True)


def test_lines_are_taxed_by_class_and_shipping_by_the_standard_rate() -> None:
    found = tax_lines([(11_900, "standard"), (10_700, "reduced"), (500, "zero"), (100, "unknown")], 595, VAT)
    assert found.lines == (LineTax(190_000, 1900), LineTax(70_000, 700), LineTax(0, 0), LineTax(190_000, 16))
    assert (found.shipping, found.total) == (LineTax(190_000, 95), 2711)
    assert found.parts == (("VAT", 190_000, 2011), ("VAT", 70_000, 700))


def test_without_a_rule_nothing_is_taxed() -> None:
    found = tax_lines([(1000, "standard")], 599, None)
    assert (found.lines, found.shipping, found.total, found.parts, found.included) == (
        (LineTax(0, 0),),
        LineTax(0, 0),
        0,
        (),
        False,
    )


def test_lines_add_up_although_the_sum_alone_would_round_otherwise() -> None:
    rule = TaxRule("T", included=False, on_shipping=False, rates={"standard": 5_000})
    assert tax_lines([(100, "standard")] * 3, 0, rule).total == 3
    assert tax_of(300, 5_000, included=False) == 2
