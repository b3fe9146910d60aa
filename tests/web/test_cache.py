"""Kept pages: the same bytes while nothing has changed, never a stale price, nothing personal."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import delete, insert, select, text, update
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from contentshop.accounts.models import User
from contentshop.config import Settings
from contentshop.core.clock import FixedClock
from contentshop.core.db import db
from contentshop.core.uow import unit_of_work
from contentshop.curation.models import FeaturedItem, FeaturedList, Slot, Topic
from contentshop.posts import actions as posts
from contentshop.posts.models import Post, PostMember
from contentshop.products.models import Offer, Product, Stock
from contentshop.web import cache
from tests.factories import Factory

Counting = Callable[[], AbstractContextManager[list[str]]]


@pytest.fixture
def session(app: Flask) -> Iterator[Session]:
    """A session apart from the requests': each request has an app context of its own, as when it is served."""
    with app.app_context():
        engine = db.engine
    with Session(engine, expire_on_commit=False) as found:
        yield found


class Site:
    """A topic, a guide with a card, a list, a featured list on the home page."""

    def __init__(self, make: Factory, session: Session) -> None:
        self.make = make
        self.session = session
        self.acme = make.merchant("acme")
        self.lamp = make.product("lamp", own={"USD": 1999}, stock=5)
        self.desk = make.product("desk", affiliate=[{"merchant": self.acme, "price_minor": 4900}])
        self.topic = make.topic("office")
        self.author = make.user("creator", name="Ada")
        self.guide = make.post(
            self.author, slug="guide", title="A guide", topics=["office"], source="::card[lamp]\n\n::card[desk]\n"
        )
        editor = make.user("editor")
        with unit_of_work(session):
            featured = FeaturedList(
                key="list1",
                slug="picks",
                title="Our picks",
                editor_id=editor.id,
                created_at=make.now,
                updated_at=make.now,
                items=[FeaturedItem(position=1, product_id=self.lamp.id, reason="Bright")],
            )
            session.add(featured)
            session.flush()
            session.add(Slot(place="home", list_id=featured.id, starts_at=make.now - timedelta(days=1)))

    def change(self, *statements: Any) -> None:
        with unit_of_work(self.session):
            for statement in statements:
                self.session.execute(statement)


@pytest.fixture
def site(make: Factory, session: Session) -> Site:
    return Site(make, session)


PAGES = ["/", "/p/guide", "/products/lamp", "/products/desk", "/topics/office", "/featured/picks"]


def is_kept(client: FlaskClient, path: str, statements: Counting) -> bool:
    """Whether the answer comes without asking the database but for the proof."""
    with statements() as seen:
        assert client.get(path).status_code == 200
    return not seen


@pytest.mark.parametrize("path", PAGES)
def test_a_page_is_made_once_and_then_shown_again(
    client: FlaskClient, site: Site, statements: Counting, path: str
) -> None:
    first = client.get(path)
    assert is_kept(client, path, statements)
    again = client.get(path)
    assert again.data == first.data
    assert again.headers["ETag"] == first.headers["ETag"]
    assert again.headers["Cache-Control"] == "public, max-age=0, must-revalidate"
    assert again.headers["Vary"] == "Cookie, Accept-Language, Accept-Encoding"
    assert again.headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert "Set-Cookie" not in again.headers
    assert "X-Request-Id" not in again.headers


def bump(model: Any, *where: Any, **values: Any) -> Any:
    return update(model).where(*where).values(version=model.version + 1, **values)


def test_a_price_is_never_stale(client: FlaskClient, site: Site) -> None:
    assert "$19.99" in client.get("/p/guide").text
    assert "$19.99" in client.get("/p/guide").text
    site.change(update(Offer).where(Offer.product_id == site.lamp.id).values(price_minor=2599), bump(Product))
    for path in ("/p/guide", "/products/lamp", "/", "/featured/picks"):
        assert "$25.99" in client.get(path).text, path
        assert "$19.99" not in client.get(path).text, path


def test_a_stock_level_is_never_stale(client: FlaskClient, site: Site) -> None:
    assert "Only 5 left" in client.get("/p/guide").text
    assert "Only 5 left" in client.get("/").text
    site.change(bump(Stock, reserved=2))
    assert "Only 3 left" in client.get("/p/guide").text
    assert "Only 3 left" in client.get("/").text
    site.change(bump(Stock, reserved=5))
    assert "Sold out" in client.get("/p/guide").text
    assert "Sold out" in client.get("/").text


