"""The live preview shows the very page that readers get, and keeps nothing."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from contentshop.core.db import Base, db
from contentshop.posts.models import Post
from contentshop.web.studio_pages import Check, Repair
from tests.conftest import csrf_of
from tests.factories import Factory

SOURCE = """What I kept, with **every** kind of thing.

## The picks

:::item[lamp]{award="Best light" note="Warm"}
+ warm
- heavy

Late work.
:::

| a | b |
| --- | --- |
| 1 | 2 |

::card[kettle]{note="Pours slowly"}

Last.[^1]

[^1]: A note.
"""

MAIN = re.compile(r'<main id="main"[^>]*>\s*<div class="wrap page">(.*)</div>\s*</main>', re.DOTALL)


@pytest.fixture
def writer(client: FlaskClient, make: Factory, sign_in: Callable[..., Any]) -> FlaskClient:
    """A creator's browser, and two products."""
    make.product(slug="lamp", own={"USD": 1999}, stock=5)
    make.product(slug="kettle", own={"USD": 4999}, stock=1)
    found: FlaskClient = sign_in(client, make.user("creator", name="Nora"))
    return found


def begin(client: FlaskClient, kind: str = "list") -> str:
    answer = client.post(
        "/studio/new",
        data={"csrf_token": csrf_of(client, "/studio/new"), "kind": kind, "title": "Two things", "lang": "en"},
    )
    return str(answer.location).rpartition("/")[2]


def fields(client: FlaskClient, key: str, **changes: str) -> dict[str, str]:
    page = client.get(f"/studio/{key}").text
    version = re.search(r'name="version" value="(\d+)"', page)
    assert version
    given = {"title": "Two things", "summary": "Why.", "source": SOURCE, "lang": "en", "relation": "affiliate"}
    return {
        "csrf_token": csrf_of(client, "/studio/new"),
        "version": version[1],
        "tested": "A winter.",
        **given,
        **changes,
    }


@pytest.mark.parametrize("kind", ["list", "article"])
def test_it_is_the_published_page_to_the_letter(writer: FlaskClient, kind: str) -> None:
    key = begin(writer, kind)
    sent = fields(writer, key)
    writer.post(f"/studio/{key}", data=sent)  # cards have their lasting keys from here on
    sent = fields(writer, key)
    shown = writer.post(f"/studio/{key}/live-preview", data=sent).json
    assert writer.post(f"/studio/{key}/publish", data=sent).status_code == 303
    address = re.search(r'href="(/p/[^"]+)"', writer.get(f"/studio/{key}").text)
    assert address
    found = MAIN.search(writer.get(address[1]).text)
    assert found
    # Nobody has anything to say of a draft yet.
    article = found[1].partition('<div class="article"><section class="worth"')[0]
    assert shown == {"html": article.strip(), "problems": []}
    assert "Best light" in shown["html"]


def test_nothing_is_kept(writer: FlaskClient, app: Flask, session: Session) -> None:
    key = begin(writer)
    sent = fields(writer, key)

    def everything() -> list[object]:
        session.expire_all()
        session.rollback()
        kept = [table for table in Base.metadata.sorted_tables if table.name != "user_session"]
        return [(table.name, session.execute(select(table)).all()) for table in kept]

    before = everything()
    answer = writer.post(f"/studio/{key}/live-preview", data=sent)
    assert "Last." in answer.json["html"]
    assert everything() == before


def test_nobody_who_writes_is_in_its_way(writer: FlaskClient, app: Flask) -> None:
    key = begin(writer)
    sent = fields(writer, key)
    with app.app_context(), db.engine.connect() as other:
        if other.dialect.name == "sqlite":
            other.connection.driver_connection.execute("BEGIN IMMEDIATE")  # type: ignore[union-attr]
        else:
            other.execute(text("LOCK TABLE post, revision, card, revision_asset, draft_step IN EXCLUSIVE MODE"))
        answer = writer.post(f"/studio/{key}/live-preview", data=sent)
        assert answer.status_code == 200
        other.connection.rollback()
    assert "Late work." in answer.json["html"]


def test_what_is_wrong_is_told_by_line_and_the_rest_is_shown(writer: FlaskClient) -> None:
    key = begin(writer)
    answer = writer.post(
        f"/studio/{key}/live-preview", data=fields(writer, key, source="One.\n\n::card[no-such]\n\n::card[lamp]\n")
    )
    assert answer.status_code == 200
    assert answer.json["problems"] == [{"line": 3, "text": "There is no product “no-such”"}]
    assert "One." in answer.json["html"]


def test_a_title_that_is_too_long_is_refused_in_words(writer: FlaskClient) -> None:
    key = begin(writer)
    answer = writer.post(f"/studio/{key}/live-preview", data=fields(writer, key, title="x" * 10_000))
    assert answer.status_code == 422
    assert answer.json["errors"]["title"] == ["Use at most 200 characters (now 10000)."]


def test_a_body_of_five_megabytes_is_refused_before_it_is_read(writer: FlaskClient) -> None:
    key = begin(writer)
    answer = writer.post(f"/studio/{key}/live-preview", data=fields(writer, key, source="words " * 900_000))
    assert answer.status_code in (413, 422)


def test_five_hundred_cards_cost_as_many_statements_as_five(
    writer: FlaskClient, statements: Callable[..., Any], session: Session
) -> None:
    key = begin(writer, "article")

    def cost(cards: int) -> int:
        sent = fields(writer, key, source="\n\n".join(["::card[lamp]"] * cards))
        writer.post(f"/studio/{key}", data=sent)
        sent = fields(writer, key, source="Now.\n\n" + "\n\n".join(["::card[lamp]"] * cards))
        with statements() as seen:
            answer = writer.post(f"/studio/{key}/live-preview", data=sent)
        assert answer.json["html"].count("card-title") >= cards
        return len(seen)

    assert cost(500) == cost(5)


def test_others_get_nothing(
    writer: FlaskClient, app: Flask, make: Factory, sign_in: Callable[..., Any], session: Session
) -> None:
    key = begin(writer)
    sent = fields(writer, key)
    stranger = sign_in(app.test_client(), make.user("creator"))
    token = csrf_of(stranger, "/studio/new")
    assert stranger.post(f"/studio/{key}/live-preview", data={**sent, "csrf_token": token}).status_code == 404
    assert session.scalars(select(Post.key)).all() == [key]
    assert writer.post(f"/studio/{key}/live-preview", data={**sent, "csrf_token": ""}).status_code == 400


def test_a_check_says_why_and_offers_its_repair(app: Flask) -> None:
    checks = [
        Check(
            "The deal is over.", "bad", 7, "Readers would find another price.", Repair("Remove it", "/mend", value="a")
        ),
        Check("Fine.", "good"),
    ]
    with app.test_request_context():
        macro = app.jinja_env.get_template("components/checklist.html").make_module({}).checklist  # type: ignore[attr-defined]
        html = str(macro(checks))
    assert 'class="check-line check-bad"' in html
    assert 'data-goto-line="7"' in html
    assert '<span class="check-reason">Readers would find another price.</span>' in html
    assert re.search(r'<button [^>]*formaction="/mend" name="repair" value="a"><span>Remove it</span></button>', html)
    assert html.count("<button") == 1
