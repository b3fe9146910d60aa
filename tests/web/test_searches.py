"""Searches are counted as people search, told to editors, and to nobody else."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from contentshop import worker
from contentshop.discovery.models import SearchCount, SearchPick, SearchSeen
from contentshop.search.port import Document
from tests.factories import Factory
from tests.fakes import MemorySearchBackend

BROWSER = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36"
PERSON = {"User-Agent": BROWSER}
OURS = {**PERSON, "Origin": "http://localhost"}


class Scene:
    """A guide that a search for "lamp" finds."""

    def __init__(self, app: Flask, make: Factory, search: MemorySearchBackend, session: Session) -> None:
        self.app = app
        self.session = session
        self.author = make.user("creator", handle="ada")
        self.post = make.post(self.author, slug="guide")
        search.rebuild([Document(id=f"post:{self.post.key}", kind="post", version=1, title="lamp")])

    def counts(self) -> list[tuple[str, str, int, int, int, int]]:
        """(words, language, searches, found nothing, opened, sum of places), after the worker's round."""
        worker.settle(self.app)
        self.session.rollback()
        rows = self.session.scalars(
            select(SearchCount).order_by(SearchCount.words).execution_options(populate_existing=True)
        )
        return [(row.words, row.lang, row.searches, row.fruitless, row.picks, row.rank_sum) for row in rows]


@pytest.fixture
def scene(app: Flask, make: Factory, search: MemorySearchBackend, session: Session) -> Scene:
    return Scene(app, make, search, session)


def opened(client: FlaskClient, to: str = "/p/guide", q: str = "lamp", rank: str = "1", **headers: str) -> int:
    answer = client.post("/search/picks", data={"q": q, "to": to, "rank": rank}, headers=OURS | headers)
    assert answer.data == b""
    return answer.status_code


def test_a_search_and_what_is_opened_from_it_are_counted(client: FlaskClient, scene: Scene) -> None:
    client.get("/search?q=Lamp", headers=PERSON)
    client.get("/search?q=no-such-thing", headers=PERSON | {"Accept-Language": "zh"})
    assert opened(client, rank="3") == 204
    assert scene.counts() == [("lamp", "en", 1, 0, 1, 3), ("no-such-thing", "zh", 1, 1, 0, 0)]


def test_a_search_writes_nothing_into_the_database(
    client: FlaskClient, scene: Scene, statements: Callable[[], AbstractContextManager[list[str]]]
) -> None:
    with statements() as seen:
        client.get("/search?q=lamp", headers=PERSON)
        opened(client)
    assert all(statement.lstrip().upper().startswith("SELECT") for statement in seen)


def test_only_searches_of_people_count(client: FlaskClient, scene: Scene) -> None:
    for headers in (
        {"User-Agent": "Googlebot/2.1 (+http://www.google.com/bot.html)"},
        {"User-Agent": ""},
        PERSON | {"Sec-Purpose": "prefetch"},
        PERSON | {"Sec-Fetch-Dest": "image"},
    ):
        client.get("/search?q=lamp", headers=headers)
    client.head("/search?q=lamp", headers=PERSON)
    assert scene.counts() == []


def test_pages_filters_and_repeats_are_the_same_search(client: FlaskClient, scene: Scene) -> None:
    for query in ("q=lamp", "q=lamp", "q=LAMP", "q=lamp&page=2", "q=lamp&kind=list", "q=lamp&stock=1", "q="):
        client.get(f"/search?{query}", headers=PERSON)
    assert scene.counts() == [("lamp", "en", 1, 0, 0, 0)]


def test_no_address_and_no_account_is_kept(
    client: FlaskClient, scene: Scene, make: Factory, sign_in: Callable[..., Any], session: Session
) -> None:
    reader = make.user("reader")
    sign_in(client, reader)
    client.get("/search?q=lamp", headers=PERSON, environ_base={"REMOTE_ADDR": "203.0.113.77"})
    opened(client)
    client.get("/search?q=someone@example.org", headers=PERSON)
    scene.counts()
    (seen,) = session.scalars(select(SearchSeen))
    kept = " ".join(str(value) for value in vars(seen).values())
    assert seen.words == "lamp"
    assert "203.0.113" not in kept
    assert reader.key not in kept + " ".join(
        str(value) for pick in session.scalars(select(SearchPick)) for value in vars(pick).values()
    )


