#!/usr/bin/env python3
"""Pictures of every page of a running demo site, for people to look at.

    python dev.py run                                      (in another window)
    .venv/bin/python tools/screenshots.py                  all pages at three widths, light and dark, two languages
    .venv/bin/python tools/screenshots.py --widths 390 --schemes dark --locales zh --only cart,checkout

Needs Chromium. It places one order and begins one post as the demo's people do, so point it at a site whose data
may be thrown away.
"""

from __future__ import annotations

import argparse
import re
import shutil
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from contentshop.demo.accounts import ACCOUNTS, PASSWORD

LANGUAGES = {"en": "en-US", "zh": "zh-CN"}
FLAGS = ("--no-sandbox", "--disable-quic", "--disable-background-networking", "--disable-component-update",
         "--disable-sync", "--no-first-run", "--hide-scrollbars")  # fmt: skip
HEIGHT = 900
# Chromium draws no picture that is higher than this.
HIGHEST = 16_000

VISITOR, BUYER, CREATOR, EDITOR, OPERATOR = "visitor", "buyer", "creator", "editor", "operator"


@dataclass(frozen=True, slots=True)
class Shot:
    """One page: the name of its file, its address, who looks."""

    name: str
    path: str
    who: str = VISITOR


SHOTS = (
    Shot("home", "/"),
    Shot("article", "/p/coffee-in-bad-hotel-rooms"),
    Shot("article-zh", "/p/hearing-on-the-subway"),
    Shot("list", "/p/headphones-i-would-pack-tomorrow"),
    Shot("list-zh", "/p/first-kitchen-seven"),
    Shot("product-stock", "/products/sony-wh-1000xm5"),
    Shot("product-elsewhere", "/products/wusthof-classic-chef-20"),
    Shot("product-sold-out", "/products/dji-mini-4-pro"),
    Shot("product-gone", "/products/kindle-oasis"),
    Shot("search", "/search?q=headphones"),
    Shot("search-filtered", "/search?q=coffee&kind=product&stock=1"),
    Shot("search-zh", "/search?q=%E7%94%B5%E9%A5%AD%E7%85%B2"),
    Shot("search-nothing", "/search?q=zyzzyva"),
    Shot("topic", "/topics/audio"),
    Shot("trending", "/trending"),
    Shot("creator", "/@leo-tang"),
    Shot("comments", "/p/coffee-in-bad-hotel-rooms/comments"),
    Shot("questions", "/products/sony-wh-1000xm5/questions"),
    Shot("live", "/live"),
    Shot("featured", "/featured/before-you-travel"),
    Shot("not-found", "/p/no-such-guide"),
    Shot("components", "/dev/components"),
    Shot("sign-in", "/sign-in"),
    Shot("sign-up", "/sign-up"),
    Shot("forgot", "/forgot"),
    Shot("cart-empty", "/cart"),
    Shot("cart", "/cart", BUYER),
    Shot("checkout", "/checkout", BUYER),
    Shot("checkout-errors", "submit:/checkout", BUYER),
    Shot("checkout-delivery", "step:2", BUYER),
    Shot("checkout-review", "step:3", BUYER),
    Shot("order", "order:", BUYER),
    Shot("gift-cards", "/gift-cards"),
    Shot("product-reviews", "/products/sony-wh-1000xm5/reviews"),
    Shot("product-file", "/products/guide-to-quiet-desks"),
    Shot("account", "/account", CREATOR),
    Shot("account-orders", "/account/orders", CREATOR),
    Shot("account-addresses", "/account/addresses", CREATOR),
    Shot("account-address", "/account/addresses/new", CREATOR),
    Shot("account-reviews", "/account/reviews", CREATOR),
    Shot("feed", "/feed", CREATOR),
    Shot("password", "/account/password", CREATOR),
    Shot("studio", "/studio", CREATOR),
    Shot("studio-new", "/studio/new", CREATOR),
    Shot("studio-media", "/studio/media", CREATOR),
    Shot("studio-series", "/studio/series", CREATOR),
    Shot("studio-live", "/studio/live", CREATOR),
    Shot("studio-live-new", "/studio/live/new", CREATOR),
    Shot("studio-refresh", "/studio/refresh", CREATOR),
    Shot("studio-history", "draft:/history", CREATOR),
    Shot("studio-schedule", "draft:/schedule", CREATOR),
    Shot("studio-team", "draft:/together", CREATOR),
    Shot("studio-remarks", "draft:/review?at=1", CREATOR),
    Shot("studio-share", "draft:/share", CREATOR),
    Shot("studio-links", "draft:/links", CREATOR),
    Shot("notifications", "/account/notifications", CREATOR),
    Shot("studio-edit", "draft:", CREATOR),
    Shot("studio-preview", "draft:/preview", CREATOR),
    Shot("desk", "/desk", OPERATOR),
    Shot("desk-orders", "/desk/orders", OPERATOR),
    Shot("desk-order", "first:/desk/orders?queue=all", OPERATOR),
    Shot("desk-picking", "/desk/orders/picking", OPERATOR),
    Shot("desk-shipping", "/desk/orders/shipping", OPERATOR),
    Shot("desk-after-sale", "/desk/after-sale", OPERATOR),
    Shot("desk-customers", "/desk/customers", OPERATOR),
    Shot("desk-customer", "first:/desk/customers", OPERATOR),
    Shot("desk-reviews", "/desk/reviews", OPERATOR),
    Shot("desk-payments", "/desk/payments", OPERATOR),
    Shot("desk-gift-cards", "/desk/payments/gift-cards", OPERATOR),
    Shot("desk-gift-card-new", "/desk/payments/gift-cards/new", OPERATOR),
    Shot("desk-ledger", "/desk/ledger", OPERATOR),
    Shot("desk-bookings", "/desk/ledger/bookings", OPERATOR),
    Shot("desk-days", "/desk/ledger/days", OPERATOR),
    Shot("desk-log", "/desk/log", OPERATOR),
    Shot("desk-categories", "/desk/categories", OPERATOR),
    Shot("desk-import", "/desk/products/import", OPERATOR),
    Shot("desk-places", "/desk/places", OPERATOR),
    Shot("desk-place", "first:/desk/places", OPERATOR),
    Shot("desk-counts", "/desk/counts", OPERATOR),
    Shot("desk-products", "/desk/products", OPERATOR),
    Shot("desk-product", "first:/desk/products", OPERATOR),
    Shot("desk-stock", "/desk/stock", OPERATOR),
    Shot("desk-promotions", "/desk/promotions", OPERATOR),
    Shot("desk-promotion", "first:/desk/promotions", OPERATOR),
    Shot("desk-promotion-new", "/desk/promotions/new", OPERATOR),
    Shot("desk-delivery", "/desk/delivery", OPERATOR),
    Shot("desk-zone", "first:/desk/delivery", OPERATOR),
    Shot("desk-tax", "/desk/delivery/taxes/US/CA", OPERATOR),
    Shot("desk-merchants", "/desk/merchants", OPERATOR),
    Shot("desk-merchant", "first:/desk/merchants", OPERATOR),
    Shot("desk-featured", "/desk/featured", EDITOR),
    Shot("desk-searches", "/desk/searches", EDITOR),
    Shot("desk-synonyms", "/desk/synonyms", EDITOR),
    Shot("desk-reports", "/desk/reports", EDITOR),
    Shot("desk-featured-edit", "first:/desk/featured", EDITOR),
)

