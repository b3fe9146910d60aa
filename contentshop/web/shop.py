"""The shop: cart, checkout, and the buyer's page of an order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlsplit

from flask import jsonify, make_response, redirect, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from contentshop.core.db import db
from contentshop.core.errors import Conflict, ContentshopError, Invalid, NotFound
from contentshop.core.text import safe_next
from contentshop.core.words import say
from contentshop.orders import actions
from contentshop.orders import queries as orders
from contentshop.orders.actions import CartEmpty, QuoteChanged, Wish
from contentshop.orders.inputs import Delivery, parse_quantity, read_attempt
from contentshop.products import queries as products
from contentshop.products.offers import ProductFacts
from contentshop.products.stock import OutOfStock
from contentshop.web.cards import resolve
from contentshop.web.door import Door, show
from contentshop.web.limits import CHECKOUT, limiter
from contentshop.web.order_links import order_of, order_url
from contentshop.web.origins import find_card
from contentshop.web.session import CART_COOKIE, Viewer, engines, set_cookie, settings, viewer
from contentshop.web.shop_pages import (
    NO_ERRORS,
    RefusedPage,
    Seen,
    cart_page,
    checkout_page,
    left_words,
    load_cart,
    order_page,
    read_seen,
    short_words,
)
from contentshop.web.words import refusal_text

bp = Door("shop", __name__)

# How long the link in a mail opens the order: as long as a buyer may have to ask about it.
LINK_LIFE = timedelta(days=400)
# Where a page without script says that something was added (see the toast in base.html).
ADDED = "#added"
NOT_SOLD = say("We do not sell this at the moment.")


def cart_key() -> str:
    """The key of this browser's cart; empty when it has none."""
    return request.cookies.get(CART_COOKIE, "")[:64]


@bp.get("/cart")
def cart() -> Response:
    """What this browser means to buy."""
    return show("shop/cart.html", cart_page(load_cart(cart_key(), viewer())))


@dataclass(frozen=True, slots=True)
class _Choice:
    """The variant that a form means, and the card it stands for."""

    variant_id: int
    card_key: str
    title: str


@bp.post("/cart/add")
def add_to_cart() -> Response:
    """Put a thing into the cart from a card or a product page, without leaving the page."""
    who = viewer()
    try:
        quantity = parse_quantity(request.form.get("quantity", "1"))
        choice = _chosen(who)
        added = actions.add(
            db.session,
            cart_key(),
            variant_id=choice.variant_id,
            card_key=choice.card_key,
            quantity=quantity,
            region=who.region,
            now=who.now,
        )
    except (Invalid, NotFound, OutOfStock) as refusal:
        return _not_added(refusal)
    message = _("“%(title)s” is in your cart.", title=choice.title)
    if _wants_json():
        answer = jsonify(cart=added.count, message=message)
    else:
        back = _page_before()
        answer = make_response(redirect(back + ADDED if back else url_for("shop.cart"), 303))
    if added.cart_key != cart_key():
        set_cookie(answer, CART_COOKIE, added.cart_key)
    return answer


def _chosen(who: Viewer) -> _Choice:
    """Read card, product and variant from the form. Raises NotFound when they name nothing we sell."""
    card_key, variant_key, slug = (request.form.get(name, "")[:100] for name in ("card", "variant", "product"))
    card = find_card(db.session, card_key) if card_key else None
    variant = orders.find_variant(db.session, variant_key) if variant_key else None
    if variant is not None:
        product_id: int | None = variant.product_id
    elif card is not None:
        product_id = card.product_id
    else:
        product_id = products.find_ids_by_slug(db.session, [slug]).get(slug) if slug else None
    named = {product_id, card.product_id if card else None, card.alternative_id if card else None} - {None}
    facts = products.load_facts(db.session, {id_ for id_ in named if id_}, who.locale)
    if product_id is None or product_id not in facts or (variant_key and variant is None):
        raise NotFound(NOT_SOLD)
    # A card earns only for what it shows: its product, or one that stands in for it.
    of_card = card is not None and product_id in _shown(card.product_id, card.alternative_id, facts)
    return _Choice(
        variant_id=variant.id if variant else _first_variant(facts[product_id], who),
        card_key=card_key if of_card else "",
        title=facts[product_id].title,
    )


def _shown(product_id: int, alternative_id: int | None, facts: Mapping[int, ProductFacts]) -> set[int | None]:
    """The products that a card may show: its own and the alternatives named by the card and the product."""
    own = facts.get(product_id)
    return {product_id, alternative_id, own.alternative_id if own else None}


def _first_variant(product: ProductFacts, who: Viewer) -> int:
    """The variant that a card or product page offers when the form names none."""
    offer = resolve(product, who, {}).offer
    variant = orders.find_variant(db.session, offer.variant_key) if offer is not None else None
    if variant is None:
        raise NotFound(NOT_SOLD)
    return variant.id


def _not_added(refusal: ContentshopError) -> Response:
    status = 422 if isinstance(refusal, Invalid) else 409 if isinstance(refusal, Conflict) else 404
    message = _told(refusal)
    if _wants_json():
        answer = jsonify(error=message)
        answer.status_code = status
        return answer
    page = RefusedPage(_("This was not put into your cart"), message, _page_before() or "/")
    return show("shop/refused.html", page, status)


def _told(refusal: ContentshopError) -> str:
    """A refusal in the buyer's language."""
    if isinstance(refusal, OutOfStock):
        return left_words(min(refusal.available.values()))
    return refusal_text(refusal)


def _wants_json() -> bool:
    return request.accept_mimetypes.best_match(["text/html", "application/json"]) == "application/json"


