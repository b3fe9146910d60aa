"""A visitor's text → what is asked of an index, knowing what stands in it: pinyin, corrections, synonyms. Pure.

A word that some document has is always taken as it is typed. One that nobody has written is read as pinyin when
its syllables stand side by side somewhere, else as the nearest word of the documents' titles, else as initials.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from contentshop.search.analysis import (
    ParsedQuery,
    Word,
    is_function_word,
    parse,
    plain_query,
    replace_words,
    stem,
    words_of,
)
from contentshop.search.chinese import read_as_pinyin
from contentshop.search.port import SearchQuery, Synonym
from contentshop.search.spelling import MUCH_MORE, Vocabulary

# With fewer results than this, a more usual word is offered.
FEW_RESULTS = 3


class Lexicon(Protocol):
    """What an index knows about words."""

    def frequency(self, term: str) -> int:
        """In how many documents the term is; 0 only when it is in none."""

    def vocabulary(self) -> Vocabulary:
        """The words of the documents' titles, brands and tags."""

    def is_written(self, word: str) -> bool:
        """Whether a word of the vocabulary is in a document that is still there."""


@dataclass(frozen=True, slots=True)
class Understood:
    """What to ask. ``corrected`` is the text that was understood, when a word of the typed one was corrected."""

    parsed: ParsedQuery
    corrected: str = ""


def understand(query: SearchQuery, lexicon: Lexicon) -> Understood:
    """What ``query`` asks for. Never raises for odd text."""
    if query.verbatim:
        return Understood(with_synonyms(parse(query.text), query.synonyms))
    speech = _Speech(lexicon, {term for rule in query.synonyms for word in words_of(rule.text) for term in word.terms})
    plain = plain_query(query.text)
    corrected = replace_words(plain, speech.corrected)
    changed = corrected != plain
    parsed = parse(corrected if changed else query.text, speech.read)
    return Understood(with_synonyms(parsed, query.synonyms), corrected if changed else "")


def better_text(query: SearchQuery, lexicon: Lexicon) -> str:
    """The text with each word replaced by one that is nearly the same and far more usual; empty without one."""
    plain = plain_query(query.text)
    speech = _Speech(lexicon, set())
    better = replace_words(plain, speech.more_usual)
    return better if better != plain else ""


class _Speech:
    def __init__(self, lexicon: Lexicon, known: Collection[str]) -> None:
        """``known`` are stems that have a meaning although no document may have them."""
        self._lexicon = lexicon
        self._known = known

    def corrected(self, word: str) -> str:
        if self._is_known(word) or self._reading(word, initials=False):
            return word
        return self._nearest(word, 1) or word

    def more_usual(self, word: str) -> str:
        if not self._is_known(word):
            return word
        return self._nearest(word, MUCH_MORE * max(self._lexicon.frequency(stem(word)), 1)) or word

    def read(self, word: str) -> Word | None:
        """The word as pinyin, if it is none of the documents' own."""
        if not (word.isascii() and word.isalpha()) or self._is_known(word):
            return None
        return self._reading(word, initials=True)

    def _is_known(self, word: str) -> bool:
        term = stem(word)
        return term in self._known or is_function_word(term) or self._lexicon.frequency(term) > 0

    def _reading(self, word: str, *, initials: bool) -> Word | None:
        found = [
            terms
            for terms in read_as_pinyin(word)
            if (initials or not terms[0].startswith("^")) and all(map(self._lexicon.frequency, terms))
        ]
        return Word(found[0], others=tuple(found[1:])) if found else None

    def _nearest(self, word: str, at_least: int) -> str | None:
        return self._lexicon.vocabulary().nearest(word, at_least=at_least, accept=self._lexicon.is_written)


def with_synonyms(parsed: ParsedQuery, synonyms: Sequence[Synonym]) -> ParsedQuery:
    """``parsed`` with what its words also mean; words of a synonym that stand together count as one word."""
    words = parsed.words
    for synonym in synonyms:
        wanted = words_of(synonym.text)
        meanings = tuple(filter(None, (_terms(words_of(meaning)) for meaning in synonym.meanings)))
        at = _place(words, wanted)
        if at is None or not meanings:
            continue
        found = words[at : at + len(wanted)]
        merged = Word(
            terms=_terms(found),
            joined=found[0].joined if len(found) == 1 else "",
            needed=any(word.needed for word in found),
            others=tuple(dict.fromkeys((*(terms for word in found for terms in word.others), *meanings))),
        )
        words = (*words[:at], merged, *words[at + len(wanted) :])
    return replace(parsed, words=words)


def _terms(words: Sequence[Word]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(term for word in words for term in word.terms))


def _place(words: Sequence[Word], wanted: Sequence[Word]) -> int | None:
    """Where ``wanted`` stands in ``words``, by their terms."""
    terms = [word.terms for word in wanted]
    for at in range(len(words) - len(terms) + 1):
        if terms and [word.terms for word in words[at : at + len(terms)]] == terms:
            return at
    return None
