"""Scaffolds to begin a post with: what they are made of, and that a fresh one is a sound draft."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from contentshop.core.uow import unit_of_work
from contentshop.media.actions import store_picture
from contentshop.posts.actions import prepare_text
from contentshop.posts.models import Post
from contentshop.web.starters import STARTERS, Starter
from tests.factories import Factory
from tests.rooms.media.pictures import picture

NAMES = ["review", "picks", "versus", "deal", "note", "article", "list"]
FILLED = [starter for starter in STARTERS if starter.sources]


def test_there_is_one_for_each_sort_of_post_and_a_blank_page_of_each_kind() -> None:
    assert [starter.name for starter in STARTERS] == NAMES
    assert {starter.name for starter in STARTERS if starter.kind == "list"} == {"picks", "list"}
    assert [starter.name for starter in STARTERS if not starter.sources] == ["article", "list"]


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("starter", FILLED, ids=lambda starter: starter.name)
def test_a_fresh_one_renders_without_a_problem_and_shows_no_advice(starter: Starter, lang: str) -> None:
    text = prepare_text(starter.sources[lang])
    assert text.problems == ()
    assert text.cards == ()
    shown = str(text.rendered.segments)
    assert "<!--" not in shown
    assert "::" not in shown
    assert "press /" not in shown


def test_another_language_begins_in_english() -> None:
    assert FILLED[0].source("de") == FILLED[0].sources["en"]


@pytest.mark.parametrize("name", NAMES)
def test_a_post_begins_with_it_and_can_be_previewed(
    client: FlaskClient, make: Factory, session: Session, name: str,
    sign_in: Callable[..., Any], post_form: Callable[..., Any],
) -> None:  # fmt: skip
    sign_in(client, make.user("creator"))
    page = client.get("/studio/new").text
    assert f'name="kind" value="{name}"' in page
    begun = post_form(client, "/studio/new", {"kind": name, "title": "灯", "lang": "zh"})
    assert begun.status_code == 303
    starter = next(one for one in STARTERS if one.name == name)
    post = session.query(Post).one()
    assert post.draft is not None
    assert (post.kind, post.draft.source, post.draft.problems) == (starter.kind, starter.source("zh"), [])
    preview = client.get(f"{begun.location}/preview")
    assert preview.status_code == 200
    assert "短名" not in preview.text


def test_a_way_to_begin_that_does_not_exist_is_refused_in_place(
    client: FlaskClient, make: Factory, sign_in: Callable[..., Any], post_form: Callable[..., Any]
) -> None:
    sign_in(client, make.user("creator"))
    assert 'value="deal" checked' in client.get("/studio/new?kind=deal").text
    assert 'value="review" checked' in client.get("/studio/new?kind=poem").text
    answer = post_form(client, "/studio/new", {"kind": "poem", "title": "Kept", "lang": "en"})
    assert answer.status_code == 422
    assert 'id="f-kind-errors"' in answer.text
    assert "Kept" in answer.text


def test_a_note_is_led_by_its_own_picture(app: Flask, client: FlaskClient, make: Factory, session: Session) -> None:
    author = make.user("creator")
    make.product("lamp", own={"USD": 1999}, stock=1)
    storage = app.extensions["contentshop"].engines.storage
    with unit_of_work(session):
        asset = store_picture(session, storage, picture(), owner=session.merge(author), now=make.now)
    make.post(author, slug="note", source=f'::picture[{asset.key}]{{alt="A desk"}}\n\n::card[lamp]\n')
    assert re.search(rf'<img[^>]+src="/media/[^"]*{asset.key}', client.get("/").text)
