"""name categories of promotions by their slugs"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import sqlalchemy as sa
from alembic import op

revision = "8beae21284bb"
down_revision = "5b0d4a7c19e3"
branch_labels = None
depends_on = None

PROMOTION = sa.table("promotion", sa.column("id"), sa.column("scope"), sa.column("scope_keys", sa.JSON))
CATEGORIES = "SELECT slug, name FROM category ORDER BY id"


def upgrade() -> None:
    """Promotions named categories as products did, so that a name means every category that is called so. A name that
    no category has was for nothing, and still is."""
    slugs: dict[str, list[str]] = {}
    for row in op.get_bind().execute(sa.text(CATEGORIES)):
        slugs.setdefault(row.name, []).append(row.slug)
    _rewrite(slugs)


def downgrade() -> None:
    _rewrite({row.slug: [row.name] for row in op.get_bind().execute(sa.text(CATEGORIES))})


def _rewrite(words: Mapping[str, Sequence[str]]) -> None:
    connection = op.get_bind()
    query = sa.select(PROMOTION.c.id, PROMOTION.c.scope_keys).where(PROMOTION.c.scope == "category")
    for row in connection.execute(query).all():
        keys = list(dict.fromkeys(word for name in row.scope_keys for word in words.get(name, [name])))
        connection.execute(sa.update(PROMOTION).where(PROMOTION.c.id == row.id).values(scope_keys=keys))
