"""The studio's products: a shop's page pasted by a creator becomes a product that cards can name.

Nothing is fetched while a transaction is open, and nothing that a form says is taken for what a page said: what
was read stays on our side until the product is made.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from babel import Locale
from flask import flash, jsonify, redirect, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from contentshop.core.addresses import tidy
from contentshop.core.db import db
from contentshop.core.errors import Conflict, ContentshopError, Forbidden, Invalid, NotFound
from contentshop.core.fetch import NotFetched
from contentshop.core.money import Money
from contentshop.core.text_urls import safe_url
from contentshop.core.uow import run_in_unit
from contentshop.core.words import say
from contentshop.media import actions as media
from contentshop.media import images
from contentshop.media import queries as pictures
from contentshop.products import actions, policy, queries
from contentshop.products.inputs import AVAILABILITIES, LOCKS, FoundInput
from contentshop.products.pages import PageFacts, read_page
from contentshop.products.queries import Reading
from contentshop.web.cards import CardView, product_card
from contentshop.web.chrome import current_babel_locale, money
from contentshop.web.door import Door, manages_own_units, show
from contentshop.web.limits import READ_PAGES, limiter
from contentshop.web.pictures import PictureView, picture
from contentshop.web.session import engines, settings, viewer
from contentshop.web.studio_products_pages import FoundPage, NewProductPage, ProductForm, Sureness
from contentshop.web.words import refusal_text, translated, translated_errors

if TYPE_CHECKING:
    from contentshop.media.models import Asset
    from contentshop.media.queries import MediumFacts
    from contentshop.products.models import Product

bp = Door("studio_products", __name__, url_prefix="/studio/products")

FIELDS = ("url", "title", "brand", "price", "currency", "availability", "merchant", "gtin", "mpn", "no_picture")
NO_ERRORS: Mapping[str, list[str]] = {}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a pasted address: a product that is there already, or what was read, or why nothing was."""

    url: str
    known: Product | None = None
    reading: Reading | None = None
    problem: str = ""


@bp.get("/new")
def new() -> Response:
    """The page to paste an address into; with ``url`` what was read of it, to be looked through and changed."""
    url = tidy(request.args.get("url", "")) or request.args.get("url", "")[:2000]
    if not url:
        return show("studio/product_new.html", NewProductPage(url="", form=None))
    known = _known(url)
    if known is not None:
        return redirect(url_for("studio_products.product", slug=known.slug))
    reading = queries.find_reading(db.session, url, reader_id=viewer().person().id)
    return show("studio/product_new.html", NewProductPage(url=url, form=_form_page(_values(url, reading), reading)))


@bp.post("/read")
@limiter.limit(READ_PAGES)
@manages_own_units
def read() -> Response:
    """Read a shop's page, unless it is a product already."""
    typed = request.form.get("url", "")
    try:
        outcome = _read(typed)
    except Invalid as refusal:
        if _wants_json():
            return _json({"errors": translated_errors(refusal.fields)}, 422)
        page = NewProductPage(url=typed[:2000], form=None, errors=translated_errors(refusal.fields))
        return show("studio/product_new.html", page, 422)
    if _wants_json():
        return _json(_told(outcome), 200)
    if outcome.known is not None:
        return redirect(url_for("studio_products.product", slug=outcome.known.slug), 303)
    if outcome.problem:
        flash(_("%(problem)s You can fill in the fields yourself.", problem=outcome.problem), "error")
    return redirect(_review_url(outcome.url), 303)


@bp.post("")
def create() -> Response:
    """Make the product, as reviewed."""
    who, typed = viewer(), _typed()
    reading = queries.find_reading(db.session, typed["url"], reader_id=who.person().id)
    try:
        form = FoundInput.parse(typed, currency=who.currency)
        found = actions.add_found(
            db.session,
            form,
            read=reading.facts if reading else None,
            read_at=reading.read_at if reading else None,
            asset=_asset(reading),
            lang=who.locale,
            by=who.person(),
            now=who.now,
        )
    except Invalid as refusal:
        errors = translated_errors(refusal.fields)
        if _wants_json():
            return _json({"errors": errors}, 422)
        page = NewProductPage(url=typed["url"][:2000], form=_form_page(typed, reading), errors=errors)
        return show("studio/product_new.html", page, 422)
    except Conflict as refusal:
        if _wants_json():
            return _json({"errors": {"": [refusal_text(refusal)]}}, 409)
        raise
    if _wants_json():
        return _json(_row(found.product), 201 if found.added else 200)
    if found.added:
        flash(_("The product is there. Put its line into your text."), "success")
    return redirect(url_for("studio_products.product", slug=found.product.slug), 303)


