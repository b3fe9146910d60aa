"""The demo shop's catalogue and warehouse: a tree, prices of the past, two places, a supplier, a book."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from io import BytesIO
from pathlib import Path

import yaml
from sqlalchemy import select

from contentshop.core.db import db
from contentshop.importing import store_picture_file
from contentshop.payments import actions as payments
from contentshop.payments.inputs import GiftProductInput
from contentshop.products import actions as products
from contentshop.products import queries as catalogue
from contentshop.products import stock
from contentshop.products.inputs import (
    AttributeInput,
    CategoryInput,
    LocationInput,
    OfferInput,
    ProductInput,
    SupplierInput,
    VariantInput,
)
from contentshop.products.models import Variant
from contentshop.web.session import engines

# What the tops of the tree are called, in both languages, and which categories stand below them.
TREE = {
    ("Audio and video", "影音"): ("Headphones", "Earbuds", "Speakers", "Microphones", "Cameras", "Camera accessories"),
    ("Desk", "书桌"): (
        "Keyboards & mice",
        "Monitors & lighting",
        "Chargers & storage",
        "Chairs & stands",
        "Stationery",
    ),
    ("Kitchen", "厨房"): ("Kitchen appliances", "Rice cookers", "Coffee", "Kettles", "Knives", "Cookware"),
    ("Home", "家居"): ("Vacuums", "Air purifiers", "Tools"),
    ("On the way", "出行"): (
        "Camping",
        "Running shoes",
        "Bottles",
        "Backpacks",
        "Luggage",
        "Travel accessories",
        "Clothing",
    ),
}
# Days ago → how much dearer it was then.
PAST: dict[str, Sequence[tuple[int, float]]] = {
    "sony-wh-1000xm5": ((75, 1.15), (48, 1.25), (20, 1.1)),
    "keychron-q1-pro": ((60, 1.05), (34, 0.95), (9, 1.2)),
    "fujifilm-instax-mini-12": ((80, 1.1), (15, 1.2)),
}
FOLDER = Path(__file__).parent
GIFT_CARD = {
    "title": "contentshop gift card",
    "title_zh": "contentshop 礼品卡",
    "values": "25 USD, 180 CNY\n50 USD, 360 CNY\n100 USD, 720 CNY",
    "quantity": "10000",
}
BOOK = "guide-to-quiet-desks"
SUPPLIED = "HHKB-HYB-W"
ACTOR = "system"


def load_past_prices(rows: Sequence[ProductInput], *, now: datetime) -> None:
    """Some products were in the shop before, at other prices."""
    for row in rows:
        for days, factor in PAST.get(row.slug, ()):
            offers = tuple(
                replace(offer, price_minor=round(offer.price_minor * factor) if offer.price_minor else None)
                for offer in row.offers
            )
            past = replace(row, offers=offers, alternative="", given=row.given - {"alternative"})
            products.upsert_product(db.session, past, now=now - timedelta(days=days))


def load_catalogue(*, now: datetime) -> None:
    """Tree and properties, places and a supplier, and something that is delivered as a file."""
    _plant(now)
    _fill_places(now)
    _publish_book(now)
    _sell_gift_cards(now)


def _plant(now: datetime) -> None:
    present = {one.name: one for one in catalogue.list_tree(db.session)}
    for position, ((name, name_zh), below) in enumerate(TREE.items()):
        top = CategoryInput.parse({"name": name, "name_zh": name_zh, "position": str(position)})
        products.save_category(db.session, top, now=now)
        for child in below:
            if (found := present.get(child)) is not None:
                form = CategoryInput(child, found.slug, found.names, top.slug)
                products.save_category(db.session, form, slug=found.slug, now=now)
    for attribute in (
        AttributeInput("Weight", names={"zh": "重量"}),
        AttributeInput("Battery life", names={"zh": "续航"}, category="audio-and-video"),
        AttributeInput("Folds", "choice", "", {"zh": "折叠"}, ("Yes", "No", "No, swivels flat"), "headphones"),
        AttributeInput("Impedance", "number", "Ω", {"zh": "阻抗"}, category="headphones"),
        AttributeInput("Power", "number", "W", {"zh": "功率"}, category="kettles"),
        AttributeInput("Capacity", "number", "L", {"zh": "容量"}, category="kettles"),
        AttributeInput("Protection", "choice", "", {"zh": "防护等级"}, ("IPX4", "IPX7", "IPX8"), "e-readers"),
    ):
        products.save_attribute(db.session, attribute, now=now)
    known = {one.slug for one in catalogue.list_tree(db.session)}
    for name, name_zh, places in yaml.safe_load((FOLDER / "properties.yaml").read_text(encoding="utf-8")):
        for place in places or [""]:
            if place and place not in known:
                raise LookupError(f"There is no category {place!r} in the demo.")
            asked = AttributeInput(name, names={"zh": name_zh}, category=place)
            products.save_attribute(db.session, asked, now=now)


def _fill_places(now: datetime) -> None:
    """A second warehouse that a part of the stock is at, and one whose goods are a supplier's."""
    products.save_location(db.session, LocationInput("shanghai", "Shanghai", "CN", names={"zh": "上海仓"}), now=now)
    products.save_supplier(
        db.session, SupplierInput("kobe-keys", "Kobe Keys", "orders@kobe-keys.example", 780_000), now=now
    )
    kobe = LocationInput("kobe", "Kobe Keys, Kobe", "JP", "kobe-keys", {"zh": "神户（Kobe Keys）"})
    products.save_location(db.session, kobe, now=now)
    for variant in db.session.scalars(select(Variant).order_by(Variant.id)).all():
        level = next((one for one in catalogue.list_levels(db.session, variant.id, "en") if one.on_hand), None)
        if level is None:
            continue
        if variant.sku == SUPPLIED:
            stock.set_on_hand(db.session, variant.id, 0, reason="now the supplier's", now=now, actor=ACTOR)
            stock.receive(db.session, variant.id, level.on_hand, location="kobe", now=now, actor=ACTOR)
        elif level.available >= 8:
            half = level.available // 2
            stock.transfer(
                db.session, variant.id, half, source="main", target="shanghai", note="split", now=now, actor=ACTOR
            )


