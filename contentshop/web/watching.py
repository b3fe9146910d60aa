"""Saved searches: a person's own pages of them, notifications, private feeds, and the way out of mails."""

from __future__ import annotations

from collections.abc import Mapping
from email.utils import format_datetime
from typing import TYPE_CHECKING
from xml.etree import ElementTree

from flask import flash, redirect, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from contentshop.accounts import queries as accounts
from contentshop.core.db import db
from contentshop.core.errors import Invalid, NotFound
from contentshop.core.paging import Page, page_number
from contentshop.core.words import say
from contentshop.core.zones import zone_names
from contentshop.curation import queries as curation
from contentshop.posts import notices
from contentshop.watching import actions, queries
from contentshop.watching.inputs import MOST, Telling, Wanted
from contentshop.watching.queries import wanted_of
from contentshop.web import watching_pages as pages
from contentshop.web.chrome import LANGUAGE_TAGS, current_babel_locale
from contentshop.web.door import Door, show
from contentshop.web.reader_pages import Paging
from contentshop.web.session import moment, settings, viewer
from contentshop.web.studio_side import notice_lines
from contentshop.web.watching_links import feed_of, feed_url, stop_of
from contentshop.web.words import translated_errors
from contentshop.web.zones import zone_label

if TYPE_CHECKING:
    from contentshop.watching.models import Notification, SavedSearch

bp = Door("watching", __name__)

ATOM = "http://www.w3.org/2005/Atom"
FIELDS = (
    "name",
    "q",
    "kind",
    "lang",
    "topic",
    "to",
    "currency",
    "stock",
    "worth",
    "votes",
    "in_app",
    "mail",
    "mail_hour",
    "zone",
    "feed",
)
LONGEST = 1000  # characters of a field that are shown again

ElementTree.register_namespace("atom", ATOM)


@bp.get("/account/searches")
def searches() -> Response:
    """A person's saved searches."""
    person = viewer().person()
    told = queries.count_told(db.session, person)
    topics, locale = _topics(), current_babel_locale()
    rows = [
        pages.SearchRow(
            key=search.key,
            name=search.name,
            describes=pages.describe(wanted_of(search), topics, locale),
            results_url=pages.results_url(wanted_of(search)),
            ways=pages.ways(search),
            paused=search.paused,
            told=told.get(search.id, 0),
        )
        for search in queries.list_searches(db.session, person)
    ]
    return show("account/searches.html", pages.SearchesPage(rows, MOST))


@bp.get("/account/searches/new")
def new() -> Response:
    """The form of a new saved search, filled in from the address."""
    asked = {name: request.args.get(name, "")[:LONGEST] for name in FIELDS}
    first = {"in_app": "1", "mail": "off", "mail_hour": "7", "currency": viewer().currency}
    first["zone"] = viewer().person().timezone
    return show("account/saved_search.html", _form({**asked, **{k: asked[k] or v for k, v in first.items()}}))


@bp.post("/account/searches")
def save() -> Response:
    """Save a search, from its form or straight from the search page."""
    typed = _typed()
    try:
        wanted, telling = _parsed(typed)
        name = pages.name_of(wanted, _topics(), current_babel_locale())
        search = actions.save(db.session, wanted, telling, by=viewer().person(), name=name, now=moment())
    except Invalid as refusal:
        return show("account/saved_search.html", _form(typed, errors=refusal.fields), 422)
    flash(_("The search is saved. You will hear of it when something new fits."), "success")
    return redirect(url_for("watching.edit", key=search.key), 303)


@bp.get("/account/searches/<key>")
def edit(key: str) -> Response:
    """A saved search, to be changed."""
    search = _mine(key)
    return show("account/saved_search.html", _form(pages.values_of(search), search))


@bp.post("/account/searches/<key>")
def change(key: str) -> Response:
    """Change what is waited for, and how one is told."""
    search, typed = _mine(key), _typed()
    try:
        wanted, telling = _parsed(typed)
        name = pages.name_of(wanted, _topics(), current_babel_locale())
        actions.change(db.session, search, wanted, telling, name=name, now=moment())
    except Invalid as refusal:
        return show("account/saved_search.html", _form(typed, search, errors=refusal.fields), 422)
    flash(_("Saved."), "success")
    # The page of a search with a feed is where its address stands.
    onward = url_for("watching.edit", key=search.key) if telling.feed else url_for("watching.searches")
    return redirect(onward, 303)


