"""Reviews on pages: who may write what, what readers, cards, search engines and the search see of it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from contentshop import worker
from contentshop.accounts.actions import set_blocked
from contentshop.accounts.models import User
from contentshop.core.clock import FixedClock
from contentshop.core.db import db
from contentshop.core.mail import Message
from contentshop.core.outbox import OutboxEvent
from contentshop.reviews.models import Review
from contentshop.search.documents import product_documents
from tests.factories import Factory
from tests.received import photo, received
from tests.web.buyer import text_of

Counting = Callable[[], AbstractContextManager[list[str]]]
GOOD = {"stars": "4", "title": "Quiet", "text": "Hums a little.", "lang": "en"}
HOSTILE = '<script>alert(1)</script><img src=x onerror=alert(1)>{{ 7*7 }}" autofocus onfocus=alert(1) x="'


class Site:
    """A lamp that stands in a guide, and people with browsers."""

    def __init__(self, app: Flask, make: Factory, sign_in: Any, post_form: Any, clock: FixedClock) -> None:
        self.app, self.make, self.clock = app, make, clock
        self._sign_in, self._post = sign_in, post_form
        self.lamp = make.product("lamp", own={"USD": 1000}, stock=9)
        make.post(make.user("creator", handle="ada"), slug="guide", title="Lamps", source="Words.\n\n::card[lamp]\n")
        self.bea = make.user(handle="bea", name="Bea")

    def browser(self, person: Any) -> FlaskClient:
        client: FlaskClient = self._sign_in(self.app.test_client(), person)
        return client

    def send(self, client: FlaskClient, path: str, **data: Any) -> Any:
        return self._post(client, path, data)

    def buy(self, person: User | None = None, **values: Any) -> str:
        """Where what this person received is reviewed."""
        return f"/account/reviews/{received(self.make, person or self.bea, self.lamp, **values)}/1"

    def write(self, client: FlaskClient, path: str, **changes: Any) -> str:
        answer = self.send(client, path, **(GOOD | changes))
        assert answer.status_code == 303, answer.text
        return self.keys()[-1]

    def reviewed(self, name: str = "", **changes: Any) -> tuple[FlaskClient, str]:
        """A browser whose person has written a review, and its key."""
        person = self.make.user(name=name or "Dora") if name else self.bea
        client = self.browser(person)
        return client, self.write(client, self.buy(person), **changes)

    def keys(self) -> list[str]:
        with self.app.app_context():
            return list(db.session.scalars(db.select(Review.key).order_by(Review.id)))


@pytest.fixture
def site(app: Flask, make: Factory, sign_in: Any, post_form: Any, clock: FixedClock) -> Site:
    return Site(app, make, sign_in, post_form, clock)


def structured(html: str) -> dict[str, Any]:
    """What a product's page tells search engines of the product."""
    found = [json.loads(text) for text in re.findall(r'<script type="application/ld\+json"[^>]*>(.*?)</script>', html)]
    return next(one for one in found if one["@type"] == "Product")


def test_without_reviews_nothing_is_rated(site: Site, client: FlaskClient) -> None:
    html = client.get("/products/lamp").text
    assert "Nobody has reviewed it yet." in html
    assert set(structured(html)) & {"aggregateRating", "review"} == set()
    assert 'class="rating"' not in html + client.get("/p/guide").text + client.get("/products/lamp/reviews").text


