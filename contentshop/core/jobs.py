"""Jobs on the database: what the worker has to do, kept until it is done.

A job is made from an event (one for each reaction) and runs at least once. A failing job is tried again with
growing pauses; after ``MAX_ATTEMPTS`` it is set aside with its error, where an operator sees it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, Integer, String, Text, delete, exists, func, insert, select, update
from sqlalchemy.orm import Mapped, mapped_column

from contentshop.core.db import Base, BigInt, Moment, PrimaryKey, UtcDateTime
from contentshop.core.outbox import OutboxEvent, take_new
from contentshop.core.uow import AnySession

MAX_ATTEMPTS = 12  # the last pause is 34 minutes, so a job is tried for over an hour
FIRST_PAUSE = timedelta(seconds=2)
KEEP_DONE = timedelta(days=7)


class Job(Base):
    """One reaction to one event. Waiting while ``done_at`` and ``failed_at`` are both empty."""

    __tablename__ = "job"

    id: Mapped[PrimaryKey]
    event_id: Mapped[int] = mapped_column(BigInt, ForeignKey("outbox_event.id", ondelete="CASCADE"), index=True)
    reaction: Mapped[str] = mapped_column(String(80))
    payload: Mapped[dict[str, Any]] = mapped_column(JSON)
    run_at: Mapped[Moment]
    attempts: Mapped[int] = mapped_column(Integer, default=0)
    error: Mapped[str] = mapped_column(Text, default="")
    done_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    failed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    __table_args__ = (
        Index(
            "ix_job_waiting",
            "reaction",
            "run_at",
            sqlite_where=(done_at.is_(None)) & (failed_at.is_(None)),
            postgresql_where=(done_at.is_(None)) & (failed_at.is_(None)),
        ),
    )


_WAITING = (Job.done_at.is_(None)) & (Job.failed_at.is_(None))


def dispatch(session: AnySession, reactions: Mapping[str, Sequence[str]], *, now: datetime, limit: int = 500) -> int:
    """Turn new events into jobs by the table event name → reaction names; returns the number of events."""
    events = take_new(session, limit)
    rows = [
        {"event_id": event.id, "reaction": reaction, "payload": event.payload, "run_at": now}
        for event in events
        for reaction in reactions.get(event.name, ())
    ]
    if rows:
        session.execute(insert(Job), rows)
    if events:
        ids = [event.id for event in events]
        session.execute(update(OutboxEvent).where(OutboxEvent.id.in_(ids)).values(dispatched_at=now))
    return len(events)


def has_news(session: AnySession) -> bool:
    """Whether an event waits for its jobs."""
    return bool(session.scalar(select(exists().where(OutboxEvent.dispatched_at.is_(None)))))


def due_reactions(session: AnySession, *, now: datetime) -> set[str]:
    """Names of the reactions that have a job which may run now."""
    return set(session.scalars(select(Job.reaction).where(_WAITING, Job.run_at <= now).distinct()))


def due(session: AnySession, reaction: str, *, now: datetime, limit: int) -> list[Job]:
    """Jobs of one reaction that may run now, oldest first."""
    query = select(Job).where(_WAITING, Job.reaction == reaction, Job.run_at <= now).order_by(Job.id).limit(limit)
    return list(session.scalars(query))


def mark_done(session: AnySession, job_ids: Sequence[int], *, now: datetime) -> None:
    """These jobs have had their effect."""
    session.execute(update(Job).where(Job.id.in_(job_ids)).values(done_at=now, error=""))


def mark_failed(session: AnySession, job_ids: Sequence[int], error: str, *, now: datetime) -> None:
    """These jobs failed: plan the next try, or set them aside after the last one."""
    for job in session.scalars(select(Job).where(Job.id.in_(job_ids))):
        job.attempts += 1
        job.error = error[:2000]
        if job.attempts >= MAX_ATTEMPTS:
            job.failed_at = now
        else:
            job.run_at = now + FIRST_PAUSE * 2 ** (job.attempts - 1)


def backlog(session: AnySession) -> dict[str, int]:
    """How much is waiting: ``events`` without jobs, ``jobs`` not yet done, ``failed`` jobs set aside."""
    events = session.scalar(select(func.count()).select_from(OutboxEvent).where(OutboxEvent.dispatched_at.is_(None)))
    jobs = session.scalar(select(func.count()).select_from(Job).where(_WAITING))
    failed = session.scalar(select(func.count()).select_from(Job).where(Job.failed_at.is_not(None)))
    return {"events": events or 0, "jobs": jobs or 0, "failed": failed or 0}


def list_failed(session: AnySession, *, limit: int) -> list[Job]:
    """Jobs that were set aside, newest first."""
    query = select(Job).where(Job.failed_at.is_not(None)).order_by(Job.id.desc()).limit(limit)
    return list(session.scalars(query))


def retry_failed(session: AnySession, *, now: datetime) -> int:
    """Give jobs that were set aside a fresh start; returns how many."""
    waiting = list(session.scalars(select(Job).where(Job.failed_at.is_not(None))))
    for job in waiting:
        job.failed_at, job.attempts, job.run_at = None, 0, now
    return len(waiting)


def sweep(session: AnySession, *, now: datetime) -> int:
    """Forget events whose jobs were all done more than a week ago; returns how many."""
    unfinished = select(Job.event_id).where(Job.done_at.is_(None))
    old = delete(OutboxEvent).where(OutboxEvent.dispatched_at < now - KEEP_DONE, OutboxEvent.id.not_in(unfinished))
    return int(getattr(session.execute(old), "rowcount", 0))
