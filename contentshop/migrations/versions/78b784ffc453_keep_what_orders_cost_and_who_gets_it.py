"""keep what orders cost and who gets it"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "78b784ffc453"
down_revision = "7d21c4b09e6a"
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
STATES = "'placed', 'paid', 'part_shipped', 'shipped', 'completed', 'cancelled'"
METHODS = "'bank_transfer', 'on_delivery', 'card', 'alipay', 'wechat_pay', 'credit'"

# Conditions of both tables by name; the old ones of these names go.
ORDER_CHECKS = {
    "ck_shop_order_state": f"state IN ({STATES})",
    "ck_shop_order_payment_method": f"payment_method IN ({METHODS})",
    "ck_shop_order_amounts": (
        "items_minor >= 0 AND shipping_minor >= 0 AND discount_minor >= 0 AND discount_minor <= items_minor"
        " AND tax_minor >= 0 AND shipping_tax_minor >= 0 AND shipping_tax_minor <= tax_minor"
    ),
    "ck_shop_order_total": (
        "total_minor = items_minor - discount_minor + shipping_minor + CASE WHEN tax_included THEN 0 ELSE tax_minor END"
    ),
    "ck_shop_order_money": (
        "credit_minor >= 0 AND credit_minor <= total_minor AND paid_minor >= 0"
        " AND refunded_minor >= 0 AND refunded_minor <= paid_minor + credit_minor"
    ),
}
OLD_ORDER_CHECKS = ("state", "payment_method", "amounts", "total")
LINE_CHECKS = {
    "ck_order_line_quantity": "quantity > 0",
    "ck_order_line_total": "unit_minor >= 0 AND total_minor = unit_minor * quantity",
    "ck_order_line_shares": (
        "discount_minor >= 0 AND discount_minor <= total_minor AND tax_minor >= 0 AND tax_rate >= 0"
        " AND commission_minor >= 0 AND supplier_minor >= 0 AND refunded_minor >= 0"
    ),
    "ck_order_line_shipped": "shipped_quantity >= 0 AND shipped_quantity <= quantity",
    "ck_order_line_returned": "returned_quantity >= 0 AND returned_quantity <= quantity",
}
OLD_LINE_CHECKS = ("quantity", "total")


def amount(name: str) -> sa.Column[int]:
    return sa.Column(name, NUMBER, server_default=sa.text("0"), nullable=False)


def count(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.Integer(), server_default=sa.text("0"), nullable=False)


def words(name: str, length: int) -> sa.Column[str]:
    return sa.Column(name, sa.String(length=length), server_default="", nullable=False)


def rows(name: str, empty: str = "[]") -> sa.Column[Any]:
    return sa.Column(name, sa.JSON(), server_default=sa.text(f"'{empty}'"), nullable=False)


def flag(name: str) -> sa.Column[bool]:
    return sa.Column(name, sa.Boolean(), server_default=sa.false(), nullable=False)


def change(table: str, columns: list[sa.Column[Any]], checks: dict[str, str], old: tuple[str, ...]) -> None:
    """Add ``columns`` and put ``checks`` in the place of the ``old`` ones."""
    if op.get_bind().dialect.name == "sqlite":
        # A new table is made there, and it has exactly these conditions.
        conditions = tuple(sa.CheckConstraint(rule, name=op.f(name)) for name, rule in checks.items())
        with op.batch_alter_table(table, recreate="always", table_args=conditions) as batch:
            for name in old:  # those of the same names that are read from the table as it was
                batch.drop_constraint(op.f(f"ck_{table}_{name}"), type_="check")
            for column in columns:
                batch.add_column(column)
        return
    for name in old:
        op.drop_constraint(op.f(f"ck_{table}_{name}"), table, type_="check")
    for column in columns:
        op.add_column(table, column)
    for name, rule in checks.items():
        op.create_check_constraint(op.f(name), table, rule)


def upgrade() -> None:
    with op.batch_alter_table("cart", schema=None) as batch_op:
        batch_op.add_column(rows("codes"))
        batch_op.add_column(rows("draft", "{}"))

    change(
        "order_line",
        [
            amount("discount_minor"),
            amount("tax_minor"),
            count("tax_rate"),
            flag("digital"),
            count("shipped_quantity"),
            count("returned_quantity"),
            amount("refunded_minor"),
            words("creator_key", 20),
            amount("commission_minor"),
            words("supplier_key", 20),
            amount("supplier_minor"),
        ],
        LINE_CHECKS,
        OLD_LINE_CHECKS,
    )
    with op.batch_alter_table("order_line", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_order_line_creator_key"), ["creator_key"], unique=False)
        batch_op.create_index(batch_op.f("ix_order_line_supplier_key"), ["supplier_key"], unique=False)

    change(
        "shop_order",
        [
            amount("discount_minor"),
            amount("tax_minor"),
            amount("shipping_tax_minor"),
            flag("tax_included"),
            rows("tax_parts"),
            amount("credit_minor"),
            amount("paid_minor"),
            amount("refunded_minor"),
            rows("codes"),
            words("shipping_key", 20),
            words("shipping_name", 120),
            words("district", 80),
        ],
        ORDER_CHECKS,
        OLD_ORDER_CHECKS,
    )
    op.execute("UPDATE shop_order SET paid_minor = total_minor WHERE paid_at IS NOT NULL AND state <> 'cancelled'")
    op.execute(
        "UPDATE order_line SET shipped_quantity = quantity"
        " WHERE order_id IN (SELECT id FROM shop_order WHERE shipped_at IS NOT NULL)"
    )


def downgrade() -> None:
    """Not needed: the columns that older releases do not know have defaults."""
