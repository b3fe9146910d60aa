"""The way out: from a card, or from an offer on a product's page, to the shop that has it.

Only stored offers can be reached; no address ever comes from the request. What a link leads to is worked out
anew for each reader, or taken from the page cache while a proof holds that nothing it depends on has changed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from flask import Flask, Response, current_app, make_response, redirect, request
from flask_babel import gettext as _
from werkzeug.datastructures import EnvironHeaders

from contentshop.affiliate import actions, queries
from contentshop.affiliate.queries import WayOut
from contentshop.affiliate.spool import Spool
from contentshop.affiliate.visitors import is_deliberate, visitor_hash
from contentshop.core.db import db
from contentshop.web import freshness
from contentshop.web.cache import begin, keep_redirect
from contentshop.web.cards import CardView, next_stale, price_age, product_card, reader_of
from contentshop.web.door import Door, show
from contentshop.web.origins import find_card
from contentshop.web.session import Viewer, viewer
from contentshop.web.urls import live_url, post_url, product_url

if TYPE_CHECKING:
    from contentshop.posts.queries import LiveCard

bp = Door("go", __name__)

LONGEST_KEY = 20  # characters, as the tables keep keys


@dataclass(frozen=True, slots=True)
class GonePage:
    """A link whose shop is gone: what the reader came for, and what else there is."""

    title: str
    card: CardView
    post_url: str


@bp.get("/go/<card_key>")
def out(card_key: str) -> Response:
    """Lead out by a card; ``o`` names one of the offers of its product."""
    return _out(card_key, request.args.get("o", ""))


@bp.get("/go/offer/<offer_key>")
def offer(offer_key: str) -> Response:
    """Lead out by an offer on a product's own page."""
    return _out("", offer_key)


def _out(card_key: str, offer_key: str) -> Response:
    begin()
    who = viewer()
    way = queries.find_way_out(
        db.session,
        card_key=card_key[: LONGEST_KEY + 1],
        offer_key=offer_key[: LONGEST_KEY + 1],
        reader=reader_of(who),
        locale=who.locale,
        now=who.now,
        max_age=price_age(),
        find_card=find_card,
    )
    if not way.target:
        return _gone(way, who)
    count = _counter(_app(), way, by=who.user.key if who.user else None)
    count(request.environ)
    if who.user is None:
        parts = freshness.products(way.known)
        parts += _stands_in(way.card)
        parts.append(freshness.way_out(way.offer_key))
        keep_redirect(parts, now=who.now, until=next_stale(way.known.values(), who.now), again=count)
    response = make_response(redirect(way.target, 302))
    # The framework's own note about the redirect repeats the target; an empty body says as much.
    response.set_data(b"")
    return _quiet(response)


def _stands_in(card: LiveCard | None) -> list[freshness.Part]:
    """What a card's way out depends on besides the product: the post or the live session it stands in."""
    if card is None:
        return []
    return [freshness.live_session(card.session_key)] if card.session_key else freshness.posts([card.post_id])


def _app() -> Flask:
    """The app itself, for what outlives the request."""
    return cast(Flask, cast(Any, current_app)._get_current_object())  # noqa: SLF001 - Flask's documented way


def _counter(app: Flask, way: WayOut, *, by: str | None) -> Callable[[dict[str, Any]], None]:
    """What counts a request for ``way``, when a person made it. Needs no app context."""
    site = app.extensions["contentshop"]

    def count(environ: dict[str, Any]) -> None:
        headers = EnvironHeaders(environ)
        if not is_deliberate(environ["REQUEST_METHOD"], headers):
            return
        now = site.engines.clock.now()
        address, agent = environ.get("REMOTE_ADDR") or "", headers.get("User-Agent", "")
        visitor = visitor_hash(site.settings.secret_key, now, address, agent)
        actions.click(spool(app), way, visitor=visitor, by=by, now=now)

    return count


def spool(app: Flask) -> Spool:
    """This process's click spool."""
    found: Spool | None = app.extensions.get("contentshop.spool")
    if found is None:
        folder = app.extensions["contentshop"].settings.spool_dir
        found = app.extensions.setdefault("contentshop.spool", Spool(folder))
    return found


def _gone(way: WayOut, who: Viewer) -> Response:
    product = way.known[way.product_id]
    page = GonePage(
        title=_("This offer is gone"),
        card=product_card(product, who, known=way.known),
        post_url=_page_of(way.card) or product_url(product.slug),
    )
    return _quiet(show("reader/gone.html", page, 410))


def _page_of(card: LiveCard | None) -> str:
    if card is None:
        return ""
    return live_url(card.session_key) if card.session_key else post_url(card.post_slug)


def _quiet(response: Response) -> Response:
    """Keep it out of caches and search engines, and tell the shop no more than our host."""
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    response.headers["Referrer-Policy"] = "strict-origin"
    return response
