"""What has happened to posts that readers see. A draft that was never published is nobody's news."""

from __future__ import annotations

from dataclasses import dataclass

from contentshop.core.outbox import Event


@dataclass(frozen=True, slots=True)
class PostPublished(Event):
    """A post that readers could not see became visible."""

    post: str


@dataclass(frozen=True, slots=True)
class PostChanged(Event):
    """A visible post's version grew: it was published anew, or its author saved words for the next time."""

    post: str


@dataclass(frozen=True, slots=True)
class PostUnpublished(Event):
    """A visible post was taken off the site."""

    post: str
