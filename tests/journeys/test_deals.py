"""A deal from the first word to its end: written, published, found, reported by three readers, over."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.conftest import Visit
from tests.journeys.stage import ELSEWHERE, Stage, new_word
from tests.journeys.test_talk import keep_picture
from tests.journeys.writing import put_at_end

WITHIN = 60.0  # seconds from a change to the search


def wait_for_hit(page: Page, address: str, path: str, *, there: bool = True) -> None:
    """Search again until the page is found, or is found no more."""
    end = time.monotonic() + WITHIN
    while True:
        page.goto(address)
        if bool(page.locator(f".hit a[href='{path}']").count()) is there:
            return
        assert time.monotonic() < end, f"{path} after {WITHIN} s: there={there} is not so"
        page.wait_for_timeout(300)


@pytest.mark.timeout(400)
def test_a_deal_is_written_found_and_ended_by_readers(visit: Visit, stage: Stage) -> None:
    word = new_word()
    writer = visit(stage.creator).page
    writer.goto("/studio/new?kind=deal")
    writer.fill("[name=title]", f"Kettle with {word}")
    writer.locator("input[value=deal]").check(force=True)
    writer.locator("main form button[type=submit]").last.click()
    writer.wait_for_selector("#f-deal_product")
    put_at_end(writer, "Pours well.")
    writer.fill("#f-deal_product", ELSEWHERE)
    writer.fill("#f-deal_price", "45.00")
    writer.fill("#f-deal_coupon", f"{word[:8].upper()}-5")
    writer.fill("#f-deal_steps", "Open the page\nEnter the code")
    writer.fill("#f-deal_ends", f"{datetime.now(UTC) + timedelta(days=2):%Y-%m-%dT%H:%M}")
    writer.get_by_role("button", name="Save draft").click()
    expect(writer.locator("#f-deal_shop option")).to_have_count(3)
    writer.select_option("#f-deal_shop", "bigshop")
    writer.get_by_role("button", name="Publish", exact=True).click()
    link = writer.get_by_role("link", name="See the published post")
    expect(link).to_be_visible()
    path = link.get_attribute("href") or ""

    window = visit(width=390)
    window.context.grant_permissions(["clipboard-read", "clipboard-write"])
    visitor = window.page
    wait_for_hit(visitor, f"/search?q={word}&kind=deal&running=1&exact=1", path)
    visitor.locator(f".hit a[href='{path}']").first.click()
    expect(visitor.locator(".deal-price strong")).to_have_text("$45.00")
    expect(visitor.locator(".deal-usual s")).to_contain_text("$59.00")
    expect(visitor.locator(".deal-act .button")).to_contain_text("Buy at Bigshop")
    visitor.get_by_role("button", name="Copy code").click()
    expect(visitor.locator("[data-toast]")).to_contain_text("Copied")
    assert visitor.evaluate("navigator.clipboard.readText()") == f"{word[:8].upper()}-5"
    keep_picture(visitor, "deal-390")

    for number, person in enumerate((stage.reader, stage.editor, stage.operator), start=1):
        page = visit(person, width=390, script=number != 3).page
        page.goto(path)
        page.locator(".deal-foot summary").click()
        if number == 1:
            keep_picture(page, "deal-report-390")
        page.get_by_role("button", name="It is over").click()
        expect(page.locator(".flashes")).to_contain_text("Thank you.")
    visitor.reload()
    expect(visitor.locator(".deal-over")).to_contain_text("Readers say that it is over.")
    expect(visitor.locator(".deal-act .button-primary")).to_have_count(0)
    wait_for_hit(visitor, f"/search?q={word}&kind=deal&running=1&exact=1", path, there=False)
    wait_for_hit(visitor, f"/search?q={word}&kind=deal&exact=1", path)
    keep_picture(visitor, "deal-over-390")

    writer.goto("/studio")
    writer.get_by_role("link", name=f"Readers say that “Kettle with {word}” is over").click()
    writer.fill("#f-price", "47.00")
    writer.locator("button[value=running]").click()
    expect(writer.locator("main [role=status]").last).to_contain_text("It runs.")
    keep_picture(writer, "deal-standing-1280")
    visitor.goto(path)
    expect(visitor.locator(".deal-price strong")).to_have_text("$47.00")