def test_a_new_review_shows_at_once_on_kept_pages(site: Site, client: FlaskClient, statements: Counting) -> None:
    for path in ("/products/lamp", "/p/guide"):
        client.get(path)
        with statements() as seen:
            client.get(path)
        assert seen == []
    bea, key = site.reviewed()
    html = client.get("/products/lamp").text
    assert f'id="r-{key}"' in html
    assert "4.0 of 5 stars, 1 review" in text_of(html)
    assert "Bought here" in html
    told = structured(html)
    assert told["aggregateRating"] == {
        "@type": "AggregateRating", "ratingValue": "4.0", "reviewCount": 1, "bestRating": "5", "worstRating": "1",
    }  # fmt: skip
    assert told["review"] == [
        {
            "@type": "Review",
            "author": {"@type": "Person", "name": "Bea"},
            "datePublished": "2026-11-20",
            "inLanguage": "en",
            "reviewBody": "Hums a little.",
            "reviewRating": {"@type": "Rating", "ratingValue": 4, "bestRating": 5, "worstRating": 1},
            "name": "Quiet",
        }
    ]
    assert "4.0 of 5 stars, (1) 1 review" in text_of(client.get("/p/guide").text)
    assert site.send(bea, f"/reviews/{key}/delete").status_code == 303
    html = client.get("/products/lamp").text
    assert "Hums a little." not in html
    assert "aggregateRating" not in structured(html)
    assert 'class="rating"' not in client.get("/p/guide").text


def test_pages_with_reviews_take_as_many_statements_as_without(site: Site, app: Flask, statements: Counting) -> None:
    def count(path: str) -> int:
        with statements() as seen:
            assert app.test_client().get(path).status_code == 200
        return len(seen)

    before = {path: count(path) for path in ("/products/lamp", "/p/guide", "/products/lamp/reviews")}
    site.reviewed()
    one = {path: count(path) for path in before}
    for number in range(4):
        site.reviewed(f"Reader {number}", photos=(photo(), "a.jpg"))
    five = {path: count(path) for path in before}
    assert one == five
    # The product's page asks for a summary and for the reviews once there are any; cards know their rating already.
    assert one["/p/guide"] == before["/p/guide"]
    assert one["/products/lamp"] == before["/products/lamp"] + 2


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        *(({"stars": stars}, "stars") for stars in ("0", "6", "4.5", "")),
        ({"text": "x" * 10_000}, "text"),
        ({"text": ""}, "text"),
        ({"title": "x" * 121}, "title"),
    ],
)
def test_a_refused_review_is_shown_again(site: Site, changes: dict[str, str], field: str) -> None:
    bea, path = site.browser(site.bea), site.buy()
    answer = site.send(bea, path, **(GOOD | changes))
    assert answer.status_code == 422
    assert f'href="#f-{field}"' in answer.text
    assert "Hums a little." in answer.text or field == "text"
    assert site.keys() == []


def test_nobody_reviews_what_is_not_theirs_or_has_not_arrived(site: Site, client: FlaskClient) -> None:
    cem = site.browser(site.make.user(name="Cem"))
    path = site.buy()
    assert client.get(path).status_code == 302
    for way in (
        path,
        site.buy(state="shipped"),
        site.buy(state="cancelled"),
        path[:-1] + "2",
        "/account/reviews/none/1",
    ):
        assert cem.get(way).status_code == 404
        assert site.send(cem, way, **GOOD).status_code == 404
    bea = site.browser(site.bea)
    form = bea.get(path)
    assert (form.status_code, form.text.count('type="radio"'), "required checked" in form.text) == (200, 5, False)
    assert f'href="{path}"' in bea.get("/account/reviews").text
    assert site.send(bea, site.buy(state="shipped"), **GOOD).status_code == 404
    site.write(bea, path)
    assert bea.get(path).status_code == 409
    assert site.send(bea, path, **GOOD).status_code == 409
    assert len(site.keys()) == 1


def photos_of(client: FlaskClient) -> list[str]:
    """The addresses of the photos on the product's page."""
    return re.findall(r'<li><a href="(/media/[^"]+)"><img', client.get("/products/lamp").text)


