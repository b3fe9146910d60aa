"""Mails of an order through a real SMTP server: each step once, both parts, in the buyer's language."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from contentshop.core.backends.mail import SmtpMailer
from contentshop.core.clock import FixedClock
from contentshop.core.db import db
from contentshop.core.money import Money
from contentshop.core.uow import unit_of_work
from contentshop.orders import actions
from contentshop.payments import credit
from contentshop.worker import settle
from tests.contracts.test_mail import SENDER, inbox, server
from tests.factories import Factory
from tests.inbox import Inbox
from tests.web.buyer import buy, orders

__all__ = ["inbox", "server"]

CODE = r"<strong>[0-9A-Z]{4}(?:-[0-9A-Z]{4}){3}</strong>"


def _through(app: Flask, server: str) -> None:
    """Send what the worker sends through a real server from now on."""
    extension = app.extensions["contentshop"]
    app.extensions["contentshop"] = replace(
        extension, engines=replace(extension.engines, mail=SmtpMailer(server, SENDER))
    )


@pytest.mark.parametrize(
    ("locale", "subject", "amount", "action"),
    [
        ("en", "Your gift cards of order {}", "Gift card: $19.99", "Show the codes"),
        ("zh", "你订单 {} 的礼品卡", "礼品卡: US$19.99", "显示卡号"),
    ],
)
def test_gift_cards_that_were_bought_are_told_in_one_mail(
    app: Flask,
    client: FlaskClient,
    make: Factory,
    clock: FixedClock,
    server: str,
    inbox: Inbox,
    locale: str,
    subject: str,
    amount: str,
    action: str,
) -> None:
    _through(app, server)
    for cookie, value in (("cs_lang", locale), ("cs_region", "US"), ("cs_currency", "USD")):
        client.set_cookie(cookie, value)
    product = make.product("voucher", own={"USD": 1999}, stock=3)
    variant_id = make.variant_of(product).id
    with app.app_context(), unit_of_work(db.session):
        credit.sell(db.session, variant_id)
    buy(client, product, 2)
    (order,) = orders(app)
    with app.app_context(), unit_of_work(db.session):
        actions.mark_paid(db.session, order.key, by=None, now=clock.now())
    for _ in range(2):
        settle(app)
    (told,) = [mail for mail in inbox.letters() if "/gift-cards" in mail.text]
    assert (told.to, told.subject) == ("ada@example.org", subject.format(order.key.upper()))
    assert told.text.count(amount) == 2
    link = re.search(r"http://\S+(/orders/\S+/gift-cards)", told.text)
    assert link
    assert f"{action}</a>" in told.html
    assert link.group(0) in told.html
    page = client.get(link.group(1)).text
    assert page.count('<form method="post" action="/orders/') == 2


def test_a_gift_card_of_the_shop_is_told_to_its_owner_in_their_language(
    app: Flask, client: FlaskClient, make: Factory, clock: FixedClock, server: str, inbox: Inbox, post_form: Any
) -> None:
    _through(app, server)
    make.user("reader", email="lin@example.org", locale="zh", name="林")
    for email in ("lin@example.org", "guest@example.org", ""):
        with app.app_context(), unit_of_work(db.session):
            credit.issue(
                db.session,
                amount=Money(500, "USD"),
                source_key=f"desk:{email}",
                actor="desk",
                now=clock.now(),
                email=email,
                expires_at=credit.expiry(clock.now(), 12),
            )
    for _ in range(2):
        settle(app)
    chinese, english = inbox.letters()
    site = app.extensions["contentshop"].settings.site_name
    assert (chinese.to, chinese.subject) == ("lin@example.org", f"{site} 送你一张礼品卡")
    assert "林，你好：" in chinese.text
    assert (english.to, english.subject) == ("guest@example.org", f"A gift card of {site} for you")
    assert english.text.startswith("Hello,\r\n")
    assert "It can be used until Nov 20, 2027." in english.text
    link = re.search(r"http://[^/]+(/gift-cards/\S+)", english.text)
    assert link
    assert client.get("/gift-cards/" + "x" * 20).status_code == 404
    assert "$5.00" in client.get(link.group(1)).text
    assert re.search(CODE, post_form(client, link.group(1), {}).text)
    assert post_form(client, link.group(1), {}).status_code == 409


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
    _through(app, server)
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
    mails = inbox.letters()
    number = order.key.upper()
    assert len(mails) == 3
    for mail, start in zip(mails, words, strict=True):
        assert start.format(number) in mail.subject
        assert "/orders/" in mail.text
    chinese = any("\u4e00" <= letter <= "\u9fff" for letter in mails[1].subject)
    assert chinese == (locale == "zh")
