"""Refunds of what was paid by hand: the buyer names an account, finance sends the money, and only then it is told as
paid back. One refund of an order that was paid in several payments is one."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from contentshop.core.audit import AuditEntry
from contentshop.core.clock import FixedClock
from contentshop.core.db import db
from contentshop.core.mail import Message
from contentshop.core.money import Money
from contentshop.core.outbox import OutboxEvent
from contentshop.core.uow import unit_of_work
from contentshop.orders import actions
from contentshop.orders.actions import paying
from contentshop.payments.models import PayoutAccount, RefundPart
from contentshop.reactions import site_context
from contentshop.worker import expire, settle
from tests.factories import Factory
from tests.rooms.payments.conftest import Till
from tests.web.buyer import buy, field_errors, hidden, orders, read, text_of

IBAN = "DE89 3704 0044 0532 0130 00"  # the standard's own example
ACCOUNT = {"payout_holder": "Ada Lovelace", "payout_number": IBAN, "payout_bank": ""}


@pytest.fixture
def finance(app: Flask, make: Factory, sign_in: Callable[..., FlaskClient]) -> FlaskClient:
    return sign_in(app.test_client(), make.user("finance", name="Fina Finance"))


@pytest.fixture
def support(app: Flask, make: Factory, sign_in: Callable[..., FlaskClient]) -> FlaskClient:
    return sign_in(app.test_client(), make.user("support", name="Sue Support"))


@pytest.fixture
def path(app: Flask, client: FlaskClient, make: Factory, clock: FixedClock) -> str:
    """The page of a guest's order of a kettle that was paid by two transfers ($10.00 and $15.98) and sent."""
    found: str = buy(client, make.product("kettle", own={"USD": 1999}, stock=5, title="Kettle")).headers["Location"]
    (order,) = orders(app)
    with app.app_context(), unit_of_work(db.session):
        for number, minor in enumerate((1000, 1598)):
            paying.record_receipt(
                db.session, order.key, received=Money(minor, "USD"), key=f"r{number}", by=None, now=clock.now()
            )
        actions.mark_shipped(db.session, order.key, tracking="1Z999", carrier="UPS", by=None, now=clock.now())
    return found


def ask(app: Flask, client: FlaskClient, path: str, **fields: str) -> Any:
    line = read(app, lambda: db.session.execute(db.text("SELECT id FROM order_line")).scalar_one())
    form = {"kind": "refund", "reason": "missing", f"units-{line}": "1", **fields}
    token = hidden(client.get(f"{path}/after-sale").text, "csrf_token")
    return client.post(f"{path}/after-sale", data={"csrf_token": token} | form)


def agree(app: Flask, make: Factory, sign_in: Callable[..., FlaskClient], where: str) -> None:
    """An operator agrees to the case and settles it."""
    operator = sign_in(app.test_client(), make.user("operator"))
    case = where.rpartition("/")[2]
    token = hidden(operator.get("/account").text, "csrf_token")
    for step in ("approve", "settle"):
        assert operator.post(f"/desk/after-sale/{case}/{step}", data={"csrf_token": token}).status_code == 303


def headline(page: str) -> str:
    return text_of("<main>" + page.split("<h1")[1].split("</h1>")[0].partition(">")[2] + "</main>")


def kept(app: Flask) -> list[str]:
    return list(read(app, lambda: db.session.scalars(select(PayoutAccount.number)).all()))


def tick(app: Flask) -> None:
    with site_context(app):
        expire()


def send(finance: FlaskClient, **changes: str) -> Any:
    """Press the button of the only refund that waits."""
    page = finance.get("/desk/payments").text
    action = re.search(r'action="(/desk/payments/refunds/[0-9a-z]+/sent)"', page)
    assert action
    form: dict[str, Any] = {name: hidden(page, name) for name in ("csrf_token", "account")}
    form["part"] = re.findall(r'name="part" value="([0-9a-z]+)"', page)
    return finance.post(action.group(1), data=form | changes)


