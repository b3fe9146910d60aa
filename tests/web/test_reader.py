"""Reader pages: what they say, in how many statements, and that reading changes nothing."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import timedelta
from html import escape
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import update
from sqlalchemy.orm import Session

from contentshop.accounts.models import User
from contentshop.config import Settings
from contentshop.core.clock import FixedClock
from contentshop.core.db import db
from contentshop.core.errors import Unavailable
from contentshop.core.uow import unit_of_work
from contentshop.curation.models import FeaturedItem, FeaturedList, Slot
from contentshop.posts.models import Post
from contentshop.products import stock
from contentshop.products.models import Offer, Product, Variant
from contentshop.search.port import Document
from tests.factories import Factory
from tests.fakes import MemorySearchBackend

Counting = Callable[[], AbstractContextManager[list[str]]]


@pytest.fixture
def session(app: Flask) -> Iterator[Session]:
    """A session apart from the requests': each request has an app context of its own, as when it is served."""
    with app.app_context():
        engine = db.engine
    with Session(engine, expire_on_commit=False) as found:
        yield found


def data_of(html: str) -> list[dict[str, Any]]:
    """Every block of structured data."""
    return [json.loads(text) for text in re.findall(r'<script type="application/ld\+json">(.*?)</script>', html)]


def of_type(html: str, kind: str) -> dict[str, Any]:
    (found,) = [block for block in data_of(html) if block["@type"] == kind]
    return found


def meta(html: str, name: str) -> str | None:
    found = re.search(rf'<meta (?:property|name)="{re.escape(name)}" content="([^"]*)">', html)
    return found.group(1) if found else None


# ---- posts

LIST_SOURCE = """\
## How we chose

Words before.

:::item[lamp]{award="Best overall" note="Bright enough."}
+ Warm light
- Short cable

It *stands* well.

::card[desk]{note="Goes with it"}
:::

:::item[desk]{award="Best desk"}
:::

## What else

Words after.
"""


@pytest.fixture
def lamp(make: Factory) -> Product:
    return make.product(
        "lamp",
        own={"USD": 1999},
        stock=3,
        title="Lamp One",
        brand="Lux",
        affiliate=[{"merchant": make.merchant("acme"), "price_minor": 2100}],
    )


@pytest.fixture
def desk(make: Factory) -> Product:
    return make.product("desk", title="Desk Two", affiliate=[{"merchant": make.merchant("bolt")}])


def test_an_article_shows_its_text_with_live_cards_its_author_and_how_it_is_paid(
    client: FlaskClient, make: Factory, lamp: Product, desk: Product
) -> None:
    topic = make.topic("office", title="Office")
    author = make.user("creator", name="Ada Lovelace", handle="ada", bio="Counts things.")
    make.post(
        author,
        slug="guide",
        title="Light & work",
        summary="What to put on a desk.",
        topics=[topic.slug],
        tested="Four weeks on my own desk.",
        source='Intro.\n\n::card[lamp]{note="The <one> to buy"}\n\nMiddle.\n\n::card[desk]\n\n## End\n\nBye.\n',
    )
    answer = client.get("/p/guide")
    html = answer.text
    assert answer.status_code == 200
    assert "<title>Light &amp; work · contentshop</title>" in html
    assert html.index("Intro.") < html.index("The &lt;one&gt; to buy") < html.index("Middle.") < html.index("Bye.")
    assert "$19.99" in html
    assert "Only 3 left" in html
    assert "at Bolt" in html
    assert 'href="/@ada"' in html
    assert "Counts things." in html
    assert "Four weeks on my own desk." in html
    assert 'href="/topics/office"' in html
    assert "Links in this post are paid" in html
    assert "Products in this guide" in html


def test_every_way_out_is_marked_as_paid_and_says_so_beside_it(
    client: FlaskClient, make: Factory, lamp: Product, desk: Product
) -> None:
    make.post(slug="guide", source="::card[lamp]\n\n::card[desk]\n")
    make.post(slug="best", kind="list", source=LIST_SOURCE)
    for path in ("/p/guide", "/p/best", "/products/desk", "/products/lamp"):
        html = client.get(path).text
        links = re.findall(r'<a [^>]*href="/go/[^"]*"[^>]*>', html)
        assert links, path
        assert all('rel="sponsored nofollow noopener"' in link for link in links), path
        assert "We may earn a commission" in html, path
        assert "https://www.bolt.example" not in html, "shops are reached through /go only"


