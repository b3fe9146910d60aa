"""Reads of live sessions. What readers' pages use selects columns, in a constant number of statements."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from json import loads
from typing import Any

from sqlalchemy import ColumnElement, Select, String, cast, func, literal, or_, select
from sqlalchemy.orm import joinedload

from contentshop.accounts.models import User
from contentshop.core.errors import NotFound
from contentshop.core.uow import AnySession
from contentshop.core.words import say
from contentshop.live.models import LiveCard, LiveMoment, LiveSession
from contentshop.live.policy import can_end
from contentshop.media.models import Asset
from contentshop.posts.queries import CardOrigin
from contentshop.posts.queries import LiveCard as ShownCard
from contentshop.products.models import Product, ProductPicture
from contentshop.products.offers import PictureFacts
from contentshop.products.queries import TITLE_LANGUAGES

# A session that nobody began is off the listings after this.
MISSED = timedelta(hours=3)
MAX_WORDS = 6  # of a search


@dataclass(frozen=True, slots=True)
class CardLine:
    """A card of a session's queue; ``seconds`` are the times of the recording at which it was shown."""

    key: str
    product_id: int
    note: str
    pinned: bool
    seconds: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Session:
    """A live session as readers see it. ``video`` and ``video_form`` name its host's own video, "" for none."""

    id: int
    key: str
    state: str
    title: str
    summary: str
    lang: str
    relation: str
    stream: str
    video: str
    video_form: str
    starts_at: datetime
    began_at: datetime | None
    ended_at: datetime | None
    version: int
    host_key: str
    host_name: str
    host_handle: str
    cards: tuple[CardLine, ...]


@dataclass(frozen=True, slots=True)
class Announcement:
    """A session in a list, with the picture of the product that is shown now, or of the first one of its queue."""

    key: str
    state: str
    title: str
    lang: str
    starts_at: datetime
    host_name: str
    host_handle: str
    picture: PictureFacts | None = None


def get_session(session: AnySession, key: str) -> Session:
    """The session with this public key with its cards, in three statements. Raises NotFound."""
    row = session.execute(
        select(
            LiveSession.id,
            LiveSession.key,
            LiveSession.state,
            LiveSession.title,
            LiveSession.summary,
            LiveSession.lang,
            LiveSession.relation,
            LiveSession.stream,
            func.coalesce(Asset.key, "").label("video"),
            func.coalesce(Asset.form, "").label("video_form"),
            LiveSession.starts_at,
            LiveSession.began_at,
            LiveSession.ended_at,
            LiveSession.version,
            User.key.label("host_key"),
            User.name.label("host_name"),
            User.handle.label("host_handle"),
        )
        .join(User, User.id == LiveSession.host_id)
        .outerjoin(Asset, Asset.id == LiveSession.video_id)
        .where(LiveSession.key == key, User.blocked.is_(False))
    ).one_or_none()
    if row is None:
        raise NotFound(say("There is no such live session."))
    return Session(**row._mapping, cards=_cards(session, row.id))  # noqa: SLF001 - the documented way


def _cards(session: AnySession, session_id: int) -> tuple[CardLine, ...]:
    seconds: dict[int, list[int]] = {}
    moments = select(LiveMoment.card_id, LiveMoment.second).where(LiveMoment.session_id == session_id)
    for card_id, second in session.execute(moments.order_by(LiveMoment.second)):
        seconds.setdefault(card_id, []).append(second)
    rows = session.execute(
        select(LiveCard.id, LiveCard.key, LiveCard.product_id, LiveCard.note, LiveCard.pinned_at)
        .where(LiveCard.session_id == session_id)
        .order_by(LiveCard.position, LiveCard.id)
    )
    return tuple(
        CardLine(row.key, row.product_id, row.note, row.pinned_at is not None, tuple(seconds.get(row.id, ())))
        for row in rows
    )


def find_card(session: AnySession, key: str) -> ShownCard | None:
    """The card with this key of a session that readers see: its host earns by it. One statement."""
    row = session.execute(
        select(
            LiveCard.key,
            LiveCard.product_id,
            LiveSession.key.label("session_key"),
            User.id.label("author_id"),
            User.key.label("author_key"),
        )
        .join(LiveSession, LiveSession.id == LiveCard.session_id)
        .join(User, User.id == LiveSession.host_id)
        .where(LiveCard.key == key, User.blocked.is_(False))
    ).one_or_none()
    if row is None:
        return None
    return ShownCard(post_id=0, post_key="", post_slug="", alternative_id=None, **row._mapping)  # noqa: SLF001


def card_origins(session: AnySession, keys: Collection[str]) -> dict[str, CardOrigin]:
    """The sessions in which these cards stand, by key."""
    if not keys:
        return {}
    rows = session.execute(
        select(
            LiveCard.key,
            LiveSession.title,
            LiveSession.key.label("session_key"),
            User.name.label("author_name"),
            User.key.label("author_key"),
            User.blocked.is_(False).label("published"),
        )
        .join(LiveSession, LiveSession.id == LiveCard.session_id)
        .join(User, User.id == LiveSession.host_id)
        .where(LiveCard.key.in_(keys))
    )
    return {
        row.key: CardOrigin(
            row.title, "", row.author_name, row.author_key, "", bool(row.published), session_key=row.session_key
        )
        for row in rows
    }


def find_version(session: AnySession, key: str) -> int | None:
    """The version of what readers see, None without such a session; one statement."""
    return session.scalar(select(LiveSession.version).where(LiveSession.key == key))


