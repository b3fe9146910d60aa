"""Discussions as browsers see them: writing, votes, reports, and what of it is found."""

from __future__ import annotations

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
from contentshop.accounts.models import User
from contentshop.core.clock import FixedClock
from contentshop.core.db import db
from contentshop.search.actions import check
from contentshop.search.backends.whoosh import WhooshSearchBackend
from contentshop.social import actions
from tests.factories import Factory

Counting = Callable[[], AbstractContextManager[list[str]]]
LIST = ":::item[lamp]\n* Light: 4.5\n* Build: 4.0\nGood.\n:::\n\n:::item[desk]\nPlain.\n:::\n"


@pytest.fixture
def search(tmp_path: Path) -> Iterator[WhooshSearchBackend]:
    backend = WhooshSearchBackend(tmp_path / "index")
    backend.ensure()
    yield backend
    backend.close()


class Site:
    """A guide and a product, and people who talk about them, each with a browser."""

    def __init__(self, app: Flask, make: Factory, sign_in: Any, post_form: Any, clock: FixedClock) -> None:
        self.app, self.make, self.clock = app, make, clock
        self._sign_in, self._post = sign_in, post_form
        self.author = make.user("creator", handle="ada", name="Ada")
        make.product("lamp", own={"USD": 1000}, stock=1)
        make.product("desk", own={"USD": 2000}, stock=1)
        make.post(self.author, slug="guide", title="Lamps", source="Words.\n\n::card[lamp]\n")
        make.post(self.author, slug="best", title="Best lamps", kind="list", source=LIST)

    def browser(self, person: Any) -> FlaskClient:
        client: FlaskClient = self._sign_in(self.app.test_client(), person)
        return client

    def reader(self, name: str) -> FlaskClient:
        return self.browser(self.make.user(handle=name.lower(), name=name))

    def send(self, client: FlaskClient, path: str, **data: str) -> Any:
        return self._post(client, path, data)

    def say(self, client: FlaskClient, text: str, path: str = "/p/guide/comments", parent: str = "") -> str:
        answer = self.send(client, path, text=text, parent=parent)
        assert answer.status_code == 303, answer.text
        return str(answer.location.partition("#c-")[2])

    def settle(self) -> None:
        worker.settle(self.app)


@pytest.fixture
def site(app: Flask, make: Factory, sign_in: Any, post_form: Any, clock: FixedClock) -> Site:
    return Site(app, make, sign_in, post_form, clock)