def test_a_buying_list_gives_the_answer_first(client: FlaskClient, make: Factory, lamp: Product, desk: Product) -> None:
    make.post(slug="best", kind="list", title="Best for work", source=LIST_SOURCE)
    html = client.get("/p/best").text
    picks = html[html.index('id="picks-title"') : html.index("</section>", html.index('id="picks-title"'))]
    assert picks.index("Best overall") < picks.index("Lamp One") < picks.index("Best desk") < picks.index("Desk Two")
    assert picks.count('<li class="pick">') == 2
    assert html.index("picks-title") < html.index("Words before.") < html.index('id="pick-1"')
    assert html.index('id="pick-1"') < html.index("Goes with it") < html.index('id="pick-2"')
    assert html.index('id="pick-2"') < html.index("Words after.")
    assert "Warm light" in html
    assert "Short cable" in html
    assert "It <em>stands</em> well." in html
    assert html.count("Bright enough.") == 2, "once in the answer, once above the card"
    contents = html[html.index('class="toc"') : html.index("</details>", html.index('class="toc"'))]
    order = ["How we chose", "Lamp One", "Desk Two", "What else"]
    assert sorted(order, key=contents.index) == order


def test_structured_data_says_what_the_page_says(
    client: FlaskClient, make: Factory, lamp: Product, desk: Product
) -> None:
    topic = make.topic("office", title="Office")
    make.post(
        make.user("creator", name="Ada", handle="ada"),
        slug="best", kind="list", title="Best </script><b>", summary="S & s", topics=[topic.slug], source=LIST_SOURCE,
    )  # fmt: skip
    html = client.get("/p/best").text
    article = of_type(html, "Article")
    assert article["headline"] == "Best </script><b>"
    assert article["author"] == {"@type": "Person", "name": "Ada", "url": "http://localhost/@ada"}
    assert article["datePublished"] == "2026-11-20T12:00:00+00:00"
    assert "review" not in json.dumps(article).lower()
    ranked = of_type(html, "ItemList")
    assert [entry["name"] for entry in ranked["itemListElement"]] == ["Lamp One", "Desk Two"]
    assert ranked["itemListElement"][1]["url"] == "http://localhost/p/best#pick-2"
    trail = of_type(html, "BreadcrumbList")
    assert [step["item"] for step in trail["itemListElement"]] == [
        "http://localhost/",
        "http://localhost/topics/office",
        "http://localhost/p/best",
    ]
    assert '<link rel="canonical" href="http://localhost/p/best">' in html
    assert meta(html, "og:type") == "article"
    assert meta(html, "og:url") == "http://localhost/p/best"
    assert meta(html, "og:description") == "S &amp; s"


def test_the_sites_own_address_stands_in_links_for_others_whatever_host_was_asked(
    client: FlaskClient, make: Factory
) -> None:
    make.post(slug="guide")
    html = client.get("/p/guide", headers={"Host": "evil.example", "X-Forwarded-Host": "evil.example"}).text
    assert "evil" not in html
    assert '<link rel="canonical" href="http://localhost/p/guide">' in html


def test_a_draft_and_an_unpublished_post_are_not_found(client: FlaskClient, make: Factory, session: Session) -> None:
    make.post(slug="draft", title="Secret plan", published=False)
    make.post(slug="gone", title="Was here")
    with unit_of_work(session):
        session.execute(update(Post).where(Post.slug == "gone").values(state="unpublished"))
    for slug, words in (("draft", "Secret plan"), ("gone", "Was here")):
        answer = client.get(f"/p/{slug}")
        assert answer.status_code == 404
        assert words not in answer.text
        assert 'action="/search"' in answer.text


@pytest.mark.parametrize("relation", ["affiliate", "own", "gifted", "lent", "paid"])
def test_each_way_of_being_paid_has_its_sentence(
    client: FlaskClient, make: Factory, desk: Product, relation: str
) -> None:
    make.post(slug="guide", source="::card[desk]\n", relation=relation)
    found = re.search(r'class="paid-note">.*?<span>(.*?)</span>', client.get("/p/guide").text, re.S)
    assert found
    words = {"affiliate": "paid", "own": "sell", "gifted": "given", "lent": "lent", "paid": "paid for"}
    assert words[relation] in found.group(1)


def test_the_four_faces_of_a_card(client: FlaskClient, make: Factory, session: Session, lamp: Product) -> None:
    shop = make.merchant("cove")
    make.product("there", title="There", affiliate=[{"merchant": shop}])
    make.product(
        "out", title="Out", affiliate=[{"merchant": shop, "availability": "out_of_stock"}], alternative_id=lamp.id
    )
    over = make.product("over", title="Over", affiliate=[{"merchant": shop}])
    make.post(slug="guide", source="".join(f"::card[{slug}]\n\n" for slug in ("lamp", "there", "out", "over")))
    with unit_of_work(session):
        session.execute(update(Product).where(Product.id == over.id).values(discontinued=True))
        session.execute(update(Offer).where(Offer.product_id == over.id).values(active=False))
    html = client.get("/p/guide").text
    cards = re.findall(r'<article class="card card-([a-z-]+)', html)
    assert cards == ["stock", "elsewhere", "sold-out", "gone"]
    sold_out = html[html.index('class="card card-sold-out') : html.index('class="card card-gone')]
    assert "Get this instead" in sold_out
    assert 'href="/products/lamp"' in sold_out
    assert "Only you see this" not in html, "why a card shows what it shows is for its author"


