"""The refresh queue: a creator's published posts that gain most from another look, and what to do with each."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from flask import url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from contentshop.core.db import db
from contentshop.discovery.queries.refreshing import list_to_refresh
from contentshop.discovery.refresh import LOOK_AGAIN, BrokenCard, QueuedPost
from contentshop.web.cards import price_age
from contentshop.web.chrome import language_tag
from contentshop.web.door import Door, show
from contentshop.web.session import viewer
from contentshop.web.urls import post_url

bp = Door("studio_refresh", __name__, url_prefix="/studio")


@dataclass(frozen=True, slots=True)
class ToDo:
    """One thing to do in a post. ``state`` is bad (readers stand before nothing) or warn; ``line`` one of the text."""

    text: str
    state: str
    url: str
    line: int | None = None


@dataclass(frozen=True, slots=True)
class RefreshRow:
    """A post of the queue. ``changed``: words of it are not published yet."""

    title: str
    lang: str
    url: str
    live_url: str
    readers: int
    looked_at: datetime
    changed: bool
    todos: Sequence[ToDo]


@dataclass(frozen=True, slots=True)
class RefreshPage:
    """Posts to look at again, the most worth while first."""

    rows: Sequence[RefreshRow]


@bp.get("/refresh")
def queue() -> Response:
    """What to look at again."""
    return show("studio/refresh.html", RefreshPage([_row(post) for post in waiting()]))


def waiting() -> list[QueuedPost]:
    """The queue of whoever is asking."""
    who = viewer()
    return list_to_refresh(db.session, who.person(), locale=who.locale, now=who.now, max_age=price_age())


def _row(post: QueuedPost) -> RefreshRow:
    url = url_for("studio.edit", key=post.key)
    todos = [_todo(card, url) for card in post.cards]
    if post.days(viewer().now) >= LOOK_AGAIN:
        told = _("Nobody has looked at it for long: see whether it is still true, then publish it with a word on that.")
        todos.append(ToDo(told, "warn", url))
    return RefreshRow(
        title=post.title or _("Untitled"),
        lang=language_tag(post.lang),
        url=url,
        live_url=post_url(post.slug),
        readers=post.readers,
        looked_at=post.looked_at,
        changed=post.changed,
        todos=todos,
    )


def _todo(card: BrokenCard, url: str) -> ToDo:
    state = "bad" if card.trouble in ("gone", "dead", "sold_out") else "warn"
    return ToDo(_SAID[card.trouble](card), state, f"{url}#line-{card.line}", card.line)


_SAID: Mapping[str, Callable[[BrokenCard], str]] = {
    "gone": lambda card: _("“%(title)s” is no longer sold: name another, or take the card out.", title=_title(card)),
    "dead": lambda card: _("Every link to “%(title)s” is dead: name another, or take it out.", title=_title(card)),
    "sold_out": lambda card: _("“%(title)s” cannot be had now: name a stand-in.", title=_title(card)),
    "stood_in": lambda card: _(
        "“%(title)s” cannot be had: readers get “%(other)s”. Recommend that, or another.",
        title=_title(card),
        other=card.stand_in.title if card.stand_in else "",
    ),
    "unsold": lambda card: _("No shop is known for “%(title)s”: paste the address of one.", title=_title(card)),
    "stale": lambda card: _("The price of “%(title)s” is too old to be told: look at its shop.", title=_title(card)),
}


def _title(card: BrokenCard) -> str:
    return card.product.title
