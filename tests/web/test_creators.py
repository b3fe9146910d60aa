"""A creator's page: picture, finds, what is popular, series, lists and the search in it."""

from __future__ import annotations

import re
from collections.abc import Callable
from io import BytesIO
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from contentshop.accounts.models import User
from contentshop.core.uow import unit_of_work
from contentshop.discovery.models import Trend
from contentshop.posts import series
from contentshop.posts.series import SeriesInput
from tests.factories import Factory
from tests.rooms.media.pictures import picture


@pytest.fixture
def ada(make: Factory, session: Session) -> User:
    """Somebody with two guides and a list, a series, and one guide on the board of the month."""
    person = make.user("creator", handle="ada", name="Ada", bio="Tests lamps.")
    for slug in ("lamp", "desk", "chair"):
        make.product(slug, title=slug.title(), own={"USD": 1999}, stock=3)
    first = make.post(person, slug="first", title="First", source="::card[lamp]\n")
    make.post(person, slug="second", title="Second", source="::card[lamp]\n\n::card[desk]\n")
    make.post(person, slug="best", title="Best", kind="list", source=":::item[lamp]\nYes.\n:::\n")
    make.post(person, slug="draft", title="Draft", source="::card[chair]\n", published=False)
    with unit_of_work(session):
        by = session.merge(person)
        made = series.make_series(session, SeriesInput.parse(title="All lamps"), by=by, now=make.now)
        series.put_in(session, made, first.key, by=by)
        series.make_series(session, SeriesInput.parse(title="Empty"), by=by, now=make.now)
        session.add(Trend(period="month", kind="post", place=3, post_id=first.id, visitors=7))
    return person


def shelf(html: str, anchor: str) -> list[str]:
    """The addresses in the titles of one section."""
    found = re.search(rf'aria-labelledby="{anchor}".*?</section>', html, re.DOTALL)
    return re.findall(r'tile-title"><a href="([^"]+)"', found[0]) if found else []


def test_it_shows_finds_popular_series_and_posts_but_no_draft(client: FlaskClient, ada: User) -> None:
    html = client.get("/@ada").text
    assert set(shelf(html, "finds")) == {"/products/lamp", "/products/desk"}
    assert shelf(html, "popular") == ["/p/first"]
    assert '<a href="/series/all-lamps">' in html
    assert "Empty" not in html
    assert set(shelf(html, "posts")) == {"/p/first", "/p/second", "/p/best"}
    assert "Draft" not in html
    assert "/products/chair" not in html
    assert f'name="by" value="{ada.key}"' in html


def test_lists_have_a_page_of_their_own(client: FlaskClient, ada: User) -> None:
    html = client.get("/@ada/lists").text
    assert shelf(html, "posts") == ["/p/best"]
    assert shelf(html, "finds") == []
    assert 'href="/@ada/lists" aria-current="page"' in html
    assert client.get("/@nobody/lists").status_code == 404


def test_it_takes_six_statements_at_most(client: FlaskClient, ada: User, statements: Any) -> None:
    for path in ("/@ada", "/@ada/lists"):
        with statements() as seen:
            assert client.get(path).status_code == 200
        assert len(seen) <= 6, seen


def test_nobody_has_no_sections(client: FlaskClient, make: Factory) -> None:
    make.user("creator", handle="new", name="New")
    html = client.get("/@new").text
    assert "Nothing published yet" in html
    assert "Latest finds" not in html
    assert 'name="by"' not in html


def test_a_picture_is_put_up_and_taken_away(
    client: FlaskClient, ada: User, sign_in: Callable[..., Any], post_form: Callable[..., Any]
) -> None:
    visitor = client.application.test_client()
    assert "avatar-large" in visitor.get("/@ada").text
    sign_in(client, ada)
    sent = {"picture": (BytesIO(picture()), "me.png")}
    assert post_form(client, "/account/picture", sent, content_type="multipart/form-data").status_code == 303
    html = visitor.get("/@ada").text
    face = re.search(r'avatar-large" aria-hidden="true"><img[^>]* src="(/media/[^"]+)"', html)
    assert face
    assert '"image":"http://localhost/media/' in html
    assert face[1] in client.get("/account").text
    assert post_form(client, "/account/picture", {"do": "remove"}).status_code == 303
    assert face[1] not in visitor.get("/@ada").text


def test_what_is_no_picture_is_refused(
    client: FlaskClient, ada: User, sign_in: Callable[..., Any], post_form: Callable[..., Any]
) -> None:
    sign_in(client, ada)
    for content in (b"", b"<script>alert(1)</script>"):
        sent = {"picture": (BytesIO(content), "me.jpg")}
        answer = post_form(client, "/account/picture", sent, content_type="multipart/form-data")
        assert answer.status_code == 422
        assert 'id="f-picture-errors"' in answer.text
    assert client.get("/account/picture").status_code == 302
