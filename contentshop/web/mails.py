"""Mails, in the words and the language of the person they go to. Built by reactions, sent by the mail port."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from flask import render_template, url_for
from flask_babel import force_locale
from flask_babel import gettext as _

from contentshop.accounts import passwords
from contentshop.accounts import queries as accounts
from contentshop.core.db import db
from contentshop.core.mail import Message
from contentshop.web.chrome import BABEL_LOCALES
from contentshop.web.session import settings


def password_reset(payload: Mapping[str, Any]) -> Message | None:
    """The link that sets a new password, valid once and for half an hour."""
    user = accounts.find_by_key(db.session, str(payload["user"]))
    if user is None or user.blocked:
        return None
    token = passwords.reset_token(settings().secret_key, user.key, user.password_hash)
    link = settings().site_url + url_for("account.reset", token=token)
    with force_locale(BABEL_LOCALES.get(user.locale, "en")):
        subject = _("Set a new password for %(site)s", site=settings().site_name)
        values = {"name": user.name, "link": link, "site": settings().site_name}
        return Message(
            to=user.email,
            subject=subject,
            text=render_template("email/reset.txt", **values),
            html=render_template("email/reset.html", subject=subject, **values),
        )


def order(kind: str) -> Callable[[Mapping[str, Any]], Message | None]:
    """The mail that tells a buyer what has happened to an order (``placed``, ``paid``, ``shipped``, …)."""

    def build(payload: Mapping[str, Any]) -> Message | None:
        from contentshop.web.order_mails import order_mail

        return order_mail(str(payload["order"]), kind)

    return build
