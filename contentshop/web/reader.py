"""Pages that everybody reads: home, posts, products, topics, creators, featured lists and search."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from flask import Response, jsonify, redirect, request
from flask_babel import gettext as _
from flask_wtf.csrf import generate_csrf
from werkzeug.wrappers import Response as BaseResponse

from contentshop.config import LOCALES
from contentshop.core.db import db
from contentshop.core.errors import NotFound, Unavailable
from contentshop.core.paging import page_number
from contentshop.core.text_urls import safe_next
from contentshop.curation import queries as curation
from contentshop.curation.queries import Featured
from contentshop.discovery import queries as discovery
from contentshop.live import queries as live
from contentshop.live.queries import Announcement
from contentshop.orders import actions as carts
from contentshop.orders import queries as orders
from contentshop.posts import deals
from contentshop.posts import queries as posts
from contentshop.posts import series as collections
from contentshop.posts.queries import PostTile, PublishedPost
from contentshop.products import queries as products
from contentshop.products.offers import ProductFacts
from contentshop.products.queries import ProductPage as FoundProduct
from contentshop.search import queries as search_queries
from contentshop.search.port import BadQuery
from contentshop.social import queries as social
from contentshop.web import cards as faces
from contentshop.web import (
    deal_pages,
    finding,
    following,
    freshness,
    reading,
    review_pages,
    searches,
    showing,
    structured,
    talk,
    trending,
)
from contentshop.web.cache import begin, keep
from contentshop.web.cards import product_card
from contentshop.web.chrome import beside_nav_topics, current_chrome, language_tag
from contentshop.web.desk_search import synonyms_for
from contentshop.web.door import Door, show
from contentshop.web.live import announced, next_missed
from contentshop.web.live_pages import AnnouncedView
from contentshop.web.pictures import face, largest
from contentshop.web.price_history import price_history
from contentshop.web.reader_pages import (
    CreatorPage,
    Entry,
    FeaturedPage,
    FeaturedShelf,
    Head,
    HomePage,
    Paging,
    PostPage,
    Saving,
    SearchForm,
    SearchResultsPage,
    SeriesPage,
    Suggestion,
    TilesPage,
)
from contentshop.web.session import (
    CART_COOKIE,
    CURRENCY_COOKIE,
    LANGUAGE_COOKIE,
    REGION_COOKIE,
    Viewer,
    engines,
    set_cookie,
    settings,
    viewer,
)
from contentshop.web.tiles import TileView, next_turn, tile
from contentshop.web.urls import creator_url, post_url, series_url

bp = Door("reader", __name__)

TILES = 24  # posts of one page
NEWEST_WITHOUT_RESULTS = 8
RELATED = 4
RECOMMENDATIONS = 24  # guides on a product's page
DEALS = 8  # on the home page
LEAST_DEALS = 3  # below which the home page has no such shelf
LIVE_SHOWN = 3  # sessions on the home page and above search results
SHELF = 12  # entries of a featured list on the home page


@bp.get("/")
def home() -> Response:
    """What editors picked for now, then what is new; further pages hold older posts only."""
    begin()
    who, number = viewer(), page_number(request.args.get("page"))
    placed = curation.list_placed(db.session, "home", now=who.now, locale=who.locale) if number == 1 else []
    popular = discovery.list_trending(db.session, "week").posts if number == 1 else {}
    on_air = _on_air(who) if number == 1 else []
    newest = _Newest(number, also=_posts_of(placed) | set(popular))
    tiles = newest.also
    shelves, facts = _shelves(placed, who, tiles)
    lead, shelves, kicker = _lead(shelves)
    fresh = _readable_first(newest.tiles, who)
    running = _running_deals(who) if number == 1 else []
    if lead is None and number == 1 and fresh:
        # A lead is mostly its picture, so the newest post that has one takes the place.
        first = next((at for at, found in enumerate(fresh) if found.cover), 0)
        lead, fresh, kicker = Entry(fresh[first], None, ""), [*fresh[:first], *fresh[first + 1 :]], _("Newest")
    page = HomePage(
        head=_home_head(),
        lead=lead,
        lead_kicker=kicker,
        shelves=shelves,
        newest=fresh,
        paging=newest.paging("/"),
        trending=_trending(popular, tiles, lead),
        deals=[tile(found) for found in running] if len(running) >= LEAST_DEALS else [],
        live=[announced(entry) for entry in on_air],
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
    until = _soonest(_next_stale(facts, who), turn, next_missed(on_air, who.now))
    return keep(show("reader/home.html", page), parts, now=who.now, until=until)


def _running_deals(who: Viewer) -> list[PostTile]:
    """The hottest deals that run where the reader is."""
    found = discovery.list_deals(db.session, order="hot", now=who.now, limit=DEALS, region=who.region, running=True)
    return [entry for entry in found if entry.deal is not None and entry.deal.state(who.now) == "running"]


@bp.get("/p/<slug>")
def post(slug: str) -> BaseResponse:
    """An article, a buying list or a deal."""
    begin()
    who = viewer()
    try:
        found = posts.get_published(db.session, slug, also=social.talk_of_post(who.user))
    except NotFound:
        kept = deals.find_merged(db.session, slug)
        if kept is None:
            raise
        return redirect(post_url(kept), 301)
    facts = faces.facts_of(found.cards, found.lang)
    cards = faces.cards_of(found.cards, facts, who)
    related = discovery.related_posts(db.session, found.id, RELATED, locale=who.locale)
    topics = _topics(found.topics)
    titles = dict(zip(found.topics, (title for title, _url in topics), strict=True))
    page = reading.post_page(found, cards, topics, reading.suggestions(related, titles))
    shown = [found.id, *(one.tile.id for one in related)]
    parts = [
        *freshness.posts(shown),
        *freshness.products(facts),
        freshness.related(found.id),
        freshness.series_of(found.id),
    ]
    coauthors = frozenset(one.handle for one in found.coauthors)
    said = talk.post_talk(found.also, slug=found.slug, author_key=found.author_key, coauthors=coauthors)
    parts.append(freshness.talk("post", found.id))
    standings = [found.standing, *(one.tile.deal for one in related)]
    if found.kind == "deal":
        page = _with_deal(page, found, facts, who)
        parts.append(freshness.deal(found.id))
    turns = next_turn(standings, who.now)
    response = show(f"reader/{found.kind}.html", replace(page, talk=said))
    return keep(response, parts, now=who.now, until=_soonest(_next_stale(facts, who), turns))


def _with_deal(page: PostPage, found: PublishedPost, facts: Mapping[int, ProductFacts], who: Viewer) -> PostPage:
    """The page of a deal with what stands above its words, for search engines too."""
    view = deal_pages.deal_view(found, facts, who)
    data = deal_pages.offer_data(found, view)
    if data is None:
        return replace(page, deal=view)
    return replace(page, deal=view, head=replace(page.head, data=(*page.head.data, structured.script(data))))


@bp.get("/products/<slug>")
def product(slug: str) -> Response:
    """A product: every way to get it, and who recommends it. Of a draft, operators see what its page will be."""
    begin()
    who = viewer()
    found = products.get_product_page(
        db.session, slug, who.locale, also=social.talk_of_product(who.user), drafts=who.can_operate
    )
    if found.product.draft:
        return _preview(found, who)
    mentions = posts.list_mentions(db.session, found.product.id, limit=RECOMMENDATIONS)
    said = talk.product_talk(found.also, slug=found.product.slug, listed=found.product.listed)
    history = price_history(found.product.id, who)
    told = review_pages.short_view(found.product.id, found.product.slug, found.product.rating)
    page = replace(showing.product_page(found, mentions, who, told), talk=said, history=history)
    parts = [*freshness.products(found.facts), freshness.mentions(found.product.id, limit=RECOMMENDATIONS)]
    parts += [freshness.talk("product", found.product.id), freshness.reviewers(found.product.id)]
    return keep(show("reader/product.html", page), parts, now=who.now, until=_next_stale(found.facts, who))


def _preview(found: FoundProduct, who: Viewer) -> Response:
    """The page of a draft as it will be in the shop; kept nowhere."""
    meant = replace(found.product, listed=True)
    will_be = replace(found, product=meant, facts={**found.facts, meant.id: meant})
    told = review_pages.short_view(meant.id, meant.slug, None)
    page = showing.product_page(will_be, [], who, told)
    page = replace(page, draft=True, head=replace(page.head, noindex=True, data=()))
    response = show("reader/product.html", page)
    response.headers["Cache-Control"] = "no-store"
    return response


@bp.get("/topics/<slug>")
def topic(slug: str) -> Response:
    """The posts of one topic, newest first."""
    begin()
    who, number = viewer(), page_number(request.args.get("page"))
    found = curation.get_topic(db.session, slug, who.locale)
    newest = _newest(number, topic=slug)
    path = f"/topics/{slug}"
    trail = [(_("Home"), "/"), (found.title, "")]
    page = TilesPage(
        head=_head(found.title, found.intro, path, [structured.breadcrumb(_site(), _closed(trail, path))]),
        title=found.title,
        intro=found.intro,
        trail=trail,
        tiles=[tile(entry) for entry in newest.tiles],
        paging=newest.paging(path),
        follow=following.topic_state(slug),
    )
    return keep(show("reader/topic.html", page), [freshness.topic(slug), newest.part], now=who.now)


@bp.get("/series/<slug>")
def series(slug: str) -> Response:
    """The published parts of a series, in their order."""
    begin()
    found = collections.get_series(db.session, slug)
    path, author = series_url(found.slug), creator_url(found.author_handle)
    trail = [(_("Home"), "/"), (found.author_name, author), (found.title, "")]
    data = structured.work_series(
        title=found.title,
        url=_site() + path,
        intro=found.intro,
        lang=language_tag(found.lang),
        author=found.author_name,
        author_url=_site() + author,
        parts=[(part.title, _site() + post_url(part.slug)) for part in found.parts],
    )
    page = SeriesPage(
        head=_head(found.title, found.intro, path, [data, structured.breadcrumb(_site(), _closed(trail, path))]),
        title=found.title,
        intro=found.intro,
        lang=language_tag(found.lang),
        author_name=found.author_name,
        author_url=author,
        trail=trail,
        tiles=[tile(part) for part in found.parts],
    )
    parts = [freshness.series(slug), *freshness.posts(part.id for part in found.parts)]
    return keep(show("reader/series.html", page), parts, now=viewer().now)


@bp.get("/@<handle>")
def creator(handle: str) -> Response:
    """A creator: who they are, what they show live, found last, is read most, their series and posts."""
    return _creator(handle, None)


@bp.get("/@<handle>/lists")
def creator_lists(handle: str) -> Response:
    """A creator's buying lists."""
    return _creator(handle, "list")


