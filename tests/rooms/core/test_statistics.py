"""The planner of SQLite knows how large tables are."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import create_engine

from contentshop.core.db import engine_options, prepare_engine, refresh_statistics


def test_keys_are_looked_up_by_keys_and_not_by_what_all_rows_share(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'site.db'}"
    engine = create_engine(url, **engine_options(url))
    prepare_engine(engine)
    keys = ", ".join(f"'{number}'" for number in range(40))
    question = f"EXPLAIN QUERY PLAN SELECT id FROM thing WHERE key IN ({keys}) AND listed"

    def plan() -> str:
        with engine.connect() as connection:
            return " ".join(row[-1] for row in connection.exec_driver_sql(question))

    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE thing (id INTEGER PRIMARY KEY, key TEXT UNIQUE, listed INT, at INT)")
        connection.exec_driver_sql("CREATE INDEX ix_newest ON thing (listed, at)")
        rows = [(str(number),) for number in range(5000)]
        connection.exec_driver_sql("INSERT INTO thing (key, listed, at) VALUES (?, 1, 1)", rows)
    with engine.begin() as connection:
        refresh_statistics(connection)
    engine.dispose()
    assert "(key=?)" in plan()
