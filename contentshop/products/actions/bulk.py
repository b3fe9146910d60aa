"""Changes of many products at once: shown before they are made, kept so that they can be undone."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Literal

from babel.numbers import get_currency_precision
from sqlalchemy import select

from contentshop.core.errors import Conflict, Invalid, NotFound
from contentshop.core.ids import new_key
from contentshop.core.money import MAX_MINOR, Money, is_currency
from contentshop.core.uow import AnySession
from contentshop.core.words import say
from contentshop.products import stock
from contentshop.products.actions.changes import lock_product, touch
from contentshop.products.actions.prices import keep_prices
from contentshop.products.actions.tree import translated_to
from contentshop.products.inputs import ACTIVE, ARCHIVED, DRAFT, STATUSES
from contentshop.products.models import BulkEdit, Category, Offer, Product, Stock, StockLocation, Variant

MOST_PRODUCTS = 500
Kind = Literal["price_percent", "price_amount", "price_set", "stock_add", "category", "listed", "unlisted", "draft"]
KINDS: tuple[Kind, ...] = (
    *("price_percent", "price_amount", "price_set"),
    *("stock_add", "category", "listed", "unlisted", "draft"),
)
_PRICES = frozenset({"price_percent", "price_amount", "price_set"})
# What prices may end in after a change by per cent, in hundredths; a currency without decimals ends its hundreds so.
ENDINGS = ("99", "95", "90", "50", "00")
_STATUS_OF = {"listed": ACTIVE, "unlisted": ARCHIVED, "draft": DRAFT}
# The ids of variants whose price is what they are worth; asked once nobody else can change them.
Fixed = Callable[[], Collection[int]]


@dataclass(frozen=True, slots=True)
class BulkInput:
    """What is to happen to which products (keys).

    ``value`` is per cent, amounts like ``-2 USD, 15 CNY``, units, or a category's slug; ``location`` the key of the
    place where units come in, home when empty. ``ending`` is one of ``ENDINGS`` for a change by per cent; without one
    prices are rounded to the smallest coin.
    """

    keys: tuple[str, ...]
    kind: Kind
    value: str = ""
    location: str = ""
    ending: str = ""

    @classmethod
    def parse(cls, keys: Sequence[str], data: Mapping[str, Any]) -> BulkInput:
        """Raises Invalid (``keys``, ``kind``, ``value``, ``ending``)."""
        problems: dict[str, list[str]] = {}
        chosen = tuple(dict.fromkeys(keys))
        if not chosen:
            problems["keys"] = [say("Choose at least one product.")]
        if len(chosen) > MOST_PRODUCTS:
            problems["keys"] = [say("Choose at most %(limit)s products.", limit=MOST_PRODUCTS)]
        kind = next((one for one in KINDS if one == data.get("kind")), None)
        value = str(data.get("value") or "").strip().removesuffix("%").strip()[:200]
        location = str(data.get("location") or "")[:40] if kind == "stock_add" else ""
        ending = str(data.get("ending") or "") if kind == "price_percent" else ""
        if ending and ending not in ENDINGS:
            problems["ending"] = [say("Choose what prices shall end in.")]
        if kind is None:
            problems["kind"] = [say("Choose what to do.")]
        elif kind == "price_percent" and _percent(value) is None:
            problems["value"] = [say("Write per cent from -90 to 900, like -10 or 5.")]
        elif kind in {"price_amount", "price_set"} and not _amounts(value, signed=kind == "price_amount"):
            example = "-2.50 USD, 15 CNY" if kind == "price_amount" else "19.99 USD, 139 CNY"
            problems["value"] = [say("Write amounts with their currency, like %(example)s.", example=example)]
        elif kind == "stock_add" and not (value.isascii() and value.isdigit() and 0 < int(value) <= stock.MAX_QUANTITY):
            problems["value"] = [say("Write a whole number from 1.")]
        elif kind == "category" and not value:
            problems["value"] = [say("Choose a category.")]
        if problems or kind is None:
            raise Invalid(problems)
        return cls(chosen, kind, value, location, ending)


@dataclass(frozen=True, slots=True)
class BulkRow:
    """One thing that changes: an offer's price, a variant's count, a product's category or state.

    ``key`` is the thing's, ``label`` what people call it; ``before`` and ``after`` are minor units, units, a category's
    id or the place of a status among ``STATUSES``.
    """

    key: str
    product: str
    label: str
    before: int | None
    after: int | None
    currency: str = ""


def preview_bulk(session: AnySession, form: BulkInput, *, fixed: Fixed) -> list[BulkRow]:
    """What would change, in a lasting order; what is so already is left out.

    Raises Invalid (``value``), also when the price of a ``fixed`` variant would change.
    """
    if form.kind in _PRICES:
        _refuse_fixed(session, form, fixed())
    rows = _PREVIEWS[form.kind](session, form)
    return [row for row in rows if row.before != row.after]


def digest_of(rows: Sequence[BulkRow]) -> str:
    """What a preview is known by, so that only what was seen is done."""
    return hashlib.sha256(json.dumps([asdict(row) for row in rows], sort_keys=True).encode()).hexdigest()[:32]


def apply_bulk(session: AnySession, form: BulkInput, *, seen: str, fixed: Fixed, now: datetime, actor: str) -> BulkEdit:
    """Do what the preview ``seen`` (its digest) showed. Raises Conflict when it would be something else by now, and
    Invalid as the preview does."""
    # Products are locked in the order of their keys before anything is read, so that the preview stays true.
    for key in sorted(form.keys):
        lock_product(session, key)
    rows = preview_bulk(session, form, fixed=fixed)
    if not rows:
        raise Invalid({"": [say("Nothing would change.")]})
    if digest_of(rows) != seen:
        raise Conflict(say("Something has changed since. Please look at the changes again."))
    _write(session, form.kind, rows, location=form.location, now=now, actor=actor)
    edit = BulkEdit(
        key=new_key(),
        what={"kind": form.kind, "value": form.value, "location": form.location, "ending": form.ending},
        rows=[asdict(row) for row in rows],
        made_by=actor,
        made_at=now,
    )
    session.add(edit)
    session.flush()
    return edit


def undo_bulk(session: AnySession, key: str, *, fixed: Fixed, now: datetime, actor: str) -> tuple[int, int]:
    """Take a change of many back; returns how many things were, and how many were not since they changed again.

    Prices of variants that are ``fixed`` by now stay. Raises NotFound, Conflict when it was undone before.
    """
    edit = session.scalar(select(BulkEdit).where(BulkEdit.key == key).with_for_update())
    if edit is None:
        raise NotFound(say("There is no such change."))
    if edit.undone_at is not None:
        raise Conflict(say("This was undone already."))
    rows = [BulkRow(**row) for row in edit.rows]
    for product in sorted({row.product for row in rows}):
        lock_product(session, product)
    kind: Kind = edit.what["kind"]
    present = _present(session, kind, rows)
    kept = _offers_of(session, fixed()) if kind in _PRICES else frozenset[str]()
    mine = [row for row in rows if present.get(row.key) == row.after and row.key not in kept]
    back = [
        BulkRow(row.key, row.product, row.label, before=row.after, after=row.before, currency=row.currency)
        for row in mine
    ]
    _write(session, kind, back, location=edit.what.get("location", ""), now=now, actor=actor)
    edit.undone_at, edit.undone_by = now, actor
    session.flush()
    return len(back), len(rows) - len(back)


def _percent(text: str) -> Decimal | None:
    try:
        value = Decimal(text)
    except ArithmeticError:
        return None
    return value if value.is_finite() and -90 <= value <= 900 else None


def _amounts(text: str, *, signed: bool) -> dict[str, int]:
    """Minor units by currency from ``-2 USD, 15 CNY``; empty when anything in it is wrong."""
    found: dict[str, int] = {}
    for part in text.replace("，", ",").replace("−", "-").split(","):
        amount, _space, code = part.strip().rpartition(" ")
        code, below = code.upper(), amount.startswith("-")
        try:
            if not is_currency(code) or code in found or (below and not signed):
                return {}
            minor = Money.parse(amount.removeprefix("-" if below else "+"), code).minor
        except Invalid:
            return {}
        if not minor:
            return {}
        found[code] = -minor if below else minor
    return found


def _new_price(form: BulkInput, minor: int, currency: str) -> int | None:
    """A price after the change, rounded half up to minor units of its currency or to the ending that is wished; None
    where nothing is said of it."""
    if form.kind == "price_percent":
        factor = 1 + (_percent(form.value) or Decimal(0)) / 100
        if form.ending:
            return ended(Decimal(minor) * factor, currency, form.ending)
        return min(max(int((Decimal(minor) * factor).to_integral_value(ROUND_HALF_UP)), 1), MAX_MINOR)
    amounts = _amounts(form.value, signed=form.kind == "price_amount")
    if currency not in amounts:
        return None
    return amounts[currency] + (minor if form.kind == "price_amount" else 0)


def ended(minor: Decimal, currency: str, ending: str) -> int:
    """The nearest price in minor units that ends in ``ending``, the higher of two as near, never nothing.

    ``99`` is 19.99 in dollars, 19.990 in dinars of three decimals, and 1,999 in yen, which have none.
    """
    step: int = 10 ** (get_currency_precision(currency) or 2)
    last = int(ending) * step // 100
    whole = int(((minor - last) / step).to_integral_value(ROUND_HALF_UP))
    found = whole * step + last
    return found if found > 0 else last or step


def _refuse_fixed(session: AnySession, form: BulkInput, fixed: Collection[int]) -> None:
    """Raises Invalid when one of the chosen products has a variant whose price is what it is worth."""
    held = session.scalars(
        select(Variant.sku)
        .join(Product, Product.id == Variant.product_id)
        .where(Product.key.in_(form.keys), Variant.id.in_(fixed))
        .order_by(Variant.sku)
    ).all()
    if held:
        wrong = say(
            "The price of a gift card is what is on it, so it is not changed here: %(skus)s. Leave it out.",
            skus=", ".join(held),
        )
        raise Invalid({"value": [wrong]})


def _offers_of(session: AnySession, variant_ids: Collection[int]) -> frozenset[str]:
    return frozenset(session.scalars(select(Offer.key).where(Offer.variant_id.in_(variant_ids))))


def _preview_prices(session: AnySession, form: BulkInput) -> list[BulkRow]:
    rows = session.execute(
        select(Offer.key, Product.key.label("product"), Variant.sku, Offer.price_minor, Offer.currency)
        .join(Product, Product.id == Offer.product_id)
        .join(Variant, Variant.id == Offer.variant_id)
        .where(Product.key.in_(form.keys), Offer.kind == "own", Offer.active)
        .order_by(Variant.sku, Offer.currency, Offer.region, Offer.id)
    )
    found = []
    for row in rows:
        after = _new_price(form, row.price_minor, row.currency)
        if after is None:
            continue
        if not 0 < after <= MAX_MINOR:
            wrong = say("%(sku)s would cost less than the smallest price, or more than the largest.", sku=row.sku)
            raise Invalid({"value": [wrong]})
        found.append(BulkRow(row.key, row.product, row.sku, row.price_minor, after, row.currency))
    return found


def _preview_stock(session: AnySession, form: BulkInput) -> list[BulkRow]:
    open_places = select(StockLocation.id).where(StockLocation.key == form.location, StockLocation.active)
    if form.location and session.scalar(open_places) is None:
        raise Invalid({"location": [say("There is no such place.")]})
    rows = session.execute(
        select(Variant.key, Product.key.label("product"), Variant.sku, Stock.on_hand)
        .join(Product, Product.id == Variant.product_id)
        .join(Stock, Stock.variant_id == Variant.id)
        .where(Product.key.in_(form.keys))
        .order_by(Variant.sku)
    )
    return [BulkRow(row.key, row.product, row.sku, row.on_hand, row.on_hand + int(form.value)) for row in rows]


def _preview_category(session: AnySession, form: BulkInput) -> list[BulkRow]:
    category = session.scalar(select(Category.id).where(Category.slug == form.value))
    if category is None:
        raise Invalid({"value": [say("There is no such category.")]})
    rows = session.execute(
        select(Product.key, Product.title, Product.category_id)
        .where(Product.key.in_(form.keys))
        .order_by(Product.title, Product.key)
    )
    return [BulkRow(row.key, row.key, row.title, row.category_id, category) for row in rows]


def _preview_status(session: AnySession, form: BulkInput) -> list[BulkRow]:
    rows = session.execute(
        select(Product.key, Product.title, Product.status)
        .where(Product.key.in_(form.keys))
        .order_by(Product.title, Product.key)
    )
    after = STATUSES.index(_STATUS_OF[form.kind])
    return [BulkRow(row.key, row.key, row.title, STATUSES.index(row.status), after) for row in rows]


_PREVIEWS = {
    "price_percent": _preview_prices,
    "price_amount": _preview_prices,
    "price_set": _preview_prices,
    "stock_add": _preview_stock,
    "category": _preview_category,
    "listed": _preview_status,
    "unlisted": _preview_status,
    "draft": _preview_status,
}


def _present(session: AnySession, kind: Kind, rows: Sequence[BulkRow]) -> dict[str, int | None]:
    """What these things are now, by key."""
    keys = [row.key for row in rows]
    match kind:
        case "price_percent" | "price_amount" | "price_set":
            found = session.execute(select(Offer.key, Offer.price_minor).where(Offer.key.in_(keys), Offer.active))
        case "stock_add":
            found = session.execute(
                select(Variant.key, Stock.on_hand)
                .join(Stock, Stock.variant_id == Variant.id)
                .where(Variant.key.in_(keys))
            )
        case "category":
            found = session.execute(select(Product.key, Product.category_id).where(Product.key.in_(keys)))
        case _:
            rows_now = session.execute(select(Product.key, Product.status).where(Product.key.in_(keys)))
            return {row.key: STATUSES.index(row.status) for row in rows_now}
    return {row[0]: None if row[1] is None else int(row[1]) for row in found}


def _write(
    session: AnySession, kind: Kind, rows: Sequence[BulkRow], *, location: str, now: datetime, actor: str
) -> None:
    match kind:
        case "price_percent" | "price_amount" | "price_set":
            _write_prices(session, rows, now=now, actor=actor)
        case "stock_add":
            _write_stock(session, rows, location, now=now, actor=actor)
        case _:
            _write_products(session, kind, rows, now=now)


def _write_prices(session: AnySession, rows: Sequence[BulkRow], *, now: datetime, actor: str) -> None:
    after = {row.key: row.after for row in rows}
    offers = session.scalars(select(Offer).where(Offer.key.in_(after)).order_by(Offer.id)).all()
    for offer in offers:
        offer.price_minor = after[offer.key]
    keep_prices(session, now=now, actor=actor)
    _touch(session, rows, now)


def _write_stock(session: AnySession, rows: Sequence[BulkRow], location: str, *, now: datetime, actor: str) -> None:
    found = session.execute(select(Variant.key, Variant.id).where(Variant.key.in_([row.key for row in rows])))
    ids = {row.key: row.id for row in found}
    reference = new_key()
    for row in sorted(rows, key=lambda row: ids[row.key]):
        delta = (row.after or 0) - (row.before or 0)
        stock.add_or_take(
            session,
            ids[row.key],
            delta,
            reason="bulk change",
            reference=reference,
            location=location,
            now=now,
            actor=actor,
        )


def _write_products(session: AnySession, kind: Kind, rows: Sequence[BulkRow], *, now: datetime) -> None:
    after = {row.key: row.after for row in rows}
    categories = {one.id: one for one in session.scalars(select(Category))} if kind == "category" else {}
    for product in session.scalars(select(Product).where(Product.key.in_(after)).order_by(Product.key)):
        value = after[product.key]
        if kind != "category":
            product.status = STATUSES[value or 0]
            continue
        category = categories.get(value or 0)
        product.category_id = category.id if category else None
        product.category = category.name if category else ""
        product.translations = translated_to(product, category)
    _touch(session, rows, now)


def _touch(session: AnySession, rows: Sequence[BulkRow], now: datetime) -> None:
    keys = {row.product for row in rows}
    for product in session.scalars(select(Product).where(Product.key.in_(keys)).order_by(Product.key)):
        touch(session, product, now=now)
    session.flush()
