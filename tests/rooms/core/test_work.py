"""Units of work, the outbox, jobs: what is kept, what is tried again, what is set aside."""

from __future__ import annotations

import sqlite3
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError, OperationalError, StatementError
from sqlalchemy.orm import Session

from contentshop.accounts.events import UserChanged
from contentshop.accounts.models import User
from contentshop.core import jobs
from contentshop.core.clock import FixedClock
from contentshop.core.db import is_contention
from contentshop.core.errors import Unavailable
from contentshop.core.jobs import FIRST_PAUSE, KEEP_DONE, MAX_ATTEMPTS, Job
from contentshop.core.outbox import OutboxEvent, record
from contentshop.core.uow import ATTEMPTS, run_in_unit, unit_of_work
from tests.factories import Factory

REACTIONS = {"UserChanged": ("one", "two")}


@pytest.fixture
def told(session: Session, clock: FixedClock) -> Session:
    """A session with one event committed."""
    with unit_of_work(session):
        record(session, UserChanged(user="abc"), now=clock.now())
    return session


def test_an_event_lives_and_dies_with_its_transaction(session: Session, clock: FixedClock) -> None:
    def work() -> None:
        with unit_of_work(session):
            record(session, UserChanged(user="abc"), now=clock.now())
            session.flush()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        work()
    assert session.scalars(select(OutboxEvent)).all() == []


def test_each_reaction_gets_one_job(told: Session, clock: FixedClock) -> None:
    with unit_of_work(told):
        assert jobs.dispatch(told, REACTIONS, now=clock.now()) == 1
    with unit_of_work(told):
        assert jobs.dispatch(told, REACTIONS, now=clock.now()) == 0
    rows = told.execute(select(Job.reaction, Job.payload).order_by(Job.id)).all()
    assert [tuple(row) for row in rows] == [("one", {"user": "abc"}), ("two", {"user": "abc"})]
    assert jobs.backlog(told) == {"events": 0, "jobs": 2, "failed": 0}


def test_a_failing_job_is_tried_again_later_and_set_aside_in_the_end(told: Session, clock: FixedClock) -> None:
    with unit_of_work(told):
        jobs.dispatch(told, {"UserChanged": ("one",)}, now=clock.now())
    pauses = []
    for attempt in range(MAX_ATTEMPTS):
        (job,) = jobs.due(told, "one", now=clock.now(), limit=10)
        with unit_of_work(told):
            jobs.mark_failed(told, [job.id], f"reason {attempt}", now=clock.now())
        if attempt < MAX_ATTEMPTS - 1:
            assert jobs.due(told, "one", now=clock.now(), limit=10) == []
            run_at = told.scalars(select(Job.run_at)).one()
            pauses.append(run_at - clock.now())
            clock.advance(run_at - clock.now())
    assert pauses[:3] == [FIRST_PAUSE, FIRST_PAUSE * 2, FIRST_PAUSE * 4]
    assert pauses[-1] == FIRST_PAUSE * 2 ** (MAX_ATTEMPTS - 2)
    assert jobs.due(told, "one", now=clock.now() + timedelta(days=9), limit=10) == []
    assert jobs.backlog(told)["failed"] == 1
    assert [job.error for job in jobs.list_failed(told, limit=5)] == [f"reason {MAX_ATTEMPTS - 1}"]
    with unit_of_work(told):
        assert jobs.retry_failed(told, now=clock.now()) == 1
    assert len(jobs.due(told, "one", now=clock.now(), limit=10)) == 1


def test_what_is_done_is_forgotten_after_a_week(told: Session, clock: FixedClock) -> None:
    with unit_of_work(told):
        jobs.dispatch(told, REACTIONS, now=clock.now())
    one, two = told.scalars(select(Job).order_by(Job.id))
    with unit_of_work(told):
        jobs.mark_done(told, [one.id], now=clock.now())
    with unit_of_work(told):
        assert jobs.sweep(told, now=clock.now() + KEEP_DONE * 2) == 0, "a job still waits"
        jobs.mark_done(told, [two.id], now=clock.now())
    with unit_of_work(told):
        assert jobs.sweep(told, now=clock.now() + KEEP_DONE) == 0
        assert jobs.sweep(told, now=clock.now() + KEEP_DONE + timedelta(seconds=1)) == 1
    assert told.scalars(select(Job)).all() == []


def locked() -> OperationalError:
    return OperationalError("UPDATE", {}, sqlite3.OperationalError("database is locked"))


def test_a_lost_fight_for_locks_is_tried_again(session: Session, make: Factory) -> None:
    tries: list[int] = []
    user = make.user()

    def work() -> str:
        tries.append(1)
        session.execute(text("UPDATE user_account SET bio = bio || 'x' WHERE id = :id"), {"id": user.id})
        if len(tries) < ATTEMPTS:
            raise locked()
        return "done"

    assert run_in_unit(session, work, keep=lambda _result: True) == "done"
    assert len(tries) == ATTEMPTS
    assert session.scalars(select(User.bio)).one() == "x"


def test_after_three_lost_fights_nothing_has_happened_and_it_is_said(session: Session) -> None:
    def work() -> str:
        raise locked()

    with pytest.raises(Unavailable, match="Nothing was changed"):
        run_in_unit(session, work, keep=lambda _result: True)


def test_other_errors_are_not_tried_again(session: Session) -> None:
    tries: list[int] = []

    def work() -> str:
        tries.append(1)
        raise IntegrityError("INSERT", {}, sqlite3.IntegrityError("UNIQUE constraint failed"))

    with pytest.raises(IntegrityError):
        run_in_unit(session, work, keep=lambda _result: True)
    assert tries == [1]
    assert not is_contention(ValueError())


def test_a_result_that_is_not_kept_changes_nothing(session: Session, make: Factory) -> None:
    user = make.user(bio="before")

    def work() -> Any:
        session.execute(text("UPDATE user_account SET bio = 'after' WHERE id = :id"), {"id": user.id})
        return 422

    assert run_in_unit(session, work, keep=lambda status: status < 400) == 422
    assert session.scalars(select(User.bio)).one() == "before"


def test_times_without_a_zone_are_refused(session: Session, make: Factory, clock: FixedClock) -> None:
    with pytest.raises(StatementError, match="aware"):
        make.user(created_at=clock.now().replace(tzinfo=None))
