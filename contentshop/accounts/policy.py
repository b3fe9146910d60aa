"""Who may do what, as pure functions of the person."""

from __future__ import annotations

from enum import Enum

from contentshop.accounts.models import User


class Duty(Enum):
    """A part of the shop's work. Operators do all of it; the other staff roles one part each."""

    SERVE = "support"
    PACK = "warehouse"
    MONEY = "finance"


DUTIES: dict[str, frozenset[Duty]] = {
    "operator": frozenset(Duty),
    "support": frozenset({Duty.SERVE}),
    "warehouse": frozenset({Duty.PACK}),
    "finance": frozenset({Duty.MONEY}),
}


def can_write(user: User | None) -> bool:
    """Write posts: creators and editors."""
    return user is not None and not user.blocked and user.role in {"creator", "editor"}


def can_edit(user: User | None) -> bool:
    """Curate featured lists and take any post off the site: editors."""
    return user is not None and not user.blocked and user.role == "editor"


def can_operate(user: User | None) -> bool:
    """Run products, stock and orders: operators."""
    return user is not None and not user.blocked and user.role == "operator"


def duties(user: User | None) -> frozenset[Duty]:
    """The parts of the shop's work that are this person's."""
    return DUTIES.get(user.role, frozenset()) if user is not None and not user.blocked else frozenset()


def may(user: User | None, *any_of: Duty) -> bool:
    """Whether at least one of these parts of the shop's work is this person's."""
    return not duties(user).isdisjoint(any_of)


def is_shop_staff(user: User | None) -> bool:
    """Whoever works in the shop, in whatever part of it."""
    return bool(duties(user))
