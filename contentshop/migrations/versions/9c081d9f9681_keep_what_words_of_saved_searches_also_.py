"""keep what words of saved searches also mean"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "9c081d9f9681"
down_revision = "c18873492ffe"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("saved_search", schema=None) as batch_op:
        batch_op.add_column(sa.Column("synonyms", sa.JSON(), server_default="[]", nullable=False))
        batch_op.add_column(sa.Column("anchorings", sa.Integer(), server_default="0", nullable=False))


def downgrade() -> None:
    with op.batch_alter_table("saved_search", schema=None) as batch_op:
        batch_op.drop_column("anchorings")
        batch_op.drop_column("synonyms")
