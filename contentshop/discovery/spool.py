"""Searches and opened results on their way: one appended line each, counted by the worker (see ``core.spool``)."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import structlog
from sqlalchemy import case, delete, distinct, exists, func, insert, select
from sqlalchemy.dialects import postgresql, sqlite

from contentshop.accounts.models import User
from contentshop.core.db import Base
from contentshop.core.spool import LineSpool, drain_lines, waiting
from contentshop.core.uow import AnySession
from contentshop.discovery.inputs import PickInput, PickKind, SearchInput, day_of, normal_words, read_rank
from contentshop.discovery.models import FeedSearch, SearchCount, SearchMark, SearchPick, SearchSeen
from contentshop.posts.models import Post
from contentshop.posts.queries import PUBLIC
from contentshop.products.models import Product

__all__ = ["Spool", "drain", "forget", "waiting"]

ROWS = 200  # of one statement

# How long single searches are kept; a day is counted anew from them whenever a line of it comes in.
KEEP_SEEN = timedelta(days=2)
# How long opened results are kept, for what is read now; longer than the longest board looks back.
KEEP_PICKS = timedelta(days=32)
KEEP_COUNTS = timedelta(days=400)
KEEP_OWN = timedelta(days=30)  # of a signed-in person, for the own feed

log = structlog.get_logger("contentshop.searches")

Line = SearchInput | PickInput
Search = tuple[str, str]  # language, words


class Spool(LineSpool):
    """The file that this process writes its searches to."""

    def add(self, line: Line) -> bool:
        """Keep a search or an opened result. False, and a line in the log, when it could not be written."""
        try:
            self.append(_fields(line))
        except OSError as error:
            with suppress(OSError):  # the log may lie on the same full disk
                log.error("a search could not be kept", error=str(error))
            return False
        return True


def _fields(line: Line) -> dict[str, Any]:
    fields = {"t": int(line.at.timestamp() * 1000), "w": line.words, "l": line.lang, "v": line.visitor}
    if isinstance(line, SearchInput):
        return fields | {"n": line.found, "x": line.loosened, "b": line.by}
    return fields | {"k": line.kind, "s": line.name, "r": line.rank, "b": line.by}


def drain(session: AnySession, folder: Path, *, now: datetime) -> int:
    """Put new lines into the tables and count their days anew; returns how many were read. The caller commits.

    Lines that mean nothing are skipped with a line in the log; so are those of days that are counted for good.
    """
    oldest = day_of(now - KEEP_SEEN) + 1  # that day is whole in the table

    def keep(lines: list[bytes], path: Path) -> None:
        read = [line for raw in lines if (line := _read(raw, path)) and oldest <= day_of(line.at) <= day_of(now)]
        searches = [line for line in read if isinstance(line, SearchInput)]
        picks = [line for line in read if isinstance(line, PickInput)]
        _insert(session, SearchSeen, [_seen(line) for line in searches])
        _insert(session, SearchPick, list(_picked(session, picks)))
        _remember(session, searches)
        for day in {day_of(line.at) for line in read}:
            _count(session, day, {line.words for line in read if day_of(line.at) == day})

    return drain_lines(session, folder, SearchMark, keep)


def _remember(session: AnySession, searches: Sequence[SearchInput]) -> None:
    """Keep what signed-in people found something for, for their own feeds."""
    own = {(line.by, line.words): line.at for line in searches if line.by and line.found and not line.loosened}
    if not own:
        return
    people = select(User.key, User.id).where(User.key.in_({by for by, _words in own}))
    ids = {row.key: row.id for row in session.execute(people)}
    for (by, words), at in own.items():
        if by in ids:
            session.merge(FeedSearch(user_id=ids[by], words=words, searched_at=at))
    session.flush()


def forget(session: AnySession, *, now: datetime) -> None:
    """Remove what has been kept long enough."""
    session.execute(delete(SearchSeen).where(SearchSeen.day < day_of(now - KEEP_SEEN)))
    session.execute(delete(SearchPick).where(SearchPick.picked_at < now - KEEP_PICKS))
    session.execute(delete(SearchCount).where(SearchCount.day < day_of(now - KEEP_COUNTS)))
    session.execute(delete(FeedSearch).where(FeedSearch.searched_at < now - KEEP_OWN))


def _read(raw: bytes, path: Path) -> Line | None:
    try:
        fields = json.loads(raw)
        at = datetime.fromtimestamp(fields["t"] / 1000, UTC)
        words, lang, visitor = normal_words(str(fields["w"])), str(fields["l"])[:10], str(fields["v"])[:32]
        if not words:
            return None
        if "n" in fields:
            by = str(fields.get("b", ""))
            return SearchInput(at, words, lang, visitor, max(0, int(fields["n"])), bool(fields["x"]), by)
        rank = read_rank(str(fields["r"]))
        kind = cast(PickKind, str(fields["k"]))
        return PickInput(at, words, lang, visitor, kind, str(fields["s"]), rank, str(fields["b"])) if rank else None
    except (ValueError, KeyError, TypeError, OverflowError):
        if raw.strip():
            log.warning("a line of the search spool could not be read", file=path.name)
        return None


def _seen(line: SearchInput) -> dict[str, Any]:
    return {
        "day": day_of(line.at),
        "hour": line.hour,
        "lang": line.lang,
        "words": line.words,
        "visitor": line.visitor,
        "found": line.found,
        "loosened": line.loosened,
    }


def _picked(session: AnySession, picks: Sequence[PickInput]) -> Iterator[dict[str, Any]]:
    """Rows of those results that everybody may read; authors' visits to their own work are none."""
    known = _targets(session, picks)
    for line in picks:
        target, owner = known.get((line.kind, line.name), ("", ""))
        if not target or (line.by and line.by == owner):
            continue
        yield {
            "picked_at": line.at,
            "day": day_of(line.at),
            "lang": line.lang,
            "words": line.words,
            "visitor": line.visitor,
            "kind": line.kind,
            "target": target,
            "rank": line.rank,
        }


