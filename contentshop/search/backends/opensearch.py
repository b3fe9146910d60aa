"""An engine of its own: OpenSearch, one node or a cluster, asked over HTTP by its official client.

It gets finished terms (``analysis.py``) and finished decisions (``matching.py``), so that it finds what the embedded
engine finds; what is its own here is how both are said in its language. Names in the engine, for the prefix
``contentshop``::

    contentshop-00000007            an index; a rebuild fills the next one beside it
    contentshop                     alias of the live index; moved in one step
    contentshop-building            alias of an index that is being filled; what is applied goes there, too
    contentshop-00000007-filling    alias of the same index for the one rebuild that fills it

Every index holds one document that is no result, ``meta``. Each change writes it again, so its sequence number
tells generations apart, and every search reads it in the same snapshot as its hits.
"""

from __future__ import annotations

import json
import logging
import re
import threading
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from operator import attrgetter
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from opensearchpy import OpenSearch
from opensearchpy.exceptions import ConnectionError as NoConnection
from opensearchpy.exceptions import NotFoundError, OpenSearchException, RequestError, TransportError

from contentshop.core.errors import ContentshopError, Unavailable
from contentshop.search.backends.opensearch_language import (
    BULK_CHARACTERS,
    BULK_DOCUMENTS,
    CONFLICT,
    DELETED,
    DIGITS,
    META,
    NO_INDEX,
    NOT_FOUND,
    OTHER_SCHEMA,
    SETTINGS,
    Found,
    Item,
    Slice,
    batches_of,
    fault_of_answer,
    fault_of_mapping,
    filling_alias,
    hit_of,
    mappings,
    number_of,
    page_body,
    put,
    put_while_building,
    source_of,
    target_of,
    term_query,
    versions_body,
)
from contentshop.search.backends.opensearch_search import Memory, Search
from contentshop.search.port import (
    KINDS,
    Document,
    Health,
    Operation,
    SchemaMismatch,
    SearchPage,
    SearchQuery,
    Upsert,
    check,
)

PREFIX = "contentshop"

SEARCH_PATIENCE = 0.9  # seconds for everything one search asks; then the site answers without the engine
WRITE_PATIENCE = 30.0
_AWAY = frozenset({502, 503, 504})  # another node may answer
_BUSY = _AWAY | {429}  # trying again may help

logger = logging.getLogger(__name__)


# ------------------------------------------------------------------------------------------------ the line to it


class _Deadline:
    """How long all that follows may take together."""

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds

    def left(self) -> float:
        """Seconds; never none at all, so that a request that is nearly answered is not called off."""
        return max(self._end - time.monotonic(), 0.01)

    def passed(self) -> bool:
        return time.monotonic() >= self._end


def hosts_of(url: str) -> tuple[list[dict[str, Any]], str]:
    """The client's hosts and the prefix of the names, from ``https://user:pass@host:9200,host2:9200/prefix``.

    What the first address says of scheme and user holds for those that say nothing. ``?ca=FILE`` at the end names
    the authority of a private certificate. Raises ValueError.
    """
    url, _, options = url.partition("?")
    authority = parse_qs(options).get("ca", [""])[0]
    if authority and not Path(authority).is_file():
        raise ValueError(f"there is no file {authority}")
    hosts: list[dict[str, Any]] = []
    prefix = PREFIX
    first = urlsplit(url.split(",")[0].strip())
    for piece in url.split(","):
        address = urlsplit(piece.strip() if "://" in piece else f"{first.scheme}://{piece.strip()}")
        if address.scheme not in ("http", "https") or not address.hostname:
            raise ValueError(f"no address: {address.hostname}")
        user = address if address.username else first
        host: dict[str, Any] = {
            "host": address.hostname,
            "port": address.port or 9200,
            "use_ssl": address.scheme == "https",
        }
        if authority:
            host["ca_certs"] = authority
        if user.username:
            host["http_auth"] = (unquote(user.username), unquote(user.password or ""))
        hosts.append(host)
        prefix = address.path.strip("/") or prefix
    if not re.fullmatch(r"[a-z0-9][a-z0-9_-]*", prefix):
        raise ValueError(f"no name for an index: {prefix}")
    return hosts, prefix


