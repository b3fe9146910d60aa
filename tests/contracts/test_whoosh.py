"""The embedded engine: the contract, and what a folder on a disk can suffer."""

from __future__ import annotations

import gc
import json
import multiprocessing
import os
import resource
import shutil
import signal
import stat
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path

import pytest
from whoosh.util.filelock import FileLock

from contentshop.core.errors import Unavailable
from contentshop.search.backends.whoosh import WhooshSearchBackend
from contentshop.search.port import Delete, Document, SchemaMismatch, Upsert
from tests.contracts.search_contract import SHOP, SearchBackendContract, doc, ids, page, put
from tests.contracts.search_more_contract import SearchMoreContract

spawn = multiprocessing.get_context("spawn")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "search"


@pytest.fixture
def backend(folder: Path) -> Iterator[WhooshSearchBackend]:
    backend = WhooshSearchBackend(folder)
    assert backend.ensure()
    yield backend
    backend.close()


@pytest.fixture
def shop(backend: WhooshSearchBackend) -> WhooshSearchBackend:
    """SHOP in two segments, with a deleted document in the first."""
    put(backend, *SHOP[:3], doc("post:old", "Gone"))
    put(backend, *SHOP[3:])
    backend.apply([Delete("post:old")])
    return backend


@pytest.fixture
def engine(folder: Path) -> Iterator[WhooshSearchBackend]:
    """A new engine with nothing in it."""
    backend = WhooshSearchBackend(folder)
    assert backend.ensure()
    yield backend
    backend.close()


class TestMore(SearchMoreContract):
    @pytest.fixture
    def backend(self, engine: WhooshSearchBackend) -> WhooshSearchBackend:
        return engine


class TestContract(SearchBackendContract):
    @pytest.fixture
    def backend(self, engine: WhooshSearchBackend) -> WhooshSearchBackend:
        return engine


# ---------------------------------------------------------------------------------------------------- damage


def current(folder: Path) -> Path:
    """The folder of the live index."""
    return folder / json.loads((folder / "CURRENT").read_bytes())["index"]


def segments(folder: Path) -> list[Path]:
    return sorted(current(folder).glob("*.seg"))


def contents(folder: Path) -> Path:
    (found,) = current(folder).glob("*.toc")
    return found


def flip(path: Path, at: float) -> None:
    """Turn one bit of a file, ``at`` of the way through it."""
    data = bytearray(path.read_bytes())
    data[min(int(len(data) * at), len(data) - 1)] ^= 0x10
    path.write_bytes(data)


def truncate(path: Path, share: float) -> None:
    os.truncate(path, int(path.stat().st_size * share))


def wrong_schema(folder: Path) -> None:
    data = json.loads((folder / "CURRENT").read_bytes())
    (folder / "CURRENT").write_text(json.dumps(data | {"schema": "0.0"}))


def empty(folder: Path) -> None:
    shutil.rmtree(folder)
    folder.mkdir()


