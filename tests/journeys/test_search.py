"""Finding: with typing errors, in Chinese, by pinyin; suggestions; narrowing, sorting, opening and going back."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.conftest import Visit, Watch
from tests.journeys.stage import STOCK, Stage
from tests.journeys.test_accessibility import assert_everybody_can_use

NARROW, WIDE = 390, 1280


def search_for(page: Page, words: str) -> None:
    page.goto("/")
    page.locator("#q").fill(words)
    page.locator("#q").press("Enter")
    page.wait_for_url("**/search?q=*")


@pytest.mark.parametrize("width", [NARROW, WIDE])
def test_a_visitor_finds_narrows_sorts_opens_and_goes_back(
    visit: Visit, watch: Watch, stage: Stage, width: int
) -> None:
    page = visit(width=width).page
    search_for(page, "wirless hedphones")
    expect(page.locator("h1")).to_contain_text("wireless headphones")
    expect(page.locator(".hit-title a").first).to_have_attribute("href", f"/products/{STOCK}")
    if width == NARROW:
        page.locator(".filters > summary").click()
    page.locator(".facet-link", has_text="Products").first.click()
    expect(page.locator(".chosen-link", has_text="Products")).to_be_visible()
    page.locator(".sort-link", has_text="Cheapest first").click()
    expect(page.locator(".sort-link[aria-current]")).to_have_text("Cheapest first")
    narrowed = page.url
    page.locator(".hit-title a").first.click()
    page.wait_for_url("**/products/*")
    page.go_back()
    assert page.url == narrowed
    expect(page.locator(".chosen-link", has_text="Products")).to_be_visible()
    page.locator(".chosen-link", has_text="Products").click()
    expect(page.locator(".chosen-link")).to_have_count(0)


@pytest.mark.parametrize("words", ["降噪耳机", "降噪耳機", "jiangzao erji", "jzej"])
def test_chinese_is_found_however_it_is_typed(visit: Visit, watch: Watch, stage: Stage, words: str) -> None:
    page = visit(width=NARROW, locale="zh").page
    search_for(page, words)
    expect(page.locator(f".hit-title a[href='/products/{STOCK}']")).to_be_visible()


@pytest.mark.parametrize("width", [NARROW, WIDE])
def test_suggestions_come_while_typing_and_are_chosen_by_keys(
    visit: Visit, watch: Watch, stage: Stage, width: int
) -> None:
    page = visit(width=width).page
    page.goto("/")
    page.locator("#q").press_sequentially("quie", delay=30)
    first = page.locator(".suggestions [role=option]").first
    expect(first).to_contain_text("Quiet 5 wireless headphones")
    expect(page.locator("#q")).to_have_attribute("aria-expanded", "true")
    assert_everybody_can_use(page)
    page.locator("#q").press("ArrowDown")
    expect(first).to_have_attribute("aria-selected", "true")
    page.locator("#q").press("Escape")
    expect(page.locator(".suggestions")).to_be_hidden()
    page.locator("#q").press_sequentially("t")
    expect(first).to_be_visible()
    page.locator("#q").press("ArrowDown")
    page.locator("#q").press("Enter")
    page.wait_for_url(re.compile(rf"/products/{STOCK}$"))


def test_nothing_found_is_never_an_empty_page(visit: Visit, watch: Watch, stage: Stage) -> None:
    page = visit().page
    search_for(page, "zyzzyva qqqqqqqq")
    expect(page.locator(".empty, .empty-state").first).to_be_visible()
    expect(page.locator(".tile").first).to_be_visible()
