"""Readers who want to hear when something can be had again: asked for, proved by a mail, ended by one click."""

from __future__ import annotations

from dataclasses import dataclass

from flask import flash, redirect, request, url_for
from itsdangerous import BadSignature, URLSafeSerializer
from werkzeug.wrappers import Response

from contentshop.core.db import db
from contentshop.core.errors import Conflict, Invalid, NotFound
from contentshop.core.words import say
from contentshop.products import actions, queries
from contentshop.products.queries import Waiting
from contentshop.web.door import Door, show
from contentshop.web.limits import CODES, limiter
from contentshop.web.session import settings, viewer
from contentshop.web.urls import product_url
from contentshop.web.words import refusal_text, translated_errors

bp = Door("restock", __name__)

_SALT = "contentshop.restock"


@dataclass(frozen=True, slots=True)
class RestockPage:
    """A question, or what became of it. ``do`` is ask, confirm, stop, sent, waiting or stopped."""

    do: str
    token: str
    title: str
    url: str
    email: str
    variant: str = ""
    errors: tuple[str, ...] = ()


def confirm_url(key: str) -> str:
    """The whole address that proves a mail address."""
    return settings().site_url + url_for("restock.confirm", token=_signer().dumps(["confirm", key]))


def stop_url(key: str) -> str:
    """The whole address that ends the wait."""
    return settings().site_url + url_for("restock.stop", token=_signer().dumps(["stop", key]))


@bp.get("/restock/<variant>")
def form(variant: str) -> Response:
    """The question for an address. Has a token, unlike the cached page that leads here."""
    return show("reader/restock.html", _ask_page(variant))


@bp.post("/restock/<variant>")
@limiter.limit(CODES)
def ask(variant: str) -> Response:
    """Take an address."""
    who = viewer()
    email = request.form.get("email", "")[:300]
    try:
        found = actions.ask_restock(db.session, variant, email, user=who.user, locale=who.locale, now=who.now)
    except Invalid as refusal:
        errors = [text for texts in translated_errors(refusal.fields).values() for text in texts]
        return show("reader/restock.html", _ask_page(variant, email, tuple(errors)), 422)
    except Conflict as conflict:
        flash(refusal_text(conflict), "success")
        return redirect(product_url(_thing(variant).slug), 303)
    waiting = queries.find_waiting(db.session, found.key)
    if waiting is None:
        raise NotFound(say("There is no such variant."))
    do = "waiting" if waiting.state == "waiting" and who.user is not None else "sent"
    return show("reader/restock.html", _page(do, "", waiting))


@bp.get("/restock/confirm/<token>")
def confirm(token: str) -> Response:
    """Ask whether the address is theirs. Reading changes nothing, since mail programs look at every link."""
    return show("reader/restock.html", _page("confirm", token, _waiting(token, "confirm")))


@bp.post("/restock/confirm/<token>")
def confirmed(token: str) -> Response:
    """The address is theirs."""
    waiting = _waiting(token, "confirm")
    actions.confirm_restock(db.session, waiting.key)
    return show("reader/restock.html", _page("waiting", token, waiting))


@bp.get("/restock/stop/<token>")
def stop(token: str) -> Response:
    """Ask whether the wait should end."""
    return show("reader/restock.html", _page("stop", token, _waiting(token, "stop")))


@bp.post("/restock/stop/<token>")
def stopped(token: str) -> Response:
    """End the wait: by the page's button or a mail program's own (RFC 8058)."""
    waiting = _waiting(token, "stop")
    actions.stop_restock(db.session, waiting.key)
    return show("reader/restock.html", _page("stopped", token, waiting))


def _ask_page(variant: str, email: str = "", errors: tuple[str, ...] = ()) -> RestockPage:
    thing = _thing(variant)
    person = viewer().user
    known = person.email if person is not None else ""
    title = f"{thing.title} · {thing.variant}" if thing.variant else thing.title
    return RestockPage("ask", "", title, product_url(thing.slug), email or known, variant, errors)


def _thing(variant: str) -> queries.RestockThing:
    found = queries.find_restock_thing(db.session, variant, viewer().locale)
    if found is None:
        raise NotFound(say("There is no such variant."))
    return found


def _page(do: str, token: str, waiting: Waiting) -> RestockPage:
    title = f"{waiting.title} · {waiting.variant}" if waiting.variant else waiting.title
    return RestockPage(do, token, title, product_url(waiting.slug), waiting.email)


def _waiting(token: str, purpose: str) -> Waiting:
    try:
        said, key = _signer().loads(token)
    except (BadSignature, ValueError, TypeError):
        said, key = "", ""
    found = queries.find_waiting(db.session, str(key)) if said == purpose else None
    if found is None:
        raise NotFound(say("This link is not whole."))
    return found


def _signer() -> URLSafeSerializer:
    return URLSafeSerializer(settings().secret_key, salt=_SALT)
