"""How fast is search? The embedded engine beside SQLite FTS5 in the same run, by processor time.

    python benchmarks/search_speed.py [--size 10000] [--queries 200] [--data FOLDER]

Two thirds English products, one third Chinese titles, from the data that ``relevance.py`` uses, repeated with varied
bodies up to ``--size``. FTS5 gets the same terms (porter, ``bm25``), counts and fetches the first ten, with all words
first and, when these are few, with some. Queries are made of words of the titles (seeded). Prints a Markdown table:
milliseconds p50 and p99 of both and their ratio.
"""

from __future__ import annotations

import argparse
import random
import re
import sqlite3
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from relevance import NEAR, documents, measures, with_typos

from contentshop.search.analysis import terms
from contentshop.search.backends.whoosh import WhooshSearchBackend
from contentshop.search.port import FACETS, Document, SearchQuery, Upsert

DAY = 86400
PRICED = SearchQuery(in_stock=True, currency="USD", price_from=1000, price_to=50_000)


def corpus(folder: Path, size: int) -> list[Document]:
    """``size`` documents: two English ones, then a Chinese one, and so on; later rounds have shuffled bodies."""
    data = measures(folder)
    english = list(documents(data.load("chorus-en", "dev")[0]))
    chinese = list(documents(data.load("qbqtc-zh", "dev")[0]))
    chance = random.Random(1)
    found = []
    for number in range(size):
        pool = chinese if number % 3 == 2 else english
        base = pool[(number // 3) % len(pool) if number % 3 == 2 else (number - number // 3) % len(pool)]
        words = base.body.split()
        chance.shuffle(words)
        found.append(
            replace(
                base,
                id=f"product:{number}",
                kind="product",
                body=" ".join(words),
                published=20_000 * DAY - number * 600,
                in_stock=number % 4 == 0,
                price_minor={"USD": 500 + number * 37 % 90_000},
                merchants=(f"m{number % 9}",),
                ways=("own",) if number % 4 == 0 else ("elsewhere",),
                popularity=number % 50,
            )
        )
    return found


def fts5(path: Path, found: Sequence[Document]) -> sqlite3.Connection:
    """The same documents in SQLite."""
    base = sqlite3.connect(path)
    base.execute("CREATE VIRTUAL TABLE doc USING fts5(title, body, tokenize='unicode61')")
    base.execute("CREATE TABLE fact (id INTEGER PRIMARY KEY, stock INTEGER, price INTEGER)")
    base.executemany(
        "INSERT INTO doc (rowid, title, body) VALUES (?, ?, ?)",
        ((n, " ".join(terms(d.title)), " ".join(terms(d.body))) for n, d in enumerate(found)),
    )
    base.executemany(
        "INSERT INTO fact VALUES (?, ?, ?)", ((n, d.in_stock, d.price_minor["USD"]) for n, d in enumerate(found))
    )
    base.commit()
    return base


def ask_fts5(base: sqlite3.Connection, query: SearchQuery) -> None:
    """Count and fetch the first ten, as the embedded engine does."""
    words = [f'"{term}"' for term in terms(query.text)]
    source, where = "doc", "doc MATCH ?"
    if query.in_stock:
        source = "doc JOIN fact ON fact.id = doc.rowid"
        where += " AND fact.stock = 1 AND fact.price BETWEEN 1000 AND 50000"
    for glue in (" AND ", " OR "):
        match = (glue.join(words),)
        (count,) = base.execute(f"SELECT count(*) FROM {source} WHERE {where}", match).fetchone()
        order = f"ORDER BY bm25(doc, 3, 1) LIMIT 10 OFFSET {query.offset}"
        base.execute(f"SELECT doc.rowid FROM {source} WHERE {where} {order}", match).fetchall()
        if count >= 10:
            return


def timed(ask: Callable[[SearchQuery], object], queries: Sequence[SearchQuery]) -> tuple[float, float]:
    """p50 and p99 in milliseconds of this thread's processor time."""
    spent = []
    for query in queries:
        began = time.thread_time()
        ask(query)
        spent.append(1000 * (time.thread_time() - began))
    spent.sort()
    return spent[len(spent) // 2], spent[min(len(spent) - 1, len(spent) * 99 // 100)]


def questions(found: Sequence[Document], count: int) -> dict[str, list[SearchQuery]]:
    """Queries by kind, of words that stand in titles."""
    chance = random.Random(2)
    english = [d for d in found if d.lang != "zh"]
    chinese = [d for d in found if d.lang == "zh"]

    def words(number: int) -> str:
        picked = re.findall(r"[A-Za-z]{3,}", chance.choice(english).title)
        return " ".join(chance.sample(picked, min(number, len(picked))))

    def run(number: int) -> str:
        picked = re.findall(r"\w+", chance.choice(english).title)
        at = chance.randrange(max(1, len(picked) - number))
        return " ".join(picked[at : at + number])

    def chinese_words() -> str:
        title = chance.choice(chinese).title
        at = chance.randrange(max(1, len(title) - 4))
        return title[at : at + 4]

    two = [SearchQuery(words(2)) for _ in range(count)]
    return {
        "one word": [SearchQuery(words(1)) for _ in range(count)],
        "two words": two,
        "two words, in stock, price range": [replace(PRICED, text=words(2)) for _ in range(count)],
        "the same with all facets": [
            replace(PRICED, text=words(2), facets=FACETS, price_edges=(2500, 10_000, 50_000)) for _ in range(count)
        ],
        "four words": [SearchQuery(words(4)) for _ in range(count)],
        "a phrase": [SearchQuery(f'"{run(2)}"') for _ in range(count)],
        "Chinese, four characters": [SearchQuery(chinese_words()) for _ in range(count)],
        "typing errors": [SearchQuery(with_typos(words(2))) for _ in range(count)],
        "page 20": [replace(query, offset=190, limit=10) for query in two[: count // 2]],
        "asked before": two[-50:] * 4,
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--size", type=int, default=10_000)
    parser.add_argument("--queries", type=int, default=200)
    parser.add_argument("--data", type=Path, default=NEAR)
    given = parser.parse_args()
    if not given.data.is_dir():
        print(f"There is no data in {given.data}; nothing was measured.")
        return
    found = corpus(given.data, given.size)
    with tempfile.TemporaryDirectory() as folder:
        backend = WhooshSearchBackend(Path(folder) / "whoosh")
        backend.ensure()
        began = time.process_time()
        backend.rebuild(found)
        ours = time.process_time() - began
        began = time.process_time()
        base = fts5(Path(folder) / "fts.db", found)
        theirs = time.process_time() - began
        size = backend.health().bytes / (Path(folder) / "fts.db").stat().st_size
        print(
            f"{len(found)} documents: {len(found) / ours:.0f}/s, 1/{ours / theirs:.0f} of FTS5; {size:.2f} × its file\n"
        )
        print("| query | ours p50 / p99 | FTS5 p50 / p99 | ours ÷ FTS5 |\n| --- | --- | --- | --- |")
        for kind, queries in questions(found, given.queries).items():
            mine, yours = timed(backend.search, queries), timed(lambda query: ask_fts5(base, query), queries)
            ratio = " / ".join(f"{a / b:.2f}" for a, b in zip(mine, yours, strict=True))
            print(f"| {kind} | {mine[0]:.2f} / {mine[1]:.1f} | {yours[0]:.2f} / {yours[1]:.1f} | {ratio} |", flush=True)
        print(f"\nOne change until it is found: {changed(backend, found)}")
        print(f"With 8 searchers and a writer: {crowded(backend, found, questions(found, given.queries)['two words'])}")
        backend.close()


def changed(backend: WhooshSearchBackend, found: Sequence[Document]) -> str:
    """Wall-clock milliseconds from handing in a changed document to finding it."""
    spent = []
    for number in range(40):
        word = f"zq{chr(97 + number % 26)}{chr(97 + number // 26)}kx"
        began = time.perf_counter()
        backend.apply([Upsert(replace(found[number], title=f"{found[number].title} {word}", version=2))])
        assert backend.search(SearchQuery(word)).hits[0].id == found[number].id
        spent.append(1000 * (time.perf_counter() - began))
    spent.sort()
    return f"{spent[20]:.0f} ms p50, {spent[-1]:.0f} ms worst of 40"


def crowded(backend: WhooshSearchBackend, found: Sequence[Document], queries: Sequence[SearchQuery]) -> str:
    """Wall-clock p50 and p99 of eight threads that search while one writes."""
    stop = threading.Event()
    spent: list[float] = []

    def search(at: int) -> None:
        for query in queries[at::8]:
            began = time.perf_counter()
            backend.search(query)
            spent.append(1000 * (time.perf_counter() - began))

    def write() -> None:
        number = 0
        while not stop.is_set():
            number += 1
            backend.apply([Upsert(replace(found[number % len(found)], version=number + 10))])

    writer = threading.Thread(target=write)
    writer.start()
    readers = [threading.Thread(target=search, args=(at,)) for at in range(8)]
    for reader in readers:
        reader.start()
    for reader in readers:
        reader.join()
    stop.set()
    writer.join()
    spent.sort()
    return f"{spent[len(spent) // 2]:.1f} ms p50, {spent[len(spent) * 99 // 100]:.0f} ms p99 of {len(spent)}"


if __name__ == "__main__":
    main()
