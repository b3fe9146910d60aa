"""Reads of posts. What reader pages use selects columns, in a constant number of statements."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, Row, ScalarSelect, Select, String, and_, cast, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute, aliased, joinedload, selectinload

from contentshop.accounts.models import User
from contentshop.core.db import place_of
from contentshop.core.errors import NotFound
from contentshop.core.money import Money
from contentshop.core.text import Problem
from contentshop.core.uow import AnySession
from contentshop.core.words import say
from contentshop.media.models import Asset
from contentshop.posts.bargains import DealFacts, DealInput, end_of, read_words
from contentshop.posts.models import (
    Card,
    Deal,
    Post,
    PostMember,
    PostTopic,
    Revision,
    RevisionAsset,
    Series,
    SeriesPart,
)
from contentshop.posts.policy import can_see_draft
from contentshop.posts.segments import card_keys, recommending
from contentshop.products.models import Merchant, ProductPicture
from contentshop.products.offers import PictureFacts

AnyRow = Row[*tuple[Any, ...]]

# English prose has about six characters a word, its space included; a Chinese character counts as a word.
CHARACTERS_A_WORD = {"zh": 1, "ja": 1}
OTHER_CHARACTERS_A_WORD = 6

# What everybody may see, in a query that joins the author: a blocked person's posts are off the site as they are.
PUBLIC = and_(Post.state == "published", User.blocked.is_(False))


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
        cover=_picture(asset, alt) if asset is not None else None,
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
    return _joined(
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


# How a deal stands, in a statement that joins posts with deals and their merchants; ``read_deal`` reads them.
DEAL_COLUMNS = (
    Deal.price_minor.label("deal_price"),
    Deal.currency.label("deal_currency"),
    Deal.shop.label("deal_shop"),
    Deal.region.label("deal_region"),
    Deal.starts_at.label("deal_starts_at"),
    Deal.ends_at.label("deal_ends_at"),
    Deal.until.label("deal_until"),
    Deal.closed_as.label("deal_closed_as"),
    Deal.closed_by.label("deal_closed_by"),
    Deal.closed_why.label("deal_closed_why"),
    Deal.closed_at.label("deal_closed_at"),
    Deal.confirmed.label("deal_confirmed"),
    Deal.reports.label("deal_reports"),
    Deal.works.label("deal_works"),
    Deal.fails.label("deal_fails"),
    Merchant.name.label("deal_shop_name"),
    Merchant.translations.label("deal_shop_names"),
)


def read_deal(row: AnyRow) -> DealFacts | None:
    """The deal in a row with ``DEAL_COLUMNS``; None for every other kind of post."""
    if row.deal_price is None:
        return None
    return DealFacts(
        price=Money(row.deal_price, row.deal_currency),
        shop=row.deal_shop,
        region=row.deal_region,
        starts_at=row.deal_starts_at,
        ends_at=row.deal_ends_at,
        until=row.deal_until,
        closed_as=row.deal_closed_as,
        closed_by=row.deal_closed_by,
        closed_why=row.deal_closed_why,
        closed_at=row.deal_closed_at,
        confirmed=row.deal_confirmed,
        reports=row.deal_reports,
        works=row.deal_works,
        fails=row.deal_fails,
        shop_name=row.deal_shop_name or "",
        shop_names=row.deal_shop_names or {},
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
        cover=_cover(row),
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


def list_newest(
    session: AnySession,
    *,
    limit: int,
    offset: int = 0,
    topic: str | None = None,
    author_key: str | None = None,
    kind: str | None = None,
    lang: str | None = None,
) -> list[PostTile]:
    """Published posts, newest first, of one topic, author, kind or language if given."""
    query = _matching(_tiles(), topic=topic, author_key=author_key, kind=kind, lang=lang)
    query = query.order_by(Post.published_at.desc(), Post.id.desc()).limit(limit).offset(offset)
    return [_tile(row) for row in session.execute(query)]


def list_mentions(session: AnySession, product_id: int, *, limit: int = 24) -> list[PostTile]:
    """Published posts that recommend or compare this product, newest first; not those that only tell why not."""
    query = (
        _tiles()
        .where(Post.id.in_(select(Card.post_id).where(Card.product_id == product_id, Card.live)))
        .order_by(Post.published_at.desc(), Post.id.desc())
        .limit(limit)
    )
    return [_tile(row) for row in session.execute(query)]


def tiles_by_id(session: AnySession, ids: Collection[int]) -> dict[int, PostTile]:
    """Tiles of those of these posts that are published, by row number."""
    if not ids:
        return {}
    return {row.id: _tile(row) for row in session.execute(_tiles().where(Post.id.in_(ids)))}


def newest_and(
    session: AnySession, ids: Collection[int], *, limit: int, author_key: str | None = None
) -> tuple[list[PostTile], dict[int, PostTile]]:
    """The first ``limit`` of ``list_newest``, and the tiles of these posts by row number: one statement for both."""
    known = select(Post.id).join(User, User.id == Post.author_id).where(PUBLIC)
    known = _matching(known, topic=None, author_key=author_key, kind=None, lang=None)
    newest = known.order_by(Post.published_at.desc(), Post.id.desc()).limit(limit).subquery()
    wanted = or_(Post.id.in_(select(newest.c.id)), Post.id.in_(ids))
    rows = session.execute(_tiles().where(wanted).order_by(Post.published_at.desc(), Post.id.desc())).all()
    tiles = {row.id: _tile(row) for row in rows}
    # Whatever else was asked for is older, or among the newest itself.
    return list(tiles.values())[:limit], {post_id: tiles[post_id] for post_id in ids if post_id in tiles}


def card_origins(session: AnySession, keys: Collection[str]) -> dict[str, CardOrigin]:
    """Where these cards stand, by key; cards of posts that were never published are left out."""
    if not keys:
        return {}
    rows = session.execute(
        select(
            Card.key,
            Revision.title,
            Post.slug,
            User.name.label("author_name"),
            User.key.label("author_key"),
            Post.key.label("post_key"),
            Post.state,
        )
        .join(Post, Post.id == Card.post_id)
        .join(Revision, Revision.id == Post.live_id)
        .join(User, User.id == Post.author_id)
        .where(Card.key.in_(keys))
    )
    return {
        row.key: CardOrigin(
            row.title, row.slug, row.author_name, row.author_key, row.post_key, row.state == "published"
        )
        for row in rows
    }


def find_card(session: AnySession, key: str) -> LiveCard | None:
    """The card with this key, if readers see it now."""
    row = session.execute(
        select(
            Card.key,
            Post.id.label("post_id"),
            Post.key.label("post_key"),
            Post.slug.label("post_slug"),
            User.id.label("author_id"),
            User.key.label("author_key"),
            Card.product_id,
            Card.alternative_id,
        )
        .join(Post, Post.id == Card.post_id)
        .join(User, User.id == Post.author_id)
        .where(Card.key == key, Card.live, PUBLIC)
    ).one_or_none()
    return LiveCard(**row._mapping) if row is not None else None  # noqa: SLF001 - the documented way


def list_problems(draft: Revision) -> list[Problem]:
    """What could not be read or found in a draft, by line; its sentences can be translated."""
    return [Problem(line, say(template, **values)) for line, template, values in draft.problems]


def get_for_studio(session: AnySession, key: str, user: User | None) -> Post:
    """The post with its two revisions, for whoever works on it or an editor. Raises NotFound for everybody else."""
    post = session.scalar(
        select(Post)
        .where(Post.key == key)
        .options(
            joinedload(Post.draft),
            joinedload(Post.live),
            joinedload(Post.author),
            selectinload(Post.members).joinedload(PostMember.user),
        )
        .execution_options(populate_existing=True)
    )
    if post is None or not can_see_draft(user, post):
        raise NotFound(say("There is no such post."))
    return post


def list_for_author(
    session: AnySession, user: User, *, state: str | None = None, limit: int = 1000, offset: int = 0
) -> list[OwnPost]:
    """Posts this person wrote or works on, last changed first; only those in ``state`` if given."""
    live = aliased(Revision)
    query = (
        select(
            Post.key,
            Post.slug,
            Post.kind,
            Post.state,
            Revision.title,
            Revision.lang,
            Revision.problems,
            own_role(user).label("role"),
            (Post.draft_id != func.coalesce(Post.live_id, 0)).label("changed"),
            Post.published_at,
            Post.updated_at,
            live.title.label("live_title"),
        )
        .join(Revision, Revision.id == Post.draft_id)
        .outerjoin(live, live.id == Post.live_id)
        .where(works_on(user))
        .order_by(Post.updated_at.desc(), Post.id.desc())
        .limit(limit)
        .offset(offset)
    )
    if state is not None:
        query = query.where(Post.state == state)
    return [
        OwnPost(
            key=row.key,
            slug=row.slug,
            kind=row.kind,
            state=row.state,
            role=row.role or "author",
            title=row.title or row.live_title or "",
            lang=row.lang,
            problems=len(row.problems),
            changed=bool(row.changed),
            published_at=row.published_at,
            updated_at=row.updated_at,
        )
        for row in session.execute(query)
    ]


def count_by_state(session: AnySession, user: User) -> dict[str, int]:
    """How many posts of this person, or that they work on, are in each state."""
    rows = session.execute(select(Post.state, func.count().label("number")).where(works_on(user)).group_by(Post.state))
    return {row.state: row.number for row in rows}


def name_of(session: AnySession, user_id: int | None) -> str:
    """The name of the person who saved something; empty when nobody is known."""
    return session.scalar(select(User.name).where(User.id == user_id)) or ""


def own_role(user: User) -> ScalarSelect[str]:
    """The role in which this person works on a post that is another's; null for their own."""
    return (
        select(PostMember.role)
        .where(PostMember.post_id == Post.id, PostMember.user_id == user.id, PostMember.state == "accepted")
        .correlate(Post)
        .scalar_subquery()
    )


