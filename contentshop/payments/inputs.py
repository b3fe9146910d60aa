"""The states of what the payments room keeps, and what operators say of gift cards that are sold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from contentshop.accounts.inputs import clean_line
from contentshop.core.errors import Invalid
from contentshop.core.money import Money, is_currency
from contentshop.core.numbers import read_whole
from contentshop.core.words import say

PAYMENT_STATES = ("new", "begun", "paid", "failed")
REFUND_STATES = ("asked", "sent", "done", "failed")
EVENT_STATES = ("waiting", "applied", "ignored")
CARD_STATES = ("active", "blocked")
USE_STATES = ("held", "captured", "released")
REASON_LENGTH = 300
MOST_VALUES = 20
MOST_ON_SALE = 1_000_000


@dataclass(frozen=True, slots=True)
class GiftProductInput:
    """A gift card that is to be sold. Each of ``values`` is one variant: its prices by currency, in minor units."""

    title: str
    title_zh: str
    values: tuple[Mapping[str, int], ...]
    quantity: int

    @classmethod
    def parse(cls, form: Mapping[str, str]) -> GiftProductInput:
        """Values are typed one a line, like ``25 USD, 180 CNY``. Raises Invalid (title, values, quantity)."""
        problems: dict[str, list[str]] = {}
        title = clean_line(form.get("title", ""), 200)
        if not title:
            problems["title"] = [say("Write a title.")]
        values = tuple(_value(row, problems) for row in form.get("values", "").splitlines() if row.strip())
        if not 1 <= len(values) <= MOST_VALUES:
            problems["values"] = [say("Write 1 to %(most)s values, one a line.", most=MOST_VALUES)]
        elif len({next(iter(value.items()), None) for value in values}) < len(values) and "values" not in problems:
            problems["values"] = [say("Two values are the same.")]
        quantity = read_whole(form.get("quantity", ""), least=1, most=MOST_ON_SALE)
        if quantity is None:
            most = f"{MOST_ON_SALE:,}"
            problems["quantity"] = [say("Write a whole number from 1 to %(most)s.", most=most)]
        if quantity is None or problems:
            raise Invalid(problems)
        return cls(title, clean_line(form.get("title_zh", ""), 200), values, quantity)


def _value(row: str, problems: dict[str, list[str]]) -> dict[str, int]:
    found: dict[str, int] = {}
    for part in filter(None, (piece.strip() for piece in row.replace("，", ",").split(","))):
        amount, _space, code = part.rpartition(" ")
        try:
            money = Money.parse(amount, code.upper()) if is_currency(code.upper()) else None
        except Invalid:
            money = None
        if money is None or money.minor <= 0 or money.currency in found:
            problems["values"] = [say("“%(part)s” is not a value. Write it like 25 USD, 180 CNY.", part=part[:40])]
        else:
            found[money.currency] = money.minor
    return found
