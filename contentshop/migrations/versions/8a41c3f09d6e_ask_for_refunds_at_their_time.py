"""ask for refunds at their time"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import contentshop.core.db

revision = "8a41c3f09d6e"
down_revision = "f27c92298c69"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("refund_part", schema=None) as batch_op:
        batch_op.add_column(sa.Column("tries", sa.Integer(), server_default="0", nullable=False))
        batch_op.add_column(sa.Column("look_at", contentshop.core.db.UtcDateTime(timezone=True), nullable=True))
        batch_op.create_index("ix_refund_part_look", ["look_at"], unique=False)


def downgrade() -> None:
    """Not needed: older releases do not look at these."""
