"""Reads of who waits for what."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Select, func, select

from contentshop.accounts.models import User
from contentshop.core.uow import AnySession
from contentshop.products.models import Product, RestockWatch, Stock, Variant
from contentshop.products.queries.facts import translated


@dataclass(frozen=True, slots=True)
class Waiting:
    """Somebody who waits, and for what, in their language."""

    key: str
    email: str
    locale: str
    state: str
    title: str
    variant: str
    slug: str
    free: int


@dataclass(frozen=True, slots=True)
class LowStock:
    """A variant of which little is left."""

    key: str
    sku: str
    title: str
    variant: str
    available: int


@dataclass(frozen=True, slots=True)
class RestockThing:
    """What somebody may wait for."""

    slug: str
    title: str
    variant: str


def find_restock_thing(session: AnySession, variant_key: str, locale: str) -> RestockThing | None:
    """A variant of a product in the shop, by what readers call it."""
    row = session.execute(
        select(
            Product.slug,
            translated("title", locale).label("title"),
            func.coalesce(Variant.translations[(locale, "name")].as_string(), Variant.name).label("variant"),
        )
        .join(Variant, Variant.product_id == Product.id)
        .where(Variant.key == variant_key, Product.listed)
    ).one_or_none()
    return RestockThing(*row) if row is not None else None


def list_waiting(session: AnySession, variant_key: str) -> list[str]:
    """Keys of those who wait for a variant, first come first."""
    rows = session.scalars(
        select(RestockWatch.key)
        .join(Variant, Variant.id == RestockWatch.variant_id)
        .where(Variant.key == variant_key, RestockWatch.state == "waiting")
        .order_by(RestockWatch.id)
    )
    return list(rows)


def find_waiting(session: AnySession, key: str) -> Waiting | None:
    """One who waits, if there is such a person."""
    locale = session.scalar(select(RestockWatch.locale).where(RestockWatch.key == key))
    if locale is None:
        return None
    row = session.execute(_waiting(locale).where(RestockWatch.key == key)).one()
    return Waiting(*row)


def _waiting(locale: str) -> Select[str, str, str, str, str, str, str, int]:
    return (
        select(
            RestockWatch.key,
            RestockWatch.email,
            RestockWatch.locale,
            RestockWatch.state,
            translated("title", locale).label("title"),
            func.coalesce(Variant.translations[(locale, "name")].as_string(), Variant.name).label("variant"),
            Product.slug,
            func.coalesce(Stock.on_hand - Stock.reserved, 0).label("free"),
        )
        .join(Variant, Variant.id == RestockWatch.variant_id)
        .join(Product, Product.id == Variant.product_id)
        .outerjoin(Stock, Stock.variant_id == Variant.id)
    )


def find_low(session: AnySession, variant_key: str, locale: str) -> LowStock | None:
    """A variant by what operators call it."""
    row = session.execute(
        select(
            Variant.key,
            Variant.sku,
            translated("title", locale).label("title"),
            func.coalesce(Variant.translations[(locale, "name")].as_string(), Variant.name).label("variant"),
            (Stock.on_hand - Stock.reserved).label("available"),
        )
        .join(Product, Product.id == Variant.product_id)
        .join(Stock, Stock.variant_id == Variant.id)
        .where(Variant.key == variant_key)
    ).one_or_none()
    return LowStock(*row) if row is not None else None


def list_operators(session: AnySession) -> list[tuple[str, str]]:
    """(mail address, language) of every operator and of the warehouse."""
    rows = session.execute(
        select(User.email, User.locale)
        .where(User.role.in_(("operator", "warehouse")), User.blocked.is_(False))
        .order_by(User.id)
    )
    return [(row.email, row.locale) for row in rows]
