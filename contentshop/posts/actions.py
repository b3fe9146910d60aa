"""Changes to posts. None commits; the door does.

Rendering takes a while, so doors call ``prepare_text`` before they begin to write and hand its result in.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import ColumnElement, delete, func, select, update
from sqlalchemy import inspect as inspect_table

from contentshop.accounts.inputs import clean_line
from contentshop.accounts.models import User
from contentshop.core.errors import Conflict, Forbidden, Invalid
from contentshop.core.ids import new_key, slugify
from contentshop.core.outbox import record
from contentshop.core.text import RENDERER_VERSION, Problem, excerpt
from contentshop.core.uow import AnySession
from contentshop.core.words import say
from contentshop.posts.bargains import PREFIX, DealInput, asked, end_of, phase_of, read_words, state_of
from contentshop.posts.binding import Bound, as_stored, bind, with_deal
from contentshop.posts.cards import CardRef
from contentshop.posts.events import PostChanged, PostPublished, PostUnpublished
from contentshop.posts.gate import inspect, obstacles
from contentshop.posts.imports import PostFile
from contentshop.posts.inputs import MAX_SUMMARY, PostInput
from contentshop.posts.media_use import note_use
from contentshop.posts.merging import POST_FIELDS, Words, step_back, words_of
from contentshop.posts.models import (
    Card,
    Deal,
    DealReport,
    DraftStep,
    Post,
    PostPlan,
    PostTopic,
    Revision,
    RevisionAsset,
)
from contentshop.posts.policy import can_change, can_unpublish
from contentshop.posts.queries import find_by_source
from contentshop.posts.rendering import Rendered, render_draft
from contentshop.posts.segments import recommending
from contentshop.products.queries import load_facts

SUMMARY_FROM_TEXT = 160
MAX_UPDATE_NOTE = 300
# Automatic saves of one person go into one revision until they pause for this long.
SESSION_PAUSE = timedelta(minutes=30)

How = Literal["autosave", "saved", "restored"]


@dataclass(frozen=True, slots=True)
class PreparedText:
    """A source, taken apart and rendered. ``rendered`` names cards by their place in ``cards``: "0", "1", ….

    With ``problems`` it holds what could be rendered all the same, for the preview.
    """

    source: str
    cards: tuple[CardRef, ...]
    rendered: Rendered
    problems: tuple[Problem, ...]


@dataclass(frozen=True, slots=True)
class ImportResult:
    """What became of one file. ``problems`` are the reasons why it stays a draft, with lines of the file."""

    post: Post
    outcome: Literal["added", "updated", "unchanged"]
    problems: tuple[str, ...] = ()


class EditConflict(Conflict):
    """The post was saved elsewhere in between; ``version`` is that of the draft now."""

    def __init__(self, *, version: int) -> None:
        super().__init__(say("This post was saved in another window in the meantime."))
        self.version = version


def prepare_text(source: str) -> PreparedText:
    """Render ``source`` without the database. Never raises: what is wrong is listed by line."""
    rendered, cards, problems = render_draft(source)
    return PreparedText(source, cards, rendered, tuple(problems))


def create_draft(
    session: AnySession,
    form: PostInput,
    *,
    by: User,
    now: datetime,
    slug: str | None = None,
    text: PreparedText | None = None,
) -> Post:
    """Begin a post. Its address comes from ``slug`` or, on first publishing, from its title."""
    key = new_key()
    post = Post(
        key=key,
        slug=_free_slug(session, slug) if slug else key,
        kind=form.kind,
        author_id=by.id,
        lang=form.lang,
        created_at=now,
        updated_at=now,
    )
    session.add(post)
    session.flush()
    post.author = by
    # What a post is begun with is no state of it worth a place in its history.
    _write_draft(session, post, form, text or prepare_text(form.source), by=by, now=now, how="autosave")
    return post


def save_draft(
    session: AnySession,
    post: Post,
    form: PostInput,
    *,
    version: int,
    by: User,
    now: datetime,
    text: PreparedText | None = None,
    how: How = "saved",
    restored_from: int | None = None,
) -> Post:
    """Save what the author wrote on top of ``version`` of the draft. Cards that cannot be found are noted, not refused.

    Automatic saves go into one revision while the same person writes on; a save by hand ends it, and stays in the
    history. What readers see stays as it is. Raises EditConflict when the draft has another version by now and other
    words, Forbidden, and Invalid for another kind.
    """
    _check_own(post, form, by)
    text = text or prepare_text(form.source)
    if post.draft_version == version and _is_saved(post, form):
        return _name(session, post, how, by=by, now=now)
    before = _claim_draft(session, post, version, now)
    if before is None:
        if words_of(_draft_of(post)) == words_of(form):
            return _name(session, post, how, by=by, now=now)
        raise EditConflict(version=post.draft_version)
    step = step_back(words_of(form), before)
    session.add(DraftStep(post_id=post.id, version=version, changes=step, saved_at=now))
    _write_draft(session, post, form, text, by=by, now=now, how=how)
    _draft_of(post).restored_from = restored_from
    session.flush()
    return post


def try_draft(
    session: AnySession, post: Post, form: PostInput, *, by: User, now: datetime, text: PreparedText | None = None
) -> Revision:
    """What ``save_draft`` would make of ``form``, as a revision that is in no database: nothing is written.

    Raises Forbidden and Invalid as ``save_draft``.
    """
    _check_own(post, form, by)
    text = text or prepare_text(form.source)
    tried = Revision(post_id=post.id)
    _put(tried, form, text, _bound(session, post, form, text), by=by, now=now, how="autosave")
    return tried


def publish(
    session: AnySession,
    post: Post,
    *,
    by: User,
    now: datetime,
    at: datetime | None = None,
    revision: Revision | None = None,
    note: str = "",
    silent: bool = False,
) -> None:
    """Show the draft, or another ``revision`` of the post, to readers.

    ``at`` dates the first publication back, for posts that are imported. Of a later one readers are told when it was
    and, by ``note``, what has changed; not if it is ``silent``. A plan for older words is void then.

    Raises Invalid with everything that stands in the way, each card with its line, and changes nothing then;
    Forbidden; Conflict when the post was published or taken down in between. Harmless when there is nothing new.
    """
    _allow(can_change(by, post))
    _show(session, post, revision or _draft_of(post), now=now, at=at, note=note, silent=silent)


def _show(
    session: AnySession,
    post: Post,
    shown: Revision,
    *,
    now: datetime,
    at: datetime | None = None,
    note: str = "",
    silent: bool = False,
) -> None:
    found = publishing_obstacles(session, post, shown, now=now)
    note = _update_note(note, found)
    if found:
        raise Invalid(found)
    if post.state == "published" and post.live_id == shown.id:
        return
    if not _claim(session, post, post.version, now):
        raise _crossed()
    was_visible = post.state == "published"
    if post.published_at is None:
        post.published_at = at or now
        if post.slug == post.key:
            post.slug = _free_slug(session, slugify(shown.title, fallback=post.key))
    elif post.live_id != shown.id and not silent:
        post.revised_at = now
        if note:
            post.updates = [*post.updates, [now.isoformat(), note]]
    # The column too: the relationship alone is written after the state, which needs it.
    post.live, post.live_id, post.state, post.lang = shown, shown.id, "published", shown.lang
    shown.published_at = shown.published_at or now
    shown.kind = "saved" if shown.kind == "autosave" else shown.kind
    _show_cards(session, post, {entry["key"]: entry["alternative_id"] for entry in recommending(shown.cards)})
    _file_under(session, post, shown.topics)
    if post.kind == "deal":
        _keep_deal(session, post, shown, now=now)
    _void_plans(session, post, "publish", now=now, up_to=shown.number)
    event = PostChanged(post=post.key) if was_visible else PostPublished(post=post.key)
    record(session, event, now=now)
    session.flush()


def unpublish(session: AnySession, post: Post, *, by: User, now: datetime) -> None:
    """Take the post off the site; its text and its cards' keys are kept. Harmless when it is not on it.

    Raises Forbidden for anybody but its authors and editors, Conflict when it was changed in between.
    """
    _allow(can_unpublish(by, post))
    if post.state != "published":
        return
    if not _claim(session, post, post.version, now):
        raise _crossed()
    post.state = "unpublished"
    _void_plans(session, post, "unpublish", now=now)
    _show_cards(session, post, {})
    _file_under(session, post, ())
    record(session, PostUnpublished(post=post.key), now=now)
    session.flush()


def amend_deal(session: AnySession, post: Post, deal: DealInput, *, by: User, now: datetime, note: str = "") -> None:
    """Publish other facts of a deal under the words that readers see, as a new revision by ``by``.

    A draft with words that readers do not see yet gets the same facts and keeps its words. For authors and editors.
    Raises Invalid with everything that stands in the way, Forbidden, Conflict when it is not published.
    """
    _allow(can_unpublish(by, post))
    if post.live is None or post.state != "published":
        raise Conflict(say("There is nothing to publish."))
    live, draft = post.live, _draft_of(post)
    step = step_back(words_of(draft) | _deal_words(deal), words_of(draft))
    session.add(DraftStep(post_id=post.id, version=post.draft_version, changes=step, saved_at=now))
    if _claim_draft(session, post, post.draft_version, now) is None:
        raise _crossed()
    shown = _copy(session, post, live, deal, by=by, now=now)
    post.draft = shown if draft.id == live.id else _copy(session, post, draft, deal, by=by, now=now)
    session.flush()
    _show(session, post, shown, now=now, note=note)


def _deal_words(deal: DealInput) -> Words:
    return {PREFIX + name: value for name, value in deal.words().items()}


def _copy(session: AnySession, post: Post, revision: Revision, deal: DealInput, *, by: User, now: datetime) -> Revision:
    """A revision that says the same but for a deal's facts; its product stays."""
    number = session.scalar(select(func.max(Revision.number)).where(Revision.post_id == post.id)) or 0
    kept = {
        column.key: getattr(revision, column.key)
        for column in inspect_table(Revision).columns
        if column.key not in {"id", "number", "published_at", "restored_from"}
    }
    copy = Revision(**kept | {"kind": "saved", "deal": deal.words(), "saved_by": by.id, "saved_at": now})
    copy.number = number + 1
    session.add(copy)
    session.flush()
    note_use(session, copy)
    return copy


