"""Following creators and topics, and the feed that is made of it. For signed-in people; nothing here is cached."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from flask import flash, redirect, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from contentshop.accounts import queries as people
from contentshop.core.db import db
from contentshop.core.paging import page_number
from contentshop.core.text_urls import safe_next
from contentshop.curation import queries as curation
from contentshop.discovery import actions, queries
from contentshop.discovery.queries import FeedEntry
from contentshop.web.door import Door, show
from contentshop.web.reader_pages import FollowState, Paging
from contentshop.web.session import Viewer, engines, viewer
from contentshop.web.tiles import TileView, tile
from contentshop.web.urls import creator_url

bp = Door("following", __name__)


@dataclass(frozen=True, slots=True)
class FeedItem:
    """A post in the feed, why it stands here, and its name for "less like this"."""

    post: TileView
    reason: str
    slug: str


@dataclass(frozen=True, slots=True)
class FeedPage:
    """A person's feed. ``follows`` are (title, address), ``searched`` are (words, address)."""

    items: Sequence[FeedItem]
    follows: Sequence[tuple[str, str]]
    searched: Sequence[tuple[str, str]]
    by_date: bool
    hidden: int
    paging: Paging


@bp.get("/feed")
def feed() -> Response:
    """What the signed-in person follows, and what they may like."""
    who = viewer()
    number = min(page_number(request.args.get("page")), queries.PAGES)
    found = queries.read_feed(
        db.session, engines().search, user_id=who.person().id, locale=who.locale, now=who.now, page=number
    )
    page = FeedPage(
        items=[FeedItem(tile(entry.tile), _reason(entry), entry.tile.slug) for entry in found.entries],
        follows=[
            (one.title, creator_url(one.name) if one.why == "creator" else f"/topics/{one.name}")
            for one in found.follows
        ],
        searched=[(words, "/search?" + urlencode({"q": words})) for words in found.searched],
        by_date=found.by_date,
        hidden=found.hidden,
        paging=_paging(number, found.more),
    )
    return show("account/feed.html", page)


def _paging(number: int, more: bool) -> Paging:
    if number == 1 and not more:
        return Paging()
    address = url_for("following.feed")
    before = number - 1
    return Paging(
        previous_url="" if not before else address if before == 1 else f"{address}?page={before}",
        next_url=f"{address}?page={number + 1}" if more else "",
        position=_("Page %(page)s", page=number),
    )


def _reason(entry: FeedEntry) -> str:
    told: dict[str, str] = {
        "creator": _("You follow %(name)s", name=entry.what),
        "topic": _("You follow the topic %(topic)s", topic=entry.what),
        "search": _("You searched for “%(words)s”", words=entry.what),
    }
    return told[entry.why]


@bp.post("/feed/order")
def order() -> Response:
    """Remember the order of the feed."""
    actions.choose_order(db.session, by_date=request.form.get("by") == "date", by=viewer().person())
    return _to_feed()


@bp.post("/feed/less")
def less() -> Response:
    """Less like this post. Raises NotFound for one that is not public."""
    actions.show_less(db.session, request.form.get("post", "")[:100], by=viewer().person())
    flash(_("You will see less like this."), "success")
    return _to_feed()


@bp.post("/feed/reset")
def reset() -> Response:
    """Forget what the person searched for and wanted less of."""
    actions.reset_feed(db.session, by=viewer().person())
    flash(_("Your searches and what you wanted less of are forgotten. Who you follow stays."), "success")
    return _to_feed()


@bp.post("/follow")
def follow() -> Response:
    """Follow a creator or a topic, or stop it, and go back. Raises NotFound when there is no such thing, Invalid for
    oneself."""
    who = viewer()
    stop = request.form.get("do") == "stop"
    if request.form.get("creator"):
        path = _follow_creator(request.form["creator"][:100], who, stop)
    else:
        path = _follow_topic(request.form.get("topic", "")[:100], who, stop)
    return redirect(safe_next(request.form.get("next", "")) or path, 303)


def _follow_creator(handle: str, who: Viewer, stop: bool) -> str:
    person = people.get_by_handle(db.session, handle)
    if stop:
        actions.unfollow_creator(db.session, person, by=who.person())
    else:
        actions.follow_creator(db.session, person, by=who.person(), now=who.now)
    return creator_url(person.handle)


def _follow_topic(slug: str, who: Viewer, stop: bool) -> str:
    topic = curation.get_topic(db.session, slug, who.locale)
    if stop:
        actions.unfollow_topic(db.session, slug, by=who.person())
    else:
        actions.follow_topic(db.session, slug, by=who.person(), now=who.now)
    return f"/topics/{topic.slug}"


def creator_state(handle: str, creator_id: int) -> FollowState | None:
    """The button on a creator's page; None on one's own."""
    user = viewer().user
    if user is None:
        return FollowState("creator", handle, False)
    if user.id == creator_id:
        return None
    return FollowState("creator", handle, queries.follows_creator(db.session, user.id, creator_id))


def topic_state(slug: str) -> FollowState:
    """The button on a topic's page."""
    user = viewer().user
    on = user is not None and queries.follows_topic(db.session, user.id, slug)
    return FollowState("topic", slug, on)


def _to_feed() -> Response:
    return redirect(url_for("following.feed"), 303)