@pytest.mark.parametrize(
    ("typed", "field", "wrong"),
    [
        ({"payout_number": "DE89 3704 0044 0532 0130 01"}, "payout_number", "This IBAN has a typing mistake."),
        ({"payout_number": "DE89 3704 0044"}, "payout_number", "This IBAN is not complete or has a typing mistake."),
        (
            {"payout_number": "DEO9 3704 0044 0532 0130 00"},
            "payout_number",
            "This IBAN is not complete or has a typing",
        ),
        ({"payout_number": "12345"}, "payout_number", "6 to 34 letters and digits"),
        ({"payout_number": "6222 0213 0600 1234"}, "payout_bank", "Write the name of the bank"),
        ({"payout_holder": ""}, "payout_holder", "Write whose account it is."),
    ],
)
def test_a_mistake_is_told_on_the_form(
    app: Flask, client: FlaskClient, path: str, typed: dict[str, str], field: str, wrong: str
) -> None:
    answer = ask(app, client, path, **(ACCOUNT | typed))
    assert answer.status_code == 422
    assert wrong in text_of(answer.text)
    assert field_errors(answer.text) == [field]
    assert kept(app) == []


def test_an_order_of_which_nothing_is_left_is_over_and_says_so(
    app: Flask, client: FlaskClient, path: str, finance: FlaskClient, make: Factory, sign_in: Callable[..., FlaskClient]
) -> None:
    assert "I have received it" in text_of(client.get(path).text)
    where = ask(app, client, path, **ACCOUNT).headers["Location"]
    agree(app, make, sign_in, where)
    page = client.get(path).text
    words = text_of(page)
    assert headline(page) == "Refund on its way"
    assert "We are sending it to your account ending in 3000." in words
    assert "Everything was given back" in words
    for over in ("I have received it", "Your parcel is on its way", "we take it as received", "Receipt confirmed"):
        assert over not in words
    assert orders(app)[0].state == "completed"
    office = text_of(finance.get(f"/desk/after-sale/{where.rpartition('/')[2]}").text)
    for steps in (text_of(client.get(where).text), office):
        assert "Case settled" in steps
        assert "Money sent back" in steps.split("Case settled")[1]
    assert (
        f'href="/desk/payments/orders/{orders(app)[0].key}"'
        in finance.get(f"/desk/after-sale/{where.rpartition('/')[2]}").text
    )
    assert send(finance).status_code == 303
    assert headline(client.get(path).text) == "Everything in this order was given back"
    assert "Sent on Nov 20, 2026 to your account ending in 3000." in text_of(client.get(path).text)


def test_finance_hears_of_what_is_agreed_and_not_paid_back(
    app: Flask, client: FlaskClient, path: str, finance: FlaskClient, support: FlaskClient
) -> None:
    assert "Nothing waits here" in text_of(finance.get("/desk/payments").text)
    case = ask(app, client, path, **ACCOUNT).headers["Location"].rpartition("/")[2]
    token = hidden(support.get("/account").text, "csrf_token")
    assert support.post(f"/desk/after-sale/{case}/approve", data={"csrf_token": token}).status_code == 303
    page = finance.get("/desk/payments").text
    assert "1 case is agreed and not paid back yet" in text_of(page)
    assert "Nothing waits here" not in text_of(page)
    assert 'href="/desk/after-sale?queue=to_settle"' in page
    token = hidden(finance.get("/account").text, "csrf_token")
    assert finance.post(f"/desk/after-sale/{case}/settle", data={"csrf_token": token}).status_code == 303
    assert "agreed and not paid back" not in text_of(finance.get("/desk/payments").text)


def test_what_is_kept_is_still_on_its_way(
    app: Flask, client: FlaskClient, make: Factory, sign_in: Callable[..., FlaskClient], clock: FixedClock
) -> None:
    place: str = buy(client, make.product("lamp", own={"USD": 1999}, stock=5), quantity=2).headers["Location"]
    (order,) = orders(app)
    with app.app_context(), unit_of_work(db.session):
        actions.mark_paid(db.session, order.key, by=None, now=clock.now())
        actions.mark_shipped(db.session, order.key, tracking="", by=None, now=clock.now())
    agree(app, make, sign_in, ask(app, client, place, **ACCOUNT).headers["Location"])
    page = client.get(place).text
    assert headline(page) == "Your parcel is on its way"
    assert "I have received it" in page
    assert orders(app)[0].state == "shipped"


