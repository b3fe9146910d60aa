"""After-sale in the browser: asking with pictures, what staff do, what the buyer sees and is mailed."""

from __future__ import annotations

import re
from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update

from contentshop.aftersale.models import AfterSale, AfterSalePhoto
from contentshop.core.audit import AuditEntry
from contentshop.core.clock import FixedClock
from contentshop.core.db import db
from contentshop.core.mail import Message
from contentshop.core.uow import unit_of_work
from contentshop.orders import actions
from contentshop.orders.models import OrderLine
from contentshop.payments.models import Refund
from contentshop.products.models import Stock, Variant
from contentshop.worker import settle
from tests.factories import Factory
from tests.rooms.media.pictures import picture
from tests.web.buyer import add, buy, checkout_form, field_errors, hidden, orders, read, text_of, value_of


@pytest.fixture
def operator(app: Flask, make: Factory, sign_in: Any) -> FlaskClient:
    """An operator's browser."""
    browser: FlaskClient = sign_in(app.test_client(), make.user("operator", name="Olga Operator"))
    return browser


@pytest.fixture
def path(app: Flask, client: FlaskClient, make: Factory, clock: FixedClock) -> str:
    """The page of a guest's order of two kettles that have been sent."""
    kettle = make.product("kettle", own={"USD": 1999}, stock=5, title="Gooseneck Kettle")
    found: str = buy(client, kettle, 2).headers["Location"]
    (order,) = orders(app)
    with app.app_context(), unit_of_work(db.session):
        actions.mark_paid(db.session, order.key, by=None, now=clock.now())
        actions.mark_shipped(db.session, order.key, tracking="1Z999", carrier="UPS", by=None, now=clock.now())
    return found


def cases(app: Flask) -> list[AfterSale]:
    return list(read(app, lambda: db.session.scalars(select(AfterSale).order_by(AfterSale.id)).all()))


def ask(app: Flask, client: FlaskClient, path: str, files: int = 1, **changes: Any) -> Any:
    """Send the form; a file of another colour each time."""
    line = read(app, lambda: db.session.execute(db.text("SELECT min(id) FROM order_line")).scalar_one())
    token = hidden(client.get(f"{path}/after-sale").text, "csrf_token")
    form: dict[str, Any] = {"csrf_token": token, "kind": "return", "reason": "broken", f"units-{line}": "1"} | changes
    form["photos"] = [
        (BytesIO(picture(colour=(number, 90, 30))), f"photo{number}.jpg", "image/jpeg") for number in range(files)
    ]
    return client.post(f"{path}/after-sale", data=form, content_type="multipart/form-data")


@pytest.mark.parametrize(
    ("pieces", "field"), [(1, 'type="checkbox" name="units-{}" value="1" checked>'), (2, 'value="1"')]
)
def test_a_single_piece_is_ticked_and_several_are_counted(
    app: Flask, client: FlaskClient, make: Factory, clock: FixedClock, pieces: int, field: str
) -> None:
    place = buy(client, make.product("lamp", own={"USD": 1999}, stock=5), pieces).headers["Location"]
    key = orders(app)[-1].key
    with app.app_context(), unit_of_work(db.session):
        actions.mark_paid(db.session, key, by=None, now=clock.now())
        actions.mark_shipped(db.session, key, tracking="1Z", carrier="UPS", by=None, now=clock.now())
    line = read(app, lambda: db.session.execute(db.text("SELECT max(id) FROM order_line")).scalar_one())
    page = client.get(f"{place}/after-sale").text
    assert field.format(line) in page
    assert ("How many (of 2)" in page) == (pieces == 2)
    # Nothing ticked is told above the things; what was not ticked stays so.
    refused = ask(app, client, place, **{f"units-{line}": "0" if pieces == 2 else ""})
    assert refused.status_code == 422
    assert 'id="f-units-errors"' in refused.text
    assert "checked>" not in refused.text.split('name="kind"')[0]
    assert ask(app, client, place, **{f"units-{line}": "１"}).status_code == 303


