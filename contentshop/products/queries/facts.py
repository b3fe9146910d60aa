"""Facts of products for cards: one statement for any number of them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any

from sqlalchemy import BindParameter, ColumnElement, Row, Select, bindparam, case, func, literal, or_, select

from contentshop.core.money import Money
from contentshop.core.uow import AnySession
from contentshop.media.models import Asset
from contentshop.media.queries import PICTURE_COLUMNS
from contentshop.products.inputs import ACTIVE, DRAFT
from contentshop.products.models import Merchant, Offer, Product, ProductPicture, ProductRating, Stock, Variant
from contentshop.products.offers import OfferFacts, PictureFacts, ProductFacts, Rating
from contentshop.products.queries.properties import PropertyWords, properties_column, read_words

AnyRow = Row[*tuple[Any, ...]]


def load_facts(
    session: AnySession,
    ids: Collection[int],
    locale: str,
    *,
    attributes: bool = False,
    shops: str = "",
    drafts: bool = False,
) -> dict[int, ProductFacts]:
    """Facts of these products and of the alternatives they name, by id, in one statement.

    Words are in ``locale`` when the product is translated to it, else in the product's own language. ``attributes``
    adds what the catalogue says of them, for comparisons. ``shops`` is the language of the shops' names if another.
    Of drafts nothing is told but that they are, unless ``drafts`` says that the desk asks.
    """
    if not ids:
        return {}
    groups: dict[int, list[AnyRow]] = {}
    for row in session.execute(_facts(locale, attributes, shops or locale), {"ids": list(ids)}):
        groups.setdefault(row.id, []).append(row)
    words = read_words(next(iter(groups.values()))[0].properties, locale) if attributes and groups else PropertyWords()
    found = {product_id: _product(rows, locale, words) for product_id, rows in groups.items()}
    if drafts:
        return found
    return {product_id: _unsaid(facts) if facts.draft else facts for product_id, facts in found.items()}


def _unsaid(facts: ProductFacts) -> ProductFacts:
    """A draft as readers may know it: that there is one, nothing else."""
    return replace(
        facts,
        slug="",
        title="",
        brand="",
        category="",
        summary="",
        alternative_id=None,
        picture=None,
        offers=(),
        attributes=(),
        attribute_names=(),
        rating=None,
    )


def find_ids_by_slug(session: AnySession, slugs: Collection[str]) -> dict[str, int]:
    """Slug → id of those that exist."""
    if not slugs:
        return {}
    rows = session.execute(select(Product.slug, Product.id).where(Product.slug.in_(slugs)))
    return {row.slug: row.id for row in rows}


def stamp(session: AnySession, ids: Collection[int]) -> str:
    """A short text that changes whenever facts of these products or of their alternatives do."""
    if not ids:
        return ""
    named = select(Product.alternative_id).where(Product.id.in_(ids), Product.alternative_id.is_not(None))
    stocks = (
        select(func.coalesce(func.sum(Stock.version), 0))
        .where(Stock.product_id == Product.id)
        .correlate(Product)
        .scalar_subquery()
    )
    rows = session.execute(
        select(Product.id, Product.version, stocks)
        .where(or_(Product.id.in_(ids), Product.id.in_(named)))
        .order_by(Product.id)
    )
    return ";".join(f"{product_id}.{version}.{stock}" for product_id, version, stock in rows)


def translated(column: str, locale: str) -> ColumnElement[str]:
    """SQL for a product's ``title``, ``category``, ``summary`` or ``body`` in ``locale``, else in its own language."""
    return func.coalesce(func.nullif(Product.translations[(locale, column)].as_string(), ""), getattr(Product, column))


def own_attrs(locale: str) -> ColumnElement[Any]:
    """SQL for the properties that a product's translation to ``locale`` says; NULL where it says none."""
    found: ColumnElement[Any] = Product.translations[(locale, "attrs")].as_json().label("own_attrs")
    return found


