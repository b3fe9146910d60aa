"""Facts → product cards with their four faces, as components read them.

Whatever shows a product asks here (``offer_rows`` too), so that the same product says the same everywhere: which way
to get it is offered, at which price as of when, and that the link is paid.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from flask_babel import gettext as _

from contentshop.core.db import db
from contentshop.core.money import Money
from contentshop.posts import disclosure
from contentshop.posts.bargains import DealInput, offers_of
from contentshop.products import offers as rules
from contentshop.products import queries as products
from contentshop.products.offers import OfferFacts, ProductFacts, Rating, Reader, Resolution
from contentshop.products.pricing import ANNOUNCED
from contentshop.web.card_reasons import explain
from contentshop.web.chrome import money as in_words
from contentshop.web.pictures import PictureView, picture
from contentshop.web.session import Viewer, settings, viewer
from contentshop.web.urls import out_url, product_url

COMPARED = 3  # other shops named on a card; the product page has all
ADD_TO_CART = "/cart/add"
NOT_YET = "not_yet"  # the availability of what is a draft, or has no offer
Variant = tuple[str, str, bool]  # key, label, whether it can be bought now


@dataclass(frozen=True, slots=True)
class ComparedOffer:
    """Another shop that sells the card's product."""

    merchant: str
    price: Money | None
    availability: str
    checked_at: datetime | None
    url: str


@dataclass(frozen=True, slots=True)
class CardView:
    """A product card as its component reads it. ``key`` is empty for a product that stands outside a post.

    ``disclosure`` is what is said of its links if they earn, ``paid_mark`` the words where there is no room for it and
    the law wants some, ``relation`` how the author came to the product, in words, ``sent_from`` when a presale is sent.
    """

    key: str
    face: str
    title: str
    brand: str
    url: str
    picture: PictureView | None
    price: Money | None
    merchant: str
    checked_at: datetime | None
    availability: str
    action_url: str
    low_stock: int | None
    disclosure: str
    note: str = ""
    award: str = ""
    compare: tuple[ComparedOffer, ...] = ()
    alternative: CardView | None = None
    variants: tuple[Variant, ...] = ()
    reason: str = ""
    pros: tuple[str, ...] = ()
    cons: tuple[str, ...] = ()
    paid_mark: str = ""
    relation: str = ""
    attributes: tuple[tuple[str, str], ...] = ()
    attribute_names: tuple[tuple[str, str], ...] = ()
    was: Money | None = None
    rating: Rating | None = None
    sent_from: datetime | None = None
    starts: bool = False

    @property
    def gone(self) -> str:
        """Why it cannot be had, in words: it is not sold any more, or not yet."""
        return str(_("Not available yet") if self.availability == NOT_YET else _("No longer sold"))

    @property
    def moments(self) -> tuple[datetime, ...]:
        """The times in it, which are told as "2 hours ago"."""
        told = [self.checked_at, *(offer.checked_at for offer in self.compare)]
        return (*filter(None, told), *(self.alternative.moments if self.alternative else ()))


def price_age() -> timedelta:
    """How old a price may be and still be shown."""
    return timedelta(hours=settings().price_max_age_hours)


def reader_of(who: Viewer) -> Reader:
    """Where the asker shops."""
    return Reader(region=who.region, currency=who.currency)


def deal_card(facts: ProductFacts, deal: DealInput, card_key: str, who: Viewer) -> tuple[Resolution, CardView]:
    """The product of a deal as its shop offers it where the deal is for; links name the offer."""
    only = replace(facts, offers=offers_of(facts, deal.shop))
    place = Reader(region=deal.region or who.region, currency=deal.currency or who.currency)
    found = rules.resolve(only, place, now=who.now, max_age=price_age())
    return found, _view(found, card_key, who, instead=True)


