"""A product → the page that shows it."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlencode

from flask_babel import gettext as _

from contentshop.posts.queries import PostTile
from contentshop.products.inputs import gtin_shown
from contentshop.products.queries import ProductPage as Found
from contentshop.web import structured
from contentshop.web.cards import product_card, resolve
from contentshop.web.chrome import language_tag
from contentshop.web.disclosures import paid_link_note
from contentshop.web.offer_rows import OfferRow, offer_rows
from contentshop.web.pictures import largest, picture
from contentshop.web.reader_pages import GalleryPicture, Head, ProductPage
from contentshop.web.review_pages import ReviewsView, marked_up
from contentshop.web.session import Viewer, settings
from contentshop.web.tiles import tile
from contentshop.web.urls import product_url

Step = tuple[str, str]


def product_page(found: Found, mentions: Sequence[PostTile], who: Viewer, reviews: ReviewsView) -> ProductPage:
    """The page of a product; ``mentions`` are the posts that recommend it."""
    facts = found.product
    offers = offer_rows(resolve(facts, who, found.facts), who, settings().site_name)
    pictures = _pictures(found)
    trail = _trail(facts.category, facts.title)
    return ProductPage(
        head=_head(found, offers, trail, reviews),
        title=facts.title,
        brand=facts.brand,
        summary=facts.summary,
        lang=language_tag(facts.lang),
        trail=trail,
        picture=pictures[0].view if found.pictures and pictures else None,
        gallery=pictures[1:] if found.pictures else pictures,
        card=product_card(facts, who, known=found.facts),
        offers=offers,
        disclosure=paid_link_note() if any(row.action_url.startswith("/go/") for row in offers) else "",
        body=[line.strip() for line in found.body.split("\n") if line.strip()],
        attributes=[*found.attrs, *_codes(found)],
        mentions=[tile(post) for post in mentions],
        reviews=reviews,
    )


def _pictures(found: Found) -> list[GalleryPicture]:
    """The product's pictures, then those that only stand for a variant that is sold here."""
    facts = found.product
    names = {offer.variant_key: offer.variant_name for offer in facts.offers if offer.own and offer.active}
    meant: dict[str, list[str]] = {}
    for key, stored in found.variant_pictures.items():
        if key in names:
            meant.setdefault(stored.key, []).append(key)
    every = {stored.key: stored for stored in (*found.pictures, *found.variant_pictures.values())}
    own = {stored.key for stored in found.pictures}
    shown = [stored for key, stored in every.items() if key in own or key in meant]
    return [
        GalleryPicture(view, " ".join(keys), ", ".join(names[key] for key in keys if names[key]))
        for stored in shown
        if (view := picture(stored, stored.alt or facts.title)) is not None
        for keys in (meant.get(stored.key, []),)
    ]


def _trail(category: str, title: str) -> list[Step]:
    steps = [(_("Home"), "/")]
    if category:
        steps.append((category, "/search?" + urlencode({"q": category, "kind": "product"})))
    return [*steps, (title, "")]


def _codes(found: Found) -> list[Step]:
    """The product's identity as makers and shops print it."""
    known = [("GTIN", gtin_shown(found.gtin)), ("MPN", found.mpn)]
    return [(name, code) for name, code in known if code]


def _head(found: Found, offers: Sequence[OfferRow], trail: Sequence[Step], reviews: ReviewsView) -> Head:
    facts, site = found.product, settings().site_url
    path = product_url(facts.slug)
    image = site + largest(facts.picture) if facts.picture else ""
    described = structured.product(
        title=facts.title,
        url=site + path,
        summary=facts.summary,
        brand=facts.brand,
        gtin=gtin_shown(found.gtin),
        mpn=found.mpn,
        image=image,
        offers=_offers(offers, site + path),
    )
    data = [
        marked_up(described, reviews),
        structured.breadcrumb(site, [(name, address or path) for name, address in trail]),
    ]
    return Head(
        title=facts.title,
        description=facts.summary,
        canonical=site + path,
        image=image,
        data=tuple(structured.script(entry) for entry in data),
        noindex=not facts.listed,
    )


def _offers(rows: Sequence[OfferRow], url: str) -> structured.Json | None:
    """Our own offer while we can sell it here; else what other shops ask, or that we are sold out."""
    ours = next((row for row in rows if row.ours and row.price is not None), None)
    if ours is not None and ours.price is not None and ours.availability in {"in_stock", "preorder"}:
        return structured.own_offer(ours.price, url=url, seller=settings().site_name, availability=ours.availability)
    prices = [row.price for row in rows if not row.ours and row.price is not None]
    if prices:
        return structured.other_offers(prices, next(row.availability for row in rows if not row.ours))
    if ours is not None and ours.price is not None:
        return structured.own_offer(ours.price, url=url, seller=settings().site_name, availability="out_of_stock")
    return None