DAMAGES: dict[str, Callable[[Path], object]] = {
    "no folder": shutil.rmtree,
    "an empty folder": empty,
    "CURRENT gone": lambda f: (f / "CURRENT").unlink(),
    "CURRENT empty": lambda f: truncate(f / "CURRENT", 0),
    "CURRENT half": lambda f: truncate(f / "CURRENT", 0.5),
    "CURRENT of zeros": lambda f: (f / "CURRENT").write_bytes(bytes(200)),
    "CURRENT another JSON": lambda f: (f / "CURRENT").write_text('{"index": "../../etc"}'),
    "CURRENT a list": lambda f: (f / "CURRENT").write_text("[1, 2]"),
    "CURRENT names what is not there": lambda f: shutil.rmtree(current(f)),
    "the schema is another": wrong_schema,
    "the index folder is empty": lambda f: [path.unlink() for path in current(f).iterdir()],
    "the index folder is a file": lambda f: (shutil.rmtree(current(f)), (f / "g000001").write_text("x")),
    "the contents gone": lambda f: contents(f).unlink(),
    "the contents empty": lambda f: truncate(contents(f), 0),
    "the contents half": lambda f: truncate(contents(f), 0.5),
    "the contents flipped early": lambda f: flip(contents(f), 0.02),
    "the contents flipped in the middle": lambda f: flip(contents(f), 0.5),
    "the contents flipped late": lambda f: flip(contents(f), 0.95),
    "a segment gone": lambda f: segments(f)[0].unlink(),
    "a segment empty": lambda f: truncate(segments(f)[0], 0),
    "a segment half": lambda f: truncate(segments(f)[0], 0.5),
    "a segment one byte short": lambda f: os.truncate(segments(f)[0], segments(f)[0].stat().st_size - 1),
    "a segment flipped at its start": lambda f: flip(segments(f)[0], 0),
    "a segment flipped at a tenth": lambda f: flip(segments(f)[0], 0.1),
    "a segment flipped at a third": lambda f: flip(segments(f)[0], 0.33),
    "a segment flipped at two thirds": lambda f: flip(segments(f)[0], 0.67),
    "a segment flipped at its end": lambda f: flip(segments(f)[0], 1),
    "another segment in its place": lambda f: shutil.copy(segments(f)[1], segments(f)[0]),
    "a segment of zeros": lambda f: segments(f)[0].write_bytes(bytes(segments(f)[0].stat().st_size)),
    "all files gone but one": lambda f: [path.unlink() for path in sorted(current(f).iterdir())[1:]],
}


@pytest.fixture
def collected() -> Iterator[None]:
    """Collects garbage at the end of the test, so that its warnings fall into this test."""
    yield
    gc.collect()


@pytest.mark.parametrize("name", DAMAGES)
def test_ensure_notices_damage_and_starts_anew(shop: WhooshSearchBackend, folder: Path, name: str) -> None:
    shop.close()
    DAMAGES[name](folder)
    fresh = WhooshSearchBackend(folder)
    assert fresh.ensure()
    assert page(fresh).total == 0
    assert fresh.health().ok
    assert fresh.rebuild(SHOP) == len(SHOP)
    assert not fresh.ensure()
    assert ids(fresh, "quietcomfort") == ["product:qc"]
    fresh.close()


@pytest.mark.parametrize("name", DAMAGES)
def test_damage_is_never_a_raw_exception(shop: WhooshSearchBackend, folder: Path, name: str) -> None:
    """Asked of a broken index, an engine answers, or says that it cannot."""
    shop.close()
    DAMAGES[name](folder)
    broken = WhooshSearchBackend(folder)
    for text in ("headphones", '"noise cancelling"', "", "耳机", "4548736132566"):
        with suppress(Unavailable):
            page(broken, text)
    health = broken.health()
    assert health.ok == (health.reason == "")
    with suppress(Unavailable):
        broken.apply([Upsert(doc("post:new", "Tea")), Delete("product:qc")])
    with suppress(Unavailable):
        list(broken.versions())
    broken.ensure()
    assert broken.rebuild(SHOP) == len(SHOP)
    assert ids(broken, "quietcomfort") == ["product:qc"]
    assert broken.health().ok
    broken.close()


def test_a_reader_that_finds_damage_tells_the_writer(shop: WhooshSearchBackend, folder: Path) -> None:
    shop.close()
    for segment in segments(folder):
        segment.write_bytes(bytes(segment.stat().st_size))
    reader, writer = WhooshSearchBackend(folder), WhooshSearchBackend(folder)
    with pytest.raises(Unavailable):
        page(reader, "headphones")
    assert not writer.health().ok
    with pytest.raises(Unavailable, match="damaged"):
        page(reader, "headphones")  # remembered: not tried again
    assert writer.ensure()
    writer.rebuild(SHOP)
    assert writer.health().ok
    assert ids(reader, "quietcomfort") == ["product:qc"]
    reader.close()
    writer.close()


