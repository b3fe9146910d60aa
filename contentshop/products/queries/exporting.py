"""Products as a file of our own format, which an import takes back without a change.

One line for a product, then one for each of its variants and of its offers; ``row`` says which. Cells that a
spreadsheet would take for a formula begin with an apostrophe, which the import takes off. Not in the file: pictures,
offers that were retired, files of digital variants, and stock beyond the present count.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import joinedload, selectinload

from contentshop.core.uow import AnySession
from contentshop.products.imports import FORMULA_SIGNS, OWN_COLUMNS
from contentshop.products.models import Offer, Product, Variant
from contentshop.products.queries.tree import CategoryRow, list_tree, path_of

BATCH = 200


def export_products(session: AnySession, keys: Collection[str] | None = None) -> Iterator[str]:
    """The lines of the file, a few products at a time; of these products, or of all."""
    tree = list_tree(session)
    yield _line(dict(zip(OWN_COLUMNS, OWN_COLUMNS, strict=True)))
    last = 0
    while True:
        query = select(Product).where(Product.id > last).order_by(Product.id).limit(BATCH)
        if keys is not None:
            query = query.where(Product.key.in_(keys))
        found = list(
            session.scalars(
                query.options(
                    selectinload(Product.variants).joinedload(Variant.stock),
                    selectinload(Product.offers).joinedload(Offer.merchant),
                    joinedload(Product.alternative),
                ).execution_options(populate_existing=True)
            )
        )
        if not found:
            return
        for product in found:
            yield "".join(_line(row) for row in _rows(product, tree))
        last = found[-1].id


def _rows(product: Product, tree: list[CategoryRow]) -> Iterator[Mapping[str, Any]]:
    yield {
        "row": "product",
        "slug": product.slug,
        "title": product.title,
        "brand": product.brand,
        "category": path_of(tree, product.category_id) or product.category,
        "gtin": product.gtin,
        "mpn": product.mpn,
        "lang": product.lang,
        "summary": product.summary,
        "body": product.body,
        "attrs": _json(product.attrs),
        "options": _json(product.options),
        "translations": _json(product.translations),
        "alternative": product.alternative.slug if product.alternative else "",
        "discontinued": _flag(product.discontinued),
        "status": product.status,
        "source": product.source,
    }
    for variant in product.variants:
        yield _variant(product, variant)
    skus = {variant.id: variant for variant in product.variants}
    opened: set[int] = set()
    for offer in product.offers:
        if offer.active:
            yield _offer(product, offer, skus.get(offer.variant_id or 0), opened)


def _variant(product: Product, variant: Variant) -> dict[str, Any]:
    return {
        "row": "variant",
        "slug": product.slug,
        "sku": variant.sku,
        "name": variant.name,
        "names": _json({language: words["name"] for language, words in variant.translations.items()}),
        "gtin": variant.gtin,
        "options": _json(variant.options),
        "weight_g": variant.weight_g,
        "tax_class": variant.tax_class,
        "purchase_limit": variant.purchase_limit,
        "releases_at": variant.releases_at.isoformat() if variant.releases_at else "",
        "digital": _flag(variant.digital),
        "returnable": _flag(variant.returnable),
    }


def _offer(product: Product, offer: Offer, variant: Variant | None, opened: set[int]) -> dict[str, Any]:
    row = {
        "row": "offer",
        "slug": product.slug,
        "kind": offer.kind,
        "price_minor": offer.price_minor,
        "currency": offer.currency,
        "region": offer.region,
    }
    if offer.merchant is not None:
        return row | {
            "merchant": offer.merchant.key,
            "url": offer.url,
            "availability": offer.availability,
            "checked_at": offer.checked_at.isoformat() if offer.checked_at else "",
        }
    row["sku"] = variant.sku if variant else ""
    if variant is not None and variant.id not in opened:
        opened.add(variant.id)
        row["quantity"] = variant.stock.on_hand if variant.stock else 0
    return row


def _flag(value: bool) -> str:
    return "yes" if value else "no"


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True) if value else ""


def _line(row: Mapping[str, Any]) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerow([_cell(row.get(name)) for name in OWN_COLUMNS])
    return out.getvalue()


def _cell(value: Any) -> str:
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(FORMULA_SIGNS) else text
