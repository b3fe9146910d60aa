"""The worker: what it does in a round, and what it survives."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from contentshop import worker
from contentshop.accounts import actions as accounts
from contentshop.core.clock import FixedClock
from contentshop.core.errors import Unavailable
from contentshop.core.jobs import Job, backlog
from contentshop.core.outbox import Event
from contentshop.core.uow import unit_of_work
from contentshop.reactions import ON_EVENT, REACTIONS
from contentshop.search import actions as search_actions
from contentshop.search.port import Health, Operation
from tests.factories import Factory
from tests.fakes import MemorySearchBackend


def every_event() -> set[str]:
    """Names of all events that rooms can record."""
    import contentshop.accounts.events
    import contentshop.curation.events
    import contentshop.orders.events
    import contentshop.posts.events
    import contentshop.products.events  # noqa: F401

    return {kind.__name__ for kind in Event.__subclasses__()}


def test_the_table_of_reactions_is_whole() -> None:
    named = {name for names in ON_EVENT.values() for name in names}
    assert named == set(REACTIONS)
    assert set(ON_EVENT) <= every_event()
    assert every_event() == set(ON_EVENT)


def test_what_is_published_is_found_and_what_is_taken_back_is_gone(
    app: Flask, make: Factory, search: MemorySearchBackend, session: Session, clock: FixedClock
) -> None:
    from contentshop.core.uow import unit_of_work
    from contentshop.posts import actions as posts
    from contentshop.posts.models import Post

    author = make.user("creator", handle="ada")
    product = make.product("lamp", own={"USD": 1999}, stock=3, title="Desk lamp")
    post = make.post(author, title="Light for reading", source="On lamps.\n\n::card[lamp]\n")
    make.post(author, title="Not yet", published=False)
    worker.settle(app)
    assert set(search.documents) == {f"post:{post.key}", f"creator:{author.key}", f"product:{product.key}"}
    assert search.documents[f"product:{product.key}"].popularity == 1
    document = search.documents[f"post:{post.key}"]
    assert document.cards == ("Desk lamp",)
    assert document.price_minor == {"USD": 1999}
    assert document.in_stock
    with unit_of_work(session):
        stored = session.scalars(select(Post).where(Post.key == post.key)).one()
        posts.unpublish(session, stored, by=stored.author, now=clock.now())
    worker.settle(app)
    assert set(search.documents) == {f"product:{product.key}"}
    assert search.documents[f"product:{product.key}"].popularity == 0


def test_selling_out_reaches_the_index(
    app: Flask, make: Factory, search: MemorySearchBackend, session: Session, clock: FixedClock
) -> None:
    from contentshop.core.uow import unit_of_work
    from contentshop.products import stock

    product = make.product("lamp", own={"USD": 1999}, stock=2)
    variant = make.variant_of(product)
    with app.app_context():
        from contentshop.core.db import db

        search_actions.rebuild(db.session, search, now=clock.now())
    assert search.documents[f"product:{product.key}"].in_stock
    with unit_of_work(session):
        stock.reserve(session, "order-1", {variant.id: 2}, expires_at=None, now=clock.now())
    worker.settle(app)
    assert not search.documents[f"product:{product.key}"].in_stock
    with unit_of_work(session):
        stock.release(session, "order-1", now=clock.now())
    worker.settle(app)
    assert search.documents[f"product:{product.key}"].in_stock


class Away(MemorySearchBackend):
    """An engine that cannot be reached until it is back."""

    back = False

    def apply(self, operations: Any) -> None:
        if not self.back:
            raise Unavailable("the engine is away")
        super().apply(operations)


class TestWhileTheEngineIsAway:
    @pytest.fixture
    def search(self) -> Away:
        return Away()

    def test_jobs_wait_and_nothing_is_lost(
        self, app: Flask, make: Factory, search: Away, session: Session, clock: FixedClock
    ) -> None:
        post = make.post()
        worker.settle(app, rounds=5)
        assert search.documents == {}
        errors = set(session.scalars(select(Job.error).where(Job.done_at.is_(None), Job.attempts > 0)))
        assert errors == {"Unavailable: the engine is away"}
        search.back = True
        session.rollback()
        clock.advance(timedelta(seconds=3))
        worker.settle(app)
        assert f"post:{post.key}" in search.documents
        assert backlog(session) == {"events": 0, "jobs": 0, "failed": 0}


def test_a_worker_killed_after_its_effect_repeats_it_without_harm(
    app: Flask, make: Factory, search: MemorySearchBackend, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        pass

    applied: list[int] = []
    apply = search.apply

    def apply_and_die(operations: list[Operation]) -> None:
        apply(operations)
        applied.append(len(operations))
        if len(applied) == 1:
            raise Killed

    monkeypatch.setattr(search, "apply", apply_and_die)
    post = make.post()
    with pytest.raises(Killed):
        worker.settle(app)
    assert backlog(session)["jobs"] > 0
    session.rollback()
    worker.settle(app)
    assert f"post:{post.key}" in search.documents
    assert backlog(session) == {"events": 0, "jobs": 0, "failed": 0}


def test_check_and_repair_find_every_kind_of_difference(
    app: Flask, make: Factory, search: MemorySearchBackend, clock: FixedClock
) -> None:
    from dataclasses import replace

    from contentshop.core.db import db

    author = make.user("creator")
    missing, stale = make.post(author), make.post(author)
    with app.app_context():
        assert search_actions.rebuild(db.session, search, now=clock.now()) == 3
        assert not search_actions.check(db.session, search, now=clock.now())
        surplus = replace(search.documents.pop(f"post:{missing.key}"), id="post:gone")
        search.documents["post:gone"] = surplus
        search.documents[f"post:{stale.key}"] = replace(search.documents[f"post:{stale.key}"], version=1)
        drift = search_actions.check(db.session, search, now=clock.now())
        assert (drift.missing, drift.stale, drift.surplus) == (
            (f"post:{missing.key}",),
            (f"post:{stale.key}",),
            ("post:gone",),
        )
        search_actions.repair(db.session, search, now=clock.now())
        assert not search_actions.check(db.session, search, now=clock.now())
        db.session.remove()


def test_an_author_stays_one_whatever_their_role_is_now(
    app: Flask, make: Factory, search: MemorySearchBackend, clock: FixedClock
) -> None:
    from contentshop.core.db import db

    author = make.user("creator", handle="helps")
    make.post(author)
    make.user("creator", handle="has-not-written")
    with app.app_context(), unit_of_work(db.session):
        accounts.set_role(db.session, db.session.merge(author), "support", now=clock.now())
    worker.settle(app)
    with app.app_context():
        assert [one.tags for one in search.documents.values() if one.kind == "creator"] == [("helps",)]
        assert not search_actions.check(db.session, search, now=clock.now())
        assert search_actions.rebuild(db.session, search, now=clock.now()) == 2
        db.session.remove()


def test_only_one_worker_at_a_time(tmp_path: Path) -> None:
    import fcntl
    import os

    with worker.only_one(tmp_path):
        handle = os.open(tmp_path / "worker.lock", os.O_RDWR)
        with pytest.raises(BlockingIOError):
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    os.close(handle)


def test_unpaid_orders_expire_in_a_round(app: Flask, make: Factory, clock: FixedClock, session: Session) -> None:
    from contentshop.orders.models import Order
    from contentshop.products.models import Stock
    from tests.web.buyer import buy

    assert buy(app.test_client(), make.product("lamp", own={"USD": 1999}, stock=2)).status_code == 303
    assert session.scalars(select(Stock.reserved)).one() == 1
    session.rollback()
    clock.advance(timedelta(hours=72, seconds=-1))
    worker.settle(app)
    assert session.scalars(select(Order.state)).one() == "placed"
    session.rollback()
    clock.advance(timedelta(seconds=1))
    worker.settle(app)
    assert session.scalars(select(Order.state)).one() == "cancelled"
    assert session.scalars(select(Stock.reserved)).one() == 0


class Fussy(MemorySearchBackend):
    """An engine that cannot take one document, and one that can be damaged."""

    poison = ""
    damaged = False
    away = False

    def apply(self, operations: Any) -> None:
        if any(
            getattr(operation, "document", None) and operation.document.id == self.poison for operation in operations
        ):
            raise ValueError("cannot take this")
        super().apply(operations)

    def ensure(self) -> bool:
        return self.damaged

    def rebuild(self, documents: Any) -> int:
        if self.away:
            raise Unavailable("nobody there")
        self.damaged = False
        return super().rebuild(documents)

    def health(self) -> Health:
        return Health(ok=not self.damaged, documents=len(self.documents), generation=1, bytes=0)


class TestWithAFussyEngine:
    @pytest.fixture
    def search(self) -> Fussy:
        return Fussy()

    def test_one_bad_job_does_not_keep_back_the_others(
        self, app: Flask, make: Factory, search: Fussy, session: Session
    ) -> None:
        posts = [make.post() for _number in range(3)]
        search.poison = f"post:{posts[1].key}"
        worker.settle(app, rounds=3)
        found = {identity for identity in search.documents if identity.startswith("post:")}
        assert found == {f"post:{posts[0].key}", f"post:{posts[2].key}"}
        errors = session.execute(select(Job.payload, Job.error).where(Job.done_at.is_(None))).all()
        assert [tuple(row) for row in errors] == [({"post": posts[1].key}, "ValueError: cannot take this")]

    def test_an_index_damaged_while_running_is_built_anew(self, app: Flask, make: Factory, search: Fussy) -> None:
        post = make.post()
        worker.settle(app)
        search.documents.clear()
        search.damaged = True
        worker.Worker(app).round()
        assert f"post:{post.key}" in search.documents
        assert not search.damaged

    def test_a_rebuild_that_fails_is_owed(
        self, app: Flask, make: Factory, search: Fussy, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """An engine goes away between being found empty and being filled."""
        monkeypatch.setattr(worker, "INDEX_EVERY", 0.0)  # do not wait for the next look
        posts = [make.post() for _number in range(2)]
        worker.settle(app)
        search.documents.clear()
        search.damaged, search.away = True, True
        working = worker.Worker(app)
        with pytest.raises(Unavailable):
            working.round()
        search.damaged, search.away = False, False  # started empty, and looks sound
        working.round()
        assert {f"post:{post.key}" for post in posts} <= set(search.documents)


def test_texts_of_an_older_release_are_made_anew(
    app: Flask, make: Factory, search: MemorySearchBackend, session: Session
) -> None:
    from sqlalchemy import update

    from contentshop.core.text import RENDERER_VERSION
    from contentshop.core.uow import unit_of_work
    from contentshop.posts.models import Revision

    for number in range(worker.TEXTS_AT_ONCE + 2):
        make.post(title=f"Guide {number}", source="New words.")
    with unit_of_work(session):
        session.execute(update(Revision).values(renderer_version=1, segments=[["html", "<p>Old.</p>"]], text="Old."))

    worker.settle(app)

    session.expire_all()
    found = session.execute(select(Revision.renderer_version, Revision.segments)).all()
    assert [tuple(row) for row in found] == [(RENDERER_VERSION, [["html", "<p>New words.</p>"]])] * 7
    bodies = {document.body for key, document in search.documents.items() if key.startswith("post:")}
    assert bodies == {"What to buy and why.\nNew words."}
