"""One search on OpenSearch: which questions it takes, in which order.

Knows no connection: whoever asks hands out an ``Engine``. A query is first asked as it is typed, together with
whether its words are known; only when one is not, or when little is found, more questions follow.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from contentshop.search.analysis import ParsedQuery, Word, marked_terms, parse, plain_query, replace_words, stem
from contentshop.search.backends.opensearch_language import (
    ALL_WORDS,
    MOST_WORDS,
    TIER,
    Extremes,
    Found,
    Slice,
    Terms,
    count_of,
    excluded_by,
    extremes_body,
    filters_of,
    having_body,
    hit_of,
    order_of,
    page_body,
    probe_body,
    state_of,
    tiers_of,
    vocabulary_of,
    ways_of,
    with_all,
    with_some,
    words_body,
)
from contentshop.search.chinese import read_as_pinyin
from contentshop.search.matching import (
    ENOUGH,
    LEAST_SHARE,
    LEAST_SHARE_BY_CHARACTERS,
    MAX_WORDS,
    WINDOW,
    most_telling,
)
from contentshop.search.port import KINDS, Hit, SearchPage, SearchQuery
from contentshop.search.spelling import EMPTY, Vocabulary, errors_forgiven
from contentshop.search.understanding import FEW_RESULTS, Understood, better_text, understand, with_synonyms

WORDS_REST = 5.0  # seconds for which the vocabulary is not read again, however much is written

Body = dict[str, Any]
Reply = Mapping[str, Any]


class Engine(Protocol):
    """What a search asks of the engine, within its time."""

    def msearch(self, bodies: Sequence[Body]) -> Sequence[Reply]:
        """The answers to several questions at once."""

    def if_soon(self, body: Body) -> Reply | None:
        """The answer to a question that can be done without; None when it takes too much of the time left."""

    def frequencies(self, terms: Sequence[str]) -> tuple[int, Mapping[str, int]]:
        """How many documents there are, and how many of them have each term; deleted ones included."""

    def require_schema(self, index: str) -> None:
        """Raise SchemaMismatch for an index of another schema."""


class Memory:
    """What a process remembers from one search to the next. Threads may lose each other's, which costs a question."""

    def __init__(self) -> None:
        self.extremes = Extremes(-1, 0.0, 0.0)
        self.words = Words()

    def forget_words(self) -> None:
        """What this process writes itself it knows at once."""
        self.words = Words()


@dataclass(frozen=True, slots=True)
class Words:
    """The vocabulary, as of a generation; ``read`` is the process's clock."""

    vocabulary: Vocabulary = EMPTY
    generation: int = -1
    read: float = -WORDS_REST


class _Lexicon:
    """What the index knows about the words of one search; terms are asked for once, as many at a time as can be."""

    def __init__(self, engine: Engine, memory: Memory) -> None:
        self._engine = engine
        self._memory = memory
        self.terms = Terms()
        self.generation = -1  # of the first answer
        self._corrections: set[str] = set()

    def learn(self, terms: Iterable[str]) -> None:
        """Make sure that the frequencies of these are known."""
        unknown = sorted(set(terms) - self.terms.known.keys())
        if unknown:
            self.terms.documents, found = self._engine.frequencies(unknown)
            self.terms.known |= dict.fromkeys(unknown, 0) | dict(found)

    def learn_words(self, words: Iterable[Word]) -> None:
        """The same for all terms of words."""
        self.learn(term for word in words for terms in ways_of(word) for term in terms)

    def frequency(self, term: str) -> int:
        """In how many documents the term is, deleted ones included; at least 1 for what is a correction."""
        if term in self._corrections:
            return self.terms.known.get(term, 1)
        self.learn((term,))
        return self.terms.known[term]

    def vocabulary(self) -> Vocabulary:
        """The words of titles, brands and tags; a few seconds old at most, older when the engine is slow."""
        kept = self._memory.words
        now = time.monotonic()
        if kept.generation != self.generation and now - kept.read >= WORDS_REST:
            answer = self._engine.if_soon(words_body(MOST_WORDS))
            if answer is None:
                kept = Words(kept.vocabulary, kept.generation, now)
            else:
                kept = Words(vocabulary_of(answer), state_of(answer)[1], now)
            self._memory.words = kept
        return kept.vocabulary

    def is_written(self, word: str) -> bool:
        """Whether a word of the vocabulary is still there."""
        written = self._memory.words.generation == self.generation
        if not written:
            (probe,) = self._engine.msearch([having_body([word], "written")])
            written = count_of(probe) > 0
        if written:
            self._corrections.add(stem(word))
        return written


