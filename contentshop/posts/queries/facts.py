"""What queries of posts answer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from contentshop.posts.bargains import DealFacts, DealInput
from contentshop.products.offers import PictureFacts


@dataclass(frozen=True, slots=True)
class Update:
    """What an author changed in a published post, and when."""

    at: datetime
    note: str


@dataclass(frozen=True, slots=True)
class CoAuthor:
    """Somebody who wrote a post together with its author."""

    handle: str
    name: str


@dataclass(frozen=True, slots=True)
class SeriesPlace:
    """Where a published post stands in its series: number ``number`` of ``count`` published parts.

    ``before`` and ``after`` are (slug, title) of the parts beside it, or None.
    """

    slug: str
    title: str
    number: int
    count: int
    before: tuple[str, str] | None
    after: tuple[str, str] | None


@dataclass(frozen=True, slots=True)
class PublishedPost:
    """A post as readers see it: its live revision and its author.

    ``segments``, ``headings`` and ``cards`` are as they were saved. ``words`` is an estimate from the length
    of the text, for the reading time. ``updates`` are what readers are told of, newest first; ``coauthors`` stand in
    the order in which they were asked. ``deal`` is what the author of a deal wrote, ``standing`` how it stands.
    """

    id: int
    key: str
    slug: str
    kind: str
    lang: str
    title: str
    summary: str
    tested: str
    tested_from: date | None
    tested_to: date | None
    owned_since: date | None
    relation: str
    segments: list[Any]
    headings: list[Any]
    cards: list[dict[str, Any]]
    topics: list[str]
    cover: PictureFacts | None
    cover_alt: str
    author_key: str
    author_handle: str
    author_name: str
    author_bio: str
    author_version: int
    published_at: datetime
    revised_at: datetime | None
    version: int
    words: int
    updates: tuple[Update, ...] = ()
    coauthors: tuple[CoAuthor, ...] = ()
    also: str | None = None
    series: SeriesPlace | None = None
    deal: DealInput | None = None
    standing: DealFacts | None = None


@dataclass(frozen=True, slots=True)
class PostTile:
    """What a list of posts shows of each. ``cards_count`` counts the products readers see in it; ``deal`` is how a deal
    stands."""

    id: int
    key: str
    slug: str
    kind: str
    lang: str
    title: str
    summary: str
    cover: PictureFacts | None
    author_key: str
    author_handle: str
    author_name: str
    published_at: datetime
    revised_at: datetime | None
    version: int
    cards_count: int
    deal: DealFacts | None = None


@dataclass(frozen=True, slots=True)
class CardOrigin:
    """Where a card stands, for whoever keeps only its key; ``published``: its page can be opened.

    One that stands in a live session has its public key in ``session_key``, and no post ("").
    """

    title: str
    slug: str
    author_name: str
    author_key: str
    post_key: str
    published: bool
    session_key: str = ""


@dataclass(frozen=True, slots=True)
class LiveCard:
    """A card that readers see: whose it is, and the product (and stand-in) it offers.

    One that stands in a live session has its public key in ``session_key``, and no post (0 and "").
    """

    key: str
    post_id: int
    post_key: str
    post_slug: str
    author_id: int
    author_key: str
    product_id: int
    alternative_id: int | None
    session_key: str = ""


@dataclass(frozen=True, slots=True)
class OwnPost:
    """One line of an author's list. ``changed`` tells that the draft differs from what readers see.

    ``role`` is that of the person whose list it is: author, coauthor or reviewer.
    """

    key: str
    slug: str
    kind: str
    state: str
    role: str
    title: str
    lang: str
    problems: int
    changed: bool
    published_at: datetime | None
    updated_at: datetime
