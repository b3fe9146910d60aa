"""Add or update products from descriptions, many at a time: the way of imports and of the demo.

A product is recognised by its source, else by its slug; a variant by its SKU; an own offer by SKU, currency and
region; an affiliate offer by merchant, link and region. The same description twice changes nothing. Nothing is
ever deleted: what a description leaves out stays as it is, and an offer that an operator retired stays retired.

Each batch reads what it needs first, checks every row against that, and only then changes anything, so that a
wrong row leaves no trace. What two processes do at the same moment is decided by the unique constraints; then
the batch is repeated row by row.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from sqlalchemy import or_, select
from sqlalchemy.exc import DataError, IntegrityError
from sqlalchemy.orm import selectinload

from contentshop.core.errors import Invalid
from contentshop.core.ids import new_key, slugify
from contentshop.core.outbox import record
from contentshop.core.uow import AnySession
from contentshop.products import stock
from contentshop.products.actions.changes import (
    assign,
    copy_words,
    names_as_translations,
    touch,
)
from contentshop.products.events import ProductChanged
from contentshop.products.inputs import OfferInput, ProductInput, VariantInput, check_offer_url, link_host
from contentshop.products.models import Merchant, Offer, Product, Variant

Outcome = Literal["added", "updated", "unchanged"]
ACTOR = "import"


@dataclass(slots=True)
class Upserted:
    """What became of one description. ``missing`` is the slug of an alternative that does not exist (yet)."""

    product: Product
    outcome: Outcome
    missing: str = ""


@dataclass(slots=True)
class _Known:
    """What the database holds of a batch's names, kept up to date while rows are applied."""

    by_source: dict[str, Product] = field(default_factory=dict)
    by_slug: dict[str, Product] = field(default_factory=dict)
    slugs: dict[str, int | None] = field(default_factory=dict)
    sku_owner: dict[str, str] = field(default_factory=dict)
    gtin_owner: dict[str, str] = field(default_factory=dict)
    merchants: dict[str, Merchant] = field(default_factory=dict)
    opening: list[tuple[Variant, int]] = field(default_factory=list)


def upsert_product(session: AnySession, row: ProductInput, *, now: datetime) -> Product:
    """Add or update one product. Raises Invalid.

    An alternative that does not exist yet is left out; describing the product again later adds it.
    """
    (found,) = upsert_products(session, [row], now=now)
    if isinstance(found, Invalid):
        raise found
    return found.product


def upsert_products(session: AnySession, rows: Sequence[ProductInput], *, now: datetime) -> list[Upserted | Invalid]:
    """Add or update products; for each row what became of it, or why it was refused."""
    try:
        with session.begin_nested():
            return _upsert_together(session, rows, now)
    except (IntegrityError, DataError):
        if len(rows) > 1:
            return [found for row in rows for found in upsert_products(session, [row], now=now)]
        return [Invalid({"": ["The database refused this row: it clashes with another product."]})]


def _upsert_together(session: AnySession, rows: Sequence[ProductInput], now: datetime) -> list[Upserted | Invalid]:
    known = _read_known(session, rows)
    found: list[Upserted | Invalid] = []
    for row in rows:
        try:
            found.append(_upsert(session, row, known, now))
        except Invalid as refused:
            found.append(refused)
    session.flush()
    for variant, quantity in known.opening:
        stock.open_stock(session, variant, quantity, now=now, actor=ACTOR)
    _link_within_batch(session, found, now)
    session.flush()
    return found


def _read_known(session: AnySession, rows: Sequence[ProductInput]) -> _Known:
    known = _Known()
    sources = {row.source for row in rows if row.source}
    slugs = {row.slug for row in rows if row.slug}
    query = (
        select(Product)
        .where(or_(Product.source.in_(sources), Product.slug.in_(slugs)))
        .options(
            selectinload(Product.variants),
            selectinload(Product.offers).joinedload(Offer.merchant),
        )
        .order_by(Product.id)
        .with_for_update()
    )
    for product in session.scalars(query):
        known.by_slug[product.slug] = product
        if product.source:
            known.by_source[product.source] = product
    wanted = slugs | {slug for row in rows for slug in _slug_wishes(row)} | {row.alternative for row in rows}
    rows_of_slugs = session.execute(select(Product.slug, Product.id).where(Product.slug.in_(wanted)))
    known.slugs = dict(rows_of_slugs.tuples().all())
    known.sku_owner = dict(
        session.execute(
            select(Variant.sku, Product.key)
            .join(Product, Product.id == Variant.product_id)
            .where(Variant.sku.in_({sku for row in rows for sku in _skus(row)}))
        )
        .tuples()
        .all()
    )
    gtins = {row.gtin for row in rows if row.gtin}
    for gtin, key in session.execute(select(Product.gtin, Product.key).where(Product.gtin.in_(gtins))).tuples():
        if gtin:
            known.gtin_owner[gtin] = key
    if any(offer.kind == "affiliate" for row in rows for offer in row.offers):
        known.merchants = {merchant.key: merchant for merchant in session.scalars(select(Merchant))}
    return known