def desk(browser: FlaskClient, key: str, verb: str, **fields: str) -> Any:
    token = hidden(browser.get("/account").text, "csrf_token")
    return browser.post(f"/desk/after-sale/{key}/{verb}", data={"csrf_token": token} | fields)


def test_from_the_broken_kettle_to_the_money(
    app: Flask, client: FlaskClient, operator: FlaskClient, path: str, mailbox: list[Message]
) -> None:
    page = text_of(client.get(path).text)
    assert "Return or complain" in page
    assert "Parcel 1 Nov 20, 2026 UPS 1Z999 2 × Gooseneck Kettle" in page
    answer = ask(app, client, path, files=2, text="The lid is cracked.")
    assert answer.status_code == 303
    (case,) = cases(app)
    where = answer.headers["Location"]
    assert where == f"{path}/after-sale/{case.key}"
    told = text_of(client.get(where).text)
    assert "Waiting for an answer" in told
    assert "We answer next. Until Nov 22, 2026." in told
    assert "It is broken or does not work What is the matter? The lid is cracked. Refund $19.99" in told
    assert "To answer 1" in text_of(operator.get("/desk/after-sale").text)
    assert desk(operator, case.key, "approve", refund="19.99", return_to="").status_code == 422
    assert desk(operator, case.key, "approve", refund="", return_to="Warehouse 1").status_code == 422
    assert desk(operator, case.key, "approve", refund="19.99", return_to="Warehouse 1\nPortland").status_code == 303
    told = text_of(client.get(where).text)
    assert "Please send the goods. Until Nov 27, 2026." in told
    assert "Send it back Warehouse 1 Portland" in told
    token = hidden(client.get(where).text, "csrf_token")
    assert client.post(f"{where}/sent", data={"csrf_token": token, "tracking": ""}).status_code == 422
    sent = client.post(f"{where}/sent", data={"csrf_token": token, "carrier": "UPS", "tracking": "R-1"})
    assert sent.status_code == 303
    line = read(app, lambda: db.session.execute(db.text("SELECT id FROM after_sale_line")).scalar_one())
    # Broken things are not sold again unless somebody says so.
    assert value_of(operator.get(f"/desk/after-sale/{case.key}").text, f"restocked-{line}") == ""
    assert desk(operator, case.key, "receive", **{f"restocked-{line}": "2"}).status_code == 422
    assert desk(operator, case.key, "receive", **{f"restocked-{line}": "0"}).status_code == 303
    assert "Pay back $19.99" in text_of(operator.get(f"/desk/after-sale/{case.key}").text)
    for _ in range(2):
        assert desk(operator, case.key, "settle").status_code == 303
    assert read(app, lambda: [row.minor for row in db.session.scalars(select(Refund))]) == [1999]
    # Paid by transfer, so it is on its way until somebody has sent it (tests/web/test_payouts.py).
    assert "Return and refund Refund on its way" in text_of(client.get(where).text)
    assert "Return and refund: Gooseneck Kettle Refund on its way" in text_of(client.get(path).text)
    settle(app)
    subjects = [mail.subject for mail in mailbox]
    number = orders(app)[0].key.upper()
    assert f"Please send it back: order {number}" in subjects
    assert f"$19.99 for order {number} is on its way to you" in subjects
    approved = next(mail for mail in mailbox if mail.subject.startswith("Please send it back"))
    assert "Warehouse 1\n" in approved.text
    assert approved.html
    assert where in approved.html


