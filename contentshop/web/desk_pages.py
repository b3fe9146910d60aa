"""What the operators' pages of products and stock show: records built from the products room, ready to print."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from babel import Locale
from babel.numbers import get_currency_precision
from flask_babel import gettext as _

from contentshop.accounts import queries as people
from contentshop.config import LOCALES
from contentshop.core.db import db
from contentshop.core.money import Money
from contentshop.products import queries
from contentshop.products.inputs import AVAILABILITIES, DRAFT
from contentshop.products.offers import ProductFacts
from contentshop.products.queries import DeskRow, FileRow, LevelRow, Movement, Shelf, StockRow
from contentshop.web.cards import price_age
from contentshop.web.chrome import current_babel_locale
from contentshop.web.desk_properties import PropertyFields, property_fields
from contentshop.web.pictures import PictureView, picture
from contentshop.web.session import settings, viewer
from contentshop.web.urls import product_url
from contentshop.web.zones import moment_text, own_zone

if TYPE_CHECKING:
    from contentshop.accounts.models import User
    from contentshop.products.models import Offer, Product, Variant

NO_ERRORS: Mapping[str, list[str]] = {}
WORDS = ("title", "slug", "brand", "category", "gtin", "mpn", "lang", "summary", "body", "attrs", "alternative")
TRANSLATED = ("title", "category", "summary", "body", "attrs")
LANGUAGE_NAMES = {"en": "English", "zh": "中文"}
Tab = tuple[str, str, bool, int | None]


@dataclass(frozen=True, slots=True)
class Tile:
    """One queue on the desk's first page."""

    label: str
    count: int
    url: str
    hint: str = ""
    urgent: bool = False
    glyph: str = "package"


@dataclass(frozen=True, slots=True)
class IndexPage:
    """The desk's first page: what waits for somebody."""

    tiles: Sequence[Tile]


@dataclass(frozen=True, slots=True)
class ProductRow:
    """One product in the list."""

    key: str
    title: str
    brand: str
    picture: PictureView | None
    price: Money | None
    stock: int | None
    offers: int
    state: str
    tone: str
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class ProductsPage:
    """The product list."""

    tabs: Sequence[Tab]
    shelf: str
    words: str
    rows: Sequence[ProductRow]
    total: int
    position: str
    previous_url: str
    next_url: str


@dataclass(frozen=True, slots=True)
class VariantRow:
    """One variant of the product being edited."""

    key: str
    sku: str
    name: str
    on_hand: int
    reserved: int
    available: int


@dataclass(frozen=True, slots=True)
class OfferRow:
    """One offer of the product being edited. ``stale`` says that readers do not see its price any more."""

    key: str
    own: bool
    place: str
    detail: str
    url: str
    price: Money | None
    region: str
    availability: str
    health: str
    checked_at: datetime | None
    stale: bool
    active: bool
    place_active: bool


@dataclass(frozen=True, slots=True)
class LockRow:
    """A field that a person has locked, of the product or of the offer with the key ``offer``."""

    field: str
    offer: str
    label: str


@dataclass(frozen=True, slots=True)
class PictureRow:
    """One picture of the product being edited."""

    key: str
    view: PictureView


@dataclass(frozen=True, slots=True)
class EditPage:
    """A product's form; ``key`` is empty for a new one."""

    key: str
    heading: str
    version: int
    public_url: str
    source: str
    status: str
    discontinued: bool
    values: Mapping[str, str]
    other: str
    languages: Sequence[tuple[str, str]]
    variants: Sequence[VariantRow]
    offers: Sequence[OfferRow]
    pictures: Sequence[PictureRow]
    locks: Sequence[LockRow]
    properties: PropertyFields
    errors: Mapping[str, list[str]]