def publishing_obstacles(
    session: AnySession, post: Post, draft: Revision, *, now: datetime, first_line: int = 1
) -> dict[str, list[str]]:
    """What stands in the way of publishing ``draft`` at ``now``, by field; its lines count from ``first_line``.

    The rules are those of ``posts.gate``.
    """
    return obstacles(inspect(session, post, draft, now=now), first_line=first_line)


def import_post(
    session: AnySession,
    file: PostFile,
    *,
    author: User,
    now: datetime,
    publish: bool = True,
    cover_id: int | None = None,
    text: PreparedText | None = None,
) -> ImportResult:
    """Bring in one file; again when its text has changed, and not at all when it has not.

    A post that cannot be published stays a draft and is tried again next time; one that was unpublished here
    stays off. An existing post keeps its author. Raises Invalid when a field of the file is wrong.
    """
    text = text or prepare_text(file.body)
    form = import_form(file, text, cover_id=cover_id, now=now)
    mark = f"{file.source_id}@{file.digest}"
    post = find_by_source(session, file.source_id)
    if post is None:
        outcome: Literal["added", "updated", "unchanged"] = "added"
        post = create_draft(session, form, by=author, now=now, slug=file.slug or None, text=text)
    elif post.source == mark and (post.state != "draft" or not publish):
        return ImportResult(post, "unchanged")
    else:
        outcome = "updated"
        save_draft(session, post, form, version=post.draft_version, by=post.author, now=now, text=text)
    post.source = mark
    if not publish or post.state == "unpublished":
        return ImportResult(post, outcome)
    found = publishing_obstacles(session, post, _draft_of(post), now=now, first_line=file.first_line)
    if found:
        return ImportResult(post, outcome, tuple(line for lines in found.values() for line in lines))
    _publish(session, post, by=post.author, now=now, at=file.published_at(now))
    return ImportResult(post, outcome)


