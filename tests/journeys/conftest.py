"""People before a real site: the server with its worker, and a Chromium that reports everything that goes wrong."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request, Route, expect, sync_playwright

from contentshop.accounts.models import User
from contentshop.web.session import LANGUAGE_COOKIE
from tests.factories import Factory
from tests.journeys.stage import Stage, set_stage
from tests.live.site import LiveSite, live_site, prepared_site
from tests.rooms.core.shop_server import Shop, running_shop

FLAGS = (
    "--no-sandbox",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    # Whatever a page asks of others is seen by the test, and reaches nobody.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)
# The same engine without windows, where Debian has it, needs half the processor time.
BROWSER = shutil.which("chromium-headless-shell") or shutil.which("chromium")
HEIGHT = 900
PATIENCE = 60_000  # milliseconds until something that should be there is missed; a busy machine is no defect
SHOP_HOST = "shop.test"
LANGUAGES = {"en": "en-US", "zh": "zh-CN"}

expect.set_options(timeout=PATIENCE)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything in this folder needs a browser."""
    here = Path(__file__).parent
    missing = BROWSER is None
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.browser)
            if missing:
                item.add_marker(pytest.mark.skip(reason="neither chromium-headless-shell nor chromium is on the PATH"))


@pytest.fixture(scope="session")
def shop() -> Iterator[Shop]:
    """Another site, whose pages the tests write; the site under test finds it as SHOP_HOST."""
    with running_shop() as found:
        yield found


@pytest.fixture(scope="session")
def staged(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[LiveSite, Stage]]:
    """A site with one of everything, which does not run."""
    with prepared_site(tmp_path_factory.mktemp("staged")) as found:
        stage = set_stage(found)
        found.let_go()
        yield found, stage


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, shop: Shop, staged: tuple[LiveSite, Stage]) -> Iterator[LiveSite]:
    """A running site for the tests of one module, with one of everything."""
    played = {"CONTENTSHOP_STAND_INS": f"{SHOP_HOST}={shop.place[0]}:{shop.place[1]}"}
    with live_site(tmp_path_factory.mktemp("journeys"), played, like=staged[0]) as found:
        yield found


@pytest.fixture(scope="session")
def stage(staged: tuple[LiveSite, Stage]) -> Stage:
    """What stands on ``site``. Tests add to it; none takes from it."""
    return staged[1]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One Chromium for all tests; each person gets a context of their own."""
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=BROWSER, args=list(FLAGS))
        yield found
        found.close()


@dataclass
class Watch:
    """What went wrong on the pages of a test.

    ``expected`` are patterns of console messages that are no defect; ``friends`` are the addresses of other sites that
    people are sent to on purpose.
    """

    address: str
    console: list[str] = field(default_factory=list)
    foreign: list[str] = field(default_factory=list)
    dialogs: list[str] = field(default_factory=list)
    expected: list[str] = field(default_factory=list)
    friends: list[str] = field(default_factory=list)

    def follow(self, context: BrowserContext) -> None:
        """Listen to every page of ``context``."""
        context.on("console", self._console)
        context.on("weberror", lambda error: self.console.append(f"page error: {error.error}"))
        context.on("request", self._request)
        context.on("dialog", self._dialog)

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self.console.append(f"{message.type}: {message.text} ({message.location.get('url', '')})")

    def _request(self, request: Request) -> None:
        if not request.url.startswith((f"{self.address}/", "data:", *(f"{friend}/" for friend in self.friends))):
            self.foreign.append(request.url)

    def _dialog(self, dialog: Any) -> None:
        self.dialogs.append(dialog.message)
        dialog.dismiss()

    def problems(self) -> list[str]:
        told = [line for line in self.console if not any(re.search(pattern, line) for pattern in self.expected)]
        return told + [f"foreign request: {url}" for url in self.foreign] + [f"dialog: {said}" for said in self.dialogs]


@pytest.fixture
def watch(site: LiveSite) -> Iterator[Watch]:
    """Fails the test when a page complained, opened a dialog, or asked another host for anything."""
    found = Watch(site.url)
    yield found
    assert found.problems() == []


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody at a window of their own."""

    page: Page
    context: BrowserContext

    def sign_in(self, user: User) -> None:
        """By the form, as everybody."""
        self.page.goto("/sign-in")
        self.page.fill("main [name=email]", user.email)
        self.page.fill("main [name=password]", Factory.PASSWORD)
        self.page.click("main form button[type=submit]")
        self.page.wait_for_url(lambda url: "/sign-in" not in url)

    def leave_by(self, selector: str) -> str:
        """Click a link that leads to another site; the address it would lead to. The window stays where it is."""
        found: list[str] = []

        def stop(route: Route) -> None:
            answer = route.fetch(max_redirects=0)
            assert answer.status == 302, answer.status
            assert answer.headers["cache-control"] == "no-store"
            found.append(answer.headers["location"])
            route.fulfill(status=204)

        self.context.route("**/go/**", stop)
        with self.context.expect_event("response", lambda response: "/go/" in response.url):
            self.page.locator(selector).first.click()
        self.context.unroute("**/go/**", stop)
        return found[0]


