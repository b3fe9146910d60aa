"""Tables of products, offers and stock.

A product has many offers. An *own* offer sells a variant from our stock; an *affiliate* offer sends the
reader to a merchant. Several own offers (one for each currency) may sell the same variant: stock belongs to
the variant.
"""

from __future__ import annotations

from contentshop.products.models.catalogue import (
    AttributeDefinition,
    BulkEdit,
    DigitalFile,
    Download,
    RestockWatch,
    VariantPicture,
)
from contentshop.products.models.rating import ProductRating
from contentshop.products.models.reading import ImportRun, OfferPage, PageReading
from contentshop.products.models.stock import (
    LOW_AT,
    RESERVATION_STATES,
    Reservation,
    Stock,
    StockLevel,
    StockLocation,
    StockMovement,
    Stocktake,
    StocktakeLine,
    Supplier,
)
from contentshop.products.models.things import Category, Merchant, Offer, PriceChange, Product, ProductPicture, Variant

__all__ = [
    "LOW_AT",
    "RESERVATION_STATES",
    "AttributeDefinition",
    "BulkEdit",
    "Category",
    "DigitalFile",
    "Download",
    "ImportRun",
    "Merchant",
    "Offer",
    "OfferPage",
    "PageReading",
    "PriceChange",
    "Product",
    "ProductPicture",
    "ProductRating",
    "Reservation",
    "RestockWatch",
    "Stock",
    "StockLevel",
    "StockLocation",
    "StockMovement",
    "Stocktake",
    "StocktakeLine",
    "Supplier",
    "Variant",
    "VariantPicture",
]
