"""Series: what readers are shown of them, and how creators bring them into order."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from contentshop.accounts.models import User
from contentshop.core.errors import Conflict, Forbidden, Invalid, NotFound
from contentshop.core.uow import unit_of_work
from contentshop.posts import actions, series
from contentshop.posts.models import Post, Series
from contentshop.posts.series import SeriesInput
from tests.factories import Factory


@pytest.fixture
def ada(make: Factory) -> User:
    return make.user("creator", handle="ada", name="Ada")


@pytest.fixture
def trip(make: Factory, ada: User, session: Session) -> Series:
    """Packing (published), Flying (draft), Sleeping (published), in this order."""
    posts = [
        make.post(ada, title=title, slug=title.lower(), published=title != "Flying")
        for title in ("Packing", "Flying", "Sleeping")
    ]
    with unit_of_work(session):
        by = session.merge(ada)
        made = series.make_series(
            session, SeriesInput.parse(title="A long trip", intro="From door to door."), by=by, now=make.now
        )
        for post in posts:
            series.put_in(session, made, post.key, by=by)
    return made


def keys(session: Session, found: Series) -> list[str]:
    session.rollback()
    return [part.title for part in series.list_parts(session, found)]


def data_of(page: str) -> list[dict[str, Any]]:
    return [json.loads(text) for text in re.findall(r'<script type="application/ld\+json">(.*?)</script>', page)]


# ---- readers


def test_a_part_says_where_it_stands_and_leads_to_published_parts_only(client: FlaskClient, trip: Series) -> None:
    first, last = client.get("/p/packing").text, client.get("/p/sleeping").text
    assert '<a href="/series/a-long-trip">Part 1 of 2 of A long trip</a>' in first
    assert 'rel="next" href="/p/sleeping"' in first
    assert 'rel="prev"' not in first
    assert "Part 2 of 2 of A long trip" in last
    assert 'rel="prev" href="/p/packing"' in last
    assert "Flying" not in first + last
    [article] = [one for one in data_of(first) if one["@type"] == "Article"]
    assert article["isPartOf"] == {
        "@type": "CreativeWorkSeries",
        "name": "A long trip",
        "url": "http://localhost/series/a-long-trip",
    }
    assert article["position"] == 1


def test_the_page_of_a_series_lists_its_published_parts_in_order(client: FlaskClient, trip: Series) -> None:
    page = client.get("/series/a-long-trip")
    assert page.status_code == 200
    assert "From door to door." in page.text
    assert re.findall(r'tile-title"><a href="([^"]+)"', page.text) == ["/p/packing", "/p/sleeping"]
    assert "Flying" not in page.text
    [whole] = [one for one in data_of(page.text) if one["@type"] == "CreativeWorkSeries"]
    assert [part["url"] for part in whole["hasPart"]] == ["http://localhost/p/packing", "http://localhost/p/sleeping"]
    assert "<loc>http://localhost/series/a-long-trip</loc>" in client.get("/sitemap.xml").text


def test_it_is_no_page_without_a_published_part(
    client: FlaskClient, make: Factory, ada: User, session: Session
) -> None:
    draft = make.post(ada, published=False)
    with unit_of_work(session):
        by = session.merge(ada)
        made = series.make_series(session, SeriesInput.parse(title="Nothing yet"), by=by, now=make.now)
        series.put_in(session, made, draft.key, by=by)
    assert client.get("/series/nothing-yet").status_code == 404
    assert client.get("/series/unknown").status_code == 404
    assert "nothing-yet" not in client.get("/sitemap.xml").text


def test_a_kept_page_follows_the_order_and_a_part_that_leaves(
    client: FlaskClient, make: Factory, trip: Series, ada: User, session: Session
) -> None:
    assert "Part 1 of 2" in client.get("/p/packing").text
    assert client.get("/series/a-long-trip").status_code == 200
    with unit_of_work(session):
        by = session.merge(ada)
        found = series.get_own(session, trip.key, by)
        last = series.list_parts(session, found)[2]
        series.move(session, found, last.key, -2, by=by)
    assert "Part 2 of 2" in client.get("/p/packing").text
    page = client.get("/series/a-long-trip").text
    assert re.findall(r'tile-title"><a href="([^"]+)"', page) == ["/p/sleeping", "/p/packing"]
    with unit_of_work(session):
        post = session.query(Post).filter_by(slug="sleeping").one()
        actions.unpublish(session, post, by=session.merge(ada), now=make.now)
    assert "Part 1 of 1" in client.get("/p/packing").text


def test_a_part_takes_no_statement_more(client: FlaskClient, trip: Series, statements: Any) -> None:
    client.get("/p/packing")
    with statements() as seen:
        assert client.get("/p/packing?x=1", headers={"Accept-Language": "zh"}).status_code == 200
    assert len(seen) <= 5, seen
    with statements() as seen:
        client.get("/series/a-long-trip")
    assert len(seen) <= 5, seen


# ---- the room


def test_a_post_is_in_one_series_at_most(make: Factory, ada: User, trip: Series, session: Session) -> None:
    with unit_of_work(session):
        by = session.merge(ada)
        other = series.make_series(session, SeriesInput.parse(title="Other"), by=by, now=make.now)
        part = series.list_parts(session, session.merge(trip))[0]
        with pytest.raises(Conflict, match="part of another series"):
            series.put_in(session, other, part.key, by=by)
        series.put_in(session, session.merge(trip), part.key, by=by)  # twice is once
    assert keys(session, trip) == ["Packing", "Flying", "Sleeping"]


def test_only_ones_own_posts_and_series(make: Factory, ada: User, trip: Series, session: Session) -> None:
    eve = make.user("creator")
    theirs = make.post(eve, title="Theirs")
    with pytest.raises(NotFound):
        series.put_in(session, session.merge(trip), theirs.key, by=session.merge(ada))
    session.rollback()
    with pytest.raises(NotFound):
        series.get_own(session, trip.key, session.merge(eve))
    with pytest.raises(Forbidden):
        series.put_in(session, session.merge(trip), theirs.key, by=session.merge(eve))
    session.rollback()
    with pytest.raises(Forbidden):
        series.make_series(session, SeriesInput.parse(title="x"), by=session.merge(make.user("reader")), now=make.now)


def test_two_series_of_one_title_have_two_addresses(make: Factory, ada: User, trip: Series, session: Session) -> None:
    with unit_of_work(session):
        form = SeriesInput.parse(title="A long trip")
        again = series.make_series(session, form, by=session.merge(ada), now=make.now)
        assert again.slug.startswith("a-long-trip-")


def test_its_words_are_checked() -> None:
    with pytest.raises(Invalid) as refusal:
        SeriesInput.parse(title=" ", intro="x" * 1001, lang="no language at all")
    assert set(refusal.value.fields) == {"title", "intro", "lang"}
    with pytest.raises(Invalid) as refusal:
        SeriesInput.parse(title="x" * 10_000)
    assert refusal.value.fields == {"title": ["Use at most 120 characters (now 10000)."]}


# ---- the studio


def test_a_creator_makes_a_series_and_brings_it_into_order(
    client: FlaskClient, make: Factory, ada: User, session: Session,
    sign_in: Callable[..., Any], post_form: Callable[..., Any],
) -> None:  # fmt: skip
    one, two = make.post(ada, title="One"), make.post(ada, title="Two")
    sign_in(client, ada)
    wrong = post_form(client, "/studio/series", {"title": "", "intro": "Kept words", "lang": "en"})
    assert wrong.status_code == 422
    assert "Give the series a title." in wrong.text
    assert "Kept words" in wrong.text
    made = post_form(client, "/studio/series", {"title": "Both", "intro": "", "lang": "en"})
    address = made.headers["Location"]
    for post in (one, two):
        put = post_form(client, f"{address}/parts", {"put": post.key})
        assert put.headers["Location"] == f"{address}#parts"
    found = session.query(Series).one()
    assert keys(session, found) == ["One", "Two"]
    post_form(client, f"{address}/parts", {"down": one.key})
    assert keys(session, found) == ["Two", "One"]
    dragged = post_form(
        client, f"{address}/parts", {"order": [one.key, "unknown", two.key]}, headers={"Accept": "application/json"}
    )
    assert dragged.json == {"order": [one.key, two.key]}
    post_form(client, f"{address}/parts", {"out": one.key})
    assert keys(session, found) == ["Two"]
    assert post_form(client, address, {"title": "Only two", "intro": "", "lang": "zh"}).status_code == 303
    assert "Only two" in client.get(address).text
    assert client.get(f"{address}/parts").headers["Location"] == address
    assert client.get(f"{address}/nothing").status_code == 404
    assert post_form(client, f"{address}/delete", {}).status_code == 303
    assert client.get(address).status_code == 404
    assert client.get(f"/p/{two.slug}").status_code == 200


def test_a_post_of_another_series_is_refused_in_place(
    client: FlaskClient, make: Factory, ada: User, trip: Series, session: Session,
    sign_in: Callable[..., Any], post_form: Callable[..., Any],
) -> None:  # fmt: skip
    sign_in(client, ada)
    other = post_form(client, "/studio/series", {"title": "Other", "intro": "", "lang": "en"}).headers["Location"]
    part = series.list_parts(session, session.merge(trip))[0]
    session.rollback()
    answer = post_form(client, f"{other}/parts", {"put": part.key})
    assert answer.status_code == 409
    assert "This post is part of another series. Take it out there first." in answer.text
