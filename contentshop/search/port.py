"""The door to a search engine: what the house asks, in the house's words.

The database is the truth and an index is a cache of it. Only what every visitor may see is ever put into an
index. No engine's type, query syntax or exception crosses this file.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

from contentshop.core.errors import ContentshopError, Unavailable

Kind = Literal["post", "list", "deal", "product", "creator", "featured", "topic"]
KINDS: tuple[Kind, ...] = ("post", "list", "deal", "product", "creator", "featured", "topic")


def kind_of_post(kind: str) -> Kind:
    """What a kind of post is called in an index."""
    kinds: dict[str, Kind] = {"list": "list", "deal": "deal"}
    return kinds.get(kind, "post")


# How a deal stands; empty for everything else.
Phase = Literal["", "upcoming", "running", "ended"]
PHASES: tuple[Phase, ...] = ("", "upcoming", "running", "ended")
# How a product can be had: from our own stock, or elsewhere by an affiliate offer.
Way = Literal["own", "elsewhere"]
WAYS: tuple[Way, ...] = ("own", "elsewhere")
# What answers can be counted by. A group's own filter never narrows its own counts.
Facet = Literal[
    "kind",
    "topic",
    "lang",
    "creator",
    "brand",
    "merchant",
    "way",
    "stock",
    "price",
    "age",
    "worth",
    "rating",
    "running",
]
FACETS: tuple[Facet, ...] = (
    "kind", "topic", "lang", "creator", "brand", "merchant", "way", "stock", "price", "age", "worth", "rating",
    "running",
)  # fmt: skip
# From where on worth rates (per cent) and ratings (tenths of a star) are counted.
WORTH_STEPS = (50, 70, 90)
RATING_STEPS = (30, 40, 45)
Sort = Literal["relevance", "newest", "popular", "price_up", "price_down"]
SORTS: tuple[Sort, ...] = ("relevance", "newest", "popular", "price_up", "price_down")

MAX_LIMIT = 50


class SchemaMismatch(Unavailable):
    """The index on disk was made by another version of the schema or the analyser: rebuild it."""


class BadQuery(ContentshopError):
    """The query cannot be asked of an engine (limits, unknown sort). Free text never raises this."""


@dataclass(frozen=True, slots=True)
class Document:
    """One public thing, as the index sees it.

    ``id`` is ``kind:key`` with the public key. ``version`` is a digest of the content (48 bits): equal versions
    mean equal documents, and it says nothing of which is newer. ``price_minor`` maps a currency to the lowest
    present price in minor units; a deal has one while it runs. ``published`` is seconds since 1970, UTC.
    """

    id: str
    kind: Kind
    version: int
    title: str
    lang: str = ""
    body: str = ""
    brand: str = ""
    tags: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()  # SKU, GTIN, MPN: matched whole
    cards: tuple[str, ...] = ()  # titles of the products a post recommends
    topics: tuple[str, ...] = ()
    creator: str = ""  # public key of the author
    published: int = 0
    price_minor: Mapping[str, int] = field(default_factory=dict)
    in_stock: bool = False  # own stock is available now
    popularity: int = 0  # how many published posts recommend a product
    merchants: tuple[str, ...] = ()  # keys of the shops that offer it
    ways: tuple[Way, ...] = ()
    talk: tuple[str, ...] = ()  # what readers say of it: found, but without weight
    worth: int | None = None  # worth rate in per cent
    votes: int = 0
    rating: int | None = None  # mean of buyers' reviews of a product, in tenths of a star
    phase: Phase = ""  # how a deal stands


@dataclass(frozen=True, slots=True)
class Upsert:
    """Put this document, replacing any earlier version of it."""

    document: Document


@dataclass(frozen=True, slots=True)
class Delete:
    """Remove the document with this id, if it is there."""

    id: str


Operation = Upsert | Delete


@dataclass(frozen=True, slots=True)
class Synonym:
    """Who writes ``text`` also means each of ``meanings`` (not the other way round)."""

    text: str
    meanings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SearchQuery:
    """What a visitor asks. ``text`` is raw: words, "phrases" and -excluded words; the rest is plain text.

    Several values of one filter mean any of them; several filters mean all of them. ``price_from`` and
    ``price_to`` are minor units of ``currency``, both inclusive; without a currency they are ignored.
    ``published_from`` is seconds since 1970; ``worth_from``, ``votes_from`` and ``rating_from`` are the least worth
    rate, number of votes and rating, as documents have them. ``running`` asks for deals that run. An empty text lists
    everything that passes the filters, the newest first unless another sort is asked for; a text without anything to
    search for ("!!!") finds nothing. By price, what has no price in ``currency`` comes last.

    ``facets`` are counted in the answer: prices in the ranges between ``price_edges`` (minor units, ascending),
    ages as what was published since each of ``ages``, worth rates and ratings from each of their steps on.
    ``verbatim`` takes every word as it is typed; else a word that nobody has written is read as pinyin or corrected.
    ``explain`` gives each hit its ``parts``.
    """

    text: str = ""
    kinds: tuple[Kind, ...] = ()
    langs: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()
    creators: tuple[str, ...] = ()
    brands: tuple[str, ...] = ()
    merchants: tuple[str, ...] = ()
    ways: tuple[Way, ...] = ()
    in_stock: bool = False
    currency: str = ""
    price_from: int | None = None
    price_to: int | None = None
    published_from: int | None = None
    worth_from: int | None = None
    votes_from: int | None = None
    rating_from: int | None = None
    running: bool = False
    sort: Sort = "relevance"
    offset: int = 0
    limit: int = 20
    facets: tuple[Facet, ...] = ()
    price_edges: tuple[int, ...] = ()
    ages: tuple[int, ...] = ()
    synonyms: tuple[Synonym, ...] = ()
    verbatim: bool = False
    explain: bool = False


def check(query: SearchQuery) -> None:
    """Refuse what no engine is asked. Raises BadQuery."""
    if query.sort not in SORTS:
        raise BadQuery(f"There is no order “{query.sort}”.")
    if not 1 <= query.limit <= MAX_LIMIT:
        raise BadQuery(f"A page has 1 to {MAX_LIMIT} results.")
    if query.offset < 0:
        raise BadQuery("A page cannot start before the first result.")
    unknown = [kind for kind in query.kinds if kind not in KINDS]
    if unknown:
        raise BadQuery(f"There is no kind “{unknown[0]}”.")
    uncountable = [facet for facet in query.facets if facet not in FACETS]
    if uncountable:
        raise BadQuery(f"Answers cannot be counted by “{uncountable[0]}”.")


@dataclass(frozen=True, slots=True)
class Hit:
    """One result: look the thing up by ``id`` and show it only if it is still public.

    ``parts`` say how its place came about, when that was asked for: "text", then the factors "popularity",
    "freshness" and "availability", and "tier" (3 exact code, 2 exact title, 1 all words, 0 some words).
    """

    id: str
    version: int
    score: float
    parts: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SearchPage:
    """The answer. ``kinds`` counts each of ``KINDS`` within the query and its other filters (for the tabs).

    ``terms`` are the analysed words to mark in shown texts. ``loosened`` tells that no document had all words
    and documents with some of them are shown. ``generation`` grows with each change of the index. ``total``
    can differ between sorts: by relevance, documents with only some of the words may follow; by date or price
    they do not, unless nothing has all words.

    ``facets`` counts the values of each facet asked for, the most frequent first: prices by the position of
    their range ("0" is below the first edge), ages by the position in ``ages``, worth rates and ratings by their step.
    ``corrected`` is the text that was answered when a word of the typed one had to be corrected; ``offered`` is one
    that would find more.
    """

    hits: tuple[Hit, ...]
    total: int
    kinds: Mapping[Kind, int]
    terms: tuple[str, ...]
    loosened: bool
    generation: int
    facets: Mapping[Facet, Mapping[str, int]] = field(default_factory=dict)
    corrected: str = ""
    offered: str = ""


@dataclass(frozen=True, slots=True)
class Health:
    """State of an index: how many documents, which generation, its size in bytes."""

    ok: bool
    documents: int
    generation: int
    bytes: int
    reason: str = ""


class SearchBackend(Protocol):
    """A search engine. Every method may raise Unavailable when the engine cannot be reached or read."""

    def ensure(self) -> bool:
        """Open the index or create an empty one; True when it is empty, damaged or of another schema
        and has to be rebuilt. A damaged index is set aside, never a reason to fail."""

    def apply(self, operations: Sequence[Operation]) -> None:
        """Do all operations, in order, and make them durable. The last one for an id wins; repeating is
        harmless. On Unavailable nothing was done or everything was."""

    def search(self, query: SearchQuery) -> SearchPage:
        """Answer a query. Never raises for odd text. Raises BadQuery for limits, an unknown sort or kind,
        Unavailable for the engine."""

    def rebuild(self, documents: Iterable[Document]) -> int:
        """Build a new index beside the old one and switch to it in one step; returns the number of documents.
        Searches go on against the old one until then; a rebuild that dies leaves the old one in place. The
        documents have to be read after this is called, so that what is applied meanwhile is not lost."""

    def versions(self) -> Iterator[tuple[str, int]]:
        """Every (id, version) in the index, for the check against the database."""

    def health(self) -> Health:
        """The state of the index; never raises. When it is not ok, call ``ensure``."""
