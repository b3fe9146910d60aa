"""Pictures, and how we are."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, text

from contentshop.core.db import db
from contentshop.search.port import Health
from tests.fakes import MemorySearchBackend

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 20


def test_a_picture_may_be_kept_for_ever_and_may_do_nothing(app: Flask, client: FlaskClient) -> None:
    app.extensions["contentshop"].engines.storage.put("ab/abc123-640.webp", PNG)
    answer = client.get("/media/ab/abc123-640.webp")
    assert (answer.status_code, answer.data) == (200, PNG)
    assert answer.headers["Content-Type"] == "image/webp"
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    answer.close()


@pytest.mark.parametrize(
    "name",
    ["ab/none1-640.webp", "../app.py", "..%2f..%2fetc%2fpasswd", "ab/../../x.webp", "ab/abc.svg", "ab/abc.html", "%00"],
)
def test_only_our_own_names_are_served(client: FlaskClient, name: str) -> None:
    answer = client.get(f"/media/{name}")
    assert answer.status_code == 404
    assert answer.headers["Cache-Control"] == "no-store"


def test_the_favicon_is_our_mark(client: FlaskClient) -> None:
    answer = client.get("/favicon.ico")
    assert answer.status_code == 302
    assert answer.headers["Location"].startswith("/static/icons/mark.svg?v=")
    found = client.get(answer.headers["Location"])
    assert found.status_code == 200
    found.close()


def test_alive_and_ready(client: FlaskClient) -> None:
    assert client.get("/healthz").json == {"status": "ok"}
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json) == (200, {"status": "ok", "documents": 0})
    assert answer.headers["Cache-Control"] == "private, no-store"


class Damaged(MemorySearchBackend):
    """An index that cannot be read."""

    def health(self) -> Health:
        return Health(ok=False, documents=0, generation=0, bytes=0, reason="segment 3 is cut short")


def test_a_damaged_index_is_told(app: Flask, client: FlaskClient) -> None:
    known = app.extensions["contentshop"]
    app.extensions["contentshop"] = replace(known, engines=replace(known.engines, search=Damaged()))
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json == {"status": "unavailable", "problems": ["search index: segment 3 is cut short"]}
    assert client.get("/healthz").status_code == 200


@pytest.fixture
def older(app: Flask) -> Iterator[Engine]:
    """A database of an older release."""
    with app.app_context():
        engine = db.engine
    with engine.begin() as connection:
        version = connection.scalar(text("SELECT version_num FROM alembic_version"))
        connection.execute(text("UPDATE alembic_version SET version_num = 'older'"))
    yield engine
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = :version"), {"version": version})


def test_tables_of_another_release_are_told(client: FlaskClient, older: Engine) -> None:
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json is not None
    assert answer.json["problems"] == ["database: its tables are of another release; run `contentshop prepare`"]


def test_a_database_that_does_not_answer_is_told_without_its_words(
    app: Flask, client: FlaskClient, settings: Any
) -> None:
    from contentshop.app import create_app

    engines = app.extensions["contentshop"].engines
    lost = create_app(
        replace(settings, database_url="sqlite:////nonexistent/folder/secret-name.db", page_cache=False), engines
    )
    answer = lost.test_client().get("/readyz")
    assert answer.status_code == 503
    assert answer.json is not None
    assert answer.json["problems"] == ["database: it does not answer"]
    assert "secret-name" not in answer.text
    with lost.app_context():
        db.engine.dispose()
