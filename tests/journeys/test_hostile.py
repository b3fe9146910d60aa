"""Hostile texts wherever people, files and links bring text in, read by a real browser: nothing of theirs runs.

Many texts stand on a page. Each page is watched for dialogs, errors, refusals of the content security policy and
requests to others, and its elements are looked through for anything that we did not put there.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import quote

import pytest
from playwright.sync_api import Page, expect

from contentshop.accounts import actions as accounts
from contentshop.accounts.inputs import Profile, SignUp, clean_line
from contentshop.accounts.models import User
from contentshop.core.db import db
from contentshop.core.errors import Invalid
from contentshop.core.uow import unit_of_work
from contentshop.curation import actions as curation
from contentshop.curation.inputs import FeaturedListInput, SlotInput
from contentshop.posts import actions as posts
from contentshop.posts.inputs import PostInput
from contentshop.products import actions as products
from contentshop.products.inputs import ProductInput
from contentshop.web.session import engines
from tests.factories import Factory
from tests.hostile.vectors import GROUPS, hostile_texts
from tests.journeys.conftest import Visit, Watch
from tests.live.site import Browser, LiveSite, live_site

# As a form would send them: half a surrogate pair is no text in any encoding a browser sends.
TEXTS = [text.encode("utf-8", "replace").decode() for text in hostile_texts()]
ON_A_PAGE = 36
# Kinds of attack are spread over the posts: too many unclosed tags in one text are refused, as directives are.
POSTS = 32
BODIES = [(number, text) for number, text in enumerate(TEXTS) if text not in GROUPS["directives"]]
FOUND_ON_A_PAGE = 20

# What a page may hold besides text. Everything else that could run, load, send or hide is reported.
INTRUDERS = """() => {
  const found = [];
  const here = location.origin + "/";
  const ours = [
    "/search", "/preferences", "/cart/", "/sign-", "/checkout", "/orders/", "/studio", "/desk", "/account", "/go/",
  ];
  if (window.pwned !== undefined) found.push("window.pwned");
  for (const script of document.scripts)
    if (["application/ld+json", "application/json"].includes(script.type)) JSON.parse(script.textContent);
    else if (!script.src.startsWith(here + "static/")) found.push(script.outerHTML);
  for (const element of document.querySelectorAll(
    "iframe, frame, frameset, object, embed, applet, base, style, math, foreignObject, [srcdoc], meta[http-equiv]"
  )) found.push(element.outerHTML);
  for (const link of document.querySelectorAll("link[rel=stylesheet], link[rel=import]"))
    if (!link.href.startsWith(here + "static/")) found.push(link.outerHTML);
  // The dialogs of the writing page are forms that a script reads; nothing sends them.
  for (const form of document.querySelectorAll("form:not(dialog form)"))
    if (!ours.some((path) => (form.getAttribute("action") ?? "").startsWith(path))) found.push(form.outerHTML);
  for (const image of document.images) if (image.src && !image.src.startsWith(here)) found.push(image.outerHTML);
  for (const svg of document.querySelectorAll("svg")) if (!svg.classList.contains("icon")) found.push(svg.outerHTML);
  for (const element of document.querySelectorAll("*"))
    for (const { name, value } of element.attributes) {
      // The editor measures its lines by styles of its own, and hides the field that it stands for.
      const editors = value === "display: none;" || element.closest(".CodeMirror, .EasyMDEContainer");
      const styled = name === "style" && !editors;
      if (name.startsWith("on") || styled || name === "formaction" && !value.startsWith("/"))
        found.push(element.outerHTML);
      if (["href", "src", "action", "xlink:href"].includes(name) && /^(javascript|data|vbscript):/i.test(
        value.replace(/[\\u0000-\\u0020]/g, ""))) found.push(element.outerHTML);
    }
  for (const id of ["main", "added", "q"]) if (document.querySelectorAll("#" + id).length !== 1) found.push("id " + id);
  return found.map((text) => text.slice(0, 200));
}"""


def assert_harmless(page: Page, path: str) -> None:
    page.goto(path)
    page.wait_for_load_state("load")
    assert page.evaluate(INTRUDERS) == [], path


@dataclass(frozen=True, slots=True)
class Crowd:
    """Where the hostile texts stand."""

    posts: list[str]
    products: list[str]
    featured: list[str]
    orders: list[str]
    draft: str
    creator: User
    operator: User
    editor: User


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveSite]:
    """A site of their own, so that the pages of other tests stay as they are."""
    with live_site(tmp_path_factory.mktemp("hostile")) as found:
        yield found


@pytest.fixture(scope="module")
def crowd(site: LiveSite) -> Crowd:
    """Every text in every place, through the actions that forms and imports use; orders through the real pages."""
    staff = {role: site.make.user(role) for role in ("creator", "editor", "operator")}
    with site.app.app_context():
        with unit_of_work(db.session):
            writers = people()
            slugs, rich = goods()
        with unit_of_work(db.session):
            written = [write(number, BODIES[number::POSTS], slugs, writers) for number in range(POSTS)]
            draft = begin_draft(staff["creator"])
        with unit_of_work(db.session):
            shelves = feature(db.session.merge(staff["editor"]), slugs)
    placed = order(site)
    rebuilt = site.command("search", "rebuild")
    assert rebuilt.returncode == 0, rebuilt.stderr
    return Crowd(written, rich, shelves, placed, draft, staff["creator"], staff["operator"], staff["editor"])


def chunks(texts: Sequence[str], size: int = ON_A_PAGE) -> list[list[str]]:
    return [list(texts[start : start + size]) for start in range(0, len(texts), size)]


def line(text: str, most: int) -> str:
    """The text as one line, as a field of a form would send it; a dash where nothing of it can be seen."""
    found = " ".join(text.split())[:most]
    return found if clean_line(found, most) else "-"


def people() -> list[User]:
    """The posts' authors; their names are hostile, and so is what they say about themselves."""
    found = []
    now = engines().clock.now()
    for number in range(POSTS):
        text, more = TEXTS[number * 16], TEXTS[number::POSTS]
        form = SignUp.parse(
            name=line(text, 80),
            handle=f"guest-{number}",
            email=f"guest-{number}@example.org",
            password=Factory.PASSWORD,
            creator=True,
            locale="en",
        )
        user = accounts.sign_up(db.session, form, password_hash="!", now=now)
        accounts.change_profile(
            db.session, user, Profile.parse(name=line(text, 80), bio="\n".join(more)[:600]), now=now
        )
        found.append(user)
    return found