class _Line:
    """The connection to the engine: tries another node when one fails, within a deadline."""

    def __init__(self, hosts: Sequence[Mapping[str, Any]]) -> None:
        self._hosts = hosts
        self._lock = threading.Lock()
        self._client: OpenSearch | None = None

    def _opened(self) -> OpenSearch:
        with self._lock:  # made late: after the web server has made its processes
            if self._client is None:
                self._client = OpenSearch(
                    hosts=[dict(host) for host in self._hosts],
                    max_retries=0,  # retries are ours, for they have to keep the deadline
                    retry_on_timeout=True,  # makes it leave a silent node alone for a while
                    dead_timeout=5,
                    timeout_cutoff=3,
                    pool_maxsize=16,
                )
            return self._client

    def ask(self, deadline: _Deadline, method: str, **arguments: Any) -> Any:
        """What the engine answers to a method of the client, like ``indices.create``."""
        call = attrgetter(method)(self._opened())
        last = len(self._hosts)
        for attempt in range(last + 1):
            left = deadline.left()
            # A silent node must leave time to ask another one.
            patience = left / 2 if len(self._hosts) > 1 and attempt < last else left
            try:
                return call(**arguments, request_timeout=patience)
            except TransportError as error:
                elsewhere = isinstance(error, NoConnection) or error.status_code in _AWAY
                if not elsewhere or attempt == last or deadline.passed():
                    raise
        raise AssertionError("unreachable")

    def close(self) -> None:
        """Let go of all connections; the next question opens them again."""
        with self._lock:
            if self._client is not None:
                self._client.close()
            self._client = None


# ------------------------------------------------------------------------------------------------ the back end


@dataclass(frozen=True, slots=True)
class _Indexes:
    """The indexes of a prefix: all, those behind the name that is searched, those that are being filled."""

    everything: tuple[str, ...]
    live: tuple[str, ...]
    building: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Refusal:
    """A line of a bulk request that was refused for good."""

    index: str
    status: int
    kind: str


