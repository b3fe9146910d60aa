"""Runs migrations on the connection that ``contentshop.migrations`` hands over."""

from __future__ import annotations

from alembic import context
from sqlalchemy import Connection

from contentshop.core.db import Base


def run(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        render_as_batch=True,
        compare_type=True,
        transaction_per_migration=True,
    )
    with context.begin_transaction():
        context.run_migrations()


run(context.config.attributes["connection"])
