"""count units given back apart from money"""

from __future__ import annotations

from alembic import op

revision = "5b0d4a7c19e3"
down_revision = "042e151bb8f4"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # In SQL, so that SQLite need not make the table anew.
    op.execute(
        "ALTER TABLE after_sale_line ADD COLUMN returned INTEGER DEFAULT 0 NOT NULL"
        " CONSTRAINT ck_after_sale_line_returned CHECK (returned >= 0 AND returned <= quantity)"
    )
    # Until now every unit that a case was about counted as given back.
    op.execute("UPDATE after_sale_line SET returned = quantity WHERE NOT protection")


def downgrade() -> None:
    op.drop_column("after_sale_line", "returned")
