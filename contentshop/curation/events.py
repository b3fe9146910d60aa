"""What has happened to editors' work."""

from __future__ import annotations

from dataclasses import dataclass

from contentshop.core.outbox import Event


@dataclass(frozen=True, slots=True)
class FeaturedListChanged(Event):
    """A featured list was made, changed or placed."""

    featured_list: str
