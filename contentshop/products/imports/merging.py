"""Several rows of one product → one row: Shopify's lines, the items of feeds, the lines of our own files."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from contentshop.products.imports.records import NumberedRow, RowError

_OF_A_VARIANT = ("price", "currency", "quantity", "location", "gtin", "weight_g", "line")
_OF_AN_ITEM = ("price", "currency", "quantity", "gtin", "availability")
_GRAMS = {"g": 1, "kg": 1000, "oz": 28.349523125, "lb": 453.59237}
_PRODUCT_WORDS = ("brand", "category", "mpn", "summary", "body", "gtin", "alternative")
_NESTED = ("attrs", "options", "translations", "names")


def _merge(
    rows: Iterable[NumberedRow], name: str, join: Callable[[Sequence[dict[str, Any]]], dict[str, Any]]
) -> Iterator[NumberedRow]:
    """Rows that say the same under ``name``, one after the other, as one. What says nothing there stands alone."""
    group: list[dict[str, Any]] = []
    first = 0
    for number, row in rows:
        if not isinstance(row, RowError) and group and row.get(name) and row[name] == group[0].get(name):
            # What is wrong with one of several lines is told with its own number.
            group.append(row | {"line": number})
            continue
        if group:
            yield first, join(group)
            group = []
        if isinstance(row, RowError):
            yield number, row
        else:
            group, first = [row], number
    if group:
        yield first, join(group)


# --- Shopify ---


def merge_by_handle(rows: Iterable[NumberedRow]) -> Iterator[NumberedRow]:
    """Shopify's lines of one product (the same handle, one after the other) as one row with variants."""
    return _merge(rows, "handle", _one_product)


def _one_product(group: Sequence[dict[str, Any]]) -> dict[str, Any]:
    sold = [row for row in group if "price major" in row or "price" in row or "sku" in row]
    product = dict(group[0])
    if len(sold) <= 1:
        return product
    handle = str(product.get("handle", ""))
    product.pop("gtin", None)
    if priced := next((row["price major"] for row in sold if "price major" in row), ""):
        product["price major"] = priced
    product["variants"] = [
        {
            **{name: row[name] for name in _OF_A_VARIANT if name in row},
            **({"price": row["price major"]} if "price major" in row else {}),
            **({"digital": "yes"} if str(row.get("variant_requires_shipping", "")).lower() == "false" else {}),
            "sku": row.get("sku") or f"{handle}-{number}",
            "name": _option_name(row),
            "options": _option_values(row),
        }
        for number, row in enumerate(sold, start=1)
    ]
    product["options"] = _option_columns(product, product["variants"])
    for name in ("weight_g", "quantity", "sku", "price"):
        product.pop(name, None)
    return product


def _option_name(row: Mapping[str, Any]) -> str:
    values = [row.get(f"option{number}_value", "") for number in (1, 2, 3)]
    return " / ".join(value for value in values if value and value != "Default Title")


def _option_values(row: Mapping[str, Any]) -> list[str]:
    values = [row.get(f"option{number}_value", "") for number in (1, 2, 3)]
    return [str(value) for value in values if value and value != "Default Title"]


def _option_columns(first: Mapping[str, Any], variants: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Options of a product in the order of its first line, with every value its variants have."""
    names = [first.get(f"option{number}_name", "") for number in (1, 2, 3)]
    found = []
    for index, name in enumerate(name for name in names if name and name != "Title"):
        values = [one["options"][index] for one in variants if len(one["options"]) > index]
        if values:
            found.append({"name": name, "values": list(dict.fromkeys(values))})
    return found


# --- feeds ---


def merge_by_group(rows: Iterable[NumberedRow]) -> Iterator[NumberedRow]:
    """Items of one group (Google's item_group_id), one after the other, as one product with variants."""
    return _merge(rows, "group", _one_group)


def _one_group(group: Sequence[dict[str, Any]]) -> dict[str, Any]:
    product = dict(group[0])
    if len(group) == 1:
        grams = _grams(product.pop("weight", ""))
        return product | ({"weight_g": grams} if grams else {})
    axes = [name for name in ("color", "size", "pattern", "material") if len({row.get(name) for row in group}) > 1]
    product["id"] = product["group"]
    product["items"] = list(group)
    for name in ("gtin", "mpn", "price", "quantity", "availability", "weight", "sku"):
        product.pop(name, None)
    variants = []
    for row in group:
        values = [str(row.get(name, "")) for name in axes]
        kept = {name: row[name] for name in (*_OF_AN_ITEM, "line") if name in row}
        grams = _grams(row.get("weight", ""))
        named = {"sku": row.get("sku") or row.get("id") or "", "name": " / ".join(filter(None, values))}
        variants.append(kept | named | {"options": values} | ({"weight_g": grams} if grams else {}))
    product["variants"] = variants
    product["options"] = [
        {"name": name.title(), "values": list(dict.fromkeys(str(row.get(name, "")) for row in group))}
        for name in axes
        if all(row.get(name) for row in group)
    ]
    if len(product["options"]) < len(axes):
        product["options"] = []
    return product


def _grams(text: object) -> int:
    """Grams of a weight as feeds write it (``1.2 kg``); 0 when it says none."""
    found = re.fullmatch(r"(\d{1,6}(?:\.\d{1,4})?)\s*(g|kg|oz|lb)", str(text).strip().lower())
    return round(float(found[1]) * _GRAMS[found[2]]) if found else 0


# --- our own files ---


def merge_own(rows: Iterable[NumberedRow]) -> Iterator[NumberedRow]:
    """Our lines of one product as one row. What is wrong with one of them is wrong with the product."""
    product: dict[str, Any] | RowError | None = None
    first = 0
    for number, row in rows:
        found = row if isinstance(row, RowError) else _own_row(number, row)
        if isinstance(found, RowError):
            product = product if isinstance(product, RowError) else found
            if not first:
                yield number, found
                product = None
            continue
        if found.get("row") == "product":
            if first and product is not None:
                yield first, product
            product, first = found | {"variants": [], "offers": []}, number
        elif product is None or found.get("row") not in {"variant", "offer"}:
            yield number, RowError(number, "The line belongs to no product: “row” is product, variant or offer.")
        elif not isinstance(product, RowError):
            if found.get("slug") not in {None, product.get("slug")}:
                product = RowError(number, f"The line is of “{found.get('slug')}”, not of “{product.get('slug')}”.")
            else:
                part = "variants" if found["row"] == "variant" else "offers"
                product[part].append(found | {"line": number})
    if first and product is not None:
        yield first, product


def _own_row(number: int, row: dict[str, Any]) -> dict[str, Any] | RowError:
    found: dict[str, Any] = {}
    for name, cell in row.items():
        text = cell[1:] if isinstance(cell, str) and cell.startswith("'") else cell
        if name not in _NESTED:
            found[name] = text
            continue
        try:
            found[name] = json.loads(text)
        except ValueError:
            return RowError(number, f"{name}: This is not JSON.")
    names = found.pop("names", {})
    if not isinstance(names, Mapping):
        return RowError(number, "names: This should be an object of languages.")
    if found.get("row") == "product":
        # An empty cell of our own file says that there is nothing; a missing column says nothing.
        empty: dict[str, Any] = dict.fromkeys(_PRODUCT_WORDS, "")
        return empty | {"attrs": [], "options": [], "translations": {}} | found
    if found.get("row") == "variant":
        empty = {"gtin": "", "options": [], "purchase_limit": "", "releases_at": ""}
        return empty | found | {f"name_{language}": word for language, word in names.items()}
    return found
