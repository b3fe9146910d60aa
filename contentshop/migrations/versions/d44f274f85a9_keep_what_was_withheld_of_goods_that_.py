"""keep what was withheld of goods that came back"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import contentshop.core.db

revision = 'd44f274f85a9'
down_revision = 'e94b1d7c3f60'
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table('order_line', schema=None) as batch_op:
        batch_op.add_column(sa.Column('withheld_minor', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), server_default=sa.text('0'), nullable=False))


def downgrade() -> None:
    with op.batch_alter_table('order_line', schema=None) as batch_op:
        batch_op.drop_column('withheld_minor')