class OpenSearchBackend:
    """SearchBackend on an OpenSearch. Safe for threads and processes, on any number of machines.

    ``url`` as in the settings; ``prefix`` overrides the one in it. ``patience`` is how many seconds one search may
    take. A batch that fails half-way may be half done: repeating it is right.
    """

    def __init__(self, url: str, *, prefix: str = "", patience: float = SEARCH_PATIENCE) -> None:
        hosts, named = hosts_of(url)
        self._live = prefix or named
        self._building = f"{self._live}-building"
        self._is_ours = re.compile(rf"{re.escape(self._live)}-\d{{{DIGITS}}}")
        self._patience = patience
        self._line = _Line(hosts)
        self._good: set[str] = set()  # indexes whose schema was read and is ours
        self._memory = Memory()

    # ---- port

    def ensure(self) -> bool:
        """Open the index or create an empty one; True when it has to be (re)built.

        One that cannot be searched is replaced by an empty one; one whose mapping was changed by hand serves until
        it is rebuilt.
        """
        with self._engine("open"):
            deadline = _Deadline(WRITE_PATIENCE)
            found = self._usable(deadline)
            if found is not None:
                return found.total(()) == 0 or bool(self._mapping_fault(found.index, deadline))
            logger.warning("search index: there is none that can be used; an empty one is started")
            name = self._create({}, deadline)
            self._write_meta(name, deadline)
            self._switch(name, deadline)
            return True

    def apply(self, operations: Sequence[Operation]) -> None:
        """Do all operations, durably and visibly; the last one for an id wins.

        During a rebuild the index that is being filled gets them, too. Raises Unavailable; repeating is right then.
        """
        latest: dict[str, Document | None] = {}
        for operation in operations:
            if isinstance(operation, Upsert):
                latest[operation.document.id] = operation.document
            else:
                latest[operation.id] = None
        if not latest:
            return
        with self._engine("write"):
            deadline = _Deadline(WRITE_PATIENCE)
            sources = {key: source_of(document) if document else None for key, document in latest.items()}
            # A rebuild that ends meanwhile has moved the name; then all goes to the index it names now.
            while not self._written(sources, deadline):
                if deadline.passed():
                    raise Unavailable("The search index is being replaced again and again.")
            self._memory.forget_words()

    def search(self, query: SearchQuery) -> SearchPage:
        """Answer a query. Raises BadQuery for limits, Unavailable when the engine does not answer in time."""
        check(query)
        with self._engine("search"):
            return Search(query, _Timed(self, _Deadline(self._patience)), self._memory).page()

    def rebuild(self, documents: Iterable[Document]) -> int:
        """Fill a new index and move the name to it; returns the number of documents.

        What others apply meanwhile goes to both and wins. A rebuild that begins later takes over: this one ends
        with Unavailable. An error of ``documents`` goes through unchanged.
        """
        with self._engine("rebuild"):
            deadline = _Deadline(WRITE_PATIENCE)
            for abandoned in self._indexes(deadline).building:
                self._drop(abandoned, deadline)
            name = self._create({self._building: {}}, deadline)
        try:
            self._fill(name, documents)
            with self._engine("rebuild"):
                count = self._finish(name)
                self._memory.forget_words()
                return count
        except BaseException:
            with suppress(Exception):
                deadline = _Deadline(WRITE_PATIENCE)
                if name not in self._indexes(deadline).live:
                    self._drop(name, deadline)
            raise

    def versions(self) -> Iterator[tuple[str, int]]:
        """Every (id, version), as of the first one. Raises Unavailable."""
        with self._engine("read"):
            deadline = _Deadline(WRITE_PATIENCE)
            self._only_live(self._indexes(deadline))
            opened = self._line.ask(deadline, "create_pit", index=self._live, params={"keep_alive": "2m"})
        pit = opened["pit_id"]
        try:
            after: list[Any] = []
            while True:
                with self._engine("read"):
                    found = self._line.ask(_Deadline(WRITE_PATIENCE), "search", body=versions_body(pit, after))
                    hits = [hit_of(hit, 0.0) for hit in found["hits"]["hits"]]
                if not hits:
                    return
                yield from ((hit.id, hit.version) for hit in hits)
                after = [hits[-1].id]
        finally:
            with suppress(OpenSearchException):
                self._line.ask(_Deadline(1.0), "delete_pit", body={"pit_id": [pit]})

    def health(self) -> Health:
        """The state of the index; never raises. Not ok: call ``ensure``, and rebuild when it says so."""
        try:
            with self._engine("read"):
                deadline = _Deadline(self._patience)
                live = self._only_live(self._indexes(deadline))
                reason = self._mapping_fault(live, deadline)
                found = self._look(deadline)
                stats = self._line.ask(deadline, "indices.stats", index=live, metric="store")
                size = int(stats["_all"]["total"]["store"]["size_in_bytes"])
                return Health(not reason, found.total(()), found.generation, size, reason)
        except Unavailable as error:
            return Health(False, 0, 0, 0, error.message)

    def close(self) -> None:
        """Let go of all connections; the next call opens them again."""
        self._line.close()

    # ---- searching

    def _look(self, deadline: _Deadline) -> Found:
        """The state of the live index, without any hit."""
        every = {"terms": {"kind": list(KINDS)}}
        query = SearchQuery()
        (answer,) = self.msearch([page_body(query, every, [{"id": "asc"}], Slice(0, 0))], deadline)
        return Found.of(query, answer)

    def msearch(self, bodies: Sequence[dict[str, Any]], deadline: _Deadline) -> list[dict[str, Any]]:
        """The answers to several questions at once; asked again when an index went away meanwhile."""
        head = {"index": self._live, "preference": "_local", "allow_partial_search_results": False}
        for attempt in (1, 2):
            limit = {"timeout": f"{int(deadline.left() * 1000)}ms"}
            lines = "".join(f"{json.dumps(head)}\n{json.dumps(body | limit)}\n" for body in bodies)
            answers: list[dict[str, Any]] = self._line.ask(deadline, "msearch", body=lines)["responses"]
            fault = next(filter(None, map(fault_of_answer, answers)), None)
            if fault is None:
                return answers
            if attempt == 2 or isinstance(fault, SchemaMismatch) or deadline.passed():
                raise fault
        raise AssertionError("unreachable")

    def frequencies(self, terms: Sequence[str], deadline: _Deadline) -> tuple[int, dict[str, int]]:
        """How many documents there are, and how many of them have each term; deleted ones included."""
        body = {
            "doc": {"all": " ".join(terms)},
            "per_field_analyzer": {"all": "whitespace"},
            "term_statistics": True,
            "field_statistics": True,
            "positions": False,
            "offsets": False,
        }
        answer = self._line.ask(deadline, "termvectors", index=self._live, body=body, params={"preference": "_local"})
        vectors = answer["term_vectors"].get("all", {})
        counted = {term: int(entry.get("doc_freq", 0)) for term, entry in vectors.get("terms", {}).items()}
        return max(int(vectors.get("field_statistics", {}).get("doc_count", 0)), 0), counted

    # ---- writing

    def _written(self, sources: Mapping[str, dict[str, Any] | None], deadline: _Deadline) -> bool:
        """Write to the live index and to the one that is being filled; False when that one went away."""
        indexes = self._indexes(deadline)
        self.require_schema(self._only_live(indexes), deadline)
        items = [put(self._live, key, source) for key, source in sources.items()]
        items.append(put(self._live, META, {"kind": META}))
        if indexes.building:
            items += [put_while_building(self._building, key, source) for key, source in sources.items()]
        refusals = self._bulk(items, deadline, refresh=True)
        gone = [refusal for refusal in refusals if refusal.status == NOT_FOUND]
        if any(refusal.index == self._live for refusal in gone):
            raise Unavailable(NO_INDEX)
        _raise_for([refusal for refusal in refusals if refusal.status != NOT_FOUND])
        return not gone

    def _fill(self, name: str, documents: Iterable[Document]) -> None:
        """Write all documents; what was applied meanwhile stays, of several with one id the last."""
        batch: dict[str, Item] = {}
        size = 0
        for document in documents:
            # The first version of external ones: everything applied has the second.
            source = source_of(document)
            batch[document.id] = Item("index", target_of(filling_alias(name), document.id, version=1), source)
            size += len(source["all"])
            if len(batch) >= BULK_DOCUMENTS or size >= BULK_CHARACTERS:
                self._fill_with(batch.values())
                batch, size = {}, 0
        self._fill_with(batch.values())

    def _fill_with(self, items: Iterable[Item]) -> None:
        with self._engine("rebuild"):
            refusals = self._bulk(list(items), _Deadline(WRITE_PATIENCE), refresh=False)
            if any(refusal.status == NOT_FOUND for refusal in refusals):
                raise Unavailable("Another rebuild has begun.")
            _raise_for([refusal for refusal in refusals if refusal.status != CONFLICT])

    def _finish(self, name: str) -> int:
        """Make the filled index the live one and remove what nobody reads any more; counts its documents."""
        deadline = _Deadline(WRITE_PATIENCE)
        previous = self._indexes(deadline).live
        self._write_meta(name, deadline)
        # Its copy on another node, where there is one, has to be there before the old one's is not.
        self._wait_for(name, {"wait_for_no_initializing_shards": "true"}, deadline)
        self._switch(name, deadline)
        with suppress(OpenSearchException, Unavailable):
            self._sweep(name, deadline)
            for old in set(self._indexes(deadline).everything) - {name, *previous}:
                self._drop(old, deadline)
        return self._look(deadline).total(())

    def _switch(self, name: str, deadline: _Deadline) -> None:
        """Let the searched name mean this index, in one step."""
        actions: list[dict[str, Any]] = [{"add": {"index": name, "alias": self._live, "is_write_index": True}}]
        for other, aliases in self._aliases(deadline).items():
            if other == self._live:  # somebody made an index of this name
                actions.append({"remove_index": {"index": other}})
            else:
                gone = aliases - {self._live} if other == name else aliases & {self._live}
                actions += [{"remove": {"index": other, "alias": alias}} for alias in sorted(gone)]
        self._line.ask(deadline, "indices.update_aliases", body={"actions": actions})

    def _sweep(self, name: str, deadline: _Deadline) -> None:
        """Remove the marks of what was deleted during the rebuild; nobody sees them, so there is no hurry."""
        body = {"query": term_query("kind", DELETED), "size": 1000, "seq_no_primary_term": True, "_source": False}
        while not deadline.passed():
            marks = self._line.ask(deadline, "search", index=name, body=body)["hits"]["hits"]
            items = [
                Item(
                    "delete",
                    {
                        "_index": name,
                        "_id": at["_id"],
                        "if_seq_no": at["_seq_no"],
                        "if_primary_term": at["_primary_term"],
                    },
                )
                for at in marks
            ]
            if not items or self._bulk(items, deadline, refresh=True):
                return

    def _create(self, aliases: dict[str, Any], deadline: _Deadline) -> str:
        """Make the next index, empty; beside these aliases it gets the one to fill it by."""
        template = {
            "index_patterns": [f"{self._live}-0*"],
            "priority": 100 + len(self._live),  # the longer name of two that both fit is the right one
            "template": {"settings": SETTINGS, "mappings": mappings()},
        }
        self._line.ask(deadline, "indices.put_index_template", name=self._live, body=template)
        number = max((number_of(name) for name in self._indexes(deadline).everything), default=0) + 1
        name = f"{self._live}-{number:0{DIGITS}d}"
        body = {"aliases": aliases | {filling_alias(name): {}}}
        self._line.ask(deadline, "indices.create", index=name, body=body)
        return name

    def _write_meta(self, name: str, deadline: _Deadline) -> None:
        items = [Item("index", target_of(filling_alias(name), META), {"kind": META})]
        if self._bulk(items, deadline, refresh=True):
            raise Unavailable("Another rebuild has begun.")

    def _drop(self, name: str, deadline: _Deadline) -> None:
        self._line.ask(deadline, "indices.delete", index=name, ignore=NOT_FOUND)

    def _bulk(self, items: Sequence[Item], deadline: _Deadline, *, refresh: bool) -> list[_Refusal]:
        """Send the lines, again and again those that found the engine busy; returns those refused for good."""
        refusals: list[_Refusal] = []
        batches = list(batches_of(items))
        for batch in batches:
            left, pause = batch, 0.05
            while True:
                left, refused = self._sent(left, deadline, refresh=refresh and len(batches) == 1)
                refusals += refused
                if not left:
                    break
                if deadline.passed():
                    raise Unavailable("The search engine is busy.")
                time.sleep(min(pause, deadline.left()))
                pause = min(2 * pause, 2.0)
        if refresh and len(batches) > 1:
            for name in dict.fromkeys(item.target["_index"] for item in items):
                self._line.ask(deadline, "indices.refresh", index=name, ignore=NOT_FOUND)
        return refusals

    def _sent(self, items: list[Item], deadline: _Deadline, *, refresh: bool) -> tuple[list[Item], list[_Refusal]]:
        """Send the lines once; returns those to send again and those refused for good."""
        body = "".join(item.lines() for item in items)
        try:
            answer = self._line.ask(deadline, "bulk", body=body, params={"refresh": "true" if refresh else "false"})
        except TransportError as error:
            if error.status_code in _BUSY and not deadline.passed():
                return items, []
            raise
        again: list[Item] = []
        refused: list[_Refusal] = []
        for item, result in zip(items, answer["items"], strict=True):
            (entry,) = result.values()
            if "error" not in entry:
                continue
            if entry["status"] in _BUSY:
                again.append(item)
            else:
                refused.append(_Refusal(item.target["_index"], entry["status"], entry["error"].get("type", "")))
        return again, refused

    # ---- what there is

    def _usable(self, deadline: _Deadline) -> Found | None:
        """The live index, if it can be searched; time is given to one whose node is just starting."""
        indexes = self._indexes(deadline)
        if len(indexes.live) != 1 or self._mapping_fault(indexes.live[0], deadline).startswith(OTHER_SCHEMA):
            return None
        state = self._wait_for(indexes.live[0], {"wait_for_status": "yellow"}, deadline)
        if state.get("status") == "red":
            return None
        try:
            self._line.ask(deadline, "indices.refresh", index=self._live)
            return self._look(deadline)
        except (RequestError, SchemaMismatch):  # closed, or not what we made
            return None

    def _wait_for(self, name: str, wanted: dict[str, str], deadline: _Deadline) -> dict[str, Any]:
        """The state of an index, as wanted or after ten seconds."""
        timeout = 408  # what it answers then
        params = {**wanted, "timeout": "10s"}
        state: dict[str, Any] = self._line.ask(deadline, "cluster.health", index=name, params=params, ignore=timeout)
        return state

    def _aliases(self, deadline: _Deadline) -> dict[str, set[str]]:
        """Our indexes, and one that only has our name, with their aliases."""
        found = self._line.ask(
            deadline, "indices.get_alias", index=f"{self._live}*", params={"expand_wildcards": "all"}, ignore=NOT_FOUND
        )
        ours = [name for name in found if name == self._live or self._is_ours.fullmatch(name)]
        return {name: set(found[name]["aliases"]) for name in sorted(ours)}

    def _indexes(self, deadline: _Deadline) -> _Indexes:
        found = self._aliases(deadline)
        found.pop(self._live, None)
        return _Indexes(
            everything=tuple(found),
            live=tuple(name for name, aliases in found.items() if self._live in aliases),
            building=tuple(name for name, aliases in found.items() if self._building in aliases),
        )

    @staticmethod
    def _only_live(indexes: _Indexes) -> str:
        """The live index. Raises Unavailable when there is none, SchemaMismatch when there are several."""
        if not indexes.live:
            raise Unavailable(NO_INDEX)
        if len(indexes.live) > 1:
            raise SchemaMismatch("Two search indexes have the same name; they have to be rebuilt.")
        return indexes.live[0]

    def _mapping_fault(self, name: str, deadline: _Deadline) -> str:
        found = self._line.ask(deadline, "indices.get_mapping", index=name)
        return fault_of_mapping(found.get(name, {}).get("mappings", {}))

    def require_schema(self, name: str, deadline: _Deadline) -> None:
        """Raises SchemaMismatch for an index of another schema; each is looked at once."""
        if name not in self._good:
            if self._mapping_fault(name, deadline).startswith(OTHER_SCHEMA):
                raise SchemaMismatch("The search index was made by another version; it has to be rebuilt.")
            self._good.add(name)

    @contextmanager
    def _engine(self, doing: str) -> Iterator[None]:
        """No exception of the engine or its client gets past here but as Unavailable."""
        try:
            yield
        except ContentshopError:
            raise
        except NotFoundError:
            raise Unavailable(NO_INDEX) from None
        except NoConnection as error:
            # No address in the message: it may hold a password, and pages show it.
            raise Unavailable(f"The search engine does not answer ({type(error).__name__}).") from error
        except Exception as error:
            logger.error("search engine: cannot %s", doing, exc_info=error)
            raise Unavailable(f"The search engine cannot {doing} ({type(error).__name__}).") from error


