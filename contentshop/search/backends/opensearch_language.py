"""OpenSearch's language: documents as it stores them, questions as it is asked them, answers as it gives them.

Pure: nothing here talks to it. Texts are analysed by ``analysis.py``, and which documents are found, how many words
are enough and what lifts a result is decided by ``matching.py`` and ``columns.py``, as for the embedded engine.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from contentshop.core.errors import ContentshopError, Unavailable
from contentshop.search.analysis import ANALYSIS_VERSION, ParsedQuery, Phrase, Word, analyse, code_key, title_key
from contentshop.search.columns import lift
from contentshop.search.matching import K1, WINDOW, B
from contentshop.search.port import KINDS, Document, Hit, Kind, SchemaMismatch, SearchQuery
from contentshop.search.texts import weighted_texts

SCHEMA = f"1.{ANALYSIS_VERSION}"

BULK_DOCUMENTS = 500
BULK_CHARACTERS = 4_000_000
DEEPEST = 100_000  # results further down are counted, not shown: the engine keeps all that come before in memory

# Added to a score for what comes first whatever the scores. Far above any score (32 words of at most 45), low enough
# for a 32-bit number to keep three decimals of the score.
TIER = 4096.0
_ALL_WORDS, _EXACT_TITLE, _EXACT_CODE = 1, 2, 3

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
    "title": {"type": "keyword", "doc_values": False},
    "codes": {"type": "keyword", "doc_values": False},
    "id": _KEYWORD,
    "version": _LONG,
    "kind": _KEYWORD,
    "lang": _KEYWORD,
    "creator": _KEYWORD,
    "topics": _KEYWORD,
    "published": _LONG,
    "popularity": _LONG,
    "in_stock": {"type": "boolean"},
}


def mappings() -> dict[str, Any]:
    return {
        "dynamic": "strict",
        "_meta": {"schema": SCHEMA},
        "_source": {"excludes": ["all", "words"]},
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
    for text, weight in weighted_texts(document):
        found = analyse(text)
        groups.extend([_grouped(found.terms, len(found.units))] * weight)
        words.append(" ".join(found.units))
    return {
        "id": document.id,
        "version": document.version,
        "kind": document.kind,
        "all": " ".join(groups),
        "words": words,
        "title": title_key(document.title) or None,
        "codes": [key for key in dict.fromkeys(map(code_key, document.codes)) if key],
        "lang": _clean(document.lang),
        "creator": _clean(document.creator),
        "topics": [_clean(topic) for topic in document.topics],
        "published": _bounded(document.published),
        "popularity": _bounded(max(document.popularity, 0)),
        "in_stock": document.in_stock,
        "prices": {
            currency: _bounded(minor)
            for currency, minor in document.price_minor.items()
            if _CURRENCY.fullmatch(currency)
        },
    }


def _grouped(terms: Sequence[str], count: int) -> str:
    """All terms in ``count`` groups, so that the text is as long for the engine as its plain words are many."""
    count = min(count, len(terms))
    bounds = [at * len(terms) // count for at in range(count + 1)] if count else [0]
    return " ".join("|".join(terms[start:end]) for start, end in pairwise(bounds))


# ------------------------------------------------------------------------------------------------ asking


def term_query(field: str, value: object) -> dict[str, Any]:
    return {"term": {field: value}}


def _constant(query: dict[str, Any], score: float) -> dict[str, Any]:
    return {"constant_score": {"filter": query, "boost": score}}


def _having(word: Word) -> dict[str, Any]:
    """Documents with a word, scored; a compound is scored by its joined form or the rarest of its parts."""
    parts = [term_query("all", term) for term in word.terms]
    if len(parts) == 1 and not word.joined:
        return parts[0]
    whole = {"bool": {"filter": parts, "must": [{"dis_max": {"queries": parts}}]}}
    return {"dis_max": {"queries": [whole, term_query("all", word.joined)]}} if word.joined else whole


def _phrase(phrase: Phrase) -> dict[str, Any]:
    return {"match_phrase": {"words": " ".join(phrase.units)}}


def _phrases(parsed: ParsedQuery) -> list[dict[str, Any]]:
    return [_phrase(phrase) for phrase in parsed.phrases]


def excluded_by(parsed: ParsedQuery) -> list[dict[str, Any]]:
    groups = [{"bool": {"filter": [_having(word) for word in words]}} for words in parsed.excluded]
    return groups + [_phrase(phrase) for phrase in parsed.excluded_phrases]


def with_all(words: Sequence[Word], parsed: ParsedQuery) -> dict[str, Any]:
    """Documents with all needed words and all phrases."""
    return {
        "bool": {
            "must": [_having(word) for word in words if word.needed],
            "should": [_having(word) for word in words if not word.needed],
            "filter": _phrases(parsed),
        }
    }


def with_some(weights: Mapping[Word, float], share: float, parsed: ParsedQuery) -> dict[str, Any]:
    """Documents with at least ``share`` of the query's weight, and any needed word."""
    needed = {word: weight for word, weight in weights.items() if word.needed}
    # A little less: the engine adds 32-bit numbers.
    least = share * sum(needed.values()) * (1 - 1e-5)
    matched: dict[str, Any] = {"bool": {"should": [_constant(_having(w), weight) for w, weight in needed.items()]}}
    if least:
        matched = {"function_score": {"query": matched, "min_score": least}}
    return {"bool": {"should": [_having(word) for word in weights], "filter": [matched, *_phrases(parsed)]}}


