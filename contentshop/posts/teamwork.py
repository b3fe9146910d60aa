"""Several people at one draft: who works on it, what they say about it, and who is writing now.

A post belongs to the author who began it, and so do its earnings: every click and order of its cards is the author's.
Co-authors stand in the byline and may save and publish; how they share what is earned is between them. Reviewers
remark on passages and offer other words for them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from rapidfuzz import fuzz
from sqlalchemy import Update, func, insert, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import joinedload

from contentshop.accounts.inputs import check_email, clean_text
from contentshop.accounts.models import User
from contentshop.accounts.policy import can_write
from contentshop.core.errors import Conflict, Forbidden, Invalid, NotFound
from contentshop.core.ids import new_key
from contentshop.core.outbox import record
from contentshop.core.uow import AnySession
from contentshop.core.words import say
from contentshop.posts.actions import PreparedText, save_draft
from contentshop.posts.events import MemberInvited, PostChanged
from contentshop.posts.inputs import PostInput
from contentshop.posts.merging import TEXT, form_of, words_of
from contentshop.posts.models import MEMBER_ROLES, EditLock, Post, PostMember, Remark, Revision
from contentshop.posts.notices import Kind, notify
from contentshop.posts.policy import (
    LOCK_LIFE,
    can_change,
    can_invite,
    can_remark,
    can_resolve,
    is_held,
    is_open,
    role_in,
)

MOST_MEMBERS = 10
MOST_REMARKS = 500
MAX_BODY = 2000
MAX_QUOTE = 10_000
AROUND = 60  # characters kept of what stands before and after a passage
# A passage whose words were changed a little is still shown where it stands; below this likeness it is gone.
LIKENESS = 80.0

Verdict = Literal["accepted", "rejected", "resolved", "open"]


# ---- members


def invite(session: AnySession, post: Post, whom: str, role: str, *, by: User, now: datetime) -> PostMember:
    """Ask somebody, by handle or by mail address, to work on the post; asks anew who has declined or left.

    Raises Forbidden for anybody but the author, Invalid.
    """
    if not can_invite(by, post):
        raise Forbidden(say("Only the author decides who works on this post."))
    problems: dict[str, list[str]] = {}
    if role not in MEMBER_ROLES:
        problems["role"] = [say("Choose what they may do.")]
    person, email = _addressed(session, whom, problems)
    if person is not None and person.id == post.author_id:
        problems["whom"] = [say("That is you.")]
    known = _known(post, person, email) if "whom" not in problems else None
    if known is not None and (known.state == "accepted" or is_open(known, now=now)):
        problems["whom"] = [say("They work on this post, or have been asked, already.")]
    if known is None and sum(member.state in {"invited", "accepted"} for member in post.members) >= MOST_MEMBERS:
        problems["whom"] = [say("At most %(most)s people can work on a post.", most=MOST_MEMBERS)]
    if problems:
        raise Invalid(problems)
    member = known or PostMember(key=new_key(), post_id=post.id, user_id=person.id if person else None, email=email)
    member.role, member.state, member.invited_by, member.invited_at = role, "invited", by.id, now
    member.answered_at = None
    session.add(member)
    session.flush()
    if person is not None:
        notify(session, (person.id,), post, "invited", now=now, who=by)
    record(session, MemberInvited(member=member.key), now=now)
    return member


def answer(session: AnySession, member: PostMember, accept: bool, *, by: User, now: datetime) -> None:
    """Say yes or no to an invitation. Whoever holds the link of a mail may; else only who was asked.

    Raises Conflict when it is too late or one works on the post already, Forbidden when somebody else was asked or,
    for a co-author, when one may not write (yet).
    """
    post = session.get_one(Post, member.post_id)
    if member.user_id is not None and member.user_id != by.id:
        raise Forbidden(say("This invitation is for somebody else."))
    if not is_open(member, now=now):
        raise Conflict(say("This invitation is not open any more. Ask for a new one."))
    if accept and (by.id == post.author_id or role_in(by, post)):
        raise Conflict(say("You work on this post already."))
    if accept and member.role == "coauthor" and not can_write(by):
        raise Forbidden(say("Become a creator first; then accept the invitation."))
    if member.user_id is None:
        _take_over(session, member, by)
    member.state, member.answered_at = ("accepted" if accept else "declined"), now
    session.flush()
    session.refresh(post, ["members"])
    notify(session, (post.author_id,), post, "joined" if accept else "declined", now=now, who=by)
    if accept and member.role == "coauthor":
        _tell_readers(session, post, now)


def leave(session: AnySession, post: Post, *, by: User, now: datetime) -> None:
    """Work on the post no longer. Raises NotFound for who does not."""
    member = next((m for m in post.members if m.user_id == by.id and m.state == "accepted"), None)
    if member is None:
        raise NotFound(say("You do not work on this post."))
    _part(session, post, member, "left", now)
    notify(session, (post.author_id,), post, "left", now=now, who=by)


def remove(session: AnySession, post: Post, key: str, *, by: User, now: datetime) -> None:
    """Take somebody off the post, or an invitation back. Raises Forbidden, NotFound."""
    if not can_invite(by, post):
        raise Forbidden(say("Only the author decides who works on this post."))
    member = next((m for m in post.members if m.key == key and m.state in {"accepted", "invited"}), None)
    if member is None:
        raise NotFound(say("They do not work on this post."))
    told = member.user_id is not None and member.state == "accepted"
    _part(session, post, member, "removed", now)
    if told and member.user_id is not None:
        notify(session, (member.user_id,), post, "removed", now=now, who=by)


def get_invitation(session: AnySession, key: str) -> PostMember:
    """An invitation with its post. Raises NotFound."""
    found = session.scalar(
        select(PostMember)
        .where(PostMember.key == key)
        .options(joinedload(PostMember.post).options(joinedload(Post.author), joinedload(Post.draft)))
    )
    if found is None:
        raise NotFound(say("There is no such invitation."))
    return found


def list_invitations(session: AnySession, user: User, *, now: datetime) -> list[PostMember]:
    """What this person has been asked to work on and has not answered."""
    query = (
        select(PostMember)
        .where(PostMember.user_id == user.id, PostMember.state == "invited")
        .options(joinedload(PostMember.post).options(joinedload(Post.author), joinedload(Post.draft)))
        .order_by(PostMember.id.desc())
    )
    return [member for member in session.scalars(query) if is_open(member, now=now)]


def _addressed(session: AnySession, whom: str, problems: dict[str, list[str]]) -> tuple[User | None, str]:
    """(person, address): one of them is given."""
    whom = whom.strip()
    if "@" in whom.lstrip("@"):
        found: dict[str, list[str]] = {}
        email = check_email(whom, found)
        if found:
            problems["whom"] = found["email"]
        return None, email
    handle = whom.lstrip("@").casefold()[:40]
    person = session.scalar(select(User).where(User.handle == handle, User.blocked.is_(False)))
    if person is None:
        problems["whom"] = [say("There is nobody with this name. Write a handle like @robin, or a mail address.")]
    return person, ""


def _known(post: Post, person: User | None, email: str) -> PostMember | None:
    if person is not None:
        return next((m for m in post.members if m.user_id == person.id), None)
    return next((m for m in post.members if m.email == email and m.state == "invited"), None)


def _take_over(session: AnySession, member: PostMember, by: User) -> None:
    """An invitation by mail becomes this person's; one they had before, by handle or long ago, is replaced by it."""
    earlier = session.scalar(
        select(PostMember).where(PostMember.post_id == member.post_id, PostMember.user_id == by.id)
    )
    if earlier is not None:
        session.delete(earlier)
        session.flush()
    member.user_id = by.id