def test_a_card_whose_stand_in_is_sold_elsewhere_leads_to_that_offer(
    client: FlaskClient, make: Factory, desk: Product
) -> None:
    make.product("over", discontinued=True)
    make.post(slug="guide", source='::card[over]{alt="desk"}\n')
    html = client.get("/p/guide").text
    (link,) = re.findall(r'href="(/go/[^"]+\?o=[^"]+)"', html)
    agent = {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:131.0) Gecko/20100101 Firefox/131.0"}
    answer = client.get(link, headers=agent)
    assert urlsplit(answer.headers["Location"]).path == "/item/desk"


def test_a_price_that_is_too_old_is_not_told(
    client: FlaskClient, make: Factory, clock: FixedClock, settings: Settings
) -> None:
    seen = clock.now() - timedelta(hours=settings.price_max_age_hours, seconds=1)
    make.product("lamp", affiliate=[{"merchant": make.merchant("acme"), "price_minor": 7777, "checked_at": seen}])
    make.post(slug="guide", source="::card[lamp]\n")
    html = client.get("/p/guide").text
    assert "77.77" not in html
    assert "See price at Acme" in html


# ---- products


def test_a_product_page_has_every_offer_ours_first(client: FlaskClient, make: Factory, lamp: Product) -> None:
    make.post(slug="guide", title="A guide that names it", source="::card[lamp]\n")
    html = client.get("/products/lamp").text
    rows = html[html.index("offers-table") : html.index("</table>")]
    assert rows.index("contentshop") < rows.index("Acme")
    assert 'action="/cart/add"' in rows
    assert 'name="product" value="lamp"' in rows
    assert "checked" in rows
    assert "A guide that names it" in html
    product = of_type(html, "Product")
    assert product["offers"]["@type"] == "Offer"
    assert product["offers"]["price"] == "19.99"
    assert product["offers"]["availability"] == "https://schema.org/InStock"
    assert product["brand"] == {"@type": "Brand", "name": "Lux"}


def test_a_presale_says_from_when_it_is_sent_until_then(
    app: Flask, client: FlaskClient, make: Factory, clock: FixedClock
) -> None:
    """On its page, on cards, and for search engines; pages that were kept follow the clock."""
    early = make.product("bag", own={"USD": 1000}, stock=30)
    make.post(slug="guide", source="::card[bag]\n")
    with app.app_context(), unit_of_work(db.session):
        db.session.merge(make.variant_of(early)).releases_at = clock.now() + timedelta(days=9)
    told = "Presale: sent from Nov 29, 2026 on"
    for path in ("/products/bag", "/p/guide"):
        html = client.get(path).text
        assert html.count(told) == 1, path
        assert "In stock" not in html
        assert 'action="/cart/add"' in html
    offer = of_type(client.get("/products/bag").text, "Product")["offers"]
    assert offer["availability"] == "https://schema.org/PreOrder"
    clock.advance(timedelta(days=9) - timedelta(seconds=1))
    assert told in client.get("/p/guide").text
    clock.advance(timedelta(seconds=1))
    for path in ("/products/bag", "/p/guide"):
        html = client.get(path).text
        assert told not in html, path
        assert "In stock" in html


def test_what_is_here_comes_before_a_presale(app: Flask, client: FlaskClient, make: Factory, clock: FixedClock) -> None:
    early = make.product("bag", own={"USD": 1000}, stock=3)
    with app.app_context(), unit_of_work(db.session):
        first = db.session.merge(make.variant_of(early))
        first.releases_at = clock.now() + timedelta(days=9)
        later = Variant(key="here0000", product_id=early.id, sku="HERE", name="Here", position=1)
        db.session.add(later)
        db.session.flush()
        db.session.add(
            Offer(
                key="offer000",
                product_id=early.id,
                variant_id=later.id,
                kind="own",
                price_minor=1500,
                currency="USD",
            )
        )
        stock.receive(db.session, later.id, 30, reason="delivery", now=clock.now(), actor="op")
    html = client.get("/products/bag").text
    assert "In stock" in html
    assert "Presale" not in html


