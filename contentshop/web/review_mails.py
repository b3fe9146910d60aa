"""The mail that asks a buyer for reviews. What it tells is looked at again when it goes out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import render_template
from flask_babel import force_locale
from flask_babel import gettext as _

from contentshop.core.db import db
from contentshop.core.mail import Message
from contentshop.reviews import queries
from contentshop.web.chrome import BABEL_LOCALES, LANGUAGE_TAGS
from contentshop.web.order_mails import Frame
from contentshop.web.review_links import stop_url
from contentshop.web.review_pages import write_url
from contentshop.web.session import settings


@dataclass(frozen=True, slots=True)
class InvitationMail:
    """What the mail says: (thing, where it is reviewed)."""

    name: str
    lines: Sequence[tuple[str, str]]
    stop_link: str


def invitation(payload: Mapping[str, Any]) -> Message | None:
    """Ask for reviews of what came with an order; None when nothing is left to review or nobody wants to be asked."""
    order_key = str(payload["order"])
    user = queries.find_invited(db.session, order_key)
    if user is None:
        return None
    waiting = queries.list_waiting(db.session, user.id, order_key=order_key)
    if not waiting:
        return None
    site, stop = settings(), stop_url(user.key)
    with force_locale(BABEL_LOCALES.get(user.locale, "en")):
        subject = _("How do you like what you bought at %(site)s?", site=site.site_name)
        page = InvitationMail(
            name=user.name,
            lines=[
                (
                    f"{line.title} ({line.variant_name})" if line.variant_name else line.title,
                    site.site_url + write_url(line.order_key, line.position),
                )
                for line in waiting
            ],
            stop_link=stop,
        )
        frame = Frame(site.site_name, site.site_url, LANGUAGE_TAGS.get(user.locale, "en"), subject)
        return Message(
            to=user.email,
            subject=subject,
            text=render_template("email/review.txt", page=page, mail=frame),
            html=render_template("email/review.html", page=page, mail=frame),
            unsubscribe=stop,
        )
