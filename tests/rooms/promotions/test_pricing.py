"""What promotions take off: pure, exact, and the best for the buyer."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contentshop.core.money import Money
from contentshop.promotions.pricing import Line, Refusal, Rule, apply


def line(unit: int, quantity: int = 1, *, product: str = "p", category: str = "", creator: str = "") -> Line:
    return Line(product, (category,) if category else (), creator, unit, quantity)


def rule(number: int = 1, **values: Any) -> Rule:
    defaults: dict[str, Any] = {"code": f"CODE{number}", "name": "Spring", "kind": "percent", "percent_ppm": 100_000}
    return Rule(id=number, key=f"k{number}", **(defaults | values))


def fixed(number: int = 1, **values: Any) -> Rule:
    return rule(number, kind="fixed", percent_ppm=0, **({"amounts": {"USD": 1000}} | values))


def test_percent_is_rounded_half_up_once_and_split_over_the_lines() -> None:
    found = apply([rule(percent_ppm=150_000)], [line(333), line(333), line(337)], "USD")
    assert (found.lines, found.total) == ((50, 50, 50), 150)
    assert apply([rule(percent_ppm=500_000)], [line(1)], "USD").total == 1


def test_a_fixed_sum_is_at_most_what_there_is_and_at_most_its_cap() -> None:
    assert apply([fixed()], [line(600), line(200)], "USD").lines == (600, 200)
    assert apply([rule(percent_ppm=500_000, caps={"USD": 700})], [line(2000)], "USD").total == 700
    assert apply([rule(percent_ppm=500_000, caps={"EUR": 1})], [line(2000)], "USD").total == 1000


@pytest.mark.parametrize(
    ("scope", "keys", "expected"),
    [
        ("product", {"lamp"}, (100, 0, 0)),
        ("category", {"Kitchen"}, (0, 200, 0)),
        ("creator", {"ada"}, (0, 0, 300)),
        ("all", set(), (100, 200, 300)),
    ],
)
def test_only_lines_in_scope(scope: Any, keys: set[str], expected: tuple[int, ...]) -> None:
    lines = [line(1000, product="lamp"), line(2000, category="Kitchen"), line(3000, creator="ada")]
    assert apply([rule(scope=scope, scope_keys=frozenset(keys))], lines, "USD").lines == expected


def test_two_and_one_free_gives_the_cheapest_of_each_three() -> None:
    bundle = rule(kind="bundle", percent_ppm=0, buy=2, free=1)
    assert apply([bundle], [line(500, 2), line(300, 1)], "USD").lines == (0, 300)
    assert apply([bundle], [line(500, 4), line(300, 2)], "USD").lines == (500, 300)
    assert apply([bundle], [line(500, 2)], "USD").total == 0


def test_what_may_be_combined_is_and_what_may_not_must_beat_it() -> None:
    lines = [line(10_000)]
    both = [rule(1, combinable=True), fixed(2, combinable=True)]
    # Ten per cent first, then ten off.
    assert [(use.rule.id, use.minor) for use in apply(both, lines, "USD").uses] == [(1, 1000), (2, 1000)]
    alone = rule(3, percent_ppm=150_000)
    found = apply([*both, alone], lines, "USD")
    assert (found.total, found.refused) == (2000, (Refusal("CODE3", "beaten"),))
    better = rule(4, percent_ppm=300_000)
    found = apply([*both, better], lines, "USD")
    assert ([use.rule.id for use in found.uses], found.total) == ([4], 3000)
    assert {one.code for one in found.refused} == {"CODE1", "CODE2"}


def test_a_code_wins_against_an_equal_promotion_that_works_by_itself() -> None:
    by_itself, typed = rule(1, code=""), rule(2)
    assert [use.rule.id for use in apply([by_itself, typed], [line(1000)], "USD").uses] == [2]


@pytest.mark.parametrize(
    ("one", "why"),
    [
        (rule(min_spend={"USD": 2000}), Refusal("CODE1", "min_spend", Money(2000, "USD"))),
        (rule(min_spend={"EUR": 1}), Refusal("CODE1", "currency")),
        (fixed(amounts={"EUR": 500}), Refusal("CODE1", "currency")),
        (rule(scope="product", scope_keys=frozenset({"other"})), Refusal("CODE1", "scope")),
    ],
)
def test_a_code_that_takes_nothing_off_says_why(one: Rule, why: Refusal) -> None:
    found = apply([one], [line(1999)], "USD")
    assert (found.total, found.uses, found.refused) == (0, (), (why,))
    assert apply([rule(min_spend={"USD": 1999})], [line(1999)], "USD").total == 200


LINES = st.lists(
    st.builds(line, st.integers(0, 10**6), st.integers(1, 9), product=st.sampled_from("ab")), min_size=1, max_size=6
)
RULES = st.lists(
    st.builds(
        rule,
        st.integers(1, 9),
        kind=st.sampled_from(["percent", "fixed", "bundle"]),
        percent_ppm=st.integers(0, 1_000_000),
        amounts=st.dictionaries(st.sampled_from(["USD", "EUR"]), st.integers(1, 10**6)),
        buy=st.integers(1, 3),
        free=st.integers(1, 3),
        scope=st.sampled_from(["all", "product"]),
        scope_keys=st.just(frozenset("a")),
        combinable=st.booleans(),
    ),
    max_size=4,
    unique_by=lambda one: one.id,
)


@given(LINES, RULES)
def test_nothing_costs_less_than_nothing_and_parts_add_up(lines: list[Line], rules: list[Rule]) -> None:
    found = apply(rules, lines, "USD")
    assert all(0 <= off <= one.total for off, one in zip(found.lines, lines, strict=True))
    assert sum(use.minor for use in found.uses) == found.total
    assert apply(list(reversed(rules)), lines, "USD") == found
    assert sum(not use.rule.combinable for use in found.uses) in {0, len(found.uses) if len(found.uses) == 1 else 0}
    assert all(found.total >= apply([one], lines, "USD").total for one in rules)
