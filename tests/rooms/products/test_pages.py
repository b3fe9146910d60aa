"""What is read of shops' pages, page by page; and that no page can hurt the reader."""

from __future__ import annotations

import json
import time
from dataclasses import asdict
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contentshop.core.money import Money
from contentshop.products.pages import PageFacts, read_page
from contentshop.products.pages.prices import Place, read_amount
from contentshop.products.pages.reading import decode
from tests.rooms.products.shop_pages import PAGES, URL, Golden, ld, offer, page, product


def read(golden: Golden) -> PageFacts:
    body = golden.html.encode() if isinstance(golden.html, str) else golden.html
    return read_page(body, url=golden.url, charset=golden.charset)


@pytest.mark.parametrize("golden", PAGES, ids=lambda golden: golden.name)
def test_a_page_says_this_and_no_more(golden: Golden) -> None:
    facts = read(golden)
    found = {name: (one.value, one.source, one.sure) for name, one in facts.fields.items()}
    if golden.also.get("skip_words"):
        assert "price" not in found
    else:
        assert found == golden.known
    assert facts.problems == golden.problems


def test_what_was_read_can_be_kept_as_json() -> None:
    for golden in PAGES:
        facts = read(golden)
        assert PageFacts.from_json(json.loads(json.dumps(asdict(facts)))) == facts


def test_the_price_as_money() -> None:
    assert read(PAGES[0]).money == Money(5900, "USD")
    assert read(PAGES[-1]).money is None


def test_hostile_words_are_cut_and_cleaned() -> None:
    facts = read(next(one for one in PAGES if one.name == "hostile words"))
    assert facts.get("brand") == ""
    assert facts.get("picture") == ""
    assert "\u202e" not in facts.get("title")
    assert "\x00" not in facts.get("title")


@pytest.mark.parametrize(
    ("named", "expected"),
    [
        ("https://www.shop.example/k", "https://www.shop.example/k"),
        ("/k2", "https://www.shop.example/k2"),
        ("https://www.shop.example/", ""),
        ("https://evil.example/k", ""),
        ("javascript:1", ""),
        ("", ""),
    ],
)
def test_the_address_a_page_gives_itself(named: str, expected: str) -> None:
    html = page(f'<link rel="canonical" href="{named}">')
    assert read_page(html.encode(), url=URL).canonical == expected


@pytest.mark.parametrize(
    ("text", "currency", "value", "code"),
    [
        ("59", "USD", "59", "USD"),
        ("59.9", "EUR", "59.9", "EUR"),
        ("$1,299.00", "USD", "1299.00", "USD"),
        ("1,299", "USD", "1299", "USD"),
        ("1.299,00 €", "", "1299.00", "EUR"),
        ("1'299.00 CHF", "", "1299.00", "CHF"),
        ("£12", "", "12", "GBP"),
        ("US$12.50", "", "12.50", "USD"),
        ("1299.0000", "EUR", "1299.0000", "EUR"),
        ("3.5万", "CNY", "35000.0", "CNY"),
        ("12万", "RMB", "120000", "CNY"),
        ("人民币 199", "", "199", "CNY"),
        ("RMB 88", "", "88", "CNY"),
        ("199,-", "NOK", "199", "NOK"),
    ],
)
def test_amounts(text: str, currency: str, value: str, code: str) -> None:
    found = read_amount(text, currency, Place())
    assert found is not None
    assert (found.value, found.currency) == (Decimal(value), code)


@pytest.mark.parametrize(
    ("text", "currency"),
    [
        ("", "USD"),
        ("free", "USD"),
        ("10 - 20", "USD"),
        ("10–20", "USD"),
        ("from 199", "USD"),
        ("ab 199 €", ""),
        ("-5", "USD"),
        ("1.234", "EUR"),
        ("199 299", "USD"),
        ("9折", "CNY"),
        ("20%", "USD"),
        ("199", ""),
        ("¥199", ""),
        ("$5", ""),
        ("199起", "CNY"),
        ("199", "XTS"),
        ("199", "nonsense"),
        ("2 for 10", "USD"),
        ("5k", "USD"),
        ("1e5", "USD"),
        ("x" * 100, "USD"),
        ("NaN", "USD"),
    ],
)
def test_what_is_no_price(text: str, currency: str) -> None:
    assert read_amount(text, currency, Place()) is None


@pytest.mark.parametrize(
    ("top", "lang", "sign", "code"),
    [
        ("cn", "", "¥", "CNY"),
        ("jp", "", "¥", "JPY"),
        ("com", "zh-cn", "¥", "CNY"),
        ("com", "ja", "¥", "JPY"),
        ("tw", "", "元", "TWD"),
        ("au", "en", "$", "AUD"),
        ("com", "en-us", "$", "USD"),
        ("se", "", "kr", "SEK"),
    ],
)
def test_shared_signs_are_told_by_the_place_and_marked_as_guessed(top: str, lang: str, sign: str, code: str) -> None:
    found = read_amount("199", sign, Place(top, lang))
    assert found is not None
    assert (found.currency, found.guessed) == (code, True)


@pytest.mark.parametrize(
    ("body", "charset", "text"),
    [
        ("é".encode(), "", "é"),
        ("é".encode("cp1252"), "", "é"),
        ("茶".encode("gbk"), "gb2312", "茶"),
        ("鏽".encode("big5hkscs"), "big5", "鏽"),
        ("急須".encode("cp932"), "shift_jis", "急須"),
        (b"\xef\xbb\xbf" + "茶".encode(), "gbk", "茶"),
        ("茶".encode("utf-16"), "", "茶"),
        ('<meta charset="gbk">茶'.encode("gbk"), "", '<meta charset="gbk">茶'),
        ("茶".encode(), "no-such-charset", "茶"),
        (b"a\x00b", "", "ab"),
    ],
)
def test_charsets(body: bytes, charset: str, text: str) -> None:
    assert decode(body, charset) == text


@given(st.binary(max_size=2_000), st.sampled_from(["", "utf-8", "gbk", "utf-16", "x"]))
def test_no_bytes_make_the_reader_fail(body: bytes, charset: str) -> None:
    assert "price" not in read_page(body, url=URL, charset=charset).fields


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.just({"@type": "Offer"}),
        lambda inner: (
            st.lists(inner, max_size=4)
            | st.dictionaries(
                st.sampled_from(["offers", "price", "@id", "brand", "image", "@graph", "name", "hasVariant"]), inner
            )
        ),
        max_leaves=20,
    )
)
def test_no_data_makes_the_reader_fail(value: object) -> None:
    html = page(ld(json.dumps({"@type": "Product", "name": "K", "offers": value, "brand": value, "image": value})))
    read_page(html.encode("utf-8", "surrogatepass"), url=URL)


@pytest.mark.parametrize(
    "piece",
    [
        "<",
        "<!--",
        "<a b='",
        "<![",
        "<?",
        "<script>",
        "<div>",
        "&a",
        "</a ",
        "<div itemscope itemtype=Product>",
        '<script type="application/ld+json">{</script>',
        '<meta property="og:price:amount" content="1">',
    ],
)
def test_two_megabytes_of_anything_are_read_soon(piece: str) -> None:
    body = (piece * (2_000_000 // len(piece))).encode()
    started = time.process_time()
    assert "price" not in read_page(body, url=URL).fields
    assert time.process_time() - started < 20  # the parser in the standard library takes hours here


def test_deep_json_is_left_out() -> None:
    html = page(ld("[" * 100_000, product(offers=offer("59.00"))))
    assert read_page(html.encode(), url=URL).get("price") == "59.00"
