"""Reads for operators: the product list with its shelves, one product to edit, merchants, stock and its movements."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import ColumnElement, Select, and_, case, func, or_, select, true
from sqlalchemy.orm import aliased, joinedload, selectinload

from contentshop.core.errors import NotFound
from contentshop.core.names import named
from contentshop.core.paging import Page
from contentshop.core.uow import AnySession
from contentshop.core.words import say
from contentshop.products.models import (
    BulkEdit,
    Merchant,
    Offer,
    Product,
    Reservation,
    Stock,
    StockLocation,
    StockMovement,
    Variant,
)
from contentshop.products.offers import ProductFacts
from contentshop.products.queries.catalogue import MAX_WORDS, mentions
from contentshop.products.queries.facts import AnyRow, load_facts, translated
from contentshop.products.queries.places import running_low

DESK_PAGE = 25
MOVEMENTS_SHOWN = 100

Shelf = Literal["all", "low", "sold_out", "stale", "no_offers", "draft", "archived", "discontinued"]
SHELVES: tuple[Shelf, ...] = ("all", "low", "sold_out", "stale", "no_offers", "draft", "archived", "discontinued")


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
    place: str = ""


@dataclass(frozen=True, slots=True)
class MerchantRow:
    """A merchant in the operators' list; ``offers`` counts those that are not taken off. One that a creator found is
    not ``approved`` until an operator says so."""

    id: int
    key: str
    name: str
    domain: str
    country: str
    active: bool
    offers: int
    approved: bool = True


@dataclass(frozen=True, slots=True)
class Reach:
    """How many offers of how many products lead to a merchant; ``alone`` products are offered nowhere else."""

    offers: int
    products: int
    alone: int


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
    conditions = [_on_shelf(shelf, stale_before), *(mentions(word) for word in words.split()[:MAX_WORDS])]
    total = session.scalar(select(func.count()).select_from(Product).where(*conditions)) or 0
    rows = session.execute(
        select(Product.id, Product.key, Product.updated_at)
        .where(*conditions)
        .order_by(Product.updated_at.desc(), Product.id.desc())
        .limit(DESK_PAGE)
        .offset((number - 1) * DESK_PAGE)
    ).all()
    facts = load_facts(session, [row.id for row in rows], locale, drafts=True)
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
        raise NotFound(say("There is no such product."))
    return product


def get_bulk_edit(session: AnySession, key: str) -> BulkEdit:
    """A change of many things that was made. Raises NotFound."""
    found = session.scalar(select(BulkEdit).where(BulkEdit.key == key))
    if found is None:
        raise NotFound(say("There is no such change."))
    return found


def find_key(session: AnySession, slug: str) -> str | None:
    """The key of the product at this address, if there is one."""
    return session.scalar(select(Product.key).where(Product.slug == slug))


def list_merchants(session: AnySession, locale: str) -> list[MerchantRow]:
    """Every merchant, by name in ``locale``; first those that wait to be approved."""
    name = func.coalesce(Merchant.translations[(locale, "name")].as_string(), Merchant.name)
    offers = (
        select(func.count()).where(Offer.merchant_id == Merchant.id, Offer.active).correlate(Merchant).scalar_subquery()
    )
    rows = session.execute(
        select(
            Merchant.id,
            Merchant.key,
            name.label("name"),
            Merchant.domain,
            Merchant.country,
            Merchant.active,
            offers,
            Merchant.approved,
        ).order_by(Merchant.approved, name, Merchant.id)
    )
    return [MerchantRow(*row) for row in rows]


def get_merchant(session: AnySession, key: str) -> Merchant:
    """The merchant, to be edited. Raises NotFound."""
    merchant = session.scalar(select(Merchant).where(Merchant.key == key).execution_options(populate_existing=True))
    if merchant is None:
        raise NotFound(say("There is no such merchant."))
    return merchant


def get_reach(session: AnySession, merchant_id: int) -> Reach:
    """What is sold by way of the merchant, as far as it is in the shop."""
    theirs = (Offer.merchant_id == merchant_id, Offer.active, Product.listed)
    rows = select(func.count(), func.count(Offer.product_id.distinct())).join(Product).where(*theirs)
    offers, products = session.execute(rows).one()
    other = aliased(Offer)
    elsewhere = (
        select(other.id)
        .outerjoin(Merchant, Merchant.id == other.merchant_id)
        .where(
            other.product_id == Product.id,
            other.active,
            or_(other.merchant_id.is_(None), (other.merchant_id != merchant_id) & Merchant.active),
        )
        .correlate(Product)
        .exists()
    )
    alone = select(func.count(Offer.product_id.distinct())).join(Product).where(*theirs, ~elsewhere)
    return Reach(offers, products, session.scalar(alone) or 0)


def page_stock(session: AnySession, *, words: str, low_only: bool, number: int, locale: str) -> Page[StockRow]:
    """One page of what we have, least available first."""
    available = Stock.on_hand - Stock.reserved
    conditions: list[ColumnElement[bool]] = [mentions(word) for word in words.split()[:MAX_WORDS]]
    if low_only:
        conditions.append(and_(running_low(), Product.listed))
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
        raise NotFound(say("There is no such variant."))
    return row.variant_id, _stock_row(row)


def list_movements(session: AnySession, variant_id: int, locale: str) -> list[Movement]:
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
            named(StockLocation, locale).label("place"),
        )
        .join(StockLocation, StockLocation.id == StockMovement.location_id)
        .where(StockMovement.variant_id == variant_id)
        .order_by(StockMovement.id.desc())
        .limit(MOVEMENTS_SHOWN)
    )
    return [
        Movement(row.delta, row.balance, row.reason, row.holder, row.actor, row.moved_at, row.place) for row in rows
    ]


def list_holders(session: AnySession, variant_id: int) -> list[tuple[str, int, datetime | None]]:
    """(holder, units, until when) of what is promised of a variant."""
    units = func.sum(Reservation.quantity - Reservation.taken).label("units")
    rows = session.execute(
        select(Reservation.holder, units, func.max(Reservation.expires_at).label("until"))
        .where(Reservation.variant_id == variant_id, Reservation.state == "held")
        .group_by(Reservation.holder)
        .order_by(func.min(Reservation.id))
    )
    return [(row.holder, row.units, row.until) for row in rows]


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
    return StockRow(row.key, row.sku, row.name, row.product_key, row.product_title, row.on_hand, row.reserved)


def _desk_row(key: str, facts: ProductFacts, updated_at: datetime) -> DeskRow:
    live = [offer for offer in facts.offers if offer.active]
    stocks = {offer.variant_key: offer.available or 0 for offer in live if offer.own}
    return DeskRow(key, facts, sum(stocks.values()) if stocks else None, len(live), updated_at)


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
            few = select(Stock.variant_id).where(Stock.product_id == Product.id, running_low()).correlate(Product)
            return Product.listed & own & (left > 0) & few.exists()
        case "sold_out":
            return Product.listed & own & (left <= 0)
        case "stale":
            return Product.listed & live.where(Offer.kind == "affiliate", old).exists()
        case "no_offers":
            return Product.listed & Product.discontinued.is_(False) & ~live.exists()
        case "draft" | "archived":
            return Product.status == shelf
        case "discontinued":
            return Product.discontinued.is_(True)
        case "all":
            return true()
