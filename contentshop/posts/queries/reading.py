"""A post as its readers, and its author before them, see it: whole, in one statement."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, ScalarSelect, Select, String, cast, func, select
from sqlalchemy.orm import InstrumentedAttribute, aliased

from contentshop.accounts.models import User
from contentshop.core.errors import NotFound
from contentshop.core.uow import AnySession
from contentshop.core.words import say
from contentshop.media.models import Asset
from contentshop.posts.bargains import DealFacts, DealInput, end_of, read_words
from contentshop.posts.models import (
    Post,
    PostMember,
    Revision,
    Series,
    SeriesPart,
)
from contentshop.posts.queries.facts import CoAuthor, PublishedPost, SeriesPlace, Update
from contentshop.posts.queries.joining import DEAL_COLUMNS, PUBLIC, AnyRow, cover_of, joined, picture_of, read_deal

# English prose has about six characters a word, its space included; a Chinese character counts as a word.
CHARACTERS_A_WORD = {"zh": 1, "ja": 1}
OTHER_CHARACTERS_A_WORD = 6


def get_published(session: AnySession, slug: str, *, also: ColumnElement[str] | None = None) -> PublishedPost:
    """The post at this address, in one statement. Raises NotFound, also for drafts and unpublished posts.

    ``also`` is a column of a room above that comes along.
    """
    query = _whole(Post.live_id).where(Post.slug == slug, PUBLIC)
    if also is not None:
        query = query.add_columns(also.label("also"))
    row = session.execute(query).one_or_none()
    if row is None:
        raise NotFound(say("There is no such post. It may have been taken down."))
    return _published(row, row.published_at)


def get_preview(session: AnySession, post: Post, *, now: datetime, words: Revision | None = None) -> PublishedPost:
    """The draft of ``post``, or ``words`` in its place, as readers would see it if it were published ``now``.

    Whether the asker may see it has been decided before (``get_for_studio``). Raises NotFound without a draft.
    """
    row = session.execute(_whole(Post.draft_id).where(Post.id == post.id)).one_or_none()
    if row is None:
        raise NotFound(say("There is no such post."))
    found = _published(row, row.published_at or now)
    if words is not None:
        found = _saying(session, found, words)
    return replace(found, standing=_planned(found.deal, now)) if found.deal is not None else found


# What of a page the words of a revision decide, under the same names.
_OF_WORDS = (
    *("lang", "title", "summary", "tested", "tested_from", "tested_to", "owned_since", "relation"),
    *("segments", "headings", "cards", "topics", "cover_alt"),
)


def _saying(session: AnySession, post: PublishedPost, words: Revision) -> PublishedPost:
    asset = session.get(Asset, words.cover_id) if words.cover_id is not None else None
    alt = words.cover_alt or (asset.alt if asset is not None else "")
    return replace(
        post,
        **{name: getattr(words, name) for name in _OF_WORDS},
        cover=picture_of(asset, alt) if asset is not None else None,
        words=estimated_words(len(words.text), words.lang),
        deal=read_words(words.deal) if words.deal else None,
    )


def _planned(deal: DealInput, now: datetime) -> DealFacts | None:
    """How a deal would stand if it were published ``now``; None while it has no price."""
    if deal.price is None:
        return None
    return DealFacts(deal.price, deal.shop, deal.region, deal.starts_at, deal.ends_at, end_of(deal, now=now))


@lru_cache(maxsize=2)
def _whole(revision_id: InstrumentedAttribute[int | None]) -> Select[*tuple[Any, ...]]:
    """Everything a page shows of a post; built once, since building it costs more than asking."""
    return joined(
        revision_id,
        select(
            Post.id,
            Post.key,
            Post.slug,
            Post.kind,
            Revision.lang,
            Revision.title,
            Revision.summary,
            Revision.tested,
            Revision.tested_from,
            Revision.tested_to,
            Revision.owned_since,
            Revision.relation,
            Revision.segments,
            Revision.headings,
            Revision.cards,
            Revision.topics,
            Revision.cover_alt,
            User.key.label("author_key"),
            User.handle.label("author_handle"),
            User.name.label("author_name"),
            User.bio.label("author_bio"),
            User.version.label("author_version"),
            Post.published_at,
            Post.revised_at,
            Post.version,
            Post.updates,
            _COAUTHORS.label("coauthors"),
            _SERIES.label("series"),
            _PARTS.label("parts"),
            Revision.deal,
            *DEAL_COLUMNS,
            func.length(Revision.text).label("length"),
        ),
    )


# In the same statement, as lines of id, handle and name: names are one line without tabs (``accounts.inputs``).
_COAUTHORS = (
    select(func.aggregate_strings(cast(PostMember.id, String) + "\t" + User.handle + "\t" + User.name, "\n"))
    .select_from(PostMember)
    .join(User, User.id == PostMember.user_id)
    .where(
        PostMember.post_id == Post.id,
        PostMember.state == "accepted",
        PostMember.role == "coauthor",
        User.blocked.is_(False),
    )
    .correlate(Post)
    .scalar_subquery()
)


# The series in which a post stands, as slug and title, and its published parts as lines of place, slug and title.
_SERIES = (
    select(Series.slug + "\t" + Series.title)
    .join(SeriesPart, SeriesPart.series_id == Series.id)
    .where(SeriesPart.post_id == Post.id)
    .correlate(Post)
    .scalar_subquery()
)


def _published_parts() -> ScalarSelect[str]:
    own, part = aliased(SeriesPart), aliased(SeriesPart)
    post, words, author = aliased(Post), aliased(Revision), aliased(User)
    return (
        select(func.aggregate_strings(cast(part.position, String) + "\t" + post.slug + "\t" + words.title, "\n"))
        .select_from(own)
        .join(part, part.series_id == own.series_id)
        .join(post, post.id == part.post_id)
        .join(words, words.id == post.live_id)
        .join(author, author.id == post.author_id)
        .where(own.post_id == Post.id, post.state == "published", author.blocked.is_(False))
        .correlate(Post)
        .scalar_subquery()
    )


_PARTS = _published_parts()


def _place(series: str | None, lines: str | None, slug: str) -> SeriesPlace | None:
    """The place of the post with this slug; None where it is in no series or readers do not see it."""
    rows = sorted((line.split("\t", 2) for line in (lines or "").split("\n") if line), key=lambda row: int(row[0]))
    parts = [(name, title) for _position, name, title in rows]
    at = next((at for at, part in enumerate(parts) if part[0] == slug), None)
    if series is None or at is None:
        return None
    name, _tab, title = series.partition("\t")
    before = parts[at - 1] if at else None
    return SeriesPlace(name, title, at + 1, len(parts), before, parts[at + 1] if at + 1 < len(parts) else None)


def _coauthors(lines: str | None) -> tuple[CoAuthor, ...]:
    rows = [line.split("\t", 2) for line in (lines or "").split("\n") if line]
    return tuple(CoAuthor(handle, name) for _id, handle, name in sorted(rows, key=lambda row: int(row[0])))


def _published(row: AnyRow, published_at: datetime) -> PublishedPost:
    own = {"cover", "words", "published_at", "updates", "coauthors", "also", "series", "deal", "standing"}
    return PublishedPost(
        **{name: getattr(row, name) for name in PublishedPost.__slots__ if name not in own},
        published_at=published_at,
        cover=cover_of(row),
        words=estimated_words(row.length, row.lang),
        updates=tuple(Update(datetime.fromisoformat(at), note) for at, note in reversed(row.updates)),
        coauthors=_coauthors(row.coauthors),
        also=getattr(row, "also", None),
        series=_place(row.series, row.parts, row.slug),
        deal=read_words(row.deal) if row.deal else None,
        standing=read_deal(row),
    )


def estimated_words(characters: int, lang: str) -> int:
    """About how many words a text of ``characters`` in ``lang`` has."""
    return characters // CHARACTERS_A_WORD.get(lang, OTHER_CHARACTERS_A_WORD)