def _skus(row: ProductInput) -> Iterable[str]:
    yield from (variant.sku for variant in row.variants)
    yield from (offer.sku for offer in row.offers if offer.kind == "own")


def _upsert(session: AnySession, row: ProductInput, known: _Known, now: datetime) -> Upserted:
    product = _find(row, known)
    offers = _check(row, product, known)
    if product is None:
        product = _new_product(row, known, now)
        session.add(product)
        outcome: Outcome = "added"
        changed = True
    else:
        outcome = "updated"
        changed = copy_words(product, row)
        if row.source and product.source is None:
            changed = assign(product, {"source": row.source}) or changed
    changed = _apply_variants(product, row, known) or changed
    changed = _apply_offers(product, offers, now) or changed
    missing = ""
    if "alternative" in row.given:
        alternative_id = known.slugs.get(row.alternative)
        if row.alternative and alternative_id is None:
            missing = row.alternative
        else:
            changed = assign(product, {"alternative_id": alternative_id}) or changed
    _claim(product, row, known)
    if outcome == "added":
        record(session, ProductChanged(product=product.key), now=now)
    elif changed:
        touch(session, product, now=now)
    else:
        outcome = "unchanged"
    return Upserted(product, outcome, missing)


def _find(row: ProductInput, known: _Known) -> Product | None:
    product = known.by_source.get(row.source) if row.source else None
    if product is not None:
        return product
    product = known.by_slug.get(row.slug) if row.slug else None
    if product is not None and row.source and product.source:
        raise Invalid({"slug": [f"“{row.slug}” belongs to a product from {product.source}."]})
    return product


def _check(row: ProductInput, product: Product | None, known: _Known) -> list[tuple[OfferInput, Merchant | None, str]]:
    """Everything that needs the database to say no; the offers with their merchants and final links."""
    problems: dict[str, list[str]] = {}
    key = product.key if product else ""
    for sku in dict.fromkeys(_skus(row)):
        if known.sku_owner.get(sku, key) != key:
            problems.setdefault("sku", []).append(f"The SKU “{sku}” belongs to another product.")
    if row.gtin and known.gtin_owner.get(row.gtin, key) != key:
        problems["gtin"] = [f"The GTIN {row.gtin} belongs to another product."]
    if row.alternative and row.alternative == (product.slug if product else row.slug):
        problems["alternative"] = ["A product cannot be its own alternative."]
    offers: list[tuple[OfferInput, Merchant | None, str]] = []
    for number, offer in enumerate(row.offers, start=1):
        if offer.kind == "own":
            offers.append((offer, None, ""))
            continue
        merchant = find_merchant(offer, known.merchants)
        if merchant is None:
            name = offer.merchant or link_host(offer.url)
            problems[f"offers.{number}.merchant"] = [f"There is no merchant “{name}”; add it first."]
            continue
        try:
            offers.append((offer, merchant, check_offer_url(offer.url, merchant.domain)))
        except Invalid as refused:
            problems[f"offers.{number}.url"] = refused.fields["url"]
    if problems:
        raise Invalid(problems)
    return offers


def find_merchant(offer: OfferInput, merchants: Mapping[str, Merchant]) -> Merchant | None:
    """The merchant an offer names by key, else the one whose domain its link is on."""
    if offer.merchant:
        return merchants.get(offer.merchant)
    host = link_host(offer.url)
    fitting = (one for one in merchants.values() if host == one.domain or host.endswith("." + one.domain))
    # The longest domain is the most exact: music.shop.example before shop.example.
    return max(fitting, key=lambda one: len(one.domain), default=None)


def _new_product(row: ProductInput, known: _Known, now: datetime) -> Product:
    slug = row.slug or next((slug for slug in _slug_wishes(row) if slug not in known.slugs), "")
    product = Product(
        key=new_key(),
        slug=slug or f"{slugify(row.title)}-{new_key(6)}",
        title=row.title,
        brand="",
        category="",
        gtin=None,
        mpn="",
        summary="",
        body="",
        lang=row.lang,
        attrs=[],
        translations={},
        discontinued=False,
        listed=True,
        source=row.source,
        created_at=now,
        updated_at=now,
        version=1,
        variants=[],
        offers=[],
    )
    copy_words(product, row)
    return product


def _slug_wishes(row: ProductInput) -> list[str]:
    """Slugs to try for a row that names none: its title, then its title with its own id."""
    if row.slug:
        return []
    base = slugify(row.title)
    return [base, f"{base[:70]}-{slugify(row.source.rpartition(':')[2])}"[:100]] if row.source else [base]


