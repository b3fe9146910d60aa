"""Changes to discussions. None commits; the door does.

Each raises the discussion's version by a statement first, so that people who write below the same post at once follow
one another, and readers' pages see that something has changed.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects import postgresql, sqlite

from contentshop.accounts.models import User
from contentshop.core.errors import Conflict, Forbidden, Invalid, NotFound
from contentshop.core.ids import new_key
from contentshop.core.outbox import Event, record
from contentshop.core.uow import AnySession
from contentshop.core.words import say
from contentshop.posts.models import Post
from contentshop.social.events import CommentChanged, QuestionChanged, WorthChanged
from contentshop.social.models import Comment, CommentReport, Discussion, WorthVote
from contentshop.social.policy import can_change, can_hide, can_remove, can_speak
from contentshop.social.queries import Found, Subject, may_vote

# Votes stay untold for so long after the first one.
MASKED = timedelta(minutes=10)
MOST_REPLIES = 200  # to one comment
KEY_LENGTH = 10


def say_something(
    session: AnySession, subject: Subject, text: str, *, by: User, now: datetime, parent_key: str = ""
) -> Comment:
    """Write a comment or a question, or reply to one. Raises Forbidden, NotFound, Conflict when a thread is full."""
    _allow_to_speak(by)
    discussion = touch(session, subject)
    parent = _parent(session, discussion, parent_key) if parent_key else None
    comment = Comment(
        key=new_key(KEY_LENGTH),
        discussion_id=discussion,
        parent_id=parent,
        author_id=by.id,
        state="shown",
        text=text,
        created_at=now,
    )
    session.add(comment)
    session.flush()
    _tell(session, subject, now)
    return comment


def change(session: AnySession, found: Found, text: str, *, by: User, now: datetime) -> None:
    """Put other words in place of one's own. Raises Conflict when it is too late, Forbidden for somebody else's."""
    if not can_remove(by, found.comment):
        raise Forbidden(say("This is not yours to change."))
    if not can_change(by, found.comment, now=now):
        raise Conflict(say("A text can be changed for 15 minutes. Now you can only delete it."))
    touch(session, found.subject)
    found.comment.text, found.comment.edited_at = text, now
    session.flush()
    _tell(session, found.subject, now)


def remove(session: AnySession, found: Found, *, by: User, now: datetime) -> None:
    """Delete one's own text; what was replied to it stays. Raises Forbidden."""
    if not can_remove(by, found.comment):
        raise Forbidden(say("This is not yours to change."))
    touch(session, found.subject)
    found.comment.state, found.comment.text = "deleted", ""
    session.flush()
    _tell(session, found.subject, now)


def hide(session: AnySession, found: Found, note: str, *, by: User, now: datetime) -> None:
    """Show a text to nobody, and say why. Raises Forbidden; Conflict when its author has deleted it."""
    _allow_to_hide(by, found)
    touch(session, found.subject)
    found.comment.state, found.comment.note, found.comment.hidden_by = "hidden", note, by.id
    _settle(session, found.comment, now)
    _tell(session, found.subject, now)


def show_again(session: AnySession, found: Found, *, by: User, now: datetime) -> None:
    """Show a hidden text again. Raises Forbidden, Conflict."""
    _allow_to_hide(by, found)
    touch(session, found.subject)
    found.comment.state, found.comment.note, found.comment.hidden_by = "shown", "", None
    session.flush()
    _tell(session, found.subject, now)


def report(session: AnySession, found: Found, reason: str, *, by: User, now: datetime) -> None:
    """Ask editors to look at a text; once for each person. Raises Forbidden, Invalid for one's own."""
    _allow_to_speak(by)
    if found.comment.author_id == by.id:
        raise Invalid({"reason": [say("This is yours; delete it instead.")]})
    row = _dialect(session).insert(CommentReport).values(
        comment_id=found.comment.id, user_id=by.id, reason=reason, reported_at=now
    )  # fmt: skip
    session.execute(row.on_conflict_do_nothing())


def leave(session: AnySession, comment_key: str, *, now: datetime) -> None:
    """An editor has looked at a reported text and leaves it. Harmless when it is gone."""
    comment = session.scalar(select(Comment).where(Comment.key == comment_key))
    if comment is not None:
        _settle(session, comment, now)


