"""Following somebody, reading one's feed, opening a search result, and the board of what is read now."""

from __future__ import annotations

import time

import pytest
from playwright.sync_api import Browser, expect
from sqlalchemy import select

from contentshop.core.db import db
from contentshop.discovery.models import SearchPick
from tests.journeys.conftest import Visit, Watch
from tests.journeys.stage import Stage, new_word
from tests.live.site import LiveSite

# A Chromium without a window says so in its name, and counts as a robot.
BROWSER = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36"
COUNTED_WITHIN = 30.0  # seconds until the worker has put an opened result into the table


@pytest.mark.parametrize("script", [True, False], ids=["script", "no-script"])
def test_following_a_creator_fills_the_feed(visit: Visit, site: LiveSite, stage: Stage, script: bool) -> None:
    word = new_word()
    author = site.make.user("creator", name=f"Writer {word}", handle=f"w-{word}")
    post = site.make.post(author, title=f"Guide {word}")
    reader = visit(site.make.user("reader"), script=script, width=390)
    page = reader.page
    page.goto(f"/@{author.handle}")
    page.get_by_role("button", name="Follow").click()
    expect(page.get_by_role("button", name="Following")).to_be_visible()
    page.goto("/feed")
    expect(page.locator("main")).to_contain_text(f"You follow Writer {word}")
    expect(page.locator(f"main a[href='/p/{post.slug}']")).to_have_count(1)
    page.get_by_role("button", name="Newest first").click()
    expect(page.locator("main")).to_contain_text("Strictly by date.")
    page.get_by_role("button", name="Less like this").click()
    expect(page.locator(f"main a[href='/p/{post.slug}']")).to_have_count(0)
    page.get_by_role("button", name="Forget my searches and choices").click()
    expect(page.locator(f"main a[href='/p/{post.slug}']")).to_have_count(1)


def test_an_opened_result_is_counted_with_its_place(
    browser: Browser, watch: Watch, site: LiveSite, stage: Stage
) -> None:
    context = browser.new_context(base_url=site.url, user_agent=BROWSER)
    watch.follow(context)
    page = context.new_page()
    page.goto("/search?q=kettle")
    page.locator("main .hit a[href]").first.click()
    page.wait_for_url(lambda url: "/search" not in url)
    end = time.monotonic() + COUNTED_WITHIN
    while True:
        with site.app.app_context():
            found = db.session.execute(select(SearchPick.words, SearchPick.rank)).all()
            db.session.remove()
        if found:
            break
        assert time.monotonic() < end, "the opened result is not counted"
        page.wait_for_timeout(300)
    context.close()
    assert [tuple(row) for row in found] == [("kettle", 1)]


@pytest.mark.parametrize(("locale", "width"), [("en", 1280), ("zh", 390)])
def test_the_boards_can_be_read(visit: Visit, stage: Stage, locale: str, width: int) -> None:
    page = visit(locale=locale, width=width).page
    page.goto("/trending")
    tabs = page.locator("main .tabs a")
    expect(tabs).to_have_count(3)
    for number, path in ((0, "/trending/day"), (2, "/trending/month"), (1, "/trending")):
        tabs.nth(number).click()
        page.wait_for_url(f"**{path}")
        expect(page.locator("main .tabs a[aria-current=page]")).to_have_attribute("href", path)