@pytest.mark.parametrize(("typed", "status", "counted"), [("", 303, 0), ("1", 303, 1), ("2", 422, 1), ("x", 422, 1)])
def test_staff_say_how_much_and_how_many(
    app: Flask, client: FlaskClient, operator: FlaskClient, path: str, typed: str, status: int, counted: int
) -> None:
    """The two are asked apart for goods that stay."""
    ask(app, client, path, kind="refund")
    (case,) = cases(app)
    line = read(app, lambda: db.session.execute(db.text("SELECT id FROM after_sale_line")).scalar_one())
    assert f'name="returned-{line}"' in operator.get(f"/desk/after-sale/{case.key}").text
    answer = desk(operator, case.key, "approve", refund="5.00", why="It was used.", **{f"returned-{line}": typed})
    assert answer.status_code == status
    found = read(app, lambda: db.session.execute(db.text("SELECT returned FROM after_sale_line")).scalar_one())
    assert found == counted


def test_less_than_was_asked_for_needs_a_reason(
    app: Flask, client: FlaskClient, operator: FlaskClient, path: str, mailbox: list[Message]
) -> None:
    """The buyer reads what they asked for, what was agreed and why: on the page, in the timeline and by mail."""
    line = read(app, lambda: db.session.execute(db.text("SELECT id FROM order_line")).scalar_one())
    where = ask(app, client, path, **{f"units-{line}": "2"}).headers["Location"]
    (case,) = cases(app)
    part = read(app, lambda: db.session.execute(db.text("SELECT id FROM after_sale_line")).scalar_one())
    assert value_of(operator.get(f"/desk/after-sale/{case.key}").text, f"returned-{part}") == "2"
    # The fault was ours and everything was to come back, so the postage was part of it.
    form = {"refund": "15.00", f"returned-{part}": "1", "return_to": "Hall 4\nPortland"}
    for wrong, field, sentence in (
        ({}, "why", "It is less than was asked for. Write the reason; the buyer reads it."),
        ({"why": "x" * 301}, "why", "Use at most 300 characters."),
        ({"refund": "20.00"}, "refund", "So many are worth 19.99 USD. Write an amount that is not more than that."),
        ({f"returned-{part}": "3"}, f"returned-{part}", "Write a whole number from 0 to 2."),
        ({f"returned-{part}": "1.5"}, f"returned-{part}", "Write a whole number from 0 to 2."),
        ({f"returned-{part}": "0"}, f"returned-{part}", "Agree to at least one of them, or do not agree at all."),
    ):
        sent = form | wrong
        refused = desk(operator, case.key, "approve", **sent)
        assert (refused.status_code, field_errors(refused.text)) == (422, [field])
        assert sentence in text_of(refused.text)
        # Nothing that was typed is lost, and nothing is done.
        assert value_of(refused.text, "refund") == sent["refund"]
        assert value_of(refused.text, f"returned-{part}") == sent[f"returned-{part}"]
        assert value_of(refused.text, "why") == sent.get("why", "")
        assert "Hall 4\nPortland</textarea>" in refused.text
        assert cases(app)[0].state == "asked"
    assert desk(operator, case.key, "approve", **form, why="One was scratched.").status_code == 303
    found = cases(app)[0]
    assert (found.asked_minor, found.refund_minor, found.shipping_minor) == (2 * 1999 + 599, 1500, 0)
    asked, agreed = "2 × Gooseneck Kettle for $45.97", "1 × Gooseneck Kettle for $15.00"
    for page in (client.get(where).text, operator.get(f"/desk/after-sale/{case.key}").text):
        told = text_of(page)
        assert f"Asked for {asked} We agreed to {agreed} Why it is less One was scratched." in told
        assert f"Agreed Asked: {asked} · Agreed: {agreed} · One was scratched." in told
        assert "Our answer" not in told
    settle(app)
    (mail,) = [mail for mail in mailbox if mail.subject.startswith("Please send it back")]
    words = " ".join(mail.text.split())
    assert f"You asked for: {asked}. We agree to: {agreed}. Reason: One was scratched." in words
    assert "1 ×" in words
    # Only what was agreed to can come back.
    assert desk(operator, case.key, "receive", **{f"restocked-{part}": "2"}).status_code == 422
    assert desk(operator, case.key, "receive", **{f"restocked-{part}": "1"}).status_code == 303
    assert desk(operator, case.key, "settle").status_code == 303
    assert read(app, lambda: [row.minor for row in db.session.scalars(select(Refund))]) == [1500]
    log = text_of(operator.get("/desk/log").text)
    assert "One was scratched." in log
    # The other one can be asked about again.
    assert "It is about this" in text_of(client.get(f"{path}/after-sale").text)


