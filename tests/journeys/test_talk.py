"""Readers comment on a guide, answer each other, vote, and find the guide by a word of a comment."""

from __future__ import annotations

import os
import time
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.journeys.conftest import Visit
from tests.journeys.stage import Stage, new_word

FOUND_WITHIN = 30.0  # seconds from the comment to the search


def keep_picture(page: Page, name: str) -> None:
    """For whoever wants to look at it: a picture below ``CONTENTSHOP_TEST_PICTURES``."""
    folder = os.environ.get("CONTENTSHOP_TEST_PICTURES", "")
    if folder:
        page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)


def find(page: Page, word: str, path: str) -> None:
    end = time.monotonic() + FOUND_WITHIN
    while True:
        page.goto(f"/search?q={word}&exact=1")
        if page.locator(f"main a[href='{path}']").count() and "1 " in page.locator("[role=status]").first.inner_text():
            return
        assert time.monotonic() < end, f"{word} was not found after {FOUND_WITHIN} s"
        page.wait_for_timeout(300)


def test_a_guide_is_found_by_what_readers_say(visit: Visit, stage: Stage) -> None:
    word, path = new_word(), stage.article
    reader = visit(stage.reader, width=390).page
    reader.goto(path)
    reader.fill("#t-new", f"Mine hums like a {word}.\nStill good.")
    reader.get_by_role("button", name="Comment", exact=True).click()
    line = reader.locator(".talk-line", has_text=word)
    expect(line).to_be_visible()

    line.locator("summary").click()
    line.locator("textarea").fill("And after a week it stopped.")
    line.get_by_role("button", name="Reply").click()
    expect(reader.locator(".talk-replies .talk-text")).to_have_text("And after a week it stopped.")

    reader.get_by_role("button", name="Worth it", exact=True).click()
    expect(reader.locator(".worth").get_by_role("button", name="chosen, press to take it back")).to_be_visible()
    keep_picture(reader, "talk-390")

    visitor = visit(width=1280).page
    find(visitor, word, path)
    visitor.goto(path)
    expect(visitor.locator(".talk-line", has_text=word).first).to_be_visible()
    keep_picture(visitor, "talk-1280")

    reader.goto(path)
    reader.locator(".talk-line", has_text=word).first.get_by_role("link", name="Edit").first.click()
    reader.fill("[name=text]", "Mine hums.")
    reader.get_by_role("button", name="Save").click()
    expect(reader.locator(".talk-text", has_text="Mine hums.")).to_be_visible()
    keep_picture(reader, "talk-edited-390")
