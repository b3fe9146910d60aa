"""What operators change by hand, one thing at a time."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select

from contentshop.core.errors import Conflict, Invalid, NotFound
from contentshop.core.ids import new_key, slugify
from contentshop.core.outbox import record
from contentshop.core.uow import AnySession
from contentshop.core.words import say
from contentshop.media.models import Asset
from contentshop.products import stock
from contentshop.products.actions.changes import (
    assign,
    lock_product,
    names_as_translations,
    said_of_variant,
    said_words,
    touch,
)
from contentshop.products.actions.prices import keep_prices
from contentshop.products.actions.tree import in_tree, plant, with_read_attrs
from contentshop.products.actions.upserting import (
    affiliate_columns,
    own_columns,
    variant_columns,
)
from contentshop.products.events import ProductChanged
from contentshop.products.inputs import STATUSES, OfferInput, ProductInput, VariantInput, check_offer_url
from contentshop.products.models import Category, Merchant, Offer, Product, ProductPicture, Variant
from contentshop.products.queries.tree import read_rules

MAX_PICTURES = 12


def save_product(
    session: AnySession,
    form: ProductInput,
    *,
    key: str | None = None,
    version: int | None = None,
    now: datetime,
) -> Product:
    """Add a product (no ``key``) or change the words of one.

    Variants, offers and pictures have their own actions. The slug is chosen once, since addresses and cards hold
    it. Raises Invalid, NotFound, and Conflict when ``version`` is not the present one.
    """
    product = lock_product(session, key) if key else None
    if product is not None and version is not None and product.version != version:
        raise Conflict(say("Somebody else changed this product in the meantime. Your changes were not saved."))
    categories = plant(session, [form], now=now)
    form, alternative_id = _check(session, form, product, categories.get(form.category))
    words = in_tree(said_words(form), form, categories)
    if product is None:
        product = Product(
            key=new_key(),
            slug=form.slug or free_slug(session, form.title),
            alternative_id=alternative_id,
            created_at=now,
            updated_at=now,
            **words,
        )
        session.add(product)
        session.flush()
        record(session, ProductChanged(product=product.key), now=now)
        return product
    changed = assign(product, words)
    if "alternative" in form.given:
        changed = assign(product, {"alternative_id": alternative_id}) or changed
    if changed:
        touch(session, product, now=now)
    session.flush()
    return product


def save_variant(
    session: AnySession,
    product_key: str,
    form: VariantInput,
    *,
    variant_key: str | None = None,
    quantity: int = 0,
    location: str = "",
    now: datetime,
    actor: str,
) -> Variant:
    """Add a variant with its opening stock at a place (its key; home when empty), or rename one.

    Raises Invalid when the SKU is taken, NotFound, Conflict when the place is closed.
    """
    product = lock_product(session, product_key)
    holder = session.scalar(select(Variant.key).where(Variant.sku == form.sku))
    if holder is not None and holder != variant_key:
        raise Invalid({"sku": [say("The SKU “%(sku)s” is taken.", sku=form.sku)]})
    _check_variant_gtin(session, product, form, variant_key)
    if variant_key is None:
        last = session.scalar(select(func.max(Variant.position)).where(Variant.product_id == product.id))
        position = 0 if last is None else last + 1
        variant = Variant(product_id=product.id, **variant_columns(form, position))
        session.add(variant)
        session.flush()
        stock.open_stock(session, {variant.id: quantity}, location=location, now=now, actor=actor)
        touch(session, product, now=now)
        session.flush()
        return variant
    found = session.scalar(select(Variant).where(Variant.key == variant_key, Variant.product_id == product.id))
    if found is None:
        raise NotFound(say("There is no such variant."))
    values = {"sku": form.sku, "name": form.name, "translations": names_as_translations(form.names)}
    if assign(found, values | said_of_variant(form)):
        touch(session, product, now=now)
    session.flush()
    return found


def _check_variant_gtin(session: AnySession, product: Product, form: VariantInput, variant_key: str | None) -> None:
    """A GTIN names one thing; a product and its only variant may share theirs. Raises Invalid."""
    if not form.gtin:
        return
    variant = session.scalar(select(Variant.key).where(Variant.gtin == form.gtin))
    other = session.scalar(select(Product.title).where(Product.gtin == form.gtin, Product.id != product.id))
    if (variant is not None and variant != variant_key) or other is not None:
        raise Invalid({"gtin": [say("This GTIN belongs to “%(title)s”.", title=other or product.title)]})


def save_offer(
    session: AnySession,
    product_key: str,
    form: OfferInput,
    *,
    offer_key: str | None = None,
    now: datetime,
    actor: str = "",
) -> Offer:
    """Add an offer, or change price, place and link of one. What a person types was seen just now.

    Raises Invalid (``sku``, ``merchant``, ``url``, ``currency``), NotFound.
    """
    product = lock_product(session, product_key)
    offer = _own(session, product, form, offer_key, now) if form.kind == "own" else None
    if offer is None:
        offer = _affiliate(session, product, form, offer_key, now)
    keep_prices(session, now=now, actor=actor)
    touch(session, product, now=now)
    session.flush()
    return offer


def retire_offer(session: AnySession, product_key: str, offer_key: str, *, now: datetime) -> None:
    """Take an offer out of every card; it stays on record for the orders and clicks that name it."""
    _set_offer_active(session, product_key, offer_key, False, now)


def restore_offer(session: AnySession, product_key: str, offer_key: str, *, now: datetime) -> None:
    """Bring a retired offer back."""
    _set_offer_active(session, product_key, offer_key, True, now)


def set_status(session: AnySession, product_key: str, status: str, *, now: datetime) -> None:
    """Put a product on sale and into search, take it off (cards of it then say that it is gone), or make it a draft
    that nobody but the desk knows. Raises Invalid, NotFound."""
    if status not in STATUSES:
        raise Invalid({"status": [say("Write draft, active or archived.")]})
    product = lock_product(session, product_key)
    if assign(product, {"status": status}):
        touch(session, product, now=now)


def set_discontinued(session: AnySession, product_key: str, discontinued: bool, *, now: datetime) -> None:
    """Say that a product is no longer made. What is left in stock still sells."""
    product = lock_product(session, product_key)
    if assign(product, {"discontinued": discontinued}):
        touch(session, product, now=now)


def set_picture(session: AnySession, product: Product, asset: Asset, *, alt: str = "", now: datetime) -> None:
    """Make ``asset`` the picture that cards show; the ones before follow it. The same again changes nothing."""
    pictures = list(
        session.scalars(
            select(ProductPicture).where(ProductPicture.product_id == product.id).order_by(ProductPicture.position)
        )
    )
    if pictures and pictures[0].asset_id == asset.id:
        if assign(pictures[0], {"alt": alt}):
            touch(session, product, now=now)
        return
    order = [(asset.id, alt)] + [(one.asset_id, one.alt) for one in pictures if one.asset_id != asset.id]
    _write_pictures(session, product, pictures, order[:MAX_PICTURES])
    touch(session, product, now=now)


def remove_picture(session: AnySession, product_key: str, asset_key: str, *, now: datetime) -> None:
    """Take a picture off a product; the next one takes its place. Raises NotFound."""
    product = lock_product(session, product_key)
    pictures = list(
        session.scalars(
            select(ProductPicture).where(ProductPicture.product_id == product.id).order_by(ProductPicture.position)
        )
    )
    asset_id = session.scalar(select(Asset.id).where(Asset.key == asset_key))
    if all(one.asset_id != asset_id for one in pictures):
        raise NotFound(say("This product has no such picture."))
    order = [(one.asset_id, one.alt) for one in pictures if one.asset_id != asset_id]
    _write_pictures(session, product, pictures, order)
    touch(session, product, now=now)


def _write_pictures(
    session: AnySession, product: Product, before: list[ProductPicture], order: list[tuple[int, str]]
) -> None:
    for picture in before[len(order) :]:
        session.delete(picture)
    for position, (asset_id, alt) in enumerate(order):
        if position < len(before):
            assign(before[position], {"asset_id": asset_id, "alt": alt})
        else:
            session.add(ProductPicture(product_id=product.id, position=position, asset_id=asset_id, alt=alt))
    session.flush()
    session.expire(product, ["pictures"])


def _check(
    session: AnySession, form: ProductInput, product: Product | None, category: Category | None
) -> tuple[ProductInput, int | None]:
    """The form with its properties as the category keeps them, and the id of the alternative.

    Raises Invalid with everything that clashes with other products or with what the category asks.
    """
    problems: dict[str, list[str]] = {}
    own_id = product.id if product else None
    if form.slug and product is None and session.scalar(select(Product.id).where(Product.slug == form.slug)):
        problems["slug"] = [say("“%(slug)s” is taken; choose another.", slug=form.slug)]
    if form.gtin:
        holder = session.execute(select(Product.id, Product.title).where(Product.gtin == form.gtin)).one_or_none()
        if holder is not None and holder.id != own_id:
            problems["gtin"] = [say("This GTIN belongs to “%(title)s”.", title=holder.title)]
    alternative_id = None
    if form.alternative:
        alternative_id = session.scalar(select(Product.id).where(Product.slug == form.alternative))
        if alternative_id is None:
            problems["alternative"] = [say("There is no product “%(slug)s”.", slug=form.alternative)]
        elif alternative_id == own_id:
            problems["alternative"] = [say("A product cannot be its own alternative.")]
    try:
        form = with_read_attrs(form, product, category, read_rules(session))
    except Invalid as refusal:
        problems |= refusal.fields
    if problems:
        raise Invalid(problems)
    return form, alternative_id


def free_slug(session: AnySession, title: str) -> str:
    """A slug for ``title`` that no product has yet."""
    base = slugify(title)
    taken = set(session.scalars(select(Product.slug).where(Product.slug.startswith(base, autoescape=True))))
    if base not in taken:
        return base
    number = next(number for number in range(2, len(taken) + 3) if f"{base}-{number}" not in taken)
    return f"{base}-{number}"


def _find_offer(session: AnySession, product: Product, offer_key: str) -> Offer:
    offer = session.scalar(select(Offer).where(Offer.key == offer_key, Offer.product_id == product.id))
    if offer is None:
        raise NotFound(say("There is no such offer."))
    return offer


def _own(session: AnySession, product: Product, form: OfferInput, offer_key: str | None, now: datetime) -> Offer:
    variant = session.scalar(select(Variant).where(Variant.sku == form.sku, Variant.product_id == product.id))
    if variant is None:
        raise Invalid({"sku": [say("This product has no variant with the SKU “%(sku)s”.", sku=form.sku)]})
    twin = session.scalar(
        select(Offer.key).where(
            Offer.kind == "own",
            Offer.variant_id == variant.id,
            Offer.currency == form.currency,
            Offer.region == form.region,
        )
    )
    if twin is not None and twin != offer_key:
        raise Invalid(
            {
                "currency": [
                    say(
                        "%(sku)s has a price in %(currency)s for this region already.",
                        sku=form.sku,
                        currency=form.currency,
                    )
                ]
            }
        )
    if offer_key is None:
        offer = Offer(product_id=product.id, variant_id=variant.id, **own_columns(form, now))
        session.add(offer)
        return offer
    offer = _find_offer(session, product, offer_key)
    _same_kind(offer, form)
    values = {
        "variant_id": variant.id,
        "price_minor": form.price_minor,
        "currency": form.currency,
        "region": form.region,
    }
    assign(offer, values)
    return offer


def _affiliate(session: AnySession, product: Product, form: OfferInput, offer_key: str | None, now: datetime) -> Offer:
    merchant = session.scalar(select(Merchant).where(Merchant.key == form.merchant))
    if merchant is None:
        raise Invalid({"merchant": [say("Choose a merchant.")]})
    url = check_offer_url(form.url, merchant.domain)
    if offer_key is None:
        columns = affiliate_columns(form, url, now)
        offer = Offer(product_id=product.id, merchant_id=merchant.id, **columns)
        session.add(offer)
        return offer
    offer = _find_offer(session, product, offer_key)
    _same_kind(offer, form)
    values = {
        "merchant": merchant,
        "url": url,
        "price_minor": form.price_minor,
        "currency": form.currency,
        "region": form.region,
        "availability": form.availability,
        "checked_at": now,
    }
    if offer.url != url:
        # A new link has not been found dead yet.
        offer.health = "alive"
    assign(offer, values)
    return offer


def _same_kind(offer: Offer, form: OfferInput) -> None:
    if offer.kind != form.kind:
        raise Invalid({"kind": [say("An offer cannot change between ours and a merchant's; add a new one.")]})


def _set_offer_active(session: AnySession, product_key: str, offer_key: str, active: bool, now: datetime) -> None:
    product = lock_product(session, product_key)
    if assign(_find_offer(session, product, offer_key), {"active": active}):
        touch(session, product, now=now)
    session.flush()
