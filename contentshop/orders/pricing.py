"""What an order costs: pure functions of prices and quantities, in minor units of one currency.

Nothing here comes from a form but quantities; the same functions price the cart, the checkout and the order.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from contentshop.core.errors import Invalid
from contentshop.core.money import MAX_MINOR, Money
from contentshop.core.words import say


class PostageRule(Protocol):
    """Postage of one currency in minor units: ``flat``, nothing from ``free_from`` on (None: never free)."""

    @property
    def flat(self) -> int: ...

    @property
    def free_from(self) -> int | None: ...


@dataclass(frozen=True, slots=True)
class OwnPrice:
    """One own offer of a variant: our price in one currency, for one region (empty: anywhere)."""

    offer_id: int
    offer_key: str
    unit_minor: int
    currency: str
    region: str = ""


@dataclass(frozen=True, slots=True)
class Item:
    """So many of a variant at a price, from one card."""

    variant_key: str
    card_key: str
    quantity: int
    unit_minor: int


@dataclass(frozen=True, slots=True)
class Totals:
    """What the buyer pays. ``free_shipping_gap`` is what is missing for free shipping, if it can be had."""

    items: Money
    shipping: Money
    total: Money
    free_shipping_gap: Money | None


def choose_price(prices: Iterable[OwnPrice], *, region: str, currency: str) -> OwnPrice | None:
    """The price of a variant that a reader of ``region`` pays: in their currency if we have one, and the
    region's own price, cheaper or dearer, before the one for anywhere.

    The rule of ``products.offers`` for cards, so that the cart asks for what the card has shown. ``prices`` are
    those of active own offers of one variant.
    """
    fitting = (price for price in prices if price.region in {"", region})
    return min(
        fitting,
        key=lambda p: (p.currency != currency, p.currency, p.region == "", p.unit_minor, p.offer_key),
        default=None,
    )


def line_minor(unit_minor: int, quantity: int) -> int:
    """The price of a line."""
    return unit_minor * quantity


def postage_minor(items_minor: int, rule: PostageRule | None) -> int:
    """Postage for goods of ``items_minor``; a currency without a rule has none."""
    if rule is None or (rule.free_from is not None and items_minor >= rule.free_from):
        return 0
    return rule.flat


def totals(items: Iterable[Item], currency: str, rule: PostageRule | None) -> Totals:
    """Goods, postage and their sum. Raises Invalid when the sum is beyond what we can book."""
    goods = sum(line_minor(item.unit_minor, item.quantity) for item in items)
    postage = postage_minor(goods, rule)
    if goods + postage > MAX_MINOR:
        raise Invalid({"": [say("This is too much for one order. Please order in smaller parts.")]})
    gap = None
    if rule is not None and rule.free_from is not None and postage:
        gap = Money(rule.free_from - goods, currency)
    return Totals(Money(goods, currency), Money(postage, currency), Money(goods + postage, currency), gap)


def fingerprint(items: Sequence[Item], currency: str, total: Totals) -> str:
    """A mark of exactly these lines at these prices: equal marks mean that the buyer saw this very order."""
    rows = sorted((i.variant_key, i.card_key, i.quantity, i.unit_minor) for i in items)
    return digest([currency, total.shipping.minor, total.total.minor, rows])


def digest(value: object) -> str:
    """SHA-256 of ``value`` in JSON, as 64 hexadecimal digits."""
    return hashlib.sha256(json.dumps(value, ensure_ascii=False).encode()).hexdigest()