def _page_before() -> str:
    """The path of our page that the form stood on, or an empty text."""
    wanted = safe_next(request.form.get("next", ""))
    if wanted:
        return wanted.partition("#")[0]
    before = urlsplit(request.referrer or "")
    if before.netloc != request.host or before.path.startswith("/cart"):
        return ""
    return safe_next(before.path + (f"?{before.query}" if before.query else "")) or ""


@bp.post("/cart/update")
def update_cart() -> Response:
    """Change how many of a line."""
    try:
        actions.change_quantity(
            db.session,
            cart_key(),
            variant_key=request.form.get("variant", "")[:20],
            card_key=request.form.get("card", "")[:20],
            quantity=parse_quantity(request.form.get("quantity", ""), zero=True),
            now=viewer().now,
        )
    except (Invalid, NotFound, OutOfStock) as refusal:
        db.session.rollback()
        status = 422 if isinstance(refusal, Invalid) else 409
        return show("shop/cart.html", cart_page(load_cart(cart_key(), viewer()), _told(refusal)), status)
    return redirect(url_for("shop.cart"), 303)


@bp.post("/cart/remove")
def remove_from_cart() -> Response:
    """Take a line out."""
    actions.remove(
        db.session,
        cart_key(),
        variant_key=request.form.get("variant", "")[:20],
        card_key=request.form.get("card", "")[:20],
        now=viewer().now,
    )
    return redirect(url_for("shop.cart"), 303)


@bp.get("/checkout")
def checkout() -> Response:
    """Contact, address, payment and the whole sum, on one page."""
    who = viewer()
    facts = load_cart(cart_key(), who)
    quote = facts.quote(request.args.get("currency", "")) or next(iter(facts.quotes), None)
    if quote is None:
        return redirect(url_for("shop.cart"), 303)
    values = {
        "email": who.user.email if who.user else "",
        "name": who.user.name if who.user else "",
        "country": who.region,
        "payment_method": engines().payment.methods[0],
    }
    return show("shop/checkout.html", checkout_page(quote, values=values, problem=short_words(facts)))


@bp.post("/checkout")
@limiter.limit(CHECKOUT)
def place_order() -> Response:
    """The last button. Whatever the form says of prices is not read; what the buyer saw is compared."""
    seen = read_seen(request.form.get("seen", ""))
    if request.form.get("do") == "fit":
        actions.fit_to_stock(db.session, cart_key(), now=viewer().now)
        return _checkout_again(seen, 200)
    try:
        order = actions.place(
            db.session,
            _wish(seen),
            user=viewer().user,
            postage=settings().shipping,
            pay_within=timedelta(hours=settings().pay_within_hours),
            now=viewer().now,
        )
    except Invalid as refusal:
        db.session.rollback()
        return _checkout_again(seen, 422, errors=refusal.fields)
    except (QuoteChanged, OutOfStock) as refusal:
        db.session.rollback()
        return _checkout_again(seen, 409, notice=isinstance(refusal, QuoteChanged))
    except CartEmpty as refusal:
        db.session.rollback()
        return show("shop/cart.html", cart_page(load_cart(cart_key(), viewer()), refusal_text(refusal)), 409)
    return redirect(order_url(order.key), 303)


def _wish(seen: Seen | None) -> Wish:
    delivery = Delivery.parse(request.form, countries=settings().regions, methods=engines().payment.methods)
    return Wish(
        attempt=read_attempt(request.form.get("attempt", "")),
        cart_key=cart_key(),
        currency=seen.currency if seen else viewer().currency,
        seen=seen.fingerprint if seen else "",
        delivery=delivery,
        region=viewer().region,
        locale=viewer().locale,
    )


def _checkout_again(
    seen: Seen | None, status: int, *, errors: Mapping[str, list[str]] = NO_ERRORS, notice: bool = False
) -> Response:
    """The checkout with what was typed and today's quote; the cart when nothing is left to order."""
    facts = load_cart(cart_key(), viewer(), seen.currency if seen else "")
    quote = facts.quote(seen.currency) if seen else next(iter(facts.quotes), None)
    if quote is None:
        problem = _("There is nothing left in your cart to order.")
        return show("shop/cart.html", cart_page(facts, problem), status)
    problem = short_words(facts)
    if notice and not problem:
        problem = _("Something in your cart has changed. Please look at it again before you order.")
    page = checkout_page(
        quote,
        values={name: request.form.get(name, "")[:2000] for name in Delivery.names()},
        errors=errors,
        attempt=_attempt(),
        before=seen,
        problem=problem,
    )
    return show("shop/checkout.html", page, status)


def _attempt() -> str:
    """The form's own key, so that trying again stays the same try; a new one when it is not ours."""
    try:
        return read_attempt(request.form.get("attempt", ""))
    except Invalid:
        return ""


@bp.get("/orders/<token>")
def order(token: str) -> Response:
    """An order, for whoever holds its signed link."""
    key = order_of(token)
    if key is None:
        raise NotFound(say("There is no such order. Please use the link in your mail."))
    found = orders.get_by_key(db.session, key)
    who = viewer()
    owner = who.user is not None and found.user_id == who.user.id
    if not owner and found.placed_at + LINK_LIFE <= who.now:
        raise NotFound(say("This link has expired. Please write to us if you have a question about the order."))
    response = show("shop/order.html", order_page(found))
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Robots-Tag"] = "noindex"
    # The address itself is the key to this page, so it is told to no other site.
    response.headers["Referrer-Policy"] = "same-origin"
    return response
