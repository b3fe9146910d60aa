"""Saved searches through the pages: saving, changing, notifications, private feeds, the way out of mails."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit
from xml.etree import ElementTree

import pytest
from flask import Flask
from flask.testing import FlaskClient
from markupsafe import escape
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from contentshop import worker
from contentshop.accounts.models import User
from contentshop.core.clock import FixedClock
from contentshop.core.mail import Message
from contentshop.core.uow import unit_of_work
from contentshop.posts import actions as posts
from contentshop.posts import teamwork
from contentshop.posts.models import Post
from contentshop.watching.models import Notification, SavedSearch
from contentshop.web.reader_pages import Saving
from tests.factories import Factory

FORM = {"q": "kettle", "in_app": "1"}
Post_ = Callable[..., Any]


@pytest.fixture
def reader(make: Factory) -> User:
    return make.user("reader", name="Rea Der", email="rea@example.org")


@pytest.fixture
def browser(client: FlaskClient, reader: User, sign_in: Callable[..., Any]) -> FlaskClient:
    sign_in(client, reader)
    return client


@pytest.fixture
def save(browser: FlaskClient, post_form: Post_, app: Flask, clock: FixedClock) -> Callable[..., str]:
    """``save(q=…)``: save a search by its form; its key. An hour later by the clock."""

    def do(**form: str) -> str:
        answer = post_form(browser, "/account/searches", FORM | form)
        assert answer.status_code == 303, answer.text
        worker.settle(app)
        clock.advance(timedelta(hours=1))
        return str(answer.location.rsplit("/", 1)[1])

    return do


@pytest.fixture
def publish(make: Factory, app: Flask) -> Callable[..., Post]:
    def do(title: str, **form: Any) -> Post:
        post: Post = make.post(title=title, **form)
        worker.settle(app)
        return post

    return do


def only(session: Session) -> SavedSearch:
    session.rollback()
    return session.scalars(select(SavedSearch)).one()


class TestSaving:
    def test_from_the_search_page(self, browser: FlaskClient, post_form: Post_, session: Session) -> None:
        typed = {"q": " steel  kettle ", "kind": "product", "to": "99.50", "currency": "USD", "stock": "1"}
        answer = post_form(browser, "/account/searches", typed | {"in_app": "1"})
        assert answer.status_code == 303
        found = only(session)
        assert answer.location == f"/account/searches/{found.key}"
        assert (found.text, found.name, found.kind, found.price_to, found.currency, found.in_stock) == (
            "steel kettle",
            "steel kettle",
            "product",
            9950,
            "USD",
            True,
        )
        assert (found.in_app, found.mail, found.feed, found.paused) == (True, "off", False, False)
        page = browser.get("/account/searches").text
        assert "“steel kettle” · Products · up to $99.50 · in stock here" in page
        assert "1 of at most 50" in page

    def test_a_visitor_is_led_over_signing_in_to_the_form_filled_in(self, client: FlaskClient) -> None:
        path = Saving({"q": "kettle", "kind": "list", "to": ""}).url
        assert path == "/account/searches/new?q=kettle&kind=list"
        answer = client.get(path)
        assert answer.status_code == 302
        assert answer.location.startswith("/sign-in?next=/account/searches/new?q%3Dkettle%26kind%3Dlist")

    def test_the_form_is_filled_in_from_the_address(self, browser: FlaskClient) -> None:
        page = browser.get("/account/searches/new?q=kettle&kind=list&to=5&stock=1").text
        assert 'value="kettle"' in page
        assert '<option value="list" selected>' in page
        assert 'name="stock" value="1" checked' in page

    @pytest.mark.parametrize(
        ("typed", "field", "said"),
        [
            ({"q": ""}, "q", "Write some words, or choose what to wait for."),
            ({"q": "-kettle"}, "q", "Write some words, or choose what to wait for."),
            ({"q": "!!!"}, "q", "There is nothing to search for in these signs"),
            ({"q": "x" * 201}, "q", "Use at most 200 characters."),
            ({"q": " ".join(f"word{n}x" for n in range(17))}, "q", "Use at most 16 words."),
            ({"name": "n" * 81}, "name", "Use at most 80 characters."),
            ({"to": "cheap"}, "to", "is not an amount"),
            ({"to": "-5"}, "to", "is not an amount"),
            ({"to": "NaN"}, "to", "is not an amount"),
            ({"to": "1.234"}, "to", "has 2 decimals"),
            ({"to": "9" * 16}, "to", "Use at most 15 characters."),
            ({"to": "1e15"}, "to", "is too large"),
            ({"to": "5", "currency": "XXX"}, "currency", "Choose one of the list."),
            ({"kind": "comment"}, "kind", "Choose one of the list."),
            ({"topic": "nowhere"}, "topic", "Choose one of the list."),
            ({"lang": "xx"}, "lang", "Choose one of the list."),
            ({"kind": "creator", "to": "5"}, "kind", "People have no price"),
            ({"in_app": ""}, "in_app", "Choose at least one way to be told"),
            ({"mail": "hourly"}, "mail", "Choose one of the ways."),
            ({"mail": "daily", "mail_hour": "24"}, "mail_hour", "Choose an hour from 0 to 23."),
            ({"mail": "daily", "mail_hour": "٣"}, "mail_hour", "Choose an hour from 0 to 23."),
        ],
    )
    def test_what_cannot_be_saved_is_told_by_its_field(
        self, browser: FlaskClient, post_form: Post_, session: Session, typed: dict[str, str], field: str, said: str
    ) -> None:
        answer = post_form(browser, "/account/searches", FORM | typed)
        assert answer.status_code == 422
        assert said in answer.text
        assert f'href="#f-{field}"' in answer.text
        assert session.scalar(select(func.count()).select_from(SavedSearch)) == 0

    def test_the_fifty_first_is_refused(self, browser: FlaskClient, save: Callable[..., str], post_form: Post_) -> None:
        for number in range(50):
            assert post_form(browser, "/account/searches", FORM | {"q": f"kettle {number}"}).status_code == 303
        answer = post_form(browser, "/account/searches", FORM)
        assert answer.status_code == 422
        assert "You have 50 saved searches, which is the most." in answer.text
        assert "/account/searches/new" not in browser.get("/account/searches").text.partition("<main")[2]

    @pytest.mark.parametrize(
        "name",
        [
            "<script>alert(1)</script>",
            '"><img src=x onerror=alert(1)>',
            "{{ 7*7 }} %(name)s %s",
            "a\r\nBcc: all@example.org",
            "\u202eevil\u0000",
            "水壶 🫖",
        ],
    )
    def test_hostile_names_stay_words(
        self,
        browser: FlaskClient,
        save: Callable[..., str],
        publish: Callable[..., Post],
        mailbox: list[Message],
        name: str,
    ) -> None:
        key = save(name=name, mail="now", feed="1")
        publish("A kettle <b>&</b> more")
        shown = " ".join("".join(c if c.isprintable() else " " for c in name).split())
        for path in ("/account/searches", f"/account/searches/{key}", "/account/notifications"):
            page = browser.get(path).text
            assert str(escape(shown)) in page, path
            assert "<script>alert" not in page
            assert "<img src=x" not in page
        (mail,) = mailbox
        assert mail.subject == f"“{shown}”: A kettle <b>&</b> more"
        assert "<b>&</b> more" not in mail.html
        feed = browser.get(feed_path(browser, key))
        assert ElementTree.fromstring(feed.data).findtext("channel/title") == f"{shown} · contentshop"


class TestChanging:
    def test_renamed_and_told_otherwise(
        self, browser: FlaskClient, save: Callable[..., str], post_form: Post_, session: Session
    ) -> None:
        key = save()
        form = FORM | {"name": "My kettles", "in_app": "", "mail": "daily", "mail_hour": "18"}
        answer = post_form(browser, f"/account/searches/{key}", form)
        assert answer.status_code == 303
        found = only(session)
        assert (found.name, found.in_app, found.mail, found.mail_hour, found.round) == (
            "My kettles",
            False,
            "daily",
            18,
            1,
        )
        assert "by mail daily at 18:00 (UTC)" in browser.get("/account/searches").text

    def test_bad_changes_change_nothing(
        self, browser: FlaskClient, save: Callable[..., str], post_form: Post_, session: Session
    ) -> None:
        key = save()
        answer = post_form(browser, f"/account/searches/{key}", FORM | {"q": "", "name": "Other"})
        assert answer.status_code == 422
        assert (only(session).text, only(session).name) == ("kettle", "kettle")

    def test_paused_resumed_deleted(
        self, browser: FlaskClient, save: Callable[..., str], post_form: Post_, session: Session
    ) -> None:
        key = save()
        post_form(browser, f"/account/searches/{key}/pause", {"paused": "1"})
        assert only(session).paused
        assert "Paused" in browser.get("/account/searches").text
        post_form(browser, f"/account/searches/{key}/pause", {"paused": "0"})
        assert not only(session).paused
        post_form(browser, f"/account/searches/{key}/delete")
        session.rollback()
        assert session.scalar(select(func.count()).select_from(SavedSearch)) == 0
        assert browser.get(f"/account/searches/{key}").status_code == 404

    def test_somebody_elses_is_not_there(
        self,
        app: Flask,
        save: Callable[..., str],
        make: Factory,
        sign_in: Callable[..., Any],
        post_form: Post_,
        session: Session,
    ) -> None:
        key = save()
        stranger = sign_in(app.test_client(), make.user("operator"))
        assert stranger.get(f"/account/searches/{key}").status_code == 404
        for verb in ("", "/pause", "/delete", "/feed"):
            answer = post_form(stranger, f"/account/searches/{key}{verb}", FORM | {"name": "Mine"})
            assert answer.status_code == 404
        found = only(session)
        assert (found.name, found.paused, found.feed_serial) == ("kettle", False, 1)
        assert key not in stranger.get("/account/searches").text


class TestNotifications:
    def test_they_are_counted_listed_and_read(
        self,
        browser: FlaskClient,
        save: Callable[..., str],
        publish: Callable[..., Post],
        make: Factory,
        post_form: Post_,
        app: Flask,
    ) -> None:
        save(to="100")
        assert "head-count" not in browser.get("/").text
        make.product("steel", title="Steel kettle", own={"USD": 9900}, stock=1)
        publish("A kettle to read about", source="See.\n\n::card[steel]\n", slug="about")
        page = browser.get("/account/notifications").text
        assert "1 unread" in page
        assert '<a href="/p/about" lang="en">A kettle to read about</a>' in page
        assert "New, from $99.00" in page
        assert "head-count" in browser.get("/").text
        assert post_form(browser, "/account/notifications").status_code == 303
        page = browser.get("/account/notifications").text
        assert "0 unread" in page
        assert "A kettle to read about" in page
        assert "head-count" not in page

    def test_word_of_ones_posts_stands_there_too(
        self, app: Flask, browser: FlaskClient, make: Factory, session: Session, post_form: Post_, reader: User
    ) -> None:
        author = make.user("creator", name="Ada Author")
        post = make.post(author, title="A kettle")
        with unit_of_work(session):
            asked, by = session.merge(reader), session.merge(author)
            teamwork.invite(session, session.merge(post), asked.handle, "reviewer", by=by, now=make.now)
        page = browser.get("/account/notifications").text
        assert "1 unread" in page
        assert '<a href="/studio">Ada Author asks you to work on “A kettle”.</a>' in page
        assert '<span class="head-count" aria-hidden="true">1</span>' in browser.get("/").text
        assert post_form(browser, "/account/notifications").status_code == 303
        page = browser.get("/account/notifications").text
        assert "Ada Author" not in page
        assert "head-count" not in page

    def test_what_is_not_public_any_more_is_not_named(
        self,
        browser: FlaskClient,
        save: Callable[..., str],
        publish: Callable[..., Post],
        session: Session,
        clock: FixedClock,
    ) -> None:
        save()
        post = publish("A secret kettle")
        with unit_of_work(session):
            stored = session.scalars(select(Post).where(Post.key == post.key)).one()
            posts.unpublish(session, stored, by=stored.author, now=clock.now())
        page = browser.get("/account/notifications").text
        assert "secret" not in page
        assert "Not available any more" in page

    def test_who_wants_none_on_the_site_has_none(
        self, browser: FlaskClient, save: Callable[..., str], publish: Callable[..., Post]
    ) -> None:
        save(in_app="", mail="now")
        publish("A kettle")
        page = browser.get("/account/notifications").text
        assert "A kettle" not in page
        assert "0 unread" in page

    def test_a_page_costs_the_same_for_many(
        self,
        browser: FlaskClient,
        save: Callable[..., str],
        publish: Callable[..., Post],
        statements: Callable[[], AbstractContextManager[list[str]]],
    ) -> None:
        save()
        counts = []
        for titles in (["A kettle"], ["Kettle two", "Kettle three", "Kettle four"]):
            for title in titles:
                publish(title)
            with statements() as seen:
                browser.get("/account/notifications")
            assert not [line for line in seen if re.match(r"(INSERT|UPDATE|DELETE)", line)]
            counts.append(len(seen))
        assert counts[0] == counts[1]

    def test_pages(
        self, browser: FlaskClient, save: Callable[..., str], publish: Callable[..., Post], session: Session
    ) -> None:
        save()
        publish("A kettle")
        one = session.scalars(select(Notification)).one()
        columns = {column.name: getattr(one, column.name) for column in Notification.__table__.columns}
        with unit_of_work(session):
            for number in range(2, 32):
                session.add(Notification(**columns | {"id": None, "public_key": f"n{number}", "crossing": number}))
        first, last = browser.get("/account/notifications").text, browser.get("/account/notifications?page=2").text
        assert (first.count("news-row"), last.count("news-row")) == (30, 1)
        assert "Page 2 of 2" in last
        assert browser.get("/account/notifications?page=999999999999").status_code == 200


def feed_path(browser: FlaskClient, key: str) -> str:
    found = re.search(r'value="(http://localhost/watch/[^"]+/feed\.xml)"', browser.get(f"/account/searches/{key}").text)
    assert found
    return urlsplit(found[1]).path


class TestFeed:
    def test_whoever_has_the_address_reads_what_is_public(
        self,
        app: Flask,
        browser: FlaskClient,
        save: Callable[..., str],
        publish: Callable[..., Post],
        session: Session,
        clock: FixedClock,
    ) -> None:
        path = feed_path(browser, save(feed="1", name="Kettles & co"))
        publish("A kettle", slug="one")
        clock.advance(timedelta(hours=1))
        gone = publish("A secret kettle")
        with unit_of_work(session):
            stored = session.scalars(select(Post).where(Post.key == gone.key)).one()
            posts.unpublish(session, stored, by=stored.author, now=clock.now())
        anybody = app.test_client()
        answer = anybody.get(path)
        assert answer.status_code == 200
        assert answer.mimetype == "application/rss+xml"
        assert answer.headers["Cache-Control"] == "private, max-age=60"
        assert answer.headers["X-Robots-Tag"] == "noindex"
        assert "Set-Cookie" not in answer.headers
        feed = ElementTree.fromstring(answer.data)
        assert feed.findtext("channel/title") == "Kettles & co · contentshop"
        (item,) = feed.iter("item")
        assert (item.findtext("title"), item.findtext("link")) == ("A kettle", "http://localhost/p/one")
        assert item.findtext("description") == "New"
        assert anybody.get(path, headers={"If-None-Match": answer.headers["ETag"]}).status_code == 304

    def test_a_renewed_address_dies_at_once(
        self, browser: FlaskClient, save: Callable[..., str], post_form: Post_
    ) -> None:
        key = save(feed="1")
        old = feed_path(browser, key)
        assert browser.get(old).status_code == 200
        post_form(browser, f"/account/searches/{key}/feed")
        new = feed_path(browser, key)
        assert new != old
        assert (browser.get(old).status_code, browser.get(new).status_code) == (404, 200)

    def test_a_closed_feed_stays_closed_when_it_is_opened_again(
        self, browser: FlaskClient, save: Callable[..., str], post_form: Post_
    ) -> None:
        key = save(feed="1")
        old = feed_path(browser, key)
        post_form(browser, f"/account/searches/{key}", FORM)
        assert browser.get(old).status_code == 404
        post_form(browser, f"/account/searches/{key}", FORM | {"feed": "1"})
        assert browser.get(old).status_code == 404
        assert browser.get(feed_path(browser, key)).status_code == 200

    def test_no_address_can_be_made_up(
        self, browser: FlaskClient, save: Callable[..., str], reader: User, session: Session
    ) -> None:
        path = feed_path(browser, save(feed="1"))
        token = path.split("/")[2]
        what, _, signature = token.partition(".")
        # Not the last letter, some of whose bits say nothing.
        other = f"{what}.{'A' if signature[0] != 'A' else 'B'}{signature[1:]}"
        for wrong in (other, "", "x", what, "W10.abc"):
            assert browser.get(f"/watch/{wrong}/feed.xml").status_code == 404
        with unit_of_work(session):
            session.execute(update(User).where(User.id == reader.id).values(blocked=True))
        assert browser.get(path).status_code == 404

    def test_reading_writes_nothing(
        self,
        browser: FlaskClient,
        save: Callable[..., str],
        publish: Callable[..., Post],
        statements: Callable[[], AbstractContextManager[list[str]]],
    ) -> None:
        path = feed_path(browser, save(feed="1"))
        publish("A kettle")
        with statements() as seen:
            assert browser.get(path).status_code == 200
        assert not [line for line in seen if re.match(r"(INSERT|UPDATE|DELETE)", line)]


class TestUnsubscribing:
    def test_a_mail_program_does_it_in_one_request(
        self,
        app: Flask,
        save: Callable[..., str],
        publish: Callable[..., Post],
        mailbox: list[Message],
        session: Session,
    ) -> None:
        save(q="kettle", mail="now", name="Kettles")
        save(q="teapot", mail="now", name="Teapots")
        publish("A kettle")
        (mail,) = mailbox
        path = urlsplit(mail.unsubscribe).path
        program = app.test_client()  # no cookie, no origin
        answer = program.post(path, data={"List-Unsubscribe": "One-Click"})
        assert answer.status_code == 200
        assert "You get no more mails about “Kettles”." in answer.text
        session.rollback()
        states = session.execute(select(SavedSearch.name, SavedSearch.mail).order_by(SavedSearch.name)).all()
        assert [tuple(row) for row in states] == [("Kettles", "off"), ("Teapots", "now")]
        assert program.post(path).status_code == 200
        publish("Another kettle")
        assert len(mailbox) == 1

    def test_a_person_is_asked_first(
        self,
        app: Flask,
        save: Callable[..., str],
        publish: Callable[..., Post],
        mailbox: list[Message],
        session: Session,
    ) -> None:
        save(mail="now")
        publish("A kettle")
        path = urlsplit(mailbox[0].unsubscribe).path
        page = app.test_client().get(path)
        assert page.status_code == 200
        assert "End the mails about “kettle”?" in page.text
        assert f'action="{path}"' in page.text
        assert only(session).mail == "now"

    def test_a_mail_of_several_searches_ends_all(
        self,
        app: Flask,
        save: Callable[..., str],
        publish: Callable[..., Post],
        mailbox: list[Message],
        session: Session,
        clock: FixedClock,
    ) -> None:
        save(q="kettle", mail="daily", mail_hour="0")
        save(q="steel", mail="daily", mail_hour="0")
        publish("A steel kettle")
        clock.advance(timedelta(days=1))
        worker.settle(app)
        (mail,) = mailbox
        assert "No more mails about saved searches" in mail.text
        answer = app.test_client().post(urlsplit(mail.unsubscribe).path)
        assert "You get no more mails about your saved searches." in answer.text
        session.rollback()
        assert set(session.scalars(select(SavedSearch.mail))) == {"off"}

    def test_no_link_can_be_made_up(self, app: Flask, save: Callable[..., str], session: Session) -> None:
        save(mail="now")
        for token in ("x", "WyJhIiwiYiJd.abc", "W10"):
            assert app.test_client().get(f"/unsubscribe/{token}").status_code == 404
            assert app.test_client().post(f"/unsubscribe/{token}").status_code == 404
        assert only(session).mail == "now"


def test_the_button_of_the_search_page(app: Flask) -> None:
    """As the search page includes it: a form for who is signed in, a link for visitors."""
    with app.test_request_context():
        macro = app.jinja_env.get_template("components/save_search.html").module.save_search  # type: ignore[attr-defined]
        fields = {"q": 'a "b" <c>', "kind": "", "to": "5"}
        form = str(macro(Saving(fields, csrf="t0ken")))
        assert 'name="q" value="a &#34;b&#34; &lt;c&gt;"' in form
        assert 'name="kind"' not in form
        assert 'name="csrf_token" value="t0ken"' in form
        link = str(macro(Saving(fields)))
        assert 'href="/account/searches/new?q=a+%22b%22+%3Cc%3E&amp;to=5"' in link
        assert "<form" not in link


def test_chinese(browser: FlaskClient, save: Callable[..., str], publish: Callable[..., Post]) -> None:
    browser.environ_base["HTTP_ACCEPT_LANGUAGE"] = "zh-CN"
    save(q="水壶")
    publish("不锈钢水壶")
    for path in ("/account/searches", "/account/searches/new", "/account/notifications"):
        page = browser.get(path).text.partition("<main")[2].partition("</main")[0]
        # Of some small places CLDR knows no Chinese name.
        assert "亚洲 / 上海" in page or path != "/account/searches/new"
        page = re.sub(r'<select[^>]*name="zone".*?</select>', "", page, flags=re.DOTALL)
        text = re.sub(r"<[^>]*>|English|UTC|USD|CNY", " ", page.partition(">")[2])
        assert re.findall(r"[A-Za-z]{2,}", text) == [], path
