"""Reads of carts: lines as they stand now, and what they cost."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

from sqlalchemy import Select, and_, func, select

from contentshop.core.money import Money
from contentshop.core.uow import AnySession
from contentshop.media.models import Asset
from contentshop.orders.models import Cart, CartLine
from contentshop.orders.pricing import (
    Item,
    OwnPrice,
    PostageRule,
    Totals,
    choose_price,
    fingerprint,
    totals,
)
from contentshop.products.models import Offer, Product, ProductPicture, Stock, Variant
from contentshop.products.offers import PictureFacts

Problem = Literal["", "gone", "sold_out", "short"]


@dataclass(frozen=True)
class Line:
    """A cart line as it stands now. ``wanted`` counts the variant in all lines of the cart, ``available`` is
    what can still be promised; ``price`` is None when we no longer sell it to this reader."""

    variant_id: int
    variant_key: str
    variant_name: str
    sku: str
    product_key: str
    slug: str
    title: str
    picture: PictureFacts | None
    card_key: str
    quantity: int
    wanted: int
    available: int
    price: OwnPrice | None

    @property
    def problem(self) -> Problem:
        """Why the line cannot be ordered as it is: ``gone`` (not sold any more), ``sold_out``, ``short``."""
        if self.price is None:
            return "gone"
        if self.available <= 0:
            return "sold_out"
        return "short" if self.available < self.wanted else ""

    @property
    def unit(self) -> Money | None:
        """Our price for one."""
        return Money(self.price.unit_minor, self.price.currency) if self.price else None

    @property
    def total(self) -> Money | None:
        """Our price for the line."""
        return self.unit * self.quantity if self.unit else None


@dataclass(frozen=True)
class Quote:
    """The lines of a cart that are priced in one currency, and what they cost together."""

    currency: str
    lines: tuple[Line, ...]
    totals: Totals

    @property
    def items(self) -> tuple[Item, ...]:
        """The lines as pure pricing sees them."""
        return tuple(_item(line, line.price) for line in self.lines if line.price)

    @property
    def fingerprint(self) -> str:
        """Equal for two quotes of the same lines at the same prices."""
        return fingerprint(self.items, self.currency, self.totals)

    @property
    def ready(self) -> bool:
        """Whether every line can be ordered as it stands."""
        return not any(line.problem for line in self.lines)


@dataclass(frozen=True)
class CartFacts:
    """Everything in a cart: ``quotes`` by currency, the reader's first; ``gone``: lines without a price."""

    lines: tuple[Line, ...]
    quotes: tuple[Quote, ...]

    @cached_property
    def gone(self) -> tuple[Line, ...]:
        return tuple(line for line in self.lines if line.price is None)

    @cached_property
    def count(self) -> int:
        """How many things are in the cart."""
        return sum(line.quantity for line in self.lines)

    def quote(self, currency: str) -> Quote | None:
        """The part that is paid in ``currency``."""
        return next((quote for quote in self.quotes if quote.currency == currency), None)


@dataclass(frozen=True, slots=True)
class VariantFacts:
    """A variant by its ids."""

    id: int
    key: str
    product_id: int


def find_variant(session: AnySession, key: str) -> VariantFacts | None:
    """The variant with this public key, if there is one."""
    row = session.execute(select(Variant.id, Variant.key, Variant.product_id).where(Variant.key == key)).first()
    return VariantFacts(row.id, row.key, row.product_id) if row else None


def count_units(session: AnySession, cart_key: str) -> int:
    """How many things are in this cart; 0 when there is no such cart."""
    query = select(func.sum(CartLine.quantity)).join(Cart).where(Cart.key == cart_key)
    return int(session.scalar(query) or 0)