@pytest.mark.parametrize(
    "given",
    [
        {"to": "/p/no-such-guide"},
        {"to": "/desk/orders"},
        {"to": "https://evil.example/p/guide"},
        {"q": ""},
        {"q": "x" * 5000},
        {"rank": "0"},
        {"rank": "many"},
        {"rank": "9" * 400},
        {"to": "/p/\x00"},
        {"User-Agent": "curl/8.0"},
    ],
)
def test_odd_reports_of_opened_results_count_for_nothing(
    client: FlaskClient, scene: Scene, given: dict[str, str]
) -> None:
    client.get("/search?q=lamp", headers=PERSON)
    assert opened(client, **given) == 204
    assert scene.counts() == [("lamp", "en", 1, 0, 0, 0)]


def test_an_empty_report_is_answered(client: FlaskClient, scene: Scene) -> None:
    assert client.post("/search/picks", headers=OURS).status_code == 204
    assert client.post("/search/picks", data={"q": "lamp"}, headers=PERSON).status_code == 403
    assert client.get("/search/picks").status_code == 405


def test_authors_do_not_count_for_themselves(client: FlaskClient, scene: Scene, sign_in: Callable[..., Any]) -> None:
    client.get("/search?q=lamp", headers=PERSON)
    sign_in(client, scene.author)
    opened(client)
    assert scene.counts() == [("lamp", "en", 1, 0, 0, 0)]


def test_a_full_disk_stops_no_search(client: FlaskClient, scene: Scene, app: Flask) -> None:
    folder = app.extensions["contentshop"].settings.search_spool_dir
    folder.parent.mkdir(parents=True, exist_ok=True)
    folder.write_text("in the way")
    assert client.get("/search?q=lamp", headers=PERSON).status_code == 200
    assert opened(client) == 204


class TestTheReport:
    @pytest.fixture
    def editor(self, app: Flask, make: Factory, sign_in: Callable[..., Any]) -> FlaskClient:
        browser = app.test_client()
        sign_in(browser, make.user("editor"))
        return browser

    def test_it_says_what_was_looked_for(self, client: FlaskClient, editor: FlaskClient, scene: Scene) -> None:
        client.get("/search?q=lamp", headers=PERSON)
        client.get("/search?q=<b>kettle</b>", headers=PERSON)
        scene.counts()
        page = editor.get("/desk/searches").text
        assert "&lt;b&gt;kettle&lt;/b&gt;" in page
        assert "<b>kettle" not in page
        assert 'href="/search?q=lamp"' in page
        assert 'aria-current="page">7 days' in page

    @pytest.mark.parametrize("days", ["1", "7", "30", "31", "-1", "x"])
    def test_every_period_answers(self, editor: FlaskClient, days: str) -> None:
        answer = editor.get(f"/desk/searches?days={days}")
        assert answer.status_code == 200
        assert "Nobody has searched in this time" in answer.text

    def test_it_takes_few_statements(
        self,
        client: FlaskClient,
        editor: FlaskClient,
        scene: Scene,
        statements: Callable[[], AbstractContextManager[list[str]]],
    ) -> None:
        for number in range(40):
            client.get(f"/search?q=lamp+{number}", headers=PERSON)
        scene.counts()
        with statements() as seen:
            assert editor.get("/desk/searches").text.count("/search?q=lamp") == 60
        assert len(seen) <= 7, seen

    def test_readers_may_not_see_it(self, client: FlaskClient, make: Factory, sign_in: Callable[..., Any]) -> None:
        assert client.get("/desk/searches").status_code == 302
        sign_in(client, make.user("operator"))
        assert client.get("/desk/searches").status_code == 403
