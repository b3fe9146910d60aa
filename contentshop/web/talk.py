"""Discussions: comments below posts, questions about products, what readers find worth it, and the desk's reports.

What is said stands on the pages of posts and products; the pages here hold older threads, and forms that were refused.
Signed-in people's pages are never kept, so every form carries a token.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from flask import flash, redirect, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from contentshop.core.db import db
from contentshop.core.errors import Conflict, ContentshopError, Invalid
from contentshop.core.paging import page_number
from contentshop.core.text_urls import safe_next
from contentshop.reviews import queries as reviews
from contentshop.reviews.queries import HiddenReview
from contentshop.reviews.queries import Report as ReviewReport
from contentshop.social import actions, policy, queries
from contentshop.social.inputs import (
    MAX_NOTE,
    MAX_TEXT,
    REPORT_REASONS,
    WORTH_REASONS,
    parse_note,
    parse_report,
    parse_text,
    parse_vote,
)
from contentshop.social.queries import Found, Line, Report, Subject, Talk
from contentshop.web.chrome import language_tag
from contentshop.web.door import Door, show
from contentshop.web.limits import SPEAKING, limiter
from contentshop.web.reader_pages import Head, LineView, Paging, TalkView, WorthView
from contentshop.web.review_pages import review_url
from contentshop.web.session import Viewer, settings, viewer
from contentshop.web.urls import creator_url, post_url, product_url
from contentshop.web.words import refusal_text, translated_errors

bp = Door("talk", __name__)


@dataclass(frozen=True, slots=True)
class TalkPage:
    """A discussion on a page of its own."""

    head: Head
    title: str
    url: str
    lang: str
    talk: TalkView
    paging: Paging


@dataclass(frozen=True, slots=True)
class LinePage:
    """One text and what is to happen to it: ``what`` is "change", "report" or "hide"."""

    what: str
    key: str
    text: str
    author: str
    back_url: str
    value: str = ""
    choices: tuple[tuple[str, str], ...] = ()
    errors: Mapping[str, list[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ReportsPage:
    """The reported texts and reviews that wait for an editor: (report, reasons, address of the page they stand on);
    and the reviews that were hidden last."""

    reports: tuple[tuple[Report, str, str], ...]
    reviews: tuple[tuple[ReviewReport, str, str], ...] = ()
    hidden: tuple[HiddenReview, ...] = ()
    errors: Mapping[str, list[str]] = field(default_factory=dict)


def worth_reasons() -> dict[str, str]:
    """Why a post is not worth it, as readers choose it."""
    return {
        "price": _("Too expensive for what it is"),
        "wrong": _("Something in it is wrong"),
        "shallow": _("Not tested enough"),
        "outdated": _("Out of date"),
        "advert": _("Reads like advertising"),
    }


def report_reasons() -> dict[str, str]:
    """Why a text is reported, as readers choose it."""
    return {
        "spam": _("Spam or advertising"),
        "insult": _("Insults somebody"),
        "wrong": _("Wrong in a harmful way"),
        "private": _("Gives away something private"),
        "other": _("Something else"),
    }


# ---- what the pages of posts and products show


def post_talk(column: str | None, *, slug: str, author_key: str, coauthors: frozenset[str] = frozenset()) -> TalkView:
    """The discussion below a post; ``column`` is what ``queries.talk_of_post`` brought."""
    who = viewer()
    user = who.user
    wrote = user is not None and (user.key == author_key or user.handle in coauthors)
    owns = user is not None and user.key == author_key
    return _view(queries.read_talk(column), who, "post", slug, hides=owns or who.can_edit, judges=not wrote)


def product_talk(column: str | None, *, slug: str, listed: bool) -> TalkView | None:
    """The questions about a product; none on the page of one that is not listed any more."""
    if not listed:
        return None
    return _view(queries.read_talk(column), viewer(), "product", slug, hides=viewer().can_edit, judges=False)


def _view(
    talk: Talk,
    who: Viewer,
    kind: str,
    slug: str,
    *,
    hides: bool,
    judges: bool,
    value: str = "",
    parent: str = "",
    errors: Mapping[str, list[str]] | None = None,
) -> TalkView:
    path = post_url(slug) if kind == "post" else product_url(slug)
    action = url_for("talk.comments", slug=slug) if kind == "post" else url_for("talk.questions", slug=slug)
    worth = None
    if kind == "post":
        worth = WorthView(
            action=url_for("talk.vote", slug=slug),
            rate=talk.rate,
            votes=talk.votes,
            mine=talk.mine,
            judges=judges,
            reasons=tuple((name, worth_reasons()[name]) for name in WORTH_REASONS),
        )
    return TalkView(
        kind=kind,
        path=path,
        action=action,
        lines=tuple(_line(line, who, hides) for line in talk.lines),
        count=talk.count,
        older_url=f"{action}?page=2" if talk.more else "",
        worth=worth,
        signed_in=who.user is not None,
        most=MAX_TEXT,
        value=value,
        parent=parent,
        errors=errors or {},
    )


def _line(line: Line, who: Viewer, hides: bool) -> LineView:
    shown = line.state == "shown"
    own = shown and who.user is not None and who.user.id == line.author_id
    gone = {
        "deleted": _("Deleted by whoever wrote it."),
        "blocked": _("Not shown any more."),
        "hidden": _("Hidden: %(reason)s", reason=line.note),
    }
    return LineView(
        key=line.key,
        text=line.text,
        gone="" if shown else gone[line.state],
        author=line.author_name,
        author_url=creator_url(line.author_handle) if shown else "",
        by_shop=settings().site_name if line.by_shop else "",
        at=line.created_at,
        edited=line.edited_at is not None,
        can_change=own and who.now < line.created_at + policy.EDITABLE,
        can_remove=own,
        can_hide=shown and hides and not own,
        can_show=line.state == "hidden" and hides,
        can_report=shown and who.user is not None and not own,
        replies=tuple(_line(reply, who, hides) for reply in line.replies),
    )


# ---- pages of their own


@bp.get("/p/<slug>/comments")
def comments(slug: str) -> Response:
    """What is said below a post, also the older threads."""
    return _talk_page(queries.find_post(db.session, slug))


@bp.get("/products/<slug>/questions")
def questions(slug: str) -> Response:
    """What is asked about a product, also the older threads."""
    return _talk_page(queries.find_product(db.session, slug))


def _talk_page(
    subject: Subject, *, value: str = "", errors: Mapping[str, list[str]] | None = None, status: int = 200
) -> Response:
    who, number = viewer(), page_number(request.args.get("page"))
    talk = queries.get_talk(db.session, subject, who.user, page=number)
    hides = policy.can_hide(who.user, subject.author_id)
    judges = who.user is None or queries.may_vote(db.session, subject, who.user)
    parent = request.form.get("parent", "")[:20]
    view = _view(
        talk, who, subject.kind, subject.slug, hides=hides, judges=judges, value=value, parent=parent, errors=errors
    )
    title = (
        _("Comments on “%(title)s”", title=subject.title)
        if subject.kind == "post"
        else _("Questions about %(title)s", title=subject.title)
    )
    page = TalkPage(
        head=Head(title, "", settings().site_url + view.action, noindex=True),
        title=title,
        url=view.path,
        lang=language_tag(subject.lang),
        talk=view,
        paging=_paging(view.action, number, talk.more),
    )
    return show("reader/talk.html", page, status)


def _paging(path: str, number: int, more: bool) -> Paging:
    if number == 1 and not more:
        return Paging()
    return Paging(
        previous_url="" if number == 1 else path if number == 2 else f"{path}?page={number - 1}",
        next_url=f"{path}?page={number + 1}" if more else "",
        position=_("Page %(page)s", page=number),
    )


# ---- writing


@bp.post("/p/<slug>/comments")
@limiter.limit(SPEAKING)
def comment(slug: str) -> Response:
    """Comment on a post, or reply to a comment."""
    return _say(queries.find_post(db.session, slug))


@bp.post("/products/<slug>/questions")
@limiter.limit(SPEAKING)
def ask(slug: str) -> Response:
    """Ask about a product, or answer a question."""
    return _say(queries.find_product(db.session, slug))


def _say(subject: Subject) -> Response:
    who, typed = viewer(), request.form.get("text", "")
    try:
        said = actions.say_something(
            db.session,
            subject,
            parse_text(typed),
            by=who.person(),
            now=who.now,
            parent_key=request.form.get("parent", "")[:20],
        )
    except (Invalid, Conflict) as refusal:
        errors, status = _refused(refusal)
        return _talk_page(subject, value=typed[:MAX_TEXT], errors=errors, status=status)
    flash(_("Thank you. Everybody can read it now."), "success")
    return redirect(f"{_path(subject)}#c-{said.key}", 303)


@bp.get("/comments/<key>/edit")
def edit(key: str) -> Response:
    """One's own text, to be changed."""
    found = queries.get_own(db.session, key, viewer().person())
    return _line_page("change", found, value=found.comment.text)


