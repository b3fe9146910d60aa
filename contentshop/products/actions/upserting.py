"""Add or update products from descriptions, many at a time: the way of imports and of the demo.

A product is recognised by its source, else by its slug; a variant by its SKU; an own offer by SKU, currency and
region; an affiliate offer by merchant, link and region. The same description twice changes nothing. Nothing is
ever deleted: what a description leaves out stays as it is, and an offer that an operator retired stays retired.

Each batch reads what it needs first, checks every row against that, and only then changes anything, so that a
wrong row leaves no trace. What two processes do at the same moment is decided by the unique constraints; then
the batch is repeated row by row.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import insert, or_, select, union_all
from sqlalchemy.exc import DataError, IntegrityError
from sqlalchemy.orm import selectinload

from contentshop.core.errors import Invalid
from contentshop.core.ids import new_key, slugify
from contentshop.core.outbox import record_all
from contentshop.core.uow import AnySession
from contentshop.products import stock
from contentshop.products.actions.changes import (
    assign,
    names_as_translations,
    said_of_variant,
    said_words,
    touch,
    unlocked,
)
from contentshop.products.actions.prices import keep_new_prices, keep_prices
from contentshop.products.actions.tree import in_tree, plant, with_read_attrs
from contentshop.products.events import ProductChanged
from contentshop.products.inputs import (
    ACTIVE,
    OfferInput,
    ProductInput,
    Rules,
    VariantInput,
    check_offer_url,
    link_host,
)
from contentshop.products.models import Category, Merchant, Offer, Product, StockLocation, Variant
from contentshop.products.queries.tree import read_rules

Outcome = Literal["added", "updated", "unchanged"]
ACTOR = "import"


@dataclass(slots=True)
class Upserted:
    """What became of one description. ``missing`` is the slug of an alternative that does not exist (yet)."""

    key: str
    slug: str
    outcome: Outcome
    missing: str = ""
    id: int = 0


_Wish = tuple[OfferInput, Merchant | None, str]
"""An offer, its merchant (None for our own) and its final link."""


_Opening = tuple[int, str]
"""Units of a new variant, and the key of the place where they are (home when empty)."""
_NOTHING: _Opening = (0, "")


@dataclass(slots=True)
class _Draft:
    """A new product on its way into the database, as columns. ``opening`` maps a SKU to its opening stock and where
    that is."""

    product: dict[str, Any]
    variants: list[dict[str, Any]]
    offers: list[_Wish]
    opening: dict[str, _Opening]


@dataclass(slots=True)
class _Known:
    """What the database holds of a batch's names, kept up to date while rows are applied."""

    by_source: dict[str, Product] = field(default_factory=dict)
    by_slug: dict[str, Product] = field(default_factory=dict)
    ids: dict[str, int] = field(default_factory=dict)
    sku_owner: dict[str, str] = field(default_factory=dict)
    gtin_owner: dict[str, str] = field(default_factory=dict)
    merchants: dict[str, Merchant] = field(default_factory=dict)
    categories: dict[str, Category] = field(default_factory=dict)
    rules: Rules = field(default_factory=Rules)
    wishes: list[list[str]] = field(default_factory=list)
    drafted: set[str] = field(default_factory=set)
    drafts: list[_Draft] = field(default_factory=list)
    opening: list[tuple[Variant, _Opening]] = field(default_factory=list)
    places: set[str] = field(default_factory=set)


def upsert_product(session: AnySession, row: ProductInput, *, now: datetime) -> Product:
    """Add or update one product. Raises Invalid.

    An alternative that does not exist yet is left out; describing the product again later adds it.
    """
    (found,) = upsert_products(session, [row], now=now)
    if isinstance(found, Invalid):
        raise found
    return session.scalars(select(Product).where(Product.key == found.key)).one()


