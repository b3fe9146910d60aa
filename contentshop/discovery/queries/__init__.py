"""Reads of discovery."""

from __future__ import annotations

from contentshop.discovery.queries.related import RelatedPost, related_posts
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
    "RelatedPost",
    "SearchTotals",
    "known_queries",
    "list_abandoned",
    "list_fruitless",
    "list_top",
    "related_posts",
    "total_searches",
]
