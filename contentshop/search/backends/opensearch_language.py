"""OpenSearch's language: documents as it stores them, questions as it is asked them, answers as it gives them.

Pure: nothing here talks to it. Texts are analysed by ``analysis.py``, and which documents are found, how many words
are enough and what lifts a result is decided by ``matching.py`` and ``columns.py``, as for the embedded engine.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from contentshop.core.errors import ContentshopError, Unavailable
from contentshop.search.analysis import (
    ANALYSIS_VERSION,
    ParsedQuery,
    Phrase,
    Word,
    analyse,
    code_key,
    readings,
    surface_words,
    title_key,
)
from contentshop.search.columns import lifts
from contentshop.search.matching import K1, WINDOW, B, idf
from contentshop.search.port import (
    KINDS,
    RATING_STEPS,
    WORTH_STEPS,
    Document,
    Facet,
    Hit,
    Kind,
    SchemaMismatch,
    SearchQuery,
)
from contentshop.search.spelling import LEAST_LETTERS, LONGEST, Vocabulary
from contentshop.search.texts import aside_texts, named_texts, weighted_texts

SCHEMA = f"4.{ANALYSIS_VERSION}"

BULK_DOCUMENTS = 500
BULK_CHARACTERS = 4_000_000
MOST_WORDS = 50_000  # of the vocabulary: the most frequent
MOST_VALUES = 1_000  # of a facet
DEEPEST = 100_000  # results further down are counted, not shown: the engine keeps all that come before in memory

# Added to a score for what comes first whatever the scores. Far above any score (32 words of at most 45), low enough
# for a 32-bit number to keep three decimals of the score.
TIER = 4096.0
ALL_WORDS, _EXACT_TITLE, _EXACT_CODE = 1, 2, 3

META, DELETED = "meta", "deleted"  # kinds of documents that are no results
DIGITS = 8  # of the number in the name of an index
NOT_FOUND, CONFLICT = 404, 409
NO_INDEX = "There is no search index yet."
OTHER_SCHEMA = "made with schema"
_CHANGES_PER_INDEX = 10**9
_MOST = 2**63 - 1
_CURRENCY = re.compile(r"[A-Z]{3}")


# ------------------------------------------------------------------------------------------------ the schema

_KEYWORD = {"type": "keyword"}
_NAME = {"type": "keyword", "ignore_above": 8191}  # four bytes each are just what the engine takes
_KEY = {"type": "keyword", "doc_values": False}
_LONG = {"type": "long"}
# Terms of a text stand together, joined by "|", where they count as one word for the length of the text.
SETTINGS: dict[str, Any] = {
    "number_of_shards": 1,
    "auto_expand_replicas": "0-1",
    "refresh_interval": "-1",  # each batch shows as a whole, when it asks for it
    "max_result_window": DEEPEST,
    "similarity": {"bm25": {"type": "BM25", "k1": K1, "b": B}},
    "analysis": {
        "tokenizer": {"groups": {"type": "whitespace", "max_token_length": 1_000_000}},
        "filter": {"terms": {"type": "pattern_capture", "preserve_original": False, "patterns": ["([^|]+)"]}},
        "analyzer": {"groups": {"type": "custom", "tokenizer": "groups", "filter": ["terms"]}},
    },
}
_PROPERTIES: dict[str, Any] = {
    "all": {"type": "text", "index_options": "freqs", "analyzer": "groups", "similarity": "bm25"},
    "words": {"type": "text", "norms": False, "analyzer": "whitespace"},
    "written": _KEYWORD,
    "title": _KEY,
    "codes": _KEY,
    "id": _KEYWORD,
    "version": _LONG,
    "kind": _KEYWORD,
    "lang": _NAME,
    "creator": _NAME,
    "topics": _NAME,
    "brand": _NAME,
    "brand_key": _NAME,  # the same to filter by, without capitals
    "merchants": _NAME,
    "ways": _KEYWORD,
    "published": _LONG,
    "popularity": _LONG,
    "worth": _LONG,
    "votes": _LONG,
    "rating": _LONG,
    "phase": _KEYWORD,
    "in_stock": {"type": "boolean"},
}


def mappings() -> dict[str, Any]:
    return {
        "dynamic": "strict",
        "_meta": {"schema": SCHEMA},
        "_source": {"excludes": ["all", "words", "written"]},
        "properties": _PROPERTIES | {"prices": {"type": "object", "dynamic": True}},
        "dynamic_templates": [{"prices": {"path_match": "prices.*", "mapping": _LONG}}],
    }


def fault_of_mapping(found: Mapping[str, Any]) -> str:
    """What is wrong with an index's mapping, "" when it is the one it was made with."""
    schema = found.get("_meta", {}).get("schema")
    if schema != SCHEMA:
        return f"{OTHER_SCHEMA} {schema}, this is {SCHEMA}"
    properties = dict(found.get("properties", {}))
    prices = properties.pop("prices", {}).get("properties", {})
    if found.get("dynamic") != "strict" or properties != _PROPERTIES or any(at != _LONG for at in prices.values()):
        return "its mapping was changed by hand"
    return ""


