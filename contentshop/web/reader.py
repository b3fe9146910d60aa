"""Pages that everybody reads: posts, products, topics, series, creators and featured lists."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from flask import Response, redirect, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response as BaseResponse

from contentshop.core.db import db
from contentshop.core.errors import NotFound
from contentshop.core.paging import page_number
from contentshop.curation import queries as curation
from contentshop.discovery import queries as discovery
from contentshop.live import queries as live
from contentshop.posts import deals
from contentshop.posts import queries as posts
from contentshop.posts import series as collections
from contentshop.posts.queries import PublishedPost
from contentshop.products import queries as products
from contentshop.products.offers import ProductFacts
from contentshop.products.queries import ProductPage as FoundProduct
from contentshop.social import queries as social
from contentshop.web import cards as faces
from contentshop.web import deal_pages, following, freshness, reading, review_pages, showing, structured, talk
from contentshop.web.cache import begin, keep, soonest
from contentshop.web.cards import product_card
from contentshop.web.chrome import current_chrome, language_tag
from contentshop.web.door import Door, show
from contentshop.web.live import announced
from contentshop.web.newest import Newest
from contentshop.web.pictures import face, largest
from contentshop.web.price_history import price_history
from contentshop.web.reader_pages import CreatorPage, Entry, FeaturedPage, Head, PostPage, SeriesPage, TilesPage
from contentshop.web.session import Viewer, settings, viewer
from contentshop.web.shelves import posts_of, shelves_of
from contentshop.web.tiles import next_turn, tile
from contentshop.web.urls import creator_url, post_url, series_url

bp = Door("reader", __name__)

RELATED = 4
RECOMMENDATIONS = 24  # guides on a product's page


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
    return keep(response, parts, now=who.now, until=soonest(_next_stale(facts, who), turns))


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
    newest = Newest(number, topic=slug)
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
    newest = Newest(number, author_key=person.key, kind=kind, also=popular)
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
    tiles = posts.tiles_by_id(db.session, posts_of([found], None))
    shelves, facts = shelves_of([found], who, tiles, limit=None)
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


# ---- what several pages share


def _name(entry: Entry) -> str:
    return entry.post.title if entry.post else entry.card.title if entry.card else ""


def _address(entry: Entry) -> str:
    return entry.post.url if entry.post else entry.card.url if entry.card else ""


def _topics(slugs: Iterable[str]) -> list[tuple[str, str]]:
    """(title, address) of topics; those outside the navigation go by their slug."""
    titles = dict(current_chrome().nav_topics)
    return [(titles.get(slug) or slug.replace("-", " ").capitalize(), f"/topics/{slug}") for slug in slugs]


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