def test_a_merchants_change_shows(client: FlaskClient, site: Site) -> None:
    from contentshop.products.actions.shops import set_merchant_active

    assert "at Acme" in client.get("/p/guide").text
    with unit_of_work(site.session):
        set_merchant_active(site.session, "acme", False, now=site.make.now)
    assert "at Acme" not in client.get("/p/guide").text


def test_an_edited_post_shows(client: FlaskClient, site: Site) -> None:
    for path in ("/p/guide", "/", "/topics/office", "/products/lamp"):
        assert "A guide" in client.get(path).text
    site.change(bump(Post), text("UPDATE revision SET title = 'A better guide' WHERE id IN (SELECT live_id FROM post)"))
    for path in ("/p/guide", "/", "/topics/office", "/products/lamp"):
        assert "A better guide" in client.get(path).text, path


def test_an_unpublished_post_is_gone_at_once(client: FlaskClient, site: Site) -> None:
    assert client.get("/p/guide").status_code == 200
    for path in ("/", "/topics/office", f"/@{site.author.handle}", "/products/lamp"):
        assert "/p/guide" in client.get(path).text, path
    with unit_of_work(site.session):
        posts.unpublish(
            site.session, site.session.get_one(Post, site.guide.id), by=site.session.get_one(User, site.author.id),
            now=site.make.now,
        )  # fmt: skip
    assert client.get("/p/guide").status_code == 404
    for path in ("/", "/topics/office", f"/@{site.author.handle}", "/products/lamp"):
        assert "/p/guide" not in client.get(path).text, path


def test_a_new_post_shows(client: FlaskClient, site: Site) -> None:
    for path in ("/", "/topics/office", f"/@{site.author.handle}", "/products/lamp"):
        assert "/p/second" not in client.get(path).text
    site.make.post(site.author, slug="second", topics=["office"], source="::card[lamp]\n")
    for path in ("/", "/topics/office", f"/@{site.author.handle}", "/products/lamp"):
        assert "/p/second" in client.get(path).text, path


def test_an_authors_new_name_shows(client: FlaskClient, site: Site) -> None:
    for path in ("/p/guide", "/", f"/@{site.author.handle}"):
        assert "Ada" in client.get(path).text
    site.change(bump(User, User.id == site.author.id, name="Grace"))
    for path in ("/p/guide", "/", f"/@{site.author.handle}"):
        assert "Grace" in client.get(path).text, path


def test_a_new_topic_in_the_frame_shows_everywhere(client: FlaskClient, site: Site) -> None:
    for path in PAGES:
        assert "Kitchen" not in client.get(path).text
    site.make.topic("kitchen", title="Kitchen")
    for path in PAGES:
        assert "Kitchen" in client.get(path).text, path
    site.change(update(Topic).where(Topic.slug == "kitchen").values(title="Cooking"))
    for path in PAGES:
        assert "Cooking" in client.get(path).text, path


def test_a_featured_list_comes_and_goes_by_the_clock(
    client: FlaskClient, site: Site, clock: FixedClock, session: Session
) -> None:
    now = clock.now()
    site.change(update(Slot).values(starts_at=now + timedelta(seconds=20), ends_at=now + timedelta(seconds=40)))
    shown = []
    for _ in range(6):
        shown.append("Our picks" in client.get("/").text)
        clock.advance(timedelta(seconds=10))
    assert shown == [False, False, True, True, False, False]


def test_a_changed_featured_list_shows(client: FlaskClient, site: Site) -> None:
    assert "Our picks" in client.get("/").text
    assert "Our picks" in client.get("/featured/picks").text
    site.change(bump(FeaturedList, title="Other picks"))
    assert "Other picks" in client.get("/").text
    assert "Other picks" in client.get("/featured/picks").text
    site.change(delete(Slot))
    assert "Other picks" not in client.get("/").text


