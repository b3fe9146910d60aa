"""Write a migration from what the models say now: ``python tools/new_migration.py "add a thing"``."""

from __future__ import annotations

import importlib
import pkgutil
import sys
import tempfile
from pathlib import Path

from alembic import command
from sqlalchemy import create_engine

import contentshop
from contentshop.migrations import config, upgrade


def load_tables() -> None:
    """Import every room's tables, so that the metadata is whole."""
    for module in pkgutil.walk_packages(contentshop.__path__, "contentshop."):
        if module.name.endswith((".models", ".outbox", ".jobs", ".audit")):
            importlib.import_module(module.name)


def main(message: str) -> None:
    load_tables()
    with tempfile.TemporaryDirectory() as folder:
        engine = create_engine(f"sqlite:///{Path(folder) / 'now.db'}")
        with engine.begin() as connection:
            upgrade(connection)
        with engine.begin() as connection:
            command.revision(config(connection), message, autogenerate=True)


if __name__ == "__main__":
    main(sys.argv[1])