def get_cart(
    session: AnySession,
    cart_key: str,
    *,
    locale: str,
    region: str,
    currency: str,
    postage: Mapping[str, PostageRule],
) -> CartFacts:
    """The cart with present prices and stock, in one statement; empty when there is none."""
    rows = session.execute(_cart_query(cart_key)).all()
    wanted: Counter[int] = Counter()
    prices: dict[int, dict[int, OwnPrice]] = defaultdict(dict)
    lines: dict[int, Any] = {}
    for row in rows:
        if row.line_id not in lines:
            wanted[row.variant_id] += row.quantity
        lines[row.line_id] = row
        if row.offer_id is not None and row.listed:
            prices[row.variant_id][row.offer_id] = OwnPrice(
                row.offer_id, row.offer_key, row.price_minor, row.currency, row.region
            )
    facts = tuple(
        _line(
            row,
            locale,
            wanted[row.variant_id],
            choose_price(prices[row.variant_id].values(), region=region, currency=currency),
        )
        for row in lines.values()
    )
    return CartFacts(lines=facts, quotes=_quotes(facts, currency, postage))


PICTURE_ALT = func.coalesce(func.nullif(ProductPicture.alt, ""), Asset.alt)


def _cart_query(cart_key: str) -> Select[*tuple[Any, ...]]:
    return (
        select(
            CartLine.id.label("line_id"),
            CartLine.quantity,
            CartLine.card_key,
            Variant.id.label("variant_id"),
            Variant.key.label("variant_key"),
            Variant.name.label("variant_name"),
            Variant.translations.label("variant_translations"),
            Variant.sku,
            Product.key.label("product_key"),
            Product.slug,
            Product.title,
            Product.translations,
            Product.listed,
            Stock.on_hand,
            Stock.reserved,
            Offer.id.label("offer_id"),
            Offer.key.label("offer_key"),
            Offer.price_minor,
            Offer.currency,
            Offer.region,
            Asset.key.label("asset_key"),
            Asset.width,
            Asset.height,
            Asset.widths,
            Asset.focus_x,
            Asset.focus_y,
            PICTURE_ALT.label("picture_alt"),
        )
        .join(Cart, Cart.id == CartLine.cart_id)
        .join(Variant, Variant.id == CartLine.variant_id)
        .join(Product, Product.id == Variant.product_id)
        .outerjoin(Stock, Stock.variant_id == Variant.id)
        .outerjoin(Offer, and_(Offer.variant_id == Variant.id, Offer.kind == "own", Offer.active))
        .outerjoin(ProductPicture, and_(ProductPicture.product_id == Product.id, ProductPicture.position == 0))
        .outerjoin(Asset, Asset.id == ProductPicture.asset_id)
        .where(Cart.key == cart_key)
        .order_by(CartLine.id, Offer.id)
    )


def _line(row: Any, locale: str, wanted: int, price: OwnPrice | None) -> Line:
    picture = None
    if row.asset_key is not None:
        focus = (row.focus_x, row.focus_y)
        picture = PictureFacts(row.asset_key, row.width, row.height, tuple(row.widths), row.picture_alt, focus)
    return Line(
        variant_id=row.variant_id,
        variant_key=row.variant_key,
        variant_name=_translated(row.variant_translations, locale, "name") or row.variant_name,
        sku=row.sku,
        product_key=row.product_key,
        slug=row.slug,
        title=_translated(row.translations, locale, "title") or row.title,
        picture=picture,
        card_key=row.card_key,
        quantity=row.quantity,
        wanted=wanted,
        available=max(0, (row.on_hand or 0) - (row.reserved or 0)),
        price=price,
    )


def _translated(translations: Mapping[str, Any], locale: str, name: str) -> str:
    return str((translations.get(locale) or {}).get(name) or "")


def _quotes(lines: Sequence[Line], currency: str, postage: Mapping[str, PostageRule]) -> tuple[Quote, ...]:
    groups: dict[str, list[Line]] = defaultdict(list)
    for line in lines:
        if line.price is not None:
            groups[line.price.currency].append(line)
    return tuple(
        Quote(
            code,
            tuple(groups[code]),
            totals((_item(line, line.price) for line in groups[code] if line.price), code, postage.get(code)),
        )
        for code in sorted(groups, key=lambda code: (code != currency, code))
    )


def _item(line: Line, price: OwnPrice) -> Item:
    return Item(line.variant_key, line.card_key, line.quantity, price.unit_minor)
