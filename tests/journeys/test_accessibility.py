"""Every kind of page, for everybody: axe-core finds nothing, narrow and wide, light and dark; nothing sticks out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from contentshop.web.session import LANGUAGE_COOKIE
from tests.journeys.conftest import HEIGHT, Person, Visit, Watch
from tests.journeys.stage import ELSEWHERE, GONE, LAMP, SOLD_OUT, STOCK, Stage
from tests.journeys.trade import BOOK, BOWL, MUG, ROBOT, VOUCHER
from tests.journeys.writing import written
from tests.live.site import LiveSite

NARROW, WIDE = 390, 1280
WIDTHS = (320, NARROW, 768, WIDE)
# Targets of 24 px are a rule that axe leaves out unless asked (WCAG 2.2 AA, 2.5.8).
# Without preloading: to look into styles of shadow trees, axe writes style elements that the page's policy refuses.
RULES = {"resultTypes": ["violations"], "rules": {"target-size": {"enabled": True}}, "preload": False}
CONTRAST = {"resultTypes": ["violations"], "runOnly": ["color-contrast"], "preload": False}

AROUND = ("body > header", "body > footer")

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


def findings(page: Page, options: dict[str, Any], *, without: tuple[str, ...] = ()) -> list[str]:
    """What axe finds, one line for each element; what lies in ``without`` is left out."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE)
    run = "([without, options]) => axe.run({exclude: without}, options).then(found => found.violations)"
    rules = page.evaluate(run, [[[one] for one in without], options])
    return [
        f"{rule['id']}: {node['html'][:200]} {node['failureSummary'][:300]}" for rule in rules for node in rule["nodes"]
    ]


def too_wide(page: Page, widths: tuple[int, ...] = WIDTHS) -> list[str]:
    """What sticks out of the window, at any of the widths."""
    found: list[str] = []
    for width in widths:
        page.set_viewport_size({"width": width, "height": HEIGHT})
        if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            found.append(f"sticks out at {width}: {page.evaluate(STICKS_OUT)[:5]}")
    return found


def unfold(page: Page) -> None:
    """Open everything but the account's menu, which lies over what stands below it; it has a test of its own."""
    page.evaluate("for (const part of document.querySelectorAll('details:not([data-menu])')) part.open = true")


def obstacles(page: Page) -> list[str]:
    """Look at the page as it stands: every rule on a phone by day, contrast on a wide screen by night, nothing
    too wide.

    Rules and colours are those of components; ``thorough_obstacles`` looks at these at both widths in both schemes.
    """
    found = too_wide(page)
    unfold(page)
    page.set_viewport_size({"width": NARROW, "height": HEIGHT})
    found += findings(page, RULES)
    page.emulate_media(color_scheme="dark")
    page.set_viewport_size({"width": WIDE, "height": HEIGHT})
    return found + findings(page, CONTRAST)


def thorough_obstacles(page: Page) -> list[str]:
    """Look at the page in every way: folded and unfolded, at both widths, in both schemes."""
    found = too_wide(page) + findings(page, RULES)
    unfold(page)
    page.set_viewport_size({"width": NARROW, "height": HEIGHT})
    found += findings(page, RULES)
    page.emulate_media(color_scheme="dark")
    found += findings(page, CONTRAST)
    page.set_viewport_size({"width": WIDE, "height": HEIGHT})
    return found + findings(page, CONTRAST)


