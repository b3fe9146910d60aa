"""Reads of discovery."""

from __future__ import annotations

from contentshop.discovery.queries.searches import (
    QueryRow,
    SearchTotals,
    known_queries,
    list_abandoned,
    list_fruitless,
    list_top,
    total_searches,
)

__all__ = [
    "QueryRow",
    "SearchTotals",
    "known_queries",
    "list_abandoned",
    "list_fruitless",
    "list_top",
    "total_searches",
]
