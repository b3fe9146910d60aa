"""What an order means for the ledger: pure figures, no database. ``docs/ledger.md`` has them as tables.

A line is paid with ``paid_minor``: its price less its discount, and its tax when that comes on top. When a part of
that goes back, so does the same part of everything that was booked for it. Parts are counted from the beginning each
time (what has to be back at ``after``, less what had to be back at ``before``), so that any number of partial refunds
ends at exactly zero.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from contentshop.core.money import split
from contentshop.ledger.inputs import Entry
from contentshop.orders.models import Order, OrderLine

RECEIVABLE = "receivable"
REFUNDS_DUE = "refunds:due"


@dataclass(frozen=True, slots=True)
class Share:
    """How the amount paid for a line, or for the postage, is made up; all in minor units.

    ``revenue`` - ``discount`` + ``tax`` = ``paid``. ``commission`` and ``supplier`` are what others get of it.
    """

    paid: int
    revenue: int
    discount: int
    tax: int
    commission: int = 0
    supplier: int = 0

    def at(self, back: int) -> Share:
        """The part that has gone once ``back`` of what was paid has gone back."""
        if back >= self.paid:
            return self
        discount = self.discount * back // self.paid
        tax = self.tax * back // self.paid
        return Share(
            paid=back,
            revenue=back + discount - tax,
            discount=discount,
            tax=tax,
            commission=self.commission * back // self.paid,
            supplier=self.supplier * back // self.paid,
        )

    def less(self, other: Share) -> Share:
        """What is in this one and not in ``other``."""
        return Share(
            self.paid - other.paid,
            self.revenue - other.revenue,
            self.discount - other.discount,
            self.tax - other.tax,
            self.commission - other.commission,
            self.supplier - other.supplier,
        )


def line_share(order: Order, line: OrderLine) -> Share:
    """What the buyer pays for a line, and what of it is what."""
    on_top = 0 if order.tax_included else line.tax_minor
    return Share(
        paid=line.total_minor - line.discount_minor + on_top,
        revenue=line.total_minor - (line.tax_minor if order.tax_included else 0),
        discount=line.discount_minor,
        tax=line.tax_minor,
        commission=line.commission_minor,
        supplier=line.supplier_minor,
    )


def units_back(order: Order, line: OrderLine, more: int = 0) -> int:
    """How many units of a line its buyer has given back: those that were counted, and all of them once everything that
    was paid for the line has gone back, with ``more`` minor units now. What they gave is theirs no longer."""
    paid = line_share(order, line).paid
    if order.state == "cancelled" or (paid and line.refunded_minor + more >= paid):
        return line.quantity
    return line.returned_quantity


def variants_back(order: Order) -> set[int]:
    """The variants of which nothing is left with the buyer."""
    kept = {line.variant_id for line in order.lines if units_back(order, line) < line.quantity}
    return {line.variant_id for line in order.lines} - kept


def postage_share(order: Order) -> Share:
    """What the buyer pays for the delivery."""
    tax = order.shipping_tax_minor
    included = order.tax_included
    return Share(
        paid=order.shipping_minor + (0 if included else tax),
        revenue=order.shipping_minor - (tax if included else 0),
        discount=0,
        tax=tax,
    )


def sale(order: Order, cards: Mapping[int, Mapping[str, int]]) -> list[Entry]:
    """The booking of a paid order. ``cards``: line id → account of a gift card that it sold → its face value."""
    entries = [Entry(RECEIVABLE, order.total_minor)]
    for line in order.lines:
        entries += _line_entries(order, line, line_share(order, line), cards.get(line.id, {}))
    entries += _postage_entries(order, postage_share(order))
    return entries


def reversal(
    order: Order, lines: Mapping[int, int], postage: tuple[int, int], cards: Mapping[int, Mapping[str, int]]
) -> list[Entry]:
    """The booking of what goes back: ``lines`` maps a line's id to how much more of it does, ``postage`` is (how much
    had gone back before, how much more does), ``cards`` what is taken off gift cards that a line had sold."""
    entries: list[Entry] = []
    total = postage[1]
    for line in order.lines:
        more = lines.get(line.id, 0)
        if not more:
            continue
        total += more
        share = line_share(order, line)
        gone = share.at(line.refunded_minor + more).less(share.at(line.refunded_minor))
        entries += _line_entries(order, line, gone, cards.get(line.id, {}))
    if postage[1]:
        share = postage_share(order)
        entries += _postage_entries(order, share.at(sum(postage)).less(share.at(postage[0])))
    return [Entry(entry.account, -entry.minor) for entry in entries] + [Entry(REFUNDS_DUE, -total)]


def _line_entries(order: Order, line: OrderLine, share: Share, cards: Mapping[str, int]) -> list[Entry]:
    entries = [
        Entry("revenue:goods", sum(cards.values()) - share.revenue),
        Entry("discounts", share.discount),
        Entry(f"tax:{order.country}", -share.tax),
        Entry("commission:expense", share.commission),
        Entry("cost:supplier", share.supplier),
    ]
    entries += [Entry(account, -minor) for account, minor in cards.items()]
    if line.creator_key:
        entries.append(Entry(creator_account(line.creator_key), -share.commission))
    if line.supplier_key:
        entries.append(Entry(f"supplier:{line.supplier_key}", -share.supplier))
    return [entry for entry in entries if entry.minor]


def _postage_entries(order: Order, share: Share) -> list[Entry]:
    entries = [Entry("revenue:shipping", -share.revenue), Entry(f"tax:{order.country}", -share.tax)]
    return [entry for entry in entries if entry.minor]


def creator_account(user_key: str) -> str:
    """What we owe a creator of sales that may still be returned."""
    return f"creator:{user_key}:held"


def released_account(user_key: str) -> str:
    """What we owe a creator of sales that are final."""
    return f"creator:{user_key}"


def left_of(order: Order, postage_back: int, *, without: Collection[int] = ()) -> list[int]:
    """What has not gone back yet of each line, nothing of those of ``without`` (line ids), and last of the postage."""
    left = [
        0 if line.id in without else max(line_share(order, line).paid - line.refunded_minor, 0) for line in order.lines
    ]
    return [*left, max(postage_share(order).paid - postage_back, 0)]


def spread(order: Order, minor: int, postage_back: int, *, without: Collection[int] = ()) -> tuple[dict[int, int], int]:
    """Spread an amount over what ``left_of`` says: (line id → units, units of the postage)."""
    left = left_of(order, postage_back, without=without)
    parts = split(minor, left)
    # Rounding may ask one unit too much of a share that is nearly used up; the others take it.
    for at, part in enumerate(parts):
        over = part - left[at]
        while over > 0:
            to = next((other for other in range(len(parts)) if parts[other] < left[other]), None)
            if to is None:
                break
            moved = min(over, left[to] - parts[to])
            parts[at] -= moved
            parts[to] += moved
            over -= moved
    return {line.id: part for line, part in zip(order.lines, parts, strict=False) if part}, parts[-1]
