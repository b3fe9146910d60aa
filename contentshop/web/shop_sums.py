"""The sum of a cart in the buyer's words: what each row is called, and what stands in it."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING

from babel.numbers import format_percent
from flask_babel import gettext as _

from contentshop.core.money import Money
from contentshop.web.chrome import current_babel_locale
from contentshop.web.chrome import money as in_words
from contentshop.web.shop_pages import TotalRow, TotalsView

if TYPE_CHECKING:
    from contentshop.orders.queries import Quote


def quote_totals(quote: Quote) -> TotalsView:
    """The sum of a cart, with a hint when a little more makes the postage free."""
    sums = quote.totals
    hint = ""
    if sums.free_shipping_gap is not None:
        hint = _("Add %(amount)s more and shipping is free.", amount=in_words(sums.free_shipping_gap))
    rows: list[TotalRow] = [(_("Goods"), sums.items, "")]
    rows += [(use.rule.name, minus(Money(use.minor, quote.currency)), use.rule.code) for use in quote.discount.uses]
    if quote.shipped:
        name = quote.shipping.name if quote.shipping else ""
        rows.append((_("Shipping"), _postage(sums.shipping) if sums.shipping_known else "–", name))
    parts = [(name, rate, minor) for name, rate, minor in sums.tax_parts]
    cards = [(card.hint, minor) for card, minor in quote.credits]
    return _finished(rows, parts, sums.total, cards, included=sums.tax_included, hint=hint)


def minus(amount: Money) -> str:
    """An amount that is taken off: ``−$5.00``."""
    return f"\N{MINUS SIGN}{in_words(amount)}"


def percent(ppm: int) -> str:
    """A rate in parts per million as people write it: ``8.875%``."""
    return str(format_percent(Decimal(ppm) / 1_000_000, format="#,##0.####%", locale=current_babel_locale()))


def _postage(amount: Money) -> Money | str:
    return amount if amount.minor else str(_("Free"))


def _finished(
    rows: list[TotalRow],
    parts: Sequence[tuple[str, int, int]],
    total: Money,
    cards: Sequence[tuple[str, int]],
    *,
    included: bool,
    hint: str = "",
) -> TotalsView:
    """Add tax, total and gift cards. Tax that is on top is a row; tax that is in the prices a note to the total."""
    note = ""
    if included:
        note = ", ".join(
            _(
                "includes %(amount)s %(tax)s (%(rate)s)",
                amount=in_words(Money(minor, total.currency)),
                tax=name,
                rate=percent(rate),
            )
            for name, rate, minor in parts
        )
    else:
        rows += [(f"{name} {percent(rate)}", Money(minor, total.currency), "") for name, rate, minor in parts]
    if not cards:
        return TotalsView(rows, total, hint, _("Total"), note)
    rows.append((_("Total"), total, note))
    for end, minor in cards:
        rows.append((_("Gift card"), minus(Money(minor, total.currency)), f"…{end}" if end else ""))
    left = Money(total.minor - sum(minor for _end, minor in cards), total.currency)
    return TotalsView(rows, left, hint, _("To pay"), "")
