"""keep gift cards that are sold and commissions that are final"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import contentshop.core.db

revision = "72b831d2bf2d"
down_revision = "380198d7ce1c"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "gift_card_variant",
        sa.Column(
            "variant_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.ForeignKeyConstraint(
            ["variant_id"], ["variant.id"], name=op.f("fk_gift_card_variant_variant_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("variant_id", name=op.f("pk_gift_card_variant")),
    )
    with op.batch_alter_table("shop_order", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("commission_released_at", contentshop.core.db.UtcDateTime(timezone=True), nullable=True)
        )


def downgrade() -> None:
    """Not needed: older releases do not look at these."""
