"""What people, files and forms say about products, parsed and checked; used by every door alike."""

from __future__ import annotations

OFFER_KINDS = ("own", "affiliate")
AVAILABILITIES = (
    "in_stock",
    "preorder",
    "backorder",
    "special_order",
    "out_of_stock",
    "discontinued",
    "unknown",
)
HEALTHS = ("alive", "dead", "inconclusive")