@bp.get("/<slug>")
def product(slug: str) -> Response:
    """A product as its card shows it, with the line that puts it into a text; for who brought it in, its form."""
    return show("studio/product.html", _found_page(slug, NO_ERRORS, None))


@bp.post("/<slug>")
def save(slug: str) -> Response:
    """Correct what one brought in."""
    who, found = viewer(), _product(slug)
    offer = queries.get_page_offer(db.session, found.id)
    typed = _typed() | {"url": offer.url if offer else ""}
    try:
        form = FoundInput.parse(typed, currency=who.currency)
        actions.correct_found(db.session, found.key, form, by=who.person(), now=who.now)
    except Invalid as refusal:
        return show("studio/product.html", _found_page(slug, translated_errors(refusal.fields), typed), 422)
    flash(_("Saved."), "success")
    return redirect(url_for("studio_products.product", slug=slug), 303)


# --- reading ---


def _read(typed: str) -> Outcome:
    """Raises Invalid (``url``) for what is no address of the public web."""
    url = _address(typed)
    known = _known(url)
    if known is not None:
        return Outcome(url, known=known)
    by = viewer().person().id
    db.session.rollback()
    try:
        fetched = engines().fetcher.page(url)
    except NotFetched as refusal:
        return Outcome(url, problem=translated(refusal.message))
    facts = read_page(fetched.body, url=fetched.url, charset=fetched.charset)
    clean = tidy(facts.url)
    if not clean:
        return Outcome(url, problem=translated(NotFetched("private").message))
    facts = PageFacts(clean, facts.canonical, facts.fields, facts.problems)
    known = _known(facts.url, facts.canonical, gtin=facts.get("gtin"))
    if known is not None:
        return Outcome(url, known=known)
    db.session.rollback()
    encoded = _picture(facts)

    def keep() -> None:
        person, asset = viewer().person(), None
        if encoded is not None:
            asset = media.store_encoded(
                db.session, engines().storage, encoded, owner=person, alt=facts.get("title"), now=viewer().now
            )
        actions.keep_reading(db.session, facts, asset_key=asset.key if asset else "", by=person, now=viewer().now)

    run_in_unit(db.session, keep, keep=lambda _result: True)
    reading = queries.find_reading(db.session, facts.url, reader_id=by)
    return Outcome(facts.url, reading=reading, problem=" ".join(_problems(facts)))


def _address(typed: str) -> str:
    text = typed.strip()
    if "://" not in text and "." in text.partition("/")[0]:
        text = f"https://{text}"
    safe = safe_url(text) or ""
    if not safe.startswith(("http://", "https://")):
        raise Invalid({"url": [NotFetched("address").message]})
    clean = tidy(safe)
    if not clean:
        raise Invalid({"url": [NotFetched("private").message]})
    return clean


def _known(*urls: str, gtin: str = "") -> Product | None:
    found = queries.find_by_pages(db.session, urls, gtin=gtin or None)
    return queries.find_product(db.session, found) if found is not None else None


def _picture(facts: PageFacts) -> images.EncodedPicture | None:
    """The page's picture, decoded and made ours. A card can do without one, so nothing here is an error."""
    if not facts.get("picture"):
        return None
    try:
        return images.encode(engines().fetcher.picture(facts.get("picture")).body)
    except ContentshopError:
        return None


