"""Mails, in the words and the language of the person they go to. Built by reactions, sent by the mail port."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import render_template, url_for
from flask_babel import force_locale
from flask_babel import gettext as _

from contentshop.accounts import passwords
from contentshop.accounts import queries as accounts
from contentshop.core.db import db
from contentshop.core.mail import Message
from contentshop.web.addresses import claim_token
from contentshop.web.chrome import BABEL_LOCALES, LANGUAGE_TAGS
from contentshop.web.order_mails import Frame
from contentshop.web.session import settings


@dataclass(frozen=True, slots=True)
class LinkMail:
    """What a mail with one link says."""

    name: str
    link: str
    site: str


def password_reset(payload: Mapping[str, Any]) -> Message | None:
    """The link that sets a new password, valid once and for half an hour."""
    user = accounts.find_by_key(db.session, str(payload["user"]))
    if user is None or user.blocked:
        return None
    token = passwords.reset_token(settings().secret_key, user.key, user.password_hash)
    link = settings().site_url + url_for("account.reset", token=token)
    with force_locale(BABEL_LOCALES.get(user.locale, "en")):
        subject = _("Set a new password for %(site)s", site=settings().site_name)
        page = LinkMail(user.name, link, settings().site_name)
        frame = Frame(settings().site_name, settings().site_url, LANGUAGE_TAGS.get(user.locale, "en"), subject)
        return Message(
            to=user.email,
            subject=subject,
            text=render_template("email/reset.txt", page=page),
            html=render_template("email/reset.html", page=page, mail=frame),
        )


def guest_orders(payload: Mapping[str, Any]) -> Message | None:
    """The link that proves the address and adds what was ordered with it as a guest."""
    user = accounts.find_by_key(db.session, str(payload["user"]))
    if user is None or user.blocked:
        return None
    link = settings().site_url + url_for("addresses.claim_page", token=claim_token(user.key, user.email))
    with force_locale(BABEL_LOCALES.get(user.locale, "en")):
        subject = _("Your orders at %(site)s", site=settings().site_name)
        page = LinkMail(user.name, link, settings().site_name)
        frame = Frame(settings().site_name, settings().site_url, LANGUAGE_TAGS.get(user.locale, "en"), subject)
        return Message(
            to=user.email,
            subject=subject,
            text=render_template("email/claim.txt", page=page),
            html=render_template("email/claim.html", page=page, mail=frame),
        )
