"""No oversell: fifty buyers at once, stock of seven, twenty rounds."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Barrier

import pytest
from sqlalchemy import func, select

from contentshop.core.db import db
from contentshop.core.uow import unit_of_work
from contentshop.orders.models import Order, OrderLine
from contentshop.products.models import Product, Reservation, Stock
from contentshop.promotions import actions as promotions
from contentshop.promotions.inputs import PromotionInput
from contentshop.promotions.models import Promotion
from tests.live.site import Browser, LiveSite, inputs_of

pytestmark = [pytest.mark.live, pytest.mark.timeout(900)]

BUYERS = 50
STOCK = 7
ROUNDS = 20


def buy(site: LiveSite, slug: str, gate: Barrier, *, look_again: bool) -> int:
    """One person: add to the cart, fill in the checkout, and press the button when everybody is ready.

    ``look_again`` at the cart when it was too late.
    """
    browser = Browser(site.url)
    added = browser.add(product=slug)
    form = browser.ready(shipping="standard") if added.status_code == 303 else None
    gate.wait(120)
    if form is None:
        return added.status_code
    answer = browser.post("/checkout", form)
    if answer.status_code == 409:
        assert "sold out" in answer.text.lower() or "left" in answer.text.lower(), answer.text[:2000]
        assert not look_again or slug in browser.get("/cart").text, "the cart was not kept"
    return answer.status_code


def holdings(site: LiveSite) -> tuple[int, int]:
    """How many reservations and orders there are."""
    with site.app.app_context():
        held = db.session.scalar(select(func.count()).select_from(Reservation)) or 0
        orders = db.session.scalar(select(func.count()).select_from(Order)) or 0
        db.session.remove()
    return held, orders


def test_fifty_buyers_of_seven(site: LiveSite) -> None:
    held_before, orders_before = holdings(site)
    for number in range(ROUNDS):
        product = site.make.product(f"hot-{number}", own={"USD": 1999}, stock=STOCK)
        gate = Barrier(BUYERS)
        one = partial(buy, site, product.slug, gate, look_again=number == 0)
        with ThreadPoolExecutor(BUYERS) as crowd:
            answers = Counter(person.result() for person in [crowd.submit(one) for _ in range(BUYERS)])
        assert answers == {303: STOCK, 409: BUYERS - STOCK}, f"round {number}: {answers}"
        with site.app.app_context():
            row = db.session.execute(select(Stock.on_hand, Stock.reserved).where(Stock.product_id == product.id)).one()
            sold = db.session.scalar(
                select(func.sum(OrderLine.quantity))
                .join(Product, Product.slug == product.slug)
                .where(OrderLine.title == Product.title)
            )
            db.session.remove()
        assert tuple(row) == (STOCK, STOCK)
        assert sold == STOCK
        made = STOCK * (number + 1)
        assert holdings(site) == (held_before + made, orders_before + made)


def test_carts_in_opposite_order_never_lock_each_other_for_good(site: LiveSite) -> None:
    one = site.make.product("left-shoe", own={"USD": 1000}, stock=40)
    two = site.make.product("right-shoe", own={"USD": 1000}, stock=40)
    gate = Barrier(40)

    def pair(number: int) -> int:
        browser = Browser(site.url)
        for slug in (one.slug, two.slug) if number % 2 else (two.slug, one.slug):
            assert browser.add(product=slug).status_code == 303
        form = browser.ready()
        gate.wait(120)
        return browser.post("/checkout", form).status_code

    with ThreadPoolExecutor(40) as crowd:
        answers = Counter(crowd.map(pair, range(40)))
    assert answers == {303: 40}


def test_one_attempt_fifty_times_is_one_order(site: LiveSite) -> None:
    product = site.make.product("eager", own={"USD": 1500}, stock=90)
    browser = Browser(site.url)
    assert browser.add(product=product.slug).status_code == 303
    form = browser.ready()
    gate = Barrier(50)

    def press(_number: int) -> tuple[int, str]:
        again = Browser(site.url)
        again.http.cookies.update(browser.http.cookies)
        gate.wait(120)
        answer = again.post("/checkout", form)
        return answer.status_code, answer.headers.get("Location", "")

    with ThreadPoolExecutor(50) as crowd:
        answers = Counter(crowd.map(press, range(50)))
    assert len(answers) == 1
    assert next(iter(answers))[0] == 303
    with site.app.app_context():
        count = db.session.scalar(select(func.count()).select_from(OrderLine).where(OrderLine.title == product.title))
        db.session.remove()
    assert count == 1
    # Fifty more, one after the other, and then the key with another cart.
    assert {press_again(browser, form) for _number in range(50)} == set(answers)
    other = Browser(site.url)
    assert other.add(product=product.slug).status_code == 303
    refused = other.post("/checkout", other.ready() | {"attempt": form["attempt"]})
    assert refused.status_code == 409
    assert "already placed an order" in refused.text


def press_again(browser: Browser, form: dict[str, str]) -> tuple[int, str]:
    """Send the same form once more."""
    answer = browser.post("/checkout", form)
    return answer.status_code, answer.headers.get("Location", "")


@pytest.mark.parametrize("limit", [1, 10])
def test_a_coupon_against_fifty_claimants(site: LiveSite, limit: int) -> None:
    product = site.make.product(f"bargain-{limit}", own={"USD": 5000}, stock=500)
    boss = site.make.user(role="operator")
    form = {"name": "First come", "code": f"FIRST{limit}", "kind": "percent", "percent": "20"}
    with site.app.app_context(), unit_of_work(db.session):
        promotions.save(
            db.session, PromotionInput.parse(form | {"total_limit": str(limit)}), by=boss, now=site.make.now
        )
    gate = Barrier(BUYERS)

    def claim(number: int) -> tuple[int, bool]:
        browser = Browser(site.url)
        assert browser.add(product=product.slug).status_code == 303
        token = inputs_of(browser.get("/cart").text)["csrf_token"]
        assert browser.post("/checkout/code", {"csrf_token": token, "code": f"first{limit}"}).status_code == 303
        ready = browser.ready(email=f"claimant{number}@example.org")
        gate.wait(120)
        answer = browser.post("/checkout", ready)
        told = "used up" in answer.text or "has changed" in answer.text
        return answer.status_code, told

    with ThreadPoolExecutor(BUYERS) as crowd:
        answers = Counter(crowd.map(claim, range(BUYERS)))
    assert answers == {(303, False): limit, (409, True): BUYERS - limit}
    with site.app.app_context():
        used = db.session.scalar(select(Promotion.used).where(Promotion.code == f"FIRST{limit}"))
        sold = db.session.scalar(
            select(func.count())
            .select_from(OrderLine)
            .where(OrderLine.title == product.title, OrderLine.discount_minor == 1000)
        )
        db.session.remove()
    assert (used, sold) == (limit, limit)


def test_the_audit_is_clean_after_the_rush(site: LiveSite) -> None:
    done = site.command("audit", "--wait", "60")
    assert done.returncode == 0, done.stdout + done.stderr