def upsert_products(session: AnySession, rows: Sequence[ProductInput], *, now: datetime) -> list[Upserted | Invalid]:
    """Add or update products; for each row what became of it, or why it was refused."""
    if not rows:
        return []
    try:
        with session.begin_nested():
            return _upsert_together(session, rows, now)
    except (IntegrityError, DataError):
        if len(rows) > 1:
            return [found for row in rows for found in upsert_products(session, [row], now=now)]
        return [Invalid({"": ["The database refused this row: it clashes with another product."]})]


def _upsert_together(session: AnySession, rows: Sequence[ProductInput], now: datetime) -> list[Upserted | Invalid]:
    known = _read_known(session, rows)
    known.categories = plant(session, rows, now=now)
    if any(row.attrs for row in rows):
        known.rules = read_rules(session)
    found: list[Upserted | Invalid] = []
    for row, slugs in zip(rows, known.wishes, strict=True):
        try:
            found.append(_upsert(session, row, slugs, known, now))
        except Invalid as refused:
            found.append(refused)
    keep_prices(session, now=now, actor=ACTOR)
    _write_drafts(session, known, now)
    _open_stock(session, {variant.id: opening for variant, opening in known.opening}, now)
    done = [one for one in found if isinstance(one, Upserted)]
    for one in done:
        one.id = one.id or known.ids[one.slug]
    _link_within_batch(session, done, now)
    session.flush()
    return found


def _read_known(session: AnySession, rows: Sequence[ProductInput]) -> _Known:
    known = _Known(wishes=[_slug_wishes(row) for row in rows])
    sources = {row.source for row in rows if row.source}
    slugs = {row.slug for row in rows if row.slug}
    query = (
        select(Product)
        .where(or_(Product.source.in_(sources), Product.slug.in_(slugs)))
        .options(selectinload(Product.variants), selectinload(Product.offers).joinedload(Offer.merchant))
        .order_by(Product.id)
        .with_for_update(of=Product)
        .execution_options(populate_existing=True)
    )
    for product in session.scalars(query):
        known.by_slug[product.slug] = product
        if product.source:
            known.by_source[product.source] = product
    wanted = slugs.union(*known.wishes, {row.alternative for row in rows})
    ids = session.execute(select(Product.slug, Product.id).where(Product.slug.in_(wanted)))
    known.ids = dict(ids.all())
    skus = session.execute(
        select(Variant.sku, Product.key)
        .join(Product, Product.id == Variant.product_id)
        .where(Variant.sku.in_({sku for row in rows for sku in _skus(row)}))
    )
    known.sku_owner = dict(skus.all())
    gtins = {gtin for row in rows for gtin in _gtins(row)}
    if gtins:
        owners = union_all(
            select(Product.gtin, Product.key).where(Product.gtin.in_(gtins)),
            select(Variant.gtin, Product.key).join(Product).where(Variant.gtin.in_(gtins)),
        )
        known.gtin_owner = {row.gtin: row.key for row in session.execute(owners)}
    if any(offer.location for row in rows for offer in row.offers):
        known.places = set(session.scalars(select(StockLocation.key).where(StockLocation.active)))
    if any(offer.kind == "affiliate" for row in rows for offer in row.offers):
        known.merchants = {merchant.key: merchant for merchant in session.scalars(select(Merchant))}
    return known


def _skus(row: ProductInput) -> dict[str, None]:
    """Every SKU of a row once, in its order."""
    own = [offer.sku for offer in row.offers if offer.kind == "own"]
    return dict.fromkeys([variant.sku for variant in row.variants] + own)


def _gtins(row: ProductInput) -> list[str]:
    """Every GTIN of a row, its variants' too; one may be both the product's and its only variant's."""
    return [gtin for gtin in (row.gtin, *(variant.gtin for variant in row.variants)) if gtin]


def _slug_wishes(row: ProductInput) -> list[str]:
    """Slugs to try: the row's own; else its title, then its title with its own id."""
    if row.slug:
        return [row.slug]
    base = slugify(row.title)
    if not row.source:
        return [base]
    return [base, f"{base[:70]}-{slugify(row.source.rpartition(':')[2])}"[:100].rstrip("-")]


