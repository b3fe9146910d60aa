"""Page records of the studio: exactly what each template may show."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from contentshop.web.cards import CardView
from contentshop.web.pictures import PictureView
from contentshop.web.reader_pages import Paging, PostPage
from contentshop.web.starters import Starter

Choice = tuple[str, str]


@dataclass(frozen=True, slots=True)
class StartPage:
    """For somebody who may not write yet. ``open``: one press of a button makes them a creator."""

    open: bool


@dataclass(frozen=True, slots=True)
class PostRow:
    """One line of an author's posts. ``changed``: there are words that readers do not see yet.

    ``role`` is the person's: author, coauthor or reviewer.
    """

    title: str
    url: str
    live_url: str
    kind: str
    state: str
    role: str
    lang: str
    changed: bool
    problems: int
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class PostsPage:
    """An author's posts. Each tab is (label, address, present, count). ``to_refresh`` posts want another look."""

    tabs: Sequence[tuple[str, str, bool, int]]
    posts: Sequence[PostRow]
    empty: bool
    paging: Paging
    notices: Sequence[NoticeView]
    invitations: Sequence[InvitationView]
    plans: Sequence[PlanView]
    to_refresh: int


@dataclass(frozen=True, slots=True)
class NewPage:
    """The start of a post, with the ways to begin."""

    starters: Sequence[Starter]
    values: Mapping[str, str]
    languages: Sequence[Choice]
    errors: Mapping[str, list[str]]


@dataclass(frozen=True, slots=True)
class Repair:
    """A button that mends what a check found: it sends the whole form to ``url``, with ``name`` = ``value``."""

    label: str
    url: str
    name: str = "repair"
    value: str = ""


@dataclass(frozen=True, slots=True)
class Check:
    """One line of the checklist. ``state`` is good, warn (advice) or bad (in the way of publishing).

    ``line`` is a number in the text, or None; ``reason`` says why it matters, ``url`` leads to a post to look at.
    """

    text: str
    state: str
    line: int | None = None
    reason: str = ""
    repair: Repair | None = None
    url: str = ""


@dataclass(frozen=True, slots=True)
class CardLine:
    """A card of the draft as it would resolve now, for its author."""

    line: int
    view: CardView


@dataclass(frozen=True, slots=True)
class PlanView:
    """What is planned for a post. ``at`` is in words, in ``zone``; ``newer``: later words are not part of it."""

    key: str
    kind: str
    state: str
    at: str
    zone: str
    number: int | None
    newer: bool
    title: str
    url: str
    cancel_url: str
    problems: Sequence[str]


@dataclass(frozen=True, slots=True)
class NoticeView:
    """Word of what happened to a post, as one sentence."""

    key: str
    glyph: str
    text: str
    url: str
    at: datetime


@dataclass(frozen=True, slots=True)
class InvitationView:
    """Somebody asks the person to work on their post."""

    title: str
    author: str
    role: str
    url: str


@dataclass(frozen=True, slots=True)
class PostSide:
    """What stands around a draft: its past, plans and people. ``holder`` is who else is writing now, or empty."""

    key: str
    published: bool
    plans: Sequence[PlanView]
    holder: str
    holder_since: datetime | None
    copies: int
    remarks: int
    team: Sequence[str]
    may_invite: bool
    update_note: str
    silent: bool


@dataclass(frozen=True, slots=True)
class DealFields:
    """What the fields of a deal offer to choose from. ``product`` is the title of the one that is chosen."""

    product: str
    shops: Sequence[Choice]
    currencies: Sequence[Choice]
    regions: Sequence[Choice]
    zones: Sequence[Choice]
    standing_url: str


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
    side: PostSide
    deal: DealFields | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PreviewPage(PostPage):
    """A draft as readers would see it, with what its author or an editor may do about it.

    ``changed``: readers do not see exactly this yet.
    """

    key: str
    state: str
    changed: bool
    may_change: bool
    may_remark: bool
    problems: int

    @classmethod
    def around(cls, page: PostPage, **own: Any) -> PreviewPage:
        """``page`` with the fields of a preview."""
        return cls(**{field.name: getattr(page, field.name) for field in fields(PostPage)}, **own)