def test_everything_that_was_asked_for_needs_no_reason(
    app: Flask, client: FlaskClient, operator: FlaskClient, path: str, mailbox: list[Message]
) -> None:
    where = ask(app, client, path).headers["Location"]
    (case,) = cases(app)
    assert desk(operator, case.key, "approve", refund="19.99", return_to="Hall 4").status_code == 303
    told = text_of(client.get(where).text)
    assert "Why it is less" not in told
    assert "Asked:" not in told
    settle(app)
    (mail,) = [mail for mail in mailbox if mail.subject.startswith("Please send it back")]
    assert "You asked for" not in mail.text


def test_what_is_lost_is_told_before(app: Flask, client: FlaskClient, path: str, mailbox: list[Message]) -> None:
    """On the form, on the page of the case, and in the mail."""
    told = "Once they are paid back, files can no longer be fetched."
    assert told not in client.get(f"{path}/after-sale").text
    with app.app_context(), unit_of_work(db.session):
        db.session.execute(db.text("UPDATE order_line SET digital = true"))
    assert told in client.get(f"{path}/after-sale").text
    page = ask(app, client, path, kind="refund").headers["Location"]
    assert told in client.get(page).text
    settle(app)
    assert told in mailbox[-1].text


def test_pictures_are_for_the_buyer_and_staff_only(
    app: Flask, client: FlaskClient, operator: FlaskClient, path: str, make: Factory, sign_in: Any
) -> None:
    ask(app, client, path)
    (case,) = cases(app)
    (photo,) = read(app, lambda: db.session.scalars(select(AfterSalePhoto)).all())
    mine = app.test_client().get(f"{path}/after-sale/{case.key}/photos/{photo.key}")
    assert (mine.status_code, mine.mimetype, mine.headers["Cache-Control"]) == (
        200,
        "image/webp",
        "private, max-age=3600",
    )
    assert operator.get(f"/desk/after-sale/{case.key}/photos/{photo.key}").status_code == 200
    for role in ("reader", "creator", "editor"):
        browser = sign_in(app.test_client(), make.user(role))
        assert browser.get(f"/desk/after-sale/{case.key}/photos/{photo.key}").status_code == 403
    for public in (f"uu/u{photo.key}.webp", f"{photo.key[:2]}/{photo.key}-800.webp"):
        assert client.get(f"/media/{public}").status_code == 404


def test_another_buyers_case_is_not_there(app: Flask, client: FlaskClient, path: str, make: Factory) -> None:
    ask(app, client, path)
    (case,) = cases(app)
    (photo,) = read(app, lambda: db.session.scalars(select(AfterSalePhoto)).all())
    other = app.test_client()
    elsewhere = buy(other, make.product("lamp", own={"USD": 999}, stock=2)).headers["Location"]
    token = hidden(other.get(elsewhere).text, "csrf_token")
    assert other.get(f"{elsewhere}/after-sale/{case.key}").status_code == 404
    assert other.get(f"{elsewhere}/after-sale/{case.key}/photos/{photo.key}").status_code == 404
    for verb in ("sent", "withdraw"):
        form = {"csrf_token": token, "tracking": "R"}
        assert other.post(f"{elsewhere}/after-sale/{case.key}/{verb}", data=form).status_code == 404
    assert cases(app)[0].state == "asked"