def test_named_on_the_form_and_gone_once_the_money_is_sent(
    app: Flask,
    client: FlaskClient,
    path: str,
    finance: FlaskClient,
    support: FlaskClient,
    make: Factory,
    sign_in: Callable[..., FlaskClient],
    mailbox: list[Message],
    till_of: Callable[[], Till],
) -> None:
    assert "Account holder" in client.get(f"{path}/after-sale").text
    where = ask(app, client, path, **ACCOUNT).headers["Location"]
    assert kept(app) == ["DE89370400440532013000"]
    tick(app)
    assert kept(app) == ["DE89370400440532013000"]  # the open case may need it
    agree(app, make, sign_in, where)
    settle(app)
    tick(app)
    order = orders(app)[0].key

    # On its way, with no more of the account than its end; for staff but finance as well.
    told = text_of(client.get(where).text)
    assert "We are sending it to your account ending in 3000." in told
    assert "Paid back" not in told
    page = text_of(client.get(path).text)
    assert "Refund: Kettle Refund on its way" in page
    assert "$25.98 Refund on its way We are sending it to your account ending in 3000." in page
    assert "$10.00 · Account ending in 3000 On its way $15.98 · Account ending in 3000 On its way" in page
    assert len(re.findall(r"Refund on its way [-−]\$25\.98", page)) == 1
    case = where.rpartition("/")[2]
    for place in (f"/desk/orders/{order}", f"/desk/after-sale/{case}", f"/desk/payments/orders/{order}"):
        seen = support.get(place).text
        assert "ending in 3000" in seen
        assert "0532" not in seen
    assert support.get("/desk/payments").status_code == 403

    # One refund of one sum for finance, with the whole account.
    waiting = finance.get("/desk/payments")
    assert waiting.headers["Cache-Control"] == "no-store"
    told = text_of(waiting.text)
    assert told.count("$25.98 To be sent by us") == 1
    assert "To transfer $25.98 Account holder Ada Lovelace Account number or IBAN DE89 3704 0044 0532 0130 00" in told

    assert send(finance, reference="SEPA 77").status_code == 303
    assert send_again_changes_nothing(app, finance, order)
    assert "Nothing waits here" in finance.get("/desk/payments").text
    told = text_of(client.get(where).text)
    assert "Sent on Nov 20, 2026 to your account ending in 3000." in told
    assert "Refund: Kettle Paid back" in text_of(client.get(path).text)
    tick(app)
    assert kept(app) == []
    settle(app)
    assert "Sent on Nov 20, 2026 to your account ending in 3000." in text_of(client.get(where).text)

    mails = {mail.subject: mail for mail in mailbox}
    number = order.upper()
    assert "ending in 3000 was named" in mails[f"The account for your refund: order {number}"].text
    settled = mails[f"$25.98 for order {number} is on its way to you"].text
    assert "We are sending it to your account ending in 3000." in settled
    sent = mails[f"$25.98 of order {number} has been paid back"]
    assert "It was sent to your account ending in 3000." in sent.text
    assert "Account ending in 3000: $10.00" in sent.text
    assert not any(subject.startswith("Where shall we send") for subject in mails)

    # Nothing of it stays anywhere.
    for text in [mail.text + mail.html for mail in mailbox] + read(app, everything_written):
        assert "0532" not in text
        assert "37040044" not in text
    assert till_of().problems() == []


def send_again_changes_nothing(app: Flask, finance: FlaskClient, order: str) -> bool:
    refund = read(app, lambda: db.session.scalars(select(RefundPart.refund_id)).first())
    key = read(app, lambda: db.session.execute(db.text(f"SELECT key FROM refund WHERE id = {refund}")).scalar_one())
    token = hidden(finance.get("/account").text, "csrf_token")
    finance.post(f"/desk/payments/refunds/{key}/sent", data={"csrf_token": token})
    noted = select(AuditEntry.id).where(AuditEntry.action == "desk_payments.refund_sent")
    assert len(read(app, lambda: db.session.scalars(noted).all())) == 1
    references = read(app, lambda: list(db.session.scalars(select(RefundPart.reference))))
    return bool(references == ["SEPA 77", "SEPA 77"])