def _upsert(session: AnySession, row: ProductInput, slugs: Sequence[str], known: _Known, now: datetime) -> Upserted:
    product = _find(row, known)
    row, offers = _check(row, product, known)
    missing = row.alternative if row.alternative not in known.ids else ""
    if product is None:
        draft = _draft(row, slugs, offers, known, now)
        known.drafts.append(draft)
        found = Upserted(draft.product["key"], draft.product["slug"], "added", missing)
    else:
        changed = _change(product, row, offers, missing, known, now)
        if changed:
            touch(session, product, now=now)
        found = Upserted(product.key, product.slug, "updated" if changed else "unchanged", missing, product.id)
    known.gtin_owner.update(dict.fromkeys(_gtins(row), found.key))
    known.sku_owner.update(dict.fromkeys(_skus(row), found.key))
    return found


def _find(row: ProductInput, known: _Known) -> Product | None:
    """The product this row describes, if it exists. Raises Invalid when the slug is another source's."""
    if known.drafted & {row.source, row.slug} - {None, ""}:
        raise Invalid({"slug": ["This product has been described just before."]})
    product = known.by_source.get(row.source) if row.source else None
    if product is not None:
        return product
    product = known.by_slug.get(row.slug) if row.slug else None
    if product is not None and row.source and product.source:
        raise Invalid({"slug": [f"“{row.slug}” belongs to a product from {product.source}."]})
    return product


def _check(row: ProductInput, product: Product | None, known: _Known) -> tuple[ProductInput, list[_Wish]]:
    """The row with its properties as its category keeps them, and its offers with merchants and final links.

    Raises Invalid with all that the database says no to.
    """
    problems: dict[str, list[str]] = {}
    key = product.key if product else ""
    for sku in _skus(row):
        if known.sku_owner.get(sku, key) != key:
            problems.setdefault("sku", []).append(f"The SKU “{sku}” belongs to another product.")
    for gtin in _gtins(row):
        if known.gtin_owner.get(gtin, key) != key:
            problems.setdefault("gtin", []).append(f"The GTIN {gtin} belongs to another product.")
    if row.alternative and row.alternative == (product.slug if product else row.slug):
        problems["alternative"] = ["A product cannot be its own alternative."]
    offers: list[_Wish] = []
    for number, offer in enumerate(row.offers, start=1):
        if offer.kind == "own":
            if offer.location and offer.location not in known.places:
                problems[f"offers.{number}.location"] = [
                    f"There is no open place “{offer.location}” to put the stock; use the key of one."
                ]
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
    try:
        row = with_read_attrs(row, product, known.categories.get(row.category), known.rules)
    except Invalid as refused:
        problems |= refused.fields
    if problems:
        raise Invalid(problems)
    return row, offers


def find_merchant(offer: OfferInput, merchants: Mapping[str, Merchant]) -> Merchant | None:
    """The merchant an offer names by key, else the one whose domain its link is on."""
    if offer.merchant:
        return merchants.get(offer.merchant)
    host = link_host(offer.url)
    fitting = (one for one in merchants.values() if host == one.domain or host.endswith("." + one.domain))
    # The longest domain is the most exact: music.shop.example before shop.example.
    return max(fitting, key=lambda one: len(one.domain), default=None)


# --- products that are new ---


def _draft(row: ProductInput, slugs: Sequence[str], offers: list[_Wish], known: _Known, now: datetime) -> _Draft:
    taken = known.ids.keys() | known.drafted
    slug = next((slug for slug in slugs if slug not in taken), "") or f"{slugs[0][:80]}-{new_key(6)}"
    product = {
        "key": new_key(),
        "slug": slug,
        "brand": "",
        "category": "",
        "gtin": None,
        "mpn": "",
        "summary": "",
        "body": "",
        "lang": row.lang,
        "attrs": [],
        "options": [],
        "category_id": None,
        "translations": {},
        "alternative_id": known.ids.get(row.alternative),
        "discontinued": False,
        "status": ACTIVE,
        "source": row.source,
        "created_at": now,
        "updated_at": now,
        "version": 1,
    } | in_tree(said_words(row), row, known.categories)
    known.drafted |= {slug, row.source or slug}
    named = {variant.sku: variant for variant in row.variants}
    variants = [
        variant_columns(named.get(sku) or VariantInput(sku), position) for position, sku in enumerate(_skus(row))
    ]
    return _Draft(product, variants, offers, _opening(row))


