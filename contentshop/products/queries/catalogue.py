"""Reads of whole products and of the catalogue, for pages, pickers and the sitemap."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, case, func, null, or_, select

from contentshop.core.errors import NotFound
from contentshop.core.uow import AnySession
from contentshop.core.words import say
from contentshop.media.models import Asset
from contentshop.products.models import Product, ProductPicture, Variant
from contentshop.products.offers import PictureFacts, ProductFacts
from contentshop.products.queries.facts import load_facts, picture_of, translated

MAX_WORDS = 6
# Languages whose translated titles are searched besides a product's own words.
TITLE_LANGUAGES = ("en", "zh")


@dataclass(frozen=True, slots=True)
class CatalogueHit:
    """A product that a picker offers."""

    id: int
    key: str
    slug: str
    title: str
    brand: str


@dataclass(frozen=True, slots=True)
class ProductPage:
    """A product with everything its page says.

    ``facts`` holds the product and the alternative it names, by id; ``locales`` the languages it is written in.
    Products off the shop have a page too, since posts link to it; ``product.listed`` tells.
    """

    product: ProductFacts
    facts: Mapping[int, ProductFacts]
    body: str
    attrs: tuple[tuple[str, str], ...]
    gtin: str | None
    mpn: str
    pictures: tuple[PictureFacts, ...]
    locales: tuple[str, ...]
    created_at: datetime
    updated_at: datetime
    also: str | None = None


def get_product_page(
    session: AnySession, slug: str, locale: str, *, also: ColumnElement[str] | None = None
) -> ProductPage:
    """Everything of the product at this address, in three statements. Raises NotFound.

    ``also`` is a column of a room above that comes along.
    """
    row = session.execute(
        select(
            Product.id,
            translated("body", locale).label("body"),
            Product.attrs,
            Product.gtin,
            Product.mpn,
            Product.lang,
            Product.translations,
            Product.created_at,
            Product.updated_at,
            (null() if also is None else also).label("also"),
        ).where(Product.slug == slug)
    ).one_or_none()
    if row is None:
        raise NotFound(say("There is no such product."))
    facts = load_facts(session, [row.id], locale)
    return ProductPage(
        product=facts[row.id],
        facts=facts,
        body=row.body,
        attrs=tuple((name, value) for name, value in row.attrs),
        gtin=row.gtin,
        mpn=row.mpn,
        pictures=list_pictures(session, row.id),
        locales=tuple(dict.fromkeys([row.lang, *row.translations])),
        created_at=row.created_at,
        updated_at=row.updated_at,
        also=row.also,
    )


def list_pictures(session: AnySession, product_id: int) -> tuple[PictureFacts, ...]:
    """A product's pictures in their order."""
    rows = session.execute(
        select(
            Asset.key.label("picture_key"),
            Asset.width,
            Asset.height,
            Asset.widths,
            Asset.focus_x,
            Asset.focus_y,
            func.coalesce(func.nullif(ProductPicture.alt, ""), Asset.alt).label("alt"),
        )
        .join(ProductPicture, ProductPicture.asset_id == Asset.id)
        .where(ProductPicture.product_id == product_id)
        .order_by(ProductPicture.position)
    )
    return tuple(picture for row in rows if (picture := picture_of(row)) is not None)


def search_catalogue(session: AnySession, text: str, limit: int) -> list[CatalogueHit]:
    """Listed products for a picker: every word in title, brand, slug or SKU. Best first; newest without words.

    Searches the table, not the index, so that a product can be picked the moment it exists.
    """
    words = text.split()[:MAX_WORDS]
    exact = text.strip().lower()
    rank = case(
        (func.lower(Product.slug) == exact, 0),
        (Product.slug.startswith(exact, autoescape=True), 1),
        (func.lower(Product.title).startswith(exact, autoescape=True), 1),
        else_=2,
    )
    rows = session.execute(
        select(Product.id, Product.key, Product.slug, Product.title, Product.brand)
        .where(Product.listed, *(mentions(word) for word in words))
        .order_by(*([rank, func.length(Product.title)] if words else []), Product.id.desc())
        .limit(limit)
    )
    return [CatalogueHit(row.id, row.key, row.slug, row.title, row.brand) for row in rows]


def list_addresses(session: AnySession, *, limit: int) -> list[tuple[str, datetime]]:
    """(slug, last change) of listed products for the sitemap, newest first; not of those that creators brought in."""
    rows = session.execute(
        select(Product.slug, Product.updated_at)
        .where(Product.listed, Product.added_by == "")
        .order_by(Product.updated_at.desc(), Product.id.desc())
        .limit(limit)
    )
    return [(row.slug, row.updated_at) for row in rows]


def count_listed(session: AnySession) -> int:
    """How many products the shop shows."""
    return session.scalar(select(func.count()).select_from(Product).where(Product.listed)) or 0


def mentions(word: str) -> ColumnElement[bool]:
    """Whether a product, its numbers or one of its SKUs has ``word`` somewhere; capitals do not matter."""
    fields: list[ColumnElement[Any]] = [
        Product.title,  # type: ignore[list-item]
        Product.brand,  # type: ignore[list-item]
        Product.slug,  # type: ignore[list-item]
        # Chinese titles are spelled in the slug, so pinyin typed without gaps finds them.
        func.replace(Product.slug, "-", ""),
        Product.mpn,  # type: ignore[list-item]
        *(Product.translations[(language, "title")].as_string() for language in TITLE_LANGUAGES),
    ]
    skus = (
        select(Variant.id)
        .where(Variant.product_id == Product.id, Variant.sku.icontains(word, autoescape=True))
        .correlate(Product)
    )
    return or_(
        *(one.icontains(word, autoescape=True) for one in fields),
        Product.gtin.endswith(word, autoescape=True),
        skus.exists(),
    )
