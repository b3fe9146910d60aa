"""The trending boards: what is read and bought today, this week and this month."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

from flask import Response
from flask_babel import gettext as _
from flask_babel import ngettext

from contentshop.core.db import db
from contentshop.core.errors import NotFound
from contentshop.core.words import say
from contentshop.discovery import queries
from contentshop.discovery.trends import BOARDS, Period
from contentshop.posts import queries as posts
from contentshop.posts.queries import PostTile
from contentshop.products import queries as products
from contentshop.web import freshness, structured
from contentshop.web.cache import begin, keep
from contentshop.web.cards import CardView, next_stale, product_card
from contentshop.web.door import Door, show
from contentshop.web.reader_pages import Head, Suggestion
from contentshop.web.session import settings, viewer
from contentshop.web.tiles import tile
from contentshop.web.urls import product_url

bp = Door("trending", __name__)

SHELF = 8  # posts on the home page
LEAST = 4  # below which the home page has no such shelf


@dataclass(frozen=True, slots=True)
class TrendingProduct:
    """A product on a board, with the reason."""

    card: CardView
    reason: str


@dataclass(frozen=True, slots=True)
class TrendingPage:
    """One board. ``periods`` are tabs."""

    head: Head
    title: str
    periods: list[tuple[str, str, bool, None]]
    posts: list[Suggestion]
    products: list[TrendingProduct]


@bp.get("/trending")
def week() -> Response:
    """The board of the last seven days."""
    return _board("week")


@bp.get("/trending/<period>")
def board(period: str) -> Response:
    """The board of the last day or month."""
    if period not in BOARDS or period == "week":
        raise NotFound(say("There is no such page."))
    return _board(cast(Period, period))


def address(period: Period) -> str:
    """Where a board stands."""
    return "/trending" if period == "week" else f"/trending/{period}"


def _board(period: Period) -> Response:
    begin()
    who = viewer()
    found = queries.list_trending(db.session, period)
    tiles = posts.tiles_by_id(db.session, found.posts)
    facts = products.load_facts(db.session, set(found.products), who.locale)
    titles = {"day": _("Trending today"), "week": _("Trending this week"), "month": _("Trending this month")}
    labels = {"day": _("Today"), "week": _("This week"), "month": _("This month")}
    shown = [(facts[key], count) for key, count in found.products.items() if key in facts]
    site = settings().site_url
    names = [(tiles[key].title, f"{site}/p/{tiles[key].slug}") for key in found.posts if key in tiles]
    names += [(one.title, site + product_url(one.slug)) for one, _count in shown]
    page = TrendingPage(
        head=Head(
            title=titles[period],
            description=_("What many people read and buy now. Shops cannot pay for a place."),
            canonical=site + address(period),
            data=(structured.script(structured.item_list(titles[period], names)),) if names else (),
        ),
        title=titles[period],
        periods=[(labels[one], address(one), one == period, None) for one in BOARDS],
        posts=suggestions(found.posts, tiles),
        products=[TrendingProduct(product_card(one, who, known=facts), told(count)) for one, count in shown],
    )
    parts = [freshness.trending(period), *freshness.posts(found.posts), *freshness.products(facts)]
    return keep(show("reader/trending.html", page), parts, now=who.now, until=next_stale(facts.values(), who.now))


def suggestions(found: Mapping[int, int], tiles: Mapping[int, PostTile]) -> list[Suggestion]:
    """Posts of a board (row number → visitors) as they are shown."""
    return [Suggestion(tile(tiles[key]), told(count)) for key, count in found.items() if key in tiles]


def told(visitors: int) -> str:
    """Why something stands on a board."""
    return str(ngettext("Of interest to %(num)s person", "Of interest to %(num)s people", visitors))
