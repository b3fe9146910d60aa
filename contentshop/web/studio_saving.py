"""Saving what somebody wrote, whatever happened meanwhile: it becomes the draft, or is kept apart to be merged."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from flask import request, url_for

from contentshop.core.db import db
from contentshop.core.errors import Conflict, Forbidden
from contentshop.core.uow import run_in_unit
from contentshop.core.words import say
from contentshop.posts import actions, history, policy, queries, teamwork
from contentshop.posts.inputs import PostInput
from contentshop.posts.merging import words_of
from contentshop.web.session import viewer

if TYPE_CHECKING:
    from contentshop.posts.models import Post

Result = TypeVar("Result")
MAX_WINDOW = 40


@dataclass(frozen=True, slots=True)
class Saved:
    """The draft holds the words now: at ``version``, as revision ``number``."""

    version: int
    number: int


@dataclass(frozen=True, slots=True)
class Astray:
    """The words are kept as a copy, since the draft has changed (it is at ``version``) or somebody else is writing."""

    merge_url: str
    version: int


class BeingWritten(Conflict):
    """Somebody else is writing on the draft now, which is at ``version``."""

    def __init__(self, *, version: int) -> None:
        super().__init__(say("Somebody else is writing on this post now."))
        self.version = version


def in_unit(work: Callable[[], Result]) -> Result:
    """Do ``work`` and commit it."""
    return run_in_unit(db.session, work, keep=lambda _result: True)


def own_post(key: str) -> Post:
    """The post, for its authors. Raises Forbidden for who may only read it, NotFound for everybody else."""
    post = queries.get_for_studio(db.session, key, viewer().user)
    if not policy.can_change(viewer().user, post):
        raise Forbidden(say("Only the author may change this post."))
    return post


def save(key: str, form: PostInput, *, version: int, how: actions.How = "saved") -> Saved | Astray:
    """Save ``form`` on top of ``version`` of the draft, unless that has changed or somebody else is writing."""
    who = viewer()
    text = actions.prepare_text(form.source)

    def write() -> Saved:
        post = own_post(key)
        holder = teamwork.hold(db.session, post, by=who.person(), now=who.now)
        if holder.user_id != who.person().id:
            raise BeingWritten(version=post.draft_version)
        actions.save_draft(db.session, post, form, version=version, by=who.person(), now=who.now, text=text, how=how)
        return Saved(post.draft_version, _number(post))

    try:
        return in_unit(write)
    except (actions.EditConflict, BeingWritten) as refusal:
        return _set_aside(key, form, version, refusal.version)


def wants_json() -> bool:
    """Whether a script asks, which reads data and follows no redirects."""
    return request.accept_mimetypes.best == "application/json"


def sent_version() -> int:
    """The version of the draft that a form was begun on; 0 when it is none."""
    version = request.form.get("version", "")
    return int(version) if version.isascii() and version.isdigit() and len(version) < 10 else 0


def _set_aside(key: str, form: PostInput, version: int, present: int) -> Astray:
    who = viewer()
    window = request.form.get("window", "")[:MAX_WINDOW]

    def keep() -> str:
        post = own_post(key)
        copy = history.keep_copy(
            db.session, post, words_of(form), version=version, window=window, by=who.person(), now=who.now
        )
        return copy.key

    return Astray(url_for("studio_history.merge", key=key, copy=in_unit(keep)), present)


def _number(post: Post) -> int:
    return post.draft.number if post.draft else 0
