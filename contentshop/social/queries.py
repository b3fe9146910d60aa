"""Reads of discussions.

What readers' pages show comes as one column of JSON (``talk_of``), so that the statement that reads the post or product
brings it along. The texts that nobody may see are left out by the database itself.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, ScalarSelect, Select, Text, and_, case, func, literal, null, or_, select
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import InstrumentedAttribute, aliased, joinedload
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import GenericFunction

from contentshop.accounts.models import User
from contentshop.accounts.policy import can_edit
from contentshop.core.errors import NotFound
from contentshop.core.uow import AnySession
from contentshop.core.words import say
from contentshop.posts.models import Post, PostMember, Revision
from contentshop.posts.queries import PUBLIC
from contentshop.products.models import Product
from contentshop.social.models import Comment, CommentReport, Discussion, WorthVote
from contentshop.social.policy import can_hide

THREADS = 50  # comments with their replies on one page
REPORTS = 50  # at the desk at once
LEAST_VOTES = 5  # before a worth rate is told

# What everybody may read, in a query that joins the author.
VISIBLE = and_(Comment.state == "shown", User.blocked.is_(False))


class _JsonRow(GenericFunction[str]):
    """Some values as one JSON array, as text."""

    type = Text()
    inherit_cache = True
    name = "contentshop_json_row"


class _JsonRows(GenericFunction[str]):
    """An aggregate: such an array for each row, in one array."""

    type = Text()
    inherit_cache = True
    name = "contentshop_json_rows"


@compiles(_JsonRow)
def _row_elsewhere(element: _JsonRow, compiler: SQLCompiler, **options: Any) -> str:
    # Joined to nothing, so that it is text for whatever it stands in.
    return f"(json_array({compiler.process(element.clause_expr.element, **options)}) || '')"


@compiles(_JsonRow, "postgresql")
def _row_on_postgresql(element: _JsonRow, compiler: SQLCompiler, **options: Any) -> str:
    return f"CAST(json_build_array({compiler.process(element.clause_expr.element, **options)}) AS TEXT)"


@compiles(_JsonRows)
def _rows_elsewhere(element: _JsonRows, compiler: SQLCompiler, **options: Any) -> str:
    return f"(json_group_array(json_array({compiler.process(element.clause_expr.element, **options)})) || '')"


@compiles(_JsonRows, "postgresql")
def _rows_on_postgresql(element: _JsonRows, compiler: SQLCompiler, **options: Any) -> str:
    return f"CAST(json_agg(json_build_array({compiler.process(element.clause_expr.element, **options)})) AS TEXT)"


@dataclass(frozen=True, slots=True)
class Subject:
    """What is talked about: a published post or a listed product. ``author_id`` is None for a product."""

    kind: str
    id: int
    key: str
    slug: str
    title: str
    lang: str
    author_id: int | None


@dataclass(frozen=True, slots=True)
class Line:
    """A comment, question, reply or answer. ``state`` is "shown", "deleted", "hidden" or, when whoever wrote it is
    blocked, "blocked"; only the first has a text and an author. ``note`` says why it is hidden."""

    id: int
    key: str
    state: str
    text: str
    note: str
    created_at: datetime
    edited_at: datetime | None
    author_id: int
    author_name: str
    author_handle: str
    by_shop: bool
    replies: tuple[Line, ...] = ()


@dataclass(frozen=True, slots=True)
class Talk:
    """A discussion. ``worth`` and ``votes`` are None until readers may know them; ``mine`` is one's own vote.

    ``count`` counts the texts that can be read on this page; ``more`` tells that there are older ones.
    """

    lines: tuple[Line, ...] = ()
    count: int = 0
    more: bool = False
    worth: int | None = None
    votes: int | None = None
    mine: bool | None = None

    @property
    def rate(self) -> int | None:
        """The worth rate in per cent; None while there are too few votes."""
        return worth_rate(self.worth or 0, self.votes or 0)


def worth_rate(worth: int, votes: int) -> int | None:
    """Of so many votes so many say that it is worth it: in per cent, rounded half up; None for too few votes."""
    return (200 * worth + votes) // (2 * votes) if votes >= LEAST_VOTES else None


def talk_of_post(user: User | None, *, page: int = 1) -> ScalarSelect[str]:
    """What is said below a post, as a column of a statement that reads posts."""
    return _talk(Discussion.post_id == Post.id, user, page).correlate(Post).scalar_subquery()


def talk_of_product(user: User | None, *, page: int = 1) -> ScalarSelect[str]:
    """What is asked about a product, as a column of a statement that reads products."""
    return _talk(Discussion.product_id == Product.id, user, page).correlate(Product).scalar_subquery()


def _talk(about: ColumnElement[bool], user: User | None, page: int) -> Select[str]:
    mine: Any = null()
    if user is not None:
        mine = (
            select(WorthVote.worth)
            .where(WorthVote.discussion_id == Discussion.id, WorthVote.user_id == user.id)
            .correlate(Discussion)
            .scalar_subquery()
        )
    return select(
        _JsonRow(Discussion.worth, Discussion.unworth, case((Discussion.opened, 1), else_=0), mine, _lines_column(page))
    ).where(about)


def _lines_column(page: int) -> ScalarSelect[str]:
    """The threads of one page, the newest first, with their replies; one thread too many tells that there are more."""
    root, reply, writer = aliased(Comment), aliased(Comment), aliased(User)
    answered = (
        select(reply.id)
        .join(writer, writer.id == reply.author_id)
        .where(reply.parent_id == root.id, reply.state == "shown", writer.blocked.is_(False))
        .correlate(root)
        .exists()
    )
    asker = aliased(User)
    roots = (
        select(root.id)
        .join(asker, asker.id == root.author_id)
        .where(
            root.discussion_id == Discussion.id,
            root.parent_id.is_(None),
            or_(and_(root.state == "shown", asker.blocked.is_(False)), answered),
        )
        .order_by(root.id.desc())
        .limit(THREADS + 1)
        .offset((page - 1) * THREADS)
        .correlate(Discussion)
    )
    seen = case((VISIBLE, 1), else_=0) == 1
    return (
        select(
            _JsonRows(
                Comment.id,
                Comment.parent_id,
                Comment.key,
                case((and_(User.blocked, Comment.state == "shown"), "blocked"), else_=Comment.state),
                case((seen, Comment.text), else_=""),
                Comment.note,
                Comment.created_at,
                Comment.edited_at,
                case((seen, User.id), else_=0),
                case((seen, User.name), else_=""),
                case((seen, User.handle), else_=""),
                case((User.role == "operator", 1), else_=0),
            )
        )
        .select_from(Comment)
        .join(User, User.id == Comment.author_id)
        .where(
            Comment.discussion_id == Discussion.id,
            or_(Comment.id.in_(roots), and_(Comment.parent_id.in_(roots), VISIBLE)),
        )
        .correlate(Discussion)
        .scalar_subquery()
    )


def read_talk(column: str | None) -> Talk:
    """The discussion in a column of ``talk_of_post`` or ``talk_of_product``."""
    if not column:
        return Talk()
    worth, unworth, opened, mine, lines = json.loads(column)
    threads = _threads(json.loads(lines) if lines else [])
    shown = threads[:THREADS]
    return Talk(
        lines=tuple(shown),
        count=sum((line.state == "shown") + len(line.replies) for line in shown),
        more=len(threads) > THREADS,
        worth=worth if opened else None,
        votes=worth + unworth if opened else None,
        mine=None if mine is None else bool(mine),
    )


def _threads(rows: Sequence[Sequence[Any]]) -> list[Line]:
    """The newest thread first, the oldest reply first."""
    replies: dict[int, list[Line]] = defaultdict(list)
    for row in sorted(rows, key=lambda row: int(row[0])):
        if row[1] is not None:
            replies[row[1]].append(_line(row))
    roots = sorted((row for row in rows if row[1] is None), key=lambda row: -int(row[0]))
    return [_line(row, replies[row[0]]) for row in roots]


def _line(row: Sequence[Any], replies: Sequence[Line] = ()) -> Line:
    key, _parent, name, state, text, note, created, edited, author, author_name, handle, by_shop = row
    return Line(
        id=key,
        key=name,
        state=state,
        text=text,
        note=note if state == "hidden" else "",
        created_at=_moment(created),
        edited_at=_moment(edited) if edited else None,
        author_id=author,
        author_name=author_name,
        author_handle=handle,
        by_shop=bool(by_shop) and state == "shown",
        replies=tuple(replies),
    )


def _moment(text: str) -> datetime:
    """A time as a database spells it in JSON; SQLite's have no zone and are UTC."""
    at = datetime.fromisoformat(text)
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)