def _part(session: AnySession, post: Post, member: PostMember, state: str, now: datetime) -> None:
    wrote = member.state == "accepted" and member.role == "coauthor"
    member.state, member.answered_at = state, now
    session.flush()
    session.refresh(post, ["members"])
    if wrote:
        _tell_readers(session, post, now)


def _tell_readers(session: AnySession, post: Post, now: datetime) -> None:
    """The byline of a post that readers see has changed."""
    if post.state == "published":
        session.execute(
            update(Post)
            .where(Post.id == post.id)
            .values(version=Post.version + 1)
            .execution_options(synchronize_session=False)
        )
        session.refresh(post, ["version"])
        record(session, PostChanged(post=post.key), now=now)


def everybody(post: Post) -> set[int]:
    """Rows of the accounts of all who work on the post."""
    return {post.author_id, *(m.user_id for m in post.members if m.user_id is not None and m.state == "accepted")}


# ---- remarks


@dataclass(frozen=True, slots=True)
class Place:
    """Where a passage stands now. ``exact``: with the very same words."""

    start: int
    end: int
    line: int
    exact: bool


@dataclass(frozen=True, slots=True)
class Thread:
    """A remark, where its passage stands now (None: nowhere any more), and the answers to it."""

    remark: Remark
    place: Place | None
    answers: tuple[Remark, ...]


