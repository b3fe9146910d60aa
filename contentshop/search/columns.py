"""Everything about the indexed documents but their words: arrays, and what is asked of them.

Pure: no engine, no disk. Filters and orders over arrays cost milliseconds for 100,000 documents where an
engine's own range queries cost a second.
"""

from __future__ import annotations

import heapq
import json
import math
import sys
from array import array
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

from contentshop.search.port import (
    KINDS,
    PHASES,
    RATING_STEPS,
    WAYS,
    WORTH_STEPS,
    Document,
    Facet,
    Kind,
    Phase,
    SearchQuery,
    Sort,
)

POPULARITY_NUDGE = 0.15
FRESHNESS_NUDGE = 0.15
FRESHNESS_HALF_LIFE = 90 * 86400  # seconds
AVAILABILITY_NUDGE = 0.05  # for what can be had now, here or elsewhere
ENDED_FACTOR = 0.5  # for deals that are over: below those that run, and still found

_NO_PRICE = -1
_NO_RATE = -1
_MOST_VOTES = 2**31 - 1
_RUNNING = PHASES.index("running")


def facts(document: Document, length: int) -> bytes:
    """A document's facts as they are kept in an index; ``length`` is its weighted number of words."""
    return json.dumps(
        [
            document.id,
            document.version,
            KINDS.index(document.kind),
            document.lang,
            document.creator,
            list(document.topics),
            document.published,
            max(document.popularity, 0),
            int(document.in_stock),
            length,
            dict(document.price_minor),
            document.brand,
            list(document.merchants),
            sum(1 << WAYS.index(way) for way in document.ways),
            _rate(document.worth),
            max(0, min(document.votes, _MOST_VOTES)),
            _rate(document.rating),
            PHASES.index(document.phase),
        ],
        separators=(",", ":"),
    ).encode()


def _rate(value: int | None) -> int:
    """A worth rate or a rating as it is kept."""
    return _NO_RATE if value is None else max(0, min(value, 100))


