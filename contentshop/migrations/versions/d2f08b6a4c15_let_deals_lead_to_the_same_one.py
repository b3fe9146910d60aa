"""let deals that were merged lead to the one that stays"""

from __future__ import annotations

from alembic import op

revision = "d2f08b6a4c15"
down_revision = "c41d7e5a90b2"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # In SQL, so that SQLite need not make the table anew.
    kind = "INTEGER" if op.get_bind().dialect.name == "sqlite" else "BIGINT"
    op.execute(
        f"ALTER TABLE deal ADD COLUMN merged_into_id {kind} CONSTRAINT fk_deal_merged_into_id_post REFERENCES post (id)"
    )
    op.create_index("ix_deal_merged_into_id", "deal", ["merged_into_id"])


def downgrade() -> None:
    op.drop_index("ix_deal_merged_into_id", "deal")
    with op.batch_alter_table("deal") as batch:
        batch.drop_column("merged_into_id")