@dataclass(frozen=True, slots=True)
class VariantPage:
    """The form of a variant; ``variant`` is its key, empty for a new one. ``files`` are those buyers get.

    ``pictures`` may stand for it; ``picture`` is the key of the one that does, empty when the product's does.
    A ``gift_card`` is never shipped and not taxed.
    """

    key: str
    title: str
    variant: str
    values: Mapping[str, str]
    errors: Mapping[str, list[str]]
    files: Sequence[FileRow] = ()
    pictures: Sequence[PictureRow] = ()
    picture: str = ""
    gift_card: bool = False
    places: Sequence[tuple[str, str]] = ()


@dataclass(frozen=True, slots=True)
class OfferPage:
    """The form of an offer; ``offer`` is its key, empty for a new one."""

    key: str
    title: str
    offer: str
    own: bool
    active: bool
    values: Mapping[str, str]
    variants: Sequence[tuple[str, str]]
    merchants: Sequence[tuple[str, str]]
    currencies: Sequence[tuple[str, str]]
    regions: Sequence[tuple[str, str]]
    availabilities: Sequence[tuple[str, str]]
    locks: Sequence[LockRow]
    errors: Mapping[str, list[str]]


@dataclass(frozen=True, slots=True)
class StockListPage:
    """All variants with their stock."""

    tabs: Sequence[Tab]
    words: str
    rows: Sequence[StockRow]
    total: int
    position: str
    previous_url: str
    next_url: str


@dataclass(frozen=True, slots=True)
class MovementRow:
    """One movement, with the name of the person who made it."""

    what: Movement
    who: str


@dataclass(frozen=True, slots=True)
class StockPage:
    """One variant: what is there, to whom it is promised, and how it came to that."""

    row: StockRow
    movements: Sequence[MovementRow]
    holders: Sequence[tuple[str, int, datetime | None]]
    levels: Sequence[LevelRow]
    places: Sequence[tuple[str, str]]
    values: Mapping[str, str]
    errors: Mapping[str, list[str]]


def shelf_names() -> dict[Shelf, str]:
    """The shelves of the product list, in words."""
    return {
        "all": _("All"),
        "low": _("Running low"),
        "sold_out": _("Sold out"),
        "stale": _("Old prices"),
        "no_offers": _("No offers"),
        "draft": _("Drafts"),
        "archived": _("Archived"),
        "discontinued": _("No longer made"),
    }


def availability_names() -> dict[str, str]:
    """Availabilities of a merchant's offer, in words."""
    return {
        "in_stock": _("In stock"),
        "preorder": _("Pre-order"),
        "backorder": _("On back-order"),
        "special_order": _("Made to order"),
        "out_of_stock": _("Sold out"),
        "discontinued": _("No longer made"),
        "unknown": _("Stock not known"),
    }


def product_row(row: DeskRow) -> ProductRow:
    """One product in the list."""
    facts = row.facts
    own = [offer.price for offer in facts.offers if offer.own and offer.active and offer.price]
    price = min(own, key=lambda one: (one.currency != viewer().currency, one.currency, one.minor), default=None)
    state, tone = _state(facts, row.stock, row.offers)
    return ProductRow(
        key=row.key,
        title=facts.title,
        brand=facts.brand,
        picture=picture(facts.picture),
        price=price,
        stock=row.stock,
        offers=row.offers,
        state=state,
        tone=tone,
        updated_at=row.updated_at,
    )


def status_names() -> dict[str, str]:
    """What products can be, in words."""
    return {"active": _("In the shop"), "draft": _("Draft"), "archived": _("Archived")}


def _state(facts: ProductFacts, stock: int | None, offers: int) -> tuple[str, str]:
    if not facts.listed:
        return (_("Draft"), "info") if facts.draft else (_("Archived"), "neutral")
    if facts.discontinued:
        return _("No longer made"), "neutral"
    if not offers:
        return _("No offers"), "warn"
    if stock is None:
        return _("Sold elsewhere"), "info"
    return (_("In stock"), "good") if stock else (_("Sold out"), "bad")