@lru_cache(maxsize=16)
def _facts(locale: str, attributes: bool, shops: str) -> Select[*tuple[Any, ...]]:
    """The statement for products ``ids`` and what they name, built once: building it costs more than asking."""
    ids: BindParameter[int] = bindparam("ids", expanding=True)
    named = select(Product.alternative_id).where(Product.id.in_(ids), Product.alternative_id.is_not(None))
    merchant_name = func.coalesce(Merchant.translations[(shops, "name")].as_string(), Merchant.name)
    has_words = Product.translations[(locale, "title")].as_string().is_not(None)
    return (
        select(
            Product.id,
            Product.key,
            Product.slug,
            translated("title", locale).label("title"),
            Product.brand,
            translated("category", locale).label("category"),
            translated("summary", locale).label("summary"),
            Product.discontinued,
            Product.status,
            Product.lang,
            has_words.label("has_words"),
            Product.alternative_id,
            Product.version,
            Product.attrs if attributes else literal(None).label("attrs"),
            own_attrs(locale) if attributes else literal(None).label("own_attrs"),
            (properties_column() if attributes else literal(None)).label("properties"),
            *PICTURE_COLUMNS,
            func.coalesce(func.nullif(ProductPicture.alt, ""), Asset.alt).label("alt"),
            Offer.key.label("offer_key"),
            Offer.kind,
            Offer.price_minor,
            Offer.currency,
            Offer.region,
            Offer.availability,
            Offer.health,
            Offer.active,
            Offer.checked_at,
            Offer.prior_minor,
            Offer.price_changed_at,
            Merchant.key.label("merchant_key"),
            merchant_name.label("merchant_name"),
            Merchant.active.label("merchant_active"),
            case((Merchant.approved.is_(False), Offer.url), else_="").label("plain_url"),
            Variant.id.label("variant_id"),
            Variant.key.label("variant_key"),
            func.coalesce(Variant.translations[(locale, "name")].as_string(), Variant.name).label("variant_name"),
            Variant.position,
            Variant.sku,
            Variant.releases_at,
            (Stock.on_hand - Stock.reserved).label("available"),
            Stock.version.label("stock_version"),
            ProductRating.one,
            ProductRating.two,
            ProductRating.three,
            ProductRating.four,
            ProductRating.five,
        )
        .select_from(Product)
        .outerjoin(ProductPicture, (ProductPicture.product_id == Product.id) & (ProductPicture.position == 0))
        .outerjoin(Asset, Asset.id == ProductPicture.asset_id)
        .outerjoin(Offer, Offer.product_id == Product.id)
        .outerjoin(Merchant, Merchant.id == Offer.merchant_id)
        .outerjoin(Variant, Variant.id == Offer.variant_id)
        .outerjoin(Stock, Stock.variant_id == Variant.id)
        .outerjoin(ProductRating, ProductRating.product_id == Product.id)
        .where(or_(Product.id.in_(ids), Product.id.in_(named)))
        .order_by(Product.id, Offer.id)
    )


def _product(rows: Sequence[AnyRow], locale: str, words: PropertyWords) -> ProductFacts:
    first = rows[0]
    return ProductFacts(
        id=first.id,
        key=first.key,
        slug=first.slug,
        title=first.title,
        brand=first.brand,
        category=first.category,
        summary=first.summary,
        discontinued=first.discontinued,
        listed=first.status == ACTIVE,
        lang=locale if first.has_words else first.lang,
        alternative_id=first.alternative_id,
        picture=picture_of(first),
        offers=tuple(_offer(row) for row in rows if row.offer_key is not None),
        version=first.version,
        stock_version=_stock_version(rows),
        attributes=words.pairs(first.attrs or (), first.own_attrs or ()),
        attribute_names=tuple(
            (name.casefold(), shown) for name, _value in first.attrs or () if (shown := words.name(name)) != name
        ),
        rating=Rating.of((first.one, first.two, first.three, first.four, first.five)),
        draft=first.status == DRAFT,
    )


def _stock_version(rows: Iterable[AnyRow]) -> int:
    versions = {row.variant_id: row.stock_version for row in rows if row.stock_version is not None}
    return sum(versions.values())


def picture_of(row: AnyRow) -> PictureFacts | None:
    if row.asset_key is None:
        return None
    focus = (row.focus_x, row.focus_y)
    return PictureFacts(row.asset_key, row.width, row.height, tuple(row.widths), row.alt, focus)


def _offer(row: AnyRow) -> OfferFacts:
    own = row.kind == "own"
    return OfferFacts(
        key=row.offer_key,
        kind=row.kind,
        price=Money(row.price_minor, row.currency) if row.price_minor is not None else None,
        region=row.region,
        availability=row.availability,
        health=row.health,
        active=row.active,
        checked_at=row.checked_at,
        merchant_key=row.merchant_key or "",
        merchant_name=row.merchant_name or "",
        merchant_active=bool(row.merchant_active),
        variant_key=row.variant_key or "",
        variant_name=row.variant_name or "",
        available=(row.available or 0) if own else None,
        sku=row.sku or "",
        variant_position=row.position or 0,
        plain_url=row.plain_url,
        prior_minor=row.prior_minor,
        price_changed_at=row.price_changed_at,
        releases_at=row.releases_at if own else None,
    )
