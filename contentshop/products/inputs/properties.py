"""Properties as people, files and forms write them, and what categories ask of them: values are read by kind."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from contentshop.core.errors import Invalid
from contentshop.core.words import say
from contentshop.products.inputs.fields import Problems, note_problem, plain

ATTRIBUTE_KINDS = ("text", "number", "choice", "flag")
MAX_ATTRS = 200
MAX_ATTR_NAME = 80
MAX_ATTR_VALUE = 2_000
YES, NO = "Yes", "No"

_YES_WORDS = frozenset({"yes", "y", "true", "on", "1", "是", "有"})
_NO_WORDS = frozenset({"no", "n", "false", "off", "0", "否", "无"})
_PAIR = re.compile(r"(.{1,80}?)(?:: |：) ?(.+)")
_NUMBER = re.compile(r"([+-]?\d{1,15}(?:\.\d{1,6})?)\s*(.*)")

Pair = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Property:
    """A property of things; ``unit`` follows a number, ``choices`` are what a choice may be."""

    name: str
    kind: str
    unit: str = ""
    choices: tuple[str, ...] = ()

    def read(self, text: str) -> str:
        """``text`` as products keep it: ``250g`` becomes ``250 g``, ``red`` the choice ``Red``. Raises Invalid."""
        if self.kind == "number":
            return self._number(text)
        if self.kind == "choice":
            return self._choice(text)
        return self._flag(text) if self.kind == "flag" else text

    def bare(self, text: str) -> str:
        """``250 g`` as its field has it, beside the unit: ``250``; anything else as it is."""
        match = _NUMBER.fullmatch(text) if self.kind == "number" and self.unit else None
        return match[1] if match and match[2] == self.unit else text

    def _number(self, text: str) -> str:
        match = _NUMBER.fullmatch(unicodedata.normalize("NFKC", text))
        unit = unicodedata.normalize("NFKC", self.unit).casefold()
        if match is None or match[2].casefold() not in {"", unit}:
            wrong = (
                say("“%(text)s” is not a number of %(unit)s. Write it like 2.5.", text=text[:40], unit=self.unit)
                if self.unit
                else say("“%(text)s” is not a number. Write it like 2.5.", text=text[:40])
            )
            raise Invalid({self.name: [wrong]})
        return f"{match[1].removeprefix('+')} {self.unit}".rstrip()

    def _choice(self, text: str) -> str:
        found = next((one for one in self.choices if one.casefold() == text.casefold()), None)
        if found is None:
            choices = ", ".join(self.choices)
            raise Invalid({self.name: [say("“%(text)s” is not one of %(choices)s.", text=text[:40], choices=choices)]})
        return found

    def _flag(self, text: str) -> str:
        word = text.casefold()
        if word not in _YES_WORDS | _NO_WORDS:
            raise Invalid({self.name: [say("Write yes or no.")]})
        return YES if word in _YES_WORDS else NO


@dataclass(frozen=True, slots=True)
class Rules:
    """What every category asks; ``own`` by category (None: of all products), ``parents`` is the tree."""

    parents: Mapping[int, int | None] = field(default_factory=dict)
    own: Mapping[int | None, Sequence[Property]] = field(default_factory=dict)

    def of(self, category_id: int | None) -> dict[str, Property]:
        """By its name in small letters, what products of a category are asked; the nearest wins."""
        line: list[int | None] = []
        here = category_id
        while here is not None:
            line.append(here)
            here = self.parents.get(here)
        return {one.name.casefold(): one for place in (None, *reversed(line)) for one in self.own.get(place, ())}

    def check(self, attrs: Sequence[Pair], category_id: int | None, *, kept: Collection[Pair] = ()) -> tuple[Pair, ...]:
        """``attrs`` as products of a category keep them; names that nobody asks for are free.

        What is among ``kept`` was said before the property was asked for, and stays. Raises Invalid
        (``attrs.<name>``).
        """
        asked = self.of(category_id)
        problems: Problems = {}
        found: list[Pair] = []
        for name, text in attrs:
            rule = asked.get(name.casefold())
            if rule is None or (name, text) in kept:
                found.append((name, text))
                continue
            try:
                found.append((rule.name, rule.read(text)))
            except Invalid as refusal:
                note_problem(problems, f"attrs.{rule.name}", *refusal.fields[rule.name])
        if problems:
            raise Invalid(problems)
        return tuple(found)


def parse_attrs(value: object, problems: Problems, where: str = "") -> tuple[tuple[str, str], ...]:
    """Name and value pairs from ``"name: value; …"``, one a line, a mapping, or a list of pairs.

    Problems are noted under ``attrs``, after ``where``.
    """
    pairs = list(_attr_pairs(value, problems, where))
    if len(pairs) > MAX_ATTRS:
        note_problem(
            problems,
            where + "attrs",
            say("Use at most %(most)s properties (now %(count)s).", most=MAX_ATTRS, count=len(pairs)),
        )
    kept = []
    for name, content in pairs:
        if len(name) > MAX_ATTR_NAME or len(content) > MAX_ATTR_VALUE:
            note_problem(problems, where + "attrs", say("The property “%(name)s” is too long.", name=name[:40]))
        elif name and content:
            kept.append((name, content))
    return tuple(kept)


def _attr_pairs(value: object, problems: Problems, where: str) -> Iterable[tuple[str, str]]:
    if value is None:
        return []
    if isinstance(value, str):
        return _split_attrs(value, problems, where)
    if isinstance(value, Mapping):
        value = list(value.items())
    if not isinstance(value, Sequence):
        note_problem(problems, where + "attrs", say("Write properties as “name: value; name: value”."))
        return []
    pairs = []
    for entry in value:
        pair = (entry.get("name"), entry.get("value")) if isinstance(entry, Mapping) else entry
        if not isinstance(pair, Sequence) or isinstance(pair, str) or len(pair) != 2:
            note_problem(problems, where + "attrs", say("Write properties as “name: value; name: value”."))
            return []
        name, content = (" ".join(plain(part, "attrs", problems, where).split()) for part in pair)
        pairs.append((name, content))
    return pairs


def _split_attrs(text: str, problems: Problems, where: str) -> list[tuple[str, str]]:
    """Cut at ``; `` and line ends. A piece without a name continues the value before it."""
    pairs: list[tuple[str, str]] = []
    for piece in re.split(r";\s+|；|\n", plain(text, "attrs", problems, where)):
        words = " ".join(piece.split()).rstrip(";")
        if match := _PAIR.fullmatch(words):
            pairs.append((match[1].rstrip(), match[2]))
        elif words and pairs:
            name, before = pairs[-1]
            pairs[-1] = (name, f"{before}; {words}")
        elif words:
            note_problem(problems, where + "attrs", say("Write properties as “name: value; name: value”."))
            return []
    return pairs