def find_post(session: AnySession, slug: str) -> Subject:
    """The published post at this address. Raises NotFound."""
    row = session.execute(
        select(
            literal("post").label("kind"),
            Post.id,
            Post.key,
            Post.slug,
            Revision.title,
            Revision.lang,
            Post.author_id,
        )
        .join(Revision, Revision.id == Post.live_id)
        .join(User, User.id == Post.author_id)
        .where(Post.slug == slug, PUBLIC)
    ).one_or_none()
    if row is None:
        raise NotFound(say("There is no such post. It may have been taken down."))
    return Subject(**row._mapping)  # noqa: SLF001 - the documented way


def find_product(session: AnySession, slug: str) -> Subject:
    """The listed product at this address. Raises NotFound."""
    row = session.execute(
        select(
            literal("product").label("kind"),
            Product.id,
            Product.key,
            Product.slug,
            Product.title,
            Product.lang,
            null().label("author_id"),
        ).where(Product.slug == slug, Product.listed)
    ).one_or_none()
    if row is None:
        raise NotFound(say("There is no such product."))
    return Subject(**row._mapping)  # noqa: SLF001


def get_talk(session: AnySession, subject: Subject, user: User | None, *, page: int = 1) -> Talk:
    """A page of the discussion about ``subject``."""
    if subject.kind == "post":
        return read_talk(
            session.scalar(select(talk_of_post(user, page=page)).select_from(Post).where(Post.id == subject.id))
        )
    return read_talk(
        session.scalar(select(talk_of_product(user, page=page)).select_from(Product).where(Product.id == subject.id))
    )