def vote(session: AnySession, subject: Subject, worth: bool | None, reason: str, *, by: User, now: datetime) -> None:
    """Say whether a post was worth it, or take that back (None). Again changes nothing. Raises Forbidden for those who
    wrote it."""
    _allow_to_speak(by)
    if not may_vote(session, subject, by):
        raise Forbidden(say("Whoever wrote a post does not judge it."))
    discussion = touch(session, subject)
    mine = (WorthVote.discussion_id == discussion, WorthVote.user_id == by.id)
    before = session.scalar(select(WorthVote.worth).where(*mine))
    session.execute(delete(WorthVote).where(*mine))
    if worth is not None:
        # The primary key decides, not the look above: one vote for each person.
        row = _dialect(session).insert(WorthVote).values(
            discussion_id=discussion, user_id=by.id, worth=worth, reason=reason, voted_at=now
        )  # fmt: skip
        if session.scalar(row.on_conflict_do_nothing().returning(WorthVote.user_id)) is None:
            raise Conflict(say("You have just answered in another window."))
    session.execute(
        update(Discussion)
        .where(Discussion.id == discussion)
        .values(
            worth=Discussion.worth + int(worth is True) - int(before is True),
            unworth=Discussion.unworth + int(worth is False) - int(before is False),
            first_vote_at=func.coalesce(Discussion.first_vote_at, None if worth is None else now),
        )
        .execution_options(synchronize_session=False)
    )
    record(session, WorthChanged(post=subject.key), now=now)


def open_counts(session: AnySession, *, now: datetime) -> int:
    """Let readers know the votes whose first is old enough; returns how many posts that concerns."""
    due = Discussion.first_vote_at <= now - MASKED, Discussion.opened.is_(False)
    rows = session.execute(
        select(Discussion.id, Post.key).join(Post, Post.id == Discussion.post_id).where(*due).limit(500)
    ).all()
    for _id, key in rows:
        record(session, WorthChanged(post=key), now=now)
    session.execute(
        update(Discussion)
        .where(Discussion.id.in_([row[0] for row in rows]))
        .values(opened=True, version=Discussion.version + 1)
        .execution_options(synchronize_session=False)
    )
    return len(rows)


def touch(session: AnySession, subject: Subject) -> int:
    """Raise the version of the discussion, which is begun if need be; whoever writes in it too waits here."""
    about = {f"{subject.kind}_id": subject.id}
    begun = _dialect(session).insert(Discussion).values(**about, version=0, worth=0, unworth=0, opened=False)
    session.execute(begun.on_conflict_do_nothing())
    column = Discussion.post_id if subject.kind == "post" else Discussion.product_id
    session.execute(
        update(Discussion)
        .where(column == subject.id)
        .values(version=Discussion.version + 1)
        .execution_options(synchronize_session=False)
    )
    return session.scalars(select(Discussion.id).where(column == subject.id)).one()


def _parent(session: AnySession, discussion: int, key: str) -> int:
    """The comment that a reply belongs to: replies to replies stand in the same thread."""
    found = session.execute(
        select(Comment.id, Comment.parent_id)
        .join(User, User.id == Comment.author_id)
        .where(
            Comment.key == key,
            Comment.discussion_id == discussion,
            Comment.state == "shown",
            User.blocked.is_(False),
        )
    ).one_or_none()
    if found is None:
        raise NotFound(say("There is no such comment. It may have been taken away."))
    root: int = found.parent_id or found.id
    count = session.scalar(select(func.count()).select_from(Comment).where(Comment.parent_id == root)) or 0
    if count >= MOST_REPLIES:
        raise Conflict(say("This thread is full; begin a new one."))
    return root


def _tell(session: AnySession, subject: Subject, now: datetime) -> None:
    event: Event = CommentChanged(subject.key) if subject.kind == "post" else QuestionChanged(subject.key)
    record(session, event, now=now)


def _settle(session: AnySession, comment: Comment, now: datetime) -> None:
    session.execute(
        update(CommentReport)
        .where(CommentReport.comment_id == comment.id, CommentReport.settled_at.is_(None))
        .values(settled_at=now)
    )
    session.flush()


def _allow_to_speak(by: User) -> None:
    if not can_speak(by):
        raise Forbidden(say("Please sign in first."))


def _allow_to_hide(by: User, found: Found) -> None:
    if not can_hide(by, found.subject.author_id):
        raise Forbidden(say("Only editors and the author of the post may do this."))
    if found.comment.state == "deleted":
        raise Conflict(say("Whoever wrote this has deleted it."))


def _dialect(session: AnySession) -> Any:
    return postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
