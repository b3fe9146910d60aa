"""Mails of an order through a real SMTP server: each step once, both parts, in the buyer's language."""

from __future__ import annotations

from dataclasses import replace
from email import message_from_bytes, policy
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from contentshop.core.backends.mail import SmtpMailer
from contentshop.core.clock import FixedClock
from contentshop.core.db import db
from contentshop.core.uow import unit_of_work
from contentshop.orders import actions
from contentshop.worker import settle
from tests.contracts.test_mail import SENDER, Inbox, inbox, server
from tests.factories import Factory
from tests.web.buyer import buy, orders

__all__ = ["inbox", "server"]


@pytest.mark.parametrize(
    ("locale", "words"),
    [
        ("en", ["Your order {} at", "Your payment for order {}", "Your order {} is on its way"]),
        ("zh", ["{}", "{}", "{}"]),
    ],
)
def test_each_step_arrives_once(
    app: Flask,
    client: FlaskClient,
    make: Factory,
    clock: FixedClock,
    server: str,
    inbox: Inbox,
    locale: str,
    words: list[str],
) -> None:
    extension = app.extensions["contentshop"]
    app.extensions["contentshop"] = replace(
        extension, engines=replace(extension.engines, mail=SmtpMailer(server, SENDER))
    )
    client.set_cookie("cs_lang", locale)
    client.set_cookie("cs_region", "US")
    client.set_cookie("cs_currency", "USD")
    buy(client, make.product("kettle", own={"USD": 1999}, stock=3), 2)
    (order,) = orders(app)
    with app.app_context(), unit_of_work(db.session):
        actions.mark_paid(db.session, order.key, by=None, now=clock.now())
        actions.mark_shipped(db.session, order.key, tracking="1Z", carrier="UPS", by=None, now=clock.now())
    for _ in range(2):
        settle(app)
    mails: list[Any] = [message_from_bytes(content, policy=policy.default) for _to, content in inbox.mails]
    number = order.key.upper()
    assert len(mails) == 3
    for mail, start in zip(mails, words, strict=True):
        assert start.format(number) in mail["Subject"]
        parts = {part.get_content_type(): part.get_content() for part in mail.walk() if not part.is_multipart()}
        assert set(parts) == {"text/plain", "text/html"}
        assert "/orders/" in parts["text/plain"]
    chinese = any("\u4e00" <= letter <= "\u9fff" for letter in mails[1]["Subject"])
    assert chinese == (locale == "zh")