def find_place(source: str, quote: str, before: str = "", after: str = "") -> Place | None:
    """Where ``quote`` stands in ``source``: of several places the one with the most alike around it.

    If it stands nowhere as it was, the passage that is most like it, when it is much like it.
    """
    if not quote:
        return None
    starts = list(_places(source, quote))
    if starts:
        start = max(starts, key=lambda at: _alike(source, at, at + len(quote), before, after))
        return Place(start, start + len(quote), source.count("\n", 0, start) + 1, True)
    if len(quote) < 12 or len(source) < len(quote) // 2:
        return None
    found = fuzz.partial_ratio_alignment(quote, source, score_cutoff=LIKENESS)
    if found is None:
        return None
    return Place(found.dest_start, found.dest_end, source.count("\n", 0, found.dest_start) + 1, False)


def _places(source: str, quote: str) -> Iterable[int]:
    at = source.find(quote)
    while at >= 0:
        yield at
        at = source.find(quote, at + 1)


def _alike(source: str, start: int, end: int, before: str, after: str) -> int:
    """How many characters next to the place are those that stood there."""
    left, right = source[max(0, start - AROUND) : start], source[end : end + AROUND]
    backwards = zip(reversed(left), reversed(before), strict=False)
    forwards = zip(right, after, strict=False)
    return sum(_same(pairs) for pairs in (backwards, forwards))


def _same(pairs: Iterable[tuple[str, str]]) -> int:
    count = 0
    for one, other in pairs:
        if one != other:
            break
        count += 1
    return count


def add_remark(
    session: AnySession,
    post: Post,
    *,
    quote: str,
    body: str,
    instead: str | None,
    by: User,
    now: datetime,
    near: int = 0,
) -> Remark:
    """Say something about a passage of the draft, or with ``instead`` offer other words for it.

    ``near`` is about where it stands, if the same words stand in several places. Raises Forbidden, Invalid.
    """
    if not can_remark(by, post) or post.draft is None:
        raise Forbidden(say("You do not work on this post."))
    source = post.draft.source
    quote = quote.replace("\r\n", "\n").strip("\n")
    problems: dict[str, list[str]] = {}
    body = _body(body, problems, needed=instead is None)
    starts = list(_places(source, quote)) if quote else []
    if quote and not starts:
        problems["quote"] = [say("These words do not stand in the draft (any more). Copy the passage once more.")]
    if len(quote) > MAX_QUOTE:
        problems["quote"] = [say("This passage is too long. Choose a shorter one.")]
    if instead is not None:
        instead = _offer(post, quote, instead, problems)
    count = session.scalar(select(func.count()).where(Remark.post_id == post.id)) or 0
    if count >= MOST_REMARKS:
        problems["body"] = [say("This post has too many remarks already.")]
    if problems:
        raise Invalid(problems)
    start = min(starts, key=lambda at: abs(at - near)) if starts else 0
    remark = Remark(
        key=new_key(),
        post_id=post.id,
        author_id=by.id,
        kind="comment" if instead is None else "suggestion",
        body=body,
        quote=quote,
        before=source[max(0, start - AROUND) : start] if quote else "",
        after=source[start + len(quote) :][:AROUND] if quote else "",
        instead=instead or "",
        created_at=now,
    )
    session.add(remark)
    session.flush()
    told: Kind = "commented" if instead is None else "suggested"
    notify(session, everybody(post), post, told, now=now, who=by)
    return remark


