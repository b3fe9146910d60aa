"""What pages of carts and of orders have in common: lines, sums, the guides that things were bought from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from flask_babel import gettext as _

from contentshop.core.db import db
from contentshop.core.money import Money
from contentshop.posts.queries import CardOrigin
from contentshop.web.origins import card_origins
from contentshop.web.pictures import PictureView
from contentshop.web.urls import live_url, post_url

TotalRow = tuple[str, Money | str, str]


@dataclass(frozen=True, slots=True)
class Origin:
    """The guide a line was bought from."""

    title: str
    url: str
    author: str


@dataclass(frozen=True, slots=True)
class LineView:
    """A line of a cart or of an order, as the ``cart_line`` component reads it. ``note`` may be empty.

    ``refused`` says what is wrong with the quantity that was ``typed`` just now; both are empty otherwise.
    """

    title: str
    url: str
    picture: PictureView | None
    variant: str
    quantity: int
    unit_price: Money | None
    total: Money | None
    problem: str
    variant_key: str = ""
    card_key: str = ""
    origin: Origin | None = None
    note: str = ""
    typed: str = ""
    refused: str = ""


@dataclass(frozen=True, slots=True)
class TotalsView:
    """The sum of a cart or an order, as the ``totals`` component reads it; ``hint`` and ``note`` may be empty.

    ``label`` is what the total's row is called when it is not the total: what is left to pay after gift cards.
    ``after`` are rows below it: what was paid back since.
    """

    rows: Sequence[TotalRow]
    total: Money
    hint: str = ""
    label: str = ""
    note: str = ""
    after: Sequence[TotalRow] = ()


@dataclass(frozen=True, slots=True)
class RefusedPage:
    """Why something was not put into the cart, and the way back."""

    title: str
    message: str
    back_url: str


def method_words(code: str) -> tuple[str, str]:
    """(name, explanation) of a payment method."""
    return {
        "bank_transfer": (
            _("Bank transfer"),
            _("We show you our account next. Your order goes out when the money is here."),
        ),
        "on_delivery": (_("Pay on delivery"), _("You pay the carrier at your door.")),
        "card": (_("Card"), _("You pay on the page of Stripe and come back. We never see your card.")),
        "alipay": (_("Alipay"), _("You pay with Alipay and come back.")),
        "wechat_pay": (_("WeChat Pay"), _("You scan a code with WeChat.")),
        "credit": (_("Gift card"), _("Your gift cards cover all of it.")),
    }[code]


def origins_of(card_keys: Iterable[str]) -> Mapping[str, CardOrigin]:
    """Where cards stand, by their keys."""
    keys = {key for key in card_keys if key}
    return card_origins(db.session, keys) if keys else {}


def origin_view(found: CardOrigin | None) -> Origin | None:
    """The guide of a card, as lines name it."""
    if found is None:
        return None
    url = live_url(found.session_key) if found.session_key else post_url(found.slug)
    return Origin(found.title, url if found.published else "", found.author_name)
