"""Product → the offer to show. Pure: the same facts, reader and moment always give the same answer.

The rule, in this order:

1. our own stock: an active own offer for the reader's region whose variant is available;
2. the best affiliate offer that works: active, of an active merchant, link not dead, for the reader's region,
   and on sale (``ON_SALE``);
3. a named alternative that itself can be had by 1 or 2 (the card's before the product's);
4. nothing: sold out, or gone when no offer will ever come back.

A price of our own for one region is the price there: an active own offer for the reader's region replaces the
one for anywhere of the same variant in the same currency, cheaper or dearer. The cart charges by the same rule
(``orders.pricing.choose_price``).

Prices in different currencies are never compared: the reader's currency comes first, then the others by code.
A price older than ``max_age`` is a rumour: it is hidden, its link is kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from contentshop.core.money import Money
from contentshop.products import pricing

Face = Literal["stock", "elsewhere", "sold_out", "gone"]

# Availability of an affiliate offer that can be bought now, best first. "unknown" is last: it never reads as
# "in stock", but a link that may work beats no link.
ON_SALE = ("in_stock", "preorder", "backorder", "special_order", "unknown")

# From this many left on, readers are told.
LOW_STOCK = 5


@dataclass(frozen=True, slots=True)
class Reader:
    """Who reads, as far as offers care: ISO 3166 country and ISO 4217 currency."""

    region: str
    currency: str


@dataclass(frozen=True, slots=True)
class PictureFacts:
    """A stored picture: the asset's key, its full size and the widths kept of it, in pixels.

    ``focus`` is the point that must stay in sight where it is cropped, in per cent from the left and the top.
    """

    key: str
    width: int
    height: int
    widths: tuple[int, ...]
    alt: str
    focus: tuple[int, int] = (50, 50)


@dataclass(frozen=True, slots=True)
class OfferFacts:
    """One offer as stored. ``available`` counts the variant's free units (own offers), else None.

    ``plain_url`` is the shop's own address where the shop is not approved yet: readers are led there by a plain
    link, unpaid and uncounted. It is empty for all others. ``prior_minor`` is the lowest price of the 30 days
    before the reduction at ``price_changed_at``, if that was one. What is sold before ``releases_at`` is a presale.
    """

    key: str
    kind: str
    price: Money | None
    region: str
    availability: str
    health: str
    active: bool
    checked_at: datetime | None
    merchant_key: str
    merchant_name: str
    merchant_active: bool
    variant_key: str
    variant_name: str
    available: int | None
    sku: str
    variant_position: int = 0
    plain_url: str = ""
    prior_minor: int | None = None
    price_changed_at: datetime | None = None
    releases_at: datetime | None = None

    @property
    def own(self) -> bool:
        """Whether we sell it ourselves."""
        return self.kind == "own"


@dataclass(frozen=True, slots=True)
class Rating:
    """What buyers' reviews make together: how many gave one star, two, … five. Nothing from elsewhere is in it."""

    counts: tuple[int, int, int, int, int]

    @classmethod
    def of(cls, counts: Sequence[int | None]) -> Rating | None:
        """The rating of these five numbers; None when nobody has reviewed."""
        one, two, three, four, five = (number or 0 for number in counts)
        return cls((one, two, three, four, five)) if one + two + three + four + five else None

    @property
    def count(self) -> int:
        """How many reviews."""
        return sum(self.counts)

    @property
    def tenths(self) -> int:
        """The mean in tenths of a star, rounded half up."""
        stars = sum(number * stars for stars, number in enumerate(self.counts, start=1))
        return (20 * stars + self.count) // (2 * self.count)


@dataclass(frozen=True, slots=True)
class ProductFacts:
    """A product with all its offers, in the reader's language.

    ``version`` grows with the product and its offers, ``stock_version`` with its stock. ``attributes`` are (name,
    value), left out unless they were asked for; ``attribute_names`` tells what the product itself calls those that
    have another name here, in small letters. A ``draft`` is not in the shop yet; its words are empty for everybody but
    the desk.
    """

    id: int
    key: str
    slug: str
    title: str
    brand: str
    category: str
    summary: str
    discontinued: bool
    listed: bool
    lang: str
    alternative_id: int | None
    picture: PictureFacts | None
    offers: tuple[OfferFacts, ...]
    version: int
    stock_version: int
    attributes: tuple[tuple[str, str], ...] = ()
    rating: Rating | None = None
    draft: bool = False
    attribute_names: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Resolution:
    """What to show of a product, and why.

    ``others`` are further ways to get it, best first: our other variants, then merchants. ``reason`` is one
    of own_stock, affiliate, out_of_stock, discontinued, unlisted, draft, no_offers. ``trace`` says of each offer (by
    key) why it won or lost. ``price`` is None when it is unknown or too old to repeat; ``low_stock`` is how
    many are left when that is worth saying. ``was`` is struck through beside the price of our own that was reduced,
    ``sent_from`` is when we send what is a presale now.
    """

    product: ProductFacts
    face: Face
    offer: OfferFacts | None
    others: tuple[OfferFacts, ...]
    alternative: Resolution | None
    reason: str
    trace: tuple[tuple[str, str], ...]
    price: Money | None
    low_stock: int | None
    was: Money | None = None
    sent_from: datetime | None = None


