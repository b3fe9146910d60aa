"""keep deals and what readers say of them"""

from __future__ import annotations

import re

import sqlalchemy as sa
from alembic import op

import contentshop.core.db

revision = "802dcdd86edf"
down_revision = "2b6d023e6083"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def change_check(table: str, name: str, old: str, new: str) -> None:
    """Put another condition in the place of one. SQLite's are words in its own table, which it lets be rewritten
    where, as here, everything that stands in the table keeps to the new ones (sqlite.org/lang_altertable.html, 8)."""
    if op.get_bind().dialect.name != "sqlite":
        op.drop_constraint(op.f(name), table, type_="check")
        op.create_check_constraint(op.f(name), table, new)
        return
    connection = op.get_bind()
    query = sa.text("SELECT sql FROM sqlite_master WHERE type = 'table' AND name = :table")
    sql = connection.execute(query, {"table": table}).scalar_one()
    changed = re.sub(re.escape(f"CHECK ({old})"), lambda _old: f"CHECK ({new})", sql)
    if changed == sql:
        raise RuntimeError(f"{table} has another condition than {old}")
    version = connection.exec_driver_sql("PRAGMA schema_version").scalar_one()
    connection.exec_driver_sql("PRAGMA writable_schema=ON")
    written = sa.text("UPDATE sqlite_master SET sql = :sql WHERE type = 'table' AND name = :table")
    connection.execute(written, {"sql": changed, "table": table})
    connection.exec_driver_sql(f"PRAGMA schema_version={version + 1}")
    connection.exec_driver_sql("PRAGMA writable_schema=OFF")


POST = ("kind IN ('article', 'list')", "kind IN ('article', 'list', 'deal')")
SEARCH = (
    "kind = '' OR kind IN ('post', 'list', 'product', 'creator')",
    "kind = '' OR kind IN ('post', 'list', 'deal', 'product', 'creator')",
)


def upgrade() -> None:
    op.create_table(
        "deal",
        sa.Column("post_id", BIG, autoincrement=False, nullable=False),
        sa.Column("product_id", BIG, nullable=False),
        sa.Column("shop", sa.String(length=40), nullable=False),
        sa.Column("price_minor", BIG, nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("base_minor", BIG, nullable=True),
        sa.Column("region", sa.String(length=2), nullable=False),
        sa.Column("coupon", sa.String(length=60), nullable=False),
        sa.Column("starts_at", contentshop.core.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("ends_at", contentshop.core.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("until", contentshop.core.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("phase", sa.String(length=10), nullable=False),
        sa.Column("closed_as", sa.String(length=10), nullable=False),
        sa.Column("closed_by", sa.String(length=10), nullable=False),
        sa.Column("closed_why", sa.String(length=10), nullable=False),
        sa.Column("closed_at", contentshop.core.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("confirmed", sa.Boolean(), nullable=False),
        sa.Column("reports", sa.Integer(), nullable=False),
        sa.Column("works", sa.Integer(), nullable=False),
        sa.Column("fails", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("closed_as IN ('', 'ended', 'sold_out')", name=op.f("ck_deal_closed_as")),
        sa.CheckConstraint(
            "closed_by IN ('', 'author', 'editor', 'readers', 'offer')", name=op.f("ck_deal_closed_by")
        ),
        sa.CheckConstraint("phase IN ('upcoming', 'running', 'ended')", name=op.f("ck_deal_phase")),
        sa.CheckConstraint("price_minor >= 0", name=op.f("ck_deal_price")),
        sa.CheckConstraint("reports >= 0 AND works >= 0 AND fails >= 0", name=op.f("ck_deal_counts")),
        sa.ForeignKeyConstraint(["post_id"], ["post.id"], name=op.f("fk_deal_post_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["product_id"], ["product.id"], name=op.f("fk_deal_product_id")),
        sa.PrimaryKeyConstraint("post_id", name=op.f("pk_deal")),
    )
    with op.batch_alter_table("deal", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_deal_product_id"), ["product_id"], unique=False)
        batch_op.create_index("ix_deal_running", ["phase", "until"], unique=False)

    op.create_table(
        "deal_report",
        sa.Column("post_id", BIG, autoincrement=False, nullable=False),
        sa.Column("user_id", BIG, autoincrement=False, nullable=False),
        sa.Column("about", sa.String(length=10), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("reported_at", contentshop.core.db.UtcDateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(about = 'over' AND kind IN ('ended', 'sold_out', 'price'))"
            " OR (about = 'coupon' AND kind IN ('works', 'fails'))",
            name=op.f("ck_deal_report_kind"),
        ),
        sa.CheckConstraint("about IN ('over', 'coupon')", name=op.f("ck_deal_report_about")),
        sa.ForeignKeyConstraint(
            ["post_id"], ["deal.post_id"], name=op.f("fk_deal_report_post_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name=op.f("fk_deal_report_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("post_id", "user_id", "about", name=op.f("pk_deal_report")),
    )
    with op.batch_alter_table("revision", schema=None) as batch_op:
        batch_op.add_column(sa.Column("deal", sa.JSON(), server_default=sa.text("'{}'"), nullable=False))
    change_check("post", "ck_post_kind", *POST)
    change_check("saved_search", "ck_saved_search_kind", *SEARCH)


def downgrade() -> None:
    op.execute("DELETE FROM saved_search WHERE kind = 'deal'")
    op.execute("DELETE FROM post WHERE kind = 'deal'")
    change_check("saved_search", "ck_saved_search_kind", *reversed(SEARCH))
    change_check("post", "ck_post_kind", *reversed(POST))
    with op.batch_alter_table("revision", schema=None) as batch_op:
        batch_op.drop_column("deal")

    op.drop_table("deal_report")
    with op.batch_alter_table("deal", schema=None) as batch_op:
        batch_op.drop_index("ix_deal_running")
        batch_op.drop_index(batch_op.f("ix_deal_product_id"))

    op.drop_table("deal")
