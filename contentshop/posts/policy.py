"""Who may do what with a post, as pure functions of the person and the post.

A post belongs to the author who began it. Co-authors write and publish as the author does; reviewers read the draft,
remark on it and offer words, but change nothing. Only the author decides who works on it.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from contentshop.accounts.models import User
from contentshop.accounts.policy import can_edit, can_write
from contentshop.posts.models import EditLock, Post, PostMember, Remark

# A lock whose holder has not been heard of for this long is free. Editors say every 20 seconds that they are there.
LOCK_LIFE = timedelta(seconds=90)
INVITATION_LIFE = timedelta(days=14)


def role_in(user: User | None, post: Post) -> str:
    """``author``, ``coauthor``, ``reviewer``, or empty for everybody else."""
    if user is None or user.blocked:
        return ""
    if user.id == post.author_id:
        return "author"
    return next((m.role for m in post.members if m.user_id == user.id and m.state == "accepted"), "")


def can_change(user: User | None, post: Post) -> bool:
    """Save and publish: its authors, as long as they may write."""
    return can_write(user) and role_in(user, post) in {"author", "coauthor"}


def can_see_draft(user: User | None, post: Post) -> bool:
    """Read what is not published: its authors, its reviewers and editors."""
    return can_change(user, post) or role_in(user, post) == "reviewer" or can_edit(user)


def can_unpublish(user: User | None, post: Post) -> bool:
    """Take it off the site: its authors and editors."""
    return can_change(user, post) or can_edit(user)


def can_settle(user: User | None, post: Post) -> bool:
    """Say how a deal stands: its authors and editors."""
    return can_change(user, post) or can_edit(user)


def can_report(user: User | None, post: Post) -> bool:
    """Say that a deal is over or how its coupon did: everybody who is signed in and did not write it."""
    return user is not None and not user.blocked and role_in(user, post) not in {"author", "coauthor"}


def can_invite(user: User | None, post: Post) -> bool:
    """Say who works on it: the author alone."""
    return can_write(user) and role_in(user, post) == "author"


def can_remark(user: User | None, post: Post) -> bool:
    """Speak about the draft: who works on it, and editors."""
    return can_see_draft(user, post)


def can_resolve(user: User | None, post: Post, remark: Remark) -> bool:
    """End a remark's discussion: its authors, and whoever began it while they may see the draft."""
    return can_change(user, post) or (user is not None and user.id == remark.author_id and can_see_draft(user, post))


def is_open(invitation: PostMember, *, now: datetime) -> bool:
    """Whether an invitation can still be answered."""
    return invitation.state == "invited" and now < invitation.invited_at + INVITATION_LIFE


def is_held(lock: EditLock | None, *, now: datetime) -> bool:
    """Whether somebody is writing."""
    return lock is not None and now < lock.beat_at + LOCK_LIFE