def _opening(row: ProductInput) -> dict[str, _Opening]:
    return {
        offer.sku: (offer.quantity, offer.location) for offer in row.offers if offer.kind == "own" and offer.quantity
    }


def _open_stock(session: AnySession, opening: Mapping[int, _Opening], now: datetime) -> None:
    """Begin the books of new variants, by their ids, each at its place."""
    for place in sorted({place for _quantity, place in opening.values()}):
        here = {variant: quantity for variant, (quantity, where) in opening.items() if where == place}
        stock.open_stock(session, here, location=place, now=now, actor=ACTOR)


def _write_drafts(session: AnySession, known: _Known, now: datetime) -> None:
    """Insert new products with their variants, stock and offers: a statement for each table, not for each row."""
    if not known.drafts:
        return
    added = session.execute(
        insert(Product).returning(Product.id, Product.key), [draft.product for draft in known.drafts]
    )
    product_ids = {row.key: row.id for row in added}
    record_all(session, [ProductChanged(product=draft.product["key"]) for draft in known.drafts], now=now)
    variants: list[dict[str, Any]] = []
    for draft in known.drafts:
        product_id = product_ids[draft.product["key"]]
        known.ids[draft.product["slug"]] = product_id
        variants.extend(columns | {"product_id": product_id} for columns in draft.variants)
    variant_ids: dict[str, int] = {}
    if variants:
        rows = session.execute(insert(Variant).returning(Variant.id, Variant.sku), variants)
        variant_ids = {row.sku: row.id for row in rows}
    opening = {
        variant_ids[columns["sku"]]: draft.opening.get(columns["sku"], _NOTHING)
        for draft in known.drafts
        for columns in draft.variants
    }
    _open_stock(session, opening, now)
    offers = [
        _offer_columns(wish, now)
        | {
            "product_id": product_ids[draft.product["key"]],
            "merchant_id": wish[1].id if wish[1] else None,
            "variant_id": None if wish[1] else variant_ids[wish[0].sku],
        }
        for draft in known.drafts
        for wish in draft.offers
    ]
    if offers:
        rows = session.execute(insert(Offer).returning(Offer.id, Offer.price_minor, Offer.currency), offers)
        priced = [(row.id, row.price_minor, row.currency) for row in rows if row.price_minor is not None]
        keep_new_prices(session, priced, now=now, actor=ACTOR)


def variant_columns(words: VariantInput, position: int) -> dict[str, Any]:
    """The columns of a variant that is not in the database yet."""
    return {
        "key": new_key(),
        "sku": words.sku,
        "name": words.name,
        "translations": names_as_translations(words.names),
        "position": position,
        "gtin": words.gtin,
        "options": list(words.options),
        "weight_g": words.weight_g,
        "tax_class": words.tax_class,
        "purchase_limit": words.purchase_limit,
        "releases_at": words.releases_at,
        "digital": words.digital,
        "returnable": words.returnable,
    }


def own_columns(wish: OfferInput, now: datetime) -> dict[str, Any]:
    """The columns of an own offer that is not in the database yet."""
    return {
        "key": new_key(),
        "kind": "own",
        "url": "",
        "price_minor": wish.price_minor,
        "currency": wish.currency,
        "region": wish.region,
        "availability": "in_stock",
        "health": "alive",
        "checked_at": now,
        "active": True,
    }


