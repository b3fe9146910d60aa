"""Talking about a draft: remarks on passages, and other words offered for them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from flask import flash, redirect, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from contentshop.core.db import db
from contentshop.core.errors import Invalid, NotFound
from contentshop.core.words import say
from contentshop.posts import actions, policy, queries, teamwork
from contentshop.posts.merging import Piece, compare_words
from contentshop.posts.teamwork import Thread, Verdict
from contentshop.web.chrome import language_tag
from contentshop.web.door import Door, manages_own_units, show
from contentshop.web.session import viewer
from contentshop.web.studio import draft_of
from contentshop.web.studio_saving import in_unit
from contentshop.web.words import translated_errors

if TYPE_CHECKING:
    from contentshop.posts.models import Post, Remark

bp = Door("studio_review", __name__, url_prefix="/studio")

PARAGRAPHS = re.compile(r"(?:[^\n]*[^\s][^\n]*(?:\n|$))+")
VERDICTS: dict[str, Verdict] = {
    "accept": "accepted",
    "reject": "rejected",
    "resolve": "resolved",
    "reopen": "open",
}
MOST_SHOWN = 120  # characters of a passage above a remark


@dataclass(frozen=True, slots=True)
class AnswerView:
    """An answer to a remark."""

    who: str
    body: str
    at: datetime


@dataclass(frozen=True, slots=True)
class RemarkView:
    """A remark. ``pieces`` compare the passage with the words offered for it, if some are."""

    key: str
    who: str
    at: datetime
    body: str
    quote: str
    pieces: Sequence[Piece]
    suggestion: bool
    state: str
    place: str
    exact: bool
    answers: Sequence[AnswerView]
    may_resolve: bool
    may_decide: bool


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Some lines of the draft with the remarks on them; ``form`` shows the form of a new one."""

    number: int
    line: int
    text: str
    remarks: Sequence[RemarkView]
    form: bool


@dataclass(frozen=True, slots=True)
class ReviewPage:
    """The draft, paragraph by paragraph, with what is said about it. ``lost``: remarks whose passage is gone."""

    key: str
    title: str
    lang: str
    role: str
    may_change: bool
    paragraphs: Sequence[Paragraph]
    lost: Sequence[RemarkView]
    general: Sequence[RemarkView]
    settled: Sequence[RemarkView]
    open: int
    values: Mapping[str, str]
    errors: Mapping[str, list[str]]


@bp.get("/<key>/review")
def review(key: str) -> Response:
    """The draft with its remarks; with ``at``, the form for one paragraph of it."""
    return show("studio/review.html", _page(_post(key), request.args.get("at", ""), {}))


@bp.post("/<key>/remarks")
def remark(key: str) -> Response:
    """Say something about a passage, or offer other words for it."""
    who, post = viewer(), _post(key)
    values = {name: request.form.get(name, "") for name in ("quote", "body", "instead", "at", "near", "kind")}
    instead = values["instead"].replace("\r\n", "\n") if values["kind"] == "suggestion" else None
    near = int(values["near"]) if values["near"].isascii() and values["near"].isdigit() else 0
    try:
        made = teamwork.add_remark(
            db.session,
            post,
            quote=values["quote"],
            body=values["body"],
            instead=instead,
            by=who.person(),
            now=who.now,
            near=near,
        )
    except Invalid as refusal:
        return show("studio/review.html", _page(post, values["at"], values, refusal.fields), 422)
    flash(_("Your remark is there for the others to see."), "success")
    return redirect(url_for("studio_review.review", key=key, _anchor=f"r-{made.key}"), 303)


@bp.post("/<key>/remarks/<remark_key>/reply")
def reply(key: str, remark_key: str) -> Response:
    """Answer a remark."""
    who, post = viewer(), _post(key)
    try:
        teamwork.reply(db.session, post, remark_key, request.form.get("body", ""), by=who.person(), now=who.now)
    except Invalid as refusal:
        return show("studio/review.html", _page(post, "", {}, refusal.fields), 422)
    return redirect(url_for("studio_review.review", key=key, _anchor=f"r-{remark_key}"), 303)