def new_page(values: Mapping[str, str], errors: Mapping[str, list[str]] = NO_ERRORS) -> EditPage:
    """The form of a product that does not exist yet."""
    values = {"lang": viewer().locale} | dict(values)
    properties = property_fields(values)
    return EditPage(
        key="",
        heading=_("New product"),
        version=0,
        public_url="",
        source="",
        status=values.get("status", DRAFT),
        discontinued=False,
        values=values,
        other=other_language(values["lang"]),
        languages=_languages(),
        variants=(),
        offers=(),
        pictures=(),
        errors=_at_fields(errors, properties),
        locks=(),
        properties=properties,
    )


def edit_page(
    product: Product, typed: Mapping[str, str] | None = None, errors: Mapping[str, list[str]] = NO_ERRORS
) -> EditPage:
    """The form of a product, as stored or as ``typed``."""
    values = typed if typed is not None else stored_values(product)
    properties = property_fields(values)
    pictures = queries.list_pictures(db.session, product.id)
    return EditPage(
        key=product.key,
        heading=product.title,
        version=int(typed["version"]) if typed and "version" in typed else product.version,
        public_url=product_url(product.slug),
        source=product.source or "",
        status=product.status,
        discontinued=product.discontinued,
        values=values,
        other=values.get("other") or other_language(product.lang),
        languages=_languages(),
        variants=_variant_rows(product),
        offers=_offer_rows(product),
        pictures=[PictureRow(one.key, view) for one in pictures if (view := picture(one)) is not None],
        locks=lock_rows(product),
        properties=properties,
        errors=_at_fields(errors, properties),
    )


def _at_fields(errors: Mapping[str, list[str]], properties: PropertyFields) -> dict[str, list[str]]:
    """What is wrong, under the names that the page's fields have."""
    ids = properties.ids()
    return {ids.get(name, name): texts for name, texts in errors.items()}


def lock_rows(product: Product, only: Offer | None = None) -> list[LockRow]:
    """What people have locked of a product and its offers, or of this offer alone."""
    names = {
        "title": _("Title"),
        "brand": _("Brand"),
        "gtin": _("GTIN (EAN, UPC)"),
        "mpn": _("Maker’s part number"),
        "price": _("Price"),
        "availability": _("Availability"),
    }
    rows = [LockRow(name, "", names.get(name, name)) for name in product.locks if only is None]
    for offer in product.offers:
        if only is None or offer.id == only.id:
            place = _name_of(offer.merchant.name, offer.merchant.translations) if offer.merchant else ""
            rows += [LockRow(name, offer.key, f"{names.get(name, name)} · {place}") for name in offer.locks]
    return rows


def other_language(lang: str) -> str:
    """The language a product is translated to in the form."""
    return next(locale for locale in LOCALES if locale != lang)


def stored_values(product: Product) -> dict[str, str]:
    """A product as its form has it."""
    values = {name: str(getattr(product, name) or "") for name in WORDS if name not in {"attrs", "alternative"}}
    # The whole way, since two places of the tree may have one name.
    values["category"] = queries.path_of(queries.list_tree(db.session), product.category_id) or product.category
    values["attrs"] = _lines(product.attrs)
    values["alternative"] = product.alternative.slug if product.alternative else ""
    words = product.translations.get(other_language(product.lang)) or {}
    words = dict(words) | {"attrs": _lines(words.get("attrs", ()))}
    return values | {f"other_{name}": str(words.get(name) or "") for name in TRANSLATED}


def _lines(attrs: Iterable[Sequence[str]]) -> str:
    return "\n".join(f"{name}: {value}" for name, value in attrs)


def _languages() -> list[tuple[str, str]]:
    return [(locale, LANGUAGE_NAMES[locale]) for locale in LOCALES]


