"""Reads of products. What reader pages use selects columns, in a constant number of statements."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import ColumnElement, Row, Select, func, or_, select

from contentshop.core.money import Money
from contentshop.core.uow import AnySession
from contentshop.media.models import Asset
from contentshop.products.models import (
    Merchant,
    Offer,
    Product,
    ProductPicture,
    Stock,
    Variant,
)
from contentshop.products.offers import OfferFacts, PictureFacts, ProductFacts

AnyRow = Row[*tuple[Any, ...]]

DESK_PAGE = 25
MOVEMENTS_SHOWN = 100
MAX_WORDS = 6
# Languages whose translated titles are searched besides a product's own words.
TITLE_LANGUAGES = ("en", "zh")

Shelf = Literal["all", "low", "sold_out", "stale", "no_offers", "unlisted", "discontinued"]
SHELVES: tuple[Shelf, ...] = ("all", "low", "sold_out", "stale", "no_offers", "unlisted", "discontinued")


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


@dataclass(frozen=True, slots=True)
class DeskRow:
    """A product in the operators' list; ``stock`` is None when we do not sell it."""

    key: str
    facts: ProductFacts
    stock: int | None
    offers: int
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class StockRow:
    """A variant in the stock list."""

    key: str
    sku: str
    name: str
    product_key: str
    product_title: str
    on_hand: int
    reserved: int

    @property
    def available(self) -> int:
        """How many can still be promised."""
        return self.on_hand - self.reserved


@dataclass(frozen=True, slots=True)
class Movement:
    """Why the count of a variant changed; ``balance`` is the count after it."""

    delta: int
    balance: int
    reason: str
    holder: str
    actor: str
    moved_at: datetime


def load_facts(session: AnySession, ids: Collection[int], locale: str) -> dict[int, ProductFacts]:
    """Facts of these products and of the alternatives they name, by id, in one statement.

    Words are in ``locale`` when the product is translated to it, else in the product's own language.
    """
    if not ids:
        return {}
    named = select(Product.alternative_id).where(Product.id.in_(ids), Product.alternative_id.is_not(None))
    wanted = or_(Product.id.in_(ids), Product.id.in_(named))
    groups: dict[int, list[AnyRow]] = {}
    for row in session.execute(_facts(locale).where(wanted)):
        groups.setdefault(row.id, []).append(row)
    return {product_id: _product(rows, locale) for product_id, rows in groups.items()}


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
    """SQL for a product's ``title``, ``summary`` or ``body`` in ``locale``, else in its own language."""
    return func.coalesce(func.nullif(Product.translations[(locale, column)].as_string(), ""), getattr(Product, column))


def _facts(locale: str) -> Select[*tuple[Any, ...]]:
    merchant_name = func.coalesce(Merchant.translations[(locale, "name")].as_string(), Merchant.name)
    has_words = Product.translations[(locale, "title")].as_string().is_not(None)
    return (
        select(
            Product.id,
            Product.key,
            Product.slug,
            translated("title", locale).label("title"),
            Product.brand,
            Product.category,
            translated("summary", locale).label("summary"),
            Product.discontinued,
            Product.listed,
            Product.lang,
            has_words.label("has_words"),
            Product.alternative_id,
            Product.version,
            Asset.key.label("picture_key"),
            Asset.width,
            Asset.height,
            Asset.widths,
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
            Merchant.key.label("merchant_key"),
            merchant_name.label("merchant_name"),
            Merchant.active.label("merchant_active"),
            Variant.id.label("variant_id"),
            Variant.key.label("variant_key"),
            func.coalesce(Variant.translations[(locale, "name")].as_string(), Variant.name).label("variant_name"),
            Variant.position,
            Variant.sku,
            (Stock.on_hand - Stock.reserved).label("available"),
            Stock.version.label("stock_version"),
        )
        .select_from(Product)
        .outerjoin(ProductPicture, (ProductPicture.product_id == Product.id) & (ProductPicture.position == 0))
        .outerjoin(Asset, Asset.id == ProductPicture.asset_id)
        .outerjoin(Offer, Offer.product_id == Product.id)
        .outerjoin(Merchant, Merchant.id == Offer.merchant_id)
        .outerjoin(Variant, Variant.id == Offer.variant_id)
        .outerjoin(Stock, Stock.variant_id == Variant.id)
        .order_by(Product.id, Offer.id)
    )


def _product(rows: Sequence[AnyRow], locale: str) -> ProductFacts:
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
        listed=first.listed,
        lang=locale if first.has_words else first.lang,
        alternative_id=first.alternative_id,
        picture=_picture(first),
        offers=tuple(_offer(row) for row in rows if row.offer_key is not None),
        version=first.version,
        stock_version=_stock_version(rows),
    )


