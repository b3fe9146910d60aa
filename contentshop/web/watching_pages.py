"""Page records of saved searches and notifications: exactly what each template may show, in the reader's words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from flask_babel import gettext as _
from flask_babel import ngettext

from contentshop.core.money import Money
from contentshop.search.port import WORTH_STEPS
from contentshop.watching.inputs import NAME_LENGTH, Wanted
from contentshop.watching.queries import Name, Thing, wanted_of
from contentshop.web.chrome import language_tag
from contentshop.web.reader_pages import Paging
from contentshop.web.studio_pages import NoticeView
from contentshop.web.urls import creator_url, post_url, product_url
from contentshop.web.zones import zone_label

if TYPE_CHECKING:
    from contentshop.watching.models import Notification, SavedSearch

Choice = tuple[str, str]

# Kinds as addresses and forms name them, and as the rooms do.
KINDS = {"article": "post", "list": "list", "deal": "deal", "product": "product", "creator": "creator"}
NAMES = {kind: name for name, kind in KINDS.items()}
LANGUAGES = {"en": "English", "zh": "中文"}


@dataclass(frozen=True, slots=True)
class SearchRow:
    """One saved search in its owner's list. ``told`` counts its notifications of the last 90 days."""

    key: str
    name: str
    describes: str
    results_url: str
    ways: str
    paused: bool
    told: int


@dataclass(frozen=True, slots=True)
class SearchesPage:
    """A person's saved searches; ``most`` is how many there may be."""

    rows: Sequence[SearchRow]
    most: int


