"""The embedded engine: Whoosh keeps the postings on disk, this file asks and writes them safely.

Whoosh 2.7.4 stores terms, commits and merges well. Its query side is left alone on purpose (measured in
``docs/search.md``): filters inside a time-limited search are dropped, range filters and facets cost seconds,
``refresh()`` reopens every segment. So postings are read a block at a time, scored with BM25 over one field,
and filtered and sorted over plain arrays that are read once per segment.

The folder::

    CURRENT      which index is live, its commit, its schema and the checksum of each file; replaced atomically
    g000007/     an index; a rebuild fills the next one beside it
    LOCK         held while anything is written (flock: a killed process leaves no lock behind)
    REBUILD      held during a rebuild;  JOURNAL: what was applied meanwhile, replayed before the switch
    DAMAGED      a reader found the index broken; ``ensure`` looks into it
    damaged/     the last index that was set aside

Generations grow over all changes: the number of the index times 10^9 plus its commits.
"""

from __future__ import annotations

import errno
import heapq
import json
import logging
import math
import os
import re
import shutil
import sys
import threading
import time
import traceback
import zlib
from array import array
from bisect import bisect_left
from collections import Counter, OrderedDict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from whoosh import fields, formats
from whoosh.filedb.filestore import FileStorage
from whoosh.index import TOC, EmptyIndexError, FileIndex
from whoosh.util.filelock import FileLock, try_for

from contentshop.core.errors import ContentshopError, Unavailable
from contentshop.search.analysis import (
    ANALYSIS_VERSION,
    ParsedQuery,
    Phrase,
    Word,
    code_key,
    marked_terms,
    parse,
    terms,
    title_key,
    units,
)
from contentshop.search.port import (
    KINDS,
    MAX_LIMIT,
    SORTS,
    BadQuery,
    Document,
    Health,
    Hit,
    Operation,
    SearchPage,
    SearchQuery,
    Upsert,
)

SCHEMA = f"1.{ANALYSIS_VERSION}"

# Weights of the parts of a document within the one scored field (measured: docs/search.md).
TITLE_WEIGHT = 5
BRAND_WEIGHT = 2
TAG_WEIGHT = 2

K1, B = 1.2, 0.75  # BM25's usual values
POPULARITY_NUDGE = 0.15
FRESHNESS_NUDGE = 0.15
FRESHNESS_HALF_LIFE = 90 * 86400  # seconds

MAX_WORDS = 12  # of a query; the rarest are taken
ENOUGH = 10  # with fewer documents that have all words, documents with some of them are shown too
WINDOW = 200  # this many of the best are ordered with popularity, freshness and exact titles

LOCK_SECONDS = 30.0
POSTINGS_KEPT = 400_000  # (document, weight) pairs in memory, 8 bytes each
ANSWERS_KEPT = 256
WRITER_MEGABYTES = 64

_COMMITS_PER_INDEX = 10**9
_INDEX_NAME = re.compile(r"g\d{6,}")
_OPEN_ATTEMPTS = 5
_NO_PRICE = -1
_ALL, _TITLE, _CODES, _ID = "all", "title", "codes", "id"

# Trouble of the machine, not of the index: it may be gone at the next try.
_PASSING_ERRNOS = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EACCES, errno.EPERM, errno.EIO})

logger = logging.getLogger(__name__)

Postings = tuple["array[int]", "array[float]"]
_EMPTY: Postings = (array("I"), array("f"))


# ------------------------------------------------------------------------------------------------ the schema


class Weighted(formats.Format):  # type: ignore[misc]  # Whoosh is untyped
    """Terms with their weights, analysed by us: Whoosh stores them and adds nothing.

    Pickled into every index, so its name and place are part of the schema.
    """

    posting_size = 0

    def __init__(self) -> None:
        super().__init__(field_boost=1.0)

    def word_values(
        self, value: Iterable[tuple[str, float]], analyzer: object, **kwargs: object
    ) -> Iterator[tuple[str, int, float, bytes]]:
        """(term, frequency, weight, no payload) of each (term, weight) pair."""
        return ((term, 1, weight, b"") for term, weight in value)


def _schema() -> fields.Schema:
    def indexed() -> fields.FieldType:
        return fields.FieldType(Weighted(), analyzer=None)

    return fields.Schema(
        **{_ID: indexed(), _ALL: indexed(), _TITLE: indexed(), _CODES: indexed()},
        facts=fields.COLUMN(),
        words=fields.STORED(),
    )


def _entry(document: Document) -> dict[str, Any]:
    """A document as Whoosh's fields."""
    weights: Counter[str] = Counter()
    length = 0
    plain: list[str] = []
    for text, weight in _texts(document):
        for term in terms(text):
            weights[term] += weight
        found = units(text)
        length += len(found) * weight
        plain.append(" ".join(found))
    title = title_key(document.title)
    return {
        _ID: [(document.id, 1.0)],
        _ALL: [(term, float(weight)) for term, weight in weights.items()],
        _TITLE: [(title, 1.0)] if title else [],
        _CODES: [(key, 1.0) for key in dict.fromkeys(map(code_key, document.codes)) if key],
        "facts": _facts(document, length),
        # Phrases are looked up here: cheaper for every other query than positions in the postings.
        "words": " " + " | ".join(plain) + " ",
    }