def reply(session: AnySession, post: Post, key: str, body: str, *, by: User, now: datetime) -> Remark:
    """Answer a remark. Raises Forbidden, NotFound, Invalid."""
    if not can_remark(by, post):
        raise Forbidden(say("You do not work on this post."))
    parent = get_remark(session, post, key)
    problems: dict[str, list[str]] = {}
    body = _body(body, problems, needed=True)
    if problems:
        raise Invalid(problems)
    found = Remark(key=new_key(), post_id=post.id, parent_id=parent.id, author_id=by.id, body=body, created_at=now)
    session.add(found)
    session.flush()
    notify(session, everybody(post), post, "commented", now=now, who=by)
    return found


def decide(
    session: AnySession,
    post: Post,
    remark: Remark,
    verdict: Verdict,
    *,
    by: User,
    now: datetime,
    text: PreparedText | None = None,
) -> None:
    """End a remark's discussion, open it again, or take or leave the words it offers.

    Accepted words replace the passage in the draft, saved as a revision. Raises Forbidden; Conflict when the passage
    does not stand there as it was, or when somebody else has decided.
    """
    allowed = can_resolve(by, post, remark) if verdict in {"resolved", "open"} else can_change(by, post)
    if not allowed:
        raise Forbidden(say("Only the author decides about this."))
    session.refresh(remark)
    if remark.state == verdict:
        return
    if remark.state in {"accepted", "rejected"} or (verdict in {"accepted", "rejected"} and remark.state != "open"):
        raise Conflict(say("This was decided already."))
    if verdict in {"accepted", "rejected"} and remark.kind != "suggestion":
        raise Conflict(say("A comment offers no other words."))
    if verdict == "accepted":
        form = with_suggestion(post, remark)
        if text is not None and text.source != form.source:
            text = None  # the draft has changed since it was rendered
        save_draft(session, post, form, version=post.draft_version, by=by, now=now, text=text)
    remark.state = verdict
    remark.decided_by, remark.decided_at = (None, None) if verdict == "open" else (by.id, now)
    session.flush()
    if verdict != "open":
        notify(session, (remark.author_id,), post, verdict, now=now, who=by)


def with_suggestion(post: Post, remark: Remark) -> PostInput:
    """The draft with the words that ``remark`` offers. Raises Conflict when their place is not there any more."""
    draft = _draft(post)
    place = find_place(draft.source, remark.quote, remark.before, remark.after)
    if place is None or not place.exact:
        raise Conflict(say("The passage has changed since; put the words in by hand."))
    source = draft.source[: place.start] + remark.instead + draft.source[place.end :]
    return form_of({**words_of(draft), TEXT: source}, post.kind)


def get_remark(session: AnySession, post: Post, key: str) -> Remark:
    """A remark of this post that is no answer. Raises NotFound."""
    found = session.scalar(
        select(Remark).where(Remark.post_id == post.id, Remark.key == key, Remark.parent_id.is_(None))
    )
    if found is None:
        raise NotFound(say("There is no such remark."))
    return found


def list_threads(session: AnySession, post: Post) -> list[Thread]:
    """All remarks with their answers, in the order of their passages; in one statement."""
    source = _draft(post).source
    query = select(Remark).where(Remark.post_id == post.id).options(joinedload(Remark.author)).order_by(Remark.id)
    remarks = list(session.scalars(query))
    answers: dict[int, list[Remark]] = {}
    for remark in remarks:
        if remark.parent_id is not None:
            answers.setdefault(remark.parent_id, []).append(remark)
    threads = [
        Thread(remark, find_place(source, remark.quote, remark.before, remark.after), tuple(answers.get(remark.id, ())))
        for remark in remarks
        if remark.parent_id is None
    ]
    return sorted(threads, key=lambda thread: (thread.place.start if thread.place else len(source), thread.remark.id))