def test_a_false_alarm_is_called_off(shop: WhooshSearchBackend, folder: Path) -> None:
    moved = segments(folder)[0].rename(folder / "aside")
    reader = WhooshSearchBackend(folder)
    with pytest.raises(Unavailable):
        page(reader, "headphones")
    moved.rename(current(folder) / segments_name(folder, shop))
    assert not shop.health().ok
    assert not shop.ensure()
    assert shop.health().ok
    assert ids(reader, "quietcomfort") == ["product:qc"]
    reader.close()


def segments_name(folder: Path, shop: WhooshSearchBackend) -> str:
    """The recorded segment that is not in the index folder."""
    recorded = json.loads((folder / "CURRENT").read_bytes())["files"]
    (missing,) = (name for name in recorded if not (current(folder) / name).exists())
    return str(missing)


def test_a_damaged_index_is_set_aside(shop: WhooshSearchBackend, folder: Path) -> None:
    name = segments(folder)[0].name
    flip(segments(folder)[0], 0.5)
    assert shop.ensure()
    assert (folder / "damaged" / name).exists()


def test_another_schema_says_so(shop: WhooshSearchBackend, folder: Path) -> None:
    shop.close()
    wrong_schema(folder)
    with pytest.raises(SchemaMismatch):
        page(shop, "headphones")


def test_without_ensure_there_is_no_index(folder: Path) -> None:
    backend = WhooshSearchBackend(folder)
    with pytest.raises(Unavailable, match="no search index yet"):
        page(backend, "tea")
    with pytest.raises(Unavailable, match="no search index yet"):
        put(backend, doc("post:a", "Tea"))
    with pytest.raises(Unavailable, match="no search index yet"):
        list(backend.versions())
    assert not backend.health().ok


def test_a_rebuild_needs_no_index(folder: Path) -> None:
    backend = WhooshSearchBackend(folder)
    assert backend.rebuild(SHOP) == len(SHOP)
    assert not backend.ensure()
    backend.close()


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    backend = WhooshSearchBackend(tmp_path / "file" / "search")
    with pytest.raises(Unavailable):
        backend.ensure()
    with pytest.raises(Unavailable):
        page(backend)
    with pytest.raises(Unavailable):
        backend.rebuild(SHOP)
    assert not backend.health().ok


@pytest.fixture
def unprivileged() -> Iterator[Path]:
    """A folder of ours; the test runs as a user who may not do everything."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        if os.geteuid() != 0:
            yield Path(name)
            return
        os.chown(name, 65534, 65534)
        os.seteuid(65534)
        try:
            yield Path(name)
        finally:
            os.seteuid(0)


def test_a_folder_that_may_only_be_read(unprivileged: Path) -> None:
    folder = unprivileged / "search"
    writer = WhooshSearchBackend(folder)
    writer.rebuild(SHOP)
    writer.close()
    paths = [folder, *folder.rglob("*")]
    for path in paths:
        path.chmod(stat.S_IREAD | (stat.S_IEXEC if path.is_dir() else 0))
    reader = WhooshSearchBackend(folder)
    assert not reader.ensure()
    assert ids(reader, "quietcomfort") == ["product:qc"]
    with pytest.raises(Unavailable):
        put(reader, doc("post:a", "Tea"))
    with pytest.raises(Unavailable):
        reader.rebuild(SHOP)
    assert reader.health().ok
    reader.close()
    for path in paths:
        path.chmod(0o755)


# ----------------------------------------------------------------------------------------------------- locks


def test_a_lock_file_that_was_left_behind_does_not_block(shop: WhooshSearchBackend, folder: Path) -> None:
    for path in (folder / "LOCK", folder / "REBUILD", current(folder) / "MAIN_WRITELOCK"):
        path.write_text("99999")
    put(shop, doc("post:new", "Kettle"))
    assert ids(shop, "kettle") == ["post:new"]
    assert shop.rebuild(SHOP) == len(SHOP)


def test_a_second_rebuild_is_refused(shop: WhooshSearchBackend) -> None:
    def documents() -> Iterator[Document]:
        with pytest.raises(Unavailable, match="Another rebuild"):
            shop.rebuild(SHOP)
        yield from SHOP[:2]

    assert shop.rebuild(documents()) == 2
    assert page(shop).total == 2


def test_the_journal_of_a_killed_rebuild_is_thrown_away(shop: WhooshSearchBackend, folder: Path) -> None:
    (folder / "JOURNAL").write_text('["post:ghost", null]\n')
    put(shop, doc("post:new", "Kettle"))
    assert not (folder / "JOURNAL").exists()
    assert ids(shop, "kettle") == ["post:new"]


@pytest.fixture
def small_files() -> Iterator[Callable[[int], None]]:
    """Lets the test limit how large a file may get; a full disk without a disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    yield lambda size: resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.usefixtures("collected")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # Whoosh's half-written files
