"""keep accounts for refunds that people send"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from contentshop.core.db import UtcDateTime

revision = "c3f1d9e07a52"
down_revision = "a7b9f6e78ec4"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "payout_account",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("key", sa.String(length=20), nullable=False),
        sa.Column("order_key", sa.String(length=20), nullable=False),
        sa.Column("holder", sa.String(length=100), nullable=False),
        sa.Column("number", sa.String(length=40), nullable=False),
        sa.Column("bank", sa.String(length=120), nullable=False),
        sa.Column("named_at", UtcDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payout_account")),
        sa.UniqueConstraint("key", name=op.f("uq_payout_account_key")),
        sa.UniqueConstraint("order_key", name=op.f("uq_payout_account_order_key")),
    )
    # In SQL, so that SQLite need not make the table anew.
    op.execute("ALTER TABLE refund_part ADD COLUMN sent_to VARCHAR(4) DEFAULT '' NOT NULL")


def downgrade() -> None:
    op.drop_column("refund_part", "sent_to")
    op.drop_table("payout_account")
