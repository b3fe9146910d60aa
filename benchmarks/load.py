"""Driving a server with wrk in short windows, and counting what its processes used meanwhile."""

from __future__ import annotations

import http.client
import json
import os
import shutil
import statistics
import subprocess
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

SCRIPT = Path(__file__).with_name("drive.lua")
TICK = os.sysconf("SC_CLK_TCK")
BROWSER = {
    "Accept": "text/html,application/xhtml+xml",
    "Accept-Encoding": "gzip, deflate, br",
    "Accept-Language": "en-US,en;q=0.9",
    "User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
}


@dataclass(frozen=True)
class Request:
    """One request as wrk sends it."""

    path: str
    headers: Mapping[str, str] | None = None
    method: str = "GET"
    body: str = ""

    def raw(self, host: str) -> str:
        """The bytes on the wire."""
        lines = {"Host": host, **BROWSER, **(self.headers or {})}
        if self.method == "POST":
            lines |= {"Content-Type": "application/x-www-form-urlencoded", "Content-Length": str(len(self.body))}
        head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
        return f"{self.method} {self.path} HTTP/1.1\r\n{head}\r\n{self.body}"


@dataclass(frozen=True)
class Window:
    """What one window of load came to. CPU milliseconds are of all the server's processes, for one request."""

    rate: float
    cpu: float
    p99: float
    requests: int
    refused: int


def has_wrk() -> bool:
    """Whether the load tool is installed."""
    return shutil.which("wrk") is not None


def send(port: int, request: Request) -> tuple[int, dict[str, str], bytes]:
    """Send one request; returns status, headers (lower case) and body."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    headers = {**BROWSER, **(request.headers or {})}
    if request.method == "POST":
        headers["Content-Type"] = "application/x-www-form-urlencoded"
    connection.request(request.method, request.path, request.body or None, headers)
    answer = connection.getresponse()
    found: dict[str, str] = {}
    for name, value in answer.getheaders():
        # Of headers that come several times (Set-Cookie) each has its own line.
        found[name.lower()] = "\n".join(filter(None, [found.get(name.lower()), value]))
    body = answer.read()
    connection.close()
    return answer.status, found, body


def drive(
    port: int, requests: Sequence[Request], pids: Callable[[], set[int]], *, seconds: float, clients: int, once: bool
) -> Window:
    """One window. With ``once`` each request is sent at most once, and the window ends with the last one."""
    with tempfile.NamedTemporaryFile("w", suffix=".requests", newline="") as file:
        file.write("\0".join(request.raw(f"127.0.0.1:{port}") for request in requests))
        file.flush()
        before = processor_time(pids())
        address = f"http://127.0.0.1:{port}/"
        command = ["wrk", "-t1", f"-c{clients}", f"-d{max(1, round(seconds))}s", "--timeout", "20s"]
        command += ["-s", str(SCRIPT), address, "--", file.name, *(["once"] if once else [])]
        output = subprocess.run(command, capture_output=True, text=True, timeout=seconds + 60, check=True).stdout
        used = processor_time(pids()) - before
    line = next(line for line in output.splitlines() if line.startswith("RESULT "))
    found = json.loads(line.removeprefix("RESULT "))
    if found["broken"]:
        raise RuntimeError(f"{found['broken']} connections broke:\n{output}")
    count = found["requests"]
    return Window(
        rate=count / (found["microseconds"] / 1e6),
        cpu=used * 1000 / max(1, count),
        p99=found["p99"] / 1000,
        requests=count,
        refused=found["refused"],
    )


def median(windows: Sequence[Window]) -> Window:
    """The middle of each figure."""
    return Window(
        rate=statistics.median(window.rate for window in windows),
        cpu=statistics.median(window.cpu for window in windows),
        p99=statistics.median(window.p99 for window in windows),
        requests=sum(window.requests for window in windows),
        refused=sum(window.refused for window in windows),
    )


def processor_time(pids: set[int]) -> float:
    """Seconds of processor time (user and system) that these processes have used."""
    total = 0
    for pid in pids:
        with suppress(OSError):
            fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
            total += int(fields[11]) + int(fields[12])
    return total / TICK


def memory(pids: Sequence[int]) -> tuple[float, float]:
    """(RSS, PSS) of these processes together, in MB. PSS counts a page shared by n processes as a n-th for each."""
    sums = {"Rss:": 0, "Pss:": 0}
    for pid in pids:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            name, *rest = line.split()
            if name in sums:
                sums[name] += int(rest[0])
    return sums["Rss:"] / 1024, sums["Pss:"] / 1024


def descendants(root: int) -> dict[int, str]:
    """pid → title of every process below ``root``."""
    parents: dict[int, int] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with suppress(OSError, ValueError, IndexError):
                parents[int(entry.name)] = int((entry / "stat").read_text().rsplit(")", 1)[1].split()[1])
    found: set[int] = set()
    level = {root}
    while level:
        level = {pid for pid, parent in parents.items() if parent in level} - found
        found |= level
    return {pid: title(pid) for pid in found}


def title(pid: int) -> str:
    """How a process is listed."""
    with suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ").strip()
    return ""


def postgres_backends(database: str) -> set[int]:
    """The server's processes that work for ``database``."""
    found = set()
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            words = title(int(entry.name)).split()
            if words[:1] == ["postgres:"] and database in words:
                found.add(int(entry.name))
    return found
