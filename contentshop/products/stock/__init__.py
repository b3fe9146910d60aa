"""Stock: the only writer of counts, movements and reservations.

Every change is one conditional statement, never check-then-act: two buyers of the last unit cannot both have
it. ``stock`` holds the sums over all places. Whoever changes a variant changes its row there first, which is where
writers of that variant queue; what they then read of its places cannot change under them.

Locks are always taken in this order, so that two orders cannot wait for each other: reservations of the holder (by
variant, place), sums (by variant), levels (by variant, place).

Kept at all times: ``on_hand`` of a place is the sum of its movements, ``reserved`` that of the held reservations
there; a variant's sums are those of its places; nothing is below zero; the goods of a variant are all ours or all one
supplier's.
"""

from __future__ import annotations

from contentshop.products.stock.counting import (
    add_or_take,
    give_back,
    open_stock,
    receive,
    set_low_at,
    set_on_hand,
    transfer,
)
from contentshop.products.stock.places import Level, Part, allocate
from contentshop.products.stock.proofs import audit
from contentshop.products.stock.reserving import confirm, expire, release, reserve, take
from contentshop.products.stock.rows import MAX_ON_HAND, MAX_QUANTITY, OutOfStock, home
from contentshop.products.stock.supplying import Supply, list_supplies

__all__ = [
    "MAX_ON_HAND",
    "MAX_QUANTITY",
    "Level",
    "OutOfStock",
    "Part",
    "Supply",
    "add_or_take",
    "allocate",
    "audit",
    "confirm",
    "expire",
    "give_back",
    "home",
    "list_supplies",
    "open_stock",
    "receive",
    "release",
    "reserve",
    "set_low_at",
    "set_on_hand",
    "take",
    "transfer",
]