def look_twice(person: Person, path: str) -> None:
    """Every rule in English on a phone by day; in Chinese by night nothing sticks out either. What a page is made of
    is held to its contrast by night in the gallery, what stands around every page in the tests of public ones."""
    page = person.page
    page.goto(path)
    expect(page.locator("h1")).to_have_count(1)
    seen = too_wide(page)
    unfold(page)
    page.set_viewport_size({"width": NARROW, "height": HEIGHT})
    seen += findings(page, RULES, without=AROUND)
    person.context.add_cookies([{"name": LANGUAGE_COOKIE, "value": "zh", "url": page.url}])
    page.emulate_media(color_scheme="dark")
    page.goto(path)
    assert page.get_attribute("html", "lang") == "zh-Hans"
    unfold(page)
    assert seen + too_wide(page, (320, 768)) == []


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
Window = Callable[..., Person]

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
    "trending of a month": lambda _: "/trending/month",
    "deals that are hot": lambda _: "/deals/hot",
    "creator's deals": lambda stage: f"/@{stage.creator.handle}/deals",
    "a draft by its link": lambda stage: stage.pages["shared"],
    "no more mails": lambda stage: stage.pages["unsubscribe"],
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


@pytest.mark.timeout(600)
@pytest.mark.parametrize("locale", ["en", "zh"])
def test_the_gallery_of_all_components(visit: Visit, locale: str) -> None:
    """Every component as it may look, also those that stand on no page of the stage."""
    page = visit(locale=locale).page
    page.goto("/dev/components")
    assert thorough_obstacles(page) == []


@pytest.mark.parametrize("name", PUBLIC)
def test_public_pages(window: Window, stage: Stage, name: str) -> None:
    page = window(None, "status of 404").page
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
    "two versions": ("creator", lambda stage: stage.pages["merge"]),
    "a product as its card": ("creator", lambda _: f"/studio/products/{STOCK}"),
    "changing a comment": ("reader", lambda stage: f"/comments/{stage.comment}/edit"),
    "hiding a comment": ("editor", lambda stage: f"/comments/{stage.comment}/hide"),
    "saved searches": ("editor", lambda _: "/account/searches"),
    "new saved search": ("editor", lambda _: "/account/searches/new?q=kettle"),
    "one saved search": ("editor", lambda stage: stage.pages["search"]),
    "desk": ("operator", lambda _: "/desk"),
    "products": ("operator", lambda _: "/desk/products"),
    "new product": ("operator", lambda _: "/desk/products/new"),
    "stock": ("operator", lambda _: "/desk/stock"),
    "merchants": ("operator", lambda _: "/desk/merchants"),
    "new merchant": ("operator", lambda _: "/desk/merchants/new"),
    "one merchant": ("operator", lambda _: "/desk/merchants/bigshop"),
    "orders": ("operator", lambda _: "/desk/orders"),
    "users": ("operator", lambda _: "/desk/people"),
    "one user": ("operator", lambda stage: f"/desk/people/{stage.creator.key}"),
    "editors' desk": ("editor", lambda _: "/desk"),
    "featured lists": ("editor", lambda _: "/desk/featured"),
    "new featured list": ("editor", lambda _: "/desk/featured/new"),
    "one featured list": ("editor", lambda stage: f"/desk/featured/{stage.featured_key}"),
    "refused": ("reader", lambda _: "/desk/orders"),
}


@pytest.mark.parametrize("name", OWN)
def test_pages_of_people(window: Window, stage: Stage, name: str) -> None:
    role, path = OWN[name]
    look_twice(window(getattr(stage, role), *(["status of 403"] if name == "refused" else [])), path(stage))