def _clean(text: str) -> str:
    """The text without lone surrogates, which are no Unicode."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


def _bounded(number: int) -> int:
    return max(-_MOST, min(number, _MOST))


def source_of(document: Document) -> dict[str, Any]:
    """A document as the engine stores it."""
    groups: list[str] = []
    words: list[str] = []
    written: set[str] = set()
    for text, weight in weighted_texts(document):
        found = analyse(text)
        groups.extend(_grouped(found.terms, len(found.units)) * weight)
        words.append(" ".join(found.units))
    for text in named_texts(document):
        for at, term in enumerate(readings(text)):  # beside other terms, where they do not count for the length
            groups[at % len(groups)] += f"|{term}"
        # Shorter or longer ones are never what a typing error was meant to be.
        written.update(word for word in surface_words(text) if LEAST_LETTERS - 1 <= len(word) <= LONGEST)
    _add_aside(document, groups, words)
    return {
        "id": document.id,
        "version": document.version,
        "kind": document.kind,
        "all": " ".join(groups),
        "words": words,
        "written": sorted(written),
        "title": title_key(document.title) or None,
        "codes": [key for key in dict.fromkeys(map(code_key, document.codes)) if key],
        "lang": _clean(document.lang),
        "creator": _clean(document.creator),
        "topics": [_clean(topic) for topic in document.topics],
        "brand": _clean(document.brand),
        "brand_key": _clean(document.brand.casefold()),
        "merchants": [_clean(merchant) for merchant in document.merchants],
        "ways": list(document.ways),
        "published": _bounded(document.published),
        "popularity": _bounded(max(document.popularity, 0)),
        "worth": document.worth,
        "votes": _bounded(max(document.votes, 0)),
        "rating": document.rating,
        "phase": document.phase,
        "in_stock": document.in_stock,
        "prices": {
            currency: _bounded(minor)
            for currency, minor in document.price_minor.items()
            if _CURRENCY.fullmatch(currency)
        },
    }


def _add_aside(document: Document, groups: list[str], words: list[str]) -> None:
    """Terms of what others say, beside those of the document's own texts, where they do not count for the length."""
    own = {term for group in groups for term in group.split("|")}
    at = 0
    for text in aside_texts(document):
        found = analyse(text)
        for term in found.terms:
            if term in own:
                continue
            own.add(term)
            if groups:
                groups[at % len(groups)] += f"|{term}"
                at += 1
            else:
                groups.append(term)
        words.append(" ".join(found.units))


