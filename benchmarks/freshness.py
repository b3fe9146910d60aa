"""How soon is found what was published, while readers search?

    python benchmarks/freshness.py [--size 100000] [--posts 60] [--readers 2] [--postgres URL]

Starts the site as the product does (two web processes, the worker) with ``--size`` products. Readers search without a
pause through the site; every half second a post with a word of its own is published, and asked for until it is found.
Prints seconds from the commit of publishing to the answer that holds it: p50, p99 and the worst.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import shop as bench
from load import Request, send

from contentshop.accounts import queries as people
from contentshop.core.db import db
from contentshop.core.uow import unit_of_work
from contentshop.posts import actions as posts
from contentshop.posts.inputs import PostInput
from contentshop.reactions import site_context
from contentshop.web.session import engines

PAUSE = 0.5  # seconds between two publications
PATIENCE = 30.0
PLAIN = {"Accept-Encoding": "identity"}


def publish(site: bench.Site, word: str) -> None:
    """Publish a post that alone holds ``word``."""
    form = PostInput.parse(kind="article", title=f"Notes on {word}", source=f"All about {word}.", summary=word)
    text = posts.prepare_text(form.source)
    with site_context(site.app):
        with unit_of_work(db.session):
            author, now = people.get_by_handle(db.session, bench.AUTHOR), engines().clock.now()
            post = posts.create_draft(db.session, form, by=author, now=now, text=text)
            posts.publish(db.session, post, by=author, now=now)
        db.session.remove()


def until_found(port: int, word: str) -> float:
    """Seconds until a search answers with the post. Raises TimeoutError."""
    began = time.perf_counter()
    while time.perf_counter() - began < PATIENCE:
        _status, _headers, body = send(port, Request(path=f"/search?q={word}&exact=1", headers=PLAIN))
        if f"Notes on <mark>{word}".encode() in body:
            return time.perf_counter() - began
        time.sleep(0.02)
    raise TimeoutError(word)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--size", type=int, default=100_000)
    parser.add_argument("--posts", type=int, default=60)
    parser.add_argument("--readers", type=int, default=2)
    parser.add_argument("--postgres", default="")
    given = parser.parse_args()
    stop = threading.Event()
    answered: list[int] = []

    def read(port: int, seed: int) -> None:
        chance = random.Random(seed)
        while not stop.is_set():
            words = "+".join(chance.sample(bench.WORDS, 2))
            answered.append(send(port, Request(path=f"/search?q={words}"))[0])

    with (
        tempfile.TemporaryDirectory() as folder,
        bench.new_site(Path(folder), given.postgres, size=given.size) as site,
        bench.product_server(site) as server,
    ):
        readers = [threading.Thread(target=read, args=(server.port, seed)) for seed in range(given.readers)]
        for reader in readers:
            reader.start()
        spent = []
        began = time.perf_counter()
        for number in range(given.posts):
            word = f"zq{chr(97 + number % 26)}{chr(97 + number // 26)}ovel"
            publish(site, word)
            spent.append(until_found(server.port, word))
            time.sleep(PAUSE)
        seconds = time.perf_counter() - began
        stop.set()
        for reader in readers:
            reader.join()
    spent.sort()
    failed = sum(status != 200 for status in answered)
    print(
        f"{given.size} products, {given.posts} posts: {spent[len(spent) // 2]:.2f} s p50, "
        f"{spent[len(spent) * 99 // 100]:.2f} s p99, {spent[-1]:.2f} s worst; "
        f"{len(answered) / seconds:.0f} searches a second beside it, {failed} failed"
    )


if __name__ == "__main__":
    main()
