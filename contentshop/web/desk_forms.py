"""Plain forms of the desk: a heading, some fields, one button."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from babel import Locale
from flask_babel import gettext as _

from contentshop.web.chrome import current_babel_locale
from contentshop.web.session import settings

NO_ERRORS: Mapping[str, list[str]] = MappingProxyType({})


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
    """The countries this shop knows, by name, with the one that is chosen already."""
    names = Locale.parse(current_babel_locale()).territories
    codes = dict.fromkeys([*settings().regions, chosen])
    return sorted(((code, str(names.get(code, code))) for code in codes if code), key=lambda pair: pair[1])


def key_field(*, new: bool) -> list[FormField]:
    """The lasting key, which is typed once."""
    hint = _("Letters a–z, digits and hyphens. It stays for ever.")
    return [FormField("key", _("Key"), hint=hint, required=True)] if new else []
