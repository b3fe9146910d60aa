"""Reviews: read them, write one's own, vote, report, hide, and answer for the shop."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from flask import flash, redirect, request, url_for
from flask_babel import gettext as _
from sqlalchemy.exc import IntegrityError
from werkzeug.wrappers import Response

from contentshop.accounts import queries as accounts
from contentshop.core.db import db
from contentshop.core.errors import Conflict, Forbidden, Invalid, NotFound
from contentshop.core.paging import page_number
from contentshop.core.text_urls import safe_next
from contentshop.core.uow import run_in_unit
from contentshop.core.words import say
from contentshop.media import actions as media
from contentshop.media import queries as media_queries
from contentshop.media.actions import Kept, Prepared
from contentshop.media.images import MAX_BYTES, EncodedPicture
from contentshop.reviews import actions, policy, queries
from contentshop.reviews.inputs import (
    MAX_NOTE,
    MAX_PHOTOS,
    MAX_TEXT,
    REPORT_REASONS,
    ReviewInput,
    parse_more,
    parse_note,
    parse_reply,
    parse_report,
)
from contentshop.reviews.queries import Wanted
from contentshop.web.audited import turned_back
from contentshop.web.door import Door, manages_own_units, show
from contentshop.web.limits import SPEAKING, UPLOADS, limiter
from contentshop.web.pictures import picture
from contentshop.web.reader_pages import Paging
from contentshop.web.review_links import stop_of
from contentshop.web.review_pages import (
    DeskReviewsPage,
    MinePage,
    StepPage,
    StopPage,
    WaitingView,
    WritePage,
    language_names,
    own_view,
    page_of,
    review_url,
    whole_view,
    write_url,
)
from contentshop.web.session import engines, viewer
from contentshop.web.urls import product_url
from contentshop.web.words import refusal_text, translated, translated_errors

if TYPE_CHECKING:
    from contentshop.accounts.models import User
    from contentshop.media.models import Asset
    from contentshop.orders.queries.received import ReceivedLine
    from contentshop.reviews.models import Review

bp = Door("reviews", __name__)

FORM_ROOM = 1024 * 1024  # bytes of a form besides its photos
WITH_PHOTOS = frozenset({"reviews.write", "reviews.change"})
DESK_TABS = ("open", "low", "all")

Errors = Mapping[str, list[str]]
Photo = tuple[Prepared, Kept]


@bp.url_value_preprocessor
def _let_photos_in(endpoint: str | None, _values: dict[str, Any] | None) -> None:
    """Buyers may send several photos at once; known before the form is read."""
    if endpoint in WITH_PHOTOS and request.method == "POST" and viewer().user is not None:
        request.max_content_length = MAX_PHOTOS * MAX_BYTES + FORM_ROOM


# ---- reading


@bp.get("/products/<slug>/reviews")
def every(slug: str) -> Response:
    """All reviews of a product, in an order, filtered."""
    who, number, wanted = viewer(), page_number(request.args.get("page")), Wanted.parse(request.args)
    product_id, title = queries.find_product(db.session, slug, who.locale)
    view, more = whole_view(product_id, slug, wanted, number=number)
    return show("reader/reviews.html", page_of(title, view, number, more=more, wanted=wanted))


# ---- writing


@bp.get("/account/reviews")
def mine() -> Response:
    """What I can review, and what I have written."""
    who = viewer()
    person = who.person()
    waiting = queries.list_waiting(db.session, person.id, order_key=request.args.get("order", "")[:20])
    own = [
        own_view(
            review,
            can_change=policy.can_change(person, review, now=who.now),
            can_add=policy.can_add(person, review, now=who.now),
        )
        for review in queries.list_own(db.session, person.id)
    ]
    page = MinePage([_waiting(line) for line in waiting], own, queries.is_invited(db.session, person.id))
    return show("account/reviews.html", page)


def _waiting(line: ReceivedLine) -> WaitingView:
    return WaitingView(
        title=line.title,
        variant=line.variant_name,
        picture=picture(line.picture),
        received_at=line.received_at,
        url=write_url(line.order_key, line.position),
    )


@bp.get("/account/reviews/<order_key>/<int:position>")
def write_page(order_key: str, position: int) -> Response:
    """The form of a review of what came with an order."""
    line = queries.get_to_review(db.session, viewer().person().id, order_key, position)
    return _write_page(line, {"stars": "", "title": "", "text": "", "lang": viewer().locale})


@bp.post("/account/reviews/<order_key>/<int:position>")
@manages_own_units
@limiter.limit(UPLOADS)
def write(order_key: str, position: int) -> Response:
    """Write a review. Photos are read and kept before anything is written down."""
    who = viewer()
    person = who.person()
    line = queries.get_to_review(db.session, person.id, order_key, position)
    values = _typed()
    try:
        said, photos = _parsed()
        db.session.rollback()
        kept = _kept(photos)

        def work() -> None:
            user = _present(person.key)
            # Asked again inside, since somebody may have been quicker in another window.
            found = queries.get_to_review(db.session, user.id, order_key, position)
            actions.write(db.session, found, said, _assets(kept, user), by=user, now=who.now)

        run_in_unit(db.session, work, keep=lambda _done: True)
    except Invalid as refusal:
        return _write_page(line, values, translated_errors(refusal.fields), 422)
    except IntegrityError as error:
        raise Conflict(say("You have reviewed this purchase already.")) from error
    flash(_("Thank you. Everybody can read your review now."), "success")
    return redirect(product_url(line.slug) + "#reviews", 303)


def _write_page(
    line: ReceivedLine, values: Mapping[str, str], errors: Errors | None = None, status: int = 200
) -> Response:
    page = WritePage(
        product=line.title,
        variant=line.variant_name,
        picture=picture(line.picture),
        action=write_url(line.order_key, line.position),
        key="",
        values=values,
        languages=tuple(language_names().items()),
        kept=(),
        most_photos=MAX_PHOTOS,
        most_text=MAX_TEXT,
        errors=errors or {},
    )
    return show("account/review_write.html", page, status)


@bp.get("/reviews/<key>/edit")
def edit(key: str) -> Response:
    """One's own review, to be changed."""
    who = viewer()
    review = queries.get_own(db.session, key, who.person())
    if not policy.can_change(who.user, review, now=who.now):
        raise Conflict(say("A review can be changed for 30 days. Now you can only add something to it, or delete it."))
    values = {"stars": str(review.stars), "title": review.title, "text": review.text, "lang": review.lang}
    return _edit_page(review, values)


