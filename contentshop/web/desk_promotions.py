"""The desk of promotions: coupons and what works by itself, with limits, pauses and uses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from flask import flash, redirect, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from werkzeug.wrappers import Response

from contentshop.core.db import db
from contentshop.core.errors import Conflict, Invalid
from contentshop.core.money import Money
from contentshop.core.paging import page_number
from contentshop.products.queries import list_tree
from contentshop.promotions import actions, queries
from contentshop.promotions.inputs import PromotionInput, write_amounts
from contentshop.promotions.queries import Row
from contentshop.web.audited import changing, made
from contentshop.web.chrome import money as in_words
from contentshop.web.door import Door, show
from contentshop.web.session import viewer
from contentshop.web.shop_sums import percent
from contentshop.web.words import refusal_text, translated_errors
from contentshop.web.zones import moment_text, own_zone

if TYPE_CHECKING:
    from contentshop.promotions.models import Promotion

bp = Door("desk_promotions", __name__)

NO_ERRORS: Mapping[str, list[str]] = {}
FIELDS = (
    *("name", "name_zh", "code", "kind", "percent", "amounts", "buy", "free", "scope", "scope_keys", "min_spend"),
    *("caps", "total_limit", "person_limit", "starts_at", "ends_at", "valid_days", "combinable", "version", "zone"),
)


@dataclass(frozen=True, slots=True)
class PromotionRow:
    """One promotion in the list. ``state``: on, paused, early, ended or used_up."""

    key: str
    name: str
    code: str
    what: str
    uses: str
    given: str
    state: str


@dataclass(frozen=True, slots=True)
class PromotionsPage:
    """The list of promotions."""

    rows: Sequence[PromotionRow]


@dataclass(frozen=True, slots=True)
class UseRow:
    """One use: the order, when, and what it took off."""

    order: str
    used_at: datetime
    amount: Money
    released: bool


@dataclass(frozen=True, slots=True)
class PromotionPage:
    """The form of a promotion; ``key`` is empty for a new one. ``categories`` are (slug, way, whether chosen)."""

    key: str
    heading: str
    active: bool
    values: Mapping[str, str]
    errors: Mapping[str, list[str]]
    uses: Sequence[UseRow]
    summary: str
    categories: Sequence[tuple[str, str, bool]]


@bp.get("/desk/promotions")
def index() -> Response:
    """All promotions, the newest first."""
    found = queries.list_all(db.session, number=page_number(request.args.get("page", "")))
    return show("desk/promotions.html", PromotionsPage([_row(row, viewer().now) for row in found.items]))


@bp.get("/desk/promotions/new")
def new_promotion() -> Response:
    """The form of a new promotion."""
    values = dict.fromkeys(FIELDS, "") | {"kind": "percent", "scope": "all", "zone": own_zone()}
    return show("desk/promotion.html", _page(None, values))


@bp.post("/desk/promotions/new")
def create_promotion() -> Response:
    """Make a promotion."""
    typed = _typed()
    try:
        found = actions.save(db.session, PromotionInput.parse(typed), by=viewer().person(), now=viewer().now)
    except Invalid as refusal:
        return show("desk/promotion.html", _page(None, typed, translated_errors(refusal.fields)), 422)
    made(f"promotion:{found.key}", _logged(found))
    flash(_("The promotion is there and works while it lasts."), "success")
    return redirect(url_for("desk_promotions.promotion", key=found.key), 303)


@bp.get("/desk/promotions/<key>")
def promotion(key: str) -> Response:
    """A promotion with its uses."""
    row = queries.get_row(db.session, key)
    return show("desk/promotion.html", _page(row, _stored(row.promotion)))


@bp.post("/desk/promotions/<key>")
def save_promotion(key: str) -> Response:
    """Change a promotion. Orders that were placed keep what they got."""
    typed = _typed()
    version = int(typed["version"]) if typed["version"].isascii() and typed["version"].isdigit() else None
    row = queries.get_row(db.session, key)
    try:
        form, who = PromotionInput.parse(typed), viewer()
        with changing(f"promotion:{key}", lambda: _logged(queries.get_promotion(db.session, key))):
            actions.save(db.session, form, by=who.person(), now=who.now, key=key, version=version)
    except Invalid as refusal:
        db.session.rollback()
        return show("desk/promotion.html", _page(row, typed, translated_errors(refusal.fields)), 422)
    except Conflict as conflict:
        db.session.rollback()
        return show("desk/promotion.html", _page(row, typed, {"name": [refusal_text(conflict)]}), 409)
    flash(_("Saved."), "success")
    return redirect(url_for("desk_promotions.promotion", key=key), 303)


@bp.post("/desk/promotions/<key>/state")
def set_promotion_state(key: str) -> Response:
    """Pause a promotion, or let it go on."""
    wanted = request.form.get("do")
    if wanted not in {"on", "off"}:
        raise Invalid({"do": [_("Choose what to do.")]})
    by = viewer().person()
    with changing(f"promotion:{key}", lambda: _state_of(queries.get_promotion(db.session, key))):
        actions.set_active(db.session, key, wanted == "on", by=by)
    flash(_("It works again.") if wanted == "on" else _("Paused. Nobody can use it now."), "success")
    return redirect(url_for("desk_promotions.promotion", key=key), 303)


def _typed() -> dict[str, str]:
    chosen = "\n".join(slug[:100] for slug in request.form.getlist("categories")[:1000])
    return {name: request.form.get(name, "")[:5000] for name in FIELDS} | {"categories": chosen}


def _row(row: Row, now: datetime) -> PromotionRow:
    one = row.promotion
    return PromotionRow(
        key=one.key,
        name=_name(one),
        code=one.code or "",
        what=_what(one),
        uses=f"{row.uses} / {one.total_limit}" if one.total_limit is not None else str(row.uses),
        given=_given(row),
        state=_state(one, now),
    )


def _given(row: Row) -> str:
    return ", ".join(in_words(Money(minor, code)) for code, minor in row.given)


def _name(one: Promotion) -> str:
    return str((one.translations.get(viewer().locale) or {}).get("name") or one.name)


def _what(one: Promotion) -> str:
    if one.kind == "percent":
        return str(_("%(percent)s off", percent=percent(one.percent_ppm)))
    if one.kind == "fixed":
        amounts = ", ".join(in_words(Money(minor, code)) for code, minor in sorted(one.amounts.items()))
        return str(_("%(amount)s off", amount=amounts))
    return str(_("Buy %(buy)s, get %(free)s free", buy=one.buy, free=one.free))


def _state(one: Promotion, now: datetime) -> str:
    if not one.active:
        return "paused"
    if one.total_limit is not None and one.used >= one.total_limit:
        return "used_up"
    if one.starts_at is not None and now < one.starts_at:
        return "early"
    return "ended" if one.ends_at is not None and now >= one.ends_at else "on"


def _page(row: Row | None, values: Mapping[str, str], errors: Mapping[str, list[str]] = NO_ERRORS) -> PromotionPage:
    one = row.promotion if row else None
    uses = queries.list_uses(db.session, one.key) if one else []
    summary = ""
    if row is not None and row.uses:
        summary = ngettext("Used %(num)s time", "Used %(num)s times", row.uses) + ": " + _given(row)
    return PromotionPage(
        key=one.key if one else "",
        heading=_name(one) if one else _("New promotion"),
        active=one.active if one else True,
        values=values,
        errors=errors,
        uses=[
            UseRow(use.holder, use.used_at, Money(use.minor, use.currency), use.released_at is not None) for use in uses
        ],
        summary=summary,
        categories=_categories(values.get("categories", "").splitlines()),
    )


def _categories(chosen: Sequence[str]) -> list[tuple[str, str, bool]]:
    """The tree to choose from, and what was chosen but is not in it any more."""
    tree, locale = list_tree(db.session), viewer().locale
    gone = [slug for slug in chosen if slug not in {one.slug for one in tree}]
    return [
        *((one.slug, " › ".join(one.path_in(locale)), one.slug in chosen) for one in tree),
        *((slug, _("%(name)s (not there any more)", name=slug), True) for slug in gone),
    ]


def _logged(one: Promotion) -> dict[str, Any]:
    """What the audit log compares of a promotion: its form, with moments that are the same on every clock."""
    return _stored(one) | {
        "scope_keys": _stored(one)["scope_keys"].splitlines(),
        "categories": one.scope_keys if one.scope == "category" else [],
        "starts_at": one.starts_at.isoformat() if one.starts_at else "",
        "ends_at": one.ends_at.isoformat() if one.ends_at else "",
    }


def _state_of(one: Promotion) -> dict[str, str]:
    return {"state": "on" if one.active else "paused"}


def _stored(one: Promotion) -> dict[str, str]:
    def number(value: int | None) -> str:
        return str(value) if value else ""

    zone, names = own_zone(), dict(queries.list_named(db.session, one.scope, one.scope_keys))
    return {
        "name": one.name,
        "name_zh": str((one.translations.get("zh") or {}).get("name", "")),
        "code": one.code or "",
        "kind": one.kind,
        "percent": f"{one.percent_ppm / 10_000:g}" if one.percent_ppm else "",
        "amounts": write_amounts(one.amounts),
        "buy": number(one.buy),
        "free": number(one.free),
        "scope": one.scope,
        "scope_keys": "\n".join(names.get(key, key) for key in one.scope_keys) if one.scope != "category" else "",
        "categories": "\n".join(one.scope_keys) if one.scope == "category" else "",
        "min_spend": write_amounts(one.min_spend),
        "caps": write_amounts(one.caps),
        "total_limit": number(one.total_limit),
        "person_limit": number(one.person_limit),
        "starts_at": moment_text(one.starts_at, zone),
        "ends_at": moment_text(one.ends_at, zone),
        "zone": zone,
        "valid_days": number(one.valid_days),
        "combinable": "yes" if one.combinable else "",
        "version": str(one.version),
    }
