"""Who is asking: the person, the language, the region and the currency; and protection of unsafe requests.

Sign-in is flask-login over our own session table. Cross-site requests are stopped twice: Flask-WTF's token in
every form, and for every unsafe request the browser's own word on where it comes from. Forms on cached pages
(adding to the cart, choosing a language) carry no token, since a token in a shared page would protect nobody;
they stand in ``TOKENLESS`` and need that word.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, cast
from urllib.parse import urlsplit

from flask import Flask, current_app, g, request
from flask import Response as FlaskResponse
from flask_login import LoginManager, current_user, login_user, logout_user
from flask_wtf import CSRFProtect
from werkzeug.local import LocalProxy
from werkzeug.wrappers import Response

from contentshop.accounts import actions, policy, queries
from contentshop.config import LOCALES, Settings
from contentshop.core.db import db
from contentshop.core.errors import Forbidden
from contentshop.core.words import say
from contentshop.engines import Engines
from contentshop.web.door import SAFE_METHODS

if TYPE_CHECKING:
    from contentshop.accounts.models import User

LANGUAGE_COOKIE = "cs_lang"
REGION_COOKIE = "cs_region"
CURRENCY_COOKIE = "cs_currency"
CART_COOKIE = "cs_cart"
# Tells the page cache that this browser is signed in; holds nothing secret and opens nothing.
SIGNED_IN_COOKIE = "cs_in"
YEAR = 365 * 24 * 3600

# Endpoints whose forms stand on cached pages.
TOKENLESS = frozenset({"shop.add_to_cart", "preferences.choose", "searches.pick"})
# Endpoints that programs call by themselves, without cookie or origin: mail programs (RFC 8058), whose signed address
# is the proof, and payment providers, whose signed message is.
SIGNED = frozenset({"watching.stop_mails", "reviews.stop", "restock.stopped", "paying.hook"})

csrf = CSRFProtect()
login_manager = LoginManager()


class SignedIn:
    """The person of this request, as flask-login wants it. ``get_id`` is the token of the session row."""

    is_authenticated = True
    is_active = True
    is_anonymous = False

    def __init__(self, user: User, token: str) -> None:
        self.user = user
        self.token = token

    def get_id(self) -> str:
        return self.token


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who is asking, as views need it. ``user`` is None for a visitor; ``now`` is one moment for the request."""

    user: User | None
    locale: str
    region: str
    currency: str
    now: datetime

    @property
    def can_write(self) -> bool:
        return policy.can_write(self.user)

    @property
    def can_edit(self) -> bool:
        return policy.can_edit(self.user)

    @property
    def can_operate(self) -> bool:
        return policy.can_operate(self.user)

    def person(self) -> User:
        """The signed-in person. Raises Forbidden for a visitor (the permission table let nobody else in)."""
        if self.user is None:
            raise Forbidden(say("Please sign in first."))
        return self.user


def settings() -> Settings:
    """The settings of the running app."""
    return cast(Settings, current_app.extensions["contentshop"].settings)


def engines() -> Engines:
    """The engines of the running app."""
    return cast(Engines, current_app.extensions["contentshop"].engines)


def viewer() -> Viewer:
    """Who is asking; worked out once a request."""
    found = g.get("viewer")
    if found is None:
        found = g.viewer = _viewer()
    return cast(Viewer, found)


def _viewer() -> Viewer:
    user = current_user.user if current_user.is_authenticated else None
    locale = negotiated_locale(request.cookies.get(LANGUAGE_COOKIE), request.headers.get("Accept-Language"))
    region, currency = negotiated_place(
        settings(), request.cookies.get(REGION_COOKIE), request.cookies.get(CURRENCY_COOKIE), locale
    )
    return Viewer(user=user, locale=locale, region=region, currency=currency, now=moment())


def moment() -> datetime:
    """One present moment for the whole request."""
    found = g.get("moment")
    if found is None:
        found = g.moment = engines().clock.now()
    return cast(datetime, found)


def negotiated_locale(cookie: str | None, accept: str | None) -> str:
    """The interface language: the reader's choice, else the first of the browser's languages that we speak."""
    if cookie in LOCALES:
        return cookie
    for part in (accept or "").lower().split(","):
        language = part.split(";")[0].strip()[:2]
        if language in LOCALES:
            return language
    return "en" if accept else settings().locale


def negotiated_place(known: Settings, region: str | None, currency: str | None, locale: str) -> tuple[str, str]:
    """(region, currency): the reader's choice, else what goes with the language, else the site's own."""
    if region not in known.regions:
        region = "CN" if locale == "zh" and "CN" in known.regions else known.region
    if currency not in known.currencies:
        currency = "CNY" if region == "CN" and "CNY" in known.currencies else known.currency
    return region, currency


def sign_in(user: User, token: str) -> None:
    """Make this browser the signed-in one of ``user``, in a fresh cookie."""
    login_user(SignedIn(user, token))
    g.viewer = None
    g.signed_in_now = True


def sign_out() -> None:
    """End this browser's session."""
    if current_user.is_authenticated:
        actions.end_session(db.session, current_user.token, now=moment())
    logout_user()
    g.viewer = None
    g.signed_out_now = True


def _load(token: str) -> SignedIn | None:
    found = queries.find_session(db.session, token, now=moment())
    return SignedIn(found.user, token) if found else None


def set_cookie(response: Response, name: str, value: str, *, age: int = YEAR, script: bool = False) -> None:
    """Set one of our cookies with its safe attributes; ``script`` lets scripts read it."""
    response.set_cookie(
        name, value, max_age=age, httponly=not script, secure=settings().secure, samesite="Lax", path="/"
    )


def same_origin() -> bool | None:
    """Whether the browser says that the request comes from our own pages; None when it says nothing."""
    fetch_site = request.headers.get("Sec-Fetch-Site")
    if fetch_site is not None:
        return fetch_site in {"same-origin", "none"}
    origin = request.headers.get("Origin")
    if origin is None:
        return None
    return urlsplit(origin).netloc == request.host


def _refuse_foreign_requests() -> None:
    if request.method in SAFE_METHODS or request.endpoint is None or request.endpoint in SIGNED:
        return
    word = same_origin()
    if word is False:
        raise Forbidden(say("This form came from another site, so it was not accepted. Nothing was changed."))
    if request.endpoint in TOKENLESS:
        if word is None:
            raise Forbidden(say("Your browser did not say where this form came from, so it was not accepted."))
    else:
        csrf.protect()


def _mark_sign_in(response: FlaskResponse) -> FlaskResponse:
    if g.get("signed_in_now"):
        set_cookie(response, SIGNED_IN_COOKIE, "1", age=int(actions.SESSION_LIFE.total_seconds()))
    elif g.get("signed_out_now"):
        response.delete_cookie(SIGNED_IN_COOKIE, path="/")
    return response


def attach(app: Flask) -> None:
    """Give ``app`` sign-in and protection of unsafe requests."""
    # Our own check decides (see _refuse_foreign_requests), so the extension's blanket one is off.
    app.config["WTF_CSRF_CHECK_DEFAULT"] = False
    app.config["WTF_CSRF_TIME_LIMIT"] = None  # a token lives as long as its session
    csrf.init_app(app)
    login_manager.init_app(app)
    loader: Callable[[str], SignedIn | None] = _load
    login_manager.user_loader(loader)
    app.before_request(_refuse_foreign_requests)
    app.after_request(_mark_sign_in)


locale = LocalProxy(lambda: viewer().locale)