def is_presale(offer: OfferFacts, *, now: datetime) -> bool:
    """Whether it is sold now and sent later."""
    return offer.releases_at is not None and now < offer.releases_at


def struck_price(offer: OfferFacts, *, now: datetime) -> Money | None:
    """What is struck through beside our own price while a reduction is announced; see ``pricing``."""
    if not offer.own:
        return None
    return pricing.struck_price(offer.price, offer.prior_minor, offer.price_changed_at, now=now)


def shown_price(offer: OfferFacts, *, now: datetime, max_age: timedelta) -> Money | None:
    """The price that may be shown: our own always, a merchant's only while it is fresh."""
    if offer.own:
        return offer.price
    if offer.checked_at is None or now - offer.checked_at > max_age:
        return None
    return offer.price


def resolve(
    product: ProductFacts,
    reader: Reader,
    *,
    now: datetime,
    max_age: timedelta,
    alternative: ProductFacts | None = None,
    fallback: ProductFacts | None = None,
) -> Resolution:
    """What to show ``reader`` of ``product``.

    ``alternative`` is the one named by the card, ``fallback`` the one named by the product; the first that
    can be had stands in when the product cannot. An alternative has no alternative of its own.
    """
    found = _resolve_alone(product, reader, now, max_age)
    if found.offer is not None:
        return found
    for candidate in (alternative, fallback):
        if candidate is None or candidate.id == product.id:
            continue
        stand_in = _resolve_alone(candidate, reader, now, max_age)
        if stand_in.offer is not None:
            return Resolution(
                product=product,
                face=found.face,
                offer=None,
                others=(),
                alternative=stand_in,
                reason=found.reason,
                trace=found.trace,
                price=None,
                low_stock=None,
            )
    return found


def buyable_variants(product: ProductFacts, reader: Reader) -> tuple[OfferFacts, ...]:
    """Our offers to choose between, one for each variant, in the product's order; sold-out variants included.

    All are in one currency: the reader's when we sell in it, else that of our best offer. A price for the
    reader's region replaces the one for anywhere.
    """
    replaced = _replaced(product, reader)
    offers = [
        (offer, offer.price)
        for offer in product.offers
        if offer.own
        and offer.active
        and offer.price is not None
        and offer.region in {"", reader.region}
        and offer.key not in replaced
    ]
    if not product.listed or not offers:
        return ()
    _, best = min(offers, key=lambda pair: (not pair[0].available, *_by_price(pair[0], pair[1], reader)))
    chosen: dict[str, OfferFacts] = {}
    for offer, price in sorted(offers, key=lambda pair: _by_price(pair[0], pair[1], reader)):
        if price.currency == best.currency:
            chosen.setdefault(offer.variant_key, offer)
    return tuple(sorted(chosen.values(), key=lambda offer: (offer.variant_position, offer.key)))


def _resolve_alone(product: ProductFacts, reader: Reader, now: datetime, max_age: timedelta) -> Resolution:
    replaced = _replaced(product, reader)
    refused = {offer.key: _refusal(offer, product, reader, replaced) for offer in product.offers}
    runners = [(_rank(offer, reader, now, max_age), offer) for offer in product.offers if not refused[offer.key]]
    runners.sort(key=lambda pair: pair[0])
    trace = tuple(sorted((key, why) for key, why in (refused | _verdicts(runners)).items()))
    if not runners:
        face, reason = _nothing(product)
        return Resolution(product, face, None, (), None, reason, trace, None, None)
    winner = runners[0][1]
    return Resolution(
        product=product,
        face="stock" if winner.own else "elsewhere",
        offer=winner,
        others=_others(winner, [offer for _, offer in runners[1:]]),
        alternative=None,
        reason="own_stock" if winner.own else "affiliate",
        trace=trace,
        price=shown_price(winner, now=now, max_age=max_age),
        low_stock=_low_stock(offer for _, offer in runners) if winner.own else None,
        was=struck_price(winner, now=now),
        sent_from=winner.releases_at if is_presale(winner, now=now) else None,
    )


