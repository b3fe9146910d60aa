"""Which documents answer a query, how well, in which order: pure, over any store of postings.

BM25 over one field (the weights of title, brand and so on are in the postings), first for documents with all
words, then, when these are few, for documents with some. An engine's part is to hand out postings; see
``docs/search.md`` for the measurements behind the numbers.
"""

from __future__ import annotations

import heapq
import math
from array import array
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from contentshop.search.analysis import ParsedQuery, Phrase, Word, marked_terms
from contentshop.search.columns import Columns, Nudges
from contentshop.search.port import Facet, Kind, SearchQuery
from contentshop.search.spelling import Vocabulary

K1, B = 1.5, 0.75  # BM25's usual values
MAX_WORDS = 16  # of a query; the rarest are taken
ENOUGH = 10  # with fewer documents that have all words, documents with some of them are shown too
# How much of the query's weight (idf) a document must match to be shown after documents with all words:
# by words, and when single Chinese characters had to help.
LEAST_SHARE, LEAST_SHARE_BY_CHARACTERS = 0.5, 0.2
WINDOW = 200  # this many of the best are ordered with popularity, freshness and exact titles

# The fields a segment has postings for.
ALL, TITLE, CODES, WRITTEN = "all", "title", "codes", "written"

# What comes first, whatever the scores.
_ALL_WORDS, _EXACT_TITLE, _EXACT_CODE = 1, 2, 3

Postings = tuple["array[int]", "array[float]"]
EMPTY: Postings = (array("I"), array("f"))


class Segment(Protocol):
    """One immutable part of an index."""

    key: str
    size: int
    columns: Columns

    def frequency(self, term: str) -> int:
        """In how many documents the term is, deleted ones included."""

    def written(self) -> Mapping[str, int]:
        """The Latin words of titles, brands and tags as they are written, with their documents' number."""

    def postings(self, name: str, term: str) -> Postings:
        """Document numbers within the segment, ascending, and weights, of a term in a field."""

    def words(self, document: int) -> str:
        """The units of a document, each between two spaces."""

    def close(self) -> None:
        """Let go of its files."""


@dataclass(slots=True)
class Part:
    """A segment at its place in a snapshot; ``deleted`` are numbers within the segment."""

    base: int
    segment: Segment
    deleted: frozenset[int]


class Snapshot:
    """The index at one generation, whole and unchanging."""

    def __init__(self, parts: Sequence[Part]) -> None:
        self.parts = tuple(parts)
        self.columns = Columns()
        if len(parts) == 1:
            self.columns = parts[0].segment.columns
        else:
            for part in parts:
                self.columns.extend(part.segment.columns)
        self.deleted = frozenset(part.base + local for part in parts for local in part.deleted)
        self.size = len(self.columns.ids)
        self.documents = self.size - len(self.deleted)
        self.average_length = sum(self.columns.lengths) / self.size if self.size else 1.0
        self.nudges = Nudges(self.columns)
        self._vocabulary: Vocabulary | None = None

    def frequency(self, term: str) -> int:
        """In how many documents the term is, deleted ones included."""
        return sum(part.segment.frequency(term) for part in self.parts)

    def vocabulary(self) -> Vocabulary:
        """The words of titles, brands and tags; put together when it is first asked for."""
        if self._vocabulary is None:
            counts: Counter[str] = Counter()
            for part in self.parts:
                counts.update(part.segment.written())
            self._vocabulary = Vocabulary(counts)
        return self._vocabulary

    def is_written(self, word: str) -> bool:
        """Whether a word of the vocabulary is in a document that is not deleted."""
        return any(not part.deleted.issuperset(part.segment.postings(WRITTEN, word)[0]) for part in self.parts)

    def alive(self) -> list[int]:
        """The numbers of all documents that are not deleted."""
        return [at for at in range(self.size) if at not in self.deleted]


@dataclass(frozen=True, slots=True)
class _Asked:
    """A word of the query with its postings in each part and what it tells (idf)."""

    needed: bool
    idf: float
    postings: tuple[Postings, ...]


@dataclass(slots=True)
class _Matches:
    """Documents and scores. ``strict`` are those with all words; None when there was nothing to loosen."""

    scores: dict[int, float]
    strict: set[int] | None = None
    characters: bool = False

    @property
    def loosened(self) -> bool:
        return self.strict is not None and not self.strict