@dataclass(frozen=True, slots=True)
class Found:
    """A text with what it is about."""

    comment: Comment
    subject: Subject


def get_comment(session: AnySession, key: str) -> Found:
    """A text in a discussion that readers may see. Raises NotFound, also for one whose author is blocked."""
    comment = session.scalar(
        select(Comment)
        .join(User, User.id == Comment.author_id)
        .where(Comment.key == key, User.blocked.is_(False))
        .options(joinedload(Comment.author), joinedload(Comment.discussion))
    )
    if comment is None:
        raise NotFound(say("There is no such comment. It may have been taken away."))
    return Found(comment, subject_of(session, comment.discussion))


def get_shown(session: AnySession, key: str) -> Found:
    """The same for a text that is shown. Raises NotFound."""
    found = get_comment(session, key)
    if found.comment.state != "shown":
        raise NotFound(say("There is no such comment. It may have been taken away."))
    return found


def get_own(session: AnySession, key: str, user: User) -> Found:
    """A shown text of one's own. Raises NotFound for everybody else's."""
    found = get_shown(session, key)
    if found.comment.author_id != user.id:
        raise NotFound(say("There is no such comment. It may have been taken away."))
    return found


def get_to_hide(session: AnySession, key: str, user: User) -> Found:
    """A text that this person may hide, or show again. Raises NotFound for everybody else."""
    found = get_comment(session, key)
    if found.comment.state == "deleted" or not can_hide(user, found.subject.author_id):
        raise NotFound(say("There is no such comment. It may have been taken away."))
    if found.comment.state == "hidden" and found.comment.hidden_by != user.id and not can_edit(user):
        raise NotFound(say("There is no such comment. It may have been taken away."))
    return found


def subject_of(session: AnySession, discussion: Discussion) -> Subject:
    """What a discussion is about. Raises NotFound when it is not public any more."""
    if discussion.post_id is not None:
        slug = session.scalar(select(Post.slug).where(Post.id == discussion.post_id))
        return find_post(session, slug or "")
    slug = session.scalar(select(Product.slug).where(Product.id == discussion.product_id))
    return find_product(session, slug or "")


