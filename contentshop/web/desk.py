"""The operators' desk: what waits, the products with their variants, offers and pictures, and the stock."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from flask import flash, redirect, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from contentshop.accounts.policy import Duty, may
from contentshop.core.db import db
from contentshop.core.errors import Conflict, Invalid, NotFound
from contentshop.core.paging import Page, page_number
from contentshop.core.uow import unit_of_work
from contentshop.core.words import say
from contentshop.core.zones import read_moment
from contentshop.curation import queries as curation
from contentshop.media import actions as media
from contentshop.media.images import encode
from contentshop.payments import queries as payments
from contentshop.products import actions, queries, stock
from contentshop.products.actions import locks
from contentshop.products.inputs import DRAFT, OfferInput, ProductInput, VariantInput, parse_quantity
from contentshop.products.queries import SHELVES, Shelf
from contentshop.web import audited, desk_tiles
from contentshop.web import desk_pages as pages
from contentshop.web.cards import price_age
from contentshop.web.desk_pages import NO_ERRORS, TRANSLATED, WORDS, IndexPage, Tile
from contentshop.web.desk_properties import read_attrs, read_lines, typed_fields
from contentshop.web.desk_variants import variant_page
from contentshop.web.door import Door, manages_own_units, show
from contentshop.web.session import engines, viewer
from contentshop.web.words import refusal_text, translated_errors

bp = Door("desk", __name__)


@bp.get("/desk")
def index() -> Response:
    """What waits for the person who looks."""
    who = viewer()
    tiles = desk_tiles.shop_tiles(who.user)
    if who.can_operate:
        tiles += _product_tiles()
    elif may(who.user, Duty.PACK):
        tiles.append(_low_tile())
    if who.can_edit:
        lists = len(curation.list_for_desk(db.session))
        tiles.append(Tile(_("Featured lists"), lists, url_for("editor.index"), glyph="award"))
    return show("desk/index.html", IndexPage(tiles))


def _product_tiles() -> list[Tile]:
    counts = queries.count_shelves(db.session, stale_before=viewer().now - price_age())
    looks: dict[Shelf, tuple[str, str]] = {
        "sold_out": (_("Our stock is used up"), "package"),
        "stale": (_("Readers see no price"), "clock"),
        "no_offers": (_("Nobody can buy these"), "tag"),
    }
    names = pages.shelf_names()
    tiles = [
        Tile(names[shelf], counts[shelf], url_for("desk.products", shelf=shelf), hint, glyph=glyph)
        for shelf, (hint, glyph) in looks.items()
    ]
    return [*tiles[:1], _low_tile(), *tiles[1:]]


def _low_tile() -> Tile:
    low = url_for("desk.stock_list", only="low")
    return Tile(_("Running low"), queries.count_low(db.session), low, _("Few left of these"), glyph="package")


# --- products ---


@bp.get("/desk/products")
def products() -> Response:
    """The product list: one shelf, or what a search finds on it."""
    words = request.args.get("q", "")[:100].strip()
    shelf: Shelf = next((name for name in SHELVES if name == request.args.get("shelf")), "all")
    who = viewer()
    stale_before = who.now - price_age()
    counts = queries.count_shelves(db.session, stale_before=stale_before)
    found = queries.page_desk(
        db.session,
        shelf,
        words=words,
        number=page_number(request.args.get("page")),
        locale=who.locale,
        stale_before=stale_before,
    )
    here = {"shelf": shelf} | ({"q": words} if words else {})
    return show(
        "desk/products.html",
        pages.ProductsPage(
            tabs=[
                (label, _url("desk.products", {**here, "shelf": name}), name == shelf, counts[name])
                for name, label in pages.shelf_names().items()
            ],
            shelf=shelf,
            words=words,
            rows=[pages.product_row(row) for row in found.items],
            total=found.total,
            **_turning("desk.products", here, found),
        ),
    )


def _url(endpoint: str, query: Mapping[str, str]) -> str:
    return f"{url_for(endpoint)}?{urlencode(query)}" if query else url_for(endpoint)


def _turning(endpoint: str, here: Mapping[str, str], page: Page[Any]) -> dict[str, str]:
    """The ways to the pages before and after."""

    def url(number: int) -> str:
        return _url(endpoint, {**here, "page": str(number)})

    return {
        "position": _("Page %(number)s of %(pages)s", number=page.number, pages=page.pages),
        "previous_url": url(page.number - 1) if page.has_previous else "",
        "next_url": url(page.number + 1) if page.has_next else "",
    }


@bp.get("/desk/products/new")
def new_product() -> Response:
    """The form of a new product."""
    return show("desk/product.html", pages.new_page({}))


@bp.post("/desk/products/new")
def create_product() -> Response:
    """Add the product."""
    typed = _typed_product("status")
    if request.form.get("do") == "fields":
        audited.nothing()
        return show("desk/product.html", pages.new_page(typed))
    try:
        form = _product_form(typed, {})
        product = actions.save_product(db.session, form, now=viewer().now)
    except Invalid as refusal:
        return show("desk/product.html", pages.new_page(typed, translated_errors(refusal.fields)), 422)
    audited.made(f"product:{product.key}", pages.logged_product(product))
    if product.listed:
        flash(_("The product is in the shop. Add a variant with a price, or a merchant’s offer."), "success")
    else:
        flash(_("The draft is kept. Nobody but the desk sees it until you put it into the shop."), "success")
    _tell_said_once(form, typed["other"])
    return _to_product(product.key)


@bp.get("/desk/products/<key>")
def product(key: str) -> Response:
    """A product with everything that can be changed."""
    return show("desk/product.html", pages.edit_page(queries.get_for_desk(db.session, key)))


@bp.post("/desk/products/<key>")
def save_product(key: str) -> Response:
    """Change the words of a product."""
    typed = _typed_product("version")
    found = queries.get_for_desk(db.session, key)
    # Anything that is no number never was a version of ours, so it conflicts.
    version = parse_quantity(typed, "version", {}) or 0
    typed["version"] = str(version)
    if request.form.get("do") == "fields":
        audited.nothing()
        return show("desk/product.html", pages.edit_page(found, typed))
    try:
        form = _product_form(typed, found.translations)
        with audited.changing(f"product:{key}", lambda: pages.logged_product(queries.get_for_desk(db.session, key))):
            actions.save_product(db.session, form, key=key, version=version, now=viewer().now)
    except Invalid as refusal:
        return show("desk/product.html", pages.edit_page(found, typed, translated_errors(refusal.fields)), 422)
    except Conflict as conflict:
        # What was typed stays in the form; sending it again, knowingly, overwrites the other change.
        typed["version"] = str(found.version)
        return show("desk/product.html", pages.edit_page(found, typed, {"": [refusal_text(conflict)]}), 409)
    flash(_("Saved."), "success")
    _tell_said_once(form, typed["other"])
    return _to_product(key)


def _tell_said_once(form: ProductInput, other: str) -> None:
    """Properties that were filled in for readers of the other language alone are kept, but seldom meant."""
    own = form.translations.get(other, {}).get("attrs", [])
    names = queries.list_said_once(db.session, form.attrs, own, viewer().locale) if own else []
    if names:
        words = _(
            "Only readers of %(language)s see these properties, since the others do not have them: %(names)s. Fill them"
            " in above too, under the same name.",
            language=pages.LANGUAGE_NAMES[other],
            names=str(_(", ")).join(names),
        )
        flash(words, "warning")


def _typed_product(*more: str) -> dict[str, str]:
    words = _typed(*WORDS, "other", *(f"other_{name}" for name in TRANSLATED), *more)
    return words | typed_fields(request.form)


def _product_form(typed: Mapping[str, str], translations: Mapping[str, Any]) -> ProductInput:
    """Raises Invalid."""
    attrs = read_attrs(typed)
    other = typed["other"]
    if other == typed["lang"] and any(typed[f"other_{name}"] for name in TRANSLATED):
        raise Invalid({"lang": [_("The translation below is in this language already.")]})
    words: dict[str, Any] = {name: typed[f"other_{name}"] for name in TRANSLATED}
    words["attrs"] = read_lines(typed["other_attrs"], f"translations.{other}.attrs")
    data: dict[str, Any] = {name: typed[name] for name in WORDS if name != "attrs"}
    data["attrs"] = attrs
    if "status" in typed:
        data["status"] = typed["status"] or DRAFT
    data["translations"] = dict(translations) | ({other: words} if other in pages.LANGUAGE_NAMES else {})
    return ProductInput.parse(data)


@bp.post("/desk/products/<key>/state")
def set_product_state(key: str) -> Response:
    """Put a product on the shop or take it off; say that it is or is not made any more."""
    now = viewer().now
    with audited.changing(f"product:{key}", lambda: _state_of(key)):
        match request.form.get("do"):
            case "active" | "draft" | "archived" as status:
                actions.set_status(db.session, key, status, now=now)
            case "discontinue":
                actions.set_discontinued(db.session, key, True, now=now)
            case "continue":
                actions.set_discontinued(db.session, key, False, now=now)
            case _:
                raise Invalid({"do": [_("Choose what to do.")]})
    flash(_("Saved."), "success")
    return _to_product(key)


def _state_of(key: str) -> dict[str, Any]:
    found = queries.get_for_desk(db.session, key)
    return {"status": found.status, "discontinued": found.discontinued}


@bp.post("/desk/products/<key>/unlock")
def unlock(key: str) -> Response:
    """Let a field that a person has locked follow imports and pages again; back to the page the button stands on."""
    field, offer_key = request.form.get("field", ""), request.form.get("offer", "")
    audited.nothing()
    if locks.unlock(db.session, key, field, offer_key=offer_key, now=viewer().now):
        audited.told(f"product:{key} offer:{offer_key}" if offer_key else f"product:{key}", after={"field": field})
        flash(_("From now on it follows what imports and the shop’s page say."), "success")
    return redirect(url_for("desk.offer", key=key, offer=offer_key), 303) if offer_key else _to_product(key)


@bp.post("/desk/products/<key>/picture")
@manages_own_units
def add_picture(key: str) -> Response:
    """Make the picture that was sent the one cards show. Decoded before the database is held."""
    sent = request.files.get("picture")
    alt = request.form.get("alt", "").strip()[:300]
    now, person = viewer().now, viewer().person()
    try:
        encoded = encode(sent.read() if sent else b"")
    except Invalid as refusal:
        message = (
            translated_errors(refusal.fields) if sent and sent.filename else {"picture": [_("Choose a picture first.")]}
        )
        page = pages.edit_page(queries.get_for_desk(db.session, key), errors=message)
        return show("desk/product.html", page, 422)
    with unit_of_work(db.session):
        found = queries.get_for_desk(db.session, key)
        asset = media.store_encoded(db.session, engines().storage, encoded, owner=person, alt=alt, now=now)
        actions.set_picture(db.session, found, asset, alt=alt, now=now)
        audited.told(f"product:{key}", after={"picture": asset.key, "alt": alt})
        audited.keep()
    flash(_("The picture is in its place."), "success")
    return _to_product(key)


@bp.post("/desk/products/<key>/picture/<asset>/remove")
def remove_picture(key: str, asset: str) -> Response:
    """Take a picture off a product."""
    actions.remove_picture(db.session, key, asset, now=viewer().now)
    flash(_("The picture was taken off."), "success")
    return _to_product(key)


# --- variants ---


@bp.get("/desk/products/<key>/variants/new")
def new_variant(key: str) -> Response:
    """The form of a new variant."""
    found = queries.get_for_desk(db.session, key)
    page = pages.VariantPage(key, found.title, "", pages.new_variant_values(), NO_ERRORS, places=pages.place_choices())
    return show("desk/product_variant.html", page)


@bp.post("/desk/products/<key>/variants/new")
def create_variant(key: str) -> Response:
    """Add a variant with its opening stock."""
    typed = _typed("sku", "name", "name_zh", "quantity", "location", *pages.VARIANT_FIELDS)
    try:
        form, quantity = _variant_form(typed), _quantity(typed, "quantity")
        who = viewer()
        made = actions.save_variant(
            db.session,
            key,
            form,
            quantity=quantity,
            location=typed["location"],
            now=who.now,
            actor=who.person().key,
        )
        opening = {"quantity": quantity, "location": typed["location"]}
        audited.made(f"product:{key} variant:{made.key}", pages.logged_variant(key, made.key) | opening)
    except Invalid as refusal:
        return _new_variant_again(key, typed, translated_errors(refusal.fields), 422)
    except Conflict as refusal:
        return _new_variant_again(key, typed, {"location": [refusal_text(refusal)]}, 409)
    flash(_("The variant is there. Give it a price so that it can be bought."), "success")
    return redirect(url_for("desk.new_offer", key=key, kind="own", sku=form.sku), 303)


def _variant_form(typed: Mapping[str, str]) -> VariantInput:
    """Raises Invalid, for every field at once."""
    problems: dict[str, list[str]] = {}
    released = None
    try:
        released = read_moment(typed["releases_at"], typed["zone"] or "UTC", "releases_at")
    except Invalid as refusal:
        problems.update(refusal.fields)
    try:
        form = VariantInput.parse({**typed, "releases_at": released or ""})
    except Invalid as refusal:
        problems.update(refusal.fields)
    if problems:
        raise Invalid(problems)
    return form


def _new_variant_again(key: str, typed: Mapping[str, str], errors: Mapping[str, list[str]], status: int) -> Response:
    title = queries.get_for_desk(db.session, key).title
    page = pages.VariantPage(key, title, "", typed, errors, places=pages.place_choices())
    return show("desk/product_variant.html", page, status)


@bp.post("/desk/products/<key>/variants/<variant>")
def save_variant(key: str, variant: str) -> Response:
    """Rename a variant."""
    typed = _typed("sku", "name", "name_zh", *pages.VARIANT_FIELDS)
    if payments.is_sold_card(db.session, variant):
        typed |= pages.OF_GIFT_CARDS
    try:
        form = _variant_form(typed)
        who = viewer()
        actor = who.person().key
        with audited.changing(f"product:{key} variant:{variant}", lambda: pages.logged_variant(key, variant)):
            actions.save_variant(db.session, key, form, variant_key=variant, now=who.now, actor=actor)
    except Invalid as refusal:
        page = variant_page(key, variant, typed, translated_errors(refusal.fields))
        return show("desk/product_variant.html", page, 422)
    flash(_("Saved."), "success")
    return _to_product(key)


# --- offers ---

OFFER_FIELDS = ("sku", "merchant", "url", "price", "currency", "region", "availability")


@bp.get("/desk/products/<key>/offers/new")
def new_offer(key: str) -> Response:
    """The form of a new offer of ``kind`` own or affiliate."""
    found = queries.get_for_desk(db.session, key)
    own = request.args.get("kind") == "own"
    page = pages.offer_page(found, None, own=own)
    sku = request.args.get("sku", "")[:80] or (found.variants[0].sku if found.variants else "")
    if own and not found.variants:
        flash(_("What we sell needs a variant with a SKU first."), "error")
        return redirect(url_for("desk.new_variant", key=key), 303)
    return show("desk/product_offer.html", pages.offer_page(found, None, own=own, typed={**page.values, "sku": sku}))


@bp.post("/desk/products/<key>/offers/new")
def create_offer(key: str) -> Response:
    """Add an offer."""
    return _save_offer(key, None)


@bp.get("/desk/products/<key>/offers/<offer>")
def offer(key: str, offer: str) -> Response:
    """The form of an offer."""
    found = queries.get_for_desk(db.session, key)
    one = next((one for one in found.offers if one.key == offer), None)
    if one is None:
        raise NotFound(say("There is no such offer."))
    return show("desk/product_offer.html", pages.offer_page(found, one, own=one.kind == "own"))


@bp.post("/desk/products/<key>/offers/<offer>")
def save_offer(key: str, offer: str) -> Response:
    """Change price, place or link of an offer."""
    return _save_offer(key, offer)


def _save_offer(key: str, offer: str | None) -> Response:
    typed = _typed("kind", *OFFER_FIELDS)
    own = typed["kind"] == "own"
    try:
        form = OfferInput.parse(typed, price_unit="major")
        if offer is None:
            made = actions.save_offer(db.session, key, form, now=viewer().now).key
            audited.made(f"product:{key} offer:{made}", pages.logged_offer(key, made))
        else:
            with audited.changing(f"product:{key} offer:{offer}", lambda: pages.logged_offer(key, offer)):
                actions.save_offer(db.session, key, form, offer_key=offer, now=viewer().now)
    except Invalid as refusal:
        found = queries.get_for_desk(db.session, key)
        one = next((one for one in found.offers if one.key == offer), None)
        page = pages.offer_page(found, one, own=own, typed=typed, errors=translated_errors(refusal.fields))
        return show("desk/product_offer.html", page, 422)
    flash(_("The offer is saved. Cards show it from now on."), "success")
    return _to_product(key)


@bp.post("/desk/products/<key>/offers/<offer>/retire")
def retire_offer(key: str, offer: str) -> Response:
    """Take an offer out of every card."""
    with audited.changing(f"product:{key} offer:{offer}", lambda: _offer_state(key, offer)):
        actions.retire_offer(db.session, key, offer, now=viewer().now)
    flash(_("The offer was taken off. You can bring it back."), "success")
    return _to_product(key)


@bp.post("/desk/products/<key>/offers/<offer>/restore")
def restore_offer(key: str, offer: str) -> Response:
    """Bring an offer back."""
    with audited.changing(f"product:{key} offer:{offer}", lambda: _offer_state(key, offer)):
        actions.restore_offer(db.session, key, offer, now=viewer().now)
    flash(_("The offer is back."), "success")
    return _to_product(key)


def _offer_state(key: str, offer: str) -> dict[str, str]:
    """On or off; nothing for an offer that is not there, which the room refuses."""
    offers = queries.get_for_desk(db.session, key).offers
    return next(({"state": "on" if one.active else "off"} for one in offers if one.key == offer), {})


# --- stock ---


@bp.get("/desk/stock")
def stock_list() -> Response:
    """All variants, least available first."""
    words = request.args.get("q", "")[:100].strip()
    low = request.args.get("only") == "low"
    number = page_number(request.args.get("page"))
    found = queries.page_stock(db.session, words=words, low_only=low, number=number, locale=viewer().locale)
    here = ({"q": words} if words else {}) | ({"only": "low"} if low else {})
    search = {"q": words} if words else {}
    return show(
        "desk/stock.html",
        pages.StockListPage(
            tabs=[
                (_("All"), _url("desk.stock_list", search), not low, None),
                (_("Running low"), _url("desk.stock_list", {"only": "low"} | search), low, None),
            ],
            words=words,
            rows=found.items,
            total=found.total,
            **_turning("desk.stock_list", here, found),
        ),
    )


@bp.get("/desk/stock/<variant>")
def stock_of(variant: str) -> Response:
    """One variant's stock and how it came to that."""
    return show("desk/stock_variant.html", pages.stock_page(variant))


