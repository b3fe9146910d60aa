"""Schema migrations (Alembic), shipped inside the package. ``migrate`` brings a database to the newest one.

SQLite changes a table's constraints by making the table anew and dropping the old one, which, while foreign keys are
on, would delete every row that refers to it. So they are off during a migration and looked at before it is kept.
"""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine


def config(connection: Connection | None = None) -> Config:
    """Alembic's configuration, bound to ``connection``."""
    found = Config()
    found.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    found.attributes["connection"] = connection
    return found


def migrate(engine: Engine) -> None:
    """Bring the schema of ``engine``'s database to the newest revision in one transaction, or leave it as it was.

    Harmless when it is there already. Raises RuntimeError when rows would refer to rows that are not there.
    """
    with engine.connect() as connection:
        lite = connection.dialect.name == "sqlite"
        raw = connection.connection.dbapi_connection
        if lite and raw is not None:
            # Not possible inside a transaction, which begins below.
            raw.execute("PRAGMA foreign_keys=OFF")
        try:
            with connection.begin():
                upgrade(connection)
                if lite and connection.exec_driver_sql("PRAGMA foreign_key_check").first():
                    raise RuntimeError("rows refer to rows that are not there; nothing was migrated")
        finally:
            if lite and raw is not None:
                raw.execute("PRAGMA foreign_keys=ON")


def upgrade(connection: Connection) -> None:
    """Bring the schema to the newest revision; harmless when it is there already.

    Raises RuntimeError on an SQLite connection that minds foreign keys (see above); ``migrate`` sees to that.
    """
    if connection.dialect.name == "sqlite" and connection.exec_driver_sql("PRAGMA foreign_keys").scalar():
        raise RuntimeError("foreign keys must be off while SQLite migrates")
    command.upgrade(config(connection), "head")


def is_current(connection: Connection) -> bool:
    """Whether the schema is exactly at our newest revision."""
    heads = set(ScriptDirectory.from_config(config()).get_heads())
    return set(MigrationContext.configure(connection).get_current_heads()) == heads
