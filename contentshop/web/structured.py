"""Structured data (JSON-LD, schema.org) for search engines: only what the page itself shows.

Whether a product page may call itself a merchant's listing (``Offer``) follows Google's rules: only where the
reader can buy on this page. Elsewhere an ``AggregateOffer`` tells what other shops ask.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from markupsafe import Markup

from contentshop.core.money import Money

Json = dict[str, Any]

AVAILABILITY = {
    "in_stock": "InStock",
    "preorder": "PreOrder",
    "backorder": "BackOrder",
    "special_order": "MadeToOrder",
    "out_of_stock": "OutOfStock",
    "discontinued": "Discontinued",
}

# Characters that could end a script element or, in old browsers, a line of script.
_ESCAPES = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}


def script(data: Mapping[str, Any]) -> Markup:
    """The data block of one thing, safe to stand in a page."""
    text = json.dumps({"@context": "https://schema.org", **data}, ensure_ascii=False, separators=(",", ":"))
    for sign, escape in _ESCAPES.items():
        text = text.replace(sign, escape)
    return Markup(f'<script type="application/ld+json">{text}</script>')  # noqa: S704 - escaped above


def breadcrumb(site: str, steps: Sequence[tuple[str, str]]) -> Json:
    """The way to a page: (name, path) from the home page on; the last is the page itself."""
    return {
        "@type": "BreadcrumbList",
        "itemListElement": [
            {"@type": "ListItem", "position": number, "name": name, "item": site + path}
            for number, (name, path) in enumerate(steps, start=1)
        ],
    }


def article(
    *,
    title: str,
    url: str,
    summary: str,
    lang: str,
    image: str,
    author: str,
    author_url: str,
    publisher: str,
    published: datetime,
    revised: datetime | None,
    coauthors: Sequence[tuple[str, str]] = (),
    series: tuple[str, str, int] | None = None,
) -> Json:
    """A guide. What it says of one product is told by ``review``. ``coauthors`` are (name, address).

    ``series`` is the name and the address of the series it belongs to, and its number in it.
    """
    found: Json = {
        "@type": "Article",
        "headline": title[:110],
        "mainEntityOfPage": url,
        "inLanguage": lang,
        "author": _people(author, author_url, coauthors),
        "publisher": {"@type": "Organization", "name": publisher},
        "datePublished": published.isoformat(),
        "dateModified": (revised or published).isoformat(),
    }
    if summary:
        found["description"] = summary
    if image:
        found["image"] = image
    if series:
        name, address, number = series
        found["isPartOf"] = {"@type": "CreativeWorkSeries", "name": name, "url": address}
        found["position"] = number
    return found


def work_series(
    *, title: str, url: str, intro: str, lang: str, author: str, author_url: str, parts: Sequence[tuple[str, str]]
) -> Json:
    """A series of guides: ``parts`` are (name, address) in their order."""
    found: Json = {
        "@type": "CreativeWorkSeries",
        "name": title,
        "url": url,
        "inLanguage": lang,
        "author": _people(author, author_url, ()),
        "hasPart": [
            {"@type": "Article", "position": number, "headline": name[:110], "url": address}
            for number, (name, address) in enumerate(parts, start=1)
        ],
    }
    if intro:
        found["description"] = intro
    return found


def _people(author: str, author_url: str, others: Sequence[tuple[str, str]]) -> Json | list[Json]:
    people: list[Json] = [
        {"@type": "Person", "name": name, "url": url} for name, url in [(author, author_url), *others]
    ]
    return people if others else people[0]


def item_list(name: str, items: Sequence[tuple[str, str]]) -> Json:
    """A ranked list: (name, address) of each item, best first."""
    return {
        "@type": "ItemList",
        "name": name,
        "numberOfItems": len(items),
        "itemListElement": [
            {"@type": "ListItem", "position": number, "name": label, "url": url}
            for number, (label, url) in enumerate(items, start=1)
        ],
    }


def review(
    *,
    product: str,
    brand: str,
    image: str,
    url: str,
    author: str,
    author_url: str,
    published: datetime,
    rating: float | None,
    pros: Sequence[str],
    cons: Sequence[str],
) -> Json:
    """A product that an author looked at, as a product snippet: no ``Offer``, for one cannot buy it by this.

    ``rating`` is of five, and only there when the page shows it; pros and cons stand in the page's order.
    """
    said: Json = {
        "@type": "Review",
        "url": url,
        "author": {"@type": "Person", "name": author, "url": author_url},
        "datePublished": published.isoformat(),
    }
    if rating is not None:
        said["reviewRating"] = {
            "@type": "Rating",
            "ratingValue": f"{rating:.1f}",
            "bestRating": "5",
            "worstRating": "0",
        }
    said |= {name: _notes(notes) for name, notes in (("positiveNotes", pros), ("negativeNotes", cons)) if notes}
    found: Json = {"@type": "Product", "name": product, "review": said}
    if image:
        found["image"] = image
    if brand:
        found["brand"] = {"@type": "Brand", "name": brand}
    return found


def _notes(notes: Sequence[str]) -> Json:
    items = [{"@type": "ListItem", "position": number, "name": note} for number, note in enumerate(notes, start=1)]
    return {"@type": "ItemList", "itemListElement": items}


def product(
    *,
    title: str,
    url: str,
    summary: str,
    brand: str,
    gtin: str,
    mpn: str,
    image: str,
    offers: Json | None,
) -> Json:
    """A product with what is offered of it, if anything is."""
    found: Json = {"@type": "Product", "name": title, "url": url}
    known = {"description": summary, "image": image, "gtin": gtin, "mpn": mpn}
    found |= {name: value for name, value in known.items() if value}
    if brand:
        found["brand"] = {"@type": "Brand", "name": brand}
    if offers:
        found["offers"] = offers
    return found


def rated(product: Json, *, mean: float, count: int, reviews: Sequence[Json]) -> Json:
    """``product`` with what its buyers say: the mean of five, of how many, and the reviews that the page shows."""
    rating = {
        "@type": "AggregateRating",
        "ratingValue": f"{mean:.1f}",
        "reviewCount": count,
        "bestRating": "5",
        "worstRating": "1",
    }
    return product | {"aggregateRating": rating, "review": list(reviews)}


def buyers_review(*, author: str, stars: int, title: str, text: str, written: datetime, lang: str) -> Json:
    """What one buyer says of a product; stands inside it."""
    found: Json = {
        "@type": "Review",
        "author": {"@type": "Person", "name": author},
        "datePublished": written.date().isoformat(),
        "inLanguage": lang,
        "reviewBody": text,
        "reviewRating": {"@type": "Rating", "ratingValue": stars, "bestRating": 5, "worstRating": 1},
    }
    if title:
        found["name"] = title
    return found


def own_offer(price: Money, *, url: str, seller: str, availability: str) -> Json:
    """What this site itself sells, for a page with a cart button."""
    return {
        "@type": "Offer",
        "url": url,
        "price": str(price.amount),
        "priceCurrency": price.currency,
        "availability": "https://schema.org/" + AVAILABILITY[availability],
        "itemCondition": "https://schema.org/NewCondition",
        "seller": {"@type": "Organization", "name": seller},
    }


def deal(
    price: Money,
    *,
    product: str,
    brand: str,
    image: str,
    url: str,
    seller: str,
    open_now: bool,
    starts: datetime | None,
    ends: datetime | None,
) -> Json:
    """A deal: an offer for a time, as its page tells it. ``ends`` is left out when nobody knows."""
    item: Json = {"@type": "Product", "name": product}
    if brand:
        item["brand"] = {"@type": "Brand", "name": brand}
    if image:
        item["image"] = image
    found: Json = {
        "@type": "Offer",
        "url": url,
        "price": str(price.amount),
        "priceCurrency": price.currency,
        "availability": "https://schema.org/" + ("InStock" if open_now else "OutOfStock"),
        "itemOffered": item,
    }
    if seller:
        found["seller"] = {"@type": "Organization", "name": seller}
    if starts:
        found["validFrom"] = starts.isoformat()
    if ends:
        found["validThrough"] = found["priceValidUntil"] = ends.isoformat()
    return found


def other_offers(prices: Sequence[Money], availability: str) -> Json | None:
    """What other shops ask, in the currency of the first; nothing when no price is shown."""
    if not prices:
        return None
    same = [price for price in prices if price.currency == prices[0].currency]
    found: Json = {
        "@type": "AggregateOffer",
        "lowPrice": str(min(price.amount for price in same)),
        "highPrice": str(max(price.amount for price in same)),
        "offerCount": len(same),
        "priceCurrency": prices[0].currency,
    }
    if availability in AVAILABILITY:
        found["availability"] = "https://schema.org/" + AVAILABILITY[availability]
    return found


def person(name: str, url: str, bio: str, image: str = "") -> Json:
    """A creator's page."""
    who: Json = {"@type": "Person", "name": name, "url": url}
    if bio:
        who["description"] = bio
    if image:
        who["image"] = image
    return {"@type": "ProfilePage", "mainEntity": who}