@bp.post("/reviews/<key>/edit")
@manages_own_units
@limiter.limit(UPLOADS)
def change(key: str) -> Response:
    """Change one's own review; readers see that it was edited."""
    who = viewer()
    person = who.person()
    review = queries.get_own(db.session, key, person)
    values, dropped = _typed(), request.form.getlist("drop")
    try:
        staying = sum(photo.asset.key not in dropped for photo in review.photos)
        said, photos = _parsed(room=MAX_PHOTOS - staying)
        db.session.rollback()
        kept = _kept(photos)

        def work() -> list[str]:
            user = _present(person.key)
            found = queries.get_own(db.session, key, user)
            added = _assets(kept, user)
            return actions.change(db.session, found, said, dropped=dropped, added=added, by=user, now=who.now)

        _delete_files(run_in_unit(db.session, work, keep=lambda _done: True))
    except Invalid as refusal:
        review = queries.get_own(db.session, key, _present(person.key))
        return _edit_page(review, values, translated_errors(refusal.fields), 422)
    flash(_("Saved."), "success")
    return redirect(url_for("reviews.mine"), 303)


def _edit_page(review: Review, values: Mapping[str, str], errors: Errors | None = None, status: int = 200) -> Response:
    dropped = request.form.getlist("drop")
    page = WritePage(
        product=review.product.title,
        variant=review.variant_name,
        picture=None,
        action=url_for("reviews.change", key=review.key),
        key=review.key,
        values=values,
        languages=tuple(language_names().items()),
        kept=[
            (photo.asset.key, picture(media_queries.facts_of(photo.asset)), photo.asset.key not in dropped)
            for photo in review.photos
        ],
        most_photos=MAX_PHOTOS,
        most_text=MAX_TEXT,
        errors=errors or {},
    )
    return show("account/review_write.html", page, status)