class _Timed:
    """The engine of one search: everything it is asked shares a deadline."""

    def __init__(self, backend: OpenSearchBackend, deadline: _Deadline) -> None:
        self._backend = backend
        self._deadline = deadline

    def msearch(self, bodies: Sequence[dict[str, Any]]) -> Sequence[Mapping[str, Any]]:
        """The answers to several questions at once."""
        return self._backend.msearch(bodies, self._deadline)

    def if_soon(self, body: dict[str, Any]) -> Mapping[str, Any] | None:
        """The answer to one question if it takes less than half of the time left."""
        try:
            (answer,) = self._backend.msearch([body], _Deadline(self._deadline.left() / 2))
            return answer
        except (OpenSearchException, Unavailable) as error:
            logger.warning("search engine: does without corrections (%s)", type(error).__name__)
            return None

    def frequencies(self, terms: Sequence[str]) -> tuple[int, Mapping[str, int]]:
        """How many documents there are, and how many of them have each term."""
        return self._backend.frequencies(terms, self._deadline)

    def require_schema(self, index: str) -> None:
        """Raise SchemaMismatch for an index of another schema."""
        self._backend.require_schema(index, self._deadline)


def _raise_for(refusals: Sequence[_Refusal]) -> None:
    if not refusals:
        return
    kinds = ", ".join(sorted({refusal.kind for refusal in refusals}))
    if any(refusal.status == 400 for refusal in refusals):
        raise SchemaMismatch(f"The search index refuses {len(refusals)} documents ({kinds}); it has to be rebuilt.")
    raise Unavailable(f"The search engine refused {len(refusals)} documents ({kinds}).")