def _variant_rows(product: Product) -> list[VariantRow]:
    return [
        VariantRow(
            key=variant.key,
            sku=variant.sku,
            name=_name_of(variant.name, variant.translations),
            on_hand=variant.stock.on_hand if variant.stock else 0,
            reserved=variant.stock.reserved if variant.stock else 0,
            available=variant.stock.available if variant.stock else 0,
        )
        for variant in product.variants
    ]


def _offer_rows(product: Product) -> list[OfferRow]:
    """Offers on sale first, ours before merchants'."""
    offers = sorted(product.offers, key=lambda one: (not one.active, one.kind != "own", one.id))
    skus = {variant.id: variant.sku for variant in product.variants}
    return [_offer_row(offer, skus.get(offer.variant_id or 0, "")) for offer in offers]


def _offer_row(offer: Offer, sku: str) -> OfferRow:
    own = offer.kind == "own"
    seen_at = offer.checked_at
    merchant = offer.merchant
    return OfferRow(
        key=offer.key,
        own=own,
        place=_name_of(merchant.name, merchant.translations) if merchant else settings().site_name,
        detail=sku,
        url=offer.url,
        price=Money(offer.price_minor, offer.currency) if offer.price_minor is not None else None,
        region=_place_name(offer.region),
        availability=offer.availability,
        health=offer.health,
        checked_at=None if own else seen_at,
        stale=not own and (seen_at is None or viewer().now - seen_at > price_age()),
        active=offer.active,
        place_active=merchant.active if merchant else True,
    )


def _place_name(region: str) -> str:
    return str(Locale.parse(current_babel_locale()).territories.get(region, region))


def _name_of(name: str, translations: Mapping[str, Mapping[str, str]]) -> str:
    return (translations.get(viewer().locale) or {}).get("name") or name


def offer_page(
    product: Product,
    offer: Offer | None,
    *,
    own: bool,
    typed: Mapping[str, str] | None = None,
    errors: Mapping[str, list[str]] = NO_ERRORS,
) -> OfferPage:
    """The form of an offer, as stored, as ``typed``, or empty."""
    values = typed if typed is not None else _offer_values(offer)
    known = settings()
    countries = Locale.parse(current_babel_locale()).territories
    codes = dict.fromkeys([*known.regions, values.get("region", "")])
    names = availability_names()
    return OfferPage(
        key=product.key,
        title=product.title,
        offer=offer.key if offer else "",
        own=own,
        active=offer.active if offer else True,
        values=values,
        variants=[(one.sku, f"{one.sku} · {one.name}" if one.name else one.sku) for one in product.variants],
        merchants=[
            (one.key, one.name if one.active else _("%(name)s (switched off)", name=one.name))
            for one in queries.list_merchants(db.session, viewer().locale)
        ],
        currencies=[(code, code) for code in dict.fromkeys([*known.currencies, values.get("currency", "")]) if code],
        regions=[(code, str(countries.get(code, code))) for code in codes if code],
        availabilities=[(code, names[code]) for code in AVAILABILITIES],
        locks=lock_rows(product, offer) if offer else [],
        errors=errors,
    )


def _offer_values(offer: Offer | None) -> dict[str, str]:
    if offer is None:
        return {"currency": viewer().currency, "region": "", "availability": "unknown"}
    return {
        "sku": offer.variant.sku if offer.variant else "",
        "merchant": offer.merchant.key if offer.merchant else "",
        "url": offer.url,
        "price": _amount(offer.price_minor, offer.currency),
        "currency": offer.currency,
        "region": offer.region,
        "availability": offer.availability,
    }


def logged_product(product: Product) -> dict[str, str]:
    """What the audit log compares of a product: its form, each property by itself, translated words by language."""
    stored, language = stored_values(product), other_language(product.lang)
    lists = {"attr": stored.pop("attrs"), f"attr_{language}": stored.pop("other_attrs")}
    values = {
        f"{name.removeprefix('other_')}_{language}" if name.startswith("other_") else name: text
        for name, text in stored.items()
    }
    for prefix, lines in lists.items():
        for line in lines.splitlines():
            name, _colon, text = line.partition(": ")
            field = f"{prefix}:{name}"
            values[field] = f"{values[field]}, {text}" if field in values else text
    return values | {"status": product.status}


