"""Names of columns: those of our own files, and what others call ours."""

from __future__ import annotations

import re

# The columns of our own files (queries.exporting), and what makes a spreadsheet take a cell for a formula.
OWN_COLUMNS = (
    *("row", "slug", "title", "brand", "category", "gtin", "mpn", "lang", "summary", "body", "attrs", "options"),
    *("translations", "alternative", "discontinued", "status", "source", "sku", "name", "names", "weight_g"),
    *("tax_class", "purchase_limit", "releases_at", "digital", "returnable", "kind", "price_minor", "currency"),
    *("region", "quantity", "location", "merchant", "url", "availability", "checked_at"),
)
FORMULA_SIGNS = ("=", "+", "-", "@", "'")

# Column names as files have them (lower case, spaces for _ and -) → ours.
_ALIASES = {
    "product id": "id",
    "item id": "id",
    "商品id": "id",
    "name": "title",
    "product name": "title",
    "标题": "title",
    "名称": "title",
    "商品名称": "title",
    "vendor": "brand",
    "manufacturer": "brand",
    "品牌": "brand",
    "category label": "category",
    "type": "category",
    "product type": "category",
    "product category": "category",
    "google product category": "category",
    "分类": "category",
    "类目": "category",
    "body (html)": "body",
    "body html": "body",
    "description": "body",
    "描述": "body",
    "详情": "body",
    "variant sku": "sku",
    "货号": "sku",
    "variant price": "price major",
    "价格": "price",
    "币种": "currency",
    "image src": "picture",
    "image link": "picture",
    "image": "picture",
    "图片": "picture",
    "image alt text": "picture alt",
    "link": "url",
    "product url": "url",
    "商品链接": "url",
    "barcode": "gtin",
    "ean": "gtin",
    "upc": "gtin",
    "variant barcode": "gtin",
    "model": "mpn",
    "variant inventory qty": "quantity",
    "variant grams": "weight g",
    "shipping weight": "weight",
    "item group id": "group",
    "colour": "color",
    "inventory": "quantity",
    "stock": "quantity",
    "库存": "quantity",
    "inventory location": "location",
    "warehouse": "location",
    "仓库": "location",
    "状态": "status",
    "language": "lang",
    "properties": "attrs",
    "attributes": "attrs",
}


def our_name(name: str) -> str:
    """What we call a column; what we do not know keeps its name, in our spelling."""
    words = " ".join(re.sub(r"[_\-\s]+", " ", name.strip().lower()).split())
    known = _ALIASES.get(words, words)
    return known if known == "price major" else known.replace(" ", "_")
