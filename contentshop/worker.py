"""The worker: does what was put off. One runs for a site; a second one waits for its turn.

Each round: expire reservations and carry out plans by the clock, put spooled clicks and searches into the database,
turn new events into jobs, run the jobs that are due. Killing it at any moment loses nothing: a job is marked done only
after its effect, and every effect may be repeated.
"""

from __future__ import annotations

import fcntl
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import structlog
from flask import Flask

from contentshop.affiliate import spool
from contentshop.aftersale import actions as cases
from contentshop.aftersale import queries as case_queries
from contentshop.core import jobs
from contentshop.core.db import db, is_contention, refresh_statistics
from contentshop.core.errors import Conflict, ContentshopError, Unavailable
from contentshop.core.fetch import NotFetched
from contentshop.core.uow import unit_of_work
from contentshop.discovery import actions as discovery
from contentshop.discovery import queries as discovery_queries
from contentshop.discovery import spool as searches
from contentshop.media import actions as media
from contentshop.orders import actions as orders
from contentshop.orders import queries as order_queries
from contentshop.orders.actions import paying
from contentshop.payments import payouts
from contentshop.posts import actions as posts
from contentshop.posts import deals, history, notices, plans, renewing, sharing
from contentshop.products import actions as products
from contentshop.products import queries as product_queries
from contentshop.products.pages import PageFacts, read_page
from contentshop.reactions import ON_EVENT, REACTIONS, Reaction, site_context
from contentshop.reviews import actions as reviews
from contentshop.reviews import queries as review_queries
from contentshop.search import actions as search
from contentshop.social import actions as social
from contentshop.watching import actions as watching
from contentshop.watching import queries as watching_queries
from contentshop.web import paying_jobs
from contentshop.web.aftersale_pages import terms
from contentshop.web.session import engines, settings

IDLE_PAUSE = 0.15  # seconds between rounds when there was nothing to do
CLICKS_EVERY = 1.0  # seconds
TIMERS_EVERY = 1.0
PLANS_EVERY = 1.0
OPENINGS_EVERY = 30.0
INDEX_EVERY = 2.0
WATCHES_EVERY = 5.0
BOARDS_EVERY = 600.0
SWEEP_EVERY = 3600.0
MEDIA_EVERY = 6 * 3600.0
PAGES_EVERY = 15.0
INVITATIONS_EVERY = 60.0
PAYMENTS_EVERY = 0.25
KEPT_EVENTS_EVERY = 5.0
PAGES_AT_ONCE = 5
TEXTS_AT_ONCE = 5
STATISTICS_EVERY = 900.0

log = structlog.get_logger("contentshop.worker")