@bp.post("/comments/<key>/edit")
@limiter.limit(SPEAKING)
def change(key: str) -> Response:
    """Change one's own text, soon after writing it."""
    who, typed = viewer(), request.form.get("text", "")
    found = queries.get_own(db.session, key, who.person())
    return _done(
        "change",
        found,
        typed,
        lambda: actions.change(db.session, found, parse_text(typed), by=who.person(), now=who.now),
        _("Saved."),
    )


@bp.post("/comments/<key>/delete")
def remove(key: str) -> Response:
    """Delete one's own text."""
    who = viewer()
    found = queries.get_own(db.session, key, who.person())
    actions.remove(db.session, found, by=who.person(), now=who.now)
    flash(_("Deleted."), "success")
    return redirect(_path(found.subject) + "#talk", 303)


@bp.get("/comments/<key>/report")
def report_page(key: str) -> Response:
    """Ask why a text is reported."""
    return _line_page("report", queries.get_shown(db.session, key))


@bp.post("/comments/<key>/report")
@limiter.limit(SPEAKING)
def report(key: str) -> Response:
    """Ask editors to look at a text."""
    who, reason = viewer(), request.form.get("reason", "")
    found = queries.get_shown(db.session, key)
    return _done(
        "report",
        found,
        reason,
        lambda: actions.report(db.session, found, parse_report(reason), by=who.person(), now=who.now),
        _("Thank you. An editor will look at it."),
    )


