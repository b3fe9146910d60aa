"""A person's own pages: signing up, in and out, passwords, profile, orders."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from email.utils import parseaddr

from flask import Response as FlaskResponse
from flask import current_app, flash, redirect, request, url_for
from flask import session as browser_session
from flask_babel import gettext as _
from sqlalchemy.exc import IntegrityError
from werkzeug.wrappers import Response

from contentshop.accounts import actions, passwords, queries
from contentshop.accounts.inputs import Profile, SignUp, check_password
from contentshop.core.db import db
from contentshop.core.errors import Forbidden, Invalid
from contentshop.core.text import safe_next
from contentshop.core.uow import unit_of_work
from contentshop.core.words import say
from contentshop.media import actions as media
from contentshop.media import images
from contentshop.media import queries as pictures
from contentshop.orders import queries as orders
from contentshop.web import session as web
from contentshop.web.door import Door, manages_own_units, show
from contentshop.web.exporting import archive_of
from contentshop.web.limits import RESET, SIGN_IN, SIGN_UP, UPLOADS, limiter
from contentshop.web.orders import OrderRow, row_view
from contentshop.web.pictures import PictureView, face
from contentshop.web.words import translated_errors
from contentshop.web.zones import in_words, typed_zone, zone_choices, zone_label

bp = Door("account", __name__)

NEWEST_ORDERS = 5  # on the account's first page; all of them have a page of their own


@dataclass(frozen=True, slots=True)
class FormPage:
    """A form with what was typed and what is wrong with it (field → messages)."""

    values: Mapping[str, str] = field(default_factory=dict)
    errors: Mapping[str, list[str]] = field(default_factory=dict)
    next: str = ""
    open_creators: bool = True


@dataclass(frozen=True, slots=True)
class AccountPage:
    """A person's own page."""

    name: str
    handle: str
    email: str
    role: str
    bio: str
    zone: str
    zones: Sequence[tuple[str, str]]
    clock: str
    portrait: PictureView | None
    errors: Mapping[str, list[str]]
    orders: list[OrderRow]


def _passwords() -> passwords.Passwords:
    found: passwords.Passwords = current_app.extensions["contentshop"].passwords
    return found


def _typed(*names: str) -> dict[str, str]:
    return {name: request.form.get(name, "") for name in names}


def _onward(fallback: str) -> Response:
    target = safe_next(request.values.get("next", "")) or fallback
    return redirect(target, 303)


@bp.get("/sign-up")
def sign_up() -> Response:
    """The form of a new account."""
    if web.viewer().user:
        return _onward("/account")
    asked = {"creator": "1" if request.args.get("as") == "creator" else ""}
    return show("account/sign_up.html", _sign_up_page(asked))


def _sign_up_page(values: Mapping[str, str], errors: Mapping[str, list[str]] | None = None) -> FormPage:
    return FormPage(
        values=values,
        errors=translated_errors(errors or {}),
        next=safe_next(request.values.get("next", "")) or "",
        open_creators=web.settings().open_creators,
    )


@bp.post("/sign-up")
@limiter.limit(SIGN_UP)
@manages_own_units
def create_account() -> Response:
    """Add the account and sign it in."""
    values = _typed("name", "handle", "email", "creator")
    try:
        form = SignUp.parse(
            name=values["name"],
            handle=values["handle"],
            email=values["email"],
            password=request.form.get("password", ""),
            creator=bool(values["creator"]) and web.settings().open_creators,
            locale=web.viewer().locale,
        )
        password_hash = _passwords().hash(form.password)  # slow on purpose, so before the database is asked
        with unit_of_work(db.session):
            user = actions.sign_up(db.session, form, password_hash=password_hash, now=web.moment())
            token = actions.start_session(db.session, user, user_agent=request.user_agent.string, now=web.moment())
    except Invalid as refusal:
        return show("account/sign_up.html", _sign_up_page(values, refusal.fields), 422)
    except IntegrityError:
        taken = say("This handle or address was taken a moment ago; choose another.")
        return show("account/sign_up.html", _sign_up_page(values, {"handle": [taken]}), 422)
    browser_session.clear()
    web.sign_in(user, token)
    flash(_("Welcome, %(name)s!", name=user.name), "success")
    return _onward("/studio" if user.role == "creator" else "/")


@bp.get("/sign-in")
def sign_in() -> Response:
    """The sign-in form."""
    if web.viewer().user:
        return _onward("/account")
    return show("account/sign_in.html", FormPage(next=safe_next(request.args.get("next", "")) or ""))