def test_only_a_page_that_sells_is_marked_as_a_merchants(client: FlaskClient, make: Factory, desk: Product) -> None:
    offers = of_type(client.get("/products/desk").text, "Product")["offers"]
    assert offers == {
        "@type": "AggregateOffer",
        "lowPrice": "99.00",
        "highPrice": "99.00",
        "offerCount": 1,
        "priceCurrency": "USD",
        "availability": "https://schema.org/InStock",
    }
    make.product("plain")
    assert "offers" not in of_type(client.get("/products/plain").text, "Product")
    make.product("ours-out", own={"USD": 100}, stock=0)
    sold_out = of_type(client.get("/products/ours-out").text, "Product")["offers"]
    assert (sold_out["@type"], sold_out["availability"]) == ("Offer", "https://schema.org/OutOfStock")


def test_a_product_in_the_readers_language(client: FlaskClient, make: Factory) -> None:
    make.product(
        "lamp",
        title="Lamp",
        body="First line.\n\nSecond line.",
        attrs=[["Weight", "1 kg"]],
        gtin="4006381333931",
        mpn="L-1",
        translations={"zh": {"title": "台灯", "summary": "亮", "body": "中文介绍"}},
    )
    english, chinese = client.get("/products/lamp"), client.get("/products/lamp", headers={"Accept-Language": "zh"})
    assert "<p>First line.</p><p>Second line.</p>" in english.text
    for words in ("Weight", "1 kg", "4006381333931", "L-1"):
        assert words in english.text
    assert "台灯" in chinese.text
    assert "中文介绍" in chinese.text
    assert client.get("/products/none").status_code == 404


@pytest.mark.parametrize(
    ("entered", "shown"),
    [
        ("4006381333931", "4006381333931"),
        ("036000291452", "036000291452"),
        ("96385074", "96385074"),
        ("10614141000415", "10614141000415"),
    ],
)
def test_a_gtin_is_shown_as_on_the_package(client: FlaskClient, make: Factory, entered: str, shown: str) -> None:
    lamp = make.product("lamp", gtin=entered.zfill(14))
    page = client.get("/products/lamp").text
    assert f"<dd>{shown}</dd>" in page
    assert of_type(page, "Product")["gtin"] == shown
    assert lamp.gtin == entered.zfill(14)


def test_the_category_is_in_the_readers_language_too(client: FlaskClient, make: Factory) -> None:
    make.product("lamp", category="Lamps & lights", translations={"zh": {"title": "台灯", "category": "灯具"}})
    make.product("desk", category="Desks", translations={"zh": {"title": "书桌"}})

    def trail(slug: str, language: str) -> list[str]:
        html = client.get(f"/products/{slug}", headers={"Accept-Language": language}).text
        found = of_type(html, "BreadcrumbList")["itemListElement"]
        assert f'<a href="{escape(found[1]["item"].removeprefix("http://localhost"))}">' in html
        return [found[1]["name"], found[1]["item"]]

    assert trail("lamp", "en") == ["Lamps & lights", "http://localhost/search?q=Lamps+%26+lights&kind=product"]
    assert trail("lamp", "zh") == ["灯具", "http://localhost/search?q=%E7%81%AF%E5%85%B7&kind=product"]
    assert trail("desk", "zh") == ["Desks", "http://localhost/search?q=Desks&kind=product"]


def test_an_unlisted_product_keeps_its_page_away_from_search_engines(client: FlaskClient, make: Factory) -> None:
    make.product("secret", status="archived", own={"USD": 100}, stock=3)
    answer = client.get("/products/secret")
    assert answer.status_code == 200
    assert meta(answer.text, "robots") == "noindex, follow"
    assert "/cart/add" not in answer.text


# ---- home, topics, creators, featured lists


def feature(session: Session, make: Factory, editor: User, **slot: Any) -> FeaturedList:
    post = make.post(slug="picked", title="Picked guide")
    product = make.product("picked-lamp", title="Picked lamp", own={"USD": 500}, stock=9)
    with unit_of_work(session):
        featured = FeaturedList(
            key="list1",
            slug="our-picks",
            title="Our picks",
            intro="Chosen by hand.",
            editor_id=editor.id,
            created_at=make.now,
            updated_at=make.now,
            items=[
                FeaturedItem(position=1, post_id=post.id, reason="Reads well"),
                FeaturedItem(position=2, product_id=product.id, reason="Shines"),
            ],
        )
        session.add(featured)
        session.flush()
        session.add(Slot(place="home", list_id=featured.id, **({"starts_at": make.now} | slot)))
    return featured


def test_home_shows_what_editors_picked_and_what_is_new(client: FlaskClient, make: Factory, session: Session) -> None:
    feature(session, make, make.user("editor", name="Mei"))
    make.post(slug="fresh", title="Fresh guide")
    html = client.get("/").text
    for words in ("Our picks", "Chosen by hand.", "Reads well", "Shines", "Picked lamp", "$5.00", "Fresh guide"):
        assert words in html
    assert html.index("Picked guide") < html.index("Picked lamp") < html.index("Fresh guide")
    assert 'href="/featured/our-picks"' in html
    whole = client.get("/featured/our-picks").text
    assert "Picked by Mei" in whole
    assert [entry["name"] for entry in of_type(whole, "ItemList")["itemListElement"]] == [
        "Picked guide",
        "Picked lamp",
    ]