def works_on(user: User) -> ColumnElement[bool]:
    """Whether this person wrote a post or works on it."""
    shared = select(PostMember.post_id).where(PostMember.user_id == user.id, PostMember.state == "accepted")
    return or_(Post.author_id == user.id, Post.id.in_(shared))


def find_by_source(session: AnySession, source_id: str) -> Post | None:
    """The post that was imported from ``source_id`` (its ``source`` is that, an ``@`` and a digest)."""
    query = select(Post).where(Post.source.startswith(f"{source_id}@", autoescape=True))
    # LIKE does not tell letter cases apart on SQLite; file names do.
    found = (post for post in session.scalars(query) if (post.source or "").rpartition("@")[0] == source_id)
    return next(found, None)


def audit(session: AnySession) -> list[str]:
    """What is not whole among posts; empty when all is well. A fixed number of statements."""
    cards = _cards_by_post(session)
    topics = _topics_by_post(session)
    findings: list[str] = []
    for row in session.execute(
        select(
            Post.id,
            Post.key,
            Post.state,
            Post.live_id,
            Revision.post_id.label("owner_id"),
            Revision.cards,
            Revision.segments,
            Revision.topics,
        )
        .outerjoin(Revision, Revision.id == func.coalesce(Post.live_id, Post.draft_id))
        .order_by(Post.id)
    ):
        findings += [f"post {row.key}: {text}" for text in _faults(row, cards, topics)]
    return findings


