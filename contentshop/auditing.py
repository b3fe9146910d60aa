"""The audit: every room proves its own invariants; here they are asked one after the other."""

from __future__ import annotations

import time

from flask import Flask

from contentshop.aftersale import queries as cases
from contentshop.core import jobs
from contentshop.core.db import db
from contentshop.core.errors import ContentshopError
from contentshop.ledger import queries as ledger
from contentshop.migrations import is_current
from contentshop.orders import queries as orders
from contentshop.orders.queries.money import audit_money
from contentshop.payments import credit
from contentshop.posts import queries as posts
from contentshop.products import queries as products
from contentshop.products import stock
from contentshop.promotions import queries as promotions
from contentshop.reviews import queries as reviews
from contentshop.search import actions as search
from contentshop.web.session import engines, settings

POLL = 0.2  # seconds


def audit(app: Flask, *, wait: int = 0) -> list[str]:
    """Problems in plain words, none when all is well. Waits up to ``wait`` seconds for the worker first."""
    problems: list[str] = []
    backlog = _settled(wait)
    problems += [f"outbox: {count} {name} still waiting" for name, count in backlog.items() if count]
    problems += [f"stock: {text}" for text in stock.audit(db.session)]
    problems += [f"prices: {text}" for text in products.audit_prices(db.session)]
    problems += [f"orders: {text}" for text in orders.audit(db.session)]
    problems += [f"coupons: {text}" for text in promotions.audit(db.session)]
    problems += [f"money: {text}" for text in audit_money(db.session)]
    problems += [f"ledger: {text}" for text in ledger.audit(db.session)]
    problems += [f"gift cards: {text}" for text in credit.audit(db.session)]
    problems += [f"after-sale: {text}" for text in cases.audit(db.session)]
    problems += [f"posts: {text}" for text in posts.audit(db.session)]
    problems += [f"reviews: {text}" for text in reviews.audit(db.session)]
    problems += _index_problems()
    db.session.rollback()
    return problems


def _settled(wait: int) -> dict[str, int]:
    deadline = time.monotonic() + wait
    while True:
        backlog = jobs.backlog(db.session)
        db.session.rollback()
        if not (backlog["events"] or backlog["jobs"]) or time.monotonic() >= deadline:
            return backlog
        time.sleep(POLL)


def _index_problems() -> list[str]:
    backend = engines().search
    try:
        drift = search.check(db.session, backend, now=engines().clock.now())
    except ContentshopError as error:
        return [f"index: {error.message}"]
    found = []
    for name, identities in (
        ("missing from the index", drift.missing),
        ("out of date in the index", drift.stale),
        ("in the index but not public", drift.surplus),
    ):
        if identities:
            found.append(f"index: {len(identities)} {name}: {', '.join(identities[:5])}")
    return found


def describe(app: Flask) -> list[tuple[str, str]]:
    """(port, engine and state) of this installation."""
    ports = engines()
    health = ports.search.health()
    with db.engine.connect() as connection:
        schema = "schema up to date" if is_current(connection) else "schema out of date: run “contentshop migrate”"
    backlog = jobs.backlog(db.session)
    return [
        ("database", f"{db.engine.dialect.name}, {schema}"),
        (
            "search",
            f"{type(ports.search).__name__}, {health.documents} documents, generation {health.generation}, "
            + ("well" if health.ok else f"not well: {health.reason}"),
        ),
        ("storage", f"{type(ports.storage).__name__}, {settings().media_dir}"),
        ("payment", ", ".join(ports.payment.methods)),
        ("mail", type(ports.mail).__name__),
        ("worker", f"{backlog['events']} events and {backlog['jobs']} jobs waiting, {backlog['failed']} set aside"),
    ]
