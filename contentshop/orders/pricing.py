"""What an order costs: pure functions of prices and quantities, in minor units of one currency.

Nothing here comes from a form but quantities; the same functions price the cart, the checkout and the order. The order
of work is the money's own: goods, what promotions take off each line, shipping, tax of each line and of shipping, and
what is left for the provider after gift cards.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from contentshop.core.errors import Invalid
from contentshop.core.money import MAX_MINOR, Money
from contentshop.core.words import say
from contentshop.delivery.rates import Parcel, ShippingOption
from contentshop.delivery.taxes import MILLION, LineTax, TaxRule, tax_lines
from contentshop.promotions.pricing import Use


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
    """So many of a variant at a price, from one card. ``digital`` ones are not shipped; ``weight_g`` is of one."""

    variant_key: str
    card_key: str
    quantity: int
    unit_minor: int
    weight_g: int = 0
    digital: bool = False
    tax_class: str = "standard"

    @property
    def total_minor(self) -> int:
        """The price of all of them."""
        return self.unit_minor * self.quantity


@dataclass(frozen=True, slots=True)
class Sums:
    """One line of an order in money: what it costs, what is taken off, its tax and the rate of that in millionths."""

    total_minor: int
    discount_minor: int
    tax_minor: int
    tax_rate: int

    @property
    def net_minor(self) -> int:
        """What is paid for it, without tax that comes on top."""
        return self.total_minor - self.discount_minor


@dataclass(frozen=True, slots=True)
class Reduction:
    """What one promotion takes off, with what it does, so that an order can say it in any language: a part in parts per
    million, in all at most ``cap_minor`` (0: any sum), or so many ``free`` for so many bought."""

    name: str
    code: str
    minor: int
    percent_ppm: int = 0
    cap_minor: int = 0
    buy: int = 0
    free: int = 0

    def row(self) -> list[str | int]:
        """As an order keeps it."""
        return [self.name, self.code, self.minor, self.percent_ppm, self.cap_minor, self.buy, self.free]

    @classmethod
    def read(cls, row: Sequence[Any]) -> Reduction:
        """What ``row`` wrote."""
        name, code, *numbers = row
        return cls(str(name), str(code), *map(int, numbers))


def reduction_of(use: Use, currency: str) -> Reduction:
    """A promotion that is used, as the sum shows it."""
    rule = use.rule
    percent = rule.percent_ppm if rule.kind == "percent" else 0
    bundle = (rule.buy, rule.free) if rule.kind == "bundle" else (0, 0)
    return Reduction(rule.name, rule.code, use.minor, percent, rule.caps.get(currency, 0) if percent else 0, *bundle)


@dataclass(frozen=True, slots=True)
class Totals:
    """What the buyer pays. ``free_shipping_gap`` is what is missing for free shipping, if it can be had.

    ``total`` is items − discount + shipping, and + tax unless prices contain it (``tax_included``). ``credit`` is what
    gift cards pay of it, ``due`` the rest. ``shipping_known`` is False while nothing says how it is shipped,
    ``tax_known`` while the tax depends on a state that nobody has said.
    """

    items: Money
    discount: Money
    shipping: Money
    tax: Money
    total: Money
    credit: Money
    tax_included: bool
    shipping_tax: LineTax
    tax_parts: tuple[tuple[str, int, int], ...]
    lines: tuple[Sums, ...]
    free_shipping_gap: Money | None = None
    shipping_known: bool = True
    tax_known: bool = True

    @property
    def due(self) -> Money:
        """What is left to pay after gift cards."""
        return Money(self.total.minor - self.credit.minor, self.total.currency)


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


def parcel_of(items: Sequence[Item], discount: Sequence[int], currency: str) -> Parcel | None:
    """What is shipped of ``items`` after ``discount`` (of each line); None when nothing is."""
    solid = [(item, off) for item, off in zip(items, discount, strict=True) if not item.digital]
    if not solid:
        return None
    return Parcel(
        weight_g=sum(item.weight_g * item.quantity for item, _off in solid),
        net_minor=sum(item.total_minor - off for item, off in solid),
        currency=currency,
    )


def totals(
    items: Sequence[Item],
    currency: str,
    *,
    discount: Sequence[int] = (),
    shipping: ShippingOption | None = None,
    tax: TaxRule | None = None,
    credit_minor: int = 0,
) -> Totals:
    """The whole sum. ``discount`` is what is taken off each line (none when empty), ``shipping`` how it is sent.

    Of ``credit_minor``, no more is used than the total. Raises Invalid when the sum is beyond what we can book,
    ValueError when more is taken off a line than it costs.
    """
    off = list(discount) or [0] * len(items)
    if any(not 0 <= less <= item.total_minor for item, less in zip(items, off, strict=True)):
        raise ValueError("a line cannot cost less than nothing")
    goods = sum(item.total_minor for item in items)
    postage = shipping.minor if shipping else 0
    nets = [(item.total_minor - less, item.tax_class) for item, less in zip(items, off, strict=True)]
    taxes = tax_lines(nets, postage, tax)
    total = goods - sum(off) + postage + (0 if taxes.included else taxes.total)
    if goods + postage + taxes.total > MAX_MINOR:
        raise Invalid({"": [say("This is too much for one order. Please order in smaller parts.")]})
    gap = shipping.free_gap if shipping else None
    return Totals(
        items=Money(goods, currency),
        discount=Money(sum(off), currency),
        shipping=Money(postage, currency),
        tax=Money(taxes.total, currency),
        total=Money(total, currency),
        credit=Money(min(credit_minor, total), currency),
        tax_included=taxes.included,
        shipping_tax=taxes.shipping,
        tax_parts=taxes.parts,
        lines=tuple(
            Sums(item.total_minor, less, line.minor, line.rate)
            for item, less, line in zip(items, off, taxes.lines, strict=True)
        ),
        free_shipping_gap=Money(gap, currency) if gap is not None else None,
        shipping_known=shipping is not None or parcel_of(items, off, currency) is None,
        tax_known=tax is None or tax.known,
    )


def share(minor: int, ppm: int) -> int:
    """``ppm`` millionths of an amount, rounded half up: a commission, or a supplier's part.

    Raises ValueError for a negative amount and for more than the whole.
    """
    if minor < 0 or not 0 <= ppm <= MILLION:
        raise ValueError("a share is of an amount, and at most all of it")
    return (2 * minor * ppm + MILLION) // (2 * MILLION)


def fingerprint(items: Sequence[Item], currency: str, total: Totals, *also: object) -> str:
    """A mark of exactly these lines at these prices, and of ``also`` (where it goes, how, with which promotions).

    Equal marks mean that the buyer saw this very order.
    """
    rows = sorted(
        [
            item.variant_key,
            item.card_key,
            item.quantity,
            item.unit_minor,
            sums.discount_minor,
            sums.tax_minor,
            sums.tax_rate,
        ]
        for item, sums in zip(items, total.lines, strict=True)
    )
    sums = [total.shipping.minor, total.tax.minor, total.tax_included, total.total.minor, total.credit.minor]
    return digest([currency, sums, rows, *also])


def digest(value: object) -> str:
    """SHA-256 of ``value`` in JSON, as 64 hexadecimal digits."""
    return hashlib.sha256(json.dumps(value, ensure_ascii=False).encode()).hexdigest()