class Worker:
    """Rounds of work in one app. ``round`` does one of them; ``run`` goes on until it is told to stop."""

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._stop = threading.Event()
        self._due: dict[str, float] = {}
        self._sound = True  # the index, as far as is known
        self._rebuild_owed = False
        self._outdated: list[int] | None = None  # texts of an older renderer; None before they were looked for

    def stop(self) -> None:
        """Finish the round and end."""
        self._stop.set()

    def run(self) -> None:
        """Work until ``stop``; one round's failure is logged and does not end the worker."""
        with site_context(self._app):
            try:
                self._heal_index()
            except Unavailable as error:  # an engine on another machine may come later
                log.error("the search index cannot be opened", reason=error.message)
        threading.Thread(target=self._look_on, name="pages", daemon=True).start()
        threading.Thread(target=self._mind_payments, name="payments", daemon=True).start()
        while not self._stop.is_set():
            try:
                busy = self.round()
            except Exception as error:
                if is_contention(error):
                    log.info("the database is busy; trying again")
                else:
                    log.error("a round failed", exc_info=error)
                self._stop.wait(1.0)
                continue
            if not busy:
                self._stop.wait(IDLE_PAUSE)

    def _look_on(self) -> None:
        """Look at shops' pages beside the rounds, which must not wait for slow sites."""
        while not self._stop.wait(PAGES_EVERY):
            with site_context(self._app):
                try:
                    look_at_pages()
                except Exception as error:
                    if not is_contention(error):
                        log.error("looking at pages failed", exc_info=error)
                finally:
                    db.session.remove()

    def _mind_payments(self) -> None:
        """Talk to payment providers beside the rounds, which must not wait for a slow one."""
        kept = 0.0
        while not self._stop.wait(PAYMENTS_EVERY):
            with site_context(self._app):
                try:
                    paying_jobs.work()
                    if time.monotonic() >= kept:
                        kept = time.monotonic() + KEPT_EVENTS_EVERY
                        paying_jobs.apply_kept()
                except Exception as error:
                    if not is_contention(error):
                        log.error("looking after payments failed", exc_info=error)
                finally:
                    db.session.remove()

    def round(self) -> int:
        """One round; returns how many things were done."""
        with site_context(self._app):
            try:
                done = self._timed("timers", TIMERS_EVERY, expire)
                done += self._timed("plans", PLANS_EVERY, carry_out_plans)
                done += self._timed("deals", PLANS_EVERY, keep_deals)
                done += self._timed("clicks", CLICKS_EVERY, drain_clicks)
                done += self._timed("searches", CLICKS_EVERY, drain_searches)
                done += self._timed("watches", WATCHES_EVERY, mind_watches)
                done += self._renew_texts()
                done += dispatch()
                done += run_jobs()
                done += self._timed("index", INDEX_EVERY, self._mind_index)
                done += self._timed("openings", OPENINGS_EVERY, open_lists)
                done += self._timed("votes", OPENINGS_EVERY, open_votes)
                done += self._timed("invitations", INVITATIONS_EVERY, invite_reviewers)
                self._timed("boards", BOARDS_EVERY, refresh_boards)
                self._timed("sweep", SWEEP_EVERY, sweep)
                self._timed("media", MEDIA_EVERY, sweep_media)
                self._timed("statistics", STATISTICS_EVERY, learn_sizes)
                return done
            finally:
                db.session.remove()

    def _renew_texts(self) -> int:
        """Make texts of an older release anew, a few in each round. Only an upgrade brings any."""
        if self._outdated is None:
            self._outdated = renewing.list_outdated(db.session)
            db.session.rollback()
        few = [self._outdated.pop() for _ in range(min(TEXTS_AT_ONCE, len(self._outdated)))]
        return sum(renew_text(revision_id) for revision_id in few)

    def _mind_index(self) -> int:
        """Look after the index while running: one that has been damaged is built anew."""
        if self._sound and engines().search.health().ok:
            return 0
        self._heal_index()
        return 1

    def _heal_index(self) -> None:
        """Open the search index; build it anew when it is missing, damaged or of another schema.

        What fails half-way is owed, however good an index looks that was started empty.
        """
        backend = engines().search
        self._sound = False
        self._rebuild_owed = backend.ensure() or self._rebuild_owed
        if self._rebuild_owed:
            count = search.rebuild(db.session, backend, now=engines().clock.now())
            log.info("search index rebuilt", documents=count)
        self._sound, self._rebuild_owed = True, False
        db.session.remove()

    def _timed(self, name: str, every: float, work: Callable[[], int]) -> int:
        at = time.monotonic()
        if at < self._due.get(name, 0.0):
            return 0
        self._due[name] = at + every
        return work()


def open_lists() -> int:
    """Let featured lists be found whose time has just begun."""
    return search.sync_openings(db.session, engines().search, now=engines().clock.now())


def open_votes() -> int:
    """Let readers know the votes whose first is old enough."""
    with unit_of_work(db.session):
        return social.open_counts(db.session, now=engines().clock.now())


def invite_reviewers() -> int:
    """Have buyers asked how they like what arrived some days ago. Looks before it takes the write lock."""
    now = engines().clock.now()
    due = review_queries.list_to_invite(db.session, now=now)
    db.session.rollback()
    if not due:
        return 0
    with unit_of_work(db.session):
        return reviews.invite(db.session, now=now)


def renew_text(revision_id: int) -> bool:
    """Make one text anew from its source; rendering takes a while, so nothing is locked meanwhile."""
    source = renewing.source_of(db.session, revision_id)
    db.session.rollback()
    if source is None:
        return False
    text = posts.prepare_text(source)
    with unit_of_work(db.session):
        return renewing.renew(db.session, revision_id, text, now=engines().clock.now())


