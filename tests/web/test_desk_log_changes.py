"""The audit log tells what changed: forms are sent whole, as browsers do, and the log is read as people do."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape
from html.parser import HTMLParser
from io import BytesIO
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from contentshop.core.clock import FixedClock
from contentshop.core.db import db
from contentshop.core.uow import unit_of_work
from contentshop.orders import actions
from tests.factories import Factory
from tests.web.buyer import buy, hidden, orders, read, text_of


class Forms(HTMLParser):
    """The forms of a page: where each goes and what a browser would send with it."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.forms: list[tuple[str, dict[str, Any]]] = []
        self._select, self._area = "", ""
        self.feed(page)

    def handle_starttag(self, tag: str, found: list[tuple[str, str | None]]) -> None:
        attrs = {name: value or "" for name, value in found}
        name = attrs.get("name", "")
        if tag == "form":
            self.forms.append((attrs.get("action", ""), {}))
        elif tag == "select":
            self._select = name
        elif tag == "textarea":
            self._area = name
            self.forms[-1][1][name] = ""
        elif tag == "option" and self._select and ("selected" in attrs or self._select not in self.forms[-1][1]):
            self.forms[-1][1][self._select] = attrs.get("value", "")
        elif tag == "input" and name and self.forms and _is_sent(attrs):
            self.forms[-1][1].setdefault(name, []).append(attrs.get("value", ""))

    def handle_endtag(self, tag: str) -> None:
        if tag == "select":
            self._select = ""
        elif tag == "textarea":
            self._area = ""

    def handle_data(self, data: str) -> None:
        if self._area:
            self.forms[-1][1][self._area] += data.removeprefix("\n")


def _is_sent(attrs: dict[str, str]) -> bool:
    kind = attrs.get("type", "text")
    return kind != "file" and (kind not in {"checkbox", "radio"} or "checked" in attrs)


def press(browser: FlaskClient, page: str, action: str = "", status: int = 303, **changes: Any) -> str:
    """Send the form of ``page`` that goes to ``action`` (to the page itself) as it stands there, but for ``changes``;
    None takes a field out. Where it leads."""
    forms = [fields for where, fields in Forms(browser.get(page).text).forms if where == (action or page)]
    assert forms, f"no form to {action or page} on {page}"
    fields = {name: value for name, value in (forms[0] | changes).items() if value is not None}
    answer = browser.post(action or page, data=fields)
    assert answer.status_code == status, text_of(answer.text)
    return str(answer.headers.get("Location", ""))


def entries(browser: FlaskClient, where: str = "/desk/log") -> list[tuple[str, str, str]]:
    """(what was done, to what, what changed) of the log, the newest first, as they are read."""
    rows = re.findall(r"<tr>(.*?)</tr>", browser.get(where).text, re.S)[1:]
    cells = [[_words(cell) for cell in re.findall(r"<t[dh][^>]*>(.*?)</t[dh]>", row, re.S)] for row in rows]
    return [(action, subject, changes) for action, _who, subject, changes, _at in cells]


def _words(cell: str) -> str:
    """A cell without its label for narrow screens and the link to all about it."""
    said = re.sub(r'<span class="data-label.*?</span>|<br><span class="card-sub">.*', "", cell, flags=re.S)
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", said.replace("<br>", " · "))).split())


def newest(browser: FlaskClient) -> tuple[str, str, str]:
    return entries(browser)[0]


@pytest.fixture
def boss(app: Flask, make: Factory, sign_in: Any) -> FlaskClient:
    """An operator's browser."""
    browser: FlaskClient = sign_in(app.test_client(), make.user("operator", name="Olga Operator"))
    return browser


def test_of_a_product_only_what_changed_is_told(boss: FlaskClient) -> None:
    place = press(boss, "/desk/products/new", title="Kettle", brand="Brewista", attrs="Weight: 1 kg\nColour: black")
    assert newest(boss) == (
        "Added a product",
        "Kettle",
        (
            "Title Kettle · Short name in the address kettle · Brand Brewista · Language English"
            " · Property “Weight” 1 kg · Property “Colour” black · Status draft"
        ),
    )
    press(boss, place, summary="Pours well.", other_title="手冲壶", attrs="Weight: 900 g\nColour: black")
    assert newest(boss) == (
        "Changed a product",
        "Kettle",
        "Summary Pours well. · Title in Chinese 手冲壶 · Property “Weight” 1 kg → 900 g",
    )
    press(boss, place, summary="")
    assert newest(boss)[2] == "Summary Pours well. → –"
    assert len(entries(boss)) == 3
    press(boss, place)
    assert len(entries(boss)) == 3, "what changes nothing is no action"
    press(boss, place, f"{place}/state", do="active")
    assert newest(boss) == ("Changed the state of a product", "Kettle", "Status draft → active")
    press(boss, place, f"{place}/state", do="discontinue")
    assert newest(boss)[2] == "Not made any more no → yes"


