"""let lines name suppliers by long keys"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "c0ffee5a1e20"
down_revision = "6d9b569c9c05"
branch_labels = None
depends_on = None


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        # SQLite holds texts of any length; only what it says of the column changes, without making the table anew.
        op.execute("PRAGMA writable_schema=ON")
        op.execute(
            "UPDATE sqlite_master SET sql = replace(sql, 'supplier_key VARCHAR(20)', 'supplier_key VARCHAR(40)')"
            " WHERE type = 'table' AND name = 'order_line'"
        )
        op.execute("PRAGMA writable_schema=RESET")
        return
    op.alter_column("order_line", "supplier_key", type_=sa.String(length=40), existing_nullable=False)


def downgrade() -> None:
    """Not needed: shorter keys fit."""