class _Matcher:
    """Finds and scores the documents of one query in one snapshot."""

    def __init__(self, snapshot: Snapshot, query: ParsedQuery) -> None:
        self._snapshot = snapshot
        self._query = query
        self._gone = [self._excluded(part) for part in snapshot.parts]
        self._held = [self._with_phrases(part) for part in snapshot.parts]

    def match(self) -> _Matches:
        """All documents with all words; when these are few, also those with some of them.

        Chinese is first looked up by bigrams; single characters join when bigrams find too little. Where some
        document has all words, one that has little of them is noise and stays out.
        """
        query = self._query
        asked = self._ask(query.words)
        strict = self._with_all(asked)
        if len(strict) >= ENOUGH or len(query.words) + len(query.characters) <= 1:
            return _Matches(strict)
        found = self._with_some(asked, LEAST_SHARE if strict else 0.0)
        characters = len(found) < ENOUGH and bool(query.characters)
        if characters:
            asked += self._ask(query.characters)
            found = self._with_some(asked, LEAST_SHARE_BY_CHARACTERS if strict else 0.0)
        found.update(strict)
        return _Matches(found, set(strict), characters)

    def pinned(self, name: str, key: str) -> set[int]:
        """Documents whose whole title or one of whose codes is ``key``."""
        if not key:
            return set()
        found: set[int] = set()
        for part, gone in zip(self._snapshot.parts, self._gone, strict=True):
            found.update(part.base + at for at in part.segment.postings(name, key)[0] if at not in gone)
        return found

    def everything(self) -> dict[int, float]:
        """Every document that is not excluded, unscored."""
        kept: dict[int, float] = {}
        for part, gone in zip(self._snapshot.parts, self._gone, strict=True):
            kept.update((part.base + at, 0.0) for at in range(part.segment.size) if at not in gone)
        return kept

    def _ask(self, words: Sequence[Word]) -> list[_Asked]:
        asked = []
        for word in most_telling(words, self._frequency):
            postings = tuple(_word_postings(part.segment, word) for part in self._snapshot.parts)
            weight = idf(self._snapshot.size, sum(len(ids) for ids, _ in postings))
            asked.append(_Asked(word.needed, weight, postings))
        return asked

    def _frequency(self, word: Word) -> int:
        segments = [part.segment for part in self._snapshot.parts]
        ways = [word.terms, *([(word.joined,)] if word.joined else []), *word.others]
        return sum(min(map(segment.frequency, terms)) for segment in segments for terms in ways)

    def _excluded(self, part: Part) -> Collection[int]:
        query = self._query
        if not query.excluded and not query.excluded_phrases:
            return part.deleted
        gone = set(part.deleted)
        for words in query.excluded:
            gone |= _having(part.segment, words)
        for phrase in query.excluded_phrases:
            gone |= _having_phrase(part.segment, phrase)
        return gone

    def _with_phrases(self, part: Part) -> set[int] | None:
        """The documents with all quoted phrases; None when nothing is quoted."""
        held: set[int] | None = None
        for phrase in self._query.phrases:
            having = _having_phrase(part.segment, phrase)
            held = having if held is None else held & having
        return held

    def _with_all(self, asked: Sequence[_Asked]) -> dict[int, float]:
        scores: dict[int, float] = {}
        if not asked:
            return scores
        needed = [word for word in asked if word.needed]
        for at, part in enumerate(self._snapshot.parts):
            found = self._kept(at, _intersection([word.postings[at][0] for word in needed]))
            if found:
                local = dict.fromkeys(found, 0.0)
                for word in asked:
                    self._add_scores(local, word, at)
                scores.update((part.base + document, score) for document, score in local.items())
        return scores

    def _with_some(self, asked: Sequence[_Asked], share: float) -> dict[int, float]:
        """Documents that match at least ``share`` of the query's weight."""
        scores: dict[int, float] = {}
        least = share * sum(word.idf for word in asked if word.needed)
        for at, part in enumerate(self._snapshot.parts):
            matched: dict[int, float] = {}
            for word in asked:
                if word.needed:
                    for document in word.postings[at][0]:
                        matched[document] = matched.get(document, 0.0) + word.idf
            fitting = {document for document, weight in matched.items() if weight >= least}
            local = dict.fromkeys(self._kept(at, fitting), 0.0)
            for word in asked:
                self._add_scores(local, word, at)
            scores.update((part.base + document, score) for document, score in local.items())
        return scores

    def _kept(self, at: int, found: set[int]) -> set[int]:
        held = self._held[at]
        if held is not None:
            found &= held
        found.difference_update(self._gone[at])
        return found

    def _add_scores(self, scores: dict[int, float], word: _Asked, at: int) -> None:
        """Add the word's BM25 part to each document of ``scores`` that has it."""
        ids, weights = word.postings[at]
        lengths = self._snapshot.parts[at].segment.columns.lengths
        fixed = K1 * (1 - B)
        by_length = K1 * B / self._snapshot.average_length
        top = word.idf * (K1 + 1)
        if len(scores) * 12 < len(ids):  # few of many: look each up
            for document in scores:
                found = bisect_left(ids, document)
                if found < len(ids) and ids[found] == document:
                    weight = weights[found]
                    scores[document] += top * weight / (weight + fixed + by_length * lengths[document])
            return
        for document, weight in zip(ids, weights, strict=True):
            if document in scores:
                scores[document] += top * weight / (weight + fixed + by_length * lengths[document])