def _replaced(product: ProductFacts, reader: Reader) -> frozenset[str]:
    """The keys of our offers for anywhere that give way to one for the reader's region."""
    sold = [offer for offer in product.offers if offer.own and offer.active and offer.price is not None]
    regional = {_line(offer) for offer in sold if offer.region and offer.region == reader.region}
    return frozenset(offer.key for offer in sold if not offer.region and _line(offer) in regional)


def _line(offer: OfferFacts) -> tuple[str, str]:
    """Of which variant and in which currency an offer is: within it, a region's price is the only one there."""
    return offer.variant_key, offer.price.currency if offer.price else ""


def _refusal(offer: OfferFacts, product: ProductFacts, reader: Reader, replaced: frozenset[str]) -> str:
    """Why the offer cannot be shown at all, or an empty string."""
    if not product.listed:
        return "unlisted"
    if not offer.active:
        return "inactive"
    if offer.region not in {"", reader.region}:
        return "other_region"
    if offer.key in replaced:
        return "region_price"
    if offer.own:
        return "" if offer.price is not None and (offer.available or 0) > 0 else "out_of_stock"
    if not offer.merchant_active:
        return "merchant_inactive"
    if offer.health == "dead":
        return "link_dead"
    return "" if offer.availability in ON_SALE else offer.availability


# What each place of a rank compares; the first place where two ranks differ says why one lost.
_PLACES = (
    "own_stock_first",
    "worse_availability",
    "other_currency",
    "no_fresh_price",
    "dearer",
    "link_unsure",
    "tie",
    "tie",
)
_Rank = tuple[bool, int, tuple[bool, str], int, int, bool, bool, str]


def _sale(offer: OfferFacts, now: datetime) -> str:
    """Which of ``ON_SALE`` it is; ours is there, or a presale."""
    if offer.own:
        return "preorder" if is_presale(offer, now=now) else "in_stock"
    return offer.availability


def _rank(offer: OfferFacts, reader: Reader, now: datetime, max_age: timedelta) -> _Rank:
    """Smaller is better."""
    fresh = shown_price(offer, now=now, max_age=max_age)
    price = fresh or offer.price
    # Without a price there is no currency to dislike; the next place counts the missing price.
    currency = price.currency if price else reader.currency
    return (
        not offer.own,
        ON_SALE.index(_sale(offer, now)),
        (currency != reader.currency, currency),
        0 if fresh else 1 if price else 2,
        price.minor if price else 0,
        offer.health != "alive",
        offer.region == "",
        offer.key,
    )


def _by_price(offer: OfferFacts, price: Money, reader: Reader) -> tuple[bool, str, int, str]:
    return (price.currency != reader.currency, price.currency, price.minor, offer.key)


def _verdicts(runners: Sequence[tuple[_Rank, OfferFacts]]) -> dict[str, str]:
    if not runners:
        return {}
    best, winner = runners[0]
    verdicts = {winner.key: "chosen"}
    for rank, offer in runners[1:]:
        place = next(index for index, (mine, its) in enumerate(zip(best, rank, strict=True)) if mine != its)
        verdicts[offer.key] = _PLACES[place]
    return verdicts


def _others(winner: OfferFacts, rest: Sequence[OfferFacts]) -> tuple[OfferFacts, ...]:
    """The rest without our offers that only repeat a variant or are in another currency than the winner."""
    kept: list[OfferFacts] = []
    seen = {winner.variant_key}
    for offer in rest:
        if offer.own:
            same_currency = offer.price and winner.price and offer.price.currency == winner.price.currency
            if offer.variant_key in seen or not same_currency:
                continue
            seen.add(offer.variant_key)
        kept.append(offer)
    return tuple(kept)


def _low_stock(runners: Iterable[OfferFacts]) -> int | None:
    left = sum({offer.variant_key: offer.available or 0 for offer in runners if offer.own}.values())
    return left if left <= LOW_STOCK else None


def _nothing(product: ProductFacts) -> tuple[Face, str]:
    if not product.listed:
        return "gone", "draft" if product.draft else "unlisted"
    if product.discontinued:
        return "gone", "discontinued"
    if not any(offer.active for offer in product.offers):
        return "gone", "no_offers"
    return "sold_out", "out_of_stock"