def test_what_is_not_public_any_more_leaves_a_featured_list(
    client: FlaskClient, make: Factory, session: Session
) -> None:
    feature(session, make, make.user("editor"))
    with unit_of_work(session):
        session.execute(update(Post).values(state="unpublished", version=Post.version + 1))
        session.execute(update(Product).values(status="archived", version=Product.version + 1))
    for path in ("/", "/featured/our-picks"):
        html = client.get(path).text
        assert "Picked guide" not in html
        assert "Picked lamp" not in html


def test_a_list_that_was_never_placed_is_not_found(client: FlaskClient, make: Factory, session: Session) -> None:
    feature(session, make, make.user("editor"))
    with unit_of_work(session):
        session.query(Slot).delete()
    assert client.get("/featured/our-picks").status_code == 404


def test_an_empty_site_says_what_will_stand_here(client: FlaskClient) -> None:
    answer = client.get("/")
    assert answer.status_code == 200
    assert "Nothing is published yet" in answer.text
    assert of_type(answer.text, "WebSite")["potentialAction"]["target"] == "http://localhost/search?q={words}"


def test_posts_in_the_readers_language_come_first(client: FlaskClient, make: Factory) -> None:
    make.post(slug="zh", title="中文指南", lang="zh")
    make.post(slug="en", title="English guide", lang="en")
    english, chinese = client.get("/").text, client.get("/", headers={"Accept-Language": "zh-CN"}).text
    assert english.index("English guide") < english.index("中文指南")
    assert chinese.index("中文指南") < chinese.index("English guide")


def test_long_lists_have_pages(client: FlaskClient, make: Factory, clock: FixedClock) -> None:
    author = make.user("creator", handle="ada")
    topic = make.topic("office")
    for number in range(26):
        make.post(author, slug=f"guide-{number}", topics=[topic.slug])
        clock.advance(timedelta(minutes=1))
    for path in ("/", "/topics/office", "/@ada"):
        first, second = client.get(path).text, client.get(f"{path}?page=2").text
        assert f'rel="next" href="{path}?page=2"' in first
        assert f'rel="prev" href="{path}"' in second
        assert 'href="/p/guide-25"' in first
        assert 'href="/p/guide-25"' not in second
        assert 'href="/p/guide-0"' in second
        assert 'rel="next"' not in second
        for odd in ("0", "-1", "x", "9" * 40, "1.5", "%00"):
            assert client.get(f"{path}?page={odd}").status_code == 200


def test_topics_and_creators(client: FlaskClient, make: Factory) -> None:
    make.topic("office", title="Office", intro="Work well.", translations={"zh": {"title": "办公", "intro": "好"}})
    author = make.user("creator", name="Ada", handle="ada", bio="Counts things.")
    make.post(author, slug="guide", title="A guide", topics=["office"])
    topic = client.get("/topics/office").text
    assert "Work well." in topic
    assert "A guide" in topic
    assert "办公" in client.get("/topics/office", headers={"Accept-Language": "zh"}).text
    creator = client.get("/@ada").text
    assert "Counts things." in creator
    assert "1 post" in creator
    assert of_type(creator, "ProfilePage")["mainEntity"]["name"] == "Ada"
    assert client.get("/@ADA").status_code == 200
    for path in ("/topics/none", "/@none", "/@"):
        assert client.get(path).status_code == 404


def test_a_button_names_the_shop_in_the_language_of_the_page(client: FlaskClient, make: Factory) -> None:
    shop = make.merchant("jd", name="JD.com", translations={"zh": {"name": "京东"}})
    make.product("lamp", title="Lamp", translations={"zh": {"title": "台灯"}}, affiliate=[{"merchant": shop}])
    make.post(slug="guide", lang="en", source="::card[lamp]\n")
    assert "JD.com" in client.get("/p/guide").text
    page = client.get("/p/guide", headers={"Accept-Language": "zh"}).text
    assert "京东" in page
    assert "JD.com" not in page
    assert "Lamp" in page  # the product as its text has it
    assert "台灯" not in page


def test_a_blocked_creator_has_no_page(client: FlaskClient, make: Factory) -> None:
    make.user("creator", handle="bad", blocked=True)
    assert client.get("/@bad").status_code == 404


# ---- statements

LIMIT_FOR_A_POST = 5
LIMIT_FOR_OTHERS = 6


