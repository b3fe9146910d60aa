"""What a changed document costs while 100, 1,000 and 10,000 searches are saved.

    python benchmarks/percolation.py [--corpus FILE] [--searches 100,1000,10000] [--postgres URL]

Saves searches made of two or three neighbouring words of real product titles (half with a price limit) through the
room's own actions, then holds documents against them: under their own terms, as the worker does, and against every
saved search in memory, for comparison. Prints milliseconds a document (median of batches of 50), candidates a document,
and ratios; a ratio says more than a time on another machine.
"""

from __future__ import annotations

import argparse
import gzip
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from random import Random

sys.path.insert(0, str(Path(__file__).parent.parent))

from sqlalchemy import create_engine, select
from sqlalchemy.orm import Session

from contentshop.accounts.models import User
from contentshop.core.clock import SystemClock
from contentshop.core.db import prepare_engine
from contentshop.core.errors import Invalid
from contentshop.core.ids import new_key
from contentshop.core.uow import unit_of_work
from contentshop.migrations import migrate
from contentshop.search.port import Document
from contentshop.watching import actions, queries
from contentshop.watching.inputs import MOST, Telling, Wanted
from contentshop.watching.matching import Analysed, analysed, anchors_in, lapse_of
from contentshop.watching.models import SavedSearch

CORPUS = Path(__file__).parent.parent.parent / "shared" / "data" / "search" / "corpus" / "chorus-en.jsonl.gz"
BATCH = 50  # documents the worker looks at together
BATCHES = 6


def read(corpus: Path) -> list[Document]:
    """The corpus as product documents with invented prices."""
    dice = Random(1)
    with gzip.open(corpus, "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    return [
        Document(
            id=f"product:{number}",
            kind="product",
            version=1,
            title=row["title"],
            brand=row["brand"],
            body=f"{row['body']}\n{row['attrs']}",
            price_minor={"USD": row["price"] or dice.randint(500, 90000)},
            in_stock=dice.random() < 0.5,
        )
        for number, row in enumerate(rows)
    ]


def save(session: Session, documents: Sequence[Document], count: int, dice: Random) -> float:
    """Save ``count`` more searches; seconds for each."""
    telling, now = Telling.parse({"in_app": "1"}), SystemClock().now()
    started = time.perf_counter()
    left = count
    while left:
        with unit_of_work(session):
            key = new_key()
            user = User(
                key=key,
                handle=key,
                name=key,
                email=f"{key}@example.org",
                password_hash="",
                role="reader",
                created_at=now,
            )
            session.add(user)
            session.flush()
            for _ in range(min(MOST, left)):
                actions.save(session, wanted(documents, dice), telling, by=user, name="n", now=now)
                left -= 1
    return (time.perf_counter() - started) / count


def wanted(documents: Sequence[Document], dice: Random) -> Wanted:
    """Two or three words of a title that stand together, mostly its first ones; half of them up to a price."""
    while True:
        words = dice.choice(documents).title.replace('"', " ").split()
        length, start = dice.choice([2, 2, 3]), dice.choice([0, 0, 1, 2])
        text = " ".join(words[start : start + length])
        form = {"q": text.lstrip("-"), "to": str(dice.randint(10, 500)) if dice.random() < 0.5 else ""}
        try:
            return Wanted.parse(form, currencies=("USD",), topics=(), currency="USD")
        except Invalid:  # signs only make no search
            continue


def by_terms(session: Session, batch: Sequence[Analysed]) -> tuple[int, int]:
    """(candidates, matches) of a batch, as the worker finds them."""
    watches = queries.list_watches(session, batch)
    session.rollback()
    candidates = fits = 0
    for one in batch:
        met = {watch.id: watch for anchor in anchors_in(one) for watch in watches.get(anchor, ())}
        candidates += len(met)
        fits += sum(not lapse_of(watch.wanted, one) for watch in met.values())
    return candidates, fits


def one_by_one(everything: Sequence[Wanted], batch: Sequence[Analysed]) -> int:
    """Matches of a batch when each document is held against each search."""
    return sum(not lapse_of(each, one) for one in batch for each in everything)


def timed(samples: Sequence[float]) -> float:
    return statistics.median(samples) * 1000 / BATCH


def main(given: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpus", type=Path, default=CORPUS)
    parser.add_argument("--searches", default="100,1000,10000")
    parser.add_argument("--postgres", default="", help="an empty database instead of SQLite")
    arguments = parser.parse_args(given)
    documents = read(arguments.corpus)
    dice = Random(2026)
    sample = [dice.sample(documents, BATCH) for _ in range(BATCHES)]
    started = time.perf_counter()
    batches = [[analysed(document) for document in batch] for batch in sample]
    analysing = (time.perf_counter() - started) * 1000 / (BATCH * BATCHES)
    print(f"analysing a document: {analysing:.2f} ms, whatever is saved")
    print("| searches | ms a document | candidates a document | matches a document | all in memory, ms | to save, ms |")
    print("| ---: | ---: | ---: | ---: | ---: | ---: |")
    times: list[float] = []
    with tempfile.TemporaryDirectory() as folder:
        engine = create_engine(arguments.postgres or f"sqlite:///{folder}/percolation.db")
        prepare_engine(engine)
        migrate(engine)
        with Session(engine, expire_on_commit=False) as session:
            saved = 0
            for count in map(int, arguments.searches.split(",")):
                saving = save(session, documents, count - saved, dice) * 1000
                saved = count
                everything = [queries.wanted_of(search) for search in session.scalars(select(SavedSearch))]
                session.expunge_all()
                one_by_one(everything, batches[0][:2])  # the words of every search are understood once
                samples, naive, candidates, fits = [], [], 0, 0
                for batch in batches:
                    started = time.perf_counter()
                    met, matched = by_terms(session, batch)
                    samples.append(time.perf_counter() - started)
                    candidates, fits = candidates + met, fits + matched
                    started = time.perf_counter()
                    expected = one_by_one(everything, batch)
                    naive.append(time.perf_counter() - started)
                    assert matched == expected, "percolation misses or invents matches"
                each = len(batches) * BATCH
                times.append(timed(samples))
                print(
                    f"| {count:,} | {times[-1]:.2f} | {candidates / each:.1f} | {fits / each:.1f} "
                    f"| {timed(naive):.2f} | {saving:.1f} |"
                )
        engine.dispose()
    print(
        f"from the fewest searches to the most, a document costs {times[-1] / times[0]:.1f} times as much "
        f"({(times[-1] + analysing) / (times[0] + analysing):.1f} times with its analysis)"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
