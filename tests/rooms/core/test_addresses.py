"""Addresses of shops' pages: tidied for keeping, and told apart from each other."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contentshop.core.addresses import host_of, identity, shop_domain, shop_key, tidy


@pytest.mark.parametrize(
    ("url", "clean"),
    [
        ("https://shop.example/k", "https://shop.example/k"),
        ("http://SHOP.example:80/K#reviews", "https://shop.example/K"),
        ("https://shop.example", "https://shop.example/"),
        ("https://shop.example/k?utm_source=a&UTM_Medium=b&color=red&fbclid=1", "https://shop.example/k?color=red"),
        ("https://shop.example/k?b=2&a=1&gclid=x", "https://shop.example/k?b=2&a=1"),
        # The creator's own affiliate mark stays, byte for byte and in its place.
        ("https://shop.example/k?tag=me-21&x=%7E&utm_id=1", "https://shop.example/k?tag=me-21&x=%7E"),
        ("https://item.taobao.com/item.htm?spm=a1.b2&id=12&scm=x", "https://item.taobao.com/item.htm?id=12"),
        ("https://xn--mnchen-3ya.example/k", "https://xn--mnchen-3ya.example/k"),
        ("https://münchen.example/k", "https://xn--mnchen-3ya.example/k"),
        ("https://shop.example./k", "https://shop.example/k"),
    ],
)
def test_tidy(url: str, clean: str) -> None:
    assert tidy(url) == clean
    assert tidy(clean) == clean


@pytest.mark.parametrize(
    "url",
    [
        "",
        "shop.example",
        "ftp://shop.example/",
        "javascript:1",
        "/p/x",
        "https://user@shop.example/",
        "https://10.0.0.1/",
        "https://localhost/",
        "https://printer.local/",
        "https://a.internal/",
        "https://shop.example:8443/",
        "https://[::1]/",
        "https://2130706433/",
        "https://shop.example\\@evil.example/",
        "https://a..b/",
        "https://-/",
        "mailto:a@b.example",
    ],
)
def test_what_no_reader_could_be_sent_to_is_not_tidied(url: str) -> None:
    assert tidy(url) == ""
    assert identity(url) == ""
    assert host_of(url) == ""


SAME = [
    [
        "https://shop.example/k",
        "http://www.shop.example/k/",
        "https://m.shop.example/k?utm_source=a#x",
        "https://SHOP.example/k?tag=you-20",
    ],
    [
        "https://shop.example/k?a=1&b=2",
        "https://shop.example/k?b=2&a=1&gclid=1",
        "https://shop.example/k/?a=1&b=2&subid=z",
    ],
    [
        "https://www.amazon.com/dp/B0ABCDEFGH",
        "https://www.amazon.com/Steel-Kettle/dp/B0ABCDEFGH/ref=sr_1_1?keywords=kettle&qid=1&tag=me-20",
        "https://amazon.com/gp/product/B0ABCDEFGH?th=1&psc=1",
    ],
    ["https://item.taobao.com/item.htm?id=12", "https://item.taobao.com/item.htm?spm=1&id=12&ali_refid=x&price=3"],
    ["https://item.jd.com/100012.html", "https://item.jd.com/100012.html?cu=true&utm_source=x&ad_od=1"],
    ["https://www.ebay.de/itm/123456789012", "https://www.ebay.de/itm/Kettle/123456789012?hash=x&mkrid=7"],
    [
        "https://mobile.yangkeduo.com/goods.html?goods_id=9",
        "https://mobile.yangkeduo.com/goods.html?_wv=1&goods_id=9&refer_share_id=3",
    ],
]


@pytest.mark.parametrize("urls", SAME, ids=lambda urls: urls[0])
def test_addresses_of_one_page_have_one_identity(urls: list[str]) -> None:
    assert len({identity(url) for url in urls}) == 1
    assert len(identity(urls[0])) == 64


def test_addresses_of_other_pages_have_others() -> None:
    others = [
        "https://shop.example/k?variant=1",
        "https://shop.example/k?variant=2",
        "https://other.example/k",
        "https://www.amazon.de/dp/B0ABCDEFGH",
        "https://www.amazon.com/dp/B0ABCDEFGZ",
        "https://item.taobao.com/item.htm?id=12&skuId=5",
        "https://www.ebay.de/itm/123456789012?var=4",
        "https://notamazon.com/dp/B0ABCDEFGH",
    ]
    known = [urls[0] for urls in SAME]
    assert len({identity(url) for url in others + known}) == len(others) + len(known)


def test_a_new_shop_is_named_by_its_host() -> None:
    assert shop_domain("https://www.kettles.example/k") == "kettles.example"
    assert shop_key("kettles.example") == "kettles-example"
    assert host_of("https://WWW.Kettles.example/k") == "www.kettles.example"


@given(st.text(max_size=80))
def test_no_text_breaks_them(text: str) -> None:
    clean = tidy(f"https://{text}")
    assert tidy(clean) == clean
    identity(text)
