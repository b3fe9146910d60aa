"""Every kind of page, for everybody: axe-core finds nothing, narrow and wide, light and dark; nothing sticks out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.journeys.conftest import HEIGHT, Visit, Watch
from tests.journeys.stage import ELSEWHERE, GONE, LAMP, SOLD_OUT, STOCK, Stage
from tests.journeys.writing import written
from tests.live.site import LiveSite

NARROW, WIDE = 390, 1280
WIDTHS = (320, NARROW, 768, WIDE)
# Targets of 24 px are a rule that axe leaves out unless asked (WCAG 2.2 AA, 2.5.8).
# Without preloading: to look into styles of shadow trees, axe writes style elements that the page's policy refuses.
RULES = {"resultTypes": ["violations"], "rules": {"target-size": {"enabled": True}}, "preload": False}
CONTRAST = {"resultTypes": ["violations"], "runOnly": ["color-contrast"], "preload": False}

STICKS_OUT = """() => [...document.body.querySelectorAll("*")]
  .filter((element) => {
    const box = element.getBoundingClientRect();
    if (box.width === 0 || box.right <= innerWidth + 1) return false;
    for (let up = element; up; up = up.parentElement)
      if (["auto", "scroll", "hidden", "clip"].includes(getComputedStyle(up).overflowX)) return false;
    return true;
  })
  .map((element) => `${element.tagName.toLowerCase()}.${element.className}`)"""

AXE = Axe().axe_script


def findings(page: Page, options: dict[str, Any]) -> list[str]:
    """What axe finds, one line for each element."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE)
    rules = page.evaluate("options => axe.run(options).then(found => found.violations)", options)
    return [
        f"{rule['id']}: {node['html'][:200]} {node['failureSummary'][:300]}" for rule in rules for node in rule["nodes"]
    ]


def obstacles(page: Page) -> list[str]:
    """Look at the page as it stands, at every width and in both schemes."""
    found: list[str] = []
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": HEIGHT})
        if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            found.append(f"sticks out at {width}: {page.evaluate(STICKS_OUT)[:5]}")
    found += findings(page, RULES)
    # All but the account's menu, which lies over what stands below it; it has a test of its own.
    page.evaluate("for (const part of document.querySelectorAll('details:not([data-menu])')) part.open = true")
    page.set_viewport_size({"width": NARROW, "height": HEIGHT})
    found += findings(page, RULES)
    page.emulate_media(color_scheme="dark")
    found += findings(page, CONTRAST)
    page.set_viewport_size({"width": WIDE, "height": HEIGHT})
    found += findings(page, CONTRAST)
    return found


def assert_everybody_can_use(page: Page) -> None:
    assert obstacles(page) == []


def test_the_looking_sees_what_is_wrong(visit: Visit) -> None:
    page = visit().page
    page.goto("/forgot")
    page.evaluate("""() => {
      const bad = document.querySelector("main p");
      bad.style.color = "#ccc";
      bad.style.width = "3000px";
      document.querySelector("main label").remove();
    }""")
    found = obstacles(page)
    kinds = {line.split(":")[0] for line in found}
    assert kinds >= {"sticks out at 320", "sticks out at 390", "color-contrast", "label"}


Path = Callable[[Stage], str]

PUBLIC: dict[str, Path] = {
    "home": lambda _: "/",
    "article": lambda stage: stage.article,
    "list": lambda stage: stage.list,
    "chinese article": lambda stage: stage.chinese,
    "deal": lambda stage: stage.deal,
    "deals": lambda _: "/deals",
    "product in stock": lambda _: f"/products/{STOCK}",
    "product elsewhere": lambda _: f"/products/{ELSEWHERE}",
    "product sold out": lambda _: f"/products/{SOLD_OUT}",
    "product gone": lambda _: f"/products/{GONE}",
    "search": lambda _: "/search?q=guide",
    "search filtered": lambda _: "/search?q=&kind=product&stock=1&from=10&to=x",
    "search without results": lambda _: "/search?q=zyzzyva",
    "topic": lambda stage: stage.topic,
    "creator": lambda stage: f"/@{stage.creator.handle}",
    "featured list": lambda stage: f"/featured/{stage.featured_slug}",
    "series": lambda stage: stage.series,
    "creator's lists": lambda stage: f"/@{stage.creator.handle}/lists",
    "comments": lambda stage: f"/p/{stage.discussed}/comments",
    "questions": lambda _: f"/products/{SOLD_OUT}/questions",
    "trending": lambda _: "/trending",
    "live sessions": lambda _: "/live",
    "a session to come": lambda stage: f"/live/{stage.live['scheduled']}",
    "a session that is live": lambda stage: f"/live/{stage.live['live']}",
    "its cards alone": lambda stage: f"/live/{stage.live['live']}/cards",
    "a session that is over": lambda stage: f"/live/{stage.live['ended']}",
    "a replay": lambda stage: f"/live/{stage.live['replay']}",
    "search with a session": lambda _: "/search?q=session",
    "empty cart": lambda _: "/cart",
    "sign in": lambda _: "/sign-in",
    "sign up": lambda _: "/sign-up",
    "forgotten password": lambda _: "/forgot",
    "nothing there": lambda _: "/p/no-such-guide",
}


