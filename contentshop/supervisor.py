"""Keeps the web server and the worker running: starts both, starts again what dies, ends both together.

It loads the site's code once and then forks, so that all processes share that memory and a start takes the time
of one. It opens nothing itself: no database, no index, no thread. Where forking is not safe (macOS) each process
loads its own.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import importlib
import multiprocessing
import os
import signal
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from multiprocessing.process import BaseProcess
from typing import Any

from setproctitle import setproctitle

PAUSE = 0.2  # seconds between looks at the children
BACKOFF = 1.0  # seconds before a child that died at once is started again
PATIENCE = 15.0  # seconds a child gets to end by itself
SHARED = ("contentshop.worker", "granian.server")
_PR_SET_PDEATHSIG = 1
_FORKS = sys.platform == "linux"


def load_shared() -> None:
    """Import what all children need, and keep the garbage collector from touching, and so copying, its pages."""
    if _FORKS:
        from contentshop.wsgi import preload

        for name in SHARED:
            importlib.import_module(name)
        preload()
        gc.collect()
        gc.freeze()


def run_apart(name: str, work: Callable[..., Any], *arguments: Any) -> int:
    """Run ``work`` in a process of its own to its end; returns its exit status."""
    child = Child(name, work, arguments)
    child.start()
    return child.wait()


@dataclass
class Child:
    """One process to keep running: it calls ``work``, a module's function, and ends with it."""

    name: str
    work: Callable[..., Any]
    arguments: Sequence[Any] = ()
    process: BaseProcess | None = None
    started: float = field(default=0.0)

    def start(self) -> None:
        self.started = time.monotonic()
        context: Any = multiprocessing.get_context("fork" if _FORKS else "spawn")
        self.process = context.Process(target=_become, args=(self.name, os.getpid(), self.work, *self.arguments))
        self.process.start()

    def ended(self) -> int | None:
        """The exit status when the process is gone."""
        return self.process.exitcode if self.process else None

    def wait(self, seconds: float | None = None) -> int:
        """Wait for its end; returns its exit status. Raises TimeoutError when it goes on."""
        if self.process is None:
            return 0
        self.process.join(seconds)
        if self.process.exitcode is None:
            raise TimeoutError(f"the {self.name} goes on")
        return self.process.exitcode

    def signal_group(self, number: int) -> None:
        """Signal the process and what it has started."""
        if self.process is not None and self.process.pid is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, number)


def _become(name: str, parent: int, work: Callable[..., Any], *arguments: Any) -> None:
    """The first steps of a child: a name, a group of its own, no handlers of the supervisor's."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    os.setsid()
    _die_with(parent)
    setproctitle(f"contentshop {name}")
    work(*arguments)


def _die_with(parent: int) -> None:
    """On Linux, have the kernel end a child whose supervisor was killed, so that nothing keeps the port."""
    if sys.platform != "linux":
        return
    with contextlib.suppress(OSError):
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:  # killed before we asked
        sys.exit(1)


def supervise(children: Sequence[Child], look: Callable[[], None]) -> int:
    """Run ``children`` until SIGINT or SIGTERM, calling ``look`` between looks at them; returns an exit status."""
    stopping = False

    def stop(_number: int, _frame: object) -> None:
        nonlocal stopping
        stopping = True

    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGTERM, stop)
    for child in children:
        child.start()
    while not stopping:
        for child in children:
            status = child.ended()
            if status is None:
                continue
            sys.stderr.write(f"contentshop: the {child.name} ended with status {status}; starting it again\n")
            child.signal_group(signal.SIGKILL)  # what it left behind would keep the port
            if time.monotonic() - child.started < BACKOFF:
                time.sleep(BACKOFF)
            child.start()
        look()
        time.sleep(PAUSE)
    return _end(children)


def _end(children: Sequence[Child]) -> int:
    for child in children:
        if child.process is not None:
            child.process.terminate()
    deadline = time.monotonic() + PATIENCE
    for child in children:
        with contextlib.suppress(TimeoutError):
            child.wait(max(0.1, deadline - time.monotonic()))
        child.signal_group(signal.SIGKILL)
    return 0


def serve(host: str, port: int, processes: int, streams: int = 0) -> None:
    """The web server: granian, one blocking thread a process, since one thread at a time uses SQLite best; and one
    more for each of the ``streams`` of live sessions that a process may keep open."""
    from granian.constants import Interfaces
    from granian.errors import FatalError
    from granian.log import LogLevels
    from granian.server import Server

    server = Server(
        "contentshop.wsgi:site",
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        factory=True,
        workers=processes,
        blocking_threads=1 + streams,
        backlog=1024,
        respawn_failed_workers=True,
        respawn_interval=1.0,
        websockets=False,
        log_level=LogLevels.warning,
        process_name="contentshop web server",
    )
    try:
        server.serve()
    except FatalError:  # it has said why
        sys.exit(1)
