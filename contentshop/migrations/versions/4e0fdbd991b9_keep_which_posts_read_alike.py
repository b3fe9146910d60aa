"""keep which posts read alike"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "4e0fdbd991b9"
down_revision = "9c081d9f9681"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "likeness",
        sa.Column("post_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("other_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("closeness", sa.Float(), nullable=False),
        sa.CheckConstraint("closeness > 0 AND closeness <= 1", name=op.f("ck_likeness_closeness")),
        sa.ForeignKeyConstraint(["other_id"], ["post.id"], name=op.f("fk_likeness_other_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["post_id"], ["post.id"], name=op.f("fk_likeness_post_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("post_id", "other_id", name=op.f("pk_likeness")),
    )
    with op.batch_alter_table("likeness", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_likeness_other_id"), ["other_id"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("likeness", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_likeness_other_id"))

    op.drop_table("likeness")