# ``import_post`` has a parameter of that name.
_publish = publish


def import_form(file: PostFile, text: PreparedText, *, now: datetime, cover_id: int | None = None) -> PostInput:
    """The post a file describes, read ``now``; without a summary, its first words. Raises Invalid by field."""
    summary = file.summary or excerpt(text.rendered.text.partition("\n")[0], SUMMARY_FROM_TEXT)
    return PostInput.parse(
        kind=file.kind,
        title=file.title,
        summary=summary[:MAX_SUMMARY] if not file.summary else summary,
        source=file.body,
        lang=file.lang,
        topics=[topic.slug for topic in file.topics],
        tested=file.tested,
        tested_from=file.tested_from,
        tested_to=file.tested_to,
        owned_since=file.owned_since,
        relation=file.relation,
        cover_id=cover_id,
        cover_alt=file.cover_alt,
        deal=file.deal_words(now),
    )


def _check_own(post: Post, form: PostInput, by: User) -> None:
    _allow(can_change(by, post))
    if form.kind != post.kind:
        raise Invalid({"kind": [say("A post stays what it was begun as: an article, a buying list or a deal.")]})


def _allow(allowed: bool) -> None:
    if not allowed:
        raise Forbidden(say("Only the author may change this post."))


def _draft_of(post: Post) -> Revision:
    if post.draft is None:
        raise Conflict(say("There is nothing to publish."))
    return post.draft


