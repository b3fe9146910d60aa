"""Tax of an order: pure functions of amounts and a rule, in minor units and parts per million.

Each line is rounded by itself, half a minor unit up: the Streamlined Sales and Use Tax Agreement of the US states
(section 324: to the third decimal, up when it is above four, computed for each item or for the invoice), and what HMRC
(VAT Notice 700, 17.5) and EU law (Court of Justice, C-484/06 Ahold: the member state's choice) allow for a line. What
is shown of each line so adds up to what is shown in sum, and a returned line gives back exactly its own tax.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

MILLION = 1_000_000
STANDARD = "standard"


@dataclass(frozen=True, slots=True)
class TaxRule:
    """How one place taxes: ``rates`` by tax class in parts per million (200000 is 20 %).

    ``included`` says that prices contain the tax; ``on_shipping`` that shipping is taxed, at the standard rate. A rule
    that is not ``known`` has no rates: they depend on the state, and nobody has said it yet.
    """

    name: str
    included: bool
    on_shipping: bool
    rates: Mapping[str, int]
    known: bool = True

    def rate(self, tax_class: str) -> int:
        """The rate of a class; the standard one for a class that the place does not know."""
        return self.rates.get(tax_class, self.rates.get(STANDARD, 0))


@dataclass(frozen=True, slots=True)
class LineTax:
    """The tax in, or on top of, one amount."""

    rate: int
    minor: int


@dataclass(frozen=True, slots=True)
class Taxes:
    """The tax of an order. ``parts`` are (name, rate, tax) by rate, the highest first, adding up to ``total``."""

    lines: tuple[LineTax, ...]
    shipping: LineTax
    included: bool
    total: int
    parts: tuple[tuple[str, int, int], ...]


def tax_of(minor: int, rate: int, *, included: bool) -> int:
    """The tax of an amount, rounded half up: contained in it when ``included``, else on top of it.

    Raises ValueError for a negative amount or rate.
    """
    if minor < 0 or rate < 0:
        raise ValueError("amounts and rates are not negative")
    whole = MILLION + rate if included else MILLION
    return (2 * minor * rate + whole) // (2 * whole)


def tax_lines(lines: Sequence[tuple[int, str]], shipping_minor: int, rule: TaxRule | None) -> Taxes:
    """The taxes of ``lines`` (what is paid for each, its tax class) and of shipping; none without a rule."""
    if rule is None:
        nothing = LineTax(0, 0)
        return Taxes(tuple(nothing for _line in lines), nothing, included=False, total=0, parts=())
    taxed = tuple(_tax(minor, rule.rate(tax_class), rule) for minor, tax_class in lines)
    shipping = _tax(shipping_minor, rule.rate(STANDARD) if rule.on_shipping else 0, rule)
    sums: dict[int, int] = defaultdict(int)
    for line in (*taxed, shipping):
        sums[line.rate] += line.minor
    return Taxes(
        lines=taxed,
        shipping=shipping,
        included=rule.included,
        total=sum(sums.values()),
        parts=tuple((rule.name, rate, sums[rate]) for rate in sorted(sums, reverse=True) if sums[rate]),
    )


def _tax(minor: int, rate: int, rule: TaxRule) -> LineTax:
    return LineTax(rate, tax_of(minor, rate, included=rule.included))