@bp.get("/@<handle>/deals")
def creator_deals(handle: str) -> Response:
    """A creator's deals."""
    return _creator(handle, "deal")


def _creator(handle: str, kind: str | None) -> Response:
    begin()
    who, number = viewer(), page_number(request.args.get("page"))
    person = discovery.get_creator(db.session, handle)
    whole = kind is None and number == 1
    popular = person.popular if whole else {}
    newest = _Newest(number, author_key=person.key, kind=kind, also=popular)
    facts = products.load_facts(db.session, person.finds, who.locale) if whole else {}
    home = creator_url(person.handle)
    path = {"list": f"{home}/lists", "deal": f"{home}/deals"}.get(kind or "", home)
    portrait = face(person.portrait)
    image = _site() + largest(person.portrait) if person.portrait else ""
    described = structured.person(person.name, _site() + home, person.bio, image)
    page = CreatorPage(
        head=replace(_head(person.name, person.bio, path, [described]), image=image),
        name=person.name,
        handle=person.handle,
        key=person.key,
        bio=person.bio,
        portrait=portrait,
        posts_count=person.posts,
        tabs=[
            (_("All posts"), home, kind is None, person.posts),
            *([(_("Buying lists"), f"{home}/lists", kind == "list", person.lists)] if person.lists else []),
            *([(_("Deals"), f"{home}/deals", kind == "deal", person.deals)] if person.deals else []),
        ]
        if person.lists or person.deals
        else [],
        tiles=[tile(entry) for entry in newest.tiles],
        paging=newest.paging(path),
        follow=following.creator_state(person.handle, person.id),
        live=[announced(entry) for entry in live.list_announced(db.session, now=who.now, host_key=person.key)]
        if whole
        else [],
        finds=[product_card(facts[key], who, known=facts) for key in person.finds if key in facts],
        popular=[tile(newest.also[key]) for key in popular if key in newest.also],
        series=[(one.title, series_url(one.slug), one.parts) for one in person.series] if whole else [],
    )
    parts = [
        freshness.creator(person.key),
        freshness.extras_of(person.key),
        newest.part,
        freshness.count_by(person.key),
        freshness.live_by(person.key),
        freshness.trending("month"),
        *freshness.posts(popular),
        *freshness.products(facts),
    ]
    return keep(show("reader/creator.html", page), parts, now=who.now, until=_next_stale(facts, who))