def _crossed() -> Conflict:
    return Conflict(say("This post was published or taken down in another window in the meantime. Look at it again."))


def _update_note(text: str, problems: dict[str, list[str]]) -> str:
    line = clean_line(text, len(text))
    if len(line) > MAX_UPDATE_NOTE:
        told = say("Use at most %(limit)s characters (now %(count)s).", limit=MAX_UPDATE_NOTE, count=len(line))
        problems["update_note"] = [told]
    return line


def _claim(session: AnySession, post: Post, version: int, now: datetime) -> bool:
    """Move what readers see from ``version`` to the next; False when it is not at ``version`` any more.

    One conditional statement decides between two writers; afterwards ``post`` and its draft are up to date.
    """
    return _won(session, post, Post.version == version, {"version": version + 1, "updated_at": now})


def _claim_draft(session: AnySession, post: Post, version: int, now: datetime) -> Words | None:
    """Move the draft from ``version`` to the next; what stood in it, or None when it is not at ``version`` any more."""
    values = {"draft_version": version + 1, "updated_at": now}
    won = _won(session, post, Post.draft_version == version, values)
    return words_of(_draft_of(post)) if won else None


def _won(session: AnySession, post: Post, unchanged: ColumnElement[bool], values: Mapping[str, Any]) -> bool:
    result = session.execute(
        update(Post).where(Post.id == post.id, unchanged).values(**values).execution_options(synchronize_session=False)
    )
    session.refresh(post)
    session.refresh(_draft_of(post))
    return bool(getattr(result, "rowcount", 0))


def _void_plans(session: AnySession, post: Post, kind: str, *, now: datetime, up_to: int | None = None) -> None:
    """End what was planned and has been overtaken; with ``up_to`` only plans for revisions up to this number."""
    query = select(PostPlan).where(PostPlan.post_id == post.id, PostPlan.kind == kind, PostPlan.state == "waiting")
    for plan in session.scalars(query):
        if up_to is None or plan.revision is None or plan.revision.number <= up_to:
            plan.state, plan.ended_at = "cancelled", now


def _is_saved(post: Post, form: PostInput) -> bool:
    """Whether the draft says exactly this already, and nothing of it waits to be looked at again."""
    draft = _draft_of(post)
    return not draft.problems and draft.renderer_version == RENDERER_VERSION and words_of(draft) == words_of(form)


def _name(session: AnySession, post: Post, how: How, *, by: User, now: datetime) -> Post:
    """Give an automatic save that is saved by hand now, without another word, its place in the history."""
    draft = _draft_of(post)
    if how != "autosave" and draft.kind == "autosave":
        draft.kind, draft.saved_by, draft.saved_at = "saved", by.id, now
        session.flush()
    return post


def _write_draft(
    session: AnySession, post: Post, form: PostInput, text: PreparedText, *, by: User, now: datetime, how: How
) -> None:
    """Put the author's words and what was made of them into the draft; what readers see is never touched."""
    bound = _bound(session, post, form, text)
    session.add_all(bound.fresh)
    draft = _draft_to_write(session, post, by=by, now=now)
    _put(draft, form, text, bound, by=by, now=now, how=how)
    post.draft = draft
    if post.live_id is None:
        post.lang = form.lang
    note_use(session, draft)


def _bound(session: AnySession, post: Post, form: PostInput, text: PreparedText) -> Bound:
    deal = form.deal.words() if form.deal is not None else {}
    return bind(session, post.id, *with_deal(text.cards, text.rendered.segments, deal))


def _put(
    draft: Revision, form: PostInput, text: PreparedText, bound: Bound, *, by: User, now: datetime, how: How
) -> None:
    """Fill ``draft`` with the author's words and what was made of them."""
    draft.deal = form.deal.words() if form.deal is not None else {}
    for name in POST_FIELDS:
        value = getattr(form, name)
        setattr(draft, name, list(value) if isinstance(value, tuple) else value)
    draft.kind = how
    draft.segments = bound.segments
    draft.headings = [list(heading) for heading in text.rendered.headings]
    draft.cards = bound.cards
    draft.problems = [as_stored(problem) for problem in (*text.problems, *bound.problems)]
    draft.text = text.rendered.text
    draft.renderer_version = text.rendered.version
    draft.saved_by, draft.saved_at = by.id, now