def expire() -> int:
    """Do what orders and after-sale cases do by the clock: unpaid ones are cancelled and free their stock, shipped
    ones are taken as received, what was not sent back is closed, accounts for refunds are forgotten that nothing needs
    any more. Looks before it takes the write lock."""
    now = engines().clock.now()
    overdue = order_queries.list_overdue(db.session, now=now)
    arrived = order_queries.list_to_confirm(db.session, now=now)
    unsent = case_queries.list_unsent(db.session, now=now)
    idle = payouts.list_idle(db.session, limit=1)
    db.session.rollback()
    done = 0
    if overdue:
        with unit_of_work(db.session):
            done += len(orders.expire_unpaid(db.session, now=now))
    if arrived:
        with unit_of_work(db.session):
            done += len(orders.confirm_overdue(db.session, now=now))
    if unsent:
        with unit_of_work(db.session):
            done += len(cases.end_unsent(db.session, terms=terms(), now=now))
    if idle:
        with unit_of_work(db.session):
            done += cases.forget_accounts(db.session)
    return done


def carry_out_plans() -> int:
    """Publish and take down what was planned for now; what cannot be done is told to its author."""
    now = engines().clock.now()
    due = plans.list_due(db.session, now=now)
    db.session.rollback()
    return sum(_carry_out(key) for key in due)


def _carry_out(key: str) -> bool:
    now = engines().clock.now()
    try:
        with unit_of_work(db.session):
            return plans.carry_out(db.session, key, now=now)
    except Conflict:  # somebody works on the post at this very moment; a second later it is tried again
        return False
    except ContentshopError as refusal:
        with unit_of_work(db.session):
            return plans.give_up(db.session, key, refusal, now=now)


def keep_deals() -> int:
    """Let deals begin and end by the clock. Looks before it takes the write lock."""
    now = engines().clock.now()
    due = deals.list_due(db.session, now=now)
    db.session.rollback()
    if not due:
        return 0
    with unit_of_work(db.session):
        return deals.keep_time(db.session, due, now=now)


def drain_clicks() -> int:
    """Put spooled clicks into the database."""
    if not spool.waiting(settings().spool_dir):
        return 0
    with unit_of_work(db.session):
        return spool.drain(db.session, settings().spool_dir, now=engines().clock.now())


def drain_searches() -> int:
    """Count spooled searches and what was opened from them."""
    folder = settings().search_spool_dir
    if not searches.waiting(folder):
        return 0
    with unit_of_work(db.session):
        return searches.drain(db.session, folder, now=engines().clock.now())


def refresh_boards() -> int:
    """Work out anew what many people do: what is read and bought now, and the words that are offered to others.

    A month of signals is read before the write lock is taken.
    """
    now = engines().clock.now()
    boards = discovery_queries.work_out_boards(db.session, now=now)
    db.session.rollback()
    with unit_of_work(db.session):
        discovery.refresh_known_queries(db.session, now=now)
        return discovery.keep_boards(db.session, boards)


def mind_watches() -> int:
    """Queue the mails of saved searches whose hour has come, and look after what another analysis has anchored."""
    now = engines().clock.now()
    stale, due = watching_queries.is_any_stale(db.session), watching_queries.has_mail_due(db.session, now=now)
    db.session.rollback()
    done = 0
    while stale:
        with unit_of_work(db.session):
            stale = bool(anchored := watching.reanchor(db.session))
        done += anchored
    if due:
        with unit_of_work(db.session):
            done += watching.queue_mails(db.session, now=now)
    return done


def dispatch() -> int:
    """Turn new events into jobs. Looks before it takes the write lock."""
    news = jobs.has_news(db.session)
    db.session.rollback()
    if not news:
        return 0
    with unit_of_work(db.session):
        return jobs.dispatch(db.session, ON_EVENT, now=engines().clock.now())


def run_jobs() -> int:
    """Run what is due, reaction by reaction, in batches."""
    done = 0
    waiting = jobs.due_reactions(db.session, now=engines().clock.now())
    db.session.rollback()
    for name in [name for name in REACTIONS if name in waiting]:
        reaction = REACTIONS[name]
        due = jobs.due(db.session, name, now=engines().clock.now(), limit=reaction.batch)
        batch = [(job.id, dict(job.payload)) for job in due]
        db.session.rollback()
        if not batch:
            continue
        failure = _attempt(reaction, batch)
        if failure is None:
            done += len(batch)
        elif len(batch) > 1:
            # One bad job must not keep back the others: find out which it is.
            done += sum(_attempt_alone(name, reaction, job) for job in batch)
        else:
            _set_back(name, batch, failure)
    return done


