"""Reads around shops' pages: whose product a page is, which shop it belongs to, what was read of it."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import or_, select

from contentshop.core.addresses import host_of, identity
from contentshop.core.uow import AnySession
from contentshop.products.models import Merchant, Offer, OfferPage, PageReading, Product
from contentshop.products.pages import PageFacts


@dataclass(frozen=True, slots=True)
class Reading:
    """What a person had read of a page, when, and the key of the picture that was kept of it, if any."""

    facts: PageFacts
    read_at: datetime
    asset_key: str


@dataclass(frozen=True, slots=True)
class DuePage:
    """A page that the worker shall look at again."""

    offer_id: int
    url: str
    merchant_id: int


def find_by_pages(session: AnySession, urls: Iterable[str], *, gtin: str | None = None) -> int | None:
    """The id of the oldest listed product that one of these addresses leads to, or that has this GTIN."""
    addresses = {identity(url) for url in urls if url} - {""}
    if addresses:
        found = session.scalar(
            select(Offer.product_id)
            .join(Product, Product.id == Offer.product_id)
            .where(Offer.kind == "affiliate", Offer.address.in_(addresses), Product.listed)
            .order_by(Offer.product_id)
            .limit(1)
        )
        if found is not None:
            return found
    if not gtin:
        return None
    return session.scalar(select(Product.id).where(Product.gtin == gtin, Product.listed))


def find_product(session: AnySession, product_id: int) -> Product | None:
    """The product with this row number."""
    return session.get(Product, product_id)


def find_shop(session: AnySession, url: str) -> Merchant | None:
    """The merchant whose domain an address is on; the longest domain is the most exact."""
    labels = host_of(url).split(".")
    domains = [".".join(labels[start:]) for start in range(len(labels) - 1)]
    found = session.scalars(select(Merchant).where(Merchant.domain.in_(domains)))
    return max(found, key=lambda one: len(one.domain), default=None)


def find_reading(session: AnySession, url: str, *, reader_id: int) -> Reading | None:
    """What this person had read of a page."""
    row = session.scalar(
        select(PageReading).where(PageReading.reader_id == reader_id, PageReading.address == identity(url))
    )
    if row is None:
        return None
    return Reading(PageFacts.from_json(row.facts), row.read_at, str(row.facts.get("asset") or ""))


def get_page_offer(session: AnySession, product_id: int) -> Offer | None:
    """The offer by which a creator brought a product in."""
    return session.scalar(
        select(Offer).join(OfferPage, OfferPage.offer_id == Offer.id).where(Offer.product_id == product_id).limit(1)
    )


def list_due_pages(session: AnySession, *, now: datetime, limit: int) -> list[DuePage]:
    """Pages to be looked at, longest due first, at most one of each merchant and none of one that rests."""
    rows = session.execute(
        select(OfferPage.offer_id, Offer.url, Offer.merchant_id)
        .join(Offer, Offer.id == OfferPage.offer_id)
        .join(Merchant, Merchant.id == Offer.merchant_id)
        .join(Product, Product.id == Offer.product_id)
        .where(
            OfferPage.check_at <= now,
            Offer.active,
            Merchant.active,
            Product.listed,
            or_(Merchant.rest_until.is_(None), Merchant.rest_until <= now),
        )
        .order_by(OfferPage.check_at, OfferPage.offer_id)
        .limit(limit * 20)
    )
    chosen: dict[int, DuePage] = {}
    for row in rows:
        chosen.setdefault(row.merchant_id, DuePage(row.offer_id, row.url, row.merchant_id))
    return list(chosen.values())[:limit]


def list_dead_addresses(session: AnySession, addresses: Collection[str]) -> set[str]:
    """Those of these page identities (``addresses.identity``) at which every offer we know was found dead."""
    if not addresses:
        return set()
    rows = session.execute(
        select(Offer.address, Offer.health).where(Offer.kind == "affiliate", Offer.address.in_(addresses))
    ).all()
    return {row.address for row in rows if row.health == "dead"} - {row.address for row in rows if row.health != "dead"}
