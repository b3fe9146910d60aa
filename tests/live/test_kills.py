"""Kill -9 at any moment loses nothing that was acknowledged."""

from __future__ import annotations

import os
import random
import signal
import threading
import time
from collections import Counter
from dataclasses import dataclass, field

import pytest
import requests
from sqlalchemy import select

from contentshop.accounts.models import User
from contentshop.core.db import db
from contentshop.orders.models import Order, OrderEvent, OrderLine
from contentshop.posts.models import Post
from tests.live.site import Browser, LiveSite

pytestmark = [pytest.mark.live, pytest.mark.timeout(1500)]

KILLS = 50
SEED = 20261122
VICTIMS = ("web", "web", "worker", "worker", "server")


@dataclass
class Journal:
    """What the site has acknowledged: words of published posts, and pages of orders."""

    published: list[str] = field(default_factory=list)
    orders: list[str] = field(default_factory=list)
    clicks: int = 0
    refused: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)


def word_of(number: int) -> str:
    """A word that nobody else writes."""
    letters = "bcdfghklmnprstvz"
    return "qu" + "".join(letters[(number >> shift) & 15] for shift in (12, 8, 4, 0)) + "ix"


def write_on(site: LiveSite, author: User, journal: Journal, stop: threading.Event) -> None:
    """Publish one post after the other; note each one whose publication was answered."""
    browser: Browser | None = None
    number = 0
    while not stop.is_set():
        number += 1
        word = word_of(number)
        try:
            if browser is None:
                fresh = Browser(site.url, patience=10)
                fresh.sign_in(author.email)
                browser = fresh
            begun = {"kind": "article", "title": f"Notes on {word}", "lang": "en"}
            answer = browser.post("/studio/new", browser.form("/studio/new") | begun)
            if answer.status_code != 303:
                continue
            place = answer.headers["Location"]
            form = browser.form(place) | {
                "title": f"Notes on {word}",
                "source": f"All about {word}.\n\n::card[steady]\n",
                "lang": "en",
                "relation": "affiliate",
            }
            saved = browser.post(f"{place}/publish", form)
            if saved.status_code == 303:
                with journal.lock:
                    journal.published.append(word)
        except (requests.RequestException, AssertionError, KeyError):
            browser = None
            with journal.lock:
                journal.refused += 1
            time.sleep(0.1)


def buy_on(site: LiveSite, journal: Journal, stop: threading.Event) -> None:
    """Order one thing after the other; note each order page that was answered."""
    while not stop.is_set():
        try:
            browser = Browser(site.url, patience=10)
            if browser.add(product="steady").status_code != 303:
                continue
            answer = browser.checkout()
            if answer.status_code == 303:
                with journal.lock:
                    journal.orders.append(answer.headers["Location"])
        except (requests.RequestException, AssertionError, KeyError):
            with journal.lock:
                journal.refused += 1
            time.sleep(0.1)


def test_fifty_kills_lose_nothing(site: LiveSite) -> None:
    chance = random.Random(SEED)
    author = site.make.user("creator")
    site.make.product("steady", own={"USD": 1999}, stock=100_000)
    journal = Journal()
    stop = threading.Event()
    load = [
        threading.Thread(target=write_on, args=(site, author, journal, stop)),
        threading.Thread(target=buy_on, args=(site, journal, stop)),
    ]
    for thread in load:
        thread.start()
    back: list[float] = []
    killed: Counter[str] = Counter()
    try:
        while sum(killed.values()) < KILLS:
            time.sleep(chance.uniform(0.05, 1.2))
            kind = chance.choice(VICTIMS)
            victims = site.processes(kind)
            if victims:
                os.kill(chance.choice(victims), signal.SIGKILL)
                killed[kind] += 1
            back.append(site.wait_ready())
        # A slow machine gets little done between the kills; there must be something to look at.
        patience = time.monotonic() + 60
        while (len(journal.orders) < 20 or len(journal.published) < 10) and time.monotonic() < patience:
            time.sleep(0.2)
    finally:
        stop.set()
        for thread in load:
            thread.join(60)
    back.sort()
    print(
        f"\nkills {dict(killed)}, published {len(journal.published)}, orders {len(journal.orders)}, "
        f"not answered {journal.refused}, back after {back[len(back) // 2]:.2f} s (median), {back[-1]:.2f} s (worst)"
    )
    assert set(killed) == set(VICTIMS)
    assert len(journal.published) >= 10
    assert len(journal.orders) >= 20

    # The first answer after a kill may come from a process whose parent is gone and that ends a moment later.
    site.wait_whole()
    deadline = time.monotonic() + 30
    missing = list(journal.published)
    browser = Browser(site.url)
    while missing and time.monotonic() < deadline:
        missing = [word for word in missing if f"notes-on-{word}" not in browser.get(f"/search?q={word}").text]
    assert missing == [], "published, acknowledged, and not found within 30 s"
    for place in journal.orders:
        page = browser.get(place)
        assert page.status_code == 200, place
    done = site.command("audit", "--wait", "30")
    assert done.returncode == 0, done.stdout + done.stderr
    assert back[len(back) // 2] < 5.0
    with site.app.app_context():
        whole = db.session.execute(
            select(Order.id).where(
                ~select(OrderLine.id).where(OrderLine.order_id == Order.id).exists()
                | ~select(OrderEvent.id).where(OrderEvent.order_id == Order.id).exists()
            )
        ).all()
        stored = set(db.session.scalars(select(Post.slug).where(Post.state == "published")))
        db.session.remove()
    assert whole == []
    assert {f"notes-on-{word}" for word in journal.published} <= stored