def _apply_variants(product: Product, row: ProductInput, known: _Known) -> bool:
    """Add and rename variants; opening stock is remembered for after the flush."""
    present = {variant.sku: variant for variant in product.variants}
    named = {variant.sku: variant for variant in row.variants}
    opening = {offer.sku: offer.quantity for offer in row.offers if offer.kind == "own" and offer.quantity is not None}
    changed = False
    for sku in dict.fromkeys(_skus(row)):
        words = named.get(sku)
        variant = present.get(sku)
        if variant is None:
            variant = new_variant(words or VariantInput(sku), position=len(product.variants))
            product.variants.append(variant)
            known.opening.append((variant, opening.get(sku, 0)))
            changed = True
        elif words is not None:
            values = {"name": words.name, "translations": names_as_translations(words.names)}
            changed = assign(variant, values) or changed
    return changed


def new_variant(words: VariantInput, *, position: int) -> Variant:
    """A variant that is not in the database yet."""
    return Variant(
        key=new_key(),
        sku=words.sku,
        name=words.name,
        translations=names_as_translations(words.names),
        position=position,
    )


def _apply_offers(product: Product, offers: Sequence[tuple[OfferInput, Merchant | None, str]], now: datetime) -> bool:
    variants = {variant.sku: variant for variant in product.variants}
    by_id = {variant.id: variant.sku for variant in product.variants if variant.id is not None}
    present: dict[tuple[object, ...], Offer] = {}
    for offer in product.offers:
        if offer.kind == "own":
            present["own", by_id.get(offer.variant_id or 0), offer.currency, offer.region] = offer
        else:
            present["affiliate", offer.merchant_id, offer.url, offer.region] = offer
    changed = False
    for wish, merchant, url in offers:
        if merchant is None:
            found = present.get(("own", wish.sku, wish.currency, wish.region))
            if found is None:
                product.offers.append(new_own_offer(wish, variants[wish.sku], now))
                changed = True
            else:
                changed = assign(found, {"price_minor": wish.price_minor}) or changed
            continue
        found = present.get(("affiliate", merchant.id, url, wish.region))
        if found is None:
            product.offers.append(new_affiliate_offer(wish, merchant, url, now))
            changed = True
        else:
            changed = update_sighting(found, wish, now) or changed
    return changed


def new_own_offer(wish: OfferInput, variant: Variant, now: datetime) -> Offer:
    """An own offer that is not in the database yet."""
    return Offer(
        key=new_key(),
        kind="own",
        variant=variant,
        url="",
        price_minor=wish.price_minor,
        currency=wish.currency,
        region=wish.region,
        availability="in_stock",
        health="alive",
        checked_at=now,
        active=True,
    )


def new_affiliate_offer(wish: OfferInput, merchant: Merchant, url: str, now: datetime) -> Offer:
    """An affiliate offer that is not in the database yet; seen now unless the description says when."""
    return Offer(
        key=new_key(),
        kind="affiliate",
        merchant=merchant,
        url=url,
        price_minor=wish.price_minor,
        currency=wish.currency,
        region=wish.region,
        availability=wish.availability,
        health="alive",
        checked_at=_seen_at(wish, now) or now,
        active=True,
    )


def update_sighting(offer: Offer, wish: OfferInput, now: datetime) -> bool:
    """Take over price and availability, unless they were seen before what we know; whether anything changed."""
    seen_at = _seen_at(wish, now)
    if seen_at is not None and offer.checked_at is not None and seen_at < offer.checked_at:
        return False
    facts = {"price_minor": wish.price_minor, "currency": wish.currency, "availability": wish.availability}
    changed = assign(offer, facts)
    if wish.checked_at is not None:
        return assign(offer, {"checked_at": seen_at}) or changed
    if changed:
        # "Three hours ago" moves with the clock; it only counts together with something that is new.
        offer.checked_at = seen_at or now
    return changed


def _seen_at(wish: OfferInput, now: datetime) -> datetime | None:
    """When the description's price was seen; never in the future."""
    if wish.checked_at is not None:
        return min(wish.checked_at, now)
    return now - wish.checked_ago if wish.checked_ago is not None else None


def _claim(product: Product, row: ProductInput, known: _Known) -> None:
    """From here on, later rows of the batch see this product."""
    known.by_slug[product.slug] = product
    # The id is only known after the flush; alternatives within the batch are linked then.
    known.slugs.setdefault(product.slug, product.id)
    if product.source:
        known.by_source[product.source] = product
    if product.gtin:
        known.gtin_owner[product.gtin] = product.key
    known.sku_owner.update(dict.fromkeys(_skus(row), product.key))


def _link_within_batch(session: AnySession, found: Sequence[Upserted | Invalid], now: datetime) -> None:
    ids = {one.product.slug: one.product.id for one in found if isinstance(one, Upserted)}
    for one in found:
        if isinstance(one, Upserted) and one.missing in ids:
            if assign(one.product, {"alternative_id": ids[one.missing]}) and one.outcome == "unchanged":
                one.outcome = "updated"
                touch(session, one.product, now=now)
            one.missing = ""
