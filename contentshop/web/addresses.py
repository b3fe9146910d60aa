"""A person's address book, and the orders they placed as a guest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from flask import flash, redirect, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from itsdangerous import BadSignature, URLSafeTimedSerializer
from werkzeug.wrappers import Response

from contentshop.core.db import db
from contentshop.core.errors import Conflict, Invalid, NotFound
from contentshop.core.words import say
from contentshop.delivery import actions, places, queries
from contentshop.delivery.inputs import AddressInput
from contentshop.orders.actions import claiming
from contentshop.web import destinations
from contentshop.web.address_forms import NO_ERRORS, AddressForm, address_form
from contentshop.web.chrome import current_babel_locale
from contentshop.web.door import Door, show
from contentshop.web.limits import RESET, limiter
from contentshop.web.order_links import order_of, order_url
from contentshop.web.session import settings, viewer
from contentshop.web.words import refusal_text, translated_errors

bp = Door("addresses", __name__)

FIELDS = ("country", *places.FIELDS, "phone")
CLAIM_LIFE = timedelta(days=2)


@dataclass(frozen=True, slots=True)
class Kept:
    """A saved address; ``lines`` are without the name."""

    key: str
    name: str
    lines: Sequence[str]


@dataclass(frozen=True, slots=True)
class AddressesPage:
    """The address book."""

    kept: Sequence[Kept]


@dataclass(frozen=True, slots=True)
class AddressPage:
    """The form of an address; ``key`` is empty for a new one. ``changed``: its fields follow another country now."""

    key: str
    values: Mapping[str, str]
    errors: Mapping[str, list[str]]
    form: AddressForm
    changed: bool = False


@dataclass(frozen=True, slots=True)
class ClaimPage:
    """The question behind the link in the mail."""

    token: str
    email: str


@bp.get("/account/addresses")
def index() -> Response:
    """The address book, the one used last first."""
    found = queries.list_addresses(db.session, viewer().person().id)
    rows = []
    for one in found:
        values = {name: getattr(one, name) for name in places.FIELDS}
        lines = places.lines(one.country, values | {"name": ""}, locale=current_babel_locale())
        rows.append(Kept(one.key, one.name, [*lines, one.phone] if one.phone else lines))
    return show("account/addresses.html", AddressesPage(rows))


@bp.get("/account/addresses/new")
def new() -> Response:
    """The form of a new address."""
    return _form("", {"country": viewer().region, "name": viewer().person().name})


@bp.post("/account/addresses/new")
def create() -> Response:
    """Keep a new address."""
    return _save("")


@bp.get("/account/addresses/<key>")
def edit(key: str) -> Response:
    """The form of one of one's own addresses."""
    found = queries.get_address(db.session, viewer().person().id, key)
    return _form(key, {name: getattr(found, name) for name in FIELDS})


@bp.post("/account/addresses/<key>")
def save(key: str) -> Response:
    """Change an address."""
    queries.get_address(db.session, viewer().person().id, key)
    return _save(key)


@bp.post("/account/addresses/<key>/delete")
def delete(key: str) -> Response:
    """Delete an address; orders keep theirs."""
    actions.forget_address(db.session, key, by=viewer().person())
    flash(_("The address is deleted."), "success")
    return redirect(url_for("addresses.index"), 303)


def _save(key: str) -> Response:
    typed = {name: request.form.get(name, "")[:2000] for name in FIELDS}
    if request.form.get("do") == "country":
        return _form(key, typed, changed=True)
    try:
        form = AddressInput.parse(typed, countries=destinations.among(typed["country"]))
        actions.keep_address(db.session, form, by=viewer().person(), key=key, now=viewer().now)
    except Invalid as refusal:
        return _form(key, typed, translated_errors(refusal.fields), 422)
    except Conflict as full:
        return _form(key, typed, {"name": [refusal_text(full)]}, 409)
    flash(_("Saved."), "success")
    return redirect(url_for("addresses.index"), 303)


def _form(
    key: str,
    values: Mapping[str, str],
    errors: Mapping[str, list[str]] = NO_ERRORS,
    status: int = 200,
    *,
    changed: bool = False,
) -> Response:
    page = AddressPage(key, values, errors, address_form(values, shipped=True), changed)
    return show("account/address.html", page, status)


# --- orders placed as a guest --------------------------------------------------------------------------------------


@bp.post("/account/guest-orders")
@limiter.limit(RESET)
def ask_claim() -> Response:
    """Have a link sent that adds what was ordered with this address before. Says nothing of whether there is any."""
    claiming.ask_claim(db.session, by=viewer().person(), now=viewer().now)
    flash(_("A mail with a link is on its way to %(email)s.", email=viewer().person().email), "success")
    return redirect(url_for("account.home"), 303)


@bp.get("/guest-orders/<token>")
def claim_page(token: str) -> Response:
    """The link of the mail: asks once more, since programs open links as well."""
    return show("account/claim.html", ClaimPage(token, _proven(token)))


@bp.post("/guest-orders/<token>")
def claim(token: str) -> Response:
    """Add all orders of the proven address to the account of whoever is signed in."""
    count = claiming.claim_by_email(db.session, _proven(token), by=viewer().person())
    flash(
        ngettext("%(num)s order is in your account now.", "%(num)s orders are in your account now.", count), "success"
    )
    return redirect(url_for("account.home"), 303)


@bp.post("/orders/<token>/claim")
def claim_order(token: str) -> Response:
    """Add the order of a signed link to the account of whoever is signed in."""
    key = order_of(token)
    if key is None:
        raise NotFound(say("There is no such order. Please use the link in your mail."))
    claiming.claim_order(db.session, key, by=viewer().person())
    flash(_("The order is in your account now."), "success")
    return redirect(order_url(key), 303)


def claim_token(user_key: str, email: str) -> str:
    """The part of the mail's link that proves the address; it is for this account only."""
    return str(_seal().dumps([user_key, email]))


def _proven(token: str) -> str:
    """The address that a link proves. Raises NotFound for links that are not ours, too old, or for somebody else."""
    try:
        user_key, email = _seal().loads(token, max_age=int(CLAIM_LIFE.total_seconds()))
    except (BadSignature, ValueError, TypeError):
        user_key, email = "", ""
    if not email or user_key != viewer().person().key:
        raise NotFound(say("This link is too old, or for another account. Ask for a new one in your account."))
    return str(email)


def _seal() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(settings().secret_key, salt="contentshop.claim")