def _problems(facts: PageFacts) -> list[str]:
    """What could not be read, in sentences."""
    sentences: dict[str, str] = {
        "blocked": _("The shop asks for proof that a person is looking, so nothing could be read there."),
        "no_product": _("The page does not say which product it sells, so its price is not known."),
        "several_products": _("The page describes several products, so it is not clear which one is meant."),
        "no_price": _("The page states no price that can be read."),
        "several_prices": _("The page states several prices, so none was taken over."),
        "no_currency": _("The page states a price without its currency."),
        "odd_price": _("The page states a price that can be understood in two ways."),
    }
    return [str(sentences[problem]) for problem in facts.problems]


def sureness(facts: PageFacts) -> dict[str, Sureness]:
    """For each field that was read, how sure it is and where it comes from, in words."""
    levels = {"high": _("Sure"), "medium": _("Fairly sure"), "low": _("Please check")}
    sources: dict[str, str] = {
        "json-ld": _("from the shop’s product data"),
        "microdata": _("from the marks in the page"),
        "opengraph": _("from what the page tells social networks"),
        "page": _("from the page’s title"),
    }
    return {
        name: Sureness(known.sure, f"{levels[known.sure]}: {sources[known.source]}")
        for name, known in facts.fields.items()
    }


def overall(facts: PageFacts) -> str:
    """The lowest confidence among what a card shows first; without a price never more than medium."""
    order = ("low", "medium", "high")
    told = [facts.fields[name].sure for name in ("title", "price") if name in facts.fields]
    found = min(told, key=order.index, default="low")
    return found if "price" in facts.fields else min(found, "medium", key=order.index)


# --- answers ---


def _told(outcome: Outcome) -> dict[str, object]:
    reading = outcome.reading
    return {
        "known": _row(outcome.known) if outcome.known is not None else None,
        "read": _read_facts(reading) if reading is not None else None,
        "problem": outcome.problem or None,
        "review_url": _review_url(outcome.url),
    }


def _read_facts(reading: Reading) -> dict[str, object]:
    facts = reading.facts
    kept = picture(_asset_facts(reading)) if reading.asset_key else None
    return {
        "url": facts.url,
        "title": facts.get("title"),
        "brand": facts.get("brand"),
        "picture_url": facts.get("picture"),
        "picture": kept.src if kept else "",
        "price": facts.get("price"),
        "currency": facts.get("currency"),
        "availability": facts.get("availability") or "unknown",
        "merchant": _shop_name(facts.url, facts.get("shop")),
        "gtin": facts.get("gtin"),
        "mpn": facts.get("mpn"),
        "confidence": overall(facts),
        "sure": {name: asdict(one) for name, one in sureness(facts).items()},
        "problems": [],
    }


def _row(found: Product) -> dict[str, object]:
    """A product as the picker shows it; ``key`` is what a card names."""
    view = _card(found)
    return {
        "key": found.slug,
        "title": view.title,
        "brand": view.brand,
        "price": money(view.price) if view.price else "",
        "picture": view.picture.src if view.picture else "",
        "url": url_for("studio_products.product", slug=found.slug),
        "markup": f"::card[{found.slug}]",
    }


def _card(found: Product) -> CardView:
    facts = queries.load_facts(db.session, [found.id], viewer().locale)
    return product_card(facts[found.id], viewer(), known=facts)


def _review_url(url: str) -> str:
    return url_for("studio_products.new", url=url)


def _wants_json() -> bool:
    return request.accept_mimetypes.best_match(["text/html", "application/json"]) == "application/json"


def _json(body: object, status: int) -> Response:
    answer = jsonify(body)
    answer.status_code = status
    return answer


# --- forms ---


def _typed() -> dict[str, str]:
    names = (*FIELDS, *(f"lock_{name}" for name in LOCKS))
    return {name: request.form.get(name, "") for name in names}


def _values(url: str, reading: Reading | None) -> dict[str, str]:
    """What the form holds before anything is typed."""
    values = dict.fromkeys(FIELDS, "") | {"url": url, "currency": viewer().currency, "availability": "unknown"}
    if reading is None:
        return values | {"merchant": _shop_name(url, "")}
    facts = reading.facts
    read = {name: facts.get(name) for name in ("title", "brand", "price", "currency", "availability", "gtin", "mpn")}
    shop = _shop_name(facts.url, facts.get("shop"))
    return values | {name: text for name, text in read.items() if text} | {"url": facts.url, "merchant": shop}


