"""Changes to carts and orders. None commits; the door does.

``carts`` is what visitors put together, ``placing`` makes an order of it, ``states`` is what becomes of the order,
``shipping`` its parcels, ``journal`` its timeline. Locks are taken in one order everywhere: the cart or the order, then
its stock by ascending variant.
"""

from __future__ import annotations

from contentshop.orders.actions.carts import (
    MAX_LINES,
    Added,
    add,
    add_code,
    change_quantity,
    fit_to_stock,
    forget_carts,
    keep_draft,
    leave_country,
    leave_gift_card,
    remove,
    remove_code,
    use_gift_card,
)
from contentshop.orders.actions.journal import note_customer
from contentshop.orders.actions.paying import mark_paid
from contentshop.orders.actions.placing import AttemptUsed, CartEmpty, QuoteChanged, Wish, place
from contentshop.orders.actions.reordering import Reordered, reorder
from contentshop.orders.actions.shipping import (
    Parcel,
    Sent,
    add_tracking,
    confirm,
    confirm_overdue,
    drop_rest,
    grant_downloads,
    mark_shipped,
    ship,
    ship_digital,
    ship_many,
)
from contentshop.orders.actions.states import cancel, expire_unpaid

__all__ = [
    "MAX_LINES",
    "Added",
    "AttemptUsed",
    "CartEmpty",
    "Parcel",
    "QuoteChanged",
    "Reordered",
    "Sent",
    "Wish",
    "add",
    "add_code",
    "add_tracking",
    "cancel",
    "change_quantity",
    "confirm",
    "confirm_overdue",
    "drop_rest",
    "expire_unpaid",
    "fit_to_stock",
    "forget_carts",
    "grant_downloads",
    "keep_draft",
    "leave_country",
    "leave_gift_card",
    "mark_paid",
    "mark_shipped",
    "note_customer",
    "place",
    "remove",
    "remove_code",
    "reorder",
    "ship",
    "ship_digital",
    "ship_many",
    "use_gift_card",
]
