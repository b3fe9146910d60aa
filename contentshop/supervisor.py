"""Keeps the web server and the worker running: starts both, starts again what dies, ends both together.

Stays light on purpose (standard library only): it runs as long as the site does.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

PAUSE = 0.2  # seconds between looks at the children
BACKOFF = 1.0  # seconds before a child that died at once is started again
PATIENCE = 15.0  # seconds a child gets to end by itself
_PR_SET_PDEATHSIG = 1


def _die_with_parent() -> None:
    """On Linux, have the kernel end a child whose supervisor was killed, so that nothing keeps the port."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError):
            ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


@dataclass
class Child:
    """One process to keep running."""

    name: str
    command: Sequence[str]
    process: subprocess.Popen[bytes] | None = None
    started: float = field(default=0.0)

    def start(self) -> None:
        self.started = time.monotonic()
        # The supervisor has one thread, which is what makes preexec_fn safe.
        self.process = subprocess.Popen(self.command, preexec_fn=_die_with_parent, start_new_session=True)  # noqa: PLW1509

    def ended(self) -> int | None:
        """The exit status when the process is gone."""
        return self.process.poll() if self.process else None

    def signal_group(self, number: int) -> None:
        """Signal the process and what it has started."""
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, number)


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
        if child.process is not None and child.ended() is None:
            child.process.terminate()
    deadline = time.monotonic() + PATIENCE
    for child in children:
        if child.process is None:
            continue
        try:
            child.process.wait(max(0.1, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            child.signal_group(signal.SIGKILL)
        child.signal_group(signal.SIGKILL)
    return 0


def web_command(host: str, port: int, processes: int) -> list[str]:
    """The web server: granian, one blocking thread a process, since one thread at a time uses SQLite best."""
    return [
        sys.executable,
        "-m",
        "granian",
        "--interface",
        "wsgi",
        "--factory",
        "--host",
        host,
        "--port",
        str(port),
        "--workers",
        str(processes),
        "--blocking-threads",
        "1",
        "--backlog",
        "1024",
        "--respawn-failed-workers",
        "--respawn-interval",
        "1",
        "--no-ws",
        "--log-level",
        "warning",
        "contentshop.wsgi:site",
    ]


def worker_command() -> list[str]:
    """The worker."""
    return [sys.executable, "-m", "contentshop.cli", "worker"]