def most_telling(words: Sequence[Word], frequency: Callable[[Word], int]) -> Sequence[Word]:
    """The words that are asked of an engine: all, or the rarest ``MAX_WORDS``, in the order of the query."""
    if len(words) <= MAX_WORDS:
        return words
    counted = [(frequency(word), at) for at, word in enumerate(words)]
    # Needed before not needed, known before unknown, rare before common.
    counted.sort(key=lambda pair: (not words[pair[1]].needed, pair[0] == 0, pair[0], pair[1]))
    return [words[at] for at in sorted(at for _, at in counted[:MAX_WORDS])]


def idf(documents: int, frequency: int) -> float:
    """How much a word tells that is in ``frequency`` of so many documents."""
    return math.log(1 + (documents - frequency + 0.5) / (frequency + 0.5))


def _word_postings(segment: Segment, word: Word) -> Postings:
    """The postings of a word as if it were one term: all its terms, or the joined form, or all of others'."""
    ways = [word.terms, *([(word.joined,)] if word.joined else []), *word.others]
    if len(ways) == 1 and len(word.terms) == 1:
        return segment.postings(ALL, word.terms[0])
    weights: dict[int, float] = {}
    for terms in ways:
        for document, weight in _with_all_terms(segment, terms).items():
            weights[document] = max(weights.get(document, 0.0), weight)
    ordered = sorted(weights)
    return array("I", ordered), array("f", [weights[document] for document in ordered])


def _with_all_terms(segment: Segment, terms: Sequence[str]) -> dict[int, float]:
    """Documents with all ``terms``, with the weight of the weakest."""
    parts = [segment.postings(ALL, term) for term in terms]
    weights = dict.fromkeys(_intersection([ids for ids, _ in parts]), math.inf)
    for ids, values in parts:
        for document, weight in zip(ids, values, strict=True):
            if document in weights:
                weights[document] = min(weights[document], weight)
    return weights


def _intersection(lists: Sequence[array[int]]) -> set[int]:
    ordered = sorted(lists, key=len)
    found = set(ordered[0]) if ordered else set()
    for ids in ordered[1:]:
        if not found:
            break
        found.intersection_update(ids)
    return found


def _having(segment: Segment, words: Sequence[Word]) -> set[int]:
    return _intersection([_word_postings(segment, word)[0] for word in words])


def _having_phrase(segment: Segment, phrase: Phrase) -> set[int]:
    wanted = f" {' '.join(phrase.units)} "
    return {document for document in _having(segment, phrase.words) if wanted in segment.words(document)}


@dataclass(frozen=True, slots=True)
class Answer:
    """What is kept of an answer: the best documents in order (all of them when ``whole``)."""

    order: array[int]
    scores: array[float]
    whole: bool
    total: int
    kinds: Mapping[Kind, int]
    terms: tuple[str, ...]
    loosened: bool
    facets: Mapping[Facet, Mapping[str, int]]
    parts: tuple[Mapping[str, float], ...]


