"""What is to happen to posts by itself: words shown at a time, or a post taken down.

A plan names the revision it will show, so nothing half written goes out in the night; who writes on plans anew. The
worker carries plans out, each in one transaction that first takes the plan: two workers do it once, and one that is
killed has not done it yet. What cannot be done is told to the author, and nothing is changed.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, select, update
from sqlalchemy.orm import joinedload

from contentshop.accounts.inputs import clean_line
from contentshop.accounts.models import User
from contentshop.core.errors import Conflict, ContentshopError, Forbidden, Invalid, NotFound
from contentshop.core.ids import new_key
from contentshop.core.outbox import record
from contentshop.core.uow import AnySession
from contentshop.core.words import Said, say
from contentshop.core.zones import Chosen
from contentshop.posts.actions import MAX_UPDATE_NOTE, publish, publishing_obstacles, unpublish
from contentshop.posts.events import PlanFailed
from contentshop.posts.models import Post, PostPlan, Revision
from contentshop.posts.notices import Kind, notify
from contentshop.posts.policy import can_change, can_unpublish
from contentshop.posts.queries import get_for_studio, works_on

AT_ONCE = 50
FURTHEST = timedelta(days=3653)


@dataclass(frozen=True, slots=True)
class PlanLine:
    """One plan as its author sees it. ``number`` is that of the revision; ``newer``: the draft has changed since."""

    key: str
    kind: str
    state: str
    at: datetime
    zone: str
    number: int | None
    newer: bool
    title: str
    post_key: str
    note: str
    problems: tuple[str, ...]
    ended_at: datetime | None


def plan_publishing(
    session: AnySession,
    post: Post,
    chosen: Chosen,
    *,
    by: User,
    now: datetime,
    note: str = "",
    silent: bool = False,
    revision: Revision | None = None,
) -> PostPlan:
    """Have the draft as it is now (or another ``revision``) shown to readers later, in place of an earlier plan.

    Raises Invalid for a time that is over and with everything that stands in the way of publishing, Forbidden.
    """
    if not can_change(by, post):
        raise Forbidden(say("Only the author may change this post."))
    shown = revision or post.draft
    if shown is None:
        raise Conflict(say("There is nothing to publish."))
    problems = publishing_obstacles(session, post, shown, now=min(max(now, chosen.at), now + FURTHEST))
    _check_time(chosen, now, problems)
    note = clean_line(note, len(note))
    if len(note) > MAX_UPDATE_NOTE:
        told = say("Use at most %(limit)s characters (now %(count)s).", limit=MAX_UPDATE_NOTE, count=len(note))
        problems["update_note"] = [told]
    if post.state == "published" and post.live_id == shown.id:
        problems["at"] = [say("There is nothing new to publish: readers see these words already.")]
    leaving = _waiting(session, post, "unpublish")
    if leaving is not None and leaving.at <= chosen.at and post.state != "published":
        problems["at"] = [say("The post is to be taken off the site before that. Change that first.")]
    if problems:
        raise Invalid(problems)
    # What is planned stays as it is; who writes on begins a new revision.
    shown.kind = "saved" if shown.kind == "autosave" else shown.kind
    return _put(session, post, "publish", chosen, by=by, now=now, revision=shown, note=note, silent=silent)


def plan_unpublishing(session: AnySession, post: Post, chosen: Chosen, *, by: User, now: datetime) -> PostPlan:
    """Have the post taken off the site later, in place of an earlier plan. Raises Invalid, Forbidden."""
    if not can_unpublish(by, post):
        raise Forbidden(say("Only the author may change this post."))
    problems: dict[str, list[str]] = {}
    _check_time(chosen, now, problems)
    coming = _waiting(session, post, "publish")
    if post.state != "published" and (coming is None or coming.at >= chosen.at):
        problems["at"] = [say("The post is not on the site then.")]
    if problems:
        raise Invalid(problems)
    return _put(session, post, "unpublish", chosen, by=by, now=now)


def cancel_plan(session: AnySession, post: Post, key: str, *, by: User, now: datetime) -> None:
    """Forget a plan that waits. Raises NotFound, Forbidden; harmless when it is over."""
    plan = session.scalar(select(PostPlan).where(PostPlan.post_id == post.id, PostPlan.key == key))
    if plan is None:
        raise NotFound(say("There is no such plan."))
    if not (can_change(by, post) or (plan.kind == "unpublish" and can_unpublish(by, post))):
        raise Forbidden(say("Only the author may change this post."))
    _end(session, plan, "cancelled", now)


def list_plans(session: AnySession, post: Post, *, limit: int = 20) -> list[PlanLine]:
    """The post's plans, the newest first."""
    query = _lines().where(PostPlan.post_id == post.id).order_by(PostPlan.id.desc()).limit(limit)
    return [_line(plan) for plan in session.scalars(query)]


def list_waiting(session: AnySession, user: User, *, limit: int = 20) -> list[PlanLine]:
    """What is planned for posts this person writes or works on, the next first."""
    query = (
        _lines()
        .join(Post, Post.id == PostPlan.post_id)
        .where(PostPlan.state == "waiting", works_on(user))
        .order_by(PostPlan.at, PostPlan.id)
        .limit(limit)
    )
    return [_line(plan) for plan in session.scalars(query)]


def find_failed(session: AnySession, key: str) -> PostPlan | None:
    """The plan with this key, if it failed, with its post."""
    query = _lines().where(PostPlan.key == key, PostPlan.state == "failed")
    return session.scalar(query.options(joinedload(PostPlan.post).joinedload(Post.author)))


