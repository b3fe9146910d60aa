"""What has happened to people."""

from __future__ import annotations

from dataclasses import dataclass

from contentshop.core.outbox import Event


@dataclass(frozen=True, slots=True)
class UserChanged(Event):
    """A person joined, or what others see of them changed."""

    user: str


@dataclass(frozen=True, slots=True)
class PasswordResetAsked(Event):
    """Somebody asked to reset the password of this person."""

    user: str
