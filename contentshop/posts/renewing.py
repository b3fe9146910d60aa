"""Texts that an older renderer made are made anew from their sources, by the worker, after an upgrade.

What readers see never gets worse by it: a published text that the new rules find fault with stays as it was, and its
author is told when writing on.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import or_, select, update

from contentshop.core.outbox import record
from contentshop.core.text import RENDERER_VERSION
from contentshop.core.uow import AnySession
from contentshop.posts.actions import PreparedText
from contentshop.posts.binding import as_stored, bind, with_deal
from contentshop.posts.events import PostChanged
from contentshop.posts.models import Card, Post, Revision
from contentshop.posts.segments import recommending


def list_outdated(session: AnySession) -> list[int]:
    """Row numbers of the drafts and published texts that an older renderer made, newest first."""
    query = (
        select(Revision.id)
        .join(Post, or_(Post.live_id == Revision.id, Post.draft_id == Revision.id))
        .where(Revision.renderer_version < RENDERER_VERSION)
        .order_by(Revision.id.desc())
    )
    return list(session.scalars(query))


def source_of(session: AnySession, revision_id: int) -> str | None:
    """The source of a revision; None when it is gone."""
    return session.scalar(select(Revision.source).where(Revision.id == revision_id))


def renew(session: AnySession, revision_id: int, text: PreparedText, *, now: datetime) -> bool:
    """Put ``text``, which was made of the revision's source, in its place; False when nothing is left to do."""
    revision = session.get(Revision, revision_id, with_for_update=True)
    if revision is None or revision.source != text.source or revision.renderer_version >= RENDERER_VERSION:
        return False
    post = session.get_one(Post, revision.post_id)
    bound = bind(session, post.id, *with_deal(text.cards, text.rendered.segments, revision.deal or {}))
    problems = (*text.problems, *bound.problems)
    revision.renderer_version = RENDERER_VERSION
    if problems and post.live_id == revision.id:
        return True
    session.add_all(bound.fresh)
    revision.segments, revision.cards = bound.segments, bound.cards
    revision.headings = [list(heading) for heading in text.rendered.headings]
    revision.text = text.rendered.text
    revision.problems = [as_stored(problem) for problem in problems]
    if post.live_id == revision.id and post.state == "published":
        keys = [entry["key"] for entry in recommending(bound.cards)]
        session.flush()
        session.execute(update(Card).where(Card.post_id == post.id).values(live=Card.key.in_(keys)))
        post.version += 1
        record(session, PostChanged(post=post.key), now=now)
    session.flush()
    return True
