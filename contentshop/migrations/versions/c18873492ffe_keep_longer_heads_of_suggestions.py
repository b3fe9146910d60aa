"""keep longer heads of suggestions"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "c18873492ffe"
down_revision = "450f7857364f"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("suggestion_key", schema=None) as batch_op:
        batch_op.add_column(sa.Column("stem", sa.String(length=4), nullable=False, server_default=""))
    op.execute(
        "UPDATE suggestion_key SET stem = CASE length(head) WHEN 1 THEN substr(key, 1, 2) ELSE substr(key, 1, 4) END"
    )
    with op.batch_alter_table("suggestion_key", schema=None) as batch_op:
        batch_op.alter_column("stem", server_default=None)
        batch_op.create_index("ix_suggestion_key_stem_rank", ["stem", "rank", "key"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("suggestion_key", schema=None) as batch_op:
        batch_op.drop_index("ix_suggestion_key_stem_rank")
        batch_op.drop_column("stem")
