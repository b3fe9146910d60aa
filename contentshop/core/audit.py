"""The audit log: what staff did, to what, and what it was before and after. Rows are added and never changed.

An entry is written in the transaction of the change it tells of, so that neither is there without the other. Triggers
of the database refuse UPDATE and DELETE.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import DDL, JSON, Index, String, event, func, or_, select
from sqlalchemy.orm import Mapped, mapped_column

from contentshop.core.db import Base, Moment, PrimaryKey
from contentshop.core.paging import Page
from contentshop.core.uow import AnySession

PAGE_SIZE = 50


class AuditEntry(Base):
    """One thing that a member of staff did. ``actor`` is their public key, ``subject`` a kind and a key
    (``order:3f9k…``), ``action`` the endpoint that did it; ``before`` and ``after`` hold what it changed."""

    __tablename__ = "audit_entry"
    __table_args__ = (Index("ix_audit_entry_subject", "subject", "id"), Index("ix_audit_entry_actor", "actor", "id"))

    id: Mapped[PrimaryKey]
    actor: Mapped[str] = mapped_column(String(20))
    action: Mapped[str] = mapped_column(String(80))
    subject: Mapped[str] = mapped_column(String(120), default="")
    before: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    after: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    happened_at: Mapped[Moment]


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
for _statement in SQLITE_GUARDS:
    event.listen(AuditEntry.__table__, "after_create", DDL(_statement).execute_if(dialect="sqlite"))  # type: ignore[no-untyped-call]
for _statement in POSTGRESQL_GUARDS:
    event.listen(AuditEntry.__table__, "after_create", DDL(_statement).execute_if(dialect="postgresql"))  # type: ignore[no-untyped-call]


def note(
    session: AnySession,
    *,
    actor: str,
    action: str,
    subject: str = "",
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    now: datetime,
) -> None:
    """Write an entry into the running transaction."""
    session.add(
        AuditEntry(
            actor=actor,
            action=action[:80],
            subject=subject[:120],
            before=dict(before or {}),
            after=dict(after or {}),
            happened_at=now,
        )
    )
    session.flush()


def page_entries(
    session: AnySession, *, actor: str = "", subject: str = "", action: str = "", number: int = 1
) -> Page[AuditEntry]:
    """A page of the log, newest first; of one person, about one thing with its parts (``product:3f9k variant:7q2m``
    is about a part of ``product:3f9k``), of one kind of action where asked."""
    wanted = []
    if actor:
        wanted.append(AuditEntry.actor == actor)
    if subject:
        part = AuditEntry.subject.startswith(f"{subject} ", autoescape=True)
        wanted.append(or_(AuditEntry.subject == subject, part))
    if action:
        wanted.append(AuditEntry.action.startswith(action, autoescape=True))
    total = session.scalar(select(func.count()).select_from(AuditEntry).where(*wanted)) or 0
    query = select(AuditEntry).where(*wanted).order_by(AuditEntry.id.desc())
    rows = session.scalars(query.limit(PAGE_SIZE).offset((number - 1) * PAGE_SIZE))
    return Page(list(rows), number, PAGE_SIZE, total)