@bp.get("/comments/<key>/hide")
def hide_page(key: str) -> Response:
    """Ask why a text is hidden."""
    return _line_page("hide", queries.get_to_hide(db.session, key, viewer().person()))


@bp.post("/comments/<key>/hide")
def hide(key: str) -> Response:
    """Hide a text below one's own post, or as an editor."""
    who, note = viewer(), request.form.get("reason", "")
    found = queries.get_to_hide(db.session, key, who.person())
    return _done(
        "hide",
        found,
        note,
        lambda: actions.hide(db.session, found, parse_note(note), by=who.person(), now=who.now),
        _("Hidden. Readers see the reason where replies remain."),
    )


@bp.post("/comments/<key>/show")
def show_again(key: str) -> Response:
    """Show a hidden text again."""
    who = viewer()
    found = queries.get_to_hide(db.session, key, who.person())
    actions.show_again(db.session, found, by=who.person(), now=who.now)
    flash(_("Shown again."), "success")
    return redirect(f"{_path(found.subject)}#c-{key}", 303)


def _done(what: str, found: Found, typed: str, work: Callable[[], None], told: str) -> Response:
    """Do it and go back where the text stands, or show the form again."""
    try:
        work()
    except (Invalid, Conflict) as refusal:
        errors, status = _refused(refusal)
        return _line_page(what, found, value=typed[:MAX_TEXT], errors=errors, status=status)
    flash(told, "success")
    onward = safe_next(request.form.get("next", ""))
    return redirect(onward or f"{_path(found.subject)}#{'talk' if what == 'hide' else 'c-' + found.comment.key}", 303)


