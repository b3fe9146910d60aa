"""Hands on the writing page: type into the text, whether it stands in EasyMDE or in a plain field."""

from __future__ import annotations

from playwright.sync_api import Locator, Page, expect


def surface(page: Page) -> Locator:
    """What takes the keys, once the page is ready."""
    page.wait_for_selector("[data-write][data-ready]")
    return page.locator(".CodeMirror-code, textarea.editor-text:visible").first


def write(page: Page, text: str) -> None:
    """Put ``text`` in place of everything."""
    surface(page).focus()
    page.keyboard.press("Control+A")
    page.keyboard.insert_text(text)


def put_at_end(page: Page, text: str) -> None:
    """Add ``text`` behind everything."""
    surface(page).focus()
    expect(surface(page)).to_be_focused()
    page.keyboard.press("Control+End")
    page.keyboard.insert_text(text)


def written(page: Page) -> str:
    """The text as the form would send it."""
    return page.input_value("[name=source]")