Visit = Callable[..., Person]


@pytest.fixture(scope="module")
def cookies(site: LiveSite) -> dict[str, Any]:
    """What the browser of somebody who has signed in before keeps, by handle."""
    return {}


@pytest.fixture
def visit(browser: Browser, site: LiveSite, watch: Watch, cookies: dict[str, Any]) -> Iterator[Visit]:
    """``visit(user, locale=…, width=…, script=…, scheme=…, touch=…)``: a new private window, signed in as ``user``."""
    contexts: list[BrowserContext] = []

    def begin(user: User | None = None, **how: Any) -> Person:
        person = open_window(browser, site, watch, cookies, user, **how)
        contexts.append(person.context)
        return person

    yield begin
    for context in contexts:
        context.close()


def open_window(
    browser: Browser,
    site: LiveSite,
    watch: Watch,
    cookies: dict[str, Any],
    user: User | None,
    *,
    locale: str = "en",
    width: int = 1280,
    script: bool = True,
    scheme: str = "light",
    touch: bool = False,
) -> Person:
    """A new private window, signed in as ``user``, whose pages ``watch`` follows."""
    context = browser.new_context(
        base_url=site.url,
        locale=LANGUAGES[locale],
        viewport={"width": width, "height": HEIGHT},
        color_scheme=scheme,  # type: ignore[arg-type]
        java_script_enabled=script,
        reduced_motion="reduce",
        has_touch=touch,
        is_mobile=touch,
        storage_state=cookies.get(user.handle) if user else None,
    )
    context.set_default_timeout(PATIENCE)
    watch.follow(context)
    person = Person(context.new_page(), context)
    if user is not None and user.handle not in cookies:
        person.sign_in(user)
        cookies[user.handle] = context.storage_state()
    return person


@pytest.fixture(scope="module")
def windows(
    browser: Browser, site: LiveSite, cookies: dict[str, Any]
) -> Iterator[tuple[Watch, Callable[[User | None], Person]]]:
    """One window for each person that stays open, and who watches over all of them."""
    watch, people = Watch(site.url), {}

    def of(user: User | None) -> Person:
        name = user.handle if user else ""
        if name not in people:
            people[name] = open_window(browser, site, watch, cookies, user)
        return people[name]

    yield watch, of
    for person in people.values():
        person.context.close()


@pytest.fixture
def window(windows: tuple[Watch, Callable[[User | None], Person]]) -> Iterator[Callable[..., Person]]:
    """``window(user, "status of 404")``: the window that stays open for ``user``, in English, by day; a new one costs
    as much as looking at a page. Further words are what the console may say."""
    watch, of = windows
    for told in (watch.console, watch.foreign, watch.dialogs, watch.expected):
        told.clear()

    def get(user: User | None = None, *expected: str) -> Person:
        watch.expected.extend(expected)
        person = of(user)
        person.context.add_cookies([{"name": LANGUAGE_COOKIE, "value": "en", "url": watch.address}])
        person.page.emulate_media(color_scheme="light")
        person.page.set_viewport_size({"width": 1280, "height": HEIGHT})
        return person

    yield get
    assert watch.problems() == []