def test_a_failed_commit_lets_go_of_the_lock(
    shop: WhooshSearchBackend, folder: Path, small_files: Callable[[int], None]
) -> None:
    many = [Upsert(doc(f"post:{n}", f"Kettle {n}", body=f"word{n} " * 50)) for n in range(60)]
    small_files(3_000)
    with pytest.raises(Unavailable) as failure:
        shop.apply(many)
    small_files(resource.RLIM_INFINITY)
    lock = FileLock(str(current(folder) / "MAIN_WRITELOCK"))
    assert lock.acquire(), "Whoosh's lock is still held"
    lock.release()
    assert failure.value.message
    assert page(shop).total == len(SHOP)
    assert shop.health().ok
    shop.apply(many)
    assert page(shop, "kettle").total == 60
    assert not shop.ensure()


def test_a_commit_that_could_not_be_recorded_is_taken_up(shop: WhooshSearchBackend, folder: Path) -> None:
    """As when a process is killed after Whoosh's commit, before CURRENT says so."""
    other = WhooshSearchBackend(folder)
    assert page(other).total == len(SHOP)
    (folder / "CURRENT.new").mkdir()
    with pytest.raises(Unavailable):
        shop.apply([Upsert(doc("post:new", "Kettle")), Delete("product:xm5")])
    (folder / "CURRENT.new").rmdir()
    # The other writer's numbers are from before that commit; it must not delete by them.
    other.apply([Delete("product:qc")])
    truth = {document.id for document in SHOP} - {"product:xm5", "product:qc"} | {"post:new"}
    assert set(dict(other.versions())) == truth
    assert set(dict(shop.versions())) == truth
    assert not shop.ensure()
    other.close()


def test_ensure_takes_up_an_unrecorded_commit(shop: WhooshSearchBackend, folder: Path) -> None:
    (folder / "CURRENT.new").mkdir()
    with pytest.raises(Unavailable):
        put(shop, doc("post:new", "Kettle"))
    (folder / "CURRENT.new").rmdir()
    fresh = WhooshSearchBackend(folder)
    assert not fresh.ensure()
    assert ids(fresh, "kettle") == ids(shop, "kettle") == ["post:new"]
    fresh.close()


# -------------------------------------------------------------------------------------------------- on disk


def test_old_indexes_are_removed_but_the_previous(shop: WhooshSearchBackend, folder: Path) -> None:
    for _ in range(3):
        shop.rebuild(SHOP)
    assert sorted(path.name for path in folder.glob("g*")) == ["g000003", "g000004"]


def test_an_abandoned_index_is_removed_by_the_next_rebuild(shop: WhooshSearchBackend, folder: Path) -> None:
    (folder / "g000007").mkdir()
    shop.rebuild(SHOP)
    shop.rebuild(SHOP)
    assert sorted(path.name for path in folder.glob("g*")) == ["g000008", "g000009"]


def test_a_reader_survives_the_removal_of_its_index(shop: WhooshSearchBackend, folder: Path) -> None:
    reader = WhooshSearchBackend(folder)
    assert page(reader, "headphones").total == 3
    shop.rebuild(SHOP[:1])
    shop.rebuild(SHOP[:2])
    assert page(reader, "headphones").total == 2
    reader.close()


