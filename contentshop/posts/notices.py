"""Word to those who work on a post of what happened to it, shown in the studio until it is read."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import ScalarSelect, delete, func, select, update
from sqlalchemy.orm import aliased

from contentshop.accounts.models import User
from contentshop.core.ids import new_key
from contentshop.core.uow import AnySession
from contentshop.posts.models import Post, Revision, StudioNotice

Kind = Literal[
    "published",  # as planned
    "taken_down",  # as planned
    "not_published",  # though planned
    "not_taken_down",  # though planned
    "invited",
    "joined",
    "declined",
    "left",
    "removed",
    "commented",
    "suggested",
    "resolved",
    "accepted",
    "rejected",
    "lock_taken",
    "deal_reported",  # by so many readers that it is shown as over
    "deal_price",  # a look at the offer found that it costs more
    "deal_sold_out",  # a look at the offer found none left
    "deal_back",  # what a look at the offer had ended goes on
    "deal_unsure",  # nobody has said for long that it goes on
    "deal_settled",  # an editor said how it stands
    "deal_merged",  # an editor found it there twice; the other one stays
]

KEPT = timedelta(days=90)
SHOWN = 20


@dataclass(frozen=True, slots=True)
class Notice:
    """One notice as its reader sees it. ``who`` is empty when nobody did it but the clock."""

    key: str
    kind: str
    who: str
    post_key: str
    post_title: str
    at: datetime


def notify(
    session: AnySession, people: Collection[int], post: Post, kind: Kind, *, now: datetime, who: User | None = None
) -> None:
    """Tell these people (rows of accounts), but never the one who did it."""
    for user_id in dict.fromkeys(people):
        if who is None or user_id != who.id:
            session.add(
                StudioNotice(
                    key=new_key(),
                    user_id=user_id,
                    post_id=post.id,
                    kind=kind,
                    who_id=who.id if who else None,
                    created_at=now,
                )
            )


def list_unread(session: AnySession, user: User) -> list[Notice]:
    """What this person has not read yet, newest first, in one statement."""
    who = aliased(User)
    rows = session.execute(
        select(
            StudioNotice.key,
            StudioNotice.kind,
            who.name.label("who"),
            Post.key.label("post_key"),
            Revision.title.label("post_title"),
            StudioNotice.created_at,
        )
        .join(Post, Post.id == StudioNotice.post_id)
        .outerjoin(Revision, Revision.id == Post.draft_id)
        .outerjoin(who, who.id == StudioNotice.who_id)
        .where(StudioNotice.user_id == user.id, StudioNotice.read_at.is_(None))
        .order_by(StudioNotice.id.desc())
        .limit(SHOWN)
    )
    return [
        Notice(row.key, row.kind, row.who or "", row.post_key, row.post_title or "", row.created_at) for row in rows
    ]


def unread_of(user: User) -> ScalarSelect[int]:
    """How many notices this person has not read yet, as part of a statement that asks for more."""
    mine = (StudioNotice.user_id == user.id, StudioNotice.read_at.is_(None))
    return select(func.count()).select_from(StudioNotice).where(*mine).scalar_subquery()


def mark_all_read(session: AnySession, user: User, *, now: datetime) -> None:
    """This person has read everything they were told."""
    session.execute(
        update(StudioNotice).where(StudioNotice.user_id == user.id, StudioNotice.read_at.is_(None)).values(read_at=now)
    )


def mark_read(session: AnySession, user: User, keys: Sequence[str], *, now: datetime) -> None:
    """This person has read these; only their own are touched."""
    session.execute(
        update(StudioNotice)
        .where(StudioNotice.user_id == user.id, StudioNotice.key.in_(keys), StudioNotice.read_at.is_(None))
        .values(read_at=now)
    )


def forget(session: AnySession, *, now: datetime) -> None:
    """Drop what was told more than 90 days ago."""
    session.execute(delete(StudioNotice).where(StudioNotice.created_at < now - KEPT))