@bp.get("/featured/<slug>")
def featured(slug: str) -> Response:
    """One featured list, also after its time on the home page is over."""
    begin()
    who = viewer()
    found = curation.get_by_slug(db.session, slug)
    tiles = posts.tiles_by_id(db.session, _posts_of([found], None))
    shelves, facts = _shelves([found], who, tiles, limit=None)
    entries = shelves[0].entries if shelves else ()
    path = f"/featured/{found.slug}"
    trail = [(_("Home"), "/"), (found.title, "")]
    data = [
        structured.item_list(found.title, [(_name(entry), _site() + _address(entry)) for entry in entries]),
        structured.breadcrumb(_site(), _closed(trail, path)),
    ]
    page = FeaturedPage(
        head=_head(found.title, found.intro, path, data),
        title=found.title,
        intro=found.intro,
        editor_name=found.editor_name,
        lang=language_tag(found.lang),
        trail=trail,
        entries=entries,
    )
    parts = [freshness.featured_list(slug), *freshness.posts(tiles), *freshness.products(facts)]
    return keep(show("reader/featured.html", page), parts, now=who.now, until=_next_stale(facts, who))


@bp.get("/search")
def search() -> Response:
    """Search in everything that is public. Any text is an answerable question."""
    who = viewer()
    form = finding.read_form(request.args, who.currency)
    query = finding.query_of(form, who, creators=lambda names: search_queries.find_creator_keys(db.session, names))
    query = replace(query, synonyms=synonyms_for(query.text))
    try:
        results = search_queries.find(db.session, engines().search, query, who.locale)
    except (Unavailable, BadQuery):
        results = search_queries.find_by_title(db.session, query, who.locale)
    if form.page == 1 and not finding.is_filtered(form) and not results.degraded:
        searches.log_search(form.text, found=results.total, loosened=results.loosened or bool(results.corrected))
    facts = products.load_facts(db.session, finding.product_ids(results.items), who.locale)
    newest = [] if results.items else posts.list_newest(db.session, limit=NEWEST_WITHOUT_RESULTS)
    kinds = finding.kind_choices(form, results.kinds)
    groups = finding.facet_views(form, results.facets, who.currency)
    title = _("Search: %(words)s", words=form.text) if form.text else _("Search")
    page = SearchResultsPage(
        head=_head(title, "", "/search", noindex=True),
        form=form,
        currency=who.currency,
        filtered=finding.is_filtered(form),
        clear_url=finding.address(finding.without_filters(form)),
        kinds=kinds,
        facets=groups,
        chosen=finding.chosen_filters(form, kinds, groups),
        hidden=[pair for pair in finding.fields_of(form) if pair[0] not in {"from", "to"}],
        sorts=finding.sort_choices(form),
        corrected=results.corrected,
        verbatim_url=finding.address(replace(form, verbatim=True, page=1)),
        offered=results.offered,
        offered_url=finding.address(replace(form, text=results.offered, page=1)),
        why_url=finding.address(replace(form, why=not form.why)),
        saving=Saving(finding.watched_fields(form, who), generate_csrf() if who.user else "")
        if form.text or finding.is_filtered(form)
        else None,
        hits=finding.hits(results, facts, who),
        total=results.total,
        loosened=results.loosened,
        degraded=results.degraded,
        newest=_readable_first(newest, who),
        paging=finding.paging(form, results.total),
        live=_live_about(form, who),
    )
    return show("reader/search.html", page)


