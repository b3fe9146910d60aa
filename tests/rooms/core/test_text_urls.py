"""The gate for addresses: links, pictures, and the page to return to after signing in."""

from __future__ import annotations

from html import unescape

import pytest

from contentshop.core.text import safe_next, safe_url
from contentshop.core.text_urls import MAX_URL, is_external
from tests.hostile.vectors import HOSTILE_ADDRESSES

KEPT = [
    ("https://shop.example", "https://shop.example"),
    ("https://shop.example/a/b?c=1&d=%20e#f", "https://shop.example/a/b?c=1&d=%20e#f"),
    ("HTTP://Shop.Example/A", "http://shop.example/A"),
    ("  https://shop.example/ \n", "https://shop.example/"),
    ("https://shop.exa\nmple/a\tb", "https://shop.example/ab"),
    ("https://shop.example:8443/", "https://shop.example:8443/"),
    ("https://shop.example./", "https://shop.example./"),
    ("https://[2001:db8::1]:80/x", "https://[2001:db8::1]:80/x"),
    ("https://例え.example/道?名=値", "https://例え.example/%E9%81%93?%E5%90%8D=%E5%80%A4"),
    ("https://हिन्दी.example/", "https://हिन्दी.example/"),
    ("https://shop.example/a b\"c'd<e>", "https://shop.example/a%20b%22c'd%3Ce%3E"),
    ("https://shop.example/?a=1&copy=2", "https://shop.example/?a=1&copy=2"),
    ("https://shop.example/?a=1&copy;2;3", "https://shop.example/?a=1&copy%3B2;3"),
    ("https://shop.example/a@b", "https://shop.example/a@b"),
    ("/p/guide?x=1#part", "/p/guide?x=1#part"),
    ("/", "/"),
    ("/&#47;evil.example", "/&#47%3Bevil.example"),
    ("#h-one", "#h-one"),
    ("mailto:me@shop.example", "mailto:me@shop.example"),
    ("MailTo:me+you@shop.example?subject=Hello%20there", "mailto:me+you@shop.example?subject=Hello%20there"),
]

REFUSED = [
    "",
    "   ",
    "guide",
    "../guide",
    "?x=1",
    "www.shop.example",
    "shop.example:80/x",
    "https://.example/",
    "https://a..b/",
    "https://shop.example:0/",
    "https://shop.example:65536/",
    "https://shop.example:/",
    "https://sh op.example/",
    "https://shop%2eexample/",
    "https://[x]/",
    "https://shop.example/\x00a",
    "https://shop.example/\x9fa",
    "https://shop.example/\ud800",
    "mailto:me",
    "mailto:me@shop.example,you@shop.example",
    "mailto:me@shop.example?cc=you@shop.example",
    "mailto:me@shop.example?subject=a%0Ab",
    "/" + "a" * MAX_URL,
]


@pytest.mark.parametrize(("url", "kept"), KEPT)
def test_plain_addresses_pass_in_one_form(url: str, kept: str) -> None:
    assert safe_url(url) == kept
    assert safe_url(kept) == kept


@pytest.mark.parametrize("url", REFUSED)
def test_doubtful_addresses_are_refused(url: str) -> None:
    assert safe_url(url) is None


def test_no_hostile_address_leads_away_from_where_it_seems_to_lead() -> None:
    kept = {url: safe_url(unescape(url)) for url in HOSTILE_ADDRESSES}

    assert {url: result for url, result in kept.items() if result is not None} == {
        "/&amp;#47;evil.example/x": "/&#47%3Bevil.example/x"
    }


@pytest.mark.parametrize("url", ["/media/a.png", "/media/2026/a-b_c~1.webp", "/media/a%20b.png"])
def test_pictures_of_this_site_pass(url: str) -> None:
    assert safe_url(url, image=True) == url


@pytest.mark.parametrize(
    "url",
    [
        "https://shop.example/media/a.png",
        "//shop.example/media/a.png",
        "/logout",
        "/media",
        "/media/",
        "/media/a/",
        "/media//a.png",
        "/media/./a.png",
        "/media/../logout",
        "/media/%2e%2e/logout",
        "/media/%2E%2e/logout",
        "/media/..%2flogout",
        "/media/..%5clogout",
        "/media/a%00.png",
        "/media/a.png?x=1",
        "/media/a.png#x",
        "/media/a b.png",
        "media/a.png",
        "data:image/png;base64,AA==",
    ],
)
def test_other_pictures_are_refused(url: str) -> None:
    assert safe_url(url, image=True) is None


@pytest.mark.parametrize("url", ["/", "/cart", "/p/guide?from=//x&y=http://z#part", "/p/耳机", "/@name"])
def test_a_path_of_this_site_may_be_returned_to(url: str) -> None:
    assert safe_next(url) == url


@pytest.mark.parametrize(
    "url",
    [
        "",
        "cart",
        "?next=/cart",
        "#cart",
        "//evil.example",
        "///evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "/\t/evil.example",
        "/\n/evil.example",
        "/ /evil.example",
        "/\x00/evil.example",
        "/.//evil.example",
        "/a//b",
        " /cart",
        "/cart\r\nSet-Cookie: a=b",
        "/\u2028/evil.example",
        "/\u3000",
        "https://evil.example/",
        "javascript:alert(1)",
        "/" + "a" * MAX_URL,
    ],
)
def test_nothing_else_may_be_returned_to(url: str) -> None:
    assert safe_next(url) is None


def test_only_web_addresses_are_external() -> None:
    assert [is_external(url) for url in ("https://a.example", "http://a.example", "/a", "#a", "mailto:a@b.c")] == [
        True,
        True,
        False,
        False,
        False,
    ]
