"""withdraw what is paid back"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "042e151bb8f4"
down_revision = "c0ffee5a1e20"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    for table in ("download", "gift_card"):
        op.add_column(table, sa.Column("withdrawn_at", TIME, nullable=True))
    # What was paid back before: cards that were emptied, and files of which no unit is left.
    op.execute(
        "UPDATE gift_card SET withdrawn_at = CURRENT_TIMESTAMP WHERE source_key LIKE 'order:%' AND balance_minor = 0"
        " AND NOT EXISTS (SELECT 1 FROM credit_use u WHERE u.gift_card_id = gift_card.id AND u.state <> 'released')"
    )
    op.execute(
        "UPDATE download SET withdrawn_at = CURRENT_TIMESTAMP WHERE EXISTS (SELECT 1 FROM shop_order o"
        " WHERE o.key = download.order_key) AND NOT EXISTS (SELECT 1 FROM shop_order o"
        " JOIN order_line l ON l.order_id = o.id JOIN digital_file f ON f.variant_id = l.variant_id"
        " WHERE o.key = download.order_key AND f.id = download.file_id AND o.state <> 'cancelled'"
        " AND l.returned_quantity < l.quantity AND (l.refunded_minor = 0 OR l.refunded_minor < l.total_minor"
        " - l.discount_minor + CASE WHEN o.tax_included THEN 0 ELSE l.tax_minor END))"
    )


def downgrade() -> None:
    op.drop_column("gift_card", "withdrawn_at")
    op.drop_column("download", "withdrawn_at")
