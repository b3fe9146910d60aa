"""Reads of what things cost in the past."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select

from contentshop.core.money import Money
from contentshop.core.uow import AnySession
from contentshop.products.models import Merchant, Offer, PriceChange, Product, Variant
from contentshop.products.pricing import Change, History, PricePoint, prior_minor, write_history

# A product page shows so many changes; older ones are kept, but not shown.
MOST_CHANGES = 400


def get_history(session: AnySession, product_id: int, *, currency: str, region: str, locale: str) -> History:
    """What a product cost over time in ``currency`` for readers of ``region``, in one statement."""
    merchant = func.coalesce(Merchant.translations[(locale, "name")].as_string(), Merchant.name)
    variant = func.coalesce(Variant.translations[(locale, "name")].as_string(), Variant.name)
    before = func.lag(PriceChange.price_minor).over(partition_by=PriceChange.offer_id, order_by=PriceChange.id)
    before_in = func.lag(PriceChange.currency).over(partition_by=PriceChange.offer_id, order_by=PriceChange.id)
    rows = session.execute(
        select(
            PriceChange.id,
            Offer.key,
            Offer.kind,
            merchant.label("merchant"),
            variant.label("variant"),
            PriceChange.changed_at,
            PriceChange.price_minor,
            PriceChange.currency,
            before.label("before"),
            before_in.label("before_in"),
        )
        .join(Offer, Offer.id == PriceChange.offer_id)
        .outerjoin(Merchant, Merchant.id == Offer.merchant_id)
        .outerjoin(Variant, Variant.id == Offer.variant_id)
        .where(Offer.product_id == product_id, Offer.active, Offer.region.in_({"", region}))
        .where(Merchant.id.is_(None) | Merchant.active)
        .order_by(PriceChange.changed_at.desc(), PriceChange.id.desc())
        .limit(MOST_CHANGES)
    ).all()
    changes = [
        Change(
            offer_key=row.key,
            own=row.kind == "own",
            place=row.merchant or "",
            variant=row.variant or "",
            at=row.changed_at,
            before=Money(row.before, row.before_in) if row.before is not None else None,
            price=Money(row.price_minor, row.currency) if row.price_minor is not None else None,
        )
        for row in reversed(rows)
    ]
    return write_history(changes, currency)


def lowest_before(session: AnySession, offer_key: str, currency: str, *, at: datetime) -> Money | None:
    """The lowest price that one offer asked in the 30 days before ``at`` (``pricing.prior_minor``), in one statement;
    None when no price in ``currency`` is kept from before that."""
    rows = session.execute(
        select(PriceChange.changed_at, PriceChange.price_minor, PriceChange.currency)
        .join(Offer, Offer.id == PriceChange.offer_id)
        .where(Offer.key == offer_key, PriceChange.changed_at < at)
        .order_by(PriceChange.id.desc())
        .limit(MOST_CHANGES)
    ).all()
    points = [
        PricePoint(row.changed_at, row.price_minor if row.currency == currency else None) for row in reversed(rows)
    ]
    until_now = next((point.minor for point in reversed(points) if point.minor is not None), None)
    return Money(prior_minor(points, until_now, now=at), currency) if until_now is not None else None


def audit_prices(session: AnySession) -> list[str]:
    """What is wrong with the histories of prices, one sentence each: the last one kept is the one asked now."""
    last = select(func.max(PriceChange.id)).where(PriceChange.offer_id == Offer.id).correlate(Offer).scalar_subquery()
    rows = session.execute(
        select(Product.slug, Offer.key, Offer.price_minor, Offer.currency, PriceChange.price_minor.label("kept"))
        .join(Product, Product.id == Offer.product_id)
        .outerjoin(PriceChange, PriceChange.id == last)
        .where(
            Offer.price_minor.is_distinct_from(PriceChange.price_minor)
            | (Offer.price_minor.is_not(None) & (Offer.currency != PriceChange.currency))
        )
        .order_by(Product.slug, Offer.key)
    )
    return [
        f"{row.slug}: offer {row.key} asks {row.price_minor} {row.currency}, but the last price kept is {row.kept}."
        for row in rows
    ]