def _live_about(form: SearchForm, who: Viewer) -> list[AnnouncedView]:
    """What is live or announced with the words that were searched for, above the first page of results."""
    if not form.text or form.page != 1 or finding.is_filtered(form):
        return []
    return [announced(entry) for entry in _on_air(who, form.text)]


def _on_air(who: Viewer, text: str = "") -> list[Announcement]:
    """What is live now or announced, with all these words; no statement more than the frame asks."""
    return live.read_lines(beside_nav_topics(live.announced_lines(now=who.now, text=text, limit=LIVE_SHOWN)))


@bp.post("/preferences")
def preferences() -> BaseResponse:
    """Remember the reader's language, region and currency, and go back to where they were."""
    chosen = request.form
    response = redirect(safe_next(chosen.get("next", "")) or "/", 303)
    known = settings()
    if chosen.get("locale") in LOCALES:
        set_cookie(response, LANGUAGE_COOKIE, chosen["locale"])
    if chosen.get("region") in known.regions:
        set_cookie(response, REGION_COOKIE, chosen["region"])
        if chosen["region"] != viewer().region:
            key = request.cookies.get(CART_COOKIE, "")
            carts.leave_country(db.session, key, chosen["region"], now=viewer().now)
    if chosen.get("currency") in known.currencies:
        set_cookie(response, CURRENCY_COOKIE, chosen["currency"])
    elif "region" in chosen:
        # Without a wish of its own the currency follows the region.
        response.delete_cookie(CURRENCY_COOKIE, path="/", secure=known.secure, httponly=True, samesite="Lax")
    return response