def _texts(document: Document) -> Iterator[tuple[str, int]]:
    yield document.title, TITLE_WEIGHT
    yield document.brand, BRAND_WEIGHT
    for tag in (*document.tags, *document.topics):
        yield tag, TAG_WEIGHT
    for text in (*document.cards, *document.codes, document.body):
        yield text, 1


def _facts(document: Document, length: int) -> bytes:
    return json.dumps(
        [
            document.id,
            document.version,
            KINDS.index(document.kind),
            document.lang,
            document.creator,
            list(document.topics),
            document.published,
            document.popularity,
            int(document.in_stock),
            length,
            dict(document.price_minor),
        ],
        separators=(",", ":"),
    ).encode()


@dataclass(slots=True)
class _Columns:
    """Everything but words about the documents, by document number."""

    ids: list[str] = field(default_factory=list)
    versions: array[int] = field(default_factory=lambda: array("q"))
    kinds: bytearray = field(default_factory=bytearray)
    langs: list[str] = field(default_factory=list)
    creators: list[str] = field(default_factory=list)
    topics: list[tuple[str, ...]] = field(default_factory=list)
    published: array[int] = field(default_factory=lambda: array("q"))
    popularity: array[int] = field(default_factory=lambda: array("q"))
    in_stock: bytearray = field(default_factory=bytearray)
    lengths: array[int] = field(default_factory=lambda: array("I"))
    prices: dict[str, array[int]] = field(default_factory=dict)

    def add(self, facts: bytes, known: dict[tuple[str, ...], tuple[str, ...]]) -> None:
        """Append one document. ``known`` shares equal tuples of topics."""
        (key, version, kind, lang, creator, topics, published, popularity, stock, length, prices) = json.loads(
            facts
        )
        at = len(self.ids)
        topics = tuple(map(sys.intern, topics))
        self.ids.append(key)
        self.versions.append(version)
        self.kinds.append(kind)
        self.langs.append(sys.intern(lang))
        self.creators.append(sys.intern(creator))
        self.topics.append(known.setdefault(topics, topics))
        self.published.append(published)
        self.popularity.append(popularity)
        self.in_stock.append(stock)
        self.lengths.append(length)
        for currency, minor in prices.items():
            self._column(currency, at).append(minor)

    def extend(self, other: _Columns) -> None:
        """Append all documents of ``other``."""
        at = len(self.ids)
        self.ids.extend(other.ids)
        self.versions.extend(other.versions)
        self.kinds.extend(other.kinds)
        self.langs.extend(other.langs)
        self.creators.extend(other.creators)
        self.topics.extend(other.topics)
        self.published.extend(other.published)
        self.popularity.extend(other.popularity)
        self.in_stock.extend(other.in_stock)
        self.lengths.extend(other.lengths)
        for currency, column in other.prices.items():
            self._column(currency, at).extend(column)

    def _column(self, currency: str, length: int) -> array[int]:
        """The prices in a currency, filled up to ``length`` documents."""
        column = self.prices.setdefault(currency, array("q"))
        column.extend([_NO_PRICE] * (length - len(column)))
        return column

    def priced(self, currency: str) -> array[int]:
        """Price of each document in minor units, -1 where it has none in this currency."""
        return self._column(currency, len(self.ids)) if currency in self.prices else array("q")


# ---------------------------------------------------------------------------------------- what is on the disk


@dataclass(frozen=True, slots=True)
class _Manifest:
    """The content of CURRENT."""

    schema: str
    index: str
    commit: int
    files: Mapping[str, tuple[int, int]]  # name: (size, CRC-32)

    @property
    def generation(self) -> int:
        return int(self.index[1:]) * _COMMITS_PER_INDEX + self.commit

    def to_bytes(self) -> bytes:
        return json.dumps(asdict(self)).encode()

    @classmethod
    def from_bytes(cls, raw: bytes) -> _Manifest:
        """Read it; raises ValueError, KeyError or TypeError when it is damaged."""
        data = json.loads(raw)
        if not _INDEX_NAME.fullmatch(data["index"]):
            raise ValueError("CURRENT names no index")
        return cls(
            schema=str(data["schema"]),
            index=data["index"],
            commit=int(data["commit"]),
            files={name: (int(size), int(crc)) for name, (size, crc) in data["files"].items()},
        )


