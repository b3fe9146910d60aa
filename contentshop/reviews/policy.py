"""Who may do what with a review, as pure functions of the person and the review."""

from __future__ import annotations

from datetime import datetime, timedelta

from contentshop.accounts.models import User
from contentshop.accounts.policy import Duty, can_edit, may
from contentshop.reviews.models import Review

# For so long after writing a review may be changed; later one can only add to it.
EDITABLE = timedelta(days=30)
# So long after writing something may be added: by then it says how the thing lasts.
ADDED_AFTER = timedelta(days=1)
# When after the arrival of an order its buyer is asked for reviews, and until when.
INVITED_AFTER = timedelta(days=5)
INVITED_WITHIN = timedelta(days=30)


def can_speak(user: User | None) -> bool:
    """Vote and report: everybody who is signed in."""
    return user is not None and not user.blocked


def wrote(user: User | None, review: Review) -> bool:
    """Whether a review is this person's."""
    return user is not None and can_speak(user) and user.id == review.author_id


def can_change(user: User | None, review: Review, *, now: datetime) -> bool:
    """Change a review: whoever wrote it, for some time, while it is shown."""
    return wrote(user, review) and review.state == "shown" and now < review.created_at + EDITABLE


def can_add(user: User | None, review: Review, *, now: datetime) -> bool:
    """Add something to a review: whoever wrote it, once, some time later."""
    return (
        wrote(user, review)
        and review.state == "shown"
        and review.more_at is None
        and now >= review.created_at + ADDED_AFTER
    )


def can_remove(user: User | None, review: Review) -> bool:
    """Take a review away for good: whoever wrote it, also when it is hidden."""
    return wrote(user, review) and review.state != "deleted"


def can_vote(user: User | None, review: Review) -> bool:
    """Find a review helpful: everybody but whoever wrote it."""
    return can_speak(user) and not wrote(user, review) and review.state == "shown"


def can_reply(user: User | None) -> bool:
    """Answer for the shop: support and operators."""
    return may(user, Duty.SERVE)


def can_hide(user: User | None) -> bool:
    """Hide a review with a reason: editors alone. Whoever sells a thing takes away nothing that is said of it."""
    return can_edit(user)
