"""A product → the table on its page: every way to get it, in the words of its card."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from flask_babel import gettext as _

from contentshop.core.money import Money
from contentshop.products import offers as rules
from contentshop.products.offers import OfferFacts, Resolution
from contentshop.web.cards import (
    ADD_TO_CART,
    Variant,
    availability_of,
    reader_of,
    shown_price,
    starts_from,
    variants_of,
)
from contentshop.web.session import Viewer
from contentshop.web.urls import out_url


@dataclass(frozen=True, slots=True)
class OfferRow:
    """One line of the offers table on a product page."""

    ours: bool
    merchant: str
    price: Money | None
    availability: str
    low_stock: int | None
    checked_at: datetime | None
    action_url: str
    hidden: Mapping[str, str]
    variants: Sequence[Variant]
    note: str
    was: Money | None = None
    sent_from: datetime | None = None
    starts: bool = False


def offer_rows(resolution: Resolution, who: Viewer, shop: str) -> tuple[OfferRow, ...]:
    """Every way to get a product for this asker: ours first, also when it is sold out, then shops, best first."""
    product = resolution.product
    ours = rules.buyable_variants(product, reader_of(who))
    ways = (resolution.offer, *resolution.others) if resolution.offer else ()
    others = (offer for offer in ways if not offer.own)
    return (*([_own_row(resolution, ours, who, shop)] if ours else []), *(_shop_row(offer, who) for offer in others))


def _own_row(resolution: Resolution, ours: Sequence[OfferFacts], who: Viewer, shop: str) -> OfferRow:
    product, sold_here = resolution.product, resolution.face == "stock"
    versions = rules.buyable_variants(product, reader_of(who))
    best = min((offer.price for offer in ours if offer.price is not None), key=lambda price: price.minor, default=None)
    return OfferRow(
        ours=True,
        merchant=shop,
        price=resolution.price if sold_here else best,
        availability=availability_of(resolution) if sold_here else "out_of_stock",
        low_stock=resolution.low_stock if sold_here else None,
        checked_at=None,
        action_url=ADD_TO_CART,
        hidden={"product": product.slug},
        variants=variants_of(versions, product),
        note=_("Sold and sent by us"),
        was=resolution.was,
        sent_from=resolution.sent_from if sold_here else None,
        starts=sold_here and starts_from(versions, resolution.price),
    )


def _shop_row(offer: OfferFacts, who: Viewer) -> OfferRow:
    price = shown_price(offer, who)
    return OfferRow(
        ours=False,
        merchant=offer.merchant_name,
        price=price,
        availability=offer.availability,
        low_stock=None,
        checked_at=offer.checked_at if price else None,
        action_url=offer.plain_url or out_url("", offer.key),
        hidden={},
        variants=(),
        note="",
    )
