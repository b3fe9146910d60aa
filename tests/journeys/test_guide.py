"""A guide from its first word to its second edition: products by search and by pasted addresses, an order, marks on a
picture, a plan that the clock brings about, two windows that merge, and the way back."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Page, expect

from contentshop.accounts.models import User
from tests.journeys.conftest import SHOP_HOST, Visit, Watch
from tests.journeys.writing import put_at_end, surface, write, written
from tests.live.site import LiveSite, live_site
from tests.rooms.core.shop_server import Shop
from tests.rooms.media.pictures import picture

pytestmark = pytest.mark.timeout(600)  # the longest journey, and a site that starts twice

TITLE = "Five things for slow mornings"
ZONE = "Asia/Shanghai"
AHEAD = timedelta(days=3)
LONG = 60_000  # milliseconds; a busy machine is no defect
CATALOGUE = {"gooseneck-kettle": "Gooseneck kettle", "hand-grinder": "Hand grinder", "warm-lamp": "Warm lamp"}
TEAPOT = {
    "@context": "https://schema.org",
    "@type": "Product",
    "name": "Clay teapot",
    "brand": {"@type": "Brand", "name": "Kiln"},
    "offers": {
        "@type": "Offer",
        "price": "48.00",
        "priceCurrency": "USD",
        "availability": "https://schema.org/InStock",
    },
}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, shop: Shop) -> Iterator[LiveSite]:
    """A site of its own, since its clock is moved."""
    played = {"CONTENTSHOP_STAND_INS": f"{SHOP_HOST}={shop.place[0]}:{shop.place[1]}"}
    with live_site(tmp_path_factory.mktemp("guide"), played) as found:
        yield found


@pytest.fixture
def author(site: LiveSite, shop: Shop) -> User:
    """A creator, three products of the catalogue, and two pages of a shop that nobody here knows."""
    for slug, title in CATALOGUE.items():
        site.make.product(slug, title=title, own={"USD": 4900}, stock=9)
    told = f"<script type='application/ld+json'>{json.dumps(TEAPOT)}</script>"
    shop.page("/guide/teapot", f"<title>Clay teapot</title>{told}<h1>Teapot</h1>")
    shop.page(
        "/guide/tray",
        "<title>Ash tray | Shop</title><meta property='og:type' content='product'>"
        "<meta property='og:title' content='Ash tray'><meta property='product:price:amount' content='31.50'>"
        "<meta property='product:price:currency' content='USD'>",
    )
    return site.make.user("creator", name="Tess Teamaker")


def saved(page: Page) -> None:
    expect(page.locator("[data-save-state]")).to_have_attribute("data-state", "saved", timeout=LONG)


def titles(page: Page) -> list[str]:
    return page.locator("[data-items] .write-item-name").all_inner_texts()


def add_from_catalogue(page: Page, title: str) -> None:
    page.click("[data-open-picker]")
    page.fill("#d-find", title)
    page.locator("[data-dialog=product] .picker-row", has_text=title).locator("[data-as=item]").click()
    expect(page.locator("[data-dialog=product]")).to_be_hidden()


def add_from_page(page: Page, path: str, title: str, price: str) -> None:
    page.click("[data-open-picker]")
    page.fill("#d-find", f"https://{SHOP_HOST}{path}?utm_source=mail")
    review = page.locator("[data-review]")
    expect(review.locator("[name=product_title]")).to_have_value(title, timeout=LONG)
    expect(review.locator("[name=product_price]")).to_have_value(price)
    review.locator("[data-as=item]").click()
    expect(page.locator("[data-dialog=product]")).to_be_hidden()


def sees(page: Page, words: str) -> None:
    """Look again and again, as somebody does who waits for a page, until it says ``words``."""
    for _look in range(40):
        page.reload()
        if words in page.locator("main").inner_text():
            return
        page.wait_for_timeout(500)
    raise AssertionError(f"“{words}” never shows")


def test_a_guide_is_made_planned_published_merged_and_restored(
    site: LiveSite, visit: Visit, watch: Watch, author: User
) -> None:
    watch.expected.append("status of 409")  # the second window's save is refused, which the page tells
    person = visit(author)
    page = person.page

    # Five products: three of the catalogue, two by the addresses of their pages.
    page.goto("/studio/new")
    page.check("[name=kind][value=list]")
    page.fill("[name=title]", TITLE)
    page.select_option("[name=lang]", "en")
    page.click("main form button[type=submit]")
    surface(page)
    address = page.url
    write(page, "What stands on my table.\n")
    for title in CATALOGUE.values():
        add_from_catalogue(page, title)
    add_from_page(page, "/guide/teapot", "Clay teapot", "48.00")
    add_from_page(page, "/guide/tray", "Ash tray", "31.50")
    rows = page.locator("[data-items] [data-place]")
    expect(rows).to_have_count(5)
    assert titles(page) == [*CATALOGUE.values(), "Clay teapot", "Ash tray"]

    # The teapot goes to the top, one press at a time.
    for place in (3, 2, 1):
        rows.nth(place).locator("[data-act=up]").click()
        expect(rows.nth(place - 1)).to_contain_text("Clay teapot")
    saved(page)
    order = ["Clay teapot", *CATALOGUE.values(), "Ash tray"]
    assert titles(page) == order

    # A picture with two products on it.
    put_at_end(page, "\n\nMy table.\n\n")
    page.click("[data-block=picture]")
    sheet = page.locator("[data-dialog=picture]")
    sheet.locator("#d-alt").fill("A table with a teapot and a lamp")
    sheet.locator("[data-files]").first.set_input_files(
        {"name": "table.jpg", "mimeType": "image/jpeg", "buffer": picture("JPEG", (1200, 800), colour=(120, 90, 60))}
    )
    expect(sheet).to_be_hidden(timeout=LONG)
    page.locator("[data-items] [data-picture] button").click()
    sheet = page.locator("[data-dialog=spots]")
    page.wait_for_function("() => document.querySelector('[data-spots-picture]').naturalWidth > 0")
    box = sheet.locator("[data-spots]").bounding_box()
    assert box
    page.mouse.click(box["x"] + box["width"] * 0.25, box["y"] + box["height"] * 0.5)
    page.mouse.click(box["x"] + box["width"] * 0.75, box["y"] + box["height"] * 0.5)
    expect(sheet.locator(".spot")).to_have_count(2)
    sheet.locator(".spot-row").nth(1).get_by_role("button", name="Find a product").click()
    page.fill("#d-find", "warm lamp")
    page.locator("[data-dialog=product] .picker-row button").click()
    sheet.locator("[data-spots-done]").click()
    marks = re.search(
        r":::picture\[\w+\]\{alt=\"[^\"]+\"\}\n@ 25 50 clay-teapot\n@ 75 50 warm-lamp\n:::", written(page)
    )
    assert marks
    page.fill("[name=summary]", "What I would buy again.")
    saved(page)
    page.goto(address)  # words of cards that were left empty are not kept
    surface(page)
    first_words = written(page)

    # It is planned in the author's own zone, for a day that the site's clock then reaches.
    at = (datetime.now(UTC) + AHEAD).astimezone(ZoneInfo(ZONE)).replace(second=0, microsecond=0)
    page.locator("[data-panels] summary", has_text="When").click()
    page.click("text=Plan a time")
    page.fill("[name=at]", at.strftime("%Y-%m-%dT%H:%M"))
    page.select_option("[name=zone]", ZONE)
    page.click("main form button:has-text('Plan it')")
    expect(page.locator(".flashes")).to_contain_text("Planned: readers see these words from")
    reader = visit(width=390).page
    reader.goto(f"/@{author.handle}")
    expect(reader.locator("h1")).to_contain_text("Tess Teamaker")
    expect(reader.locator("main")).not_to_contain_text(TITLE)

    site.move_clock(AHEAD + timedelta(minutes=2))
    sees(reader, TITLE)
    reader.click(f"main a:has-text('{TITLE}')")
    expect(reader.locator("h1")).to_have_text(TITLE)
    guide = reader.url
    expect(reader.locator(".list-item h2")).to_have_text([re.compile(title) for title in order])
    expect(reader.locator(".shot .spot")).to_have_count(2)
    # Of a price that was read three days ago nothing is said; of points that nobody wrote, neither.
    expect(reader.locator(".list-item").first).to_contain_text("Price not known")
    expect(reader.locator(".list-item h3")).to_have_count(0)

    # Two windows: both write, the second is told, and nothing of either is lost.
    page.goto(address)
    surface(page)
    other = person.context.new_page()
    other.goto(address)
    surface(other)
    put_at_end(other, "\nThe other window’s words.\n")
    saved(other)
    write(page, first_words.replace("What stands on my table.", "What stands on my table every day."))
    expect(page.locator("[data-conflict]")).to_be_visible(timeout=LONG)
    page.click("[data-merge]")
    expect(page.locator("main")).to_contain_text("Both versions fit together")
    page.click("button[value=chosen]")
    page.wait_for_url(re.compile(re.escape(address)))
    surface(page)
    merged = written(page)
    assert "What stands on my table every day." in merged
    assert "The other window’s words." in merged
    page.click("main button:has-text('Publish changes')")
    expect(page.locator(".flashes")).to_contain_text("Published.")
    sees(reader, "What stands on my table every day.")

    # And back to the words that were planned.
    page.goto(f"{address}/history")
    planned = page.locator(".version", has_text="Version 1").last
    planned.locator("button:has-text('Make it the draft again')").click()
    page.wait_for_url(re.compile(re.escape(address)))
    page.goto(address)
    surface(page)
    assert written(page).strip() == first_words.strip()
    page.click("main button:has-text('Publish changes')")
    expect(page.locator(".flashes")).to_contain_text("Published.")
    reader.goto(guide)
    expect(reader.locator("main")).not_to_contain_text("every day")
    expect(reader.locator(".list-item h2")).to_have_text([re.compile(title) for title in order])
