"""What words also mean, as editors write it down. Pure.

A rule is a line: ``earbuds, in-ear headphones, 耳机`` means the same in every direction; ``sneakers => running
shoes`` finds running shoes for who asks for sneakers, and not the other way round.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from contentshop.core.errors import Invalid
from contentshop.core.words import say
from contentshop.search.analysis import parse, words_of
from contentshop.search.port import Synonym

MOST_TEXTS = 12
LONGEST_TEXT = 60
MOST_RULES = 2000

_COMMA = re.compile(r"[,，、;；]")
_ARROW = re.compile(r"=>|→|⇒")


@dataclass(frozen=True, slots=True)
class Rule:
    """``texts`` mean the same; when ``one_way``, the first also means each of the others."""

    texts: tuple[str, ...]
    one_way: bool

    @classmethod
    def parse(cls, line: str) -> Rule:
        """Read one line. Raises Invalid for the field ``rule``."""
        sides = [_texts(side) for side in _ARROW.split(line)]
        problem = _problem(sides)
        if problem:
            raise Invalid({"rule": [problem]})
        texts = tuple(dict.fromkeys(text for side in sides for text in side))
        return cls(texts, one_way=len(sides) == 2)

    def line(self) -> str:
        """The rule as an editor writes it."""
        if self.one_way:
            return f"{self.texts[0]} => {', '.join(self.texts[1:])}"
        return ", ".join(self.texts)

    def synonyms(self) -> tuple[Synonym, ...]:
        """What an engine is told of it."""
        starts = self.texts[:1] if self.one_way else self.texts
        return tuple(Synonym(text, tuple(other for other in self.texts if other != text)) for text in starts)


def _texts(side: str) -> list[str]:
    return list(filter(None, (" ".join(text.split()) for text in _COMMA.split(side))))


def _problem(sides: list[list[str]]) -> str:
    texts = [text for side in sides for text in side]
    if len(sides) > 2:
        return say("Write one arrow at most.")
    if len(sides) == 2 and len(sides[0]) != 1:
        return say("Write one word or phrase before the arrow.")
    if len(set(texts)) < 2 or not all(sides):
        return say("Write two or more words or phrases, with commas between them.")
    if len(texts) > MOST_TEXTS:
        return say("Write at most %(most)s words or phrases in one line.", most=MOST_TEXTS)
    long = next((text for text in texts if len(text) > LONGEST_TEXT), "")
    if long:
        return say("“%(text)s” is too long: at most %(most)s characters.", text=long[:LONGEST_TEXT], most=LONGEST_TEXT)
    empty = next((text for text in texts if not words_of(text)), "")
    if empty:
        return say("“%(text)s” has no word in it.", text=empty)
    return ""


class Book:
    """All rules, ready to be looked up by the words of a query."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        self._by_term: Mapping[str, list[Synonym]] = defaultdict(list)
        for rule in rules:
            for synonym in rule.synonyms():
                self._by_term[words_of(synonym.text)[0].terms[0]].append(synonym)

    def for_text(self, text: str) -> tuple[Synonym, ...]:
        """The rules that may apply to a visitor's text, longer texts first, so that "phone case" beats "phone"."""
        terms = dict.fromkeys(term for word in parse(text).words for term in word.terms)
        found = {synonym for term in terms for synonym in self._by_term.get(term, ())}
        return tuple(sorted(found, key=lambda synonym: (-len(words_of(synonym.text)), synonym.text)))