@bp.post("/sign-in")
@limiter.limit(SIGN_IN)
@manages_own_units
def start_session() -> Response:
    """Check the password and open a session. One answer for a wrong address and a wrong password.

    That an account is closed is told only to whoever has its password.
    """
    email = request.form.get("email", "")
    user = queries.find_by_email(db.session, email[:300])
    password_hash = user.password_hash if user else None
    blocked = user is not None and user.blocked
    db.session.rollback()
    right = _passwords().matches(password_hash, request.form.get("password", "")[:1000])
    if not right or blocked or user is None:
        wrong = _("The e-mail address and the password do not belong together.")
        if right and blocked:
            whom = web.settings().contact or parseaddr(web.settings().mail_from)[1]
            wrong = _("This account is closed. If you think that is a mistake, write to %(address)s.", address=whom)
        page = FormPage(
            values={"email": email[:300]},
            errors={"email": [wrong]},
            next=safe_next(request.form.get("next", "")) or "",
        )
        return show("account/sign_in.html", page, 422)
    with unit_of_work(db.session):
        user = queries.find_by_email(db.session, email)
        if user is None:
            raise Forbidden(say("This account no longer exists."))
        token = actions.start_session(db.session, user, user_agent=request.user_agent.string, now=web.moment())
    browser_session.clear()
    web.sign_in(user, token)
    return _onward("/")


@bp.post("/sign-out")
def sign_out() -> Response:
    """End this browser's session."""
    web.sign_out()
    browser_session.clear()
    flash(_("You are signed out."), "success")
    return redirect("/", 303)


@bp.get("/forgot")
def forgot() -> Response:
    """Ask for a link that sets a new password."""
    return show("account/forgot.html", FormPage())


@bp.post("/forgot")
@limiter.limit(RESET)
def ask_reset() -> Response:
    """Have the link sent. The answer is the same whether or not there is such an account."""
    user = queries.find_by_email(db.session, request.form.get("email", "")[:300])
    if user is not None and not user.blocked:
        actions.ask_password_reset(db.session, user, now=web.moment())
    flash(
        _("If there is an account with this address, a mail with a link is on its way. It is valid for 30 minutes."),
        "success",
    )
    return redirect(url_for("account.sign_in"), 303)


@bp.get("/reset/<token>")
def reset(token: str) -> Response:
    """Choose the new password."""
    _reset_key(token)
    return show("account/reset.html", FormPage(values={"token": token}))


@bp.post("/reset/<token>")
@manages_own_units
def set_password(token: str) -> Response:
    """Set the new password and end all sessions of the person."""
    key = _reset_key(token)
    password = request.form.get("password", "")
    problems: dict[str, list[str]] = {}
    check_password(password, problems)
    if problems:
        return show("account/reset.html", FormPage({"token": token}, translated_errors(problems)), 422)
    password_hash = _passwords().hash(password)
    with unit_of_work(db.session):
        _reset_key(token)  # again, under the write lock: the link works once
        user = queries.find_by_key(db.session, key)
        if user is not None:
            actions.change_password(db.session, user, password_hash=password_hash, now=web.moment())
    flash(_("Your password is changed. Sign in with the new one."), "success")
    return redirect(url_for("account.sign_in"), 303)


def _reset_key(token: str) -> str:
    """The person whose password a link may set. Raises Forbidden when it is too old or was used."""
    found = passwords.read_reset_token(web.settings().secret_key, token)
    user = queries.find_by_key(db.session, found[0]) if found else None
    if found is None or user is None or passwords.reset_mark(user.password_hash) != found[1]:
        raise Forbidden(say("This link is too old or was used already. Ask for a new one."))
    return found[0]


@bp.get("/account")
def home() -> Response:
    """The person's own page."""
    return show("account/home.html", _account_page({}))


def _account_page(errors: Mapping[str, list[str]]) -> AccountPage:
    who = web.viewer()
    person = who.person()
    rows = [row_view(row) for row in orders.list_for_user(db.session, person.id, limit=NEWEST_ORDERS)]
    portrait = pictures.find_portrait(db.session, person.id)
    return AccountPage(
        name=request.form.get("name", person.name),
        handle=person.handle,
        email=person.email,
        role=person.role,
        bio=request.form.get("bio", person.bio),
        zone=request.form.get("zone", zone_label(person.timezone) if person.timezone else "")[:100],
        zones=zone_choices(),
        clock=in_words(who.now, person.timezone) if person.timezone else "",
        portrait=face(pictures.facts_of(portrait)) if portrait else None,
        errors=errors,
        orders=rows,
    )


