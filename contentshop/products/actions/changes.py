"""What all changes of products share: one way to tell of them, one way to copy words."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select

from contentshop.core.errors import NotFound
from contentshop.core.outbox import record
from contentshop.core.uow import AnySession
from contentshop.core.words import say
from contentshop.products.events import ProductChanged
from contentshop.products.inputs import ProductInput, VariantInput
from contentshop.products.models import Offer, Product

# The lock that holds a column of an offer, where it has another name.
_LOCK_OF = {"price_minor": "price", "currency": "price"}
WORDS = (
    "title",
    "brand",
    "category",
    "gtin",
    "mpn",
    "summary",
    "body",
    "lang",
    "translations",
    "discontinued",
    "status",
)


def lock_product(session: AnySession, key: str) -> Product:
    """The product with this key, ours to change until the transaction ends. Raises NotFound."""
    # Read anew: what the session loaded before the lock may have been changed since.
    product = session.scalar(
        select(Product).where(Product.key == key).with_for_update().execution_options(populate_existing=True)
    )
    if product is None:
        raise NotFound(say("There is no such product."))
    return product


def touch(session: AnySession, product: Product, *, now: datetime) -> None:
    """Count a change of an existing product and tell of it."""
    product.version += 1
    product.updated_at = now
    record(session, ProductChanged(product=product.key), now=now)


def said_words(row: ProductInput) -> dict[str, Any]:
    """The columns of a product that ``row`` says something of."""
    values = {name: getattr(row, name) for name in WORDS if name in row.given}
    if "attrs" in row.given:
        values["attrs"] = [list(pair) for pair in row.attrs]
    if "options" in row.given:
        values["options"] = list(row.options)
    return values


def said_of_variant(form: VariantInput) -> dict[str, Any]:
    """The columns of a variant, besides its names, that ``form`` says something of."""
    values = {name: getattr(form, name) for name in form.given}
    if "options" in values:
        values["options"] = list(form.options)
    return values


def assign(thing: object, values: Mapping[str, object]) -> bool:
    """Set the attributes that differ; whether any did."""
    different = {name: value for name, value in values.items() if getattr(thing, name) != value}
    for name, value in different.items():
        setattr(thing, name, value)
    return bool(different)


def unlocked(offer: Offer, facts: Mapping[str, Any]) -> dict[str, Any]:
    """Of what was seen of an offer what may be taken over."""
    return {name: value for name, value in facts.items() if _LOCK_OF.get(name, name) not in offer.locks}


def names_as_translations(names: Mapping[str, str]) -> dict[str, dict[str, str]]:
    """``{"zh": "红色"}`` as the translations of a variant or a merchant."""
    return {language: {"name": name} for language, name in sorted(names.items())}