TRADE: dict[str, tuple[str, str]] = {
    "product of many variants": ("", MUG),
    "product that is sold out": ("", BOWL),
    "product before its release": ("", ROBOT),
    "product that is a file": ("", BOOK),
    "gift voucher": ("", VOUCHER),
    "asking for news of the stock": ("", "restock"),
    "confirming it": ("", "restock confirm"),
    "stopping it": ("", "restock stop"),
    "every review": ("", "reviews"),
    "reviews and questions for a buyer": ("reader", MUG),
    "writing a review": ("reader", "review write"),
    "changing a review": ("reader", "review edit"),
    "adding to a review": ("reader", "review more"),
    "deleting a review": ("reader", "review delete"),
    "reporting a review": ("creator", "review report"),
    "hiding a review": ("editor", "review hide"),
    "no more invitations": ("", "review invitations"),
    "own reviews": ("reader", "/account/reviews"),
    "paying by hand": ("", "order to pay/pay"),
    "going to the provider": ("", "pay ready"),
    "waiting for the provider": ("", "pay ready/back"),
    "a code to scan": ("", "pay scan"),
    "provider in trouble": ("", "pay trouble"),
    "a card that was declined": ("", "pay refused"),
    "order to pay": ("", "order to pay"),
    "order to pack": ("", "order to pack"),
    "order sent in part": ("", "order part sent"),
    "order on its way": ("", "order sent"),
    "order cancelled": ("", "order cancelled"),
    "order of files": ("", "order digital"),
    "order of gift cards": ("", "order vouchers"),
    "order with cases": ("reader", "order arrived"),
    "order in another currency": ("", "order chinese"),
    "invoice": ("", "order arrived/invoice"),
    "downloads": ("", "order digital/downloads"),
    "bought gift cards": ("", "order vouchers/gift-cards"),
    "what is left on a card": ("", "/gift-cards"),
    "a card that was given": ("", "given card"),
    "asking for a return": ("", "after-sale"),
    "case that was asked": ("", "case asked"),
    "case that was agreed": ("", "case approved"),
    "case on the way": ("", "case on the way"),
    "case that came back": ("", "case received"),
    "case that is done": ("", "case done"),
    "case that was refused": ("", "case refused"),
    "own orders": ("reader", "/account/orders"),
    "own orders that are sent": ("reader", "/account/orders?show=sent"),
    "addresses": ("reader", "/account/addresses"),
    "one address": ("reader", "address"),
    "new address": ("reader", "/account/addresses/new"),
    "address in China": ("reader", "/account/addresses/new?country=CN"),
    "orders of a guest": ("reader", "claim"),
    "orders to pack": ("operator", "/desk/orders"),
    "every order": ("operator", "/desk/orders?queue=all"),
    "unpaid order at the desk": ("operator", "desk order to pay"),
    "paid order at the desk": ("operator", "desk order to pack"),
    "partly sent order at the desk": ("operator", "desk order part sent"),
    "sent order at the desk": ("operator", "desk order sent"),
    "cancelled order at the desk": ("operator", "desk order cancelled"),
    "order with cases at the desk": ("operator", "desk order arrived"),
    "pick list": ("operator", "/desk/orders/picking"),
    "shipping from a file": ("operator", "/desk/orders/shipping"),
    "cases": ("operator", "/desk/after-sale"),
    "case to answer": ("operator", "desk case asked"),
    "case that comes back": ("operator", "desk case on the way"),
    "case to pay back": ("operator", "desk case received"),
    "case that is over": ("operator", "desk case refused"),
    "money that waits": ("operator", "/desk/payments"),
    "money of an order": ("operator", "desk money"),
    "gift cards at the desk": ("operator", "/desk/payments/gift-cards"),
    "issuing a gift card": ("operator", "/desk/payments/gift-cards/new"),
    "one gift card": ("operator", "desk card"),
    "ledger": ("operator", "/desk/ledger"),
    "bookings": ("operator", "/desk/ledger/bookings"),
    "days": ("operator", "/desk/ledger/days"),
    "stock of a variant": ("operator", "desk stock of"),
    "places and suppliers": ("operator", "/desk/places"),
    "one place": ("operator", "/desk/places/harbour"),
    "new place": ("operator", "/desk/places/new"),
    "one supplier": ("operator", "/desk/suppliers/clay-yard"),
    "new supplier": ("operator", "/desk/suppliers/new"),
    "stocktakes": ("operator", "/desk/counts"),
    "a stocktake": ("operator", "desk count"),
    "categories": ("operator", "/desk/categories"),
    "one category": ("operator", "desk category"),
    "new category": ("operator", "/desk/categories/new"),
    "one property": ("operator", "desk attribute"),
    "new property": ("operator", "/desk/attributes/new"),
    "product at the desk": ("operator", f"desk {MUG}"),
    "options": ("operator", "desk options"),
    "one variant": ("operator", "desk variant"),
    "new variant": ("operator", "desk variant new"),
    "one price": ("operator", "desk offer"),
    "new offer": ("operator", "desk offer new"),
    "changing many": ("operator", "desk bulk"),
    "many that were changed": ("operator", "desk changed"),
    "importing": ("operator", "/desk/products/import"),
    "gift cards on sale": ("operator", "/desk/products/gift-cards"),
    "promotions": ("operator", "/desk/promotions"),
    "one promotion": ("operator", "desk promotion"),
    "new promotion": ("operator", "/desk/promotions/new"),
    "delivery and taxes": ("operator", "/desk/delivery"),
    "one zone": ("operator", "desk zone"),
    "new zone": ("operator", "/desk/delivery/zones/new"),
    "one way of shipping": ("operator", "desk method"),
    "new way of shipping": ("operator", "desk zone method new"),
    "one tax": ("operator", "desk tax"),
    "new tax": ("operator", "/desk/delivery/taxes/new"),
    "reviews at the desk": ("operator", "/desk/reviews"),
    "customers": ("operator", "/desk/customers"),
    "one customer": ("operator", "desk customer"),
    "log": ("operator", "/desk/log"),
}


