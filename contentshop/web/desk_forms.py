"""Plain forms of the desk: a heading, some fields, one button; and the one way to save what they say."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TypeVar

from flask import flash, redirect, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from contentshop.core.errors import Conflict, Invalid, NotFound
from contentshop.delivery import places
from contentshop.web.chrome import current_babel_locale
from contentshop.web.door import show
from contentshop.web.session import settings
from contentshop.web.words import refusal_text, translated_errors

NO_ERRORS: Mapping[str, list[str]] = MappingProxyType({})
Thing = TypeVar("Thing")
Values = Mapping[str, str]
Errors = Mapping[str, list[str]]


@dataclass(frozen=True, slots=True)
class FormField:
    """One field. ``kind`` is text, number, area, choice or check; ``blank`` names an empty first choice."""

    name: str
    label: str
    kind: str = "text"
    hint: str = ""
    choices: Sequence[tuple[str, str]] = ()
    blank: str = ""
    required: bool = False
    lang: str = ""


@dataclass(frozen=True, slots=True)
class FormAction:
    """A further button beneath the form, to its own address."""

    label: str
    url: str
    hint: str = ""
    name: str = ""
    value: str = ""


@dataclass(frozen=True, slots=True)
class FormPage:
    """What desk/form.html shows."""

    heading: str
    back_url: str
    back_label: str
    action_url: str
    button: str
    fields: Sequence[FormField]
    values: Mapping[str, str]
    errors: Mapping[str, list[str]] = field(default_factory=dict)
    lede: str = ""
    actions: Sequence[FormAction] = ()


def country_choices(chosen: str = "") -> list[tuple[str, str]]:
    """All countries by name, those of the site first, with the one that is chosen already."""
    codes = [code for code in (*places.countries(), chosen) if code]
    return places.named_countries(codes, current_babel_locale(), first=settings().regions)


def two_name_fields() -> list[FormField]:
    """The name of a thing in both languages."""
    hint = _("Either may be empty; then the other is shown in both languages.")
    return [
        FormField("name", _("Name in English"), lang="en", hint=hint),
        FormField("name_zh", _("Name in Chinese"), lang="zh"),
    ]


def key_field(*, new: bool) -> list[FormField]:
    """The lasting key, which is typed once."""
    hint = _("Letters a–z, digits and hyphens. It stays for ever.")
    return [FormField("key", _("Key"), hint=hint, required=True)] if new else []


@dataclass(frozen=True, slots=True)
class Place:
    """Where a form stands: ``name`` of the thing it changes (empty for a new one), the words for a new one, the page
    it belongs to, and the address it is sent to."""

    name: str
    new_heading: str
    new_button: str
    back_url: str
    back_label: str
    action_url: str


def thing_page(
    place: Place, fields: Sequence[FormField], values: Values, errors: Errors, actions: Sequence[FormAction] = ()
) -> FormPage:
    """The form of one thing of the desk, new or known."""
    return FormPage(
        heading=place.name or place.new_heading,
        back_url=place.back_url,
        back_label=place.back_label,
        action_url=place.action_url,
        button=_("Save") if place.name else place.new_button,
        fields=fields,
        values=values,
        errors=errors,
        actions=actions,
    )


def save_thing(
    names: Collection[str],
    save: Callable[[Values], object],
    page: Callable[[Values, Errors], FormPage],
    *,
    done: str,
    lasting: Values | None = None,
    clash: str = "",
) -> Response:
    """Save what was typed under ``names`` and go to ``done``; refused, the form comes back with it and the reasons.

    ``lasting`` are values that a form cannot change; ``clash`` is the field that a Conflict is told beside.
    """
    typed = {name: request.form.get(name, "") for name in names} | dict(lasting or {})
    try:
        save(typed)
    except Invalid as refusal:
        return show("desk/form.html", page(typed, translated_errors(refusal.fields)), 422)
    except Conflict as conflict:
        return show("desk/form.html", page(typed, {clash: [refusal_text(conflict)]}), 409)
    flash(_("Saved."), "success")
    return redirect(done, 303)


def known(found: Thing | None, missing: str) -> Thing:
    """What was looked for. Raises NotFound that says ``missing``."""
    if found is None:
        raise NotFound(missing)
    return found