@pytest.mark.parametrize("locale", ["en", "zh"])
def test_the_gallery_of_all_components(visit: Visit, locale: str) -> None:
    """Every component as it may look, also those that stand on no page of the stage."""
    page = visit(locale=locale).page
    page.goto("/dev/components")
    assert_everybody_can_use(page)


@pytest.mark.parametrize("name", PUBLIC)
def test_public_pages(visit: Visit, watch: Watch, stage: Stage, name: str) -> None:
    watch.expected.append("status of 404")
    page = visit().page
    page.goto(PUBLIC[name](stage))
    assert_everybody_can_use(page)


@pytest.mark.parametrize("name", ["home", "list", "search", "series", "creator", "comments", "a replay"])
def test_public_pages_in_chinese(visit: Visit, stage: Stage, name: str) -> None:
    page = visit(locale="zh").page
    page.goto(PUBLIC[name](stage))
    assert page.get_attribute("html", "lang") == "zh-Hans"
    assert_everybody_can_use(page)


OWN: dict[str, tuple[str, Path]] = {
    "account": ("reader", lambda _: "/account"),
    "new password": ("reader", lambda _: "/account/password"),
    "becoming a creator": ("reader", lambda _: "/studio"),
    "studio": ("creator", lambda _: "/studio"),
    "posts to look at again": ("creator", lambda _: "/studio/refresh"),
    "new post": ("creator", lambda _: "/studio/new"),
    "editor": ("creator", lambda stage: f"/studio/{stage.draft}"),
    "preview": ("creator", lambda stage: f"/studio/{stage.draft}/preview"),
    "history": ("creator", lambda stage: f"/studio/{stage.draft}/history"),
    "a version": ("creator", lambda stage: f"/studio/{stage.draft}/history/1"),
    "planning": ("creator", lambda stage: f"/studio/{stage.draft}/schedule"),
    "people": ("creator", lambda stage: f"/studio/{stage.draft}/together"),
    "remarks": ("creator", lambda stage: f"/studio/{stage.draft}/review?at=1"),
    "preview links": ("creator", lambda stage: f"/studio/{stage.draft}/share"),
    "ways to begin": ("creator", lambda _: "/studio/new?start=review"),
    "a new product": ("creator", lambda _: "/studio/products/new"),
    "media library": ("creator", lambda _: "/studio/media"),
    "one picture": ("creator", lambda stage: f"/studio/media/{stage.picture}"),
    "own series": ("creator", lambda _: "/studio/series"),
    "one series": ("creator", lambda stage: f"/studio/series/{stage.series_key}"),
    "links to put in": ("creator", lambda stage: f"/studio/{stage.draft}/links"),
    "an invitation": ("creator", lambda stage: f"/studio/invitations/{stage.invitation}"),
    "own sessions": ("creator", lambda _: "/studio/live"),
    "new session": ("creator", lambda _: "/studio/live/new"),
    "preparing a session": ("creator", lambda stage: f"/studio/live/{stage.live['scheduled']}?q=kettle"),
    "running a session": ("creator", lambda stage: f"/studio/live/{stage.live['live']}"),
    "after a session": ("creator", lambda stage: f"/studio/live/{stage.live['replay']}"),
    "notifications": ("creator", lambda _: "/account/notifications"),
    "feed": ("reader", lambda _: "/feed"),
    "reading a deal": ("reader", lambda stage: stage.deal),
    "writing a deal": ("creator", lambda stage: f"/studio/{stage.deal_key}"),
    "how a deal stands": ("creator", lambda stage: f"/studio/{stage.deal_key}/deal"),
    "deals at the desk": ("editor", lambda _: "/desk/deals"),
    "commenting": ("reader", lambda stage: f"/p/{stage.discussed}/comments"),
    "reporting": ("creator", lambda stage: f"/comments/{stage.comment}/report"),
    "reports": ("editor", lambda _: "/desk/reports"),
    "synonyms": ("editor", lambda _: "/desk/synonyms"),
    "what is searched": ("editor", lambda _: "/desk/searches"),
    "desk": ("operator", lambda _: "/desk"),
    "products": ("operator", lambda _: "/desk/products"),
    "new product": ("operator", lambda _: "/desk/products/new"),
    "stock": ("operator", lambda _: "/desk/stock"),
    "merchants": ("operator", lambda _: "/desk/merchants"),
    "new merchant": ("operator", lambda _: "/desk/merchants/new"),
    "one merchant": ("operator", lambda _: "/desk/merchants/bigshop"),
    "orders": ("operator", lambda _: "/desk/orders"),
    "editors' desk": ("editor", lambda _: "/desk"),
    "featured lists": ("editor", lambda _: "/desk/featured"),
    "new featured list": ("editor", lambda _: "/desk/featured/new"),
    "one featured list": ("editor", lambda stage: f"/desk/featured/{stage.featured_key}"),
    "refused": ("reader", lambda _: "/desk/orders"),
}