@bp.post("/account")
def save_profile() -> Response:
    """Change name and words about oneself."""
    person = web.viewer().person()
    try:
        form = Profile.parse(name=request.form.get("name", ""), bio=request.form.get("bio", ""))
    except Invalid as refusal:
        return show("account/home.html", _account_page(translated_errors(refusal.fields)), 422)
    actions.change_profile(db.session, person, form, now=web.moment())
    flash(_("Your profile is saved."), "success")
    return redirect(url_for("account.home"), 303)


@bp.get("/account/timezone")
def timezone_page() -> Response:
    """Somebody reloaded the address of a button: the account."""
    return redirect(url_for("account.home"))


@bp.post("/account/timezone")
def save_timezone() -> Response:
    """Change the clock by which times are told and chosen."""
    typed = request.form.get("zone", "")[:100].strip()
    try:
        actions.set_timezone(web.viewer().person(), typed_zone(typed) if typed else "")
    except Invalid as refusal:
        return show("account/home.html", _account_page(translated_errors(refusal.fields)), 422)
    flash(_("Your time zone is saved."), "success")
    return redirect(url_for("account.home") + "#times-heading", 303)


@bp.get("/account/picture")
def picture_page() -> Response:
    """Somebody reloaded the address of a button: the account."""
    return redirect(url_for("account.home"))


@bp.post("/account/picture")
@manages_own_units
def save_picture() -> Response:
    """Put up a picture of oneself, or take it away."""
    person, sent = web.viewer().person(), request.files.get("picture")
    data = b"" if request.form.get("do") == "remove" or sent is None else sent.read()
    try:
        if request.form.get("do") != "remove" and not data:
            raise Invalid({"picture": [say("Choose a picture first.")]})
        encoded = images.encode(data) if data else None
    except Invalid as refusal:
        return show("account/home.html", _account_page(translated_errors(refusal.fields)), 422)
    with unit_of_work(db.session):
        user = queries.find_by_key(db.session, person.key)
        if user is None:
            raise Forbidden(say("This account no longer exists."))
        now, storage = web.moment(), web.engines().storage
        asset = media.store_encoded(db.session, storage, encoded, owner=user, now=now) if encoded else None
        media.set_portrait(db.session, user, asset, now=now)
    flash(_("Your picture is saved.") if encoded else _("Your picture is taken away."), "success")
    return redirect(url_for("account.home") + "#profile-heading", 303)


@bp.get("/account/password")
def password() -> Response:
    """The form that changes a password."""
    return show("account/password.html", FormPage())


@bp.post("/account/password")
@limiter.limit(SIGN_IN)
@manages_own_units
def change_password() -> Response:
    """Change the password, sign out every other browser, keep this one."""
    person = web.viewer().person()
    problems: dict[str, list[str]] = {}
    if not _passwords().matches(person.password_hash, request.form.get("current", "")[:1000]):
        problems["current"] = [say("This is not your present password.")]
    chosen = check_password(request.form.get("password", ""), problems)
    if problems:
        return show("account/password.html", FormPage(errors=translated_errors(problems)), 422)
    password_hash = _passwords().hash(chosen)
    with unit_of_work(db.session):
        user = queries.find_by_key(db.session, person.key)
        if user is None:
            raise Forbidden(say("This account no longer exists."))
        actions.change_password(db.session, user, password_hash=password_hash, now=web.moment())
        token = actions.start_session(db.session, user, user_agent=request.user_agent.string, now=web.moment())
    browser_session.clear()
    web.sign_in(user, token)
    flash(_("Your password is changed. Other browsers are signed out."), "success")
    return redirect(url_for("account.home"), 303)


@bp.post("/account/export")
@limiter.limit(UPLOADS)
def export() -> Response:
    """Everything that the person told us and bought here, as one file. By a button, so that no link fetches it."""
    person, now = web.viewer().person(), web.moment()
    name = f"{person.handle}-{now:%Y-%m-%d}.zip"
    answer = FlaskResponse(archive_of(person, web.engines().storage), mimetype="application/zip")
    answer.headers["Content-Disposition"] = f"attachment; filename={name}"
    answer.headers["Cache-Control"] = "no-store"
    return answer


@bp.get("/account/export")
def export_page() -> Response:
    """Somebody reloaded the address of a button: the account."""
    return redirect(url_for("account.home"))


@bp.post("/account/sign-out-everywhere")
def sign_out_everywhere() -> Response:
    """End every session of the person."""
    actions.end_all_sessions(db.session, web.viewer().person(), now=web.moment())
    web.sign_out()
    browser_session.clear()
    flash(_("You are signed out everywhere."), "success")
    return redirect("/", 303)
