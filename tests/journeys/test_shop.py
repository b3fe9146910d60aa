"""The shop by hand: a guest buys from two creators' cards and sends one thing back; an operator packs and ships."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from contentshop.core.db import db
from contentshop.core.jobs import Job
from contentshop.core.uow import unit_of_work
from contentshop.orders import actions
from contentshop.orders import queries as orders
from contentshop.products.models import Product
from contentshop.promotions import actions as promotions
from contentshop.promotions.inputs import PromotionInput
from contentshop.web.order_links import order_of
from tests.journeys.conftest import Visit
from tests.journeys.stage import Stage, new_word
from tests.live.site import LiveSite
from tests.rooms.media.pictures import picture
from tests.web.buyer import buy

ADDRESS = {
    "email": "guest@example.org",
    "name": "Gesa Guest",
    "phone": "+1 555 0100",
    "address": "1 Example Street",
    "city": "Oakland",
    "region": "CA",
    "postcode": "94607",
}


@dataclass(frozen=True, slots=True)
class Shelf:
    """Two creators, each with a post that shows one thing of ours."""

    first: str
    second: str
    titles: tuple[str, str]
    code: str


@pytest.fixture
def shelf(site: LiveSite, stage: Stage) -> Shelf:
    word = new_word()
    posts = []
    titles = (f"Kettle {word}", f"Lamp {word}")
    for place, title in enumerate(titles):
        slug = title.lower().replace(" ", "-")
        site.make.product(slug, own={"USD": 2000 + place * 500, "CNY": 15000}, stock=40, title=title)
        author = site.make.user("creator", handle=f"{slug}-writer")
        posts.append(site.make.post(author, title=f"About {title}", source=f"Good.\n\n::card[{slug}]\n").slug)
    coupon = PromotionInput.parse(
        {"kind": "percent", "percent": "10", "name": f"Welcome {word}", "code": f"HELLO-{word}"}
    )
    with site.app.app_context(), unit_of_work(db.session):
        promotions.save(db.session, coupon, by=stage.operator, now=site.make.now)
    return Shelf(posts[0], posts[1], titles, coupon.code)


def put_into_cart(page: Page, slug: str, count: int) -> None:
    page.goto(f"/p/{slug}")
    page.locator("form[data-add] button[type=submit]").first.click()
    expect(page.locator("[data-cart-count]")).to_have_text(str(count))


def check_out(page: Page) -> str:
    """Through the three steps; the path of the order."""
    page.goto("/cart")
    page.click("main a[href^='/checkout']")
    for name, value in ADDRESS.items():
        field = page.locator(f"main [name={name}]").first
        if field.evaluate("node => node.tagName") == "SELECT":
            field.select_option(value)
        else:
            field.fill(value)
    page.locator("main .button-wide:visible").last.click()
    page.wait_for_url("**/checkout/delivery*")
    page.check("main [name=payment_method][value=bank_transfer]")
    page.locator("main .button-wide:visible").last.click()
    page.wait_for_url("**/checkout/review*")
    page.locator("main .button-wide:visible").last.click()
    page.wait_for_url("**/orders/*")
    return "/".join(urlsplit(page.url).path.split("/")[:3])


def test_a_guest_buys_returns_one_thing_and_is_paid_back(
    visit: Visit, site: LiveSite, stage: Stage, shelf: Shelf
) -> None:
    guest = visit().page
    put_into_cart(guest, shelf.first, 1)
    put_into_cart(guest, shelf.second, 2)
    guest.goto("/cart")
    guest.click(".code-box summary")
    guest.fill("[name=code]", shelf.code)
    guest.click(".code-entry button")
    expect(guest.locator(".code-name")).to_contain_text(shelf.code.upper())
    path = check_out(guest)
    guest.goto(path)
    for title in shelf.titles:
        expect(guest.locator("main")).to_contain_text(f"About {title}")
    number = expect_number(guest)

    desk = visit(stage.operator).page
    desk.goto(f"/desk/orders/{number.lower()}")
    desk.click("form[action$='/paid'] button")
    expect(desk.locator("form[action$='/paid']")).to_have_count(0)
    form = desk.locator("form[action$='/shipped']").first
    form.locator("[name=carrier]").fill("UPS")
    form.locator("[name=tracking]").fill("1Z-JOURNEY")
    form.locator("button").click()
    expect(desk.locator("main")).to_contain_text("1Z-JOURNEY")

    guest.goto(path)
    expect(guest.locator(".parcel")).to_contain_text("1Z-JOURNEY")
    guest.click("form[action$='/received'] button")
    expect(guest.locator("form[action$='/received']")).to_have_count(0)
    guest.click("a[href$='/after-sale']")
    guest.locator("[name^='units-']").first.fill("1")
    guest.locator("[name^='units-']").last.fill("0")
    guest.check("[name=kind][value=return]")
    guest.select_option("[name=reason]", "broken")
    guest.fill("main [name=text]", "The lid is cracked.")
    guest.set_input_files("[name=photos]", {"name": "lid.jpg", "mimeType": "image/jpeg", "buffer": picture()})
    guest.locator("main form button[type=submit]").last.click()
    guest.wait_for_url("**/after-sale/*")
    case_path = urlsplit(guest.url).path
    expect(guest.locator(".case-photos img")).to_have_count(1)

    case = case_path.rsplit("/", 1)[1]
    desk.goto(f"/desk/after-sale/{case}")
    desk.fill("[name=return_to]", "Warehouse 1, Portland")
    desk.click("form[action$='/approve'] button")
    expect(desk.locator("form[action$='/approve']")).to_have_count(0)

    guest.goto(case_path)
    guest.fill("[name=tracking]", "BACK-1")
    guest.click("form[action$='/sent'] button")
    expect(guest.locator("form[action$='/sent']")).to_have_count(0)

    desk.reload()
    desk.click("form[action$='/receive'] button")
    expect(desk.locator("form[action$='/receive']")).to_have_count(0)
    desk.click("form[action$='/settle'] button")
    expect(desk.locator("form[action$='/settle']")).to_have_count(0)

    guest.goto(path)
    expect(guest.locator("main")).to_contain_text("$18.00")
    with site.app.app_context():
        found = orders.get_by_key(db.session, number.lower())
        assert found.refunded_minor > 0
        assert found.lines[0].returned_quantity == 1
        assert found.lines[1].returned_quantity == 0
    expect_mails(site, number)


def expect_number(page: Page) -> str:
    found = re.search(r"\b[A-Z0-9]{10}\b", page.locator("h1").locator("xpath=..").inner_text())
    assert found, page.locator("main").inner_text()
    return found.group()


def expect_mails(site: LiveSite, number: str) -> None:
    """Every step is told to the guest, once each."""
    with site.app.app_context():
        jobs = db.session.scalars(select(Job).where(Job.reaction.like("mail_order_%"))).all()
        mine = [job.reaction for job in jobs if job.payload.get("order") == number.lower()]
        db.session.rollback()
    for kind in ("placed", "paid", "shipped"):
        assert mine.count(f"mail_order_{kind}") == 1


def test_an_operator_packs_and_ships_ten_orders(visit: Visit, site: LiveSite, stage: Stage) -> None:
    kettle = site.make.product(f"kettle-{new_word()}", own={"USD": 2000}, stock=20)
    keys = [place_and_pay(site, kettle) for _ in range(10)]
    desk = visit(stage.operator).page
    desk.goto("/desk/orders/picking")
    for key in keys:
        expect(desk.locator("main")).to_contain_text(key.upper())
    desk.goto("/desk/orders/shipping")
    rows = ["order,carrier,tracking", *(f"{key},UPS,1Z{at}" for at, key in enumerate(keys)), "unknown123,UPS,1ZX"]
    desk.fill("main textarea[name=text]", "\n".join(rows))
    desk.locator("main form button[type=submit]").last.click()
    expect(desk.locator(".badge-good")).to_have_count(10)
    expect(desk.locator(".badge-bad")).to_have_count(1)
    desk.click("[name=do][value=ship]")
    desk.wait_for_url("**/desk/orders*")
    with site.app.app_context():
        for key in keys:
            found = orders.get_by_key(db.session, key)
            assert (found.state, len(found.shipments)) == ("shipped", 1)
        db.session.rollback()


def place_and_pay(site: LiveSite, product: Product) -> str:
    """A stranger's order, paid; its key."""
    answer = buy(site.app.test_client(), product)
    assert answer.status_code == 303
    with site.app.test_request_context():
        key = order_of(answer.headers["Location"].split("/")[2])
    assert key
    with site.app.app_context(), unit_of_work(db.session):
        actions.mark_paid(db.session, key, by=None, now=site.make.now)
    return key
