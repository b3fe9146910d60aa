"""A reader saves a search, a creator publishes what it waits for, and the reader hears of it."""

from __future__ import annotations

import time
from urllib.parse import quote, urlsplit

from playwright.sync_api import Page, expect

from tests.journeys.conftest import Visit
from tests.journeys.stage import STOCK, Stage, new_word
from tests.journeys.writing import write
from tests.live.site import LiveSite

TOLD_WITHIN = 30.0  # seconds from publishing to the notification


def save_search(page: Page, word: str) -> None:
    page.goto(f"/account/searches/new?q={quote(word)}&kind=list")
    expect(page.locator("main [name=q]")).to_have_value(word)
    page.fill("[name=name]", f"All about {word}")
    page.check("[name=feed]")
    page.locator("main form.stack button[type=submit]").click()
    expect(page.locator("h1")).to_be_visible()
    page.wait_for_url(lambda url: "/account/searches/" in url and "/new" not in url)


def publish(page: Page, title: str) -> str:
    page.goto("/studio/new")
    page.check("[name=kind][value=list]")
    page.fill("[name=title]", title)
    page.select_option("[name=lang]", "en")
    page.click("main form button[type=submit]")
    page.fill("[name=summary]", "What I kept.")
    write(page, f'What I kept.\n\n:::item[{STOCK}]{{award="Best"}}\n+ quiet\n\nWords.\n:::\n')
    page.click("button[formaction$='/publish']")
    live = page.locator("main a[href^='/p/']").first
    expect(live).to_be_visible()
    return live.get_attribute("href") or ""


def wait_for(page: Page, title: str) -> None:
    end = time.monotonic() + TOLD_WITHIN
    page.goto("/account/notifications")
    while not page.locator(f"main a:has-text('{title}')").count():
        assert time.monotonic() < end, f"nobody was told of {title} after {TOLD_WITHIN} s"
        page.wait_for_timeout(300)
        page.reload()


def test_a_reader_hears_of_what_was_waited_for(visit: Visit, stage: Stage, site: LiveSite) -> None:
    word = new_word()
    title = f"Two things for {word}"
    reader = visit(stage.reader, width=390).page
    save_search(reader, word)
    feed = urlsplit(reader.locator("[name=feed_url]").input_value()).path

    live_url = publish(visit(stage.creator).page, title)
    wait_for(reader, title)
    expect(reader.locator(".news-unread")).to_have_count(1)
    expect(reader.locator(".head-count")).to_be_visible()
    assert title in visit().page.request.get(f"{site.url}{feed}").text()

    reader.locator("main .page-actions form button").click()
    expect(reader.locator(".news-unread")).to_have_count(0)
    expect(reader.locator(".head-count")).to_have_count(0)
    reader.locator(f"main a:has-text('{title}')").click()
    assert urlsplit(reader.url).path == live_url

    reader.goto("/account/searches")
    row = reader.locator(".news-row", has_text=word)
    row.locator("button:has-text('Pause')").click()
    expect(reader.locator(".news-row", has_text=word).locator(".badge")).to_be_visible()


def test_a_visitor_signs_in_on_the_way_and_loses_nothing(visit: Visit, stage: Stage) -> None:
    page = visit(script=False).page
    word = new_word()
    page.goto(f"/account/searches/new?q={word}&to=25")
    page.fill("main [name=email]", stage.reader.email)
    page.fill("main [name=password]", "correct horse battery")
    page.click("main form button[type=submit]")
    expect(page.locator("main [name=q]")).to_have_value(word)
    expect(page.locator("[name=to]")).to_have_value("25")
    page.locator("main form.stack button[type=submit]").click()
    page.goto("/account/searches")
    expect(page.locator("main")).to_contain_text(word)
    page.locator(".news-row", has_text=word).locator("button:has-text('Delete')").click()
    expect(page.locator("main")).not_to_contain_text(f"“{word}” ·")
