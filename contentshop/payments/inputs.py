"""The states of what the payments room keeps; the account a buyer names for a refund; what operators say of gift cards
that are sold."""

from __future__ import annotations

import re
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
HOLDER_LENGTH = 100
NUMBER_LENGTH = 40
BANK_LENGTH = 120
MOST_VALUES = 20
MOST_ON_SALE = 1_000_000
ACCOUNT = re.compile(r"(?=.*[0-9])[0-9A-Z]{6,34}")
IBAN = re.compile(r"[A-Z]{2}[0-9]{2}[0-9A-Z]{11,30}")


@dataclass(frozen=True, slots=True)
class PayoutInput:
    """The account that money is to be sent back to, as its buyer writes it. ``number`` is without spaces."""

    holder: str
    number: str
    bank: str

    @classmethod
    def parse(cls, form: Mapping[str, str]) -> PayoutInput:
        """Fields ``payout_holder``, ``payout_number`` and ``payout_bank``. An IBAN tells the bank, by its check digits
        (ISO 13616); any other number needs the bank's name. Raises Invalid with these names."""
        holder = clean_line(form.get("payout_holder", ""), HOLDER_LENGTH + 1)
        bank = clean_line(form.get("payout_bank", ""), BANK_LENGTH + 1)
        number = re.sub(r"[\s-]", "", form.get("payout_number", "")[:200]).upper()
        problems: dict[str, list[str]] = {}
        if not holder:
            problems["payout_holder"] = [say("Write whose account it is.")]
        elif len(holder) > HOLDER_LENGTH:
            problems["payout_holder"] = [say("Use at most 100 characters.")]
        if not ACCOUNT.fullmatch(number):
            problems["payout_number"] = [say("Write the number of the account: 6 to 34 letters and digits.")]
        elif IBAN.fullmatch(number) and not _checks(number):
            problems["payout_number"] = [say("This IBAN has a typing mistake. Look at it once more.")]
        elif not bank and number[:2].isalpha() and not IBAN.fullmatch(number):
            # Without a bank it can only be meant as an IBAN, so that is where the mistake is.
            problems["payout_number"] = [
                say("This IBAN is not complete or has a typing mistake. For any other number, name the bank.")
            ]
        elif not bank and not IBAN.fullmatch(number):
            problems["payout_bank"] = [say("Write the name of the bank, with its code or branch.")]
        if len(bank) > BANK_LENGTH:
            problems["payout_bank"] = [say("Use at most 120 characters.")]
        if problems:
            raise Invalid(problems)
        return cls(holder, number, bank)

    @staticmethod
    def is_typed(form: Mapping[str, str]) -> bool:
        """Whether any of its fields was filled in."""
        return any(form.get(f"payout_{name}", "").strip() for name in ("holder", "number", "bank"))


def _checks(iban: str) -> bool:
    """Whether the check digits of an IBAN are right: modulo 97, the first four characters last, A = 10 (ISO 7064)."""
    return int("".join(str(int(sign, 36)) for sign in iban[4:] + iban[:4])) % 97 == 1


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
