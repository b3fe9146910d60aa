"""Percolation: which saved searches a document answers. Pure, no engine and no database.

A search finds documents; here a document finds searches. ``matches`` says the same as every engine says of documents
that have all words (``search.matching``): function words beside others may be missing, phrases are whole, what is
excluded is out, an exact code or title is enough. Showing documents with only some of the words is a kindness of the
search page and no reason to write to anybody.

So that a document need not be held against every saved search, each is kept under one of the terms that it needs, the
one under which the fewest others are kept. Only searches under the document's own terms are looked at.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from contentshop.search.analysis import ParsedQuery, Phrase, Word, analyse, code_key, title_key
from contentshop.search.analysis import parse as parse_text
from contentshop.search.port import Document, Synonym
from contentshop.search.texts import aside_texts, weighted_texts
from contentshop.search.understanding import with_synonyms
from contentshop.watching.inputs import Wanted

# Anchors of what is no word begin with a sign that no term has.
_CODE, _TITLE, _TOPIC, _KIND, _LANG, _ANY = "=code:", "=title:", "=topic:", "=kind:", "=lang:", "=any"


@dataclass(frozen=True, slots=True)
class Analysed:
    """A document as saved searches see it: its terms, and its units between spaces for phrases."""

    document: Document
    terms: frozenset[str]
    words: str
    title: str
    codes: frozenset[str]


def analysed(document: Document) -> Analysed:
    """The document's texts, analysed as for an index."""
    terms: set[str] = set()
    plain: list[str] = []
    for text, _weight in weighted_texts(document):
        found = analyse(text)
        terms.update(found.terms)
        plain.append(" ".join(found.units))
    for text in aside_texts(document):
        found = analyse(text)
        terms.update(found.terms)
        plain.append(" ".join(found.units))
    return Analysed(
        document=document,
        terms=frozenset(terms),
        words=f" {' | '.join(plain)} ",  # a phrase never reaches from one part into the next
        title=title_key(document.title),
        codes=frozenset(filter(None, map(code_key, document.codes))),
    )


@lru_cache(maxsize=16_384)
def parsed(text: str, synonyms: tuple[Synonym, ...] = ()) -> ParsedQuery:
    """A saved search's words, understood; kept, since the same are held against every document."""
    return with_synonyms(parse_text(text), synonyms)


def matches(query: ParsedQuery, found: Analysed) -> bool:
    """Whether the document has all that the words ask for."""
    if any(_has_all(group, found) for group in query.excluded):
        return False
    if any(_has_phrase(phrase, found) for phrase in query.excluded_phrases):
        return False
    if not query.words:
        return not query.asked or bool(query.excluded or query.excluded_phrases)
    if _has_all([word for word in query.words if word.needed], found):
        return all(_has_phrase(phrase, found) for phrase in query.phrases) or _is_pinned(query, found)
    return _is_pinned(query, found)


def _is_pinned(query: ParsedQuery, found: Analysed) -> bool:
    """Whether the words are the whole title or one of the codes."""
    return bool(query.title and query.title == found.title) or bool(query.code and query.code in found.codes)


def _has_all(words: Sequence[Word], found: Analysed) -> bool:
    return all(_has(word, found.terms) for word in words)


def _has(word: Word, terms: frozenset[str]) -> bool:
    return any(terms.issuperset(way) for way in _ways(word))


def _ways(word: Word) -> list[tuple[str, ...]]:
    """The groups of terms of which a document with the word has one whole: its own, its joined form, others'."""
    return [word.terms, *([(word.joined,)] if word.joined else []), *word.others]


def _has_phrase(phrase: Phrase, found: Analysed) -> bool:
    return _has_all(phrase.words, found) and f" {' '.join(phrase.units)} " in found.words


