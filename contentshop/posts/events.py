"""What has happened to posts that readers see, and what those who write them are to be told by mail.

A draft that was never published is nobody's news.
"""

from __future__ import annotations

from dataclasses import dataclass

from contentshop.core.outbox import Event


@dataclass(frozen=True, slots=True)
class PostPublished(Event):
    """A post that readers could not see became visible."""

    post: str


@dataclass(frozen=True, slots=True)
class PostChanged(Event):
    """What readers see of a visible post changed: it was published anew, or it has other co-authors."""

    post: str


@dataclass(frozen=True, slots=True)
class PostUnpublished(Event):
    """A visible post was taken off the site."""

    post: str


@dataclass(frozen=True, slots=True)
class DealChanged(Event):
    """A deal that readers see began, ended or goes on."""

    post: str


@dataclass(frozen=True, slots=True)
class DealMerged(Event):
    """A deal was there twice and was taken off the site; the other one stays."""

    post: str


@dataclass(frozen=True, slots=True)
class PlanFailed(Event):
    """What was planned for a post could not be done at its time."""

    plan: str


@dataclass(frozen=True, slots=True)
class MemberInvited(Event):
    """Somebody was asked to work on a post."""

    member: str