@pytest.mark.parametrize("cards", [2, 50])
def test_an_article_takes_few_statements_however_many_cards_it_has(
    client: FlaskClient, make: Factory, statements: Counting, cards: int
) -> None:
    shops = [make.merchant(f"shop{number}") for number in range(8)]
    stand_in = make.product("stand-in", own={"USD": 100}, stock=1)
    for number in range(cards):
        make.product(
            f"thing-{number}",
            own={"USD": 1000},
            stock=number % 3,
            affiliate=[{"merchant": shop} for shop in shops],
            alternative_id=stand_in.id,
        )
    make.topic("office")
    make.post(slug="guide", topics=["office"], source="".join(f"::card[thing-{number}]\n\n" for number in range(cards)))
    with statements() as seen:
        assert client.get("/p/guide").text.count("data-card=") >= cards
    assert len(seen) <= LIMIT_FOR_A_POST, seen
    assert all(text.lstrip().upper().startswith(("SELECT", "WITH")) for text in seen)


@pytest.mark.parametrize(
    "path", ["/", "/p/best", "/products/lamp", "/topics/office", "/@ada", "/featured/our-picks", "/search?q=lamp"]
)
def test_other_pages_take_few_statements_and_write_nothing(
    client: FlaskClient, make: Factory, session: Session, statements: Counting, lamp: Product, desk: Product,
    search: MemorySearchBackend, path: str,
) -> None:  # fmt: skip
    make.topic("office")
    author = make.user("creator", handle="ada")
    posts = [make.post(author, slug=f"guide-{number}", topics=["office"], source="::card[lamp]\n") for number in (1, 2)]
    make.post(author, slug="best", kind="list", source=LIST_SOURCE)
    feature(session, make, make.user("editor"))
    found = [Document(id=f"product:{lamp.key}", kind="product", version=1, title="lamp")]
    found += [Document(id=f"post:{post.key}", kind="post", version=1, title="lamp") for post in posts]
    found += [Document(id=f"creator:{author.key}", kind="creator", version=1, title="lamp")]
    search.rebuild(found)
    with statements() as seen:
        assert client.get(path).status_code == 200
    # The home page asks for deals, too, and a product's for what it cost.
    assert len(seen) <= LIMIT_FOR_OTHERS + (path in {"/", "/products/lamp"}), seen
    assert all(text.lstrip().upper().startswith(("SELECT", "WITH")) for text in seen)


# ---- search


@pytest.fixture
def indexed(search: MemorySearchBackend, make: Factory, lamp: Product) -> MemorySearchBackend:
    author = make.user("creator", name="Ada", handle="ada", bio="Writes about a lamp")
    guide = make.post(author, slug="guide", title="A lamp <b>guide</b>", source="Words on a lamp.")
    best = make.post(author, slug="best", kind="list", title="Best lamp", source=LIST_SOURCE.replace("desk", "lamp"))
    search.rebuild(
        [
            Document(id=f"post:{guide.key}", kind="post", version=1, title=guide.key, body="lamp guide"),
            Document(id=f"list:{best.key}", kind="list", version=1, title="Best lamp"),
            Document(
                id=f"product:{lamp.key}", kind="product", version=1, title="Lamp One", in_stock=True,
                price_minor={"USD": 1999},
            ),
            Document(id=f"creator:{author.key}", kind="creator", version=1, title="Ada lamp"),
        ]
    )  # fmt: skip
    return search


def test_search_finds_all_kinds_and_marks_the_words(client: FlaskClient, indexed: MemorySearchBackend) -> None:
    html = client.get("/search?q=lamp").text
    assert "4 results" in html
    for url in ("/p/guide", "/p/best", "/products/lamp", "/@ada"):
        assert f'<a href="{url}">' in html
    assert "A <mark>lamp</mark> &lt;b&gt;guide&lt;/b&gt;" in html
    assert "$19.99" in html
    assert meta(html, "robots") == "noindex, follow"


@pytest.mark.parametrize(
    ("query", "urls"),
    [
        ("kind=article", ["/p/guide"]),
        ("kind=list", ["/p/best"]),
        ("kind=product", ["/products/lamp"]),
        ("kind=creator", ["/@ada"]),
        ("stock=1", ["/products/lamp"]),
        ("from=10&to=20", ["/products/lamp"]),
        ("from=19.99&to=19.99", ["/products/lamp"]),
        ("from=20", []),
        ("kind=nonsense&sort=nonsense&page=-4", ["/@ada", "/p/best", "/p/guide", "/products/lamp"]),
    ],
)
def test_filters(client: FlaskClient, indexed: MemorySearchBackend, query: str, urls: list[str]) -> None:
    html = client.get(f"/search?q=lamp&{query}").text
    found = re.findall(r'<h2 class="hit-title"[^>]*><a href="([^"]+)"', html)
    assert sorted(found) == urls