@dataclass(frozen=True, slots=True)
class _Strict:
    """Documents with all words: the page of them, and how many there are whatever the filters, up to ``ENOUGH``.

    ``known`` tells that all words in question are written somewhere, False that some may not be.
    """

    asked: Sequence[Word]
    matching: Body
    answer: Reply
    full: int
    pinned: int
    known: bool


class Search:
    """One search. May raise what its engine raises, and SchemaMismatch."""

    def __init__(self, query: SearchQuery, engine: Engine, memory: Memory) -> None:
        self._query = query
        self._engine = engine
        self._memory = memory
        self._lexicon = _Lexicon(engine, memory)

    def page(self) -> SearchPage:
        """The answer."""
        query = self._query
        typed = with_synonyms(parse(query.text), query.synonyms)
        if not typed.words:
            return self._listed(typed)
        plain = [] if query.verbatim else _plain_words(query.text)
        strict = self._with_all_words(typed, list(dict.fromkeys(map(stem, plain))))
        understood = Understood(typed)
        if not strict.known:
            self._lexicon.learn(_terms_to_understand(plain))
            understood = understand(query, self._lexicon)
            if understood.parsed != typed:
                strict = self._with_all_words(understood.parsed, [])
        return self._matched(strict, understood, plain)

    def _listed(self, parsed: ParsedQuery) -> SearchPage:
        """Everything that passes the filters; nothing when the text held nothing to search for."""
        query = self._query
        excluded = excluded_by(parsed)
        matching: Body = {"match_none": {}}
        if excluded or not parsed.asked:
            every = {"terms": {"kind": list(KINDS)}}
            matching = {"constant_score": {"filter": {"bool": {"filter": [every, *filters_of(query)]}}, "boost": 0.0}}
            matching = {"bool": {"must": [matching], "must_not": excluded}}
        body = page_body(query, matching, order_of(query, scored=False), Slice.of(query, by_relevance=False))
        (answer,) = self._engine.msearch([body])
        found = self._found(answer)
        return SearchPage(
            hits=self._shown(found, least=0, by_words=False),
            total=found.total(query.kinds),
            kinds=found.kinds,
            terms=(),
            loosened=False,
            generation=found.generation,
            facets=found.facets,
        )

    def _with_all_words(self, parsed: ParsedQuery, doubted: Sequence[str]) -> _Strict:
        """Ask for documents with all words and whether the ``doubted`` terms are anywhere, all at once."""
        words, excluded = parsed.words, excluded_by(parsed)
        if len(words) > MAX_WORDS or any(word.others for word in words):
            self._lexicon.learn_words(words)
        asked = most_telling(words, self._lexicon.terms.frequency)
        matching = with_all(asked, parsed, self._lexicon.terms)
        bodies = [self._text_body(parsed, matching, None)]
        if can_loosen := len(words) + len(parsed.characters) > 1:
            pins = tiers_of(parsed, None) or [{"match_none": {}}]
            bodies += [probe_body(matching, excluded, ENOUGH), probe_body(pins[0], excluded, 1)]
        # Function words apart: documents that have all others are many, those that have them, too.
        loose = {term for word in words if not word.needed for term in word.terms}
        groups = [[term for term in doubted if (term in loose) == apart] for apart in (False, True)]
        bodies += [having_body(group) for group in groups if group]
        answer, *probes = self._engine.msearch(bodies)
        if self._lexicon.generation < 0:
            self._lexicon.generation = state_of(answer)[1]
        counts = [count_of(probe) for probe in probes]
        full, pinned = counts[:2] if can_loosen else (ENOUGH, 0)
        return _Strict(asked, matching, answer, full, pinned, all(counts[2 if can_loosen else 0 :]))

    def _matched(self, strict: _Strict, understood: Understood, plain: Sequence[str]) -> SearchPage:
        """Documents with all words; when these are few, also those with some of them."""
        query, parsed = self._query, understood.parsed
        answer = strict.answer
        terms = marked_terms(parsed.words)
        least = ALL_WORDS
        # By price or date a half-fitting document would come first as easily as a fitting one.
        if strict.full < ENOUGH and not (strict.full and query.sort != "relevance"):
            answer, characters = self._with_some_words(strict, parsed)
            least = 0
            if characters:
                terms = marked_terms((*parsed.words, *parsed.characters))
        found = self._found(answer)
        total = found.total(query.kinds)
        return SearchPage(
            hits=self._shown(found, least=least),
            total=total,
            kinds=found.kinds,
            terms=terms,
            loosened=not strict.full and not strict.pinned and total > 0,
            generation=found.generation,
            facets=found.facets,
            corrected=understood.corrected,
            offered="" if understood.corrected else self._offered(total, plain),
        )

    def _with_some_words(self, strict: _Strict, parsed: ParsedQuery) -> tuple[Reply, bool]:
        """Documents with some words; whether single characters had to help."""
        asked, lexicon = strict.asked, self._lexicon
        # Those of characters, which may be needed next, cost nothing more now.
        lexicon.learn_words((*parsed.words, *parsed.characters))
        loose = with_some(asked, LEAST_SHARE if strict.full else 0.0, parsed, lexicon.terms)
        bodies = [self._text_body(parsed, loose, strict.matching)]
        if parsed.characters:
            bodies.append(probe_body(loose, excluded_by(parsed), ENOUGH))
        answer, *probes = self._engine.msearch(bodies)
        if not probes or count_of(probes[0]) >= ENOUGH:
            return answer, False
        asked = (*asked, *most_telling(parsed.characters, lexicon.terms.frequency))
        loose = with_some(asked, LEAST_SHARE_BY_CHARACTERS if strict.full else 0.0, parsed, lexicon.terms)
        # Documents with all words are scored by these alone.
        loose = {"bool": {"should": [strict.matching, {"bool": {"must": loose, "must_not": strict.matching}}]}}
        (answer,) = self._engine.msearch([self._text_body(parsed, loose, strict.matching)])
        return answer, True

    def _text_body(self, parsed: ParsedQuery, text: Body, all_words: Body | None) -> Body:
        query = self._query
        matching = {
            "bool": {
                "should": [text, *tiers_of(parsed, all_words)],
                "minimum_should_match": 1,
                "filter": filters_of(query),
                "must_not": excluded_by(parsed),
            }
        }
        at = Slice.of(query, by_relevance=query.sort == "relevance")
        return page_body(query, matching, order_of(query, scored=True), at)

    def _offered(self, total: int, plain: Sequence[str]) -> str:
        """A text that would find far more than this one's few results."""
        query = self._query
        if query.sort != "relevance" or total >= FEW_RESULTS or not any(map(errors_forgiven, plain)):
            return ""
        self._lexicon.learn(map(stem, plain))
        return better_text(query, self._lexicon)

    # ---- the hits

    def _found(self, answer: Reply) -> Found:
        found = Found.of(self._query, answer)
        self._engine.require_schema(found.index)
        return found

    def _shown(self, found: Found, *, least: int, by_words: bool = True) -> tuple[Hit, ...]:
        """The hits of the page; ``least`` is the lowest tier there is."""
        query = self._query
        if not by_words or query.sort != "relevance":
            scored = [(hit, 0.0) for hit in found.hits]  # the engine's order, which does not ask for scores
        elif query.offset >= WINDOW:
            scored = [(hit, hit["sort"][0] % TIER) for hit in found.hits]
        else:
            scored = self._extremes(found).put_in_order(found.hits)[query.offset : query.offset + query.limit]
        extremes = self._extremes(found) if query.explain else None
        return tuple(hit_of(hit, score, extremes.parts(hit, least) if extremes else None) for hit, score in scored)

    def _extremes(self, found: Found) -> Extremes:
        extremes = self._memory.extremes
        if extremes.generation != found.generation:
            (answer,) = self._engine.msearch([extremes_body()])
            values = answer["aggregations"]
            extremes = Extremes(
                found.generation, values["newest"]["value"] or 0.0, values["most_popular"]["value"] or 0.0
            )
            self._memory.extremes = extremes
        return extremes


def _plain_words(text: str) -> list[str]:
    """The Latin words of a text that may be meant otherwise than they are typed."""
    found: dict[str, None] = {}

    def note(word: str) -> str:
        found[word] = None
        return word

    replace_words(plain_query(text), note)
    return list(found)


def _terms_to_understand(plain: Iterable[str]) -> set[str]:
    """Every term whose frequency may be asked for when these words are read."""
    return {term for word in plain for term in (stem(word), *(at for terms in read_as_pinyin(word) for at in terms))}
