"""Fakes of our own ports."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from contentshop.core.fetch import Fetched, NotFetched
from contentshop.core.mail import Message
from contentshop.search.columns import Columns, facts
from contentshop.search.port import Delete, Document, Health, Hit, Operation, SearchPage, SearchQuery


class ListMailer:
    """Keeps mails in a list."""

    def __init__(self, box: list[Message]) -> None:
        self.box = box

    def send(self, message: Message) -> None:
        self.box.append(message)


class ShelfFetcher:
    """Hands out what a test put on the shelf; everything else does not exist. ``asked`` lists every address;
    ``before`` is called each time."""

    def __init__(self) -> None:
        self.things: dict[str, Fetched | NotFetched] = {}
        self.asked: list[str] = []
        self.before: Callable[[], object] = lambda: None

    def put(self, url: str, body: str | bytes, *, at: str = "", charset: str = "") -> None:
        """``at``: where redirects have led to."""
        content = body.encode() if isinstance(body, str) else body
        self.things[url] = Fetched(at or url, content, charset)

    def refuse(self, url: str, refusal: NotFetched) -> None:
        self.things[url] = refusal

    def page(self, url: str) -> Fetched:
        return self._take(url)

    def picture(self, url: str) -> Fetched:
        return self._take(url)

    def _take(self, url: str) -> Fetched:
        self.before()
        self.asked.append(url)
        found = self.things.get(url, NotFetched("unknown_host"))
        if isinstance(found, NotFetched):
            raise found
        return found


class MemorySearchBackend:
    """Finds documents that hold every word of the query, newest first. For tests of what is above the port."""

    def __init__(self) -> None:
        self.documents: dict[str, Document] = {}
        self.generation = 0

    def ensure(self) -> bool:
        return False

    def apply(self, operations: Sequence[Operation]) -> None:
        for operation in operations:
            if isinstance(operation, Delete):
                self.documents.pop(operation.id, None)
            else:
                self.documents[operation.document.id] = operation.document
        self.generation += 1

    def search(self, query: SearchQuery) -> SearchPage:
        words = query.text.casefold().split()
        known = sorted(self.documents.values(), key=lambda d: (-d.published, d.id))
        columns = Columns()
        for document in known:
            columns.add(facts(document, 1))
        matching = [at for at, d in enumerate(known) if all(word in self._text(d) for word in words)]
        found = columns.filtered(query, matching)
        page = [known[at] for at in found.kept[query.offset : query.offset + query.limit]]
        return SearchPage(
            hits=tuple(Hit(d.id, d.version, 1.0) for d in page),
            total=len(found.kept),
            kinds=columns.kind_counts(found),
            terms=tuple(words),
            loosened=False,
            generation=self.generation,
            facets=columns.counted(query, found),
        )

    @staticmethod
    def _text(d: Document) -> str:
        return " ".join((d.title, d.body, d.brand, *d.tags, *d.codes, *d.cards, *d.talk)).casefold()

    def rebuild(self, documents: Iterable[Document]) -> int:
        self.documents = {d.id: d for d in documents}
        self.generation += 1
        return len(self.documents)

    def versions(self) -> Iterator[tuple[str, int]]:
        return iter([(d.id, d.version) for d in self.documents.values()])

    def health(self) -> Health:
        return Health(ok=True, documents=len(self.documents), generation=self.generation, bytes=0)
