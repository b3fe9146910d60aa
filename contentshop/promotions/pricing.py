"""What promotions take off: pure functions of rules and lines, in minor units of one currency.

Rules that may be combined are taken together; one that may not stands alone. Of these possibilities the buyer gets
the one that takes off the most. A line never costs less than nothing, and what is taken off a group of lines is split
over them in proportion to what is paid for each, so that parts add up exactly (``core.money.split``).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from contentshop.core.money import Money, split

MILLION = 1_000_000

Why = Literal["unknown", "early", "ended", "used_up", "used", "sign_in", "currency", "scope", "min_spend", "beaten", ""]


@dataclass(frozen=True, slots=True)
class Line:
    """A line as promotions see it. ``categories`` are the slugs of the product's own and of those above it. ``money``
    is a gift card, off which nothing is taken."""

    product_key: str
    categories: tuple[str, ...]
    creator_key: str
    unit_minor: int
    quantity: int
    money: bool = False

    @property
    def total(self) -> int:
        """What the line costs without anything off."""
        return self.unit_minor * self.quantity


@dataclass(frozen=True, slots=True)
class Rule:
    """A promotion that is valid now for this buyer. See ``models.Promotion``; an empty ``code``: by itself."""

    id: int
    key: str
    code: str
    name: str
    kind: Literal["percent", "fixed", "bundle"]
    percent_ppm: int = 0
    amounts: Mapping[str, int] = field(default_factory=dict)
    caps: Mapping[str, int] = field(default_factory=dict)
    min_spend: Mapping[str, int] = field(default_factory=dict)
    buy: int = 0
    free: int = 0
    scope: Literal["all", "product", "category", "creator"] = "all"
    scope_keys: frozenset[str] = frozenset()
    combinable: bool = False
    total_limit: int | None = None
    person_limit: int | None = None


@dataclass(frozen=True, slots=True)
class Use:
    """A rule that takes something off, and how much in all."""

    rule: Rule
    minor: int


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a code takes nothing off; ``least`` is what the goods must come to, when they do not, and ``begins`` from
    when it holds, when that is to come."""

    code: str
    why: Why
    least: Money | None = None
    begins: datetime | None = None


@dataclass(frozen=True, slots=True)
class Discount:
    """What is taken off each line, by which rules, and which codes take nothing off."""

    lines: tuple[int, ...]
    uses: tuple[Use, ...] = ()
    refused: tuple[Refusal, ...] = ()

    @property
    def total(self) -> int:
        """What is taken off in all."""
        return sum(self.lines)


def apply(rules: Collection[Rule], lines: Sequence[Line], currency: str) -> Discount:
    """The best that ``rules`` can do for ``lines``. Pure, and the same whatever the order of ``rules``."""
    ordered = sorted(rules, key=lambda rule: (rule.kind != "bundle", rule.kind != "percent", rule.id))
    fitting = [rule for rule in ordered if not _misfit(rule, lines, currency)]
    together = [rule for rule in fitting if rule.combinable]
    tries = [_take([rule], lines, currency) for rule in fitting if not rule.combinable]
    best = max(
        [_take(together, lines, currency), *tries],
        key=lambda found: (found.total, any(use.rule.code for use in found.uses)),
    )
    used = {use.rule.id for use in best.uses}
    refused = [
        _misfit(rule, lines, currency) or Refusal(rule.code, "beaten")
        for rule in ordered
        if rule.code and rule.id not in used
    ]
    return Discount(best.lines, best.uses, tuple(refused))


def _take(rules: Sequence[Rule], lines: Sequence[Line], currency: str) -> Discount:
    off = [0] * len(lines)
    uses = []
    for rule in rules:
        parts = _parts(rule, lines, off, currency)
        if any(parts):
            off = [before + part for before, part in zip(off, parts, strict=True)]
            uses.append(Use(rule, sum(parts)))
    return Discount(tuple(off), tuple(uses))


def _parts(rule: Rule, lines: Sequence[Line], off: Sequence[int], currency: str) -> list[int]:
    """What ``rule`` takes off each line, after ``off``."""
    left = [line.total - less if _in_scope(rule, line) else 0 for line, less in zip(lines, off, strict=True)]
    whole = sum(left)
    if not whole:
        return [0] * len(lines)
    if rule.kind == "bundle":
        wanted = _bundle(rule, lines)
        return [min(most, part) for most, part in zip(left, wanted, strict=True)]
    if rule.kind == "percent":
        amount = (2 * whole * rule.percent_ppm + MILLION) // (2 * MILLION)
    else:
        amount = rule.amounts.get(currency, 0)
    amount = min(amount, whole, rule.caps.get(currency, whole))
    return split(amount, left)


def _bundle(rule: Rule, lines: Sequence[Line]) -> list[int]:
    """Of every ``buy`` + ``free`` units in scope, dearest first, the last ``free`` cost nothing."""
    units = sorted(
        (
            (-line.unit_minor, at)
            for at, line in enumerate(lines)
            if _in_scope(rule, line)
            for _unit in range(line.quantity)
        ),
    )
    size = rule.buy + rule.free
    parts = [0] * len(lines)
    for start in range(0, len(units) - size + 1, size) if size else ():
        for minus, at in units[start + rule.buy : start + size]:
            parts[at] -= minus
    return parts


def _misfit(rule: Rule, lines: Sequence[Line], currency: str) -> Refusal | None:
    """Why ``rule`` does not fit these lines at all."""
    goods = sum(line.total for line in lines if _in_scope(rule, line))
    if not goods:
        return Refusal(rule.code, "scope")
    if rule.kind == "fixed" and not rule.amounts.get(currency):
        return Refusal(rule.code, "currency")
    if rule.min_spend and currency not in rule.min_spend:
        return Refusal(rule.code, "currency")
    least = rule.min_spend.get(currency, 0)
    return Refusal(rule.code, "min_spend", Money(least, currency)) if goods < least else None


def _in_scope(rule: Rule, line: Line) -> bool:
    if line.money:
        return False
    match rule.scope:
        case "product":
            return line.product_key in rule.scope_keys
        case "category":
            return any(name in rule.scope_keys for name in line.categories)
        case "creator":
            return line.creator_key in rule.scope_keys
        case "all":
            return True