def test_photos_of_a_hidden_review_are_for_its_author_and_editors(site: Site, app: Flask, client: FlaskClient) -> None:
    bea, path = site.browser(site.bea), site.buy()
    key = site.write(bea, path, photos=[(photo("red"), "a.jpg")])
    (url,) = photos_of(client)
    seen = client.get(url)
    assert (seen.status_code, seen.headers["Cache-Control"]) == (200, "public, no-cache")
    known = {"If-None-Match": seen.headers["ETag"]}
    assert client.get(url, headers=known).status_code == 304
    editor = site.browser(site.make.user("editor"))
    operator = site.browser(site.make.user("operator"))
    small = re.sub(r"-[0-9]+[.]webp", "-320.webp", url)
    site.send(editor, f"/reviews/{key}/hide", reason="A face.")
    for headers in ({}, known, {"Range": "bytes=0-9"}):
        for stranger in (client, operator, site.browser(site.make.user())):
            answer = stranger.get(url, headers=headers)
            assert (answer.status_code, b"RIFF" in answer.data) == (404, False)
            assert "no-store" in answer.headers["Cache-Control"]
            assert stranger.get(small, headers=headers).status_code == 404
    for friend in (bea, editor):
        answer = friend.get(url)
        assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "private, no-store")
    site.send(editor, f"/reviews/{key}/show")
    assert client.get(url, headers=known).status_code == 304
    assert photos_of(client) == [url]


def test_photos_go_with_their_review(site: Site, app: Flask, client: FlaskClient) -> None:
    """But what stands in another one stays."""
    bea = site.browser(site.bea)
    key = site.write(bea, site.buy(), photos=[(photo("red"), "a.jpg"), (photo("blue"), "b.jpg")])
    (red, blue) = photos_of(client)
    site.write(bea, site.buy(), photos=[(photo("red"), "a.jpg")])
    assert site.send(bea, f"/reviews/{key}/delete").status_code == 303
    assert (client.get(red).status_code, client.get(blue).status_code) == (200, 404)
    assert site.send(bea, f"/reviews/{key}/delete").status_code == 404
    storage = app.extensions["contentshop"].engines.storage
    assert (storage.exists(red.removeprefix("/media/")), storage.exists(blue.removeprefix("/media/"))) == (True, False)