def _typed() -> dict[str, str]:
    return {name: request.form.get(name, "")[: MAX_TEXT * 2] for name in ("stars", "title", "text", "lang")}


def _parsed(*, room: int = MAX_PHOTOS) -> tuple[ReviewInput, list[Prepared]]:
    """The words and the photos of the form, all that is wrong with them told at once. Raises Invalid."""
    problems: dict[str, list[str]] = {}
    said: ReviewInput | None = None
    photos: list[Prepared] = []
    try:
        said = ReviewInput.parse(request.form)
    except Invalid as refusal:
        problems |= refusal.fields
    try:
        photos = _pictures(room)
    except Invalid as refusal:
        problems |= refusal.fields
    if said is None or problems:
        raise Invalid(problems)
    return said, photos


def _pictures(room: int) -> list[Prepared]:
    sent = [file for file in request.files.getlist("photos") if file.filename]
    if len(sent) > room:
        raise Invalid({"photos": [say("Send at most %(most)s photos.", most=MAX_PHOTOS)]})
    found = []
    for file in sent:
        try:
            prepared = media.prepare(cast(BinaryIO, file.stream), file.filename or "", most=MAX_BYTES)
        except Invalid as refusal:
            told = [text for texts in refusal.fields.values() for text in texts]
            raise Invalid({"photos": told}) from refusal
        if not isinstance(prepared.content, EncodedPicture):
            raise Invalid({"photos": [say("Only pictures can be shown here: send JPEG, PNG, WebP or GIF files.")]})
        found.append(prepared)
    return found


def _kept(photos: Sequence[Prepared]) -> list[Photo]:
    """Files first, outside of any transaction: a row never lacks a file."""
    return [(prepared, media.keep_files(engines().storage, prepared)) for prepared in photos]


def _assets(photos: Sequence[Photo], owner: User) -> list[Asset]:
    stored = [media.store(db.session, prepared, kept, owner=owner, now=viewer().now) for prepared, kept in photos]
    # The same photo sent twice is shown once.
    return list({asset.id: asset for asset in stored}.values())


def _delete_files(names: Sequence[str]) -> None:
    for name in names:
        engines().storage.delete(name)


def _present(key: str) -> User:
    user = accounts.find_by_key(db.session, key)
    if user is None:
        raise Forbidden(say("This account no longer exists."))
    return user


# ---- one step with one review: add, delete, report, hide


@bp.get("/reviews/<key>/more")
def more_page(key: str) -> Response:
    """Ask what is to be added."""
    return _step_page("more", queries.get_own(db.session, key, viewer().person()))


@bp.post("/reviews/<key>/more")
@limiter.limit(SPEAKING)
def add_more(key: str) -> Response:
    """Add to one's own review, once."""
    who, typed = viewer(), request.form.get("more", "")
    review = queries.get_own(db.session, key, who.person())
    return _done(
        "more",
        review,
        typed,
        lambda: actions.add_more(db.session, review, parse_more(typed), by=who.person(), now=who.now),
        _("Added. Everybody can read it now."),
    )


@bp.get("/reviews/<key>/delete")
def remove_page(key: str) -> Response:
    """Ask whether a review is to go for good."""
    return _step_page("delete", queries.get_own(db.session, key, viewer().person()))


@bp.post("/reviews/<key>/delete")
@manages_own_units
def remove(key: str) -> Response:
    """Delete one's own review for good: its rows first, then the files of its photos."""
    who = viewer()
    person = who.person().key

    def work() -> list[str]:
        user = _present(person)
        return actions.remove(db.session, queries.get_own(db.session, key, user), by=user, now=who.now)

    _delete_files(run_in_unit(db.session, work, keep=lambda _done: True))
    flash(_("Your review is deleted."), "success")
    return redirect(url_for("reviews.mine"), 303)


