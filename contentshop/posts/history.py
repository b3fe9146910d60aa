"""A draft's past: its revisions, what differs between two of them, and words that went astray.

What is kept for how long (``prune``): what was published or saved by hand, always. Of automatic saves, all of the
last day, then the last one of each day for 30 days. The steps that lead back to what an open window began with, 7
days; a merged copy, 30 days.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, delete, exists, func, or_, select

from contentshop.accounts.models import User
from contentshop.core.errors import Conflict, NotFound
from contentshop.core.ids import new_key
from contentshop.core.uow import AnySession
from contentshop.core.words import say
from contentshop.posts.actions import EditConflict, PreparedText, prepare_text, save_draft
from contentshop.posts.inputs import PostInput
from contentshop.posts.merging import (
    FIELDS,
    TEXT,
    Block,
    Chunk,
    Words,
    compare,
    compare_words,
    count_words,
    form_of,
    go_back,
    merge,
    merge_field,
    words_of,
)
from contentshop.posts.models import DraftStep, Post, PostPlan, Revision, StrayCopy

ALL_OF = timedelta(days=1)
DAILY_FOR = timedelta(days=30)
STEPS_FOR = timedelta(days=7)
SETTLED_FOR = timedelta(days=30)
# Of a copy, the window that wrote it: what the same window sends again belongs to the same copy.
WINDOW = "window"

Change = tuple[str, str]  # what became of a card ("added", "gone", "changed") and the slug of its product


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a post's history and how it differs from the revision before.

    ``added`` and ``gone`` count words; ``cards_added`` and ``cards_gone`` are slugs of products.
    """

    number: int
    kind: str
    title: str
    saved_at: datetime
    saved_by: str
    published_at: datetime | None
    restored_from: int | None
    live: bool
    draft: bool
    added: int
    gone: int
    cards_added: tuple[str, ...]
    cards_gone: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Difference:
    """What differs between two revisions: fields as (name, before, after), the text in blocks, cards one by one."""

    older: Revision
    newer: Revision
    fields: tuple[tuple[str, Any, Any], ...]
    blocks: tuple[Block, ...]
    cards: tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class Reunion:
    """A stray copy put together with the draft. ``fields`` clash as (name, mine, theirs); ``words`` are settled.

    ``version`` is the draft's. ``based`` tells whether it is known what both began with.
    """

    copy: StrayCopy
    version: int
    based: bool
    words: Words
    fields: tuple[tuple[str, Any, Any], ...]
    chunks: tuple[Chunk, ...]

    @property
    def clashes(self) -> int:
        """How many choices have to be made."""
        return len(self.fields) + sum(chunk.clash for chunk in self.chunks)

    def text(self, choices: Sequence[str]) -> str:
        """The text with a choice ("mine", "theirs" or "both") for each clash in turn; mine where there is none."""
        given = iter(choices)
        return "".join(_chosen(chunk, next(given, "mine")) if chunk.clash else chunk.mine for chunk in self.chunks)


def _chosen(chunk: Chunk, choice: str) -> str:
    if choice == "theirs":
        return chunk.theirs
    if choice == "both":
        end = "" if not chunk.mine or chunk.mine.endswith("\n") else "\n"
        return chunk.mine + end + chunk.theirs
    return chunk.mine


# ---- revisions


def list_entries(session: AnySession, post: Post, *, limit: int, offset: int = 0) -> list[Entry]:
    """The post's revisions, newest first, in one statement."""
    rows = session.execute(
        select(Revision, User.name)
        .outerjoin(User, User.id == Revision.saved_by)
        .where(Revision.post_id == post.id)
        .order_by(Revision.number.desc())
        .limit(limit + 1)
        .offset(offset)
    ).all()
    pairs = zip(rows, [*rows[1:], None], strict=False)
    return [_entry(post, row[0], row[1] or "", older[0] if older else None) for row, older in pairs][:limit]


def count_revisions(session: AnySession, post: Post) -> int:
    """How many revisions the post has."""
    return session.scalar(select(func.count()).where(Revision.post_id == post.id)) or 0


def get_revision(session: AnySession, post: Post, number: int) -> Revision:
    """A revision of this post. Raises NotFound."""
    found = session.scalar(select(Revision).where(Revision.post_id == post.id, Revision.number == number))
    if found is None:
        raise NotFound(say("There is no such version of this post. Old automatic saves are not kept for ever."))
    return found