@dataclass(frozen=True, slots=True)
class SearchFormPage:
    """The form of a saved search with what was typed and what is wrong with it; ``key`` is empty for a new one."""

    values: Mapping[str, str]
    topics: Sequence[Choice]
    currencies: Sequence[Choice]
    hours: Sequence[Choice]
    zones: Sequence[Choice]
    key: str = ""
    paused: bool = False
    feed_url: str = ""
    errors: Mapping[str, list[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class NotificationRow:
    """Word of one thing. ``title`` and ``url`` are empty for what is not public any more."""

    title: str
    url: str
    lang: str
    glyph: str
    reason: str
    search_name: str
    search_url: str
    at: datetime
    unread: bool


@dataclass(frozen=True, slots=True)
class NotificationsPage:
    """A person's notifications, the newest first, under what happened to their posts and is not read yet."""

    rows: Sequence[NotificationRow]
    notices: Sequence[NoticeView]
    unread: int
    paging: Paging


@dataclass(frozen=True, slots=True)
class UnsubscribePage:
    """The page behind a mail's last link. ``name`` is empty when it is about all saved searches."""

    token: str
    name: str
    stopped: bool


def describe(wanted: Wanted, topics: Mapping[str, str], locale: str) -> str:
    """What is waited for, in a few words."""
    kinds = {
        "post": _("Articles"),
        "list": _("Buying lists"),
        "deal": _("Deals"),
        "product": _("Products"),
        "creator": _("Creators"),
    }
    parts = [
        _("“%(words)s”", words=wanted.text) if wanted.text else "",
        kinds.get(wanted.kind, ""),
        topics.get(wanted.topic, wanted.topic),
        LANGUAGES.get(wanted.lang, ""),
        "" if wanted.price_to is None else _("up to %(price)s", price=_money(wanted.price_to, wanted.currency, locale)),
        _("in stock here") if wanted.in_stock else "",
        "" if wanted.worth_from is None else _("worth it for at least %(rate)s", rate=f"{wanted.worth_from}%"),
        ""
        if wanted.votes_from is None
        else ngettext("at least %(num)s vote", "at least %(num)s votes", wanted.votes_from),
    ]
    return " · ".join(filter(None, parts))


def name_of(wanted: Wanted, topics: Mapping[str, str], locale: str) -> str:
    """A name for a search whose owner gave it none."""
    return (wanted.text or describe(wanted, topics, locale))[:NAME_LENGTH].strip()


def results_url(wanted: Wanted) -> str:
    """The search page that asks the same, as far as it can."""
    price = "" if wanted.price_to is None else f"{Money(wanted.price_to, wanted.currency).amount:f}"
    given = {
        "q": wanted.text,
        "kind": NAMES.get(wanted.kind, ""),
        "lang": wanted.lang,
        "topic": wanted.topic,
        "to": price,
        "stock": "1" if wanted.in_stock else "",
        # The page's steps: the nearest one that leaves nothing out.
        "worth": next((str(step) for step in reversed(WORTH_STEPS) if step <= (wanted.worth_from or 0)), ""),
    }
    return "/search?" + urlencode({name: value for name, value in given.items() if value})


def ways(search: SavedSearch) -> str:
    """How the owner of a saved search is told."""
    mails = {
        "now": _("by mail at once"),
        "daily": _(
            "by mail daily at %(hour)s (%(zone)s)",
            hour=f"{search.mail_hour}:00",
            zone=zone_label(search.user.timezone or "UTC"),
        ),
    }
    parts = [_("on this site") if search.in_app else "", mails.get(search.mail, ""), _("feed") if search.feed else ""]
    return " · ".join(filter(None, parts))


def values_of(search: SavedSearch) -> dict[str, str]:
    """A saved search as its form shows it."""
    wanted = wanted_of(search)
    return {
        "name": search.name,
        "q": wanted.text,
        "kind": NAMES.get(wanted.kind, ""),
        "lang": wanted.lang,
        "topic": wanted.topic,
        "to": "" if wanted.price_to is None else f"{Money(wanted.price_to, wanted.currency).amount:f}",
        "currency": wanted.currency,
        "stock": "1" if wanted.in_stock else "",
        "worth": "" if wanted.worth_from is None else str(wanted.worth_from),
        "votes": "" if wanted.votes_from is None else str(wanted.votes_from),
        "in_app": "1" if search.in_app else "",
        "mail": search.mail,
        "mail_hour": str(search.mail_hour),
        "zone": search.user.timezone,
        "feed": "1" if search.feed else "",
    }


def reason(notification: Notification, search: SavedSearch, price_minor: int | None, locale: str) -> str:
    """Why somebody is told, at this price (minor units of the notification's currency)."""
    price = "" if price_minor is None else _money(price_minor, notification.currency, locale)
    if notification.reason == "price" and price and search.price_to is not None:
        limit = _money(search.price_to, search.currency, locale)
        told = _("Now %(price)s, within your limit of %(limit)s", price=price, limit=limit)
    elif notification.reason == "stock":
        told = _("In stock now, %(price)s", price=price) if price else _("In stock now")
    elif notification.reason == "new":
        told = _("New, from %(price)s", price=price) if price else _("New")
    else:
        told = _("Fits your search now, from %(price)s", price=price) if price else _("Fits your search now")
    return str(told)


def thing_url(thing: Thing, name: Name) -> str:
    """The path of a thing's page."""
    if thing[0] == "product":
        return product_url(name.name)
    return creator_url(name.name) if thing[0] == "creator" else post_url(name.name)


def notification_row(
    one: Notification, search: SavedSearch, known: Name | None, search_url: str, locale: str
) -> NotificationRow:
    """A notification as its page shows it; ``known`` is what the thing is called if it is public."""
    glyphs = {"post": "article", "list": "list", "deal": "percent", "product": "tag", "creator": "user"}
    return NotificationRow(
        title=known.title if known else "",
        url=thing_url((one.kind, one.key), known) if known else "",
        lang=language_tag(known.lang) if known and known.lang else "",
        glyph=glyphs[one.kind],
        reason=reason(one, search, one.price_minor, locale),
        search_name=search.name,
        search_url=search_url,
        at=one.created_at,
        unread=one.read_at is None,
    )


def _money(minor: int, currency: str, locale: str) -> str:
    return Money(minor, currency).format(locale)
