"""Facts by hand, for tests of pure rules."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from contentshop.core.money import Money
from contentshop.products.offers import OfferFacts, ProductFacts, Reader

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
MAX_AGE = timedelta(hours=72)
READER = Reader("US", "USD")


def own(key: str = "own", **values: Any) -> OfferFacts:
    """Our offer of a variant with 10 in stock, 100.00 USD."""
    return affiliate(
        key,
        **{
            "kind": "own",
            "price": Money(10000, "USD"),
            "merchant_key": "",
            "merchant_name": "",
            "merchant_active": False,
            "variant_key": f"variant-{key}",
            "available": 10,
            "sku": f"SKU-{key}",
            "checked_at": None,
        }
        | values,
    )


def affiliate(key: str = "shop", **values: Any) -> OfferFacts:
    """A healthy offer, in stock, 90.00 USD, seen an hour ago, for every region."""
    defaults: dict[str, Any] = {
        "key": key,
        "kind": "affiliate",
        "price": Money(9000, "USD"),
        "region": "",
        "availability": "in_stock",
        "health": "alive",
        "active": True,
        "checked_at": NOW - timedelta(hours=1),
        "merchant_key": "shop",
        "merchant_name": "Shop",
        "merchant_active": True,
        "variant_key": "",
        "variant_name": "",
        "available": None,
        "sku": "",
    }
    return OfferFacts(**(defaults | values))


def product(*offers: OfferFacts, **values: Any) -> ProductFacts:
    """A listed product with these offers."""
    defaults: dict[str, Any] = {
        "id": 1,
        "key": "p1",
        "slug": "thing",
        "title": "Thing",
        "brand": "Acme",
        "category": "Things",
        "summary": "",
        "discontinued": False,
        "listed": True,
        "lang": "en",
        "alternative_id": None,
        "picture": None,
        "offers": offers,
        "version": 1,
        "stock_version": 1,
    }
    return ProductFacts(**(defaults | values))