def _faults(row: AnyRow, cards: dict[int, dict[str, tuple[int, bool]]], topics: dict[int, set[str]]) -> Iterable[str]:
    if row.owner_id != row.id:
        yield "its revision is missing or belongs to another post"
        return
    known = cards.get(row.id, {})
    entries = {entry["key"]: entry["product_id"] for entry in row.cards}
    live = {key for key, (_, is_live) in known.items() if is_live}
    seen = {entry["key"] for entry in recommending(row.cards)} if row.state == "published" else set()
    if live != seen:
        yield f"live cards are {sorted(live)}, its text shows {sorted(seen)}"
    for key, product_id in entries.items():
        if key not in known or known[key][0] != product_id:
            yield f"card {key} is missing or offers another product"
    if set(card_keys(row.segments)) != set(entries):
        yield "its text and its list of cards differ"
    filed = topics.get(row.id, set())
    wanted = set(row.topics) if row.state == "published" else set()
    if filed != wanted:
        yield f"filed under {sorted(filed)}, should be {sorted(wanted)}"


def _cards_by_post(session: AnySession) -> dict[int, dict[str, tuple[int, bool]]]:
    found: dict[int, dict[str, tuple[int, bool]]] = {}
    for post_id, key, product_id, live in session.execute(select(Card.post_id, Card.key, Card.product_id, Card.live)):
        found.setdefault(post_id, {})[key] = (product_id, live)
    return found


def _topics_by_post(session: AnySession) -> dict[int, set[str]]:
    found: dict[int, set[str]] = {}
    for post_id, topic in session.execute(select(PostTopic.post_id, PostTopic.topic)):
        found.setdefault(post_id, set()).add(topic)
    return found


