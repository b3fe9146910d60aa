"""Migrations lead exactly to the tables of the models."""

from __future__ import annotations

import sys
from pathlib import Path

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, inspect

from contentshop.core.db import Base
from contentshop.migrations import is_current, upgrade

sys.path.insert(0, str(Path(__file__).parent.parent.parent / "tools"))

from new_migration import load_tables


def test_migrations_equal_the_models(database_url: str) -> None:
    load_tables()
    engine = create_engine(database_url)
    with engine.connect() as connection:
        assert is_current(connection)
        differences = compare_metadata(
            MigrationContext.configure(connection, opts={"compare_type": True}), Base.metadata
        )
    engine.dispose()
    assert differences == []


def test_constraints_are_in_the_database(database_url: str) -> None:
    load_tables()
    engine = create_engine(database_url)
    found = inspect(engine)
    for table in Base.metadata.tables.values():
        wanted = {c.name for c in table.constraints if type(c).__name__ == "CheckConstraint"}
        assert wanted <= {c["name"] for c in found.get_check_constraints(table.name)}, table.name
    engine.dispose()


def test_upgrading_again_changes_nothing(tmp_path: Path) -> None:
    engine = create_engine(f"sqlite:///{tmp_path / 'again.db'}")
    for _time in range(2):
        with engine.begin() as connection:
            upgrade(connection)
    with engine.connect() as connection:
        assert is_current(connection)
    engine.dispose()
