"""The words that rules look for, with the laws they come from. Data and two small readers; pure.

A word of Latin letters is found as a whole word, in any case. Chinese has no gaps between words, so its words are
chosen to stand in no harmless one (“烟” would find “抽油烟机”, so it is not among them).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from contentshop.core.words import Said, say

HELD_TO: Mapping[str, str] = {"zh": "cn"}
"""Language of a post → the profile (``posts.disclosure``) of the country that most of its readers are in. Only its
bans block; those of other profiles are told as advice."""


@dataclass(frozen=True, slots=True)
class Pairing:
    """Something that may not be sold beside certain words.

    ``about``: words of the post that make it forbidden, none: any post. ``products``: words of the product's title,
    brand or category. ``profiles`` are those that forbid it.
    """

    key: str
    profiles: frozenset[str]
    products: tuple[str, ...]
    about: tuple[str, ...]
    reason: Said


PAIRINGS: tuple[Pairing, ...] = (
    # CN: Internet Advertising Measures, Art. 6 (no tobacco on the internet). EU: Directive 2003/33/EC, Art. 3(2).
    Pairing(
        "tobacco",
        frozenset({"cn", "eu"}),
        (
            *("cigarette", "cigarettes", "e-cigarette", "e-cigarettes", "vape", "vapes", "tobacco", "cigar", "cigars"),
            *("香烟", "卷烟", "雪茄", "烟草", "电子烟", "烟弹", "烟油"),
        ),
        (),
        say("Tobacco may not be advertised on the internet, e-cigarettes included."),
    ),
    # CN: Internet Advertising Measures, Art. 6. EU: Directive 2001/83/EC, Art. 88(1)(a).
    Pairing(
        "prescription",
        frozenset({"cn", "eu"}),
        (
            *("prescription drug", "prescription drugs", "prescription medicine", "prescription medicines", "rx only"),
            *("prescription-only medicine", "处方药"),
        ),
        (),
        say("Medicines on prescription may not be advertised to the public."),
    ),
    # CN: Internet Advertising Measures, Art. 8: no links to buy these on a page that teaches about health.
    Pairing(
        "health",
        frozenset({"cn"}),
        (
            *("medicine", "medicines", "medical device", "medical devices", "dietary supplement", "supplements"),
            *("dietary supplements", "药品", "药物", "非处方药", "医疗器械", "保健食品", "保健品", "特殊医学用途"),
        ),
        (
            *("health", "wellness", "treatment", "cure", "cures", "symptoms", "illness", "disease"),
            *("健康", "养生", "治疗", "疗效", "症状", "疾病", "病人", "患者", "血压", "血糖", "免疫力", "失眠"),
        ),
        say("A text on health may not lead to medicines, medical devices or health food: that is hidden advertising."),
    ),
)

ABSOLUTE: Mapping[str, tuple[str, ...]] = {
    # Advertising Law of the PRC, Art. 9(3): “国家级”, “最高级”, “最佳” and the like.
    "zh": (
        *("国家级", "世界级", "最高级", "最佳", "最优", "最好用", "最便宜", "最低价", "最先进", "第一品牌", "全网最低"),
        *("全网第一", "销量第一", "史上最", "独一无二", "绝无仅有", "顶级", "万能", "百分之百", "100%有效"),
    ),
}
"""Language → words that advertising in it may not use."""

_MONTHS = ("january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november")
_MONTH = {name: number for number, name in enumerate((*_MONTHS, "december"), 1)}
_BEFORE = r"(?:until|till|through|ends(?: on)?|expires(?: on)?|valid (?:to|until))"
_EXPIRY = re.compile(
    rf"{_BEFORE}\s+(?P<iso>\d{{4}}-\d{{2}}-\d{{2}})"
    rf"|{_BEFORE}\s+(?P<day>\d{{1,2}})(?:st|nd|rd|th)?\s+(?P<month>[a-z]{{3,9}})\s+(?P<year>\d{{4}})"
    rf"|{_BEFORE}\s+(?P<month2>[a-z]{{3,9}})\s+(?P<day2>\d{{1,2}})(?:st|nd|rd|th)?,?\s+(?P<year2>\d{{4}})"
    r"|(?:截至|截止|有效期至|活动至|优惠至|持续到)\s*(?P<zh>\d{4})\s*年\s*(?P<zm>\d{1,2})\s*月\s*(?P<zd>\d{1,2})\s*日"
    r"|(?:截至|截止|有效期至|活动至|优惠至|持续到)\s*(?P<ziso>\d{4}-\d{2}-\d{2})",
    re.IGNORECASE,
)


def find_words(text: str, words: tuple[str, ...]) -> Iterator[str]:
    """Those of ``words`` that stand in ``text``, as they stand there, each place once."""
    yield from (found[0] for found in _pattern(words).finditer(text)) if words else ()


def find_expiries(text: str) -> Iterator[date]:
    """The days until which something lasts: “until 2026-11-11”, “until 11 November 2026”, “截至2026年11月11日”."""
    for found in _EXPIRY.finditer(text):
        day = _day(found)
        if day is not None:
            yield day


def _day(found: re.Match[str]) -> date | None:
    try:
        if iso := found["iso"] or found["ziso"]:
            return date.fromisoformat(iso)
        if found["zh"]:
            return date(int(found["zh"]), int(found["zm"]), int(found["zd"]))
        month = _month(found["month"] or found["month2"])
        return date(int(found["year"] or found["year2"]), month, int(found["day"] or found["day2"]))
    except ValueError:
        return None


def _month(word: str) -> int:
    """1 to 12 for “November” and “Nov”, 0 for any other word."""
    return next((number for name, number in _MONTH.items() if name.startswith(word.lower())), 0)


@lru_cache(maxsize=32)
def _pattern(words: tuple[str, ...]) -> re.Pattern[str]:
    parts = (
        rf"(?<!\w){re.escape(word)}(?!\w)" if word.isascii() else re.escape(word)
        for word in sorted(words, key=len)[::-1]
    )
    return re.compile("|".join(parts), re.IGNORECASE)