def affiliate_columns(wish: OfferInput, url: str, now: datetime) -> dict[str, Any]:
    """The columns of an affiliate offer that is not in the database yet; seen now unless it says when."""
    return own_columns(wish, now) | {
        "kind": "affiliate",
        "url": url,
        "availability": wish.availability,
        "checked_at": _seen_at(wish, now) or now,
    }


def _offer_columns(wish: _Wish, now: datetime) -> dict[str, Any]:
    offer, merchant, url = wish
    return affiliate_columns(offer, url, now) if merchant else own_columns(offer, now)


# --- products that exist ---


def _change(
    product: Product, row: ProductInput, offers: Sequence[_Wish], missing: str, known: _Known, now: datetime
) -> bool:
    """Give the product what the row says; whether anything changed."""
    said = in_tree(said_words(row), row, known.categories)
    values = {name: value for name, value in said.items() if name not in product.locks}
    if row.source and product.source is None:
        values["source"] = row.source
    if "alternative" in row.given and not missing:
        values["alternative_id"] = known.ids.get(row.alternative)
    changed = assign(product, values)
    changed = _change_variants(product, row, known) or changed
    return _change_offers(product, offers, now) or changed


def _change_variants(product: Product, row: ProductInput, known: _Known) -> bool:
    """Add and rename variants; opening stock is remembered for after the flush."""
    present = {variant.sku: variant for variant in product.variants}
    named = {variant.sku: variant for variant in row.variants}
    changed = False
    for sku in _skus(row):
        words = named.get(sku)
        variant = present.get(sku)
        if variant is None:
            variant = Variant(**variant_columns(words or VariantInput(sku), len(product.variants)))
            product.variants.append(variant)
            known.opening.append((variant, _opening(row).get(sku, _NOTHING)))
            changed = True
        elif words is not None:
            values = {"name": words.name, "translations": names_as_translations(words.names)}
            changed = assign(variant, values | said_of_variant(words)) or changed
    return changed


def _change_offers(product: Product, offers: Sequence[_Wish], now: datetime) -> bool:
    variants = {variant.sku: variant for variant in product.variants}
    sku_of = {variant.id: variant.sku for variant in product.variants if variant.id is not None}
    present: dict[tuple[object, ...], Offer] = {}
    for offer in product.offers:
        if offer.kind == "own":
            present["own", sku_of.get(offer.variant_id or 0), offer.currency, offer.region] = offer
        else:
            present["affiliate", offer.merchant_id, offer.url, offer.region] = offer
    changed = False
    for wish, merchant, url in offers:
        if merchant is None:
            found = present.get(("own", wish.sku, wish.currency, wish.region))
            if found is None:
                product.offers.append(Offer(variant=variants[wish.sku], **own_columns(wish, now)))
                changed = True
            else:
                changed = assign(found, {"price_minor": wish.price_minor}) or changed
            continue
        found = present.get(("affiliate", merchant.id, url, wish.region))
        if found is None:
            product.offers.append(Offer(merchant=merchant, **affiliate_columns(wish, url, now)))
            changed = True
        else:
            changed = _update_sighting(found, wish, now) or changed
    return changed


def _update_sighting(offer: Offer, wish: OfferInput, now: datetime) -> bool:
    """Take over price and availability, unless they were seen before what we know; whether anything changed."""
    seen_at = _seen_at(wish, now)
    if seen_at is not None and offer.checked_at is not None and seen_at < offer.checked_at:
        return False
    facts = unlocked(
        offer,
        {"price_minor": wish.price_minor, "currency": wish.currency, "availability": wish.availability},
    )
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


def _link_within_batch(session: AnySession, done: Sequence[Upserted], now: datetime) -> None:
    """Alternatives that are new in this very batch."""
    ids = {one.slug: one.id for one in done}
    for one in done:
        if one.missing not in ids:
            continue
        product = session.get_one(Product, one.id)
        if assign(product, {"alternative_id": ids[one.missing]}) and one.outcome == "unchanged":
            one.outcome = "updated"
            touch(session, product, now=now)
        one.missing = ""