def test_small_commits_are_merged(backend: WhooshSearchBackend, folder: Path) -> None:
    for number in range(30):
        put(backend, doc(f"post:{number}", "Tea"))
    assert len(segments(folder)) < 15
    assert page(backend, "tea").total == 30


@pytest.mark.slow
def test_more_documents_than_one_column_page(backend: WhooshSearchBackend) -> None:
    """Whoosh lays out columns of more than 32,768 rows in another way."""
    count = 2**15 + 10
    assert backend.rebuild(doc(f"post:{n}", f"Tea {n}") for n in range(count)) == count
    assert ids(backend, str(count - 1)) == [f"post:{count - 1}"]
    assert page(backend, "tea", limit=1).total == count


def test_postings_are_those_whoosh_gives_one_by_one(backend: WhooshSearchBackend, folder: Path) -> None:
    """Blocks are read by a private way of Whoosh; its public way must say the same."""
    from whoosh.index import open_dir

    backend.rebuild(doc(f"post:{n}", "Tea" if n % 3 else "Coffee", body="tea " * (n % 5)) for n in range(700))
    (part,) = backend._opened().parts
    with open_dir(str(current(folder)), "MAIN").searcher() as searcher:
        matcher = searcher.reader().postings("all", "tea")
        wanted = []
        while matcher.is_active():
            wanted.append((matcher.id(), matcher.weight()))
            matcher.next()
    assert list(zip(*part.segment.postings("all", "tea"), strict=True)) == wanted
    assert len(wanted) > 500


# --------------------------------------------------------------------------------------------- two processes


def write_one_by_one(folder: str, line: Connection) -> None:
    """In its own process: one document and one commit each time it is told a number; 0 rebuilds."""
    backend = WhooshSearchBackend(Path(folder))
    while (number := line.recv()) is not None:
        if number:
            put(backend, doc(f"post:{number}", f"Kettle {number}"))
        else:
            backend.rebuild([doc("post:fresh", "Kettle fresh")])
        line.send(number)


def write_until_killed(folder: str, line: Connection) -> None:
    """In its own process: commit after commit, each told once it is done."""
    backend = WhooshSearchBackend(Path(folder))
    backend.ensure()
    number = line.recv()
    while True:
        put(backend, *(doc(f"post:{number}-{part}", f"Kettle {number}") for part in range(3)))
        line.send(number)
        number += 1


def rebuild_until_killed(folder: str, line: Connection) -> None:
    """In its own process: a rebuild that never ends."""
    backend = WhooshSearchBackend(Path(folder))

    def documents() -> Iterator[Document]:
        number = 0
        while True:
            yield doc(f"post:{number}", "Kettle")
            number += 1
            if number == 20:
                line.send("under way")

    backend.rebuild(documents())


def test_another_process_sees_changes(shop: WhooshSearchBackend, folder: Path) -> None:
    ours, theirs = spawn.Pipe()
    process = spawn.Process(target=write_one_by_one, args=(str(folder), theirs), daemon=True)
    process.start()
    try:
        for number in range(1, 9):
            ours.send(number)
            assert ours.poll(60)
            assert ours.recv() == number
            assert page(shop, "kettle").total == number, "told of the commit, this process does not see it"
        ours.send(0)
        assert ours.poll(60)
        ours.recv()
        assert ids(shop, "kettle") == ["post:fresh"]
        ours.send(9)
        assert ours.poll(60)
        ours.recv()
        assert set(ids(shop, "kettle")) == {"post:fresh", "post:9"}
        ours.send(None)
        process.join(60)
        assert process.exitcode == 0
    finally:
        process.kill()
        process.join()


def test_two_processes_write_without_losing_anything(shop: WhooshSearchBackend, folder: Path) -> None:
    ours, theirs = spawn.Pipe()
    process = spawn.Process(target=write_one_by_one, args=(str(folder), theirs), daemon=True)
    process.start()
    try:
        for number in range(1, 13):
            ours.send(number)
            put(shop, doc(f"list:{number}", f"Teapot {number}"))
            assert ours.poll(60)
            ours.recv()
        assert (page(shop, "kettle").total, page(shop, "teapot").total) == (12, 12)
    finally:
        process.kill()
        process.join()


