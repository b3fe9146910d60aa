"""give products a status, and places, zones and taxes names in two languages"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "a7b9f6e78ec4"
down_revision = "8beae21284bb"
branch_labels = None
depends_on = None

NAMED = ("shipping_zone", "stock_location", "tax_region")


def upgrade() -> None:
    """What was off the shop had been in it, and posts may lead to it: it is archived, no draft."""
    # Plain statements: rebuilding the table of products on SQLite would touch every row that points to it.
    op.execute(
        "ALTER TABLE product ADD COLUMN status VARCHAR(10) DEFAULT 'active' NOT NULL"
        " CONSTRAINT ck_product_status CHECK (status IN ('archived', 'active', 'draft'))"
    )
    op.execute("UPDATE product SET status = 'archived' WHERE NOT listed")
    op.drop_index("ix_product_listed_newest", "product")
    op.execute("ALTER TABLE product DROP COLUMN listed")
    op.create_index("ix_product_status_newest", "product", ["status", "created_at"])
    for table in NAMED:
        op.add_column(table, sa.Column("translations", sa.JSON(), server_default="{}", nullable=False))
    places = sa.table("stock_location", sa.column("key"), sa.column("name"), sa.column("translations", sa.JSON))
    op.execute(
        sa.update(places)
        .where(places.c.key == "main", places.c.name == "Main warehouse")
        .values(translations={"zh": {"name": "主仓库"}})
    )


def downgrade() -> None:
    for table in NAMED:
        op.drop_column(table, "translations")
    op.execute("ALTER TABLE product ADD COLUMN listed BOOLEAN DEFAULT TRUE NOT NULL")
    op.execute("UPDATE product SET listed = (status = 'active')")
    op.drop_index("ix_product_status_newest", "product")
    op.create_index("ix_product_listed_newest", "product", ["listed", "created_at"])
    op.execute("ALTER TABLE product DROP COLUMN status")
