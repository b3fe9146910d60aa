"""Page records of the studio: exactly what each template may show."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from contentshop.web.cards import CardView
from contentshop.web.pictures import PictureView
from contentshop.web.reader_pages import Paging, PostPage

Choice = tuple[str, str]


@dataclass(frozen=True, slots=True)
class StartPage:
    """For somebody who may not write yet. ``open``: one press of a button makes them a creator."""

    open: bool


@dataclass(frozen=True, slots=True)
class PostRow:
    """One line of an author's posts. ``changed``: there are words that readers do not see yet."""

    title: str
    url: str
    live_url: str
    kind: str
    state: str
    lang: str
    changed: bool
    problems: int
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class PostsPage:
    """An author's posts. Each tab is (label, address, present, count)."""

    tabs: Sequence[tuple[str, str, bool, int]]
    posts: Sequence[PostRow]
    empty: bool
    paging: Paging


@dataclass(frozen=True, slots=True)
class NewPage:
    """The start of a post."""

    values: Mapping[str, str]
    languages: Sequence[Choice]
    errors: Mapping[str, list[str]]


@dataclass(frozen=True, slots=True)
class Check:
    """One line of the checklist; ``line`` is a number in the text, or None."""

    text: str
    state: str
    line: int | None = None


@dataclass(frozen=True, slots=True)
class CardLine:
    """A card of the draft as it would resolve now, for its author."""

    line: int
    view: CardView


@dataclass(frozen=True, slots=True)
class Theirs:
    """What was saved in another window in the meantime."""

    title: str
    source: str
    saved_at: datetime


@dataclass(frozen=True, slots=True)
class EditPage:
    """The writing page. ``values`` are what the fields hold; ``topics`` are (slug, title, hint, aside)."""

    key: str
    kind: str
    state: str
    lang: str
    version: int
    values: Mapping[str, str]
    topics: Sequence[tuple[str, str, str, str]]
    chosen: Sequence[str]
    languages: Sequence[Choice]
    relations: Sequence[Choice]
    cover: PictureView | None
    cover_key: str
    errors: Mapping[str, list[str]]
    checks: Sequence[Check]
    cards: Sequence[CardLine]
    changed: bool
    live_url: str
    saved_at: datetime
    published_at: datetime | None
    theirs: Theirs | None


@dataclass(frozen=True, slots=True)
class PreviewPage(PostPage):
    """A draft as readers would see it, with what its author or an editor may do about it.

    ``changed``: readers do not see exactly this yet.
    """

    key: str
    state: str
    changed: bool
    may_change: bool
    problems: int

    @classmethod
    def around(cls, page: PostPage, **own: Any) -> PreviewPage:
        """``page`` with the fields of a preview."""
        return cls(**{field.name: getattr(page, field.name) for field in fields(PostPage)}, **own)
