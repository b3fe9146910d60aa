"""The home page: what editors picked for now, what runs and is read now, then what is new."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from flask import Response, request
from flask_babel import gettext as _

from contentshop.core.db import db
from contentshop.core.paging import page_number
from contentshop.curation import queries as curation
from contentshop.discovery import queries as discovery
from contentshop.posts.queries import PostTile
from contentshop.web import freshness, structured, trending
from contentshop.web.cache import begin, keep, soonest
from contentshop.web.cards import next_stale
from contentshop.web.door import Door, show
from contentshop.web.live import announced, next_missed, on_air
from contentshop.web.newest import Newest, readable_first
from contentshop.web.reader_pages import Entry, FeaturedShelf, Head, HomePage, Suggestion
from contentshop.web.session import Viewer, settings, viewer
from contentshop.web.shelves import posts_of, shelves_of
from contentshop.web.tiles import next_turn, tile

bp = Door("home", __name__)

DEALS = 8  # on the home page
LEAST_DEALS = 3  # below which the home page has no such shelf


@bp.get("/")
def home() -> Response:
    """What editors picked for now, then what is new; further pages hold older posts only."""
    begin()
    who, number = viewer(), page_number(request.args.get("page"))
    placed = curation.list_placed(db.session, "home", now=who.now, locale=who.locale) if number == 1 else []
    popular = discovery.list_trending(db.session, "week").posts if number == 1 else {}
    announcements = on_air(who) if number == 1 else []
    newest = Newest(number, also=posts_of(placed) | set(popular))
    tiles = newest.also
    shelves, facts = shelves_of(placed, who, tiles)
    lead, shelves, kicker = _lead(shelves)
    fresh = readable_first(newest.tiles, who)
    running = _running_deals(who) if number == 1 else []
    if lead is None and number == 1 and fresh:
        # A lead is mostly its picture, so the newest post that has one takes the place.
        first = next((at for at, found in enumerate(fresh) if found.cover), 0)
        lead, fresh, kicker = Entry(fresh[first], None, ""), [*fresh[:first], *fresh[first + 1 :]], _("Newest")
    page = HomePage(
        head=_head(),
        lead=lead,
        lead_kicker=kicker,
        shelves=shelves,
        newest=fresh,
        paging=newest.paging("/"),
        trending=_trending(popular, tiles, lead),
        deals=[tile(found) for found in running] if len(running) >= LEAST_DEALS else [],
        live=[announced(entry) for entry in announcements],
    )
    turn = next_turn([found.deal for found in (*newest.tiles, *tiles.values(), *running)], who.now)
    parts = [
        freshness.deals(),
        newest.part,
        freshness.featured("home", who.now),
        freshness.trending("week"),
        freshness.live_announced(),
        *freshness.posts(tiles),
        *freshness.products(facts),
    ]
    until = soonest(next_stale(facts.values(), who.now), turn, next_missed(announcements, who.now))
    return keep(show("reader/home.html", page), parts, now=who.now, until=until)


def _running_deals(who: Viewer) -> list[PostTile]:
    """The hottest deals that run where the reader is."""
    found = discovery.list_deals(db.session, order="hot", now=who.now, limit=DEALS, region=who.region, running=True)
    return [entry for entry in found if entry.deal is not None and entry.deal.state(who.now) == "running"]


def _lead(shelves: Sequence[FeaturedShelf]) -> tuple[Entry | None, list[FeaturedShelf], str]:
    """The post that leads the home page, the editors' first; it leaves its shelf, whose title it carries."""
    for place, shelf in enumerate(shelves):
        first = next((entry for entry in shelf.entries if entry.post), None)
        if first is None:
            continue
        rest = [entry for entry in shelf.entries if entry is not first]
        kept = [*shelves[:place], *([_with_entries(shelf, rest)] if rest else []), *shelves[place + 1 :]]
        return first, kept, shelf.title
    return None, list(shelves), ""


def _with_entries(shelf: FeaturedShelf, entries: Sequence[Entry]) -> FeaturedShelf:
    return FeaturedShelf(shelf.title, shelf.intro, shelf.url, shelf.anchor, shelf.lang, entries)


def _trending(found: Mapping[int, int], tiles: Mapping[int, PostTile], lead: Entry | None) -> list[Suggestion]:
    """What is read most this week but the post that leads the page; nothing when that is too little to be told."""
    shown = trending.suggestions(found, tiles)
    above = lead.post.url if lead and lead.post else ""
    rest = [one for one in shown if one.post.url != above][: trending.SHELF]
    return rest if len(rest) >= trending.LEAST else []


def _head() -> Head:
    name = settings().site_name
    data: structured.Json = {
        "@type": "WebSite",
        "name": name,
        "url": settings().site_url + "/",
        "potentialAction": {
            "@type": "SearchAction",
            "target": settings().site_url + "/search?q={words}",
            "query-input": "required name=words",
        },
    }
    return Head(
        title=name,
        description=_("Guides and buying lists by people who use what they recommend, with prices checked today."),
        canonical=settings().site_url + "/",
        data=(structured.script(data),),
    )