def _refused(refusal: Invalid | Conflict) -> tuple[Mapping[str, list[str]], int]:
    """What a form that is shown again says beside its fields, and the status it is answered with."""
    if isinstance(refusal, Invalid):
        return translated_errors(refusal.fields), 422
    return {"text": [refusal_text(refusal)]}, 409


def _line_page(
    what: str,
    found: Found,
    *,
    value: str = "",
    errors: Mapping[str, list[str]] | None = None,
    status: int = 200,
) -> Response:
    comment = found.comment
    page = LinePage(
        what=what,
        key=comment.key,
        text=comment.text,
        author=comment.author.name,
        back_url=f"{_path(found.subject)}#c-{comment.key}",
        value=value,
        choices=tuple((name, report_reasons()[name]) for name in REPORT_REASONS) if what == "report" else (),
        errors=errors or {},
    )
    return show("account/comment.html", page, status)


def _path(subject: Subject) -> str:
    return post_url(subject.slug) if subject.kind == "post" else product_url(subject.slug)


# ---- worth it or not


@bp.post("/p/<slug>/worth")
@limiter.limit(SPEAKING)
def vote(slug: str) -> Response:
    """Say whether a post was worth it, or take that back."""
    who = viewer()
    subject = queries.find_post(db.session, slug)
    try:
        worth, reason = parse_vote(request.form.get("worth", ""), request.form.get("reason", ""))
        actions.vote(db.session, subject, worth, reason, by=who.person(), now=who.now)
    except (Invalid, Conflict) as refusal:
        return _not_counted(refusal, subject)
    flash(_("Your answer is taken back.") if worth is None else _("Your answer counts. Thank you."), "success")
    return redirect(_path(subject) + "#worth", 303)


def _not_counted(refusal: ContentshopError, subject: Subject) -> Response:
    return _talk_page(subject, errors={"worth": [refusal_text(refusal)]}, status=422)


# ---- the desk


@bp.get("/desk/reports")
def reports() -> Response:
    """The reported texts that wait for an editor."""
    return _reports_page()


def _reports_page(errors: Mapping[str, list[str]] | None = None, status: int = 200) -> Response:
    names = report_reasons()
    rows = []
    for one in queries.list_reports(db.session):
        reasons = ", ".join(f"{names[reason]} ({count})" for reason, count in one.reasons.items())
        path = post_url(one.slug) if one.subject_kind == "post" else product_url(one.slug)
        rows.append((one, reasons, f"{path}#c-{one.key}"))
    told = [
        (one, ", ".join(f"{names[reason]} ({count})" for reason, count in one.reasons.items()))
        for one in reviews.list_reports(db.session)
    ]
    page = ReportsPage(
        tuple(rows),
        tuple((one, reasons, review_url(one.slug, one.key)) for one, reasons in told),
        tuple(reviews.list_hidden(db.session)),
        errors or {},
    )
    return show("desk/reports.html", page, status)


@bp.post("/desk/reports/<key>")
def settle(key: str) -> Response:
    """Hide a reported text with a reason, or leave it."""
    who = viewer()
    if request.form.get("do") != "hide":
        actions.leave(db.session, key, now=who.now)
        flash(_("Left as it is."), "success")
        return redirect(url_for("talk.reports"), 303)
    found = queries.get_to_hide(db.session, key, who.person())
    try:
        note = parse_note(request.form.get("reason", "")[: MAX_NOTE * 2])
    except Invalid as refusal:
        return _reports_page(translated_errors(refusal.fields), 422)
    actions.hide(db.session, found, note, by=who.person(), now=who.now)
    flash(_("Hidden."), "success")
    return redirect(url_for("talk.reports"), 303)
