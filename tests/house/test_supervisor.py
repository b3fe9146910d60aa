"""The supervisor: what it starts, what it starts again, and that nothing stays behind."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from contentshop.supervisor import Child, run_apart, supervise


def append(path: Path, text: str) -> None:
    with path.open("a") as file:
        file.write(text)


def leave(status: int) -> None:
    sys.exit(status)


def note_and_stay(path: Path) -> None:
    append(path, f"{os.getpid()}\n")
    while True:
        time.sleep(0.05)


def wait_until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def pids(path: Path) -> list[int]:
    return [int(line) for line in path.read_text().split()] if path.exists() else []


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return (Path("/proc") / str(pid) / "stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"


def test_run_apart_gives_the_exit_status(tmp_path: Path) -> None:
    assert run_apart("test", append, tmp_path / "out", "done") == 0
    assert (tmp_path / "out").read_text() == "done"
    assert run_apart("test", leave, 3) == 3


def test_a_child_leads_its_own_group_and_can_be_waited_for(tmp_path: Path) -> None:
    child = Child("test", note_and_stay, (tmp_path / "pids",))
    child.start()
    wait_until(lambda: pids(tmp_path / "pids"))
    assert child.ended() is None
    with pytest.raises(TimeoutError):
        child.wait(0.05)
    assert os.getpgid(pids(tmp_path / "pids")[0]) == pids(tmp_path / "pids")[0]
    child.signal_group(signal.SIGKILL)
    assert child.wait() == -signal.SIGKILL
    child.signal_group(signal.SIGKILL)  # harmless afterwards


def supervise_two(folder: Path) -> None:
    children = [Child(name, note_and_stay, (folder / name,)) for name in ("one", "two")]
    sys.exit(supervise(children, lambda: None))


def test_what_dies_is_started_again_and_all_end_together(tmp_path: Path) -> None:
    keeper = Child("keeper", supervise_two, (tmp_path,))
    keeper.start()
    assert keeper.process is not None
    assert keeper.process.pid is not None
    wait_until(lambda: pids(tmp_path / "one") and pids(tmp_path / "two"))
    os.kill(pids(tmp_path / "one")[0], signal.SIGKILL)
    wait_until(lambda: len(pids(tmp_path / "one")) == 2)
    assert len(pids(tmp_path / "two")) == 1
    os.kill(keeper.process.pid, signal.SIGTERM)
    assert keeper.wait(20) == 0
    assert not any(is_alive(pid) for pid in (*pids(tmp_path / "one"), *pids(tmp_path / "two")))


@pytest.mark.skipif(sys.platform != "linux", reason="asks the kernel of Linux")
def test_children_of_a_killed_supervisor_end(tmp_path: Path) -> None:
    keeper = Child("keeper", supervise_two, (tmp_path,))
    keeper.start()
    assert keeper.process is not None
    assert keeper.process.pid is not None
    wait_until(lambda: pids(tmp_path / "one") and pids(tmp_path / "two"))
    os.kill(keeper.process.pid, signal.SIGKILL)
    keeper.wait(20)
    wait_until(lambda: not any(map(is_alive, (*pids(tmp_path / "one"), *pids(tmp_path / "two")))))
