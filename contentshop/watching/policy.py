"""Who may have and see saved searches, and whom they tell."""

from __future__ import annotations

from contentshop.accounts.models import User
from contentshop.watching.models import SavedSearch


def can_manage(user: User | None, search: SavedSearch) -> bool:
    """See, change and delete it: only its owner."""
    return user is not None and not user.blocked and user.id == search.user_id


def can_be_told(search: SavedSearch) -> bool:
    """Whether word of new matches may go to its owner now."""
    return not search.paused and not search.user.blocked