@bp.post("/account/searches/<key>/pause")
def pause(key: str) -> Response:
    """Let a saved search rest, or wait again."""
    search = _mine(key)
    if request.form.get("paused") == "1":
        actions.pause(db.session, search)
        flash(_("“%(name)s” rests. Nothing is told until you resume it.", name=search.name), "success")
    else:
        actions.resume(db.session, search, now=moment())
        flash(_("“%(name)s” waits again.", name=search.name), "success")
    return redirect(url_for("watching.searches"), 303)


@bp.post("/account/searches/<key>/delete")
def delete(key: str) -> Response:
    """Delete a saved search and what was told of it."""
    search = _mine(key)
    actions.remove(db.session, search)
    flash(_("“%(name)s” is deleted.", name=search.name), "success")
    return redirect(url_for("watching.searches"), 303)


@bp.post("/account/searches/<key>/feed")
def renew_feed(key: str) -> Response:
    """Give the feed of a saved search a new address; the old one is dead at once."""
    search = _mine(key)
    actions.renew_feed(db.session, search)
    flash(_("The feed has a new address. The old one works no more."), "success")
    return redirect(url_for("watching.edit", key=search.key), 303)


@bp.get("/account/notifications")
def notifications() -> Response:
    """What one was told: what happened to one's posts, and what came to fit one's saved searches."""
    person = viewer().person()
    found = queries.list_notifications(db.session, person, page=page_number(request.args.get("page")))
    names = queries.names_of(db.session, [(one.kind, one.key) for one in found.items], viewer().locale)
    locale = current_babel_locale()
    rows = [
        pages.notification_row(
            one, one.search, names.get((one.kind, one.key)), url_for("watching.edit", key=one.search.key), locale
        )
        for one in found.items
    ]
    told = notice_lines(notices.list_unread(db.session, person)) if found.number == 1 else []
    unread = queries.count_unread(db.session, person, also=notices.unread_of(person))
    return show("account/notifications.html", pages.NotificationsPage(rows, told, unread, _paging(found)))


@bp.post("/account/notifications")
def mark_read() -> Response:
    """Mark all notifications as read, and put all notices about posts away."""
    actions.mark_read(db.session, viewer().person(), now=moment())
    notices.mark_all_read(db.session, viewer().person(), now=moment())
    return redirect(url_for("watching.notifications"), 303)


@bp.get("/unsubscribe/<token>")
def unsubscribe(token: str) -> Response:
    """Ask whether the mails should end. Reading changes nothing, since mail programs look at every link."""
    user_key, search_key = _stop(token)
    name = queries.find_name(db.session, user_key, search_key) if search_key else ""
    return show("account/unsubscribe.html", pages.UnsubscribePage(token, name, stopped=False))


@bp.post("/unsubscribe/<token>")
def stop_mails(token: str) -> Response:
    """End the mails of a saved search, or of all: by the page's button or a mail program's own (RFC 8058)."""
    user_key, search_key = _stop(token)
    name = queries.find_name(db.session, user_key, search_key) if search_key else ""
    user = accounts.find_by_key(db.session, user_key)
    if user is not None:
        actions.stop_mails(db.session, user, search_key)
    return show("account/unsubscribe.html", pages.UnsubscribePage(token, name, stopped=True))


def _stop(token: str) -> tuple[str, str]:
    found = stop_of(token)
    if found is None:
        raise NotFound(say("This link is not whole. Change your mails under “Saved searches” in your account."))
    return found


@bp.get("/watch/<token>/feed.xml")
def feed(token: str) -> Response:
    """What a saved search has brought, for a feed reader: whoever has the address may read it."""
    told = feed_of(token)
    search = queries.find_for_feed(db.session, *told) if told else None
    if search is None:
        raise NotFound(say("There is no such feed. Its address may have been renewed."))
    found = queries.list_for_feed(db.session, search)
    response = Response(_rss(search, found), mimetype="application/rss+xml")
    response.headers["Cache-Control"] = "private, max-age=60"
    response.headers["X-Robots-Tag"] = "noindex"
    response.headers["Referrer-Policy"] = "no-referrer"  # the address is the secret
    response.add_etag()
    return response.make_conditional(request)


