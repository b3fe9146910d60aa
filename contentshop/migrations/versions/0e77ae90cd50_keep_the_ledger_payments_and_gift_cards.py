"""keep the ledger, payments and gift cards"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import contentshop.core.db

revision = "0e77ae90cd50"
down_revision = "802dcdd86edf"
branch_labels = None
depends_on = None


APPEND_ONLY = ("ledger_transaction", "ledger_entry")


def _forbid_changes() -> None:
    """Let the database itself refuse to change or delete what has been booked."""
    if op.get_bind().dialect.name == "sqlite":
        for table in APPEND_ONLY:
            for verb in ("UPDATE", "DELETE"):
                op.execute(
                    f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
                    "BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END"
                )
        return
    op.execute(
        "CREATE FUNCTION refuse_ledger_change() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'the ledger is append-only'; END $$"
    )
    for table in APPEND_ONLY:
        op.execute(
            f"CREATE TRIGGER {table}_no_change BEFORE UPDATE OR DELETE ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION refuse_ledger_change()"
        )
        op.execute(
            f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_ledger_change()"
        )


def _book_old_orders() -> None:
    """Orders that were paid before there was a ledger: what came in, and what it was for."""
    paid = (
        "FROM shop_order WHERE paid_at IS NOT NULL AND state <> 'cancelled' AND paid_minor > 0"
        " AND paid_minor = total_minor AND credit_minor = 0"
    )
    op.execute(
        "INSERT INTO payment (key, order_key, gateway, method, currency, minor, state, received_minor, refunded_minor,"
        " attempt_key, reference, redirect_url, code, note, tries, created_at, paid_at)"
        " SELECT 'm' || key, key, 'manual', payment_method, currency, paid_minor, 'paid', paid_minor, 0,"
        f" 'manual:' || key, '', '', '', '', 0, placed_at, paid_at {paid}"
    )
    for kind, key in (("payment", "'payment:m' || key"), ("sale", "'sale:' || key")):
        op.execute(
            "INSERT INTO ledger_transaction (key, kind, reference, currency, actor, booked_at)"
            f" SELECT {key}, '{kind}', key, currency, 'system', paid_at {paid} ORDER BY id"
        )
    # Nothing below comes from outside: names of columns and accounts are written here.
    for kind, account, amount in (
        ("payment", "cash:manual", "paid_minor"),
        ("payment", "receivable", "-paid_minor"),
        ("sale", "receivable", "total_minor"),
        ("sale", "discounts", "discount_minor"),
        ("sale", "revenue:goods", "-items_minor"),
        ("sale", "revenue:shipping", "-shipping_minor"),
    ):
        op.execute(
            "INSERT INTO ledger_entry (transaction_id, account, minor)"  # noqa: S608
            f" SELECT t.id, '{account}', o.amount FROM ledger_transaction t"
            f" JOIN (SELECT key, {amount} AS amount {paid}) o ON o.key = t.reference"
            f" WHERE t.kind = '{kind}' AND o.amount <> 0"
        )


def upgrade() -> None:
    op.create_table(
        "gift_card",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("key", sa.String(length=20), nullable=False),
        sa.Column("code_hash", sa.String(length=64), nullable=True),
        sa.Column("hint", sa.String(length=4), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("issued_minor", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("balance_minor", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("source_key", sa.String(length=80), nullable=False),
        sa.Column("order_key", sa.String(length=20), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("note", sa.String(length=300), nullable=False),
        sa.Column("actor", sa.String(length=20), nullable=False),
        sa.Column("issued_at", contentshop.core.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("expires_at", contentshop.core.db.UtcDateTime(timezone=True), nullable=True),
        sa.CheckConstraint("state IN ('active', 'blocked')", name=op.f("ck_gift_card_state")),
        sa.CheckConstraint(
            "issued_minor > 0 AND balance_minor >= 0 AND balance_minor <= issued_minor",
            name=op.f("ck_gift_card_amounts"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gift_card")),
        sa.UniqueConstraint("code_hash", name=op.f("uq_gift_card_code_hash")),
        sa.UniqueConstraint("key", name=op.f("uq_gift_card_key")),
        sa.UniqueConstraint("source_key", name=op.f("uq_gift_card_source_key")),
    )
    with op.batch_alter_table("gift_card", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_gift_card_order_key"), ["order_key"], unique=False)

    op.create_table(
        "ledger_transaction",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("key", sa.String(length=120), nullable=False),
        sa.Column("kind", sa.String(length=30), nullable=False),
        sa.Column("reference", sa.String(length=40), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("actor", sa.String(length=20), nullable=False),
        sa.Column("booked_at", contentshop.core.db.UtcDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_transaction")),
        sa.UniqueConstraint("key", name=op.f("uq_ledger_transaction_key")),
    )
    with op.batch_alter_table("ledger_transaction", schema=None) as batch_op:
        batch_op.create_index("ix_ledger_transaction_booked_at", ["booked_at", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_ledger_transaction_reference"), ["reference"], unique=False)

    op.create_table(
        "payment",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("key", sa.String(length=20), nullable=False),
        sa.Column("order_key", sa.String(length=20), nullable=False),
        sa.Column("gateway", sa.String(length=20), nullable=False),
        sa.Column("method", sa.String(length=20), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("minor", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("received_minor", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("refunded_minor", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("attempt_key", sa.String(length=60), nullable=False),
        sa.Column("reference", sa.String(length=120), nullable=False),
        sa.Column("redirect_url", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("note", sa.String(length=300), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("created_at", contentshop.core.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("look_at", contentshop.core.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("paid_at", contentshop.core.db.UtcDateTime(timezone=True), nullable=True),
        sa.CheckConstraint("state IN ('new', 'begun', 'paid', 'failed')", name=op.f("ck_payment_state")),
        sa.CheckConstraint("minor > 0 AND received_minor >= 0", name=op.f("ck_payment_amounts")),
        sa.CheckConstraint(
            "refunded_minor >= 0 AND refunded_minor <= received_minor", name=op.f("ck_payment_refunded")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment")),
        sa.UniqueConstraint("attempt_key", name=op.f("uq_payment_attempt_key")),
        sa.UniqueConstraint("key", name=op.f("uq_payment_key")),
    )
    with op.batch_alter_table("payment", schema=None) as batch_op:
        batch_op.create_index("ix_payment_look", ["state", "look_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_payment_order_key"), ["order_key"], unique=False)
        batch_op.create_index("ix_payment_reference", ["gateway", "reference"], unique=False)

    op.create_table(
        "payment_event",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("gateway", sa.String(length=20), nullable=False),
        sa.Column("event_id", sa.String(length=160), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("reference", sa.String(length=120), nullable=False),
        sa.Column("payment_key", sa.String(length=40), nullable=False),
        sa.Column("refund_key", sa.String(length=80), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("minor", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("note", sa.String(length=300), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("received_at", contentshop.core.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("applied_at", contentshop.core.db.UtcDateTime(timezone=True), nullable=True),
        sa.CheckConstraint("state IN ('waiting', 'applied', 'ignored')", name=op.f("ck_payment_event_state")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment_event")),
        sa.UniqueConstraint("gateway", "event_id", name=op.f("uq_payment_event_gateway_event_id")),
    )
    with op.batch_alter_table("payment_event", schema=None) as batch_op:
        batch_op.create_index("ix_payment_event_reference", ["gateway", "reference"], unique=False)
        batch_op.create_index("ix_payment_event_state", ["state", "id"], unique=False)

    op.create_table(
        "refund",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("key", sa.String(length=20), nullable=False),
        sa.Column("order_key", sa.String(length=20), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("minor", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("reason", sa.String(length=300), nullable=False),
        sa.Column("request_key", sa.String(length=120), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("actor", sa.String(length=20), nullable=False),
        sa.Column("asked_at", contentshop.core.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("done_at", contentshop.core.db.UtcDateTime(timezone=True), nullable=True),
        sa.CheckConstraint("state IN ('asked', 'sent', 'done', 'failed')", name=op.f("ck_refund_state")),
        sa.CheckConstraint("minor > 0", name=op.f("ck_refund_minor")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_refund")),
        sa.UniqueConstraint("key", name=op.f("uq_refund_key")),
        sa.UniqueConstraint("request_key", name=op.f("uq_refund_request_key")),
    )
    with op.batch_alter_table("refund", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_refund_order_key"), ["order_key"], unique=False)
        batch_op.create_index("ix_refund_state", ["state", "id"], unique=False)

    op.create_table(
        "credit_use",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("gift_card_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("holder", sa.String(length=20), nullable=False),
        sa.Column("minor", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("given_back_minor", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("held_at", contentshop.core.db.UtcDateTime(timezone=True), nullable=False),
        sa.CheckConstraint("state IN ('held', 'captured', 'released')", name=op.f("ck_credit_use_state")),
        sa.CheckConstraint(
            "minor > 0 AND given_back_minor >= 0 AND given_back_minor <= minor", name=op.f("ck_credit_use_amounts")
        ),
        sa.ForeignKeyConstraint(["gift_card_id"], ["gift_card.id"], name=op.f("fk_credit_use_gift_card_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_credit_use")),
        sa.UniqueConstraint("gift_card_id", "holder", name=op.f("uq_credit_use_gift_card_id_holder")),
    )
    with op.batch_alter_table("credit_use", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_credit_use_gift_card_id"), ["gift_card_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_credit_use_holder"), ["holder"], unique=False)

    op.create_table(
        "ledger_entry",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("transaction_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("account", sa.String(length=80), nullable=False),
        sa.Column("minor", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.CheckConstraint("minor <> 0", name=op.f("ck_ledger_entry_minor")),
        sa.ForeignKeyConstraint(
            ["transaction_id"], ["ledger_transaction.id"], name=op.f("fk_ledger_entry_transaction_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_entry")),
    )
    with op.batch_alter_table("ledger_entry", schema=None) as batch_op:
        batch_op.create_index("ix_ledger_entry_account", ["account", "transaction_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_ledger_entry_transaction_id"), ["transaction_id"], unique=False)

    op.create_table(
        "refund_part",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("key", sa.String(length=20), nullable=False),
        sa.Column("refund_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("payment_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("credit_use_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("minor", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("reference", sa.String(length=120), nullable=False),
        sa.Column("note", sa.String(length=300), nullable=False),
        sa.Column("done_at", contentshop.core.db.UtcDateTime(timezone=True), nullable=True),
        sa.CheckConstraint("state IN ('asked', 'sent', 'done', 'failed')", name=op.f("ck_refund_part_state")),
        sa.CheckConstraint("(payment_id IS NULL) <> (credit_use_id IS NULL)", name=op.f("ck_refund_part_target")),
        sa.CheckConstraint("minor > 0", name=op.f("ck_refund_part_minor")),
        sa.ForeignKeyConstraint(["credit_use_id"], ["credit_use.id"], name=op.f("fk_refund_part_credit_use_id")),
        sa.ForeignKeyConstraint(["payment_id"], ["payment.id"], name=op.f("fk_refund_part_payment_id")),
        sa.ForeignKeyConstraint(["refund_id"], ["refund.id"], name=op.f("fk_refund_part_refund_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_refund_part")),
        sa.UniqueConstraint("key", name=op.f("uq_refund_part_key")),
    )
    with op.batch_alter_table("refund_part", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_refund_part_credit_use_id"), ["credit_use_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_refund_part_payment_id"), ["payment_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_refund_part_refund_id"), ["refund_id"], unique=False)
        batch_op.create_index("ix_refund_part_state", ["state", "id"], unique=False)

    _book_old_orders()
    _forbid_changes()


def downgrade() -> None:
    """Not needed: older releases do not look at these tables."""