@bp.post("/desk/stock/<variant>/receive")
def receive_stock(variant: str) -> Response:
    """Add units that came in."""
    typed = _typed("quantity", "note", "location")
    who = viewer()
    variant_id, _row = queries.get_stock(db.session, variant, who.locale)
    try:
        stock.receive(
            db.session,
            variant_id,
            _quantity(typed, "quantity"),
            reason=typed["note"] or "received",
            location=typed["location"],
            now=who.now,
            actor=who.person().key,
        )
    except Invalid as refusal:
        return show("desk/stock_variant.html", pages.stock_page(variant, typed, translated_errors(refusal.fields)), 422)
    except (Conflict, NotFound) as refusal:
        page = pages.stock_page(variant, typed, {"quantity": [refusal_text(refusal)]})
        return show("desk/stock_variant.html", page, 409)
    flash(_("The stock has grown."), "success")
    return redirect(url_for("desk.stock_of", variant=variant), 303)


@bp.post("/desk/stock/<variant>/count")
def correct_stock(variant: str) -> Response:
    """Set the count to what was found on the shelf, with the reason."""
    typed = _typed("on_hand", "reason", "expected", "location")
    who = viewer()
    variant_id, _row = queries.get_stock(db.session, variant, who.locale)
    try:
        counted, actor = _quantity(typed, "on_hand"), who.person().key
        more = {"location": typed["location"], "reason": typed["reason"]}
        with audited.changing(f"variant:{variant}", lambda: _counts(variant_id, typed["location"]), **more):
            stock.set_on_hand(
                db.session,
                variant_id,
                counted,
                reason=typed["reason"],
                location=typed["location"],
                expected=parse_quantity(typed, "expected", {}),
                now=who.now,
                actor=actor,
            )
    except Invalid as refusal:
        return show("desk/stock_variant.html", pages.stock_page(variant, typed, translated_errors(refusal.fields)), 422)
    except Conflict as conflict:
        page = pages.stock_page(variant, typed, {"on_hand": [refusal_text(conflict)]})
        return show("desk/stock_variant.html", page, 409)
    flash(_("The count is corrected."), "success")
    return redirect(url_for("desk.stock_of", variant=variant), 303)


def _counts(variant_id: int, location: str) -> dict[str, int]:
    """What the audit log compares when a shelf was counted: of one place, or of the only one."""
    levels = queries.list_levels(db.session, variant_id, viewer().locale)
    return {"on_hand": sum(one.on_hand for one in levels if location in ("", one.location_key))}


def _typed(*names: str) -> dict[str, str]:
    """What the form holds under these names."""
    return {name: request.form.get(name, "") for name in names}


def _quantity(typed: Mapping[str, str], name: str) -> int:
    """A whole number from 0 to 1,000,000. Raises Invalid, also when there is none."""
    problems: dict[str, list[str]] = {}
    quantity = parse_quantity(typed, name, problems)
    if quantity is None:
        raise Invalid(problems or {name: [_("Write a whole number.")]})
    return quantity


def _to_product(key: str) -> Response:
    return redirect(url_for("desk.product", key=key), 303)
