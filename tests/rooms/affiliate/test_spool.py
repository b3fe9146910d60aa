"""The click spool: nothing acknowledged is lost, nothing is counted twice."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Thread

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from contentshop.affiliate import spool
from contentshop.affiliate.inputs import ClickInput
from contentshop.affiliate.models import Click, SpoolMark
from contentshop.affiliate.spool import Spool
from contentshop.core.uow import unit_of_work


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the clicks wait; made by the first of them."""
    return tmp_path / "clicks"


NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


def click(visitor: str = "v1", *, card: str = "card1", offer: str = "offer1", at: datetime = NOW) -> ClickInput:
    return ClickInput(at=at, card=card, offer=offer, post="post1", creator="creator1", visitor=visitor)


def drain(session: Session, folder: Path) -> int:
    with unit_of_work(session):
        return spool.drain(session, folder, now=NOW)


def rows(session: Session) -> list[tuple[str, str, str, int]]:
    found = session.execute(select(Click.visitor, Click.card_key, Click.offer_key, Click.hour).order_by(Click.id))
    return [tuple(row) for row in found]


HOUR = int(NOW.timestamp()) // 3600


def test_clicks_come_into_the_table_whole(session: Session, folder: Path) -> None:
    writer = Spool(folder)
    assert writer.add(click())
    assert drain(session, folder) == 1
    found = session.scalars(select(Click)).one()
    assert (found.card_key, found.offer_key, found.post_key, found.creator_key, found.visitor, found.hour) == (
        "card1",
        "offer1",
        "post1",
        "creator1",
        "v1",
        HOUR,
    )
    assert found.clicked_at == NOW
    writer.close()


def test_one_visitor_counts_once_an_hour_for_each_card_and_offer(session: Session, folder: Path) -> None:
    writer = Spool(folder)
    for given in (
        click(),
        click(at=NOW + timedelta(minutes=59)),
        click(at=NOW + timedelta(hours=1)),
        click(card="card2"),
        click(offer="offer2"),
        click("v2"),
    ):
        writer.add(given)
    assert drain(session, folder) == 6
    writer.add(click())
    assert drain(session, folder) == 1
    assert rows(session) == [
        ("v1", "card1", "offer1", HOUR),
        ("v1", "card1", "offer1", HOUR + 1),
        ("v1", "card2", "offer1", HOUR),
        ("v1", "card1", "offer2", HOUR),
        ("v2", "card1", "offer1", HOUR),
    ]
    writer.close()


def test_a_drain_reads_each_line_once_and_then_has_nothing_to_do(session: Session, folder: Path) -> None:
    writer = Spool(folder)
    writer.add(click())
    assert spool.waiting(folder)
    assert drain(session, folder) == 1
    assert drain(session, folder) == 0
    assert not spool.waiting(folder)
    writer.add(click("v2"))
    assert spool.waiting(folder)
    assert drain(session, folder) == 1
    assert len(rows(session)) == 2
    writer.close()


def test_a_drain_that_is_rolled_back_is_done_again(session: Session, folder: Path) -> None:
    writer = Spool(folder)
    writer.add(click())
    assert spool.drain(session, folder, now=NOW) == 1
    session.rollback()  # the worker dies before it commits
    assert rows(session) == []
    assert spool.waiting(folder)
    assert drain(session, folder) == 1
    assert len(rows(session)) == 1
    writer.close()


def test_a_line_without_its_end_waits_for_it(session: Session, folder: Path) -> None:
    writer = Spool(folder)
    writer.add(click())
    (file,) = folder.glob("*.jsonl")
    whole = file.read_bytes()
    cut = len(whole) - 3
    file.write_bytes(whole + whole[:cut].replace(b"v1", b"v2"))
    assert drain(session, folder) == 1
    with file.open("ab") as end:
        end.write(whole[cut:])
    assert drain(session, folder) == 1
    assert [row[0] for row in rows(session)] == ["v1", "v2"]
    writer.close()


def test_what_is_no_click_is_skipped(session: Session, folder: Path) -> None:
    writer = Spool(folder)
    writer.add(click())
    (file,) = folder.glob("*.jsonl")
    with file.open("ab") as end:
        end.write(b'\n{"half": \nnot json\n{"t": "x"}\n\xff\xfe\n[]\n{"t":1e99,"c":"a","o":"b","p":"","u":"","v":""}\n')
    writer.add(click("v2"))
    assert drain(session, folder) == 9
    assert [row[0] for row in rows(session)] == ["v1", "v2"]
    writer.close()