def test_of_a_long_text_the_part_that_differs_is_told(boss: FlaskClient) -> None:
    long = "It pours well. " * 60
    place = press(boss, "/desk/products/new", title="Kettle", body=long + "It is light.")
    press(boss, place, body=long + "It is heavy.")
    start = (long + "It is ")[-40:].lstrip()
    assert newest(boss)[2] == f"Description …{start}light. → …{start}heavy."


def test_variants_and_offers_tell_which_and_what(boss: FlaskClient, make: Factory) -> None:
    kettle = make.product("kettle", own={"USD": 1999}, stock=5, title="Kettle")
    place = f"/desk/products/{kettle.key}"
    variant = read_key(boss, place, "variants")
    press(boss, f"{place}/variants/{variant}", weight_g="900", digital="1", returnable=None)
    action, subject, changes = newest(boss)
    assert (action, subject.split(" · ")[0]) == ("Changed a variant", "Kettle")
    assert changes == "Weight in grams 0 → 900 · Delivered as a file no → yes · May be returned yes → no"
    offer = read_key(boss, place, "offers")
    press(boss, f"{place}/offers/{offer}", price="25.00")
    assert newest(boss)[0] == "Changed an offer"
    assert newest(boss)[2] == "Price $19.99 → $25.00"
    press(boss, f"{place}/offers/{offer}", f"{place}/offers/{offer}/retire")
    assert (newest(boss)[0], newest(boss)[2]) == ("Took an offer off", "Status on → off")


def read_key(browser: FlaskClient, place: str, sort: str) -> str:
    found = re.search(rf'href="{place}/{sort}/(?!new)([0-9a-z]+)"', browser.get(place).text)
    assert found
    return found.group(1)


def test_promotions_are_named_and_tell_what_changed(boss: FlaskClient) -> None:
    form: dict[str, Any] = {"name": "Spring", "code": "spring26", "kind": "percent", "percent": "15", "scope": "all"}
    place = press(boss, "/desk/promotions/new", **form)
    assert newest(boss) == (
        "Added a promotion",
        "Promotion “Spring”",
        "Name Spring · Code SPRING26 · Kind A part of the price · Per cent 15 · For which goods Everything",
    )
    press(boss, place, percent="20", caps="50 USD", combinable="yes", starts_at="2026-12-01T09:00")
    assert newest(boss) == (
        "Changed a promotion",
        "Promotion “Spring”",
        "Per cent 15 → 20 · Most that is taken off 50.00 USD · From Tue 1 Dec 2026, 09:00 · May be combined no → yes",
    )
    press(boss, place, f"{place}/state", do="off")
    assert newest(boss) == ("Paused or resumed a promotion", "Promotion “Spring”", "Status on → paused")
    press(boss, place, f"{place}/state", do="on")
    assert newest(boss)[2] == "Status paused → on"
    key = place.rpartition("/")[2]
    assert len(entries(boss, f"/desk/log?about=promotion:{key}")) == 4


def test_delivery_and_taxes_are_named_and_tell_what_changed(boss: FlaskClient) -> None:
    zone = press(boss, "/desk/delivery/zones/new", name="North America", areas="US\nCA")
    assert newest(boss) == (
        "Added a delivery zone",
        "Delivery zone “North America”",
        "Name North America · Areas US, CA",
    )
    press(boss, f"{zone}/methods/new", name="Standard", tiers="* = 5.00", free_from="50")
    assert newest(boss) == (
        "Added a way of shipping",
        "Way of shipping “Standard”",
        (
            "Name Standard · Currency USD · Prices * = 5.00 · Free from $50.00 · Working days, at least 2"
            " · Working days, at most 5 · Delivery zone North America"
        ),
    )
    method = re.search(r'href="(/desk/delivery/methods/[0-9a-z]+)"', boss.get(zone).text)
    assert method
    press(boss, method.group(1), free_from="60")
    assert newest(boss) == ("Changed a way of shipping", "Way of shipping “Standard”", "Free from $50.00 → $60.00")
    press(boss, zone, areas="US")
    assert newest(boss) == ("Changed a delivery zone", "Delivery zone “North America”", "Areas US, CA → US")
    press(boss, zone, f"{zone}/state", do="off")
    assert newest(boss) == (
        "Switched a delivery zone on or off",
        "Delivery zone “North America”",
        "Status on → off",
    )
    press(boss, zone, f"{zone}/state", do="on")
    assert newest(boss)[2] == "Status off → on"
    press(boss, method.group(1), f"{method.group(1)}/state", do="off")
    assert newest(boss)[1:] == ("Way of shipping “Standard”", "Status on → off")

    save = "/desk/delivery/taxes/save"
    press(boss, "/desk/delivery/taxes/new", save, country="US", region="CA", name="Sales tax", rate_standard="7.25")
    assert newest(boss) == (
        "Changed a tax rate",
        "Tax of United States: California",
        (
            "Country United States · Region CA · Name Sales tax · Tax is in the prices no · Shipping is taxed yes"
            " · Standard rate 7.25"
        ),
    )
    press(boss, "/desk/delivery/taxes/US/CA", save, rate_standard="7.5", on_shipping=None)
    assert newest(boss) == (
        "Changed a tax rate",
        "Tax of United States: California",
        "Shipping is taxed yes → no · Standard rate 7.25 → 7.5",
    )
    press(boss, "/desk/delivery/taxes/US/CA", "/desk/delivery/taxes/remove")
    assert newest(boss)[:2] == ("Removed a tax rate", "Tax of United States: California")
    assert "Standard rate 7.5 → –" in newest(boss)[2]


