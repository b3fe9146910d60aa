"""The checkout in three steps: who and where, delivery and payment, look through and order.

What is typed is kept with the cart, so going back finds it. Totals are worked out here at every step; the last button
sends only which quote was seen. Every step works without JavaScript.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta

from flask import Response as FlaskResponse
from flask import flash, redirect, request, url_for
from flask_babel import gettext as _
from flask_limiter import RequestLimit
from werkzeug.wrappers import Response

from contentshop.core.db import db
from contentshop.core.errors import Conflict, ContentshopError, Invalid, NotFound
from contentshop.delivery import actions as delivery
from contentshop.delivery import queries as addresses
from contentshop.delivery.places import FIELDS as ADDRESS_FIELDS
from contentshop.orders import actions
from contentshop.orders import queries as orders
from contentshop.orders.actions import AttemptUsed, CartEmpty, QuoteChanged, Wish
from contentshop.orders.inputs import Buyer, Delivery, read_attempt
from contentshop.orders.pricing import reduction_of
from contentshop.orders.queries import CartState, Quote
from contentshop.payments.credit import CODE_LENGTH, normalise
from contentshop.products.stock import OutOfStock
from contentshop.promotions.actions import LimitReached, PromotionOver
from contentshop.web import destinations
from contentshop.web.address_forms import NO_ERRORS
from contentshop.web.cart_loading import Credited, Loaded, buyer_names, load_cart
from contentshop.web.cart_pages import cart_page
from contentshop.web.checkout_pages import WayOut, how_page, payment_methods, review_page, who_page
from contentshop.web.checkout_words import obstacle_words, short_words
from contentshop.web.door import Door, show
from contentshop.web.limits import CHECKOUT, CODES, limiter
from contentshop.web.paying import after_placing
from contentshop.web.seen_quotes import Seen, read_seen
from contentshop.web.session import CART_COOKIE, engines, settings, viewer
from contentshop.web.shop_sums import reduction_words
from contentshop.web.words import refusal_text, translated

bp = Door("checkout", __name__)

STEP_ONE = (*Buyer.names(), "address_key", "keep")


def cart_key() -> str:
    """The key of this browser's cart; empty when it has none."""
    return request.cookies.get(CART_COOKIE, "")[:64]


def to_cart() -> Response:
    """Back to the cart."""
    return redirect(url_for("shop.cart"), 303)


# --- who and where -------------------------------------------------------------------------------------------------


@bp.get("/checkout")
def who() -> Response:
    """The first step."""
    currency = _known_currency(request.args.get("currency", ""))
    loaded = load_cart(cart_key(), viewer(), currency)
    quote = loaded.quote(currency)
    if quote is None:
        return to_cart()
    return _show_who(
        loaded, quote, _remembered(loaded.state), stuck=_way_out(quote) if _pays_elsewhere(quote) else None
    )


@bp.post("/checkout/address")
def save_who() -> Response:
    """Keep the first step. Another country, and paying in another currency, only change what is asked for and shown."""
    other = _known_currency(request.form.get("pay_in", ""))
    currency = other or _known_currency(request.form.get("currency", ""))
    typed = {name: request.form.get(name, "")[:2000] for name in STEP_ONE}
    if other or request.form.get("do") == "country":
        return _look_again(typed, currency)
    loaded = load_cart(cart_key(), viewer(), currency)
    quote = loaded.quote(currency)
    if quote is None:
        return to_cart()
    try:
        buyer = _buyer(typed | _saved(typed), quote)
    except Invalid as refusal:
        if typed["address_key"]:
            # The fields of a saved address are hidden; what is wrong with it is mended in them.
            typed |= _saved(typed) | {"address_key": ""}
        if typed["country"] in destinations.among(typed["country"]):
            # The sum beside the form is that of the country in it.
            loaded = _as_if_in(typed["country"], currency)
            quote = loaded.quote(currency) or quote
        return _show_who(loaded, quote, typed, 422, refusal.fields)
    draft = buyer.values() | {"currency": quote.currency, "address_key": typed["address_key"]}
    if loaded.state.text("country") != buyer.address.country:
        draft["shipping"] = ""
    after = load_cart(
        cart_key(), viewer(), quote.currency, CartState(loaded.state.codes, {**loaded.state.draft, **draft})
    )
    problem = _undeliverable(after, quote.currency)
    if problem:
        there = after.facts.quote(quote.currency)
        return _show_who(after, there or quote, typed, 422, problem, stuck=_way_out(there) if there else None)
    actions.keep_draft(db.session, cart_key(), draft, now=viewer().now)
    user = viewer().user
    if user is not None and quote.shipped and (typed["keep"] or typed["address_key"]):
        _keep_address(buyer, typed["address_key"])
    return redirect(url_for("checkout.how"), 303)