HOW_MANY = "Write a whole number from 0 to 2: that is how many of this you can ask about."


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"kind": "gift"}, "Choose what you want."),
        ({"reason": "price"}, "Choose the reason."),
        ({"reason": "other", "text": " "}, "Write what is the matter."),
        ({"text": "x" * 1001}, "Use at most 1000 characters."),
        ({"units": "-5"}, HOW_MANY),
        ({"units": "1.5"}, HOW_MANY),
        ({"units": str(10**12)}, HOW_MANY),
        ({"units": "3"}, HOW_MANY),
        ({"units": "x"}, HOW_MANY),
        ({"units": "0"}, "Choose what it is about."),
    ],
)
def test_what_cannot_be_asked_is_told(
    app: Flask, client: FlaskClient, path: str, changes: dict[str, str], sentence: str
) -> None:
    line = read(app, lambda: db.session.execute(db.text("SELECT min(id) FROM order_line")).scalar_one())
    if "units" in changes:
        changes = {f"units-{line}": changes["units"]}
    answer = ask(app, client, path, **changes)
    assert answer.status_code == 422
    assert sentence in text_of(answer.text)
    assert cases(app) == []


def two_articles(app: Flask, client: FlaskClient, make: Factory, clock: FixedClock) -> tuple[str, list[int]]:
    """The page of a sent order of two kettles and two lamps, and its lines."""
    kettle = make.product("kettle", own={"USD": 1999}, stock=5, title="Gooseneck Kettle")
    add(client, product=kettle.slug, quantity="2")
    place = buy(client, make.product("lamp", own={"USD": 999}, stock=5, title="Reading Lamp"), 2).headers["Location"]
    (order,) = orders(app)
    with app.app_context(), unit_of_work(db.session):
        actions.mark_paid(db.session, order.key, by=None, now=clock.now())
        actions.mark_shipped(db.session, order.key, tracking="1Z999", carrier="UPS", by=None, now=clock.now())
    return place, read(app, lambda: list(db.session.scalars(select(OrderLine.id).order_by(OrderLine.id))))


@pytest.mark.parametrize("typed", ["3", "-5", "1.5", str(10**12)])
def test_what_is_wrong_with_an_article_is_told_at_it(
    app: Flask, client: FlaskClient, make: Factory, clock: FixedClock, typed: str
) -> None:
    place, (kettle, lamp) = two_articles(app, client, make, clock)
    answer = ask(app, client, place, **{f"units-{kettle}": "1", f"units-{lamp}": typed, "text": "It hums."})
    assert answer.status_code == 422
    assert field_errors(answer.text) == [f"units-{lamp}"]
    assert f'<a href="#f-units-{lamp}">{HOW_MANY}</a>' in answer.text
    # What was typed stands as it was.
    assert (value_of(answer.text, f"units-{kettle}"), value_of(answer.text, f"units-{lamp}")) == ("1", typed)
    assert "It hums.</textarea>" in answer.text
    assert cases(app) == []


def test_goods_that_stay_with_the_buyer_are_told_at_them(
    app: Flask, client: FlaskClient, make: Factory, clock: FixedClock
) -> None:
    """A rule that depends on the goods, after the form itself was right."""
    place, (kettle, lamp) = two_articles(app, client, make, clock)
    with app.app_context(), unit_of_work(db.session):
        lamps = select(OrderLine.variant_id).where(OrderLine.id == lamp)
        db.session.execute(update(Variant).where(Variant.id.in_(lamps)).values(returnable=False))
    chosen = {f"units-{kettle}": "1", f"units-{lamp}": "1"}
    answer = ask(app, client, place, **chosen, reason="unwanted")
    assert (answer.status_code, field_errors(answer.text)) == (422, [f"units-{lamp}"])
    assert "This can only be sent back when something is wrong with it." in text_of(answer.text)
    answer = ask(app, client, place, **chosen, kind="refund", reason="unwanted")
    assert (answer.status_code, field_errors(answer.text)) == (422, ["kind"])
    assert '<a href="#f-kind">' in answer.text
    assert '<fieldset id="f-kind"' in answer.text


