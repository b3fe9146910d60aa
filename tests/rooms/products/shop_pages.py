"""Pages of shops, written by hand: what they say, and what may be believed of it.

Each page is (name, its HTML, its address, what is known of it by field, its problems).
"""

# Pages are long lines by nature.
# ruff: noqa: E501

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

URL = "https://www.shop.example/item/kettle"


@dataclass(frozen=True, slots=True)
class Golden:
    """One page. ``known`` maps a field to (value, source, sureness)."""

    name: str
    html: str | bytes
    known: dict[str, tuple[str, str, str]]
    problems: tuple[str, ...] = ()
    url: str = URL
    charset: str = ""
    also: dict[str, Any] = field(default_factory=dict)


def ld(*blocks: Any) -> str:
    texts = [one if isinstance(one, str) else json.dumps(one).replace("</", "<\\/") for one in blocks]
    return "".join(f'<script type="application/ld+json">{text}</script>' for text in texts)


def offer(price: Any, currency: str | None = "USD", **more: Any) -> dict[str, Any]:
    named = {"priceCurrency": currency} if currency else {}
    return {"@type": "Offer", "price": price, **named, **more}


def product(name: str = "Steel kettle", **more: Any) -> dict[str, Any]:
    return {"@context": "https://schema.org", "@type": "Product", "name": name, **more}


def og(**pairs: str) -> str:
    return "".join(f'<meta property="{name.replace("__", ":")}" content="{value}">' for name, value in pairs.items())


def page(
    head: str = "", body: str = "<h1>Steel kettle</h1>", lang: str = "en", title: str = "Steel kettle | Shop"
) -> str:
    return f'<!doctype html><html lang="{lang}"><head><title>{title}</title>{head}</head><body>{body}</body></html>'


def sure(**values: str) -> dict[str, tuple[str, str, str]]:
    return {name: (value, "json-ld", "high") for name, value in values.items()}


KETTLE = sure(title="Steel kettle")
PRICED = sure(title="Steel kettle", price="59.00", currency="USD")

