"""Reads of discovery."""

from __future__ import annotations

from contentshop.discovery.queries.creators import CreatorFacts, SeriesFacts, get_creator
from contentshop.discovery.queries.deals import ORDERS, Order, list_deals
from contentshop.discovery.queries.feed import (
    PAGES,
    Feed,
    FeedEntry,
    Followed,
    follows_creator,
    follows_topic,
    read_feed,
)
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
from contentshop.discovery.queries.trending import Trending, list_trending, work_out_boards

__all__ = [
    "ORDERS",
    "PAGES",
    "CreatorFacts",
    "Feed",
    "FeedEntry",
    "Followed",
    "Order",
    "QueryRow",
    "RelatedPost",
    "SearchTotals",
    "SeriesFacts",
    "Trending",
    "follows_creator",
    "follows_topic",
    "get_creator",
    "known_queries",
    "list_abandoned",
    "list_deals",
    "list_fruitless",
    "list_top",
    "list_trending",
    "read_feed",
    "related_posts",
    "total_searches",
    "work_out_boards",
]
