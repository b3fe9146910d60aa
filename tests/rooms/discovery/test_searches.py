"""Counting searches: once a person and hour, nothing personal, the same however often it is drained."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from contentshop.accounts.models import User
from contentshop.core.uow import unit_of_work
from contentshop.discovery import actions, queries, spool
from contentshop.discovery.inputs import (
    PickInput,
    SearchInput,
    day_of,
    normal_words,
    read_place,
    read_rank,
)
from contentshop.discovery.models import KnownQuery, SearchCount, SearchMark, SearchPick, SearchSeen
from contentshop.discovery.spool import Spool
from tests.conftest import NOON
from tests.factories import Factory

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


class Log:
    """A spool with its drain."""

    def __init__(self, session: Session, folder: Path) -> None:
        self.session = session
        self.folder = folder
        self.writer = Spool(folder)

    def search(
        self, words: str = "lamp", visitor: str = "v1", *, at: datetime = NOON, found: int = 3, loosened: bool = False
    ) -> None:
        assert self.writer.add(SearchInput(at, words, "en", visitor, found, loosened))

    def pick(
        self, name: str, visitor: str = "v1", *, words: str = "lamp", rank: int = 1, kind: str = "post", by: str = ""
    ) -> None:
        line = PickInput(NOON, words, "en", visitor, kind, name, rank, by)  # type: ignore[arg-type]
        assert self.writer.add(line)

    def drain(self, now: datetime = NOON) -> int:
        with unit_of_work(self.session):
            return spool.drain(self.session, self.folder, now=now)

    def counts(self, words: str = "lamp", at: datetime = NOON) -> tuple[int, ...]:
        """(searches, visitors, nothing, loosened, abandoned, picks, rank_sum) of a day."""
        self.session.rollback()
        row = self.session.scalars(
            select(SearchCount)
            .where(SearchCount.words == words, SearchCount.day == day_of(at))
            .execution_options(populate_existing=True)
        ).one()
        return (row.searches, row.visitors, row.fruitless, row.loosened, row.abandoned, row.picks, row.rank_sum)


@pytest.fixture
def log(session: Session, tmp_path: Path) -> Log:
    return Log(session, tmp_path / "searches")


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("  Wireless   HEADPHONES ", "wireless headphones"),
        ("ＷＨ－１０００ＸＭ５", "wh-1000xm5"),
        ("手机壳\u3000透明", "手机壳 透明"),
        ("4905524930627", "4905524930627"),  # a GTIN
        ("sony\u200b wh", "sony wh"),
        ("robin@example.org", ""),
        ("call +1 555 010 0123", ""),
        ("138-0013-8000", ""),
        ("x" * 101, ""),
        ("\n\t", ""),
    ],
)
def test_words_are_made_equal_and_addresses_are_not_kept(typed: str, kept: str) -> None:
    assert normal_words(typed) == kept


@pytest.mark.parametrize(
    ("path", "place"),
    [
        ("/p/quiet-things", ("post", "quiet-things")),
        ("/products/lamp", ("product", "lamp")),
        ("/@ada", ("creator", "ada")),
        ("/p/a/b", None),
        ("/desk/orders", None),
        ("https://evil.example/p/x", None),
        ("/p/", None),
        ("/p/x\n", None),
        ("", None),
    ],
)
def test_only_addresses_of_results_are_read(path: str, place: tuple[str, str] | None) -> None:
    assert read_place(path) == place


@pytest.mark.parametrize(
    ("text", "rank"), [("1", 1), ("1000", 1000), ("0", None), ("1001", None), ("-1", None), ("²", None), ("", None)]
)
def test_only_places_are_read(text: str, rank: int | None) -> None:
    assert read_rank(text) == rank


def test_the_same_person_counts_once_an_hour(log: Log) -> None:
    log.search()
    log.search(at=NOON + 59 * timedelta(minutes=1))
    log.search(at=NOON + HOUR)
    log.search(visitor="v2", found=0)
    log.search(visitor="v3", loosened=True)
    assert log.drain(NOON + HOUR) == 5
    assert log.counts() == (4, 3, 1, 1, 2, 0, 0)


def test_each_day_counts_by_itself(log: Log) -> None:
    log.search(at=NOON - DAY)
    log.search()
    log.drain()
    assert log.counts(at=NOON - DAY) == (1, 1, 0, 0, 1, 0, 0)
    assert log.counts() == (1, 1, 0, 0, 1, 0, 0)


def test_lines_that_come_in_later_are_counted_with_the_earlier_ones(log: Log) -> None:
    for visitor in ("v1", "v2", "v1"):
        log.search(visitor=visitor)
        log.drain()
    assert log.counts() == (2, 2, 0, 0, 2, 0, 0)


def test_a_drain_that_is_rolled_back_is_done_again(log: Log) -> None:
    log.search()
    spool.drain(log.session, log.folder, now=NOON)
    log.session.rollback()
    assert spool.waiting(log.folder)
    assert log.drain() == 1
    assert log.counts()[:2] == (1, 1)
    assert log.drain() == 0


def test_what_is_opened_is_counted_with_its_place(log: Log, make: Factory) -> None:
    make.post(slug="guide")
    make.product("lamp")
    make.user("creator", handle="ada")
    for visitor in ("v1", "v2", "v3"):
        log.search(visitor=visitor)
    log.pick("guide", rank=2)
    log.pick("guide", rank=2)
    log.pick("lamp", "v2", kind="product", rank=5)
    log.pick("ada", "v2", kind="creator", rank=1)
    log.drain()
    assert log.counts() == (3, 3, 0, 0, 1, 3, 8)


def test_a_result_counts_only_for_who_searched(log: Log, make: Factory) -> None:
    make.post(slug="guide")
    log.search()
    log.pick("guide", "somebody else")
    log.drain()
    assert log.counts() == (1, 1, 0, 0, 1, 0, 0)
    log.search(visitor="somebody else")  # its line stood in another file
    log.drain()
    assert log.counts() == (2, 2, 0, 0, 1, 1, 1)


def test_only_public_things_and_no_own_ones_are_counted(log: Log, make: Factory) -> None:
    author, blocked = make.user("creator", handle="ada"), make.user("creator", handle="bad")
    make.post(author, slug="guide")
    make.post(author, slug="draft", published=False)
    make.post(blocked, slug="taken-down")
    with unit_of_work(log.session):
        log.session.execute(update(User).where(User.id == blocked.id).values(blocked=True))
    make.product("hidden", status="archived")
    log.search()
    log.pick("guide", by=author.key)
    log.pick("ada", kind="creator", by=author.key)
    for name, kind in (
        ("draft", "post"),
        ("taken-down", "post"),
        ("bad", "creator"),
        ("hidden", "product"),
        ("nothing", "post"),
    ):
        log.pick(name, kind=kind)
    log.drain()
    assert log.counts() == (1, 1, 0, 0, 1, 0, 0)
    assert log.session.scalars(select(SearchPick)).all() == []


def test_what_means_nothing_is_skipped(log: Log) -> None:
    log.search()
    (file,) = log.folder.glob("*.jsonl")
    junk = (
        b'{"t": 1}\nnot json\n[]\n\xff\n{"t":1e99,"w":"a","l":"en","v":"v","n":1,"x":false}\n'
        b'{"t":1795176000000,"w":"a","l":"en","v":"v","n":"many","x":false}\n'
        b'{"t":1795176000000,"w":"a","l":"en","v":"v","k":"post","s":"x","r":0,"b":""}\n'
    )
    with file.open("ab") as end:
        end.write(junk)
    log.search(visitor="v2")
    assert log.drain() == 9
    assert log.counts()[0] == 2
    assert log.session.scalars(select(SearchCount.words)).all() == ["lamp"]


def test_days_that_are_counted_for_good_take_no_more(log: Log) -> None:
    log.search(at=NOON - 2 * DAY)
    log.search(at=NOON + DAY)  # a clock that runs ahead
    log.drain()
    assert log.session.scalars(select(SearchCount)).all() == []


def test_single_searches_are_forgotten_and_their_counts_stay(log: Log, make: Factory) -> None:
    make.post(slug="guide")
    log.search()
    log.pick("guide")
    log.drain()
    with unit_of_work(log.session):
        spool.forget(log.session, now=NOON + 3 * DAY)
    assert log.session.scalars(select(SearchSeen)).all() == []
    assert len(log.session.scalars(select(SearchPick)).all()) == 1
    assert log.counts() == (1, 1, 0, 0, 0, 1, 1)
    with unit_of_work(log.session):
        spool.forget(log.session, now=NOON + 401 * DAY)
    assert log.session.scalars(select(SearchPick)).all() == []
    assert log.session.scalars(select(SearchCount)).all() == []


def test_files_of_dead_processes_are_cleared_away(log: Log) -> None:
    log.search()
    log.writer.close()
    log.drain()
    log.drain()
    assert list(log.folder.iterdir()) == []
    assert log.session.scalars(select(SearchMark)).all() == []


def test_a_folder_that_cannot_be_written_stops_nobody(tmp_path: Path) -> None:
    (tmp_path / "searches").write_text("in the way")
    assert Spool(tmp_path / "searches").add(SearchInput(NOON, "lamp", "en", "v1", 1, False)) is False


def test_the_report_orders_by_people_then_searches_then_words(log: Log, make: Factory) -> None:
    make.post(slug="guide")
    for number in range(3):
        log.search("kettle", f"v{number}", found=0)
    for number in range(2):
        log.search("lamp", f"v{number}")
        log.search("anvil", f"v{number}")
    log.search("old", at=NOON - DAY)
    log.pick("guide", rank=3)
    log.drain()
    day = {"days": 1, "now": NOON, "limit": 10}
    top = queries.list_top(log.session, **day)  # type: ignore[arg-type]
    assert [(row.words, row.visitors, row.rank) for row in top] == [
        ("kettle", 3, None),
        ("anvil", 2, None),
        ("lamp", 2, 3.0),
    ]
    assert [row.words for row in queries.list_fruitless(log.session, **day)] == ["kettle"]  # type: ignore[arg-type]
    abandoned = queries.list_abandoned(log.session, **day)  # type: ignore[arg-type]
    assert [(row.words, row.abandoned) for row in abandoned] == [("anvil", 2), ("lamp", 1)]
    totals = queries.total_searches(log.session, days=1, now=NOON)
    assert (totals.searches, totals.fruitless, totals.loosened, totals.picks) == (7, 3, 0, 1)
    assert len(queries.list_top(log.session, days=7, now=NOON, limit=10)) == 4
    assert queries.total_searches(log.session, days=1, now=NOON + 5 * DAY).searches == 0


class TestKnownQueries:
    def refresh(self, log: Log, now: datetime = NOON) -> list[str]:
        log.drain()
        with unit_of_work(log.session):
            actions.refresh_known_queries(log.session, now=now)
        return list(log.session.scalars(select(KnownQuery.words).order_by(KnownQuery.words)))

    def test_three_people_make_words_known(self, log: Log) -> None:
        for number in range(3):
            log.search("desk lamp", f"v{number}")
        for number in range(2):
            log.search("desk fan", f"v{number}")
        assert self.refresh(log) == ["desk lamp"]

    def test_what_does_not_stand_on_the_site_is_never_offered(self, log: Log) -> None:
        for number in range(5):
            log.search("no such thing", f"v{number}", found=0)
            log.search("some rude words", f"v{number}", loosened=True)
        assert self.refresh(log) == []

    def test_words_are_forgotten_after_a_month(self, log: Log) -> None:
        for number in range(3):
            log.search("lamp", f"v{number}")
        assert self.refresh(log) == ["lamp"]
        assert self.refresh(log, NOON + 30 * DAY) == []

    def test_they_are_found_by_their_beginning_most_people_first(self, log: Log) -> None:
        for words, people in (("desk lamp", 3), ("desk chair", 5), ("100% wool", 3), ("1000 things", 4)):
            for number in range(people):
                log.search(words, f"v{number}")
        self.refresh(log)
        assert queries.known_queries(log.session, "DE", 5) == ["desk chair", "desk lamp"]
        assert queries.known_queries(log.session, "desk", 1) == ["desk chair"]
        assert queries.known_queries(log.session, "100%", 5) == ["100% wool"]
        assert queries.known_queries(log.session, "", 5) == []
