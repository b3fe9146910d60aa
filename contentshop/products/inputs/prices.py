"""Prices as people, files and forms write them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Literal

from contentshop.core.errors import Invalid
from contentshop.core.money import MAX_MINOR, Money, is_currency
from contentshop.core.words import say
from contentshop.products.inputs.fields import (
    Problems,
    is_present,
    note_problem,
    number_text,
)

PriceUnit = Literal["minor", "major"]
_PRICE = re.compile(r"(?:([A-Z]{3})\s*|[$€£¥￥]\s*)?(\d{1,15}(?:\.\d+)?|\d{1,3}(?:,\d{3})+(?:\.\d+)?)\s*([A-Z]{3})?")


def parse_price(
    data: Mapping[str, Any], currency: str, unit: PriceUnit | None, problems: Problems, where: str = ""
) -> tuple[int | None, str]:
    """(minor units or None, currency) from ``price_minor``, or from ``price`` in ``unit``.

    A price that carries its currency (``"199.00 CNY"``) is always in major units, as in product feeds.
    """
    code = str(data.get("currency") or currency or "").strip().upper()
    if is_present(data.get("price_minor")):
        return _minor(data["price_minor"], "price_minor", problems, where), _currency(code, problems, where)
    if not is_present(data.get("price")):
        return None, _currency(code, problems, where)
    text = number_text(data["price"])
    match = _PRICE.fullmatch(text.upper())
    if match is None:
        note_problem(problems, where + "price", say("“%(text)s” is not a price; write it like 199.00.", text=text[:40]))
        return None, code
    before, amount, after = match.groups()
    named = before or after
    if named and data.get("currency") and named != code:
        note_problem(
            problems,
            where + "currency",
            say("The price is in %(named)s, the currency says %(code)s.", named=named, code=code),
        )
    code = _currency(named or code, problems, where)
    if not code:
        return None, code
    if unit == "minor" and not named:
        return _minor(amount.replace(",", ""), "price", problems, where), code
    if unit is None and not named:
        note_problem(problems, where + "price", say("Say whether prices are in minor units (cents) or major units."))
        return None, code
    try:
        return Money.parse(amount, code).minor, code
    except Invalid as refused:
        note_problem(problems, where + "price", *(text for texts in refused.fields.values() for text in texts))
        return None, code


def _minor(value: object, name: str, problems: Problems, where: str) -> int | None:
    text = number_text(value)
    if not re.fullmatch(r"\d{1,16}(?:\.0+)?", text, re.ASCII) or int(text.partition(".")[0]) > MAX_MINOR:
        note_problem(
            problems, where + name, say("“%(text)s” is not a whole number of minor units (cents).", text=text[:40])
        )
        return None
    return int(text.partition(".")[0])


def _currency(code: str, problems: Problems, where: str) -> str:
    if is_currency(code):
        return code
    note_problem(
        problems,
        where + "currency",
        say("“%(code)s” is not a currency in use.", code=code[:10]) if code else say("Say the currency, like USD."),
    )
    return ""