def plain(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", html))


def test_a_comment_shows_at_once_on_the_kept_page(site: Site, client: FlaskClient, statements: Counting) -> None:
    client.get("/p/guide")
    with statements() as seen:
        client.get("/p/guide")
    assert len(seen) == 0
    bea = site.reader("Bea")
    key = site.say(bea, "It <b>hums</b>\nloudly")
    html = client.get("/p/guide").text
    assert f'id="c-{key}"' in html
    assert "It &lt;b&gt;hums&lt;/b&gt;<br>loudly" in html
    site.say(site.reader("Cem"), "Mine too", parent=key)
    assert "Mine too" in client.get("/p/guide").text
    site.send(bea, f"/comments/{key}/delete")
    html = client.get("/p/guide").text
    assert "hums" not in html
    assert "Deleted by whoever wrote it." in html
    assert "Mine too" in html


def test_pages_with_a_discussion_take_no_more_statements(site: Site, app: Flask, statements: Counting) -> None:
    bea = site.reader("Bea")
    for number in range(5):
        site.say(bea, f"Words {number}")
        site.say(bea, f"Question {number}", "/products/lamp/questions")
    for path, limit in (("/p/guide", 5), ("/p/best", 6), ("/products/lamp", 7)):
        with statements() as seen:
            assert app.test_client().get(path).status_code == 200
        assert len(seen) <= limit, (path, seen)


def test_visitors_are_led_to_sign_in_and_write_nothing(site: Site, client: FlaskClient) -> None:
    html = client.get("/p/guide").text
    assert "/sign-in?next=/p/guide" in html
    assert 'action="/p/guide/comments"' not in html
    answer = site.send(client, "/p/guide/comments", text="Hello")
    assert answer.status_code == 403
    assert "Nobody has said anything yet." in client.get("/p/guide").text


@pytest.mark.parametrize("text", ["", "  \n ", "x" * 4001])
def test_a_refused_text_is_shown_again(site: Site, text: str) -> None:
    answer = site.send(site.reader("Bea"), "/p/guide/comments", text=text)
    assert answer.status_code == 422
    assert 'aria-invalid="true"' in answer.text


def test_the_shop_answers_on_the_product_page(site: Site, client: FlaskClient) -> None:
    key = site.say(site.reader("Bea"), "Is it dimmable?", "/products/lamp/questions")
    site.say(site.browser(site.make.user("operator")), "It is.", "/products/lamp/questions", parent=key)
    html = client.get("/products/lamp").text
    assert "Is it dimmable?" in html
    assert "It is." in html
    assert plain(html).count("answers for") == 1


def test_a_text_can_be_edited_soon_after(site: Site, client: FlaskClient, clock: FixedClock) -> None:
    bea = site.reader("Bea")
    key = site.say(bea, "Hmus")
    assert "Hmus" in bea.get(f"/comments/{key}/edit").text
    assert site.send(bea, f"/comments/{key}/edit", text="Hums").location == f"/p/guide#c-{key}"
    assert "Hums" in client.get("/p/guide").text
    clock.advance(timedelta(minutes=15))
    assert site.send(bea, f"/comments/{key}/edit", text="Howls").status_code == 409
    assert "Howls" not in client.get("/p/guide").text


def test_reports_reach_the_desk(site: Site, client: FlaskClient) -> None:
    key = site.say(site.reader("Bea"), "Rude words")
    cem = site.reader("Cem")
    site.say(cem, "Please", parent=key)
    assert site.send(cem, f"/comments/{key}/report", reason="").status_code == 422
    assert site.send(cem, f"/comments/{key}/report", reason="insult").status_code == 303
    editor = site.browser(site.make.user("editor"))
    assert "Rude words" in editor.get("/desk/reports").text
    assert site.send(editor, f"/desk/reports/{key}", do="hide", reason="").status_code == 422
    assert site.send(editor, f"/desk/reports/{key}", do="hide", reason="Insulting").status_code == 303
    html = client.get("/p/guide").text
    assert "Rude words" not in html
    assert "Hidden: Insulting" in html
    assert "Nothing is reported" in editor.get("/desk/reports").text
    assert site.send(editor, f"/comments/{key}/show").status_code == 303
    assert "Rude words" in client.get("/p/guide").text


def test_votes_are_masked_then_counted_then_rated_and_found(
    site: Site, app: Flask, client: FlaskClient, clock: FixedClock, search: WhooshSearchBackend
) -> None:
    readers = [site.reader(f"Reader{number}") for number in range(5)]
    for reader in readers[:4]:
        assert site.send(reader, "/p/guide/worth", worth="yes").status_code == 303
    assert site.send(readers[4], "/p/guide/worth", worth="no").status_code == 422
    assert site.send(readers[4], "/p/guide/worth", worth="no", reason="price").status_code == 303
    assert site.send(site.browser(site.author), "/p/guide/worth", worth="yes").status_code == 403
    site.settle()
    assert "Shown once some readers have answered." in client.get("/p/guide").text
    assert "worth=" not in client.get("/search?q=lamps").text
    clock.advance(timedelta(minutes=10))
    with app.app_context():
        actions.open_counts(db.session, now=clock.now())
        db.session.commit()
    site.settle()
    html = plain(client.get("/p/guide").text)
    assert "80% say it is worth it" in html
    assert "5 votes" in html
    html = client.get("/search?q=lamps").text
    assert "worth=70" in html
    assert "worth=50" in html
    assert "worth=90" not in html
    html = client.get("/search?q=lamps&worth=70").text
    assert "/p/guide" in html
    assert 'href="/p/best"' not in html
    site.send(readers[0], "/p/guide/worth", worth="none")
    assert "4 votes so far" in plain(client.get("/p/guide").text)


def test_what_is_said_is_found(site: Site, client: FlaskClient, app: Flask, search: Any) -> None:
    site.settle()
    assert "0 results" in client.get("/search?q=quokkas").text
    key = site.say(site.reader("Bea"), "Good against quokkas")
    site.say(site.reader("Cem"), "Does it attract numbats?", "/products/lamp/questions")
    site.settle()
    assert 'href="/p/guide"' in client.get("/search?q=quokkas").text
    assert 'href="/products/lamp"' in client.get("/search?q=numbats").text
    with app.app_context():
        assert not check(db.session, search, now=site.clock.now())
    site.send(site.browser(site.author), f"/comments/{key}/hide", reason="Silly")
    site.settle()
    assert "0 results" in client.get("/search?q=quokkas&exact=1").text


def test_a_blocked_person_is_silent_at_once(site: Site, client: FlaskClient, make: Factory) -> None:
    rude = make.user(handle="rude", name="Rude")
    site.say(site.browser(rude), "Words of the blocked")
    assert "Words of the blocked" in client.get("/p/guide").text
    with make.unit()():
        db.session.get_one(User, rude.id).blocked = True
    assert "Words of the blocked" not in client.get("/p/guide").text
    assert "Words of the blocked" not in client.get("/p/guide/comments").text


def test_a_saved_search_waits_for_votes(
    site: Site, app: Flask, make: Factory, clock: FixedClock, search: WhooshSearchBackend
) -> None:
    waiting = site.reader("Wendy")
    site.settle()
    clock.advance(timedelta(minutes=1))
    fields = {"q": "lamps", "in_app": "1", "mail": "off", "worth": "60", "votes": "5"}
    assert site.send(waiting, "/account/searches", **fields | {"worth": "0"}).status_code == 422
    assert site.send(waiting, "/account/searches", **fields | {"kind": "product"}).status_code == 422
    answer = site.send(waiting, "/account/searches", **fields)
    assert answer.status_code == 303
    assert 'name="worth" type="text" value="60"' in waiting.get(answer.location).text
    assert "worth it for at least 60%" in waiting.get("/account/searches").text
    site.settle()
    for number in range(5):
        site.send(site.reader(f"Reader{number}"), "/p/guide/worth", worth="yes")
    site.settle()
    assert "Lamps" not in plain(waiting.get("/account/notifications").text)
    clock.advance(timedelta(minutes=10))
    with app.app_context():
        actions.open_counts(db.session, now=clock.now())
        db.session.commit()
    site.settle()
    html = waiting.get("/account/notifications").text
    assert 'href="/p/guide"' in html
    assert 'href="/p/best"' not in html
