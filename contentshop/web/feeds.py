"""For machines that read along: RSS 2.0, the sitemap, robots.txt. Only what every visitor may see."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from email.utils import format_datetime
from xml.etree import ElementTree

from flask import request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from contentshop.accounts import queries as accounts
from contentshop.core.db import db
from contentshop.curation import queries as curation
from contentshop.live import queries as live
from contentshop.posts import queries as posts
from contentshop.posts import series
from contentshop.posts.queries import PostTile
from contentshop.products import queries as products
from contentshop.web.chrome import LANGUAGE_TAGS, iso, money
from contentshop.web.door import Door
from contentshop.web.session import settings, viewer
from contentshop.web.urls import creator_url, live_url, post_url, product_url, series_url

bp = Door("feeds", __name__)

LENGTH = 30
SITEMAP_LENGTH = 50_000
ATOM = "http://www.w3.org/2005/Atom"
DUBLIN_CORE = "http://purl.org/dc/elements/1.1/"
SITEMAP = "http://www.sitemaps.org/schemas/sitemap/0.9"

ElementTree.register_namespace("atom", ATOM)
ElementTree.register_namespace("dc", DUBLIN_CORE)


@bp.get("/feed.xml")
def site() -> Response:
    """The newest posts of the site."""
    return _rss(
        settings().site_name, _("The newest guides and lists."), "/", posts.list_newest(db.session, limit=LENGTH)
    )


@bp.get("/topics/<slug>/feed.xml")
def topic(slug: str) -> Response:
    """The newest posts of a topic."""
    found = curation.get_topic(db.session, slug, viewer().locale)
    newest = posts.list_newest(db.session, limit=LENGTH, topic=slug)
    return _rss(f"{found.title} · {settings().site_name}", found.intro, f"/topics/{slug}", newest)


@bp.get("/@<handle>/feed.xml")
def creator(handle: str) -> Response:
    """The newest posts of a creator."""
    person = accounts.get_by_handle(db.session, handle)
    newest = posts.list_newest(db.session, limit=LENGTH, author_key=person.key)
    return _rss(f"{person.name} · {settings().site_name}", person.bio, creator_url(person.handle), newest)


@bp.get("/deals/feed.xml")
def deals() -> Response:
    """The newest deals."""
    newest = posts.list_newest(db.session, limit=LENGTH, kind="deal")
    return _rss(f"{_('Deals')} · {settings().site_name}", _("The newest deals."), "/deals", newest)


def _rss(title: str, description: str, path: str, entries: Sequence[PostTile]) -> Response:
    base = settings().site_url
    rss = ElementTree.Element("rss", version="2.0")
    channel = ElementTree.SubElement(rss, "channel")
    _text(channel, "title", title)
    _text(channel, "link", base + path)
    _text(channel, "description", description or title)
    _text(channel, "language", LANGUAGE_TAGS.get(viewer().locale, "en"))
    ElementTree.SubElement(channel, f"{{{ATOM}}}link", href=base + request.path, rel="self", type="application/rss+xml")
    newest = max((entry.published_at for entry in entries if entry.published_at), default=None)
    if newest:
        _text(channel, "lastBuildDate", _rfc822(newest))
    for entry in entries:
        item = ElementTree.SubElement(channel, "item")
        _text(item, "title", _title(entry))
        _text(item, "link", base + post_url(entry.slug))
        ElementTree.SubElement(item, "guid", isPermaLink="false").text = f"{base}/#{entry.key}"
        _text(item, f"{{{DUBLIN_CORE}}}creator", entry.author_name)
        _text(item, "description", entry.summary)
        if entry.published_at:
            _text(item, "pubDate", _rfc822(entry.published_at))
    return _xml(rss, "application/rss+xml")


def _title(entry: PostTile) -> str:
    """The title; of a deal with its price, or that it is over."""
    if entry.deal is None:
        return entry.title
    over = entry.deal.state(viewer().now) in ("ended", "sold_out")
    return f"{entry.title} · {_('over') if over else money(entry.deal.price)}"


@bp.get("/sitemap.xml")
def sitemap() -> Response:
    """The addresses of everything public, with the true time of their last change."""
    base = settings().site_url
    urls = ElementTree.Element(f"{{{SITEMAP}}}urlset")
    _place(urls, f"{base}/", None)
    _place(urls, f"{base}/deals", None)
    published = posts.list_addresses(db.session, limit=SITEMAP_LENGTH)
    listed = products.list_addresses(db.session, limit=max(0, SITEMAP_LENGTH - len(published) - 1000))
    for slug, changed in published:
        _place(urls, base + post_url(slug), changed)
    for slug, changed in listed:
        _place(urls, base + product_url(slug), changed)
    for slug, changed in series.list_addresses(db.session, limit=500):
        _place(urls, base + series_url(slug), changed)
    for key in live.list_addresses(db.session, limit=500):
        _place(urls, base + live_url(key), None)
    for found in curation.list_topics(db.session, viewer().locale):
        _place(urls, base + url_for("reader.topic", slug=found.slug), None)
    ElementTree.register_namespace("", SITEMAP)
    return _xml(urls, "application/xml")


def _place(urls: ElementTree.Element, address: str, changed: datetime | None) -> None:
    url = ElementTree.SubElement(urls, f"{{{SITEMAP}}}url")
    _text(url, f"{{{SITEMAP}}}loc", address)
    if changed:
        _text(url, f"{{{SITEMAP}}}lastmod", iso(changed))


@bp.get("/robots.txt")
def robots() -> Response:
    """What crawlers may fetch."""
    closed = (
        "/go/",
        "/cart",
        "/checkout",
        "/orders/",
        "/account",
        "/studio",
        "/desk",
        "/search",
        "/sign-in",
        "/sign-up",
    )
    lines = [
        "User-agent: *",
        *(f"Disallow: {path}" for path in closed),
        f"Sitemap: {settings().site_url}/sitemap.xml",
        "",
    ]
    return Response("\n".join(lines), mimetype="text/plain", headers={"Cache-Control": "public, max-age=3600"})


def _rfc822(at: datetime) -> str:
    return format_datetime(at, usegmt=True)


def _text(parent: ElementTree.Element, name: str, text: str) -> None:
    # XML 1.0 has no way to write control characters, so they are left out.
    ElementTree.SubElement(parent, name).text = "".join(c for c in text if c >= " " or c in "\t\n")


def _xml(root: ElementTree.Element, mimetype: str) -> Response:
    body = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    response = Response(body, mimetype=mimetype, headers={"Cache-Control": "public, max-age=60"})
    response.add_etag()
    return response.make_conditional(request)
