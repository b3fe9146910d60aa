"""Clicks on their way: one appended line each, drained into the table by the worker.

A line is written before the reader is sent on, in one ``write``, so a killed process loses nothing it has
answered for, and no reader waits for the database. Each web process writes its own file and holds a lock on
it as long as it lives; the lock ends with the process however that ends, which tells the drain that a file
will not grow any more. The file's mark (how far it has been read) moves in the transaction that inserts the
clicks, and the table's unique constraint makes repeats harmless.
"""

from __future__ import annotations

import fcntl
import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock
from typing import Any

import structlog
from sqlalchemy import delete, select
from sqlalchemy.dialects import postgresql, sqlite

from contentshop.affiliate.inputs import ClickInput
from contentshop.affiliate.models import Click, SpoolMark
from contentshop.core.uow import AnySession

LARGEST_FILE = 8 * 1024 * 1024  # bytes; then a process begins another one, and this one can be cleared away
CHUNK = 1024 * 1024  # bytes read of one file in one drain
ROWS = 500  # of one INSERT

log = structlog.get_logger("contentshop.clicks")


class Spool:
    """The file that this process writes its clicks to. Safe to share between threads; survives a fork."""

    def __init__(self, folder: Path, *, largest: int = LARGEST_FILE) -> None:
        self._folder = folder
        self._largest = largest
        self._lock = Lock()
        self._file = -1
        self._owner = 0
        self._torn = False

    def add(self, click: ClickInput) -> bool:
        """Keep a click. False, and a line in the log, when it could not be written: nobody waits for that."""
        line = json.dumps(_fields(click), separators=(",", ":")).encode() + b"\n"
        try:
            with self._lock:
                self._write(line)
        except OSError as error:
            with suppress(OSError):  # the log may lie on the same full disk
                log.error("a click could not be kept", card=click.card, offer=click.offer, error=str(error))
            return False
        return True

    def close(self) -> None:
        """Let go of the file; the next click begins another one."""
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


def _fields(click: ClickInput) -> dict[str, Any]:
    return {
        "t": int(click.at.timestamp() * 1000),
        "c": click.card,
        "o": click.offer,
        "p": click.post,
        "u": click.creator,
        "v": click.visitor,
    }


# Sizes of the files that the last drain of this process found read to their ends; saves looking again.
_read: dict[Path, int] = {}


def waiting(folder: Path) -> bool:
    """Whether a drain has something to do: lines to read or files to clear away. May say yes too often."""
    return any(_read.get(path) != path.stat().st_size or not _is_written(path) for path in _files(folder))


def drain(session: AnySession, folder: Path, *, now: datetime) -> int:
    """Put new lines into the click table; returns how many lines were read. The caller commits.

    Lines that are no clicks are skipped with a line in the log. A last line without its end waits for it.
    """
    marks = {mark.name: mark for mark in session.scalars(select(SpoolMark))}
    count = 0
    names = set()
    for path in _files(folder):
        names.add(path.name)
        mark = marks.get(path.name)
        growing = _is_written(path)  # asked before reading, so that a last line is not missed
        lines, read_to = _new_lines(path, mark.position if mark else 0)
        if lines:
            if mark is None:
                mark = SpoolMark(name=path.name, position=0)
                session.add(mark)
            _insert(session, [row for line in lines if (row := _row(line, path)) is not None])
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
        session.execute(delete(SpoolMark).where(SpoolMark.name.in_(gone)))
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


def _row(line: bytes, path: Path) -> dict[str, Any] | None:
    try:
        fields = json.loads(line)
        at = datetime.fromtimestamp(fields["t"] / 1000, UTC)
        click = ClickInput(at, *(str(fields[name])[:32] for name in ("c", "o", "p", "u", "v")))
    except (ValueError, KeyError, TypeError, OverflowError):
        if line.strip():
            log.warning("a line of the click spool could not be read", file=path.name)
        return None
    return {
        "clicked_at": click.at,
        "card_key": click.card,
        "offer_key": click.offer,
        "post_key": click.post,
        "creator_key": click.creator,
        "visitor": click.visitor,
        "hour": click.hour,
    }


def _insert(session: AnySession, rows: list[dict[str, Any]]) -> None:
    """Insert what is new; a repeat of a visitor, card, offer and hour changes nothing."""
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    for start in range(0, len(rows), ROWS):
        statement = dialect.insert(Click).values(rows[start : start + ROWS])
        session.execute(statement.on_conflict_do_nothing())
