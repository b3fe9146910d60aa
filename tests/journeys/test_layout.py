"""Pages stand still while they load, tell the size of every picture, and weigh little."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, Response

from tests.journeys.conftest import Visit, Watch
from tests.journeys.slow_line import slow_line
from tests.journeys.stage import STOCK, Stage
from tests.journeys.writing import surface
from tests.live.site import LiveSite

HEAVIEST = 34 * 1024  # bytes of HTML, CSS and JavaScript, compressed (the design's limit for a reader page)
# Cumulative layout shift is told with three decimals (https://web.dev/articles/cls); below this it is told as zero.
# What remains are words that were cut in the middle of a centred line.
STILL = 0.0005
MOST_REQUESTS = 25  # before scrolling; each is one more chance to wait

PAGES = ["home", "article", "list", "product", "search", "series", "creator", "live", "replay", "comments"]


def path_of(name: str, stage: Stage) -> str:
    return {
        "home": "/",
        "article": stage.article,
        "list": stage.list,
        "product": f"/products/{STOCK}",
        "search": "/search?q=guide",
        "series": stage.series,
        "creator": f"/@{stage.creator.handle}",
        "live": f"/live/{stage.live['live']}",
        "replay": f"/live/{stage.live['replay']}",
        "comments": f"/p/{stage.discussed}/comments",
    }[name]


WATCH_SHIFTS = """
window.shifts = [];
new PerformanceObserver((list) => {
  for (const entry of list.getEntries())
    if (!entry.hadRecentInput) window.shifts.push([entry.value, entry.sources.map((source) =>
      [(source.node?.nodeType === 1 ? source.node : source.node?.parentElement)?.outerHTML.slice(0, 120),
       source.previousRect.toJSON(), source.currentRect.toJSON()])]);
}).observe({ type: "layout-shift", buffered: true });
"""


def moved(page: Page) -> float:
    """Cumulative layout shift of ``page``, all of it in one session window."""
    return float(sum(shift for shift, _ in page.evaluate("window.shifts")))


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("name", PAGES)
def test_nothing_moves_and_every_picture_has_its_size(visit: Visit, stage: Stage, name: str, width: int) -> None:
    person = visit(width=width)
    person.context.add_init_script(WATCH_SHIFTS)
    page = person.page
    page.goto(path_of(name, stage))
    page.wait_for_load_state("networkidle")
    for picture in page.locator("img").all():  # lazy ones come when they are scrolled to
        picture.scroll_into_view_if_needed()
        picture.evaluate("image => image.complete || new Promise((done) => (image.onload = image.onerror = done))")
    page.evaluate("new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)))")

    assert moved(page) < STILL, page.evaluate("window.shifts")
    unsized = (
        "[...document.images].filter((image) => !(image.getAttribute('width') > 0 && image.getAttribute('height') > 0))"
    )
    assert page.evaluate(f"{unsized}.map((image) => image.outerHTML)") == []
    broken = "[...document.images].filter((image) => image.complete && image.naturalWidth === 0)"
    assert page.evaluate(f"{broken}.map((image) => image.src)") == []
    assert page.evaluate("[...document.images].filter((image) => !image.hasAttribute('alt')).length") == 0


@pytest.fixture(scope="module")
def slow(site: LiveSite) -> Iterator[str]:
    with slow_line(site.url) as address:
        yield address


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("name", PAGES)
def test_nothing_moves_while_a_page_comes_in_pieces(
    visit: Visit, watch: Watch, slow: str, stage: Stage, name: str, width: int
) -> None:
    watch.address = slow
    person = visit(width=width)
    page = person.page
    page.goto(f"{slow}/sign-in")  # from here on the browser has the style sheet, and draws what has come
    person.context.add_init_script(WATCH_SHIFTS)
    page.goto(slow + path_of(name, stage))
    page.wait_for_load_state("networkidle")
    came = "performance.getEntriesByType('navigation')[0]"
    assert page.evaluate(f"{came}.responseEnd - {came}.responseStart") > 300  # milliseconds: it did come in pieces
    assert moved(page) < STILL, page.evaluate("window.shifts")


@pytest.mark.parametrize("name", PAGES)
def test_a_reader_page_is_light(visit: Visit, stage: Stage, name: str) -> None:
    page = visit(width=390).page
    answers: list[Response] = []
    page.on("response", lambda answer: answers.append(answer))
    page.goto(path_of(name, stage))
    page.wait_for_load_state("networkidle")

    def weight(answer: Response) -> int:
        return len(gzip.compress(answer.body()))

    kinds: dict[str, Any] = {"document": 0, "stylesheet": 0, "script": 0}
    for answer in answers:
        if answer.request.resource_type in kinds:
            kinds[answer.request.resource_type] += weight(answer)
    assert all(kinds.values())
    assert sum(kinds.values()) <= HEAVIEST, kinds
    assert len(answers) <= MOST_REQUESTS, [answer.url for answer in answers]


def test_answers_come_compressed_and_files_may_be_kept(visit: Visit, stage: Stage) -> None:
    page = visit().page
    answers: list[Response] = []
    page.on("response", lambda answer: answers.append(answer))
    page.goto(stage.article)
    page.wait_for_load_state("networkidle")
    for answer in answers:
        if answer.request.resource_type in {"document", "stylesheet", "script"}:
            assert answer.headers.get("content-encoding") in {"br", "gzip"}, answer.url


def box_of(part: Locator) -> dict[str, float]:
    box = part.bounding_box()
    assert box is not None
    return {"top": box["y"], "bottom": box["y"] + box["height"], "left": box["x"], "right": box["x"] + box["width"]}


@pytest.mark.parametrize("width", [320, 390])
def test_on_a_phone_saving_stays_at_the_foot_of_the_window_and_hides_nothing(
    visit: Visit, stage: Stage, width: int
) -> None:
    page = visit(stage.creator, width=width).page
    page.goto(f"/studio/{stage.draft}")
    surface(page)
    page.evaluate("for (const panel of document.querySelectorAll('.fold')) panel.open = true")
    height = page.viewport_size["height"] if page.viewport_size else 0
    bar = page.locator(".write-acts")
    for place in (0, 600, 100_000):
        page.evaluate("place => scrollTo(0, place)", place)
        found = box_of(bar)
        assert (found["left"], found["right"], found["bottom"]) == (0, width, height)
        for button in bar.locator("button:visible").all():
            target = box_of(button)
            assert target["bottom"] - target["top"] >= 44
            assert 0 <= target["left"] < target["right"] <= width
    # At the end of the page its last part stands above the bar.
    assert round(box_of(page.locator(".write-side"))["bottom"]) <= box_of(bar)["top"]
    # Whoever goes on by keyboard sees where they are.
    page.evaluate("scrollTo(0, 0)")
    for name in ("summary", "relation", "tested", "lang"):
        page.focus(f"[name={name}]")
        page.locator(f"[name={name}]").evaluate("field => field.scrollIntoView({ block: 'nearest' })")
        assert box_of(page.locator(f"[name={name}]"))["bottom"] <= box_of(bar)["top"], name
    page.fill("[name=title]", "Saved from the foot")
    bar.locator("[value=save]").click()
    page.wait_for_load_state()
    assert page.input_value("[name=title]") == "Saved from the foot"
    assert page.locator("[role=alert]:visible").count() == 0


@pytest.mark.parametrize("width", [390, 1280])
def test_every_tool_of_the_editor_can_be_seen(visit: Visit, stage: Stage, width: int) -> None:
    page = visit(stage.creator, width=width).page
    page.goto(f"/studio/{stage.draft}")
    surface(page)
    bar = page.locator(".editor-bar")
    tools = [box_of(tool) for tool in bar.locator("button:visible").all()]
    assert len(tools) == (8 if width == 390 else 15)
    assert max(tool["right"] for tool in tools) <= box_of(bar)["right"]
    assert len({tool["top"] for tool in tools}) == 1


def test_on_a_wide_screen_saving_stands_at_the_top(visit: Visit, stage: Stage) -> None:
    page = visit(stage.creator, width=1280).page
    page.goto(f"/studio/{stage.draft}")
    assert page.locator(".write-acts").evaluate("bar => getComputedStyle(bar).position") == "static"
    assert box_of(page.locator(".write-acts"))["bottom"] < box_of(page.locator("[name=title]"))["top"]


@pytest.mark.parametrize("width", [390, 768, 1280])
def test_no_tile_of_the_desk_is_alone_in_its_row(visit: Visit, stage: Stage, width: int) -> None:
    page = visit(stage.operator, width=width).page
    page.goto("/desk")
    tiles = page.locator(".queues > .queue")
    assert tiles.count() == 10
    rows = """(queues, count) => {
      const all = [...Array(count)].map(() => queues.firstElementChild.cloneNode(true));
      queues.replaceChildren(...all);
      const rows = Map.groupBy(all.map((tile) => tile.getBoundingClientRect()), (box) => box.top);
      const end = queues.getBoundingClientRect().right;
      return [...rows.values()].map((row) => [row.length, Math.round(end - row.at(-1).right)]);
    }"""
    for count in range(2, 14):
        found = page.locator(".queues").evaluate(rows, count)
        assert sum(number for number, _gap in found) == count
        assert max(number for number, _gap in found) <= (2 if width == 390 else 4)
        # One tile by itself is as wide as the row.
        assert [gap for number, gap in found if number == 1] in ([], [0]), (count, found)
    assert page.locator(".queues").evaluate(rows, 7) == ([[1, 0], *[[2, 0]] * 3] if width == 390 else [[3, 0], [4, 0]])


@pytest.mark.parametrize("width", [320, 390, 768, 1280])
def test_one_or_two_tiles_fill_their_line(visit: Visit, width: int) -> None:
    page = visit(width=width).page
    page.goto("/")
    rail = page.locator(".rail").first
    boxes = """(rail, count) => {
      while (rail.children.length > count) rail.lastElementChild.remove();
      const line = rail.parentElement.getBoundingClientRect();
      return [...rail.children].map((tile) => {
        const box = tile.getBoundingClientRect();
        const [media, title] = [tile.children[0], tile.children[1]].map((part) => part.getBoundingClientRect());
        return [Math.round(box.left - line.left), Math.round(line.right - box.right), media.right <= title.left];
      });
    }"""
    (left, right) = rail.evaluate(boxes, 2)
    assert (left[0], right[1]) == (0, 0)
    assert {left[2], right[2]} == {width >= 768}
    assert rail.evaluate(boxes, 1) == [[0, 0, True]]


def test_a_title_of_one_long_word_widens_no_page(visit: Visit, stage: Stage) -> None:
    page = visit(stage.creator, width=320).page
    page.goto("/studio/media")
    page.locator("main .page-title").evaluate("title => (title.textContent = 'WMWMWMWMWMWMWMWMWMWMWMWM')")
    assert page.evaluate("document.documentElement.scrollWidth") == 320
    assert box_of(page.locator("main .page-title"))["right"] <= 320
