"""What the cart shows, in the buyer's language; each step of the checkout shows the same of what is paid there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flask_babel import gettext as _

from contentshop.core.money import Money
from contentshop.orders.pricing import reduction_of
from contentshop.orders.queries import Line, Quote
from contentshop.web.cart_loading import Loaded, Origins
from contentshop.web.checkout_words import code_words, problem_words
from contentshop.web.chrome import day
from contentshop.web.pictures import picture
from contentshop.web.shop_pages import LineView, TotalsView, origin_view
from contentshop.web.shop_sums import quote_totals, reduction_words
from contentshop.web.urls import product_url


@dataclass(frozen=True, slots=True)
class CodeView:
    """A coupon code in the cart; ``problem`` says why it takes nothing off, ``does`` what it does when it does."""

    code: str
    problem: str
    does: str = ""


@dataclass(frozen=True, slots=True)
class CreditView:
    """A gift card that pays, by its key, the end of its code, and what it pays."""

    key: str
    hint: str
    pays: Money


@dataclass(frozen=True, slots=True)
class QuoteView:
    """The lines that are paid in one currency. ``total`` is what is left to pay."""

    currency: str
    lines: Sequence[LineView]
    totals: TotalsView
    ready: bool
    shipped: bool
    codes: Sequence[CodeView]
    credits: Sequence[CreditView]
    checkout_url: str

    @property
    def total(self) -> Money:
        """What is left to pay."""
        return self.totals.total


@dataclass(frozen=True, slots=True)
class RefusedQuantity:
    """How many of a line somebody wanted, as they typed it, and why they cannot have it."""

    variant_key: str
    card_key: str
    typed: str
    message: str


@dataclass(frozen=True, slots=True)
class CartPage:
    """The cart. ``problem`` says what was refused just now."""

    quotes: Sequence[QuoteView]
    gone: Sequence[LineView]
    count: int
    problem: str = ""
    code: str = ""
    code_problem: str = ""


def cart_page(
    loaded: Loaded,
    problem: str = "",
    code: str = "",
    code_problem: str = "",
    refused: RefusedQuantity | None = None,
) -> CartPage:
    """The cart's page. What is ``refused`` is told at its line; above all when the line is there no more."""
    facts = loaded.facts
    if refused is not None and not any(_is_of(refused, line) for quote in facts.quotes for line in quote.lines):
        problem = refused.message
    return CartPage(
        quotes=[quote_view(loaded, quote, refused) for quote in facts.quotes],
        gone=[line_view(line, loaded.origins) for line in facts.gone],
        count=facts.count,
        problem=problem,
        code=code,
        code_problem=code_problem,
    )


def quote_view(loaded: Loaded, quote: Quote, refused: RefusedQuantity | None = None) -> QuoteView:
    """The lines that are paid in one currency, with the codes that were typed."""
    unused = {one.code: code_words(one) for one in quote.discount.refused}
    used = [reduction_of(use, quote.currency) for use in quote.discount.uses if use.rule.code]
    return QuoteView(
        currency=quote.currency,
        lines=[
            line_view(line, loaded.origins, refused if refused is not None and _is_of(refused, line) else None)
            for line in quote.lines
        ],
        totals=quote_totals(quote, settled=loaded.settled),
        ready=quote.ready,
        shipped=quote.shipped,
        codes=[CodeView(one.code, "", reduction_words(one, quote.currency)) for one in used]
        + [CodeView(code, why) for code, why in unused.items()],
        credits=[CreditView(card.key, card.hint, Money(minor, quote.currency)) for card, minor in quote.credits],
        checkout_url=f"/checkout?currency={quote.currency}",
    )


def _is_of(refused: RefusedQuantity, line: Line) -> bool:
    return (refused.variant_key, refused.card_key) == (line.variant_key, line.card_key)


def line_view(line: Line, origins: Origins, refused: RefusedQuantity | None = None) -> LineView:
    """A line of the cart."""
    note = ""
    if line.presale and line.releases_at is not None:
        note = _("Presale: sent from %(day)s on", day=day(line.releases_at))
    elif line.digital:
        note = _("Digital: no delivery")
    return LineView(
        title=line.title,
        url=product_url(line.slug),
        picture=picture(line.picture),
        variant=line.variant_name,
        quantity=line.quantity,
        unit_price=line.unit,
        total=line.total,
        problem=problem_words(line),
        variant_key=line.variant_key,
        card_key=line.card_key,
        origin=origin_view(origins.get(line.card_key)),
        note=note,
        typed=refused.typed if refused else "",
        refused=refused.message if refused else "",
    )