def test_a_price_that_grows_old_is_hidden_on_time(
    client: FlaskClient, site: Site, clock: FixedClock, settings: Settings
) -> None:
    seen = clock.now() - timedelta(hours=settings.price_max_age_hours) + timedelta(seconds=30)
    site.change(update(Offer).where(Offer.merchant_id == site.acme.id).values(checked_at=seen), bump(Product))
    assert "$49.00" in client.get("/p/guide").text
    clock.advance(timedelta(seconds=29))
    assert "$49.00" in client.get("/p/guide").text
    clock.advance(timedelta(seconds=2))
    assert "$49.00" not in client.get("/p/guide").text


def test_words_about_time_are_a_minute_old_at_most(
    client: FlaskClient, site: Site, clock: FixedClock, statements: Counting
) -> None:
    client.get("/p/guide")
    clock.advance(timedelta(seconds=59))
    assert is_kept(client, "/p/guide", statements)
    clock.advance(timedelta(seconds=1))
    assert not is_kept(client, "/p/guide", statements)
    assert is_kept(client, "/p/guide", statements)


def test_a_clock_that_goes_back_ends_every_entry(
    client: FlaskClient, site: Site, clock: FixedClock, statements: Counting
) -> None:
    client.get("/p/guide")
    clock.advance(timedelta(seconds=-5))
    assert not is_kept(client, "/p/guide", statements)


def test_each_language_and_region_has_its_own(client: FlaskClient, app: Flask, site: Site) -> None:
    site.change(
        insert(Offer).values(
            key="cny", product_id=site.desk.id, kind="affiliate", merchant_id=site.acme.id, currency="CNY",
            url="https://acme.example/cn", price_minor=35000, region="CN", availability="in_stock",
            health="alive", active=True, checked_at=site.make.now,
        ),
        bump(Product),
    )  # fmt: skip
    english = client.get("/p/guide")
    chinese = client.get("/p/guide", headers={"Accept-Language": "zh-CN,zh;q=0.9"})
    assert 'lang="en"' in english.text
    assert 'lang="zh-Hans"' in chinese.text
    assert english.headers["ETag"] != chinese.headers["ETag"]
    assert "350.00" in chinese.text
    assert "350.00" not in english.text
    client.set_cookie("cs_region", "CN")
    assert "350.00" in client.get("/p/guide").text
    client.delete_cookie("cs_region")
    client.set_cookie("cs_lang", "zh")
    assert 'lang="zh-Hans"' in client.get("/p/guide").text
    client.set_cookie("cs_lang", "xx")
    assert client.get("/p/guide").text == english.text


def test_the_answer_fits_what_the_browser_takes(client: FlaskClient, site: Site) -> None:
    plain = client.get("/p/guide")
    for _ in range(2):
        packed = client.get("/p/guide", headers={"Accept-Encoding": "gzip, deflate, br"})
        assert packed.headers["Content-Encoding"] == "gzip"
        assert gzip.decompress(packed.data) == plain.data
        assert int(packed.headers["Content-Length"]) == len(packed.data)
        assert packed.headers["ETag"] == plain.headers["ETag"][:-1] + '-gz"'
    refused = client.get("/p/guide", headers={"Accept-Encoding": "gzip;q=0"})
    assert "Content-Encoding" not in refused.headers


def test_a_browser_that_has_the_page_is_told_so(client: FlaskClient, site: Site, statements: Counting) -> None:
    tag = client.get("/p/guide").headers["ETag"]
    with statements() as seen:
        same = client.get("/p/guide", headers={"If-None-Match": f'"other", W/{tag}'})
    assert seen == []
    assert (same.status_code, same.data) == (304, b"")
    assert same.headers["ETag"] == tag
    assert same.headers["Cache-Control"] == "public, max-age=0, must-revalidate"
    assert client.get("/p/guide", headers={"If-None-Match": '"other"'}).status_code == 200
    site.change(update(Offer).values(price_minor=1), bump(Product))
    assert client.get("/p/guide", headers={"If-None-Match": tag}).status_code == 200


def test_head_is_answered_without_a_body(client: FlaskClient, site: Site) -> None:
    fresh = client.head("/p/guide")
    assert (fresh.status_code, fresh.data) == (200, b"")
    whole = client.get("/p/guide")
    kept = client.head("/p/guide")
    assert (kept.status_code, kept.data) == (200, b"")
    assert kept.headers["Content-Length"] == whole.headers["Content-Length"]


