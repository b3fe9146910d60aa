"""Series in a real browser: put in order by their arrows and by dragging."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.journeys.conftest import Visit
from tests.journeys.stage import Stage


def test_a_creator_puts_posts_in_order(visit: Visit, stage: Stage) -> None:
    page = visit(stage.creator).page
    page.goto("/studio/series")
    page.fill("[name=title]", "From one to two")
    page.click("main form button")
    for _time in range(2):
        page.click("main form.pick-two button")
    rows = page.locator(".series-order > li")
    expect(rows).to_have_count(2)
    first, second = (rows.nth(at).locator("a").inner_text() for at in (0, 1))
    rows.nth(0).locator("[name=down]").click()
    expect(rows.nth(0).locator("a")).to_have_text(second)
    expect(page.locator(".series-grip").first).to_be_visible()
    with page.expect_response(re.compile("/parts$")) as answer:
        rows.nth(0).locator(".series-grip").drag_to(rows.nth(1))
    assert answer.value.status == 200
    expect(page.locator("[data-series-say]")).to_contain_text("is now number 2")
    page.reload()
    expect(rows.nth(0).locator("a")).to_have_text(first)
