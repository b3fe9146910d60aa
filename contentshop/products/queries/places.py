"""Reads of places, suppliers, levels and stocktakes, for operators."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, func, select

from contentshop.core.errors import NotFound
from contentshop.core.names import name_in, named
from contentshop.core.uow import AnySession
from contentshop.core.words import say
from contentshop.products.models import (
    Product,
    Stock,
    StockLevel,
    StockLocation,
    Stocktake,
    StocktakeLine,
    Supplier,
    Variant,
)
from contentshop.products.queries.facts import translated

STOCKTAKES_SHOWN = 20


@dataclass(frozen=True, slots=True)
class LocationRow:
    """A place in the operators' list; ``supplier`` is its owner's name, empty when its goods are ours.

    ``name`` is in the asker's language; ``base_name`` and ``names`` are what the form asks for.
    """

    key: str
    name: str
    country: str
    active: bool
    supplier: str
    supplier_key: str
    variants: int
    units: int
    base_name: str = ""
    names: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SupplierRow:
    """A supplier in the operators' list."""

    key: str
    name: str
    email: str
    share_ppm: int
    places: int


@dataclass(frozen=True, slots=True)
class LevelRow:
    """What of a variant is at one place."""

    location_key: str
    location: str
    country: str
    active: bool
    supplier: str
    on_hand: int
    reserved: int

    @property
    def available(self) -> int:
        """How many can still be promised."""
        return self.on_hand - self.reserved


@dataclass(frozen=True, slots=True)
class StocktakeRow:
    """A count in the operators' list."""

    key: str
    location: str
    state: str
    note: str
    opened_at: datetime
    lines: int
    counted: int


@dataclass(frozen=True, slots=True)
class SheetLine:
    """One variant on a sheet; ``counted`` is None until it was counted."""

    variant_key: str
    sku: str
    title: str
    name: str
    booked: int
    counted: int | None


def list_locations(session: AnySession, locale: str) -> list[LocationRow]:
    """Every place, open ones first, by name in ``locale``."""
    name = named(StockLocation, locale)
    rows = session.execute(
        select(
            StockLocation.key,
            name.label("name"),
            StockLocation.country,
            StockLocation.active,
            func.coalesce(Supplier.name, "").label("supplier"),
            func.coalesce(Supplier.key, "").label("supplier_key"),
            func.count(StockLevel.variant_id).filter(StockLevel.on_hand > 0).label("variants"),
            func.coalesce(func.sum(StockLevel.on_hand), 0).label("units"),
            StockLocation.name.label("base_name"),
            StockLocation.translations,
        )
        .outerjoin(Supplier, Supplier.id == StockLocation.supplier_id)
        .outerjoin(StockLevel, StockLevel.location_id == StockLocation.id)
        .group_by(StockLocation.id, Supplier.id)
        .order_by(StockLocation.active.desc(), name, StockLocation.id)
    )
    return [
        LocationRow(
            key=row.key,
            name=row.name,
            country=row.country,
            active=row.active,
            supplier=row.supplier,
            supplier_key=row.supplier_key,
            variants=row.variants,
            units=row.units,
            base_name=row.base_name,
            names=_names(row.translations),
        )
        for row in rows
    ]


def _names(translations: Mapping[str, Any]) -> dict[str, str]:
    return {language: words["name"] for language, words in translations.items()}


def list_suppliers(session: AnySession) -> list[SupplierRow]:
    """Every supplier, by name."""
    places = select(func.count()).where(StockLocation.supplier_id == Supplier.id).correlate(Supplier).scalar_subquery()
    rows = session.execute(
        select(Supplier.key, Supplier.name, Supplier.email, Supplier.share_ppm, places).order_by(
            Supplier.name, Supplier.id
        )
    )
    return [SupplierRow(*row) for row in rows]


def list_levels(session: AnySession, variant_id: int, locale: str) -> list[LevelRow]:
    """What of a variant is where: every open place, and closed ones that have a count of it."""
    here = (StockLevel.location_id == StockLocation.id) & (StockLevel.variant_id == variant_id)
    rows = session.execute(
        select(
            StockLocation.key,
            named(StockLocation, locale),
            StockLocation.country,
            StockLocation.active,
            func.coalesce(Supplier.name, ""),
            func.coalesce(StockLevel.on_hand, 0),
            func.coalesce(StockLevel.reserved, 0),
        )
        .outerjoin(StockLevel, here)
        .outerjoin(Supplier, Supplier.id == StockLocation.supplier_id)
        .where(StockLocation.active | (StockLevel.on_hand > 0))
        .order_by(StockLocation.id)
    )
    return [LevelRow(*row) for row in rows]


def get_threshold(session: AnySession, variant_id: int) -> int | None:
    """From how few on operators are told of a variant; None: never."""
    return session.scalar(select(Stock.low_at).where(Stock.variant_id == variant_id))


def count_low(session: AnySession) -> int:
    """How many variants that we sell are at or below their threshold."""
    listed = select(func.count()).select_from(Stock).join(Product, Product.id == Stock.product_id)
    return session.scalar(listed.where(Product.listed, running_low())) or 0


def running_low() -> ColumnElement[bool]:
    """SQL for: no more than the variant's own threshold can be sold; never true without a threshold."""
    return (Stock.on_hand - Stock.reserved) <= Stock.low_at


def list_stocktakes(session: AnySession, locale: str) -> list[StocktakeRow]:
    """The last counts, open ones first."""
    rows = session.execute(
        select(
            Stocktake.key,
            named(StockLocation, locale),
            Stocktake.state,
            Stocktake.note,
            Stocktake.opened_at,
            func.count(StocktakeLine.variant_id),
            func.count(StocktakeLine.counted),
        )
        .join(StockLocation, StockLocation.id == Stocktake.location_id)
        .outerjoin(StocktakeLine, StocktakeLine.stocktake_id == Stocktake.id)
        .group_by(Stocktake.id, StockLocation.id)
        .order_by((Stocktake.state == "open").desc(), Stocktake.id.desc())
        .limit(STOCKTAKES_SHOWN)
    )
    return [StocktakeRow(*row) for row in rows]


def get_stocktake(session: AnySession, key: str, locale: str) -> tuple[StocktakeRow, list[SheetLine]]:
    """A count with its sheet. Raises NotFound."""
    found = session.scalar(select(Stocktake).where(Stocktake.key == key))
    if found is None:
        raise NotFound(say("There is no such count."))
    rows = session.execute(
        select(
            Variant.key,
            Variant.sku,
            translated("title", locale).label("title"),
            func.coalesce(Variant.translations[(locale, "name")].as_string(), Variant.name).label("name"),
            StocktakeLine.booked,
            StocktakeLine.counted,
        )
        .join(Variant, Variant.id == StocktakeLine.variant_id)
        .join(Product, Product.id == Variant.product_id)
        .where(StocktakeLine.stocktake_id == found.id)
        .order_by(Variant.sku)
    )
    lines = [SheetLine(*row) for row in rows]
    place = name_in(found.location.name, found.location.translations, locale)
    counted = sum(line.counted is not None for line in lines)
    head = StocktakeRow(found.key, place, found.state, found.note, found.opened_at, len(lines), counted)
    return head, lines