@dataclass(slots=True)
class Columns:
    """The facts of many documents, each column by document number."""

    ids: list[str] = field(default_factory=list)
    versions: array[int] = field(default_factory=lambda: array("q"))
    kinds: bytearray = field(default_factory=bytearray)  # positions in KINDS
    langs: list[str] = field(default_factory=list)
    creators: list[str] = field(default_factory=list)
    topics: list[tuple[str, ...]] = field(default_factory=list)
    published: array[int] = field(default_factory=lambda: array("q"))
    popularity: array[int] = field(default_factory=lambda: array("q"))
    in_stock: bytearray = field(default_factory=bytearray)
    brands: list[str] = field(default_factory=list)
    merchants: list[tuple[str, ...]] = field(default_factory=list)
    ways: bytearray = field(default_factory=bytearray)  # a bit for each position in WAYS
    worth: array[int] = field(default_factory=lambda: array("b"))
    votes: array[int] = field(default_factory=lambda: array("i"))
    ratings: array[int] = field(default_factory=lambda: array("b"))
    phases: bytearray = field(default_factory=bytearray)  # positions in PHASES
    lengths: array[int] = field(default_factory=lambda: array("I"))
    _prices: dict[str, array[int]] = field(default_factory=dict)
    # One tuple for all documents with the same topics or merchants.
    _known: dict[tuple[str, ...], tuple[str, ...]] = field(default_factory=dict)

    def add(self, raw: bytes) -> None:
        """Append one document from its ``facts``. Raises ValueError or TypeError when they are damaged."""
        values = json.loads(raw)
        key, version, kind, lang, creator, topics, published, popularity, stock, length, prices = values[:11]
        brand, merchants, ways, worth, votes, rating, phase = values[11:]
        at = len(self.ids)
        self.ids.append(key)
        self.versions.append(version)
        self.kinds.append(kind)
        self.langs.append(sys.intern(lang))
        self.creators.append(sys.intern(creator))
        self.topics.append(self._shared(topics))
        self.published.append(published)
        self.popularity.append(popularity)
        self.in_stock.append(stock)
        self.brands.append(sys.intern(brand))
        self.merchants.append(self._shared(merchants))
        self.ways.append(ways)
        self.worth.append(worth)
        self.votes.append(votes)
        self.ratings.append(rating)
        self.phases.append(phase)
        self.lengths.append(length)
        for currency, minor in prices.items():
            self._column(currency, at).append(minor)

    def _shared(self, names: Iterable[str]) -> tuple[str, ...]:
        found = tuple(map(sys.intern, names))
        return self._known.setdefault(found, found)

    def extend(self, other: Columns) -> None:
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
        self.brands.extend(other.brands)
        self.merchants.extend(other.merchants)
        self.ways.extend(other.ways)
        self.worth.extend(other.worth)
        self.votes.extend(other.votes)
        self.ratings.extend(other.ratings)
        self.phases.extend(other.phases)
        self.lengths.extend(other.lengths)
        for currency, column in other._prices.items():
            self._column(currency, at).extend(column)

    def _column(self, currency: str, length: int) -> array[int]:
        """The prices in a currency, filled up to ``length`` documents."""
        column = self._prices.setdefault(currency, array("q"))
        column.extend([_NO_PRICE] * (length - len(column)))
        return column

    def _priced(self, currency: str) -> array[int]:
        """Price of each document in minor units, -1 for none; empty when nothing has this currency."""
        return self._column(currency, len(self.ids)) if currency in self._prices else array("q")

    def filtered(self, query: SearchQuery, documents: Iterable[int]) -> Filtered:
        """The documents that pass every filter of the query, and for each facet those that only its own refuses."""
        kept = list(documents)
        if query.votes_from is not None:  # nothing is counted by it
            kept = [at for at in kept if self.votes[at] >= query.votes_from]
        near: dict[Facet, list[int]] = {}
        for facet, passes in self._filters(query):
            passed: list[int] = []
            refused: list[int] = []
            for at in kept:
                (passed if passes(at) else refused).append(at)
            # What an earlier filter refused alone is refused by two now, unless it passes this one.
            near = {other: [at for at in found if passes(at)] for other, found in near.items()}
            near[facet] = refused
            kept = passed
        return Filtered(kept, near)

    def _filters(self, query: SearchQuery) -> Iterator[tuple[Facet, Callable[[int], bool]]]:
        """The filters that are set; those that many documents fail come first."""
        if query.creators:
            yield "creator", _one_of(self.creators, query.creators)
        if query.merchants:
            yield "merchant", _any_of(self.merchants, query.merchants)
        if query.brands:
            folded = {brand.casefold() for brand in query.brands}
            yield "brand", _one_of(self.brands, [name for name in set(self.brands) if name.casefold() in folded])
        if query.topics:
            yield "topic", _any_of(self.topics, query.topics)
        if query.in_stock:
            yield "stock", lambda at: bool(self.in_stock[at])
        if query.running:
            yield "running", lambda at: self.phases[at] == _RUNNING
        if query.currency and (query.price_from is not None or query.price_to is not None):
            prices = self._priced(query.currency)
            low = max(query.price_from or 0, 0)
            high = math.inf if query.price_to is None else query.price_to
            yield "price", (lambda at: low <= prices[at] <= high) if prices else (lambda _at: False)
        if query.ways:
            bits = sum(1 << WAYS.index(way) for way in set(query.ways) if way in WAYS)
            yield "way", lambda at: bool(self.ways[at] & bits)
        if query.published_from is not None:
            since = query.published_from
            yield "age", lambda at: self.published[at] >= since
        if query.worth_from is not None:
            yield "worth", _at_least(self.worth, query.worth_from)
        if query.rating_from is not None:
            yield "rating", _at_least(self.ratings, query.rating_from)
        if query.langs:
            yield "lang", _one_of(self.langs, query.langs)
        if query.kinds:
            yield "kind", _one_of(self.kinds, [KINDS.index(kind) for kind in query.kinds])

    def counted(self, query: SearchQuery, found: Filtered) -> dict[Facet, dict[str, int]]:
        """How many documents have each value of the facets that were asked for, the most frequent first."""
        return {facet: self._counts(facet, query, found.for_facet(facet)) for facet in query.facets}

    def kind_counts(self, found: Filtered) -> dict[Kind, int]:
        """How many documents of each kind pass the other filters."""
        counts = Counter(map(self.kinds.__getitem__, found.for_facet("kind")))
        return {kind: counts[number] for number, kind in enumerate(KINDS)}

    def _counts(self, facet: Facet, query: SearchQuery, documents: Sequence[int]) -> dict[str, int]:
        counts: Counter[str] = Counter()
        match facet:
            case "kind":
                numbers = Counter(map(self.kinds.__getitem__, documents))
                counts.update({KINDS[number]: count for number, count in numbers.items()})
            case "creator":
                counts = Counter(map(self.creators.__getitem__, documents))
            case "brand":
                counts = Counter(map(self.brands.__getitem__, documents))
            case "lang":
                counts = Counter(map(self.langs.__getitem__, documents))
            case "topic":
                counts = Counter(chain.from_iterable(map(self.topics.__getitem__, documents)))
            case "merchant":
                counts = Counter(chain.from_iterable(map(self.merchants.__getitem__, documents)))
            case "stock":
                counts = Counter({"1": sum(map(self.in_stock.__getitem__, documents))})
            case "way":
                bits = Counter(map(self.ways.__getitem__, documents))
                counts = Counter(
                    {way: sum(n for value, n in bits.items() if value >> at & 1) for at, way in enumerate(WAYS)}
                )
            case "price":
                counts = self._price_counts(query, documents)
            case "age":
                published = self.published
                counts = Counter(
                    {str(at): sum(published[n] >= since for n in documents) for at, since in enumerate(query.ages)}
                )
            case "worth":
                counts = _step_counts(self.worth, WORTH_STEPS, documents)
            case "rating":
                counts = _step_counts(self.ratings, RATING_STEPS, documents)
            case "running":
                counts = Counter({"1": sum(self.phases[at] == _RUNNING for at in documents)})
        del counts[""]
        ranked = sorted(((-count, value) for value, count in counts.items() if count), key=lambda pair: pair)
        return {value: -count for count, value in ranked}

    def _price_counts(self, query: SearchQuery, documents: Sequence[int]) -> Counter[str]:
        prices = self._priced(query.currency)
        if not prices:
            return Counter()
        edges = query.price_edges
        return Counter(str(bisect_right(edges, prices[at])) for at in documents if prices[at] != _NO_PRICE)

    def ordered(self, documents: Sequence[int], sort: Sort, currency: str, count: int) -> list[int]:
        """The first ``count`` documents by date, popularity or price, equal ones by id; what has no price is last."""
        ids, published, prices = self.ids, self.published, self._priced(currency)
        sign = 1 if sort == "price_up" else -1

        def newest(at: int) -> tuple[int, str]:
            return -published[at], ids[at]

        def priced(at: int) -> tuple[bool, int, str]:
            price = prices[at] if prices else _NO_PRICE
            return price == _NO_PRICE, sign * price, ids[at]

        def most_popular(at: int) -> tuple[int, int, str]:
            return -self.popularity[at], -published[at], ids[at]

        key: Callable[[int], Any] = {"newest": newest, "popular": most_popular}.get(sort, priced)
        return heapq.nsmallest(count, documents, key=key)


