"""The outbox: news goes up only as a row, written in the same transaction as the change it tells of.

An event carries ids, never content, so that repeats and wrong order do no harm: whoever reacts reads the
present state. The worker turns each event into one job for each reaction (see ``core.jobs``).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Index, String, insert, select
from sqlalchemy.orm import Mapped, mapped_column

from contentshop.core.db import Base, Moment, PrimaryKey, UtcDateTime
from contentshop.core.uow import AnySession


@dataclasses.dataclass(frozen=True, slots=True)
class Event:
    """Base of all events: a past-tense name and public keys."""

    def payload(self) -> dict[str, Any]:
        """The event's fields, as kept in the row."""
        return dataclasses.asdict(self)


class OutboxEvent(Base):
    """One event that has happened. ``dispatched_at`` is empty until its jobs exist."""

    __tablename__ = "outbox_event"

    id: Mapped[PrimaryKey]
    name: Mapped[str] = mapped_column(String(80))
    payload: Mapped[dict[str, Any]] = mapped_column(JSON)
    happened_at: Mapped[Moment]
    dispatched_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    # Partial, so that finding what is new stays cheap however long the history is.
    __table_args__ = (
        Index(
            "ix_outbox_event_new",
            "id",
            sqlite_where=dispatched_at.is_(None),
            postgresql_where=dispatched_at.is_(None),
        ),
    )


def record(session: AnySession, event: Event, *, now: datetime) -> None:
    """Write ``event`` into the running transaction."""
    session.add(OutboxEvent(name=type(event).__name__, payload=event.payload(), happened_at=now))


def record_all(session: AnySession, events: Sequence[Event], *, now: datetime) -> None:
    """Write many events into the running transaction, in one statement."""
    rows = [{"name": type(event).__name__, "payload": event.payload(), "happened_at": now} for event in events]
    if rows:
        session.execute(insert(OutboxEvent), rows)


def take_new(session: AnySession, limit: int) -> list[OutboxEvent]:
    """The oldest events that have no jobs yet."""
    query = select(OutboxEvent).where(OutboxEvent.dispatched_at.is_(None)).order_by(OutboxEvent.id).limit(limit)
    return list(session.scalars(query))