@bp.get("/session.json")
def session_state() -> Response:
    """What a kept page cannot say: how many things are in this browser's cart."""
    key = request.cookies.get(CART_COOKIE, "")
    response = jsonify(cart=orders.count_units(db.session, key) if key else 0)
    response.headers["Cache-Control"] = "no-store"
    return response


# ---- what several pages share


class _Newest:
    """One page of published posts, and whether there is another; on the first page ``also`` other posts, by id."""

    def __init__(
        self,
        number: int,
        *,
        topic: str | None = None,
        author_key: str | None = None,
        kind: str | None = None,
        also: Collection[int] = (),
    ) -> None:
        offset = (number - 1) * TILES
        self.also: dict[int, PostTile] = {}
        if also:
            found, self.also = posts.newest_and(db.session, also, limit=TILES + 1, author_key=author_key)
        else:
            found = posts.list_newest(
                db.session, limit=TILES + 1, offset=offset, topic=topic, author_key=author_key, kind=kind
            )
        self.tiles = found[:TILES]
        self.part = freshness.newest(limit=TILES + 1, offset=offset, topic=topic, author_key=author_key, kind=kind)
        self._number = number
        self._more = len(found) > TILES

    def paging(self, path: str) -> Paging:
        """The ways to newer and older posts."""
        number = self._number
        if number == 1 and not self._more:
            return Paging()
        return Paging(
            previous_url="" if number == 1 else path if number == 2 else f"{path}?page={number - 1}",
            next_url=f"{path}?page={number + 1}" if self._more else "",
            position=_("Page %(page)s", page=number),
        )


