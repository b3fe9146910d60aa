"""What has happened to saved searches."""

from __future__ import annotations

from dataclasses import dataclass

from contentshop.core.outbox import Event


@dataclass(frozen=True, slots=True)
class SearchArmed(Event):
    """A search was saved, changed or resumed: what fits it now has to be learnt, since it is no news."""

    saved_search: str


@dataclass(frozen=True, slots=True)
class NotificationsDue(Event):
    """These notifications of one person are to be mailed now, in one mail."""

    user: str
    notifications: tuple[str, ...]
