"""The way out: from a card, or from an offer on a product's page, to the shop that has it.

Only stored offers can be reached; no address ever comes from the request. What a link leads to is worked out
anew for each reader, or reused while a proof holds that nothing it depends on has changed.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Lock

from flask import Flask, Response, current_app, make_response, redirect, request
from flask_babel import gettext as _

from contentshop.affiliate import actions, queries
from contentshop.affiliate.queries import WayOut
from contentshop.affiliate.spool import Spool
from contentshop.affiliate.visitors import is_deliberate, visitor_hash
from contentshop.core.db import db
from contentshop.web import freshness
from contentshop.web.cache import prover
from contentshop.web.cards import CardView, next_stale, post_url, price_age, product_card, product_url, reader_of
from contentshop.web.door import Door, show
from contentshop.web.freshness import Proof
from contentshop.web.session import Viewer, settings, viewer

bp = Door("go", __name__)

REMEMBERED = 4096  # ways out in one process
AT_MOST = timedelta(seconds=60)
LONGEST_KEY = 20  # characters, as the tables keep keys

Asked = tuple[str, str, str, str]  # card, offer, region, currency


@dataclass(frozen=True, slots=True)
class GonePage:
    """A link whose shop is gone: what the reader came for, and what else there is."""

    title: str
    card: CardView
    post_url: str


@dataclass(frozen=True, slots=True)
class _Known:
    way: WayOut
    proof: Proof
    made: datetime
    until: datetime


class Ways:
    """Ways out that were worked out already, each proved before it is used again."""

    def __init__(self) -> None:
        self._known: OrderedDict[Asked, _Known] = OrderedDict()
        self._lock = Lock()

    def find(self, asked: Asked, now: datetime) -> WayOut | None:
        """The way, if nothing it depends on has changed since it was kept."""
        with self._lock:
            known = self._known.get(asked)
        check = prover(current_app)
        if known is None or check is None or not known.made <= now < known.until:
            return None
        return known.way if check.holds(known.proof) else None

    def keep(self, asked: Asked, way: WayOut, now: datetime) -> None:
        """Remember a way, with the versions of everything it was made of."""
        parts = freshness.products(way.known)
        parts += freshness.posts([way.card.post_id] if way.card else [])
        parts.append(freshness.way_out(way.offer_key))
        stale = next_stale(way.known.values(), now)
        until = min(now + AT_MOST, stale) if stale else now + AT_MOST
        known = _Known(way, freshness.read(db.session(), parts), now, until)
        with self._lock:
            self._known[asked] = known
            self._known.move_to_end(asked)
            while len(self._known) > REMEMBERED:
                self._known.popitem(last=False)


@bp.get("/go/<card_key>")
def out(card_key: str) -> Response:
    """Lead out by a card; ``o`` names one of the offers of its product."""
    return _out(card_key, request.args.get("o", ""))


@bp.get("/go/offer/<offer_key>")
def offer(offer_key: str) -> Response:
    """Lead out by an offer on a product's own page."""
    return _out("", offer_key)


def _out(card_key: str, offer_key: str) -> Response:
    who = viewer()
    way = _find(card_key[: LONGEST_KEY + 1], offer_key[: LONGEST_KEY + 1], who)
    if not way.target:
        return _gone(way, who)
    if is_deliberate(request.method, request.headers):
        _count(way, who)
    response = make_response(redirect(way.target, 302))
    # The framework's own note about the redirect repeats the target; an empty body says as much.
    response.set_data(b"")
    return _quiet(response)


def _find(card_key: str, offer_key: str, who: Viewer) -> WayOut:
    asked = (card_key, offer_key, who.region, who.currency)
    ways = _ways(current_app)
    found = ways.find(asked, who.now)
    if found is not None:
        return found
    if who.user is None:
        freshness.begin_snapshot(db.session())
    way = queries.find_way_out(
        db.session,
        card_key=card_key,
        offer_key=offer_key,
        reader=reader_of(who),
        locale=who.locale,
        now=who.now,
        max_age=price_age(),
    )
    if way.target and who.user is None and prover(current_app) is not None:
        ways.keep(asked, way, who.now)
    return way


def _count(way: WayOut, who: Viewer) -> None:
    agent = request.headers.get("User-Agent", "")
    actions.click(
        spool(current_app),
        way,
        visitor=visitor_hash(settings().secret_key, who.now, request.remote_addr or "", agent),
        by=who.user.key if who.user else None,
        now=who.now,
    )


def spool(app: Flask) -> Spool:
    """This process's click spool."""
    found: Spool | None = app.extensions.get("contentshop.spool")
    if found is None:
        found = app.extensions.setdefault("contentshop.spool", Spool(settings().spool_dir))
    return found


def _ways(app: Flask) -> Ways:
    found: Ways | None = app.extensions.get("contentshop.ways")
    return found if found is not None else app.extensions.setdefault("contentshop.ways", Ways())


def _gone(way: WayOut, who: Viewer) -> Response:
    product = way.known[way.product_id]
    page = GonePage(
        title=_("This offer is gone"),
        card=product_card(product, who, known=way.known),
        post_url=post_url(way.card.post_slug) if way.card else product_url(product.slug),
    )
    return _quiet(show("reader/gone.html", page, 410))


def _quiet(response: Response) -> Response:
    """Keep it out of caches and search engines, and tell the shop no more than our host."""
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    response.headers["Referrer-Policy"] = "strict-origin"
    return response
