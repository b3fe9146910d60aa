"""read products with reviews into the search index again"""

from __future__ import annotations

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

from contentshop.core.db import UtcDateTime

revision = "e94b1d7c3f60"
down_revision = "d2f08b6a4c15"
branch_labels = None
depends_on = None

EVENTS = sa.table(
    "outbox_event", sa.column("name"), sa.column("payload", sa.JSON), sa.column("happened_at", UtcDateTime)
)
REVIEWED = "SELECT key FROM product WHERE id IN (SELECT product_id FROM review WHERE state = 'shown') ORDER BY id"


def upgrade() -> None:
    """Words of reviews find their product since they are part of its document. Products that were reviewed before are
    read anew by the worker, as after any change of them; the index serves meanwhile."""
    now = datetime.now(UTC)
    found = op.get_bind().scalars(sa.text(REVIEWED)).all()
    rows = [{"name": "ReviewChanged", "payload": {"product": key}, "happened_at": now} for key in found]
    if rows:
        op.bulk_insert(EVENTS, rows)


def downgrade() -> None:
    """What is in the index does no harm."""
