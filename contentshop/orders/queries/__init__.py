"""Reads of carts and orders: ``carts``, ``orders``, the ``desk``'s queues, and ``proofs`` on live data."""

from __future__ import annotations

from contentshop.orders.queries.carts import (
    CartFacts,
    Line,
    Problem,
    Quote,
    VariantFacts,
    count_units,
    find_variant,
    get_cart,
)
from contentshop.orders.queries.desk import QUEUES, Queue, page_queue, queue_counts
from contentshop.orders.queries.orders import (
    OrderRow,
    find_by_attempt,
    get_by_key,
    line_faces,
    list_for_user,
    list_overdue,
    list_to_confirm,
)
from contentshop.orders.queries.proofs import audit

__all__ = [
    "QUEUES",
    "CartFacts",
    "Line",
    "OrderRow",
    "Problem",
    "Queue",
    "Quote",
    "VariantFacts",
    "audit",
    "count_units",
    "find_by_attempt",
    "find_variant",
    "get_by_key",
    "get_cart",
    "line_faces",
    "list_for_user",
    "list_overdue",
    "list_to_confirm",
    "page_queue",
    "queue_counts",
]