def get_before(session: AnySession, revision: Revision) -> Revision | None:
    """The revision before this one."""
    return session.scalar(
        select(Revision)
        .where(Revision.post_id == revision.post_id, Revision.number < revision.number)
        .order_by(Revision.number.desc())
        .limit(1)
    )


def difference(older: Revision, newer: Revision) -> Difference:
    """What differs between two revisions of a post."""
    before, after = words_of(older), words_of(newer)
    return Difference(
        older=older,
        newer=newer,
        fields=tuple((n, before[n], after[n]) for n in FIELDS if n != TEXT and before[n] != after[n]),
        blocks=tuple(compare(older.source, newer.source)),
        cards=tuple(_card_changes(older.cards, newer.cards)),
    )


def restore(
    session: AnySession,
    post: Post,
    revision: Revision,
    *,
    version: int,
    by: User,
    now: datetime,
    text: PreparedText | None = None,
) -> Post:
    """Make the words of an old revision the draft, as a new revision; its cards get their keys back.

    Raises EditConflict when the draft is not at ``version`` any more, Forbidden.
    """
    if post.draft_version != version:
        raise EditConflict(version=post.draft_version)
    form = form_of(words_of(revision), post.kind)
    text = text or prepare_text(form.source)
    return save_draft(
        session,
        post,
        form,
        version=version,
        by=by,
        now=now,
        text=text,
        how="restored",
        restored_from=revision.number,
    )


def _entry(post: Post, revision: Revision, name: str, older: Revision | None) -> Entry:
    before = older.source if older else ""
    pieces = compare_words(before, revision.source)
    changes = list(_card_changes(older.cards if older else (), revision.cards))
    return Entry(
        number=revision.number,
        kind=revision.kind,
        title=revision.title,
        saved_at=revision.saved_at,
        saved_by=name,
        published_at=revision.published_at,
        restored_from=revision.restored_from,
        live=revision.id == post.live_id and post.state == "published",
        draft=revision.id == post.draft_id,
        added=sum(count_words(piece.text) for piece in pieces if piece.op == "new"),
        gone=sum(count_words(piece.text) for piece in pieces if piece.op == "gone"),
        cards_added=tuple(slug for what, slug in changes if what == "added"),
        cards_gone=tuple(slug for what, slug in changes if what == "gone"),
    )


def _card_changes(older: Iterable[Mapping[str, Any]], newer: Iterable[Mapping[str, Any]]) -> Iterable[Change]:
    before = {entry["key"]: entry for entry in older}
    after = {entry["key"]: entry for entry in newer}
    for key, entry in after.items():
        if key not in before:
            yield "added", entry["product_slug"]
        elif _said(before[key]) != _said(entry):
            yield "changed", entry["product_slug"]
    for key, entry in before.items():
        if key not in after:
            yield "gone", entry["product_slug"]


def _said(entry: Mapping[str, Any]) -> dict[str, Any]:
    """A card without the number of its line, which moves with the text above it."""
    return {name: value for name, value in entry.items() if name != "line"}


# ---- words that went astray


def keep_copy(
    session: AnySession, post: Post, words: Words, *, version: int, window: str, by: User, now: datetime
) -> StrayCopy:
    """Keep words that could not be saved on top of ``version``, so that no reload loses them.

    What the same ``window`` sends again replaces what it sent before; without one, only the same words do.
    """
    kept = list_copies(session, post, by)
    for copy in kept:
        if (window and copy.words.get(WINDOW) == window) or _only_words(copy) == words:
            copy.words, copy.kept_at = {**words, WINDOW: window}, now
            session.flush()
            return copy
    copy = StrayCopy(
        key=new_key(), post_id=post.id, user_id=by.id, version=version, words={**words, WINDOW: window}, kept_at=now
    )
    session.add(copy)
    session.flush()
    return copy


def list_copies(session: AnySession, post: Post, user: User) -> list[StrayCopy]:
    """This person's words that wait to be merged into this post, newest first."""
    query = (
        select(StrayCopy)
        .where(StrayCopy.post_id == post.id, StrayCopy.user_id == user.id, StrayCopy.settled_at.is_(None))
        .order_by(StrayCopy.id.desc())
    )
    return list(session.scalars(query))


