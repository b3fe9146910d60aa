"""What has happened in discussions that readers see."""

from __future__ import annotations

from dataclasses import dataclass

from contentshop.core.outbox import Event


@dataclass(frozen=True, slots=True)
class CommentChanged(Event):
    """Somebody wrote, changed, removed or hid a comment on a post."""

    post: str


@dataclass(frozen=True, slots=True)
class QuestionChanged(Event):
    """Somebody wrote, changed, removed or hid a question about a product or an answer to one."""

    product: str


@dataclass(frozen=True, slots=True)
class WorthChanged(Event):
    """What readers may know of how many find a post worth it changed."""

    post: str
