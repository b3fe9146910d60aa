"""The five ways a request can be refused; every door maps each to one HTTP answer.

Rooms raise these and nothing else. Messages are for people: what is wrong and what to do.
"""

from __future__ import annotations

from collections.abc import Mapping


class ContentshopError(Exception):
    """Base of every refusal that is a normal case, not a defect."""

    def __init__(self, message: str = "") -> None:
        super().__init__(message)
        self.message = message


class NotFound(ContentshopError):
    """The thing does not exist, or the asker may not know that it does (404)."""


class Forbidden(ContentshopError):
    """The asker is known and may not do this (403)."""


class Invalid(ContentshopError):
    """The input is wrong. ``fields`` maps a field name to its messages (422)."""

    def __init__(self, fields: Mapping[str, list[str]] | None = None, message: str = "") -> None:
        self.fields: dict[str, list[str]] = {name: list(texts) for name, texts in (fields or {}).items()}
        super().__init__(message or "; ".join(text for texts in self.fields.values() for text in texts))


class Conflict(ContentshopError):
    """The input is right but the world has moved: stock gone, edited elsewhere (409)."""


class Unavailable(ContentshopError):
    """A system we depend on does not answer; trying again later can help (503)."""
