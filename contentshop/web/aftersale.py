"""Buyers after the sale: ask for a refund, a return or an exchange, send goods back, see where it stands.

Everything hangs below the signed address of the order, so another buyer's case cannot be found.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from flask import Response as FlaskResponse
from flask import flash, redirect, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from contentshop.aftersale import actions, policy, queries
from contentshop.aftersale.inputs import MAX_PHOTOS, Application, ReturnParcel
from contentshop.core.db import db
from contentshop.core.errors import Conflict, Invalid
from contentshop.core.uow import unit_of_work
from contentshop.media.actions import PrivatePicture, keep_private
from contentshop.media.images import encode
from contentshop.media.queries import private_name
from contentshop.orders import queries as orders
from contentshop.payments.inputs import PayoutInput
from contentshop.web.aftersale_pages import CasePage, apply_page, case_page, terms
from contentshop.web.door import Door, manages_own_units, show
from contentshop.web.limits import UPLOADS, limiter
from contentshop.web.orders import actor, open_order, private
from contentshop.web.session import engines, viewer
from contentshop.web.words import refusal_text, translated_errors

if TYPE_CHECKING:
    from contentshop.aftersale.models import AfterSale

bp = Door("aftersale", __name__)


@bp.get("/orders/<token>/after-sale")
def form(token: str) -> Response:
    """The form that asks."""
    return private(show("shop/aftersale_apply.html", apply_page(open_order(token))))


@bp.post("/orders/<token>/after-sale")
@limiter.limit(UPLOADS)
@manages_own_units
def apply(token: str) -> Response:
    """Ask. Pictures are decoded before the database is held."""
    found = open_order(token)
    key = found.key
    try:
        wanted, account = _wanted(queries.claimable(db.session, found))
        photos = _photos()
        with unit_of_work(db.session):
            case = actions.apply(
                db.session,
                key,
                wanted,
                photos=photos,
                account=account,
                terms=terms(),
                actor=actor(),
                now=viewer().now,
            )
    except (Invalid, Conflict) as refusal:
        db.session.rollback()
        page = apply_page(orders.get_by_key(db.session, key), _typed(), _errors(refusal))
        status = 422 if isinstance(refusal, Invalid) else 409
        return private(show("shop/aftersale_apply.html", page, status))
    flash(_("We have your request and answer soon."), "success")
    return private(redirect(url_for("aftersale.case", token=token, key=case.key), 303))


def _wanted(left: Mapping[int, int]) -> tuple[Application, PayoutInput | None]:
    """What is asked for, and the account for the money where one was typed. Raises Invalid with all that is wrong."""
    problems: dict[str, list[str]] = {}
    wanted = account = None
    try:
        wanted = Application.parse(request.form, left)
    except Invalid as refusal:
        problems |= refusal.fields
    if PayoutInput.is_typed(request.form):
        try:
            account = PayoutInput.parse(request.form)
        except Invalid as refusal:
            problems |= refusal.fields
    if wanted is None or problems:
        raise Invalid(problems)
    return wanted, account if wanted.kind != "exchange" else None


def _photos() -> list[PrivatePicture]:
    """The pictures that were sent, made safe and kept. Raises Invalid."""
    sent = [file for file in request.files.getlist("photos") if file.filename]
    if len(sent) > MAX_PHOTOS:
        raise Invalid({"photos": [_("Add at most %(most)s pictures.", most=MAX_PHOTOS)]})
    try:
        pictures = [encode(file.read()) for file in sent]
    except Invalid as refusal:
        raise Invalid({"photos": refusal.fields["picture"]}) from refusal
    return [keep_private(engines().storage, picture) for picture in pictures]


def _typed() -> dict[str, str]:
    return {name: value[:2000] for name, value in request.form.items() if name != "csrf_token"}


def _errors(refusal: Invalid | Conflict) -> Mapping[str, list[str]]:
    if isinstance(refusal, Invalid):
        return translated_errors(refusal.fields)
    return {"": [refusal_text(refusal)]}


@bp.get("/orders/<token>/after-sale/<key>")
def case(token: str, key: str) -> Response:
    """Where a case stands, and what the buyer may do now."""
    return private(show("shop/aftersale_case.html", buyer_case_page(_open(token, key))))


def _open(token: str, key: str) -> AfterSale:
    return queries.get_of_order(db.session, key, open_order(token).key)


def buyer_case_page(
    found: AfterSale, values: Mapping[str, str] | None = None, errors: Mapping[str, list[str]] | None = None
) -> CasePage:
    """The page of a case for its buyer, with what they have typed and what was wrong with it."""
    mine = {policy.Verb.SEND, policy.Verb.WITHDRAW}
    possible = [verb.value for verb in policy.possible(found.state, found.kind) if verb in mine]
    return case_page(found, possible=possible, values=values, errors=errors)


@bp.post("/orders/<token>/after-sale/<key>/sent")
def send(token: str, key: str) -> Response:
    """The goods are on their way back."""
    found = _open(token, key)

    def work() -> None:
        parcel = ReturnParcel.parse(request.form)
        actions.send(db.session, found.key, parcel, terms=terms(), actor=actor(), now=viewer().now)

    return _done(token, key, work, _("Thank you. We tell you when it has come back."))


@bp.post("/orders/<token>/after-sale/<key>/withdraw")
def withdraw(token: str, key: str) -> Response:
    """The buyer does not want it any more."""
    found = _open(token, key)
    return _done(
        token,
        key,
        lambda: actions.withdraw(db.session, found.key, terms=terms(), actor=actor(), now=viewer().now),
        _("Your request is withdrawn."),
    )


def _done(token: str, key: str, work: Callable[[], object], message: str) -> Response:
    try:
        work()
    except (Invalid, Conflict) as refusal:
        db.session.rollback()
        page = buyer_case_page(_open(token, key), _typed(), _errors(refusal))
        status = 422 if isinstance(refusal, Invalid) else 409
        return private(show("shop/aftersale_case.html", page, status))
    flash(message, "success")
    return private(redirect(url_for("aftersale.case", token=token, key=key), 303))


@bp.post("/orders/<token>/protection")
def protect(token: str) -> Response:
    """The price has fallen: pay the difference back."""
    found = open_order(token)
    line = request.form.get("line", "")[:18]
    line_id = int(line) if line.isascii() and line.isdecimal() else 0
    try:
        case = actions.protect(db.session, found.key, line_id, terms=terms(), actor=actor(), now=viewer().now)
    except Conflict as refusal:
        db.session.rollback()
        flash(refusal_text(refusal), "error")
        return private(redirect(url_for("shop.order", token=token), 303))
    flash(_("The difference is on its way back to you."), "success")
    return private(redirect(url_for("aftersale.case", token=token, key=case.key), 303))


@bp.get("/orders/<token>/after-sale/<key>/photos/<photo>")
def photo(token: str, key: str, photo: str) -> Response:
    """A picture of one's own case."""
    return photo_of(_open(token, key).key, photo)


def photo_of(case_key: str, photo_key: str) -> Response:
    """The file of a picture of a case, which no shared cache keeps. The caller has let the asker in."""
    found = queries.find_photo(db.session, case_key, photo_key)
    with engines().storage.open(private_name(found.key)) as file:
        response = FlaskResponse(file.read(), mimetype="image/webp")
    response.headers["Cache-Control"] = "private, max-age=3600"
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response.headers["X-Robots-Tag"] = "noindex"
    return response
