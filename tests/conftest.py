"""Fixtures like a handshake: an app on an empty database, a clock that stands still, factories by hand.

The suite runs on SQLite; with ``CONTENTSHOP_TEST_DATABASE_URL`` it runs on that PostgreSQL server instead (each
test process makes its own database there).
"""

from __future__ import annotations

import gc
import os
import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from flask import Flask
from flask.testing import FlaskClient
from jinja2 import FileSystemBytecodeCache
from sqlalchemy import Engine, create_engine, event, text
from sqlalchemy.orm import Session
from werkzeug.routing import Rule

from contentshop import wiring
from contentshop.app import create_app
from contentshop.config import DEFAULT_SHIPPING, Settings, _shipping
from contentshop.core.clock import FixedClock
from contentshop.core.db import Base, db
from contentshop.core.mail import Message
from contentshop.core.uow import unit_of_work
from contentshop.migrations import upgrade
from tests.factories import Factory
from tests.fakes import ListMailer, MemorySearchBackend, ShelfFetcher

# A busy machine is no defect of the code under test, so examples have no deadline.
hypothesis.settings.register_profile(
    "contentshop", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("contentshop")


def cache_builders(compile_builder: Callable[[Rule, bool], Any]) -> Callable[[Rule, bool], Any]:
    """Werkzeug's functions that build addresses depend on the rule's words alone; compile them once for all apps."""
    compiled: dict[tuple[str, str, bool], Any] = {}

    def remembered(rule: Rule, append_unknown: bool = True) -> Any:
        asked = (rule.rule, repr((rule.defaults, rule.subdomain, rule.host, rule.merge_slashes)), append_unknown)
        if asked not in compiled:
            compiled[asked] = compile_builder(rule, append_unknown)
        return compiled[asked]

    return remembered


# An app for every test, and nine tenths of making one would go into compiling how the same addresses are built.
Rule._compile_builder = cache_builders(Rule._compile_builder)  # type: ignore[method-assign]


def keep_last(make_engine: Callable[..., Engine]) -> Callable[..., Engine]:
    """Nearly all apps of a test process are on one database: they share its engine, and what it has compiled."""
    last: dict[str, Engine] = {}

    def kept(bind_key: str | None, options: dict[str, Any], app: Flask) -> Engine:
        asked = repr(sorted((name, str(value)) for name, value in options.items()))
        if asked not in last:
            last.clear()
            last[asked] = make_engine(bind_key, options, app)
        return last[asked]

    return kept


db._make_engine = keep_last(db._make_engine)  # type: ignore[method-assign]


def pytest_collection_finish() -> None:
    """What has been loaded stays to the end: looking for rubbish among it took more time than making an app."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
SHARED_DATA = Path(__file__).parent.parent.parent / "shared" / "data"


@pytest.fixture
def clock() -> FixedClock:
    """Stands at noon of 20 November 2026, UTC, until it is moved."""
    return FixedClock(NOON)


@pytest.fixture
def mailbox() -> list[Message]:
    """Every mail that was sent."""
    return []


@pytest.fixture
def shelf() -> ShelfFetcher:
    """The pages and pictures of the open web, as far as a test has put any there."""
    return ShelfFetcher()


@pytest.fixture
def search() -> MemorySearchBackend:
    """A search engine in memory that finds words as they are written."""
    return MemorySearchBackend()


@contextmanager
def empty_schema(folder: Path, name: str) -> Iterator[str]:
    """The address of an empty database, dropped at the end."""
    server = os.environ.get("CONTENTSHOP_TEST_DATABASE_URL", "")
    if not server:
        yield f"sqlite:///{folder / 'test.db'}"
        return
    name = f"contentshop_{name}_{os.getpid()}"
    admin = create_engine(server, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"))
        connection.execute(text(f"CREATE DATABASE {name} ENCODING 'UTF8' TEMPLATE template0"))
    yield server.rsplit("/", 1)[0] + f"/{name}"
    with admin.connect() as connection:
        connection.execute(text(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"))
    admin.dispose()


@pytest.fixture
def fresh_database(tmp_path: Path) -> Iterator[str]:
    """A database without tables, for one test."""
    with empty_schema(tmp_path, "fresh") as url:
        yield url


@pytest.fixture(scope="session")
def database_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A migrated database for this test process."""
    with empty_schema(tmp_path_factory.mktemp("database"), "test") as url:
        engine = create_engine(url)
        with engine.begin() as connection:
            upgrade(connection)
        engine.dispose()
        yield url


def make_settings(folder: Path, database_url: str, **changes: Any) -> Settings:
    """Settings for tests: cheap passwords, no rate limits, everything below ``folder``."""
    values: dict[str, Any] = {
        "secret_key": "a secret for tests only",
        "data_dir": folder / "data",
        "media_dir": folder / "media",
        "database_url": database_url,
        "site_url": "http://localhost",
        "shipping": _shipping(DEFAULT_SHIPPING, []),
        "password_cost": "cheap",
        "rate_limits": False,
        "log_level": "ERROR",
    }
    return Settings(**(values | changes))


@pytest.fixture
def settings(tmp_path: Path, database_url: str) -> Settings:
    """The settings of ``app``; override this fixture to change some."""
    return make_settings(tmp_path, database_url)


@pytest.fixture(scope="session")
def compiled_templates(tmp_path_factory: pytest.TempPathFactory) -> FileSystemBytecodeCache:
    """Templates compiled once for all apps of this test process."""
    return FileSystemBytecodeCache(str(tmp_path_factory.mktemp("templates")))


@pytest.fixture
def app(
    settings: Settings,
    clock: FixedClock,
    mailbox: list[Message],
    search: MemorySearchBackend,
    shelf: ShelfFetcher,
    compiled_templates: FileSystemBytecodeCache,
) -> Iterator[Flask]:
    """The site on an empty database."""
    built = wiring.build(settings, clock=clock, mail=ListMailer(mailbox), fetcher=shelf)
    engines = replace(built, search=search)
    app = create_app(settings, engines)
    app.testing = True
    app.jinja_env.bytecode_cache = compiled_templates
    with app.app_context():
        empty_database()
    yield app
    with app.app_context():
        db.session.remove()


def empty_database() -> None:
    """Delete every row of every table."""
    tables = [table.name for table in reversed(Base.metadata.sorted_tables)]
    if db.engine.dialect.name == "postgresql":
        _empty_postgresql(tables)
    else:
        _empty_sqlite(tables)


def _empty_postgresql(tables: list[str]) -> None:
    # Most tables are empty already, and asking is much cheaper than TRUNCATE, which makes new files. As a replica the
    # server runs no triggers: neither checks of foreign keys, nor those that keep a ledger from being changed.
    with db.engine.begin() as connection:
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        asked = " UNION ALL ".join(f"SELECT '{table}' WHERE EXISTS (SELECT 1 FROM {table})" for table in tables)
        for table in list(connection.scalars(text(asked))):
            connection.execute(text(f"DELETE FROM {table}"))
            if db.metadata.tables[table].columns.get("id") is not None:
                connection.execute(text(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), 1, false)"))


def _empty_sqlite(tables: list[str]) -> None:
    # Everything goes, so nothing need be checked; the checks of thousands of rows would take minutes.
    connection = db.engine.raw_connection()
    try:
        cursor = connection.cursor()
        asked = "SELECT " + ", ".join(f"EXISTS (SELECT 1 FROM {table})" for table in tables)
        filled = [table for table, some in zip(tables, cursor.execute(asked).fetchone(), strict=True) if some]
        if not filled:
            return
        cursor.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
        triggers = [(name, sql) for name, sql in cursor.fetchall() if any(f" ON {table} " in sql for table in filled)]
        cursor.executescript(
            "PRAGMA foreign_keys=OFF; BEGIN IMMEDIATE;"
            + "".join(f"DROP TRIGGER {name};" for name, _sql in triggers)
            + "".join(f"DELETE FROM {table};" for table in filled)
            + "".join(f"{sql};" for _name, sql in triggers)
            + "COMMIT; PRAGMA foreign_keys=ON;"
        )
    finally:
        connection.close()


@pytest.fixture
def session(app: Flask) -> Iterator[Session]:
    """A database session of the test's own; a test that writes commits. No app context stays open beside it, since
    pages that share one would share what is kept for a request."""
    with app.app_context():
        engine = db.engine
    with Session(engine, expire_on_commit=False) as session:
        yield session


@pytest.fixture
def make(app: Flask, clock: FixedClock) -> Factory:
    """Makes users, products, posts, … and commits them. Works outside an app context too."""
    return Factory(app, clock)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A visitor's browser."""
    return app.test_client()


TOKEN = re.compile(r'name="csrf_token"[^>]*value="([^"]+)"')


def csrf_of(client: FlaskClient, page: str = "/sign-in") -> str:
    """A CSRF token of this browser's session, read from a form like a person's browser would."""
    found = TOKEN.search(client.get(page, follow_redirects=True).text)
    assert found, f"no form with a token on {page}"
    return found.group(1)


@pytest.fixture
def post_form() -> Callable[..., Any]:
    """``post_form(client, url, data, page=…)``: send a form with its token."""

    def send(client: FlaskClient, url: str, data: dict[str, Any] | None = None, **options: Any) -> Any:
        page = options.pop("page", "/forgot")
        return client.post(url, data={"csrf_token": csrf_of(client, page), **(data or {})}, **options)

    return send


@pytest.fixture
def sign_in(app: Flask) -> Callable[[FlaskClient, Any], FlaskClient]:
    """``sign_in(client, user)``: the browser is this person's from now on (by the real form)."""

    def do(client: FlaskClient, user: Any) -> FlaskClient:
        answer = client.post(
            "/sign-in",
            data={"csrf_token": csrf_of(client), "email": user.email, "password": Factory.PASSWORD},
        )
        assert answer.status_code == 303, answer.text
        return client

    return do


@pytest.fixture
def statements(app: Flask) -> Callable[[], AbstractContextManager[list[str]]]:
    """``with statements() as seen``: every SQL statement but transaction control."""

    @contextmanager
    def count() -> Iterator[list[str]]:
        seen: list[str] = []

        def note(_c: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
            if not re.match(r"(BEGIN|COMMIT|ROLLBACK|PRAGMA|SAVEPOINT|RELEASE)", statement, re.I):
                seen.append(statement)

        with app.app_context():
            engine = db.engine
        event.listen(engine, "before_cursor_execute", note)
        try:
            yield seen
        finally:
            event.remove(engine, "before_cursor_execute", note)

    return count


@pytest.fixture
def unit(session: Session) -> Callable[[], AbstractContextManager[None]]:
    """``with unit():`` one committed unit of work, as a door would do it."""
    return lambda: unit_of_work(session)


@pytest.fixture
def shared_data() -> Path:
    """The folder of real data, where there is one."""
    if not SHARED_DATA.is_dir():
        pytest.skip("the shared data folder (../shared/data) is not here")
    return SHARED_DATA
