"""The search page on the real engine: forgiving, narrowing, suggesting, explaining."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from contentshop import worker
from contentshop.core.clock import FixedClock
from contentshop.core.db import db
from contentshop.core.uow import unit_of_work
from contentshop.posts import actions as posts
from contentshop.posts.models import Post
from contentshop.products.models import Product
from contentshop.search.actions import rebuild
from contentshop.search.backends.whoosh import WhooshSearchBackend
from contentshop.search.port import SORTS, Document
from tests.factories import Factory


@pytest.fixture
def search(tmp_path: Path) -> Iterator[WhooshSearchBackend]:
    """The engine that the site has by default."""
    backend = WhooshSearchBackend(tmp_path / "index")
    backend.ensure()
    yield backend
    backend.close()


@pytest.fixture
def stocked(app: Flask, make: Factory, search: WhooshSearchBackend, clock: FixedClock) -> dict[str, Any]:
    """A few products and guides, indexed."""
    nora = make.user("creator", handle="nora", name="Nora Whitfield")
    make.topic("audio")
    mall = make.merchant("mall", name="The Mall")
    things = {
        "xm5": make.product(
            "xm5", title="Sony WH-1000XM5 wireless headphones", brand="Sony", own={"USD": 34800}, stock=3
        ),
        "qc": make.product("qc", title="Bose QuietComfort headphones", brand="Bose", affiliate=[{"merchant": mall}]),
        "case": make.product("case", title="透明手机壳", lang="zh", brand="Apple", own={"USD": 1900}, stock=0),
    }
    guide = make.post(nora, title="Headphones for flights", source="Quiet.\n\n::card[xm5]\n", topics=["audio"])
    worker.settle(app)
    with app.app_context():
        rebuild(db.session, search, now=clock.now())
    return things | {"nora": nora, "guide": guide}


def hits(client: FlaskClient, query: str) -> list[str]:
    """Addresses of the results, in order."""
    answer = client.get(f"/search?{query}")
    assert answer.status_code == 200
    return re.findall(r'<h2 class="hit-title"[^>]*><a href="([^"]+)"', answer.text)


def counts(html: str, title: str) -> dict[str, int]:
    """label → count of one group of filters."""
    group = re.search(rf"<summary><span>{title}</span>.*?</details>", html, re.DOTALL)
    if group is None:
        return {}
    pairs = re.findall(r"<span>([^<]+)</span><span class=\"count\">(\d+)</span>", group.group())
    return {label: int(count) for label, count in pairs}


def test_a_typing_error_is_corrected_and_said(client: FlaskClient, stocked: dict[str, Any]) -> None:
    html = client.get("/search?q=wirless+hedphones").text
    assert "Results for “wireless headphones”" in html
    assert "Instead of “wirless hedphones”." in html
    assert hits(client, "q=wirless+hedphones")[0] == "/products/xm5"
    assert hits(client, "q=wirless+hedphones&exact=1") == []


def test_chinese_by_pinyin_and_in_traditional_characters(client: FlaskClient, stocked: dict[str, Any]) -> None:
    for query in ("shoujike", "sjk", "手機殼", "手机壳"):
        assert hits(client, f"q={query}") == ["/products/case"], query


def test_facets_are_counted_and_several_may_be_chosen(client: FlaskClient, stocked: dict[str, Any]) -> None:
    html = client.get("/search?q=headphones").text
    assert counts(html, "Brand") == {"Bose": 1, "Sony": 1}
    assert counts(html, "Where to buy") == {"Sold here": 2, "Sold by other shops": 1, "In stock here": 2}
    both = client.get("/search?q=headphones&brand=Sony&brand=Bose").text
    assert counts(both, "Brand") == {"Bose": 1, "Sony": 1}
    assert set(hits(client, "q=headphones&brand=Sony&brand=Bose")) == {"/products/xm5", "/products/qc"}
    assert hits(client, "q=headphones&brand=Bose") == ["/products/qc"]
    assert 'href="/search?q=headphones&amp;brand=Bose"' in both  # without Sony


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("headphones brand:sony", ["/products/xm5"]),
        ("brand:Bose", ["/products/qc"]),
        ("headphones by:nora", ["/p/headphones-for-flights"]),
        ("headphones by:nobody", []),
        ("kind:article", ["/p/headphones-for-flights"]),
        ("headphones shop:mall", ["/products/qc"]),
        ("topic:audio kind:list", []),
        ("status:draft", []),
        ("brand:", []),
    ],
)
def test_fields_narrow_like_filters(client: FlaskClient, stocked: dict[str, Any], words: str, found: list[str]) -> None:
    assert hits(client, f"q={words}") == found


def test_topics_are_found(client: FlaskClient, stocked: dict[str, Any]) -> None:
    assert "/topics/audio" in hits(client, "q=audio")


def test_why_a_result_stands_here_can_be_seen(client: FlaskClient, stocked: dict[str, Any]) -> None:
    html = client.get("/search?q=headphones&why=1").text
    assert re.search(r"has all words · text \d+\.\d\d · recommended ×1\.15 · can be had ×1\.05", html)
    assert "What we earn never counts." in html
    assert "has all words" not in client.get("/search?q=headphones").text


def test_commission_can_be_no_factor_since_no_document_knows_it() -> None:
    assert {field.name for field in fields(Document)} == {
        "id", "kind", "version", "title", "lang", "body", "brand", "tags", "codes", "cards", "topics", "creator",
        "published", "price_minor", "in_stock", "popularity", "merchants", "ways", "talk", "worth", "votes", "rating",
        "phase",
    }  # fmt: skip
    assert set(SORTS) == {"relevance", "newest", "popular", "price_up", "price_down"}


@pytest.mark.parametrize(
    "query",
    [
        "q=" + "a" * 10_000,
        "q=" + "+".join(f"word{n}" for n in range(500)),
        "q=*a*",
        "q=?*",
        'q="open',
        "q=field:",
        "q=brand:&brand=",
        "q=%F0%9F%8E%A7",
        "q=%D7%A9%D7%9C%D7%95%D7%9D",
        "q=a%00b",
        "q=%ED%A0%80",
        "q=headphones&page=1000000000",
        "q=headphones&brand=nobody&shop=nowhere&topic=nothing&lang=xx&by=zzz&way=stolen&days=3&kind=x&sort=x",
        "q=headphones&" + "&".join(f"brand=b{n}" for n in range(100)),
        "brand=" + "b" * 5000,
    ],
)
def test_odd_input_is_answered(client: FlaskClient, stocked: dict[str, Any], query: str) -> None:
    assert client.get(f"/search?{query}").status_code == 200
    assert client.get(f"/suggest.json?{query}").status_code == 200


def test_an_answer_takes_few_statements(
    client: FlaskClient, stocked: dict[str, Any], statements: Callable[[], Any]
) -> None:
    client.get("/search?q=headphones")
    with statements() as seen:
        client.get("/search?q=headphones+audio")
    assert len(seen) <= 6, seen
    assert not [statement for statement in seen if not statement.lstrip().upper().startswith("SELECT")]


class TestSuggestions:
    def entries(self, client: FlaskClient, typed: str) -> list[tuple[str, str]]:
        return [(entry["kind"], entry["url"]) for entry in client.get(f"/suggest.json?q={typed}").json["entries"]]

    def test_any_word_of_a_title_and_pinyin_lead_there(self, client: FlaskClient, stocked: dict[str, Any]) -> None:
        assert self.entries(client, "quiet") == [("product", "/products/qc")]
        assert self.entries(client, "wh-1000") == [("product", "/products/xm5")]
        for typed in ("手", "shouj", "sj", "touming"):
            assert self.entries(client, typed) == [("product", "/products/case")], typed
        assert self.entries(client, "nora") == [("creator", "/@nora")]
        assert ("topic", "/topics/audio") in self.entries(client, "au")

    def test_products_that_are_recommended_come_first(self, client: FlaskClient, stocked: dict[str, Any]) -> None:
        assert [url for _, url in self.entries(client, "headph")] == [
            "/products/xm5",
            "/products/qc",
            "/p/headphones-for-flights",
        ]

    def test_one_latin_letter_suggests_nothing(self, client: FlaskClient, stocked: dict[str, Any]) -> None:
        assert self.entries(client, "s") == self.entries(client, "") == []

    def test_what_is_not_public_is_never_suggested(
        self,
        app: Flask,
        client: FlaskClient,
        make: Factory,
        stocked: dict[str, Any],
        session: Session,
        clock: FixedClock,
    ) -> None:
        make.post(stocked["nora"], title="Zirconium secrets", published=False)
        worker.settle(app)
        assert self.entries(client, "zirc") == []
        with unit_of_work(session):
            guide = session.get(Post, stocked["guide"].id)
            assert guide is not None
            posts.unpublish(session, guide, by=guide.author, now=clock.now())
            product = session.get(Product, stocked["qc"].id)
            assert product is not None
            product.status = "archived"
        # At once, before the worker has heard of it, and afterwards.
        assert "/p/headphones-for-flights" not in {url for _, url in self.entries(client, "headph")}
        assert self.entries(client, "quiet") == []
        worker.settle(app)
        assert self.entries(client, "flights") == []

    def test_suggesting_takes_few_statements(
        self, client: FlaskClient, stocked: dict[str, Any], statements: Callable[[], Any]
    ) -> None:
        with statements() as seen:
            self.entries(client, "headph")
        assert len(seen) <= 3, seen


class TestSynonyms:
    def add(self, browser: FlaskClient, post_form: Callable[..., Any], rule: str) -> Any:
        return post_form(browser, "/desk/synonyms", {"rule": rule}, page="/desk/synonyms")

    def test_an_editor_leads_words_to_each_other(
        self, app: Flask, make: Factory, stocked: dict[str, Any], sign_in: Any, post_form: Callable[..., Any]
    ) -> None:
        editor = sign_in(app.test_client(), make.user("editor"))
        visitor = app.test_client()
        assert hits(visitor, "q=cans&exact=1") == []
        assert self.add(editor, post_form, "cans, headphones").status_code == 303
        assert "/products/qc" in hits(visitor, "q=cans&exact=1")
        page = editor.get("/desk/synonyms").text
        assert "cans, headphones" in page
        key = re.search(r"/desk/synonyms/([^/]+)/remove", page)
        assert key
        assert post_form(editor, f"/desk/synonyms/{key[1]}/remove", page="/desk/synonyms").status_code == 303
        assert hits(visitor, "q=cans&exact=1") == []

    @pytest.mark.parametrize(
        ("rule", "status", "words"),
        [
            ("", 422, "Write two or more words or phrases"),
            ("one", 422, "Write two or more words or phrases"),
            ("a, b => c", 422, "Write one word or phrase before the arrow."),
            ("a => b => c", 422, "Write one arrow at most."),
            ("!!, lamp", 422, "“!!” has no word in it."),
            (",".join(f"w{n}" for n in range(13)), 422, "Write at most 12 words or phrases in one line."),
            ("x" * 61 + ", lamp", 422, "is too long: at most 60 characters."),
            ("cans, headphones", 409, "This line is there already."),
        ],
    )
    def test_a_line_that_cannot_be_taken_is_told(
        self,
        app: Flask,
        make: Factory,
        sign_in: Any,
        post_form: Callable[..., Any],
        rule: str,
        status: int,
        words: str,
    ) -> None:
        editor = sign_in(app.test_client(), make.user("editor"))
        self.add(editor, post_form, "cans, headphones")
        answer = self.add(editor, post_form, rule)
        assert (answer.status_code, words in answer.text) == (status, True)
        assert editor.get("/desk/synonyms").text.count("/remove") == 1


class TestPickingInTheStudio:
    """Who writes finds products as readers do, and what the index does not know yet."""

    @pytest.fixture
    def studio(self, app: Flask, stocked: dict[str, Any], sign_in: Callable[..., FlaskClient]) -> FlaskClient:
        return sign_in(app.test_client(), stocked["nora"])

    def picked(self, studio: FlaskClient, words: str) -> list[str]:
        return [
            entry["key"] for entry in studio.get("/studio/products.json", query_string={"q": words}).json["products"]
        ]

    @pytest.mark.parametrize(
        ("words", "first"),
        [
            ("xm5", "xm5"),
            ("sony hedphones", "xm5"),
            ("quietcomfrt", "qc"),
            ("shoujike", "case"),
            ("手机壳", "case"),
        ],
    )
    def test_with_slips_of_the_finger_and_in_pinyin(self, studio: FlaskClient, words: str, first: str) -> None:
        assert self.picked(studio, words)[0] == first

    def test_what_only_has_some_of_the_words_is_not_offered(self, studio: FlaskClient) -> None:
        assert self.picked(studio, "sony kettle") == []

    def test_what_was_just_added_and_when_the_index_is_away(
        self, studio: FlaskClient, make: Factory, search: WhooshSearchBackend
    ) -> None:
        make.product("brand-new", title="Brand new lamp")
        assert self.picked(studio, "brand new") == ["brand-new"]
        search.close()
        assert self.picked(studio, "brand new") == ["brand-new"]

    def test_for_the_queue_of_a_live_session(self, studio: FlaskClient, post_form: Callable[..., Any]) -> None:
        words = {"title": "Ears", "lang": "en", "relation": "none", "starts_at": "2026-11-21T12:00", "zone": "UTC"}
        made = post_form(studio, "/studio/live/new", words)
        assert made.status_code == 303
        page = studio.get(made.headers["Location"], query_string={"q": "hedphones"}).text
        assert 'name="product" value="xm5"' in page
