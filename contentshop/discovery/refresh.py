"""Which published posts gain most from being looked at again. Pure; docs/publishing.md explains the formula.

    worth = (1 + readers) × (1 + days / 90) × (1 + broken)

``readers`` are visitors of the last 30 days that are known of, ``days`` those since the words were last revised or
the things last tested, ``broken`` the sum of ``BROKEN`` over the cards. Each factor is at least 1, so that a post that
nobody reads yet, a fresh one, and one without broken cards still have an order among themselves.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from contentshop.posts.gate import Named

Trouble = Literal["gone", "dead", "sold_out", "stood_in", "unsold", "stale"]
"""What is wrong with a card: the states of ``posts.gate``, or a price so old that readers are not told it."""

BROKEN: Mapping[Trouble, float] = {
    "gone": 3.0,
    "dead": 3.0,
    "sold_out": 2.0,
    "stood_in": 1.0,
    "unsold": 1.0,
    "stale": 0.5,
}
"""How much each trouble costs a reader: nothing to buy at all, nothing now, something else, no price."""

SEASON = 90
"""After so many days without a look, a post weighs twice as much; after twice as many, three times."""

LOOK_AGAIN = 180
"""A post without any trouble is in the queue from so many days on."""


@dataclass(frozen=True, slots=True)
class BrokenCard:
    """A card that serves readers badly: its line in the text, its product, and what they are offered instead."""

    trouble: Trouble
    line: int
    product: Named
    stand_in: Named | None = None


@dataclass(frozen=True, slots=True)
class QueuedPost:
    """A published post and what speaks for looking at it again. ``changed``: there are words not published yet."""

    key: str
    slug: str
    title: str
    lang: str
    readers: int
    looked_at: datetime
    changed: bool
    cards: tuple[BrokenCard, ...]

    def days(self, now: datetime) -> int:
        """Whole days since it was last revised or its things were last tested."""
        return max(0, (now - self.looked_at) // timedelta(days=1))

    def is_due(self, now: datetime) -> bool:
        """Whether there is anything to do."""
        return bool(self.cards) or self.days(now) >= LOOK_AGAIN


def worth(readers: int, days: int, troubles: Iterable[Trouble]) -> float:
    """How much looking at a post again is worth; see above."""
    broken = sum(BROKEN[trouble] for trouble in troubles)
    return (1 + readers) * (1 + days / SEASON) * (1 + broken)


def queue(posts: Iterable[QueuedPost], *, now: datetime) -> list[QueuedPost]:
    """Those of ``posts`` with something to do, the one that gains most first; of equals the one seen longest ago."""

    def place(post: QueuedPost) -> tuple[float, datetime, str]:
        troubles = (card.trouble for card in post.cards)
        return (-worth(post.readers, post.days(now), troubles), post.looked_at, post.key)

    return sorted((post for post in posts if post.is_due(now)), key=place)
