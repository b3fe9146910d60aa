"""Options of a product, and the variants that come of them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from contentshop.core.errors import Invalid, NotFound
from contentshop.core.ids import new_key
from contentshop.core.uow import AnySession
from contentshop.core.words import say
from contentshop.media.models import Asset
from contentshop.products import stock
from contentshop.products.actions.changes import lock_product, touch
from contentshop.products.actions.prices import keep_prices
from contentshop.products.inputs import OptionInput, combinations
from contentshop.products.models import Offer, Product, Variant, VariantPicture

NAME_MARK = " / "
MOST_PICTURES = 8


@dataclass(frozen=True, slots=True)
class Generated:
    """What came of options: SKUs that are new, and those of variants that fit none of them any more."""

    added: tuple[str, ...]
    left_over: tuple[str, ...]


def set_options(
    session: AnySession, product_key: str, options: Sequence[OptionInput], *, now: datetime, actor: str
) -> Generated:
    """Choose what variants differ in, and make those that are missing, with the prices of the first variant.

    Nothing is taken away: variants that fit no combination stay and are named. A sole variant without options becomes
    the first combination. Raises NotFound, Invalid.
    """
    product = lock_product(session, product_key)
    wanted = combinations(options)
    session.refresh(product, ["variants", "offers"])
    present = list(product.variants)
    if wanted and len(present) == 1 and not present[0].options:
        present[0].options = list(wanted[0])
        _name(present[0], wanted[0], options)
    by_values = {tuple(one.options): one for one in present if one.options}
    for values, variant in by_values.items():
        if values in wanted:
            _name(variant, values, options)
    prices = _prices_of_first(product.offers, present)
    taken = set(
        session.scalars(select(Variant.sku).where(Variant.sku.startswith(_base(product.slug), autoescape=True)))
    )
    added: list[Variant] = []
    for values in wanted:
        if values in by_values:
            continue
        variant = Variant(
            key=new_key(),
            product_id=product.id,
            sku=_free_sku(product.slug, values, taken),
            position=len(present) + len(added),
            options=list(values),
        )
        _name(variant, values, options)
        added.append(variant)
        session.add(variant)
    session.flush()
    stock.open_stock(session, {variant.id: 0 for variant in added}, now=now, actor=actor)
    for variant in added:
        for offer in prices:
            session.add(_same_price(offer, variant, now))
    keep_prices(session, now=now, actor=actor)
    product.options = [option.column() for option in options]
    touch(session, product, now=now)
    session.flush()
    left = [one.sku for one in present if tuple(one.options) not in wanted and wanted]
    return Generated(tuple(one.sku for one in added), tuple(left))


def set_variant_picture(
    session: AnySession, product_key: str, variant_key: str, asset: Asset, *, alt: str = "", now: datetime
) -> None:
    """Make ``asset`` the picture that stands for a variant; the ones before follow it. Raises NotFound."""
    product, variant = _lock_variant(session, product_key, variant_key)
    pictures = _pictures(session, variant)
    before = [(one.asset_id, one.alt) for one in pictures if one.asset_id != asset.id]
    _write_pictures(session, variant, pictures, [(asset.id, alt), *before][:MOST_PICTURES])
    touch(session, product, now=now)
    session.flush()


def choose_variant_picture(
    session: AnySession, product_key: str, variant_key: str, asset_key: str, *, now: datetime
) -> None:
    """Let one of the pictures of the product, or that the variant had before, stand for it; empty: none of its own.

    Raises NotFound.
    """
    product, variant = _lock_variant(session, product_key, variant_key)
    pictures = _pictures(session, variant)
    if not asset_key:
        _write_pictures(session, variant, pictures, [])
    else:
        words = {one.asset_id: one.alt for one in product.pictures} | {one.asset_id: one.alt for one in pictures}
        asset_id = session.scalar(select(Asset.id).where(Asset.key == asset_key))
        if asset_id is None or asset_id not in words:
            raise NotFound(say("This product has no such picture."))
        before = [(one.asset_id, one.alt) for one in pictures if one.asset_id != asset_id]
        _write_pictures(session, variant, pictures, [(asset_id, words[asset_id]), *before][:MOST_PICTURES])
    touch(session, product, now=now)
    session.flush()


def _lock_variant(session: AnySession, product_key: str, variant_key: str) -> tuple[Product, Variant]:
    product = lock_product(session, product_key)
    variant = session.scalar(select(Variant).where(Variant.key == variant_key, Variant.product_id == product.id))
    if variant is None:
        raise NotFound(say("There is no such variant."))
    return product, variant


def _pictures(session: AnySession, variant: Variant) -> list[VariantPicture]:
    mine = VariantPicture.variant_id == variant.id
    return list(session.scalars(select(VariantPicture).where(mine).order_by(VariantPicture.position)))


def _write_pictures(
    session: AnySession, variant: Variant, before: Sequence[VariantPicture], order: Sequence[tuple[int, str]]
) -> None:
    for picture in before:
        session.delete(picture)
    session.flush()
    for position, (asset_id, alt) in enumerate(order):
        session.add(VariantPicture(variant_id=variant.id, position=position, asset_id=asset_id, alt=alt))


def _name(variant: Variant, values: tuple[str, ...], options: Sequence[OptionInput]) -> None:
    """The name of a variant in every language that all its values have a word in."""
    variant.name = NAME_MARK.join(values)
    languages = {language for option in options for names in option.value_names.values() for language in names}
    variant.translations = {
        language: {
            "name": NAME_MARK.join(
                option.value_names.get(value, {}).get(language, value)
                for option, value in zip(options, values, strict=True)
            )
        }
        for language in sorted(languages)
    }


def _base(slug: str) -> str:
    return slug.upper()[:40].rstrip("-")


def _free_sku(slug: str, values: Sequence[str], taken: set[str]) -> str:
    """A SKU of the product's short name and the values, like ``LAMP-RED-M``."""
    parts = [re.sub(r"[^A-Z0-9]+", "", value.upper())[:10] for value in values]
    base = "-".join([_base(slug), *(part for part in parts if part)])[:72]
    sku, number = base, 2
    while sku in taken:
        sku, number = f"{base}-{number}", number + 1
    taken.add(sku)
    return sku


def _prices_of_first(offers: Sequence[Offer], variants: Sequence[Variant]) -> list[Offer]:
    first = min((one.position, one.id) for one in variants)[1] if variants else 0
    return [offer for offer in offers if offer.kind == "own" and offer.active and offer.variant_id == first]


def _same_price(offer: Offer, variant: Variant, now: datetime) -> Offer:
    if offer.price_minor is None:
        raise Invalid({"": [say("What we sell needs a price above zero.")]})
    return Offer(
        key=new_key(),
        product_id=offer.product_id,
        variant_id=variant.id,
        kind="own",
        price_minor=offer.price_minor,
        currency=offer.currency,
        region=offer.region,
        availability="in_stock",
        checked_at=now,
    )
