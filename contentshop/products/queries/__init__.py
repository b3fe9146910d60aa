"""Reads of products. What reader pages use selects columns, in a constant number of statements."""

from __future__ import annotations

from contentshop.products.queries.catalogue import (
    CatalogueHit,
    ProductPage,
    count_listed,
    get_product_page,
    list_addresses,
    list_pictures,
    search_catalogue,
)
from contentshop.products.queries.desk import (
    DESK_PAGE,
    SHELVES,
    DeskRow,
    Movement,
    Shelf,
    StockRow,
    count_shelves,
    find_key,
    get_for_desk,
    get_stock,
    list_holders,
    list_merchants,
    list_movements,
    page_desk,
    page_stock,
)
from contentshop.products.queries.facts import (
    find_ids_by_slug,
    load_facts,
    stamp,
    translated,
)

__all__ = [
    "DESK_PAGE",
    "SHELVES",
    "CatalogueHit",
    "DeskRow",
    "Movement",
    "ProductPage",
    "Shelf",
    "StockRow",
    "count_listed",
    "count_shelves",
    "find_ids_by_slug",
    "find_key",
    "get_for_desk",
    "get_product_page",
    "get_stock",
    "list_addresses",
    "list_holders",
    "list_merchants",
    "list_movements",
    "list_pictures",
    "load_facts",
    "page_desk",
    "page_stock",
    "search_catalogue",
    "stamp",
    "translated",
]