def may_vote(session: AnySession, subject: Subject, user: User) -> bool:
    """Whether somebody may say what a post is worth: not whoever wrote it, or wrote it too."""
    wrote = select(PostMember.id).where(
        PostMember.post_id == subject.id,
        PostMember.user_id == user.id,
        PostMember.state == "accepted",
        PostMember.role == "coauthor",
    )
    return subject.kind == "post" and subject.author_id != user.id and session.scalar(wrote.limit(1)) is None


@dataclass(frozen=True, slots=True)
class Report:
    """A reported text at the desk: ``reasons`` are why, with how many people said so."""

    key: str
    text: str
    author_name: str
    author_handle: str
    subject: str
    subject_kind: str
    slug: str
    first_at: datetime
    reasons: Mapping[str, int]


def list_reports(session: AnySession) -> list[Report]:
    """The shown texts that wait for an editor's look, the longest waiting first."""
    rows = session.execute(
        select(
            Comment.key,
            Comment.text,
            User.name.label("author_name"),
            User.handle.label("author_handle"),
            func.coalesce(Revision.title, Product.title, "").label("subject"),
            case((Discussion.post_id.is_not(None), "post"), else_="product").label("subject_kind"),
            func.coalesce(Post.slug, Product.slug, "").label("slug"),
            func.min(CommentReport.reported_at).label("first_at"),
            func.aggregate_strings(CommentReport.reason, " ").label("reasons"),
        )
        .join(CommentReport, CommentReport.comment_id == Comment.id)
        .join(User, User.id == Comment.author_id)
        .join(Discussion, Discussion.id == Comment.discussion_id)
        .outerjoin(Post, Post.id == Discussion.post_id)
        .outerjoin(Revision, Revision.id == Post.live_id)
        .outerjoin(Product, Product.id == Discussion.product_id)
        .where(CommentReport.settled_at.is_(None), Comment.state == "shown")
        .group_by(
            Comment.id, Comment.key, User.name, User.handle, Revision.title, Product.title, Discussion.post_id,
            Post.slug, Product.slug, Comment.text,
        )
        .order_by(func.min(CommentReport.id))
        .limit(REPORTS)
    )  # fmt: skip
    return [Report(**{**row._mapping, "reasons": _counted(row.reasons)}) for row in rows]  # noqa: SLF001


def _counted(reasons: str) -> dict[str, int]:
    found: dict[str, int] = {}
    for reason in reasons.split():
        found[reason] = found.get(reason, 0) + 1
    return found


@dataclass(frozen=True, slots=True)
class Said:
    """What of a discussion can be found: the public texts, and the worth rate with its votes."""

    texts: tuple[str, ...] = ()
    worth: int | None = None
    votes: int = 0


def said_of(session: AnySession, subject: InstrumentedAttribute[int | None], ids: Collection[int]) -> dict[int, Said]:
    """What everybody may read of discussions, by what they are about: ``Discussion.post_id`` or ``product_id``."""
    texts: dict[int | None, list[str]] = defaultdict(list)
    for about, text in session.execute(
        select(subject, Comment.text)
        .join(Discussion, Discussion.id == Comment.discussion_id)
        .join(User, User.id == Comment.author_id)
        .where(subject.in_(ids), VISIBLE)
        .order_by(Comment.id)
    ):
        texts[about].append(text)
    found: dict[int, Said] = {}
    rows = session.execute(
        select(subject, Discussion.worth, Discussion.unworth, Discussion.opened).where(subject.in_(ids))
    )
    for about, worth, unworth, opened in rows:
        votes = worth + unworth if opened else 0
        if about is not None:
            found[about] = Said(tuple(texts[about]), worth_rate(worth, votes), votes)
    return found


def list_spoken(session: AnySession, user_keys: Collection[str]) -> tuple[list[str], list[str]]:
    """The keys of the posts and of the products below which these people have said something."""
    spoken = select(Comment.discussion_id).join(User, User.id == Comment.author_id).where(User.key.in_(user_keys))
    posts = select(Post.key).join(Discussion, Discussion.post_id == Post.id).where(Discussion.id.in_(spoken))
    products = (
        select(Product.key).join(Discussion, Discussion.product_id == Product.id).where(Discussion.id.in_(spoken))
    )
    return list(session.scalars(posts)), list(session.scalars(products))