def _stock_version(rows: Iterable[AnyRow]) -> int:
    versions = {row.variant_id: row.stock_version for row in rows if row.stock_version is not None}
    return sum(versions.values())


def _picture(row: AnyRow) -> PictureFacts | None:
    if row.picture_key is None:
        return None
    return PictureFacts(row.picture_key, row.width, row.height, tuple(row.widths), row.alt)


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
    )


def get_product_page(session: AnySession, slug: str, locale: str) -> ProductPage:
    """Everything of the product at this address, in three statements. Raises NotFound."""
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
        ).where(Product.slug == slug)
    ).one_or_none()
    if row is None:
        raise NotFound("There is no such product.")
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
    )


def list_pictures(session: AnySession, product_id: int) -> tuple[PictureFacts, ...]:
    """A product's pictures in their order."""
    rows = session.execute(
        select(
            Asset.key.label("picture_key"),
            Asset.width,
            Asset.height,
            Asset.widths,
            func.coalesce(func.nullif(ProductPicture.alt, ""), Asset.alt).label("alt"),
        )
        .join(ProductPicture, ProductPicture.asset_id == Asset.id)
        .where(ProductPicture.product_id == product_id)
        .order_by(ProductPicture.position)
    )
    return tuple(picture for row in rows if (picture := _picture(row)) is not None)


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
        .where(Product.listed, *(_mentions(word) for word in words))
        .order_by(*([rank, func.length(Product.title)] if words else []), Product.id.desc())
        .limit(limit)
    )
    return [CatalogueHit(row.id, row.key, row.slug, row.title, row.brand) for row in rows]


def page_desk(
    session: AnySession,
    shelf: Shelf,
    *,
    words: str,
    number: int,
    locale: str,
    stale_before: datetime,
) -> Page[DeskRow]:
    """One page of the operators' list, last changed first. ``stale_before``: older prices need another look."""
    conditions = [_on_shelf(shelf, stale_before), *(_mentions(word) for word in words.split()[:MAX_WORDS])]
    total = session.scalar(select(func.count()).select_from(Product).where(*conditions)) or 0
    rows = session.execute(
        select(Product.id, Product.key, Product.updated_at)
        .where(*conditions)
        .order_by(Product.updated_at.desc(), Product.id.desc())
        .limit(DESK_PAGE)
        .offset((number - 1) * DESK_PAGE)
    ).all()
    facts = load_facts(session, [row.id for row in rows], locale)
    found = [_desk_row(row.key, facts[row.id], row.updated_at) for row in rows]
    return Page(found, number, DESK_PAGE, total)


def count_shelves(session: AnySession, *, stale_before: datetime) -> dict[Shelf, int]:
    """How many products stand on each shelf of the operators' list."""
    counts = session.execute(
        select(*(func.count(case((_on_shelf(shelf, stale_before), 1))) for shelf in SHELVES)).select_from(Product)
    ).one()
    return dict(zip(SHELVES, counts, strict=True))


def get_for_desk(session: AnySession, key: str) -> Product:
    """The product with its variants, offers and pictures, to be edited. Raises NotFound."""
    product = session.scalar(
        select(Product)
        .where(Product.key == key)
        .options(
            selectinload(Product.variants).joinedload(Variant.stock),
            selectinload(Product.offers).joinedload(Offer.merchant),
            joinedload(Product.alternative),
        )
        .execution_options(populate_existing=True)
    )
    if product is None:
        raise NotFound("There is no such product.")
    return product


def find_key(session: AnySession, slug: str) -> str | None:
    """The key of the product at this address, if there is one."""
    return session.scalar(select(Product.key).where(Product.slug == slug))


def list_merchants(session: AnySession, locale: str) -> list[tuple[str, str, bool]]:
    """(key, name in ``locale``, whether readers are sent there) of every merchant, by name."""
    name = func.coalesce(Merchant.translations[(locale, "name")].as_string(), Merchant.name)
    rows = session.execute(select(Merchant.key, name.label("name"), Merchant.active).order_by(name, Merchant.id))
    return [(row.key, row.name, row.active) for row in rows]


def page_stock(
    session: AnySession, *, words: str, low_only: bool, number: int, locale: str
) -> Page[StockRow]:
    """One page of what we have, least available first."""
    available = Stock.on_hand - Stock.reserved
    conditions: list[ColumnElement[bool]] = [_mentions(word) for word in words.split()[:MAX_WORDS]]
    if low_only:
        conditions.append(available <= LOW_STOCK)
    total = session.scalar(
        select(func.count())
        .select_from(Variant)
        .join(Product, Product.id == Variant.product_id)
        .join(Stock, Stock.variant_id == Variant.id)
        .where(*conditions)
    )
    rows = session.execute(
        _stock_rows(locale)
        .where(*conditions)
        .order_by(available, Variant.sku)
        .limit(DESK_PAGE)
        .offset((number - 1) * DESK_PAGE)
    )
    return Page([_stock_row(row) for row in rows], number, DESK_PAGE, total or 0)


