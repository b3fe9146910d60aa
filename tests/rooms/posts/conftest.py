"""A writing desk: two creators, an editor, three products."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from contentshop.accounts.models import User
from contentshop.core.clock import FixedClock
from contentshop.core.outbox import OutboxEvent
from contentshop.posts import actions, queries
from contentshop.posts.inputs import PostInput
from contentshop.posts.models import Card, Post, Revision
from tests.factories import Factory


@dataclass
class Desk:
    """Does what the studio does, one committed unit at a time."""

    session: Session
    clock: FixedClock
    unit: Callable[[], AbstractContextManager[None]]
    author: User
    other: User
    editor: User

    @property
    def now(self) -> datetime:
        return self.clock.now()

    def form(self, **changes: Any) -> PostInput:
        values: dict[str, Any] = {"kind": "article", "title": "Three lamps", "source": "Words."}
        return PostInput.parse(**(values | changes))

    def begin(self, **changes: Any) -> Post:
        with self.unit():
            return actions.create_draft(self.session, self.form(**changes), by=self.author, now=self.now)

    def save(self, post: Post, *, version: int | None = None, by: User | None = None, **changes: Any) -> Post:
        self.clock.advance(timedelta(minutes=1))
        form = self.form(**({"kind": post.kind} | changes))
        with self.unit():
            fresh = queries.get_for_studio(self.session, post.key, self.author)
            return actions.save_draft(
                self.session,
                fresh,
                form,
                version=fresh.draft_version if version is None else version,
                by=by or self.author,
                now=self.now,
            )

    def publish(self, post: Post, *, by: User | None = None) -> Post:
        self.clock.advance(timedelta(minutes=1))
        with self.unit():
            fresh = queries.get_for_studio(self.session, post.key, self.author)
            actions.publish(self.session, fresh, by=by or self.author, now=self.now)
        return fresh

    def unpublish(self, post: Post, *, by: User | None = None) -> Post:
        self.clock.advance(timedelta(minutes=1))
        with self.unit():
            fresh = queries.get_for_studio(self.session, post.key, self.author)
            actions.unpublish(self.session, fresh, by=by or self.author, now=self.now)
        return fresh

    def fresh(self, post: Post) -> Post:
        self.session.rollback()
        return queries.get_for_studio(self.session, post.key, self.author)

    def draft(self, post: Post) -> Revision:
        draft = self.fresh(post).draft
        assert draft is not None
        return draft

    def cards(self, post: Post) -> list[tuple[str, int, bool]]:
        """(key, product, live) of all cards of the post, oldest first."""
        self.session.rollback()
        rows = self.session.execute(
            select(Card.key, Card.product_id, Card.live).where(Card.post_id == post.id).order_by(Card.id)
        )
        return [tuple(row) for row in rows]

    def news(self) -> list[tuple[str, str]]:
        """(event, post) of the posts' events, oldest first."""
        self.session.rollback()
        events = self.session.scalars(
            select(OutboxEvent).where(OutboxEvent.name.startswith("Post")).order_by(OutboxEvent.id)
        )
        return [(event.name, event.payload["post"]) for event in events]


@pytest.fixture
def desk(session: Session, clock: FixedClock, make: Factory, unit: Callable[[], AbstractContextManager[None]]) -> Desk:
    author, other, editor = make.user("creator"), make.user("creator"), make.user("editor")
    return Desk(session, clock, unit, *(session.merge(person, load=True) for person in (author, other, editor)))
