"""Search for readers: the question of an address, asked of the engine, as a page of answers."""

from __future__ import annotations

from dataclasses import replace

from flask import Response, request
from flask_babel import gettext as _
from flask_wtf.csrf import generate_csrf

from contentshop.core.db import db
from contentshop.core.errors import Unavailable
from contentshop.posts import queries as posts
from contentshop.products import queries as products
from contentshop.search import queries as search_queries
from contentshop.search.port import BadQuery
from contentshop.web import finding, searches
from contentshop.web.desk_search import synonyms_for
from contentshop.web.door import Door, show
from contentshop.web.live import announced, on_air
from contentshop.web.live_pages import AnnouncedView
from contentshop.web.newest import readable_first
from contentshop.web.reader_pages import Head, Saving, SearchForm, SearchResultsPage
from contentshop.web.session import Viewer, engines, settings, viewer

bp = Door("search", __name__)

NEWEST_WITHOUT_RESULTS = 8


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
        head=Head(title=title, description="", canonical=settings().site_url + "/search", noindex=True),
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
        newest=readable_first(newest, who),
        paging=finding.paging(form, results.total),
        live=_live_about(form, who),
    )
    return show("reader/search.html", page)


def _live_about(form: SearchForm, who: Viewer) -> list[AnnouncedView]:
    """What is live or announced with the words that were searched for, above the first page of results."""
    if not form.text or form.page != 1 or finding.is_filtered(form):
        return []
    return [announced(entry) for entry in on_air(who, form.text)]
