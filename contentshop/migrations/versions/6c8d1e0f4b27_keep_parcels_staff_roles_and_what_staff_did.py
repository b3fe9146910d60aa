"""keep parcels, staff roles and what staff did"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "6c8d1e0f4b27"
down_revision = "0e77ae90cd50"
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TIME = sa.DateTime(timezone=True)
ROLES = "role IN ('reader', 'creator', 'editor', 'operator', 'support', 'warehouse', 'finance')"
SHIPPED = "shipped_quantity >= 0 AND cancelled_quantity >= 0 AND shipped_quantity + cancelled_quantity <= quantity"
LINE_CHECKS = {
    "quantity": "quantity > 0",
    "total": "unit_minor >= 0 AND total_minor = unit_minor * quantity",
    "shares": (
        "discount_minor >= 0 AND discount_minor <= total_minor AND tax_minor >= 0 AND tax_rate >= 0"
        " AND commission_minor >= 0 AND supplier_minor >= 0 AND refunded_minor >= 0"
    ),
    "shipped": SHIPPED,
    "returned": "returned_quantity >= 0 AND returned_quantity <= quantity",
}
SQLITE_GUARDS = tuple(
    f"CREATE TRIGGER audit_entry_no_{verb.lower()} BEFORE {verb} ON audit_entry "
    "BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END"
    for verb in ("UPDATE", "DELETE")
)
POSTGRESQL_GUARDS = (
    """CREATE OR REPLACE FUNCTION audit_entry_is_append_only() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'the audit log is append-only'; END $$""",
    """CREATE TRIGGER audit_entry_no_change BEFORE UPDATE OR DELETE ON audit_entry
    FOR EACH ROW EXECUTE FUNCTION audit_entry_is_append_only()""",
)


def conditions(table: str, rules: dict[str, str]) -> tuple[sa.CheckConstraint, ...]:
    return tuple(sa.CheckConstraint(rule, name=op.f(f"ck_{table}_{name}")) for name, rule in rules.items())


def upgrade() -> None:
    lite = op.get_bind().dialect.name == "sqlite"
    _roles(lite)
    _orders(lite)
    op.create_table(
        "shipment",
        sa.Column("id", NUMBER, autoincrement=True, nullable=False),
        sa.Column("key", sa.String(length=40), nullable=False),
        sa.Column("order_id", NUMBER, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("carrier", sa.String(length=60), nullable=False),
        sa.Column("tracking", sa.String(length=80), nullable=False),
        sa.Column("actor", sa.String(length=20), nullable=False),
        sa.Column("shipped_at", TIME, nullable=False),
        sa.ForeignKeyConstraint(["order_id"], ["shop_order.id"], name=op.f("fk_shipment_order_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shipment")),
        sa.UniqueConstraint("key", name=op.f("uq_shipment_key")),
        sa.UniqueConstraint("order_id", "number", name=op.f("uq_shipment_order_id_number")),
    )
    op.create_index(op.f("ix_shipment_tracking"), "shipment", ["tracking"], unique=False)
    op.create_table(
        "shipment_line",
        sa.Column("shipment_id", NUMBER, autoincrement=False, nullable=False),
        sa.Column("order_line_id", NUMBER, autoincrement=False, nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_shipment_line_quantity")),
        sa.ForeignKeyConstraint(
            ["order_line_id"], ["order_line.id"], name=op.f("fk_shipment_line_order_line_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["shipment_id"], ["shipment.id"], name=op.f("fk_shipment_line_shipment_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("shipment_id", "order_line_id", name=op.f("pk_shipment_line")),
    )
    op.create_index(op.f("ix_shipment_line_order_line_id"), "shipment_line", ["order_line_id"], unique=False)
    _earlier_parcels()
    op.create_table(
        "audit_entry",
        sa.Column("id", NUMBER, autoincrement=True, nullable=False),
        sa.Column("actor", sa.String(length=20), nullable=False),
        sa.Column("action", sa.String(length=80), nullable=False),
        sa.Column("subject", sa.String(length=120), nullable=False),
        sa.Column("before", sa.JSON(), nullable=False),
        sa.Column("after", sa.JSON(), nullable=False),
        sa.Column("happened_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_entry")),
    )
    op.create_index("ix_audit_entry_subject", "audit_entry", ["subject", "id"], unique=False)
    op.create_index("ix_audit_entry_actor", "audit_entry", ["actor", "id"], unique=False)
    for statement in SQLITE_GUARDS if lite else POSTGRESQL_GUARDS:
        op.execute(statement)


def _roles(lite: bool) -> None:
    if lite:
        with op.batch_alter_table(
            "user_account", recreate="always", table_args=conditions("user_account", {"role": ROLES})
        ) as batch:
            batch.drop_constraint(op.f("ck_user_account_role"), type_="check")  # as it was
        return
    op.drop_constraint(op.f("ck_user_account_role"), "user_account", type_="check")
    op.create_check_constraint(op.f("ck_user_account_role"), "user_account", ROLES)


def _orders(lite: bool) -> None:
    times: list[sa.Column[Any]] = [sa.Column(name, TIME, nullable=True) for name in ("confirm_by", "completed_at")]
    for column in times:
        op.add_column("shop_order", column)
    op.add_column("shop_order", sa.Column("exchange_of", sa.String(length=20), server_default="", nullable=False))
    op.create_index(op.f("ix_shop_order_confirm_by"), "shop_order", ["confirm_by"], unique=False)
    op.create_index(op.f("ix_shop_order_exchange_of"), "shop_order", ["exchange_of"], unique=False)
    cancelled = sa.Column("cancelled_quantity", sa.Integer(), server_default=sa.text("0"), nullable=False)
    if lite:
        with op.batch_alter_table(
            "order_line", recreate="always", table_args=conditions("order_line", LINE_CHECKS)
        ) as batch:
            for name in LINE_CHECKS:  # those of the same names that are read from the table as it was
                batch.drop_constraint(op.f(f"ck_order_line_{name}"), type_="check")
            batch.add_column(cancelled)
        return
    op.drop_constraint(op.f("ck_order_line_shipped"), "order_line", type_="check")
    op.add_column("order_line", cancelled)
    op.create_check_constraint(op.f("ck_order_line_shipped"), "order_line", SHIPPED)


def _earlier_parcels() -> None:
    """An order that was sent was one parcel; its goods were taken in the order's own name."""
    op.execute(
        "INSERT INTO shipment (key, order_id, number, carrier, tracking, actor, shipped_at)"
        " SELECT key, id, 1, '', tracking, 'system', shipped_at FROM shop_order WHERE shipped_at IS NOT NULL"
    )
    op.execute(
        "INSERT INTO shipment_line (shipment_id, order_line_id, quantity)"
        " SELECT shipment.id, order_line.id, order_line.quantity FROM shipment"
        " JOIN order_line ON order_line.order_id = shipment.order_id"
    )


def downgrade() -> None:
    """Not needed: older releases do not know these tables, and columns that they do not know have defaults."""
