"""Paid links: they lead to the shop, they carry our tag, and nothing else gets in."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contentshop.affiliate.links import ProgramFacts, is_on, paid_link
from contentshop.core.errors import Invalid

PLAIN = ProgramFacts(tag="cs-21", tag_param="tag", sub_id_param="sub")

ON_THE_SHOP = [
    "https://shop.example/item",
    "http://shop.example/item?x=1",
    "https://www.shop.example/item",
    "https://a.b.shop.example./item",
    "https://SHOP.example:443/item",
]
NOT_ON_THE_SHOP = [
    "",
    "shop.example/item",
    "//shop.example/item",
    "javascript://shop.example/%0aalert(1)",
    "ftp://shop.example/item",
    "https://shop.example.evil.example/item",
    "https://notshop.example/item",
    "https://shop.example@evil.example/item",
    "https://user:word@shop.example/item",
    "https://evil.example/?shop.example",
    "https://evil.example\\.shop.example/item",
    "https://evil.example#.shop.example",
    "https://evil.example%2f.shop.example/",
    "https://shop.example:8443/item",
    "https://shop.example:99999/item",
    "https://shop.exam\tple/item",
    "https://shop.example/item\r\nSet-Cookie: a=b",
    " https://shop.example/item",
    "https://[::1]/item",
    "https://ѕhop.example/item",  # a Cyrillic letter
    "https://shop。example.evil/item",
    "https://example/item",
]


@pytest.mark.parametrize("url", ON_THE_SHOP)
def test_a_link_of_the_shop_is_known(url: str) -> None:
    assert is_on(url, "shop.example")


@pytest.mark.parametrize("url", NOT_ON_THE_SHOP)
def test_a_link_that_leads_elsewhere_or_can_be_read_in_two_ways_is_refused(url: str) -> None:
    assert not is_on(url, "shop.example")
    with pytest.raises(Invalid) as refusal:
        paid_link(url, "shop.example", PLAIN, "card1")
    assert list(refusal.value.fields) == ["url"]


def test_a_shop_without_a_domain_has_no_links() -> None:
    assert not is_on("https://shop.example/item", "")


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://shop.example/i", "https://shop.example/i?tag=cs-21&sub=card1"),
        ("https://shop.example/i?k=a+b", "https://shop.example/i?k=a+b&tag=cs-21&sub=card1"),
        ("https://shop.example/i?tag=thief-20&k=1", "https://shop.example/i?k=1&tag=cs-21&sub=card1"),
        ("https://shop.example/i?TAG=thief&%74ag=thief", "https://shop.example/i?tag=cs-21&sub=card1"),
        ("https://shop.example/i?ascsubtag=x&cjevent=y&q=1", "https://shop.example/i?q=1&tag=cs-21&sub=card1"),
        ("https://shop.example/i?q=%CB%F7#top", "https://shop.example/i?q=%CB%F7&tag=cs-21&sub=card1#top"),
        ("https://shop.example/i?flag&&x=1", "https://shop.example/i?flag&x=1&tag=cs-21&sub=card1"),
    ],
)
def test_our_tag_and_the_card_take_the_place_of_others_and_the_rest_stays(url: str, expected: str) -> None:
    assert paid_link(url, "shop.example", PLAIN, "card1") == expected


def test_a_template_adds_its_parameters() -> None:
    program = ProgramFacts("{url}&tag={tag}&via=guide", tag="cs-21", sub_id_param="ascsubtag")
    assert (
        paid_link("https://shop.example/s?k=x", "shop.example", program, "card1")
        == "https://shop.example/s?k=x&tag=cs-21&via=guide&ascsubtag=card1"
    )


def test_a_template_whose_tag_is_not_set_takes_off_a_foreign_tag_and_adds_none() -> None:
    program = ProgramFacts("{url}&tag={tag}")
    assert paid_link("https://shop.example/s?tag=thief", "shop.example", program, "card1") == "https://shop.example/s"


def test_a_shop_without_a_program_gets_the_bare_link() -> None:
    assert paid_link("https://shop.example/s?a=1", "shop.example", ProgramFacts(), "c") == (
        "https://shop.example/s?a=1"
    )


def test_a_network_wraps_the_link() -> None:
    program = ProgramFacts("https://net.example/go?to={url}&aff={tag}", tag="a b", sub_id_param="clickref")
    link = paid_link("https://shop.example/i?a=1&b=2", "shop.example", program, "card1")
    assert link == ("https://net.example/go?to=https%3A%2F%2Fshop.example%2Fi%3Fa%3D1%26b%3D2&aff=a%20b&clickref=card1")


@pytest.mark.parametrize("template", ["javascript:{url}", "http://net.example/{url}", "{tag}", "https:///{url}"])
def test_a_template_that_makes_no_safe_link_is_refused(template: str) -> None:
    with pytest.raises(Invalid) as refusal:
        paid_link("https://shop.example/i", "shop.example", ProgramFacts(template, tag="t"), "c")
    assert list(refusal.value.fields) == ["link_template"]


@given(st.text(max_size=60), st.text(max_size=30))
def test_whatever_the_stored_link_says_the_reader_stays_with_the_shop(path: str, sub_id: str) -> None:
    url = "https://shop.example/" + path
    try:
        link = paid_link(url, "shop.example", PLAIN, sub_id)
    except Invalid:
        return
    assert urlsplit(link).netloc == "shop.example"
    assert "\n" not in link
    assert "\r" not in link
    assert parse_qs(urlsplit(link).query)["tag"] == ["cs-21"]
