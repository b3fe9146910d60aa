"""Mails about saved searches. What they tell is looked at again when they go out: what is not public any more, or does
not fit any more, is left out; without anything to tell no mail is sent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from flask import render_template, url_for
from flask_babel import force_locale, ngettext
from flask_babel import gettext as _

from contentshop.accounts import queries as accounts
from contentshop.accounts.inputs import clean_line
from contentshop.core.db import db
from contentshop.core.mail import Message
from contentshop.search.port import Document
from contentshop.watching import documents, queries
from contentshop.watching.matching import analysed, lapse_of
from contentshop.watching.queries import Name, Thing, wanted_of
from contentshop.web.chrome import BABEL_LOCALES, LANGUAGE_TAGS
from contentshop.web.order_mails import Frame
from contentshop.web.session import settings
from contentshop.web.watching_links import stop_url
from contentshop.web.watching_pages import reason, thing_url

if TYPE_CHECKING:
    from contentshop.accounts.models import User
    from contentshop.watching.models import Notification, SavedSearch

MOST = 30  # things in one mail; the page has all
TITLE_LENGTH = 200


@dataclass(frozen=True, slots=True)
class MailLine:
    """One thing in a mail."""

    title: str
    link: str
    reason: str


@dataclass(frozen=True, slots=True)
class MailGroup:
    """What came to fit one saved search, and where that is changed."""

    name: str
    edit_link: str
    lines: Sequence[MailLine]


@dataclass(frozen=True, slots=True)
class NotificationsMail:
    """What a mail about saved searches says. ``more`` counts what it leaves to the page."""

    name: str
    groups: Sequence[MailGroup]
    more: int
    link: str
    stop_link: str
    one_search: str


def notifications_mail(payload: Mapping[str, Any]) -> Message | None:
    """One mail of these notifications to their person; None when nothing of it can be told now."""
    user = accounts.find_by_key(db.session, str(payload["user"]))
    if user is None or user.blocked:
        return None
    found = [
        one
        for one in queries.list_to_mail(db.session, user, payload["notifications"])
        if one.search.mail != "off" and not one.search.paused
    ]
    # A thing may have come to fit twice since yesterday; it is told once.
    latest = list({(one.search_id, one.kind, one.key): one for one in found}.values())
    things = {(one.kind, one.key) for one in latest}
    present = documents.read_things(db.session, things)
    names = queries.names_of(db.session, things, user.locale)
    true_now = [one for one in latest if _is_true(one, present.get((one.kind, one.key)), names)]
    return _message(user, true_now, present, names) if true_now else None


def _is_true(one: Notification, document: Document | None, names: Mapping[Thing, Name]) -> bool:
    if document is None or (one.kind, one.key) not in names:
        return False
    return not lapse_of(wanted_of(one.search), analysed(document))


def _message(
    user: User, told: Sequence[Notification], present: Mapping[Thing, Document], names: Mapping[Thing, Name]
) -> Message:
    site, locale = settings(), BABEL_LOCALES.get(user.locale, "en")
    searches = {one.search_id: one.search for one in told}
    only = next(iter(searches.values())) if len(searches) == 1 else None
    stop = stop_url(user.key, only.key if only else "")
    with force_locale(locale):
        subject = _subject(told, only, names)
        page = NotificationsMail(
            name=user.name,
            groups=[
                _group(search, [one for one in told[:MOST] if one.search_id == search.id], present, names, locale)
                for search in searches.values()
                if any(one.search_id == search.id for one in told[:MOST])
            ],
            more=max(0, len(told) - MOST),
            link=site.site_url + url_for("watching.notifications"),
            stop_link=stop,
            one_search=only.name if only else "",
        )
        frame = Frame(site.site_name, site.site_url, LANGUAGE_TAGS.get(user.locale, "en"), subject)
        return Message(
            to=user.email,
            subject=subject,
            text=render_template("email/notifications.txt", page=page, mail=frame),
            html=render_template("email/notifications.html", page=page, mail=frame),
            unsubscribe=stop,
        )


def _subject(told: Sequence[Notification], only: SavedSearch | None, names: Mapping[Thing, Name]) -> str:
    if len(told) == 1 and only is not None:
        # A title is one line in a header whatever was imported into it.
        title = clean_line(names[told[0].kind, told[0].key].title, TITLE_LENGTH)
        return str(_("“%(search)s”: %(title)s", search=only.name, title=title))
    count = len(told)
    if only is not None:
        words = ngettext("“%(search)s”: %(num)s thing", "“%(search)s”: %(num)s things", count, search=only.name)
    else:
        words = ngettext("%(num)s thing for your saved searches", "%(num)s things for your saved searches", count)
    return str(words)


def _group(
    search: SavedSearch,
    told: Sequence[Notification],
    present: Mapping[Thing, Document],
    names: Mapping[Thing, Name],
    locale: str,
) -> MailGroup:
    lines = []
    for one in told:
        thing = (one.kind, one.key)
        price = present[thing].price_minor.get(one.currency)
        lines.append(
            MailLine(
                title=clean_line(names[thing].title, TITLE_LENGTH),
                link=settings().site_url + thing_url(thing, names[thing]),
                reason=reason(one, search, price, locale),
            )
        )
    return MailGroup(search.name, settings().site_url + url_for("watching.edit", key=search.key), lines)
