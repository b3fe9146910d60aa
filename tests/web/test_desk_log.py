"""The words of the audit log."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from contentshop.core import audit
from contentshop.core.audit import AuditEntry
from contentshop.core.clock import FixedClock
from contentshop.core.db import db
from contentshop.core.uow import unit_of_work
from contentshop.web.audited import SECRET
from contentshop.web.desk_log_fields import UNTOLD, field_words, find_words, word_of
from contentshop.web.desk_log_subjects import canonical, tax_key, whole
from contentshop.web.desk_log_words import action_words, value_words
from contentshop.web.permissions import OFFICE, PERMISSIONS
from tests.factories import Factory
from tests.web.buyer import buy, orders, text_of

ROOT = Path(__file__).parents[2]


def test_everything_that_staff_can_do_has_words(app: Flask) -> None:
    done = {
        rule.endpoint
        for rule in app.url_map.iter_rules()
        if "POST" in (rule.methods or ()) and PERMISSIONS.get(rule.endpoint) in OFFICE
    }
    with app.test_request_context():
        assert sorted(endpoint for endpoint in done if action_words(endpoint) == endpoint) == []
        assert action_words("desk_orders.mark_shipped") == "Shipped an order"
        assert action_words("desk_payments.issue") == action_words("desk_gift_cards.issue") == "Issued a gift card"
        assert action_words("desk.long_gone") == "desk.long_gone"


def test_amounts_are_money_where_their_currency_is_known(app: Flask) -> None:
    values = {"paid": 2598, "refunded": 100, "parcels": 3, "currency": "USD"}
    with app.test_request_context():
        assert [value_words(name, values) for name in ("paid", "refunded", "parcels")] == ["$25.98", "$1.00", 3]
        assert value_words("paid", {"paid": 2598}) == 2598
        assert value_words("reason", values) == ""


def test_fields_and_values_have_words(app: Flask) -> None:
    with app.test_request_context():
        assert field_words("tracking") == "Tracking number"
        assert field_words("restocked-12") == "Back on the shelf (12)"
        assert field_words("something_new") == "something new"
        assert field_words("KETTLE-1 price") == "KETTLE-1 price"
        assert (word_of("state", "part_shipped"), word_of("note", "shipped")) == ("partly shipped", "shipped")
        assert (word_of("status", "draft"), word_of("lang", "zh")) == ("draft", "中文")
        assert (word_of("kind", "percent"), word_of("scope", "all")) == ("A part of the price", "Everything")


# What fields are made with in templates, and in the plain forms of the desk.
FIELD = re.compile(r"""\b(?:field(?:_area|_select|_check|_choices)?|clock)\(\s*'([\w-]+)'|\bname=["']([\w-]+)["'{]""")
PLAIN = re.compile(r'FormField\(\s*"(\w+)"')
SEARCH = re.compile(r'<form\b(?![^>]*method="post")[^>]*>.*?</form>', re.S)
ELSEWHERE = re.compile(r"""<form\b[^>]*url_for\('([\w.]+)'.*?</form>""", re.S)


def fields_of_the_desk() -> dict[str, str]:
    """Every field that a form of staff may send, and a file that has it; searches send none."""
    found: dict[str, str] = {}
    for path in sorted((ROOT / "templates" / "desk").glob("*.html")):
        forms = SEARCH.sub("", path.read_text())
        found |= {name: path.name for pair in FIELD.findall(forms) for name in pair if name}
    for path in sorted((ROOT / "templates").rglob("*.html")):
        for form in ELSEWHERE.finditer(path.read_text()):
            if PERMISSIONS.get(form.group(1)) in OFFICE:
                found |= {name: path.name for pair in FIELD.findall(form.group()) for name in pair if name}
    for path in sorted((ROOT / "contentshop" / "web").glob("*.py")):
        found |= dict.fromkeys(PLAIN.findall(path.read_text()), path.name)
    return found


def test_every_field_of_a_form_of_staff_has_words(app: Flask) -> None:
    fields = fields_of_the_desk()
    assert {"areas", "tag_param", "releases_at", "supplier", "other_title", "n-", "part", "into"} <= set(fields)
    assert "q" not in fields
    with app.test_request_context():
        words = {name: find_words(name.rstrip("-")) for name in fields if name not in UNTOLD | SECRET}
    assert {name: fields[name] for name, label in words.items() if not label} == {}


def test_fields_with_parts_have_words(app: Flask) -> None:
    with app.test_request_context():
        assert [field_words(name) for name in ("attr:Weight", "attr_zh:重量", "other_title", "summary_zh", "n-K1")] == [
            "Property “Weight”",
            "Property “重量” in Chinese",
            "Title in the other language",
            "Summary in Chinese",
            "Counted (K1)",
        ]
        assert [word_of(name, value) for name, value in (("on_shipping", ""), ("combinable", "yes"))] == ["no", "yes"]
        assert (word_of("country", "DE"), word_of("tax_class", "zero")) == ("Germany", "No tax")
        assert (word_of("do", "hide"), word_of("do", "off")) == ("hidden", "")


def test_a_subject_names_the_sort_of_thing(app: Flask) -> None:
    with app.test_request_context():
        assert canonical("desk.save_variant", "key:3f9k variant:7q2m") == "product:3f9k variant:7q2m"
        assert canonical("desk_catalogue.save_category", "slug:pots") == "category:pots"
        assert canonical("desk_customers.write", "email:ada@example.org") == "customer:ada@example.org"
        assert canonical("desk_delivery.save_tax", "") == ""
        assert (whole("product:3f9k variant:7q2m"), whole("key:3f9k variant:7q2m")) == (
            "product:3f9k",
            "key:3f9k variant:7q2m",
        )
        assert tax_key("US", "") == "US"
        assert tax_key("CN", "广东省") == "CN/%E5%B9%BF%E4%B8%9C%E7%9C%81"


def test_the_log_names_what_it_is_about_and_leads_there(
    app: Flask,
    make: Factory,
    sign_in: Callable[..., FlaskClient],
    post_form: Callable[..., Any],
    clock: FixedClock,
) -> None:
    kettle = make.product("kettle", own={"USD": 1999}, stock=5, title="Gooseneck Kettle")
    operator = sign_in(app.test_client(), make.user("operator", name="Olga Operator"))
    assert buy(app.test_client(), kettle).status_code == 303
    order = orders(app)[0].key
    assert post_form(operator, f"/desk/orders/{order}/paid", {}).status_code == 303
    with app.app_context(), unit_of_work(db.session):
        variant = db.session.execute(db.text("SELECT key FROM variant")).scalar_one()
        for action, subject, after in (
            ("desk.save_product", f"key:{kettle.key}", {"title": "Kettle", "attempt": "k3"}),
            ("desk.receive_stock", f"variant:{variant}", {"quantity": "3"}),
            ("desk_customers.write", "customer:ada@example.org", {"note": "kind"}),
        ):
            audit.note(db.session, actor="gone", action=action, subject=subject, after=after, now=clock.now())
    page = operator.get("/desk/log").text
    for link in (
        f'<a href="/desk/orders/{order}">Order {order.upper()}</a>',
        f'<a href="/desk/products/{kettle.key}">Gooseneck Kettle</a>',
        f'<a href="/desk/stock/{variant}">Gooseneck Kettle · ',
        '<a href="/desk/customers/ada@example.org">ada@example.org</a>',
    ):
        assert link in page
    words = text_of(page)
    assert "Status placed → paid" in words
    assert "Paid $0.00 → $25.98" in words
    assert "How many 3" in words
    for raw in ("order:", "key:", "variant:", "attempt", "k3"):
        assert raw not in words
    about = text_of(operator.get(f"/desk/log?about=order:{order}").text)
    assert f"Only Order {order.upper()}" in about
    operator.set_cookie("cs_lang", "zh")
    assert operator.get("/desk/log").status_code == 200


def test_a_person_is_blocked_and_let_in_again_for_a_reason(
    app: Flask, make: Factory, sign_in: Callable[..., FlaskClient], post_form: Callable[..., Any]
) -> None:
    boss = make.user("operator", name="Olga Operator")
    mallory = make.user("creator", name="Mallory", handle="mallory")
    operator, theirs = sign_in(app.test_client(), boss), sign_in(app.test_client(), mallory)
    assert '<a href="/@mallory">' in operator.get(f"/desk/people/{mallory.key}").text
    assert f'<a href="/desk/people/{mallory.key}">Mallory</a>' in operator.get("/desk/people?q=@MALL").text
    place = f"/desk/people/{mallory.key}/blocked"
    assert post_form(operator, place, {"state": "blocked", "reason": " "}).status_code == 422
    assert theirs.get("/account").status_code == 200
    assert post_form(operator, place, {"state": "blocked", "reason": "Spam in comments"}).status_code == 303
    assert theirs.get("/account").status_code == 302  # signed out
    assert operator.get("/@mallory").status_code == 404
    assert "Blocked" in text_of(operator.get(f"/desk/people/{mallory.key}").text)
    told = text_of(operator.get(f"/desk/log?about=person:{mallory.key}").text)
    assert "Blocked or unblocked a person" in told
    assert "Blocked no → yes" in told
    assert "Reason Spam in comments" in told
    assert post_form(operator, place, {"state": "active", "reason": "Promised to stop"}).status_code == 303
    assert operator.get("/@mallory").status_code == 200
    assert sign_in(app.test_client(), mallory).get("/account").status_code == 200
    own = f"/desk/people/{boss.key}"
    assert "Block this person" not in operator.get(own).text
    assert post_form(operator, f"{own}/blocked", {"state": "blocked", "reason": "x"}).status_code == 422
    with app.app_context():
        assert db.session.scalar(select(AuditEntry.action).order_by(AuditEntry.id.desc())) == "desk_people.set_blocked"
