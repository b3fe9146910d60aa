"""Money, keys, the clock, paging, and sentences."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contentshop.core.clock import FixedClock, ShiftedClock, SystemClock
from contentshop.core.errors import Invalid
from contentshop.core.ids import ALPHABET, SLUG_LENGTH, new_key, slugify
from contentshop.core.money import Money, is_currency, total
from contentshop.core.paging import LAST_PAGE, Page, page_number
from contentshop.core.words import say


@pytest.mark.parametrize(
    ("text", "currency", "minor"),
    [
        ("199.00", "CNY", 19900),
        ("1,299", "USD", 129900),
        ("500", "JPY", 500),
        ("1.234", "KWD", 1234),
        (" 0 ", "USD", 0),
    ],
)
def test_amounts_are_read_exactly(text: str, currency: str, minor: int) -> None:
    assert Money.parse(text, currency) == Money(minor, currency)


@pytest.mark.parametrize(
    ("text", "currency", "told"),
    [
        ("12.345", "USD", "USD has 2 decimals"),
        ("1.5", "JPY", "JPY has 0 decimals"),
        ("-1", "USD", "is not an amount"),
        ("NaN", "USD", "is not an amount"),
        ("inf", "USD", "is not an amount"),
        ("ten", "USD", "is not an amount"),
        ("9" * 20, "USD", "is too large"),
        ("1", "XXQ", "“XXQ” is not a currency in use"),
        ("1", "usd", "“usd” is not a currency in use"),
        ("1", "XTS", "“XTS” is not a currency in use"),
        ("1", "DEM", "“DEM” is not a currency in use"),
    ],
)
def test_odd_amounts_are_refused(text: str, currency: str, told: str) -> None:
    with pytest.raises(Invalid, match=told):
        Money.parse(text, currency)


def test_money_is_never_a_float_and_never_mixed() -> None:
    with pytest.raises(TypeError):
        Money(1.5, "USD")  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        Money(True, "USD")
    with pytest.raises(ValueError, match="cannot add CNY to USD"):
        Money(1, "USD") + Money(1, "CNY")
    assert total([Money(1, "USD"), Money(2, "USD")], "USD") == Money(3, "USD")
    assert total([], "KWD") == Money(0, "KWD")


@pytest.mark.parametrize(
    ("money", "locale", "shown"),
    [
        (Money(123456, "USD"), "en", "$1,234.56"),
        (Money(19900, "CNY"), "zh_Hans_CN", "¥199.00"),
        (Money(500, "JPY"), "en", "¥500"),
        (Money(1234, "KWD"), "en", "KWD\u00a01.234"),
    ],
)
def test_money_is_shown_as_its_readers_write_it(money: Money, locale: str, shown: str) -> None:
    assert money.format(locale).replace("KWD1", "KWD\u00a01") == shown


@given(st.integers(0, 10**15), st.sampled_from(["USD", "JPY", "KWD"]))
def test_showing_and_reading_is_the_same_amount(minor: int, currency: str) -> None:
    money = Money(minor, currency)
    assert Money.parse(str(money.amount), currency) == money


def test_currencies() -> None:
    for code in ("AED", "CHF", "CNY", "EUR", "GBP", "INR", "JPY", "KWD", "USD", "XAF", "XOF", "XPF"):
        assert is_currency(code), code
    nothing = ("", "CN¥", "usd", "Usd", " USD", "USDT", "XXQ")
    no_money = ("XXX", "XTS", "XAU", "XAG", "XDR", "XUA", "CHE", "CLF", "MXV", "USN")
    withdrawn = ("DEM", "FRF", "HRK", "ITL", "SUR", "ZWL")
    for code in (*nothing, *no_money, *withdrawn):
        assert not is_currency(code), code


def test_old_money_stays_what_it_was_and_no_money_is_none() -> None:
    kuna = Money(1999, "HRK")
    assert kuna + kuna == Money(3998, "HRK")
    assert kuna.format("en_US") == "HRK19.99"
    for code in ("XXX", "XTS", "XXQ", "usd", ""):
        with pytest.raises(Invalid, match="is not an ISO 4217 currency"):
            Money(1, code)


def test_keys_are_random_words_of_the_alphabet() -> None:
    keys = {new_key() for _number in range(2000)}
    assert len(keys) == 2000
    assert all(len(key) == 10 and set(key) <= set(ALPHABET) for key in keys)


@pytest.mark.parametrize(
    ("text", "slug"),
    [
        ("Sony WH-1000XM5!", "sony-wh-1000xm5"),
        ("咖喱炒蟹的做法", "ga-li-chao-xie-de-zuo-fa"),
        ("Café à la carte", "cafe-a-la-carte"),
        ("a" * 300, "a" * SLUG_LENGTH),
    ],
)
def test_slugs(text: str, slug: str) -> None:
    assert slugify(text) == slug


def test_a_slug_of_nothing_is_a_key_or_the_fallback() -> None:
    assert len(slugify("★☆")) == 10
    assert slugify("★☆", fallback="star") == "star"


def test_clocks() -> None:
    at = datetime(2026, 11, 20, 12, tzinfo=UTC)
    clock = FixedClock(at)
    clock.advance(timedelta(hours=1))
    assert clock.now() == at + timedelta(hours=1)
    with pytest.raises(ValueError, match="aware"):
        FixedClock(datetime(2026, 1, 1))  # noqa: DTZ001
    assert SystemClock().now().tzinfo is UTC
    shift = ShiftedClock(3600).now() - SystemClock().now()
    assert timedelta(minutes=59) < shift <= timedelta(hours=1)


@pytest.mark.parametrize(
    ("text", "number"),
    [(None, 1), ("", 1), ("0", 1), ("-3", 1), ("two", 1), ("٣", 1), ("7", 7), ("9" * 40, LAST_PAGE)],
)
def test_page_numbers(text: str | None, number: int) -> None:
    assert page_number(text) == number


def test_pages() -> None:
    page = Page(["a"], number=2, size=20, total=41)
    assert (page.pages, page.has_next, page.has_previous) == (3, True, True)
    empty: Page[str] = Page([], number=1, size=20, total=0)
    assert (empty.pages, empty.has_next, empty.has_previous) == (1, False, False)


def test_sentences_remember_what_they_are_made_of() -> None:
    sentence = say("There is no topic “%(slug)s”.", slug="x")
    assert sentence == "There is no topic “x”."
    assert (sentence.template, sentence.values) == ("There is no topic “%(slug)s”.", {"slug": "x"})
    assert say("100 %") == "100 %"
