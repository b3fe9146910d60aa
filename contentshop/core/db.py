"""The database door: one declarative base, one session a request, the same promises on SQLite and PostgreSQL.

SQLite runs in WAL with foreign keys on and ``synchronous=FULL``. A transaction that means to write says so before
its first statement (``writing()``) and then starts with ``BEGIN IMMEDIATE``: writers queue at the start instead
of failing in the middle (a read transaction cannot be upgraded once another process has written).
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Annotated, Any, cast

from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import BigInteger, Connection, DateTime, Dialect, Engine, Integer, MetaData, String, event
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import DeclarativeBase, mapped_column
from sqlalchemy.pool import ConnectionPoolEntry
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import GenericFunction
from sqlalchemy.types import TypeDecorator

# How long a writer waits for the one that holds the lock before it gives up (milliseconds).
SQLITE_BUSY_TIMEOUT = 10_000
SQLITE_LOOK = 0.001  # seconds between its looks at the lock
STATISTICS_ROWS = 1000
CONNECTION_LIFE = 900  # seconds after which a connection is opened anew

_writing: ContextVar[bool] = ContextVar("contentshop_writing", default=False)


class UtcDateTime(TypeDecorator[datetime]):
    """An aware UTC time. SQLite keeps no zone, so it is taken off on the way in and put back on the way out."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("times in the database are aware; got a naive one")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


BigInt = BigInteger().with_variant(Integer, "sqlite")

# Column shorthands shared by every room's models.
PrimaryKey = Annotated[int, mapped_column(BigInt, primary_key=True, autoincrement=True)]
PublicKey = Annotated[str, mapped_column(String(20), unique=True)]
Minor = Annotated[int, mapped_column(BigInt)]
Moment = Annotated[datetime, mapped_column(UtcDateTime)]


class Base(DeclarativeBase):
    """All tables. Constraint names are fixed so that migrations can name them on every database."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


db = SQLAlchemy(model_class=Base, session_options={"expire_on_commit": False})


@contextmanager
def writing() -> Iterator[None]:
    """Transactions that start inside mean to write (see the module's text)."""
    token = _writing.set(True)
    try:
        yield
    finally:
        _writing.reset(token)


class place_of(GenericFunction[int]):  # noqa: N801 - written like the functions of ``func``
    """Where a text first holds another, counted from 1; 0 when it does not. Databases have it by different names."""

    type = Integer()
    inherit_cache = True


@compiles(place_of)
def _place_elsewhere(element: place_of, compiler: SQLCompiler, **options: Any) -> str:
    return f"instr{compiler.process(element.clause_expr, **options)}"


@compiles(place_of, "postgresql")
def _place_on_postgresql(element: place_of, compiler: SQLCompiler, **options: Any) -> str:
    return f"strpos{compiler.process(element.clause_expr, **options)}"


def is_contention(error: BaseException) -> bool:
    """Whether the database gave up on a fight for locks, so that the same work may be tried again."""
    if not isinstance(error, DBAPIError) or error.orig is None:
        return False
    if isinstance(error, OperationalError) and isinstance(error.orig, sqlite3.OperationalError):
        return "locked" in str(error.orig) or "busy" in str(error.orig)
    return getattr(error.orig, "sqlstate", None) in {"40001", "40P01", "55P03"}


def _prepare_sqlite(connection: sqlite3.Connection, _record: ConnectionPoolEntry) -> None:
    # SQLAlchemy starts transactions itself; the driver's own habit of delaying BEGIN is switched off.
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout={SQLITE_BUSY_TIMEOUT}")
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.execute("PRAGMA cache_size=-16000")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    if _writing.get():
        _begin_to_write(connection)
    else:
        connection.exec_driver_sql("BEGIN")


def _begin_to_write(connection: Connection) -> None:
    """Wait for the lock of writers.

    Left to itself SQLite would sleep longer and longer between its looks, up to a tenth of a second, while nobody
    writes, and whoever has waited longest would come last.
    """
    driver = cast("sqlite3.Connection", connection.connection.driver_connection)
    deadline = time.monotonic() + SQLITE_BUSY_TIMEOUT / 1000
    driver.execute("PRAGMA busy_timeout=0")
    try:
        while True:
            try:
                driver.execute("BEGIN IMMEDIATE")
                return
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() >= deadline:
                    break
            time.sleep(SQLITE_LOOK)
        connection.exec_driver_sql("BEGIN IMMEDIATE")  # fails once more, and SQLAlchemy says so in its way
    finally:
        driver.execute(f"PRAGMA busy_timeout={SQLITE_BUSY_TIMEOUT}")


def prepare_engine(engine: Engine) -> None:
    """Give ``engine`` the promises above; called once when it is made."""
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)


def refresh_statistics(connection: Connection) -> None:
    """Tell SQLite's planner how its tables look now; reads at most ``STATISTICS_ROWS`` of each index.

    Without it SQLite takes every index for a selective one, and looks forty products up by reading all that are
    listed. Connections learn of it when they are opened, hence ``CONNECTION_LIFE``. PostgreSQL sees to it itself.
    """
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql(f"PRAGMA analysis_limit={STATISTICS_ROWS}")
        connection.exec_driver_sql("ANALYZE")


def engine_options(url: str) -> dict[str, Any]:
    """Options of ``create_engine`` for ``url``."""
    if url.startswith("sqlite"):
        return {"connect_args": {"timeout": SQLITE_BUSY_TIMEOUT / 1000}, "pool_recycle": CONNECTION_LIFE}
    return {
        "pool_pre_ping": True,
        "pool_size": 4,
        "max_overflow": 8,
        "connect_args": {"connect_timeout": 5, "options": "-c statement_timeout=30000 -c lock_timeout=10000"},
    }
