"""Deals for readers: lists in several orders, and what readers say of a deal. Its own page is ``web.reader``'s.

Signed-in people's pages are never kept, so the forms carry a token.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import cast
from urllib.parse import urlencode

from flask import flash, redirect, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from contentshop.core.db import db
from contentshop.core.errors import Conflict, Invalid, NotFound
from contentshop.core.paging import page_number
from contentshop.core.words import say
from contentshop.discovery import queries as discovery
from contentshop.discovery.queries import ORDERS, Order
from contentshop.posts import deals
from contentshop.web import freshness, structured
from contentshop.web.cache import begin, keep
from contentshop.web.door import Door, show
from contentshop.web.limits import SPEAKING, limiter
from contentshop.web.reader_pages import DealsPage, Head, Paging
from contentshop.web.session import settings, viewer
from contentshop.web.tiles import next_turn, tile
from contentshop.web.urls import post_url
from contentshop.web.words import refusal_text

bp = Door("deals", __name__)

TILES = 24
LAST_PAGE = 200
RUNNING, EVERYWHERE = "running", "everywhere"
FILTERS = (RUNNING, EVERYWHERE)


@bp.get("/deals")
def newest() -> Response:
    """Deals, the newest first; those that are over last."""
    return _deals("newest")


@bp.get("/deals/<order>")
def ordered(order: str) -> Response:
    """Deals, the hottest first or those that end soonest."""
    if order not in ORDERS or order == "newest":
        raise NotFound(say("There is no such page."))
    return _deals(cast(Order, order))


def address(order: Order, on: tuple[str, ...] = (), page: int = 1) -> str:
    """Where a list of deals stands."""
    path = "/deals" if order == "newest" else f"/deals/{order}"
    pairs = [("show", name) for name in FILTERS if name in on] + ([("page", str(page))] if page > 1 else [])
    return path + ("?" + urlencode(pairs) if pairs else "")


def _deals(order: Order) -> Response:
    begin()
    who, number = viewer(), min(page_number(request.args.get("page")), LAST_PAGE)
    on = tuple(name for name in FILTERS if name in request.args.getlist("show"))
    found = discovery.list_deals(
        db.session,
        order=order,
        now=who.now,
        limit=TILES + 1,
        offset=(number - 1) * TILES,
        region="" if EVERYWHERE in on else who.region,
        running=RUNNING in on,
    )
    shown = found[:TILES]
    titles = {"newest": _("Deals"), "hot": _("Hottest deals"), "ending": _("Deals that end soon")}
    labels = {"newest": _("Newest"), "hot": _("Hottest"), "ending": _("Ending soon")}
    names = {RUNNING: _("Hide what is over"), EVERYWHERE: _("Also for other countries")}
    site = settings().site_url
    listed = structured.item_list(titles[order], [(one.title, site + post_url(one.slug)) for one in shown])
    page = DealsPage(
        head=Head(
            title=titles[order],
            description=_("Good prices that readers have judged, with the code, the steps and how long they last."),
            canonical=site + address(order, page=number),
            data=(structured.script(listed),) if shown else (),
            noindex=bool(on),
        ),
        title=titles[order],
        orders=[(labels[one], address(one, on), one == order, None) for one in ORDERS],
        filters=[(names[name], address(order, _toggled(on, name)), name in on) for name in FILTERS],
        tiles=[tile(one) for one in shown],
        paging=_paging(order, on, number, more=len(found) > TILES),
        feed_url="/deals/feed.xml",
    )
    parts = [freshness.deals(), *freshness.posts(one.id for one in shown)]
    turn = next_turn([one.deal for one in shown], who.now)
    return keep(show("reader/deals.html", page), parts, now=who.now, until=turn)


def _toggled(on: tuple[str, ...], name: str) -> tuple[str, ...]:
    return tuple(other for other in on if other != name) if name in on else (*on, name)


def _paging(order: Order, on: tuple[str, ...], number: int, *, more: bool) -> Paging:
    if number == 1 and not more:
        return Paging()
    return Paging(
        previous_url=address(order, on, number - 1) if number > 1 else "",
        next_url=address(order, on, number + 1) if more else "",
        position=_("Page %(page)s", page=number),
    )


# ---- what readers say


@bp.post("/p/<slug>/over")
@limiter.limit(SPEAKING)
def report(slug: str) -> Response:
    """Say that a deal is over, sold out or dearer now, or take that back."""
    kind = request.form.get("kind", "")

    def work() -> None:
        post = deals.get_public(db.session, slug)
        deals.report_over(db.session, post, kind, by=viewer().person(), now=viewer().now)

    told = _("Thank you. With enough readers who say so it is shown as over.") if kind else _("Taken back.")
    return _said(slug, work, told, "over")


@bp.post("/p/<slug>/coupon")
@limiter.limit(SPEAKING)
def coupon(slug: str) -> Response:
    """Say whether the coupon worked, or take that back."""
    kind = request.form.get("kind", "")

    def work() -> None:
        post = deals.get_public(db.session, slug)
        deals.report_coupon(db.session, post, kind, by=viewer().person(), now=viewer().now)

    return _said(slug, work, _("Thank you, that helps others.") if kind else _("Taken back."), "coupon")


def _said(slug: str, work: Callable[[], None], told: str, anchor: str) -> Response:
    try:
        work()
    except (Invalid, Conflict) as refusal:
        db.session.rollback()
        flash(refusal_text(refusal), "error")
    else:
        flash(told, "success")
    return redirect(f"{post_url(slug)}#{anchor}", 303)