def test_filters_stand_in_the_form_again_and_can_be_removed(client: FlaskClient, indexed: MemorySearchBackend) -> None:
    html = client.get("/search?q=lamp&from=10&to=20.50&stock=1&sort=price-up&kind=product").text
    stock = re.search(r'href="([^"]+)" aria-current="true"><span class="facet-mark">.*?In stock here', html)
    sort = re.search(r'class="sort-link" href="[^"]+" aria-current="true">([^<]+)<', html)
    assert stock
    assert "stock=1" not in stock[1]
    assert sort
    assert sort[1] == "Cheapest first"
    for words in ('value="10"', 'value="20.50"', '<input type="hidden" name="kind" value="product">'):
        assert words in html
    assert 'href="/search?q=lamp"' in html
    kinds = re.findall(r'href="(/search\?[^"]*kind=list[^"]*)"', html)
    assert parse_qs(urlsplit(kinds[0].replace("&amp;", "&")).query) == {
        "q": ["lamp"], "kind": ["list"], "from": ["10"], "to": ["20.50"], "stock": ["1"], "sort": ["price-up"],
    }  # fmt: skip


def test_a_price_that_is_no_amount_is_told_and_not_used(client: FlaskClient, indexed: MemorySearchBackend) -> None:
    answer = client.get("/search?q=lamp&from=cheap&to=9.999")
    assert answer.status_code == 200
    assert "4 results" in answer.text
    assert "write it like 199.00" in answer.text
    assert "USD has 2 decimals" in answer.text


def test_nothing_found_gives_advice_and_something_to_read(client: FlaskClient, indexed: MemorySearchBackend) -> None:
    html = client.get("/search?q=zzz&kind=list").text
    assert "Nothing was found" in html
    assert "Search without filters" in html
    assert 'href="/p/guide"' in html


ODD_QUERIES = [
    "", " ", "*", "?", "(", ")", '"', '""', '"unclosed', "AND", "OR NOT", "a AND", "-", "-lamp", "title:lamp", "[a TO",
    "~", "^9", "\\", "%", "%00", "_", "'; DROP TABLE post; --", "<script>alert(1)</script>", "𝕃𝕒𝕞𝕡", "耳机", "🎧",
    "\u202e", "a" * 10_000, "( " * 5_000, "* " * 5_000, "\x00",
    "\ud800".encode("utf-8", "surrogatepass").decode("latin-1"),
]  # fmt: skip


@pytest.mark.parametrize("text", ODD_QUERIES)
def test_any_text_is_an_answerable_question(client: FlaskClient, make: Factory, text: str) -> None:
    answer = client.get("/search", query_string={"q": text})
    assert answer.status_code == 200
    assert "<script>alert" not in answer.text
    assert len(answer.text) < 40_000


class Broken(MemorySearchBackend):
    """A search engine that is away."""

    def search(self, query: Any) -> Any:
        raise Unavailable("The index is being built.")


@pytest.fixture
def away(app: Flask) -> FlaskClient:
    known = app.extensions["contentshop"]
    app.extensions["contentshop"] = replace(known, engines=replace(known.engines, search=Broken()))
    return app.test_client()


def test_without_the_engine_titles_are_looked_through(away: FlaskClient, make: Factory) -> None:
    make.post(slug="guide", title="A lamp guide")
    make.product("lamp", title="100% lamp")
    html = away.get("/search?q=lamp").text
    assert "Full search is away for a moment" in html
    assert 'href="/p/guide"' in html
    assert 'href="/products/lamp"' in html
    assert 'href="/products/lamp"' in away.get("/search", query_string={"q": "100%"}).text
    for text in ("%", "_", "\x00", "x" * 10_000, "'"):
        assert away.get("/search", query_string={"q": text}).status_code == 200


def test_search_has_pages(client: FlaskClient, make: Factory, search: MemorySearchBackend) -> None:
    keys = [make.product(f"lamp-{number}").key for number in range(25)]
    search.rebuild([Document(id=f"product:{key}", kind="product", version=1, title="lamp") for key in keys])
    first, second = client.get("/search?q=lamp").text, client.get("/search?q=lamp&page=2").text
    assert 'rel="next" href="/search?q=lamp&amp;page=2"' in first
    assert 'rel="prev" href="/search?q=lamp"' in second
    assert "Page 2 of 2" in second
    assert first.count('class="hit"') == 20
    assert second.count('class="hit"') == 5
    assert client.get("/search?q=lamp&page=999999").status_code == 200


def test_what_was_unpublished_is_not_shown_though_the_index_has_it(
    client: FlaskClient, indexed: MemorySearchBackend, session: Session
) -> None:
    with unit_of_work(session):
        session.execute(update(Post).values(state="unpublished"))
        session.execute(update(Product).values(status="archived"))
    html = client.get("/search?q=lamp").text
    assert re.findall(r'class="hit-title"[^>]*><a href="([^"]+)"', html) == ["/@ada"]


# ---- preferences and the state of a browser

