"""Counting clicks."""

from __future__ import annotations

from datetime import datetime

from contentshop.affiliate.inputs import ClickInput
from contentshop.affiliate.queries import WayOut
from contentshop.affiliate.spool import Spool


def click(spool: Spool, way: WayOut, *, visitor: str, by: str | None, now: datetime) -> bool:
    """Keep one click on ``way``; whether it counts. Creators' clicks on their own cards do not.

    ``visitor`` is the day's hash, ``by`` the key of the signed-in person. Repeats within an hour are kept
    here and dropped when the spool is drained.
    """
    if by is not None and by == way.creator_key:
        return False
    return spool.add(
        ClickInput(
            at=now,
            card=way.card.key if way.card else "",
            offer=way.offer_key,
            post=way.card.post_key if way.card else "",
            creator=way.creator_key,
            visitor=visitor,
        )
    )