@pytest.mark.parametrize("name", OWN)
def test_pages_of_people(visit: Visit, watch: Watch, stage: Stage, name: str) -> None:
    role, path = OWN[name]
    watch.expected.append("status of 403" if name == "refused" else "nothing")
    page = visit(getattr(stage, role)).page
    page.goto(path(stage))
    expect(page.locator("h1")).to_have_count(1)
    assert_everybody_can_use(page)


def test_pages_of_a_product_at_the_desk(visit: Visit, stage: Stage) -> None:
    page = visit(stage.operator).page
    page.goto("/desk/products")
    page.click("main a:has-text('Quiet 5') >> nth=0")
    expect(page.locator("h1")).to_contain_text("Quiet 5")
    here = page.url
    links = page.locator("main a[href*='/variants'], main a[href*='/offers']").all()
    paths = {link.get_attribute("href") or "" for link in links}
    assert_everybody_can_use(page)
    for path in sorted(paths)[:4]:
        page.goto(path if path.startswith("/") else here)
        assert_everybody_can_use(page)


def test_the_editor_with_its_product_search_open(visit: Visit, stage: Stage) -> None:
    page = visit(stage.creator).page
    page.goto(f"/studio/{stage.draft}")
    page.click("[data-open-picker]")
    page.fill("[data-picker] input", "quiet")
    expect(page.locator(".picker-row").first).to_be_visible()
    assert_everybody_can_use(page)
    # How the author came to it is said where it is chosen, and stands in the text.
    page.set_viewport_size({"width": WIDE, "height": HEIGHT})
    page.select_option("[data-relation]", "bought")
    page.click(".picker-row [data-as=card] >> nth=0")
    assert f'::card[{STOCK}]{{relation="bought"}}' in written(page)


def test_the_way_of_an_order(visit: Visit, watch: Watch, stage: Stage, site: LiveSite) -> None:
    watch.expected.append("status of 422")
    page = visit(width=NARROW).page
    page.goto(f"/products/{LAMP}")
    page.locator("[data-add] button[type=submit]").first.click()
    expect(page.locator("[data-toast]")).to_be_visible()
    assert_everybody_can_use(page)
    page.goto("/cart")
    assert_everybody_can_use(page)
    page.goto("/checkout")
    assert_everybody_can_use(page)
    page.click("#who button:has-text('Continue')")
    expect(page.locator("[role=alert]")).to_be_visible()
    assert_everybody_can_use(page)
    values = {
        "email": "robin@example.org",
        "name": "Robin Buyer",
        "address": "1 Way",
        "city": "Oakland",
        "postcode": "94607",
    }
    for name, value in values.items():
        page.fill(f"main [name={name}]", value)
    page.select_option("main [name=region]", "CA")
    page.click("#who button:has-text('Continue')")
    page.wait_for_url("**/checkout/delivery")
    assert_everybody_can_use(page)
    page.click("button[form=how]")
    page.wait_for_url("**/checkout/review")
    assert_everybody_can_use(page)
    page.click("#order button")
    page.wait_for_url("**/orders/*")
    assert_everybody_can_use(page)

    desk = visit(stage.operator).page
    desk.goto("/desk/orders?queue=all")
    desk.click("main tbody a >> nth=0")
    expect(desk.locator("form[action$='/paid']")).to_have_count(1)
    assert_everybody_can_use(desk)


def test_by_keyboard_alone(visit: Visit, stage: Stage) -> None:
    """The first key leads past the header; menus open, close and give the focus back."""
    page = visit(stage.reader).page
    page.goto("/")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    menu = page.locator("[data-menu]")
    menu.locator("summary").focus()
    page.keyboard.press("Enter")
    expect(menu.locator(".menu-body")).to_be_visible()
    assert findings(page, RULES | {"runOnly": ["color-contrast", "target-size", "list", "button-name"]}) == []
    page.keyboard.press("Escape")
    expect(menu.locator(".menu-body")).to_be_hidden()
    assert page.evaluate("document.activeElement.tagName") == "SUMMARY"