def test_the_tree_and_places_tell_names(boss: FlaskClient) -> None:
    press(boss, "/desk/categories/new", name="Kitchen")
    press(boss, "/desk/categories/new", name="Garden")
    press(boss, "/desk/categories/new", name="Pots", parent="kitchen")
    assert newest(boss)[:2] == ("Added a category", "Category “Kitchen › Pots”")
    press(boss, "/desk/categories/pots", parent="garden")
    assert newest(boss)[2] == "Below Kitchen → Garden"
    press(boss, "/desk/attributes/new", name="Weight", kind="number", unit="g", category="pots")
    assert newest(boss) == (
        "Added a property",
        "Property “Weight”",
        "Name Weight · Kind Number · Unit g · Category Garden › Pots",
    )
    press(boss, "/desk/places/new", key="shed", name="Shed", country="DE")
    assert newest(boss) == ("Added a place", "Place “Shed”", "Name Shed · Country Germany")
    press(boss, "/desk/places/shed", name="Barn")
    assert newest(boss) == ("Changed a place", "Place “Barn”", "Name Shed → Barn")
    press(boss, "/desk/places/shed", "/desk/places/shed/state")
    assert newest(boss) == ("Opened or closed a place", "Place “Barn”", "Status opened → closed")
    press(boss, "/desk/merchants/new", key="brew", name="Brew", domain="brew.example", country="DE")
    press(boss, "/desk/merchants/brew", tag="cs-21", tag_param="tag")
    assert newest(boss)[:2] == ("Changed a merchant", "Merchant “Brew”")
    assert newest(boss)[2] == ("Link template {url} · Tag cs-21 · Parameter of the tag tag")
    press(boss, "/desk/merchants/brew", "/desk/merchants/brew/state", do="off")
    assert newest(boss)[1:] == ("Merchant “Brew”", "Status on → off")


def test_cases_refunds_and_receipts_say_how_much_of_which_order(
    app: Flask, client: FlaskClient, boss: FlaskClient, make: Factory, clock: FixedClock
) -> None:
    kettle = make.product("kettle", own={"USD": 1999}, stock=5, title="Kettle")
    path = buy(client, kettle, 2).headers["Location"]
    order = orders(app)[0].key
    money = f"/desk/payments/orders/{order}"
    press(boss, money, f"{money}/receipt", amount="5.00")
    action, subject, changes = newest(boss)
    assert (action, subject, changes) == (
        "Noted money received",
        f"Order {order.upper()}",
        "Paid $0.00 → $5.00 · Amount $5.00",
    )
    press(boss, money, f"{money}/receipt")
    assert "Status placed → paid" in newest(boss)[2]
    with app.app_context(), unit_of_work(db.session):
        actions.mark_shipped(db.session, order, tracking="1Z999", carrier="UPS", by=None, now=clock.now())
    line = read(app, lambda: db.session.execute(db.text("SELECT min(id) FROM order_line")).scalar_one())
    token = hidden(client.get(f"{path}/after-sale").text, "csrf_token")
    form = {"csrf_token": token, "kind": "refund", "reason": "missing", f"units-{line}": "1"}
    case = client.post(f"{path}/after-sale", data=form).headers["Location"].rpartition("/")[2]
    for step, words in (
        ("approve", "Status requested → agreed"),
        ("settle", "Status agreed → settled"),
    ):
        page = f"/desk/after-sale/{case}"
        press(boss, page, f"{page}/{step}")
        assert newest(boss)[1:] == (f"Case {case.upper()}", f"{words} · Order {order.upper()} · Amount $19.99")
    sent = re.search(r'action="(/desk/payments/refunds/([0-9a-z]+)/sent)"', boss.get("/desk/payments").text)
    assert sent
    press(boss, "/desk/payments", sent.group(1), reference="SEPA 77")
    assert newest(boss) == (
        "Noted a refund as sent",
        f"Refund {sent.group(2).upper()}",
        f"Amount $19.99 · Order {order.upper()} · Reference of the transfer SEPA 77",
    )


