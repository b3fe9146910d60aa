"""The sum of a cart and of an order in the buyer's words: the same lines, in the same order, from cart to invoice.

Words are those of the language of the moment, so that mails that a worker writes say the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from babel.numbers import format_percent
from flask_babel import get_locale
from flask_babel import gettext as _

from contentshop.core.db import db
from contentshop.core.money import Money
from contentshop.delivery import places
from contentshop.orders import policy
from contentshop.orders.pricing import Reduction, reduction_of
from contentshop.payments import payouts
from contentshop.web.shop_pages import TotalRow, TotalsView

if TYPE_CHECKING:
    from contentshop.orders.models import Order
    from contentshop.orders.queries import Quote

TaxParts = Sequence[tuple[str, int, int]]


@dataclass(frozen=True, slots=True)
class _Parts:
    """What a sum is made of. ``delivery`` is None when nothing is sent, else (amount or words, note); ``cards`` are
    (end of the code, what it pays); ``rest`` names what is left after them; ``tax_note`` stands by the total."""

    goods: Money
    reductions: Sequence[Reduction]
    delivery: tuple[Money | str, str] | None
    taxes: TaxParts
    total: Money
    tax_included: bool
    cards: Sequence[tuple[str, int]]
    rest: str
    tax_note: str = ""


def quote_totals(quote: Quote, *, settled: bool = True) -> TotalsView:
    """The sum of a cart, with a hint when a little more makes delivery free.

    Unless the address is known (``settled``), delivery is estimated for the country, and a tax that depends on the
    state is not told yet; the sum says so.
    """
    sums = quote.totals
    delivery: tuple[Money | str, str] | None = None
    if quote.shipped:
        delivery = _delivery(quote, settled=settled)
    hint = ""
    if sums.free_shipping_gap is not None:
        hint = _("Add %(amount)s more and delivery is free.", amount=in_words(sums.free_shipping_gap))
    note = ""
    if not settled and (quote.shipped or quote.taxed_afar) and not sums.tax_known:
        later = _("plus tax, shown after the address") if quote.shipped else _("plus tax, shown in the next step")
        note = _("includes tax") if sums.tax_included else later
    return _view(
        _Parts(
            goods=sums.items,
            reductions=[reduction_of(use, quote.currency) for use in quote.discount.uses],
            delivery=delivery,
            taxes=sums.tax_parts,
            total=sums.total,
            tax_included=sums.tax_included,
            cards=[(card.hint, minor) for card, minor in quote.credits],
            rest=_("To pay"),
            tax_note=note,
        ),
        hint=hint,
    )


def order_totals(order: Order) -> TotalsView:
    """The sum of an order, as it was placed, and what has gone back since."""

    def money(minor: int) -> Money:
        return Money(minor, order.currency)

    reductions = [Reduction.read(row) for row in order.discount_parts]
    if order.discount_minor and not reductions:
        reductions = [Reduction(_("Discount"), ", ".join(order.codes), order.discount_minor)]
    cards = [(str(end), int(minor)) for end, minor in order.credit_parts]
    if order.credit_minor and not cards:
        cards = [("", order.credit_minor)]
    if order.state == "cancelled" and order.paid_at is None:
        # What they would have paid is theirs again.
        cards = []
    sent = policy.needs_parcel(order)
    return _view(
        _Parts(
            goods=money(order.items_minor),
            reductions=reductions,
            delivery=(_price(money(order.shipping_minor)), delivery_name(order.shipping_name)) if sent else None,
            taxes=[(str(name), int(rate), int(minor)) for name, rate, minor in order.tax_parts],
            total=money(order.total_minor),
            tax_included=order.tax_included,
            cards=cards,
            rest=_("Paid") if order.paid_at is not None and order.payment_method != "credit" else _("To pay"),
        ),
        after=_after_total(order),
    )


def delivery_name(name: str) -> str:
    """What a way of sending is called; a shop that has set up none has one."""
    return name or _("Standard delivery")


def reduction_words(reduction: Reduction, currency: str) -> str:
    """What a promotion does: ``10% off, at most $20.00``; empty when its name says all there is."""
    if reduction.free:
        size = reduction.buy + reduction.free
        return str(_("%(free)s of %(size)s for nothing", free=reduction.free, size=size))
    if not reduction.percent_ppm:
        return ""
    off = percent(reduction.percent_ppm)
    if not reduction.cap_minor:
        return str(_("%(percent)s off", percent=off))
    most = in_words(Money(reduction.cap_minor, currency))
    return str(_("%(percent)s off, at most %(amount)s", percent=off, amount=most))


def minus(amount: Money) -> str:
    """An amount that is taken off: ``−$5.00``."""
    return f"\N{MINUS SIGN}{in_words(amount)}"


def percent(ppm: int) -> str:
    """A rate in parts per million as people write it: ``8.875%``."""
    return str(format_percent(Decimal(ppm) / 1_000_000, format="#,##0.####%", locale=_locale()))


def in_words(amount: Money) -> str:
    """An amount as people write it in the language of the moment."""
    return amount.format(_locale())


def _locale() -> str:
    return str(get_locale() or "en")


def _delivery(quote: Quote, *, settled: bool) -> tuple[Money | str, str]:
    if not quote.totals.shipping_known:
        return ("–", "") if settled else (_("shown after the address"), "")
    name = delivery_name(quote.shipping.name if quote.shipping else "")
    if not settled:
        country = places.country_name(quote.to.country, _locale())
        name = _("%(name)s, estimate for %(country)s", name=name, country=country)
    return _price(quote.totals.shipping), name


def _price(amount: Money) -> Money | str:
    return amount if amount.minor else str(_("Free"))


def _view(parts: _Parts, *, hint: str = "", after: Sequence[TotalRow] = ()) -> TotalsView:
    """Goods, what is taken off, delivery, tax, total, gift cards, what is left.

    Tax that is on top is a row, tax that is in the prices a note to the total.
    """
    currency = parts.total.currency
    rows: list[TotalRow] = [(_("Goods"), parts.goods, "")]
    rows += [
        (
            one.name,
            minus(Money(one.minor, currency)),
            " · ".join(filter(None, (one.code, reduction_words(one, currency)))),
        )
        for one in parts.reductions
    ]
    if parts.delivery is not None:
        rows.append((_("Delivery"), *parts.delivery))
    note = parts.tax_note
    if parts.tax_included and parts.taxes:
        note = ", ".join(_included(*part, currency) for part in parts.taxes)
    elif not parts.tax_included:
        rows += [(f"{name} {percent(rate)}", Money(minor, currency), "") for name, rate, minor in parts.taxes]
    if not parts.cards:
        return TotalsView(rows, parts.total, hint, _("Total"), note, after)
    rows.append((_("Total"), parts.total, note))
    for end, minor in parts.cards:
        rows.append((_("Gift card"), minus(Money(minor, currency)), f"…{end}" if end else ""))
    left = Money(parts.total.minor - sum(minor for _end, minor in parts.cards), currency)
    return TotalsView(rows, left, hint, parts.rest, "", after)


def _included(name: str, rate: int, minor: int, currency: str) -> str:
    amount = in_words(Money(minor, currency))
    return str(_("includes %(amount)s %(tax)s (%(rate)s)", amount=amount, tax=name, rate=percent(rate)))


def _after_total(order: Order) -> list[TotalRow]:
    """What went back or is on its way, and what was paid in the end; what was paid comes first where the last sum is
    another, as with gift cards or money that was too much."""
    if not order.refunded_minor:
        return []
    paid = order.paid_minor + order.credit_minor
    rows: list[TotalRow] = []
    if paid != order.total_minor - order.credit_minor:
        hint = _("gift cards included") if order.credit_minor else ""
        rows.append((_("Paid in all"), Money(paid, order.currency), hint))
    gone = min(
        sum(one.gone for one in payouts.refunds_of(db.session, order.key) if one.amount.currency == order.currency),
        order.refunded_minor,
    )
    if gone:
        rows.append((_("Paid back"), minus(Money(gone, order.currency)), ""))
    if gone < order.refunded_minor:
        rows.append((_("Refund on its way"), minus(Money(order.refunded_minor - gone, order.currency)), ""))
    rows.append((_("Paid after refunds"), Money(paid - order.refunded_minor, order.currency), ""))
    return rows
