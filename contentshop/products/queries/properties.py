"""What things are described by, in the language of the reader.

Products keep names and values of their properties in one language, and may say values in others. What the catalogue
knows of properties — names in other languages, what can be chosen, yes and no — comes along as one column of the
statement that reads products.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, String, case, cast, func, select

from contentshop.core.uow import AnySession
from contentshop.products.inputs import NO, YES
from contentshop.products.models import AttributeDefinition

Pair = tuple[str, str]
_FLAGS = {"zh": {YES: "是", NO: "否"}}


@dataclass(frozen=True, slots=True)
class PropertyWords:
    """How names and values of properties read in one language.

    ``names`` maps every name of a property, in small letters, to that in this language; ``values`` does so for the
    values of each, by the property's name in this language.
    """

    names: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def name(self, name: str) -> str:
        """The property's name; one that nobody knows stays as it is."""
        return self.names.get(name.casefold(), name)

    def pairs(self, attrs: Iterable[Sequence[str]], own: Iterable[Sequence[str]] = ()) -> tuple[Pair, ...]:
        """What a product says of itself.

        ``own`` is what it says in this language only: such a value is shown instead of that in ``attrs`` for the same
        property, and what ``attrs`` does not name stands last.
        """
        mine = {self.name(name): value for name, value in own}
        named = [(self.name(name), value) for name, value in attrs]
        told = [(name, mine.pop(name, "") or self.values.get(name, {}).get(value, value)) for name, value in named]
        return (*told, *mine.items())


def list_said_once(
    session: AnySession, attrs: Iterable[Sequence[str]], own: Iterable[Sequence[str]], locale: str
) -> list[str]:
    """The properties among ``own``, said in another language than ``attrs``, that ``attrs`` does not name: nobody but
    readers of that language sees them. Called as readers of ``locale`` know them. One statement."""
    words = read_words(session.scalar(select(properties_column())), locale)
    said = {words.name(name).casefold() for name, _value in attrs}
    return [name for name in dict.fromkeys(words.name(name) for name, _value in own) if name.casefold() not in said]


def properties_column() -> ColumnElement[str]:
    """Everything that ``read_words`` needs, as one column; NULL where nothing is known."""
    # JSON and names hold neither tabs nor line ends, so these part them.
    line = (
        AttributeDefinition.kind
        + "\t"
        + AttributeDefinition.name
        + "\t"
        + cast(AttributeDefinition.translations, String)
        + "\t"
        + case((AttributeDefinition.kind == "choice", cast(AttributeDefinition.choices, String)), else_="[]")
    )
    ordered = select(line.label("line")).order_by(AttributeDefinition.id).subquery()
    return select(func.aggregate_strings(ordered.c.line, "\n")).scalar_subquery()


def read_words(column: str | None, locale: str) -> PropertyWords:
    """What ``properties_column`` told, for ``locale``. Of two with one name the one made last is meant."""
    names: dict[str, str] = {}
    values: dict[str, dict[str, str]] = {}
    for row in (column or "").splitlines():
        kind, name, translations, choices = row.split("\t")
        theirs = {language: words["name"] for language, words in json.loads(translations).items() if words.get("name")}
        shown = theirs.get(locale) or name
        names.update(dict.fromkeys((one.casefold() for one in (name, *theirs.values())), shown))
        values.setdefault(shown, {}).update(_values(kind, json.loads(choices), locale))
    return PropertyWords(names, values)


def _values(kind: str, choices: Sequence[Mapping[str, Any]], locale: str) -> Mapping[str, str]:
    if kind == "flag":
        return _FLAGS.get(locale, {})
    return {one["value"]: named for one in choices if (named := (one.get("names") or {}).get(locale))}
