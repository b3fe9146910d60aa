"""The embedded engine: Whoosh keeps the postings on disk, this file asks and writes them safely.

Whoosh 2.7.4 stores terms, commits and merges well. Its query side is left alone on purpose (measured in
``docs/search.md``): filters inside a time-limited search are dropped, range filters and facets cost seconds,
``refresh()`` reopens every segment. So postings are read a block at a time, scored with BM25 over one field,
and filtered and sorted over plain arrays that are read once per segment.

The folder::

    CURRENT      which index is live, its commit, schema and the checksum of each file; replaced atomically
    g000007/     an index; a rebuild fills the next one beside it
    LOCK         held while anything is written (flock: a killed process leaves no lock behind)
    REBUILD      held during a rebuild;  JOURNAL: what was applied meanwhile, replayed before the switch
    DAMAGED      a reader found the index broken; ``ensure`` looks into it
    damaged/     the last index that was set aside

Generations grow over all changes: the number of the index times 10^9 plus its commits.
"""

from __future__ import annotations

import errno
import json
import logging
import os
import re
import shutil
import threading
import time
import traceback
import zlib
from array import array
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from itertools import repeat
from pathlib import Path
from typing import Any

from whoosh import fields, formats
from whoosh.codec.whoosh3 import W3Codec
from whoosh.filedb.filestore import FileStorage
from whoosh.index import TOC, EmptyIndexError, FileIndex
from whoosh.util.filelock import FileLock, try_for
from whoosh.writing import MERGE_SMALL

from contentshop.core.errors import ContentshopError, Unavailable
from contentshop.search.analysis import (
    ANALYSIS_VERSION,
    ParsedQuery,
    analyse,
    code_key,
    readings,
    surface_words,
    title_key,
)
from contentshop.search.columns import Columns, facts
from contentshop.search.matching import (
    ALL,
    CODES,
    EMPTY,
    TITLE,
    WINDOW,
    WRITTEN,
    Answer,
    Part,
    Postings,
    Segment,
    Snapshot,
    answer,
)
from contentshop.search.port import (
    Document,
    Health,
    Hit,
    Operation,
    SchemaMismatch,
    SearchPage,
    SearchQuery,
    Upsert,
    check,
)
from contentshop.search.texts import aside_texts, named_texts, weighted_texts
from contentshop.search.understanding import FEW_RESULTS, better_text, understand

SCHEMA = f"4.{ANALYSIS_VERSION}"

LOCK_SECONDS = 30.0
POSTINGS_KEPT = 400_000  # (document, weight) pairs in memory, 8 bytes each
ANSWERS_KEPT = 256
WRITER_MEGABYTES = 64

_COMMITS_PER_INDEX = 10**9
_INDEX_NAME = re.compile(r"g\d{6,}")
_OPEN_ATTEMPTS = 5
_ID = "id"