def _look_again(typed: Mapping[str, str], currency: str) -> Response:
    """The first step with what was typed, as it is for another country or currency; nothing is kept."""
    loaded = _as_if_in(typed["country"], currency)
    quote = loaded.quote(currency)
    if quote is None:
        return to_cart()
    stuck = _way_out(quote) if _pays_elsewhere(quote) else None
    return _show_who(loaded, quote, typed, stuck=stuck, changed=request.form.get("do") == "country")


def _as_if_in(country: str, currency: str) -> Loaded:
    """The cart as it would be sent somewhere in ``country``; nothing is kept."""
    before = orders.get_state(db.session, cart_key())
    there = {"country": country, "region": "", "postcode": "", "address": "", "shipping": ""}
    return load_cart(cart_key(), viewer(), currency, CartState(before.codes, {**before.draft, **there}))


def _pays_elsewhere(quote: Quote) -> bool:
    """Whether the currency alone keeps this from being sent, which is so wherever in the country it goes."""
    return quote.obstacle is not None and quote.obstacle.why == "currency"


def _way_out(quote: Quote) -> WayOut | None:
    """Why nothing of this can be sent there, with the currency that would do; None when something can."""
    if quote.obstacle is None:
        return None
    draft = {"country": quote.to.country, "region": quote.to.region, "postcode": quote.to.postcode, "shipping": ""}
    before = orders.get_state(db.session, cart_key())
    for currency in quote.obstacle.currencies:
        loaded = load_cart(cart_key(), viewer(), currency, CartState(before.codes, {**before.draft, **draft}))
        there = loaded.facts.quote(currency)
        # All of it, since what has no such price would stay behind.
        if there is not None and there.options and len(there.lines) >= len(quote.lines):
            return WayOut(obstacle_words(quote), currency)
    return WayOut(obstacle_words(quote))


def _known_currency(text: str) -> str:
    """A currency that we sell in; empty for anything else, so that it changes nothing."""
    return text if text in settings().currencies else ""


def _keep_address(buyer: Buyer, key: str) -> None:
    """Into the address book; a full one is no reason to stop."""
    try:
        delivery.keep_address(db.session, buyer.address, by=viewer().person(), key=key, now=viewer().now)
    except Conflict as full:
        flash(refusal_text(full), "error")


def _undeliverable(after: Loaded, currency: str) -> dict[str, list[str]]:
    """Why nothing can be sent to the address that was typed; empty when it can."""
    if any(line.elsewhere for line in after.facts.lines):
        return {"country": [_("Something in your cart is not sold to this country.")]}
    quote = after.facts.quote(currency)
    if quote is not None and quote.shipped and not quote.options:
        return {"country": [obstacle_words(quote)]}
    return {}


def _saved(typed: Mapping[str, str]) -> dict[str, str]:
    """The saved address that was chosen instead of typing one."""
    user = viewer().user
    if user is None or not typed.get("address_key"):
        return {}
    kept = addresses.get_address(db.session, user.id, typed["address_key"][:20])
    return {name: getattr(kept, name) for name in (*ADDRESS_FIELDS, "country", "phone")}