def test_signed_in_people_pass_by(
    app: Flask, client: FlaskClient, site: Site, sign_in: Callable[..., FlaskClient], statements: Counting
) -> None:
    client.get("/p/guide")
    person = sign_in(app.test_client(), site.author)
    own = person.get("/p/guide")
    assert own.headers["Cache-Control"] == "private, no-store"
    assert "ETag" not in own.headers
    assert "Ada" in own.text
    assert "/sign-out" in own.text
    visitor = client.get("/p/guide")
    assert "/sign-out" not in visitor.text
    assert visitor.headers["Cache-Control"] == "public, max-age=0, must-revalidate"


def test_a_false_sign_of_being_signed_in_keeps_nothing(client: FlaskClient, site: Site, statements: Counting) -> None:
    client.set_cookie("cs_in", "1")
    client.get("/p/guide")
    assert not is_kept(client, "/p/guide", statements)


def test_what_is_not_found_or_personal_is_not_kept(client: FlaskClient, site: Site) -> None:
    for path, status in (("/p/none", 404), ("/cart", 200), ("/search?q=x", 200), ("/session.json", 200)):
        answer = client.get(path)
        assert answer.status_code == status
        assert "no-store" in answer.headers["Cache-Control"], path
        assert "ETag" not in answer.headers, path


def test_words_in_the_address_that_mean_nothing_do_not_multiply_pages(
    client: FlaskClient, site: Site, statements: Counting
) -> None:
    whole = client.get("/p/guide")
    for query in ("utm_source=x", "fbclid=" + "y" * 200, "a=1&b=2"):
        assert is_kept(client, f"/p/guide?{query}", statements)
        assert client.get(f"/p/guide?{query}").data == whole.data
    assert not is_kept(client, "/p/guide?" + "z" * 600, statements)
    assert client.get("/?page=2").data != client.get("/").data


def test_a_foreign_host_is_never_answered_from_memory(
    settings: Settings, clock: FixedClock, make: Factory, site: Site, search: Any
) -> None:
    from dataclasses import replace

    from contentshop import wiring
    from contentshop.app import create_app

    strict = create_app(replace(settings, trusted_hosts=("shop.example",)), wiring.build(settings, clock=clock))
    client = strict.test_client()

    def ask(host: str) -> TestResponse:
        return client.get("/p/guide", headers={"Host": host})

    assert ask("shop.example").status_code == 200
    assert ask("evil.example").status_code == 400
    assert ask("shop.example").status_code == 200
    assert "evil" not in ask("evil.example").text
    with strict.app_context():
        db.engine.dispose()


def test_memory_is_bounded(app: Flask, site: Site) -> None:
    page = cache.PageCache(app, app.wsgi_app)
    entry = cache.Entry(
        proof=cache.Proof("", (), []), made=site.make.now, until=site.make.now, plain=b"x" * 900_000, packed=b"",
        plain_headers=[], packed_headers=[], plain_tag="", packed_tag="",
    )  # fmt: skip
    for number in range(100):
        page.remember((str(number), "", "", "", ""), entry)
    assert page.size <= cache.ROOM
    assert page.size == len(page.keys()) * entry.size
    assert page.keys()[-1][0] == "99"
    page.remember(("99", "", "", "", ""), entry)
    assert page.size == len(page.keys()) * entry.size


def test_without_the_database_nothing_is_proved(app: Flask, client: FlaskClient, site: Site) -> None:
    client.get("/p/guide")
    prover = app.extensions["contentshop.prover"]
    proof = cache.Proof("SELECT no_such_column FROM post", (), [])
    assert prover.holds(proof) is False
    assert client.get("/p/guide").status_code == 200
    prover.close()
    assert client.get("/p/guide").status_code == 200


def test_what_is_not_kept_is_packed_too(client: FlaskClient, site: Site) -> None:
    plain = client.get("/search?q=lamp")
    packed = client.get("/search?q=lamp", headers={"Accept-Encoding": "gzip"})
    assert gzip.decompress(packed.data) == plain.data
    assert packed.headers["Content-Encoding"] == "gzip"
    assert "Accept-Encoding" in packed.headers["Vary"]
    assert "Accept-Encoding" in plain.headers["Vary"]
    again = {len(client.get("/search?q=lamp", headers={"Accept-Encoding": "gzip"}).data) for _ in range(20)}
    assert len(again) > 1, "the length must not tell how well a secret compressed"
    small = client.get("/session.json", headers={"Accept-Encoding": "gzip"})
    assert "Content-Encoding" not in small.headers