def answer(snapshot: Snapshot, query: SearchQuery, parsed: ParsedQuery, need: int) -> Answer:
    """Match, filter, count and order; at least ``need`` documents are put in order."""
    columns = snapshot.columns
    matcher = _Matcher(snapshot, parsed)
    tiers: dict[int, int] = {}
    loosened = characters = False
    least = 0
    if not parsed.words:
        unsearchable = parsed.asked and not (parsed.excluded or parsed.excluded_phrases)  # "!!!"
        scores = {} if unsearchable else matcher.everything()
    else:
        matches = matcher.match()
        scores, loosened, characters = matches.scores, matches.loosened, matches.characters
        least = _ALL_WORDS if matches.strict is None else 0
        tiers = _tiers(matcher, parsed, matches)
        if query.sort != "relevance" and matches.strict:
            # By price or date a half-fitting document would come first as easily as a fitting one.
            scores, characters = {at: scores[at] for at in matches.strict}, False
        for at, tier in tiers.items():
            if tier >= _EXACT_TITLE:
                scores.setdefault(at, 0.0)
        loosened = loosened and not any(tier >= _EXACT_TITLE for tier in tiers.values())
    passed = columns.filtered(query, scores)
    kept = passed.kept
    sort = query.sort if parsed.words or query.sort != "relevance" else "newest"
    if sort == "relevance":
        ordered, shown = _by_relevance(snapshot, kept, scores, tiers, need)
    else:
        ordered = columns.ordered(kept, sort, query.currency, max(WINDOW, need))
        shown = [scores[at] for at in ordered]
    return Answer(
        order=array("I", ordered),
        scores=array("d", shown),
        whole=len(ordered) == len(kept),
        total=len(kept),
        kinds=columns.kind_counts(passed),
        facets=columns.counted(query, passed),
        terms=marked_terms((*parsed.words, *parsed.characters) if characters else parsed.words),
        loosened=loosened and bool(kept),
        parts=_parts(snapshot, ordered[: query.offset + query.limit], scores, tiers, least) if query.explain else (),
    )


def _parts(
    snapshot: Snapshot, ordered: Sequence[int], scores: Mapping[int, float], tiers: Mapping[int, int], least: int
) -> tuple[Mapping[str, float], ...]:
    return tuple(
        {"text": scores[at], **snapshot.nudges.parts(at), "tier": float(tiers.get(at, least))} for at in ordered
    )


def _tiers(matcher: _Matcher, parsed: ParsedQuery, matches: _Matches) -> dict[int, int]:
    """What goes before any score: an exact code, an exact title, then documents with all words."""
    tiers = dict.fromkeys(matches.strict or (), _ALL_WORDS)
    tiers.update(dict.fromkeys(matcher.pinned(TITLE, parsed.title), _EXACT_TITLE))
    tiers.update(dict.fromkeys(matcher.pinned(CODES, parsed.code), _EXACT_CODE))
    return tiers


def _by_relevance(
    snapshot: Snapshot, kept: Sequence[int], scores: Mapping[int, float], tiers: Mapping[int, int], need: int
) -> tuple[list[int], list[float]]:
    """The best ``WINDOW`` by score and tier, reordered with the nudges; the rest, if needed, by score."""
    ids = snapshot.columns.ids

    def plain(at: int) -> tuple[int, float, str]:
        return -tiers.get(at, 0), -scores[at], ids[at]

    candidates = kept
    if need <= WINDOW < len(kept):
        lowest = heapq.nlargest(WINDOW, map(scores.__getitem__, kept))[-1]
        candidates = [at for at in kept if scores[at] >= lowest or at in tiers]
    ordered = sorted(candidates, key=plain)[: max(WINDOW, need)]
    final = {at: scores[at] * snapshot.nudges.of(at) for at in ordered[:WINDOW]}
    first = sorted(final, key=lambda at: (-tiers.get(at, 0), -final[at], ids[at]))
    rest = ordered[WINDOW:]
    return first + rest, [final[at] for at in first] + [scores[at] for at in rest]
