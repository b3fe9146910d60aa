"""The shop by hand: a guest buys from two creators' cards and sends one thing back; an operator packs and ships."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, expect

from contentshop.core.db import db
from contentshop.core.uow import unit_of_work
from contentshop.orders import actions
from contentshop.orders import queries as orders
from contentshop.products.models import Product
from contentshop.promotions import actions as promotions
from contentshop.promotions.inputs import PromotionInput
from contentshop.web.order_links import order_of
from tests.inbox import Inbox, Letter, mail_server
from tests.journeys.conftest import PATIENCE, Visit, Watch
from tests.journeys.stage import Stage, new_word
from tests.live.site import LiveSite, live_site
from tests.rooms.media.pictures import picture
from tests.stripe_stand_in import SECRET, WEBHOOK_SECRET, StripeStandIn, stripe_stand_in
from tests.web.buyer import buy

ADDRESS = {
    "name": "Gesa Guest",
    "phone": "+1 555 0100",
    "address": "1 Example Street",
    "city": "Oakland",
    "region": "CA",
    "postcode": "94607",
}
IN_CHINA = {
    "name": "顾客",
    "phone": "+86 138 0013 8000",
    "region": "广东省",
    "city": "深圳市",
    "district": "南山区",
    "address": "示例路 1 号 2 栋 301",
    "postcode": "518000",
}


@dataclass(frozen=True, slots=True)
class Window:
    """How a guest looks at the site, where they live, and what they read. ``back`` is what one returned unit pays."""

    locale: str
    width: int
    address: dict[str, str]
    back: str
    subjects: tuple[str, ...]


WINDOWS = [
    Window(
        "en",
        1280,
        ADDRESS,
        "$18.00",
        (
            "Your order {} at contentshop",
            "Your payment for order {} has arrived",
            "Your order {} is on its way",
            "We have your request for order {}",
            "Please send it back: order {}",
            "It came back: order {}",
            "$18.00 for order {} is on its way to you",
            "$18.00 of order {} has been paid back",
        ),
    ),
    Window(
        "zh",
        390,
        IN_CHINA,
        "¥135.00",
        (
            "你在 contentshop 的订单 {}",
            "已收到订单 {} 的付款",
            "订单 {} 已发货",
            "已收到你对订单 {} 的申请",
            "请寄回商品：订单 {}",
            "已收到退货：订单 {}",
            "订单 {} 的 ¥135.00 正在退还给你",
            "订单 {} 已退款 ¥135.00",
        ),
    ),
]


@pytest.fixture(scope="module")
def stripe() -> Iterator[StripeStandIn]:
    with stripe_stand_in() as found:
        yield found


@pytest.fixture(scope="module")
def inbox() -> Inbox:
    return Inbox()


@pytest.fixture(scope="module")
def site(
    tmp_path_factory: pytest.TempPathFactory, stripe: StripeStandIn, inbox: Inbox, staged: tuple[LiveSite, Stage]
) -> Iterator[LiveSite]:
    """A site that takes cards and sends its mails through a real server."""
    with mail_server(inbox) as address:
        more = {
            "CONTENTSHOP_STRIPE_SECRET_KEY": SECRET,
            "CONTENTSHOP_STRIPE_WEBHOOK_SECRET": WEBHOOK_SECRET,
            "CONTENTSHOP_STRIPE_ADDRESS": stripe.url,
            "CONTENTSHOP_MAIL_URL": address,
        }
        with live_site(tmp_path_factory.mktemp("shop"), more, like=staged[0]) as found:
            stripe.send_messages_to(f"{found.url}/hooks/payments/stripe")
            yield found


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


def check_out(page: Page, email: str, address: dict[str, str]) -> None:
    """Through the three steps, to the page of Stripe."""
    page.goto("/cart")
    page.click("main a[href^='/checkout']")
    for name, value in (address | {"email": email}).items():
        field = page.locator(f"main [name={name}]").first
        if field.evaluate("node => node.tagName") == "SELECT":
            field.select_option(value)
        else:
            field.fill(value)
    page.locator("main .button-wide:visible").last.click()
    page.wait_for_url("**/checkout/delivery*")
    page.check("main [name=payment_method][value=card]")
    page.locator("main .button-wide:visible").last.click()
    page.wait_for_url("**/checkout/review*")
    page.locator("main .button-wide:visible").last.click()
    page.wait_for_url("**/pay/cs_test_*")


def pay(page: Page, site: LiveSite) -> None:
    """On the page of Stripe, and back; the site may still be waiting for its word."""
    page.click("button")
    page.wait_for_url(f"{site.url}/orders/*/pay/back*")
    expect(page.locator("[data-pay-state^='paid:']")).to_be_visible()


def arrived(inbox: Inbox, to: str, count: int) -> list[Letter]:
    """The mails that somebody has got, once there are ``count``."""
    deadline = time.monotonic() + PATIENCE / 1000
    while len(inbox.letters(to)) < count:
        assert time.monotonic() < deadline, [letter.subject for letter in inbox.letters(to)]
        time.sleep(0.1)
    return inbox.letters(to)


def test_an_address_follows_its_country_and_keeps_place_and_words(visit: Visit, shelf: Shelf) -> None:
    page = visit(width=1280).page
    put_into_cart(page, shelf.first, 1)
    page.goto("/checkout")
    expect(page.locator("[data-country]")).to_be_hidden()
    tops = [page.locator(f"#f-{name}").bounding_box() for name in ("city", "region", "postcode")]
    # The postcode alone has a hint above it.
    assert len({round(box["y"]) for box in tops if box}) == 1
    page.fill("#f-name", "Gesa Guest")
    page.focus("#f-country")
    page.select_option("#f-country", "CN")
    expect(page.locator("#f-district")).to_be_visible()
    expect(page.locator("#f-country")).to_be_focused()
    expect(page.locator("#f-name")).to_have_value("Gesa Guest")
    expect(page.locator("#sum-aside")).to_contain_text("estimate for China")


def test_an_address_follows_its_country_without_script(visit: Visit, stage: Stage, shelf: Shelf) -> None:
    page = visit(width=390, script=False).page
    page.goto(f"/p/{shelf.first}")
    page.locator("form[action='/cart/add'] button[type=submit]").first.click()
    page.goto("/checkout")
    page.fill("#f-name", "Gesa Guest")
    page.select_option("#f-country", "CN")
    page.click("[data-country]")
    expect(page.locator("#f-district")).to_be_visible()
    expect(page.locator("#f-country")).to_be_focused()
    expect(page.locator("#f-name")).to_have_value("Gesa Guest")
    # On a phone the order is folded above the form, and its total in sight.
    fold = page.locator("details.fold")
    expect(fold.locator(".cart-line")).to_be_hidden()
    fold.locator("summary").click()
    expect(fold.locator(".cart-line")).to_be_visible()
    expect(page.locator("#sum-aside")).to_be_hidden()
    expect(page.locator(".total-line")).to_be_visible()


@pytest.mark.timeout(600)
@pytest.mark.parametrize("window", WINDOWS, ids=["english-1280", "chinese-390"])
def test_a_guest_buys_returns_one_thing_and_is_paid_back(
    visit: Visit,
    watch: Watch,
    site: LiveSite,
    stage: Stage,
    shelf: Shelf,
    stripe: StripeStandIn,
    inbox: Inbox,
    window: Window,
) -> None:
    watch.friends.append(stripe.url)
    email = f"guest-{new_word()}@example.org"
    guest = visit(locale=window.locale, width=window.width).page
    put_into_cart(guest, shelf.first, 1)
    put_into_cart(guest, shelf.second, 2)
    guest.goto("/cart")
    guest.click(".code-box summary")
    guest.fill("[name=code]", shelf.code)
    guest.click(".code-entry button")
    expect(guest.locator(".code-name")).to_contain_text(shelf.code.upper())
    check_out(guest, email, window.address)
    pay(guest, site)
    placed = arrived(inbox, email, 2)[0]
    link = re.search(rf"{site.url}(/orders/[^\s/]+)\s", placed.text)
    assert link, placed.text
    path = link[1]
    guest.goto(path)
    for title in shelf.titles:
        expect(guest.locator("main")).to_contain_text(f"About {title}")
    number = expect_number(guest)

    desk = visit(stage.operator, locale=window.locale, width=window.width).page
    desk.goto(f"/desk/orders/{number.lower()}")
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
    guest.locator("[name^='units-'][type=checkbox]").first.check()
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
    # It is broken, so the desk has to say how many can be sold again.
    expect(desk.locator("[name^=restocked]")).to_have_value("")
    desk.fill("[name^=restocked]", "1")
    desk.click("form[action$='/receive'] button")
    expect(desk.locator("form[action$='/receive']")).to_have_count(0)
    desk.click("form[action$='/settle'] button")
    expect(desk.locator("form[action$='/settle']")).to_have_count(0)

    guest.goto(path)
    expect(guest.locator("main")).to_contain_text(window.back)
    told = arrived(inbox, email, len(window.subjects))
    assert sorted(letter.subject for letter in told) == sorted(line.format(number) for line in window.subjects)
    with site.app.app_context():
        found = orders.get_by_key(db.session, number.lower())
        assert found.refunded_minor == found.lines[0].unit_minor * 9 // 10
        assert [line.returned_quantity for line in found.lines] == [1, 0]
        db.session.rollback()
    audited = site.command("audit", "--wait", "60")
    assert audited.returncode == 0, audited.stdout + audited.stderr


def expect_number(page: Page) -> str:
    found = re.search(r"\b[A-Z0-9]{10}\b", page.locator("h1").locator("xpath=..").inner_text())
    assert found, page.locator("main").inner_text()
    return found.group()


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
