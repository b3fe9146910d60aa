"""How a published deal stands: what readers and looks at the offer said, and its author's or an editor's word on it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from flask import flash, redirect, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from contentshop.accounts.policy import can_edit
from contentshop.core.db import db
from contentshop.core.errors import Forbidden, Invalid, NotFound
from contentshop.core.money import Money
from contentshop.core.words import say
from contentshop.posts import deals, policy, queries
from contentshop.posts.bargains import ENOUGH_REPORTS, read_words, state_of
from contentshop.posts.deals import Waiting
from contentshop.social.deals import merge_deals
from contentshop.web.chrome import language_tag
from contentshop.web.door import Door, show
from contentshop.web.session import viewer
from contentshop.web.urls import post_url
from contentshop.web.words import translated_errors
from contentshop.web.zones import in_words, zone_label

if TYPE_CHECKING:
    from contentshop.posts.models import Post

bp = Door("studio_deals", __name__)


@dataclass(frozen=True, slots=True)
class StandingPage:
    """A deal's state with the ways to change it. ``said`` are (words, number of readers)."""

    key: str
    title: str
    lang: str
    url: str
    state: str
    told: str
    price: Money
    currency: str
    ends: str
    zone: str
    said: Sequence[tuple[str, int]]
    enough: int
    works: int
    fails: int
    values: Mapping[str, str]
    may_merge: bool
    errors: Mapping[str, list[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class WaitingRow:
    """A deal at the desk."""

    title: str
    lang: str
    url: str
    standing_url: str
    author: str
    price: Money
    why: str
    at: datetime
    reports: int


@dataclass(frozen=True, slots=True)
class WaitingPage:
    """Deals that were ended and wait for an editor's look."""

    rows: Sequence[WaitingRow]


@bp.get("/studio/<key>/deal")
def standing(key: str) -> Response:
    """How a deal stands."""
    return _page(_post(key), {})


@bp.post("/studio/<key>/deal")
def settle(key: str) -> Response:
    """Say how a deal stands: over, sold out, or that it goes on, at another price or until another time."""
    who, post = viewer(), _post(key)
    values = {name: request.form.get(name, "") for name in ("price", "ends")}
    verdict = request.form.get("verdict", "")
    changes_end = verdict == "running" and "ends" in request.form
    try:
        deals.settle(
            db.session,
            post,
            verdict,
            by=who.person(),
            now=who.now,
            price=values["price"] if verdict == "running" else "",
            ends=values["ends"] if changes_end else None,
        )
    except Invalid as refusal:
        db.session.rollback()
        return _page(_post(key), values, refusal.fields, 422)
    flash(_("Readers see that it goes on.") if verdict == "running" else _("Readers see that it is over."), "success")
    return redirect(url_for("studio_deals.standing", key=key), 303)


@bp.post("/desk/deals/<key>/merge")
def merge(key: str) -> Response:
    """The same deal is there twice: what readers said of this one goes to the other."""
    who, post = viewer(), _post(key)
    typed = request.form.get("into", "")[:300].strip()
    try:
        kept = merge_deals(db.session, post, _slug_of(typed), by=who.person(), now=who.now)
    except (Invalid, NotFound) as refusal:
        db.session.rollback()
        wrong: Mapping[str, list[str]] = {
            "into": [say("There is no such deal that readers see. Copy its page's address.")]
        }
        if isinstance(refusal, Invalid):
            wrong = refusal.fields
        return _page(_post(key), {"into": typed}, wrong, 422)
    flash(_("Comments and votes are below the other deal now, and this one is off the site."), "success")
    return redirect(post_url(kept.slug), 303)


def _slug_of(typed: str) -> str:
    """The last part of the address of a page, which may be all that was typed."""
    return typed.partition("?")[0].partition("#")[0].rstrip("/").rpartition("/")[2]


@bp.get("/desk/deals")
def waiting() -> Response:
    """Deals that readers or looks at their offers have ended."""
    return show("desk/deals.html", WaitingPage([_row(one) for one in deals.list_waiting(db.session)]))


def _row(one: Waiting) -> WaitingRow:
    return WaitingRow(
        title=one.title,
        lang=language_tag(one.lang),
        url=post_url(one.slug),
        standing_url=url_for("studio_deals.standing", key=one.key),
        author=one.author_name,
        price=one.price,
        why=closing_words(one.closed_as, one.closed_by, one.closed_why),
        at=one.closed_at,
        reports=one.reports,
    )


def closing_words(closed_as: str, closed_by: str, why: str) -> str:
    """How a deal came to be over."""
    if closed_by == "offer":
        return str(_("The shop has none left") if why == "stock" else _("The shop asks more"))
    if closed_by == "readers":
        if why == "price":
            return str(_("Readers: it costs more"))
        return str(_("Readers: sold out") if closed_as == "sold_out" else _("Readers: over"))
    return ""


def _post(key: str) -> Post:
    """The deal, for its authors and editors. Raises NotFound for everybody else and for other kinds of posts."""
    post = queries.get_for_studio(db.session, key, viewer().user)
    if post.kind != "deal" or post.live is None:
        raise NotFound(say("There is no such post."))
    if not policy.can_settle(viewer().user, post):
        raise Forbidden(say("Only the author and editors may say how a deal stands."))
    return post


def _page(
    post: Post, typed: Mapping[str, str], errors: Mapping[str, list[str]] | None = None, status: int = 200
) -> Response:
    who, deal = viewer(), deals.get_standing(db.session, post)
    written = read_words(post.live.deal if post.live else {})
    names = {"ended": _("It is over"), "sold_out": _("Sold out"), "price": _("It costs more")}
    counts = deals.count_reports(db.session, post.id)
    state = state_of(deal.closed_as, deal.starts_at, deal.until, who.now)
    page = StandingPage(
        key=post.key,
        title=post.live.title if post.live else "",
        lang=language_tag(post.lang),
        url=post_url(post.slug) if post.state == "published" else "",
        state=state,
        told=_told(state, deal.closed_as, deal.closed_by, deal.closed_why, deal.confirmed),
        price=Money(deal.price_minor, deal.currency),
        currency=deal.currency,
        ends=in_words(deal.ends_at, written.zone) if deal.ends_at else "",
        zone=zone_label(written.zone),
        said=[(names[kind], counts[kind]) for kind in names if counts.get(kind)],
        enough=ENOUGH_REPORTS,
        works=deal.works,
        fails=deal.fails,
        values={"price": "", "ends": written.ends if deal.ends_at and deal.ends_at > who.now else "", **typed},
        may_merge=can_edit(who.user) and post.state == "published",
        errors=translated_errors(errors or {}),
    )
    return show("studio/deal.html", page, status)


def _told(state: str, closed_as: str, closed_by: str, why: str, confirmed: bool) -> str:
    if state == "upcoming":
        return str(_("It has not begun yet."))
    if state == "running":
        return str(_("It runs."))
    if not closed_as:
        return str(_("Its time is over."))
    if confirmed:
        return str(_("You or an editor said that it is over."))
    return closing_words(closed_as, closed_by, why)
