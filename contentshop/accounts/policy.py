"""Who may do what, as pure functions of the person."""

from __future__ import annotations

from contentshop.accounts.models import User


def can_write(user: User | None) -> bool:
    """Write posts: creators and editors."""
    return user is not None and not user.blocked and user.role in {"creator", "editor"}


def can_edit(user: User | None) -> bool:
    """Curate featured lists and take any post off the site: editors."""
    return user is not None and not user.blocked and user.role == "editor"


def can_operate(user: User | None) -> bool:
    """Run products, stock and orders: operators."""
    return user is not None and not user.blocked and user.role == "operator"