def card_views(
    cards: Sequence[Mapping[str, Any]], who: Viewer, *, for_author: bool = False, locale: str | None = None
) -> dict[str, CardView]:
    """The cards of a page by their keys, resolved together with one statement.

    ``cards`` are the entries of a revision. ``for_author`` adds why each card shows what it shows.
    """
    return cards_of(cards, facts_of(cards, locale or who.locale), who, for_author=for_author)


def facts_of(cards: Sequence[Mapping[str, Any]], locale: str) -> dict[int, ProductFacts]:
    """The products of ``cards`` and their alternatives by id, with one statement (none without cards).

    Products are named in ``locale``, the language of the text; shops in that of the page, whose buttons name them.
    """
    wanted: set[int] = {card["product_id"] for card in cards if card["product_id"]}
    wanted |= {card["alternative_id"] for card in cards if card.get("alternative_id")}
    compared = any(card.get("kind") == "column" for card in cards)
    return products.load_facts(db.session, wanted, locale, attributes=compared, shops=viewer().locale)


def cards_of(
    cards: Sequence[Mapping[str, Any]],
    facts: Mapping[int, ProductFacts],
    who: Viewer,
    *,
    for_author: bool = False,
) -> dict[str, CardView]:
    """The cards by their keys, from facts that are loaded already; without those of vanished products."""
    return {
        card["key"]: _with_words(
            resolve(facts[card["product_id"]], who, facts, card.get("alternative_id")), card, who, for_author
        )
        for card in cards
        if card["product_id"] in facts
    }


def product_card(
    facts: ProductFacts, who: Viewer, *, known: Mapping[int, ProductFacts] | None = None, key: str = ""
) -> CardView:
    """The card of a product outside any post; ``known`` holds its alternative, if it has one.

    ``key`` is that of a card of a live session, whose links and purchases are its host's.
    """
    return _view(resolve(facts, who, known or {}), key, who)


def resolve(
    facts: ProductFacts, who: Viewer, known: Mapping[int, ProductFacts], named: int | None = None
) -> Resolution:
    """The way to get a product for this asker, now; ``named`` is the id of the card's alternative."""
    fallback = facts.alternative_id
    return rules.resolve(
        facts,
        reader_of(who),
        now=who.now,
        max_age=price_age(),
        alternative=known.get(named) if named else None,
        fallback=known.get(fallback) if fallback else None,
    )


def _with_words(resolution: Resolution, card: Mapping[str, Any], who: Viewer, for_author: bool) -> CardView:
    return replace(
        _view(resolution, card["key"], who),
        note=card.get("note") or "",
        award=card.get("award") or "",
        pros=tuple(card.get("pros") or ()),
        cons=tuple(card.get("cons") or ()),
        reason=explain(resolution) if for_author else "",
        relation=disclosure.product_label(who.region, who.locale, card.get("relation") or ""),
        attributes=resolution.product.attributes,
        attribute_names=resolution.product.attribute_names,
    )


def _view(resolution: Resolution, card_key: str, who: Viewer, *, instead: bool = False) -> CardView:
    """``instead`` tells that the product is not the card's own, so links have to name the offer."""
    product, offer, instead_of = resolution.product, resolution.offer, resolution.alternative
    ours = resolution.face == "stock"
    versions = rules.buyable_variants(product, reader_of(who)) if ours else ()
    compare = _compared(resolution, card_key, who)
    paid = bool(resolution.face == "elsewhere" or (ours and compare)) and _earns(resolution, compare)
    return CardView(
        key=card_key,
        face=resolution.face,
        title=product.title or _("A product to come"),
        brand=product.brand,
        url=product_url(product.slug) if product.slug else "",
        picture=picture(product.picture, product.title),
        price=resolution.price,
        merchant=offer.merchant_name if offer and not ours else "",
        checked_at=offer.checked_at if offer and not ours and resolution.price else None,
        availability=availability_of(resolution),
        action_url=_action(resolution, card_key, instead=instead),
        low_stock=resolution.low_stock,
        disclosure=disclosure.link_note(who.region, who.locale) if paid else "",
        paid_mark=_paid_mark(who) if paid else "",
        compare=compare,
        alternative=_view(instead_of, card_key, who, instead=True) if instead_of else None,
        variants=variants_of(versions, product),
        was=resolution.was,
        rating=product.rating,
        sent_from=resolution.sent_from,
        starts=starts_from(versions, resolution.price),
    )