def _newest(number: int, *, topic: str | None = None) -> _Newest:
    return _Newest(number, topic=topic)


def _readable_first(tiles: Iterable[PostTile], who: Viewer) -> list[TileView]:
    """Tiles with those in the reader's language first, each language newest first."""
    return [tile(entry) for entry in sorted(tiles, key=lambda entry: entry.lang != who.locale)]


def _trending(found: Mapping[int, int], tiles: Mapping[int, PostTile], lead: Entry | None) -> list[Suggestion]:
    """What is read most this week but the post that leads the page; nothing when that is too little to be told."""
    shown = trending.suggestions(found, tiles)
    above = lead.post.url if lead and lead.post else ""
    rest = [one for one in shown if one.post.url != above][: trending.SHELF]
    return rest if len(rest) >= trending.LEAST else []


def _shelves(
    lists: Sequence[Featured], who: Viewer, tiles: dict[int, PostTile], limit: int | None = SHELF
) -> tuple[list[FeaturedShelf], dict[int, ProductFacts]]:
    """Featured lists with their posts (``tiles``) and products; lists without anything public are left out."""
    entries = [entry for one in lists for entry in one.entries[:limit]]
    facts = products.load_facts(db.session, {entry.product_id for entry in entries if entry.product_id}, who.locale)
    shelves = []
    for one in lists:
        shown = [
            Entry(
                post=tile(tiles[entry.post_id]) if entry.post_id in tiles else None,
                card=product_card(facts[entry.product_id], who, known=facts) if entry.product_id in facts else None,
                reason=entry.reason,
            )
            for entry in one.entries[:limit]
            if entry.post_id in tiles or entry.product_id in facts
        ]
        if shown:
            shelves.append(
                FeaturedShelf(
                    one.title, one.intro, f"/featured/{one.slug}", f"list-{one.key}", language_tag(one.lang), shown
                )
            )
    return shelves, facts


def _posts_of(lists: Iterable[Featured], limit: int | None = SHELF) -> set[int]:
    """The row numbers of the posts in featured lists."""
    return {entry.post_id for one in lists for entry in one.entries[:limit] if entry.post_id}


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


def _name(entry: Entry) -> str:
    return entry.post.title if entry.post else entry.card.title if entry.card else ""


def _address(entry: Entry) -> str:
    return entry.post.url if entry.post else entry.card.url if entry.card else ""


def _topics(slugs: Iterable[str]) -> list[tuple[str, str]]:
    """(title, address) of topics; those outside the navigation go by their slug."""
    titles = dict(current_chrome().nav_topics)
    return [(titles.get(slug) or slug.replace("-", " ").capitalize(), f"/topics/{slug}") for slug in slugs]


def _soonest(*moments: datetime | None) -> datetime | None:
    return min((at for at in moments if at is not None), default=None)


def _next_stale(facts: Mapping[int, ProductFacts], who: Viewer) -> Any:
    return faces.next_stale(facts.values(), who.now)


def _site() -> str:
    return settings().site_url


def _closed(trail: Sequence[tuple[str, str]], path: str) -> list[tuple[str, str]]:
    """The trail with the present page's own address, as machines want it."""
    return [(name, address or path) for name, address in trail]


def _head(
    title: str, description: str, path: str, data: Collection[structured.Json] = (), *, noindex: bool = False
) -> Head:
    return Head(
        title=title,
        description=description,
        canonical=_site() + path,
        data=tuple(structured.script(entry) for entry in data),
        noindex=noindex,
    )


def _home_head() -> Head:
    name = settings().site_name
    data: structured.Json = {
        "@type": "WebSite",
        "name": name,
        "url": _site() + "/",
        "potentialAction": {
            "@type": "SearchAction",
            "target": _site() + "/search?q={words}",
            "query-input": "required name=words",
        },
    }
    return Head(
        title=name,
        description=_("Guides and buying lists by people who use what they recommend, with prices checked today."),
        canonical=_site() + "/",
        data=(structured.script(data),),
    )