def logged_variant(key: str, variant: str) -> dict[str, Any]:
    """What the audit log compares of a variant; nothing for one that is not there, which the room refuses."""
    one = next((one for one in queries.get_for_desk(db.session, key).variants if one.key == variant), None)
    if one is None:
        return {}
    moment = one.releases_at.isoformat() if one.releases_at else ""
    flags = {"digital": one.digital, "returnable": one.returnable}
    return variant_values(one) | flags | {"releases_at": moment}


def logged_offer(key: str, offer: str) -> dict[str, Any]:
    """What the audit log compares of an offer. That a person has looked at a price again is a change too."""
    one = next((one for one in queries.get_for_desk(db.session, key).offers if one.key == offer), None)
    if one is None:
        return {}
    seen = one.checked_at.isoformat() if one.checked_at and one.kind != "own" else ""
    values: dict[str, Any] = _offer_values(one)
    # A region of the world is a country here; of a tax it is a part of one.
    return values | {"price": one.price_minor, "checked_at": seen, "country": values.pop("region")}


def _amount(minor: int | None, currency: str) -> str:
    """An amount as it is typed: 199.00."""
    if minor is None:
        return ""
    return f"{Money(minor, currency).amount:.{get_currency_precision(currency)}f}"


OF_GIFT_CARDS: Mapping[str, str] = {"digital": "1", "tax_class": "zero"}
VARIANT_FIELDS = ("gtin", "weight_g", "tax_class", "purchase_limit", "releases_at", "digital", "returnable", "zone")


def new_variant_values() -> dict[str, str]:
    """The form of a new variant."""
    return {"quantity": "0", "returnable": "1", "tax_class": "standard", "zone": own_zone()}


def variant_values(variant: Variant) -> dict[str, str]:
    """A variant as its form has it."""
    zone = own_zone()
    return {
        "sku": variant.sku,
        "name": variant.name,
        "name_zh": (variant.translations.get("zh") or {}).get("name", ""),
        "gtin": variant.gtin or "",
        "weight_g": str(variant.weight_g),
        "tax_class": variant.tax_class,
        "purchase_limit": str(variant.purchase_limit or ""),
        "releases_at": moment_text(variant.releases_at, zone),
        "zone": zone,
        "digital": "1" if variant.digital else "",
        "returnable": "1" if variant.returnable else "",
    }


def stock_page(
    variant_key: str, typed: Mapping[str, str] | None = None, errors: Mapping[str, list[str]] = NO_ERRORS
) -> StockPage:
    """One variant's stock. Raises NotFound."""
    locale = viewer().locale
    variant_id, row = queries.get_stock(db.session, variant_key, locale)
    movements = queries.list_movements(db.session, variant_id, locale)
    levels, low_at = queries.list_levels(db.session, variant_id, locale), queries.get_threshold(db.session, variant_id)
    names = {key: found.name for key in {one.actor for one in movements} if (found := _person(key)) is not None}
    return StockPage(
        row=row,
        movements=[MovementRow(one, names.get(one.actor, "")) for one in movements],
        holders=queries.list_holders(db.session, variant_id),
        levels=levels,
        places=[(one.location_key, one.location) for one in levels if one.active],
        values={"low_at": "" if low_at is None else str(low_at)} | dict(typed or {}),
        errors=errors,
    )


def place_choices() -> list[tuple[str, str]]:
    """The open places that goods can come in at; the first is where they are when nothing is said."""
    found = [one for one in queries.list_locations(db.session, viewer().locale) if one.active]
    return [(one.key, one.name) for one in sorted(found, key=lambda one: bool(one.supplier_key))]


def _person(key: str) -> User | None:
    return people.find_by_key(db.session, key) if key else None