def goods() -> tuple[list[str], list[str]]:
    """A product for every text, as an import would bring it; and a few with many texts each. Their slugs."""
    now = engines().clock.now()
    rows = [
        ProductInput.parse(
            {
                "slug": f"thing-{number}",
                "title": line(text, 300),
                "brand": line(text, 80),
                "category": line(text, 80),
                "mpn": line(text, 60),
                "summary": line(text, 500),
                "body": text,
                "attrs": {line(text, 80): text[:500]},
                "variants": [{"sku": f"SKU-{number}", "name": line(text, 80)}],
                "offers": [
                    {
                        "kind": "own",
                        "sku": f"SKU-{number}",
                        "price_minor": 100 + number,
                        "currency": "USD",
                        "quantity": 9,
                    }
                ],
            }
        )
        for number, text in enumerate(TEXTS)
    ]
    slugs = [row.slug for row in rows]
    rich = [
        ProductInput.parse(
            {
                "slug": f"rich-{number}",
                "title": line(chunk[0], 300),
                "summary": line(chunk[1], 500),
                "body": "\n\n".join(chunk),
                "attrs": {f"{index} {line(text, 60)}": text[:500] for index, text in enumerate(chunk)},
            }
        )
        for number, chunk in enumerate(chunks(TEXTS))
    ]
    for outcome in products.upsert_products(db.session, rows + rich, now=now):
        assert not isinstance(outcome, Invalid), outcome.fields
    return slugs, [row.slug for row in rich]