@bp.post("/reviews/<key>/helpful")
@limiter.limit(SPEAKING)
def vote(key: str) -> Response:
    """Find a review helpful, or take that back."""
    who, helpful = viewer(), request.form.get("helpful")
    review = queries.get_shown(db.session, key)
    if helpful not in {"yes", "no"}:
        raise Invalid({"helpful": [say("Choose one of the answers.")]})
    actions.vote(db.session, review, helpful == "yes", by=who.person(), now=who.now)
    flash(_("Thank you, your vote counts.") if helpful == "yes" else _("Your vote is taken back."), "success")
    onward = safe_next(request.form.get("next", "")) or product_url(review.product.slug)
    return redirect(f"{onward}#r-{key}", 303)


@bp.get("/reviews/<key>/report")
def report_page(key: str) -> Response:
    """Ask why a review is reported."""
    return _step_page("report", queries.get_shown(db.session, key))


@bp.post("/reviews/<key>/report")
@limiter.limit(SPEAKING)
def report(key: str) -> Response:
    """Ask editors to look at a review."""
    who, reason = viewer(), request.form.get("reason", "")
    review = queries.get_shown(db.session, key)
    return _done(
        "report",
        review,
        reason,
        lambda: actions.report(db.session, review, parse_report(reason), by=who.person(), now=who.now),
        _("Thank you. An editor will look at it."),
    )


@bp.get("/reviews/<key>/hide")
def hide_page(key: str) -> Response:
    """Ask why a review is hidden."""
    return _step_page("hide", queries.get_to_hide(db.session, key))


@bp.post("/reviews/<key>/hide")
def hide(key: str) -> Response:
    """Hide a review with a reason."""
    who, note = viewer(), request.form.get("reason", "")
    review = queries.get_to_hide(db.session, key)
    return _done(
        "hide",
        review,
        note,
        lambda: actions.hide(db.session, review, parse_note(note), by=who.person(), now=who.now),
        _("Hidden. Whoever wrote it sees the reason."),
    )


@bp.post("/reviews/<key>/show")
def show_again(key: str) -> Response:
    """Show a hidden review again."""
    who = viewer()
    review = queries.get_to_hide(db.session, key)
    actions.show_again(db.session, review, by=who.person(), now=who.now)
    flash(_("Shown again."), "success")
    return redirect(review_url(review.product.slug, key), 303)


def _done(what: str, review: Review, typed: str, work: Callable[[], None], told: str) -> Response:
    """Do it and go back where the review stands, or show the form again."""
    try:
        work()
    except Invalid as refusal:
        return _step_page(what, review, value=typed, errors=translated_errors(refusal.fields), status=422)
    except Conflict as refusal:
        return _step_page(what, review, value=typed, errors={what: [refusal_text(refusal)]}, status=409)
    flash(told, "success")
    if what == "hide":
        return redirect(url_for("talk.reports"), 303)
    return redirect(url_for("reviews.mine") if what == "more" else review_url(review.product.slug, review.key), 303)


def _step_page(
    what: str, review: Review, *, value: str = "", errors: Errors | None = None, status: int = 200
) -> Response:
    names = report_reasons()
    page = StepPage(
        what=what,
        key=review.key,
        product=review.product.title,
        stars=review.stars,
        title=review.title,
        text=review.text,
        author=review.author.name,
        back_url=url_for("reviews.mine") if what in {"more", "delete"} else review_url(review.product.slug, review.key),
        value=value[: MAX_TEXT * 2],
        choices=tuple((name, names[name]) for name in REPORT_REASONS) if what == "report" else (),
        errors=errors or {},
    )
    return show("account/review_step.html", page, status)


def report_reasons() -> dict[str, str]:
    """Why a review is reported, as readers choose it."""
    return {
        "spam": _("Spam or advertising"),
        "insult": _("Insults somebody"),
        "wrong": _("Wrong in a harmful way"),
        "private": _("Gives away something private"),
        "other": _("Something else"),
    }


# ---- mails that ask for reviews