OWN = {"Sec-Fetch-Site": "same-origin"}


def test_language_and_region_are_remembered(client: FlaskClient) -> None:
    answer = client.post("/preferences", data={"locale": "zh", "region": "CN", "next": "/search?q=lamp"}, headers=OWN)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/search?q=lamp")
    assert 'lang="zh-Hans"' in client.get("/").text
    cookies = answer.headers.getlist("Set-Cookie")
    assert all("SameSite=Lax" in cookie and "Path=/" in cookie for cookie in cookies)
    client.post("/preferences", data={"currency": "USD"}, headers=OWN)
    cookie = client.get_cookie("cs_currency")
    assert cookie is not None
    assert cookie.value == "USD"
    client.post("/preferences", data={"region": "US"}, headers=OWN)
    assert client.get_cookie("cs_currency") is None, "the currency follows the region again"


@pytest.mark.parametrize(
    ("sent_from", "leads_to"),
    [
        ("http://localhost/sign-in?next=/feed", "/sign-in?next=/feed"),
        ("http://localhost/", "/"),
        ("http://localhost/checkout/address", "/sign-in"),  # takes forms only
        ("https://evil.example/feed", "/sign-in"),
        ("", "/sign-in"),
    ],
)
def test_the_answer_to_a_form_says_where_the_form_stood(
    client: FlaskClient, post_form: Callable[..., Any], sent_from: str, leads_to: str
) -> None:
    """So that going back, loading again and choosing another language open a page rather than send the form."""
    typed = {"email": "a@b.example", "password": "wrong"}
    headers = OWN | ({"Referer": sent_from} if sent_from else {})
    answer = post_form(client, "/sign-in", typed, headers=headers)
    assert answer.status_code == 422
    assert re.findall(r'<body class="[^"]*" data-form-page="([^"]*)">', answer.text) == [leads_to]
    assert f'name="next" value="{leads_to}"' in answer.text
    assert "data-form-page" not in client.get("/sign-in").text


def test_preferences_that_do_not_exist_change_nothing(client: FlaskClient) -> None:
    given = {"locale": "xx", "region": "ZZ", "currency": "???"}
    answer = client.post("/preferences", data=given, headers=OWN)
    assert answer.status_code == 303
    assert client.get_cookie("cs_lang") is None
    assert client.get_cookie("cs_region") is None


@pytest.mark.parametrize(
    "target",
    ["https://evil.example", "//evil.example", "/\\evil.example", "\\\\evil", "javascript:alert(1)", "/a\r\nX: y",
     "/%0d%0aX:y//evil", "http:evil.example", " /x", "", "evil.example", "/\t/evil.example"],
)  # fmt: skip
def test_nobody_is_sent_to_another_site(client: FlaskClient, target: str) -> None:
    answer = client.post("/preferences", data={"next": target}, headers=OWN)
    assert answer.status_code == 303
    location = answer.headers["Location"]
    assert location.startswith("/")
    assert not location.startswith(("//", "/\\"))
    assert urlsplit(location).netloc == ""


@pytest.mark.parametrize("headers", [{"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}, {}])
def test_preferences_from_another_site_are_refused(client: FlaskClient, headers: dict[str, str]) -> None:
    answer = client.post("/preferences", data={"locale": "zh"}, headers=headers)
    assert answer.status_code == 403
    assert client.get_cookie("cs_lang") is None


def test_the_state_of_a_browser_is_its_own(client: FlaskClient, make: Factory, lamp: Product) -> None:
    answer = client.get("/session.json")
    assert answer.json == {"cart": 0}
    assert answer.headers["Cache-Control"] == "no-store"
    client.set_cookie("cs_cart", "no such cart")
    assert client.get("/session.json").json == {"cart": 0}
    client.post("/cart/add", data={"product": "lamp", "quantity": "2"}, headers=OWN)
    assert client.get("/session.json").json == {"cart": 2}


def test_pages_do_not_need_offers_with_prices(client: FlaskClient, make: Factory, session: Session) -> None:
    make.product("odd", affiliate=[{"merchant": make.merchant("acme"), "price_minor": None, "checked_at": None}])
    make.post(slug="guide", source="::card[odd]\n")
    for path in ("/p/guide", "/products/odd"):
        assert "See price at Acme" in client.get(path).text
    with unit_of_work(session):
        session.execute(update(Offer).values(availability="preorder"))
        session.execute(update(Product).values(version=Product.version + 1))
    assert "Pre-order" in client.get("/p/guide").text


def test_what_nobody_offers_is_not_said_to_be_discontinued(client: FlaskClient, make: Factory) -> None:
    make.product("bare", title="Bare")
    page = client.get("/products/bare").text
    assert "Not available yet" in page
    assert "No longer" not in page
    assert "Discontinued" not in page