def _grouped(terms: Sequence[str], count: int) -> list[str]:
    """All terms in ``count`` groups, so that the text is as long for the engine as its plain words are many."""
    count = min(count, len(terms))
    bounds = [at * len(terms) // count for at in range(count + 1)] if count else [0]
    return ["|".join(terms[start:end]) for start, end in pairwise(bounds)]


# ------------------------------------------------------------------------------------------------ asking


def term_query(field: str, value: object) -> dict[str, Any]:
    return {"term": {field: value}}


def _constant(query: dict[str, Any], score: float) -> dict[str, Any]:
    return {"constant_score": {"filter": query, "boost": score}}


def _all_of(terms: Sequence[str]) -> dict[str, Any]:
    """Documents with all terms, scored by the rarest."""
    parts = [term_query("all", term) for term in terms]
    return parts[0] if len(parts) == 1 else {"bool": {"filter": parts, "must": [{"dis_max": {"queries": parts}}]}}


def _having(word: Word) -> dict[str, Any]:
    """Documents with a word in any of its ways, to filter by."""
    ways = [_all_of(terms) for terms in ways_of(word)]
    return ways[0] if len(ways) == 1 else {"dis_max": {"queries": ways}}


def ways_of(word: Word) -> list[tuple[str, ...]]:
    """The terms of a word, of which a document has all of one way: as typed, joined, of other meanings."""
    return [word.terms, *([(word.joined,)] if word.joined else []), *word.others]


@dataclass(slots=True)
class Terms:
    """How many documents there are, and how many of them have each of the terms that were asked for."""

    documents: int = 0
    known: dict[str, int] = field(default_factory=dict)

    def frequency(self, word: Word) -> int:
        """In how many documents a word is, roughly: the sum of its ways."""
        return sum(min(self.known[term] for term in terms) for terms in ways_of(word))

    def weight(self, word: Word) -> float:
        """How much a word tells (idf)."""
        return idf(self.documents, min(self.frequency(word), self.documents))

    def scored(self, word: Word) -> dict[str, Any]:
        """Documents with a word, scored. All ways of one with other meanings are as rare as the word is."""
        if not word.others:
            return _having(word)
        weight = self.weight(word)
        ways = []
        for terms in ways_of(word):
            parts = [self._as_rare(term, weight) for term in terms]
            having = [term_query("all", term) for term in terms]
            ways.append({"bool": {"filter": having, "must": [{"dis_max": {"queries": parts}}]}})
        return {"dis_max": {"queries": ways}}

    def _as_rare(self, term: str, weight: float) -> dict[str, Any]:
        own = idf(self.documents, min(self.known[term], self.documents))
        return {"term": {"all": {"value": term, "boost": weight / own}}}


def _phrase(phrase: Phrase) -> dict[str, Any]:
    return {"match_phrase": {"words": " ".join(phrase.units)}}


def _phrases(parsed: ParsedQuery) -> list[dict[str, Any]]:
    return [_phrase(phrase) for phrase in parsed.phrases]


def excluded_by(parsed: ParsedQuery) -> list[dict[str, Any]]:
    groups = [{"bool": {"filter": [_having(word) for word in words]}} for words in parsed.excluded]
    return groups + [_phrase(phrase) for phrase in parsed.excluded_phrases]


def with_all(words: Sequence[Word], parsed: ParsedQuery, terms: Terms) -> dict[str, Any]:
    """Documents with all needed words and all phrases."""
    return {
        "bool": {
            "must": [terms.scored(word) for word in words if word.needed],
            "should": [terms.scored(word) for word in words if not word.needed],
            "filter": _phrases(parsed),
        }
    }


def with_some(words: Sequence[Word], share: float, parsed: ParsedQuery, terms: Terms) -> dict[str, Any]:
    """Documents with at least ``share`` of the query's weight, and any needed word."""
    weights = [(word, terms.weight(word)) for word in words if word.needed]
    # A little less: the engine adds 32-bit numbers.
    least = share * sum(weight for _, weight in weights) * (1 - 1e-5)
    matched: dict[str, Any] = {"bool": {"should": [_constant(_having(word), weight) for word, weight in weights]}}
    if least:
        matched = {"function_score": {"query": matched, "min_score": least}}
    return {"bool": {"should": [terms.scored(word) for word in words], "filter": [matched, *_phrases(parsed)]}}


def tiers_of(parsed: ParsedQuery, all_words: dict[str, Any] | None) -> list[dict[str, Any]]:
    """What comes first: an exact code, an exact title and, where others follow, documents with all words."""
    tiers = []
    if parsed.code:
        tiers.append(_constant(term_query("codes", parsed.code), _EXACT_CODE * TIER))
    if parsed.title:
        tiers.append(_constant(term_query("title", parsed.title), _EXACT_TITLE * TIER))
    if all_words:
        tiers.append(_constant(all_words, ALL_WORDS * TIER))
    return [{"dis_max": {"queries": tiers}}] if tiers else []


def _filters(query: SearchQuery) -> dict[Facet, dict[str, Any]]:
    """Every filter that is set, by what can be counted by it; that of the kinds always."""
    found: dict[Facet, dict[str, Any]] = {"kind": {"terms": {"kind": [*query.kinds] or list(KINDS)}}}
    chosen: tuple[tuple[Facet, str, Iterable[str]], ...] = (
        ("lang", "lang", query.langs),
        ("creator", "creator", query.creators),
        ("topic", "topics", query.topics),
        ("brand", "brand_key", [brand.casefold() for brand in query.brands]),
        ("merchant", "merchants", query.merchants),
        ("way", "ways", query.ways),
    )
    for facet, name, values in chosen:
        if cleaned := [_clean(value) for value in values]:
            found[facet] = {"terms": {name: cleaned}}
    if query.in_stock:
        found["stock"] = term_query("in_stock", True)
    if query.running:
        found["running"] = term_query("phase", "running")
    if query.published_from is not None:
        found["age"] = _since(query.published_from)
    if query.worth_from is not None:
        found["worth"] = _at_least("worth", query.worth_from)
    if query.rating_from is not None:
        found["rating"] = _at_least("rating", query.rating_from)
    if query.currency and (query.price_from is not None or query.price_to is not None):
        limits = {"gte": _bounded(max(query.price_from or 0, 0))}
        if query.price_to is not None:
            limits["lte"] = _bounded(query.price_to)
        found["price"] = {"range": {_price(query.currency): limits}}
    return found


def _at_least(name: str, least: int) -> dict[str, Any]:
    return {"range": {name: {"gte": max(_bounded(least), 0)}}}


def _since(published: int) -> dict[str, Any]:
    return {"range": {"published": {"gte": _bounded(published)}}}


def filters_of(query: SearchQuery) -> list[dict[str, Any]]:
    """The filters that narrow everything: all but those of what is counted."""
    votes = [] if query.votes_from is None else [_at_least("votes", query.votes_from)]
    return votes + [at for facet, at in _filters(query).items() if facet not in _counted(query)]


def _counted(query: SearchQuery) -> set[Facet]:
    return {"kind", *query.facets}


def _counting(query: SearchQuery) -> dict[str, Any]:
    """For each facet, how many documents have each value, under the filters of all others."""
    late = {facet: at for facet, at in _filters(query).items() if facet in _counted(query)}
    return {
        facet: {
            "filter": {"bool": {"filter": [at for other, at in late.items() if other != facet]}},
            "aggs": {"values": _values(facet, query)},
        }
        for facet in dict.fromkeys(("kind", *query.facets))
    }


_FIELDS: Mapping[str, str] = {
    "kind": "kind",
    "topic": "topics",
    "lang": "lang",
    "creator": "creator",
    "brand": "brand",
    "merchant": "merchants",
    "way": "ways",
}


def _values(facet: str, query: SearchQuery) -> dict[str, Any]:
    if facet == "stock":
        return {"filters": {"filters": {"1": term_query("in_stock", True)}}}
    if facet == "running":
        return {"filters": {"filters": {"1": term_query("phase", "running")}}}
    if facet == "age":
        ages = {str(at): _since(since) for at, since in enumerate(query.ages)}
        return {"filters": {"filters": ages or {"none": {"match_none": {}}}}}
    if facet in ("worth", "rating"):
        steps = WORTH_STEPS if facet == "worth" else RATING_STEPS
        return {"filters": {"filters": {str(step): _at_least(facet, step) for step in steps}}}
    if facet == "price":
        return {"filters": {"filters": _ranges(_price(query.currency), query.price_edges)}}
    return {"terms": {"field": _FIELDS[facet], "size": MOST_VALUES}}


def _ranges(name: str, edges: Sequence[int]) -> dict[str, Any]:
    """The ranges between the edges by their positions; an edge belongs to the range above it."""
    if not edges:
        return {"0": {"exists": {"field": name}}}
    bounds = [_bounded(edge) for edge in edges]
    ranges = [{"lt": bounds[0]}, *({"gte": low, "lt": high} for low, high in pairwise(bounds)), {"gte": bounds[-1]}]
    return {str(at): {"range": {name: limits}} for at, limits in enumerate(ranges)}


def _price(currency: str) -> str:
    """The field with the prices in a currency; one that nothing has for what is no currency."""
    return f"prices.{currency if _CURRENCY.fullmatch(currency) else 'NONE'}"


def order_of(query: SearchQuery, *, scored: bool) -> list[dict[str, Any]]:
    ties = {"id": "asc"}
    if query.sort in ("price_up", "price_down"):
        order = "asc" if query.sort == "price_up" else "desc"
        return [{_price(query.currency): {"order": order, "missing": "_last", "unmapped_type": "long"}}, ties]
    if query.sort == "popular":
        return [{"popularity": "desc"}, {"published": "desc"}, ties]
    return [{"_score": "desc"}, ties] if scored and query.sort == "relevance" else [{"published": "desc"}, ties]


@dataclass(frozen=True, slots=True)
class Slice:
    """What of the ordered results is fetched."""

    start: int
    size: int

    @classmethod
    def of(cls, query: SearchQuery, *, by_relevance: bool) -> Slice:
        end = query.offset + query.limit
        if end > DEEPEST:
            return cls(0, 0)
        if not by_relevance or query.offset >= WINDOW:
            return cls(query.offset, query.limit)
        return cls(0, max(WINDOW, end))  # the best are put in order here


def _state() -> dict[str, Any]:
    """Which index answers, at which change: read with every answer."""
    newest = {"seq": {"max": {"field": "_seq_no"}}, "index": {"terms": {"field": "_index"}}}
    return {"state": {"filter": term_query("kind", META), "aggs": newest}}


def page_body(query: SearchQuery, matching: dict[str, Any], order: list[dict[str, Any]], at: Slice) -> dict[str, Any]:
    """A whole page; ``matching`` never matches what is no result."""
    late = [each for facet, each in _filters(query).items() if facet in _counted(query)]
    return {
        "query": {"bool": {"should": [matching, _constant(term_query("kind", META), 0.0)]}},
        "post_filter": {"bool": {"filter": late}},
        "aggs": _state() | _counting(query),
        "sort": order,
        "from": at.start,
        "size": at.size,
        "track_scores": query.explain,
        "track_total_hits": False,
        # Nothing is read from the stored documents: it would cost more than the search.
        "stored_fields": "_none_",
        "docvalue_fields": ["version", "kind", "published", "popularity", "ways", "phase"],
    }


def words_body(size: int) -> dict[str, Any]:
    """The most frequent words of titles, brands and tags."""
    return {
        "query": {"terms": {"kind": [*KINDS, META]}},
        "size": 0,
        "track_total_hits": False,
        "aggs": _state() | {"written": {"terms": {"field": "written", "size": size}}},
    }


def having_body(terms: Iterable[str], field_name: str = "all") -> dict[str, Any]:
    """Is there a document with all these terms? Stops at the first."""
    return probe_body({"bool": {"filter": [term_query(field_name, term) for term in terms]}}, [], 1)


def probe_body(matching: dict[str, Any], excluded: list[dict[str, Any]], enough: int) -> dict[str, Any]:
    """Are there ``enough`` documents, whatever the filters? Stops there."""
    return {
        "query": {"bool": {"filter": [matching], "must_not": excluded}},
        "size": 0,
        "terminate_after": enough,
        "track_total_hits": enough,
    }


def versions_body(pit: str, after: list[Any]) -> dict[str, Any]:
    body = {
        "query": {"terms": {"kind": list(KINDS)}},
        "pit": {"id": pit, "keep_alive": "2m"},
        "sort": [{"id": "asc"}],
        "size": 5000,
        "track_total_hits": False,
        "stored_fields": "_none_",
        "docvalue_fields": ["version"],
    }
    return body | {"search_after": after} if after else body


def extremes_body() -> dict[str, Any]:
    fields = {"newest": "published", "most_popular": "popularity"}
    aggs = {name: {"max": {"field": field}} for name, field in fields.items()}
    return {"size": 0, "track_total_hits": False, "aggs": aggs}


# ------------------------------------------------------------------------------------------------ reading answers


@dataclass(frozen=True, slots=True)
class Found:
    """One answer of the engine."""

    index: str
    generation: int
    kinds: Mapping[Kind, int]
    hits: Sequence[Mapping[str, Any]]
    facets: Mapping[Facet, Mapping[str, int]]

    @classmethod
    def of(cls, query: SearchQuery, answer: Mapping[str, Any]) -> Found:
        """Read it. Raises SchemaMismatch when it does not come from an index of ours."""
        index, generation = state_of(answer)
        counted = answer["aggregations"]
        kinds = _counts(counted["kind"])
        return cls(
            index=index,
            generation=generation,
            kinds={kind: kinds.get(kind, 0) for kind in KINDS},
            hits=answer["hits"]["hits"],
            facets={facet: _ranked(_counts(counted[facet])) for facet in query.facets},
        )

    def total(self, kinds: Sequence[Kind]) -> int:
        """How many documents of these kinds; of all when none is named."""
        return sum(self.kinds[kind] for kind in (kinds or KINDS))


def state_of(answer: Mapping[str, Any]) -> tuple[str, int]:
    """The index and its generation. Raises SchemaMismatch when it is not an index of ours."""
    state = answer["aggregations"]["state"]
    indexes = [bucket["key"] for bucket in state["index"]["buckets"]]
    if len(indexes) != 1 or state["seq"]["value"] is None:
        raise SchemaMismatch("The search index is not one of ours; it has to be rebuilt.")
    return indexes[0], number_of(indexes[0]) * _CHANGES_PER_INDEX + int(state["seq"]["value"])


def _counts(group: Mapping[str, Any]) -> dict[str, int]:
    buckets = group["values"]["buckets"]
    if isinstance(buckets, Mapping):
        return {value: int(bucket["doc_count"]) for value, bucket in buckets.items()}
    return {bucket["key"]: int(bucket["doc_count"]) for bucket in buckets}


def _ranked(counts: Mapping[str, int]) -> dict[str, int]:
    """The values that are there, the most frequent first."""
    found = [(value, count) for value, count in counts.items() if count and value and value != META]
    return dict(sorted(found, key=lambda pair: (-pair[1], pair[0])))


def vocabulary_of(answer: Mapping[str, Any]) -> Vocabulary:
    """The words that ``words_body`` asked for."""
    buckets = answer["aggregations"]["written"]["buckets"]
    return Vocabulary({bucket["key"]: int(bucket["doc_count"]) for bucket in buckets})


def filling_alias(index: str) -> str:
    """The alias by which the one rebuild that made an index fills it."""
    return f"{index}-filling"


def number_of(index: str) -> int:
    """Of ``contentshop-00000007``: 7."""
    last = index.rpartition("-")[2]
    return int(last) if last.isdigit() else 0


def _value(hit: Mapping[str, Any], field: str) -> Any:
    return hit["fields"][field][0]


def hit_of(hit: Mapping[str, Any], score: float, parts: Mapping[str, float] | None = None) -> Hit:
    return Hit(str(hit["sort"][-1]), int(_value(hit, "version")), score, parts or {})


@dataclass(frozen=True, slots=True)
class Extremes:
    """What popularity and freshness are measured by, at a generation."""

    generation: int
    newest: float
    most_popular: float

    def put_in_order(self, hits: Sequence[Mapping[str, Any]]) -> list[tuple[Mapping[str, Any], float]]:
        """Hits with their scores: the best ``WINDOW`` reordered with the nudges, the rest as they are."""
        ranked = []
        for hit in hits[:WINDOW]:
            tier, score = divmod(hit["sort"][0], TIER)
            ranked.append((-tier, -score * math.prod(self._factors(hit).values()), str(hit["sort"][-1]), hit))
        ranked.sort(key=lambda entry: entry[:3])
        first = [(hit, -score) for _, score, _, hit in ranked]
        return first + [(hit, hit["sort"][0] % TIER) for hit in hits[WINDOW:]]

    def parts(self, hit: Mapping[str, Any], least: int) -> dict[str, float]:
        """How its place came about; it has to be scored. ``least`` is the lowest tier there is."""
        tier, text = divmod(hit["_score"], TIER)
        return {"text": text, **self._factors(hit), "tier": max(tier, float(least))}

    def _factors(self, hit: Mapping[str, Any]) -> dict[str, float]:
        return lifts(
            _value(hit, "kind"),
            _value(hit, "popularity"),
            _value(hit, "published"),
            bool(hit["fields"].get("ways")),
            _value(hit, "phase"),
            self.most_popular,
            self.newest,
        )


def count_of(probe: Mapping[str, Any]) -> int:
    return int(probe["hits"]["total"]["value"])


def fault_of_answer(answer: Mapping[str, Any]) -> ContentshopError | None:
    """Why an answer cannot be used; None when it can."""
    if "error" not in answer:
        whole = not answer["timed_out"] and not answer["_shards"]["failed"]
        return None if whole else Unavailable("The search engine did not finish in time.")
    status = answer.get("status", 500)
    if status == NOT_FOUND:
        return Unavailable(NO_INDEX)
    if status == 400:
        return SchemaMismatch("The search index is not one of ours; it has to be rebuilt.")
    return Unavailable(f"The search engine cannot search ({status}).")


# ------------------------------------------------------------------------------------------------ writing


@dataclass(frozen=True, slots=True)
class Item:
    """One line of a bulk request."""

    action: str
    target: Mapping[str, Any]
    source: Mapping[str, Any] | None = None

    def lines(self) -> str:
        head = json.dumps({self.action: self.target})
        return f"{head}\n" if self.source is None else f"{head}\n{json.dumps(self.source, ensure_ascii=False)}\n"


def target_of(index: str, key: str, version: int = 0) -> dict[str, Any]:
    target: dict[str, Any] = {"_index": index, "_id": key, "require_alias": True}
    return target | {"version": version, "version_type": "external_gte"} if version else target


def put(index: str, key: str, source: dict[str, Any] | None) -> Item:
    if source is None:
        return Item("delete", {"_index": index, "_id": key})
    return Item("index", target_of(index, key), source)


def put_while_building(index: str, key: str, source: dict[str, Any] | None) -> Item:
    """The same, so that the rebuild cannot undo it: a deletion leaves a mark that only ``_sweep`` removes."""
    return Item("index", target_of(index, key, version=2), source or {"id": key, "kind": DELETED})


def batches_of(items: Sequence[Item]) -> Iterator[list[Item]]:
    """The lines in requests of a size that the engine likes."""
    batch: list[Item] = []
    size = 0
    for item in items:
        length = len(item.source.get("all", "")) if item.source else 0
        if batch and (len(batch) >= BULK_DOCUMENTS or size + length > BULK_CHARACTERS):
            yield batch
            batch, size = [], 0
        batch.append(item)
        size += length
    if batch:
        yield batch
