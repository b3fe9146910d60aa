"""The properties of a product at the desk: a field for each that its category asks for, and lines for all others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from flask_babel import gettext as _

from contentshop.core.db import db
from contentshop.core.errors import Invalid
from contentshop.products import queries
from contentshop.products.inputs import NO, YES, Property
from contentshop.web.session import viewer

# What the fields' names in the form begin with; the property's own name follows.
PREFIX = "attr:"
MOST_FIELDS = 500


@dataclass(frozen=True, slots=True)
class PropertyField:
    """One field. ``id`` is what errors call it; ``kind`` that of the property; ``choices`` only for one of a few."""

    id: str
    name: str
    label: str
    kind: str
    value: str
    unit: str
    choices: Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class PropertyFields:
    """The fields, what stands in the lines below them, and every category to choose from, by its path."""

    fields: Sequence[PropertyField]
    lines: str
    categories: Sequence[str]

    def ids(self) -> dict[str, str]:
        """What errors of the room call a field → what the page calls it."""
        return {f"attrs.{one.name.removeprefix(PREFIX)}": one.id for one in self.fields}


def typed_fields(form: Mapping[str, str]) -> dict[str, str]:
    """The properties among what a browser sent, by the names of their fields.

    The fields were those of the category ``fields_of``: a number gets its unit, which stood beside it there, so that
    it keeps it wherever it goes.
    """
    sent = {name[:200]: text for name, text in list(form.items())[:MOST_FIELDS] if name.startswith(PREFIX)}
    place = queries.find_place(queries.list_tree(db.session), form.get("fields_of", "")) if sent else None
    rules = queries.read_rules(db.session).of(place) if sent else {}
    return {name: _with_unit(text, rules.get(name.removeprefix(PREFIX).casefold())) for name, text in sent.items()}


def _with_unit(text: str, rule: Property | None) -> str:
    if rule is None or rule.kind != "number" or not text.strip():
        return text
    try:
        return rule.read(text.strip())
    except Invalid:
        return text


def read_attrs(typed: Mapping[str, str]) -> list[tuple[str, str]]:
    """Fields and lines as names and values. Raises Invalid (``attrs``)."""
    fields = [(name.removeprefix(PREFIX), text.strip()) for name, text in typed.items() if name.startswith(PREFIX)]
    return [*((name, text) for name, text in fields if text), *read_lines(typed["attrs"], "attrs")]


def read_lines(text: str, field: str) -> list[tuple[str, str]]:
    """Lines as names and values. Raises Invalid (``field``)."""
    lines = [_parted(line) for line in text.splitlines() if line.strip()]
    if not all(name and value for name, value in lines):
        raise Invalid({field: [_("Write one property a line, like “Weight: 250 g”.")]})
    return lines


def _parted(line: str) -> tuple[str, str]:
    """Name and value, parted by a colon of either width."""
    name, _colon, value = line.replace("：", ":", 0 if ":" in line else 1).partition(":")
    return name.strip(), value.strip()


def property_fields(typed: Mapping[str, str]) -> PropertyFields:
    """The fields of the category that ``typed`` names, with everything that was typed in one place or the other.

    What the category does not ask for goes to the lines, and a line that it asks for goes to its field.
    """
    tree = queries.list_tree(db.session)
    asked = queries.list_attributes(db.session, tree, queries.find_place(tree, typed.get("category", "")))
    by_name = {one.name.casefold(): one for one in asked}
    values: dict[str, str] = {}
    lines: list[str] = []
    for name, text in typed.items():
        if not name.startswith(PREFIX):
            continue
        own = name.removeprefix(PREFIX)
        if own.casefold() in by_name:
            values[own.casefold()] = text
        elif text.strip():
            lines.append(f"{own}: {text.strip()}")
    for line in typed.get("attrs", "").splitlines():
        own, text = _parted(line)
        if text and own.casefold() in by_name and not values.get(own.casefold(), "").strip():
            values[own.casefold()] = text
        else:
            lines.append(line)
    locale = viewer().locale
    fields = [_field(one, values.get(name, ""), locale) for name, one in by_name.items()]
    return PropertyFields(fields, "\n".join(lines), [queries.path_of(tree, one.id) for one in tree])


def _field(row: queries.AttributeRow, value: str, locale: str) -> PropertyField:
    choices: list[tuple[str, str]] = []
    if row.kind == "flag":
        choices = [(YES, _("Yes")), (NO, _("No"))]
    elif row.kind == "choice":
        choices = [(one, row.choice_names.get(one, {}).get(locale, one)) for one in row.choices]
    if choices and value and value not in {key for key, _label in choices}:
        # A value that cannot be chosen any more is shown, and refused with its reason, rather than lost.
        choices.append((value, value))
    return PropertyField(
        id=f"attr-{row.key}",
        name=PREFIX + row.name,
        label=row.name_in(locale),
        kind=row.kind,
        value=row.rule().bare(value),
        unit=row.unit,
        choices=choices,
    )