def _shop_name(url: str, said: str) -> str:
    known = queries.find_shop(db.session, url)
    if known is None:
        return said
    return str((known.translations.get(viewer().locale) or {}).get("name") or known.name)


def _form_page(values: Mapping[str, str], reading: Reading | None) -> ProductForm:
    shop = queries.find_shop(db.session, values["url"])
    return ProductForm(
        values=values,
        currencies=_currencies(values["currency"]),
        availabilities=_availabilities(),
        sure=sureness(reading.facts) if reading else {},
        problems=_problems(reading.facts) if reading else [],
        read_at=reading.read_at if reading else None,
        picture=_kept_picture(reading),
        shop_known=shop is not None and shop.approved,
        locks=frozenset(name for name in LOCKS if values.get(f"lock_{name}")),
    )


def _kept_picture(reading: Reading | None) -> PictureView | None:
    if reading is None or not reading.asset_key:
        return None
    return picture(_asset_facts(reading), reading.facts.get("title"))


def _asset_facts(reading: Reading) -> MediumFacts | None:
    return pictures.load_media(db.session, [reading.asset_key]).get(reading.asset_key)


def _asset(reading: Reading | None) -> Asset | None:
    return pictures.find_asset(db.session, reading.asset_key) if reading and reading.asset_key else None


def _currencies(chosen: str) -> list[tuple[str, str]]:
    names = Locale.parse(current_babel_locale()).currencies
    codes = dict.fromkeys([*settings().currencies, *([chosen] if chosen else []), "EUR", "GBP", "JPY", "HKD", "TWD"])
    return [(code, f"{code} – {names.get(code, code)}") for code in codes]


def _availabilities() -> list[tuple[str, str]]:
    words: dict[str, str] = {
        "unknown": _("Not known"),
        "in_stock": _("In stock"),
        "preorder": _("Pre-order"),
        "backorder": _("On back order"),
        "special_order": _("Made to order"),
        "out_of_stock": _("Sold out"),
        "discontinued": _("No longer made"),
    }
    return [(code, words[code]) for code in words if code in AVAILABILITIES]


def _product(slug: str) -> Product:
    """The product of another shop at this address, for who may correct it."""
    found = queries.find_ids_by_slug(db.session, [slug])
    product = queries.find_product(db.session, found[slug]) if found else None
    if product is None:
        raise NotFound(say("There is no such product."))
    if not policy.can_correct(viewer().user, product):
        raise Forbidden(say("This product was added by somebody else. Ask an operator to change it."))
    return product


def _found_page(slug: str, errors: Mapping[str, list[str]], typed: Mapping[str, str] | None) -> FoundPage:
    ids = queries.find_ids_by_slug(db.session, [slug])
    found = queries.find_product(db.session, ids[slug]) if ids else None
    if found is None:
        raise NotFound(say("There is no such product."))
    mine = policy.can_correct(viewer().user, found)
    return FoundPage(
        slug=slug,
        card=_card(found),
        markup=f"::card[{slug}]",
        form=_stored_form(found, typed) if mine else None,
        errors=errors,
    )


def _stored_form(found: Product, typed: Mapping[str, str] | None) -> ProductForm | None:
    offer = queries.get_page_offer(db.session, found.id)
    if offer is None:
        return None
    price = Money(offer.price_minor, offer.currency) if offer.price_minor is not None else None
    stored = {
        "url": offer.url,
        "title": found.title,
        "brand": found.brand,
        "price": f"{price.amount:f}" if price else "",
        "currency": offer.currency,
        "availability": offer.availability,
        "merchant": _shop_name(offer.url, ""),
        "gtin": found.gtin or "",
        "mpn": found.mpn,
        "no_picture": "",
    }
    locks = {f"lock_{name}": "1" for name in (*found.locks, *offer.locks)}
    return _form_page(typed if typed is not None else stored | locks, None)
