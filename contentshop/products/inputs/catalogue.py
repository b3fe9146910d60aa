"""What operators say of categories, of what things are described by, and of options."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import Any

from contentshop.core.errors import Invalid
from contentshop.core.ids import slugify
from contentshop.core.words import say
from contentshop.products.inputs.fields import Problems, line, note_problem, parse_both_names, parse_slug
from contentshop.products.inputs.properties import ATTRIBUTE_KINDS
from contentshop.products.inputs.things import MAX_OPTIONS, MAX_VARIANTS

MAX_CHOICES = 100


@dataclass(frozen=True, slots=True)
class CategoryInput:
    """A place in the tree; ``parent`` is the slug of the one above, empty at the top."""

    name: str
    slug: str
    names: dict[str, str] = field(default_factory=dict)
    parent: str = ""
    position: int = 0

    @classmethod
    def parse(cls, data: Mapping[str, Any]) -> CategoryInput:
        """A slug is made from the name when there is none. Raises Invalid (``name``, ``slug``, ``parent``)."""
        problems: Problems = {}
        name, names = parse_both_names(data, problems, 120)
        if ">" in name:
            note_problem(problems, "name", say("A name cannot have “>”, which stands between categories."))
        slug = parse_slug(data, "slug", problems) or slugify(name)
        if slug == "new":
            note_problem(problems, "slug", say("“%(slug)s” is taken; choose another.", slug=slug))
        position = line(data, "position", 6, problems)
        if position and not (position.isascii() and position.isdigit()):
            note_problem(problems, "position", say("Write a whole number."))
            position = ""
        found = cls(name, slug, names, parse_slug(data, "parent", problems), int(position or 0))
        if problems:
            raise Invalid(problems)
        return found


@dataclass(frozen=True, slots=True)
class AttributeInput:
    """A property of things; ``category`` is a slug, empty for all things. ``choice_names`` are names of choices by
    language, by the choice."""

    name: str
    kind: str = "text"
    unit: str = ""
    names: dict[str, str] = field(default_factory=dict)
    choices: tuple[str, ...] = ()
    category: str = ""
    choice_names: dict[str, dict[str, str]] = field(default_factory=dict)

    @classmethod
    def parse(cls, data: Mapping[str, Any]) -> AttributeInput:
        """A choice may have its Chinese name with it: ``Red=红``. Raises Invalid (``name``, ``kind``, ``choices``)."""
        problems: Problems = {}
        name, names = parse_both_names(data, problems, 80)
        kind = str(data.get("kind") or "text")
        if kind not in ATTRIBUTE_KINDS:
            note_problem(problems, "kind", say("Choose a kind."))
        words = dict(_word(one) for one in str(data.get("choices") or "").splitlines())
        choices = tuple(one for one in words if one)
        if kind == "choice" and not choices:
            note_problem(problems, "choices", say("Write what can be chosen, one a line."))
        if len(choices) > MAX_CHOICES or any(len(one) > 120 for one in choices):
            note_problem(problems, "choices", say("Use at most %(limit)s short choices.", limit=MAX_CHOICES))
        found = cls(
            name=name,
            kind=kind,
            unit=line(data, "unit", 20, problems),
            names=names,
            choices=choices if kind == "choice" else (),
            category=parse_slug(data, "category", problems),
            choice_names={one: {"zh": words[one]} for one in choices if kind == "choice" and words[one]},
        )
        if problems:
            raise Invalid(problems)
        return found


@dataclass(frozen=True, slots=True)
class OptionInput:
    """What variants of a product differ in: a name and its values, each with names in other languages."""

    name: str
    values: tuple[str, ...]
    names: dict[str, str] = field(default_factory=dict)
    value_names: dict[str, dict[str, str]] = field(default_factory=dict)

    def column(self) -> dict[str, Any]:
        """As ``Product.options`` keeps it."""
        values = [
            {"value": value, "names": dict(sorted(self.value_names.get(value, {}).items()))} for value in self.values
        ]
        return {"name": self.name, "names": dict(sorted(self.names.items())), "values": values}


def write_choices(choices: Sequence[str], names: Mapping[str, Mapping[str, str]]) -> str:
    """What can be chosen as ``AttributeInput`` reads it."""
    chinese = {one: names.get(one, {}).get("zh", "") for one in choices}
    return "\n".join(f"{one}={chinese[one]}" if chinese[one] else one for one in choices)


def parse_options(text: str) -> tuple[OptionInput, ...]:
    """Options as they are typed, one a line: ``Colour: Red, Blue``; with Chinese ``Colour=颜色: Red=红, Blue=蓝``.

    Raises Invalid (``options``), also when they make more variants than a product may have.
    """
    problems: Problems = {}
    found = [_option(row, problems) for row in text.splitlines() if row.strip()]
    options = tuple(one for one in found if one is not None)
    if len({one.name for one in options}) < len(options):
        note_problem(problems, "options", say("Two options have the same name."))
    if len(options) > MAX_OPTIONS:
        note_problem(problems, "options", say("Use at most %(limit)s options.", limit=MAX_OPTIONS))
    elif not problems and len(combinations(options)) > MAX_VARIANTS:
        note_problem(problems, "options", say("That makes more than %(limit)s variants.", limit=MAX_VARIANTS))
    if problems:
        raise Invalid(problems)
    return options


def write_options(options: Sequence[Mapping[str, Any]]) -> str:
    """Options of a product as ``parse_options`` reads them."""

    def word(value: str, names: Mapping[str, str]) -> str:
        return f"{value}={names['zh']}" if names.get("zh") else value

    return "\n".join(
        f"{word(one['name'], one.get('names') or {})}: "
        + ", ".join(word(value["value"], value.get("names") or {}) for value in one["values"])
        for one in options
    )


def combinations(options: Sequence[OptionInput]) -> list[tuple[str, ...]]:
    """Every combination of values, the last option changing fastest."""
    return list(product(*(one.values for one in options))) if options else []


def _option(row: str, problems: Problems) -> OptionInput | None:
    head, _colon, tail = row.replace("：", ":").partition(":")
    name, name_zh = _word(head)
    words = [_word(piece) for piece in tail.replace("，", ",").split(",") if piece.strip()]
    values = tuple(value for value, _zh in words)
    if not name or not values or not all(values):
        note_problem(problems, "options", say("Write one option a line, like “Colour: Red, Blue”."))
        return None
    if len(set(values)) < len(values):
        note_problem(problems, "options", say("“%(name)s” has a value twice.", name=name))
    if len(name) > 40 or any(len(value) > 40 for value in values):
        note_problem(problems, "options", say("Use at most 40 characters for a name or a value."))
    return OptionInput(
        name=name,
        values=values,
        names={"zh": name_zh} if name_zh else {},
        value_names={value: {"zh": zh} for value, zh in words if zh},
    )


def _word(text: str) -> tuple[str, str]:
    word, _sign, chinese = text.partition("=")
    return " ".join(word.split()), " ".join(chinese.split())