class _PostingCache:
    """The postings that were read last, bounded by their number; segments never change, so nothing goes stale."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._size = 0
        self._kept: OrderedDict[tuple[str, str, str], Postings] = OrderedDict()

    def get(self, key: tuple[str, str, str], read: Callable[[], Postings]) -> Postings:
        found = self._kept.get(key)
        if found is not None:
            self._kept.move_to_end(key)
            return found
        found = read()
        self._kept[key] = found
        self._size += len(found[0]) + 1
        while self._size > self._limit and len(self._kept) > 1:
            _, old = self._kept.popitem(last=False)
            self._size -= len(old[0]) + 1
        return found

    def clear(self) -> None:
        self._kept.clear()
        self._size = 0


class _Segment:
    """One immutable part of an index: its terms, its columns and its stored words."""

    def __init__(self, storage: FileStorage, segment: Any, schema: fields.Schema, cache: _PostingCache) -> None:
        self.key: str = segment.segment_id()
        self.size: int = segment.doc_count_all()
        self._format = schema[_ALL].format
        self._cache = cache
        self._files = segment.open_compound_file(storage) if segment.is_compound() else storage
        codec = segment.codec()
        self._terms = codec.terms_reader(self._files, segment)
        self._documents = codec.per_document_reader(self._files, segment)
        self.columns = self._read_columns(schema["facts"].column_type)

    def _read_columns(self, column: Any) -> _Columns:
        columns = _Columns()
        known: dict[tuple[str, ...], tuple[str, ...]] = {}
        reader = self._documents.column_reader("facts", column)
        for at in range(self.size):
            columns.add(bytes(reader[at]), known)
        return columns

    def frequency(self, term: str) -> int:
        """In how many documents the term is, deleted ones included."""
        found = (_ALL, term.encode())
        return int(self._terms.doc_frequency(*found)) if found in self._terms else 0

    def postings(self, name: str, term: str) -> Postings:
        """Document numbers within the segment, ascending, and weights."""
        return self._cache.get((self.key, name, term), lambda: self._read_postings(name, term))

    def _read_postings(self, name: str, term: str) -> Postings:
        key = (name, term.encode())
        if key not in self._terms:
            return _EMPTY
        matcher = self._terms.matcher(*key, self._format)
        ids, weights = array("I"), array("f")
        # A block at a time: Whoosh's public way, a posting at a time, takes four times as long.
        while matcher.is_active():
            matcher.id()
            matcher.weight()
            ids.extend(matcher._ids)
            weights.extend(matcher._weights)
            matcher._next_block()
        return ids, weights

    def words(self, document: int) -> str:
        """The units of a document, each between two spaces."""
        return str(self._documents.stored_fields(document)["words"])

    def close(self) -> None:
        with suppress(Exception):
            self._terms.close()
        with suppress(Exception):
            self._documents.close()
        if self._files is not None:
            with suppress(Exception):
                self._files.close()


@dataclass(slots=True)
class _Part:
    """A segment at its place in a snapshot; ``deleted`` are numbers within the segment."""

    base: int
    segment: _Segment
    deleted: frozenset[int]


class _Snapshot:
    """The index at one generation, whole and unchanging."""

    def __init__(self, manifest: _Manifest, parts: Sequence[_Part]) -> None:
        self.manifest = manifest
        self.parts = tuple(parts)
        self.columns = _Columns()
        if len(parts) == 1:
            self.columns = parts[0].segment.columns
        else:
            for part in parts:
                self.columns.extend(part.segment.columns)
        self.deleted = frozenset(part.base + local for part in parts for local in part.deleted)
        self.size = len(self.columns.ids)
        self.documents = self.size - len(self.deleted)
        self.average_length = sum(self.columns.lengths) / self.size if self.size else 1.0
        self.newest = max(self.columns.published, default=0)
        self.most_popular = max(self.columns.popularity, default=0)

    def alive(self) -> list[int]:
        """The numbers of all documents that are not deleted."""
        return [at for at in range(self.size) if at not in self.deleted]

    def nudge(self, document: int) -> float:
        """By how much popularity and, for texts, freshness lift a score: 1 to 1.3.

        Freshness counts from the newest document, so an order depends on nothing but the index.
        """
        columns = self.columns
        lift = 1.0
        popularity = columns.popularity[document]
        if popularity > 0:
            lift += POPULARITY_NUDGE * math.log1p(popularity) / math.log1p(self.most_popular)
        published = columns.published[document]
        if published > 0 and KINDS[columns.kinds[document]] in ("post", "list"):
            lift += FRESHNESS_NUDGE * 0.5 ** ((self.newest - published) / FRESHNESS_HALF_LIFE)
        return lift


# ------------------------------------------------------------------------------------------------- matching


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

    def __init__(self, snapshot: _Snapshot, query: ParsedQuery) -> None:
        self._snapshot = snapshot
        self._query = query
        self._gone = [self._excluded(part) for part in snapshot.parts]
        self._held = [self._with_phrases(part) for part in snapshot.parts]

    def match(self) -> _Matches:
        """All documents with all words; when these are few, also those with some, ranked by how many.

        Chinese is first looked up by bigrams; single characters join when bigrams find too little.
        """
        query = self._query
        asked = self._ask(query.words)
        strict = self._with_all(asked)
        if len(strict) >= ENOUGH or len(query.words) + len(query.characters) <= 1:
            return _Matches(strict)
        found = self._with_some(asked)
        characters = len(found) < ENOUGH and bool(query.characters)
        if characters:
            found = self._with_some(asked + self._ask(query.characters))
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
        for word in self._most_telling(words):
            postings = tuple(_word_postings(part.segment, word) for part in self._snapshot.parts)
            asked.append(_Asked(word.needed, self._idf(sum(len(ids) for ids, _ in postings)), postings))
        return asked

    def _most_telling(self, words: Sequence[Word]) -> Sequence[Word]:
        if len(words) <= MAX_WORDS:
            return words
        counted = [(self._frequency(word), at) for at, word in enumerate(words)]
        # Unknown words tell nothing; one of them stays, so that no document passes for having all words.
        counted.sort(key=lambda pair: (not words[pair[1]].needed, pair[0] == 0, pair[0], pair[1]))
        return [words[at] for at in sorted(at for _, at in counted[:MAX_WORDS])]

    def _frequency(self, word: Word) -> int:
        segments = [part.segment for part in self._snapshot.parts]
        count = sum(min(segment.frequency(term) for term in word.terms) for segment in segments)
        return count + (sum(segment.frequency(word.joined) for segment in segments) if word.joined else 0)

    def _idf(self, frequency: int) -> float:
        return math.log(1 + (self._snapshot.size - frequency + 0.5) / (frequency + 0.5))

    def _excluded(self, part: _Part) -> Collection[int]:
        query = self._query
        if not query.excluded and not query.excluded_phrases:
            return part.deleted
        gone = set(part.deleted)
        for words in query.excluded:
            gone |= _having(part.segment, words)
        for phrase in query.excluded_phrases:
            gone |= _having_phrase(part.segment, phrase)
        return gone

    def _with_phrases(self, part: _Part) -> set[int] | None:
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

    def _with_some(self, asked: Sequence[_Asked]) -> dict[int, float]:
        scores: dict[int, float] = {}
        whole = sum(word.idf for word in asked if word.needed) or 1.0
        for at, part in enumerate(self._snapshot.parts):
            matched: dict[int, float] = {}
            for word in asked:
                if word.needed:
                    idf = word.idf
                    for document in word.postings[at][0]:
                        matched[document] = matched.get(document, 0.0) + idf
            local = dict.fromkeys(self._kept(at, set(matched)), 0.0)
            for word in asked:
                self._add_scores(local, word, at)
            base = part.base
            scores.update((base + at, score * matched[at] / whole) for at, score in local.items())
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


def _word_postings(segment: _Segment, word: Word) -> Postings:
    """The postings of a word; of a compound as if it were one term: all parts, or the joined form."""
    if len(word.terms) == 1 and not word.joined:
        return segment.postings(_ALL, word.terms[0])
    parts = [segment.postings(_ALL, term) for term in word.terms]
    weights = dict.fromkeys(_intersection([ids for ids, _ in parts]), math.inf)
    for ids, values in parts:
        for document, weight in zip(ids, values, strict=True):
            if document in weights:
                weights[document] = min(weights[document], weight)
    if word.joined:
        for document, weight in zip(*segment.postings(_ALL, word.joined), strict=True):
            weights[document] = max(weights.get(document, 0.0), weight)
    ordered = sorted(weights)
    return array("I", ordered), array("f", [weights[document] for document in ordered])


def _intersection(lists: Sequence[array[int]]) -> set[int]:
    ordered = sorted(lists, key=len)
    found = set(ordered[0]) if ordered else set()
    for ids in ordered[1:]:
        if not found:
            break
        found.intersection_update(ids)
    return found


def _having(segment: _Segment, words: Sequence[Word]) -> set[int]:
    return _intersection([_word_postings(segment, word)[0] for word in words])


def _having_phrase(segment: _Segment, phrase: Phrase) -> set[int]:
    wanted = f" {' '.join(phrase.units)} "
    return {document for document in _having(segment, phrase.words) if wanted in segment.words(document)}


# -------------------------------------------------------------------------------------- filtering, ordering


def _filtered(columns: _Columns, query: SearchQuery, documents: Iterable[int]) -> list[int]:
    """The documents that pass every filter but the kinds."""
    kept = list(documents)
    if query.langs:
        kept = [at for at in kept if columns.langs[at] in query.langs]
    if query.creators:
        kept = [at for at in kept if columns.creators[at] in query.creators]
    if query.topics:
        topics = frozenset(query.topics)
        kept = [at for at in kept if not topics.isdisjoint(columns.topics[at])]
    if query.in_stock:
        kept = [at for at in kept if columns.in_stock[at]]
    if query.currency and (query.price_from is not None or query.price_to is not None):
        prices = columns.priced(query.currency)
        low = max(query.price_from or 0, 0)
        high = math.inf if query.price_to is None else query.price_to
        kept = [at for at in kept if low <= prices[at] <= high] if prices else []
    return kept


@dataclass(frozen=True, slots=True)
class _Answer:
    """What is kept of an answer: the best documents in order (all of them when ``whole``)."""

    order: array[int]
    scores: array[float]
    whole: bool
    total: int
    kinds: Mapping[Any, int]
    terms: tuple[str, ...]
    loosened: bool


def _answer(snapshot: _Snapshot, query: SearchQuery, parsed: ParsedQuery, need: int) -> _Answer:
    """Match, filter, count and order; at least ``need`` documents are put in order."""
    columns = snapshot.columns
    matcher = _Matcher(snapshot, parsed)
    tiers: dict[int, int] = {}
    loosened = characters = False
    if not parsed.words:
        scores = {} if parsed.asked and not (parsed.excluded or parsed.excluded_phrases) else matcher.everything()
    else:
        matches = matcher.match()
        scores, loosened, characters = matches.scores, matches.loosened, matches.characters
        tiers = _tiers(matcher, parsed, matches)
        if query.sort != "relevance" and matches.strict:
            # By price or date a half-fitting document would come first as easily as a fitting one.
            scores = {at: scores[at] for at in matches.strict}
        for at, tier in tiers.items():
            if tier >= _EXACT_TITLE:
                scores.setdefault(at, 0.0)
        loosened = loosened and not any(tier >= _EXACT_TITLE for tier in tiers.values())
    kept = _filtered(columns, query, scores)
    counts = Counter(map(columns.kinds.__getitem__, kept))
    if query.kinds:
        wanted = frozenset(map(KINDS.index, query.kinds))
        kept = [at for at in kept if columns.kinds[at] in wanted]
    sort = query.sort if parsed.words or query.sort != "relevance" else "newest"
    if sort == "relevance":
        ordered, shown = _by_relevance(snapshot, kept, scores, tiers, need)
    else:
        ordered = _by_column(columns, kept, sort, query.currency, need)
        shown = [scores[at] for at in ordered]
    return _Answer(
        order=array("I", ordered),
        scores=array("d", shown),
        whole=len(ordered) == len(kept),
        total=len(kept),
        kinds={kind: counts[number] for number, kind in enumerate(KINDS)},
        terms=marked_terms((*parsed.words, *parsed.characters) if characters else parsed.words),
        loosened=loosened,
    )


_ALL_WORDS, _EXACT_TITLE, _EXACT_CODE = 1, 2, 3


def _tiers(matcher: _Matcher, parsed: ParsedQuery, matches: _Matches) -> dict[int, int]:
    """What goes before any score: an exact code, an exact title, then documents with all words."""
    tiers = dict.fromkeys(matches.strict or (), _ALL_WORDS)
    tiers.update(dict.fromkeys(matcher.pinned(_TITLE, parsed.title), _EXACT_TITLE))
    tiers.update(dict.fromkeys(matcher.pinned(_CODES, parsed.code), _EXACT_CODE))
    return tiers


def _by_relevance(
    snapshot: _Snapshot, kept: Sequence[int], scores: Mapping[int, float], tiers: Mapping[int, int], need: int
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
    final = {at: scores[at] * snapshot.nudge(at) for at in ordered[:WINDOW]}
    first = sorted(final, key=lambda at: (-tiers.get(at, 0), -final[at], ids[at]))
    rest = ordered[WINDOW:]
    return first + rest, [final[at] for at in first] + [scores[at] for at in rest]


def _by_column(columns: _Columns, kept: Sequence[int], sort: str, currency: str, need: int) -> list[int]:
    ids, published, prices = columns.ids, columns.published, columns.priced(currency)
    sign = 1 if sort == "price_up" else -1

    def newest(at: int) -> tuple[int, str]:
        return -published[at], ids[at]

    def priced(at: int) -> tuple[bool, int, str]:
        price = prices[at] if prices else _NO_PRICE
        return price == _NO_PRICE, sign * price, ids[at]  # what has no price comes last, either way

    key: Callable[[int], Any] = newest if sort == "newest" else priced
    return heapq.nsmallest(max(WINDOW, need), kept, key=key)


# -------------------------------------------------------------------------------------------- the back end


class WhooshSearchBackend:
    """SearchBackend on a folder of this machine. Safe for threads; any number of processes may read it, and
    writers wait for each other."""

    def __init__(self, folder: Path) -> None:
        self._folder = Path(folder)
        self._lock = threading.RLock()  # guards everything below; Whoosh's files share one position
        self._raw = b""
        self._snapshot: _Snapshot | None = None
        self._segments: dict[tuple[str, str], _Segment] = {}
        self._postings = _PostingCache(POSTINGS_KEPT)
        self._answers: OrderedDict[tuple[SearchQuery, ParsedQuery], _Answer] = OrderedDict()
        self._damaged = b""  # the CURRENT under which the index was found broken
        self._reason = ""

    # ---- port

    def ensure(self) -> bool:
        """Open the index or create an empty one; True when it has to be (re)built.

        Every file is compared with its checksum. Raises Unavailable when the folder cannot be used at all.
        """
        try:
            with self._writing():
                return self._ensured()
        except OSError as error:
            with self._lock:
                fault = self._fault()
                if not fault:  # a folder we may only read is good enough for reading
                    return self._opened().documents == 0
            raise Unavailable(f"The search folder cannot be written ({error}) and has no index: {fault}") from None

    def apply(self, operations: Sequence[Operation]) -> None:
        """Do all operations in one commit; the last one for an id wins. Raises Unavailable; then nothing was done
        or everything was, and repeating is right in both cases."""
        latest: dict[str, Document | None] = {}
        for operation in operations:
            if isinstance(operation, Upsert):
                latest[operation.document.id] = operation.document
            else:
                latest[operation.id] = None
        if not latest:
            return
        with self._engine("write"), self._writing():
            self._note_in_journal(latest)
            with self._lock:
                snapshot = self._opened()
                stale = self._numbers(snapshot.parts, latest)
            if self._commit(self._folder / snapshot.manifest.index, latest, stale):
                self._publish(replace(snapshot.manifest, commit=snapshot.manifest.commit + 1))

    def search(self, query: SearchQuery) -> SearchPage:
        """Answer a query. Raises BadQuery for limits, Unavailable when the index is missing or broken."""
        _check(query)
        parsed = parse(query.text)
        with self._lock:
            try:
                return self._page(query, parsed)
            except ContentshopError:
                raise
            except Exception:
                # Another process may have replaced a file while we opened it: once more from nothing.
                self._forget()
            try:
                return self._page(query, parsed)
            except ContentshopError:
                raise
            except Exception as error:
                logger.exception("the search index cannot be read")
                self._note_damage(error)
                reason = self._reason
        raise Unavailable(f"The search index cannot be read: {reason}")

    def rebuild(self, documents: Iterable[Document]) -> int:
        """Fill a new index and switch to it; returns the number of documents.

        What other processes apply meanwhile goes to the old index at once and, by a journal, to the new one.
        The documents must be read after this is called. An error of ``documents`` goes through unchanged.
        """
        with self._locked("REBUILD", 0.0, "Another rebuild is running."):
            with self._engine("rebuild"), self._writing():
                name = self._new_index()
                self._journal.write_bytes(b"")
            path = self._folder / name
            try:
                late = self._fill(path, documents)
                with self._engine("rebuild"), self._writing():
                    return self._switch(name, late)
            except BaseException:
                self._journal.unlink(missing_ok=True)
                shutil.rmtree(path, ignore_errors=True)
                raise

    def versions(self) -> Iterator[tuple[str, int]]:
        """Every (id, version), as of this call. Raises Unavailable."""
        with self._engine("read"), self._lock:
            snapshot = self._opened()
            columns = snapshot.columns
            found = [(columns.ids[at], columns.versions[at]) for at in snapshot.alive()]
        yield from found

    def health(self) -> Health:
        """The state of the index; never raises. Not ok: call ``ensure``, and rebuild when it says so."""
        with self._lock:
            try:
                snapshot = self._opened()
                size = sum(size for size, _ in snapshot.manifest.files.values())
                reason = self._damage_mark.read_text("utf-8", "replace") if self._damage_mark.exists() else ""
                generation = snapshot.manifest.generation
                return Health(not reason, snapshot.documents, generation, size, reason)
            except Exception as error:
                return Health(False, 0, 0, 0, str(error) or type(error).__name__)

    def close(self) -> None:
        """Let go of all files; the next call opens them again."""
        with self._lock:
            self._forget()

    # ---- reading

    def _page(self, query: SearchQuery, parsed: ParsedQuery) -> SearchPage:
        snapshot = self._opened()
        key = (replace(query, text="", offset=0, limit=1), parsed)
        need = query.offset + query.limit
        answer = self._answers.get(key)
        if answer is None or not (answer.whole or need <= len(answer.order)):
            answer = _answer(snapshot, query, parsed, need)
            if need <= WINDOW:
                self._answers[key] = answer
                if len(self._answers) > ANSWERS_KEPT:
                    self._answers.popitem(last=False)
        else:
            self._answers.move_to_end(key)
        columns = snapshot.columns
        shown = zip(answer.order[query.offset : need], answer.scores[query.offset : need], strict=True)
        return SearchPage(
            hits=tuple(Hit(columns.ids[at], columns.versions[at], score) for at, score in shown),
            total=answer.total,
            kinds=answer.kinds,
            terms=answer.terms,
            loosened=answer.loosened,
            generation=snapshot.manifest.generation,
        )

    def _opened(self) -> _Snapshot:
        """The present snapshot; CURRENT is read each time, so changes by other processes show at once."""
        for attempt in range(_OPEN_ATTEMPTS):
            try:
                raw = self._current.read_bytes()
            except FileNotFoundError:
                raise Unavailable("There is no search index yet.") from None
            if self._snapshot is not None and raw == self._raw:
                return self._snapshot
            if raw == self._damaged:
                raise Unavailable(f"The search index is damaged: {self._reason}")
            try:
                return self._load(raw)
            except (FileNotFoundError, EmptyIndexError):
                if attempt == _OPEN_ATTEMPTS - 1:
                    raise
                time.sleep(0.01 * 2**attempt)  # a writer was replacing files
        raise AssertionError("unreachable")

    def _load(self, raw: bytes) -> _Snapshot:
        manifest = _Manifest.from_bytes(raw)
        if manifest.schema != SCHEMA:
            raise Unavailable("The search index was made by another version; it has to be rebuilt.")
        parts = self._open_parts(manifest.index, self._segments)
        used = {(manifest.index, part.segment.key) for part in parts}
        for key in [key for key in self._segments if key not in used]:
            self._segments.pop(key).close()
        self._segments.update(((manifest.index, part.segment.key), part.segment) for part in parts)
        self._snapshot, self._raw = _Snapshot(manifest, parts), raw
        self._answers.clear()
        return self._snapshot

    def _open_parts(self, index: str, known: Mapping[tuple[str, str], _Segment]) -> list[_Part]:
        """Open what the newest table of contents names, taking segments that are open already from ``known``."""
        storage = FileStorage(str(self._folder / index))
        contents = TOC.read(storage, "MAIN")
        parts: list[_Part] = []
        base = 0
        fresh: list[_Segment] = []
        try:
            for found in contents.segments:
                segment = known.get((index, found.segment_id()))
                if segment is None:
                    segment = _Segment(storage, found, contents.schema, self._postings)
                    fresh.append(segment)
                parts.append(_Part(base, segment, frozenset(found.deleted_docs())))
                base += segment.size
        except BaseException:
            for segment in fresh:
                segment.close()
            raise
        return parts

    def _forget(self) -> None:
        for segment in self._segments.values():
            segment.close()
        self._segments.clear()
        self._postings.clear()
        self._answers.clear()
        self._snapshot, self._raw = None, b""

    def _note_damage(self, error: Exception) -> None:
        """Remember that this index is broken, for this process and, by a mark, for the one that writes."""
        self._forget()
        self._reason = f"{type(error).__name__}: {error}"
        if isinstance(error, MemoryError) or getattr(error, "errno", None) in _PASSING_ERRNOS:
            return
        with suppress(OSError):
            self._damaged = self._current.read_bytes()
            self._damage_mark.write_text(self._reason, "utf-8", "replace")

    # ---- writing

    def _commit(self, path: Path, latest: Mapping[str, Document | None], stale: Sequence[int]) -> bool:
        """Write the documents and remove the ``stale`` numbers in one commit; False when there was nothing to do."""
        entries = [_entry(document) for document in latest.values() if document is not None]
        if not entries and not stale:
            return False
        with self._writer(path) as writer:
            for number in stale:
                writer.delete_document(number)
            for entry in entries:
                writer.add_document(**entry)
            writer.commit()
        return True

    @contextmanager
    def _writer(self, path: Path) -> Iterator[Any]:
        """Whoosh's writer; whatever happens, its lock is released (2.7.4 keeps it after a failed commit)."""
        index = FileIndex(FileStorage(str(path)))
        try:
            writer = index.writer(timeout=LOCK_SECONDS, limitmb=WRITER_MEGABYTES)
        except Exception as error:
            # The traceback holds the half-made writer, and with it the lock.
            traceback.clear_frames(error.__traceback__)
            raise
        try:
            yield writer
        finally:
            if not writer.is_closed:
                with suppress(Exception):
                    writer.cancel()
            if writer.writelock is not None and writer.writelock.fd is not None:
                writer.writelock.release()

    def _numbers(self, parts: Sequence[_Part], latest: Iterable[str]) -> list[int]:
        """The numbers under which these ids are in the index now."""
        return [
            part.base + local
            for key in latest
            for part in parts
            for local in part.segment.postings(_ID, key)[0]
            if local not in part.deleted
        ]

    def _fill(self, path: Path, documents: Iterable[Document]) -> dict[str, Document | None]:
        """Write all documents in one commit; returns the later ones of an id that came twice."""
        seen: set[str] = set()
        late: dict[str, Document | None] = {}
        with self._engine("rebuild"):
            manager = self._writer(path)
            writer = manager.__enter__()
        try:
            for document in documents:
                if document.id in seen:
                    late[document.id] = document
                    continue
                seen.add(document.id)
                with self._engine("rebuild"):
                    writer.add_document(**_entry(document))
            with self._engine("rebuild"):
                writer.commit()
        finally:
            manager.__exit__(None, None, None)
        return late

    def _switch(self, name: str, late: dict[str, Document | None]) -> int:
        """Bring the new index up to date, make it the live one and remove what nobody reads any more."""
        late.update(self._read_journal())
        parts = self._open_parts(name, {})
        try:
            stale = self._numbers(parts, late)
            count = sum(part.segment.size - len(part.deleted) for part in parts) - len(stale)
        finally:
            for part in parts:
                part.segment.close()
            self._postings.clear()
        self._commit(self._folder / name, late, stale)
        count += sum(document is not None for document in late.values())
        previous = self._current_index()
        self._publish(_Manifest(SCHEMA, name, 1, {}))
        self._journal.unlink(missing_ok=True)
        self._damage_mark.unlink(missing_ok=True)
        for path in self._indexes():
            if path.name not in (name, previous):
                shutil.rmtree(path, ignore_errors=True)
        return count

    def _publish(self, manifest: _Manifest) -> None:
        """Make the files of ``manifest.index`` durable and the manifest, with their checksums, the live one."""
        path = self._folder / manifest.index
        storage = FileStorage(str(path))
        contents = TOC.read(storage, "MAIN")
        names = [f"_MAIN_{contents.generation}.toc"]
        for segment in contents.segments:
            names.extend(segment.list_files(storage))
        files = {name: manifest.files.get(name) or _checksum(path / name, sync=True) for name in names}
        _sync_folder(path)
        temporary = self._folder / "CURRENT.new"
        with temporary.open("wb") as file:
            file.write(replace(manifest, files=files).to_bytes())
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, self._current)
        _sync_folder(self._folder)

    def _new_index(self) -> str:
        """Make the folder of the next index, empty; returns its name."""
        number = max((int(path.name[1:]) for path in self._indexes()), default=0)
        with suppress(OSError, ValueError, KeyError, TypeError):
            number = max(number, int(_Manifest.from_bytes(self._current.read_bytes()).index[1:]))
        name = f"g{number + 1:06d}"
        path = self._folder / name
        path.mkdir(parents=True)
        FileIndex.create(FileStorage(str(path)), _schema(), "MAIN")
        return name

    def _indexes(self) -> list[Path]:
        return [path for path in self._folder.iterdir() if _INDEX_NAME.fullmatch(path.name)]

    def _current_index(self) -> str:
        with suppress(OSError, ValueError, KeyError, TypeError):
            return _Manifest.from_bytes(self._current.read_bytes()).index
        return ""

    def _note_in_journal(self, latest: Mapping[str, Document | None]) -> None:
        """Tell a running rebuild; a journal whose rebuild was killed is removed."""
        if not self._journal.exists():
            return
        lock = FileLock(str(self._folder / "REBUILD"))
        if lock.acquire():
            lock.release()
            self._journal.unlink(missing_ok=True)
            return
        with self._journal.open("a", encoding="ascii") as file:
            for key, document in latest.items():
                file.write(json.dumps([key, asdict(document) if document else None]) + "\n")

    def _read_journal(self) -> dict[str, Document | None]:
        found: dict[str, Document | None] = {}
        for line in self._journal.read_text("ascii").splitlines():
            key, data = json.loads(line)
            found[key] = _document(data) if data else None
        return found

    # ---- care

    def _ensured(self) -> bool:
        with self._lock:
            fault = self._fault()
            if fault:
                logger.warning("search index: %s; starting an empty one", fault)
                self._start_empty()
                return True
            snapshot = self._opened()
            unrecorded = self._unrecorded(snapshot)
            if self._damage_mark.exists() or unrecorded:
                # A false alarm, or a commit whose process died before it could say so: tell all readers.
                self._publish(replace(snapshot.manifest, commit=snapshot.manifest.commit + 1))
                self._damage_mark.unlink(missing_ok=True)
                snapshot = self._opened()
            return snapshot.documents == 0

    def _fault(self) -> str:
        """What is wrong with the index, "" when it is whole."""
        self._forget()
        self._damaged = b""
        try:
            raw = self._current.read_bytes()
        except FileNotFoundError:
            return "there is none"
        try:
            manifest = _Manifest.from_bytes(raw)
            if manifest.schema != SCHEMA:
                return f"made with schema {manifest.schema}, this is {SCHEMA}"
            snapshot = self._opened()
            for name in self._names(snapshot):
                recorded = manifest.files.get(name)
                if recorded and recorded != _checksum(self._folder / manifest.index / name):
                    return f"{name} is damaged"
        except Exception as error:
            self._forget()
            return f"{type(error).__name__}: {error}"
        return ""

    def _names(self, snapshot: _Snapshot) -> list[str]:
        path = self._folder / snapshot.manifest.index
        wanted = {part.segment.key for part in snapshot.parts}
        return [
            file.name for file in path.iterdir() if file.suffix == ".toc" or file.name.split(".")[0] in wanted
        ]

    def _unrecorded(self, snapshot: _Snapshot) -> bool:
        return any(name not in snapshot.manifest.files for name in self._names(snapshot))

    def _start_empty(self) -> None:
        self._forget()
        broken = self._current_index()
        if broken and (self._folder / broken).exists():
            shutil.rmtree(self._folder / "damaged", ignore_errors=True)
            os.replace(self._folder / broken, self._folder / "damaged")
        self._publish(_Manifest(SCHEMA, self._new_index(), 0, {}))
        self._damage_mark.unlink(missing_ok=True)

    @property
    def _current(self) -> Path:
        return self._folder / "CURRENT"

    @property
    def _journal(self) -> Path:
        return self._folder / "JOURNAL"

    @property
    def _damage_mark(self) -> Path:
        return self._folder / "DAMAGED"

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """Hold the folder for writing, among threads and processes."""
        self._folder.mkdir(parents=True, exist_ok=True)
        with self._locked("LOCK", LOCK_SECONDS, "The search index is being written by another process."):
            yield

    @contextmanager
    def _locked(self, name: str, seconds: float, busy: str) -> Iterator[None]:
        self._folder.mkdir(parents=True, exist_ok=True)
        lock = FileLock(str(self._folder / name))
        if not try_for(lock.acquire, timeout=seconds, delay=0.02):
            raise Unavailable(busy)
        try:
            yield
        finally:
            lock.release()

    @contextmanager
    def _engine(self, doing: str) -> Iterator[None]:
        """No exception of the engine or the disk gets past here but as Unavailable."""
        try:
            yield
        except ContentshopError:
            raise
        except Exception as error:
            logger.exception("search index: cannot %s", doing)
            raise Unavailable(f"The search index cannot {doing}: {type(error).__name__}: {error}") from error


def _check(query: SearchQuery) -> None:
    if query.sort not in SORTS:
        raise BadQuery(f"There is no order “{query.sort}”.")
    if not 1 <= query.limit <= MAX_LIMIT:
        raise BadQuery(f"A page has 1 to {MAX_LIMIT} results.")
    if query.offset < 0:
        raise BadQuery("A page cannot start before the first result.")
    unknown = [kind for kind in query.kinds if kind not in KINDS]
    if unknown:
        raise BadQuery(f"There is no kind “{unknown[0]}”.")


def _document(data: dict[str, Any]) -> Document:
    """A document from its JSON form."""
    for name in ("tags", "codes", "cards", "topics"):
        data[name] = tuple(data[name])
    return Document(**data)


def _checksum(path: Path, *, sync: bool = False) -> tuple[int, int]:
    """(size, CRC-32) of a file; with ``sync`` it is on the disk afterwards."""
    size = checksum = 0
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            size += len(block)
            checksum = zlib.crc32(block, checksum)
        if sync:
            os.fsync(file.fileno())
    return size, checksum


def _sync_folder(path: Path) -> None:
    """Make the names in a folder durable."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
