"""What has happened to reviews."""

from __future__ import annotations

from dataclasses import dataclass

from contentshop.core.outbox import Event


@dataclass(frozen=True, slots=True)
class ReviewChanged(Event):
    """Somebody wrote, changed, removed, hid or showed a review of this product."""

    product: str


@dataclass(frozen=True, slots=True)
class ReviewsInvited(Event):
    """The buyer of this order is to be asked for reviews of what came with it."""

    order: str
