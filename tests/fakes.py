"""Fakes of our own ports."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from contentshop.core.mail import Message
from contentshop.search.port import Delete, Document, Health, Hit, Kind, Operation, SearchPage, SearchQuery


class ListMailer:
    """Keeps mails in a list."""

    def __init__(self, box: list[Message]) -> None:
        self.box = box

    def send(self, message: Message) -> None:
        self.box.append(message)


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
        found = [d for d in self.documents.values() if all(w in self._text(d) for w in words)]
        if query.in_stock:
            found = [d for d in found if d.in_stock]
        if query.currency and (query.price_from is not None or query.price_to is not None):
            low, high = query.price_from or 0, query.price_to or 10**15
            found = [d for d in found if low <= d.price_minor.get(query.currency, -1) <= high]
        kinds: Counter[Kind] = Counter(d.kind for d in found)
        if query.kinds:
            found = [d for d in found if d.kind in query.kinds]
        found.sort(key=lambda d: (-d.published, d.id))
        page = found[query.offset : query.offset + query.limit]
        return SearchPage(
            hits=tuple(Hit(d.id, d.version, 1.0) for d in page),
            total=len(found),
            kinds=kinds,
            terms=tuple(words),
            loosened=False,
            generation=self.generation,
        )

    @staticmethod
    def _text(d: Document) -> str:
        return " ".join((d.title, d.body, d.brand, *d.tags, *d.codes, *d.cards)).casefold()

    def rebuild(self, documents: Iterable[Document]) -> int:
        self.documents = {d.id: d for d in documents}
        self.generation += 1
        return len(self.documents)

    def versions(self) -> Iterator[tuple[str, int]]:
        return iter([(d.id, d.version) for d in self.documents.values()])

    def health(self) -> Health:
        return Health(ok=True, documents=len(self.documents), generation=self.generation, bytes=0)