def _paid_mark(who: Viewer) -> str:
    """The words beside small paid links where the reader's region wants them beside each."""
    if not disclosure.profile_of(who.region).marks_links:
        return ""
    return disclosure.link_mark(who.region, who.locale)


def _earns(resolution: Resolution, compare: tuple[ComparedOffer, ...]) -> bool:
    """Whether one of the links earns us anything: those of shops that are not approved do not."""
    first = resolution.offer is not None and not resolution.offer.own and not resolution.offer.plain_url
    return first or any(offer.url.startswith("/go/") for offer in compare)


def availability_of(resolution: Resolution) -> str:
    """Whether and how soon it can be had, in one of the words that offers have for it, or ``NOT_YET``."""
    if resolution.face == "stock":
        return "preorder" if resolution.sent_from else "in_stock"
    if resolution.face == "elsewhere" and resolution.offer is not None:
        return resolution.offer.availability
    if resolution.reason in {"draft", "no_offers"}:
        return NOT_YET
    return "out_of_stock" if resolution.face == "sold_out" else "discontinued"


def _action(resolution: Resolution, card_key: str, *, instead: bool) -> str:
    if resolution.face == "stock":
        return ADD_TO_CART
    if resolution.offer is None:
        return ""
    if resolution.offer.plain_url:
        return resolution.offer.plain_url
    return out_url(card_key, resolution.offer.key if instead or not card_key else "")


def _compared(resolution: Resolution, card_key: str, who: Viewer) -> tuple[ComparedOffer, ...]:
    if resolution.face not in {"stock", "elsewhere"}:
        return ()
    return tuple(
        ComparedOffer(
            merchant=offer.merchant_name,
            price=(price := shown_price(offer, who)),
            availability=offer.availability,
            checked_at=offer.checked_at if price else None,
            url=offer.plain_url or out_url(card_key, offer.key),
        )
        for offer in resolution.others
        if offer.kind == "affiliate"
    )[:COMPARED]


def shown_price(offer: OfferFacts, who: Viewer) -> Money | None:
    """The offer's price, unless it was last seen too long ago to be told."""
    return rules.shown_price(offer, now=who.now, max_age=price_age())


def variants_of(offers: Sequence[OfferFacts], product: ProductFacts) -> tuple[Variant, ...]:
    """The variants to choose between; each with its price where these differ."""
    differ = len({offer.price for offer in offers}) > 1
    return tuple(
        (offer.variant_key, _variant_label(offer, product, priced=differ), bool(offer.available)) for offer in offers
    )


def _variant_label(offer: OfferFacts, product: ProductFacts, *, priced: bool) -> str:
    name = offer.variant_name or product.title
    return f"{name} · {in_words(offer.price)}" if priced and offer.price else name


def starts_from(offers: Sequence[OfferFacts], price: Money | None) -> bool:
    """Whether another of the variants that can be had costs more than ``price``."""
    return price is not None and any(
        offer.available and offer.price is not None and offer.price.minor > price.minor for offer in offers
    )


def next_stale(facts: Collection[ProductFacts], now: datetime) -> datetime | None:
    """When the first of the prices that may be shown now becomes too old to be shown, a reduction to be told, or a
    presale is sent."""
    age = price_age()
    offers = [offer for product in facts for offer in product.offers]
    ends = [one.checked_at + age for one in offers if one.kind == "affiliate" and one.checked_at is not None]
    ends += [
        one.price_changed_at + ANNOUNCED
        for one in offers
        if one.prior_minor is not None and one.price_changed_at is not None
    ]
    ends += [one.releases_at for one in offers if one.releases_at is not None]
    return min((end for end in ends if end > now), default=None)
