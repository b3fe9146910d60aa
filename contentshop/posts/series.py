"""Series: posts of one creator that belong together, in an order of the creator's choosing.

Readers are shown published parts alone; a series without any is nobody's business but its creator's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import case, delete, func, select, update

from contentshop.accounts.inputs import clean_line, clean_text
from contentshop.accounts.models import User
from contentshop.accounts.policy import can_write
from contentshop.core.errors import Conflict, Forbidden, Invalid, NotFound
from contentshop.core.ids import new_key, slugify
from contentshop.core.uow import AnySession
from contentshop.core.words import say
from contentshop.posts.inputs import LANGUAGE
from contentshop.posts.models import Post, Revision, Series, SeriesPart
from contentshop.posts.queries import PUBLIC, PostTile, read_tile, select_tiles

MAX_TITLE = 120
MAX_INTRO = 1000
MOST_PARTS = 100
MOST_SERIES = 200  # of one creator


@dataclass(frozen=True, slots=True)
class SeriesInput:
    """What a creator says of a series."""

    title: str
    intro: str
    lang: str

    @classmethod
    def parse(cls, *, title: str, intro: str = "", lang: str = "en") -> SeriesInput:
        """Raises Invalid with every field that needs another look."""
        problems: dict[str, list[str]] = {}
        title, intro = clean_line(title, len(title)), clean_text(intro, len(intro))
        if not title:
            problems["title"] = [say("Give the series a title.")]
        for name, text, most in (("title", title, MAX_TITLE), ("intro", intro, MAX_INTRO)):
            if len(text) > most:
                problems[name] = [say("Use at most %(limit)s characters (now %(count)s).", limit=most, count=len(text))]
        match = LANGUAGE.fullmatch(lang.strip()[:36])
        if match is None:
            problems["lang"] = [say("“%(text)s” is not a language; write it like en or zh.", text=lang[:40])]
        if problems or match is None:
            raise Invalid(problems)
        return cls(title, intro, match[1].lower())


@dataclass(frozen=True, slots=True)
class SeriesLine:
    """A series in its creator's list, with how many posts it has and how many of them readers see."""

    key: str
    slug: str
    title: str
    parts: int
    published: int


@dataclass(frozen=True, slots=True)
class PartLine:
    """A post in a series, or one that could be put into it, as its creator sees it."""

    key: str
    title: str
    state: str


@dataclass(frozen=True, slots=True)
class PublicSeries:
    """A series as readers see it."""

    slug: str
    title: str
    intro: str
    lang: str
    author_name: str
    author_handle: str
    parts: tuple[PostTile, ...]


# ---- what readers see


def get_series(session: AnySession, slug: str) -> PublicSeries:
    """The series at this address with its published parts, in two statements. Raises NotFound without any."""
    found = session.execute(
        select(Series.id, Series.slug, Series.title, Series.intro, Series.lang, User.name, User.handle)
        .join(User, User.id == Series.author_id)
        .where(Series.slug == slug, User.blocked.is_(False))
    ).one_or_none()
    parts: tuple[PostTile, ...] = ()
    if found is not None:
        rows = session.execute(
            select_tiles()
            .join(SeriesPart, SeriesPart.post_id == Post.id)
            .where(SeriesPart.series_id == found.id)
            .order_by(SeriesPart.position, Post.id)
        )
        parts = tuple(read_tile(row) for row in rows)
    if found is None or not parts:
        raise NotFound(say("There is no such series. It may have been taken down."))
    return PublicSeries(found.slug, found.title, found.intro, found.lang, found.name, found.handle, parts)


def list_addresses(session: AnySession, *, limit: int) -> list[tuple[str, datetime]]:
    """(slug, last change of a part) of the series that readers see, for the sitemap."""
    changed = func.max(func.coalesce(Post.revised_at, Post.published_at))
    rows = session.execute(
        select(Series.slug, changed.label("changed"))
        .join(SeriesPart, SeriesPart.series_id == Series.id)
        .join(Post, Post.id == SeriesPart.post_id)
        .join(User, User.id == Post.author_id)
        .where(PUBLIC)
        .group_by(Series.id, Series.slug)
        .order_by(Series.id)
        .limit(limit)
    )
    return [(row.slug, row.changed) for row in rows]


# ---- what their creators see


def get_own(session: AnySession, key: str, user: User) -> Series:
    """The series with this key, for its creator. Raises NotFound for everybody else."""
    series = session.scalar(select(Series).where(Series.key == key).execution_options(populate_existing=True))
    if series is None or series.author_id != user.id:
        raise NotFound(say("There is no such series among yours."))
    return series


def list_own(session: AnySession, user: User) -> list[SeriesLine]:
    """A creator's series, the newest first."""
    rows = session.execute(
        select(
            Series.key,
            Series.slug,
            Series.title,
            func.count(Post.id).label("parts"),
            func.count(case((Post.state == "published", Post.id))).label("published"),
        )
        .outerjoin(SeriesPart, SeriesPart.series_id == Series.id)
        .outerjoin(Post, Post.id == SeriesPart.post_id)
        .where(Series.author_id == user.id)
        .group_by(Series.id, Series.key, Series.slug, Series.title)
        .order_by(Series.id.desc())
    )
    return [SeriesLine(row.key, row.slug, row.title, row.parts, row.published) for row in rows]


def list_parts(session: AnySession, series: Series) -> list[PartLine]:
    """The posts of a series in their order, drafts included."""
    rows = session.execute(
        select(Post.key, Revision.title, Post.state)
        .join(SeriesPart, SeriesPart.post_id == Post.id)
        .join(Revision, Revision.id == Post.draft_id)
        .where(SeriesPart.series_id == series.id)
        .order_by(SeriesPart.position, Post.id)
    )
    return [PartLine(row.key, row.title, row.state) for row in rows]