Batch = list[tuple[int, dict[str, Any]]]


def _attempt(reaction: Reaction, batch: Batch) -> Exception | None:
    """Run a batch and mark it done; what went wrong, if anything did."""
    try:
        reaction.run([payload for _id, payload in batch])
    except Exception as error:  # noqa: BLE001 - kept with the job, tried again, shown to operators
        db.session.rollback()
        return error
    db.session.rollback()
    with unit_of_work(db.session):
        jobs.mark_done(db.session, [job_id for job_id, _payload in batch], now=engines().clock.now())
    return None


def _attempt_alone(name: str, reaction: Reaction, job: tuple[int, dict[str, Any]]) -> bool:
    failure = _attempt(reaction, [job])
    if failure is not None:
        _set_back(name, [job], failure)
    return failure is None


def _set_back(name: str, batch: Batch, failure: Exception) -> None:
    log.warning("reaction failed", reaction=name, jobs=len(batch), error=str(failure))
    described = f"{type(failure).__name__}: {failure}"
    with unit_of_work(db.session):
        jobs.mark_failed(db.session, [job_id for job_id, _payload in batch], described, now=engines().clock.now())


def look_at_pages() -> int:
    """Look again at pages by which creators brought products in; returns how many.

    No transaction is open while a site answers. At most one page of each shop, so that nobody is asked often.
    """
    due = product_queries.list_due_pages(db.session, now=engines().clock.now(), limit=PAGES_AT_ONCE)
    db.session.rollback()
    for page in due:
        look = _look(page.url)
        with unit_of_work(db.session):
            health = products.note_look(db.session, page.offer_id, look, now=engines().clock.now())
        log.info("looked at a page", url=page.url, health=health)
    return len(due)


def _look(url: str) -> PageFacts | NotFetched:
    try:
        found = engines().fetcher.page(url)
    except NotFetched as refusal:
        return refusal
    return read_page(found.body, url=found.url, charset=found.charset)


def sweep() -> int:
    """Forget what was done, told and searched for, and carts that were left, long ago."""
    now = engines().clock.now()
    with unit_of_work(db.session):
        paying.release_commissions(db.session, before=now - timedelta(days=settings().return_days), now=now)
    with unit_of_work(db.session):
        orders.forget_carts(db.session, now=now)
        watching.forget(db.session, now=now)
        searches.forget(db.session, now=now)
        products.forget_readings(db.session, now=now)
        history.prune(db.session, now=now)
        notices.forget(db.session, now=now)
        sharing.forget(db.session, now=now)
        return jobs.sweep(db.session, now=now)


def sweep_media() -> int:
    """Delete files of uploads that were cut off, and forget media that have lost theirs."""
    now, storage = engines().clock.now(), engines().storage
    done = media.sweep_files(db.session, storage, now=now)  # reads only: nobody waits while files are looked through
    db.session.rollback()
    with unit_of_work(db.session):
        return done + media.sweep_rows(db.session, storage, now=now)


def learn_sizes() -> int:
    """Let the database know how its tables have grown."""
    with unit_of_work(db.session):
        refresh_statistics(db.session.connection())
    return 0


def settle(app: Flask, *, rounds: int = 1000) -> None:
    """Work until nothing is left to do now (for commands and tests)."""
    worker = Worker(app)
    for _ in range(rounds):
        if not worker.round():
            return


@contextmanager
def only_one(folder: Path) -> Iterator[None]:
    """Wait until this is the only worker on ``folder``. The lock dies with the process, however it ends."""
    folder.mkdir(parents=True, exist_ok=True)
    handle = os.open(folder / "worker.lock", os.O_RDWR | os.O_CREAT, 0o644)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def main(app: Flask) -> None:
    """Run the worker in this process until SIGTERM or SIGINT."""
    worker = Worker(app)

    def end(_signal: int, _frame: Any) -> None:
        worker.stop()

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)
    with only_one(app.extensions["contentshop"].settings.data_dir):
        log.info("worker started")
        worker.run()
    log.info("worker stopped")