def test_seven_pictures_and_no_picture(app: Flask, client: FlaskClient, path: str) -> None:
    assert "Add at most 6 pictures." in text_of(ask(app, client, path, files=7).text)
    assert "Add a picture that shows what is wrong." in text_of(ask(app, client, path, files=0).text)
    assert cases(app) == []


def test_a_refusal_has_a_reason_that_the_buyer_reads(
    app: Flask, client: FlaskClient, operator: FlaskClient, path: str, mailbox: list[Message]
) -> None:
    where = ask(app, client, path).headers["Location"]
    (case,) = cases(app)
    assert desk(operator, case.key, "reject", answer=" ").status_code == 422
    assert desk(operator, case.key, "reject", answer="It was dropped.").status_code == 303
    assert "Our answer It was dropped." in text_of(client.get(where).text)
    settle(app)
    refusal = next(mail for mail in mailbox if mail.subject.startswith("About your request"))
    assert "Reason: It was dropped." in refusal.text


def test_what_staff_do_is_in_the_log(app: Flask, client: FlaskClient, operator: FlaskClient, path: str) -> None:
    ask(app, client, path)
    (case,) = cases(app)
    desk(operator, case.key, "receive")
    desk(operator, case.key, "reject", answer="No.")
    (entry,) = read(app, lambda: db.session.scalars(select(AuditEntry)).all())
    assert (entry.action, entry.subject) == ("desk_aftersale.reject", f"case:{case.key}")
    assert (entry.before["state"], entry.after["state"], entry.after["answer"]) == ("asked", "rejected", "No.")
    log = text_of(operator.get("/desk/log").text)
    assert "Olga Operator" in log
    assert "Refused an after-sale case" in log
    assert "Status requested → not agreed" in log


def test_a_fallen_price_is_offered_on_the_page(app: Flask, client: FlaskClient, path: str, clock: FixedClock) -> None:
    assert "has fallen" not in text_of(client.get(path).text)
    with app.app_context(), unit_of_work(db.session):
        db.session.execute(db.text("UPDATE offer SET price_minor = 1499"))
    clock.advance(timedelta(days=1))
    page = client.get(path).text
    assert "You can have $10.00 back, once." in text_of(page)
    form = {"csrf_token": hidden(page, "csrf_token"), "line": hidden(page, "line")}
    assert client.post(f"{path}/protection", data=form).status_code == 303
    assert "You can have" not in text_of(client.get(path).text)
    assert read(app, lambda: [row.minor for row in db.session.scalars(select(Refund))]) == [1000]
    assert client.post(f"{path}/protection", data=form).status_code == 303
    assert len(cases(app)) == 1