@pytest.mark.parametrize(
    ("accepted", "takes"),
    [
        ("gzip", True), ("GZIP;q=0.5", True), ("br, gzip", True), ("*", True), ("", False), ("br", False),
        ("gzip; q=0", False), ("gzip;q=0.000", False), ("identity", False), ("x-gzippy", False),
    ],
)  # fmt: skip
def test_whether_a_browser_takes_gzip(accepted: str, takes: bool) -> None:
    assert cache.takes_gzip(accepted) is takes


def test_a_kept_page_never_has_a_message_for_somebody_else(app: Flask, client: FlaskClient, site: Site) -> None:
    other = app.test_client()
    with other.session_transaction() as cookies:
        cookies["_flashes"] = [("success", "Only for you")]
    assert "Only for you" not in other.get("/p/guide").text
    assert "Only for you" not in client.get("/p/guide").text


def test_every_row_a_page_shows_has_a_version_in_its_stamp(site: Site, session: Session) -> None:
    """The names of tables and columns in the proofs are those of the models."""
    from contentshop.web import freshness

    with unit_of_work(session):
        parts = [
            freshness.nav_topics(), freshness.topic("office"), *freshness.posts([site.guide.id]),
            *freshness.products([site.lamp.id, site.desk.id]), freshness.creator(site.author.key),
            freshness.newest(limit=5), freshness.newest(limit=5, topic="office", author_key=site.author.key),
            freshness.mentions(site.lamp.id, limit=5), freshness.featured("home", site.make.now),
            freshness.featured_list("picks"), freshness.count_by(site.author.key),
            freshness.way_out(str(session.scalar(select(Offer.key).where(Offer.kind == "affiliate")))),
        ]  # fmt: skip
        proof = freshness.read(session, parts)
    assert sorted({row[0] for row in proof.rows}) == sorted(
        ["t", "u", "p", "g", "s", "rt", "c", "new", "rec", "f", "l", "q", "o"]
    )
    assert freshness.posts([]) == []
    assert freshness.products([]) == []


def test_a_co_author_who_is_renamed_or_blocked_is_shown_so_at_once(
    client: FlaskClient, site: Site, statements: Counting
) -> None:
    other = site.make.user("creator", name="Bea Second")
    member = PostMember(
        key="m1", post_id=site.guide.id, user_id=other.id, role="coauthor", state="accepted",
        invited_by=site.author.id, invited_at=site.make.now,
    )  # fmt: skip
    with unit_of_work(site.session):
        site.session.add(member)
    assert "Bea Second" in client.get("/p/guide").text
    assert is_kept(client, "/p/guide", statements)

    site.change(bump(User, User.id == other.id, name="Bea Renamed"))
    assert "Bea Renamed" in client.get("/p/guide").text
    site.change(update(User).where(User.id == other.id).values(blocked=True))
    assert "Bea Renamed" not in client.get("/p/guide").text


class TestWhatToReadNext:
    """The foot of a guide is kept with it, and made anew when what it shows, or what it may show, has changed."""

    def test_a_new_guide_about_the_same_product_is_shown_at_once(self, client: FlaskClient, site: Site) -> None:
        assert "Keep reading" not in client.get("/p/guide").text
        site.make.post(site.author, slug="second", title="Second light", source="::card[lamp]\n")
        page = client.get("/p/guide").text
        assert "Keep reading" in page
        assert "Second light" in page
        assert "Also about Lamp" in page

    def test_one_that_is_taken_down_or_renamed_is_not_shown_as_it_was(self, client: FlaskClient, site: Site) -> None:
        other = site.make.post(site.author, slug="second", title="Second light", topics=["office"])
        assert "Also in Office" in client.get("/p/guide").text
        site.change(update(User).values(name="Countess Ada", version=User.version + 1))
        assert client.get("/p/guide").text.count("Countess Ada") >= 3
        site.change(bump(Post, Post.id == other.id, state="unpublished"))
        assert "Second light" not in client.get("/p/guide").text

    def test_it_is_kept(self, client: FlaskClient, site: Site, statements: Counting) -> None:
        site.make.post(site.author, slug="second", source="::card[lamp]\n")
        client.get("/p/guide")
        assert is_kept(client, "/p/guide", statements)
