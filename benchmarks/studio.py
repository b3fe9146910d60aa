#!/usr/bin/env python3
"""The studio: saving, the live preview, opening the writing page, merging, a photo, and what the page weighs.

    .venv/bin/python benchmarks/studio.py [--rounds 30]

One process, no network: a site in a temporary folder with the demo content is asked through its WSGI door. A busy
machine changes the milliseconds, so each figure stands beside the time of the published page of the same post, asked
in turn with it; the ratio is what can be compared. The preview is that page's work plus rendering.

Saving stands beside bare UPDATEs of the same words too: what the database alone needs to keep them, in one transaction
with its wait for the disk. Above that come the version check, rendering, cards, the way back and the answer.
"""

from __future__ import annotations

import argparse
import gzip
import random
import re
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

from flask.testing import FlaskClient
from PIL import Image
from sqlalchemy import create_engine

from contentshop.app import create_app
from contentshop.config import DEFAULT_SHIPPING, Settings, _shipping
from contentshop.core.db import db
from contentshop.demo.accounts import ACCOUNTS, PASSWORD
from contentshop.demo.load import load_demo
from contentshop.migrations import upgrade
from contentshop.products.queries import search_catalogue
from contentshop.reactions import site_context

STATIC = Path(__file__).parent.parent / "contentshop" / "static"
CARDS = 50
WORDS = 10_000
PHOTO = (4000, 3000)


class Writer:
    """A creator of the demo at the writing page of one post."""

    def __init__(self, client: FlaskClient, title: str, source: str) -> None:
        self.client, self.title, self.source = client, title, source
        token = self._token("/sign-in")
        mail = next(address for role, address in ACCOUNTS if role == "creator")
        client.post("/sign-in", data={"csrf_token": token, "email": mail, "password": PASSWORD})
        answer = client.post(
            "/studio/new",
            data={"csrf_token": self._token("/studio/new"), "kind": "article", "title": title, "lang": "en"},
        )
        self.key = str(answer.location).rpartition("/")[2]
        self.count = 0
        self.send("")
        self.send("/publish")
        found = re.search(r'href="(/p/[^"]+)"', client.get(f"/studio/{self.key}").text)
        if found is None:
            raise SystemExit("the post was not published")
        self.live = found[1]

    def _token(self, page: str) -> str:
        found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', self.client.get(page, follow_redirects=True).text)
        return found[1] if found else ""

    def form(self) -> dict[str, str]:
        """The fields of the page as it is now, with other words each time."""
        page = self.client.get(f"/studio/{self.key}").text
        version = re.search(r'name="version" value="(\d+)"', page)
        token = re.search(r'name="csrf_token" value="([^"]+)"', page)
        self.count += 1
        return {
            "csrf_token": token[1] if token else "",
            "version": version[1] if version else "",
            "title": self.title,
            "summary": "What it is about.",
            "source": f"{self.source}Words {self.count}.\n",
            "lang": "en",
            "relation": "affiliate",
        }

    def send(self, path: str) -> float:
        """Post the form to ``path`` below the post; seconds."""
        form = self.form()
        start = time.perf_counter()
        answer = self.client.post(f"/studio/{self.key}{path}", data=form, headers={"Accept": "application/json"})
        taken = time.perf_counter() - start
        if answer.status_code >= 400:
            raise SystemExit(f"{path}: {answer.status_code} {answer.text[:300]}")
        return taken

    def diverge(self) -> str:
        """Save in two windows that began with the same words; the address of the page that merges them."""
        first, second = self.form(), self.form()
        lines = self.source.split("\n\n")
        for number, form in enumerate((first, second)):
            own = [f"{line} Said by {number}." if place % 7 == 3 * number else line for place, line in enumerate(lines)]
            form["source"] = "\n\n".join([*own, f"Last words of {number}."])
        headers = {"Accept": "application/json"}
        self.client.post(f"/studio/{self.key}/autosave", data=first, headers=headers)
        answer = self.client.post(f"/studio/{self.key}/autosave", data={**second, "window": "other"}, headers=headers)
        if answer.status_code != 409 or answer.json is None:
            raise SystemExit(f"diverge: {answer.status_code} {answer.text[:300]}")
        return str(answer.json["merge_url"])

    def open(self, path: str) -> float:
        """Seconds for a page."""
        start = time.perf_counter()
        answer = self.client.get(path)
        taken = time.perf_counter() - start
        if answer.status_code != 200:
            raise SystemExit(f"{path}: {answer.status_code}")
        return taken

    def photo(self, data: bytes) -> float:
        """Seconds to store a photo."""
        form = {"csrf_token": self.form()["csrf_token"], "file": (BytesIO(data), "photo.jpg"), "alt": "A photo"}
        start = time.perf_counter()
        answer = self.client.post("/studio/media", data=form, headers={"Accept": "application/json"})
        taken = time.perf_counter() - start
        if answer.status_code != 201:
            raise SystemExit(f"photo: {answer.status_code} {answer.text[:300]}")
        return taken


class Bare:
    """The same words written by the database alone, with the site's promises about the disk."""

    def __init__(self, path: Path, writer: Writer) -> None:
        self.base = sqlite3.connect(path, isolation_level=None)
        self.base.execute("PRAGMA synchronous=FULL")
        self.source = writer.source
        found = self.base.execute("SELECT id, draft_id FROM post WHERE key = ?", (writer.key,)).fetchone()
        self.post, self.revision = found
        self.count = 0

    def update(self) -> float:
        """Seconds."""
        self.count += 1
        start = time.perf_counter()
        self.base.execute("BEGIN IMMEDIATE")
        self.base.execute("UPDATE post SET updated_at = updated_at WHERE id = ?", (self.post,))
        self.base.execute(
            "UPDATE revision SET source = ? WHERE id = ?", (f"{self.source}Bare {self.count}.\n", self.revision)
        )
        self.base.execute("COMMIT")
        return time.perf_counter() - start


