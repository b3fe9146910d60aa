"""What readers must be told of who pays: rules by region, wording by language. Pure; all of it is in two tables.

``PROFILES`` says which relation demands what where; ``WORDING`` is how it is said. Sources:

- US: Endorsement Guides, 16 CFR 255.5, and the FTC's questions and answers on them: clear, near the link, before the
  click, in words that people understand (“affiliate link” alone is not).
- EU: Directive 2005/29/EC, Art. 7(2) and Annex I no. 11 (editorial content that a trader paid for must say so), and
  Directive 2000/31/EC, Art. 6(a).
- CN: Internet Advertising Measures (in force 2023-05-01), Art. 9: experience sharing and reviews that carry a way to
  buy must be marked “广告” where it cannot be missed.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

WEIGHT = ("paid", "gifted", "lent", "own", "bought", "affiliate", "none")
"""Relations by how much readers need to know of them, heaviest first."""

_EUROPE = "AT BE BG CH CY CZ DE DK EE ES FI FR GB GR HR HU IE IS IT LI LT LU LV MT NL NO PL PT RO SE SI SK"
EUROPE = frozenset(_EUROPE.split())
"""The European Union, the rest of the EEA, and two whose rules are alike."""


@dataclass(frozen=True, slots=True)
class Profile:
    """What one region's rules demand. The sets name relations of WEIGHT.

    ``marked``: a word on the title line (``Wording.mark``). ``told``: a sentence before the first card.
    ``labelled``: a label beside the product's button. ``marks_buying``: any way to buy asks for the mark, whatever
    the relation. ``marks_links``: each link that earns carries the mark itself.
    """

    key: str
    marked: frozenset[str]
    told: frozenset[str]
    labelled: frozenset[str]
    marks_buying: bool = False
    marks_links: bool = False


_TOLD = frozenset({"paid", "gifted", "lent", "own", "affiliate"})
_LABELLED = frozenset({"paid", "gifted", "lent", "bought"})

PROFILES: Mapping[str, Profile] = {
    "us": Profile("us", frozenset({"paid"}), _TOLD, _LABELLED),
    "eu": Profile("eu", frozenset({"paid", "gifted"}), _TOLD, _LABELLED),
    "cn": Profile(
        "cn", frozenset({"paid", "gifted", "lent", "affiliate"}), _TOLD, _LABELLED, marks_buying=True, marks_links=True
    ),
}


@dataclass(frozen=True, slots=True)
class Wording:
    """How one profile speaks in one language.

    ``mark`` stands on the title line. ``facts`` are sentences by relation, ``earning`` and ``earning_too`` what is
    said of links that earn, alone and after a fact. ``link`` stands beside a button that earns, ``link_mark`` beside
    a link too small for a sentence. ``labels`` stand beside a product's button, by relation. ``space`` joins
    sentences.
    """

    mark: str
    facts: Mapping[str, str]
    earning: str
    earning_too: str
    earning_others: str
    link: str
    link_mark: str
    labels: Mapping[str, str]
    space: str


_ENGLISH_FACTS = {
    "paid": "A company paid for this post or for part of it.",
    "gifted": "The author was given one or more of these products.",
    "lent": "The author was lent one or more of these products.",
    "own": "We sell some of these products ourselves.",
}
_ENGLISH_LABELS = {
    "paid": "Paid for by the maker or a shop",
    "gifted": "Given to the author",
    "lent": "Lent to the author",
    "bought": "Bought by the author",
}
_CHINESE_FACTS = {
    "paid": "本文全部或部分内容由商家付费。",
    "gifted": "文中有商品由商家赠送给作者。",
    "lent": "文中有商品由商家借给作者试用。",
    "own": "文中部分商品由本站自营。",
}
_CHINESE_LABELS = {"paid": "商家付费推广", "gifted": "商家赠送", "lent": "商家借测", "bought": "作者自购"}

WORDING: Mapping[tuple[str, str], Wording] = {
    ("us", "en"): Wording(
        mark="Paid promotion",
        facts=_ENGLISH_FACTS,
        earning="Links in this post are paid: we may earn a commission. Your price stays the same.",
        earning_too="Links may earn us a commission.",
        earning_others="Other links may earn us a commission.",
        link="We may earn a commission if you buy through this link. The price stays the same.",
        link_mark="We earn a commission",
        labels=_ENGLISH_LABELS,
        space=" ",
    ),
    ("eu", "en"): Wording(
        mark="Advertisement",
        facts=_ENGLISH_FACTS,
        earning="This post has advertising links: we may earn a commission. Your price stays the same.",
        earning_too="Links to shops are advertising links: we may earn a commission.",
        earning_others="Links to other shops are advertising links: we may earn a commission.",
        link="Advertising link: we may earn a commission if you buy through it. The price stays the same.",
        link_mark="Advertising link",
        labels=_ENGLISH_LABELS,
        space=" ",
    ),
    ("cn", "en"): Wording(
        mark="广告 Ad",
        facts=_ENGLISH_FACTS,
        earning="This post has links to buy: we may earn a commission. Your price stays the same.",
        earning_too="Links may earn us a commission.",
        earning_others="Other links may earn us a commission.",
        link="广告 Ad: we may earn a commission if you buy through this link. The price stays the same.",
        link_mark="广告 Ad",
        labels=_ENGLISH_LABELS,
        space=" ",
    ),
    ("us", "zh"): Wording(
        mark="付费推广",
        facts=_CHINESE_FACTS,
        earning="本文含推广链接，通过链接购买，我们可能获得佣金，你付的价格不变。",
        earning_too="通过文中链接购买，我们可能获得佣金。",
        earning_others="通过其他链接购买，我们可能获得佣金。",
        link="含推广链接，通过此链接购买，我们可能获得佣金，价格不变。",
        link_mark="推广链接",
        labels=_CHINESE_LABELS,
        space="",
    ),
    ("eu", "zh"): Wording(
        mark="广告",
        facts=_CHINESE_FACTS,
        earning="本文含广告链接，通过链接购买，我们可能获得佣金，你付的价格不变。",
        earning_too="文中通往商家的链接是广告链接，我们可能获得佣金。",
        earning_others="通往其他商家的链接是广告链接，我们可能获得佣金。",
        link="广告链接：通过此链接购买，我们可能获得佣金，价格不变。",
        link_mark="广告链接",
        labels=_CHINESE_LABELS,
        space="",
    ),
    ("cn", "zh"): Wording(
        mark="广告",
        facts=_CHINESE_FACTS,
        earning="本文含购买链接，通过链接购买，我们可能获得佣金，你付的价格不变。",
        earning_too="通过文中链接购买，我们可能获得佣金。",
        earning_others="通过其他链接购买，我们可能获得佣金。",
        link="广告：通过此链接购买，我们可能获得佣金，价格不变。",
        link_mark="广告",
        labels=_CHINESE_LABELS,
        space="",
    ),
}


@dataclass(frozen=True, slots=True)
class Notice:
    """The top of a post: ``mark`` stands on the title line, ``text`` before the first card; either may be ""."""

    mark: str
    text: str


def profile_of(region: str) -> Profile:
    """The rules for a reader in ``region`` (ISO 3166); those of the US, the widest written down, for all others."""
    if region == "CN":
        return PROFILES["cn"]
    return PROFILES["eu" if region in EUROPE else "us"]


def wording_of(region: str, lang: str) -> Wording:
    """How it is said to a reader in ``region`` who reads ``lang``; in English if we do not speak it."""
    key = profile_of(region).key
    return WORDING.get((key, lang)) or WORDING[key, "en"]


def notice(region: str, lang: str, relations: Collection[str], *, buys: bool, earns: bool) -> Notice:
    """What a post says at its top.

    ``relations`` are those of the post and of its cards. ``buys`` tells that something can be bought by it, ``earns``
    that a link on it pays us.
    """
    profile, words = profile_of(region), wording_of(region, lang)
    found = {*relations, *(["affiliate"] if earns else [])}
    facts = [words.facts[relation] for relation in WEIGHT if relation in found & profile.told & words.facts.keys()]
    if "affiliate" in found & profile.told or facts:
        others = found & profile.told - {"affiliate"} == {"own"}
        facts.append(words.earning if not facts else words.earning_others if others else words.earning_too)
    marked = bool(found & profile.marked) or (profile.marks_buying and buys)
    return Notice(words.mark if marked else "", words.space.join(facts))


def link_note(region: str, lang: str) -> str:
    """The sentence beside a button that leads to a shop which pays us."""
    return wording_of(region, lang).link


def link_mark(region: str, lang: str) -> str:
    """The words beside a paid link that has no room for a sentence."""
    return wording_of(region, lang).link_mark


def product_label(region: str, lang: str, relation: str) -> str:
    """The label beside a product's button: how the author came to it; "" where there is nothing to say."""
    if relation not in profile_of(region).labelled:
        return ""
    return wording_of(region, lang).labels.get(relation, "")


def heaviest(relations: Collection[str]) -> str:
    """The one of ``relations`` that readers need to know most of; "none" of none."""
    return next((relation for relation in WEIGHT if relation in relations), "none")