def quoted(text: str, most: int) -> str:
    """The text as the value of a card's attribute."""
    return line(text, most).replace("\\", "/").replace('"', '\\"')[: most - 2].rstrip("\\")


def write(number: int, chunk: list[tuple[int, str]], slugs: list[str], writers: list[User]) -> str:
    """A published list: an item for each text with award, note, pros and cons; then the texts as the body."""
    now = engines().clock.now()
    texts = [text for _, text in chunk]
    items = [
        f':::item[{slugs[index]}]{{award="{quoted(text, 60)}" note="{quoted(text, 300)}"}}\n'
        f"+ {line(text, 150)}\n- {line(text, 150)}\n\nWords.\n:::\n"
        for index, text in chunk
    ]
    form = PostInput.parse(
        kind="list",
        title=line(texts[0], 200),
        summary=line(texts[1], 500),
        source="\n".join(items) + "\n" + "\n\n".join(texts),
        tested=line(texts[2], 500),
        cover_alt=line(texts[3], 300),
    )
    author = writers[number]
    post = posts.create_draft(db.session, form, by=author, now=now, slug=f"hostile-{number}")
    posts.publish(db.session, post, by=author, now=now)
    return f"/p/{post.slug}"


def begin_draft(creator: User) -> str:
    """A draft with every hostile directive, which is not fit to be published."""
    author = db.session.merge(creator)
    source = "\n\n".join(GROUPS["directives"])
    form = PostInput.parse(kind="article", title=GROUPS["directives"][0], source=source)
    return posts.create_draft(db.session, form, by=author, now=engines().clock.now()).key


def feature(editor: User, slugs: list[str]) -> list[str]:
    """Featured lists with the texts as title, introduction and reasons, all on the home page."""
    now = engines().clock.now()
    found = []
    for number, chunk in enumerate(chunks(TEXTS)):
        form = FeaturedListInput.parse(
            title=line(chunk[0], 200),
            intro=line(chunk[1], 500),
            lang="en",
            items=[("product", slugs[number * ON_A_PAGE + index], line(text, 200)) for index, text in enumerate(chunk)],
        )
        featured = curation.create_list(db.session, form, by=editor, now=now, slug=f"featured-{number}")
        curation.place(
            db.session, featured, SlotInput(position=number, starts_at=now, ends_at=None), by=editor, now=now
        )
        found.append(featured.key)
    return found


def order(site: LiveSite) -> list[str]:
    """Orders with the texts in name, address, place and note; paths of the buyers' pages."""
    found = []
    for number, chunk in enumerate(chunks(TEXTS, 20)):
        buyer = Browser(site.url)
        added = buyer.add(product=f"thing-{number}", next="/cart")
        assert added.status_code == 303, added.text
        note = "\n".join(chunk)[:990]
        answer = buyer.checkout(
            name=line(chunk[0], 100),
            address=line(chunk[1], 250),
            city=line(chunk[2], 70),
            note=note,
        )
        assert answer.status_code == 303, answer.text
        found.append(answer.headers["Location"])
    return found


def test_published_texts(visit: Visit, crowd: Crowd) -> None:
    page = visit().page
    for path in crowd.posts:
        assert_harmless(page, path)
        expect(page.locator(".list-item")).to_have_count(len(page.locator(".pick").all()))
    for path in ("/", "/?page=2", "/@guest-0", "/@guest-9", "/@guest-31"):
        assert_harmless(page, path)


def test_imported_products(visit: Visit, crowd: Crowd) -> None:
    page = visit(width=390).page
    for slug in crowd.products:
        assert_harmless(page, f"/products/{slug}")
    for number in range(0, len(TEXTS), 60):
        assert_harmless(page, f"/products/thing-{number}")


