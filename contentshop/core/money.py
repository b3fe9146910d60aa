"""Money as integer minor units with an ISO 4217 currency. Never a float.

The number of decimals of a currency comes from CLDR (Babel): JPY 0, CNY 2, KWD 3.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import lru_cache

from babel import Locale
from babel.core import get_global
from babel.numbers import format_currency, get_currency_precision

from contentshop.core.errors import Invalid
from contentshop.core.numbers import narrow
from contentshop.core.words import say

# What BIGINT holds with room to spare for sums; also stops absurd input early.
MAX_MINOR = 10**15


# CLDR says of every country what is, and what was, legal tender there; of what still is, no last day. Codes for
# tests, for none, for metals and for funds (XTS, XXX, XAU, CHE) are tender nowhere.
_TENDER = [row for rows in get_global("territory_currencies").values() for row in rows if row[3]]
_EVER_TENDER = frozenset(code for code, _first, _last, _ in _TENDER)
_IN_USE = frozenset(code for code, _first, last, _ in _TENDER if last is None)


def is_currency(code: str) -> bool:
    """Whether people pay with ``code`` (ISO 4217): it is legal tender somewhere, as CLDR knows."""
    return code in _IN_USE


@dataclass(frozen=True, slots=True, order=False)
class Money:
    """An amount in minor units (cents, fen) of one currency.

    The currency may be one that is no longer in use, so that an old order stays what it was; ``parse`` takes new
    amounts only in those that are.
    """

    minor: int
    currency: str

    def __post_init__(self) -> None:
        if type(self.minor) is not int:
            raise TypeError("money counts whole minor units")
        if self.currency not in _EVER_TENDER:
            raise Invalid({"currency": [say("“%(currency)s” is not an ISO 4217 currency.", currency=self.currency)]})

    @classmethod
    def parse(cls, text: str, currency: str) -> Money:
        """Read a decimal amount of major units (``"199.00"``) exactly.

        Raises Invalid when the text is no number, is negative, or has more decimals than the currency, and for a
        currency that is not in use.
        """
        if not is_currency(currency):
            raise Invalid({"currency": [say("“%(code)s” is not a currency in use.", code=currency)]})
        try:
            amount = Decimal(narrow(text).replace(",", ""))
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

    def format_whole(self, locale: str | Locale) -> str:
        """The same without its decimals, for round amounts: ``$200``."""
        known = Locale.parse(str(locale))
        pattern = known.currency_formats["standard"].pattern.replace("0.00", "0")
        return format_currency(self.amount, self.currency, pattern, locale=known, currency_digits=False)


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


def split(total: int, weights: Sequence[int]) -> list[int]:
    """``total`` minor units in proportion to ``weights``; the parts add up to it exactly.

    By the method of the largest remainder (Hare–Niemeyer): everybody gets the whole units of their exact share, and
    what is left goes, one unit each, to the largest fractions, the earlier of two equal ones first. Equal weights when
    all are zero. Raises ValueError for a negative amount or weight, and for an amount that nobody is to get.
    """
    if total < 0 or any(weight < 0 for weight in weights):
        raise ValueError("amounts and weights are not negative")
    if not weights:
        if total:
            raise ValueError("there is nobody to split it among")
        return []
    shares = list(weights) if any(weights) else [1] * len(weights)
    whole = sum(shares)
    parts = [total * share // whole for share in shares]
    fractions = sorted(range(len(shares)), key=lambda at: (-(total * shares[at] % whole), at))
    for at in fractions[: total - sum(parts)]:
        parts[at] += 1
    return parts