def tiers_of(parsed: ParsedQuery, all_words: dict[str, Any] | None) -> list[dict[str, Any]]:
    """What comes first: an exact code, an exact title and, where others follow, documents with all words."""
    tiers = []
    if parsed.code:
        tiers.append(_constant(term_query("codes", parsed.code), _EXACT_CODE * TIER))
    if parsed.title:
        tiers.append(_constant(term_query("title", parsed.title), _EXACT_TITLE * TIER))
    if all_words:
        tiers.append(_constant(all_words, _ALL_WORDS * TIER))
    return [{"dis_max": {"queries": tiers}}] if tiers else []


def filters_of(query: SearchQuery) -> list[dict[str, Any]]:
    """Every filter of the query but the kinds."""
    found: list[dict[str, Any]] = []
    for field, values in (("lang", query.langs), ("creator", query.creators), ("topics", query.topics)):
        if values:
            found.append({"terms": {field: [_clean(value) for value in values]}})
    if query.in_stock:
        found.append(term_query("in_stock", True))
    if query.currency and (query.price_from is not None or query.price_to is not None):
        limits = {"gte": _bounded(max(query.price_from or 0, 0))}
        if query.price_to is not None:
            limits["lte"] = _bounded(query.price_to)
        found.append({"range": {_price(query.currency): limits}})
    return found


def _price(currency: str) -> str:
    """The field with the prices in a currency; one that nothing has for what is no currency."""
    return f"prices.{currency if _CURRENCY.fullmatch(currency) else 'NONE'}"


def order_of(query: SearchQuery, *, scored: bool) -> list[dict[str, Any]]:
    ties = {"id": "asc"}
    if query.sort in ("price_up", "price_down"):
        order = "asc" if query.sort == "price_up" else "desc"
        return [{_price(query.currency): {"order": order, "missing": "_last", "unmapped_type": "long"}}, ties]
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
    """Which index answers, at which change, counted by kind: read with every answer."""
    newest = {"seq": {"max": {"field": "_seq_no"}}, "index": {"terms": {"field": "_index"}}}
    return {
        "kinds": {"terms": {"field": "kind", "size": len(KINDS) + 2}},
        "state": {"filter": term_query("kind", META), "aggs": newest},
    }


def page_body(query: SearchQuery, matching: dict[str, Any], order: list[dict[str, Any]], at: Slice) -> dict[str, Any]:
    """A whole page; ``matching`` never matches what is no result."""
    wanted = [*query.kinds] or list(KINDS)
    return {
        "query": {"bool": {"should": [matching, _constant(term_query("kind", META), 0.0)]}},
        "post_filter": {"terms": {"kind": wanted}},
        "aggs": _state(),
        "sort": order,
        "from": at.start,
        "size": at.size,
        "track_total_hits": False,
        # Nothing is read from the stored documents: it would cost more than the search.
        "stored_fields": "_none_",
        "docvalue_fields": ["version", "kind", "published", "popularity"],
    }


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

    @classmethod
    def of(cls, answer: Mapping[str, Any]) -> Found:
        """Read it. Raises SchemaMismatch when it does not come from an index of ours."""
        counted = {bucket["key"]: bucket["doc_count"] for bucket in answer["aggregations"]["kinds"]["buckets"]}
        state = answer["aggregations"]["state"]
        indexes = [bucket["key"] for bucket in state["index"]["buckets"]]
        if len(indexes) != 1 or state["seq"]["value"] is None:
            raise SchemaMismatch("The search index is not one of ours; it has to be rebuilt.")
        return cls(
            index=indexes[0],
            generation=number_of(indexes[0]) * _CHANGES_PER_INDEX + int(state["seq"]["value"]),
            kinds={kind: counted.get(kind, 0) for kind in KINDS},
            hits=answer["hits"]["hits"],
        )

    def total(self, kinds: Sequence[Kind]) -> int:
        """How many documents of these kinds; of all when none is named."""
        return sum(self.kinds[kind] for kind in (kinds or KINDS))


def filling_alias(index: str) -> str:
    """The alias by which the one rebuild that made an index fills it."""
    return f"{index}-filling"


def number_of(index: str) -> int:
    """Of ``contentshop-00000007``: 7."""
    last = index.rpartition("-")[2]
    return int(last) if last.isdigit() else 0


def _value(hit: Mapping[str, Any], field: str) -> Any:
    return hit["fields"][field][0]


def hit_of(hit: Mapping[str, Any], score: float) -> Hit:
    return Hit(str(hit["sort"][-1]), int(_value(hit, "version")), score)


@dataclass(frozen=True, slots=True)
class Extremes:
    """What popularity and freshness are measured by, at a generation."""

    generation: int
    newest: float
    most_popular: float

    def put_in_order(self, hits: Sequence[Mapping[str, Any]]) -> list[Hit]:
        """The best ``WINDOW`` reordered with the nudges; the rest as they are."""
        ranked = []
        for hit in hits[:WINDOW]:
            tier, score = divmod(hit["sort"][0], TIER)
            score *= lift(
                _value(hit, "kind"),
                _value(hit, "popularity"),
                _value(hit, "published"),
                self.most_popular,
                self.newest,
            )
            ranked.append((-tier, -score, hit_of(hit, score)))
        ranked.sort(key=lambda entry: (*entry[:2], entry[2].id))
        return [hit for _, _, hit in ranked] + [hit_of(hit, hit["sort"][0] % TIER) for hit in hits[WINDOW:]]


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
