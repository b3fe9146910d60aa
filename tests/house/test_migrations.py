"""Migrations lead exactly to the tables of the models."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import JSON, Connection, MetaData, create_engine, inspect, text

from contentshop.core.db import Base, prepare_engine, writing
from contentshop.migrations import config, is_current, migrate, upgrade

sys.path.insert(0, str(Path(__file__).parent.parent.parent / "tools"))

from new_migration import load_tables


def test_migrations_equal_the_models(database_url: str) -> None:
    load_tables()
    engine = create_engine(database_url)
    with engine.connect() as connection:
        assert is_current(connection)
        differences = compare_metadata(
            MigrationContext.configure(connection, opts={"compare_type": True}), Base.metadata
        )
    engine.dispose()
    assert differences == []


def test_constraints_are_in_the_database(database_url: str) -> None:
    load_tables()
    engine = create_engine(database_url)
    found = inspect(engine)
    for table in Base.metadata.tables.values():
        wanted = {c.name for c in table.constraints if type(c).__name__ == "CheckConstraint"}
        assert wanted <= {c["name"] for c in found.get_check_constraints(table.name)}, table.name
    engine.dispose()


def test_upgrading_again_changes_nothing(tmp_path: Path) -> None:
    engine = create_engine(f"sqlite:///{tmp_path / 'again.db'}")
    for _time in range(2):
        with engine.begin() as connection:
            upgrade(connection)
    with engine.connect() as connection:
        assert is_current(connection)
    engine.dispose()


OLD_ORDER = """
INSERT INTO shop_order (id, key, state, payment_method, currency, items_minor, shipping_minor, total_minor, email,
    locale, name, phone, country, region, city, address, postcode, note, tracking, attempt_key, attempt_digest,
    placed_at, paid_at, shipped_at, version)
VALUES (1, 'o1', 'shipped', 'bank_transfer', 'USD', 3998, 0, 3998, 'a@example.org', 'en', 'Ada', '', 'US', '', 'Town',
    'Street 1', '12345', '', '', 'attempt', 'digest', '2026-01-01', '2026-01-02', '2026-01-03', 3)