def test_the_file_of_a_dead_process_is_read_then_cleared_away(session: Session, folder: Path) -> None:
    writer = Spool(folder)
    writer.add(click())
    writer.close()
    assert drain(session, folder) == 1
    assert len(list(folder.glob("*.jsonl"))) == 1, "the mark has to be safe before the file goes"
    assert spool.waiting(folder)
    assert drain(session, folder) == 0
    assert list(folder.iterdir()) == []
    assert session.scalars(select(SpoolMark)).all() == []
    assert not spool.waiting(folder)
    assert len(rows(session)) == 1


def test_a_folder_that_is_not_there_is_empty(session: Session, folder: Path) -> None:
    assert not spool.waiting(folder)
    assert drain(session, folder) == 0


def test_a_file_that_grows_large_is_followed_by_another(session: Session, folder: Path) -> None:
    writer = Spool(folder, largest=100)
    for number in range(5):
        writer.add(click(f"v{number}"))
    assert len(list(folder.glob("*.jsonl"))) == 3
    assert drain(session, folder) == 5
    assert drain(session, folder) == 0
    assert len(list(folder.glob("*.jsonl"))) == 1
    assert len(rows(session)) == 5
    writer.close()


def test_a_folder_that_cannot_be_written_stops_nobody(folder: Path) -> None:
    folder.write_text("a file stands in the way")
    assert Spool(folder).add(click()) is False


FULL_DISK = """
import resource, signal, sys
from datetime import UTC, datetime
from pathlib import Path
from contentshop.affiliate.inputs import ClickInput
from contentshop.affiliate.spool import Spool

folder = Path(sys.argv[1])
spool = Spool(folder)

def add(visitor):
    at = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
    print(spool.add(ClickInput(at, "card1", "offer1", "post1", "creator1", visitor)))

add("v1")
(file,) = folder.glob("*.jsonl")
hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (file.stat().st_size + 20, hard))
add("v2")
add("v2")
resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
add("v3")
"""


def test_a_full_disk_spoils_one_line_only(session: Session, folder: Path) -> None:
    done = subprocess.run([sys.executable, "-c", FULL_DISK, str(folder)], capture_output=True, text=True, check=True)
    said = [line for line in done.stdout.splitlines() if line in {"True", "False"}]
    assert said == ["True", "False", "False", "True"]
    assert (done.stdout + done.stderr).count("a click could not be kept") == 2
    drain(session, folder)
    assert [row[0] for row in rows(session)] == ["v1", "v3"]


def test_many_threads_write_whole_lines(session: Session, folder: Path) -> None:
    writer = Spool(folder)

    def write(start: int) -> None:
        for number in range(50):
            writer.add(click(f"{start}-{number}"))

    threads = [Thread(target=write, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert drain(session, folder) == 400
    assert len(rows(session)) == 400
    writer.close()


WRITER = """
import os, sys
from datetime import UTC, datetime
from pathlib import Path
from contentshop.affiliate.inputs import ClickInput
from contentshop.affiliate.spool import Spool
spool = Spool(Path(sys.argv[1]))
for number in range(100_000):
    at = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
    spool.add(ClickInput(at, "card1", "offer1", "post1", "creator1", f"{os.getpid()}-{number}"))
    os.write(1, b"x")
"""


def test_a_killed_process_loses_nothing_it_answered_for(session: Session, folder: Path) -> None:
    processes = [
        subprocess.Popen([sys.executable, "-c", WRITER, str(folder)], stdout=subprocess.PIPE) for _ in range(2)
    ]
    acknowledged = []
    for process in processes:
        assert process.stdout is not None
        seen = len(process.stdout.read(500))
        process.kill()
        seen += len(process.stdout.read())
        process.wait()
        process.stdout.close()
        acknowledged.append(seen)
    while spool.waiting(folder):
        drain(session, folder)
    kept = len(rows(session))
    # A click may be written and its answer cut off, one in each process; none is answered and lost.
    assert sum(acknowledged) <= kept <= sum(acknowledged) + len(processes)
    assert list(folder.iterdir()) == []


def test_a_child_process_writes_a_file_of_its_own(folder: Path) -> None:
    writer = Spool(folder)
    writer.add(click("parent"))
    child = os.fork()
    if child == 0:
        writer.add(click("child"))
        os._exit(0)
    os.waitpid(child, 0)
    writer.add(click("parent again"))
    lines = {file.name.partition("-")[0]: file.read_text().count("\n") for file in folder.glob("*.jsonl")}
    assert lines == {str(os.getpid()): 2, str(child): 1}
    writer.close()
