"""Who may do what with a post, as pure functions of the person and the post."""

from __future__ import annotations

from contentshop.accounts.models import User
from contentshop.accounts.policy import can_edit, can_write
from contentshop.posts.models import Post


def can_change(user: User | None, post: Post) -> bool:
    """Save and publish: only the author, as long as the author may write."""
    return user is not None and can_write(user) and user.id == post.author_id


def can_see_draft(user: User | None, post: Post) -> bool:
    """Read what is not published: the author and editors."""
    return can_change(user, post) or can_edit(user)


def can_unpublish(user: User | None, post: Post) -> bool:
    """Take it off the site: the author and editors."""
    return can_see_draft(user, post)