PAGES = [
    Golden(
        "everything in JSON-LD",
        page(
            og(og__site_name="Kettle House")
            + ld(
                product(
                    brand={"@type": "Brand", "name": "Pourwell"},
                    image=["/k-1.jpg", "/k-2.jpg"],
                    gtin13="4006381333931",
                    mpn="PW-1",
                    offers=offer("59.00", availability="https://schema.org/InStock"),
                )
            )
        ),
        PRICED
        | sure(brand="Pourwell", gtin="04006381333931", mpn="PW-1", availability="in_stock")
        | sure(picture="https://www.shop.example/k-1.jpg")
        | {"shop": ("Kettle House", "opengraph", "medium")},
    ),
    Golden("a number for a price", page(ld(product(offers=offer(59)))), PRICED),
    Golden(
        "a number that a float would spoil",
        page(ld(product(offers=offer(19.99)))),
        KETTLE | sure(price="19.99", currency="USD"),
    ),
    Golden(
        "a list of blocks in one",
        page(ld([{"@type": "WebSite", "name": "x"}, product(offers=[offer("59.00")])])),
        PRICED,
    ),
    Golden(
        "a graph with references",
        page(
            ld(
                {
                    "@context": "https://schema.org",
                    "@graph": [
                        {"@type": "WebPage", "@id": "#page"},
                        product(offers={"@id": "#offer"}, brand={"@id": "#brand"}),
                        {"@id": "#offer", **offer("59.00")},
                        {"@id": "#brand", "@type": "Brand", "name": "Pourwell"},
                    ],
                }
            )
        ),
        PRICED | sure(brand="Pourwell"),
    ),
    Golden(
        "a product inside its page",
        page(ld({"@type": "ItemPage", "mainEntity": product(offers=offer("59.00"))})),
        PRICED,
    ),
    Golden(
        "a broken block beside a good one",
        page(ld('{"@type": "Product", "name": "Broken', product(offers=offer("59.00")))),
        PRICED,
    ),
    Golden(
        "line ends in texts, a comma too many, comment marks",
        page(
            ld(
                '//<![CDATA[\n{"@type":"Product","name":"Steel\nkettle","offers":{"@type":"Offer","price":"59.00","priceCurrency":"USD",},}\n//]]>'
            )
        ),
        PRICED,
    ),
    Golden(
        "variants at one price",
        page(
            ld(
                {
                    "@type": "ProductGroup",
                    "name": "Steel kettle",
                    "hasVariant": [
                        product("Kettle, black", offers=offer("59.00")),
                        product("Kettle, red", offers=offer("59.00")),
                    ],
                }
            )
        ),
        PRICED,
    ),
    Golden(
        "variants at several prices",
        page(
            ld(
                {
                    "@type": "ProductGroup",
                    "name": "Steel kettle",
                    "hasVariant": [product("Small", offers=offer("39.00")), product("Large", offers=offer("59.00"))],
                }
            )
        ),
        KETTLE,
        ("several_prices",),
    ),
    Golden(
        "the variant that the address means",
        page(
            ld(
                {
                    "@type": "ProductGroup",
                    "name": "Steel kettle",
                    "hasVariant": [
                        product("Small", offers=offer("39.00", url=f"{URL}?variant=1")),
                        product("Large", offers=offer("59.00", url=f"{URL}?variant=2")),
                    ],
                }
            )
        ),
        PRICED,
        url=f"{URL}?utm_source=x&variant=2",
    ),
    Golden(
        "an aggregate of one price",
        page(
            ld(
                product(
                    offers={
                        "@type": "AggregateOffer",
                        "lowPrice": "59.00",
                        "highPrice": "59.00",
                        "priceCurrency": "USD",
                    }
                )
            )
        ),
        PRICED,
    ),
    Golden(
        "an aggregate with a range",
        page(ld(product(offers={"@type": "AggregateOffer", "lowPrice": 39, "highPrice": 59, "priceCurrency": "USD"}))),
        KETTLE,
        ("several_prices",),
    ),
    Golden(
        "an aggregate that only says from",
        page(ld(product(offers={"@type": "AggregateOffer", "lowPrice": "39.00", "priceCurrency": "USD"}))),
        KETTLE,
        ("odd_price", "several_prices"),
    ),
    Golden(
        "offers within an aggregate",
        page(
            ld(
                product(
                    offers={
                        "@type": "AggregateOffer",
                        "priceCurrency": "USD",
                        "offers": [offer("59.00", None), offer("59.00", None)],
                    }
                )
            )
        ),
        PRICED,
    ),
    Golden(
        "a used one that is cheaper",
        page(
            ld(
                product(
                    offers=[
                        offer("59.00", itemCondition="https://schema.org/NewCondition"),
                        offer("30.00", itemCondition="https://schema.org/UsedCondition"),
                    ]
                )
            )
        ),
        PRICED,
    ),
    Golden(
        "a crossed-out price in the specification",
        page(
            ld(
                product(
                    offers={
                        "@type": "Offer",
                        "priceSpecification": [
                            {
                                "@type": "UnitPriceSpecification",
                                "priceType": "https://schema.org/ListPrice",
                                "price": 99,
                                "priceCurrency": "USD",
                            },
                            {
                                "@type": "UnitPriceSpecification",
                                "price": 3,
                                "priceCurrency": "USD",
                                "unitText": "per 100 g",
                            },
                            {"@type": "UnitPriceSpecification", "price": "59.00", "priceCurrency": "USD"},
                        ],
                    }
                )
            )
        ),
        PRICED,
    ),
    Golden("price zero", page(ld(product(offers=offer("0")))), KETTLE, ("odd_price",)),
    Golden("a price in words", page(ld(product(offers=offer("Ask us")))), KETTLE, ("odd_price",)),
    Golden(
        "no price at all",
        page(ld(product(offers={"@type": "Offer", "availability": "OutOfStock"}))),
        KETTLE | sure(availability="out_of_stock"),
        ("no_price",),
    ),
    Golden("a price without currency", page(ld(product(offers=offer("59.00", None)))), KETTLE, ("no_currency",)),
    Golden("thousand or one and a bit", page(ld(product(offers=offer("1.299", "EUR")))), KETTLE, ("odd_price",)),
    Golden(
        "a German price in text",
        page(ld(product(offers=offer("1.299,00 €", None))), lang="de"),
        KETTLE | sure(price="1299.00", currency="EUR"),
    ),
    Golden(
        "yen have no decimals",
        page(ld(product(offers=offer("5980", "JPY")))),
        KETTLE | sure(price="5980", currency="JPY"),
    ),
    Golden("half a yen is no price", page(ld(product(offers=offer("59.50", "JPY")))), KETTLE, ("odd_price",)),
    Golden(
        "two currencies", page(ld(product(offers=[offer("59.00"), offer("55.00", "EUR")]))), KETTLE, ("several_prices",)
    ),
    Golden(
        "JSON-LD and OpenGraph disagree",
        page(ld(product(offers=offer("59.00"))) + og(product__price__amount="49.00", product__price__currency="USD")),
        KETTLE,
        ("several_prices",),
    ),
    Golden(
        "another price without its currency",
        page(ld(product(offers=offer("59.00"))) + og(product__price__amount="49.00")),
        KETTLE,
        ("no_currency", "several_prices"),
    ),
    Golden(
        "the same price without its currency",
        page(ld(product(offers=offer("59.00"))) + og(product__price__amount="59")),
        PRICED,
    ),
    Golden(
        "related products are other products",
        page(
            ld(product(offers=offer("59.00"), isRelatedTo=[product("Cup", offers=offer("9.00"))]))
            + ld({"@type": "ItemList", "itemListElement": [{"item": product("Pot", offers=offer("19.00"))}]})
        ),
        PRICED,
    ),
    Golden(
        "several products, one with the page's name",
        page(
            ld(
                product("Cup", offers=offer("9.00")),
                product(offers=offer("59.00")),
                product("Pot", offers=offer("19.00")),
            )
        ),
        PRICED,
    ),
    Golden(
        "several products, none of which is the page's",
        page(
            ld(product("Cup", offers=offer("9.00")), product("Pot", offers=offer("19.00"))),
            "<h1>Our shop</h1>",
            title="Our shop",
        ),
        {"title": ("Our shop", "page", "low")},
        ("several_products",),
    ),
    Golden(
        "the same thing told twice", page(ld(product(offers=offer("59.00")), product(offers=offer("59.00")))), PRICED
    ),
    Golden(
        "microdata",
        page(
            "",
            '<div itemscope itemtype="https://schema.org/Product"><h1 itemprop="name">Steel kettle</h1><img itemprop="image" src="/k.jpg">'
            '<span itemprop="brand" itemscope itemtype="https://schema.org/Brand"><b itemprop="name">Pourwell</b></span>'
            '<div itemprop="offers" itemscope itemtype="https://schema.org/Offer"><del itemprop="price" content="99">99</del>'
            '<span itemprop="price" content="59.00">$59</span><meta itemprop="priceCurrency" content="USD">'
            '<link itemprop="availability" href="https://schema.org/PreOrder"></div>'
            '<div itemprop="isRelatedTo" itemscope itemtype="https://schema.org/Product"><b itemprop="name">Cup</b></div></div>',
        ),
        {
            name: (value, "microdata", "high")
            for name, value in {
                "title": "Steel kettle",
                "brand": "Pourwell",
                "picture": "https://www.shop.example/k.jpg",
                "price": "59.00",
                "currency": "USD",
                "availability": "preorder",
            }.items()
        },
    ),
    Golden(
        "OpenGraph alone",
        page(
            og(
                og__type="product",
                og__title="Steel kettle",
                og__image="https://cdn.example/k.jpg",
                product__price__amount="59.00",
                product__price__currency="USD",
                product__availability="in stock",
            )
        ),
        {
            name: (value, "opengraph", "medium")
            for name, value in {
                "title": "Steel kettle",
                "picture": "https://cdn.example/k.jpg",
                "price": "59.00",
                "currency": "USD",
                "availability": "in_stock",
            }.items()
        },
    ),
    Golden(
        "an article with a shop's advertisement",
        page(
            og(og__type="article", og__title="Ten kettles") + '<meta name="price" content="59">', "<p>Only $59.00!</p>"
        ),
        {"title": ("Ten kettles", "opengraph", "low")},
        ("no_product",),
    ),
    Golden(
        "a captcha with status 200",
        page("", "<p>Enter the characters you see</p><p>Type the captcha</p>", title="Robot Check"),
        {},
        ("blocked",),
    ),
    Golden(
        "a wall with pretty OpenGraph",
        page(
            og(og__title="Kettle", og__image="https://cdn.example/k.jpg"),
            "<script src=/cdn-cgi/challenge-platform/x.js></script>",
            title="Just a moment...",
        ),
        {},
        ("blocked",),
    ),
    Golden("a Chinese wall", page("", "<p>请拖动滑块完成验证</p>", lang="zh", title="安全验证"), {}, ("blocked",)),
    Golden(
        "a Chinese shop in GBK",
        page(
            '<meta charset="gb2312">'
            + ld(
                '{"@type":"Product","name":"不锈钢鹅颈壶","offers":{"@type":"Offer","price":"199.00","priceCurrency":"CNY"}}'
            ),
            lang="zh",
            title="壶",
        ).encode("gb18030"),
        sure(title="不锈钢鹅颈壶", price="199.00", currency="CNY"),
    ),
    Golden(
        "a price in wan",
        page(ld(product("冰箱", offers=offer("1.2万元", None))), lang="zh-CN"),
        sure(title="冰箱") | {"price": ("12000.00", "json-ld", "low"), "currency": ("CNY", "json-ld", "low")},
    ),
    Golden(
        "from so much on",
        page(ld(product("冰箱", offers=offer("¥199起", None))), lang="zh-CN"),
        sure(title="冰箱"),
        ("odd_price",),
    ),
    Golden(
        "a yen or yuan sign on a Chinese host",
        page(ld(product("壶", offers=offer("￥199", None)))),
        sure(title="壶") | {"price": ("199.00", "json-ld", "low"), "currency": ("CNY", "json-ld", "low")},
        url="https://www.shop.cn/1",
    ),
    Golden(
        "a Japanese shop in Shift JIS",
        page(
            ld('{"@type":"Product","name":"南部鉄器 急須","offers":{"@type":"Offer","price":"１２，８００円"}}'),
            lang="ja",
        ).encode("cp932"),
        sure(title="南部鉄器 急須", price="12800", currency="JPY"),
        charset="shift_jis",
    ),
    Golden(
        "a Taiwanese shop in Big5",
        page(
            ld('{"@type":"Product","name":"不鏽鋼手沖壺","offers":{"@type":"Offer","price":"NT$1,280"}}'), lang="zh-TW"
        ).encode("big5hkscs"),
        sure(title="不鏽鋼手沖壺", price="1280.00", currency="TWD"),
        charset="big5",
    ),
    Golden(
        "a Swedish shop",
        page(ld(product("Vattenkokare", offers=offer("1 299,00 kr", None))), lang="sv"),
        sure(title="Vattenkokare") | {"price": ("1299.00", "json-ld", "low"), "currency": ("SEK", "json-ld", "low")},
        url="https://butik.se/1",
    ),
    Golden(
        "a French page that calls itself UTF-8 and is not",
        page(ld(product("Bouilloire", offers=offer("59,90", "EUR"))), "<p>é</p>", lang="fr").encode("cp1252"),
        sure(title="Bouilloire", price="59.90", currency="EUR"),
        charset="utf-8",
    ),
    Golden(
        "hostile words",
        page(
            ld(
                product(
                    "<script>alert(1)</script>\u202e kettle\x00",
                    brand="x" * 5000,
                    image="javascript:alert(1)",
                    offers=offer("9" * 50),
                )
            )
        ),
        {},
        ("odd_price",),
        also={"skip_words": True},
    ),
    Golden("an empty page", "", {}, ("no_product",)),
    Golden("no page but bytes", bytes(range(256)) * 40, {}, ("no_product",), also={"skip_words": True}),
]