def _sell_gift_cards(now: datetime) -> None:
    form = GiftProductInput.parse(GIFT_CARD)
    made = payments.make_gift_product(db.session, form, now=now, actor=ACTOR)
    row = ProductInput.parse(
        {
            "title": form.title,
            "brand": "contentshop",
            "category": "Gift cards",
            "summary": "For everything we sell ourselves. The code is shown once, behind the order's link.",
            "body": "Choose a value. Once it is paid, a link in the mail shows the code, to keep or to give away. It"
            " is good for several orders until nothing is left on it.",
            "translations": {
                "zh": {
                    "title": form.title_zh,
                    "category": "礼品卡",
                    "summary": "可用于本店自营的全部商品。卡号只显示一次，请在订单链接中查看。",
                    "body": "选好面额并付款后，邮件里的链接会显示卡号，自用或送人都行。余额可分多次使用。",
                }
            },
        }
    )
    product = products.save_product(db.session, row, key=made.key, now=now)
    alt = "A green gift card with a golden ribbon"
    picture = store_picture_file(FOLDER / "pictures" / "contentshop-gift-card.webp", owner=None, alt=alt, now=now)
    products.set_picture(db.session, product, picture, alt=alt, now=now)
    for variant in product.variants:
        stock.set_low_at(db.session, variant.id, None)


def _publish_book(now: datetime) -> None:
    row = ProductInput.parse(
        {
            "slug": BOOK,
            "title": "A guide to quiet desks (PDF)",
            "brand": "contentshop",
            "category": "Desk > Books",
            "summary": "Forty pages on keyboards, mats and hinges that make no noise. Delivered as a file.",
            "translations": {
                "zh": {"title": "安静书桌指南（PDF）", "summary": "四十页，讲不出声的键盘、桌垫和铰链。付款后下载。"}
            },
            "offers": [],
        }
    )
    product = products.upsert_product(db.session, row, now=now)
    words = VariantInput(
        "GUIDE-PDF",
        "PDF",
        digital=True,
        returnable=False,
        tax_class="reduced",
        given=frozenset({"digital", "returnable"}),
    )
    variant = products.save_variant(db.session, product.key, words, quantity=10_000, now=now, actor=ACTOR)
    stock.set_low_at(db.session, variant.id, None)
    for currency, minor in (("USD", 900), ("CNY", 4900)):
        offer = OfferInput("own", currency, minor, sku="GUIDE-PDF")
        products.save_offer(db.session, product.key, offer, now=now, actor=ACTOR)
    data = b"%PDF-1.4\n% A guide to quiet desks: the demo shop's only book.\n%%EOF\n"
    stored = products.keep_file(engines().storage, BytesIO(data))
    name = "guide-to-quiet-desks.pdf"
    products.add_file(
        db.session, variant.key, name=name, content_type="application/pdf", size=len(data), stored=stored, now=now
    )