def trade_path(stage: Stage, found: str) -> str:
    """The address of a page of ``TRADE``: it, or the name of what has it with what stands below that."""
    if found.startswith("/"):
        return found
    name, slash, below = found.partition("/")
    return stage.pages[name] + slash + below


@pytest.mark.parametrize("name", TRADE)
def test_pages_of_the_shop(window: Window, stage: Stage, name: str) -> None:
    who, found = TRADE[name]
    look_twice(window(getattr(stage, who) if who else None), trade_path(stage, found))


# What answers with something else than a page: files, feeds, parts of pages, news for scripts, ways to other pages.
NO_PAGES = frozenset(
    {
        "account.export_page",
        "account.picture_page",
        "account.timezone_page",
        "aftersale.photo",
        "desk_aftersale.photo",
        "desk_catalogue.export",
        "desk_ledger.file",
        "feeds.creator",
        "feeds.deals",
        "feeds.robots",
        "feeds.site",
        "feeds.sitemap",
        "feeds.topic",
        "files.alive",
        "files.favicon",
        "files.media",
        "files.ready",
        "gallery.products",
        "go.offer",
        "go.out",
        "live.events",
        "live.play",
        "paying.state",
        "preferences.session_state",
        "static",
        "studio.back",
        "studio.find_products",
        "studio_gate.checks",
        "studio_history.restore_page",
        "studio_media.choose",
        "studio_plans.cancel_page",
        "studio_review.decide_page",
        "studio_series.back",
        "studio_sharing.close_page",
        "studio_team.remove_page",
        "suggest.suggest",
        "watching.feed",
    }
)
# Pages that have a test of their own below or above; the link of a forgotten password is only in its mail.
IN_OTHER_TESTS = frozenset({"account.reset", "checkout.how", "checkout.review", "checkout.who", "gallery.components"})


def test_every_page_is_looked_at(site: LiveSite, stage: Stage) -> None:
    """A new page has to be put into one of the tables above."""
    paths = [path(stage) for path in PUBLIC.values()]
    paths += [path(stage) for _who, path in OWN.values()]
    paths += [trade_path(stage, found) for _who, found in TRADE.values()]
    known = site.app.url_map.bind("localhost")
    seen = {known.match(urlsplit(path).path)[0] for path in paths}
    pages = {rule.endpoint for rule in site.app.url_map.iter_rules() if "GET" in (rule.methods or ())}
    assert pages - seen == NO_PAGES | IN_OTHER_TESTS


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