def test_an_exchange_begins_at_what_the_buyer_has(
    app: Flask, client: FlaskClient, make: Factory, clock: FixedClock
) -> None:
    """Not at the first version; and at none when the same one is sold out."""
    lamp = make.product("lamp", own={"USD": 1999}, stock=5, title="Reading Lamp")
    white = make.variant_of(lamp)
    red = make.variant(lamp, "red", own={"USD": 1999}, stock=2)
    add(client, product=lamp.slug, variant=red.key)
    place = client.post("/checkout", data=checkout_form(client)).headers["Location"]
    (order,) = orders(app)
    with app.app_context(), unit_of_work(db.session):
        actions.mark_paid(db.session, order.key, by=None, now=clock.now())
        actions.mark_shipped(db.session, order.key, tracking="1Z999", carrier="UPS", by=None, now=clock.now())

    def select_of(page: str) -> str:
        found = re.search(r'<select [^>]*name="variant-\d+".*?</select>', page, re.S)
        assert found
        return re.sub(r">\s+<", "><", re.sub(r"</?select[^>]*>", "", found.group()).strip())

    other = f'<option value="{white.key}">Reading Lamp</option>'
    both = f'{other}<option value="{red.key}" selected>red</option>'
    assert select_of(client.get(f"{place}/after-sale").text) == both
    with app.app_context(), unit_of_work(db.session):
        words = {"zh": {"name": "红色"}}
        db.session.execute(update(Variant).where(Variant.id == red.id).values(translations=words))
    chinese = {"Accept-Language": "zh-CN"}
    assert (
        f'<option value="{red.key}" selected>红色</option>' in client.get(f"{place}/after-sale", headers=chinese).text
    )
    with app.app_context(), unit_of_work(db.session):
        db.session.execute(update(Stock).where(Stock.variant_id == red.id).values(reserved=Stock.on_hand))
    blank = f'<option value="">Choose</option>{other}'
    assert select_of(client.get(f"{place}/after-sale").text) == blank
    answer = ask(app, client, place, kind="exchange")
    (line,) = read(app, lambda: db.session.scalars(select(OrderLine.id)).all())
    assert (answer.status_code, field_errors(answer.text)) == (422, [f"variant-{line}"])
    assert cases(app) == []
    assert ask(app, client, place, kind="exchange", **{f"variant-{line}": white.key}).status_code == 303
    with app.app_context(), unit_of_work(db.session):
        db.session.execute(update(Stock).values(reserved=Stock.on_hand))
        db.session.execute(update(AfterSale).values(state="withdrawn"))
    page = client.get(f"{place}/after-sale").text
    assert f'name="variant-{line}"' not in page
    assert "Nothing of this is here for an exchange now." in text_of(page)


def test_a_file_is_only_paid_back(app: Flask, client: FlaskClient, path: str) -> None:
    with app.app_context(), unit_of_work(db.session):
        db.session.execute(update(OrderLine).values(digital=True))
    page = client.get(f"{path}/after-sale").text
    assert re.findall(r'name="kind" value="(\w+)"( checked)?', page) == [("refund", " checked")]
    words = text_of(page)
    assert "Refund You get your money; there is nothing to send back." in words
    untrue = ("exchange", "Exchange", "Needed when something is wrong", "postage", "in a request of its own")
    assert [one for one in untrue if one in words] == []
    for kind in ("return", "exchange"):
        answer = ask(app, client, path, kind=kind)
        assert answer.status_code == 422
        assert "Files and gift cards are neither sent back nor exchanged." in text_of(answer.text)
    assert cases(app) == []
    assert ask(app, client, path, files=0, kind="refund").status_code == 303


def test_a_file_beside_goods_has_a_request_of_its_own(
    app: Flask, client: FlaskClient, make: Factory, clock: FixedClock
) -> None:
    place, (kettle, lamp) = two_articles(app, client, make, clock)
    with app.app_context(), unit_of_work(db.session):
        db.session.execute(update(OrderLine).where(OrderLine.id == lamp).values(digital=True))
    page = client.get(f"{place}/after-sale").text
    assert re.findall(r'name="kind" value="(\w+)"( checked)?', page) == [
        ("refund", ""),
        ("return", " checked"),
        ("exchange", ""),
    ]
    assert text_of(page).count("A file or a gift card can only be refunded, in a request of its own.") == 1
    answer = ask(app, client, place, **{f"units-{kettle}": "1", f"units-{lamp}": "1"})
    assert (answer.status_code, field_errors(answer.text)) == (422, [f"units-{lamp}"])
    answer = ask(app, client, place, kind="refund", reason="unwanted", **{f"units-{kettle}": "0", f"units-{lamp}": "1"})
    assert answer.status_code == 303