def everything_written() -> list[str]:
    """All that the audit log and the events say."""
    entries = db.session.scalars(select(AuditEntry)).all()
    return [f"{one.subject} {one.before} {one.after}" for one in entries] + [
        str(one.payload) for one in db.session.scalars(select(OutboxEvent))
    ]


@pytest.fixture
def till_of(app: Flask, make: Factory, clock: FixedClock) -> Callable[[], Till]:
    return lambda: Till(app, make, clock)


def test_asked_for_later_by_mail_and_on_the_pages(
    app: Flask,
    client: FlaskClient,
    path: str,
    finance: FlaskClient,
    make: Factory,
    sign_in: Callable[..., FlaskClient],
    mailbox: list[Message],
) -> None:
    where = ask(app, client, path).headers["Location"]
    assert "Once we agree, we need an account" in text_of(client.get(where).text)
    agree(app, make, sign_in, where)
    settle(app)
    number = orders(app)[0].key.upper()
    assert f"Where shall we send your refund? Order {number}" in [mail.subject for mail in mailbox]
    for page in (where, path):
        assert "Your refund waits for your account" in text_of(client.get(page).text)
    assert "The buyer has not named an account yet" in finance.get("/desk/payments").text
    token = hidden(client.get(where).text, "csrf_token")
    case = where.rpartition("/")[2]
    bad = client.post(f"{path}/payout", data={"csrf_token": token, "case": case} | ACCOUNT | {"payout_holder": ""})
    assert bad.status_code == 422
    assert "Write whose account it is." in text_of(bad.text)
    good = client.post(f"{path}/payout", data={"csrf_token": token, "case": case} | ACCOUNT)
    assert (good.status_code, good.headers["Location"]) == (303, where)
    assert "We are sending it to your account ending in 3000." in text_of(client.get(where).text)


def test_another_account_since_finance_looked_is_told(
    app: Flask, client: FlaskClient, path: str, finance: FlaskClient, make: Factory, sign_in: Callable[..., FlaskClient]
) -> None:
    where = ask(app, client, path, **ACCOUNT).headers["Location"]
    agree(app, make, sign_in, where)
    seen = hidden(finance.get("/desk/payments").text, "account")
    token = hidden(client.get(path).text, "csrf_token")
    other = {"payout_holder": "Ada Lovelace", "payout_number": "6222 0213 0600 1234", "payout_bank": "ICBC Shenzhen"}
    assert client.post(f"{path}/payout", data={"csrf_token": token} | other).status_code == 303
    assert send(finance, account=seen).status_code == 303
    page = finance.get("/desk/payments").text
    assert "The buyer has named another account since you looked." in page
    assert "6222 0213 0600 1234" in page
    assert "ICBC Shenzhen" in page
    send(finance)
    assert "Nothing waits here" in finance.get("/desk/payments").text


def test_an_account_is_only_kept_where_one_is_wanted(app: Flask, client: FlaskClient, path: str) -> None:
    token = hidden(client.get(path).text, "csrf_token")
    answer = client.post(f"{path}/payout", data={"csrf_token": token} | ACCOUNT)
    assert answer.status_code == 303
    assert "Nothing waits to be sent to an account of yours." in client.get(path).text
    assert kept(app) == []
    assert "Account for your refund" not in client.get(path).text


def test_the_account_of_the_shop_has_labels_in_the_language_of_the_reader(client: FlaskClient, make: Factory) -> None:
    found = buy(client, make.product("kettle", own={"USD": 1999}, stock=5)).headers["Location"]
    assert "Account holder: contentshop demo" in text_of(client.get(found).text)
    client.set_cookie("cs_lang", "zh")
    assert "户名：contentshop demo" in text_of(client.get(found).text)


def test_a_withdrawn_request_takes_the_account_along(app: Flask, client: FlaskClient, path: str) -> None:
    where = ask(app, client, path, **ACCOUNT).headers["Location"]
    token = hidden(client.get(where).text, "csrf_token")
    assert client.post(f"{where}/withdraw", data={"csrf_token": token}).status_code == 303
    tick(app)
    assert kept(app) == []