"""
OLD_ROWS = (
    (
        "INSERT INTO product (id, key, slug, title, brand, category, mpn, summary, body, lang, attrs, translations,"
        " discontinued, listed, created_at, updated_at, version, locks, added_by)"
        " VALUES (1, 'p1', 'lamp', 'Lamp', '', '', '', '', '', 'en', '[]', '{}', false, true, '2026-01-01',"
        " '2026-01-01', 1, '[]', '')"
    ),
    (
        "INSERT INTO variant (id, key, product_id, sku, name, translations, position)"
        " VALUES (1, 'v1', 1, 'LAMP', '', '{}', 0)"
    ),
    (
        "INSERT INTO offer (id, key, product_id, variant_id, kind, url, price_minor, currency, region, availability,"
        " health, active, address, locks)"
        " VALUES (1, 'f1', 1, 1, 'own', '', 1999, 'USD', '', 'in_stock', 'alive', true, '', '[]')"
    ),
    OLD_ORDER,
    (
        "INSERT INTO order_line (id, order_id, variant_id, offer_id, sku, title, variant_name, unit_minor, quantity,"
        " total_minor, card_key) VALUES (1, 1, 1, 1, 'LAMP', 'Lamp', '', 1999, 2, 3998, '')"
    ),
    (
        "INSERT INTO order_event (id, order_id, kind, actor, note, happened_at)"
        " VALUES (1, 1, 'placed', 'buyer', '', '2026-01-01')"
    ),
)


def test_an_order_of_an_older_release_is_whole_after_the_upgrade(fresh_database: str) -> None:
    engine = create_engine(fresh_database)
    with engine.begin() as connection:
        command.upgrade(config(connection), "7d21c4b09e6a")
        for row in OLD_ROWS:
            connection.execute(text(row))
    engine.dispose()
    engine = create_engine(fresh_database)
    prepare_engine(engine)
    with writing():
        migrate(engine)
    with engine.connect() as connection:
        order = connection.execute(text("SELECT state, total_minor, paid_minor, refunded_minor FROM shop_order")).one()
        line = connection.execute(text("SELECT order_id, quantity, shipped_quantity, discount_minor FROM order_line"))
        assert tuple(order) == ("shipped", 3998, 3998, 0)
        assert [tuple(row) for row in line] == [(1, 2, 2, 0)]
        assert connection.scalar(text("SELECT count(*) FROM order_event")) == 1
    engine.dispose()


def test_products_with_reviews_are_read_into_the_index_again(fresh_database: str) -> None:
    engine = create_engine(fresh_database)
    with engine.begin() as connection:
        command.upgrade(config(connection), "d2f08b6a4c15")
        if connection.dialect.name == "postgresql":
            # The order that a review is about does not matter here; SQLite does not ask for it unless it is told to.
            connection.execute(text("SET LOCAL session_replication_role = replica"))
        _add(connection, "product", 1, key="p1", slug="lamp", title="Lamp")
        _add(connection, "product", 2, key="p2", slug="desk", title="Desk")
        _add(connection, "user_account", 1, key="u1", handle="bea", name="Bea", email="bea@example.org", role="reader")
        _add(connection, "review", 1, key="r1", product_id=1, author_id=1, state="shown", stars=5)
        connection.execute(text("DELETE FROM outbox_event"))
        upgrade(connection)
        events = connection.execute(text("SELECT name, payload, dispatched_at FROM outbox_event")).all()
    engine.dispose()
    assert len(events) == 1
    assert (events[0].name, events[0].dispatched_at) == ("ReviewChanged", None)
    assert "p1" in str(events[0].payload)


def _add(connection: Connection, table: str, number: int, **values: object) -> None:
    """A row of the table as it is by now; what nobody names is filled with something of its type."""
    metadata = MetaData()
    metadata.reflect(connection, only=[table])
    found = metadata.tables[table]
    fill: dict[str, object] = {"id": number}
    for column in found.columns:
        if column.nullable or column.server_default is not None or column.name in values or column.name == "id":
            continue
        kind = column.type.python_type
        fill[column.name] = {datetime: datetime(2026, 1, 1, tzinfo=UTC), dict: {}, bool: False, int: 1}.get(kind, "")
        if column.name in {"attrs", "locks"}:
            fill[column.name] = []
    connection.execute(found.insert().values(fill | values))


PROMOTION = (
    "INSERT INTO promotion (id, key, name, translations, kind, percent_ppm, amounts, caps, min_spend, buy, free, scope,"
    " scope_keys, combinable, used, active, created_at, version)"
    " VALUES (:id, :key, 'Sale', '{}', 'percent', 100000, '{}', '{}', '{}', 0, 0, :scope, :keys, false, 0, true,"
    " '2026-01-01', 1)"
)
CATEGORY = (
    "INSERT INTO category (id, slug, name, translations, position, created_at)"
    " VALUES (:id, :slug, :name, '{}', 0, '2026-01-01')"
)


def test_promotions_name_categories_by_their_slugs_after_the_upgrade(fresh_database: str) -> None:
    engine = create_engine(fresh_database)
    with engine.begin() as connection:
        command.upgrade(config(connection), "5b0d4a7c19e3")
        for number, (slug, name) in enumerate((("knives", "Knives"), ("camp-knives", "Knives"), ("desk", "书桌")), 1):
            connection.execute(text(CATEGORY), {"id": number, "slug": slug, "name": name})
        for number, (scope, keys) in enumerate(
            (("category", '["Knives", "书桌", "Boats"]'), ("product", '["Knives"]'), ("all", "[]")), 1
        ):
            connection.execute(text(PROMOTION), {"id": number, "key": f"p{number}", "scope": scope, "keys": keys})
    engine.dispose()
    engine = create_engine(fresh_database)
    prepare_engine(engine)
    with writing():
        migrate(engine)
    with engine.connect() as connection:
        kept = text("SELECT scope_keys FROM promotion ORDER BY id").columns(scope_keys=JSON)
        found = [row.scope_keys for row in connection.execute(kept)]
    assert found == [["knives", "camp-knives", "desk", "Boats"], ["Knives"], []]
    engine.dispose()


def test_sqlite_does_not_migrate_while_it_minds_foreign_keys(tmp_path: Path) -> None:
    engine = create_engine(f"sqlite:///{tmp_path / 'strict.db'}")
    prepare_engine(engine)
    with engine.begin() as connection, pytest.raises(RuntimeError, match="foreign keys must be off"):
        upgrade(connection)
    engine.dispose()