def count_open(session: AnySession, post: Post) -> int:
    """How many remarks wait for somebody."""
    return (
        session.scalar(
            select(func.count()).where(Remark.post_id == post.id, Remark.parent_id.is_(None), Remark.state == "open")
        )
        or 0
    )


def _body(body: str, problems: dict[str, list[str]], *, needed: bool) -> str:
    text = clean_text(body, MAX_BODY)
    if needed and not text:
        problems["body"] = [say("Write what you have to say.")]
    elif len(text) > MAX_BODY:
        problems["body"] = [say("Use at most %(limit)s characters (now %(count)s).", limit=MAX_BODY, count=len(text))]
    return text


def _offer(post: Post, quote: str, instead: str, problems: dict[str, list[str]]) -> str:
    """The words offered, as a text may hold them (``PostInput``); notes what is wrong with them."""
    try:
        instead = form_of({**words_of(_draft(post)), TEXT: instead}, post.kind).source.strip("\n")
    except Invalid as refusal:
        problems["instead"] = refusal.fields.get(TEXT, [])
    if not quote:
        problems["quote"] = [say("Choose the passage that is to read otherwise.")]
    elif instead == quote:
        problems["instead"] = [say("These are the words that stand there already.")]
    elif len(instead) > 2 * MAX_QUOTE:
        problems["instead"] = [say("This passage is too long. Choose a shorter one.")]
    return instead


def _draft(post: Post) -> Revision:
    if post.draft is None:
        raise NotFound(say("There is no such post."))
    return post.draft


# ---- who is writing now


@dataclass(frozen=True, slots=True)
class Holder:
    """Who is writing on a draft now, and since when."""

    user_id: int
    name: str
    since: datetime


def find_holder(session: AnySession, post: Post, *, now: datetime) -> Holder | None:
    """Who is writing on the draft now."""
    lock = session.scalar(
        select(EditLock)
        .where(EditLock.post_id == post.id)
        .options(joinedload(EditLock.user))
        .execution_options(populate_existing=True)
    )
    if lock is None or not is_held(lock, now=now):
        return None
    return Holder(lock.user_id, lock.user.name, lock.since)


def hold(session: AnySession, post: Post, *, by: User, now: datetime, take: bool = False) -> Holder:
    """Say that one is (still) writing; returns who is now, which is somebody else unless one may ``take`` over.

    Who is taken over is told; what they write from then on is kept apart until they merge it. Raises Forbidden.
    """
    if not can_change(by, post):
        raise Forbidden(say("Only the author may change this post."))
    others = find_holder(session, post, now=now)
    if others is not None and others.user_id == by.id:
        session.execute(_lock_of(post).where(EditLock.user_id == by.id).values(beat_at=now))
        return others
    if others is not None and not take:
        return others
    _seize(session, post, by, now, wanted=others)
    holder = find_holder(session, post, now=now)
    if holder is None:
        raise Conflict(say("Somebody else began to write at the same moment. Please try again."))
    if others is not None and holder.user_id == by.id:
        notify(session, (others.user_id,), post, "lock_taken", now=now, who=by)
    return holder


def let_go(session: AnySession, post: Post, *, by: User) -> None:
    """Say that one does not write any more; harmless for who did not."""
    lock = session.scalar(select(EditLock).where(EditLock.post_id == post.id, EditLock.user_id == by.id))
    if lock is not None:
        session.delete(lock)


def _seize(session: AnySession, post: Post, by: User, now: datetime, *, wanted: Holder | None) -> None:
    """Take a lock that is free, over or ``wanted`` from its holder; without effect when somebody was faster."""
    mine = {"user_id": by.id, "since": now, "beat_at": now}
    free = EditLock.beat_at <= now - LOCK_LIFE
    takeable = or_(free, EditLock.user_id == wanted.user_id) if wanted else free
    result = session.execute(_lock_of(post).where(takeable).values(**mine))
    if getattr(result, "rowcount", 0):
        return
    try:
        with session.begin_nested():
            session.execute(insert(EditLock).values(post_id=post.id, **mine))
    except IntegrityError:
        return


def _lock_of(post: Post) -> Update:
    return update(EditLock).where(EditLock.post_id == post.id).execution_options(synchronize_session=False)
