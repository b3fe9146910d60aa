"""Reads of whole products and of the catalogue, for pages, pickers and the sitemap."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, CompoundSelect, Select, case, func, literal, null, or_, select, union_all

from contentshop.core.errors import NotFound
from contentshop.core.uow import AnySession
from contentshop.core.words import say
from contentshop.media.models import Asset
from contentshop.media.queries import PICTURE_COLUMNS
from contentshop.products.inputs import DRAFT
from contentshop.products.models import Product, ProductPicture, Variant, VariantPicture
from contentshop.products.offers import PictureFacts, ProductFacts
from contentshop.products.queries.facts import load_facts, own_attrs, picture_of, translated
from contentshop.products.queries.properties import properties_column, read_words

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

    ``facts`` holds the product and the alternative it names, by id; ``locales`` the languages it is written in;
    ``variant_pictures`` those that stand for a variant, by its key.
    Archived products have a page too, since posts link to it; ``product.listed`` tells.
    """

    product: ProductFacts
    facts: Mapping[int, ProductFacts]
    body: str
    attrs: tuple[tuple[str, str], ...]
    gtin: str | None
    mpn: str
    pictures: tuple[PictureFacts, ...]
    variant_pictures: Mapping[str, PictureFacts]
    locales: tuple[str, ...]
    created_at: datetime
    updated_at: datetime
    also: str | None = None


def get_product_page(
    session: AnySession, slug: str, locale: str, *, also: ColumnElement[str] | None = None, drafts: bool = False
) -> ProductPage:
    """Everything of the product at this address, in three statements. Raises NotFound.

    That of a draft only with ``drafts``, which is for those who may look at what is not in the shop yet.
    ``also`` is a column of a room above that comes along.
    """
    row = session.execute(
        select(
            Product.id,
            translated("body", locale).label("body"),
            Product.attrs,
            own_attrs(locale),
            properties_column().label("properties"),
            Product.gtin,
            Product.mpn,
            Product.lang,
            Product.translations,
            Product.created_at,
            Product.updated_at,
            (null() if also is None else also).label("also"),
        ).where(Product.slug == slug, *([] if drafts else [Product.status != DRAFT]))
    ).one_or_none()
    if row is None:
        raise NotFound(say("There is no such product."))
    facts = load_facts(session, [row.id], locale, drafts=drafts)
    pictures, of_variants = _shown_pictures(session, row.id)
    return ProductPage(
        product=facts[row.id],
        facts=facts,
        body=row.body,
        attrs=read_words(row.properties, locale).pairs(row.attrs, row.own_attrs or ()),
        gtin=row.gtin,
        mpn=row.mpn,
        pictures=pictures,
        variant_pictures=of_variants,
        locales=tuple(dict.fromkeys([row.lang, *row.translations])),
        created_at=row.created_at,
        updated_at=row.updated_at,
        also=row.also,
    )


def list_pictures(session: AnySession, product_id: int) -> tuple[PictureFacts, ...]:
    """A product's pictures in their order."""
    return _shown_pictures(session, product_id)[0]


def _shown_pictures(session: AnySession, product_id: int) -> tuple[tuple[PictureFacts, ...], dict[str, PictureFacts]]:
    """A product's pictures in their order, and those that stand for its variants, by their keys. One statement."""
    own = select(literal("").label("variant_key"), ProductPicture.asset_id, ProductPicture.alt, ProductPicture.position)
    chosen = (
        select(Variant.key, VariantPicture.asset_id, VariantPicture.alt, Variant.position)
        .join(Variant, Variant.id == VariantPicture.variant_id)
        .where(Variant.product_id == product_id, VariantPicture.position == 0)
    )
    rows = session.execute(_with_assets(union_all(own.where(ProductPicture.product_id == product_id), chosen)))
    found = [(row.variant_key, picture) for row in rows if (picture := picture_of(row)) is not None]
    return tuple(picture for key, picture in found if not key), {key: picture for key, picture in found if key}


def list_variant_pictures(session: AnySession, variant_key: str) -> tuple[PictureFacts, ...]:
    """The pictures of a variant, the one that stands for it first."""
    mine = (
        select(literal("").label("variant_key"), VariantPicture.asset_id, VariantPicture.alt, VariantPicture.position)
        .join(Variant, Variant.id == VariantPicture.variant_id)
        .where(Variant.key == variant_key)
    )
    rows = session.execute(_with_assets(union_all(mine)))
    return tuple(picture for row in rows if (picture := picture_of(row)) is not None)


def _with_assets(pictures: CompoundSelect[*tuple[Any, ...]]) -> Select[*tuple[Any, ...]]:
    places = pictures.subquery()
    return (
        select(
            places.c.variant_key,
            *PICTURE_COLUMNS,
            func.coalesce(func.nullif(places.c.alt, ""), Asset.alt).label("alt"),
        )
        .join(places, places.c.asset_id == Asset.id)
        .order_by(places.c.position, Asset.id)
    )


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
