"""The desk of merchants: the shops that readers are sent to, and how each of them pays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from babel import Locale
from babel.core import get_global
from flask import flash, redirect, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from contentshop.affiliate import actions as affiliate
from contentshop.affiliate import queries as programs
from contentshop.affiliate.inputs import ProgramInput
from contentshop.affiliate.links import ProgramFacts, paid_link
from contentshop.config import LOCALES
from contentshop.core.db import db
from contentshop.core.errors import Conflict, Invalid
from contentshop.products import actions, queries
from contentshop.products.inputs import MerchantInput
from contentshop.products.queries import Reach
from contentshop.web.audited import changing, made
from contentshop.web.chrome import current_babel_locale
from contentshop.web.door import Door, show
from contentshop.web.session import viewer
from contentshop.web.words import refusal_text, translated_errors

if TYPE_CHECKING:
    from contentshop.products.models import Merchant

bp = Door("desk_merchants", __name__)

NO_ERRORS: Mapping[str, list[str]] = {}
NAMES = tuple(f"name_{locale}" for locale in LOCALES if locale != "en")
PROGRAM_FIELDS = ("link_template", "tag", "tag_param", "sub_id_param")
FIELDS = ("key", "name", *NAMES, "domain", "country", "check_hours", *PROGRAM_FIELDS)


@dataclass(frozen=True, slots=True)
class Row:
    """One merchant in the list. ``paying`` says that a program is set."""

    key: str
    name: str
    domain: str
    country: str
    offers: int
    active: bool
    paying: bool
    approved: bool


@dataclass(frozen=True, slots=True)
class MerchantsPage:
    """The list of merchants."""

    rows: Sequence[Row]


@dataclass(frozen=True, slots=True)
class MerchantPage:
    """A merchant's form; ``key`` is empty for a new one.

    ``reach`` is what switching it off takes out of the shop. ``example`` is a link as readers follow it.
    """

    key: str
    heading: str
    active: bool
    approved: bool
    values: Mapping[str, str]
    countries: Sequence[tuple[str, str]]
    reach: Reach
    example: str
    errors: Mapping[str, list[str]]


@bp.get("/desk/merchants")
def merchants() -> Response:
    """All merchants, by name."""
    paying = programs.list_paying(db.session)
    countries = Locale.parse(current_babel_locale()).territories
    rows = [
        Row(
            key=one.key,
            name=one.name,
            domain=one.domain,
            country=str(countries.get(one.country, one.country)),
            offers=one.offers,
            active=one.active,
            paying=one.id in paying,
            approved=one.approved,
        )
        for one in queries.list_merchants(db.session, viewer().locale)
    ]
    return show("desk/merchants.html", MerchantsPage(rows))


@bp.get("/desk/merchants/new")
def new_merchant() -> Response:
    """The form of a new merchant."""
    return show("desk/merchant.html", _page(None, {}))


@bp.post("/desk/merchants/new")
def create_merchant() -> Response:
    """Add the merchant and its program."""
    typed = _typed()
    try:
        form, program = _parse(typed)
        found = actions.save_merchant(db.session, form, new=True, now=viewer().now)
        _save_program(found.id, program)
    except Invalid as refusal:
        return show("desk/merchant.html", _page(None, typed, translated_errors(refusal.fields)), 422)
    made(f"merchant:{found.key}", _logged(found.key))
    flash(_("The merchant is there. Its offers are added at each product."), "success")
    return redirect(url_for("desk_merchants.merchant", key=found.key), 303)


@bp.get("/desk/merchants/<key>")
def merchant(key: str) -> Response:
    """A merchant with everything that can be changed."""
    return show("desk/merchant.html", _page(queries.get_merchant(db.session, key)))


@bp.post("/desk/merchants/<key>")
def save_merchant(key: str) -> Response:
    """Change a merchant and its program."""
    typed = _typed() | {"key": key}
    found = queries.get_merchant(db.session, key)
    # Names in languages that the form does not show stay as they are.
    others = {f"name_{language}": str(words.get("name", "")) for language, words in found.translations.items()}
    try:
        form, program = _parse(others | typed)
        with changing(f"merchant:{key}", lambda: _logged(key)):
            _save_program(found.id, program)
            actions.save_merchant(db.session, form, now=viewer().now)
    except Invalid as refusal:
        return show("desk/merchant.html", _page(found, typed, translated_errors(refusal.fields)), 422)
    except Conflict as conflict:
        return show("desk/merchant.html", _page(found, typed, {"domain": [refusal_text(conflict)]}), 409)
    flash(_("Saved."), "success")
    return redirect(url_for("desk_merchants.merchant", key=key), 303)


@bp.post("/desk/merchants/<key>/state")
def set_merchant_state(key: str) -> Response:
    """Stop or resume sending readers to a merchant."""
    wanted = request.form.get("do")
    if wanted not in {"on", "off"}:
        raise Invalid({"do": [_("Choose what to do.")]})
    with changing(f"merchant:{key}", lambda: _state(key)):
        actions.set_merchant_active(db.session, key, wanted == "on", now=viewer().now)
    if wanted == "on":
        flash(_("Readers are sent there again."), "success")
    else:
        flash(_("The merchant is switched off. Nobody is sent there any more."), "success")
    return redirect(url_for("desk_merchants.merchant", key=key), 303)


@bp.post("/desk/merchants/<key>/approve")
def approve_merchant(key: str) -> Response:
    """Take over a shop that a creator found."""
    actions.approve_merchant(db.session, key, now=viewer().now)
    flash(_("The shop is one of ours now. Its links are counted, and paid as its program says."), "success")
    return redirect(url_for("desk_merchants.merchant", key=key), 303)


def _typed() -> dict[str, str]:
    return {name: request.form.get(name, "") for name in FIELDS}


def _parse(typed: Mapping[str, str]) -> tuple[MerchantInput, ProgramInput | None]:
    """Raises Invalid with what is wrong in either part of the form."""
    problems: dict[str, list[str]] = {}
    form, program = None, None
    try:
        form = MerchantInput.parse(typed)
    except Invalid as refusal:
        problems |= {name: list(texts) for name, texts in refusal.fields.items()}
    try:
        program = ProgramInput.parse(typed)
    except Invalid as refusal:
        problems |= {name: list(texts) for name, texts in refusal.fields.items()}
    if form is None or problems:
        raise Invalid(problems)
    return form, program


def _save_program(merchant_id: int, program: ProgramInput | None) -> None:
    if program is None:
        affiliate.leave_program(db.session, merchant_id=merchant_id)
    else:
        affiliate.join_program(db.session, program, merchant_id=merchant_id)


def _page(
    found: Merchant | None, typed: Mapping[str, str] | None = None, errors: Mapping[str, list[str]] = NO_ERRORS
) -> MerchantPage:
    """The form of a merchant, as stored or as ``typed``."""
    program = programs.find_program(db.session, found.id) if found else None
    return MerchantPage(
        key=found.key if found else "",
        heading=_name(found) if found else _("New merchant"),
        active=found.active if found else True,
        approved=found.approved if found else True,
        values=typed if typed is not None else _stored(found, program),
        countries=_countries(),
        reach=queries.get_reach(db.session, found.id) if found else Reach(0, 0, 0),
        example=_example(found, program) if found and not errors else "",
        errors=errors,
    )


def _name(found: Merchant) -> str:
    return str((found.translations.get(viewer().locale) or {}).get("name") or found.name)


def _stored(found: Merchant | None, program: ProgramFacts | None) -> dict[str, str]:
    if found is None:
        return {}
    names = {f"name_{language}": str(words.get("name", "")) for language, words in found.translations.items()}
    words = {"key": found.key, "name": found.name, "domain": found.domain, "country": found.country}
    words["check_hours"] = str(found.check_hours)
    return dict.fromkeys(FIELDS, "") | names | words | (asdict(program) if program else {})


def _logged(key: str) -> dict[str, str]:
    """What the audit log compares of a merchant."""
    found = queries.get_merchant(db.session, key)
    return _stored(found, programs.find_program(db.session, found.id))


def _state(key: str) -> dict[str, str]:
    return {"state": "on" if queries.get_merchant(db.session, key).active else "off"}


def _example(found: Merchant, program: ProgramFacts | None) -> str:
    """How the link of one of its products leaves our site; empty when the program makes none."""
    try:
        return paid_link(f"https://{found.domain}/item", found.domain, program or ProgramFacts(), "card")
    except Invalid:
        return ""


def _countries() -> list[tuple[str, str]]:
    """Every country, by its name in the language of the page."""
    names = Locale.parse(current_babel_locale()).territories
    codes = [code for code in get_global("territory_languages") if len(code) == 2 and code.isalpha()]
    return sorted(((code, str(names.get(code, code))) for code in codes), key=lambda pair: pair[1])
