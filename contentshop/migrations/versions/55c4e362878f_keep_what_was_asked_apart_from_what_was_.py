"""keep what was asked apart from what was agreed"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "55c4e362878f"
down_revision = "dc4d2561a5e6"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("after_sale", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column(
                "asked_minor",
                sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
                server_default="0",
                nullable=False,
            )
        )
    # Postage that an answer took off is not known any more.
    op.execute("UPDATE after_sale SET asked_minor = wanted_minor + shipping_minor")


def downgrade() -> None:
    with op.batch_alter_table("after_sale", schema=None) as batch_op:
        batch_op.drop_column("asked_minor")
