"""Reads of saved searches and of what was told about them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any, TypeVar, cast

from sqlalchemy import ColumnElement, ScalarSelect, and_, exists, func, or_, select
from sqlalchemy.orm import joinedload

from contentshop.accounts.models import User
from contentshop.core.errors import NotFound
from contentshop.core.paging import Page
from contentshop.core.uow import AnySession
from contentshop.core.words import say
from contentshop.posts.models import Post, Revision
from contentshop.posts.queries import PUBLIC
from contentshop.products.models import Product
from contentshop.search.analysis import ANALYSIS_VERSION
from contentshop.search.port import Synonym, kind_of_post
from contentshop.watching.inputs import Kind, Wanted
from contentshop.watching.matching import Analysed, anchors_in
from contentshop.watching.models import Anchor, Notification, SavedSearch, Sighting
from contentshop.watching.policy import can_manage

Thing = tuple[str, str]  # kind and public key
Item = TypeVar("Item")

NOTIFICATIONS = 30  # of one page
FEED = 50  # entries of a feed
AT_ONCE = 400  # values of one IN; SQLite takes 32,766 parameters, PostgreSQL plans long lists badly


@dataclass(frozen=True, slots=True)
class Watch:
    """A saved search as a document is held against it. ``round`` tells whether it was changed since it was read."""

    id: int
    key: str
    round: int
    wanted: Wanted


@dataclass(frozen=True, slots=True)
class Name:
    """What a public thing is called: ``name`` is the slug (or handle) of its address."""

    title: str
    name: str
    lang: str


def wanted_of(search: SavedSearch) -> Wanted:
    """What a saved search waits for."""
    return Wanted(
        text=search.text,
        kind=cast(Kind, search.kind),
        lang=search.lang,
        topic=search.topic,
        currency=search.currency,
        price_to=search.price_to,
        in_stock=search.in_stock,
        worth_from=search.worth_from,
        votes_from=search.votes_from,
        synonyms=_synonyms(search.synonyms),
    )


def list_searches(session: AnySession, user: User) -> list[SavedSearch]:
    """A person's saved searches, the newest first."""
    query = select(SavedSearch).where(SavedSearch.user_id == user.id).order_by(SavedSearch.id.desc())
    return list(session.scalars(query))


def count_told(session: AnySession, user: User) -> dict[int, int]:
    """How many notifications of the kept ones each saved search of a person has brought, by its id."""
    rows = session.execute(
        select(Notification.search_id, func.count())
        .where(Notification.user_id == user.id)
        .group_by(Notification.search_id)
    )
    return {name: count for name, count in rows}  # noqa: C416 - a row is no pair to mypy


def get_search(session: AnySession, key: str, *, by: User) -> SavedSearch:
    """A saved search of one's own. Raises NotFound, also for somebody else's."""
    found = session.scalar(select(SavedSearch).where(SavedSearch.key == key))
    if found is None or not can_manage(by, found):
        raise NotFound(say("There is no such saved search."))
    return found


def find_name(session: AnySession, user_key: str, search_key: str) -> str:
    """The name of a person's saved search; empty when it is not there any more."""
    query = (
        select(SavedSearch.name)
        .join(User, User.id == SavedSearch.user_id)
        .where(SavedSearch.key == search_key, User.key == user_key)
    )
    return session.scalar(query) or ""


def find_for_feed(session: AnySession, key: str, serial: int) -> SavedSearch | None:
    """The saved search whose feed is open under this serial; None when the address is not good any more."""
    return session.scalar(
        select(SavedSearch)
        .join(User, User.id == SavedSearch.user_id)
        .where(SavedSearch.key == key, SavedSearch.feed, SavedSearch.feed_serial == serial, User.blocked.is_(False))
    )


def is_anything_watched(session: AnySession) -> bool:
    """Whether there is a saved search at all, so that nothing is analysed for nobody."""
    return bool(session.scalar(select(exists().where(SavedSearch.paused.is_(False)))))


