"""Preview links: addresses under which anybody may read a draft for a while. Only a hash of the token is kept."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, delete, func, select
from sqlalchemy.orm import joinedload

from contentshop.accounts.models import User
from contentshop.accounts.passwords import new_token, token_hash
from contentshop.core.errors import Conflict, Forbidden, Invalid, NotFound
from contentshop.core.ids import new_key
from contentshop.core.uow import AnySession
from contentshop.core.words import say
from contentshop.posts.models import Post, PreviewLink
from contentshop.posts.policy import can_change

DAYS = (1, 7, 30)
USUAL_DAYS = 7
MOST_LINKS = 20
KEPT = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class LinkLine:
    """One link as its author sees it; the address itself was shown once and is not known any more."""

    key: str
    made_by: str
    made_at: datetime
    expires_at: datetime


def make_link(session: AnySession, post: Post, *, days: int, by: User, now: datetime) -> str:
    """Open the draft to whoever has the link, for ``days``; returns its token, which is not kept.

    Raises Forbidden, Invalid for another number of days, Conflict when too many are open.
    """
    _allow(by, post)
    if days not in DAYS:
        raise Invalid({"days": [say("Choose how long the link is to last.")]})
    open_now = session.scalar(select(func.count()).where(*_open(post, now))) or 0
    if open_now >= MOST_LINKS:
        raise Conflict(say("This post has %(most)s links already; close one first.", most=MOST_LINKS))
    token = new_token()
    session.add(
        PreviewLink(
            key=new_key(),
            post_id=post.id,
            token_hash=token_hash(token),
            made_by=by.id,
            made_at=now,
            expires_at=now + timedelta(days=days),
        )
    )
    session.flush()
    return token


def close_link(session: AnySession, post: Post, key: str, *, by: User, now: datetime) -> None:
    """End a link at once. Raises Forbidden, NotFound."""
    _allow(by, post)
    link = session.scalar(select(PreviewLink).where(PreviewLink.post_id == post.id, PreviewLink.key == key))
    if link is None:
        raise NotFound(say("There is no such link."))
    link.revoked_at = link.revoked_at or now


def list_links(session: AnySession, post: Post, *, now: datetime) -> list[LinkLine]:
    """The links that are open, the newest first."""
    rows = session.execute(
        select(PreviewLink.key, User.name, PreviewLink.made_at, PreviewLink.expires_at)
        .join(User, User.id == PreviewLink.made_by)
        .where(*_open(post, now))
        .order_by(PreviewLink.id.desc())
    )
    return [LinkLine(*row) for row in rows]


def get_shared(session: AnySession, token: str, *, now: datetime) -> Post:
    """The post whose draft this token opens. Raises NotFound when it never did, or does no more.

    A link ends, too, when whoever made it may not change the post any more.
    """
    found = session.execute(
        select(Post, User)
        .join(PreviewLink, PreviewLink.post_id == Post.id)
        .join(User, User.id == PreviewLink.made_by)
        .where(
            PreviewLink.token_hash == token_hash(token),
            PreviewLink.revoked_at.is_(None),
            PreviewLink.expires_at > now,
        )
        .options(joinedload(Post.draft))
    ).one_or_none()
    if found is None or not can_change(found[1], found[0]):
        raise NotFound(say("This link is not open any more. Ask its author for a new one."))
    post: Post = found[0]
    return post


def forget(session: AnySession, *, now: datetime) -> None:
    """Drop links that ended long ago."""
    session.execute(delete(PreviewLink).where(PreviewLink.expires_at < now - KEPT))


def _open(post: Post, now: datetime) -> tuple[ColumnElement[bool], ...]:
    return (PreviewLink.post_id == post.id, PreviewLink.revoked_at.is_(None), PreviewLink.expires_at > now)


def _allow(by: User, post: Post) -> None:
    if not can_change(by, post):
        raise Forbidden(say("Only the author may change this post."))
