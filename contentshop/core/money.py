"""Money as integer minor units with an ISO 4217 currency. Never a float.

The number of decimals of a currency comes from CLDR (Babel): JPY 0, CNY 2, KWD 3.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import lru_cache

from babel import Locale
from babel.core import get_global
from babel.numbers import format_currency, get_currency_precision

from contentshop.core.errors import Invalid
from contentshop.core.words import say

# What BIGINT holds with room to spare for sums; also stops absurd input early.
MAX_MINOR = 10**15


def is_currency(code: str) -> bool:
    """Whether ``code`` is an ISO 4217 currency that CLDR knows."""
    return len(code) == 3 and code.isascii() and code.isupper() and code in get_global("all_currencies")


@dataclass(frozen=True, slots=True, order=False)
class Money:
    """An amount in minor units (cents, fen) of one currency."""

    minor: int
    currency: str

    def __post_init__(self) -> None:
        if type(self.minor) is not int:
            raise TypeError("money counts whole minor units")
        if not is_currency(self.currency):
            raise Invalid({"currency": [say("“%(currency)s” is not an ISO 4217 currency.", currency=self.currency)]})

    @classmethod
    def parse(cls, text: str, currency: str) -> Money:
        """Read a decimal amount of major units (``"199.00"``) exactly.

        Raises Invalid when the text is no number, is negative, or has more decimals than the currency.
        """
        if not is_currency(currency):
            raise Invalid({"currency": [say("“%(currency)s” is not an ISO 4217 currency.", currency=currency)]})
        try:
            amount = Decimal(text.strip().replace(",", ""))
        except InvalidOperation:
            raise Invalid({"price": [say("“%(text)s” is not an amount; write it like 199.00.", text=text)]}) from None
        if not amount.is_finite() or amount < 0:
            raise Invalid({"price": [say("“%(text)s” is not an amount; write it like 199.00.", text=text)]})
        digits = get_currency_precision(currency)
        minor = amount.scaleb(digits)
        if minor != minor.to_integral_value():
            raise Invalid(
                {
                    "price": [
                        say(
                            "%(currency)s has %(digits)s decimals; “%(text)s” has more.",
                            currency=currency,
                            digits=digits,
                            text=text,
                        )
                    ]
                }
            )
        if minor > MAX_MINOR:
            raise Invalid({"price": [say("“%(text)s” is too large.", text=text)]})
        return cls(int(minor), currency)

    def __add__(self, other: Money) -> Money:
        if self.currency != other.currency:
            raise ValueError(f"cannot add {other.currency} to {self.currency}")
        return Money(self.minor + other.minor, self.currency)

    def __mul__(self, count: int) -> Money:
        return Money(self.minor * count, self.currency)

    @property
    def amount(self) -> Decimal:
        """The amount in major units, exact."""
        return Decimal(self.minor).scaleb(-get_currency_precision(self.currency))

    def format(self, locale: str | Locale) -> str:
        """The amount as a reader of ``locale`` expects it, e.g. ``$199.00`` or ``¥199.00``."""
        return _formatted(self, str(locale))


@lru_cache(maxsize=8192)
def _formatted(money: Money, locale: str) -> str:
    """Kept, since a page shows dozens of prices and CLDR's patterns take long to apply."""
    return format_currency(money.amount, money.currency, locale=locale)


def total(amounts: Iterable[Money], currency: str) -> Money:
    """The sum of ``amounts``, zero when there are none. Raises ValueError on mixed currencies."""
    result = Money(0, currency)
    for amount in amounts:
        result = result + amount
    return result
