"""Preview links: a draft shown to whoever has the link, for a while. Nothing of it is kept by caches or found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from flask import flash, redirect, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from werkzeug.wrappers import Response

from contentshop.core.db import db
from contentshop.core.errors import Invalid
from contentshop.posts import sharing
from contentshop.posts.sharing import LinkLine
from contentshop.web import studio
from contentshop.web.door import Door, show
from contentshop.web.session import settings, viewer
from contentshop.web.studio_saving import own_post
from contentshop.web.words import translated_errors

if TYPE_CHECKING:
    from contentshop.posts.models import Post

bp = Door("studio_sharing", __name__)


@dataclass(frozen=True, slots=True)
class SharePage:
    """A post's preview links. ``address`` is the one just made: it is shown once and not known afterwards."""

    key: str
    title: str
    links: Sequence[LinkLine]
    days: Sequence[tuple[str, str]]
    chosen: str
    address: str
    errors: Mapping[str, list[str]]


@bp.get("/studio/<key>/share")
def share(key: str) -> Response:
    """The links that are open."""
    return show("studio/share.html", _page(own_post(key)))


@bp.post("/studio/<key>/share")
def make(key: str) -> Response:
    """Make a link and show it, once."""
    who, post = viewer(), own_post(key)
    days = request.form.get("days", str(sharing.USUAL_DAYS))
    try:
        number = int(days) if days.isascii() and days.isdigit() and len(days) < 4 else 0
        token = sharing.make_link(db.session, post, days=number, by=who.person(), now=who.now)
    except Invalid as refusal:
        return show("studio/share.html", _page(post, errors=refusal.fields), 422)
    address = settings().site_url + url_for("studio_sharing.shared", token=token)
    return show("studio/share.html", _page(post, address=address))


@bp.post("/studio/<key>/share/<link>/close")
def close(key: str, link: str) -> Response:
    """End a link at once."""
    sharing.close_link(db.session, own_post(key), link, by=viewer().person(), now=viewer().now)
    flash(_("The link is closed."), "success")
    return redirect(url_for("studio_sharing.share", key=key), 303)


@bp.get("/studio/<key>/share/<link>/close")
def close_page(key: str, link: str) -> Response:
    """Somebody reloaded the address of a button: the links."""
    return redirect(url_for("studio_sharing.share", key=own_post(key).key))


@bp.get("/preview/<token>")
def shared(token: str) -> Response:
    """The draft, for whoever has the link."""
    post = sharing.get_shared(db.session, token[:100], now=viewer().now)
    response = show("studio/shared.html", studio.draft_page(post, for_author=False))
    response.headers["Cache-Control"] = "private, no-store"
    response.headers["X-Robots-Tag"] = "noindex, nofollow, noarchive"
    # The address is the secret: it is told to no other site.
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


def _page(post: Post, *, address: str = "", errors: Mapping[str, list[str]] | None = None) -> SharePage:
    return SharePage(
        key=post.key,
        title=studio.draft_of(post).title or _("Untitled"),
        links=sharing.list_links(db.session, post, now=viewer().now),
        days=[(str(days), ngettext("%(num)s day", "%(num)s days", days)) for days in sharing.DAYS],
        chosen=request.form.get("days", str(sharing.USUAL_DAYS)),
        address=address,
        errors=translated_errors(errors or {}),
    )