# Trouble of the machine, not of the index: it may be gone at the next try.
_PASSING_ERRNOS = frozenset(
    {errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EACCES, errno.EPERM, errno.EROFS}
    | {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
)

logger = logging.getLogger(__name__)


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


class Codec(W3Codec):  # type: ignore[misc]  # Whoosh is untyped
    """Whoosh's codec without its statistics of lengths, which our own scoring does not read.

    For fields without lengths they cost Whoosh a look at the disk for every posting, 40% of a build. Pickled
    into every segment, like the format.
    """

    length_stats = False


def _merge(writer: Any, segments: Sequence[Any]) -> Any:
    """Whoosh's own merging, without segments whose documents are all deleted: 2.7.4 loses their columns when it
    merges nothing else."""
    return MERGE_SMALL(writer, [segment for segment in segments if segment.doc_count() > 0])


def _schema() -> fields.Schema:
    def indexed() -> fields.FieldType:
        return fields.FieldType(Weighted(), analyzer=None)

    return fields.Schema(
        **{_ID: indexed(), ALL: indexed(), TITLE: indexed(), CODES: indexed(), WRITTEN: indexed()},
        facts=fields.COLUMN(),
        words=fields.STORED(),
    )


def _entry(document: Document) -> dict[str, Any]:
    """A document as Whoosh's fields."""
    weights: Counter[str] = Counter()
    length = 0
    plain: list[str] = []
    for text, weight in weighted_texts(document):
        found = analyse(text)
        for term in found.terms:
            weights[term] += weight
        length += len(found.units) * weight
        plain.append(" ".join(found.units))
    for text in named_texts(document):
        weights.update(readings(text))
    for text in aside_texts(document):
        found = analyse(text)
        for term in found.terms:
            weights.setdefault(term, 1)
        plain.append(" ".join(found.units))
    title = title_key(document.title)
    written = {word for text in named_texts(document) for word in surface_words(text)}
    return {
        _ID: [(document.id, 1.0)],
        ALL: [(term, float(weight)) for term, weight in weights.items()],
        TITLE: [(title, 1.0)] if title else [],
        CODES: [(key, 1.0) for key in dict.fromkeys(map(code_key, document.codes)) if key],
        WRITTEN: [(word, 1.0) for word in sorted(written)],
        "facts": facts(document, length),
        # Phrases are looked up here: cheaper for every other query than positions in the postings.
        "words": " " + " | ".join(plain) + " ",
    }


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


class _Storage(FileStorage):  # type: ignore[misc]  # Whoosh is untyped
    """A folder of Whoosh's that remembers what was opened: Whoosh leaves a file open when it cannot read it."""

    def __init__(self, path: str) -> None:
        super().__init__(path)
        self.opened: list[Any] = []

    def open_file(self, name: str, **kwargs: object) -> Any:
        """Open a file for reading."""
        file = super().open_file(name, **kwargs)
        self.opened.append(file)
        return file

    def close_all(self) -> None:
        """Close every file that was opened here and still is."""
        for file in self.opened:
            if not file.is_closed:
                file.close()


class _PostingCache:
    """The postings read last, bounded by their number. Segments never change, so nothing goes stale."""

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
        self._format = schema[ALL].format
        self._cache = cache
        self._files = segment.open_compound_file(storage) if segment.is_compound() else storage
        codec = segment.codec()
        self._terms = codec.terms_reader(self._files, segment)
        self._documents = codec.per_document_reader(self._files, segment)
        self.columns = self._read_columns(schema["facts"].column_type)
        self._written: dict[str, int] | None = None

    def _read_columns(self, column: Any) -> Columns:
        columns = Columns()
        reader = self._documents.column_reader("facts", column)
        for at in range(self.size):
            columns.add(bytes(reader[at]))
        return columns

    def frequency(self, term: str) -> int:
        """In how many documents the term is, deleted ones included."""
        found = (ALL, term.encode())
        return int(self._terms.doc_frequency(*found)) if found in self._terms else 0

    def written(self) -> Mapping[str, int]:
        """The Latin words of titles, brands and tags, with their documents' number."""
        if self._written is None:
            found = {}
            for name, raw in self._terms.terms_from(WRITTEN, b""):
                if name != WRITTEN:
                    break
                found[raw.decode()] = int(self._terms.doc_frequency(name, raw))
            self._written = found
        return self._written

    def postings(self, name: str, term: str) -> Postings:
        """Document numbers within the segment, ascending, and weights."""
        return self._cache.get((self.key, name, term), lambda: self._read_postings(name, term))

    def _read_postings(self, name: str, term: str) -> Postings:
        key = (name, term.encode())
        if key not in self._terms:
            return EMPTY
        matcher = self._terms.matcher(*key, self._format)
        ids, weights = array("I"), array("f")
        # A block at a time: Whoosh's public way, a posting at a time, takes four times as long.
        while matcher.is_active():
            matcher.id()
            matcher.weight()
            ids.extend(matcher._ids)  # noqa: SLF001
            weights.extend(matcher._weights)  # noqa: SLF001
            matcher._next_block()  # noqa: SLF001
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


# -------------------------------------------------------------------------------------------- the back end


class _Live(Snapshot):
    """The snapshot searches are answered from, and the manifest it was opened by."""

    def __init__(self, manifest: _Manifest, contents: int, parts: Sequence[Part]) -> None:
        super().__init__(parts)
        self.manifest = manifest
        self.contents = contents  # the number of Whoosh's table of contents


class WhooshSearchBackend:
    """SearchBackend on a folder of this machine. Safe for threads; any number of processes may read it, and
    writers wait for each other."""

    def __init__(self, folder: Path) -> None:
        self._folder = Path(folder)
        self._lock = threading.RLock()  # guards everything below; Whoosh's files share one position
        self._raw = b""
        self._snapshot: _Live | None = None
        self._segments: dict[tuple[str, str], Segment] = {}
        self._postings = _PostingCache(POSTINGS_KEPT)
        self._answers: OrderedDict[tuple[SearchQuery, ParsedQuery], Answer] = OrderedDict()
        self._damaged: bytes | None = None  # the CURRENT under which the index was found broken
        self._reason = ""

    # ---- port

    def ensure(self) -> bool:
        """Open the index or create an empty one; True when it has to be (re)built.

        Every file is compared with its checksum. A folder that may only be read is good enough when its index
        is whole; else Unavailable is raised.
        """
        try:
            with self._engine("open"), self._writing():
                return self._ensured()
        except Unavailable as error:
            with self._lock:
                fault = self._fault()
                if fault:
                    raise Unavailable(f"{error.message} Its index: {fault}.") from None
                return self._opened().documents == 0

    def apply(self, operations: Sequence[Operation]) -> None:
        """Do all operations in one commit; the last one for an id wins.

        Raises Unavailable: nothing was done or everything was, and repeating is right in both cases.
        """
        latest: dict[str, Document | None] = {}
        for operation in operations:
            if isinstance(operation, Upsert):
                latest[operation.document.id] = operation.document
            else:
                latest[operation.id] = None
        if not latest:
            return
        with self._engine("write", blame_index=True), self._writing():
            self._note_in_journal(latest)
            with self._lock:
                snapshot = self._newest()
                latest = _changed(snapshot, latest)
                stale = _numbers(snapshot.parts, latest)
            changed = self._commit(self._folder / snapshot.manifest.index, latest, stale)
            if changed or self._unrecorded(snapshot):
                self._publish(replace(snapshot.manifest, commit=snapshot.manifest.commit + 1))

    def search(self, query: SearchQuery) -> SearchPage:
        """Answer a query. Raises BadQuery for limits, Unavailable when the index is missing or broken."""
        check(query)
        with self._lock:
            try:
                return self._page(query)
            except ContentshopError:
                raise
            except Exception:  # noqa: BLE001  # Whoosh raises anything on a broken file
                # Another process may have replaced a file while we opened it: once more from nothing.
                self._forget()
            try:
                return self._page(query)
            except ContentshopError:
                raise
            except Exception as error:  # noqa: BLE001
                _report(error, "search")
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
                if self._current_index() != name:
                    self._journal.unlink(missing_ok=True)
                    shutil.rmtree(path, ignore_errors=True)
                raise

    def versions(self) -> Iterator[tuple[str, int]]:
        """Every (id, version), as of this call. Raises Unavailable."""
        with self._engine("read"), self._lock:
            snapshot = self._opened()
            columns = snapshot.columns
            return iter([(columns.ids[at], columns.versions[at]) for at in snapshot.alive()])

    def health(self) -> Health:
        """The state of the index; never raises. Not ok: call ``ensure``, and rebuild when it says so."""
        with self._lock:
            try:
                snapshot = self._opened()
                size = sum(size for size, _ in snapshot.manifest.files.values())
                reason = self._damage_mark.read_text("utf-8", "replace") if self._damage_mark.exists() else ""
                generation = snapshot.manifest.generation
                return Health(not reason, snapshot.documents, generation, size, reason)
            except Exception as error:  # noqa: BLE001
                return Health(False, 0, 0, 0, str(error) or type(error).__name__)

    def close(self) -> None:
        """Let go of all files; the next call opens them again."""
        with self._lock:
            self._forget()

    # ---- reading

    def _page(self, query: SearchQuery) -> SearchPage:
        snapshot = self._opened()
        understood = understand(query, snapshot)
        need = query.offset + query.limit
        found = self._answer(snapshot, query, understood.parsed, need)
        columns = snapshot.columns
        shown = slice(query.offset, need)
        hits = zip(found.order[shown], found.scores[shown], found.parts[shown] or repeat({}), strict=False)
        offers = query.sort == "relevance" and found.total < FEW_RESULTS and not understood.corrected
        return SearchPage(
            hits=tuple(Hit(columns.ids[at], columns.versions[at], score, parts) for at, score, parts in hits),
            total=found.total,
            kinds=found.kinds,
            terms=found.terms,
            loosened=found.loosened,
            generation=snapshot.manifest.generation,
            facets=found.facets,
            corrected=understood.corrected,
            offered=better_text(query, snapshot) if offers and not query.verbatim else "",
        )

    def _answer(self, snapshot: _Live, query: SearchQuery, parsed: ParsedQuery, need: int) -> Answer:
        """The answer, from memory when it was worked out since the last change."""
        if query.explain:
            return answer(snapshot, query, parsed, need)
        key = (replace(query, text="", offset=0, limit=1, synonyms=(), verbatim=False), parsed)
        found = self._answers.get(key)
        if found is not None and (found.whole or need <= len(found.order)):
            self._answers.move_to_end(key)
            return found
        found = answer(snapshot, query, parsed, need)
        if need <= WINDOW:
            self._answers[key] = found
            if len(self._answers) > ANSWERS_KEPT:
                self._answers.popitem(last=False)
        return found

    def _opened(self) -> _Live:
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

    def _load(self, raw: bytes) -> _Live:
        manifest = _Manifest.from_bytes(raw)
        if manifest.schema != SCHEMA:
            raise SchemaMismatch("The search index was made by another version; it has to be rebuilt.")
        contents, parts = self._open_parts(manifest.index, self._segments, self._postings)
        used = {(manifest.index, part.segment.key) for part in parts}
        for key in [key for key in self._segments if key not in used]:
            self._segments.pop(key).close()
        self._segments.update(((manifest.index, part.segment.key), part.segment) for part in parts)
        self._snapshot, self._raw = _Live(manifest, contents, parts), raw
        self._answers.clear()
        return self._snapshot

    def _newest(self) -> _Live:
        """The snapshot of what a writer will find: a commit whose process died before it could say so counts."""
        snapshot = self._opened()
        index = FileIndex(FileStorage(str(self._folder / snapshot.manifest.index)))
        if index.latest_generation() != snapshot.contents:
            self._snapshot = None
            snapshot = self._opened()
        return snapshot

    def _open_parts(
        self, index: str, known: Mapping[tuple[str, str], Segment], cache: _PostingCache
    ) -> tuple[int, list[Part]]:
        """Open what the newest table of contents names; segments that are open come from ``known``.

        Returns the number of the table of contents, too.
        """
        parts: list[Part] = []
        base = 0
        fresh: list[Segment] = []
        storage = _Storage(str(self._folder / index))
        try:
            contents = TOC.read(storage, "MAIN")
            for found in contents.segments:
                segment = known.get((index, found.segment_id()))
                if segment is None:
                    segment = _Segment(storage, found, contents.schema, cache)
                    fresh.append(segment)
                parts.append(Part(base, segment, frozenset(found.deleted_docs())))
                base += segment.size
            storage.opened.clear()
        except BaseException:
            for segment in fresh:
                segment.close()
            storage.close_all()
            raise
        return contents.generation, parts

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
        """Write the documents and remove the ``stale`` numbers in one commit; False when there is nothing."""
        entries = [_entry(document) for document in latest.values() if document is not None]
        if not entries and not stale:
            return False
        with self._writer(path) as writer:
            for number in stale:
                writer.delete_document(number)
            for entry in entries:
                writer.add_document(**entry)
            writer.commit(mergetype=_merge)
        return True

    @contextmanager
    def _writer(self, path: Path) -> Iterator[Any]:
        """Whoosh's writer; whatever happens, its lock is released (2.7.4 keeps it after a failed commit)."""
        storage = _Storage(str(path))
        try:
            index = FileIndex(storage)
            writer = index.writer(timeout=LOCK_SECONDS, limitmb=WRITER_MEGABYTES, codec=Codec())
        except Exception as error:
            traceback.clear_frames(error.__traceback__)  # they hold the half-made writer, and it the lock
            storage.close_all()
            raise
        storage.opened.clear()
        try:
            yield writer
        finally:
            if not writer.is_closed:
                with suppress(Exception):
                    writer.cancel()
            if writer.writelock is not None and writer.writelock.fd is not None:
                writer.writelock.release()

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
        _, parts = self._open_parts(name, {}, _PostingCache(POSTINGS_KEPT))
        try:
            stale = _numbers(parts, late)
            count = sum(part.segment.size - len(part.deleted) for part in parts) - len(stale)
        finally:
            for part in parts:
                part.segment.close()
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
        """Make the files of ``manifest.index`` durable and the manifest, with their checksums, live."""
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
        temporary.replace(self._current)
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
                logger.warning("search index: %s; an empty one is started", fault)
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
        self._damaged = None
        try:
            manifest = _Manifest.from_bytes(self._current.read_bytes())
            if manifest.schema != SCHEMA:
                return f"made with schema {manifest.schema}, this is {SCHEMA}"
            snapshot = self._opened()
            for name in self._names(snapshot):
                recorded = manifest.files.get(name)
                if recorded and recorded != _checksum(self._folder / manifest.index / name):
                    return f"{name} is damaged"
        except Exception as error:  # noqa: BLE001
            self._forget()
            return "there is none" if not self._current.exists() else f"{type(error).__name__}: {error}"
        return ""

    def _names(self, snapshot: _Live) -> list[str]:
        path = self._folder / snapshot.manifest.index
        wanted = {part.segment.key for part in snapshot.parts}
        return [file.name for file in path.iterdir() if file.suffix == ".toc" or file.name.split(".")[0] in wanted]

    def _unrecorded(self, snapshot: _Live) -> bool:
        return any(name not in snapshot.manifest.files for name in self._names(snapshot))

    def _start_empty(self) -> None:
        self._forget()
        broken = self._current_index()
        if broken and (self._folder / broken).exists():
            shutil.rmtree(self._folder / "damaged", ignore_errors=True)
            (self._folder / broken).replace(self._folder / "damaged")
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
        with self._locked("LOCK", LOCK_SECONDS, "Another process is writing the search index."):
            yield

    @contextmanager
    def _locked(self, name: str, seconds: float, busy: str) -> Iterator[None]:
        lock = FileLock(str(self._folder / name))
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            free = try_for(lock.acquire, timeout=seconds, delay=0.02)
        except OSError as error:
            raise Unavailable(f"The search folder cannot be written ({error}).") from error
        if not free:
            raise Unavailable(busy)
        try:
            yield
        finally:
            lock.release()

    @contextmanager
    def _engine(self, doing: str, *, blame_index: bool = False) -> Iterator[None]:
        """No exception of the engine or the disk gets past here but as Unavailable."""
        try:
            yield
        except ContentshopError:
            raise
        except Exception as error:
            _report(error, doing)
            if blame_index:
                with self._lock:
                    self._note_damage(error)
            raise Unavailable(f"The search index cannot {doing}: {type(error).__name__}: {error}") from error


def _report(error: Exception, doing: str) -> None:
    """Log an exception of the engine and free what its traceback holds: writers, locks, open files."""
    logger.error("search index: cannot %s", doing, exc_info=error)
    traceback.clear_frames(error.__traceback__)


def _numbers(parts: Sequence[Part], ids: Iterable[str]) -> list[int]:
    """The numbers under which these ids are in the index."""
    return [
        part.base + local
        for key in ids
        for part in parts
        for local in part.segment.postings(_ID, key)[0]
        if local not in part.deleted
    ]


def _changed(snapshot: Snapshot, latest: Mapping[str, Document | None]) -> dict[str, Document | None]:
    """What is not in the index as it is: jobs are repeated, and a commit makes every reader look anew."""

    def is_there(key: str, document: Document | None) -> bool:
        at = _numbers(snapshot.parts, [key])
        return document is not None and [snapshot.columns.versions[number] for number in at] == [document.version]

    return {key: document for key, document in latest.items() if not is_there(key, document)}


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