DRAFT = """What I would buy again, after two winters of testing.

:::item[sony-wh-1000xm5]{award="Best for flights" note="Quiet, light, lasts."}
+ Quiet on planes
- Does not fold

Worn on forty flights.
:::

::card[dji-mini-4-pro]{note="Small enough for a coat."}

::card[kindle-oasis]{note="The buttons are missed."}
"""


class Site:
    """A browser on the site; remembers what the demo's people made for their pictures."""

    def __init__(self, browser: Browser, address: str, locale: str, scheme: str, width: int) -> None:
        self._options: dict[str, Any] = {
            "base_url": address,
            "locale": LANGUAGES[locale],
            "color_scheme": scheme,
            "viewport": {"width": width, "height": HEIGHT},
            "reduced_motion": "reduce",
            "has_touch": width < 768,
        }
        self._browser = browser
        self._contexts: dict[str, BrowserContext] = {}

    def context(self, who: str) -> BrowserContext:
        """The browser of one person."""
        if who not in self._contexts:
            context = self._browser.new_context(**self._options)
            self._contexts[who] = context
            if who == BUYER:
                _fill_cart(context.new_page())
            elif who != VISITOR:
                _sign_in(context.new_page(), who)
        return self._contexts[who]

    def close(self) -> None:
        for context in self._contexts.values():
            context.close()


def _fill_cart(page: Page) -> None:
    for slug in ("sony-wh-1000xm5", "timemore-c2"):
        page.goto(f"/products/{slug}")
        page.locator("[data-add] button[type=submit]").first.click()
        page.locator(".toast-on").wait_for()
    page.close()


def _sign_in(page: Page, role: str) -> None:
    email = next(email for known, email in ACCOUNTS if known == role)
    page.goto("/sign-in")
    page.locator("main [name=email]").fill(email)
    page.locator("main [name=password]").fill(PASSWORD)
    page.locator("main form button[type=submit]").click()
    page.wait_for_url(lambda url: "/sign-in" not in url)
    page.close()


ADDRESS = {"email": "buyer@example.org", "name": "Robin Buyer", "phone": "+1 555 0100", "address": "1 Example Street",
           "city": "Oakland", "region": "CA", "postcode": "94607"}  # fmt: skip


