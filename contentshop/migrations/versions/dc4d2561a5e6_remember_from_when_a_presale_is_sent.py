"""remember from when a presale is sent"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import contentshop.core.db

revision = 'dc4d2561a5e6'
down_revision = 'd44f274f85a9'
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table('order_line', schema=None) as batch_op:
        batch_op.add_column(sa.Column('releases_at', contentshop.core.db.UtcDateTime(timezone=True), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table('order_line', schema=None) as batch_op:
        batch_op.drop_column('releases_at')
