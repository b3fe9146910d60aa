"""What operators type about promotions, and what buyers type as a code."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from contentshop.accounts.inputs import clean_line
from contentshop.core.errors import Invalid
from contentshop.core.money import Money, is_currency
from contentshop.core.numbers import narrow, read_whole
from contentshop.core.words import say
from contentshop.core.zones import read_moment

KINDS = ("percent", "fixed", "bundle")
SCOPES = ("all", "product", "category", "creator")
CODE = re.compile(r"[A-Z0-9][A-Z0-9_-]{2,39}")
MAX_KEYS = 200
MAX_LIMIT = 10_000_000
MILLION = 1_000_000

Problems = dict[str, list[str]]


def read_code(text: str) -> str:
    """A code as it is kept: capitals, without blanks; empty when it cannot be one of ours."""
    code = "".join(text.split()).upper()[:60]
    return code if CODE.fullmatch(code) else ""


@dataclass(frozen=True, slots=True)
class PromotionInput:
    """A promotion as an operator describes it; see ``models.Promotion``."""

    code: str
    name: str
    name_zh: str
    kind: str
    percent_ppm: int
    amounts: Mapping[str, int]
    caps: Mapping[str, int]
    min_spend: Mapping[str, int]
    buy: int
    free: int
    scope: str
    scope_keys: tuple[str, ...]
    combinable: bool
    total_limit: int | None
    person_limit: int | None
    starts_at: datetime | None
    ends_at: datetime | None
    valid_days: int | None

    @classmethod
    def parse(cls, form: Mapping[str, str]) -> PromotionInput:
        """Amounts are typed as ``10 USD, 70 CNY``, times by the clocks in ``zone``.

        Raises Invalid with every bad field.
        """
        problems: Problems = {}
        kind, scope = form.get("kind", ""), form.get("scope", "all")
        if kind not in KINDS:
            problems["kind"] = [say("Choose what is taken off.")]
        if scope not in SCOPES:
            problems["scope"] = [say("Choose what it is for.")]
        name = clean_line(form.get("name", ""), 100)
        if not 1 <= len(name) <= 80:
            problems["name"] = [say("Write a name of at most 80 characters; buyers read it.")]
        typed = form.get("code", "").strip()
        code = read_code(typed)
        if typed and not code:
            problems["code"] = [say("Use 3 to 40 letters, digits, hyphens or underscores.")]
        percent = _percent(form.get("percent", ""), problems) if kind == "percent" else 0
        amounts = _amounts(form.get("amounts", ""), "amounts", problems)
        if kind == "fixed" and not amounts and "amounts" not in problems:
            problems["amounts"] = [say("Write what is taken off, like 10 USD, 70 CNY.")]
        buy = free = 0
        if kind == "bundle":
            buy = _whole(form.get("buy", ""), "buy", problems, most=99) or 0
            free = _whole(form.get("free", ""), "free", problems, most=99) or 0
            if not (buy and free) and not problems:
                problems["buy"] = [say("Write how many are bought and how many of them cost nothing.")]
        named = "categories" if scope == "category" else "scope_keys"
        keys = tuple(dict.fromkeys(part.strip() for part in re.split(r"[,\n]", form.get(named, "")) if part.strip()))
        if scope == "category" and not 1 <= len(keys) <= MAX_KEYS:
            problems["categories"] = [say("Choose at least one category and at most 200.")]
        elif scope != "all" and not 1 <= len(keys) <= MAX_KEYS:
            problems["scope_keys"] = [say("Name at least one and at most 200, one a line.")]
        starts = _moment(form, "starts_at", problems)
        ends = _moment(form, "ends_at", problems)
        if starts and ends and ends <= starts:
            problems["ends_at"] = [say("The end must be after the beginning.")]
        days = _whole(form.get("valid_days", ""), "valid_days", problems, most=3650)
        if days and not code:
            problems["valid_days"] = [say("Only a code can count days for each person.")]
        found = cls(
            code=code,
            name=name,
            name_zh=clean_line(form.get("name_zh", ""), 80),
            kind=kind,
            percent_ppm=percent,
            amounts=amounts if kind == "fixed" else {},
            caps=_amounts(form.get("caps", ""), "caps", problems),
            min_spend=_amounts(form.get("min_spend", ""), "min_spend", problems),
            buy=buy,
            free=free,
            scope=scope,
            scope_keys=keys if scope != "all" else (),
            combinable=form.get("combinable") == "yes",
            total_limit=_whole(form.get("total_limit", ""), "total_limit", problems),
            person_limit=_whole(form.get("person_limit", ""), "person_limit", problems),
            starts_at=starts,
            ends_at=ends,
            valid_days=days,
        )
        if problems:
            raise Invalid(problems)
        return found


def write_amounts(amounts: Mapping[str, int]) -> str:
    """Amounts as ``PromotionInput`` reads them."""
    return ", ".join(f"{Money(minor, code).amount} {code}" for code, minor in sorted(amounts.items()))


def _amounts(text: str, field: str, problems: Problems) -> dict[str, int]:
    found: dict[str, int] = {}
    for part in filter(None, map(str.strip, re.split(r"[,\n]", text))):
        amount, _, code = part.rpartition(" ")
        code = code.upper()
        try:
            if not is_currency(code):
                raise Invalid({"currency": [""]})
            minor = Money.parse(amount, code).minor
        except Invalid:
            problems[field] = [say("“%(part)s” is not an amount. Write it like 10 USD, 70 CNY.", part=part)]
            continue
        if code in found:
            problems[field] = [say("There are two amounts in %(currency)s. Leave one.", currency=code)]
        found[code] = minor
    return found


def _percent(text: str, problems: Problems) -> int:
    digits = narrow(text).removesuffix("%").strip()
    whole, _, part = digits.partition(".")
    if not (whole + part).isascii() or not (whole + part).isdigit() or len(part) > 2 or len(whole) > 3:
        problems["percent"] = [say("Write a per cent from 1 to 100, like 15.")]
        return 0
    ppm = int(whole or "0") * 10_000 + int(part.ljust(2, "0") or "0") * 100
    if not 0 < ppm <= MILLION:
        problems["percent"] = [say("Write a per cent from 1 to 100, like 15.")]
    return ppm


def _whole(text: str, field: str, problems: Problems, *, most: int = MAX_LIMIT) -> int | None:
    """A whole number of at least one; None for an empty text."""
    if not text.strip():
        return None
    number = read_whole(text, least=1, most=most)
    if number is None:
        problems[field] = [say("Write a whole number from 1 to %(most)s, or nothing.", most=f"{most:,}")]
    return number


def _moment(form: Mapping[str, str], field: str, problems: Problems) -> datetime | None:
    try:
        return read_moment(form.get(field, ""), form.get("zone") or "UTC", field)
    except Invalid as refusal:
        problems[field] = list(refusal.fields[field])
        return None
