"""Who may do what with a live session, as pure functions of the person and the session."""

from __future__ import annotations

from contentshop.accounts.models import User
from contentshop.accounts.policy import can_edit, can_write
from contentshop.live.models import LiveSession


def can_host(user: User | None, live: LiveSession) -> bool:
    """Change the session, begin it, move its cards, end it: only its host, as long as the host may write."""
    return user is not None and can_write(user) and user.id == live.host_id


def can_end(user: User | None, live: LiveSession) -> bool:
    """End it or take it off the site: its host and editors."""
    return can_host(user, live) or can_edit(user)