def _remembered(state: CartState) -> dict[str, str]:
    """What was typed before; else what the account knows."""
    values = {name: state.text(name) for name in STEP_ONE}
    user = viewer().user
    if not values["email"] and user is not None:
        kept = addresses.list_addresses(db.session, user.id)
        values |= {"email": user.email, "name": user.name, "keep": "yes"}
        if kept:
            values["address_key"] = kept[0].key
            if not values["country"]:
                values |= {"country": kept[0].country, "region": kept[0].region}
    if values["country"] not in destinations.among(values["country"]):
        values["country"] = viewer().region
    return values


def _show_who(
    loaded: Loaded,
    quote: Quote,
    values: Mapping[str, str],
    status: int = 200,
    errors: Mapping[str, list[str]] = NO_ERRORS,
    *,
    stuck: WayOut | None = None,
    changed: bool = False,
) -> Response:
    user = viewer().user
    kept = addresses.list_addresses(db.session, user.id) if user is not None and quote.shipped else []
    by_region = _by_region(quote, values.get("country", ""))
    page = who_page(
        loaded, quote, values, kept, who=viewer(), errors=errors, by_region=by_region, stuck=stuck, changed=changed
    )
    return show("shop/checkout_who.html", page, status)


# --- delivery and payment ------------------------------------------------------------------------------------------


@bp.get("/checkout/delivery")
def how() -> Response:
    """The second step."""
    loaded = load_cart(cart_key(), viewer())
    quote = loaded.quote(loaded.state.text("currency"))
    if quote is None:
        return to_cart()
    if not _is_known(loaded, quote):
        return redirect(url_for("checkout.who"), 303)
    return show("shop/checkout_how.html", how_page(loaded, quote, loaded.state.draft))


@bp.post("/checkout/delivery")
def save_how() -> Response:
    """Keep the second step."""
    typed = {name: request.form.get(name, "")[:40] for name in ("shipping", "payment_method")}
    state = load_cart(cart_key(), viewer()).state
    loaded = load_cart(
        cart_key(), viewer(), state=CartState(state.codes, {**state.draft, "shipping": typed["shipping"]})
    )
    quote = loaded.quote(state.text("currency"))
    if quote is None:
        return to_cart()
    errors: dict[str, list[str]] = {}
    if quote.shipped and quote.shipping is None:
        errors["shipping"] = [_("Choose how it is sent.")]
    if quote.totals.due.minor and typed["payment_method"] not in payment_methods(quote):
        errors["payment_method"] = [_("Choose how you want to pay.")]
    if errors:
        return show("shop/checkout_how.html", how_page(loaded, quote, typed, errors=errors), 422)
    if quote.shipping is not None:
        typed["shipping"] = quote.shipping.key
    actions.keep_draft(db.session, cart_key(), typed, now=viewer().now)
    return redirect(url_for("checkout.review"), 303)


def _too_many_codes(_limit: RequestLimit) -> FlaskResponse:
    return _code_refused(_("You have tried many codes. Please wait a minute and try again."), 429)


@bp.post("/checkout/code")
@limiter.limit(CODES, on_breach=_too_many_codes)
def use_code() -> Response:
    """Use a coupon code or a gift card: one field for both, since buyers do not care which it is."""
    text = request.form.get("code", "")[:100]
    user = viewer().user
    try:
        if len(normalise(text)) == CODE_LENGTH and _is_gift_card(text):
            flash(_("The gift card pays as much as it holds."), "success")
            return _back()
        code = actions.add_code(
            db.session, cart_key(), text, person=f"user:{user.key}" if user else "", now=viewer().now
        )
    except (Invalid, NotFound, Conflict) as refusal:
        return _code_refused(refusal_text(refusal), 422)
    loaded = load_cart(cart_key(), viewer())
    quotes = loaded.facts.quotes
    if quotes and all(any(one.code == code and one.why == "unknown" for one in q.discount.refused) for q in quotes):
        return _code_refused(_("We do not know this code. Please check how it is written."), 422)
    if any(use.rule.code == code for quote in quotes for use in quote.discount.uses):
        flash(_taken_words(code, quotes), "success")
    return _back()