def test_names_and_titles_in_lists_of_results(visit: Visit, crowd: Crowd) -> None:
    page = visit().page
    for kind, there in (("product", len(TEXTS)), ("creator", POSTS)):
        for number in range(1, there // FOUND_ON_A_PAGE + 1):
            assert_harmless(page, f"/search?kind={kind}&page={number}")
            expect(page.locator(".hit")).to_have_count(FOUND_ON_A_PAGE)
    for words in ("script alert", "img src onerror", "javascript", "svg onload", "go"):
        assert_harmless(page, f"/search?q={quote(words)}")
        expect(page.locator("mark").first).to_be_visible()


def test_reasons_of_editors(visit: Visit, crowd: Crowd) -> None:
    page = visit(crowd.editor).page
    for number, key in enumerate(crowd.featured):
        assert_harmless(page, f"/featured/featured-{number}")
        if number % 5 == 0:
            assert_harmless(page, f"/desk/featured/{key}")
    assert_harmless(page, "/desk/featured")


def test_names_and_notes_of_buyers(visit: Visit, crowd: Crowd) -> None:
    page = visit(crowd.operator).page
    assert_harmless(page, "/desk/orders?queue=all")
    links = [link.get_attribute("href") or "" for link in page.locator("main tbody a").all()]
    assert len(links) >= 20
    for path in links:
        assert_harmless(page, path)
    for path in crowd.orders[::3]:
        assert_harmless(page, path)
    for path in ("/desk/products", "/desk/stock"):
        assert_harmless(page, path)


def test_what_writers_see(visit: Visit, crowd: Crowd) -> None:
    page = visit(crowd.creator).page
    assert_harmless(page, "/studio")
    assert_harmless(page, f"/studio/{crowd.draft}")
    expect(page.locator(".check-bad").first).to_be_visible()
    assert page.input_value("[name=source]").startswith(GROUPS["directives"][0])
    assert_harmless(page, f"/studio/{crowd.draft}/preview")
    page.goto(f"/studio/{crowd.draft}")
    page.click("[data-open-picker]")
    for words in ("<script>", "<img", "javascript:", "alert"):
        page.fill("[data-picker] input", words)
        expect(page.locator(".picker-row").first).to_be_visible()
        page.wait_for_timeout(300)
        assert page.evaluate(INTRUDERS) == []


ECHO = """async (texts) => {
  const found = [];
  for (const text of texts) {
    const answer = await fetch("/search?q=" + encodeURIComponent(text));
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    if (answer.status !== 200) found.push([text, answer.status]);
    for (const element of page.querySelectorAll("main *"))
      if (/^(script|iframe|object|embed|style|base|meta|link|math)$/.test(element.localName)
          || [...element.attributes].some(({ name }) => name.startsWith("on") || name === "style"))
        found.push([text, element.outerHTML.slice(0, 100)]);
  }
  return found;
}"""


def test_words_of_a_search_come_back_as_words(visit: Visit, crowd: Crowd) -> None:
    page = visit().page
    for text in TEXTS[::24]:
        assert_harmless(page, f"/search?q={quote(text)}")
    queries = [""]
    for text in TEXTS:  # several in a query, which is read up to 200 characters
        if len(queries[-1]) + len(text) > 190:
            queries.append("")
        queries[-1] += f"{text} "
    assert page.evaluate(ECHO, queries) == []


def test_the_watch_sees_what_would_be_there(visit: Visit, watch: Watch, crowd: Crowd) -> None:
    page = visit().page
    page.goto("/")
    page.evaluate("""() => {
      window.pwned = 1;
      document.body.append(
        document.createElement("iframe"),
        Object.assign(document.createElement("form"), { action: "https://evil.example/" }),
        Object.assign(document.createElement("a"), { href: "java\\nscript:alert(1)" }),
        Object.assign(document.createElement("img"), { src: "https://evil.example/a.png" }),
        document.createElementNS("http://www.w3.org/2000/svg", "svg"),
      );
    }""")
    assert len(page.evaluate(INTRUDERS)) == 6
    page.wait_for_timeout(300)
    assert [problem for problem in watch.problems() if "Content Security Policy" in problem] != []
    watch.console.clear()
    watch.foreign.clear()
