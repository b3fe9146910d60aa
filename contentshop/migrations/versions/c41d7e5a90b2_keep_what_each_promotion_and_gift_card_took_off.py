"""keep what each promotion took off an order and each gift card paid"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "c41d7e5a90b2"
down_revision = "c3f1d9e07a52"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("shop_order") as table:
        for name in ("discount_parts", "credit_parts"):
            table.add_column(sa.Column(name, sa.JSON(), server_default=sa.text("'[]'"), nullable=False))


def downgrade() -> None:
    with op.batch_alter_table("shop_order") as table:
        table.drop_column("credit_parts")
        table.drop_column("discount_parts")