def _targets(session: AnySession, picks: Sequence[PickInput]) -> dict[tuple[str, str], tuple[str, str]]:
    """(kind, name) → (public key, its author's) of public things."""
    names: dict[str, set[str]] = {}
    for line in picks:
        names.setdefault(line.kind, set()).add(line.name)
    found: dict[tuple[str, str], tuple[str, str]] = {}
    posts = select(Post.slug, Post.key, User.key).join(User, User.id == Post.author_id)
    posts = posts.where(PUBLIC)
    for chunk in _chunks(names.get("post", ())):
        found |= {("post", slug): (key, by) for slug, key, by in session.execute(posts.where(Post.slug.in_(chunk)))}
    products = select(Product.slug, Product.key).where(Product.listed)
    for chunk in _chunks(names.get("product", ())):
        rows = session.execute(products.where(Product.slug.in_(chunk)))
        found |= {("product", slug): (key, "") for slug, key in rows}
    people = select(User.handle, User.key).where(User.blocked.is_(False))
    for chunk in _chunks(names.get("creator", ())):
        rows = session.execute(people.where(User.handle.in_(chunk)))
        found |= {("creator", handle): (key, key) for handle, key in rows}
    return found


def _chunks(values: Collection[str]) -> Iterator[list[str]]:
    ordered = sorted(values)
    for start in range(0, len(ordered), ROWS):
        yield ordered[start : start + ROWS]


def _insert(session: AnySession, table: type[Base], rows: list[dict[str, Any]]) -> None:
    """Insert what is new; repeats change nothing."""
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    for start in range(0, len(rows), ROWS):
        statement = dialect.insert(table).values(rows[start : start + ROWS])
        session.execute(statement.on_conflict_do_nothing())


def _count(session: AnySession, day: int, words: Collection[str]) -> None:
    """Count one day's searches for these words from the start, so that repeats change nothing."""
    for chunk in _chunks(words):
        counts = _counted_searches(session, day, chunk)
        picks = _counted_picks(session, day, chunk)
        session.execute(delete(SearchCount).where(SearchCount.day == day, SearchCount.words.in_(chunk)))
        rows = [_row(day, search, found, picks.get(search, (0, 0, 0))) for search, found in counts.items()]
        if rows:
            session.execute(insert(SearchCount), rows)


def _row(day: int, search: Search, found: tuple[int, ...], opened: tuple[int, ...]) -> dict[str, Any]:
    (lang, words), (searches, visitors, fruitless, loosened, served), (picks, pickers, ranks) = search, found, opened
    return {
        "day": day,
        "lang": lang,
        "words": words,
        "searches": searches,
        "visitors": visitors,
        "fruitless": fruitless,
        "loosened": loosened,
        "abandoned": max(0, served - pickers),
        "picks": picks,
        "rank_sum": ranks,
    }


def _counted_searches(session: AnySession, day: int, words: list[str]) -> dict[Search, tuple[int, ...]]:
    """(searches, visitors, found nothing, loosened, visitors who were shown something)."""
    rows = session.execute(
        select(
            SearchSeen.lang,
            SearchSeen.words,
            func.count(),
            func.count(distinct(SearchSeen.visitor)),
            func.sum(case((SearchSeen.found == 0, 1), else_=0)),
            func.sum(case((SearchSeen.loosened, 1), else_=0)),
            func.count(distinct(case((SearchSeen.found > 0, SearchSeen.visitor)))),
        )
        .where(SearchSeen.day == day, SearchSeen.words.in_(words))
        .group_by(SearchSeen.lang, SearchSeen.words)
    )
    return {(lang, text): tuple(map(int, counts)) for lang, text, *counts in rows}


def _counted_picks(session: AnySession, day: int, words: list[str]) -> dict[Search, tuple[int, ...]]:
    """(opened results, visitors who opened one, sum of their places), of those who did search for these words."""
    searched = exists().where(
        SearchSeen.visitor == SearchPick.visitor,
        SearchSeen.words == SearchPick.words,
        SearchSeen.lang == SearchPick.lang,
        SearchSeen.day == SearchPick.day,
    )
    rows = session.execute(
        select(
            SearchPick.lang,
            SearchPick.words,
            func.count(),
            func.count(distinct(SearchPick.visitor)),
            func.sum(SearchPick.rank),
        )
        .where(SearchPick.day == day, SearchPick.words.in_(words), searched)
        .group_by(SearchPick.lang, SearchPick.words)
    )
    return {(lang, text): tuple(map(int, counts)) for lang, text, *counts in rows}
