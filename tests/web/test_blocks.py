"""Posts with every kind of block, as readers get them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from html import unescape
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import update
from sqlalchemy.orm import Session

from contentshop.core.uow import unit_of_work
from contentshop.media.models import Asset
from contentshop.posts.models import Revision
from contentshop.products.models import Merchant, Product
from tests.factories import Factory

Counting = Callable[[], AbstractContextManager[list[str]]]


def data_of(html: str, kind: str) -> list[dict[str, Any]]:
    blocks = [json.loads(text) for text in re.findall(r'<script type="application/ld\+json">(.*?)</script>', html)]
    return [block for block in blocks if block["@type"] == kind]


def words(html: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split())


def within(html: str, start: str, end: str) -> str:
    begin = html.index(start)
    return html[begin : html.index(end, begin) + len(end)]


@pytest.fixture
def shop(make: Factory) -> Merchant:
    return make.merchant("cove")


@pytest.fixture
def lamp(make: Factory) -> Product:
    return make.product(
        "lamp",
        title="Lamp One",
        own={"USD": 3900, "CNY": 27900},
        stock=5,
        attrs=[["Weight", "2 kg"], ["Plug", "USB-C"]],
    )


@pytest.fixture
def chair(make: Factory, shop: Merchant) -> Product:
    offer = {"merchant": shop, "price_minor": 12900, "currency": "USD", "availability": "in_stock"}
    return make.product("chair", title="Chair Two", affiliate=[offer], attrs=[["weight", "9 kg"], ["Arms", "yes"]])


@pytest.fixture
def files(make: Factory, session: Session) -> None:
    with unit_of_work(session):
        for key, kind, form in (("aaaa1111", "picture", "webp"), ("bbbb2222", "video", "mp4"),
                                ("cccc3333", "captions", "vtt"), ("dddd4444", "audio", "mp3")):  # fmt: skip
            widths = [320, 640] if kind == "picture" else []
            session.add(Asset(key=key, kind=kind, form=form, width=800, height=600, widths=widths, alt="A desk",
                              digest=key, created_at=make.now, lang="zh" if kind == "captions" else ""))  # fmt: skip


def test_a_picture_shows_its_products_and_leads_to_them(
    client: FlaskClient, make: Factory, files: None, lamp: Product, chair: Product
) -> None:
    source = ':::picture[aaaa1111]{caption="Our <desk>"}\n@ 31 42.5 lamp the warm one\n@ 70 10 chair\n:::\n'
    make.post(slug="guide", source=source)

    figure = within(client.get("/p/guide").text, '<figure class="shot', "</figure>")

    assert 'src="/media/aa/aaaa1111-640.webp"' in figure
    assert 'width="800" height="600" alt="A desk"' in figure
    assert "<figcaption>Our &lt;desk&gt;</figcaption>" in figure
    assert '<svg x="31.0%" y="42.5%" overflow="visible"><a href="#picture-1-1" aria-label="1: Lamp One">' in figure
    assert figure.index('id="picture-1-1"') < figure.index("the warm one") < figure.index('id="picture-1-2"')
    assert "style=" not in figure


def test_a_gallery_leads_to_each_picture_in_full(client: FlaskClient, make: Factory, files: None) -> None:
    make.post(
        slug="guide", source=':::gallery{caption="Two"}\n::picture[aaaa1111]\n::picture[aaaa1111]{alt="Other"}\n:::'
    )

    figure = within(client.get("/p/guide").text, '<figure class="album">', "</figure>")

    assert figure.count('<a href="/media/aa/aaaa1111-640.webp">') == 2
    assert 'alt="Other"' in figure
    assert "<figcaption>Two</figcaption>" in figure


def test_a_video_has_captions_chapters_and_their_products(
    client: FlaskClient, make: Factory, files: None, lamp: Product
) -> None:
    source = (
        ':::video[bbbb2222]{poster="aaaa1111" captions="cccc3333"}\n@ 0:05 Unboxing\n@ 1:01:01 lamp The <light>\n:::\n'
    )
    make.post(slug="guide", source=source)
    html = client.get("/p/guide").text

    figure = within(html, '<figure class="player"', "</figure>")
    assert '<source src="/media/bb/bbbb2222.mp4" type="video/mp4">' in figure
    assert 'poster="/media/aa/aaaa1111-640.webp"' in figure
    assert '<track kind="captions" src="/media/cc/cccc3333.vtt" srclang="zh"' in figure
    assert 'href="/media/bb/bbbb2222.mp4#t=5" data-seek="5"' in figure
    assert 'href="/media/bb/bbbb2222.mp4#t=3661" data-seek="3661"' in figure
    assert "The &lt;light&gt;" in figure
    assert figure.index("1:01:01") < figure.index("Lamp One")
    assert html.count("js/blocks.js") == 1


def test_sound_and_nothing_of_another_site_before_it_is_asked_for(
    client: FlaskClient, make: Factory, files: None
) -> None:
    make.post(slug="guide", source='::audio[dddd4444]\n\n::embed[https://youtu.be/dQw4w9WgXcQ]{caption="A flight"}\n')
    answer = client.get("/p/guide")

    assert '<source src="/media/dd/dddd4444.mp3" type="audio/mpeg">' in answer.text
    assert "<iframe" not in answer.text
    assert 'href="https://www.youtube.com/watch?v=dQw4w9WgXcQ"' in answer.text
    assert 'data-embed="https://www.youtube-nocookie.com/embed/dQw4w9WgXcQ?autoplay=1"' in answer.text
    assert "frame-src https://www.youtube-nocookie.com " in answer.headers["Content-Security-Policy"]


def test_a_text_without_players_needs_no_more_script(client: FlaskClient, make: Factory) -> None:
    make.post(slug="guide", source=":::tip\nx\n:::")
    assert "js/blocks.js" not in client.get("/p/guide").text


class TestComparison:
    def rows(self, html: str) -> list[list[str]]:
        table = within(html, '<figure class="compare">', "</table>")
        cells = re.findall(r"<tr.*?</tr>", table, re.S)
        return [[words(cell) for cell in re.findall(r"<t[hd].*?</t[hd]>", row, re.S)] for row in cells]

    def test_it_is_made_of_the_catalogue(
        self, client: FlaskClient, make: Factory, lamp: Product, chair: Product
    ) -> None:
        source = '::compare[lamp, chair]{attributes="Weight, Arms, Colour" best="lamp" caption="Both"}\n'
        make.post(slug="guide", source=source)
        html = client.get("/p/guide").text

        head, price, *rows, acts = self.rows(html)
        assert head == ["", "Our choice L Lamp One", "C Chair Two"]
        assert price[0] == "Price"
        assert price[1] == "$39.00 Lowest price"
        assert price[2].startswith("$129.00 checked")
        assert rows == [
            ["Weight", "2 kg", "9 kg"],
            ["Arms", "not stated", "yes"],
            ["Colour", "not stated", "not stated"],
        ]
        assert "Add to cart" in acts[1]
        assert "Buy at Cove" in acts[2]
        assert "We may earn a commission" in within(html, '<figure class="compare">', "</figure>")

    def test_without_names_it_takes_what_two_products_state(
        self, client: FlaskClient, make: Factory, lamp: Product, chair: Product
    ) -> None:
        make.post(slug="guide", source="::compare[lamp, chair]\n")
        assert [row[0] for row in self.rows(client.get("/p/guide").text)] == ["", "Price", "Weight", "Buy"]

    def test_prices_in_other_currencies_are_not_held_against_each_other(
        self, client: FlaskClient, make: Factory, shop: Merchant, lamp: Product
    ) -> None:
        euros = {"merchant": shop, "price_minor": 100, "currency": "EUR", "availability": "in_stock"}
        make.product("euro", affiliate=[euros])
        make.post(slug="guide", source="::compare[lamp, euro]\n")
        assert "Lowest price" not in client.get("/p/guide").text


class TestItems:
    SOURCE = (
        ':::item[lamp]{award="Best" note="Bright."}\n+ Warm\n- Heavy\n* Light: 4.5\n* Build: 4\n* Price: 3.5\n\n'
        ":::toggle[More]\nDeep.\n:::\n:::\n:::item[chair]\n:::\n"
        ':::rejected[chair]{note="Too wide."}\nWhy **not**.\n:::\n'
    )

    def test_ratings_and_their_mean_are_shown(
        self, client: FlaskClient, make: Factory, lamp: Product, chair: Product
    ) -> None:
        make.post(slug="best", kind="list", source=self.SOURCE)
        html = client.get("/p/best").text

        ratings = words(within(html, '<div class="ratings">', "</dl>"))
        assert ratings == "4.0 of 5 , mean of the ratings Light 4.5 of 5 Build 4.0 of 5 Price 3.5 of 5"
        assert words(within(html, '<p class="pick-rating">', "</p>")) == "4.0 of 5"
        assert '<rect width="45" height="4"/>' in html
        assert words(within(html, '<details class="toggle">', "</details>")) == "More Deep."
        rejected = words(within(html, '<div class="rejected">', "</p></div></div>"))
        assert rejected == "C Considered, not chosen Chair Two Too wide. Why not ."

    def test_structured_data_says_what_the_page_shows(
        self, client: FlaskClient, make: Factory, lamp: Product, chair: Product
    ) -> None:
        make.post(slug="best", kind="list", source=self.SOURCE)
        html = client.get("/p/best").text

        (listed,) = data_of(html, "ItemList")
        assert [entry["name"] for entry in listed["itemListElement"]] == ["Lamp One", "Chair Two"]
        (product,) = data_of(html, "Product")
        assert product["name"] == "Lamp One"
        assert "offers" not in product
        review = product["review"]
        assert review["reviewRating"] == {
            "@type": "Rating", "ratingValue": "4.0", "bestRating": "5", "worstRating": "0",
        }  # fmt: skip
        assert [note["name"] for note in review["positiveNotes"]["itemListElement"]] == ["Warm"]
        assert [note["name"] for note in review["negativeNotes"]["itemListElement"]] == ["Heavy"]
        assert data_of(html, "Article")[0]["dateModified"]

    def test_no_rating_is_told_where_none_is_shown(self, client: FlaskClient, make: Factory, lamp: Product) -> None:
        make.post(slug="one", source=":::item[lamp]\n+ Warm\n:::\n")
        html = client.get("/p/one").text

        (product,) = data_of(html, "Product")
        assert "reviewRating" not in product["review"]
        assert data_of(html, "ItemList") == []
        assert 'class="ratings"' not in html
        assert 'id="pick-1"' in html, "an article shows items too"


def test_contents_stand_where_the_author_wants_them(client: FlaskClient, make: Factory) -> None:
    make.post(slug="a", source="Before.\n\n::toc\n\n## One\n\n## Two\n\n## Three\n")
    make.post(slug="b", source="Before.\n\n## One\n\n## Two\n\n## Three\n")
    placed, usual = client.get("/p/a").text, client.get("/p/b").text

    assert placed.count('<details class="toc">') == usual.count('<details class="toc">') == 1
    assert placed.index("Before.") < placed.index('<details class="toc">')
    assert usual.index("Before.") > usual.index('<details class="toc">')


@pytest.mark.parametrize(
    ("dates", "shown"),
    [
        (("2026-05-01", "2026-05-30", "2025-11-11"), "Tested May 1, 2026 to May 30, 2026 Owned since Nov 11, 2025"),
        (("2026-05-01", "", ""), "Tested since May 1, 2026"),
        (("2026-05-01", "2026-05-01", ""), "Tested May 1, 2026"),
        (("", "2026-05-30", ""), "Tested May 30, 2026"),
    ],
)
def test_how_it_was_tested_has_its_dates(
    client: FlaskClient, make: Factory, dates: tuple[str, str, str], shown: str
) -> None:
    first, last, owned = dates
    make.post(slug="a", tested="With care.", tested_from=first, tested_to=last, owned_since=owned)

    assert words(within(client.get("/p/a").text, '<div class="tested-body">', "</details>")) == f"{shown} With care."


class TestDisclosure:
    def page(self, client: FlaskClient, region: str, lang: str) -> str:
        client.set_cookie("cs_region", region)
        client.set_cookie("cs_lang", lang)
        return client.get("/p/guide").text

    def test_a_relation_of_one_product_is_told_above_and_beside_its_link(
        self, client: FlaskClient, make: Factory, lamp: Product, chair: Product
    ) -> None:
        make.post(slug="guide", source='::card[lamp]\n\n::card[chair]{relation="lent"}\n')
        html = self.page(client, "US", "en")

        note = words(within(html, 'class="paid-note"', "</p>"))
        assert "The author was lent one or more of these products. Links may earn us a commission." in note
        first, second = re.findall(r'<article class="card .*?</article>', html, re.S)
        assert "Lent to the author" not in first
        assert "Lent to the author · We may earn a commission" in words(second)

    def test_a_card_falls_back_to_the_relation_of_the_post(
        self, client: FlaskClient, make: Factory, chair: Product
    ) -> None:
        make.post(slug="guide", relation="gifted", source='::card[chair]\n\n::card[chair]{relation="bought"}\n')
        first, second = re.findall(r'<article class="card .*?</article>', self.page(client, "US", "en"), re.S)
        assert "Given to the author ·" in words(first)
        assert "Bought by the author ·" in words(second)

    def test_in_china_the_title_line_and_each_link_are_marked(
        self, client: FlaskClient, make: Factory, chair: Product
    ) -> None:
        make.post(slug="guide", kind="list", title="好椅子", source=":::item[chair]\n:::\n")

        chinese = self.page(client, "CN", "zh")
        assert words(within(chinese, '<h1 class="article-title">', "</h1>")) == "广告 好椅子"
        assert words(within(chinese, '<li class="pick">', "</li>")).endswith("广告")
        assert "广告：通过此链接购买，我们可能获得佣金，价格不变。" in chinese
        american = self.page(client, "US", "zh")
        assert words(within(american, '<h1 class="article-title">', "</h1>")) == "好椅子"

    def test_links_that_pay_are_told_even_if_the_author_says_none(
        self, client: FlaskClient, make: Factory, chair: Product, session: Session
    ) -> None:
        make.post(slug="guide", source="::card[chair]\n")
        # The gate lets no such post through; this one is older than the gate.
        with unit_of_work(session):
            session.execute(update(Revision).values(relation="none"))
        assert "Links in this post are paid" in self.page(client, "US", "en")


def test_five_hundred_cards_of_every_kind_take_five_statements(
    client: FlaskClient, make: Factory, files: None, lamp: Product, statements: Counting
) -> None:
    slugs = [make.product(f"thing-{number}", own={"USD": 100 + number}, stock=1).slug for number in range(60)]
    spots = ":::picture[aaaa1111]\n" + "".join(f"@ {n} {n} {slugs[n]}\n" for n in range(30)) + ":::\n"
    chapters = ":::video[bbbb2222]\n" + "".join(f"@ 0:{n:02} {slugs[n]} x\n" for n in range(60)) + ":::\n"
    columns = f"::compare[{', '.join(slugs[:5])}]\n" * 20
    others = "".join(f":::rejected[{slug}]\nNo.\n:::\n" for slug in slugs[:50])
    cards = "".join(f"::card[{slugs[n % 60]}]\n" for n in range(500 - 30 - 60 - 100 - 50 - 1))
    make.post(slug="many", source=f":::item[lamp]\n:::\n{spots}{chapters}{columns}{others}{cards}")
    with statements() as seen:
        html = client.get("/p/many").text

    assert len(seen) <= 5
    assert html.count('class="row-card ') >= 90
    assert html.count('<figure class="compare">') == 20
    assert html.count('<div class="rejected">') == 50
