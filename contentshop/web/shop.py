"""The shop: the cart, and the buyer's page of an order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from flask import jsonify, make_response, redirect, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from contentshop.core.db import db
from contentshop.core.errors import Conflict, ContentshopError, Invalid, NotFound
from contentshop.core.text import safe_next
from contentshop.core.words import say
from contentshop.orders import actions
from contentshop.orders import queries as orders
from contentshop.orders.inputs import parse_quantity
from contentshop.products import queries as products
from contentshop.products.offers import ProductFacts
from contentshop.products.stock import OutOfStock
from contentshop.promotions.actions import LimitReached
from contentshop.web.cards import resolve
from contentshop.web.cart_loading import load_cart
from contentshop.web.cart_pages import RefusedQuantity, cart_page
from contentshop.web.checkout_words import left_words, limit_words
from contentshop.web.chrome import referring_page
from contentshop.web.door import Door, show
from contentshop.web.orders import order_view
from contentshop.web.origins import find_card
from contentshop.web.session import CART_COOKIE, Viewer, set_cookie, viewer
from contentshop.web.shop_pages import RefusedPage
from contentshop.web.words import refusal_text

bp = Door("shop", __name__)

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
    except (Invalid, NotFound, OutOfStock, LimitReached) as refusal:
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
    if isinstance(refusal, LimitReached):
        return limit_words(min(refusal.left.values()))
    return refusal_text(refusal)


def _wants_json() -> bool:
    return request.accept_mimetypes.best_match(["text/html", "application/json"]) == "application/json"


def _page_before() -> str:
    """The path of our page that the form stood on, or an empty text."""
    wanted = safe_next(request.form.get("next", ""))
    if wanted:
        return wanted.partition("#")[0]
    before = referring_page()
    return "" if before.startswith("/cart") else before


@bp.post("/cart/update")
def update_cart() -> Response:
    """Change how many of a line."""
    line = request.form.get("variant", "")[:20], request.form.get("card", "")[:20]
    typed = request.form.get("quantity", "")[:20]
    try:
        actions.change_quantity(
            db.session,
            cart_key(),
            variant_key=line[0],
            card_key=line[1],
            quantity=parse_quantity(typed, zero=True),
            now=viewer().now,
        )
    except (Invalid, NotFound, OutOfStock, LimitReached) as refusal:
        db.session.rollback()
        status = 422 if isinstance(refusal, Invalid) else 409
        refused = RefusedQuantity(*line, typed, _told(refusal))
        return show("shop/cart.html", cart_page(load_cart(cart_key(), viewer()), refused=refused), status)
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


@bp.get("/orders/<token>")
def order(token: str) -> Response:
    """An order, for whoever holds its signed link."""
    return order_view(token)
