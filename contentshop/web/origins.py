"""Whose a card is, wherever it stands: in a post or in a live session."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from contentshop.live import queries as live
from contentshop.posts import queries as posts

if TYPE_CHECKING:
    from contentshop.core.uow import AnySession
    from contentshop.posts.queries import CardOrigin, LiveCard


def find_card(session: AnySession, key: str) -> LiveCard | None:
    """The card with this key if readers see it, in one statement for posts and one more for live sessions."""
    return posts.find_card(session, key) or live.find_card(session, key)


def card_origins(session: AnySession, keys: Collection[str]) -> dict[str, CardOrigin]:
    """Where these cards stand, by key; those that were never public or are gone are left out."""
    found = posts.card_origins(session, keys)
    return found | live.card_origins(session, [key for key in keys if key not in found])