def get_for_host(session: AnySession, key: str, user: User | None) -> LiveSession:
    """The session, for its host and editors. Raises NotFound for everybody else."""
    found = session.scalar(
        select(LiveSession)
        .where(LiveSession.key == key)
        .options(joinedload(LiveSession.video))
        .execution_options(populate_existing=True)
    )
    if found is None or not can_end(user, found):
        raise NotFound(say("There is no such live session."))
    return found


def list_by_host(session: AnySession, host_id: int, *, limit: int = 100) -> list[Announcement]:
    """The sessions of a host, the latest first."""
    query = (
        _announced().where(LiveSession.host_id == host_id).order_by(LiveSession.starts_at.desc(), LiveSession.id.desc())
    )
    return [_announcement(row) for row in session.execute(query.limit(limit))]


def list_announced(
    session: AnySession, *, now: datetime, host_key: str | None = None, limit: int = 6
) -> list[Announcement]:
    """What is live now and what comes next, in this order; only of one host if given."""
    query = _first(now, limit)
    if host_key is not None:
        query = query.where(User.key == host_key)
    return [_announcement(row) for row in session.execute(query)]


def announced_lines(*, now: datetime, text: str = "", limit: int) -> Select[tuple[str]]:
    """The same as lines of text, for another statement to bring along; ``read_lines`` reads them.

    Only what has all words of ``text``, in its title, its summary, its host's name, or the title of a product of its
    queue.
    """
    query = _first(now, limit)
    for word in text.split()[:MAX_WORDS]:
        query = query.where(_mentions(word))
    known = query.subquery()
    # No text among these has a tab: they are lines (``accounts.inputs.clean_line``), keys and numbers.
    line: ColumnElement[str] = literal("")
    for column in known.columns:
        line = line + func.coalesce(cast(column, String), "") + "\t"
    return select(line)


def read_lines(lines: Iterable[str]) -> list[Announcement]:
    """The sessions in ``announced_lines``, in their order."""
    found = []
    for line in lines:
        key, state, title, lang, at, host, handle, asset, width, height, widths, x, y, _end = line.split("\t")
        focus = (int(x or 50), int(y or 50))
        picture = PictureFacts(asset, int(width), int(height), tuple(loads(widths)), "", focus) if asset else None
        found.append(Announcement(key, state, title, lang, _moment(at), host, handle, picture))
    return sorted(found, key=lambda one: (one.state != "live", one.starts_at, one.key))


def _moment(text: str) -> datetime:
    """A time as a database spells it; SQLite's have no zone and are UTC."""
    at = datetime.fromisoformat(text)
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)


def _first(now: datetime, limit: int) -> Select[*tuple[Any, ...]]:
    query = _announced().where(
        User.blocked.is_(False),
        or_(
            LiveSession.state == "live",
            (LiveSession.state == "scheduled") & (LiveSession.starts_at > now - MISSED),
        ),
    )
    return query.order_by(LiveSession.state, LiveSession.starts_at, LiveSession.id).limit(limit)


def _mentions(word: str) -> ColumnElement[bool]:
    shown = (
        select(LiveCard.id)
        .join(Product, Product.id == LiveCard.product_id)
        .where(
            LiveCard.session_id == LiveSession.id,
            or_(
                Product.title.icontains(word, autoescape=True),
                *(
                    Product.translations[(language, "title")].as_string().icontains(word, autoescape=True)
                    for language in TITLE_LANGUAGES
                ),
            ),
        )
        .correlate(LiveSession)
    )
    own = (LiveSession.title, LiveSession.summary, User.name)
    return or_(*(column.icontains(word, autoescape=True) for column in own), shown.exists())


def list_addresses(session: AnySession, *, limit: int) -> list[str]:
    """The public keys of the sessions that can be watched now or again, or are announced, for the sitemap."""
    return list(
        session.scalars(
            select(LiveSession.key)
            .join(User, User.id == LiveSession.host_id)
            .where(User.blocked.is_(False), LiveSession.state.in_(("live", "scheduled", "replay")))
            .order_by(LiveSession.id.desc())
            .limit(limit)
        )
    )


def list_showing(session: AnySession, asset_id: int) -> list[str]:
    """The titles of the sessions that show this video."""
    return list(session.scalars(select(LiveSession.title).where(LiveSession.video_id == asset_id)))


def _announcement(row: Any) -> Announcement:
    values = dict(row._mapping)  # noqa: SLF001 - the documented way
    key, width, height, widths, x, y = (values.pop(name) for name in PICTURE)
    picture = PictureFacts(key, width, height, tuple(widths), "", (x, y)) if key else None
    return Announcement(**values, picture=picture)


PICTURE = ("asset_key", "width", "height", "widths", "focus_x", "focus_y")


def _announced() -> Select[*tuple[Any, ...]]:
    picture = (
        select(ProductPicture.asset_id)
        .join(LiveCard, LiveCard.product_id == ProductPicture.product_id)
        .where(LiveCard.session_id == LiveSession.id, ProductPicture.position == 0)
        .order_by(LiveCard.pinned_at.is_(None), LiveCard.position, LiveCard.id)
        .limit(1)
        .correlate(LiveSession)
        .scalar_subquery()
    )
    return (
        select(
            LiveSession.key,
            LiveSession.state,
            LiveSession.title,
            LiveSession.lang,
            LiveSession.starts_at,
            User.name.label("host_name"),
            User.handle.label("host_handle"),
            Asset.key.label("asset_key"),
            Asset.width,
            Asset.height,
            Asset.widths,
            Asset.focus_x,
            Asset.focus_y,
        )
        .join(User, User.id == LiveSession.host_id)
        .outerjoin(Asset, Asset.id == picture)
    )