def get_copy(session: AnySession, post: Post, key: str, user: User) -> StrayCopy:
    """This person's copy with this key, or their newest without one. Raises NotFound when nothing waits."""
    found = next((copy for copy in list_copies(session, post, user) if key in {"", copy.key}), None)
    if found is None:
        raise NotFound(say("Nothing waits to be merged here; it was merged or given up already."))
    return found


def reunite(session: AnySession, post: Post, copy: StrayCopy) -> Reunion:
    """Put a copy together with the draft, as far as both began with the same words."""
    if post.draft is None:
        raise NotFound(say("There is no such post."))
    theirs = words_of(post.draft)
    mine = {**theirs, **_only_words(copy)}
    base = _words_at(session, post, theirs, copy.version)
    words: Words = {}
    clashing: list[tuple[str, Any, Any]] = []
    for name in FIELDS:
        if name == TEXT:
            continue
        clash, value = merge_field(base[name] if base else None, mine[name], theirs[name], known=base is not None)
        words[name] = mine[name] if clash else value
        if clash:
            clashing.append((name, mine[name], theirs[name]))
    chunks = merge(base[TEXT] if base else None, mine[TEXT], theirs[TEXT])
    return Reunion(copy, post.draft_version, base is not None, words, tuple(clashing), tuple(chunks))


def settle(
    session: AnySession,
    post: Post,
    copy: StrayCopy,
    form: PostInput | None,
    *,
    version: int,
    by: User,
    now: datetime,
    text: PreparedText | None = None,
) -> None:
    """Save what was made of a copy and the draft; without a ``form`` the draft is left as it is.

    Raises EditConflict when the draft is not at ``version`` any more, Forbidden, Conflict when another window has
    settled the copy.
    """
    if copy.settled_at is not None:
        raise Conflict(say("These words were merged or given up in another window already."))
    if form is not None:
        save_draft(session, post, form, version=version, by=by, now=now, text=text)
    copy.settled_at = now
    session.flush()


def _only_words(copy: StrayCopy) -> Words:
    return {name: value for name, value in copy.words.items() if name in FIELDS}


def _words_at(session: AnySession, post: Post, present: Words, version: int) -> Words | None:
    """The draft as it was at ``version``; None when that is not known any more (or never was a version)."""
    if version == post.draft_version:
        return present
    steps = list(
        session.scalars(
            select(DraftStep)
            .where(DraftStep.post_id == post.id, DraftStep.version >= version)
            .order_by(DraftStep.version.desc())
        )
    )
    if not 0 < version < post.draft_version or len(steps) != post.draft_version - version:
        return None
    words = present
    for step in steps:
        words = go_back(words, step.changes)
    return words


# ---- what is not kept


def prune(session: AnySession, *, now: datetime) -> int:
    """Drop old automatic saves, steps and merged copies by the rule above; returns how many revisions went."""
    rows = session.execute(
        select(Revision.id, Revision.post_id, Revision.saved_at)
        .where(
            Revision.kind == "autosave",
            Revision.published_at.is_(None),
            Revision.saved_at < now - ALL_OF,
            ~_is_needed(),
        )
        .order_by(Revision.post_id, Revision.number.desc())
    ).all()
    seen: set[tuple[int, str]] = set()
    gone: list[int] = []
    for revision_id, post_id, saved_at in rows:
        day = (post_id, saved_at.date().isoformat())
        if day in seen or saved_at < now - DAILY_FOR:
            gone.append(revision_id)
        seen.add(day)
    for start in range(0, len(gone), 400):
        session.execute(delete(Revision).where(Revision.id.in_(gone[start : start + 400])))
    session.execute(delete(DraftStep).where(DraftStep.saved_at < now - STEPS_FOR))
    session.execute(delete(StrayCopy).where(StrayCopy.settled_at < now - SETTLED_FOR))
    return len(gone)


def _is_needed() -> ColumnElement[bool]:
    """Whether a revision is a post's draft, what its readers see, or planned."""
    return or_(
        exists().where(or_(Post.draft_id == Revision.id, Post.live_id == Revision.id)),
        exists().where(PostPlan.revision_id == Revision.id),
    )