def test_what_is_paid_at_the_door_waits_for_its_money(
    app: Flask, client: FlaskClient, operator: FlaskClient, make: Factory, clock: FixedClock, mailbox: list[Message]
) -> None:
    """The form, the case, its queue and its mails, from before the parcel to the refund."""
    kettle = make.product("kettle", own={"USD": 1999}, stock=5, title="Gooseneck Kettle")
    place = buy(client, kettle, 2, payment_method="on_delivery").headers["Location"]
    (order,) = orders(app)
    closed = client.get(f"{place}/after-sale").text
    assert "This order has not been shipped. You can cancel it instead." in text_of(closed)
    assert 'name="reason"' not in closed
    with app.app_context(), unit_of_work(db.session):
        actions.mark_shipped(db.session, order.key, tracking="1Z999", carrier="UPS", by=None, now=clock.now())
    assert "Return or complain" in text_of(client.get(place).text)
    page = client.get(f"{place}/after-sale").text
    assert "I have received it and have paid for it at the door" in text_of(page)
    assert "You paid at the door: you are refunded once the carrier’s money has been noted." in text_of(page)
    # People send it, so they need an account.
    assert "Account for your refund" in text_of(page)
    refused = ask(app, client, place)
    assert (refused.status_code, field_errors(refused.text)) == (422, ["received"])
    assert cases(app) == []
    where = ask(app, client, place, received="1").headers["Location"]
    (case,) = cases(app)
    waits = "It is refunded once the carrier’s money has been noted."
    told = text_of(client.get(where).text)
    assert waits in told
    assert "We answer next. Until Nov 22, 2026." in told
    assert "Money sent back (still to come) Once the carrier’s money has been noted." in told
    desk(operator, case.key, "approve", refund="19.99", return_to="Hall 4")
    line = read(app, lambda: db.session.execute(db.text("SELECT id FROM after_sale_line")).scalar_one())
    desk(operator, case.key, "receive", **{f"restocked-{line}": "1"})
    told = text_of(client.get(where).text)
    assert "You are refunded once the carrier’s money has been noted." in told
    assert "Until" not in told
    seen = operator.get(f"/desk/after-sale/{case.key}").text
    assert "The refund waits until the carrier’s money has been noted." in text_of(seen)
    assert "The carrier’s money has not been noted yet. Nothing can be paid back before." in text_of(seen)
    assert f'<a href="/desk/payments/orders/{order.key}">' in seen
    assert "Pay back $19.99" not in text_of(seen)
    clock.advance(timedelta(days=9))
    queue = text_of(operator.get("/desk/after-sale?queue=to_settle").text)
    assert "Waits for the carrier’s money" in queue
    assert "late" not in queue
    # A press from a page that is older is refused.
    early = desk(operator, case.key, "settle")
    assert early.status_code == 409
    assert "The carrier’s money for this order has not been noted yet." in text_of(early.text)
    settle(app)
    mails = [mail.text for mail in mailbox if "once the carrier’s money has been noted" in mail.text]
    assert ["Please send the goods" in mail for mail in mails] == [True, False]
    with app.app_context(), unit_of_work(db.session):
        actions.mark_paid(db.session, order.key, by=None, now=clock.now())
    assert waits not in text_of(client.get(where).text)
    assert "Pay back $19.99" in text_of(operator.get(f"/desk/after-sale/{case.key}").text)
    assert desk(operator, case.key, "settle").status_code == 303
    assert read(app, lambda: [row.minor for row in db.session.scalars(select(Refund))]) == [1999]


def test_the_queue_shows_no_sum_for_an_exchange_and_the_form_knows_the_last_address(
    app: Flask, client: FlaskClient, operator: FlaskClient, path: str
) -> None:
    ask(app, client, path, kind="exchange")
    (first,) = cases(app)
    queue = text_of(operator.get("/desk/after-sale").text)
    assert "What Exchange" in queue
    assert "Amount –" in queue
    assert "$0.00" not in queue
    assert "Write where the goods are to be sent." in text_of(desk(operator, first.key, "approve").text)
    assert desk(operator, first.key, "approve", return_to="Hall 4\nPortland").status_code == 303
    ask(app, client, path)
    second = cases(app)[-1]
    assert "Hall 4\nPortland</textarea>" in operator.get(f"/desk/after-sale/{second.key}").text
