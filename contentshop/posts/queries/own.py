"""Posts as those who work on them see them."""

from __future__ import annotations

from sqlalchemy import ColumnElement, ScalarSelect, func, or_, select
from sqlalchemy.orm import aliased, joinedload, selectinload

from contentshop.accounts.models import User
from contentshop.core.errors import NotFound
from contentshop.core.text import Problem
from contentshop.core.uow import AnySession
from contentshop.core.words import say
from contentshop.posts.models import (
    Post,
    PostMember,
    Revision,
)
from contentshop.posts.policy import can_see_draft
from contentshop.posts.queries.facts import OwnPost


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
