"""What people, files and forms say about products."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contentshop.core.errors import Invalid
from contentshop.products.inputs import (
    AVAILABILITIES,
    MerchantInput,
    OfferInput,
    ProductInput,
    VariantInput,
    check_offer_url,
    gtin_forms,
    gtin_shown,
    parse_attrs,
    parse_availability,
    parse_gtin,
    parse_price,
)


def problems_of(data: dict[str, Any], **options: Any) -> dict[str, list[str]]:
    with pytest.raises(Invalid) as refused:
        ProductInput.parse(data, **options)
    return refused.value.fields


def test_the_least_and_the_most() -> None:
    least = ProductInput.parse({"title": "  A \t lamp\x00 "})
    assert (least.title, least.lang, least.status, least.given) == ("A lamp", "en", "active", frozenset({"title"}))
    most = ProductInput.parse(
        {
            "slug": "a-lamp",
            "title": "A lamp",
            "brand": "Acme",
            "category": "Light",
            "mpn": "L1",
            "gtin": "4006381333931",
            "summary": "Bright.",
            "body": "One.\r\n\r\n\r\nTwo.\t",
            "lang": "zh-Hans",
            "attrs": {"Weight": "2 kg"},
            "translations": {
                "zh": {"title": "灯", "category": " 灯\t具 ", "summary": "", "body": "很亮", "attrs": "重量：两公斤"},
                "en": {},
            },
            "picture": "lamp.webp",
            "picture_alt": "A lamp",
            "alternative": "other-lamp",
            "discontinued": True,
            "listed": "no",
            "source": "feed:1",
            "variants": [{"sku": "L-1", "name": "Red", "name_zh": "红"}],
            "offers": [
                {"kind": "own", "sku": "L-1", "price_minor": 1999, "currency": "USD", "quantity": 3},
                {
                    "kind": "affiliate",
                    "merchant": "Shop",
                    "url": "https://shop.example/1",
                    "price_minor": 1899,
                    "currency": "usd",
                    "region": "us",
                    "availability": "PreOrder",
                    "checked_hours_ago": 1.5,
                },
            ],
        }
    )
    assert most.gtin == "04006381333931"
    assert most.body == "One.\n\nTwo."
    assert (most.lang, most.status, most.discontinued) == ("zh", "archived", True)
    assert most.attrs == (("Weight", "2 kg"),)
    assert most.translations == {
        "zh": {"title": "灯", "category": "灯 具", "body": "很亮", "attrs": [["重量", "两公斤"]]}
    }
    assert most.variants == (VariantInput("L-1", "Red", {"zh": "红"}),)
    own, affiliate = most.offers
    assert own == OfferInput("own", "USD", 1999, sku="L-1", quantity=3, availability="in_stock")
    assert affiliate == OfferInput(
        "affiliate",
        "USD",
        1899,
        region="US",
        merchant="shop",
        url="https://shop.example/1",
        availability="preorder",
        checked_ago=timedelta(hours=1.5),
    )


def test_every_wrong_field_is_named_at_once() -> None:
    found = problems_of(
        {
            "title": "",
            "slug": "No Spaces",
            "brand": "b" * 121,
            "gtin": "4006381333932",
            "lang": "english!",
            "discontinued": "perhaps",
            "attrs": 7,
            "translations": {"zh": "灯"},
            "variants": [{"sku": ""}],
            "offers": [
                {"kind": "gift"},
                {"kind": "own", "sku": "", "price": "0", "currency": "USD", "quantity": -5},
                {"kind": "affiliate", "url": "http://shop.example/", "availability": "soon", "region": "Mars"},
            ],
        },
        currency="EUR",
        price_unit="major",
    )
    assert sorted(found) == [
        "attrs",
        "brand",
        "discontinued",
        "gtin",
        "lang",
        "offers.1.kind",
        "offers.2.price",
        "offers.2.quantity",
        "offers.2.sku",
        "offers.3.availability",
        "offers.3.region",
        "offers.3.url",
        "slug",
        "title",
        "translations",
        "variants.1.sku",
    ]


@pytest.mark.parametrize("title", [None, "", "   ", "\x00\x1f", "x" * 501, ["a"], {"a": 1}, True])
def test_titles_that_are_none(title: object) -> None:
    assert "title" in problems_of({"title": title})


def test_a_title_of_500_characters_and_a_number_are_titles() -> None:
    assert len(ProductInput.parse({"title": "x" * 500}).title) == 500
    assert ProductInput.parse({"title": 1984}).title == "1984"


def test_what_no_database_keeps_is_left_out() -> None:
    found = ProductInput.parse(
        {
            "title": "a\ud800b\u202ec\u200bd\x07",
            "body": "é\x00👩\u200d💻",
            "attrs": {"n\x00": "v\ud800"},
            "translations": {"zh": {"title": "\x00灯"}},
        }
    )
    assert (found.title, found.body) == ("abcd", "é👩\u200d💻")
    assert found.attrs == (("n", "v"),)
    assert found.translations == {"zh": {"title": "灯"}}


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("96385074", "00000096385074"),
        ("036000291452", "00036000291452"),
        ("4006381333931", "04006381333931"),
        ("10614141000415", "10614141000415"),
        ("400-6381 333931", "04006381333931"),
        (4006381333931, "04006381333931"),
        ("", None),
        (None, None),
    ],
)
def test_gtins_are_kept_with_14_digits(written: object, kept: str | None) -> None:
    problems: dict[str, list[str]] = {}
    assert parse_gtin({"gtin": written}, problems) == kept
    assert problems == {}


@pytest.mark.parametrize("written", ["4006381333932", "123", "abcdefgh", "1234567890", "00000000", "٤٠٠٦٣٨١٣٣٣٩٣١"])
def test_wrong_gtins_are_refused(written: str) -> None:
    problems: dict[str, list[str]] = {}
    assert parse_gtin({"gtin": written}, problems) is None
    assert list(problems) == ["gtin"]


@given(st.integers(1, 10**13 - 1))
def test_exactly_one_check_digit_is_right(body: int) -> None:
    right = [digit for digit in range(10) if parse_gtin({"gtin": f"{body:013d}{digit}"}, {})]
    assert len(right) == 1


def test_a_gtin_is_written_in_every_length_its_zeros_allow() -> None:
    assert gtin_forms("00036000291452") == ("00036000291452", "0036000291452", "036000291452")
    assert gtin_forms("10614141000415") == ("10614141000415",)
    assert gtin_forms("00000096385074")[-1] == "96385074"
    assert gtin_forms(None) == ()
    stored = ("00036000291452", "04006381333931", "10614141000415", "00000096385074", None)
    assert [gtin_shown(one) for one in stored] == [
        "036000291452",
        "4006381333931",
        "10614141000415",
        "96385074",
        "",
    ]


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("type: laser; colour: black", [("type", "laser"), ("colour", "black")]),
        ("content: (1) board; (2) fans; size: 3", [("content", "(1) board; (2) fans"), ("size", "3")]),
        ("颜色：红；重量：2 kg", [("颜色", "红"), ("重量", "2 kg")]),
        ("a: b\nurl: https://x.example/;c", [("a", "b"), ("url", "https://x.example/;c")]),
        ("ratio: 16:9", [("ratio", "16:9")]),
        ({"a": 1, "b": Decimal("2.5")}, [("a", "1"), ("b", "2.5")]),
        ([["a", "b"], {"name": "c", "value": "d"}], [("a", "b"), ("c", "d")]),
        ([["", "b"], ["c", ""]], []),
        ("", []),
        (None, []),
    ],
)
def test_properties_in_their_many_shapes(written: object, kept: list[tuple[str, str]]) -> None:
    problems: dict[str, list[str]] = {}
    assert list(parse_attrs(written, problems)) == kept
    assert problems == {}


@pytest.mark.parametrize(
    "written",
    ["just words", 5, [["a"]], ["ab"], [["n" * 81, "v"]], [["n", "v" * 2001]], [["n", "v"]] * 201, [[[], {}]]],
)
def test_properties_that_are_none(written: object) -> None:
    problems: dict[str, list[str]] = {}
    parse_attrs(written, problems)
    assert list(problems) == ["attrs"]


@pytest.mark.parametrize(
    ("written", "kept"),
    [(word, word) for word in AVAILABILITIES]
    + [
        ("In Stock", "in_stock"),
        ("https://schema.org/InStock", "in_stock"),
        ("http://schema.org/SoldOut", "out_of_stock"),
        ("out of stock", "out_of_stock"),
        ("BackOrder", "backorder"),
        ("available for order", "special_order"),
        ("有货", "in_stock"),
        ("", "unknown"),
        (None, "unknown"),
    ],
)
def test_availabilities_as_feeds_write_them(written: object, kept: str) -> None:
    problems: dict[str, list[str]] = {}
    assert parse_availability(written, problems) == kept
    assert problems == {}


def test_an_unknown_word_for_availability_is_told() -> None:
    problems: dict[str, list[str]] = {}
    assert parse_availability("maybe", problems) == "unknown"
    assert list(problems) == ["availability"]


@pytest.mark.parametrize(
    ("data", "unit", "found"),
    [
        ({"price_minor": 4995}, None, (4995, "USD")),
        ({"price_minor": "4995"}, None, (4995, "USD")),
        ({"price_minor": Decimal("4995.00")}, None, (4995, "USD")),
        ({"price": 4995}, "minor", (4995, "USD")),
        ({"price": 919.0, "currency": "CNY"}, "major", (91900, "CNY")),
        ({"price": Decimal("19.9")}, "major", (1990, "USD")),
        ({"price": "1,299.00"}, "major", (129900, "USD")),
        ({"price": "$19.99"}, "major", (1999, "USD")),
        ({"price": "199.00 CNY"}, None, (19900, "CNY")),
        ({"price": "CNY 199"}, "minor", (19900, "CNY")),
        ({"price": "500 jpy"}, "major", (500, "JPY")),
        ({"price": "¥500", "currency": "JPY"}, "major", (500, "JPY")),
        ({"price": ""}, "major", (None, "USD")),
        ({}, "major", (None, "USD")),
    ],
)
def test_prices(data: dict[str, Any], unit: Any, found: tuple[int | None, str]) -> None:
    problems: dict[str, list[str]] = {}
    assert parse_price(data, "USD", unit, problems) == found
    assert problems == {}


@pytest.mark.parametrize(
    ("data", "unit", "field"),
    [
        ({"price": "19.99"}, None, "price"),
        ({"price": "free"}, "major", "price"),
        ({"price": -5}, "major", "price"),
        ({"price": "199,00"}, "major", "price"),
        ({"price": "1.999"}, "major", "price"),
        ({"price": 10**16}, "major", "price"),
        ({"price": float("nan")}, "major", "price"),
        ({"price": True}, "major", "price"),
        ({"price": [5]}, "major", "price"),
        ({"price": "49.95"}, "minor", "price"),
        ({"price_minor": "49.95"}, None, "price_minor"),
        ({"price_minor": -1}, None, "price_minor"),
        ({"price_minor": 10**16}, None, "price_minor"),
        ({"price": "5 EUR", "currency": "USD"}, "major", "currency"),
        ({"price": "5", "currency": "XXX1"}, "major", "currency"),
        ({"price": "5", "currency": "XXX"}, "major", "currency"),
        ({"price": "5 DEM"}, None, "currency"),
        ({"price": "5 ABC"}, "major", "currency"),
    ],
)
def test_prices_that_are_none(data: dict[str, Any], unit: Any, field: str) -> None:
    problems: dict[str, list[str]] = {}
    parse_price(data, "USD", unit, problems)
    assert list(problems) == [field]


def test_a_price_without_any_currency_is_told() -> None:
    problems: dict[str, list[str]] = {}
    assert parse_price({"price_minor": 5}, "", None, problems) == (5, "")
    assert list(problems) == ["currency"]


@pytest.mark.parametrize("quantity", ["-1", "1000001", "1e9", 10**9, "2.5", "many", True, -5])
def test_impossible_quantities(quantity: object) -> None:
    data = {"kind": "own", "sku": "A", "price_minor": 1, "currency": "USD", "quantity": quantity}
    with pytest.raises(Invalid) as refused:
        OfferInput.parse(data)
    assert list(refused.value.fields) == ["quantity"]


@pytest.mark.parametrize("quantity", [0, "0", 1_000_000, Decimal("3.0")])
def test_possible_quantities(quantity: object) -> None:
    data = {"kind": "own", "sku": "A", "price_minor": 1, "currency": "USD", "quantity": quantity}
    assert OfferInput.parse(data).quantity == int(str(quantity).partition(".")[0])


@pytest.mark.parametrize("price", [0, None, ""])
def test_what_we_sell_is_never_free(price: object) -> None:
    with pytest.raises(Invalid) as refused:
        OfferInput.parse({"kind": "own", "sku": "A", "price_minor": price, "currency": "USD"})
    assert list(refused.value.fields) == ["price"]


def test_when_a_price_was_seen() -> None:
    base = {"kind": "affiliate", "url": "https://a.example/", "currency": "USD"}
    at = datetime(2026, 5, 1, 12, tzinfo=UTC)
    assert OfferInput.parse({**base, "checked_at": "2026-05-01T12:00:00Z"}).checked_at == at
    assert OfferInput.parse({**base, "checked_at": at}).checked_at == at
    assert OfferInput.parse({**base, "checked_hours_ago": 0}).checked_ago == timedelta(0)
    for wrong in ({"checked_at": "yesterday"}, {"checked_at": "2026-05-01T12:00:00"}, {"checked_hours_ago": -1}):
        with pytest.raises(Invalid) as refused:
            OfferInput.parse({**base, **wrong})
        assert list(refused.value.fields) == list(wrong)


@pytest.mark.parametrize(
    "url",
    [
        "https://shop.example/1",
        "https://www.shop.example/a?b=c&d=%20",
        "https://a.b.shop.example",
        "https://SHOP.example/",
        "https://shop.example:443/x",
    ],
)
def test_links_on_the_merchants_domain(url: str) -> None:
    assert check_offer_url(url, "shop.example").startswith("https://")


@pytest.mark.parametrize(
    "url",
    [
        "http://shop.example/",
        "//shop.example/",
        "javascript:alert(1)",
        "https://shop.example.evil.example/",
        "https://evilshop.example/",
        "https://evil.example/https://shop.example/",
        "https://shop.example@evil.example/",
        "https://user:pass@shop.example/",
        "https://evil.example\\@shop.example/",
        "https://shop.example:8443/",
        "https://shop.example%2eevil.example/",
        "https://shop。example/",
        "https://ѕhop.example/",
        "https://",
        "",
        "https://shop.example/" + "a" * 2000,
    ],
)
def test_links_elsewhere_are_refused(url: str) -> None:
    with pytest.raises(Invalid) as refused:
        check_offer_url(url, "shop.example")
    assert list(refused.value.fields) == ["url"]


@pytest.mark.parametrize(
    ("entry", "field"),
    [
        ({"variants": "red"}, "variants"),
        ({"variants": ["red"]}, "variants"),
        ({"offers": {"kind": "own"}}, "offers"),
        ({"variants": [{"sku": "A"}, {"sku": "A"}]}, "variants"),
        ({"variants": [{"sku": str(n)} for n in range(201)]}, "variants"),
        ({"offers": [{"sku": "A", "price_minor": 1, "currency": "USD"}] * 2}, "offers"),
        ({"offers": [{"url": "https://a.example/", "currency": "USD"}] * 2}, "offers"),
        ({"translations": {"中文": {"title": "x"}}}, "translations"),
        ({"translations": {"zh": {"category": "灯" * 121}}}, "translations.zh.category"),
        ({"translations": {"zh": {"attrs": "no name"}}}, "translations.zh.attrs"),
        ({"translations": {"zh": {"attrs": [["重量", "灯" * 2001]]}}}, "translations.zh.attrs"),
        ({"body": "x" * 50_001}, "body"),
        ({"summary": ["x"]}, "summary"),
    ],
)
def test_shapes_that_are_not_ours(entry: dict[str, Any], field: str) -> None:
    assert list(problems_of({"title": "A"} | entry)) == [field]


def test_a_variant_needs_a_sku() -> None:
    with pytest.raises(Invalid) as refused:
        VariantInput.parse({"name": "Red"})
    assert list(refused.value.fields) == ["sku"]
    assert VariantInput.parse({"sku": "A", "name_zh": "红", "name_x": "?"}) == VariantInput("A", "", {"zh": "红"})


def test_merchants() -> None:
    found = MerchantInput.parse({"key": "Shop", "name": "Shop", "domain": "www.Shop.example", "country": "us"})
    assert (found.key, found.domain, found.country, found.names) == ("shop", "shop.example", "US", {})
    with pytest.raises(Invalid) as refused:
        MerchantInput.parse({"key": "a b", "name": "", "domain": "https://shop.example/", "country": "XX1"})
    assert sorted(refused.value.fields) == ["country", "domain", "key", "name"]


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
NAMES = [
    "title", "slug", "brand", "gtin", "body", "lang", "attrs", "translations", "status", "variants", "offers",
    "kind", "sku", "url", "price", "price_minor", "currency", "region", "quantity", "availability", "checked_at",
]  # fmt: skip


@pytest.mark.parametrize(
    ("said", "status", "given"),
    [
        ({}, "active", False),
        ({"status": ""}, "active", False),
        ({"status": "Draft"}, "draft", True),
        ({"status": " ARCHIVED "}, "archived", True),
        ({"status": "active", "published": "true"}, "active", True),
        ({"status": "active", "published": "FALSE"}, "draft", True),
        ({"status": "archived", "published": "false"}, "archived", True),
        ({"status": "草稿"}, "draft", True),
        ({"listed": "no"}, "archived", True),
        ({"listed": "yes"}, "active", True),
    ],
)
def test_whether_it_is_in_the_shop(said: dict[str, str], status: str, given: bool) -> None:
    found = ProductInput.parse({"title": "Lamp"} | said)
    assert (found.status, "status" in found.given) == (status, given)


def test_no_other_status_is_known() -> None:
    assert problems_of({"title": "Lamp", "status": "hidden"}) == {"status": ["Write draft, active or archived."]}


@given(st.dictionaries(st.sampled_from(NAMES), anything, max_size=8), st.sampled_from([None, "minor", "major"]))
def test_whatever_comes_is_taken_or_refused(data: dict[str, Any], unit: Any) -> None:
    for parse in (ProductInput.parse, OfferInput.parse):
        try:
            found = parse(data, currency="USD", price_unit=unit)
        except Invalid as refused:
            assert refused.fields  # noqa: PT017 - either outcome is right
        else:
            assert found
