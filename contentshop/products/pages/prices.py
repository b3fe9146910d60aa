"""Prices and currencies as shops write them into their pages. A text that can be read in two ways is no price."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from decimal import Decimal

from price_parser import Price

from contentshop.core.errors import Invalid
from contentshop.core.money import Money, is_currency

MAX_TEXT = 60
_GROUPED = r"\d{1,3}(?:[.,'’ ]\d{3})+"
_NUMBER = re.compile(rf"(?:{_GROUPED}|\d+)(?:[.,]\d+)?")
_PLAIN = re.compile(r"\d{1,15}(?:\.(\d{1,8}))?")
_HAN_UNITS = {"万": 10_000, "萬": 10_000, "亿": 100_000_000, "億": 100_000_000}
# "From 199": true of no particular thing that is sold. (Also 起, "and up".)
_FROM = re.compile(r"\b(?:from|ab|dès|à partir|desde|od|vanaf|fra|från|da|starting)\b|[起~～]|〜", re.IGNORECASE)

# What makes another number of it: per cent, tenths (折), thousands.
_SCALE = re.compile(r"%|折|千|百|k(?![a-zč])", re.IGNORECASE)

_SIGNS = {
    "€": "EUR", "£": "GBP", "₹": "INR", "₩": "KRW", "₽": "RUB", "₺": "TRY", "₫": "VND", "₪": "ILS", "₴": "UAH",
    "฿": "THB", "₱": "PHP", "zł": "PLN", "kč": "CZK", "ft": "HUF", "円": "JPY", "원": "KRW", "r$": "BRL",
    "us$": "USD", "hk$": "HKD", "nt$": "TWD", "a$": "AUD", "au$": "AUD", "c$": "CAD", "ca$": "CAD", "s$": "SGD",
    "mx$": "MXN", "nz$": "NZD", "cn¥": "CNY", "jp¥": "JPY", "人民币": "CNY", "rmb": "CNY", "港币": "HKD", "rs": "INR",
    "chf": "CHF", "руб": "RUB", "dkr": "DKK",
}  # fmt: skip
# Signs that several currencies share, by the last label of the shop's host name.
_SHARED = {
    "$": {"us": "USD", "au": "AUD", "ca": "CAD", "nz": "NZD", "sg": "SGD", "hk": "HKD", "tw": "TWD", "mx": "MXN"},
    "¥": {"cn": "CNY", "jp": "JPY"},
    "元": {"cn": "CNY", "tw": "TWD", "hk": "HKD"},
    "圆": {"cn": "CNY"},
    "kr": {"se": "SEK", "no": "NOK", "dk": "DKK", "is": "ISK"},
}
# The same by the language of the page, where the host says nothing.
_BY_LANGUAGE = {
    ("¥", "zh-cn"): "CNY", ("¥", "zh-hans"): "CNY", ("¥", "zh"): "CNY", ("¥", "ja"): "JPY", ("¥", "ja-jp"): "JPY",
    ("元", "zh-cn"): "CNY", ("元", "zh-hans"): "CNY", ("元", "zh"): "CNY", ("元", "zh-tw"): "TWD",
    ("元", "zh-hk"): "HKD", ("$", "en-us"): "USD", ("$", "en-au"): "AUD", ("$", "en-ca"): "CAD",
    ("$", "zh-tw"): "TWD", ("$", "zh-hk"): "HKD",
    ("kr", "sv"): "SEK", ("kr", "sv-se"): "SEK", ("kr", "nb"): "NOK", ("kr", "nb-no"): "NOK", ("kr", "da"): "DKK",
    ("kr", "da-dk"): "DKK",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page stands: the last label of its host (``cn``) and its language tag, in lower case."""

    top: str = ""
    lang: str = ""


@dataclass(frozen=True, slots=True)
class Amount:
    """A number of major units with its currency; ``guessed``: the currency follows from the place only."""

    value: Decimal
    currency: str
    guessed: bool = False

    @property
    def money(self) -> Money | None:
        """None when the currency has fewer decimals than the number."""
        try:
            return Money.parse(f"{self.value:f}", self.currency)
        except Invalid:
            return None


def read_amount(text: str, currency: str, place: Place) -> Amount | None:
    """The one amount that ``text`` states, or None. ``currency`` is what the page names for it, if anything."""
    plain = unicodedata.normalize("NFKC", text[: MAX_TEXT + 1]).replace("\xa0", " ").replace("\u202f", " ").strip()
    if not plain or len(plain) > MAX_TEXT or _FROM.search(plain) or "-" in plain.removesuffix(",-").removesuffix("-"):
        return None
    code, guessed = read_currency(currency, place)
    if not code:
        code, guessed = read_currency(_sign_of(plain), place)
    value = _number(plain)
    if value is None or not code:
        return None
    return Amount(value, code, guessed)


def lacks_only_currency(text: str) -> bool:
    """Whether a text would be a price if its currency were known."""
    return read_amount(text, "", Place()) is None and read_amount(text, "USD", Place()) is not None


def read_currency(text: str, place: Place) -> tuple[str, bool]:
    """(ISO 4217 code or nothing, whether it was guessed from the place) of a code or a sign."""
    word = unicodedata.normalize("NFKC", text[:20]).strip().strip(".").lower()
    if not word:
        return "", False
    if is_currency(word.upper()):
        return word.upper(), False
    if word in _SIGNS:
        return _SIGNS[word], False
    if word in _SHARED:
        found = _SHARED[word].get(place.top) or _BY_LANGUAGE.get((word, place.lang), "")
        return found, bool(found)
    return "", False


def _sign_of(text: str) -> str:
    """The currency a text names."""
    lowered = text.lower()
    for sign in ("人民币", "港币", "元", "圆", "円", "원"):
        if sign in lowered:
            return sign
    return Price.fromstring(text).currency or ""


def _number(text: str) -> Decimal | None:
    """The only number in ``text``, unless it could mean two."""
    found = list(_NUMBER.finditer(text))
    if len(found) != 1 or text[: found[0].start()].rstrip().endswith(("%", ".", ",")):
        return None
    word, rest = found[0][0], text[found[0].end() :].strip()
    times = _HAN_UNITS.get(rest[:1], 1)
    if _SCALE.match(rest):
        return None
    plain = _PLAIN.fullmatch(word)
    if plain is not None:
        # Exactly three digits after one point: 1.234 is one and a bit to a machine, over a thousand to a German.
        if plain[1] is not None and len(plain[1]) == 3 and times == 1:
            return None
        return Decimal(word) * times
    if re.fullmatch(r"\d{3}(?: \d{3})+", word):
        return None  # as well two prices beside each other
    value = Price.fromstring(word).amount
    return value * times if value is not None and value.is_finite() else None
