"""Reads of carts: lines as they stand now, and what they cost."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any, Literal

from sqlalchemy import Select, and_, bindparam, case, func, select

from contentshop.core.errors import NotFound
from contentshop.core.money import Money
from contentshop.core.uow import AnySession
from contentshop.delivery import queries as delivery
from contentshop.delivery.queries import PostageRule
from contentshop.delivery.rates import Destination, Obstacle, Parcel, ShippingOption, Zone, obstacle, offers
from contentshop.delivery.taxes import TaxRule
from contentshop.media.models import Asset
from contentshop.media.queries import PICTURE_COLUMNS
from contentshop.orders.models import Cart, CartLine
from contentshop.orders.pricing import (
    Item,
    OwnPrice,
    Totals,
    choose_price,
    fingerprint,
    parcel_of,
    totals,
)
from contentshop.payments import credit
from contentshop.payments.credit import CardFacts
from contentshop.payments.models import GiftCardVariant
from contentshop.products.models import Offer, Product, ProductPicture, Stock, Variant, VariantPicture
from contentshop.products.offers import PictureFacts
from contentshop.products.queries import tree
from contentshop.promotions import queries as promotions
from contentshop.promotions.pricing import Discount, Refusal, apply
from contentshop.promotions.pricing import Line as PromotedLine
from contentshop.promotions.queries import Candidates

Problem = Literal["", "gone", "sold_out", "short", "limit"]


@dataclass(frozen=True, slots=True)
class Attribution:
    """Whose card a line came from, and what they get of what is paid for it, in parts per million."""

    creator_key: str
    commission_ppm: int


# Whose cards these are, by the keys of the cards. Given by the door, since orders know no posts.
Creators = Callable[[Collection[str]], Mapping[str, Attribution]]


def nobody(_cards: Collection[str]) -> Mapping[str, Attribution]:
    """No card belongs to anybody."""
    return {}


@dataclass(frozen=True)
class Terms:
    """What a cart's price depends on besides its lines.

    ``to`` is where it goes, as far as that is known; ``shipping`` the key of the way that was chosen (empty: the
    cheapest). ``persons`` are the names under which the buyer's uses of coupons and limited goods are counted.
    ``gift_cards`` are keys of cards whose code was typed. ``postage`` is for a shop without zones.
    """

    now: datetime
    to: Destination
    postage: Mapping[str, PostageRule]
    shipping: str = ""
    codes: tuple[str, ...] = ()
    persons: tuple[str, ...] = ()
    gift_cards: tuple[str, ...] = ()
    creators: Creators = field(default=nobody)


@dataclass(frozen=True)
class Line:
    """A cart line as it stands now. ``wanted`` counts the variant in all lines of the cart, ``available`` is
    what can still be promised; ``price`` is None when we no longer sell it to this reader. ``may_buy`` is how many
    this person still may buy (None: as many as there are), ``had`` how many of a limited one they bought before.
    ``presale``: not released before ``releases_at``. ``elsewhere``: we sell it, but not to this country. A
    ``gift_card`` is money: nothing is taken off it."""

    id: int
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
    category_id: int | None = None
    weight_g: int = 0
    digital: bool = False
    gift_card: bool = False
    tax_class: str = "standard"
    limit: int | None = None
    may_buy: int | None = None
    had: int = 0
    releases_at: datetime | None = None
    creator_key: str = ""
    commission_ppm: int = 0
    elsewhere: bool = False
    presale: bool = False

    @property
    def problem(self) -> Problem:
        """Why the line cannot be ordered as it is: ``gone`` (not sold any more), ``sold_out``, ``short``, ``limit``
        (this person may not buy so many)."""
        if self.price is None:
            return "gone"
        if self.available <= 0:
            return "sold_out"
        if self.available < self.wanted:
            return "short"
        return "limit" if self.may_buy is not None and self.may_buy < self.wanted else ""

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
    """The lines of a cart that are priced in one currency, and what they cost together.

    ``options`` are the ways to send them, ``shipping`` the one that counts; both empty when nothing is shipped, the
    latter None also when there is none, or not the one that was chosen; ``obstacle`` says why there is none.
    ``credits`` are gift cards and what each pays.
    """

    currency: str
    lines: tuple[Line, ...]
    totals: Totals
    discount: Discount
    to: Destination
    options: tuple[ShippingOption, ...] = ()
    shipping: ShippingOption | None = None
    credits: tuple[tuple[CardFacts, int], ...] = ()
    obstacle: Obstacle | None = None

    @property
    def items(self) -> tuple[Item, ...]:
        """The lines as pure pricing sees them."""
        return tuple(_item(line, line.price) for line in self.lines if line.price)

    @property
    def fingerprint(self) -> str:
        """Equal for two quotes of the same lines at the same prices, going to the same place in the same way."""
        return fingerprint(
            self.items,
            self.currency,
            self.totals,
            [
                self.to.country,
                self.to.region,
                self.to.postcode if self.shipped else "",
                self.shipping.key if self.shipping else "",
            ],
            [[use.rule.key, use.minor] for use in self.discount.uses],
            [[card.key, minor] for card, minor in self.credits],
        )

    @property
    def presale(self) -> bool:
        """Whether something is sold before it is out."""
        return any(line.presale for line in self.lines)

    @property
    def shipped(self) -> bool:
        """Whether anything in it needs a parcel."""
        return any(not line.digital for line in self.lines)

    @property
    def taxed_afar(self) -> bool:
        """Whether it needs no parcel and may be taxed all the same, by where its buyer lives; gift cards are money."""
        return not self.shipped and any(not line.gift_card for line in self.lines)

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
class CartState:
    """What a cart keeps besides its lines: codes typed so far, and what was typed in the steps of the checkout."""

    codes: tuple[str, ...] = ()
    draft: Mapping[str, Any] = field(default_factory=dict)

    def text(self, name: str) -> str:
        """A field of the draft; empty when it was not typed."""
        found = self.draft.get(name, "")
        return found if isinstance(found, str) else ""

    @property
    def gift_cards(self) -> tuple[str, ...]:
        """Keys of the gift cards whose code was typed."""
        return tuple(str(key) for key in self.draft.get("gift_cards") or ())


_STATE = select(Cart.codes, Cart.draft).where(Cart.key == bindparam("cart"))


def get_state(session: AnySession, cart_key: str) -> CartState:
    """Codes and draft of a cart; empty ones when there is no such cart."""
    row = session.execute(_STATE, {"cart": cart_key}).first()
    return CartState(tuple(row.codes), dict(row.draft)) if row else CartState()


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


def get_cart(session: AnySession, cart_key: str, *, locale: str, region: str, currency: str, terms: Terms) -> CartFacts:
    """The cart with present prices, stock, promotions, shipping and tax; empty when there is none.

    One statement for the cart and one each for promotions, zones and taxes; more only for limits of a person, gift
    cards, and whatever ``terms.creators`` asks. ``currency`` is preferred where a thing has prices in several.
    """
    rows = session.execute(_CART, {"cart": cart_key}).all()
    if not rows:
        return CartFacts((), ())
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
    cards = {row.card_key for row in lines.values() if row.card_key}
    creators = terms.creators(cards) if cards else {}
    limited = {row.variant_id for row in lines.values() if row.purchase_limit is not None}
    bought = promotions.bought(session, limited, terms.persons)
    facts = tuple(
        _line(
            row,
            locale,
            wanted[row.variant_id],
            choose_price(prices[row.variant_id].values(), region=region, currency=currency),
            bought.get(row.variant_id, 0),
            creators.get(row.card_key),
            sold=bool(prices[row.variant_id]),
            now=terms.now,
        )
        for row in lines.values()
    )
    return CartFacts(lines=facts, quotes=_quotes(session, facts, currency, terms, locale))


# A variant's own picture comes before the product's.
PICTURE_ID = func.coalesce(VariantPicture.asset_id, ProductPicture.asset_id)
PICTURE_ALT = func.coalesce(
    func.nullif(case((VariantPicture.asset_id.is_(None), ProductPicture.alt), else_=VariantPicture.alt), ""), Asset.alt
)


# Built once: the longest statement of the shop would take longer to put together than to run.
_CART: Select[*tuple[Any, ...]] = (
    select(
        CartLine.id.label("line_id"),
        CartLine.quantity,
        CartLine.card_key,
        Variant.id.label("variant_id"),
        Variant.key.label("variant_key"),
        Variant.name.label("variant_name"),
        Variant.translations.label("variant_translations"),
        Variant.sku,
        Variant.weight_g,
        Variant.digital,
        Variant.tax_class,
        Variant.purchase_limit,
        Variant.releases_at,
        Product.key.label("product_key"),
        Product.category_id,
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
        *PICTURE_COLUMNS,
        PICTURE_ALT.label("picture_alt"),
        GiftCardVariant.variant_id.is_not(None).label("gift_card"),
    )
    .join(Cart, Cart.id == CartLine.cart_id)
    .join(Variant, Variant.id == CartLine.variant_id)
    .join(Product, Product.id == Variant.product_id)
    .outerjoin(Stock, Stock.variant_id == Variant.id)
    .outerjoin(Offer, and_(Offer.variant_id == Variant.id, Offer.kind == "own", Offer.active))
    .outerjoin(ProductPicture, and_(ProductPicture.product_id == Product.id, ProductPicture.position == 0))
    .outerjoin(VariantPicture, and_(VariantPicture.variant_id == Variant.id, VariantPicture.position == 0))
    .outerjoin(Asset, Asset.id == PICTURE_ID)
    .outerjoin(GiftCardVariant, GiftCardVariant.variant_id == Variant.id)
    .where(Cart.key == bindparam("cart"))
    .order_by(CartLine.id, Offer.id)
)


def _line(
    row: Any,
    locale: str,
    wanted: int,
    price: OwnPrice | None,
    bought: int,
    creator: Attribution | None,
    *,
    sold: bool,
    now: datetime,
) -> Line:
    picture = None
    if row.asset_key is not None:
        focus = (row.focus_x, row.focus_y)
        picture = PictureFacts(row.asset_key, row.width, row.height, tuple(row.widths), row.picture_alt, focus)
    return Line(
        id=row.line_id,
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
        category_id=row.category_id,
        weight_g=row.weight_g,
        digital=row.digital,
        gift_card=row.gift_card,
        tax_class=row.tax_class,
        limit=row.purchase_limit,
        may_buy=max(0, row.purchase_limit - bought) if row.purchase_limit is not None else None,
        had=bought,
        releases_at=row.releases_at,
        creator_key=creator.creator_key if creator else "",
        commission_ppm=creator.commission_ppm if creator else 0,
        elsewhere=sold and price is None,
        presale=row.releases_at is not None and now < row.releases_at,
    )


def _translated(translations: Mapping[str, Any], locale: str, name: str) -> str:
    return str((translations.get(locale) or {}).get(name) or "")


def _quotes(session: AnySession, lines: Sequence[Line], currency: str, terms: Terms, locale: str) -> tuple[Quote, ...]:
    groups: dict[str, list[Line]] = defaultdict(list)
    for line in lines:
        if line.price is not None:
            groups[line.price.currency].append(line)
    if not groups:
        return ()
    found = promotions.find_candidates(session, terms.codes, terms.persons, locale=locale, now=terms.now)
    by_category = any(rule.scope == "category" for rule in found.rules)
    lineages = tree.lineages(session) if by_category else {}
    zones = delivery.active_zones(session, locale)
    tax = delivery.tax_rule(session, terms.to.country, terms.to.region, locale=locale)
    cards = _cards(session, terms)
    return tuple(
        _quote(code, tuple(groups[code]), found, lineages, zones, tax, cards, terms)
        for code in sorted(groups, key=lambda code: (code != currency, code))
    )


def _quote(
    currency: str,
    lines: tuple[Line, ...],
    found: Candidates,
    lineages: Mapping[int, tuple[str, ...]],
    zones: Sequence[Zone],
    tax: TaxRule | None,
    cards: Sequence[CardFacts],
    terms: Terms,
) -> Quote:
    items = [_item(line, line.price) for line in lines if line.price]
    discount = apply(found.rules, [_promoted(line, lineages) for line in lines], currency)
    discount = Discount(discount.lines, discount.uses, (*found.refused, *_typed(discount.refused, terms)))
    parcel = parcel_of(items, discount.lines, currency)
    options = _options(zones, parcel, terms) if parcel else ()
    chosen = next((one for one in options if one.key == terms.shipping or not terms.shipping), None)
    whole = totals(items, currency, discount=discount.lines, shipping=chosen, tax=tax)
    paying, left = [], whole.total.minor
    for card in cards:
        used = min(left, card.balance.minor) if card.usable and card.balance.currency == currency else 0
        if used:
            paying.append((card, used))
            left -= used
    if paying:
        paid = whole.total.minor - left
        whole = totals(items, currency, discount=discount.lines, shipping=chosen, tax=tax, credit_minor=paid)
    why = obstacle(zones, terms.to, parcel) if parcel and not options else None
    return Quote(currency, lines, whole, discount, terms.to, options, chosen, tuple(paying), why)


def _options(zones: Sequence[Zone], parcel: Parcel, terms: Terms) -> tuple[ShippingOption, ...]:
    if zones:
        return offers(zones, terms.to, parcel)
    return (delivery.standard(parcel, terms.postage.get(parcel.currency)),)


def _cards(session: AnySession, terms: Terms) -> list[CardFacts]:
    found = []
    for key in dict.fromkeys(terms.gift_cards):
        try:
            found.append(credit.facts(credit.get_card(session, key), now=terms.now))
        except NotFound:
            continue
    return found


def _typed(refused: Iterable[Refusal], terms: Terms) -> list[Refusal]:
    return [one for one in refused if one.code in terms.codes]


def _promoted(line: Line, lineages: Mapping[int, tuple[str, ...]]) -> PromotedLine:
    unit = line.price.unit_minor if line.price else 0
    categories = lineages.get(line.category_id or 0, ())
    return PromotedLine(line.product_key, categories, line.creator_key, unit, line.quantity, money=line.gift_card)


def _item(line: Line, price: OwnPrice) -> Item:
    return Item(
        line.variant_key,
        line.card_key,
        line.quantity,
        price.unit_minor,
        weight_g=line.weight_g,
        digital=line.digital,
        tax_class=line.tax_class,
    )