def _rss(search: SavedSearch, found: list[Notification]) -> bytes:
    site, locale = settings(), current_babel_locale()
    names = queries.names_of(db.session, [(one.kind, one.key) for one in found], viewer().locale)
    rss = ElementTree.Element("rss", version="2.0")
    channel = ElementTree.SubElement(rss, "channel")
    _text(channel, "title", f"{search.name} · {site.site_name}")
    _text(channel, "link", site.site_url + pages.results_url(wanted_of(search)))
    _text(channel, "description", _("What is new for your saved search “%(name)s”.", name=search.name))
    _text(channel, "language", LANGUAGE_TAGS.get(viewer().locale, "en"))
    ElementTree.SubElement(
        channel, f"{{{ATOM}}}link", href=site.site_url + request.path, rel="self", type="application/rss+xml"
    )
    for one in found:
        known = names.get((one.kind, one.key))
        if known is None:  # not public any more
            continue
        item = ElementTree.SubElement(channel, "item")
        _text(item, "title", known.title)
        _text(item, "link", site.site_url + pages.thing_url((one.kind, one.key), known))
        ElementTree.SubElement(item, "guid", isPermaLink="false").text = f"{site.site_url}/#{one.public_key}"
        _text(item, "description", pages.reason(one, search, one.price_minor, locale))
        _text(item, "pubDate", format_datetime(one.created_at, usegmt=True))
    written: bytes = ElementTree.tostring(rss, encoding="utf-8", xml_declaration=True)
    return written


def _text(parent: ElementTree.Element, name: str, text: str) -> None:
    # XML 1.0 has no way to write control characters, so they are left out.
    ElementTree.SubElement(parent, name).text = "".join(c for c in text if c >= " " or c in "\t\n")


def _mine(key: str) -> SavedSearch:
    return queries.get_search(db.session, key, by=viewer().person())


def _typed() -> dict[str, str]:
    return {name: request.form.get(name, "") for name in FIELDS}


def _parsed(typed: Mapping[str, str]) -> tuple[Wanted, Telling]:
    """What was typed, understood. Raises Invalid with the problems of both halves of the form."""
    problems: dict[str, list[str]] = {}
    wanted: Wanted | None = None
    telling: Telling | None = None
    try:
        form = {**typed, "kind": pages.KINDS.get(typed["kind"], typed["kind"])}
        wanted = Wanted.parse(form, currencies=settings().currencies, topics=_topics(), currency=viewer().currency)
    except Invalid as refusal:
        problems |= refusal.fields
    try:
        telling = Telling.parse(typed)
    except Invalid as refusal:
        problems |= refusal.fields
    if wanted is None or telling is None:
        raise Invalid(problems)
    return wanted, telling


def _topics() -> dict[str, str]:
    return {topic.slug: topic.title for topic in curation.list_topics(db.session, viewer().locale)}


def _form(
    values: Mapping[str, str], search: SavedSearch | None = None, errors: Mapping[str, list[str]] | None = None
) -> pages.SearchFormPage:
    return pages.SearchFormPage(
        values={name: value[:LONGEST] for name, value in values.items()},
        topics=list(_topics().items()),
        currencies=[(currency, currency) for currency in settings().currencies],
        hours=[(str(hour), f"{hour:02}:00") for hour in range(24)],
        zones=sorted(((name, zone_label(name)) for name in zone_names()), key=lambda zone: zone[1]),
        key=search.key if search else "",
        paused=bool(search and search.paused),
        feed_url=feed_url(search.key, search.feed_serial) if search and search.feed else "",
        errors=translated_errors(errors or {}),
    )


def _paging(found: Page[Notification]) -> Paging:
    if found.pages < 2:
        return Paging()
    path = url_for("watching.notifications")
    return Paging(
        previous_url=f"{path}?page={min(found.number - 1, found.pages)}" if found.has_previous else "",
        next_url=f"{path}?page={found.number + 1}" if found.has_next else "",
        position=_("Page %(page)s of %(pages)s", page=found.number, pages=found.pages),
    )