def test_a_refund_of_goodwill_and_a_gift_card_are_money(
    app: Flask, client: FlaskClient, boss: FlaskClient, make: Factory, post_form: Callable[..., Any]
) -> None:
    buy(client, make.product("kettle", own={"USD": 1999}, stock=5), 1)
    order = orders(app)[0].key
    page = f"/desk/orders/{order}"
    press(boss, page, f"{page}/paid")
    press(boss, page, f"{page}/refund", amount="4.00", why="A late parcel")
    assert newest(boss) == (
        "Refunded a part of an order",
        f"Order {order.upper()}",
        "Paid back $0.00 → $4.00 · Reason A late parcel",
    )
    new = "/desk/payments/gift-cards/new"
    attempt = next(where for where, _fields in Forms(boss.get(new).text).forms if where.startswith(f"{new}?attempt"))
    form = {"amount": "25", "currency": "USD", "note": "For the wait"}
    card = post_form(boss, attempt, form).headers["Location"]
    assert newest(boss)[0] == "Issued a gift card"
    assert newest(boss)[2] == "Amount $25.00 · Note For the wait"
    press(boss, card, f"{card}/state", state="blocked")
    assert newest(boss)[2] == "Status active → blocked"


def test_stock_tells_how_much_where_and_why(boss: FlaskClient, make: Factory) -> None:
    make.product("kettle", own={"USD": 1999}, stock=5, title="Kettle")
    found = re.search(r'href="(/desk/stock/[0-9a-z]+)"', boss.get("/desk/stock").text)
    assert found
    stock = found.group(1)
    press(boss, stock, f"{stock}/receive", quantity="3", note="A delivery")
    assert newest(boss)[2] == "How many 3 · Note A delivery"
    press(boss, stock, f"{stock}/count", on_hand="7", reason="One broke")
    assert newest(boss)[2] == "Counted on the shelf 8 → 7 · Reason One broke"
    press(boss, stock, f"{stock}/threshold", low_at="2")
    assert newest(boss)[2] == "Low from 5 → 2"


def test_many_products_are_told_in_words(boss: FlaskClient, make: Factory, post_form: Callable[..., Any]) -> None:
    key = make.product("kettle", own={"USD": 1999}, stock=5, title="Kettle").key
    press(boss, "/desk/categories/new", name="Kitchen")
    for kind, category, told in (
        ("category", "kitchen", "Category (Kettle) Kitchen"),
        ("draft", "", "Status (Kettle) active → draft"),
    ):
        form = {"p": key, "kind": kind, "category": category, "do": "preview"}
        seen = hidden(post_form(boss, "/desk/products/bulk", form).text, "seen")
        assert post_form(boss, "/desk/products/bulk", form | {"do": "apply", "seen": seen}).status_code == 303
        assert newest(boss)[2] == told


def test_a_file_of_products_is_in_the_log(boss: FlaskClient) -> None:
    token = hidden(boss.get("/desk/products/import").text, "csrf_token")
    sent = {"csrf_token": token, "currency": "USD", "unit": "major"}
    file = (BytesIO(b"sku,title,price\nK-1,Kettle,19.99\n"), "spring goods.csv")
    assert boss.post("/desk/products/import", data=sent | {"file": file}).status_code == 200
    assert newest(boss) == (
        "Imported a file of products",
        "spring goods.csv",
        "Added 1 · Updated 0 · Unchanged 0 · Not taken 0",
    )


def test_lists_of_editors_and_synonyms_are_named(boss: FlaskClient, app: Flask, make: Factory, sign_in: Any) -> None:
    editor = sign_in(app.test_client(), make.user("editor"))
    make.product("kettle", own={"USD": 1999}, stock=5, title="Kettle")
    press(editor, "/desk/synonyms", rule="kettle, pot")
    assert newest(boss)[2] == "Line kettle, pot"
    line = next(where for where, _fields in Forms(editor.get("/desk/synonyms").text).forms if "/remove" in where)
    press(editor, "/desk/synonyms", line)
    assert newest(boss)[2] == "Line kettle, pot → –"
    made = press(
        editor,
        "/desk/featured/new",
        title="Coffee at home",
        item_kind="product",
        item_ref="kettle",
        item_reason="Light",
    )
    assert newest(boss) == (
        "Added a featured list",
        "Featured list “Coffee at home”",
        "Title Coffee at home · Language English · Posts and products Kettle – Light",
    )
    press(editor, made, f"{made}/place", position="2", starts_at="2026-12-01T09:00")
    assert newest(boss)[1:] == (
        "Featured list “Coffee at home”",
        "Place in the list 2 · From Tue 1 Dec 2026, 09:00",
    )
