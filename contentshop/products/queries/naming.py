"""What things of the catalogue are called, for pages that only name them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import func, select

from contentshop.core.names import named
from contentshop.core.uow import AnySession
from contentshop.products.models import Merchant, Offer, Product, Variant
from contentshop.products.queries.facts import translated


@dataclass(frozen=True, slots=True)
class NamedVariant:
    """A variant: the key of its product, the title and its own words."""

    product_key: str
    title: str
    sku: str


def titles_by_key(session: AnySession, keys: Collection[str], locale: str) -> dict[str, str]:
    """Titles of the products with these keys; unknown keys are left out."""
    query = select(Product.key, translated("title", locale).label("title")).where(Product.key.in_(keys))
    return {row.key: row.title for row in session.execute(query)} if keys else {}


def variants_by_key(session: AnySession, keys: Collection[str], locale: str) -> dict[str, NamedVariant]:
    """The variants with these keys; unknown keys are left out."""
    query = (
        select(Variant.key, Product.key.label("product_key"), translated("title", locale).label("title"), Variant.sku)
        .join(Product, Product.id == Variant.product_id)
        .where(Variant.key.in_(keys))
    )
    if not keys:
        return {}
    return {row.key: NamedVariant(row.product_key, row.title, row.sku) for row in session.execute(query)}


def offers_by_key(session: AnySession, keys: Collection[str], locale: str) -> dict[str, str]:
    """What the offers with these keys are told by: the shop that has it, else our SKU; unknown keys are left out."""
    query = (
        select(Offer.key, func.coalesce(named(Merchant, locale), Variant.sku, "").label("name"))
        .outerjoin(Merchant, Merchant.id == Offer.merchant_id)
        .outerjoin(Variant, Variant.id == Offer.variant_id)
        .where(Offer.key.in_(keys))
    )
    return {row.key: row.name for row in session.execute(query)} if keys else {}