def list_loose(session: AnySession, user: User, *, limit: int = 200) -> list[PartLine]:
    """A creator's posts that are in no series, last changed first."""
    rows = session.execute(
        select(Post.key, Revision.title, Post.state)
        .join(Revision, Revision.id == Post.draft_id)
        .outerjoin(SeriesPart, SeriesPart.post_id == Post.id)
        .where(Post.author_id == user.id, SeriesPart.post_id.is_(None))
        .order_by(Post.updated_at.desc(), Post.id.desc())
        .limit(limit)
    )
    return [PartLine(row.key, row.title, row.state) for row in rows]


# ---- changes


def make_series(session: AnySession, form: SeriesInput, *, by: User, now: datetime) -> Series:
    """Begin a series. Raises Forbidden for who may not write, Conflict when there are too many."""
    if not can_write(by):
        raise Forbidden(say("Only creators may do this."))
    if (session.scalar(select(func.count()).where(Series.author_id == by.id)) or 0) >= MOST_SERIES:
        raise Conflict(say("You have %(most)s series; that is as many as can be.", most=MOST_SERIES))
    base = slugify(form.title)
    taken = session.scalar(select(Series.id).where(Series.slug == base)) is not None
    series = Series(
        key=new_key(),
        slug=f"{base}-{new_key(6)}" if taken else base,
        author_id=by.id,
        title=form.title,
        intro=form.intro,
        lang=form.lang,
        created_at=now,
    )
    session.add(series)
    session.flush()
    return series


def change_series(session: AnySession, series: Series, form: SeriesInput, *, by: User) -> None:
    """Change its words; its address stays."""
    _claim(session, series, by)
    series.title, series.intro, series.lang = form.title, form.intro, form.lang
    session.flush()


def delete_series(session: AnySession, series: Series, *, by: User) -> None:
    """Take a series apart; its posts stay as they are."""
    _claim(session, series, by)
    session.execute(delete(SeriesPart).where(SeriesPart.series_id == series.id))
    session.execute(delete(Series).where(Series.id == series.id))


def put_in(session: AnySession, series: Series, post_key: str, *, by: User) -> None:
    """Put a post at the end of a series; nothing happens when it is in it.

    Raises NotFound for a post that is not the person's own, Conflict when it is in another series.
    """
    _claim(session, series, by)
    # The post's row is held, so that two windows cannot put it into two series at once.
    own = select(Post.id).where(Post.key == post_key, Post.author_id == by.id).with_for_update()
    post_id = session.scalar(own)
    if post_id is None:
        raise NotFound(say("There is no such post among yours."))
    present = session.scalar(select(SeriesPart.series_id).where(SeriesPart.post_id == post_id))
    if present == series.id:
        return
    ids = _part_ids(session, series)
    if len(ids) >= MOST_PARTS:
        raise Conflict(say("A series has at most %(most)s parts.", most=MOST_PARTS))
    if present is not None:
        raise Conflict(say("This post is part of another series. Take it out there first."))
    session.add(SeriesPart(post_id=post_id, series_id=series.id, position=len(ids)))
    session.flush()


def take_out(session: AnySession, series: Series, post_key: str, *, by: User) -> None:
    """Take a post out of a series; harmless when it is not in it."""
    _claim(session, series, by)
    post_id = session.scalar(select(Post.id).where(Post.key == post_key))
    session.execute(delete(SeriesPart).where(SeriesPart.series_id == series.id, SeriesPart.post_id == post_id))
    _number(session, series, _part_ids(session, series))


def move(session: AnySession, series: Series, post_key: str, step: int, *, by: User) -> None:
    """Move a part by ``step`` places, as far as there are any. Raises NotFound for what is not a part."""
    _claim(session, series, by)
    ids = _part_ids(session, series)
    post_id = session.scalar(select(Post.id).where(Post.key == post_key))
    if post_id not in ids:
        raise NotFound(say("This post is not part of the series."))
    here = ids.index(post_id)
    ids.insert(max(0, min(len(ids) - 1, here + step)), ids.pop(here))
    _number(session, series, ids)


def put_in_order(session: AnySession, series: Series, post_keys: Sequence[str], *, by: User) -> None:
    """Bring the parts into this order; parts that are not named keep theirs, behind it."""
    _claim(session, series, by)
    ids = _part_ids(session, series)
    rows = session.execute(select(Post.key, Post.id).where(Post.id.in_(ids)))
    known = {row.key: row.id for row in rows}
    wanted = [known[key] for key in dict.fromkeys(post_keys) if key in known]
    _number(session, series, [*wanted, *(one for one in ids if one not in set(wanted))])


def _claim(session: AnySession, series: Series, by: User) -> None:
    """Let nobody else change the series until the end of the transaction, and tell kept pages of the change."""
    if series.author_id != by.id or not can_write(by):
        raise Forbidden(say("Only its creator may change a series."))
    session.execute(update(Series).where(Series.id == series.id).values(version=Series.version + 1))
    session.refresh(series)


def _part_ids(session: AnySession, series: Series) -> list[int]:
    query = select(SeriesPart.post_id).where(SeriesPart.series_id == series.id)
    return list(session.scalars(query.order_by(SeriesPart.position, SeriesPart.post_id)))


def _number(session: AnySession, series: Series, post_ids: Sequence[int]) -> None:
    for position, post_id in enumerate(post_ids):
        session.execute(
            update(SeriesPart)
            .where(SeriesPart.post_id == post_id, SeriesPart.series_id == series.id)
            .values(position=position)
        )