def _draft_to_write(session: AnySession, post: Post, *, by: User, now: datetime) -> Revision:
    """The draft in place while it is an automatic save of the same person's session, else a new revision."""
    draft = post.draft
    if (
        draft is not None
        and draft.kind == "autosave"
        and draft.id != post.live_id
        and draft.saved_by == by.id
        and now - draft.saved_at <= SESSION_PAUSE
    ):
        return draft
    number = session.scalar(select(func.max(Revision.number)).where(Revision.post_id == post.id)) or 0
    return Revision(post_id=post.id, number=number + 1)


def picture_changed(session: AnySession, asset_id: int) -> None:
    """Let the pages of published posts that show this picture be made anew."""
    shown = select(RevisionAsset.revision_id).where(RevisionAsset.asset_id == asset_id)
    session.execute(update(Post).where(Post.live_id.in_(shown)).values(version=Post.version + 1))


def _show_cards(session: AnySession, post: Post, alternatives: Mapping[str, int | None]) -> None:
    """Make exactly these cards (key → its alternative) the ones that readers see."""
    for card in session.scalars(select(Card).where(Card.post_id == post.id)):
        card.live = card.key in alternatives
        if card.live:
            card.alternative_id = alternatives[card.key]


def _keep_deal(session: AnySession, post: Post, shown: Revision, *, now: datetime) -> None:
    """Put down what a deal's revision says for everybody who asks how it stands.

    Whoever publishes another price, shop, code or time says that the deal goes on, so what readers said of the one
    before is void; other words leave it as it stood.
    """
    written = read_words(shown.deal)
    entry = next(entry for entry in shown.cards if entry["kind"] == "deal")
    product = load_facts(session, [entry["product_id"]], shown.lang).get(entry["product_id"])
    known = session.get(Deal, post.id)
    deal = known or Deal(post_id=post.id, version=0, until=now, phase="running", price_minor=0, currency="")
    before = _terms(deal) if known is not None else None
    coupon = deal.coupon
    if written.price is None:
        raise Conflict(say("There is nothing to publish."))
    deal.product_id = entry["product_id"]
    deal.shop, deal.region, deal.coupon = written.shop, written.region, written.coupon
    deal.price_minor, deal.currency = written.price.minor, written.price.currency
    deal.starts_at, deal.ends_at = written.starts_at, written.ends_at
    if before != _terms(deal):
        price = asked(product, written.shop, written.region, deal.currency) if product is not None else None
        deal.base_minor = price.minor if price is not None else None
        deal.until = end_of(written, now=now)
        reopen(session, deal)
    if known is not None and coupon != deal.coupon:
        session.execute(delete(DealReport).where(DealReport.post_id == post.id, DealReport.about == "coupon"))
        deal.works = deal.fails = 0
    deal.phase = phase_of(state_of(deal.closed_as, deal.starts_at, deal.until, now))
    deal.version += 1
    session.add(deal)
    session.flush()


def _terms(deal: Deal) -> tuple[Any, ...]:
    """What makes a deal another one."""
    money = (deal.price_minor, deal.currency)
    return (deal.product_id, deal.shop, *money, deal.region, deal.coupon, deal.starts_at, deal.ends_at)


def reopen(session: AnySession, deal: Deal) -> None:
    """Let a deal run until its clock ends it; nobody has said that it is over."""
    session.execute(delete(DealReport).where(DealReport.post_id == deal.post_id, DealReport.about == "over"))
    deal.closed_as = deal.closed_by = deal.closed_why = ""
    deal.closed_at, deal.confirmed, deal.reports = None, False, 0


def _file_under(session: AnySession, post: Post, topics: Iterable[str]) -> None:
    session.execute(delete(PostTopic).where(PostTopic.post_id == post.id))
    session.add_all(PostTopic(post_id=post.id, topic=topic) for topic in topics)


def _free_slug(session: AnySession, base: str) -> str:
    """``base``, or with the first number that nobody has."""
    numbered = [base, *(f"{base}-{number}" for number in range(2, 20))]
    taken = set(session.scalars(select(Post.slug).where(Post.slug.in_(numbered))))
    return next((slug for slug in numbered if slug not in taken), f"{base}-{new_key(6)}")
