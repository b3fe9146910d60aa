"""The operators' desk: what a variant is besides its facts — the picture that stands for it, and gift cards that are
sold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from flask import flash, redirect, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from contentshop.core.db import db
from contentshop.core.errors import Invalid, NotFound
from contentshop.core.uow import unit_of_work
from contentshop.core.words import say
from contentshop.media import actions as media
from contentshop.media.images import encode
from contentshop.payments import actions as paying
from contentshop.payments import credit
from contentshop.payments import queries as payments
from contentshop.payments.inputs import GiftProductInput
from contentshop.payments.queries import SoldCard
from contentshop.products import actions, queries
from contentshop.web import audited
from contentshop.web import desk_pages as pages
from contentshop.web.desk_forms import NO_ERRORS
from contentshop.web.door import Door, manages_own_units, show
from contentshop.web.pictures import picture
from contentshop.web.session import engines, viewer
from contentshop.web.words import translated_errors

bp = Door("desk_variants", __name__)

GIFT_FIELDS = ("title", "title_zh", "values", "quantity")


@dataclass(frozen=True, slots=True)
class GiftProductsPage:
    """Gift cards on sale, and the form for another."""

    rows: Sequence[SoldCard]
    values: Mapping[str, str]
    errors: Mapping[str, list[str]]


@bp.get("/desk/products/<key>/variants/<variant>")
def variant(key: str, variant: str) -> Response:
    """The form of a variant."""
    return show("desk/product_variant.html", variant_page(key, variant))


def variant_page(
    key: str, variant: str, typed: Mapping[str, str] | None = None, errors: Mapping[str, list[str]] = NO_ERRORS
) -> pages.VariantPage:
    """The form of a variant, as stored or as ``typed``. Raises NotFound."""
    found = queries.get_for_desk(db.session, key)
    one = next((one for one in found.variants if one.key == variant), None)
    if one is None:
        raise NotFound(say("There is no such variant."))
    own = queries.list_variant_pictures(db.session, variant)
    every = {stored.key: stored for stored in (*own, *queries.list_pictures(db.session, found.id))}
    views = [(stored, picture(stored, stored.alt or found.title)) for stored in every.values()]
    return pages.VariantPage(
        key=key,
        title=found.title,
        variant=variant,
        values=pages.variant_values(one) if typed is None else typed,
        errors=errors,
        files=queries.list_files(db.session, variant),
        pictures=[pages.PictureRow(stored.key, view) for stored, view in views if view is not None],
        picture=own[0].key if own else "",
        gift_card=payments.is_sold_card(db.session, variant),
    )


@bp.post("/desk/products/<key>/variants/<variant>/picture")
def choose_picture(key: str, variant: str) -> Response:
    """Let one of the product's pictures stand for the variant, or none but the product's own."""
    chosen = request.form.get("asset", "")[:40]
    actions.choose_variant_picture(db.session, key, variant, chosen, now=viewer().now)
    audited.told(f"product:{key} variant:{variant}", after={"picture": chosen})
    flash(_("Saved."), "success")
    return redirect(url_for("desk_variants.variant", key=key, variant=variant), 303)


@bp.post("/desk/products/<key>/variants/<variant>/picture/new")
@manages_own_units
def add_picture(key: str, variant: str) -> Response:
    """Let a picture that was sent stand for the variant. Decoded before the database is held."""
    sent = request.files.get("picture")
    alt = request.form.get("alt", "").strip()[:300]
    now, person = viewer().now, viewer().person()
    try:
        encoded = encode(sent.read() if sent else b"")
    except Invalid as refusal:
        chosen = sent is not None and bool(sent.filename)
        errors = translated_errors(refusal.fields) if chosen else {"picture": [_("Choose a picture first.")]}
        return show("desk/product_variant.html", variant_page(key, variant, errors=errors), 422)
    with unit_of_work(db.session):
        asset = media.store_encoded(db.session, engines().storage, encoded, owner=person, alt=alt, now=now)
        actions.set_variant_picture(db.session, key, variant, asset, alt=alt, now=now)
        audited.told(f"product:{key} variant:{variant}", after={"picture": asset.key, "alt": alt})
        audited.keep()
    flash(_("The picture is in its place."), "success")
    return redirect(url_for("desk_variants.variant", key=key, variant=variant), 303)


# --- gift cards that are sold ---


@bp.get("/desk/products/gift-cards")
def gift_products() -> Response:
    """Gift cards on sale, and the form for another."""
    return show("desk/gift_products.html", _gift_page({"quantity": "1000"}))


@bp.post("/desk/products/gift-cards")
def make_gift_product() -> Response:
    """Put a gift card on sale."""
    typed = {name: request.form.get(name, "")[:2000] for name in GIFT_FIELDS}
    who = viewer()
    try:
        form = GiftProductInput.parse(typed)
        made = paying.make_gift_product(db.session, form, now=who.now, actor=who.person().key)
    except Invalid as refusal:
        return show("desk/gift_products.html", _gift_page(typed, translated_errors(refusal.fields)), 422)
    audited.made(f"product:{made.key}", {**typed, "values": typed["values"].splitlines()})
    flash(_("The gift card is in the shop. Give it a picture."), "success")
    return redirect(url_for("desk.product", key=made.key), 303)


def _gift_page(values: Mapping[str, str], errors: Mapping[str, list[str]] = NO_ERRORS) -> GiftProductsPage:
    return GiftProductsPage(payments.list_sold_cards(db.session, viewer().locale), values, errors)


@bp.post("/desk/products/<key>/variants/<variant>/gift-card")
def set_gift_card(key: str, variant: str) -> Response:
    """Let a variant be a gift card of its price, or an ordinary thing again."""
    found = next((one for one in queries.get_for_desk(db.session, key).variants if one.key == variant), None)
    if found is None:
        raise NotFound(say("There is no such variant."))
    sell, variant_id = request.form.get("do") == "sell", found.id
    with audited.changing(
        f"product:{key} variant:{variant}", lambda: {"gift_card": payments.is_sold_card(db.session, variant)}
    ):
        if sell:
            credit.sell(db.session, variant_id)
        else:
            credit.stop_selling(db.session, variant_id)
    if sell:
        flash(_("Each of it that is paid becomes a gift card of its price."), "success")
    else:
        flash(_("It is no gift card any more. Those that were sold stay."), "success")
    return redirect(url_for("desk_variants.variant", key=key, variant=variant), 303)