CHINA = {"name": "罗宾", "address": "科技路 1 号", "region": "广东省", "city": "深圳市", "district": "南山区",
         "postcode": "518000"}  # fmt: skip


def _open(page: Page, path: str) -> bool:
    """Go to the page of a shot; False when the site has no such page."""
    kind, _, rest = path.partition(":") if re.match(r"[a-z]+:", path) else ("", "", path)
    if kind == "draft":
        _begin_draft(page)
        if rest:
            page.goto(page.url + rest)
        return True
    if kind in {"order", "step"}:
        _check_out(page, int(rest) if kind == "step" else 4)
        return True
    answer = page.goto(rest)
    if answer is None or answer.status >= 500 or (answer.status == 404 and "no-such" not in rest):
        print(f"{rest}: {answer.status if answer else 'no answer'}", file=sys.stderr)
        return False
    if kind == "submit":
        page.evaluate("for (const form of document.forms) form.noValidate = true")
        page.locator("#who button[type=submit]").last.click()
        page.wait_for_load_state()
    if kind == "first":
        link = page.locator(".work-main table a, .work-main main li a").first
        if not link.count():
            return False
        link.click()
        page.wait_for_load_state()
    return True


def _check_out(page: Page, step: int) -> None:
    """Go through the checkout up to ``step``; the fourth is the order."""
    page.goto("/checkout")
    china = page.locator("main [name=country]").input_value() == "CN"
    for name, value in (ADDRESS | CHINA if china else ADDRESS).items():
        field = page.locator(f"main [name={name}]")
        if name == "region":
            field.select_option(value)
        else:
            field.fill(value)
    for number, form in enumerate(("#who", "#how", "#order"), 2):
        if number > step:
            return
        button = "[form=how]" if form == "#how" else f"{form} button[type=submit]"
        page.locator(button).last.click()
        page.wait_for_url({2: "**/checkout/delivery", 3: "**/checkout/review", 4: "**/orders/*"}[number])


def _begin_draft(page: Page) -> None:
    page.goto("/studio")
    known = page.locator("a", has_text="Headphones, two winters on").first
    if known.count():
        known.click()
        page.wait_for_load_state()
        return
    page.goto("/studio/new?kind=list")
    page.locator("[name=title]").fill("Headphones, two winters on")
    page.locator("main form button[type=submit]").click()
    page.locator("[name=source]").fill(DRAFT)
    page.locator("[name=do][value=save]").click()
    page.wait_for_load_state()


def take(page: Page, target: Path) -> None:
    """Save the whole page as a picture, with everything that loads on scrolling."""
    page.evaluate("for (const image of document.images) image.loading = 'eager'")
    page.evaluate("Promise.all([...document.images].map((image) => image.decode().catch(() => null)))")
    height = min(HIGHEST, page.evaluate("document.documentElement.scrollHeight"))
    size = page.viewport_size or {"width": 1280}
    page.set_viewport_size({"width": size["width"], "height": max(HEIGHT, height)})
    page.screenshot(path=target)
    page.set_viewport_size({"width": size["width"], "height": HEIGHT})


def rounds(arguments: argparse.Namespace) -> Iterator[tuple[str, str, int]]:
    for locale in arguments.locales.split(","):
        for scheme in arguments.schemes.split(","):
            for width in arguments.widths.split(","):
                yield locale, scheme, int(width)


def main(given: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Take pictures of every page of a running demo site.")
    parser.add_argument("--address", default="http://127.0.0.1:8000")
    parser.add_argument("--folder", type=Path, default=Path("screenshots"))
    parser.add_argument("--widths", default="390,768,1280", help="pixels")
    parser.add_argument("--schemes", default="light,dark")
    parser.add_argument("--locales", default="en,zh")
    parser.add_argument("--only", default="", help="names of pages, separated by commas")
    arguments = parser.parse_args(given)
    chromium = shutil.which("chromium-headless-shell") or shutil.which("chromium")
    if chromium is None:
        print("Chromium is not installed (apt-get install chromium-headless-shell fonts-noto-cjk).", file=sys.stderr)
        return 2
    only = set(filter(None, arguments.only.split(",")))
    arguments.folder.mkdir(parents=True, exist_ok=True)
    taken = 0
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=list(FLAGS))
        for locale, scheme, width in rounds(arguments):
            site = Site(browser, arguments.address, locale, scheme, width)
            for shot in SHOTS:
                if only and shot.name not in only:
                    continue
                page = site.context(shot.who).new_page()
                if _open(page, shot.path):
                    take(page, arguments.folder / f"{shot.name}-{width}-{scheme}-{locale}.png")
                    taken += 1
                page.close()
            site.close()
        browser.close()
    print(f"{taken} pictures in {arguments.folder}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