def _joined(
    revision_id: InstrumentedAttribute[int | None],
    query: Select[*tuple[Any, ...]],
    picture: ColumnElement[int | None] | InstrumentedAttribute[int | None] = Revision.cover_id,
) -> Select[*tuple[Any, ...]]:
    """Posts with one of their revisions, its cover (or another ``picture``) and their author."""
    return (
        query.add_columns(
            Asset.key.label("asset_key"),
            Asset.width,
            Asset.height,
            Asset.widths,
            Asset.alt.label("asset_alt"),
            Asset.focus_x,
            Asset.focus_y,
        )
        .select_from(Post)
        .join(Revision, Revision.id == revision_id)
        .join(User, User.id == Post.author_id)
        .outerjoin(Deal, Deal.post_id == Post.id)
        .outerjoin(Merchant, Merchant.key == Deal.shop)
        .outerjoin(Asset, Asset.id == picture)
    )


def select_tiles() -> Select[*tuple[Any, ...]]:
    """What tiles show of published posts, for rooms above to narrow and add to; ``read_tile`` reads its rows."""
    return _tiles()


def read_tile(row: AnyRow) -> PostTile:
    """The tile in a row of ``select_tiles``."""
    return _tile(row)


@lru_cache(maxsize=1)
def _tiles() -> Select[*tuple[Any, ...]]:
    """What tiles show of published posts; built once. Without a cover, the first picture of its own that stands in
    the text; without one, that of the first product."""
    used, words = aliased(Asset), aliased(Revision)
    own_picture = (
        select(used.id)
        .join(RevisionAsset, RevisionAsset.asset_id == used.id)
        .join(words, words.id == RevisionAsset.revision_id)
        .where(words.id == Post.live_id, used.kind == "picture")
        .order_by(place_of(words.source, used.key), used.id)
        .limit(1)
        .correlate(Post)
        .scalar_subquery()
    )
    first_product = (
        select(ProductPicture.asset_id)
        .join(Card, Card.product_id == ProductPicture.product_id)
        .where(Card.post_id == Post.id, Card.live, ProductPicture.position == 0)
        .order_by(Card.id)
        .limit(1)
        .correlate(Post)
        .scalar_subquery()
    )
    # A product may stand in a list, on a picture and in a table: it is one pick all the same.
    live_cards = (
        select(func.count(Card.product_id.distinct()))
        .select_from(Card)
        .where(Card.post_id == Post.id, Card.live)
        .correlate(Post)
        .scalar_subquery()
    )
    return _joined(
        Post.live_id,
        select(
            Post.id,
            Post.key,
            Post.slug,
            Post.kind,
            Post.lang,
            Revision.title,
            Revision.summary,
            Revision.cover_alt,
            User.key.label("author_key"),
            User.handle.label("author_handle"),
            User.name.label("author_name"),
            Post.published_at,
            Post.revised_at,
            Post.version,
            live_cards.label("cards_count"),
            *DEAL_COLUMNS,
        ),
        func.coalesce(Revision.cover_id, own_picture, first_product),
    ).where(PUBLIC)


def _matching(
    query: Select[*tuple[Any, ...]],
    *,
    topic: str | None,
    author_key: str | None,
    kind: str | None,
    lang: str | None,
) -> Select[*tuple[Any, ...]]:
    if topic is not None:
        query = query.where(Post.id.in_(select(PostTopic.post_id).where(PostTopic.topic == topic)))
    if author_key is not None:
        query = query.where(User.key == author_key)
    if kind is not None:
        query = query.where(Post.kind == kind)
    if lang is not None:
        query = query.where(Post.lang == lang)
    return query


def _tile(row: AnyRow) -> PostTile:
    values = {name: getattr(row, name) for name in PostTile.__slots__ if name not in ("cover", "deal")}
    return PostTile(**values, cover=_cover(row), deal=read_deal(row))


def _cover(row: AnyRow) -> PictureFacts | None:
    if row.asset_key is None:
        return None
    alt, focus = row.cover_alt or row.asset_alt, (row.focus_x, row.focus_y)
    return PictureFacts(row.asset_key, row.width, row.height, tuple(row.widths), alt, focus)


def _picture(asset: Asset, alt: str) -> PictureFacts:
    return PictureFacts(asset.key, asset.width, asset.height, tuple(asset.widths), alt, (asset.focus_x, asset.focus_y))


def list_addresses(session: AnySession, *, limit: int) -> list[tuple[str, datetime]]:
    """(slug, last change) of published posts for the sitemap, newest first."""
    rows = session.execute(
        select(Post.slug, func.coalesce(Post.revised_at, Post.published_at).label("changed"))
        .join(User, User.id == Post.author_id)
        .where(PUBLIC)
        .order_by(Post.published_at.desc(), Post.id.desc())
        .limit(limit)
    )
    return [(row.slug, row.changed) for row in rows]
