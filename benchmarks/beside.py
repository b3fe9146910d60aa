"""The engines that contentshop's search is measured beside: SQLite FTS5 and tantivy, as they come.

For speed both get the terms that contentshop made of a text, so that the same words are looked up (``analysed``).
For relevance both get the text as it is and take it apart with their own default tokenizers: what a shop gets that
does nothing about it. A query asks for all words first and, when fewer than ten documents have them, for some.
tantivy is optional (``pip install tantivy``).
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

from contentshop.search.analysis import terms
from contentshop.search.port import Document, SearchQuery

ENOUGH = 10
TITLE = 3  # how much more a word counts in the title


class Beside(Protocol):
    """An engine to compare with."""

    name: str

    def search(self, query: SearchQuery) -> list[str]:
        """Ids of the page that ``query`` asks for; counts all hits on the way, as contentshop does."""

    def size(self) -> int:
        """Bytes on the disk."""


class Fts5:
    """SQLite FTS5 with ``bm25`` and unicode61."""

    def __init__(self, path: Path, found: Sequence[Document], *, analysed: bool) -> None:
        self.name = "FTS5"
        self.path = path
        self.analysed = analysed
        self.base = sqlite3.connect(path)
        self.base.execute("CREATE VIRTUAL TABLE doc USING fts5(title, body, tokenize='unicode61')")
        self.base.execute("CREATE TABLE fact (id INTEGER PRIMARY KEY, key TEXT, stock INTEGER, price INTEGER)")
        self.base.executemany(
            "INSERT INTO doc (rowid, title, body) VALUES (?, ?, ?)",
            ((n, words(d.title, analysed), words(d.body, analysed)) for n, d in enumerate(found)),
        )
        self.base.executemany(
            "INSERT INTO fact VALUES (?, ?, ?, ?)",
            ((n, d.id, d.in_stock, d.price_minor.get("USD")) for n, d in enumerate(found)),
        )
        self.base.commit()

    def search(self, query: SearchQuery) -> list[str]:
        quoted = [f'"{term}"' for term in asked(query.text, self.analysed)]
        if not quoted:
            return []
        where = "doc MATCH ?"
        if query.in_stock:
            where += f" AND fact.stock = 1 AND fact.price BETWEEN {query.price_from} AND {query.price_to}"
        page: list[str] = []
        for glue in (" AND ", " OR "):
            match = (glue.join(quoted),)
            source = "doc JOIN fact ON fact.id = doc.rowid" if query.in_stock else "doc"
            (count,) = self.base.execute(f"SELECT count(*) FROM {source} WHERE {where}", match).fetchone()
            best = self.base.execute(
                f"SELECT fact.key FROM doc JOIN fact ON fact.id = doc.rowid WHERE {where} "
                f"ORDER BY bm25(doc, {TITLE}, 1) LIMIT {query.limit} OFFSET {query.offset}",
                match,
            )
            page = [key for (key,) in best]
            if count >= ENOUGH:
                break
        return page

    def size(self) -> int:
        return self.path.stat().st_size


class Tantivy:
    """tantivy with its BM25. Raises ImportError where it is not installed."""

    def __init__(self, folder: Path, found: Sequence[Document], *, analysed: bool) -> None:
        import tantivy

        self.name = "tantivy"
        self.tantivy: Any = tantivy
        self.analysed = analysed
        self.folder = folder
        folder.mkdir()
        builder = tantivy.SchemaBuilder()
        builder.add_text_field("key", stored=True, tokenizer_name="raw")
        for field in ("title", "body"):
            builder.add_text_field(field, tokenizer_name="whitespace" if analysed else "default")
        builder.add_boolean_field("stock", indexed=True, fast=True)
        builder.add_integer_field("price", indexed=True, fast=True)
        self.schema = builder.build()
        self.index = tantivy.Index(self.schema, path=str(folder))
        writer = self.index.writer(heap_size=100_000_000, num_threads=1)
        for d in found:
            row = tantivy.Document(key=d.id, title=words(d.title, analysed), body=words(d.body, analysed))
            row.add_boolean("stock", bool(d.in_stock))
            row.add_integer("price", d.price_minor.get("USD", -1))
            writer.add_document(row)
        writer.commit()
        writer.wait_merging_threads()
        self.index.reload()

    def search(self, query: SearchQuery) -> list[str]:
        searcher = self.index.searcher()
        page: list[str] = []
        for every in (True, False):
            wanted = self._wanted(query, every)
            if wanted is None:
                return []
            found = searcher.search(wanted, query.limit, offset=query.offset, count=True)
            page = [searcher.doc(address)["key"][0] for _score, address in found.hits]
            if (found.count or 0) >= ENOUGH:
                break
        return page

    def _wanted(self, query: SearchQuery, every: bool) -> Any:
        make, occur = self.tantivy.Query, self.tantivy.Occur
        heard = asked(query.text, self.analysed)
        if not heard:
            return None
        found = []
        for term in heard:
            title = make.boost_query(make.term_query(self.schema, "title", term, "position"), TITLE)
            body = make.term_query(self.schema, "body", term, "position")
            either = make.boolean_query([(occur.Should, title), (occur.Should, body)])
            found.append((occur.Must if every else occur.Should, either))
        whole = make.boolean_query(found)
        if not query.in_stock:
            return whole
        price = make.range_query(self.schema, "price", self.tantivy.FieldType.Integer, query.price_from, query.price_to)
        stock = make.term_query(self.schema, "stock", True)
        return make.boolean_query([(occur.Must, each) for each in (whole, price, stock)])

    def size(self) -> int:
        return sum(file.stat().st_size for file in self.folder.rglob("*"))


def words(text: str, analysed: bool) -> str:
    """What an engine is given to index."""
    return " ".join(terms(text)) if analysed else text


def asked(text: str, analysed: bool) -> list[str]:
    """The words of a query, each once; as the engines' default tokenizers take a text apart, if not ``analysed``."""
    found = terms(text) if analysed else re.findall(r"\w+", text.lower())
    return list(dict.fromkeys(found))
