"""Who may do what in a discussion, as pure functions of the person and the text."""

from __future__ import annotations

from datetime import datetime, timedelta

from contentshop.accounts.models import User
from contentshop.accounts.policy import can_edit
from contentshop.social.models import Comment

# For so long after writing a text may be changed.
EDITABLE = timedelta(minutes=15)


def can_speak(user: User | None) -> bool:
    """Write, report and vote: everybody who is signed in."""
    return user is not None and not user.blocked


def can_change(user: User | None, comment: Comment, *, now: datetime) -> bool:
    """Change a text: whoever wrote it, soon afterwards, while it is shown."""
    return can_remove(user, comment) and now < comment.created_at + EDITABLE


def can_remove(user: User | None, comment: Comment) -> bool:
    """Take a text away: whoever wrote it, while it is shown."""
    return user is not None and can_speak(user) and user.id == comment.author_id and comment.state == "shown"


def can_hide(user: User | None, subject_author_id: int | None) -> bool:
    """Hide a text with a reason: editors, and below a post its author."""
    return can_edit(user) or (user is not None and can_speak(user) and user.id == subject_author_id)