def recipients(session: AnySession, plan: PostPlan) -> list[User]:
    """Who is told of a plan by mail: who made it, and whose post it is."""
    return list(session.scalars(select(User).where(User.id.in_({plan.planned_by, plan.post.author_id}))))


# ---- for the worker


def list_due(session: AnySession, *, now: datetime) -> list[str]:
    """Keys of the plans whose time has come, in the order of their times."""
    query = (
        select(PostPlan.key)
        .where(PostPlan.state == "waiting", PostPlan.at <= now)
        .order_by(PostPlan.at, PostPlan.id)
        .limit(AT_ONCE)
    )
    return list(session.scalars(query))


def carry_out(session: AnySession, key: str, *, now: datetime) -> bool:
    """Do what was planned; False when another worker does, or it was cancelled.

    Raises what ``publish`` and ``unpublish`` raise: then nothing has happened, and ``give_up`` is next.
    """
    plan = session.scalar(select(PostPlan).where(PostPlan.key == key).execution_options(populate_existing=True))
    if plan is None or not _end(session, plan, "done", now):
        return False
    person = session.get_one(User, plan.planned_by, populate_existing=True)
    try:
        post = get_for_studio(session, _post_key(session, plan), person)
    except NotFound as refusal:
        raise Forbidden(say("Whoever planned this does not work on the post any more.")) from refusal
    if plan.kind == "publish":
        publish(session, post, by=person, now=now, revision=plan.revision, note=plan.note, silent=plan.silent)
        told: Kind = "published"
    else:
        unpublish(session, post, by=person, now=now)
        told = "taken_down"
    notify(session, (plan.planned_by, post.author_id), post, told, now=now)
    session.flush()
    return True


def give_up(session: AnySession, key: str, refusal: ContentshopError, *, now: datetime) -> bool:
    """Write down why a plan could not be carried out, and have its people told; False when it does not wait."""
    plan = session.scalar(select(PostPlan).where(PostPlan.key == key).execution_options(populate_existing=True))
    if plan is None or not _end(session, plan, "failed", now):
        return False
    plan.problems = _reasons(refusal)
    told: Kind = "not_published" if plan.kind == "publish" else "not_taken_down"
    notify(session, (plan.planned_by, plan.post.author_id), plan.post, told, now=now)
    record(session, PlanFailed(plan=plan.key), now=now)
    session.flush()
    return True


def _reasons(refusal: ContentshopError) -> list[Any]:
    """Sentences and their values apart, so that they can be said in any language later."""
    texts = [refusal.message]
    if isinstance(refusal, Invalid) and not isinstance(refusal.message, Said):
        texts = [text for found in refusal.fields.values() for text in found]
    return [[text.template, text.values] if isinstance(text, Said) else [text, {}] for text in texts]


def reasons(plan: PostPlan) -> tuple[str, ...]:
    """Why a plan failed, sentence by sentence."""
    return tuple(say(template, **values) if values else say(template) for template, values in plan.problems)


def _post_key(session: AnySession, plan: PostPlan) -> str:
    return session.scalars(select(Post.key).where(Post.id == plan.post_id)).one()


def _check_time(chosen: Chosen, now: datetime, problems: dict[str, list[str]]) -> None:
    if chosen.at <= now:
        problems["at"] = [say("This time is over. Choose one that is still to come.")]
    elif chosen.at > now + FURTHEST:
        problems["at"] = [say("Choose a time within the next ten years.")]


def _waiting(session: AnySession, post: Post, kind: str) -> PostPlan | None:
    return session.scalar(
        select(PostPlan).where(PostPlan.post_id == post.id, PostPlan.kind == kind, PostPlan.state == "waiting")
    )


def _end(session: AnySession, plan: PostPlan, state: str, now: datetime) -> bool:
    """Take a waiting plan to its end; False when somebody else was faster. One statement decides."""
    result = session.execute(
        update(PostPlan)
        .where(PostPlan.id == plan.id, PostPlan.state == "waiting")
        .values(state=state, ended_at=now)
        .execution_options(synchronize_session=False)
    )
    session.refresh(plan)
    return bool(getattr(result, "rowcount", 0))


def _put(
    session: AnySession,
    post: Post,
    kind: str,
    chosen: Chosen,
    *,
    by: User,
    now: datetime,
    revision: Revision | None = None,
    note: str = "",
    silent: bool = False,
) -> PostPlan:
    earlier = _waiting(session, post, kind)
    if earlier is not None:
        _end(session, earlier, "cancelled", now)
    plan = PostPlan(
        key=new_key(),
        post_id=post.id,
        kind=kind,
        revision_id=revision.id if revision else None,
        at=chosen.at,
        zone=chosen.zone,
        note=note,
        silent=silent,
        planned_by=by.id,
        planned_at=now,
    )
    by.timezone = chosen.zone
    session.add(plan)
    session.flush()
    return plan


def _lines() -> Select[PostPlan]:
    return select(PostPlan).options(joinedload(PostPlan.revision), joinedload(PostPlan.post).joinedload(Post.draft))


def _line(plan: PostPlan) -> PlanLine:
    draft = plan.post.draft
    shown = plan.revision or draft
    return PlanLine(
        key=plan.key,
        kind=plan.kind,
        state=plan.state,
        at=plan.at,
        zone=plan.zone,
        number=plan.revision.number if plan.revision else None,
        newer=plan.revision is not None and plan.post.draft_id != plan.revision_id,
        title=shown.title if shown else "",
        post_key=plan.post.key,
        note=plan.note,
        problems=reasons(plan),
        ended_at=plan.ended_at,
    )