def is_about(wanted: Wanted, found: Analysed) -> bool:
    """Whether the document is of the kind, language and topic and has the words that are waited for."""
    document = found.document
    return (
        (not wanted.kind or wanted.kind == document.kind)
        and (not wanted.lang or wanted.lang == document.lang)
        and (not wanted.topic or wanted.topic in document.topics)
        and matches(parsed(wanted.text, wanted.synonyms), found)
    )


def is_cheap_enough(wanted: Wanted, document: Document) -> bool:
    """Whether the document's lowest price is within the limit; without a price in the currency it is not."""
    if wanted.price_to is None:
        return True
    price = document.price_minor.get(wanted.currency)
    return price is not None and price <= wanted.price_to


def is_worth_it(wanted: Wanted, document: Document) -> bool:
    """Whether enough readers have voted and enough of them find it worth it; without a rate it is not."""
    rated = wanted.worth_from is None or (document.worth is not None and document.worth >= wanted.worth_from)
    return rated and document.votes >= (wanted.votes_from or 0)


def is_there(wanted: Wanted, document: Document) -> bool:
    """Whether it is in stock here, where that is asked for."""
    return document.in_stock or not wanted.in_stock


def lapse_of(wanted: Wanted, found: Analysed) -> str:
    """Why the document does not fit ("words", "price", "stock"); empty when it fits."""
    if not is_about(wanted, found) or not is_worth_it(wanted, found.document):
        return "words"  # nobody is told again when a rate goes down and up
    if not is_cheap_enough(wanted, found.document):
        return "price"
    return "" if is_there(wanted, found.document) else "stock"


def anchors_of(wanted: Wanted, crowd: Callable[[Collection[str]], Mapping[str, int]]) -> frozenset[str]:
    """Under what a search is kept: every document that it matches has at least one of these.

    ``crowd`` tells how many searches are kept under each of some terms already.
    """
    query = parsed(wanted.text, wanted.synonyms)
    choices = [_ways(word) for word in query.words if word.needed]
    if not choices:
        return frozenset({_fact_anchor(wanted)})
    crowded = crowd({term for ways in choices for way in ways for term in way})
    chosen = min((_least_crowded(ways, crowded) for ways in choices), key=_Load.order)
    pins = [_CODE + query.code] if query.code else []
    if query.title:
        pins.append(_TITLE + _digest(query.title))
    return frozenset([*chosen.terms, *pins])


@dataclass(frozen=True, slots=True)
class _Load:
    """Terms that stand for one word, and how many searches are kept under them."""

    terms: tuple[str, ...]
    load: int

    def order(self) -> tuple[int, int, tuple[str, ...]]:
        """The least crowded first; of equals the longest, since long words are rare."""
        return self.load, -max(map(len, self.terms)), self.terms


def _least_crowded(ways: Sequence[tuple[str, ...]], crowded: Mapping[str, int]) -> _Load:
    """One term of each way to have a word, the least crowded of it."""
    chosen = [min(way, key=lambda term: (crowded.get(term, 0), -len(term), term)) for way in ways]
    terms = tuple(dict.fromkeys(chosen))
    return _Load(terms, sum(crowded.get(term, 0) for term in terms))


def _fact_anchor(wanted: Wanted) -> str:
    """Where a search without words is kept: under the narrowest thing that it asks for."""
    if wanted.topic:
        return _TOPIC + wanted.topic
    if wanted.kind:
        return _KIND + wanted.kind
    return _LANG + wanted.lang if wanted.lang else _ANY


def anchors_in(found: Analysed) -> Iterator[str]:
    """Everything under which searches may be kept that the document could match."""
    document = found.document
    yield from found.terms
    yield from (_CODE + code for code in found.codes)
    if found.title:
        yield _TITLE + _digest(found.title)
    yield from (_TOPIC + topic for topic in document.topics)
    yield _KIND + document.kind
    if document.lang:
        yield _LANG + document.lang
    yield _ANY


def _digest(text: str) -> str:
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=12).hexdigest()