def list_watches(session: AnySession, found: Sequence[Analysed]) -> dict[str, list[Watch]]:
    """The searches that any of the documents could match, by the anchor that they have in common."""
    terms = sorted({anchor for one in found for anchor in anchors_in(one)})
    met: dict[str, list[_Place]] = defaultdict(list)
    for some in _chunks(terms, AT_ONCE):
        rows = session.execute(
            select(Anchor.term, SavedSearch.key, SavedSearch.round, SavedSearch.anchorings)
            .join(SavedSearch, SavedSearch.id == Anchor.search_id)
            .join(User, User.id == SavedSearch.user_id)
            .where(Anchor.term.in_(some), _LISTENING)
        )
        for term, search_key, number, anchorings in rows:
            met[term].append((search_key, number, anchorings))
    known = _known(session, {place for places in met.values() for place in places})
    return {term: [known[place] for place in places if place in known] for term, places in met.items()}


# What a search waits for in one round and one anchoring of it never changes, so the worker need not read it for each
# document. By keys, since SQLite gives the id of what was deleted to what comes after.
_Place = tuple[str, int, int]
_WATCHES: dict[_Place, Watch] = {}
_MOST_WATCHES = 50_000


def _known(session: AnySession, places: Collection[_Place]) -> dict[_Place, Watch]:
    """The searches with these keys, rounds and anchorings, from memory where they were read before."""
    found = {place: _WATCHES[place] for place in places if place in _WATCHES}
    for some in _chunks(sorted(place[0] for place in places if place not in found), AT_ONCE):
        for anchorings, *columns in session.execute(
            select(SavedSearch.anchorings, *_WATCHED).where(SavedSearch.key.in_(some))
        ):
            watch = _watch(columns)
            found[watch.key, watch.round, anchorings] = watch
    if len(_WATCHES) + len(found) > _MOST_WATCHES:
        _WATCHES.clear()
    _WATCHES.update(found)
    return found


def list_seen(session: AnySession, things: Collection[Thing]) -> dict[Thing, list[tuple[Watch, str]]]:
    """The searches that know of these things, each with why it does not fit any more ("" while it fits)."""
    seen: dict[Thing, list[tuple[Watch, str]]] = defaultdict(list)
    for some in _chunks(sorted(things), AT_ONCE):
        rows = session.execute(
            select(Sighting.kind, Sighting.key, Sighting.lapse, *_WATCHED)
            .join(SavedSearch, SavedSearch.id == Sighting.search_id)
            .join(User, User.id == SavedSearch.user_id)
            .where(_is_one_of(some), _LISTENING)
        )
        for kind, key, lapse, *columns in rows:
            seen[kind, key].append((_watch(columns), lapse))
    return dict(seen)


def _is_one_of(things: Sequence[Thing]) -> ColumnElement[bool]:
    by_kind: dict[str, list[str]] = defaultdict(list)
    for kind, key in things:
        by_kind[kind].append(key)
    return or_(*(and_(Sighting.kind == kind, Sighting.key.in_(keys)) for kind, keys in by_kind.items()))


_WATCHED = (
    SavedSearch.id,
    SavedSearch.key,
    SavedSearch.round,
    SavedSearch.text,
    SavedSearch.kind,
    SavedSearch.lang,
    SavedSearch.topic,
    SavedSearch.currency,
    SavedSearch.price_to,
    SavedSearch.in_stock,
    SavedSearch.worth_from,
    SavedSearch.votes_from,
    SavedSearch.synonyms,
)
_LISTENING = SavedSearch.paused.is_(False) & User.blocked.is_(False)


def _watch(columns: Sequence[Any]) -> Watch:
    search_id, key, round_, text, kind, lang, topic, currency, price_to, in_stock, worth, votes, synonyms = columns
    wanted = Wanted(text, kind, lang, topic, currency, price_to, in_stock, worth, votes, _synonyms(synonyms))
    return Watch(search_id, key, round_, wanted)


def _synonyms(stored: Sequence[Any]) -> tuple[Synonym, ...]:
    return tuple(Synonym(text, tuple(meanings)) for text, meanings in stored)


def crowd(session: AnySession, terms: Collection[str]) -> dict[str, int]:
    """How many searches are kept under each of these terms."""
    rows = session.execute(
        select(Anchor.term, func.count()).where(Anchor.term.in_(sorted(terms))).group_by(Anchor.term)
    )
    return {name: count for name, count in rows}  # noqa: C416 - a row is no pair to mypy


