"""A deal that was published twice becomes one: what was said and voted below the duplicate goes to the other."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, func, or_, select, update
from sqlalchemy.orm import aliased

from contentshop.accounts.models import User
from contentshop.accounts.policy import can_edit
from contentshop.core.errors import Conflict, Forbidden, Invalid
from contentshop.core.outbox import record
from contentshop.core.uow import AnySession
from contentshop.core.words import say
from contentshop.posts import deals
from contentshop.posts.actions import unpublish
from contentshop.posts.models import Post, PostMember
from contentshop.social.actions import touch
from contentshop.social.events import CommentChanged, WorthChanged
from contentshop.social.models import Comment, Discussion, WorthVote
from contentshop.social.queries import find_post


def merge_deals(session: AnySession, duplicate: Post, kept_slug: str, *, by: User, now: datetime) -> Post:
    """Move the comments and votes of a published deal to the one at ``kept_slug`` and take the first off the site; the
    deal that stays. Its address leads there from then on, and its authors are told. For editors.

    Of somebody who has voted on both the vote on the deal that stays counts, and none of whoever wrote that one. Raises
    Forbidden, NotFound, Invalid (``into``) for another product's deal or the same one, Conflict when it is not
    published.
    """
    if not can_edit(by):
        raise Forbidden(say("Only editors may do this."))
    if duplicate.state != "published":
        raise Conflict(say("Readers do not see this deal now."))
    kept = deals.get_public(session, kept_slug)
    if kept.id == duplicate.id:
        raise Invalid({"into": [say("This is the deal itself. Name the other one.")]})
    if deals.get_standing(session, kept).product_id != deals.get_standing(session, duplicate).product_id:
        raise Invalid({"into": [say("That deal is about another product.")]})
    # Always in this order, so that two merges at once do not wait for each other.
    subjects = {post.id: find_post(session, post.slug) for post in (duplicate, kept)}
    talks = {post_id: touch(session, subjects[post_id]) for post_id in sorted(subjects)}
    source, target = talks[duplicate.id], talks[kept.id]
    session.execute(
        update(Comment)
        .where(Comment.discussion_id == source)
        .values(discussion_id=target)
        .execution_options(synchronize_session=False)
    )
    _move_votes(session, source, target, kept)
    unpublish(session, duplicate, by=by, now=now)
    deals.note_merged(session, duplicate, kept, by=by, now=now)
    record(session, CommentChanged(kept.key), now=now)
    record(session, WorthChanged(post=kept.key), now=now)
    session.flush()
    return kept


def _move_votes(session: AnySession, source: int, target: int, kept: Post) -> None:
    there = aliased(WorthVote)
    voted = select(there.user_id).where(there.discussion_id == target)
    wrote = select(PostMember.user_id).where(
        PostMember.post_id == kept.id,
        PostMember.user_id.is_not(None),
        PostMember.state == "accepted",
        PostMember.role == "coauthor",
    )
    mine = WorthVote.discussion_id == source
    session.execute(
        delete(WorthVote)
        .where(
            mine,
            or_(WorthVote.user_id.in_(voted), WorthVote.user_id.in_(wrote), WorthVote.user_id == kept.author_id),
        )
        .execution_options(synchronize_session=False)
    )
    session.execute(
        update(WorthVote).where(mine).values(discussion_id=target).execution_options(synchronize_session=False)
    )
    session.execute(
        update(Discussion)
        .where(Discussion.id == source)
        .values(worth=0, unworth=0)
        .execution_options(synchronize_session=False)
    )
    counts = select(func.count()).where(WorthVote.discussion_id == target)
    first = select(func.min(WorthVote.voted_at)).where(WorthVote.discussion_id == target)
    session.execute(
        update(Discussion)
        .where(Discussion.id == target)
        .values(
            worth=counts.where(WorthVote.worth).scalar_subquery(),
            unworth=counts.where(WorthVote.worth.is_(False)).scalar_subquery(),
            first_vote_at=func.coalesce(Discussion.first_vote_at, first.scalar_subquery()),
        )
        .execution_options(synchronize_session=False)
    )