@bp.post("/<key>/remarks/<remark_key>/<verb>")
@manages_own_units
def decide(key: str, remark_key: str, verb: str) -> Response:
    """Take the words offered or leave them, end the discussion or open it again."""
    who, post = viewer(), _post(key)
    verdict = VERDICTS.get(verb)
    if verdict is None:
        raise NotFound(say("There is no such page."))
    text = None
    if verdict == "accepted" and policy.can_change(who.user, post):
        found = teamwork.get_remark(db.session, post, remark_key)
        if found.state == "open" and found.kind == "suggestion":
            text = actions.prepare_text(teamwork.with_suggestion(post, found).source)

    def work() -> None:
        fresh = _post(key)
        teamwork.decide(
            db.session,
            fresh,
            teamwork.get_remark(db.session, fresh, remark_key),
            verdict,
            by=who.person(),
            now=who.now,
            text=text,
        )

    in_unit(work)
    if verdict == "accepted":
        flash(_("The words stand in the draft now."), "success")
    return redirect(url_for("studio_review.review", key=key, _anchor=f"r-{remark_key}"), 303)


@bp.get("/<key>/remarks/<remark_key>/<_verb>")
def decide_page(key: str, remark_key: str, _verb: str) -> Response:
    """Somebody reloaded the address of a button: the remark."""
    return redirect(url_for("studio_review.review", key=_post(key).key, _anchor=f"r-{remark_key}"))


def _post(key: str) -> Post:
    return queries.get_for_studio(db.session, key, viewer().user)


def _page(post: Post, at: str, values: Mapping[str, str], errors: Mapping[str, list[str]] | None = None) -> ReviewPage:
    who, draft = viewer(), draft_of(post)
    threads = teamwork.list_threads(db.session, post)
    told = [thread for thread in threads if thread.remark.state == "open"]
    return ReviewPage(
        key=post.key,
        title=draft.title or _("Untitled"),
        lang=language_tag(draft.lang),
        role=policy.role_in(who.user, post),
        may_change=policy.can_change(who.user, post),
        paragraphs=list(_paragraphs(post, draft.source, told, at)),
        lost=[_view(post, thread) for thread in told if thread.remark.quote and thread.place is None],
        general=[_view(post, thread) for thread in told if not thread.remark.quote],
        settled=[_view(post, thread) for thread in threads if thread.remark.state != "open"],
        open=len(told),
        values={"quote": "", "body": "", "instead": "", "kind": "comment", **values},
        errors=translated_errors(errors or {}),
    )


def _paragraphs(post: Post, source: str, threads: Sequence[Thread], at: str) -> Sequence[Paragraph]:
    found: list[Paragraph] = []
    for number, match in enumerate(PARAGRAPHS.finditer(source), start=1):
        here = [t for t in threads if t.place is not None and match.start() <= t.place.start < match.end()]
        found.append(
            Paragraph(
                number=number,
                line=source.count("\n", 0, match.start()) + 1,
                text=match.group().strip("\n"),
                remarks=[_view(post, thread) for thread in here],
                form=at == str(number),
            )
        )
    return found


def _view(post: Post, thread: Thread) -> RemarkView:
    found, user = thread.remark, viewer().user
    suggestion = found.kind == "suggestion"
    return RemarkView(
        key=found.key,
        who=found.author.name,
        at=found.created_at,
        body=found.body,
        quote=_short(found),
        pieces=compare_words(found.quote, found.instead) if suggestion else (),
        suggestion=suggestion,
        state=found.state,
        place=_("Line %(number)s", number=thread.place.line) if thread.place else "",
        exact=thread.place is not None and thread.place.exact,
        answers=[AnswerView(one.author.name, one.body, one.created_at) for one in thread.answers],
        may_resolve=policy.can_resolve(user, post, found) and found.state in {"open", "resolved"},
        may_decide=suggestion and found.state == "open" and policy.can_change(user, post),
    )


def _short(found: Remark) -> str:
    line = " ".join(found.quote.split())
    return line if len(line) <= MOST_SHOWN else line[: MOST_SHOWN - 1].rstrip() + "…"