@pytest.mark.parametrize("delay", [0.0, 0.004, 0.009, 0.013, 0.02, 0.03, 0.05, 0.08])
def test_killed_while_writing_nothing_told_is_lost(folder: Path, delay: float) -> None:
    backend = WhooshSearchBackend(folder)
    backend.ensure()
    ours, theirs = spawn.Pipe()
    process = spawn.Process(target=write_until_killed, args=(str(folder), theirs), daemon=True)
    process.start()
    ours.send(1)
    assert ours.poll(60)
    time.sleep(delay)
    assert process.pid is not None
    os.kill(process.pid, signal.SIGKILL)
    process.join()
    theirs.close()
    told = 0
    while ours.poll():
        try:
            told = ours.recv()
        except EOFError:
            break
    fresh = WhooshSearchBackend(folder)
    assert not fresh.ensure()
    found = set(dict(fresh.versions()))
    assert {f"post:{number}-{part}" for number in range(1, told + 1) for part in range(3)} <= found
    assert len(found) % 3 == 0, "half a batch is in the index"
    put(fresh, doc("post:after", "Teapot"))
    assert ids(backend, "teapot") == ["post:after"]
    assert not backend.ensure()
    fresh.close()
    backend.close()


def test_killed_while_rebuilding_the_old_index_stays(shop: WhooshSearchBackend, folder: Path) -> None:
    ours, theirs = spawn.Pipe()
    process = spawn.Process(target=rebuild_until_killed, args=(str(folder), theirs), daemon=True)
    process.start()
    assert ours.poll(60)
    put(shop, doc("post:during", "Teapot"))
    assert (folder / "JOURNAL").read_text().count("post:during") > 0
    assert process.pid is not None
    os.kill(process.pid, signal.SIGKILL)
    process.join()
    assert page(shop).total == len(SHOP) + 1
    put(shop, doc("post:after", "Teapot"))
    assert not (folder / "JOURNAL").exists()
    assert not shop.ensure()
    assert shop.rebuild(SHOP) == len(SHOP)
    assert page(shop).total == len(SHOP)


def test_threads_share_one_backend_over_a_rebuild_by_another(shop: WhooshSearchBackend, folder: Path) -> None:
    """Searches go on while someone else swaps indexes under them."""
    other = WhooshSearchBackend(folder)
    wrong: list[object] = []
    done = threading.Event()

    def search() -> None:
        while not done.is_set():
            try:
                if page(shop, "headphones").total != 3:
                    wrong.append("total")
            except Exception as error:  # noqa: BLE001
                wrong.append(error)

    threads = [threading.Thread(target=search) for _ in range(3)]
    for thread in threads:
        thread.start()
    for _ in range(10):
        other.rebuild(SHOP)
    done.set()
    for thread in threads:
        thread.join()
    other.close()
    assert wrong == []


def test_a_repeated_query_asks_the_engine_nothing(shop: WhooshSearchBackend) -> None:
    first = page(shop, "noise cancelling headphones")
    shop._postings.clear()
    assert page(shop, "noise cancelling headphones") == first
    assert not shop._postings._kept
    put(shop, doc("post:new", "Noise cancelling headphones"))
    assert page(shop, "noise cancelling headphones").hits[0].id == "post:new"


def test_little_is_kept_in_memory(backend: WhooshSearchBackend) -> None:
    backend.rebuild(doc(f"post:{n}", f"Tea {n}") for n in range(600))
    for number in range(600):
        page(backend, f"{number}")
    from contentshop.search.backends import whoosh

    assert len(backend._answers) == whoosh.ANSWERS_KEPT
    backend._postings._limit = 50
    page(backend, "tea kettle")
    page(backend, "599 kettle")
    assert backend._postings._size <= 50
