"""Who may do what with products. Operators do everything at their desk; these are the rules of the studio."""

from __future__ import annotations

from contentshop.accounts.models import User
from contentshop.accounts.policy import can_operate, can_write
from contentshop.products.models import Product


def can_bring_in(user: User | None) -> bool:
    """Whether somebody may add a product of another shop."""
    return can_write(user)


def can_correct(user: User | None, product: Product) -> bool:
    """Whether somebody may correct a product in the studio: what they brought in, or anything as an operator.

    What an import or another creator described is not theirs to change.
    """
    if user is None or can_operate(user):
        return user is not None
    return can_write(user) and bool(product.added_by) and product.added_by == user.key
