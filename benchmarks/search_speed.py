"""How fast is search? The embedded engine beside SQLite FTS5 and tantivy in the same run, by processor time.

    python benchmarks/search_speed.py [--size 10000] [--queries 200] [--data FOLDER]

Two thirds English products, one third Chinese titles, from the data that ``relevance.py`` uses, repeated with varied
bodies up to ``--size``. The others get the same terms and count and fetch the first ten (see ``beside.py``). Queries
are made of words of the titles (seeded). Prints a Markdown table: milliseconds p50 and p99 and their ratio to FTS5.
"""

from __future__ import annotations

import argparse
import random
import re
import resource
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from beside import Beside, Fts5, Tantivy
from relevance import NEAR, documents, measures, with_typos
from sqlalchemy import create_engine, insert
from sqlalchemy.orm import Session

from contentshop.core.db import Base, prepare_engine, refresh_statistics
from contentshop.products.models import Product
from contentshop.search.backends.whoosh import WhooshSearchBackend
from contentshop.search.port import FACETS, Document, SearchQuery, Upsert
from contentshop.search.suggestions import keep, suggest

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
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        before = memory()
        backend = WhooshSearchBackend(folder / "whoosh")
        backend.ensure()
        ours = spent(lambda: backend.rebuild(found))
        print(f"{len(found)} documents; ours {len(found) / ours:.0f}/s, {backend.health().bytes / 1e6:.1f} MB")
        others = list(beside(folder, found, ours, backend.health().bytes))
        print("\n| query | ours p50 / p99 |" + "".join(f" {o.name} p50 / p99 | ours ÷ |" for o in others))
        print("| --- | --- |" + " --- | --- |" * len(others))
        asked = questions(found, given.queries)
        for kind, queries in asked.items():
            mine = timed(backend.search, queries)
            cells = [kind, f"{mine[0]:.2f} / {mine[1]:.1f}"]
            for other in others:
                theirs = timed(other.search, queries)
                cells.append(f"{theirs[0]:.2f} / {theirs[1]:.1f}")
                cells.append(" / ".join(f"{a / b:.2f}" for a, b in zip(mine, theirs, strict=True)))
            print("| " + " | ".join(cells) + " |", flush=True)
        print(f"\nSuggestions: {suggested(folder / 'keys.db', found, given.queries)}")
        print(f"One change until it is found: {changed(backend, found)}")
        print(f"With 8 searchers and a writer: {crowded(backend, found, asked['two words'])}")
        print(f"Memory: {memory() - before:.0f} MB more than before the index was made, all that is beside it included")
        backend.close()


def spent(work: Callable[[], object]) -> float:
    """Seconds of this process's processor time."""
    began = time.process_time()
    work()
    return time.process_time() - began


def memory() -> float:
    """The most megabytes that this process has held."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def beside(folder: Path, found: Sequence[Document], ours: float, size: int) -> Iterator[Beside]:
    """The other engines, built from the same documents; prints how ours compares in building and size."""
    makers: list[Callable[[], Beside]] = [
        lambda: Fts5(folder / "fts.db", found, analysed=True),
        lambda: Tantivy(folder / "tantivy", found, analysed=True),
    ]
    for make in makers:
        began = time.process_time()
        try:
            other = make()
        except ImportError:
            print("tantivy is not installed; measured without it")
            continue
        theirs = time.process_time() - began
        print(f"{other.name}: built {ours / theirs:.1f} times as fast; ours is {size / other.size():.2f} × its size")
        yield other


def suggested(path: Path, found: Sequence[Document], count: int) -> str:
    """Milliseconds of processor time for a suggestion from the first letters of titles' words."""
    engine = create_engine(f"sqlite:///{path}")
    prepare_engine(engine)
    Base.metadata.create_all(engine)
    chance = random.Random(3)
    with Session(engine) as session:
        moment = datetime(2026, 11, 1, tzinfo=UTC)
        rows = [
            {
                "key": str(n),
                "slug": f"p-{n}",
                "title": d.title,
                "status": "active",
                "created_at": moment,
                "updated_at": moment,
            }
            for n, d in enumerate(found)
        ]
        session.execute(insert(Product), rows)
        for start in range(0, len(found), 1000):
            keep(session, found[start : start + 1000])
        refresh_statistics(session.connection())  # as the worker does
        session.commit()
    engine.dispose()
    with Session(engine) as session:
        spent = []
        for _ in range(count * 5):
            word = chance.choice(re.findall(r"\w{3,}", chance.choice(found).title) or ["phone"])
            typed = word[: chance.randrange(2, len(word) + 1)]
            began = time.thread_time()
            suggest(session, typed)
            spent.append(1000 * (time.thread_time() - began))
    spent.sort()
    return f"{spent[len(spent) // 2]:.2f} ms p50, {spent[len(spent) * 99 // 100]:.1f} ms p99"


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