def get_stock(session: AnySession, variant_key: str, locale: str) -> tuple[int, StockRow]:
    """(variant id, its stock). Raises NotFound."""
    row = session.execute(_stock_rows(locale).where(Variant.key == variant_key)).one_or_none()
    if row is None:
        raise NotFound("There is no such variant.")
    return row.variant_id, _stock_row(row)


def list_movements(session: AnySession, variant_id: int) -> list[Movement]:
    """Why the count of a variant changed, newest first, the last 100."""
    balance = func.sum(StockMovement.delta).over(order_by=StockMovement.id)
    rows = session.execute(
        select(
            StockMovement.delta,
            balance.label("balance"),
            StockMovement.reason,
            StockMovement.holder,
            StockMovement.actor,
            StockMovement.moved_at,
        )
        .where(StockMovement.variant_id == variant_id)
        .order_by(StockMovement.id.desc())
        .limit(MOVEMENTS_SHOWN)
    )
    return [Movement(row.delta, row.balance, row.reason, row.holder, row.actor, row.moved_at) for row in rows]


def list_holders(session: AnySession, variant_id: int) -> list[tuple[str, int, datetime | None]]:
    """(holder, units, until when) of what is promised of a variant."""
    rows = session.execute(
        select(Reservation.holder, Reservation.quantity, Reservation.expires_at)
        .where(Reservation.variant_id == variant_id, Reservation.state == "held")
        .order_by(Reservation.id)
    )
    return [(row.holder, row.quantity, row.expires_at) for row in rows]


def _stock_rows(locale: str) -> Select[*tuple[Any, ...]]:
    return (
        select(
            Variant.id.label("variant_id"),
            Variant.key,
            Variant.sku,
            func.coalesce(Variant.translations[(locale, "name")].as_string(), Variant.name).label("name"),
            Product.key.label("product_key"),
            translated("title", locale).label("product_title"),
            Stock.on_hand,
            Stock.reserved,
        )
        .join(Product, Product.id == Variant.product_id)
        .join(Stock, Stock.variant_id == Variant.id)
    )


def _stock_row(row: AnyRow) -> StockRow:
    return StockRow(
        row.key, row.sku, row.name, row.product_key, row.product_title, row.on_hand, row.reserved
    )


def _desk_row(key: str, facts: ProductFacts, updated_at: datetime) -> DeskRow:
    live = [offer for offer in facts.offers if offer.active]
    stocks = {offer.variant_key: offer.available or 0 for offer in live if offer.own}
    return DeskRow(key, facts, sum(stocks.values()) if stocks else None, len(live), updated_at)


def _mentions(word: str) -> ColumnElement[bool]:
    """Whether a product or one of its SKUs has ``word`` somewhere; capitals do not matter."""
    fields: list[ColumnElement[Any]] = [
        Product.title,  # type: ignore[list-item]
        Product.brand,  # type: ignore[list-item]
        Product.slug,  # type: ignore[list-item]
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


def _on_shelf(shelf: Shelf, stale_before: datetime) -> ColumnElement[bool]:
    own = (
        select(Offer.id)
        .where(Offer.product_id == Product.id, Offer.kind == "own", Offer.active)
        .correlate(Product)
        .exists()
    )
    left = (
        select(func.coalesce(func.sum(Stock.on_hand - Stock.reserved), 0))
        .where(Stock.product_id == Product.id)
        .correlate(Product)
        .scalar_subquery()
    )
    live = select(Offer.id).where(Offer.product_id == Product.id, Offer.active).correlate(Product)
    old = or_(Offer.checked_at.is_(None), Offer.checked_at < stale_before)
    match shelf:
        case "low":
            return Product.listed & own & (left > 0) & (left <= LOW_STOCK)
        case "sold_out":
            return Product.listed & own & (left <= 0)
        case "stale":
            return Product.listed & live.where(Offer.kind == "affiliate", old).exists()
        case "no_offers":
            return Product.listed & Product.discontinued.is_(False) & ~live.exists()
        case "unlisted":
            return Product.listed.is_(False)
        case "discontinued":
            return Product.discontinued.is_(True)
        case "all":
            return true()


def list_addresses(session: AnySession, *, limit: int) -> list[tuple[str, datetime]]:
    """(slug, last change) of listed products for the sitemap, newest first."""
    rows = session.execute(
        select(Product.slug, Product.updated_at)
        .where(Product.listed)
        .order_by(Product.updated_at.desc(), Product.id.desc())
        .limit(limit)
    )
    return [(row.slug, row.updated_at) for row in rows]


def count_listed(session: AnySession) -> int:
    """How many products the shop shows."""
    return session.scalar(select(func.count()).select_from(Product).where(Product.listed)) or 0