def test_photos_are_made_anew_and_checked(site: Site, client: FlaskClient) -> None:
    bea, path = site.browser(site.bea), site.buy()
    for file, name, told in (
        (BytesIO(b"<html><script>alert(1)</script>"), "a.jpg", "This is not a picture we can read."),
        (BytesIO(b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>"), "a.svg", "SVG"),
        (BytesIO(b""), "empty.jpg", "this one is empty"),
        (BytesIO(photo().getvalue()[:200]), "half.jpg", "damaged"),
        (BytesIO(b"WEBVTT\n\n00:00.000 --> 00:01.000\nHello\n"), "a.vtt", "Only pictures can be shown here"),
    ):
        answer = site.send(bea, path, **GOOD, photos=(file, name))
        assert answer.status_code == 422, name
        assert told in answer.text, name
    twenty = [(photo(), f"{number}.jpg") for number in range(20)]
    answer = site.send(bea, path, **GOOD, photos=twenty)
    assert answer.status_code == 422
    assert "Send at most 6 photos." in answer.text
    assert site.keys() == []
    key = site.write(
        bea, path, photos=[(photo("red"), "a.jpg"), (photo("blue", "PNG"), "b.png"), (photo("red"), "c.jpg")]
    )
    html = client.get("/products/lamp").text
    shown = re.findall(r'<li><a href="(/media/[^"]+)"><img', html)
    assert len(shown) == 2
    assert all(client.get(url).mimetype == "image/webp" for url in shown)
    assert "Photo 1 by Bea" in html
    assert "With photos (1)" in html
    page = bea.get(f"/reviews/{key}/edit").text
    (first, _second) = re.findall(r'name="drop" value="([^"]+)"', page)
    answer = site.send(bea, f"/reviews/{key}/edit", **GOOD, drop=first)
    assert answer.status_code == 303
    html = client.get("/products/lamp").text
    assert re.findall(r'<li><a href="(/media/[^"]+)"><img', html) == shown[1:]
    assert [client.get(url).status_code for url in shown] == [404, 200]
    assert "· edited" in text_of(html)


def test_hostile_words_stay_words(site: Site, client: FlaskClient) -> None:
    bea, key = site.reviewed(title=HOSTILE[:100], text=HOSTILE)
    site.clock.advance(timedelta(days=2))
    site.send(bea, f"/reviews/{key}/more", more=HOSTILE)
    support = site.browser(site.make.user("support"))
    site.send(support, f"/desk/reviews/{key}/reply", reply=HOSTILE)
    site.send(support, f"/reviews/{key}/report", reason="other")
    editor = site.browser(site.make.user("editor"))
    for page in (
        client.get("/products/lamp"),
        client.get("/products/lamp/reviews"),
        bea.get("/account/reviews"),
        bea.get(f"/reviews/{key}/delete"),
        support.get("/desk/reviews?show=all"),
        support.get(f"/reviews/{key}/report"),
        editor.get("/desk/reports"),
        editor.get(f"/reviews/{key}/hide"),
    ):
        assert page.status_code == 200
        assert "<script>alert" not in page.text
        assert "<img src=x" not in page.text
        assert "{{ 7*7 }}" in page.text
        # In a script of data a quotation mark is a string's, and no tag can begin.
        assert '" autofocus' not in re.sub(r'<script type="application/ld\+json".*?</script>', "", page.text)
    assert structured(client.get("/products/lamp").text)["review"][0]["reviewBody"] == HOSTILE


def test_votes_reports_answers_and_hiding(site: Site, client: FlaskClient) -> None:
    bea, key = site.reviewed(stars="1")
    cem = site.browser(site.make.user(name="Cem"))
    assert site.send(bea, f"/reviews/{key}/helpful", helpful="yes").status_code == 403
    assert site.send(client, f"/reviews/{key}/helpful", helpful="yes").status_code in {302, 403}
    for _ in range(2):
        answer = site.send(cem, f"/reviews/{key}/helpful", helpful="yes", next="/products/lamp/reviews")
        assert answer.location == f"/products/lamp/reviews#r-{key}"
    assert site.send(cem, f"/reviews/{key}/helpful", helpful="yes", next="//evil.example").location.startswith(
        "/products/"
    )
    assert "1 person found this helpful" in client.get("/products/lamp").text
    assert 'aria-pressed="true"' in cem.get("/products/lamp").text
    site.send(cem, f"/reviews/{key}/helpful", helpful="no")
    assert "found this helpful" not in client.get("/products/lamp").text
    support, editor = site.browser(site.make.user("support")), site.browser(site.make.user("editor"))
    assert site.send(cem, f"/desk/reviews/{key}/reply", reply="Hi").status_code == 403
    assert site.send(editor, f"/desk/reviews/{key}/reply", reply="Hi").status_code == 403
    assert site.send(support, f"/desk/reviews/{key}/reply", reply="").status_code == 422
    assert site.send(support, f"/desk/reviews/{key}/reply", reply="We are sorry.").status_code == 303
    assert "Answer of contentshop" in client.get("/products/lamp").text
    site.send(cem, f"/reviews/{key}/report", reason="insult")
    assert "Insults somebody (1)" in editor.get("/desk/reports").text
    for person in (support, bea, cem):
        assert site.send(person, f"/reviews/{key}/hide", reason="No").status_code == 403
    assert site.send(editor, f"/desk/reports/reviews/{key}", do="hide", reason="").status_code == 303
    assert "Hums a little." in client.get("/products/lamp").text
    site.send(editor, f"/desk/reports/reviews/{key}", do="hide", reason="Rude words")
    for page in (client.get("/products/lamp"), client.get("/products/lamp/reviews"), cem.get("/products/lamp")):
        assert "Hums a little." not in page.text
        assert "We are sorry." not in page.text
        assert "1 review" not in page.text
    assert "An editor has hidden this review. Reason: Rude words" in bea.get("/account/reviews").text
    assert cem.get(f"/reviews/{key}/report").status_code == 404
    assert "Rude words" in editor.get("/desk/reports").text
    site.send(editor, f"/reviews/{key}/show")
    assert "Hums a little." in client.get("/products/lamp").text


def test_a_blocked_person_is_silent_at_once(site: Site, client: FlaskClient) -> None:
    site.reviewed()
    assert "Hums a little." in client.get("/products/lamp").text
    with site.make.unit()():
        db.session.get_one(User, site.bea.id).blocked = True
    html = client.get("/products/lamp").text
    assert "Hums a little." not in html
    assert "aggregateRating" not in structured(html)
    assert "Hums a little." not in client.get("/products/lamp/reviews").text


def test_whoever_is_blocked_leaves_pages_index_and_ratings(site: Site, app: Flask, client: FlaskClient) -> None:
    """And comes back when they are let in again; their own browser is signed out."""
    bea, _key = site.reviewed()

    def block(blocked: bool) -> tuple[bool, bool, int]:
        for _again in range(2):
            with site.make.unit()():
                set_blocked(db.session, db.session.get_one(User, site.bea.id), blocked, now=site.clock.now())
        worker.settle(app)
        with app.app_context():
            (found,) = product_documents(db.session, [site.lamp.key]).values()
        words = "Hums a little." in client.get("/products/lamp").text
        return words, bool(found.talk), found.rating or 0

    assert "Hums a little." in client.get("/products/lamp").text
    assert block(True) == (False, False, 0)
    assert bea.get("/account").status_code == 302
    assert block(False) == (True, True, 40)
    with app.app_context():
        told = db.session.scalars(db.select(OutboxEvent).where(OutboxEvent.name == "UserChanged")).all()
        assert [event.payload for event in told][-2:] == [{"user": site.bea.key}] * 2


def test_orders_filters_and_pages_have_addresses(site: Site, client: FlaskClient) -> None:
    for number in range(12):
        site.reviewed(f"Reader {number}", stars=str(number % 5 + 1), lang="zh" if number == 3 else "en")
    short = client.get("/products/lamp").text
    assert short.count('class="review"') == 4
    assert "See all 12 reviews" in short
    page = client.get("/products/lamp/reviews?sort=lowest")
    assert page.text.count('class="review"') == 10
    assert 'href="/products/lamp/reviews?sort=lowest&amp;page=2"' in page.text
    assert 'name="robots" content="noindex' in page.text
    assert client.get("/products/lamp/reviews?sort=lowest&page=2").text.count('class="review"') == 2
    assert client.get("/products/lamp/reviews?stars=1").text.count('class="review"') == 3
    assert client.get("/products/lamp/reviews?lang=zh").text.count('class="review"') == 1
    assert "No review is like that." in client.get("/products/lamp/reviews?photos=1").text
    assert client.get("/products/none/reviews").status_code == 404


def test_the_search_filters_by_what_buyers_say(site: Site, client: FlaskClient, app: Flask) -> None:
    site.make.product("desk", own={"USD": 2000}, stock=1)
    _bea, key = site.reviewed()
    worker.settle(app)
    assert 'href="/products/lamp"' in client.get("/search?q=&kind=product&rating=40").text
    assert 'href="/products/desk"' not in client.get("/search?q=&kind=product&rating=40").text
    assert 'href="/products/lamp"' not in client.get("/search?q=&kind=product&rating=45").text
    site.send(site.browser(site.make.user("editor")), f"/reviews/{key}/hide", reason="Wrong")
    worker.settle(app)
    assert 'href="/products/lamp"' not in client.get("/search?q=&kind=product&rating=40").text


def test_buyers_are_asked_once_by_mail_and_can_end_that(
    site: Site, app: Flask, client: FlaskClient, mailbox: list[Message]
) -> None:
    path = site.buy(at=site.clock.now())
    worker.settle(app)
    assert mailbox == []
    site.clock.advance(timedelta(days=5))
    worker.settle(app)
    worker.settle(app)
    (mail,) = mailbox
    assert mail.to == site.bea.email
    assert f"http://localhost{path}" in mail.text
    assert f"http://localhost{path}" in mail.html
    stop = mail.unsubscribe.removeprefix("http://localhost")
    assert client.get(stop).status_code == 200
    assert client.get(stop + "x").status_code == 404
    assert client.post(stop).status_code == 200  # as a mail program does it: no cookie, no token
    assert "We do not ask you for reviews by mail." in site.browser(site.bea).get("/account/reviews").text
    site.buy(at=site.clock.now())
    site.clock.advance(timedelta(days=6))
    worker.settle(app)
    assert len(mailbox) == 1
