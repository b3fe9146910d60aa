"""Writing by hand: with the keyboard alone, on a phone, without a connection, in two windows, and with shops' pages."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, Locator, Page, Route, expect

from tests.journeys.conftest import SHOP_HOST, Visit, Watch
from tests.journeys.stage import ELSEWHERE, LAMP, STOCK, Stage
from tests.journeys.writing import put_at_end, surface, write, written
from tests.rooms.core.shop_server import Shop
from tests.rooms.media.pictures import picture

# Without preloading: to look into styles of shadow trees, axe writes style elements that the page's policy refuses.
RULES = {"resultTypes": ["violations"], "rules": {"target-size": {"enabled": True}}, "preload": False}
TEXT = f"""First words.

:::item[{STOCK}]{{award="Best for travel"}}
+ quiet

On planes.
:::

Between the two, to stay where it is.

:::item[{LAMP}]
+ warm

:::tip
A box in an item.
:::
:::

Last words."""

Begin = Callable[..., str]


@pytest.fixture
def begin(stage: Stage) -> Begin:
    """``begin(page, source, kind=…, title=…)``: a new draft by the form; its address."""

    def do(page: Page, source: str = "", *, kind: str = "list", title: str = "Things for the train") -> str:
        page.goto("/studio/new")
        page.check(f"[name=kind][value={kind}]")
        page.fill("[name=title]", title)
        page.select_option("[name=lang]", "en")
        page.click("main form button[type=submit]")
        surface(page)
        if source:
            with page.expect_response(lambda answer: answer.url.endswith("/autosave")):
                write(page, source)
            saved(page)
        return page.url

    return do


def saved(page: Page) -> None:
    """Wait until the page has saved by itself."""
    expect(page.locator("[data-save-state]")).to_have_attribute("data-state", "saved", timeout=60_000)


def assert_everybody_can_use(page: Page) -> None:
    found = Axe().run(page, options=RULES).response["violations"]
    assert [(one["id"], one["nodes"][0]["html"][:200]) for one in found] == []


def pressed(page: Page, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


class TestKeyboardAlone:
    def test_a_guide_is_written_without_a_mouse(self, visit: Visit, stage: Stage, begin: Begin) -> None:
        page = visit(stage.creator).page
        begin(page)
        surface(page).focus()
        page.keyboard.type("Hello there.")
        pressed(page, "Enter", "Enter")
        page.keyboard.type("/")
        menu = page.locator("[data-blocks]")
        expect(menu).to_be_visible()
        expect(surface(page)).to_have_attribute("aria-activedescendant", "block-product")
        page.keyboard.type("call")
        expect(menu.locator("[role=option]")).to_have_count(1)
        pressed(page, "Enter")
        assert ":::tip\nA good tip.\n:::" in written(page)
        page.keyboard.type("Bring a lamp.")  # over the words that are selected
        pressed(page, "Control+End")
        page.keyboard.type("/prod")
        pressed(page, "Enter")
        picker = page.locator("[data-dialog=product]")
        expect(picker.locator("input[type=search]")).to_be_focused()
        page.keyboard.type("quiet 5")
        expect(picker.locator(".picker-row")).to_have_count(1)
        pressed(page, "ArrowDown")
        expect(picker.locator(".picker-row button").first).to_be_focused()
        pressed(page, "Enter")
        expect(picker).to_be_hidden()
        assert written(page) == f"Hello there.\n\n:::tip\nBring a lamp.\n:::\n\n::card[{STOCK}]\n\n"
        page.keyboard.type("End.")
        assert written(page).endswith(f"::card[{STOCK}]\n\nEnd.")
        saved(page)

    def test_the_menu_goes_round_filters_and_closes(self, visit: Visit, stage: Stage, begin: Begin) -> None:
        page = visit(stage.creator).page
        begin(page)
        surface(page).focus()
        page.keyboard.type("/")
        menu = page.locator("[data-blocks]")
        pressed(page, "ArrowUp")
        expect(surface(page)).to_have_attribute("aria-activedescendant", "block-quote")
        pressed(page, "ArrowDown", "ArrowDown")
        expect(menu.locator("[aria-selected=true]")).to_have_attribute("id", "block-item")
        pressed(page, "Escape")
        expect(menu).to_be_hidden()
        assert written(page) == "/"
        page.keyboard.type("not a block")
        expect(menu).to_be_hidden()
        pressed(page, "Enter")
        page.keyboard.type("A road and/or a path /")
        expect(menu).to_be_hidden()  # only at the start of a line

    @pytest.mark.parametrize(
        ("asked", "text"),
        [
            ("table", "| Column | Column |\n| --- | --- |\n| Text | Text |\n\n"),
            ("fold", ":::toggle[Title]\nText\n:::\n\n"),
            ("gallery", ":::gallery\n\n:::\n\n"),
            ("contents", "::toc\n\n"),
            ("rating", "* Criterion: 4.5"),
            ("rejected", ":::rejected[]\nWhy it did not make it.\n:::\n\n"),
            ("footnote", "[^1]\n\n[^1]: Text\n"),
            ("smaller", "### "),
        ],
    )
    def test_each_block_is_inserted(self, visit: Visit, stage: Stage, begin: Begin, asked: str, text: str) -> None:
        page = visit(stage.creator).page
        begin(page)
        surface(page).focus()
        page.keyboard.type(f"/{asked}")
        expect(page.locator("[data-blocks] [role=option]").first).to_be_visible()
        pressed(page, "Enter")
        assert written(page) == text

    def test_marks_shortcuts_help_and_leaving_by_tab(self, visit: Visit, stage: Stage, begin: Begin) -> None:
        page = visit(stage.creator).page
        begin(page)
        surface(page).focus()
        page.keyboard.type("loud")
        pressed(page, "Control+A", "Control+b")
        assert written(page) == "**loud**"
        pressed(page, "Control+Alt+Digit2")
        assert written(page) == "## **loud**"
        pressed(page, "Control+Slash")
        sheet = page.locator("[data-dialog=help]")
        expect(sheet).to_be_visible()
        pressed(page, "Escape")
        expect(sheet).to_be_hidden()
        expect(surface(page)).to_be_focused()
        pressed(page, "Tab")
        expect(surface(page)).not_to_be_focused()
        pressed(page, "?")
        expect(sheet).to_be_visible()

    def test_the_toolbar_is_one_stop_with_arrows(self, visit: Visit, stage: Stage, begin: Begin) -> None:
        page = visit(stage.creator).page
        begin(page)
        page.focus("[data-open-picker]")
        pressed(page, "ArrowRight", "ArrowRight")
        expect(page.locator("[data-block=bold]")).to_be_focused()
        pressed(page, "End")
        expect(page.locator("[data-open-help]")).to_be_focused()
        pressed(page, "ArrowRight")
        expect(page.locator("[data-open-picker]")).to_be_focused()
        assert page.locator("[role=toolbar] button[tabindex='0']").count() == 1

    def test_an_item_moves_under_the_cursor(self, visit: Visit, stage: Stage, begin: Begin) -> None:
        page = visit(stage.creator).page
        begin(page, TEXT)
        surface(page).focus()
        pressed(page, "Control+Home", "ArrowDown", "ArrowDown", "Alt+ArrowDown")
        text = written(page)
        assert text.index(f":::item[{LAMP}]") < text.index("Between the two") < text.index(f":::item[{STOCK}]")
        pressed(page, "Alt+ArrowUp")
        assert written(page) == TEXT


class TestInputMethods:
    @pytest.mark.parametrize("touch", [False, True], ids=["mouse", "touch"])
    def test_chinese_is_composed_in_the_text_and_after_a_slash(
        self, visit: Visit, stage: Stage, begin: Begin, touch: bool
    ) -> None:
        person = visit(stage.creator, touch=touch, width=390 if touch else 1280)
        page = person.page
        begin(page)
        surface(page).focus()
        compose(person.context, page, ["d", "di", "di t", "di tie"], "地铁")
        pressed(page, "Enter")
        page.keyboard.type("/")
        expect(page.locator("[data-blocks]")).to_be_visible()
        compose(person.context, page, ["b", "bi"], "表")
        assert written(page).endswith("/表")


def compose(context: BrowserContext, page: Page, steps: list[str], words: str) -> None:
    """Type by an input method: letters that are not yet words, then the words."""
    tool = context.new_cdp_session(page)
    for step in steps:
        tool.send("Input.imeSetComposition", {"text": step, "selectionStart": len(step), "selectionEnd": len(step)})
        page.wait_for_timeout(30)
    tool.send("Input.insertText", {"text": words})
    page.wait_for_function("words => document.querySelector('[name=source]').value.includes(words)", arg=words)


def test_on_a_phone(visit: Visit, stage: Stage, begin: Begin) -> None:
    page = visit(stage.creator, width=390, touch=True).page
    begin(page)
    assert page.locator(".CodeMirror").count() == 0
    page.locator("[name=source]").tap()
    page.keyboard.type("Hello.")
    page.locator("[data-open-blocks]").tap()
    menu = page.locator("[data-blocks]")
    expect(menu).to_be_in_viewport()
    menu.locator("#block-callout").tap()
    assert written(page) == "Hello.\n\n:::tip\nA good tip.\n:::\n\n"
    page.locator("button[data-view=preview]").tap()
    expect(page.locator("[data-preview-page] .article-title")).to_have_text("Things for the train")
    expect(page.locator("[name=source]")).to_be_hidden()
    page.locator("button[data-view=preview]").tap()
    expect(page.locator("[name=source]")).to_be_visible()
    saved(page)
    bar = page.locator(".write-acts").bounding_box()
    assert bar is not None
    assert round(bar["y"] + bar["height"]) == 900
    small = page.locator("main button:visible, main summary:visible, main .check:visible").all()
    boxes = [one.bounding_box() for one in small]
    assert [box for box in boxes if box and box["height"] < 44] == []


class TestLivePreview:
    def test_it_shows_what_is_typed_and_marks_what_is_wrong(self, visit: Visit, stage: Stage, begin: Begin) -> None:
        page = visit(stage.creator).page
        begin(page, TEXT)
        page.click("button[data-view=preview]")
        sheet = page.locator("[data-preview-page]")
        expect(sheet.locator(".list-item")).to_have_count(2)
        expect(sheet.locator(".list-item").first).to_contain_text("$348.00")
        put_at_end(page, "\n\n::card[no-such-thing]\n\nNew words.\n")
        expect(sheet).to_contain_text("New words.")
        problem = page.locator("[data-problems] .check-bad")
        expect(problem).to_contain_text("There is no product “no-such-thing”")
        expect(page.locator(".CodeMirror .line-wrong")).to_have_count(1)
        problem.locator("a").click()
        expect(page.locator(".CodeMirror-activeline, .CodeMirror-focused")).to_have_count(1)
        address = page.url
        sheet.locator("a[href]").first.click()
        sheet.locator("button").first.click()
        assert page.url == address
        saved(page)

    def test_it_is_remembered_and_folds_away(self, visit: Visit, stage: Stage, begin: Begin) -> None:
        page = visit(stage.creator).page
        address = begin(page)
        page.click("button[data-view=preview]")
        page.goto(address)
        surface(page)
        expect(page.locator("[data-preview]")).to_be_visible()
        expect(page.locator("[data-panels]")).to_be_hidden()
        page.click("button[data-view=preview]")
        expect(page.locator("[data-preview]")).to_be_hidden()
        page.click("button[data-view=panels]")
        expect(page.locator("[data-panels]")).to_be_visible()


class TestSaving:
    def test_words_typed_offline_are_kept_and_sent_later(
        self, visit: Visit, watch: Watch, stage: Stage, begin: Begin
    ) -> None:
        watch.expected.append("ERR_INTERNET_DISCONNECTED")
        person = visit(stage.creator)
        page = person.page
        address = begin(page, "Online.")
        person.context.set_offline(True)
        put_at_end(page, "\n\nOffline.")
        expect(page.locator("[data-save-state]")).to_contain_text("Offline – kept in this browser")
        person.context.set_offline(False)
        saved(page)
        page.goto(address)
        surface(page)
        assert written(page).strip() == "Online.\n\nOffline."
        expect(page.locator("[data-restore]")).to_be_hidden()

    def test_an_answer_that_was_lost_is_no_conflict_with_oneself(
        self, visit: Visit, watch: Watch, stage: Stage, begin: Begin
    ) -> None:
        watch.expected.append("ERR_CONNECTION_RESET")
        person = visit(stage.creator)
        page = person.page
        address = begin(page, "Begun.")

        def lose(route: Route) -> None:
            route.fetch()
            route.abort("connectionreset")

        page.route("**/autosave", lose, times=1)
        put_at_end(page, "\n\n::card[no-such]\n\nSaved, but never told.")
        expect(page.locator("[data-save-state]")).to_have_attribute("data-state", "offline")
        put_at_end(page, "\n\nWritten since.")
        saved(page)
        page.goto(address)
        surface(page)
        assert written(page) == "Begun.\n\n::card[no-such]\n\nSaved, but never told.\n\nWritten since."

    def test_a_window_that_closes_offline_loses_nothing(
        self, visit: Visit, watch: Watch, stage: Stage, begin: Begin
    ) -> None:
        watch.expected.append("ERR_INTERNET_DISCONNECTED")
        person = visit(stage.creator)
        address = begin(person.page, "Online.")
        person.context.set_offline(True)
        put_at_end(person.page, "\n\nNearly lost.")
        expect(person.page.locator("[data-save-state]")).to_have_attribute("data-state", "offline")
        person.page.close()
        person.context.set_offline(False)
        page = person.context.new_page()
        page.clock.install()
        page.clock.fast_forward(60_000)
        page.goto(address)
        surface(page)
        assert written(page).strip() == "Online."
        expect(page.locator("[data-restore]")).to_contain_text("Nearly lost.")
        page.click("[data-restore-yes]")
        assert written(page).strip() == "Online.\n\nNearly lost."
        page.clock.fast_forward(5_000)
        saved(page)

    def test_two_windows_lead_to_the_merge_page(self, visit: Visit, watch: Watch, stage: Stage, begin: Begin) -> None:
        watch.expected.append("status of 409")
        person = visit(stage.creator)
        one = person.page
        address = begin(one, "The same beginning.\n\nA middle.\n")
        other = person.context.new_page()
        other.goto(address)
        write(other, "The same beginning.\n\nA middle of the other.\n")
        saved(other)
        write(one, "The same beginning.\n\nA middle of the one.\n")
        expect(one.locator("[data-conflict]")).to_be_visible()
        assert "A middle of the one." in written(one)
        one.click("[data-merge]")
        one.wait_for_url("**/merge**")
        expect(one.locator("main")).to_contain_text("one")
        expect(one.locator("main")).to_contain_text("other")

    def test_leaving_asks_only_when_something_would_be_lost(
        self, visit: Visit, watch: Watch, stage: Stage, begin: Begin
    ) -> None:
        person = visit(stage.creator)
        page = person.page
        address = begin(page, "Saved.")
        put_at_end(page, "\n\nTyped just before leaving.")
        page.goto("/studio")
        page.wait_for_timeout(1000)  # what is sent while a page closes belongs to no page any more
        page.goto(address)
        surface(page)
        assert written(page) == "Saved.\n\nTyped just before leaving."
        assert watch.dialogs == []

    def test_what_is_refused_is_told_and_stays(self, visit: Visit, watch: Watch, stage: Stage, begin: Begin) -> None:
        watch.expected.append("status of 422")
        page = visit(stage.creator).page
        begin(page)
        page.evaluate("document.querySelector('[name=title]').removeAttribute('maxlength')")
        page.fill("[name=title]", "x" * 10_000)
        expect(page.locator("[data-save-state]")).to_contain_text("Use at most 200 characters (now 10000).")
        page.fill("[name=title]", "Short again")
        saved(page)

    def test_without_script_the_form_saves(self, visit: Visit, stage: Stage) -> None:
        page = visit(stage.creator, script=False).page
        page.goto("/studio/new")
        page.fill("[name=title]", "By hand")
        page.click("main form button[type=submit]")
        page.fill("[name=source]", "Plain words.")
        page.click("button[name=do][value=save]")
        expect(page.locator("[name=source]")).to_have_value("Plain words.")
        page.click("button[name=do][value=preview]")
        expect(page.locator("h1")).to_have_text("By hand")


class TestBeside:
    def test_the_checklist_follows_what_is_saved(self, visit: Visit, stage: Stage, begin: Begin) -> None:
        page = visit(stage.creator).page
        begin(page)
        checks = page.locator("[data-checks]")
        expect(checks).to_contain_text("Write something first")
        write(page, "Words.\n\n::card[no-such]\n")
        expect(checks).to_contain_text("There is no product “no-such”")
        expect(page.locator("[data-problems]")).to_contain_text("There is no product “no-such”")
        write(page, TEXT)
        expect(checks).to_contain_text("It can be published.")
        expect(checks).not_to_contain_text("no-such")

    def test_only_words_that_are_read_are_counted(self, visit: Visit, stage: Stage, begin: Begin) -> None:
        page = visit(stage.creator).page
        begin(page, f'<!-- Say why. -->\n\nTwo words.\n\n::card[{STOCK}]{{note="And three more"}}\n\n三个字\n')
        expect(page.locator("[data-words]")).to_have_text("8 words ·")


class TestItems:
    def test_buttons_and_dragging_reorder_and_harm_nothing_between(
        self, visit: Visit, stage: Stage, begin: Begin
    ) -> None:
        page = visit(stage.creator).page
        begin(page, TEXT)
        rows = page.locator("[data-items] [data-place]")
        expect(rows).to_have_count(2)
        rows.nth(0).locator("[data-act=down]").click()
        once = written(page)
        assert once == swapped(TEXT)
        assert page.evaluate("document.activeElement.dataset.act") == "up"  # the same row, at its new place
        grip = rows.nth(0).locator(".write-grip")
        grip.scroll_into_view_if_needed()
        drag(page, grip, rows.nth(1))
        assert written(page) == TEXT
        pressed(page, "Control+z")
        saved(page)

    def test_items_follow_one_another_wherever_the_caret_was_left(
        self, visit: Visit, stage: Stage, begin: Begin
    ) -> None:
        page = visit(stage.creator).page
        begin(page, "Picks.\n")
        for asked in ("quiet 5", "gooseneck", "desk lamp"):
            page.click("[data-open-picker]")
            page.fill("#d-find", asked)
            strong = page.locator("[data-dialog=product] .picker-row .button-strong")
            expect(strong).to_have_text("Insert list item")
            strong.click()
            page.keyboard.type(f"Best {asked}")  # the caret stands in the award, within the item
        item = ':::item[{}]{{award="Best {}"}}\n+ \n- \n\n:::'
        picks = [item.format(STOCK, "quiet 5"), item.format(ELSEWHERE, "gooseneck"), item.format(LAMP, "desk lamp")]
        assert written(page) == "\n\n".join(["Picks.", *picks]) + "\n\n"
        expect(page.locator("[data-items] [data-place]")).to_have_count(3)

    @pytest.mark.parametrize(
        ("line", "asked", "text"),
        [
            (1, "card", ":::item[a]\n+ one\n- two\n\n::card[{lamp}]\n\nBody.\n:::\n\nEnd."),
            (5, "card", ":::item[a]\n+ one\n- two\n\nBody.\n\n::card[{lamp}]\n\n:::\n\nEnd."),
            (5, "item", ':::item[a]\n+ one\n- two\n\nBody.\n:::\n\n:::item[{lamp}]{{award=""}}\n+ \n- \n\n:::\n\nEnd.'),
            (5, "verdict", ":::item[a]\n+ one\n- two\n* Criterion: 4.5\n\nBody.\n:::\n\nEnd."),
        ],
    )
    def test_a_block_goes_where_it_may_stand(
        self, visit: Visit, stage: Stage, begin: Begin, line: int, asked: str, text: str
    ) -> None:
        page = visit(stage.creator).page
        begin(page, ":::item[a]\n+ one\n- two\n\nBody.\n:::\n\nEnd.")
        surface(page).focus()
        pressed(page, "Control+Home", *["ArrowDown"] * (line - 1), "End")
        page.click("[data-open-blocks]")
        page.click(f"#block-{'product' if asked == 'card' else asked}")
        if asked != "verdict":
            page.fill("#d-find", "desk lamp")
            page.click(f"[data-dialog=product] .picker-row [data-as={asked}]")
        assert written(page) == text.format(lamp=LAMP)

    @pytest.mark.parametrize("fence", ["```", "~~~~"])
    def test_items_in_code_are_words(self, visit: Visit, stage: Stage, begin: Begin, fence: str) -> None:
        page = visit(stage.creator).page
        begin(page)
        text = f"{fence}\n:::item[a]\n:::\n{fence}\n\n:::item[b]\nB\n:::\n\nx\n\n:::item[c]\nC\n:::\n\n:::item[open]"
        found = page.evaluate("([text, order]) => studio.reordered(text, order)", [text, [1, 0]])
        assert (
            found
            == f"{fence}\n:::item[a]\n:::\n{fence}\n\n:::item[c]\nC\n:::\n\nx\n\n:::item[b]\nB\n:::\n\n:::item[open]"
        )

    def test_products_are_compared(self, visit: Visit, stage: Stage, begin: Begin) -> None:
        page = visit(stage.creator).page
        begin(page, TEXT)
        pressed(page, "Control+End")
        page.click("[data-open-compare]")
        sheet = page.locator("[data-dialog=compare]")
        expect(sheet.locator("input[type=checkbox]")).to_have_count(2)
        sheet.locator("[data-compare-more]").click()
        page.fill("#d-find", "gooseneck")
        page.locator("[data-dialog=product] .picker-row button").click()
        expect(sheet.locator("input:checked")).to_have_count(3)
        sheet.locator("#d-attributes").fill("Weight, Charging")
        sheet.locator("#d-best").select_option(STOCK)
        sheet.locator("button[type=submit]").click()
        assert f'::compare[{STOCK}, {LAMP}, {ELSEWHERE}]{{attributes="Weight, Charging" best="{STOCK}"}}' in written(
            page
        )


def swapped(text: str) -> str:
    first, second = (match.span() for match in re.finditer(r"^:::item.*?^:::$(?:\n:::$)?", text, re.M | re.S))
    return (
        text[: first[0]] + text[slice(*second)] + text[first[1] : second[0]] + text[slice(*first)] + text[second[1] :]
    )


def drag(page: Page, what: Locator, onto: Locator) -> None:
    start, end = what.bounding_box(), onto.bounding_box()
    assert start
    assert end
    page.mouse.move(start["x"] + start["width"] / 2, start["y"] + start["height"] / 2)
    page.mouse.down()
    for share in (0.2, 0.5, 0.8, 1.0):
        page.mouse.move(start["x"] + 10, start["y"] + (end["y"] + end["height"] - 4 - start["y"]) * share)
        page.wait_for_timeout(60)
    page.mouse.up()


class TestPictures:
    def test_a_picture_is_chosen_and_products_are_placed_on_it(
        self, visit: Visit, stage: Stage, begin: Begin, tmp_path: Path
    ) -> None:
        page = visit(stage.creator).page
        begin(page, TEXT)
        file = tmp_path / "desk.jpg"
        file.write_bytes(picture("JPEG", (800, 400), colour=(90, 120, 60)))
        put_at_end(page, "\n")
        page.click("[data-block=picture]")
        page.fill("#d-alt", "A desk in the evening")
        page.locator("[data-dialog=picture] [data-files]").first.set_input_files(file)
        expect(page.locator("[data-dialog=picture]")).to_be_hidden()
        found = re.search(r"^::picture\[(\w+)\](\{.*\})?$", written(page), re.M)
        assert found, written(page)
        page.locator(f"[data-picture='{found[1]}'] button").click()
        sheet = page.locator("[data-dialog=spots]")
        image = sheet.locator("[data-spots-picture]")
        expect(image).to_be_visible()
        page.wait_for_function("() => document.querySelector('[data-spots-picture]').naturalWidth > 0")
        box = sheet.locator("[data-spots]").bounding_box()
        assert box
        page.mouse.click(box["x"] + box["width"] * 0.25, box["y"] + box["height"] * 0.5)
        expect(sheet.locator(".spot")).to_be_focused()
        pressed(page, "ArrowRight", "Shift+ArrowUp")
        sheet.locator("[data-spot-add]").click()
        pressed(page, "ArrowLeft")
        expect(sheet.locator(".spot")).to_have_count(2)
        sheet.locator(".spot-row input").nth(1).fill("the blue one")
        sheet.locator("[data-spots-done]").click()
        assert f":::picture[{found[1]}]{found[2] or ''}\n@ 26 45 {STOCK} the blue one\n@ 49 50 {LAMP}\n:::" in written(
            page
        )
        saved(page)

    def test_a_picture_is_pasted_and_what_is_none_is_refused(
        self, visit: Visit, watch: Watch, stage: Stage, begin: Begin
    ) -> None:
        watch.expected.append("status of 422")
        page = visit(stage.creator).page
        begin(page, "Words.")
        surface(page).focus()
        give(page, "paste", picture("PNG", (30, 20)), "shot.png")
        page.wait_for_function("() => document.querySelector('[name=source]').value.includes('::picture[')")
        give(page, "drop", b"#!/bin/sh", "script.jpg")
        expect(page.locator("[data-blocks-say]")).to_contain_text("picture")
        assert written(page).count("::picture[") == 1


GIVE = """([kind, bytes, name, type]) => {
  const data = new DataTransfer();
  data.items.add(new File([new Uint8Array(bytes)], name, { type }));
  const target = document.querySelector(".CodeMirror-code");
  const made = kind === "paste"
    ? new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true })
    : new DragEvent("drop", { dataTransfer: data, bubbles: true, cancelable: true });
  target.dispatchEvent(made);
}"""


def give(page: Page, how: str, data: bytes, name: str) -> None:
    kind = "image/png" if name.endswith("png") else "image/jpeg"
    page.evaluate(GIVE, [how, list(data), name, kind])


JSONLD = {
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


@pytest.fixture
def pages(shop: Shop) -> Shop:
    """A shop with a page of each kind."""
    shop.page(
        "/teapot",
        f"<title>Clay teapot</title><script type='application/ld+json'>{json.dumps(JSONLD)}</script><h1>Teapot</h1>",
    )
    shop.page(
        "/kettle",
        "<title>Camp kettle | Shop</title><meta property='og:type' content='product'>"
        "<meta property='og:title' content='Camp kettle'><meta property='product:price:amount' content='31.50'>"
        "<meta property='product:price:currency' content='USD'>",
    )
    shop.page("/captcha", "<title>Are you a robot?</title><div class='g-recaptcha'></div>", 403)
    shop.redirect("/away", "http://10.0.0.1/secret")
    return shop


class TestPastedAddresses:
    def test_a_page_becomes_a_product_and_its_card(self, visit: Visit, stage: Stage, begin: Begin, pages: Shop) -> None:
        page = visit(stage.creator).page
        begin(page, "First.")
        page.click("[data-open-picker]")
        page.fill("#d-find", f"https://{SHOP_HOST}/teapot?utm_source=mail")
        review = page.locator("[data-review]")
        expect(review.locator("[name=product_title]")).to_have_value("Clay teapot")
        expect(review.locator("[name=product_brand]")).to_have_value("Kiln")
        expect(review.locator("[name=product_price]")).to_have_value("48.00")
        expect(review.locator("[name=product_currency]")).to_have_value("USD")
        expect(review.locator("[data-review-sure]")).to_contain_text("Read with confidence")
        review.locator("[data-as=item]").click()
        expect(page.locator("[data-dialog=product]")).to_be_hidden()
        assert ":::item[clay-teapot]" in written(page)
        expect(page.locator("[data-items]")).to_contain_text("Clay teapot")
        saved(page)
        # Another address of the same page is the same product.
        page.click("[data-open-picker]")
        page.fill("#d-find", f"https://{SHOP_HOST}/teapot?utm_source=chat&fbclid=1")
        row = page.locator(".picker-row")
        expect(row).to_have_count(1)
        expect(row).to_contain_text("Clay teapot")
        row.locator("[data-as=card]").click()
        assert "::card[clay-teapot]" in written(page)

    def test_an_address_on_a_line_of_its_own_is_offered_as_a_card(
        self, visit: Visit, stage: Stage, begin: Begin, pages: Shop
    ) -> None:
        page = visit(stage.creator).page
        begin(page, "First.")
        surface(page).focus()
        pressed(page, "Control+End", "Enter", "Enter")
        address = f"https://{SHOP_HOST}/kettle"
        paste_text(page, address)
        offer = page.locator("[data-offer]")
        expect(offer).to_contain_text(address)
        offer.locator("button").first.click()
        review = page.locator("[data-review]")
        expect(review.locator("[name=product_title]")).to_have_value("Camp kettle")
        expect(review.locator("[name=product_price]")).to_have_value("31.50")
        review.locator("[data-as=card]").click()
        expect(page.locator("[data-dialog=product]")).to_be_hidden()
        assert written(page).strip() == "First.\n\n::card[camp-kettle]"

    @pytest.mark.parametrize(("path", "said"), [("/captcha", "proof that a person"), ("/away", "public")])
    def test_what_cannot_be_read_is_said_and_filled_in_by_hand(
        self, visit: Visit, stage: Stage, begin: Begin, pages: Shop, path: str, said: str
    ) -> None:
        page = visit(stage.creator).page
        begin(page, "First.")
        page.click("[data-open-picker]")
        page.fill("#d-find", f"https://{SHOP_HOST}{path}")
        review = page.locator("[data-review]")
        expect(review).to_be_visible()
        expect(review.locator("[data-review-say]")).to_be_visible()
        expect(review.locator("[name=product_price]")).to_have_value("")
        review.locator("[name=product_title]").fill(f"Found at {path[1:]}")
        review.locator("[data-as=card]").click()
        expect(page.locator("[data-dialog=product]")).to_be_hidden()
        assert f"::card[found-at-{path[1:]}]" in written(page)


PASTE = """(words) => {
  const data = new DataTransfer();
  data.setData("text/plain", words);
  const made = new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true });
  document.querySelector(".CodeMirror-code").dispatchEvent(made);
}"""


def paste_text(page: Page, words: str) -> None:
    page.evaluate(PASTE, words)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("locale", ["en", "zh"])
def test_everybody_can_use_it(visit: Visit, stage: Stage, scheme: str, locale: str) -> None:
    page = visit(stage.creator, scheme=scheme, locale=locale).page
    page.goto(f"/studio/{stage.draft}")
    surface(page)
    assert_everybody_can_use(page)
    page.click("button[data-view=preview]")
    expect(page.locator("[data-preview-page] .list-item").first).to_be_visible()
    assert_everybody_can_use(page)
    page.click("button[data-view=panels]")
    page.click("[data-open-blocks]")
    assert_everybody_can_use(page)
    pressed(page, "Escape")
    for name in ("help", "compare", "picture", "video", "product"):
        page.evaluate("name => document.querySelector(`[data-dialog=${name}]`).showModal()", name)
        assert_everybody_can_use(page)
        page.evaluate("name => document.querySelector(`[data-dialog=${name}]`).close()", name)


@pytest.mark.parametrize("width", [320, 390, 768, 1024, 1280])
def test_nothing_sticks_out(visit: Visit, stage: Stage, width: int) -> None:
    page = visit(stage.creator, width=width, touch=width < 1024).page
    page.goto(f"/studio/{stage.draft}")
    surface(page)
    wide: Any = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
    assert wide[0] <= wide[1]
    page.click("button[data-view=preview]")
    expect(page.locator("[data-preview-page] .list-item").first).to_be_visible()
    wide = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
    assert wide[0] <= wide[1]