def _at_least(column: Sequence[int], least: int) -> Callable[[int], bool]:
    """What has a rate at all, and this one or a higher one."""
    least = max(least, 0)
    return lambda at: column[at] >= least


def _step_counts(column: Sequence[int], steps: Sequence[int], documents: Iterable[int]) -> Counter[str]:
    """How many documents have at least each step."""
    values = Counter(map(column.__getitem__, documents))
    return Counter({str(step): sum(n for value, n in values.items() if value >= step) for step in steps})


def _one_of(column: Sequence[Any], wanted: Iterable[object]) -> Callable[[int], bool]:
    values = frozenset(wanted)
    return lambda at: column[at] in values


def _any_of(column: Sequence[tuple[str, ...]], wanted: Iterable[str]) -> Callable[[int], bool]:
    values = frozenset(wanted)
    return lambda at: not values.isdisjoint(column[at])


@dataclass(frozen=True, slots=True)
class Filtered:
    """``kept`` passed every filter; ``near[facet]`` passed all but the filter of that facet."""

    kept: list[int]
    near: Mapping[Facet, list[int]]

    def for_facet(self, facet: Facet) -> list[int]:
        """What a facet's values are counted over."""
        return self.kept + self.near.get(facet, [])


class Nudges:
    """What lifts a score besides the words: the one place with these weights. A page can show each factor.

    What a creator or the shop earns is not among them and is in no document: commission never counts. Freshness
    is that of texts and counts from the newest document, so that an order depends on nothing but the index.
    """

    def __init__(self, columns: Columns) -> None:
        self._columns = columns
        self._newest = max(columns.published, default=0)
        self._most_popular = max(columns.popularity, default=0)

    def of(self, document: int) -> float:
        """The factor of one document."""
        return math.prod(self.parts(document).values())

    def parts(self, document: int) -> dict[str, float]:
        """The factors by name."""
        columns = self._columns
        return lifts(
            KINDS[columns.kinds[document]],
            columns.popularity[document],
            columns.published[document],
            bool(columns.ways[document]),
            PHASES[columns.phases[document]],
            self._most_popular,
            self._newest,
        )


def lifts(
    kind: Kind,
    popularity: int,
    published: int,
    available: bool,
    phase: Phase,
    most_popular: float,
    newest: float,
) -> dict[str, float]:
    """The factors for a document, by name, beside the extremes of the whole index."""
    popular = math.log1p(popularity) / math.log1p(max(most_popular, popularity)) if popularity > 0 else 0.0
    ages = published > 0 and kind in ("post", "list", "deal")
    fresh = 0.5 ** (max(newest - published, 0) / FRESHNESS_HALF_LIFE) if ages else 0.0
    return {
        "popularity": 1 + POPULARITY_NUDGE * popular,
        "freshness": 1 + FRESHNESS_NUDGE * fresh,
        "availability": 1 + AVAILABILITY_NUDGE * available,
        "ended": ENDED_FACTOR if phase == "ended" else 1.0,
    }
