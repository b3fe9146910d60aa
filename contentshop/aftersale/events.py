"""What has happened to after-sale cases."""

from __future__ import annotations

from dataclasses import dataclass

from contentshop.core.outbox import Event


@dataclass(frozen=True, slots=True)
class AfterSaleMoved(Event):
    """A case has come into another ``state``."""

    case: str
    state: str
