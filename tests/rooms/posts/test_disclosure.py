"""Who pays, told in the words of each region."""

from __future__ import annotations

import pytest

from contentshop.posts.disclosure import (
    EUROPE,
    PROFILES,
    WEIGHT,
    WORDING,
    heaviest,
    link_mark,
    link_note,
    notice,
    product_label,
    profile_of,
)
from contentshop.posts.inputs import RELATIONS


@pytest.mark.parametrize(
    ("region", "key"), [("US", "us"), ("CN", "cn"), ("DE", "eu"), ("GB", "eu"), ("BR", "us"), ("", "us"), ("XX", "us")]
)
def test_each_region_has_its_rules(region: str, key: str) -> None:
    assert profile_of(region).key == key


def test_every_profile_speaks_both_languages_and_knows_every_relation() -> None:
    assert set(WORDING) == {(key, lang) for key in PROFILES for lang in ("en", "zh")}
    assert set(RELATIONS) <= set(WEIGHT)
    assert len(EUROPE) == 32


GOLDEN = [
    ("US", "en", {"affiliate"}, "",
     "Links in this post are paid: we may earn a commission. Your price stays the same."),
    ("US", "en", {"gifted"}, "", "The author was given one or more of these products. Links may earn us a commission."),
    ("US", "en", {"own"}, "", "We sell some of these products ourselves. Other links may earn us a commission."),
    ("US", "en", {"affiliate", "paid", "lent"}, "Paid promotion",
     ("A company paid for this post or for part of it. The author was lent one or more of these products. "
     "Links may earn us a commission.")),
    ("US", "en", {"none"}, "", ""),
    ("US", "zh", {"affiliate"}, "", "本文含推广链接，通过链接购买，我们可能获得佣金，你付的价格不变。"),
    ("DE", "en", {"affiliate"}, "",
     "This post has advertising links: we may earn a commission. Your price stays the same."),
    ("DE", "en", {"gifted", "affiliate"}, "Advertisement",
     ("The author was given one or more of these products. Links to shops are advertising links: "
     "we may earn a commission.")),
    ("DE", "zh", {"paid"}, "广告", "本文全部或部分内容由商家付费。文中通往商家的链接是广告链接，我们可能获得佣金。"),
    ("CN", "zh", {"affiliate"}, "广告", "本文含购买链接，通过链接购买，我们可能获得佣金，你付的价格不变。"),
    ("CN", "zh", {"lent"}, "广告", "文中有商品由商家借给作者试用。通过文中链接购买，我们可能获得佣金。"),
    ("CN", "en", {"affiliate"}, "广告 Ad",
     "This post has links to buy: we may earn a commission. Your price stays the same."),
    ("CN", "zh", {"none"}, "", ""),
]  # fmt: skip


@pytest.mark.parametrize(("region", "lang", "relations", "mark", "text"), GOLDEN)
def test_the_top_of_a_post_says_it_in_these_words(
    region: str, lang: str, relations: set[str], mark: str, text: str
) -> None:
    found = notice(region, lang, relations, buys=False, earns=False)

    assert (found.mark, found.text) == (mark, text)


def test_a_link_that_earns_is_told_even_if_the_author_says_none() -> None:
    assert notice("US", "en", {"none"}, buys=True, earns=True).text.startswith("Links in this post are paid")
    assert notice("CN", "zh", {"none"}, buys=True, earns=True).mark == "广告"


def test_in_china_any_way_to_buy_is_marked_and_elsewhere_not() -> None:
    assert [notice(region, "zh", {"own"}, buys=True, earns=False).mark for region in ("CN", "US", "DE")] == [
        "广告",
        "",
        "",
    ]


@pytest.mark.parametrize(
    ("region", "lang", "note", "mark"),
    [
        ("US", "en", "We may earn a commission if you buy through this link. The price stays the same.",
         "We earn a commission"),
        ("FR", "en", "Advertising link: we may earn a commission if you buy through it. The price stays the same.",
         "Advertising link"),
        ("CN", "zh", "广告：通过此链接购买，我们可能获得佣金，价格不变。", "广告"),
        ("CN", "fr", "广告 Ad: we may earn a commission if you buy through this link. The price stays the same.",
         "广告 Ad"),
    ],
)  # fmt: skip
def test_links_that_earn_say_so_beside_them(region: str, lang: str, note: str, mark: str) -> None:
    assert (link_note(region, lang), link_mark(region, lang)) == (note, mark)


def test_products_say_how_the_author_came_to_them() -> None:
    assert [product_label("US", "en", relation) for relation in WEIGHT] == [
        "Paid for by the maker or a shop",
        "Given to the author",
        "Lent to the author",
        "",
        "Bought by the author",
        "",
        "",
    ]
    assert product_label("CN", "zh", "lent") == "商家借测"


def test_the_heaviest_relation_comes_first() -> None:
    assert heaviest({"bought", "gifted", "affiliate"}) == "gifted"
    assert heaviest(set()) == "none"