def _taken_words(code: str, quotes: Sequence[Quote]) -> str:
    """That a code is used, and what it does."""
    used = next((quote, use) for quote in quotes for use in quote.discount.uses if use.rule.code == code)
    does = reduction_words(reduction_of(used[1], used[0].currency), used[0].currency)
    if does:
        return str(_("“%(code)s” is taken off: %(does)s.", code=code, does=does))
    return str(_("“%(code)s” is taken off.", code=code))


def _is_gift_card(text: str) -> bool:
    """Use the gift card of this code, if there is one. Raises Conflict for one that is empty."""
    try:
        actions.use_gift_card(db.session, cart_key(), text, now=viewer().now)
    except NotFound:
        return False
    return True


@bp.post("/checkout/code/remove")
def leave_code() -> Response:
    """Do not use a code or a gift card after all."""
    if request.form.get("card"):
        actions.leave_gift_card(db.session, cart_key(), request.form["card"][:20], now=viewer().now)
    else:
        actions.remove_code(db.session, cart_key(), request.form.get("code", "")[:100], now=viewer().now)
    return _back()


def _code_refused(message: str, status: int) -> FlaskResponse:
    """The page that the field stands on, with the reason beside it."""
    db.session.rollback()
    loaded = load_cart(cart_key(), viewer())
    text = request.form.get("code", "")[:100]
    quote = loaded.quote(loaded.state.text("currency"))
    if request.form.get("step") == "how" and quote is not None and _is_known(loaded, quote):
        page = how_page(loaded, quote, loaded.state.draft, code=text, code_problem=message)
        return show("shop/checkout_how.html", page, status)
    return show("shop/cart.html", cart_page(loaded, code=text, code_problem=message), status)


def _back() -> Response:
    return redirect(url_for("checkout.how" if request.form.get("step") == "how" else "shop.cart"), 303)


# --- look through and order ----------------------------------------------------------------------------------------


@bp.get("/checkout/review")
def review() -> Response:
    """The last step: everything once more, and one button."""
    loaded = load_cart(cart_key(), viewer())
    quote = loaded.quote(loaded.state.text("currency"))
    if quote is None:
        return to_cart()
    if not _is_known(loaded, quote):
        return redirect(url_for("checkout.who"), 303)
    if not _is_chosen(loaded, quote):
        return redirect(url_for("checkout.how"), 303)
    return show("shop/checkout_review.html", review_page(loaded, quote))


@bp.post("/checkout")
@limiter.limit(CHECKOUT)
def place_order() -> Response:
    """The last button. Whatever the form says of prices is not read; what the buyer saw is compared."""
    seen = read_seen(request.form.get("seen", ""))
    who = viewer()
    if request.form.get("do") == "fit":
        state = orders.get_state(db.session, cart_key())
        actions.fit_to_stock(db.session, cart_key(), persons=buyer_names(state, who), now=who.now)
        return _review_again(seen, 200)
    try:
        order = actions.place(
            db.session,
            _wish(seen),
            user=who.user,
            postage=settings().shipping,
            pay_within=timedelta(hours=settings().pay_within_hours),
            now=who.now,
            creators=Credited(who),
        )
    except Invalid as refusal:
        db.session.rollback()
        return _review_again(seen, 422, refusal)
    except CartEmpty as refusal:
        db.session.rollback()
        return show("shop/cart.html", cart_page(load_cart(cart_key(), who), refusal_text(refusal)), 409)
    except (Conflict, OutOfStock) as refusal:
        db.session.rollback()
        return _review_again(seen, 409, refusal)
    return after_placing(order)


