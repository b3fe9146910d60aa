"""Mails to those who write: an invitation, and word that something planned could not be done."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from flask import render_template, url_for
from flask_babel import force_locale
from flask_babel import gettext as _

from contentshop.accounts.inputs import clean_line
from contentshop.core.db import db
from contentshop.core.errors import NotFound
from contentshop.core.mail import Message
from contentshop.posts import deals, plans, teamwork
from contentshop.web.chrome import BABEL_LOCALES, LANGUAGE_TAGS
from contentshop.web.order_mails import Frame
from contentshop.web.session import settings
from contentshop.web.studio_links import invitation_url
from contentshop.web.urls import post_url
from contentshop.web.words import translated
from contentshop.web.zones import in_words, zone_label

if TYPE_CHECKING:
    from contentshop.accounts.models import User
    from contentshop.posts.models import PostMember, PostPlan

TITLE_LENGTH = 120


@dataclass(frozen=True, slots=True)
class StudioMail:
    """What such a mail says: sentences, reasons, and where one goes on. ``name`` is empty when it is not known."""

    name: str
    lead: Sequence[str]
    reasons: Sequence[str]
    link: str
    action: str


def failed_plan(payload: Mapping[str, Any]) -> list[Message]:
    """Word to those who planned that it was not done, and why; nothing for a plan that did not fail."""
    plan = plans.find_failed(db.session, str(payload["plan"]))
    if plan is None:
        return []
    return [_failed(plan, user) for user in plans.recipients(db.session, plan) if not user.blocked]


def _failed(plan: PostPlan, user: User) -> Message:
    with force_locale(BABEL_LOCALES.get(user.locale, "en")):
        draft = plan.revision or plan.post.draft
        title = clean_line(draft.title if draft else "", TITLE_LENGTH) or _("Untitled")
        when = f"{in_words(plan.at, plan.zone)} ({zone_label(plan.zone)})"
        if plan.kind == "publish":
            subject = _("“%(title)s” was not published as planned", title=title)
            lead = _(
                "Your post “%(title)s” was to be published on %(when)s. That could not be done.", title=title, when=when
            )
        else:
            subject = _("“%(title)s” was not taken off the site as planned", title=title)
            lead = _(
                "Your post “%(title)s” was to be taken off the site on %(when)s. That could not be done.",
                title=title,
                when=when,
            )
        page = StudioMail(
            name=user.name,
            lead=[lead, _("Nothing is lost: the text is kept as it was. Mend what is named here and plan it anew.")],
            reasons=[translated(text) for text in plans.reasons(plan)],
            link=settings().site_url + url_for("studio_plans.schedule", key=plan.post.key),
            action=_("Open the post"),
        )
        return _message(user.email, user.locale, subject, page)


def deal_merged(payload: Mapping[str, Any]) -> list[Message]:
    """Word to those who wrote a deal that it was there twice, with the way to the one that stays."""
    found = deals.get_merged(db.session, str(payload["post"]))
    return [_merged(found, user) for user in found.authors] if found is not None else []


def _merged(found: deals.Merged, user: User) -> Message:
    with force_locale(BABEL_LOCALES.get(user.locale, "en")):
        title = clean_line(found.title, TITLE_LENGTH) or _("Untitled")
        page = StudioMail(
            name=user.name,
            lead=[
                _("Your deal “%(title)s” was on the site twice, so our editors joined the two.", title=title),
                _("Comments and votes are below the one that stays, and the address of yours leads there."),
            ],
            reasons=(),
            link=settings().site_url + post_url(found.kept_slug),
            action=_("See the deal that stays"),
        )
        return _message(user.email, user.locale, _("“%(title)s” was joined with the same deal", title=title), page)


def invitation(payload: Mapping[str, Any]) -> Message | None:
    """The invitation to work on a post; None when it was answered or taken back already."""
    try:
        member = teamwork.get_invitation(db.session, str(payload["member"]))
    except NotFound:
        return None
    if member.state != "invited" or (member.user is not None and member.user.blocked):
        return None
    post = member.post
    locale = member.user.locale if member.user else post.author.locale
    with force_locale(BABEL_LOCALES.get(locale, "en")):
        title = clean_line(post.draft.title if post.draft else "", TITLE_LENGTH) or _("Untitled")
        author = clean_line(post.author.name, TITLE_LENGTH)
        page = StudioMail(
            name=member.user.name if member.user else "",
            lead=[_what(member, author, title), _("The link is open for 14 days. If you do not want to, do nothing.")],
            reasons=(),
            link=invitation_url(member.key),
            action=_("See the invitation"),
        )
        subject = _("%(name)s asks you to work on “%(title)s”", name=author, title=title)
        return _message(member.user.email if member.user else member.email, locale, subject, page)


def _what(member: PostMember, author: str, title: str) -> str:
    site = settings().site_name
    if member.role == "coauthor":
        told = _(
            "%(name)s would like to write “%(title)s” on %(site)s together with you.",
            name=author,
            title=title,
            site=site,
        )
    else:
        told = _(
            "%(name)s would like to hear what you think of “%(title)s” on %(site)s.",
            name=author,
            title=title,
            site=site,
        )
    return str(told)


def _message(to: str, locale: str, subject: str, page: StudioMail) -> Message:
    frame = Frame(settings().site_name, settings().site_url, LANGUAGE_TAGS.get(locale, "en"), subject)
    return Message(
        to=to,
        subject=subject,
        text=render_template("email/studio.txt", page=page, mail=frame),
        html=render_template("email/studio.html", page=page, mail=frame),
    )