@bp.post("/account/reviews/mails")
def mails() -> Response:
    """Want to be asked for reviews by mail, or not."""
    who = viewer()
    if request.form.get("do") == "start":
        actions.allow_invitations(db.session, who.person())
        flash(_("We will ask you for reviews by mail."), "success")
    else:
        actions.refuse_invitations(db.session, who.person(), now=who.now)
        flash(_("We will not ask you for reviews by mail."), "success")
    return redirect(url_for("reviews.mine"), 303)


@bp.get("/account/reviews/stop/<token>")
def stop_page(token: str) -> Response:
    """Ask whether the mails should end. Reading changes nothing, since mail programs look at every link."""
    _stopped(token)
    return show("account/review_stop.html", StopPage(token, stopped=False))


@bp.post("/account/reviews/stop/<token>")
def stop(token: str) -> Response:
    """End the mails: by the page's button or a mail program's own (RFC 8058)."""
    user = accounts.find_by_key(db.session, _stopped(token))
    if user is not None:
        actions.refuse_invitations(db.session, user, now=viewer().now)
    return show("account/review_stop.html", StopPage(token, stopped=True))


def _stopped(token: str) -> str:
    found = stop_of(token)
    if found is None:
        raise NotFound(say("This link is not whole. Change your mails under “Your reviews” in your account."))
    return found


# ---- the desk


@bp.get("/desk/reviews")
def desk() -> Response:
    """Reviews, for those who answer for the shop."""
    return _desk_page()


def _desk_page(*, wrong: str = "", value: str = "", errors: Errors | None = None, status: int = 200) -> Response:
    tab, number = request.args.get("show", DESK_TABS[0]), page_number(request.args.get("page"))
    tab = tab if tab in DESK_TABS else DESK_TABS[0]
    found, more = queries.page_desk(db.session, tab, number=number)
    names = {"open": _("Without an answer"), "low": _("Three stars or less"), "all": _("All")}
    page = DeskReviewsPage(
        tabs=[(names[one], url_for("reviews.desk", show=one), one == tab, None) for one in DESK_TABS],
        reviews=found,
        paging=Paging(
            previous_url=url_for("reviews.desk", show=tab, page=number - 1) if number > 1 else "",
            next_url=url_for("reviews.desk", show=tab, page=number + 1) if more else "",
            position=_("Page %(page)s", page=number) if more or number > 1 else "",
        ),
        wrong=wrong,
        value=value[: MAX_TEXT * 2],
        errors=errors or {},
    )
    return show("desk/reviews.html", page, status)


@bp.post("/desk/reviews/<key>/reply")
def reply(key: str) -> Response:
    """Answer a review for the shop, change the answer or take it away."""
    who, typed = viewer(), request.form.get("reply", "")
    review = queries.get_shown(db.session, key)
    taken = request.form.get("do") == "remove"
    try:
        text = "" if taken else parse_reply(typed)
    except Invalid as refusal:
        return _desk_page(wrong=key, value=typed, errors=translated_errors(refusal.fields), status=422)
    actions.reply(db.session, review, text, by=who.person(), now=who.now)
    flash(_("The answer is taken away.") if taken else _("Everybody can read your answer now."), "success")
    return redirect(url_for("reviews.desk", show=request.args.get("show") or None), 303)


@bp.post("/desk/reports/reviews/<key>")
def settle(key: str) -> Response:
    """Hide a reported review with a reason, or leave it."""
    who = viewer()
    if request.form.get("do") != "hide":
        actions.leave(db.session, key, now=who.now)
        flash(_("Left as it is."), "success")
        return redirect(url_for("talk.reports"), 303)
    review = queries.get_to_hide(db.session, key)
    try:
        note = parse_note(request.form.get("reason", "")[: MAX_NOTE * 2])
    except Invalid as refusal:
        return turned_back(" ".join(translated(text) for text in refusal.fields["reason"]), url_for("talk.reports"))
    actions.hide(db.session, review, note, by=who.person(), now=who.now)
    flash(_("Hidden. Whoever wrote it sees the reason."), "success")
    return redirect(url_for("talk.reports"), 303)
