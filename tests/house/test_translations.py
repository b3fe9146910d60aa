"""The interface speaks Chinese everywhere: the catalogue is whole, and pages hold no English that was forgotten."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.mofile import read_mo
from flask import Flask
from flask.testing import FlaskClient
from jinja2 import Environment, nodes
from sqlalchemy import update

from contentshop.accounts.models import User
from contentshop.core.db import db
from contentshop.core.errors import Conflict, Invalid, NotFound
from contentshop.core.words import Said, say
from contentshop.products.models import Offer, Product
from contentshop.web.words import refusal_text, translated, translated_errors
from tests.factories import Factory
from tests.web.buyer import JSON, add, checkout_form, steps
from tools import strings

TEMPLATES = strings.ROOT / "templates"
CODE = strings.ROOT / "contentshop"
CHINESE = {"Accept-Language": "zh-CN,zh;q=0.9,en;q=0.5"}

PLACEHOLDER = re.compile(r"%\(\w+\)\w|\{\w+\}")

Ids = str | tuple[str, ...]


def ids_of(catalog: Catalog) -> set[Ids]:
    return {as_id(message) for message in catalog if message.id}


def as_id(message: Message) -> Ids:
    return message.id if isinstance(message.id, str) else tuple(message.id)


def forms_of(message: Message) -> list[str]:
    found = message.string if isinstance(message.string, list | tuple) else [message.string]
    return [str(form) for form in found]


@pytest.fixture(scope="module")
def collected() -> Catalog:
    return strings.collect()


@pytest.fixture(scope="module", params=list(strings.catalogues()), ids=lambda path: path.parent.parent.name)
def catalogue(request: pytest.FixtureRequest) -> Path:
    path: Path = request.param
    return path


class TestCatalogue:
    def test_it_holds_exactly_the_strings_of_the_sources(self, collected: Catalog, catalogue: Path) -> None:
        mend = "run .venv/bin/python tools/strings.py and translate what it names"
        assert ids_of(strings.read(catalogue)) == ids_of(collected), mend
        assert ids_of(strings.read(strings.TEMPLATE)) == ids_of(collected), mend

    def test_every_string_is_translated_and_none_is_in_doubt(self, catalogue: Path) -> None:
        assert [m.id for m in strings.read(catalogue) if m.id and not strings.is_translated(m)] == []

    def test_placeholders_are_the_same(self, catalogue: Path) -> None:
        wrong = []
        for message in strings.read(catalogue):
            ids = [message.id] if isinstance(message.id, str) else list(message.id)
            wanted = set(PLACEHOLDER.findall(" ".join(ids)))
            wrong += [form for form in forms_of(message) if message.id and set(PLACEHOLDER.findall(form)) != wanted]
        assert wrong == []

    def test_the_compiled_file_is_that_of_the_text(self, catalogue: Path) -> None:
        def words(catalog: Catalog) -> dict[Ids, list[str]]:
            return {as_id(message): forms_of(message) for message in catalog if message.id}

        stored = read_mo(BytesIO(catalogue.with_suffix(".mo").read_bytes()))
        assert words(stored) == words(strings.read(catalogue)), "run .venv/bin/python tools/strings.py"

    def test_chinese_has_chinese_punctuation(self) -> None:
        path = strings.FOLDER / "zh_Hans_CN" / "LC_MESSAGES" / "messages.po"
        after_han = re.compile(r"[\u4e00-\u9fff][,;:!?()]|[\u4e00-\u9fff]\.(?!\w)")
        said = [form for message in strings.read(path) for form in forms_of(message)]
        # What is to be typed literally stands in quotes.
        assert [form for form in said if after_han.search(re.sub("“[^”]*”", "", form))] == []

    def test_chinese_has_one_word_for_you(self) -> None:
        path = strings.FOLDER / "zh_Hans_CN" / "LC_MESSAGES" / "messages.po"
        assert [form for m in strings.read(path) for form in forms_of(m) if "您" in form] == []


ENGLISH = re.compile(r"[A-Za-z]{2,}")
READ_ATTRIBUTES = {"alt", "aria-label", "placeholder", "title", "data-confirm"}
# Names of languages stand in their own; the rest are names and signs that are the same everywhere.
SAME_EVERYWHERE = {
    "English", "contentshop", "SKU", "GTIN", "UTC", "Markdown", "JPEG", "PNG", "WebP", "GIF", "MB", "USD", "CNY",
    "EUR", "GBP", "GB", "US", "card", "item", "import", "products", "example", "org", "https",
}  # fmt: skip

# What stands on keys, and what is written in a text as it is.
KEYS = {"Alt", "Cmd", "Ctrl", "Delete", "Esc", "Mac", "Shift", "Tab"}
SYNTAX = {
    "Vimeo", "YouTube", "affiliate", "audio", "bought", "callout", "gifted", "lent", "own", "paid", "tip", "warning",
}  # fmt: skip


class Words(HTMLParser):
    """Collects what a person reads of a page, or hears from a screen reader."""

    SILENT = frozenset({"script", "style", "code", "textarea"})

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.silent += tag in self.SILENT
        given = {name: value or "" for name, value in attrs}
        named = [given[name] for name in READ_ATTRIBUTES & given.keys() if tag != "time"]
        said = [value for name, value in given.items() if name.startswith("data-say-")]
        described = [given.get("content", "")] if given.get("name") == "description" else []
        self.found += [*named, *said, *described]

    def handle_endtag(self, tag: str) -> None:
        self.silent -= tag in self.SILENT

    def handle_data(self, data: str) -> None:
        if not self.silent:
            self.found.append(data)


def english_of(page: str, allowed: frozenset[str] | set[str] = frozenset()) -> list[str]:
    """Words with Latin letters that are not addresses, handles or allowed."""
    reader = Words()
    reader.feed(page)
    text = re.sub(r"\S+@\S+|https?://\S+|@[\w-]+|/\S+", " ", "\n".join(reader.found))
    return sorted({word for word in ENGLISH.findall(text) if word not in SAME_EVERYWHERE and word not in allowed})


def templates() -> list[Path]:
    # The gallery of components is for developers and shows invented things.
    return [path for path in sorted(TEMPLATES.rglob("*.*")) if path.name != "gallery.html"]


def parsed(path: Path) -> nodes.Template:
    return Environment(extensions=["jinja2.ext.i18n"], autoescape=True).parse(path.read_text())


def name_of_call(node: nodes.Node) -> str:
    return node.node.name if isinstance(node, nodes.Call) and isinstance(node.node, nodes.Name) else ""


def bare_strings(node: nodes.Node) -> Iterator[str]:
    """Constants outside of gettext calls."""
    for child in node.iter_child_nodes():
        if name_of_call(child) in {"_", "gettext", "ngettext"}:
            continue
        if isinstance(child, nodes.Const) and isinstance(child.value, str):
            yield child.value
        yield from bare_strings(child)


SWITCHES = {"body_class", "bare", "viewport", "width"}  # blocks that set something and are not read


class TestTemplates:
    @pytest.mark.parametrize("path", templates(), ids=lambda path: path.relative_to(TEMPLATES).as_posix())
    def test_words_are_translatable(self, path: Path) -> None:
        template = parsed(path)
        for block in template.find_all(nodes.Block):
            if block.name in SWITCHES:
                block.body = []
        written = "".join(data.data for data in template.find_all(nodes.TemplateData))
        assert english_of(written, {"DOCTYPE"}) == []
        sentence = re.compile(r"[A-Z][a-z]+( [a-z].*)?[.!?…]?")
        assert [text for text in bare_strings(template) if sentence.fullmatch(text) and text != "English"] == []


# These speak to whoever runs a command, in English: imports and the engine of the search. Providers of payments are
# asked by jobs alone, so what is wrong with them is read in the log; a buyer is told that it takes a little longer.
COMMANDS = ("posts/imports.py", "products/imports/", "products/actions/importing.py", "products/actions/upserting.py",
            "importing.py")  # fmt: skip
ENGINES = ("search/backends/", "payments/backends/")
REFUSALS = {"NotFound", "Forbidden", "Invalid", "Conflict", "Unavailable"}
SAYING = {"say", "_", "gettext", "ngettext"}


def function_name(call: ast.Call) -> str:
    return getattr(call.func, "id", getattr(call.func, "attr", ""))


def unsaid(node: ast.AST) -> Iterator[str]:
    """Sentences in ``node`` that no catalogue would know."""
    if isinstance(node, ast.Call) and function_name(node) in SAYING:
        return
    text = ast.unparse(node) if isinstance(node, ast.JoinedStr | ast.Constant) else ""
    if isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str)):
        if " " in text:
            yield text
        return
    for child in ast.iter_child_nodes(node):
        yield from unsaid(child)


def test_every_refusal_can_be_said_in_any_language() -> None:
    found = []
    for path in sorted(CODE.rglob("*.py")):
        name = path.relative_to(CODE).as_posix()
        if name.startswith(("migrations/", "demo/", *COMMANDS, *ENGINES)):
            continue
        for call in ast.walk(ast.parse(path.read_text())):
            if isinstance(call, ast.Call) and function_name(call) in REFUSALS:
                found += [f"{name}:{call.lineno}: {text}" for part in call.args for text in unsaid(part)]
    assert found == []


class TestWords:
    def test_a_sentence_reads_as_english_and_remembers_what_it_is_made_of(self) -> None:
        said = say("There is no topic “%(slug)s”.", slug="tea")
        assert said == "There is no topic “tea”."
        assert (said.template, said.values) == ("There is no topic “%(slug)s”.", {"slug": "tea"})
        assert say("100 % sure") == "100 % sure"

    @pytest.fixture
    def chinese(self, app: Flask) -> Iterator[None]:
        with app.test_request_context(headers=CHINESE):
            yield

    @pytest.mark.usefixtures("chinese")
    def test_values_are_put_in_after_translating_and_sentences_among_them_are_translated(self) -> None:
        inner = say("%(name)s is given twice", name="note 100%")
        outer = say("Line %(line)s: %(problem)s", line=3, problem=inner)
        assert translated(outer) == "第 3 行：note 100% 写了两次"
        assert translated("Saved.") == "已保存。"
        assert translated("") == ""
        assert translated("nothing we know 100%") == "nothing we know 100%"

    @pytest.mark.usefixtures("chinese")
    def test_refusals_are_told_by_message_or_by_field(self) -> None:
        fields = {"a": [say("Write a title.")], "b": [say("Use at most %(most)s characters.", most=5)]}
        assert translated_errors(fields) == {"a": ["请填写标题。"], "b": ["最多 5 个字符。"]}
        assert refusal_text(Invalid(fields)) == "请填写标题。 最多 5 个字符。"
        assert refusal_text(Conflict(say("Some of this is no longer in stock in the quantity you want."))) == (
            "部分商品库存不足你要的数量。"
        )
        assert refusal_text(NotFound()) == ""

    def test_without_a_translation_it_is_english(self, app: Flask) -> None:
        with app.test_request_context(headers={"Accept-Language": "en"}):
            assert translated(say("There is no topic “%(slug)s”.", slug="tea")) == "There is no topic “tea”."
        assert isinstance(say("x"), Said)


@pytest.fixture
def world(make: Factory) -> dict[str, Any]:
    """A site whose words are all Chinese, so that every Latin letter on its pages is ours."""
    people = {
        role: make.user(role, name=name, handle=f"{role}-x", locale="zh")
        for role, name in (("creator", "小明"), ("editor", "小红"), ("operator", "小刚"))
    }
    store = make.merchant("jd", name="京东")
    make.topic("tea", title="茶", intro="喝茶。", translations={"zh": {"title": "茶"}})
    kettle = make.product("kettle", title="水壶", lang="zh", own={"CNY": 9900, "USD": 1900}, stock=3)
    make.product("cup", title="茶杯", lang="zh", affiliate=[{"merchant": store, "currency": "CNY"}])
    make.product("pot", title="茶壶", lang="zh", own={"CNY": 100}, stock=0)
    jar = make.product("jar", title="茶罐", lang="zh", affiliate=[{"merchant": store, "currency": "CNY"}])
    source = (
        ':::item[kettle]{award="首选" note="快。"}\n+ 快\n- 响\n\n正文。\n:::\n\n'
        '::card[cup]\n\n::card[pot]{alt="cup"}\n\n::card[jar]\n'
    )
    words = {"lang": "zh", "summary": "摘要。", "topics": ["tea"], "tested": "用了一年。"}
    make.post(people["creator"], kind="list", title="水壶清单", slug="kettles", source=source, **words)
    make.post(people["creator"], title="第二篇", slug="second", source="文字。\n\n::card[cup]", **words)
    with make.unit()():
        db.session.get_one(Product, jar.id).discontinued = True
        db.session.execute(update(Offer).where(Offer.product_id == jar.id).values(active=False))
    draft = make.post(people["creator"], title="草稿", slug="draft", published=False, source="::card[none]", **words)
    return {"people": people, "kettle": kettle, "draft": draft}


SignIn = Callable[[FlaskClient, User], FlaskClient]


@pytest.fixture
def reader(client: FlaskClient) -> FlaskClient:
    """A browser that asks for Chinese."""
    client.environ_base["HTTP_ACCEPT_LANGUAGE"] = CHINESE["Accept-Language"]
    return client


@pytest.mark.usefixtures("world")
class TestPages:
    @pytest.mark.parametrize(
        "path",
        [
            "/", "/p/kettles", "/p/second", "/products/kettle", "/products/cup", "/products/pot", "/products/jar",
            "/topics/tea", "/@creator-x", "/search", "/search?q=水壶", "/search?q=没有&kind=product&stock=1&from=x",
            "/cart", "/sign-in", "/sign-up?as=creator", "/forgot", "/no-such-page", "/studio", "/go/none",
        ],
    )  # fmt: skip
    def test_a_visitor_reads_no_english(self, reader: FlaskClient, path: str) -> None:
        page = reader.get(path, follow_redirects=True).text
        assert '<html lang="zh-Hans"' in page
        assert english_of(page) == []

    def test_a_buyer_reads_no_english(self, reader: FlaskClient, world: dict[str, Any]) -> None:
        assert add(reader, product="kettle", headers=JSON | CHINESE).status_code == 200
        assert english_of(reader.get("/cart").text) == []
        assert english_of(reader.get("/checkout").text) == []
        # In China: the states of America have their own names in every language.
        answer = steps(reader, country="CN", email="x", name="", address="", city="", postcode="1")
        assert answer.status_code == 422
        assert "请填写城市。" in answer.text
        assert english_of(answer.text) == []
        china = {"country": "CN", "region": "北京市", "city": "海淀区", "district": "", "postcode": "100000"}
        sent = checkout_form(reader, name="王小明", address="人民路一号", **china)
        for step in ("/checkout", "/checkout/delivery", "/checkout/review"):
            assert english_of(reader.get(step).text, {"ada", "example", "org"}) == []
        order = reader.post("/checkout", data=sent, follow_redirects=True)
        assert order.status_code == 200
        account = {"Account", "holder", "demo", "IBAN", "DE"}  # as the settings give it
        number = re.search(r"订单 (\w+)", order.text)
        assert number
        said = order.text.replace(number[1], "")
        assert english_of(said, account) == []
        assert english_of(add(reader, product="nothing", headers={"Origin": "http://localhost"}).text) == []

    @pytest.mark.parametrize(
        "path",
        ["/studio", "/studio?state=draft", "/studio/new", "draft:", "draft:/preview", "/account", "/account/password"],
    )
    def test_a_creator_reads_no_english(
        self, reader: FlaskClient, world: dict[str, Any], sign_in: SignIn, path: str
    ) -> None:
        sign_in(reader, world["people"]["creator"])
        page = reader.get(path.replace("draft:", f"/studio/{world['draft'].key}"), follow_redirects=True)
        assert page.status_code == 200
        assert english_of(page.text, {"none", "cup", "key"} | KEYS | SYNTAX) == []
        if path == "draft:":
            assert "没有商品“none”" in page.text

    @pytest.mark.parametrize(
        "path",
        [
            "/desk", "/desk/orders?queue=all", "/desk/orders?q=x", "/desk/products", "/desk/products?shelf=stale",
            "/desk/products/new", "product:", "product:/offers/new?kind=own", "product:/offers/new?kind=affiliate",
            "product:/variants/new", "/desk/stock", "/desk/stock?q=x", "/desk/products/gift-cards",
            "/desk/promotions/new", "/desk/products/bulk?p=x", "/desk/orders/shipping", "/desk/payments",
            "/desk/payments/gift-cards", "/desk/log",
        ],
    )  # fmt: skip
    def test_an_operator_reads_no_english(
        self, reader: FlaskClient, world: dict[str, Any], sign_in: SignIn, path: str
    ) -> None:
        sign_in(reader, world["people"]["operator"])
        page = reader.get(path.replace("product:", f"/desk/products/{world['kettle'].key}"))
        assert page.status_code == 200
        # An example of a code, and the columns of a file as they are typed.
        written = {"SPRING", "CSV", "order", "carrier", "tracking"}
        assert english_of(page.text, {"KETTLE", "POT", "contentshop"} | written) == []

    def test_an_editor_reads_no_english(
        self, reader: FlaskClient, world: dict[str, Any], sign_in: SignIn, post_form: Callable[..., Any]
    ) -> None:
        sign_in(reader, world["people"]["editor"])
        assert english_of(reader.get("/desk/featured").text) == []
        assert english_of(reader.get("/desk/featured/new").text) == []
        typed = {"item_kind": "post", "item_ref": "nowhere", "item_reason": ""}
        answer = post_form(reader, "/desk/featured/new", typed, page="/account")
        assert answer.status_code == 422
        assert "请填写专题标题。" in answer.text
        assert english_of(answer.text, {"nowhere"}) == []


def test_the_reader_chooses_the_language_at_the_foot_of_the_page(client: FlaskClient) -> None:
    page = client.get("/", headers={"Accept-Language": "en"}).text
    assert '<html lang="en"' in page
    assert '<option value="zh" lang="zh-Hans">中文</option>' in page
    choice = {"next": "/", "locale": "zh", "region": "CN", "currency": "CNY"}
    answer = client.post("/preferences", data=choice, headers={"Origin": "http://localhost"})
    assert answer.status_code == 303
    page = client.get("/", headers={"Accept-Language": "en"}).text
    assert '<html lang="zh-Hans"' in page
    assert '<option value="en" lang="en">English</option>' in page


def test_paid_links_are_marked_as_advertising(reader: FlaskClient, world: dict[str, Any]) -> None:
    """Chinese law wants the word 广告 where an article holds purchase links."""
    for path in ("/p/kettles", "/p/second", "/products/cup"):
        main = reader.get(path).text.partition("<main")[2]
        link = main.index('rel="sponsored nofollow noopener"')
        assert "广告：" in main, "beside the link"
        if path.startswith("/p/"):
            assert '<span class="ad-mark" lang="zh-Hans">广告</span>' in main[:link], "on the title line"
