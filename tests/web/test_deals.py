"""Deals as browsers see them: written without script, read, judged, ended, found, and told to who waits."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from contentshop import worker
from contentshop.core.clock import FixedClock
from contentshop.core.db import db
from contentshop.core.outbox import record
from contentshop.posts.models import Deal, Post
from contentshop.products.events import ProductChanged
from contentshop.products.models import Offer, PriceChange, Product
from contentshop.search.actions import check
from contentshop.search.backends.whoosh import WhooshSearchBackend
from tests.factories import Factory

Counting = Callable[[], AbstractContextManager[list[str]]]
DEAL = {
    "product": "kettle",
    "price": "49.00",
    "currency": "USD",
    "shop": "kettles",
    "coupon": "SAVE-10",
    "terms": "Once for each account",
    "steps": "Open the page\nEnter the code",
    "ends": "2026-11-25T12:00",
    "zone": "UTC",
}


@pytest.fixture
def search(tmp_path: Path) -> Iterator[WhooshSearchBackend]:
    backend = WhooshSearchBackend(tmp_path / "index")
    backend.ensure()
    yield backend
    backend.close()


class Site:
    """A shop with kettles, a creator, and readers each with a browser."""

    def __init__(self, app: Flask, make: Factory, sign_in: Any, post_form: Any, clock: FixedClock) -> None:
        self.app, self.make, self.clock = app, make, clock
        self.asked = 7900
        self._sign_in, self._post = sign_in, post_form
        self.author = make.user("creator", handle="ada", name="Ada")
        shop = make.merchant("kettles", name="Kettle House", translations={"zh": {"name": "水壶之家"}})
        words = {"zh": {"title": "手冲壶"}}
        make.product(
            "kettle",
            title="Pour kettle",
            translations=words,
            own={"USD": 7900},
            stock=2,
            affiliate=[{"merchant": shop, "price_minor": 6900}],
        )
        make.product("lamp", own={"USD": 3000}, stock=1)

    def browser(self, person: Any) -> FlaskClient:
        client: FlaskClient = self._sign_in(self.app.test_client(), person)
        return client

    def reader(self) -> FlaskClient:
        return self.browser(self.make.user())

    def send(self, client: FlaskClient, path: str, **data: str) -> Any:
        return self._post(client, path, data)

    def deal(self, slug: str = "kettle-49", **changes: Any) -> Any:
        title, lang = changes.pop("title", "Kettle for 49"), changes.pop("lang", "en")
        return self.make.post(
            self.author, kind="deal", title=title, slug=slug, lang=lang, source="A fair price.", deal=DEAL | changes
        )

    def settle(self) -> None:
        worker.settle(self.app)


@pytest.fixture
def site(app: Flask, make: Factory, sign_in: Any, post_form: Any, clock: FixedClock, search: Any) -> Site:
    return Site(app, make, sign_in, post_form, clock)


def text_of(answer: Any) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", answer.text).split())


def offer_of(answer: Any) -> dict[str, Any]:
    blocks = re.findall(r'<script type="application/ld\+json">(.*?)</script>', answer.text)
    return next(json.loads(block) for block in blocks if '"@type":"Offer"' in block)


def tiles(answer: Any) -> list[str]:
    """Addresses of the posts on a page of tiles, in order."""
    return re.findall(r'<h\d class="tile-title"><a href="/p/([^"]+)">', answer.text)


def hits(answer: Any) -> list[str]:
    return re.findall(r'class="hit-title"[^>]*><a href="([^"]+)">', answer.text)


class TestReading:
    def test_the_page_says_what_is_known(self, site: Site, client: FlaskClient) -> None:
        site.deal()
        answer = client.get("/p/kettle-49")
        words = text_of(answer)
        for told in (
            "$49.00",
            "28% less",
            "$69.00 what Kettle House asks without the deal, seen 1 hour ago",
            "Ends in 5 days · Wed 25 Nov 2026, 12:00 (UTC)",
            "Price as of just now",
            "SAVE-10",
            "Once for each account",
            "Open the page",
            "Nobody has told yet whether it works.",
            "Buy at Kettle House",
            "We may earn a commission",
            "Sign in to report that it is over",
            "Was it worth it?",
        ):
            assert told in words, told
        assert "Cheaper elsewhere" not in words
        link = re.search(r'href="(/go/[^"]+)" rel="sponsored', answer.text)
        assert link is not None
        out = client.get(link[1])
        assert out.status_code == 302
        assert out.headers["Location"].startswith("https://www.kettles.example/item/kettle")

    def test_search_engines_are_told_until_when(self, site: Site, client: FlaskClient) -> None:
        site.deal(starts="2026-11-19T08:00", zone="Asia/Shanghai")
        offer = offer_of(client.get("/p/kettle-49"))
        assert {name: offer[name] for name in ("price", "priceCurrency", "validFrom", "validThrough")} == {
            "price": "49.00",
            "priceCurrency": "USD",
            "validFrom": "2026-11-19T00:00:00+00:00",
            "validThrough": "2026-11-25T04:00:00+00:00",
        }
        assert offer["availability"].endswith("/InStock")
        assert offer["seller"]["name"] == "Kettle House"
        assert offer["itemOffered"]["name"] == "Pour kettle"

    def test_no_price_is_struck_through_that_nobody_asked(self, site: Site, client: FlaskClient) -> None:
        site.deal(shop="", slug="any-shop")
        assert "<s>" not in client.get("/p/any-shop").text
        site.deal(price="75.00", slug="too-dear")
        words = text_of(client.get("/p/too-dear"))
        assert "less" not in words.split("Price as of")[0].split("The deal")[1]
        site.clock.advance(timedelta(days=3))
        assert "<s>" not in client.get("/p/kettle-49").text

    def test_a_cheaper_shop_is_named(self, site: Site, client: FlaskClient) -> None:
        other = site.make.merchant("others", name="Other Shop")
        shop = site.make.merchant("pots", name="Pot Shop")
        site.make.product(
            "pot",
            affiliate=[{"merchant": shop, "price_minor": 5000}, {"merchant": other, "price_minor": 3000}],
        )
        site.deal(product="pot", shop="pots", price="40.00", slug="pot-40")
        words = text_of(client.get("/p/pot-40"))
        assert "Cheaper elsewhere now: $30.00 · Other Shop" in words
        assert "Buy at Pot Shop" in words

    def test_our_own_stock_goes_into_the_cart(self, site: Site, client: FlaskClient) -> None:
        site.deal(shop="own", price="79.00", coupon="", slug="ours")
        answer = client.get("/p/ours")
        assert 'action="/cart/add"' in answer.text
        assert offer_of(answer)["seller"]["name"] == "contentshop"

    def test_our_own_usual_price_is_the_lowest_of_the_30_days_before(self, site: Site, client: FlaskClient) -> None:
        """Raised for the deal it says nothing; lowered by the deal it still does."""

        def ask(minor: int, ago: timedelta) -> None:
            with site.make.unit()():
                own = db.session.query(Offer).filter_by(kind="own", price_minor=site.asked).one()
                own.price_minor = site.asked = minor
                db.session.add(
                    PriceChange(offer_id=own.id, price_minor=minor, currency="USD", changed_at=site.clock.now() - ago)
                )
                product = db.session.get_one(Product, own.product_id)
                product.version += 1

        site.deal("ours", shop="own")
        assert "our lowest price" not in text_of(client.get("/p/ours"))
        for minor, days in ((4000, 70), (9900, 40), (6500, 20), (7900, 1)):
            ask(minor, timedelta(days=days))
        words = text_of(client.get("/p/ours"))
        assert "$65.00 our lowest price of the 30 days before" in words
        assert "24% less" in words
        ask(4900, timedelta(0))
        assert "$65.00 our lowest price of the 30 days before" in text_of(client.get("/p/ours"))
        ask(4800, timedelta(0))
        assert "our lowest price" not in text_of(client.get("/p/ours"))

    def test_in_chinese(self, site: Site, client: FlaskClient) -> None:
        site.deal(lang="zh", title="手冲壶好价", slug="hu")
        answer = client.get("/p/hu", headers={"Accept-Language": "zh-CN"})
        assert "手冲壶" in answer.text
        assert "水壶之家" in answer.text

    def test_a_visitor_costs_few_statements(self, site: Site, client: FlaskClient, statements: Counting) -> None:
        site.deal()
        with statements() as seen:
            assert client.get("/p/kettle-49").status_code == 200
        assert len(seen) <= 7
        with statements() as again:
            client.get("/p/kettle-49")
        assert len(again) <= 1

    def test_a_kept_page_ends_with_the_deal(self, site: Site, client: FlaskClient) -> None:
        site.deal(ends="2026-11-20T12:00:30".removesuffix(":30").replace("12:00", "12:01"))
        assert "This deal is over" not in text_of(client.get("/p/kettle-49"))
        site.clock.advance(timedelta(seconds=61))
        assert "This deal is over Its time is over." in text_of(client.get("/p/kettle-49"))
        assert "Over" in text_of(client.get("/deals"))


class TestReports:
    def test_readers_end_it_and_the_author_lets_it_go_on(self, site: Site, client: FlaskClient) -> None:
        post = site.deal()
        author = site.browser(site.author)
        for number in range(3):
            assert "This deal is over" not in text_of(client.get("/p/kettle-49")), number
            answer = site.send(site.reader(), "/p/kettle-49/over", kind="ended")
            assert (answer.status_code, answer.headers["Location"]) == (303, "/p/kettle-49#over")
        words = text_of(client.get("/p/kettle-49"))
        assert "This deal is over Readers say that it is over." in words
        assert "Buy at Kettle House" not in words
        assert offer_of(client.get("/p/kettle-49"))["availability"].endswith("/OutOfStock")
        assert "Readers say that “Kettle for 49” is over" in text_of(author.get("/studio"))
        page = text_of(author.get(f"/studio/{post.key}/deal"))
        assert "Readers: over" in page
        assert "It is over: 3 readers" in page
        answer = site.send(author, f"/studio/{post.key}/deal", verdict="running", price="52", ends="2026-11-30T12:00")
        assert answer.status_code == 303
        words = text_of(client.get("/p/kettle-49"))
        assert "$52.00" in words
        assert "Mon 30 Nov 2026, 12:00" in words
        assert "This deal is over" not in words

    def test_a_report_is_counted_once_and_can_be_taken_back(self, site: Site, client: FlaskClient) -> None:
        site.deal()
        reader = site.reader()
        site.send(reader, "/p/kettle-49/over", kind="sold_out")
        site.send(reader, "/p/kettle-49/over", kind="ended")
        assert "1 reader says that it is over." in text_of(client.get("/p/kettle-49"))
        assert "You said that it is over." in text_of(reader.get("/p/kettle-49"))
        site.send(reader, "/p/kettle-49/over", kind="")
        assert "says that it is over" not in text_of(client.get("/p/kettle-49"))

    def test_a_coupon_has_a_rate(self, site: Site, client: FlaskClient) -> None:
        site.deal()
        for kind in ("works", "works", "fails"):
            site.send(site.reader(), "/p/kettle-49/coupon", kind=kind)
        assert "Worked for 67% · 3 readers tried it" in text_of(client.get("/p/kettle-49"))

    def test_who_wrote_it_does_not_report(self, site: Site) -> None:
        site.deal()
        author = site.browser(site.author)
        page = author.get("/p/kettle-49").text
        assert "/p/kettle-49/over" not in page
        assert "Say how it stands" in page
        assert site.send(author, "/p/kettle-49/over", kind="ended").status_code == 403
        assert site.send(author, "/p/kettle-49/coupon", kind="works").status_code == 403

    def test_visitors_and_odd_words_are_refused(self, site: Site, client: FlaskClient) -> None:
        post = site.deal()
        site.make.post(site.author, slug="guide")
        assert client.post("/p/kettle-49/over", data={"kind": "ended"}).status_code in {400, 403}
        reader = site.reader()
        assert site.send(reader, "/p/guide/over", kind="ended").status_code == 404
        site.send(reader, "/p/kettle-49/over", kind="nonsense")
        assert "Choose one of the answers." in text_of(reader.get("/p/kettle-49"))
        with site.app.app_context():
            assert db.session.get_one(Deal, post.id).reports == 0

    def test_editors_have_a_queue(self, site: Site) -> None:
        post = site.deal()
        for _ in range(3):
            site.send(site.reader(), "/p/kettle-49/over", kind="price")
        editor = site.browser(site.make.user("editor"))
        assert "Kettle for 49" in text_of(editor.get("/desk/deals"))
        assert "Readers: it costs more" in text_of(editor.get("/desk/deals"))
        site.send(editor, f"/studio/{post.key}/deal", verdict="ended")
        assert "No deal waits" in text_of(editor.get("/desk/deals"))
        assert "said how “Kettle for 49” stands" in text_of(site.browser(site.author).get("/studio"))

    def test_strangers_do_not_settle(self, site: Site) -> None:
        post = site.deal()
        stranger = site.browser(site.make.user("creator"))
        assert stranger.get(f"/studio/{post.key}/deal").status_code == 404
        assert site.send(stranger, f"/studio/{post.key}/deal", verdict="ended").status_code == 404
        answer = site.send(site.browser(site.author), f"/studio/{post.key}/deal", verdict="running", price="ten")
        assert answer.status_code == 422
        assert "“ten” is not an amount" in text_of(answer)


class TestWriting:
    def begin(self, site: Site, browser: FlaskClient) -> str:
        answer = site.send(browser, "/studio/new", kind="deal", title="Kettle for 49", lang="en")
        assert answer.status_code == 303
        return str(answer.headers["Location"]).rpartition("/")[2]

    def form(self, version: str = "1", **changes: str) -> dict[str, str]:
        typed = {f"deal_{name}": value for name, value in DEAL.items()}
        more = {f"deal_{name}": value for name, value in changes.items()}
        return {
            "version": version,
            "title": "Kettle for 49",
            "source": "A fair price.",
            "lang": "en",
            "relation": "affiliate",
            **typed,
            **more,
        }

    def version(self, page: str) -> str:
        found = re.search(r'name="version" value="(\d+)"', page)
        assert found is not None
        return found[1]

    def test_without_script_a_deal_is_written_previewed_and_published(self, site: Site, client: FlaskClient) -> None:
        browser = site.browser(site.author)
        key = self.begin(site, browser)
        page = browser.get(f"/studio/{key}").text
        assert 'name="deal_price"' in page
        assert "Say which product the deal is about." in page
        answer = site.send(browser, f"/studio/{key}", **self.form(self.version(page), product="/products/kettle"))
        assert answer.status_code == 303
        page = browser.get(f"/studio/{key}").text
        assert '<option value="kettles" selected>Kettle House</option>' in page
        assert "Pour kettle" in page
        assert "$49.00" in browser.get(f"/studio/{key}/preview").text
        answer = site.send(browser, f"/studio/{key}/publish", **self.form(self.version(page)))
        assert answer.status_code == 303
        assert "Kettle for 49" in text_of(client.get("/deals"))

    def test_what_is_wrong_stands_at_its_field(self, site: Site) -> None:
        browser = site.browser(site.author)
        key = self.begin(site, browser)
        answer = site.send(
            browser, f"/studio/{key}", **self.form(price="cheap", ends="2026-11-01T10:00", starts="2026-11-02T10:00")
        )
        assert answer.status_code == 422
        assert 'id="f-deal_price-errors"' in answer.text
        assert 'value="cheap"' in answer.text
        assert "The deal ends before it starts" in text_of(answer)

    def test_a_refused_deal_stays_a_draft(self, site: Site) -> None:
        browser = site.browser(site.author)
        key = self.begin(site, browser)
        answer = site.send(browser, f"/studio/{key}/publish", **self.form(price="", shop="nobody"))
        assert answer.status_code == 422
        words = text_of(answer)
        assert "Say what it costs with the deal." in words
        assert "No page of this shop is known for “Pour kettle”." in words

    def test_a_twin_is_told_with_its_link(self, site: Site) -> None:
        site.deal()
        browser = site.browser(site.author)
        key = self.begin(site, browser)
        site.send(browser, f"/studio/{key}", **self.form(price="51.00"))
        page = browser.get(f"/studio/{key}").text
        assert "This deal runs already: “Kettle for 49”, 49.00 USD." in text_of(browser.get(f"/studio/{key}"))
        assert '<a href="/p/kettle-49">Look at it</a>' in page

    def test_two_windows_are_merged_fact_by_fact(self, site: Site) -> None:
        browser = site.browser(site.author)
        key = self.begin(site, browser)
        site.send(browser, f"/studio/{key}", **self.form())
        version = self.version(browser.get(f"/studio/{key}").text)
        site.send(browser, f"/studio/{key}", **self.form(version, price="48.00"))
        answer = site.send(browser, f"/studio/{key}", **self.form(version, coupon="SAVE-20"))
        assert "/merge" in answer.headers["Location"]
        page = browser.get(answer.headers["Location"])
        assert "Passage" not in text_of(page)
        copy = re.search(r'name="copy" value="([^"]+)"', page.text)
        assert copy is not None
        site.send(browser, f"/studio/{key}/merge", copy=copy[1], version=self.version(page.text), do="save")
        with site.app.app_context():
            draft = db.session.query(Post).filter_by(key=key).one().draft
            assert draft is not None
            assert (draft.deal["price"], draft.deal["coupon"]) == ("48.00", "SAVE-20")

    def test_the_history_names_what_changed(self, site: Site) -> None:
        post = site.deal()
        browser = site.browser(site.author)
        version = self.version(browser.get(f"/studio/{post.key}").text)
        site.send(browser, f"/studio/{post.key}", **self.form(version, price="45.00"))
        words = text_of(browser.get(f"/studio/{post.key}/history/2"))
        assert "Price with the deal" in words
        assert "Coupon code" not in words


class TestLists:
    def test_orders_and_filters(self, site: Site, client: FlaskClient) -> None:
        site.deal("first", ends="2026-11-28T12:00")
        site.clock.advance(timedelta(minutes=1))
        site.deal("second", price="30.00", ends="")
        site.clock.advance(timedelta(minutes=1))
        site.deal("third", price="20.00", ends="2026-11-22T12:00")
        site.clock.advance(timedelta(minutes=1))
        site.deal("soon", price="10.00", starts="2026-11-21T12:00")
        site.deal("over", price="5.00", ends="2026-11-20T12:04")
        site.deal("far", price="4.00", region="CN", shop="")
        for _ in range(2):
            site.send(site.reader(), "/p/first/worth", worth="yes")
        site.clock.advance(timedelta(minutes=11))
        site.settle()
        assert tiles(client.get("/deals")) == ["third", "second", "first", "soon", "over"]
        assert tiles(client.get("/deals/hot")) == ["first", "third", "second", "soon", "over"]
        assert tiles(client.get("/deals/ending")) == ["third", "first", "second", "soon", "over"]
        assert tiles(client.get("/deals?show=running")) == ["third", "second", "first", "soon"]
        assert tiles(client.get("/deals?show=everywhere"))[0] == "far"
        assert tiles(client.get("/deals")) == ["third", "second", "first", "soon", "over"]
        assert client.get("/deals/cheapest").status_code == 404
        assert client.get("/deals/newest").status_code == 404
        words = text_of(client.get("/deals"))
        assert "Starts soon" in words
        assert "$30.00" in words

    def test_where_else_deals_stand(self, site: Site, client: FlaskClient, make: Factory) -> None:
        make.topic("office")
        for number in range(3):
            site.deal(f"deal-{number}", title=f"Kettle deal {number}", price=f"{40 + number}.00")
        assert '<h2 class="shelf-title" id="deals">' in client.get("/").text
        assert tiles(client.get("/@ada/deals")) == ["deal-2", "deal-1", "deal-0"]
        assert "Deals" in text_of(client.get("/@ada"))
        assert {"deal-0", "deal-1", "deal-2"} <= set(tiles(client.get("/products/kettle")))
        feed = client.get("/deals/feed.xml").text
        assert "Kettle deal 2 · $42.00" in feed
        sitemap = client.get("/sitemap.xml").text
        assert "/p/deal-0<" in sitemap
        assert "/deals<" in sitemap
        assert '<li><a href="/deals">Deals</a></li>' in client.get("/").text

    def test_a_kept_list_notices_a_vote_and_an_end(self, site: Site, client: FlaskClient) -> None:
        post = site.deal()
        assert "Over" not in text_of(client.get("/deals")).split()
        site.send(site.browser(site.author), f"/studio/{post.key}/deal", verdict="sold_out")
        assert "Sold out" in text_of(client.get("/deals"))


class TestFinding:
    def test_deals_are_found_by_everything_they_say(self, site: Site, client: FlaskClient) -> None:
        site.deal()
        site.deal("hu", lang="zh", title="手冲壶五折好价", coupon="立减10", price="39.00", steps="先领券再付款")
        site.settle()
        for asked in ("kettle 49", "SAVE-10", "save10", "kettle house", "pour kettle", "enter the code", "fair price"):
            assert "/p/kettle-49" in hits(client.get(f"/search?q={asked}")), asked
        for asked in ("手冲壶", "五折", "水壶之家", "先领券", "shouchonghu"):
            assert "/p/hu" in hits(client.get(f"/search?q={asked}")), asked
        assert set(hits(client.get("/search?q=&kind=deal"))) == {"/p/kettle-49", "/p/hu"}
        answer = client.get("/search?q=kettle&kind=deal")
        assert "$49.00" in text_of(answer)
        assert "Running now" in text_of(answer)
        entries = client.get("/suggest.json?q=kettle f").get_json()["entries"]
        assert ("Kettle for 49", "Deal", "/p/kettle-49") in {(e["text"], e["label"], e["url"]) for e in entries}

    def test_the_worker_follows_the_clock(self, site: Site, client: FlaskClient, search: WhooshSearchBackend) -> None:
        site.deal("soon", starts="2026-11-21T12:00", title="Kettle soon")
        site.deal("now", title="Kettle now", price="30.00")
        site.settle()
        running = "/search?q=kettle&kind=deal&running=1"
        assert hits(client.get(running)) == ["/p/now"]
        site.clock.advance(timedelta(days=1))
        site.settle()
        assert set(hits(client.get(running))) == {"/p/now", "/p/soon"}
        site.clock.advance(timedelta(days=4))
        site.settle()
        assert hits(client.get(running)) == []
        assert set(hits(client.get("/search?q=kettle&kind=deal"))) == {"/p/now", "/p/soon"}
        assert "Over" in text_of(client.get("/search?q=kettle&kind=deal"))
        with site.app.app_context():
            drift = check(db.session, search, now=site.clock.now())
        assert [name for name in (*drift.missing, *drift.stale, *drift.surplus) if name.startswith("deal:")] == []

    def test_an_offer_that_is_gone_ends_it_in_the_index_too(self, site: Site, client: FlaskClient) -> None:
        site.deal()
        site.settle()
        with site.make.unit()():
            offer = db.session.query(Offer).filter_by(kind="affiliate").one()
            offer.availability = "out_of_stock"
            record(db.session, ProductChanged(product=offer.product.key), now=site.clock.now())
        site.settle()
        assert hits(client.get("/search?q=kettle&kind=deal&running=1")) == []
        assert "Sold out We have seen that the shop has none left." in text_of(client.get("/p/kettle-49"))

    def test_one_that_is_over_stands_below_one_that_runs(self, site: Site, client: FlaskClient) -> None:
        over = site.deal("old", title="Kettle deal")
        site.clock.advance(timedelta(minutes=1))
        site.deal("new", title="Kettle deal", price="44.00")
        site.send(site.browser(site.author), f"/studio/{over.key}/deal", verdict="ended")
        site.settle()
        assert hits(client.get("/search?q=kettle+deal&kind=deal")) == ["/p/new", "/p/old"]

    def test_saved_searches_wait_for_prices_votes_and_worth(self, site: Site) -> None:
        reader = site.reader()
        saved = {"q": "kettle", "kind": "deal", "to": "50", "currency": "USD", "in_app": "1", "mail": "off"}
        assert site.send(reader, "/account/searches", **saved).status_code == 303
        judged = saved | {"q": "kettle deal", "to": "", "worth": "80", "votes": "5"}
        assert site.send(reader, "/account/searches", **judged).status_code == 303
        site.settle()
        site.clock.advance(timedelta(minutes=1))
        site.deal("dear", title="Kettle dear", price="51.00")
        site.deal("cheap", title="Kettle cheap", price="50.00", starts="2026-11-21T12:00")
        site.settle()
        assert "Kettle" not in text_of(reader.get("/account/notifications")).split("Notifications")[-1]
        site.clock.advance(timedelta(days=1))
        site.settle()
        words = text_of(reader.get("/account/notifications"))
        assert "Kettle cheap" in words
        assert "New, from $50.00" in words
        assert "Kettle dear" not in words
        site.deal("judged", title="Kettle deal judged", price="70.00", shop="")
        for _ in range(5):
            site.send(site.reader(), "/p/judged/worth", worth="yes")
        site.clock.advance(timedelta(minutes=11))
        site.settle()
        assert "Kettle deal judged" in text_of(reader.get("/account/notifications"))


class TestMerging:
    """The same deal twice: one talk, one vote of each person."""

    def talk(self, site: Site) -> dict[str, FlaskClient]:
        """Two deals; Bea votes and speaks below both, Cem below the duplicate alone, whose author judges the other."""
        site.deal()
        other = site.make.user("creator", handle="dan", name="Dan")
        site.make.post(other, kind="deal", title="Again", slug="again", source="The same.", deal=DEAL)
        people = {name: site.browser(site.make.user(name=name)) for name in ("Bea", "Cem")}
        people["Dan"], people["Ada"] = site.browser(other), site.browser(site.author)
        for who, slug, worth in (
            ("Bea", "kettle-49", "no"),
            ("Bea", "again", "yes"),
            ("Cem", "again", "yes"),
            ("Dan", "kettle-49", "yes"),
            ("Ada", "again", "yes"),
        ):
            fields = {"worth": worth} | ({"reason": "price"} if worth == "no" else {})
            assert site.send(people[who], f"/p/{slug}/worth", **fields).status_code == 303
            if who != "Dan":
                text = f"{who} below {slug}"
                assert site.send(people[who], f"/p/{slug}/comments", text=text).status_code == 303
        return people

    def key(self, site: Site, slug: str) -> str:
        with site.app.app_context():
            return str(db.session.scalars(db.select(Post.key).where(Post.slug == slug)).one())

    def counts(self, site: Site, slug: str) -> tuple[int, int, int]:
        """(for, against, rows of votes) of a deal."""
        query = (
            "SELECT d.worth, d.unworth, (SELECT count(*) FROM worth_vote v WHERE v.discussion_id = d.id)"
            " FROM discussion d JOIN post p ON p.id = d.post_id WHERE p.slug = :slug"
        )
        with site.app.app_context():
            row = db.session.execute(db.text(query), {"slug": slug}).one()
            return row[0], row[1], row[2]

    def test_comments_and_votes_go_to_the_deal_that_stays(self, site: Site, client: FlaskClient) -> None:
        self.talk(site)
        assert self.counts(site, "kettle-49") == (1, 1, 2)
        editor, key = site.browser(site.make.user("editor")), self.key(site, "again")
        assert "It is there twice" in editor.get(f"/studio/{key}/deal").text
        done = site.send(editor, f"/desk/deals/{key}/merge", into="http://localhost/p/kettle-49?x=1#talk")
        assert (done.status_code, done.headers["Location"]) == (303, "/p/kettle-49")
        # Bea's word on the deal that stays counts, Cem's came along, Ada judges nothing of her own.
        assert self.counts(site, "kettle-49") == (2, 1, 3)
        assert self.counts(site, "again") == (0, 0, 0)
        words = text_of(client.get("/p/kettle-49/comments"))
        for said in ("Bea below kettle-49", "Bea below again", "Cem below again", "Ada below again"):
            assert said in words
        moved = client.get("/p/again")
        assert (moved.status_code, moved.headers["Location"]) == (301, "/p/kettle-49")
        site.settle()
        assert hits(client.get("/search?q=below+again")) == ["/p/kettle-49"]
        assert site.send(editor, f"/desk/deals/{key}/merge", into="kettle-49").status_code == 409

    @pytest.mark.parametrize("into", ["", "again", "none", "lamp-30", "http://localhost/"])
    def test_only_into_another_deal_on_the_same_product(self, site: Site, into: str) -> None:
        self.talk(site)
        site.deal("lamp-30", product="lamp", shop="own", price="20.00")
        editor, key = site.browser(site.make.user("editor")), self.key(site, "again")
        refused = site.send(editor, f"/desk/deals/{key}/merge", into=into)
        assert (refused.status_code, 'href="#f-into"' in refused.text) == (422, True)
        assert self.counts(site, "again") == (3, 0, 3)

    def test_editors_alone(self, site: Site) -> None:
        people = self.talk(site)
        key = self.key(site, "again")
        for who in ("Dan", "Ada", "Bea"):
            assert site.send(people[who], f"/desk/deals/{key}/merge", into="kettle-49").status_code in {403, 404}
        assert "It is there twice" not in people["Dan"].get(f"/studio/{key}/deal").text