def count_unread(session: AnySession, user: User, *, also: ScalarSelect[int] | None = None) -> int:
    """How many notifications a person has not looked at; ``also`` counts what other rooms told them."""
    own = (
        select(func.count())
        .select_from(Notification)
        .where(Notification.user_id == user.id, Notification.read_at.is_(None))
        .scalar_subquery()
    )
    return session.scalar(select(own if also is None else own + also)) or 0


def list_notifications(session: AnySession, user: User, *, page: int) -> Page[Notification]:
    """One page of a person's notifications with their searches, the newest first."""
    mine = (Notification.user_id == user.id) & Notification.shown
    total = session.scalar(select(func.count()).select_from(Notification).where(mine)) or 0
    items = session.scalars(
        select(Notification)
        .options(joinedload(Notification.search))
        .where(mine)
        .order_by(Notification.created_at.desc(), Notification.id.desc())
        .offset((page - 1) * NOTIFICATIONS)
        .limit(NOTIFICATIONS)
    )
    return Page(list(items), page, NOTIFICATIONS, total)


def list_for_feed(session: AnySession, search: SavedSearch) -> list[Notification]:
    """What a saved search has brought, the newest first."""
    query = (
        select(Notification)
        .where(Notification.search_id == search.id)
        .order_by(Notification.created_at.desc(), Notification.id.desc())
        .limit(FEED)
    )
    return list(session.scalars(query))


def list_to_mail(session: AnySession, user: User, keys: Collection[str]) -> list[Notification]:
    """Those of the notifications that were not mailed yet, with their searches, oldest first."""
    query = (
        select(Notification)
        .options(joinedload(Notification.search))
        .where(
            Notification.user_id == user.id,
            Notification.public_key.in_(sorted(keys)),
            Notification.mailed_at.is_(None),
        )
        .order_by(Notification.id)
    )
    return list(session.scalars(query))


def has_mail_due(session: AnySession, *, now: datetime) -> bool:
    """Whether notifications wait to be mailed whose time has come."""
    due = (Notification.mail_at.is_not(None)) & (Notification.queued_at.is_(None)) & (Notification.mail_at <= now)
    return bool(session.scalar(select(exists().where(due))))


def is_any_stale(session: AnySession) -> bool:
    """Whether there are saved searches whose anchors were made by another version of the analysis."""
    # Two looks at the ends of an index; "is not this one" would read all of it.
    oldest, newest = session.execute(select(func.min(SavedSearch.analysis), func.max(SavedSearch.analysis))).one()
    return oldest is not None and not oldest == newest == ANALYSIS_VERSION


def list_stale(session: AnySession, *, limit: int) -> list[SavedSearch]:
    """Saved searches whose anchors were made by another version of the analysis."""
    query = select(SavedSearch).where(SavedSearch.analysis != ANALYSIS_VERSION).order_by(SavedSearch.id).limit(limit)
    return list(session.scalars(query))


def names_of(session: AnySession, things: Iterable[Thing], locale: str) -> Mapping[Thing, Name]:
    """What those of the things are called that are public now, products in ``locale``; three statements."""
    keys: dict[str, list[str]] = defaultdict(list)
    for kind, key in sorted(set(things)):
        keys["post" if kind in ("list", "deal") else kind].append(key)
    found: dict[Thing, Name] = {}
    if keys["post"]:
        for row in session.execute(
            select(Post.key, Post.slug, Post.kind, Post.lang, Revision.title)
            .join(Revision, Revision.id == Post.live_id)
            .join(User, User.id == Post.author_id)
            .where(Post.key.in_(keys["post"]), PUBLIC)
        ):
            found[kind_of_post(row.kind), row.key] = Name(row.title, row.slug, row.lang)
    if keys["product"]:
        for product in session.execute(
            select(Product.key, Product.slug, Product.title, Product.lang, Product.translations).where(
                Product.key.in_(keys["product"]), Product.listed
            )
        ):
            title = (product.translations.get(locale) or {}).get("title")
            found["product", product.key] = Name(
                title or product.title, product.slug, locale if title else product.lang
            )
    if keys["creator"]:
        people = select(User.key, User.handle, User.name).where(User.key.in_(keys["creator"]), User.blocked.is_(False))
        found |= {("creator", person.key): Name(person.name, person.handle, "") for person in session.execute(people)}
    return found


def _chunks(items: Iterable[Item], size: int) -> Iterator[list[Item]]:
    left = iter(items)
    while some := list(islice(left, size)):
        yield some