def cards_of(slugs: list[str]) -> str:
    """A text with CARDS cards."""
    return "".join(
        f"## Part {number}\n\nSome words about it, and **more** of them in a second clause.\n\n"
        f'::card[{slugs[number % len(slugs)]}]{{note="Number {number}"}}\n\n'
        for number in range(CARDS)
    )


def prose() -> str:
    """WORDS words in paragraphs of a hundred, with a heading every tenth."""
    chance = random.Random(7)
    said = re.findall(r"\w+", "the lamp stood warm and quiet over a desk while rain fell on the roof of a house")
    blocks = []
    for number in range(WORDS // 100):
        if number % 10 == 0:
            blocks.append(f"## Part {number // 10 + 1}")
        blocks.append(" ".join(chance.choice(said) for _word in range(100)).capitalize() + ".")
    return "\n\n".join(blocks) + "\n\n"


def photo(number: int) -> bytes:
    """A photo-like JPEG of 12 megapixels; ``number`` makes it another one."""
    noise = Image.effect_noise((500, 375), 40 + number).resize(PHOTO).convert("RGB")
    out = BytesIO()
    noise.save(out, "JPEG", quality=88)
    return out.getvalue()


def weigh(client: FlaskClient, writer: Writer) -> list[tuple[str, int]]:
    """(part, bytes compressed) of the writing page, without pictures."""
    page = client.get(f"/studio/{writer.key}").text

    def packed(data: bytes) -> int:
        return len(gzip.compress(data, 9, mtime=0))

    loaded = set(re.findall(r'(?:src|href)="/static/((?:js|css)/[^"?]+)', page))
    mirror = re.findall(r"/static/(vendor/[^\"?]+)", page)
    size = {name: packed((STATIC / name).read_bytes()) for name in {*loaded, *mirror}}
    return [
        (f"HTML ({CARDS} cards)", packed(page.encode())),
        ("styles", sum(bytes_ for name, bytes_ in size.items() if name.startswith("css/"))),
        ("scripts of ours", sum(bytes_ for name, bytes_ in size.items() if name.startswith("js/"))),
        ("EasyMDE, with a mouse only", sum(bytes_ for name, bytes_ in size.items() if "easymde" in name)),
        ("SortableJS, with two items only", sum(bytes_ for name, bytes_ in size.items() if "sortable" in name)),
    ]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=30)
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        settings = Settings(
            secret_key="a secret for measuring only",
            data_dir=folder / "data",
            media_dir=folder / "media",
            database_url=f"sqlite:///{folder / 'shop.db'}",
            site_url="http://localhost",
            shipping=_shipping(DEFAULT_SHIPPING, []),
            password_cost="cheap",
            rate_limits=False,
            log_level="ERROR",
        )
        engine = create_engine(settings.database_url)
        with engine.begin() as connection:
            upgrade(connection)
        engine.dispose()
        app = create_app(settings)
        with site_context(app):
            load_demo(app, say=lambda _line: None)
            slugs = [found.slug for found in search_catalogue(db.session, "", CARDS)]
        measure(app.test_client(), folder / "shop.db", slugs, rounds)


def measure(client: FlaskClient, path: Path, slugs: list[str], rounds: int) -> None:
    """Ask in turn, so that whatever else the machine does falls on all alike."""
    writer = Writer(client, "Fifty", cards_of(slugs))
    long = Writer(client, "Ten thousand", prose())
    merging = Writer(client, "Two windows", prose())
    merge_url = merging.diverge()
    bare, bare_long = Bare(path, writer), Bare(path, long)
    tasks: dict[str, Callable[[], float]] = {
        "published page": lambda: writer.open(writer.live),
        "live preview": lambda: writer.send("/live-preview"),
        "autosave": lambda: writer.send("/autosave"),
        "save": lambda: writer.send(""),
        "open the writing page": lambda: writer.open(f"/studio/{writer.key}"),
        "bare UPDATE of these words": bare.update,
        f"autosave of {WORDS:,} words": lambda: long.send("/autosave"),
        f"save of {WORDS:,} words": lambda: long.send(""),
        f"bare UPDATE of {WORDS:,} words": bare_long.update,
        f"merge page of {WORDS:,} words": lambda: merging.open(merge_url),
    }
    taken: dict[str, list[float]] = {name: [] for name in tasks}
    for _round in range(rounds):
        for name, task in tasks.items():
            taken[name].append(task())
    taken["photo of 12 megapixels"] = [writer.photo(photo(number)) for number in range(3)]
    base = statistics.median(taken["published page"])
    updates = {
        "autosave": "bare UPDATE of these words",
        "save": "bare UPDATE of these words",
        f"autosave of {WORDS:,} words": f"bare UPDATE of {WORDS:,} words",
        f"save of {WORDS:,} words": f"bare UPDATE of {WORDS:,} words",
    }
    print(f"| {CARDS} cards, median of {rounds} | ms | times the published page | times the bare UPDATE |")
    print("| --- | ---: | ---: | ---: |")
    for name, times in taken.items():
        middle = statistics.median(times)
        beside = f"{middle / statistics.median(taken[updates[name]]):.0f}" if name in updates else ""
        print(f"| {name} | {middle * 1000:.1f} | {middle / base:.2f} | {beside} |")
    print("\n| writing page, compressed | KB |\n| --- | ---: |")
    for part, size in weigh(client, writer):
        print(f"| {part} | {size / 1000:.1f} |")


if __name__ == "__main__":
    main()
