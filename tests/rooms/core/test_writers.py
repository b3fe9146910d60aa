"""Writers of one SQLite database: they wait for each other, give up in the end, and are told so."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from threading import Event, Thread

import pytest
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.exc import OperationalError

from contentshop.core import db as database
from contentshop.core.db import SQLITE_BUSY_TIMEOUT, engine_options, is_contention, prepare_engine, writing

ADD = text("INSERT INTO line (word) VALUES (:word)")


@pytest.fixture
def engines(tmp_path: Path) -> Iterator[tuple[Engine, Engine]]:
    """Two processes' ways to one file."""
    url = f"sqlite:///{tmp_path / 'lines.db'}"
    both = create_engine(url, **engine_options(url)), create_engine(url, **engine_options(url))
    for engine in both:
        prepare_engine(engine)
    with writing(), both[0].begin() as connection:
        connection.execute(text("CREATE TABLE line (id INTEGER PRIMARY KEY, word TEXT)"))
    yield both
    for engine in both:
        engine.dispose()


def test_a_writer_waits_until_the_one_before_is_done(engines: tuple[Engine, Engine]) -> None:
    mine, theirs = engines
    begun, waited = Event(), Event()

    def write() -> None:
        begun.set()
        with writing(), theirs.begin() as connection:
            waited.set()
            connection.execute(ADD, {"word": "second"})

    other = Thread(target=write)
    with writing(), mine.begin() as connection:
        other.start()
        begun.wait()
        assert not waited.wait(0.2)
        connection.execute(ADD, {"word": "first"})
    other.join()
    with mine.connect() as connection:
        assert connection.scalars(text("SELECT word FROM line ORDER BY id")).all() == ["first", "second"]


def test_who_waits_too_long_is_told_so_and_may_try_again(
    engines: tuple[Engine, Engine], monkeypatch: pytest.MonkeyPatch
) -> None:
    mine, theirs = engines
    monkeypatch.setattr(database, "SQLITE_BUSY_TIMEOUT", 30)
    with writing(), mine.begin():
        with pytest.raises(OperationalError) as refused, theirs.begin():
            pass
        assert is_contention(refused.value)
        with theirs.connect() as connection:
            connection.rollback()
    with writing(), theirs.begin() as connection:
        connection.execute(ADD, {"word": "later"})
    with mine.connect() as connection:
        assert connection.scalars(text("SELECT word FROM line")).all() == ["later"]


def test_statements_keep_sqlites_own_patience(engines: tuple[Engine, Engine]) -> None:
    with writing(), engines[0].begin() as connection:
        assert connection.scalar(text("PRAGMA busy_timeout")) == SQLITE_BUSY_TIMEOUT


def test_a_file_that_cannot_be_written_is_no_fight_for_locks(tmp_path: Path, engines: tuple[Engine, Engine]) -> None:
    del engines
    engine = create_engine(f"sqlite:///file:{tmp_path / 'lines.db'}?mode=ro&uri=true")
    prepare_engine(engine)
    with writing(), pytest.raises(OperationalError, match="readonly") as refused, engine.begin() as connection:
        connection.execute(ADD, {"word": "never"})
    assert not is_contention(refused.value)
    engine.dispose()