def _wish(seen: Seen | None) -> Wish:
    """What the buyer wants, from what they typed in the steps. Raises Invalid when a step is missing or wrong."""
    state = orders.get_state(db.session, cart_key())
    currency = seen.currency if seen else viewer().currency
    draft = {name: state.text(name) for name in Delivery.names()}
    # Whether anything is shipped is part of what was seen, so a street that is missing is found there.
    return Wish(
        attempt=read_attempt(request.form.get("attempt", "")),
        cart_key=cart_key(),
        currency=currency,
        seen=seen.fingerprint if seen else "",
        delivery=Delivery.parse(
            draft,
            countries=destinations.among(draft["country"]),
            methods=engines().payment.methods,
            shipped=bool(draft["address"]),
        ),
        locale=viewer().locale,
    )


def _review_again(seen: Seen | None, status: int, refusal: ContentshopError | None = None) -> Response:
    """The last step with today's quote and what was refused; the step that is wrong; the cart when it is empty."""
    currency = seen.currency if seen else ""
    loaded = load_cart(cart_key(), viewer(), currency)
    quote = loaded.facts.quote(currency) if seen else loaded.quote(currency)
    if quote is None:
        page = cart_page(loaded, _("There is nothing left in your cart to order."))
        return show("shop/cart.html", page, status)
    fields = refusal.fields if isinstance(refusal, Invalid) else {}
    if not _is_known(loaded, quote) or fields.keys() & set(Buyer.names()):
        return _show_who(loaded, quote, _remembered(loaded.state), status, fields)
    if not _is_chosen(loaded, quote):
        return show("shop/checkout_how.html", how_page(loaded, quote, loaded.state.draft, errors=fields), status)
    page_ = review_page(
        loaded, quote, attempt=_attempt(refusal), before=seen, problem=short_words(loaded.facts) or _told(refusal)
    )
    return show("shop/checkout_review.html", page_, status)


def _told(refusal: ContentshopError | None) -> str:
    if refusal is None:
        return ""
    if isinstance(refusal, QuoteChanged):
        return str(_("Something in your cart has changed. Please look at it again before you order."))
    if isinstance(refusal, OutOfStock | LimitReached | PromotionOver):
        return refusal_text(refusal)
    return refusal_text(refusal) if isinstance(refusal, Invalid) else translated(refusal.message)


def _attempt(refusal: ContentshopError | None) -> str:
    """The form's own key, so that trying again stays the same try; a new one when it is used or not ours."""
    if isinstance(refusal, AttemptUsed):
        return ""
    try:
        return read_attempt(request.form.get("attempt", ""))
    except Invalid:
        return ""


def _buyer(values: Mapping[str, str], quote: Quote) -> Buyer:
    """Who buys, and where to. Raises Invalid."""
    countries = destinations.among(values.get("country", ""))
    by_region = _by_region(quote, values.get("country", ""))
    return Buyer.parse(values, countries=countries, shipped=quote.shipped, by_region=by_region)


def _by_region(quote: Quote, country: str) -> bool:
    """Whether to ask where in ``country`` the buyer of what is not sent lives."""
    return quote.taxed_afar and addresses.taxes_by_region(db.session, country[:2])


def _is_known(loaded: Loaded, quote: Quote) -> bool:
    """Whether the first step has been done for what is in the cart now."""
    try:
        _buyer({name: loaded.state.text(name) for name in Buyer.names()}, quote)
    except Invalid:
        return False
    return True


def _is_chosen(loaded: Loaded, quote: Quote) -> bool:
    """Whether the second step has been done for what is in the cart now."""
    sent = not quote.shipped or (quote.shipping is not None and bool(loaded.state.text("shipping")))
    paid = not quote.totals.due.minor or loaded.state.text("payment_method") in payment_methods(quote)
    return sent and paid
