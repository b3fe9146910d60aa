"""Lines on their way into the database: appended by web processes, drained by the worker.

A line is written before the reader is answered, in one ``write``, so a killed process loses nothing it has
answered for, and no reader waits for the database. Each web process writes its own file and holds a lock on
it as long as it lives; the lock ends with the process however that ends, which tells the drain that a file
will not grow any more. The file's mark (how far it has been read) moves in the transaction that inserts the
rows, and the tables' unique constraints make repeats harmless.

A room that counts something has a folder of its own, a table of marks (``Mark``) and knows what its lines mean.
"""

from __future__ import annotations

import fcntl
import json
import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Lock
from typing import Any

from sqlalchemy import BigInteger, String, delete, select
from sqlalchemy.orm import Mapped, mapped_column

from contentshop.core.uow import AnySession

LARGEST_FILE = 8 * 1024 * 1024  # bytes; then a process begins another one, and this one can be cleared away
CHUNK = 1024 * 1024  # bytes read of one file in one drain

Fields = Mapping[str, Any]


class Mark:
    """How far a spool file has been read into the tables, in bytes. Each kind of spool has a table of these."""

    name: Mapped[str] = mapped_column(String(120), primary_key=True)
    position: Mapped[int] = mapped_column(BigInteger, default=0)


class LineSpool:
    """The file that this process appends its lines to. Safe to share between threads; survives a fork."""

    def __init__(self, folder: Path, *, largest: int = LARGEST_FILE) -> None:
        self._folder = folder
        self._largest = largest
        self._lock = Lock()
        self._file = -1
        self._owner = 0
        self._torn = False

    def append(self, fields: Fields) -> None:
        """Write one line. Raises OSError when it could not be written whole."""
        line = json.dumps(fields, separators=(",", ":")).encode() + b"\n"
        with self._lock:
            self._write(line)

    def close(self) -> None:
        """Let go of the file; the next line begins another one."""
        with self._lock:
            self._close()

    def _write(self, line: bytes) -> None:
        if self._owner != os.getpid() or os.fstat(self._file).st_size >= self._largest:
            self._begin()
        # What a full disk cut off ends with a line end of its own, so that it spoils no other line.
        whole = b"\n" + line if self._torn else line
        self._torn = True
        if os.write(self._file, whole) < len(whole):
            raise OSError("only a part of the line was written")
        self._torn = False

    def _begin(self) -> None:
        if self._owner == os.getpid():
            self._close()
        self._folder.mkdir(parents=True, exist_ok=True)
        path = self._folder / f"{os.getpid()}-{time.time_ns()}.new"
        file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o640)
        # Locked before the drain can see it, or it would take the empty file for a dead process's.
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        path.rename(path.with_suffix(".jsonl"))
        self._file, self._owner, self._torn = file, os.getpid(), False

    def _close(self) -> None:
        if self._file >= 0 and self._owner == os.getpid():
            os.close(self._file)
        self._file, self._owner = -1, 0


# Sizes of the files that the last drain of this process found read to their ends; saves looking again.
_read: dict[Path, int] = {}


def waiting(folder: Path) -> bool:
    """Whether a drain has something to do: lines to read or files to clear away. May say yes too often."""
    return any(_read.get(path) != path.stat().st_size or not _is_written(path) for path in _files(folder))


def drain_lines(
    session: AnySession, folder: Path, marks_of: type[Any], keep: Callable[[list[bytes], Path], None]
) -> int:
    """Hand each file's new lines to ``keep``; returns how many lines were read. The caller commits.

    ``marks_of`` is the table of this spool's marks. A last line without its end waits for it.
    """
    marks = {mark.name: mark for mark in session.scalars(select(marks_of))}
    count = 0
    names = set()
    for path in _files(folder):
        names.add(path.name)
        mark = marks.get(path.name)
        growing = _is_written(path)  # asked before reading, so that a last line is not missed
        lines, read_to = _new_lines(path, mark.position if mark else 0)
        if lines:
            if mark is None:
                mark = marks_of(name=path.name, position=0)
                session.add(mark)
            keep(lines, path)
            mark.position = read_to
            count += len(lines)
        elif growing:
            _read[path] = read_to
        else:
            # Read to its end in an earlier transaction, and nobody will add to it.
            path.unlink(missing_ok=True)
            _read.pop(path, None)
            names.discard(path.name)
    gone = marks.keys() - names
    if gone:
        session.execute(delete(marks_of).where(marks_of.name.in_(gone)))
    return count


def _files(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.jsonl"))


@contextmanager
def _opened(path: Path) -> Iterator[int]:
    file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        yield file
    finally:
        os.close(file)


def _is_written(path: Path) -> bool:
    """Whether the process that writes this file lives: then it holds its lock."""
    with suppress(FileNotFoundError), _opened(path) as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def _new_lines(path: Path, position: int) -> tuple[list[bytes], int]:
    """Complete lines from ``position`` on, and where the next one begins."""
    with _opened(path) as file:
        data = os.pread(file, CHUNK, position)
    end = data.rfind(b"\n") + 1
    return data[:end].splitlines(), position + end
