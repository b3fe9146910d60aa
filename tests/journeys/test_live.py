"""A live session: the host at one window, readers at others."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from contentshop.core.db import db
from contentshop.core.uow import unit_of_work
from contentshop.media import actions as media
from contentshop.web.session import engines
from tests.journeys.conftest import Visit
from tests.journeys.stage import ELSEWHERE, STOCK, Stage
from tests.journeys.test_accessibility import obstacles
from tests.live.site import LiveSite
from tests.rooms.media.recordings import as_file, mp4


@pytest.fixture(scope="module")
def video(site: LiveSite, stage: Stage) -> str:
    """A video of the creator's own; there is nothing to see in it."""
    with site.app.app_context():
        storage, now = engines().storage, engines().clock.now()
        prepared = media.prepare(as_file(mp4(data=b"nothing")), "evening.mp4", most=10**8)
        kept = media.keep_files(storage, prepared)
        with unit_of_work(db.session):
            owner = db.session.merge(stage.creator)
            return media.store(db.session, prepared, kept, owner=owner, alt="An evening", now=now).key


def test_readers_follow_what_the_host_shows(visit: Visit, stage: Stage, video: str) -> None:
    host = visit(stage.creator).page
    host.goto("/studio/live")
    host.click("main >> text=Announce a session")
    host.fill("[name=title]", "Quiet things, live")
    host.fill("[name=summary]", "What I take on trains.")
    host.select_option("[name=video]", video)
    expect(host.locator("[name=zone]")).to_have_value("UTC")
    host.click("main form button[type=submit]")
    expect(host.locator("h1")).to_have_text("Quiet things, live")
    for words, slug in (("quiet", STOCK), ("kettle", ELSEWHERE)):
        host.fill("#live-q", words)
        host.press("#live-q", "Enter")
        found = host.locator(f".host-found li:has([value='{slug}'])")
        found.locator("[name=note]").fill(f"My {slug}")
        found.locator("button").click()
        expect(host.locator(".host-card", has_text=f"My {slug}")).to_be_visible()
    assert obstacles(host) == []

    address = host.locator("a:has-text('See it as readers do')").get_attribute("href")
    assert address is not None
    reader = visit(width=390).page
    reader.goto(address)
    expect(reader.locator(".live-state")).to_contain_text("Announced")
    assert obstacles(reader) == []
    plain = visit(script=False, width=390).page
    plain.goto(f"{address}/cards")

    # The reader's page turns by itself when the host goes live, and follows every card.
    host.click("text=Go live")
    expect(reader.locator(".live-on")).to_be_visible()
    expect(reader.locator("video")).to_be_visible()
    host.locator(".host-card", has_text=f"My {STOCK}").locator("text=Show now").click()
    pinned = reader.locator("[data-pinned]")
    expect(pinned).to_contain_text(f"My {STOCK}")
    expect(pinned.locator("button", has_text="Add to cart")).to_be_visible()
    host.locator(".host-card", has_text=f"My {ELSEWHERE}").locator("text=Show now").click()
    expect(pinned).to_contain_text(f"My {ELSEWHERE}")
    expect(reader.locator(".live-queue")).to_contain_text(f"My {STOCK}")
    expect(reader.locator(".live-queue")).not_to_contain_text(f"My {ELSEWHERE}")
    assert obstacles(reader) == []
    # Without script the page renews itself; here the reader does.
    plain.reload()
    expect(plain.locator("[data-pinned]")).to_contain_text(f"My {ELSEWHERE}")

    host.click("text=End the session")
    expect(reader.locator(".live-state")).to_contain_text("Over")
    expect(pinned).to_have_count(0)
    card = host.locator(".host-card", has_text=f"My {STOCK}")
    card.locator("input.input[name=second]").fill("1:05")
    card.locator("text=Add time").click()
    host.click("text=Offer the replay")
    expect(host.locator("main")).to_contain_text("Replay")
    reader.reload()
    link = reader.locator(".live-moments a", has_text="1:05")
    expect(link).to_have_attribute("href", re.compile(r"\.mp4#t=65$"))
    link.click()
    assert reader.evaluate("document.querySelector('video').currentTime") in (0, 65)
    assert reader.url.endswith(address)
    assert obstacles(reader) == []


def test_a_stream_of_another_site_is_asked_for(visit: Visit, stage: Stage) -> None:
    host = visit(stage.creator, locale="zh").page
    host.goto("/studio/live/new")
    host.fill("[name=title]", "晚上的直播")
    host.fill("[name=stream]", "https://youtu.be/abcdefghijk")
    host.select_option("[name=lang]", "zh")
    host.click("main form button[type=submit]")
    expect(host.locator("h1")).to_have_text("晚上的直播")
    assert obstacles(host) == []
    address = host.url.replace("/studio/live/", "/live/")
    host.locator("form[action$='/state'] button").click()
    expect(host.locator(".live-on")).to_be_visible()
    for script in (True, False):
        reader = visit(locale="zh", width=390, script=script).page
        reader.goto(address)
        expect(reader.locator(".live-player .button")).to_be_visible()
        expect(reader.locator("iframe")).to_have_count(0)
        if script:
            assert obstacles(reader) == []
    host.locator("form[action$='/state'] button").click()
    expect(host.locator(".live-on")).to_have_count(0)
    host.goto("/live")
    assert obstacles(host) == []
